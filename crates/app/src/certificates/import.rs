//! Taking certificates in from a file: a `.p12` with whatever is in it, a `.cer`, or PEM with or without its private key.
//!
//! Everything in a file that can be of use is taken, in one transaction; what is not taken is told with the reason. Which
//! private key belongs to which certificate, the public keys say, never the file's own labels.
//!
//! It must not take authorities in: those that stand above a certificate are found when it is downloaded.
//!
//! The surprising thing: a private key without a certificate is not useless. It joins a certificate here that lacked it.

use super::{Incoming, TakenIn, take_in::Taken};
use crate::{App, Caller, Problem};
use domain::{Action, HeldCertificate, OrgId, Permit};
use signing::{
    certificate::{Certificate, CertificateKind},
    p12::{self, Bundle, LoneKey, P12Error, ReadIdentity},
    private_key::{self, KeyFileError},
    rsa_key::RsaKeyPair,
};
use store::Tx;
use zeroize::Zeroizing;

/// The most certificates that are read out of one PEM file: a bundle has its own and two above it.
const PEM_CERTIFICATES: usize = 100;

/// What came of a file, or of a list at Apple.
#[derive(Debug, Clone, Default)]
pub struct Imported {
    /// The certificates that are held now because of it, or were held already.
    pub taken: Vec<TakenIn>,
    /// What was in it and was not taken.
    pub left_out: Vec<LeftOut>,
    /// What to know about the whole.
    pub warnings: Vec<String>,
}

/// Something that was not taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// What it is called.
    pub name: String,
    /// Why not.
    pub why: String,
}

/// What a file held, whatever its form.
#[derive(Default)]
struct Contents {
    /// Private keys with the certificates made for them.
    identities: Vec<(RsaKeyPair, Vec<Certificate>)>,
    /// Private keys alone, with a name.
    keys: Vec<(RsaKeyPair, String)>,
    /// Certificates alone.
    certificates: Vec<Certificate>,
    left_out: Vec<LeftOut>,
    warnings: Vec<String>,
}

impl App {
    /// Takes in what is in a file: `.p12`, `.cer` or PEM. The password is looked at only where something is under one.
    ///
    /// # Errors
    /// `file_unfit` with what was found; `password_wrong`; `nothing_to_take` with the reasons; `not_found`, `not_allowed`.
    pub async fn import_certificates(
        &self,
        caller: &Caller,
        org: OrgId,
        file: Zeroizing<Vec<u8>>,
        password: Zeroizing<String>,
    ) -> Result<Imported, Problem> {
        let permit = self.permit(caller, Action::ImportCertificate, org).await?;
        // Off the async runtime: a bundle may ask for two million rounds of hashing.
        let contents = tokio::task::spawn_blocking(move || read(&file, &password))
            .await
            .map_err(|_| Problem::internal("the file could not be read"))??;
        let mut tx = self.begin_for(caller, &permit).await?;
        let imported = self.take_all(&mut tx, caller, &permit, contents).await?;
        if imported.taken.is_empty() {
            return Err(nothing_to_take(&imported.left_out));
        }
        tx.commit().await?;
        Ok(imported)
    }

    async fn take_all(&self, tx: &mut Tx, caller: &Caller, permit: &Permit, contents: Contents) -> Result<Imported, Problem> {
        let mut imported = Imported {
            taken: Vec::new(),
            left_out: contents.left_out,
            warnings: contents.warnings,
        };
        for (key, certificates) in &contents.identities {
            for parsed in certificates {
                let incoming = Incoming::uploaded(parsed, Some(key));
                imported.taken.push(self.take_in(tx, caller, permit, incoming).await?);
            }
        }
        for (key, name) in contents.keys {
            let joined = self.join_lone_key(tx, caller, permit, &key).await?;
            if joined.is_empty() {
                let why = "It is a private key without a certificate, and no certificate here was made for it. Upload the certificate first, or both in one .p12.";
                imported.left_out.push(LeftOut { name, why: why.to_owned() });
            }
            imported.taken.extend(joined);
        }
        let alone = contents.certificates.len() == 1 && imported.taken.is_empty() && imported.left_out.is_empty();
        for parsed in &contents.certificates {
            match reason_against(parsed) {
                Some(why) => imported.left_out.push(LeftOut { name: named(parsed), why }),
                None if alone || self.key_is_here(tx, permit, parsed).await? => {
                    let incoming = Incoming::uploaded(parsed, None);
                    imported.taken.push(self.take_in(tx, caller, permit, incoming).await?);
                }
                None => imported.left_out.push(LeftOut {
                    name: named(parsed),
                    why: "Its private key is neither in the file nor here. To keep it without one, upload it alone, as .cer.".to_owned(),
                }),
            }
        }
        Ok(imported)
    }

