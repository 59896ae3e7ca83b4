//! Taking certificates in from files and from the account, removing them here.

use crate::{
    Exit, Failure,
    client::{Client, segment},
    csrs::{confirmed, taken_words},
    output::{Printer, plain},
    secret::{PasswordSource, signing_file},
};
use std::{io::IsTerminal, path::Path};

/// Sends a file. One that is under a password is asked for it, on a terminal, when none was given.
pub(super) async fn import(client: &Client, printer: &Printer, file: &Path, password: &PasswordSource) -> Result<Exit, Failure> {
    let given = password.read(printer)?;
    let content = signing_file(file, "a certificate or a .p12")?;
    let path = format!("{}/certificates/import", client.home().await?);
    let mut request = api::ImportCertificates { content, password: given };
    let mut answer: Result<api::Imported, Failure> = client.post(&path, &request).await;
    let refused = answer.as_ref().err().and_then(|failure| failure.problem.as_ref());
    let asks = refused.is_some_and(|problem| problem.code == "password_wrong");
    if asks && request.password.is_none() && std::io::stdin().is_terminal() {
        let typed = password.read_or_ask(printer, &format!("Password of {}", file.display()))?;
        request.password = Some(typed);
        answer = client.post(&path, &request).await;
    }
    show(printer, &answer?);
    Ok(Exit::Ok)
}

/// What was taken, what was not and why.
pub(super) fn show(printer: &Printer, imported: &api::Imported) {
    for warning in &imported.warnings {
        printer.hint(&format!("russet: {warning}"));
    }
    for taken in &imported.taken {
        for warning in &taken.warnings {
            printer.hint(&format!("russet: {}: {warning}", plain(&taken.certificate.name)));
        }
    }
    for one in &imported.left_out {
        printer.hint(&format!("russet: not taken: {}: {}", plain(&one.name), plain(&one.why)));
    }
    printer.show(imported, |imported| match imported.taken.is_empty() {
        true => "There was nothing to take in.".to_owned(),
        false => imported.taken.iter().map(taken_words).collect::<Vec<_>>().join("\n"),
    });
}

/// Tells what is lost, then removes it.
pub(super) async fn remove(
    client: &Client,
    printer: &Printer,
    home: &str,
    certificate: &api::Certificate,
    yes: bool,
) -> Result<(), Failure> {
    let path = format!("{home}/certificates/{}", segment(&certificate.id));
    let dependents: api::CertificateDependents = client.get(&format!("{path}/dependents"), &[]).await?;
    let name = plain(&certificate.name);
    if dependents.key_destroyed {
        printer.hint(&format!(
            "With “{name}” goes its private key, for good. Download it first if it is needed."
        ));
    }
    if dependents.valid_at_apple {
        printer.hint("At Apple it stays valid and keeps its place.");
    }
    if !yes && !confirmed(&certificate.name)? {
        return Err(Failure::new(
            Exit::Usage,
            "Nothing was removed. Give --yes to remove it without being asked.",
        ));
    }
    let request = api::RemoveCertificate {
        name: certificate.name.clone(),
    };
    client.post_nothing(&format!("{path}/remove"), &request).await?;
    printer.done(&format!("Removed {name} ({}) here.", certificate.serial));
    Ok(())
}
