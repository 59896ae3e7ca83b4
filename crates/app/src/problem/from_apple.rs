//! Apple's refusals and silences as problems.

use super::{AppleAnswer, Kind, Problem};
use crate::key_use::{NO_LONGER_SHARED, shortened};
use apple::{Error, ForbiddenReason};

impl Problem {
    /// What an error of the Apple client means for whoever asked.
    #[must_use]
    pub fn from_apple(error: &Error) -> Self {
        let (kind, code) = match error {
            Error::NoToken(_) => return Self::no_longer_shared(error).unwrap_or_else(|| Self::internal(error)),
            Error::NotFound { .. } | Error::ImpossibleId { .. } => (Kind::NotFound, "not_found_at_apple"),
            Error::RateLimited { .. } => (Kind::RateLimited, "apple_rate_limited"),
            Error::Unauthorized { .. } => (Kind::AppleRefused, "apple_refused_key"),
            Error::Forbidden {
                reason: ForbiddenReason::AgreementMissing { .. },
                ..
            } => (Kind::AppleRefused, "agreement_missing"),
            Error::Forbidden {
                reason: ForbiddenReason::MembershipLapsed,
                ..
            } => (Kind::AppleRefused, "membership_lapsed"),
            Error::Forbidden { .. } => (Kind::AppleRefused, "apple_forbids"),
            Error::Conflict { .. } if error.certificate_limit().is_some() => (Kind::AppleRefused, "certificate_limit"),
            Error::Conflict { .. } | Error::Unprocessable { .. } | Error::Refused { .. } => (Kind::AppleRefused, "apple_refused"),
            _ => (Kind::AppleUnreachable, "apple_unreachable"),
        };
        let mut problem = Self::new(kind, code, error.human()).because(error);
        problem.apple = error.status().map(|status| AppleAnswer {
            status,
            code: error.apple_code().unwrap_or_default().to_owned(),
            detail: shortened(error.errors().first().map(apple::ErrorObject::words).unwrap_or_default()),
            see: error.errors().first().and_then(|first| first.see.clone()),
        });
        problem
    }

    /// The refusal of a lent key whose share ended while it was in use, if that is what stood in the way.
    pub(crate) fn no_longer_shared(error: &Error) -> Option<Self> {
        let Error::NoToken(cause) = error else { return None };
        let problem = cause.downcast_ref::<Self>()?;
        (problem.code == NO_LONGER_SHARED).then(|| Self::new(problem.kind, problem.code, problem.message.as_str()))
    }
}
