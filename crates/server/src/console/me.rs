//! The person's own pages: profile, password, sessions, tokens.

use super::{
    filters, once,
    parts::{Notice, Tone, Wrong},
    shell::{Shell, Theme},
    visit::{Answer, Preference, Sent, Visitor, back, belongs_in_form, done, form_again, id, page, prefer},
};
use crate::State;
use app::Problem;
use askama::Template;
use axum::{
    extract::{Path, State as Reach},
    response::{IntoResponse, Redirect},
};
use domain::{ApiToken, Organization, Session, SessionId, User, account};
use jiff::{SignedDuration, Timestamp};

/// Profile.
#[derive(Template)]
#[template(path = "me/profile.html")]
pub(crate) struct ProfilePage {
    /// Around it.
    pub(crate) shell: Shell,
    /// Who.
    pub(crate) user: User,
    /// Where they belong.
    pub(crate) organizations: Vec<Organization>,
}

/// Password.
#[derive(Template)]
#[template(path = "me/security.html")]
pub(crate) struct SecurityPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// For password managers.
    pub(crate) email: String,
    /// Fewest characters.
    pub(crate) least: usize,
    /// What is wrong.
    pub(crate) wrong: Wrong,
}

/// Sessions.
#[derive(Template)]
#[template(path = "me/sessions.html")]
pub(crate) struct SessionsPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// Newest first.
    pub(crate) sessions: Vec<Session>,
    /// This browser's.
    pub(crate) present: Option<SessionId>,
}

/// Tokens.
#[derive(Template)]
#[template(path = "me/tokens.html")]
pub(crate) struct TokensPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// Newest first.
    pub(crate) tokens: Vec<ApiToken>,
    /// A token just made: shown on this answer and on no other.
    pub(crate) secret: Option<String>,
    /// The server's address, for the lines to copy.
    pub(crate) url: String,
    /// Makes a form that is sent twice act once.
    pub(crate) once: String,
    /// The name entered.
    pub(crate) name: String,
    /// The lifetime chosen, in days.
    pub(crate) chosen_days: i64,
    /// Lifetimes: days and words.
    pub(crate) lifetimes: Vec<(i64, &'static str)>,
    /// What is wrong.
    pub(crate) wrong: Wrong,
}

/// `GET /me`
pub(crate) async fn profile(Reach(state): Reach<State>, visitor: Visitor) -> Answer {
    let shell = visitor.shell(&state).await?;
    page(&ProfilePage {
        shell,
        user: visitor.person.clone(),
        organizations: state.app.own_organizations(&visitor.who).await?,
    })
}

/// `POST /me/theme`
pub(crate) async fn theme(Reach(state): Reach<State>, sent: Sent) -> Answer {
    let mut response = Redirect::to(back(sent.fields.text("back"))).into_response();
    prefer(&state, &mut response, Preference::Theme(Theme::parse(sent.fields.text("theme"))));
    Ok(response)
}

/// `POST /me/shortcuts`
pub(crate) async fn shortcuts(Reach(state): Reach<State>, sent: Sent) -> Answer {
    let mut response = Redirect::to("/me").into_response();
    prefer(&state, &mut response, Preference::Shortcuts(sent.fields.text("shortcuts") != "off"));
    Ok(response)
}

async fn security_page(state: &State, visitor: &Visitor, wrong: Wrong) -> Result<SecurityPage, Problem> {
    let shell = visitor.shell(state).await?;
    Ok(SecurityPage {
        shell,
        email: visitor.person.email.to_string(),
        least: account::PASSWORD_CHARACTERS,
        wrong,
    })
}

/// `GET /me/security`
pub(crate) async fn security(Reach(state): Reach<State>, visitor: Visitor) -> Answer {
    page(&security_page(&state, &visitor, Wrong::default()).await?)
}

/// `POST /me/security`
pub(crate) async fn change_password(Reach(state): Reach<State>, sent: Sent) -> Answer {
    let (old, new) = (sent.fields.text("old_password"), sent.fields.text("password"));
    match state.app.change_password(&sent.visitor.who, old, new).await {
        Ok(_) => Ok(done(&state, "/me/security", "password-changed")),
        Err(problem) if belongs_in_form(&problem) => {
            form_again(&problem, &security_page(&state, &sent.visitor, Wrong::from(&problem)).await?)
        }
        Err(problem) => Err(problem.into()),
    }
}

