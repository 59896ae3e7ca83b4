//! Who visits, what they send, and how a page leaves: the frame that every handler of the console works in.
//!
//! [`Visitor`] is somebody with a session; without one the visit goes on at the sign-in and comes back afterwards.
//! [`Sent`] and [`SentFile`] are forms whose token was held against the session before anything in them was looked
//! at, so a handler that changes something cannot forget to ask. [`Refusal`] is a [`Problem`] on its way out; the
//! layer [`dress`] makes a page of it.

use super::{
    gate::ErrorPage,
    organizations::recent,
    shell::{Shell, Theme},
};
use crate::{MostBytes, State, doors::WantsConfirmation, origin, reply, session};
use app::{Kind, Problem, accounts::SignedIn};
use askama::Template;
use axum::{
    extract::{Form, FromRef, FromRequest, FromRequestParts, Multipart, Request, State as Reach},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts},
    middleware::Next,
    response::{Html, IntoResponse, Redirect, Response},
};
use domain::{
    OrgId, Origin, User,
    account::{CONFIRMED_FORM_MINUTES, CONFIRMED_MINUTES},
};
use jiff::{SignedDuration, Timestamp};
use std::{str::FromStr, sync::Arc};
use zeroize::Zeroizing;

pub(crate) use super::fields::Fields;

const THEME: &str = "russet-theme";
const SHORTCUTS: &str = "russet-shortcuts";
const DONE: &str = "russet-done";

/// What a handler answers: a page, a redirect, or a refusal.
pub(crate) type Answer = Result<Response, Refusal>;

/// A problem on its way out of the console.
pub(crate) struct Refusal(Arc<Problem>);

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self(Arc::new(problem))
    }
}

impl From<askama::Error> for Refusal {
    fn from(error: askama::Error) -> Self {
        Problem::internal(error).into()
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        reply::log(&self.0);
        let mut response = reply::status(self.0.kind).into_response();
        response.extensions_mut().insert(self.0);
        response
    }
}

/// Renders a page.
pub(crate) fn page(page: &impl Template) -> Answer {
    Ok(Html(page.render()?).into_response())
}

/// Renders a form again after an error. Never with a 5xx, also where Apple is the cause: proxies put their own page in
/// the place of such answers, and what was typed would be lost.
pub(crate) fn form_again(problem: &Problem, page: &impl Template) -> Answer {
    reply::log(problem);
    let status = reply::status(problem.kind);
    let status = if status.is_server_error() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        status
    };
    Ok((status, Html(page.render()?)).into_response())
}

/// Whether a problem is told in the form that caused it, or takes the place of the page.
pub(crate) fn belongs_in_form(problem: &Problem) -> bool {
    !matches!(
        problem.kind,
        Kind::NotFound | Kind::NotAllowed | Kind::SignInNeeded | Kind::Unavailable | Kind::Internal
    )
}

/// The same for a form that a key is picked in: one that may not is a choice to correct, also where the class of the
/// problem says "not allowed".
pub(crate) fn corrects_choice(problem: &Problem) -> bool {
    belongs_in_form(problem) || !problem.usable_keys.is_empty()
}

/// Reads an id of an address; what is not an id is as unknown as one that names nothing.
pub(crate) fn id<T: FromStr>(text: &str) -> Result<T, Problem> {
    text.parse().map_err(|_| Problem::not_found())
}

fn cookie(name: &str, value: &str, seconds: i64, https: bool) -> HeaderValue {
    let secure = if https { "; Secure" } else { "" };
    HeaderValue::from_str(&format!(
        "{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}"
    ))
    .unwrap_or(HeaderValue::from_static(""))
}

/// Goes on to another page, which says once that it worked. `done` is a word of [`toast`].
pub(crate) fn done(state: &State, to: &str, done: &str) -> Response {
    let mut response = Redirect::to(to).into_response();
    response
        .headers_mut()
        .append(header::SET_COOKIE, cookie(DONE, done, 60, state.settings.is_https()));
    response
}

/// Keeps a preference of this browser for a year.
pub(crate) fn prefer(state: &State, response: &mut Response, preference: Preference) {
    let (name, value) = match preference {
        Preference::Theme(theme) => (THEME, theme.word()),
        Preference::Shortcuts(on) => (SHORTCUTS, if on { "on" } else { "off" }),
    };
    response
        .headers_mut()
        .append(header::SET_COOKIE, cookie(name, value, 365 * 86_400, state.settings.is_https()));
}

