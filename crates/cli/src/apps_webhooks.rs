//! `russet apps webhooks`: Apple tells the server of an app, so that nobody has to ask all the time.

use crate::{
    Exit, Failure,
    client::{Client, segment},
    operation::refused,
    output::{Printer, date, plain, table},
};
use clap::{Args, Subcommand};

/// Seconds that one request waits for Apple.
const WAIT: &str = "30";

/// `russet apps webhooks`
#[derive(Debug, Subcommand)]
pub enum Webhooks {
    /// List the webhooks of an app at Apple
    List(OfApp),
    /// Have Apple tell the server of an app's uploads and builds; once for an app
    Add(OfApp),
    /// Have Apple tell no more of an app
    Remove {
        #[command(flatten)]
        of: OfApp,
        /// Forget it here without asking Apple, where no key reaches it any more
        #[arg(long)]
        here_only: bool,
    },
}

/// Of which app, through which key.
#[derive(Debug, Args)]
pub struct OfApp {
    /// Bundle identifier of the app
    #[arg(value_name = "BUNDLE_ID")]
    identifier: String,
    /// API key, by id or name
    #[arg(long, value_name = "KEY")]
    key: String,
}

impl OfApp {
    fn path(&self, home: &str) -> String {
        format!("{home}/keys/{}/apps/{}/webhook", segment(&self.key), segment(&self.identifier))
    }
}

impl Webhooks {
    pub(crate) async fn run(self, client: &Client, printer: &Printer) -> Result<Exit, Failure> {
        let home = client.home().await?;
        match self {
            Self::List(of) => {
                let found: api::AppleWebhooks = client.get(&of.path(&home), &[]).await?;
                printer.show(&found, listed);
                Ok(Exit::Ok)
            }
            Self::Add(of) => {
                let path = format!("{}?wait={WAIT}", of.path(&home));
                let change: api::AppleWebhookChange = client.post(&path, &serde_json::json!({})).await?;
                over(printer, change, "Apple tells this server of the app's uploads and builds.")
            }
            Self::Remove { of, here_only } => {
                let path = format!("{}?wait={WAIT}&here_only={here_only}", of.path(&home));
                let change: api::AppleWebhookChange = client.delete_and_hear(&path).await?;
                let told = if here_only {
                    "The webhook is forgotten here. At Apple it may be there still."
                } else {
                    "Apple tells this server no more of the app."
                };
                over(printer, change, told)
            }
        }
    }
}

fn over(printer: &Printer, change: api::AppleWebhookChange, told: &str) -> Result<Exit, Failure> {
    match change.operation {
        Some(act) if !act.over => Err(Failure::new(
            Exit::AppleTimedOut,
            format!(
                "{} It goes on at the server; “russet apps webhooks list” tells what came of it.",
                plain(&act.message)
            ),
        )),
        Some(act) if act.state != "done" => Err(refused(act)),
        _ => {
            printer.show(&change, |_| told.to_owned());
            Ok(Exit::Ok)
        }
    }
}

fn listed(found: &api::AppleWebhooks) -> String {
    let ours = match &found.ours {
        None => "This organization has no webhook of the app; “russet apps webhooks add” registers one.".to_owned(),
        Some(ours) if !found.items.iter().any(|one| one.ours) => format!(
            "Apple does not list the webhook of {}; “russet apps webhooks add” registers it anew.",
            plain(&ours.identifier)
        ),
        Some(ours) => match ours.last_delivery_at {
            None => "Nothing has been delivered yet.".to_owned(),
            at => format!("The last delivery was on {}.", date(at)),
        },
    };
    if found.items.is_empty() {
        return ours;
    }
    let rows = found.items.iter().map(|one| {
        vec![
            plain(&one.name),
            plain(&one.host),
            if one.ours { "yes" } else { "no" }.to_owned(),
            if one.enabled { "yes" } else { "no" }.to_owned(),
            one.events.join(", "),
            one.id.clone(),
        ]
    });
    format!("{}\n{ours}", table(&["name", "host", "ours", "on", "tells of", "id"], rows))
}
