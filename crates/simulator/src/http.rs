//! The doors: plain HTTP/1.1 listeners, faults on the way, and the journal of what passed.
//!
//! Written on hyper itself rather than a framework, because a fault must be able to reset the connection in the middle
//! of an exchange. A connection lives until the client or the simulator ends.

use crate::api::Api;
use crate::clock::http_date;
use crate::faults::{AppleError, Effect};
use crate::journal::Exchange;
use crate::world::{Answer, Request, World};
use bytes::Bytes;
use http::{HeaderMap, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};

/// The largest request body that is read, in bytes.
const LARGEST_BODY: usize = 4 * 1024 * 1024;

/// What an open door needs to answer.
#[derive(Clone)]
pub(crate) struct Shared(Arc<Mutex<World>>);

impl Shared {
    pub(crate) fn new(world: World) -> Self {
        Self(Arc::new(Mutex::new(world)))
    }

    /// The world, one caller at a time. A panic elsewhere does not take the simulator down.
    pub(crate) fn world(&self) -> std::sync::MutexGuard<'_, World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who answers behind a door.
#[derive(Clone)]
pub(crate) enum Door {
    /// One of Apple's APIs.
    Apple(Api),
    /// The control port, with the base URLs it tells.
    Control(Arc<crate::control_port::Addresses>),
    /// Where parts of binaries are sent.
    Parts,
}

/// An answer on its way.
pub(crate) type Outgoing = Response<Full<Bytes>>;

/// Accepts connections until `stop` says so.
pub(crate) async fn serve(listener: TcpListener, shared: Shared, door: Door, mut stop: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            _ = stop.changed() => return,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    drop(tokio::spawn(converse(stream, shared.clone(), door.clone(), stop.clone())));
                }
                Err(error) => {
                    // Out of file descriptors, for instance: asking again at once would only burn the processor.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
    }
}

async fn converse(stream: TcpStream, shared: Shared, door: Door, mut stop: watch::Receiver<bool>) {
    let cut = Arc::new(Notify::new());
    let service = {
        let cut = cut.clone();
        service_fn(
            move |request| -> Pin<Box<dyn Future<Output = Result<Outgoing, Infallible>> + Send>> {
                let (shared, door, cut) = (shared.clone(), door.clone(), cut.clone());
                Box::pin(async move { Ok(respond(request, &shared, &door, &cut).await) })
            },
        )
    };
    // Small answers on a keep-alive connection would otherwise wait for the client's delayed acknowledgement.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection keeps its delay");
    }
    let mut connection = http1::Builder::new()
        .auto_date_header(false)
        .serve_connection(TokioIo::new(stream), service);
    let reset = tokio::select! {
        ended = Pin::new(&mut connection) => {
            if let Err(error) = ended {
                tracing::debug!(%error, "a connection ended badly");
            }
            false
        }
        () = cut.notified() => true,
        _ = stop.changed() => false,
    };
    if reset {
        let stream = connection.into_parts().io.into_inner();
        if let Err(error) = stream.set_zero_linger() {
            tracing::debug!(%error, "the connection ends with FIN instead of RST");
        }
    }
}

async fn respond(request: http::Request<Incoming>, shared: &Shared, door: &Door, cut: &Notify) -> Outgoing {
    if matches!(door, Door::Parts) {
        return crate::deliveries::receive(request, shared, cut).await; // as it comes: a part can be large
    }
    let (head, body) = request.into_parts();
    let body = match Limited::new(body, LARGEST_BODY).collect().await {
        Ok(body) => body.to_bytes().to_vec(),
        Err(error) => {
            tracing::debug!(%error, "a request body could not be read");
            return plain(413, "The request body is too large or broke off.");
        }
    };
    let headers = lower_case(&head.headers);
    match door {
        Door::Control(addresses) => {
            let (status, document) = crate::control_port::answer(shared, addresses, head.method.as_str(), head.uri.path(), &body);
            let mut response = plain(status, &document.to_string());
            response
                .headers_mut()
                .insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
            response
        }
        Door::Parts => plain(404, ""), // answered above
        Door::Apple(api) => {
            let request = Request {
                api: *api,
                method: head.method.as_str().to_owned(),
                path: head.uri.path().to_owned(),
                query: head.uri.query().unwrap_or_default().to_owned(),
                origin: origin(&head.uri, &headers),
                headers,
                body,
            };
            exchange(request, shared, cut).await
        }
    }
}

