//! Signing certificates that an organization holds here.

use crate::{
    apple_key::TeamId,
    id::{ApiKeyId, CertificateId, OrgId, SecretId},
    policy::Subject,
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Where an item came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ItemOrigin {
    /// Russet made it.
    Created,
    /// Read from the Apple account.
    Fetched,
    /// Given by a person.
    Uploaded,
}

impl ItemOrigin {
    /// The word in the API and the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Fetched => "fetched",
            Self::Uploaded => "uploaded",
        }
    }
}

impl FromStr for ItemOrigin {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Created, Self::Fetched, Self::Uploaded]
            .into_iter()
            .find(|origin| origin.as_str() == text)
            .ok_or_else(|| format!("“{text}” is not an origin"))
    }
}

/// Apple's `CertificateType`, open: a value that Apple adds later is kept and shown (facts E2).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CertificateType(String);

impl CertificateType {
    /// The types that Russet creates with a CSR of its own. The others need a pass type, a merchant id or Apple's
    /// website (Developer ID, facts E2).
    pub const CREATABLE: [&'static str; 7] = [
        "DISTRIBUTION",
        "DEVELOPMENT",
        "IOS_DISTRIBUTION",
        "IOS_DEVELOPMENT",
        "MAC_APP_DISTRIBUTION",
        "MAC_INSTALLER_DISTRIBUTION",
        "MAC_APP_DEVELOPMENT",
    ];

    /// What no word of Apple's is known for: read from a file that does not carry Apple's marks.
    pub const UNKNOWN: &'static str = "UNKNOWN";

    /// Whatever Apple said.
    #[must_use]
    pub fn of_apple(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// A type that Russet can create.
    ///
    /// # Errors
    /// What was found, and which types can be created.
    pub fn creatable(text: &str) -> Result<Self, String> {
        let wanted = text.trim().to_uppercase().replace(['-', ' '], "_");
        if Self::CREATABLE.contains(&wanted.as_str()) {
            Ok(Self(wanted))
        } else if wanted.starts_with("DEVELOPER_ID") {
            Err(
                "Apple makes Developer ID certificates only on its website or in Xcode, for the Account Holder. Create it there."
                    .to_owned(),
            )
        } else {
            Err(format!(
                "“{text}” is not a certificate type that can be created here. Use one of: {}.",
                Self::CREATABLE.join(", ")
            ))
        }
    }

    /// Apple's word.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it signs for development only.
    #[must_use]
    pub fn is_development(&self) -> bool {
        self.0.ends_with("DEVELOPMENT")
    }

    /// What people call it.
    #[must_use]
    pub fn title(&self) -> String {
        match self.0.as_str() {
            "DISTRIBUTION" => "Apple Distribution".to_owned(),
            "DEVELOPMENT" => "Apple Development".to_owned(),
            "IOS_DISTRIBUTION" => "iOS Distribution".to_owned(),
            "IOS_DEVELOPMENT" => "iOS Development".to_owned(),
            "MAC_APP_DISTRIBUTION" => "Mac App Distribution".to_owned(),
            "MAC_INSTALLER_DISTRIBUTION" => "Mac Installer Distribution".to_owned(),
            "MAC_APP_DEVELOPMENT" => "Mac Development".to_owned(),
            "DEVELOPER_ID_APPLICATION" | "DEVELOPER_ID_APPLICATION_G2" => "Developer ID Application".to_owned(),
            "DEVELOPER_ID_KEXT" | "DEVELOPER_ID_KEXT_G2" => "Developer ID Kext".to_owned(),
            "PASS_TYPE_ID" => "Pass Type ID".to_owned(),
            "PASS_TYPE_ID_WITH_NFC" => "Pass Type ID with NFC".to_owned(),
            "APPLE_PAY" | "APPLE_PAY_RSA" => "Apple Pay".to_owned(),
            "APPLE_PAY_MERCHANT_IDENTITY" => "Apple Pay Merchant Identity".to_owned(),
            "APPLE_PAY_PSP_IDENTITY" => "Apple Pay PSP Identity".to_owned(),
            Self::UNKNOWN => "Unknown kind".to_owned(),
            "IDENTITY_ACCESS" => "Identity Access".to_owned(),
            other => other.to_owned(),
        }
    }
}

impl fmt::Display for CertificateType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// That a certificate is renewed without anybody asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AutomaticRenewal {
    /// Which one.
    pub certificate: CertificateId,
    /// Through which key; none once that was removed.
    pub key: Option<ApiKeyId>,
    /// How many days before its end.
    pub days_before: u16,
    /// Whose wish it is, and on whose rights it rests.
    pub set_by: Subject,
    /// Since when.
    pub set_at: Timestamp,
}

