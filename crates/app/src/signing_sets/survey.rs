//! One look at the account for what a set needs: a step of the plan, and the only time that it reads lists.
//!
//! Asked for are the profiles, the bundle IDs, the devices where the type has some, the certificates unless nothing is there
//! that could have one, and in one request the files of those profiles that may be of use and are not here. Everything else is
//! decided without Apple, by [`super::needs`].

use super::{LISTED_WITHIN, needs::Needing};
use crate::{
    App, Problem,
    apple_account::is_lent_for,
    operations::{Answer, Call, Kept, app_not_shared},
    profiles::{Account, Keeping},
};
use apple::{Error, ProfileDetail, Session};
use async_trait::async_trait;
use domain::{
    Event, Feature, HeldCertificate, HeldProfile, ItemOrigin, Made, Permit,
    operation::{SetNeeds, SetSurvey, SetToEnsure},
};
use jiff::Timestamp;
use std::collections::BTreeMap;
use store::{KeyToUse, Tx};

/// What was seen.
pub(crate) struct Survey {
    account: Account,
    /// Profiles that may be of use and are not here, with their files, by Apple's id.
    files: BTreeMap<String, apple::Profile>,
}

/// A look on its way.
pub(crate) struct Surveying(pub(crate) SetSurvey);

impl Surveying {
    /// The identifiers that the set is to have, as far as the account knows them.
    fn identifiers(&self, account: &Account) -> Vec<String> {
        let wanted = &self.0.wanted;
        let mut all = wanted.identifiers.clone();
        all.extend(account.identifiers().filter(|one| wanted.is_below(one)).map(str::to_owned));
        all.sort_unstable();
        all.dedup();
        all
    }

    pub(super) async fn read(&self, session: &Session) -> Result<Survey, Error> {
        let account = Account::read_for(session, &self.0.wanted.profile_type, |account| self.wants_certificates(account)).await?;
        let identifiers = self.identifiers(&account);
        let is_new = |detail: &&ProfileDetail| {
            let uuid = detail.profile.attributes.uuid.as_ref();
            is_for(detail, &self.0.wanted, &identifiers) && uuid.is_some_and(|uuid| !self.0.held.contains(uuid))
        };
        let new: Vec<String> = account
            .profiles
            .iter()
            .filter(is_new)
            .map(|detail| detail.profile.id.clone())
            .collect();
        let files = crate::profiles::files(session, &new).await?;
        Ok(Survey { account, files })
    }

    /// Whether the account's certificates decide anything. Where nothing that is here could be used, and there is no profile to
    /// use or to build anew, a certificate is made whatever they are.
    fn wants_certificates(&self, account: &Account) -> bool {
        let identifiers = self.identifiers(account);
        self.0.holds_certificates || !self.0.held.is_empty() || account.profiles.iter().any(|one| is_for(one, &self.0.wanted, &identifiers))
    }

    /// Everything that is here and may be of use, and what that and the account make of the wish.
    async fn decide(&self, app: &App, tx: &mut Tx, permit: &Permit, used: &KeyToUse, survey: &Survey) -> Result<SetNeeds, Problem> {
        let wanted = &self.0.wanted;
        let now = app.now();
        let lately = now.saturating_sub(LISTED_WITHIN).unwrap_or(Timestamp::MIN);
        let mut account = survey.account.clone();
        for made in tx.certificates_since(permit, lately).await? {
            // Of this account, and not one that was fetched: what Apple listed then it lists now.
            if made.api_key == Some(wanted.key) && made.origin == ItemOrigin::Created && made.revoked_at.is_none() {
                account.also_has(&made);
            }
        }
        let outside = wanted.identifiers.iter().find(|identifier| !is_lent_for(used, Some(identifier)));
        if let Some(outside) = outside {
            return Ok(SetNeeds::refused(app_not_shared(used, outside).message));
        }
        let certificates = own_certificates(tx, permit, &account).await?;
        let identifiers: Vec<String> = self
            .identifiers(&account)
            .into_iter()
            .filter(|identifier| is_lent_for(used, Some(identifier)))
            .collect();
        let mut profiles: Vec<HeldProfile> = Vec::new();
        for identifier in &identifiers {
            profiles.extend(tx.profiles_for(permit, &wanted.profile_type, identifier).await?);
        }
        let needing = Needing {
            wanted,
            account: &account,
            certificates,
            profiles,
            used,
            lately,
            now,
        };
        Ok(needing.needs(&identifiers))
    }
}

