//! What the simulator answered: status, media type, body.
//!
//! What Apple's document does not offer cannot have a declared answer: there a refusal with one of a few statuses and
//! the document's error schema is right.

use serde_json::Value;

use super::document::{Document, Route};
use super::exchange::Exchange;
use super::finding::{Finding, Rule};
use super::schema;

const JSON: &str = "application/json";
/// What can meet a request that the document does not offer: bad token, not allowed, not there, too many.
const REFUSALS: [u16; 5] = [401, 403, 404, 405, 429];

pub(super) fn judge(document: &Document, exchange: &Exchange, status: u16) -> Vec<Finding> {
    let Route::Operation(operation) = document.route(&exchange.method, &exchange.path) else {
        return not_offered(document, exchange, status);
    };
    let Some(declared) = operation["responses"].get(status.to_string()) else {
        let undeclared = Finding::new(Rule::Status, status.to_string(), status.to_string(), "a declared status");
        let body = if status >= 400 { refusal(document, exchange) } else { Vec::new() };
        return [vec![undeclared], body].concat();
    };
    match declared["content"].as_object() {
        Some(media_types) => body(document, exchange, media_types),
        None if exchange.response_body.is_empty() => Vec::new(),
        None => vec![Finding::new(Rule::Body, "body", "a body", "no body")],
    }
}

fn not_offered(document: &Document, exchange: &Exchange, status: u16) -> Vec<Finding> {
    if !REFUSALS.contains(&status) {
        return vec![Finding::new(
            Rule::Operation,
            "path",
            status.to_string(),
            format!("a refusal, one of {REFUSALS:?}"),
        )];
    }
    refusal(document, exchange)
}

fn refusal(document: &Document, exchange: &Exchange) -> Vec<Finding> {
    let media_types = serde_json::Map::from_iter([(JSON.to_owned(), serde_json::json!({ "schema": document.error_schema() }))]);
    body(document, exchange, &media_types)
}

fn body(document: &Document, exchange: &Exchange, declared: &serde_json::Map<String, Value>) -> Vec<Finding> {
    let media_type = exchange.response_headers.get("content-type").map_or("", String::as_str);
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    let Some(content) = declared.get(essence) else {
        let wanted = declared.keys().map(String::as_str).collect::<Vec<_>>().join(" or ");
        return vec![Finding::new(Rule::Body, "content-type", media_type, wanted)];
    };
    if essence != JSON {
        return Vec::new();
    }
    match serde_json::from_str(&exchange.response_body) {
        Ok(value) => schema::judge(document, &content["schema"], &value),
        Err(error) => vec![Finding::new(Rule::Body, "body", error.to_string(), "JSON")],
    }
}
