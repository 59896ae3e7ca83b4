//! Everybody who asks: each role in a root organization and in a sub-organization, and those who are not let in any more.

use crate::{
    policy::{self, ROLES},
    sending::{self, Asked},
    town::{Place, Town},
};
use domain::{Action, Role};
use jiff::SignedDuration;
use std::{collections::BTreeMap, sync::Arc};
use testkit::Person;

/// How far somebody gets in principle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Signed in, with whatever roles they have.
    Person,
    /// A token of an organization, which has no browser.
    Machine,
    /// Not signed in, not any more, or never.
    Stranger,
}

/// Somebody who asks.
#[derive(Debug, Clone)]
pub(crate) struct Somebody {
    pub(crate) name: String,
    e_mail: Option<String>,
    /// Where they belong, for telling what another place is to them.
    pub(crate) home: Place,
    /// The one place where they may do anything, whatever their roles say.
    confined_to: Option<Place>,
    /// The words of the roles that they were given.
    pub(crate) given: BTreeMap<Place, Vec<&'static str>>,
    pub(crate) standing: Standing,
    /// What a browser sends, and what its forms carry.
    pub(crate) cookie: Option<String>,
    pub(crate) csrf: String,
    /// What a program sends.
    pub(crate) token: Option<String>,
}

impl Somebody {
    fn stranger(name: &str, cookie: Option<String>, token: Option<String>) -> Self {
        Self {
            name: name.to_owned(),
            e_mail: None,
            home: Place::Alder,
            confined_to: None,
            given: BTreeMap::new(),
            standing: Standing::Stranger,
            cookie,
            csrf: "0".repeat(64),
            token,
        }
    }

    /// Their roles in a place: given there, or in the root organization above.
    fn roles_in(&self, place: Place) -> Vec<&'static str> {
        if self.confined_to.is_some_and(|only| only != place) {
            return Vec::new();
        }
        let given = |place| self.given.get(&place).into_iter().flatten().copied();
        given(place).chain(place.parent().into_iter().flat_map(given)).collect()
    }

    /// Whether the place exists for them.
    pub(crate) fn belongs_to(&self, place: Place) -> bool {
        self.standing != Standing::Stranger && !self.roles_in(place).is_empty()
    }

    pub(crate) fn may(&self, action: Action, place: Place) -> bool {
        policy::may(&self.roles_in(place), action, place.parent().is_none())
    }
}

/// All of them.
pub(crate) struct People(pub(crate) Vec<Somebody>);

impl People {
    pub(crate) async fn moved_in(town: &Arc<Town>) -> Self {
        let mut people = strangers(town).await;
        for home in [Place::Alder, Place::Birch] {
            for role in ROLES {
                people.push(member(town, &format!("{role} of {home:?}"), home, &[role]).await);
                // An Owner is always a person.
                if role != "owner" {
                    people.push(machine(town, &format!("token as {role} of {home:?}"), home, role, None).await);
                }
            }
        }
        // Rights add up, and do not mix with those held elsewhere.
        people.push(
            member(
                town,
                "two viewers of Birch",
                Place::Birch,
                &["credentials-viewer", "signing-viewer"],
            )
            .await,
        );
        let mut elsewhere = member(town, "viewer of Birch who owns Gorse", Place::Birch, &["signing-viewer"]).await;
        give(town, &mut elsewhere, Place::Gorse, "owner").await;
        people.push(elsewhere);
        people.push(member(town, "signed in without any role", Place::Alder, &[]).await);
        people.push(
            machine(
                town,
                "Alder's token for Birch",
                Place::Alder,
                "credentials-manager",
                Some(Place::Birch),
            )
            .await,
        );
        Self(people)
    }

    pub(crate) fn named(&self, name: &str) -> &Somebody {
        self.0.iter().find(|somebody| somebody.name == name).expect("somebody of this name")
    }
}

fn role(word: &str) -> Role {
    Role::parse(word).expect("the product has this role")
}

fn e_mail(name: &str) -> String {
    name.to_lowercase().replace(' ', ".")
}

