//! The look inside of a file: what `signing` reads, in the words that are kept and shown.

use crate::{Problem, problem::Kind};
use domain::{
    BinaryKind,
    binary::{BundleInside, Contents, ProfileInside},
};
use serde_json::Value;
use signing::{
    chain::TrustRoot,
    ipa::{self, Bundle, EmbeddedProfile, FileKind, Ipa},
};
use std::io::{Read, Seek};

/// What was found.
pub(super) struct Inside {
    /// As it is kept.
    pub(super) contents: Contents,
    /// The app's icon, a PNG.
    pub(super) icon: Option<Vec<u8>>,
}

/// What sort of file it is, and what is inside if it is looked into.
///
/// # Errors
/// `not_an_app`, with what it is instead; `storage_unavailable`.
pub(super) fn look(mut file: impl Read + Seek, roots: &TrustRoot) -> Result<(BinaryKind, Option<Inside>), Problem> {
    let mut start = Vec::with_capacity(512);
    file.by_ref().take(512).read_to_end(&mut start).map_err(super::StorageError::from)?;
    if ipa::sniff(&start) == FileKind::Package {
        return Ok((BinaryKind::Pkg, None));
    }
    let found = ipa::inspect(file, roots).map_err(refusal)?;
    let icon = found.icon.as_ref().map(|icon| icon.png.clone());
    Ok((
        BinaryKind::Ipa,
        Some(Inside {
            contents: contents(&found),
            icon,
        }),
    ))
}

pub(super) fn refusal(error: ipa::IpaError) -> Problem {
    if let ipa::IpaError::Source(kind) = error {
        return super::StorageError::from(std::io::Error::from(kind)).into();
    }
    Problem::new(Kind::Invalid, "not_an_app", format!("{error} Nothing of it is kept."))
}

fn contents(found: &Ipa) -> Contents {
    Contents {
        app: bundle(&found.app),
        nested: found.nested.iter().map(bundle).collect(),
    }
}

fn bundle(found: &Bundle) -> BundleInside {
    BundleInside {
        kind: found.kind.label().to_owned(),
        path: found.path.clone(),
        bundle_id: found.bundle_id.clone(),
        name: found.name.clone().unwrap_or_else(|| found.bundle_id.clone()),
        version: found.version.clone().unwrap_or_default(),
        build_number: found.build_number.clone().unwrap_or_default(),
        platform: found.platform.and_then(|platform| platform.app_store_connect()).map(str::to_owned),
        minimum_os: found.minimum_os.clone(),
        architectures: found.architectures().map(|one| one.to_string()).collect(),
        uses_non_exempt_encryption: found.uses_non_exempt_encryption,
        purposes: found.purposes.clone(),
        profile: match &found.profile {
            EmbeddedProfile::Missing => None,
            EmbeddedProfile::Unreadable(why) => Some(Err(why.to_string())),
            EmbeddedProfile::Read(read) => Some(Ok(profile(read))),
        },
    }
}

fn profile(read: &signing::profile::Profile) -> ProfileInside {
    let info = &read.info;
    let certificates = info.certificates.iter().map(|one| {
        let name = one.common_name.clone().unwrap_or_else(|| one.serial_hex.clone());
        (name, one.not_after)
    });
    ProfileInside {
        name: info.name.clone(),
        uuid: info.uuid.clone(),
        method: info.method().label().to_owned(),
        team: info.team_ids.first().cloned(),
        expires_at: info.expires,
        certificates: certificates.collect(),
        entitlements: info.entitlements.iter().map(|(name, value)| (name.clone(), told(value))).collect(),
    }
}

/// A value of an entitlement, for people.
fn told(value: &Value) -> String {
    match value {
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(told).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}
