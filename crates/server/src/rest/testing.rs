//! TestFlight: what there is of an app, and one door through which everything about it is changed.

use super::{
    certificates::{Wait, seconds},
    document::AppleMayRefuse,
    extract::{Asked, Body, Ids},
    views::{self, testing as shown},
};
use crate::{State, reply::Failure, session::Bearer};
use app::{
    Problem,
    testing::{ReviewDetails, Wish},
};
use axum::{Json, extract, http::StatusCode};
use domain::{Action, ApiKeyId, OperationId, OrgId, operation::AppTexts};

/// How many changes go at once.
const MOST_CHANGES: usize = 500;
/// What a change demands: one of these, and for each what it is about.
pub(super) const CHANGE: &[Action] = &[Action::EditTesting, Action::EditTestingTexts, Action::SubmitForBetaReview];

async fn key_of(state: &State, who: &Bearer, to: Action, org: OrgId, key: &str) -> Result<ApiKeyId, Problem> {
    Ok(state.app.find_key(&who.0.caller, to, org, key).await?.id)
}

/// The groups of testers of an app.
#[utoipa::path(get, path = "/orgs/{org}/keys/{key}/apps/{identifier}/test-flight/groups", tag = "test-flight",
    responses((status = 200, body = api::TestingGroups), AppleMayRefuse))]
pub(super) async fn groups(
    extract::State(state): extract::State<State>,
    who: Bearer,
    Ids((org, key, identifier)): Ids<(OrgId, String, String)>,
) -> Result<Json<api::TestingGroups>, Failure> {
    let key = key_of(&state, &who, Action::SeeBinaries, org, &key).await?;
    let found = state.app.testing_groups(&who.0.caller, org, key, &identifier).await?;
    Ok(Json(api::TestingGroups {
        items: found.into_iter().map(shown::group).collect(),
    }))
}

/// A group of testers, by name or Apple's id, with its testers and builds.
#[utoipa::path(get, path = "/orgs/{org}/keys/{key}/apps/{identifier}/test-flight/groups/{group}", tag = "test-flight",
    responses((status = 200, body = api::TestingGroupDetails), AppleMayRefuse))]
pub(super) async fn group(
    extract::State(state): extract::State<State>,
    who: Bearer,
    Ids((org, key, identifier, group)): Ids<(OrgId, String, String, String)>,
) -> Result<Json<api::TestingGroupDetails>, Failure> {
    let key = key_of(&state, &who, Action::SeeTesters, org, &key).await?;
    let found = state.app.testing_group(&who.0.caller, org, key, &identifier, &group).await?;
    Ok(Json(shown::group_details(found)))
}

/// The testers of an app, with their groups.
#[utoipa::path(get, path = "/orgs/{org}/keys/{key}/apps/{identifier}/test-flight/testers", tag = "test-flight",
    responses((status = 200, body = api::Testers), AppleMayRefuse))]
pub(super) async fn testers(
    extract::State(state): extract::State<State>,
    who: Bearer,
    Ids((org, key, identifier)): Ids<(OrgId, String, String)>,
) -> Result<Json<api::Testers>, Failure> {
    let key = key_of(&state, &who, Action::SeeTesters, org, &key).await?;
    let found = state.app.testers(&who.0.caller, org, key, &identifier).await?;
    Ok(Json(api::Testers {
        items: found.into_iter().map(shown::tester).collect(),
    }))
}

/// A build, by number, `1.0 (42)` or Apple's id, with who gets it, what they read, and how far beta review is.
#[utoipa::path(get, path = "/orgs/{org}/keys/{key}/apps/{identifier}/test-flight/builds/{build}", tag = "test-flight",
    responses((status = 200, body = api::BuildInTesting), AppleMayRefuse))]
pub(super) async fn build(
    extract::State(state): extract::State<State>,
    who: Bearer,
    Ids((org, key, identifier, build)): Ids<(OrgId, String, String, String)>,
) -> Result<Json<api::BuildInTesting>, Failure> {
    let key = key_of(&state, &who, Action::SeeBinaries, org, &key).await?;
    let found = state.app.testing_build(&who.0.caller, org, key, &identifier, &build).await?;
    Ok(Json(shown::build(found)))
}

/// What testers and beta review read of an app. The password of the demo account is never told.
#[utoipa::path(get, path = "/orgs/{org}/keys/{key}/apps/{identifier}/test-flight/info", tag = "test-flight",
    responses((status = 200, body = api::BetaInfo), AppleMayRefuse))]
pub(super) async fn info(
    extract::State(state): extract::State<State>,
    who: Bearer,
    Ids((org, key, identifier)): Ids<(OrgId, String, String)>,
) -> Result<Json<api::BetaInfo>, Failure> {
    let key = key_of(&state, &who, Action::SeeBinaries, org, &key).await?;
    let found = state.app.testing_info(&who.0.caller, org, key, &identifier).await?;
    Ok(Json(shown::info(found)))
}

