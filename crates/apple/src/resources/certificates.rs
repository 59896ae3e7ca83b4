//! Certificates: listed, read, created from a signing request, revoked (facts E1, E2, E6).
//!
//! Creating is the scarcest act that there is: Apple grants two or three places per type. After a
//! [`Error::LostAnswer`] list the certificates and recognize yours by its public key.

use http::Method;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Platform, from_base64};
use crate::document::Resource;
use crate::error::Error;
use crate::open_enum::open_enum;
use crate::session::{Query, Session};

open_enum! {
    /// The kinds of certificates (facts E2).
    CertificateType {
        ApplePay = "APPLE_PAY",
        ApplePayMerchantIdentity = "APPLE_PAY_MERCHANT_IDENTITY",
        ApplePayPspIdentity = "APPLE_PAY_PSP_IDENTITY",
        ApplePayRsa = "APPLE_PAY_RSA",
        DeveloperIdKext = "DEVELOPER_ID_KEXT",
        DeveloperIdKextG2 = "DEVELOPER_ID_KEXT_G2",
        DeveloperIdApplication = "DEVELOPER_ID_APPLICATION",
        DeveloperIdApplicationG2 = "DEVELOPER_ID_APPLICATION_G2",
        Development = "DEVELOPMENT",
        Distribution = "DISTRIBUTION",
        IdentityAccess = "IDENTITY_ACCESS",
        IosDevelopment = "IOS_DEVELOPMENT",
        IosDistribution = "IOS_DISTRIBUTION",
        MacAppDistribution = "MAC_APP_DISTRIBUTION",
        MacInstallerDistribution = "MAC_INSTALLER_DISTRIBUTION",
        MacAppDevelopment = "MAC_APP_DEVELOPMENT",
        PassTypeId = "PASS_TYPE_ID",
        PassTypeIdWithNfc = "PASS_TYPE_ID_WITH_NFC",
    }
}

/// A signing certificate.
pub type Certificate = Resource<CertificateAttributes>;

/// What a certificate says about itself.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CertificateAttributes {
    /// The name, such as `Apple Distribution: Example`.
    pub name: Option<String>,
    /// The kind.
    pub certificate_type: Option<CertificateType>,
    /// The name without the kind.
    pub display_name: Option<String>,
    /// Upper-case hex, 30 to 32 digits.
    pub serial_number: Option<String>,
    /// The platform, where it is for one only.
    pub platform: Option<Platform>,
    /// When it ends.
    #[serde(deserialize_with = "crate::dates::lenient")]
    pub expiration_date: Option<Timestamp>,
    /// The certificate, base64 of DER.
    pub certificate_content: Option<String>,
    /// Documented, but absent from every live answer seen (facts E2).
    pub activated: Option<bool>,
    /// Members that this version does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl CertificateAttributes {
    /// The certificate as DER; `None` when Apple did not send it or it is not base64.
    #[must_use]
    pub fn der(&self) -> Option<Vec<u8>> {
        from_base64(self.certificate_content.as_deref()?)
    }
}

/// Which certificates to list; empty fields do not restrict.
#[derive(Debug, Clone, Default)]
pub struct CertificateFilter {
    /// Apple's ids.
    pub ids: Vec<String>,
    /// Kinds.
    pub types: Vec<CertificateType>,
    /// Display names.
    pub display_names: Vec<String>,
    /// Serial numbers; matched by substring.
    pub serial_numbers: Vec<String>,
}

/// The operations on certificates.
pub struct Certificates<'s> {
    session: &'s Session,
}

impl<'s> Certificates<'s> {
    pub(crate) fn new(session: &'s Session) -> Self {
        Self { session }
    }

    /// All certificates that the filter lets through, with their content.
    ///
    /// # Errors
    /// Any [`Error`] of a read.
    pub async fn list(&self, filter: &CertificateFilter) -> Result<Vec<Certificate>, Error> {
        let types: Vec<&str> = filter.types.iter().map(CertificateType::as_str).collect();
        let query = Query::list()
            .filter("id", &filter.ids)
            .filter("certificateType", &types)
            .filter("displayName", &filter.display_names)
            .filter("serialNumber", &filter.serial_numbers);
        Ok(self.session.get_all(&["certificates"], query).await?.data)
    }

    /// One certificate by Apple's id.
    ///
    /// # Errors
    /// Any [`Error`] of a read.
    pub async fn get(&self, id: &str) -> Result<Certificate, Error> {
        let path = ["certificates", id];
        Ok(self.session.get_one(&path, Query::default()).await?.data)
    }

    /// Asks Apple, once, to sign the request `csr_pem` (PEM; RSA 2048 is what every client sends).
    ///
    /// # Errors
    /// [`Error::LostAnswer`]: it may exist now. [`Error::certificate_limit`] tells when all places
    /// are taken.
    pub async fn create(&self, csr_pem: &str, certificate_type: &CertificateType) -> Result<Certificate, Error> {
        let document = json!({"data": {
            "type": "certificates",
            "attributes": {"csrContent": csr_pem, "certificateType": certificate_type},
        }});
        self.session.write(Method::POST, &["certificates"], &document).await
    }

    /// Revokes a certificate. Profiles that contain it become INVALID.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is gone already; [`Error::LostAnswer`]: it may be.
    pub async fn revoke(&self, id: &str) -> Result<(), Error> {
        self.session.delete(&["certificates", id]).await
    }
}
