//! A token's value, shown once; rotating and revoking.

use super::{
    super::{
        filters,
        me::LIFETIMES,
        once,
        parts::{Notice, Tone, Wrong},
        shell::{Place, Shell},
        visit::{Answer, Sent, Visitor, done, form_again, id, page},
    },
    form::{days, in_days, told_in_form},
};
use crate::State;
use app::Problem;
use askama::Template;
use axum::extract::{Path, State as Reach};
use domain::{Action, OrgId, ServiceToken, ServiceTokenId, account};

/// The one answer that carries a value.
#[derive(Template)]
#[template(path = "tokens/value.html")]
pub(crate) struct ValuePage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// The token.
    pub(crate) token: ServiceToken,
    /// Its value.
    pub(crate) secret: String,
    /// The server's address, for the lines to copy.
    pub(crate) url: String,
}

impl ValuePage {
    /// The page of a token that was just made or rotated.
    pub(super) async fn of(state: &State, visitor: &Visitor, org: OrgId, token: ServiceToken, secret: &str) -> Result<Self, Problem> {
        Ok(Self {
            shell: visitor.shell_for(state, org, Place::Tokens, Action::ManageTokens).await?,
            org,
            token,
            secret: secret.to_owned(),
            url: state.settings.public_url.as_str().trim_end_matches('/').to_owned(),
        })
    }
}

/// Asking before a rotation.
#[derive(Template)]
#[template(path = "tokens/rotate.html")]
pub(crate) struct RotateTokenPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// The token.
    pub(crate) token: ServiceToken,
    /// Makes a form that is sent twice act once.
    pub(crate) once: String,
    /// The lifetime chosen, in days.
    pub(crate) chosen_days: i64,
    /// Lifetimes: days and words.
    pub(crate) lifetimes: Vec<(i64, &'static str)>,
    /// What is wrong.
    pub(crate) wrong: Wrong,
}

/// Asking before a revocation.
#[derive(Template)]
#[template(path = "tokens/revoke.html")]
pub(crate) struct RevokeTokenPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// The token.
    pub(crate) token: ServiceToken,
    /// What is wrong.
    pub(crate) wrong: Wrong,
}

type Ids = Path<(String, String)>;

async fn about(state: &State, visitor: &Visitor, org: &str, token: &str) -> Result<(Shell, OrgId, ServiceToken), Problem> {
    let (org, token) = (id(org)?, id::<ServiceTokenId>(token)?);
    let shell = visitor.shell_for(state, org, Place::Tokens, Action::ManageTokens).await?;
    let view = state.app.service_token(&visitor.who.caller, org, token).await?;
    Ok((shell, org, view.token))
}

async fn rotate_page(
    state: &State,
    visitor: &Visitor,
    (org, token): (&str, &str),
    days: i64,
    wrong: Wrong,
) -> Result<RotateTokenPage, Problem> {
    let (shell, org, token) = about(state, visitor, org, token).await?;
    Ok(RotateTokenPage {
        shell,
        org,
        token,
        once: once::fresh(state),
        chosen_days: days,
        lifetimes: LIFETIMES.to_vec(),
        wrong,
    })
}

/// `GET /o/{org}/tokens/{service_token}/rotate`
pub(crate) async fn rotate_form(Reach(state): Reach<State>, Path((org, token)): Ids, visitor: Visitor) -> Answer {
    page(&rotate_page(&state, &visitor, (&org, &token), account::TOKEN_DAYS, Wrong::default()).await?)
}

/// `POST /o/{org}/tokens/{service_token}/rotate`: the one answer that carries the fresh value.
pub(crate) async fn rotate(Reach(state): Reach<State>, Path(ids): Ids, sent: Sent) -> Answer {
    let (org, token) = (id::<OrgId>(&ids.0)?, id::<ServiceTokenId>(&ids.1)?);
    let (visitor, days) = (&sent.visitor, days(&sent.fields));
    let until = in_days(state.clock.now(), days);
    let rotate = state.app.rotate_service_token(&visitor.who, org, token, until);
    let ids = (ids.0.as_str(), ids.1.as_str());
    match once::once(&state, &visitor.who.caller, org, sent.fields.text("once"), rotate).await {
        Ok((view, value)) => page(&ValuePage::of(&state, visitor, org, view.token, value.expose()).await?),
        Err(problem) if problem.code == once::DONE_BEFORE => {
            let shown = Notice::new(
                Tone::Info,
                "The fresh value was shown once, and that was before",
                "It cannot be shown again. If you do not have it, rotate the token once more.",
            );
            page(&rotate_page(&state, visitor, ids, days, Wrong::told(shown)).await?)
        }
        Err(problem) if told_in_form(&problem) => {
            form_again(&problem, &rotate_page(&state, visitor, ids, days, Wrong::from(&problem)).await?)
        }
        Err(problem) => Err(problem.into()),
    }
}

/// `GET /o/{org}/tokens/{service_token}/revoke`
pub(crate) async fn revoke_form(Reach(state): Reach<State>, Path((org, token)): Ids, visitor: Visitor) -> Answer {
    let (shell, org, token) = about(&state, &visitor, &org, &token).await?;
    page(&RevokeTokenPage {
        shell,
        org,
        token,
        wrong: Wrong::default(),
    })
}

/// `POST /o/{org}/tokens/{service_token}/revoke`
pub(crate) async fn revoke(Reach(state): Reach<State>, Path((org, token)): Ids, sent: Sent) -> Answer {
    let (shell, org, token) = about(&state, &sent.visitor, &org, &token).await?;
    if let Err(problem) = sent.fields.confirms("revoke this token", &token.name) {
        let wrong = Wrong::from(&problem);
        return form_again(&problem, &RevokeTokenPage { shell, org, token, wrong });
    }
    state.app.revoke_service_token(&sent.visitor.who.caller, org, token.id).await?;
    Ok(done(&state, &format!("/o/{org}/tokens"), "token-revoked"))
}
