//! Holds answers against the OpenAPI document: declared status, declared media type, and a body with the declared fields,
//! all of them and no others.

use serde_json::Value;

/// The served document.
pub(crate) struct Document(Value);

/// One operation of it.
pub(crate) struct Operation<'d> {
    /// Unique in the document, such as `keys_add`.
    pub(crate) id: &'d str,
    /// Upper-case.
    pub(crate) method: String,
    /// With `{parameters}`.
    pub(crate) path: &'d str,
    declared: &'d Value,
}

impl Operation<'_> {
    /// Whether it takes a JSON body.
    pub(crate) fn has_body(&self) -> bool {
        self.declared.get("requestBody").is_some()
    }

    /// Whether anybody may call it.
    pub(crate) fn is_open(&self) -> bool {
        self.declared.get("security").is_some()
    }

    /// The names in braces.
    pub(crate) fn parameters(&self) -> Vec<&str> {
        self.path
            .split('/')
            .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
            .collect()
    }
}

impl Document {
    pub(crate) fn served() -> Self {
        Self(serde_json::to_value(server::rest::openapi()).unwrap())
    }

    pub(crate) fn operations(&self) -> Vec<Operation<'_>> {
        let paths = self.0["paths"].as_object().unwrap();
        let of_path = |(path, item): (_, &'_ Value)| (path, item.as_object().unwrap().clone());
        let mut all = Vec::new();
        for (path, item) in paths.iter().map(of_path) {
            for method in item.keys() {
                let declared = &self.0["paths"][path][method];
                let id = declared["operationId"].as_str().unwrap();
                let method = method.to_uppercase();
                all.push(Operation {
                    id,
                    method,
                    path,
                    declared,
                });
            }
        }
        all
    }

    /// The operation that an address belongs to.
    pub(crate) fn find(&self, method: &str, path: &str) -> Option<Operation<'_>> {
        let fits = |template: &str| {
            let (template, path): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
            template.len() == path.len() && template.iter().zip(&path).all(|(t, p)| t.starts_with('{') || t == p)
        };
        // A template without parameters fits better than one with.
        let mut fitting: Vec<_> = self
            .operations()
            .into_iter()
            .filter(|o| o.method == method && fits(o.path))
            .collect();
        fitting.sort_by_key(|o| o.parameters().len());
        fitting.into_iter().next()
    }

    /// What is wrong with an answer.
    pub(crate) fn objection(&self, operation: &Operation<'_>, status: u16, media: Option<&str>, body: &[u8]) -> Option<String> {
        let at = format!("{} {} answers {status}", operation.method, operation.path);
        let Some(response) = operation.declared["responses"].get(status.to_string()) else {
            return Some(format!("{at}, which is not declared"));
        };
        let Some(content) = response.get("content").and_then(Value::as_object) else {
            return (!body.is_empty()).then(|| format!("{at} with a body, and none is declared"));
        };
        let Some(declared) = media.and_then(|media| content.get(media)) else {
            return Some(format!("{at} as {media:?}, which is not declared"));
        };
        if !media.is_some_and(|media| media.ends_with("json")) {
            return None;
        }
        let Ok(value) = serde_json::from_slice::<Value>(body) else {
            return Some(format!("{at} with a body that is no JSON"));
        };
        let mut wrong = Vec::new();
        self.compare(&declared["schema"], &value, "", &mut wrong);
        (!wrong.is_empty()).then(|| format!("{at}: {}", wrong.join("; ")))
    }

    fn compare(&self, schema: &Value, value: &Value, place: &str, wrong: &mut Vec<String>) {
        if let Some(name) = schema["$ref"].as_str().and_then(|r| r.strip_prefix("#/components/schemas/")) {
            return self.compare(&self.0["components"]["schemas"][name], value, place, wrong);
        }
        if let Some(choices) = schema["oneOf"].as_array() {
            let fits = choices.iter().any(|choice| {
                let mut wrong = Vec::new();
                self.compare(choice, value, place, &mut wrong);
                wrong.is_empty()
            });
            if !fits {
                wrong.push(format!("{place} fits none of its forms: {value}"));
            }
            return;
        }
        if let Some(parts) = schema["allOf"].as_array() {
            return self.compare(&self.merged(parts), value, place, wrong);
        }
        if !fits_type(&schema["type"], value) {
            wrong.push(format!("{place} is {value}, declared as {}", schema["type"]));
        }
        if let (Some(items), Some(values)) = (schema.get("items"), value.as_array()) {
            for value in values {
                self.compare(items, value, &format!("{place}[]"), wrong);
            }
        }
        if let (Some(properties), Some(fields)) = (schema["properties"].as_object(), value.as_object()) {
            for (name, value) in fields {
                match properties.get(name) {
                    Some(declared) => self.compare(declared, value, &format!("{place}.{name}"), wrong),
                    None => wrong.push(format!("{place}.{name} is not declared")),
                }
            }
            for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                if !fields.contains_key(name) {
                    wrong.push(format!("{place}.{name} is missing"));
                }
            }
        }
    }

    /// The parts of an `allOf` as one schema.
    fn merged(&self, parts: &[Value]) -> Value {
        let mut whole = serde_json::json!({ "type": "object", "properties": {}, "required": [] });
        for part in parts {
            let name = part["$ref"].as_str().and_then(|r| r.strip_prefix("#/components/schemas/"));
            let part = name.map_or(part, |name| &self.0["components"]["schemas"][name]);
            for (name, schema) in part["properties"].as_object().into_iter().flatten() {
                whole["properties"][name] = schema.clone();
            }
            let required = part["required"].as_array().cloned().unwrap_or_default();
            whole["required"].as_array_mut().unwrap().extend(required);
        }
        whole
    }
}

