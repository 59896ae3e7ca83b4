//! A server that is killed at random moments while people act on roles, shares, tokens and sub-organizations: each act
//! that was acknowledged is there with its record, no act is there without its record, and no record without its act.
//!
//! The record is the log as the API shows it, and what is there is what the API lists. Replaying the log must give the
//! lists, and the log must hold what was acknowledged and nothing else, but for the one act that each worker was waiting
//! for when the server died: that one may be there or not, not by half.
//!
//! `RUSSET_KILL_POINTS` says how often the server of each database is killed.

use crate::http::try_exchange;
use crate::postgres::Database;
use crate::process::{Process, until};
use crate::serving::{PASSWORD, set_up};
use crate::site::Site;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// How many act at once.
const WORKERS: usize = 3;
/// Kills for each database where nothing else is said: the full run says more.
const KILLS: u32 = 4;
/// The longest wait after the last act that is waited for, so that a kill comes at any point of the next ones.
const WAIT_MICROSECONDS: u64 = 30_000;
/// The role that is given and taken.
const ROLE: &str = "signing-viewer";
/// How the names of workers begin, and of all that they make.
const WORKER: &str = "Worker";

/// What the log says of an act: its action and the id of what it is about.
type Record = (String, String);

/// What is acted on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    PersonalToken,
    ServiceToken,
    Organization,
    Role,
    Share,
}

impl Kind {
    const ALL: [Self; 5] = [Self::PersonalToken, Self::ServiceToken, Self::Organization, Self::Role, Self::Share];

    /// The address that it is acted on at.
    fn address(self) -> &'static str {
        match self {
            Self::PersonalToken => "/me/tokens",
            Self::ServiceToken => "/orgs/{org}/tokens",
            Self::Organization => "/orgs/{org}/sub-organizations",
            Self::Role => "/orgs/{org}/members/{user}",
            Self::Share => "/orgs/{org}/keys/{key}/shares",
        }
    }

    /// What the log calls it to make one and to end one.
    fn actions(self) -> [&'static str; 2] {
        match self {
            Self::PersonalToken => ["token.create", "token.revoke"],
            Self::ServiceToken => ["service-token.create", "service-token.revoke"],
            Self::Organization => ["organization.create", "organization.delete"],
            Self::Role => ["member.set-roles", "member.set-roles"],
            Self::Share => ["key.share", "key.unshare"],
        }
    }
}

/// A server on one database, killed and started again.
struct Stage {
    site: Site,
    address: String,
    token: String,
    root: String,
    /// How long the log was before anybody acted.
    before: usize,
}

impl Stage {
    fn url(&self, path: &str) -> String {
        format!("{}/api/v1{path}", self.address)
    }

    /// The answer, if the server lived to give it whole.
    fn ask(&self, method: &str, path: &str, body: &Value) -> Option<(u16, Value)> {
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let (status, answer) = try_exchange(method, &self.url(path), "application/json", Some(&self.token), &text)?;
        if answer.is_empty() {
            return Some((status, Value::Null));
        }
        Some((status, serde_json::from_str(&answer).ok()?))
    }

    fn get(&self, path: &str) -> Value {
        match self.ask("GET", path, &Value::Null) {
            Some((200, answer)) => answer,
            other => panic!("GET {path}: {other:?}"),
        }
    }

    /// All items of a list, page by page.
    fn all(&self, path: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut next = String::new();
        loop {
            let page = self.get(&format!("{path}?limit=200{next}"));
            items.extend(page["items"].as_array().unwrap().iter().cloned());
            match page["next_cursor"].as_str() {
                Some(cursor) => next = format!("&cursor={cursor}"),
                None => return items,
            }
        }
    }

    /// What the log says was done to what is acted on, oldest first.
    fn log(&self) -> Vec<Record> {
        let told: Vec<_> = Kind::ALL.iter().flat_map(|kind| kind.actions()).collect();
        let mut records: Vec<Record> = self
            .all(&format!("/orgs/{}/activity", self.root))
            .iter()
            .filter(|record| record["outcome"] == "done" && told.contains(&text(record, "action")))
            .map(|record| (text(record, "action").to_owned(), text(record, "object").to_owned()))
            .collect();
        records.reverse();
        records
    }

