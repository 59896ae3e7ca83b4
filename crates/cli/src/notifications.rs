//! `russet notifications`: your inbox, and the channels by which an organization has its notices sent.

use crate::{
    Exit, Failure,
    client::{Client, segment},
    output::{Printer, date, named, plain, table},
};
use clap::{Args, Subcommand};
use std::time::Duration;

/// How often it is asked what came of a test.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often at most: a test that waits longer is left to its history.
const LOOKS: usize = 30;

/// `russet notifications`
#[derive(Debug, Subcommand)]
pub enum Notifications {
    /// List what you should hear of, unread first: expiries, refused keys, what was renewed
    List {
        /// Only what you have not read
        #[arg(long)]
        unread: bool,
        /// Note that you have read what is listed
        #[arg(long)]
        mark_read: bool,
    },
    /// Where the organization's notices are sent besides inboxes
    #[command(subcommand)]
    Channels(Channels),
    /// Send a test by a channel, and say what came of it
    Test {
        /// Id or name
        channel: String,
    },
}

/// `russet notifications channels`
#[derive(Debug, Subcommand)]
pub enum Channels {
    /// List the channels, each with what it did last
    List,
    /// Make a channel; the secret of a webhook is printed once
    Add(Add),
    /// What a channel delivered in the last 30 days, newest first
    Deliveries {
        /// Id or name
        channel: String,
        /// How many at most
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// Give a webhook another secret, printed once; what is sent from then on is signed with it
    RotateSecret {
        /// Id or name
        channel: String,
    },
    /// Remove a channel with its history and its secret
    Remove {
        /// Id or name
        channel: String,
        /// Do it without asking for the name
        #[arg(long)]
        yes: bool,
    },
}

/// A channel to be made.
#[derive(Debug, Args)]
pub struct Add {
    /// What it shall be called
    name: String,
    /// A mail address; may be repeated
    #[arg(
        long = "mail",
        value_name = "ADDRESS",
        required_unless_present = "webhook",
        conflicts_with = "webhook"
    )]
    to: Vec<String>,
    /// The https:// address of a program that takes signed JSON documents
    #[arg(long, value_name = "URL")]
    webhook: Option<String>,
    /// A kind of notice that it shall get, such as certificate.will-expire; may be repeated [default: all]
    #[arg(long = "kind", value_name = "KIND")]
    kinds: Vec<String>,
}

impl Notifications {
    pub(crate) async fn run(self, client: &Client, printer: &Printer) -> Result<Exit, Failure> {
        match self {
            Self::List { unread, mark_read } => inbox(client, printer, unread, mark_read).await,
            Self::Channels(channels) => channels.run(client, printer).await,
            Self::Test { channel } => test(client, printer, &channel).await,
        }
    }
}

async fn inbox(client: &Client, printer: &Printer, unread: bool, mark_read: bool) -> Result<Exit, Failure> {
    let mut notices: api::Notices = client.get("/me/notices", &[]).await?;
    if unread {
        notices.items.retain(|notice| notice.unread);
    }
    printer.show(&notices, |notices| {
        let head = ["", "what", "organization", "when"];
        let row = |notice: &api::Notice| {
            let new = if notice.unread { "new" } else { "" };
            vec![
                new.to_owned(),
                notice.head.clone(),
                notice.organization.name.clone(),
                date(Some(notice.at)),
            ]
        };
        table(&head, notices.items.iter().map(row))
    });
    if notices.items.is_empty() {
        printer.hint("Nothing new: expiries, refused keys and what was renewed for you arrive here.");
    }
    if mark_read && notices.newest > 0 {
        let up_to = notices.newest;
        client.post_nothing("/me/notices/read", &api::ReadNotices { up_to }).await?;
    }
    Ok(Exit::Ok)
}

