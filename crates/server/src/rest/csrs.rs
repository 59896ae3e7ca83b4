//! Certificate signing requests.

use super::{
    extract::{Asked, Body, Ids, paging},
    views,
};
use crate::{State, reply::Failure, session::Bearer};
use app::csrs::NewCsr;
use axum::{Json, extract, http::StatusCode};
use domain::{CsrId, OrgId};
use serde::Deserialize;
use utoipa::IntoParams;

/// Which page.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Part {
    /// How many, 200 at most; 50 unless given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// The signing requests made here, newest first.
#[utoipa::path(get, path = "/orgs/{org}/csrs", tag = "csrs", params(Part), responses((status = 200, body = api::Csrs)))]
pub(super) async fn list(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids(org): Ids<OrgId>,
    Asked(part): Asked<Part>,
) -> Result<Json<api::Csrs>, Failure> {
    let page = state.app.csrs(&who.caller, org, &paging(part.limit, part.cursor)?).await?;
    Ok(Json(api::Csrs {
        items: page.items.iter().map(views::csr).collect(),
        next_cursor: page.next,
    }))
}

/// Makes a key pair, which stays here, and a signing request of it.
#[utoipa::path(post, path = "/orgs/{org}/csrs", tag = "csrs", request_body = api::NewCsr, responses((status = 201, body = api::CsrDetails)))]
pub(super) async fn create(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids(org): Ids<OrgId>,
    Body(input): Body<api::NewCsr>,
) -> Result<(StatusCode, Json<api::CsrDetails>), Failure> {
    let new = NewCsr {
        name: input.name,
        email: input.email.unwrap_or_default(),
        country: input.country.unwrap_or_default(),
    };
    let made = state.app.create_csr(&who.caller, org, new).await?;
    let details = state.app.csr(&who.caller, org, made.id).await?;
    Ok((StatusCode::CREATED, Json(views::csr_details(&details, state.clock.now()))))
}

/// One of them, with the certificates that have its key.
#[utoipa::path(get, path = "/orgs/{org}/csrs/{csr}", tag = "csrs", responses((status = 200, body = api::CsrDetails)))]
pub(super) async fn show(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, csr)): Ids<(OrgId, CsrId)>,
) -> Result<Json<api::CsrDetails>, Failure> {
    let details = state.app.csr(&who.caller, org, csr).await?;
    Ok(Json(views::csr_details(&details, state.clock.now())))
}

/// Takes in the certificate that Apple made of it.
#[utoipa::path(post, path = "/orgs/{org}/csrs/{csr}/complete", tag = "csrs", request_body = api::CompleteCsr, responses((status = 200, body = api::TakenIn)))]
pub(super) async fn complete(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, csr)): Ids<(OrgId, CsrId)>,
    Body(input): Body<api::CompleteCsr>,
) -> Result<Json<api::TakenIn>, Failure> {
    let taken = state.app.complete_csr(&who.caller, org, csr, input.certificate.as_bytes()).await?;
    Ok(Json(views::taken_in(taken, state.clock.now())))
}

/// Removes it. Its private key is destroyed unless a certificate here has it. The body repeats its name.
#[utoipa::path(post, path = "/orgs/{org}/csrs/{csr}/remove", tag = "csrs", request_body = api::RemoveCsr, responses((status = 204)))]
pub(super) async fn remove(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, csr)): Ids<(OrgId, CsrId)>,
    Body(input): Body<api::RemoveCsr>,
) -> Result<StatusCode, Failure> {
    state.app.remove_csr(&who.caller, org, csr, &input.name).await?;
    Ok(StatusCode::NO_CONTENT)
}
