//! Making a token and changing one: one form, with an end for a new one.

use super::{
    super::{
        filters,
        me::LIFETIMES,
        members::grid::RoleGrid,
        once,
        parts::{Notice, Tone, Wrong},
        shell::{Place, Shell},
        visit::{Answer, Fields, Sent, Visitor, belongs_in_form, done, form_again, id, page},
    },
    acts::ValuePage,
};
use crate::State;
use app::{
    Problem,
    service_tokens::{NewServiceToken, ServiceTokenChange, ServiceTokenOptions},
};
use askama::Template;
use axum::extract::{Path, State as Reach};
use domain::{Action, OrgId, Role, ServiceToken, ServiceTokenId, account};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// What was entered.
#[derive(Debug, Clone)]
pub(crate) struct TokenForm {
    /// Name.
    pub(crate) name: String,
    /// Words of roles.
    pub(crate) roles: Vec<String>,
    /// Whether it works in every organization, whatever is ticked.
    pub(crate) everywhere: bool,
    /// Ids of organizations.
    pub(crate) organizations: Vec<String>,
    /// Networks, one on a line.
    pub(crate) ranges: String,
    /// Lifetime, in days.
    pub(crate) days: i64,
}

impl TokenForm {
    fn read(fields: &Fields) -> Self {
        let text = |name| fields.text(name).to_owned();
        Self {
            name: text("name"),
            roles: fields.all("role"),
            everywhere: fields.text("reach") != "chosen",
            organizations: fields.all("organization"),
            ranges: text("address_ranges"),
            days: days(fields),
        }
    }

    fn of(token: &ServiceToken) -> Self {
        let lines: Vec<_> = token.address_ranges.iter().map(ToString::to_string).collect();
        Self {
            name: token.name.to_string(),
            roles: token.roles.iter().map(|role| role.as_str().to_owned()).collect(),
            everywhere: token.confined_to.is_none(),
            organizations: token.confined_to.iter().flatten().map(ToString::to_string).collect(),
            ranges: lines.join("\n"),
            days: account::TOKEN_DAYS,
        }
    }

    fn empty() -> Self {
        Self {
            name: String::new(),
            roles: Vec::new(),
            everywhere: true,
            organizations: Vec::new(),
            ranges: String::new(),
            days: account::TOKEN_DAYS,
        }
    }

    fn chosen(&self) -> Option<Vec<String>> {
        (!self.everywhere).then(|| self.organizations.clone())
    }

    fn networks(&self) -> Vec<String> {
        let parts = self.ranges.split(|c: char| c == ',' || c.is_whitespace());
        parts.filter(|part| !part.is_empty()).map(str::to_owned).collect()
    }
}

/// The lifetime that was chosen, in days.
pub(crate) fn days(fields: &Fields) -> i64 {
    let offered = LIFETIMES.into_iter().map(|(days, _)| days);
    let mut chosen = offered.filter(|days| fields.text("days") == days.to_string());
    chosen.next().unwrap_or(account::TOKEN_DAYS)
}

/// The moment so many days from now.
pub(crate) fn in_days(now: Timestamp, days: i64) -> Option<Timestamp> {
    now.checked_add(SignedDuration::from_hours(24 * days)).ok()
}

/// Whether a refusal stands in the form: those of rights do too where other ticks would pass.
pub(crate) fn told_in_form(problem: &Problem) -> bool {
    belongs_in_form(problem) || ["role_lacking", "organizations_lacking"].contains(&problem.code)
}

/// The form.
#[derive(Template)]
#[template(path = "tokens/form.html")]
pub(crate) struct TokenFormPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// The token that is changed; none for a new one.
    pub(crate) token: Option<ServiceToken>,
    /// What there is to choose from.
    pub(crate) options: ServiceTokenOptions,
    /// What was entered.
    pub(crate) form: TokenForm,
    /// The roles, with what is ticked.
    pub(crate) grid: RoleGrid,
    /// Makes a form that is sent twice act once.
    pub(crate) once: String,
    /// Lifetimes: days and words.
    pub(crate) lifetimes: Vec<(i64, &'static str)>,
    /// What is wrong.
    pub(crate) wrong: Wrong,
}

impl TokenFormPage {
    fn address(&self) -> String {
        match &self.token {
            Some(token) => format!("/o/{}/tokens/{}/edit", self.org, token.id),
            None => format!("/o/{}/tokens/new", self.org),
        }
    }

    /// The roles that whoever looks does not hold here.
    fn not_held(&self) -> Option<String> {
        let lacking = self.options.roles.iter().filter(|(_, held)| !held);
        let words: Vec<_> = lacking.map(|(role, _)| role.title()).collect();
        (!words.is_empty()).then(|| words.join(", "))
    }

