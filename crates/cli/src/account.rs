//! Signing in, organizations, tokens for Russet itself.

use crate::{
    Exit, Failure, Global,
    client::{Client, Remembered, pick, server_url},
    output::{Printer, date, table},
    secret::PasswordSource,
};
use clap::{Args, Subcommand};
use jiff::Timestamp;

/// `russet login`
#[derive(Debug, Args)]
pub struct Login {
    /// Address of the server, such as https://russet.example.com
    #[arg(value_name = "URL")]
    server: Option<String>,
    /// E-mail; asked for when left out
    #[arg(long)]
    email: Option<String>,
    #[command(flatten)]
    password: PasswordSource,
    /// Use this token of Russet's instead of e-mail and password; read from standard input
    #[arg(long)]
    token_stdin: bool,
}

impl Login {
    pub(crate) async fn run(self, global: &Global, printer: &Printer) -> Result<Exit, Failure> {
        let given = self
            .server
            .clone()
            .or_else(|| global.url())
            .ok_or_else(|| Failure::new(Exit::Usage, "Name the server: russet login https://russet.example.com"))?;
        let url = server_url(&given)?;
        let anonymous = Client::new(url.clone(), None, None)?;
        let token = if self.token_stdin {
            let mut text = String::new();
            std::io::stdin().read_line(&mut text)?;
            text.trim().to_owned()
        } else {
            let email = match self.email {
                Some(email) => email,
                None => dialoguer::Input::<String>::new()
                    .with_prompt("E-mail")
                    .interact_text()
                    .map_err(|_| Failure::new(Exit::Usage, "There is no terminal to ask for the e-mail on. Give --email."))?,
            };
            let password = self.password.read_or_ask(printer, "Password")?;
            let host = std::env::var("HOSTNAME")
                .ok()
                .filter(|h| !h.is_empty())
                .map_or_else(|| "russet login".to_owned(), |h| format!("russet login on {h}"));
            let created: api::CreatedToken = anonymous
                .post(
                    "/login",
                    &api::Login {
                        email,
                        password,
                        token_name: host,
                    },
                )
                .await?;
            created.value
        };
        let client = Client::new(url.clone(), Some(token.clone()), None)?;
        let me = client.me().await?;
        Remembered {
            url: url.clone(),
            token,
            org: None,
        }
        .save()?;
        printer.done(&format!("Signed in to {url} as {}.", me.email.as_ref().unwrap_or(&me.name)));
        Ok(Exit::Ok)
    }
}

/// Ends what `russet login` began. A token from the environment belongs to whoever put it there, and goes on.
pub(crate) async fn logout(printer: &Printer) -> Result<Exit, Failure> {
    let Some(remembered) = Remembered::load() else {
        printer.done("Nobody is signed in here.");
        return Ok(Exit::Ok);
    };
    let client = Client::new(remembered.url, Some(remembered.token), None)?;
    let ended = client.delete("/me/tokens/current").await;
    Remembered::forget()?;
    match ended {
        // It had ended already, and forgetting it is what was asked for.
        Ok(())
        | Err(Failure {
            exit: Exit::NotAllowed, ..
        }) => {}
        Err(failure) => printer.hint(&format!(
            "russet: the token is forgotten here, but could not be ended at the server: {failure}"
        )),
    }
    printer.done("Signed out.");
    Ok(Exit::Ok)
}

pub(crate) async fn whoami(client: &Client, printer: &Printer) -> Result<Exit, Failure> {
    let me = client.me().await?;
    printer.show(&me, |me| {
        let orgs: Vec<_> = me.organizations.iter().map(|o| o.name.as_str()).collect();
        format!("{} at {}\nOrganizations: {}", in_full(me), client.url(), orgs.join(", "))
    });
    Ok(Exit::Ok)
}

/// Who is signed in, on one line.
pub(crate) fn in_full(me: &api::Me) -> String {
    match &me.email {
        Some(email) => format!("{} <{email}>", me.name),
        None => format!("{} (a token of an organization)", me.name),
    }
}

