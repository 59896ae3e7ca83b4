//! Testers: listed, created, invited, removed (facts F3).
//!
//! A tester belongs to an app: the same person has another id in another app. Somebody becomes one by being put into a
//! group, or by being given a build alone; Apple takes one of the two and refuses both at once, which [`TesterOf`]
//! makes impossible to say.
//!
//! The surprising thing: Apple may answer a removal with "accepted" (202) and do it a little later. A list may show the
//! tester for some time.

use http::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::document::{Resource, null_is_default};
use crate::error::Error;
use crate::open_enum::open_enum;
use crate::session::{Query, Session, linkages};

open_enum! {
    /// How far a tester is with an app.
    BetaTesterState {
        NotInvited = "NOT_INVITED",
        Invited = "INVITED",
        Accepted = "ACCEPTED",
        Installed = "INSTALLED",
        Revoked = "REVOKED",
    }
}

open_enum! {
    /// How a tester came.
    BetaInviteType { Email = "EMAIL", PublicLink = "PUBLIC_LINK", }
}

/// A tester of an app.
pub type BetaTester = Resource<BetaTesterAttributes>;

/// What a tester says about themselves.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BetaTesterAttributes {
    /// The given name.
    pub first_name: Option<String>,
    /// The family name.
    pub last_name: Option<String>,
    /// The e-mail address; none of somebody who came by the public link.
    pub email: Option<String>,
    /// How they came.
    pub invite_type: Option<BetaInviteType>,
    /// How far they are.
    pub state: Option<BetaTesterState>,
    /// On what they have the app.
    #[serde(deserialize_with = "null_is_default")]
    pub app_devices: Vec<AppDevice>,
    /// Members that this version does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A device on which a tester has the app.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AppDevice {
    /// The model.
    pub model: Option<String>,
    /// The platform; it can also be `WATCH_OS`.
    pub platform: Option<super::AppPlatform>,
    /// The version of its system.
    pub os_version: Option<String>,
    /// The build number of the app on it.
    pub app_build_version: Option<String>,
}

/// Which testers to list; empty fields do not restrict.
#[derive(Debug, Clone, Default)]
pub struct BetaTesterFilter {
    /// Apple's ids.
    pub ids: Vec<String>,
    /// Apple's ids of the apps.
    pub apps: Vec<String>,
    /// Apple's ids of the groups.
    pub groups: Vec<String>,
    /// Apple's ids of builds that they have.
    pub builds: Vec<String>,
    /// E-mail addresses.
    pub emails: Vec<String>,
    /// How they came.
    pub invite_types: Vec<BetaInviteType>,
    /// Whether [`Resource::related_many`] is to tell the `betaGroups` of each, at most 50.
    pub with_groups: bool,
}

/// A tester to be created.
#[derive(Debug, Clone)]
pub struct NewBetaTester {
    /// The e-mail address.
    pub email: String,
    /// The given name.
    pub first_name: Option<String>,
    /// The family name.
    pub last_name: Option<String>,
    /// What they test.
    pub of: TesterOf,
}

/// What a new tester tests: Apple takes one of these and never both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TesterOf {
    /// What the groups with these ids have.
    Groups(Vec<String>),
    /// The builds with these ids, without any group.
    Builds(Vec<String>),
}

/// The operations on testers.
pub struct BetaTesters<'s> {
    session: &'s Session,
}

/// What is read of a tester.
pub(super) const FIELDS: &str = "firstName,lastName,email,inviteType,state,appDevices,betaGroups";

impl<'s> BetaTesters<'s> {
    pub(crate) fn new(session: &'s Session) -> Self {
        Self { session }
    }

    /// All testers that the filter lets through, by e-mail address.
    ///
    /// # Errors
    /// Any [`Error`] of a read.
    pub async fn list(&self, filter: &BetaTesterFilter) -> Result<Vec<BetaTester>, Error> {
        let invite_types: Vec<&str> = filter.invite_types.iter().map(BetaInviteType::as_str).collect();
        let mut query = Query::list()
            .filter("id", &filter.ids)
            .filter("apps", &filter.apps)
            .filter("betaGroups", &filter.groups)
            .filter("builds", &filter.builds)
            .filter("email", &filter.emails)
            .filter("inviteType", &invite_types)
            .with("sort", "email")
            .with("fields[betaTesters]", FIELDS);
        if filter.with_groups {
            query = query
                .with("include", "betaGroups")
                .with("limit[betaGroups]", "50")
                .with("fields[betaGroups]", "name");
        }
        Ok(self.session.get_all(&["betaTesters"], query).await?.data)
    }

    /// Creates a tester, once. Apple invites them when there is a build for them.
    ///
    /// # Errors
    /// [`Error::Conflict`] when they cannot be one. [`Error::LostAnswer`]: they may be one now; look by e-mail address.
    pub async fn create(&self, new: &NewBetaTester) -> Result<BetaTester, Error> {
        let mut attributes = json!({"email": new.email});
        for (name, value) in [("firstName", &new.first_name), ("lastName", &new.last_name)] {
            if let Some(value) = value {
                attributes[name] = json!(value);
            }
        }
        let relationships = match &new.of {
            TesterOf::Groups(groups) => json!({"betaGroups": linkages("betaGroups", groups)}),
            TesterOf::Builds(builds) => json!({"builds": linkages("builds", builds)}),
        };
        let document = json!({"data": {"type": "betaTesters", "attributes": attributes, "relationships": relationships}});
        self.session.write(Method::POST, &["betaTesters"], &document).await
    }

    /// Deletes a tester: they lose all builds of the app.
    ///
    /// # Errors
    /// [`Error::NotFound`] when they are gone already; [`Error::LostAnswer`]: they may be.
    pub async fn delete(&self, id: &str) -> Result<(), Error> {
        self.session.delete(&["betaTesters", id]).await
    }

    /// Removes testers from an app with all its groups and builds.
    ///
    /// # Errors
    /// [`Error::LostAnswer`]: they may be gone.
    pub async fn remove_from_app(&self, app: &str, testers: &[String]) -> Result<(), Error> {
        let path = ["apps", app, "relationships", "betaTesters"];
        self.session.relate(Method::DELETE, &path, "betaTesters", testers).await
    }

    /// Has Apple send the invitation to an app, again if it was sent before.
    ///
    /// # Errors
    /// [`Error::Conflict`] also when there is no build for them. [`Error::LostAnswer`]: it may have been sent.
    pub async fn invite(&self, app: &str, tester: &str) -> Result<(), Error> {
        let document = json!({"data": {"type": "betaTesterInvitations", "relationships": {
            "app": {"data": {"type": "apps", "id": app}},
            "betaTester": {"data": {"type": "betaTesters", "id": tester}},
        }}});
        let path = ["betaTesterInvitations"];
        self.session.write::<Map<String, Value>>(Method::POST, &path, &document).await?;
        Ok(())
    }
}
