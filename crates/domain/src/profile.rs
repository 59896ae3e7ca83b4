//! Provisioning profiles that an organization holds here.
//!
//! Apple cannot change a profile: a change is a deletion and a creation under the same name (facts E1). So a held profile
//! outlives the one at Apple that it came from: while it is *rebuilding* there is none, and what is held is still the old
//! file, which builds can be given until the new one is there.
//!
//! Where a team wants its files only at Apple, a profile is held as a *reference*: everything here but the file.
//!
//! The surprising thing: the certificates of a profile are known by their public keys, which is how a profile is matched
//! with what is held here wherever either of them came from.

use crate::{
    apple_key::TeamId,
    certificate::{CertificateType, ItemOrigin},
    id::{ApiKeyId, OrgId, ProfileId},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Apple's `ProfileType`, open: a value that Apple adds later is kept and shown (facts E3).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProfileType(String);

impl ProfileType {
    /// The types that Apple's API knows.
    pub const KNOWN: [&'static str; 14] = [
        "IOS_APP_DEVELOPMENT",
        "IOS_APP_ADHOC",
        "IOS_APP_STORE",
        "IOS_APP_INHOUSE",
        "MAC_APP_DEVELOPMENT",
        "MAC_APP_STORE",
        "MAC_APP_DIRECT",
        "TVOS_APP_DEVELOPMENT",
        "TVOS_APP_ADHOC",
        "TVOS_APP_STORE",
        "TVOS_APP_INHOUSE",
        "MAC_CATALYST_APP_DEVELOPMENT",
        "MAC_CATALYST_APP_STORE",
        "MAC_CATALYST_APP_DIRECT",
    ];

    /// Whatever Apple said.
    #[must_use]
    pub fn of_apple(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// A type that can be created, in any spelling: `ios-app-store` is `IOS_APP_STORE`. A method alone is the one for iOS:
    /// `app-store`, `ad-hoc`, `development`, `in-house`.
    ///
    /// # Errors
    /// What was found, and which types there are.
    pub fn creatable(text: &str) -> Result<Self, String> {
        let wanted = text.trim().to_uppercase().replace(['-', ' '], "_");
        let for_ios = match wanted.as_str() {
            "APP_STORE" | "APPSTORE" => "IOS_APP_STORE",
            "AD_HOC" | "ADHOC" => "IOS_APP_ADHOC",
            "DEVELOPMENT" => "IOS_APP_DEVELOPMENT",
            "IN_HOUSE" | "INHOUSE" => "IOS_APP_INHOUSE",
            _ => &wanted,
        };
        if Self::KNOWN.contains(&for_ios) {
            return Ok(Self(for_ios.to_owned()));
        }
        Err(format!(
            "“{}” is not a type of profile. Use one of: {}. For iOS app-store, ad-hoc, development and in-house do as well.",
            text.trim(),
            Self::KNOWN.join(", ")
        ))
    }

    /// Apple's word.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// How apps that are signed with it get to people; Apple's word where it is none that is known.
    #[must_use]
    pub fn method(&self) -> &str {
        let methods = [
            ("_DEVELOPMENT", "development"),
            ("_ADHOC", "ad-hoc"),
            ("_STORE", "app-store"),
            ("_INHOUSE", "in-house"),
            ("_DIRECT", "direct"),
        ];
        let method = methods.into_iter().find(|(end, _)| self.0.ends_with(end));
        method.map_or(&self.0, |(_, method)| method)
    }

    /// What people call it: "iOS Ad Hoc"; Apple's word where it is none that is known.
    #[must_use]
    pub fn title(&self) -> String {
        if !Self::KNOWN.contains(&self.0.as_str()) {
            return self.0.clone();
        }
        let method = match self.method() {
            "development" => "Development",
            "ad-hoc" => "Ad Hoc",
            "app-store" => "App Store",
            "in-house" => "In House",
            "direct" => "Developer ID",
            other => return other.to_owned(),
        };
        format!("{} {method}", self.platform())
    }

    fn platform(&self) -> &'static str {
        match self.0.as_str() {
            name if name.starts_with("TVOS") => "tvOS",
            name if name.starts_with("MAC_CATALYST") => "Mac Catalyst",
            name if name.starts_with("MAC") => "Mac",
            _ => "iOS",
        }
    }

    /// What the names of its files end with: Xcode knows profiles for macOS by another suffix.
    #[must_use]
    pub fn file_suffix(&self) -> &'static str {
        if self.0.starts_with("MAC") {
            "provisionprofile"
        } else {
            "mobileprovision"
        }
    }

    /// Whether it signs for development only.
    #[must_use]
    pub fn is_development(&self) -> bool {
        self.method() == "development"
    }

    /// Whether it lists devices; the others must not (facts E3).
    #[must_use]
    pub fn wants_devices(&self) -> bool {
        matches!(self.method(), "development" | "ad-hoc")
    }

    /// Whether it has exactly one certificate (facts E3).
    #[must_use]
    pub fn has_one_certificate(&self) -> bool {
        self.method() == "app-store"
    }

    /// Whether a certificate of this type can be in it (facts E3).
    #[must_use]
    pub fn takes_certificate(&self, certificate: &CertificateType) -> bool {
        let is_mobile = matches!(self.platform(), "iOS" | "tvOS");
        let fitting: &[&str] = match (self.method(), is_mobile) {
            ("development", true) => &["DEVELOPMENT", "IOS_DEVELOPMENT"],
            ("development", false) => &["DEVELOPMENT", "MAC_APP_DEVELOPMENT"],
            ("direct", _) => &["DEVELOPER_ID_APPLICATION", "DEVELOPER_ID_APPLICATION_G2"],
            (_, true) => &["DISTRIBUTION", "IOS_DISTRIBUTION"],
            (_, false) => &["DISTRIBUTION", "MAC_APP_DISTRIBUTION"],
        };
        fitting.contains(&certificate.as_str())
    }

    /// Whether a device of this class (Apple's `deviceClass`) can be in it: Apple TVs and Macs have profiles of their own.
    #[must_use]
    pub fn takes_device(&self, class: &str) -> bool {
        match self.platform() {
            "tvOS" => class == "APPLE_TV",
            "iOS" => class != "APPLE_TV" && class != "MAC",
            _ => class == "MAC",
        }
    }
}

