//! Profiles of the Apple account, read through a picked key; bundle IDs and devices have rooms of their own.

use super::{
    filters,
    listing::{Asked, Bar, pick},
    parts::{Mark, Notice, Tone},
    shell::{Place, Shell},
    visit::{Answer, Visitor, belongs_in_form, id, page},
};
use crate::State;
use app::Problem;
use app::apple_account::AppleProfile;
use askama::Template;
use axum::extract::{Path, Query, State as Reach};
use domain::{Action, ApiKey, ApiKeyId, Feature, OrgId};
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
pub(crate) fn path_part(id: &str) -> String {
    url::form_urlencoded::byte_serialize(id.as_bytes())
        .collect::<String>()
        .replace('+', "%20")
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
            "Expired" => Some(Notice::new(
                Tone::Bad,
                "This profile has expired",
                "Apps signed with it no longer install. Generate it again in the developer portal.",
            )),
            _ => None,
        };
        Self {
            shell,
            org,
            key,
            profile,
            state,
            notice,
        }
    }
}

const PROFILE_TYPES: &[(&str, &str)] = &[
    ("IOS_APP_DEVELOPMENT", "iOS App Development"),
    ("IOS_APP_STORE", "iOS App Store"),
    ("IOS_APP_ADHOC", "iOS App Ad Hoc"),
    ("IOS_APP_INHOUSE", "iOS App In-house"),
    ("MAC_APP_DEVELOPMENT", "Mac App Development"),
    ("MAC_APP_STORE", "Mac App Store"),
    ("MAC_APP_DIRECT", "Mac App Direct"),
    ("TVOS_APP_DEVELOPMENT", "tvOS App Development"),
    ("TVOS_APP_STORE", "tvOS App Store"),
    ("TVOS_APP_ADHOC", "tvOS App Ad Hoc"),
];
const PROFILE_STATES: &[(&str, &str)] = &[("ACTIVE", "Active"), ("INVALID", "Invalid"), ("EXPIRED", "Expired")];
/// A list that Apple did not give is told in the list's place; everything else takes the place of the page.
pub(crate) fn told_in_place<T>(answer: Result<T, Problem>) -> Result<Result<T, Notice>, Problem> {
    match answer {
        Ok(listing) => Ok(Ok(listing)),
        Err(problem) if belongs_in_form(&problem) => {
            crate::reply::log(&problem);
            Ok(Err(Notice::problem(&problem)))
        }
        Err(problem) => Err(problem),
    }
}

/// `GET /o/{org}/profiles`; with `held=only` those that are held here.
pub(crate) async fn profiles(Reach(state): Reach<State>, Path(org): Path<String>, Query(asked): Query<Asked>, visitor: Visitor) -> Answer {
    let org = id(&org)?;
    if asked.held == "only" {
        return super::profiles::list::show(&state, &visitor, org, &asked).await;
    }
    let shell = visitor.shell_in(&state, org, Place::Profiles).await?;
    let caller = &visitor.who.caller;
    let mut bar = Bar::new(
        format!("/o/{org}/profiles"),
        "profile",
        "Name, bundle ID or UUID",
        "name",
        &asked,
        shell.now,
    )
    .filter("kind", "Type", "Every type", PROFILE_TYPES, &asked.kind)
    .filter("state", "State", "Every state", PROFILE_STATES, &asked.state);
    (bar.keys, bar.key) = pick(&state, caller, org, Feature::Profiles, &asked).await?;
    let (items, trouble) = bar
        .read(async |key| state.app.apple_profiles(caller, org, key, &asked.query()).await)
        .await?;
    page(&ProfilesPage {
        shell,
        org,
        bar,
        items,
        trouble,
    })
}

/// `GET /o/{org}/profiles/{profile}?key=`
pub(crate) async fn profile(
    Reach(state): Reach<State>,
    Path((org, profile)): Path<(String, String)>,
    Query(asked): Query<Asked>,
    visitor: Visitor,
) -> Answer {
    let org = id(&org)?;
    let shell = visitor.shell_in(&state, org, Place::Profiles).await?;
    let caller = &visitor.who.caller;
    let key = picked(&state, &visitor, org, &asked).await?;
    let listing = state
        .app
        .apple_profiles(caller, org, key, &app::apple_account::ListQuery::default())
        .await?;
    let profile = listing
        .items
        .into_iter()
        .find(|one| one.id == profile)
        .ok_or_else(Problem::not_found)?;
    let key = state.app.find_key(caller, Action::SeeSigning, org, &key.to_string()).await?;
    page(&ProfilePage::new(shell, org, key, profile))
}

async fn picked(state: &State, visitor: &Visitor, org: OrgId, asked: &Asked) -> Result<ApiKeyId, Problem> {
    pick(state, &visitor.who.caller, org, Feature::Profiles, asked)
        .await?
        .1
        .ok_or_else(Problem::not_found)
}

/// `GET /o/{org}/profiles/{profile}/download?key=`
pub(crate) async fn download_profile(
    Reach(state): Reach<State>,
    Path((org, profile)): Path<(String, String)>,
    Query(asked): Query<Asked>,
    visitor: Visitor,
) -> Answer {
    let org = id(&org)?;
    let key = picked(&state, &visitor, org, &asked).await?;
    let (download, _) = state.app.download_profile(&visitor.who.caller, org, key, &profile).await?;
    Ok(crate::attachment::attachment(&download))
}
