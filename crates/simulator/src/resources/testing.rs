//! What TestFlight says of each build: the two states of `buildBetaDetails`, derived from everything around the build.
//!
//! They are never set, only worked out again after every change and whenever time has passed (facts F1, F3).

use super::Act;
use crate::api::Kind;
use crate::team::{Object, Team};

/// Works out the states of all builds again.
pub(super) fn refresh(act: &mut Act<'_>) {
    let states: Vec<_> = act
        .team
        .all(Kind::Builds)
        .iter()
        .map(|build| (build.id.clone(), states(act.team, build)))
        .collect();
    for (id, (internal, external)) in states {
        if let Some(details) = act.team.get_mut(Kind::BuildBetaDetails, &id) {
            details.set("internalBuildState", internal);
            details.set("externalBuildState", external);
        }
    }
}

fn states(team: &Team, build: &Object) -> (&'static str, &'static str) {
    let both = |state| (state, state);
    match build.text("processingState") {
        "PROCESSING" => return both("PROCESSING"),
        "VALID" => {}
        _ => return both("PROCESSING_EXCEPTION"),
    }
    if build.flag("expired") {
        return both("EXPIRED");
    }
    if build.attributes["usesNonExemptEncryption"].is_null() {
        return both("MISSING_EXPORT_COMPLIANCE");
    }
    let is_tested = |internally: bool| {
        let mut groups = team.all(Kind::BetaGroups).iter();
        groups.any(|group| group.flag("isInternalGroup") == internally && holds(group, build))
    };
    let internal = if is_tested(true) {
        "IN_BETA_TESTING"
    } else {
        "READY_FOR_BETA_TESTING"
    };
    (internal, "READY_FOR_BETA_SUBMISSION")
}

/// Whether a group tests a build: it was added, or the group gets all builds of its app.
pub(super) fn holds(group: &Object, build: &Object) -> bool {
    group.links_to("builds", &build.id) || (group.flag("hasAccessToAllBuilds") && group.linked("app") == build.linked("app"))
}
