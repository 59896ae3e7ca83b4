//! Moving in: the signing files that a team has, out of what another tool keeps them in, taken in at once.
//!
//! ```text
//! unpack    an archive, or files as a browser sent them                       imports/unpack.rs
//! read      a match store, EAS's credentials.json, a folder                   signing::import
//! look      what each would become, from what is held here
//! take in   certificates first, so that the profiles find them
//! ```
//!
//! A look changes nothing and keeps nothing, so taking in reads the files again: whoever wants both sends them twice. Sent a
//! third time, everything is here already, and says so.
//!
//! The surprising thing: there is no transaction around the whole. Each certificate and each profile is an act of its own
//! with its own record, and what does not fit keeps nothing else out.

mod unpack;

use crate::{
    App, Caller, Problem,
    certificates::{LeftOut, Taken},
    profiles,
};
use domain::{Action, CertificateId, OrgId, Permit, ProfileId};
use jiff::Timestamp;
use signing::import::{
    findings::{Findings, FoundCertificate, FoundProfile},
    sources::{self, SourceError},
};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

pub use signing::import::sources::Source;
pub use unpack::{FILES_MOST, WHOLE_BYTES};

/// Files as they came, each with its path within what was chosen.
pub type Files = Vec<(String, Zeroizing<Vec<u8>>)>;

/// What becomes of something, or would.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is new here.
    New,
    /// It is here, and gets what it lacked: its private key.
    Joined,
    /// It is here already, whole.
    Held,
    /// It does not fit, and why.
    LeftOut(String),
}

/// A certificate among the files.
#[derive(Debug, Clone)]
pub struct CertificateFound {
    /// The file it lay in.
    pub file: String,
    /// What it calls its subject.
    pub name: String,
    /// Upper-case hex.
    pub serial: String,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Whether its private key is among the files.
    pub has_key: bool,
    /// What becomes of it.
    pub outcome: Outcome,
    /// The one that is held here.
    pub held: Option<CertificateId>,
    /// What to know.
    pub warnings: Vec<String>,
}

/// A profile among the files.
#[derive(Debug, Clone)]
pub struct ProfileFound {
    /// The file it lay in.
    pub file: String,
    /// Its name.
    pub name: String,
    /// The identifier that it is for, if it says so.
    pub bundle_identifier: Option<String>,
    /// When it ends; none for one without end.
    pub expires_at: Option<Timestamp>,
    /// What becomes of it.
    pub outcome: Outcome,
    /// The one that is held here.
    pub held: Option<ProfileId>,
    /// What to know.
    pub warning: Option<&'static str>,
}

/// What was found, and what became of it, or would.
#[derive(Debug, Clone)]
pub struct ImportReport {
    /// What the files looked like.
    pub source: Source,
    /// The certificates.
    pub certificates: Vec<CertificateFound>,
    /// The profiles.
    pub profiles: Vec<ProfileFound>,
    /// Files that could not be read, and keys without a certificate.
    pub left_out: Vec<LeftOut>,
}

/// What was read, before anything was compared.
struct Found {
    source: Source,
    certificates: Vec<FoundCertificate>,
    profiles: Vec<FoundProfile>,
    left_out: Vec<LeftOut>,
}

impl App {
    /// What would become of these files. Nothing is changed and nothing kept.
    ///
    /// # Errors
    /// `no_files`, `too_many_files`, `files_too_large`, `archive_unfit`, `source_unfit` with what was found;
    /// `password_wrong` for a match store; `nothing_to_take`; `not_found`, `not_allowed`.
    pub async fn preview_import(
        &self,
        caller: &Caller,
        org: OrgId,
        files: Files,
        password: Zeroizing<String>,
    ) -> Result<ImportReport, Problem> {
        let permit = self.permit_to_import(caller, org).await?;
        let found = read_apart(files, password).await?;
        self.compared(&permit, &found).await
    }

