//! The check must turn red: each test is one wrong thing on the wire, against a small document of our own.

use serde_json::{Value, json};

use super::*;

fn document() -> Document {
    let error =
        json!({"description": "refused", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorResponse"}}}});
    let trees = json!({"content": {"application/json": {"schema": {"$ref": "#/components/schemas/TreesResponse"}}}});
    let query = json!([
        {"name": "filter[kind]", "in": "query", "schema": {"type": "array", "items": {"type": "string", "enum": ["PEAR", "PLUM"]}}},
        {"name": "filter[name]", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}},
        {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 200}},
    ]);
    Document::of(json!({
        "paths": {
            "/v1/trees": {
                "get": {"parameters": query, "responses": {"200": trees, "401": error, "403": error}},
                "post": {
                    "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/TreeCreateRequest"}}}},
                    "responses": {"201": trees, "401": error},
                },
            },
            "/v1/trees/{id}": {"delete": {"responses": {"204": {}, "404": error}}},
            "/v1/orchards": {"get": {
                "parameters": [{"name": "filter[owner]", "in": "query", "required": true, "schema": {"type": "string"}}],
                "responses": {"200": trees},
            }},
        },
        "components": {"schemas": {
            "ErrorResponse": {"type": "object", "properties": {"errors": {"type": "array", "items": {
                "type": "object",
                "properties": {"status": {"type": "string"}, "code": {"type": "string"}},
                "required": ["status", "code"],
            }}}},
            "Tree": {"type": "object", "required": ["id", "type"], "properties": {
                "type": {"type": "string", "enum": ["trees"]},
                "id": {"type": "string"},
                "attributes": {"type": "object", "properties": {
                    "kind": {"type": "string", "enum": ["PEAR", "PLUM"]},
                    "planted": {"type": "string", "format": "date-time"},
                    "note": {"type": "string", "nullable": true},
                    "age": {"type": "integer", "minimum": 0},
                }},
            }},
            "Bee": {"type": "object", "properties": {"type": {"type": "string", "enum": ["bees"]}, "name": {"type": "string"}}},
            "TreesResponse": {"type": "object", "required": ["data"], "properties": {
                "data": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}},
                "included": {"type": "array", "items": {"oneOf": [{"$ref": "#/components/schemas/Tree"}, {"$ref": "#/components/schemas/Bee"}]}},
            }},
            "TreeCreateRequest": {"type": "object", "required": ["data"], "properties": {
                "data": {"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string", "enum": ["PEAR", "PLUM"]}}},
            }},
        }},
    }))
    .unwrap()
}

/// A good exchange, to be spoilt.
fn exchange() -> Exchange {
    serde_json::from_value(json!({
        "api": "app-store", "method": "GET", "path": "/v1/trees", "query": "filter%5Bkind%5D=PEAR,PLUM&limit=200",
        "user_agent": "russet/0.1.0", "status": 200, "response_headers": {"content-type": "application/json"},
        "response_body": tree(json!({"kind": "PEAR", "planted": "2026-03-01T12:00:00Z", "note": null, "age": 3})),
    }))
    .unwrap()
}

fn tree(attributes: Value) -> String {
    json!({"data": [{"type": "trees", "id": "1", "attributes": attributes}]}).to_string()
}

fn judge_with(list: &str, spoil: impl FnOnce(&mut Exchange)) -> Verdict {
    let mut exchange = exchange();
    spoil(&mut exchange);
    let contract = Contract {
        app_store: document(),
        enterprise: document(),
    };
    contract.judge(&[exchange], Deviations::parse(list).unwrap())
}

fn judge(spoil: impl FnOnce(&mut Exchange)) -> Vec<String> {
    judge_with("deviation = []", spoil).findings.lines()
}

/// Exactly one difference, and its line speaks of `words`.
#[track_caller]
fn red(words: &[&str], spoil: impl FnOnce(&mut Exchange)) {
    let lines = judge(spoil);
    assert_eq!(lines.len(), 1, "{lines:#?}");
    for word in words {
        assert!(lines[0].contains(word), "{word} is not in {}", lines[0]);
    }
}

#[test]
fn a_good_exchange_counts_once_on_each_side() {
    let verdict = judge_with("deviation = []", |_| {});
    assert!(verdict.holds(), "{:?}", verdict.findings);
    assert_eq!((verdict.requests, verdict.responses, verdict.deviations_used), (1, 1, 0));
}

