//! Taking profiles in from the Apple account: all of it, or chosen ones.
//!
//! The list of the account says which files are new; only those are asked for. What is held already is brought up to date:
//! another state, or a file that somebody made anew elsewhere. Of what is taken in as a reference the file is read and not kept.

use super::{ProfileRow, file, reference::Keeping};
use crate::{App, Caller, Problem, acting::fresh, apple_account::is_lent_for, key_use::reading};
use apple::{Profile as AtApple, ProfileDetail, Session};
use domain::{Action, ApiKeyId, Event, Feature, HeldProfile, ItemOrigin, OrgId, Permit, ProfileId, ProfileType, TeamId};
use std::collections::{BTreeMap, BTreeSet};
use store::{Paging, ProfileFilter, ProfileOrder, Tx};

/// How many files are asked for at once: 20 kB each.
const AT_ONCE: usize = 50;

/// What came of a fetch.
#[derive(Debug, Clone, Default)]
pub struct Fetched {
    /// Held since now.
    pub new: Vec<ProfileRow>,
    /// Held before, with another file or another state since now.
    pub changed: Vec<ProfileRow>,
    /// How many were held before, as they are.
    pub unchanged: u32,
    /// Names of those that could not be taken in, and why.
    pub left_out: Vec<(String, String)>,
}

/// The most ids that may be chosen at once.
const CHOSEN_MOST: usize = 5000;

impl App {
    /// Takes profiles in from the account: those with these ids of Apple's, or all. Of what is held as a reference the file is
    /// kept from now on.
    ///
    /// # Errors
    /// `profiles_unknown` for chosen ones that Apple does not list; `key_not_usable`, what Apple answers, `not_found`,
    /// `not_allowed`.
    pub async fn fetch_profiles(&self, caller: &Caller, org: OrgId, key: ApiKeyId, chosen: Option<&[String]>) -> Result<Fetched, Problem> {
        self.take_in_profiles(caller, org, (key, Keeping::File), chosen).await
    }

    /// The same, as references: their files are fetched from Apple at each use, and those that were kept here go.
    ///
    /// # Errors
    /// As [`App::fetch_profiles`].
    pub async fn fetch_profile_references(
        &self,
        caller: &Caller,
        org: OrgId,
        key: ApiKeyId,
        chosen: Option<&[String]>,
    ) -> Result<Fetched, Problem> {
        self.take_in_profiles(caller, org, (key, Keeping::Reference), chosen).await
    }

    /// The same, kept as it is said.
    pub(super) async fn take_in_profiles(
        &self,
        caller: &Caller,
        org: OrgId,
        (key, keeping): (ApiKeyId, Keeping),
        chosen: Option<&[String]>,
    ) -> Result<Fetched, Problem> {
        let permit = self.permit(caller, Action::EditProfiles, org).await?;
        if let Some(chosen) = chosen.filter(|chosen| chosen.len() > CHOSEN_MOST) {
            let message = format!(
                "{} profiles are named, and at most {CHOSEN_MOST} can be. Fetch all of them instead.",
                chosen.len()
            );
            return Err(Problem::field("profiles_unknown", "profiles", message));
        }
        let (used, listed) = self
            .use_key(caller, &permit, key, reading(Feature::Profiles), async |apple| {
                apple.profiles().list(&apple::ProfileFilter::default()).await
            })
            .await?;
        // Before a share's limits: what is outside of them is at Apple all the same.
        let there: BTreeSet<String> = listed.iter().map(|detail| detail.profile.id.clone()).collect();
        let mut listed = listed;
        listed.retain(|detail| {
            let identifier = detail.bundle_id.as_ref().and_then(|found| found.attributes.identifier.as_deref());
            chosen.is_none_or(|chosen| chosen.contains(&detail.profile.id)) && is_lent_for(&used, identifier)
        });
        refuse_unlisted(chosen, &listed)?;
        let mut fetched = Fetched::default();
        let (mut new, mut changed) = (Vec::new(), Vec::new());
        let mut wanted = Vec::new();
        let mut tx = self.inner.store.read_for(&permit).await?;
        for detail in listed {
            match known(&mut tx, &permit, &detail.profile, used.key.team_id.as_ref(), &there).await? {
                Some(held) if is_up_to_date(&held, &detail.profile, keeping) => fetched.unchanged += 1,
                _ => wanted.push(detail),
            }
        }
        drop(tx);
        let ids: Vec<String> = wanted.iter().map(|detail| detail.profile.id.clone()).collect();
        let session = self.session_as(&used, used.key.kind, &reading(Feature::Profiles));
        let mut files = files(&session, &ids).await.map_err(|error| Problem::from_apple(&error))?;
        for detail in wanted {
            let name = detail.profile.attributes.name.clone().unwrap_or_default();
            // Of a list with files, the file; what it contains was in the first list.
            let with_file = files.remove(&detail.profile.id).unwrap_or(detail.profile.clone());
            match self
                .keep_fetched(caller, &permit, (key, keeping), (&detail, &with_file), &there)
                .await?
            {
                Ok((held, true)) => new.push(held),
                Ok((held, false)) => changed.push(held),
                Err(why) => fetched.left_out.push((name, why)),
            }
        }
        fetched.new = self.rows_of(&permit, new).await?;
        fetched.changed = self.rows_of(&permit, changed).await?;
        Ok(fetched)
    }

