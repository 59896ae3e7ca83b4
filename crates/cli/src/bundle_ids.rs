//! `russet bundle-ids`.
//!
//! Bundle IDs are named by identifier or by Apple's id. A capability may bring settings:
//! `ICLOUD:ICLOUD_VERSION=XCODE_6`, several with commas.

use crate::{
    Exit, Failure,
    client::{Client, segment},
    lists::{Listing, active},
    operation::Wait,
    output::{Printer, confirmed, plain, table},
};
use clap::{Args, Subcommand, ValueEnum};

/// For which systems a bundle ID is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Platform {
    /// Everything but Macs
    Ios,
    /// Macs
    Mac,
    /// Both
    Universal,
}

impl Platform {
    fn word(self) -> &'static str {
        match self {
            Self::Ios => "IOS",
            Self::Mac => "MAC_OS",
            Self::Universal => "UNIVERSAL",
        }
    }
}

/// One bundle ID of the account.
#[derive(Debug, Args)]
pub struct One {
    /// Identifier, or Apple's id
    bundle_id: String,
    /// Through which key, by id or name
    #[arg(long)]
    key: String,
}

/// `russet bundle-ids`
#[derive(Debug, Subcommand)]
pub enum BundleIds {
    /// List the bundle IDs of the Apple account
    List {
        /// Through which key, by id or name
        #[arg(long)]
        key: String,
        #[command(flatten)]
        listing: Listing,
    },
    /// Show one with its capabilities, their settings, and its profiles
    Show(One),
    /// Register one with its capabilities
    Register {
        /// Such as com.example.app, or com.example.* for all that begin so
        identifier: String,
        /// Through which key, by id or name
        #[arg(long)]
        key: String,
        /// Apple's description [default: made of the identifier]
        #[arg(long)]
        name: Option<String>,
        /// For which systems it is
        #[arg(long, value_enum, default_value = "ios")]
        platform: Platform,
        /// What it is to be able to do: PUSH_NOTIFICATIONS, ICLOUD:ICLOUD_VERSION=XCODE_6, …; may be repeated
        #[arg(long, value_name = "CAPABILITY", value_parser = capability)]
        capability: Vec<api::Capability>,
        #[command(flatten)]
        wait: Wait,
    },
    /// Change what one can do; nothing that is not named is touched
    Edit {
        #[command(flatten)]
        one: One,
        /// To be added, or to have these settings: PUSH_NOTIFICATIONS, ICLOUD:ICLOUD_VERSION=XCODE_6, …; may be repeated
        #[arg(long, value_name = "CAPABILITY", value_parser = capability, required_unless_present = "remove")]
        add: Vec<api::Capability>,
        /// To be taken away; may be repeated
        #[arg(long, value_name = "CAPABILITY")]
        remove: Vec<String>,
        /// Show what would change and which profiles become INVALID, without doing it
        #[arg(long)]
        dry_run: bool,
        /// Do not ask
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        wait: Wait,
    },
}

impl BundleIds {
    pub(crate) async fn run(self, client: &Client, printer: &Printer) -> Result<Exit, Failure> {
        match self {
            Self::List { key, listing } => {
                let list: api::AppleBundleIds = listing.ask(client, &key, "bundle-ids").await?;
                printer.show(&list, listed);
                Ok(Exit::Ok)
            }
            Self::Show(one) => {
                let home = client.home().await?;
                let found: api::AppleBundleIdDetails = client.get(&address(client, &home, &one).await?, &[]).await?;
                printer.show(&found, shown);
                Ok(Exit::Ok)
            }
            Self::Register {
                identifier,
                key,
                name,
                platform,
                capability,
                wait,
            } => {
                let home = client.home().await?;
                let request = api::NewBundleId {
                    identifier,
                    name,
                    platform: Some(platform.word().to_owned()),
                    capabilities: capability,
                };
                let path = format!("{home}/keys/{}/apple/bundle-ids", segment(&key));
                let begun: api::Operation = client.post_once(&path, &request).await?;
                let done = |over: &api::Operation| {
                    let id = over.at_apple.clone().unwrap_or_default();
                    format!("{} is registered as {id}.", plain(request.identifier.trim()))
                };
                wait.and_tell(client, printer, &home, begun, done).await
            }
            Self::Edit {
                one,
                add,
                remove,
                dry_run,
                yes,
                wait,
            } => {
                let change = api::EditCapabilities { set: add, remove };
                edit(client, printer, &one, &change, Ways { dry_run, yes, wait }).await
            }
        }
    }
}

/// How an edit is to go.
struct Ways {
    dry_run: bool,
    yes: bool,
    wait: Wait,
}

