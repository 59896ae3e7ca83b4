//! `russet orgs`, and which organization every other command works in.
//!
//! An organization is named by its id, by its name, or, where that name is not the only one, as `Root/Sub`. The server
//! looks for it: somebody may see a thousand.

use crate::{
    Exit, Failure,
    client::{Client, Remembered, is_id},
    output::{Printer, date, named, plain, table},
};
use clap::{Args, Subcommand};

/// `russet orgs`
#[derive(Debug, Subcommand)]
pub enum Orgs {
    /// List the organizations you belong to, with your roles
    List {
        /// Only the sub-organizations of this root organization, by id or name
        #[arg(long, value_name = "ROOT")]
        below: Option<String>,
        /// Only those whose name holds this text
        #[arg(long, value_name = "TEXT")]
        search: Option<String>,
    },
    /// Create an organization
    Create {
        /// What to call it
        name: String,
        #[command(flatten)]
        place: Place,
    },
    /// Give it another name
    Rename {
        /// Id, name, or Root/Sub
        organization: String,
        /// The new name
        name: String,
    },
    /// Delete it with everything in it; what is lost is said first
    Delete {
        /// Id, name, or Root/Sub
        organization: String,
        /// Do not ask for its name
        #[arg(long)]
        yes: bool,
    },
    /// Work in this one from now on
    Switch {
        /// Id, name, or Root/Sub
        organization: String,
    },
}

/// Where a new organization stands.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct Place {
    /// As a sub-organization of this root organization, by id or name
    #[arg(long, value_name = "ROOT")]
    below: Option<String>,
    /// As a root organization of its own; you become its Owner
    #[arg(long)]
    root: bool,
}

impl Orgs {
    pub(crate) async fn run(self, client: &Client, printer: &Printer) -> Result<Exit, Failure> {
        match self {
            Self::List { below, search } => {
                let below = match &below {
                    Some(root) => Some(client.organization_named(root).await?.id),
                    None => None,
                };
                let items = all(client, below, search).await?;
                printer.show(&serde_json::json!({ "items": &items }), |_| {
                    table(
                        &["name", "your roles", "created", "id"],
                        items
                            .iter()
                            .map(|one| vec![in_full(one), roles(one), date(Some(one.created_at)), one.id.clone()]),
                    )
                });
            }
            Self::Create { name, place } => {
                let path = match &place.below {
                    Some(root) => format!("/orgs/{}/sub-organizations", client.organization_named(root).await?.id),
                    None => "/orgs".to_owned(),
                };
                let made: api::OrganizationDetails = client.post_once(&path, &api::NewOrganization { name }).await?;
                printer.show(&made, |made| {
                    format!(
                        "“{}” is created: {}. Work in it with --org, or “russet orgs switch {}”.",
                        plain(&in_full(made)),
                        made.id,
                        made.id
                    )
                });
            }
            Self::Rename { organization, name } => {
                let found = client.organization_named(&organization).await?;
                let change = api::EditOrganization { name: Some(name) };
                let renamed: api::OrganizationDetails = client.patch(&format!("/orgs/{}", found.id), &change).await?;
                printer.show(&renamed, |renamed| {
                    format!("“{}” is called “{}” now.", plain(&found.name), plain(&renamed.name))
                });
            }
            Self::Delete { organization, yes } => delete(client, printer, &organization, yes).await?,
            Self::Switch { organization } => {
                let chosen = client.organization_named(&organization).await?;
                let mut remembered = Remembered::load().ok_or_else(|| {
                    Failure::new(
                        Exit::Usage,
                        "Nothing is remembered to switch in. Run “russet login URL”, or set RUSSET_ORG.",
                    )
                })?;
                remembered.org = Some(chosen.id.clone());
                remembered.save()?;
                printer.done(&format!("Working in {} from now on.", plain(&in_full(&chosen))));
            }
        }
        Ok(Exit::Ok)
    }
}

/// Every page of the list.
async fn all(client: &Client, below: Option<String>, search: Option<String>) -> Result<Vec<api::OrganizationDetails>, Failure> {
    let named = [("parent", below), ("search", search)];
    let query: Vec<_> = named.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
    client.list("/orgs", &query, None).await
}

async fn delete(client: &Client, printer: &Printer, organization: &str, yes: bool) -> Result<(), Failure> {
    let found = client.organization_named(organization).await?;
    let path = match (&found.parent, &found.parent_name) {
        (Some(root), _) => format!("/orgs/{root}/sub-organizations/{}", found.id),
        (None, None) => format!("/orgs/{}", found.id),
        (None, Some(root)) => {
            return Err(Failure::new(
                Exit::NotAllowed,
                format!(
                    "You may not delete “{}”: a sub-organization is deleted in its root organization, “{}”, and you do not belong to that one.",
                    found.name, root
                ),
            ));
        }
    };
    let losses: api::OrganizationLosses = client.get(&format!("{path}/losses"), &[]).await?;
    printer.hint(&told(&losses));
    if !yes && !named("Type its name to delete it", &found.name)? {
        return Err(Failure::new(
            Exit::Usage,
            "Nothing was deleted. Give --yes to delete without being asked for the name.",
        ));
    }
    client
        .post_nothing(&format!("{path}/remove"), &api::RemoveOrganization { name: found.name.clone() })
        .await?;
    printer.done(&format!("“{}” is deleted.", plain(&in_full(&found))));
    Ok(())
}

