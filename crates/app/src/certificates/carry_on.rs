//! The job of creating a certificate: from wherever the act stands to its end.
//!
//! ```text
//! Started ── written down: calling ── one POST ──┬─ 201 ────────────── Done
//!    │                                           ├─ refused for sure ── Refused, Failed
//!    │                                           └─ nobody knows ────── Unknown ── look
//!    └─ may not any more ── Failed      found as calling after a crash ─┘
//! ```
//!
//! There is one POST in the life of an act. "Calling" is committed before it, so a process that finds an act there knows
//! that Apple may have been asked, and looks instead of asking.
//!
//! A lent key is asked for again at each step that still may be left undone: once it is no longer shared, an act of which
//! Apple knows nothing ends with these words. Where Apple may have been asked, the server looks on with the owner's key, as
//! the owner would, so that a certificate is not lost; it belongs to whoever began.
//!
//! The surprising thing: what is not known to be a refusal is a lost answer, a proxy's error page included.

use super::{
    SIGNING_KEY,
    held::{as_place, parsed},
};
use crate::{App, Caller, Kind, Problem, accounts::principal_of, acting::fresh, crash_point, worker::JobEnd};
use apple::{Certificate, CertificateFilter, Error, Session};
use domain::{
    Action, ActivityId, ApiKeyId, CertificateId, CertificateType, Denied, Event, HeldCertificate, HeldPlace, ItemOrigin, Job, Need,
    Operation, OperationKind, OperationState, Origin, Outcome, Permit, Principal, SecretId, Tenant, decide,
};
use store::{ActivityFilter, Conflict, KeyToUse, Paging, StoreError, Tx};

/// What an act of creating is about, taken out of its kind.
pub(super) struct Creation {
    pub(super) operation: Operation,
    pub(super) key: ApiKeyId,
    pub(super) certificate_type: CertificateType,
    pub(super) private_key: SecretId,
    pub(super) csr: String,
    pub(super) fingerprint: String,
}

impl Creation {
    fn of(operation: Operation) -> Self {
        let OperationKind::CreateCertificate {
            key,
            certificate_type,
            private_key,
            csr,
            public_key_fingerprint,
        } = operation.kind.clone();
        Self {
            operation,
            key,
            certificate_type,
            private_key,
            csr,
            fingerprint: public_key_fingerprint,
        }
    }

    pub(super) fn need(&self) -> Need {
        Need::CreateCertificate {
            certificate_type: self.certificate_type.clone(),
        }
    }
}

impl App {
    /// Goes on with an act from where it stands.
    pub(crate) async fn continue_operation(&self, job: &Job) -> Result<JobEnd, Problem> {
        let mut tx = self.inner.store.read_over_all().await?;
        let creation = Creation::of(tx.operation_of_job(job).await?);
        let caller = Caller {
            principal: principal_of(&mut tx, creation.operation.started_by, self.now())
                .await?
                .acting_as_job(job.id),
            origin: Origin::default(),
        };
        let tenant = tx.tenant(job.organization).await?.unwrap_or(Tenant::root(job.organization));
        drop(tx);
        match creation.operation.state {
            OperationState::Done { .. } | OperationState::Refused { .. } | OperationState::Failed { .. } => Ok(JobEnd::Done),
            OperationState::Started => match decide(&caller.principal, Action::CreateCertificate, tenant) {
                Ok(permit) => self.ask_apple(&caller, &permit, creation).await,
                Err(Denied::Invisible | Denied::RoleMissing { .. }) => {
                    let why = "Whoever began this may not create certificates any more. Apple was not asked.";
                    self.fail(&caller, &settling_permit(job, tenant)?, &creation, why).await?;
                    Ok(JobEnd::Done)
                }
            },
            OperationState::Calling { .. } => {
                let permit = settling_permit(job, tenant)?;
                let why = "The server stopped while Apple was being asked.".to_owned();
                let creation = self.lose_answer(&caller, &permit, creation, why).await?;
                self.look_at_apple(&caller, &permit, job, creation).await
            }
            OperationState::Unknown { .. } => {
                let permit = settling_permit(job, tenant)?;
                self.look_at_apple(&caller, &permit, job, creation).await
            }
        }
    }