fn is_for(detail: &ProfileDetail, wanted: &SetToEnsure, identifiers: &[String]) -> bool {
    let identifier = detail.bundle_id.as_ref().and_then(|found| found.attributes.identifier.as_ref());
    let profile_type = detail.profile.attributes.profile_type.as_ref().map(apple::ProfileType::as_str);
    profile_type == Some(wanted.profile_type.as_str()) && identifier.is_some_and(|identifier| identifiers.contains(identifier))
}

/// The certificates of the account that are held here with their private keys.
async fn own_certificates(tx: &mut Tx, permit: &Permit, account: &Account) -> Result<Vec<HeldCertificate>, Problem> {
    let mut keys: Vec<String> = account.public_keys().map(str::to_owned).collect();
    keys.sort_unstable();
    keys.dedup();
    let mut own = Vec::new();
    for known in tx.certificates_known_by(permit, &keys).await? {
        if known.key_held {
            own.push(tx.certificate(permit, known.id).await?);
        }
    }
    Ok(own)
}

#[async_trait]
impl Call for Surveying {
    fn thing(&self) -> &'static str {
        "the account"
    }

    fn list(&self) -> Feature {
        Feature::Profiles
    }

    fn is_harmless_twice(&self) -> bool {
        true
    }

    async fn ask(&self, session: &Session) -> Result<Answer, Error> {
        Ok(Answer::Survey(Box::new(self.read(session).await?)))
    }

    /// To look would be to ask, and that is for whoever began, with what they may today: a look has the owner's rights.
    async fn look(&self, _session: &Session) -> Result<Option<Answer>, Error> {
        Ok(None)
    }

    async fn keep(&self, app: &App, tx: &mut Tx, permit: &Permit, used: &KeyToUse, answer: &Answer) -> Result<Kept, Problem> {
        let Answer::Survey(survey) = answer else {
            return Err(Problem::internal("an answer without a survey was taken for one"));
        };
        Ok(Kept::Now(Made::Needs(Box::pin(self.decided(app, tx, permit, used, survey)).await?)))
    }
}

impl Surveying {
    /// Takes in what may be of use, and decides. What it takes in is kept when the transaction is.
    pub(super) async fn decided(
        &self,
        app: &App,
        tx: &mut Tx,
        permit: &Permit,
        used: &KeyToUse,
        survey: &Survey,
    ) -> Result<SetNeeds, Problem> {
        let (key, there) = (self.0.wanted.key, survey.account.profile_ids());
        let mut taken_in = Vec::new();
        for detail in &survey.account.profiles {
            let Some(with_file) = survey.files.get(&detail.profile.id) else {
                continue;
            };
            if !self.is_of_use(app, tx, permit, used, detail).await? {
                continue;
            }
            // What cannot be kept is as if it were not there: another profile is made beside it.
            if let Ok((held, _)) = Box::pin(app.take_in_profile(tx, permit, (key, Keeping::AsBefore), (detail, with_file), &there)).await? {
                taken_in.push(Event::ProfileFetched {
                    key,
                    profile: held.id,
                    name: held.name,
                    reference: held.is_reference,
                });
            }
        }
        let needs = self.decide(app, tx, permit, used, survey).await?;
        // Last of all: recorders take turns, and whoever waits for one of these rows may wait for a turn.
        for event in taken_in {
            app.record_as_permitted(tx, permit, event).await?;
        }
        Ok(needs)
    }

    /// Whether a profile that is not here is worth to be: it has a certificate that can be signed with here, or Apple calls it
    /// INVALID and it is to be built anew under its name, which only the owner of the key may do with what others made.
    async fn is_of_use(&self, app: &App, tx: &mut Tx, permit: &Permit, used: &KeyToUse, detail: &ProfileDetail) -> Result<bool, Problem> {
        let identifier = detail.bundle_id.as_ref().and_then(|found| found.attributes.identifier.as_deref());
        if !is_lent_for(used, identifier) {
            return Ok(false);
        }
        if detail.profile.attributes.profile_state == Some(apple::ProfileState::Invalid) {
            return Ok(!used.permit.is_lent());
        }
        let keys: Vec<String> = crate::profiles::public_keys_of(detail);
        let known = tx.certificates_known_by(permit, &keys).await?;
        let ends = detail.profile.attributes.expiration_date;
        let lasts = ends.is_none_or(|end| end > app.now());
        Ok(lasts
            && known
                .iter()
                .any(|known| known.key_held && keys.contains(&known.public_key_fingerprint)))
    }
}
