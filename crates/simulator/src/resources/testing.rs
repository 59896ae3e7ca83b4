//! What TestFlight does by itself: states of builds, builds for groups that get all, invitations, and what each app has.
//!
//! Nothing of this is ever asked for: it is worked out again after every change and whenever time has passed. The two
//! states of `buildBetaDetails` in particular are derived from everything around the build (facts F1, F3).

use super::{Act, beta_review, webhooks};
use crate::api::Kind;
use crate::team::{Object, Settling, Team};
use std::collections::BTreeSet;

/// Works everything out again.
pub(super) fn refresh(act: &mut Act<'_>) {
    furnish(act);
    distribute(act.team);
    let builds = act.team.all(Kind::Builds).iter();
    let states: Vec<_> = builds.map(|build| (build.id.clone(), states(act.team, build))).collect();
    for (id, (internal, external)) in states {
        let Some(details) = act.team.get_mut(Kind::BuildBetaDetails, &id) else {
            continue;
        };
        let before = details.text("externalBuildState").to_owned();
        details.set("internalBuildState", internal);
        details.set("externalBuildState", external);
        if before != external {
            webhooks::tell_external_state(act, &id, &before, external);
        }
    }
    invite(act.team);
}

/// What every app has without anybody making it: texts in its primary language, review details, a license.
fn furnish(act: &mut Act<'_>) {
    let details = act.team.all(Kind::BetaAppReviewDetails).iter();
    let known: BTreeSet<_> = details.map(|details| details.id.as_str()).collect();
    let apps = act.team.all(Kind::Apps).iter();
    let bare: Vec<_> = apps
        .filter(|app| !known.contains(app.id.as_str()))
        .map(|app| (app.id.clone(), app.text("primaryLocale").to_owned()))
        .collect();
    for (app, locale) in bare {
        let of_app = |kind, id: String| {
            let mut object = Object::new(kind, id, act.now, Settling::default());
            object.link("app", vec![app.clone()]);
            object
        };
        let mut details = of_app(Kind::BetaAppReviewDetails, app.clone());
        details.set("demoAccountRequired", false);
        let mut license = of_app(Kind::BetaLicenseAgreements, app.clone());
        license.set("agreementText", "");
        let mut text = of_app(Kind::BetaAppLocalizations, act.entropy.uuid());
        text.set("locale", if locale.is_empty() { "en-US" } else { &locale });
        for object in [details, license, text] {
            act.team.add(object);
        }
    }
}

/// Groups that get all builds hold every one that can be tested.
fn distribute(team: &mut Team) {
    let builds = team.all(Kind::Builds).iter();
    let valid: Vec<_> = builds
        .filter(|build| build.text("processingState") == "VALID")
        .map(|build| (build.id.clone(), build.linked("app").to_owned()))
        .collect();
    for group in team.all_mut(Kind::BetaGroups) {
        if group.flag("hasAccessToAllBuilds") {
            let app = group.linked("app").to_owned();
            for (build, _) in valid.iter().filter(|(_, of)| *of == app) {
                group.link_more("builds", build);
            }
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
        groups.any(|group| group.flag("isInternalGroup") == internally && group.links_to("builds", &build.id))
    };
    let has_single_testers = || {
        team.all(Kind::BetaTesters)
            .iter()
            .any(|tester| tester.links_to("builds", &build.id))
    };
    let internal = if is_tested(true) {
        "IN_BETA_TESTING"
    } else {
        "READY_FOR_BETA_TESTING"
    };
    let review = beta_review::submission_of(team, &build.id).map(|submission| submission.text("betaReviewState"));
    let external = match review {
        _ if build.text("buildAudienceType") == "INTERNAL_ONLY" => "NOT_APPLICABLE",
        None => "READY_FOR_BETA_SUBMISSION",
        Some("WAITING_FOR_REVIEW") => "WAITING_FOR_BETA_REVIEW",
        Some("IN_REVIEW") => "IN_BETA_REVIEW",
        Some("REJECTED") => "BETA_REJECTED",
        Some(_) if is_tested(false) || has_single_testers() => "IN_BETA_TESTING",
        Some(_) => "BETA_APPROVED",
    };
    (internal, external)
}

/// Who has something to test is told so by mail.
fn invite(team: &mut Team) {
    let testers = team.all(Kind::BetaTesters).iter();
    let waiting: Vec<_> = testers
        .filter(|tester| tester.text("state") == "NOT_INVITED" && has_something_to_test(team, tester))
        .map(|tester| tester.id.clone())
        .collect();
    for id in waiting {
        if let Some(tester) = team.get_mut(Kind::BetaTesters, &id) {
            tester.set("state", "INVITED");
        }
    }
}

/// Whether a build in testing is within a tester's reach.
pub(super) fn has_something_to_test(team: &Team, tester: &Object) -> bool {
    let is_in_testing = |build: &str, attribute: &str| {
        let details = team.get(Kind::BuildBetaDetails, build);
        details.is_some_and(|details| details.text(attribute) == "IN_BETA_TESTING")
    };
    let mut groups = team
        .all(Kind::BetaGroups)
        .iter()
        .filter(|group| group.links_to("betaTesters", &tester.id));
    let by_group = groups.any(|group| {
        let attribute = if group.flag("isInternalGroup") {
            "internalBuildState"
        } else {
            "externalBuildState"
        };
        group
            .links
            .get("builds")
            .into_iter()
            .flatten()
            .any(|build| is_in_testing(build, attribute))
    });
    let mut single = tester.links.get("builds").into_iter().flatten();
    by_group || single.any(|build| is_in_testing(build, "externalBuildState"))
}
