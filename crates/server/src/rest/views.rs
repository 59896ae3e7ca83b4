//! From what the use cases answer to what the API says.

pub(super) mod apps;
pub(super) mod binaries;
pub(super) mod builds;
pub(super) mod enrollment;
pub(super) mod profiles;
pub(super) mod signing_sets;
pub(super) mod testing;

use api::days_left;
use app::{
    accounts::{SignedIn, Who},
    activity::{ActivityView, LogVerification},
    apple_account::{AppleBundleId, AppleCertificate, AppleDevice, AppleProfile},
    certificates::{CertificateDetails, Export, Imported, Place, TakenIn},
    csrs::{CsrDetails, CsrView},
    invitations::InvitationView,
    keys::{KeyChoice, KeyDetails, KeySummary},
    lending::ItemSharePanel,
    operations::OperationView,
    organizations::{Lost, OrganizationView, SubOrganization},
    service_tokens::ServiceTokenView,
    sharing::{SharePanel, Sharing},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use domain::{
    Actor, ApiToken, CheckMark, Declared, Delivery, FeatureRow, KeyHealth, ListedCertificate, Made, Member, Operation, OperationKind,
    OperationState, OrgId, Organization, Probed, ShareLimits, Usability, policy::HeldBy,
};
use jiff::Timestamp;
use std::collections::BTreeSet;

pub(super) fn token(token: &ApiToken) -> api::Token {
    api::Token {
        id: token.id.to_string(),
        name: token.name.to_string(),
        created_at: token.created_at,
        expires_at: token.expires_at,
        used_at: token.used_at,
    }
}

pub(super) fn service_token(view: &ServiceTokenView) -> api::ServiceToken {
    let token = &view.token;
    let ids = |these: &BTreeSet<OrgId>| these.iter().map(ToString::to_string).collect();
    api::ServiceToken {
        id: token.id.to_string(),
        name: token.name.to_string(),
        roles: token.roles.iter().map(|role| role.as_str().to_owned()).collect(),
        organizations: token.confined_to.as_ref().map(ids),
        address_ranges: token.address_ranges.iter().map(ToString::to_string).collect(),
        made_by: view.made_by.clone(),
        created_at: token.created_at,
        expires_at: token.expires_at,
        used_at: token.used_at,
    }
}

pub(super) fn me(who: &SignedIn, organizations: &[Organization]) -> api::Me {
    let (id, kind, email) = match &who.who {
        Who::Person { user, .. } => (user.id.to_string(), "person", Some(user.email.to_string())),
        Who::Service(token) => (token.id.to_string(), "service-token", None),
    };
    api::Me {
        id,
        kind: kind.to_owned(),
        email,
        name: who.name().to_string(),
        organizations: organizations
            .iter()
            .map(|o| api::Organization {
                id: o.id.to_string(),
                name: o.name.to_string(),
            })
            .collect(),
    }
}

pub(super) fn organization(view: &OrganizationView) -> api::OrganizationDetails {
    let held = |by: &HeldBy| match by {
        HeldBy::Membership => "member",
        HeldBy::Inheritance => "inherited",
    };
    let organization = &view.organization;
    api::OrganizationDetails {
        id: organization.id.to_string(),
        name: organization.name.to_string(),
        parent: organization.parent.filter(|_| view.sees_parent).map(|parent| parent.to_string()),
        parent_name: view.parent_name.as_ref().map(ToString::to_string),
        roles: view
            .roles
            .iter()
            .map(|(role, by)| api::HeldRole {
                role: role.to_string(),
                title: role.title(),
                held: held(by).to_owned(),
            })
            .collect(),
        created_at: organization.created_at,
    }
}

pub(super) fn sub_organization(sub: &SubOrganization) -> api::SubOrganization {
    api::SubOrganization {
        id: sub.organization.id.to_string(),
        name: sub.organization.name.to_string(),
        members: sub.members,
        created_at: sub.organization.created_at,
    }
}

pub(super) fn losses(lost: &Lost) -> api::OrganizationLosses {
    let losses = &lost.losses;
    api::OrganizationLosses {
        name: lost.organization.name.to_string(),
        keys: losses.keys,
        certificates: losses.certificates,
        profiles: losses.profiles,
        csrs: losses.csrs,
        members: losses.members,
        tokens: losses.tokens,
        invitations: losses.invitations,
        shares: losses.shares,
        unfinished_operations: losses.unfinished_operations,
        sub_organizations: lost.below_count,
    }
}

/// The word for a health, as the API has it.
pub(crate) fn health_word(health: &KeyHealth) -> &'static str {
    match health {
        KeyHealth::Unverified => "unverified",
        KeyHealth::Working => "working",
        KeyHealth::ClockOff { .. } => "clock-off",
        KeyHealth::WrongKind { .. } => "wrong-kind",
        KeyHealth::NoLongerAccepted { .. } => "no-longer-accepted",
        KeyHealth::Mismatch => "mismatch",
        KeyHealth::AgreementMissing => "agreement-missing",
        KeyHealth::MembershipLapsed => "membership-lapsed",
    }
}

