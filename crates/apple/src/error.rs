//! What can come back instead of what was asked for.
//!
//! The variants answer the caller's questions: was it executed ([`Error::outcome_is_unknown`]),
//! who can help ([`ForbiddenReason`]), what did Apple say ([`Error::errors`]). `Display` is for
//! logs and support, [`Error::human`] for people; neither carries a token.
//!
//! The surprising thing: a 5xx, a 408, an unreadable 2xx or a truncated answer to a *write* are all
//! [`Error::LostAnswer`]: Apple may have done it.

use std::sync::Arc;
use std::time::Duration;

use http::Method;

use crate::budget::Budget;
use crate::error_object::{ErrorObject, Errors};

/// Why a request did not give what was asked for.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No connection was made, or the request was refused on our side: it surely never reached
    /// Apple.
    #[error("the request was not sent: {cause}")]
    NotSent {
        /// Name resolution, connection, TLS.
        cause: String,
    },
    /// An id that cannot be one at Apple, and would change the path; nothing was sent, and there is no such thing.
    #[error("{id:?} cannot be an id at Apple, which has letters, digits, - . and _ only")]
    ImpossibleId {
        /// How it begins.
        id: String,
    },
    /// The token source gave no token; nothing was sent. The source's own error is the `source`.
    #[error("no token for Apple: {0}")]
    NoToken(#[source] Arc<dyn std::error::Error + Send + Sync>),
    /// The request went out and its answer is unknown or unreadable. After a write nobody knows
    /// whether it was done.
    #[error("{method} was sent, its answer is lost ({cause}){}", list(.errors))]
    LostAnswer {
        /// What was sent.
        method: Method,
        /// The status, where the answer got that far.
        status: Option<u16>,
        /// What is known.
        cause: String,
        /// What Apple said about it, as in the body of a 500.
        errors: Errors,
    },
    /// 401. Apple has one body for every cause (facts B5).
    #[error("Apple refused the token (401){}", list(.errors))]
    Unauthorized {
        /// How far our clock is ahead of Apple's, in seconds, where Apple sent a `Date`.
        skew: Option<i64>,
        /// What Apple said.
        errors: Errors,
    },
    /// 403.
    #[error("Apple forbids it (403){}", list(.errors))]
    Forbidden {
        /// Which of the known reasons it is.
        reason: ForbiddenReason,
        /// What Apple said.
        errors: Errors,
    },
    /// 404: the resource does not exist, or not yet, or belongs to another team.
    #[error("Apple does not know it (404){}", list(.errors))]
    NotFound {
        /// What Apple said.
        errors: Errors,
    },
    /// 409: the everyday answer to data that Apple does not accept (facts B4).
    #[error("Apple does not accept it (409){}", list(.errors))]
    Conflict {
        /// What Apple said, all of it.
        errors: Errors,
    },
    /// 422: wrong structure, or one of a few TestFlight rules.
    #[error("Apple cannot process it (422){}", list(.errors))]
    Unprocessable {
        /// What Apple said.
        errors: Errors,
    },
    /// 429, and waiting was not worth it.
    #[error("Apple's rate limit is reached (429)")]
    RateLimited {
        /// How long Apple asks to wait, where it says so.
        retry_after: Option<Duration>,
        /// The rate limits as last seen.
        budget: Box<Budget>,
    },
    /// Another 4xx with an error document, such as 400 or 405.
    #[error("Apple refused the request ({status}){}", list(.errors))]
    Refused {
        /// The status.
        status: u16,
        /// What Apple said.
        errors: Errors,
    },
    /// 5xx or 408 on a read.
    #[error("Apple failed ({status}){}", list(.errors))]
    ServerFault {
        /// The status.
        status: u16,
        /// How long Apple asks to wait, where it says so.
        retry_after: Option<Duration>,
        /// What Apple said, where it was readable.
        errors: Errors,
    },
    /// The answer is not Apple's JSON: a proxy's page, a sign-in portal, a redirect.
    #[error("the answer ({status}) is not from Apple's API: {snippet}")]
    NotJson {
        /// The status.
        status: u16,
        /// Its first words, without markup, control characters and tokens.
        snippet: String,
    },
    /// JSON of an unexpected shape on a read.
    #[error("the answer ({status}) does not have the expected shape: {cause}")]
    Decode {
        /// The status.
        status: u16,
        /// Where it differs; never the values.
        cause: String,
    },
    /// A page's `next` link leads away from the configured origin. The token was not sent there.
    #[error("the next page lies elsewhere ({host}); the token is not sent there")]
    ForeignLink {
        /// Scheme, host and port of the link.
        host: String,
    },
    /// A listing that does not end.
    #[error("the listing does not end after {pages} pages")]
    EndlessListing {
        /// Pages read.
        pages: usize,
    },
}