impl fmt::Display for ProfileType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which devices a profile is to have, each time that it is built.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeviceRule {
    /// Those that were chosen.
    #[default]
    Chosen,
    /// All enabled devices of its class.
    AllEnabled,
}

impl DeviceRule {
    /// The word in the API and the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Chosen => "chosen",
            Self::AllEnabled => "all-enabled",
        }
    }
}

impl FromStr for DeviceRule {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Chosen, Self::AllEnabled]
            .into_iter()
            .find(|rule| rule.as_str() == text)
            .ok_or_else(|| format!("“{text}” is not a rule for devices; use chosen or all-enabled"))
    }
}

/// What is known of the profile at Apple that a held one stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProfileStanding {
    /// Nothing speaks against it.
    Ready,
    /// It was deleted at Apple to be created anew; what is held is the old file.
    Rebuilding,
    /// Apple calls it INVALID: a certificate was revoked or a capability changed; or it was deleted there.
    Invalid,
}

impl ProfileStanding {
    /// The word in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Rebuilding => "rebuilding",
            Self::Invalid => "invalid",
        }
    }
}

impl FromStr for ProfileStanding {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Ready, Self::Rebuilding, Self::Invalid]
            .into_iter()
            .find(|standing| standing.as_str() == text)
            .ok_or_else(|| format!("“{text}” is not a standing of a profile"))
    }
}

/// Whether a held profile can be used, as people see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProfileState {
    /// It can.
    Ready,
    /// It is being built anew; the old file is still there.
    Rebuilding,
    /// Apple does not take it any more.
    Invalid,
    /// Its date is over.
    Expired,
}

impl ProfileState {
    /// The word in the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Rebuilding => "rebuilding",
            Self::Invalid => "invalid",
            Self::Expired => "expired",
        }
    }
}

/// A profile held here: everything but the file itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldProfile {
    /// Its id here; it stays when the profile is rebuilt.
    pub id: ProfileId,
    /// Whose it is.
    pub organization: OrgId,
    /// The key through which it was made or fetched; none for a file, and once that key was removed.
    pub api_key: Option<ApiKeyId>,
    /// Apple's resource id; none while there is no such profile at Apple, and for a file that was never seen there.
    pub apple_id: Option<String>,
    /// Its name, unique in the team.
    pub name: String,
    /// Apple's type.
    pub profile_type: ProfileType,
    /// The UUID in the file, by which Xcode knows it; a rebuilt one has another.
    pub uuid: String,
    /// The bundle identifier, exact or with an asterisk at its end.
    pub bundle_identifier: String,
    /// Whose account made it.
    pub team_id: Option<TeamId>,
    /// SHA-256 of its certificates' public keys, lower-case hex, in the order of the file.
    pub certificates: Vec<String>,
    /// Serial numbers of the same, upper-case hex, in the same order. Empty where they are not known, of a profile taken in
    /// before they were kept.
    pub serials: Vec<String>,
    /// The UDIDs in the file.
    pub devices: Vec<String>,
    /// Which devices it is to have.
    pub device_rule: DeviceRule,
    /// Whether only this is held, and Apple is asked for the file at each use. What is known of it is what was last seen.
    pub is_reference: bool,
    /// What is known of it at Apple.
    pub standing: ProfileStanding,
    /// When Apple made it.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Created, fetched or uploaded.
    pub origin: ItemOrigin,
    /// When Russet took it in first.
    pub added_at: Timestamp,
}

