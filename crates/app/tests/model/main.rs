//! Random sequences of what changes who may do what: sharing and its end, roles, memberships, invitations, tokens,
//! sub-organizations, and time. Each act is tried on the real application by somebody, foretold by a small reference
//! model, and, where it was done, done there as well. After each step both are asked the same questions, now and then all
//! of them, and must not differ in one answer.
//!
//! `RUSSET_MODEL_STEPS` says how many steps (the full run takes 100,000), `RUSSET_MODEL_SEED` which sequence. Where they
//! differ, both are printed with the steps that led there, so that one can walk up to it again.
//!
//! The surprising thing: refusals are steps, too. Whoever may not do it tries it all the same, and the reference says in
//! which words they must be refused.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test that stops where something goes wrong, and says which sequence it was"
)]

mod acts;
mod compare;
mod dice;
mod reference;

use app::{Problem, accounts::SignedIn};
use dice::Dice;
use domain::{Action, ApiKeyId, InvitationId, OrgId, Origin, Role, ServiceTokenId, UserId};
use jiff::{SignedDuration, Timestamp};
use reference::{ACTS, Org, ROLES, Reference, Roles, Who};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use testkit::{KeyKind, PASSWORD, World};

/// Somebody with an account.
struct Person {
    id: UserId,
    email: String,
    cookie: String,
}

/// The real thing beside the reference; what is a number there is an id here.
struct Both {
    world: World,
    reference: Reference,
    dice: Dice,
    begin: Timestamp,
    orgs: Vec<OrgId>,
    people: Vec<Person>,
    /// Ids and values of tokens of organizations.
    tokens: Vec<(ServiceTokenId, String)>,
    /// Ids and values of personal tokens.
    personal: Vec<(domain::ApiTokenId, String)>,
    invitations: Vec<InvitationId>,
    /// The tokens of the links that were ever shown.
    links: Vec<String>,
    keys: Vec<ApiKeyId>,
    names: u32,
    trail: Trail,
}

/// The way that was gone, told where it ends in a divergence.
struct Trail {
    seed: u64,
    step: u64,
    last: VecDeque<String>,
}

/// How many of the last steps are told.
const TOLD: usize = 25;

impl Drop for Trail {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("They differ at step {} of the sequence {}. The last steps:", self.step, self.seed);
            for line in &self.last {
                println!("  {line}");
            }
            println!(
                "Again: RUSSET_MODEL_SEED={} RUSSET_MODEL_STEPS={} cargo test -p app --test model",
                self.seed,
                self.step + 1
            );
        }
    }
}

fn told<T>(answer: &Result<T, Problem>) -> &'static str {
    match answer {
        Ok(_) => "yes",
        Err(problem) => problem.code,
    }
}

fn roles(words: &Roles) -> BTreeSet<Role> {
    words.iter().map(|word| Role::parse(word).unwrap()).collect()
}

fn action(word: &str) -> Action {
    *Action::ALL.iter().find(|action| action.as_str() == word).unwrap()
}

impl Both {
    /// Two root organizations with some below, eight people, keys in both roots and in one below.
    async fn begin(world: World, seed: u64) -> Self {
        let mut both = Self {
            reference: Reference::default(),
            dice: Dice(seed),
            begin: world.now(),
            orgs: Vec::new(),
            people: Vec::new(),
            tokens: Vec::new(),
            personal: Vec::new(),
            invitations: Vec::new(),
            links: Vec::new(),
            keys: Vec::new(),
            names: 0,
            trail: Trail {
                seed,
                step: 0,
                last: VecDeque::new(),
            },
            world,
        };
        let orgs: [(_, Option<usize>); 6] = [
            ("Halden", None),
            ("North", Some(0)),
            ("South", Some(0)),
            ("Fjord", None),
            ("West", Some(3)),
            ("East", Some(3)),
        ];
        for (name, parent) in orgs {
            let id = match both.orgs.is_empty() {
                true => both.world.org,
                false => both.world.organization(name, parent.map(|above| both.orgs[above])).await,
            };
            both.orgs.push(id);
            both.reference.orgs.push(Org {
                name: name.to_owned(),
                parent,
                deleted: false,
            });
        }
        both.people.push(Person {
            id: both.world.owner.person().unwrap().id,
            email: "elin@halden.example".to_owned(),
            cookie: String::new(),
        });
        both.reference.given.insert((0, 0), Roles::from(["owner"]));
        for number in 1..8 {
            // One owns the other root from the beginning; the others come with what the dice say.
            let given = match number {
                1 => vec![(3, "owner")],
                _ => (0..2).map(|_| (both.dice.below(6), both.dice.one(&ROLES))).collect(),
            };
            for (org, word) in given {
                both.reference.given.entry((number, org)).or_default().insert(word);
            }
            let mut real = Vec::new();
            for ((_, org), words) in both.reference.given.iter().filter(|((person, _), _)| *person == number) {
                real.extend(roles(words).into_iter().map(|role| (both.orgs[*org], role)));
            }
            let person = both.world.person(&format!("person{number}"), &real).await;
            both.people.push(Person {
                id: person.signed_in.person().unwrap().id,
                email: format!("person{number}@neighbor.example"),
                cookie: person.cookie,
            });
        }
        both.everybody_signs_in().await;
        for (org, kind) in [(0, KeyKind::Team), (0, KeyKind::Enterprise), (1, KeyKind::Team), (3, KeyKind::Team)] {
            let owner = both.signed_in(Who::Person(usize::from(org == 3))).await.unwrap();
            let file = both.world.entered(both.world.key_file(kind, testkit::Role::Admin));
            let added = both.world.app().add_key(&owner.caller, both.orgs[org], file).await.unwrap();
            both.keys.push(added.summary.key.id);
            both.reference.keys.push(org);
        }
        both
    }

