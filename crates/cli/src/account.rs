//! Signing in.

use crate::{
    Exit, Failure, Global,
    client::{Client, Remembered, server_url},
    orgs,
    output::{Printer, plain},
    secret::PasswordSource,
};
use clap::Args;

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
    // That none is chosen yet is no reason not to say who it is.
    let (works_in, told) = match client.organization().await {
        Ok(organization) => {
            let told = format!("{} as {}", orgs::in_full(&organization), orgs::roles(&organization));
            (Some(organization), told)
        }
        Err(failure) if failure.exit == Exit::Unreachable || client.names_organization() => return Err(failure),
        Err(failure) => (None, format!("none yet. {}", failure.message)),
    };
    let mut document = serde_json::json!(&me);
    document["works_in"] = serde_json::json!(works_in);
    printer.show(&document, |_| {
        format!("{} at {}\nWorks in: {}", in_full(&me), client.url(), plain(&told))
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