/// What is lost, in a sentence.
fn told(losses: &api::OrganizationLosses) -> String {
    let counts = [
        (losses.keys, "API key(s) with their private keys"),
        (losses.certificates, "certificate(s) with their private keys"),
        (losses.profiles, "profile(s) with their files"),
        (losses.csrs, "signing request(s) with their private keys"),
        (losses.members, "member(s)"),
        (losses.tokens, "API token(s)"),
        (losses.invitations, "invitation(s)"),
        (losses.shares, "shared item(s)"),
        (losses.sub_organizations, "sub-organization(s), which must be deleted before"),
        (losses.unfinished_operations, "act(s) at Apple that must be over before"),
    ];
    let lost: Vec<_> = counts
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, what)| format!("{number} {what}"))
        .collect();
    if lost.is_empty() {
        format!("“{}” holds nothing that would be lost.", plain(&losses.name))
    } else {
        format!("With “{}” these are lost for good: {}.", plain(&losses.name), lost.join(", "))
    }
}

/// `Root/Sub`, or the name of a root.
pub(crate) fn in_full(organization: &api::OrganizationDetails) -> String {
    match &organization.parent_name {
        Some(root) => format!("{root}/{}", organization.name),
        None => organization.name.clone(),
    }
}

/// The roles there, with where they come from.
pub(crate) fn roles(organization: &api::OrganizationDetails) -> String {
    let words: Vec<_> = organization
        .roles
        .iter()
        .map(|role| role_in_words(&role.title, &role.held))
        .collect();
    words.join(", ")
}

/// A role, with where it comes from when that is another organization.
pub(crate) fn role_in_words(title: &str, held: &str) -> String {
    match held {
        "inherited" => format!("{title} (inherited)"),
        _ => title.to_owned(),
    }
}

impl Client {
    /// The organization of this id or name.
    pub(crate) async fn organization_named(&self, wanted: &str) -> Result<api::OrganizationDetails, Failure> {
        let unknown = || {
            Failure::new(
                Exit::NotFound,
                format!(
                    "There is no organization “{}” among yours. “russet orgs list” shows them.",
                    plain(wanted)
                ),
            )
        };
        if is_id(wanted, "org_") {
            return match self.get(&format!("/orgs/{wanted}"), &[]).await {
                Err(failure) if failure.exit == Exit::NotFound => Err(unknown()),
                answer => answer,
            };
        }
        let mut found = self.organizations_called(wanted).await?;
        if found.is_empty() {
            // A name may hold a slash itself, so each one may be the border.
            for (at, _) in wanted.match_indices('/') {
                let (root, sub) = (fold(&wanted[..at]), &wanted[at + 1..]);
                let below = self.organizations_called(sub).await?.into_iter();
                found.extend(below.filter(|one| one.parent_name.as_deref().map(fold).as_ref() == Some(&root)));
            }
        }
        one_of(found, wanted).ok_or_else(unknown)?
    }

    async fn organizations_called(&self, name: &str) -> Result<Vec<api::OrganizationDetails>, Failure> {
        self.list("/orgs", &[("name", name.to_owned())], None).await
    }
}

fn fold(name: &str) -> String {
    name.trim().to_lowercase()
}

/// The only one, or the only one that is spelled exactly so; else a refusal that tells the ids.
fn one_of(mut found: Vec<api::OrganizationDetails>, wanted: &str) -> Option<Result<api::OrganizationDetails, Failure>> {
    if found.len() > 1 {
        let exact: Vec<_> = found.iter().filter(|one| one.name == wanted).cloned().collect();
        if exact.len() == 1 {
            found = exact;
        }
    }
    if found.len() > 1 {
        let all: Vec<_> = found.iter().map(|one| format!("{} ({})", plain(&in_full(one)), one.id)).collect();
        return Some(Err(Failure::new(
            Exit::Conflict,
            format!(
                "{} organizations are called “{}”: {}. Use an id, or write it as Root/Sub.",
                all.len(),
                plain(wanted),
                all.join(", ")
            ),
        )));
    }
    found.pop().map(Ok)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn organization(number: u32, name: &str, parent: Option<&str>) -> api::OrganizationDetails {
        api::OrganizationDetails {
            id: format!("org_{number:032x}"),
            name: name.to_owned(),
            parent: None,
            parent_name: parent.map(str::to_owned),
            roles: vec![],
            created_at: jiff::Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn several_of_one_name_are_told_with_their_ids() {
        let both = vec![
            organization(1, "Transit", Some("Halden")),
            organization(2, "Transit", Some("Nordic")),
        ];
        let refused = one_of(both, "Transit").unwrap().unwrap_err();
        assert_eq!(refused.exit, Exit::Conflict);
        assert!(refused.message.contains("Halden/Transit (org_00000000000000000000000000000001)"));
        let exact = vec![organization(1, "transit", Some("Halden")), organization(2, "Transit", None)];
        assert_eq!(one_of(exact, "Transit").unwrap().unwrap().id, organization(2, "", None).id);
        assert!(one_of(vec![], "Transit").is_none());
    }

    #[test]
    fn an_id_is_told_from_a_name() {
        assert!(is_id(&organization(1, "", None).id, "org_"));
        for name in ["org_1", "Halden", "org_", &"x".repeat(36)] {
            assert!(!is_id(name, "org_"), "{name}");
        }
    }

    #[test]
    fn what_is_lost_is_one_sentence() {
        let losses = api::OrganizationLosses {
            name: "Transit".to_owned(),
            keys: 1,
            certificates: 0,
            profiles: 4,
            csrs: 1,
            members: 2,
            tokens: 0,
            invitations: 0,
            shares: 0,
            unfinished_operations: 0,
            sub_organizations: 0,
        };
        assert_eq!(
            told(&losses),
            "With “Transit” these are lost for good: 1 API key(s) with their private keys, 4 profile(s) with their files, 1 signing request(s) with their private keys, 2 member(s)."
        );
    }
}