fn mark_word(mark: CheckMark) -> &'static str {
    match mark {
        CheckMark::Good => "good",
        CheckMark::Trouble => "trouble",
        CheckMark::Refused => "refused",
    }
}

/// Of a lent key it is left out what only its owner is to know.
pub(super) fn key(summary: &KeySummary) -> api::Key {
    let key = &summary.key;
    let is_own = summary.lent.is_none();
    api::Key {
        id: key.id.to_string(),
        name: key.name.to_string(),
        kind: key.kind.to_string(),
        key_id: key.key_id.to_string(),
        issuer_id: key.issuer_id.as_ref().filter(|_| is_own).map(ToString::to_string),
        roles: key.roles.iter().map(|r| r.as_str().to_owned()).collect(),
        fingerprint: is_own.then(|| key.fingerprint.clone()),
        team_id: key.team_id.as_ref().map(ToString::to_string),
        health: health_word(&key.health).to_owned(),
        next_step: key.health.next_step(),
        health_since: key.health_since,
        last_check: key.last_check,
        trouble: summary.trouble.clone(),
        added_by: summary.added_by.clone(),
        added_at: is_own.then_some(key.added_at),
        generation: is_own.then_some(key.generation),
        shared_from: summary.lent.as_ref().map(|lent| lent.owner.clone()),
        limits: summary.lent.as_ref().map(|lent| limits(&lent.limits)),
        sharing: summary.sharing.as_ref().map(sharing),
        last_used_by: summary.last_used_by.clone(),
        last_used_for: key.last_use.as_ref().map(|u| u.need.to_string()),
        last_used_at: key.last_use.as_ref().map(|u| u.at),
        days: summary
            .strip
            .iter()
            .map(|d| api::DayMark {
                day: d.day.to_string(),
                mark: d.mark.map(|m| mark_word(m).to_owned()),
            })
            .collect(),
    }
}

pub(super) fn key_details(details: &KeyDetails) -> api::KeyDetails {
    api::KeyDetails {
        key: key(&details.summary),
        features: details
            .features
            .iter()
            .map(|row| feature(row, details.summary.includes(row.feature)))
            .collect(),
        next_check: details.next_check,
        budget: details.budget.map(|(left, of)| api::Budget { left, of }),
    }
}

