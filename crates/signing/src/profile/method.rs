//! The distribution method of a profile, which no field of it names.

use super::ProfileInfo;

/// How apps that are signed with a profile get to people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Method {
    /// On listed devices, debuggable; on Macs every profile with devices.
    Development,
    /// On listed devices.
    AdHoc,
    /// On every device, by an enterprise team.
    Enterprise,
    /// Through the App Store or TestFlight.
    AppStore,
    /// On every Mac, signed with Developer ID.
    Direct,
}

impl Method {
    /// Told by what the profile allows: every device, listed devices, a debugger (facts L).
    pub(super) fn of(info: &ProfileInfo) -> Self {
        let for_mac = info.platforms.iter().any(|platform| platform == "OSX");
        match (info.provisions_all_devices, info.devices.is_empty()) {
            (true, _) if for_mac => Self::Direct,
            (true, _) => Self::Enterprise,
            (false, false) if for_mac || info.allows_debugging() => Self::Development,
            (false, false) => Self::AdHoc,
            // A team without any device can have a development profile too.
            (false, true) if info.allows_debugging() => Self::Development,
            (false, true) => Self::AppStore,
        }
    }

    /// A stable name for programs: `development`, `ad_hoc`, `enterprise`, `app_store`, `direct`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::AdHoc => "ad_hoc",
            Self::Enterprise => "enterprise",
            Self::AppStore => "app_store",
            Self::Direct => "direct",
        }
    }

    /// What a person calls it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Development => "Development",
            Self::AdHoc => "Ad Hoc",
            Self::Enterprise => "Enterprise",
            Self::AppStore => "App Store",
            Self::Direct => "Direct (Developer ID)",
        }
    }
}
