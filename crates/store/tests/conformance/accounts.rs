//! Organizations, people, roles, rings and failed sign-ins.

use std::collections::{BTreeMap, BTreeSet};

use domain::Action;
use domain::policy::{Grade, Module, Role, Tenant};
use store::{Conflict, PasswordHash, StoreError};
use vault::WrappedRing;

use crate::world::{World, at, id, of, on_both, organization, permit, user};

on_both![
    people_and_organizations_come_back_as_they_went_in,
    an_address_belongs_to_one_account,
    a_password_is_replaced,
    roles_add_up,
    a_ring_is_replaced_only_from_the_one_that_was_read,
    failed_sign_ins_are_counted_since_a_moment,
    attempts_that_arrive_together_take_turns,
];

async fn people_and_organizations_come_back_as_they_went_in(world: World) {
    let mut tx = world.store.read_over_all().await.expect("begins");
    assert_eq!(
        tx.organization(&permit(Action::SeeOrganization, 1)).await.expect("found"),
        organization(1)
    );
    assert_eq!(tx.user(user(2).id).await.expect("found"), user(2));
    assert!(matches!(tx.user(id("user", 9)).await, Err(StoreError::NotFound)));
    assert_eq!(tx.organizations_of(user(1).id).await.expect("listed"), [organization(1)]);
    assert!(tx.organizations_of(id("user", 9)).await.expect("listed").is_empty());
    assert_eq!(tx.user_count().await.expect("counted"), 2);
    drop(tx);

    let mut tx = world.store.begin_over_all().await.expect("begins");
    let mut child = organization(3);
    child.parent = Some(organization(1).id);
    tx.create_organization(&child, &WrappedRing::from_bytes(vec![3]))
        .await
        .expect("made");
    tx.add_role(child.id, user(1).id, Role::Owner, at(0)).await.expect("given");
    assert_eq!(
        tx.organizations_of(user(1).id).await.expect("listed"),
        [organization(1), child.clone()]
    );
    assert_eq!(
        tx.tenant(child.id).await.expect("asked"),
        Some(Tenant::below(organization(1).id, child.id))
    );
    assert_eq!(
        tx.tenant(organization(1).id).await.expect("asked"),
        Some(Tenant::root(organization(1).id))
    );
    assert_eq!(tx.tenant(id("org", 9)).await.expect("asked"), None);
    assert_eq!(tx.standing_of(user(1).id).await.expect("read").version, 0);
    assert!(matches!(tx.standing_of(id("user", 9)).await, Err(StoreError::NotFound)));
}

async fn an_address_belongs_to_one_account(world: World) {
    let mut tx = world.store.begin_over_all().await.expect("begins");
    let mut twin = user(3);
    twin.email = of("PERSON1@Example.com");
    let refused = tx.insert_user(&twin, &PasswordHash::new("$hash$".to_owned())).await;
    assert!(matches!(refused, Err(StoreError::Conflict(Conflict::Email))), "{refused:?}");
    let (found, hash) = tx.user_by_email(&of("Person1@example.COM")).await.expect("asked").expect("found");
    assert_eq!((found, hash.as_str()), (user(1), "$hash$1"));
    assert!(tx.user_by_email(&of("nobody@example.com")).await.expect("asked").is_none());
}

async fn a_password_is_replaced(world: World) {
    let mut tx = world.store.begin_over_all().await.expect("begins");
    let new = PasswordHash::new("$hash$new".to_owned());
    tx.set_password(user(1).id, &new).await.expect("set");
    assert_eq!(tx.password_hash(user(1).id).await.expect("found"), new);
    assert_eq!(tx.password_hash(user(2).id).await.expect("found").as_str(), "$hash$2");
    assert!(matches!(tx.set_password(id("user", 9), &new).await, Err(StoreError::NotFound)));
    assert_eq!(format!("{new:?}"), "PasswordHash(…)");
}

