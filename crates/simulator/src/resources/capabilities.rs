//! Capabilities of a bundle ID: no listing of their own, a readable id, and every change makes profiles INVALID.

use super::{Act, profiles};
use crate::api::Kind;
use crate::entity::Entity;
use crate::refusal::Refusal;
use serde_json::{Value, json};

/// The settings that have options (facts E4): capability, key, and the options with the default first.
const SETTINGS: [(&str, &str, &[&str]); 3] = [
    ("ICLOUD", "ICLOUD_VERSION", &["XCODE_6", "XCODE_5"]),
    (
        "DATA_PROTECTION",
        "DATA_PROTECTION_PERMISSION_LEVEL",
        &["COMPLETE_PROTECTION", "PROTECTED_UNLESS_OPEN", "PROTECTED_UNTIL_FIRST_USER_AUTH"],
    ),
    ("APPLE_ID_AUTH", "APPLE_ID_AUTH_APP_CONSENT", &["PRIMARY_APP_CONSENT"]),
];

pub(super) fn create(act: &mut Act<'_>, entity: &Entity) -> Result<String, Refusal> {
    let bundle_id = entity.ids("bundleId").first().cloned().unwrap_or_default();
    if act.team.get(Kind::BundleIds, &bundle_id).is_none() {
        return Err(Refusal::entity(format!("There is no App ID with ID '{bundle_id}' on this team.")));
    }
    let settings = given_settings(entity)?;
    Ok(enable(act, &bundle_id, entity.text("capabilityType"), settings))
}

/// Switches a capability on. One that is on already stays as it is (facts E4).
pub(super) fn enable(act: &mut Act<'_>, bundle_id: &str, capability: &str, settings: Option<Value>) -> String {
    let id = format!("{bundle_id}_{capability}");
    if act.team.get(Kind::BundleIdCapabilities, &id).is_some() {
        return id;
    }
    let mut object = act.object(Kind::BundleIdCapabilities, id.clone());
    object.set("capabilityType", capability);
    object.set("settings", settings.unwrap_or_else(|| default_settings(capability)));
    object.link("bundleId", vec![bundle_id.to_owned()]);
    act.team.add(object);
    profiles::invalidate(act.team, "bundleId", bundle_id);
    id
}

pub(super) fn update(act: &mut Act<'_>, id: &str, entity: &Entity) -> Result<(), Refusal> {
    let settings = given_settings(entity)?;
    if let (Some(settings), Some(capability)) = (settings, act.team.get_mut(Kind::BundleIdCapabilities, id)) {
        capability.set("settings", settings);
    }
    invalidate_profiles(act, id);
    Ok(())
}

pub(super) fn delete(act: &mut Act<'_>, id: &str) -> Result<(), Refusal> {
    invalidate_profiles(act, id);
    act.team.remove(Kind::BundleIdCapabilities, id);
    Ok(())
}

fn invalidate_profiles(act: &mut Act<'_>, id: &str) {
    let bundle_id = act
        .team
        .get(Kind::BundleIdCapabilities, id)
        .and_then(|capability| capability.links.get("bundleId")?.first().cloned())
        .unwrap_or_default();
    profiles::invalidate(act.team, "bundleId", &bundle_id);
}

fn default_settings(capability: &str) -> Value {
    SETTINGS
        .iter()
        .find(|(owner, ..)| *owner == capability)
        .and_then(|(_, key, options)| {
            let first = options.first()?;
            Some(json!([{ "key": key, "options": [{ "key": first, "enabled": true }] }]))
        })
        .unwrap_or_else(|| json!([]))
}

fn given_settings(entity: &Entity) -> Result<Option<Value>, Refusal> {
    let Some(Value::Array(settings)) = entity.attributes.get("settings") else {
        return Ok(None);
    };
    let keys: Vec<_> = SETTINGS.iter().map(|(_, key, _)| *key).collect();
    let options: Vec<_> = SETTINGS.iter().flat_map(|(.., options)| *options).copied().collect();
    for (i, setting) in settings.iter().enumerate() {
        check_word(&format!("settings/{i}/key"), &setting["key"], &keys)?;
        for (j, option) in setting["options"].as_array().into_iter().flatten().enumerate() {
            check_word(&format!("settings/{i}/options/{j}/key"), &option["key"], &options)?;
        }
    }
    Ok(Some(Value::Array(settings.clone())))
}

fn check_word(name: &str, given: &Value, words: &[&str]) -> Result<(), Refusal> {
    match given.as_str() {
        Some(word) if words.contains(&word) => Ok(()),
        Some(word) => Err(Refusal::attribute_word(name, word, words)),
        None => Err(Refusal::attribute_required(name)),
    }
}
