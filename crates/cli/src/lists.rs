//! Lists of the Apple account: the options they share, bundle IDs and devices.

use crate::{
    Exit, Failure,
    client::{Client, segment},
    output::{Printer, date, table},
};
use clap::{Args, Subcommand};
use serde::de::DeserializeOwned;

/// Which rows of a list, and in which order.
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
    /// As the query of a list.
    pub(crate) fn query(&self) -> Vec<(&'static str, String)> {
        [
            ("search", &self.search),
            ("kind", &self.kind),
            ("state", &self.state),
            ("sort", &self.sort),
        ]
        .into_iter()
        .filter_map(|(name, value)| value.clone().map(|v| (name, v)))
        .collect()
    }

    /// Asks for the list `what` through `key`.
    pub(crate) async fn ask<T: DeserializeOwned>(&self, client: &Client, key: &str, what: &str) -> Result<T, Failure> {
        let home = client.home().await?;
        let path = format!("{home}/keys/{}/apple/{what}", segment(key));
        client.get(&path, &self.query()).await
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
