//! Having a signing set made complete: what for and through which key, then a look at what that would take, then the act.
//!
//! The look is the same decision as the act's, and nothing of it is kept: the act looks again.

use super::super::{
    filters,
    parts::{Tone, Wrong},
    profiles::{list::title, register::types},
    shell::{Place, Shell},
    visit::{Answer, Fields, Sent, Visitor, corrects_choice, done, form_again, id, page},
};
use crate::State;
use app::{
    Paging, Problem,
    apple_account::ListQuery,
    keys::KeyChoice,
    signing_sets::{Ensured, SetStep, SetWish, StepKind},
};
use askama::Template;
use axum::{
    extract::{Path, Query, State as Reach},
    response::{IntoResponse, Redirect, Response},
};
use domain::{Action, ApiKeyId, ListedCertificate, Need, OrgId, ProfileType};
use url::form_urlencoded::Serializer;

/// What is asked for, as it was entered; also what the address of the form can fill in.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub(crate) struct Entered {
    /// Apple's type.
    pub(crate) kind: String,
    /// The key's id.
    pub(crate) key: String,
    /// Bundle identifiers, one a line.
    pub(crate) identifiers: String,
    /// The name of the set; empty for one that is made of the identifier and the type.
    pub(crate) name: String,
    /// The id of the certificate; empty for whichever fits.
    pub(crate) certificate: String,
    /// Whether bundle IDs below belong to it: `on`.
    pub(crate) extensions: String,
    /// Whether missing bundle IDs are registered: `on`.
    pub(crate) register: String,
    /// A set whose bundle IDs and name are filled in.
    pub(crate) set: String,
}

impl Entered {
    fn of(fields: &Fields) -> Self {
        let text = |name| fields.text(name).to_owned();
        Self {
            kind: text("type"),
            key: text("key"),
            identifiers: text("identifiers"),
            name: text("name"),
            certificate: text("certificate"),
            extensions: text("extensions"),
            register: text("register"),
            set: String::new(),
        }
    }

    /// The identifiers, however they are set apart.
    fn each(&self) -> Vec<String> {
        let apart = |c: char| c.is_whitespace() || matches!(c, ',' | ';');
        let all = self.identifiers.split(apart).filter(|one| !one.is_empty());
        all.map(str::to_owned).collect()
    }

    fn wish(&self, profile_type: &ProfileType) -> Result<SetWish, Problem> {
        Ok(SetWish {
            name: self.name.clone(),
            profile_type: profile_type.as_str().to_owned(),
            identifiers: self.each(),
            with_extensions: self.extensions == "on",
            certificate: match self.certificate.as_str() {
                "" => None,
                chosen => Some(id(chosen)?),
            },
            register: self.register == "on",
            fresh_for: None,
        })
    }
}

/// The form.
#[derive(Template)]
#[template(path = "signing_sets/ensure.html")]
pub(crate) struct EnsureSetPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// Types: Apple's word and ours.
    pub(crate) types: Vec<(&'static str, String)>,
    /// The chosen type.
    pub(crate) profile_type: ProfileType,
    /// The keys for it, usable ones first.
    pub(crate) keys: Vec<KeyChoice>,
    /// The picked one.
    pub(crate) chosen: Option<ApiKeyId>,
    /// The certificates that can be chosen.
    pub(crate) certificates: Vec<ListedCertificate>,
    /// What was filled in.
    pub(crate) entered: Entered,
    /// What is wrong.
    pub(crate) wrong: Wrong,
}

impl EnsureSetPage {
    fn is_chosen(&self, word: &str) -> bool {
        self.profile_type.as_str() == word
    }

    fn is_wanted(&self, certificate: &ListedCertificate) -> bool {
        self.entered.certificate == certificate.id.to_string()
    }
}

/// What it would take.
#[derive(Template)]
#[template(path = "signing_sets/preview.html")]
pub(crate) struct EnsurePreviewPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// The type.
    pub(crate) profile_type: ProfileType,
    /// What was filled in.
    pub(crate) entered: Entered,
    /// What would be done, in order.
    pub(crate) steps: Vec<SetStep>,
}

impl EnsurePreviewPage {
    fn reused(&self) -> Vec<&SetStep> {
        self.steps.iter().filter(|step| step.kind == StepKind::Use).collect()
    }

    fn done(&self) -> Vec<&SetStep> {
        self.steps.iter().filter(|step| step.kind != StepKind::Use).collect()
    }

    fn icon(&self, step: &SetStep) -> &'static str {
        match step.kind {
            StepKind::Use => "ok",
            StepKind::Rebuild => "refresh",
            StepKind::Register | StepKind::CreateCertificate | StepKind::CreateProfile => "plus",
        }
    }

    fn title(&self) -> String {
        title(&self.profile_type)
    }

    fn many(&self) -> usize {
        self.entered.each().len()
    }

    /// Whether a certificate is among what is created: it takes one of Apple's few places.
    fn takes_place(&self) -> bool {
        self.steps.iter().any(|step| step.kind == StepKind::CreateCertificate)
    }

    /// The form again, with what was filled in.
    fn back(&self) -> String {
        let entered = &self.entered;
        let mut query = Serializer::new(String::new());
        query.append_pair("kind", self.profile_type.as_str());
        for (name, value) in [
            ("key", &entered.key),
            ("identifiers", &entered.identifiers),
            ("name", &entered.name),
            ("certificate", &entered.certificate),
            ("extensions", &entered.extensions),
            ("register", &entered.register),
        ] {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        format!("/o/{}/signing-sets/ensure?{}", self.org, query.finish())
    }
}

