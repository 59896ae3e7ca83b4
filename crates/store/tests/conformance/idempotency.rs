//! Repeated requests.

use domain::Action;
use store::{Idempotency, IdempotencyKey, StoreError, StoredAnswer};

use crate::world::{World, at, id, on_both, permit};

on_both![
    an_answer_is_given_again_to_the_same_request,
    an_answer_with_a_secret_is_never_kept,
    keys_of_others_are_other_keys,
    a_failed_request_may_be_tried_again,
];

fn key(principal: &str) -> IdempotencyKey {
    IdempotencyKey {
        organization: id("org", 1),
        principal: principal.to_owned(),
        key: "a-key".to_owned(),
        request_hash: [1; 32],
    }
}

fn answer() -> StoredAnswer {
    StoredAnswer {
        status: 201,
        content_type: "application/json".to_owned(),
        body: b"{\"id\":\"key_1\"}".to_vec(),
    }
}

async fn an_answer_is_given_again_to_the_same_request(world: World) {
    let mut tx = world.store.begin_over_all().await.expect("begins");
    assert_eq!(tx.begin_idempotent(&key("p"), at(0)).await.expect("begun"), Idempotency::Fresh);
    assert_eq!(
        tx.begin_idempotent(&key("p"), at(1)).await.expect("begun"),
        Idempotency::InProgress { since: at(0) }
    );
    tx.finish_idempotent(&key("p"), Some(&answer())).await.expect("finished");
    assert_eq!(
        tx.begin_idempotent(&key("p"), at(2)).await.expect("begun"),
        Idempotency::Replay(answer())
    );
    let other = IdempotencyKey {
        request_hash: [2; 32],
        ..key("p")
    };
    assert_eq!(tx.begin_idempotent(&other, at(3)).await.expect("begun"), Idempotency::OtherRequest);
    let never = tx.finish_idempotent(&key("q"), Some(&answer())).await;
    assert!(matches!(never, Err(StoreError::NotFound)), "{never:?}");
}

async fn an_answer_with_a_secret_is_never_kept(world: World) {
    let mut tx = world.store.begin_over_all().await.expect("begins");
    tx.begin_idempotent(&key("p"), at(0)).await.expect("begun");
    tx.finish_idempotent(&key("p"), None).await.expect("finished");
    assert_eq!(
        tx.begin_idempotent(&key("p"), at(1)).await.expect("begun"),
        Idempotency::AlreadyDone
    );
}

async fn keys_of_others_are_other_keys(world: World) {
    let mut tx = world.store.begin_over_all().await.expect("begins");
    tx.begin_idempotent(&key("p"), at(0)).await.expect("begun");
    assert_eq!(tx.begin_idempotent(&key("q"), at(0)).await.expect("begun"), Idempotency::Fresh);
    let elsewhere = IdempotencyKey {
        organization: id("org", 2),
        ..key("p")
    };
    assert_eq!(tx.begin_idempotent(&elsewhere, at(0)).await.expect("begun"), Idempotency::Fresh);
}

async fn a_failed_request_may_be_tried_again(world: World) {
    let mut tx = world.store.begin_over_all().await.expect("begins");
    tx.begin_idempotent(&key("p"), at(0)).await.expect("begun");
    tx.release_idempotent(&key("p")).await.expect("released");
    assert_eq!(tx.begin_idempotent(&key("p"), at(1)).await.expect("begun"), Idempotency::Fresh);
    tx.forget_idempotent(&permit(Action::SeeOrganization, 1), at(1))
        .await
        .expect("forgotten");
    assert_eq!(
        tx.begin_idempotent(&key("p"), at(2)).await.expect("begun"),
        Idempotency::InProgress { since: at(1) },
        "too young to forget"
    );
    tx.forget_idempotent(&permit(Action::SeeOrganization, 1), at(2))
        .await
        .expect("forgotten");
    assert_eq!(tx.begin_idempotent(&key("p"), at(3)).await.expect("begun"), Idempotency::Fresh);
}
