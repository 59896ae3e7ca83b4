//! Certificates held here, and the acts that make them.
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Creates a certificate at Apple.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCertificate {
    /// Through which key: id or name.
    pub key: String,
    /// Apple's type, such as `DISTRIBUTION`.
    pub certificate_type: String,
    /// The id of a signing request made here, whose key pair it is to have; a new key pair unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub csr: Option<String>,
}

/// A certificate held here.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Certificate {
    /// Id.
    pub id: String,
    /// Common name.
    pub name: String,
    /// Apple's type.
    pub certificate_type: String,
    /// Apple's id; none for one that came as a file.
    pub apple_id: Option<String>,
    /// Upper-case hex.
    pub serial: String,
    /// SHA-1 of the certificate, upper-case hex.
    pub sha1: String,
    /// From the subject's OU.
    pub team_id: Option<String>,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Days of the calendar (UTC) until then, 0 on the day itself; -1 when it ended today, -2 when yesterday.
    pub days_left: i64,
    /// `created`, `fetched`, `uploaded`.
    pub origin: String,
    /// Whether Russet has its private key.
    pub key_held: bool,
    /// When Russet took it in.
    pub added_at: Timestamp,
    /// When it was revoked at Apple, as far as that was done through Russet; nothing can be signed with it any more.
    pub revoked_at: Option<Timestamp>,
}

/// A page of the certificates held here.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Certificates {
    /// Soonest expiry first, unless another order was asked for.
    pub items: Vec<Certificate>,
    /// Give this as `cursor` for the next page; none at the end.
    pub next_cursor: Option<String>,
}

/// A long act.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Operation {
    /// Id.
    pub id: String,
    /// `create-certificate`, `revoke-certificate`, `renew-certificate`, `register-bundle-id`, `edit-bundle-id`,
    /// `set-capability`, `remove-capability`, `register-device`, `register-devices`, `change-device`, `create-profile`,
    /// `delete-profile`, `rebuild-profile`, `ensure-signing-set` or `survey-for-signing-set`.
    pub kind: String,
    /// What people call it.
    pub title: String,
    /// `started`, `working` (one of its steps is on its way), `calling`, `unknown`, `done`, `refused`, `failed`.
    pub state: String,
    /// Whether nothing more will happen.
    pub over: bool,
    /// Where it stands, in words.
    pub message: String,
    /// The certificate that came of it.
    pub certificate: Option<String>,
    /// The profile that came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// The signing set that came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signing_set: Option<String>,
    /// Apple's id of what came of it otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_apple: Option<String>,
    /// Apple's status when it refused.
    pub apple_status: Option<u16>,
    /// Apple's code when it refused.
    pub apple_code: Option<String>,
    /// At Apple's limit: the certificates that hold the places.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<Place>,
    /// The steps that were begun, where it has several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<OperationStep>,
    /// When it began.
    pub started_at: Timestamp,
    /// When its state last changed.
    pub updated_at: Timestamp,
}

/// A step of a long act; an operation of its own.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct OperationStep {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub title: String,
    /// As of an operation.
    pub state: String,
    /// Where it stands, in words.
    pub message: String,
}

/// A certificate that holds one of Apple's places.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Place {
    /// Apple's id.
    pub apple_id: String,
    /// Name.
    pub name: String,
    /// Upper-case hex.
    pub serial: String,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// Whether Russet has its private key.
    pub key_held: bool,
}

/// Takes a certificate away.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportRequest {
    /// `p12-compatible` (default), `p12-modern`, `pem`, `cer`.
    #[serde(default = "compatible")]
    pub form: String,
    /// The password of the `.p12`. Left out: one is made and shown once. Empty: allowed, with a warning.
    #[serde(default)]
    pub password: Option<String>,
}

fn compatible() -> String {
    "p12-compatible".to_owned()
}

/// An exported file. The only answer of this API that carries a private key: that of a signing certificate.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct Export {
    /// A name for it.
    pub file_name: String,
    /// Its media type.
    pub media_type: String,
    /// Its bytes, base64.
    pub content: String,
    /// The password, when it was made here.
    pub generated_password: Option<String>,
    /// What to know.
    pub warnings: Vec<String>,
}
