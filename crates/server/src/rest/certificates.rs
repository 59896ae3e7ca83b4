//! Certificates held here, and the acts that make them.

use super::{
    extract::{Asked, Body, Ids, paging},
    idempotency::CarriesSecret,
    views,
};
use crate::{State, reply::Failure, session::Bearer};
use app::{Problem, apple_account::ListQuery, certificates::P12Password};
use axum::{Extension, Json, extract, http::StatusCode};
use domain::{Action, CertificateId, OperationId, OrgId, activity::ExportForm};
use serde::Deserialize;
use std::time::Duration;
use utoipa::IntoParams;
use zeroize::Zeroizing;

/// Longest wait of one request, in seconds.
const WAIT_SECONDS: u64 = 30;

/// Which certificates, and which page of them.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Shown {
    /// A part of the name, or the beginning of the serial number; case does not matter.
    search: Option<String>,
    /// Apple's type, such as DISTRIBUTION.
    kind: Option<String>,
    /// `valid`, `expiring` within 30 days, `expired`.
    state: Option<String>,
    /// `expires` (unless given), `name` or `type`; a leading `-` turns the order around.
    sort: Option<String>,
    /// How many, 200 at most; 50 unless given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// What is held here, in pages.
#[utoipa::path(get, path = "/orgs/{org}/certificates", tag = "certificates", params(Shown), responses((status = 200, body = api::Certificates)))]
pub(super) async fn list(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids(org): Ids<OrgId>,
    Asked(shown): Asked<Shown>,
) -> Result<Json<api::Certificates>, Failure> {
    let now = state.clock.now();
    let paging = paging(shown.limit, shown.cursor)?;
    let query = ListQuery {
        search: shown.search,
        kind: shown.kind,
        state: shown.state,
        sort: shown.sort,
    };
    let page = state.app.certificates(&who.caller, org, &query, &paging).await?;
    Ok(Json(api::Certificates {
        items: page.items.iter().map(|c| views::certificate(c, now)).collect(),
        next_cursor: page.next,
    }))
}

/// Begins to create a certificate. The answer is the act; ask for it until it is over.
#[utoipa::path(post, path = "/orgs/{org}/certificates", tag = "certificates", request_body = api::NewCertificate, responses((status = 202, body = api::Operation)))]
pub(super) async fn create(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids(org): Ids<OrgId>,
    Body(input): Body<api::NewCertificate>,
) -> Result<(StatusCode, Json<api::Operation>), Failure> {
    let key = state.app.find_key(&who.caller, Action::CreateCertificate, org, &input.key).await?;
    let (app, caller) = (&state.app, &who.caller);
    let operation = match input.csr {
        None => app.create_certificate(caller, org, key.id, &input.certificate_type).await?,
        Some(csr) => {
            let csr = csr.parse().map_err(|_| Problem::not_found())?;
            Box::pin(app.create_certificate_of_request(caller, org, key.id, &input.certificate_type, csr)).await?
        }
    };
    Ok((StatusCode::ACCEPTED, Json(views::operation(&operation.into()))))
}

/// One certificate.
#[utoipa::path(get, path = "/orgs/{org}/certificates/{certificate}", tag = "certificates", responses((status = 200, body = api::CertificateDetails)))]
pub(super) async fn show(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, certificate)): Ids<(OrgId, CertificateId)>,
) -> Result<Json<api::CertificateDetails>, Failure> {
    let details = state.app.certificate_details(&who.caller, org, certificate).await?;
    Ok(Json(views::certificate_details(details, state.clock.now())))
}

/// The form that a word names.
pub(crate) fn export_form(word: &str) -> Result<ExportForm, Problem> {
    match word {
        "p12-compatible" => Ok(ExportForm::P12Compatible),
        "p12-modern" => Ok(ExportForm::P12Modern),
        "pem" => Ok(ExportForm::Pem),
        "cer" => Ok(ExportForm::Cer),
        other => Err(Problem::field(
            "form_unknown",
            "form",
            format!(
                "“{}” is not a form. Use p12-compatible, p12-modern, pem or cer.",
                other.chars().take(40).collect::<String>()
            ),
        )),
    }
}

/// What an export demands: the certificate alone is no secret.
pub(super) const EXPORT: &[Action] = &[Action::DownloadCertificate, Action::SeeSigning];

/// Takes a certificate away, with its private key where the form holds one. Recorded before a byte leaves.
#[utoipa::path(post, path = "/orgs/{org}/certificates/{certificate}/export", tag = "certificates", request_body = api::ExportRequest, responses((status = 200, body = api::Export)))]
pub(super) async fn export(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, certificate)): Ids<(OrgId, CertificateId)>,
    Body(input): Body<api::ExportRequest>,
) -> Result<(Extension<CarriesSecret>, Json<api::Export>), Failure> {
    let password = match input.password {
        None => P12Password::Generated,
        Some(text) if text.is_empty() => P12Password::Empty,
        Some(text) => P12Password::Given(Zeroizing::new(text)),
    };
    let export = state
        .app
        .export_certificate(&who.caller, org, certificate, export_form(&input.form)?, password)
        .await?;
    Ok((Extension(CarriesSecret), Json(views::export(&export))))
}

/// How long to wait.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Wait {
    /// Seconds to wait for the end, 30 at most; none: answer at once.
    #[param(minimum = 0, maximum = 30)]
    wait: Option<u64>,
}

impl Wait {
    pub(super) fn of(wait: Option<u64>) -> Self {
        Self { wait }
    }
}

/// How long that is.
pub(super) fn seconds(wait: &Wait) -> Result<Duration, Problem> {
    match wait.wait.unwrap_or(0) {
        fits @ 0..=WAIT_SECONDS => Ok(Duration::from_secs(fits)),
        _ => Err(Problem::field(
            "wait_unfit",
            "wait",
            format!("Wait {WAIT_SECONDS} seconds at most, then ask again."),
        )),
    }
}

/// Where a long act stands.
#[utoipa::path(get, path = "/orgs/{org}/operations/{operation}", tag = "certificates", params(Wait), responses((status = 200, body = api::Operation)))]
pub(super) async fn operation(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, operation)): Ids<(OrgId, OperationId)>,
    Asked(wait): Asked<Wait>,
) -> Result<Json<api::Operation>, Failure> {
    let view = state.app.wait_for_operation(&who.caller, org, operation, seconds(&wait)?).await?;
    Ok(Json(views::operation(&view)))
}