    /// Keeps one, in a transaction of its own. Answers whether it is new, or why it cannot be kept.
    async fn keep_fetched(
        &self,
        caller: &Caller,
        permit: &Permit,
        (key, keeping): (ApiKeyId, Keeping),
        (detail, at_apple): (&ProfileDetail, &AtApple),
        there: &BTreeSet<String>,
    ) -> Result<Result<(HeldProfile, bool), String>, Problem> {
        let mut tx = self.begin_for(caller, permit).await?;
        let (held, is_new) = match Box::pin(self.take_in_profile(&mut tx, permit, (key, keeping), (detail, at_apple), there)).await? {
            Ok(kept) => kept,
            Err(why) => return Ok(Err(why)),
        };
        let event = Event::ProfileFetched {
            key,
            profile: held.id,
            name: held.name.clone(),
            reference: held.is_reference,
        };
        self.record_done(&mut tx, caller, permit.organization(), event).await?;
        tx.commit().await?;
        Ok(Ok((held, is_new)))
    }

    /// Keeps one in the transaction of whoever asks. Answers whether it is new, or why it cannot be kept.
    pub(crate) async fn take_in_profile(
        &self,
        tx: &mut Tx,
        permit: &Permit,
        (key, keeping): (ApiKeyId, Keeping),
        (detail, at_apple): (&ProfileDetail, &AtApple),
        there: &BTreeSet<String>,
    ) -> Result<Result<(HeldProfile, bool), String>, Problem> {
        let Some(bytes) = at_apple.attributes.content() else {
            return Ok(Err("Apple sent this profile without its file.".to_owned()));
        };
        let read = match file::read(&bytes, &self.inner.roots) {
            Ok(read) => read,
            Err(why) => return Ok(Err(why)),
        };
        let identifier = detail.bundle_id.as_ref().and_then(|found| found.attributes.identifier.clone());
        let profile_type = at_apple.attributes.profile_type.as_ref().map(|t| t.to_string()).unwrap_or_default();
        let purpose = (ProfileType::of_apple(profile_type), identifier.unwrap_or_default());
        let fresh = file::held(fresh!(self, ProfileId), permit.organization(), &read.info, purpose, self.now());
        let new = HeldProfile {
            api_key: Some(key),
            origin: ItemOrigin::Fetched,
            ..file::seen_at_apple(fresh, at_apple)
        };
        let (held, is_new) = match known(tx, permit, at_apple, new.team_id.as_ref(), there).await? {
            // What is on the way keeps it in its place.
            Some(old) if is_being_changed(tx, permit, &old).await? => {
                return Ok(Err("It is being changed at this moment.".to_owned()));
            }
            Some(old) => {
                let held = HeldProfile {
                    id: old.id,
                    is_reference: keeping.is_reference(Some(&old)),
                    device_rule: old.device_rule,
                    origin: old.origin,
                    added_at: old.added_at,
                    ..new
                };
                tx.replace_profile(permit, &held, &bytes).await?;
                Box::pin(self.sets_follow(tx, permit, &held)).await?;
                (held, false)
            }
            None => {
                let new = HeldProfile {
                    is_reference: keeping.is_reference(None),
                    ..new
                };
                tx.insert_profile(permit, &new, &bytes).await?;
                (new, true)
            }
        };
        Ok(Ok((held, is_new)))
    }
}

