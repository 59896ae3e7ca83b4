//! Sharing certificates and profiles with sub-organizations, and what of them is lent to one.

use super::{
    extract::{Asked, Body, Ids},
    views::{self, profiles as shown_as},
};
use crate::{State, reply::Failure, session::Bearer};
use app::{
    Caller, Problem,
    lending::{ItemShareChange, SigningItem},
    sharing::PanelQuery,
};
use axum::{Json, extract};
use domain::{CertificateId, OrgId, ProfileId, ShareTarget};
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

async fn panel(state: &State, caller: &Caller, org: OrgId, item: SigningItem, wanted: Wanted) -> Result<Json<api::ItemShares>, Failure> {
    let query = PanelQuery {
        search: wanted.search,
        cursor: wanted.cursor,
    };
    let panel = state.app.item_shares(caller, org, item, &query).await?;
    Ok(Json(views::item_shares(&panel)))
}

async fn change(
    state: &State,
    caller: &Caller,
    org: OrgId,
    item: SigningItem,
    input: api::ChangeItemShares,
) -> Result<Json<api::Sharing>, Failure> {
    // What is no id is no sub-organization, like an id of others.
    let target = |word: &str| word.parse::<ShareTarget>().map_err(|_| Problem::not_found());
    let change = ItemShareChange {
        share: input
            .share
            .iter()
            .map(|with| Ok((target(&with.with)?, with.stops_at)))
            .collect::<Result<_, Problem>>()?,
        stop: input.stop.iter().map(|word| target(word)).collect::<Result<_, _>>()?,
    };
    let sharing = state.app.share_item(caller, org, item, change).await?;
    Ok(Json(views::sharing(&sharing)))
}

/// With whom a certificate is shared, and with whom it could be: at most 200 sub-organizations at a time.
#[utoipa::path(get, path = "/orgs/{org}/certificates/{certificate}/shares", tag = "certificates", params(Wanted), responses((status = 200, body = api::ItemShares)))]
pub(super) async fn certificate_shares(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, certificate)): Ids<(OrgId, CertificateId)>,
    Asked(wanted): Asked<Wanted>,
) -> Result<Json<api::ItemShares>, Failure> {
    panel(&state, &who.caller, org, SigningItem::Certificate(certificate), wanted).await
}

/// Shares a certificate, changes until when, or stops sharing it; at once. Who it is shared with can put it into signing sets,
/// whose files have its private key.
#[utoipa::path(patch, path = "/orgs/{org}/certificates/{certificate}/shares", tag = "certificates", request_body = api::ChangeItemShares, responses((status = 200, body = api::Sharing)))]
pub(super) async fn share_certificate(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, certificate)): Ids<(OrgId, CertificateId)>,
    Body(input): Body<api::ChangeItemShares>,
) -> Result<Json<api::Sharing>, Failure> {
    change(&state, &who.caller, org, SigningItem::Certificate(certificate), input).await
}

/// The certificates that the root organization lends now, soonest expiry first; none in a root. They can be used here in
/// signing sets, and not downloaded, renamed, renewed, passed on or removed.
#[utoipa::path(get, path = "/orgs/{org}/certificates/inherited", tag = "certificates", responses((status = 200, body = api::InheritedCertificates)))]
pub(super) async fn inherited_certificates(
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

/// With whom a profile is shared, and with whom it could be: at most 200 sub-organizations at a time.
#[utoipa::path(get, path = "/orgs/{org}/profiles/{held_profile}/shares", tag = "profiles", params(Wanted), responses((status = 200, body = api::ItemShares)))]
pub(super) async fn profile_shares(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, profile)): Ids<(OrgId, ProfileId)>,
    Asked(wanted): Asked<Wanted>,
) -> Result<Json<api::ItemShares>, Failure> {
    panel(&state, &who.caller, org, SigningItem::Profile(profile), wanted).await
}

/// Shares a profile, changes until when, or stops sharing it; at once. The certificates in it are shared by themselves.
#[utoipa::path(patch, path = "/orgs/{org}/profiles/{held_profile}/shares", tag = "profiles", request_body = api::ChangeItemShares, responses((status = 200, body = api::Sharing)))]
pub(super) async fn share_profile(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, profile)): Ids<(OrgId, ProfileId)>,
    Body(input): Body<api::ChangeItemShares>,
) -> Result<Json<api::Sharing>, Failure> {
    change(&state, &who.caller, org, SigningItem::Profile(profile), input).await
}

/// The profiles that the root organization lends now, by name; none in a root. They can be used here in signing sets, and not
/// downloaded, rebuilt, passed on or removed.
#[utoipa::path(get, path = "/orgs/{org}/profiles/inherited", tag = "profiles", responses((status = 200, body = api::InheritedProfiles)))]
pub(super) async fn inherited_profiles(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids(org): Ids<OrgId>,
) -> Result<Json<api::InheritedProfiles>, Failure> {
    let now = state.clock.now();
    let lent = state.app.inherited_profiles(&who.caller, org).await?;
    let items = lent.into_iter().map(|one| api::InheritedProfile {
        profile: shown_as::row(&one.row, now),
        owner: one.owner,
        stops_at: one.stops_at,
    });
    Ok(Json(api::InheritedProfiles { items: items.collect() }))
}