async fn edit(client: &Client, printer: &Printer, one: &One, change: &api::EditCapabilities, ways: Ways) -> Result<Exit, Failure> {
    let home = client.home().await?;
    let path = address(client, &home, one).await?;
    let preview: api::CapabilitiesPreview = client.post(&format!("{path}/preview"), change).await?;
    if ways.dry_run {
        printer.show(&preview, |preview| difference(preview) + "\n\nNothing was done.");
        return Ok(Exit::Ok);
    }
    let breaks = preview.invalid_profiles.as_ref().is_none_or(|profiles| !profiles.is_empty());
    let asks = breaks || !preview.remove.is_empty();
    if asks && !ways.yes {
        printer.hint(&difference(&preview));
        if !confirmed("Change it so?")? {
            return Err(Failure::new(
                Exit::Usage,
                "Nothing was changed. Give --yes to change it without being asked.",
            ));
        }
    }
    let begun: api::Operation = client.patch(&path, change).await?;
    ways.wait
        .and_tell(client, printer, &home, begun, |_| {
            let again = preview.invalid_profiles.as_deref().map(active).unwrap_or_default();
            match again.as_slice() {
                [] => "The capabilities are changed.".to_owned(),
                these => format!("The capabilities are changed. To be made anew: {}.", these.join(", ")),
            }
        })
        .await
}

fn difference(preview: &api::CapabilitiesPreview) -> String {
    let add = preview.add.iter().map(|gained| format!("+ {}", written(gained)));
    let change = preview.change.iter().map(|changed| format!("~ {}", written(changed)));
    let remove = preview.remove.iter().map(|lost| format!("- {}", plain(lost)));
    let mut lines: Vec<_> = add.chain(change).chain(remove).collect();
    if lines.is_empty() {
        lines.push("Nothing would change.".to_owned());
    }
    if !preview.keep.is_empty() {
        lines.push(format!("  stays: {}", plain(&preview.keep.join(", "))));
    }
    match &preview.invalid_profiles {
        None => lines.push("Which profiles become INVALID is not known: the key may not read them.".to_owned()),
        Some(profiles) if profiles.is_empty() => {}
        Some(profiles) => lines.push(format!("Profiles that become INVALID: {}.", active(profiles).join(", "))),
    }
    lines.join("\n")
}

fn listed(list: &api::AppleBundleIds) -> String {
    table(
        &["identifier", "name", "platform", "capabilities", "id"],
        list.items.iter().map(|b| {
            vec![
                b.identifier.clone(),
                b.name.clone(),
                b.platform.clone(),
                b.capabilities.join(", "),
                b.id.clone(),
            ]
        }),
    )
}

fn shown(found: &api::AppleBundleIdDetails) -> String {
    let head = format!("{} ({}, {}, {})", found.identifier, found.name, found.platform, found.id);
    let capabilities = table(&["capability"], found.capabilities.iter().map(|c| vec![written(c)]));
    let profiles = match &found.profiles {
        None => "The key may not read profiles.".to_owned(),
        Some(profiles) => table(
            &["profile", "type", "state", "id"],
            profiles
                .iter()
                .map(|p| vec![p.name.clone(), p.profile_type.clone(), p.state.clone(), p.id.clone()]),
        ),
    };
    format!("{}\n\n{capabilities}\n\n{profiles}", plain(&head))
}

/// As it is written for `--add`.
fn written(capability: &api::Capability) -> String {
    let settings: Vec<_> = capability
        .settings
        .iter()
        .flat_map(|setting| {
            let on = setting.options.iter().filter(|option| option.enabled);
            on.map(move |option| format!("{}={}", setting.key, option.key))
        })
        .collect();
    match settings.as_slice() {
        [] => plain(&capability.capability),
        settings => plain(&format!("{}:{}", capability.capability, settings.join(","))),
    }
}

/// `CAPABILITY` or `CAPABILITY:SETTING=OPTION,…`; a setting that comes again has several options.
fn capability(text: &str) -> Result<api::Capability, String> {
    let (word, settings) = text.split_once(':').unwrap_or((text, ""));
    let mut capability = api::Capability {
        capability: word.trim().to_owned(),
        settings: Vec::new(),
    };
    for part in settings.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let (key, option) = part
            .split_once('=')
            .ok_or_else(|| format!("“{part}” is not a setting. Write SETTING=OPTION, such as ICLOUD_VERSION=XCODE_6."))?;
        let option = api::CapabilityOption {
            key: option.trim().to_owned(),
            enabled: true,
        };
        match capability.settings.iter_mut().find(|known| known.key == key.trim()) {
            Some(known) => known.options.push(option),
            None => capability.settings.push(api::CapabilitySetting {
                key: key.trim().to_owned(),
                options: vec![option],
            }),
        }
    }
    Ok(capability)
}

/// Where one is, by identifier or Apple's id.
async fn address(client: &Client, home: &str, one: &One) -> Result<String, Failure> {
    let path = format!("{home}/keys/{}/apple/bundle-ids", segment(&one.key));
    let list: api::AppleBundleIds = client.get(&path, &[]).await?;
    let wanted = one.bundle_id.trim();
    let found = list.items.iter().find(|b| b.id == wanted || b.identifier == wanted);
    let found = found.ok_or_else(|| {
        Failure::new(
            Exit::NotFound,
            format!(
                "The account has no bundle ID “{wanted}”. “russet bundle-ids list --key {}” shows those that it has.",
                one.key
            ),
        )
    })?;
    Ok(format!("{path}/{}", segment(&found.id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_capability_is_written_and_read_with_its_settings() {
        for text in ["PUSH_NOTIFICATIONS", "ICLOUD:ICLOUD_VERSION=XCODE_6", "A:B=C,B=D,E=F"] {
            assert_eq!(written(&capability(text).unwrap()), text);
        }
        assert!(capability("ICLOUD:XCODE_6").unwrap_err().contains("SETTING=OPTION"));
    }
}
