//! The questions that both are asked: a few after each step, all of them now and then.

use super::{
    Both, action,
    reference::{ACTS, Target, Terms, Who},
    roles, told,
};
use app::{Caller, Paging, organizations::OrganizationFilter, sharing::PanelQuery};
use domain::{Feature, Need, ShareLimits, policy::HeldBy};
use std::collections::{BTreeMap, BTreeSet};

/// How many of the latest tokens are asked in the full comparison, and how many deleted organizations about.
const LATEST: usize = 20;

impl Both {
    /// Two questions by anybody about any organization.
    pub(crate) async fn ask_something(&mut self) {
        for _ in 0..2 {
            let (who, org) = (self.somebody(), self.some_org());
            let Some(signed_in) = self.signed_in(who).await else { continue };
            if self.dice.in_ten(6) {
                let (word, _) = self.dice.one(ACTS);
                let really = told(&self.world.app().may(&signed_in.caller, action(word), self.orgs[org]).await);
                assert_eq!(really, self.reference.may(who, word, org), "may {who:?} {word} in {org}?");
            } else {
                let feature = self.dice.one(&[Feature::Certificates, Feature::Profiles]);
                self.compare_choices(who, &signed_in.caller, org, feature).await;
            }
        }
    }

    /// Who sees which organizations, and finds which keys in them; and how it all looks to whoever may see everything.
    pub(crate) async fn ask_everything(&mut self) {
        let people = (0..self.people.len()).map(Who::Person);
        let personal = (0..self.personal.len()).rev().take(LATEST / 2).map(Who::Personal);
        let tokens = (0..self.tokens.len()).rev().take(LATEST).map(Who::Token);
        let everybody: Vec<_> = people.chain(personal).chain(tokens).collect();
        let all = 0..self.orgs.len();
        let (gone, there): (Vec<_>, Vec<_>) = all.rev().partition(|org| self.reference.orgs[*org].deleted);
        let orgs: Vec<_> = there.iter().copied().chain(gone.into_iter().take(2)).collect();
        for who in everybody {
            let Some(signed_in) = self.signed_in(who).await else { continue };
            let caller = &signed_in.caller;
            let seen = self
                .world
                .app()
                .organizations(caller, &OrganizationFilter::default(), &Paging::first(Paging::MOST))
                .await;
            let seen: BTreeSet<_> = seen.unwrap().items.into_iter().map(|view| view.organization.id).collect();
            let foretold = there.iter().filter(|org| !self.reference.held(who, **org).is_empty());
            assert_eq!(
                seen,
                foretold.map(|org| self.orgs[*org]).collect(),
                "which organizations does {who:?} see?"
            );
            for org in &orgs {
                self.compare_choices(who, caller, *org, Feature::Certificates).await;
                self.compare_choices(who, caller, *org, Feature::Profiles).await;
            }
        }
        for org in there {
            self.compare_what_is_written_down(org).await;
        }
    }

    /// The keys that somebody finds to choose from.
    async fn compare_choices(&self, who: Who, caller: &Caller, org: usize, feature: Feature) {
        let need = Need::Read { feature };
        let choices = self.world.app().key_choices(caller, self.orgs[org], &need).await;
        match self.reference.choices(who, org, feature.as_str()) {
            None => assert_eq!(
                told(&choices),
                self.reference.may(who, "see-signing", org),
                "{who:?} asks for keys in {org}"
            ),
            Some(foretold) => {
                let really: BTreeMap<_, _> = choices
                    .unwrap()
                    .into_iter()
                    .map(|one| (one.key.id, one.usability.may_try()))
                    .collect();
                let foretold = foretold.into_iter().map(|(key, may_try)| (self.keys[key], may_try)).collect();
                assert_eq!(really, foretold, "which keys does {who:?} find in {org} for {feature:?}?");
            }
        }
    }

