//! Device invitations, and devices that are not yet registered. What the device itself meets is no part of the API: its
//! addresses stand in `console::device_link`.

use super::{
    extract::{Asked, Body, Ids, paging},
    idempotency::CarriesSecret,
    views,
};
use crate::{State, reply::Failure, session::Bearer};
use app::enrollment::{Approval, DeviceByHand, DeviceInvited, NewDeviceInvitation};
use axum::{Extension, Json, extract, http::StatusCode};
use domain::{DeviceInvitationId, OrgId, PendingDeviceId};
use serde::Deserialize;
use utoipa::IntoParams;

/// Which page.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// How many, 200 at most; 50 unless given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// The device invitations, newest first; for 30 days those among them whose link has ended.
#[utoipa::path(get, path = "/orgs/{org}/device-invitations", tag = "devices", params(Wanted), responses((status = 200, body = api::DeviceInvitations)))]
pub(super) async fn invitations(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids(org): Ids<OrgId>,
    Asked(wanted): Asked<Wanted>,
) -> Result<Json<api::DeviceInvitations>, Failure> {
    let paging = paging(wanted.limit, wanted.cursor)?;
    let page = state.app.device_invitations(&who.caller, org, &paging).await?;
    Ok(Json(api::DeviceInvitations {
        items: page.items.iter().map(views::enrollment::device_invitation).collect(),
        next_cursor: page.next,
    }))
}

/// What whoever invited is told. The link is in no other answer.
fn sent(state: &State, invited: &DeviceInvited) -> api::SentDeviceInvitation {
    let token = invited.token.as_ref();
    api::SentDeviceInvitation {
        invitation: views::enrollment::device_invitation(&invited.view),
        link: token.map(|token| state.settings.link(&format!("device/{}", token.expose()))),
    }
}

/// Invites devices by a link that opens on them.
#[utoipa::path(post, path = "/orgs/{org}/device-invitations", tag = "devices", request_body = api::NewDeviceInvitation, responses((status = 201, body = api::SentDeviceInvitation)))]
pub(super) async fn invite(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids(org): Ids<OrgId>,
    Body(input): Body<api::NewDeviceInvitation>,
) -> Result<(StatusCode, Extension<CarriesSecret>, Json<api::SentDeviceInvitation>), Failure> {
    let new = NewDeviceInvitation {
        name: input.name,
        email: input.email.unwrap_or_default(),
        keys: input.keys,
        automatic: input.automatic,
        uses: input.uses,
        days: input.days,
        show_link: input.show_link,
    };
    let invited = state.app.invite_devices(&who.caller, org, new).await?;
    Ok((StatusCode::CREATED, Extension(CarriesSecret), Json(sent(&state, &invited))))
}

/// Makes a fresh link, which ends the one before, begins its days anew and may bring as many devices as at first.
#[utoipa::path(post, path = "/orgs/{org}/device-invitations/{device_invitation}/send-again", tag = "devices", request_body = api::SendAgain, responses((status = 200, body = api::SentDeviceInvitation), (status = 429)))]
pub(super) async fn send_again(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, invitation)): Ids<(OrgId, DeviceInvitationId)>,
    Body(input): Body<api::SendAgain>,
) -> Result<(Extension<CarriesSecret>, Json<api::SentDeviceInvitation>), Failure> {
    let again = state
        .app
        .send_device_invitation_again(&who.caller, org, invitation, input.show_link);
    Ok((Extension(CarriesSecret), Json(sent(&state, &again.await?))))
}

/// Takes a device invitation back; its link ends at once. A device that came by it waits for a person.
#[utoipa::path(delete, path = "/orgs/{org}/device-invitations/{device_invitation}", tag = "devices", responses((status = 204)))]
pub(super) async fn revoke(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, invitation)): Ids<(OrgId, DeviceInvitationId)>,
) -> Result<StatusCode, Failure> {
    state.app.revoke_device_invitation(&who.caller, org, invitation).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The devices that are not yet registered, newest first.
#[utoipa::path(get, path = "/orgs/{org}/pending-devices", tag = "devices", params(Wanted), responses((status = 200, body = api::PendingDevices)))]
pub(super) async fn pending(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids(org): Ids<OrgId>,
    Asked(wanted): Asked<Wanted>,
) -> Result<Json<api::PendingDevices>, Failure> {
    let paging = paging(wanted.limit, wanted.cursor)?;
    let page = state.app.pending_devices(&who.caller, org, &paging).await?;
    Ok(Json(api::PendingDevices {
        items: page.items.iter().map(views::enrollment::pending_device).collect(),
        next_cursor: page.next,
    }))
}

/// Writes a device down for somebody else to approve. One that is in the list already stays one.
#[utoipa::path(post, path = "/orgs/{org}/pending-devices", tag = "devices", request_body = api::NewPendingDevice, responses((status = 201, body = api::PendingDevice)))]
pub(super) async fn add(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids(org): Ids<OrgId>,
    Body(input): Body<api::NewPendingDevice>,
) -> Result<(StatusCode, Json<api::PendingDevice>), Failure> {
    let new = DeviceByHand {
        name: input.name,
        udid: input.udid,
        keys: input.keys,
    };
    let added = state.app.add_pending_device(&who.caller, org, new).await?;
    Ok((StatusCode::CREATED, Json(views::enrollment::pending_device(&added))))
}

/// Begins to register a device in each account that it is meant for. It leaves the list when all of them have it.
#[utoipa::path(post, path = "/orgs/{org}/pending-devices/{pending_device}/approve", tag = "devices", request_body = api::ApproveDevice, responses((status = 202, body = api::ApprovedDevice), super::document::AppleMayRefuse))]
pub(super) async fn approve(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, device)): Ids<(OrgId, PendingDeviceId)>,
    Body(input): Body<api::ApproveDevice>,
) -> Result<(StatusCode, Json<api::ApprovedDevice>), Failure> {
    let approval = Approval {
        name: input.name,
        keys: input.keys,
    };
    let approved = state.app.approve_device(&who.caller, org, device, approval).await?;
    let told = api::ApprovedDevice {
        operations: approved
            .operations
            .into_iter()
            .map(|begun| views::operation(&begun.into()))
            .collect(),
        known: approved.known.iter().map(ToString::to_string).collect(),
    };
    Ok((StatusCode::ACCEPTED, Json(told)))
}

/// Takes a device off the list without registering it.
#[utoipa::path(delete, path = "/orgs/{org}/pending-devices/{pending_device}", tag = "devices", responses((status = 204)))]
pub(super) async fn reject(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, device)): Ids<(OrgId, PendingDeviceId)>,
) -> Result<StatusCode, Failure> {
    state.app.reject_device(&who.caller, org, device).await?;
    Ok(StatusCode::NO_CONTENT)
}
