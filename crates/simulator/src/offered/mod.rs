//! What Apple's documents offer: every operation of both APIs, read from the tables beside this file.
//!
//! The tables are made by `cargo xtask offered` and hold facts only (methods, paths, names, enum values). The engine
//! refuses by them what Apple would refuse: an invented path, an operation that a resource does not have, an unknown
//! parameter, a wrong enum value, a missing attribute. It must not know any business rule.

use crate::api::{Api, Verb};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

static APP_STORE: LazyLock<Offered> = LazyLock::new(|| Offered::read(include_str!("app_store.txt")));
static ENTERPRISE: LazyLock<Offered> = LazyLock::new(|| Offered::read(include_str!("enterprise.txt")));

/// The operations of one API.
pub(crate) struct Offered {
    by_type: BTreeMap<&'static str, Vec<Operation>>,
}

/// One method on one path template.
pub(crate) struct Operation {
    pub(crate) method: &'static str,
    pub(crate) template: &'static str,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) relationships: Vec<Linkage>,
}

/// A query parameter. `words` are the values it may take; none: any text.
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) required: bool,
    pub(crate) maximum: Option<u32>,
    pub(crate) words: Vec<&'static str>,
}

/// An attribute of a request body.
pub(crate) struct Attribute {
    pub(crate) name: &'static str,
    pub(crate) required: bool,
    pub(crate) nullable: bool,
    pub(crate) shape: Shape,
    pub(crate) words: Vec<&'static str>,
}

/// The JSON type of an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Text,
    Number,
    Flag,
    List,
    Object,
}

/// A relationship of a request body.
pub(crate) struct Linkage {
    pub(crate) name: &'static str,
    pub(crate) required: bool,
    pub(crate) many: bool,
    pub(crate) target: &'static str,
}

/// What the document says to a method and a path.
pub(crate) enum Found {
    /// Offered.
    Operation(&'static Operation),
    /// The path exists, the method does not.
    OtherMethods,
    /// The resource type exists, this path below it does not.
    UnknownPath,
    /// No resource type of that name.
    UnknownType,
}

impl Offered {
    /// The table of one API.
    pub(crate) fn by(api: Api) -> &'static Offered {
        match api {
            Api::AppStore => &APP_STORE,
            Api::Enterprise => &ENTERPRISE,
        }
    }

    /// Looks up a method and the segments of a path (`["v1", "apps", "123"]`).
    pub(crate) fn find(&'static self, method: &str, segments: &[&str]) -> Found {
        let Some(operations) = segments.get(1).and_then(|kind| self.by_type.get(*kind)) else {
            return Found::UnknownType;
        };
        let mut path_exists = false;
        for operation in operations {
            if operation.matches(segments) {
                if operation.method == method {
                    return Found::Operation(operation);
                }
                path_exists = true;
            }
        }
        // A collection or an instance of a known type is a known path even where no method of it is offered.
        if path_exists || segments.len() <= 3 {
            Found::OtherMethods
        } else {
            Found::UnknownPath
        }
    }

    /// The relationships of a resource type: what can be asked for below an instance and is named among its fields.
    pub(crate) fn relationships(&self, kind: &str) -> BTreeSet<&'static str> {
        let operations = self.by_type.get(kind).map_or(&[][..], Vec::as_slice);
        let fields = format!("fields[{kind}]");
        let named = |name: &str| {
            let parameters = operations.iter().filter_map(|operation| operation.parameter(&fields));
            parameters.flat_map(|parameter| &parameter.words).any(|word| *word == name)
        };
        operations
            .iter()
            .filter(|operation| operation.method == "GET")
            .filter_map(|operation| match operation.template.split('/').skip(3).collect::<Vec<_>>()[..] {
                ["{id}", name] | ["{id}", "relationships", name] => Some(name),
                _ => None,
            })
            .filter(|name| named(name))
            .collect()
    }

    /// What may be done with a resource type at all, in the order of Apple's error texts.
    pub(crate) fn verbs(&self, kind: &str) -> Vec<Verb> {
        let offers = |method: &str, length: usize| {
            self.by_type
                .get(kind)
                .into_iter()
                .flatten()
                .any(|operation| operation.method == method && operation.template.matches('/').count() == length)
        };
        [
            (Verb::Create, "POST", 2),
            (Verb::Delete, "DELETE", 3),
            (Verb::GetCollection, "GET", 2),
            (Verb::GetInstance, "GET", 3),
            (Verb::Update, "PATCH", 3),
        ]
        .into_iter()
        .filter(|(_, method, length)| offers(method, *length))
        .map(|(verb, ..)| verb)
        .collect()
    }

    fn read(table: &'static str) -> Offered {
        let mut by_type: BTreeMap<&'static str, Vec<Operation>> = BTreeMap::new();
        let mut last: Option<&'static str> = None;
        for line in table.lines().filter(|line| !line.starts_with('#')) {
            let Some((mark, rest)) = line.split_once(' ') else {
                continue;
            };
            let kind_of = |path: &'static str| path.split('/').nth(2).unwrap_or_default();
            if matches!(mark, "GET" | "POST" | "PATCH" | "DELETE") {
                last = Some(kind_of(rest));
                by_type.entry(kind_of(rest)).or_default().push(Operation::new(mark, rest));
            } else if let Some(operation) = last
                .and_then(|kind| by_type.get_mut(kind))
                .and_then(|operations| operations.last_mut())
            {
                operation.learn(mark, rest);
            }
        }
        Offered { by_type }
    }
}

