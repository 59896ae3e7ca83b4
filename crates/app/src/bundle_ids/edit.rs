//! Changing what a bundle ID can do: the difference is shown first, and nothing that is not named is touched.
//!
//! Apple makes every profile of a bundle ID INVALID when its capabilities change, in whichever direction; so the difference
//! names the profiles that will have to be made anew.
//!
//! The surprising thing: a capability that is named without settings and is there already is no change. Its settings are
//! somebody's choice, and asking for it again would put Apple's own in their place.

use super::wishes;
use crate::{
    App, Caller, Kind, Problem,
    apple_account::{AppleProfile, ListQuery, is_lent_for},
    key_use::reading,
};
use apple::{BundleId, BundleIdCapability, CapabilityType};
use domain::{
    Action, ApiKeyId, Feature, Operation, OperationKind, OrgId, Permit,
    operation::{BundleIdEdit, CapabilityOption, CapabilitySetting, CapabilityWish},
};
use std::collections::BTreeSet;

/// A bundle ID at Apple with all that hangs on it.
#[derive(Debug, Clone)]
pub struct BundleIdDetails {
    /// Apple's id.
    pub id: String,
    /// Description.
    pub name: String,
    /// Such as com.example.app or com.example.*.
    pub identifier: String,
    /// Apple's platform.
    pub platform: String,
    /// What it can do, with its settings.
    pub capabilities: Vec<CapabilityWish>,
    /// Its profiles; none where the key may not read them.
    pub profiles: Option<Vec<AppleProfile>>,
}

/// What an edit would change.
#[derive(Debug, Clone)]
pub struct CapabilityDifference {
    /// What it gains.
    pub add: Vec<CapabilityWish>,
    /// Whose settings change.
    pub change: Vec<CapabilityWish>,
    /// What it loses.
    pub remove: Vec<String>,
    /// What stays as it is.
    pub keep: Vec<String>,
    /// The profiles that become INVALID; none where the key may not read them.
    pub invalid: Option<Vec<AppleProfile>>,
}

/// An edit held against what Apple has.
struct Judged {
    found: BundleId,
    had: Vec<CapabilityWish>,
    set: Vec<CapabilityWish>,
    /// Apple's word and Apple's id.
    remove: Vec<(String, String)>,
}

impl App {
    /// One bundle ID with its capabilities, their settings, and its profiles.
    ///
    /// # Errors
    /// `key_not_usable`, what Apple answers, `not_found`, `not_allowed`.
    pub async fn apple_bundle_id(&self, caller: &Caller, org: OrgId, key: ApiKeyId, bundle_id: &str) -> Result<BundleIdDetails, Problem> {
        let permit = self.permit(caller, Action::SeeSigning, org).await?;
        let (found, capabilities) = self.bundle_id_at_apple(caller, &permit, key, bundle_id).await?;
        let profiles = self.profiles_of(caller, org, key, &found).await?;
        let attributes = found.attributes;
        Ok(BundleIdDetails {
            id: found.id,
            name: attributes.name.unwrap_or_default(),
            identifier: attributes.identifier.unwrap_or_default(),
            platform: attributes.platform.map(|platform| platform.to_string()).unwrap_or_default(),
            capabilities: capabilities.iter().filter_map(as_it_is).collect(),
            profiles,
        })
    }

    /// What an edit would change, and which profiles it makes INVALID. Changes nothing.
    ///
    /// # Errors
    /// As [`App::edit_capabilities`], but for an edit that changes nothing: that is told.
    pub async fn preview_capabilities(
        &self,
        caller: &Caller,
        org: OrgId,
        key: ApiKeyId,
        bundle_id: &str,
        set: Vec<CapabilityWish>,
        remove: Vec<String>,
    ) -> Result<CapabilityDifference, Problem> {
        let permit = self.permit(caller, Action::EditBundleIds, org).await?;
        let judged = self.judge_edit(caller, &permit, key, bundle_id, set, remove).await?;
        let touched: BTreeSet<&str> = judged
            .set
            .iter()
            .map(|wish| wish.capability.as_str())
            .chain(judged.remove.iter().map(|(word, _)| word.as_str()))
            .collect();
        let words = judged.had.iter().map(|had| had.capability.clone());
        let keep = words.filter(|word| !touched.contains(word.as_str())).collect();
        let invalid = if touched.is_empty() {
            Some(Vec::new())
        } else {
            self.profiles_of(caller, org, key, &judged.found).await?.map(|mut profiles| {
                profiles.retain(|profile| profile.state == "ACTIVE");
                profiles
            })
        };
        let (change, add) = judged.set.into_iter().partition(|wish| wish.present.is_some());
        Ok(CapabilityDifference {
            add,
            change,
            remove: judged.remove.into_iter().map(|(word, _)| word).collect(),
            keep,
            invalid,
        })
    }

