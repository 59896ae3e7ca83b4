//! Reading requests: ids in paths, JSON bodies, queries. Each failure is a problem that says what was found.

use crate::reply::Failure;
use app::{Kind, Problem};
use axum::{
    Json,
    extract::{FromRequest, FromRequestParts, Path, Query, Request, rejection::JsonRejection},
    http::request::Parts,
};
use serde::de::DeserializeOwned;

/// A JSON body.
pub(crate) struct Body<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Failure;
    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let Json(value) = Json::<T>::from_request(request, state).await.map_err(|rejection| {
            let status = rejection.status().as_u16();
            match rejection {
                // serde's sentence names the field and the type; it quotes words of the request, never whole values of
                // the secret fields, which are plain texts and cannot mismatch with their content shown.
                JsonRejection::JsonDataError(_) => Problem::new(
                    Kind::Invalid,
                    "json_unexpected",
                    "The JSON has a field that is unknown, missing or of another type. /api/openapi.json describes what fits.",
                ),
                JsonRejection::MissingJsonContentType(_) => Problem::new(
                    Kind::Invalid,
                    "json_expected",
                    "Send JSON, with the header Content-Type: application/json.",
                ),
                _ if status == 413 => Problem::new(
                    Kind::TooLarge,
                    "body_too_large",
                    "The request's body is larger than 1 MB, which is the most that fits.",
                ),
                _ => Problem::new(Kind::Invalid, "json_malformed", "The body is not JSON."),
            }
        })?;
        Ok(Self(value))
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
