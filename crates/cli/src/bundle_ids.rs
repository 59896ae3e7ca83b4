//! `russet bundle-ids`.

use crate::{
    Exit, Failure,
    client::Client,
    lists::Listing,
    output::{Printer, table},
};
use clap::Subcommand;

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
