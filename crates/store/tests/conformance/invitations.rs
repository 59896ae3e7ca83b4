//! Invitations: one per address, one link each, used once.

use std::collections::BTreeSet;

use domain::policy::{Grade, Module, Role};
use domain::{Action, Delivery, Invitation, Subject};
use store::{Paging, StoreError, TokenHash};

use crate::world::{World, at, id, of, on_both, permit, user};

on_both![
    an_invitation_comes_back_as_it_went_in,
    an_address_has_one_invitation_and_one_link,
    a_link_is_used_once_even_by_two,
    nothing_of_another_organization_is_touched,
];

/// The `number`-th invitation of an organization.
fn invitation(organization: u32, number: u32) -> Invitation {
    Invitation {
        id: id("inv", organization * 1000 + number),
        organization: id("org", organization),
        email: of(&format!("guest{number}@example.com")),
        roles: BTreeSet::from([Role::In(Module::Credentials, Grade::Viewer)]),
        invited_by: Subject::User(user(organization).id),
        created_at: at(0),
        sent_at: at(0),
        expires_at: at(100),
        delivery: Delivery::Shown,
    }
}

fn token(number: u8) -> TokenHash {
    TokenHash([number; 32])
}

async fn an_invitation_comes_back_as_it_went_in(world: World) {
    let here = permit(Action::ManageMembers, 1);
    let mut tx = world.store.begin_over_all().await.expect("begins");
    for number in 1..=3 {
        let put = tx.put_invitation(&here, &invitation(1, number), &token(number as u8)).await;
        assert_eq!(put.expect("put"), invitation(1, number));
    }
    let one = invitation(1, 2);
    assert_eq!(tx.invitation(&here, one.id).await.expect("found"), one);
    assert_eq!(tx.invitation_by_email(&here, &one.email).await.expect("asked"), Some(one.clone()));
    assert_eq!(tx.invitation_by_token(&token(2)).await.expect("asked"), Some(one.clone()));
    assert_eq!(tx.invitation_by_token(&token(9)).await.expect("asked"), None);
    assert_eq!(tx.invitation_count(&here).await.expect("counted"), 3);
    let page = tx.invitations(&here, &Paging::first(2)).await.expect("listed");
    assert_eq!(page.items, [invitation(1, 3), invitation(1, 2)]);
    let rest = tx
        .invitations(&here, &Paging::after(page.next.expect("more"), 2))
        .await
        .expect("listed");
    assert_eq!((rest.items, rest.next), (vec![invitation(1, 1)], None));
    tx.forget_invitations(&here, at(100)).await.expect("asked");
    assert_eq!(
        tx.invitation_count(&here).await.expect("counted"),
        3,
        "ends now is not ended before"
    );
    tx.forget_invitations(&here, at(101)).await.expect("forgotten");
    assert_eq!(tx.invitation_count(&here).await.expect("counted"), 0);
}

