//! Registering a bundle ID with its capabilities.

use super::{
    super::{
        filters,
        listing::Asked,
        once,
        parts::{Tone, Wrong},
        shell::{Place, Shell},
        visit::{Answer, Sent, Visitor, corrects_choice, form_again, id, page},
    },
    capabilities::{Offer, Ticked},
};
use crate::State;
use app::{Problem, bundle_ids::BundleIdToRegister, keys::KeyChoice};
use askama::Template;
use axum::{
    extract::{Path, Query, State as Reach},
    response::{IntoResponse, Redirect},
};
use domain::{Action, ApiKeyId, Need, OrgId};

/// The page.
#[derive(Template)]
#[template(path = "bundle_ids/new.html")]
pub(crate) struct NewBundleIdPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// Makes a form that is sent twice act once.
    pub(crate) once: String,
    /// The keys for it.
    pub(crate) keys: Vec<KeyChoice>,
    /// The picked one.
    pub(crate) chosen: Option<ApiKeyId>,
    /// What was entered.
    pub(crate) form: BundleIdToRegister,
    /// The boxes.
    pub(crate) offers: Vec<Offer>,
    /// What is wrong with it.
    pub(crate) wrong: Wrong,
}

async fn new_page(
    state: &State,
    visitor: &Visitor,
    org: OrgId,
    key: &str,
    (form, ticked): (BundleIdToRegister, Ticked),
    wrong: Wrong,
) -> Result<NewBundleIdPage, Problem> {
    let shell = visitor.shell_for(state, org, Place::BundleIds, Action::EditBundleIds).await?;
    let keys = state.app.key_choices(&visitor.who.caller, org, &Need::RegisterBundleId).await?;
    let may = |choice: &&KeyChoice| choice.usability.may_try();
    let wanted = key.parse::<ApiKeyId>().ok();
    let chosen = keys.iter().filter(may).find(|choice| Some(choice.key.id) == wanted);
    let chosen = chosen.or_else(|| keys.iter().find(may)).map(|choice| choice.key.id);
    Ok(NewBundleIdPage {
        shell,
        org,
        once: once::fresh(state),
        keys,
        chosen,
        form,
        offers: ticked.offers(),
        wrong,
    })
}

/// `GET /o/{org}/bundle-ids/new?key=`
pub(crate) async fn form(Reach(state): Reach<State>, Path(org): Path<String>, Query(asked): Query<Asked>, visitor: Visitor) -> Answer {
    let empty = (BundleIdToRegister::default(), Ticked::default());
    page(&new_page(&state, &visitor, id(&org)?, &asked.key, empty, Wrong::default()).await?)
}

/// `POST /o/{org}/bundle-ids/new`: sent twice, it begins one act and leads to it both times.
pub(crate) async fn register(Reach(state): Reach<State>, Path(org): Path<String>, sent: Sent) -> Answer {
    let org = id(&org)?;
    let ticked = Ticked::read(&sent.fields);
    let text = |name| sent.fields.text(name).to_owned();
    let wanted = BundleIdToRegister {
        identifier: text("identifier"),
        name: text("name"),
        platform: text("platform"),
        capabilities: ticked.set(),
    };
    match begin(&state, &sent, org, wanted.clone()).await {
        Ok(place) => Ok(Redirect::to(&place).into_response()),
        Err(problem) if corrects_choice(&problem) => {
            let wrong = Wrong::with_choice(&problem);
            let again = new_page(&state, &sent.visitor, org, sent.fields.text("key"), (wanted, ticked), wrong).await?;
            form_again(&problem, &again)
        }
        Err(problem) => Err(problem.into()),
    }
}

async fn begin(state: &State, sent: &Sent, org: OrgId, wanted: BundleIdToRegister) -> Result<String, Problem> {
    let caller = &sent.visitor.who.caller;
    if sent.fields.text("key").is_empty() {
        let why = "No key is picked. Pick the one to ask Apple with.";
        return Err(Problem::field("key_missing", "key", why));
    }
    let act = state.app.register_bundle_id(caller, org, id(sent.fields.text("key"))?, wanted);
    once::begin(state, caller, org, sent.fields.text("once"), act).await
}
