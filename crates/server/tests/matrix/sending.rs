//! A request on its way into the router and what comes back, with all that differs between two requests by nature named
//! instead of written: the request's id, the ids that the asker put in.

use crate::{
    people::Somebody,
    town::{Things, Town},
};
use axum::{
    body::Body,
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use http_body_util::BodyExt;
use tower::ServiceExt;
use url::form_urlencoded;

/// A body as a sample has it.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    None,
    Json(String),
    Form(Vec<(String, String)>),
    /// A form with a file that is no key.
    File(Vec<(String, String)>),
}

/// What is asked, with every id in its place.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) content: Content,
    pub(crate) headers: Vec<(&'static str, String)>,
}

impl Asked {
    pub(crate) fn get(path: &str) -> Self {
        Self {
            method: Method::GET,
            path: path.to_owned(),
            content: Content::None,
            headers: Vec::new(),
        }
    }

    fn holds(&self, text: &str) -> bool {
        self.path.contains(text)
            || format!("{:?}", self.content).contains(text)
            || self.headers.iter().any(|(_, value)| value.contains(text))
    }
}

/// What came back.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn location(&self) -> &str {
        self.headers
            .get(header::LOCATION)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// The stable word of a REST refusal.
    pub(crate) fn code(&self) -> String {
        let document: serde_json::Value = serde_json::from_str(&self.text).unwrap_or_default();
        document["code"].as_str().unwrap_or_default().to_owned()
    }

    /// All that an asker can tell two answers apart by.
    pub(crate) fn told(&self, things: &Things) -> String {
        let request = self.headers.get("x-request-id").and_then(|value| value.to_str().ok());
        let mut headers: Vec<_> = self
            .headers
            .iter()
            .filter(|(name, _)| *name != "x-request-id")
            .map(|(name, value)| format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes())))
            .collect();
        headers.sort();
        let mut told = format!("{}\n{}\n{}", self.status, headers.concat(), self.text);
        if let Some(request) = request {
            told = told.replace(request, "{request}");
        }
        // Fresh on each page with such a form.
        if let Some((_, rest)) = told.split_once("name=\"once\" value=\"")
            && let Some((once, _)) = rest.split_once('"')
        {
            told = told.replace(once, "{once}");
        }
        for (name, id) in things {
            told = told.replace(id, &format!("{{{name}}}"));
            // As the console shortens what the asker named; short ids are told whole.
            if let (Some(head), Some(tail), 13..) = (id.get(..4), id.get(id.len().saturating_sub(4)..), id.len()) {
                told = told.replace(&format!("{head}…{tail}"), &format!("{{{name}}}"));
            }
        }
        told
    }

    /// Texts of others in the answer, but for what the asker named.
    pub(crate) fn finds<'m>(&self, asked: &Asked, marks: impl Iterator<Item = &'m str>) -> Vec<&'m str> {
        let headers = format!("{:?}", self.headers);
        marks
            .filter(|mark| (self.text.contains(mark) || headers.contains(mark)) && !asked.holds(mark))
            .collect()
    }
}

const EDGE: &str = "edge-of-the-form";

/// Asks as somebody: a program at the REST API, a browser at the console.
pub(crate) async fn send(town: &Town, somebody: &Somebody, asked: &Asked) -> Answer {
    let mut request = Request::builder()
        .method(&asked.method)
        .uri(&asked.path)
        .header(header::HOST, "localhost:7400");
    if asked.path.starts_with("/api") {
        if let Some(token) = &somebody.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
    } else if let Some(cookie) = &somebody.cookie {
        request = request.header(header::COOKIE, format!("russet={cookie}"));
    }
    for (name, value) in &asked.headers {
        request = request.header(*name, value);
    }
    let csrf = ("csrf".to_owned(), somebody.csrf.clone());
    let (media, body) = match &asked.content {
        Content::None => (None, String::new()),
        Content::Json(text) => (Some("application/json".to_owned()), text.clone()),
        Content::Form(fields) => {
            let fields = std::iter::once(&csrf).chain(fields);
            let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
            (Some("application/x-www-form-urlencoded".to_owned()), body)
        }
        Content::File(fields) => {
            let mut body = String::new();
            for (name, value) in std::iter::once(&csrf).chain(fields) {
                body += &format!("--{EDGE}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
            }
            body +=
                &format!("--{EDGE}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"AuthKey_ABCDEFGHIJ.p8\"\r\n\r\nno key\r\n");
            body += &format!("--{EDGE}--\r\n");
            (Some(format!("multipart/form-data; boundary={EDGE}")), body)
        }
    };
    if let Some(media) = media {
        request = request.header(header::CONTENT_TYPE, media);
    }
    let request = request.body(Body::from(body)).expect("a request");
    let answer = town.router.clone().oneshot(request).await.expect("an answer");
    let (parts, body) = answer.into_parts();
    let bytes = body.collect().await.expect("a body").to_bytes();
    Answer {
        status: parts.status,
        headers: parts.headers,
        text: String::from_utf8_lossy(&bytes).into_owned(),
    }
}
