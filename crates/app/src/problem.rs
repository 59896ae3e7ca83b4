//! What a use case answers when it does not do what was asked: an outside text with a next step and a stable code, and
//! an inside context for the log only.

mod from_apple;

use domain::ApiKeyId;
use std::fmt;
use store::{Conflict, StoreError};
use vault::{OpenError, SealError};

/// The code of a refusal that only says that the asker's rights moved under the request. Nothing was changed; the same
/// request is judged anew by the rights of then.
pub(crate) const RIGHTS_CHANGED: &str = "rights_changed";

/// The class of a problem; the server maps it to a status, the command line to an exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The input does not fit (422).
    Invalid,
    /// Too many bytes (413).
    TooLarge,
    /// Nobody is signed in, or the pair is wrong (401).
    SignInNeeded,
    /// Visible, and not allowed (403).
    NotAllowed,
    /// Unknown, or not to be seen (404). One body for both.
    NotFound,
    /// It stands in the way of something (409).
    Conflict,
    /// Too often (429).
    RateLimited,
    /// Apple refused (502 toward REST clients, with Apple's answer).
    AppleRefused,
    /// The server cannot do it at this time (503).
    Unavailable,
    /// Apple gave no usable answer (503).
    AppleUnreachable,
    /// Our fault (500).
    Internal,
}

/// A field and what is wrong with it: what was found, why it does not fit, what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldProblem {
    /// The field's name in the request: `name`, `key_id`, `issuer_id`, `file`, `kind`, `roles`, `password`, …
    pub field: &'static str,
    /// The sentence for people.
    pub message: String,
}

/// What Apple answered, for the fold "What Apple answered".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppleAnswer {
    /// HTTP status.
    pub status: u16,
    /// Apple's code.
    pub code: String,
    /// Apple's title and detail, shortened.
    pub detail: String,
    /// Where Apple says to look (`links.see`).
    pub see: Option<String>,
}

/// The answer.
#[derive(Debug)]
pub struct Problem {
    /// The class.
    pub kind: Kind,
    /// A stable code, lower-case with underscores: `key_id_malformed`, `wrong_issuer`, `certificate_limit`, …
    pub code: &'static str,
    /// What was found and what to do, for people. Never a secret.
    pub message: String,
    /// Per field, when it is about input.
    pub fields: Vec<FieldProblem>,
    /// Apple's part in it.
    pub apple: Option<AppleAnswer>,
    /// Keys that would work, with their names.
    pub usable_keys: Vec<(ApiKeyId, String)>,
    /// At Apple's limit: the certificates that hold the places.
    pub places: Vec<crate::certificates::Place>,
    /// For the log only.
    pub inside: Option<String>,
    /// Whether it comes of how far something is lent, and was not recorded yet.
    pub(crate) beyond_share: bool,
}

impl Problem {
    /// A problem with nothing but its class, code and sentence.
    #[must_use]
    pub fn new(kind: Kind, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            kind,
            code,
            message: message.into(),
            fields: vec![],
            apple: None,
            usable_keys: vec![],
            places: vec![],
            inside: None,
            beyond_share: false,
        }
    }

    /// The one answer for what does not exist and for what may not be seen.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(
            Kind::NotFound,
            "not_found",
            "There is nothing here under this address, or you may not see it.",
        )
    }

    /// Input that does not fit, told at one field.
    #[must_use]
    pub fn field(code: &'static str, field: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        let mut problem = Self::new(Kind::Invalid, code, message.clone());
        problem.fields.push(FieldProblem { field, message });
        problem
    }

    /// Refused because of how far something is lent: see [`crate::App::record_beyond_share`].
    #[must_use]
    pub(crate) fn beyond_share(mut self) -> Self {
        self.beyond_share = true;
        self
    }

    /// With a cause for the log.
    #[must_use]
    pub fn because(mut self, cause: impl fmt::Display) -> Self {
        self.inside = Some(cause.to_string());
        self
    }

    /// Our fault. The cause goes to the log.
    #[must_use]
    pub fn internal(cause: impl fmt::Display) -> Self {
        Self::new(
            Kind::Internal,
            "internal",
            "The server could not do this, and nothing was changed. Its log has the cause under the request id.",
        )
        .because(cause)
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::NotFound => Self::not_found(),
            StoreError::Cursor => Self::field(
                "cursor_unknown",
                "cursor",
                "This is not a cursor of this list in this order. Begin without one.",
            ),
            StoreError::NulCharacter => Self::new(
                Kind::Invalid,
                "text_unfit",
                "A text in this request has a NUL character, and nothing here has one. Leave it out.",
            ),
            StoreError::DiskFull => Self::new(
                Kind::Internal,
                "disk_full",
                "The server's disk is full, and nothing was changed. Make room on it, then try again.",
            ),
            StoreError::Busy => Self::new(
                Kind::Internal,
                "database_busy",
                "The database is busy or does not answer, and nothing was changed. Try again.",
            ),
            StoreError::RightsChanged => Self::new(
                Kind::Conflict,
                RIGHTS_CHANGED,
                "Your rights were changed while this was being done, and nothing was changed. Look what you may do now, then try again.",
            ),
            StoreError::Conflict(Conflict::Stale | Conflict::Step) => Self::new(
                Kind::Conflict,
                "changed_meanwhile",
                "Somebody else changed this in the meantime, and nothing was changed. Look again, then decide.",
            ),
            StoreError::Conflict(conflict) => Self::new(Kind::Conflict, "conflict", format!("This cannot be done: {conflict}.")),
            _ => Self::internal(error),
        }
    }
}

impl From<SealError> for Problem {
    fn from(error: SealError) -> Self {
        Self::internal(error)
    }
}

impl From<OpenError> for Problem {
    fn from(error: OpenError) -> Self {
        Self::new(
            Kind::Internal,
            "secret_not_opened",
            "A stored secret could not be opened: it was changed, or does not belong here. Nothing was done. The server's log has the cause under the request id.",
        )
        .because(error)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Problem {}