    /// Takes in what is in these files. The files themselves are not kept.
    ///
    /// # Errors
    /// As [`App::preview_import`]. What does not fit is no error of the whole.
    pub async fn import_files(
        &self,
        caller: &Caller,
        org: OrgId,
        files: Files,
        password: Zeroizing<String>,
    ) -> Result<ImportReport, Problem> {
        let permit = self.permit_to_import(caller, org).await?;
        let found = read_apart(files, password).await?;
        let mut report = self.compared(&permit, &found).await?;
        for (certificate, told) in found.certificates.iter().zip(&mut report.certificates) {
            self.take_certificate(caller, org, certificate, told).await?;
        }
        for (profile, told) in found.profiles.into_iter().zip(&mut report.profiles) {
            if told.outcome == Outcome::New {
                self.take_profile(caller, org, profile, told).await?;
            }
        }
        Ok(report)
    }

    /// Both rights that moving in needs; answers a permit to look at what is here.
    async fn permit_to_import(&self, caller: &Caller, org: OrgId) -> Result<Permit, Problem> {
        self.permit(caller, Action::ImportCertificate, org).await?;
        self.permit(caller, Action::EditProfiles, org).await
    }

    /// Why each of these would not be taken in, if so. Off the async runtime: hundreds of signatures are verified.
    async fn refused_files(&self, found: &[FoundProfile]) -> Result<Vec<Option<String>>, Problem> {
        let files: Vec<Vec<u8>> = found.iter().map(|one| one.bytes.clone()).collect();
        let (app, now) = (self.clone(), self.now());
        let read = tokio::task::spawn_blocking(move || {
            let refused = |bytes: &Vec<u8>| profiles::refused_file(bytes, &app.inner.roots, now);
            files.iter().map(refused).collect()
        });
        read.await.map_err(|_| Problem::internal("the profiles could not be read"))
    }

    async fn compared(&self, permit: &Permit, found: &Found) -> Result<ImportReport, Problem> {
        let refused = self.refused_files(&found.profiles).await?;
        let mut tx = self.inner.store.read_for(permit).await?;
        let mut report = ImportReport {
            source: found.source,
            certificates: Vec::with_capacity(found.certificates.len()),
            profiles: Vec::with_capacity(found.profiles.len()),
            left_out: found.left_out.clone(),
        };
        for one in &found.certificates {
            let info = one.certificate.info();
            let held = tx.certificate_by_sha1(permit, &info.sha1_fingerprint.to_uppercase()).await?;
            let outcome = match &held {
                None => Outcome::New,
                Some(held) if held.private_key.is_none() && one.has_key => Outcome::Joined,
                Some(_) => Outcome::Held,
            };
            report.certificates.push(CertificateFound {
                file: one.file.clone(),
                name: info.common_name.clone().unwrap_or_default(),
                serial: info.serial_hex.to_uppercase(),
                expires_at: info.not_after,
                has_key: one.has_key,
                outcome,
                held: held.map(|held| held.id),
                warnings: Vec::new(),
            });
        }
        for (one, refused) in found.profiles.iter().zip(refused) {
            let info = &one.profile.info;
            let held = tx.profile_by_uuid(permit, &info.uuid).await?;
            let outcome = match &held {
                Some(_) => Outcome::Held,
                None => refused.map_or(Outcome::New, Outcome::LeftOut),
            };
            report.profiles.push(ProfileFound {
                file: one.file.clone(),
                name: info.name.clone(),
                bundle_identifier: info.bundle_identifier.clone(),
                expires_at: info.expires,
                outcome,
                held: held.map(|held| held.id),
                warning: None,
            });
        }
        Ok(report)
    }

    async fn take_certificate(
        &self,
        caller: &Caller,
        org: OrgId,
        one: &FoundCertificate,
        told: &mut CertificateFound,
    ) -> Result<(), Problem> {
        let file = Zeroizing::new(one.pem.as_bytes().to_vec());
        match self.import_certificates(caller, org, file, Zeroizing::default()).await {
            Ok(imported) => {
                for taken in imported.taken {
                    told.held = Some(taken.certificate.id);
                    told.warnings = taken.warnings;
                    told.outcome = match taken.how {
                        Taken::New => Outcome::New,
                        Taken::Joined => Outcome::Joined,
                        Taken::Held => Outcome::Held,
                    };
                }
                Ok(())
            }
            Err(problem) if !problem.fields.is_empty() => {
                told.outcome = Outcome::LeftOut(problem.message);
                Ok(())
            }
            Err(problem) => Err(problem),
        }
    }

