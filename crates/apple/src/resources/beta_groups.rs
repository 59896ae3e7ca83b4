//! Groups of testers: listed, created, changed, deleted; builds and testers put in and taken out (facts F3).
//!
//! An internal group has members of the team; with `has_access_to_all_builds` it gets every build by itself, and Apple
//! lets nobody put one in. An external group gets a build after beta review. An app needs an internal group before it
//! can have an external one.
//!
//! The surprising thing: what is put in and taken out is answered with nothing (204), and putting in what is in already
//! is fine. After an [`Error::LostAnswer`] list what is in the group.

use http::Method;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::builds::BUILD_FIELDS;
use super::{BetaTester, Build};
use crate::document::Resource;
use crate::error::Error;
use crate::session::{Query, Session};

/// A group of testers.
pub type BetaGroup = Resource<BetaGroupAttributes>;

/// What a group says about itself.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BetaGroupAttributes {
    /// The name that the team chose.
    pub name: Option<String>,
    /// When it was made.
    #[serde(deserialize_with = "crate::dates::lenient")]
    pub created_date: Option<Timestamp>,
    /// Whether its testers are members of the team.
    pub is_internal_group: Option<bool>,
    /// Whether it gets every build by itself; internal groups only.
    pub has_access_to_all_builds: Option<bool>,
    /// Whether whoever has the public link can join.
    pub public_link_enabled: Option<bool>,
    /// The last part of the public link.
    pub public_link_id: Option<String>,
    /// The public link.
    pub public_link: Option<String>,
    /// Whether the public link takes so many only.
    pub public_link_limit_enabled: Option<bool>,
    /// So many, 1 to 10,000.
    pub public_link_limit: Option<u32>,
    /// Whether its testers can send feedback.
    pub feedback_enabled: Option<bool>,
    /// Whether builds for iOS are there on Macs with Apple silicon.
    pub ios_builds_available_for_apple_silicon_mac: Option<bool>,
    /// Whether builds for iOS are there on Apple Vision.
    pub ios_builds_available_for_apple_vision: Option<bool>,
    /// Members that this version does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Which groups to list; empty fields do not restrict.
#[derive(Debug, Clone, Default)]
pub struct BetaGroupFilter {
    /// Apple's ids.
    pub ids: Vec<String>,
    /// Apple's ids of the apps.
    pub apps: Vec<String>,
    /// Names.
    pub names: Vec<String>,
    /// Apple's ids of builds that they have.
    pub builds: Vec<String>,
    /// Only internal ones, or only external ones.
    pub is_internal: Option<bool>,
}

/// A group to be created.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewBetaGroup {
    /// Apple's id of the app.
    #[serde(skip)]
    pub app: String,
    /// The name, unique in the app.
    pub name: String,
    /// Whether its testers are members of the team. It cannot be changed.
    pub is_internal_group: bool,
    /// Whether it gets every build by itself; internal groups only. It cannot be changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub has_access_to_all_builds: Option<bool>,
    /// Whether whoever has the public link can join; external groups only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_link_enabled: Option<bool>,
    /// Whether the public link takes so many only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_link_limit_enabled: Option<bool>,
    /// So many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_link_limit: Option<u32>,
    /// Whether its testers can send feedback.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feedback_enabled: Option<bool>,
}

/// What to change on a group; `None` leaves it.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BetaGroupPatch {
    /// A new name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether whoever has the public link can join.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_link_enabled: Option<bool>,
    /// Whether the public link takes so many only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_link_limit_enabled: Option<bool>,
    /// So many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_link_limit: Option<u32>,
    /// Whether its testers can send feedback.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feedback_enabled: Option<bool>,
    /// Whether builds for iOS are there on Macs with Apple silicon.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ios_builds_available_for_apple_silicon_mac: Option<bool>,
    /// Whether builds for iOS are there on Apple Vision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ios_builds_available_for_apple_vision: Option<bool>,
}

/// The operations on groups of testers.
pub struct BetaGroups<'s> {
    session: &'s Session,
}

/// What is read of a group, with its app and without the many in it.
pub(super) const BETA_GROUP_FIELDS: (&str, &str) = (
    "fields[betaGroups]",
    "name,createdDate,isInternalGroup,hasAccessToAllBuilds,publicLinkEnabled,publicLinkId,publicLink,publicLinkLimitEnabled,\
     publicLinkLimit,feedbackEnabled,iosBuildsAvailableForAppleSiliconMac,iosBuildsAvailableForAppleVision,app",
);

impl<'s> BetaGroups<'s> {
    pub(crate) fn new(session: &'s Session) -> Self {
        Self { session }
    }