/// What a browser may keep.
pub(crate) enum Preference {
    /// Light or dark.
    Theme(Theme),
    /// Single keys.
    Shortcuts(bool),
}

/// What a toast says. Only words from here are shown, whatever the cookie says.
fn toast(word: &str) -> Option<&'static str> {
    Some(match word {
        "renewal-set" => "It will be renewed by itself",
        "renewal-off" => "It is not renewed by itself any more",
        "calendar-ended" => "The link opens nothing any more",
        "inbox-read" => "Marked as read",
        "log-verified" => "Verified; the log is whole",
        "certificate-taken-in" => "Certificate taken in",
        "certificate-joined" => "What was missing has joined the certificate",
        "certificate-held" => "This certificate was here already",
        "certificate-renamed" => "Name saved",
        "certificate-shared" => "Sharing saved",
        "certificate-removed" => "Certificate removed here",
        "profile-shared" => "Sharing saved",
        "profile-removed" => "Profile removed here",
        "set-made" => "Signing set made",
        "set-ready" => "Everything is here; Apple was not asked",
        "set-removed" => "Signing set removed",
        "binary-held" => "These very bytes were here already",
        "binary-marked" => "Saved",
        "binary-removed" => "Binary removed",
        "binary-uploaded" => "Uploaded and looked into",
        "csr-made" => "Request made",
        "csr-completed" => "Certificate taken in with its private key",
        "csr-removed" => "Request removed",
        "key-added" => "Key added",
        "key-checked" => "Apple was asked",
        "key-renamed" => "Name saved",
        "key-shared" => "Sharing saved",
        "key-roles" => "Apple roles saved",
        "key-rotated" => "Key rotated",
        "key-removed" => "Key removed",
        "member-roles" => "Roles saved",
        "member-removed" => "Member removed",
        "left" => "You have left the organization",
        "joined" => "Welcome",
        "device-approved" => "Approved; each account is asked by an act of its own",
        "device-known" => "The account has this device already",
        "device-rejected" => "Device rejected",
        "invitation-mailed" => "The invitation is on its way",
        "invitation-revoked" => "Invitation revoked; its link has ended",
        "link-was-shown" => "The link was shown once; send the invitation again for another",
        "org-created" => "Organization created",
        "org-renamed" => "Name saved",
        "org-removed" => "Organization deleted",
        "sub-created" => "Sub-organization created",
        "override" => "Saved",
        "password-changed" => "Password changed; your other sessions have ended",
        "session-ended" => "Session ended",
        "channel-changed" => "Channel saved",
        "channel-made" => "Channel made",
        "channel-removed" => "Channel removed",
        "channel-tested" => "A test is on its way",
        "review-details-written" => "Apple has the beta review details",
        "token-changed" => "Token saved",
        "token-revoked" => "Token revoked",
        _ => return None,
    })
}

/// A path on this server to go back to; anything else becomes the start.
pub(crate) fn back(path: &str) -> &str {
    // Browsers leave out tabs and line breaks and take a backslash for a slash, so "/<tab>/host" would leave.
    let odd = |c: char| c == '\\' || c.is_control();
    let local = path.starts_with('/') && !path.starts_with("//") && !path.contains(odd);
    if local { path } else { "/" }
}

fn theme(headers: &HeaderMap) -> Theme {
    session::cookie(headers, THEME).map(Theme::parse).unwrap_or_default()
}

/// Around a page that needs no session.
pub(crate) fn bare(state: &State, headers: &HeaderMap) -> Shell {
    Shell::bare(theme(headers), state.clock.now())
}

/// The origin that use cases write down.
pub(crate) fn origin_of(parts: &Parts) -> Origin {
    parts.extensions.get::<origin::From>().cloned().unwrap_or_default().0
}

/// Somebody who is signed in, in their browser.
pub(crate) struct Visitor {
    /// Who, for use cases.
    pub(crate) who: SignedIn,
    /// The person: only people have sessions.
    pub(crate) person: User,
    /// The organizations that this browser saw last.
    pub(crate) recent: Vec<OrgId>,
    pub(super) cookie: String,
    pub(super) theme: Theme,
    pub(super) shortcuts: bool,
    pub(super) toast: Option<&'static str>,
    pub(super) path: String,
}

impl Visitor {
    /// The token that forms of this session carry.
    pub(crate) fn form_token(&self) -> String {
        session::form_token(&self.cookie)
    }

