//! `russet csrs`: signing requests, whose private key stays at the server.

use crate::{
    Exit, Failure,
    client::{Client, segment},
    output::{Printer, date, plain, table},
    secret::signing_file,
};
use clap::Subcommand;
use std::{
    io::IsTerminal,
    path::{Path, PathBuf},
};

/// `russet csrs`
#[derive(Debug, Subcommand)]
pub enum Csrs {
    /// List the signing requests made here
    List,
    /// Make a key pair, which stays at the server, and a signing request of it
    Create {
        /// The common name in the request
        name: String,
        /// E-mail address in the request
        #[arg(long)]
        email: Option<String>,
        /// Country in the request, two letters
        #[arg(long, value_name = "CODE")]
        country: Option<String>,
        /// Download the request as well, to this file or into this directory
        #[arg(long, value_name = "PATH")]
        out: Option<PathBuf>,
    },
    /// Download a request, for Apple's website
    Download {
        /// Id or name
        csr: String,
        /// File to write; a directory takes the name of the request
        #[arg(long, value_name = "PATH", default_value = ".")]
        out: PathBuf,
        /// Replace a file that is there already
        #[arg(long)]
        force: bool,
    },
    /// Take in the certificate that Apple made of a request
    Complete {
        /// Id or name
        csr: String,
        /// The .cer file from Apple's website, or - for standard input
        #[arg(long, value_name = "FILE")]
        file: PathBuf,
    },
    /// Remove a request, with its private key unless a certificate has it
    Remove {
        /// Id or name
        csr: String,
        /// Do it without asking for the name
        #[arg(long)]
        yes: bool,
    },
}

impl Csrs {
    pub(crate) async fn run(self, client: &Client, printer: &Printer) -> Result<Exit, Failure> {
        let home = client.home().await?;
        match self {
            Self::List => {
                let items: Vec<api::Csr> = client.list(&format!("{home}/csrs"), &[], None).await?;
                let list = api::Csrs { items, next_cursor: None };
                printer.show(&list, |list| {
                    table(
                        &["name", "state", "made", "by", "id"],
                        list.items.iter().map(|csr| {
                            vec![
                                csr.name.clone(),
                                state(csr),
                                date(Some(csr.created_at)),
                                csr.made_by.clone(),
                                csr.id.clone(),
                            ]
                        }),
                    )
                });
            }
            Self::Create { name, email, country, out } => {
                let request = api::NewCsr { name, email, country };
                let made: api::CsrDetails = client.post_once(&format!("{home}/csrs"), &request).await?;
                match out {
                    None => printer.show(&made, |made| {
                        format!(
                            "Made the request “{}”. Download it with: russet csrs download {}",
                            plain(&made.csr.name),
                            made.csr.id
                        )
                    }),
                    Some(out) => save(printer, &made.csr, &out, false)?,
                }
            }
            Self::Download { csr, out, force } => save(printer, &find(client, &home, &csr).await?, &out, force)?,
            Self::Complete { csr, file } => {
                let certificate = signing_file(&file, "a certificate")?;
                let csr = find(client, &home, &csr).await?;
                let path = format!("{home}/csrs/{}/complete", segment(&csr.id));
                let taken: api::TakenIn = client.post_once(&path, &api::CompleteCsr { certificate }).await?;
                show_taken(printer, &taken);
            }
            Self::Remove { csr, yes } => {
                let csr = find(client, &home, &csr).await?;
                let loss = match csr.certificates {
                    0 => "its private key is destroyed: a certificate that Apple makes of it later cannot be used".to_owned(),
                    1 => "the certificate made of it keeps the private key".to_owned(),
                    many => format!("the {many} certificates made of it keep the private key"),
                };
                printer.hint(&format!("With “{}” goes the request; {loss}.", plain(&csr.name)));
                if !yes && !confirmed(&csr.name)? {
                    return Err(Failure::new(
                        Exit::Usage,
                        "Nothing was removed. Give --yes to remove it without being asked.",
                    ));
                }
                let request = api::RemoveCsr { name: csr.name.clone() };
                client
                    .post_nothing(&format!("{home}/csrs/{}/remove", segment(&csr.id)), &request)
                    .await?;
                printer.done(&format!("Removed the request “{}”.", plain(&csr.name)));
            }
        }
        Ok(Exit::Ok)
    }
}

