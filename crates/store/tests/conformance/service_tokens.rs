//! Tokens of organizations.

use std::collections::BTreeSet;

use domain::{Action, Role, ServiceToken, Subject};
use store::{Conflict, Paging, StoreError, TokenHash, Tx};

use crate::world::{World, at, id, of, on_both, permit};

on_both![
    a_service_token_comes_back_as_it_went_in,
    a_service_token_is_found_by_its_present_value_alone,
    a_revoked_service_token_opens_nothing_and_keeps_its_name_for_the_log,
    names_of_service_tokens_are_unique_in_their_organization_as_long_as_they_live,
    service_tokens_are_listed_in_pages,
    what_a_service_token_may_is_versioned,
    service_tokens_that_end_soon_are_found,
    service_tokens_of_others_do_not_exist,
];

fn hash(number: u32) -> TokenHash {
    TokenHash([number as u8; 32])
}

pub(crate) fn service_token(organization: u32, number: u32) -> ServiceToken {
    ServiceToken {
        id: id("svc", organization * 1000 + number),
        organization: id("org", organization),
        name: of(&format!("CI {number}")),
        roles: BTreeSet::from([of("signing-manager"), of("credentials-viewer")]),
        confined_to: None,
        address_ranges: vec![],
        created_by: Subject::User(id("user", organization)),
        created_at: at(0),
        expires_at: at(i64::from(number) * 100),
        used_at: None,
    }
}

async fn furnish_in(tx: &mut Tx, number: u32) {
    let may = permit(Action::ManageTokens, 1);
    let inserted = tx.insert_service_token(&may, &service_token(1, number), &hash(number)).await;
    inserted.expect("inserted");
}

async fn furnish(world: &World, numbers: impl IntoIterator<Item = u32>) {
    let mut tx = world.store.begin_over_all().await.expect("begins");
    for number in numbers {
        furnish_in(&mut tx, number).await;
    }
    tx.commit().await.expect("kept");
}

async fn a_service_token_comes_back_as_it_went_in(world: World) {
    let may = permit(Action::ManageTokens, 1);
    let confined = ServiceToken {
        confined_to: Some(BTreeSet::from([id("org", 1), id("org", 7)])),
        address_ranges: vec![of("10.0.0.0/8"), of("2001:db8::/32")],
        created_by: Subject::Service(id("svc", 9)),
        ..service_token(1, 2)
    };
    furnish(&world, [1]).await;
    let mut tx = world.store.begin_over_all().await.expect("begins");
    tx.insert_service_token(&may, &confined, &hash(2)).await.expect("inserted");
    for token in [service_token(1, 1), confined.clone()] {
        assert_eq!(tx.service_token(&may, token.id).await.expect("found"), token);
    }
    let renamed = ServiceToken {
        name: of("Uploads"),
        roles: BTreeSet::from([Role::Owner]),
        confined_to: None,
        address_ranges: vec![],
        ..confined
    };
    tx.change_service_token(&may, &renamed).await.expect("changed");
    assert_eq!(tx.service_token(&may, renamed.id).await.expect("found"), renamed);
    tx.touch_service_token(renamed.id, at(7)).await.expect("noted");
    tx.touch_service_token(renamed.id, at(5)).await.expect("a late report");
    assert_eq!(tx.service_token(&may, renamed.id).await.expect("found").used_at, Some(at(7)));
}

async fn a_service_token_is_found_by_its_present_value_alone(world: World) {
    furnish(&world, [1]).await;
    let may = permit(Action::ManageTokens, 1);
    let token = service_token(1, 1);
    let mut tx = world.store.begin_over_all().await.expect("begins");
    let found = tx.service_token_by_hash(&hash(1), at(99)).await.expect("asked").expect("found");
    assert_eq!((found.0, found.1.subject), (token.clone(), Subject::Service(token.id)));
    assert_eq!(tx.service_token_by_hash(&hash(1), at(100)).await.expect("asked"), None);
    tx.rotate_service_token(&may, token.id, &hash(2), at(500)).await.expect("rotated");
    assert_eq!(tx.service_token_by_hash(&hash(1), at(1)).await.expect("asked"), None);
    let found = tx.service_token_by_hash(&hash(2), at(499)).await.expect("asked").expect("found").0;
    assert_eq!((found.id, found.expires_at), (token.id, at(500)));
}

async fn a_revoked_service_token_opens_nothing_and_keeps_its_name_for_the_log(world: World) {
    furnish(&world, [1]).await;
    let may = permit(Action::ManageTokens, 1);
    let token = service_token(1, 1);
    let mut tx = world.store.begin_over_all().await.expect("begins");
    let revoked = tx.revoke_service_token(&may, token.id).await.expect("revoked");
    assert_eq!(revoked, token);
    assert_eq!(tx.service_token_by_hash(&hash(1), at(4)).await.expect("asked"), None);
    assert!(tx.service_tokens(&may, &Paging::default()).await.expect("listed").items.is_empty());
    let absent = |answer: store::Result<()>| assert!(matches!(answer, Err(StoreError::NotFound)), "{answer:?}");
    absent(tx.service_token(&may, token.id).await.map(drop));
    absent(tx.change_service_token(&may, &token).await);
    absent(tx.rotate_service_token(&may, token.id, &hash(2), at(500)).await);
    absent(tx.revoke_service_token(&may, token.id).await.map(drop));
    assert_eq!(tx.service_token_name(token.id).await.expect("asked"), Some(token.name));
    furnish_in(&mut tx, 2).await;
    tx.change_service_token(
        &may,
        &ServiceToken {
            name: of("Uploads"),
            ..service_token(1, 2)
        },
    )
    .await
    .expect("renamed");
    assert_eq!(tx.service_token_name(id("svc", 1002)).await.expect("asked"), Some(of("Uploads")));
    assert_eq!(tx.service_token_name(id("svc", 77)).await.expect("asked"), None);
}

