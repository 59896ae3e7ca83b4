//! Taking certificates in, from files and from the Apple account; renaming and removing those held here.

use super::{
    extract::{Body, Ids},
    views,
};
use crate::{State, reply::Failure, rest::document::AppleMayRefuse, session::Bearer};
use app::Problem;
use axum::{Json, extract, http::StatusCode};
use base64::{Engine, engine::general_purpose::STANDARD};
use domain::{Action, CertificateId, OrgId};
use zeroize::Zeroizing;

/// Takes in what is in a file: a `.p12` with one or several entries, a `.cer`, or PEM.
#[utoipa::path(post, path = "/orgs/{org}/certificates/import", tag = "certificates", request_body = api::ImportCertificates, responses((status = 200, body = api::Imported)))]
pub(super) async fn import(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids(org): Ids<OrgId>,
    Body(input): Body<api::ImportCertificates>,
) -> Result<Json<api::Imported>, Failure> {
    let password = Zeroizing::new(input.password.unwrap_or_default());
    state.app.may(&who.caller, Action::ImportCertificate, org).await?;
    let file = bytes(Zeroizing::new(input.content))?;
    let imported = state.app.import_certificates(&who.caller, org, file, password).await?;
    Ok(Json(views::imported(imported, state.clock.now())))
}

/// PEM as it is, everything else out of base64.
fn bytes(content: Zeroizing<String>) -> Result<Zeroizing<Vec<u8>>, Problem> {
    if content.contains("-----BEGIN ") {
        return Ok(Zeroizing::new(content.as_bytes().to_vec()));
    }
    let digits: Zeroizing<String> = Zeroizing::new(content.chars().filter(|c| !c.is_whitespace()).collect());
    STANDARD.decode(digits.as_bytes()).map(Zeroizing::new).map_err(|_| {
        Problem::field(
            "content_unfit",
            "content",
            "This is neither PEM nor base64. Send the bytes of the file as base64.",
        )
    })
}

/// Takes certificates in that the Apple account has: all, or chosen ones. Nothing changes at Apple.
#[utoipa::path(post, path = "/orgs/{org}/keys/{key}/apple/certificates/fetch", tag = "certificates", request_body = api::FetchCertificates, responses((status = 200, body = api::Imported), AppleMayRefuse))]
pub(super) async fn fetch(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, key)): Ids<(OrgId, String)>,
    Body(input): Body<api::FetchCertificates>,
) -> Result<Json<api::Imported>, Failure> {
    let key = state.app.find_key(&who.caller, Action::ImportCertificate, org, &key).await?;
    let chosen = input.certificates.map(|ids| ids.into_iter().collect());
    let imported = state.app.fetch_certificates(&who.caller, org, key.id, chosen.as_ref()).await?;
    Ok(Json(views::imported(imported, state.clock.now())))
}

/// Gives it another name here. What the certificate itself says stays.
#[utoipa::path(patch, path = "/orgs/{org}/certificates/{certificate}", tag = "certificates", request_body = api::EditCertificate, responses((status = 200, body = api::Certificate)))]
pub(super) async fn edit(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, certificate)): Ids<(OrgId, CertificateId)>,
    Body(input): Body<api::EditCertificate>,
) -> Result<Json<api::Certificate>, Failure> {
    let held = state.app.rename_certificate(&who.caller, org, certificate, &input.name).await?;
    Ok(Json(views::certificate(&held.into(), state.clock.now())))
}

/// What depends on it.
#[utoipa::path(get, path = "/orgs/{org}/certificates/{certificate}/dependents", tag = "certificates", responses((status = 200, body = api::CertificateDependents)))]
pub(super) async fn dependents(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, certificate)): Ids<(OrgId, CertificateId)>,
) -> Result<Json<api::CertificateDependents>, Failure> {
    let found = state.app.certificate_dependents(&who.caller, org, certificate).await?;
    Ok(Json(api::CertificateDependents {
        name: found.certificate.name,
        key_destroyed: found.key_destroyed,
        valid_at_apple: found.valid_at_apple,
        signing_sets: views::signing_sets::names(&found.sets),
        sharing: found.sharing.as_ref().map(views::sharing),
    }))
}

/// Removes it here, with its private key unless something else here has that. At Apple it stays as it is. The body repeats
/// its name.
#[utoipa::path(post, path = "/orgs/{org}/certificates/{certificate}/remove", tag = "certificates", request_body = api::RemoveCertificate, responses((status = 204)))]
pub(super) async fn remove(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, certificate)): Ids<(OrgId, CertificateId)>,
    Body(input): Body<api::RemoveCertificate>,
) -> Result<StatusCode, Failure> {
    state.app.remove_certificate(&who.caller, org, certificate, &input.name).await?;
    Ok(StatusCode::NO_CONTENT)
}
