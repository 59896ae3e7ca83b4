//! What lies in the database: sealed, bound to its place, and nothing too many.

use crate::{certificates::begin, code};
use domain::{Action, ApiKeyId, decide};
use testkit::{KeyKind, Role, World};
use vault::Place;

/// How many sealed private keys of certificates there are, counted by what operations and certificates name.
pub(crate) async fn signing_keys(world: &World) -> usize {
    let store = world.store().await;
    let permit = decide(&world.owner.caller.principal, Action::SeeSigning, domain::Tenant::root(world.org)).expect("an Owner may");
    let mut tx = store.read_over_all().await.expect("it reads");
    let mut operations = Vec::new();
    let mut paging = store::Paging::first(200);
    loop {
        let page = tx.operations(&permit, &paging).await.expect("listed");
        operations.extend(page.items);
        let Some(next) = page.next else { break };
        paging = store::Paging::after(next, 200);
    }
    let org = world.org.to_string();
    let mut found = 0;
    for operation in operations {
        let domain::OperationKind::CreateCertificate { private_key, .. } = operation.kind else {
            continue;
        };
        let object = private_key.to_string();
        let place = Place {
            owner: &org,
            kind: "signing_key",
            object: &object,
            field: "private_key",
            version: 1,
        };
        found += usize::from(tx.secret(&permit, &place).await.is_ok());
    }
    found
}

fn api_key<'a>(owner: &'a str, object: &'a str, version: u64) -> Place<'a> {
    Place {
        owner,
        kind: "api_key",
        object,
        field: "private_key",
        version,
    }
}

/// Which generations of a key have a sealed private key.
pub(crate) async fn generations(world: &World, key: ApiKeyId) -> Vec<u64> {
    let permit = decide(&world.owner.caller.principal, Action::SeeKeys, domain::Tenant::root(world.org)).expect("an Owner may");
    let store = world.store().await;
    let mut tx = store.read_over_all().await.expect("it reads");
    let (org, object) = (world.org.to_string(), key.to_string());
    let mut found = Vec::new();
    for version in 1..10 {
        if tx.secret(&permit, &api_key(&org, &object, version)).await.is_ok() {
            found.push(version);
        }
    }
    found
}

async fn swap(world: &World, a: ApiKeyId, b: ApiKeyId) {
    let permit = decide(&world.owner.caller.principal, Action::RotateKey, domain::Tenant::root(world.org)).expect("an Owner may");
    let store = world.store().await;
    let mut tx = store.begin_over_all().await.unwrap();
    let (org, a, b) = (world.org.to_string(), a.to_string(), b.to_string());
    let (a, b) = (api_key(&org, &a, 1), api_key(&org, &b, 1));
    let sealed_a = tx.secret(&permit, &a).await.unwrap();
    let sealed_b = tx.secret(&permit, &b).await.unwrap();
    tx.delete_secret(&permit, &a).await.unwrap();
    tx.delete_secret(&permit, &b).await.unwrap();
    tx.put_secret(&permit, &a, &sealed_b).await.unwrap();
    tx.put_secret(&permit, &b, &sealed_a).await.unwrap();
    tx.commit().await.unwrap();
}

testkit::on_both_databases! {
    async fn sealed_keys_that_were_swapped_are_not_opened(world: World) {
        let one = world.link(Role::Admin).await;
        let two = world.link(Role::Developer).await;
        swap(&world, one, two).await;
        let before = world.requests();
        for key in [one, two] {
            // A fresh token is needed, so the sealed key is opened.
            let asked = world.app().mint_apple_token(&world.owner.caller, world.org, key, 5, &[]).await;
            assert_eq!(code(asked), "secret_not_opened");
        }
        assert_eq!(world.requests(), before);
        swap(&world, one, two).await;
        assert!(world.app().mint_apple_token(&world.owner.caller, world.org, one, 5, &[]).await.is_ok());
    }

    async fn a_key_that_cannot_be_opened_fails_its_act_for_sure(world: World) {
        let one = world.link(Role::Admin).await;
        let two = world.link_kind(KeyKind::Team, Role::Developer).await;
        let operation = begin(&world, one, "DISTRIBUTION").await;
        swap(&world, one, two).await;
        // No token of before is in memory.
        world.restart().await;
        world.app().run_due_jobs().await.unwrap();
        let state = crate::certificates::state(&world, operation.id).await;
        assert!(matches!(state, domain::OperationState::Failed { .. }), "{state:?}");
        assert_eq!(world.count(crate::certificates::POST), 0);
    }
}
