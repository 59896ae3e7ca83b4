//! Taking a certificate away, with its private key or without.
//!
//! The record is committed before a byte leaves. It is written after the file was made, so that it tells of files that
//! left and not of passwords that did not fit. Where the certificate is lent (in a signing set's files, see
//! [`crate::signing_sets`]), the sealed key is read in the transaction that looks at the share and writes the record, and
//! opened after that.

use super::{Export, P12Password, SigningKeyPlace};
use crate::{App, Caller, Problem, Shown, acting::in_time, apple_account::Download, lending::OwnersAct, problem::Kind};
use domain::{Action, CertificateId, Event, HeldCertificate, OrgId, Shareable, UsePermit, activity::ExportForm, share::own};
use signing::{
    certificate::Certificate,
    chain::{Trust, chain},
    p12::{self, Form, Identity, PasswordAdvice},
    rsa_key::RsaKeyPair,
};
use std::sync::Arc;
use store::Tx;
use vault::{Sealed, WrappedRing};
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
        let (password, generated) = self.p12_password(password);
        about_password(form, &password)?;
        let event = Event::CertificateDownloaded {
            certificate,
            name: held.name.clone(),
            form,
            set: None,
        };
        let mut sealed = None;
        in_time(async {
            let mut tx = self.begin_for(caller, &permit).await?;
            if form != ExportForm::Cer {
                let item = own(&permit, Shareable::Certificate(certificate));
                sealed = Some(sealed_signing_key(&mut tx, &item, &held).await?);
            }
            self.record_done(&mut tx, caller, org, event).await?;
            Ok(tx.commit().await?)
        })
        .await?;
        // Opened only now that it is written down.
        let Some(sealed) = sealed else {
            return Ok(without_private_key(&held));
        };
        let mut export = self.signing_key_file(held, sealed, form, &password).await?;
        export.generated_password = (generated && form != ExportForm::Pem).then(|| Shown::new(password.to_string()));
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
    pub(crate) async fn signing_key_file(
        &self,
        held: HeldCertificate,
        sealed: SealedSigningKey,
        form: ExportForm,
        password: &Zeroizing<String>,
    ) -> Result<Export, Problem> {
        let is_p12 = form != ExportForm::Pem;
        let mut warnings = about_password(form, password)?;
        let inner = Arc::clone(&self.inner);
        let leaf = Certificate::from_der(&held.der).map_err(Problem::internal)?;
        let name = held.name.clone();
        let for_file = password.clone();
        // Off the async runtime: opening an RSA key and deriving the file's keys takes tens of milliseconds.
        let (bytes, about_chain) = tokio::task::spawn_blocking(move || {
            let way = chain(&leaf, &[], &inner.roots);
            let SealedSigningKey { place, ring, sealed } = &sealed;
            let bytes = inner.vault.open(ring, &place.place(), sealed, |pkcs8| {
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
        if !is_p12 {
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
            generated_password: None,
            warnings,
        })
    }
}

/// The sealed private key of a certificate, with all that it takes to open it.
pub(crate) struct SealedSigningKey {
    place: SigningKeyPlace,
    ring: WrappedRing,
    sealed: Sealed,
}

/// Reads the sealed private key of a certificate that may be used, one's own or a lent one: a lent one in the transaction
/// that has found the share and writes the use down.
pub(crate) async fn sealed_signing_key(tx: &mut Tx, permit: &UsePermit, held: &HeldCertificate) -> Result<SealedSigningKey, Problem> {
    let Some(secret) = held.private_key else {
        return Err(Problem::new(
            Kind::Conflict,
            "private_key_not_held",
            "Russet does not have the private key of this certificate. Download the certificate alone, or export both from the Keychain of the Mac it was made on.",
        ));
    };
    let place = SigningKeyPlace::of(held.organization, secret);
    Ok(SealedSigningKey {
        ring: tx.ring_of_item(permit).await?,
        sealed: tx.secret_of_certificate(permit, &place.place()).await?,
        place,
    })
}

fn write(identity: &Identity<'_>, form: ExportForm, password: &str) -> Result<Zeroizing<Vec<u8>>, Problem> {
    let form = match form {
        ExportForm::P12Compatible => Form::Compatible,
        ExportForm::P12Modern => Form::Modern,
        ExportForm::Pem | ExportForm::Cer => {
            return Ok(Zeroizing::new(p12::pem_bundle(identity).as_bytes().to_vec()));
        }
    };
    p12::write(identity, password, form).map_err(unfit_password)
}

fn unfit_password(error: p12::P12Error) -> Problem {
    match error {
        p12::P12Error::PasswordCharacters => Problem::field("password_unfit", "password", error.to_string()),
        error => Problem::internal(error),
    }
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

/// Refuses a password that no file of this form can be under, and tells what to know about one that can.
pub(crate) fn about_password(form: ExportForm, password: &str) -> Result<Vec<String>, Problem> {
    if matches!(form, ExportForm::Pem | ExportForm::Cer) {
        return Ok(Vec::new());
    }
    p12::check_password(password).map_err(unfit_password)?;
    let warning = match p12::advice(password) {
        PasswordAdvice::Empty => {
            "The password is empty: whoever has the file has the private key. Some versions of macOS refuse such files."
        }
        _ if password.chars().count() < P12_PASSWORD_CHARACTERS => {
            let message =
                format!("The password has fewer than {P12_PASSWORD_CHARACTERS} characters. Choose a longer one, or let one be generated.");
            return Err(Problem::field("password_unfit", "password", message));
        }
        PasswordAdvice::NotAscii => "The password has characters outside ASCII. OpenSSL and macOS open the file, Java does not.",
        PasswordAdvice::Fine => return Ok(Vec::new()),
    };
    Ok(vec![warning.to_owned()])
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