fn feature(row: &FeatureRow, here: bool) -> api::Feature {
    let (declared, limit) = match row.declared {
        Declared::Yes(limit) => ("yes", limit),
        Declared::No(limit) => ("no", limit),
        Declared::Unknown => ("unknown", None),
        Declared::NotWithThisKind => ("not-with-this-kind", None),
    };
    let (probed, probed_at, probed_note) = match &row.probed {
        Probed::Never => ("never", None, None),
        Probed::Readable { at } => ("readable", Some(*at), None),
        Probed::Refused { at, code } => ("refused", Some(*at), Some(code.clone())),
        Probed::NotProbeable { at, why } => ("not-probeable", Some(*at), Some(why.clone())),
        Probed::Failed { at, why } => ("failed", Some(*at), Some(why.clone())),
    };
    api::Feature {
        feature: row.feature.as_str().to_owned(),
        title: row.feature.title().to_owned(),
        here,
        declared: declared.to_owned(),
        limit: limit.map(|l| l.title().to_owned()),
        overridden: row.overridden,
        probed: probed.to_owned(),
        probed_at,
        probed_note,
        last: row.last.as_ref().map(|l| api::LastResult {
            what: l.need.to_string(),
            at: l.at,
            done: l.refusal.is_none(),
            refusal: l.refusal.as_ref().map(|r| format!("{} {}: {}", r.status, r.code, r.detail)),
        }),
    }
}

pub(super) fn limits(limits: &ShareLimits) -> api::ShareLimits {
    api::ShareLimits {
        features: limits
            .features
            .as_ref()
            .map(|features| features.iter().map(|feature| feature.as_str().to_owned()).collect()),
        apps: limits
            .apps
            .as_ref()
            .map(|apps| apps.iter().map(|app| app.as_str().to_owned()).collect()),
        stops_at: limits.stops_at,
    }
}

pub(super) fn sharing(sharing: &Sharing) -> api::Sharing {
    api::Sharing {
        all: sharing.all,
        chosen: sharing.chosen,
        of: sharing.of,
        words: sharing.words(),
    }
}

pub(super) fn key_shares(panel: &SharePanel) -> api::KeyShares {
    api::KeyShares {
        name: panel.key.name.to_string(),
        sharing: sharing(&panel.sharing),
        all: panel.all.as_ref().map(limits),
        items: panel
            .sub_organizations
            .iter()
            .map(|borrower| api::SharedWith {
                id: borrower.organization.id.to_string(),
                name: borrower.organization.name.to_string(),
                members: borrower.members,
                chosen: borrower.chosen.as_ref().map(limits),
                last_used_by: borrower.last_use.as_ref().map(|(_, by)| by.clone()),
                last_used_for: borrower.last_use.as_ref().map(|(last, _)| last.need.to_string()),
                last_used_at: borrower.last_use.as_ref().map(|(last, _)| last.at),
            })
            .collect(),
        next_cursor: panel.next.clone(),
    }
}

pub(super) fn item_shares(panel: &ItemSharePanel) -> api::ItemShares {
    let end = |limits: &ShareLimits| api::ShareEnd { stops_at: limits.stops_at };
    api::ItemShares {
        name: panel.name.clone(),
        sharing: sharing(&panel.sharing),
        all: panel.all.as_ref().map(end),
        items: panel
            .sub_organizations
            .iter()
            .map(|borrower| api::ItemSharedWith {
                id: borrower.organization.id.to_string(),
                name: borrower.organization.name.to_string(),
                members: borrower.members,
                chosen: borrower.chosen.as_ref().map(end),
            })
            .collect(),
        next_cursor: panel.next.clone(),
    }
}

pub(super) fn key_choice(choice: &KeyChoice) -> api::KeyChoice {
    let usability = match choice.usability {
        Usability::Usable => "usable",
        Usability::Doubtful(_) => "doubtful",
        Usability::Refused(_) => "refused",
    };
    api::KeyChoice {
        id: choice.key.id.to_string(),
        name: choice.key.name.to_string(),
        kind: choice.key.kind.to_string(),
        lent: choice.is_lent,
        usability: usability.to_owned(),
        reason: choice.usability.reason().map(str::to_owned),
    }
}

