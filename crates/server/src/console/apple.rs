//! Profiles, bundle IDs and devices of the Apple account, read through a picked key.

use super::{
    filters,
    listing::Bar,
    parts::{Mark, Notice, Tone},
    shell::Shell,
};
use app::apple_account::{AppleBundleId, AppleDevice, AppleProfile};
use askama::Template;
use domain::{ApiKey, OrgId};
use jiff::Timestamp;

/// The state of a profile: Apple's word, but an end in the past is an end.
#[must_use]
pub(crate) fn profile_state(profile: &AppleProfile, now: Timestamp) -> Mark {
    if profile.state == "EXPIRED" || profile.expires_at.is_some_and(|at| at <= now) {
        return Mark::new(Tone::Bad, "bad", "Expired");
    }
    match profile.state.as_str() {
        "ACTIVE" => Mark::new(Tone::Ok, "ok", "Active"),
        "INVALID" => Mark::new(Tone::Bad, "bad", "Invalid"),
        other => Mark::new(Tone::Off, "never", filters::apples_word(other)),
    }
}

/// The list of profiles.
#[derive(Template)]
#[template(path = "lists/profiles.html")]
pub(crate) struct ProfilesPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// Search, filters, key.
    pub(crate) bar: Bar,
    /// The rows.
    pub(crate) items: Vec<AppleProfile>,
    /// Why there are none.
    pub(crate) trouble: Option<Notice>,
}

impl ProfilesPage {
    fn state(&self, profile: &AppleProfile) -> Mark {
        profile_state(profile, self.shell.now)
    }

    fn has_held(&self, profile: &AppleProfile) -> bool {
        profile.certificates.iter().any(|(_, _, held)| *held)
    }

    fn key(&self) -> String {
        self.bar.key.map(|key| format!("?key={key}")).unwrap_or_default()
    }

    fn address(&self, profile: &AppleProfile) -> String {
        format!("/o/{}/profiles/{}{}", self.org, path_part(&profile.id), self.key())
    }

    fn download(&self, profile: &AppleProfile) -> String {
        format!("/o/{}/profiles/{}/download{}", self.org, path_part(&profile.id), self.key())
    }
}

/// Apple's ids are letters and digits so far; whatever comes, it stays one part of a path.
fn path_part(id: &str) -> String {
    url::form_urlencoded::byte_serialize(id.as_bytes()).collect::<String>().replace('+', "%20")
}

/// One profile and what is inside.
#[derive(Template)]
#[template(path = "lists/profile.html")]
pub(crate) struct ProfilePage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// The key it was read through.
    pub(crate) key: ApiKey,
    /// The profile.
    pub(crate) profile: AppleProfile,
    /// Its state.
    pub(crate) state: Mark,
    /// What to do when it is not active.
    pub(crate) notice: Option<Notice>,
}

impl ProfilePage {
    /// One profile.
    #[must_use]
    pub(crate) fn new(shell: Shell, org: OrgId, key: ApiKey, profile: AppleProfile) -> Self {
        let state = profile_state(&profile, shell.now);
        let notice = match state.word.as_str() {
            "Invalid" => Some(Notice::new(
                Tone::Bad,
                "Apple calls this profile invalid",
                "A certificate in it was revoked, or its bundle ID’s capabilities changed. Builds signed with it are refused. Generate it again in the developer portal.",
            )),
            "Expired" => Some(Notice::new(Tone::Bad, "This profile has expired", "Apps signed with it no longer install. Generate it again in the developer portal.")),
            _ => None,
        };
        Self { shell, org, key, profile, state, notice }
    }
}

/// The list of bundle IDs.
#[derive(Template)]
#[template(path = "lists/bundle_ids.html")]
pub(crate) struct BundleIdsPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// Search, filters, key.
    pub(crate) bar: Bar,
    /// The rows.
    pub(crate) items: Vec<AppleBundleId>,
    /// Why there are none.
    pub(crate) trouble: Option<Notice>,
}

/// The list of devices.
#[derive(Template)]
#[template(path = "lists/devices.html")]
pub(crate) struct DevicesPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// Search, filters, key.
    pub(crate) bar: Bar,
    /// The rows.
    pub(crate) items: Vec<AppleDevice>,
    /// Why there are none.
    pub(crate) trouble: Option<Notice>,
}
