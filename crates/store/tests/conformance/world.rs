//! An opened store with two organizations in it, and the permits to work in them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::str::FromStr;

use domain::policy::Role;
use domain::share::own;
use domain::{
    Action, Actor, ApiKey, ApiKeyId, KeyHealth, KeyKind, OrgId, Organization, Permit, Principal, Shareable, UsePermit, User, UserId, decide,
};
use jiff::{SignedDuration, Timestamp};
use store::{Location, PasswordHash, Store};
use vault::{Place, Sealed, WrappedRing};

use crate::postgres::Database;

/// A value from its text, where a test knows that it is right.
pub(crate) fn of<T: FromStr<Err: Debug>>(text: &str) -> T {
    text.parse().expect("a well-formed value")
}

/// The `number`-th id with this prefix; larger numbers sort later, as in life.
pub(crate) fn id<T: FromStr<Err: Debug>>(prefix: &str, number: u32) -> T {
    of(&format!("{prefix}_{number:032x}"))
}

/// This many seconds after noon of a certain day.
pub(crate) fn at(seconds: i64) -> Timestamp {
    of::<Timestamp>("2026-11-23T12:00:00Z") + SignedDuration::from_secs(seconds)
}

/// The store under test.
pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) location: Location,
}

impl World {
    /// Two organizations, each with an owner of the same number.
    async fn furnished(location: Location) -> Self {
        let store = Store::open(&location).await.expect("opens");
        let mut tx = store.begin_over_all().await.expect("begins");
        for number in [1, 2] {
            let ring = WrappedRing::from_bytes(vec![number as u8; 8]);
            tx.create_organization(&organization(number), &ring).await.expect("made");
            tx.insert_user(&user(number), &PasswordHash::new(format!("$hash${number}")))
                .await
                .expect("made");
            tx.add_role(id("org", number), id("user", number), Role::Owner, at(0))
                .await
                .expect("given");
        }
        tx.commit().await.expect("kept");
        Self { store, location }
    }
}

pub(crate) fn organization(number: u32) -> Organization {
    Organization {
        id: id("org", number),
        parent: None,
        name: of(&format!("Organization {number}")),
        created_at: at(0),
    }
}

pub(crate) fn user(number: u32) -> User {
    User {
        id: id("user", number),
        email: of(&format!("person{number}@example.com")),
        name: of(&format!("Person {number}")),
        created_at: at(0),
    }
}

/// What the owner of an organization may.
pub(crate) fn permit(action: Action, number: u32) -> Permit {
    let organization: OrgId = id("org", number);
    let user: UserId = id("user", number);
    let roles = BTreeMap::from([(organization, BTreeSet::from([Role::Owner]))]);
    decide(
        &Principal::new(Actor::Person { user }, roles),
        action,
        domain::Tenant::root(organization),
    )
    .expect("an owner may")
}

/// What the owner of an organization may in a sub-organization below it, which [`sub`] describes.
pub(crate) fn permit_below(action: Action, root: u32, number: u32) -> Permit {
    let organization: OrgId = id("org", number);
    let roles = BTreeMap::from([(organization, BTreeSet::from([Role::Owner]))]);
    let tenant = domain::Tenant::below(id("org", root), organization);
    decide(&Principal::new(Actor::Person { user: id("user", number) }, roles), action, tenant).expect("an owner may")
}

/// A sub-organization.
pub(crate) fn sub(root: u32, number: u32) -> Organization {
    Organization {
        parent: Some(id("org", root)),
        ..organization(number)
    }
}

/// The permission to use one's own key.
pub(crate) fn using(permit: &Permit, key: ApiKeyId) -> UsePermit {
    own(permit, Shareable::ApiKey(key))
}

/// The `number`-th key of an organization, with a Key ID that follows from the number.
pub(crate) fn key(organization: u32, number: u32) -> ApiKey {
    ApiKey {
        id: id("key", organization * 1000 + number),
        organization: id("org", organization),
        name: of(&format!("Key {number}")),
        kind: KeyKind::Team,
        key_id: of(&format!("KEYID{number:05}")),
        issuer_id: Some(of("57246542-96fe-1a63-e053-0824d011072a")),
        roles: BTreeSet::from([domain::AppleRole::Admin, domain::AppleRole::Developer]),
        fingerprint: "ab".repeat(32),
        team_id: None,
        health: KeyHealth::Unverified,
        health_since: at(0),
        last_check: None,
        last_good: None,
        overrides: BTreeSet::new(),
        generation: 1,
        added_by: domain::Subject::User(id("user", organization)),
        added_at: at(0),
        last_use: None,
    }
}

/// The place of a key's private key.
pub(crate) fn place<'a>(owner: &'a str, object: &'a str, version: u64) -> Place<'a> {
    Place {
        owner,
        kind: "api_key",
        object,
        field: "private_key",
        version,
    }
}

pub(crate) fn sealed(text: &str) -> Sealed {
    Sealed::from_bytes(text.as_bytes().to_vec())
}

/// Runs a test on SQLite in a temporary folder.
pub(crate) fn on_sqlite(test: impl AsyncFnOnce(World)) {
    let directory = tempfile::tempdir().expect("a folder");
    run(async {
        test(World::furnished(Location::Directory(directory.path().join("data"))).await).await;
    });
}

/// Runs a test on a PostgreSQL database of its own.
pub(crate) fn on_postgres(test: impl AsyncFnOnce(World)) {
    let Some(database) = Database::fresh() else { return };
    run(async {
        test(World::furnished(Location::Postgres(database.url.clone())).await).await;
    });
}

fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(test);
}

/// Makes two tests of each function: one on SQLite, one on PostgreSQL.
macro_rules! on_both {
    ($($test:ident),* $(,)?) => {
        mod on_sqlite { $(#[test] fn $test() { $crate::world::on_sqlite(super::$test); })* }
        mod on_postgres { $(#[test] fn $test() { $crate::world::on_postgres(super::$test); })* }
    };
}
pub(crate) use on_both;
