//! `russet certificates`.

mod imports;
mod renew;
mod revoke;

use crate::{
    Exit, Failure,
    client::{Client, segment},
    csrs,
    keys::With,
    lists::Listing,
    operation::{Wait, refused},
    output::{Printer, expiry, plain, private_file, table},
    secret::PasswordSource,
    shares::{self, ShareTerms},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use clap::{Args, Subcommand, ValueEnum};
use std::{
    io::Write,
    path::{Path, PathBuf},
};

/// Forms that a certificate can be downloaded in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// .p12 that every reader opens (3DES, SHA-1 MAC)
    P12Compatible,
    /// .p12 with AES-256 and an HMAC-SHA-256 MAC
    P12Modern,
    /// PEM: private key, certificate, chain
    Pem,
    /// The certificate alone, DER
    Cer,
}

impl Form {
    fn word(self) -> &'static str {
        match self {
            Self::P12Compatible => "p12-compatible",
            Self::P12Modern => "p12-modern",
            Self::Pem => "pem",
            Self::Cer => "cer",
        }
    }

    fn takes_password(self) -> bool {
        matches!(self, Self::P12Compatible | Self::P12Modern)
    }
}

/// The form and its password.
#[derive(Debug, Args)]
pub struct Export {
    /// Form of the file
    #[arg(long, value_enum, default_value = "p12-compatible")]
    form: Form,
    #[command(flatten)]
    password: PasswordSource,
    /// Replace a file that is there already
    #[arg(long)]
    force: bool,
}

impl Export {
    /// The word of the form, and the password where the form takes one and one was given.
    pub(crate) fn wanted(&self, printer: &Printer) -> Result<(String, Option<String>), Failure> {
        let password = self.password.read(printer)?.filter(|_| self.form.takes_password());
        Ok((self.form.word().to_owned(), password))
    }

    /// Whether files that are there already are replaced.
    pub(crate) fn replaces(&self) -> bool {
        self.force
    }
}

/// `russet certificates`
#[derive(Debug, Subcommand)]
pub enum Certificates {
    /// List the certificates held here or, with --key, those of the Apple account
    List {
        /// Read the Apple account through this key, by id or name
        #[arg(long)]
        key: Option<String>,
        #[command(flatten)]
        listing: Listing,
    },
    /// Create a certificate at Apple and keep it here with its private key
    Create {
        /// Through which key, by id or name
        #[arg(long)]
        key: String,
        /// Apple's type: DISTRIBUTION, DEVELOPMENT, IOS_DISTRIBUTION, …
        #[arg(long = "type", value_name = "TYPE")]
        certificate_type: String,
        /// Of a signing request made here, by id or name, instead of a new key pair
        #[arg(long)]
        csr: Option<String>,
        /// Download it into this directory when it is made
        #[arg(long, value_name = "DIR")]
        download: Option<PathBuf>,
        #[command(flatten)]
        export: Export,
        /// Say what would be done, and whether the key may, without doing it
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        wait: Wait,
    },
    /// Take certificates of the Apple account into the list here; nothing changes at Apple
    Fetch {
        /// Through which key, by id or name
        #[arg(long)]
        key: String,
        /// Only these, by Apple's id; all of them unless given
        #[arg(value_name = "ID")]
        certificates: Vec<String>,
    },
    /// Take certificates in from a file: .p12, .cer or PEM
    Import {
        /// The file, or - for standard input
        file: PathBuf,
        #[command(flatten)]
        password: PasswordSource,
    },
    /// Make a new certificate in the place of one held here, and rebuild the profiles that have it
    Renew(renew::Renew),
    /// Give a certificate another name here
    Rename {
        /// Id, serial number or name
        certificate: String,
        /// What to call it
        name: String,
    },
    /// Let sub-organizations put a certificate into their signing sets, whose files have its private key
    Share {
        /// Id, serial number or name
        certificate: String,
        #[command(flatten)]
        share: ShareTerms,
    },
    /// Stop letting sub-organizations use it, at once
    Unshare {
        /// Id, serial number or name
        certificate: String,
        #[command(flatten)]
        with: With,
    },
    /// Remove a certificate here, with its private key; at Apple it stays as it is
    Remove {
        /// Id, serial number or name
        certificate: String,
        /// Do it without asking for the name
        #[arg(long)]
        yes: bool,
    },
    /// Revoke a certificate at Apple, which cannot be undone: profiles that hold it become INVALID
    Revoke(revoke::Revoke),
    /// Download a certificate held here
    Download {
        /// Id, serial number or name
        certificate: String,
        /// File to write; a directory takes the name of the certificate
        #[arg(long, value_name = "PATH", default_value = ".")]
        out: PathBuf,
        #[command(flatten)]
        export: Export,
    },
}