/// `russet orgs`
#[derive(Debug, Subcommand)]
pub enum Orgs {
    /// List the organizations you belong to
    List,
    /// Work in this one from now on
    Switch {
        /// Id or name
        organization: String,
    },
}

impl Orgs {
    pub(crate) async fn run(self, client: &Client, printer: &Printer) -> Result<Exit, Failure> {
        let me = client.me().await?;
        match self {
            Self::List => printer.show(&serde_json::json!({ "items": &me.organizations }), |_| {
                table(&["name", "id"], me.organizations.iter().map(|o| vec![o.name.clone(), o.id.clone()]))
            }),
            Self::Switch { organization } => {
                let chosen = pick(&me.organizations, &organization).ok_or_else(|| {
                    Failure::new(
                        Exit::NotFound,
                        format!("There is no organization “{organization}” among yours. “russet orgs list” shows them."),
                    )
                })?;
                let mut remembered = Remembered::load().ok_or_else(|| {
                    Failure::new(
                        Exit::Usage,
                        "Nothing is remembered to switch in. Run “russet login URL”, or set RUSSET_ORG.",
                    )
                })?;
                remembered.org = Some(chosen.id.clone());
                remembered.save()?;
                printer.done(&format!("Working in {} from now on.", chosen.name));
            }
        }
        Ok(Exit::Ok)
    }
}

/// `russet tokens`
#[derive(Debug, Subcommand)]
pub enum Tokens {
    /// List your tokens
    List,
    /// Make a token; its value is shown once
    Create {
        /// What to call it
        name: String,
        /// Days until it ends, 366 at most; six months when left out
        #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(i64).range(1..=366))]
        days: Option<i64>,
    },
    /// End a token at once
    Revoke {
        /// Id or name
        token: String,
    },
}

impl Tokens {
    pub(crate) async fn run(self, client: &Client, printer: &Printer) -> Result<Exit, Failure> {
        match self {
            Self::List => {
                let tokens: api::Tokens = client.get("/me/tokens", &[]).await?;
                printer.show(&tokens, |tokens| {
                    let last = |at: Option<Timestamp>| at.map_or_else(|| "Never".to_owned(), |at| date(Some(at)));
                    table(
                        &["name", "expires", "last used", "id"],
                        tokens
                            .items
                            .iter()
                            .map(|t| vec![t.name.clone(), date(Some(t.expires_at)), last(t.used_at), t.id.clone()]),
                    )
                });
            }
            Self::Create { name, days } => {
                let expires_at = match days {
                    Some(days) => Some(later(client.get::<api::Status>("/status", &[]).await?.time, days)?),
                    None => None,
                };
                let created: api::CreatedToken = client.post("/me/tokens", &api::NewToken { name, expires_at }).await?;
                printer.show(&created, |c| c.value.clone());
                printer.hint(&format!(
                    "“{}” ends on {}. This is the only time its value is shown.",
                    created.token.name,
                    date(Some(created.token.expires_at))
                ));
            }
            Self::Revoke { token } => {
                let tokens: api::Tokens = client.get("/me/tokens", &[]).await?;
                let fitting: Vec<_> = tokens.items.iter().filter(|t| t.id == token || t.name == token).collect();
                let [one] = fitting.as_slice() else {
                    let found = if fitting.is_empty() {
                        "There is no token"
                    } else {
                        "There are several tokens"
                    };
                    return Err(Failure::new(
                        Exit::NotFound,
                        format!("{found} “{token}”. “russet tokens list” shows their ids."),
                    ));
                };
                client.delete(&format!("/me/tokens/{}", one.id)).await?;
                printer.done(&format!("“{}” is revoked.", one.name));
            }
        }
        Ok(Exit::Ok)
    }
}

fn later(now: Timestamp, days: i64) -> Result<Timestamp, Failure> {
    now.checked_add(jiff::SignedDuration::from_hours(24 * days))
        .map_err(|_| Failure::new(Exit::Usage, "That many days do not fit the calendar."))
}