async fn an_address_has_one_invitation_and_one_link(world: World) {
    let here = permit(Action::ManageMembers, 1);
    let mut tx = world.store.begin_over_all().await.expect("begins");
    tx.put_invitation(&here, &invitation(1, 1), &token(1)).await.expect("put");
    let again = Invitation {
        id: id("inv", 9),
        roles: BTreeSet::from([Role::Owner]),
        created_at: at(50),
        sent_at: at(50),
        expires_at: at(150),
        delivery: Delivery::Waiting,
        ..invitation(1, 1)
    };
    let expected = Invitation {
        id: invitation(1, 1).id,
        created_at: at(0),
        ..again.clone()
    };
    assert_eq!(tx.put_invitation(&here, &again, &token(2)).await.expect("put"), expected);
    assert_eq!(
        tx.invitation_by_token(&token(1)).await.expect("asked"),
        None,
        "the link before is dead"
    );
    assert_eq!(tx.invitation_by_token(&token(2)).await.expect("asked"), Some(expected.clone()));
    assert_eq!(tx.invitation_count(&here).await.expect("counted"), 1);

    let renewed = Invitation {
        sent_at: at(60),
        expires_at: at(160),
        invited_by: Subject::User(id("user", 7)),
        ..expected
    };
    tx.renew_invitation(&here, &renewed, &token(3)).await.expect("renewed");
    assert_eq!(tx.invitation_by_token(&token(3)).await.expect("asked"), Some(renewed.clone()));
    let (read, link) = tx.invitation_with_link(&here, renewed.id).await.expect("found");
    assert_eq!((&read, link), (&renewed, token(3)));
    let replaced = tx.replace_link(&here, renewed.id, &token(2), &token(4)).await;
    assert!(!replaced.expect("asked"), "what was read before is not there any more");
    assert!(tx.replace_link(&here, renewed.id, &token(3), &token(4)).await.expect("asked"));
    assert!(tx.replace_link(&here, renewed.id, &token(4), &token(3)).await.expect("asked"));
    let failed = Delivery::Failed {
        at: at(61),
        why: "550 no such mailbox".to_owned(),
    };
    tx.note_delivery(&here, renewed.id, &token(2), &failed)
        .await
        .expect("of a link before");
    assert_eq!(tx.invitation(&here, renewed.id).await.expect("found"), renewed);
    tx.note_delivery(&here, renewed.id, &token(3), &failed).await.expect("noted");
    assert_eq!(tx.invitation(&here, renewed.id).await.expect("found").delivery, failed);
    tx.delete_invitation(&here, renewed.id).await.expect("deleted");
    assert!(matches!(tx.delete_invitation(&here, renewed.id).await, Err(StoreError::NotFound)));
    assert!(matches!(
        tx.renew_invitation(&here, &renewed, &token(4)).await,
        Err(StoreError::NotFound)
    ));
}

async fn a_link_is_used_once_even_by_two(world: World) {
    let here = permit(Action::ManageMembers, 1);
    let mut tx = world.store.begin_over_all().await.expect("begins");
    tx.put_invitation(&here, &invitation(1, 1), &token(1)).await.expect("put");
    tx.commit().await.expect("kept");
    let mut first = world.store.begin_over_all().await.expect("begins");
    assert!(first.take_invitation(&here, &token(1)).await.expect("asked").is_some());
    let second = async {
        let mut tx = world.store.begin_over_all().await.expect("begins");
        tx.take_invitation(&here, &token(1)).await.expect("asked")
    };
    tokio::pin!(second);
    let early = tokio::time::timeout(std::time::Duration::from_millis(200), &mut second).await;
    assert!(early.is_err(), "it waits for the first: {early:?}");
    first.commit().await.expect("kept");
    assert_eq!(second.await, None);
}

async fn nothing_of_another_organization_is_touched(world: World) {
    let (mine, they) = (permit(Action::ManageMembers, 1), permit(Action::ManageMembers, 2));
    let mut tx = world.store.begin_over_all().await.expect("begins");
    let one = tx.put_invitation(&mine, &invitation(1, 1), &token(1)).await.expect("put");
    assert!(matches!(tx.invitation(&they, one.id).await, Err(StoreError::NotFound)));
    assert!(matches!(tx.delete_invitation(&they, one.id).await, Err(StoreError::NotFound)));
    assert!(matches!(
        tx.renew_invitation(&they, &one, &token(2)).await,
        Err(StoreError::NotFound)
    ));
    assert_eq!(tx.invitation_by_email(&they, &one.email).await.expect("asked"), None);
    assert_eq!(tx.take_invitation(&they, &token(1)).await.expect("asked"), None);
    tx.forget_invitations(&they, at(1000)).await.expect("asked");
    tx.note_delivery(&they, one.id, &token(1), &Delivery::Waiting).await.expect("asked");
    assert_eq!(tx.invitation_count(&they).await.expect("counted"), 0);
    assert!(tx.invitations(&they, &Paging::default()).await.expect("listed").items.is_empty());
    assert_eq!(tx.invitation(&mine, one.id).await.expect("found"), one);
}
