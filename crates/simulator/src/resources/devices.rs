//! Devices: registered once, never deleted through the API, at most so many per class and year (facts E1).

use super::{Act, overwrite, profiles};
use crate::api::Kind;
use crate::clock::provisioning_date;
use crate::entity::Entity;
use crate::refusal::Refusal;
use serde_json::Value;

pub(super) fn create(act: &mut Act<'_>, entity: &Entity) -> Result<String, Refusal> {
    let udid = entity.text("udid");
    let platform = entity.text("platform");
    let spelled = spelling(udid).ok_or_else(|| Refusal::value_invalid("udid", udid))?;
    let taken = act
        .team
        .all(Kind::Devices)
        .iter()
        .any(|device| bare(device.text("udid")) == bare(udid));
    if taken {
        return Err(Refusal::entity(format!(
            "A device with number '{udid}' already exists on this team."
        )));
    }
    let class = class_of(platform, entity.text("name"));
    // Disabled devices hold their place until the membership year ends (facts E1).
    let registered = act
        .team
        .all(Kind::Devices)
        .iter()
        .filter(|device| device.text("deviceClass") == class)
        .count();
    if registered >= act.limits.devices_per_class as usize {
        return Err(Refusal::entity(format!(
            "You have reached the maximum of {} registered devices of class {class}.",
            act.limits.devices_per_class
        )));
    }

    let id = act.entropy.provisioning_id();
    let mut device = act.object(Kind::Devices, id.clone());
    device.set("name", entity.text("name"));
    device.set("platform", platform);
    device.set("udid", spelled);
    device.set("deviceClass", class);
    device.set("status", "ENABLED");
    device.set("model", Value::Null);
    device.set("addedDate", provisioning_date(act.now));
    act.team.add(device);
    Ok(id)
}

/// A profile with a disabled device is INVALID, also after the device is enabled again.
pub(super) fn update(act: &mut Act<'_>, id: &str, entity: &Entity) -> Result<(), Refusal> {
    if entity.text("status") == "DISABLED" {
        profiles::invalidate(act.team, "devices", id);
    }
    overwrite(act, Kind::Devices, id, entity);
    Ok(())
}

/// A UDID in the spelling in which it is kept: it can come back in another case than sent (facts E5).
fn spelling(udid: &str) -> Option<String> {
    let parts: Vec<_> = udid.split('-').collect();
    let lengths: Vec<_> = parts.iter().map(|part| part.len()).collect();
    let is_hex = parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_hexdigit()));
    match lengths.as_slice() {
        _ if !is_hex => None,
        [40] => Some(udid.to_ascii_lowercase()),
        [8, 16] | [8, 4, 4, 4, 12] => Some(udid.to_ascii_uppercase()),
        _ => None,
    }
}

fn bare(udid: &str) -> String {
    udid.replace('-', "").to_ascii_lowercase()
}

/// Apple reads the class from the UDID; the simulator guesses it from platform and name.
fn class_of(platform: &str, name: &str) -> &'static str {
    let name = name.to_lowercase();
    match platform {
        "MAC_OS" => "MAC",
        _ if name.contains("ipad") => "IPAD",
        _ if name.contains("ipod") => "IPOD",
        _ if name.contains("watch") => "APPLE_WATCH",
        _ if name.contains("tv") => "APPLE_TV",
        _ if name.contains("vision") => "APPLE_VISION_PRO",
        _ => "IPHONE",
    }
}
