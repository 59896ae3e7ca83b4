//! The entitlements that a profile grants: what every app has, and what the bundle ID's capabilities add.
//!
//! The keys are Apple's published entitlement names. A capability that can be switched on but not bound through the
//! API (app groups, iCloud containers, Apple Pay; facts E1) grants an empty list.

use plist::{Dictionary, Value};
use serde_json::Value as Json;

use super::profile::{Platform, ProfileOrder, Purpose};

/// Every entitlement of the profile, in the order of their names.
pub(super) fn of(order: &ProfileOrder, platform: Platform, purpose: Purpose) -> Dictionary {
    let team = &order.team_id;
    let seed = &order.seed_id;
    let application = format!("{seed}.{}", order.bundle_identifier);
    let mut granted = Dictionary::new();
    let mut grant = |name: &str, value: Value| {
        granted.insert(name.to_owned(), value);
    };

    grant("com.apple.developer.team-identifier", text(team));
    match platform {
        Platform::Mac => {
            grant("com.apple.application-identifier", text(&application));
            grant("keychain-access-groups", texts(&[&format!("{seed}.*")]));
        }
        Platform::Ios | Platform::Tv => {
            grant("application-identifier", text(&application));
            grant("keychain-access-groups", texts(&[&format!("{seed}.*"), "com.apple.token"]));
            grant("get-task-allow", Value::Boolean(purpose == Purpose::Development));
        }
    }
    if purpose == Purpose::Store {
        grant("beta-reports-active", Value::Boolean(true));
    }
    for (capability, settings) in &order.capabilities {
        for (name, value) in of_capability(capability, settings, order, platform, purpose) {
            grant(name, value);
        }
    }
    granted.sort_keys();
    granted
}

fn of_capability(
    capability: &str,
    settings: &Json,
    order: &ProfileOrder,
    platform: Platform,
    purpose: Purpose,
) -> Vec<(&'static str, Value)> {
    let on = || Value::Boolean(true);
    let nothing_bound = || Value::Array(Vec::new());
    match capability {
        "PUSH_NOTIFICATIONS" => {
            let environment = if purpose == Purpose::Development {
                "development"
            } else {
                "production"
            };
            let name = match platform {
                Platform::Mac => "com.apple.developer.aps-environment",
                Platform::Ios | Platform::Tv => "aps-environment",
            };
            vec![(name, text(environment))]
        }
        "ASSOCIATED_DOMAINS" => vec![("com.apple.developer.associated-domains", text("*"))],
        "APP_GROUPS" => vec![("com.apple.security.application-groups", nothing_bound())],
        "ICLOUD" => icloud(order, purpose),
        "APPLE_PAY" => vec![("com.apple.developer.in-app-payments", nothing_bound())],
        "WALLET" => {
            let every_pass = format!("{}.*", order.team_id);
            vec![("com.apple.developer.pass-type-identifiers", texts(&[&every_pass]))]
        }
        "APPLE_ID_AUTH" => vec![("com.apple.developer.applesignin", texts(&["Default"]))],
        "DATA_PROTECTION" => vec![("com.apple.developer.default-data-protection", text(data_protection(settings)))],
        "GAME_CENTER" => vec![("com.apple.developer.game-center", on())],
        "HEALTHKIT" => vec![
            ("com.apple.developer.healthkit", on()),
            ("com.apple.developer.healthkit.access", nothing_bound()),
        ],
        "HOMEKIT" => vec![("com.apple.developer.homekit", on())],
        "SIRIKIT" => vec![("com.apple.developer.siri", on())],
        "MAPS" => vec![("com.apple.developer.maps", on())],
        "INTER_APP_AUDIO" => vec![("inter-app-audio", on())],
        "PERSONAL_VPN" => vec![("com.apple.developer.networking.vpn.api", texts(&["allow-vpn"]))],
        "NETWORK_EXTENSIONS" => vec![(
            "com.apple.developer.networking.networkextension",
            texts(&[
                "app-proxy-provider",
                "content-filter-provider",
                "packet-tunnel-provider",
                "dns-proxy",
            ]),
        )],
        "MULTIPATH" => vec![("com.apple.developer.networking.multipath", on())],
        "HOT_SPOT" => vec![("com.apple.developer.networking.HotspotConfiguration", on())],
        "ACCESS_WIFI_INFORMATION" => vec![("com.apple.developer.networking.wifi-info", on())],
        "NETWORK_CUSTOM_PROTOCOL" => vec![("com.apple.developer.networking.custom-protocol", on())],
        "WIRELESS_ACCESSORY_CONFIGURATION" => vec![("com.apple.external-accessory.wireless-configuration", on())],
        "NFC_TAG_READING" => vec![("com.apple.developer.nfc.readersession.formats", texts(&["NDEF", "TAG"]))],
        "CLASSKIT" => vec![("com.apple.developer.ClassKit-environment", class_kit(purpose))],
        "AUTOFILL_CREDENTIAL_PROVIDER" => {
            vec![("com.apple.developer.authentication-services.autofill-credential-provider", on())]
        }
        "COREMEDIA_HLS_LOW_LATENCY" => vec![("com.apple.developer.coremedia.hls.low-latency", on())],
        "SYSTEM_EXTENSION_INSTALL" => vec![("com.apple.developer.system-extension.install", on())],
        "USER_MANAGEMENT" => vec![(
            "com.apple.developer.user-management",
            texts(&["get-current-user", "runs-as-current-user"]),
        )],
        // In-app purchase needs no entitlement, and an unknown capability grants nothing that could be named.
        _ => Vec::new(),
    }
}

fn icloud(order: &ProfileOrder, purpose: Purpose) -> Vec<(&'static str, Value)> {
    let environment = match purpose {
        Purpose::Development => texts(&["Development", "Production"]),
        Purpose::AdHoc | Purpose::InHouse | Purpose::Store | Purpose::Direct => text("Production"),
    };
    vec![
        ("com.apple.developer.icloud-container-environment", environment),
        ("com.apple.developer.icloud-container-identifiers", Value::Array(Vec::new())),
        ("com.apple.developer.icloud-services", text("*")),
        ("com.apple.developer.ubiquity-container-identifiers", Value::Array(Vec::new())),
        (
            "com.apple.developer.ubiquity-kvstore-identifier",
            text(&format!("{}.*", order.team_id)),
        ),
    ]
}

fn class_kit(purpose: Purpose) -> Value {
    if purpose == Purpose::Development {
        texts(&["development", "production"])
    } else {
        text("production")
    }
}

/// The protection class that the capability's setting chose (`[{"key", "options": [{"key"}]}]`), complete if none did.
fn data_protection(settings: &Json) -> &'static str {
    let chosen = settings
        .as_array()
        .into_iter()
        .flatten()
        .filter(|setting| setting["key"] == "DATA_PROTECTION_PERMISSION_LEVEL")
        .filter_map(|setting| setting["options"][0]["key"].as_str())
        .next();
    match chosen {
        Some("PROTECTED_UNLESS_OPEN") => "NSFileProtectionCompleteUnlessOpen",
        Some("PROTECTED_UNTIL_FIRST_USER_AUTH") => "NSFileProtectionCompleteUntilFirstUserAuthentication",
        _ => "NSFileProtectionComplete",
    }
}

fn text(value: &str) -> Value {
    Value::String(value.to_owned())
}

fn texts(values: &[&str]) -> Value {
    Value::Array(values.iter().map(|value| text(value)).collect())
}
