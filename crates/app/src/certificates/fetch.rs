//! Taking certificates of the Apple account into the list here: all of them, or chosen ones.
//!
//! Apple is asked for the list, which changes nothing there. A private key that is here already joins its certificate;
//! Apple never has one.
//!
//! The surprising thing: a long list is taken in parts, each a transaction of its own. Stopped in the middle, it is gone on
//! with by fetching again, because what is here already stays as it is.

use super::{
    Incoming, TakenIn, held,
    import::{Imported, LeftOut},
    take_in::AtApple,
};
use crate::{App, Caller, Problem, key_use::reading};
use apple::{Certificate as Listed, CertificateFilter};
use domain::{Action, ApiKeyId, CertificateType, Feature, ItemOrigin, OrgId, Permit};
use std::collections::BTreeSet;

/// How many are taken in at once.
const AT_ONCE: usize = 50;

impl App {
    /// Takes certificates in that the account has, read through a key: those of these ids of Apple's, or all.
    ///
    /// # Errors
    /// `certificates_unknown` when none of the chosen ids is in the account; what Apple answers; `key_not_usable`;
    /// `not_found`, `not_allowed`.
    pub async fn fetch_certificates(
        &self,
        caller: &Caller,
        org: OrgId,
        key: ApiKeyId,
        chosen: Option<&BTreeSet<String>>,
    ) -> Result<Imported, Problem> {
        let permit = self.permit(caller, Action::ImportCertificate, org).await?;
        let (used, mut listed) = self
            .use_key(caller, &permit, key, reading(Feature::Certificates), async |apple| {
                apple.certificates().list(&CertificateFilter::default()).await
            })
            .await?;
        let mut imported = Imported::default();
        if let Some(chosen) = chosen {
            listed.retain(|one| chosen.contains(&one.id));
            let found: BTreeSet<_> = listed.iter().map(|one| one.id.as_str()).collect();
            let missing = chosen.iter().filter(|id| !found.contains(id.as_str()));
            imported.left_out.extend(missing.map(|id| LeftOut {
                name: id.chars().filter(|c| !c.is_control()).take(40).collect(),
                why: "The account has no certificate of this id, or the key does not see it.".to_owned(),
            }));
            if listed.is_empty() {
                return Err(Problem::field(
                    "certificates_unknown",
                    "certificates",
                    "None of the chosen certificates is in the account any more. Look at the list again.",
                ));
            }
        }
        for some in listed.chunks(AT_ONCE) {
            self.take_listed(caller, &permit, used.key.id, some, &mut imported).await?;
        }
        let team = imported.taken.iter().find_map(|taken| taken.certificate.team_id.clone());
        self.learn_team(&used, team).await?;
        Ok(imported)
    }

    async fn take_listed(
        &self,
        caller: &Caller,
        permit: &Permit,
        key: ApiKeyId,
        listed: &[Listed],
        imported: &mut Imported,
    ) -> Result<(), Problem> {
        let mut tx = self.begin_for(caller, permit).await?;
        let mut taken: Vec<TakenIn> = Vec::with_capacity(listed.len());
        for one in listed {
            let Some(parsed) = held::parsed(one) else {
                imported.left_out.push(LeftOut {
                    name: held::as_place(one).name,
                    why: "Apple does not hand this one out. Download it on Apple's website, and upload the file.".to_owned(),
                });
                continue;
            };
            let certificate_type = one.attributes.certificate_type.as_ref();
            let incoming = Incoming {
                parsed: &parsed,
                origin: ItemOrigin::Fetched,
                at_apple: Some(AtApple {
                    key,
                    id: one.id.clone(),
                    certificate_type: CertificateType::of_apple(certificate_type.map_or(CertificateType::UNKNOWN, |of| of.as_str())),
                }),
                private_key: None,
            };
            taken.push(self.take_in(&mut tx, caller, permit, incoming).await?);
        }
        tx.commit().await?;
        imported.taken.append(&mut taken);
        Ok(())
    }
}