async fn person(town: &Town, name: &str, home: Place, roles: &[&'static str]) -> (Person, String) {
    let given: Vec<_> = roles.iter().map(|word| (town.org(home), role(word))).collect();
    let person = town.world.person(&e_mail(name), &given).await;
    let (_, token) = town
        .world
        .app()
        .create_token(&person.signed_in, "Matrix", None)
        .await
        .expect("made");
    (person, token.expose().to_owned())
}

async fn member(town: &Arc<Town>, name: &str, home: Place, roles: &[&'static str]) -> Somebody {
    let (person, token) = person(town, name, home, roles).await;
    let mut somebody = Somebody {
        name: name.to_owned(),
        e_mail: Some(person.signed_in.person().expect("a person").email.to_string()),
        home,
        confined_to: None,
        given: BTreeMap::from([(home, roles.to_vec())]),
        standing: Standing::Person,
        cookie: Some(person.cookie),
        csrf: String::new(),
        token: Some(token),
    };
    let page = sending::send(town, &somebody, &Asked::get("/me")).await;
    let field = page.text.split("name=\"csrf\" value=\"").nth(1).expect("a form on /me");
    somebody.csrf = field.split('"').next().unwrap_or_default().to_owned();
    somebody
}

/// A token of the place with one role, made by the hand.
async fn machine(town: &Town, name: &str, home: Place, role: &'static str, confined_to: Option<Place>) -> Somebody {
    let (_, token) = town.token(home, name, role, confined_to, None).await;
    Somebody {
        name: name.to_owned(),
        e_mail: None,
        home,
        confined_to,
        given: BTreeMap::from([(home, vec![role])]),
        standing: Standing::Machine,
        cookie: None,
        csrf: String::new(),
        token: Some(token),
    }
}

async fn give(town: &Town, somebody: &mut Somebody, place: Place, word: &'static str) {
    somebody.given.entry(place).or_default().push(word);
    give_again(town, somebody).await;
}

/// Gives somebody what they gave up.
pub(crate) async fn give_again(town: &Town, somebody: &Somebody) {
    let Some(user) = &somebody.e_mail else { return };
    let given = somebody
        .given
        .iter()
        .flat_map(|(place, words)| words.iter().map(|word| (town.org(*place), role(word))));
    town.world.give(user, &given.collect::<Vec<_>>()).await;
}

/// Those who are not let in: all of them were Owners of Alder, or nobody.
async fn strangers(town: &Arc<Town>) -> Vec<Somebody> {
    let app = town.world.app();
    let (late, _) = person(town, "late", Place::Alder, &["owner"]).await;
    let soon = town.world.now() + SignedDuration::from_hours(1);
    let (_, ended) = app.create_token(&late.signed_in, "Ends soon", Some(soon)).await.expect("made");
    let (_, lapsed) = town
        .token(Place::Alder, "Ends soon, too", "organization-manager", None, Some(soon))
        .await;
    town.world.advance_days(1);

    let (gone, token) = person(town, "gone", Place::Alder, &["owner"]).await;
    let tokens = app.tokens(&gone.signed_in).await.expect("listed");
    app.revoke_token(&gone.signed_in, tokens[0].id).await.expect("revoked");
    app.sign_out(&gone.signed_in).await.expect("signed out");

    let (id, revoked) = town.token(Place::Alder, "Revoked", "organization-manager", None, None).await;
    town.revoke(Place::Alder, &id).await;

    let nonsense = format!("russet_{}", "0".repeat(56));
    vec![
        Somebody::stranger("nobody", None, None),
        Somebody::stranger("somebody with nonsense", Some("0".repeat(64)), Some(nonsense)),
        Somebody::stranger("somebody whose time is over", Some(late.cookie), Some(ended.expose().to_owned())),
        Somebody::stranger("a token of Alder whose time is over", None, Some(lapsed)),
        Somebody::stranger("a revoked token of Alder", None, Some(revoked)),
        Somebody::stranger("somebody signed out and revoked", Some(gone.cookie), Some(token)),
    ]
}
