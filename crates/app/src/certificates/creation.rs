//! Creating a certificate, as [`crate::operations`] carries it out: one request with our CSR, recognized by its public key.

use super::{
    SIGNING_KEY,
    held::{as_place, parsed},
};
use crate::{
    App, Problem,
    acting::fresh,
    operations::{Answer, Call, Kept},
};
use apple::{Certificate, CertificateFilter, Error, Session};
use async_trait::async_trait;
use domain::{
    CertificateId, CertificateType, Feature, HeldCertificate, HeldPlace, ItemOrigin, Made, OperationState, Permit, SecretId, TeamId,
};
use store::{Conflict, KeyToUse, StoreError, Tx};

/// A certificate that is being created.
pub(crate) struct Creation {
    pub(crate) certificate_type: CertificateType,
    pub(crate) private_key: SecretId,
    pub(crate) csr: String,
    pub(crate) fingerprint: String,
    /// Whether its key pair was there before, so that other certificates may have it.
    pub(crate) is_of_request: bool,
}

#[async_trait]
impl Call for Creation {
    fn thing(&self) -> &'static str {
        "the certificate"
    }

    fn list(&self) -> Feature {
        Feature::Certificates
    }

    /// A second request takes a second of Apple's places.
    fn is_harmless_twice(&self) -> bool {
        false
    }

    /// The private key waits for its certificate, however long it takes.
    fn may_end_unread(&self) -> bool {
        false
    }

    async fn ask(&self, session: &Session) -> Result<Answer, Error> {
        let certificate_type = apple::CertificateType::from(self.certificate_type.as_str());
        let made = session.certificates().create(&self.csr, &certificate_type).await?;
        Ok(Answer::Certificate(Box::new(made)))
    }

    async fn look(&self, session: &Session) -> Result<Option<Answer>, Error> {
        let listed = session.certificates().list(&CertificateFilter::default()).await?;
        let answers = listed.into_iter().map(|certificate| Answer::Certificate(Box::new(certificate)));
        Ok(answers.into_iter().find(|answer| self.fits(answer)))
    }

    fn fits(&self, answer: &Answer) -> bool {
        let Answer::Certificate(certificate) = answer else { return false };
        let has_key = parsed(certificate).is_some_and(|parsed| parsed.info().public_key_fingerprint == self.fingerprint);
        has_key && (!self.is_of_request || is_of_type(certificate, &self.certificate_type))
    }

    async fn keep(&self, app: &App, tx: &mut Tx, permit: &Permit, used: &KeyToUse, answer: &Answer) -> Result<Kept, Problem> {
        let Answer::Certificate(at_apple) = answer else {
            return Err(Problem::internal("an answer without a certificate was taken for one"));
        };
        let parsed = parsed(at_apple).ok_or_else(|| Problem::internal("a certificate that was read is not readable"))?;
        let info = parsed.info();
        let certificate = HeldCertificate {
            id: fresh!(app, CertificateId),
            organization: permit.organization(),
            api_key: Some(used.key.id),
            apple_id: Some(at_apple.id.clone()),
            certificate_type: self.certificate_type.clone(),
            name: info.common_name.clone().unwrap_or_else(|| self.certificate_type.title()),
            serial: info.serial_hex.clone(),
            public_key_fingerprint: info.public_key_fingerprint.clone(),
            sha1: info.sha1_fingerprint.to_uppercase(),
            team_id: self.team(answer),
            der: parsed.der().to_vec(),
            expires_at: info.not_after,
            origin: ItemOrigin::Created,
            private_key: Some(self.private_key),
            added_at: app.now(),
            revoked_at: None,
        };
        match tx.insert_certificate(permit, &certificate).await {
            Ok(()) => Ok(Kept::Now(Made::Certificate(certificate.id))),
            Err(StoreError::Conflict(Conflict::Certificate)) => {
                // Another server that was faster has written the end, too. Somebody who fetched the account meanwhile took
                // the certificate in without its key, which is here.
                let held = tx.certificate_by_sha1(permit, &certificate.sha1).await?;
                match held {
                    Some(fetched) if fetched.private_key.is_none() => {
                        tx.join_private_key(permit, fetched.id, self.private_key).await?;
                        Ok(Kept::Now(Made::Certificate(fetched.id)))
                    }
                    // Whoever fetched it found the key of the request here.
                    Some(fetched) if self.is_of_request => Ok(Kept::Now(Made::Certificate(fetched.id))),
                    _ => Ok(Kept::ByAnother),
                }
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Only here the key pair is destroyed.
    async fn give_up(&self, tx: &mut Tx, permit: &Permit, _end: &OperationState) -> Result<(), Problem> {
        tx.delete_unneeded_private_key(permit, SIGNING_KEY, self.private_key).await?;
        Ok(())
    }

    /// The certificates that hold Apple's places of the type: an expired one is still listed, and holds none. Without an
    /// answer the refusal is told without them.
    async fn places(&self, session: &Session, refused: &Error, now: jiff::Timestamp) -> Vec<HeldPlace> {
        if refused.certificate_limit().is_none() {
            return Vec::new();
        }
        let listed = session.certificates().list(&CertificateFilter::default()).await;
        let all = listed.unwrap_or_default();
        let places = all.iter().filter(|one| is_of_type(one, &self.certificate_type)).map(as_place);
        places.filter(|place| place.expires_at.is_none_or(|end| end > now)).collect()
    }

    fn team(&self, answer: &Answer) -> Option<TeamId> {
        let Answer::Certificate(certificate) = answer else { return None };
        parsed(certificate)?.info().team_id.as_ref()?.parse().ok()
    }
}

/// Whether Apple says that a certificate is of this type.
pub(super) fn is_of_type(certificate: &Certificate, wanted: &CertificateType) -> bool {
    certificate.attributes.certificate_type.as_ref().map(apple::CertificateType::as_str) == Some(wanted.as_str())
}
