//! The query of a request line, and whether an operation takes it.

use serde_json::Value;

use super::document::Document;
use super::finding::{Finding, Rule};

/// Differences between the query and the parameters that the operation declares.
pub(super) fn judge(document: &Document, operation: &Value, query: &str) -> Vec<Finding> {
    let given: Vec<(String, String)> = pairs(query).collect();
    let declared: Vec<&Value> = operation["parameters"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|parameter| parameter["in"] == "query")
        .collect();
    let mut findings = Vec::new();
    for (position, (name, value)) in given.iter().enumerate() {
        if given[..position].iter().any(|(earlier, _)| earlier == name) {
            findings.push(Finding::new(Rule::Parameter, name, value, "the parameter once"));
        }
        match declared.iter().find(|parameter| parameter["name"] == name.as_str()) {
            Some(parameter) => findings.extend(value_of(document.resolve(&parameter["schema"]), document, name, value)),
            None => findings.push(Finding::new(Rule::Parameter, name, value, "no such parameter")),
        }
    }
    for parameter in declared.iter().filter(|parameter| parameter["required"] == true) {
        let name = parameter["name"].as_str().unwrap_or_default();
        if !given.iter().any(|(given, _)| given == name) {
            findings.push(Finding::new(Rule::Required, name, "nothing", "the parameter"));
        }
    }
    findings
}

fn value_of(schema: &Value, document: &Document, name: &str, value: &str) -> Vec<Finding> {
    match schema["type"].as_str() {
        // Lists are written with commas (`style: form`, `explode: false`).
        Some("array") => {
            let item = document.resolve(&schema["items"]);
            value.split(',').flat_map(|part| value_of(item, document, name, part)).collect()
        }
        Some("integer") => {
            let most = schema["maximum"].as_i64().unwrap_or(i64::MAX);
            match value.parse::<i64>() {
                Ok(number) if (0..=most).contains(&number) => Vec::new(),
                Ok(_) => vec![Finding::new(Rule::Range, name, value, format!("at most {most}"))],
                Err(_) => vec![Finding::new(Rule::Type, name, value, "an integer")],
            }
        }
        Some("boolean") if !matches!(value, "true" | "false") => vec![Finding::new(Rule::Type, name, value, "true or false")],
        _ => match schema["enum"].as_array() {
            Some(allowed) if !allowed.contains(&Value::from(value)) => {
                let allowed: Vec<&str> = allowed.iter().filter_map(Value::as_str).collect();
                vec![Finding::new(Rule::Enum, name, value, format!("one of {}", allowed.join(", ")))]
            }
            _ if value.is_empty() => vec![Finding::new(Rule::Format, name, "nothing", "a value")],
            _ => Vec::new(),
        },
    }
}

fn pairs(query: &str) -> impl Iterator<Item = (String, String)> {
    query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(name), decoded(value))
    })
}

/// Percent signs and plus signs taken back. Bytes that are no UTF-8 become the replacement character.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let escaped = match (first, tail) {
            (b'%', [high, low, ..]) => std::str::from_utf8(&[*high, *low])
                .ok()
                .and_then(|hex| u8::from_str_radix(hex, 16).ok()),
            _ => None,
        };
        match escaped {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => {
                bytes.push(if *first == b'+' { b' ' } else { *first });
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    #[test]
    fn escapes_are_taken_back_and_half_ones_left() {
        let pairs: Vec<_> = super::pairs("filter%5Bname%5D=a%20b+c%C3%BC&limit=2&odd=%4&x").collect();
        let expected = [("filter[name]", "a b cü"), ("limit", "2"), ("odd", "%4"), ("x", "")];
        assert_eq!(pairs, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}
