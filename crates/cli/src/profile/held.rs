//! Profiles held here: listed, shown, registered, fetched, taken in from files, rebuilt, removed.

use super::Content;
use crate::{
    Exit, Failure,
    client::{Client, segment},
    lists::Listing,
    operation::Wait,
    output::{Printer, confirmed, expiry, plain, table},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use std::{
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
};

/// A profile with hundreds of devices has less.
const FILE_BYTES: u64 = 500_000;

pub(super) async fn list(client: &Client, printer: &Printer, listing: &Listing) -> Result<Exit, Failure> {
    let home = client.home().await?;
    let mut items: Vec<api::Profile> = client.list(&format!("{home}/profiles"), &listing.query(), None).await?;
    if listing.query().is_empty() {
        // What the root organization lends stands first, and is told apart by its origin.
        let lent: api::InheritedProfiles = client.get(&format!("{home}/profiles/inherited"), &[]).await?;
        let lent = lent.items.into_iter().map(|one| api::Profile {
            origin: "inherited".to_owned(),
            ..one.profile
        });
        items.splice(0..0, lent);
    }
    let list = api::Profiles { items, next_cursor: None };
    printer.show(&list, |list| rows(&list.items));
    Ok(Exit::Ok)
}

fn rows(profiles: &[api::Profile]) -> String {
    table(
        &[
            "name",
            "type",
            "state",
            "certificate",
            "bundle id",
            "expires",
            "devices",
            "origin",
            "id",
        ],
        profiles.iter().map(|p| {
            vec![
                p.name.clone(),
                p.profile_type.clone(),
                p.state.clone(),
                matched(&p.matched).to_owned(),
                p.bundle_identifier.clone(),
                expiry(Some(p.expires_at), Some(p.days_left)),
                p.devices.to_string(),
                origin(p),
                p.id.clone(),
            ]
        }),
    )
}

/// Where it came from, and whether its file did.
fn origin(profile: &api::Profile) -> String {
    if profile.is_reference {
        format!("{}, reference", profile.origin)
    } else {
        profile.origin.clone()
    }
}

fn matched(word: &str) -> &str {
    match word {
        "key-held" => "match",
        "no-key-held" => "no key held",
        "no-certificate" => "no certificate",
        other => other,
    }
}

/// The file name's ending that Xcode wants.
pub(super) fn ending(profile: &api::Profile) -> &'static str {
    if profile.profile_type.starts_with("MAC") {
        "provisionprofile"
    } else {
        "mobileprovision"
    }
}

pub(super) async fn show(client: &Client, printer: &Printer, wanted: &str) -> Result<Exit, Failure> {
    let home = client.home().await?;
    let chosen = find(client, &home, wanted).await?;
    let details: api::ProfileDetails = client.get(&format!("{home}/profiles/{}", segment(&chosen.id)), &[]).await?;
    printer.show(&details, |details| {
        let profile = &details.profile;
        let mut lines = vec![
            format!("{} ({})", plain(&profile.name), profile.id),
            format!(
                "{} for {}, {}",
                profile.profile_type,
                plain(&profile.bundle_identifier),
                profile.state
            ),
            format!("UUID {}", profile.uuid),
            format!("Ends {}", expiry(Some(profile.expires_at), Some(profile.days_left))),
            details.signed_by.clone(),
        ];
        lines.extend(details.certificates.iter().map(|certificate| {
            let key = if certificate.key_held {
                "private key held here"
            } else {
                "no private key here"
            };
            format!("Certificate {} ({}), {key}", plain(&certificate.name), certificate.serial)
        }));
        lines.extend(details.udids.iter().map(|udid| format!("Device {}", plain(udid))));
        if let Some(owner) = &details.lent_by {
            lines.push(format!("Lent by {}", plain(owner)));
        }
        if let Some(sharing) = &details.sharing {
            lines.push(format!("Shared: {}", sharing.words));
        }
        if let Some(operation) = &details.operation {
            lines.push(format!("{operation} changes it at this moment"));
        }
        lines.join("\n")
    });
    Ok(Exit::Ok)
}