pub(super) fn apple_certificate(c: &AppleCertificate, now: Timestamp) -> api::AppleCertificate {
    api::AppleCertificate {
        id: c.id.clone(),
        name: c.name.clone(),
        certificate_type: c.certificate_type.clone(),
        serial: c.serial.clone(),
        team_id: c.team_id.clone(),
        expires_at: c.expires_at,
        days_left: c.expires_at.map(|at| days_left(at, now)),
        held: c.held.map(|id| id.to_string()),
        key_held: c.key_held,
    }
}

pub(super) fn apple_profile(p: &AppleProfile, now: Timestamp) -> api::AppleProfile {
    api::AppleProfile {
        id: p.id.clone(),
        name: p.name.clone(),
        profile_type: p.profile_type.clone(),
        state: p.state.clone(),
        uuid: p.uuid.clone(),
        bundle_identifier: p.bundle_identifier.clone(),
        created_at: p.created_at,
        expires_at: p.expires_at,
        days_left: p.expires_at.map(|at| days_left(at, now)),
        certificates: p
            .certificates
            .iter()
            .map(|(id, name, key_held)| api::CertificateRef {
                id: id.clone(),
                name: name.clone(),
                key_held: *key_held,
            })
            .collect(),
        devices: p
            .devices
            .iter()
            .map(|(id, name)| api::DeviceRef {
                id: id.clone(),
                name: name.clone(),
            })
            .collect(),
    }
}

pub(super) fn profile_ref(p: &AppleProfile) -> api::ProfileRef {
    api::ProfileRef {
        id: p.id.clone(),
        name: p.name.clone(),
        profile_type: p.profile_type.clone(),
        state: p.state.clone(),
    }
}

pub(super) fn apple_bundle_id(b: &AppleBundleId) -> api::AppleBundleId {
    api::AppleBundleId {
        id: b.id.clone(),
        name: b.name.clone(),
        identifier: b.identifier.clone(),
        platform: b.platform.clone(),
        capabilities: b.capabilities.clone(),
    }
}

pub(super) fn apple_device(d: &AppleDevice) -> api::AppleDevice {
    api::AppleDevice {
        id: d.id.clone(),
        name: d.name.clone(),
        udid: d.udid.clone(),
        device_class: d.device_class.clone(),
        model: d.model.clone(),
        platform: d.platform.clone(),
        status: d.status.clone(),
        added_at: d.added_at,
    }
}

pub(super) fn certificate(c: &ListedCertificate, now: Timestamp) -> api::Certificate {
    api::Certificate {
        id: c.id.to_string(),
        name: c.name.clone(),
        certificate_type: c.certificate_type.to_string(),
        apple_id: c.apple_id.clone(),
        serial: c.serial.clone(),
        sha1: c.sha1.clone(),
        team_id: c.team_id.as_ref().map(ToString::to_string),
        expires_at: c.expires_at,
        days_left: days_left(c.expires_at, now),
        origin: c.origin.as_str().to_owned(),
        key_held: c.key_held,
        added_at: c.added_at,
        revoked_at: c.revoked_at,
    }
}

pub(super) fn certificate_details(details: CertificateDetails, now: Timestamp) -> api::CertificateDetails {
    api::CertificateDetails {
        common_name: details.common_name,
        issuer: details.issuer,
        valid_from: details.valid_from,
        sha256: details.sha256,
        lent_by: details.lent_by,
        sharing: details.sharing.as_ref().map(sharing),
        signing_sets: signing_sets::names(&details.sets),
        public_key_fingerprint: details.held.public_key_fingerprint.clone(),
        certificate: certificate(&details.held.into(), now),
    }
}

pub(super) fn imported(imported: Imported, now: Timestamp) -> api::Imported {
    api::Imported {
        taken: imported.taken.into_iter().map(|taken| taken_in(taken, now)).collect(),
        left_out: imported
            .left_out
            .into_iter()
            .map(|one| api::LeftOut {
                name: one.name,
                why: one.why,
            })
            .collect(),
        warnings: imported.warnings,
    }
}