/// What a 403 is about (facts B5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ForbiddenReason {
    /// The key's role does not allow it.
    RoleTooLow,
    /// Apple offers this operation to nobody.
    OperationNotAllowed,
    /// The membership in the developer program has lapsed.
    MembershipLapsed,
    /// An agreement is unsigned or has expired.
    AgreementMissing {
        /// The page at Apple, often only a path.
        see: Option<String>,
    },
    /// Title `Unable to process request.` and no detail: seen when a role is too low for part of
    /// an operation (facts B3).
    Unprocessable,
    /// Something else.
    Other,
}

impl ForbiddenReason {
    pub(crate) fn of(errors: &Errors) -> Self {
        errors
            .iter()
            .map(Self::of_one)
            .find(|reason| *reason != Self::Other)
            .unwrap_or(Self::Other)
    }

    fn of_one(error: &ErrorObject) -> Self {
        let detail = error.detail.as_deref().unwrap_or_default();
        let title = error.title.as_deref().unwrap_or_default();
        if error.code.starts_with("FORBIDDEN.REQUIRED_AGREEMENTS") {
            Self::AgreementMissing { see: error.see.clone() }
        } else if detail.contains("not associated with an active membership") {
            Self::MembershipLapsed
        } else if detail.contains("API key in use does not allow this request") {
            Self::RoleTooLow
        } else if detail.contains("does not allow '")
            || detail.contains("has no allowed operations")
            || title == "The given operation is not allowed"
        {
            Self::OperationNotAllowed
        } else if title.starts_with("Unable to process request") {
            Self::Unprocessable
        } else {
            Self::Other
        }
    }
}

/// Apple's places for certificates of a type are taken (facts E6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateLimit {
    /// The type in Apple's words, such as `iOS Distribution`; empty when it was not named.
    pub kind: String,
}

impl Error {
    /// Whether a write may or may not have been done. The caller must look (list and compare)
    /// before it asks again. Always false for reads and for errors that prove refusal.
    #[must_use]
    pub fn outcome_is_unknown(&self) -> bool {
        matches!(self, Self::LostAnswer { method, .. } if method != Method::GET)
    }

