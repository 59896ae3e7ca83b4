//! A certificate that is renewed without anybody asking, so many days before its end.
//!
//! It is the same act as [`App::renew_certificate`], begun by a job, with the rights that whoever wished for it has on that
//! day, and never with a revocation: the old certificate stays valid until whoever signs with it has moved on. The wish goes
//! over to what was made. What cannot be begun is said in the log and so in the inbox, and tried again the next day.

use crate::{App, Caller, Problem, accounts::principal_of, acting::fresh, lending::OwnersAct, problem::Kind, worker::JobEnd};
use domain::{
    Action, Actor, ApiKeyId, CertificateId, CertificateType, Event, HeldCertificate, Job, JobId, JobPayload, Need, OrgId, Origin, Outcome,
    Permit, Principal, Share, Shareable, certificate::AutomaticRenewal,
};
use jiff::{SignedDuration, Timestamp};
use store::{StoreError, Tx};

/// How many days before its end a certificate can be renewed by itself, at least and at most.
pub const DAYS: std::ops::RangeInclusive<u16> = 1..=90;
/// When it is tried again.
const AGAIN: SignedDuration = SignedDuration::from_hours(24);
/// How long after the certificate's end it is tried: whoever still wants it then sets it again.
const GIVEN_UP: SignedDuration = SignedDuration::from_hours(7 * 24);

impl App {
    /// How a certificate is renewed by itself; none when it is not, as one that is lent.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`.
    pub async fn automatic_renewal(
        &self,
        caller: &Caller,
        org: OrgId,
        certificate: CertificateId,
    ) -> Result<Option<AutomaticRenewal>, Problem> {
        let permit = self.permit(caller, Action::SeeSigning, org).await?;
        self.certificate(caller, org, certificate).await?;
        let mut tx = self.inner.store.read_for(&permit).await?;
        Ok(tx.automatic_renewal(org, certificate).await?)
    }

    /// Has a certificate renewed by itself, so many days before its end and through this key, or no longer.
    ///
    /// # Errors
    /// `days_unfit`; `certificate_type_unfit` for one that Apple's API does not create; `lent_certificate`; `key_not_usable`
    /// with the keys that would work; `not_found`, `not_allowed`.
    pub async fn set_automatic_renewal(
        &self,
        caller: &Caller,
        org: OrgId,
        certificate: CertificateId,
        wanted: Option<(u16, ApiKeyId)>,
    ) -> Result<Option<AutomaticRenewal>, Problem> {
        let permit = self.permit(caller, Action::CreateCertificate, org).await?;
        // What it will do needs both.
        self.permit(caller, Action::EditProfiles, org).await?;
        let held = self.own_certificate(caller, &permit, certificate, OwnersAct::Renew).await?;
        let Some((days_before, key)) = wanted else {
            let mut tx = self.begin_for(caller, &permit).await?;
            if tx.end_automatic_renewal(&permit, certificate).await? {
                self.record_done(&mut tx, caller, org, set(&held, None)).await?;
                tx.commit().await?;
            }
            return Ok(None);
        };
        if !DAYS.contains(&days_before) {
            let message = format!(
                "{days_before} days do not fit: a certificate is renewed {} to {} days before its end.",
                DAYS.start(),
                DAYS.end()
            );
            return Err(Problem::field("days_unfit", "days_before", message));
        }
        let certificate_type = CertificateType::creatable(held.certificate_type.as_str())
            .map_err(|why| Problem::field("certificate_type_unfit", "certificate", why))?;
        let Some(set_by) = caller.principal.actor().subject() else {
            return Err(Problem::not_found());
        };
        let renewal = AutomaticRenewal {
            certificate,
            key: Some(key),
            days_before,
            set_by,
            set_at: self.now(),
        };
        let mut tx = self.begin_for(caller, &permit).await?;
        self.hold_key(&mut tx, &permit, key, &Need::CreateCertificate { certificate_type })
            .await?;
        tx.set_automatic_renewal(&permit, &renewal).await?;
        self.schedule_renewal(&mut tx, org, &held, &renewal).await?;
        self.record_done(&mut tx, caller, org, set(&held, Some(days_before))).await?;
        tx.commit().await?;
        self.inner.job_waits.notify_one();
        Ok(Some(renewal))
    }

