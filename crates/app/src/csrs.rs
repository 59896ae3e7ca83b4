//! Certificate signing requests: made here, taken to Apple's website by a person, completed with what comes back.
//!
//! The private key never leaves: it is sealed when the request is made, and joins the certificate when that is here. A
//! request stays after that, since Apple makes further certificates of it; `certificates/take_in.rs` has the joining.

use crate::{
    App, Caller, Problem,
    activity::Names,
    apple_account::{Download, file_name},
    certificates::{Incoming, SIGNING_KEY, TakenIn},
    problem::Kind,
};
use domain::{Action, CsrId, Email, Event, HeldCertificate, HeldCsr, ItemName, OrgId, csr::COMMON_NAME_CHARACTERS};
use signing::{
    certificate::Certificate,
    csr::{self, Csr, CsrError},
    rsa_key::RsaKeyPair,
};
use store::{Page, Paging};
use zeroize::Zeroizing;

use crate::acting::fresh;

/// What a person enters for a request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewCsr {
    /// The subject's common name.
    pub name: String,
    /// The subject's e-mail address; may be empty.
    pub email: String,
    /// The subject's country; may be empty.
    pub country: String,
}

/// A request with names in the place of ids.
#[derive(Debug, Clone)]
pub struct CsrView {
    /// The request.
    pub csr: HeldCsr,
    /// Who made it.
    pub made_by: String,
}

/// A request's page.
#[derive(Debug, Clone)]
pub struct CsrDetails {
    /// As in the list.
    pub view: CsrView,
    /// The certificates here that have its key, oldest first.
    pub certificates: Vec<HeldCertificate>,
}

impl App {
    /// The requests made here, newest first.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`; `cursor_unknown`.
    pub async fn csrs(&self, caller: &Caller, org: OrgId, paging: &Paging) -> Result<Page<CsrView>, Problem> {
        let permit = self.permit(caller, Action::SeeSigning, org).await?;
        let mut tx = self.inner.store.read_for(&permit).await?;
        let page = tx.csrs(&permit, paging).await?;
        let mut names = Names::default();
        let mut items = Vec::with_capacity(page.items.len());
        for csr in page.items {
            items.push(CsrView {
                made_by: names.of_subject(&mut tx, csr.created_by).await?,
                csr,
            });
        }
        Ok(Page {
            items,
            next: page.next,
            previous: page.previous,
            skipped: page.skipped,
        })
    }

    /// One of them.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`.
    pub async fn csr(&self, caller: &Caller, org: OrgId, id: CsrId) -> Result<CsrDetails, Problem> {
        let permit = self.permit(caller, Action::SeeSigning, org).await?;
        let mut tx = self.inner.store.read_for(&permit).await?;
        let csr = tx.csr(&permit, id).await?;
        let certificates = tx.certificates_of_private_key(&permit, csr.private_key).await?;
        let made_by = Names::default().of_subject(&mut tx, csr.created_by).await?;
        Ok(CsrDetails {
            view: CsrView { csr, made_by },
            certificates,
        })
    }

    /// Makes a key pair and a request of it.
    ///
    /// # Errors
    /// Problems at `name`, `email` and `country`; `not_found`, `not_allowed`.
    pub async fn create_csr(&self, caller: &Caller, org: OrgId, new: NewCsr) -> Result<HeldCsr, Problem> {
        let permit = self.permit(caller, Action::ManageCsrs, org).await?;
        let subject = Subject::read(&new)?;
        let created_by = caller
            .principal
            .actor()
            .subject()
            .ok_or_else(|| Problem::internal("a request was made by nobody"))?;
        let (pair, made, subject) = pair_and_request(subject).await?;
        let mut tx = self.begin_for(caller, &permit).await?;
        let held = HeldCsr {
            id: fresh!(self, CsrId),
            organization: org,
            name: subject.name,
            email: subject.email,
            country: subject.country,
            pem: made.pem,
            public_key_fingerprint: pair.public_key_fingerprint(),
            private_key: self.seal_signing_key(&mut tx, &permit, &pair).await?,
            created_by,
            created_at: self.now(),
            certificates: 0,
        };
        tx.insert_csr(&permit, &held).await?;
        let event = Event::CsrCreated {
            csr: held.id,
            name: held.name.clone(),
        };
        self.record_done(&mut tx, caller, org, event).await?;
        tx.commit().await?;
        Ok(held)
    }

    /// The request as the file that Apple's website asks for. It is no secret.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`.
    pub async fn download_csr(&self, caller: &Caller, org: OrgId, id: CsrId) -> Result<Download, Problem> {
        let csr = self.csr(caller, org, id).await?.view.csr;
        Ok(Download {
            file_name: file_name(csr.name.as_str(), "certSigningRequest"),
            media_type: "application/pkcs10",
            bytes: Zeroizing::new(csr.pem.into_bytes()),
        })
    }

