//! `ExportOptions.plist`: what `xcodebuild -exportArchive` is told about signing, so that it asks nobody.
//!
//! The methods are those that every Xcode takes; newer ones have longer names for the same. The certificate is named by its
//! SHA-1, which is one certificate, where a name may be several.

use crate::property_list;
use plist::{Dictionary, Value};

/// How the archive of an app is signed.
#[derive(Debug, Clone, Copy)]
pub struct ExportOptions<'a> {
    /// `app-store`, `ad-hoc`, `development`, `in-house` or `direct`, as profiles call it.
    pub method: &'a str,
    /// The team.
    pub team_id: Option<&'a str>,
    /// SHA-1 of the certificate, upper-case hex.
    pub certificate_sha1: &'a str,
    /// Bundle identifiers, each with the UUID of its profile.
    pub profiles: &'a [(&'a str, &'a str)],
}

/// Writes it as an XML property list.
#[must_use]
pub fn write(options: &ExportOptions<'_>) -> Vec<u8> {
    let method = match options.method {
        "in-house" => "enterprise",
        "direct" => "developer-id",
        other => other,
    };
    let text = |text: &str| Value::String(text.to_owned());
    let mut profiles = Dictionary::new();
    for (identifier, uuid) in options.profiles {
        profiles.insert((*identifier).to_owned(), text(uuid));
    }
    let mut entries = Dictionary::new();
    entries.insert("method".to_owned(), text(method));
    entries.insert("signingStyle".to_owned(), text("manual"));
    if let Some(team) = options.team_id {
        entries.insert("teamID".to_owned(), text(team));
    }
    entries.insert("signingCertificate".to_owned(), text(options.certificate_sha1));
    entries.insert("provisioningProfiles".to_owned(), Value::Dictionary(profiles));
    property_list::write(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_all_that_xcode_would_ask_for() {
        let options = ExportOptions {
            method: "in-house",
            team_id: Some("TEAM123456"),
            certificate_sha1: "AB12",
            profiles: &[("com.example.app", "UUID-1"), ("com.example.app.a&b", "UUID-2")],
        };
        let written = property_list::read(&write(&options)).unwrap();
        assert_eq!(property_list::text(&written, "method").as_deref(), Some("enterprise"));
        assert_eq!(property_list::text(&written, "signingStyle").as_deref(), Some("manual"));
        assert_eq!(property_list::text(&written, "signingCertificate").as_deref(), Some("AB12"));
        let profiles = written.get("provisioningProfiles").and_then(Value::as_dictionary).unwrap();
        assert_eq!(property_list::text(profiles, "com.example.app.a&b").as_deref(), Some("UUID-2"));
    }
}
