//! Beta groups: internal ones for the team, external ones for everybody else, who may come by a public link.

use super::{Act, assignments, overwrite};
use crate::api::{Kind, Verb};
use crate::clock::store_date;
use crate::entity::Entity;
use crate::refusal::Refusal;
use serde_json::{Map, Value};

pub(super) fn create(act: &mut Act<'_>, entity: &Entity) -> Result<String, Refusal> {
    let app = act.related(entity, "app", Kind::Apps)?;
    let is_internal = entity.attributes.get("isInternalGroup") == Some(&Value::Bool(true));
    if !is_internal && !act.caller.may_test_externally() {
        return Err(Refusal::unable_to_process()); // facts B3
    }
    check_name(act, &app, entity.text("name"), None)?;
    check_link(is_internal, &entity.attributes)?;
    let mut groups = act.team.all(Kind::BetaGroups).iter();
    let has_internal = groups.any(|group| group.linked("app") == app && group.flag("isInternalGroup"));
    if !is_internal && !has_internal {
        return Err(Refusal::state("An external group can be made once there is an internal group."));
    }
    let gets_all = entity.attributes.get("hasAccessToAllBuilds") == Some(&Value::Bool(true));
    if gets_all && !is_internal {
        return Err(Refusal::attribute_invalid(
            "hasAccessToAllBuilds",
            "Only an internal group can have access to all builds.",
        ));
    }

    let id = act.entropy.uuid();
    let mut group = act.object(Kind::BetaGroups, id.clone());
    group.set("name", entity.text("name"));
    group.set("createdDate", store_date(act.now));
    group.set("isInternalGroup", is_internal);
    group.set("hasAccessToAllBuilds", gets_all);
    group.set("feedbackEnabled", true);
    group.set("publicLinkEnabled", false);
    group.set("publicLinkLimitEnabled", false);
    group.link("app", vec![app.clone()]);
    act.team.add(group);
    overwrite(act, Kind::BetaGroups, &id, entity);
    open_link(act, &id);
    for name in ["builds", "betaTesters"] {
        let ids = entity.ids(name);
        let added = act.relation(Kind::BetaGroups, name).map_or(Ok(()), |relation| {
            assignments::relate(act, Kind::BetaGroups, &id, relation, Verb::Create, ids)
        });
        if let Err(refusal) = added {
            act.team.remove(Kind::BetaGroups, &id);
            return Err(refusal);
        }
    }
    Ok(id)
}

pub(super) fn update(act: &mut Act<'_>, id: &str, entity: &Entity) -> Result<(), Refusal> {
    let group = assignments::reachable(act, id)?;
    let (app, is_internal) = (group.linked("app").to_owned(), group.flag("isInternalGroup"));
    if entity.attributes.get("name").is_some_and(Value::is_string) {
        check_name(act, &app, entity.text("name"), Some(id))?;
    }
    check_link(is_internal, &entity.attributes)?;
    overwrite(act, Kind::BetaGroups, id, entity);
    open_link(act, id);
    Ok(())
}

pub(super) fn delete(act: &mut Act<'_>, id: &str) -> Result<(), Refusal> {
    assignments::reachable(act, id)?;
    act.remove(Kind::BetaGroups, id);
    Ok(())
}

fn check_name(act: &Act<'_>, app: &str, name: &str, own: Option<&str>) -> Result<(), Refusal> {
    if name.trim().is_empty() {
        return Err(Refusal::attribute_invalid(
            "name",
            format!("The attribute 'name' is invalid: '{name}'"),
        ));
    }
    let mut groups = act.team.all(Kind::BetaGroups).iter();
    let is_taken = groups.any(|group| group.linked("app") == app && group.text("name") == name && Some(group.id.as_str()) != own);
    if is_taken {
        let detail = format!("There is a beta group with the name '{name}' already.");
        return Err(Refusal::duplicate("name", detail));
    }
    Ok(())
}

fn check_link(is_internal: bool, given: &Map<String, Value>) -> Result<(), Refusal> {
    if is_internal && given.get("publicLinkEnabled") == Some(&Value::Bool(true)) {
        return Err(Refusal::attribute_invalid(
            "publicLinkEnabled",
            "An internal group has no public link.",
        ));
    }
    let limit = given.get("publicLinkLimit").filter(|limit| !limit.is_null());
    if limit.is_some_and(|limit| !matches!(limit.as_u64(), Some(1..=10_000))) {
        return Err(Refusal::attribute_invalid(
            "publicLinkLimit",
            "The limit of a public link is 1 to 10000.",
        ));
    }
    Ok(())
}

/// A public link keeps its address while it is closed.
fn open_link(act: &mut Act<'_>, id: &str) {
    let code = hex::encode_upper(act.entropy.bytes::<4>());
    if let Some(group) = act.team.get_mut(Kind::BetaGroups, id)
        && group.flag("publicLinkEnabled")
        && group.text("publicLinkId").is_empty()
    {
        group.set("publicLink", format!("https://testflight.apple.com/join/{code}"));
        group.set("publicLinkId", code);
    }
}