    /// The HTTP status, where an answer came.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::NotSent { .. }
            | Self::ImpossibleId { .. }
            | Self::NoToken(_)
            | Self::ForeignLink { .. }
            | Self::EndlessListing { .. } => None,
            Self::LostAnswer { status, .. } => *status,
            Self::Unauthorized { .. } => Some(401),
            Self::Forbidden { .. } => Some(403),
            Self::NotFound { .. } => Some(404),
            Self::Conflict { .. } => Some(409),
            Self::Unprocessable { .. } => Some(422),
            Self::RateLimited { .. } => Some(429),
            Self::Refused { status, .. }
            | Self::ServerFault { status, .. }
            | Self::NotJson { status, .. }
            | Self::Decode { status, .. } => Some(*status),
        }
    }

    /// What Apple said; empty when it said nothing readable.
    #[must_use]
    pub fn errors(&self) -> &[ErrorObject] {
        match self {
            Self::LostAnswer { errors, .. }
            | Self::Unauthorized { errors, .. }
            | Self::Forbidden { errors, .. }
            | Self::NotFound { errors }
            | Self::Conflict { errors }
            | Self::Unprocessable { errors }
            | Self::Refused { errors, .. }
            | Self::ServerFault { errors, .. } => errors,
            _ => &[],
        }
    }

    /// Apple's code of the first error, such as `ENTITY_ERROR`.
    #[must_use]
    pub fn apple_code(&self) -> Option<&str> {
        let code = self.errors().first()?.code.as_str();
        (!code.is_empty()).then_some(code)
    }

    /// Recognizes the refusal of a certificate because all places of its type are taken (E6).
    #[must_use]
    pub fn certificate_limit(&self) -> Option<CertificateLimit> {
        let Self::Conflict { errors } = self else {
            return None;
        };
        errors.iter().find_map(|error| {
            let (_, rest) = error.detail.as_deref()?.split_once("already have a current ")?;
            let (kind, _) = rest.split_once("certificate")?;
            Some(CertificateLimit {
                kind: kind.trim().to_owned(),
            })
        })
    }

    /// Recognizes the refusal of a device that the team already has (E6).
    #[must_use]
    pub fn is_device_already_registered(&self) -> bool {
        self.conflict_says("already exists on this team")
    }

    /// Recognizes the refusal of a bundle identifier that somebody has already (E6).
    #[must_use]
    pub fn is_identifier_taken(&self) -> bool {
        self.conflict_says("is not available. ")
    }

    /// Recognizes the refusal of a value that is given once and is there already, as an answer to export compliance (F2).
    #[must_use]
    pub fn is_already_set(&self) -> bool {
        self.conflict_says("value is already set")
    }

    fn conflict_says(&self, words: &str) -> bool {
        let says = |error: &ErrorObject| error.detail.as_deref().is_some_and(|d| d.contains(words));
        matches!(self, Self::Conflict { errors } if errors.iter().any(says))
    }

    /// The error in plain words, with the next step.
    #[must_use]
    pub fn human(&self) -> String {
        if let Some(limit) = self.certificate_limit() {
            return limit.human();
        }
        match self {
            Self::NotSent { cause } => format!(
                "Apple could not be reached ({cause}). Nothing was changed. Check the network, the proxy and the Apple URL, then try again."
            ),
            Self::ImpossibleId { .. } => format!("There is no such thing: {self}. List what there is to see the ids."),
            Self::NoToken(cause) => format!("No token for Apple could be made: {cause}."),
            Self::LostAnswer { method, cause, .. } if method == Method::GET => {
                format!("Apple's answer did not arrive ({cause}). Try again in a moment.")
            }
            Self::LostAnswer { cause, .. } => format!(
                "The request went to Apple, but its answer did not arrive ({cause}). It may or may not have been done: look at what Apple lists before trying again."
            ),
            Self::Unauthorized {
                skew: Some(skew), ..
            } if skew.abs() > 60 => format!(
                "Apple refused the token. This machine's clock is {} {} Apple's, which is enough to cause it: set the clock, then try again.",
                seconds(skew.unsigned_abs()),
                if *skew > 0 { "ahead of" } else { "behind" },
            ),
            Self::Unauthorized { .. } => "Apple refused the token. Apple does not say why: the Key ID, the Issuer ID and the private key may not belong together, or the key was revoked.".to_owned(),
            Self::Forbidden { reason, errors } => reason.human(errors),
            Self::NotFound { errors } => said("Apple does not know it", errors),
            Self::Conflict { errors } | Self::Unprocessable { errors } => {
                said("Apple does not accept it", errors)
            }
            Self::RateLimited {
                retry_after: Some(wait),
                ..
            } => format!(
                "Apple's rate limit for this key is reached. Try again in {}.",
                seconds(wait.as_secs().max(1))
            ),
            Self::RateLimited { .. } => {
                "Apple's rate limit for this key is reached; it counts over a rolling hour. Try again later.".to_owned()
            }
            Self::Refused { errors, .. } => said("Apple refused the request", errors),
            Self::ServerFault { status, .. } => format!(
                "Apple has a fault of its own at the moment ({status}). Try again in some minutes."
            ),
            Self::NotJson { status, snippet } => format!(
                "The answer did not come from Apple's API but from something in between, such as a proxy or a sign-in page ({status}: {snippet}). Check the proxy and the Apple URL."
            ),
            Self::Decode { .. } => {
                "Apple's answer has a shape that this version does not know. Try again; if it stays, a newer version may help.".to_owned()
            }
            Self::ForeignLink { host } => format!(
                "Apple's listing goes on at another address ({host}), to which the token is not sent. Check the Apple URL."
            ),
            Self::EndlessListing { pages } => {
                format!("Apple's listing did not end after {pages} pages. Try again later.")
            }
        }
    }
}

impl CertificateLimit {
    fn human(&self) -> String {
        let kind = match self.kind.as_str() {
            "" => "this kind of",
            kind => kind,
        };
        format!("All places that Apple grants for {kind} certificates are taken. Revoke one that is not needed any more, then try again.")
    }
}

impl ForbiddenReason {
    fn human(&self, errors: &Errors) -> String {
        match self {
            Self::RoleTooLow => "The role of this API key does not allow it. Use a key with a higher role.".to_owned(),
            Self::OperationNotAllowed => said("Apple offers this operation to nobody", errors),
            Self::MembershipLapsed => "The membership of this team in the Apple Developer Program has lapsed. The Account Holder renews it at https://developer.apple.com/account/.".to_owned(),
            Self::AgreementMissing { see } => format!(
                "An agreement with Apple is not signed or has expired. The Account Holder signs it in App Store Connect, under {}.",
                see.as_deref().unwrap_or("Business")
            ),
            Self::Unprocessable => "Apple forbids it without giving a reason; mostly the role of this API key is too low for it.".to_owned(),
            Self::Other => said("Apple forbids it", errors),
        }
    }
}