pub(super) async fn register(client: &Client, printer: &Printer, request: &api::NewProfile, wait: Wait) -> Result<Exit, Failure> {
    let home = client.home().await?;
    let begun: api::Operation = client.post_once(&format!("{home}/profiles"), request).await?;
    let done = |over: &api::Operation| {
        let id = over.profile.as_deref().unwrap_or_default();
        format!("{}: done. Download it with: russet profiles download {id}", plain(&over.title))
    };
    wait.and_tell(client, printer, &home, begun, done).await
}

pub(super) async fn fetch(client: &Client, printer: &Printer, key: &str, request: &api::FetchProfiles) -> Result<Exit, Failure> {
    let home = client.home().await?;
    let path = format!("{home}/keys/{}/apple/profiles/fetch", segment(key));
    let fetched: api::FetchedProfiles = client.post_once(&path, request).await?;
    for one in &fetched.left_out {
        printer.hint(&format!("russet: not taken: {}: {}", plain(&one.name), plain(&one.why)));
    }
    printer.show(&fetched, |fetched| {
        let taken: Vec<_> = fetched.new.iter().chain(&fetched.changed).cloned().collect();
        let counts = format!(
            "{} new, {} changed, {} as they were.",
            fetched.new.len(),
            fetched.changed.len(),
            fetched.unchanged
        );
        if taken.is_empty() {
            counts
        } else {
            format!("{}\n{counts}", rows(&taken))
        }
    });
    Ok(Exit::Ok)
}

/// One request for each file: a request has an end, and a hundred profiles are larger.
pub(super) async fn upload(client: &Client, printer: &Printer, files: &[PathBuf]) -> Result<Exit, Failure> {
    let mut contents = Vec::with_capacity(files.len());
    for file in files {
        contents.push((file.display().to_string(), read(file)?));
    }
    let path = format!("{}/profiles/import", client.home().await?);
    let mut all = api::ImportedProfiles {
        taken: Vec::new(),
        left_out: Vec::new(),
    };
    for (name, bytes) in contents {
        let file = api::ProfileFile {
            name,
            content: STANDARD.encode(bytes),
        };
        let imported: api::ImportedProfiles = client.post_once(&path, &api::ImportProfiles { files: vec![file] }).await?;
        all.taken.extend(imported.taken);
        all.left_out.extend(imported.left_out);
    }
    for taken in &all.taken {
        if let Some(warning) = &taken.warning {
            printer.hint(&format!("russet: {}: {warning}", plain(&taken.profile.name)));
        }
    }
    for one in &all.left_out {
        printer.hint(&format!("russet: not taken: {}: {}", plain(&one.name), plain(&one.why)));
    }
    let nothing_fits = all.taken.is_empty();
    printer.show(&all, |all| {
        let taken: Vec<_> = all.taken.iter().map(|taken| taken.profile.clone()).collect();
        if taken.is_empty() {
            "Nothing was taken in.".to_owned()
        } else {
            rows(&taken)
        }
    });
    Ok(if nothing_fits { Exit::Usage } else { Exit::Ok })
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    let cannot = |cause: std::io::Error| Failure::new(Exit::Usage, format!("Cannot read {}: {cause}.", file.display()));
    let mut bytes = Vec::new();
    File::open(file)
        .and_then(|opened| opened.take(FILE_BYTES + 1).read_to_end(&mut bytes))
        .map_err(cannot)?;
    if bytes.len() as u64 > FILE_BYTES {
        let most = FILE_BYTES / 1000;
        return Err(Failure::new(
            Exit::Usage,
            format!("{} is larger than {most} KB, and no profile is. Give another file.", file.display()),
        ));
    }
    Ok(bytes)
}

