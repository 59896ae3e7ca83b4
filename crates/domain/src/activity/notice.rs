//! Which records somebody should hear of without looking for them: they stand in the inbox.
//!
//! A notice says nothing of its own. It points to its record, and a later one about the same thing takes its place: of a
//! certificate that was announced 30 and 15 days before its end there is one notice. When what it tells of is over, it goes.

use super::{Activity, Event, NoticeKind, Outcome};
use crate::{health::KeyHealth, id::UserId, policy::Action};

/// That somebody should hear of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The thing it is about, by its id. Of each thing the last notice of a sort stands.
    pub object: String,
    /// Who should hear of it.
    pub audience: Audience,
}

/// Who should hear of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Whoever may do this in the organization of the record.
    Those(Action),
    /// One person.
    Only(UserId),
}

impl Activity {
    /// Who should hear of it, if anybody.
    #[must_use]
    pub fn notice(&self) -> Option<Notice> {
        let heard = |object: String| {
            NoticeKind::of(&self.event).map(|kind| Notice {
                object,
                audience: Audience::Those(kind.needs()),
            })
        };
        match (&self.event, self.outcome) {
            (Event::CertificateWillExpire { certificate, .. } | Event::CertificateRenewalNotBegun { certificate, .. }, _) => {
                heard(certificate.to_string())
            }
            (
                Event::ProfileWillExpire { profile, .. }
                | Event::ProfileUuidChanged { profile, .. }
                | Event::ProfileLeftBehind { profile, .. },
                _,
            ) => heard(profile.to_string()),
            (Event::ServiceTokenWillExpire { token, .. }, _) => heard(token.to_string()),
            (Event::TokenWillExpire { token, user, .. }, _) => Some(Notice {
                object: token.to_string(),
                audience: Audience::Only((*user)?),
            }),
            // That it is as it was yesterday is no news.
            (Event::KeyChecked { key, was: Some(_), .. }, Outcome::Done) if !self.is_good_news() => heard(key.to_string()),
            (Event::KeyShareEnded { key, .. }, Outcome::Done) => heard(key.to_string()),
            // An intent and an answer that was lost are not the end of it.
            (Event::CertificateRenewed { certificate, .. }, Outcome::Done | Outcome::Refused | Outcome::Failed) => {
                heard(certificate.to_string())
            }
            // That it was done is told with its new UUID.
            (Event::ProfileRebuilt { profile, .. }, Outcome::Refused | Outcome::Failed) => heard(profile.to_string()),
            (Event::DeviceArrived { device, .. }, Outcome::Done) => heard(device.to_string()),
            (Event::ChannelFailing { channel, .. }, _) => heard(channel.to_string()),
            _ => None,
        }
    }

    /// The thing, by its id, that nobody has to be told of any more, because it is gone or was put right; with the word of the
    /// notices that this is true of, where it is not of all.
    #[must_use]
    pub fn settles(&self) -> Option<(String, Option<&'static str>)> {
        if self.outcome != Outcome::Done {
            return None;
        }
        let object = match &self.event {
            Event::KeyChecked { .. } if self.is_good_news() => return Some((self.event.object()?, Some(self.event.action()))),
            Event::CertificateRemoved { .. }
            | Event::ProfileRemoved { .. }
            | Event::TokenRevoked { .. }
            | Event::ServiceTokenRevoked { .. }
            | Event::ServiceTokenRotated { .. }
            | Event::DeviceRejected { .. }
            | Event::KeyRemoved { .. }
            | Event::KeyRotated { .. }
            | Event::ChannelRemoved { .. }
            | Event::ChannelRecovered { .. } => self.event.object(),
            Event::CertificateRevoked { certificate, .. } => certificate.map(|certificate| certificate.to_string()),
            Event::CertificateRenewed { certificate, .. } => Some(certificate.to_string()),
            Event::ProfileUuidChanged { profile, .. } => Some(profile.to_string()),
            _ => None,
        };
        Some((object?, None))
    }

    fn is_good_news(&self) -> bool {
        matches!(&self.event, Event::KeyChecked { health, .. } if health == KeyHealth::Working.title())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activity::{Actor, Origin};

    fn record(event: Event, outcome: Outcome) -> Activity {
        Activity {
            id: format!("act_{:032x}", 1).parse().unwrap(),
            organization: None,
            at: jiff::Timestamp::UNIX_EPOCH,
            actor: Actor::Server,
            origin: Origin::default(),
            event,
            outcome,
            follows: None,
        }
    }

    fn checked(health: &str, was: Option<&str>) -> Activity {
        let event = Event::KeyChecked {
            key: format!("key_{:032x}", 1).parse().unwrap(),
            name: "CI uploads".to_owned(),
            health: health.to_owned(),
            was: was.map(str::to_owned),
        };
        record(event, Outcome::Done)
    }

    #[test]
    fn of_checks_the_change_for_the_worse_is_told_and_the_one_for_the_better_ends_it() {
        assert!(checked("Revoked", Some("Working")).notice().is_some());
        assert_eq!(checked("Revoked", None).notice(), None, "as yesterday");
        let mended = checked("Working", Some("Revoked"));
        let settled = (mended.event.object().unwrap(), Some("key.check"));
        assert_eq!((mended.notice(), mended.settles()), (None, Some(settled)));
        assert_eq!(checked("no conclusion", None).settles(), None);
    }

    #[test]
    fn a_renewal_is_told_when_it_has_ended_and_takes_the_announcements_away_when_it_is_done() {
        let certificate = format!("cert_{:032x}", 1);
        let renewed = |outcome| {
            let event = Event::CertificateRenewed {
                operation: format!("op_{:032x}", 1).parse().unwrap(),
                key: format!("key_{:032x}", 1).parse().unwrap(),
                certificate: certificate.parse().unwrap(),
                name: "Apple Distribution".to_owned(),
                replacement: None,
            };
            record(event, outcome)
        };
        for outcome in Outcome::ALL {
            let is_end = matches!(outcome, Outcome::Done | Outcome::Refused | Outcome::Failed);
            assert_eq!(renewed(outcome).notice().is_some(), is_end, "{outcome:?}");
            assert_eq!(renewed(outcome).settles().is_some(), outcome == Outcome::Done, "{outcome:?}");
        }
    }

    #[test]
    fn a_personal_token_is_its_owners_matter() {
        let user: UserId = format!("user_{:032x}", 1).parse().unwrap();
        let event = |user| Event::TokenWillExpire {
            token: format!("tok_{:032x}", 1).parse().unwrap(),
            name: "laptop".to_owned(),
            expires_at: jiff::Timestamp::UNIX_EPOCH,
            days: 7,
            user,
        };
        let audience = record(event(Some(user)), Outcome::Done).notice().map(|notice| notice.audience);
        assert_eq!(audience, Some(Audience::Only(user)));
        assert_eq!(record(event(None), Outcome::Done).notice(), None);
    }
}
