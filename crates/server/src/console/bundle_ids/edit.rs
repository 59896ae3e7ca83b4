//! Changing what a bundle ID can do, in two steps: the boxes, then the difference with the profiles that it makes INVALID.
//!
//! Nothing is changed before the difference was seen: the second form carries the same fields and `sure`.

use super::{
    super::{
        apple::path_part,
        filters,
        listing::Asked,
        once,
        parts::{Tone, Wrong},
        shell::{Place, Shell},
        visit::{Answer, Sent, Visitor, corrects_choice, form_again, id, page},
    },
    capabilities::{Offer, Ticked, settings_in_words},
};
use crate::State;
use app::{
    Kind, Problem,
    bundle_ids::{BundleIdDetails, CapabilityDifference},
};
use askama::Template;
use axum::{
    extract::{Path, Query, State as Reach},
    response::{IntoResponse, Redirect},
};
use domain::{Action, ApiKey, OrgId, operation::CapabilityWish};

/// The boxes.
#[derive(Template)]
#[template(path = "bundle_ids/capabilities.html")]
pub(crate) struct CapabilitiesPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// Through which key Apple is asked.
    pub(crate) key: ApiKey,
    /// The bundle ID.
    pub(crate) of: BundleIdDetails,
    /// The boxes.
    pub(crate) offers: Vec<Offer>,
    /// What is wrong.
    pub(crate) wrong: Wrong,
}

impl CapabilitiesPage {
    fn address(&self, act: &str) -> String {
        address(self.org, &self.of, act, &self.key)
    }
}

/// The difference.
#[derive(Template)]
#[template(path = "bundle_ids/difference.html")]
pub(crate) struct DifferencePage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// Through which key Apple is asked.
    pub(crate) key: ApiKey,
    /// The bundle ID.
    pub(crate) of: BundleIdDetails,
    /// Makes a form that is sent twice act once.
    pub(crate) once: String,
    /// What was ticked, to be sent again.
    pub(crate) ticked: Ticked,
    /// What would change.
    pub(crate) difference: CapabilityDifference,
}

impl DifferencePage {
    fn address(&self, act: &str) -> String {
        address(self.org, &self.of, act, &self.key)
    }

    fn settings(&self, capability: &CapabilityWish) -> String {
        settings_in_words(capability)
    }
}

fn address(org: OrgId, of: &BundleIdDetails, act: &str, key: &ApiKey) -> String {
    format!("/o/{org}/bundle-ids/{}{act}?key={}", path_part(&of.id), key.id)
}

type Ids = Path<(String, String)>;

async fn found(
    state: &State,
    visitor: &Visitor,
    ids: (&str, &str),
    asked: &Asked,
) -> Result<(Shell, OrgId, ApiKey, BundleIdDetails), Problem> {
    let org = id(ids.0)?;
    let shell = visitor.shell_for(state, org, Place::BundleIds, Action::EditBundleIds).await?;
    let caller = &visitor.who.caller;
    let key = state.app.find_key(caller, Action::EditBundleIds, org, &asked.key).await?;
    let of = state.app.apple_bundle_id(caller, org, key.id, ids.1).await?;
    Ok((shell, org, key, of))
}

async fn boxes(
    state: &State,
    visitor: &Visitor,
    ids: (&str, &str),
    asked: &Asked,
    ticked: Option<Ticked>,
    wrong: Wrong,
) -> Result<CapabilitiesPage, Problem> {
    let (shell, org, key, of) = found(state, visitor, ids, asked).await?;
    let ticked = ticked.unwrap_or_else(|| Ticked::present(&of.capabilities));
    Ok(CapabilitiesPage {
        shell,
        org,
        key,
        of,
        offers: ticked.offers(),
        wrong,
    })
}

/// `GET /o/{org}/bundle-ids/{bundle_id}/capabilities?key=`
pub(crate) async fn form(Reach(state): Reach<State>, Path((org, bundle_id)): Ids, Query(asked): Query<Asked>, visitor: Visitor) -> Answer {
    page(&boxes(&state, &visitor, (&org, &bundle_id), &asked, None, Wrong::default()).await?)
}

/// `POST /o/{org}/bundle-ids/{bundle_id}/capabilities?key=`: shows the difference, and with `sure` makes it.
pub(crate) async fn save(Reach(state): Reach<State>, Path((org, bundle_id)): Ids, Query(asked): Query<Asked>, sent: Sent) -> Answer {
    let ids = (org.as_str(), bundle_id.as_str());
    let ticked = Ticked::read(&sent.fields);
    let answer = if sent.fields.is_on("sure") {
        begin(&state, &sent, ids, &asked, &ticked)
            .await
            .map(|place| Ok(Redirect::to(&place).into_response()))
    } else {
        difference(&state, &sent, ids, &asked, &ticked).await.map(|shown| page(&shown))
    };
    match answer {
        Ok(answer) => answer,
        Err(problem) if corrects_choice(&problem) => {
            let wrong = Wrong::with_choice(&problem);
            let again = boxes(&state, &sent.visitor, ids, &asked, Some(ticked), wrong).await?;
            form_again(&problem, &again)
        }
        Err(problem) => Err(problem.into()),
    }
}

async fn difference(state: &State, sent: &Sent, ids: (&str, &str), asked: &Asked, ticked: &Ticked) -> Result<DifferencePage, Problem> {
    let (shell, org, key, of) = found(state, &sent.visitor, ids, asked).await?;
    let caller = &sent.visitor.who.caller;
    let difference = state
        .app
        .preview_capabilities(caller, org, key.id, ids.1, ticked.set(), ticked.remove())
        .await?;
    if difference.add.is_empty() && difference.change.is_empty() && difference.remove.is_empty() {
        return Err(Problem::new(
            Kind::Conflict,
            "nothing_to_change",
            "Nothing is different. Tick what it is to gain, untick what it is to lose, or choose another setting.",
        ));
    }
    Ok(DifferencePage {
        shell,
        org,
        key,
        of,
        once: once::fresh(state),
        ticked: ticked.clone(),
        difference,
    })
}

async fn begin(state: &State, sent: &Sent, ids: (&str, &str), asked: &Asked, ticked: &Ticked) -> Result<String, Problem> {
    let (org, caller) = (id(ids.0)?, &sent.visitor.who.caller);
    let key = state.app.find_key(caller, Action::EditBundleIds, org, &asked.key).await?.id;
    let act = state.app.edit_capabilities(caller, org, key, ids.1, ticked.set(), ticked.remove());
    once::begin(state, caller, org, sent.fields.text("once"), act).await
}
