//! Leaf certificates: which kind carries which name, markers and issuer (facts L).

use der::Encode as _;
use der::asn1::ObjectIdentifier;
use jiff::Timestamp;
use rcgen::{CertificateParams, CustomExtension, DistinguishedName, DnType, DnValue, IsCa, KeyUsagePurpose, SerialNumber};

use super::ArtefactError;
use super::authority::certificate_date;

/// What the simulated certificate shall say.
#[derive(Debug, Clone)]
pub(crate) struct CertificateOrder {
    /// Apple's `CertificateType`, for example `DISTRIBUTION`.
    pub certificate_type: String,
    /// Ten characters; becomes the organizational unit, which is where readers take the team from.
    pub team_id: String,
    /// Becomes the organization, and the common name of distribution kinds.
    pub team_name: String,
    /// Becomes the common name of development kinds.
    pub person: String,
    /// Ten characters; ends the common name of development kinds.
    pub certificate_id: String,
    /// Start of validity.
    pub not_before: Timestamp,
    /// End of validity.
    pub not_after: Timestamp,
    /// Serial number, big endian. The highest bit is cleared, so that it fits 16 octets of DER.
    pub serial: [u8; 16],
}

/// A certificate and what App Store Connect tells about it.
#[derive(Debug, Clone)]
pub(crate) struct IssuedCertificate {
    /// The certificate, DER.
    pub der: Vec<u8>,
    /// Upper-case hexadecimal without leading zero bytes: 30 to 32 characters for random serials (facts E2).
    pub serial_hex: String,
    /// The subject's common name.
    pub common_name: String,
    /// End of validity.
    pub not_after: Timestamp,
}

/// The intermediate that signs a kind.
#[derive(Debug, Clone, Copy)]
pub(super) enum Branch {
    DeveloperRelations,
    DeveloperId,
}

/// Whose name stands in the common name, and what follows it in parentheses.
#[derive(Debug, Clone, Copy)]
enum Named {
    /// The person, then the id of the certificate.
    Person,
    /// The team, then the team id.
    Team,
}

/// The traits of one `CertificateType`.
#[derive(Debug)]
pub(super) struct CertificateKind {
    certificate_type: &'static str,
    prefix: &'static str,
    named: Named,
    /// Last arcs under `1.2.840.113635.100.6.1`.
    markers: &'static [u64],
    extended_key_usage: ObjectIdentifier,
    pub(super) branch: Branch,
}

const CODE_SIGNING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.3");
const MAC_INSTALLER_SIGNING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113635.100.4.9");

const fn kind(certificate_type: &'static str, prefix: &'static str, named: Named, markers: &'static [u64]) -> CertificateKind {
    CertificateKind {
        certificate_type,
        prefix,
        named,
        markers,
        extended_key_usage: CODE_SIGNING,
        branch: Branch::DeveloperRelations,
    }
}

const fn developer_id(certificate_type: &'static str, markers: &'static [u64]) -> CertificateKind {
    CertificateKind {
        branch: Branch::DeveloperId,
        ..kind(certificate_type, "Developer ID Application", Named::Team, markers)
    }
}

const KINDS: [CertificateKind; 11] = [
    kind("DEVELOPMENT", "Apple Development", Named::Person, &[2, 12]),
    kind("DISTRIBUTION", "Apple Distribution", Named::Team, &[4, 7]),
    kind("IOS_DEVELOPMENT", "iPhone Developer", Named::Person, &[2]),
    kind("IOS_DISTRIBUTION", "iPhone Distribution", Named::Team, &[4]),
    kind("MAC_APP_DEVELOPMENT", "Mac Developer", Named::Person, &[12]),
    kind("MAC_APP_DISTRIBUTION", "3rd Party Mac Developer Application", Named::Team, &[7]),
    CertificateKind {
        extended_key_usage: MAC_INSTALLER_SIGNING,
        ..kind("MAC_INSTALLER_DISTRIBUTION", "3rd Party Mac Developer Installer", Named::Team, &[8])
    },
    developer_id("DEVELOPER_ID_APPLICATION", &[13]),
    developer_id("DEVELOPER_ID_APPLICATION_G2", &[13]),
    developer_id("DEVELOPER_ID_KEXT", &[13, 18]),
    developer_id("DEVELOPER_ID_KEXT_G2", &[13, 18]),
];

