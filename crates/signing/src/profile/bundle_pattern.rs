//! The bundle identifier of a profile: one app, or with a `*` at its end many.

/// What a bundle identifier with or without wildcard stands for.
///
/// Only one `*` as the last character is a wildcard; anywhere else the whole is none. It stands for one character or more, dots
/// included: `com.example.*` covers `com.example.app.widget` and not `com.example`. Case counts, as it does in signatures.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum BundlePattern {
    /// One app.
    Exact(String),
    /// Every identifier that goes on after this; empty for `*` alone.
    Prefix(String),
}

impl BundlePattern {
    /// Reads `com.example.app`, `com.example.*` or `*`; `None` where it is empty or has a `*` elsewhere.
    pub fn parse(text: &str) -> Option<Self> {
        let pattern = match text.strip_suffix('*') {
            Some(prefix) => Self::Prefix(prefix.to_owned()),
            None if text.is_empty() => return None,
            None => Self::Exact(text.to_owned()),
        };
        let (Self::Exact(fixed) | Self::Prefix(fixed)) = &pattern;
        (!fixed.contains('*')).then_some(pattern)
    }

    /// Whether it covers this bundle identifier.
    pub fn matches(&self, bundle_identifier: &str) -> bool {
        match self {
            Self::Exact(only) => only == bundle_identifier,
            Self::Prefix(prefix) => bundle_identifier.strip_prefix(prefix.as_str()).is_some_and(|rest| !rest.is_empty()),
        }
    }

    /// How closely it fits, to choose the best of several: an exact one before any wildcard, a longer prefix before a shorter.
    pub fn specificity(&self) -> usize {
        match self {
            Self::Exact(_) => usize::MAX,
            Self::Prefix(prefix) => prefix.len(),
        }
    }

    /// Whether it has a wildcard; several capabilities cannot be had with one.
    pub fn is_wildcard(&self) -> bool {
        matches!(self, Self::Prefix(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, identifier: &str) -> bool {
        BundlePattern::parse(pattern).unwrap().matches(identifier)
    }

    #[test]
    fn a_wildcard_stands_for_one_character_or_more_at_the_end() {
        assert!(matches("com.example.*", "com.example.app"));
        assert!(matches("com.example.*", "com.example.app.widget"));
        assert!(matches("*", "com.example.app"));
        assert!(!matches("com.example.*", "com.example."));
        assert!(!matches("com.example.*", "com.example"));
        assert!(!matches("com.example.*", "com.examples.app"));
        assert!(!matches("*", ""));
    }

    #[test]
    fn an_exact_one_covers_itself_alone() {
        assert!(matches("com.example.app", "com.example.app"));
        assert!(!matches("com.example.app", "com.example.App"));
        assert!(!matches("com.example.app", "com.example.app.widget"));
    }

    #[test]
    fn a_star_elsewhere_makes_no_pattern() {
        for text in ["", "com.*.app", "**", "com.example.**", "*.app"] {
            assert_eq!(BundlePattern::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_closest_fit_is_the_most_specific() {
        let specificity = |text| BundlePattern::parse(text).unwrap().specificity();
        assert!(specificity("com.example.app") > specificity("com.example.*"));
        assert!(specificity("com.example.*") > specificity("*"));
    }
}
