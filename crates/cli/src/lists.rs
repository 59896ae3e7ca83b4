//! Lists of the Apple account: the options they share, and what of the account hangs on what.

use crate::{
    Failure,
    client::{Client, segment},
    output::plain,
};
use clap::Args;
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

/// The profiles of a list that builds can be signed with, by name.
pub(crate) fn active(profiles: &[api::ProfileRef]) -> Vec<String> {
    let names = profiles.iter().filter(|profile| profile.state == "ACTIVE");
    names.map(|profile| format!("“{}”", plain(&profile.name))).collect()
}
