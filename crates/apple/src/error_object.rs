//! Apple's error documents, read so that nothing in them is lost and nothing in them can fail.
//!
//! Facts B4: `id` is missing on gateway errors, `detail` can be missing, the true causes of a
//! refused submission are in `meta.associatedErrors`, the way out of a missing agreement is in
//! `links.see`. Hence reading goes through a JSON value by hand instead of a derived shape.

use std::fmt;
use std::ops::Deref;

use serde_json::{Map, Value};

/// Errors kept from one document; Apple sends a handful.
const MOST: usize = 100;

/// One error of Apple's, as sent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ErrorObject {
    /// Apple's id of this very occurrence, for a question to Apple. Missing on gateway errors.
    pub id: Option<String>,
    /// The HTTP status that Apple gives for it, as text.
    pub status: Option<String>,
    /// The stable code, such as `ENTITY_ERROR.ATTRIBUTE.INVALID`. Compare by prefix (facts B4).
    pub code: String,
    /// A summary in Apple's words.
    pub title: Option<String>,
    /// What happened, in Apple's words.
    pub detail: Option<String>,
    /// `source.pointer`: the part of the sent document that is wrong.
    pub pointer: Option<String>,
    /// `source.parameter`: the query parameter that is wrong.
    pub parameter: Option<String>,
    /// `links.see`: the page where a person can help, often only a path (`/agreements`).
    pub see: Option<String>,
    /// `meta.associatedErrors`: further causes, each with the path of the resource it is about.
    pub associated: Vec<(String, ErrorObject)>,
    /// `meta` without the associated errors, such as `previousBundleVersion`.
    pub meta: Map<String, Value>,
}

impl ErrorObject {
    /// Apple's words: the detail, else the title, else the code.
    #[must_use]
    pub fn words(&self) -> &str {
        [self.detail.as_deref(), self.title.as_deref()]
            .into_iter()
            .flatten()
            .map(str::trim)
            .find(|text| !text.is_empty())
            .unwrap_or(&self.code)
    }

    fn read(value: &Value, depth: u8) -> Self {
        let text = |value: &Value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        let mut meta = value["meta"].as_object().cloned().unwrap_or_default();
        let associated = match meta.remove("associatedErrors") {
            Some(Value::Object(by_path)) if depth > 0 => by_path
                .iter()
                .flat_map(|(path, errors)| {
                    let errors = errors.as_array().map_or(&[][..], Vec::as_slice);
                    errors.iter().map(move |error| (path, error))
                })
                .take(MOST)
                .map(|(path, error)| (path.clone(), Self::read(error, depth - 1)))
                .collect(),
            _ => Vec::new(),
        };
        Self {
            id: text(&value["id"]),
            status: text(&value["status"]),
            code: text(&value["code"]).unwrap_or_default(),
            title: text(&value["title"]),
            detail: text(&value["detail"]),
            pointer: text(&value["source"]["pointer"]),
            parameter: text(&value["source"]["parameter"]),
            see: text(&value["links"]["see"]),
            associated,
            meta,
        }
    }
}

/// All errors of one answer, in Apple's order; empty when the answer carried none.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Errors(Vec<ErrorObject>);

impl Errors {
    /// Reads an error document. `None` when the body is not one: not JSON, or JSON without
    /// an array `errors`.
    pub(crate) fn read(body: &[u8]) -> Option<Self> {
        let document: Value = serde_json::from_slice(body).ok()?;
        let errors = document.get("errors")?.as_array()?;
        let read = |value| ErrorObject::read(value, 2);
        Some(Self(errors.iter().take(MOST).map(read).collect()))
    }

    /// Every error, each followed by those associated with it.
    pub fn with_associated(&self) -> impl Iterator<Item = &ErrorObject> {
        self.iter().flat_map(|error| {
            let associated = error.associated.iter().map(|(_, error)| error);
            std::iter::once(error).chain(associated)
        })
    }
}

impl Deref for Errors {
    type Target = [ErrorObject];

    fn deref(&self) -> &[ErrorObject] {
        &self.0
    }
}

impl fmt::Display for Errors {
    /// Every error and every associated one: `CODE: words; CODE: words`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, error) in self.with_associated().enumerate() {
            if position > 0 {
                f.write_str("; ")?;
            }
            f.write_str(&error.code)?;
            if error.words() != error.code {
                write!(f, ": {}", error.words())?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_associated_errors_and_links() {
        let errors = Errors::read(
            br#"{"errors":[{"id":"X","status":409,"code":"STATE_ERROR.ENTITY_STATE_INVALID",
                "title":"t","detail":"d","links":{"see":"/agreements"},
                "meta":{"previousBundleVersion":"2","associatedErrors":{"/v1/apps/1":[
                    {"code":"A","detail":"missing"},{"code":"B"}]}}}]}"#,
        )
        .expect("an error document");
        let error = &errors[0];
        assert_eq!(error.status.as_deref(), Some("409"));
        assert_eq!(error.see.as_deref(), Some("/agreements"));
        assert_eq!(error.meta["previousBundleVersion"], "2");
        assert_eq!(error.associated.len(), 2);
        assert_eq!(error.associated[0].0, "/v1/apps/1");
        assert_eq!(errors.to_string(), "STATE_ERROR.ENTITY_STATE_INVALID: d; A: missing; B");
    }

    #[test]
    fn survives_what_apple_leaves_out() {
        let errors = Errors::read(
            br#"{"errors":[{"status":"401","code":"NOT_AUTHORIZED","title":"T"},{},null,7,
                {"code":null,"detail":"","title":" ","source":"x","links":[],"meta":[]}]}"#,
        )
        .expect("an error document");
        assert_eq!(errors.len(), 5);
        assert_eq!(errors[0].id, None);
        assert_eq!(errors[0].words(), "T");
        assert_eq!(errors[4].words(), "");
    }

    #[test]
    fn other_bodies_are_no_error_documents() {
        for body in ["", "<html>", "null", "[]", "{}", r#"{"errors":"x"}"#] {
            assert_eq!(Errors::read(body.as_bytes()), None, "{body}");
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(body: Vec<u8>) {
            let _ = Errors::read(&body).map(|errors| errors.to_string());
        }
    }
}
