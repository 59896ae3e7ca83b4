//! Answers as JSON:API documents: resources, relationships, `included`, links and paging.
//!
//! Everything is rendered from [`crate::team`] by one set of rules. `links` and `meta.paging` are always there. The one
//! surprising thing: to-many relationships of provisioning resources say `meta.paging {total: 0, limit: 2147483647}`
//! when they are not included, because that is what Apple's live API says (facts E5).

use crate::api::{Api, Kind};
use crate::offered::{Found, Offered};
use crate::query::{Filter, Query, cursor};
use crate::team::{Object, Relation, Team, relations};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use std::cmp::Ordering;
use std::collections::BTreeSet;

/// What provisioning relationships say of their bound.
const UNBOUNDED: u32 = 2_147_483_647;

/// How many included objects a store resource shows where no `limit[relation]` is given (invented: `relations`).
const INCLUDED: usize = 10;

/// One answer in the making.
pub(crate) struct Scribe<'a> {
    pub(crate) api: Api,
    pub(crate) team: &'a Team,
    pub(crate) query: &'a Query,
    pub(crate) now: Timestamp,
    /// Scheme and host as the client reached them.
    pub(crate) origin: &'a str,
    /// The request's own path, with its raw query.
    pub(crate) path: &'a str,
    pub(crate) raw_query: &'a str,
}