/// `GET /me/sessions`
pub(crate) async fn sessions(Reach(state): Reach<State>, visitor: Visitor) -> Answer {
    let shell = visitor.shell(&state).await?;
    let sessions = state.app.sessions(&visitor.who).await?;
    page(&SessionsPage {
        shell,
        sessions,
        present: visitor.who.session().map(|session| session.id),
    })
}

/// `POST /me/sessions/{session}/end`
pub(crate) async fn end_session(Reach(state): Reach<State>, Path(session): Path<String>, sent: Sent) -> Answer {
    state.app.end_session(&sent.visitor.who, id(&session)?).await?;
    Ok(done(&state, "/me/sessions", "session-ended"))
}

/// What can be chosen for a token's life, in days.
pub(crate) const LIFETIMES: [(i64, &str); 4] = [
    (30, "In 30 days"),
    (90, "In 90 days"),
    (account::TOKEN_DAYS, "In six months"),
    (account::TOKEN_DAYS_MOST, "In a year"),
];

async fn tokens_page(
    state: &State,
    visitor: &Visitor,
    secret: Option<String>,
    entered: (&str, i64),
    wrong: Wrong,
) -> Result<TokensPage, Problem> {
    Ok(TokensPage {
        shell: visitor.shell(state).await?,
        tokens: state.app.tokens(&visitor.who).await?,
        secret,
        url: state.settings.public_url.as_str().trim_end_matches('/').to_owned(),
        once: once::fresh(state),
        name: entered.0.to_owned(),
        chosen_days: entered.1,
        lifetimes: LIFETIMES.to_vec(),
        wrong,
    })
}

/// `GET /me/tokens`
pub(crate) async fn tokens(Reach(state): Reach<State>, visitor: Visitor) -> Answer {
    page(&tokens_page(&state, &visitor, None, ("", account::TOKEN_DAYS), Wrong::default()).await?)
}

/// `POST /me/tokens`: the one answer that carries the token. Loading it again makes no second one and says so.
pub(crate) async fn create_token(Reach(state): Reach<State>, sent: Sent) -> Answer {
    let days = LIFETIMES
        .into_iter()
        .map(|(days, _)| days)
        .find(|days| sent.fields.text("days") == days.to_string())
        .unwrap_or(account::TOKEN_DAYS);
    let entered = (sent.fields.text("name"), days);
    match token_once(&state, &sent, days).await {
        Ok(secret) => page(&tokens_page(&state, &sent.visitor, Some(secret), ("", account::TOKEN_DAYS), Wrong::default()).await?),
        Err(problem) if problem.code == once::DONE_BEFORE => {
            let shown = Notice::new(
                Tone::Info,
                "The token was shown once, and that was before",
                "It cannot be shown again. If you do not have it, revoke it below and make another.",
            );
            page(&tokens_page(&state, &sent.visitor, None, ("", account::TOKEN_DAYS), Wrong::told(shown)).await?)
        }
        Err(problem) if belongs_in_form(&problem) => form_again(
            &problem,
            &tokens_page(&state, &sent.visitor, None, entered, Wrong::from(&problem)).await?,
        ),
        Err(problem) => Err(problem.into()),
    }
}

async fn token_once(state: &State, sent: &Sent, days: i64) -> Result<String, Problem> {
    let who = &sent.visitor.who;
    let until: Option<Timestamp> = state.clock.now().checked_add(SignedDuration::from_hours(24 * days)).ok();
    let make = state.app.create_token(who, sent.fields.text("name"), until);
    let (_, token) = match who.home() {
        Some(org) => once::once(state, &who.caller, org, sent.fields.text("once"), make).await?,
        // Whoever belongs nowhere has no place where a form sent twice could be noticed.
        None => make.await?,
    };
    Ok(token.expose().to_owned())
}

/// `POST /me/tokens/{token}/revoke`
pub(crate) async fn revoke_token(Reach(state): Reach<State>, Path(token): Path<String>, sent: Sent) -> Answer {
    state.app.revoke_token(&sent.visitor.who, id(&token)?).await?;
    Ok(done(&state, "/me/tokens", "token-revoked"))
}
