//! What each act is answered, and what it changes when that is yes. Nothing is changed by an act that is refused.

use super::{Invitation, Org, Personal, Reference, Roles, Target, Terms, Token, Who};
use std::collections::BTreeSet;

const DAY: i64 = 24 * 3600;
/// How long the link of an invitation works.
const LINK_WORKS: i64 = 7 * DAY;
/// How long an invitation that has ended is remembered at least.
const INVITATION_KEPT: i64 = 30 * DAY;

/// How somebody's roles shall change.
#[derive(Debug, Clone)]
pub(crate) enum RoleChange {
    To(Roles),
    By { give: Roles, take: Roles },
}

/// A token as it is wanted.
#[derive(Debug, Clone)]
pub(crate) struct NewToken {
    pub(crate) roles: Roles,
    pub(crate) confined: Option<BTreeSet<usize>>,
    pub(crate) ends: i64,
}

/// Goes on where the answer so far is yes.
macro_rules! unless_refused {
    ($answer:expr) => {
        match $answer {
            "yes" => {}
            refused => return refused,
        }
    };
}

/// Sharing.
impl Reference {
    pub(crate) fn change_shares(&mut self, who: Who, org: usize, key: usize, share: &[(Target, Terms)], stop: &[Target]) -> &'static str {
        let may = self.may(who, "share-key", org);
        let is_lent = self.keys[key] != org && self.terms(key, org).is_some();
        if may == "not_allowed" && is_lent && self.may(who, "edit-key", org) == "yes" {
            return "lent_key";
        }
        unless_refused!(may);
        if share.iter().any(|(_, terms)| terms.until.is_some_and(|until| until <= self.now)) {
            return "stops_at_past";
        }
        if self.keys[key] != org {
            return "not_found";
        }
        let is_there = |target: &Target| match target {
            Target::All => true,
            Target::Chosen(sub) => self.is_below(org, *sub),
        };
        for target in stop {
            if !is_there(target) {
                return "not_found";
            }
            if share.iter().any(|(shared, _)| shared == target) {
                return "share_contradicts";
            }
        }
        if !share.iter().all(|(target, _)| is_there(target)) {
            return "not_found";
        }
        for target in stop {
            self.shares.remove(&(key, *target));
        }
        for (target, terms) in share {
            self.shares.insert((key, *target), terms.clone());
        }
        "yes"
    }

    pub(crate) fn make_sub(&mut self, who: Who, root: usize, name: &str) -> &'static str {
        unless_refused!(self.may(who, "manage-sub-organizations", root));
        self.orgs.push(Org {
            name: name.to_owned(),
            parent: Some(root),
            deleted: false,
        });
        "yes"
    }

    pub(crate) fn delete_sub(&mut self, who: Who, root: usize, sub: usize) -> &'static str {
        unless_refused!(self.may(who, "manage-sub-organizations", root));
        unless_refused!(self.may(who, "see-organization", sub));
        if self.orgs[sub].parent != Some(root) {
            return "not_found";
        }
        self.orgs[sub].deleted = true;
        self.given.retain(|(_, org), _| *org != sub);
        self.shares.retain(|(_, target), _| *target != Target::Chosen(sub));
        for invitation in self.invitations.iter_mut().filter(|invitation| invitation.org == sub) {
            invitation.gone = true;
        }
        "yes"
    }
}

/// Members.
impl Reference {
    pub(crate) fn change_roles(&mut self, who: Who, org: usize, person: usize, change: &RoleChange) -> &'static str {
        unless_refused!(self.may(who, "manage-members", org));
        let (held, from) = (self.held(Who::Person(person), org), self.given(person, org));
        if held.is_empty() {
            return "not_found";
        }
        let to = match change {
            RoleChange::To(roles) => roles.clone(),
            RoleChange::By { take, .. } if take.iter().any(|role| held.contains(role) && !from.contains(role)) => {
                return "role_inherited";
            }
            RoleChange::By { give, take } => from.iter().filter(|role| !take.contains(*role)).chain(give).copied().collect(),
        };
        let changed: Roles = &from ^ &to;
        if changed.is_empty() {
            return "yes";
        }
        if !self.holds_all(who, org, &changed) {
            return "role_out_of_reach";
        }
        // What is inherited would be left.
        if to.is_empty() && held == from {
            return "roles_empty";
        }
        unless_refused!(self.keeps_an_owner(org, &(&from - &to)));
        self.given.insert((person, org), to);
        "yes"
    }

    pub(crate) fn remove(&mut self, who: Who, org: usize, person: usize) -> &'static str {
        unless_refused!(self.may(who, "manage-members", org));
        let from = self.given(person, org);
        if self.held(Who::Person(person), org).is_empty() {
            return "not_found";
        }
        if from.is_empty() {
            return "role_inherited";
        }
        if !self.holds_all(who, org, &from) {
            return "role_out_of_reach";
        }
        unless_refused!(self.keeps_an_owner(org, &from));
        self.given.remove(&(person, org));
        "yes"
    }

    pub(crate) fn leave(&mut self, who: Who, org: usize) -> &'static str {
        unless_refused!(self.may(who, "see-organization", org));
        let Who::Person(person) = self.subject(who) else {
            return "not_a_person";
        };
        let from = self.given(person, org);
        if from.is_empty() {
            return "role_inherited";
        }
        unless_refused!(self.keeps_an_owner(org, &from));
        self.given.remove(&(person, org));
        "yes"
    }

    fn keeps_an_owner(&self, org: usize, taken: &Roles) -> &'static str {
        let owners = self.given.iter().filter(|((_, at), roles)| *at == org && roles.contains("owner"));
        let last = self.orgs[org].parent.is_none() && taken.contains("owner") && owners.count() == 1;
        if last { "last_owner" } else { "yes" }
    }
}

