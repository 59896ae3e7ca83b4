//! From what a person entered to a key that can be tried: tolerant reading, strict result.
//!
//! Every field is looked at before anything is refused, so that a form shows all its problems at once. No refusal
//! repeats the file's content.

use super::NewKey;
use crate::{FieldProblem, Kind, Problem};
use domain::{AppleKeyId, AppleRole, IssuerId, ItemName, KeyKind};
use signing::p8::{EcPrivateKey, P8Error, key_id_from_file_name};
use std::{collections::BTreeSet, fmt::Display};

/// A key whose parts have the right shape. Whether they belong together only Apple knows.
#[derive(Debug)]
pub(crate) struct EnteredKey {
    pub(crate) name: ItemName,
    pub(crate) kind: KeyKind,
    pub(crate) key_id: AppleKeyId,
    pub(crate) issuer_id: Option<IssuerId>,
    pub(crate) roles: BTreeSet<AppleRole>,
    pub(crate) private_key: EcPrivateKey,
}

/// Gathers what is wrong, field by field. The first problem gives the code.
#[derive(Default)]
struct Refusals {
    code: Option<&'static str>,
    kind: Option<Kind>,
    fields: Vec<FieldProblem>,
}

impl Refusals {
    fn add(&mut self, kind: Kind, code: &'static str, field: &'static str, message: impl Display) {
        self.code.get_or_insert(code);
        self.kind.get_or_insert(kind);
        self.fields.push(FieldProblem {
            field,
            message: message.to_string(),
        });
    }

    /// The value, or none and the reason noted.
    fn take<T, E: Display>(&mut self, code: &'static str, field: &'static str, value: Result<T, E>) -> Option<T> {
        value.map_err(|error| self.add(Kind::Invalid, code, field, error)).ok()
    }

    fn into_problem(self) -> Problem {
        let message = match self.fields.as_slice() {
            [one] => one.message.clone(),
            more => format!(
                "{} entries do not fit. {}",
                more.len(),
                more.first().map_or("", |f| f.message.as_str())
            ),
        };
        let mut problem = Problem::new(self.kind.unwrap_or(Kind::Invalid), self.code.unwrap_or("invalid"), message);
        problem.fields = self.fields;
        problem
    }
}

/// Takes off what copying adds: blanks and quotes around an entry.
fn bare(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '“' | '”' | '\u{FEFF}'))
}

/// Reads the entries. `fallback_name` is used when no name is given, such as the present name at a rotation.
pub(crate) fn read(input: &NewKey, fallback_name: Option<&ItemName>) -> Result<EnteredKey, Problem> {
    let mut refusals = Refusals::default();
    let kind = refusals.take("kind_unknown", "kind", bare(&input.kind).parse::<KeyKind>());
    let key_id = read_key_id(input, &mut refusals);
    let issuer_id = read_issuer_id(bare(&input.issuer_id), kind, &mut refusals);
    let roles = read_roles(&input.roles, kind, &mut refusals);
    let private_key = EcPrivateKey::read(&input.file).map_err(|error| {
        let class = if matches!(error, P8Error::TooLarge { .. }) {
            Kind::TooLarge
        } else {
            Kind::Invalid
        };
        refusals.add(class, file_code(&error), "file", error);
    });
    let name = match (input.name.trim(), fallback_name, &key_id) {
        ("", Some(name), _) => Some(name.clone()),
        ("", None, Some(key_id)) => refusals.take("name_unfit", "name", format!("Key {key_id}").parse()),
        ("", None, None) => None,
        (name, ..) => refusals.take("name_unfit", "name", name.parse::<ItemName>()),
    };
    match (name, kind, key_id, private_key) {
        (Some(name), Some(kind), Some(key_id), Ok(private_key)) if refusals.fields.is_empty() => Ok(EnteredKey {
            name,
            kind,
            key_id,
            issuer_id,
            roles,
            private_key,
        }),
        _ => Err(refusals.into_problem()),
    }
}

