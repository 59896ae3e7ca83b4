//! `russet signing-sets`: what a build needs, by name; made complete, and its files put where the build finds them.

mod files;

use crate::{
    Exit, Failure,
    client::{Client, segment},
    operation::{Wait, refused},
    output::{Printer, confirmed, date, plain, table},
};
use clap::{Args, Subcommand};
use files::Files;

/// `russet signing-sets`
#[derive(Debug, Subcommand)]
pub enum SigningSets {
    /// List the signing sets
    List {
        /// Only those with this text in their name
        #[arg(long)]
        search: Option<String>,
    },
    /// Make a set of profiles that are held here, each with its certificate
    Create {
        /// What to call it
        name: String,
        /// Profiles: id, UUID or name; one for each bundle identifier
        #[arg(long = "profile", value_name = "PROFILE", required = true)]
        profiles: Vec<String>,
        /// The certificate of all of them, by id; the one of each profile whose private key is held here unless given
        #[arg(long, value_name = "ID")]
        certificate: Option<String>,
    },
    /// Have what a build of these apps needs: what is here or at Apple is used, and only what is missing is created
    Ensure(Ensure),
    /// Show a set, with how each of its items stands
    Show {
        /// Id or name
        set: String,
        #[command(flatten)]
        files: Files,
    },
    /// Remove a set; the certificates and profiles in it stay
    Remove {
        /// Id or name
        set: String,
        /// Do it without being asked
        #[arg(long)]
        yes: bool,
    },
}

/// `russet signing-sets ensure`
#[derive(Debug, Args)]
pub struct Ensure {
    /// Bundle identifiers, each exact
    #[arg(value_name = "IDENTIFIER", required = true)]
    identifiers: Vec<String>,
    /// Through which key, by id or name
    #[arg(long)]
    key: String,
    /// Apple's type, such as IOS_APP_STORE; for iOS also app-store, ad-hoc, development, in-house
    #[arg(long = "type", value_name = "TYPE")]
    profile_type: String,
    /// Every bundle ID below one of them, too: extensions, watch apps, clips
    #[arg(long)]
    with_extensions: bool,
    /// What the set is called; made of the shortest identifier and the type unless given
    #[arg(long)]
    name: Option<String>,
    /// The certificate to use, by id; whichever fits unless given
    #[arg(long, value_name = "ID")]
    certificate: Option<String>,
    /// Register bundle IDs that the account lacks
    #[arg(long)]
    register: bool,
    /// Seconds for which what was seen at Apple is taken for true; 0 asks Apple in any case
    #[arg(long, value_name = "SECONDS")]
    fresh_for: Option<u32>,
    /// Say what would be done, without doing it
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    wait: Wait,
}

impl SigningSets {
    pub(crate) async fn run(self, client: &Client, printer: &Printer) -> Result<Exit, Failure> {
        match self {
            Self::List { search } => {
                let query: Vec<_> = search.map(|text| ("search", text)).into_iter().collect();
                let path = format!("{}/signing-sets", client.home().await?);
                let items: Vec<api::SigningSet> = client.list(&path, &query, None).await?;
                let list = api::SigningSets { items, next_cursor: None };
                printer.show(&list, |list| rows(&list.items));
            }
            Self::Create {
                name,
                profiles,
                certificate,
            } => {
                let home = client.home().await?;
                let mut items = Vec::with_capacity(profiles.len());
                for wanted in &profiles {
                    let Some(profile) = crate::profile::known(client, &home, wanted).await? else {
                        let message = format!("No profile “{wanted}” is held here. “russet profiles list” shows those that are.");
                        return Err(Failure::new(Exit::NotFound, message));
                    };
                    items.push(api::PickedItem {
                        profile: profile.id,
                        certificate: certificate.clone(),
                    });
                }
                let request = api::NewSigningSet { name, items };
                let made: api::SigningSet = client.post_once(&format!("{home}/signing-sets"), &request).await?;
                printer.show(&made, details);
            }
            Self::Ensure(ensure) => return ensure.run(client, printer).await,
            Self::Show { set, files } => {
                let home = client.home().await?;
                let found = find(client, &home, &set).await?;
                files.show_or_write(client, printer, &home, &found).await?;
            }
            Self::Remove { set, yes } => {
                let home = client.home().await?;
                let found = find(client, &home, &set).await?;
                let name = plain(&found.name);
                printer.hint(&format!(
                    "Builds that ask for “{name}” find nothing. Its certificates and profiles stay."
                ));
                if !yes && !confirmed("Remove it?")? {
                    let message = "Nothing was done. Give --yes to do it without being asked.";
                    return Err(Failure::new(Exit::Usage, message));
                }
                client.delete(&format!("{home}/signing-sets/{}", segment(&found.id))).await?;
                printer.done(&format!("Removed “{name}”."));
            }
        }
        Ok(Exit::Ok)
    }
}

