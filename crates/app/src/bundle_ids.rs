//! Bundle IDs at Apple: registered, given capabilities, and relieved of them, never unasked.
//!
//! What an edit comes to is found out in `edit`, what is asked of Apple is in `calls`; an edit of several capabilities is a
//! plan of such calls, one for each.

mod calls;
mod edit;

pub(crate) use calls::{Registering, Setting, Taking};
pub use edit::{BundleIdDetails, CapabilityDifference};

use crate::{
    App, Caller, Problem,
    apple_account::is_lent_for,
    key_use::reading,
    operations::{Next, Plan, app_not_shared, at_apple, stopped_by},
    problem::Kind,
};
use apple::BundleIdFilter;
use async_trait::async_trait;
use domain::{
    Action, ApiKeyId, Feature, Made, Operation, OperationKind, OperationState, OrgId, Permit,
    operation::{BundleIdEdit, CapabilityChange, CapabilityRemoval, CapabilityWish, NewBundleId},
};

/// A bundle ID that somebody wants.
#[derive(Debug, Clone, Default)]
pub struct BundleIdToRegister {
    /// Such as `com.example.app`, or `com.example.*` for all that begin so.
    pub identifier: String,
    /// Apple's description; empty takes the identifier.
    pub name: String,
    /// Apple's platform; empty is IOS.
    pub platform: String,
    /// What it is to be able to do.
    pub capabilities: Vec<CapabilityWish>,
}

impl App {
    /// Begins to register a bundle ID with its capabilities.
    ///
    /// What is there already is told before anything is begun: after a lost answer it would be taken for what was asked for.
    ///
    /// # Errors
    /// A problem at `identifier`, `name`, `platform` or `capabilities`; `bundle_id_taken`; `app_not_shared`,
    /// `key_not_usable`, what Apple answers, `not_found`, `not_allowed`.
    pub async fn register_bundle_id(
        &self,
        caller: &Caller,
        org: OrgId,
        key: ApiKeyId,
        wanted: BundleIdToRegister,
    ) -> Result<Operation, Problem> {
        let identifier = identifier(&wanted.identifier)?;
        let name = match wanted.name.trim() {
            "" => named_after(&identifier),
            name => described(name)?,
        };
        let platform = platform(&wanted.platform)?;
        let set = wishes(wanted.capabilities)?;
        self.refuse_taken(caller, org, key, &identifier).await?;
        let kind = if set.is_empty() {
            OperationKind::RegisterBundleId(NewBundleId {
                key,
                identifier,
                name,
                platform,
            })
        } else {
            OperationKind::EditBundleId(BundleIdEdit {
                key,
                bundle_id: None,
                identifier,
                name,
                platform,
                set,
                remove: Vec::new(),
            })
        };
        self.begin_operation(caller, org, kind).await
    }

    /// Refuses an identifier that the account has already.
    async fn refuse_taken(&self, caller: &Caller, org: OrgId, key: ApiKeyId, identifier: &str) -> Result<(), Problem> {
        let permit = self.permit(caller, Action::EditBundleIds, org).await?;
        let filter = BundleIdFilter {
            identifiers: vec![identifier.to_owned()],
            ..BundleIdFilter::default()
        };
        let (used, listed) = self
            .use_key(caller, &permit, key, reading(Feature::BundleIds), async |apple| {
                apple.bundle_ids().list(&filter).await
            })
            .await?;
        // Before anything is told of it: whether the account has such an app is not theirs to know.
        if !is_lent_for(&used, Some(identifier)) {
            return Err(self.record_beyond_share(caller, &permit, app_not_shared(&used, identifier)).await);
        }
        // Apple's filter finds what contains the text, too.
        let mut known = listed.iter().filter_map(|found| found.attributes.identifier.as_deref());
        if !known.any(|known| known.eq_ignore_ascii_case(identifier)) {
            return Ok(());
        }
        let message = format!("The account has the bundle ID {identifier} already. Change its capabilities instead, or choose another.");
        let mut problem = Problem::field("bundle_id_taken", "identifier", message);
        problem.kind = Kind::Conflict;
        Err(problem)
    }
}

#[async_trait]
impl Plan for BundleIdEdit {
    /// The bundle ID first, then what it gains, then what it loses. It stops at the first step that Apple refuses.
    async fn next(&self, _app: &App, _permit: &Permit, _plan: &Operation, steps: &[Operation]) -> Result<Next, Problem> {
        if let Some(end) = stopped_by(steps) {
            return Ok(Next::End(end));
        }
        let registered = usize::from(self.bundle_id.is_none());
        let Some(bundle_id) = self.bundle_id.as_deref().or_else(|| at_apple(steps.first()?)) else {
            return Ok(Next::Begin(Box::new(OperationKind::RegisterBundleId(NewBundleId {
                key: self.key,
                identifier: self.identifier.clone(),
                name: self.name.clone(),
                platform: self.platform.clone(),
            }))));
        };
        let done = steps.len().saturating_sub(registered);
        if let Some(wish) = self.set.get(done) {
            return Ok(Next::Begin(Box::new(OperationKind::SetCapability(CapabilityChange {
                key: self.key,
                bundle_id: bundle_id.to_owned(),
                identifier: self.identifier.clone(),
                capability: wish.capability.clone(),
                settings: wish.settings.clone(),
                present: wish.present.clone(),
            }))));
        }
        if let Some((capability, present)) = self.remove.get(done - self.set.len()) {
            return Ok(Next::Begin(Box::new(OperationKind::RemoveCapability(CapabilityRemoval {
                key: self.key,
                bundle_id: bundle_id.to_owned(),
                identifier: self.identifier.clone(),
                capability: capability.clone(),
                present: present.clone(),
            }))));
        }
        Ok(Next::End(OperationState::Done {
            made: Made::AtApple(bundle_id.to_owned()),
        }))
    }
}

