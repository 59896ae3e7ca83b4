//! The XML property list inside a profile, read with bounds.
//!
//! The plist crate has no bound of its own, so the same XML reader that it uses first walks the text and refuses what
//! would hurt: nesting beyond 64 and document types with an internal subset (where entity bombs live). Binary property
//! lists are refused; profiles are XML.

use base64::Engine;
use plist::{Dictionary, Value};
use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::{Map, Number};

use super::ProfileError;

/// How deep arrays and dictionaries may nest.
pub(super) const MAX_DEPTH: usize = 64;

/// Reads an XML property list whose top is a dictionary.
pub(super) fn read(xml: &[u8]) -> Result<Dictionary, ProfileError> {
    check(xml)?;
    Value::from_reader_xml(xml)
        .ok()
        .and_then(Value::into_dictionary)
        .ok_or(ProfileError::NotAPropertyList)
}

fn check(xml: &[u8]) -> Result<(), ProfileError> {
    let mut reader = Reader::from_reader(xml);
    let mut buffer = Vec::new();
    // The `plist` element itself does not count.
    let mut depth = 0_usize;
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer) {
            Ok(Event::Start(_)) => depth += 1,
            Ok(Event::End(_)) => depth = depth.saturating_sub(1),
            Ok(Event::DocType(declaration)) if declaration.contains('[') => return Err(ProfileError::DocumentType),
            Ok(Event::Eof) => return Ok(()),
            Ok(_) => {}
            Err(_) => return Err(ProfileError::NotAPropertyList),
        }
        if depth > MAX_DEPTH + 1 {
            return Err(ProfileError::TooDeep);
        }
    }
}

/// A property list as JSON: dates as RFC 3339 text, data as base64, numbers that JSON lacks as text.
pub(super) fn to_json(value: &Value) -> serde_json::Value {
    match value {
        Value::Array(items) => items.iter().map(to_json).collect(),
        Value::Dictionary(entries) => serde_json::Value::Object(dictionary_to_json(entries)),
        Value::Boolean(flag) => (*flag).into(),
        Value::Data(bytes) => base64::engine::general_purpose::STANDARD.encode(bytes).into(),
        Value::Date(date) => date.to_xml_format().into(),
        Value::Integer(number) => match (number.as_signed(), number.as_unsigned()) {
            (Some(signed), _) => signed.into(),
            (None, Some(unsigned)) => unsigned.into(),
            (None, None) => number.to_string().into(),
        },
        Value::Real(number) => Number::from_f64(*number).map_or_else(|| number.to_string().into(), Into::into),
        Value::String(text) => text.as_str().into(),
        other => format!("{other:?}").into(),
    }
}

pub(super) fn dictionary_to_json(entries: &Dictionary) -> Map<String, serde_json::Value> {
    entries.iter().map(|(key, value)| (key.clone(), to_json(value))).collect()
}
