//! One device with the profiles that list it; another name, and disabling it or enabling it again.

use super::super::{
    apple::{path_part, profile_state},
    filters,
    listing::Asked,
    once,
    parts::{Mark, Tone, Wrong},
    shell::{Place, Shell},
    visit::{Answer, Sent, Visitor, corrects_choice, form_again, id, page},
};
use crate::State;
use app::{
    Problem,
    apple_account::{AppleDevice, AppleProfile},
    devices::DeviceWithProfiles,
};
use askama::Template;
use axum::{
    extract::{Path, Query, State as Reach},
    response::{IntoResponse, Redirect},
};
use domain::{Action, ApiKey, OrgId};

/// The page.
#[derive(Template)]
#[template(path = "devices/device.html")]
pub(crate) struct DevicePage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// The key it was read through.
    pub(crate) key: ApiKey,
    /// The device, and what needs it.
    pub(crate) of: DeviceWithProfiles,
}

impl DevicePage {
    fn address(&self, act: &str) -> String {
        address(self.org, &self.of.device, act, &self.key)
    }

    fn state(&self, profile: &AppleProfile) -> Mark {
        profile_state(profile, self.shell.now)
    }

    fn profile(&self, profile: &AppleProfile) -> String {
        format!("/o/{}/profiles/{}?key={}", self.org, path_part(&profile.id), self.key.id)
    }
}

/// Another name.
#[derive(Template)]
#[template(path = "devices/rename.html")]
pub(crate) struct RenameDevicePage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// Through which key Apple is asked.
    pub(crate) key: ApiKey,
    /// Makes a form that is sent twice act once.
    pub(crate) once: String,
    /// The device.
    pub(crate) device: AppleDevice,
    /// The name entered.
    pub(crate) name: String,
    /// What is wrong with it.
    pub(crate) wrong: Wrong,
}

impl RenameDevicePage {
    fn address(&self, act: &str) -> String {
        address(self.org, &self.device, act, &self.key)
    }
}

/// Disabling it, or enabling it again: whichever it is not.
#[derive(Template)]
#[template(path = "devices/status.html")]
pub(crate) struct DeviceStatusPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// Through which key Apple is asked.
    pub(crate) key: ApiKey,
    /// Makes a form that is sent twice act once.
    pub(crate) once: String,
    /// The device, and what needs it.
    pub(crate) of: DeviceWithProfiles,
    /// What is wrong.
    pub(crate) wrong: Wrong,
}

impl DeviceStatusPage {
    fn address(&self, act: &str) -> String {
        address(self.org, &self.of.device, act, &self.key)
    }

    fn enables(&self) -> bool {
        self.of.device.status != "ENABLED"
    }
}

fn address(org: OrgId, device: &AppleDevice, act: &str, key: &ApiKey) -> String {
    format!("/o/{org}/devices/{}{act}?key={}", path_part(&device.id), key.id)
}

type Ids = Path<(String, String)>;

/// The key of the address, and the device as Apple has it through that key.
async fn found(
    state: &State,
    visitor: &Visitor,
    to: Action,
    ids: (&str, &str),
    asked: &Asked,
) -> Result<(Shell, OrgId, ApiKey, DeviceWithProfiles), Problem> {
    let org = id(ids.0)?;
    let shell = visitor.shell_for(state, org, Place::Devices, to).await?;
    let caller = &visitor.who.caller;
    let key = state.app.find_key(caller, to, org, &asked.key).await?;
    let of = state.app.apple_device(caller, org, key.id, ids.1).await?;
    Ok((shell, org, key, of))
}

/// `GET /o/{org}/devices/{device}?key=`
pub(crate) async fn show(Reach(state): Reach<State>, Path((org, device)): Ids, Query(asked): Query<Asked>, visitor: Visitor) -> Answer {
    let (shell, org, key, of) = found(&state, &visitor, Action::SeeSigning, (&org, &device), &asked).await?;
    page(&DevicePage { shell, org, key, of })
}