impl CertificateKind {
    /// The traits of a type; an error for types that need a pass or merchant identifier and are not simulated yet.
    pub(super) fn of(certificate_type: &str) -> Result<&'static Self, ArtefactError> {
        KINDS
            .iter()
            .find(|kind| kind.certificate_type == certificate_type)
            .ok_or_else(|| ArtefactError::CertificateType(certificate_type.to_owned()))
    }

    pub(super) fn common_name(&self, order: &CertificateOrder) -> String {
        let (name, id) = match self.named {
            Named::Person => (&order.person, &order.certificate_id),
            Named::Team => (&order.team_name, &order.team_id),
        };
        format!("{}: {name} ({id})", self.prefix)
    }

    /// The user id in the subject: like the parentheses of the common name.
    fn user_id<'a>(&self, order: &'a CertificateOrder) -> &'a str {
        match self.named {
            Named::Person => &order.certificate_id,
            Named::Team => &order.team_id,
        }
    }
}

/// Everything of the certificate but key and issuer.
pub(super) fn params(kind: &CertificateKind, order: &CertificateOrder) -> Result<CertificateParams, ArtefactError> {
    const USER_ID: [u64; 7] = [0, 9, 2342, 19_200_300, 100, 1, 1];
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CustomDnType(USER_ID.to_vec()), kind.user_id(order));
    subject.push(DnType::CommonName, kind.common_name(order));
    subject.push(DnType::OrganizationalUnitName, order.team_id.as_str());
    subject.push(DnType::OrganizationName, order.team_name.as_str());
    subject.push(DnType::CountryName, DnValue::PrintableString("US".try_into()?));

    let mut params = CertificateParams::default();
    params.distinguished_name = subject;
    params.serial_number = Some(SerialNumber::from_slice(&positive(&order.serial)));
    params.not_before = certificate_date(order.not_before)?;
    params.not_after = certificate_date(order.not_after)?;
    params.is_ca = IsCa::ExplicitNoCa;
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.custom_extensions = vec![extended_key_usage(kind.extended_key_usage)?, policy()?];
    for last_arc in kind.markers {
        let marker = [1, 2, 840, 113_635, 100, 6, 1, *last_arc];
        params.custom_extensions.push(marker_extension(&marker));
    }
    Ok(params)
}

/// An Apple marker: an extension whose presence is its meaning and whose value is NULL.
pub(super) fn marker_extension(oid: &[u64]) -> CustomExtension {
    CustomExtension::from_oid_content(oid, vec![0x05, 0x00])
}

/// Written by hand because Apple marks it critical and the certificate library does not.
fn extended_key_usage(usage: ObjectIdentifier) -> Result<CustomExtension, ArtefactError> {
    let mut extension = CustomExtension::from_oid_content(&[2, 5, 29, 37], vec![usage].to_der()?);
    extension.set_criticality(true);
    Ok(extension)
}

/// The certificate policy of Apple's developer certificates (facts L), without its texts.
fn policy() -> Result<CustomExtension, ArtefactError> {
    const DEVELOPER_POLICY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113635.100.5.1");
    Ok(CustomExtension::from_oid_content(
        &[2, 5, 29, 32],
        vec![vec![DEVELOPER_POLICY]].to_der()?,
    ))
}

fn positive(serial: &[u8; 16]) -> [u8; 16] {
    let mut positive = *serial;
    positive[0] &= 0x7f;
    positive
}

/// The serial number as App Store Connect writes it.
pub(super) fn serial_hex(serial: &[u8; 16]) -> String {
    let serial = positive(serial);
    let first = serial.iter().position(|byte| *byte != 0).unwrap_or(15);
    hex::encode_upper(&serial[first..])
}
