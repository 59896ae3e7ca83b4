//! Builds: listed, read, expired, and the answer to the question of export compliance (facts D1, F2, F3).
//!
//! A build comes into being when Apple has worked on an upload; nobody creates or deletes one. It expires by itself 90
//! days after its upload, or at once when it is told to, and does not come back.
//!
//! The surprising thing: of two lists of builds only this one can be sorted and filtered; the list below an app takes
//! no sort, and the groups of a build cannot be listed but only included (facts F3).

use http::Method;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::beta_app_review_submissions::BETA_REVIEW_FIELDS;
use super::beta_build_localizations::BETA_BUILD_LOCALIZATION_FIELDS;
use super::beta_groups::BETA_GROUP_FIELDS;
use super::build_beta_details::BUILD_BETA_DETAIL_FIELDS;
use super::pre_release_versions::PRE_RELEASE_VERSION_FIELDS;
use super::{AppPlatform, BetaAppReviewSubmission, BetaBuildLocalization, BetaGroup, BuildBetaDetail, PreReleaseVersion};
use crate::document::{Included, Resource};
use crate::error::Error;
use crate::open_enum::open_enum;
use crate::session::{Query, Session};

open_enum! {
    /// How far Apple is with a build.
    ProcessingState {
        Processing = "PROCESSING",
        Failed = "FAILED",
        Invalid = "INVALID",
        Valid = "VALID",
    }
}

open_enum! {
    /// Who can get a build: those of the team only, or everybody.
    BuildAudienceType { InternalOnly = "INTERNAL_ONLY", AppStoreEligible = "APP_STORE_ELIGIBLE", }
}

/// A build.
pub type Build = Resource<BuildAttributes>;

/// What a build says about itself.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BuildAttributes {
    /// The build number (`CFBundleVersion`), which Apple calls version.
    pub version: Option<String>,
    /// When it was uploaded.
    #[serde(deserialize_with = "crate::dates::lenient")]
    pub uploaded_date: Option<Timestamp>,
    /// When testers lose it.
    #[serde(deserialize_with = "crate::dates::lenient")]
    pub expiration_date: Option<Timestamp>,
    /// Whether testers have lost it.
    pub expired: Option<bool>,
    /// The oldest system that it runs on; on a Mac that of an iOS app.
    pub min_os_version: Option<String>,
    /// The oldest macOS that it runs on.
    pub ls_minimum_system_version: Option<String>,
    /// How far Apple is with it.
    pub processing_state: Option<ProcessingState>,
    /// Who can get it.
    pub build_audience_type: Option<BuildAudienceType>,
    /// The answer to export compliance: whether it uses encryption that is not exempt. `None` until somebody says.
    pub uses_non_exempt_encryption: Option<bool>,
    /// Members that this version does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A build with what TestFlight has around it.
#[derive(Debug, Clone)]
pub struct BuildDetail {
    /// The build.
    pub build: Build,
    /// Apple's id of the app.
    pub app: Option<String>,
    /// Its version and platform.
    pub version: Option<PreReleaseVersion>,
    /// How far it is for testers.
    pub beta: Option<BuildBetaDetail>,
}

/// A build with who gets it.
#[derive(Debug, Clone)]
pub struct BuildDistribution {
    /// The build with what is around it.
    pub detail: BuildDetail,
    /// The groups that have it.
    pub groups: Vec<BetaGroup>,
    /// "What to Test", per language.
    pub texts: Vec<BetaBuildLocalization>,
    /// Beta review, when it was handed in.
    pub review: Option<BetaAppReviewSubmission>,
    /// Whether these are all groups and texts: Apple includes at most 50 of each.
    pub is_complete: bool,
}

/// Which builds to list; empty fields do not restrict.
#[derive(Debug, Clone, Default)]
pub struct BuildFilter {
    /// Apple's ids.
    pub ids: Vec<String>,
    /// Apple's ids of the apps.
    pub apps: Vec<String>,
    /// Build numbers (`CFBundleVersion`).
    pub build_numbers: Vec<String>,
    /// Versions (`CFBundleShortVersionString`).
    pub versions: Vec<String>,
    /// Platforms.
    pub platforms: Vec<AppPlatform>,
    /// Apple's ids of groups of testers.
    pub groups: Vec<String>,
    /// How far Apple is with them.
    pub processing_states: Vec<ProcessingState>,
    /// Only those that have expired, or only those that have not.
    pub expired: Option<bool>,
    /// So many of the newest, at most 200, in one request; all of them when `None`.
    pub at_most: Option<u8>,
}

/// What to change on a build; `None` leaves it.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BuildPatch {
    /// `true` takes it away from all testers, for good.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expired: Option<bool>,
    /// Answers export compliance. Apple takes it once: a second answer is a 409 that says it is set (facts F2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uses_non_exempt_encryption: Option<bool>,
}

/// The operations on builds.
pub struct Builds<'s> {
    session: &'s Session,
}

/// What is read of a build, wherever it comes.
pub(super) const BUILD_FIELDS: &str = "version,uploadedDate,expirationDate,expired,minOsVersion,lsMinimumSystemVersion,processingState,\
     buildAudienceType,usesNonExemptEncryption,preReleaseVersion,buildBetaDetail,app";

/// What is included with every build.
const AROUND: &str = "app,preReleaseVersion,buildBetaDetail";

