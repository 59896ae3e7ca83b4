//! "What to Test" of a build, one text per language. Apple refuses emoji in it (facts F3).

use http::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::document::Resource;
use crate::error::Error;
use crate::session::{Query, Session};

/// "What to Test" in one language.
pub type BetaBuildLocalization = Resource<BetaBuildLocalizationAttributes>;

/// What such a text says about itself.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BetaBuildLocalizationAttributes {
    /// The language, such as `en-US`.
    pub locale: Option<String>,
    /// The text.
    pub whats_new: Option<String>,
    /// Members that this version does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// The operations on "What to Test".
pub struct BetaBuildLocalizations<'s> {
    session: &'s Session,
}

/// What is read of it.
pub(super) const BETA_BUILD_LOCALIZATION_FIELDS: (&str, &str) = ("fields[betaBuildLocalizations]", "locale,whatsNew,build");

impl<'s> BetaBuildLocalizations<'s> {
    pub(crate) fn new(session: &'s Session) -> Self {
        Self { session }
    }

    /// The texts of these builds; [`Resource::related`] tells the `build` of each.
    ///
    /// # Errors
    /// Any [`Error`] of a read.
    pub async fn list(&self, builds: &[String]) -> Result<Vec<BetaBuildLocalization>, Error> {
        let query = Query::list()
            .filter("build", builds)
            .with("include", "build")
            .with(BETA_BUILD_LOCALIZATION_FIELDS.0, BETA_BUILD_LOCALIZATION_FIELDS.1)
            .with("fields[builds]", "version");
        Ok(self.session.get_all(&["betaBuildLocalizations"], query).await?.data)
    }

    /// Writes the text in a language that has none, once.
    ///
    /// # Errors
    /// [`Error::Conflict`] when the language has one or the text has what Apple refuses. [`Error::LostAnswer`]: it may
    /// be there now.
    pub async fn create(&self, build: &str, locale: &str, whats_new: &str) -> Result<BetaBuildLocalization, Error> {
        let document = json!({"data": {
            "type": "betaBuildLocalizations",
            "attributes": {"locale": locale, "whatsNew": whats_new},
            "relationships": {"build": {"data": {"type": "builds", "id": build}}},
        }});
        self.session.write(Method::POST, &["betaBuildLocalizations"], &document).await
    }

    /// Changes a text, by its own id.
    ///
    /// # Errors
    /// Any [`Error`] of a write.
    pub async fn patch(&self, id: &str, whats_new: &str) -> Result<BetaBuildLocalization, Error> {
        let attributes = json!({"whatsNew": whats_new});
        let document = json!({"data": {"type": "betaBuildLocalizations", "id": id, "attributes": attributes}});
        self.session.write(Method::PATCH, &["betaBuildLocalizations", id], &document).await
    }

    /// Deletes a text, by its own id.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is gone already; [`Error::LostAnswer`]: it may be.
    pub async fn delete(&self, id: &str) -> Result<(), Error> {
        self.session.delete(&["betaBuildLocalizations", id]).await
    }
}
