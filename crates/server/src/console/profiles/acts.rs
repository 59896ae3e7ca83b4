//! Acts on a profile held here: rebuild, remove. Removing is also shown as a dialog.

use super::super::{
    filters,
    parts::{Tone, Wrong},
    shell::{Place, Shell},
    visit::{Answer, Sent, Visitor, belongs_in_form, done, form_again, id, page},
};
use crate::State;
use app::{
    Problem,
    keys::KeyChoice,
    lending::OwnersAct,
    profiles::{Devices, ProfileChange, ProfileView},
};
use askama::Template;
use axum::{
    extract::{Path, State as Reach},
    response::{IntoResponse, Redirect},
};
use domain::{Action, ApiKeyId, DeviceRule, Need, OrgId};

/// Building it anew.
#[derive(Template)]
#[template(path = "profiles/rebuild.html")]
pub(crate) struct RebuildPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// The profile.
    pub(crate) view: ProfileView,
    /// The keys for it, usable ones first.
    pub(crate) keys: Vec<KeyChoice>,
    /// The picked one.
    pub(crate) chosen: Option<ApiKeyId>,
    /// What is wrong.
    pub(crate) wrong: Wrong,
}

impl RebuildPage {
    fn wants_devices(&self) -> bool {
        self.view.row.profile.profile_type.wants_devices()
    }

    fn has_all_devices(&self) -> bool {
        self.view.row.profile.device_rule == DeviceRule::AllEnabled
    }
}

/// Taking it away here.
#[derive(Template)]
#[template(path = "profiles/remove.html")]
pub(crate) struct RemoveProfilePage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// The profile.
    pub(crate) view: ProfileView,
    /// What is wrong.
    pub(crate) wrong: Wrong,
}

type Ids = Path<(String, String)>;

async fn rebuild_page(state: &State, visitor: &Visitor, ids: (&str, &str), wanted: &str, wrong: Wrong) -> Result<RebuildPage, Problem> {
    let (org, profile) = (id(ids.0)?, id(ids.1)?);
    let shell = visitor.shell_for(state, org, Place::Profiles, Action::EditProfiles).await?;
    let caller = &visitor.who.caller;
    let view = state.app.profile_for(caller, org, profile, OwnersAct::Renew).await?;
    let need = Need::create_profile(&view.row.profile.profile_type);
    let keys = state.app.key_choices(caller, org, &need).await?;
    let wanted = wanted.parse().ok().or(view.row.profile.api_key);
    let usable = |choice: &&KeyChoice| choice.usability.may_try();
    let chosen = keys
        .iter()
        .filter(usable)
        .find(|choice| Some(choice.key.id) == wanted)
        .or_else(|| keys.iter().find(usable))
        .map(|choice| choice.key.id);
    Ok(RebuildPage {
        shell,
        org,
        view,
        keys,
        chosen,
        wrong,
    })
}

/// `GET /o/{org}/profiles/held/{held_profile}/rebuild`
pub(crate) async fn rebuild_form(Reach(state): Reach<State>, Path((org, profile)): Ids, visitor: Visitor) -> Answer {
    page(&rebuild_page(&state, &visitor, (&org, &profile), "", Wrong::default()).await?)
}

/// `POST /o/{org}/profiles/held/{held_profile}/rebuild`: sent twice, the second is told that the first is running.
pub(crate) async fn rebuild(Reach(state): Reach<State>, Path((org, profile)): Ids, sent: Sent) -> Answer {
    let (caller, key) = (&sent.visitor.who.caller, sent.fields.text("key"));
    let change = ProfileChange {
        certificates: None,
        devices: (sent.fields.text("devices") == "all").then_some(Devices::AllEnabled),
    };
    let begun = match key.parse() {
        Ok(key) => state.app.rebuild_profile(caller, id(&org)?, key, id(&profile)?, change).await,
        Err(_) => Err(Problem::field(
            "key_missing",
            "key",
            "No key is picked. Pick the one to ask Apple with.",
        )),
    };
    match begun {
        Ok(operation) => Ok(Redirect::to(&format!("/o/{org}/operations/{}", operation.id)).into_response()),
        // A key that may not is a choice to correct, also where the class says "not allowed".
        Err(problem) if belongs_in_form(&problem) || !problem.usable_keys.is_empty() => {
            let again = rebuild_page(&state, &sent.visitor, (&org, &profile), key, Wrong::from(&problem)).await?;
            form_again(&problem, &again)
        }
        Err(problem) => Err(problem.into()),
    }
}

async fn remove_page(state: &State, visitor: &Visitor, ids: (&str, &str), wrong: Wrong) -> Result<RemoveProfilePage, Problem> {
    let (org, profile) = (id(ids.0)?, id(ids.1)?);
    Ok(RemoveProfilePage {
        shell: visitor.shell_for(state, org, Place::Profiles, Action::EditProfiles).await?,
        org,
        view: state.app.profile_for(&visitor.who.caller, org, profile, OwnersAct::Remove).await?,
        wrong,
    })
}

/// `GET /o/{org}/profiles/held/{held_profile}/remove`
pub(crate) async fn remove_form(Reach(state): Reach<State>, Path((org, profile)): Ids, visitor: Visitor) -> Answer {
    page(&remove_page(&state, &visitor, (&org, &profile), Wrong::default()).await?)
}

/// `POST /o/{org}/profiles/held/{held_profile}/remove`
pub(crate) async fn remove(Reach(state): Reach<State>, Path((org, profile)): Ids, sent: Sent) -> Answer {
    let caller = &sent.visitor.who.caller;
    let (organization, held) = (id(&org)?, id(&profile)?);
    let view = state.app.profile_for(caller, organization, held, OwnersAct::Remove).await?;
    let name = view.row.profile.name;
    let removed = if sent.fields.text("name").trim() == name.trim() {
        state.app.remove_profiles(caller, organization, &[held]).await
    } else {
        let message = format!("To remove this profile here, type its name exactly: {name}");
        Err(Problem::field("name_differs", "name", message))
    };
    match removed {
        Ok(()) => Ok(done(&state, &format!("/o/{org}/profiles?held=only"), "profile-removed")),
        Err(problem) if belongs_in_form(&problem) => {
            let again = remove_page(&state, &sent.visitor, (&org, &profile), Wrong::from(&problem)).await?;
            form_again(&problem, &again)
        }
        Err(problem) => Err(problem.into()),
    }
}