impl HeldProfile {
    /// Whether this certificate is in it. The public key alone does not say that: Apple makes several certificates of one
    /// request, and what is signed with another one than the profile's is refused.
    #[must_use]
    pub fn has(&self, public_key_fingerprint: &str, serial: &str) -> bool {
        if self.serials.len() != self.certificates.len() {
            return self.certificates.iter().any(|key| key == public_key_fingerprint);
        }
        let mut inside = self.certificates.iter().zip(&self.serials);
        inside.any(|(key, number)| key == public_key_fingerprint && number.eq_ignore_ascii_case(serial))
    }

    /// Whether it can be used now. A date that is over says more than what Apple said before.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> ProfileState {
        match self.standing {
            ProfileStanding::Rebuilding => ProfileState::Rebuilding,
            _ if self.expires_at <= now => ProfileState::Expired,
            ProfileStanding::Invalid => ProfileState::Invalid,
            ProfileStanding::Ready => ProfileState::Ready,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> ProfileType {
        ProfileType::creatable(text).unwrap()
    }

    #[test]
    fn a_certificate_is_in_a_profile_by_its_key_and_its_number() {
        let ids: (ProfileId, OrgId) = (
            "prof_01930000000070008000000000000001".parse().unwrap(),
            "org_01930000000070008000000000000001".parse().unwrap(),
        );
        let held = |serials: &[&str]| HeldProfile {
            id: ids.0,
            organization: ids.1,
            api_key: None,
            apple_id: None,
            name: "Ferry".to_owned(),
            profile_type: of("IOS_APP_ADHOC"),
            uuid: String::new(),
            bundle_identifier: "no.halden.ferry".to_owned(),
            team_id: None,
            certificates: vec!["aa".to_owned(), "bb".to_owned()],
            serials: serials.iter().map(|&serial| serial.to_owned()).collect(),
            devices: vec![],
            device_rule: DeviceRule::Chosen,
            is_reference: false,
            standing: ProfileStanding::Ready,
            created_at: Timestamp::UNIX_EPOCH,
            expires_at: Timestamp::UNIX_EPOCH,
            origin: ItemOrigin::Uploaded,
            added_at: Timestamp::UNIX_EPOCH,
        };
        let known = held(&["0A", "0B"]);
        assert!(known.has("aa", "0a") && known.has("bb", "0B"));
        assert!(!known.has("aa", "0B") && !known.has("bb", "0C") && !known.has("cc", "0A"));
        // One that was taken in before the numbers were kept goes by the key, as it did.
        assert!(held(&[]).has("aa", "0B"));
    }

    #[test]
    fn a_type_says_what_can_be_in_a_profile() {
        let ad_hoc = of("ios-app-adhoc");
        assert_eq!((ad_hoc.method(), ad_hoc.title().as_str()), ("ad-hoc", "iOS Ad Hoc"));
        assert!(ad_hoc.wants_devices() && !ad_hoc.is_development() && !ad_hoc.has_one_certificate());
        assert!(ad_hoc.takes_certificate(&CertificateType::of_apple("DISTRIBUTION")));
        assert!(!ad_hoc.takes_certificate(&CertificateType::of_apple("DEVELOPMENT")));
        assert!(ad_hoc.takes_device("APPLE_WATCH") && !ad_hoc.takes_device("MAC"));
        assert!(of("TVOS_APP_DEVELOPMENT").takes_device("APPLE_TV"));
        assert!(of("MAC_APP_DEVELOPMENT").takes_certificate(&CertificateType::of_apple("MAC_APP_DEVELOPMENT")));
        assert!(of("MAC_APP_DIRECT").takes_certificate(&CertificateType::of_apple("DEVELOPER_ID_APPLICATION")));
        assert!(of("IOS_APP_STORE").has_one_certificate());
        for (method, profile_type) in [
            ("app-store", "IOS_APP_STORE"),
            (" Ad Hoc", "IOS_APP_ADHOC"),
            ("inhouse", "IOS_APP_INHOUSE"),
        ] {
            assert_eq!(of(method).as_str(), profile_type);
        }
    }

    #[test]
    fn a_type_of_next_year_is_kept_and_not_created() {
        assert!(ProfileType::creatable("VISION_APP_STORE").is_err());
        assert_eq!(ProfileType::of_apple("VISION_APP_STORE").title(), "VISION_APP_STORE");
        assert_eq!(of("mac-catalyst-app-store").title(), "Mac Catalyst App Store");
    }
}
