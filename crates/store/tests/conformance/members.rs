//! Who belongs where, by which way, and the turn that whoever changes it takes.

use std::collections::{BTreeMap, BTreeSet};

use domain::policy::{Grade, HeldBy, Module, Role, Tenant};
use domain::{Action, Actor, Organization, Permit, Principal, User, decide};
use store::{Paging, PasswordHash, StoreError, Tx};
use vault::WrappedRing;

use crate::world::{World, at, of, on_both, organization, permit, user};

on_both![
    members_are_found_with_what_they_hold_and_by_which_way,
    a_list_of_members_goes_on_where_it_stopped,
    roles_are_given_and_taken_in_one_organization_only,
    two_who_change_members_take_turns,
    whoever_lost_a_right_has_no_turn,
];

const VIEWER: Role = Role::In(Module::Signing, Grade::Viewer);

/// A sub-organization of the first, and what its inherited Owner may there.
async fn below(tx: &mut Tx) -> (Organization, Permit) {
    let child = Organization {
        parent: Some(organization(1).id),
        ..organization(3)
    };
    tx.create_organization(&child, &WrappedRing::from_bytes(vec![3]))
        .await
        .expect("made");
    let roles = BTreeMap::from([(organization(1).id, BTreeSet::from([Role::Owner]))]);
    let owner = Principal::new(Actor::Person { user: user(1).id }, roles);
    let permit = decide(&owner, Action::ManageMembers, Tenant::below(organization(1).id, child.id));
    (child, permit.expect("an Owner may"))
}

async fn person(tx: &mut Tx, number: u32, name: &str) -> User {
    let person = User {
        name: of(name),
        ..user(number)
    };
    tx.insert_user(&person, &PasswordHash::new("$hash$".to_owned()))
        .await
        .expect("made");
    person
}

fn roles<const N: usize>(roles: [Role; N]) -> BTreeSet<Role> {
    roles.into()
}

async fn members_are_found_with_what_they_hold_and_by_which_way(world: World) {
    let mut tx = world.store.begin_over_all().await.expect("begins");
    let (child, there) = below(&mut tx).await;
    let root = permit(Action::ManageMembers, 1);
    let tomas = person(&mut tx, 5, "Tomas").await;
    tx.give_roles(&there, tomas.id, &roles([VIEWER]), at(7)).await.expect("given");
    tx.give_roles(&there, user(1).id, &roles([VIEWER]), at(9)).await.expect("given");

    let found = tx.members(&there, None, &Paging::default()).await.expect("listed").items;
    assert_eq!(
        found.iter().map(|m| m.user.name.as_str()).collect::<Vec<_>>(),
        ["Person 1", "Tomas"]
    );
    assert_eq!(
        found[0].roles,
        BTreeMap::from([(Role::Owner, HeldBy::Inheritance), (VIEWER, HeldBy::Membership)])
    );
    assert_eq!((found[0].joined_at, found[1].joined_at), (Some(at(9)), Some(at(7))));
    assert_eq!(tx.member(&there, tomas.id).await.expect("found"), found[1]);
    assert!(
        matches!(tx.member(&root, tomas.id).await, Err(StoreError::NotFound)),
        "a role below reaches not up"
    );
    assert!(matches!(tx.member(&there, user(2).id).await, Err(StoreError::NotFound)));

    assert_eq!(
        tx.member_by_email(&there, &tomas.email).await.expect("asked"),
        Some(found[1].clone())
    );
    assert_eq!(tx.member_by_email(&root, &tomas.email).await.expect("asked"), None);
    assert_eq!(tx.member_by_email(&there, &user(2).email).await.expect("asked"), None);
    assert_eq!(
        tx.owners(&there, 5).await.expect("listed"),
        [user(1)],
        "an inherited Owner can help, too"
    );
    assert_eq!(tx.owner_count(&there).await.expect("counted"), 0);
    assert_eq!(tx.owner_count(&root).await.expect("counted"), 1);
    assert_eq!(tx.memberships_below(&root, tomas.id).await.expect("listed"), [child.name]);
    assert!(tx.memberships_below(&there, tomas.id).await.expect("listed").is_empty());
    assert!(
        tx.memberships_below(&permit(Action::SeeMembers, 2), tomas.id)
            .await
            .expect("listed")
            .is_empty()
    );
}

