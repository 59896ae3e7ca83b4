//! Everything behind the doors: both teams, the keys, the clock, and how one request is answered.
//!
//! A request is judged in Apple's order: token (401), rate (429), standing of the team (403), path (404, 403, 405),
//! role (403), parameters (400), object (404), body (400, 409, 422), business rule (409). One request at a time, under
//! one lock, without any waiting inside.

use crate::api::{Api, Kind, Verb};
use crate::artefacts::Authority;
use crate::clock::http_date;
use crate::document::Scribe;
use crate::entity::{self, Entity};
use crate::entropy::Entropy;
use crate::faults::Faults;
use crate::journal::Journal;
use crate::keys::{KeyKind, RegisteredKey};
use crate::offered::{Found, Offered, Operation};
use crate::options::Limits;
use crate::query::{self, Query};
use crate::refusal::Refusal;
use crate::resources::{self, Act};
use crate::roles::Caller;
use crate::team::{Relation, Settling, Standing, Team, Zombie, relations};
use crate::token::{self, Presented};
use crate::{Clock, Exchange};
use jiff::{Timestamp, ToSpan};
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};

/// The state of one simulator.
pub(crate) struct World {
    pub(crate) clock: Clock,
    pub(crate) entropy: Entropy,
    pub(crate) authority: Authority,
    pub(crate) limits: Limits,
    pub(crate) settling: Settling,
    pub(crate) lingering: Settling,
    pub(crate) app_manager_cip: bool,
    pub(crate) keys: Vec<RegisteredKey>,
    pub(crate) store: Team,
    pub(crate) enterprise: Team,
    pub(crate) faults: Faults,
    pub(crate) journal: Journal,
    pub(crate) calls: BTreeMap<String, VecDeque<Timestamp>>,
}

/// A request as it came over the wire.
pub(crate) struct Request {
    pub(crate) api: Api,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
    /// Scheme and host as the client reached them: what links begin with.
    pub(crate) origin: String,
}

/// An answer to be written to the wire.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
    pub(crate) key_id: Option<String>,
    /// The answer says only that the simulator does not play this: nothing of Apple.
    pub(crate) unplayed: bool,
}

/// What a path asks for.
enum Target<'a> {
    Collection,
    Instance(&'a str),
    Related(&'a str, &'static Relation),
    Linkage(&'a str, &'static Relation),
}

