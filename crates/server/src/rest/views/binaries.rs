//! Binaries, as the API says them.

use app::binaries::{BinaryView, Difference, Finding, Severity};
use domain::{BinaryUpload, binary};

pub(crate) fn binary(view: &BinaryView) -> api::Binary {
    let binary = &view.binary;
    let app = binary.app();
    api::Binary {
        id: binary.id.to_string(),
        title: binary.title(),
        file_name: binary.file_name.clone(),
        kind: binary.kind.as_str().to_owned(),
        size: binary.size,
        sha256: binary.sha256.clone(),
        identifier: app.map(|app| app.bundle_id.clone()),
        version: app.map(|app| app.version.clone()),
        build_number: app.map(|app| app.build_number.clone()),
        platform: app.and_then(|app| app.platform.clone()),
        has_icon: binary.has_icon,
        release_candidate: binary.is_release_candidate,
        uploaded_by: view.uploaded_by.clone(),
        uploaded_at: binary.uploaded_at,
    }
}

pub(crate) fn details(view: &BinaryView, was_here: Option<bool>) -> api::BinaryDetails {
    let bundles = view.binary.contents.iter().flat_map(binary::Contents::bundles);
    api::BinaryDetails {
        binary: binary(view),
        bundles: bundles.map(bundle).collect(),
        was_here,
    }
}

fn bundle(inside: &binary::BundleInside) -> api::BundleInside {
    let (profile, profile_problem) = match &inside.profile {
        Some(Ok(found)) => (Some(profile(found)), None),
        Some(Err(why)) => (None, Some(why.clone())),
        None => (None, None),
    };
    api::BundleInside {
        kind: inside.kind.clone(),
        path: inside.path.clone(),
        identifier: inside.bundle_id.clone(),
        name: inside.name.clone(),
        version: inside.version.clone(),
        build_number: inside.build_number.clone(),
        platform: inside.platform.clone(),
        minimum_os: inside.minimum_os.clone(),
        architectures: inside.architectures.clone(),
        uses_non_exempt_encryption: inside.uses_non_exempt_encryption,
        purposes: inside.purposes.clone(),
        profile,
        profile_problem,
    }
}

fn profile(found: &binary::ProfileInside) -> api::ProfileInside {
    let certificates = found.certificates.iter().map(|(name, expires_at)| api::CertificateInside {
        name: name.clone(),
        expires_at: *expires_at,
    });
    api::ProfileInside {
        name: found.name.clone(),
        uuid: found.uuid.clone(),
        method: found.method.clone(),
        team: found.team.clone(),
        expires_at: found.expires_at,
        certificates: certificates.collect(),
        entitlements: found.entitlements.clone(),
    }
}

pub(crate) fn finding(found: Finding) -> api::BinaryFinding {
    api::BinaryFinding {
        code: found.code.to_owned(),
        severity: match found.severity {
            Severity::Refused => "refused",
            Severity::Warning => "warning",
        }
        .to_owned(),
        bundle: found.bundle,
        message: found.message,
    }
}

pub(crate) fn upload(upload: &BinaryUpload) -> api::BinaryUpload {
    api::BinaryUpload {
        id: upload.id.to_string(),
        file_name: upload.file_name.clone(),
        size: upload.size,
        received: upload.received,
        ends_at: upload.ends_at(),
    }
}

pub(crate) fn differences(found: Vec<Difference>) -> api::BinaryDifferences {
    let items = found.into_iter().map(|one| api::BinaryDifference {
        bundle: one.bundle,
        what: one.what,
        before: one.before,
        after: one.after,
    });
    api::BinaryDifferences { items: items.collect() }
}
