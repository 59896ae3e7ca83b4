//! What beta review needs to know of an app: whom to ask, and how to sign in. Every app has one, made by Apple.
//!
//! The surprising thing: it has a password in it, which Apple gives back on reading. It cannot be printed.

use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::document::Resource;
use crate::error::Error;
use crate::session::{Query, Session};
use crate::withheld::Withheld;

/// What beta review needs to know of an app.
pub type BetaAppReviewDetail = Resource<BetaAppReviewDetailAttributes>;

/// What it says.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BetaAppReviewDetailAttributes {
    /// The given name of whom to ask.
    pub contact_first_name: Option<String>,
    /// The family name.
    pub contact_last_name: Option<String>,
    /// The telephone number, with `+` and country.
    pub contact_phone: Option<String>,
    /// The e-mail address.
    pub contact_email: Option<String>,
    /// The account to sign in with.
    pub demo_account_name: Option<String>,
    /// Its password.
    pub demo_account_password: Option<Withheld>,
    /// Whether one must sign in to review the app.
    pub demo_account_required: Option<bool>,
    /// What else there is to know.
    pub notes: Option<String>,
    /// Members that this version does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// What to change; `None` leaves it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BetaAppReviewDetailPatch {
    /// The given name of whom to ask.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact_first_name: Option<String>,
    /// The family name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact_last_name: Option<String>,
    /// The telephone number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact_phone: Option<String>,
    /// The e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact_email: Option<String>,
    /// The account to sign in with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub demo_account_name: Option<String>,
    /// Its password.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "Withheld::write")]
    pub demo_account_password: Option<Withheld>,
    /// Whether one must sign in to review the app.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub demo_account_required: Option<bool>,
    /// What else there is to know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
}

/// The operations on what beta review needs to know.
pub struct BetaAppReviewDetails<'s> {
    session: &'s Session,
}

impl<'s> BetaAppReviewDetails<'s> {
    pub(crate) fn new(session: &'s Session) -> Self {
        Self { session }
    }

    /// What beta review needs to know of these apps, at least one; [`Resource::related`] tells the `app` of each.
    ///
    /// # Errors
    /// Any [`Error`] of a read.
    pub async fn list(&self, apps: &[String]) -> Result<Vec<BetaAppReviewDetail>, Error> {
        let query = Query::list()
            .filter("app", apps)
            .with("include", "app")
            .with("fields[apps]", "bundleId");
        Ok(self.session.get_all(&["betaAppReviewDetails"], query).await?.data)
    }

    /// Changes it, by its own id and not the app's.
    ///
    /// # Errors
    /// Any [`Error`] of a write.
    pub async fn patch(&self, id: &str, patch: &BetaAppReviewDetailPatch) -> Result<BetaAppReviewDetail, Error> {
        let document = json!({"data": {"type": "betaAppReviewDetails", "id": id, "attributes": patch}});
        self.session.write(Method::PATCH, &["betaAppReviewDetails", id], &document).await
    }
}
