//! The web console: server-rendered pages over the use cases of `app`. It has no powers of its own.
//!
//! A page is a struct with plain data (its file says what it shows) and a template of the same name under
//! `templates/`; handlers fill the struct. Everything works without a script: each act is a form with an address,
//! answered by a redirect; the modules under `assets/scripts` only make it faster.
//!
//! The one surprising thing: the content security policy forbids inline styles and scripts, so whatever depends on
//! data is drawn with SVG attributes or a class, and a test looks for anything else.

pub(crate) mod activity;
pub(crate) mod apple;
pub(crate) mod around;
pub(crate) mod assets;
pub(crate) mod binaries;
pub(crate) mod bundle_ids;
pub(crate) mod calendar;
pub(crate) mod certificates;
pub(crate) mod confirm;
pub(crate) mod csrs;
pub(crate) mod device_link;
pub(crate) mod devices;
pub(crate) mod expiries;
pub(crate) mod fields;
pub(crate) mod filters;
pub(crate) mod gate;
pub(crate) mod import;
pub(crate) mod inbox;
pub(crate) mod invitation;
pub(crate) mod keys;
pub(crate) mod listing;
pub(crate) mod me;
pub(crate) mod members;
pub(crate) mod notifications;
pub(crate) mod once;
pub(crate) mod operation;
pub(crate) mod organizations;
pub(crate) mod overview;
pub(crate) mod parts;
pub(crate) mod pictures;
pub(crate) mod profiles;
pub(crate) mod reports;
pub(crate) mod share_item;
pub(crate) mod shell;
pub(crate) mod signing_sets;
pub(crate) mod testing;
pub(crate) mod tokens;
pub(crate) mod visit;
pub(crate) mod when;

use crate::{
    State, apple_webhook,
    doors::{Demand::*, Doors},
    reply,
};
use axum::{
    middleware,
    response::{IntoResponse, Response},
};
use domain::Action::*;
use tower_http::catch_panic::CatchPanicLayer;

