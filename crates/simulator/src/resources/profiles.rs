//! Profiles: what fits together is signed; what changes afterwards makes them INVALID.
//!
//! There is no PATCH: a change is delete and create under the same name, with a new UUID (facts E1).

use super::{Act, unmade};
use crate::api::{Api, Kind};
use crate::artefacts::ProfileOrder;
use crate::clock::provisioning_date;
use crate::entity::Entity;
use crate::refusal::Refusal;
use crate::team::{Object, Team, Zombie};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::ToSpan;
use serde_json::Value;

/// How long a profile lives, in hours: a year, or as long as its first certificate to end.
const LIFE: i64 = 365 * 24;

/// What a profile is for; the second half of its type's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Development,
    Store,
    AdHoc,
    InHouse,
    Direct,
}

/// The devices that a profile takes; the first half of its type's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    Ios,
    Mac,
    Tvos,
    Catalyst,
}

pub(super) fn create(act: &mut Act<'_>, entity: &Entity) -> Result<String, Refusal> {
    let name = entity.text("name");
    let profile_type = entity.text("profileType");
    let (family, purpose) = meaning(profile_type);
    if purpose != Purpose::Development && !act.caller.may_sign_for_distribution() {
        return Err(Refusal::forbidden());
    }
    check_program(act, profile_type, purpose)?;
    if name.trim().is_empty() {
        return Err(Refusal::attribute_invalid(
            "name",
            format!("The attribute 'name' is invalid: '{name}'"),
        ));
    }
    let bundle_id = bundle_id(act, entity)?;
    let certificates = certificates(act, entity, family, purpose)?;
    let devices = devices(act, entity, family, purpose)?;
    let is_there = |profile: &&Object| profile.zombie != Some(Zombie::Gone);
    let taken = act
        .team
        .all(Kind::Profiles)
        .iter()
        .filter(is_there)
        .any(|profile| profile.text("name") == name);
    if taken {
        return Err(Refusal::entity(format!(
            "Multiple profiles found with the name '{name}'.  Please remove the duplicate profiles and try again."
        )));
    }

    let created = act.now;
    let year = created.saturating_add(LIFE.hours()).unwrap_or(created);
    let expires = certificates
        .iter()
        .filter_map(|certificate| certificate.expires)
        .fold(year, jiff::Timestamp::min);
    let uuid = act.entropy.uuid();
    let order = ProfileOrder {
        name: name.to_owned(),
        uuid: uuid.clone(),
        profile_type: profile_type.to_owned(),
        app_id_name: bundle_id.text("name").to_owned(),
        team_id: act.team.id.clone(),
        team_name: act.team.name.clone(),
        seed_id: bundle_id.text("seedId").to_owned(),
        bundle_identifier: bundle_id.text("identifier").to_owned(),
        capabilities: capabilities(act.team, &bundle_id.id),
        certificates_der: certificates
            .iter()
            .filter_map(|certificate| STANDARD.decode(certificate.text("certificateContent")).ok())
            .collect(),
        device_udids: devices.iter().map(|device| device.text("udid").to_owned()).collect(),
        created,
        expires,
    };
    let content = act.authority.profile(&order).map_err(|error| unmade(&error))?;

    let id = act.entropy.provisioning_id();
    let mut profile = act.object(Kind::Profiles, id.clone());
    profile.set("name", name);
    profile.set("platform", platform(family));
    profile.set("profileType", profile_type);
    profile.set("profileState", "ACTIVE");
    profile.set("profileContent", STANDARD.encode(content));
    profile.set("uuid", uuid);
    profile.set("createdDate", provisioning_date(created));
    profile.set("expirationDate", provisioning_date(expires));
    profile.expires = Some(expires);
    let ids = |objects: &[Object]| objects.iter().map(|object| object.id.clone()).collect();
    profile.link("bundleId", vec![bundle_id.id.clone()]);
    profile.link("certificates", ids(&certificates));
    profile.link("devices", ids(&devices));
    act.team.add(profile);
    Ok(id)
}

pub(super) fn delete(act: &mut Act<'_>, id: &str) -> Result<(), Refusal> {
    let profile_type = act
        .team
        .get(Kind::Profiles, id)
        .map(|profile| profile.text("profileType").to_owned())
        .unwrap_or_default();
    let (_, purpose) = meaning(&profile_type);
    if purpose != Purpose::Development && !act.caller.may_sign_for_distribution() {
        return Err(Refusal::forbidden());
    }
    act.remove(Kind::Profiles, id);
    Ok(())
}

/// Makes the profiles INVALID that hold `id` under `relation`.
pub(super) fn invalidate(team: &mut Team, relation: &str, id: &str) {
    for profile in team.all_mut(Kind::Profiles) {
        if profile.links_to(relation, id) {
            profile.set("profileState", "INVALID");
        }
    }
}

fn meaning(profile_type: &str) -> (Family, Purpose) {
    let family = match profile_type {
        name if name.starts_with("TVOS") => Family::Tvos,
        name if name.starts_with("MAC_CATALYST") => Family::Catalyst,
        name if name.starts_with("MAC") => Family::Mac,
        _ => Family::Ios,
    };
    let purpose = match profile_type {
        name if name.ends_with("DEVELOPMENT") => Purpose::Development,
        name if name.ends_with("ADHOC") => Purpose::AdHoc,
        name if name.ends_with("INHOUSE") => Purpose::InHouse,
        name if name.ends_with("DIRECT") => Purpose::Direct,
        _ => Purpose::Store,
    };
    (family, purpose)
}