    async fn key_is_here(&self, tx: &mut Tx, permit: &Permit, parsed: &Certificate) -> Result<bool, Problem> {
        let found = tx.lock_private_key(permit, &parsed.info().public_key_fingerprint).await?;
        Ok(found.is_some())
    }

    /// Gives a private key to the certificates here that were made for it; answers all that have it then, none where there
    /// is none for it.
    async fn join_lone_key(&self, tx: &mut Tx, caller: &Caller, permit: &Permit, key: &RsaKeyPair) -> Result<Vec<TakenIn>, Problem> {
        let fingerprint = key.public_key_fingerprint();
        let known = tx.certificates_known_by(permit, std::slice::from_ref(&fingerprint)).await?;
        if known.is_empty() {
            return Ok(Vec::new());
        }
        let secret = match tx.lock_private_key(permit, &fingerprint).await? {
            Some(secret) => secret,
            None => self.seal_signing_key(tx, permit, key).await?,
        };
        let joined = self.join_signing_key(tx, caller, permit, &fingerprint, secret).await?;
        let now = self.now();
        let whole = tx.certificates_of_private_key(permit, secret).await?;
        let taken = |certificate: HeldCertificate| {
            let how = if joined.contains(&certificate.id) {
                Taken::Joined
            } else {
                Taken::Held
            };
            TakenIn::new(certificate, how, now)
        };
        Ok(whole.into_iter().map(taken).collect())
    }
}

fn read(file: &[u8], password: &str) -> Result<Contents, Problem> {
    if file.is_empty() {
        return Err(Problem::field(
            "file_unfit",
            "certificate",
            "There is no file, or it is empty. Choose a .p12, a .cer or a .pem.",
        ));
    }
    const BEGIN: &[u8] = b"-----BEGIN ";
    if file.windows(BEGIN.len()).any(|window| window == BEGIN) {
        return read_pem(file, password);
    }
    if let Ok(certificate) = Certificate::from_der(file) {
        return Ok(Contents {
            certificates: vec![certificate],
            ..Contents::default()
        });
    }
    match p12::open(file, password) {
        Ok(bundle) => Ok(of_bundle(bundle)),
        Err(P12Error::WrongPassword) => Err(Problem::field(
            "password_wrong",
            "password",
            match password {
                "" => "The .p12 is under a password. Enter the one that was set when it was exported.".to_owned(),
                _ => P12Error::WrongPassword.to_string(),
            },
        )),
        Err(P12Error::NotAP12) => Err(Problem::field(
            "file_unfit",
            "certificate",
            "This is no certificate and no .p12, or it is damaged. Choose a .p12, a .cer or a .pem.",
        )),
        Err(error) => Err(Problem::field("file_unfit", "certificate", error.to_string())),
    }
}

fn of_bundle(bundle: Bundle) -> Contents {
    let mut contents = Contents::default();
    for ReadIdentity {
        key, certificate, others, ..
    } in bundle.identities
    {
        contents
            .identities
            .push((key, std::iter::once(certificate).chain(others).collect()));
    }
    for LoneKey { key, friendly_name } in bundle.lone_keys {
        let name = friendly_name.map_or_else(|| "A private key".to_owned(), |name| plain(&name));
        contents.keys.push((key, name));
    }
    contents.certificates = bundle.certificates;
    if bundle.other_keys > 0 {
        contents.left_out.push(LeftOut {
            name: match bundle.other_keys {
                1 => "A private key".to_owned(),
                several => format!("{several} private keys"),
            },
            why: "Apple's signing certificates have RSA keys of 2048 bits or more, and this is none.".to_owned(),
        });
    }
    if !bundle.has_mac {
        contents.warnings.push(
            "The .p12 carries no checksum over the whole of it, so nobody vouches that nothing was swapped or added. That keys and certificates belong together was checked."
                .to_owned(),
        );
    }
    contents
}