pub(super) async fn rebuild(
    client: &Client,
    printer: &Printer,
    wanted: &str,
    key: String,
    content: Content,
    yes: bool,
    wait: Wait,
) -> Result<Exit, Failure> {
    let home = client.home().await?;
    let chosen = find(client, &home, wanted).await?;
    let name = plain(&chosen.name);
    printer.hint(&format!(
        "“{name}” is deleted at Apple and created again under its name, with another UUID. Its file here stays until then."
    ));
    sure(yes, "Rebuild it?")?;
    let request = api::RebuildProfile {
        key,
        certificates: Some(content.certificates).filter(|ids| !ids.is_empty()),
        devices: Some(content.devices).filter(|ids| !ids.is_empty()),
        all_devices: content.all_devices,
    };
    let path = format!("{home}/profiles/{}/rebuild", segment(&chosen.id));
    let begun: api::Operation = client.post_once(&path, &request).await?;
    let told = format!("“{name}” is rebuilt. Download it with: russet profiles download {}", chosen.id);
    wait.and_tell(client, printer, &home, begun, |_| told).await
}

pub(super) async fn remove(client: &Client, printer: &Printer, wanted: &[String], yes: bool) -> Result<Exit, Failure> {
    let home = client.home().await?;
    let mut chosen = Vec::with_capacity(wanted.len());
    for one in wanted {
        chosen.push(find(client, &home, one).await?);
    }
    let names: Vec<_> = chosen.iter().map(|profile| format!("“{}”", plain(&profile.name))).collect();
    let names = names.join(", ");
    printer.hint(&format!("Removed here: {names}. At Apple nothing changes."));
    sure(yes, "Remove?")?;
    let request = api::RemoveProfiles {
        profiles: chosen.into_iter().map(|profile| profile.id).collect(),
    };
    client.post_nothing(&format!("{home}/profiles/remove"), &request).await?;
    printer.done(&format!("Removed {names} here."));
    Ok(Exit::Ok)
}

fn sure(yes: bool, question: &str) -> Result<(), Failure> {
    if yes || confirmed(question)? {
        return Ok(());
    }
    Err(Failure::new(
        Exit::Usage,
        "Nothing was done. Give --yes to do it without being asked.",
    ))
}

/// By id, UUID or name; none where nothing is called so.
pub(crate) async fn known(client: &Client, home: &str, wanted: &str) -> Result<Option<api::Profile>, Failure> {
    let path = format!("{home}/profiles");
    if wanted.starts_with("prof_") {
        let found = client.get::<api::ProfileDetails>(&format!("{path}/{}", segment(wanted)), &[]).await;
        match found {
            Err(failure) if failure.exit == Exit::NotFound => {}
            found => return Ok(Some(found?.profile)),
        }
    }
    let similar: Vec<api::Profile> = client.list(&path, &[("search", wanted.to_owned())], None).await?;
    let is_it = |profile: &api::Profile| profile.uuid.eq_ignore_ascii_case(wanted) || profile.name == wanted;
    let mut fitting: Vec<_> = similar.into_iter().filter(is_it).collect();
    if fitting.is_empty() {
        let lent: api::InheritedProfiles = client.get(&format!("{path}/inherited"), &[]).await?;
        fitting = lent.items.into_iter().map(|one| one.profile).filter(is_it).collect();
    }
    match fitting.len() {
        0 => Ok(None),
        1 => Ok(Some(fitting.remove(0))),
        several => Err(Failure::new(
            Exit::Conflict,
            format!("{several} profiles are called “{wanted}”. Name one by its id or UUID, from “russet profiles list”."),
        )),
    }
}

pub(super) async fn find(client: &Client, home: &str, wanted: &str) -> Result<api::Profile, Failure> {
    known(client, home, wanted).await?.ok_or_else(|| {
        Failure::new(
            Exit::NotFound,
            format!("No profile “{wanted}” is held here. “russet profiles list” shows those that are."),
        )
    })
}