impl Operation {
    /// The parameter of that name.
    pub(crate) fn parameter(&self, name: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|parameter| parameter.name == name)
    }

    fn new(method: &'static str, template: &'static str) -> Operation {
        Operation {
            method,
            template,
            parameters: Vec::new(),
            attributes: Vec::new(),
            relationships: Vec::new(),
        }
    }

    fn matches(&self, segments: &[&str]) -> bool {
        let mut template = self.template.split('/').skip(1);
        segments
            .iter()
            .all(|segment| matches!(template.next(), Some(part) if part == "{id}" || part == *segment))
            && template.next().is_none()
    }

    fn learn(&mut self, mark: &str, rest: &'static str) {
        let mut words = rest.split(' ');
        let marked = words.next().unwrap_or_default();
        let name = marked.trim_end_matches(['!', '?', '*']);
        let marks = &marked[name.len()..];
        let required = marks.contains('!');
        match mark {
            "?" => {
                let mut words: Vec<_> = words.collect();
                let maximum = words
                    .first()
                    .and_then(|word| word.strip_prefix("1.."))
                    .and_then(|bound| bound.parse().ok());
                if maximum.is_some() {
                    words.clear();
                }
                self.parameters.push(Parameter {
                    name,
                    required,
                    maximum,
                    words,
                });
            }
            "@" => {
                let mut words: Vec<_> = words.collect();
                let shape = match words.first() {
                    Some(&"(number)" | &"(integer)") => Shape::Number,
                    Some(&"(boolean)") => Shape::Flag,
                    Some(&"(array)") => Shape::List,
                    Some(&"(object)") => Shape::Object,
                    _ => Shape::Text,
                };
                words.retain(|word| !word.starts_with('('));
                self.attributes.push(Attribute {
                    name,
                    required,
                    nullable: marks.contains('?'),
                    shape,
                    words,
                });
            }
            ">" => self.relationships.push(Linkage {
                name,
                required,
                many: marks.contains('*'),
                target: words.next().unwrap_or_default(),
            }),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(api: Api, method: &str, path: &str) -> &'static str {
        let segments: Vec<_> = path.split('/').skip(1).collect();
        match Offered::by(api).find(method, &segments) {
            Found::Operation(operation) => operation.template,
            Found::OtherMethods => "other methods",
            Found::UnknownPath => "unknown path",
            Found::UnknownType => "unknown type",
        }
    }

    #[test]
    fn paths_are_found_as_apples_documents_offer_them() {
        let store = |method, path| found(Api::AppStore, method, path);
        assert_eq!(store("GET", "/v1/apps/1/appInfos"), "/v1/apps/{id}/appInfos");
        assert_eq!(store("POST", "/v1/apps"), "other methods");
        assert_eq!(store("GET", "/v1/apps/1/inventions"), "unknown path");
        assert_eq!(store("GET", "/v1/inventions"), "unknown type");
        assert_eq!(found(Api::Enterprise, "GET", "/v1/apps"), "unknown type");
        assert_eq!(found(Api::Enterprise, "GET", "/v1/users"), "/v1/users");
    }

    #[test]
    fn the_allowed_operations_are_in_the_order_of_apples_text() {
        let verbs = Offered::by(Api::AppStore).verbs("apps");
        let names: Vec<_> = verbs.into_iter().map(Verb::as_str).collect();
        assert_eq!(names, ["GET_COLLECTION", "GET_INSTANCE", "UPDATE"]);
    }

    #[test]
    fn parameters_and_bodies_carry_their_bounds_and_words() {
        let Found::Operation(list) = Offered::by(Api::AppStore).find("GET", &["v1", "devices"]) else {
            panic!("devices can be listed");
        };
        let limit = list.parameter("limit").expect("devices are paged");
        assert_eq!(limit.maximum, Some(200));
        let platform = list.parameter("filter[platform]").expect("a filter");
        assert_eq!(platform.words, ["IOS", "MAC_OS", "UNIVERSAL"]);
        let Found::Operation(create) = Offered::by(Api::AppStore).find("POST", &["v1", "profiles"]) else {
            panic!("profiles can be created");
        };
        let links: Vec<_> = create
            .relationships
            .iter()
            .map(|link| (link.name, link.required, link.many))
            .collect();
        assert_eq!(
            links,
            [("bundleId", true, false), ("certificates", true, true), ("devices", false, true)]
        );
    }
}
