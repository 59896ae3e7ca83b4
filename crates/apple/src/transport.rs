//! One exchange with Apple: send, measure, read within bounds, and say what the answer means.
//!
//! This is the only place that sees a token next to a URL, and the only one that logs a request
//! (method, path, status; no query, no body, no token). The loop around it is [`crate::retry`].

use std::error::Error as _;
use std::time::Duration;

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, DATE, HeaderMap, RETRY_AFTER};
use http::{HeaderValue, Method, StatusCode};
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use url::Url;
use zeroize::Zeroizing;

use crate::budget::Budget;
use crate::error::{Error, ForbiddenReason};
use crate::error_object::Errors;
use crate::token::Token;

/// What is to be sent.
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) body: Option<Vec<u8>>,
}

impl Call {
    pub(crate) fn get(url: Url) -> Self {
        Self {
            method: Method::GET,
            url,
            body: None,
        }
    }

    pub(crate) fn is_read(&self) -> bool {
        self.method == Method::GET
    }

    /// The error for an answer whose content is lost: unknown outcome on a write.
    fn lost(&self, status: Option<StatusCode>, cause: String, errors: Errors) -> Error {
        Error::LostAnswer {
            method: self.method.clone(),
            status: status.map(|s| s.as_u16()),
            cause,
            errors,
        }
    }
}

/// A 2xx answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

/// One request and what came of it, for whoever counts requests.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// The method.
    pub method: Method,
    /// The path without the query.
    pub path: String,
    /// The status; `None` when no answer came.
    pub status: Option<u16>,
}

/// Is told of every request that a session sends, repetitions included.
pub trait Observer: Send + Sync {
    /// Called once per request, when its answer is read or lost.
    fn exchanged(&self, exchange: &Exchange);
}

/// What an answer may cost.
pub(crate) struct Bounds {
    /// Bytes of its body.
    pub(crate) max_body: usize,
    /// Time, for reads; that of writes is the connection pool's.
    pub(crate) read_timeout: Duration,
}

/// What one exchange taught beside its result.
pub(crate) struct Lesson {
    /// Seconds that our clock is ahead of Apple's.
    pub(crate) skew: Option<i64>,
    pub(crate) headers: HeaderMap,
    pub(crate) status: StatusCode,
    pub(crate) body: Result<Vec<u8>, String>,
}

/// Sends one request and reads its answer. `Err` only when not even the head of an answer came.
pub(crate) async fn exchange(
    client: &reqwest::Client,
    call: &Call,
    token: &Token,
    bounds: &Bounds,
    now: &(dyn Fn() -> Timestamp + Send + Sync),
) -> Result<Lesson, Error> {
    let mut request = client
        .request(call.method.clone(), call.url.clone())
        .header(AUTHORIZATION, bearer(token)?)
        .header(ACCEPT, "application/json");
    if call.is_read() {
        request = request.timeout(bounds.read_timeout);
    }
    if let Some(body) = &call.body {
        request = request.header(CONTENT_TYPE, "application/json").body(body.clone());
    }
    let mut response = request.send().await.map_err(|error| unsent_or_lost(call, &error))?;
    let arrived = now();
    let headers = std::mem::take(response.headers_mut());
    let status = response.status();
    let body = read(&mut response, bounds.max_body).await;
    Ok(Lesson {
        skew: apple_time(&headers).map(|apple| arrived.as_second() - apple.as_second()),
        headers,
        status,
        body,
    })
}

