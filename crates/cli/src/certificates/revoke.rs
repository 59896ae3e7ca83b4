//! `russet certificates revoke`: at Apple, for good.

use crate::{
    Exit, Failure,
    client::{Client, segment},
    lists::active,
    operation::Wait,
    output::{Printer, named, plain},
};
use clap::Args;

/// Which certificate, and how sure.
#[derive(Debug, Args)]
pub struct Revoke {
    /// Serial number, name, Apple's id, or the id here
    certificate: String,
    /// Through which key, by id or name
    #[arg(long)]
    key: String,
    /// Do not ask for its name
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    wait: Wait,
}

impl Revoke {
    pub(crate) async fn run(self, client: &Client, printer: &Printer) -> Result<Exit, Failure> {
        let home = client.home().await?;
        let list = format!("{home}/keys/{}/apple/certificates", segment(&self.key));
        let found = self.find(client.get(&list, &[]).await?)?;
        let path = format!("{list}/{}", segment(&found.id));
        let details: api::AppleCertificateDetails = client.get(&path, &[]).await?;
        printer.hint(&warning(&details));
        if !self.yes && !named("Type its name to revoke it", &found.name)? {
            return Err(Failure::new(
                Exit::Usage,
                "Nothing was revoked. Give --yes to revoke without being asked for the name.",
            ));
        }
        let request = api::RevokeCertificate { name: found.name.clone() };
        let begun: api::Operation = client.post_once(&format!("{path}/revoke"), &request).await?;
        let told = format!("“{}” ({}) is revoked at Apple.", plain(&found.name), found.serial);
        self.wait.and_tell(client, printer, &home, begun, |_| told).await
    }

    /// All certificates of a team and type may have one name; that is no answer then.
    fn find(&self, list: api::AppleCertificates) -> Result<api::AppleCertificate, Failure> {
        let wanted = self.certificate.trim();
        let is_it = |c: &api::AppleCertificate| {
            c.id == wanted || c.name == wanted || c.serial.eq_ignore_ascii_case(wanted) || c.held.as_deref() == Some(wanted)
        };
        let mut fitting: Vec<_> = list.items.into_iter().filter(is_it).collect();
        match fitting.len() {
            1 => Ok(fitting.remove(0)),
            0 => Err(Failure::new(
                Exit::NotFound,
                format!(
                    "The account has no certificate “{wanted}”. “russet certificates list --key {}” shows those that it has.",
                    self.key
                ),
            )),
            several => Err(Failure::new(
                Exit::Conflict,
                format!("{several} certificates of the account are called “{wanted}”. Name one by its serial number."),
            )),
        }
    }
}

fn warning(details: &api::AppleCertificateDetails) -> String {
    let certificate = &details.certificate;
    let held = if certificate.key_held {
        " Its private key is held here and stays, of no use for builds any more."
    } else {
        ""
    };
    let profiles = match details.profiles.as_deref().map(active) {
        None => " Which profiles hold it is not known: the key may not read them.".to_owned(),
        Some(names) if names.is_empty() => " No profile that is active holds it.".to_owned(),
        Some(names) => format!(" Profiles that become INVALID: {}.", names.join(", ")),
    };
    format!(
        "“{}” ({}, serial number {}) would be revoked at Apple, which cannot be undone.{held}{profiles}",
        plain(&certificate.name),
        plain(&certificate.certificate_type),
        certificate.serial
    )
}
