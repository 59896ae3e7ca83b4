//! `russet builds`: a binary is sent to Apple and watched until it is a build.

use crate::{
    Exit, Failure, binaries,
    client::{Client, segment},
    operation::refused,
    output::{Printer, date, plain, table},
};
use clap::{Args, Subcommand};
use indicatif::ProgressStyle;
use std::{path::Path, time::Duration};

/// How often in a row the server may be out of reach while an act is watched, two seconds apart.
const UNREACHED_MOST: u32 = 150;

/// `russet builds`
#[derive(Debug, Subcommand)]
pub enum Builds {
    /// List the builds of an app at Apple, newest first
    List {
        /// Bundle identifier of the app
        identifier: String,
        /// API key, by id or name
        #[arg(long, value_name = "KEY")]
        key: String,
    },
    /// Send a binary to Apple and wait until it is a build; what Apple would refuse is said before
    Send {
        /// A file, which is uploaded first; or the id or name of a binary that is here
        binary: String,
        /// API key, by id or name
        #[arg(long, value_name = "KEY")]
        key: String,
        #[command(flatten)]
        what: What,
        /// Look whether it can be sent, and send nothing
        #[arg(long)]
        dry_run: bool,
        /// Send it although something was found that Apple refuses
        #[arg(long, conflicts_with = "dry_run")]
        anyway: bool,
        /// Minutes to wait for Apple, 0 for none; it goes on at the server after that
        #[arg(long, value_name = "MINUTES", default_value_t = 60)]
        wait: u64,
    },
    /// Show how far the sending of a build came
    Show {
        /// Id of the sending, op_…
        sending: String,
        /// Minutes to wait for Apple
        #[arg(long, value_name = "MINUTES", default_value_t = 0)]
        wait: u64,
    },
}

/// What a .pkg is, into which nobody looks.
#[derive(Debug, Args)]
pub struct What {
    /// Bundle identifier of the app, for a .pkg
    #[arg(long, value_name = "BUNDLE_ID")]
    identifier: Option<String>,
    /// Version, for a .pkg
    #[arg(long, value_name = "VERSION")]
    app_version: Option<String>,
    /// Build number, for a .pkg
    #[arg(long, value_name = "NUMBER")]
    build_number: Option<String>,
}

impl Builds {
    pub(crate) async fn run(self, client: &Client, printer: &Printer) -> Result<Exit, Failure> {
        match self {
            Self::List { identifier, key } => {
                let home = client.home().await?;
                let query = [("identifier", identifier)];
                let builds: api::Builds = client.get(&format!("{home}/keys/{}/builds", segment(&key)), &query).await?;
                printer.show(&builds, |builds| {
                    table(
                        &["version", "build", "state", "uploaded", "ends", "id"],
                        builds.items.iter().map(|build| {
                            vec![
                                build.version.clone().unwrap_or_default(),
                                build.build_number.clone(),
                                build.state.clone(),
                                date(build.uploaded_at),
                                date(build.expires_at),
                                build.id.clone(),
                            ]
                        }),
                    )
                });
                Ok(Exit::Ok)
            }
            Self::Send {
                binary,
                key,
                what,
                dry_run,
                anyway,
                wait,
            } => {
                let file = Path::new(&binary);
                let (home, id) = if file.is_file() {
                    let details = binaries::upload_file(client, printer, file).await?;
                    printer.hint(&format!("{} is kept here as {}.", binary, details.binary.id));
                    (client.home().await?, details.binary.id)
                } else {
                    let home = client.home().await?;
                    let id = binaries::find(client, &home, &binary).await?.binary.id;
                    (home, id)
                };
                let new = api::NewBuild {
                    key,
                    identifier: what.identifier,
                    version: what.app_version,
                    build_number: what.build_number,
                    anyway,
                };
                let path = format!("{home}/binaries/{}", segment(&id));
                if dry_run {
                    return check(client, printer, &path, &new).await;
                }
                let begun: api::BuildSending = client.post_once(&format!("{path}/send"), &new).await?;
                printer.hint(&format!(
                    "Sending as {}; “russet builds show” tells how far it is.",
                    begun.operation.id
                ));
                watch(client, printer, &home, begun, wait).await
            }
            Self::Show { sending, wait } => {
                let home = client.home().await?;
                let now: api::BuildSending = client.get(&address(&home, &sending), &[]).await?;
                if wait == 0 && !now.operation.over {
                    printer.show(&now, told);
                    return Ok(Exit::Ok);
                }
                watch(client, printer, &home, now, wait).await
            }
        }
    }
}

