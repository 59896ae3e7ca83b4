//! The steps: each is tried by somebody on the real application, and told to the reference. What they answer must be the
//! same.

use super::{
    Both,
    reference::{NewToken, ROLES, RoleChange, Roles, Target, Terms, Who},
    roles, told,
};
use app::{
    invitations::{Accepting, NewInvitation},
    members,
    service_tokens::{NewServiceToken, ServiceTokenChange},
    sharing::{NewLimits, ShareChange},
};
use domain::{Origin, ShareTarget};
use std::collections::BTreeSet;

/// Their names.
pub(crate) const KINDS: [&str; 21] = [
    "share",
    "un-share",
    "use a key",
    "change roles",
    "remove a member",
    "leave",
    "invite",
    "send an invitation again",
    "revoke an invitation",
    "accept an invitation",
    "make a token",
    "change a token",
    "rotate a token",
    "revoke a token",
    "make a personal token",
    "revoke a personal token",
    "make a sub-organization",
    "delete a sub-organization",
    "share and un-share",
    "come in",
    "look at an invitation",
];

/// Most sub-organizations at a time, so that the walk stays among few.
const SUBS_MOST: usize = 6;
const DAY: u32 = 24 * 3600;

/// What was tried, what was answered.
type Told = (&'static str, &'static str);

/// A token that has ended was tried, and nobody was let in by it.
const NOBODY: Told = ("come in", "no");

fn words(these: &Roles) -> Vec<String> {
    these.iter().map(|word| (*word).to_owned()).collect()
}

impl Both {
    /// One step.
    pub(crate) async fn step(&mut self) -> Told {
        if self.dice.below(1_500) == 0 {
            return self.days_pass().await;
        }
        match self.dice.below(30) {
            0..=3 => self.share("share").await,
            4 | 5 => self.share("un-share").await,
            6 => self.share("share and un-share").await,
            7 | 8 => self.use_key().await,
            9..=12 => self.change_roles().await,
            13 => self.remove().await,
            14 => self.leave().await,
            15..=17 => self.invite().await,
            18 => self.send_again().await,
            19 => self.revoke_invitation().await,
            20 | 21 => self.accept().await,
            22 | 23 => self.make_token().await,
            24 => self.change_token().await,
            25 => self.rotate_or_revoke_token().await,
            26 => self.personal_token().await,
            27 => self.make_sub().await,
            28 => self.delete_sub().await,
            _ => {
                let seconds = self.dice.seconds(200);
                self.advance(seconds);
                ("come in", "yes")
            }
        }
    }

    /// Sessions end, and what was made to last for days.
    async fn days_pass(&mut self) -> Told {
        let days = 1 + self.dice.seconds(20);
        self.advance(days * i64::from(DAY));
        for person in &self.people {
            let idle = self.world.app().by_session(&person.cookie, Origin::default()).await.unwrap();
            assert!(idle.is_none(), "a session that was idle for {days} days opens nothing");
        }
        self.everybody_signs_in().await;
        ("days pass", "yes")
    }

    fn agree(&mut self, kind: &'static str, really: &'static str, foretold: &'static str, detail: String) -> Told {
        if self.trail.last.len() >= super::TOLD {
            self.trail.last.pop_front();
        }
        let line = format!("{:>6} {kind}: {really}. {detail}", self.trail.step);
        self.trail.last.push_back(line);
        assert_eq!(really, foretold, "really, and foretold, for “{kind}”: {detail}");
        (kind, really)
    }

    fn in_a_while(&mut self) -> i64 {
        let bound = if self.dice.in_ten(1) {
            40 * DAY
        } else {
            self.dice.one(&[300, 1_000, 3_000])
        };
        self.reference.now + 1 + self.dice.seconds(bound)
    }

    fn some_roles(&mut self, of: &[&'static str]) -> Roles {
        let many = 1 + self.dice.below(2);
        (0..many).map(|_| self.dice.one(of)).collect()
    }
}

/// Sharing.
impl Both {
    /// Mostly all, or one below; now and then a stranger.
    fn some_target(&mut self, org: usize) -> Target {
        let below = self.reference.below(org);
        match self.dice.below(10) {
            0 => Target::Chosen(self.some_org()),
            1..=3 => Target::All,
            _ if below.is_empty() => Target::All,
            _ => Target::Chosen(self.dice.one(&below)),
        }
    }

    fn some_terms(&mut self) -> Terms {
        let features: [BTreeSet<_>; 3] = [["certificates"].into(), ["profiles"].into(), ["certificates", "profiles"].into()];
        let apps: [BTreeSet<_>; 2] = [["com.example.app"].into(), ["com.example.*", "com.example.app"].into()];
        let until = match self.dice.below(20) {
            0 => Some(self.reference.now - self.dice.seconds(100)),
            1..=6 => Some(self.reference.now + 1 + self.dice.seconds(400)),
            _ => None,
        };
        Terms {
            features: self.dice.in_ten(4).then(|| features[self.dice.below(3)].clone()),
            apps: self.dice.in_ten(2).then(|| apps[self.dice.below(2)].clone()),
            until,
        }
    }

    fn real_target(&self, target: Target) -> ShareTarget {
        match target {
            Target::All => ShareTarget::All,
            Target::Chosen(org) => ShareTarget::Chosen(self.orgs[org]),
        }
    }

