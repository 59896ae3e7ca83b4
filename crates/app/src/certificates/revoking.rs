//! Revoking a certificate at Apple, as [`crate::operations`] carries it out. What is signed with it already in a store stays;
//! profiles that have it become INVALID. What is held here stays here, without a place at Apple.

use super::held::{Held, as_place};
use crate::{
    App, Caller, Kind, Problem,
    apple_account::{AppleCertificate, AppleProfile, ListQuery},
    key_use::reading,
    operations::{Answer, Call, Kept, gone},
};
use apple::{CertificateFilter, Error, Session};
use async_trait::async_trait;
use domain::{Action, ApiKeyId, CertificateType, Feature, Made, Operation, OperationKind, OrgId, Permit, operation::Revocation};
use store::{KeyToUse, StoreError, Tx};

/// A certificate at Apple, and what needs it.
#[derive(Debug, Clone)]
pub struct CertificateWithProfiles {
    /// The certificate.
    pub certificate: AppleCertificate,
    /// The profiles that hold it; none where the key may not read profiles.
    pub profiles: Option<Vec<AppleProfile>>,
}

impl App {
    /// A certificate at Apple with the profiles that hold it: they become INVALID when it is revoked.
    ///
    /// # Errors
    /// `key_not_usable`, what Apple answers, `not_found`, `not_allowed`.
    pub async fn apple_certificate(
        &self,
        caller: &Caller,
        org: OrgId,
        key: ApiKeyId,
        certificate: &str,
    ) -> Result<CertificateWithProfiles, Problem> {
        let listed = self.apple_certificates(caller, org, key, &ListQuery::default()).await?.items;
        let certificate = listed
            .into_iter()
            .find(|one| one.id == certificate)
            .ok_or_else(Problem::not_found)?;
        let mut profiles = self.apple_profiles_if_readable(caller, org, key).await?;
        if let Some(profiles) = &mut profiles {
            profiles.retain(|profile| profile.certificates.iter().any(|(id, _, _)| *id == certificate.id));
        }
        Ok(CertificateWithProfiles { certificate, profiles })
    }

    /// Begins to revoke a certificate at Apple, by Apple's id, whether it is held here or not. `typed_name` must be its name,
    /// the one that it has here or Apple's.
    ///
    /// # Errors
    /// `name_differs`; `certificate_of_others` for a certificate whose private key is not held here, through a key that is lent;
    /// `key_not_usable`, what Apple answers, `not_found`, `not_allowed`.
    pub async fn revoke_certificate(
        &self,
        caller: &Caller,
        org: OrgId,
        key: ApiKeyId,
        certificate: &str,
        typed_name: &str,
    ) -> Result<Operation, Problem> {
        let permit = self.permit(caller, Action::RevokeCertificate, org).await?;
        let (used, found) = self
            .use_key(caller, &permit, key, reading(Feature::Certificates), async |apple| {
                apple.certificates().get(certificate).await
            })
            .await?;
        let mut tx = self.inner.store.read_for(&permit).await?;
        let held = Held::among_listed(&mut tx, &permit, std::iter::once(&found)).await?;
        let place = held.place(&as_place(&found));
        let here = match place.held {
            Some(id) => Some(tx.certificate(&permit, id).await?.name),
            None => None,
        };
        drop(tx);
        // Revoking stops everybody who signs with it, so who borrows a key revokes what they hold, and nothing of others.
        // Who only fetched it holds a row and nothing to sign with.
        if used.permit.is_lent() && !(place.key_held && as_place(&found).public_key_fingerprint.is_some()) {
            let problem = Problem::new(
                Kind::NotAllowed,
                "certificate_of_others",
                format!(
                    "The private key of “{}” is not held by this organization, and the API key is lent to it. The organization that owns the key can revoke it.",
                    place.name
                ),
            );
            return Err(self.record_beyond_share(caller, &permit, problem.beyond_share()).await);
        }
        let at_apple = if place.name.is_empty() { found.id.clone() } else { place.name };
        let name = here.unwrap_or_else(|| at_apple.clone());
        if ![name.trim(), at_apple.trim()].contains(&typed_name.trim()) {
            return Err(Problem::field(
                "name_differs",
                "name",
                format!("To revoke this certificate, type its name exactly: {name}"),
            ));
        }
        let word = found.attributes.certificate_type.map(|word| word.to_string()).unwrap_or_default();
        let revocation = Revocation {
            key,
            apple_id: found.id,
            certificate_type: CertificateType::of_apple(word),
            name,
            certificate: place.held,
        };
        self.begin_operation(caller, org, OperationKind::RevokeCertificate(revocation))
            .await
    }
}

/// A certificate that is being revoked.
pub(crate) struct Revoking(pub(crate) Revocation);

#[async_trait]
impl Call for Revoking {
    fn thing(&self) -> &'static str {
        "the revocation"
    }

    fn list(&self) -> Feature {
        Feature::Certificates
    }

    fn is_harmless_twice(&self) -> bool {
        true
    }

    async fn ask(&self, session: &Session) -> Result<Answer, Error> {
        gone(session.certificates().revoke(&self.0.apple_id).await, &self.0.apple_id)
    }

    async fn look(&self, session: &Session) -> Result<Option<Answer>, Error> {
        let listed = session.certificates().list(&CertificateFilter::default()).await?;
        let is_there = listed.iter().any(|certificate| certificate.id == self.0.apple_id);
        Ok((!is_there).then(|| Answer::AtApple(self.0.apple_id.clone())))
    }

    async fn keep(&self, app: &App, tx: &mut Tx, permit: &Permit, _used: &KeyToUse, _answer: &Answer) -> Result<Kept, Problem> {
        if let Some(held) = self.0.certificate {
            match tx.note_revoked(permit, held, app.now()).await {
                // Removed here meanwhile.
                Ok(()) | Err(StoreError::NotFound) => {}
                Err(error) => return Err(error.into()),
            }
            tx.end_automatic_renewal(permit, held).await?;
        }
        Ok(Kept::Now(Made::AtApple(self.0.apple_id.clone())))
    }
}
