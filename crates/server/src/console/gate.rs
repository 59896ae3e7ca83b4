//! Pages that stand alone: sign-in, the set-up of the first person, and what is shown in place of a page.

use super::{
    filters,
    parts::{Notice, Tone, Wrong},
    shell::Shell,
    visit::{Answer, Fields, Sent, Visitor, back, bare, belongs_in_form, form_again, origin_of, page, read_form},
};
use crate::{State, session};
use app::{
    Kind, Problem,
    accounts::{NewSession, SetUp},
};
use askama::Template;
use axum::{
    extract::{Query, Request, State as Reach},
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Redirect, Response},
};
use domain::account;
use zeroize::Zeroizing;

/// Sign-in.
#[derive(Template)]
#[template(path = "sign_in.html")]
pub(crate) struct SignInPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The server's host, so that people see where they type.
    pub(crate) host: String,
    /// Where to go on.
    pub(crate) back: String,
    /// The e-mail entered.
    pub(crate) email: String,
    /// The one error for all wrong pairs.
    pub(crate) wrong: Option<String>,
    /// Too many tries, or signed out.
    pub(crate) notice: Option<Notice>,
}

/// What the first person entered.
#[derive(Debug, Clone, Default)]
pub(crate) struct SetUpForm {
    /// Name.
    pub(crate) name: String,
    /// E-mail.
    pub(crate) email: String,
    /// Organization.
    pub(crate) organization: String,
}

/// The first person.
#[derive(Template)]
#[template(path = "setup.html")]
pub(crate) struct SetUpPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The one-time token.
    pub(crate) token: String,
    /// What was entered.
    pub(crate) form: SetUpForm,
    /// Fewest characters of a password.
    pub(crate) least: usize,
    /// What is wrong.
    pub(crate) wrong: Wrong,
}

/// In place of a page: what it means, who can act, the request's id.
#[derive(Template)]
#[template(path = "error.html")]
pub(crate) struct ErrorPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// What happened.
    pub(crate) head: String,
    /// What it means and who can act.
    pub(crate) body: String,
    /// For the log.
    pub(crate) request_id: Option<String>,
    /// One way on.
    pub(crate) way: Option<(String, String)>,
}

/// `GET /`: to the organization used last, or to the sign-in.
pub(crate) async fn start(Reach(state): Reach<State>, visitor: Visitor) -> Answer {
    let mut known = visitor.recent.clone();
    known.extend(visitor.who.home());
    let seen = state.app.organizations_among(&visitor.who.caller, &known).await?;
    Ok(match seen.first() {
        Some(view) => Redirect::to(&format!("/o/{}", view.organization.id)).into_response(),
        None => Redirect::to("/orgs").into_response(),
    })
}

/// Where to go on after the sign-in.
#[derive(serde::Deserialize, Default)]
#[serde(default)]
pub(crate) struct AskedBack {
    back: String,
}

fn sign_in_page(state: &State, headers: &HeaderMap, email: &str, to: &str, problem: Option<&Problem>) -> SignInPage {
    let wrong_pair = problem.filter(|problem| problem.kind == Kind::SignInNeeded);
    let other = problem.filter(|problem| problem.kind != Kind::SignInNeeded);
    SignInPage {
        shell: bare(state, headers),
        host: state.settings.public_url.host_str().unwrap_or_default().to_owned(),
        back: to.to_owned(),
        email: email.to_owned(),
        wrong: wrong_pair.map(|problem| problem.message.clone()),
        notice: other.map(Notice::problem),
    }
}

/// `GET /sign-in?back=`
pub(crate) async fn sign_in_form(Reach(state): Reach<State>, Query(asked): Query<AskedBack>, headers: HeaderMap) -> Answer {
    page(&sign_in_page(&state, &headers, "", back(&asked.back), None))
}

/// The browser's description of itself.
pub(super) fn agent(headers: &HeaderMap) -> Option<String> {
    headers
        .get(header::USER_AGENT)
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned)
}

