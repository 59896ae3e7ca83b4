//! Tokens, of organizations and of people.

use super::{NOBODY, Told, words};
use crate::{
    Both,
    reference::{NewToken, ROLES, Who},
    told,
};
use app::service_tokens::{NewServiceToken, ServiceTokenChange};
use domain::Origin;
use std::collections::BTreeSet;

impl Both {
    /// Where a token shall work: everywhere, or in some of the organizations, of which one may be a stranger's.
    fn some_confines(&mut self, org: usize) -> Option<BTreeSet<usize>> {
        if self.dice.in_ten(5) {
            return None;
        }
        let mut near = self.reference.below(org);
        near.push(org);
        let mut chosen: BTreeSet<_> = (0..2).map(|_| self.dice.one(&near)).collect();
        if self.dice.in_ten(1) {
            chosen.insert(self.some_org());
        }
        Some(chosen)
    }

    /// What somebody may want of a token: mostly an end that they can give it.
    fn some_new_token(&mut self, who: Who, org: usize) -> NewToken {
        let mut roles = self.some_roles(&ROLES[1..]);
        // Those that can do something are worth more than their share.
        if self.dice.in_ten(4) {
            roles.insert("organization-manager");
        }
        let latest = self.reference.ends(who).filter(|_| self.dice.in_ten(8)).unwrap_or(i64::MAX);
        NewToken {
            roles,
            confined: self.some_confines(org),
            ends: self.in_a_while().min(latest),
        }
    }

    fn ids(&self, orgs: Option<&BTreeSet<usize>>) -> Option<Vec<String>> {
        orgs.map(|these| these.iter().map(|org| self.orgs[*org].to_string()).collect())
    }

    pub(super) async fn make_token(&mut self) -> Told {
        let Some((who, org, by)) = self.somebody_for("manage-tokens", None).await else {
            return NOBODY;
        };
        let new = self.some_new_token(who, org);
        self.names += 1;
        let real = NewServiceToken {
            name: format!("Token {}", self.names),
            roles: words(&new.roles),
            organizations: self.ids(new.confined.as_ref()),
            address_ranges: Vec::new(),
            expires_at: Some(self.moment(new.ends)),
        };
        let made = self.world.app().create_service_token(&by, self.orgs[org], real).await;
        let foretold = self.reference.make_token(who, org, &new);
        let really = told(&made);
        self.tokens
            .extend(made.ok().map(|(view, value)| (view.token.id, value.expose().to_owned())));
        self.agree("make a token", really, foretold, format!("{who:?} in {org}: {new:?}"))
    }

    /// One of the latest tokens, and the organization that it belongs to.
    fn some_token(&mut self) -> Option<(usize, usize)> {
        let many = self.tokens.len();
        let token = (many > 0).then(|| self.dice.late(many))?;
        Some((token, self.reference.tokens[token].org))
    }

    pub(super) async fn change_token(&mut self) -> Told {
        let Some((token, home)) = self.some_token() else {
            return ("change a token", "none");
        };
        let Some((who, org, by)) = self.somebody_for("manage-tokens", Some(home)).await else {
            return NOBODY;
        };
        let mut to = self.some_new_token(who, org);
        if self.dice.in_ten(5) {
            to.confined.clone_from(&self.reference.tokens[token].confined);
        }
        let change = ServiceTokenChange {
            roles: Some(words(&to.roles)),
            organizations: Some(self.ids(to.confined.as_ref())),
            ..ServiceTokenChange::default()
        };
        let app = self.world.app();
        let really = told(&app.change_service_token(&by, self.orgs[org], self.tokens[token].0, change).await);
        let foretold = self.reference.change_token(who, org, token, &to);
        self.agree("change a token", really, foretold, format!("{who:?}, {token} of {org}: {to:?}"))
    }

    pub(super) async fn rotate_or_revoke_token(&mut self) -> Told {
        let Some((token, home)) = self.some_token() else {
            return ("rotate a token", "none");
        };
        let Some((who, org, by)) = self.somebody_for("manage-tokens", Some(home)).await else {
            return NOBODY;
        };
        let (app, id) = (self.world.app(), self.tokens[token].0);
        if self.dice.in_ten(4) {
            let really = told(&app.revoke_service_token(&by.caller, self.orgs[org], id).await);
            let foretold = self.reference.revoke_token(who, org, token);
            return self.agree("revoke a token", really, foretold, format!("{who:?}, {token} of {org}"));
        }
        let ends = self.some_new_token(who, org).ends;
        let rotated = app.rotate_service_token(&by, self.orgs[org], id, Some(self.moment(ends))).await;
        let foretold = self.reference.rotate_token(who, org, token, ends);
        let really = told(&rotated);
        if let Ok((_, value)) = rotated {
            let before = std::mem::replace(&mut self.tokens[token].1, value.expose().to_owned());
            let dead = app.by_token(&before, Origin::default()).await.unwrap();
            assert!(dead.is_none(), "a rotated value opens nothing");
        }
        self.agree(
            "rotate a token",
            really,
            foretold,
            format!("{who:?}, {token} of {org}, until {ends}"),
        )
    }

    pub(super) async fn personal_token(&mut self) -> Told {
        let Some((who, _, by)) = self.somebody_for("see-organization", None).await else {
            return NOBODY;
        };
        let app = self.world.app();
        if self.dice.in_ten(4) && !self.personal.is_empty() {
            let token = self.dice.late(self.personal.len());
            let mine =
                (0..self.personal.len()).rfind(|token| Who::Person(self.reference.personal[*token].owner) == self.reference.subject(who));
            let token = mine.filter(|_| self.dice.in_ten(5)).unwrap_or(token);
            let really = told(&app.revoke_token(&by, self.personal[token].0).await);
            let foretold = self.reference.revoke_personal(who, token);
            return self.agree("revoke a personal token", really, foretold, format!("{who:?}, {token}"));
        }
        let ends = self.some_new_token(who, 0).ends;
        self.names += 1;
        let made = app
            .create_token(&by, &format!("Token {}", self.names), Some(self.moment(ends)))
            .await;
        let foretold = self.reference.make_personal(who, ends);
        let really = told(&made);
        self.personal
            .extend(made.ok().map(|(token, value)| (token.id, value.expose().to_owned())));
        self.agree("make a personal token", really, foretold, format!("{who:?}, until {ends}"))
    }
}
