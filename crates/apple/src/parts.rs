//! Sends the pieces of a file to where Apple wants them (facts D1, step 3).
//!
//! Not a [`crate::Session`]: these addresses are not Apple's API but storage, signed in advance. So there is a
//! connection pool of its own, without tokens and without redirects, and what is sent is what the [`UploadOperation`]
//! says: its method, its headers, `length` bytes with a `Content-Length` and never in chunks, beside the `Accept: */*`
//! of the HTTP library. One call is one attempt; [`PartError::can_be_repeated`] says whether another one, with the same
//! bytes anew, can help. A part that arrives twice is harmless.
//!
//! What must not happen: that an address gets into a log or an error. Only its host is told.
//!
//! The surprising thing: there is no limit of time for a part, only for a standstill. The limit of the HTTP library for
//! that counts from the beginning of a request to its answer, so [`Flow`] watches the bytes that leave.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures::Stream;
use http::header::{CONTENT_LENGTH, ETAG, HOST, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use tokio::time::Instant;
use url::Url;

use crate::config::{Config, ConfigError, built, client_toward, is_loopback};
use crate::resources::UploadOperation;
use crate::transport::{causes, retry_after};

/// So much leaves at once: a slow line shows progress before it counts as standing still.
const PIECE: usize = 64 << 10;
/// So much of an answer is read, for its code.
const MOST_OF_ANSWER: usize = 16 << 10;

/// Sends pieces of files. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct PartSender {
    client: reqwest::Client,
    idle: Duration,
    /// Plain http, to loopback: as Apple's own address is, when it is the simulator.
    is_simulated: bool,
}

/// A part that arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartReceipt {
    /// The storage's tag of the bytes, where it gave one.
    pub entity_tag: Option<String>,
}

/// Why a part did not arrive, or is not known to have.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PartError {
    /// The network, or an answer that says "later" (5xx, 429, 408). Sending the part again can help.
    #[error("{host} did not take the part ({cause}). Sending it again can help")]
    Again {
        /// Where it was to go.
        host: String,
        /// The status, where an answer came.
        status: Option<u16>,
        /// How long the other side asks to wait.
        retry_after: Option<Duration>,
        /// What happened.
        cause: String,
    },
    /// Another answer. Mostly the address has expired (403); the file's operations can be read anew.
    #[error("{host} refused the part (status {status}{}). Read the upload's file anew for fresh addresses, or reserve it again", code_in_words(.code))]
    Refused {
        /// Where it was to go.
        host: String,
        /// The status; a redirect is one too, as it is not followed.
        status: u16,
        /// The storage's code, such as `AccessDenied`.
        code: Option<String>,
    },
    /// The bytes were not there: an unreadable file, or more or less than the operation's length.
    #[error("the bytes of the part are not there: {cause}")]
    Source {
        /// What happened.
        cause: String,
    },
    /// The operation cannot be carried out, and nothing was sent.
    #[error("Apple's upload operation cannot be carried out: {reason}")]
    Unusable {
        /// What does not fit.
        reason: String,
    },
}

impl PartError {
    /// Whether sending the same part again can help.
    #[must_use]
    pub fn can_be_repeated(&self) -> bool {
        matches!(self, Self::Again { .. })
    }

    fn unusable(reason: impl Into<String>) -> Self {
        Self::Unusable { reason: reason.into() }
    }
}

impl PartSender {
    pub(crate) fn new(apple: &Url, config: &Config) -> Result<Self, ConfigError> {
        // One connection per part at a time, whose answer is read as it is.
        let client = client_toward(apple, config)?.http1_only().no_gzip();
        Ok(Self {
            client: built(client)?,
            idle: config.part_idle_timeout,
            is_simulated: apple.scheme() == "http",
        })
    }

