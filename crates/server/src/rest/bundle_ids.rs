//! Bundle IDs of the Apple account: listed, registered, and what they can do.

use super::{
    apple_account::{Shown, key_of},
    document::AppleMayRefuse,
    extract::{Asked, Body, Ids},
    views,
};
use crate::{State, reply::Failure, session::Bearer};
use app::bundle_ids::BundleIdToRegister;
use axum::{Json, extract, http::StatusCode};
use domain::{
    Action, OrgId,
    operation::{CapabilityOption, CapabilitySetting, CapabilityWish},
};

/// Bundle IDs at Apple.
#[utoipa::path(get, path = "/orgs/{org}/keys/{key}/apple/bundle-ids", tag = "bundle_ids", params(Shown), responses((status = 200, body = api::AppleBundleIds), AppleMayRefuse))]
pub(super) async fn list(
    extract::State(state): extract::State<State>,
    who: Bearer,
    Ids((org, key)): Ids<(OrgId, String)>,
    Asked(shown): Asked<Shown>,
) -> Result<Json<api::AppleBundleIds>, Failure> {
    let key = key_of(&state, &who, Action::SeeSigning, org, &key).await?;
    let list = state.app.apple_bundle_ids(&who.0.caller, org, key, &shown.into()).await?;
    Ok(Json(api::AppleBundleIds {
        items: list.items.iter().map(views::apple_bundle_id).collect(),
        total: list.total,
        at: list.at,
    }))
}

/// One bundle ID with its capabilities, their settings, and its profiles.
#[utoipa::path(get, path = "/orgs/{org}/keys/{key}/apple/bundle-ids/{bundle_id}", tag = "bundle_ids", responses((status = 200, body = api::AppleBundleIdDetails), AppleMayRefuse))]
pub(super) async fn show(
    extract::State(state): extract::State<State>,
    who: Bearer,
    Ids((org, key, bundle_id)): Ids<(OrgId, String, String)>,
) -> Result<Json<api::AppleBundleIdDetails>, Failure> {
    let key = key_of(&state, &who, Action::SeeSigning, org, &key).await?;
    let found = state.app.apple_bundle_id(&who.0.caller, org, key, &bundle_id).await?;
    Ok(Json(api::AppleBundleIdDetails {
        id: found.id,
        name: found.name,
        identifier: found.identifier,
        platform: found.platform,
        capabilities: found.capabilities.into_iter().map(told).collect(),
        profiles: found.profiles.map(|profiles| profiles.iter().map(views::profile_ref).collect()),
    }))
}

fn wish(wanted: api::Capability) -> CapabilityWish {
    let setting = |setting: api::CapabilitySetting| CapabilitySetting {
        key: setting.key,
        options: setting
            .options
            .into_iter()
            .map(|option| CapabilityOption {
                key: option.key,
                enabled: option.enabled,
            })
            .collect(),
    };
    CapabilityWish {
        settings: wanted.settings.into_iter().map(setting).collect(),
        ..CapabilityWish::of(wanted.capability)
    }
}

fn told(wish: CapabilityWish) -> api::Capability {
    let setting = |setting: CapabilitySetting| api::CapabilitySetting {
        key: setting.key,
        options: setting
            .options
            .into_iter()
            .map(|option| api::CapabilityOption {
                key: option.key,
                enabled: option.enabled,
            })
            .collect(),
    };
    api::Capability {
        capability: wish.capability,
        settings: wish.settings.into_iter().map(setting).collect(),
    }
}

/// Begins to register a bundle ID with its capabilities. The answer is the act; ask for it until it is over.
#[utoipa::path(post, path = "/orgs/{org}/keys/{key}/apple/bundle-ids", tag = "bundle_ids", request_body = api::NewBundleId, responses((status = 202, body = api::Operation), AppleMayRefuse))]
pub(super) async fn register(
    extract::State(state): extract::State<State>,
    who: Bearer,
    Ids((org, key)): Ids<(OrgId, String)>,
    Body(input): Body<api::NewBundleId>,
) -> Result<(StatusCode, Json<api::Operation>), Failure> {
    let key = key_of(&state, &who, Action::EditBundleIds, org, &key).await?;
    let wanted = BundleIdToRegister {
        identifier: input.identifier,
        name: input.name.unwrap_or_default(),
        platform: input.platform.unwrap_or_default(),
        capabilities: input.capabilities.into_iter().map(wish).collect(),
    };
    let operation = state.app.register_bundle_id(&who.0.caller, org, key, wanted).await?;
    Ok((StatusCode::ACCEPTED, Json(views::operation(&operation.into()))))
}

/// Says what an edit would change, and which profiles become INVALID by it. Changes nothing.
#[utoipa::path(post, path = "/orgs/{org}/keys/{key}/apple/bundle-ids/{bundle_id}/preview", tag = "bundle_ids", request_body = api::EditCapabilities, responses((status = 200, body = api::CapabilitiesPreview), AppleMayRefuse))]
pub(super) async fn preview(
    extract::State(state): extract::State<State>,
    who: Bearer,
    Ids((org, key, bundle_id)): Ids<(OrgId, String, String)>,
    Body(input): Body<api::EditCapabilities>,
) -> Result<Json<api::CapabilitiesPreview>, Failure> {
    let key = key_of(&state, &who, Action::EditBundleIds, org, &key).await?;
    let set = input.set.into_iter().map(wish).collect();
    let difference = state
        .app
        .preview_capabilities(&who.0.caller, org, key, &bundle_id, set, input.remove)
        .await?;
    Ok(Json(api::CapabilitiesPreview {
        add: difference.add.into_iter().map(told).collect(),
        change: difference.change.into_iter().map(told).collect(),
        remove: difference.remove,
        keep: difference.keep,
        invalid_profiles: difference.invalid.map(|profiles| profiles.iter().map(views::profile_ref).collect()),
    }))
}

/// Begins to change what a bundle ID can do. Nothing that is not named is touched.
#[utoipa::path(patch, path = "/orgs/{org}/keys/{key}/apple/bundle-ids/{bundle_id}", tag = "bundle_ids", request_body = api::EditCapabilities, responses((status = 202, body = api::Operation), AppleMayRefuse))]
pub(super) async fn edit(
    extract::State(state): extract::State<State>,
    who: Bearer,
    Ids((org, key, bundle_id)): Ids<(OrgId, String, String)>,
    Body(input): Body<api::EditCapabilities>,
) -> Result<(StatusCode, Json<api::Operation>), Failure> {
    let key = key_of(&state, &who, Action::EditBundleIds, org, &key).await?;
    let set = input.set.into_iter().map(wish).collect();
    let operation = state
        .app
        .edit_capabilities(&who.0.caller, org, key, &bundle_id, set, input.remove)
        .await?;
    Ok((StatusCode::ACCEPTED, Json(views::operation(&operation.into()))))
}