    fn is_chosen(&self, org: &OrgId) -> bool {
        self.form.organizations.contains(&org.to_string())
    }
}

/// Every role that a token can have, with those of the form ticked.
pub(crate) fn grid(options: &ServiceTokenOptions, form: &TokenForm) -> RoleGrid {
    let all = options.roles.iter().map(|(role, _)| *role).collect();
    let ticked = form.roles.iter().filter_map(|word| Role::parse(word)).collect();
    RoleGrid::new(&BTreeMap::new(), &all, Some(&ticked), "")
}

async fn form_page(
    state: &State,
    visitor: &Visitor,
    org: OrgId,
    token: Option<ServiceToken>,
    form: TokenForm,
    wrong: Wrong,
) -> Result<TokenFormPage, Problem> {
    let shell = visitor.shell_for(state, org, Place::Tokens, Action::ManageTokens).await?;
    let options = state.app.service_token_options(&visitor.who.caller, org).await?;
    Ok(TokenFormPage {
        shell,
        grid: grid(&options, &form),
        options,
        org,
        token,
        form,
        once: once::fresh(state),
        lifetimes: LIFETIMES.to_vec(),
        wrong,
    })
}

/// `GET /o/{org}/tokens/new`
pub(crate) async fn new_form(Reach(state): Reach<State>, Path(org): Path<String>, visitor: Visitor) -> Answer {
    page(&form_page(&state, &visitor, id(&org)?, None, TokenForm::empty(), Wrong::default()).await?)
}

/// `POST /o/{org}/tokens/new`: the one answer that carries the token.
pub(crate) async fn create(Reach(state): Reach<State>, Path(org): Path<String>, sent: Sent) -> Answer {
    let org = id(&org)?;
    let form = TokenForm::read(&sent.fields);
    let new = NewServiceToken {
        name: form.name.clone(),
        roles: form.roles.clone(),
        organizations: form.chosen(),
        address_ranges: form.networks(),
        expires_at: in_days(state.clock.now(), form.days),
    };
    let visitor = &sent.visitor;
    let make = state.app.create_service_token(&visitor.who, org, new);
    match once::once(&state, &visitor.who.caller, org, sent.fields.text("once"), make).await {
        Ok((view, value)) => page(&ValuePage::of(&state, visitor, org, view.token, value.expose()).await?),
        Err(problem) if problem.code == once::DONE_BEFORE => {
            let shown = Notice::new(
                Tone::Info,
                "The token was shown once, and that was before",
                "It cannot be shown again. If you do not have it, rotate it: that gives it a fresh value.",
            );
            let shown = shown.way("See tokens", format!("/o/{org}/tokens"));
            page(&form_page(&state, visitor, org, None, TokenForm::empty(), Wrong::told(shown)).await?)
        }
        Err(problem) if told_in_form(&problem) => {
            form_again(&problem, &form_page(&state, visitor, org, None, form, Wrong::from(&problem)).await?)
        }
        Err(problem) => Err(problem.into()),
    }
}

/// `GET /o/{org}/tokens/{service_token}/edit`
pub(crate) async fn edit_form(Reach(state): Reach<State>, Path((org, token)): Path<(String, String)>, visitor: Visitor) -> Answer {
    let (org, token) = (id(&org)?, id::<ServiceTokenId>(&token)?);
    state.app.may(&visitor.who.caller, Action::ManageTokens, org).await?;
    let token = state.app.service_token(&visitor.who.caller, org, token).await?.token;
    let form = TokenForm::of(&token);
    page(&form_page(&state, &visitor, org, Some(token), form, Wrong::default()).await?)
}

/// `POST /o/{org}/tokens/{service_token}/edit`
pub(crate) async fn edit(Reach(state): Reach<State>, Path((org, token)): Path<(String, String)>, sent: Sent) -> Answer {
    let (org, token) = (id(&org)?, id::<ServiceTokenId>(&token)?);
    let form = TokenForm::read(&sent.fields);
    let change = ServiceTokenChange {
        name: Some(form.name.clone()),
        roles: Some(form.roles.clone()),
        organizations: Some(form.chosen()),
        address_ranges: Some(form.networks()),
    };
    let visitor = &sent.visitor;
    match state.app.change_service_token(&visitor.who, org, token, change).await {
        Ok(_) => Ok(done(&state, &format!("/o/{org}/tokens/{token}"), "token-changed")),
        Err(problem) if told_in_form(&problem) => {
            let token = state.app.service_token(&visitor.who.caller, org, token).await?.token;
            form_again(
                &problem,
                &form_page(&state, visitor, org, Some(token), form, Wrong::from(&problem)).await?,
            )
        }
        Err(problem) => Err(problem.into()),
    }
}
