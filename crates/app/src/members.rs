//! The people of an organization: who they are, which roles they hold, and how they go.
//!
//! Three rules, each held inside the writing transaction, when it is its turn at the members of the tree and the actor's
//! own rights are known to be what they came with: nobody gives what they lack, nobody takes what they could not give, and a root organization
//! keeps a person who was made its Owner. A session, a token and a running job read their rights at every step, so what
//! is taken here is gone for all three at once.
//!
//! The surprising thing: inherited roles are no rows here, so they cannot be taken here. Whoever asks for that is sent to
//! the root organization instead of being told that all is done.

use crate::{App, Caller, FieldProblem, Problem, problem::Kind};
use domain::{
    Action, Event, ItemName, Member, OrgId, Permit, Principal, Role, Tenant, UserId, decide,
    policy::{HeldBy, lacking},
};
use std::collections::BTreeSet;
use store::{Page, Paging, Tx};

/// What somebody's roles in an organization shall be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoleChange {
    /// These and no others. What is inherited stays beside them.
    To(BTreeSet<Role>),
    /// Those they have, with some more and some less.
    By {
        /// More.
        give: BTreeSet<Role>,
        /// Less.
        take: BTreeSet<Role>,
    },
}

/// Somebody's place in an organization, for whoever is about to change it.
#[derive(Debug, Clone)]
pub struct MemberDetails {
    /// Who, with their roles.
    pub member: Member,
    /// The roles that whoever asks could give and take here; empty for who may only look.
    pub in_reach: BTreeSet<Role>,
    /// The sub-organizations in which they were given roles of their own, which a removal here does not touch.
    pub below: Vec<ItemName>,
    /// Who can give what is out of reach.
    pub who_can: String,
}

/// Reads roles as they are written in requests.
///
/// # Errors
/// A problem at `roles` that names the word.
pub fn read_roles<S: AsRef<str>>(words: impl IntoIterator<Item = S>) -> Result<BTreeSet<Role>, Problem> {
    let read = words.into_iter().map(|word| word.as_ref().parse::<Role>());
    read.collect::<Result<_, _>>()
        .map_err(|message| Problem::field("role_unknown", "roles", message))
}

/// The roles that were given in the organization itself.
pub(crate) fn given_here(member: &Member) -> BTreeSet<Role> {
    let here = member.roles.iter().filter(|(_, by)| **by == HeldBy::Membership);
    here.map(|(role, _)| *role).collect()
}

