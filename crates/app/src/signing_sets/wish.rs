//! What somebody wants of a set, read and checked before anything is asked for.

use crate::Problem;
use domain::{ApiKeyId, CertificateId, ItemName, ProfileType, name::NAME_CHARACTERS, operation::SetToEnsure};
use jiff::SignedDuration;

/// The most bundle identifiers of one set.
const IDENTIFIERS_MOST: usize = 50;
/// The longest identifier that Apple takes, in characters.
const IDENTIFIER_CHARACTERS: usize = 155;

/// A set that somebody wants to be complete.
#[derive(Debug, Clone, Default)]
pub struct SetWish {
    /// What it is called; empty is made of the shortest identifier, which is the app's, and the type.
    pub name: String,
    /// Apple's type of its profiles in any spelling, or a method of distribution for iOS: `app-store`, `ad-hoc`,
    /// `development`, `in-house`.
    pub profile_type: String,
    /// Bundle identifiers, each exact.
    pub identifiers: Vec<String>,
    /// Whether every bundle ID of the account below one of them belongs to it, too: extensions, watch apps, clips.
    pub with_extensions: bool,
    /// The certificate that it is to have; none takes whichever fits.
    pub certificate: Option<CertificateId>,
    /// Whether bundle IDs that the account lacks are registered.
    pub register: bool,
    /// How old what was seen at Apple may be; none is [`super::FRESH_FOR`], and zero asks Apple in any case.
    pub fresh_for: Option<SignedDuration>,
}

impl SetWish {
    /// The wish as it is carried out.
    ///
    /// # Errors
    /// `profile_type_unknown`, `identifiers_unfit`, `name_unfit`.
    pub(super) fn read(&self, key: ApiKeyId) -> Result<SetToEnsure, Problem> {
        let profile_type = profile_type(&self.profile_type)?;
        let identifiers = identifiers(&self.identifiers)?;
        Ok(SetToEnsure {
            key,
            name: self.named(&profile_type, &identifiers)?,
            profile_type,
            identifiers,
            with_extensions: self.with_extensions,
            certificate: self.certificate,
            register: self.register,
        })
    }

    fn named(&self, profile_type: &ProfileType, identifiers: &[String]) -> Result<ItemName, Problem> {
        let given = self.name.trim();
        if !given.is_empty() {
            return name(given);
        }
        let app = identifiers.iter().min_by_key(|identifier| identifier.len());
        let room = NAME_CHARACTERS.saturating_sub(profile_type.title().chars().count() + 1);
        let app: String = app.map(|app| app.chars().take(room).collect()).unwrap_or_default();
        name(&format!("{app} {}", profile_type.title()))
    }
}

/// A name of a set.
///
/// # Errors
/// `name_unfit`.
pub(super) fn name(text: &str) -> Result<ItemName, Problem> {
    text.parse()
        .map_err(|error: domain::NameError| Problem::field("name_unfit", "name", error.to_string()))
}

fn profile_type(text: &str) -> Result<ProfileType, Problem> {
    ProfileType::creatable(text).map_err(|why| Problem::field("profile_type_unknown", "type", why))
}

fn identifiers(given: &[String]) -> Result<Vec<String>, Problem> {
    let unfit = |why: String| Problem::field("identifiers_unfit", "identifiers", why);
    let mut identifiers: Vec<String> = Vec::with_capacity(given.len().min(IDENTIFIERS_MOST));
    if given.is_empty() || given.len() > IDENTIFIERS_MOST {
        return Err(unfit(format!(
            "{} bundle identifiers are named. Name at least one and at most {IDENTIFIERS_MOST}.",
            given.len()
        )));
    }
    for one in given {
        let identifier = one.trim();
        let is_one = identifier.len() <= IDENTIFIER_CHARACTERS
            && identifier.split('.').all(|part| !part.is_empty())
            && identifier.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'));
        if !is_one {
            let shown: String = identifier.chars().filter(|c| !c.is_control()).take(60).collect();
            return Err(unfit(format!(
                "“{shown}” is not a bundle identifier such as com.example.app: letters, digits, hyphens and dots, and no asterisk."
            )));
        }
        identifiers.push(identifier.to_owned());
    }
    identifiers.sort_unstable();
    identifiers.dedup();
    Ok(identifiers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(profile_type: &str, identifiers: &[&str]) -> SetWish {
        SetWish {
            profile_type: profile_type.to_owned(),
            identifiers: identifiers.iter().map(|&text| text.to_owned()).collect(),
            ..SetWish::default()
        }
    }

    fn key() -> ApiKeyId {
        format!("key_{:032x}", 1).parse().unwrap()
    }

    #[test]
    fn a_wish_is_one_however_it_is_spelled() {
        let one = wish("app-store", &["com.example.app", "com.example.app.share"])
            .read(key())
            .unwrap();
        assert_eq!(one.name.as_str(), "com.example.app iOS App Store");
        let mut other = wish("IOS_APP_STORE", &["com.example.app.share ", "com.example.app", "com.example.app"]);
        other.name = "com.example.app iOS App Store".to_owned();
        assert_eq!(other.read(key()).unwrap(), one);
        assert_eq!(
            wish("tvos-app-store", &["a"]).read(key()).unwrap().profile_type.as_str(),
            "TVOS_APP_STORE"
        );
    }

    #[test]
    fn what_is_no_wish_is_refused_by_what_is_wrong_with_it() {
        let code = |wish: SetWish| wish.read(key()).unwrap_err().code;
        assert_eq!(code(wish("windows", &["com.example.app"])), "profile_type_unknown");
        for wrong in ["", "com.example.*", "com..app", "com.exämple", "a b", &"a".repeat(156)] {
            assert_eq!(code(wish("app-store", &[wrong])), "identifiers_unfit", "{wrong}");
        }
        assert_eq!(code(wish("app-store", &[])), "identifiers_unfit");
        assert_eq!(code(wish("app-store", &["a"; 51])), "identifiers_unfit");
        let mut named = wish("app-store", &["com.example.app"]);
        named.name = "a\nb".to_owned();
        assert_eq!(code(named), "name_unfit");
        let long = "a".repeat(155);
        assert_eq!(
            wish("app-store", &[&long]).read(key()).unwrap().name.as_str().chars().count(),
            NAME_CHARACTERS
        );
    }
}
