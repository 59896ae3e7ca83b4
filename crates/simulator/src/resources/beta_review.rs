//! Beta App Review: a build is submitted, waits, is looked at, and passes or not. The first of each version passes for all.

use super::Act;
use crate::api::Kind;
use crate::clock::store_date;
use crate::entity::Entity;
use crate::refusal::Refusal;
use crate::team::{Object, Team};
use serde::{Deserialize, Serialize};

/// What the reviewers do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// They begin to look at it.
    Begin,
    /// It may be tested outside of the team.
    Approve,
    /// It may not. Apple's API tells no reason: that is in a mail and on the website.
    Reject,
}

pub(super) fn submit(act: &mut Act<'_>, entity: &Entity) -> Result<String, Refusal> {
    let build = act.related(entity, "build", Kind::Builds)?;
    let Some(build) = act.team.get(Kind::Builds, &build).cloned() else {
        return Err(Refusal::relationship_required("build"));
    };
    let own = submission_of(act.team, &build.id).map(|own| (own.id.clone(), own.text("betaReviewState").to_owned()));
    match own {
        Some((_, state)) if state != "REJECTED" => {
            return Err(Refusal::state(format!("The build '{}' has been submitted already.", build.id)));
        }
        Some((id, _)) => act.team.remove(Kind::BetaAppReviewSubmissions, &id),
        None => {}
    }
    let mut of_version = Vec::new();
    for submission in act.team.all(Kind::BetaAppReviewSubmissions) {
        let other = act.team.get(Kind::Builds, submission.linked("build"));
        if other.is_some_and(|other| other.linked("preReleaseVersion") == build.linked("preReleaseVersion")) {
            of_version.push(submission.text("betaReviewState"));
        }
    }
    if of_version.iter().any(|state| matches!(*state, "WAITING_FOR_REVIEW" | "IN_REVIEW")) {
        return Err(Refusal::not_processable(
            "ANOTHER_BUILD_IN_REVIEW",
            "Another build of this version is in review.",
        ));
    }
    let is_approved = of_version.contains(&"APPROVED");
    check_testable(&build)?;
    check_information(act.team, build.linked("app"))?;

    let id = act.entropy.uuid();
    let mut submission = act.object(Kind::BetaAppReviewSubmissions, id.clone());
    submission.set("betaReviewState", if is_approved { "APPROVED" } else { "WAITING_FOR_REVIEW" });
    submission.set("submittedDate", store_date(act.now));
    submission.link("build", vec![build.id.clone()]);
    act.team.add(submission);
    Ok(id)
}

fn check_testable(build: &Object) -> Result<(), Refusal> {
    if build.text("processingState") != "VALID" || build.flag("expired") {
        return Err(Refusal::not_processable("", "The build is not in a state to be reviewed."));
    }
    if build.attributes["usesNonExemptEncryption"].is_null() {
        return Err(Refusal::not_processable("", "The build has no answer to export compliance."));
    }
    Ok(())
}

/// What reviewers must be told before: whom to call, and what the app is (all that is missing, in one answer).
fn check_information(team: &Team, app: &str) -> Result<(), Refusal> {
    let mut missing = Vec::new();
    let details = team.get(Kind::BetaAppReviewDetails, app);
    for name in ["contactFirstName", "contactLastName", "contactPhone", "contactEmail"] {
        if details.is_none_or(|details| details.text(name).is_empty()) {
            missing.push(name);
        }
    }
    for name in ["description", "feedbackEmail"] {
        let mut texts = team.all(Kind::BetaAppLocalizations).iter().filter(|text| text.linked("app") == app);
        if !texts.any(|text| !text.text(name).is_empty()) {
            missing.push(name);
        }
    }
    let refusals = missing
        .into_iter()
        .map(|name| Refusal::not_processable("", format!("The beta app information lacks '{name}'.")));
    Refusal::together(refusals.collect()).map_or(Ok(()), Err)
}

/// Tells testers of a build, where Apple does not do so by itself.
pub(super) fn notify(act: &mut Act<'_>, entity: &Entity) -> Result<String, Refusal> {
    let build = act.related(entity, "build", Kind::Builds)?;
    let details = act.team.get(Kind::BuildBetaDetails, &build);
    if details.is_some_and(|details| details.flag("autoNotifyEnabled")) {
        return Err(Refusal::state_invalid("Auto-notify already enabled"));
    }
    if details.is_none_or(|details| details.text("externalBuildState") != "IN_BETA_TESTING") {
        return Err(Refusal::state_invalid("The build is not in testing."));
    }
    let id = act.entropy.uuid();
    let notification = act.object(Kind::BuildBetaNotifications, id.clone());
    act.team.add(notification);
    Ok(id)
}

/// The submission of a build.
pub(super) fn submission_of<'t>(team: &'t Team, build: &str) -> Option<&'t Object> {
    team.all(Kind::BetaAppReviewSubmissions)
        .iter()
        .find(|submission| submission.linked("build") == build)
}

/// Lets the reviewers act on the submission of a build; whether there is one that waits for it.
pub(crate) fn decide(act: &mut Act<'_>, build: &str, decision: Decision) -> bool {
    let open = submission_of(act.team, build)
        .filter(|submission| matches!(submission.text("betaReviewState"), "WAITING_FOR_REVIEW" | "IN_REVIEW"));
    let Some(id) = open.map(|submission| submission.id.clone()) else {
        return false;
    };
    if let Some(submission) = act.team.get_mut(Kind::BetaAppReviewSubmissions, &id) {
        submission.set(
            "betaReviewState",
            match decision {
                Decision::Begin => "IN_REVIEW",
                Decision::Approve => "APPROVED",
                Decision::Reject => "REJECTED",
            },
        );
    }
    true
}
