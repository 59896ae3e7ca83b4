//! What TestFlight makes of a build: its state for internal and for external testers (facts F1).

use http::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::document::Resource;
use crate::error::Error;
use crate::open_enum::open_enum;
use crate::session::{Query, Session};

open_enum! {
    /// How far a build is for internal testers.
    InternalBetaState {
        Processing = "PROCESSING",
        ProcessingException = "PROCESSING_EXCEPTION",
        MissingExportCompliance = "MISSING_EXPORT_COMPLIANCE",
        ReadyForBetaTesting = "READY_FOR_BETA_TESTING",
        InBetaTesting = "IN_BETA_TESTING",
        Expired = "EXPIRED",
        InExportComplianceReview = "IN_EXPORT_COMPLIANCE_REVIEW",
    }
}

open_enum! {
    /// How far a build is for external testers, who get it after beta review only.
    ExternalBetaState {
        Processing = "PROCESSING",
        ProcessingException = "PROCESSING_EXCEPTION",
        MissingExportCompliance = "MISSING_EXPORT_COMPLIANCE",
        ReadyForBetaTesting = "READY_FOR_BETA_TESTING",
        InBetaTesting = "IN_BETA_TESTING",
        Expired = "EXPIRED",
        ReadyForBetaSubmission = "READY_FOR_BETA_SUBMISSION",
        InExportComplianceReview = "IN_EXPORT_COMPLIANCE_REVIEW",
        WaitingForBetaReview = "WAITING_FOR_BETA_REVIEW",
        InBetaReview = "IN_BETA_REVIEW",
        BetaRejected = "BETA_REJECTED",
        BetaApproved = "BETA_APPROVED",
        NotApplicable = "NOT_APPLICABLE",
    }
}

/// What TestFlight makes of a build.
pub type BuildBetaDetail = Resource<BuildBetaDetailAttributes>;

/// What it says about itself.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BuildBetaDetailAttributes {
    /// Whether testers are told of the build as soon as they can have it.
    pub auto_notify_enabled: Option<bool>,
    /// How far it is for internal testers.
    pub internal_build_state: Option<InternalBetaState>,
    /// How far it is for external testers.
    pub external_build_state: Option<ExternalBetaState>,
    /// Members that this version does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// The operations on what TestFlight makes of builds.
pub struct BuildBetaDetails<'s> {
    session: &'s Session,
}

/// What is read of it.
pub(super) const BUILD_BETA_DETAIL_FIELDS: (&str, &str) = (
    "fields[buildBetaDetails]",
    "autoNotifyEnabled,internalBuildState,externalBuildState,build",
);

impl<'s> BuildBetaDetails<'s> {
    pub(crate) fn new(session: &'s Session) -> Self {
        Self { session }
    }

    /// What TestFlight makes of these builds; [`Resource::related`] tells the `build` of each.
    ///
    /// # Errors
    /// Any [`Error`] of a read.
    pub async fn list(&self, builds: &[String]) -> Result<Vec<BuildBetaDetail>, Error> {
        let query = Query::list()
            .filter("build", builds)
            .with("include", "build")
            .with(BUILD_BETA_DETAIL_FIELDS.0, BUILD_BETA_DETAIL_FIELDS.1)
            .with("fields[builds]", "version");
        Ok(self.session.get_all(&["buildBetaDetails"], query).await?.data)
    }

    /// What TestFlight makes of one build, by its own id and not the build's.
    ///
    /// # Errors
    /// Any [`Error`] of a read.
    pub async fn get(&self, id: &str) -> Result<BuildBetaDetail, Error> {
        let query = Query::default().with(BUILD_BETA_DETAIL_FIELDS.0, BUILD_BETA_DETAIL_FIELDS.1);
        Ok(self.session.get_one(&["buildBetaDetails", id], query).await?.data)
    }

    /// Says whether testers are told of the build as soon as they can have it.
    ///
    /// # Errors
    /// Any [`Error`] of a write.
    pub async fn set_auto_notify(&self, id: &str, auto_notify_enabled: bool) -> Result<BuildBetaDetail, Error> {
        let attributes = json!({"autoNotifyEnabled": auto_notify_enabled});
        let document = json!({"data": {"type": "buildBetaDetails", "id": id, "attributes": attributes}});
        self.session.write(Method::PATCH, &["buildBetaDetails", id], &document).await
    }
}
