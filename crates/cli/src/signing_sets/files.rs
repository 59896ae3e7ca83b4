//! The files of a set, written where a build finds them: certificates, profiles under the names that Xcode looks for, and
//! `ExportOptions.plist`. Only the owner of the folder's files may read them.

use super::details;
use crate::{
    Exit, Failure,
    certificates::{Export, cannot_write, writable, write_private},
    client::{Client, segment},
    output::Printer,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use clap::Args;
use serde::Serialize;
use std::path::{Component, Path, PathBuf};

/// Whether and where files are written.
#[derive(Debug, Args)]
pub struct Files {
    /// Write the files of the set into this folder: certificates with private keys, profiles, ExportOptions.plist
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    #[command(flatten)]
    export: Export,
}

/// What was written.
#[derive(Serialize)]
struct Written {
    #[serde(flatten)]
    set: api::SigningSet,
    files: Vec<WrittenFile>,
    generated_password: Option<String>,
}

#[derive(Serialize)]
struct WrittenFile {
    kind: String,
    bundle_identifier: Option<String>,
    file: String,
}

impl Files {
    /// Sees that the folder can be written into, and makes it when it is missing.
    pub(super) fn prepare(&self) -> Result<(), Failure> {
        self.out.as_deref().map_or(Ok(()), writable)
    }

    /// Shows the set or, with a folder, writes its files and tells where.
    pub(super) async fn show_or_write(&self, client: &Client, printer: &Printer, home: &str, set: &api::SigningSet) -> Result<(), Failure> {
        let Some(folder) = &self.out else {
            printer.show(set, details);
            return Ok(());
        };
        self.prepare()?;
        let (form, password) = self.export.wanted(printer)?;
        if !self.export.replaces() {
            refuse_to_replace(folder, set)?;
        }
        let request = api::SigningSetFilesRequest { form, password };
        let path = format!("{home}/signing-sets/{}/files", segment(&set.id));
        let taken: api::SigningSetFiles = client.post(&path, &request).await?;
        let mut written = Written {
            set: taken.signing_set,
            files: Vec::with_capacity(taken.files.len()),
            generated_password: taken.generated_password,
        };
        for file in taken.files {
            let bytes = STANDARD
                .decode(&file.content)
                .map_err(|_| Failure::new(Exit::Fault, "The server's file could not be read."))?;
            let path = within(folder, &file.file_name)?;
            write_private(&path, &bytes, self.export.replaces())?;
            written.files.push(WrittenFile {
                kind: file.kind,
                bundle_identifier: file.bundle_identifier,
                file: path.display().to_string(),
            });
        }
        for warning in &taken.warnings {
            printer.hint(&format!("russet: {warning}"));
        }
        printer.show(&written, |written| {
            let mut lines = vec![details(&written.set)];
            lines.extend(written.files.iter().map(|file| format!("Wrote {}", file.file)));
            if let Some(password) = &written.generated_password {
                lines.push(format!("Password of the certificates, shown once: {password}"));
            }
            lines.join("\n")
        });
        Ok(())
    }
}

/// A private key leaves only for files that can be written: those of the same set that are there already are told before.
fn refuse_to_replace(folder: &Path, set: &api::SigningSet) -> Result<(), Failure> {
    let mut stems = vec!["ExportOptions".to_owned()];
    for item in &set.items {
        stems.extend(item.certificate.iter().map(|certificate| certificate.sha1.clone()));
        stems.extend(item.profile.iter().map(|profile| profile.uuid.clone()));
    }
    for stem in stems {
        for suffix in ["plist", "p12", "pem", "mobileprovision", "provisionprofile"] {
            let path = folder.join(format!("{stem}.{suffix}"));
            if path.exists() {
                return Err(cannot_write(&path, std::io::ErrorKind::AlreadyExists.into()));
            }
        }
    }
    Ok(())
}

/// A file in the folder, and nowhere else, whatever the server calls it.
fn within(folder: &Path, name: &str) -> Result<PathBuf, Failure> {
    let mut parts = Path::new(name).components();
    match (parts.next(), parts.next()) {
        (Some(Component::Normal(name)), None) => Ok(folder.join(name)),
        _ => Err(Failure::new(
            Exit::Fault,
            "The server named a file that is not one of this folder. Nothing was written.",
        )),
    }
}
