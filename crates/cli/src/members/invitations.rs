//! Invitations: to make them, to look after them, and to accept one.
//!
//! A link is a secret until it is used. It goes to standard output once and alone, like a token's value, and comes back in
//! from a file, from standard input or from a prompt, never from the command's words.

use crate::{
    Exit, Failure, Global,
    client::{Client, server_url},
    output::{Printer, date, plain, table},
    secret::{self, PasswordSource},
};
use clap::Args;
use std::path::PathBuf;

/// `russet members invite`
#[derive(Debug, Args)]
pub struct Invite {
    /// The address that will be able to accept
    email: String,
    /// A role they get by accepting, such as signing-manager; may be repeated
    #[arg(long = "role", value_name = "ROLE", required = true)]
    roles: Vec<String>,
    /// Print the link even where the server could mail it
    #[arg(long)]
    link: bool,
}

/// `russet members resend`
#[derive(Debug, Args)]
pub struct Resend {
    /// Id or e-mail
    invitation: String,
    /// Print the link even where the server could mail it
    #[arg(long)]
    link: bool,
}

/// `russet members accept`
#[derive(Debug, Args)]
pub struct Accept {
    /// File whose first line is the link; asked for when there is none
    #[arg(long, value_name = "FILE")]
    link_file: Option<PathBuf>,
    /// Read the link from standard input
    #[arg(long, conflicts_with_all = ["link_file", "password_stdin"])]
    link_stdin: bool,
    /// Make an account of this name with the link, instead of joining as who is signed in
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    password: PasswordSource,
}

impl Invite {
    pub(super) async fn run(self, client: &Client, printer: &Printer, home: &str) -> Result<(), Failure> {
        let new = api::NewInvitation {
            email: self.email,
            roles: self.roles,
            show_link: self.link,
        };
        let sent = client.post_once(&format!("{home}/invitations"), &new).await?;
        hand_over(printer, &sent);
        Ok(())
    }
}

impl Resend {
    pub(super) async fn run(self, client: &Client, printer: &Printer, home: &str) -> Result<(), Failure> {
        let invitation = found(client, home, &self.invitation).await?;
        let path = format!("{home}/invitations/{}/send-again", invitation.id);
        let sent = client.post_once(&path, &api::SendAgain { show_link: self.link }).await?;
        hand_over(printer, &sent);
        Ok(())
    }
}

/// The link alone on standard output, where it did not travel by mail.
fn hand_over(printer: &Printer, sent: &api::SentInvitation) {
    let invitation = &sent.invitation;
    let (email, ends) = (plain(&invitation.email), date(Some(invitation.expires_at)));
    printer.show(sent, |sent| match &sent.link {
        Some(link) => link.clone(),
        None => format!("{email} is invited; the mail with the link is on its way."),
    });
    if sent.link.is_some() {
        printer.hint(&format!(
            "Hand the link to {email} and to nobody else: whoever has it can join. It works once, until {ends}, and is not shown again."
        ));
    }
}

pub(super) async fn list(client: &Client, printer: &Printer, home: &str) -> Result<(), Failure> {
    let items = pending(client, home).await?;
    printer.show(&serde_json::json!({ "items": &items }), |_| {
        table(
            &["e-mail", "roles", "invited by", "sent", "ends", "delivery", "id"],
            items.iter().map(|one| {
                let ends = date(Some(one.expires_at));
                vec![
                    one.email.clone(),
                    one.roles.join(", "),
                    one.invited_by.clone(),
                    date(Some(one.sent_at)),
                    if one.over { format!("{ends} (ended)") } else { ends },
                    delivery(one),
                    one.id.clone(),
                ]
            }),
        )
    });
    Ok(())
}

fn delivery(invitation: &api::Invitation) -> String {
    let word = match invitation.delivery.as_str() {
        "shown" => "Link was shown",
        "waiting" => "Mail is on its way",
        "sent" => "Mailed",
        "failed" => "Mail failed",
        other => other,
    };
    match &invitation.trouble {
        Some(trouble) => format!("{word}: {trouble}"),
        None => word.to_owned(),
    }
}

pub(super) async fn revoke(client: &Client, printer: &Printer, home: &str, wanted: &str) -> Result<(), Failure> {
    let invitation = found(client, home, wanted).await?;
    client.delete(&format!("{home}/invitations/{}", invitation.id)).await?;
    printer.done(&plain(&format!(
        "The invitation of {} is taken back; its link leads nowhere any more.",
        invitation.email
    )));
    Ok(())
}

async fn pending(client: &Client, home: &str) -> Result<Vec<api::Invitation>, Failure> {
    client.list(&format!("{home}/invitations"), &[], None).await
}

/// The invitation of this id or e-mail; an address is invited once at most.
async fn found(client: &Client, home: &str, wanted: &str) -> Result<api::Invitation, Failure> {
    let folded = wanted.trim().to_lowercase();
    let all = pending(client, home).await?;
    let fits = |one: &api::Invitation| one.id == folded || one.email.to_lowercase() == folded;
    all.into_iter().find(fits).ok_or_else(|| {
        Failure::new(
            Exit::NotFound,
            format!(
                "No invitation here is “{}”: it was accepted, taken back, or never sent. “russet members invitations” shows those that nobody has accepted.",
                plain(wanted)
            ),
        )
    })
}