async fn a_list_of_members_goes_on_where_it_stopped(world: World) {
    let here = permit(Action::SeeMembers, 1);
    let mut tx = world.store.begin_over_all().await.expect("begins");
    for (number, name) in [(5, "Zoë"), (6, "100% sure"), (7, "Anna"), (8, "anna")] {
        let who = person(&mut tx, number, name).await;
        tx.give_roles(&here, who.id, &roles([VIEWER, Role::Owner]), at(1))
            .await
            .expect("given");
    }
    let mut seen = Vec::new();
    let mut paging = Paging::first(2);
    loop {
        let page = tx.members(&here, None, &paging).await.expect("listed");
        seen.extend(page.items.into_iter().map(|member| member.user.name.to_string()));
        let Some(next) = page.next else { break };
        paging = Paging::after(next, 2);
    }
    assert_eq!(seen, ["100% sure", "Anna", "anna", "Person 1", "Zoë"]);
    for (text, number) in [
        ("zoë", 1),
        ("ann", 2),
        ("100%", 1),
        ("%", 1),
        ("_", 0),
        ("person1@", 1),
        ("example.com", 5),
    ] {
        let found = tx.members(&here, Some(text), &Paging::default()).await.expect("listed").items;
        assert_eq!(found.len(), number, "{text}");
    }
    for text in [user(2).id.to_string(), "nonsense".to_owned()] {
        let refused = tx.members(&here, None, &Paging::after(text, 9)).await;
        assert!(matches!(refused, Err(StoreError::Cursor)), "{refused:?}");
    }
}

async fn roles_are_given_and_taken_in_one_organization_only(world: World) {
    let (here, elsewhere) = (permit(Action::ManageMembers, 1), permit(Action::ManageMembers, 2));
    let mut tx = world.store.begin_over_all().await.expect("begins");
    let tomas = person(&mut tx, 5, "Tomas").await.id;
    tx.give_roles(&here, tomas, &roles([VIEWER, Role::Owner]), at(1))
        .await
        .expect("given");
    tx.give_roles(&here, tomas, &roles([VIEWER]), at(2)).await.expect("given twice");
    assert_eq!(tx.member(&here, tomas).await.expect("found").joined_at, Some(at(1)));
    tx.give_roles(&elsewhere, tomas, &roles([VIEWER]), at(3)).await.expect("given");

    let before = tx.standing_of(tomas).await.expect("read").version;
    tx.take_roles(&here, tomas, &roles([])).await.expect("nothing to take");
    assert_eq!(tx.standing_of(tomas).await.expect("read").version, before);
    tx.take_roles(&here, tomas, &roles([VIEWER, Role::Owner])).await.expect("taken");
    assert_eq!(tx.standing_of(tomas).await.expect("read").version, before + 1);
    let again = tx.take_roles(&here, tomas, &roles([VIEWER])).await;
    assert!(matches!(again, Err(StoreError::NotFound)), "{again:?}");
    let left = BTreeMap::from([(organization(2).id, roles([VIEWER]))]);
    assert_eq!(tx.roles_of(tomas).await.expect("read"), left);
}

async fn two_who_change_members_take_turns(world: World) {
    let root = permit(Action::ManageMembers, 1);
    let mut first = world.store.begin_over_all().await.expect("begins");
    let (_, there) = below(&mut first).await;
    first.commit().await.expect("kept");
    let mut first = world.store.begin_at_members(&root).await.expect("nobody is before");
    let second = async {
        let mut tx = world.store.begin_at_members(&there).await.expect("waited");
        tx.owner_count(&root).await.expect("counted")
    };
    tokio::pin!(second);
    let early = tokio::time::timeout(std::time::Duration::from_millis(200), &mut second).await;
    assert!(early.is_err(), "the tree has one turn: {early:?}");
    first.take_roles(&root, user(1).id, &roles([Role::Owner])).await.expect("taken");
    first.commit().await.expect("kept");
    assert_eq!(second.await, 0, "what was done before is seen");
}

async fn whoever_lost_a_right_has_no_turn(world: World) {
    let standing = world
        .store
        .read()
        .await
        .expect("begins")
        .standing_of(user(1).id)
        .await
        .expect("read");
    let roles = BTreeMap::from([(organization(1).id, BTreeSet::from([Role::Owner]))]);
    let owner = Principal::new(Actor::Person { user: user(1).id }, roles).standing_at(standing);
    let may = decide(&owner, Action::ManageMembers, Tenant::root(organization(1).id)).expect("an Owner may");
    drop(world.store.begin_at_members(&may).await.expect("still"));
    let mut tx = world
        .store
        .begin_at_members(&permit(Action::ManageMembers, 1))
        .await
        .expect("begins");
    tx.take_roles(&permit(Action::ManageMembers, 1), user(1).id, &BTreeSet::from([Role::Owner]))
        .await
        .expect("taken");
    tx.commit().await.expect("kept");
    let late = world.store.begin_at_members(&may).await;
    assert!(matches!(late, Err(StoreError::RightsChanged)), "{late:?}");
}