/// The type as one that can be created; the commonest when it is none.
fn known(word: &str) -> ProfileType {
    ProfileType::creatable(word).unwrap_or_else(|_| ProfileType::of_apple("IOS_APP_STORE"))
}

async fn ensure_page(state: &State, visitor: &Visitor, org: OrgId, mut entered: Entered, wrong: Wrong) -> Result<EnsureSetPage, Problem> {
    let shell = visitor.shell_for(state, org, Place::SigningSets, Action::EditSigningSets).await?;
    let caller = &visitor.who.caller;
    let profile_type = known(&entered.kind);
    if !entered.set.is_empty() {
        let view = state.app.signing_set(caller, org, &entered.set).await?;
        let identifiers: Vec<String> = view.items.into_iter().map(|item| item.identifier).collect();
        entered.identifiers = identifiers.join("\n");
        entered.name = view.set.name.to_string();
    }
    let keys = state.app.key_choices(caller, org, &Need::create_profile(&profile_type)).await?;
    let wanted = entered.key.parse().ok();
    let usable = |choice: &&KeyChoice| choice.usability.may_try();
    let chosen = keys
        .iter()
        .filter(usable)
        .find(|choice| Some(choice.key.id) == wanted)
        .or_else(|| keys.iter().find(usable))
        .map(|choice| choice.key.id);
    let most = Paging::first(Paging::MOST);
    let mut certificates = state.app.certificates(caller, org, &ListQuery::default(), &most).await?.items;
    certificates.retain(|held| held.key_held && held.expires_at > shell.now && profile_type.takes_certificate(&held.certificate_type));
    Ok(EnsureSetPage {
        shell,
        org,
        types: types(),
        profile_type,
        keys,
        chosen,
        certificates,
        entered,
        wrong,
    })
}

/// `GET /o/{org}/signing-sets/ensure?kind=&key=&set=`
pub(crate) async fn form(Reach(state): Reach<State>, Path(org): Path<String>, Query(entered): Query<Entered>, visitor: Visitor) -> Answer {
    page(&ensure_page(&state, &visitor, id(&org)?, entered, Wrong::default()).await?)
}

/// `POST /o/{org}/signing-sets/ensure`: first the look, then, from that page, the act. Sent twice it joins the act that is
/// under way.
pub(crate) async fn ensure(Reach(state): Reach<State>, Path(org): Path<String>, sent: Sent) -> Answer {
    let org = id(&org)?;
    let caller = &sent.visitor.who.caller;
    state.app.may(caller, Action::EditSigningSets, org).await?;
    let entered = Entered::of(&sent.fields);
    let problem = if sent.fields.text("step") == "begin" {
        match begin(&state, &sent, org, &entered).await {
            Ok(answer) => return Ok(answer),
            Err(problem) => problem,
        }
    } else {
        match preview(&state, &sent, org, &entered).await {
            Ok(would) => return page(&would),
            Err(problem) => problem,
        }
    };
    if corrects_choice(&problem) {
        let wrong = Wrong::with_choice(&problem);
        let again = ensure_page(&state, &sent.visitor, org, entered, wrong).await?;
        return form_again(&problem, &again);
    }
    Err(problem.into())
}

fn picked(entered: &Entered) -> Result<ApiKeyId, Problem> {
    if entered.key.is_empty() {
        let message = "No key is picked. Pick the one to ask Apple with.";
        return Err(Problem::field("key_missing", "key", message));
    }
    id(&entered.key)
}

async fn preview(state: &State, sent: &Sent, org: OrgId, entered: &Entered) -> Result<EnsurePreviewPage, Problem> {
    let (caller, key) = (&sent.visitor.who.caller, picked(entered)?);
    let profile_type = known(&entered.kind);
    let wish = entered.wish(&profile_type)?;
    let steps = Box::pin(state.app.preview_signing_set(caller, org, key, wish)).await?;
    let shell = sent.visitor.shell_in(state, org, Place::SigningSets).await?;
    Ok(EnsurePreviewPage {
        shell,
        org,
        profile_type,
        entered: entered.clone(),
        steps,
    })
}

async fn begin(state: &State, sent: &Sent, org: OrgId, entered: &Entered) -> Result<Response, Problem> {
    let (caller, key) = (&sent.visitor.who.caller, picked(entered)?);
    let wish = entered.wish(&known(&entered.kind))?;
    Ok(match Box::pin(state.app.ensure_signing_set(caller, org, key, wish)).await? {
        Ensured::Ready(view) => done(state, &format!("/o/{org}/signing-sets/{}", view.set.id), "set-ready"),
        Ensured::Begun(operation) => Redirect::to(&format!("/o/{org}/operations/{}", operation.id)).into_response(),
    })
}
