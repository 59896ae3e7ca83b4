//! `russet members`: who belongs to the organization, with which roles, and how they come and go.
//!
//! Somebody is named by id, by e-mail or by name. The server judges who may give and take which role; here it is only
//! found out who is meant, and asked before somebody loses what they have.
//!
//! The surprising thing: inherited roles are shown and cannot be taken here. They belong to the root organization.

mod invitations;

use crate::{
    Exit, Failure, Global,
    client::{Client, is_id, segment},
    orgs,
    output::{Printer, confirmed, date, plain, table},
};
use clap::{Args, Subcommand};

/// `russet members`
#[derive(Debug, Subcommand)]
pub enum Members {
    /// List the people of the organization with their roles
    List {
        /// Only those whose name or e-mail holds this text
        #[arg(long, value_name = "TEXT")]
        search: Option<String>,
    },
    /// Invite somebody; prints the link to hand on, unless the server mails it
    Invite(invitations::Invite),
    /// Change the roles that somebody was given here
    #[command(visible_alias = "set-roles")]
    SetRole {
        /// Id, e-mail or name
        member: String,
        #[command(flatten)]
        change: Change,
    },
    /// Take every role that somebody was given here, at once; their account stays
    Remove {
        /// Id, e-mail or name
        member: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Give up every role that you were given here
    Leave {
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// List the invitations that nobody has accepted
    Invitations,
    /// Make a fresh link for an invitation; the one before ends
    Resend(invitations::Resend),
    /// Take an invitation back; its link ends at once
    Revoke {
        /// Id or e-mail
        invitation: String,
    },
    /// Join by an invitation's link, as who is signed in or by making an account
    Accept(invitations::Accept),
}

/// What somebody's roles shall be.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub struct Change {
    /// A role they shall have, such as signing-manager; may be repeated; those that are not named are taken
    #[arg(long = "role", value_name = "ROLE", conflicts_with_all = ["give", "take"])]
    roles: Vec<String>,
    /// A role to give beside those they have; may be repeated
    #[arg(long, value_name = "ROLE")]
    give: Vec<String>,
    /// A role to take; may be repeated
    #[arg(long, value_name = "ROLE")]
    take: Vec<String>,
}

impl Members {
    pub(crate) async fn run(self, global: &Global, printer: &Printer) -> Result<Exit, Failure> {
        if let Self::Accept(accept) = self {
            return accept.run(global, printer).await;
        }
        let client = &Client::from_environment(global)?;
        let org = client.organization().await?;
        let home = format!("/orgs/{}", org.id);
        match self {
            Self::List { search } => list(client, printer, &home, search).await?,
            Self::Invite(invite) => invite.run(client, printer, &home).await?,
            Self::SetRole { member, change } => {
                let member = found(client, &home, &member).await?;
                let edit = api::EditMember {
                    roles: (!change.roles.is_empty()).then_some(change.roles),
                    give: change.give,
                    take: change.take,
                };
                let changed: api::Member = client.patch(&format!("{home}/members/{}", member.id), &edit).await?;
                printer.show(&changed, |changed| {
                    plain(&format!("{} is {} in “{}” now.", in_full(changed), roles(changed), org.name))
                });
            }
            Self::Remove { member, yes } => {
                let member = found(client, &home, &member).await?;
                let question = format!(
                    "Remove {} from “{}”? Their sessions, tokens and running jobs may do nothing here any more, at once; their account stays.",
                    in_full(&member),
                    org.name
                );
                meant(yes, &question, "Nobody was removed. Give --yes to remove without being asked.")?;
                client
                    .post_nothing(&format!("{home}/members/{}/remove", member.id), &serde_json::json!({}))
                    .await?;
                printer.done(&plain(&format!("{} is removed from “{}”.", in_full(&member), org.name)));
                let stays: Vec<_> = member.roles.iter().filter(|role| role.held == "inherited").collect();
                if !stays.is_empty() {
                    let titles: Vec<_> = stays.iter().map(|role| role.title.as_str()).collect();
                    printer.hint(&format!("What comes from the root organization stays: {}.", titles.join(", ")));
                }
            }
            Self::Leave { yes } => {
                let question = format!(
                    "Leave “{}”? You lose every role that you were given there, at once, and somebody has to invite you to come back.",
                    org.name
                );
                meant(yes, &question, "Nothing was given up. Give --yes to leave without being asked.")?;
                client.post_nothing(&format!("{home}/leave"), &serde_json::json!({})).await?;
                printer.done(&plain(&format!("You have left “{}”.", orgs::in_full(&org))));
            }
            Self::Invitations => invitations::list(client, printer, &home).await?,
            Self::Resend(resend) => resend.run(client, printer, &home).await?,
            Self::Revoke { invitation } => invitations::revoke(client, printer, &home, &invitation).await?,
            // Whoever accepts belongs to no organization yet, so they came by above.
            Self::Accept(_) => {}
        }
        Ok(Exit::Ok)
    }
}

async fn list(client: &Client, printer: &Printer, home: &str, search: Option<String>) -> Result<(), Failure> {
    let query: Vec<_> = search.into_iter().map(|text| ("search", text)).collect();
    let items: Vec<api::Member> = client.list(&format!("{home}/members"), &query, None).await?;
    printer.show(&serde_json::json!({ "items": &items }), |_| {
        table(
            &["name", "e-mail", "roles", "since", "id"],
            items.iter().map(|one| {
                let since = one.joined_at.map_or_else(|| "Inherited".to_owned(), |at| date(Some(at)));
                vec![one.name.clone(), one.email.clone(), roles(one), since, one.id.clone()]
            }),
        )
    });
    Ok(())
}

/// Goes on when it is meant: said with --yes, or on a terminal.
fn meant(yes: bool, question: &str, otherwise: &str) -> Result<(), Failure> {
    if yes || confirmed(question)? {
        return Ok(());
    }
    Err(Failure::new(Exit::Usage, otherwise))
}

/// Name and address on one line.
fn in_full(member: &api::Member) -> String {
    format!("{} <{}>", member.name, member.email)
}

fn roles(member: &api::Member) -> String {
    let words: Vec<_> = member
        .roles
        .iter()
        .map(|role| orgs::role_in_words(&role.title, &role.held))
        .collect();
    words.join(", ")
}

/// The one member of this id, e-mail or name.
async fn found(client: &Client, home: &str, wanted: &str) -> Result<api::Member, Failure> {
    let unknown = || {
        Failure::new(
            Exit::NotFound,
            format!(
                "Nobody here is “{}”. “russet members list” shows who belongs here, “russet members invitations” who is invited.",
                plain(wanted)
            ),
        )
    };
    let wanted = wanted.trim();
    if wanted.is_empty() {
        return Err(unknown());
    }
    if is_id(wanted, "user_") {
        return match client.get(&format!("{home}/members/{}", segment(wanted)), &[]).await {
            Err(failure) if failure.code() == Some("not_found") => Err(unknown()),
            answer => answer,
        };
    }
    let query = [("search", wanted.to_owned())];
    let fitting = client.list(&format!("{home}/members"), &query, None).await?;
    one_of(fitting, wanted)?.ok_or_else(unknown)
}

/// The one of this e-mail, which only one has, or else of this name.
fn one_of(mut members: Vec<api::Member>, wanted: &str) -> Result<Option<api::Member>, Failure> {
    let wanted = wanted.to_lowercase();
    if let Some(at) = members.iter().position(|one| one.email.to_lowercase() == wanted) {
        return Ok(Some(members.swap_remove(at)));
    }
    members.retain(|one| one.name.to_lowercase() == wanted);
    if members.len() > 1 {
        let all: Vec<_> = members.iter().map(|one| format!("{} ({})", plain(&one.email), one.id)).collect();
        return Err(Failure::new(
            Exit::Conflict,
            format!(
                "{} people here have this name: {}. Use the e-mail or the id.",
                all.len(),
                all.join(", ")
            ),
        ));
    }
    Ok(members.pop())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(number: u32, name: &str, email: &str) -> api::Member {
        api::Member {
            id: format!("user_{number:032x}"),
            email: email.to_owned(),
            name: name.to_owned(),
            roles: vec![],
            joined_at: None,
        }
    }

    #[test]
    fn two_of_one_name_are_told_apart_by_their_addresses() {
        let both = || vec![member(1, "Jonas", "jonas@a.example"), member(2, "jonas", "jonas@b.example")];
        let refused = one_of(both(), "JONAS").unwrap_err();
        assert_eq!(refused.exit, Exit::Conflict);
        assert!(refused.message.contains("jonas@b.example (user_00000000000000000000000000000002)"));
        assert_eq!(one_of(both(), "Jonas@B.example").unwrap().unwrap().id, member(2, "", "").id);
        assert!(one_of(both(), "Jon").unwrap().is_none(), "a part of a name is nobody");
    }

    #[test]
    fn an_address_comes_before_a_name_that_pretends_to_be_one() {
        let both = vec![
            member(1, "elin@halden.example", "eve@a.example"),
            member(2, "Elin", "elin@halden.example"),
        ];
        assert_eq!(one_of(both, "elin@halden.example").unwrap().unwrap().name, "Elin");
    }
}