    /// Writes "calling" down, then asks, once.
    async fn ask_apple(&self, caller: &Caller, permit: &Permit, creation: Creation) -> Result<JobEnd, Problem> {
        let need = creation.need();
        let mut tx = self.begin_for(caller, permit).await?;
        // Looked at again: roles, kind and share may have been changed since the act was begun.
        let used = match self.hold_key(&mut tx, permit, creation.key, &need).await {
            Ok(used) => used,
            Err(problem) => {
                drop(tx);
                let why = match (problem.kind, problem.code, permit.tenant().parent) {
                    (_, "key_not_usable", _) => problem.message,
                    (Kind::NotFound, _, Some(_)) => {
                        "The API key is no longer shared with this organization. Apple was not asked.".to_owned()
                    }
                    (Kind::NotFound, _, None) => "The API key was removed. Apple was not asked.".to_owned(),
                    _ => return Err(problem),
                };
                self.fail(caller, permit, &creation, &why).await?;
                return Ok(JobEnd::Done);
            }
        };
        let calling = OperationState::Calling { since: self.now() };
        tx.advance_operation(permit, creation.operation.id, &calling, self.now()).await?;
        self.record_use(&mut tx, caller, &used, &need).await?;
        tx.commit().await?;
        self.inner.operation_moved.notify_waiters();
        self.inner.crash_points.pass(crash_point::BEFORE_CALL);
        let session = self.session_as(&used, used.key.kind, &need);
        let certificate_type = apple::CertificateType::from(creation.certificate_type.as_str());
        let answer = session.certificates().create(&creation.csr, &certificate_type).await;
        self.learn(used.key.id, &crate::key_use::Learnt::of(&session));
        self.inner.crash_points.pass(crash_point::AFTER_CALL);
        match answer {
            Ok(certificate) if self.keep(caller, permit, &creation, &used, &certificate).await? => Ok(JobEnd::Done),
            Ok(_) => {
                let why = "Apple's answer had no certificate for our key in it.".to_owned();
                let creation = self.lose_answer(caller, permit, creation, why).await?;
                Ok(self.look_again(&creation))
            }
            Err(error) => self.take_refusal(caller, permit, creation, &used, &session, error).await,
        }
    }

    async fn take_refusal(
        &self,
        caller: &Caller,
        permit: &Permit,
        creation: Creation,
        used: &KeyToUse,
        session: &Session,
        error: Error,
    ) -> Result<JobEnd, Problem> {
        let next = match &error {
            // Surely not sent.
            Error::NotSent { .. } | Error::NoToken(_) => OperationState::Failed {
                why: match Problem::no_longer_shared(&error) {
                    Some(problem) => format!("{} Apple was not asked.", problem.message),
                    None => error.human(),
                },
            },
            // Apple's own documents: surely refused.
            Error::Unauthorized { .. }
            | Error::Forbidden { .. }
            | Error::NotFound { .. }
            | Error::Conflict { .. }
            | Error::Unprocessable { .. }
            | Error::RateLimited { .. }
            | Error::Refused { .. } => OperationState::Refused {
                status: error.status().unwrap_or_default(),
                code: error.apple_code().unwrap_or_default().to_owned(),
                why: error.human(),
                places: match error.certificate_limit() {
                    Some(_) => places_taken(session, &creation.certificate_type, self.now()).await,
                    None => Vec::new(),
                },
            },
            _ => {
                let creation = self.lose_answer(caller, permit, creation, error.human()).await?;
                return Ok(self.look_again(&creation));
            }
        };
        self.end_without(caller, permit, &creation, next, Some((used, &error))).await?;
        Ok(JobEnd::Done)
    }

    /// Keeps the certificate that Apple made, if it is the one for our key pair.
    pub(super) async fn keep(
        &self,
        caller: &Caller,
        permit: &Permit,
        creation: &Creation,
        used: &KeyToUse,
        at_apple: &Certificate,
    ) -> Result<bool, Problem> {
        let Some(parsed) = parsed(at_apple).filter(|parsed| parsed.info().public_key_fingerprint == creation.fingerprint) else {
            return Ok(false);
        };
        let info = parsed.info();
        let now = self.now();
        let certificate = HeldCertificate {
            id: fresh!(self, CertificateId),
            organization: permit.organization(),
            api_key: Some(used.key.id),
            apple_id: at_apple.id.clone(),
            certificate_type: creation.certificate_type.clone(),
            name: info.common_name.clone().unwrap_or_else(|| creation.certificate_type.title()),
            serial: info.serial_hex.clone(),
            public_key_fingerprint: info.public_key_fingerprint.clone(),
            sha1: info.sha1_fingerprint.to_uppercase(),
            team_id: info.team_id.as_ref().and_then(|team| team.parse().ok()),
            der: parsed.der().to_vec(),
            expires_at: info.not_after,
            origin: ItemOrigin::Created,
            private_key: Some(creation.private_key),
            added_at: now,
        };
        let mut tx = self.inner.store.begin_outcome(permit).await?;
        let done = OperationState::Done {
            certificate: certificate.id,
        };
        match tx.insert_certificate(permit, &certificate).await {
            Ok(()) => {}
            // Another server took this act over and was faster; it has written the end, too.
            Err(StoreError::Conflict(Conflict::Certificate)) => return Ok(true),
            Err(error) => return Err(error.into()),
        }
        tx.advance_operation(permit, creation.operation.id, &done, now).await?;
        let is_noted = self.note_with(&mut tx, permit, used, &creation.need(), None).await?;
        self.record_outcome(&mut tx, caller, permit, creation, Outcome::Done, Some(certificate.id))
            .await?;
        self.inner.crash_points.pass(crash_point::BEFORE_OUTCOME);
        tx.commit().await?;
        self.inner.operation_moved.notify_waiters();
        self.inner.crash_points.pass(crash_point::AFTER_OUTCOME);
        if !is_noted {
            self.note_apart(used, &creation.need(), None).await?;
        }
        self.learn_team(used, certificate.team_id).await?;
        Ok(true)
    }

