//! Who tests what: builds and testers in groups, testers of single builds, testers of an app.
//!
//! Apple lets each of these be written from both ends; here both come to the same pairs. A request is judged as a whole
//! before anything of it is done.

use super::{Act, beta_testers};
use crate::api::{Kind, Verb};
use crate::refusal::Refusal;
use crate::team::{Object, Relation};

/// Whether a relationship can be written on its own.
pub(crate) fn can_relate(kind: Kind, name: &str) -> bool {
    matches!(
        (kind, name),
        (Kind::Apps, "betaTesters")
            | (Kind::BetaGroups, "betaTesters" | "builds")
            | (Kind::BetaTesters, "apps" | "betaGroups" | "builds")
            | (Kind::Builds, "betaGroups" | "individualTesters")
    )
}

/// By whose right a relationship between two types is written, whichever end is asked.
pub(crate) fn owner(one: Kind, other: Kind) -> Kind {
    [Kind::BetaGroups, Kind::BetaTesters]
        .into_iter()
        .find(|kind| [one, other].contains(kind))
        .unwrap_or(one)
}

/// Adds `ids` to a relationship, or takes them out of it.
pub(crate) fn relate(act: &mut Act<'_>, kind: Kind, id: &str, relation: &Relation, verb: Verb, ids: &[String]) -> Result<(), Refusal> {
    for other in ids {
        if !act.team.knows(relation.target, other, act.now) {
            let detail = format!("There is no resource of type '{}' with id '{other}'", relation.target.as_str());
            return Err(Refusal::relationship_invalid(relation.name, detail));
        }
    }
    let adds = verb == Verb::Create;
    let from_other_end = matches!((kind, relation.target), (Kind::Builds, _) | (_, Kind::BetaGroups));
    let pairs: Vec<_> = ids
        .iter()
        .map(|other| {
            if from_other_end {
                (other.as_str(), id)
            } else {
                (id, other.as_str())
            }
        })
        .collect();
    match pair_of(kind, relation.target) {
        Pair::GroupAndBuild => {
            for (group, build) in &pairs {
                check_build(act, group, build, adds)?;
            }
            change(act, Kind::BetaGroups, "builds", &pairs, adds);
        }
        Pair::GroupAndTester => {
            for (group, tester) in &pairs {
                check_tester(act, group, tester, adds)?;
            }
            change(act, Kind::BetaGroups, "betaTesters", &pairs, adds);
        }
        Pair::TesterAndBuild => {
            if !act.caller.may_test_externally() {
                return Err(Refusal::forbidden());
            }
            change(act, Kind::BetaTesters, "builds", &pairs, adds);
        }
        Pair::TesterAndApp => {
            let testers = if kind == Kind::Apps { ids.to_vec() } else { vec![id.to_owned()] };
            for tester in &testers {
                beta_testers::check_reachable(act, tester)?;
            }
            for tester in &testers {
                beta_testers::delete(act, tester)?;
            }
        }
    }
    Ok(())
}

/// What stands on the two sides; the holder of the link first.
enum Pair {
    GroupAndBuild,
    GroupAndTester,
    TesterAndBuild,
    TesterAndApp,
}

fn pair_of(one: Kind, other: Kind) -> Pair {
    let has = |kind| one == kind || other == kind;
    match (has(Kind::BetaGroups), has(Kind::Builds), has(Kind::BetaTesters)) {
        (true, true, _) => Pair::GroupAndBuild,
        (true, false, _) => Pair::GroupAndTester,
        (false, true, _) => Pair::TesterAndBuild,
        _ => Pair::TesterAndApp,
    }
}

fn change(act: &mut Act<'_>, holder: Kind, name: &'static str, pairs: &[(&str, &str)], adds: bool) {
    for (one, other) in pairs {
        if let Some(holder) = act.team.get_mut(holder, one) {
            if adds {
                holder.link_more(name, other);
            } else {
                holder.unlink(name, other);
            }
        }
    }
}

/// Whether a build may come into a group, or out of it.
fn check_build(act: &Act<'_>, group: &str, build: &str, adds: bool) -> Result<(), Refusal> {
    let group = reachable(act, group)?;
    let Some(build) = act.team.get(Kind::Builds, build) else {
        return Ok(());
    };
    if group.linked("app") != build.linked("app") {
        let detail = format!(
            "The build '{}' does not belong to the app of the beta group '{}'.",
            build.id, group.id
        );
        return Err(Refusal::relationship_invalid("builds", detail));
    }
    if group.flag("hasAccessToAllBuilds") {
        return Err(Refusal::not_processable("", "Builds cannot be assigned to this internal group."));
    }
    if adds && (build.text("processingState") != "VALID" || build.flag("expired")) {
        let detail = format!("The build '{}' is not in a state to be tested.", build.id);
        return Err(Refusal::state(detail));
    }
    Ok(())
}

/// Whether a tester may come into a group, or out of it: internal groups are for the team (facts F3).
pub(super) fn check_tester(act: &Act<'_>, group: &str, tester: &str, adds: bool) -> Result<(), Refusal> {
    let group = reachable(act, group)?;
    let Some(tester) = act.team.get(Kind::BetaTesters, tester) else {
        return Ok(());
    };
    let is_assignable = tester.links_to("apps", group.linked("app"))
        && (!group.flag("isInternalGroup") || beta_testers::is_member(act.team, tester.text("email")));
    if adds && !is_assignable {
        return Err(Refusal::state("Tester(s) cannot be assigned"));
    }
    Ok(())
}

/// A group that the caller may change.
pub(super) fn reachable<'t>(act: &'t Act<'_>, group: &str) -> Result<&'t Object, Refusal> {
    let group = act.team.get(Kind::BetaGroups, group);
    let group = group.ok_or_else(Refusal::forbidden)?;
    if group.flag("isInternalGroup") || act.caller.may_test_externally() {
        Ok(group)
    } else {
        Err(Refusal::forbidden())
    }
}
