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

    /// What Apple's API calls a profile of this method for these platforms (`Platform` of the profile).
    ///
    /// `None` where Apple has no such type, as an ad hoc one for Macs. A Mac Catalyst profile says nothing that tells it from a
    /// Mac's and is called that; profiles for visionOS are iOS profiles.
    pub fn profile_type(self, platforms: &[String]) -> Option<&'static str> {
        let has = |platform: &str| platforms.iter().any(|listed| listed == platform);
        let types = if has("OSX") {
            ["MAC_APP_DEVELOPMENT", "", "", "MAC_APP_STORE", "MAC_APP_DIRECT"]
        } else if has("tvOS") {
            ["TVOS_APP_DEVELOPMENT", "TVOS_APP_ADHOC", "TVOS_APP_INHOUSE", "TVOS_APP_STORE", ""]
        } else if has("iOS") || has("xrOS") || has("visionOS") {
            ["IOS_APP_DEVELOPMENT", "IOS_APP_ADHOC", "IOS_APP_INHOUSE", "IOS_APP_STORE", ""]
        } else {
            return None;
        };
        let place = match self {
            Self::Development => 0,
            Self::AdHoc => 1,
            Self::Enterprise => 2,
            Self::AppStore => 3,
            Self::Direct => 4,
        };
        Some(types[place]).filter(|name| !name.is_empty())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_and_platforms_make_apples_types() {
        let of = |method: Method, platforms: &[&str]| {
            let platforms: Vec<String> = platforms.iter().map(|platform| (*platform).to_owned()).collect();
            method.profile_type(&platforms)
        };
        assert_eq!(of(Method::AdHoc, &["iOS", "xrOS", "visionOS"]), Some("IOS_APP_ADHOC"));
        assert_eq!(of(Method::Enterprise, &["tvOS"]), Some("TVOS_APP_INHOUSE"));
        assert_eq!(of(Method::Direct, &["OSX"]), Some("MAC_APP_DIRECT"));
        assert_eq!(of(Method::Development, &["OSX"]), Some("MAC_APP_DEVELOPMENT"));
        assert_eq!(of(Method::AdHoc, &["OSX"]), None);
        assert_eq!(of(Method::Direct, &["iOS"]), None);
        assert_eq!(of(Method::AppStore, &[]), None);
    }
}
