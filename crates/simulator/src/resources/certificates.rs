//! Certificates: a CSR is checked, the places of the type are counted, and the simulated authority signs.
//!
//! Revoking makes the profiles that hold the certificate INVALID. Expired certificates stay in the list and hold no
//! place; a revoked one holds its place as long as it is listed.

use super::{Act, profiles, unmade};
use crate::api::Kind;
use crate::artefacts::{CertificateOrder, IssuedCertificate};
use crate::clock::provisioning_date;
use crate::entity::Entity;
use crate::refusal::Refusal;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{Timestamp, ToSpan};
use serde_json::Value;

/// How long a certificate lives, in hours: a year.
const LIFE: i64 = 365 * 24;

/// A certificate type: Apple's word, the label of its name and of the limit text, its platform, whether it is for
/// development.
struct Type {
    name: &'static str,
    label: &'static str,
    limit_label: &'static str,
    platform: Option<&'static str>,
    development: bool,
    /// The API hands it out; the others are made on the website or in Xcode (facts E2, L).
    by_api: bool,
}

const fn kind(
    name: &'static str,
    label: &'static str,
    limit_label: &'static str,
    platform: Option<&'static str>,
    development: bool,
    by_api: bool,
) -> Type {
    Type {
        name,
        label,
        limit_label,
        platform,
        development,
        by_api,
    }
}

const IOS: Option<&str> = Some("IOS");
const MAC: Option<&str> = Some("MAC_OS");

static TYPES: [Type; 9] = [
    kind("DEVELOPMENT", "Apple Development", "Development", None, true, true),
    kind("DISTRIBUTION", "Apple Distribution", "Distribution", None, false, true),
    kind("IOS_DEVELOPMENT", "iOS Development", "iOS Development", IOS, true, true),
    kind("IOS_DISTRIBUTION", "iOS Distribution", "iOS Distribution", IOS, false, true),
    kind("MAC_APP_DEVELOPMENT", "Mac Development", "Mac Development", MAC, true, true),
    kind(
        "MAC_APP_DISTRIBUTION",
        "Mac App Distribution",
        "Mac App Distribution",
        MAC,
        false,
        true,
    ),
    kind(
        "MAC_INSTALLER_DISTRIBUTION",
        "Mac Installer Distribution",
        "Mac Installer Distribution",
        MAC,
        false,
        true,
    ),
    kind(
        "DEVELOPER_ID_APPLICATION",
        "Developer ID Application",
        "Developer ID Application",
        MAC,
        false,
        false,
    ),
    kind(
        "DEVELOPER_ID_APPLICATION_G2",
        "Developer ID Application",
        "Developer ID Application",
        MAC,
        false,
        false,
    ),
];

pub(super) fn create(act: &mut Act<'_>, entity: &Entity) -> Result<String, Refusal> {
    let name = entity.text("certificateType");
    if name.starts_with("PASS_TYPE_ID") && entity.ids("passTypeId").is_empty() {
        return Err(Refusal::relationship_required("passTypeId"));
    }
    if name.starts_with("APPLE_PAY") && entity.ids("merchantId").is_empty() {
        return Err(Refusal::relationship_required("merchantId"));
    }
    let kind = type_named(name).ok_or_else(|| Refusal::not_simulated(&format!("POST /v1/certificates with type {name}")))?;
    if !kind.by_api || !(kind.development || act.caller.may_sign_for_distribution()) {
        return Err(Refusal::forbidden());
    }
    let request = entity.text("csrContent");
    let csr = act.authority.check_csr(request).map_err(|reason| {
        tracing::debug!(%reason, "certificate signing request refused");
        Refusal::value_invalid("csrContent", request)
    })?;
    check_place(act, kind)?;

    let id = act.entropy.provisioning_id();
    let order = order(act, kind, &id, act.now, year_after(act.now));
    let issued = act.authority.issue(&csr, &order).map_err(|error| unmade(&error))?;
    keep(act, kind, id.clone(), &issued);
    Ok(id)
}