impl Scribe<'_> {
    /// A document with one resource, or `null`.
    pub(crate) fn one(&self, object: Option<&Object>) -> Value {
        let mut document = Map::new();
        document.insert("data".into(), object.map_or(Value::Null, |object| self.resource(object, true)));
        if !self.query.include.is_empty() {
            let primary: Vec<_> = object.into_iter().collect();
            document.insert("included".into(), self.included(&primary));
        }
        document.insert("links".into(), json!({ "self": self.own_url() }));
        Value::Object(document)
    }

    /// A document with a page of resources.
    pub(crate) fn many(&self, kind: Kind, objects: Vec<&Object>) -> Value {
        let objects = self.chosen(kind, objects);
        let (page, links, meta) = self.page(kind, &objects);
        let mut document = Map::new();
        let data: Vec<_> = page.iter().map(|object| self.resource(object, true)).collect();
        document.insert("data".into(), data.into());
        if !self.query.include.is_empty() {
            document.insert("included".into(), self.included(&page));
        }
        document.insert("links".into(), links);
        document.insert("meta".into(), meta);
        Value::Object(document)
    }

    /// A linkage document (`/relationships/…`).
    pub(crate) fn linkage(&self, relation: &Relation, objects: &[&Object]) -> Value {
        if !relation.many {
            let data = objects.first().map_or(Value::Null, |object| identifier(object));
            return json!({ "data": data, "links": {
                "self": self.own_url(),
                "related": format!("{}{}", self.origin, self.path.replace("/relationships/", "/")),
            }});
        }
        let (page, links, meta) = self.page(relation.target, objects);
        let data: Vec<_> = page.iter().map(|object| identifier(object)).collect();
        json!({ "data": data, "links": links, "meta": meta })
    }

    /// Filters and sorts.
    fn chosen<'o>(&self, kind: Kind, mut objects: Vec<&'o Object>) -> Vec<&'o Object> {
        for filter in &self.query.filters {
            objects.retain(|object| self.fits(kind, object, filter));
        }
        for (name, wanted) in &self.query.exists {
            objects.retain(|object| self.exists(object, name) == *wanted);
        }
        for (name, descending) in self.query.sort.iter().rev() {
            objects.sort_by(|a, b| {
                let order = self.sort_key(a, name).cmp(&self.sort_key(b, name));
                if *descending { order.reverse() } else { order }
            });
        }
        objects
    }

    fn fits(&self, kind: Kind, object: &Object, filter: &Filter) -> bool {
        let any = |test: &dyn Fn(&str) -> bool| filter.wanted.iter().any(|wanted| test(wanted));
        if filter.name == "id" {
            return any(&|wanted| object.id == wanted);
        }
        if let Some(order) = Period::of(&filter.name) {
            return any(&|wanted| order.holds(object.text(order.attribute), wanted));
        }
        let (name, beyond) = filter
            .name
            .split_once('.')
            .map_or((filter.name.as_str(), None), |(name, rest)| (name, Some(rest)));
        if let Some(relation) = relations(object.kind, self.api).iter().find(|relation| relation.name == name) {
            let related = self.team.related(object, relation);
            let through = beyond.map(|name| Filter {
                name: name.to_owned(),
                wanted: filter.wanted.clone(),
                is_word: filter.is_word,
            });
            return related.into_iter().any(|target| match &through {
                Some(filter) => self.fits(target.kind, target, filter),
                None => any(&|wanted| target.id == wanted),
            });
        }
        match object.seen_at(self.now, self.team.has_stale_states).get(&filter.name) {
            Some(Value::String(text)) if filter.is_word => any(&|wanted| text == wanted),
            Some(Value::String(text)) => any(&|wanted| matches_text(kind, &filter.name, text, wanted)),
            Some(Value::Bool(flag)) => any(&|wanted| wanted == flag.to_string()),
            // A state with its errors and warnings is meant by its word.
            Some(Value::Object(state)) => any(&|wanted| state.get(&filter.name).and_then(Value::as_str) == Some(wanted)),
            Some(Value::Array(words)) => any(&|wanted| words.iter().any(|word| word.as_str() == Some(wanted))),
            _ => false,
        }
    }

    fn exists(&self, object: &Object, name: &str) -> bool {
        let relation = relations(object.kind, self.api).iter().find(|relation| relation.name == name);
        match relation {
            Some(relation) => !self.team.related(object, relation).is_empty(),
            None => object.attributes.get(name).is_some_and(|value| !value.is_null()),
        }
    }

    fn sort_key(&self, object: &Object, name: &str) -> SortKey {
        if name == "id" {
            return SortKey::Text(object.id.clone());
        }
        if name == "preReleaseVersion" {
            let version = self.team.get(Kind::PreReleaseVersions, object.linked(name));
            return version.map_or(SortKey::Missing, |version| SortKey::Version(numbers(version.text("version"))));
        }
        match object.seen_at(self.now, self.team.has_stale_states).get(name) {
            Some(Value::String(text)) if matches!(name, "version" | "cfBundleVersion") => SortKey::Version(numbers(text)),
            Some(Value::String(text)) => SortKey::Text(text.clone()),
            Some(Value::Bool(flag)) => SortKey::Number(i64::from(*flag)),
            Some(Value::Number(number)) => SortKey::Number(number.as_i64().unwrap_or_default()),
            _ => SortKey::Missing,
        }
    }

    fn page<'o>(&self, kind: Kind, objects: &[&'o Object]) -> (Vec<&'o Object>, Value, Value) {
        let limit = self.query.limit.unwrap_or(if kind.is_provisioning() { 20 } else { 50 });
        let start = self.query.cursor.unwrap_or_default().min(objects.len());
        let end = (start + limit).min(objects.len());
        let mut links = json!({ "self": self.own_url() });
        let mut paging = json!({ "total": objects.len(), "limit": limit });
        if self.query.cursor.is_some() {
            links["first"] = self.url_with_cursor(None).into();
        }
        if end < objects.len() {
            let next = cursor(end);
            links["next"] = self.url_with_cursor(Some(&next)).into();
            if self.api == Api::AppStore {
                paging["nextCursor"] = next.into(); // the Enterprise document does not know it
            }
        }
        (objects[start..end].to_vec(), links, json!({ "paging": paging }))
    }

    fn resource(&self, object: &Object, primary: bool) -> Value {
        let kind = object.kind.as_str();
        let shown = |name: &str| self.query.fields.get(kind).is_none_or(|fields| fields.contains(name));
        let mut attributes = object.seen_at(self.now, self.team.has_stale_states);
        attributes.retain(|name, _| shown(name));
        let mut relationships = Map::new();
        for relation in relations(object.kind, self.api) {
            if shown(relation.name) {
                let included = primary && self.query.include.contains(relation.name);
                let member = self.relationship(object, relation, included);
                if !member.is_empty() {
                    relationships.insert(relation.name.into(), member.into());
                }
            }
        }
        // Those that the simulator does not play lead nowhere yet, but clients expect them to be named.
        for name in Offered::by(self.api).relationships(kind) {
            if shown(name) && !relationships.contains_key(name) {
                relationships.insert(name.into(), json!({ "links": self.relationship_links(object, name) }));
            }
        }
        let mut resource = json!({ "type": kind, "id": object.id });
        if !object.attributes.is_empty() {
            resource["attributes"] = attributes.into(); // an invitation, for instance, has none
        }
        if !relationships.is_empty() {
            resource["relationships"] = relationships.into();
        }
        resource["links"] = json!({ "self": format!("{}/v1/{kind}/{}", self.origin, object.id) });
        resource
    }

    fn relationship(&self, object: &Object, relation: &Relation, included: bool) -> Map<String, Value> {
        let mut member = Map::new();
        if included {
            let related = self.team.related(object, relation);
            let data: Vec<_> = related
                .iter()
                .take(self.shown_of(relation))
                .map(|target| identifier(target))
                .collect();
            if relation.many {
                let limit = if self.shown_of(relation) == usize::MAX {
                    json!(UNBOUNDED)
                } else {
                    json!(self.shown_of(relation))
                };
                member.insert("meta".into(), json!({ "paging": { "total": related.len(), "limit": limit } }));
                member.insert("data".into(), data.into());
            } else if let Some(one) = data.into_iter().next() {
                member.insert("data".into(), one);
            }
        } else if relation.many && object.kind.is_provisioning() {
            member.insert("meta".into(), json!({ "paging": { "total": 0, "limit": UNBOUNDED } }));
        }
        let links = self.relationship_links(object, relation.name);
        if !links.is_empty() {
            member.insert("links".into(), links.into());
        }
        member
    }

    /// Only what Apple's document offers is linked to.
    fn relationship_links(&self, object: &Object, name: &str) -> Map<String, Value> {
        let mut links = Map::new();
        let kind = object.kind.as_str();
        for (link, between) in [("self", "relationships/"), ("related", "")] {
            let path = format!("/v1/{kind}/{}/{between}{name}", object.id);
            let segments: Vec<_> = path.split('/').skip(1).collect();
            if let Found::Operation(_) = Offered::by(self.api).find("GET", &segments) {
                links.insert(link.into(), format!("{}{path}", self.origin).into());
            }
        }
        links
    }

    fn shown_of(&self, relation: &Relation) -> usize {
        let given = self.query.related_limits.get(relation.name).copied();
        given.unwrap_or(if relation.target.is_provisioning() { usize::MAX } else { INCLUDED })
    }

    fn included(&self, primary: &[&Object]) -> Value {
        let mut seen = BTreeSet::new();
        let mut included = Vec::new();
        for object in primary {
            for relation in relations(object.kind, self.api) {
                if !self.query.include.contains(relation.name) {
                    continue;
                }
                let related = self.team.related(object, relation);
                for target in related.into_iter().take(self.shown_of(relation)) {
                    if seen.insert((target.kind, target.id.clone())) {
                        included.push(self.resource(target, false));
                    }
                }
            }
        }
        included.into()
    }

    fn own_url(&self) -> String {
        let mark = if self.raw_query.is_empty() { "" } else { "?" };
        format!("{}{}{mark}{}", self.origin, self.path, self.raw_query)
    }

    fn url_with_cursor(&self, cursor: Option<&str>) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in crate::query::pairs(self.raw_query) {
            if name != "cursor" {
                query.append_pair(&name, &value);
            }
        }
        if let Some(cursor) = cursor {
            query.append_pair("cursor", cursor);
        }
        let query = query.finish();
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{}{}{mark}{query}", self.origin, self.path)
    }
}