fn fits_type(declared: &Value, value: &Value) -> bool {
    let fits = |name: &str| match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    };
    match declared {
        Value::String(name) => fits(name),
        Value::Array(names) => names.iter().filter_map(Value::as_str).any(fits),
        _ => true,
    }
}

#[test]
fn every_operation_has_a_name_of_its_own_and_says_how_it_refuses() {
    let document = Document::served();
    let operations = document.operations();
    let names: std::collections::BTreeSet<_> = operations.iter().map(|o| o.id).collect();
    assert_eq!(names.len(), operations.len());
    for operation in &operations {
        let declares = |status: &str| operation.declared["responses"].get(status).is_some();
        assert_eq!(
            declares("401"),
            !operation.is_open() || ["account_login", "invitations_accept"].contains(&operation.id),
            "{}",
            operation.id
        );
        // The token of an invitation stands in the body.
        let names_something = !operation.parameters().is_empty() || operation.id.starts_with("invitations_");
        assert_eq!(declares("404"), names_something, "{}", operation.id);
        let takes_key = operation.declared["parameters"]
            .as_array()
            .is_some_and(|all| all.iter().any(|p| p["name"] == "Idempotency-Key"));
        assert_eq!(takes_key, operation.method == "POST" && !operation.is_open(), "{}", operation.id);
    }
}

#[test]
fn an_answer_that_is_not_as_declared_is_noticed() {
    let document = Document::served();
    let status = document.find("GET", "/api/v1/status").unwrap();
    let good = br#"{"state":"ready","version":"1","time":"2026-11-23T10:00:00Z","apple_clock_skew_seconds":null}"#;
    assert_eq!(document.objection(&status, 200, Some("application/json"), good), None);
    assert!(document.objection(&status, 201, Some("application/json"), good).is_some());
    assert!(document.objection(&status, 200, Some("text/html"), good).is_some());
    let extra = br#"{"state":"ready","version":"1","time":"2026-11-23T10:00:00Z","apple_clock_skew_seconds":null,"x":1}"#;
    assert!(document.objection(&status, 200, Some("application/json"), extra).is_some());
    assert!(
        document
            .objection(&status, 200, Some("application/json"), br#"{"state":1}"#)
            .is_some()
    );
}
