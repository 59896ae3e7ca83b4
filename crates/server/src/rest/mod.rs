//! The REST API under `/api/v1`, and the OpenAPI document that is made from it.
//!
//! One route table for both: a handler that is not in the document is not served.

mod account;
mod activity;
mod apple_account;
mod apple_webhooks;
mod apps;
mod binaries;
mod builds;
mod bundle_ids;
mod certificates;
mod csrs;
mod devices;
mod document;
mod enrollment;
mod extract;
mod idempotency;
mod imports;
mod inbox;
mod invitations;
mod item_shares;
mod keys;
mod members;
mod notification_channels;
mod organizations;
mod profiles;
mod renewals;
mod reports;
mod service_tokens;
mod sharing;
mod signing_sets;
mod testing;
pub(crate) mod views;

use crate::{
    State,
    doors::{Demand::*, Doors},
    reply::{self, Failure},
};
use app::Problem;
use axum::{
    body::Bytes,
    http::{StatusCode, header},
    middleware,
    response::{IntoResponse, Response},
};
use domain::Action::*;
use std::sync::{Arc, LazyLock};
use utoipa::openapi::OpenApi;
use utoipa_axum::routes;

/// Where the document is served.
pub(crate) const DOCUMENT: &str = "/api/openapi.json";

/// Largest body with profiles in base64: one of 5 MB, and usual ones of 20 kB beside it.
const PROFILES_BYTES: usize = 16_000_000;
/// With a file of devices, which has 2 MB at most.
const DEVICES_BYTES: usize = 4_000_000;
/// With a bundle of certificates, which has 1 MB at most.
const CERTIFICATES_BYTES: usize = 2_000_000;

