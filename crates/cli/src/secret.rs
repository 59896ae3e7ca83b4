//! Reading secrets: from a file, from standard input, or from a prompt; from a flag only with a warning.

use crate::{Exit, Failure, output::Printer};
use base64::{Engine, engine::general_purpose::STANDARD};
use clap::Args;
use std::{
    io::{IsTerminal, Read},
    path::{Path, PathBuf},
};

/// Largest file that is read as a key, in bytes. A key has 300; the server says what a larger file is.
const KEY_FILE_BYTES: u64 = 900_000;

/// Largest file that is read as a certificate or a bundle of some, in bytes: what fits a request as base64.
const SIGNING_FILE_BYTES: u64 = 700_000;

/// Where a password comes from.
#[derive(Debug, Clone, Args)]
pub struct PasswordSource {
    /// File whose first line is the password
    #[arg(long, value_name = "FILE", group = "password_source")]
    password_file: Option<PathBuf>,
    /// Read the password from standard input
    #[arg(long, group = "password_source")]
    password_stdin: bool,
    /// The password itself; other users of this machine can see it while the command runs
    #[arg(long, value_name = "PASSWORD", group = "password_source")]
    password: Option<String>,
}

impl PasswordSource {
    /// The password, if one was given in any way.
    pub(crate) fn read(&self, printer: &Printer) -> Result<Option<String>, Failure> {
        if let Some(path) = &self.password_file {
            return not_empty(line_of_file("the password", path)?).map(Some);
        }
        if self.password_stdin {
            return not_empty(line_of_standard_input("the password")?).map(Some);
        }
        if let Some(password) = &self.password {
            printer.hint("russet: a password in the command's words can be seen by other users of this machine; --password-file and --password-stdin cannot.");
            return Ok(Some(password.clone()));
        }
        Ok(None)
    }

    /// The password, asked for on a terminal when it was not given.
    pub(crate) fn read_or_ask(&self, printer: &Printer, prompt: &str) -> Result<String, Failure> {
        if let Some(password) = self.read(printer)? {
            return Ok(password);
        }
        on_a_terminal("A password is needed", "Give --password-stdin or --password-file.")?;
        typed(dialoguer::Password::new().with_prompt(prompt))
    }

    /// A password for a new account, asked for twice on a terminal when it was not given.
    pub(crate) fn read_or_choose(&self, printer: &Printer) -> Result<String, Failure> {
        if let Some(password) = self.read(printer)? {
            return Ok(password);
        }
        on_a_terminal("A password is needed", "Give --password-file or --password-stdin.")?;
        let prompt = dialoguer::Password::new().with_prompt("Choose a password");
        typed(prompt.with_confirmation("Once more", "The two differ."))
    }

    /// Whether one was given in any way.
    pub(crate) fn is_given(&self) -> bool {
        self.password_file.is_some() || self.password_stdin || self.password.is_some()
    }
}

/// Asks for a secret on a terminal; `otherwise` says how to give it where there is none.
pub(crate) fn ask(prompt: &str, otherwise: &str) -> Result<String, Failure> {
    on_a_terminal(&format!("{prompt} is needed"), otherwise)?;
    typed(dialoguer::Password::new().with_prompt(prompt))
}

fn on_a_terminal(what: &str, otherwise: &str) -> Result<(), Failure> {
    if std::io::stdin().is_terminal() {
        return Ok(());
    }
    Err(Failure::new(
        Exit::Usage,
        format!("{what}, and there is no terminal to ask on. {otherwise}"),
    ))
}

fn typed(prompt: dialoguer::Password<'_>) -> Result<String, Failure> {
    prompt.interact().map_err(|cause| Failure::new(Exit::Usage, cause.to_string()))
}

/// The first line of a file that holds a secret.
pub(crate) fn line_of_file(what: &str, path: &Path) -> Result<String, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|cause| Failure::new(Exit::Usage, format!("Cannot read {what} from {}: {cause}.", path.display())))?;
    Ok(first_line(&text))
}

/// The first line of standard input.
pub(crate) fn line_of_standard_input(what: &str) -> Result<String, Failure> {
    let mut text = String::new();
    std::io::stdin()
        .take(4096)
        .read_to_string(&mut text)
        .map_err(|_| Failure::new(Exit::Usage, format!("What standard input gives for {what} is not text.")))?;
    Ok(first_line(&text))
}

/// An empty file is a mistake more often than a wish.
fn not_empty(password: String) -> Result<String, Failure> {
    if password.is_empty() {
        return Err(Failure::new(
            Exit::Usage,
            "The password is empty: its first line has nothing in it. To go without one on purpose, give --password \"\".",
        ));
    }
    Ok(password)
}

fn first_line(text: &str) -> String {
    let line = text.split('\n').next().unwrap_or_default();
    line.strip_suffix('\r').unwrap_or(line).to_owned()
}

/// The text of a key file, or of standard input for `-`. What is no text goes as base64, for the server to say what it is.
pub(crate) fn key_file(path: &Path) -> Result<String, Failure> {
    let too_large = || {
        format!(
            "{} is larger than {} KB; a key file has less than 1 KB. Give the file AuthKey_….p8 that App Store Connect gave you once.",
            path.display(),
            KEY_FILE_BYTES / 1000
        )
    };
    text_or_base64(path, KEY_FILE_BYTES, too_large)
}

/// A file of code signing, such as “a certificate”, in the same way.
pub(crate) fn signing_file(path: &Path, what: &str) -> Result<String, Failure> {
    let too_large = || {
        format!(
            "{} is larger than {} KB, and {what} has less than 50 KB. Give another file.",
            path.display(),
            SIGNING_FILE_BYTES / 1000
        )
    };
    text_or_base64(path, SIGNING_FILE_BYTES, too_large).map(as_it_travels)
}

/// PEM and base64 as they are. Any other text is told by the server as what it is, and not as a mistake in how it was sent.
fn as_it_travels(text: String) -> String {
    let digits: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    if text.contains("-----BEGIN ") || STANDARD.decode(digits).is_ok() {
        text
    } else {
        STANDARD.encode(text)
    }
}

fn text_or_base64(path: &Path, most: u64, too_large: impl Fn() -> String) -> Result<String, Failure> {
    let cannot = |cause: std::io::Error| Failure::new(Exit::Usage, format!("Cannot read {}: {cause}.", path.display()));
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        std::io::stdin().take(most + 1).read_to_end(&mut bytes).map_err(cannot)?;
    } else {
        std::fs::File::open(path)
            .and_then(|file| file.take(most + 1).read_to_end(&mut bytes))
            .map_err(cannot)?;
    }
    if bytes.len() as u64 > most {
        return Err(Failure::new(Exit::Usage, too_large()));
    }
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(Failure::new(
            Exit::Usage,
            format!("{} is empty. Give the file that was meant.", path.display()),
        ));
    }
    Ok(String::from_utf8(bytes).unwrap_or_else(|not_text| STANDARD.encode(not_text.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_no_certificate_travels_like_any_bytes() {
        let other = "this is no certificate".to_owned();
        assert_eq!(as_it_travels(other.clone()), STANDARD.encode(other));
        for sent in ["AAAA\nAAAA\n", "-----BEGIN CERTIFICATE-----\nAAAA"] {
            assert_eq!(as_it_travels(sent.to_owned()), sent);
        }
    }

    #[test]
    fn a_password_is_one_line_and_keeps_its_blanks() {
        assert_eq!(first_line(" p a s s \r\nmore"), " p a s s ");
        assert_eq!(first_line(""), "");
    }
}
