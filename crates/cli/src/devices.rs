//! `russet devices`.
//!
//! Devices are named by Apple's id, UDID or name; a name that several have is no answer.

mod enrollment;

use crate::{
    Exit, Failure,
    client::{Client, segment},
    lists::{Listing, active},
    operation::Wait,
    output::{Printer, confirmed, date, plain, table},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use clap::{Args, Subcommand, ValueEnum};
use std::{
    io::Read,
    path::{Path, PathBuf},
};

/// For what a device is registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Platform {
    /// Phones, tablets, watches, TVs, headsets
    Ios,
    /// Macs
    Mac,
}

/// One device, a file of them, or both.
#[derive(Debug, Args)]
pub struct Wanted {
    /// UDID, in any case, with or without dashes
    #[arg(long, requires = "name", required_unless_present = "file")]
    udid: Option<String>,
    /// What it is to be called: 50 characters at most
    #[arg(long, requires = "udid")]
    name: Option<String>,
    /// For what it is registered; left out, it goes by the UDID, and is ios where that does not tell
    #[arg(long, value_enum, requires = "udid")]
    platform: Option<Platform>,
    /// A list as Apple's developer site takes it: text with tabs (Device ID, Device Name, Device Platform) or a property list
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Register the good rows of the file although others do not fit
    #[arg(long, requires = "file")]
    leave_out_faulty: bool,
}

/// One device of the account.
#[derive(Debug, Args)]
pub struct One {
    /// Apple's id, UDID or name
    device: String,
    /// Through which key, by id or name
    #[arg(long)]
    key: String,
    #[command(flatten)]
    wait: Wait,
}

