//! Webhooks at Apple that tell this server of an app.

use domain::{Action, AppleWebhook};
use store::{Conflict, StoreError};

use crate::world::{World, at, id, key, of, on_both, permit, place, sealed};

on_both![a_webhook_comes_back_as_it_went_in, it_outlives_its_key_and_is_ones_own];

fn webhook(organization: u32, number: u32, app: &str) -> AppleWebhook {
    AppleWebhook {
        id: id("hook", number),
        organization: id("org", organization),
        key: Some(key(organization, 1).id),
        identifier: format!("no.halden.{app}"),
        app: app.to_owned(),
        apple_id: None,
        created_at: at(1),
        last_delivery_at: None,
    }
}

async fn with_keys(world: &World) {
    let mut tx = world.store.begin_over_all().await.expect("begins");
    for organization in [1, 2] {
        let may = permit(Action::AddKey, organization);
        tx.insert_key(&may, &key(organization, 1)).await.expect("inserted");
    }
    tx.commit().await.expect("kept");
}

async fn a_webhook_comes_back_as_it_went_in(world: World) {
    with_keys(&world).await;
    let may = permit(Action::SendBuild, 1);
    let mut tx = world.store.begin_for(&may).await.expect("begins");
    tx.insert_apple_webhook(&may, &webhook(1, 1, "ferry")).await.expect("inserted");
    tx.insert_apple_webhook(&may, &webhook(1, 2, "tickets")).await.expect("inserted");
    let twin = tx.insert_apple_webhook(&may, &webhook(1, 3, "ferry")).await;
    assert!(matches!(twin, Err(StoreError::Conflict(Conflict::Webhook))), "{twin:?}");
    let found = tx.apple_webhook_of(&may, "no.halden.ferry").await.expect("looked");
    assert_eq!(found, Some(webhook(1, 1, "ferry")));
    assert_eq!(tx.apple_webhook_of(&may, "no.halden.other").await.expect("looked"), None);
    let hook = id("hook", 1);
    tx.set_apple_webhook_registered(&may, hook, key(1, 1).id, "w-1")
        .await
        .expect("registered");
    tx.note_apple_delivery(&may, hook, at(9)).await.expect("noted");
    let registered = AppleWebhook {
        apple_id: Some(of("w-1")),
        last_delivery_at: Some(at(9)),
        ..webhook(1, 1, "ferry")
    };
    assert_eq!(
        tx.apple_webhook_of(&may, "no.halden.ferry").await.expect("looked"),
        Some(registered)
    );
    assert!(tx.delete_apple_webhook(&may, hook).await.expect("deleted"));
    assert!(!tx.delete_apple_webhook(&may, hook).await.expect("looked"));
    let gone = tx.note_apple_delivery(&may, hook, at(10)).await;
    assert!(matches!(gone, Err(StoreError::NotFound)), "{gone:?}");
}

async fn it_outlives_its_key_and_is_ones_own(world: World) {
    with_keys(&world).await;
    let (may, they) = (permit(Action::RemoveKey, 1), permit(Action::SendBuild, 2));
    let mut tx = world.store.begin_over_all().await.expect("begins");
    let (owner, object) = (may.organization().to_string(), key(1, 1).id.to_string());
    tx.put_secret(&may, &place(&owner, &object, 1), &sealed("webhook"))
        .await
        .expect("sealed");
    tx.insert_apple_webhook(&may, &webhook(1, 1, "ferry")).await.expect("inserted");
    // Another organization may hear of the same app.
    tx.insert_apple_webhook(&they, &webhook(2, 2, "ferry")).await.expect("inserted");
    let hook = id("hook", 1);
    let foreign = [
        tx.set_apple_webhook_registered(&they, hook, key(2, 1).id, "x").await,
        tx.note_apple_delivery(&they, hook, at(3)).await,
    ];
    assert!(foreign.iter().all(|refused| matches!(refused, Err(StoreError::NotFound))));
    assert!(!tx.delete_apple_webhook(&they, hook).await.expect("looked"));
    tx.remove_key(&may, key(1, 1).id, "api_key").await.expect("removed");
    let without = AppleWebhook {
        key: None,
        ..webhook(1, 1, "ferry")
    };
    // Who delivers knows the id alone.
    assert_eq!(tx.apple_webhook_at(hook).await.expect("looked"), Some(without));
    assert_eq!(tx.apple_webhook_at(id("hook", 9)).await.expect("looked"), None);
}
