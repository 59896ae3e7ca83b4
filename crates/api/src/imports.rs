//! Taking certificates in, and what can be changed about those held here.
use crate::{Certificate, SigningSetName, TakenIn};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Takes certificates in from a file.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportCertificates {
    /// PEM, or the bytes of a `.p12` or `.cer` as base64.
    pub content: String,
    /// The password of the `.p12`, or of the private key in the PEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
}

/// Takes certificates in from the Apple account.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FetchCertificates {
    /// Apple's ids of those wanted; all of them unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificates: Option<Vec<String>>,
}

/// What came of a file, or of a list at Apple.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Imported {
    /// The certificates that are held now because of it, or were held already.
    pub taken: Vec<TakenIn>,
    /// What was there and was not taken.
    pub left_out: Vec<LeftOut>,
    /// What to know about the whole.
    pub warnings: Vec<String>,
}

/// Something that was not taken in.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct LeftOut {
    /// What it is called.
    pub name: String,
    /// Why not.
    pub why: String,
}

/// One certificate, in full.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CertificateDetails {
    /// As in the list.
    #[serde(flatten)]
    pub certificate: Certificate,
    /// What the certificate itself calls its subject.
    pub common_name: Option<String>,
    /// What it calls its issuer.
    pub issuer: Option<String>,
    /// When it began.
    pub valid_from: Timestamp,
    /// SHA-256 of the certificate, upper-case hex.
    pub sha256: String,
    /// SHA-256 of its public key, lower-case hex.
    pub public_key_fingerprint: String,
    /// The name of the organization whose it is, where it is lent to this one.
    pub lent_by: Option<String>,
    /// The signing sets that it is in.
    pub signing_sets: Vec<SigningSetName>,
    /// How far it is shared; none where it is lent, and below a root organization.
    pub sharing: Option<crate::Sharing>,
}

/// Changes a certificate here.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditCertificate {
    /// What to call it.
    pub name: String,
}

/// What depends on a certificate, and what is lost with it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CertificateDependents {
    /// Its name, to be typed.
    pub name: String,
    /// Whether its private key is destroyed with it.
    pub key_destroyed: bool,
    /// Whether it has not ended, so that it keeps its place at Apple.
    pub valid_at_apple: bool,
    /// The signing sets that it is in: nothing can be signed with them without it.
    pub signing_sets: Vec<SigningSetName>,
    /// With whom it is shared; none below a root organization.
    pub sharing: Option<crate::Sharing>,
}

/// Removes a certificate here.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RemoveCertificate {
    /// Its name, typed to confirm.
    pub name: String,
}
