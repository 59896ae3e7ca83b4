//! Webhooks: who is told what of an app, the events there were, and each attempt to tell of one.

use super::{Act, overwrite};
use crate::api::Kind;
use crate::clock::store_date;
use crate::entity::Entity;
use crate::post::{Letter, signature};
use crate::refusal::Refusal;
use jiff::Timestamp;
use serde_json::{Value, json};

/// Where Apple's notifications say that things are.
const APPLE: &str = "https://api.appstoreconnect.apple.com/v1";

pub(super) fn create(act: &mut Act<'_>, entity: &Entity) -> Result<String, Refusal> {
    let app = act.related(entity, "app", Kind::Apps)?;
    for name in ["name", "secret"] {
        if entity.text(name).trim().is_empty() {
            return Err(Refusal::attribute_invalid(
                name,
                format!("The attribute '{name}' is invalid: it is empty"),
            ));
        }
    }
    check_url(entity.text("url"))?;
    let id = act.entropy.uuid();
    let mut webhook = act.object(Kind::Webhooks, id.clone());
    for name in ["enabled", "eventTypes", "name", "url"] {
        webhook.set(name, entity.attributes.get(name).cloned().unwrap_or_default());
    }
    webhook.link("app", vec![app]);
    act.team.add(webhook);
    act.team.post.secrets.insert(id.clone(), entity.text("secret").to_owned());
    Ok(id)
}

pub(super) fn update(act: &mut Act<'_>, id: &str, entity: &Entity) -> Result<(), Refusal> {
    if entity.attributes.get("url").is_some_and(Value::is_string) {
        check_url(entity.text("url"))?;
    }
    let mut shown = entity.clone();
    if let Some(Value::String(secret)) = shown.attributes.remove("secret") {
        act.team.post.secrets.insert(id.to_owned(), secret);
    }
    overwrite(act, Kind::Webhooks, id, &shown);
    Ok(())
}

pub(super) fn delete(act: &mut Act<'_>, id: &str) -> Result<(), Refusal> {
    act.team.post.secrets.remove(id);
    act.team
        .all_mut(Kind::WebhookDeliveries)
        .retain(|delivery| delivery.linked("webhook") != id);
    act.remove(Kind::Webhooks, id);
    Ok(())
}

/// An event of its own, so that a person sees whether the address works.
pub(super) fn ping(act: &mut Act<'_>, entity: &Entity) -> Result<String, Refusal> {
    let webhook = act.related(entity, "webhook", Kind::Webhooks)?;
    let payload = json!({ "data": {
        "type": "webhookPingCreated",
        "id": act.entropy.uuid(),
        "version": 1,
        "attributes": { "timestamp": fine_date(act.now) },
    }});
    let event = keep_event(act, None, &payload, act.now);
    post(act, &webhook, &event, false, act.now);
    let id = act.entropy.uuid();
    let ping = act.object(Kind::WebhookPings, id.clone());
    act.team.add(ping);
    Ok(id)
}

/// The event of an earlier delivery, once more.
pub(super) fn redeliver(act: &mut Act<'_>, entity: &Entity) -> Result<String, Refusal> {
    let template = act.related(entity, "template", Kind::WebhookDeliveries)?;
    let delivery = act.team.get(Kind::WebhookDeliveries, &template);
    let (webhook, event) = delivery
        .map(|delivery| (delivery.linked("webhook").to_owned(), delivery.linked("event").to_owned()))
        .unwrap_or_default();
    Ok(post(act, &webhook, &event, true, act.now))
}

/// A build upload has come to another state.
pub(super) fn tell_upload(act: &mut Act<'_>, upload: &str, old: &str, new: &str, at: Timestamp) {
    let app = act
        .team
        .get(Kind::BuildUploads, upload)
        .map(|upload| upload.linked("app").to_owned());
    let change = Change {
        event_type: "BUILD_UPLOAD_STATE_UPDATED",
        instance: (Kind::BuildUploads, upload),
        old,
        new,
    };
    tell(act, &app.unwrap_or_default(), &change, at);
}

/// A build stands otherwise with testers from outside of the team.
pub(super) fn tell_external_state(act: &mut Act<'_>, build: &str, old: &str, new: &str) {
    let app = act.team.get(Kind::Builds, build).map(|build| build.linked("app").to_owned());
    let change = Change {
        event_type: "BUILD_BETA_DETAIL_EXTERNAL_BUILD_STATE_UPDATED",
        instance: (Kind::BuildBetaDetails, build),
        old,
        new,
    };
    tell(act, &app.unwrap_or_default(), &change, act.now);
}