    fn limits(&self, terms: &Terms) -> NewLimits {
        let owned = |these: &BTreeSet<&str>| these.iter().map(|word| (*word).to_owned()).collect();
        NewLimits {
            features: terms.features.as_ref().map(owned),
            apps: terms.apps.as_ref().map(owned),
            stops_at: terms.until.map(|until| self.moment(until)),
        }
    }

    async fn share(&mut self, kind: &'static str) -> Told {
        let key = self.dice.below(self.keys.len());
        let Some((who, org, by)) = self.somebody_for("share-key", Some(self.reference.keys[key])).await else {
            return NOBODY;
        };
        let (mut share, mut stop) = (Vec::new(), Vec::new());
        if kind != "un-share" {
            share.push((self.some_target(org), self.some_terms()));
        }
        if kind != "share" {
            stop.push(self.some_target(org));
        }
        let change = ShareChange {
            name: None,
            share: share
                .iter()
                .map(|(target, terms)| (self.real_target(*target), self.limits(terms)))
                .collect(),
            stop: stop.iter().map(|target| self.real_target(*target)).collect(),
        };
        let really = told(&self.world.app().share_key(&by.caller, self.orgs[org], self.keys[key], change).await);
        let foretold = self.reference.change_shares(who, org, key, &share, &stop);
        self.agree(
            kind,
            really,
            foretold,
            format!("{who:?}, key {key} in {org}, with {share:?}, not with {stop:?}"),
        )
    }

    /// Asks Apple for a list, which comes through every door that a use of a key comes through.
    async fn use_key(&mut self) -> Told {
        let Some((who, org, by)) = self.somebody_for("see-signing", None).await else {
            return NOBODY;
        };
        let lent: Vec<_> = (0..self.keys.len())
            .filter(|key| self.reference.terms(*key, org).is_some())
            .collect();
        let key = if lent.is_empty() || self.dice.in_ten(3) {
            self.dice.below(self.keys.len())
        } else {
            self.dice.one(&lent)
        };
        let (app, id, there) = (self.world.app(), self.keys[key], self.orgs[org]);
        let feature = self.dice.one(&["certificates", "profiles"]);
        let query = Default::default();
        let really = match feature {
            "certificates" => told(&app.apple_certificates(&by.caller, there, id, &query).await),
            _ => told(&app.apple_profiles(&by.caller, there, id, &query).await),
        };
        let foretold = self.reference.use_key(who, org, key, feature);
        self.agree(
            "use a key",
            really,
            foretold,
            format!("{who:?} reads {feature} by key {key} in {org}"),
        )
    }

    async fn make_sub(&mut self) -> Told {
        let Some((who, root, by)) = self.somebody_for("manage-sub-organizations", None).await else {
            return NOBODY;
        };
        if self.reference.below(root).len() >= SUBS_MOST {
            return ("make a sub-organization", "enough");
        }
        self.names += 1;
        let name = format!("Below {}", self.names);
        let made = self.world.app().create_sub_organization(&by.caller, self.orgs[root], &name).await;
        let foretold = self.reference.make_sub(who, root, &name);
        let really = told(&made);
        self.orgs.extend(made.ok().map(|view| view.organization.id));
        self.agree(
            "make a sub-organization",
            really,
            foretold,
            format!("{who:?} makes {name} below {root}"),
        )
    }

    /// Those with keys stay: what is lost with them is told elsewhere.
    async fn delete_sub(&mut self) -> Told {
        let sub = self.some_org();
        let above = self.reference.orgs[sub].parent;
        let Some((who, root, by)) = self.somebody_for("manage-sub-organizations", above).await else {
            return NOBODY;
        };
        let is_last = self.reference.is_below(root, sub) && self.reference.below(root).len() < 3;
        if is_last || self.reference.keys.contains(&sub) {
            return ("delete a sub-organization", "kept");
        }
        let name = self.reference.orgs[sub].name.clone();
        let app = self.world.app();
        let really = told(
            &app.delete_sub_organization(&by.caller, self.orgs[root], self.orgs[sub], &name)
                .await,
        );
        let foretold = self.reference.delete_sub(who, root, sub);
        self.agree(
            "delete a sub-organization",
            really,
            foretold,
            format!("{who:?} deletes {sub} below {root}"),
        )
    }
}

/// Members and invitations.
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

    async fn change_roles(&mut self) -> Told {
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

    async fn remove(&mut self) -> Told {
        let Some((who, org, by)) = self.somebody_for("manage-members", None).await else {
            return NOBODY;
        };
        let person = self.some_person(org, true);
        let app = self.world.app();
        let really = told(&app.remove_member(&by.caller, self.orgs[org], self.people[person].id).await);
        let foretold = self.reference.remove(who, org, person);
        self.agree("remove a member", really, foretold, format!("{who:?} removes {person} from {org}"))
    }

    async fn leave(&mut self) -> Told {
        let Some((who, org, by)) = self.somebody_for("see-organization", None).await else {
            return NOBODY;
        };
        let really = told(&self.world.app().leave(&by.caller, self.orgs[org]).await);
        let foretold = self.reference.leave(who, org);
        self.agree("leave", really, foretold, format!("{who:?} leaves {org}"))
    }

    async fn invite(&mut self) -> Told {
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

    async fn send_again(&mut self) -> Told {
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

    async fn revoke_invitation(&mut self) -> Told {
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
    async fn accept(&mut self) -> Told {
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

/// Tokens.
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

    async fn make_token(&mut self) -> Told {
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

    async fn change_token(&mut self) -> Told {
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

    async fn rotate_or_revoke_token(&mut self) -> Told {
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

    async fn personal_token(&mut self) -> Told {
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
