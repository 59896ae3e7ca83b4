//! A person's inbox: what they should hear of, in all organizations that they belong to.
//!
//! Nothing is sent into it. The log says what happened, [`domain::activity::Notice`] says which of it somebody should hear
//! of, and the policy whether this person may see it, asked anew each time: whoever joins today finds what is open, and
//! whoever loses a role sees no more of it.

use crate::{App, Caller, Problem, accounts::SignedIn, activity::Names};
use domain::{
    Activity, ApiKeyId, CertificateId, ChannelId, Event, OperationId, OrgId, Outcome, ProfileId, ServiceTokenId, Tenant,
    activity::Audience, decide,
};
use jiff::Timestamp;
use std::collections::BTreeSet;
use store::Recorded;

/// How many are looked at, the newest first: what one has not read of so many is not read.
const MOST: u32 = 2000;
/// How many unread ones are looked at to count them.
const COUNTED: u32 = 500;

/// What a notice leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// A certificate held in the organization.
    Certificate(CertificateId),
    /// A profile held in the organization.
    Profile(ProfileId),
    /// A key, its own or lent to it.
    Key(ApiKeyId),
    /// A token of the organization.
    ServiceToken(ServiceTokenId),
    /// One of the person's tokens.
    Token,
    /// Devices that are not yet registered.
    PendingDevices,
    /// An act, which ended or came to nothing.
    Operation(OperationId),
    /// A notification channel.
    Channel(ChannelId),
}

impl About {
    /// The console's page of it, below the server's address.
    #[must_use]
    pub fn path(self, org: OrgId) -> String {
        match self {
            Self::Certificate(id) => format!("/o/{org}/certificates/{id}"),
            Self::Profile(id) => format!("/o/{org}/profiles/held/{id}"),
            Self::Key(id) => format!("/o/{org}/keys/{id}"),
            Self::ServiceToken(id) => format!("/o/{org}/tokens/{id}"),
            Self::PendingDevices => format!("/o/{org}/devices/pending"),
            Self::Token => "/me/tokens".to_owned(),
            Self::Operation(id) => format!("/o/{org}/operations/{id}"),
            Self::Channel(id) => format!("/o/{org}/notifications/{id}"),
        }
    }
}

/// How much it is to somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Something is broken or has ended.
    Bad,
    /// Something will break unless somebody acts.
    Warning,
    /// To know.
    News,
}

impl Weight {
    /// The word in the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bad => "bad",
            Self::Warning => "warning",
            Self::News => "news",
        }
    }
}

/// A notice as people read it.
#[derive(Debug, Clone)]
pub struct NoticeView {
    /// The number of its record in the log.
    pub sequence: i64,
    /// Where.
    pub organization: OrgId,
    /// Where, by name.
    pub organization_name: String,
    /// When it was written down.
    pub at: Timestamp,
    /// The word of its event.
    pub topic: &'static str,
    /// What happened, in one sentence without its dot.
    pub head: String,
    /// What to do or to know.
    pub body: String,
    /// What it leads to.
    pub about: About,
    /// How much it is.
    pub weight: Weight,
    /// Whether the person has not read it yet.
    pub is_unread: bool,
}

/// An inbox.
#[derive(Debug, Clone, Default)]
pub struct Inbox {
    /// Unread ones first, each newest first.
    pub notices: Vec<NoticeView>,
    /// The number of the newest, for [`App::read_inbox`]; 0 for an empty one.
    pub newest: i64,
}

impl Inbox {
    /// How many are unread.
    #[must_use]
    pub fn unread(&self) -> usize {
        self.notices.iter().filter(|notice| notice.is_unread).count()
    }
}

