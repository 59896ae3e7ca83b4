//! Tells the testers of a build that it is there, where they are not told by itself (facts F3).

use http::Method;
use serde_json::{Map, Value, json};

use crate::error::Error;
use crate::session::Session;

/// The notice to the testers of a build.
pub struct BuildBetaNotifications<'s> {
    session: &'s Session,
}

impl<'s> BuildBetaNotifications<'s> {
    pub(crate) fn new(session: &'s Session) -> Self {
        Self { session }
    }

    /// Has Apple tell the testers of a build, once.
    ///
    /// # Errors
    /// [`Error::Conflict`] also when testers are told by itself. [`Error::LostAnswer`]: they may have been told.
    pub async fn create(&self, build: &str) -> Result<(), Error> {
        let document = json!({"data": {
            "type": "buildBetaNotifications",
            "relationships": {"build": {"data": {"type": "builds", "id": build}}},
        }});
        let path = ["buildBetaNotifications"];
        self.session.write::<Map<String, Value>>(Method::POST, &path, &document).await?;
        Ok(())
    }
}
