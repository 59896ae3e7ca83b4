//! The query string of a request, read by what Apple's document says of the operation.
//!
//! An unknown parameter is refused, a value outside its words or bounds too. The cursor is not in the document at all:
//! it is taken wherever `limit` is, because `links.next` carries it (facts E5).

use crate::api::Api;
use crate::offered::{Operation, Parameter};
use crate::refusal::Refusal;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Where Apple was seen to refuse `limit` although its document offers it (facts E4).
const UNLIMITED: &str = "/v1/bundleIds/{id}/bundleIdCapabilities";

/// A checked query.
#[derive(Debug, Default)]
pub(crate) struct Query {
    pub(crate) filters: Vec<Filter>,
    /// Attribute or relationship, and whether it is to be there.
    pub(crate) exists: Vec<(String, bool)>,
    /// Attribute names with `true` for descending.
    pub(crate) sort: Vec<(String, bool)>,
    /// Per type, the fields that shall be shown.
    pub(crate) fields: BTreeMap<String, BTreeSet<String>>,
    pub(crate) include: BTreeSet<String>,
    /// `limit[relation]`.
    pub(crate) related_limits: BTreeMap<String, usize>,
    pub(crate) limit: Option<usize>,
    pub(crate) cursor: Option<usize>,
}

/// `filter[name]=a,b`.
#[derive(Debug)]
pub(crate) struct Filter {
    pub(crate) name: String,
    pub(crate) wanted: Vec<String>,
    /// The values come from an enum: compared as a whole.
    pub(crate) is_word: bool,
}

/// Splits a raw query string into its decoded pairs.
pub(crate) fn pairs(raw: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(raw.as_bytes()).into_owned().collect()
}

/// Reads the pairs of a request for `operation`.
pub(crate) fn read(operation: &Operation, api: Api, pairs: &[(String, String)]) -> Result<Query, Refusal> {
    let mut query = Query::default();
    let mut refusals = Vec::new();
    for (name, value) in pairs {
        if let Err(refusal) = query.take(operation, api, name, value) {
            refusals.push(refusal);
        }
    }
    for parameter in &operation.parameters {
        let given = pairs.iter().any(|(name, value)| name == parameter.name && !value.is_empty());
        if parameter.required && !given {
            refusals.push(Refusal::parameter_required(parameter.name));
        }
    }
    Refusal::together(refusals).map_or(Ok(query), Err)
}

impl Query {
    fn take(&mut self, operation: &Operation, api: Api, name: &str, value: &str) -> Result<(), Refusal> {
        let refused_live = name == "limit" && api == Api::AppStore && operation.template == UNLIMITED;
        let parameter = if name == "cursor" {
            operation.parameter("limit")
        } else {
            operation.parameter(name)
        };
        let parameter = parameter
            .filter(|_| !refused_live)
            .ok_or_else(|| Refusal::parameter_illegal(name))?;

        if name == "cursor" {
            self.cursor = Some(cursor_offset(value)?);
            return Ok(());
        }
        if parameter.maximum.is_some() {
            let number = bounded(parameter, value)?;
            match bracketed(name) {
                Some((_, relation)) => {
                    self.related_limits.insert(relation.to_owned(), number);
                }
                None => self.limit = Some(number),
            }
            return Ok(());
        }
        let values = words(parameter, value)?;
        match bracketed(name) {
            Some(("filter", filtered)) => self.filters.push(Filter {
                name: filtered.to_owned(),
                wanted: values,
                is_word: !parameter.words.is_empty(),
            }),
            Some(("exists", named)) => self.exists.push((named.to_owned(), value == "true")),
            Some(("fields", kind)) => {
                self.fields.entry(kind.to_owned()).or_default().extend(values);
            }
            _ if name == "include" => self.include.extend(values),
            _ if name == "sort" => {
                self.sort.extend(values.iter().map(|key| match key.strip_prefix('-') {
                    Some(key) => (key.to_owned(), true),
                    None => (key.clone(), false),
                }));
            }
            _ => {}
        }
        Ok(())
    }
}

fn bracketed(name: &str) -> Option<(&str, &str)> {
    name.strip_suffix(']')?.split_once('[')
}

fn bounded(parameter: &Parameter, value: &str) -> Result<usize, Refusal> {
    let maximum = parameter.maximum.unwrap_or(u32::MAX);
    match value.parse::<u32>() {
        Ok(number) if (1..=maximum).contains(&number) => Ok(number as usize),
        _ => Err(Refusal::parameter_invalid(
            parameter.name,
            format!("'{value}' is not a valid value for this parameter. Expected a number from 1 to {maximum}"),
        )),
    }
}

fn words(parameter: &Parameter, value: &str) -> Result<Vec<String>, Refusal> {
    let values: Vec<String> = value.split(',').map(|word| word.trim().to_owned()).collect();
    match values
        .iter()
        .find(|word| !parameter.words.is_empty() && !parameter.words.contains(&word.as_str()))
    {
        Some(word) => Err(Refusal::parameter_invalid(
            parameter.name,
            format!("'{word}' is not a valid value for this parameter"),
        )),
        None => Ok(values),
    }
}

/// The cursor's text: base64 of `{"offset":"20"}` (facts E5).
pub(crate) fn cursor(offset: usize) -> String {
    STANDARD.encode(format!(r#"{{"offset":"{offset}"}}"#))
}

fn cursor_offset(cursor: &str) -> Result<usize, Refusal> {
    STANDARD
        .decode(cursor)
        .ok()
        .and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok())
        .and_then(|position| position["offset"].as_str()?.parse().ok())
        .ok_or_else(|| Refusal::no_cursor(cursor))
}
