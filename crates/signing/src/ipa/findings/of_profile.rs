//! What a bundle's profile makes impossible.

use super::{Destination, FindingCode, Look, capital};
use crate::ipa::{EmbeddedProfile, Platform};
use crate::profile::{Method, Profile, ProfileInfo, SignedBy};

impl Destination {
    /// Of what kind a profile has to be.
    fn method(self) -> Method {
        match self {
            Self::AppStoreConnect => Method::AppStore,
            Self::AdHoc => Method::AdHoc,
            Self::Enterprise => Method::Enterprise,
        }
    }
}

impl Look<'_> {
    pub(super) fn at_profile(&mut self) {
        let subject = self.subject();
        match &self.bundle.profile {
            EmbeddedProfile::Missing => self.refuse(
                FindingCode::ProfileMissing,
                format!(
                    "{} has no profile (embedded.mobileprovision). Sign it when it is exported.",
                    capital(&subject)
                ),
            ),
            EmbeddedProfile::Unreadable(cause) => self.refuse(
                FindingCode::ProfileUnreadable,
                format!(
                    "The profile of {subject} cannot be read: {} {} Export the app again.",
                    cause.found, cause.why
                ),
            ),
            EmbeddedProfile::Read(profile) => {
                self.at_trust(&subject, profile);
                self.at_validity(&subject, &profile.info);
                self.at_reach(&subject, &profile.info);
                self.at_entitlements(&subject, &profile.info);
            }
        }
    }

    fn at_trust(&mut self, subject: &str, profile: &Profile) {
        match profile.signed_by {
            SignedBy::Trusted => {}
            SignedBy::UnverifiedRoot => self.warn(
                FindingCode::ProfileNotTrusted,
                format!("The profile of {subject} is not signed by Apple, as far as is known here. Use one from the developer account."),
            ),
            SignedBy::BadSignature => self.refuse(
                FindingCode::ProfileNotTrusted,
                format!("The profile of {subject} was changed after Apple signed it. Download it again and export the app with it."),
            ),
        }
    }

    fn at_validity(&mut self, subject: &str, info: &ProfileInfo) {
        let wanted = self.destination.method();
        let name = &info.name;
        if info.method() != wanted {
            let (found, wanted) = (info.method().label(), wanted.label());
            self.refuse(
                FindingCode::ProfileMethod,
                format!("The profile \"{name}\" of {subject} is of the kind {found}, and this needs one of the kind {wanted}. Export the app with that."),
            );
        }
        if let Some(expires) = info.expires.filter(|_| info.is_expired(self.now)) {
            self.refuse(
                FindingCode::ProfileExpired,
                format!("The profile \"{name}\" of {subject} ended at {expires}. Renew it and export the app again."),
            );
        }
        let last = info.certificates.iter().map(|certificate| certificate.not_after).max();
        if let Some(last) = last.filter(|last| *last < self.now) {
            self.refuse(
                FindingCode::CertificateExpired,
                format!("The signing certificates in the profile \"{name}\" of {subject} have ended, the last one at {last}. Renew certificate and profile, and sign the app again."),
            );
        }
    }

    fn at_reach(&mut self, subject: &str, info: &ProfileInfo) {
        if let Some(platform) = self.bundle.platform
            && !reaches(info, platform)
        {
            let (name, platform) = (&info.name, platform.label());
            let message = format!("The profile \"{name}\" of {subject} is not for {platform}. Export the app with one that is.");
            self.refuse(FindingCode::ProfilePlatform, message);
        }
        if !info.covers(&self.bundle.bundle_id) {
            let covered = info.bundle_identifier.as_deref().unwrap_or("none");
            self.refuse(
                FindingCode::ProfileBundleId,
                format!(
                    "The profile \"{}\" of {subject} is for the bundle ID {covered}. Export the app with one for its own.",
                    info.name
                ),
            );
        }
        let team = self.bundle.team_id();
        let apps = self.ipa.app.team_id();
        if let (Some(team), Some(apps)) = (team, apps)
            && team != apps
        {
            let message = format!(
                "{} is signed for team {team}, and the app for team {apps}. Sign both for the same.",
                capital(subject)
            );
            self.refuse(FindingCode::TeamDiffers, message);
        }
    }

    fn at_entitlements(&mut self, subject: &str, info: &ProfileInfo) {
        if info.allows_debugging() {
            self.refuse(
                FindingCode::DebuggingAllowed,
                format!(
                    "The profile \"{}\" of {subject} lets debuggers attach (get-task-allow). Export the app for distribution.",
                    info.name
                ),
            );
        }
        let for_testers = info.entitlements.get("beta-reports-active") == Some(&serde_json::Value::Bool(true));
        if self.for_store() && self.is_app() && info.method() == Method::AppStore && !for_testers {
            self.warn(
                FindingCode::TestflightNotAllowed,
                format!(
                    "The profile \"{}\" does not allow TestFlight (beta-reports-active). Renew it, and export the app again.",
                    info.name
                ),
            );
        }
    }
}

/// Whether a profile is for devices of this platform; one that names none is not held against it. Watches and headsets have the
/// profiles of phones.
fn reaches(info: &ProfileInfo, platform: Platform) -> bool {
    let names: &[&str] = match platform {
        Platform::Ios | Platform::VisionOs | Platform::WatchOs => &["iOS", "xrOS", "visionOS", "watchOS"],
        Platform::TvOs => &["tvOS"],
        Platform::MacOs => &["OSX"],
    };
    info.platforms.is_empty() || info.platforms.iter().any(|listed| names.contains(&listed.as_str()))
}