    /// Ids and names of what can be made and ended.
    fn listed(&self, kind: Kind) -> BTreeMap<String, String> {
        let items = match kind {
            Kind::Role | Kind::Share => return BTreeMap::new(),
            Kind::PersonalToken => self.get("/me/tokens")["items"].as_array().unwrap().clone(),
            _ => self.all(&kind.address().replace("{org}", &self.root)),
        };
        let pair = |item: &Value| (text(item, "id").to_owned(), text(item, "name").to_owned());
        items.iter().map(pair).filter(|(_, name)| name.starts_with(WORKER)).collect()
    }
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}"))
}

/// Somebody who acts on things that are nobody else's.
struct Worker {
    name: String,
    member: String,
    key: String,
    random: Random,
    number: u32,
    /// What was made and can be ended: kind, id and name.
    made: Vec<(Kind, String, String)>,
    has_role: bool,
    shares: bool,
    acknowledged: Vec<Record>,
    in_doubt: Option<InDoubt>,
}

/// An act that the server did not live to answer.
struct InDoubt {
    kind: Kind,
    action: &'static str,
    /// None for what was being made.
    object: Option<String>,
    name: String,
}

impl Worker {
    /// One act at random. None when the server is gone, false when it was refused because of another's.
    fn act(&mut self, stage: &Stage) -> Option<bool> {
        let kind = Kind::ALL[self.random.below(Kind::ALL.len() as u64) as usize];
        let ends = self.random.below(2) == 0;
        let ended = self.made.iter().find(|(of, ..)| *of == kind && ends).cloned();
        self.number += 1;
        let name = match &ended {
            Some((_, _, name)) => name.clone(),
            None => format!("{} {}", self.name, self.number),
        };
        let [make, end] = kind.actions();
        let root = &stage.root;
        let (action, object, (method, path, body)) = match (kind, ended) {
            (Kind::Role, _) => {
                let how = if self.has_role { "take" } else { "give" };
                let path = format!("/orgs/{root}/members/{}", self.member);
                (make, Some(self.member.clone()), ("PATCH", path, json!({ how: [ROLE] })))
            }
            (Kind::Share, _) => {
                let (action, body) = if self.shares {
                    (end, json!({ "stop": ["all"] }))
                } else {
                    (make, json!({ "share": [{ "with": "all" }] }))
                };
                let path = format!("/orgs/{root}/keys/{}/shares", self.key);
                (action, Some(self.key.clone()), ("PATCH", path, body))
            }
            (Kind::Organization, Some((_, id, name))) => {
                let path = format!("/orgs/{root}/sub-organizations/{id}/remove");
                (end, Some(id), ("POST", path, json!({ "name": name })))
            }
            (_, Some((_, id, _))) => {
                let path = format!("{}/{id}", kind.address().replace("{org}", root));
                (end, Some(id), ("DELETE", path, Value::Null))
            }
            (_, None) => {
                let body = match kind {
                    Kind::ServiceToken => json!({ "name": name, "roles": [ROLE] }),
                    _ => json!({ "name": name }),
                };
                (make, None, ("POST", kind.address().replace("{org}", root), body))
            }
        };
        let Some((status, answer)) = stage.ask(method, &path, &body) else {
            self.in_doubt = Some(InDoubt {
                kind,
                action,
                object,
                name,
            });
            return None;
        };
        // A personal token of the same person was revoked at this moment.
        if status == 409 && answer["code"] == "rights_changed" {
            return Some(false);
        }
        assert!(matches!(status, 200..=204), "{method} {path}: {status} {answer}");
        let object = object.unwrap_or_else(|| {
            let made = if answer["token"].is_object() { &answer["token"] } else { &answer };
            text(made, "id").to_owned()
        });
        self.done(kind, action, &object, &name);
        self.acknowledged.push((action.to_owned(), object));
        Some(true)
    }

    /// Takes an act into account that is done.
    fn done(&mut self, kind: Kind, action: &str, object: &str, name: &str) {
        match kind {
            Kind::Role => self.has_role = !self.has_role,
            Kind::Share => self.shares = action == "key.share",
            _ if action == kind.actions()[0] => self.made.push((kind, object.to_owned(), name.to_owned())),
            _ => self.made.retain(|(_, id, _)| id != object),
        }
    }

