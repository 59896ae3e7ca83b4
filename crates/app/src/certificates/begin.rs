//! The first step of creating a certificate: everything that can be refused without Apple is refused, then the act is
//! written down with its key pair, in one transaction.
//!
//! The private key exists sealed before Apple is asked. So whatever happens afterwards, a certificate that Apple makes has
//! its key here. A plan that creates a certificate makes the pair when that step begins, in the same way; of a signing request
//! that was made earlier the pair is there.

use super::{SigningKeyPlace, creation::is_of_type, held::parsed};
use crate::{App, Caller, Problem, acting::fresh, crash_point, key_use::reading, problem::Kind};
use apple::{Certificate, CertificateFilter};
use domain::{
    Action, ApiKeyId, CertificateType, CsrId, Feature, LastUse, Need, Operation, OperationId, OperationKind, OperationState, OrgId, Permit,
    SecretId,
};
use signing::{
    csr::{self, Csr},
    rsa_key::RsaKeyPair,
};
use store::Tx;

/// A certificate that is about to be asked for, with its key pair, which is not sealed yet.
pub(crate) struct Request {
    /// The act.
    pub(crate) kind: OperationKind,
    private_key: SecretId,
    pair: RsaKeyPair,
}

impl App {
    /// Makes the key pair of a certificate and its CSR, which is named after an act.
    pub(crate) async fn request_certificate(
        &self,
        named_after: OperationId,
        key: ApiKeyId,
        certificate_type: CertificateType,
    ) -> Result<Request, Problem> {
        let (pair, csr) = key_pair_and_csr(named_after).await?;
        let private_key = fresh!(self, SecretId);
        Ok(Request {
            kind: OperationKind::CreateCertificate {
                key,
                certificate_type,
                private_key,
                csr: csr.pem,
                public_key_fingerprint: pair.public_key_fingerprint(),
                request: None,
            },
            private_key,
            pair,
        })
    }

    /// Seals the private key, in the transaction that writes the act down.
    pub(crate) async fn seal_key_pair(&self, tx: &mut Tx, permit: &Permit, request: &Request) -> Result<(), Problem> {
        let place = SigningKeyPlace::of(permit.organization(), request.private_key);
        let ring = tx.ring(permit).await?;
        let sealed = self.inner.vault.seal(&ring, &place.place(), request.pair.pkcs8_der())?;
        Ok(tx.put_secret(permit, &place.place(), &sealed).await?)
    }

    /// Begins to create a certificate: permission, usability of the key, key pair and CSR, operation, intent and job, all
    /// in one transaction. The worker goes on.
    ///
    /// # Errors
    /// `certificate_type_unfit`; `key_not_usable` with the keys that would work, before anything is sent to Apple.
    pub async fn create_certificate(
        &self,
        caller: &Caller,
        org: OrgId,
        key: ApiKeyId,
        certificate_type: &str,
    ) -> Result<Operation, Problem> {
        let (permit, certificate_type) = self.may_create(caller, org, key, certificate_type).await?;
        let id = fresh!(self, OperationId);
        let request = self.request_certificate(id, key, certificate_type).await?;
        let mut tx = self.begin_for(caller, &permit).await?;
        let operation = self.write_creation(&mut tx, caller, &permit, id, request.kind.clone()).await?;
        self.seal_key_pair(&mut tx, &permit, &request).await?;
        self.begun(tx).await?;
        Ok(operation)
    }

