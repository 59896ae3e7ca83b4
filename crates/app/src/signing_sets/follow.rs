//! A set follows its profiles, in the transaction in which a profile becomes another.

use crate::{App, Problem};
use domain::{CertificateId, HeldProfile, Permit, SetItem};
use store::{StoreError, Tx};

impl App {
    /// After a held profile was replaced by what Apple just gave: wherever it is in a set with a certificate that it does not
    /// have any more, the one that it has and that can be signed with takes that one's place.
    pub(crate) async fn sets_follow(&self, tx: &mut Tx, permit: &Permit, profile: &HeldProfile) -> Result<(), Problem> {
        let now = self.now();
        for set in tx.sets_of_profile(permit, profile.id).await? {
            for item in tx.set_items(permit, set.id).await? {
                if item.profile != Some(profile.id) {
                    continue;
                }
                let present = match item.certificate {
                    Some(id) => match tx.certificate_to_use(permit, id, now).await {
                        Ok(found) => Some(found.certificate),
                        // It was lent, and is not any more.
                        Err(StoreError::NotFound) => None,
                        Err(error) => return Err(error.into()),
                    },
                    None => None,
                };
                let stays = present.is_some_and(|held| profile.has(&held.public_key_fingerprint, &held.serial));
                let certificate = if stays {
                    item.certificate
                } else {
                    usable(tx, permit, profile).await?.or(item.certificate)
                };
                let followed = SetItem {
                    certificate,
                    seen_at: Some(now),
                    ..item
                };
                tx.put_set_item(permit, set.id, &followed).await?;
            }
            tx.change_signing_set(permit, set.id, set.api_key, now).await?;
        }
        Ok(())
    }
}

/// The certificate of a profile that is held with its private key; of several the one that ends last.
async fn usable(tx: &mut Tx, permit: &Permit, profile: &HeldProfile) -> Result<Option<CertificateId>, Problem> {
    let mut found: Option<domain::HeldCertificate> = None;
    for known in tx.certificates_known_by(permit, &profile.certificates).await? {
        if known.key_held && profile.has(&known.public_key_fingerprint, &known.serial) {
            let held = tx.certificate(permit, known.id).await?;
            if found.as_ref().is_none_or(|before| before.expires_at < held.expires_at) {
                found = Some(held);
            }
        }
    }
    Ok(found.map(|held| held.id))
}
