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
    Known,
    /// Not signed in, not any more, or never.
    Stranger,
}

/// Somebody who asks.
#[derive(Debug, Clone)]
pub(crate) struct Somebody {
    pub(crate) name: String,
    /// Where they belong, for telling what another place is to them.
    pub(crate) home: Place,
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
            home: Place::Alder,
            given: BTreeMap::new(),
            standing: Standing::Stranger,
            cookie,
            csrf: "0".repeat(64),
            token,
        }
    }

    /// Their roles in a place: given there, or in the root organization above.
    fn roles_in(&self, place: Place) -> Vec<&'static str> {
        let given = |place| self.given.get(&place).into_iter().flatten().copied();
        given(place).chain(place.parent().into_iter().flat_map(given)).collect()
    }

    /// Whether the place exists for them.
    pub(crate) fn belongs_to(&self, place: Place) -> bool {
        self.standing == Standing::Known && !self.roles_in(place).is_empty()
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
        home,
        given: BTreeMap::from([(home, roles.to_vec())]),
        standing: Standing::Known,
        cookie: Some(person.cookie),
        csrf: String::new(),
        token: Some(token),
    };
    let page = sending::send(town, &somebody, &Asked::get("/me")).await;
    let field = page.text.split("name=\"csrf\" value=\"").nth(1).expect("a form on /me");
    somebody.csrf = field.split('"').next().unwrap_or_default().to_owned();
    somebody
}

async fn give(town: &Town, somebody: &mut Somebody, place: Place, word: &'static str) {
    let store = town.world.store().await;
    let mut tx = store.begin_over_all().await.expect("it begins");
    let user = e_mail(&somebody.name) + "@neighbor.example";
    let (user, _) = tx
        .user_by_email(&user.parse().expect("an address"))
        .await
        .expect("asked")
        .expect("somebody");
    tx.add_role(town.org(place), user.id, role(word)).await.expect("given");
    tx.commit().await.expect("committed");
    somebody.given.entry(place).or_default().push(word);
}

/// Those who are not let in: all of them were Owners of Alder, or nobody.
async fn strangers(town: &Arc<Town>) -> Vec<Somebody> {
    let app = town.world.app();
    let (late, _) = person(town, "late", Place::Alder, &["owner"]).await;
    let soon = town.world.now() + SignedDuration::from_hours(1);
    let (_, ended) = app.create_token(&late.signed_in, "Ends soon", Some(soon)).await.expect("made");
    town.world.advance_days(1);

    let (gone, token) = person(town, "gone", Place::Alder, &["owner"]).await;
    let tokens = app.tokens(&gone.signed_in).await.expect("listed");
    app.revoke_token(&gone.signed_in, tokens[0].id).await.expect("revoked");
    app.sign_out(&gone.signed_in).await.expect("signed out");

    let nonsense = format!("russet_{}", "0".repeat(56));
    vec![
        Somebody::stranger("nobody", None, None),
        Somebody::stranger("somebody with nonsense", Some("0".repeat(64)), Some(nonsense)),
        Somebody::stranger("somebody whose time is over", Some(late.cookie), Some(ended.expose().to_owned())),
        Somebody::stranger("somebody signed out and revoked", Some(gone.cookie), Some(token)),
    ]
}