impl Certificates {
    pub(crate) async fn run(self, client: &Client, printer: &Printer) -> Result<Exit, Failure> {
        match self {
            Self::List { key: Some(key), listing } => {
                let list: api::AppleCertificates = listing.ask(client, &key, "certificates").await?;
                printer.show(&list, |list| {
                    table(
                        &["name", "type", "expires", "private key", "serial", "id"],
                        list.items.iter().map(|c| {
                            vec![
                                c.name.clone(),
                                c.certificate_type.clone(),
                                expiry(c.expires_at, c.days_left),
                                held(c.key_held),
                                c.serial.clone(),
                                c.id.clone(),
                            ]
                        }),
                    )
                });
            }
            Self::List { key: None, listing } => {
                let home = client.home().await?;
                let mut items: Vec<api::Certificate> = client.list(&format!("{home}/certificates"), &listing.query(), None).await?;
                if listing.query().is_empty() {
                    // What the root organization lends stands first, and is told apart by its origin.
                    let lent: api::InheritedCertificates = client.get(&format!("{home}/certificates/inherited"), &[]).await?;
                    let lent = lent.items.into_iter().map(|one| api::Certificate {
                        origin: "inherited".to_owned(),
                        ..one.certificate
                    });
                    items.splice(0..0, lent);
                }
                let list = api::Certificates { items, next_cursor: None };
                printer.show(&list, |list| {
                    table(
                        &["name", "type", "expires", "private key", "origin", "serial", "id"],
                        list.items.iter().map(|c| {
                            vec![
                                c.name.clone(),
                                c.certificate_type.clone(),
                                match c.revoked_at {
                                    Some(_) => "revoked".to_owned(),
                                    None => expiry(Some(c.expires_at), Some(c.days_left)),
                                },
                                held(c.key_held),
                                c.origin.clone(),
                                c.serial.clone(),
                                c.id.clone(),
                            ]
                        }),
                    )
                });
            }
            Self::Create {
                key,
                certificate_type,
                csr,
                download,
                export,
                dry_run,
                wait,
            } => {
                return create(
                    client,
                    printer,
                    Wish {
                        key,
                        certificate_type,
                        csr,
                        download,
                        export,
                        dry_run,
                        wait,
                    },
                )
                .await;
            }
            Self::Fetch { key, certificates } => {
                let home = client.home().await?;
                let request = api::FetchCertificates {
                    certificates: Some(certificates).filter(|ids| !ids.is_empty()),
                };
                let path = format!("{home}/keys/{}/apple/certificates/fetch", segment(&key));
                imports::show(printer, &client.post_once(&path, &request).await?);
            }
            Self::Import { file, password } => return imports::import(client, printer, &file, &password).await,
            Self::Renew(renew) => return renew.run(client, printer).await,
            Self::Rename { certificate, name } => {
                let home = client.home().await?;
                let chosen = find(client, &home, &certificate).await?;
                let path = format!("{home}/certificates/{}", segment(&chosen.id));
                let renamed: api::Certificate = client.patch(&path, &api::EditCertificate { name }).await?;
                printer.show(&renamed, |renamed| format!("Renamed {} to “{}”.", renamed.id, plain(&renamed.name)));
            }
            Self::Share { certificate, share } => {
                let home = client.home().await?;
                let chosen = find(client, &home, &certificate).await?;
                let shares = format!("{home}/certificates/{}/shares", segment(&chosen.id));
                share.begin(client, printer, &shares, &chosen.name).await?;
            }
            Self::Unshare { certificate, with } => {
                let home = client.home().await?;
                let chosen = find(client, &home, &certificate).await?;
                let shares = format!("{home}/certificates/{}/shares", segment(&chosen.id));
                shares::end(&with, client, printer, &shares, &chosen.name).await?;
            }
            Self::Remove { certificate, yes } => {
                let home = client.home().await?;
                let chosen = find(client, &home, &certificate).await?;
                imports::remove(client, printer, &home, &chosen, yes).await?;
            }
            Self::Revoke(revoke) => return revoke.run(client, printer).await,
            Self::Download { certificate, out, export } => {
                let home = client.home().await?;
                let chosen = find(client, &home, &certificate).await?;
                fetch(client, printer, &home, &chosen.id, &out, &export).await?;
            }
        }
        Ok(Exit::Ok)
    }
}

fn held(key_held: bool) -> String {
    if key_held { "held here" } else { "not here" }.to_owned()
}

struct Wish {
    key: String,
    certificate_type: String,
    csr: Option<String>,
    download: Option<PathBuf>,
    export: Export,
    dry_run: bool,
    wait: Wait,
}

