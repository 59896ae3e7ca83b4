//! Webhooks: Apple tells us what happened, so that nobody has to ask all the time (facts G1).
//!
//! A webhook belongs to one app. Its secret is ours: Apple never gives it back, and what arrives is genuine when
//! [`crate::Notification::verify`] says so. What Apple delivered, or tried to, is listed with what we answered, and can
//! be delivered again.

use http::Method;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::document::{Resource, null_is_default};
use crate::error::Error;
use crate::open_enum::open_enum;
use crate::session::{Query, Session};
use crate::withheld::Withheld;

open_enum! {
    /// What a webhook can be told of.
    WebhookEventType {
        AlternativeDistributionPackageAvailableUpdated = "ALTERNATIVE_DISTRIBUTION_PACKAGE_AVAILABLE_UPDATED",
        AlternativeDistributionPackageVersionCreated = "ALTERNATIVE_DISTRIBUTION_PACKAGE_VERSION_CREATED",
        AlternativeDistributionTerritoryAvailabilityUpdated = "ALTERNATIVE_DISTRIBUTION_TERRITORY_AVAILABILITY_UPDATED",
        AppStoreVersionAppVersionStateUpdated = "APP_STORE_VERSION_APP_VERSION_STATE_UPDATED",
        BackgroundAssetVersionAppStoreReleaseStateUpdated = "BACKGROUND_ASSET_VERSION_APP_STORE_RELEASE_STATE_UPDATED",
        BackgroundAssetVersionExternalBetaReleaseStateUpdated = "BACKGROUND_ASSET_VERSION_EXTERNAL_BETA_RELEASE_STATE_UPDATED",
        BackgroundAssetVersionInternalBetaReleaseCreated = "BACKGROUND_ASSET_VERSION_INTERNAL_BETA_RELEASE_CREATED",
        BackgroundAssetVersionStateUpdated = "BACKGROUND_ASSET_VERSION_STATE_UPDATED",
        BetaFeedbackCrashSubmissionCreated = "BETA_FEEDBACK_CRASH_SUBMISSION_CREATED",
        BetaFeedbackScreenshotSubmissionCreated = "BETA_FEEDBACK_SCREENSHOT_SUBMISSION_CREATED",
        BuildBetaDetailExternalBuildStateUpdated = "BUILD_BETA_DETAIL_EXTERNAL_BUILD_STATE_UPDATED",
        BuildUploadStateUpdated = "BUILD_UPLOAD_STATE_UPDATED",
    }
}

open_enum! {
    /// How a delivery went.
    DeliveryState { Succeeded = "SUCCEEDED", Failed = "FAILED", Pending = "PENDING", }
}

/// A webhook of an app.
pub type Webhook = Resource<WebhookAttributes>;

/// What a webhook says about itself.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WebhookAttributes {
    /// The name that the team chose.
    pub name: Option<String>,
    /// Where it delivers.
    pub url: Option<String>,
    /// Whether it does.
    pub enabled: Option<bool>,
    /// What it is told of.
    #[serde(deserialize_with = "null_is_default")]
    pub event_types: Vec<WebhookEventType>,
    /// Members that this version does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// One delivery, or the attempt.
pub type WebhookDelivery = Resource<WebhookDeliveryAttributes>;

/// What a delivery says about itself.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WebhookDeliveryAttributes {
    /// When it came up.
    #[serde(deserialize_with = "crate::dates::lenient")]
    pub created_date: Option<Timestamp>,
    /// When it was sent.
    #[serde(deserialize_with = "crate::dates::lenient")]
    pub sent_date: Option<Timestamp>,
    /// How it went.
    pub delivery_state: Option<DeliveryState>,
    /// Why it failed.
    pub error_message: Option<String>,
    /// Whether somebody asked for it again.
    pub redelivery: Option<bool>,
    /// What we answered, as Apple saw it.
    #[serde(deserialize_with = "null_is_default")]
    pub response: DeliveryResponse,
    /// Members that this version does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// What we answered to a delivery, as Apple saw it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeliveryResponse {
    /// The status.
    pub http_status_code: Option<u16>,
    /// The body.
    pub body: Option<String>,
}

/// A webhook to be created.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewWebhook {
    /// Apple's id of the app.
    #[serde(skip)]
    pub app: String,
    /// The name.
    pub name: String,
    /// Where it is to deliver.
    pub url: String,
    /// With what it signs.
    #[serde(serialize_with = "written")]
    pub secret: Withheld,
    /// What it is to be told of.
    pub event_types: Vec<WebhookEventType>,
    /// Whether it delivers at once.
    pub enabled: bool,
}