impl Accept {
    pub(super) async fn run(self, global: &Global, printer: &Printer) -> Result<Exit, Failure> {
        if self.name.is_none() && self.password.is_given() {
            return Err(Failure::new(
                Exit::Usage,
                "A password is for a new account. Give --name with it, or leave it out to join as who is signed in.",
            ));
        }
        let link = Link::read(&self.link()?)?;
        let client = match &self.name {
            Some(_) => link.anonymous(global)?,
            None => link.signed_in(global)?,
        };
        let token = link.token;
        let open: api::OpenInvitation = client
            .post("/invitations/look", &api::InvitationToken { token: token.clone() })
            .await?;
        printer.hint(&plain(&format!(
            "{} invites {} to “{}” as {}.",
            open.invited_by,
            open.email,
            open.organization,
            open.roles.join(", ")
        )));
        let sign_in = format!("“russet login {} --email {}”", client.url(), plain(&open.email));
        if self.name.is_some() && open.has_account {
            return Err(Failure::new(
                Exit::Conflict,
                format!(
                    "{} has an account already. Run {sign_in}, then accept without --name.",
                    plain(&open.email)
                ),
            ));
        }
        let password = match &self.name {
            Some(_) => Some(self.password.read_or_choose(printer)?),
            None => None,
        };
        let newcomer = self.name.is_some();
        let accept = api::AcceptInvitation {
            token,
            name: self.name,
            password,
        };
        let accepted: api::AcceptedInvitation = client.post("/invitations/accept", &accept).await?;
        printer.show(&accepted, |accepted| format!("You belong to “{}” now.", plain(&accepted.name)));
        printer.hint(&if newcomer {
            format!("Sign in with {sign_in}.")
        } else {
            let id = &accepted.organization;
            format!("Work in it with --org {id}, or from now on after “russet orgs switch {id}”.")
        });
        Ok(Exit::Ok)
    }

    fn link(&self) -> Result<String, Failure> {
        match &self.link_file {
            Some(path) => secret::line_of_file("the link", path),
            None if self.link_stdin => secret::line_of_standard_input("the link"),
            None => secret::ask("The link", "Give --link-file or --link-stdin."),
        }
    }
}

/// An invitation's link, or what stands at its end.
struct Link {
    /// The server that it is of, where it is whole.
    server: Option<String>,
    token: String,
}

impl Link {
    fn read(text: &str) -> Result<Self, Failure> {
        let text = text.trim();
        let unfit = || {
            Failure::new(
                Exit::Usage,
                "This is no invitation's link. One is like https://russet.example.com/invitations/… with nothing after it; copy it whole.",
            )
        };
        if !text.contains('/') {
            let whole = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
            return whole
                .then(|| Self {
                    server: None,
                    token: text.to_owned(),
                })
                .ok_or_else(unfit);
        }
        // Its parts may be secret, so no refusal quotes it.
        let url = url::Url::parse(text).map_err(|_| unfit())?;
        let token = url.path().strip_prefix("/invitations/").filter(|token| !token.is_empty());
        Ok(Self {
            server: Some(server_url(&url.origin().ascii_serialization())?),
            token: token.ok_or_else(unfit)?.to_owned(),
        })
    }

    /// Whoever makes an account is nobody yet: no token goes along.
    fn anonymous(&self, global: &Global) -> Result<Client, Failure> {
        let server = match &self.server {
            Some(server) => server.clone(),
            None => Client::from_environment(global)?.url().to_owned(),
        };
        Client::new(server, None, None)
    }

    /// Joins as who is signed in, at the server that the link is of: no other is shown it.
    fn signed_in(&self, global: &Global) -> Result<Client, Failure> {
        let known = Client::from_environment(global);
        match &self.server {
            Some(server) if !known.as_ref().is_ok_and(|client| client.url() == server && client.is_somebody()) => Err(Failure::new(
                Exit::NotAllowed,
                format!(
                    "The link is of {server}, and nobody is signed in there. Run “russet login {server}” first, or make an account with --name. If you reach the same server by another address, give only what stands behind the link's last slash."
                ),
            )),
            _ => known,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_read_whole_or_by_its_end_and_never_quoted() {
        let read = |text: &str| Link::read(text).map(|link| (link.server, link.token));
        let server = Some("https://russet.example.com".to_owned());
        assert_eq!(
            read(" https://russet.example.com/invitations/abc\n").unwrap(),
            (server, "abc".to_owned())
        );
        assert_eq!(read("abc").unwrap(), (None, "abc".to_owned()));
        for wrong in [
            "",
            "a b",
            "https://russet.example.com/invitations/",
            "https://russet.example.com/o/abc",
            "russet.example.com/invitations/abc",
            "http://russet.example.com/invitations/abc",
        ] {
            let refused = read(wrong).unwrap_err();
            assert_eq!(refused.exit, Exit::Usage, "{wrong}");
            assert!(!refused.message.contains("abc"), "{}", refused.message);
        }
    }
}
