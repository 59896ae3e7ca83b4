//! The simulator as a client meets it: over HTTP, with tokens minted by hand.
//!
//! Nothing here comes from our own Apple client. What these tests expect stands in the facts on Apple's API.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops here")]

mod authentication;
mod binaries;
mod builds;
mod client;
mod faults;
mod provisioning;
mod queries;
mod roles;
mod seed;
mod states;
mod testflight;
mod testflight_bounds;
mod uploads;
mod webhooks;
