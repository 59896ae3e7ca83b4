//! Browser sessions, personal tokens and the set-up token.

use domain::{ApiToken, Session};
use store::{StoreError, TokenHash};

use crate::world::{World, at, id, of, on_both, user};

on_both![
    a_session_is_found_by_its_token_until_it_ends,
    a_session_is_confirmed_by_its_own_person,
    sessions_end_one_by_one_or_all_but_one,
    a_token_is_found_by_its_hash_until_it_ends,
    a_token_is_revoked_by_its_owner_alone,
    the_set_up_token_works_once,
];

fn hash(number: u32) -> TokenHash {
    TokenHash([number as u8; 32])
}

fn session(number: u32, owner: u32) -> Session {
    Session {
        id: id("sess", number),
        user: user(owner).id,
        created_at: at(0),
        seen_at: at(0),
        expires_at: at(100),
        confirmed_at: at(0),
        address: Some("2001:db8::1".to_owned()),
        agent: None,
    }
}

fn token(number: u32, owner: u32) -> ApiToken {
    ApiToken {
        id: id("tok", number),
        user: user(owner).id,
        name: of("CI"),
        created_at: at(0),
        expires_at: at(100),
        used_at: None,
    }
}

async fn a_session_is_confirmed_by_its_own_person(world: World) {
    let mut tx = world.store.begin_over_all().await.expect("begins");
    tx.insert_session(&session(1, 1), &hash(1)).await.expect("inserted");
    assert!(
        !tx.confirm_session(user(2).id, session(1, 1).id, at(9)).await.expect("asked"),
        "not theirs"
    );
    assert!(tx.confirm_session(user(1).id, session(1, 1).id, at(7)).await.expect("confirmed"));
    let found = tx.session_by_token(&hash(1), at(8)).await.expect("asked").expect("there");
    assert_eq!(found.confirmed_at, at(7));
}

async fn a_session_is_found_by_its_token_until_it_ends(world: World) {
    let mut tx = world.store.begin_over_all().await.expect("begins");
    tx.insert_session(&session(1, 1), &hash(1)).await.expect("inserted");
    assert_eq!(tx.session_by_token(&hash(1), at(99)).await.expect("asked"), Some(session(1, 1)));
    assert_eq!(tx.session_by_token(&hash(1), at(100)).await.expect("asked"), None);
    assert_eq!(tx.session_by_token(&hash(2), at(1)).await.expect("asked"), None);
    tx.touch_session(id("sess", 1), at(50)).await.expect("touched");
    tx.touch_session(id("sess", 1), at(40)).await.expect("a late report");
    let seen = tx.session_by_token(&hash(1), at(99)).await.expect("asked").expect("found").seen_at;
    assert_eq!(seen, at(50));
    tx.delete_expired(at(100)).await.expect("cleared");
    assert_eq!(tx.session_by_token(&hash(1), at(99)).await.expect("asked"), None);
    assert_eq!(format!("{:?}", hash(7)), "TokenHash(…)");
}

async fn sessions_end_one_by_one_or_all_but_one(world: World) {
    let mut tx = world.store.begin_over_all().await.expect("begins");
    for number in 1..=4 {
        tx.insert_session(&session(number, 1), &hash(number)).await.expect("inserted");
    }
    tx.insert_session(&session(5, 2), &hash(5)).await.expect("inserted");
    assert!(!tx.end_session(user(2).id, id("sess", 1)).await.expect("asked"), "somebody else's");
    assert!(tx.end_session(user(1).id, id("sess", 1)).await.expect("ended"));
    assert_eq!(tx.end_sessions(user(1).id, Some(id("sess", 3))).await.expect("ended"), 2);
    assert_eq!(tx.sessions_of(user(1).id, at(1)).await.expect("listed"), [session(3, 1)]);
    assert_eq!(tx.end_sessions(user(1).id, None).await.expect("ended"), 1);
    assert_eq!(tx.sessions_of(user(2).id, at(1)).await.expect("listed"), [session(5, 2)]);
    assert!(tx.sessions_of(user(2).id, at(100)).await.expect("listed").is_empty());
}

async fn a_token_is_found_by_its_hash_until_it_ends(world: World) {
    let mut tx = world.store.begin_over_all().await.expect("begins");
    tx.insert_token(&token(1, 1), &hash(1)).await.expect("inserted");
    assert_eq!(tx.token_by_hash(&hash(1), at(99)).await.expect("asked"), Some(token(1, 1)));
    assert_eq!(tx.token_by_hash(&hash(1), at(100)).await.expect("asked"), None);
    tx.touch_token(id("tok", 1), at(5)).await.expect("touched");
    tx.touch_token(id("tok", 1), at(4)).await.expect("a late report");
    let used = tx.token_by_hash(&hash(1), at(99)).await.expect("asked").expect("found").used_at;
    assert_eq!(used, Some(at(5)));
    tx.delete_expired(at(100)).await.expect("cleared");
    assert!(tx.tokens_of(user(1).id).await.expect("listed").is_empty());
}

async fn a_token_is_revoked_by_its_owner_alone(world: World) {
    let mut tx = world.store.begin_over_all().await.expect("begins");
    for number in 1..=2 {
        tx.insert_token(&token(number, 1), &hash(number)).await.expect("inserted");
    }
    assert_eq!(tx.tokens_of(user(1).id).await.expect("listed"), [token(2, 1), token(1, 1)]);
    let foreign = tx.revoke_token(user(2).id, id("tok", 1)).await;
    assert!(matches!(foreign, Err(StoreError::NotFound)), "{foreign:?}");
    assert_eq!(tx.revoke_token(user(1).id, id("tok", 1)).await.expect("revoked"), token(1, 1));
    assert_eq!(tx.token_by_hash(&hash(1), at(1)).await.expect("asked"), None);
    assert!(tx.revoke_token(user(1).id, id("tok", 1)).await.is_err());
}

async fn the_set_up_token_works_once(world: World) {
    let mut tx = world.store.begin_over_all().await.expect("begins");
    assert!(!tx.take_setup_token(&hash(1)).await.expect("asked"), "there is none");
    tx.set_setup_token(&hash(1), at(0)).await.expect("set");
    tx.set_setup_token(&hash(2), at(1)).await.expect("set anew");
    assert!(!tx.is_setup_token(&hash(1)).await.expect("asked"));
    assert!(tx.is_setup_token(&hash(2)).await.expect("asked"));
    assert!(!tx.take_setup_token(&hash(1)).await.expect("asked"), "the one before");
    assert!(tx.take_setup_token(&hash(2)).await.expect("taken"));
    assert!(!tx.take_setup_token(&hash(2)).await.expect("asked"), "used up");
}
