//! Every door × everybody × every place, and what each must be answered.

use crate::{
    Complaints,
    people::{self, People, Somebody, Standing},
    samples::{Sample, samples},
    sending::{Answer, send},
    town::{Place, Town},
};
use futures::{StreamExt, stream};
use server::doors::{Demand, Door, doors};
use std::sync::Arc;

/// What an answer must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Due {
    /// What the sample says.
    Allowed,
    /// They see the organization and may not do this in it.
    NotAllowed,
    /// What an organization that does not exist is answered with.
    Unknown,
    /// A person, which a token of an organization is not.
    Person,
    /// The way to the sign-in.
    SignIn,
}

/// How many ask at once: more would wait for one another until a busy database tells them off.
const AT_ONCE: usize = 4;

/// Asks everything. Answers the number of cases and what was not as declared.
pub(crate) async fn all(town: &Arc<Town>, people: &People) -> (usize, Complaints) {
    let mut doors = doors();
    // Who is signed out asks nothing more.
    doors.sort_by_key(|door| door.path == "/sign-out");
    let doors = Arc::new(doors);
    let asking = people.0.iter().map(|somebody| {
        let (town, doors, somebody) = (town.clone(), doors.clone(), somebody.clone());
        tokio::spawn(async move { asks_everywhere(&town, &doors, &somebody).await })
    });
    let mut asking = stream::iter(asking).buffer_unordered(AT_ONCE);
    let mut cases = 0;
    let mut complaints = Complaints::new();
    while let Some(asked) = asking.next().await {
        let (more, others) = asked.expect("nobody panics");
        cases += more;
        for (kind, each) in others {
            complaints.entry(kind).or_default().extend(each);
        }
    }
    (cases, complaints)
}

async fn asks_everywhere(town: &Town, doors: &[Door], somebody: &Somebody) -> (usize, Complaints) {
    let hidden: Vec<_> = Place::REAL.into_iter().filter(|place| !somebody.belongs_to(*place)).collect();
    let mut cases = 0;
    let mut complaints = Complaints::new();
    let machine = somebody.standing == Standing::Machine;
    for door in doors.iter().filter(|door| !machine || door.path.starts_with("/api")) {
        for sample in samples(door) {
            let places: &[Place] = match door.demand {
                // Attempts to sign in are counted and told to wait; a few make the point.
                // Who asks decides what is answered, a dead token too: the stories of invitations hold that.
                Demand::Public if door.path.ends_with("/invitations/accept") => continue,
                Demand::Public if somebody.standing != Standing::Stranger && somebody.name != "owner of Alder" => continue,
                Demand::Public | Demand::SignedIn | Demand::Person => &[Place::Nowhere],
                // The unknown place first: all others are held against it.
                Demand::In(_) | Demand::InOneOf(_) => &[Place::Nowhere, Place::Alder, Place::Birch, Place::Cedar, Place::Fir, Place::Gorse],
            };
            let mut unknown = None;
            for place in places {
                let due = due(somebody, door, &sample, *place);
                let mut things = town.things(*place).clone();
                if let (Due::Allowed, Some(fresh)) = (due, sample.fresh) {
                    things.extend(town.fresh(*place, fresh).await);
                }
                let inherits = sample.ends_membership && !somebody.given.contains_key(place);
                let sample = match inherits {
                    _ if machine && sample.ends_membership => &sample.refused_to_machines(),
                    true => &sample.refused_to_heirs(),
                    false => &sample,
                };
                let asked = sample.filled(door, &things);
                let turn = if sample.alone { Some(town.turn.lock().await) } else { None };
                let answer = send(town, somebody, &asked).await;
                drop(turn);
                if sample.ends_membership {
                    people::give_again(town, somebody).await;
                }
                let told = answer.told(&things);
                let unknown = unknown.get_or_insert_with(|| told.clone());
                let mut wrong = objection(&answer, sample, due);
                if due == Due::Unknown && told != *unknown {
                    wrong = Some(format!(
                        "differs from the answer about an unknown one:\n{told}\n--- unknown:\n{unknown}\n---"
                    ));
                }
                // What the root organization above is called is no secret below it, nor who has a role there: they have it below.
                let above = |name: &str| {
                    let known = |place: &&Place| {
                        place
                            .parent()
                            .is_some_and(|root| ["org-name", "user"].iter().any(|of| town.things(root)[*of] == name))
                    };
                    Place::REAL.iter().filter(known).any(|place| somebody.belongs_to(*place))
                };
                let marks = hidden.iter().flat_map(|place| town.marks(*place)).filter(|mark| !above(mark));
                let found = answer.finds(&asked, marks);
                if !found.is_empty() {
                    wrong = Some(format!("holds what belongs to others: {found:?}"));
                }
                cases += 1;
                if let Some(wrong) = wrong {
                    let Door { method, path, .. } = door;
                    let kind = format!("{method} {path}, due {due:?}, answered {}", answer.status);
                    let relation = place.seen_from(somebody.home);
                    let case = format!("{} in {place:?} ({relation}): {wrong}", somebody.name);
                    complaints.entry(kind).or_default().push(case);
                }
            }
        }
    }
    (cases, complaints)
}

fn due(somebody: &Somebody, door: &Door, sample: &Sample, place: Place) -> Due {
    let action = match door.demand {
        Demand::Public => return Due::Allowed,
        _ if somebody.standing == Standing::Stranger => return Due::SignIn,
        Demand::Person if somebody.standing == Standing::Machine => return Due::Person,
        Demand::SignedIn | Demand::Person => return Due::Allowed,
        Demand::In(action) => action,
        Demand::InOneOf(_) => sample.action.expect("a sample for each action"),
    };
    if !somebody.belongs_to(place) {
        Due::Unknown
    } else if somebody.may(action, place) {
        Due::Allowed
    } else {
        Due::NotAllowed
    }
}

/// A page that refuses the act, and not only a form of another session.
fn is_refusal(page: &str) -> bool {
    page.contains("This is not yours to do") && !page.contains("This form belongs to another session")
}

/// What is wrong with an answer, if something is.
fn objection(answer: &Answer, sample: &Sample, due: Due) -> Option<String> {
    let status = answer.status.as_u16();
    let rest = answer
        .headers
        .get("content-type")
        .is_some_and(|media| media == "application/problem+json");
    let refusal = if rest { answer.code() } else { String::new() };
    let leads_to_sign_in = status == 303 && answer.location().starts_with("/sign-in") && !answer.headers.contains_key("set-cookie");
    let fits = match due {
        Due::Allowed => {
            let let_in = !leads_to_sign_in && refusal != "not_allowed" && refusal != "sign_in_needed";
            let_in && status == sample.answers && answer.text.contains(sample.says)
        }
        Due::NotAllowed if rest => status == 403 && refusal == "not_allowed",
        Due::NotAllowed => status == 403 && is_refusal(&answer.text),
        Due::Person => status == 403 && refusal == "person_needed",
        Due::Unknown if rest => status == 404 && refusal == "not_found",
        Due::Unknown => status == 404 && answer.text.contains("There is nothing here"),
        Due::SignIn if rest => status == 401 && refusal == "sign_in_needed",
        Due::SignIn => leads_to_sign_in,
    };
    let start: String = answer.text.chars().take(300).collect();
    (!fits).then(|| format!("{status} {refusal} {} {}", answer.location(), start.replace('\n', " ")))
}