/// Invitations.
impl Reference {
    pub(crate) fn pending(&self, org: usize, person: usize) -> Option<usize> {
        self.invitations
            .iter()
            .position(|one| !one.gone && (one.org, one.person) == (org, person))
    }

    pub(crate) fn invite(&mut self, who: Who, org: usize, person: usize, roles: &Roles) -> &'static str {
        unless_refused!(self.may(who, "manage-members", org));
        let before = self.pending(org, person);
        let replaced = before.map(|before| self.invitations[before].roles.clone()).unwrap_or_default();
        if !self.holds_all(who, org, &(roles | &replaced)) {
            return "role_out_of_reach";
        }
        if !self.held(Who::Person(person), org).is_empty() {
            return "already_member";
        }
        let forgotten = self.now - INVITATION_KEPT;
        for old in self.invitations.iter_mut().filter(|old| old.org == org && old.ends < forgotten) {
            old.gone = true;
        }
        let invitation = Invitation {
            org,
            person,
            roles: roles.clone(),
            by: self.subject(who),
            ends: self.now + LINK_WORKS,
            link: self.links,
            gone: false,
        };
        self.links += 1;
        match self.pending(org, person) {
            Some(before) => self.invitations[before] = invitation,
            None => self.invitations.push(invitation),
        }
        "yes"
    }

    /// What somebody who manages an invitation is told before anything else.
    fn takes_invitation(&self, who: Who, org: usize, invitation: usize) -> &'static str {
        unless_refused!(self.may(who, "manage-members", org));
        let of = &self.invitations[invitation];
        if of.gone || of.org != org {
            return "not_found";
        }
        if self.holds_all(who, org, &of.roles) {
            "yes"
        } else {
            "role_out_of_reach"
        }
    }

    pub(crate) fn send_again(&mut self, who: Who, org: usize, invitation: usize) -> &'static str {
        unless_refused!(self.takes_invitation(who, org, invitation));
        let (by, ends, link) = (self.subject(who), self.now + LINK_WORKS, self.links);
        let renewed = &mut self.invitations[invitation];
        (renewed.by, renewed.ends, renewed.link) = (by, ends, link);
        self.links += 1;
        "yes"
    }

    pub(crate) fn revoke_invitation(&mut self, who: Who, org: usize, invitation: usize) -> &'static str {
        unless_refused!(self.takes_invitation(who, org, invitation));
        self.invitations[invitation].gone = true;
        "yes"
    }

    /// What a link gives now: an invitation, and of its roles those that whoever invited could still give.
    pub(crate) fn behind(&self, link: usize) -> Result<(usize, Roles), &'static str> {
        let works = |one: &Invitation| one.link == link && !one.gone;
        let invitation = self.invitations.iter().position(works).ok_or("invitation_unknown")?;
        let of = &self.invitations[invitation];
        if of.ends <= self.now {
            return Err("invitation_over");
        }
        let in_reach = |role: &&&'static str| self.holds_all(of.by, of.org, &Roles::from([**role]));
        let roles: Roles = of.roles.iter().filter(in_reach).copied().collect();
        if roles.is_empty() || self.may(of.by, "manage-members", of.org) != "yes" {
            return Err("invitation_void");
        }
        Ok((invitation, roles))
    }

    pub(crate) fn accept(&mut self, who: Who, link: usize) -> &'static str {
        let behind = self.behind(link);
        if let Err(refused @ ("invitation_unknown" | "invitation_over")) = behind {
            return refused;
        }
        let Who::Person(person) = self.subject(who) else {
            return "person_needed";
        };
        let meant = self.invitations.iter().any(|one| one.link == link && one.person == person);
        match behind {
            _ if !meant => "invitation_for_another",
            Err(refused) => refused,
            Ok((invitation, roles)) => {
                let org = self.invitations[invitation].org;
                self.invitations[invitation].gone = true;
                self.given.entry((person, org)).or_default().extend(roles);
                "yes"
            }
        }
    }
}