    /// The same of a signing request that was made earlier, whose key pair the certificate then has. Apple is asked first
    /// whether it has such a certificate, which could not be told from a new one.
    ///
    /// # Errors
    /// As [`App::create_certificate`]; `csr_used` when a certificate of this type was made of the request; `not_found` also for
    /// the request; what Apple answers.
    pub async fn create_certificate_of_request(
        &self,
        caller: &Caller,
        org: OrgId,
        key: ApiKeyId,
        certificate_type: &str,
        request: CsrId,
    ) -> Result<Operation, Problem> {
        let (permit, certificate_type) = self.may_create(caller, org, key, certificate_type).await?;
        let csr = self.inner.store.read_for(&permit).await?.csr(&permit, request).await?;
        let (_, listed) = self
            .use_key(caller, &permit, key, reading(Feature::Certificates), async |apple| {
                apple.certificates().list(&CertificateFilter::default()).await
            })
            .await?;
        let is_of_it =
            |one: &&Certificate| parsed(one).is_some_and(|parsed| parsed.info().public_key_fingerprint == csr.public_key_fingerprint);
        if let Some(made) = listed.iter().filter(is_of_it).find(|one| is_of_type(one, &certificate_type)) {
            return Err(csr_used(csr.name.as_str(), &format!("Apple lists it as {}: fetch it.", made.id)));
        }
        let mut tx = self.begin_for(caller, &permit).await?;
        let kind = OperationKind::CreateCertificate {
            key,
            certificate_type: certificate_type.clone(),
            private_key: csr.private_key,
            csr: csr.pem,
            public_key_fingerprint: csr.public_key_fingerprint,
            request: Some(request),
        };
        let operation = self
            .write_creation(&mut tx, caller, &permit, fresh!(self, OperationId), kind)
            .await?;
        // Held until the end of the transaction: whoever removes the request, or begins the same, sees this act.
        tx.lock_csr(&permit, request).await?;
        for other in tx.unfinished_operations(&permit).await? {
            if other.id != operation.id && other.kind.request() == Some(request) {
                return Err(csr_used(csr.name.as_str(), &format!("{} is not over yet.", other.id)));
            }
        }
        for held in tx.certificates_of_private_key(&permit, csr.private_key).await? {
            if held.certificate_type == certificate_type {
                return Err(csr_used(csr.name.as_str(), &format!("It is held here as “{}”.", held.name)));
            }
        }
        self.begun(tx).await?;
        Ok(operation)
    }

    /// Looked at before the work of making a key pair, and again when the act is written down.
    async fn may_create(
        &self,
        caller: &Caller,
        org: OrgId,
        key: ApiKeyId,
        certificate_type: &str,
    ) -> Result<(Permit, CertificateType), Problem> {
        let permit = self.permit(caller, Action::CreateCertificate, org).await?;
        let certificate_type =
            CertificateType::creatable(certificate_type).map_err(|why| Problem::field("certificate_type_unfit", "type", why))?;
        let need = Need::CreateCertificate {
            certificate_type: certificate_type.clone(),
        };
        let mut tx = self.inner.store.read_for(&permit).await?;
        let used = tx.key_to_use(&permit, key, need.feature(), self.now()).await?;
        let judged = self.refuse_unusable(&mut tx, &permit, &used, &need).await;
        drop(tx);
        match judged {
            Ok(_) => Ok((permit, certificate_type)),
            Err(problem) => Err(self.record_beyond_share(caller, &permit, problem).await),
        }
    }

    /// The rows of the act. First of all in its transaction, because it holds the key's row: a removal at this moment waits,
    /// then sees the operation.
    async fn write_creation(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        permit: &Permit,
        id: OperationId,
        kind: OperationKind,
    ) -> Result<Operation, Problem> {
        let now = self.now();
        let need = kind.need();
        let used = self.hold_key(tx, permit, kind.key(), &need).await?;
        let last_use = LastUse {
            by: caller.principal.actor(),
            need,
            at: now,
        };
        tx.set_key_last_use(&used.permit, &last_use).await?;
        let operation = Operation {
            id,
            organization: permit.organization(),
            started_by: caller.principal.actor(),
            kind,
            step_of: None,
            state: OperationState::Started,
            started_at: now,
            updated_at: now,
        };
        self.start_operation(tx, caller, permit, &operation).await?;
        Ok(operation)
    }

    async fn begun(&self, tx: Tx) -> Result<(), Problem> {
        self.inner.crash_points.pass(crash_point::BEFORE_STARTED);
        tx.commit().await?;
        self.inner.crash_points.pass(crash_point::AFTER_STARTED);
        self.inner.job_waits.notify_one();
        Ok(())
    }
}

fn csr_used(name: &str, where_it_is: &str) -> Problem {
    let message = format!(
        "A certificate of this type was made of the request “{name}” already. {where_it_is} For another one make another request, or let Russet make the key pair."
    );
    let mut problem = Problem::field("csr_used", "csr", message);
    problem.kind = Kind::Conflict;
    problem
}

/// Makes the pair off the async runtime: it takes 60 to 80 ms.
async fn key_pair_and_csr(operation: OperationId) -> Result<(RsaKeyPair, Csr), Problem> {
    tokio::task::spawn_blocking(move || {
        let pair = RsaKeyPair::generate().map_err(Problem::internal)?;
        // Apple takes the public key and puts a subject of its own; the name only helps to find a request again.
        let csr = csr::create(&pair, &format!("Russet {operation}"), "", "").map_err(Problem::internal)?;
        Ok((pair, csr))
    })
    .await
    .map_err(|_| Problem::internal("the key pair could not be made"))?
}
