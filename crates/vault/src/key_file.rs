//! The root key's key in a file beside the data: the default source.
//!
//! It protects a copy of the database that travels without it (a backup, a stolen dump, a disk
//! image of the database host). It does not protect against somebody who reads the whole data
//! directory. The file says so itself, in its first lines.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use zeroize::Zeroizing;

use crate::envelope::fill_random;
use crate::{RootKeySource, SourceParameters, UnsealError, UnsealKey};

const PREFIX: &str = "russet-root-key-1:";
/// A key file has about 700 bytes; whatever is longer is something else.
const LIMIT: u64 = 4096;

const NOTE: &str = "\
# Russet root key. KEEP A COPY OF THIS FILE IN A SAFE PLACE, APART FROM THE DATABASE BACKUPS.
#
# It opens every secret in the database that it was made with: Apple API keys and signing keys.
# Lost: those secrets are lost, nobody can restore them. Stolen together with the database: they
# are stolen.
#
# It protects a copy of the database that is taken without this file, such as a backup or a dump.
# It does not protect against somebody who can read this whole directory; for that, start the
# server with a passphrase or a key service instead.
";

/// A file with mode 0600 that belongs to the account the server runs as.
#[derive(Debug, Clone)]
pub struct KeyFile {
    path: PathBuf,
}

impl KeyFile {
    /// The key file at this path; it need not exist yet.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Where the file is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn read(&self) -> Result<UnsealKey, UnsealError> {
        let file = match File::open(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(UnsealError::KeyFileMissing { path: self.path.clone() });
            }
            other => other.map_err(|e| self.io("read", e))?,
        };
        // Asked of the open file, so that it cannot be exchanged in between.
        let about = file.metadata().map_err(|e| self.io("read", e))?;
        self.check(about.mode() & 0o7777, about.uid(), rustix::process::geteuid().as_raw())?;
        if !about.is_file() || about.len() > LIMIT {
            return Err(self.malformed("it is too large, or no file"));
        }
        let mut text = Zeroizing::new(String::with_capacity(LIMIT as usize));
        file.take(LIMIT)
            .read_to_string(&mut text)
            .map_err(|_| self.malformed("it is not text"))?;
        self.parse(&text)
    }

    fn check(&self, mode: u32, owner: u32, expected: u32) -> Result<(), UnsealError> {
        if owner != expected {
            return Err(UnsealError::KeyFileOwner {
                path: self.path.clone(),
                owner,
                expected,
            });
        }
        if mode & 0o077 != 0 {
            return Err(UnsealError::KeyFileMode {
                path: self.path.clone(),
                mode,
            });
        }
        Ok(())
    }

    fn parse(&self, text: &str) -> Result<UnsealKey, UnsealError> {
        let mut lines = text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#'));
        let encoded = lines
            .next()
            .and_then(|line| line.strip_prefix(PREFIX))
            .ok_or_else(|| self.malformed("no line begins with russet-root-key-1"))?;
        if lines.next().is_some() {
            return Err(self.malformed("there is more than one key in it"));
        }
        let mut bytes = Zeroizing::new([0; 32]);
        let written = BASE64.decode_slice(encoded, bytes.as_mut_slice());
        if !matches!(written, Ok(32)) {
            return Err(self.malformed("its key is cut off or changed"));
        }
        Ok(UnsealKey::new(bytes))
    }

    /// Writes a fresh key beside its final name and moves it there, so that a crash leaves either
    /// a whole key file or none.
    fn write_new(&self) -> Result<(), UnsealError> {
        let mut bytes = Zeroizing::new([0; 32]);
        fill_random(bytes.as_mut_slice()).map_err(|_| UnsealError::NoRandomness)?;
        let encoded = Zeroizing::new(BASE64.encode(bytes.as_slice()));
        let directory = match self.path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let draft = self.path.with_extension(format!("{}.draft", std::process::id()));
        let write = || {
            fs::create_dir_all(directory)?;
            if draft.exists() {
                fs::remove_file(&draft)?;
            }
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
            file.write_all(NOTE.as_bytes())?;
            file.write_all(PREFIX.as_bytes())?;
            file.write_all(encoded.as_bytes())?;
            file.write_all(b"\n")?;
            file.sync_all()?;
            // A link refuses to replace a file that another first start has just made.
            fs::hard_link(&draft, &self.path)?;
            fs::remove_file(&draft)?;
            File::open(directory)?.sync_all()
        };
        match write() {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            other => other.map_err(|e| self.io("written", e)),
        }
    }

    fn io(&self, action: &'static str, source: std::io::Error) -> UnsealError {
        UnsealError::KeyFileIo {
            path: self.path.clone(),
            action,
            source,
        }
    }

    fn malformed(&self, found: &'static str) -> UnsealError {
        UnsealError::KeyFileMalformed {
            path: self.path.clone(),
            found,
        }
    }
}

impl RootKeySource for KeyFile {
    fn name(&self) -> &'static str {
        "key file"
    }

    fn create(&self) -> Result<(UnsealKey, SourceParameters), UnsealError> {
        if !self.path.exists() {
            self.write_new()?;
        }
        Ok((self.read()?, SourceParameters::default()))
    }

    fn fetch(&self, _parameters: &SourceParameters) -> Result<UnsealKey, UnsealError> {
        self.read()
    }

    fn wrong_key(&self) -> UnsealError {
        UnsealError::WrongKey { path: self.path.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_another_account_is_refused_before_its_mode_is_looked_at() {
        let refusal = KeyFile::new("k").check(0o644, 1000, 0).expect_err("another account");
        assert!(
            matches!(
                refusal,
                UnsealError::KeyFileOwner {
                    owner: 1000,
                    expected: 0,
                    ..
                }
            ),
            "{refusal}"
        );
        assert!(refusal.to_string().contains("chown 0 k"));
    }

    #[test]
    fn only_the_owner_may_have_any_right() {
        for mode in [0o640, 0o604, 0o610, 0o666, 0o602] {
            assert!(KeyFile::new("k").check(mode, 7, 7).is_err(), "{mode:o}");
        }
        for mode in [0o600, 0o400] {
            assert!(KeyFile::new("k").check(mode, 7, 7).is_ok(), "{mode:o}");
        }
    }
}