/// Refuses chosen ids that are not among the listed.
fn refuse_unlisted(chosen: Option<&[String]>, listed: &[ProfileDetail]) -> Result<(), Problem> {
    let is_listed = |id: &&String| listed.iter().any(|detail| detail.profile.id == **id);
    let unknown: Vec<&str> = chosen
        .unwrap_or_default()
        .iter()
        .filter(|id| !is_listed(id))
        .map(String::as_str)
        .take(10)
        .collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let message = format!(
        "Apple lists no profile with these ids through this key: {}. List the profiles to see them. Nothing was taken in.",
        unknown.join(", ")
    );
    Err(Problem::field("profiles_unknown", "profiles", message))
}

/// The held profile that this is: by Apple's id, by the UUID of a file that came another way, or, where what is held is not at
/// Apple any more and somebody made it anew elsewhere, by its name in the same team. `there` are Apple's ids of all that are.
async fn known(
    tx: &mut Tx,
    permit: &Permit,
    at_apple: &AtApple,
    team: Option<&TeamId>,
    there: &BTreeSet<String>,
) -> Result<Option<HeldProfile>, Problem> {
    if let Some(held) = tx.profile_by_apple_id(permit, &at_apple.id).await? {
        return Ok(Some(held));
    }
    if let Some(uuid) = &at_apple.attributes.uuid
        && let Some(held) = tx.profile_by_uuid(permit, uuid).await?
    {
        return Ok(Some(held));
    }
    let named = ProfileFilter {
        search: at_apple.attributes.name.clone(),
        ..ProfileFilter::default()
    };
    let found = tx
        .profiles(permit, &named, ProfileOrder::Name, &Paging::first(Paging::MOST))
        .await?;
    let profile_type = at_apple.attributes.profile_type.as_ref().map(apple::ProfileType::as_str);
    let is_it = |held: &HeldProfile| {
        let was_fetched_or_made = held.api_key.is_some();
        let is_gone = held.apple_id.as_ref().is_none_or(|id| !there.contains(id));
        was_fetched_or_made
            && is_gone
            && Some(held.name.as_str()) == at_apple.attributes.name.as_deref()
            && Some(held.profile_type.as_str()) == profile_type
            && team.is_none_or(|team| held.team_id.as_ref().is_none_or(|of_held| of_held == team))
    };
    Ok(found.items.into_iter().find(is_it))
}

pub(super) async fn is_being_changed(tx: &mut Tx, permit: &Permit, held: &HeldProfile) -> Result<bool, Problem> {
    let unfinished = tx.unfinished_operations(permit).await?;
    Ok(unfinished.iter().any(|act| act.kind.profiles().contains(&held.id)))
}

fn is_up_to_date(held: &HeldProfile, at_apple: &AtApple, keeping: Keeping) -> bool {
    held.apple_id.as_deref() == Some(at_apple.id.as_str())
        && at_apple.attributes.uuid.as_deref() == Some(held.uuid.as_str())
        && held.standing == file::standing(at_apple)
        && held.is_reference == keeping.is_reference(Some(held))
}

/// The profiles with these ids, with their files.
pub(crate) async fn files(session: &Session, ids: &[String]) -> Result<BTreeMap<String, AtApple>, apple::Error> {
    let mut found = BTreeMap::new();
    for some in ids.chunks(AT_ONCE) {
        let filter = apple::ProfileFilter {
            ids: some.to_vec(),
            with_content: true,
            ..apple::ProfileFilter::default()
        };
        let listed = session.profiles().list(&filter).await?;
        found.extend(listed.into_iter().map(|detail| (detail.profile.id.clone(), detail.profile)));
    }
    Ok(found)
}
