//! Root organizations and sub-organizations.

use super::{
    extract::{Asked, Body, Ids, paging},
    views,
};
use crate::{State, reply::Failure, session::Bearer};
use app::organizations::OrganizationFilter;
use axum::{Json, extract, http::StatusCode};
use domain::OrgId;
use serde::Deserialize;
use utoipa::IntoParams;

/// Which organizations.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// Only those below this root organization, by its id.
    parent: Option<String>,
    /// Only those whose name holds this text, in any case.
    search: Option<String>,
    /// Only those of this name, in any case.
    name: Option<String>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// How many, 200 at most; 50 unless given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// Which sub-organizations.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WantedBelow {
    /// Only those whose name holds this text, in any case.
    search: Option<String>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// How many, 200 at most; 50 unless given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// The organizations that one belongs to, by name: where roles were given, and the sub-organizations below those.
#[utoipa::path(get, path = "/orgs", tag = "organizations", params(Wanted), responses((status = 200, body = api::Organizations)))]
pub(super) async fn list(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Asked(wanted): Asked<Wanted>,
) -> Result<Json<api::Organizations>, Failure> {
    let paging = paging(wanted.limit, wanted.cursor)?;
    // What is no id and what is no name fit nothing.
    let parent = wanted.parent.map(|text| text.parse()).transpose();
    let name = wanted.name.map(|text| text.parse()).transpose();
    let (Ok(parent), Ok(name)) = (parent, name) else {
        return Ok(Json(api::Organizations {
            items: Vec::new(),
            next_cursor: None,
        }));
    };
    let filter = OrganizationFilter {
        parent,
        search: wanted.search,
        name,
    };
    let page = state.app.organizations(&who.caller, &filter, &paging).await?;
    Ok(Json(api::Organizations {
        items: page.items.iter().map(views::organization).collect(),
        next_cursor: page.next,
    }))
}

/// Creates a root organization and makes oneself its Owner. For people who own one here already.
#[utoipa::path(post, path = "/orgs", tag = "organizations", request_body = api::NewOrganization, responses((status = 201, body = api::OrganizationDetails)))]
pub(super) async fn create(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Body(input): Body<api::NewOrganization>,
) -> Result<(StatusCode, Json<api::OrganizationDetails>), Failure> {
    who.person()?;
    let made = state.app.create_root_organization(&who.caller, &input.name).await?;
    Ok((StatusCode::CREATED, Json(views::organization(&made))))
}

/// One organization, with one's roles there.
#[utoipa::path(get, path = "/orgs/{org}", tag = "organizations", responses((status = 200, body = api::OrganizationDetails)))]
pub(super) async fn show(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids(org): Ids<OrgId>,
) -> Result<Json<api::OrganizationDetails>, Failure> {
    let found = state.app.organization_view(&who.caller, org).await?;
    Ok(Json(views::organization(&found)))
}

/// Changes its name.
#[utoipa::path(patch, path = "/orgs/{org}", tag = "organizations", request_body = api::EditOrganization, responses((status = 200, body = api::OrganizationDetails)))]
pub(super) async fn edit(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids(org): Ids<OrgId>,
    Body(input): Body<api::EditOrganization>,
) -> Result<Json<api::OrganizationDetails>, Failure> {
    let renamed = state.app.edit_organization(&who.caller, org, input.name.as_deref()).await?;
    Ok(Json(views::organization(&renamed)))
}

/// What would be lost with a root organization.
#[utoipa::path(get, path = "/orgs/{org}/losses", tag = "organizations", responses((status = 200, body = api::OrganizationLosses)))]
pub(super) async fn losses(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids(org): Ids<OrgId>,
) -> Result<Json<api::OrganizationLosses>, Failure> {
    Ok(Json(views::losses(&state.app.organization_losses(&who.caller, org).await?)))
}

/// Deletes a root organization with everything in it. The body repeats its name.
#[utoipa::path(post, path = "/orgs/{org}/remove", tag = "organizations", request_body = api::RemoveOrganization, responses((status = 204)))]
pub(super) async fn remove(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids(org): Ids<OrgId>,
    Body(input): Body<api::RemoveOrganization>,
) -> Result<StatusCode, Failure> {
    state.app.delete_root_organization(&who.caller, org, &input.name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The sub-organizations of a root organization, by name.
#[utoipa::path(get, path = "/orgs/{org}/sub-organizations", tag = "organizations", params(WantedBelow), responses((status = 200, body = api::SubOrganizations)))]
pub(super) async fn list_below(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids(org): Ids<OrgId>,
    Asked(wanted): Asked<WantedBelow>,
) -> Result<Json<api::SubOrganizations>, Failure> {
    let paging = paging(wanted.limit, wanted.cursor)?;
    let filter = OrganizationFilter {
        search: wanted.search,
        ..OrganizationFilter::default()
    };
    let page = state.app.sub_organizations(&who.caller, org, &filter, &paging).await?;
    Ok(Json(api::SubOrganizations {
        items: page.items.iter().map(views::sub_organization).collect(),
        next_cursor: page.next,
    }))
}

/// Creates a sub-organization. Roles held in the root organization hold there.
#[utoipa::path(post, path = "/orgs/{org}/sub-organizations", tag = "organizations", request_body = api::NewOrganization, responses((status = 201, body = api::OrganizationDetails)))]
pub(super) async fn create_below(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids(org): Ids<OrgId>,
    Body(input): Body<api::NewOrganization>,
) -> Result<(StatusCode, Json<api::OrganizationDetails>), Failure> {
    let made = state.app.create_sub_organization(&who.caller, org, &input.name).await?;
    Ok((StatusCode::CREATED, Json(views::organization(&made))))
}

/// What would be lost with a sub-organization.
#[utoipa::path(get, path = "/orgs/{org}/sub-organizations/{sub}/losses", tag = "organizations", responses((status = 200, body = api::OrganizationLosses)))]
pub(super) async fn losses_below(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, sub)): Ids<(OrgId, OrgId)>,
) -> Result<Json<api::OrganizationLosses>, Failure> {
    Ok(Json(views::losses(
        &state.app.sub_organization_losses(&who.caller, org, sub).await?,
    )))
}

/// Deletes a sub-organization with everything in it. The body repeats its name.
#[utoipa::path(post, path = "/orgs/{org}/sub-organizations/{sub}/remove", tag = "organizations", request_body = api::RemoveOrganization, responses((status = 204)))]
pub(super) async fn remove_below(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, sub)): Ids<(OrgId, OrgId)>,
    Body(input): Body<api::RemoveOrganization>,
) -> Result<StatusCode, Failure> {
    state.app.delete_sub_organization(&who.caller, org, sub, &input.name).await?;
    Ok(StatusCode::NO_CONTENT)
}
