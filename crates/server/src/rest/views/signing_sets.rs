//! Signing sets as the API says them.

use app::signing_sets::{ItemView, SetFiles, SetName, SetStep, SigningSetView};
use base64::{Engine, engine::general_purpose::STANDARD};

pub(in crate::rest) fn set(view: &SigningSetView) -> api::SigningSet {
    let set = &view.set;
    api::SigningSet {
        id: set.id.to_string(),
        name: set.name.to_string(),
        profile_type: set.profile_type.to_string(),
        method: set.profile_type.method().to_owned(),
        state: view.state().to_owned(),
        key: set.api_key.map(|key| key.to_string()),
        items: view.items.iter().map(item).collect(),
        ends_at: view.ends_at(),
        made_at: set.made_at,
        changed_at: set.changed_at,
    }
}

fn item(item: &ItemView) -> api::SigningSetItem {
    api::SigningSetItem {
        bundle_identifier: item.identifier.clone(),
        certificate: item.certificate.as_ref().map(|of| api::CertificateInSet {
            id: of.certificate.id.to_string(),
            name: of.certificate.name.clone(),
            sha1: of.certificate.sha1.clone(),
            state: of.state.as_str().to_owned(),
            lent_by: of.lent.as_ref().map(|lent| lent.name.clone()),
            expires_at: of.certificate.expires_at,
        }),
        profile: item.profile.as_ref().map(|of| api::ProfileInSet {
            id: of.profile.id.to_string(),
            name: of.profile.name.clone(),
            uuid: of.profile.uuid.clone(),
            state: of.state.as_str().to_owned(),
            lent_by: of.lent.as_ref().map(|lent| lent.name.clone()),
            expires_at: of.profile.expires_at,
        }),
        missing: item.missing.clone(),
        seen_at: item.seen_at,
    }
}

pub(in crate::rest) fn ready(view: &SigningSetView) -> api::EnsuredSigningSet {
    api::EnsuredSigningSet {
        signing_set: Some(set(view)),
        operation: None,
        steps: Vec::new(),
    }
}

pub(in crate::rest) fn begun(operation: api::Operation) -> api::EnsuredSigningSet {
    api::EnsuredSigningSet {
        signing_set: None,
        operation: Some(operation),
        steps: Vec::new(),
    }
}

pub(in crate::rest) fn would(steps: Vec<SetStep>) -> api::EnsuredSigningSet {
    api::EnsuredSigningSet {
        signing_set: None,
        operation: None,
        steps: steps.into_iter().map(|step| step.words).collect(),
    }
}

pub(in crate::rest) fn names(sets: &[SetName]) -> Vec<api::SigningSetName> {
    let named = |set: &SetName| api::SigningSetName {
        id: set.id.to_string(),
        name: set.name.clone(),
    };
    sets.iter().map(named).collect()
}

pub(in crate::rest) fn files(files: &SetFiles) -> api::SigningSetFiles {
    api::SigningSetFiles {
        signing_set: set(&files.view),
        files: files
            .files
            .iter()
            .map(|file| api::SigningSetFile {
                kind: file.kind.to_owned(),
                bundle_identifier: file.identifier.clone(),
                file_name: file.download.file_name.clone(),
                media_type: file.download.media_type.to_owned(),
                content: STANDARD.encode(&file.download.bytes[..]),
            })
            .collect(),
        generated_password: files.generated_password.as_ref().map(|password| password.expose().to_owned()),
        warnings: files.warnings.clone(),
    }
}