    /// Writes down that nobody knows what Apple did.
    async fn lose_answer(&self, caller: &Caller, permit: &Permit, mut creation: Creation, why: String) -> Result<Creation, Problem> {
        let now = self.now();
        let unknown = OperationState::Unknown { since: now, why };
        let mut tx = self.inner.store.begin_outcome(permit).await?;
        creation.operation = tx.advance_operation(permit, creation.operation.id, &unknown, now).await?;
        self.record_outcome(&mut tx, caller, permit, &creation, Outcome::Unknown, None)
            .await?;
        tx.commit().await?;
        self.inner.operation_moved.notify_waiters();
        Ok(creation)
    }

    /// Ends an act of which Apple surely made nothing, before Apple was asked or after looking long enough.
    pub(super) async fn fail(&self, caller: &Caller, permit: &Permit, creation: &Creation, why: &str) -> Result<(), Problem> {
        let failed = OperationState::Failed { why: why.to_owned() };
        self.end_without(caller, permit, creation, failed, None).await
    }

    /// Ends an act without a certificate. Only here the key pair is destroyed: it is sure that nothing was made from it.
    async fn end_without(
        &self,
        caller: &Caller,
        permit: &Permit,
        creation: &Creation,
        end: OperationState,
        refused: Option<(&KeyToUse, &Error)>,
    ) -> Result<(), Problem> {
        let outcome = match &end {
            OperationState::Refused { .. } => Outcome::Refused,
            _ => Outcome::Failed,
        };
        let mut tx = self.inner.store.begin_outcome(permit).await?;
        tx.advance_operation(permit, creation.operation.id, &end, self.now()).await?;
        tx.delete_secrets(permit, SIGNING_KEY, &creation.private_key.to_string()).await?;
        if let Some((used, error)) = refused {
            self.note_with(&mut tx, permit, used, &creation.need(), Some(error)).await?;
        }
        self.record_outcome(&mut tx, caller, permit, creation, outcome, None).await?;
        self.inner.crash_points.pass(crash_point::BEFORE_OUTCOME);
        tx.commit().await?;
        self.inner.operation_moved.notify_waiters();
        self.inner.crash_points.pass(crash_point::AFTER_OUTCOME);
        Ok(())
    }

    /// The record that follows the intent.
    async fn record_outcome(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        permit: &Permit,
        creation: &Creation,
        outcome: Outcome,
        certificate: Option<CertificateId>,
    ) -> Result<(), Problem> {
        let event = Event::CertificateCreated {
            operation: creation.operation.id,
            key: creation.key,
            certificate_type: creation.certificate_type.clone(),
            certificate,
        };
        let mut record = self.activity_record(caller, Some(permit.organization()), event, outcome);
        record.follows = intent_of(tx, permit, creation).await?;
        self.record(tx, &record).await
    }
}

/// The server's own right to clear up what was begun, whatever rights its starter has now.
pub(super) fn settling_permit(job: &Job, tenant: Tenant) -> Result<Permit, Problem> {
    decide(&Principal::job(job.id, None, Default::default()), Action::SettleOperation, tenant)
        .map_err(|_| Problem::internal("the server may not settle an operation"))
}

async fn intent_of(tx: &mut Tx, permit: &Permit, creation: &Creation) -> Result<Option<ActivityId>, Problem> {
    let filter = ActivityFilter {
        object: Some(creation.operation.id.to_string()),
        outcome: Some(Outcome::Intent),
        ..ActivityFilter::default()
    };
    let intents = tx.activities(permit, &filter, &Paging::first(1)).await?;
    Ok(intents.items.first().map(|record| record.id))
}

/// The certificates that hold Apple's places of a type: an expired one is still listed, and holds none. Without an answer
/// the refusal is told without them.
async fn places_taken(session: &Session, certificate_type: &CertificateType, now: jiff::Timestamp) -> Vec<HeldPlace> {
    let listed = session.certificates().list(&CertificateFilter::default()).await;
    let of_type = |certificate: &&Certificate| {
        certificate.attributes.certificate_type.as_ref().map(apple::CertificateType::as_str) == Some(certificate_type.as_str())
    };
    let all = listed.unwrap_or_default();
    let places = all.iter().filter(of_type).map(as_place);
    places.filter(|place| place.expires_at.is_none_or(|end| end > now)).collect()
}
