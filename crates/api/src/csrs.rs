//! Certificate signing requests, and what came of taking a certificate in.
use crate::Certificate;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Makes a key pair and a signing request of it.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCsr {
    /// The subject's common name, 64 characters at most.
    pub name: String,
    /// The subject's e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The subject's country, two letters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
}

/// A signing request whose private key is held here.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Csr {
    /// Id.
    pub id: String,
    /// The subject's common name.
    pub name: String,
    /// The subject's e-mail address.
    pub email: Option<String>,
    /// The subject's country.
    pub country: Option<String>,
    /// Whether its certificate has not come yet.
    pub open: bool,
    /// How many certificates held here have its key.
    pub certificates: u32,
    /// The request, PEM: what Apple's website asks for.
    pub pem: String,
    /// SHA-256 of the public key, lower-case hex.
    pub public_key_fingerprint: String,
    /// Who made it, by name.
    pub made_by: String,
    /// When.
    pub created_at: Timestamp,
}

/// A page of the signing requests.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Csrs {
    /// Newest first.
    pub items: Vec<Csr>,
    /// Give this as `cursor` for the next page; none at the end.
    pub next_cursor: Option<String>,
}

/// A signing request with the certificates that have its key.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CsrDetails {
    /// The request.
    pub csr: Csr,
    /// The certificates, oldest first.
    pub certificates: Vec<Certificate>,
}

/// Completes a signing request.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CompleteCsr {
    /// The certificate that Apple made of it: PEM, or the bytes of the `.cer` as base64.
    pub certificate: String,
}

/// Removes a signing request.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RemoveCsr {
    /// Its name, typed to confirm.
    pub name: String,
}

/// A certificate that was taken in.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TakenIn {
    /// As it is held now.
    pub certificate: Certificate,
    /// `new`; `joined`, where it was here and got what it lacked; `held`, where it was here already, whole.
    pub outcome: String,
    /// What to know: expired, no private key here.
    pub warnings: Vec<String>,
}
