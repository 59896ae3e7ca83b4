//! What expires, as calendar programs read it (RFC 5545): one event of a day for each thing that ends.
//!
//! The surprising thing: the link is the secret, for such programs sign in nowhere. A wrong one is answered like any address
//! that does not exist.

use super::{
    expiries::{address_of, kind_of},
    visit::{Answer, Sent, done, id},
};
use crate::State;
use app::calendars::Calendar;
use axum::{
    extract::{Path, State as Reach},
    http::header,
    response::IntoResponse,
};
use icalendar::{Calendar as File, Component, Event, Property};
use jiff::Timestamp;
use url::Url;

/// `GET /calendar/{token}`
pub(crate) async fn read(Reach(state): Reach<State>, Path(token): Path<String>) -> Answer {
    let token = token.strip_suffix(".ics").unwrap_or(&token);
    let calendar = state.app.calendar(token).await?;
    let text = file(&calendar, &state.settings.public_url, state.clock.now());
    let headers = [
        (header::CONTENT_TYPE, "text/calendar; charset=utf-8"),
        (header::CACHE_CONTROL, "private, max-age=900"),
    ];
    Ok((headers, text).into_response())
}

/// `POST /o/{org}/expiries/calendar`: makes the link, and shows it once on the page of what expires.
pub(crate) async fn make(Reach(state): Reach<State>, Path(org): Path<String>, sent: Sent) -> Answer {
    let org = id(&org)?;
    let token = state.app.make_calendar_link(&sent.visitor.who, org).await?;
    let link = link(&state.settings.public_url, token.expose());
    super::expiries::shown(&state, &sent.visitor, org, Some(link)).await
}

/// `POST /o/{org}/expiries/calendar/end`
pub(crate) async fn end(Reach(state): Reach<State>, Path(org): Path<String>, sent: Sent) -> Answer {
    let org = id(&org)?;
    state.app.end_calendar_link(&sent.visitor.who, org).await?;
    Ok(done(&state, &format!("/o/{org}/expiries"), "calendar-ended"))
}

fn link(public_url: &Url, token: &str) -> String {
    format!("{}/calendar/{token}.ics", public_url.as_str().trim_end_matches('/'))
}

fn file(calendar: &Calendar, public_url: &Url, now: Timestamp) -> String {
    let base = public_url.as_str().trim_end_matches('/');
    let mut file = File::new();
    file.name(&format!("{}: what expires", calendar.name));
    for expiry in &calendar.expiries.items {
        let address = address_of(calendar.organization, expiry);
        let day = expiry.at.strftime("%Y%m%d").to_string();
        let next = expiry.at.saturating_add(jiff::SignedDuration::from_hours(24)).unwrap_or(expiry.at);
        let mut event = Event::new();
        event
            // The same thing with another end is another event; nothing is ever moved in a calendar unseen.
            .uid(&format!("{}-{day}@russet", address.trim_matches('/').replace('/', "-")))
            .add_property("DTSTAMP", now.strftime("%Y%m%dT%H%M%SZ").to_string())
            .summary(&format!("{} “{}” expires", kind_of(expiry), expiry.name))
            .description(&format!("At {} UTC, in {}.", expiry.at.strftime("%H:%M"), calendar.name))
            .url(&format!("{base}{address}"));
        event.append_property(Property::new("DTSTART", &day).add_parameter("VALUE", "DATE").done());
        event.append_property(
            Property::new("DTEND", next.strftime("%Y%m%d").to_string())
                .add_parameter("VALUE", "DATE")
                .done(),
        );
        file.push(event.done());
    }
    file.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use app::expiries::{Expiries, Expiry, ExpiryOf};

    #[test]
    fn each_thing_is_an_event_of_its_day_and_no_name_breaks_out_of_its_line() {
        let calendar = Calendar {
            organization: format!("org_{:032x}", 1).parse().unwrap(),
            name: "Halden, Mobile".to_owned(),
            expiries: Expiries {
                items: vec![Expiry {
                    name: "Distribution; one,\r\nEND:VCALENDAR".to_owned(),
                    of: ExpiryOf::Certificate(format!("cert_{:032x}", 2).parse().unwrap()),
                    at: "2026-12-31T23:30:00Z".parse().unwrap(),
                }],
                soon: 0,
                later: 1,
            },
        };
        let url: Url = "https://russet.example/".parse().unwrap();
        let text = file(&calendar, &url, "2026-11-23T10:00:00Z".parse().unwrap());
        assert!(text.lines().all(|line| line.len() <= 75), "{text}");
        let unfolded = text.replace("\r\n ", "");
        for line in ["\r\nDTSTART;VALUE=DATE:20261231\r\n", "\r\nDTEND;VALUE=DATE:20270101\r\n"] {
            assert!(unfolded.contains(line), "{unfolded}");
        }
        assert_eq!(unfolded.matches("\r\nEND:VCALENDAR").count(), 1, "{unfolded}");
        assert!(unfolded.contains("Distribution\\; one\\,"), "{unfolded}");
        assert!(
            unfolded.contains(&format!("URL:https://russet.example/o/org_{:032x}/certificates/cert_{:032x}", 1, 2)),
            "{unfolded}"
        );
    }
}