/// Every page and every act, each address with what it demands ([`crate::doors`] has the rules).
pub(crate) fn table() -> Doors {
    use certificates::create;
    use keys::{acts, add, one, share};
    use organizations::{below, choose, settings};
    use visit::FILE_FORM_BYTES as FILE;
    Doors::new()
        .page("/", Person, gate::start)
        .form("/setup", Public, gate::set_up_form, gate::set_up)
        .form("/sign-in", Public, gate::sign_in_form, gate::sign_in)
        .act("/sign-out", Person, gate::sign_out)
        .form("/confirm", Person, confirm::form, confirm::confirm)
        .page("/o/{org}", In(SeeOrganization), overview::show)
        .page("/o/{org}/expiries", In(SeeOrganization), expiries::show)
        .act("/o/{org}/expiries/calendar", In(SeeOrganization), calendar::make)
        .act("/o/{org}/expiries/calendar/end", In(SeeOrganization), calendar::end)
        .page("/calendar/{token}", Public, calendar::read)
        .page("/o/{org}/keys", In(SeeKeys), keys::list::show)
        .form_with_file("/o/{org}/keys/new", In(AddKey), FILE, add::form, add::add)
        .page("/o/{org}/keys/{key}", In(SeeKeys), one::show)
        .act("/o/{org}/keys/{key}/check", In(CheckKey), one::check)
        .act("/o/{org}/keys/{key}/override", In(OverrideFeature), one::override_feature)
        .form("/o/{org}/keys/{key}/rename", In(EditKey), acts::rename_form, acts::rename)
        .form("/o/{org}/keys/{key}/share", In(ShareKey), share::form, share::share)
        .form("/o/{org}/keys/{key}/roles", In(EditKey), acts::roles_form, acts::roles)
        .form_with_file("/o/{org}/keys/{key}/rotate", In(RotateKey), FILE, acts::rotate_form, acts::rotate)
        .form("/o/{org}/keys/{key}/remove", In(RemoveKey), acts::remove_form, acts::remove)
        .page("/o/{org}/certificates", In(SeeSigning), certificates::list::show)
        .page("/o/{org}/certificates/new", In(ImportCertificate), certificates::add::choose)
        .form_with_file(
            "/o/{org}/certificates/upload",
            In(ImportCertificate),
            FILE,
            certificates::add::upload_form,
            certificates::add::upload,
        )
        .form(
            "/o/{org}/certificates/fetch",
            In(ImportCertificate),
            certificates::add::fetch_form,
            certificates::add::fetch,
        )
        .form(
            "/o/{org}/certificates/{certificate}/share",
            In(ShareCertificate),
            share_item::certificate_form,
            share_item::share_certificate,
        )
        .form(
            "/o/{org}/certificates/{certificate}/rename",
            In(EditCertificate),
            certificates::acts::rename_form,
            certificates::acts::rename,
        )
        .form(
            "/o/{org}/certificates/{certificate}/remove",
            In(RemoveCertificate),
            certificates::acts::remove_form,
            certificates::acts::remove,
        )
        .form(
            "/o/{org}/certificates/{certificate}/revoke",
            In(RevokeCertificate),
            certificates::revoke::form,
            certificates::revoke::revoke,
        )
        .form("/o/{org}/certificates/create", In(CreateCertificate), create::form, create::create)
        .form_confirmed_when_sent(
            "/o/{org}/certificates/{certificate}/renew",
            // It may revoke the old one first.
            In(CreateCertificate),
            certificates::renew::form,
            certificates::renew::renew,
        )
        .act(
            "/o/{org}/certificates/{certificate}/automatic-renewal",
            In(CreateCertificate),
            certificates::renew::set_automatic,
        )
        .page("/o/{org}/certificates/{certificate}", In(SeeSigning), certificates::one::show)
        .form(
            "/o/{org}/certificates/{certificate}/download",
            In(DownloadCertificate),
            certificates::one::download_form,
            certificates::one::download,
        )
        .page("/o/{org}/csrs", In(SeeSigning), csrs::list::show)
        .form("/o/{org}/csrs/new", In(ManageCsrs), csrs::acts::new_form, csrs::acts::create)
        .page("/o/{org}/csrs/{csr}", In(SeeSigning), csrs::list::one)
        .page("/o/{org}/csrs/{csr}/download", In(SeeSigning), csrs::list::download)
        .form_with_file(
            "/o/{org}/csrs/{csr}/complete",
            In(ManageCsrs),
            FILE,
            csrs::acts::complete_form,
            csrs::acts::complete,
        )
        .form_confirmed_when_sent(
            "/o/{org}/csrs/{csr}/remove",
            In(ManageCsrs),
            csrs::acts::remove_form,
            csrs::acts::remove,
        )
        .page("/o/{org}/binaries", In(SeeBinaries), binaries::list::show)
        .form_with_file(
            "/o/{org}/binaries/upload",
            In(UploadBinary),
            binaries::acts::FORM_BYTES,
            binaries::acts::upload_form,
            binaries::acts::upload,
        )
        .page("/o/{org}/binaries/{binary}", In(SeeBinaries), binaries::list::one)
        .page("/o/{org}/binaries/{binary}/icon", In(SeeBinaries), binaries::list::icon)
        .page("/o/{org}/binaries/{binary}/download", In(DownloadBinary), binaries::list::download)
        .act("/o/{org}/binaries/{binary}/mark", In(MarkReleaseCandidate), binaries::acts::mark)
        .form(
            "/o/{org}/binaries/{binary}/remove",
            In(UploadBinary),
            binaries::acts::remove_form,
            binaries::acts::remove,
        )
        .form(
            "/o/{org}/binaries/{binary}/send",
            In(SendBuild),
            binaries::send::form,
            binaries::send::send,
        )
        .page("/o/{org}/sendings/{sending}", In(SeeBinaries), binaries::send::sending)
        .and(testing::doors())
        .page("/o/{org}/operations/{operation}", In(SeeSigning), operation::show)
        .page("/o/{org}/operations/{operation}/events", In(SeeSigning), operation::events)
        .page("/o/{org}/profiles", In(SeeSigning), apple::profiles)
        .page("/o/{org}/profiles/new", In(EditProfiles), profiles::add::choose)
        .form(
            "/o/{org}/profiles/register",
            In(EditProfiles),
            profiles::register::form,
            profiles::register::register,
        )
        .form(
            "/o/{org}/profiles/fetch",
            In(EditProfiles),
            profiles::add::fetch_form,
            profiles::add::fetch,
        )
        .form_with_file(
            "/o/{org}/profiles/upload",
            In(EditProfiles),
            visit::PROFILES_FORM_BYTES,
            profiles::add::upload_form,
            profiles::add::upload,
        )
        .page("/o/{org}/profiles/held/{held_profile}", In(SeeSigning), profiles::one::show)
        .page(
            "/o/{org}/profiles/held/{held_profile}/download",
            In(DownloadProfile),
            profiles::one::download,
        )
        .form(
            "/o/{org}/profiles/held/{held_profile}/share",
            In(ShareProfile),
            share_item::profile_form,
            share_item::share_profile,
        )
        .form(
            "/o/{org}/profiles/held/{held_profile}/rebuild",
            In(EditProfiles),
            profiles::acts::rebuild_form,
            profiles::acts::rebuild,
        )
        .form(
            "/o/{org}/profiles/held/{held_profile}/remove",
            In(EditProfiles),
            profiles::acts::remove_form,
            profiles::acts::remove,
        )
        .page("/o/{org}/profiles/{profile}", In(SeeSigning), apple::profile)
        .page("/o/{org}/profiles/{profile}/download", In(DownloadProfile), apple::download_profile)
        .page("/o/{org}/bundle-ids", In(SeeSigning), bundle_ids::list::show)
        .form(
            "/o/{org}/bundle-ids/new",
            In(EditBundleIds),
            bundle_ids::new::form,
            bundle_ids::new::register,
        )
        .page("/o/{org}/bundle-ids/{bundle_id}", In(SeeSigning), bundle_ids::list::one)
        .form(
            "/o/{org}/bundle-ids/{bundle_id}/capabilities",
            In(EditBundleIds),
            bundle_ids::edit::form,
            bundle_ids::edit::save,
        )
        .page("/o/{org}/devices", In(SeeSigning), devices::list::show)
        .form_with_file(
            "/o/{org}/devices/add",
            In(EditDevices),
            FILE,
            devices::add::form,
            devices::add::preview,
        )
        .form(
            "/o/{org}/devices/membership-year",
            In(EditDevices),
            devices::membership_year::form,
            devices::membership_year::set,
        )
        .act("/o/{org}/devices/register", In(EditDevices), devices::add::register)
        .page("/o/{org}/devices/invited", In(SeeSigning), devices::invited::list)
        .form(
            "/o/{org}/devices/invite",
            In(EditDevices),
            devices::invited::form,
            devices::invited::invite,
        )
        .act(
            "/o/{org}/devices/invited/{device_invitation}/send-again",
            In(EditDevices),
            devices::invited::send_again,
        )
        .act(
            "/o/{org}/devices/invited/{device_invitation}/revoke",
            In(EditDevices),
            devices::invited::revoke,
        )
        .page("/o/{org}/devices/pending", In(SeeSigning), devices::pending::list)
        .form(
            "/o/{org}/devices/pending/{pending_device}/approve",
            In(EditDevices),
            devices::pending::approve_form,
            devices::pending::approve,
        )
        .act(
            "/o/{org}/devices/pending/{pending_device}/reject",
            In(EditDevices),
            devices::pending::reject,
        )
        .form_with_file(
            "/device/{token}",
            Public,
            device_link::ANSWER_BYTES,
            device_link::show,
            device_link::answer,
        )
        .page("/device/{token}/profile", Public, device_link::profile)
        .act_with_body(
            "/apple/webhooks/{apple_webhook}",
            Public,
            apple_webhook::BODY_BYTES,
            apple_webhook::take,
        )
        .page("/device/arrived", Public, device_link::arrived)
        .page("/o/{org}/devices/{device}", In(SeeSigning), devices::one::show)
        .form(
            "/o/{org}/devices/{device}/rename",
            In(EditDevices),
            devices::one::rename_form,
            devices::one::rename,
        )
        .form(
            "/o/{org}/devices/{device}/status",
            In(EditDevices),
            devices::one::status_form,
            devices::one::status,
        )
        .form_with_file(
            "/o/{org}/import",
            In(ImportCertificate),
            visit::IMPORT_FORM_BYTES,
            import::form,
            import::import,
        )
        .page("/o/{org}/signing-sets", In(SeeSigning), signing_sets::list::show)
        .form(
            "/o/{org}/signing-sets/new",
            In(EditSigningSets),
            signing_sets::pick::form,
            signing_sets::pick::create,
        )
        .form(
            "/o/{org}/signing-sets/ensure",
            In(EditSigningSets),
            signing_sets::ensure::form,
            signing_sets::ensure::ensure,
        )
        .page("/o/{org}/signing-sets/{signing_set}", In(SeeSigning), signing_sets::one::show)
        .form(
            "/o/{org}/signing-sets/{signing_set}/download",
            In(UseSigningSets),
            signing_sets::download::form,
            signing_sets::download::download,
        )
        .form(
            "/o/{org}/signing-sets/{signing_set}/remove",
            In(EditSigningSets),
            signing_sets::one::remove_form,
            signing_sets::one::remove,
        )
        .page("/o/{org}/notifications", In(SeeChannels), notifications::list::show)
        .form(
            "/o/{org}/notifications/new",
            In(ManageChannels),
            notifications::form::new_form,
            notifications::form::create,
        )
        .page("/o/{org}/notifications/{channel}", In(SeeChannels), notifications::list::one)
        .form(
            "/o/{org}/notifications/{channel}/edit",
            In(ManageChannels),
            notifications::form::edit_form,
            notifications::form::edit,
        )
        .act(
            "/o/{org}/notifications/{channel}/test",
            In(ManageChannels),
            notifications::acts::test,
        )
        .form(
            "/o/{org}/notifications/{channel}/rotate",
            In(ManageChannels),
            notifications::acts::rotate_form,
            notifications::acts::rotate,
        )
        .form(
            "/o/{org}/notifications/{channel}/remove",
            In(ManageChannels),
            notifications::acts::remove_form,
            notifications::acts::remove,
        )
        .page("/o/{org}/tokens", In(SeeTokens), tokens::list::show)
        .form(
            "/o/{org}/tokens/new",
            In(ManageTokens),
            tokens::form::new_form,
            tokens::form::create,
        )
        .page("/o/{org}/tokens/{service_token}", In(SeeTokens), tokens::list::one)
        .form(
            "/o/{org}/tokens/{service_token}/edit",
            In(ManageTokens),
            tokens::form::edit_form,
            tokens::form::edit,
        )
        .form(
            "/o/{org}/tokens/{service_token}/rotate",
            In(ManageTokens),
            tokens::acts::rotate_form,
            tokens::acts::rotate,
        )
        .form(
            "/o/{org}/tokens/{service_token}/revoke",
            In(ManageTokens),
            tokens::acts::revoke_form,
            tokens::acts::revoke,
        )
        .page("/o/{org}/members", In(SeeMembers), members::list::show)
        .form(
            "/o/{org}/members/invite",
            In(ManageMembers),
            members::invite::form,
            members::invite::invite,
        )
        .page("/o/{org}/members/{user}", In(SeeMembers), members::one::show)
        .act("/o/{org}/members/{user}", In(ManageMembers), members::one::save)
        .form(
            "/o/{org}/members/{user}/remove",
            In(ManageMembers),
            members::one::remove_form,
            members::one::remove,
        )
        .form("/o/{org}/leave", In(SeeOrganization), members::leave::form, members::leave::leave)
        .act(
            "/o/{org}/invitations/{invitation}/send-again",
            In(ManageMembers),
            members::invite::send_again,
        )
        .act(
            "/o/{org}/invitations/{invitation}/revoke",
            In(ManageMembers),
            members::invite::revoke,
        )
        .form("/invitations/{token}", Public, invitation::show, invitation::accept)
        .page("/orgs", Person, choose::show)
        .form("/orgs/new", Person, choose::form, choose::create)
        .page("/o/{org}/sub-organizations", In(SeeSubOrganizations), below::show)
        .form(
            "/o/{org}/sub-organizations/new",
            In(ManageSubOrganizations),
            below::new_form,
            below::create,
        )
        .form(
            "/o/{org}/sub-organizations/{sub}/rename",
            In(ManageSubOrganizations),
            below::rename_form,
            below::rename,
        )
        .form(
            "/o/{org}/sub-organizations/{sub}/remove",
            In(ManageSubOrganizations),
            below::remove_form,
            below::remove,
        )
        .page("/o/{org}/settings", In(SeeOrganization), settings::show)
        .act("/o/{org}/settings", In(RenameOrganization), settings::rename)
        .form(
            "/o/{org}/settings/remove",
            In(DeleteOrganization),
            settings::remove_form,
            settings::remove,
        )
        .page("/o/{org}/activity", In(SeeActivity), activity::show)
        .page("/o/{org}/activity/export", In(ExportActivity), activity::export)
        .act("/o/{org}/activity/verify", In(VerifyActivity), activity::verify)
        .page("/o/{org}/reports/signing", In(SeeActivity), reports::signing)
        .page("/o/{org}/reports/signing/export", In(ExportActivity), reports::export)
        .page("/o/{org}/activity/{activity}", In(SeeActivity), activity::record)
        .page("/o/{org}/keys/{key}/usage", In(SeeActivity), activity::usage)
        .page("/inbox", Person, inbox::show)
        .act("/inbox/read", Person, inbox::read)
        .page("/me", Person, me::profile)
        .act("/me/theme", Person, me::theme)
        .act("/me/shortcuts", Person, me::shortcuts)
        .form("/me/security", Person, me::security, me::change_password)
        .page("/me/sessions", Person, me::sessions)
        .act("/me/sessions/{session}/end", Person, me::end_session)
        .form_confirmed_when_sent("/me/tokens", Person, me::tokens, me::create_token)
        .act("/me/tokens/{token}/revoke", Person, me::revoke_token)
        .page("/assets/{folder}/{name}", Public, assets::serve)
}

/// The doors with what stands around them.
pub(crate) fn router(state: &State) -> Doors {
    table()
        .nowhere(visit::nowhere)
        .layer(CatchPanicLayer::custom(after_panic))
        .layer(middleware::from_fn_with_state(state.clone(), visit::dress))
}

/// A panic in a handler is our fault and says no more than that.
fn after_panic(cause: Box<dyn std::any::Any + Send>) -> Response {
    visit::Refusal::from(reply::panicked(cause)).into_response()
}

#[cfg(test)]
mod tests;
