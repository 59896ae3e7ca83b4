//! Members and invitations: roles given and taken, links made, opened and taken back.

use super::{NOBODY, Told, words};
use crate::{
    Both,
    reference::{ROLES, RoleChange, Roles, Who},
    roles, told,
};
use app::{
    invitations::{Accepting, NewInvitation},
    members,
};
use domain::Origin;

impl Both {
    /// Somebody to act on: mostly somebody who belongs there, or who does not.
    fn some_person(&mut self, org: usize, belongs: bool) -> usize {
        let is_meant = |person: &usize| self.reference.held(Who::Person(*person), org).is_empty() != belongs;
        let meant: Vec<_> = (0..self.people.len()).filter(is_meant).collect();
        if meant.is_empty() || self.dice.in_ten(3) {
            self.dice.below(self.people.len())
        } else {
            self.dice.one(&meant)
        }
    }

    pub(super) async fn change_roles(&mut self) -> Told {
        let Some((who, org, by)) = self.somebody_for("manage-members", None).await else {
            return NOBODY;
        };
        let person = self.some_person(org, true);
        let held: Vec<_> = self.reference.given(person, org).into_iter().collect();
        let change = match self.dice.below(5) {
            0 => RoleChange::To(self.some_roles(&ROLES)),
            1 => RoleChange::To(Roles::new()),
            2 if !held.is_empty() => RoleChange::By {
                give: Roles::new(),
                take: Roles::from([self.dice.one(&held)]),
            },
            3 => RoleChange::By {
                give: Roles::new(),
                take: self.some_roles(&ROLES),
            },
            _ => RoleChange::By {
                give: self.some_roles(&ROLES),
                take: Roles::new(),
            },
        };
        let real = match &change {
            RoleChange::To(these) => members::RoleChange::To(roles(these)),
            RoleChange::By { give, take } => members::RoleChange::By {
                give: roles(give),
                take: roles(take),
            },
        };
        let app = self.world.app();
        let really = told(&app.set_member_roles(&by.caller, self.orgs[org], self.people[person].id, real).await);
        let foretold = self.reference.change_roles(who, org, person, &change);
        self.agree(
            "change roles",
            really,
            foretold,
            format!("{who:?} changes those of {person} in {org}: {change:?}"),
        )
    }

    pub(super) async fn remove(&mut self) -> Told {
        let Some((who, org, by)) = self.somebody_for("manage-members", None).await else {
            return NOBODY;
        };
        let person = self.some_person(org, true);
        let app = self.world.app();
        let really = told(&app.remove_member(&by.caller, self.orgs[org], self.people[person].id).await);
        let foretold = self.reference.remove(who, org, person);
        self.agree("remove a member", really, foretold, format!("{who:?} removes {person} from {org}"))
    }

    pub(super) async fn leave(&mut self) -> Told {
        let Some((who, org, by)) = self.somebody_for("see-organization", None).await else {
            return NOBODY;
        };
        let really = told(&self.world.app().leave(&by.caller, self.orgs[org]).await);
        let foretold = self.reference.leave(who, org);
        self.agree("leave", really, foretold, format!("{who:?} leaves {org}"))
    }

    pub(super) async fn invite(&mut self) -> Told {
        let Some((who, org, by)) = self.somebody_for("manage-members", None).await else {
            return NOBODY;
        };
        let person = self.some_person(org, false);
        let held: Vec<_> = self.reference.held(who, org).into_iter().collect();
        let of = if held.is_empty() || self.dice.in_ten(5) {
            &ROLES[..]
        } else {
            &held
        };
        let wanted = self.some_roles(of);
        let known = self.reference.pending(org, person);
        let new = NewInvitation {
            email: self.people[person].email.clone(),
            roles: words(&wanted),
            show_link: true,
        };
        let invited = self.world.app().invite(&by.caller, self.orgs[org], new).await;
        let foretold = self.reference.invite(who, org, person, &wanted);
        let really = told(&invited);
        if let Ok(invited) = invited {
            self.links.push(invited.token.unwrap().expose().to_owned());
            match known.filter(|known| self.invitations[*known] == invited.invitation.id) {
                Some(_) => {}
                // A new one, or an old one was forgotten before.
                None => self.invitations.push(invited.invitation.id),
            }
            assert_eq!(
                self.invitations.len(),
                self.reference.invitations.len(),
                "one invitation for each address"
            );
        }
        self.agree(
            "invite",
            really,
            foretold,
            format!("{who:?} invites {person} to {org} as {wanted:?}"),
        )
    }