/// Says what the answer means.
pub(crate) fn judge(call: &Call, lesson: Lesson, token: &Token, budget: &Budget) -> Result<Answer, Error> {
    let Lesson {
        skew,
        headers,
        status,
        body,
    } = lesson;
    let code = status.as_u16();
    let retry_after = retry_after(&headers);
    if status.is_success() {
        return match body {
            Ok(body) => Ok(Answer { status: code, body }),
            Err(cause) => Err(call.lost(Some(status), cause, Errors::default())),
        };
    }
    // A refusal stays a refusal when the rest of its body is lost.
    let body = without_token(body.unwrap_or_default(), token);
    let read = Errors::read(&body);
    let readable = read.is_some();
    let errors = read.unwrap_or_default();
    let not_json = || Error::NotJson {
        status: code,
        snippet: snippet(&body),
    };
    Err(match code {
        401 => Error::Unauthorized { skew, errors },
        408 | 500..=599 if !call.is_read() => call.lost(Some(status), format!("status {code}"), errors),
        408 | 500..=599 => Error::ServerFault {
            status: code,
            retry_after,
            errors,
        },
        429 => Error::RateLimited {
            retry_after,
            budget: Box::new(budget.clone()),
        },
        _ if !readable => not_json(),
        403 => Error::Forbidden {
            reason: ForbiddenReason::of(&errors),
            errors,
        },
        404 => Error::NotFound { errors },
        409 => Error::Conflict { errors },
        422 => Error::Unprocessable { errors },
        _ => Error::Refused { status: code, errors },
    })
}

/// Reads a 2xx answer as `T`.
pub(crate) fn decode<T: serde::de::DeserializeOwned>(call: &Call, answer: &Answer) -> Result<T, Error> {
    serde_json::from_slice(&answer.body).map_err(|error| unreadable(call, answer, &error))
}

/// Accepts a 2xx answer without content. A page of HTML in its place is not one.
pub(crate) fn expect_nothing(call: &Call, answer: &Answer) -> Result<(), Error> {
    if answer.body.iter().all(u8::is_ascii_whitespace) {
        return Ok(());
    }
    match serde_json::from_slice::<serde::de::IgnoredAny>(&answer.body) {
        Ok(_) => Ok(()),
        Err(error) => Err(unreadable(call, answer, &error)),
    }
}

fn unreadable(call: &Call, answer: &Answer, error: &serde_json::Error) -> Error {
    let first = answer.body.iter().find(|byte| !byte.is_ascii_whitespace());
    let is_json = matches!(first, Some(b'{' | b'['));
    // serde_json quotes values in its messages; the place is enough.
    let cause = format!(
        "{} at line {} column {}",
        match error.classify() {
            serde_json::error::Category::Eof => "it ends too early",
            serde_json::error::Category::Data => "a member is missing or of another type",
            _ => "it is not JSON",
        },
        error.line(),
        error.column()
    );
    if !call.is_read() {
        let status = StatusCode::from_u16(answer.status).ok();
        return call.lost(status, format!("its content is unreadable: {cause}"), Errors::default());
    }
    if is_json {
        Error::Decode {
            status: answer.status,
            cause,
        }
    } else {
        Error::NotJson {
            status: answer.status,
            snippet: snippet(&answer.body),
        }
    }
}

fn bearer(token: &Token) -> Result<HeaderValue, Error> {
    let text = Zeroizing::new(format!("Bearer {}", token.expose()));
    let mut value = HeaderValue::from_str(&text).map_err(|_| Error::NotSent {
        cause: "the token cannot be put into a header".to_owned(),
    })?;
    // Keeps it out of the HTTP library's own debug output and out of HTTP/2 header tables.
    value.set_sensitive(true);
    Ok(value)
}

fn unsent_or_lost(call: &Call, error: &reqwest::Error) -> Error {
    let cause = causes(error);
    if error.is_connect() || error.is_builder() {
        Error::NotSent { cause }
    } else if error.is_timeout() {
        call.lost(None, "no answer in time".to_owned(), Errors::default())
    } else {
        call.lost(None, cause, Errors::default())
    }
}

/// The causes of a library error without the URL, which has the query in it.
pub(crate) fn causes(error: &reqwest::Error) -> String {
    let mut words = Vec::new();
    let mut source = error.source();
    while let Some(cause) = source {
        let text = cause.to_string();
        if words.last() != Some(&text) {
            words.push(text);
        }
        source = cause.source();
    }
    if words.is_empty() {
        return "no further cause".to_owned();
    }
    words.join(": ")
}