/// `russet devices`
#[derive(Debug, Subcommand)]
pub enum Devices {
    /// List the devices of the Apple account, and how many of Apple's places they take
    List {
        /// Through which key, by id or name
        #[arg(long)]
        key: String,
        #[command(flatten)]
        listing: Listing,
    },
    /// Register devices; those that the account has already are left out
    Register {
        /// Through which key, by id or name
        #[arg(long)]
        key: String,
        #[command(flatten)]
        wanted: Wanted,
        /// Say what would be registered and which rows do not fit, without doing it
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        wait: Wait,
    },
    /// Enter when the membership year ends: then Apple frees the places of disabled devices, and no API tells when
    MembershipYear {
        /// The key of the account, by id or name
        #[arg(long)]
        key: String,
        /// The day, as 2027-03-01
        #[arg(long, value_name = "DAY", required_unless_present = "forget", conflicts_with = "forget")]
        ends: Option<jiff::civil::Date>,
        /// Forget the day that was entered
        #[arg(long)]
        forget: bool,
    },
    /// Enable a device that was disabled
    Enable(One),
    /// Disable a device; it keeps its place among Apple's 100, and profiles made anew are without it
    Disable {
        #[command(flatten)]
        one: One,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Invite a device by a link that brings back its UDID; prints the link, unless the server mails it
    Invite(enrollment::Invite),
    /// List the device invitations
    Invitations,
    /// Make a fresh link for a device invitation; the one before ends
    Resend(enrollment::Resend),
    /// Take a device invitation back; its link ends at once
    Revoke {
        /// Id or name of the invitation
        invitation: String,
    },
    /// Devices that have arrived and are not yet registered
    #[command(subcommand)]
    Pending(enrollment::Pending),
    /// Rename a device
    Rename {
        #[command(flatten)]
        one: One,
        /// The new name: 50 characters at most
        #[arg(long)]
        to: String,
    },
}

impl Devices {
    pub(crate) async fn run(self, client: &Client, printer: &Printer) -> Result<Exit, Failure> {
        match self {
            Self::List { key, listing } => {
                let list: api::AppleDevices = listing.ask(client, &key, "devices").await?;
                printer.show(&list, listed);
                Ok(Exit::Ok)
            }
            Self::Register {
                key,
                wanted,
                dry_run,
                wait,
            } => register(client, printer, &key, wanted, dry_run, wait).await,
            Self::MembershipYear { key, ends, forget: _ } => {
                let home = client.home().await?;
                let path = format!("{home}/keys/{}/membership-year", segment(&key));
                let kept: api::MembershipYear = client.put(&path, &api::MembershipYear { ends_on: ends }).await?;
                printer.show(&kept, |kept| match kept.ends_on {
                    Some(day) => format!("Places of disabled devices come free on {day}."),
                    None => "The end of the membership year is not known any more.".to_owned(),
                });
                Ok(Exit::Ok)
            }
            Self::Enable(one) => {
                let change = api::EditDevice {
                    enabled: Some(true),
                    ..api::EditDevice::default()
                };
                edit(client, printer, one, &change, "is enabled").await
            }
            Self::Rename { one, to } => {
                let done = format!("is called “{}” now", plain(to.trim()));
                let change = api::EditDevice {
                    name: Some(to),
                    ..api::EditDevice::default()
                };
                edit(client, printer, one, &change, &done).await
            }
            Self::Disable { one, yes } => disable(client, printer, one, yes).await,
            Self::Invite(invite) => invite.run(client, printer).await,
            Self::Invitations => enrollment::invitations(client, printer).await,
            Self::Resend(resend) => resend.run(client, printer).await,
            Self::Revoke { invitation } => enrollment::revoke(client, printer, &invitation).await,
            Self::Pending(pending) => pending.run(client, printer).await,
        }
    }
}

fn listed(list: &api::AppleDevices) -> String {
    let rows = table(
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
    );
    let places = list
        .places
        .iter()
        .map(|p| format!("{} {} of {}", plain(&p.device_class), p.used, p.of));
    let places: Vec<_> = places.collect();
    if places.is_empty() {
        return rows;
    }
    let free = list
        .places_free_on
        .map(|day| format!(" Those of disabled devices come free on {day}."))
        .unwrap_or_default();
    format!("{rows}\n\nApple's places, disabled devices included: {}.{free}", places.join(", "))
}

/// Largest list of devices, in bytes: what fits a request as base64.
const FILE_BYTES: u64 = 700_000;

fn read(path: &Path) -> Result<String, Failure> {
    let cannot = |cause: std::io::Error| Failure::new(Exit::Usage, format!("Cannot read {}: {cause}.", path.display()));
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(FILE_BYTES + 1).read_to_end(&mut bytes))
        .map_err(cannot)?;
    if bytes.len() as u64 > FILE_BYTES {
        let message = format!("{} is larger than {} KB. Split the list.", path.display(), FILE_BYTES / 1000);
        return Err(Failure::new(Exit::Usage, message));
    }
    Ok(STANDARD.encode(bytes))
}

async fn register(client: &Client, printer: &Printer, key: &str, wanted: Wanted, dry_run: bool, wait: Wait) -> Result<Exit, Failure> {
    let one = wanted.udid.zip(wanted.name).map(|(udid, name)| api::NewDevice {
        name,
        udid,
        platform: wanted.platform.map(|platform| match platform {
            Platform::Ios => "ios".to_owned(),
            Platform::Mac => "mac".to_owned(),
        }),
    });
    let request = api::NewDevices {
        devices: one.into_iter().collect(),
        file: wanted.file.as_deref().map(read).transpose()?,
        leave_out_faulty: wanted.leave_out_faulty,
    };
    let home = client.home().await?;
    let path = format!("{home}/keys/{}/apple/devices", segment(key));
    if dry_run {
        let preview: api::DevicesPreview = client.post(&format!("{path}/preview"), &request).await?;
        printer.show(&preview, previewed);
        let goes_on = preview.faults.is_empty() || wanted.leave_out_faulty;
        return Ok(if goes_on { Exit::Ok } else { Exit::Usage });
    }
    let begun: api::Operation = client.post_once(&path, &request).await?;
    wait.and_tell(client, printer, &home, begun, |over| match over.steps.len() {
        1 => "The device is registered.".to_owned(),
        several => format!("{several} devices are registered."),
    })
    .await
}

