//! `russet binaries`: app files, uploaded in pieces so that an interrupted upload goes on where it was.

use crate::{
    Exit, Failure,
    client::{Client, is_id, segment},
    output::{Printer, confirmed, date, plain, table},
};
use aws_lc_rs::digest;
use clap::{Args, Subcommand};
use indicatif::ProgressStyle;
use std::{
    fs::File,
    io::{Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    time::Duration,
};

/// How much is sent at once: so much is sent again after an interruption, and held in memory.
const PIECE: u64 = 16 << 20;
/// Largest file, as the server takes it: told before the whole of it is read.
const MOST_BYTES: u64 = 8_000_000_000;
/// The waits before a piece is sent again whose connection broke.
const REPETITIONS: [Duration; 6] = [
    Duration::from_millis(300),
    Duration::from_secs(1),
    Duration::from_secs(3),
    Duration::from_secs(10),
    Duration::from_secs(20),
    Duration::from_secs(30),
];

/// `russet binaries`
#[derive(Debug, Subcommand)]
pub enum Binaries {
    /// List the binaries held here, newest first
    List(Filter),
    /// Upload an .ipa or .pkg; the same file sent again goes on where it was
    Upload {
        /// The file
        file: PathBuf,
    },
    /// Show what is inside of a binary
    Inspect {
        /// Id or name, as “Tern 2.1 (47)” or tern.ipa
        binary: String,
    },
    /// Show what differs between two binaries
    Compare {
        /// Id or name of the first
        binary: String,
        /// Id or name of the second
        other: String,
    },
    /// Mark a binary as a release candidate
    Mark {
        /// Id or name
        binary: String,
        /// Take the mark away
        #[arg(long)]
        undo: bool,
    },
    /// Download a binary
    Download {
        /// Id or name
        binary: String,
        /// File to write; a directory takes the file's own name
        #[arg(long, value_name = "PATH", default_value = ".")]
        out: PathBuf,
        /// Replace a file that is there already
        #[arg(long)]
        force: bool,
    },
    /// Show or set how long binaries are kept; release candidates stay
    Retention {
        /// Days after a binary was last sent or added, 0 for ever
        #[arg(long, value_name = "DAYS")]
        days: Option<u16>,
    },
    /// Remove a binary here; what was sent to Apple stays there
    Remove {
        /// Id or name
        binary: String,
        /// Do it without asking
        #[arg(long)]
        yes: bool,
    },
}

/// Which binaries.
#[derive(Debug, Args)]
pub struct Filter {
    /// With this text in file name, name, identifier, version or build number
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
    /// Of the app with this bundle identifier
    #[arg(long, value_name = "BUNDLE_ID")]
    identifier: Option<String>,
    /// How many at most
    #[arg(long, value_name = "NUMBER")]
    limit: Option<usize>,
}

impl Binaries {
    pub(crate) async fn run(self, client: &Client, printer: &Printer) -> Result<Exit, Failure> {
        // What is wrong with the file is said before anybody is asked.
        if let Self::Upload { file } = self {
            let details = upload_file(client, printer, &file).await?;
            let home = client.home().await?;
            let findings = findings(client, &home, &details.binary).await?;
            let told = serde_json::json!({
                "binary": details.binary,
                "bundles": details.bundles,
                "was_here": details.was_here,
                "findings": findings.items,
            });
            printer.show(&told, |_| {
                let how = match details.was_here {
                    Some(true) => "The same file is here already, as",
                    _ => "Uploaded",
                };
                let (title, id) = (plain(&details.binary.title), &details.binary.id);
                format!("{how} {title} ({id}).\n{}\n{}", inside(&details), found(&findings))
            });
            return Ok(Exit::Ok);
        }
        let home = client.home().await?;
        match self {
            Self::Upload { .. } => {}
            Self::List(filter) => {
                let query = [("search", filter.search), ("identifier", filter.identifier)];
                let query: Vec<_> = query.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
                let items: Vec<api::Binary> = client.list(&format!("{home}/binaries"), &query, filter.limit).await?;
                let list = api::Binaries { items, next_cursor: None };
                printer.show(&list, |list| {
                    table(
                        &["name", "identifier", "size", "uploaded", "by", "", "id"],
                        list.items.iter().map(|binary| {
                            vec![
                                binary.title.clone(),
                                binary.identifier.clone().unwrap_or_default(),
                                size(binary.size),
                                date(Some(binary.uploaded_at)),
                                binary.uploaded_by.clone(),
                                if binary.release_candidate {
                                    "release candidate".to_owned()
                                } else {
                                    String::new()
                                },
                                binary.id.clone(),
                            ]
                        }),
                    )
                });
            }
            Self::Retention { days } => {
                let path = format!("{home}/binary-retention");
                let kept: api::BinaryRetention = match days {
                    Some(days) => client.put(&path, &api::BinaryRetention { days }).await?,
                    None => client.get(&path, &[]).await?,
                };
                printer.show(&kept, |kept| match kept.days {
                    0 => "Binaries are kept for ever.".to_owned(),
                    1 => "Binaries are kept for 1 day after they were last sent or added; release candidates stay.".to_owned(),
                    days => format!("Binaries are kept for {days} days after they were last sent or added; release candidates stay."),
                });
            }
            Self::Inspect { binary } => {
                let details = find(client, &home, &binary).await?;
                let findings = findings(client, &home, &details.binary).await?;
                let told = serde_json::json!({ "binary": details.binary, "bundles": details.bundles, "findings": findings.items });
                printer.show(&told, |_| format!("{}\n{}", inside(&details), found(&findings)));
            }
            Self::Compare { binary, other } => {
                let (one, two) = (find(client, &home, &binary).await?, find(client, &home, &other).await?);
                let path = format!("{home}/binaries/{}/compare/{}", segment(&one.binary.id), segment(&two.binary.id));
                let found: api::BinaryDifferences = client.get(&path, &[]).await?;
                printer.show(&found, |found| {
                    if found.items.is_empty() {
                        return "Nothing differs in what is looked into.".to_owned();
                    }
                    table(
                        &["bundle", "what", &one.binary.title, &two.binary.title],
                        found.items.iter().map(|one| {
                            let told = |value: &Option<String>| value.clone().unwrap_or_else(|| "–".to_owned());
                            vec![
                                one.bundle.clone().unwrap_or_else(|| "the file".to_owned()),
                                one.what.clone(),
                                told(&one.before),
                                told(&one.after),
                            ]
                        }),
                    )
                });
            }
            Self::Mark { binary, undo } => {
                let details = find(client, &home, &binary).await?;
                let path = format!("{home}/binaries/{}", segment(&details.binary.id));
                let edit = api::EditBinary { release_candidate: !undo };
                let details: api::BinaryDetails = client.patch(&path, &edit).await?;
                printer.show(&details, |details| {
                    let state = if undo {
                        "is no release candidate any more"
                    } else {
                        "is a release candidate"
                    };
                    format!("{} {state}.", plain(&details.binary.title))
                });
            }
            Self::Download { binary, out, force } => {
                let details = find(client, &home, &binary).await?;
                download(client, printer, &home, &details.binary, &out, force).await?;
            }
            Self::Remove { binary, yes } => {
                let details = find(client, &home, &binary).await?;
                let title = plain(&details.binary.title);
                if !yes && !confirmed(&format!("Remove {title} here?"))? {
                    return Err(Failure::new(
                        Exit::Usage,
                        "Nothing was removed. Give --yes to remove it without being asked.",
                    ));
                }
                client.delete(&format!("{home}/binaries/{}", segment(&details.binary.id))).await?;
                printer.done(&format!("Removed {title}. What was sent to Apple of it stays there."));
            }
        }
        Ok(Exit::Ok)
    }
}

/// The file to send.
struct Source {
    file: File,
    name: String,
    size: u64,
}

impl Source {
    fn open(path: &Path) -> Result<Self, Failure> {
        let cannot = |cause: std::io::Error| Failure::new(Exit::Usage, format!("Cannot read {}: {cause}.", path.display()));
        let file = File::open(path).map_err(cannot)?;
        let about = file.metadata().map_err(cannot)?;
        let advice = if about.is_dir() {
            Some("is a folder. Give the .ipa that the export made; an .app or .xcarchive has to be exported first")
        } else if about.len() > MOST_BYTES {
            Some("is larger than the 8 GB that the server takes. Apple takes apps of up to 4 GB; is it the right file?")
        } else if about.len() == 0 {
            Some("is empty. Give the .ipa or .pkg that the build made")
        } else {
            None
        };
        if let Some(advice) = advice {
            let end = if advice.ends_with('?') { "" } else { "." };
            return Err(Failure::new(Exit::Usage, format!("{} {advice}{end}", path.display())));
        }
        Ok(Self {
            file,
            name: path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
            size: about.len(),
        })
    }

    /// The piece that begins there.
    fn piece(&mut self, at: u64) -> std::io::Result<Vec<u8>> {
        self.file.seek(SeekFrom::Start(at))?;
        let mut piece = Vec::new();
        (&mut self.file).take(PIECE).read_to_end(&mut piece)?;
        Ok(piece)
    }

    fn sha256(&mut self) -> std::io::Result<String> {
        let mut hash = digest::Context::new(&digest::SHA256);
        let mut at = 0;
        while at < self.size {
            let piece = self.piece(at)?;
            if piece.is_empty() {
                break;
            }
            at += piece.len() as u64;
            hash.update(&piece);
        }
        Ok(hash.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

/// Uploads a file, or goes on with it.
pub(crate) async fn upload_file(client: &Client, printer: &Printer, file: &Path) -> Result<api::BinaryDetails, Failure> {
    let source = Source::open(file)?;
    let home = client.home().await?;
    upload(client, printer, &home, file, source).await
}

async fn upload(client: &Client, printer: &Printer, home: &str, path: &Path, mut source: Source) -> Result<api::BinaryDetails, Failure> {
    let cannot = |cause: std::io::Error| Failure::new(Exit::Usage, format!("Cannot read {}: {cause}.", path.display()));
    let bar = printer.progress("Reading");
    let new = api::NewBinary {
        file_name: source.name.clone(),
        size: source.size,
        sha256: Some(source.sha256().map_err(cannot)?),
    };
    let begun: api::BegunUpload = client.post(&format!("{home}/binaries"), &new).await?;
    let Some(upload) = begun.upload else {
        return begun
            .binary
            .ok_or_else(|| Failure::new(Exit::Fault, "The server says neither where to send the file nor that it is here."));
    };
    if upload.received > 0 {
        printer.hint(&format!("Going on after {} that are there already.", size(upload.received)));
    }
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {bytes} of {total_bytes} ({bytes_per_sec}, {eta} left)") {
        bar.set_style(style);
    }
    bar.set_length(source.size);
    bar.set_message("Uploading");
    let address = format!("{home}/binary-uploads/{}", segment(&upload.id));
    let mut at = upload.received;
    while at < source.size {
        bar.set_position(at);
        let piece = source.piece(at).map_err(cannot)?;
        if piece.is_empty() {
            return Err(Failure::new(
                Exit::Usage,
                format!(
                    "{} became shorter while it was sent. Is the build still writing it?",
                    path.display()
                ),
            ));
        }
        at = send(client, &address, at, piece).await?;
    }
    bar.set_message("The server looks inside");
    let details = client.post_patiently(&format!("{address}/complete"), &serde_json::json!({})).await;
    bar.finish_and_clear();
    details
}

/// Sends a piece, as often as its connection breaks, and answers where to go on.
async fn send(client: &Client, address: &str, at: u64, piece: Vec<u8>) -> Result<u64, Failure> {
    let mut pauses = REPETITIONS.iter();
    let bytes = format!("{address}/bytes?offset={at}");
    loop {
        let failure = match client.put_bytes::<api::BinaryUpload>(&bytes, piece.clone()).await {
            Ok(kept) => return Ok(kept.received),
            Err(failure) => failure,
        };
        let broke = failure.exit == Exit::Unreachable && failure.problem.is_none();
        let elsewhere = matches!(failure.code(), Some("offset_unexpected" | "upload_busy" | "upload_interrupted"));
        let Some(pause) = pauses.next().filter(|_| broke || elsewhere) else {
            return Err(failure);
        };
        tokio::time::sleep(*pause).await;
        // What became of the piece is what the server says.
        if let Ok(now) = client.get::<api::BinaryUpload>(address, &[]).await
            && now.received != at
        {
            return Ok(now.received);
        }
    }
}

async fn download(client: &Client, printer: &Printer, home: &str, binary: &api::Binary, out: &Path, force: bool) -> Result<(), Failure> {
    let path = if out.is_dir() {
        let name: String = binary
            .file_name
            .chars()
            .map(|c| if c.is_alphanumeric() || " -_.()+".contains(c) { c } else { '_' })
            .collect();
        out.join(name.trim_matches(['.', ' ']))
    } else {
        out.to_owned()
    };
    let cannot = |cause: std::io::Error| {
        let advice = if cause.kind() == std::io::ErrorKind::AlreadyExists {
            " Give --force to replace it, or name another file with --out."
        } else {
            ""
        };
        Failure::new(Exit::Usage, format!("Cannot write {}: {cause}.{advice}", path.display()))
    };
    if path.exists() && !force {
        return Err(cannot(std::io::ErrorKind::AlreadyExists.into()));
    }
    let mut response = client
        .response(&format!("{home}/binaries/{}/file", segment(&binary.id)), &[])
        .await?;
    // Written beside it and swapped, so that an interruption leaves no half of a file under its name.
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    let beside = path.with_file_name(format!(".{}.{}.part", name.unwrap_or_default(), std::process::id()));
    let mut file = File::create_new(&beside).map_err(cannot)?;
    let mut hash = digest::Context::new(&digest::SHA256);
    let bar = printer.progress("Downloading");
    let broke = |why: String| {
        let _ = std::fs::remove_file(&beside);
        Failure::new(
            Exit::Unreachable,
            format!("The download broke off: {why}. Nothing was written; try again."),
        )
    };
    loop {
        match response.chunk().await {
            Ok(Some(piece)) => {
                hash.update(&piece);
                file.write_all(&piece).map_err(|cause| {
                    let _ = std::fs::remove_file(&beside);
                    cannot(cause)
                })?;
            }
            Ok(None) => break,
            Err(cause) => return Err(broke(cause.to_string())),
        }
    }
    let sha256: String = hash.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    if sha256 != binary.sha256 {
        return Err(broke("what came is not the file that is kept".to_owned()));
    }
    file.sync_all().and_then(|()| std::fs::rename(&beside, &path)).map_err(cannot)?;
    bar.finish_and_clear();
    let told = serde_json::json!({ "binary": binary.id, "file": path.display().to_string(), "sha256": sha256 });
    printer.show(&told, |_| format!("Wrote {}", path.display()));
    Ok(())
}

/// By id, title or file name; a name that several have is no answer.
pub(crate) async fn find(client: &Client, home: &str, wanted: &str) -> Result<api::BinaryDetails, Failure> {
    let path = format!("{home}/binaries");
    let none = || {
        Failure::new(
            Exit::NotFound,
            format!(
                "There is no binary “{}” here, and no file of that name. “russet binaries list” shows the binaries.",
                plain(wanted)
            ),
        )
    };
    let show = async |id: &str| client.get::<api::BinaryDetails>(&format!("{path}/{}", segment(id)), &[]).await;
    if is_id(wanted, "bin") {
        return show(wanted)
            .await
            .map_err(|failure| if failure.exit == Exit::NotFound { none() } else { failure });
    }
    // A title is put together of what is searched.
    let words = wanted.split([' ', '(', ')']).max_by_key(|word| word.len()).unwrap_or(wanted);
    let found: Vec<api::Binary> = client.list(&path, &[("search", words.to_owned())], None).await?;
    let fitting: Vec<_> = found
        .iter()
        .filter(|binary| binary.title == wanted || binary.file_name == wanted)
        .collect();
    match fitting.as_slice() {
        [one] => show(&one.id).await,
        [] => Err(none()),
        several => Err(Failure::new(
            Exit::Conflict,
            format!(
                "{} binaries are called “{}”. Name one by its id, from “russet binaries list”.",
                several.len(),
                plain(wanted)
            ),
        )),
    }
}

async fn findings(client: &Client, home: &str, binary: &api::Binary) -> Result<api::BinaryFindings, Failure> {
    client.get(&format!("{home}/binaries/{}/findings", segment(&binary.id)), &[]).await
}

/// What should be known before it is sent, for people.
pub(crate) fn found(findings: &api::BinaryFindings) -> String {
    if findings.items.is_empty() {
        return "Nothing in the file makes Apple refuse it, as far as the file alone tells.".to_owned();
    }
    let lines = findings.items.iter().map(|finding| {
        let word = if finding.severity == "refused" {
            "Apple will refuse it"
        } else {
            "Know before you send it"
        };
        format!("{word}: {} ({})", plain(&finding.message), plain(&finding.bundle))
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// What is inside, for people.
fn inside(details: &api::BinaryDetails) -> String {
    if details.bundles.is_empty() {
        return "Nobody looks into files of this kind; it is sent to Apple as it is.".to_owned();
    }
    let mut text = table(
        &["bundle", "identifier", "version", "build", "architectures", "profile", "ends"],
        details.bundles.iter().map(|bundle| {
            let profile = bundle.profile.as_ref();
            vec![
                bundle.kind.clone(),
                bundle.identifier.clone(),
                bundle.version.clone(),
                bundle.build_number.clone(),
                bundle.architectures.join(", "),
                profile.map_or_else(
                    || bundle.profile_problem.clone().unwrap_or_else(|| "none".to_owned()),
                    |profile| format!("{} ({})", profile.name, profile.method),
                ),
                date(profile.and_then(|profile| profile.expires_at)),
            ]
        }),
    );
    let app = details.bundles.first();
    let mut line = |what: &str, value: Option<String>| {
        if let Some(value) = value {
            text.push_str(&format!("\n{what}: {}", plain(&value)));
        }
    };
    line("Platform", app.and_then(|app| app.platform.clone()));
    line("Oldest system", app.and_then(|app| app.minimum_os.clone()));
    line("Team", app.and_then(|app| app.profile.as_ref()?.team.clone()));
    let encryption = app.map(|app| match app.uses_non_exempt_encryption {
        Some(true) => "uses non-exempt encryption".to_owned(),
        Some(false) => "uses no encryption that counts".to_owned(),
        None => "not answered in the app".to_owned(),
    });
    line("Export compliance", encryption);
    line("SHA-256", Some(details.binary.sha256.clone()));
    text
}

/// Bytes, for people.
pub(crate) fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.2} GB", bytes as f64 / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_told_in_what_people_count() {
        assert_eq!(size(999), "999 bytes");
        assert_eq!(size(1_500), "1.5 kB");
        assert_eq!(size(2_000_000_000), "2.00 GB");
    }
}