    /// Goes on with what a renewal made, as it was wished for what it replaced.
    pub(crate) async fn pass_on_renewal(
        &self,
        tx: &mut Tx,
        permit: &Permit,
        from: CertificateId,
        to: CertificateId,
    ) -> Result<(), Problem> {
        let Some(wish) = tx.automatic_renewal(permit.organization(), from).await? else {
            return Ok(());
        };
        let replacement = match tx.certificate(permit, to).await {
            Ok(replacement) => replacement,
            Err(StoreError::NotFound) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        tx.end_automatic_renewal(permit, from).await?;
        // What lives shorter than that would be renewed for ever.
        if wish.begins_at(replacement.expires_at) <= self.now() {
            let event = Event::CertificateRenewalNotBegun {
                certificate: to,
                name: replacement.name,
                why: format!(
                    "It ends within the {} days before its end at which it would be renewed, so it is not renewed by itself any more. Choose fewer days.",
                    wish.days_before
                ),
            };
            let caller = Caller {
                principal: Principal::server(),
                origin: Origin::default(),
            };
            let record = self.activity_record(&caller, Some(permit.organization()), event, Outcome::Failed);
            return self.record(tx, &record).await;
        }
        let wish = AutomaticRenewal { certificate: to, ..wish };
        tx.set_automatic_renewal(permit, &wish).await?;
        self.schedule_renewal(tx, permit.organization(), &replacement, &wish).await
    }

    /// Shares what replaces a certificate with those that it is shared with: its profiles have the new one now, and whoever
    /// was lent both signs with it. Who shared it, until when, stays.
    pub(crate) async fn share_replacement(
        &self,
        tx: &mut Tx,
        permit: &Permit,
        from: CertificateId,
        to: CertificateId,
    ) -> Result<(), Problem> {
        let shares = tx.shares_of(permit, Shareable::Certificate(from)).await?;
        if shares.is_empty() {
            return Ok(());
        }
        let name = match tx.lock_certificate(permit, to).await {
            Ok(replacement) => replacement.name,
            Err(StoreError::NotFound) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let item = Shareable::Certificate(to);
        let present: Vec<_> = tx.shares_of(permit, item).await?.into_iter().map(|share| share.target).collect();
        let caller = Caller {
            principal: Principal::server(),
            origin: Origin::default(),
        };
        let is_wanted = |share: &Share| !present.contains(&share.target) && share.limits.stops_at.is_none_or(|end| end > self.now());
        for share in shares.into_iter().filter(is_wanted) {
            let event = Event::CertificateShared {
                certificate: to,
                name: name.clone(),
                target: share.target,
                limits: share.limits.clone(),
            };
            match tx.put_share(permit, &Share { item, ..share }).await {
                Ok(()) => self.record_done(tx, &caller, permit.organization(), event).await?,
                // The team is gone.
                Err(StoreError::NotFound) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Begins, if it is still to be replaced: what was revoked, or ended long ago, is not missed by anybody.
    async fn begin_by_itself(&self, caller: &Caller, org: OrgId, key: ApiKeyId, certificate: CertificateId) -> Result<(), Problem> {
        let preview = Box::pin(self.preview_renewal(caller, org, key, certificate)).await?;
        if !preview.is_at_apple {
            let message =
                "Apple does not list it any more: it was revoked, or ended. Renew it by hand if it is still needed, or remove it here.";
            return Err(Problem::new(Kind::Conflict, "not_at_apple", message));
        }
        Box::pin(self.renew_certificate(caller, org, key, certificate, None))
            .await
            .map(drop)
    }

    async fn schedule_renewal(&self, tx: &mut Tx, org: OrgId, held: &HeldCertificate, wish: &AutomaticRenewal) -> Result<(), Problem> {
        let payload = JobPayload::RenewCertificate { certificate: held.id };
        let at = wish.begins_at(held.expires_at).max(self.now());
        Ok(tx.enqueue(fresh!(self, JobId), org, &payload, at).await?)
    }

    /// Begins the renewal of a certificate whose time has come.
    pub(crate) async fn renew_by_itself(&self, job: &Job, certificate: CertificateId) -> Result<JobEnd, Problem> {
        let mut tx = self.inner.store.read_over_all().await?;
        let Some(wish) = tx.automatic_renewal(job.organization, certificate).await? else {
            return Ok(JobEnd::Done);
        };
        let actor = Actor::Job {
            job: job.id,
            on_behalf_of: Some(wish.set_by),
        };
        let caller = Caller {
            principal: principal_of(&mut tx, actor, self.now()).await?,
            origin: Origin::default(),
        };
        let (name, ends) = tx.certificate_end(job.organization, certificate).await?;
        drop(tx);
        let due = wish.begins_at(ends);
        // The wish was changed since the job was planned.
        if due > self.now() {
            return Ok(JobEnd::Next(due));
        }
        let begun = match wish.key {
            // On a stack of its own: it is the deepest call there is.
            Some(key) => {
                let (app, caller, org) = (self.clone(), caller.clone(), job.organization);
                let begun = tokio::spawn(async move { app.begin_by_itself(&caller, org, key, certificate).await });
                begun
                    .await
                    .unwrap_or_else(|_| Err(Problem::internal("the renewal broke down while it was begun")))
            }
            None => Err(Problem::new(
                Kind::Conflict,
                "key_not_usable",
                "The key that it was to be renewed through was removed. Choose another.",
            )),
        };
        let tomorrow = self.now().saturating_add(AGAIN).unwrap_or(Timestamp::MAX);
        match begun {
            // Looked at again tomorrow: when it is renewed, the wish has gone over to the replacement.
            Ok(()) => {}
            Err(problem) if problem.code == "another_is_running" => {}
            Err(problem) if passes(problem.kind) => return Err(problem),
            Err(problem) => {
                let event = Event::CertificateRenewalNotBegun {
                    certificate,
                    name,
                    why: problem.message,
                };
                let mut tx = self.inner.store.begin_over_all().await?;
                let record = self.activity_record(&caller, Some(job.organization), event, Outcome::Failed);
                tx.record(&record).await?;
                tx.commit().await?;
                if ends.saturating_add(GIVEN_UP).is_ok_and(|given_up| given_up < self.now()) {
                    return Ok(JobEnd::Done);
                }
            }
        }
        Ok(JobEnd::Next(tomorrow))
    }
}

/// Whether the same may go well soon, so that the job is tried again as any other.
fn passes(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Unavailable | Kind::AppleUnreachable | Kind::RateLimited | Kind::Internal
    )
}

fn set(held: &HeldCertificate, days_before: Option<u16>) -> Event {
    Event::CertificateRenewalSet {
        certificate: held.id,
        name: held.name.clone(),
        days_before,
    }
}