impl World {
    /// The path template that a request fits, if any.
    pub(crate) fn route(api: Api, method: &str, path: &str) -> Option<&'static str> {
        let segments: Vec<_> = path.split('/').skip(1).collect();
        match Offered::by(api).find(method, &segments) {
            Found::Operation(operation) => Some(operation.template),
            _ => None,
        }
    }

    /// Answers a request and does what it says.
    pub(crate) fn answer(&mut self, request: &Request) -> Answer {
        let now = self.clock.now();
        self.pass_time(now);
        let pairs = query::pairs(&request.query);
        let presented = Presented {
            authorization: request.headers.get("authorization").map(String::as_str),
            method: &request.method,
            path: &request.path,
            query: &pairs,
        };
        let (caller, key_id) = match token::check(&presented, &self.keys, request.api, now) {
            Ok(key) => (
                Caller {
                    kind: key.kind,
                    roles: key.roles.clone(),
                    app_manager_cip: self.app_manager_cip,
                },
                key.key_id.clone(),
            ),
            Err(reason) => {
                tracing::debug!(reason, "token refused");
                return self.refused(&Refusal::not_authorized(), now);
            }
        };

        let (remaining, within) = self.count_call(&key_id, now);
        let outcome = if within {
            self.judge(request, &pairs, &caller, now)
        } else {
            Err(Refusal::rate_limited())
        };
        let mut answer = match outcome {
            Ok((status, document)) => answer(status, document.as_ref(), now),
            Err(refusal) => self.refused(&refusal, now),
        };
        let limit = self.limits.requests_per_hour;
        answer
            .headers
            .insert("x-rate-limit".into(), format!("user-hour-lim:{limit};user-hour-rem:{remaining};"));
        answer.key_id = Some(key_id);
        answer
    }

    /// Lets happen what is due at Apple without anybody asking: processing ends, builds expire.
    pub(crate) fn pass_time(&mut self, now: Timestamp) {
        self.act_as_house(Api::AppStore, now, resources::pass_time);
    }

    /// An error document as an answer.
    pub(crate) fn refused(&mut self, refusal: &Refusal, now: Timestamp) -> Answer {
        let document = refusal.document(&mut self.entropy);
        Answer {
            unplayed: refusal.status == Refusal::NOT_SIMULATED,
            ..answer(refusal.status, Some(&document), now)
        }
    }

    pub(crate) fn note(&mut self, exchange: Exchange) {
        self.journal.note(exchange);
    }

    pub(crate) fn team(&self, api: Api) -> &Team {
        match api {
            Api::AppStore => &self.store,
            Api::Enterprise => &self.enterprise,
        }
    }

    pub(crate) fn team_mut(&mut self, api: Api) -> &mut Team {
        match api {
            Api::AppStore => &mut self.store,
            Api::Enterprise => &mut self.enterprise,
        }
    }

    /// Lets `play` act by the rules on one team at the instant `now`.
    pub(crate) fn act<T>(
        &mut self,
        api: Api,
        caller: &Caller,
        now: Timestamp,
        settling: Settling,
        play: impl FnOnce(&mut Act<'_>) -> T,
    ) -> T {
        let (team, other) = match api {
            Api::AppStore => (&mut self.store, &self.enterprise),
            Api::Enterprise => (&mut self.enterprise, &self.store),
        };
        play(&mut Act {
            api,
            now,
            caller,
            team,
            other,
            entropy: &mut self.entropy,
            authority: &self.authority,
            limits: &self.limits,
            settling,
            lingering: self.lingering,
        })
    }

    /// Lets `play` act as the simulator itself, past all roles.
    pub(crate) fn act_as_house<T>(&mut self, api: Api, now: Timestamp, play: impl FnOnce(&mut Act<'_>) -> T) -> T {
        let kind = match api {
            Api::AppStore => KeyKind::Team,
            Api::Enterprise => KeyKind::Enterprise,
        };
        self.act(api, &Caller::house(kind), now, Settling::default(), play)
    }

    /// Counts a call in the key's rolling hour; how many remain, and whether this one was within.
    fn count_call(&mut self, key_id: &str, now: Timestamp) -> (u32, bool) {
        let calls = self.calls.entry(key_id.to_owned()).or_default();
        let hour_ago = now.saturating_sub(1.hour()).unwrap_or(now);
        while calls.front().is_some_and(|at| *at <= hour_ago) {
            calls.pop_front();
        }
        let limit = self.limits.requests_per_hour;
        let used = u32::try_from(calls.len()).unwrap_or(u32::MAX);
        if used >= limit {
            return (0, false);
        }
        calls.push_back(now);
        (limit - used - 1, true)
    }

    fn judge(
        &mut self,
        request: &Request,
        pairs: &[(String, String)],
        caller: &Caller,
        now: Timestamp,
    ) -> Result<(u16, Option<Value>), Refusal> {
        let team = self.team(request.api);
        match team.standing {
            Standing::Active => {}
            Standing::MembershipLapsed => return Err(Refusal::membership_lapsed(&team.id)),
            Standing::AgreementMissing => return Err(Refusal::agreement_missing()),
        }
        let segments: Vec<_> = request.path.split('/').skip(1).collect();
        let operation = operation(request, &segments)?;
        let (kind, target) = played(request, &segments)?;
        let verb = verb(operation, &target);
        let asked = match &target {
            Target::Collection | Target::Instance(_) => kind,
            Target::Linkage(_, relation) if !verb.reads() => resources::owner(kind, relation.target),
            Target::Related(_, relation) | Target::Linkage(_, relation) => relation.target,
        };
        if !caller.may(verb, asked) {
            return Err(Refusal::forbidden());
        }
        let query = query::read(operation, request.api, pairs)?;

        if let Target::Linkage(id, relation) = &target
            && !verb.reads()
        {
            self.relate(request, caller, kind, id, relation, verb, now)?;
            return Ok((204, None));
        }
        if verb.reads() {
            let document = self.read(request, &query, kind, &target, now)?;
            return Ok((200, Some(document)));
        }
        let id = match target {
            Target::Instance(id) => Some(id),
            _ => None,
        };
        if let Some(id) = id {
            self.check_changeable(request.api, kind, id, now)?;
        }
        let entity = if verb == Verb::Delete {
            Entity::default()
        } else {
            entity::read(operation, kind.as_str(), id, &request.body)?
        };
        let settling = self.settling;
        let id = self.act(request.api, caller, now, settling, |act| match (verb, id) {
            (Verb::Update, Some(id)) => resources::update(act, kind, id, &entity).map(|()| id.to_owned()),
            (Verb::Delete, Some(id)) => resources::delete(act, kind, id).map(|()| id.to_owned()),
            _ => resources::create(act, kind, &entity),
        })?;
        self.pass_time(now);
        if verb == Verb::Delete {
            return Ok((204, None));
        }
        let team = self.team(request.api);
        let scribe = scribe(request, team, &query, now);
        let status = if verb == Verb::Create { 201 } else { 200 };
        Ok((status, Some(scribe.one(team.get(kind, &id)))))
    }

    /// Adds to a to-many relationship, or takes from it.
    #[expect(clippy::too_many_arguments, reason = "all of it is said by the one request")]
    fn relate(
        &mut self,
        request: &Request,
        caller: &Caller,
        kind: Kind,
        id: &str,
        relation: &Relation,
        verb: Verb,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        self.check_changeable(request.api, kind, id, now)?;
        let ids = entity::read_linkage(relation.target.as_str(), &request.body)?;
        let settling = self.settling;
        self.act(request.api, caller, now, settling, |act| {
            resources::relate(act, kind, id, relation, verb, &ids)
        })?;
        self.pass_time(now);
        Ok(())
    }

    fn read(&mut self, request: &Request, query: &Query, kind: Kind, target: &Target<'_>, now: Timestamp) -> Result<Value, Refusal> {
        let api = request.api;
        match *target {
            Target::Collection => {
                if let (Kind::Devices, Some(offset), Some(most)) = (kind, query.cursor, self.limits.devices_by_cursor)
                    && offset >= most as usize
                {
                    return Err(Refusal::no_cursor(&query::cursor(offset)));
                }
                let unseen = self.team_mut(api).unseen(kind, None, now);
                let team = self.team(api);
                let seen = team.all(kind).iter();
                let seen = seen.filter(|object| !unseen.contains(&object.id));
                let seen = seen.chain(team.lingering(kind, now)).collect();
                let document = scribe(request, team, query, now).many(kind, seen);
                self.team_mut(api).forget_lingering(kind, now);
                Ok(document)
            }
            Target::Instance(id) => {
                self.check_visible(api, kind, id, now)?;
                let team = self.team(api);
                Ok(scribe(request, team, query, now).one(team.get(kind, id)))
            }
            Target::Related(id, relation) | Target::Linkage(id, relation) => {
                self.check_visible(api, kind, id, now)?;
                let team = self.team(api);
                let scribe = scribe(request, team, query, now);
                let related = team.get(kind, id).map(|object| team.related(object, relation)).unwrap_or_default();
                Ok(match target {
                    Target::Linkage(..) => scribe.linkage(relation, &related),
                    _ if relation.many => scribe.many(relation.target, related),
                    _ => scribe.one(related.first().copied()),
                })
            }
        }
    }

    /// 404 as for reading, and 409 for what is listed and stuck.
    fn check_changeable(&mut self, api: Api, kind: Kind, id: &str, now: Timestamp) -> Result<(), Refusal> {
        self.check_visible(api, kind, id, now)?;
        let object = self.team(api).get(kind, id);
        if object.is_some_and(|object| object.zombie == Some(Zombie::Stuck)) {
            return Err(Refusal::entity(format!(
                "The {} '{id}' can not be changed at this time.",
                kind.as_str()
            )));
        }
        Ok(())
    }

    /// 404 for an id that is unknown, another team's, or not visible yet.
    fn check_visible(&mut self, api: Api, kind: Kind, id: &str, now: Timestamp) -> Result<(), Refusal> {
        let team = self.team_mut(api);
        let is_gone = team.get(kind, id).is_none_or(|object| object.zombie == Some(Zombie::Gone));
        if is_gone || !team.unseen(kind, Some(id), now).is_empty() {
            return Err(Refusal::not_found(kind.as_str(), id));
        }
        Ok(())
    }
}

fn scribe<'a>(request: &'a Request, team: &'a Team, query: &'a Query, now: Timestamp) -> Scribe<'a> {
    Scribe {
        api: request.api,
        team,
        query,
        now,
        origin: &request.origin,
        path: &request.path,
        raw_query: &request.query,
    }
}