/// What an event tells of.
struct Change<'a> {
    event_type: &'static str,
    instance: (Kind, &'a str),
    old: &'a str,
    new: &'a str,
}

/// Tells all webhooks of the app that want to know.
fn tell(act: &mut Act<'_>, app: &str, change: &Change<'_>, at: Timestamp) {
    let wants = |types: &Value| {
        types
            .as_array()
            .is_some_and(|types| types.iter().any(|name| name == change.event_type))
    };
    let webhooks = act.team.all(Kind::Webhooks).iter();
    let told: Vec<_> = webhooks
        .filter(|webhook| webhook.linked("app") == app && webhook.flag("enabled") && wants(&webhook.attributes["eventTypes"]))
        .map(|webhook| webhook.id.clone())
        .collect();
    if told.is_empty() {
        return;
    }
    let (kind, id) = (change.instance.0.as_str(), change.instance.1);
    let payload = json!({ "data": {
        "type": camel_case(change.event_type),
        "id": act.entropy.uuid(),
        "version": 1,
        "attributes": { "newValue": change.new, "oldValue": change.old, "timestamp": fine_date(at) },
        "relationships": { "instance": {
            "data": { "type": kind, "id": id },
            "links": { "self": format!("{APPLE}/{kind}/{id}") },
        }},
    }});
    let event = keep_event(act, Some(change.event_type), &payload, at);
    for webhook in told {
        post(act, &webhook, &event, false, at);
    }
}

fn keep_event(act: &mut Act<'_>, event_type: Option<&str>, payload: &Value, at: Timestamp) -> String {
    let id = act.entropy.uuid();
    let mut event = act.object(Kind::WebhookEvents, id.clone());
    if let Some(event_type) = event_type {
        event.set("eventType", event_type);
    }
    event.set("payload", payload.to_string());
    event.set("ping", event_type.is_none());
    event.set("createdDate", store_date(at));
    act.team.add(event);
    id
}

/// Puts a delivery on record and its letter into the outbox.
fn post(act: &mut Act<'_>, webhook: &str, event: &str, redelivery: bool, at: Timestamp) -> String {
    let text = |kind, id: &str, name: &str| {
        act.team
            .get(kind, id)
            .map(|object| object.text(name).to_owned())
            .unwrap_or_default()
    };
    let (url, body) = (text(Kind::Webhooks, webhook, "url"), text(Kind::WebhookEvents, event, "payload"));
    let id = act.entropy.uuid();
    let mut delivery = act.object(Kind::WebhookDeliveries, id.clone());
    delivery.set("createdDate", store_date(at));
    delivery.set("deliveryState", "PENDING");
    delivery.set("redelivery", redelivery);
    delivery.set("request", json!({ "url": url }));
    delivery.link("webhook", vec![webhook.to_owned()]);
    delivery.link("event", vec![event.to_owned()]);
    act.team.add(delivery);
    let post = &mut act.team.post;
    let secret = post.secrets.get(webhook).map_or("", String::as_str);
    post.outbox.push(Letter {
        delivery: id.clone(),
        url,
        signature: signature(secret, &body),
        body,
    });
    id
}

/// Plain HTTP is taken, unlike at Apple: who tests has no certificate.
fn check_url(url: &str) -> Result<(), Refusal> {
    let is_web = url::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    if is_web {
        Ok(())
    } else {
        Err(Refusal::attribute_invalid(
            "url",
            format!("The attribute 'url' is invalid: '{url}'"),
        ))
    }
}

/// `BUILD_UPLOAD_STATE_UPDATED` is `buildUploadStateUpdated` in a notification (facts G1).
fn camel_case(words: &str) -> String {
    let words = words.split('_').map(str::to_ascii_lowercase);
    let cased = words.enumerate().map(|(index, word)| match word.split_at_checked(1) {
        Some((first, rest)) if index > 0 => first.to_ascii_uppercase() + rest,
        _ => word,
    });
    cased.collect()
}

/// `2025-06-09T10:09:30.123Z`: how notifications write an instant (facts G1).
fn fine_date(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}
