//! Apps: listed and read. Apple lets nobody create one through the API (facts B5).

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::document::Resource;
use crate::error::Error;
use crate::session::{Query, Session};

/// An app record of App Store Connect.
pub type App = Resource<AppAttributes>;

/// What is read of an app.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AppAttributes {
    /// The name in the store.
    pub name: Option<String>,
    /// The bundle identifier, such as `com.example.app`.
    pub bundle_id: Option<String>,
    /// The SKU that the team chose.
    pub sku: Option<String>,
    /// The primary locale, such as `en-US`.
    pub primary_locale: Option<String>,
    /// Members that this version does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Which apps to list; empty fields do not restrict.
#[derive(Debug, Clone, Default)]
pub struct AppFilter {
    /// Apple's ids.
    pub ids: Vec<String>,
    /// Bundle identifiers.
    pub bundle_ids: Vec<String>,
    /// Names.
    pub names: Vec<String>,
    /// SKUs.
    pub skus: Vec<String>,
}

/// The operations on apps.
pub struct Apps<'s> {
    session: &'s Session,
}

/// An app has dozens of relationships, each with links; these fields keep the answer small.
const FIELDS: (&str, &str) = ("fields[apps]", "name,bundleId,sku,primaryLocale");

impl<'s> Apps<'s> {
    pub(crate) fn new(session: &'s Session) -> Self {
        Self { session }
    }

    /// All apps that the key sees and the filter lets through.
    ///
    /// # Errors
    /// Any [`Error`] of a read.
    pub async fn list(&self, filter: &AppFilter) -> Result<Vec<App>, Error> {
        let query = Query::list()
            .filter("id", &filter.ids)
            .filter("bundleId", &filter.bundle_ids)
            .filter("name", &filter.names)
            .filter("sku", &filter.skus)
            .with(FIELDS.0, FIELDS.1);
        Ok(self.session.get_all(&["apps"], query).await?.data)
    }

    /// One app by Apple's id.
    ///
    /// # Errors
    /// [`Error::NotFound`] also when the key may not see it.
    pub async fn get(&self, id: &str) -> Result<App, Error> {
        let query = Query::default().with(FIELDS.0, FIELDS.1);
        Ok(self.session.get_one(&["apps", id], query).await?.data)
    }
}