/// The Key ID as entered, else as the file is named; both must agree when both are there.
fn read_key_id(input: &NewKey, refusals: &mut Refusals) -> Option<AppleKeyId> {
    let named = input.file_name.as_deref().and_then(key_id_from_file_name);
    let entered = bare(&input.key_id);
    if entered.is_empty() {
        let Some(named) = named else {
            refusals.add(
                Kind::Invalid,
                "key_id_missing",
                "key_id",
                "The Key ID is missing, and the file is not named AuthKey_<Key ID>.p8. Copy the Key ID from the row of the key in App Store Connect, Users and Access, Integrations.",
            );
            return None;
        };
        return refusals.take("key_id_malformed", "key_id", named.parse());
    }
    let key_id = refusals.take("key_id_malformed", "key_id", entered.parse::<AppleKeyId>())?;
    if let Some(named) = named.filter(|named| named != key_id.as_str()) {
        refusals.add(
            Kind::Invalid,
            "key_id_differs_from_file",
            "key_id",
            format!(
                "The Key ID is {key_id}, but the file is named for the key {named}. Choose the file AuthKey_{key_id}.p8, or enter {named}."
            ),
        );
        return None;
    }
    Some(key_id)
}

fn read_issuer_id(entered: &str, kind: Option<KeyKind>, refusals: &mut Refusals) -> Option<IssuerId> {
    match kind {
        Some(KeyKind::Individual) if entered.is_empty() => None,
        Some(KeyKind::Individual) => {
            refusals.add(
                Kind::Invalid,
                "issuer_id_not_allowed",
                "issuer_id",
                "Individual keys have no Issuer ID. Leave it empty, or add the key as a team key.",
            );
            None
        }
        // Without a kind nobody knows whether an issuer is due; that problem is told already.
        None if entered.is_empty() => None,
        Some(_) if entered.is_empty() => refusals.take("issuer_id_missing", "issuer_id", entered.parse()),
        _ => refusals.take("issuer_id_malformed", "issuer_id", entered.parse()),
    }
}

/// Roles as words. The Enterprise Program knows Admin and Developer only (facts A5).
pub(crate) fn roles(words: &[String], kind: KeyKind) -> Result<BTreeSet<AppleRole>, Problem> {
    let mut refusals = Refusals::default();
    let roles = read_roles(words, Some(kind), &mut refusals);
    if refusals.fields.is_empty() {
        Ok(roles)
    } else {
        Err(refusals.into_problem())
    }
}

fn read_roles(words: &[String], kind: Option<KeyKind>, refusals: &mut Refusals) -> BTreeSet<AppleRole> {
    let mut roles = BTreeSet::new();
    for word in words.iter().filter(|word| !word.trim().is_empty()) {
        let Some(role) = refusals.take("role_unknown", "roles", word.parse::<AppleRole>()) else {
            continue;
        };
        if kind == Some(KeyKind::Enterprise) && !matches!(role, AppleRole::Admin | AppleRole::Developer) {
            refusals.add(
                Kind::Invalid,
                "role_not_with_kind",
                "roles",
                format!("Enterprise keys have the role Admin or Developer, not {role}. Choose one of these, or none if it is not known."),
            );
        }
        roles.insert(role);
    }
    roles
}

