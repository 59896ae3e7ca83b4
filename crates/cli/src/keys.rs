//! `russet keys` and `russet apple-token`.

use crate::{
    Exit, Failure,
    client::{Client, segment},
    output::{Printer, confirmed, date, table},
    secret,
};
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Kinds of keys.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Kind {
    /// Of a team; sees all apps
    Team,
    /// Of one person; no provisioning
    Individual,
    /// Of the Enterprise Program; provisioning only
    Enterprise,
}

/// Roles that a key can have at Apple.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Role {
    /// Admin
    Admin,
    /// App Manager
    AppManager,
    /// Developer
    Developer,
    /// Finance
    Finance,
    /// Sales
    Sales,
    /// Marketing
    Marketing,
    /// Customer Support
    CustomerSupport,
}

pub(crate) fn word(value: &impl ValueEnum) -> String {
    value.to_possible_value().map(|v| v.get_name().to_owned()).unwrap_or_default()
}

/// The file and the ids that Apple shows beside it.
#[derive(Debug, Args)]
pub struct KeyFile {
    /// The file AuthKey_<Key ID>.p8; “-” reads standard input
    #[arg(long, value_name = "FILE")]
    file: PathBuf,
    /// Apple's Key ID; taken from the file name when left out
    #[arg(long, value_name = "ID", default_value = "")]
    key_id: String,
    /// Apple's Issuer ID, from above the list of keys; not for individual keys
    #[arg(long, value_name = "UUID", default_value = "")]
    issuer_id: String,
    /// Save it even when Apple does not accept it or does not answer
    #[arg(long)]
    save_unverified: bool,
}

impl KeyFile {
    fn into_request(self) -> Result<api::NewKey, Failure> {
        Ok(api::NewKey {
            name: String::new(),
            kind: word(&Kind::Team),
            key_id: self.key_id,
            issuer_id: self.issuer_id,
            roles: vec![],
            file_name: self
                .file
                .file_name()
                .filter(|name| *name != "-")
                .map(|name| name.to_string_lossy().into_owned()),
            private_key: secret::key_file(&self.file)?,
            save_unverified: self.save_unverified,
        })
    }
}