/// Goes on with a fresh session.
pub(super) fn signed_in(state: &State, session: &NewSession, to: &str) -> Response {
    let mut response = Redirect::to(to).into_response();
    let cookie = session::begin(state.settings.is_https(), session.cookie.expose());
    if let Ok(value) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}

/// `POST /sign-in`. Always a new session: one that was there before is not taken over.
pub(crate) async fn sign_in(Reach(state): Reach<State>, request: Request) -> Answer {
    let (parts, body) = request.into_parts();
    let (headers, origin) = (parts.headers.clone(), origin_of(&parts));
    let fields = read_form(Request::from_parts(parts, body), &state).await?;
    let (email, to) = (fields.text("email"), back(fields.text("back")));
    match state
        .app
        .sign_in(email, fields.text("password"), origin, agent(&headers).as_deref())
        .await
    {
        Ok(session) => Ok(signed_in(&state, &session, to)),
        Err(problem) if problem.kind != Kind::Internal => form_again(&problem, &sign_in_page(&state, &headers, email, to, Some(&problem))),
        Err(problem) => Err(problem.into()),
    }
}

/// `POST /sign-out`
pub(crate) async fn sign_out(Reach(state): Reach<State>, sent: Sent) -> Answer {
    state.app.sign_out(&sent.visitor.who).await?;
    let mut response = Redirect::to("/sign-in").into_response();
    if let Ok(value) = HeaderValue::from_str(&session::end(state.settings.is_https())) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    Ok(response)
}

/// The one-time token.
#[derive(serde::Deserialize, Default)]
#[serde(default)]
pub(crate) struct AskedToken {
    token: String,
}

/// The form of the first person, while its token opens it.
async fn set_up_page(state: &State, headers: &HeaderMap, token: &str, form: SetUpForm, wrong: Wrong) -> Result<SetUpPage, Problem> {
    if !state.app.set_up_is_open(token).await? {
        return Err(Problem::new(
            Kind::NotFound,
            "set_up_closed",
            "This set-up link is not valid, or somebody has used it. The server prints a link when it starts and nobody has an account yet; if you have one, sign in.",
        ));
    }
    Ok(SetUpPage {
        shell: bare(state, headers),
        token: token.to_owned(),
        form,
        least: account::PASSWORD_CHARACTERS,
        wrong,
    })
}

/// `GET /setup?token=`
pub(crate) async fn set_up_form(Reach(state): Reach<State>, Query(asked): Query<AskedToken>, headers: HeaderMap) -> Answer {
    page(&set_up_page(&state, &headers, &asked.token, SetUpForm::default(), Wrong::default()).await?)
}

fn entered(fields: &Fields) -> SetUpForm {
    let text = |name| fields.text(name).to_owned();
    SetUpForm {
        name: text("name"),
        email: text("email"),
        organization: text("organization"),
    }
}

/// `POST /setup`
pub(crate) async fn set_up(Reach(state): Reach<State>, request: Request) -> Answer {
    let (parts, body) = request.into_parts();
    let (headers, origin) = (parts.headers.clone(), origin_of(&parts));
    let fields = read_form(Request::from_parts(parts, body), &state).await?;
    let form = entered(&fields);
    let input = SetUp {
        organization: form.organization.clone(),
        name: form.name.clone(),
        email: form.email.clone(),
        password: Zeroizing::new(fields.text("password").to_owned()),
    };
    match state
        .app
        .set_up(fields.text("token"), input, origin, agent(&headers).as_deref())
        .await
    {
        Ok(session) => Ok(signed_in(&state, &session, "/")),
        Err(problem) if belongs_in_form(&problem) => {
            let again = set_up_page(&state, &headers, fields.text("token"), form, Wrong::from(&problem)).await?;
            form_again(&problem, &again)
        }
        Err(problem) => Err(problem.into()),
    }
}