fn said(what: &str, errors: &Errors) -> String {
    let mut words: Vec<&str> = Vec::new();
    for error in errors.with_associated() {
        if !error.words().is_empty() && !words.contains(&error.words()) {
            words.push(error.words());
        }
    }
    if words.is_empty() {
        format!("{what} and does not say why.")
    } else {
        format!("{what}: {}", words.join(" "))
    }
}

fn seconds(count: u64) -> String {
    match count {
        1 => "1 second".to_owned(),
        2..=119 => format!("{count} seconds"),
        120..=7199 => format!("{} minutes", count.div_ceil(60)),
        _ => format!("{} hours", count.div_ceil(3600)),
    }
}

/// `: CODE: words; …`, or nothing.
fn list(errors: &Errors) -> String {
    if errors.is_empty() { String::new() } else { format!(": {errors}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(code: &str, title: &str, detail: &str) -> Errors {
        let body = serde_json::json!({"errors": [{"code": code, "title": title, "detail": detail, "links": {"see": "/agreements"}}]});
        Errors::read(body.to_string().as_bytes()).expect("an error document")
    }

    #[test]
    fn the_reasons_of_a_403_are_told_apart() {
        let reason = |code, title, detail| ForbiddenReason::of(&errors(code, title, detail));
        let security = "This request is forbidden for security reasons";
        assert_eq!(
            reason("FORBIDDEN_ERROR", security, "The API key in use does not allow this request"),
            ForbiddenReason::RoleTooLow
        );
        assert_eq!(
            reason(
                "FORBIDDEN_ERROR",
                "The given operation is not allowed",
                "The resource 'apps' does not allow 'CREATE'. Allowed operations are: GET_COLLECTION, GET_INSTANCE, UPDATE"
            ),
            ForbiddenReason::OperationNotAllowed
        );
        assert_eq!(
            reason(
                "FORBIDDEN_ERROR",
                security,
                "Team ID: 'ABCDE12345' is not associated with an active membership. To check your teams membership status, sign in your account on the developer website. https://developer.apple.com/account/"
            ),
            ForbiddenReason::MembershipLapsed
        );
        assert_eq!(
            reason(
                "FORBIDDEN.REQUIRED_AGREEMENTS_MISSING_OR_EXPIRED",
                "A required agreement is missing or has expired.",
                ""
            ),
            ForbiddenReason::AgreementMissing {
                see: Some("/agreements".to_owned())
            }
        );
        assert_eq!(
            reason("FORBIDDEN_ERROR", "Unable to process request.", ""),
            ForbiddenReason::Unprocessable
        );
        assert_eq!(reason("FORBIDDEN_ERROR", "", ""), ForbiddenReason::Other);
    }

    #[test]
    fn the_certificate_limit_is_recognized() {
        let limit = |kind: &str| {
            let detail = format!("You already have a current {kind} certificate or a pending certificate request.");
            let errors = errors("ENTITY_ERROR", "There is a problem with the request entity", &detail);
            Error::Conflict { errors }
        };
        for kind in ["Distribution", "iOS Distribution", "Development"] {
            let error = limit(kind);
            assert_eq!(error.certificate_limit(), Some(CertificateLimit { kind: kind.to_owned() }));
            assert!(error.human().contains(kind), "{}", error.human());
        }
        let device = Error::Conflict {
            errors: errors("ENTITY_ERROR", "", "A device with number '00008030-A' already exists on this team."),
        };
        assert_eq!(device.certificate_limit(), None);
        assert!(device.is_device_already_registered());
        assert!(!limit("Distribution").is_device_already_registered());
    }

    #[test]
    fn a_wrong_clock_is_named_with_its_direction() {
        let human = |skew| {
            let errors = Errors::default();
            Error::Unauthorized { skew, errors }.human()
        };
        assert!(human(Some(600)).contains("10 minutes ahead of"));
        assert!(human(Some(-90)).contains("90 seconds behind"));
        for skew in [None, Some(60), Some(-60)] {
            assert!(human(skew).contains("does not say why"));
        }
    }

    #[test]
    fn only_a_lost_write_has_an_unknown_outcome() {
        let lost = |method| Error::LostAnswer {
            method,
            status: None,
            cause: "reset".to_owned(),
            errors: Errors::default(),
        };
        assert!(lost(Method::POST).outcome_is_unknown());
        assert!(lost(Method::DELETE).outcome_is_unknown());
        assert!(!lost(Method::GET).outcome_is_unknown());
        let cause = String::new();
        assert!(!Error::NotSent { cause }.outcome_is_unknown());
    }

    #[test]
    fn errors_are_small_enough_to_return() {
        assert!(size_of::<Error>() <= 96, "{}", size_of::<Error>());
    }
}
