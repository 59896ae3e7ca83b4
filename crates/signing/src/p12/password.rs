//! Passwords of `.p12` files: which ones work everywhere, and making one.

const ALPHANUMERIC: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// What a person should be told about a password before a `.p12` is made with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordAdvice {
    /// Works with every reader known.
    Fine,
    /// Empty: protects nothing, and macOS 15.1 refused it from some exporters (facts L).
    Empty,
    /// Characters outside ASCII: OpenSSL and macOS take them, Java refuses them (facts L).
    NotAscii,
}

/// What to tell about `password`.
pub fn advice(password: &str) -> PasswordAdvice {
    if password.is_empty() {
        PasswordAdvice::Empty
    } else if password.is_ascii() {
        PasswordAdvice::Fine
    } else {
        PasswordAdvice::NotAscii
    }
}

/// An alphanumeric password out of random bytes: it survives every shell, form and keychain dialog.
///
/// Bytes of 248 and above are skipped, so that every character is equally likely; 24 random bytes give about 23
/// characters (137 bits). The result has as many characters as usable bytes.
pub fn generate_password(entropy: &[u8]) -> zeroize::Zeroizing<String> {
    let usable = entropy.iter().filter(|byte| **byte < 248);
    let characters = usable.map(|byte| char::from(ALPHANUMERIC[usize::from(*byte % 62)]));
    let mut password = zeroize::Zeroizing::new(String::with_capacity(entropy.len()));
    password.extend(characters);
    password
}
