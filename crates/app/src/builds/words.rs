//! What Apple's validation says, in plain words. The numbers are those of facts D1; any other stands as Apple wrote it.

use apple::StateDetail;
use domain::OperationState;

/// What to do about a number of Apple's validation.
fn advice(code: &str) -> Option<&'static str> {
    Some(match code {
        "90062" => {
            "The version is not above the one that is approved already. Raise the version (CFBundleShortVersionString), and build anew."
        }
        "90186" => {
            "This version is closed for new builds, because it was approved. Raise the version (CFBundleShortVersionString), and build anew."
        }
        "90382" => "Apple takes no more uploads of this app today. Wait a day, then send it again.",
        "90473" => "An extension has another version than the app. Give both the same.",
        "90626" => "What the app says about Siri does not fit. Mend the intents that Apple names.",
        _ => return None,
    })
}

/// One thing that Apple says about an upload: its words, its number, what to do.
pub(crate) fn detail(said: &StateDetail) -> String {
    let code = said.code.as_deref().unwrap_or_default();
    let mut words = said.description.clone().unwrap_or_default();
    if let Some(advice) = advice(code) {
        if !words.is_empty() {
            words.push(' ');
        }
        words.push_str(advice);
    }
    match (words.is_empty(), code.is_empty() || words.contains(code)) {
        (true, true) => "Apple does not say why.".to_owned(),
        (true, false) => format!("Apple gives the number {code} and no words."),
        (false, true) => words,
        (false, false) => format!("{words} ({code})"),
    }
}

/// The end of an upload that Apple refused.
pub(crate) fn refused(status: u16, errors: &[StateDetail]) -> OperationState {
    let why: Vec<_> = errors.iter().map(detail).collect();
    OperationState::Refused {
        status,
        code: errors
            .iter()
            .find_map(|error| error.code.clone())
            .unwrap_or_else(|| "FAILED".to_owned()),
        why: match why.as_slice() {
            [] => "Apple refused the file and does not say why. Apple often mails the reasons to the account's people.".to_owned(),
            why => format!("Apple refused the file: {}", why.join(" ")),
        },
        places: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(code: Option<&str>, description: Option<&str>) -> StateDetail {
        StateDetail {
            code: code.map(str::to_owned),
            description: description.map(str::to_owned),
        }
    }

    #[test]
    fn apples_words_stand_with_what_to_do() {
        assert!(detail(&said(Some("90062"), None)).ends_with("build anew. (90062)"));
        let siri = detail(&said(Some("90626"), Some("Invalid Siri Support. (90626)")));
        assert!(
            siri.starts_with("Invalid Siri Support.") && siri.matches("90626").count() == 1,
            "{siri}"
        );
        assert_eq!(detail(&said(Some("12"), Some("Odd."))), "Odd. (12)");
        assert_eq!(detail(&said(Some("12"), None)), "Apple gives the number 12 and no words.");
        assert_eq!(detail(&said(None, None)), "Apple does not say why.");
    }

    #[test]
    fn a_refusal_without_reasons_says_so() {
        let OperationState::Refused { code, why, .. } = refused(200, &[]) else {
            panic!()
        };
        assert_eq!(code, "FAILED");
        assert!(why.contains("does not say why"));
    }
}
