//! Devices that are invited by a link: the list, the form, the one answer that shows the link, sending it again, taking it back.

use super::super::{
    filters, once,
    parts::{Mark, Tone, Wrong},
    shell::{Place, Shell},
    visit::{Answer, Fields, Sent, Visitor, corrects_choice, done, form_again, id, page},
};
use super::Counts;
use crate::State;
use app::{
    Page, Paging, Problem,
    enrollment::{DeviceInvitationView, DeviceInvited, NewDeviceInvitation},
    keys::KeyChoice,
};
use askama::Template;
use axum::extract::{Path, Query, State as Reach};
use domain::{
    Action, ApiKeyId, Delivery, DeviceInvitationId, LinkState, Need, OrgId,
    enrollment::{DEVICE_INVITATION_DAYS, DEVICE_INVITATION_DAYS_MOST, DEVICES_BY_LINK_MOST},
};

/// The list.
#[derive(Template)]
#[template(path = "devices/invited.html")]
pub(crate) struct DevicesInvitedPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// How many wait.
    pub(crate) counts: Counts,
    /// The rows.
    pub(crate) page: Page<DeviceInvitationView>,
}

impl DevicesInvitedPage {
    fn state(&self, view: &DeviceInvitationView) -> Mark {
        match (view.state, &view.invitation.delivery) {
            (LinkState::Used, _) => Mark::new(Tone::Ok, "ok", "Answered"),
            (LinkState::Ended, _) => Mark::new(Tone::Off, "never", "Ended"),
            (LinkState::Open, Delivery::Failed { .. }) => Mark::new(Tone::Bad, "bad", "Mail not delivered"),
            (LinkState::Open, _) => Mark::new(Tone::Off, "half", "Open"),
        }
    }

    fn way(&self, view: &DeviceInvitationView) -> String {
        match &view.invitation.delivery {
            Delivery::Shown => "Link handed on".to_owned(),
            Delivery::Waiting => "Mail is on its way".to_owned(),
            Delivery::Sent { .. } => "Mail sent".to_owned(),
            Delivery::Failed { why, .. } => why.clone(),
        }
    }

    fn next(&self) -> Option<String> {
        let cursor: String = url::form_urlencoded::byte_serialize(self.page.next.as_ref()?.as_bytes()).collect();
        Some(format!("/o/{}/devices/invited?cursor={cursor}", self.org))
    }
}

/// What was entered.
#[derive(Debug, Clone, Default)]
pub(crate) struct InviteForm {
    /// For whom.
    pub(crate) name: String,
    /// Where to mail the link to.
    pub(crate) email: String,
    /// The keys of the accounts, by id.
    pub(crate) keys: Vec<String>,
    /// Whether nobody need be asked.
    pub(crate) automatic: bool,
    /// How many devices.
    pub(crate) uses: String,
    /// How many days.
    pub(crate) days: String,
}

/// The form.
#[derive(Template)]
#[template(path = "devices/invite.html")]
pub(crate) struct InviteDevicesPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// Makes a form that is sent twice act once.
    pub(crate) once: String,
    /// The keys of the accounts.
    pub(crate) keys: Vec<KeyChoice>,
    /// Whether a link can be mailed.
    pub(crate) sends_mail: bool,
    /// What was entered.
    pub(crate) form: InviteForm,
    /// What is wrong with it.
    pub(crate) wrong: Wrong,
}

impl InviteDevicesPage {
    fn has_chosen(&self, key: &ApiKeyId) -> bool {
        self.form.keys.contains(&key.to_string())
    }

    fn most(&self) -> (u32, u32) {
        (DEVICES_BY_LINK_MOST, DEVICE_INVITATION_DAYS_MOST)
    }
}

/// The link, shown once.
#[derive(Template)]
#[template(path = "devices/link.html")]
pub(crate) struct DeviceInvitedPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// What was written down.
    pub(crate) view: DeviceInvitationView,
    /// The link.
    pub(crate) link: String,
}

impl DeviceInvitedPage {
    fn uses(&self) -> usize {
        self.view.invitation.uses as usize
    }
}

/// Where a page begins.
#[derive(serde::Deserialize, Default)]
#[serde(default)]
pub(crate) struct From {
    cursor: String,
}

impl From {
    pub(super) fn paging(self) -> Paging {
        let after = (!self.cursor.is_empty()).then_some(self.cursor);
        Paging { after, limit: 50 }
    }
}

/// `GET /o/{org}/devices/invited`
pub(crate) async fn list(Reach(state): Reach<State>, Path(org): Path<String>, Query(from): Query<From>, visitor: Visitor) -> Answer {
    let org = id(&org)?;
    let shell = visitor.shell_for(&state, org, Place::Devices, Action::SeeSigning).await?;
    let caller = &visitor.who.caller;
    page(&DevicesInvitedPage {
        counts: Counts::of(&state, caller, org).await?,
        page: state.app.device_invitations(caller, org, &from.paging()).await?,
        shell,
        org,
    })
}