fn file_code(error: &P8Error) -> &'static str {
    match error {
        P8Error::Empty => "file_missing",
        P8Error::TooLarge { .. } => "file_too_large",
        P8Error::RsaKey => "file_is_rsa_key",
        P8Error::OtherCurve { .. } => "file_is_other_curve",
        P8Error::OtherKey => "file_is_other_key",
        P8Error::Certificate => "file_is_certificate",
        P8Error::CertificateRequest => "file_is_certificate_request",
        P8Error::Pkcs12 => "file_is_p12",
        P8Error::SignedMessage => "file_is_signed_message",
        P8Error::PublicKey => "file_is_public_key",
        P8Error::Encrypted => "file_is_encrypted",
        P8Error::Truncated => "file_is_truncated",
        P8Error::Several { .. } => "file_holds_several",
        P8Error::Damaged => "file_is_damaged",
        P8Error::Binary | P8Error::NotAKey => "file_is_no_key",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zeroize::Zeroizing;

    const ISSUER: &str = "57246542-96fe-1a63-e053-0824d011072a";

    fn input() -> NewKey {
        NewKey {
            name: "CI".to_owned(),
            kind: "team".to_owned(),
            key_id: String::new(),
            issuer_id: ISSUER.to_owned(),
            roles: vec!["ADMIN".to_owned()],
            file_name: Some("AuthKey_ABC123DEFG.p8".to_owned()),
            file: Zeroizing::new(EcPrivateKey::generate().unwrap().pkcs8_pem().as_bytes().to_vec()),
            save_unverified: false,
        }
    }

    fn refusal(change: impl FnOnce(&mut NewKey)) -> (&'static str, &'static str, String) {
        let mut input = input();
        change(&mut input);
        let problem = read(&input, None).unwrap_err();
        (problem.code, problem.fields[0].field, problem.message)
    }

    #[test]
    fn the_key_id_is_read_from_the_file_name() {
        let key = read(&input(), None).unwrap();
        assert_eq!((key.key_id.as_str(), key.name.as_str()), ("ABC123DEFG", "CI"));
        let mut unnamed = input();
        unnamed.name = " ".to_owned();
        assert_eq!(read(&unnamed, None).unwrap().name.as_str(), "Key ABC123DEFG");
    }

    #[test]
    fn quotes_and_blanks_around_an_entry_are_taken_off() {
        let mut quoted = input();
        quoted.issuer_id = format!(" \"{ISSUER}\"\n");
        quoted.key_id = " “ABC123DEFG” ".to_owned();
        assert_eq!(read(&quoted, None).unwrap().issuer_id.unwrap().as_str(), ISSUER);
    }

    #[test]
    fn a_file_name_that_differs_from_the_key_id_is_refused_with_both_shown() {
        let (code, field, message) = refusal(|k| k.key_id = "ZZZ123DEFG".to_owned());
        assert_eq!((code, field), ("key_id_differs_from_file", "key_id"));
        assert!(message.contains("ZZZ123DEFG") && message.contains("ABC123DEFG"), "{message}");
    }

    #[test]
    fn each_wrong_entry_is_told_at_its_field() {
        assert_eq!(refusal(|k| k.issuer_id.clear()).0, "issuer_id_missing");
        assert_eq!(refusal(|k| k.issuer_id = "1234".to_owned()).0, "issuer_id_malformed");
        assert_eq!(refusal(|k| k.kind = "individual".to_owned()).0, "issuer_id_not_allowed");
        assert_eq!(refusal(|k| k.kind = "group".to_owned()).0, "kind_unknown");
        assert_eq!(refusal(|k| k.roles = vec!["king".to_owned()]).0, "role_unknown");
        assert_eq!(refusal(|k| k.file_name = Some("key.p8".to_owned())).0, "key_id_missing");
        assert_eq!(refusal(|k| k.name = "a\u{202E}b".to_owned()).0, "name_unfit");
        assert_eq!(refusal(|k| k.file = Zeroizing::new(vec![])).0, "file_missing");
        assert_eq!(refusal(|k| k.file = Zeroizing::new(vec![b'x'; 2_000_000])).0, "file_too_large");
        let (code, field, _) = refusal(|k| {
            k.kind = "enterprise".to_owned();
            k.roles = vec!["app-manager".to_owned()];
        });
        assert_eq!((code, field), ("role_not_with_kind", "roles"));
    }

    #[test]
    fn all_problems_are_told_at_once() {
        let mut wrong = input();
        wrong.issuer_id.clear();
        wrong.file = Zeroizing::new(b"nothing".to_vec());
        let problem = read(&wrong, None).unwrap_err();
        let fields: Vec<_> = problem.fields.iter().map(|f| f.field).collect();
        assert_eq!(fields, ["issuer_id", "file"]);
        assert_eq!(problem.code, "issuer_id_missing");
    }
}