    async fn everybody_signs_in(&mut self) {
        for person in &mut self.people {
            let session = self
                .world
                .app()
                .sign_in(&person.email, PASSWORD, Origin::default(), None)
                .await
                .unwrap();
            session.cookie.expose().clone_into(&mut person.cookie);
        }
        self.reference.somebody_signs_in();
    }

    /// As they come with their next request; none for who is not let in.
    async fn signed_in(&self, who: Who) -> Option<SignedIn> {
        let app = self.world.app();
        let signed_in = match who {
            Who::Person(person) => app.by_session(&self.people[person].cookie, Origin::default()).await.unwrap(),
            Who::Personal(token) => app.by_token(&self.personal[token].1, Origin::default()).await.unwrap(),
            Who::Token(token) => app.by_token(&self.tokens[token].1, Origin::default()).await.unwrap(),
        };
        assert_eq!(signed_in.is_some(), self.reference.lives(who), "is {who:?} let in?");
        signed_in
    }

    fn moment(&self, second: i64) -> Timestamp {
        self.begin + SignedDuration::from_secs(second)
    }

    fn advance(&mut self, seconds: i64) {
        self.world.advance(seconds);
        self.reference.now += seconds;
    }

    /// Somebody: mostly people, and tokens, of which some have ended.
    fn somebody(&mut self) -> Who {
        let mut who = Who::Person(self.dice.below(self.people.len()));
        let kind = self.dice.below(10);
        for _ in 0..3 {
            match kind {
                0..=3 if !self.tokens.is_empty() => who = Who::Token(self.dice.late(self.tokens.len())),
                4 if !self.personal.is_empty() => who = Who::Personal(self.dice.late(self.personal.len())),
                _ => {}
            }
            if self.reference.lives(who) {
                break;
            }
        }
        who
    }

    /// An organization, mostly one that is there.
    fn some_org(&mut self) -> usize {
        let any = self.dice.below(self.orgs.len());
        let there: Vec<_> = (0..self.orgs.len()).filter(|org| !self.reference.orgs[*org].deleted).collect();
        if self.dice.below(20) == 0 { any } else { self.dice.one(&there) }
    }

    /// Somebody for an act, and where they try it: mostly at home, where there is one, and rather somebody who may, or
    /// all would be refusals. None for a token that has ended, which nobody is let in by.
    async fn somebody_for(&mut self, act: &str, home: Option<usize>) -> Option<(Who, usize, SignedIn)> {
        let tries = if self.dice.in_ten(6) { 20 } else { 1 };
        let mut found = None;
        for _ in 0..tries {
            let (who, elsewhere) = (self.somebody(), self.some_org());
            let org = home.filter(|_| self.dice.in_ten(9)).unwrap_or(elsewhere);
            found = Some((who, org));
            if self.reference.lives(who) && self.reference.may(who, act, org) == "yes" {
                break;
            }
        }
        let (who, org) = found?;
        let signed_in = self.signed_in(who).await?;
        Some((who, org, signed_in))
    }
}

fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

async fn walk(world: World) {
    let (steps, seed) = (number("RUSSET_MODEL_STEPS", 4_000), number("RUSSET_MODEL_SEED", 20_261_123));
    println!("{steps} steps of the sequence {seed}");
    let known: BTreeSet<_> = ACTS.iter().map(|(word, _)| (*word).to_owned()).collect();
    let all: BTreeSet<_> = Action::ALL.iter().map(|action| action.as_str()).collect();
    assert_eq!(known, all, "an action is missing in reference.rs, with the roles that allow it");

    let mut both = Both::begin(world, seed).await;
    let mut outcomes: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for step in 0..steps {
        both.trail.step = step;
        let (act, told) = both.step().await;
        *outcomes.entry((act, told)).or_default() += 1;
        both.ask_something().await;
        if step % 2_500 == 2_499 {
            both.ask_everything().await;
        }
        if step % 10_000 == 9_999 {
            println!("{} steps", step + 1);
        }
    }
    both.ask_everything().await;
    if std::env::var_os("RUSSET_MODEL_OUTCOMES").is_some() {
        println!("{outcomes:#?}");
    }
    // A walk on which one act never worked, or was never refused, would prove little.
    for act in acts::KINDS.iter().filter(|_| steps >= 4_000) {
        for yes in [true, false] {
            let of = outcomes.iter().filter(|((a, told), _)| a == act && (*told == "yes") == yes);
            assert!(
                of.count() > 0,
                "{act} was never told {}: {outcomes:#?}",
                if yes { "yes" } else { "no" }
            );
        }
    }
}

testkit::on_both_databases! {
    async fn the_application_and_the_reference_never_differ(world: World) {
        walk(world).await;
    }
}
