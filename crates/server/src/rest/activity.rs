//! What was done, by whom; whether the log of it is whole; and the log as a file.

use super::{
    extract::{Asked, Ids},
    views,
};
use crate::{
    State,
    activity_file::{self, FileForm},
    activity_query::ActivityQuery,
    reply::Failure,
    session::Bearer,
};
use axum::{Json, extract, response::Response};
use domain::{ActivityId, OrgId};

/// The activity log, newest first.
#[utoipa::path(get, path = "/orgs/{org}/activity", tag = "activity", params(ActivityQuery), responses((status = 200, body = api::ActivityPage)))]
pub(super) async fn list(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids(org): Ids<OrgId>,
    Asked(query): Asked<ActivityQuery>,
) -> Result<Json<api::ActivityPage>, Failure> {
    let page = state.app.search_activity(&who.caller, org, &query.search()?).await?;
    Ok(Json(api::ActivityPage {
        items: page.items.iter().map(views::activity).collect(),
        next_cursor: page.next,
    }))
}

/// One record.
#[utoipa::path(get, path = "/orgs/{org}/activity/{activity}", tag = "activity", responses((status = 200, body = api::ActivityRecord)))]
pub(super) async fn show(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, record)): Ids<(OrgId, ActivityId)>,
) -> Result<Json<api::ActivityRecord>, Failure> {
    let view = state.app.activity_record_of(&who.caller, org, record).await?;
    Ok(Json(views::activity(&view)))
}

/// The activity log as a file, with the filters of the list; `cursor` and `limit` do not count. Recorded.
#[utoipa::path(get, path = "/orgs/{org}/activity/export", tag = "activity",
    params(ActivityQuery),
    responses((status = 200, content((String = "text/csv"), (String = "application/jsonl")))))]
pub(super) async fn export(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids(org): Ids<OrgId>,
    Asked(query): Asked<ActivityQuery>,
) -> Result<Response, Failure> {
    let form = FileForm::parse(query.format.as_deref().unwrap_or_default())?;
    let file = state.app.export_activity(&who.caller, org, &query.search()?, form.words()).await?;
    Ok(activity_file::answer(form, "activity", file))
}

/// Verifies the whole log: chain, checkpoints, and the file outside. Recorded.
#[utoipa::path(post, path = "/orgs/{org}/activity/verify", tag = "activity", responses((status = 200, body = api::ActivityVerification)))]
pub(super) async fn verify(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids(org): Ids<OrgId>,
) -> Result<Json<api::ActivityVerification>, Failure> {
    Ok(Json(views::verification(&state.app.verify_activity(&who.caller, org).await?)))
}
