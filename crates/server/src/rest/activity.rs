//! What was done, by whom.

use super::{
    extract::{Asked, Ids},
    views,
};
use crate::{State, reply::Failure, session::Bearer};
use app::Problem;
use axum::{Json, extract};
use domain::OrgId;
use serde::Deserialize;
use utoipa::IntoParams;

/// Records in one answer, at most.
const MOST: u32 = 200;

/// Which records.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Page {
    /// Only records before this one: the `next` of the page before.
    before: Option<String>,
    /// How many, 200 at most; 50 unless given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// The activity log, newest first.
#[utoipa::path(get, path = "/orgs/{org}/activity", tag = "activity", params(Page), responses((status = 200, body = api::ActivityPage)))]
pub(super) async fn list(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids(org): Ids<OrgId>,
    Asked(page): Asked<Page>,
) -> Result<Json<api::ActivityPage>, Failure> {
    let before = page.before.map(|text| text.parse()).transpose().map_err(|_| {
        Problem::field(
            "cursor_unknown",
            "before",
            "This is not the `next` of a page. Begin without `before`.",
        )
    })?;
    let limit = page.limit.unwrap_or(50);
    if !(1..=MOST).contains(&limit) {
        return Err(Problem::field(
            "limit_out_of_range",
            "limit",
            format!("{limit} does not fit. One page has 1 to {MOST} records."),
        )
        .into());
    }
    let records = state.app.activity(&who.caller, org, before, limit).await?;
    let next = (records.len() == limit as usize)
        .then(|| records.last().map(|r| r.record.id.to_string()))
        .flatten();
    Ok(Json(api::ActivityPage {
        items: records.iter().map(views::activity).collect(),
        next,
    }))
}
