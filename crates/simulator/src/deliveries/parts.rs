//! The part port: PUTs to signed addresses, streamed to disk.
//!
//! It is not Apple's API but the storage behind it: no token (one that is sent is refused), no JSON, and nothing of it
//! in the journal but a count of `PUT /parts`. Faults meet it as the route `/parts`, or `/parts/3` for the third.

use super::binary::{PartRefusal, Presented, Ticket, write_at};
use crate::faults::{Effect, PARTS};
use crate::http::{Outgoing, Shared, broken_off, lower_case, ordered, plain, response};
use bytes::{Bytes, BytesMut};
use http::Request;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use std::time::Duration;
use tokio::sync::Notify;

/// How much of a part is collected before it is written, in bytes.
const CHUNK: usize = 512 * 1024;

/// How much of a refused part is read, in bytes: a client that is still sending would not read the answer.
const DRAINED: u64 = 64 * 1024 * 1024;

/// Takes one part.
pub(crate) async fn receive(request: Request<Incoming>, shared: &Shared, cut: &Notify) -> Outgoing {
    let (head, body) = request.into_parts();
    let address = head.uri.path_and_query().map_or("/", |address| address.as_str());
    let headers = lower_case(&head.headers);
    let presented = Presented {
        method: head.method.as_str(),
        address,
        headers: &headers,
    };
    let (admitted, effect, now) = {
        let mut world = shared.world();
        let now = world.clock.now();
        world.pass_time(now);
        let binaries = &mut world.store.deliveries.binaries;
        let meant = binaries
            .iter_mut()
            .find_map(|(id, binary)| Some((binary.part_at(address)?, id, binary)));
        let (number, admitted) = match meant {
            Some((index, id, binary)) => (index + 1, binary.admit(id, index, &presented, now)),
            None => (0, Err(PartRefusal::UNKNOWN)),
        };
        world.journal.count(&format!("PUT {PARTS}"));
        let effect = world.faults.strike(crate::Api::AppStore, "PUT", &format!("{PARTS}/{number}"));
        (admitted, effect, now)
    };
    match &effect {
        Some(Effect::Reset) => return broken_off(cut).await,
        Some(Effect::ResetAfter { bytes }) => {
            if let Ok(ticket) = &admitted {
                store(body, ticket, *bytes).await.ok(); // cut off whatever came of it
            }
            return broken_off(cut).await;
        }
        Some(effect) => {
            if let Some(answer) = ordered(effect, now) {
                drain(body).await;
                return response(&answer);
            }
        }
        None => {}
    }
    let answer = match admitted {
        Ok(ticket) => match store(body, &ticket, u64::MAX).await {
            Ok(()) => {
                keep(shared, &ticket);
                plain(200, "")
            }
            Err(refusal) => refused(refusal),
        },
        Err(refusal) => {
            drain(body).await;
            refused(refusal)
        }
    };
    match effect {
        Some(Effect::LoseAnswer) => broken_off(cut).await,
        Some(Effect::DoneThenError) => plain(500, "<Error><Code>InternalError</Code></Error>"),
        Some(Effect::Delay { milliseconds }) => {
            tokio::time::sleep(Duration::from_millis(milliseconds)).await;
            answer
        }
        _ => answer,
    }
}

/// All of the part has come, unless the binary was committed or deleted meanwhile.
fn keep(shared: &Shared, ticket: &Ticket) {
    if let Some(binary) = shared.world().store.deliveries.binaries.get_mut(&ticket.file_id) {
        binary.parts[ticket.index].stored = true;
    }
}

/// Writes the part as it comes, at most `most` bytes of it.
async fn store(mut body: Incoming, ticket: &Ticket, most: u64) -> Result<(), PartRefusal> {
    let mut chunk = BytesMut::with_capacity(CHUNK);
    let mut written = 0;
    loop {
        let frame = match body.frame().await {
            Some(Ok(frame)) => frame,
            Some(Err(_)) => return Err(PartRefusal::SHORT),
            None => break,
        };
        chunk.extend_from_slice(frame.data_ref().unwrap_or(&Bytes::new()));
        if chunk.len() >= CHUNK {
            written += flush(ticket, &mut chunk, written).await?;
        }
        if written + chunk.len() as u64 >= most {
            return Err(PartRefusal::SHORT);
        }
    }
    written += flush(ticket, &mut chunk, written).await?;
    if written == ticket.length {
        Ok(())
    } else {
        Err(PartRefusal::SHORT)
    }
}

async fn flush(ticket: &Ticket, chunk: &mut BytesMut, written: u64) -> Result<u64, PartRefusal> {
    let bytes = chunk.split().freeze();
    let length = bytes.len() as u64;
    let (file, at) = (ticket.file.clone(), ticket.offset + written);
    let done = tokio::task::spawn_blocking(move || write_at(&file, &bytes, at)).await;
    match done.map_err(std::io::Error::other).flatten() {
        Ok(()) => Ok(length),
        Err(error) => {
            tracing::error!(%error, "a part cannot be written to the temporary file");
            Err(PartRefusal {
                status: 507,
                code: "InsufficientStorage",
                message: "The simulator cannot write the part to its disk.",
            })
        }
    }
}

async fn drain(mut body: Incoming) {
    let mut read = 0;
    while let Some(Ok(frame)) = body.frame().await {
        read += frame.data_ref().map_or(0, |data| data.len() as u64);
        if read > DRAINED {
            return;
        }
    }
}

fn refused(refusal: PartRefusal) -> Outgoing {
    let PartRefusal { status, code, message } = refusal;
    let body = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>");
    let mut response = plain(status, &body);
    response
        .headers_mut()
        .insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("application/xml"));
    response
}