/// One exchange with Apple's API, faults included.
async fn exchange(request: Request, shared: &Shared, cut: &Notify) -> Outgoing {
    let (answer, effect) = {
        let mut world = shared.world();
        let now = world.clock.now();
        let route = World::route(request.api, &request.method, &request.path);
        let effect = world.faults.strike(request.api, &request.method, route.unwrap_or(&request.path));
        let answer = match &effect {
            Some(Effect::Reset | Effect::ResetAfter { .. }) => None,
            Some(Effect::Apple { error }) => Some(world.refused(&error.refusal(), now)),
            Some(Effect::Answer { .. } | Effect::BadGateway | Effect::Html) => effect.as_ref().and_then(|effect| ordered(effect, now)),
            Some(Effect::LoseAnswer | Effect::Delay { .. }) | None => Some(world.answer(&request)),
            Some(Effect::DoneThenError) => {
                drop(world.answer(&request));
                Some(world.refused(&AppleError::Unexpected.refusal(), now))
            }
        };
        let injected = !matches!(effect, None | Some(Effect::LoseAnswer | Effect::Delay { .. }));
        let lost = effect == Some(Effect::LoseAnswer);
        let exchange = record(&request, route, answer.as_ref(), now, injected, lost);
        world.note(exchange);
        (answer, effect)
    };
    if let Some(Effect::Delay { milliseconds }) = effect {
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
    }
    match answer {
        Some(answer) if effect != Some(Effect::LoseAnswer) => response(&answer),
        _ => broken_off(cut).await,
    }
}

/// Resets the connection instead of answering.
pub(crate) async fn broken_off(cut: &Notify) -> Outgoing {
    cut.notify_one();
    std::future::pending().await
}

/// The answer that a fault orders.
pub(crate) fn ordered(effect: &Effect, now: jiff::Timestamp) -> Option<Answer> {
    let (status, content_type, body, retry_after) = match effect {
        Effect::Answer {
            status,
            body,
            content_type,
            retry_after,
        } => (
            *status,
            content_type.as_deref().unwrap_or("application/json"),
            body.as_str(),
            *retry_after,
        ),
        Effect::BadGateway => (
            502,
            "text/html",
            "<html><body><h1>502</h1><p>Could not process this request</p></body></html>",
            None,
        ),
        Effect::Html => (
            200,
            "text/html",
            "<!doctype html><html><body><h1>Sign in to this network</h1></body></html>",
            None,
        ),
        _ => return None,
    };
    let mut headers = BTreeMap::from([
        ("date".to_owned(), http_date(now)),
        ("content-type".to_owned(), content_type.to_owned()),
    ]);
    if let Some(seconds) = retry_after {
        headers.insert("retry-after".into(), seconds.to_string());
    }
    Some(Answer {
        status,
        headers,
        body: body.to_owned(),
        ..Answer::default()
    })
}

fn record(request: &Request, route: Option<&str>, answer: Option<&Answer>, now: jiff::Timestamp, injected: bool, lost: bool) -> Exchange {
    let mut request_headers = request.headers.clone();
    request_headers.remove("authorization");
    let (response_headers, response_body) = answer
        .map(|answer| (answer.headers.clone(), answer.body.clone()))
        .unwrap_or_default();
    Exchange {
        time: now,
        api: request.api,
        method: request.method.clone(),
        path: request.path.clone(),
        query: request.query.clone(),
        route: route.map(str::to_owned),
        key_id: answer.and_then(|answer| answer.key_id.clone()),
        user_agent: request.headers.get("user-agent").cloned(),
        request_headers,
        request_body: String::from_utf8_lossy(&request.body).into_owned(),
        status: answer.map(|answer| answer.status),
        response_headers,
        response_body,
        injected: injected || answer.is_some_and(|answer| answer.unplayed),
        lost,
    }
}

/// Scheme and host as the client reached them, also through a proxy that speaks for Apple's own name.
fn origin(uri: &http::Uri, headers: &BTreeMap<String, String>) -> String {
    let host = uri
        .authority()
        .map(http::uri::Authority::as_str)
        .or_else(|| headers.get("host").map(String::as_str))
        .unwrap_or("localhost");
    let scheme = headers.get("x-forwarded-proto").map_or("http", String::as_str);
    format!("{scheme}://{host}")
}

pub(crate) fn lower_case(headers: &HeaderMap) -> BTreeMap<String, String> {
    headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect()
}

pub(crate) fn response(answer: &Answer) -> Outgoing {
    let mut builder = Response::builder().status(answer.status);
    for (name, value) in &answer.headers {
        builder = builder.header(name, value);
    }
    builder
        .body(Full::new(Bytes::from(answer.body.clone())))
        .unwrap_or_else(|_| plain(500, "An ordered answer is not HTTP."))
}

pub(crate) fn plain(status: u16, text: &str) -> Outgoing {
    let mut response = Response::new(Full::new(Bytes::from(text.to_owned())));
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    response
}