pub(super) fn csr(view: &CsrView) -> api::Csr {
    let csr = &view.csr;
    api::Csr {
        id: csr.id.to_string(),
        name: csr.name.to_string(),
        email: csr.email.as_ref().map(ToString::to_string),
        country: csr.country.clone(),
        open: csr.is_open(),
        certificates: csr.certificates,
        pem: csr.pem.clone(),
        public_key_fingerprint: csr.public_key_fingerprint.clone(),
        made_by: view.made_by.clone(),
        created_at: csr.created_at,
    }
}

pub(super) fn csr_details(details: &CsrDetails, now: Timestamp) -> api::CsrDetails {
    let held = details.certificates.iter();
    api::CsrDetails {
        csr: csr(&details.view),
        certificates: held.map(|held| certificate(&held.clone().into(), now)).collect(),
    }
}

pub(super) fn taken_in(taken: TakenIn, now: Timestamp) -> api::TakenIn {
    api::TakenIn {
        outcome: taken.how.as_str().to_owned(),
        certificate: certificate(&taken.certificate.into(), now),
        warnings: taken.warnings,
    }
}

/// Where a long act stands, in words.
pub(crate) fn operation_message(operation: &Operation) -> String {
    let title = operation.kind.title();
    let certificate = match &operation.kind {
        OperationKind::CreateCertificate { certificate_type, .. } => Some(certificate_type.title()),
        _ => None,
    };
    match (&operation.state, certificate) {
        (OperationState::Started, Some(what)) => format!("The key pair for {what} is made and sealed; Apple is asked next."),
        (OperationState::Started, None) => format!("{title}: Apple is asked next."),
        (OperationState::Working { step }, _) => format!("{title}: step {step} is on its way."),
        (OperationState::Calling { .. }, Some(what)) => format!("Waiting for Apple to sign {what}."),
        (OperationState::Calling { .. }, None) => format!("{title}: waiting for Apple."),
        (OperationState::Unknown { why, shut_out: true, .. }, _) => why.clone(),
        (OperationState::Unknown { why, .. }, Some(_)) => {
            format!("Apple's answer was lost ({why}). Russet asks Apple what it did, and does not ask for a second certificate.")
        }
        (OperationState::Unknown { why, .. }, None) => format!("Apple's answer was lost ({why}). Russet asks Apple what it did."),
        (OperationState::Done { .. }, Some(what)) => format!("{what} is created and held here with its private key."),
        (OperationState::Done { .. }, None) => format!("{title}: done."),
        (OperationState::Refused { why, .. } | OperationState::Failed { why }, _) => why.clone(),
    }
}

pub(super) fn operation(view: &OperationView) -> api::Operation {
    let operation = &view.operation;
    let (apple_status, apple_code) = match &operation.state {
        OperationState::Refused { status, code, .. } => (Some(*status), Some(code.clone())),
        _ => (None, None),
    };
    api::Operation {
        id: operation.id.to_string(),
        kind: operation.kind.as_str().to_owned(),
        title: operation.kind.title(),
        state: operation.state.as_str().to_owned(),
        over: operation.state.is_over(),
        message: operation_message(operation),
        certificate: operation.state.certificate().map(|certificate| certificate.to_string()),
        profile: operation.state.profile().map(|profile| profile.to_string()),
        signing_set: operation.state.signing_set().map(|set| set.to_string()),
        at_apple: match &operation.state {
            OperationState::Done { made: Made::AtApple(id) } => Some(id.clone()),
            _ => None,
        },
        apple_status,
        apple_code,
        places: view.places.iter().map(place).collect(),
        steps: view
            .steps
            .iter()
            .map(|step| api::OperationStep {
                id: step.id.to_string(),
                title: step.kind.title(),
                state: step.state.as_str().to_owned(),
                message: operation_message(step),
            })
            .collect(),
        started_at: operation.started_at,
        updated_at: operation.updated_at,
    }
}

