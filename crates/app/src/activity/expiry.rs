//! "Will expire", written down 30, 15, 7, 3, 1 and 0 days before the end, once each; and that a share has ended by its date,
//! which nobody did.
//!
//! What comes late joins at the next step: of a certificate that is fetched ten days before its end, the first notice is
//! that of seven days. A server that was down for a week does not write the steps that it missed, but the one that holds.

use crate::{App, Caller, Problem};
use domain::{Event, OrgId, Origin, Principal};
use jiff::{SignedDuration, Timestamp};
use store::{EndedShare, Expiring, ExpiringItem, Tx};

/// How long after its end the end of a share may still be written: as long as somebody may ask what became of it.
const SHARES_AFTERWARDS: SignedDuration = SignedDuration::from_hours(24 * 30);
/// Days before the end, the last step first.
const STEPS: [u16; 6] = [0, 1, 3, 7, 15, 30];
/// How long after the end the last step may still be written: a server may be down over the very day.
const AFTERWARDS: SignedDuration = SignedDuration::from_hours(24);

fn days(days: u16) -> SignedDuration {
    SignedDuration::from_hours(24 * i64::from(days))
}

/// The step that holds now, unless the thing came after it.
fn step(one: &Expiring, now: Timestamp) -> Option<u16> {
    let left = one.ends.duration_since(now);
    let step = STEPS.into_iter().find(|step| left <= days(*step))?;
    let crossed = one.ends.saturating_sub(days(step)).unwrap_or(one.ends);
    (one.since <= crossed).then_some(step)
}

fn event(one: &Expiring, days: u16) -> Event {
    let (name, expires_at) = (one.name.clone(), one.ends);
    match one.item {
        ExpiringItem::Certificate(_, certificate) => Event::CertificateWillExpire {
            certificate,
            name,
            expires_at,
            days,
        },
        ExpiringItem::Profile(_, profile) => Event::ProfileWillExpire {
            profile,
            name,
            expires_at,
            days,
        },
        ExpiringItem::Token(user, token) => Event::TokenWillExpire {
            token,
            name,
            expires_at,
            days,
            user: Some(user),
        },
        ExpiringItem::ServiceToken(_, token) => Event::ServiceTokenWillExpire {
            token,
            name,
            expires_at,
            days,
        },
    }
}

/// The end and the step that a notice was about.
fn told(event: &Event) -> Option<(Timestamp, u16)> {
    match event {
        Event::CertificateWillExpire { expires_at, days, .. }
        | Event::ProfileWillExpire { expires_at, days, .. }
        | Event::TokenWillExpire { expires_at, days, .. }
        | Event::ServiceTokenWillExpire { expires_at, days, .. } => Some((*expires_at, *days)),
        _ => None,
    }
}

impl App {
    /// Writes the notices that are due, and answers how many. The server does this once a day.
    ///
    /// # Errors
    /// When the database does not answer, or the log is blocked.
    pub async fn tell_expiries(&self) -> Result<u32, Problem> {
        let now = self.now();
        let from = now.saturating_sub(AFTERWARDS).unwrap_or(now);
        let until = now.saturating_add(days(30)).unwrap_or(now);
        let mut count = 0;
        for one in self.inner.store.read_over_all().await?.expiring(from, until).await? {
            if let Some(step) = step(&one, now) {
                count += u32::from(self.tell_expiry(&one, step).await?);
            }
        }
        let from = now.saturating_sub(SHARES_AFTERWARDS).unwrap_or(now);
        for ended in self.inner.store.read_over_all().await?.ended_shares(from, now).await? {
            count += u32::from(self.tell_end_of_share(ended).await?);
        }
        Ok(count)
    }

    /// The share stopped at its date by itself; here it is only written down.
    async fn tell_end_of_share(&self, ended: EndedShare) -> Result<bool, Problem> {
        let mut tx = self.inner.store.begin_over_all().await?;
        let organization = ended.organization;
        let told = tx.ends_of_shares(organization, ended.key, ended.ended_at).await?;
        let event = Event::KeyShareEnded {
            key: ended.key,
            name: ended.name,
            target: ended.target,
            ended_at: ended.ended_at,
        };
        let is_same = |told: &Event| match told {
            Event::KeyShareEnded { target, ended_at, .. } => (*target, *ended_at) == (ended.target, ended.ended_at),
            _ => false,
        };
        if told.iter().any(is_same) {
            return Ok(false);
        }
        self.record_of_server(tx, organization, event).await?;
        Ok(true)
    }

    /// One transaction for each, so that nobody's records wait for long.
    async fn tell_expiry(&self, one: &Expiring, step: u16) -> Result<bool, Problem> {
        let mut tx = self.inner.store.begin_over_all().await?;
        let organization = match one.item {
            ExpiringItem::Certificate(organization, _)
            | ExpiringItem::Profile(organization, _)
            | ExpiringItem::ServiceToken(organization, _) => organization,
            ExpiringItem::Token(user, _) => match tx.organizations_of(user).await?.first() {
                Some(home) => home.id,
                None => return Ok(false),
            },
        };
        let event = event(one, step);
        let object = event.object().unwrap_or_default();
        let last = tx.last_expiry_notice(organization, &object, event.action()).await?;
        let is_told = last
            .as_ref()
            .and_then(told)
            .is_some_and(|(ends, told)| ends == one.ends && told <= step);
        if is_told {
            return Ok(false);
        }
        self.record_of_server(tx, organization, event).await?;
        Ok(true)
    }

    async fn record_of_server(&self, mut tx: Tx, organization: OrgId, event: Event) -> Result<(), Problem> {
        let server = Caller {
            principal: Principal::server(),
            origin: Origin::default(),
        };
        self.record_done(&mut tx, &server, organization, event).await?;
        Ok(tx.commit().await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn each_step_holds_until_the_next_and_who_comes_late_joins_there() {
        let certificate = |since: &str| Expiring {
            item: ExpiringItem::Certificate(
                format!("org_{:032x}", 1).parse().unwrap(),
                format!("cert_{:032x}", 1).parse().unwrap(),
            ),
            name: "Apple Distribution".to_owned(),
            since: at(since),
            ends: at("2026-12-31T12:00:00Z"),
        };
        let old = certificate("2026-01-01T00:00:00Z");
        for (now, expected) in [
            ("2026-12-01T11:59:59Z", None),
            ("2026-12-01T12:00:00Z", Some(30)),
            ("2026-12-16T11:00:00Z", Some(30)),
            ("2026-12-16T12:00:00Z", Some(15)),
            ("2026-12-27T00:00:00Z", Some(7)),
            ("2026-12-29T00:00:00Z", Some(3)),
            ("2026-12-31T00:00:00Z", Some(1)),
            ("2026-12-31T12:00:00Z", Some(0)),
            ("2026-12-31T20:00:00Z", Some(0)),
        ] {
            assert_eq!(step(&old, at(now)), expected, "{now}");
        }
        let late = certificate("2026-12-21T00:00:00Z");
        assert_eq!(step(&late, at("2026-12-21T01:00:00Z")), None);
        assert_eq!(step(&late, at("2026-12-24T12:00:00Z")), Some(7));
    }
}