impl<'s> Builds<'s> {
    pub(crate) fn new(session: &'s Session) -> Self {
        Self { session }
    }

    /// The builds that the filter lets through, newest first.
    ///
    /// # Errors
    /// Any [`Error`] of a read.
    pub async fn list(&self, filter: &BuildFilter) -> Result<Vec<BuildDetail>, Error> {
        let platforms: Vec<&str> = filter.platforms.iter().map(AppPlatform::as_str).collect();
        let states: Vec<&str> = filter.processing_states.iter().map(ProcessingState::as_str).collect();
        let expired: Vec<String> = filter.expired.iter().map(bool::to_string).collect();
        let query = with_surroundings(Query::default())
            .filter("id", &filter.ids)
            .filter("app", &filter.apps)
            .filter("version", &filter.build_numbers)
            .filter("preReleaseVersion.version", &filter.versions)
            .filter("preReleaseVersion.platform", &platforms)
            .filter("betaGroups", &filter.groups)
            .filter("processingState", &states)
            .filter("expired", &expired)
            .with("sort", "-uploadedDate");
        let listing = self.session.get_first(&["builds"], query, filter.at_most).await?;
        let detail = |build| resolved(build, &listing.included);
        Ok(listing.data.into_iter().map(detail).collect())
    }

    /// One build by Apple's id.
    ///
    /// # Errors
    /// Any [`Error`] of a read.
    pub async fn get(&self, id: &str) -> Result<BuildDetail, Error> {
        let query = with_surroundings(Query::default());
        let document = self.session.get_one(&["builds", id], query).await?;
        Ok(resolved(document.data, &document.included))
    }

    /// One build by Apple's id, with who gets it: groups, texts and beta review in one request.
    ///
    /// # Errors
    /// Any [`Error`] of a read.
    pub async fn distribution(&self, id: &str) -> Result<BuildDistribution, Error> {
        let fields = format!("{BUILD_FIELDS},betaGroups,betaBuildLocalizations,betaAppReviewSubmission");
        let query = Query::default()
            .with(
                "include",
                &format!("{AROUND},betaGroups,betaBuildLocalizations,betaAppReviewSubmission"),
            )
            .with("limit[betaGroups]", "50")
            .with("limit[betaBuildLocalizations]", "50")
            .with("fields[builds]", &fields)
            .with(BETA_GROUP_FIELDS.0, BETA_GROUP_FIELDS.1)
            .with(BETA_BUILD_LOCALIZATION_FIELDS.0, BETA_BUILD_LOCALIZATION_FIELDS.1)
            .with(BETA_REVIEW_FIELDS.0, BETA_REVIEW_FIELDS.1);
        let document = self.session.get_one(&["builds", id], small(query)).await?;
        let (build, included): (Build, _) = (document.data, document.included);
        let is_whole = |name| !build.has_more_related(name) && (build.related_many(name).len() < 50 || build.tells_total(name));
        Ok(BuildDistribution {
            is_complete: is_whole("betaGroups") && is_whole("betaBuildLocalizations"),
            groups: included.find_all(build.related_many("betaGroups")),
            texts: included.find_all(build.related_many("betaBuildLocalizations")),
            review: build.related("betaAppReviewSubmission").and_then(|id| included.find(id)),
            detail: resolved(build, &included),
        })
    }

    /// Gives a build to groups. All of them or none; [`super::BetaGroups::add_builds`] is for one at a time.
    ///
    /// # Errors
    /// [`Error::LostAnswer`]: they may have it now.
    pub async fn add_to_groups(&self, id: &str, groups: &[String]) -> Result<(), Error> {
        let path = ["builds", id, "relationships", "betaGroups"];
        self.session.relate(Method::POST, &path, "betaGroups", groups).await
    }

    /// Takes a build away from groups.
    ///
    /// # Errors
    /// [`Error::LostAnswer`]: they may have lost it.
    pub async fn remove_from_groups(&self, id: &str, groups: &[String]) -> Result<(), Error> {
        let path = ["builds", id, "relationships", "betaGroups"];
        self.session.relate(Method::DELETE, &path, "betaGroups", groups).await
    }

    /// Expires a build, or answers export compliance.
    ///
    /// # Errors
    /// Any [`Error`] of a write.
    pub async fn patch(&self, id: &str, patch: &BuildPatch) -> Result<Build, Error> {
        let document = json!({"data": {"type": "builds", "id": id, "attributes": patch}});
        self.session.write(Method::PATCH, &["builds", id], &document).await
    }
}

/// Apple tells what is around a build only when it is included.
fn with_surroundings(query: Query) -> Query {
    small(query.with("include", AROUND).with("fields[builds]", BUILD_FIELDS))
}

/// Keeps what is included small.
fn small(query: Query) -> Query {
    query
        .with("fields[apps]", "bundleId")
        .with(PRE_RELEASE_VERSION_FIELDS.0, PRE_RELEASE_VERSION_FIELDS.1)
        .with(BUILD_BETA_DETAIL_FIELDS.0, BUILD_BETA_DETAIL_FIELDS.1)
}

fn resolved(build: Build, included: &Included) -> BuildDetail {
    BuildDetail {
        app: build.related("app").map(|app| app.id.clone()),
        version: build.related("preReleaseVersion").and_then(|id| included.find(id)),
        beta: build.related("buildBetaDetail").and_then(|id| included.find(id)),
        build,
    }
}
