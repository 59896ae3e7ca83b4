//! Build uploads: reserved, watched, deleted (facts D1).
//!
//! An upload is a reservation of a version and a build number; its files are [`super::BuildUploadFiles`]. Once the file
//! is committed Apple works on it, and what comes of it is told here: errors and warnings with the numbers of App Store
//! validation, and the build as soon as there is one.
//!
//! The surprising thing: a reservation to which nothing was sent stays `AWAITING_UPLOAD` and is no build. Only
//! `PROCESSING` and `COMPLETE` mean that Apple has the file.

use http::Method;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::builds::BUILD_FIELDS;
use super::{AppPlatform, Build};
use crate::document::{Resource, null_is_default};
use crate::error::Error;
use crate::open_enum::open_enum;
use crate::session::{Query, Session};

open_enum! {
    /// How far Apple is with an upload.
    BuildUploadState {
        AwaitingUpload = "AWAITING_UPLOAD",
        Processing = "PROCESSING",
        Complete = "COMPLETE",
        Failed = "FAILED",
    }
}

/// An upload of one binary.
pub type BuildUpload = Resource<BuildUploadAttributes>;

impl BuildUpload {
    /// Apple's id of the build that came of it, once there is one and where `build` was included.
    #[must_use]
    pub fn build_id(&self) -> Option<&str> {
        self.related("build").map(|build| build.id.as_str())
    }
}

/// What an upload says about itself.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BuildUploadAttributes {
    /// The version (`CFBundleShortVersionString`), such as `2.1.0`.
    #[serde(rename = "cfBundleShortVersionString")]
    pub version: Option<String>,
    /// The build number (`CFBundleVersion`).
    #[serde(rename = "cfBundleVersion")]
    pub build_number: Option<String>,
    /// The platform.
    pub platform: Option<AppPlatform>,
    /// How far Apple is with it, and what it found.
    #[serde(deserialize_with = "null_is_default")]
    pub state: BuildUploadProgress,
    /// When it was reserved.
    #[serde(deserialize_with = "crate::dates::lenient")]
    pub created_date: Option<Timestamp>,
    /// When its file was committed.
    #[serde(deserialize_with = "crate::dates::lenient")]
    pub uploaded_date: Option<Timestamp>,
    /// Members that this version does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// How far Apple is with an upload, and what it found.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct BuildUploadProgress {
    /// How far it is.
    pub state: Option<BuildUploadState>,
    /// Why it was refused.
    #[serde(deserialize_with = "null_is_default")]
    pub errors: Vec<StateDetail>,
    /// What Apple will mind one day.
    #[serde(deserialize_with = "null_is_default")]
    pub warnings: Vec<StateDetail>,
    /// What Apple mentions.
    #[serde(deserialize_with = "null_is_default")]
    pub infos: Vec<StateDetail>,
    /// Members that this version does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// One thing that Apple found in a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct StateDetail {
    /// The number of App Store validation, such as `90062`, or a name.
    pub code: Option<String>,
    /// Apple's words.
    pub description: Option<String>,
}

/// An upload with the build that came of it.
#[derive(Debug, Clone)]
pub struct BuildUploadDetail {
    /// The upload.
    pub upload: BuildUpload,
    /// Its build, once there is one.
    pub build: Option<Build>,
}

/// Which uploads of an app to list; empty fields do not restrict.
#[derive(Debug, Clone, Default)]
pub struct BuildUploadFilter {
    /// Versions (`CFBundleShortVersionString`).
    pub versions: Vec<String>,
    /// Build numbers (`CFBundleVersion`).
    pub build_numbers: Vec<String>,
    /// Platforms.
    pub platforms: Vec<AppPlatform>,
    /// States.
    pub states: Vec<BuildUploadState>,
    /// So many of the newest, at most 200, in one request; all of them when `None`.
    pub at_most: Option<u8>,
}

/// An upload to be reserved.
#[derive(Debug, Clone)]
pub struct NewBuildUpload {
    /// Apple's id of the app.
    pub app: String,
    /// The version (`CFBundleShortVersionString`).
    pub version: String,
    /// The build number (`CFBundleVersion`).
    pub build_number: String,
    /// The platform.
    pub platform: AppPlatform,
}

