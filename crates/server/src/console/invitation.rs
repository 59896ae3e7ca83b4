//! `/invitations/{token}`: what somebody sees who was sent a link.
//!
//! Nobody need be signed in. What the page says depends on who opens it: the one it is for accepts; somebody else is told
//! so; who has an account signs in and comes back; who has none makes one here.

use super::{
    filters,
    gate::{agent, signed_in},
    parts::{Notice, Tone, Wrong},
    shell::Shell,
    visit::{Answer, Refusal, Visitor, bare, belongs_in_form, done, form_again, origin_of, page, read_form},
};
use crate::{State, reply};
use app::{
    Kind, Problem,
    invitations::{Accepting, LookedAt, NewAccount},
};
use askama::Template;
use axum::{
    extract::{FromRequestParts, Path, Request, State as Reach},
    http::{HeaderMap, request::Parts},
    response::{Html, IntoResponse},
};
use domain::{User, account};
use zeroize::Zeroizing;

/// Who looks at it.
pub(crate) enum Guest {
    /// Signed in with the address that it is for.
    Invited(User),
    /// Signed in with another.
    Another(User),
    /// Not signed in, and the address has an account.
    Known,
    /// Not signed in, and the address has none.
    New,
}

/// The page.
#[derive(Template)]
#[template(path = "invitation.html")]
pub(crate) struct InvitationPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The token, for the form's address.
    pub(crate) token: String,
    /// What the link says; none when it does not work.
    pub(crate) seen: Option<LookedAt>,
    /// Who looks.
    pub(crate) guest: Guest,
    /// The name entered.
    pub(crate) name: String,
    /// Fewest characters of a password.
    pub(crate) least: usize,
    /// What is wrong.
    pub(crate) wrong: Wrong,
}

impl InvitationPage {
    fn back(&self) -> String {
        let path = format!("/invitations/{}", self.token);
        url::form_urlencoded::byte_serialize(path.as_bytes()).collect()
    }
}

/// Whoever has a session, and nobody without one.
async fn visitor(parts: &mut Parts, state: &State) -> Option<Visitor> {
    Visitor::from_request_parts(parts, state).await.ok()
}

fn page_of(
    state: &State,
    headers: &HeaderMap,
    visitor: Option<&Visitor>,
    token: &str,
    seen: Option<LookedAt>,
    wrong: Wrong,
) -> InvitationPage {
    let guest = match (visitor, &seen) {
        (Some(visitor), Some(seen)) if visitor.person.email == seen.email => Guest::Invited(visitor.person.clone()),
        (Some(visitor), _) => Guest::Another(visitor.person.clone()),
        (None, Some(seen)) if seen.has_account => Guest::Known,
        (None, _) => Guest::New,
    };
    InvitationPage {
        shell: Shell {
            csrf: visitor.map(Visitor::form_token).unwrap_or_default(),
            ..bare(state, headers)
        },
        token: token.to_owned(),
        seen,
        guest,
        name: String::new(),
        least: account::PASSWORD_CHARACTERS,
        wrong,
    }
}

/// A link that does not work is told on the page, with its status.
fn closed(state: &State, headers: &HeaderMap, problem: &Problem) -> Answer {
    reply::log(problem);
    let wrong = Wrong::told(Notice::problem(problem));
    let page = page_of(state, headers, None, "", None, wrong);
    Ok((reply::status(problem.kind), Html(page.render()?)).into_response())
}

fn is_about_the_link(problem: &Problem) -> bool {
    problem.code.starts_with("invitation_") || problem.kind == Kind::RateLimited
}

/// `GET /invitations/{token}`
pub(crate) async fn show(Reach(state): Reach<State>, Path(token): Path<String>, request: Request) -> Answer {
    let (mut parts, _) = request.into_parts();
    let origin = origin_of(&parts);
    match state.app.look_at_invitation(&token, &origin).await {
        Ok(seen) => {
            let visitor = visitor(&mut parts, &state).await;
            page(&page_of(
                &state,
                &parts.headers,
                visitor.as_ref(),
                &token,
                Some(seen),
                Wrong::default(),
            ))
        }
        Err(problem) if is_about_the_link(&problem) => closed(&state, &parts.headers, &problem),
        Err(problem) => Err(problem.into()),
    }
}

/// `POST /invitations/{token}`: as oneself where there is a session, else as a new account, which is signed in then.
pub(crate) async fn accept(Reach(state): Reach<State>, Path(token): Path<String>, request: Request) -> Answer {
    let (mut parts, body) = request.into_parts();
    let (headers, origin) = (parts.headers.clone(), origin_of(&parts));
    let visitor = visitor(&mut parts, &state).await;
    let fields = read_form(Request::from_parts(parts, body), &state).await?;
    if let Some(visitor) = &visitor {
        visitor.form_fits(&fields)?;
    }
    let accepting = match &visitor {
        Some(visitor) => Accepting::SignedIn(&visitor.who),
        None => Accepting::NewAccount(NewAccount {
            name: fields.text("name"),
            password: Zeroizing::new(fields.text("password").to_owned()),
            browser: Some(agent(&headers).unwrap_or_default()),
        }),
    };
    match state.app.accept_invitation(&token, accepting, origin.clone()).await {
        Ok(accepted) => {
            let to = format!("/o/{}", accepted.organization);
            Ok(match &accepted.session {
                Some(session) => signed_in(&state, session, &to),
                None => done(&state, &to, "joined"),
            })
        }
        Err(problem)
            if matches!(problem.code, "invitation_for_another" | "account_exists")
                || belongs_in_form(&problem) && !is_about_the_link(&problem) =>
        {
            let seen = state.app.look_at_invitation(&token, &origin).await?;
            let page = InvitationPage {
                name: fields.text("name").to_owned(),
                ..page_of(&state, &headers, visitor.as_ref(), &token, Some(seen), Wrong::from(&problem))
            };
            form_again(&problem, &page)
        }
        Err(problem) if is_about_the_link(&problem) => closed(&state, &headers, &problem),
        Err(problem) => Err(Refusal::from(problem)),
    }
}
