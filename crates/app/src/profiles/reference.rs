//! Profiles that are held as references: everything is here but the file, for which Apple is asked at each use, through the
//! key that brought the reference. That is a use of the key like any other: asked whether it may, recorded, then sent.
//!
//! What Apple answers is read and its signature checked like any file; only then it is handed on. What has become different
//! is written down in the same breath, so that lists, signing sets and notices follow: a profile that somebody made anew
//! elsewhere under its name is followed to there.
//!
//! The surprising thing: a borrower needs the key, too. A share of a profile does not include its owner's key, and without it
//! there is nothing to hand out; so the owner shares the key, or keeps the file.

use super::{fetch::is_being_changed, file, rebuild::is_for_the_same};
use crate::{App, Caller, Problem, acting::in_time, apple_account::is_lent_for, key_use::reading, problem::Kind};
use apple::{Error, ProfileDetail, ProfileFilter, Session};
use domain::{Event, Feature, HeldProfile, Permit, ProfileStanding};
use store::{ProfileToUse, StoreError};

/// What is held of a profile that is taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keeping {
    /// Its file, also where only a reference was held.
    File,
    /// A reference, also where its file was held: that one goes.
    Reference,
    /// As it was; of one that is new, its file.
    AsBefore,
}

impl Keeping {
    /// Whether it is a reference from now on.
    pub(super) fn is_reference(self, before: Option<&HeldProfile>) -> bool {
        match self {
            Self::File => false,
            Self::Reference => true,
            Self::AsBefore => before.is_some_and(|held| held.is_reference),
        }
    }
}

/// A reference with the file that Apple gave for it just now.
pub(crate) struct Referenced {
    /// The profile, as that file says.
    pub(crate) profile: HeldProfile,
    /// The file.
    pub(crate) content: Vec<u8>,
}

impl App {
    /// Asks Apple for the file of a reference, one's own or a lent one.
    ///
    /// # Errors
    /// `profile_rebuilding`, `profile_gone`, `profile_invalid`, `profile_damaged`, `profile_changed`; `reference_without_key`,
    /// `reference_key_not_shared`; `key_not_usable`, what Apple answers.
    pub(crate) async fn referenced(&self, caller: &Caller, permit: &Permit, wanted: &ProfileToUse) -> Result<Referenced, Problem> {
        let held = &wanted.profile;
        let is_own = !wanted.permit.is_lent();
        if held.standing == ProfileStanding::Rebuilding {
            return Err(conflict(
                "profile_rebuilding",
                held,
                "and it is being built anew at Apple: there is no file until that is done.",
            ));
        }
        let key = held.api_key.ok_or_else(|| {
            conflict(
                "reference_without_key",
                held,
                "and the key that it was fetched with was removed. Fetch it again with another key.",
            )
        })?;
        let asked = self
            .use_key(caller, permit, key, reading(Feature::Profiles), async |apple| {
                present(apple, held).await
            })
            .await;
        let (used, found) = match asked {
            Err(problem) if problem.code == "not_found" => return Err(key_not_shared(held)),
            Err(problem) => return Err(not_had(held, problem)),
            Ok(asked) => asked,
        };
        if !is_lent_for(&used, Some(&held.bundle_identifier)) {
            return Err(key_not_shared(held));
        }
        let Some(detail) = found else {
            if is_own {
                self.note_standing(permit, held, true).await?;
            }
            return Err(conflict(
                "profile_gone",
                held,
                "and Apple has no such profile any more. Register it anew, or remove the reference.",
            ));
        };
        if file::standing(&detail.profile) == ProfileStanding::Invalid {
            if is_own {
                self.note_standing(permit, held, false).await?;
            }
            return Err(conflict(
                "profile_invalid",
                held,
                "and Apple calls it INVALID: a certificate in it was revoked, or a capability of its bundle ID changed. Rebuild it.",
            ));
        }
        let damaged = |why: String| not_had(held, Problem::new(Kind::AppleRefused, "profile_damaged", why));
        let content = detail.profile.attributes.content();
        let content = content.ok_or_else(|| damaged("Apple sent this profile without its file.".to_owned()))?;
        let read = file::read(&content, &self.inner.roots).map_err(damaged)?;
        let purpose = (held.profile_type.clone(), held.bundle_identifier.clone());
        let seen = file::held(held.id, held.organization, &read.info, purpose, self.now());
        let profile = HeldProfile {
            api_key: held.api_key,
            device_rule: held.device_rule,
            is_reference: true,
            origin: held.origin,
            added_at: held.added_at,
            ..file::seen_at_apple(seen, &detail.profile)
        };
        if is_own && profile != *held {
            self.follow(caller, permit, &profile, &content).await?;
        }
        Ok(Referenced { profile, content })
    }

