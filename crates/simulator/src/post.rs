//! Notifications on their way to the addresses of webhooks.
//!
//! The rules put letters into the outbox ([`crate::resources`]); a task of its own carries them, because nobody may wait
//! for a stranger's server under the one lock. The same task lets time pass while there are webhooks, so that they are
//! told what happened also when nobody asks.

use crate::api::Kind;
use crate::clock::store_date;
use crate::http::Shared;
use aws_lc_rs::hmac;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;
use tokio::sync::watch;

/// How often the outbox is looked at.
const ROUND: Duration = Duration::from_millis(50);

/// How long an address may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How much of an answer is kept, in characters.
const KEPT: usize = 1000;

/// What is known of the notifications of one team.
#[derive(Debug, Default)]
pub(crate) struct Post {
    /// By webhook; Apple never tells them.
    pub(crate) secrets: BTreeMap<String, String>,
    pub(crate) outbox: Vec<Letter>,
    /// What is to become of the next letters, by order.
    pub(crate) ordered: VecDeque<DeliveryTrouble>,
    /// Where all of them are brought, whatever host their address names; none for that host.
    pub(crate) brought_to: Option<url::Url>,
}

impl Post {
    /// Where a letter to this address is brought.
    fn place_of(&self, address: &str) -> String {
        let place = self.brought_to.as_ref().and_then(|origin| {
            let address = url::Url::parse(address).ok()?;
            let mut place = origin.clone();
            place.set_path(address.path());
            place.set_query(address.query());
            Some(place)
        });
        place.map_or_else(|| address.to_owned(), String::from)
    }
}

/// A notification that is to be sent.
#[derive(Debug)]
pub(crate) struct Letter {
    /// The id of the `webhookDeliveries`.
    pub(crate) delivery: String,
    pub(crate) url: String,
    pub(crate) signature: String,
    pub(crate) body: String,
}

/// What can become of a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryTrouble {
    /// It is not sent, and the delivery is FAILED.
    Lose,
    /// It is sent twice.
    Repeat,
    /// It is sent with a signature by another secret.
    Forge,
}

/// The value of `x-apple-signature` (facts G1).
pub(crate) fn signature(secret: &str, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    format!("hmacsha256={}", hex::encode(hmac::sign(&key, body.as_bytes())))
}

/// Carries letters until `stop` says so.
pub(crate) async fn carry(shared: Shared, mut stop: watch::Receiver<bool>) {
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(PATIENCE)
        .build();
    let client = match client {
        Ok(client) => client,
        Err(error) => {
            tracing::error!(%error, "no notification of a webhook can be sent");
            return;
        }
    };
    loop {
        tokio::select! {
            _ = stop.changed() => return,
            () = tokio::time::sleep(ROUND) => {}
        }
        for (letter, trouble) in collect(&shared) {
            tokio::select! {
                _ = stop.changed() => return,
                () = deliver(&client, &shared, letter, trouble) => {}
            }
        }
    }
}

fn collect(shared: &Shared) -> Vec<(Letter, Option<DeliveryTrouble>)> {
    let mut world = shared.world();
    if world.store.all(Kind::Webhooks).is_empty() {
        return Vec::new();
    }
    let now = world.clock.now();
    world.pass_time(now);
    let post = &mut world.store.post;
    let mut letters = std::mem::take(&mut post.outbox);
    for letter in &mut letters {
        letter.url = post.place_of(&letter.url);
    }
    letters.into_iter().map(|letter| (letter, post.ordered.pop_front())).collect()
}

async fn deliver(client: &reqwest::Client, shared: &Shared, mut letter: Letter, trouble: Option<DeliveryTrouble>) {
    if trouble == Some(DeliveryTrouble::Forge) {
        letter.signature = signature("another secret", &letter.body);
    }
    let outcome = match trouble {
        Some(DeliveryTrouble::Lose) => Err("The connection could not be established.".to_owned()),
        Some(DeliveryTrouble::Repeat) => {
            drop(send(client, &letter).await);
            send(client, &letter).await
        }
        _ => send(client, &letter).await,
    };
    let mut world = shared.world();
    let sent = store_date(world.clock.now());
    let Some(delivery) = world.store.get_mut(Kind::WebhookDeliveries, &letter.delivery) else {
        return;
    };
    delivery.set("sentDate", sent);
    match outcome {
        Ok((status, body)) => {
            let state = if (200..300).contains(&status) { "SUCCEEDED" } else { "FAILED" };
            delivery.set("deliveryState", state);
            delivery.set("response", json!({ "httpStatusCode": status, "body": body }));
        }
        Err(reason) => {
            delivery.set("deliveryState", "FAILED");
            delivery.set("errorMessage", reason);
        }
    }
}

async fn send(client: &reqwest::Client, letter: &Letter) -> Result<(u16, String), String> {
    let request = client
        .post(&letter.url)
        .header("content-type", "application/json")
        .header("x-apple-signature", &letter.signature)
        .body(letter.body.clone());
    let answer = request.send().await.map_err(|error| error.to_string())?;
    let status = answer.status().as_u16();
    let body = answer.text().await.unwrap_or_default();
    Ok((status, body.chars().take(KEPT).collect()))
}
