//! `russet import`: the signing files that a team has, out of where another tool keeps them.
//!
//! Everything is read and paired first, on this machine, and shown with what would become of it; then it is asked whether to
//! go on, and each certificate and profile is sent by itself. Whoever breaks off begins again: what is in Russet already is
//! recognized. The source is never written to.

mod sources;

use crate::{
    Exit, Failure,
    client::Client,
    keys,
    output::{Printer, confirmed, date, plain, table},
    secret::PasswordSource,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde::Serialize;
use signing::import::findings::{Findings, FoundCertificate, FoundProfile};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

/// What the server did not take.
const LEFT_OUT: &str = "left out";

/// Where a password of fastlane match lies in most build environments.
const MATCH_PASSWORD: &str = "MATCH_PASSWORD";

/// Whether to go on.
#[derive(Debug, Clone, Copy, Args)]
pub struct Step {
    /// Read everything and say what would be taken in, without taking it
    #[arg(long)]
    dry_run: bool,
    /// Take it in without asking
    #[arg(long)]
    yes: bool,
}

/// `russet import`
#[derive(Debug, Subcommand)]
pub enum Import {
    /// A fastlane match store: the folder that its repository was cloned to, or a copy of its bucket
    ///
    /// Without a password option, the password is that of the environment's MATCH_PASSWORD. It stays on this machine.
    Match {
        /// The store's folder
        folder: PathBuf,
        #[command(flatten)]
        password: PasswordSource,
        #[command(flatten)]
        step: Step,
    },
    /// What credentials.json of EAS Build names
    Eas {
        /// The file credentials.json
        file: PathBuf,
        #[command(flatten)]
        step: Step,
    },
    /// A folder with .p12, .cer, .pem and .mobileprovision files
    Folder {
        /// The folder; those below it are read as well
        folder: PathBuf,
        #[command(flatten)]
        password: PasswordSource,
        #[command(flatten)]
        step: Step,
    },
    /// An App Store Connect API key in the JSON that fastlane takes
    ApiKey {
        /// The JSON file with key_id, issuer_id and key
        file: PathBuf,
        /// What to call it; made from the Key ID when left out
        #[arg(long, default_value = "")]
        name: String,
        /// Role it was given at Apple; may be repeated; unknown when left out
        #[arg(long, value_enum, value_name = "ROLE")]
        role: Vec<keys::Role>,
        /// Save it even when Apple does not accept it or does not answer
        #[arg(long)]
        save_unverified: bool,
    },
}

/// What was found, and what became of it.
#[derive(Debug, Serialize)]
struct Report {
    dry_run: bool,
    certificates: Vec<CertificateRow>,
    profiles: Vec<ProfileRow>,
    left_out: Vec<api::LeftOut>,
}

/// `new`, `held` (here already, whole) or `joined` (here, and got what it lacked); before it is done, what it is likely to be.
#[derive(Debug, Serialize)]
struct CertificateRow {
    file: String,
    name: String,
    serial: String,
    expires_at: Timestamp,
    private_key: bool,
    outcome: String,
}

#[derive(Debug, Serialize)]
struct ProfileRow {
    file: String,
    name: String,
    bundle_identifier: Option<String>,
    uuid: String,
    expires_at: Option<Timestamp>,
    outcome: String,
}

impl Import {
    pub(crate) async fn run(self, client: &Client, printer: &Printer) -> Result<Exit, Failure> {
        let (findings, step) = match self {
            Self::Match { folder, password, step } => {
                let in_environment = std::env::var(MATCH_PASSWORD).ok().filter(|password| !password.is_empty());
                let password = match in_environment {
                    Some(found) if !password.is_given() => found,
                    _ => password.read_or_ask(printer, "Password of the match store")?,
                };
                (sources::match_store(&folder, &password)?, step)
            }
            Self::Eas { file, step } => (sources::eas(&file)?, step),
            Self::Folder { folder, password, step } => {
                let password = password.read(printer)?.unwrap_or_default();
                (sources::folder(&folder, &password)?, step)
            }
            Self::ApiKey {
                file,
                name,
                role,
                save_unverified,
            } => return api_key(client, printer, &file, name, &role, save_unverified).await,
        };
        take_in(client, printer, findings, step).await
    }
}

/// Shows what was found, asks, and sends it.
async fn take_in(client: &Client, printer: &Printer, mut findings: Findings, step: Step) -> Result<Exit, Failure> {
    let home = client.home().await?;
    let certificates = findings.certificates();
    let profiles = std::mem::take(&mut findings.profiles);
    let mut report = compare(client, &home, &certificates, &profiles).await?;
    report.left_out = findings
        .left_out
        .into_iter()
        .map(|one| api::LeftOut {
            name: one.file,
            why: one.why,
        })
        .collect();
    report.dry_run = step.dry_run;
    if certificates.is_empty() && profiles.is_empty() {
        tell_left_out(printer, &report.left_out);
        return Err(Failure::new(
            Exit::Usage,
            "There is nothing to take in: no certificate and no profile was found.",
        ));
    }
    if step.dry_run {
        tell_left_out(printer, &report.left_out);
        printer.show(&report, words);
        return Ok(Exit::Ok);
    }
    let mut told = 0;
    if !step.yes {
        printer.hint(&words(&report));
        tell_left_out(printer, &report.left_out);
        if !confirmed("Take this in?")? {
            return Err(Failure::new(
                Exit::Usage,
                "Nothing was taken in. Look with --dry-run, and give --yes to take it in without being asked.",
            ));
        }
        told = report.left_out.len();
    }
    let bar = printer.progress("Taking in");
    let sent = send(client, printer, &home, (&certificates, &profiles), &mut report).await;
    bar.finish_and_clear();
    tell_left_out(printer, report.left_out.get(told..).unwrap_or_default());
    if let Err(failure) = sent {
        printer.hint("russet: not everything was taken in; begin again, what is in already is recognized.");
        printer.show(&report, words);
        return Err(failure);
    }
    printer.show(&report, words);
    let mut outcomes = report
        .certificates
        .iter()
        .map(|row| &row.outcome)
        .chain(report.profiles.iter().map(|row| &row.outcome));
    Ok(if outcomes.all(|outcome| outcome == LEFT_OUT) {
        Exit::Usage
    } else {
        Exit::Ok
    })
}

/// What each would become, as far as it can be told from what is held.
async fn compare(client: &Client, home: &str, certificates: &[FoundCertificate], profiles: &[FoundProfile]) -> Result<Report, Failure> {
    let held: Vec<api::Certificate> = client.list(&format!("{home}/certificates"), &[], None).await?;
    let held: BTreeMap<_, _> = held.into_iter().map(|held| (held.sha1.to_lowercase(), held.key_held)).collect();
    let known: Vec<api::Profile> = client.list(&format!("{home}/profiles"), &[], None).await?;
    let known: BTreeSet<_> = known.into_iter().map(|known| known.uuid).collect();
    let certificate = |found: &FoundCertificate| {
        let info = found.certificate.info();
        let outcome = match held.get(&info.sha1_fingerprint) {
            None => "new",
            Some(false) if found.has_key => "joined",
            Some(_) => "held",
        };
        CertificateRow {
            file: found.file.clone(),
            name: info.common_name.clone().unwrap_or_default(),
            serial: info.serial_hex.clone(),
            expires_at: info.not_after,
            private_key: found.has_key,
            outcome: outcome.to_owned(),
        }
    };
    let profile = |found: &FoundProfile| {
        let info = &found.profile.info;
        ProfileRow {
            file: found.file.clone(),
            name: info.name.clone(),
            bundle_identifier: info.bundle_identifier.clone(),
            uuid: info.uuid.clone(),
            expires_at: info.expires,
            outcome: if known.contains(&info.uuid) { "held" } else { "new" }.to_owned(),
        }
    };
    Ok(Report {
        dry_run: false,
        certificates: certificates.iter().map(certificate).collect(),
        profiles: profiles.iter().map(profile).collect(),
        left_out: Vec::new(),
    })
}

/// Sends one after the other, certificates first, so that the profiles find them. What the server finds unfit is left out;
/// anything else ends it. The report says of each what became of it.
async fn send(
    client: &Client,
    printer: &Printer,
    home: &str,
    (certificates, profiles): (&[FoundCertificate], &[FoundProfile]),
    report: &mut Report,
) -> Result<(), Failure> {
    for row in &mut report.certificates {
        "not sent".clone_into(&mut row.outcome);
    }
    // A profile is its UUID: one that is here need not be sent again.
    for row in report.profiles.iter_mut().filter(|row| row.outcome == "new") {
        "not sent".clone_into(&mut row.outcome);
    }
    for (found, row) in certificates.iter().zip(&mut report.certificates) {
        let request = api::ImportCertificates {
            content: found.pem.to_string(),
            password: None,
        };
        let answer: Result<api::Imported, Failure> = client.post(&format!("{home}/certificates/import"), &request).await;
        row.outcome = match unfit(answer)? {
            Ok(imported) => {
                for taken in &imported.taken {
                    warn(printer, &found.file, &taken.warnings);
                }
                imported.taken.first().map_or("held", |taken| &taken.outcome).to_owned()
            }
            Err(why) => left_out(&mut report.left_out, &found.file, why),
        };
    }
    let unknown = |(_, row): &(&FoundProfile, &mut ProfileRow)| row.outcome != "held";
    for (found, row) in profiles.iter().zip(&mut report.profiles).filter(unknown) {
        let request = api::ImportProfiles {
            files: vec![api::ProfileFile {
                name: found.file.clone(),
                content: STANDARD.encode(&found.bytes),
            }],
        };
        let answer: Result<api::ImportedProfiles, Failure> = client.post(&format!("{home}/profiles/import"), &request).await;
        row.outcome = match unfit(answer)? {
            Ok(mut imported) => match imported.left_out.pop() {
                Some(one) if imported.taken.is_empty() => left_out(&mut report.left_out, &found.file, one.why),
                _ => {
                    let warnings: Vec<_> = imported.taken.into_iter().filter_map(|taken| taken.warning).collect();
                    warn(printer, &found.file, &warnings);
                    "new".to_owned()
                }
            },
            Err(why) => left_out(&mut report.left_out, &found.file, why),
        };
    }
    Ok(())
}

/// The server's word that something does not fit, apart from what ends everything.
fn unfit<T>(answer: Result<T, Failure>) -> Result<Result<T, String>, Failure> {
    match answer {
        Ok(answer) => Ok(Ok(answer)),
        Err(failure) if failure.exit == Exit::Usage && failure.problem.is_some() => Ok(Err(failure.message)),
        Err(failure) => Err(failure),
    }
}

fn left_out(all: &mut Vec<api::LeftOut>, file: &str, why: String) -> String {
    all.push(api::LeftOut {
        name: file.to_owned(),
        why,
    });
    LEFT_OUT.to_owned()
}

fn warn(printer: &Printer, file: &str, warnings: &[String]) {
    for warning in warnings {
        printer.hint(&format!("russet: {}: {warning}", plain(file)));
    }
}

fn tell_left_out(printer: &Printer, left_out: &[api::LeftOut]) {
    for one in left_out {
        printer.hint(&format!("russet: left out: {}: {}", plain(&one.name), plain(&one.why)));
    }
}

fn words(report: &Report) -> String {
    let outcome = |word: &str| match (word, report.dry_run) {
        ("new", true) => "would be taken in".to_owned(),
        ("joined", true) => "would get its private key".to_owned(),
        ("new", false) => "taken in".to_owned(),
        ("joined", false) => "got what it lacked".to_owned(),
        ("held", _) => "here already".to_owned(),
        (other, _) => other.to_owned(),
    };
    let mut parts = Vec::new();
    if !report.certificates.is_empty() {
        let rows = report.certificates.iter().map(|row| {
            let key = if row.private_key { "with private key" } else { "no private key" };
            vec![
                row.name.clone(),
                row.serial.clone(),
                date(Some(row.expires_at)),
                key.to_owned(),
                outcome(&row.outcome),
            ]
        });
        parts.push(table(&["certificate", "serial", "ends", "", ""], rows));
    }
    if !report.profiles.is_empty() {
        let rows = report.profiles.iter().map(|row| {
            let identifier = row.bundle_identifier.clone().unwrap_or_default();
            vec![row.name.clone(), identifier, date(row.expires_at), outcome(&row.outcome)]
        });
        parts.push(table(&["profile", "bundle id", "ends", ""], rows));
    }
    parts.join("\n\n")
}

/// Links the key of fastlane's JSON, as `russet keys add` links a `.p8`.
async fn api_key(
    client: &Client,
    printer: &Printer,
    file: &Path,
    name: String,
    roles: &[keys::Role],
    save_unverified: bool,
) -> Result<Exit, Failure> {
    let bytes = sources::read(file, signing::import::MAX_JSON_BYTES)?;
    let found =
        signing::import::api_key_file::read(&bytes).map_err(|cause| Failure::new(Exit::Usage, format!("{}: {cause}", file.display())))?;
    let kind = match (found.in_house, &found.issuer_id) {
        (true, _) => keys::Kind::Enterprise,
        (false, None) => keys::Kind::Individual,
        (false, Some(_)) => keys::Kind::Team,
    };
    let request = api::NewKey {
        name,
        kind: keys::word(&kind),
        key_id: found.key_id,
        issuer_id: found.issuer_id.unwrap_or_default(),
        roles: roles.iter().map(keys::word).collect(),
        file_name: None,
        private_key: found.key.pkcs8_pem().to_string(),
        save_unverified,
    };
    keys::add(client, printer, &request).await?;
    Ok(Exit::Ok)
}