/// Certificates of a PEM file, and the private key if one stands beside them.
fn read_pem(file: &[u8], password: &str) -> Result<Contents, Problem> {
    let unfit = |message: String| Problem::field("file_unfit", "certificate", message);
    let mut certificates = Vec::new();
    for block in pem_certificates(file) {
        let parsed = Certificate::read(block.as_bytes()).map_err(|error| unfit(error.to_string()))?;
        if !certificates.contains(&parsed) {
            certificates.push(parsed);
        }
        if certificates.len() > PEM_CERTIFICATES {
            return Err(unfit(format!(
                "The file holds more than {PEM_CERTIFICATES} certificates. Upload those that are meant, a few at a time."
            )));
        }
    }
    let given = Some(password).filter(|password| !password.is_empty());
    let key = match private_key::read(file, given) {
        Ok(key) => Some(key),
        Err(KeyFileError::NotAPrivateKey) if !certificates.is_empty() => None,
        Err(error @ (KeyFileError::Encrypted | KeyFileError::WrongPassword)) => {
            return Err(Problem::field("password_wrong", "password", error.to_string()));
        }
        Err(KeyFileError::NotAPrivateKey) => {
            return Err(unfit(
                "This PEM file holds no certificate and no private key. Choose a .p12, a .cer or a .pem.".to_owned(),
            ));
        }
        Err(error) => return Err(unfit(error.to_string())),
    };
    let mut contents = Contents::default();
    if let Some(key) = key {
        let fingerprint = key.public_key_fingerprint();
        let own: Vec<_> = certificates
            .extract_if(.., |parsed| parsed.info().public_key_fingerprint == fingerprint)
            .collect();
        match own.is_empty() {
            true => contents.keys.push((key, "A private key".to_owned())),
            false => contents.identities.push((key, own)),
        }
    }
    contents.certificates = certificates;
    Ok(contents)
}

/// The certificate blocks of a text, each with its lines of BEGIN and END.
fn pem_certificates(file: &[u8]) -> Vec<String> {
    const END: &str = "-----END CERTIFICATE-----";
    let text = String::from_utf8_lossy(file);
    let begun = text.split("-----BEGIN CERTIFICATE-----").skip(1);
    begun
        .filter_map(|rest| Some(format!("-----BEGIN CERTIFICATE-----{}{END}\n", rest.split_once(END)?.0)))
        .collect()
}

/// Why a certificate without a private key is not taken, if so.
fn reason_against(parsed: &Certificate) -> Option<String> {
    let info = parsed.info();
    let is_authority = info.is_ca
        || matches!(
            info.kind,
            CertificateKind::WwdrIntermediate | CertificateKind::DeveloperIdIntermediate
        );
    is_authority.then(|| "It is the certificate of an authority. Russet finds those by itself when a certificate is downloaded.".to_owned())
}

fn named(parsed: &Certificate) -> String {
    let info = parsed.info();
    info.common_name
        .as_deref()
        .map_or_else(|| format!("serial {}", info.serial_hex), plain)
}

/// A name out of a file that anybody may have written: no controls, and short.
fn plain(name: &str) -> String {
    name.chars()
        .filter(|c| !c.is_control())
        .take(domain::name::NAME_CHARACTERS)
        .collect()
}

fn nothing_to_take(left_out: &[LeftOut]) -> Problem {
    let told: Vec<_> = left_out.iter().take(5).map(|one| format!("{}: {}", one.name, one.why)).collect();
    let more = left_out.len().saturating_sub(told.len());
    let more = if more > 0 { format!(" And {more} more.") } else { String::new() };
    let message = match told.is_empty() {
        true => "There is nothing in the file that could be taken in. Choose a .p12, a .cer or a .pem with a certificate in it.".to_owned(),
        false => format!("Nothing in the file could be taken in. {}{more}", told.join(" ")),
    };
    Problem::field("nothing_to_take", "certificate", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(file: &[u8]) -> &'static str {
        read(file, "").err().expect("it is refused").code
    }

    #[test]
    fn what_is_none_of_the_forms_is_refused_with_what_it_is_not() {
        assert_eq!(code(b""), "file_unfit");
        assert_eq!(code(b"hello"), "file_unfit");
        assert_eq!(
            code(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
            "file_unfit"
        );
        assert_eq!(
            code(b"-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n"),
            "file_unfit"
        );
        assert_eq!(code(&[0x30, 0x03, 0x02, 0x01, 0x03]), "file_unfit");
    }

    #[test]
    fn certificates_are_cut_out_of_what_stands_around_them() {
        let text = "Bag Attributes\n-----BEGIN CERTIFICATE-----\nQQ==\n-----END CERTIFICATE-----\nsubject=x\n-----BEGIN CERTIFICATE-----\nQg==\n-----END CERTIFICATE-----\n-----BEGIN CERTIFICATE-----\nunended";
        let blocks = pem_certificates(text.as_bytes());
        assert_eq!(blocks.len(), 2);
        assert_eq!(blocks[1], "-----BEGIN CERTIFICATE-----\nQg==\n-----END CERTIFICATE-----\n");
    }
}
