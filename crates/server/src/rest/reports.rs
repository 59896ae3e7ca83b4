//! Reports: what the activity log says about one matter, as a list and as a file. They have the filters, the records and the
//! permissions of the log, and nothing that the log does not have.

use super::{
    extract::{Asked, Ids},
    views,
};
use crate::{State, activity_file, activity_query::ActivityQuery, reply::Failure, session::Bearer};
use axum::{Json, extract, response::Response};
use domain::OrgId;

/// The signing report: who took which certificate, profile or signing set away to sign with, when, for what, and how it
/// ended; newest first. `object` is the id of a certificate, profile or signing set.
#[utoipa::path(get, path = "/orgs/{org}/reports/signing", tag = "activity", params(ActivityQuery), responses((status = 200, body = api::ActivityPage)))]
pub(super) async fn signing(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids(org): Ids<OrgId>,
    Asked(query): Asked<ActivityQuery>,
) -> Result<Json<api::ActivityPage>, Failure> {
    let page = state.app.search_activity(&who.caller, org, &query.signing_uses()?).await?;
    Ok(Json(api::ActivityPage {
        items: page.items.iter().map(views::activity).collect(),
        next_cursor: page.next,
    }))
}

/// The signing report as a file, with the filters of the list; `cursor` and `limit` do not count. Recorded.
#[utoipa::path(get, path = "/orgs/{org}/reports/signing/export", tag = "activity",
    params(ActivityQuery),
    responses((status = 200, content((String = "text/csv"), (String = "application/jsonl")))))]
pub(super) async fn signing_export(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids(org): Ids<OrgId>,
    Asked(query): Asked<ActivityQuery>,
) -> Result<Response, Failure> {
    Ok(activity_file::signing_report(&state, &who.caller, org, &query).await?)
}