    /// Sends one part, once: `bytes` must be the `length` bytes of the file from `offset` on. They are taken as fast as
    /// they leave. Dropping the future ends the attempt.
    ///
    /// # Errors
    /// [`PartError`], which says whether another attempt can help.
    pub async fn send<S>(&self, operation: &UploadOperation, bytes: S) -> Result<PartReceipt, PartError>
    where
        S: Stream<Item = io::Result<Bytes>> + Send + 'static,
    {
        let part = Part::read(operation, self.is_simulated)?;
        let flow = Arc::new(Flow::new());
        let body = Measured {
            bytes: Box::pin(bytes),
            rest: Bytes::new(),
            sent: 0,
            length: part.length,
            flow: flow.clone(),
        };
        let request = self
            .client
            .request(part.method.clone(), part.url.clone())
            .headers(part.headers.clone())
            .header(CONTENT_LENGTH, part.length)
            .body(reqwest::Body::wrap_stream(body));
        let answered = tokio::select! {
            answer = exchange(request, &flow) => answer,
            () = flow.stands_still(self.idle) => Err(format!("nothing moved for {} seconds", self.idle.as_secs())),
        };
        let status = answered.as_ref().ok().map(|answer| answer.status.as_u16());
        tracing::debug!(target: "apple", method = %part.method, host = part.host, length = part.length, status, "part");
        judge(part.host, answered, flow.fault())
    }
}

impl std::fmt::Debug for PartSender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PartSender").field("idle", &self.idle).finish_non_exhaustive()
    }
}

/// An operation that can be carried out.
struct Part {
    method: Method,
    url: Url,
    host: String,
    headers: HeaderMap,
    length: u64,
}

impl Part {
    fn read(operation: &UploadOperation, is_simulated: bool) -> Result<Self, PartError> {
        let url = operation.url.as_ref().ok_or_else(|| PartError::unusable("it has no address"))?;
        let url = Url::parse(url.expose()).map_err(|_| PartError::unusable("its address is not a URL"))?;
        let host = match (url.host_str(), url.port()) {
            (Some(host), Some(port)) => format!("{host}:{port}"),
            (Some(host), None) => host.to_owned(),
            (None, _) => return Err(PartError::unusable("its address has no host")),
        };
        match url.scheme() {
            "https" => {}
            "http" if is_simulated && is_loopback(&url) => {}
            scheme => return Err(PartError::unusable(format!("its address at {host} is {scheme} and not https"))),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(PartError::unusable(format!("its address at {host} carries a user name")));
        }
        let method = operation.method.as_deref().unwrap_or("PUT");
        let method = Method::from_bytes(method.as_bytes()).map_err(|_| PartError::unusable("its method is none"))?;
        let length = operation.length.ok_or_else(|| PartError::unusable("it has no length"))?;
        Ok(Self {
            headers: headers(operation, &host, length)?,
            method,
            url,
            host,
            length,
        })
    }
}

/// The headers that the operation asks for. The two that follow from the rest of it may stand there too, if they agree.
fn headers(operation: &UploadOperation, host: &str, length: u64) -> Result<HeaderMap, PartError> {
    let mut headers = HeaderMap::new();
    for header in &operation.request_headers {
        let shown: String = header.name.as_deref().unwrap_or_default().chars().take(40).collect();
        let unfit = || PartError::unusable(format!("the header {shown:?} cannot be sent"));
        let name = HeaderName::from_bytes(shown.as_bytes()).map_err(|_| unfit())?;
        let value = header.value.as_ref().map_or("", |value| value.expose());
        let mut value = HeaderValue::from_str(value).map_err(|_| unfit())?;
        match name {
            HOST if value.as_bytes() == host.as_bytes() => continue,
            CONTENT_LENGTH if value.as_bytes() == length.to_string().as_bytes() => continue,
            CONTENT_LENGTH | TRANSFER_ENCODING | HOST => return Err(unfit()),
            _ => {}
        }
        // The library's own debug output has headers in it.
        value.set_sensitive(true);
        headers.append(name, value);
    }
    Ok(headers)
}

/// What came back.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    code: Option<String>,
}

async fn exchange(request: reqwest::RequestBuilder, flow: &Flow) -> Result<Answer, String> {
    let mut response = request.send().await.map_err(|error| causes(&error))?;
    let headers = std::mem::take(response.headers_mut());
    let mut body = Vec::new();
    // To its end, so that the connection can be used again; a refusal stays one when its body breaks off.
    while body.len() < MOST_OF_ANSWER {
        flow.moved();
        match response.chunk().await {
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) | Err(_) => break,
        }
    }
    Ok(Answer {
        status: response.status(),
        headers,
        code: code_of(&body),
    })
}

