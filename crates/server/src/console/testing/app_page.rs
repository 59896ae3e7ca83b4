//! The apps that a key sees, and one of them: its builds and its groups.

use super::{
    super::{
        apple::told_in_place,
        filters,
        parts::{Mark, Notice},
        shell::{Place, Shell},
        visit::{Answer, Visitor, id, page},
    },
    Tested,
    standing::{Standing, standing},
    words,
};
use crate::State;
use app::{
    builds::{AppleApp, AppleBuild},
    keys::KeyChoice,
    testing::Group,
};
use askama::Template;
use axum::extract::{Path, Query, State as Reach};
use domain::{Action, ApiKeyId, KeyKind, Need, OrgId};

/// The apps.
#[derive(Template)]
#[template(path = "testing/choose.html")]
pub(crate) struct ChoosePage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// The keys, usable ones first.
    pub(crate) keys: Vec<KeyChoice>,
    /// The one that is looked through.
    pub(crate) key: Option<ApiKeyId>,
    /// Its apps, or why they are not known; none without a key.
    pub(crate) apps: Option<Result<Vec<AppleApp>, Notice>>,
}

impl ChoosePage {
    fn address(&self, app: &AppleApp) -> String {
        let key = self.key.map(|key| key.to_string()).unwrap_or_default();
        Tested::of(&self.org.to_string(), &key, &app.identifier).map_or_else(|_| String::new(), |app| app.address())
    }

    /// Why the key may do less than all, or may not be looked through.
    fn limit(&self) -> Option<&str> {
        let of = self.keys.iter().find(|choice| Some(choice.key.id) == self.key)?;
        of.usability.reason()
    }
}

/// One app.
#[derive(Template)]
#[template(path = "testing/app.html")]
pub(crate) struct AppPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The app.
    pub(crate) app: Tested,
    /// Its key.
    pub(crate) standing: Standing,
    /// Its builds, newest first, or why they are not known.
    pub(crate) builds: Result<Vec<AppleBuild>, Notice>,
    /// Its groups, or why they are not known.
    pub(crate) groups: Result<Vec<Group>, Notice>,
}

impl AppPage {
    fn title(&self, build: &AppleBuild) -> String {
        words::title(build)
    }

    fn state(&self, build: &AppleBuild) -> Mark {
        words::state(build)
    }

    fn compliance(&self, build: &AppleBuild) -> Mark {
        words::compliance(build)
    }
}

/// What is looked at.
#[derive(serde::Deserialize, Default)]
#[serde(default)]
pub(crate) struct Asked {
    key: String,
}

/// `GET /o/{org}/test-flight?key=`
pub(crate) async fn choose(Reach(state): Reach<State>, Path(org): Path<String>, Query(asked): Query<Asked>, visitor: Visitor) -> Answer {
    let org = id(&org)?;
    let shell = visitor.shell_in(&state, org, Place::TestFlight).await?;
    let caller = &visitor.who.caller;
    let mut keys = state
        .app
        .key_choices(caller, org, &Need::ManageTesting { internal_only: true })
        .await?;
    // There is no TestFlight in their program.
    keys.retain(|choice| choice.key.kind != KeyKind::Enterprise);
    let wanted: Option<ApiKeyId> = asked.key.parse().ok();
    let key = keys
        .iter()
        .find(|choice| Some(choice.key.id) == wanted)
        .or_else(|| keys.iter().find(|choice| choice.usability.may_try()))
        .map(|choice| choice.key.id);
    let apps = match key {
        Some(key) => Some(told_in_place(state.app.apps(caller, org, key).await)?),
        None => None,
    };
    page(&ChoosePage {
        shell,
        org,
        keys,
        key,
        apps,
    })
}

/// `GET /o/{org}/keys/{key}/apps/{identifier}/test-flight`
pub(crate) async fn show(
    Reach(state): Reach<State>,
    Path((org, key, identifier)): Path<(String, String, String)>,
    visitor: Visitor,
) -> Answer {
    let app = Tested::of(&org, &key, &identifier)?;
    let shell = visitor.shell_in(&state, app.org, Place::TestFlight).await?;
    let caller = &visitor.who.caller;
    let standing = standing(&state, &visitor, &app).await?;
    let builds = told_in_place(state.app.builds(caller, app.org, app.key, &app.identifier).await)?;
    let groups = told_in_place(state.app.testing_groups(caller, app.org, app.key, &app.identifier).await)?;
    page(&AppPage {
        shell,
        app,
        standing,
        builds,
        groups,
    })
}
