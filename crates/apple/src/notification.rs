//! What Apple's webhooks deliver: is it genuine, and what does it say (facts G1).
//!
//! The body is checked before it is read: [`Notification::verify`] compares the header `x-apple-signature` with the
//! HMAC-SHA256 of the raw body, in constant time. Both spellings of the header are taken, `hmacsha256=` before the hex
//! and bare hex.
//!
//! The surprising thing: a notification is a hint. What it says may be old or come twice, so ask Apple what holds.

use aws_lc_rs::hmac;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::document::{Document, Resource, ResourceId};

/// The header with the signature.
pub const SIGNATURE_HEADER: &str = "x-apple-signature";

const PREFIX: &str = "hmacsha256=";

/// What a webhook delivered, verified.
#[derive(Debug, Clone)]
pub struct Notification(Resource<NotificationAttributes>);

/// What a notification says about itself.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NotificationAttributes {
    /// When it happened.
    #[serde(deserialize_with = "crate::dates::lenient")]
    pub timestamp: Option<Timestamp>,
    /// The state before, where a state changed.
    pub old_value: Option<String>,
    /// The state since.
    pub new_value: Option<String>,
    /// Members that this version does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Why something that was delivered is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotificationError {
    /// The signature is not of this body and this secret.
    #[error("the signature in {SIGNATURE_HEADER} is not of this body with the webhook's secret")]
    Forged,
    /// Signed, but no notification.
    #[error("the body is signed, but it is not a notification of Apple's")]
    Unreadable,
}

impl Notification {
    /// Checks the signature over the raw body, then reads it.
    ///
    /// # Errors
    /// [`NotificationError`]: whoever sent it does not have the secret, or it is not Apple's document.
    pub fn verify(secret: &[u8], signature: &str, body: &[u8]) -> Result<Self, NotificationError> {
        let signature = signature.trim();
        let signature = signature.strip_prefix(PREFIX).unwrap_or(signature);
        let tag = bytes_of_hex(signature).ok_or(NotificationError::Forged)?;
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        hmac::verify(&key, body, &tag).map_err(|_| NotificationError::Forged)?;
        let document: Document<Resource<NotificationAttributes>> =
            serde_json::from_slice(body).map_err(|_| NotificationError::Unreadable)?;
        Ok(Self(document.data))
    }

    /// Apple's id of it; the same when it is delivered again.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// What happened, in lower camel case, such as `buildUploadStateUpdated`; a ping is `webhookPingCreated`.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.0.kind
    }

    /// To what it happened: the type and the id of a resource.
    #[must_use]
    pub fn instance(&self) -> Option<&ResourceId> {
        self.0.related("instance")
    }

    /// What it says.
    #[must_use]
    pub fn attributes(&self) -> &NotificationAttributes {
        &self.0.attributes
    }
}

/// The 32 bytes of a tag.
fn bytes_of_hex(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let digit = |index: usize| char::from(pair[index]).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        *byte = digit(0)? << 4 | digit(1)?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"Jefe";
    /// The second test case of RFC 4231.
    const RFC_BODY: &[u8] = b"what do ya want for nothing?";
    const RFC_TAG: &str = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";

    fn signed(body: &str) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET);
        let tag = hmac::sign(&key, body.as_bytes());
        tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn the_signature_is_hmac_sha256_over_the_raw_body() {
        // Genuine by the RFC's own tag, and then of course no notification.
        let read = |signature: &str| Notification::verify(SECRET, signature, RFC_BODY).err();
        for signature in [
            RFC_TAG.to_owned(),
            format!("{PREFIX}{RFC_TAG}"),
            RFC_TAG.to_uppercase(),
            format!(" {RFC_TAG} "),
        ] {
            assert_eq!(read(&signature), Some(NotificationError::Unreadable), "{signature}");
        }
        let changed = RFC_TAG.replace("5bdc", "5bdd");
        for signature in [
            "",
            PREFIX,
            "5bdc",
            &RFC_TAG[2..],
            &format!("{RFC_TAG}00"),
            &format!("sha256={RFC_TAG}"),
            &changed,
            &"é".repeat(32),
        ] {
            assert_eq!(read(signature), Some(NotificationError::Forged), "{signature}");
        }
    }

    #[test]
    fn another_secret_or_another_body_is_forged() {
        let body = r#"{"data":{"type":"webhookPingCreated","id":"1"}}"#;
        let verify = |secret: &[u8], body: &str, of: &str| Notification::verify(secret, &signed(of), body.as_bytes());
        assert_eq!(verify(SECRET, body, body).expect("genuine").kind(), "webhookPingCreated");
        assert_eq!(verify(b"jefe", body, body).expect_err("another secret"), NotificationError::Forged);
        let spaced = format!("{body} ");
        assert_eq!(verify(SECRET, &spaced, body).expect_err("another body"), NotificationError::Forged);
    }

    #[test]
    fn a_notification_says_what_happened_to_what() {
        let body = r#"{"data":{"type":"buildUploadStateUpdated","id":"N","version":1,
            "attributes":{"newValue":"COMPLETE","oldValue":"PROCESSING","timestamp":"2025-06-09T10:09:30.123456789Z","shine":1},
            "relationships":{"instance":{"data":{"type":"buildUploads","id":"U"},"links":{"self":"https://x"}}}}}"#;
        let told = Notification::verify(SECRET, &signed(body), body.as_bytes()).expect("genuine");
        assert_eq!((told.id(), told.kind()), ("N", "buildUploadStateUpdated"));
        let instance = told.instance().expect("something");
        assert_eq!((instance.kind.as_str(), instance.id.as_str()), ("buildUploads", "U"));
        let attributes = told.attributes();
        assert_eq!(
            (attributes.old_value.as_deref(), attributes.new_value.as_deref()),
            (Some("PROCESSING"), Some("COMPLETE"))
        );
        assert_eq!(attributes.timestamp.expect("an instant").as_second(), 1_749_463_770);
        assert_eq!(attributes.other["shine"], 1);
    }
}