    /// Role and share are as the log says, and as they were left.
    fn is_as_told(&self, stage: &Stage, log: &[Record], seed: u64) {
        let member = stage.get(&format!("/orgs/{}/members/{}", stage.root, self.member));
        let has_role = member["roles"].as_array().unwrap().iter().any(|role| role["role"] == ROLE);
        let changes = log.iter().filter(|(a, o)| a == "member.set-roles" && *o == self.member).count();
        assert_eq!(has_role, changes % 2 == 1, "a role and its records (seed {seed})");
        assert_eq!(has_role, self.has_role, "a role (seed {seed})");
        let shares = stage.get(&format!("/orgs/{}/keys/{}/shares", stage.root, self.key));
        let last = log
            .iter()
            .rfind(|(a, o)| Kind::Share.actions().contains(&a.as_str()) && *o == self.key);
        let shared = last.is_some_and(|(action, _)| action == "key.share");
        assert_eq!(shares["sharing"]["all"], shared, "a share and its records (seed {seed})");
        assert_eq!(shared, self.shares, "a share (seed {seed})");
    }
}

/// Lets all act, kills the server when some more acts were acknowledged, and waits for everybody to notice.
fn act_until_killed(stage: &Stage, server: Process, workers: &mut [Worker], random: &mut Random) {
    let acknowledged = AtomicU32::new(0);
    let enough = 1 + u32::try_from(random.below(6)).unwrap();
    let patience = Duration::from_micros(random.below(WAIT_MICROSECONDS));
    std::thread::scope(|scope| {
        for worker in workers {
            let acknowledged = &acknowledged;
            scope.spawn(move || {
                while let Some(done) = worker.act(stage) {
                    acknowledged.fetch_add(u32::from(done), Ordering::Relaxed);
                }
            });
        }
        until("some acts", || (acknowledged.load(Ordering::Relaxed) >= enough).then_some(()));
        let began = Instant::now();
        while began.elapsed() < patience {
            std::hint::spin_loop();
        }
        server.kill();
    });
}

/// Holds the log against what was acknowledged, and the lists against the log. Gives how many acts in doubt were done.
fn hold_against(stage: &Stage, seen: &mut Vec<Record>, workers: &mut [Worker], seed: u64) -> usize {
    let log = stage.log();
    assert!(log.starts_with(seen), "the log has lost something that was in it (seed {seed})");
    let mut new = log[seen.len()..].to_vec();
    for worker in &mut *workers {
        for act in worker.acknowledged.drain(..) {
            let found = new.iter().position(|record| *record == act);
            new.remove(found.unwrap_or_else(|| panic!("{act:?} was acknowledged and is not in the log (seed {seed})")));
        }
    }
    let lists: BTreeMap<Kind, BTreeMap<String, String>> = Kind::ALL.iter().map(|kind| (*kind, stage.listed(*kind))).collect();
    let doubted = new.len();
    for (action, object) in new {
        let doubt = workers.iter_mut().find(|worker| {
            worker.in_doubt.as_ref().is_some_and(|doubt| {
                // What was being made has no id yet that we know; its name tells whose it is.
                let name = lists[&doubt.kind].get(&object);
                let about = doubt.object.as_ref();
                doubt.action == action && about.map_or(name == Some(&doubt.name), |about| *about == object)
            })
        });
        let worker = doubt.unwrap_or_else(|| panic!("nobody did {action} of {object}, which is in the log (seed {seed})"));
        if let Some(doubt) = worker.in_doubt.take() {
            worker.done(doubt.kind, &action, &object, &doubt.name);
        }
    }
    for kind in &Kind::ALL {
        // What was there before the workers came, such as the token that this test asks with, is not in the lists.
        let objects =
            |action: &str| -> BTreeSet<&String> { log[stage.before..].iter().filter(|(a, _)| a == action).map(|(_, o)| o).collect() };
        let [made, ended] = kind.actions().map(objects);
        match kind {
            Kind::Role | Kind::Share => {}
            _ => assert_eq!(
                lists[kind].keys().collect::<BTreeSet<_>>(),
                &made - &ended,
                "{kind:?} and its records (seed {seed})"
            ),
        }
    }
    for worker in workers {
        worker.in_doubt = None;
        worker.is_as_told(stage, &log, seed);
    }
    *seen = log;
    doubted
}