async fn create(client: &Client, printer: &Printer, wish: Wish) -> Result<Exit, Failure> {
    // Everything that could spoil the download is looked at before Apple's scarce place is taken.
    if let Some(directory) = &wish.download {
        writable(directory)?;
    }
    let password = wish.export.password.read(printer)?;
    let home = client.home().await?;
    let key = client.key(&home, &wish.key).await?.key;
    let csr = match &wish.csr {
        Some(named) => Some(csrs::find(client, &home, named).await?),
        None => None,
    };
    if wish.dry_run {
        return rehearse(client, printer, &home, &key, &wish.certificate_type, csr.as_ref()).await;
    }
    let request = api::NewCertificate {
        key: key.id.clone(),
        certificate_type: wish.certificate_type.clone(),
        csr: csr.map(|csr| csr.id),
    };
    let begun: api::Operation = client.post_once(&format!("{home}/certificates"), &request).await?;
    let over = wish.wait.until_over(client, printer, &home, begun).await?;
    let Some(certificate) = over.certificate.clone() else {
        return Err(refused(over));
    };
    let made: api::Certificate = client.get(&format!("{home}/certificates/{certificate}"), &[]).await?;
    match &wish.download {
        None => printer.show(&made, |c| {
            format!(
                "Created {} ({}), which ends {}. Download it with: russet certificates download {}",
                c.name,
                c.serial,
                expiry(Some(c.expires_at), Some(c.days_left)),
                c.id
            )
        }),
        Some(directory) => {
            let saved = save(client, printer, &home, &certificate, directory, &wish.export, password).await;
            saved.map_err(|failure| Failure {
                message: format!(
                    "{} The certificate is made and held here; download it with: russet certificates download {certificate}",
                    failure.message
                ),
                ..failure
            })?;
        }
    }
    Ok(Exit::Ok)
}

async fn rehearse(
    client: &Client,
    printer: &Printer,
    home: &str,
    key: &api::Key,
    certificate_type: &str,
    csr: Option<&api::Csr>,
) -> Result<Exit, Failure> {
    let query = [
        ("need", "create-certificate".to_owned()),
        ("certificate_type", certificate_type.to_owned()),
    ];
    let choices: api::KeyChoices = client.get(&format!("{home}/key-choices"), &query).await?;
    let mine = choices.items.iter().find(|c| c.id == key.id);
    if let Some(choice) = mine.filter(|c| c.usability == "refused") {
        let others: Vec<_> = choices
            .items
            .iter()
            .filter(|c| c.usability == "usable")
            .map(|c| format!("“{}”", c.name))
            .collect();
        let hint = if others.is_empty() {
            String::new()
        } else {
            format!(" Keys that would work: {}.", others.join(", "))
        };
        return Err(Failure::new(
            Exit::NotAllowed,
            format!(
                "“{}” would be refused: {}{hint}",
                key.name,
                choice.reason.clone().unwrap_or_default()
            ),
        ));
    }
    let doubt = mine
        .and_then(|c| c.reason.clone())
        .map(|why| format!(" In doubt: {why}"))
        .unwrap_or_default();
    let of_what = match csr {
        None => "make an RSA key pair here".to_owned(),
        Some(csr) => format!("take the key pair of the request “{}”", plain(&csr.name)),
    };
    printer.done(&format!(
        "Would {of_what}, ask Apple once for a {} certificate through “{}”, and keep both. Nothing was done.{doubt}",
        certificate_type.to_uppercase(),
        key.name
    ));
    Ok(Exit::Ok)
}

/// By id, serial number or name; a name that several have is no answer.
async fn find(client: &Client, home: &str, wanted: &str) -> Result<api::Certificate, Failure> {
    let path = format!("{home}/certificates");
    if wanted.starts_with("cert_") {
        match client.get(&format!("{path}/{}", segment(wanted)), &[]).await {
            Err(failure) if failure.exit == Exit::NotFound => {}
            found => return found,
        }
    }
    let similar: Vec<api::Certificate> = client.list(&path, &[("search", wanted.to_owned())], None).await?;
    let is_it = |c: &api::Certificate| c.serial.eq_ignore_ascii_case(wanted) || c.name == wanted;
    let mut fitting: Vec<_> = similar.into_iter().filter(is_it).collect();
    if fitting.is_empty() {
        let lent: api::InheritedCertificates = client.get(&format!("{path}/inherited"), &[]).await?;
        fitting = lent.items.into_iter().map(|one| one.certificate).filter(is_it).collect();
    }
    match fitting.len() {
        1 => Ok(fitting.remove(0)),
        0 => Err(Failure::new(
            Exit::NotFound,
            format!("No certificate “{wanted}” is held here. “russet certificates list” shows those that are."),
        )),
        several => Err(Failure::new(
            Exit::Conflict,
            format!("{several} certificates are called “{wanted}”. Name one by its id or serial number, from “russet certificates list”."),
        )),
    }
}

