//! The binary as people and scripts meet it: processes, files, exit codes, signals.
//!
//! One demo serves all tests of this program; those that break something start a server and a simulator of their own.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on shall stop where it is")]

#[path = "../../../testkit/src/postgres.rs"]
#[expect(unreachable_pub, reason = "a file of another crate, where all of it is reached")]
mod postgres;

mod bundle_ids;
mod command_line;
mod devices;
mod documents;
mod http;
mod imports;
mod killed;
mod log;
mod members;
mod moved_rights;
mod moving_in;
mod process;
mod profiles;
mod refusals;
mod revoking;
mod serving;
mod sharing;
mod signing_sets;
mod site;
mod stage;
mod torn;