    /// Whether a form that was read without [`Sent`] belongs to this session.
    ///
    /// # Errors
    /// `form_stale` when it does not.
    pub(crate) fn form_fits(&self, fields: &Fields) -> Result<(), Problem> {
        if session::form_fits(&self.cookie, fields.text("csrf")) {
            Ok(())
        } else {
            Err(stale_form())
        }
    }
}

impl<S> FromRequestParts<S> for Visitor
where
    S: Send + Sync,
    State: FromRef<S>,
{
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        Self::read(parts, State::from_ref(state), true).await
    }
}

/// The same for what a page asks for by itself while it is open: that keeps no session alive.
pub(crate) struct OpenPage(pub(crate) Visitor);

impl<S> FromRequestParts<S> for OpenPage
where
    S: Send + Sync,
    State: FromRef<S>,
{
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        Visitor::read(parts, State::from_ref(state), false).await.map(Self)
    }
}

impl Visitor {
    async fn read(parts: &mut Parts, state: State, attended: bool) -> Result<Self, Response> {
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        let sign_in = || {
            let back: String = url::form_urlencoded::byte_serialize(path.as_bytes()).collect();
            let to = if parts.method == axum::http::Method::GET && path != "/" {
                format!("/sign-in?back={back}")
            } else {
                "/sign-in".to_owned()
            };
            Redirect::to(&to).into_response()
        };
        let cookie = session::cookie(&parts.headers, session::cookie_name(state.settings.is_https()))
            .ok_or_else(sign_in)?
            .to_owned();
        let found = if attended {
            state.app.by_session(&cookie, origin_of(parts)).await
        } else {
            state.app.by_session_unattended(&cookie, origin_of(parts)).await
        };
        let found = found.map_err(|problem| Refusal::from(problem).into_response())?;
        let who = found.ok_or_else(sign_in)?;
        if parts.extensions.get::<WantsConfirmation>().is_some() && !is_confirmed(&who, &parts.method, state.clock.now()) {
            let back: String = url::form_urlencoded::byte_serialize(path.as_bytes()).collect();
            return Err(Redirect::to(&format!("/confirm?back={back}")).into_response());
        }
        let person = who.person().map_err(|problem| Refusal::from(problem).into_response())?.clone();
        Ok(Self {
            who,
            person,
            theme: theme(&parts.headers),
            shortcuts: session::cookie(&parts.headers, SHORTCUTS) != Some("off"),
            recent: recent::seen(&parts.headers),
            toast: session::cookie(&parts.headers, DONE).and_then(toast),
            path: parts.uri.path().to_owned(),
            cookie,
        })
    }
}

/// Whether the password was given lately enough for what asks for that. A form that was opened in time may be filled in for a
/// while; sent too late it is opened anew, at the same address.
fn is_confirmed(who: &SignedIn, method: &Method, now: Timestamp) -> bool {
    let minutes = if *method == Method::POST {
        CONFIRMED_FORM_MINUTES
    } else {
        CONFIRMED_MINUTES
    };
    let since = now.saturating_sub(SignedDuration::from_mins(minutes)).unwrap_or(Timestamp::MIN);
    who.session().is_some_and(|session| session.confirmed_at >= since)
}

fn stale_form() -> Problem {
    Problem::new(
        Kind::NotAllowed,
        "form_stale",
        "This form belongs to another session. Nothing was changed. Open the page again and send it from there.",
    )
}

/// A form of somebody signed in, whose token fits their session.
pub(crate) struct Sent {
    /// Who sent it.
    pub(crate) visitor: Visitor,
    /// Its fields.
    pub(crate) fields: Fields,
}

impl<S> FromRequest<S> for Sent
where
    S: Send + Sync,
    State: FromRef<S>,
{
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let visitor = Visitor::from_request_parts(&mut parts, state).await?;
        let fields = read_form(Request::from_parts(parts, body), state)
            .await
            .map_err(|refusal| refusal.into_response())?;
        if !session::form_fits(&visitor.cookie, fields.text("csrf")) {
            return Err(Refusal::from(stale_form()).into_response());
        }
        Ok(Self { visitor, fields })
    }
}

/// Reads a form that no session stands behind: sign-in and set-up.
pub(crate) async fn read_form<S: Send + Sync>(request: Request, state: &S) -> Result<Fields, Refusal> {
    let Form(pairs) = Form::<Vec<(String, String)>>::from_request(request, state).await.map_err(|_| {
        Problem::new(
            Kind::Invalid,
            "form_unread",
            "The form could not be read. Open the page again and send it from there.",
        )
    })?;
    Ok(pairs.into_iter().collect())
}

