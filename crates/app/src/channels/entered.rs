//! What people enter for a channel, read.

use crate::{Problem, outgoing::Outgoing};
use domain::{Channel, ChannelTarget, Email, ItemName, NameError, activity::NoticeKind};
use std::collections::BTreeSet;

/// Mail addresses of one channel.
pub(super) const MOST_ADDRESSES: u32 = 20;

/// Where a channel is to lead, as it was entered.
#[derive(Clone, PartialEq, Eq)]
pub enum EnteredTarget {
    /// To mail addresses.
    Mail {
        /// Each of them.
        to: Vec<String>,
    },
    /// To a program.
    Webhook {
        /// Its address.
        url: String,
    },
}

/// A channel to be made.
#[derive(Debug, Clone)]
pub struct NewChannel {
    /// What people will call it.
    pub name: String,
    /// Where it leads.
    pub target: EnteredTarget,
    /// The words of the kinds of notices that it gets; none for all.
    pub kinds: Option<Vec<String>>,
}

/// What a webhook's address may hide is in no log.
impl std::fmt::Debug for EnteredTarget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Mail { .. } => "mail",
            Self::Webhook { .. } => "webhook",
        })
    }
}

/// What is to be different; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct ChannelChange {
    /// Another name.
    pub name: Option<String>,
    /// Another target of the same kind.
    pub target: Option<EnteredTarget>,
    /// Other kinds; inside, none for all.
    pub kinds: Option<Option<Vec<String>>>,
}

impl NewChannel {
    pub(super) fn read(
        &self,
        outgoing: &Outgoing,
        sends_mail: bool,
    ) -> Result<(ItemName, ChannelTarget, Option<BTreeSet<NoticeKind>>), Problem> {
        Ok((
            name(&self.name)?,
            target(&self.target, outgoing, sends_mail)?,
            kinds(self.kinds.as_deref())?,
        ))
    }
}

impl ChannelChange {
    pub(super) fn applied_to(&self, before: &Channel, outgoing: &Outgoing, sends_mail: bool) -> Result<Channel, Problem> {
        let mut after = before.clone();
        if let Some(text) = &self.name {
            after.name = name(text)?;
        }
        if let Some(entered) = &self.target {
            after.target = target(entered, outgoing, sends_mail)?;
            if after.target.kind() != before.target.kind() {
                return Err(Problem::field(
                    "channel_kind_fixed",
                    "kind",
                    "A channel that sends mail stays one, and so does a webhook. Make another channel, and remove this one.",
                ));
            }
        }
        if let Some(chosen) = &self.kinds {
            after.kinds = kinds(chosen.as_deref())?;
        }
        Ok(after)
    }
}

fn name(text: &str) -> Result<ItemName, Problem> {
    text.parse()
        .map_err(|error: NameError| Problem::field("name_unfit", "name", error.to_string()))
}

fn target(entered: &EnteredTarget, outgoing: &Outgoing, sends_mail: bool) -> Result<ChannelTarget, Problem> {
    match entered {
        EnteredTarget::Mail { .. } if !sends_mail => Err(Problem::field(
            "no_mail_server",
            "kind",
            "This server sends no mail. Whoever keeps it can set --smtp-url and --mail-from; or make a webhook.",
        )),
        EnteredTarget::Mail { to } => Ok(ChannelTarget::Mail { to: addresses(to)? }),
        EnteredTarget::Webhook { url } => {
            let url = outgoing.read(url).map_err(|why| Problem::field("url_unfit", "url", why))?;
            Ok(ChannelTarget::Webhook {
                host: url.host_str().unwrap_or_default().to_owned(),
                url: url.into(),
            })
        }
    }
}

fn addresses(entered: &[String]) -> Result<Vec<Email>, Problem> {
    let mut to: Vec<Email> = Vec::new();
    for text in entered.iter().map(|text| text.trim()).filter(|text| !text.is_empty()) {
        let address = text.parse().map_err(|error: NameError| {
            let shown: String = text.chars().take(100).collect();
            Problem::field("email_unfit", "to", format!("“{shown}”: {error}"))
        })?;
        if !to.contains(&address) {
            to.push(address);
        }
    }
    match to.len() {
        0 => Err(Problem::field(
            "email_unfit",
            "to",
            "Nobody would get these mails. Enter at least one address.",
        )),
        found if found > MOST_ADDRESSES as usize => Err(Problem::field(
            "email_unfit",
            "to",
            format!("There are {found} addresses; a channel has at most {MOST_ADDRESSES}. Use a mailing list."),
        )),
        _ => Ok(to),
    }
}

fn kinds(words: Option<&[String]>) -> Result<Option<BTreeSet<NoticeKind>>, Problem> {
    let Some(words) = words else { return Ok(None) };
    let known = |word: &String| {
        NoticeKind::parse(word).ok_or_else(|| {
            let shown: String = word.chars().take(60).collect();
            let known: Vec<_> = NoticeKind::ALL.into_iter().map(NoticeKind::as_str).collect();
            Problem::field(
                "kind_unknown",
                "kinds",
                format!("“{shown}” is no kind of notice. There are: {}.", known.join(", ")),
            )
        })
    };
    let chosen = words.iter().map(known).collect::<Result<BTreeSet<_>, _>>()?;
    if chosen.is_empty() {
        return Err(Problem::field(
            "kinds_missing",
            "kinds",
            "A channel without any kind would never send anything. Choose at least one, or all.",
        ));
    }
    Ok(Some(chosen))
}
