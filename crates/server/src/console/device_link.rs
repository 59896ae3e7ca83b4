//! `/device/{token}`: what opens on a device that was invited, the profile that it installs, and where it answers.
//!
//! Nobody is signed in, so every answer about a link that does not work is the same. The addresses are written for three
//! readers: a person with a telephone (the page), its system (the profile; the post, which is no form and carries no
//! token of a session), and the person again, whom the system sends on to `/device/arrived` when the post is answered with 301.

use super::{
    filters,
    parts::{Notice, Tone},
    shell::Shell,
    visit::{Answer, bare, origin_of, page},
};
use crate::{State, reply};
use app::{Kind, Problem, enrollment::LinkOpened};
use askama::Template;
use axum::{
    body::Bytes,
    extract::{Path, Query, Request, State as Reach, rejection::BytesRejection},
    http::{HeaderMap, StatusCode, header},
    response::{Html, IntoResponse},
};
use domain::Origin;

/// The most that is read as an answer: a little above what an answer may have, so that a larger one is told with its size.
pub(crate) const ANSWER_BYTES: usize = 80 * 1024;
/// What a device knows such a profile by.
const PROFILE_TYPE: &str = "application/x-apple-aspen-config";

/// The page.
#[derive(Template)]
#[template(path = "device_link.html")]
pub(crate) struct DeviceLinkPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The token, for the profile's address.
    pub(crate) token: String,
    /// The server's host: where the answer goes.
    pub(crate) host: String,
    /// What the link says; none when it does not work.
    pub(crate) opened: Option<LinkOpened>,
    /// Why it does not.
    pub(crate) notice: Option<Notice>,
}

/// Where a device comes out after its answer.
#[derive(Template)]
#[template(path = "device_arrived.html")]
pub(crate) struct DeviceArrivedPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// Whether it is registered without anybody being asked.
    pub(crate) automatic: bool,
}

/// A link that does not work is told on the page, with its status.
fn closed(state: &State, headers: &HeaderMap, problem: &Problem) -> Answer {
    reply::log(problem);
    let page = DeviceLinkPage {
        shell: bare(state, headers),
        token: String::new(),
        host: String::new(),
        opened: None,
        notice: Some(Notice::problem(problem)),
    };
    Ok((reply::status(problem.kind), Html(page.render()?)).into_response())
}

fn is_about_the_link(problem: &Problem) -> bool {
    problem.code == "device_link_unknown" || problem.kind == Kind::RateLimited
}

/// `GET /device/{token}`
pub(crate) async fn show(Reach(state): Reach<State>, Path(token): Path<String>, request: Request) -> Answer {
    let (parts, _) = request.into_parts();
    match state.app.open_device_link(&token, &origin_of(&parts)).await {
        Ok(opened) => page(&DeviceLinkPage {
            shell: bare(&state, &parts.headers),
            token,
            host: state.settings.public_url.host_str().unwrap_or_default().to_owned(),
            opened: Some(opened),
            notice: None,
        }),
        Err(problem) if is_about_the_link(&problem) => closed(&state, &parts.headers, &problem),
        Err(problem) => Err(problem.into()),
    }
}

/// `GET /device/{token}/profile`
pub(crate) async fn profile(Reach(state): Reach<State>, Path(token): Path<String>, request: Request) -> Answer {
    let (parts, _) = request.into_parts();
    let answer_url = state.settings.link(&format!("device/{token}"));
    match state.app.device_profile(&token, &origin_of(&parts), &answer_url).await {
        Ok(profile) => {
            let disposition = "attachment; filename=\"register-device.mobileconfig\"";
            let headers = [(header::CONTENT_TYPE, PROFILE_TYPE), (header::CONTENT_DISPOSITION, disposition)];
            Ok((headers, profile.bytes).into_response())
        }
        Err(problem) if is_about_the_link(&problem) => closed(&state, &parts.headers, &problem),
        Err(problem) => Err(problem.into()),
    }
}

/// `POST /device/{token}`: the device's answer, signed. It is sent on where a person reads what came of it.
pub(crate) async fn answer(
    Reach(state): Reach<State>,
    Path(token): Path<String>,
    origin: crate::origin::From,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Answer {
    let origin: Origin = origin.0;
    let body = body.ok();
    match state.app.take_device_answer(&token, origin, body.as_deref()).await {
        Ok(automatic) => {
            let way = if automatic { "?next=registering" } else { "" };
            let to = state.settings.link(&format!("device/arrived{way}"));
            Ok((StatusCode::MOVED_PERMANENTLY, [(header::LOCATION, to)]).into_response())
        }
        Err(problem) if is_about_the_link(&problem) => closed(&state, &headers, &problem),
        Err(problem) => Err(problem.into()),
    }
}

/// What comes next.
#[derive(serde::Deserialize, Default)]
#[serde(default)]
pub(crate) struct Next {
    next: String,
}

/// `GET /device/arrived`
pub(crate) async fn arrived(Reach(state): Reach<State>, Query(next): Query<Next>, headers: HeaderMap) -> Answer {
    page(&DeviceArrivedPage {
        shell: bare(&state, &headers),
        automatic: next.next == "registering",
    })
}
