//! What is entered for a token of an organization, read once.

use super::scope::Scope;
use crate::Problem;
use domain::{ItemName, OrgId, Role, ServiceToken, address_range::address_ranges, membership::CONFINED_MOST};
use ipnet::IpNet;
use jiff::Timestamp;
use std::collections::BTreeSet;

/// What a token shall be.
#[derive(Debug, Clone, Default)]
pub struct NewServiceToken {
    /// What it shall be called.
    pub name: String,
    /// The words of its roles.
    pub roles: Vec<String>,
    /// The ids of the organizations it shall work in; none for its own and every one below.
    pub organizations: Option<Vec<String>>,
    /// The networks it may be used from; empty for every one.
    pub address_ranges: Vec<String>,
    /// When it shall end; in six months unless given.
    pub expires_at: Option<Timestamp>,
}

/// What shall change about a token; what is none stays.
#[derive(Debug, Clone, Default)]
pub struct ServiceTokenChange {
    /// Its name.
    pub name: Option<String>,
    /// Its roles.
    pub roles: Option<Vec<String>>,
    /// Its organizations: ids, or none inside for its own and every one below.
    pub organizations: Option<Option<Vec<String>>>,
    /// Its networks.
    pub address_ranges: Option<Vec<String>>,
}

impl NewServiceToken {
    pub(super) fn read(&self) -> Result<(ItemName, Scope), Problem> {
        let scope = Scope {
            roles: read_roles(&self.roles)?,
            confined_to: self.organizations.as_deref().map(read_organizations).transpose()?,
            address_ranges: read_ranges(&self.address_ranges)?,
        };
        Ok((read_name(&self.name)?, scope))
    }
}

impl ServiceTokenChange {
    pub(super) fn applied_to(&self, token: &ServiceToken) -> Result<ServiceToken, Problem> {
        let mut token = token.clone();
        if let Some(name) = &self.name {
            token.name = read_name(name)?;
        }
        if let Some(roles) = &self.roles {
            token.roles = read_roles(roles)?;
        }
        if let Some(organizations) = &self.organizations {
            token.confined_to = organizations.as_deref().map(read_organizations).transpose()?;
        }
        if let Some(ranges) = &self.address_ranges {
            token.address_ranges = read_ranges(ranges)?;
        }
        Ok(token)
    }
}

fn read_name(text: &str) -> Result<ItemName, Problem> {
    text.parse()
        .map_err(|error: domain::NameError| Problem::field("name_unfit", "name", error.to_string()))
}

fn read_roles(words: &[String]) -> Result<BTreeSet<Role>, Problem> {
    let unfit = |message: String| Problem::field("roles_unfit", "roles", message);
    let roles = words
        .iter()
        .map(|word| word.parse())
        .collect::<Result<BTreeSet<Role>, _>>()
        .map_err(unfit)?;
    if roles.is_empty() {
        return Err(unfit("A token without a role could do nothing. Give it at least one.".to_owned()));
    }
    if roles.contains(&Role::Owner) {
        return Err(unfit(
            "A token cannot be an Owner: an Owner makes Owners and deletes the organization, and a token can leak. Give it the roles of the modules that it works in."
                .to_owned(),
        ));
    }
    Ok(roles)
}

fn read_organizations(ids: &[String]) -> Result<BTreeSet<OrgId>, Problem> {
    let chosen = ids
        .iter()
        .map(|text| text.parse().map_err(|_| organization_unknown(text)))
        .collect::<Result<BTreeSet<OrgId>, _>>()?;
    let unfit = |message: String| Err(Problem::field("organizations_unfit", "organizations", message));
    if chosen.is_empty() {
        return unfit(
            "No organization is named. Name at least one, or leave the field out for this one and every one below it.".to_owned(),
        );
    }
    if chosen.len() > CONFINED_MOST {
        return unfit(format!(
            "{} organizations are named; at most {CONFINED_MOST} can be. Leave the field out for this one and every one below it.",
            chosen.len()
        ));
    }
    Ok(chosen)
}

/// One text for what is no id, for an id that names nothing, and for organizations of others.
pub(super) fn organization_unknown(text: &str) -> Problem {
    let found: String = text.chars().filter(|c| !c.is_control()).take(40).collect();
    Problem::field(
        "organization_unknown",
        "organizations",
        format!("“{found}” is neither this organization nor one of its sub-organizations. Give ids of those."),
    )
}

fn read_ranges(texts: &[String]) -> Result<Vec<IpNet>, Problem> {
    address_ranges(texts).map_err(|error| Problem::field("address_range_unfit", "address_ranges", error.to_string()))
}
