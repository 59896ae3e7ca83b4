//! Invitations: to make them, and to accept one. A link's token travels in bodies only, so that no log has it.

use super::{
    extract::{Asked, Body, Ids, paging},
    idempotency::CarriesSecret,
    views,
};
use crate::{
    State, origin,
    reply::Failure,
    session::{Bearer, OptionalBearer},
};
use app::{
    Problem,
    invitations::{Accepting, InvitationView, Invited, NewAccount, NewInvitation},
};
use axum::{Extension, Json, extract, http::StatusCode};
use domain::{InvitationId, OrgId};
use serde::Deserialize;
use utoipa::IntoParams;
use zeroize::Zeroizing;

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

/// The invitations that nobody has accepted, newest first; for 30 days those among them whose link has ended.
#[utoipa::path(get, path = "/orgs/{org}/invitations", tag = "invitations", params(Wanted), responses((status = 200, body = api::Invitations)))]
pub(super) async fn list(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids(org): Ids<OrgId>,
    Asked(wanted): Asked<Wanted>,
) -> Result<Json<api::Invitations>, Failure> {
    let page = state
        .app
        .invitations(&who.caller, org, &paging(wanted.limit, wanted.cursor)?)
        .await?;
    Ok(Json(api::Invitations {
        items: page.items.iter().map(views::invitation).collect(),
        next_cursor: page.next,
    }))
}

/// What whoever invited is told. The link is in no other answer.
fn sent(state: &State, name: String, invited: Invited) -> api::SentInvitation {
    let view = InvitationView {
        invitation: invited.invitation,
        invited_by: name,
        over: false,
    };
    api::SentInvitation {
        invitation: views::invitation(&view),
        link: invited
            .token
            .map(|token| state.settings.link(&format!("invitations/{}", token.expose()))),
    }
}

/// Invites an address. One that is invited already gets a fresh link, and these roles in the place of those before.
#[utoipa::path(post, path = "/orgs/{org}/invitations", tag = "invitations", request_body = api::NewInvitation, responses((status = 201, body = api::SentInvitation), (status = 429)))]
pub(super) async fn invite(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids(org): Ids<OrgId>,
    Body(input): Body<api::NewInvitation>,
) -> Result<(StatusCode, Extension<CarriesSecret>, Json<api::SentInvitation>), Failure> {
    let new = NewInvitation {
        email: input.email,
        roles: input.roles,
        show_link: input.show_link,
    };
    let invited = state.app.invite(&who.caller, org, new).await?;
    let told = sent(&state, who.name().to_string(), invited);
    Ok((StatusCode::CREATED, Extension(CarriesSecret), Json(told)))
}

/// Makes a fresh link, which ends the one before and begins its seven days anew.
#[utoipa::path(post, path = "/orgs/{org}/invitations/{invitation}/send-again", tag = "invitations", request_body = api::SendAgain, responses((status = 200, body = api::SentInvitation), (status = 429)))]
pub(super) async fn send_again(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, invitation)): Ids<(OrgId, InvitationId)>,
    Body(input): Body<api::SendAgain>,
) -> Result<(Extension<CarriesSecret>, Json<api::SentInvitation>), Failure> {
    let invited = state
        .app
        .send_invitation_again(&who.caller, org, invitation, input.show_link)
        .await?;
    Ok((Extension(CarriesSecret), Json(sent(&state, who.name().to_string(), invited))))
}

/// Takes an invitation back; its link ends at once.
#[utoipa::path(delete, path = "/orgs/{org}/invitations/{invitation}", tag = "invitations", responses((status = 204)))]
pub(super) async fn revoke(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Ids((org, invitation)): Ids<(OrgId, InvitationId)>,
) -> Result<StatusCode, Failure> {
    state.app.revoke_invitation(&who.caller, org, invitation).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What a link says, without using it up.
#[utoipa::path(post, path = "/invitations/look", tag = "invitations", security(()), request_body = api::InvitationToken, responses((status = 200, body = api::OpenInvitation), (status = 404), (status = 409), (status = 429)))]
pub(super) async fn look(
    extract::State(state): extract::State<State>,
    origin::From(origin): origin::From,
    Body(input): Body<api::InvitationToken>,
) -> Result<Json<api::OpenInvitation>, Failure> {
    let seen = state.app.look_at_invitation(&input.token, &origin).await?;
    Ok(Json(api::OpenInvitation {
        organization: seen.organization.to_string(),
        invited_by: seen.invited_by,
        email: seen.email.to_string(),
        roles: seen.roles.iter().map(ToString::to_string).collect(),
        expires_at: seen.expires_at,
        has_account: seen.has_account,
    }))
}

/// Accepts: with a bearer token as oneself, without one by making an account for the invited address.
#[utoipa::path(post, path = "/invitations/accept", tag = "invitations", security((), ("bearer" = [])), request_body = api::AcceptInvitation, responses((status = 200, body = api::AcceptedInvitation), (status = 401), (status = 404), (status = 409), (status = 429)))]
pub(super) async fn accept(
    extract::State(state): extract::State<State>,
    origin::From(origin): origin::From,
    OptionalBearer(who): OptionalBearer,
    Body(input): Body<api::AcceptInvitation>,
) -> Result<Json<api::AcceptedInvitation>, Failure> {
    let accepting = match (&who, input.name.as_deref(), input.password) {
        (Some(who), None, None) => Accepting::SignedIn(who),
        (Some(_), ..) => {
            return Err(Problem::field(
                "account_unclear",
                "name",
                "With a bearer token the invitation is accepted as oneself; leave name and password out, or the token.",
            )
            .into());
        }
        (None, name, password) => Accepting::NewAccount(NewAccount {
            name: name.unwrap_or_default(),
            password: Zeroizing::new(password.unwrap_or_default()),
            browser: None,
        }),
    };
    let accepted = state.app.accept_invitation(&input.token, accepting, origin).await?;
    Ok(Json(api::AcceptedInvitation {
        organization: accepted.organization.to_string(),
        name: accepted.name.to_string(),
    }))
}
