//! Pre-release versions: the versions (`CFBundleShortVersionString`) to which builds belong, one per platform.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::AppPlatform;
use crate::document::Resource;
use crate::error::Error;
use crate::session::{Query, Session};

/// A version in TestFlight.
pub type PreReleaseVersion = Resource<PreReleaseVersionAttributes>;

/// What a version says about itself.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PreReleaseVersionAttributes {
    /// The version, such as `2.1.0`.
    pub version: Option<String>,
    /// The platform.
    pub platform: Option<AppPlatform>,
    /// Members that this version does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Which versions to list; empty fields do not restrict.
#[derive(Debug, Clone, Default)]
pub struct PreReleaseVersionFilter {
    /// Apple's ids of the apps.
    pub apps: Vec<String>,
    /// Versions.
    pub versions: Vec<String>,
    /// Platforms.
    pub platforms: Vec<AppPlatform>,
}

/// The operations on versions in TestFlight.
pub struct PreReleaseVersions<'s> {
    session: &'s Session,
}

/// What is read of a version; its builds are listed as builds.
pub(super) const PRE_RELEASE_VERSION_FIELDS: (&str, &str) = ("fields[preReleaseVersions]", "version,platform");

impl<'s> PreReleaseVersions<'s> {
    pub(crate) fn new(session: &'s Session) -> Self {
        Self { session }
    }

    /// All versions that the filter lets through, highest first by Apple's order.
    ///
    /// # Errors
    /// Any [`Error`] of a read.
    pub async fn list(&self, filter: &PreReleaseVersionFilter) -> Result<Vec<PreReleaseVersion>, Error> {
        let platforms: Vec<&str> = filter.platforms.iter().map(AppPlatform::as_str).collect();
        let query = Query::list()
            .filter("app", &filter.apps)
            .filter("version", &filter.versions)
            .filter("platform", &platforms)
            .with("sort", "-version")
            .with(PRE_RELEASE_VERSION_FIELDS.0, PRE_RELEASE_VERSION_FIELDS.1);
        Ok(self.session.get_all(&["preReleaseVersions"], query).await?.data)
    }

    /// One version by Apple's id.
    ///
    /// # Errors
    /// Any [`Error`] of a read.
    pub async fn get(&self, id: &str) -> Result<PreReleaseVersion, Error> {
        let query = Query::default().with(PRE_RELEASE_VERSION_FIELDS.0, PRE_RELEASE_VERSION_FIELDS.1);
        Ok(self.session.get_one(&["preReleaseVersions", id], query).await?.data)
    }
}
