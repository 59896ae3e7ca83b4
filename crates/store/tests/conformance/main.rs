//! Every public function of the store, on SQLite and on PostgreSQL: one behavior.

#[path = "../../../testkit/src/postgres.rs"]
#[expect(unreachable_pub, dead_code, reason = "a file of another crate, where all of it is reached")]
mod postgres;

mod world;

mod accounts;
mod activity;
mod activity_chain;
mod app_settings;
mod apple_webhooks;
mod binaries;
mod certificates;
mod channels;
mod coverage;
mod crash;
mod csrs;
mod enrollment;
mod idempotency;
mod invitations;
mod jobs;
mod keys;
mod lent_certificates;
mod lent_profiles;
mod lists;
mod members;
mod opening;
mod operations;
mod organizations;
mod profiles;
mod service_tokens;
mod sessions;
mod shares;
mod signing_sets;
mod statements;
mod tenants;
mod walls;