async fn check(client: &Client, printer: &Printer, path: &str, new: &api::NewBuild) -> Result<Exit, Failure> {
    let checked: api::BuildCheck = client.post(&format!("{path}/check"), new).await?;
    printer.show(&checked, |checked| {
        let findings = api::BinaryFindings {
            items: checked.findings.clone(),
        };
        match (&checked.app_name, checked.findings.is_empty()) {
            (Some(name), true) => format!("It can be sent to “{}”: nothing was found that Apple would refuse.", plain(name)),
            _ => binaries::found(&findings),
        }
    });
    // A script asks for the answer by the exit code.
    Ok(if checked.can_be_sent { Exit::Ok } else { Exit::Conflict })
}

fn address(home: &str, sending: &str) -> String {
    format!("{home}/build-sendings/{}", segment(sending))
}

/// Waits for the end and tells it.
async fn watch(client: &Client, printer: &Printer, home: &str, mut now: api::BuildSending, minutes: u64) -> Result<Exit, Failure> {
    let bar = printer.progress(&now.operation.title);
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {bytes} of {total_bytes} ({elapsed})") {
        bar.set_style(style);
    }
    bar.set_length(now.size);
    // The server holds each question for up to 20 seconds, or until something moves. So counting questions would count moves.
    let began = std::time::Instant::now();
    let mut unreached = 0;
    while !now.operation.over && began.elapsed().as_secs() < minutes * 60 {
        bar.set_position(now.arrived);
        bar.set_message(now.waits_for.clone().unwrap_or_default());
        let left = (minutes * 60).saturating_sub(began.elapsed().as_secs()).clamp(1, 20);
        now = match client.get(&address(home, &now.operation.id), &[("wait", left.to_string())]).await {
            Ok(now) => now,
            // The server is being restarted, or the line is down: the act goes on without us.
            Err(failure) if failure.exit == Exit::Unreachable && unreached < UNREACHED_MOST => {
                unreached += 1;
                tokio::time::sleep(Duration::from_secs(2)).await;
                continue;
            }
            Err(failure) => return Err(failure),
        };
        unreached = 0;
    }
    bar.finish_and_clear();
    if !now.operation.over {
        if minutes == 0 {
            printer.show(&now, told);
            return Ok(Exit::Ok);
        }
        return Err(Failure::new(
            Exit::AppleTimedOut,
            format!(
                "{} It goes on at the server; “russet builds show {} --wait 60” waits on.",
                now.waits_for.as_deref().unwrap_or_default(),
                now.operation.id
            ),
        ));
    }
    if now.operation.state != "done" {
        return Err(refused(now.operation));
    }
    printer.show(&now, told);
    Ok(Exit::Ok)
}

fn told(now: &api::BuildSending) -> String {
    let title = plain(&now.operation.title);
    let mut text = match (&now.build, &now.waits_for) {
        (Some(build), _) => format!(
            "{} {} ({}) is a build at Apple now: {build}.",
            plain(&now.identifier),
            plain(&now.version),
            plain(&now.build_number)
        ),
        (None, Some(waits)) => format!(
            "{title}: {waits} {} of {} have arrived at Apple. It is {}.",
            binaries::size(now.arrived),
            binaries::size(now.size),
            now.operation.id
        ),
        (None, None) => format!("{title}: {}", plain(&now.operation.message)),
    };
    for warning in &now.warnings {
        text.push_str(&format!("\nApple warns: {}", plain(warning)));
    }
    text
}