fn platform(family: Family) -> &'static str {
    match family {
        Family::Ios | Family::Tvos => "IOS",
        Family::Mac | Family::Catalyst => "MAC_OS",
    }
}

/// In-house distribution belongs to the Enterprise Program, the stores do not (facts A5).
fn check_program(act: &Act<'_>, profile_type: &str, purpose: Purpose) -> Result<(), Refusal> {
    let fits = match act.api {
        Api::AppStore => purpose != Purpose::InHouse,
        Api::Enterprise => !matches!(purpose, Purpose::Store | Purpose::Direct),
    };
    if fits {
        Ok(())
    } else {
        Err(Refusal::attribute_invalid(
            "profileType",
            format!("The attribute 'profileType' is invalid: '{profile_type}'"),
        ))
    }
}

fn bundle_id(act: &mut Act<'_>, entity: &Entity) -> Result<Object, Refusal> {
    let id = entity.ids("bundleId").first().map_or("", String::as_str);
    let known = act.team.knows(Kind::BundleIds, id, act.now);
    act.team
        .get(Kind::BundleIds, id)
        .filter(|_| known)
        .cloned()
        .ok_or_else(|| Refusal::entity(format!("There is no App ID with ID '{id}' on this team.")))
}

fn certificates(act: &mut Act<'_>, entity: &Entity, family: Family, purpose: Purpose) -> Result<Vec<Object>, Refusal> {
    let ids = entity.ids("certificates");
    if ids.is_empty() {
        return Err(Refusal::relationship_required("certificates"));
    }
    // The text says "matching": only when none of the ids is current, the request is refused.
    let known: Vec<&String> = ids.iter().filter(|id| act.team.knows(Kind::Certificates, id, act.now)).collect();
    let mut current: Vec<Object> = known
        .into_iter()
        .filter_map(|id| act.team.get(Kind::Certificates, id))
        .filter(|certificate| !certificate.has_expired(act.now))
        .cloned()
        .collect();
    if current.is_empty() {
        return Err(Refusal::entity(
            "There are no current certificates on this team matching the provided certificate IDs.",
        ));
    }
    let fitting = fitting_types(family, purpose);
    if let Some(stranger) = current
        .iter()
        .find(|certificate| !fitting.contains(&certificate.text("certificateType")))
    {
        return Err(Refusal::relationship_invalid(
            "certificates",
            format!("The certificate '{}' can not be used for a profile of this type.", stranger.id),
        ));
    }
    if purpose == Purpose::Store {
        // A store profile contains exactly one certificate (facts E3), yet clients send all they find: the newest stays.
        current.sort_by_key(|certificate| certificate.expires);
        current.drain(..current.len() - 1);
    }
    Ok(current)
}

/// Which certificates a profile takes (facts E3).
fn fitting_types(family: Family, purpose: Purpose) -> &'static [&'static str] {
    let mobile = matches!(family, Family::Ios | Family::Tvos);
    match purpose {
        Purpose::Development if mobile => &["DEVELOPMENT", "IOS_DEVELOPMENT"],
        Purpose::Development => &["DEVELOPMENT", "MAC_APP_DEVELOPMENT"],
        Purpose::Direct => &["DEVELOPER_ID_APPLICATION", "DEVELOPER_ID_APPLICATION_G2"],
        Purpose::Store | Purpose::AdHoc | Purpose::InHouse if mobile => &["DISTRIBUTION", "IOS_DISTRIBUTION"],
        Purpose::Store | Purpose::AdHoc | Purpose::InHouse => &["DISTRIBUTION", "MAC_APP_DISTRIBUTION"],
    }
}

fn devices(act: &Act<'_>, entity: &Entity, family: Family, purpose: Purpose) -> Result<Vec<Object>, Refusal> {
    let ids = entity.ids("devices");
    let needed = matches!(purpose, Purpose::Development | Purpose::AdHoc);
    if needed && ids.is_empty() {
        return Err(Refusal::relationship_required("devices"));
    }
    if !needed && !ids.is_empty() {
        return Err(Refusal::relationship_invalid(
            "devices",
            "A profile of this type does not contain devices.",
        ));
    }
    ids.iter()
        .map(|id| {
            act.team
                .get(Kind::Devices, id)
                .filter(|device| device.text("status") == "ENABLED" && takes(family, device))
                .cloned()
                .ok_or_else(|| {
                    Refusal::relationship_invalid("devices", format!("The device '{id}' can not be used for a profile of this type."))
                })
        })
        .collect()
}

fn takes(family: Family, device: &Object) -> bool {
    match (family, device.text("deviceClass")) {
        (Family::Tvos, class) => class == "APPLE_TV",
        (Family::Mac | Family::Catalyst, class) => class == "MAC",
        (Family::Ios, class) => class != "APPLE_TV" && class != "MAC",
    }
}

fn capabilities(team: &Team, bundle_id: &str) -> Vec<(String, Value)> {
    team.all(Kind::BundleIdCapabilities)
        .iter()
        .filter(|capability| capability.links_to("bundleId", bundle_id))
        .map(|capability| {
            (
                capability.text("capabilityType").to_owned(),
                capability.attributes.get("settings").cloned().unwrap_or_default(),
            )
        })
        .collect()
}