impl Channels {
    async fn run(self, client: &Client, printer: &Printer) -> Result<Exit, Failure> {
        let path = format!("{}/notification-channels", client.home().await?);
        match self {
            Self::List => {
                let channels: api::NotificationChannels = client.get(&path, &[]).await?;
                printer.show(&channels, |channels| {
                    table(&["name", "to", "gets", "last", "id"], channels.items.iter().map(row))
                });
                if channels.items.is_empty() {
                    printer.hint("Notices go to inboxes only. “russet notifications channels add” has them sent elsewhere, too.");
                }
            }
            Self::Add(add) => {
                let new = api::NewNotificationChannel {
                    name: add.name,
                    to: Some(add.to).filter(|to| !to.is_empty()),
                    url: add.webhook,
                    kinds: Some(add.kinds).filter(|kinds| !kinds.is_empty()),
                };
                show_secret(printer, &client.post_once(&path, &new).await?);
            }
            Self::Deliveries { channel, limit } => {
                let channel = found(client, &path, &channel).await?;
                let of = format!("{path}/{}/deliveries", segment(&channel.id));
                let items: Vec<api::NoticeDelivery> = client.list(&of, &[], Some(limit)).await?;
                let page = api::NoticeDeliveries { items, next_cursor: None };
                printer.show(&page, |page| {
                    let head = ["when", "what", "to", "state", "answer"];
                    let row = |one: &api::NoticeDelivery| {
                        vec![
                            date(Some(one.created_at)),
                            one.title.clone(),
                            one.recipient.clone(),
                            one.state.clone(),
                            one.answer.clone().unwrap_or_default(),
                        ]
                    };
                    table(&head, page.items.iter().map(row))
                });
            }
            Self::RotateSecret { channel } => {
                let channel = found(client, &path, &channel).await?;
                let rotated = client
                    .post_once(&format!("{path}/{}/rotate-secret", segment(&channel.id)), &())
                    .await?;
                show_secret(printer, &rotated);
            }
            Self::Remove { channel, yes } => {
                let channel = found(client, &path, &channel).await?;
                printer.hint(&format!("With “{}” go its history and its secret.", plain(&channel.name)));
                if !yes && !named("Type its name to remove it", &channel.name)? {
                    return Err(Failure::new(
                        Exit::Usage,
                        "Nothing was removed. Give --yes to remove it without being asked.",
                    ));
                }
                let request = api::RemoveNotificationChannel {
                    name: channel.name.clone(),
                };
                client
                    .post_nothing(&format!("{path}/{}/remove", segment(&channel.id)), &request)
                    .await?;
                printer.done(&format!("Removed the notification channel “{}”.", plain(&channel.name)));
            }
        }
        Ok(Exit::Ok)
    }
}

fn row(channel: &api::NotificationChannel) -> Vec<String> {
    let to = channel
        .url
        .clone()
        .or_else(|| channel.host.clone())
        .unwrap_or_else(|| channel.to.join(", "));
    let gets = channel.kinds.as_ref().map_or_else(|| "all".to_owned(), |kinds| kinds.join(", "));
    let last = match (&channel.failing_since, &channel.last_delivery) {
        (Some(since), _) => format!("failing since {}", date(Some(*since))),
        (None, Some(last)) => format!("{} {}", last.state, date(Some(last.created_at))),
        (None, None) => "nothing yet".to_owned(),
    };
    vec![channel.name.clone(), to, gets, last, channel.id.clone()]
}

fn show_secret(printer: &Printer, made: &api::CreatedNotificationChannel) {
    let name = plain(&made.channel.name);
    match &made.secret {
        None => printer.show(made, |made| format!("Made the notification channel “{name}”, {}.", made.channel.id)),
        Some(secret) => {
            printer.show(made, |_| secret.clone());
            printer.hint(&format!(
                "What “{name}” sends is signed with this secret. This is the only time it is shown."
            ));
        }
    }
}

/// Sends a test and waits for what comes of it.
async fn test(client: &Client, printer: &Printer, channel: &str) -> Result<Exit, Failure> {
    let path = format!("{}/notification-channels", client.home().await?);
    let channel = found(client, &path, channel).await?;
    let of = format!("{path}/{}", segment(&channel.id));
    let sent: api::NoticeDeliveries = client.post(&format!("{of}/test"), &()).await?;
    let mut ended = Vec::new();
    for one in sent.items {
        let mut now = one;
        for _ in 0..LOOKS {
            if now.state != "waiting" {
                break;
            }
            tokio::time::sleep(LOOK_EVERY).await;
            now = client.get(&format!("{of}/deliveries/{}", segment(&now.id)), &[]).await?;
        }
        ended.push(now);
    }
    let all_arrived = ended.iter().all(|one| one.state == "delivered");
    let page = api::NoticeDeliveries {
        items: ended,
        next_cursor: None,
    };
    printer.show(&page, |page| {
        let row = |one: &api::NoticeDelivery| vec![one.recipient.clone(), one.state.clone(), one.answer.clone().unwrap_or_default()];
        table(&["to", "state", "answer"], page.items.iter().map(row))
    });
    if all_arrived {
        return Ok(Exit::Ok);
    }
    Err(Failure::new(
        Exit::Conflict,
        format!("The test of “{}” did not arrive everywhere.", plain(&channel.name)),
    ))
}

/// By id or name.
async fn found(client: &Client, path: &str, wanted: &str) -> Result<api::NotificationChannel, Failure> {
    let all: api::NotificationChannels = client.get(path, &[]).await?;
    let fits = |channel: &api::NotificationChannel| channel.id == wanted || channel.name == wanted;
    all.items.into_iter().find(fits).ok_or_else(|| {
        Failure::new(
            Exit::NotFound,
            format!(
                "There is no notification channel “{}” here. “russet notifications channels list” shows those that are.",
                plain(wanted)
            ),
        )
    })
}
