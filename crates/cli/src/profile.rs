//! `russet profiles`.

use crate::{
    Exit, Failure,
    certificates::write_private,
    client::{Client, segment},
    lists::Listing,
    output::{Printer, expiry, table},
};
use clap::Subcommand;
use std::path::PathBuf;

/// `russet profiles`
#[derive(Debug, Subcommand)]
pub enum Profiles {
    /// List the provisioning profiles of the Apple account
    List {
        /// Through which key, by id or name
        #[arg(long)]
        key: String,
        #[command(flatten)]
        listing: Listing,
    },
    /// Download a profile as .mobileprovision
    Download {
        /// Apple's id of the profile
        profile: String,
        /// Through which key, by id or name; when left out, every key that may is tried
        #[arg(long)]
        key: Option<String>,
        /// File to write; a directory takes <id>.mobileprovision
        #[arg(long, value_name = "FILE", default_value = ".")]
        out: PathBuf,
        /// Replace a file that is there already
        #[arg(long)]
        force: bool,
    },
}

impl Profiles {
    pub(crate) async fn run(self, client: &Client, printer: &Printer) -> Result<Exit, Failure> {
        match self {
            Self::List { key, listing } => {
                let list: api::AppleProfiles = listing.ask(client, &key, "profiles").await?;
                printer.show(&list, |list| {
                    table(
                        &["name", "type", "state", "bundle id", "expires", "certificates", "devices", "id"],
                        list.items.iter().map(|p| {
                            vec![
                                p.name.clone(),
                                p.profile_type.clone(),
                                p.state.clone(),
                                p.bundle_identifier.clone().unwrap_or_else(|| "Not known".to_owned()),
                                expiry(p.expires_at, p.days_left),
                                p.certificates.len().to_string(),
                                p.devices.len().to_string(),
                                p.id.clone(),
                            ]
                        }),
                    )
                });
            }
            Self::Download { profile, key, out, force } => {
                let home = client.home().await?;
                let (bytes, signature) = match key {
                    Some(key) => content(client, &home, &key, &profile).await?,
                    None => through_any_key(client, &home, &profile).await?,
                };
                let path = if out.is_dir() {
                    out.join(format!("{}.mobileprovision", segment(&profile)))
                } else {
                    out
                };
                write_private(&path, &bytes, force)?;
                let told = serde_json::json!({ "profile": profile, "file": path.display().to_string(), "signature": signature });
                printer.show(&told, |_| match &signature {
                    Some(signature) => format!("Wrote {} ({signature})", path.display()),
                    None => format!("Wrote {}", path.display()),
                });
            }
        }
        Ok(Exit::Ok)
    }
}

async fn content(client: &Client, home: &str, key: &str, profile: &str) -> Result<(Vec<u8>, Option<String>), Failure> {
    client
        .file(&format!("{home}/keys/{}/apple/profiles/{}/content", segment(key), segment(profile)))
        .await
}

/// Several keys may see several teams; the one that knows the profile is the right one.
async fn through_any_key(client: &Client, home: &str, profile: &str) -> Result<(Vec<u8>, Option<String>), Failure> {
    let choices: api::KeyChoices = client
        .get(&format!("{home}/key-choices"), &[("need", "profiles".to_owned())])
        .await?;
    let mut last = Failure::new(
        Exit::NotAllowed,
        "No key here can read provisioning profiles. Add an Admin key with “russet keys add”.",
    );
    for choice in choices.items.iter().filter(|c| c.usability != "refused") {
        match content(client, home, &choice.id, profile).await {
            Ok(file) => return Ok(file),
            Err(failure) if failure.exit == Exit::Unreachable => return Err(failure),
            // Not found through one key says more than refused through the next.
            Err(failure) if last.exit != Exit::NotFound => last = failure,
            Err(_) => {}
        }
    }
    Err(last)
}