async fn roles_add_up(world: World) {
    let (first, second) = (organization(1).id, organization(2).id);
    let viewer = Role::In(Module::Credentials, Grade::Viewer);
    let mut tx = world.store.begin_over_all().await.expect("begins");
    tx.add_role(first, user(1).id, viewer, at(5)).await.expect("given");
    tx.add_role(first, user(1).id, viewer, at(9)).await.expect("given twice");
    tx.add_role(second, user(1).id, viewer, at(7)).await.expect("given");
    let expected = BTreeMap::from([(first, BTreeSet::from([Role::Owner, viewer])), (second, BTreeSet::from([viewer]))]);
    assert_eq!(tx.roles_of(user(1).id).await.expect("read"), expected);
    let joined = tx
        .member(&permit(Action::SeeMembers, 2), user(1).id)
        .await
        .expect("found")
        .joined_at;
    assert_eq!(joined, Some(at(7)));
    tx.run("UPDATE memberships SET role = 'emperor' WHERE role = 'owner'")
        .await
        .expect("updated");
    assert!(matches!(
        tx.roles_of(user(1).id).await,
        Err(StoreError::Unreadable { column: "role", .. })
    ));
}

async fn a_ring_is_replaced_only_from_the_one_that_was_read(world: World) {
    let may = permit(Action::SeeOrganization, 1);
    let mut tx = world.store.begin_over_all().await.expect("begins");
    let old = tx.ring(&may).await.expect("found");
    assert_eq!(old.as_bytes(), [1; 8]);
    let new = WrappedRing::from_bytes(vec![9; 9]);
    tx.replace_ring(&may, &old, &new).await.expect("replaced");
    let late = tx.replace_ring(&may, &old, &WrappedRing::from_bytes(vec![7])).await;
    assert!(matches!(late, Err(StoreError::Conflict(Conflict::Stale))), "{late:?}");
    assert_eq!(tx.ring(&may).await.expect("found"), new);
    assert_eq!(
        tx.ring(&permit(Action::SeeOrganization, 2)).await.expect("found").as_bytes(),
        [2; 8]
    );
}

async fn failed_sign_ins_are_counted_since_a_moment(world: World) {
    let mut tx = world.store.begin_over_all().await.expect("begins");
    assert_eq!(tx.sign_in_failures("account:a", at(0)).await.expect("counted"), 0);
    for seconds in [10, 20, 20, 30] {
        tx.add_sign_in_failure("account:a", at(seconds), at(-100)).await.expect("counted");
    }
    tx.add_sign_in_failure("address:10.0.0.1", at(30), at(-100)).await.expect("counted");
    assert_eq!(tx.sign_in_failures("account:a", at(0)).await.expect("counted"), 4);
    assert_eq!(tx.sign_in_failures("account:a", at(20)).await.expect("counted"), 3);
    tx.add_sign_in_failure("account:a", at(40), at(25)).await.expect("counted");
    assert_eq!(
        tx.sign_in_failures("account:a", at(0)).await.expect("counted"),
        2,
        "old ones are forgotten"
    );
    tx.clear_sign_in_failures("account:a").await.expect("cleared");
    assert_eq!(tx.sign_in_failures("account:a", at(0)).await.expect("counted"), 0);
    assert_eq!(tx.sign_in_failures("address:10.0.0.1", at(0)).await.expect("counted"), 1);
}

async fn attempts_that_arrive_together_take_turns(world: World) {
    const SUBJECT: &str = "account:a";
    let mut first = world.store.begin_over_all().await.expect("begins");
    first.take_turn_to_sign_in(SUBJECT).await.expect("nobody is before");
    let second = async {
        let mut tx = world.store.begin_over_all().await.expect("begins");
        tx.take_turn_to_sign_in(SUBJECT).await.expect("waited");
        tx.sign_in_failures(SUBJECT, at(0)).await.expect("counted")
    };
    tokio::pin!(second);
    let early = tokio::time::timeout(std::time::Duration::from_millis(200), &mut second).await;
    assert!(early.is_err(), "counted beside another attempt: {early:?}");
    for _ in 0..3 {
        first.add_sign_in_failure(SUBJECT, at(10), at(0)).await.expect("counted");
    }
    first.commit().await.expect("kept");
    assert_eq!(second.await, 3);

    let mut tx = world.store.begin_over_all().await.expect("begins");
    tx.take_back_sign_in_failure(SUBJECT, at(10)).await.expect("taken back");
    tx.take_back_sign_in_failure(SUBJECT, at(11)).await.expect("there is none");
    assert_eq!(tx.sign_in_failures(SUBJECT, at(0)).await.expect("counted"), 2);
}