    /// An invitation, mostly one that is pending, and the organization that it is to.
    fn some_invitation(&mut self) -> Option<(usize, usize)> {
        let many = self.invitations.len();
        let pending: Vec<_> = (0..many).filter(|one| !self.reference.invitations[*one].gone).collect();
        let invitation = match pending.is_empty() || self.dice.in_ten(3) {
            true => (many > 0).then(|| self.dice.late(many))?,
            false => self.dice.one(&pending),
        };
        Some((invitation, self.reference.invitations[invitation].org))
    }

    pub(super) async fn send_again(&mut self) -> Told {
        let Some((invitation, home)) = self.some_invitation() else {
            return ("send an invitation again", "none");
        };
        let Some((who, org, by)) = self.somebody_for("manage-members", Some(home)).await else {
            return NOBODY;
        };
        let (app, id) = (self.world.app(), self.invitations[invitation]);
        let sent = app.send_invitation_again(&by.caller, self.orgs[org], id, true).await;
        let foretold = self.reference.send_again(who, org, invitation);
        let really = told(&sent);
        self.links
            .extend(sent.ok().and_then(|sent| sent.token).map(|link| link.expose().to_owned()));
        self.agree(
            "send an invitation again",
            really,
            foretold,
            format!("{who:?}, {invitation} of {org}"),
        )
    }

    pub(super) async fn revoke_invitation(&mut self) -> Told {
        let Some((invitation, home)) = self.some_invitation() else {
            return ("revoke an invitation", "none");
        };
        let Some((who, org, by)) = self.somebody_for("manage-members", Some(home)).await else {
            return NOBODY;
        };
        let (app, id) = (self.world.app(), self.invitations[invitation]);
        let really = told(&app.revoke_invitation(&by.caller, self.orgs[org], id).await);
        let foretold = self.reference.revoke_invitation(who, org, invitation);
        self.agree("revoke an invitation", really, foretold, format!("{who:?}, {invitation} of {org}"))
    }

    /// One of the latest links, mostly by whom it is for; before, it is looked at, by anybody.
    pub(super) async fn accept(&mut self) -> Told {
        if self.links.is_empty() {
            return ("accept an invitation", "none");
        }
        let Some((who, _, by)) = self.somebody_for("see-organization", None).await else {
            return NOBODY;
        };
        let pending = self.reference.invitations.iter().filter(|one| !one.gone).map(|one| one.link);
        let pending: Vec<_> = pending.collect();
        let link = if pending.is_empty() || self.dice.in_ten(5) {
            self.dice.late(self.links.len())
        } else {
            self.dice.one(&pending)
        };
        let (app, token) = (self.world.app(), self.links[link].clone());
        let looked = app.look_at_invitation(&token, &Origin::default()).await;
        match (&looked, self.reference.behind(link)) {
            (Ok(real), Ok((_, foretold))) => assert_eq!(real.roles, roles(&foretold), "the roles of link {link}"),
            (looked, behind) => assert_eq!(told(looked), behind.err().unwrap_or("yes"), "link {link}, looked at"),
        }
        if self.dice.in_ten(1) {
            return ("look at an invitation", told(&looked));
        }
        let meant = self.reference.invitations.iter().find(|one| one.link == link).map(|one| one.person);
        let (who, by) = match meant.filter(|_| self.dice.in_ten(8)) {
            Some(person) => (Who::Person(person), self.signed_in(Who::Person(person)).await.unwrap()),
            None => (who, by),
        };
        let really = told(&app.accept_invitation(&token, Accepting::SignedIn(&by), Origin::default()).await);
        let foretold = self.reference.accept(who, link);
        self.agree("accept an invitation", really, foretold, format!("{who:?} opens link {link}"))
    }
}
