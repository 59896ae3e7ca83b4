//! Sharing what is shared whole: a certificate or a profile.

use crate::{
    Failure,
    client::Client,
    keys::{With, day, end_of},
    output::{Printer, plain},
};
use clap::Args;

/// With whom to share, and until when.
#[derive(Debug, Args)]
pub struct ShareTerms {
    #[command(flatten)]
    with: With,
    /// Until the end of this day, UTC, such as 2027-01-31
    #[arg(long, value_name = "DAY", value_parser = day)]
    until: Option<jiff::civil::Date>,
}

impl ShareTerms {
    /// Shares an item; `shares` is where its shares are asked for.
    pub(crate) async fn begin(self, client: &Client, printer: &Printer, shares: &str, name: &str) -> Result<(), Failure> {
        let stops_at = self.until.map(end_of).transpose()?;
        let targets = self.with.targets(client, shares).await?.into_iter();
        let change = api::ChangeItemShares {
            share: targets.map(|with| api::ShareItemWith { with, stops_at }).collect(),
            stop: vec![],
        };
        show(printer, name, &client.patch(shares, &change).await?);
        Ok(())
    }
}

/// Stops sharing an item.
pub(crate) async fn end(with: &With, client: &Client, printer: &Printer, shares: &str, name: &str) -> Result<(), Failure> {
    let change = |stop| api::ChangeItemShares { share: vec![], stop };
    let sharing = with.end(client, shares, change).await?;
    show(printer, name, &sharing);
    with.warn_of_all(printer, &sharing);
    Ok(())
}

/// With whom it is shared now.
fn show(printer: &Printer, name: &str, sharing: &api::Sharing) {
    printer.show(sharing, |sharing| format!("“{}” is shared now: {}.", plain(name), sharing.words));
}