/// The operation that Apple's document offers for this request, or its refusal.
fn operation(request: &Request, segments: &[&str]) -> Result<&'static Operation, Refusal> {
    let method = request.method.as_str();
    let offered = Offered::by(request.api);
    match offered.find(method, segments) {
        Found::Operation(operation) => Ok(operation),
        Found::UnknownType => Err(Refusal::no_such_type()),
        Found::UnknownPath | Found::OtherMethods if let Some(refusal) = write_only(offered, method, segments) => Err(refusal),
        Found::UnknownPath => Err(Refusal::no_such_path(&request.path)),
        Found::OtherMethods => {
            let wanted = match (method, segments.len()) {
                ("GET", 2) => Verb::GetCollection,
                ("GET", 3) => Verb::GetInstance,
                ("POST", 2) => Verb::Create,
                ("PATCH", 3) => Verb::Update,
                ("DELETE", 3) => Verb::Delete,
                _ => return Err(Refusal::no_such_method(method)),
            };
            let kind = segments.get(1).copied().unwrap_or_default();
            let allowed: Vec<_> = offered.verbs(kind).into_iter().map(Verb::as_str).collect();
            Err(Refusal::not_offered(kind, wanted.as_str(), &allowed))
        }
    }
}

/// A relationship that can be changed and not read, such as the groups of a build (facts F3).
fn write_only(offered: &'static Offered, method: &str, segments: &[&str]) -> Option<Refusal> {
    let (id, name) = match segments[2..] {
        [id, "relationships", name] | [id, name] if method == "GET" => (id, name),
        _ => return None,
    };
    let kind = *segments.get(1)?;
    let linkage = ["v1", kind, id, "relationships", name];
    let is_offered = |method: &str| matches!(offered.find(method, &linkage), Found::Operation(_));
    let verbs = [("POST", "CREATE"), ("DELETE", "DELETE"), ("PATCH", "REPLACE")];
    let allowed: Vec<_> = verbs
        .into_iter()
        .filter(|(method, _)| is_offered(method))
        .map(|(_, verb)| verb)
        .collect();
    (!allowed.is_empty()).then(|| Refusal::relationship_not_offered(name, "GET_RELATIONSHIP", &allowed))
}

