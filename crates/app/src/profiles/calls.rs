//! What is asked of Apple about profiles: one is created, one is deleted.
//!
//! A name is there once in a team, so a second creation would be refused; but a refusal "there is one already" cannot be
//! told from one of a profile that was there before. So a creation is asked for once, and looked for by its name, type, bundle ID
//! and certificates among those that were not there before. What was deleted stays deleted.

use super::file;
use crate::{
    App, Problem,
    acting::fresh,
    operations::{Answer, Call, Kept, gone},
};
use apple::{Error, ProfileDetail, ProfileFilter, Session};
use async_trait::async_trait;
use domain::{
    Event, Feature, HeldProfile, ItemOrigin, Made, Permit, ProfileId, ProfileStanding, TeamId,
    operation::{NewProfile, ProfileDeletion},
};
use signing::{chain::TrustRoot, profile::Profile};
use std::collections::BTreeSet;
use store::{KeyToUse, StoreError, Tx};

/// A profile that is being created.
pub(crate) struct Creating(pub(crate) NewProfile);

impl Creating {
    fn is_it(&self, profile: &apple::Profile) -> bool {
        let attributes = &profile.attributes;
        attributes.name.as_deref() == Some(self.0.name.as_str())
            && attributes
                .profile_type
                .as_ref()
                .is_none_or(|kind| kind.as_str() == self.0.profile_type.as_str())
            && !self.0.before.contains(&profile.id)
    }

    /// Whether a listed one is what was asked for: somebody else may have made one of the same name at the same moment.
    fn is_listed(&self, detail: &ProfileDetail) -> bool {
        let certificates: BTreeSet<_> = detail.certificates.iter().map(|certificate| certificate.id.as_str()).collect();
        let wanted: BTreeSet<_> = self.0.certificates.iter().map(String::as_str).collect();
        self.is_it(&detail.profile)
            && detail.bundle_id.as_ref().is_some_and(|bundle_id| bundle_id.id == self.0.bundle_id)
            && (certificates == wanted || !detail.is_complete)
    }
}

/// The file of a profile, where Apple sent one that is whole.
fn read(profile: &apple::Profile) -> Option<Profile> {
    file::read(&profile.attributes.content()?, &TrustRoot::none()).ok()
}