    /// All groups that the filter lets through, by name; [`Resource::related`] tells the `app` of each.
    ///
    /// # Errors
    /// Any [`Error`] of a read.
    pub async fn list(&self, filter: &BetaGroupFilter) -> Result<Vec<BetaGroup>, Error> {
        let is_internal: Vec<String> = filter.is_internal.iter().map(bool::to_string).collect();
        let query = with_app(Query::list())
            .filter("id", &filter.ids)
            .filter("app", &filter.apps)
            .filter("name", &filter.names)
            .filter("builds", &filter.builds)
            .filter("isInternalGroup", &is_internal)
            .with("sort", "name");
        Ok(self.session.get_all(&["betaGroups"], query).await?.data)
    }

    /// One group by Apple's id, with its `app`.
    ///
    /// # Errors
    /// Any [`Error`] of a read.
    pub async fn get(&self, id: &str) -> Result<BetaGroup, Error> {
        let query = with_app(Query::default());
        Ok(self.session.get_one(&["betaGroups", id], query).await?.data)
    }

    /// Creates a group, once.
    ///
    /// # Errors
    /// [`Error::LostAnswer`]: it may exist now; look by name. [`Error::Forbidden`] also when the key's role is too low
    /// for an external group (facts B3).
    pub async fn create(&self, new: &NewBetaGroup) -> Result<BetaGroup, Error> {
        let document = json!({"data": {
            "type": "betaGroups",
            "attributes": new,
            "relationships": {"app": {"data": {"type": "apps", "id": new.app}}},
        }});
        self.session.write(Method::POST, &["betaGroups"], &document).await
    }

    /// Changes a group.
    ///
    /// # Errors
    /// Any [`Error`] of a write.
    pub async fn patch(&self, id: &str, patch: &BetaGroupPatch) -> Result<BetaGroup, Error> {
        let document = json!({"data": {"type": "betaGroups", "id": id, "attributes": patch}});
        self.session.write(Method::PATCH, &["betaGroups", id], &document).await
    }

    /// Deletes a group. Its testers lose the builds that they have through it.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is gone already; [`Error::LostAnswer`]: it may be.
    pub async fn delete(&self, id: &str) -> Result<(), Error> {
        self.session.delete(&["betaGroups", id]).await
    }

    /// The builds that a group has.
    ///
    /// # Errors
    /// Any [`Error`] of a read.
    pub async fn builds(&self, id: &str) -> Result<Vec<Build>, Error> {
        let query = Query::list().with("fields[builds]", BUILD_FIELDS);
        Ok(self.session.get_all(&["betaGroups", id, "builds"], query).await?.data)
    }

    /// The testers in a group.
    ///
    /// # Errors
    /// Any [`Error`] of a read.
    pub async fn testers(&self, id: &str) -> Result<Vec<BetaTester>, Error> {
        let query = Query::list().with("fields[betaTesters]", super::beta_testers::FIELDS);
        Ok(self.session.get_all(&["betaGroups", id, "betaTesters"], query).await?.data)
    }

    /// Gives builds to a group. All of them or none.
    ///
    /// # Errors
    /// [`Error::LostAnswer`]: it may have them now.
    pub async fn add_builds(&self, id: &str, builds: &[String]) -> Result<(), Error> {
        let path = ["betaGroups", id, "relationships", "builds"];
        self.session.relate(Method::POST, &path, "builds", builds).await
    }

    /// Takes builds away from a group.
    ///
    /// # Errors
    /// [`Error::LostAnswer`]: they may be gone.
    pub async fn remove_builds(&self, id: &str, builds: &[String]) -> Result<(), Error> {
        let path = ["betaGroups", id, "relationships", "builds"];
        self.session.relate(Method::DELETE, &path, "builds", builds).await
    }

    /// Puts testers of the app into a group. All of them or none.
    ///
    /// # Errors
    /// [`Error::Conflict`] when one cannot be in it, as somebody outside the team in an internal group.
    /// [`Error::LostAnswer`]: they may be in it now.
    pub async fn add_testers(&self, id: &str, testers: &[String]) -> Result<(), Error> {
        let path = ["betaGroups", id, "relationships", "betaTesters"];
        self.session.relate(Method::POST, &path, "betaTesters", testers).await
    }

    /// Takes testers out of a group; they stay testers of the app.
    ///
    /// # Errors
    /// [`Error::LostAnswer`]: they may be out.
    pub async fn remove_testers(&self, id: &str, testers: &[String]) -> Result<(), Error> {
        let path = ["betaGroups", id, "relationships", "betaTesters"];
        self.session.relate(Method::DELETE, &path, "betaTesters", testers).await
    }
}

fn with_app(query: Query) -> Query {
    query
        .with("include", "app")
        .with(BETA_GROUP_FIELDS.0, BETA_GROUP_FIELDS.1)
        .with("fields[apps]", "bundleId")
}