impl App {
    /// What the person should hear of.
    ///
    /// # Errors
    /// `person_needed` for a token of an organization.
    pub async fn inbox(&self, who: &SignedIn) -> Result<Inbox, Problem> {
        let user = who.person()?.id;
        let mut tx = self.inner.store.read_over_all().await?;
        let read_to = tx.inbox_read_to(user).await?;
        let mut names = Names::default();
        let mut inbox = Inbox::default();
        for (record, organization) in heard(&who.caller, tx.notices(user, 0, MOST).await?) {
            let Some(told) = told(&record, self.now()) else { continue };
            let organization_name = names.of_organization(&mut tx, organization).await?;
            inbox.newest = inbox.newest.max(record.sequence);
            inbox.notices.push(NoticeView {
                sequence: record.sequence,
                organization,
                organization_name,
                at: record.at,
                topic: record.event.action(),
                head: told.head,
                body: told.body,
                about: told.about,
                weight: told.weight,
                is_unread: record.sequence > read_to,
            });
        }
        inbox
            .notices
            .sort_by_key(|notice| (!notice.is_unread, std::cmp::Reverse(notice.sequence)));
        Ok(inbox)
    }

    /// How many notices the person has not read yet, of the newest few hundred; 0 for a token of an organization.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn unread_notices(&self, who: &SignedIn) -> Result<usize, Problem> {
        let Ok(person) = who.person() else { return Ok(0) };
        let mut tx = self.inner.store.read_over_all().await?;
        let read_to = tx.inbox_read_to(person.id).await?;
        let unread = heard(&who.caller, tx.notices(person.id, read_to, COUNTED).await?);
        Ok(unread.len())
    }

    /// Notes that the person has read everything up to this notice. A number that no record has yet counts as the newest
    /// there is: what comes later is unread.
    ///
    /// # Errors
    /// `person_needed` for a token of an organization.
    pub async fn read_inbox(&self, who: &SignedIn, up_to: i64) -> Result<(), Problem> {
        let newest = self.inbox(who).await?.newest;
        let mut tx = self.inner.store.begin().await?;
        tx.set_inbox_read_to(who.person()?.id, up_to.min(newest)).await?;
        Ok(tx.commit().await?)
    }
}

/// The records that the caller may hear of, each with its organization, and of each thing the last of a sort. The rows before
/// it may still be there where they were written down by another organization's hand.
fn heard(caller: &Caller, found: Vec<(Recorded, OrgId)>) -> Vec<(Recorded, OrgId)> {
    let mut told = BTreeSet::new();
    found
        .into_iter()
        .filter_map(|(record, root)| {
            let organization = seen_by(caller, &record, root)?;
            let is_first = told.insert((organization, record.event.action(), record.notice()?.object));
            is_first.then_some((record, organization))
        })
        .collect()
}

/// The organization of a record, if the caller may hear of it.
fn seen_by(caller: &Caller, record: &Activity, root: OrgId) -> Option<OrgId> {
    let id = record.organization?;
    let tenant = Tenant {
        id,
        parent: (root != id).then_some(root),
    };
    let may_see = match record.notice()?.audience {
        Audience::Those(action) => decide(&caller.principal, action, tenant).is_ok(),
        Audience::Only(user) => caller.principal.actor().user() == Some(user),
    };
    may_see.then_some(id)
}

/// A notice in words.
pub(crate) struct Told {
    pub(crate) head: String,
    pub(crate) body: String,
    pub(crate) about: About,
    pub(crate) weight: Weight,
}

