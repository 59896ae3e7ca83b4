//! Ids of other organizations in every other place of a request: the second id of an address, a body, a query, a cursor,
//! an `Idempotency-Key`. Whoever may do everything at home gets the answer that an id has that names nothing.

use crate::{
    Complaints,
    people::{People, Somebody},
    samples::samples,
    sending::{Answer, Asked, Content, send},
    town::{Place, Things, Town},
};
use axum::http::Method;
use server::doors::{Demand, doors};
use std::collections::BTreeSet;

pub(crate) async fn all(town: &Town, people: &People) -> (usize, Complaints) {
    let mut cases = 0;
    let mut complaints = Complaints::new();
    for (home, owner) in [(Place::Alder, "owner of Alder"), (Place::Birch, "owner of Birch")] {
        let owner = people.named(owner);
        for door in doors().iter().filter(|door| door.demand != Demand::Public) {
            // What belongs to a person stands in no place: what the hand has, and they do not, is tried there.
            let own = town.things(if door.path.contains("{org}") { home } else { Place::Nowhere });
            for sample in samples(door) {
                for (name, other) in others(town, &sample.named(door, own), own) {
                    let ask = async |id: &str| {
                        let mut things = own.clone();
                        things.insert(name, id.to_owned());
                        let answer = send(town, owner, &sample.filled(door, &things)).await;
                        answer.told(&things)
                    };
                    let (told, unknown) = (ask(&other).await, ask(&twin(&other)).await);
                    cases += 1;
                    if told != unknown {
                        let kind = format!("{} {}, with another's {{{name}}}", door.method, door.path);
                        let case = format!("{} with {other}: {told}\n--- unknown: {unknown}", owner.name);
                        complaints.entry(kind).or_default().push(case);
                    }
                }
            }
        }
    }
    let (more, others) = same_idempotency_key(town, people).await;
    if !others.is_empty() {
        complaints.insert("one Idempotency-Key for all".to_owned(), others);
    }
    (cases + more, complaints)
}

/// For each of the names, what other places have in its stead. Words and Apple's own ids are nobody's.
fn others(town: &Town, names: &[&'static str], own: &Things) -> BTreeSet<(&'static str, String)> {
    let theirs = |name: &'static str| Place::REAL.into_iter().map(move |place| (name, town.things(place)[name].clone()));
    let all = names.iter().copied().flat_map(theirs);
    all.filter(|(name, id)| *id != own[name]).collect()
}

/// An id beside this one that nothing has: the last digit differs, so that it sorts alike.
fn twin(id: &str) -> String {
    let (start, last) = id.split_at(id.len() - 1);
    format!("{start}{}", if last == "0" { "1" } else { "0" })
}

/// The same request under the same key by people of different organizations, and by different people of one: each is
/// worked on, none is told the answer of another.
async fn same_idempotency_key(town: &Town, people: &People) -> (usize, Vec<String>) {
    let mut complaints = Vec::new();
    let mint = |place: Place| Asked {
        method: Method::POST,
        path: format!("{}/orgs/{}/keys/{}/check", api::ROOT, town.org(place), town.things(place)["key"]),
        content: Content::None,
        headers: vec![("idempotency-key", "the-same-for-all".to_owned())],
    };
    let replayed = |answer: &Answer| answer.headers.contains_key("idempotency-replayed");
    let mut expect = |who: &Somebody, place: Place, answer: &Answer, status: u16, again: bool| {
        if answer.status != status || replayed(answer) != again {
            complaints.push(format!("{} in {place:?}: {} {}", who.name, answer.status, answer.text));
        }
    };
    let (alder, birch) = (people.named("owner of Alder"), people.named("owner of Birch"));
    let manager = people.named("credentials-manager of Birch");
    let viewer = people.named("credentials-viewer of Birch");
    let cases: [(&Somebody, Place, u16, bool); 7] = [
        (birch, Place::Birch, 200, false),
        (birch, Place::Birch, 200, true),
        (alder, Place::Alder, 200, false),
        (alder, Place::Birch, 200, false),
        (manager, Place::Birch, 200, false),
        (viewer, Place::Birch, 403, false),
        (manager, Place::Alder, 404, false),
    ];
    for (who, place, status, again) in cases {
        let answer = send(town, who, &mint(place)).await;
        expect(who, place, &answer, status, again);
    }
    (cases.len(), complaints)
}
