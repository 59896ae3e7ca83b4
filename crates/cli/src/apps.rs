//! `russet apps`: apps in App Store Connect, what is set for one here, and build numbers for its builds.

use crate::{
    Exit, Failure,
    apps_webhooks::Webhooks,
    client::{Client, segment},
    output::{Printer, date, plain, table},
};
use clap::{Subcommand, ValueEnum};

/// `russet apps`
#[derive(Debug, Subcommand)]
pub enum Apps {
    /// List the apps that a key sees in App Store Connect
    List {
        /// API key, by id or name
        #[arg(long, value_name = "KEY")]
        key: String,
    },
    /// Show what is set for an app
    Show {
        /// Bundle identifier of the app
        identifier: String,
    },
    /// Set something for an app, from its next build on
    Set {
        /// Bundle identifier of the app
        identifier: String,
        /// What Apple is told of builds that do not answer export compliance themselves
        #[arg(long, value_name = "ANSWER")]
        export_compliance: ExportCompliance,
    },
    /// Have Apple tell the server of an app, instead of asking all the time
    #[command(subcommand)]
    Webhooks(Webhooks),
    /// Reserve a build number that no other job of the organization is given, and print it
    ReserveBuildNumber {
        /// Bundle identifier of the app
        identifier: String,
        /// API key, by id or name
        #[arg(long, value_name = "KEY")]
        key: String,
        /// Of what Apple has, count only builds of this version
        #[arg(long, value_name = "VERSION", alias = "app-version")]
        version: Option<String>,
    },
}

/// An answer about export compliance.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum ExportCompliance {
    /// No encryption, or none but what is exempt
    Exempt,
    /// Encryption that is not exempt; Apple then wants documents
    NonExempt,
    /// Somebody answers each build
    Ask,
}

impl ExportCompliance {
    fn word(self) -> String {
        self.to_possible_value()
            .map(|value| value.get_name().to_owned())
            .unwrap_or_default()
    }
}

impl Apps {
    pub(crate) async fn run(self, client: &Client, printer: &Printer) -> Result<Exit, Failure> {
        let command = match self {
            Self::Webhooks(webhooks) => return webhooks.run(client, printer).await,
            command => command,
        };
        let home = client.home().await?;
        let settings = |identifier: &str| format!("{home}/apps/{}", segment(identifier));
        match command {
            Self::Webhooks(_) => {}
            Self::List { key } => {
                let apps: api::Apps = client.get(&format!("{home}/keys/{}/apps", segment(&key)), &[]).await?;
                printer.show(&apps, |apps| {
                    table(
                        &["name", "identifier", "SKU", "first language", "id"],
                        apps.items.iter().map(|app| {
                            vec![
                                app.name.clone(),
                                app.identifier.clone(),
                                app.sku.clone().unwrap_or_default(),
                                app.primary_locale.clone().unwrap_or_default(),
                                app.id.clone(),
                            ]
                        }),
                    )
                });
            }
            Self::Show { identifier } => {
                let found: api::AppSettings = client.get(&settings(&identifier), &[]).await?;
                printer.show(&found, told);
            }
            Self::Set {
                identifier,
                export_compliance,
            } => {
                let wanted = api::SetApp {
                    export_compliance: export_compliance.word(),
                };
                let set: api::AppSettings = client.put(&settings(&identifier), &wanted).await?;
                printer.show(&set, told);
            }
            Self::ReserveBuildNumber { identifier, key, version } => {
                let path = format!("{home}/keys/{}/apps/{}/build-numbers", segment(&key), segment(&identifier));
                // A number whose answer was lost is given again, not another one.
                let number: api::BuildNumber = client.post_once(&path, &api::NewBuildNumber { version }).await?;
                printer.value(&number, &number.build_number);
            }
        }
        Ok(Exit::Ok)
    }
}

fn told(settings: &api::AppSettings) -> String {
    let compliance = match settings.export_compliance.as_str() {
        "exempt" => "exempt: Apple is told that builds use no encryption that matters",
        "non-exempt" => "non-exempt: Apple is told that builds use encryption that is not exempt",
        _ => "ask: somebody answers each build",
    };
    format!(
        "{}\nExport compliance   {compliance}\nLast build number   {}\nChanged             {}",
        plain(&settings.identifier),
        settings.last_build_number.as_deref().map_or("None was reserved".to_owned(), plain),
        settings.changed_at.map_or("Never".to_owned(), |at| date(Some(at))),
    )
}