/// Writes what beta review needs to know, at once. The same twice does no harm.
#[utoipa::path(put, path = "/orgs/{org}/keys/{key}/apps/{identifier}/test-flight/review-details", tag = "test-flight",
    request_body = api::NewBetaReviewDetails, responses((status = 204), AppleMayRefuse))]
pub(super) async fn review_details(
    extract::State(state): extract::State<State>,
    who: Bearer,
    Ids((org, key, identifier)): Ids<(OrgId, String, String)>,
    Body(input): Body<api::NewBetaReviewDetails>,
) -> Result<StatusCode, Failure> {
    let key = key_of(&state, &who, Action::EditTestingTexts, org, &key).await?;
    let details = ReviewDetails::new(input.demo_password);
    let details = ReviewDetails {
        first_name: input.first_name,
        last_name: input.last_name,
        phone: input.phone,
        email: input.email,
        sign_in_required: input.sign_in_required,
        demo_account: input.demo_account,
        notes: input.notes,
        ..details
    };
    state
        .app
        .write_review_details(&who.0.caller, org, key, &identifier, details)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Begins to change something in TestFlight. All of it is looked up first, and nothing is changed where something does not
/// fit. The answer is the act; ask for it until it is over. Its steps tell what became of each change.
#[utoipa::path(post, path = "/orgs/{org}/keys/{key}/apps/{identifier}/test-flight/changes", tag = "test-flight",
    request_body = api::TestingChanges, responses((status = 202, body = api::Operation), AppleMayRefuse))]
pub(super) async fn change(
    extract::State(state): extract::State<State>,
    who: Bearer,
    Ids((org, key, identifier)): Ids<(OrgId, String, String)>,
    Body(input): Body<api::TestingChanges>,
) -> Result<(StatusCode, Json<api::Operation>), Failure> {
    let count = input.changes.len();
    if !(1..=MOST_CHANGES).contains(&count) {
        let why = format!("{count} changes were sent; 1 to {MOST_CHANGES} go at once.");
        return Err(Problem::field("changes_unfit", "changes", why).into());
    }
    let key = key_of(&state, &who, Action::SeeBinaries, org, &key).await?;
    let wishes: Vec<Wish> = input.changes.into_iter().map(wish).collect();
    let begun = state.app.change_testing(&who.0.caller, org, key, &identifier, &wishes).await?;
    Ok((StatusCode::ACCEPTED, Json(views::operation(&begun.into()))))
}

/// How far changes in TestFlight came.
#[utoipa::path(get, path = "/orgs/{org}/test-flight-changes/{change}", tag = "test-flight", params(Wait),
    responses((status = 200, body = api::Operation)))]
pub(super) async fn changes(
    extract::State(state): extract::State<State>,
    who: Bearer,
    Ids((org, change)): Ids<(OrgId, OperationId)>,
    Asked(wait): Asked<Wait>,
) -> Result<Json<api::Operation>, Failure> {
    let caller = &who.0.caller;
    let view = state.app.wait_for_testing_change(caller, org, change, seconds(&wait)?).await?;
    Ok(Json(views::operation(&view)))
}

fn wish(change: api::TestingChange) -> Wish {
    use api::TestingChange as C;
    match change {
        C::CreateGroup {
            name,
            internal,
            all_builds,
        } => Wish::CreateGroup {
            name,
            internal,
            all_builds,
        },
        C::ChangeGroup {
            group,
            rename_to,
            public_link,
            public_link_limit,
            feedback,
        } => Wish::ChangeGroup {
            group,
            rename_to,
            public_link,
            public_link_limit,
            feedback,
        },
        C::DeleteGroup { group } => Wish::DeleteGroup { group },
        C::GiveBuild { group, build } => Wish::GiveBuild { group, build },
        C::TakeBuild { group, build } => Wish::TakeBuild { group, build },
        C::AddTester {
            group,
            email,
            first_name,
            last_name,
        } => Wish::AddTester {
            group,
            email,
            first_name,
            last_name,
        },
        C::AddTesters {
            group,
            file,
            leave_out_faulty,
        } => Wish::AddTesters {
            group,
            file,
            leave_out_faulty,
        },
        C::RemoveTester { tester, group } => Wish::RemoveTester { tester, group },
        C::Invite { tester } => Wish::Invite { tester },
        C::Describe { build, locale, text } => Wish::Describe { build, locale, text },
        C::AnswerCompliance { build, uses_encryption } => Wish::AnswerCompliance { build, uses_encryption },
        C::ExpireBuild { build } => Wish::ExpireBuild { build },
        C::SubmitForReview { build } => Wish::SubmitForReview { build },
        C::Notify { build } => Wish::Notify { build },
        C::DescribeApp {
            locale,
            feedback_email,
            marketing_url,
            privacy_policy_url,
            description,
        } => Wish::DescribeApp {
            locale,
            texts: AppTexts {
                feedback_email,
                marketing_url,
                privacy_policy_url,
                description,
            },
        },
        C::SetLicense { text } => Wish::SetLicense { text },
    }
}