/// The URL table, each address with what it demands ([`crate::doors`] has the rules).
pub(crate) fn table() -> Doors {
    Doors::of_operations(api::ROOT, document::frame())
        .operation(Public, routes!(account::status))
        .operation(Public, routes!(account::login))
        .operation(SignedIn, routes!(account::me))
        .operation(Person, routes!(account::tokens, account::create_token))
        .operation(Person, routes!(account::revoke_token))
        .operation(Person, routes!(inbox::notices))
        .operation(Person, routes!(inbox::read_notices))
        .operation(SignedIn, routes!(organizations::list))
        .operation(Person, routes!(organizations::create))
        .operation(In(SeeOrganization), routes!(organizations::show))
        .operation(In(RenameOrganization), routes!(organizations::edit))
        .operation(In(DeleteOrganization), routes!(organizations::losses))
        .operation(In(DeleteOrganization), routes!(organizations::remove))
        .operation(In(SeeSubOrganizations), routes!(organizations::list_below))
        .operation(In(ManageSubOrganizations), routes!(organizations::create_below))
        .operation(In(ManageSubOrganizations), routes!(organizations::losses_below))
        .operation(In(ManageSubOrganizations), routes!(organizations::remove_below))
        .operation(In(SeeKeys), routes!(keys::list))
        .operation(In(AddKey), routes!(keys::add))
        .operation(In(SeeKeys), routes!(keys::show))
        .operation(In(EditKey), routes!(keys::edit))
        .operation(In(RemoveKey), routes!(keys::remove))
        .operation(In(CheckKey), routes!(keys::check))
        .operation(In(RotateKey), routes!(keys::rotate))
        .operation(In(SeeKeys), routes!(keys::dependents))
        .operation(In(OverrideFeature), routes!(keys::override_feature))
        .operation(In(ShareKey), routes!(sharing::shares, sharing::share))
        .operation(In(MintAppleToken), routes!(keys::apple_token))
        .operation(InOneOf(keys::CHOICES), routes!(keys::choices))
        .operation(In(SeeSigning), routes!(apple_account::certificates))
        .operation(In(SeeSigning), routes!(apple_account::certificate))
        .operation(In(RevokeCertificate), routes!(apple_account::revoke_certificate))
        .operation(In(SeeSigning), routes!(apple_account::profiles))
        .operation(In(DownloadProfile), routes!(apple_account::download_profile))
        .operation(In(SeeSigning), routes!(bundle_ids::list))
        .operation(In(EditBundleIds), routes!(bundle_ids::register))
        .operation(In(SeeSigning), routes!(bundle_ids::show))
        .operation(In(EditBundleIds), routes!(bundle_ids::edit))
        .operation(In(EditBundleIds), routes!(bundle_ids::preview))
        .operation(In(SeeSigning), routes!(devices::list))
        .operation_with_files(In(EditDevices), DEVICES_BYTES, routes!(devices::register))
        .operation_with_files(In(EditDevices), DEVICES_BYTES, routes!(devices::preview))
        .operation(In(SeeSigning), routes!(devices::show))
        .operation(In(EditDevices), routes!(devices::edit))
        .operation(In(EditDevices), routes!(devices::set_membership_year))
        .operation(In(SeeSigning), routes!(enrollment::invitations))
        .operation(In(EditDevices), routes!(enrollment::invite))
        .operation(In(EditDevices), routes!(enrollment::send_again))
        .operation(In(EditDevices), routes!(enrollment::revoke))
        .operation(In(SeeSigning), routes!(enrollment::pending))
        .operation(In(EditDevices), routes!(enrollment::add))
        .operation(In(EditDevices), routes!(enrollment::approve))
        .operation(In(EditDevices), routes!(enrollment::reject))
        .operation(In(SeeSigning), routes!(certificates::list))
        .operation(In(CreateCertificate), routes!(certificates::create))
        .operation(In(SeeSigning), routes!(certificates::show))
        .operation(In(SeeSigning), routes!(item_shares::inherited_certificates))
        .operation(
            In(ShareCertificate),
            routes!(item_shares::certificate_shares, item_shares::share_certificate),
        )
        .operation_with_files(In(ImportCertificate), CERTIFICATES_BYTES, routes!(imports::import))
        .operation(In(ImportCertificate), routes!(imports::fetch))
        .operation(In(EditCertificate), routes!(imports::edit))
        .operation(In(RemoveCertificate), routes!(imports::dependents))
        .operation(In(RemoveCertificate), routes!(imports::remove))
        .operation(InOneOf(certificates::EXPORT), routes!(certificates::export))
        .operation(In(CreateCertificate), routes!(renewals::preview))
        .operation(In(CreateCertificate), routes!(renewals::renew))
        .operation(In(SeeSigning), routes!(renewals::automatic))
        .operation(In(CreateCertificate), routes!(renewals::set_automatic))
        .operation(In(SeeSigning), routes!(certificates::operation))
        .operation(In(SendBuild), routes!(builds::check))
        .operation(In(SendBuild), routes!(builds::send))
        .operation(In(SeeBinaries), routes!(builds::sending))
        .operation(In(SeeBinaries), routes!(builds::apps))
        .operation(In(SeeBinaries), routes!(builds::builds))
        .operation(In(SeeBinaries), routes!(apple_webhooks::list))
        .operation(In(SendBuild), routes!(apple_webhooks::add, apple_webhooks::remove))
        .operation(In(SeeBinaries), routes!(testing::groups))
        .operation(In(SeeTesters), routes!(testing::group))
        .operation(In(SeeTesters), routes!(testing::testers))
        .operation(In(SeeBinaries), routes!(testing::build))
        .operation(In(SeeBinaries), routes!(testing::info))
        .operation(In(EditTestingTexts), routes!(testing::review_details))
        .operation(InOneOf(testing::CHANGE), routes!(testing::change))
        .operation(In(SeeBinaries), routes!(testing::changes))
        .operation(In(SeeBinaries), routes!(apps::show))
        .operation(In(SetAppDefaults), routes!(apps::set))
        .operation(In(SendBuild), routes!(apps::reserve))
        .operation(In(SeeBinaries), routes!(binaries::list))
        .operation(In(UploadBinary), routes!(binaries::begin))
        .operation(In(SeeBinaries), routes!(binaries::show))
        .operation(In(MarkReleaseCandidate), routes!(binaries::edit))
        .operation(In(SeeBinaries), routes!(binaries::findings))
        .operation(In(SeeBinaries), routes!(binaries::icon))
        .operation(In(SeeBinaries), routes!(binaries::compare))
        .operation(In(DownloadBinary), routes!(binaries::download))
        .operation(In(UploadBinary), routes!(binaries::remove))
        .operation(In(UploadBinary), routes!(binaries::upload, binaries::give_up))
        .operation(In(UploadBinary), routes!(binaries::append))
        .operation(In(UploadBinary), routes!(binaries::complete))
        .operation(In(SeeBinaries), routes!(binaries::retention))
        .operation(In(SetBinaryRetention), routes!(binaries::set_retention))
        .operation(In(SeeSigning), routes!(profiles::list))
        .operation(In(EditProfiles), routes!(profiles::register))
        .operation(In(SeeSigning), routes!(profiles::show))
        .operation(In(SeeSigning), routes!(item_shares::inherited_profiles))
        .operation(In(ShareProfile), routes!(item_shares::profile_shares, item_shares::share_profile))
        .operation(In(DownloadProfile), routes!(profiles::download))
        .operation(In(EditProfiles), routes!(profiles::rebuild))
        .operation_with_files(In(EditProfiles), PROFILES_BYTES, routes!(profiles::import))
        .operation(In(EditProfiles), routes!(profiles::fetch))
        .operation(In(EditProfiles), routes!(profiles::delete))
        .operation(In(EditProfiles), routes!(profiles::remove))
        .operation(In(SeeSigning), routes!(signing_sets::list))
        .operation(In(EditSigningSets), routes!(signing_sets::create))
        .operation(In(UseSigningSets), routes!(signing_sets::ensure))
        .operation(In(SeeSigning), routes!(signing_sets::show))
        .operation(In(EditSigningSets), routes!(signing_sets::remove))
        .operation(In(UseSigningSets), routes!(signing_sets::files))
        .operation(In(SeeSigning), routes!(csrs::list))
        .operation(In(ManageCsrs), routes!(csrs::create))
        .operation(In(SeeSigning), routes!(csrs::show))
        .operation(In(ManageCsrs), routes!(csrs::complete))
        .operation(In(ManageCsrs), routes!(csrs::remove))
        .operation(In(SeeActivity), routes!(reports::signing))
        .operation(In(ExportActivity), routes!(reports::signing_export))
        .operation(In(SeeChannels), routes!(notification_channels::list))
        .operation(In(ManageChannels), routes!(notification_channels::create))
        .operation(In(SeeChannels), routes!(notification_channels::show))
        .operation(In(ManageChannels), routes!(notification_channels::edit))
        .operation(In(ManageChannels), routes!(notification_channels::remove))
        .operation(In(ManageChannels), routes!(notification_channels::rotate))
        .operation(In(ManageChannels), routes!(notification_channels::test))
        .operation(In(SeeChannels), routes!(notification_channels::deliveries))
        .operation(In(SeeChannels), routes!(notification_channels::delivery))
        .operation(In(SeeTokens), routes!(service_tokens::list))
        .operation(In(ManageTokens), routes!(service_tokens::create))
        .operation(In(SeeTokens), routes!(service_tokens::show))
        .operation(In(ManageTokens), routes!(service_tokens::edit, service_tokens::revoke))
        .operation(In(ManageTokens), routes!(service_tokens::rotate))
        .operation(In(SeeMembers), routes!(members::list))
        .operation(In(SeeMembers), routes!(members::show))
        .operation(In(ManageMembers), routes!(members::edit))
        .operation(In(ManageMembers), routes!(members::remove))
        .operation(In(SeeOrganization), routes!(members::leave))
        .operation(In(SeeMembers), routes!(invitations::list))
        .operation(In(ManageMembers), routes!(invitations::invite))
        .operation(In(ManageMembers), routes!(invitations::send_again))
        .operation(In(ManageMembers), routes!(invitations::revoke))
        .operation(Public, routes!(invitations::look))
        .operation(Public, routes!(invitations::accept))
        .operation(In(SeeActivity), routes!(activity::list))
        .operation(In(SeeActivity), routes!(activity::show))
        .operation(In(ExportActivity), routes!(activity::export))
        .operation(In(VerifyActivity), routes!(activity::verify))
        .page(DOCUMENT, Public, served_document)
}

/// The OpenAPI 3.1 document.
#[must_use]
pub fn openapi() -> OpenApi {
    document::whole(table().document())
}

/// The doors with what stands around them.
pub(crate) fn router(state: &State) -> Doors {
    let doors = table();
    let larger = Arc::new(doors.larger_bodies());
    doors
        .layer(middleware::from_fn_with_state((state.clone(), larger), idempotency::once))
        .nothing_at("/api", unknown)
        .nothing_at("/api/", unknown)
        .nothing_at("/api/{*rest}", unknown)
        .wrong_method(wrong_method)
}

/// `GET /api/openapi.json`
async fn served_document() -> impl IntoResponse {
    static DOCUMENT: LazyLock<Bytes> = LazyLock::new(|| Bytes::from(openapi().to_json().unwrap_or_default()));
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT.clone())
}

fn unknown() -> Failure {
    Problem::not_found().into()
}

async fn wrong_method() -> Response {
    reply::respond(reply::plain(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "This address exists, but not with this method. /api/openapi.json lists what does.",
    ))
}
