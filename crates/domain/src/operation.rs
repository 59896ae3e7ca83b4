//! Long acts that survive a restart. The state says how far it came, and above all whether Apple may have been asked.

use crate::{
    activity::Actor,
    certificate::CertificateType,
    id::{ApiKeyId, CertificateId, OperationId, OrgId, SecretId},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What the act is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "operation")]
pub enum OperationKind {
    /// Create a certificate at Apple and keep it with its private key.
    CreateCertificate {
        /// Through which key.
        key: ApiKeyId,
        /// Apple's type.
        certificate_type: CertificateType,
        /// The sealed private key behind the CSR.
        private_key: SecretId,
        /// The CSR that Apple gets, PEM. Public.
        csr: String,
        /// SHA-256 of its public key: by this a certificate is recognized as ours.
        public_key_fingerprint: String,
    },
}

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

/// How far it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum OperationState {
    /// Written down, Apple surely not asked yet.
    Started,
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
    },
    /// Done.
    Done {
        /// What came of it.
        certificate: CertificateId,
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
    /// It could not be carried out, and surely nothing was made.
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

    /// Whether going from here to `next` is a step that exists. An act that may have reached Apple never goes back to
    /// [`OperationState::Started`]; what is over stays over.
    #[must_use]
    pub fn may_become(&self, next: &Self) -> bool {
        match (self, next) {
            (Self::Started, Self::Calling { .. } | Self::Failed { .. } | Self::Refused { .. }) => true,
            (Self::Calling { .. } | Self::Unknown { .. }, next) => !matches!(next, Self::Started | Self::Calling { .. }),
            _ => false,
        }
    }
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
        };
        assert!(OperationState::Started.may_become(&calling));
        assert!(calling.may_become(&unknown));
        assert!(!calling.may_become(&OperationState::Started));
        assert!(!unknown.may_become(&calling));
        assert!(!OperationState::Failed { why: String::new() }.may_become(&OperationState::Started));
    }
}
