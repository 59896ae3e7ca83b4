//! Devices that are not yet registered: the list, and one of them with its approval.

use super::super::{
    filters,
    parts::{Tone, Wrong},
    shell::{Place, Shell},
    visit::{Answer, Sent, Visitor, corrects_choice, done, form_again, id, page},
};
use super::{Counts, invited::From};
use crate::State;
use app::{
    Page, Problem,
    enrollment::{Approval, PendingDeviceView},
    keys::KeyChoice,
};
use askama::Template;
use axum::{
    extract::{Path, Query, State as Reach},
    response::{IntoResponse, Redirect},
};
use domain::{Action, ApiKeyId, CameBy, Need, OrgId, PendingDevice, PendingDeviceId};

/// How a device came, in words.
fn came(device: &PendingDevice) -> String {
    match &device.came {
        CameBy::Invitation { name, .. } => format!("By the link for “{name}”"),
        CameBy::Hand { .. } => "Written down by hand".to_owned(),
    }
}

/// The list.
#[derive(Template)]
#[template(path = "devices/pending.html")]
pub(crate) struct PendingDevicesPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// How many wait.
    pub(crate) counts: Counts,
    /// The rows.
    pub(crate) page: Page<PendingDeviceView>,
}

impl PendingDevicesPage {
    fn came(&self, view: &PendingDeviceView) -> String {
        came(&view.device)
    }

    fn next(&self) -> Option<String> {
        let cursor: String = url::form_urlencoded::byte_serialize(self.page.next.as_ref()?.as_bytes()).collect();
        Some(format!("/o/{}/devices/pending?cursor={cursor}", self.org))
    }
}

/// One of them, and whether it is to be registered.
#[derive(Template)]
#[template(path = "devices/approve.html")]
pub(crate) struct ApproveDevicePage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// The device.
    pub(crate) view: PendingDeviceView,
    /// The keys of the accounts.
    pub(crate) keys: Vec<KeyChoice>,
    /// The name entered.
    pub(crate) name: String,
    /// The accounts ticked, by the ids of their keys.
    pub(crate) chosen: Vec<String>,
    /// What is wrong.
    pub(crate) wrong: Wrong,
}

impl ApproveDevicePage {
    fn has_chosen(&self, key: &ApiKeyId) -> bool {
        self.chosen.contains(&key.to_string())
    }

    fn came(&self) -> String {
        came(&self.view.device)
    }

    /// Who vouches for the answer.
    fn proof(&self) -> &'static str {
        match &self.view.device.came {
            CameBy::Invitation { by_apple_device: true, .. } => "Challenge answered; signed by a device of Apple’s making",
            CameBy::Invitation { .. } => "Challenge answered; who signed is not known",
            CameBy::Hand { .. } => "None: typed by a person",
        }
    }
}

/// `GET /o/{org}/devices/pending`
pub(crate) async fn list(Reach(state): Reach<State>, Path(org): Path<String>, Query(from): Query<From>, visitor: Visitor) -> Answer {
    let org = id(&org)?;
    let shell = visitor.shell_for(&state, org, Place::Devices, Action::SeeSigning).await?;
    let caller = &visitor.who.caller;
    page(&PendingDevicesPage {
        counts: Counts::of(&state, caller, org).await?,
        page: state.app.pending_devices(caller, org, &from.paging()).await?,
        shell,
        org,
    })
}

type Ids = Path<(String, String)>;

async fn approve_page(
    state: &State,
    visitor: &Visitor,
    ids: (OrgId, PendingDeviceId),
    entered: Option<Approval>,
    wrong: Wrong,
) -> Result<ApproveDevicePage, Problem> {
    let (org, device) = ids;
    let shell = visitor.shell_for(state, org, Place::Devices, Action::EditDevices).await?;
    let caller = &visitor.who.caller;
    let view = state.app.pending_device(caller, org, device).await?;
    let meant = view.device.keys.iter().map(ToString::to_string).collect();
    let (name, chosen) = match entered {
        Some(entered) => (entered.name.unwrap_or_default(), entered.keys),
        None => (view.device.name.clone(), meant),
    };
    Ok(ApproveDevicePage {
        shell,
        org,
        keys: state.app.key_choices(caller, org, &Need::RegisterDevice).await?,
        name,
        chosen,
        view,
        wrong,
    })
}

/// `GET /o/{org}/devices/pending/{pending_device}/approve`
pub(crate) async fn approve_form(Reach(state): Reach<State>, Path((org, device)): Ids, visitor: Visitor) -> Answer {
    let ids = (id(&org)?, id(&device)?);
    page(&approve_page(&state, &visitor, ids, None, Wrong::default()).await?)
}

/// `POST /o/{org}/devices/pending/{pending_device}/approve`: sent twice, it leads to the act that was begun.
pub(crate) async fn approve(Reach(state): Reach<State>, Path((org, device)): Ids, sent: Sent) -> Answer {
    let ids: (OrgId, PendingDeviceId) = (id(&org)?, id(&device)?);
    let approval = Approval {
        name: Some(sent.fields.text("name").to_owned()),
        keys: sent.fields.all("key"),
    };
    let caller = &sent.visitor.who.caller;
    match state.app.approve_device(caller, ids.0, ids.1, approval.clone()).await {
        Ok(approved) => Ok(match approved.operations.as_slice() {
            [one] => Redirect::to(&format!("/o/{org}/operations/{}", one.id)).into_response(),
            [] => done(&state, &format!("/o/{org}/devices"), "device-known"),
            _ => done(&state, &format!("/o/{org}/devices/pending"), "device-approved"),
        }),
        Err(problem) if corrects_choice(&problem) => {
            let again = approve_page(&state, &sent.visitor, ids, Some(approval), Wrong::with_choice(&problem)).await?;
            form_again(&problem, &again)
        }
        Err(problem) => Err(problem.into()),
    }
}

/// `POST /o/{org}/devices/pending/{pending_device}/reject`
pub(crate) async fn reject(Reach(state): Reach<State>, Path((org, device)): Ids, sent: Sent) -> Answer {
    let (org, device) = (id(&org)?, id(&device)?);
    state.app.reject_device(&sent.visitor.who.caller, org, device).await?;
    Ok(done(&state, &format!("/o/{org}/devices/pending"), "device-rejected"))
}