/// Largest form with a file, in bytes. A key has 16 KB at most, a bundle 1 MB; what is larger still gets a sentence at its
/// field.
pub(crate) const FILE_FORM_BYTES: usize = 4_000_000;
/// The same for profiles, of which one has 5 MB at most and several come at once.
pub(crate) const PROFILES_FORM_BYTES: usize = 16_000_000;

/// The same for all the files of a team: what [`app::imports::WHOLE_BYTES`] allows, and what stands around each of them.
pub(crate) const IMPORT_FORM_BYTES: usize = app::imports::WHOLE_BYTES + 1_000_000;

/// A form with a file, whose token fits the session of its sender.
pub(crate) struct SentFile {
    /// Who sent it.
    pub(crate) visitor: Visitor,
    /// Its fields but the file.
    pub(crate) fields: Fields,
    /// The file's name, when one was chosen.
    pub(crate) file_name: Option<String>,
    /// The file's bytes.
    pub(crate) file: Zeroizing<Vec<u8>>,
    /// Further files with their names, where several were chosen.
    pub(crate) further: Vec<(String, Zeroizing<Vec<u8>>)>,
}

impl<S> FromRequest<S> for SentFile
where
    S: Send + Sync,
    State: FromRef<S>,
{
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let visitor = Visitor::from_request_parts(&mut parts, state).await?;
        let most = parts.extensions.get().map_or(FILE_FORM_BYTES, |MostBytes(most)| *most);
        let unread = |status: StatusCode| {
            let problem = if status == StatusCode::PAYLOAD_TOO_LARGE {
                Problem::new(
                    Kind::TooLarge,
                    "file_too_large",
                    format!(
                        "What was chosen is larger than {} MB, and that is the most that fits at once. Nothing was saved. Go back and choose another file, or fewer.",
                        most / 1_000_000
                    ),
                )
            } else {
                Problem::new(
                    Kind::Invalid,
                    "form_unread",
                    "The form could not be read. Open the page again and send it from there.",
                )
            };
            Refusal::from(problem).into_response()
        };
        let mut multipart = Multipart::from_request(Request::from_parts(parts, body), state)
            .await
            .map_err(|error| unread(error.into_response().status()))?;
        let mut sent = Self {
            visitor,
            fields: Fields::default(),
            file_name: None,
            file: Zeroizing::new(Vec::new()),
            further: Vec::new(),
        };
        while let Some(field) = multipart.next_field().await.map_err(|error| unread(error.status()))? {
            let name = field.name().unwrap_or_default().to_owned();
            if name == "file" {
                let file_name = field.file_name().filter(|name| !name.is_empty()).map(str::to_owned);
                let bytes = Zeroizing::new(field.bytes().await.map_err(|error| unread(error.status()))?.to_vec());
                match (&sent.file_name, file_name) {
                    (Some(_), Some(further)) => sent.further.push((further, bytes)),
                    // A second field of files, in which none was chosen.
                    (Some(_), None) => {}
                    (None, file_name) => (sent.file_name, sent.file) = (file_name, bytes),
                }
            } else {
                let text = field.text().await.map_err(|error| unread(error.status()))?;
                sent.fields.add(name, text);
            }
            // The token stands first in every form; without it nothing further is read.
            if !session::form_fits(&sent.visitor.cookie, sent.fields.text("csrf")) {
                return Err(Refusal::from(stale_form()).into_response());
            }
        }
        Ok(sent)
    }
}

/// A form with a file that is too large to be held in memory, of which nothing is read yet: first it is looked whether its
/// sender may send it.
pub(crate) struct SentStream {
    /// Who sent it.
    pub(crate) visitor: Visitor,
    /// How long the whole form is, where its sender says so.
    pub(crate) length: Option<u64>,
    request: Request,
}

impl<S> FromRequest<S> for SentStream
where
    S: Send + Sync,
    State: FromRef<S>,
{
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let visitor = Visitor::from_request_parts(&mut parts, state).await?;
        let length = parts.headers.get(header::CONTENT_LENGTH);
        Ok(Self {
            visitor,
            length: length.and_then(|value| value.to_str().ok()?.parse().ok()),
            request: Request::from_parts(parts, body),
        })
    }
}

