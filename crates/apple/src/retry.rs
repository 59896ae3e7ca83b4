//! When a request is sent again.
//!
//! One rule for everything: a request is repeated when repeating cannot do harm. For reads that is
//! always, so they survive resets, 5xx and 429. For writes it is only when the answer proves that
//! nothing was done: no connection was made, 401 (turned away at the gate), 429, or the agreements
//! 403 that Apple sometimes sends by mistake (facts B5). Anything else is the caller's decision.
//!
//! A 401 is retried with a fresh token, since Apple refuses valid ones at times: reads twice,
//! writes once. All waits are jittered; `Retry-After` is obeyed up to a bound and else returned.
//!
//! The surprising thing: below this loop the HTTP library may repeat a request on its own when a
//! pooled connection turns out closed before a byte was written, or when the server says by
//! protocol that it did not look at it. Both are proofs that nothing was done.

use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};

use crate::error::{Error, ForbiddenReason};

/// How often and how patiently a request is repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Repetitions after faults and rate limits, per request.
    pub times: usize,
    /// Repetitions of a read with a fresh token after a 401; a write has at most one.
    pub times_unauthorized: usize,
    /// The first wait; each further one is twice as long, up to `max_wait`.
    pub base: Duration,
    /// The longest single wait. A `Retry-After` beyond it is not waited for but returned.
    pub max_wait: Duration,
    /// No repetition starts later than this after the first attempt.
    pub patience: Duration,
    /// Seed of the jitter; `None` takes a random one.
    pub jitter_seed: Option<u64>,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            times: 3,
            times_unauthorized: 2,
            base: Duration::from_millis(400),
            max_wait: Duration::from_secs(20),
            patience: Duration::from_secs(30),
            jitter_seed: None,
        }
    }
}

impl RetryPolicy {
    /// Never repeats anything: one call, one request.
    #[must_use]
    pub fn never() -> Self {
        Self {
            times: 0,
            times_unauthorized: 0,
            ..Self::default()
        }
    }
}

/// What to do before the request is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Again {
    pub(crate) wait: Duration,
    pub(crate) renew: bool,
}

/// The repetitions that one request still has.
pub(crate) struct Tries {
    waits: ExponentialBackoff,
    base: Duration,
    max_wait: Duration,
    patience: Duration,
    unauthorized: usize,
    agreements: usize,
    is_read: bool,
}

impl Tries {
    pub(crate) fn new(policy: &RetryPolicy, is_read: bool) -> Self {
        let mut waits = ExponentialBuilder::new()
            .with_min_delay(policy.base)
            .with_max_delay(policy.max_wait)
            .with_max_times(policy.times)
            .with_jitter();
        if let Some(seed) = policy.jitter_seed {
            waits = waits.with_jitter_seed(seed);
        }
        Self {
            waits: waits.build(),
            base: policy.base,
            max_wait: policy.max_wait,
            patience: policy.patience,
            unauthorized: if is_read {
                policy.times_unauthorized
            } else {
                policy.times_unauthorized.min(1)
            },
            agreements: policy.times.min(1),
            is_read,
        }
    }

    /// Whether and how to go on after `error`, `elapsed` after the first attempt.
    pub(crate) fn after(&mut self, error: &Error, elapsed: Duration) -> Option<Again> {
        let (wait, renew) = match error {
            Error::Unauthorized { .. } => (take(&mut self.unauthorized, self.base)?, true),
            Error::Forbidden {
                reason: ForbiddenReason::AgreementMissing { .. },
                ..
            } => (take(&mut self.agreements, self.base)?, false),
            Error::NotSent { .. } => (self.waits.next()?, false),
            Error::RateLimited { retry_after, .. } => (self.obey(*retry_after)?, false),
            Error::ServerFault { retry_after, .. } if self.is_read => (self.obey(*retry_after)?, false),
            Error::LostAnswer { .. } if self.is_read => (self.waits.next()?, false),
            _ => return None,
        };
        (elapsed + wait <= self.patience).then_some(Again { wait, renew })
    }