impl AutomaticRenewal {
    /// When it begins, for a certificate that ends then.
    #[must_use]
    pub fn begins_at(&self, ends: Timestamp) -> Timestamp {
        let before = SignedDuration::from_hours(24 * i64::from(self.days_before));
        ends.saturating_sub(before).unwrap_or(ends)
    }
}

/// A certificate held here. Its private key, when Russet has it, is the sealed secret `private_key`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldCertificate {
    /// Its id here.
    pub id: CertificateId,
    /// Whose it is.
    pub organization: OrgId,
    /// The key through which it was made or fetched; none once that key was removed.
    pub api_key: Option<ApiKeyId>,
    /// Apple's resource id (10 characters on the provisioning side); none for one that came as a file, until it is seen in
    /// the account.
    pub apple_id: Option<String>,
    /// Apple's type.
    pub certificate_type: CertificateType,
    /// What it is called here: the subject's common name, until somebody chooses another.
    pub name: String,
    /// Serial number, upper-case hex.
    pub serial: String,
    /// SHA-256 of the public key (SubjectPublicKeyInfo, DER), lower-case hex.
    pub public_key_fingerprint: String,
    /// SHA-1 of the certificate, upper-case hex: what Keychain Access and Xcode show.
    pub sha1: String,
    /// From the subject's OU.
    pub team_id: Option<TeamId>,
    /// The certificate itself, DER.
    pub der: Vec<u8>,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Created, fetched or uploaded.
    pub origin: ItemOrigin,
    /// The sealed private key, if held.
    pub private_key: Option<SecretId>,
    /// When Russet took it in.
    pub added_at: Timestamp,
    /// When it was revoked at Apple, as far as that was done through Russet.
    pub revoked_at: Option<Timestamp>,
}

/// A certificate held here as lists show it: everything but its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedCertificate {
    /// Its id here.
    pub id: CertificateId,
    /// Apple's resource id; none for one that came as a file.
    pub apple_id: Option<String>,
    /// Apple's type.
    pub certificate_type: CertificateType,
    /// What it is called here: the subject's common name, until somebody chooses another.
    pub name: String,
    /// Serial number, upper-case hex.
    pub serial: String,
    /// SHA-1 of the certificate, upper-case hex.
    pub sha1: String,
    /// From the subject's OU.
    pub team_id: Option<TeamId>,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Created, fetched or uploaded.
    pub origin: ItemOrigin,
    /// Whether Russet has its private key.
    pub key_held: bool,
    /// When Russet took it in.
    pub added_at: Timestamp,
    /// When it was revoked at Apple, as far as that was done through Russet.
    pub revoked_at: Option<Timestamp>,
}

impl From<HeldCertificate> for ListedCertificate {
    fn from(held: HeldCertificate) -> Self {
        Self {
            id: held.id,
            apple_id: held.apple_id,
            certificate_type: held.certificate_type,
            name: held.name,
            serial: held.serial,
            sha1: held.sha1,
            team_id: held.team_id,
            expires_at: held.expires_at,
            origin: held.origin,
            key_held: held.private_key.is_some(),
            added_at: held.added_at,
            revoked_at: held.revoked_at,
        }
    }
}
