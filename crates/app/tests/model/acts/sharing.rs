//! Sharing and what hangs on it: keys lent and taken back, used, and the sub-organizations below.

use super::{NOBODY, Told};
use crate::{
    Both,
    reference::{Target, Terms},
    told,
};
use app::sharing::{NewLimits, ShareChange};
use domain::ShareTarget;
use std::collections::BTreeSet;

/// Most sub-organizations at a time, so that the walk stays among few.
const SUBS_MOST: usize = 6;

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

    pub(super) async fn share(&mut self, kind: &'static str) -> Told {
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
    pub(super) async fn use_key(&mut self) -> Told {
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

    pub(super) async fn make_sub(&mut self) -> Told {
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
    pub(super) async fn delete_sub(&mut self) -> Told {
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