#[test]
fn strangers_requests_and_ordered_answers_are_not_judged() {
    let verdict = judge_with("deviation = []", |exchange| {
        exchange.user_agent = Some("curl/8".to_owned());
        exchange.query = "nonsense=1".to_owned();
        exchange.injected = true;
        exchange.response_body = "<html>".to_owned();
    });
    assert_eq!((verdict.requests, verdict.responses), (0, 0));
    assert!(verdict.holds());
}

#[test]
fn a_request_with_an_unknown_parameter_a_wrong_value_or_a_number_too_large_is_red() {
    red(&["Request", "Parameter", "sort"], |exchange| {
        exchange.query = "sort=name".to_owned()
    });
    red(&["Request", "Enum", "APPLE", "PEAR, PLUM"], |exchange| {
        exchange.query = "filter%5Bkind%5D=PEAR,APPLE".to_owned()
    });
    red(&["Request", "Range", "201"], |exchange| exchange.query = "limit=201".to_owned());
    red(&["Request", "Type", "many"], |exchange| exchange.query = "limit=many".to_owned());
    red(&["Request", "Parameter", "once"], |exchange| {
        exchange.query = "limit=1&limit=2".to_owned()
    });
    red(&["Request", "Format", "filter[name]"], |exchange| {
        exchange.query = "filter[name]=".to_owned()
    });
    red(&["Request", "Required", "filter[owner]"], |exchange| {
        exchange.path = "/v1/orchards".to_owned();
        exchange.query = String::new();
    });
}

#[test]
fn a_request_to_no_path_or_with_another_method_is_red() {
    let answer = |exchange: &mut Exchange| {
        exchange.status = Some(404);
        exchange.query = String::new();
        exchange.response_body = json!({"errors": [{"status": "404", "code": "NOT_FOUND"}]}).to_string();
    };
    red(&["Request", "Operation", "/v1/bushes"], |exchange| {
        answer(exchange);
        exchange.path = "/v1/bushes".to_owned();
    });
    red(&["Request", "Operation", "PATCH"], |exchange| {
        answer(exchange);
        exchange.method = "PATCH".to_owned();
    });
}

#[test]
fn a_request_body_is_held_against_its_schema() {
    let post = |body: Value| {
        move |exchange: &mut Exchange| {
            exchange.method = "POST".to_owned();
            exchange.query = String::new();
            exchange.status = Some(201);
            exchange
                .request_headers
                .insert("content-type".to_owned(), "application/json".to_owned());
            exchange.request_body = body.to_string();
        }
    };
    assert_eq!(judge(post(json!({"data": {"kind": "PEAR"}}))), Vec::<String>::new());
    red(&["Request", "Required", "data/kind"], post(json!({"data": {}})));
    red(
        &["Request", "Unknown", "data/color"],
        post(json!({"data": {"kind": "PEAR", "color": "red"}})),
    );
    red(&["Request", "Enum", "NUT"], post(json!({"data": {"kind": "NUT"}})));
    red(&["Request", "Null", "data"], post(json!({"data": null})));
    red(&["Request", "content-type"], |exchange| {
        post(json!({"data": {"kind": "PEAR"}}))(exchange);
        exchange.request_headers.clear();
    });
    red(&["Request", "Body", "no body"], |exchange| exchange.request_body = "{}".to_owned());
}

#[test]
fn an_answer_that_departs_from_its_schema_is_red() {
    let answer = |attributes: Value| move |exchange: &mut Exchange| exchange.response_body = tree(attributes);
    red(&["Response", "Unknown", "data/*/attributes/color"], answer(json!({"color": "red"})));
    red(&["Response", "Enum", "NUT"], answer(json!({"kind": "NUT"})));
    red(
        &["Response", "Format", "2026-03-01T12:00:00.000+0000"],
        answer(json!({"planted": "2026-03-01T12:00:00.000+0000"})),
    );
    red(&["Response", "Null", "kind"], answer(json!({"kind": null})));
    red(&["Response", "Type", "age"], answer(json!({"age": "3"})));
    red(&["Response", "Range", "age"], answer(json!({"age": -1})));
    red(&["Response", "Required", "data/*/id"], |exchange| {
        exchange.response_body = json!({"data": [{"type": "trees"}]}).to_string()
    });
    red(&["Response", "Body", "JSON"], |exchange| {
        exchange.response_body = "<html>".to_owned()
    });
    red(&["Response", "Body", "content-type"], |exchange| exchange.response_headers.clear());
}