/// A fresh server with its Owner signed in, asked what there is to act on.
fn stage(database: Option<&Database>) -> (Stage, Process) {
    let site = Site::new(database);
    let (server, said) = site.start("127.0.0.1:0", "/setup?token=");
    let link = said.split_whitespace().find(|word| word.contains("/setup?token=")).unwrap();
    let link = link.replace("localhost", "127.0.0.1");
    set_up(&link, PASSWORD);
    let address = link.split_once("/setup").unwrap().0.to_owned();
    let login = json!({ "email": "nora@example.com", "password": PASSWORD, "token_name": "test" }).to_string();
    let (_, created) = try_exchange("POST", &format!("{address}/api/v1/login"), "application/json", None, &login).unwrap();
    let created: Value = serde_json::from_str(&created).unwrap();
    let mut stage = Stage {
        site,
        token: text(&created, "value").to_owned(),
        root: String::new(),
        address,
        before: 0,
    };
    stage.root = text(&stage.get("/me")["organizations"][0], "id").to_owned();
    (stage, server)
}

/// Workers with a member and a key each, to act on their roles and shares.
fn workers(stage: &Stage, random: &mut Random) -> Vec<Worker> {
    let keys = stage.site.team_keys();
    let login = ["login", &stage.address, "--email", "nora@example.com", "--password-stdin"];
    stage.site.person.type_in(&login, PASSWORD).expect(0);
    let worker = |number: usize| {
        let name = format!("{WORKER}{number}");
        let linked = stage.site.link_key(|key| key["file"] == keys[number]["file"], &name);
        Worker {
            member: member(stage, &name),
            key: text(&linked, "id").to_owned(),
            name,
            random: Random(random.next() | 1),
            number: 0,
            made: vec![],
            has_role: false,
            shares: false,
            acknowledged: vec![],
            in_doubt: None,
        }
    };
    (0..WORKERS).map(worker).collect()
}

/// Somebody who was invited and has one role that stays.
fn member(stage: &Stage, name: &str) -> String {
    let root = &stage.root;
    let email = format!("{}@example.com", name.to_lowercase());
    let invitation = json!({ "email": email, "roles": ["organization-viewer"], "show_link": true });
    let (status, invited) = stage.ask("POST", &format!("/orgs/{root}/invitations"), &invitation).unwrap();
    assert_eq!(status, 201, "{invited}");
    let (_, token) = text(&invited, "link").rsplit_once(['=', '/', '#']).unwrap();
    let accept = json!({ "token": token, "name": name, "password": PASSWORD }).to_string();
    let (status, answer) = try_exchange("POST", &stage.url("/invitations/accept"), "application/json", None, &accept).unwrap();
    assert_eq!(status, 200, "{answer}");
    let members = stage.all(&format!("/orgs/{root}/members"));
    let one = members.iter().find(|member| member["email"] == email.as_str()).unwrap();
    text(one, "id").to_owned()
}

#[expect(clippy::print_stdout, reason = "the counts belong to the report of a test run")]
fn nothing_is_torn(database: Option<&Database>) {
    let seed = RandomState::new().build_hasher().finish() | 1;
    let mut random = Random(seed);
    let (mut stage, mut server) = stage(database);
    let mut workers = workers(&stage, &mut random);
    let kills = std::env::var("RUSSET_KILL_POINTS").map_or(KILLS, |number| number.parse().expect("a number"));
    let mut seen = stage.log();
    stage.before = seen.len();
    let (mut acknowledged, mut between) = (0, 0);
    let listen = stage.address.trim_start_matches("http://").to_owned();
    for _ in 0..kills {
        act_until_killed(&stage, server, &mut workers, &mut random);
        // What the dead server had sent to PostgreSQL is still being worked on there.
        if let Some(database) = database {
            database.run(ALONE);
        }
        (server, _) = stage.site.start(&listen, "people reach it at");
        acknowledged += workers.iter().map(|worker| worker.acknowledged.len()).sum::<usize>();
        between += hold_against(&stage, &mut seen, &mut workers, seed);
    }
    assert!(acknowledged >= kills as usize, "{acknowledged} acts (seed {seed})");
    println!("{kills} kills, {acknowledged} acknowledged acts kept, {between} more were just done when killed");
    drop(server);
}

/// Waits until nobody else is connected.
const ALONE: &str = "DO $$ BEGIN
    WHILE EXISTS (
        SELECT FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
    ) LOOP
        PERFORM pg_sleep(0.01);
        PERFORM pg_stat_clear_snapshot();
    END LOOP;
END $$";

#[test]
fn nothing_is_torn_on_sqlite() {
    nothing_is_torn(None);
}

#[test]
fn nothing_is_torn_on_postgres() {
    if let Some(database) = Database::fresh() {
        nothing_is_torn(Some(&database));
    }
}

/// xorshift64: enough to choose moments and acts.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}