pub(crate) fn place(place: &Place) -> api::Place {
    api::Place {
        apple_id: place.apple_id.clone(),
        name: place.name.clone(),
        serial: place.serial.clone(),
        expires_at: place.expires_at,
        key_held: place.key_held,
    }
}

pub(super) fn export(export: &Export) -> api::Export {
    api::Export {
        file_name: export.download.file_name.clone(),
        media_type: export.download.media_type.to_owned(),
        content: STANDARD.encode(&export.download.bytes[..]),
        generated_password: export.generated_password.as_ref().map(|p| p.expose().to_owned()),
        warnings: export.warnings.clone(),
    }
}

pub(super) fn member(member: &Member) -> api::Member {
    let held = |by: &HeldBy| match by {
        HeldBy::Membership => "member",
        HeldBy::Inheritance => "inherited",
    };
    api::Member {
        id: member.user.id.to_string(),
        email: member.user.email.to_string(),
        name: member.user.name.to_string(),
        roles: member
            .roles
            .iter()
            .map(|(role, by)| api::MemberRole {
                role: role.to_string(),
                title: role.title(),
                held: held(by).to_owned(),
            })
            .collect(),
        joined_at: member.joined_at,
    }
}

/// How a link travels, and why it did not arrive.
fn delivery(of: &Delivery) -> (&'static str, Option<String>) {
    match of {
        Delivery::Shown => ("shown", None),
        Delivery::Waiting => ("waiting", None),
        Delivery::Sent { .. } => ("sent", None),
        Delivery::Failed { why, .. } => ("failed", Some(why.clone())),
    }
}

pub(super) fn invitation(view: &InvitationView) -> api::Invitation {
    let invitation = &view.invitation;
    let (delivery, trouble) = delivery(&invitation.delivery);
    api::Invitation {
        id: invitation.id.to_string(),
        email: invitation.email.to_string(),
        roles: invitation.roles.iter().map(ToString::to_string).collect(),
        invited_by: view.invited_by.clone(),
        created_at: invitation.created_at,
        sent_at: invitation.sent_at,
        expires_at: invitation.expires_at,
        over: view.over,
        delivery: delivery.to_owned(),
        trouble,
    }
}

pub(crate) fn activity(view: &ActivityView) -> api::ActivityRecord {
    let record = &view.record;
    let actor_kind = match record.actor {
        Actor::Person { .. } => "person",
        Actor::Token { .. } => "token",
        Actor::Service { .. } => "service-token",
        Actor::Job { .. } => "job",
        Actor::Server => "server",
        Actor::Anonymous => "anonymous",
    };
    api::ActivityRecord {
        id: record.id.to_string(),
        sequence: view.sequence,
        at: record.at,
        actor: view.actor.clone(),
        actor_kind: actor_kind.to_owned(),
        actor_id: record.actor.subject().map(|subject| subject.to_string()),
        organization: record.organization.map(|organization| organization.to_string()),
        organization_name: view.organization.clone(),
        action: record.event.action().to_owned(),
        object: record.event.object(),
        key: record.event.key().map(|key| key.to_string()),
        sentence: view.sentence.clone(),
        outcome: record.outcome.as_str().to_owned(),
        follows: record.follows.map(|intent| intent.to_string()),
        address: record.origin.address.clone(),
        request_id: record.origin.request_id.clone(),
        hash: view.hash.clone(),
    }
}

pub(super) fn verification(of: &LogVerification) -> api::ActivityVerification {
    api::ActivityVerification {
        whole: of.findings.is_empty(),
        records: of.records,
        count: of.findings.len() as i64,
        findings: of
            .findings
            .iter()
            .map(|finding| api::ActivityFinding {
                kind: finding.kind.to_owned(),
                message: finding.message.clone(),
                sequence: finding.sequence,
                record: finding.record.map(|id| id.to_string()),
            })
            .collect(),
        copied: of.is_copied,
        checkpoints: None,
        outside: None,
        signed_up_to: None,
        signed_at: of.signed_at,
        public_key: of.public_key.clone(),
    }
}