fn judge(host: String, answered: Result<Answer, String>, fault: Option<String>) -> Result<PartReceipt, PartError> {
    if let Some(cause) = fault {
        return Err(PartError::Source { cause });
    }
    let Answer { status, headers, code } = match answered {
        Ok(answer) => answer,
        Err(cause) => {
            return Err(PartError::Again {
                host,
                status: None,
                retry_after: None,
                cause,
            });
        }
    };
    if status.is_success() {
        let tag = headers.get(ETAG).and_then(|tag| tag.to_str().ok());
        return Ok(PartReceipt {
            entity_tag: tag.map(str::to_owned),
        });
    }
    // Storage of this kind says with a 400 that the line was too slow for it.
    let too_slow = status == StatusCode::BAD_REQUEST && code.as_deref() == Some("RequestTimeout");
    let status_number = status.as_u16();
    Err(match status_number {
        408 | 429 | 500..=599 => PartError::Again {
            host,
            status: Some(status_number),
            retry_after: retry_after(&headers),
            cause: format!("status {status_number}{}", code_in_words(&code)),
        },
        _ if too_slow => PartError::Again {
            host,
            status: Some(status_number),
            retry_after: None,
            cause: "it waited too long for bytes".to_owned(),
        },
        _ => PartError::Refused {
            host,
            status: status_number,
            code,
        },
    })
}

/// The `<Code>` of a storage's XML. Nothing else of it is kept: it repeats what the address was signed over.
fn code_of(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let (_, rest) = text.split_once("<Code>")?;
    let (code, _) = rest.split_once("</Code>")?;
    let is_name = !code.is_empty() && code.len() <= 64 && code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.');
    is_name.then(|| code.to_owned())
}

fn code_in_words(code: &Option<String>) -> String {
    code.as_deref().map(|code| format!(", {code}")).unwrap_or_default()
}

/// What is known of the bytes on their way: when some left last, and what went wrong before they could.
struct Flow {
    last: Mutex<Instant>,
    fault: OnceLock<String>,
}

impl Flow {
    fn new() -> Self {
        Self {
            last: Mutex::new(Instant::now()),
            fault: OnceLock::new(),
        }
    }

    fn moved(&self) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    fn last(&self) -> Instant {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fault(&self) -> Option<String> {
        self.fault.get().cloned()
    }

    /// Ends when nothing has moved for so long.
    async fn stands_still(&self, idle: Duration) {
        loop {
            let due = self.last() + idle;
            if due <= Instant::now() {
                return;
            }
            tokio::time::sleep_until(due).await;
        }
    }
}

/// The bytes of a part, cut small, counted, and watched.
struct Measured {
    bytes: Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>,
    rest: Bytes,
    sent: u64,
    length: u64,
    flow: Arc<Flow>,
}

impl Measured {
    fn fail(&self, cause: String) -> Poll<Option<io::Result<Bytes>>> {
        let error = io::Error::other(cause.clone());
        // The first cause is the one that is told.
        let _ = self.flow.fault.set(cause);
        Poll::Ready(Some(Err(error)))
    }
}

impl Stream for Measured {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        while self.rest.is_empty() {
            match ready!(self.bytes.as_mut().poll_next(cx)) {
                Some(Ok(bytes)) => self.rest = bytes,
                Some(Err(error)) => return self.fail(error.to_string()),
                None if self.sent < self.length => {
                    let cause = format!("they end after {} of {}", self.sent, self.length);
                    return self.fail(cause);
                }
                None => return Poll::Ready(None),
            }
        }
        if self.sent + self.rest.len() as u64 > self.length {
            let cause = format!("there are more than {}", self.length);
            return self.fail(cause);
        }
        let piece = self.rest.len().min(PIECE);
        let piece = self.rest.split_to(piece);
        self.sent += piece.len() as u64;
        self.flow.moved();
        Poll::Ready(Some(Ok(piece)))
    }
}
