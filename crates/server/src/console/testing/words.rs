//! Apple's states in plain words, each with its shape and color.

use super::super::{
    filters::apples_word,
    parts::{Mark, Tone},
};
use app::{builds::AppleBuild, testing::Tester};

/// `1.0 (42)`.
pub(crate) fn title(build: &AppleBuild) -> String {
    match &build.version {
        Some(version) => format!("{version} ({})", build.build_number),
        None => build.build_number.clone(),
    }
}

/// Where a build stands as a whole.
pub(crate) fn state(build: &AppleBuild) -> Mark {
    let (tone, icon) = match build.state {
        words if words.starts_with("In beta testing") => (Tone::Ok, "ok"),
        "Ready for testers" | "Approved in beta review" => (Tone::Ok, "ok"),
        "Expired" => (Tone::Off, "no"),
        "Refused by Apple" | "Refused in beta review" | "Processing broke down at Apple" => (Tone::Bad, "bad"),
        "Waits for the answer about export compliance" => (Tone::Warn, "warn"),
        _ => (Tone::Info, "half"),
    };
    let words = match build.state {
        // On a phone the whole sentence would be wider than the page.
        "Waits for the answer about export compliance" => "Waits for export compliance",
        words => words,
    };
    Mark::new(tone, icon, words)
}

/// Where it stands for testers of the team, or for others; Apple has the same words for both, and more for others.
pub(crate) fn beta_state(constant: Option<&str>) -> Mark {
    let (tone, icon, words) = match constant {
        None => (Tone::Off, "never", "Not known"),
        Some("PROCESSING") => (Tone::Info, "half", "Processing at Apple"),
        Some("PROCESSING_EXCEPTION") => (Tone::Bad, "bad", "Processing broke down at Apple"),
        Some("MISSING_EXPORT_COMPLIANCE") => (Tone::Warn, "warn", "Waits for export compliance"),
        Some("IN_EXPORT_COMPLIANCE_REVIEW") => (Tone::Info, "half", "In export compliance review"),
        Some("READY_FOR_BETA_TESTING") => (Tone::Ok, "ok", "Ready for testers"),
        Some("IN_BETA_TESTING") => (Tone::Ok, "ok", "In beta testing"),
        Some("EXPIRED") => (Tone::Off, "no", "Expired"),
        Some("READY_FOR_BETA_SUBMISSION") => (Tone::Off, "never", "Not handed in for beta review"),
        Some("WAITING_FOR_BETA_REVIEW") => (Tone::Info, "half", "Waits for beta review"),
        Some("IN_BETA_REVIEW") => (Tone::Info, "half", "In beta review"),
        Some("BETA_REJECTED") => (Tone::Bad, "bad", "Refused in beta review"),
        Some("BETA_APPROVED") => (Tone::Ok, "ok", "Approved in beta review"),
        Some("NOT_APPLICABLE") => (Tone::Off, "never", "Not for these testers"),
        Some(other) => return Mark::new(Tone::Info, "half", apples_word(other)),
    };
    Mark::new(tone, icon, words)
}

/// How far beta review is.
pub(crate) fn review(constant: Option<&str>) -> Mark {
    let (tone, icon, words) = match constant {
        None => (Tone::Off, "never", "Not handed in"),
        Some("WAITING_FOR_REVIEW") => (Tone::Info, "half", "Waits for review"),
        Some("IN_REVIEW") => (Tone::Info, "half", "In review"),
        Some("REJECTED") => (Tone::Bad, "bad", "Refused"),
        Some("APPROVED") => (Tone::Ok, "ok", "Approved"),
        Some(other) => return Mark::new(Tone::Info, "half", apples_word(other)),
    };
    Mark::new(tone, icon, words)
}

/// What was answered about export compliance.
pub(crate) fn compliance(build: &AppleBuild) -> Mark {
    match build.uses_non_exempt_encryption {
        Some(false) => Mark::new(Tone::Ok, "ok", "No encryption that counts"),
        Some(true) => Mark::new(Tone::Info, "info", "Encryption that counts"),
        None => Mark::new(Tone::Warn, "warn", "Not answered"),
    }
}

/// How far a tester is.
pub(crate) fn tester(tester: &Tester) -> Mark {
    let (tone, icon, words) = match tester.state.as_deref() {
        None => (Tone::Off, "never", "Not known"),
        Some("NOT_INVITED") => (Tone::Off, "never", "Not invited yet"),
        Some("INVITED") => (Tone::Info, "half", "Invited, not accepted yet"),
        Some("ACCEPTED") => (Tone::Ok, "ok", "Accepted, not installed yet"),
        Some("INSTALLED") => (Tone::Ok, "ok", "Installed"),
        Some("REVOKED") => (Tone::Bad, "bad", "Taken away"),
        Some(other) => return Mark::new(Tone::Info, "half", apples_word(other)),
    };
    Mark::new(tone, icon, words)
}

/// What a tester is called: the name, or what there is instead.
pub(crate) fn called(tester: &Tester) -> String {
    match (&tester.email, tester.name.trim()) {
        (_, name) if !name.is_empty() => name.to_owned(),
        (Some(email), _) => email.clone(),
        (None, _) => "Somebody without a name".to_owned(),
    }
}

/// Where to reach them, and how they came.
pub(crate) fn address(tester: &Tester) -> String {
    let came = match tester.invited_by.as_deref() {
        Some("PUBLIC_LINK") => Some("came by the public link"),
        _ => None,
    };
    match (&tester.email, came) {
        (Some(email), Some(came)) => format!("{email}, {came}"),
        (Some(email), None) => email.clone(),
        (None, Some(_)) => "Came by the public link; Apple hides the address".to_owned(),
        (None, None) => "Apple hides the address".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_that_is_new_at_apple_is_told_in_its_own_words() {
        assert_eq!(beta_state(Some("IN_BETA_TESTING")).word, "In beta testing");
        assert_eq!(review(None).word, "Not handed in");
        let new = review(Some("WAITING_FOR_SOMEBODY"));
        assert_eq!((new.tone, new.word.as_str()), (Tone::Info, "Waiting For Somebody"));
    }

    #[test]
    fn who_came_by_a_link_is_called_by_what_is_known() {
        let hidden = Tester {
            id: "1".to_owned(),
            email: None,
            name: String::new(),
            invited_by: Some("PUBLIC_LINK".to_owned()),
            state: None,
            groups: Vec::new(),
        };
        assert_eq!(called(&hidden), "Somebody without a name");
        assert_eq!(address(&hidden), "Came by the public link; Apple hides the address");
        let known = Tester {
            email: Some("ada@example.com".to_owned()),
            invited_by: Some("EMAIL".to_owned()),
            ..hidden
        };
        assert_eq!(
            (called(&known), address(&known)),
            ("ada@example.com".to_owned(), "ada@example.com".to_owned())
        );
    }
}
