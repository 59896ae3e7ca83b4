//! What differs between two binaries: bundle by bundle, by the place where each lies in its archive.

use domain::{
    HeldBinary,
    binary::{BundleInside, Contents},
};
use std::collections::{BTreeMap, BTreeSet};

/// One thing that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// In which bundle, by its bundle ID; none for the file itself.
    pub bundle: Option<String>,
    /// What: `version`, `entitlement aps-environment`, `minimum system`, ….
    pub what: String,
    /// How it was; none where there was nothing.
    pub before: Option<String>,
    /// How it is; none where there is nothing.
    pub after: Option<String>,
}

pub(super) fn differences(from: (&HeldBinary, &Contents), to: (&HeldBinary, &Contents)) -> Vec<Difference> {
    let mut found = Vec::new();
    let size = |binary: &HeldBinary| BTreeMap::from([("size in bytes".to_owned(), binary.size.to_string())]);
    note(&mut found, None, &size(from.0), &size(to.0));
    let (before, after) = (by_place(from.1), by_place(to.1));
    for place in before.keys().chain(after.keys()).collect::<BTreeSet<_>>() {
        let (one, other) = (before.get(place), after.get(place));
        let facts = |bundle: Option<&&BundleInside>| bundle.map(|bundle| facts(bundle)).unwrap_or_default();
        let name = other.or(one).map(|bundle| bundle.bundle_id.clone());
        note(&mut found, name, &facts(one), &facts(other));
    }
    found
}

/// The app stands for itself, whatever its folder is called.
fn by_place(contents: &Contents) -> BTreeMap<String, &BundleInside> {
    contents
        .bundles()
        .map(|bundle| {
            let below = bundle.path.strip_prefix(contents.app.path.as_str()).unwrap_or(&bundle.path);
            (below.to_owned(), bundle)
        })
        .collect()
}

fn facts(bundle: &BundleInside) -> BTreeMap<String, String> {
    let mut facts = BTreeMap::from([
        ("bundle ID".to_owned(), bundle.bundle_id.clone()),
        ("name".to_owned(), bundle.name.clone()),
        ("version".to_owned(), bundle.version.clone()),
        ("build number".to_owned(), bundle.build_number.clone()),
        ("architectures".to_owned(), bundle.architectures.join(", ")),
    ]);
    let mut told = |what: &str, value: Option<String>| {
        if let Some(value) = value {
            facts.insert(what.to_owned(), value);
        }
    };
    told("platform", bundle.platform.clone());
    told("oldest system", bundle.minimum_os.clone());
    let encryption = bundle.uses_non_exempt_encryption.map(|uses| {
        if uses {
            "uses non-exempt encryption"
        } else {
            "uses none that counts"
        }
    });
    told("export compliance", encryption.map(str::to_owned));
    for (key, text) in &bundle.purposes {
        told(&format!("purpose {key}"), Some(text.clone()));
    }
    if let Some(Ok(profile)) = &bundle.profile {
        told("profile", Some(format!("{} ({})", profile.name, profile.uuid)));
        told("distribution", Some(profile.method.clone()));
        told("team", profile.team.clone());
        let certificates: Vec<_> = profile.certificates.iter().map(|(name, _)| name.as_str()).collect();
        told("certificates", Some(certificates.join(", ")));
        for (entitlement, value) in &profile.entitlements {
            told(&format!("entitlement {entitlement}"), Some(value.clone()));
        }
    }
    facts
}

fn note(found: &mut Vec<Difference>, bundle: Option<String>, before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) {
    for what in before.keys().chain(after.keys()).collect::<BTreeSet<_>>() {
        if before.get(what) != after.get(what) {
            found.push(Difference {
                bundle: bundle.clone(),
                what: what.clone(),
                before: before.get(what).cloned(),
                after: after.get(what).cloned(),
            });
        }
    }
}