    /// Writes down that what Apple has is another one now, and tells those who need its UUID.
    async fn follow(&self, caller: &Caller, permit: &Permit, seen: &HeldProfile, content: &[u8]) -> Result<(), Problem> {
        in_time(async {
            let mut tx = self.begin_for(caller, permit).await?;
            let before = match tx.lock_profile(permit, seen.id).await {
                Err(StoreError::NotFound) => return Err(changed(seen)),
                found => found?,
            };
            if !before.is_reference || is_being_changed(&mut tx, permit, &before).await? {
                return Err(changed(seen));
            }
            let twin = tx.profile_by_uuid(permit, &seen.uuid).await?;
            if twin.is_some_and(|twin| twin.id != seen.id) {
                return Err(conflict(
                    "profile_twice",
                    seen,
                    "and the profile that Apple has under its name is held here already. Remove the reference.",
                ));
            }
            tx.replace_profile(permit, seen, content).await?;
            Box::pin(self.sets_follow(&mut tx, permit, seen)).await?;
            if before.uuid != seen.uuid {
                let event = Event::ProfileUuidChanged {
                    profile: seen.id,
                    name: seen.name.clone(),
                    from: before.uuid,
                    to: seen.uuid.clone(),
                };
                self.record_done(&mut tx, caller, permit.organization(), event).await?;
            }
            Ok(tx.commit().await?)
        })
        .await
    }

    /// Notes that Apple does not take it any more, or has it no more.
    async fn note_standing(&self, permit: &Permit, held: &HeldProfile, is_gone: bool) -> Result<(), Problem> {
        let mut tx = self.inner.store.begin_outcome(permit).await?;
        let noted = match held.apple_id.as_deref().filter(|_| is_gone) {
            Some(apple_id) => tx
                .profile_left_apple(permit, held.id, apple_id, ProfileStanding::Invalid)
                .await
                .map(drop),
            None => tx.set_profile_standing(permit, held.id, ProfileStanding::Invalid).await,
        };
        match noted {
            Ok(()) | Err(StoreError::NotFound) => Ok(tx.commit().await?),
            Err(error) => Err(error.into()),
        }
    }
}

/// The profile that a reference stands for, with its file: by Apple's id, or made anew under its name.
async fn present(session: &Session, held: &HeldProfile) -> Result<Option<ProfileDetail>, Error> {
    if let Some(id) = &held.apple_id {
        match session.profiles().get(id).await {
            Err(Error::NotFound { .. }) => {}
            found => return found.map(Some),
        }
    }
    let named = ProfileFilter {
        names: vec![held.name.clone()],
        with_content: true,
        ..ProfileFilter::default()
    };
    let listed = session.profiles().list(&named).await?;
    let is_it = |detail: &ProfileDetail| {
        // What was deleted a moment ago may still be listed.
        held.apple_id.as_ref() != Some(&detail.profile.id)
            && detail.profile.attributes.name.as_ref() == Some(&held.name)
            && is_for_the_same(detail, held)
    };
    Ok(listed.into_iter().find(is_it))
}

/// What stands in the way of a use of a reference.
fn conflict(code: &'static str, held: &HeldProfile, why: &str) -> Problem {
    let message = format!(
        "The profile “{}” is held as a reference, whose file is fetched from Apple at each use, {why} Nothing was handed out.",
        held.name
    );
    Problem::new(Kind::Conflict, code, message)
}

/// Between the question and the answer the profile became another, or was kept.
pub(crate) fn changed(held: &HeldProfile) -> Problem {
    conflict("profile_changed", held, "and it was changed here meanwhile. Ask again.")
}

fn key_not_shared(held: &HeldProfile) -> Problem {
    conflict(
        "reference_key_not_shared",
        held,
        "with a key that this organization may not use for it. Its owner can share that key, too, or keep the file.",
    )
}

/// The same problem, and that it stood in the way of a reference.
fn not_had(held: &HeldProfile, mut problem: Problem) -> Problem {
    problem.message = format!(
        "The file of the profile “{}” was to be fetched from Apple, because only a reference is held here, and that did not work. {} Nothing was handed out.",
        held.name, problem.message
    );
    problem
}