/// Longest token of a form.
const TOKEN_BYTES: usize = 256;

impl SentStream {
    /// Begins to read it: its token, which has to fit the session of its sender.
    pub(crate) async fn open(self) -> Result<(Visitor, OpenForm), Refusal> {
        let unread = || {
            Problem::new(
                Kind::Invalid,
                "form_unread",
                "The form could not be read. Open the page again and send it from there.",
            )
        };
        let mut form = Multipart::from_request(self.request, &()).await.map_err(|_| unread())?;
        let mut token = Vec::new();
        let first = form.next_field().await.map_err(|_| unread())?;
        if let Some(mut field) = first.filter(|field| field.name() == Some("csrf")) {
            while let Some(piece) = field.chunk().await.map_err(|_| unread())? {
                token.extend_from_slice(&piece);
                if token.len() > TOKEN_BYTES {
                    return Err(stale_form().into());
                }
            }
        }
        match std::str::from_utf8(&token) {
            Ok(token) if session::form_fits(&self.visitor.cookie, token) => Ok((self.visitor, OpenForm(form))),
            _ => Err(stale_form().into()),
        }
    }
}

/// A form whose token was read.
pub(crate) struct OpenForm(Multipart);

impl OpenForm {
    /// The file with its name; none where none was chosen.
    pub(crate) async fn file(&mut self) -> Option<(String, axum::extract::multipart::Field<'_>)> {
        let field = self.0.next_field().await.ok().flatten()?;
        let name = field.file_name().filter(|name| !name.is_empty())?.to_owned();
        (field.name() == Some("file")).then_some((name, field))
    }
}

/// Makes pages of refusals, takes a toast back once it was shown, and remembers which organization was seen.
pub(crate) async fn dress(Reach(state): Reach<State>, request: Request, next: Next) -> Response {
    let (headers, path) = (request.headers().clone(), request.uri().path().to_owned());
    let request_id = request
        .extensions()
        .get::<origin::From>()
        .and_then(|from| from.0.request_id.clone());
    let mut response = next.run(request).await;
    if let Some(problem) = response.extensions_mut().remove::<Arc<Problem>>() {
        let page = error_page(bare(&state, &headers), &problem, request_id);
        response = match page.render() {
            Ok(html) => (response.status(), Html(html)).into_response(),
            Err(_) => response,
        };
    } else if response.status() == StatusCode::OK {
        let mut keep = |name, value: &str, seconds| {
            let value = cookie(name, value, seconds, state.settings.is_https());
            response.headers_mut().append(header::SET_COOKIE, value);
        };
        if session::cookie(&headers, DONE).is_some() {
            keep(DONE, "", 0);
        }
        if let Some(seen) = recent::after(&path, &recent::seen(&headers)) {
            keep(recent::COOKIE, &seen, 365 * 86_400);
        }
    }
    response
}

/// The page in place of a page: what it means, who can act, the request's id.
fn error_page(shell: Shell, problem: &Problem, request_id: Option<String>) -> ErrorPage {
    let (head, way) = match problem.kind {
        Kind::NotFound => ("There is nothing here", "To the overview"),
        Kind::NotAllowed => ("This is not yours to do", "To the overview"),
        Kind::RateLimited => ("Too many tries", "To the overview"),
        Kind::Unavailable => ("Not at this time", "To the overview"),
        Kind::Internal => ("Something broke down here", "To the overview"),
        Kind::AppleRefused => ("Apple refused", "To the overview"),
        Kind::AppleUnreachable => ("Apple is not answering", "To the overview"),
        _ => ("This did not work", "To the overview"),
    };
    ErrorPage {
        shell,
        head: head.to_owned(),
        body: problem.message.clone(),
        request_id,
        way: Some((way.to_owned(), "/".to_owned())),
    }
}

/// Whatever has no route.
pub(crate) async fn nowhere() -> Refusal {
    Problem::not_found().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_stays_on_this_server() {
        for path in ["/o/x/keys?q=a", "/"] {
            assert_eq!(back(path), path);
        }
        for elsewhere in [
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "/\r/evil.example",
            "",
            "javascript:alert(1)",
        ] {
            assert_eq!(back(elsewhere), "/");
        }
    }

    #[test]
    fn a_cookie_cannot_make_the_console_say_something() {
        assert_eq!(toast("key-added"), Some("Key added"));
        assert_eq!(toast("<b>"), None);
    }
}
