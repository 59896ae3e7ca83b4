//! Sharing certificates with sub-organizations, and what is lent to one.

use super::{
    extract::{Asked, Body, Ids},
    views,
};
use crate::{State, reply::Failure, session::Bearer};
use app::{Problem, certificates::CertificateShareChange, sharing::PanelQuery};
use axum::{Json, extract};
use domain::{CertificateId, OrgId, ShareTarget};
use serde::Deserialize;
use utoipa::IntoParams;

/// Which sub-organizations to show.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// Part of a name; case does not matter.
    search: Option<String>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// With whom a certificate is shared, and with whom it could be: at most 200 sub-organizations at a time.
#[utoipa::path(get, path = "/orgs/{org}/certificates/{certificate}/shares", tag = "certificates", params(Wanted), responses((status = 200, body = api::CertificateShares)))]
pub(super) async fn shares(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, certificate)): Ids<(OrgId, CertificateId)>,
    Asked(wanted): Asked<Wanted>,
) -> Result<Json<api::CertificateShares>, Failure> {
    let query = PanelQuery {
        search: wanted.search,
        cursor: wanted.cursor,
    };
    let panel = state.app.certificate_shares(&who.caller, org, certificate, &query).await?;
    Ok(Json(views::certificate_shares(&panel)))
}

/// Shares a certificate, changes until when, or stops sharing it; at once.
#[utoipa::path(patch, path = "/orgs/{org}/certificates/{certificate}/shares", tag = "certificates", request_body = api::ChangeCertificateShares, responses((status = 200, body = api::Sharing)))]
pub(super) async fn share(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, certificate)): Ids<(OrgId, CertificateId)>,
    Body(input): Body<api::ChangeCertificateShares>,
) -> Result<Json<api::Sharing>, Failure> {
    // What is no id is no sub-organization, like an id of others.
    let target = |word: &str| word.parse::<ShareTarget>().map_err(|_| Problem::not_found());
    let change = CertificateShareChange {
        share: input
            .share
            .iter()
            .map(|with| Ok((target(&with.with)?, with.stops_at)))
            .collect::<Result<_, Problem>>()?,
        stop: input.stop.iter().map(|word| target(word)).collect::<Result<_, _>>()?,
    };
    let sharing = state.app.share_certificate(&who.caller, org, certificate, change).await?;
    Ok(Json(views::sharing(&sharing)))
}

/// The certificates that the root organization lends now, soonest expiry first; none in a root. They can be used here, and
/// not downloaded, renamed, passed on or removed.
#[utoipa::path(get, path = "/orgs/{org}/certificates/inherited", tag = "certificates", responses((status = 200, body = api::InheritedCertificates)))]
pub(super) async fn inherited(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids(org): Ids<OrgId>,
) -> Result<Json<api::InheritedCertificates>, Failure> {
    let now = state.clock.now();
    let lent = state.app.inherited_certificates(&who.caller, org).await?;
    let items = lent.into_iter().map(|one| api::InheritedCertificate {
        certificate: views::certificate(&one.certificate.into(), now),
        owner: one.owner,
        stops_at: one.stops_at,
    });
    Ok(Json(api::InheritedCertificates { items: items.collect() }))
}