fn written<S: serde::Serializer>(secret: &Withheld, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_str(secret.expose())
}

/// What to change on a webhook; `None` leaves it.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WebhookPatch {
    /// A new name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Another address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Another secret.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "Withheld::write")]
    pub secret: Option<Withheld>,
    /// What it is told of from now on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_types: Option<Vec<WebhookEventType>>,
    /// Whether it delivers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}

/// The operations on webhooks.
pub struct Webhooks<'s> {
    session: &'s Session,
}

const FIELDS: (&str, &str) = ("fields[webhooks]", "name,url,enabled,eventTypes");
const DELIVERY_FIELDS: (&str, &str) = (
    "fields[webhookDeliveries]",
    "createdDate,sentDate,deliveryState,errorMessage,redelivery,response",
);

impl<'s> Webhooks<'s> {
    pub(crate) fn new(session: &'s Session) -> Self {
        Self { session }
    }

    /// The webhooks of an app.
    ///
    /// # Errors
    /// Any [`Error`] of a read.
    pub async fn list(&self, app: &str) -> Result<Vec<Webhook>, Error> {
        let query = Query::list().with(FIELDS.0, FIELDS.1);
        Ok(self.session.get_all(&["apps", app, "webhooks"], query).await?.data)
    }

    /// One webhook by Apple's id.
    ///
    /// # Errors
    /// Any [`Error`] of a read.
    pub async fn get(&self, id: &str) -> Result<Webhook, Error> {
        let query = Query::default().with(FIELDS.0, FIELDS.1);
        Ok(self.session.get_one(&["webhooks", id], query).await?.data)
    }

    /// Creates a webhook, once.
    ///
    /// # Errors
    /// [`Error::LostAnswer`]: it may exist now; list those of the app and look by address.
    pub async fn create(&self, new: &NewWebhook) -> Result<Webhook, Error> {
        let document = json!({"data": {
            "type": "webhooks",
            "attributes": new,
            "relationships": {"app": {"data": {"type": "apps", "id": new.app}}},
        }});
        self.session.write(Method::POST, &["webhooks"], &document).await
    }

    /// Changes a webhook.
    ///
    /// # Errors
    /// Any [`Error`] of a write.
    pub async fn patch(&self, id: &str, patch: &WebhookPatch) -> Result<Webhook, Error> {
        let document = json!({"data": {"type": "webhooks", "id": id, "attributes": patch}});
        self.session.write(Method::PATCH, &["webhooks", id], &document).await
    }

    /// Deletes a webhook.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is gone already; [`Error::LostAnswer`]: it may be.
    pub async fn delete(&self, id: &str) -> Result<(), Error> {
        self.session.delete(&["webhooks", id]).await
    }

    /// The deliveries of a webhook: those of Apple's first page at most, up to 200, or of these states only.
    ///
    /// # Errors
    /// Any [`Error`] of a read.
    pub async fn deliveries(&self, id: &str, states: &[DeliveryState]) -> Result<Vec<WebhookDelivery>, Error> {
        let states: Vec<&str> = states.iter().map(DeliveryState::as_str).collect();
        let query = Query::default()
            .filter("deliveryState", &states)
            .with(DELIVERY_FIELDS.0, DELIVERY_FIELDS.1);
        let path = ["webhooks", id, "deliveries"];
        Ok(self.session.get_first(&path, query, Some(200)).await?.data)
    }

    /// Has Apple deliver once more what it delivered before, by the delivery's id.
    ///
    /// # Errors
    /// [`Error::LostAnswer`]: it may be on its way; what arrives twice has one id.
    pub async fn redeliver(&self, delivery: &str) -> Result<WebhookDelivery, Error> {
        let document = json!({"data": {
            "type": "webhookDeliveries",
            "relationships": {"template": {"data": {"type": "webhookDeliveries", "id": delivery}}},
        }});
        self.session.write(Method::POST, &["webhookDeliveries"], &document).await
    }

    /// Has Apple deliver a ping, which says nothing but that it arrives.
    ///
    /// # Errors
    /// [`Error::LostAnswer`]: it may be on its way.
    pub async fn ping(&self, id: &str) -> Result<(), Error> {
        let document = json!({"data": {
            "type": "webhookPings",
            "relationships": {"webhook": {"data": {"type": "webhooks", "id": id}}},
        }});
        let path = ["webhookPings"];
        self.session.write::<Map<String, Value>>(Method::POST, &path, &document).await?;
        Ok(())
    }
}
