//! One profile held here, and its file.

use super::{
    super::{
        filters,
        parts::{Mark, Notice, Tone},
        shell::{Place, Shell},
        visit::{Answer, Visitor, id, page},
    },
    list,
};
use crate::State;
use app::profiles::ProfileView;
use askama::Template;
use axum::extract::{Path, State as Reach};
use domain::{DeviceRule, OrgId, ProfileState};

/// The page.
#[derive(Template)]
#[template(path = "profiles/profile.html")]
pub(crate) struct HeldProfilePage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// The profile, and what its file says.
    pub(crate) view: ProfileView,
    /// What to know.
    pub(crate) notice: Option<Notice>,
}

impl HeldProfilePage {
    /// One profile.
    #[must_use]
    pub(crate) fn new(shell: Shell, org: OrgId, view: ProfileView) -> Self {
        let rebuild = format!("/o/{org}/profiles/held/{}/rebuild", view.row.profile.id);
        let is_reference = view.row.profile.is_reference;
        let notice = match (view.row.state, view.running) {
            // Its owner sees to it.
            (_, None) if view.lent.is_some() => None,
            (_, Some(operation)) => Some(
                Notice::new(
                    Tone::Info,
                    "It is being changed",
                    if is_reference {
                        "There is no file at Apple until that is over."
                    } else {
                        "Its file here is the old one until that is over."
                    },
                )
                .way("See how far it is", format!("/o/{org}/operations/{operation}")),
            ),
            (ProfileState::Ready, None) => None,
            (ProfileState::Rebuilding, None) => Some(
                Notice::new(
                    Tone::Bad,
                    "It was deleted at Apple and is not there again",
                    if is_reference {
                        "A reference has no file here. Rebuild it to go on."
                    } else {
                        "The file here is the old one. Rebuild it to go on."
                    },
                )
                .way("Rebuild", rebuild),
            ),
            (ProfileState::Invalid, None) => Some(
                Notice::new(
                    Tone::Bad,
                    "Apple does not take this profile any more",
                    "A certificate in it was revoked, its bundle ID’s capabilities changed, or it was deleted.",
                )
                .way("Rebuild", rebuild),
            ),
            (ProfileState::Expired, None) => {
                Some(Notice::new(Tone::Bad, "This profile has expired", "Apps signed with it no longer install.").way("Rebuild", rebuild))
            }
        };
        Self { shell, org, view, notice }
    }

    fn state(&self) -> Mark {
        list::state(self.view.row.state)
    }

    fn matched(&self) -> Mark {
        list::matched(self.view.row.matched)
    }

    fn title(&self) -> String {
        list::title(&self.view.row.profile.profile_type)
    }

    fn has_all_devices(&self) -> bool {
        self.view.row.profile.device_rule == DeviceRule::AllEnabled
    }

    /// The entitlements, each with its value as JSON.
    fn entitlements(&self) -> Vec<(&str, String)> {
        let all = self.view.entitlements.iter();
        all.map(|(name, value)| (name.as_str(), value.to_string())).collect()
    }
}

type Ids = Path<(String, String)>;

/// `GET /o/{org}/profiles/held/{held_profile}`
pub(crate) async fn show(Reach(state): Reach<State>, Path((org, profile)): Ids, visitor: Visitor) -> Answer {
    let (org, profile) = (id(&org)?, id(&profile)?);
    let shell = visitor.shell_in(&state, org, Place::Profiles).await?;
    let view = state.app.profile(&visitor.who.caller, org, profile).await?;
    page(&HeldProfilePage::new(shell, org, view))
}

/// `GET /o/{org}/profiles/held/{held_profile}/download`
pub(crate) async fn download(Reach(state): Reach<State>, Path((org, profile)): Ids, visitor: Visitor) -> Answer {
    let (org, profile) = (id(&org)?, id(&profile)?);
    let download = state.app.download_held_profile(&visitor.who.caller, org, profile).await?;
    Ok(crate::attachment::attachment(&download))
}
