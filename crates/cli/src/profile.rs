//! `russet profiles`.
//!
//! A profile held here is named by its id, its UUID or its name, one of the Apple account by Apple's id.

mod held;

pub(crate) use held::known;

use crate::{
    Exit, Failure,
    certificates::write_private,
    client::{Client, segment},
    keys::With,
    lists::Listing,
    operation::Wait,
    output::{Printer, expiry, named, plain, table},
    shares::{self, ShareTerms},
};
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// What is in a profile.
#[derive(Debug, Default, Args)]
pub struct Content {
    /// A certificate, by Apple's id or the SHA-256 of its public key; may be given several times
    #[arg(long = "certificate", value_name = "CERTIFICATE")]
    certificates: Vec<String>,
    /// A device, by its UDID or Apple's id; may be given several times
    #[arg(long = "device", value_name = "DEVICE", conflicts_with = "all_devices")]
    devices: Vec<String>,
    /// All enabled devices of its class, now and whenever it is rebuilt
    #[arg(long)]
    all_devices: bool,
}

/// `russet profiles`
#[derive(Debug, Subcommand)]
pub enum Profiles {
    /// List the provisioning profiles held here or, with --key, those of the Apple account
    List {
        /// Read the Apple account through this key, by id or name
        #[arg(long)]
        key: Option<String>,
        #[command(flatten)]
        listing: Listing,
    },
    /// Show a profile held here, with what its file says
    Show {
        /// Id, UUID or name
        profile: String,
    },
    /// Register a profile at Apple and keep its file here
    Register {
        /// Through which key, by id or name
        #[arg(long)]
        key: String,
        /// The identifier of a bundle ID of the account
        #[arg(long, value_name = "IDENTIFIER")]
        bundle_id: String,
        /// Apple's type, such as IOS_APP_STORE; for iOS also app-store, ad-hoc, development, in-house
        #[arg(long = "type", value_name = "TYPE")]
        profile_type: String,
        /// Its name; left out, it is made of the identifier and the type
        #[arg(long)]
        name: Option<String>,
        #[command(flatten)]
        content: Content,
        #[command(flatten)]
        wait: Wait,
    },
    /// Take profiles of the Apple account into the list here; nothing changes at Apple
    Fetch {
        /// Through which key, by id or name
        #[arg(long)]
        key: String,
        /// Only these, by Apple's id; all of them unless given
        #[arg(value_name = "ID")]
        profiles: Vec<String>,
        /// Keep references only: files stay at Apple and are fetched at each use; without this they are kept again
        #[arg(long)]
        reference: bool,
    },
    /// Take profiles in from .mobileprovision and .provisionprofile files
    Upload {
        /// The files
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Download a profile held here or, by Apple's id, one of the account
    Download {
        /// Id, UUID or name of one held here, or Apple's id
        profile: String,
        /// Read the Apple account through this key, by id or name; when left out, what is held here comes first, then every
        /// key that may is tried
        #[arg(long)]
        key: Option<String>,
        /// File to write; a directory takes <UUID>.mobileprovision, or <Apple's id>.mobileprovision
        #[arg(long, value_name = "FILE", default_value = ".")]
        out: PathBuf,
        /// Replace a file that is there already
        #[arg(long)]
        force: bool,
    },
    /// Delete a profile at Apple and create it again under its name; what is not given stays as it is
    Rebuild {
        /// Id, UUID or name
        profile: String,
        /// Through which key, by id or name
        #[arg(long)]
        key: String,
        #[command(flatten)]
        content: Content,
        /// Do not ask
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        wait: Wait,
    },
    /// Let sub-organizations put a profile into their signing sets; the certificates in it are shared by themselves
    Share {
        /// Id, UUID or name
        profile: String,
        #[command(flatten)]
        share: ShareTerms,
    },
    /// Stop letting sub-organizations use it, at once
    Unshare {
        /// Id, UUID or name
        profile: String,
        #[command(flatten)]
        with: With,
    },
    /// Remove profiles here, all of these or none; at Apple they stay
    Remove {
        /// Ids, UUIDs or names
        #[arg(required = true, value_name = "PROFILE")]
        profiles: Vec<String>,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Delete a profile at Apple; what is held of it here stays
    Delete {
        /// Apple's id
        profile: String,
        /// Through which key, by id or name
        #[arg(long)]
        key: String,
        /// Do not ask for its name
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        wait: Wait,
    },
}

impl Profiles {
    pub(crate) async fn run(self, client: &Client, printer: &Printer) -> Result<Exit, Failure> {
        match self {
            Self::List { key: Some(key), listing } => {
                let list: api::AppleProfiles = listing.ask(client, &key, "profiles").await?;
                printer.show(&list, at_apple);
                Ok(Exit::Ok)
            }
            Self::List { key: None, listing } => held::list(client, printer, &listing).await,
            Self::Show { profile } => held::show(client, printer, &profile).await,
            Self::Register {
                key,
                bundle_id,
                profile_type,
                name,
                content,
                wait,
            } => {
                let request = api::NewProfile {
                    key,
                    profile_type,
                    bundle_identifier: bundle_id,
                    name,
                    certificates: content.certificates,
                    devices: content.devices,
                    all_devices: content.all_devices,
                };
                held::register(client, printer, &request, wait).await
            }
            Self::Fetch { key, profiles, reference } => {
                let request = api::FetchProfiles {
                    profiles: Some(profiles).filter(|ids| !ids.is_empty()),
                    reference,
                };
                held::fetch(client, printer, &key, &request).await
            }
            Self::Upload { files } => held::upload(client, printer, &files).await,
            Self::Download { profile, key, out, force } => download(client, printer, &profile, key.as_deref(), out, force).await,
            Self::Rebuild {
                profile,
                key,
                content,
                yes,
                wait,
            } => held::rebuild(client, printer, &profile, key, content, yes, wait).await,
            Self::Share { profile, share } => {
                let home = client.home().await?;
                let chosen = held::find(client, &home, &profile).await?;
                let shares = format!("{home}/profiles/{}/shares", segment(&chosen.id));
                share.begin(client, printer, &shares, &chosen.name).await?;
                Ok(Exit::Ok)
            }
            Self::Unshare { profile, with } => {
                let home = client.home().await?;
                let chosen = held::find(client, &home, &profile).await?;
                let shares = format!("{home}/profiles/{}/shares", segment(&chosen.id));
                shares::end(&with, client, printer, &shares, &chosen.name).await?;
                Ok(Exit::Ok)
            }
            Self::Remove { profiles, yes } => held::remove(client, printer, &profiles, yes).await,
            Self::Delete { profile, key, yes, wait } => delete(client, printer, &profile, &key, yes, wait).await,
        }
    }
}

fn at_apple(list: &api::AppleProfiles) -> String {
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
}

async fn download(
    client: &Client,
    printer: &Printer,
    profile: &str,
    key: Option<&str>,
    out: PathBuf,
    force: bool,
) -> Result<Exit, Failure> {
    let home = client.home().await?;
    let held = match key {
        Some(_) => None,
        None => held::known(client, &home, profile).await?,
    };
    let (stem, ending, (bytes, signature)) = match (&held, key) {
        (Some(held), _) => {
            let path = format!("{home}/profiles/{}/content", segment(&held.id));
            (held.uuid.as_str(), held::ending(held), client.file(&path).await?)
        }
        (None, Some(key)) => (profile, "mobileprovision", content(client, &home, key, profile).await?),
        (None, None) => (profile, "mobileprovision", through_any_key(client, &home, profile).await?),
    };
    let path = if out.is_dir() {
        out.join(format!("{}.{ending}", segment(stem)))
    } else {
        out
    };
    write_private(&path, &bytes, force)?;
    let told = serde_json::json!({ "profile": profile, "file": path.display().to_string(), "signature": signature });
    printer.show(&told, |_| match &signature {
        Some(signature) => format!("Wrote {} ({signature})", path.display()),
        None => format!("Wrote {}", path.display()),
    });
    Ok(Exit::Ok)
}

async fn delete(client: &Client, printer: &Printer, id: &str, key: &str, yes: bool, wait: Wait) -> Result<Exit, Failure> {
    let home = client.home().await?;
    let list = format!("{home}/keys/{}/apple/profiles", segment(key));
    let listed: api::AppleProfiles = client.get(&list, &[]).await?;
    let Some(found) = listed.items.into_iter().find(|one| one.id == id) else {
        return Err(Failure::new(
            Exit::NotFound,
            format!("The account has no profile “{id}”. “russet profiles list --key {key}” shows those that it has."),
        ));
    };
    let name = plain(&found.name);
    printer.hint(&format!("“{name}” would be deleted at Apple. What is held of it here stays."));
    if !yes && !named("Type its name to delete it", &found.name)? {
        return Err(Failure::new(
            Exit::Usage,
            "Nothing was deleted. Give --yes to delete without being asked for the name.",
        ));
    }
    let request = api::DeleteProfile { name: found.name.clone() };
    let begun: api::Operation = client.post_once(&format!("{list}/{}/delete", segment(id)), &request).await?;
    let told = format!("“{name}” is deleted at Apple.");
    wait.and_tell(client, printer, &home, begun, |_| told).await
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
