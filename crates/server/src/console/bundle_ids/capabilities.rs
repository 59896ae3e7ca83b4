//! What a form says of capabilities: the boxes, the settings that some have, and what was ticked.
//!
//! The form carries what it showed as present (`had`). A box that was ticked then and is not now is a wish to take away;
//! what the form never showed, because somebody added it meanwhile, is not touched.

use super::super::{filters::apples_word, visit::Fields};
use domain::operation::{CapabilityOption, CapabilitySetting, CapabilityWish};

/// Apple's capabilities (`CapabilityType`), in the order of their names.
const CAPABILITIES: [&str; 28] = [
    "ACCESS_WIFI_INFORMATION",
    "APP_GROUPS",
    "APPLE_ID_AUTH",
    "APPLE_PAY",
    "ASSOCIATED_DOMAINS",
    "AUTOFILL_CREDENTIAL_PROVIDER",
    "CLASSKIT",
    "COREMEDIA_HLS_LOW_LATENCY",
    "DATA_PROTECTION",
    "GAME_CENTER",
    "HEALTHKIT",
    "HOMEKIT",
    "HOT_SPOT",
    "ICLOUD",
    "IN_APP_PURCHASE",
    "INTER_APP_AUDIO",
    "MAPS",
    "MULTIPATH",
    "NETWORK_CUSTOM_PROTOCOL",
    "NETWORK_EXTENSIONS",
    "NFC_TAG_READING",
    "PERSONAL_VPN",
    "PUSH_NOTIFICATIONS",
    "SIRIKIT",
    "SYSTEM_EXTENSION_INSTALL",
    "USER_MANAGEMENT",
    "WALLET",
    "WIRELESS_ACCESSORY_CONFIGURATION",
];

/// The capabilities that have a setting: its key, and the options that exclude one another.
const SETTINGS: [(&str, &str, &[&str]); 3] = [
    ("ICLOUD", "ICLOUD_VERSION", &["XCODE_6", "XCODE_5"]),
    (
        "DATA_PROTECTION",
        "DATA_PROTECTION_PERMISSION_LEVEL",
        &["COMPLETE_PROTECTION", "PROTECTED_UNLESS_OPEN", "PROTECTED_UNTIL_FIRST_USER_AUTH"],
    ),
    ("APPLE_ID_AUTH", "APPLE_ID_AUTH_APP_CONSENT", &["PRIMARY_APP_CONSENT"]),
];

/// A box of the form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Offer {
    /// Apple's word.
    pub(crate) word: String,
    /// Whether the bundle ID has it.
    pub(crate) had: bool,
    /// Whether the box is ticked.
    pub(crate) is_on: bool,
    /// The options of its setting, if it has one; the chosen one is empty where nothing is to be changed.
    pub(crate) options: &'static [&'static str],
    /// The chosen option.
    pub(crate) option: String,
}

/// What was ticked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Ticked {
    /// What the form showed as present.
    pub(crate) had: Vec<String>,
    /// What is ticked.
    pub(crate) on: Vec<String>,
    /// The chosen options: the capability, and the option.
    pub(crate) options: Vec<(String, String)>,
}

impl Ticked {
    /// As a bundle ID is.
    pub(crate) fn present(capabilities: &[CapabilityWish]) -> Self {
        let had: Vec<_> = capabilities.iter().map(|has| has.capability.clone()).collect();
        Self {
            on: had.clone(),
            had,
            options: Vec::new(),
        }
    }

    /// Reads a form.
    pub(crate) fn read(fields: &Fields) -> Self {
        let option = |(capability, ..): &(&str, &str, &[&str])| {
            let chosen = fields.text(&format!("setting-{capability}"));
            (!chosen.is_empty()).then(|| ((*capability).to_owned(), chosen.to_owned()))
        };
        Self {
            had: fields.all("had"),
            on: fields.all("capability"),
            options: SETTINGS.iter().filter_map(option).collect(),
        }
    }

    /// The boxes: Apple's, and whatever else the bundle ID has.
    pub(crate) fn offers(&self) -> Vec<Offer> {
        let known = CAPABILITIES.iter().map(|word| (*word).to_owned());
        let others = self.had.iter().filter(|had| !CAPABILITIES.contains(&had.as_str())).cloned();
        known
            .chain(others)
            .map(|word| Offer {
                had: self.had.contains(&word),
                is_on: self.on.contains(&word),
                options: SETTINGS.iter().find(|(of, ..)| *of == word).map_or(&[], |(_, _, options)| options),
                option: self.option(&word).unwrap_or_default().to_owned(),
                word,
            })
            .collect()
    }

    fn option(&self, capability: &str) -> Option<&str> {
        self.options
            .iter()
            .find(|(of, _)| of == capability)
            .map(|(_, option)| option.as_str())
    }

    /// What is wanted: new ones, and of those that are there only the ones whose setting was chosen.
    pub(crate) fn set(&self) -> Vec<CapabilityWish> {
        let wish = |word: &String| {
            let settings = self.option(word).and_then(|option| setting(word, option));
            (settings.is_some() || !self.had.contains(word)).then(|| CapabilityWish {
                settings: settings.into_iter().collect(),
                ..CapabilityWish::of(word.clone())
            })
        };
        self.on.iter().filter_map(wish).collect()
    }

    /// What was there, and is ticked no more.
    pub(crate) fn remove(&self) -> Vec<String> {
        self.had.iter().filter(|had| !self.on.contains(had)).cloned().collect()
    }
}

fn setting(capability: &str, option: &str) -> Option<CapabilitySetting> {
    let (_, key, _) = SETTINGS.iter().find(|(of, ..)| *of == capability)?;
    Some(CapabilitySetting {
        key: (*key).to_owned(),
        options: vec![CapabilityOption {
            key: option.to_owned(),
            enabled: true,
        }],
    })
}

/// "Xcode 6", or nothing for one that has no settings.
pub(crate) fn settings_in_words(capability: &CapabilityWish) -> String {
    let on = capability.settings.iter().flat_map(|setting| &setting.options);
    let words: Vec<_> = on.filter(|option| option.enabled).map(|option| apples_word(&option.key)).collect();
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn only_what_the_form_showed_is_taken_away_and_only_what_changed_is_set() {
        let ticked = Ticked {
            had: words(&["MAPS", "ICLOUD", "WEATHERKIT"]),
            on: words(&["ICLOUD", "WEATHERKIT", "APP_GROUPS"]),
            options: vec![],
        };
        assert_eq!(ticked.remove(), ["MAPS"]);
        assert_eq!(ticked.set(), [CapabilityWish::of("APP_GROUPS".to_owned())]);
        assert_eq!(ticked.offers().len(), CAPABILITIES.len() + 1, "one that Apple added since");
        let chosen = Ticked {
            options: vec![("ICLOUD".to_owned(), "XCODE_6".to_owned())],
            ..ticked
        };
        let set = chosen.set();
        assert_eq!(
            (set[0].capability.as_str(), settings_in_words(&set[0]).as_str()),
            ("ICLOUD", "Xcode 6")
        );
    }
}