    async fn take_profile(&self, caller: &Caller, org: OrgId, one: FoundProfile, told: &mut ProfileFound) -> Result<(), Problem> {
        for imported in self.import_profiles(caller, org, vec![(one.file, one.bytes)]).await? {
            told.warning = imported.warning;
            match imported.profile {
                Ok(row) => told.held = Some(row.profile.id),
                Err(why) => told.outcome = Outcome::LeftOut(why),
            }
        }
        Ok(())
    }
}

/// How many imports are read at once in this process: each may keep a processor busy for minutes.
static TURNS: Semaphore = Semaphore::const_new(2);
/// How many bundles one import may have: what opens them is slow on purpose.
const BUNDLES_MOST: usize = 100;

/// Off the async runtime: each bundle may ask for two million rounds of hashing.
async fn read_apart(files: Files, password: Zeroizing<String>) -> Result<Found, Problem> {
    let turn = TURNS.acquire().await.map_err(Problem::internal)?;
    let read = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        read(files, &password)
    });
    read.await.map_err(|_| Problem::internal("the files could not be read"))?
}

fn read(files: Files, password: &str) -> Result<Found, Problem> {
    let files = unpack::all(files)?;
    let paths: Vec<String> = files.iter().map(|(path, _)| path.clone()).collect();
    let bundles = paths.iter().filter(|path| path.to_lowercase().ends_with(".p12")).count();
    if bundles > BUNDLES_MOST {
        let message = format!(
            "There are {bundles} .p12 files among these; at most {BUNDLES_MOST} are read at once. Choose fewer, and come again with the rest. Nothing was taken in."
        );
        return Err(Problem::field("too_many_bundles", "files", message));
    }
    let at = |path: &str| {
        let found = files.iter().find(|(known, _)| known == path);
        found.map(|(_, bytes)| bytes.clone()).ok_or_else(|| NOT_AMONG.to_owned())
    };
    let source = sources::recognized(&paths);
    let read = match source {
        Source::Match => sources::match_store(&paths, password, at),
        Source::Folder => sources::folder(&paths, password, at),
        Source::Eas => {
            let (path, credentials) = files
                .iter()
                .find(|(path, _)| sources::is_credentials(path))
                .ok_or_else(Problem::not_found)?;
            let beside = path.strip_suffix("credentials.json").unwrap_or_default();
            sources::eas(credentials, |named| {
                at(&format!("{beside}{named}")).or_else(|_| at_last_name(&files, named))
            })
        }
    };
    let mut findings: Findings = read.map_err(|cause| refused(&cause))?;
    let certificates = findings.certificates();
    let left_out = findings.left_out.into_iter().map(|one| LeftOut {
        name: one.file,
        why: one.why,
    });
    let found = Found {
        source,
        left_out: left_out.collect(),
        profiles: findings.profiles,
        certificates,
    };
    if found.certificates.is_empty() && found.profiles.is_empty() && found.left_out.is_empty() {
        let message = "There is no signing file among these. Choose .p12, .cer, .pem and .mobileprovision files, a match store, or credentials.json with the files that it names.";
        return Err(Problem::field("nothing_to_take", "files", message));
    }
    Ok(found)
}

const NOT_AMONG: &str = "It is not among the chosen files. Choose it together with them.";

/// Files that were chosen one by one have no folders: the one of this name, if there is only one.
fn at_last_name(files: &Files, named: &str) -> sources::Fetched {
    let last = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    let mut fitting = files.iter().filter(|(path, _)| last(path) == last(named));
    match (fitting.next(), fitting.next()) {
        (Some((_, bytes)), None) => Ok(bytes.clone()),
        _ => Err(NOT_AMONG.to_owned()),
    }
}

fn refused(cause: &SourceError) -> Problem {
    match cause {
        SourceError::WrongPassword { .. } => Problem::field("password_wrong", "password", cause.to_string()),
        _ => Problem::field("source_unfit", "files", cause.to_string()),
    }
}