/// Letters, digits, hyphens and dots, as Apple takes them; an asterisk only as the last part.
fn identifier(text: &str) -> Result<String, Problem> {
    let unfit = |why: &str| {
        Err(Problem::field(
            "identifier_unfit",
            "identifier",
            format!(
                "“{}” is not a bundle identifier: {why}. Write one such as com.example.app, or com.example.* for several.",
                text.trim()
            ),
        ))
    };
    let text = text.trim();
    if text.is_empty() || text.len() > 255 {
        return unfit("it has 1 to 255 characters");
    }
    let parts: Vec<&str> = text.split('.').collect();
    let (last, before) = parts.split_last().map_or(("", &parts[..0]), |(last, before)| (*last, before));
    let is_part = |part: &&str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if !before.iter().all(is_part) || !(is_part(&last) || last == "*") {
        return unfit("its parts are letters, digits and hyphens between dots, and an asterisk stands only at its end");
    }
    if before.is_empty() && last != "*" {
        return unfit("it needs at least one dot");
    }
    Ok(text.to_owned())
}

/// Apple's description has letters, digits and blanks only.
pub(crate) fn named_after(identifier: &str) -> String {
    let text: String = identifier
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { ' ' })
        .collect();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.is_empty() { "Wildcard".to_owned() } else { text }
}

fn described(name: &str) -> Result<String, Problem> {
    if name.chars().count() > 50 || name.chars().any(|c| c.is_control() || "@&*'\"".contains(c)) {
        return Err(Problem::field(
            "name_unfit",
            "name",
            format!("“{name}” does not fit as a description: at most 50 characters, without @ & * ' and \"."),
        ));
    }
    Ok(name.to_owned())
}

/// Apple's `BundleIdPlatform` (facts E4).
fn platform(text: &str) -> Result<String, Problem> {
    let wanted = text.trim().to_uppercase().replace(['-', ' '], "_");
    match wanted.as_str() {
        "" => Ok("IOS".to_owned()),
        "IOS" | "MAC_OS" | "UNIVERSAL" => Ok(wanted),
        _ => Err(Problem::field(
            "platform_unknown",
            "platform",
            format!("“{}” is not a platform. Use IOS, MAC_OS or UNIVERSAL.", text.trim()),
        )),
    }
}

/// Each capability once, in Apple's spelling. One that Apple adds later is passed on: Apple judges it. Which one is there
/// already is asked of Apple: an id that somebody names could be that of an app outside of their share.
fn wishes(wanted: Vec<CapabilityWish>) -> Result<Vec<CapabilityWish>, Problem> {
    let mut wishes: Vec<CapabilityWish> = Vec::with_capacity(wanted.len());
    for wish in wanted {
        let capability = wish.capability.trim().to_uppercase().replace(['-', ' '], "_");
        if !is_word(&capability) {
            return Err(Problem::field(
                "capability_unfit",
                "capabilities",
                format!(
                    "“{}” is not a capability. Use one of Apple's words, such as PUSH_NOTIFICATIONS.",
                    wish.capability.trim()
                ),
            ));
        }
        let mut words = wish.settings.iter().flat_map(|setting| {
            let options = setting.options.iter().map(|option| option.key.as_str());
            options.chain([setting.key.as_str()])
        });
        if let Some(unfit) = words.find(|word| !is_word(word)) {
            let unfit: String = unfit.chars().take(64).collect();
            return Err(Problem::field(
                "capability_unfit",
                "capabilities",
                format!(
                    "“{unfit}” is not a setting of {capability}, nor an option. Use Apple's words, such as ICLOUD_VERSION and XCODE_6."
                ),
            ));
        }
        drop(words);
        if wishes.iter().all(|known| known.capability != capability) {
            wishes.push(CapabilityWish {
                capability,
                present: None,
                ..wish
            });
        }
    }
    Ok(wishes)
}

/// A word of Apple's.
fn is_word(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_is_taken_as_apple_takes_it() {
        for good in ["com.example.app", "com.example.*", "*", "com.ex-ample.App2"] {
            assert_eq!(identifier(&format!(" {good} ")).unwrap(), good);
        }
        for bad in [
            "",
            "app",
            "com..app",
            "com.*.app",
            "com.exam ple.app",
            "com.exämple.app",
            "com.example*",
            ".com.app",
        ] {
            assert!(identifier(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_capability_is_wanted_once_and_in_apples_spelling() {
        let wish = |capability: &str| CapabilityWish {
            capability: capability.to_owned(),
            settings: vec![],
            present: None,
        };
        let wanted = wishes(vec![wish("push-notifications"), wish("PUSH_NOTIFICATIONS"), wish("maps")]).unwrap();
        let words: Vec<_> = wanted.iter().map(|wish| wish.capability.as_str()).collect();
        assert_eq!(words, ["PUSH_NOTIFICATIONS", "MAPS"]);
        assert!(wishes(vec![wish("push;drop")]).is_err());
    }
}
