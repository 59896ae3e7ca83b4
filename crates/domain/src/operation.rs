//! Long acts that survive a restart. The state says how far it came, and above all whether Apple may have been asked.
//!
//! There are two sorts. A **call** changes one thing at Apple, by one request whose answer may be lost. A **plan** is carried
//! out by calls, one after the other: each is an act of its own that names the plan as its parent, so that what is true of
//! a call (it is written down before Apple is asked, and a lost answer is looked for) is true of each step of a plan.

mod build;
mod kind;
mod profile;
mod signing_set;
mod testing;
mod webhook;

pub use build::{BuildAnswer, BuildToSend, FileReservation, FileUpload, UploadReservation};
pub use kind::{
    BundleIdEdit, CapabilityChange, CapabilityOption, CapabilityRemoval, CapabilitySetting, CapabilityWish, DeviceChange, NewBundleId,
    NewDevice, NewDevices, OperationKind, Revocation,
};
pub use profile::{CertificateRenewal, NewProfile, ProfileDeletion, ProfileRebuild, ProfilesRebuild};
pub use signing_set::{CertificateNeed, ItemNeed, ProfileNeed, SetNeeds, SetSurvey, SetToEnsure};
pub use testing::{AppTestingChange, AppTestingChanges, AppTexts, BuildName, GroupName, TesterName, TestingChange};
pub use webhook::WebhookChange;

use crate::{
    activity::Actor,
    id::{CertificateId, OperationId, OrgId, ProfileId, SigningSetId},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A certificate that holds one of Apple's places. Whether Russet has its private key is asked anew when it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldPlace {
    /// Apple's id.
    pub apple_id: String,
    /// Apple's name.
    pub name: String,
    /// Upper-case hex.
    pub serial: String,
    /// SHA-256 of its public key, lower-case hex; none when Apple did not send the certificate.
    pub public_key_fingerprint: Option<String>,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
}

/// What came of an act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Made {
    /// A certificate that is held here now.
    Certificate(CertificateId),
    /// A profile that is held here now.
    Profile(ProfileId),
    /// A signing set that is complete now.
    SigningSet(SigningSetId),
    /// Nothing: it was looked what a signing set needs.
    Needs(SetNeeds),
    /// A build at Apple.
    Build {
        /// Apple's id.
        apple_id: String,
        /// What Apple warned of when it took it in, in Apple's words.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        warnings: Vec<String>,
    },
    /// What was made, changed or taken away at Apple and has no row of its own here, by Apple's id.
    AtApple(String),
}

/// How far it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum OperationState {
    /// Written down, Apple surely not asked yet.
    Started,
    /// A plan that waits for its step with this number, counted from one.
    Working {
        /// Which step.
        step: u32,
    },
    /// Apple is being asked, or was, and nobody wrote down the answer: look before asking again.
    Calling {
        /// Since when.
        since: Timestamp,
    },
    /// The answer was lost; a job asks Apple what it did.
    Unknown {
        /// Since when.
        since: Timestamp,
        /// What was seen instead of an answer.
        why: String,
        /// Whether Apple refuses the key that it would be looked up with: then it waits for the key, and nobody waits for it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        shut_out: bool,
    },
    /// Done.
    Done {
        /// What came of it.
        #[serde(flatten)]
        made: Made,
    },
    /// Apple refused; nothing was made.
    Refused {
        /// Apple's status.
        status: u16,
        /// Apple's code.
        code: String,
        /// In plain words, with what to do.
        why: String,
        /// At Apple's limit: the certificates that hold the places, as Apple listed them then.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        places: Vec<HeldPlace>,
    },
    /// It could not be carried out, and surely nothing was made. Of a plan: by the step that was the last.
    Failed {
        /// In plain words, with what to do.
        why: String,
    },
}

impl OperationState {
    /// The word in the database.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Working { .. } => "working",
            Self::Calling { .. } => "calling",
            Self::Unknown { .. } => "unknown",
            Self::Done { .. } => "done",
            Self::Refused { .. } => "refused",
            Self::Failed { .. } => "failed",
        }
    }

    /// Whether nothing more will happen.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self, Self::Done { .. } | Self::Refused { .. } | Self::Failed { .. })
    }

    /// The certificate that came of it, if it was one.
    #[must_use]
    pub fn certificate(&self) -> Option<CertificateId> {
        match self {
            Self::Done {
                made: Made::Certificate(certificate),
            } => Some(*certificate),
            _ => None,
        }
    }

    /// The profile that came of it, if it was one.
    #[must_use]
    pub fn profile(&self) -> Option<ProfileId> {
        match self {
            Self::Done {
                made: Made::Profile(profile),
            } => Some(*profile),
            _ => None,
        }
    }

    /// The signing set that came of it, if it was one.
    #[must_use]
    pub fn signing_set(&self) -> Option<SigningSetId> {
        match self {
            Self::Done {
                made: Made::SigningSet(set),
            } => Some(*set),
            _ => None,
        }
    }

    /// Whether going from here to `next` is a step that exists. An act that may have reached Apple never goes back to
    /// [`OperationState::Started`]; what is over stays over.
    #[must_use]
    pub fn may_become(&self, next: &Self) -> bool {
        match (self, next) {
            (Self::Started, Self::Working { step }) => *step == 1,
            (Self::Working { step: present }, Self::Working { step }) => *step == present + 1,
            (Self::Started | Self::Working { .. }, Self::Done { .. }) => true,
            (Self::Started | Self::Working { .. }, Self::Failed { .. } | Self::Refused { .. }) => true,
            (Self::Started, Self::Calling { .. }) => true,
            (Self::Calling { .. } | Self::Unknown { .. }, next) => {
                !matches!(next, Self::Started | Self::Calling { .. } | Self::Working { .. })
            }
            _ => false,
        }
    }
}

/// The plan that an act is a step of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepOf {
    /// The plan.
    pub plan: OperationId,
    /// Its number there, counted from one.
    pub step: u32,
}

/// A long act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// Its id.
    pub id: OperationId,
    /// For which organization.
    pub organization: OrgId,
    /// Who began it; its steps run with their rights.
    pub started_by: Actor,
    /// What it is.
    pub kind: OperationKind,
    /// The plan that it is a step of, if it is one.
    pub step_of: Option<StepOf>,
    /// How far it came.
    pub state: OperationState,
    /// When it began.
    pub started_at: Timestamp,
    /// When its state last changed.
    pub updated_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_act_that_may_have_reached_apple_is_never_begun_again() {
        let now: Timestamp = "2026-11-23T10:00:00Z".parse().unwrap();
        let calling = OperationState::Calling { since: now };
        let unknown = OperationState::Unknown {
            since: now,
            why: String::new(),
            shut_out: false,
        };
        assert!(OperationState::Started.may_become(&calling));
        assert!(calling.may_become(&unknown));
        assert!(!calling.may_become(&OperationState::Started));
        assert!(!unknown.may_become(&calling));
        assert!(!OperationState::Failed { why: String::new() }.may_become(&OperationState::Started));
    }

    #[test]
    fn a_plan_takes_its_steps_in_turn() {
        let step = |step| OperationState::Working { step };
        assert!(OperationState::Started.may_become(&step(1)));
        assert!(!OperationState::Started.may_become(&step(2)));
        assert!(step(1).may_become(&step(2)));
        assert!(!step(2).may_become(&step(2)));
        assert!(!step(3).may_become(&step(2)));
    }
}
