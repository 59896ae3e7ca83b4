//! Stories by actor, on both databases, against the simulated Apple.
#![expect(clippy::unwrap_used, reason = "a story that goes wrong shall stop where it does")]

mod accounts;
mod activity;
mod apple_account;
mod apple_webhooks;
mod apps;
mod binaries;
mod builds;
mod certificate_sharing;
mod certificates;
mod channels;
mod checks;
mod csrs;
mod device_rule;
mod enrollment;
mod expiries;
mod exports;
mod imports;
mod inbox;
mod invitations;
mod keys;
mod lent_sets;
mod log_is_whole;
mod log_of_many;
mod lost_answers;
mod members;
mod operations;
mod organizations;
mod overview;
mod profile_references;
mod profiles;
mod renewals;
mod rights;
mod sealed;
mod service_tokens;
mod shared_in_flight;
mod sharing;
mod signing_report;
mod signing_set_races;
mod signing_sets;
mod testing;
mod unsteady_apple;

use app::Problem;
use testkit::World;

/// What a story is refused with, for stories that end there.
pub(crate) fn code<T>(result: Result<T, Problem>) -> &'static str {
    match result {
        Ok(_) => "no problem",
        Err(problem) => problem.code,
    }
}

/// The sentences of the activity log, newest first.
pub(crate) async fn log(world: &World) -> Vec<String> {
    let records = world
        .app()
        .activity(&world.owner.caller, world.org, 200)
        .await
        .expect("the Owner reads it");
    records
        .into_iter()
        .map(|record| format!("{} {}", record.actor, record.sentence))
        .collect()
}