/// Says that a build number was used before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildNumberTaken {
    /// The highest build number that Apple has, where it says so.
    pub previous: Option<String>,
}

impl Error {
    /// Recognizes the refusal of an upload because its build number is not above the last one (facts D1).
    #[must_use]
    pub fn build_number_taken(&self) -> Option<BuildNumberTaken> {
        let Self::Conflict { errors } = self else {
            return None;
        };
        let taken = errors.with_associated().find(|error| {
            error.code.starts_with("ENTITY_ERROR.ATTRIBUTE.INVALID.DUPLICATE")
                && error
                    .pointer
                    .as_deref()
                    .is_some_and(|pointer| pointer.ends_with("/cfBundleVersion"))
        })?;
        let previous = taken.meta.get("previousBundleVersion").and_then(Value::as_str);
        Some(BuildNumberTaken {
            previous: previous.map(str::to_owned),
        })
    }
}

/// The operations on build uploads.
pub struct BuildUploads<'s> {
    session: &'s Session,
}

const FIELDS: (&str, &str) = (
    "fields[buildUploads]",
    "cfBundleShortVersionString,cfBundleVersion,platform,state,createdDate,uploadedDate,build",
);

impl<'s> BuildUploads<'s> {
    pub(crate) fn new(session: &'s Session) -> Self {
        Self { session }
    }

    /// The uploads of an app that the filter lets through, newest first, each with its build.
    ///
    /// # Errors
    /// Any [`Error`] of a read.
    pub async fn list(&self, app: &str, filter: &BuildUploadFilter) -> Result<Vec<BuildUploadDetail>, Error> {
        let platforms: Vec<&str> = filter.platforms.iter().map(AppPlatform::as_str).collect();
        let states: Vec<&str> = filter.states.iter().map(BuildUploadState::as_str).collect();
        let query = with_build(Query::default())
            .filter("cfBundleShortVersionString", &filter.versions)
            .filter("cfBundleVersion", &filter.build_numbers)
            .filter("platform", &platforms)
            .filter("state", &states)
            .with("sort", "-uploadedDate");
        let path = ["apps", app, "buildUploads"];
        let listing = self.session.get_first(&path, query, filter.at_most).await?;
        let detail = |upload: BuildUpload| BuildUploadDetail {
            build: upload.related("build").and_then(|id| listing.included.find(id)),
            upload,
        };
        Ok(listing.data.into_iter().map(detail).collect())
    }

    /// One upload by Apple's id, with its build.
    ///
    /// # Errors
    /// Any [`Error`] of a read.
    pub async fn get(&self, id: &str) -> Result<BuildUploadDetail, Error> {
        let query = with_build(Query::default());
        let document = self.session.get_one(&["buildUploads", id], query).await?;
        let upload: BuildUpload = document.data;
        Ok(BuildUploadDetail {
            build: upload.related("build").and_then(|id| document.included.find(id)),
            upload,
        })
    }

    /// Reserves an upload, once.
    ///
    /// # Errors
    /// [`Error::build_number_taken`] tells when the build number was used. [`Error::LostAnswer`]: it may be reserved
    /// now; look by version and build number.
    pub async fn create(&self, new: &NewBuildUpload) -> Result<BuildUpload, Error> {
        let document = json!({"data": {
            "type": "buildUploads",
            "attributes": {
                "cfBundleShortVersionString": new.version,
                "cfBundleVersion": new.build_number,
                "platform": new.platform,
            },
            "relationships": {"app": {"data": {"type": "apps", "id": new.app}}},
        }});
        self.session.write(Method::POST, &["buildUploads"], &document).await
    }

    /// Deletes an upload, as one does with a reservation that is not needed any more.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is gone already; [`Error::LostAnswer`]: it may be.
    pub async fn delete(&self, id: &str) -> Result<(), Error> {
        self.session.delete(&["buildUploads", id]).await
    }
}

/// Apple tells the build of an upload only when it is included.
fn with_build(query: Query) -> Query {
    query
        .with("include", "build")
        .with(FIELDS.0, FIELDS.1)
        .with("fields[builds]", BUILD_FIELDS)
}
