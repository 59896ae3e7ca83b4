//! The body of a POST or PATCH, checked against what Apple's document says of the operation.
//!
//! Structure first (400, 422), then attributes and relationships, all faults of one body in one answer (409). What the
//! values mean is for the rules of each resource.

use crate::offered::{Attribute, Linkage, Operation, Shape};
use crate::refusal::Refusal;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A body whose shape is right.
#[derive(Debug, Clone, Default)]
pub(crate) struct Entity {
    pub(crate) attributes: Map<String, Value>,
    /// Only the relationships that were given; a to-one holds at most one id.
    pub(crate) links: BTreeMap<&'static str, Vec<String>>,
}

impl Entity {
    /// A text attribute; empty where it is missing.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.attributes.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// The ids of a relationship.
    pub(crate) fn ids(&self, name: &str) -> &[String] {
        self.links.get(name).map_or(&[], Vec::as_slice)
    }
}

/// Reads the body of `operation`; `id` is the one in the path of a PATCH.
pub(crate) fn read(operation: &Operation, kind: &str, id: Option<&str>, body: &[u8]) -> Result<Entity, Refusal> {
    let document: Value = serde_json::from_slice(body).map_err(|_| Refusal::not_json())?;
    let data = document
        .as_object()
        .filter(|members| members.keys().all(|key| key == "data" || key == "included"))
        .and_then(|members| members.get("data"))
        .and_then(Value::as_object)
        .ok_or_else(|| Refusal::unprocessable("The request entity must be an object with the member 'data'"))?;
    if let Some(stranger) = data
        .keys()
        .find(|key| !matches!(key.as_str(), "type" | "id" | "attributes" | "relationships"))
    {
        return Err(Refusal::unprocessable(format!("The member '{stranger}' is not expected in 'data'")));
    }
    if data.get("type").and_then(Value::as_str) != Some(kind) {
        return Err(Refusal::new(
            409,
            "ENTITY_ERROR.TYPE.INVALID",
            "The provided entity has another type",
            format!("The type of the provided entity must be '{kind}'"),
        ));
    }
    if id.is_some() && data.get("id").and_then(Value::as_str) != id {
        return Err(Refusal::new(
            409,
            "ENTITY_ERROR.ID.INVALID",
            "The provided entity has another id",
            "The id of the provided entity must be the one in the path",
        ));
    }

    let empty = Map::new();
    let members = |name: &str| match data.get(name) {
        None | Some(Value::Null) => Ok(&empty),
        Some(Value::Object(members)) => Ok(members),
        Some(_) => Err(Refusal::unprocessable(format!("The member '{name}' must be an object"))),
    };
    let attributes = members("attributes")?;
    let relationships = members("relationships")?;

    let mut refusals = Vec::new();
    check_attributes(operation, attributes, &mut refusals);
    let links = check_relationships(operation, relationships, &mut refusals);
    match Refusal::together(refusals) {
        Some(refusal) => Err(refusal),
        None => Ok(Entity {
            attributes: attributes.clone(),
            links,
        }),
    }
}

/// Reads the body of a change of a to-many relationship: identifiers of one type.
pub(crate) fn read_linkage(target: &str, body: &[u8]) -> Result<Vec<String>, Refusal> {
    let document: Value = serde_json::from_slice(body).map_err(|_| Refusal::not_json())?;
    let data = document["data"].as_array();
    let data = data.ok_or_else(|| Refusal::unprocessable("The request entity must be an object with the list 'data'"))?;
    data.iter()
        .map(|identifier| {
            let id = identifier["id"].as_str().filter(|_| identifier["type"] == target);
            id.map(str::to_owned)
                .ok_or_else(|| Refusal::unprocessable(format!("'data' must hold identifiers of the type '{target}'")))
        })
        .collect()
}

fn check_attributes(operation: &Operation, given: &Map<String, Value>, refusals: &mut Vec<Refusal>) {
    for attribute in &operation.attributes {
        match given.get(attribute.name) {
            None | Some(Value::Null) if attribute.required => refusals.push(Refusal::attribute_required(attribute.name)),
            Some(Value::Null) if !attribute.nullable => refusals.push(Refusal::attribute_type(
                attribute.name,
                format!("'null' is not a valid value for the attribute '{}'", attribute.name),
            )),
            None | Some(Value::Null) => {}
            Some(value) => refusals.extend(check_value(attribute, value)),
        }
    }
    for name in given.keys() {
        if !operation.attributes.iter().any(|attribute| attribute.name == name) {
            refusals.push(Refusal::attribute_unknown(name));
        }
    }
}

fn check_value(attribute: &Attribute, value: &Value) -> Option<Refusal> {
    let fits = match attribute.shape {
        Shape::Text => value.is_string(),
        Shape::Number => value.is_number(),
        Shape::Flag => value.is_boolean(),
        Shape::List => value.is_array(),
        Shape::Object => value.is_object(),
    };
    if !fits {
        return Some(Refusal::attribute_type(
            attribute.name,
            format!("'{value}' is not a valid value for the attribute '{}'", attribute.name),
        ));
    }
    if attribute.words.is_empty() {
        return None;
    }
    let words: Vec<&Value> = match value {
        Value::Array(words) => words.iter().collect(),
        word => vec![word],
    };
    words.into_iter().find_map(|word| match word.as_str() {
        Some(text) if attribute.words.contains(&text) => None,
        Some(text) => Some(Refusal::attribute_word(attribute.name, text, &attribute.words)),
        None => Some(Refusal::attribute_word(attribute.name, &word.to_string(), &attribute.words)),
    })
}

fn check_relationships(
    operation: &Operation,
    given: &Map<String, Value>,
    refusals: &mut Vec<Refusal>,
) -> BTreeMap<&'static str, Vec<String>> {
    let mut links = BTreeMap::new();
    for linkage in &operation.relationships {
        match given.get(linkage.name).map(|member| &member["data"]) {
            None | Some(Value::Null) => {
                if linkage.required {
                    refusals.push(Refusal::relationship_required(linkage.name));
                }
            }
            Some(data) => match identifiers(linkage, data) {
                Some(ids) => drop(links.insert(linkage.name, ids)),
                None => refusals.push(Refusal::relationship_invalid(
                    linkage.name,
                    format!("The relationship '{}' must point to '{}'", linkage.name, linkage.target),
                )),
            },
        }
    }
    for name in given.keys() {
        if !operation.relationships.iter().any(|linkage| linkage.name == name) {
            refusals.push(Refusal::relationship_invalid(
                name,
                format!("The relationship '{name}' can not be used with this request"),
            ));
        }
    }
    links
}

fn identifiers(linkage: &Linkage, data: &Value) -> Option<Vec<String>> {
    let one = |data: &Value| {
        let id = data["id"].as_str()?;
        (data["type"] == linkage.target).then(|| id.to_owned())
    };
    if linkage.many {
        data.as_array()?.iter().map(one).collect()
    } else {
        Some(vec![one(data)?])
    }
}
