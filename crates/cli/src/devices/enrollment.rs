//! Devices on their way: invited by a link, or arrived and not yet registered.
//!
//! A link is a secret until it is used. It goes to standard output once and alone, like that of an invitation of members.

use crate::{
    Exit, Failure,
    client::Client,
    operation::Wait,
    output::{Printer, date, plain, table},
};
use clap::{Args, Subcommand};

/// `russet devices invite`
#[derive(Debug, Args)]
pub struct Invite {
    /// For whom: a person or a note; the device is called so at Apple
    name: String,
    /// The API key of an account to register in, by id or name; may be repeated
    #[arg(long = "key", value_name = "KEY", required = true)]
    keys: Vec<String>,
    /// Where to mail the link to
    #[arg(long)]
    email: Option<String>,
    /// Register a device that answers without anybody being asked
    #[arg(long)]
    automatic: bool,
    /// How many devices may answer the link, 100 at most
    #[arg(long, default_value_t = 1)]
    uses: u32,
    /// How many days the link works, 90 at most
    #[arg(long, default_value_t = 7)]
    days: u32,
    /// Print the link even where the server could mail it
    #[arg(long)]
    link: bool,
}

/// `russet devices resend`
#[derive(Debug, Args)]
pub struct Resend {
    /// Id or name of the invitation
    invitation: String,
    /// Print the link even where the server could mail it
    #[arg(long)]
    link: bool,
}

/// `russet devices pending`
#[derive(Debug, Subcommand)]
pub enum Pending {
    /// List the devices that are not yet registered
    List,
    /// Write a device down for somebody else to approve
    Add {
        /// UDID, in any case, with or without dashes
        #[arg(long)]
        udid: String,
        /// What it is to be called: 50 characters at most
        #[arg(long)]
        name: String,
        /// The API key of an account to register in, by id or name; may be repeated
        #[arg(long = "key", value_name = "KEY", required = true)]
        keys: Vec<String>,
    },
    /// Register a device in each account that it is meant for
    Approve {
        /// Id, UDID or name
        device: String,
        /// What it is to be called instead: 50 characters at most
        #[arg(long)]
        name: Option<String>,
        /// The API key of another account, by id or name; may be repeated
        #[arg(long = "key", value_name = "KEY")]
        keys: Vec<String>,
        #[command(flatten)]
        wait: Wait,
    },
    /// Take a device off the list without registering it
    Reject {
        /// Id, UDID or name
        device: String,
    },
}

impl Invite {
    pub(super) async fn run(self, client: &Client, printer: &Printer) -> Result<Exit, Failure> {
        let home = client.home().await?;
        let new = api::NewDeviceInvitation {
            name: self.name,
            keys: self.keys,
            email: self.email,
            automatic: self.automatic,
            uses: Some(self.uses),
            days: Some(self.days),
            show_link: self.link,
        };
        let wants_mail = new.email.is_some() && !new.show_link;
        let sent: api::SentDeviceInvitation = client.post_once(&format!("{home}/device-invitations"), &new).await?;
        if wants_mail && sent.link.is_some() {
            printer.hint("russet: this server has no mail server, so nothing was mailed. Hand the link on yourself.");
        }
        hand_over(printer, &sent);
        Ok(Exit::Ok)
    }
}

impl Resend {
    pub(super) async fn run(self, client: &Client, printer: &Printer) -> Result<Exit, Failure> {
        let home = client.home().await?;
        let invitation = invitation(client, &home, &self.invitation).await?;
        let path = format!("{home}/device-invitations/{}/send-again", invitation.id);
        let sent = client.post_once(&path, &api::SendAgain { show_link: self.link }).await?;
        hand_over(printer, &sent);
        Ok(Exit::Ok)
    }
}

/// The link alone on standard output, where it did not travel by mail.
fn hand_over(printer: &Printer, sent: &api::SentDeviceInvitation) {
    let invitation = &sent.invitation;
    let (name, ends) = (plain(&invitation.name), date(Some(invitation.expires_at)));
    printer.show(sent, |sent| match &sent.link {
        Some(link) => link.clone(),
        None => format!("“{name}” is invited; the mail with the link is on its way."),
    });
    if sent.link.is_some() {
        printer.hint(&format!(
            "Open the link on the device itself, in Safari. It works for {} device(s), until {ends}, and is not shown again.",
            invitation.uses
        ));
    }
}

async fn invited(client: &Client, home: &str) -> Result<Vec<api::DeviceInvitation>, Failure> {
    client.list(&format!("{home}/device-invitations"), &[], None).await
}

async fn invitation(client: &Client, home: &str, wanted: &str) -> Result<api::DeviceInvitation, Failure> {
    let wanted = wanted.trim();
    let all = invited(client, home).await?;
    let mut fitting = all.into_iter().filter(|one| one.id == wanted || one.name == wanted);
    match (fitting.next(), fitting.next()) {
        (Some(one), None) => Ok(one),
        (Some(_), Some(_)) => Err(Failure::new(
            Exit::Conflict,
            format!("Several device invitations are for “{}”. Name one by its id.", plain(wanted)),
        )),
        _ => Err(Failure::new(
            Exit::NotFound,
            format!(
                "No device invitation is for “{}”. “russet devices invitations” shows those that there are.",
                plain(wanted)
            ),
        )),
    }
}

