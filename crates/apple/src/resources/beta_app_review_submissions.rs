//! Beta review: builds handed in, and what became of them (facts F3).
//!
//! Only the first build of each version is looked at by people, and one build of a version at a time. What has been
//! handed in cannot be taken back through the API.

use http::Method;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::document::Resource;
use crate::error::Error;
use crate::open_enum::open_enum;
use crate::session::{Query, Session};

open_enum! {
    /// How far beta review is.
    BetaReviewState {
        WaitingForReview = "WAITING_FOR_REVIEW",
        InReview = "IN_REVIEW",
        Rejected = "REJECTED",
        Approved = "APPROVED",
    }
}

open_enum! {
    /// Why a build was not taken for beta review: the last part of Apple's code.
    BetaReviewRefusal {
        AnotherBuildInReview = "ANOTHER_BUILD_IN_REVIEW",
        BetaContractMissing = "BETA_CONTRACT_MISSING",
        BuildSdkNotAllowed = "BUILD_SDK_NOT_ALLOWED_FOR_EXTERNAL_TESTING",
    }
}

/// A build in beta review.
pub type BetaAppReviewSubmission = Resource<BetaAppReviewSubmissionAttributes>;

/// What it says about itself.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BetaAppReviewSubmissionAttributes {
    /// How far it is.
    pub beta_review_state: Option<BetaReviewState>,
    /// When it was handed in.
    #[serde(deserialize_with = "crate::dates::lenient")]
    pub submitted_date: Option<Timestamp>,
    /// Members that this version does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Error {
    /// Recognizes why a build was not taken for beta review.
    #[must_use]
    pub fn beta_review_refusal(&self) -> Option<BetaReviewRefusal> {
        let Self::Unprocessable { errors } = self else {
            return None;
        };
        let leaf = |error: &crate::ErrorObject| error.code.strip_prefix("ENTITY_UNPROCESSABLE.").map(BetaReviewRefusal::from);
        errors.with_associated().find_map(leaf)
    }
}

/// The operations of beta review.
pub struct BetaAppReviewSubmissions<'s> {
    session: &'s Session,
}

/// What is read of it.
pub(super) const BETA_REVIEW_FIELDS: (&str, &str) = ("fields[betaAppReviewSubmissions]", "betaReviewState,submittedDate,build");

impl<'s> BetaAppReviewSubmissions<'s> {
    pub(crate) fn new(session: &'s Session) -> Self {
        Self { session }
    }

    /// How far these builds, at least one, are; [`Resource::related`] tells the `build` of each. One that was never
    /// handed in is not among them.
    ///
    /// # Errors
    /// Any [`Error`] of a read.
    pub async fn list(&self, builds: &[String]) -> Result<Vec<BetaAppReviewSubmission>, Error> {
        let query = Query::list()
            .filter("build", builds)
            .with("include", "build")
            .with(BETA_REVIEW_FIELDS.0, BETA_REVIEW_FIELDS.1)
            .with("fields[builds]", "version");
        Ok(self.session.get_all(&["betaAppReviewSubmissions"], query).await?.data)
    }

    /// One by Apple's id.
    ///
    /// # Errors
    /// Any [`Error`] of a read.
    pub async fn get(&self, id: &str) -> Result<BetaAppReviewSubmission, Error> {
        let query = Query::default().with(BETA_REVIEW_FIELDS.0, BETA_REVIEW_FIELDS.1);
        Ok(self.session.get_one(&["betaAppReviewSubmissions", id], query).await?.data)
    }

    /// Hands a build in, once.
    ///
    /// # Errors
    /// [`Error::beta_review_refusal`] tells why it was not taken; [`Error::Conflict`] when it was handed in before.
    /// [`Error::LostAnswer`]: it may have been handed in; look by build.
    pub async fn create(&self, build: &str) -> Result<BetaAppReviewSubmission, Error> {
        let document = json!({"data": {
            "type": "betaAppReviewSubmissions",
            "relationships": {"build": {"data": {"type": "builds", "id": build}}},
        }});
        self.session.write(Method::POST, &["betaAppReviewSubmissions"], &document).await
    }
}
