//! Passwords: Argon2id, off the async runtime, a few at a time.
//!
//! Hashing costs about 20 MB and tens of milliseconds on purpose. So it runs on blocking threads, and at most
//! [`AT_ONCE`] run together: a flood of sign-ins then waits instead of eating the memory.
//!
//! The surprising thing: an unknown e-mail address is answered after verifying the password against [`Passwords::nobody`],
//! a hash made at start with the same costs, so that the time does not tell who has an account.

use crate::Problem;
use argon2::{
    Argon2, PasswordVerifier as _,
    password_hash::{PasswordHasher as _, phc::PasswordHash as Phc},
};
use domain::{
    Entropy,
    account::{PASSWORD_BYTES, PASSWORD_CHARACTERS},
};
use std::sync::Arc;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

/// How many hashes are computed at once.
const AT_ONCE: usize = 4;

/// Makes and verifies password hashes.
pub(crate) struct Passwords {
    turns: Arc<Semaphore>,
    nobody: String,
}

impl Passwords {
    /// Prepares the hash that stands in for unknown accounts. Blocks for one hash.
    pub(crate) fn new(entropy: &dyn Entropy) -> Result<Self, Problem> {
        let mut guess = Zeroizing::new([0; 32]);
        entropy.fill(guess.as_mut_slice());
        Ok(Self {
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            nobody: hash_now(guess.as_slice(), salt(entropy))?,
        })
    }

    /// The hash to store for a new password, in PHC form.
    pub(crate) async fn hash(&self, password: &str, entropy: &dyn Entropy) -> Result<String, Problem> {
        let password = Zeroizing::new(password.to_owned());
        let salt = salt(entropy);
        self.blocking(move || hash_now(password.as_bytes(), salt)).await?
    }

    /// Whether the password is the one behind `hash`; without a hash it takes as long, and is never.
    pub(crate) async fn verify(&self, password: &str, hash: Option<&str>) -> Result<bool, Problem> {
        let known = hash.is_some();
        let hash = hash.unwrap_or(&self.nobody).to_owned();
        let password = Zeroizing::new(password.to_owned());
        let fits = self
            .blocking(move || Phc::new(&hash).is_ok_and(|phc| Argon2::default().verify_password(password.as_bytes(), &phc).is_ok()))
            .await?;
        Ok(fits && known)
    }

    async fn blocking<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
        let turn = self.turns.clone().acquire_owned().await.map_err(Problem::internal)?;
        tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work()
        })
        .await
        .map_err(|_| Problem::internal("the password could not be hashed"))
    }
}

fn salt(entropy: &dyn Entropy) -> [u8; 16] {
    let mut salt = [0; 16];
    entropy.fill(&mut salt);
    salt
}

fn hash_now(password: &[u8], salt: [u8; 16]) -> Result<String, Problem> {
    Argon2::default()
        .hash_password_with_salt(password, &salt)
        .map(|phc| phc.to_string())
        .map_err(|_| Problem::internal("the password could not be hashed"))
}

/// Holds a new password against the limits. The refusal names lengths, never the password.
pub(crate) fn check_new(password: &str, email: &str) -> Result<(), Problem> {
    let found = password.chars().count();
    let refuse = |message: String| Err(Problem::field("password_unfit", "password", message));
    if found < PASSWORD_CHARACTERS {
        return refuse(format!(
            "The password has {found} characters. Choose one of at least {PASSWORD_CHARACTERS}; a few words in a row are good."
        ));
    }
    if password.len() > PASSWORD_BYTES {
        return refuse(format!("The password is longer than {PASSWORD_BYTES} bytes. Choose a shorter one."));
    }
    if password.to_lowercase() == email {
        return refuse("The password is the e-mail address. Choose another one.".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed;
    impl Entropy for Fixed {
        fn fill(&self, out: &mut [u8]) {
            out.fill(9);
        }
    }

    #[tokio::test]
    async fn a_password_fits_its_own_hash_and_no_other() {
        let passwords = Passwords::new(&Fixed).unwrap();
        let hash = passwords.hash("correct horse battery", &Fixed).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(passwords.verify("correct horse battery", Some(&hash)).await.unwrap());
        assert!(!passwords.verify("correct horse Battery", Some(&hash)).await.unwrap());
        assert!(!passwords.verify("correct horse battery", None).await.unwrap());
        assert!(!passwords.verify("anything", Some("not a hash")).await.unwrap());
    }

    #[test]
    fn a_new_password_is_held_against_the_limits() {
        assert!(check_new("twelve chars", "a@b").is_ok());
        let short = check_new("short", "a@b").unwrap_err();
        assert_eq!((short.code, short.fields[0].field), ("password_unfit", "password"));
        assert!(!short.message.contains("short\""));
        assert!(check_new(&"é".repeat(600), "a@b").is_err());
        assert!(check_new("Somebody@example.com", "somebody@example.com").is_err());
    }
}