    /// Begins to give a bundle ID capabilities, to change their settings, and to take some away. Apple is asked first what it
    /// has: what is there as it is wanted, and what is to be taken away and is not there, is no work. Nothing that is not
    /// named is touched.
    ///
    /// # Errors
    /// A problem at `capabilities`; `nothing_to_change`; `key_not_usable`, what Apple answers, `not_found`, `not_allowed`.
    pub async fn edit_capabilities(
        &self,
        caller: &Caller,
        org: OrgId,
        key: ApiKeyId,
        bundle_id: &str,
        set: Vec<CapabilityWish>,
        remove: Vec<String>,
    ) -> Result<Operation, Problem> {
        let permit = self.permit(caller, Action::EditBundleIds, org).await?;
        let judged = self.judge_edit(caller, &permit, key, bundle_id, set, remove).await?;
        if judged.set.is_empty() && judged.remove.is_empty() {
            return Err(Problem::new(
                Kind::Conflict,
                "nothing_to_change",
                "The bundle ID has these capabilities already, and none of those to take away. Nothing was changed.",
            ));
        }
        let attributes = judged.found.attributes;
        let edit = BundleIdEdit {
            key,
            bundle_id: Some(judged.found.id),
            identifier: attributes.identifier.unwrap_or_default(),
            name: attributes.name.unwrap_or_default(),
            platform: attributes.platform.map(|platform| platform.to_string()).unwrap_or_default(),
            set: judged.set,
            remove: judged.remove,
        };
        self.begin_operation(caller, org, OperationKind::EditBundleId(edit)).await
    }

    async fn judge_edit(
        &self,
        caller: &Caller,
        permit: &Permit,
        key: ApiKeyId,
        bundle_id: &str,
        set: Vec<CapabilityWish>,
        remove: Vec<String>,
    ) -> Result<Judged, Problem> {
        let (set, remove) = (wishes(set)?, wishes(remove.into_iter().map(CapabilityWish::of).collect())?);
        if let Some(both) = remove.iter().find(|gone| set.iter().any(|wish| wish.capability == gone.capability)) {
            return Err(Problem::field(
                "capability_unfit",
                "capabilities",
                format!("{} cannot be added and taken away at once.", both.capability),
            ));
        }
        let (found, capabilities) = self.bundle_id_at_apple(caller, permit, key, bundle_id).await?;
        let had: Vec<_> = capabilities.iter().filter_map(as_it_is).collect();
        let there = |capability: &str| had.iter().find(|had| had.capability == capability);
        let set = set
            .into_iter()
            .filter(|wish| there(&wish.capability).is_none_or(|had| !has_settings(had, &wish.settings)))
            .map(|wish| CapabilityWish {
                present: there(&wish.capability).and_then(|had| had.present.clone()),
                ..wish
            })
            .collect();
        let remove = remove
            .into_iter()
            .filter_map(|gone| Some((there(&gone.capability)?.present.clone()?, gone.capability)))
            .map(|(id, word)| (word, id))
            .collect();
        Ok(Judged { found, had, set, remove })
    }

