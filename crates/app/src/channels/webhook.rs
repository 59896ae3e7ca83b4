//! What a webhook gets: a JSON document, and in three header fields whose it is, when it was sent, and a signature.
//!
//! The fields and the signature are those of the Standard Webhooks specification, so that receivers can use a library that
//! exists: `webhook-id` names the delivery and is the same in every attempt, `webhook-timestamp` is the attempt's second
//! (of the Unix epoch), and `webhook-signature` is `v1,` and the base64 of the HMAC-SHA256 over
//! `{webhook-id}.{webhook-timestamp}.{body}`. Its key is what follows `whsec_` in the secret, decoded from base64.

use crate::{App, Problem, Shown};
use aws_lc_rs::hmac;
use base64::{Engine, prelude::BASE64_STANDARD};
use domain::{Channel, NoticeDelivery, Permit};
use jiff::Timestamp;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use serde::Serialize;
use store::Tx;
use vault::Place;
use zeroize::Zeroizing;

/// What secrets of channels are called where they are sealed.
pub(super) const SECRET_KIND: &str = "notification_channel";
/// What a secret begins with: scanners find it by that.
const PREFIX: &str = "whsec_";
/// Random bytes of a secret.
const SECRET_BYTES: usize = 32;
/// The version of the document. A field may join without another one; none goes or changes.
const VERSION: u32 = 1;

/// The document.
#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    id: String,
    event: Option<String>,
    time: Timestamp,
    organization: Whose<'a>,
    kind: &'a str,
    severity: &'a str,
    title: &'a str,
    text: &'a str,
    link: &'a str,
}

#[derive(Serialize)]
struct Whose<'a> {
    id: String,
    name: &'a str,
}

/// The kind that a test has in the document.
pub const TEST: &str = "test";

/// The document of a delivery: the same bytes in every attempt.
pub(super) fn body(channel: &Channel, delivery: &NoticeDelivery) -> Result<Vec<u8>, Problem> {
    let content = &delivery.content;
    let document = Document {
        version: VERSION,
        id: delivery.id.to_string(),
        event: delivery.event.map(|(record, _)| record.to_string()),
        time: content.time,
        organization: Whose {
            id: channel.organization.to_string(),
            name: &content.organization_name,
        },
        kind: delivery.kind.map_or(TEST, |kind| kind.as_str()),
        severity: &content.severity,
        title: &content.title,
        text: &content.text,
        link: &content.link,
    };
    serde_json::to_vec(&document).map_err(Problem::internal)
}

/// The header fields of an attempt.
pub(super) fn headers(delivery: &NoticeDelivery, body: &[u8], secret: &[u8], now: Timestamp) -> Result<HeaderMap, Problem> {
    let (id, second) = (delivery.id.to_string(), now.as_second());
    let mut signed = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, secret));
    signed.update(format!("{id}.{second}.").as_bytes());
    signed.update(body);
    let signature = format!("v1,{}", BASE64_STANDARD.encode(signed.sign().as_ref()));
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    for (name, value) in [
        ("webhook-id", id),
        ("webhook-timestamp", second.to_string()),
        ("webhook-signature", signature),
    ] {
        headers.insert(name, HeaderValue::from_str(&value).map_err(Problem::internal)?);
    }
    Ok(headers)
}

/// The place of a channel's secret.
struct SecretPlace {
    owner: String,
    object: String,
    version: u64,
}

impl SecretPlace {
    fn of(channel: &Channel) -> Self {
        Self {
            owner: channel.organization.to_string(),
            object: channel.id.to_string(),
            version: u64::from(channel.secret_version),
        }
    }

    fn place(&self) -> Place<'_> {
        Place {
            owner: &self.owner,
            kind: SECRET_KIND,
            object: &self.object,
            field: "signing_secret",
            version: self.version,
        }
    }
}

impl App {
    /// Makes a secret for the version that the channel has, and seals it. The text is for the one answer that shows it.
    pub(super) async fn seal_secret(&self, tx: &mut Tx, permit: &Permit, channel: &Channel) -> Result<Shown, Problem> {
        let mut random = Zeroizing::new([0; SECRET_BYTES]);
        self.inner.entropy.fill(random.as_mut_slice());
        let place = SecretPlace::of(channel);
        let ring = tx.ring(permit).await?;
        let sealed = self.inner.vault.seal(&ring, &place.place(), random.as_slice())?;
        tx.put_secret(permit, &place.place(), &sealed).await?;
        let text = Zeroizing::new(BASE64_STANDARD.encode(random.as_slice()));
        Ok(Shown::new(format!("{PREFIX}{}", text.as_str())))
    }

    /// Signs an attempt with the channel's secret, which leaves the vault for that alone.
    pub(super) async fn signed_headers(
        &self,
        tx: &mut Tx,
        permit: &Permit,
        channel: &Channel,
        delivery: &NoticeDelivery,
        body: &[u8],
    ) -> Result<HeaderMap, Problem> {
        let place = SecretPlace::of(channel);
        let ring = tx.ring(permit).await?;
        let sealed = tx.secret(permit, &place.place()).await?;
        let now = self.now();
        self.inner
            .vault
            .open(&ring, &place.place(), &sealed, |secret| headers(delivery, body, secret, now))?
    }
}