async fn fetch(client: &Client, printer: &Printer, home: &str, certificate: &str, out: &Path, export: &Export) -> Result<(), Failure> {
    let password = export.password.read(printer)?;
    save(client, printer, home, certificate, out, export, password).await
}

async fn save(
    client: &Client,
    printer: &Printer,
    home: &str,
    certificate: &str,
    out: &Path,
    wanted: &Export,
    password: Option<String>,
) -> Result<(), Failure> {
    let form = wanted.form;
    // A private key leaves only for a file that can be written.
    if out.is_dir() {
        writable(out)?;
    } else if !wanted.force && out.try_exists().unwrap_or(true) {
        return Err(cannot_write(out, std::io::ErrorKind::AlreadyExists.into()));
    }
    let request = api::ExportRequest {
        form: form.word().to_owned(),
        password: password.filter(|_| form.takes_password()),
    };
    let export: api::Export = client
        .post(&format!("{home}/certificates/{}/export", segment(certificate)), &request)
        .await?;
    let bytes = STANDARD
        .decode(&export.content)
        .map_err(|_| Failure::new(Exit::Fault, "The server's file could not be read."))?;
    let path = if out.is_dir() && !wanted.force {
        unused(out, &export.file_name)
    } else if out.is_dir() {
        out.join(&export.file_name)
    } else {
        out.to_owned()
    };
    write_private(&path, &bytes, wanted.force)?;
    for warning in &export.warnings {
        printer.hint(&format!("russet: {warning}"));
    }
    let told = serde_json::json!({ "certificate": certificate, "file": path.display().to_string(), "form": form.word(), "generated_password": export.generated_password });
    printer.show(&told, |_| match &export.generated_password {
        Some(password) => format!("Wrote {}\nPassword, shown once: {password}", path.display()),
        None => format!("Wrote {}", path.display()),
    });
    Ok(())
}

/// A name in the directory that nothing has yet. All certificates of a team and type have one name, and a place at Apple
/// must not be lost to an older file of that name.
fn unused(directory: &Path, name: &str) -> PathBuf {
    let plain = directory.join(name);
    let (stem, ending) = name.rsplit_once('.').unwrap_or((name, ""));
    let numbered = (2..).map(|number| directory.join(format!("{stem} {number}.{ending}")));
    std::iter::once(plain.clone())
        .chain(numbered.take(10_000))
        .find(|path| !path.exists())
        .unwrap_or(plain)
}

pub(crate) fn cannot_write(path: &Path, cause: std::io::Error) -> Failure {
    let advice = if cause.kind() == std::io::ErrorKind::AlreadyExists {
        " Give --force to replace it, or name another file with --out."
    } else {
        ""
    };
    Failure::new(Exit::Usage, format!("Cannot write {}: {cause}.{advice}", path.display()))
}

/// Writes a file that only its owner may read. It is written beside its name and moved there, so that a full disk leaves
/// nothing half-written and a file that is to be replaced as it was.
pub(crate) fn write_private(path: &Path, bytes: &[u8], replace: bool) -> Result<(), Failure> {
    let cannot = |cause: std::io::Error| cannot_write(path, cause);
    if !replace && path.try_exists().map_err(cannot)? {
        return Err(cannot(std::io::ErrorKind::AlreadyExists.into()));
    }
    let mut name = path.file_name().map(ToOwned::to_owned).unwrap_or_default();
    name.push(format!(".{}.part", std::process::id()));
    let part = path.with_file_name(name);
    let written = private_file(&part).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()?;
        if replace {
            return std::fs::rename(&part, path);
        }
        // A link refuses to replace what came there in the meantime; not every file system has links.
        match std::fs::hard_link(&part, path) {
            Err(cause) if cause.kind() != std::io::ErrorKind::AlreadyExists && !path.exists() => std::fs::rename(&part, path),
            other => other,
        }
    });
    let _ = std::fs::remove_file(&part);
    written.map_err(cannot)
}

/// Whether files can be written there; makes the directory when it is missing.
pub(crate) fn writable(directory: &Path) -> Result<(), Failure> {
    let cannot = |cause: std::io::Error| {
        Failure::new(
            Exit::Usage,
            format!("Cannot write into {}: {cause}. Nothing was asked for yet.", directory.display()),
        )
    };
    std::fs::create_dir_all(directory).map_err(cannot)?;
    // Named for this process: neither a job beside it nor one that was killed here stands in its way.
    let probe = directory.join(format!(".russet-write-check.{}", std::process::id()));
    private_file(&probe).map_err(cannot)?;
    std::fs::remove_file(&probe).map_err(cannot)
}
