//! Renewing a certificate with the profiles that have it.

use super::{
    document::AppleMayRefuse,
    extract::{Asked, Body, Ids},
    views,
};
use crate::{State, reply::Failure, session::Bearer};
use app::Problem;
use axum::{Json, extract, http::StatusCode};
use domain::{Action, CertificateId, OrgId, certificate::AutomaticRenewal};
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::IntoParams;

/// Through which key.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Through {
    /// Its id or name.
    key: String,
}

/// What renewing a certificate would do: what it is, what takes its place, and the profiles that have it. Nothing is changed.
#[utoipa::path(get, path = "/orgs/{org}/certificates/{certificate}/renewal", tag = "certificates", params(Through), responses((status = 200, body = api::RenewalPreview), AppleMayRefuse))]
pub(super) async fn preview(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, certificate)): Ids<(OrgId, CertificateId)>,
    Asked(through): Asked<Through>,
) -> Result<Json<api::RenewalPreview>, Failure> {
    let key = state
        .app
        .find_key(&who.caller, Action::CreateCertificate, org, &through.key)
        .await?;
    let preview = state.app.preview_renewal(&who.caller, org, key.id, certificate).await?;
    Ok(Json(views::profiles::renewal(&preview, state.clock.now())))
}

/// Begins to renew a certificate: a new one is created, and each profile that has the old one is rebuilt under its name. The
/// act goes on where it stood, wherever the server was stopped.
#[utoipa::path(post, path = "/orgs/{org}/certificates/{certificate}/renew", tag = "certificates", request_body = api::RenewCertificate, responses((status = 202, body = api::Operation), AppleMayRefuse))]
pub(super) async fn renew(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, certificate)): Ids<(OrgId, CertificateId)>,
    Body(input): Body<api::RenewCertificate>,
) -> Result<(StatusCode, Json<api::Operation>), Failure> {
    let key = state.app.find_key(&who.caller, Action::CreateCertificate, org, &input.key).await?;
    let operation = state
        .app
        .renew_certificate(&who.caller, org, key.id, certificate, input.revoke.as_deref())
        .await?;
    Ok((StatusCode::ACCEPTED, Json(views::operation(&operation.into()))))
}

/// Whether a certificate is renewed without anybody asking.
#[utoipa::path(get, path = "/orgs/{org}/certificates/{certificate}/automatic-renewal", tag = "certificates", responses((status = 200, body = api::AutomaticRenewal)))]
pub(super) async fn automatic(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, certificate)): Ids<(OrgId, CertificateId)>,
) -> Result<Json<api::AutomaticRenewal>, Failure> {
    let held = state.app.certificate(&who.caller, org, certificate).await?;
    let wish = state.app.automatic_renewal(&who.caller, org, certificate).await?;
    Ok(Json(automatic_renewal(wish.as_ref(), held.expires_at)))
}

/// Has a certificate renewed so many days before its end, as if somebody had asked for it on that day and without revoking
/// the old one, or no longer. What was made is renewed in the same way.
#[utoipa::path(put, path = "/orgs/{org}/certificates/{certificate}/automatic-renewal", tag = "certificates", request_body = api::SetAutomaticRenewal, responses((status = 200, body = api::AutomaticRenewal)))]
pub(super) async fn set_automatic(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, certificate)): Ids<(OrgId, CertificateId)>,
    Body(input): Body<api::SetAutomaticRenewal>,
) -> Result<Json<api::AutomaticRenewal>, Failure> {
    let wanted = match (input.days_before, input.key.as_deref()) {
        (None, _) => None,
        (Some(_), None) => {
            let message = "Say through which key it is to be renewed, by id or name.";
            return Err(Problem::field("key_missing", "key", message).into());
        }
        (Some(days), Some(key)) => {
            let key = state.app.find_key(&who.caller, Action::CreateCertificate, org, key).await?;
            Some((days, key.id))
        }
    };
    let wish = state.app.set_automatic_renewal(&who.caller, org, certificate, wanted).await?;
    let held = state.app.certificate(&who.caller, org, certificate).await?;
    Ok(Json(automatic_renewal(wish.as_ref(), held.expires_at)))
}

fn automatic_renewal(wish: Option<&AutomaticRenewal>, ends: Timestamp) -> api::AutomaticRenewal {
    wish.map_or_else(api::AutomaticRenewal::default, |wish| api::AutomaticRenewal {
        days_before: Some(wish.days_before),
        key: wish.key.map(|key| key.to_string()),
        begins_at: Some(wish.begins_at(ends)),
    })
}