impl Ensure {
    async fn run(self, client: &Client, printer: &Printer) -> Result<Exit, Failure> {
        // What could spoil the files is looked at before anything is made at Apple.
        self.files.prepare()?;
        let home = client.home().await?;
        let request = api::EnsureSigningSet {
            key: self.key,
            profile_type: self.profile_type,
            bundle_identifiers: self.identifiers,
            with_extensions: self.with_extensions,
            name: self.name,
            certificate: self.certificate,
            register: self.register,
            fresh_for: self.fresh_for,
            dry_run: self.dry_run,
        };
        // Asking twice is asking once: no key is needed for that, and what is there already costs the server no write.
        let ensured: api::EnsuredSigningSet = client.post(&format!("{home}/signing-sets/ensure"), &request).await?;
        if self.dry_run {
            printer.show(&ensured, |would| format!("{}\nNothing was done.", plain_lines(&would.steps)));
            return Ok(Exit::Ok);
        }
        let set = match (ensured.signing_set, ensured.operation) {
            (Some(set), _) => set,
            (None, Some(operation)) => {
                let over = self.wait.until_over(client, printer, &home, operation).await?;
                let Some(set) = over.signing_set.clone() else {
                    return Err(refused(over));
                };
                client.get(&format!("{home}/signing-sets/{set}"), &[]).await?
            }
            (None, None) => {
                return Err(Failure::new(
                    Exit::Fault,
                    "The server answered neither a set nor an act to wait for.",
                ));
            }
        };
        self.files.show_or_write(client, printer, &home, &set).await?;
        Ok(Exit::Ok)
    }
}

/// By id or name.
async fn find(client: &Client, home: &str, wanted: &str) -> Result<api::SigningSet, Failure> {
    let found = client.get(&format!("{home}/signing-sets/{}", segment(wanted)), &[]).await;
    found.map_err(|failure: Failure| match failure.code() {
        Some("not_found") => Failure::new(
            Exit::NotFound,
            format!(
                "There is no signing set “{}”. “russet signing-sets list” shows those that there are.",
                plain(wanted)
            ),
        ),
        _ => failure,
    })
}

fn plain_lines(lines: &[String]) -> String {
    lines.iter().map(|line| plain(line)).collect::<Vec<_>>().join("\n")
}

fn rows(sets: &[api::SigningSet]) -> String {
    table(
        &["name", "type", "state", "bundle ids", "ends", "id"],
        sets.iter().map(|set| {
            vec![
                set.name.clone(),
                set.profile_type.clone(),
                set.state.clone(),
                set.items.len().to_string(),
                date(set.ends_at),
                set.id.clone(),
            ]
        }),
    )
}

/// A set for people.
fn details(set: &api::SigningSet) -> String {
    let mut lines = vec![format!(
        "{} ({}): {}, {}, ends {}",
        plain(&set.name),
        set.id,
        set.profile_type,
        set.state,
        date(set.ends_at)
    )];
    for item in &set.items {
        let identifier = plain(&item.bundle_identifier);
        match (&item.missing, &item.profile, &item.certificate) {
            (Some(missing), _, _) => lines.push(format!("{identifier}: {}", plain(missing))),
            (None, Some(profile), Some(certificate)) => lines.push(format!(
                "{identifier}: profile {} ({}), certificate {} ({})",
                plain(&profile.name),
                profile.uuid,
                plain(&certificate.name),
                certificate.sha1
            )),
            _ => lines.push(identifier),
        }
    }
    lines.join("\n")
}
