//! Bundle IDs (Apple's portal calls them App IDs): identifiers are unique over all teams.

use super::{Act, capabilities, overwrite, profiles};
use crate::api::{Api, Kind};
use crate::entity::Entity;
use crate::refusal::Refusal;

pub(super) fn create(act: &mut Act<'_>, entity: &Entity) -> Result<String, Refusal> {
    let identifier = entity.text("identifier");
    check_name(entity.text("name"))?;
    if !is_identifier(identifier) {
        return Err(Refusal::attribute_invalid(
            "identifier",
            format!("The attribute 'identifier' is invalid: '{identifier}'"),
        ));
    }
    let taken = [&*act.team, act.other]
        .into_iter()
        .flat_map(|team| team.all(Kind::BundleIds))
        .any(|known| known.text("identifier").eq_ignore_ascii_case(identifier));
    if taken {
        return Err(Refusal::attribute_invalid(
            "identifier",
            format!("An App ID with Identifier '{identifier}' is not available. Please enter a different string."),
        ));
    }
    let prefix = entity.text("seedId");
    if !prefix.is_empty() && prefix != act.team.id {
        return Err(Refusal::attribute_invalid(
            "seedId",
            format!("The attribute 'seedId' is invalid: '{prefix}'"),
        ));
    }

    let id = act.entropy.provisioning_id();
    let mut bundle_id = act.object(Kind::BundleIds, id.clone());
    bundle_id.set("name", entity.text("name"));
    bundle_id.set("identifier", identifier);
    bundle_id.set("platform", entity.text("platform"));
    bundle_id.set("seedId", act.team.id.clone());
    act.team.add(bundle_id);
    if !identifier.ends_with('*') && act.api == Api::AppStore {
        capabilities::enable(act, &id, "IN_APP_PURCHASE", None); // on by default (facts E4)
    }
    Ok(id)
}

pub(super) fn update(act: &mut Act<'_>, id: &str, entity: &Entity) -> Result<(), Refusal> {
    if !entity.text("name").is_empty() {
        check_name(entity.text("name"))?;
    }
    overwrite(act, Kind::BundleIds, id, entity);
    Ok(())
}

pub(super) fn delete(act: &mut Act<'_>, id: &str) -> Result<(), Refusal> {
    let identifier = act
        .team
        .get(Kind::BundleIds, id)
        .map(|bundle_id| bundle_id.text("identifier").to_owned())
        .unwrap_or_default();
    let in_store = act.team.all(Kind::Apps).iter().any(|app| app.text("bundleId") == identifier);
    if in_store {
        return Err(Refusal::entity(format!(
            "The App ID '{identifier}' belongs to an app in App Store Connect and can not be deleted."
        )));
    }
    profiles::invalidate(act.team, "bundleId", id);
    act.team
        .all_mut(Kind::BundleIdCapabilities)
        .retain(|capability| !capability.links_to("bundleId", id));
    act.remove(Kind::BundleIds, id);
    Ok(())
}

/// The portal takes letters, digits and blanks in names.
fn check_name(name: &str) -> Result<(), Refusal> {
    let fits = !name.trim().is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == ' ');
    if fits {
        Ok(())
    } else {
        Err(Refusal::attribute_invalid(
            "name",
            format!("The attribute 'name' is invalid: '{name}'"),
        ))
    }
}

/// Reverse-DNS; a wildcard ends in `.*` or is the lone star.
fn is_identifier(identifier: &str) -> bool {
    let stem = identifier.strip_suffix(".*").unwrap_or(identifier);
    identifier == "*"
        || (identifier.len() <= 255
            && stem
                .split('.')
                .all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')))
}