async fn rename_page(
    state: &State,
    visitor: &Visitor,
    ids: (&str, &str),
    asked: &Asked,
    name: Option<&str>,
    wrong: Wrong,
) -> Result<RenameDevicePage, Problem> {
    let (shell, org, key, of) = found(state, visitor, Action::EditDevices, ids, asked).await?;
    Ok(RenameDevicePage {
        shell,
        org,
        key,
        once: once::fresh(state),
        name: name.unwrap_or(&of.device.name).to_owned(),
        device: of.device,
        wrong,
    })
}

/// `GET /o/{org}/devices/{device}/rename?key=`
pub(crate) async fn rename_form(
    Reach(state): Reach<State>,
    Path((org, device)): Ids,
    Query(asked): Query<Asked>,
    visitor: Visitor,
) -> Answer {
    page(&rename_page(&state, &visitor, (&org, &device), &asked, None, Wrong::default()).await?)
}

/// `POST /o/{org}/devices/{device}/rename?key=`
pub(crate) async fn rename(Reach(state): Reach<State>, Path((org, device)): Ids, Query(asked): Query<Asked>, sent: Sent) -> Answer {
    let name = sent.fields.text("name");
    match change(&state, &sent, (&org, &device), &asked, Some(name.to_owned()), None).await {
        Ok(place) => Ok(Redirect::to(&place).into_response()),
        Err(problem) if corrects_choice(&problem) => {
            let wrong = Wrong::with_choice(&problem);
            let again = rename_page(&state, &sent.visitor, (&org, &device), &asked, Some(name), wrong).await?;
            form_again(&problem, &again)
        }
        Err(problem) => Err(problem.into()),
    }
}

async fn status_page(
    state: &State,
    visitor: &Visitor,
    ids: (&str, &str),
    asked: &Asked,
    wrong: Wrong,
) -> Result<DeviceStatusPage, Problem> {
    let (shell, org, key, of) = found(state, visitor, Action::EditDevices, ids, asked).await?;
    Ok(DeviceStatusPage {
        shell,
        org,
        key,
        once: once::fresh(state),
        of,
        wrong,
    })
}

/// `GET /o/{org}/devices/{device}/status?key=`
pub(crate) async fn status_form(
    Reach(state): Reach<State>,
    Path((org, device)): Ids,
    Query(asked): Query<Asked>,
    visitor: Visitor,
) -> Answer {
    page(&status_page(&state, &visitor, (&org, &device), &asked, Wrong::default()).await?)
}

/// `POST /o/{org}/devices/{device}/status?key=`: `enabled` says what it shall be, so that a page of yesterday does not turn it
/// around.
pub(crate) async fn status(Reach(state): Reach<State>, Path((org, device)): Ids, Query(asked): Query<Asked>, sent: Sent) -> Answer {
    let enabled = Some(sent.fields.text("enabled") == "yes");
    match change(&state, &sent, (&org, &device), &asked, None, enabled).await {
        Ok(place) => Ok(Redirect::to(&place).into_response()),
        Err(problem) if corrects_choice(&problem) => {
            let wrong = Wrong::with_choice(&problem);
            let again = status_page(&state, &sent.visitor, (&org, &device), &asked, wrong).await?;
            form_again(&problem, &again)
        }
        Err(problem) => Err(problem.into()),
    }
}

async fn change(
    state: &State,
    sent: &Sent,
    ids: (&str, &str),
    asked: &Asked,
    name: Option<String>,
    enabled: Option<bool>,
) -> Result<String, Problem> {
    let (org, caller) = (id(ids.0)?, &sent.visitor.who.caller);
    let key = state.app.find_key(caller, Action::EditDevices, org, &asked.key).await?.id;
    let act = state.app.change_device(caller, org, key, ids.1, name, enabled);
    once::begin(state, caller, org, sent.fields.text("once"), act).await
}
