//! A person's inbox.

use super::extract::Body;
use crate::{State, reply::Failure, session::Bearer};
use app::inbox::{About, NoticeView};
use axum::{Json, extract, http::StatusCode};

/// What the person should hear of, in all organizations that they belong to. A notice goes when what it tells of is over.
#[utoipa::path(get, path = "/me/notices", tag = "account", responses((status = 200, body = api::Notices)))]
pub(super) async fn notices(extract::State(state): extract::State<State>, Bearer(who): Bearer) -> Result<Json<api::Notices>, Failure> {
    let inbox = state.app.inbox(&who).await?;
    Ok(Json(api::Notices {
        unread: u32::try_from(inbox.unread()).unwrap_or(u32::MAX),
        newest: inbox.newest,
        items: inbox.notices.into_iter().map(notice).collect(),
    }))
}

/// Notes that the person has read their inbox up to a notice; what comes later is unread.
#[utoipa::path(post, path = "/me/notices/read", tag = "account", request_body = api::ReadNotices, responses((status = 204)))]
pub(super) async fn read_notices(
    extract::State(state): extract::State<State>,
    Bearer(who): Bearer,
    Body(input): Body<api::ReadNotices>,
) -> Result<StatusCode, Failure> {
    state.app.read_inbox(&who, input.up_to).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn notice(view: NoticeView) -> api::Notice {
    let (about, object) = match view.about {
        About::Certificate(id) => ("certificate", Some(id.to_string())),
        About::Profile(id) => ("profile", Some(id.to_string())),
        About::Key(id) => ("key", Some(id.to_string())),
        About::ServiceToken(id) => ("service-token", Some(id.to_string())),
        About::Operation(id) => ("operation", Some(id.to_string())),
        About::Channel(id) => ("notification-channel", Some(id.to_string())),
        About::PendingDevices => ("pending-devices", None),
        About::Token => ("token", None),
    };
    api::Notice {
        sequence: view.sequence,
        organization: api::Organization {
            id: view.organization.to_string(),
            name: view.organization_name,
        },
        at: view.at,
        topic: view.topic.to_owned(),
        head: view.head,
        body: view.body,
        weight: view.weight.as_str().to_owned(),
        about: about.to_owned(),
        object,
        unread: view.is_unread,
    }
}
