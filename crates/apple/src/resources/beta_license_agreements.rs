//! The license agreement that testers of an app accept; Apple's own one where the text is empty. Every app has one.

use http::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::document::Resource;
use crate::error::Error;
use crate::session::{Query, Session};

/// The license agreement of an app.
pub type BetaLicenseAgreement = Resource<BetaLicenseAgreementAttributes>;

/// What it says.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BetaLicenseAgreementAttributes {
    /// The text.
    pub agreement_text: Option<String>,
    /// Members that this version does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// The operations on license agreements.
pub struct BetaLicenseAgreements<'s> {
    session: &'s Session,
}

impl<'s> BetaLicenseAgreements<'s> {
    pub(crate) fn new(session: &'s Session) -> Self {
        Self { session }
    }

    /// The agreements of these apps; [`Resource::related`] tells the `app` of each.
    ///
    /// # Errors
    /// Any [`Error`] of a read.
    pub async fn list(&self, apps: &[String]) -> Result<Vec<BetaLicenseAgreement>, Error> {
        let query = Query::list()
            .filter("app", apps)
            .with("include", "app")
            .with("fields[apps]", "bundleId");
        Ok(self.session.get_all(&["betaLicenseAgreements"], query).await?.data)
    }

    /// Changes the text, by the agreement's own id and not the app's.
    ///
    /// # Errors
    /// Any [`Error`] of a write.
    pub async fn patch(&self, id: &str, agreement_text: &str) -> Result<BetaLicenseAgreement, Error> {
        let attributes = json!({"agreementText": agreement_text});
        let document = json!({"data": {"type": "betaLicenseAgreements", "id": id, "attributes": attributes}});
        self.session.write(Method::PATCH, &["betaLicenseAgreements", id], &document).await
    }
}
