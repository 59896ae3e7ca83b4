//! Property lists from outside, read with bounds: inside profiles, in a device's answer, as a list of devices, in apps.
//!
//! The plist crate has no bound of its own, so the same XML reader that it uses first walks the text and refuses what
//! would hurt: nesting beyond 64, elements beyond counting, and document types with an internal subset (where entity bombs
//! live). Binary property lists are read where they are at home, in apps ([`read_any`]), after a walk of their own; everywhere
//! else they are refused: nobody sends one.

mod binary;

use base64::Engine;
use plist::{Dictionary, Value};
use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::{Map, Number};

use crate::Explanation;

/// How deep arrays and dictionaries may nest.
pub(crate) const MAX_DEPTH: usize = 64;
/// The most elements: a list of 10,000 devices has 70,000, an app's has some hundreds. Each costs about 100 bytes of memory.
pub(crate) const MAX_ELEMENTS: usize = 100_000;

/// Why bytes are not a property list that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PropertyListError {
    /// Not a property list with a dictionary, or one in a form that is not read here.
    NotAPropertyList,
    /// It nests more than 64 deep.
    TooDeep,
    /// It has more than 100,000 elements, or unfolds to more than it could be.
    TooMany,
    /// It declares a document type of its own.
    DocumentType,
}

impl PropertyListError {
    /// What was found, why it does not fit; `next_step` says what to do.
    pub(crate) fn explain(self, next_step: &str) -> Explanation {
        match self {
            Self::NotAPropertyList => Explanation::new(
                "The content is not a property list.",
                "Expected is an XML property list with a dictionary.",
                next_step,
            ),
            Self::TooDeep => Explanation::new(
                "The property list nests too deep.",
                format!("The limit is {MAX_DEPTH} levels; genuine ones have five."),
                next_step,
            ),
            Self::TooMany => Explanation::new(
                "The property list has too many elements.",
                format!("The limit is {MAX_ELEMENTS} of them; genuine ones have a few hundred."),
                next_step,
            ),
            Self::DocumentType => Explanation::new(
                "The property list declares a document type of its own.",
                "Genuine ones refer to Apple's, and own ones can be made to eat memory.",
                next_step,
            ),
        }
    }
}

/// Reads an XML property list whose top is a dictionary.
pub(crate) fn read(xml: &[u8]) -> Result<Dictionary, PropertyListError> {
    check(xml)?;
    Value::from_reader_xml(xml)
        .ok()
        .and_then(Value::into_dictionary)
        .ok_or(PropertyListError::NotAPropertyList)
}

/// Reads a property list, XML or binary, whose top is a dictionary.
pub(crate) fn read_any(bytes: &[u8]) -> Result<Dictionary, PropertyListError> {
    if !bytes.starts_with(b"bplist") {
        return read(bytes);
    }
    binary::check(bytes)?;
    Value::from_reader(std::io::Cursor::new(bytes))
        .ok()
        .and_then(Value::into_dictionary)
        .ok_or(PropertyListError::NotAPropertyList)
}

fn check(xml: &[u8]) -> Result<(), PropertyListError> {
    let mut reader = Reader::from_reader(xml);
    let mut buffer = Vec::new();
    // The `plist` element itself does not count.
    let mut depth = 0_usize;
    let mut elements = 0_usize;
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer) {
            Ok(Event::Start(_)) => {
                depth += 1;
                elements += 1;
            }
            Ok(Event::Empty(_)) => elements += 1,
            Ok(Event::End(_)) => depth = depth.saturating_sub(1),
            Ok(Event::DocType(declaration)) if declaration.contains('[') => return Err(PropertyListError::DocumentType),
            Ok(Event::Eof) => return Ok(()),
            Ok(_) => {}
            Err(_) => return Err(PropertyListError::NotAPropertyList),
        }
        if depth > MAX_DEPTH + 1 {
            return Err(PropertyListError::TooDeep);
        }
        if elements > MAX_ELEMENTS {
            return Err(PropertyListError::TooMany);
        }
    }
}

/// A property list as JSON: dates as RFC 3339 text, data as base64, numbers that JSON lacks as text.
pub(crate) fn to_json(value: &Value) -> serde_json::Value {
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

pub(crate) fn dictionary_to_json(entries: &Dictionary) -> Map<String, serde_json::Value> {
    entries.iter().map(|(key, value)| (key.clone(), to_json(value))).collect()
}

/// The text under `key`, where it is one.
pub(crate) fn text(entries: &Dictionary, key: &str) -> Option<String> {
    entries.get(key)?.as_string().map(str::to_owned)
}

/// A dictionary as an XML property list.
pub(crate) fn write(entries: Dictionary) -> Vec<u8> {
    let mut xml = Vec::new();
    // Writing into memory has nothing that could fail; what could not be written would be an empty file.
    if Value::Dictionary(entries).to_writer_xml(&mut xml).is_err() {
        xml.clear();
    }
    xml
}
