//! What our client sent: path, method, query, body.

use serde_json::Value;

use super::document::{Document, Route};
use super::exchange::Exchange;
use super::finding::{Finding, Rule};
use super::{query, schema};

const JSON: &str = "application/json";

pub(super) fn judge(document: &Document, exchange: &Exchange) -> Vec<Finding> {
    let operation = match document.route(&exchange.method, &exchange.path) {
        Route::Operation(operation) => operation,
        Route::OtherMethods => return vec![Finding::new(Rule::Operation, "method", &exchange.method, "a method of this path")],
        Route::Unknown => return vec![Finding::new(Rule::Operation, "path", &exchange.path, "a path of the document")],
    };
    let mut findings = query::judge(document, operation, &exchange.query);
    findings.extend(body(document, operation, exchange));
    findings
}

fn body(document: &Document, operation: &Value, exchange: &Exchange) -> Vec<Finding> {
    let sent = exchange.request_body.as_str();
    let Some(declared) = operation.get("requestBody") else {
        return if sent.is_empty() {
            Vec::new()
        } else {
            vec![Finding::new(Rule::Body, "body", sent, "no body")]
        };
    };
    let media_type = exchange.request_headers.get("content-type").map_or("", String::as_str);
    if !media_type.starts_with(JSON) {
        return vec![Finding::new(Rule::Body, "content-type", media_type, JSON)];
    }
    match serde_json::from_str(sent) {
        Ok(value) => schema::judge(document, &declared["content"][JSON]["schema"], &value),
        Err(_) => vec![Finding::new(Rule::Body, "body", sent, "JSON")],
    }
}