    async fn bundle_id_at_apple(
        &self,
        caller: &Caller,
        permit: &Permit,
        key: ApiKeyId,
        bundle_id: &str,
    ) -> Result<(BundleId, Vec<BundleIdCapability>), Problem> {
        // The same words as for one that is not there: a share for certain apps tells nothing of the others.
        let unknown = || {
            Problem::new(
                Kind::NotFound,
                "not_found_at_apple",
                "Apple has no bundle ID with this id that this key may reach. List the bundle IDs to see them.",
            )
        };
        let read = self
            .use_key(caller, permit, key, reading(Feature::BundleIds), async |apple| {
                let bundle_ids = apple.bundle_ids();
                Ok((bundle_ids.get(bundle_id).await?, bundle_ids.capabilities(bundle_id).await?))
            })
            .await;
        let (used, both) = match read {
            Err(problem) if problem.code == "not_found_at_apple" => return Err(unknown()),
            read => read?,
        };
        if !is_lent_for(&used, both.0.attributes.identifier.as_deref()) {
            return Err(unknown());
        }
        Ok(both)
    }

    async fn profiles_of(
        &self,
        caller: &Caller,
        org: OrgId,
        key: ApiKeyId,
        bundle_id: &BundleId,
    ) -> Result<Option<Vec<AppleProfile>>, Problem> {
        let all = self.apple_profiles_if_readable(caller, org, key).await?;
        Ok(all.map(|mut profiles| {
            profiles.retain(|profile| profile.bundle_identifier == bundle_id.attributes.identifier);
            profiles
        }))
    }
}

impl App {
    /// All profiles of the account; none where the key may not read them. What something else breaks is told where it can be
    /// told, and stands in nobody's way where it cannot.
    pub(crate) async fn apple_profiles_if_readable(
        &self,
        caller: &Caller,
        org: OrgId,
        key: ApiKeyId,
    ) -> Result<Option<Vec<AppleProfile>>, Problem> {
        match self.apple_profiles(caller, org, key, &ListQuery::default()).await {
            Ok(listing) => Ok(Some(listing.items)),
            Err(problem) if problem.code == "key_not_usable" => Ok(None),
            Err(problem) => Err(problem),
        }
    }
}

/// A capability as Apple has it.
fn as_it_is(capability: &BundleIdCapability) -> Option<CapabilityWish> {
    let attributes = &capability.attributes;
    let settings = attributes.settings.iter().filter_map(|setting| {
        let options = setting.options.iter().filter_map(|option| {
            Some(CapabilityOption {
                key: option.key.clone()?,
                enabled: option.enabled.unwrap_or(true),
            })
        });
        Some(CapabilitySetting {
            key: setting.key.clone()?,
            options: options.collect(),
        })
    });
    Some(CapabilityWish {
        capability: attributes.capability_type.as_ref().map(CapabilityType::as_str)?.to_owned(),
        settings: settings.collect(),
        present: Some(capability.id.clone()),
    })
}

/// Whether it has these settings already: of each that is named the same options are on.
fn has_settings(had: &CapabilityWish, wanted: &[CapabilitySetting]) -> bool {
    fn on(setting: &CapabilitySetting) -> BTreeSet<&str> {
        setting
            .options
            .iter()
            .filter(|option| option.enabled)
            .map(|option| option.key.as_str())
            .collect()
    }
    wanted.iter().all(|wish| {
        had.settings
            .iter()
            .any(|setting| setting.key == wish.key && on(setting) == on(wish))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(key: &str, options: &[(&str, bool)]) -> CapabilitySetting {
        CapabilitySetting {
            key: key.to_owned(),
            options: options
                .iter()
                .map(|(key, enabled)| CapabilityOption {
                    key: (*key).to_owned(),
                    enabled: *enabled,
                })
                .collect(),
        }
    }

    #[test]
    fn settings_that_are_so_already_are_no_change() {
        let had = CapabilityWish {
            settings: vec![setting("ICLOUD_VERSION", &[("XCODE_6", true), ("XCODE_5", false)])],
            ..CapabilityWish::of("ICLOUD".to_owned())
        };
        assert!(has_settings(&had, &[]), "who names no settings wants none changed");
        assert!(has_settings(&had, &[setting("ICLOUD_VERSION", &[("XCODE_6", true)])]));
        assert!(!has_settings(&had, &[setting("ICLOUD_VERSION", &[("XCODE_5", true)])]));
        assert!(!has_settings(&had, &[setting("ANOTHER", &[("XCODE_6", true)])]));
    }
}
