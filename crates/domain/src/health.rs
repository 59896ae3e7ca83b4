//! Whether Apple accepts a key, told from the little that Apple says.
//!
//! Apple answers every wrong token with the same 401, so the cause is found by asking around it: its own clock, the
//! other kinds of key, and what we remember. [`diagnose`] is that reasoning, and nothing else decides a key's health.

use crate::apple_key::KeyKind;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Skew from Apple's `Date` above which the clock is to blame, in seconds.
pub const SKEW_SECONDS: i64 = 60;

/// The state of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum KeyHealth {
    /// Saved without a proof, because somebody asked for that.
    Unverified,
    /// Apple accepts it.
    Working,
    /// Apple refuses, and this machine's clock differs from Apple's.
    ClockOff {
        /// How far ours is ahead of Apple's, in seconds (negative: behind).
        skew_seconds: i64,
    },
    /// Apple accepts it as another kind.
    WrongKind {
        /// The kind that Apple accepts.
        accepted_as: KeyKind,
    },
    /// It worked before; probably it was revoked.
    NoLongerAccepted {
        /// When Apple last accepted it.
        last_good: Timestamp,
    },
    /// Key ID, Issuer ID and file do not belong together.
    Mismatch,
    /// A required agreement is missing or has expired.
    AgreementMissing,
    /// The team's membership is not active.
    MembershipLapsed,
}

impl KeyHealth {
    /// The state's words, two at most.
    #[must_use]
    pub fn title(&self) -> &'static str {
        match self {
            Self::Unverified => "Unverified",
            Self::Working => "Working",
            Self::ClockOff { .. } => "Clock off",
            Self::WrongKind { .. } => "Wrong kind",
            Self::NoLongerAccepted { .. } => "Revoked",
            Self::Mismatch => "Refused",
            Self::AgreementMissing => "Agreement missing",
            Self::MembershipLapsed => "Membership lapsed",
        }
    }

    /// What was found and what to do, in a few sentences.
    #[must_use]
    pub fn next_step(&self) -> String {
        match self {
            Self::Unverified => "Nobody has asked Apple about this key yet. Check it now.".to_owned(),
            Self::Working => "Apple accepts this key.".to_owned(),
            Self::ClockOff { skew_seconds } => format!(
                "This server's clock is {} seconds {} Apple's, and Apple refuses tokens from another time. Set the clock, with NTP for instance, then check the key again.",
                skew_seconds.abs(),
                if *skew_seconds > 0 { "ahead of" } else { "behind" }
            ),
            Self::WrongKind { accepted_as } => {
                format!("Apple accepts this key as {} {} key. Add it again as that kind.", if *accepted_as == KeyKind::Team { "a" } else { "an" }, accepted_as)
            }
            Self::NoLongerAccepted { last_good } => format!(
                "Apple accepted this key until {}, and refuses it now: it was probably revoked. Make a new key in App Store Connect, Users and Access, Integrations, then rotate this one.",
                last_good.strftime("%-d %b %Y, %H:%M UTC")
            ),
            Self::Mismatch => "Key ID, Issuer ID and file do not belong together; Apple does not say which. Compare all three with App Store Connect, Users and Access, Integrations. The key may also have been revoked.".to_owned(),
            Self::AgreementMissing => "An agreement waits to be signed. The Account Holder signs it in App Store Connect, Business; then check the key again.".to_owned(),
            Self::MembershipLapsed => "The team's membership in Apple's developer program is not active. The Account Holder renews it at developer.apple.com/account; then check the key again.".to_owned(),
        }
    }

    /// Whether Apple accepts the pair of key and token, so that work may be tried.
    #[must_use]
    pub fn is_good(&self) -> bool {
        matches!(self, Self::Working)
    }
}

/// How one day's check ended, for the strip of the last fourteen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckMark {
    /// Accepted.
    Good,
    /// No conclusion, or accepted with something that waits.
    Trouble,
    /// Refused.
    Refused,
}

/// Apple's answer to one health probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProbeEvidence {
    /// 200, or a 403 that proves the pair itself is accepted.
    Accepted,
    /// 401 after the retries.
    Unauthorized {
        /// Our clock minus Apple's, in seconds, when Apple sent a `Date`.
        skew_seconds: Option<i64>,
    },
    /// 403 of a missing agreement.
    AgreementMissing,
    /// 403 of a lapsed membership.
    MembershipLapsed,
    /// No answer that says anything about the key: no connection, 5xx, 429, not JSON.
    NoAnswer {
        /// In words.
        why: String,
    },
}