/// Roles in words: "Credentials Manager and Signing Viewer".
pub(crate) fn titles(roles: &BTreeSet<Role>) -> String {
    let titles: Vec<_> = roles.iter().map(|role| role.title()).collect();
    match titles.as_slice() {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

impl App {
    /// The people of an organization with their roles, inherited ones included, by name. `search` finds part of a name or
    /// of an address.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`.
    pub async fn members(&self, caller: &Caller, org: OrgId, search: Option<&str>, paging: &Paging) -> Result<Page<Member>, Problem> {
        let permit = self.permit(caller, Action::SeeMembers, org).await?;
        let folded = match search.map(str::trim).filter(|text| !text.is_empty()).map(str::parse::<ItemName>) {
            None => None,
            Some(Ok(text)) => Some(text.folded()),
            Some(Err(error)) => return Err(Problem::field("search_unfit", "search", error.to_string())),
        };
        Ok(self
            .inner
            .store
            .read_for(&permit)
            .await?
            .members(&permit, folded.as_deref(), paging)
            .await?)
    }

    /// One of them.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`.
    pub async fn member(&self, caller: &Caller, org: OrgId, user: UserId) -> Result<MemberDetails, Problem> {
        let permit = self.permit(caller, Action::SeeMembers, org).await?;
        let mut tx = self.inner.store.read_for(&permit).await?;
        let member = tx.member(&permit, user).await?;
        let below = tx.memberships_below(&permit, user).await?;
        drop(tx);
        Ok(MemberDetails {
            member,
            below,
            in_reach: self.roles_in_reach(caller, &permit),
            who_can: self.who_can_help(caller, permit.tenant()).await?,
        })
    }

    /// The roles that a caller could give in an organization.
    ///
    /// # Errors
    /// `not_found`, `not_allowed` for whoever may give none.
    pub async fn grantable_roles(&self, caller: &Caller, org: OrgId) -> Result<(BTreeSet<Role>, String), Problem> {
        let permit = self.permit(caller, Action::ManageMembers, org).await?;
        let who_can = self.who_can_help(caller, permit.tenant()).await?;
        Ok((self.roles_in_reach(caller, &permit), who_can))
    }

    fn roles_in_reach(&self, caller: &Caller, permit: &Permit) -> BTreeSet<Role> {
        if decide(&caller.principal, Action::ManageMembers, permit.tenant()).is_err() {
            return BTreeSet::new();
        }
        let held = held_wherever_it_reaches(&caller.principal, permit.tenant());
        let all: BTreeSet<_> = Role::ALL.into_iter().collect();
        all.difference(&lacking(&held, &all)).copied().collect()
    }

    /// Changes the roles that somebody was given here. Somebody who only inherits roles is given their first ones here.
    ///
    /// # Errors
    /// `not_found`; `not_allowed` and `role_out_of_reach` for roles that the caller lacks; `role_inherited`, `last_owner`,
    /// `roles_empty`.
    pub async fn set_member_roles(&self, caller: &Caller, org: OrgId, user: UserId, change: RoleChange) -> Result<Member, Problem> {
        let permit = self.permit(caller, Action::ManageMembers, org).await?;
        let mut tx = self.begin_at_members(caller, &permit).await?;
        let member = tx.member(&permit, user).await?;
        let from = given_here(&member);
        let to = match change {
            RoleChange::To(roles) => roles,
            RoleChange::By { give, take } => {
                let inherited: BTreeSet<_> = take.iter().copied().filter(|role| member.roles.contains_key(role)).collect();
                let inherited: BTreeSet<_> = inherited.difference(&from).copied().collect();
                if !inherited.is_empty() {
                    return Err(role_inherited(&member, &inherited));
                }
                from.difference(&take).chain(&give).copied().collect()
            }
        };
        let changed: BTreeSet<_> = from.symmetric_difference(&to).copied().collect();
        if changed.is_empty() {
            return Ok(member);
        }
        if let Some(refusal) = out_of_reach(caller, &permit, &changed) {
            drop(tx);
            return Err(self.role_out_of_reach(caller, &permit, &refusal).await?);
        }
        if to.is_empty() && from.len() == member.roles.len() {
            return Err(Problem::field(
                "roles_empty",
                "roles",
                format!(
                    "{} would be left without any role. Choose at least one, or remove them.",
                    member.user.name
                ),
            ));
        }
        let taken: BTreeSet<_> = from.difference(&to).copied().collect();
        self.keep_an_owner(&mut tx, &permit, &taken).await?;
        tx.take_roles(&permit, user, &taken).await?;
        tx.give_roles(&permit, user, &to.difference(&from).copied().collect(), self.now())
            .await?;
        let member = tx.member(&permit, user).await?;
        self.record_done(&mut tx, caller, org, Event::MemberRolesChanged { user, from, to })
            .await?;
        tx.commit().await?;
        Ok(member)
    }

    /// Takes all roles that somebody was given here. Their account stays, with what they hold elsewhere.
    ///
    /// # Errors
    /// As [`App::set_member_roles`]; `role_inherited` for somebody who holds nothing but inherited roles.
    pub async fn remove_member(&self, caller: &Caller, org: OrgId, user: UserId) -> Result<(), Problem> {
        let permit = self.permit(caller, Action::ManageMembers, org).await?;
        let mut tx = self.begin_at_members(caller, &permit).await?;
        let member = tx.member(&permit, user).await?;
        let from = given_here(&member);
        if from.is_empty() {
            return Err(role_inherited(&member, &member.roles.keys().copied().collect()));
        }
        if let Some(refusal) = out_of_reach(caller, &permit, &from) {
            drop(tx);
            return Err(self.role_out_of_reach(caller, &permit, &refusal).await?);
        }
        self.keep_an_owner(&mut tx, &permit, &from).await?;
        tx.take_roles(&permit, user, &from).await?;
        let email = member.user.email;
        self.record_done(&mut tx, caller, org, Event::MemberRemoved { user, email }).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Gives up all roles that one was given here oneself.
    ///
    /// # Errors
    /// `not_found`; `last_owner`; `role_inherited`; `not_a_person` for a token of an organization.
    pub async fn leave(&self, caller: &Caller, org: OrgId) -> Result<(), Problem> {
        let permit = self.permit(caller, Action::SeeOrganization, org).await?;
        let Some(user) = caller.principal.actor().user() else {
            return Err(Problem::new(
                Kind::NotAllowed,
                "not_a_person",
                "Only people leave an organization. A token of an organization is revoked.",
            ));
        };
        let mut tx = self.begin_at_members(caller, &permit).await?;
        let (member, from) = self.leaving(&mut tx, &permit, user).await?;
        tx.take_roles(&permit, user, &from).await?;
        let email = member.user.email;
        self.record_done(&mut tx, caller, org, Event::MemberLeft { user, email }).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Why [`App::leave`] would refuse as things stand; none when it would not.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn kept_from_leaving(&self, caller: &Caller, org: OrgId) -> Result<Option<Problem>, Problem> {
        let permit = self.permit(caller, Action::SeeOrganization, org).await?;
        let Some(user) = caller.principal.actor().user() else {
            return Ok(None);
        };
        let mut tx = self.inner.store.read_for(&permit).await?;
        match self.leaving(&mut tx, &permit, user).await {
            Ok(_) => Ok(None),
            Err(problem) if problem.kind == Kind::Conflict => Ok(Some(problem)),
            Err(problem) => Err(problem),
        }
    }

    /// Who leaves, and what they give up.
    async fn leaving(&self, tx: &mut Tx, permit: &Permit, user: UserId) -> Result<(Member, BTreeSet<Role>), Problem> {
        let member = tx.member(permit, user).await?;
        let from = given_here(&member);
        if from.is_empty() {
            let message = format!(
                "You were given no role here: {} is yours from the root organization above, and holds in all of its sub-organizations. Leave that one to give it up.",
                titles(&member.roles.keys().copied().collect())
            );
            return Err(Problem::new(Kind::Conflict, "role_inherited", message));
        }
        self.keep_an_owner(tx, permit, &from).await?;
        Ok((member, from))
    }

    /// Records and tells that a caller would have given or taken what they lack.
    pub(crate) async fn role_out_of_reach(&self, caller: &Caller, permit: &Permit, refused: &BTreeSet<Role>) -> Result<Problem, Problem> {
        let who = self.who_can_help(caller, permit.tenant()).await?;
        let titles = titles(refused);
        let it = if refused.len() == 1 { "it" } else { "them" };
        let why = if held_wherever_it_reaches(&caller.principal, permit.tenant()).is_empty() && caller.principal.confines().is_some() {
            format!("in a root organization {it} would hold in every sub-organization, and this token is kept to some")
        } else {
            format!("you do not hold {it} yourself")
        };
        let message = format!("You may not give or take {titles}: {why}. {who} can.");
        let problem = Problem {
            fields: vec![FieldProblem {
                field: "roles",
                message: message.clone(),
            }],
            ..Problem::new(Kind::NotAllowed, "role_out_of_reach", message)
        };
        let what = format!("give or take {titles}");
        Ok(self.denied(caller, Some(permit.organization()), &what, problem).await)
    }

    /// A root organization keeps somebody who was made its Owner; what is below one can be left to those.
    async fn keep_an_owner(&self, tx: &mut Tx, permit: &Permit, taken: &BTreeSet<Role>) -> Result<(), Problem> {
        let last = permit.tenant().parent.is_none() && taken.contains(&Role::Owner) && tx.owner_count(permit).await? <= 1;
        if last {
            return Err(Problem::new(
                Kind::Conflict,
                "last_owner",
                "This is the last Owner, and without one nobody could manage the organization any more. Make somebody else Owner first.",
            ));
        }
        Ok(())
    }
}

/// The roles somebody holds in an organization and wherever a role that is given there reaches. What is given in a root
/// organization holds in all below it, and there a token that is kept to certain organizations holds nothing.
pub(crate) fn held_wherever_it_reaches(who: &Principal, tenant: Tenant) -> BTreeSet<Role> {
    if tenant.parent.is_none() && who.confines().is_some() {
        return BTreeSet::new();
    }
    who.roles_in(tenant).into_keys().collect()
}

/// What of a change a caller may not do; none when they may do all of it. Asked when it is their turn at the members, so
/// what they came with is what they hold.
pub(crate) fn out_of_reach(caller: &Caller, permit: &Permit, changed: &BTreeSet<Role>) -> Option<BTreeSet<Role>> {
    let held = held_wherever_it_reaches(&caller.principal, permit.tenant());
    Some(lacking(&held, changed)).filter(|lacking| !lacking.is_empty())
}

fn role_inherited(member: &Member, roles: &BTreeSet<Role>) -> Problem {
    let name = &member.user.name;
    let message = format!(
        "{name} has {} from the root organization above, which holds in all of its sub-organizations. It can only be taken there.",
        titles(roles)
    );
    Problem::new(Kind::Conflict, "role_inherited", message)
}
