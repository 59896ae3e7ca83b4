//! Taking a certificate away, with its private key or without.
//!
//! The record is committed before a byte leaves. It is written after the file was made, so that it tells of files that
//! left and not of passwords that did not fit.

use super::{Export, OwnersAct, P12Password, SigningKeyPlace};
use crate::{App, Caller, Problem, Shown, acting::in_time, apple_account::Download, problem::Kind};
use domain::{Action, CertificateId, Event, HeldCertificate, OrgId, Permit, activity::ExportForm};
use signing::{
    certificate::Certificate,
    chain::{Trust, chain},
    p12::{self, Form, Identity, PasswordAdvice},
    rsa_key::RsaKeyPair,
};
use std::sync::Arc;
use zeroize::Zeroizing;

/// Random bytes behind a generated password: about 23 characters.
const PASSWORD_ENTROPY: usize = 24;
/// Shortest password given by a person; it is all that guards the key in the file.
const P12_PASSWORD_CHARACTERS: usize = 4;

impl App {
    /// Takes it away: recorded and committed before a byte leaves.
    ///
    /// # Errors
    /// `private_key_not_held`; `password_unfit`; `lent_certificate`; `not_found`, `not_allowed`.
    pub async fn export_certificate(
        &self,
        caller: &Caller,
        org: OrgId,
        certificate: CertificateId,
        form: ExportForm,
        password: P12Password,
    ) -> Result<Export, Problem> {
        let action = match form {
            ExportForm::Cer => Action::SeeSigning,
            _ => Action::DownloadCertificate,
        };
        let permit = self.permit(caller, action, org).await?;
        let held = self.own_certificate(caller, &permit, certificate, OwnersAct::Download).await?;
        let export = match form {
            ExportForm::Cer => without_private_key(&held),
            form => self.with_signing_key(&permit, &held, form, password).await?,
        };
        let event = Event::CertificateDownloaded {
            certificate,
            name: held.name.clone(),
            form,
        };
        in_time(async {
            let mut tx = self.begin_for(caller, &permit).await?;
            self.record_done(&mut tx, caller, org, event).await?;
            Ok(tx.commit().await?)
        })
        .await?;
        Ok(export)
    }

    /// The password that is meant, and whether it was made here.
    pub(crate) fn p12_password(&self, password: P12Password) -> (Zeroizing<String>, bool) {
        match password {
            P12Password::Given(password) => (password, false),
            P12Password::Empty => (Zeroizing::new(String::new()), false),
            P12Password::Generated => {
                let mut random = Zeroizing::new([0; PASSWORD_ENTROPY]);
                self.inner.entropy.fill(random.as_mut_slice());
                (p12::generate_password(random.as_slice()), true)
            }
        }
    }

    /// The certificate with its private key, as a file. Whoever asks has a permit for that, and records it.
    pub(crate) async fn with_signing_key(
        &self,
        permit: &Permit,
        held: &HeldCertificate,
        form: ExportForm,
        password: P12Password,
    ) -> Result<Export, Problem> {
        let Some(secret) = held.private_key else {
            return Err(Problem::new(
                Kind::Conflict,
                "private_key_not_held",
                "Russet does not have the private key of this certificate. Download the certificate alone, or export both from the Keychain of the Mac it was made on.",
            ));
        };
        let (password, generated) = self.p12_password(password);
        let is_p12 = form != ExportForm::Pem;
        let mut warnings = Vec::new();
        if is_p12 {
            warnings.extend(about_password(&password)?);
        }
        let place = SigningKeyPlace::of(held.organization, secret);
        let mut tx = self.inner.store.read_for(permit).await?;
        let ring = tx.ring(permit).await?;
        let sealed = tx.secret(permit, &place.place()).await?;
        drop(tx);
        let inner = Arc::clone(&self.inner);
        let leaf = Certificate::from_der(&held.der).map_err(Problem::internal)?;
        let name = held.name.clone();
        let for_file = password.clone();
        // Off the async runtime: opening an RSA key and deriving the file's keys takes tens of milliseconds.
        let (bytes, about_chain) = tokio::task::spawn_blocking(move || {
            let way = chain(&leaf, &[], &inner.roots);
            let bytes = inner.vault.open(&ring, &place.place(), &sealed, |pkcs8| {
                let key = RsaKeyPair::from_pkcs8_der(pkcs8).map_err(Problem::internal)?;
                let identity = Identity {
                    key: &key,
                    certificate: &leaf,
                    chain: &way.intermediates,
                    friendly_name: &name,
                };
                write(&identity, form, &for_file)
            })??;
            Ok::<_, Problem>((bytes, about_chain(way.intermediates.is_empty(), way.trust)))
        })
        .await
        .map_err(|_| Problem::internal("the export could not be made"))??;
        warnings.extend(about_chain);
        if form == ExportForm::Pem {
            warnings.push("The private key in this file is not encrypted. Keep the file where only you can read it.".to_owned());
        }
        let (extension, media_type) = if is_p12 {
            ("p12", "application/x-pkcs12")
        } else {
            ("pem", "application/x-pem-file")
        };
        Ok(Export {
            download: Download {
                file_name: crate::apple_account::file_name(&held.name, extension),
                media_type,
                bytes,
            },
            generated_password: (generated && is_p12).then(|| Shown::new(password.to_string())),
            warnings,
        })
    }
}

fn write(identity: &Identity<'_>, form: ExportForm, password: &str) -> Result<Zeroizing<Vec<u8>>, Problem> {
    let form = match form {
        ExportForm::P12Compatible => Form::Compatible,
        ExportForm::P12Modern => Form::Modern,
        ExportForm::Pem | ExportForm::Cer => {
            return Ok(Zeroizing::new(p12::pem_bundle(identity).as_bytes().to_vec()));
        }
    };
    p12::write(identity, password, form).map_err(|error| match error {
        p12::P12Error::PasswordCharacters => Problem::field("password_unfit", "password", error.to_string()),
        error => Problem::internal(error),
    })
}

fn without_private_key(held: &HeldCertificate) -> Export {
    Export {
        download: Download {
            file_name: crate::apple_account::file_name(&held.name, "cer"),
            media_type: "application/pkix-cert",
            bytes: Zeroizing::new(held.der.clone()),
        },
        generated_password: None,
        warnings: Vec::new(),
    }
}

fn about_password(password: &str) -> Result<Option<String>, Problem> {
    match p12::advice(password) {
        PasswordAdvice::Empty => Ok(Some(
            "The password is empty: whoever has the file has the private key. Some versions of macOS refuse such files.".to_owned(),
        )),
        _ if password.chars().count() < P12_PASSWORD_CHARACTERS => Err(Problem::field(
            "password_unfit",
            "password",
            format!("The password has fewer than {P12_PASSWORD_CHARACTERS} characters. Choose a longer one, or let one be generated."),
        )),
        PasswordAdvice::NotAscii => Ok(Some(
            "The password has characters outside ASCII. OpenSSL and macOS open the file, Java does not.".to_owned(),
        )),
        PasswordAdvice::Fine => Ok(None),
    }
}

fn about_chain(alone: bool, trust: Trust) -> Option<String> {
    match (alone, trust) {
        (true, _) => Some(
            "The certificate of its issuer is not among the trusted ones of this server, so the file has no chain. Tools that need one find it on the Mac.".to_owned(),
        ),
        (false, Trust::Unverified) => Some("The chain does not lead to a root that this server trusts: unverified.".to_owned()),
        (false, Trust::Verified) => None,
    }
}