/// `russet keys`
#[derive(Debug, Subcommand)]
pub enum Keys {
    /// List the keys and their health
    List,
    /// Link a key: read it, prove it at Apple, seal it
    Add {
        #[command(flatten)]
        file: KeyFile,
        /// What to call it; made from the Key ID when left out
        #[arg(long, default_value = "")]
        name: String,
        /// Kind of key
        #[arg(long, value_enum, default_value = "team")]
        kind: Kind,
        /// Role it was given at Apple; may be repeated; unknown when left out
        #[arg(long, value_enum, value_name = "ROLE")]
        role: Vec<Role>,
    },
    /// Show one key with its feature table
    Show {
        /// Id or name
        key: String,
    },
    /// Ask Apple about it now
    Check {
        /// Id or name
        key: String,
    },
    /// Give it another name
    Rename {
        /// Id or name
        key: String,
        /// The new name
        name: String,
    },
    /// Put a new private key under the same item
    Rotate {
        /// Id or name
        key: String,
        #[command(flatten)]
        file: KeyFile,
    },
    /// Let sub-organizations use it, or change how much of it
    Share {
        /// Id or name
        key: String,
        #[command(flatten)]
        with: With,
        /// Only this feature of its table, such as “certificates”; may be repeated; every one when left out
        #[arg(long, value_name = "FEATURE")]
        feature: Vec<String>,
        /// Only this app: a bundle ID, or a family such as com.example.*; may be repeated; every one when left out
        #[arg(long, value_name = "BUNDLE ID")]
        app: Vec<String>,
        /// Until the end of this day, UTC, such as 2027-01-31
        #[arg(long, value_name = "DAY", value_parser = day)]
        until: Option<jiff::civil::Date>,
        /// Give the key another name in the same step; it has one name everywhere
        #[arg(long)]
        name: Option<String>,
    },
    /// Stop letting sub-organizations use it, at once; with --all, every one of them
    Unshare {
        /// Id or name
        key: String,
        #[command(flatten)]
        with: With,
    },
    /// Show with whom it is shared
    Shares {
        /// Id or name
        key: String,
    },
    /// Enter the roles it was given at Apple
    SetRoles {
        /// Id or name
        key: String,
        /// Role at Apple; may be repeated; not known when left out
        #[arg(long, value_enum, value_name = "ROLE")]
        role: Vec<Role>,
    },
    /// Let it try a feature that its role does not allow, or stop that
    Override {
        /// Id or name
        key: String,
        /// A feature of its table, such as “certificates”
        feature: String,
        /// Stop it again
        #[arg(long)]
        off: bool,
    },
    /// Remove it from Russet, with its sealed private key
    Remove {
        /// Id or name
        key: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

impl Keys {
    pub(crate) async fn run(self, client: &Client, printer: &Printer) -> Result<Exit, Failure> {
        let home = client.home().await?;
        match self {
            Self::List => {
                let keys: api::Keys = client.get(&format!("{home}/keys"), &[]).await?;
                printer.show(&keys, |keys| {
                    table(
                        &["name", "kind", "key id", "roles", "health", "last used", "sharing", "id"],
                        keys.items.iter().map(|k| {
                            vec![
                                k.name.clone(),
                                k.kind.clone(),
                                k.key_id.clone(),
                                roles(k),
                                k.health.clone(),
                                used(k),
                                match (&k.shared_from, &k.sharing) {
                                    (Some(_), _) => "Root".to_owned(),
                                    (None, Some(sharing)) => sharing.words.clone(),
                                    (None, None) => String::new(),
                                },
                                k.id.clone(),
                            ]
                        }),
                    )
                });
            }
            Self::Add { file, name, kind, role } => {
                let mut request = file.into_request()?;
                request.name = name;
                request.kind = word(&kind);
                request.roles = role.iter().map(word).collect();
                add(client, printer, &request).await?;
            }
            Self::Show { key } => printer.show(&client.key(&home, &key).await?, details),
            Self::Check { key } => {
                let key = client.key(&home, &key).await?.key;
                let bar = printer.progress("Asking Apple");
                let checked = client
                    .post::<api::KeyDetails>(&format!("{home}/keys/{}/check", key.id), &serde_json::json!({}))
                    .await;
                bar.finish_and_clear();
                let checked = checked?;
                printer.show(&checked, details);
                if !matches!(checked.key.health.as_str(), "working") {
                    return Ok(Exit::AppleRefused);
                }
            }
            Self::Rename { key, name } => {
                let key = client.key(&home, &key).await?.key;
                let edit = api::EditKey {
                    name: Some(name),
                    roles: None,
                };
                let renamed: api::KeyDetails = client.patch(&format!("{home}/keys/{}", key.id), &edit).await?;
                printer.done(&format!("“{}” is called “{}” now.", key.name, renamed.key.name));
            }
            Self::Rotate { key, file } => {
                let key = client.key(&home, &key).await?.key;
                let mut request = file.into_request()?;
                request.kind.clone_from(&key.kind);
                let bar = printer.progress("Asking Apple whether it accepts the new key");
                let rotated = client
                    .post_once::<api::KeyDetails>(&format!("{home}/keys/{}/rotate", key.id), &request)
                    .await;
                bar.finish_and_clear();
                printer.show(&rotated?, details);
            }
            Self::Share {
                key,
                with,
                feature,
                app,
                until,
                name,
            } => {
                let key = client.key(&home, &key).await?.key;
                let limits = api::ShareWith {
                    with: String::new(),
                    features: (!feature.is_empty()).then_some(feature),
                    apps: (!app.is_empty()).then_some(app),
                    stops_at: until.map(end_of).transpose()?,
                };
                let shares = format!("{home}/keys/{}/shares", key.id);
                let targets = with.targets(client, &shares).await?;
                let change = api::ChangeShares {
                    name,
                    share: targets.into_iter().map(|with| api::ShareWith { with, ..limits.clone() }).collect(),
                    stop: vec![],
                };
                let sharing: api::Sharing = client.patch(&shares, &change).await?;
                let name = change.name.unwrap_or(key.name);
                printer.show(&sharing, |sharing| format!("“{name}” is shared: {}.", sharing.words));
            }
            Self::Unshare { key, with } => {
                let key = client.key(&home, &key).await?.key;
                let shares = format!("{home}/keys/{}/shares", key.id);
                let change = |stop| api::ChangeShares {
                    stop,
                    ..api::ChangeShares::default()
                };
                let sharing = with.end(client, &shares, change).await?;
                with.warn_of_all(printer, &sharing);
                printer.show(&sharing, |sharing| format!("“{}” is shared now: {}.", key.name, sharing.words));
            }
            Self::Shares { key } => {
                let key = client.key(&home, &key).await?.key;
                let shares: api::KeyShares = client.get(&format!("{home}/keys/{}/shares", key.id), &[]).await?;
                printer.show(&shares, shares_table);
            }
            Self::SetRoles { key, role } => {
                let key = client.key(&home, &key).await?.key;
                let edit = api::EditKey {
                    name: None,
                    roles: Some(role.iter().map(word).collect()),
                };
                let changed: api::KeyDetails = client.patch(&format!("{home}/keys/{}", key.id), &edit).await?;
                printer.show(&changed, details);
            }
            Self::Override { key, feature, off } => {
                let key = client.key(&home, &key).await?.key;
                let path = format!("{home}/keys/{}/features/{}", key.id, segment(&feature));
                client.put_nothing(&path, &api::FeatureOverride { overridden: !off }).await?;
                printer.show(&client.key(&home, &key.id).await?, details);
            }
            Self::Remove { key, yes } => {
                let key = client.key(&home, &key).await?.key;
                let path = format!("{home}/keys/{}", key.id);
                let hangs: api::Dependents = client.get(&format!("{path}/dependents"), &[]).await?;
                if !hangs.certificates.is_empty() {
                    printer.hint(&format!(
                        "Made or fetched through this key, and staying here without it: {}.",
                        hangs.certificates.join(", ")
                    ));
                }
                if let Some(sharing) = hangs.sharing.as_ref().filter(|sharing| sharing.all || sharing.chosen > 0) {
                    printer.hint(&format!("It is shared: {}. Its shares go with it, at once.", sharing.words));
                }
                if hangs.certificates_below > 0 {
                    printer.hint(&format!(
                        "{} certificate(s) in sub-organizations were made through it, and stay without it.",
                        hangs.certificates_below
                    ));
                }
                if !yes
                    && !confirmed(&format!(
                        "Remove “{}” ({}) and its sealed private key? Apple keeps the key, Russet cannot give it back.",
                        key.name, key.key_id
                    ))?
                {
                    return Err(Failure::new(
                        Exit::Usage,
                        "Nothing was removed. Give --yes to remove without being asked.",
                    ));
                }
                client
                    .post_nothing(&format!("{path}/remove"), &api::RemoveKey { name: key.name.clone() })
                    .await?;
                printer.done(&format!("“{}” is removed.", key.name));
            }
        }
        Ok(Exit::Ok)
    }
}

/// With whom.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub struct With {
    /// All sub-organizations, those of the future included
    #[arg(long)]
    all: bool,
    /// This sub-organization, by id or name; may be repeated
    #[arg(long, value_name = "ORGANIZATION")]
    with: Vec<String>,
}

/// The most sub-organizations whose shares are ended in one request.
const AT_ONCE: usize = 500;
/// How often the shares are asked for again, before what is left is told.
const ROUNDS: usize = 5;

/// What the shares of every kind of item tell of a sub-organization.
#[derive(serde::Deserialize)]
struct Sub {
    id: String,
    name: String,
    /// The share with it alone.
    chosen: Option<serde_json::Value>,
}

impl With {
    /// As the API names them. `shares` is where the item's shares are asked for.
    pub(crate) async fn targets(&self, client: &Client, shares: &str) -> Result<Vec<String>, Failure> {
        let mut targets: Vec<String> = self.all.then(|| "all".to_owned()).into_iter().collect();
        for wanted in &self.with {
            targets.push(sub_organization(client, shares, wanted).await?);
        }
        Ok(targets)
    }