/// Tokens.
impl Reference {
    fn end_fits(&self, who: Who, ends: i64) -> &'static str {
        let outlives = self.ends(who).is_some_and(|own| ends > own);
        if outlives { "expiry_unfit" } else { "yes" }
    }

    /// What whoever takes a token with this scope into their hands is told. What it was confined to before and was deleted
    /// since is passed over.
    fn takes_scope(
        &self,
        who: Who,
        org: usize,
        roles: &Roles,
        confined: Option<&BTreeSet<usize>>,
        before: Option<&BTreeSet<usize>>,
    ) -> &'static str {
        let lacks = |there: &[usize]| !there.iter().all(|one| self.holds_all(who, *one, roles));
        let Some(chosen) = confined else {
            let is_confined = matches!(who, Who::Token(token) if self.tokens[token].confined.is_some());
            return match lacks(&[org]) {
                _ if is_confined => "organizations_lacking",
                true => "role_lacking",
                false => "yes",
            };
        };
        let passed_over = |one: usize| self.orgs[one].deleted && before.is_some_and(|these| these.contains(&one));
        let there: Vec<_> = chosen.iter().copied().filter(|one| !passed_over(*one)).collect();
        let near = |one: usize| one == org || self.orgs[one].parent == Some(org);
        match lacks(&there) {
            _ if there.iter().any(|one| !near(*one) || self.held(who, *one).is_empty()) => "organization_unknown",
            true => "role_lacking",
            false => "yes",
        }
    }

    fn finds_token(&self, org: usize, token: usize) -> &'static str {
        let of = &self.tokens[token];
        if of.gone || of.org != org { "not_found" } else { "yes" }
    }

    pub(crate) fn make_token(&mut self, who: Who, org: usize, new: &NewToken) -> &'static str {
        unless_refused!(self.may(who, "manage-tokens", org));
        unless_refused!(self.end_fits(who, new.ends));
        unless_refused!(self.takes_scope(who, org, &new.roles, new.confined.as_ref(), None));
        self.tokens.push(Token {
            org,
            roles: new.roles.clone(),
            confined: new.confined.clone(),
            ends: new.ends,
            gone: false,
        });
        "yes"
    }

    /// Gives a token other roles and other organizations.
    pub(crate) fn change_token(&mut self, who: Who, org: usize, token: usize, to: &NewToken) -> &'static str {
        unless_refused!(self.may(who, "manage-tokens", org));
        unless_refused!(self.finds_token(org, token));
        let of = self.tokens[token].clone();
        let before = of.confined.as_ref();
        unless_refused!(self.takes_scope(who, org, &of.roles, before, before));
        unless_refused!(self.takes_scope(who, org, &to.roles, to.confined.as_ref(), before));
        self.tokens[token].roles.clone_from(&to.roles);
        self.tokens[token].confined.clone_from(&to.confined);
        "yes"
    }

    pub(crate) fn rotate_token(&mut self, who: Who, org: usize, token: usize, ends: i64) -> &'static str {
        unless_refused!(self.may(who, "manage-tokens", org));
        unless_refused!(self.end_fits(who, ends));
        unless_refused!(self.finds_token(org, token));
        let of = self.tokens[token].clone();
        unless_refused!(self.takes_scope(who, org, &of.roles, of.confined.as_ref(), of.confined.as_ref()));
        self.tokens[token].ends = ends;
        "yes"
    }

    pub(crate) fn revoke_token(&mut self, who: Who, org: usize, token: usize) -> &'static str {
        unless_refused!(self.may(who, "manage-tokens", org));
        unless_refused!(self.finds_token(org, token));
        self.tokens[token].gone = true;
        "yes"
    }

    pub(crate) fn make_personal(&mut self, who: Who, ends: i64) -> &'static str {
        let Who::Person(owner) = self.subject(who) else {
            return "person_needed";
        };
        unless_refused!(self.end_fits(who, ends));
        self.personal.push(Personal { owner, ends, gone: false });
        "yes"
    }

    pub(crate) fn revoke_personal(&mut self, who: Who, token: usize) -> &'static str {
        let Who::Person(person) = self.subject(who) else {
            return "person_needed";
        };
        let of = &mut self.personal[token];
        if of.gone || of.owner != person {
            return "not_found";
        }
        of.gone = true;
        "yes"
    }

    /// Whoever signs in sweeps the personal tokens that have ended.
    pub(crate) fn somebody_signs_in(&mut self) {
        for token in self.personal.iter_mut().filter(|token| token.ends <= self.now) {
            token.gone = true;
        }
    }
}
