//! The REST API from outside, in one process: every answer of every test is held against the OpenAPI document.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on shall stop where it is")]

mod access;
mod apple_webhooks;
mod certificates;
mod conformance;
mod devices;
mod idempotency;
mod listener;
mod members;
mod notification_channels;
mod organizations;
mod refusals;
mod reports;
mod secrets;
mod service_tokens;
mod sharing;
mod stage;
mod stories;