/// What the simulator plays of an offered path.
fn played<'a>(request: &Request, segments: &[&'a str]) -> Result<(Kind, Target<'a>), Refusal> {
    let unplayed = || Refusal::not_simulated(&format!("{} {}", request.method, request.path));
    let kind = match segments.first() {
        Some(&"v1") => segments.get(1).and_then(|name| Kind::named(name)),
        _ => None,
    };
    let kind = kind.filter(|kind| is_played(request.api, *kind)).ok_or_else(unplayed)?;
    let related = |name: &str| {
        relations(kind, request.api)
            .iter()
            .find(|relation| relation.name == name)
            .filter(|relation| request.method == "GET" || resources::can_relate(kind, relation.name))
            .ok_or_else(unplayed)
    };
    let target = match segments[2..] {
        [] => Target::Collection,
        [id] => Target::Instance(id),
        [id, "relationships", name] => Target::Linkage(id, related(name)?),
        [id, name] => Target::Related(id, related(name)?),
        _ => return Err(unplayed()),
    };
    Ok((kind, target))
}

/// The store's users and pass types wait for the issues that need them.
fn is_played(api: Api, kind: Kind) -> bool {
    match api {
        Api::AppStore => !matches!(kind, Kind::PassTypeIds | Kind::UserInvitations | Kind::Users),
        Api::Enterprise => true, // its own document already offers less
    }
}

fn verb(operation: &Operation, target: &Target<'_>) -> Verb {
    match (operation.method, target) {
        ("POST", _) => Verb::Create,
        ("PATCH", _) => Verb::Update,
        ("DELETE", _) => Verb::Delete,
        (_, Target::Instance(_)) => Verb::GetInstance,
        _ => Verb::GetCollection,
    }
}

fn answer(status: u16, document: Option<&Value>, now: Timestamp) -> Answer {
    let mut headers = BTreeMap::from([("date".to_owned(), http_date(now))]);
    let body = document.map(Value::to_string).unwrap_or_default();
    if document.is_some() {
        headers.insert("content-type".into(), "application/json".into());
    }
    Answer {
        status,
        headers,
        body,
        ..Answer::default()
    }
}
