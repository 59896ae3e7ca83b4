//! Profiles held here, and what renewing a certificate would do to them, as the API says it.

use api::days_left;
use app::profiles::{CertificateMatch, Fetched, Imported, ProfileRow, ProfileView, RenewalPreview};
use domain::{HeldProfile, ProfileState};
use jiff::Timestamp;

fn profile(profile: &HeldProfile, state: ProfileState, matched: CertificateMatch, now: Timestamp) -> api::Profile {
    api::Profile {
        id: profile.id.to_string(),
        name: profile.name.clone(),
        profile_type: profile.profile_type.to_string(),
        method: profile.profile_type.method().to_owned(),
        state: state.as_str().to_owned(),
        matched: matched.as_str().to_owned(),
        certificate: matched.certificate().map(|certificate| certificate.to_string()),
        bundle_identifier: profile.bundle_identifier.clone(),
        team_id: profile.team_id.as_ref().map(ToString::to_string),
        uuid: profile.uuid.clone(),
        apple_id: profile.apple_id.clone(),
        devices: profile.devices.len(),
        device_rule: profile.device_rule.as_str().to_owned(),
        is_reference: profile.is_reference,
        created_at: profile.created_at,
        expires_at: profile.expires_at,
        days_left: days_left(profile.expires_at, now),
        origin: profile.origin.as_str().to_owned(),
        added_at: profile.added_at,
    }
}

pub(in crate::rest) fn row(row: &ProfileRow, now: Timestamp) -> api::Profile {
    profile(&row.profile, row.state, row.matched, now)
}

pub(in crate::rest) fn details(view: ProfileView, now: Timestamp) -> api::ProfileDetails {
    api::ProfileDetails {
        certificates: view
            .certificates
            .iter()
            .map(|certificate| api::CertificateInProfile {
                name: certificate.name.clone(),
                serial: certificate.serial.clone(),
                expires_at: certificate.expires_at,
                held: certificate.held.map(|held| held.to_string()),
                key_held: certificate.key_held,
            })
            .collect(),
        udids: view.row.profile.devices.clone(),
        entitlements: view.entitlements,
        platforms: view.platforms,
        signed_by: view.signed_by.to_owned(),
        lent_by: view.lent.as_ref().map(|lent| lent.name.clone()),
        sharing: view.sharing.as_ref().map(super::sharing),
        signing_sets: super::signing_sets::names(&view.sets),
        operation: view.running.map(|operation| operation.to_string()),
        profile: row(&view.row, now),
    }
}

pub(in crate::rest) fn imported(files: Vec<Imported>, now: Timestamp) -> api::ImportedProfiles {
    let mut imported = api::ImportedProfiles {
        taken: Vec::new(),
        left_out: Vec::new(),
    };
    for file in files {
        match file.profile {
            Ok(row) => imported.taken.push(api::ImportedProfile {
                file: file.file_name,
                profile: self::row(&row, now),
                warning: file.warning.map(str::to_owned),
            }),
            Err(why) => imported.left_out.push(api::LeftOut { name: file.file_name, why }),
        }
    }
    imported
}

pub(in crate::rest) fn fetched(fetched: Fetched, now: Timestamp) -> api::FetchedProfiles {
    let rows = |rows: Vec<ProfileRow>| rows.iter().map(|one| row(one, now)).collect();
    api::FetchedProfiles {
        new: rows(fetched.new),
        changed: rows(fetched.changed),
        unchanged: fetched.unchanged,
        left_out: fetched.left_out.into_iter().map(|(name, why)| api::LeftOut { name, why }).collect(),
    }
}

pub(in crate::rest) fn renewal(preview: &RenewalPreview, now: Timestamp) -> api::RenewalPreview {
    api::RenewalPreview {
        existing: super::certificate(&preview.existing, now),
        at_apple: preview.is_at_apple,
        replacement: preview.replacement.to_string(),
        profiles: preview
            .profiles
            .iter()
            .map(|affected| api::AffectedProfile {
                held: affected.held.map(|held| held.to_string()),
                apple_id: affected.apple_id.clone(),
                name: affected.name.clone(),
                profile_type: affected.profile_type.clone(),
                bundle_identifier: affected.identifier.clone(),
            })
            .collect(),
        signing_sets: super::signing_sets::names(&preview.sets),
        places: preview.places.iter().map(super::place).collect(),
        created: preview.created.as_ref().map(|created| super::certificate(created, now)),
        refused: preview.refused.clone(),
    }
}