    /// Takes in the certificate that Apple made of it, DER, PEM or base64: with its private key from then on.
    ///
    /// # Errors
    /// `certificate_unfit` for what is no certificate, `certificate_of_another_key`; `not_found`, `not_allowed`.
    pub async fn complete_csr(&self, caller: &Caller, org: OrgId, id: CsrId, file: &[u8]) -> Result<TakenIn, Problem> {
        let permit = self.permit(caller, Action::ManageCsrs, org).await?;
        // One that does not exist is not found, whatever came with it.
        self.inner.store.read_for(&permit).await?.csr(&permit, id).await?;
        let parsed = Certificate::read(file).map_err(|error| Problem::field("certificate_unfit", "certificate", error.to_string()))?;
        let mut tx = self.begin_for(caller, &permit).await?;
        let csr = tx.lock_csr(&permit, id).await?;
        if parsed.info().public_key_fingerprint != csr.public_key_fingerprint {
            return Err(of_another_key(&parsed, &csr));
        }
        let taken = self.take_in(&mut tx, caller, &permit, Incoming::uploaded(&parsed, None)).await?;
        let event = Event::CsrCompleted {
            csr: id,
            name: csr.name,
            certificate: taken.certificate.id,
        };
        self.record_done(&mut tx, caller, org, event).await?;
        tx.commit().await?;
        Ok(taken)
    }

    /// Removes it; its private key is destroyed unless a certificate here has it. `typed_name` must be its name.
    ///
    /// # Errors
    /// `name_differs`; `another_is_running` while a certificate is being made of it; `not_found`, `not_allowed`.
    pub async fn remove_csr(&self, caller: &Caller, org: OrgId, id: CsrId, typed_name: &str) -> Result<(), Problem> {
        let permit = self.permit(caller, Action::ManageCsrs, org).await?;
        let mut tx = self.begin_for(caller, &permit).await?;
        let csr = tx.lock_csr(&permit, id).await?;
        if typed_name.trim() != csr.name.as_str() {
            return Err(Problem::field(
                "name_differs",
                "name",
                format!("To remove this request, type its name exactly: {}", csr.name),
            ));
        }
        let unfinished = tx.unfinished_operations(&permit).await?;
        if let Some(making) = unfinished.iter().find(|other| other.kind.request() == Some(id)) {
            let message = format!(
                "A certificate is being made of it ({}). Wait until that is over, then look again.",
                making.id
            );
            return Err(Problem::new(Kind::Conflict, "another_is_running", message));
        }
        tx.delete_csr(&permit, id).await?;
        let key_destroyed = tx.delete_unneeded_private_key(&permit, SIGNING_KEY, csr.private_key).await?;
        let event = Event::CsrRemoved {
            csr: id,
            name: csr.name,
            key_destroyed,
        };
        self.record_done(&mut tx, caller, org, event).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// The subject of a request, read.
struct Subject {
    name: ItemName,
    email: Option<Email>,
    country: Option<String>,
}

impl Subject {
    fn read(new: &NewCsr) -> Result<Self, Problem> {
        let name: ItemName = new
            .name
            .parse()
            .map_err(|error: domain::NameError| Problem::field("name_unfit", "name", error.to_string()))?;
        let found = name.as_str().chars().count();
        if found > COMMON_NAME_CHARACTERS {
            return Err(Problem::field(
                "name_unfit",
                "name",
                format!("The name has {found} characters; a signing request takes at most {COMMON_NAME_CHARACTERS}. Shorten it."),
            ));
        }
        let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let email = given(&new.email).map(|text| text.parse::<Email>()).transpose();
        Ok(Self {
            name,
            email: email.map_err(|error| Problem::field("email_unfit", "email", error.to_string()))?,
            country: given(&new.country).map(|code| code.to_ascii_uppercase()),
        })
    }
}

/// Makes the pair off the async runtime: it takes 60 to 80 ms.
async fn pair_and_request(subject: Subject) -> Result<(RsaKeyPair, Csr, Subject), Problem> {
    tokio::task::spawn_blocking(move || {
        let pair = RsaKeyPair::generate().map_err(Problem::internal)?;
        let email = subject.email.as_ref().map(Email::as_str).unwrap_or_default();
        let country = subject.country.as_deref().unwrap_or_default();
        let made = csr::create(&pair, subject.name.as_str(), email, country).map_err(|error| match error {
            CsrError::EmailNotAscii => Problem::field("email_unfit", "email", error.to_string()),
            CsrError::Country => Problem::field("country_unfit", "country", error.to_string()),
            error => Problem::internal(error),
        })?;
        Ok((pair, made, subject))
    })
    .await
    .map_err(|_| Problem::internal("the key pair could not be made"))?
}

fn of_another_key(found: &Certificate, csr: &HeldCsr) -> Problem {
    let info = found.info();
    let name: String = info.common_name.as_deref().unwrap_or("without a name").chars().take(100).collect();
    let message = format!(
        "This certificate (“{name}”, serial {}) was not made of the request “{}”: it has another public key. Choose the file that Apple made of this request, or complete the request that it was made of.",
        info.serial_hex, csr.name
    );
    let mut problem = Problem::field("certificate_of_another_key", "certificate", message);
    problem.kind = Kind::Conflict;
    problem
}