async fn invite_page(state: &State, visitor: &Visitor, org: OrgId, form: InviteForm, wrong: Wrong) -> Result<InviteDevicesPage, Problem> {
    let shell = visitor.shell_for(state, org, Place::Devices, Action::EditDevices).await?;
    Ok(InviteDevicesPage {
        shell,
        org,
        once: once::fresh(state),
        keys: state.app.key_choices(&visitor.who.caller, org, &Need::RegisterDevice).await?,
        sends_mail: state.app.sends_mail(),
        form,
        wrong,
    })
}

/// `GET /o/{org}/devices/invite`
pub(crate) async fn form(Reach(state): Reach<State>, Path(org): Path<String>, visitor: Visitor) -> Answer {
    let form = InviteForm {
        uses: "1".to_owned(),
        days: DEVICE_INVITATION_DAYS.to_string(),
        ..InviteForm::default()
    };
    let mut invite = invite_page(&state, &visitor, id(&org)?, form, Wrong::default()).await?;
    let first = invite.keys.iter().find(|choice| choice.usability.may_try());
    invite.form.keys = first.map(|choice| choice.key.id.to_string()).into_iter().collect();
    page(&invite)
}

fn entered(fields: &Fields) -> InviteForm {
    let text = |name| fields.text(name).to_owned();
    InviteForm {
        name: text("name"),
        email: text("email"),
        keys: fields.all("key"),
        automatic: fields.is_on("automatic"),
        uses: text("uses"),
        days: text("days"),
    }
}

/// A number; what is none is told as one that does not fit.
fn number(text: &str) -> Option<u32> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.parse().unwrap_or(0))
}

/// `POST /o/{org}/devices/invite`: the one answer that carries the link, where it is not mailed.
pub(crate) async fn invite(Reach(state): Reach<State>, Path(org): Path<String>, sent: Sent) -> Answer {
    let org = id(&org)?;
    let form = entered(&sent.fields);
    let new = NewDeviceInvitation {
        name: form.name.clone(),
        email: form.email.clone(),
        keys: form.keys.clone(),
        automatic: form.automatic,
        uses: number(&form.uses),
        days: number(&form.days),
        show_link: sent.fields.is_on("show_link"),
    };
    let caller = &sent.visitor.who.caller;
    let act = state.app.invite_devices(caller, org, new);
    match once::once(&state, caller, org, sent.fields.text("once"), act).await {
        Ok(invited) => told(&state, &sent.visitor, org, invited).await,
        Err(problem) if problem.code == once::DONE_BEFORE => again(&state, org),
        Err(problem) if corrects_choice(&problem) => {
            let again = invite_page(&state, &sent.visitor, org, form, Wrong::with_choice(&problem)).await?;
            form_again(&problem, &again)
        }
        Err(problem) => Err(problem.into()),
    }
}

type Ids = Path<(String, String)>;

/// `POST /o/{org}/devices/invited/{device_invitation}/send-again`
pub(crate) async fn send_again(Reach(state): Reach<State>, Path((org, invitation)): Ids, sent: Sent) -> Answer {
    let (org, invitation): (OrgId, DeviceInvitationId) = (id(&org)?, id(&invitation)?);
    let caller = &sent.visitor.who.caller;
    let show_link = sent.fields.is_on("show_link");
    let act = state.app.send_device_invitation_again(caller, org, invitation, show_link);
    match once::once(&state, caller, org, sent.fields.text("once"), act).await {
        Ok(invited) => told(&state, &sent.visitor, org, invited).await,
        Err(problem) if problem.code == once::DONE_BEFORE => again(&state, org),
        Err(problem) => Err(problem.into()),
    }
}

/// `POST /o/{org}/devices/invited/{device_invitation}/revoke`
pub(crate) async fn revoke(Reach(state): Reach<State>, Path((org, invitation)): Ids, sent: Sent) -> Answer {
    let (org, invitation) = (id(&org)?, id(&invitation)?);
    state
        .app
        .revoke_device_invitation(&sent.visitor.who.caller, org, invitation)
        .await?;
    Ok(done(&state, &format!("/o/{org}/devices/invited"), "invitation-revoked"))
}

async fn told(state: &State, visitor: &Visitor, org: OrgId, invited: DeviceInvited) -> Answer {
    let Some(token) = invited.token else {
        return Ok(done(state, &format!("/o/{org}/devices/invited"), "invitation-mailed"));
    };
    page(&DeviceInvitedPage {
        shell: visitor.shell_in(state, org, Place::Devices).await?,
        org,
        link: state.settings.link(&format!("device/{}", token.expose())),
        view: invited.view,
    })
}

/// A form that was sent twice, or a page that was loaded again: the link is not made anew behind somebody's back.
fn again(state: &State, org: OrgId) -> Answer {
    Ok(done(state, &format!("/o/{org}/devices/invited"), "link-was-shown"))
}
