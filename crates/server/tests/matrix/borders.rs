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
use domain::Action;
use server::doors::{Demand, Door, doors};
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
                for (name, other) in others(town, door, home, &sample.named(door, own), own) {
                    let ask = async |id: &str| {
                        let mut things = own.clone();
                        things.insert(name, id.to_owned());
                        let answer = send(town, owner, &sample.filled(door, &things)).await;
                        assert!(
                            !answer.location().starts_with("/sign-in") && answer.status != 401,
                            "{} is signed in",
                            owner.name
                        );
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
    let (lent, others) = what_is_lent(town, people).await;
    complaints.extend(others);
    cases += lent;
    let (more, others) = same_idempotency_key(town, people).await;
    if !others.is_empty() {
        complaints.insert("one Idempotency-Key for all".to_owned(), others);
    }
    (cases + more, complaints)
}

/// For each of the names, what other places have in its stead. Words and Apple's own ids are nobody's, and what is lent by
/// the place above is not only another's; whoever has a role above has it below, too, and is seen there as a member; an
/// Owner reads the log of what is below.
fn others(town: &Town, door: &Door, home: Place, names: &[&'static str], own: &Things) -> BTreeSet<(&'static str, String)> {
    let theirs = |name: &'static str| {
        let lent = move |place: &Place| name == "lent-key" && home.parent() == Some(*place);
        let heir = move |place: &Place| name == "user" && home.parent() == Some(*place);
        let logged = move |place: &Place| is_of_the_log(door) && place.parent() == Some(home);
        let places = Place::REAL
            .into_iter()
            .filter(move |place| !lent(place) && !heir(place) && !logged(place));
        places.map(move |place| (name, town.things(place)[name].clone()))
    };
    let all = names.iter().copied().flat_map(theirs);
    all.filter(|(name, id)| *id != own[name] && !name.ends_with("-name")).collect()
}

/// An id beside this one that nothing has: the last digit differs, so that it sorts alike.
fn twin(id: &str) -> String {
    let (start, last) = id.split_at(id.len() - 1);
    format!("{start}{}", if last == "0" { "1" } else { "0" })
}

/// A key of Alder's that is lent to all below: at every door that a key stands in, whoever may do everything in Birch
/// uses it like one of their own, and does nothing with it that is its owner's; in the other tree it does not exist, and
/// nowhere any more once it is not lent.
async fn what_is_lent(town: &Town, people: &People) -> (usize, Complaints) {
    let (lender, borrower) = (people.named("owner of Alder"), people.named("owner of Birch"));
    let stranger = people.named("viewer of Birch who owns Gorse");
    let shares = |change: &str| Asked {
        method: Method::PATCH,
        path: format!(
            "{}/orgs/{}/keys/{}/shares",
            api::ROOT,
            town.org(Place::Alder),
            town.things(Place::Alder)["key"]
        ),
        content: Content::Json(change.to_owned()),
        headers: Vec::new(),
    };
    let mut cases = 0;
    let mut complaints = Complaints::new();
    for lent in [true, false] {
        let change = if lent {
            r#"{"share": [{"with": "all"}]}"#
        } else {
            r#"{"stop": ["all"]}"#
        };
        let changed = send(town, lender, &shares(change)).await;
        assert_eq!(changed.status, 200, "{}", changed.text);
        // What was done with a key stays in the log, lent or not.
        for door in doors().iter().filter(|door| door.path.contains("{org}") && !is_of_the_log(door)) {
            for sample in samples(door)
                .iter()
                .filter(|sample| sample.named(door, town.things(Place::Birch)).contains(&"key"))
                // One that rests on what the lent key of the town may not do says nothing about this one.
                .filter(|sample| is_the_owners(door) || !sample.is_about_lent_key())
            {
                let ask = async |who, place: Place, key: &str| {
                    let mut things = town.things(place).clone();
                    things.extend([("key", key.to_owned()), ("lent-key", key.to_owned())]);
                    let answer = send(town, who, &sample.filled(door, &things)).await;
                    (answer.told(&things), answer)
                };
                let key = &town.things(Place::Alder)["key"];
                let (told, answer) = ask(borrower, Place::Birch, key).await;
                let let_in = answer.status == sample.answers && answer.text.contains(sample.says);
                let unknown = ask(borrower, Place::Birch, &twin(key)).await.0;
                let as_due = match (lent, is_the_owners(door)) {
                    (true, true) => !let_in && answer.status.as_u16() >= 400,
                    (true, false) => let_in,
                    (false, _) => told == unknown,
                };
                let elsewhere = ask(stranger, Place::Gorse, key).await.0;
                cases += 2;
                let door = format!("{} {}, with a key that is lent: {lent}", door.method, door.path);
                if !as_due {
                    complaints.entry(door.clone()).or_default().push(told);
                }
                if elsewhere != ask(stranger, Place::Gorse, &twin(key)).await.0 {
                    complaints.entry(door).or_default().push(format!("in another tree: {elsewhere}"));
                }
            }
        }
    }
    (cases, complaints)
}

fn is_of_the_log(door: &Door) -> bool {
    let reads = [Action::SeeActivity, Action::ExportActivity];
    door.demand.actions().iter().any(|action| reads.contains(action))
}

/// What a borrower can never do with a key; nor revoke a certificate or delete a profile that is not theirs, as those of the
/// samples.
fn is_the_owners(door: &Door) -> bool {
    use Action::{EditKey, MintAppleToken, OverrideFeature, RemoveKey, RevokeCertificate, RotateKey, ShareKey};
    let acts = [
        EditKey,
        MintAppleToken,
        OverrideFeature,
        RemoveKey,
        RevokeCertificate,
        RotateKey,
        ShareKey,
    ];
    door.demand.actions().iter().any(|action| acts.contains(action))
        || door.path.ends_with("/dependents")
        || door.path.ends_with("/apple/profiles/{profile}/delete")
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
