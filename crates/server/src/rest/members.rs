//! People of an organization and their roles.

use super::{
    extract::{Asked, Body, Ids, paging},
    views,
};
use crate::{State, reply::Failure, session::Bearer};
use app::{
    Problem,
    members::{RoleChange, read_roles},
};
use axum::{Json, extract, http::StatusCode};
use domain::{OrgId, UserId};
use serde::Deserialize;
use utoipa::IntoParams;

/// Which people.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// Only those whose name or e-mail holds this.
    search: Option<String>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// How many, 200 at most; 50 unless given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// The people of an organization with their roles, by name. Roles of its root organization are among them.
#[utoipa::path(get, path = "/orgs/{org}/members", tag = "members", params(Wanted), responses((status = 200, body = api::Members)))]
pub(super) async fn list(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids(org): Ids<OrgId>,
    Asked(wanted): Asked<Wanted>,
) -> Result<Json<api::Members>, Failure> {
    let paging = paging(wanted.limit, wanted.cursor)?;
    let page = state.app.members(&who.caller, org, wanted.search.as_deref(), &paging).await?;
    Ok(Json(api::Members {
        items: page.items.iter().map(views::member).collect(),
        next_cursor: page.next,
    }))
}

/// One of them.
#[utoipa::path(get, path = "/orgs/{org}/members/{user}", tag = "members", responses((status = 200, body = api::Member)))]
pub(super) async fn show(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, user)): Ids<(OrgId, UserId)>,
) -> Result<Json<api::Member>, Failure> {
    Ok(Json(views::member(&state.app.member(&who.caller, org, user).await?.member)))
}

/// Changes the roles that they were given here.
#[utoipa::path(patch, path = "/orgs/{org}/members/{user}", tag = "members", request_body = api::EditMember, responses((status = 200, body = api::Member)))]
pub(super) async fn edit(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, user)): Ids<(OrgId, UserId)>,
    Body(input): Body<api::EditMember>,
) -> Result<Json<api::Member>, Failure> {
    let change = match &input.roles {
        Some(_) if !(input.give.is_empty() && input.take.is_empty()) => {
            return Err(Problem::field(
                "roles_unclear",
                "roles",
                "Say either what all roles shall be, with `roles`, or what changes, with `give` and `take`.",
            )
            .into());
        }
        Some(roles) => RoleChange::To(read_roles(roles)?),
        None => RoleChange::By {
            give: read_roles(&input.give)?,
            take: read_roles(&input.take)?,
        },
    };
    let member = state.app.set_member_roles(&who.caller, org, user, change).await?;
    Ok(Json(views::member(&member)))
}

/// Takes all roles that they were given here. Their account stays.
#[utoipa::path(post, path = "/orgs/{org}/members/{user}/remove", tag = "members", responses((status = 204)))]
pub(super) async fn remove(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, user)): Ids<(OrgId, UserId)>,
) -> Result<StatusCode, Failure> {
    state.app.remove_member(&who.caller, org, user).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives up all roles that one was given here oneself.
#[utoipa::path(post, path = "/orgs/{org}/leave", tag = "members", responses((status = 204)))]
pub(super) async fn leave(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids(org): Ids<OrgId>,
) -> Result<StatusCode, Failure> {
    state.app.leave(&who.caller, org).await?;
    Ok(StatusCode::NO_CONTENT)
}