pub(super) async fn invitations(client: &Client, printer: &Printer) -> Result<Exit, Failure> {
    let home = client.home().await?;
    let items = invited(client, &home).await?;
    printer.show(&serde_json::json!({ "items": &items }), |_| {
        table(
            &["for", "state", "devices", "accounts", "registers", "invited by", "ends", "id"],
            items.iter().map(|one| {
                vec![
                    one.name.clone(),
                    one.trouble
                        .as_ref()
                        .map_or_else(|| one.state.clone(), |why| format!("mail failed: {why}")),
                    format!("{} of {}", one.used, one.uses),
                    one.accounts.join(", "),
                    if one.automatic { "by itself" } else { "after approval" }.to_owned(),
                    one.invited_by.clone(),
                    date(Some(one.expires_at)),
                    one.id.clone(),
                ]
            }),
        )
    });
    Ok(Exit::Ok)
}

pub(super) async fn revoke(client: &Client, printer: &Printer, wanted: &str) -> Result<Exit, Failure> {
    let home = client.home().await?;
    let one = invitation(client, &home, wanted).await?;
    client.delete(&format!("{home}/device-invitations/{}", one.id)).await?;
    printer.done(&plain(&format!(
        "The invitation for “{}” is taken back; its link leads nowhere any more.",
        one.name
    )));
    Ok(Exit::Ok)
}

impl Pending {
    pub(super) async fn run(self, client: &Client, printer: &Printer) -> Result<Exit, Failure> {
        let home = client.home().await?;
        let path = format!("{home}/pending-devices");
        match self {
            Self::List => list(client, printer, &path).await,
            Self::Add { udid, name, keys } => {
                let new = api::NewPendingDevice { name, udid, keys };
                let added: api::PendingDevice = client.post_once(&path, &new).await?;
                printer.show(&added, |added| format!("“{}” waits for approval.", plain(&added.name)));
                Ok(Exit::Ok)
            }
            Self::Approve { device, name, keys, wait } => {
                let found = waiting(client, &path, &device).await?;
                let approval = api::ApproveDevice { name, keys };
                let approved: api::ApprovedDevice = client.post_once(&format!("{path}/{}/approve", found.id), &approval).await?;
                for key in &approved.known {
                    printer.hint(&format!("The account of {key} has the device already."));
                }
                let mut exit = Exit::Ok;
                for begun in approved.operations {
                    exit = wait
                        .and_tell(client, printer, &home, begun, |_| "The device is registered.".to_owned())
                        .await?;
                }
                Ok(exit)
            }
            Self::Reject { device } => {
                let found = waiting(client, &path, &device).await?;
                client.delete(&format!("{path}/{}", found.id)).await?;
                printer.done(&plain(&format!("“{}” is not waiting any more; Apple was not asked.", found.name)));
                Ok(Exit::Ok)
            }
        }
    }
}

async fn list(client: &Client, printer: &Printer, path: &str) -> Result<Exit, Failure> {
    let items: Vec<api::PendingDevice> = client.list(path, &[], None).await?;
    printer.show(&serde_json::json!({ "items": &items }), |_| {
        table(
            &["name", "udid", "model", "accounts", "came by", "arrived", "state", "id"],
            items.iter().map(|one| {
                vec![
                    one.name.clone(),
                    one.udid.clone(),
                    one.product.clone().unwrap_or_default(),
                    one.accounts.join(", "),
                    one.invitation.clone().unwrap_or_else(|| one.came_by.clone()),
                    date(Some(one.arrived_at)),
                    match (&one.registering, &one.trouble) {
                        (Some(_), _) => "registering".to_owned(),
                        (None, Some(why)) => why.clone(),
                        (None, None) => "waits".to_owned(),
                    },
                    one.id.clone(),
                ]
            }),
        )
    });
    Ok(Exit::Ok)
}

/// By id, UDID or name; a name that several have is no answer.
async fn waiting(client: &Client, path: &str, wanted: &str) -> Result<api::PendingDevice, Failure> {
    let bare = |udid: &str| udid.replace('-', "").to_ascii_lowercase();
    let wanted = wanted.trim();
    let all: Vec<api::PendingDevice> = client.list(path, &[], None).await?;
    let is_it = |one: &api::PendingDevice| one.id == wanted || one.name == wanted || bare(&one.udid) == bare(wanted);
    let mut fitting = all.into_iter().filter(is_it);
    match (fitting.next(), fitting.next()) {
        (Some(one), None) => Ok(one),
        (Some(_), Some(_)) => Err(Failure::new(
            Exit::Conflict,
            format!("Several devices that wait are called “{}”. Name one by its UDID.", plain(wanted)),
        )),
        _ => Err(Failure::new(
            Exit::NotFound,
            format!(
                "No device that waits is “{}”. “russet devices pending list” shows those that do.",
                plain(wanted)
            ),
        )),
    }
}