    /// Ends the shares. All of them are the one with all and each with a single sub-organization: whoever ends sharing with
    /// all in a hurry means that nobody goes on. The one with all goes first, the others in steps that the server takes.
    pub(crate) async fn end<T: serde::Serialize>(
        &self,
        client: &Client,
        shares: &str,
        change: impl Fn(Vec<String>) -> T,
    ) -> Result<api::Sharing, Failure> {
        let targets = self.targets(client, shares).await?;
        let mut sharing: api::Sharing = client.patch(shares, &change(targets)).await?;
        // Asked for again until none is left: one that is deleted meanwhile fails its step, and one may be added meanwhile.
        for _ in 0..ROUNDS {
            if !self.all || sharing.chosen == 0 {
                break;
            }
            let subs = subs(client, shares, None).await?;
            let chosen: Vec<String> = subs.into_iter().filter(|sub| sub.chosen.is_some()).map(|sub| sub.id).collect();
            for some in chosen.chunks(AT_ONCE) {
                match client.patch(shares, &change(some.to_vec())).await {
                    Ok(after) => sharing = after,
                    Err(failure) if failure.exit == Exit::NotFound => {}
                    Err(failure) => return Err(failure),
                }
            }
        }
        Ok(sharing)
    }

    /// Says so when ending single shares changed nothing, because it is shared with all.
    pub(crate) fn warn_of_all(&self, printer: &Printer, sharing: &api::Sharing) {
        if !self.all && sharing.all {
            printer.hint("russet: it is shared with all sub-organizations, those that you named included. --all ends that.");
        }
    }
}

/// The sub-organizations with their shares, those that a search finds or all: page by page, in the size that the server chooses.
async fn subs(client: &Client, shares: &str, search: Option<&str>) -> Result<Vec<Sub>, Failure> {
    #[derive(serde::Deserialize)]
    struct Page {
        items: Vec<Sub>,
        next_cursor: Option<String>,
    }
    let (mut all, mut cursor) = (Vec::new(), None);
    loop {
        let mut query: Vec<_> = search.map(|search| ("search", search.to_owned())).into_iter().collect();
        query.extend(cursor.map(|cursor| ("cursor", cursor)));
        let page: Page = client.get(shares, &query).await?;
        all.extend(page.items);
        cursor = page.next_cursor;
        if cursor.is_none() {
            return Ok(all);
        }
    }
}

/// The id of a sub-organization by its id, its name, or Root/Sub.
async fn sub_organization(client: &Client, shares: &str, wanted: &str) -> Result<String, Failure> {
    if wanted.starts_with("org_") {
        return Ok(wanted.to_owned());
    }
    let is = |name: &str, wanted: &str| name.to_lowercase() == wanted.trim().to_lowercase();
    let name = match wanted.split_once('/') {
        Some((root, sub)) if is(&client.organization().await?.name, root) => sub,
        _ => wanted,
    };
    let found = subs(client, shares, Some(name.trim())).await?;
    let fit: Vec<_> = found.iter().filter(|sub| is(&sub.name, name)).collect();
    match fit.as_slice() {
        [one] => Ok(one.id.clone()),
        _ => Err(Failure::new(
            Exit::NotFound,
            format!("No sub-organization here is called “{wanted}”. “russet orgs list” shows those that are yours."),
        )),
    }
}

/// A day as people write it to a machine.
pub(crate) fn day(text: &str) -> Result<jiff::civil::Date, String> {
    text.parse().map_err(|_| "it is no day; write one as 2027-01-31".to_owned())
}

/// The end of a day, UTC.
pub(crate) fn end_of(day: jiff::civil::Date) -> Result<jiff::Timestamp, Failure> {
    let end = day.at(23, 59, 59, 0).to_zoned(jiff::tz::TimeZone::UTC);
    let end = end.map_err(|cause| Failure::new(Exit::Usage, cause.to_string()))?;
    Ok(end.timestamp())
}

fn limits(limits: &api::ShareLimits) -> String {
    let mut words = Vec::new();
    words.extend(limits.features.iter().flatten().cloned());
    words.extend(limits.apps.iter().flatten().cloned());
    if let Some(end) = limits.stops_at {
        words.push(format!("until {}", date(Some(end))));
    }
    if words.is_empty() {
        "Not limited".to_owned()
    } else {
        words.join(", ")
    }
}

fn shares_table(shares: &api::KeyShares) -> String {
    let all = match &shares.all {
        Some(all) => format!("All sub-organizations: {}", limits(all)),
        None => "Not shared with all.".to_owned(),
    };
    let rows = table(
        &["sub-organization", "share of its own", "last used", "id"],
        shares.items.iter().map(|sub| {
            vec![
                sub.name.clone(),
                sub.chosen.as_ref().map_or_else(|| "None".to_owned(), limits),
                sub.last_used_at.map_or_else(|| "Never".to_owned(), |at| date(Some(at))),
                sub.id.clone(),
            ]
        }),
    );
    format!("{all}\n\n{rows}")
}

fn roles(key: &api::Key) -> String {
    if key.roles.is_empty() {
        "Unknown".to_owned()
    } else {
        key.roles.join(", ")
    }
}

fn used(key: &api::Key) -> String {
    match (&key.last_used_for, key.last_used_at) {
        (Some(what), Some(at)) => format!("{what}, {}", date(Some(at))),
        _ => "Never".to_owned(),
    }
}

/// Links a key and shows it.
pub(crate) async fn add(client: &Client, printer: &Printer, request: &api::NewKey) -> Result<(), Failure> {
    let path = format!("{}/keys", client.home().await?);
    let bar = printer.progress("Asking Apple whether it accepts the key");
    let added = client.post_once::<api::KeyDetails>(&path, request).await;
    bar.finish_and_clear();
    printer.show(&added?, details);
    Ok(())
}

fn details(details: &api::KeyDetails) -> String {
    let key = &details.key;
    let facts = table(
        &["", ""],
        [
            ("Name", key.name.clone()),
            ("Id", key.id.clone()),
            ("Kind", key.kind.clone()),
            ("Key ID", key.key_id.clone()),
            ("Issuer ID", key.issuer_id.clone().unwrap_or_else(|| "None".to_owned())),
            ("Roles", roles(key)),
            ("Team ID", key.team_id.clone().unwrap_or_else(|| "Not known".to_owned())),
            (
                "Fingerprint",
                key.fingerprint.clone().unwrap_or_else(|| "Its owner knows it".to_owned()),
            ),
            ("Health", format!("{} since {}", key.health, date(Some(key.health_since)))),
            ("Next step", key.trouble.clone().unwrap_or_else(|| key.next_step.clone())),
            (
                "Added",
                match &key.added_by {
                    Some(added_by) => format!("by {added_by}, {}", date(key.added_at)),
                    None => "by its owner".to_owned(),
                },
            ),
            ("Last used", used(key)),
            (
                "Sharing",
                match (&key.shared_from, &key.limits, &key.sharing) {
                    (Some(owner), Some(of), _) => format!("Lent by {owner}: {}", limits(of)),
                    (_, _, Some(sharing)) => sharing.words.clone(),
                    _ => "Not possible in a sub-organization".to_owned(),
                },
            ),
        ]
        .into_iter()
        .map(|(name, value)| vec![name.to_owned(), value]),
    );
    let features = table(
        &["feature", "here", "declared", "probed", "last result"],
        details.features.iter().map(|f| {
            let mut declared = f.declared.clone();
            if let Some(limit) = &f.limit {
                declared.push_str(&format!(" ({limit})"));
            }
            if f.overridden {
                declared.push_str(", let pass by an Owner");
            }
            let probed = match &f.probed_note {
                Some(note) => format!("{} ({note})", f.probed),
                None => f.probed.clone(),
            };
            let last = f.last.as_ref().map_or_else(
                || "Never tried".to_owned(),
                |l| {
                    format!(
                        "{}: {}, {}",
                        l.what,
                        l.refusal.clone().unwrap_or_else(|| "done".to_owned()),
                        date(Some(l.at))
                    )
                },
            );
            let here = if f.here { "yes" } else { "not shared" }.to_owned();
            vec![f.title.clone(), here, declared, probed, last]
        }),
    );
    format!("{facts}\n\n{features}")
}

/// `russet apple-token`
#[derive(Debug, Subcommand)]
pub enum AppleToken {
    /// Print a token for Apple that ends within 19 minutes
    Create {
        /// Key, by id or name
        #[arg(long)]
        key: String,
        /// Minutes until it ends
        #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..=19))]
        minutes: u32,
        /// Limit it to such a request, as Apple describes scopes ("GET /v1/apps"); may be repeated; untested at Apple
        #[arg(long)]
        scope: Vec<String>,
    },
}

impl AppleToken {
    pub(crate) async fn run(self, client: &Client, printer: &Printer) -> Result<Exit, Failure> {
        let Self::Create { key, minutes, scope } = self;
        let home = client.home().await?;
        let key = client.key(&home, &key).await?.key;
        let path = format!("{home}/keys/{}/apple-token", segment(&key.id));
        let token: api::AppleToken = client
            .post(
                &path,
                &api::NewAppleToken {
                    minutes: Some(minutes),
                    scope,
                },
            )
            .await?;
        printer.show(&token, |t| t.token.clone());
        Ok(Exit::Ok)
    }
}