fn state(csr: &api::Csr) -> String {
    match csr.certificates {
        0 => "open".to_owned(),
        1 => "1 certificate".to_owned(),
        many => format!("{many} certificates"),
    }
}

/// What came of taking a certificate in, with what to know about it.
pub(crate) fn show_taken(printer: &Printer, taken: &api::TakenIn) {
    for warning in &taken.warnings {
        printer.hint(&format!("russet: {}: {warning}", plain(&taken.certificate.name)));
    }
    printer.show(taken, taken_words);
}

/// “Took in …”, in a line.
pub(crate) fn taken_words(taken: &api::TakenIn) -> String {
    let (name, serial, id) = (plain(&taken.certificate.name), &taken.certificate.serial, &taken.certificate.id);
    match taken.outcome.as_str() {
        "new" if taken.certificate.key_held => format!("Took in {name} ({serial}) with its private key, as {id}."),
        "new" => format!("Took in {name} ({serial}) without a private key, as {id}."),
        "joined" => format!("{name} ({serial}) was here as {id}; what it lacked has joined it."),
        _ => format!("{name} ({serial}) is here already, as {id}."),
    }
}

/// Asks for the name on a terminal; elsewhere the answer is no.
pub(crate) fn confirmed(name: &str) -> Result<bool, Failure> {
    if !std::io::stdin().is_terminal() {
        return Ok(false);
    }
    let typed: String = dialoguer::Input::new()
        .with_prompt("Type its name to remove it")
        .allow_empty(true)
        .interact_text()
        .map_err(|cause| Failure::new(Exit::Usage, cause.to_string()))?;
    Ok(typed.trim() == name)
}

/// By id or name; a name that several have is no answer.
pub(crate) async fn find(client: &Client, home: &str, wanted: &str) -> Result<api::Csr, Failure> {
    let path = format!("{home}/csrs");
    if wanted.starts_with("csr_") {
        let found = client.get::<api::CsrDetails>(&format!("{path}/{}", segment(wanted)), &[]).await;
        match found {
            Err(failure) if failure.exit == Exit::NotFound => {}
            found => return Ok(found?.csr),
        }
    }
    let all: Vec<api::Csr> = client.list(&path, &[], None).await?;
    let mut fitting: Vec<_> = all.into_iter().filter(|csr| csr.name == wanted).collect();
    match fitting.len() {
        1 => Ok(fitting.remove(0)),
        0 => Err(Failure::new(
            Exit::NotFound,
            format!(
                "There is no signing request “{}” here. “russet csrs list” shows those that are.",
                plain(wanted)
            ),
        )),
        several => Err(Failure::new(
            Exit::Conflict,
            format!(
                "{several} signing requests are called “{}”. Name one by its id, from “russet csrs list”.",
                plain(wanted)
            ),
        )),
    }
}

fn save(printer: &Printer, csr: &api::Csr, out: &Path, force: bool) -> Result<(), Failure> {
    let name: String = csr
        .name
        .chars()
        .map(|c| if c.is_alphanumeric() || " -_.()".contains(c) { c } else { '_' })
        .collect();
    let path = if out.is_dir() {
        out.join(format!("{}.certSigningRequest", name.trim_matches(['.', ' '])))
    } else {
        out.to_owned()
    };
    let cannot = |cause: std::io::Error| {
        let advice = if cause.kind() == std::io::ErrorKind::AlreadyExists {
            " Give --force to replace it, or name another file with --out."
        } else {
            ""
        };
        Failure::new(Exit::Usage, format!("Cannot write {}: {cause}.{advice}", path.display()))
    };
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).create_new(!force);
    let mut file = options.open(&path).map_err(cannot)?;
    std::io::Write::write_all(&mut file, csr.pem.as_bytes()).map_err(cannot)?;
    let told = serde_json::json!({ "csr": csr.id, "file": path.display().to_string() });
    printer.show(&told, |_| {
        format!(
            "Wrote {}\nGive it to developer.apple.com, then: russet csrs complete {} --file certificate.cer",
            path.display(),
            csr.id
        )
    });
    Ok(())
}
