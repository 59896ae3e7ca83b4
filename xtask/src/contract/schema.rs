//! JSON against a schema of Apple's documents: the part of JSON Schema that they use, and one rule more.
//!
//! The rule more: where a schema names properties, any other property is a difference, unless the schema says
//! `additionalProperties`. Apple's documents do not say it, but a property that we made up is just what this is to find.

use serde_json::Value;

use super::document::Document;
use super::finding::{Finding, Rule};
use super::formats;

/// Differences between `value` and `schema`, with places inside of the value.
pub(super) fn judge(document: &Document, schema: &Value, value: &Value) -> Vec<Finding> {
    let mut judge = Judge {
        document,
        at: Vec::new(),
        findings: Vec::new(),
    };
    judge.value(schema, value);
    judge.findings
}

struct Judge<'a> {
    document: &'a Document,
    at: Vec<String>,
    findings: Vec<Finding>,
}

impl Judge<'_> {
    fn value(&mut self, schema: &Value, value: &Value) {
        let schema = self.document.resolve(schema);
        if let Some(alternatives) = schema["oneOf"].as_array() {
            return self.one_of(schema, alternatives, value);
        }
        if value.is_null() {
            if schema["nullable"] != true {
                self.found(Rule::Null, value, describe(schema));
            }
            return;
        }
        match (schema["type"].as_str(), value) {
            (Some("object"), Value::Object(_)) | (None, _) => self.object(schema, value),
            (Some("array"), Value::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    self.inside(&index.to_string(), |judge| judge.value(&schema["items"], item));
                }
            }
            (Some("string"), Value::String(text)) => self.text(schema, text),
            (Some("integer"), Value::Number(number)) if number.is_i64() || number.is_u64() => self.number(schema, value),
            (Some("number"), Value::Number(_)) => self.number(schema, value),
            (Some("boolean"), Value::Bool(_)) => {}
            _ => self.found(Rule::Type, value, describe(schema)),
        }
    }

    fn object(&mut self, schema: &Value, value: &Value) {
        let Some(members) = value.as_object() else { return };
        let named = schema["properties"].as_object();
        let others = &schema["additionalProperties"];
        for (name, member) in members {
            match (named.and_then(|named| named.get(name)), others) {
                (Some(property), _) => self.inside(name, |judge| judge.value(property, member)),
                (None, Value::Object(other)) if !other.is_empty() => self.inside(name, |judge| judge.value(others, member)),
                (None, Value::Object(_) | Value::Bool(true)) => {}
                (None, _) => self.inside(name, |judge| judge.found(Rule::Unknown, member, "no such property")),
            }
        }
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !members.contains_key(name) {
                self.inside(name, |judge| judge.missing());
            }
        }
    }

    fn text(&mut self, schema: &Value, text: &str) {
        let value = Value::from(text);
        if let Some(allowed) = schema["enum"].as_array() {
            if !allowed.contains(&value) {
                self.found(Rule::Enum, &value, describe(schema));
            }
        } else if let Some(format) = schema["format"].as_str() {
            match formats::fits(format, text) {
                Some(true) => {}
                Some(false) => self.found(Rule::Format, &value, format),
                None => self.found(
                    Rule::Format,
                    &value,
                    format!("{format}, a format that this check does not know yet"),
                ),
            }
        }
    }

    fn number(&mut self, schema: &Value, value: &Value) {
        let number = value.as_f64().unwrap_or(f64::NAN);
        let least = schema["minimum"].as_f64().unwrap_or(f64::NEG_INFINITY);
        let most = schema["maximum"].as_f64().unwrap_or(f64::INFINITY);
        if !(least..=most).contains(&number) {
            self.found(Rule::Range, value, format!("{least} to {most}"));
        }
    }

    /// Resources name their alternative by `type`; what names none must fit one of them wholly.
    fn one_of(&mut self, schema: &Value, alternatives: &[Value], value: &Value) {
        if let Some(kind) = value["type"].as_str() {
            let by_mapping = schema["discriminator"]["mapping"][kind].as_str();
            let chosen = alternatives.iter().find(|alternative| match by_mapping {
                Some(reference) => alternative["$ref"] == reference,
                None => {
                    let kinds = &self.document.resolve(alternative)["properties"]["type"]["enum"];
                    kinds.as_array().is_some_and(|kinds| kinds.contains(&value["type"]))
                }
            });
            return match chosen {
                Some(alternative) => self.value(alternative, value),
                None => self.inside("type", |judge| {
                    judge.found(Rule::Enum, &value["type"], "a type of the alternatives")
                }),
            };
        }
        if !alternatives
            .iter()
            .any(|alternative| judge(self.document, alternative, value).is_empty())
        {
            self.found(Rule::Type, value, format!("one of {} alternatives", alternatives.len()));
        }
    }

    fn inside(&mut self, segment: &str, judge: impl FnOnce(&mut Self)) {
        self.at.push(segment.to_owned());
        judge(self);
        self.at.pop();
    }

    fn missing(&mut self) {
        self.findings.push(Finding {
            rule: Rule::Required,
            at: self.at.clone(),
            found: "nothing".to_owned(),
            wanted: "a value".to_owned(),
        });
    }

    fn found(&mut self, rule: Rule, value: &Value, wanted: impl Into<String>) {
        let found = match value {
            Value::String(text) => text.chars().take(120).collect(),
            other => other.to_string().chars().take(120).collect(),
        };
        self.findings.push(Finding {
            rule,
            at: self.at.clone(),
            found,
            wanted: wanted.into(),
        });
    }
}

fn describe(schema: &Value) -> String {
    match (schema["enum"].as_array(), schema["type"].as_str()) {
        (Some(allowed), _) => {
            let allowed: Vec<&str> = allowed.iter().filter_map(Value::as_str).take(12).collect();
            format!("one of {}", allowed.join(", "))
        }
        (None, Some(kind)) => kind.to_owned(),
        (None, None) => "anything but null".to_owned(),
    }
}
