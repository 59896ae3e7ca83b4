//! Lists of the Apple account: the options they share, bundle IDs and devices.

use crate::{
    Exit, Failure,
    client::{Client, segment},
    output::{Printer, date, table},
};
use clap::{Args, Subcommand};
use serde::de::DeserializeOwned;

/// Options of every list that is read through a key.
#[derive(Debug, Args)]
pub struct Listing {
    /// Only what holds this text in its name, identifier, serial or UDID
    #[arg(long)]
    search: Option<String>,
    /// Only this type, platform or class
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<String>,
    /// Only this state
    #[arg(long)]
    state: Option<String>,
    /// Sort by this field; “-” before it turns the order around
    #[arg(long, allow_hyphen_values = true)]
    sort: Option<String>,
}

impl Listing {
    /// Whether any of them was given.
    pub(crate) fn is_empty(&self) -> bool {
        self.search.is_none() && self.kind.is_none() && self.state.is_none() && self.sort.is_none()
    }

    /// Asks for the list `what` through `key`.
    pub(crate) async fn ask<T: DeserializeOwned>(&self, client: &Client, key: &str, what: &str) -> Result<T, Failure> {
        let query: Vec<(&str, String)> = [
            ("search", &self.search),
            ("kind", &self.kind),
            ("state", &self.state),
            ("sort", &self.sort),
        ]
        .into_iter()
        .filter_map(|(name, value)| value.clone().map(|v| (name, v)))
        .collect();
        let home = client.home().await?;
        client.get(&format!("{home}/keys/{}/apple/{what}", segment(key)), &query).await
    }
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
}

impl BundleIds {
    pub(crate) async fn run(self, client: &Client, printer: &Printer) -> Result<Exit, Failure> {
        let Self::List { key, listing } = self;
        let list: api::AppleBundleIds = listing.ask(client, &key, "bundle-ids").await?;
        printer.show(&list, |list| {
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
        });
        Ok(Exit::Ok)
    }
}

/// `russet devices`
#[derive(Debug, Subcommand)]
pub enum Devices {
    /// List the devices of the Apple account
    List {
        /// Through which key, by id or name
        #[arg(long)]
        key: String,
        #[command(flatten)]
        listing: Listing,
    },
}

impl Devices {
    pub(crate) async fn run(self, client: &Client, printer: &Printer) -> Result<Exit, Failure> {
        let Self::List { key, listing } = self;
        let list: api::AppleDevices = listing.ask(client, &key, "devices").await?;
        printer.show(&list, |list| {
            table(
                &["name", "class", "udid", "status", "added", "id"],
                list.items.iter().map(|d| {
                    vec![
                        d.name.clone(),
                        d.device_class.clone(),
                        d.udid.clone(),
                        d.status.clone(),
                        date(d.added_at),
                        d.id.clone(),
                    ]
                }),
            )
        });
        Ok(Exit::Ok)
    }
}