/// What a record has to say to who should hear of it.
pub(crate) fn told(record: &Recorded, now: Timestamp) -> Option<Told> {
    let ends = |what: String, ends: Timestamp, body: &str, about| Told {
        head: if ends <= now {
            format!("{what} has expired on {}", day(ends))
        } else {
            format!("{what} expires on {}", day(ends))
        },
        body: body.to_owned(),
        about,
        weight: if ends <= now { Weight::Bad } else { Weight::Warning },
    };
    let failed = matches!(record.outcome, Outcome::Refused | Outcome::Failed);
    Some(match &record.event {
        Event::CertificateWillExpire {
            certificate,
            name,
            expires_at,
            ..
        } => ends(
            format!("The certificate “{name}”"),
            *expires_at,
            "Renew it: every profile that has it is built anew under the same name.",
            About::Certificate(*certificate),
        ),
        Event::CertificateRenewalNotBegun { certificate, name, why } => Told {
            head: format!("The certificate “{name}” could not be renewed by itself"),
            body: format!("{why} It is tried again tomorrow."),
            about: About::Certificate(*certificate),
            weight: Weight::Bad,
        },
        Event::ProfileWillExpire {
            profile, name, expires_at, ..
        } => ends(
            format!("The profile “{name}”"),
            *expires_at,
            "Rebuild it under the same name, and builds go on with the new file.",
            About::Profile(*profile),
        ),
        Event::ServiceTokenWillExpire {
            token, name, expires_at, ..
        } => ends(
            format!("The API token “{name}”"),
            *expires_at,
            "Rotate it, and put the new value where the old one is used.",
            About::ServiceToken(*token),
        ),
        Event::TokenWillExpire { name, expires_at, .. } => ends(
            format!("Your API token “{name}”"),
            *expires_at,
            "Make another, and put it where this one is used.",
            About::Token,
        ),
        Event::KeyChecked { key, name, health, was } => Told {
            head: format!("The key “{name}” is not as before: {health}"),
            body: match was {
                Some(was) => format!("Before this check it was: {was}. Its page says what was found and what to do."),
                None => "Its page says what was found and what to do.".to_owned(),
            },
            about: About::Key(*key),
            weight: Weight::Bad,
        },
        Event::KeyShareEnded { key, name, ended_at, .. } => Told {
            head: format!("A share of the key “{name}” has ended"),
            body: format!("It was until {}. Share it anew if it is still needed.", day(*ended_at)),
            about: About::Key(*key),
            weight: Weight::News,
        },
        Event::CertificateRenewed { operation, name, .. } if failed => Told {
            head: format!("The renewal of “{name}” did not come to its end"),
            body: "Its page says how far it came and what to do; it can be begun again.".to_owned(),
            about: About::Operation(*operation),
            weight: Weight::Bad,
        },
        Event::CertificateRenewed {
            certificate,
            name,
            replacement,
            ..
        } => Told {
            head: format!("The certificate “{name}” was renewed"),
            body: "Whoever signs with it takes the new one, with the profiles that were built anew.".to_owned(),
            about: About::Certificate(replacement.unwrap_or(*certificate)),
            weight: Weight::News,
        },
        Event::ProfileRebuilt { operation, name, .. } if failed => Told {
            head: format!("The profile “{name}” could not be built anew"),
            body: "Its page says what is missing; it can be begun again.".to_owned(),
            about: About::Operation(*operation),
            weight: Weight::Bad,
        },
        Event::ProfileUuidChanged { profile, name, to, .. } => Told {
            head: format!("The profile “{name}” has another UUID"),
            body: format!("It is {to} now: builds that name the old one need the new file."),
            about: About::Profile(*profile),
            weight: Weight::News,
        },
        Event::ProfileLeftBehind { profile, name, why } => Told {
            head: format!("New devices are not in the profile “{name}”"),
            body: why.clone(),
            about: About::Profile(*profile),
            weight: Weight::Bad,
        },
        Event::DeviceArrived { name, udid, .. } => Told {
            head: format!("The device “{name}” waits for your approval"),
            body: format!("{udid}. Approved, it is registered at Apple and can be in profiles."),
            about: About::PendingDevices,
            weight: Weight::Warning,
        },
        Event::ChannelFailing { channel, name, why } => Told {
            head: format!("The notification channel “{name}” fails"),
            body: format!("{why} Notices that it could not deliver stand in its history."),
            about: About::Channel(*channel),
            weight: Weight::Bad,
        },
        _ => return None,
    })
}

fn day(at: Timestamp) -> String {
    at.strftime("%-d %b %Y").to_string()
}
