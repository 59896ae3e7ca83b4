//! In which form private keys leave in a file, and under which password: what the download of a certificate and that of a
//! signing set ask alike (`templates/certificates/export.html`).

use super::super::fields::Fields;
use crate::State;
use app::{Problem, certificates::P12Password};
use domain::activity::ExportForm;
use zeroize::Zeroizing;

/// What is ticked in the form.
#[derive(Debug, Clone)]
pub(crate) struct ExportChoice {
    /// `p12-compatible`, `p12-modern` or `pem`.
    pub(crate) form: &'static str,
    /// `generated`, `given` or `empty`.
    pub(crate) password: &'static str,
    /// A password made for this page, kept nowhere.
    pub(crate) generated: String,
}

impl ExportChoice {
    /// As it was chosen before, with another fresh password; what is none of the choices is the first of them.
    pub(crate) fn again(state: &State, (form, password): (&str, &str)) -> Self {
        let one_of = |known: [&'static str; 3], word: &str| known.into_iter().find(|one| *one == word).unwrap_or(known[0]);
        Self {
            form: one_of(["p12-compatible", "p12-modern", "pem"], form),
            password: one_of(["generated", "given", "empty"], password),
            generated: fresh_password(state),
        }
    }
}

/// Letters and digits without the ones that look alike, 100 bits: what every reader of a `.p12` takes.
fn fresh_password(state: &State) -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut random = Zeroizing::new([0; 20]);
    state.entropy.fill(random.as_mut_slice());
    random.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect()
}

/// What the form asks for.
///
/// # Errors
/// `password_missing`: an empty password is chosen as such, never by leaving a field empty.
pub(crate) fn wanted(fields: &Fields) -> Result<(ExportForm, P12Password), Problem> {
    let form = match fields.text("form") {
        "p12-modern" => ExportForm::P12Modern,
        "pem" => ExportForm::Pem,
        _ => ExportForm::P12Compatible,
    };
    let text = |name| Zeroizing::new(fields.text(name).to_owned());
    let password = match fields.text("password_kind") {
        "given" if fields.text("password").is_empty() && form != ExportForm::Pem => {
            return Err(Problem::field(
                "password_missing",
                "password",
                "No password was typed. Type one, or choose one of the other two.",
            ));
        }
        "given" => P12Password::Given(text("password")),
        "empty" => P12Password::Empty,
        _ => P12Password::Given(text("generated")),
    };
    Ok((form, password))
}