#[test]
fn an_included_resource_is_judged_as_the_type_it_names() {
    let included =
        |resource: Value| move |exchange: &mut Exchange| exchange.response_body = json!({"data": [], "included": [resource]}).to_string();
    assert_eq!(judge(included(json!({"type": "bees", "name": "Maya"}))), Vec::<String>::new());
    red(&["Unknown", "included/*/wings"], included(json!({"type": "bees", "wings": 4})));
    red(&["Enum", "wasps"], included(json!({"type": "wasps"})));
}

#[test]
fn an_undeclared_status_is_red_and_its_body_is_judged_all_the_same() {
    red(&["Response", "Status", "429"], |exchange| {
        exchange.status = Some(429);
        exchange.response_body = json!({"errors": [{"status": "429", "code": "RATE_LIMIT_EXCEEDED"}]}).to_string();
    });
    let lines = judge(|exchange| {
        exchange.status = Some(429);
        exchange.response_body = json!({"errors": [{"status": 429, "code": "RATE_LIMIT_EXCEEDED"}]}).to_string();
    });
    assert_eq!(lines.len(), 2, "{lines:#?}");
    red(&["Response", "Body", "no body"], |exchange| {
        exchange.method = "DELETE".to_owned();
        exchange.path = "/v1/trees/1".to_owned();
        exchange.query = String::new();
        exchange.status = Some(204);
    });
}

#[test]
fn what_the_document_does_not_offer_must_be_refused_with_its_error_schema() {
    let stranger = |exchange: &mut Exchange| {
        exchange.user_agent = None;
        exchange.path = "/v1/bushes".to_owned();
        exchange.status = Some(404);
    };
    let refused = json!({"errors": [{"status": "404", "code": "NOT_FOUND"}]}).to_string();
    let good = judge(|exchange| {
        stranger(exchange);
        exchange.response_body = refused;
    });
    assert_eq!(good, Vec::<String>::new());
    red(&["Response", "Required", "errors/*/code"], |exchange| {
        stranger(exchange);
        exchange.response_body = json!({"errors": [{"status": "404"}]}).to_string();
    });
    red(&["Response", "Operation", "200"], |exchange| {
        stranger(exchange);
        exchange.status = Some(200);
    });
}

#[test]
fn a_deviation_covers_only_what_it_names_and_must_be_needed() {
    let list = r#"
        [[deviation]]
        side = "response"
        rule = "enum"
        at = "attributes/kind"
        found = "QUINCE"
        source = "seen live"
    "#;
    let kind = |kind: &'static str| move |exchange: &mut Exchange| exchange.response_body = tree(json!({"kind": kind}));
    let covered = judge_with(list, kind("QUINCE"));
    assert!(covered.holds());
    assert_eq!(covered.deviations_used, 1);
    let other = judge_with(list, kind("NUT"));
    assert_eq!((other.findings.len(), other.unused.len()), (1, 1));
    let unused = judge_with(list, |_| {});
    assert!(!unused.holds());
    assert_eq!(unused.unused.len(), 1, "an entry that nothing needs fails");
}

#[test]
fn a_deviation_without_source_or_with_a_misspelt_word_is_refused() {
    let entry =
        |rule: &str, source: &str| format!("[[deviation]]\nside = \"response\"\nrule = \"{rule}\"\nat = \"a\"\nsource = \"{source}\"\n");
    assert!(Deviations::parse(&entry("enum", "facts L")).is_ok());
    assert!(Deviations::parse(&entry("enum", " ")).is_err());
    assert!(Deviations::parse(&entry("enumeration", "facts L")).is_err());
}

#[test]
fn journals_are_read_line_by_line_and_a_torn_last_line_is_left() {
    let folder = std::env::temp_dir().join(format!("contract-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let line = r#"{"api":"enterprise","method":"GET","path":"/v1/trees","status":200,"time":"ignored"}"#;
    std::fs::write(folder.join("a.jsonl"), format!("{line}\n{line}\n{{\"api\":")).unwrap();
    std::fs::write(folder.join("note.txt"), "not a journal").unwrap();
    let read = exchange::read_all(&folder).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(read.len(), 2);
    assert_eq!((read[1].api, read[1].origin.as_str()), (Api::Enterprise, "a.jsonl:2"));
}