async fn names_of_service_tokens_are_unique_in_their_organization_as_long_as_they_live(world: World) {
    furnish(&world, [1, 2]).await;
    let may = permit(Action::ManageTokens, 1);
    let named = |number, name: &str| ServiceToken {
        name: of(name),
        ..service_token(1, number)
    };
    let mut tx = world.store.begin_over_all().await.expect("begins");
    for twin in ["CI 1", "ci 1", "ＣＩ １"] {
        let made = tx.insert_service_token(&may, &named(3, twin), &hash(3)).await;
        assert!(matches!(made, Err(StoreError::Conflict(Conflict::TokenName))), "{twin}: {made:?}");
        let renamed = tx.change_service_token(&may, &named(2, twin)).await;
        assert!(
            matches!(renamed, Err(StoreError::Conflict(Conflict::TokenName))),
            "{twin}: {renamed:?}"
        );
    }
    tx.change_service_token(&may, &named(1, "ci 1"))
        .await
        .expect("its own name, spelled otherwise");
    let theirs = permit(Action::ManageTokens, 2);
    tx.insert_service_token(&theirs, &service_token(2, 1), &hash(4))
        .await
        .expect("another organization");
    tx.revoke_service_token(&may, id("svc", 1001)).await.expect("revoked");
    tx.insert_service_token(&may, &named(3, "CI 1"), &hash(3))
        .await
        .expect("the name is free again");
}

async fn service_tokens_are_listed_in_pages(world: World) {
    furnish(&world, 1..=5).await;
    let may = permit(Action::SeeTokens, 1);
    let mut tx = world.store.read_over_all().await.expect("begins");
    let (mut seen, mut paging) = (Vec::new(), Paging::first(2));
    loop {
        let page = tx.service_tokens(&may, &paging).await.expect("listed");
        assert!(page.items.len() <= 2);
        seen.extend(page.items.into_iter().map(|token| token.name.to_string()));
        let Some(next) = page.next else { break };
        paging = Paging::after(next, 2);
    }
    assert_eq!(seen, ["CI 5", "CI 4", "CI 3", "CI 2", "CI 1"]);
}

async fn what_a_service_token_may_is_versioned(world: World) {
    furnish(&world, [1]).await;
    let may = permit(Action::ManageTokens, 1);
    let token = service_token(1, 1);
    let mut tx = world.store.begin_over_all().await.expect("begins");
    let mut versions = Vec::new();
    for step in 0..3 {
        match step {
            1 => tx.change_service_token(&may, &token).await.expect("changed"),
            2 => tx.rotate_service_token(&may, token.id, &hash(9), at(500)).await.expect("rotated"),
            _ => {}
        }
        tx.touch_service_token(token.id, at(step)).await.expect("noted");
        let (_, standing) = tx.service_token_standing(token.id).await.expect("asked").expect("there");
        versions.push(standing.version);
    }
    assert!(versions.is_sorted_by(|a, b| a < b), "{versions:?}");
    tx.revoke_service_token(&may, token.id).await.expect("revoked");
    assert_eq!(tx.service_token_standing(token.id).await.expect("asked"), None);
}

async fn service_tokens_that_end_soon_are_found(world: World) {
    furnish(&world, 1..=4).await;
    let mut tx = world.store.begin_over_all().await.expect("begins");
    let theirs = permit(Action::ManageTokens, 2);
    tx.insert_service_token(&theirs, &service_token(2, 2), &hash(12))
        .await
        .expect("inserted");
    let may = permit(Action::SeeTokens, 1);
    tx.revoke_service_token(&may, id("svc", 1003)).await.expect("revoked");
    let ids = |tokens: Vec<ServiceToken>| tokens.into_iter().map(|token| token.id).collect::<Vec<_>>();
    let mine = tx.service_tokens_by_expiry(&may, at(200), at(400), 9).await.expect("asked");
    assert_eq!(ids(mine), [id("svc", 1002), id("svc", 1004)]);
    let all = tx.service_tokens_ending(at(100), at(300)).await.expect("asked");
    assert_eq!(ids(all), [id("svc", 1002), id("svc", 2002)]);
}

async fn service_tokens_of_others_do_not_exist(world: World) {
    furnish(&world, [1]).await;
    let they = permit(Action::ManageTokens, 2);
    let mine = service_token(1, 1);
    let mut tx = world.store.begin_over_all().await.expect("begins");
    let absent = |answer: store::Result<()>| assert!(matches!(answer, Err(StoreError::NotFound)), "{answer:?}");
    absent(tx.service_token(&they, mine.id).await.map(drop));
    absent(tx.change_service_token(&they, &mine).await);
    absent(tx.rotate_service_token(&they, mine.id, &hash(2), at(500)).await);
    absent(tx.revoke_service_token(&they, mine.id).await.map(drop));
    assert!(tx.service_tokens(&they, &Paging::default()).await.expect("listed").items.is_empty());
    assert!(
        tx.service_tokens_by_expiry(&they, at(0), at(900), 9)
            .await
            .expect("asked")
            .is_empty()
    );
    let still = tx.service_token(&permit(Action::SeeTokens, 1), mine.id).await.expect("found");
    assert_eq!(still, mine);
}