fn identifier(object: &Object) -> Value {
    json!({ "type": object.kind.as_str(), "id": object.id })
}

/// Text filters: provisioning matches by substring (facts E5), and so do names everywhere; UDIDs in any case.
fn matches_text(kind: Kind, name: &str, text: &str, wanted: &str) -> bool {
    match name {
        "udid" => text.to_ascii_lowercase().contains(&wanted.to_ascii_lowercase()),
        "seedId" => text == wanted,
        "name" => text.contains(wanted),
        _ if kind.is_provisioning() => text.contains(wanted),
        _ => text == wanted,
    }
}

/// A filter by an instant: `createdDateLessThan`, `createdDateGreaterThanOrEqualTo`.
struct Period<'a> {
    attribute: &'a str,
    before: bool,
}

impl Period<'_> {
    fn of(filter: &str) -> Option<Period<'_>> {
        let period = |suffix: &str, before| filter.strip_suffix(suffix).map(|attribute| Period { attribute, before });
        period("LessThan", true).or_else(|| period("GreaterThanOrEqualTo", false))
    }

    /// What is no instant fits nothing.
    fn holds(&self, at: &str, bound: &str) -> bool {
        let (Ok(at), Ok(bound)) = (at.parse::<Timestamp>(), bound.parse::<Timestamp>()) else {
            return false;
        };
        (at < bound) == self.before
    }
}

/// The numbers of a version: `2.0.53` comes before `2.0.731`. What is no number counts as zero.
pub(crate) fn numbers(version: &str) -> Vec<u64> {
    let mut numbers: Vec<u64> = version.split('.').map(|part| part.parse().unwrap_or_default()).collect();
    while numbers.last() == Some(&0) {
        numbers.pop(); // 2.0 is 2
    }
    numbers
}

/// Objects without the attribute come last.
#[derive(Debug, PartialEq, Eq)]
enum SortKey {
    Number(i64),
    Version(Vec<u64>),
    Text(String),
    Missing,
}

impl Ord for SortKey {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (SortKey::Number(a), SortKey::Number(b)) => a.cmp(b),
            (SortKey::Text(a), SortKey::Text(b)) => a.cmp(b),
            (SortKey::Version(a), SortKey::Version(b)) => a.cmp(b),
            (a, b) => a.rank().cmp(&b.rank()),
        }
    }
}

impl PartialOrd for SortKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl SortKey {
    fn rank(&self) -> u8 {
        match self {
            SortKey::Number(_) => 0,
            SortKey::Version(_) => 1,
            SortKey::Text(_) => 2,
            SortKey::Missing => 3,
        }
    }
}