/// What a check found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The key's state.
    Conclusive(KeyHealth),
    /// Nothing about the key; what is known stays.
    Inconclusive {
        /// In words.
        why: String,
    },
}

impl Verdict {
    /// The bar in the strip.
    #[must_use]
    pub fn mark(&self) -> CheckMark {
        match self {
            Self::Conclusive(KeyHealth::Working) => CheckMark::Good,
            Self::Conclusive(KeyHealth::Mismatch | KeyHealth::NoLongerAccepted { .. } | KeyHealth::WrongKind { .. }) => CheckMark::Refused,
            _ => CheckMark::Trouble,
        }
    }
}

/// The reasoning. `others` are the answers to the same key tried as another kind, asked only after a 401.
#[must_use]
pub fn diagnose(own: &ProbeEvidence, others: &[(KeyKind, ProbeEvidence)], last_good: Option<Timestamp>) -> Verdict {
    let skew_seconds = match own {
        ProbeEvidence::Accepted => return Verdict::Conclusive(KeyHealth::Working),
        ProbeEvidence::AgreementMissing => return Verdict::Conclusive(KeyHealth::AgreementMissing),
        ProbeEvidence::MembershipLapsed => return Verdict::Conclusive(KeyHealth::MembershipLapsed),
        ProbeEvidence::NoAnswer { why } => return Verdict::Inconclusive { why: why.clone() },
        ProbeEvidence::Unauthorized { skew_seconds } => skew_seconds,
    };
    // A wrong clock explains every refusal, so it is looked at first.
    if let Some(skew) = skew_seconds.filter(|skew| skew.abs() > SKEW_SECONDS) {
        return Verdict::Conclusive(KeyHealth::ClockOff { skew_seconds: skew });
    }
    let accepted = |evidence: &ProbeEvidence| {
        matches!(
            evidence,
            ProbeEvidence::Accepted | ProbeEvidence::AgreementMissing | ProbeEvidence::MembershipLapsed
        )
    };
    if let Some((kind, _)) = others.iter().find(|(_, evidence)| accepted(evidence)) {
        return Verdict::Conclusive(KeyHealth::WrongKind { accepted_as: *kind });
    }
    Verdict::Conclusive(match last_good {
        Some(last_good) => KeyHealth::NoLongerAccepted { last_good },
        None => KeyHealth::Mismatch,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFUSED: ProbeEvidence = ProbeEvidence::Unauthorized { skew_seconds: Some(2) };

    #[test]
    fn each_cause_of_one_and_the_same_401_is_told_apart() {
        let late = ProbeEvidence::Unauthorized { skew_seconds: Some(-300) };
        assert_eq!(
            diagnose(&late, &[], None),
            Verdict::Conclusive(KeyHealth::ClockOff { skew_seconds: -300 })
        );
        let others = [(KeyKind::Enterprise, ProbeEvidence::Accepted)];
        assert_eq!(
            diagnose(&REFUSED, &others, None),
            Verdict::Conclusive(KeyHealth::WrongKind {
                accepted_as: KeyKind::Enterprise
            })
        );
        let then: Timestamp = "2026-11-01T06:00:00Z".parse().unwrap();
        let others = [(KeyKind::Enterprise, REFUSED)];
        assert_eq!(
            diagnose(&REFUSED, &others, Some(then)),
            Verdict::Conclusive(KeyHealth::NoLongerAccepted { last_good: then })
        );
        assert_eq!(diagnose(&REFUSED, &others, None), Verdict::Conclusive(KeyHealth::Mismatch));
    }

    #[test]
    fn an_outage_says_nothing_about_the_key() {
        let down = ProbeEvidence::NoAnswer {
            why: "no connection".to_owned(),
        };
        assert_eq!(
            diagnose(&down, &[], None),
            Verdict::Inconclusive {
                why: "no connection".to_owned()
            }
        );
        assert_eq!(diagnose(&down, &[], None).mark(), CheckMark::Trouble);
    }
}