#[async_trait]
impl Call for Creating {
    fn thing(&self) -> &'static str {
        "the profile"
    }

    fn list(&self) -> Feature {
        Feature::Profiles
    }

    fn is_harmless_twice(&self) -> bool {
        false
    }

    async fn ask(&self, session: &Session) -> Result<Answer, Error> {
        let new = apple::NewProfile {
            name: self.0.name.clone(),
            profile_type: apple::ProfileType::from(self.0.profile_type.as_str()),
            bundle_id: self.0.bundle_id.clone(),
            certificates: self.0.certificates.clone(),
            devices: self.0.devices.clone(),
        };
        Ok(Answer::Profile(Box::new(session.profiles().create(&new).await?)))
    }

    async fn look(&self, session: &Session) -> Result<Option<Answer>, Error> {
        let listed = session.profiles().list(&ProfileFilter::default()).await?;
        let Some(ours) = listed.into_iter().find(|detail| self.is_listed(detail)) else {
            return Ok(None);
        };
        let answer = Answer::Profile(Box::new(session.profiles().get(&ours.profile.id).await?.profile));
        if self.fits(&answer) {
            return Ok(Some(answer));
        }
        // It is there, and cannot be kept like this: not found would be told as "nothing was made".
        Err(Error::Decode {
            status: 200,
            cause: "the profile came without a file that can be read".to_owned(),
        })
    }

    fn fits(&self, answer: &Answer) -> bool {
        matches!(answer, Answer::Profile(profile) if self.is_it(profile) && read(profile).is_some())
    }

    async fn keep(&self, app: &App, tx: &mut Tx, permit: &Permit, used: &KeyToUse, answer: &Answer) -> Result<Kept, Problem> {
        let Answer::Profile(at_apple) = answer else {
            return Err(Problem::internal("an answer without a profile was taken for one"));
        };
        let bytes = at_apple.attributes.content().unwrap_or_default();
        let read = file::read(&bytes, &app.inner.roots).map_err(Problem::internal)?;
        let purpose = (self.0.profile_type.clone(), self.0.identifier.clone());
        let fresh = file::held(fresh!(app, ProfileId), permit.organization(), &read.info, purpose, app.now());
        let new = HeldProfile {
            api_key: Some(used.key.id),
            device_rule: self.0.device_rule,
            origin: ItemOrigin::Created,
            ..file::seen_at_apple(fresh, at_apple)
        };
        let replaced = match self.0.profile {
            Some(id) => match tx.lock_profile(permit, id).await {
                Ok(old) => Some(old),
                Err(StoreError::NotFound) => None,
                Err(error) => return Err(error.into()),
            },
            None => None,
        };
        // Somebody may have fetched it from Apple before its creation was known here.
        let twin = tx.profile_by_uuid(permit, &new.uuid).await?;
        let mut news = None;
        let id = match (replaced, twin) {
            (Some(old), twin) => {
                if let Some(twin) = twin.filter(|twin| twin.id != old.id) {
                    tx.remove_profile(permit, twin.id).await?;
                }
                if old.uuid != new.uuid {
                    news = Some(Event::ProfileUuidChanged {
                        profile: old.id,
                        name: new.name.clone(),
                        from: old.uuid,
                        to: new.uuid.clone(),
                    });
                }
                let rebuilt = HeldProfile {
                    id: old.id,
                    is_reference: old.is_reference,
                    ..new
                };
                tx.replace_profile(permit, &rebuilt, &bytes).await?;
                Box::pin(app.sets_follow(tx, permit, &rebuilt)).await?;
                old.id
            }
            (None, Some(twin)) => twin.id,
            (None, None) => {
                tx.insert_profile(permit, &new, &bytes).await?;
                new.id
            }
        };
        Ok(match news {
            Some(news) => Kept::WithNews(Made::Profile(id), Box::new(news)),
            None => Kept::Now(Made::Profile(id)),
        })
    }

    fn team(&self, answer: &Answer) -> Option<TeamId> {
        let Answer::Profile(profile) = answer else { return None };
        read(profile)?.info.team_ids.first()?.parse().ok()
    }
}

/// A profile that is being deleted at Apple.
pub(crate) struct Deleting(pub(crate) ProfileDeletion);

#[async_trait]
impl Call for Deleting {
    fn thing(&self) -> &'static str {
        "the deletion"
    }

    fn list(&self) -> Feature {
        Feature::Profiles
    }

    fn is_harmless_twice(&self) -> bool {
        true
    }

    async fn ask(&self, session: &Session) -> Result<Answer, Error> {
        gone(session.profiles().delete(&self.0.apple_id).await, &self.0.apple_id)
    }

    async fn look(&self, session: &Session) -> Result<Option<Answer>, Error> {
        let listed = session.profiles().list(&ProfileFilter::default()).await?;
        let is_there = listed.iter().any(|detail| detail.profile.id == self.0.apple_id);
        Ok((!is_there).then(|| Answer::AtApple(self.0.apple_id.clone())))
    }

    /// The file that is held stays: builds can be given it until there is a new one.
    async fn keep(&self, _app: &App, tx: &mut Tx, permit: &Permit, _used: &KeyToUse, answer: &Answer) -> Result<Kept, Problem> {
        if let Some(held) = self.0.profile {
            let standing = if self.0.rebuilding {
                ProfileStanding::Rebuilding
            } else {
                ProfileStanding::Invalid
            };
            let was = tx.profile_left_apple(permit, held, &self.0.apple_id, standing).await?;
            // What came as a file, or was made anew elsewhere, is known here under no such id; its file is the old one all the same.
            if !was && self.0.rebuilding {
                match tx.set_profile_standing(permit, held, standing).await {
                    Ok(()) | Err(StoreError::NotFound) => {}
                    Err(error) => return Err(error.into()),
                }
            }
        }
        answer.nothing_but_its_id()
    }
}