/// Makes a certificate whose private key nobody keeps: for the seed and for tests. `not_before` may lie in the past.
pub(crate) fn keep_own(
    act: &mut Act<'_>,
    certificate_type: &str,
    not_before: Timestamp,
    not_after: Option<Timestamp>,
) -> Result<String, Refusal> {
    let kind = type_named(certificate_type).ok_or_else(|| Refusal::not_simulated(&format!("a certificate of type {certificate_type}")))?;
    let id = act.entropy.provisioning_id();
    let not_after = not_after.unwrap_or_else(|| year_after(not_before));
    let order = order(act, kind, &id, not_before, not_after);
    let issued = act.authority.issue_own(&order).map_err(|error| unmade(&error))?;
    keep(act, kind, id.clone(), &issued);
    Ok(id)
}

pub(super) fn revoke(act: &mut Act<'_>, id: &str) -> Result<(), Refusal> {
    let for_development = act
        .team
        .get(Kind::Certificates, id)
        .is_some_and(|certificate| is_for_development(certificate.text("certificateType")));
    if !for_development && !act.caller.may_sign_for_distribution() {
        return Err(Refusal::forbidden());
    }
    profiles::invalidate(act.team, "certificates", id);
    act.remove(Kind::Certificates, id);
    Ok(())
}

/// Whether a certificate type is one that a Developer key may handle.
fn is_for_development(name: &str) -> bool {
    type_named(name).is_some_and(|kind| kind.development)
}

fn type_named(name: &str) -> Option<&'static Type> {
    TYPES.iter().find(|kind| kind.name == name)
}

fn check_place(act: &Act<'_>, kind: &Type) -> Result<(), Refusal> {
    let Some(limit) = act.limits.certificates.get(kind.name) else {
        return Ok(());
    };
    let current = act
        .team
        .all(Kind::Certificates)
        .iter()
        .chain(act.team.lingering(Kind::Certificates, act.now))
        .filter(|held| held.text("certificateType") == kind.name && !held.has_expired(act.now))
        .count();
    if current < *limit as usize {
        return Ok(());
    }
    Err(Refusal::entity(format!(
        "You already have a current {} certificate or a pending certificate request.",
        kind.limit_label
    )))
}

fn order(act: &mut Act<'_>, kind: &Type, id: &str, not_before: Timestamp, not_after: Timestamp) -> CertificateOrder {
    CertificateOrder {
        certificate_type: kind.name.to_owned(),
        team_id: act.team.id.clone(),
        team_name: act.team.name.clone(),
        person: act.team.person.clone(),
        certificate_id: id.to_owned(),
        not_before: whole_second(not_before),
        not_after: whole_second(not_after),
        serial: act.entropy.serial(),
    }
}

fn keep(act: &mut Act<'_>, kind: &Type, id: String, issued: &IssuedCertificate) {
    let holder = if kind.development {
        act.team.person.clone()
    } else {
        act.team.name.clone()
    };
    tracing::debug!(common_name = issued.common_name, serial = issued.serial_hex, "certificate issued");
    let mut certificate = act.object(Kind::Certificates, id);
    certificate.set("name", format!("{}: {holder}", kind.label));
    certificate.set("certificateType", kind.name);
    certificate.set("displayName", holder);
    certificate.set("serialNumber", issued.serial_hex.clone());
    certificate.set("platform", kind.platform.map_or(Value::Null, Value::from));
    certificate.set("expirationDate", provisioning_date(issued.not_after));
    certificate.set("csrContent", Value::Null);
    certificate.set("certificateContent", STANDARD.encode(&issued.der));
    certificate.expires = Some(issued.not_after);
    act.team.add(certificate);
}

/// Certificates know no fractions of a second; the listing shall say what the bytes say.
fn whole_second(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

fn year_after(at: Timestamp) -> Timestamp {
    at.saturating_add(LIFE.hours()).unwrap_or(at)
}
