//! The first step of creating a certificate: everything that can be refused without Apple is refused, then the act is
//! written down with its key pair, in one transaction.
//!
//! The private key exists sealed before Apple is asked. So whatever happens afterwards, a certificate that Apple makes has
//! its key here. A plan that creates a certificate makes the pair when that step begins, in the same way.

use super::SigningKeyPlace;
use crate::{App, Caller, Problem, acting::fresh, crash_point};
use domain::{
    Action, ApiKeyId, CertificateType, LastUse, Need, Operation, OperationId, OperationKind, OperationState, OrgId, Permit, SecretId,
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
        let permit = self.permit(caller, Action::CreateCertificate, org).await?;
        let certificate_type =
            CertificateType::creatable(certificate_type).map_err(|why| Problem::field("certificate_type_unfit", "type", why))?;
        let need = Need::CreateCertificate {
            certificate_type: certificate_type.clone(),
        };
        // Looked at before the work of making a key pair, and again when the act is written down.
        let mut tx = self.inner.store.read_for(&permit).await?;
        let used = tx.key_to_use(&permit, key, need.feature(), self.now()).await?;
        let judged = self.refuse_unusable(&mut tx, &permit, &used, &need).await;
        drop(tx);
        if let Err(problem) = judged {
            return Err(self.record_beyond_share(caller, &permit, problem).await);
        }
        let id = fresh!(self, OperationId);
        let request = self.request_certificate(id, key, certificate_type).await?;
        let now = self.now();
        let operation = Operation {
            id,
            organization: org,
            started_by: caller.principal.actor(),
            kind: request.kind.clone(),
            step_of: None,
            state: OperationState::Started,
            started_at: now,
            updated_at: now,
        };
        let last_use = LastUse {
            by: caller.principal.actor(),
            need: need.clone(),
            at: now,
        };
        let mut tx = self.begin_for(caller, &permit).await?;
        // First of all, because it holds the key's row: a removal at this moment waits, then sees the operation.
        let used = self.hold_key(&mut tx, &permit, key, &need).await?;
        tx.set_key_last_use(&used.permit, &last_use).await?;
        self.seal_key_pair(&mut tx, &permit, &request).await?;
        self.start_operation(&mut tx, caller, &permit, &operation).await?;
        self.inner.crash_points.pass(crash_point::BEFORE_STARTED);
        tx.commit().await?;
        self.inner.crash_points.pass(crash_point::AFTER_STARTED);
        self.inner.job_waits.notify_one();
        Ok(operation)
    }
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