    fn obey(&mut self, retry_after: Option<Duration>) -> Option<Duration> {
        let asked = retry_after.unwrap_or_default();
        if asked > self.max_wait {
            return None;
        }
        Some(self.waits.next()?.max(asked))
    }
}

fn take(left: &mut usize, wait: Duration) -> Option<Duration> {
    *left = left.checked_sub(1)?;
    Some(wait)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error_object::Errors;
    use http::Method;

    fn policy() -> RetryPolicy {
        RetryPolicy {
            jitter_seed: Some(7),
            ..RetryPolicy::default()
        }
    }

    /// The waits in milliseconds after the same error again and again.
    fn waits(is_read: bool, error: &Error) -> Vec<u128> {
        let mut tries = Tries::new(&policy(), is_read);
        let next = || tries.after(error, Duration::ZERO);
        std::iter::from_fn(next).map(|again| again.wait.as_millis()).take(20).collect()
    }

    fn lost() -> Error {
        Error::LostAnswer {
            method: Method::GET,
            status: None,
            cause: String::new(),
            errors: Errors::default(),
        }
    }

    fn fault(status: u16, retry_after: Option<u64>) -> Error {
        Error::ServerFault {
            status,
            retry_after: retry_after.map(Duration::from_secs),
            errors: Errors::default(),
        }
    }

    fn limited(retry_after: Option<u64>) -> Error {
        Error::RateLimited {
            retry_after: retry_after.map(Duration::from_secs),
            budget: Box::default(),
        }
    }

    #[test]
    fn reads_survive_faults_with_growing_jittered_waits() {
        for error in [lost(), fault(502, None), limited(None)] {
            let waits = waits(true, &error);
            assert_eq!(waits.len(), 3);
            for (wait, least) in waits.iter().zip([400, 800, 1600]) {
                assert!((least..=2 * least).contains(wait), "{waits:?}");
            }
        }
    }

    #[test]
    fn writes_are_repeated_only_when_nothing_was_done() {
        for error in [lost(), fault(500, None), fault(503, Some(1))] {
            assert!(waits(false, &error).is_empty());
        }
        let cause = String::new();
        assert_eq!(waits(false, &Error::NotSent { cause }).len(), 3);
        assert_eq!(waits(false, &limited(None)).len(), 3);
    }

    #[test]
    fn a_401_is_tried_with_a_fresh_token() {
        let error = Error::Unauthorized {
            skew: None,
            errors: Errors::default(),
        };
        assert_eq!(waits(true, &error).len(), 2);
        assert_eq!(waits(false, &error).len(), 1);
        let again = Tries::new(&policy(), false).after(&error, Duration::ZERO);
        assert!(again.expect("one more").renew);
    }

    #[test]
    fn the_agreements_403_is_tried_once_more_and_no_other_refusal_is() {
        let forbidden = |reason| Error::Forbidden {
            reason,
            errors: Errors::default(),
        };
        let agreement = ForbiddenReason::AgreementMissing { see: None };
        assert_eq!(waits(true, &forbidden(agreement)).len(), 1);
        assert!(waits(true, &forbidden(ForbiddenReason::RoleTooLow)).is_empty());
        let errors = Errors::default();
        assert!(waits(true, &Error::Conflict { errors }).is_empty());
    }

    #[test]
    fn retry_after_is_obeyed_up_to_a_bound() {
        assert_eq!(waits(true, &limited(Some(10))), [10_000, 10_000, 10_000]);
        assert!(waits(true, &limited(Some(21))).is_empty());
        assert!(waits(true, &fault(503, Some(3600))).is_empty());
    }

    #[test]
    fn patience_ends() {
        let mut tries = Tries::new(&policy(), true);
        assert!(tries.after(&lost(), Duration::from_secs(29)).is_some());
        assert!(tries.after(&lost(), Duration::from_secs(30)).is_none());
    }

    #[test]
    fn never_means_never() {
        let mut tries = Tries::new(&RetryPolicy::never(), true);
        for error in [lost(), fault(500, None), limited(None)] {
            assert_eq!(tries.after(&error, Duration::ZERO), None);
        }
    }
}
