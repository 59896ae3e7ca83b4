//! The client as its callers use it, against servers that play scripted answers.

mod faults;
mod parts;
mod silence;
mod simulated;
mod stage;
mod testflight;
mod token_cache;
mod uploads;
mod webhooks;
mod wire;
