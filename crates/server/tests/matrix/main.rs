//! The proof of tenancy: every door of the server, asked by everybody from everywhere, and each answer is what the door
//! declares and nothing else.
//!
//! The doors come from the server's own table ([`server::doors::doors`]), so a new one is asked without anybody thinking of
//! it; all that it needs is a sample request (`samples.rs`). Who may what is written down a second time (`policy.rs`), in the
//! words of the product and not by asking the policy. The world (`town.rs`) has two root organizations with
//! sub-organizations, in each of them objects with names that occur nowhere else. Everybody (`people.rs`) is: each role in a
//! root and in a sub-organization, by session and by token, and those who were let in once.
//!
//! An answer about an organization that somebody does not belong to must be, to the byte, the one about an organization
//! that does not exist; and no answer at all may hold a name or an id out of it. `borders.rs` puts ids of others into every
//! other place of a request.

mod borders;
mod cases;
mod people;
mod policy;
mod samples;
mod sending;
mod town;

use people::People;
use std::{collections::BTreeMap, sync::Arc};
use testkit::World;
use town::Town;

/// What was not as declared: at which door and what was due there, then each case.
type Complaints = BTreeMap<String, Vec<String>>;

/// One broken check makes hundreds of complaints: of each kind, one is told.
#[expect(clippy::print_stdout, reason = "how many cases there were is part of the proof")]
fn judge(what: &str, cases: usize, complaints: &Complaints) {
    println!("{what}: {cases} cases");
    let told: Vec<_> = complaints
        .iter()
        .map(|(kind, each)| format!("{kind}, {} times, as {}", each.len(), each[0]))
        .collect();
    assert!(complaints.is_empty(), "{what}: not as declared\n{}", told.join("\n"));
}

async fn everybody_at_every_door(world: World) {
    let town = Arc::new(Town::built(world).await);
    let people = People::moved_in(&town).await;
    // Borders first: when every door has been asked, everybody has signed out.
    let (cases, complaints) = borders::all(&town, &people).await;
    judge("ids of others in every other place", cases, &complaints);
    assert!(cases >= 300, "{cases}");
    let (cases, complaints) = cases::all(&town, &people).await;
    judge("every door, everybody, everywhere", cases, &complaints);
    assert!(cases >= 5_000, "{cases} cases are too few to call it a matrix");
}

testkit::on_both_databases! {
    async fn every_door_answers_everybody_as_it_declares(world: World) {
        everybody_at_every_door(world).await;
    }
}