    /// Members, invitations, tokens and shares of an organization, as an Owner of its root reads them.
    async fn compare_what_is_written_down(&self, org: usize) {
        let root = self.reference.orgs[org].parent.unwrap_or(org);
        let mut everybody = 0..self.people.len();
        let owner = everybody.find(|person| self.reference.given(*person, root).contains("owner"));
        let owner = self
            .signed_in(Who::Person(owner.expect("a root keeps an Owner")))
            .await
            .unwrap()
            .caller;
        let (app, id, everything) = (self.world.app(), self.orgs[org], Paging::first(Paging::MOST));

        let members = app.members(&owner, id, None, &everything).await.unwrap().items;
        let really: BTreeMap<_, _> = members.into_iter().map(|member| (member.user.id, member.roles)).collect();
        let foretold = (0..self.people.len()).map(|person| {
            let (given, held) = (self.reference.given(person, org), self.reference.held(Who::Person(person), org));
            let inherited = roles(&held).into_iter().map(|role| (role, HeldBy::Inheritance));
            let given = roles(&given).into_iter().map(|role| (role, HeldBy::Membership));
            (self.people[person].id, inherited.chain(given).collect::<BTreeMap<_, _>>())
        });
        let foretold: BTreeMap<_, _> = foretold.filter(|(_, roles)| !roles.is_empty()).collect();
        assert_eq!(really, foretold, "who is a member of {org}?");

        let invitations = app.invitations(&owner, id, &everything).await.unwrap().items;
        let really: BTreeMap<_, _> = invitations
            .into_iter()
            .map(|one| (one.invitation.id, (one.invitation.roles, one.over)))
            .collect();
        let pending = self
            .reference
            .invitations
            .iter()
            .zip(&self.invitations)
            .filter(|(one, _)| one.org == org && !one.gone);
        let foretold = pending.map(|(one, id)| (*id, (roles(&one.roles), one.ends <= self.reference.now)));
        assert_eq!(really, foretold.collect(), "who is invited to {org}?");

        let tokens = app.service_tokens(&owner, id, &everything).await.unwrap().items;
        let ours = self
            .reference
            .tokens
            .iter()
            .zip(&self.tokens)
            .filter(|(one, _)| one.org == org && !one.gone);
        let foretold: BTreeMap<_, _> = ours
            .map(|(one, (id, _))| (*id, (roles(&one.roles), self.moment(one.ends))))
            .collect();
        let newest: BTreeMap<_, _> = tokens
            .into_iter()
            .map(|view| (view.token.id, (view.token.roles, view.token.expires_at)))
            .collect();
        assert_eq!(
            newest.len(),
            foretold.len().min(Paging::MOST as usize),
            "how many tokens has {org}?"
        );
        for (id, really) in newest {
            assert_eq!(Some(&really), foretold.get(&id), "a token of {org}");
        }

        for key in (0..self.keys.len()).filter(|key| org == root && self.reference.keys[*key] == org) {
            let panel = app.key_shares(&owner, id, self.keys[key], &PanelQuery::default()).await.unwrap();
            let chosen = panel
                .sub_organizations
                .into_iter()
                .filter_map(|one| Some((one.organization.id, one.chosen?)));
            let share = |target| self.reference.shares.get(&(key, target)).map(|terms| self.as_limits(terms));
            assert_eq!(panel.all, share(Target::All), "is key {key} shared with all?");
            let below = self.reference.below(org).into_iter();
            let foretold = below.filter_map(|sub| Some((self.orgs[sub], share(Target::Chosen(sub))?)));
            assert_eq!(
                chosen.collect::<BTreeMap<_, _>>(),
                foretold.collect(),
                "with whom is key {key} shared?"
            );
        }
    }

    fn as_limits(&self, terms: &Terms) -> ShareLimits {
        let features = terms.features.as_ref();
        let apps = terms.apps.as_ref();
        ShareLimits {
            features: features.map(|these| these.iter().map(|word| word.parse().unwrap()).collect()),
            apps: apps.map(|these| these.iter().map(|word| word.parse().unwrap()).collect()),
            stops_at: terms.until.map(|until| self.moment(until)),
        }
    }
}