fn previewed(preview: &api::DevicesPreview) -> String {
    let mut told = table(
        &["would be registered", "udid", "platform"],
        preview.new.iter().map(|d| {
            let platform = d.platform.clone().unwrap_or_default();
            vec![d.name.clone(), d.udid.clone(), platform]
        }),
    );
    if !preview.known.is_empty() {
        told.push_str(&format!("\n\nThe account has {} of them already.", preview.known.len()));
    }
    if !preview.faults.is_empty() {
        told.push_str(&format!("\n\n{} row(s) of the file do not fit:", preview.faults.len()));
        for fault in &preview.faults {
            told.push_str(&format!("\n  {}: {}", fault.row, plain(&fault.message)));
        }
    }
    told + "\n\nNothing was done."
}

async fn disable(client: &Client, printer: &Printer, one: One, yes: bool) -> Result<Exit, Failure> {
    let home = client.home().await?;
    let found = find(client, &home, &one).await?;
    let path = format!("{home}/keys/{}/apple/devices/{}", segment(&one.key), segment(&found.id));
    let details: api::AppleDeviceDetails = client.get(&path, &[]).await?;
    let lists = details.profiles.as_deref().map(active).unwrap_or_default();
    if !lists.is_empty() {
        printer.hint(&format!(
            "Profiles that list it: {}. Made anew, they are without it, and what is signed then does not run on it.",
            lists.join(", ")
        ));
    }
    if !yes && !confirmed(&format!("Disable “{}”? It keeps its place among Apple's 100.", found.name))? {
        return Err(Failure::new(
            Exit::Usage,
            "Nothing was changed. Give --yes to disable without being asked.",
        ));
    }
    let change = api::EditDevice {
        enabled: Some(false),
        ..api::EditDevice::default()
    };
    begin(client, printer, &home, &one, &found, &change, "is disabled").await
}

async fn edit(client: &Client, printer: &Printer, one: One, change: &api::EditDevice, done: &str) -> Result<Exit, Failure> {
    let home = client.home().await?;
    let found = find(client, &home, &one).await?;
    begin(client, printer, &home, &one, &found, change, done).await
}

async fn begin(
    client: &Client,
    printer: &Printer,
    home: &str,
    one: &One,
    found: &api::AppleDevice,
    change: &api::EditDevice,
    done: &str,
) -> Result<Exit, Failure> {
    let path = format!("{home}/keys/{}/apple/devices/{}", segment(&one.key), segment(&found.id));
    let begun: api::Operation = client.patch(&path, change).await?;
    let told = format!("“{}” {done}.", plain(&found.name));
    one.wait.and_tell(client, printer, home, begun, |_| told).await
}

/// By Apple's id, UDID or name.
async fn find(client: &Client, home: &str, one: &One) -> Result<api::AppleDevice, Failure> {
    let path = format!("{home}/keys/{}/apple/devices", segment(&one.key));
    let list: api::AppleDevices = client.get(&path, &[]).await?;
    let wanted = one.device.trim();
    let bare = |udid: &str| udid.replace('-', "").to_ascii_lowercase();
    let is_it = |d: &api::AppleDevice| d.id == wanted || d.name == wanted || bare(&d.udid) == bare(wanted);
    let mut fitting: Vec<_> = list.items.into_iter().filter(is_it).collect();
    match fitting.len() {
        1 => Ok(fitting.remove(0)),
        0 => Err(Failure::new(
            Exit::NotFound,
            format!(
                "The account has no device “{wanted}”. “russet devices list --key {}” shows those that it has.",
                one.key
            ),
        )),
        several => Err(Failure::new(
            Exit::Conflict,
            format!("{several} devices are called “{wanted}”. Name one by its UDID."),
        )),
    }
}
