//! `russet activity`.

use crate::{
    Exit, Failure,
    client::Client,
    output::{Printer, table},
};
use clap::Subcommand;

/// `russet activity`
#[derive(Debug, Subcommand)]
pub enum Activity {
    /// List what was done, newest first
    List {
        /// How many records
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=200))]
        limit: u32,
        /// Only records before this one: the “next” of the page before
        #[arg(long, value_name = "ID")]
        before: Option<String>,
    },
}

impl Activity {
    pub(crate) async fn run(self, client: &Client, printer: &Printer) -> Result<Exit, Failure> {
        let Self::List { limit, before } = self;
        let home = client.home().await?;
        let mut query = vec![("limit", limit.to_string())];
        query.extend(before.map(|before| ("before", before)));
        let page: api::ActivityPage = client.get(&format!("{home}/activity"), &query).await?;
        printer.show(&page, |page| {
            table(
                &["when", "who", "what", "outcome"],
                page.items.iter().map(|r| {
                    vec![
                        r.at.strftime("%-d %b %Y, %H:%M UTC").to_string(),
                        r.actor.clone(),
                        r.sentence.clone(),
                        r.outcome.clone(),
                    ]
                }),
            )
        });
        if let (Some(next), false) = (&page.next, printer.is_json()) {
            printer.hint(&format!("More: --before {next}"));
        }
        Ok(Exit::Ok)
    }
}
