//! Devices of the Apple account: listed, registered, renamed, enabled, disabled.

use super::{
    apple_account::{Shown, key_of},
    document::AppleMayRefuse,
    extract::{Asked, Body, Ids},
    views,
};
use crate::{State, reply::Failure, session::Bearer};
use app::{
    Problem,
    devices::{DevicesToRegister, EnteredDevice, JudgedDevices, PLACES},
};
use axum::{Json, extract, http::StatusCode};
use base64::{Engine, engine::general_purpose::STANDARD};
use domain::{Action, OrgId};

/// Devices at Apple, and how many of Apple's places they take.
#[utoipa::path(get, path = "/orgs/{org}/keys/{key}/apple/devices", tag = "devices", params(Shown), responses((status = 200, body = api::AppleDevices), AppleMayRefuse))]
pub(super) async fn list(
    extract::State(state): extract::State<State>,
    who: Bearer,
    Ids((org, key)): Ids<(OrgId, String)>,
    Asked(shown): Asked<Shown>,
) -> Result<Json<api::AppleDevices>, Failure> {
    let key = key_of(&state, &who, Action::SeeSigning, org, &key).await?;
    let list = state.app.apple_devices(&who.0.caller, org, key, &shown.into()).await?;
    let places = list.kinds.into_iter().map(|(device_class, used)| api::DevicePlaces {
        device_class,
        used,
        of: PLACES,
    });
    Ok(Json(api::AppleDevices {
        items: list.items.iter().map(views::apple_device).collect(),
        total: list.total,
        places: places.collect(),
        places_free_on: state.app.membership_year_end(&who.0.caller, org, key).await?,
        at: list.at,
    }))
}

/// Enters when the membership year of the account ends, which no API of Apple tells.
#[utoipa::path(put, path = "/orgs/{org}/keys/{key}/membership-year", tag = "devices", request_body = api::MembershipYear, responses((status = 200, body = api::MembershipYear)))]
pub(super) async fn set_membership_year(
    extract::State(state): extract::State<State>,
    who: Bearer,
    Ids((org, key)): Ids<(OrgId, String)>,
    Body(input): Body<api::MembershipYear>,
) -> Result<Json<api::MembershipYear>, Failure> {
    let key = key_of(&state, &who, Action::EditDevices, org, &key).await?;
    state.app.set_membership_year_end(&who.0.caller, org, key, input.ends_on).await?;
    let ends_on = state.app.membership_year_end(&who.0.caller, org, key).await?;
    Ok(Json(api::MembershipYear { ends_on }))
}

/// One device, and the profiles that list it.
#[utoipa::path(get, path = "/orgs/{org}/keys/{key}/apple/devices/{device}", tag = "devices", responses((status = 200, body = api::AppleDeviceDetails), AppleMayRefuse))]
pub(super) async fn show(
    extract::State(state): extract::State<State>,
    who: Bearer,
    Ids((org, key, device)): Ids<(OrgId, String, String)>,
) -> Result<Json<api::AppleDeviceDetails>, Failure> {
    let key = key_of(&state, &who, Action::SeeSigning, org, &key).await?;
    let found = state.app.apple_device(&who.0.caller, org, key, &device).await?;
    Ok(Json(api::AppleDeviceDetails {
        device: views::apple_device(&found.device),
        profiles: found.profiles.map(|profiles| profiles.iter().map(views::profile_ref).collect()),
    }))
}

fn wanted(input: api::NewDevices) -> Result<DevicesToRegister, Problem> {
    let not_base64 = |_| {
        Problem::field(
            "device_file_unfit",
            "file",
            "The file is not base64. Encode its bytes before they are sent.",
        )
    };
    Ok(DevicesToRegister {
        devices: input
            .devices
            .into_iter()
            .map(|device| EnteredDevice {
                name: device.name,
                udid: device.udid,
                platform: device.platform.unwrap_or_default(),
            })
            .collect(),
        file: input
            .file
            .map(|file| STANDARD.decode(file.trim()))
            .transpose()
            .map_err(not_base64)?,
        leave_out_faulty: input.leave_out_faulty,
    })
}

fn preview_of(judged: JudgedDevices) -> api::DevicesPreview {
    api::DevicesPreview {
        new: judged
            .new
            .into_iter()
            .map(|device| api::NewDevice {
                name: device.name,
                udid: device.udid,
                platform: Some(device.platform),
            })
            .collect(),
        known: judged.known.iter().map(views::apple_device).collect(),
        faults: judged
            .faults
            .into_iter()
            .map(|fault| api::FaultyRow {
                row: fault.row,
                message: fault.why,
            })
            .collect(),
    }
}

/// Says what registering would do: what is new, what is there already, which rows of a file do not fit. Changes nothing.
#[utoipa::path(post, path = "/orgs/{org}/keys/{key}/apple/devices/preview", tag = "devices", request_body = api::NewDevices, responses((status = 200, body = api::DevicesPreview), AppleMayRefuse))]
pub(super) async fn preview(
    extract::State(state): extract::State<State>,
    who: Bearer,
    Ids((org, key)): Ids<(OrgId, String)>,
    Body(input): Body<api::NewDevices>,
) -> Result<Json<api::DevicesPreview>, Failure> {
    let key = key_of(&state, &who, Action::EditDevices, org, &key).await?;
    let judged = state.app.preview_devices(&who.0.caller, org, key, wanted(input)?).await?;
    Ok(Json(preview_of(judged)))
}

/// Begins to register devices, one after the other. The answer is the act; ask for it until it is over.
#[utoipa::path(post, path = "/orgs/{org}/keys/{key}/apple/devices", tag = "devices", request_body = api::NewDevices, responses((status = 202, body = api::Operation), AppleMayRefuse))]
pub(super) async fn register(
    extract::State(state): extract::State<State>,
    who: Bearer,
    Ids((org, key)): Ids<(OrgId, String)>,
    Body(input): Body<api::NewDevices>,
) -> Result<(StatusCode, Json<api::Operation>), Failure> {
    let key = key_of(&state, &who, Action::EditDevices, org, &key).await?;
    let operation = state.app.register_devices(&who.0.caller, org, key, wanted(input)?).await?;
    Ok((StatusCode::ACCEPTED, Json(views::operation(&operation.into()))))
}

/// Begins to rename, enable or disable a device.
#[utoipa::path(patch, path = "/orgs/{org}/keys/{key}/apple/devices/{device}", tag = "devices", request_body = api::EditDevice, responses((status = 202, body = api::Operation), AppleMayRefuse))]
pub(super) async fn edit(
    extract::State(state): extract::State<State>,
    who: Bearer,
    Ids((org, key, device)): Ids<(OrgId, String, String)>,
    Body(input): Body<api::EditDevice>,
) -> Result<(StatusCode, Json<api::Operation>), Failure> {
    let key = key_of(&state, &who, Action::EditDevices, org, &key).await?;
    let operation = state
        .app
        .change_device(&who.0.caller, org, key, &device, input.name, input.enabled)
        .await?;
    Ok((StatusCode::ACCEPTED, Json(views::operation(&operation.into()))))
}
