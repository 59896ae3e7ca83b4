//! Kinds of Apple certificates, told by marker extensions.
//!
//! Apple marks each kind with private extensions under `1.2.840.113635.100.6` (facts L). The common name is never asked:
//! anybody can write one.

use serde::{Deserialize, Serialize};

/// What a certificate is for, guessed from its marker extensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CertificateKind {
    /// "Apple Development": iOS and Mac, the current development kind.
    Development,
    /// "iPhone Developer": the older, iOS-only development kind.
    IosDevelopment,
    /// "Mac Developer": the older, Mac-only development kind.
    MacDevelopment,
    /// "Apple Distribution": iOS and Mac, the current distribution kind.
    Distribution,
    /// "iPhone Distribution": the older, iOS-only distribution kind.
    IosDistribution,
    /// "3rd Party Mac Developer Application".
    MacAppDistribution,
    /// "3rd Party Mac Developer Installer".
    MacInstallerDistribution,
    /// "Developer ID Application". Cannot be made through the API (facts L).
    DeveloperIdApplication,
    /// An intermediate that issues development and distribution certificates.
    WwdrIntermediate,
    /// An intermediate that issues Developer ID certificates.
    DeveloperIdIntermediate,
    /// None of the known markers.
    Other,
}

const IOS_DEVELOPMENT: &str = "1.2.840.113635.100.6.1.2";
const IOS_DISTRIBUTION: &str = "1.2.840.113635.100.6.1.4";
const MAC_APP_DISTRIBUTION: &str = "1.2.840.113635.100.6.1.7";
const MAC_INSTALLER: &str = "1.2.840.113635.100.6.1.8";
const MAC_DEVELOPMENT: &str = "1.2.840.113635.100.6.1.12";
const DEVELOPER_ID_APPLICATION: &str = "1.2.840.113635.100.6.1.13";
const WWDR: &str = "1.2.840.113635.100.6.2.1";
const DEVELOPER_ID_CA: &str = "1.2.840.113635.100.6.2.6";

/// Each kind with all of its markers. Of two kinds that fit, the one with more markers stands first.
const MARKERS: [(CertificateKind, &[&str]); 10] = [
    (CertificateKind::Development, &[IOS_DEVELOPMENT, MAC_DEVELOPMENT]),
    (CertificateKind::Distribution, &[IOS_DISTRIBUTION, MAC_APP_DISTRIBUTION]),
    (CertificateKind::IosDevelopment, &[IOS_DEVELOPMENT]),
    (CertificateKind::MacDevelopment, &[MAC_DEVELOPMENT]),
    (CertificateKind::IosDistribution, &[IOS_DISTRIBUTION]),
    (CertificateKind::MacAppDistribution, &[MAC_APP_DISTRIBUTION]),
    (CertificateKind::MacInstallerDistribution, &[MAC_INSTALLER]),
    (CertificateKind::DeveloperIdApplication, &[DEVELOPER_ID_APPLICATION]),
    (CertificateKind::WwdrIntermediate, &[WWDR]),
    (CertificateKind::DeveloperIdIntermediate, &[DEVELOPER_ID_CA]),
];

impl CertificateKind {
    /// Tells the kind from the extensions' dotted OIDs.
    pub(crate) fn from_extensions(oids: &[String]) -> Self {
        let carries = |markers: &[&str]| markers.iter().all(|marker| oids.iter().any(|oid| oid == marker));
        MARKERS
            .iter()
            .find(|(_, markers)| carries(markers))
            .map_or(Self::Other, |(kind, _)| *kind)
    }

    /// The marker extensions of this kind, as dotted OIDs (facts L); empty for [`Self::Other`].
    pub fn markers(self) -> &'static [&'static str] {
        MARKERS.iter().find(|(kind, _)| *kind == self).map_or(&[], |(_, markers)| markers)
    }

    /// Whether this is a developer's own certificate, which signs apps and must never vouch for a profile.
    pub fn is_developers_own(self) -> bool {
        !matches!(self, Self::WwdrIntermediate | Self::DeveloperIdIntermediate | Self::Other)
    }
}
