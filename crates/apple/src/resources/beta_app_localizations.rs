//! What testers read of an app, one set of texts per language.

use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::document::Resource;
use crate::error::Error;
use crate::session::{Query, Session};

/// What testers read of an app in one language.
pub type BetaAppLocalization = Resource<BetaAppLocalizationAttributes>;

/// What such a set of texts says about itself.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BetaAppLocalizationAttributes {
    /// The language, such as `en-US`.
    pub locale: Option<String>,
    /// Where feedback goes.
    pub feedback_email: Option<String>,
    /// The app's page.
    pub marketing_url: Option<String>,
    /// The page about privacy.
    pub privacy_policy_url: Option<String>,
    /// What tvOS shows about privacy, which has no browser.
    pub tv_os_privacy_policy: Option<String>,
    /// The description.
    pub description: Option<String>,
    /// Members that this version does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// The texts to write; `None` leaves one as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BetaAppTexts {
    /// Where feedback goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feedback_email: Option<String>,
    /// The app's page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub marketing_url: Option<String>,
    /// The page about privacy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub privacy_policy_url: Option<String>,
    /// What tvOS shows about privacy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tv_os_privacy_policy: Option<String>,
    /// The description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// The operations on what testers read of apps.
pub struct BetaAppLocalizations<'s> {
    session: &'s Session,
}

impl<'s> BetaAppLocalizations<'s> {
    pub(crate) fn new(session: &'s Session) -> Self {
        Self { session }
    }

    /// The texts of these apps; [`Resource::related`] tells the `app` of each.
    ///
    /// # Errors
    /// Any [`Error`] of a read.
    pub async fn list(&self, apps: &[String]) -> Result<Vec<BetaAppLocalization>, Error> {
        let query = Query::list()
            .filter("app", apps)
            .with("include", "app")
            .with("fields[apps]", "bundleId");
        Ok(self.session.get_all(&["betaAppLocalizations"], query).await?.data)
    }

    /// Writes the texts in a language that has none, once.
    ///
    /// # Errors
    /// [`Error::Conflict`] when the language has them already. [`Error::LostAnswer`]: they may be there now.
    pub async fn create(&self, app: &str, locale: &str, texts: &BetaAppTexts) -> Result<BetaAppLocalization, Error> {
        let mut attributes = json!(texts);
        attributes["locale"] = json!(locale);
        let document = json!({"data": {
            "type": "betaAppLocalizations",
            "attributes": attributes,
            "relationships": {"app": {"data": {"type": "apps", "id": app}}},
        }});
        self.session.write(Method::POST, &["betaAppLocalizations"], &document).await
    }

    /// Changes texts, by their own id.
    ///
    /// # Errors
    /// Any [`Error`] of a write.
    pub async fn patch(&self, id: &str, texts: &BetaAppTexts) -> Result<BetaAppLocalization, Error> {
        let document = json!({"data": {"type": "betaAppLocalizations", "id": id, "attributes": texts}});
        self.session.write(Method::PATCH, &["betaAppLocalizations", id], &document).await
    }

    /// Deletes the texts of one language, by their own id.
    ///
    /// # Errors
    /// [`Error::NotFound`] when they are gone already; [`Error::LostAnswer`]: they may be.
    pub async fn delete(&self, id: &str) -> Result<(), Error> {
        self.session.delete(&["betaAppLocalizations", id]).await
    }
}