async fn read(response: &mut reqwest::Response, max: usize) -> Result<Vec<u8>, String> {
    let too_long = || format!("it is longer than {max} bytes");
    if response.content_length().is_some_and(|length| length > max as u64) {
        return Err(too_long());
    }
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > max => return Err(too_long()),
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Ok(body),
            Err(error) if error.is_timeout() => return Err("it did not end in time".to_owned()),
            Err(error) => return Err(format!("it broke off: {}", causes(&error))),
        }
    }
}

fn apple_time(headers: &HeaderMap) -> Option<Timestamp> {
    http_date(headers.get(DATE)?)
}

fn http_date(value: &HeaderValue) -> Option<Timestamp> {
    DateTimeParser::new().parse_timestamp(value.to_str().ok()?).ok()
}

/// `Retry-After` in seconds or as a date, which is compared with Apple's own `Date`.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?;
    if let Ok(seconds) = value.to_str().ok()?.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let wait = http_date(value)?.duration_since(apple_time(headers)?);
    Some(wait.try_into().unwrap_or_default())
}

/// Something that echoes request headers must not bring the token into an error.
fn without_token(body: Vec<u8>, token: &Token) -> Vec<u8> {
    let text = String::from_utf8_lossy(&body);
    if text.contains(token.expose()) {
        text.replace(token.expose(), "[token]").into_bytes()
    } else {
        body
    }
}

/// The first words of a foreign body: no markup, no control characters, nothing like a token.
fn snippet(body: &[u8]) -> String {
    const LONGEST: usize = 160;
    let start = &body[..body.len().min(4096)];
    let text = String::from_utf8_lossy(start);
    let mut plain = String::new();
    let mut in_tag = false;
    for character in text.chars() {
        match character {
            '<' => in_tag = true,
            '>' => {
                in_tag = false;
                plain.push(' ');
            }
            c if in_tag || c.is_control() => {
                if !in_tag {
                    plain.push(' ');
                }
            }
            c => plain.push(c),
        }
    }
    let words: Vec<&str> = plain
        .split_whitespace()
        .map(|word| if word.contains("eyJ") { "[removed]" } else { word })
        .collect();
    let words = words.join(" ");
    if words.is_empty() {
        return "no text".to_owned();
    }
    words.chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snippet_has_no_markup_no_controls_and_no_token() {
        let page = b"<!DOCTYPE html>\n<title>Sign in</title><b>now\x07</b> eyJhbGciOi.eyJpc3M.sig <";
        assert_eq!(snippet(page), "Sign in now [removed]");
        assert_eq!(snippet(b""), "no text");
        assert_eq!(snippet(&[b'x'; 9999]).len(), 160);
        assert_eq!(snippet(b"\xff\xfe ok"), "\u{fffd}\u{fffd} ok");
    }

    #[test]
    fn retry_after_reads_seconds_and_dates() {
        let mut headers = HeaderMap::new();
        assert_eq!(retry_after(&headers), None);
        headers.insert(RETRY_AFTER, HeaderValue::from_static("7"));
        assert_eq!(retry_after(&headers), Some(Duration::from_secs(7)));
        headers.insert(RETRY_AFTER, HeaderValue::from_static("Wed, 21 Oct 2026 07:28:30 GMT"));
        assert_eq!(retry_after(&headers), None, "no date of Apple's to compare with");
        headers.insert(DATE, HeaderValue::from_static("Wed, 21 Oct 2026 07:28:00 GMT"));
        assert_eq!(retry_after(&headers), Some(Duration::from_secs(30)));
        headers.insert(DATE, HeaderValue::from_static("Wed, 21 Oct 2026 07:29:00 GMT"));
        assert_eq!(retry_after(&headers), Some(Duration::ZERO));
    }

    proptest::proptest! {
        #[test]
        fn snippets_never_panic(body: Vec<u8>) {
            let text = snippet(&body);
            assert!(!text.chars().any(char::is_control));
        }
    }
}
