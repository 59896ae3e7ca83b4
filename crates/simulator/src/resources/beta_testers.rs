//! Beta testers: a person at one app, in groups or at single builds, invited once there is something to test.

use super::{Act, assignments, testing};
use crate::api::{Kind, Verb};
use crate::entity::Entity;
use crate::refusal::Refusal;
use crate::team::Team;

pub(super) fn create(act: &mut Act<'_>, entity: &Entity) -> Result<String, Refusal> {
    let (groups, builds) = (entity.ids("betaGroups"), entity.ids("builds"));
    if groups.is_empty() == builds.is_empty() {
        return Err(Refusal::entity(
            "Only one relationship should be included when creating betaTesters",
        ));
    }
    let email = entity.text("email");
    if !is_address(email) {
        return Err(Refusal::attribute_invalid(
            "email",
            format!("The attribute 'email' is invalid: '{email}'"),
        ));
    }
    let (name, kind, ids) = if builds.is_empty() {
        ("betaGroups", Kind::BetaGroups, groups)
    } else {
        ("builds", Kind::Builds, builds)
    };
    let mut apps = Vec::new();
    for id in ids {
        if !act.team.knows(kind, id, act.now) {
            let detail = format!("There is no resource of type '{}' with id '{id}'", kind.as_str());
            return Err(Refusal::relationship_invalid(name, detail));
        }
        apps.extend(act.team.get(kind, id).map(|object| object.linked("app").to_owned()));
    }
    apps.dedup();
    let [app] = &apps[..] else {
        return Err(Refusal::relationship_invalid(name, "A tester belongs to one app."));
    };

    let mut testers = act.team.all(Kind::BetaTesters).iter();
    let known = testers.find(|tester| tester.links_to("apps", app) && tester.text("email").eq_ignore_ascii_case(email));
    let (id, is_new) = match known {
        Some(tester) => (tester.id.clone(), false),
        None => (act.entropy.uuid(), true),
    };
    if is_new {
        let mut tester = act.object(Kind::BetaTesters, id.clone());
        for name in ["firstName", "lastName"] {
            if !entity.text(name).is_empty() {
                tester.set(name, entity.text(name));
            }
        }
        tester.set("email", email);
        tester.set("inviteType", "EMAIL");
        tester.set("state", "NOT_INVITED");
        tester.link("apps", vec![app.clone()]);
        act.team.add(tester);
    }
    let added = act.relation(Kind::BetaTesters, name).map_or(Ok(()), |relation| {
        assignments::relate(act, Kind::BetaTesters, &id, relation, Verb::Create, ids)
    });
    if added.is_err() && is_new {
        act.team.remove(Kind::BetaTesters, &id);
    }
    added.map(|()| id)
}

/// A tester leaves the app: all its groups and builds.
pub(super) fn delete(act: &mut Act<'_>, id: &str) -> Result<(), Refusal> {
    check_reachable(act, id)?;
    for group in act.team.all_mut(Kind::BetaGroups) {
        group.unlink("betaTesters", id);
    }
    act.remove(Kind::BetaTesters, id);
    Ok(())
}

/// Whoever tests from outside of the team is out of reach for a Developer key.
pub(super) fn check_reachable(act: &Act<'_>, id: &str) -> Result<(), Refusal> {
    let mut groups = act.team.all(Kind::BetaGroups).iter();
    let is_external = groups.any(|group| group.links_to("betaTesters", id) && !group.flag("isInternalGroup"));
    if is_external && !act.caller.may_test_externally() {
        return Err(Refusal::forbidden());
    }
    Ok(())
}

/// The mail with the invitation, again.
pub(super) fn invite(act: &mut Act<'_>, entity: &Entity) -> Result<String, Refusal> {
    let app = act.related(entity, "app", Kind::Apps)?;
    if entity.ids("betaTester").is_empty() {
        return Err(Refusal::relationship_required("betaTester"));
    }
    let id = act.related(entity, "betaTester", Kind::BetaTesters)?;
    check_reachable(act, &id)?;
    let tester = act.team.get(Kind::BetaTesters, &id);
    if !tester.is_some_and(|tester| tester.links_to("apps", &app) && testing::has_something_to_test(act.team, tester)) {
        return Err(Refusal::state("There is no build that the tester could be invited to."));
    }
    if let Some(tester) = act.team.get_mut(Kind::BetaTesters, &id)
        && !matches!(tester.text("state"), "ACCEPTED" | "INSTALLED")
    {
        tester.set("state", "INVITED");
    }
    let id = act.entropy.uuid();
    let invitation = act.object(Kind::BetaTesterInvitations, id.clone());
    act.team.add(invitation);
    Ok(id)
}

/// Whether an address is that of a user of the team.
pub(super) fn is_member(team: &Team, email: &str) -> bool {
    let mut users = team.all(Kind::Users).iter();
    users.any(|user| user.text("username").eq_ignore_ascii_case(email))
}

fn is_address(text: &str) -> bool {
    let parts: Vec<_> = text.split('@').collect();
    matches!(parts[..], [local, domain] if !local.is_empty() && domain.contains('.')) && !text.contains(char::is_whitespace)
}
