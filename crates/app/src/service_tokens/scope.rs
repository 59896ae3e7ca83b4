//! What a token can do, where, and from where, held against whoever takes it into their hands.

use super::entered::organization_unknown;
use crate::{
    Problem,
    accounts::{SignedIn, Who},
    problem::Kind,
};
use domain::{Action, OrgId, Permit, Role, ServiceToken, Tenant, decide, policy::lacking};
use ipnet::IpNet;
use std::collections::BTreeSet;
use store::Tx;

/// Roles, organizations and networks of a token.
#[derive(Debug, Clone)]
pub(super) struct Scope {
    /// Its roles.
    pub(super) roles: BTreeSet<Role>,
    /// Its organizations; none for its own and every one below.
    pub(super) confined_to: Option<BTreeSet<OrgId>>,
    /// Its networks; empty for every one.
    pub(super) address_ranges: Vec<IpNet>,
}

impl Scope {
    /// What a token holds now.
    pub(super) fn of(token: &ServiceToken) -> Self {
        Self {
            roles: token.roles.clone(),
            confined_to: token.confined_to.clone(),
            address_ranges: token.address_ranges.clone(),
        }
    }

    /// Whether somebody holds all of it themselves, for a token of the permit's organization. `before` is the token as it
    /// stands: what it is confined to and has been deleted since takes and gives nothing.
    ///
    /// # Errors
    /// `organization_unknown`, `address_range_unfit`; `role_lacking` and `organizations_lacking`, which are attempts at
    /// more than one may.
    pub(super) async fn held_by(&self, tx: &mut Tx, who: &SignedIn, permit: &Permit, before: Option<&ServiceToken>) -> Result<(), Problem> {
        for tenant in self.reach(tx, who, permit.tenant(), before).await? {
            let held = who.caller.principal.roles_in(tenant).into_keys().collect();
            let lacking = lacking(&held, &self.roles);
            if !lacking.is_empty() {
                return Err(role_lacking(tx, who, tenant, &lacking).await?);
            }
        }
        match &who.who {
            Who::Service(maker) => self.within_the_networks_of(maker),
            Who::Person { .. } => Ok(()),
        }
    }

    /// Where it reaches. Whoever holds its roles in its own organization holds them in every one below, unless they are
    /// confined themselves.
    async fn reach(&self, tx: &mut Tx, who: &SignedIn, home: Tenant, before: Option<&ServiceToken>) -> Result<Vec<Tenant>, Problem> {
        let Some(chosen) = &self.confined_to else {
            return match &who.who {
                Who::Service(maker) if maker.confined_to.is_some() => Err(Problem::new(
                    Kind::NotAllowed,
                    "organizations_lacking",
                    format!(
                        "“{}” works in chosen organizations only, and so must every token that it makes. Name its organizations.",
                        maker.name
                    ),
                )),
                _ => Ok(vec![home]),
            };
        };
        let mut tenants = Vec::with_capacity(chosen.len());
        for id in chosen {
            let known = tx.tenant(*id).await?;
            let chosen_before = before
                .and_then(|token| token.confined_to.as_ref())
                .is_some_and(|these| these.contains(id));
            if known.is_none() && chosen_before {
                continue;
            }
            let near = known.filter(|tenant| tenant.id == home.id || tenant.parent == Some(home.id));
            let seen = near.filter(|tenant| !who.caller.principal.roles_in(*tenant).is_empty());
            tenants.push(seen.ok_or_else(|| organization_unknown(&id.to_string()))?);
        }
        Ok(tenants)
    }

    fn within_the_networks_of(&self, maker: &ServiceToken) -> Result<(), Problem> {
        let inside = |net: &IpNet| maker.address_ranges.iter().any(|range| range.contains(net));
        let free = maker.address_ranges.is_empty();
        if free || (!self.address_ranges.is_empty() && self.address_ranges.iter().all(inside)) {
            return Ok(());
        }
        let ranges: Vec<_> = maker.address_ranges.iter().map(ToString::to_string).collect();
        Err(Problem::field(
            "address_range_unfit",
            "address_ranges",
            format!(
                "“{}” may be used from {} only, and so may every token that it makes. Choose ranges within those.",
                maker.name,
                ranges.join(", ")
            ),
        ))
    }
}

/// The refusal names the organization only to whoever sees it, which they do: they hold some role there.
async fn role_lacking(tx: &mut Tx, who: &SignedIn, tenant: Tenant, lacking: &BTreeSet<Role>) -> Result<Problem, Problem> {
    let place = match decide(&who.caller.principal, Action::SeeOrganization, tenant) {
        Ok(permit) => tx.organization(&permit).await?.name.to_string(),
        Err(_) => return Ok(organization_unknown(&tenant.id.to_string())),
    };
    let roles: Vec<_> = lacking.iter().map(|role| role.title()).collect();
    Ok(Problem::new(
        Kind::NotAllowed,
        "role_lacking",
        format!(
            "A token holds no more than whoever makes, changes or rotates it, and you lack {} in {place}. An Owner can give it to you, or make the token.",
            roles.join(", ")
        ),
    ))
}
