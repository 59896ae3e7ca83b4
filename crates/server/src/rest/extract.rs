//! Reading requests: ids in paths, JSON bodies, queries. Each failure is a problem that says what was found.

use crate::{JSON_BYTES, MostBytes, reply::Failure};
use app::{Kind, Paging, Problem};
use axum::{
    Json,
    extract::{FromRequest, FromRequestParts, Path, Query, Request, rejection::JsonRejection},
    http::{Method, StatusCode, request::Parts},
};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, MapAccess, Visitor, value::MapAccessDeserializer},
};
use std::{fmt, marker::PhantomData};

/// The refusal of a body that is larger than so many bytes.
pub(crate) fn too_large(most: usize) -> Problem {
    Problem::new(
        Kind::TooLarge,
        "body_too_large",
        format!(
            "The request's body is larger than {} MB, which is the most that fits.",
            most / 1_000_000
        ),
    )
}

/// A JSON body.
pub(crate) struct Body<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Failure;
    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let changes = *request.method() == Method::PATCH;
        let most = request.extensions().get().map_or(JSON_BYTES, |MostBytes(most)| *most);
        let Json(Object(value)) = Json::<Object<T>>::from_request(request, state).await.map_err(|rejection| {
            let too_large_for_us = rejection.status() == StatusCode::PAYLOAD_TOO_LARGE;
            match rejection {
                JsonRejection::JsonDataError(error) => Problem::new(
                    Kind::Invalid,
                    "json_unexpected",
                    format!("{} /api/openapi.json describes what fits.", unexpected(&error.body_text(), changes)),
                ),
                JsonRejection::MissingJsonContentType(_) => Problem::new(
                    Kind::Invalid,
                    "json_expected",
                    "Send JSON, with the header Content-Type: application/json.",
                ),
                _ if too_large_for_us => too_large(most),
                _ => Problem::new(Kind::Invalid, "json_malformed", "The body is not JSON."),
            }
        })?;
        Ok(Self(value))
    }
}

/// A JSON object. Derived readers would take a list too, its values for the fields in their order.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Reader<T> {
            type Value = T;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map))
            }
        }
        deserializer.deserialize_map(Reader(PhantomData)).map(Self)
    }
}

/// What serde found, as far as it names fields. Where it would quote a value it is not repeated: the value may be a secret
/// in the wrong place. In a change, a field that is shown and cannot be changed is as unknown as any other.
fn unexpected(serde: &str, changes: bool) -> String {
    let named = |word: &str| serde.split_once(word)?.1.split_once('`').map(|(name, _)| name);
    if let Some(name) = named("missing field `") {
        return format!("The JSON lacks the field “{name}”.");
    }
    if let Some(name) = named("unknown field `") {
        let name: String = name.chars().filter(|c| !c.is_control()).take(40).collect();
        let why = if changes { "cannot be changed here" } else { "is not known here" };
        return format!("The JSON has a field “{name}”, which {why}.");
    }
    match serde.rsplit_once(" at line ") {
        Some((_, place)) if place.chars().all(|c| c.is_ascii_digit() || c == ' ' || c.is_ascii_lowercase()) => {
            format!("The JSON has a value of another type than expected at line {place}.")
        }
        _ => "The JSON has a value of another type than expected.".to_owned(),
    }
}

/// Ids in the path. What is not an id is as unknown as one that names nothing.
pub(crate) struct Ids<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Ids<T> {
    type Rejection = Failure;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        Path::<T>::from_request_parts(parts, state)
            .await
            .map(|Path(ids)| Self(ids))
            .map_err(|_| Problem::not_found().into())
    }
}

/// The query.
pub(crate) struct Asked<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Asked<T> {
    type Rejection = Failure;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        Query::<T>::from_request_parts(parts, state)
            .await
            .map(|Query(query)| Self(query))
            .map_err(|_| {
                Problem::new(
                    Kind::Invalid,
                    "query_unexpected",
                    "The query has a parameter that is unknown or does not fit. /api/openapi.json lists them.",
                )
                .into()
            })
    }
}

/// Rows in one answer, unless asked otherwise.
const USUAL: u32 = 50;

/// The page that the parameters `limit` and `cursor` of a list ask for.
pub(crate) fn paging(limit: Option<u32>, cursor: Option<String>) -> Result<Paging, Problem> {
    let limit = limit.unwrap_or(USUAL);
    if !(1..=Paging::MOST).contains(&limit) {
        return Err(Problem::field(
            "limit_out_of_range",
            "limit",
            format!("{limit} does not fit. One page has 1 to {} rows.", Paging::MOST),
        ));
    }
    Ok(Paging { after: cursor, limit })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(json: &str) -> String {
        let error = serde_json::from_str::<api::ExportRequest>(json).err().unwrap();
        unexpected(&format!("Failed to deserialize the JSON body into the target type: {error}"), false)
    }

    #[test]
    fn a_list_is_no_object() {
        let list = serde_json::from_str::<Object<api::EditKey>>("[null, null]").err().unwrap();
        assert_eq!(
            unexpected(&list.to_string(), false),
            "The JSON has a value of another type than expected at line 1 column 0."
        );
        assert!(serde_json::from_str::<Object<api::EditKey>>("{}").is_ok());
    }

    #[test]
    fn a_wrong_body_is_told_by_its_fields_and_never_by_its_values() {
        assert_eq!(told(r#"{"colour": 1}"#), "The JSON has a field “colour”, which is not known here.");
        assert_eq!(
            told(r#"{"password": 12345678}"#),
            "The JSON has a value of another type than expected at line 1 column 21."
        );
        let missing = serde_json::from_str::<api::RemoveKey>("{}").err().unwrap();
        assert_eq!(unexpected(&missing.to_string(), false), "The JSON lacks the field “name”.");
        assert!(!told(r#""hunter22""#).contains("hunter22"));
        let moved = serde_json::from_str::<api::EditOrganization>(r#"{"parent": "org_1"}"#)
            .err()
            .unwrap();
        assert_eq!(
            unexpected(&moved.to_string(), true),
            "The JSON has a field “parent”, which cannot be changed here."
        );
    }
}
