//! Faults that a test orders: the next calls of a route fail in a way of its choice.
//!
//! A fault is met before Apple's behavior, except [`Effect::LoseAnswer`], [`Effect::DoneThenError`] and [`Effect::Delay`], where
//! the request is carried out as usual and only the way back is spoilt.

use crate::api::Api;
use crate::refusal::Refusal;
use serde::{Deserialize, Serialize};

/// The route of the part port: `/parts` is any part, `/parts/3` the third of a file.
pub(crate) const PARTS: &str = "/parts";

/// An order for trouble: which calls it meets, how many of them, and what happens to them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Only calls of this API; none: both.
    #[serde(default)]
    pub api: Option<Api>,
    /// Only this method; none: every method.
    #[serde(default)]
    pub method: Option<String>,
    /// Only this path template (`/v1/certificates`, `/v1/profiles/{id}`); none: every path. At the port where parts of
    /// binaries are sent it is `/parts` for any part, `/parts/3` for the third of a file.
    #[serde(default)]
    pub route: Option<String>,
    /// How many fitting calls pass unharmed first.
    #[serde(default)]
    pub after: u32,
    /// How many calls are hit; the fault is then used up.
    #[serde(default = "once")]
    pub times: u32,
    /// What happens.
    pub effect: Effect,
}

fn once() -> u32 {
    1
}

/// What a fault does to a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Effect {
    /// Answers with this instead of doing anything.
    Answer {
        /// The HTTP status.
        status: u16,
        /// The body, as it shall be sent.
        #[serde(default)]
        body: String,
        /// The media type; `application/json` where none is given.
        #[serde(default)]
        content_type: Option<String>,
        /// Seconds for a `Retry-After` header. Whether Apple ever sends one is not known (facts C).
        #[serde(default)]
        retry_after: Option<u32>,
    },
    /// Answers with one of Apple's own error documents instead of doing anything.
    Apple {
        /// Which one.
        error: AppleError,
    },
    /// A gateway's 502: no JSON:API, the body says `Could not process this request` (facts B5).
    BadGateway,
    /// A web page with status 200, as a captive portal or a proxy gives.
    Html,
    /// Nothing is done and the connection is reset.
    Reset,
    /// At the part port: about so many bytes of the part are read, then the connection is reset. Elsewhere as `Reset`.
    ResetAfter {
        /// How many.
        bytes: u64,
    },
    /// Everything is done and the connection is reset instead of answering.
    LoseAnswer,
    /// Everything is done and 500 is answered, with Apple's document for it.
    DoneThenError,
    /// Everything is done and the answer comes late.
    Delay {
        /// How late, in milliseconds of real time.
        milliseconds: u64,
    },
}

/// Apple's error documents that come for reasons outside of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AppleError {
    /// The 401 that sometimes meets a valid token (facts B5).
    NotAuthorized,
    /// 403, the role is too low.
    Forbidden,
    /// 403 with an empty detail (facts B3).
    UnableToProcess,
    /// 403, an agreement is missing.
    AgreementMissing,
    /// 429.
    RateLimited,
    /// 500.
    Unexpected,
}

impl AppleError {
    pub(crate) fn refusal(self) -> Refusal {
        match self {
            AppleError::NotAuthorized => Refusal::not_authorized(),
            AppleError::Forbidden => Refusal::forbidden(),
            AppleError::UnableToProcess => Refusal::unable_to_process(),
            AppleError::AgreementMissing => Refusal::agreement_missing(),
            AppleError::RateLimited => Refusal::rate_limited(),
            AppleError::Unexpected => Refusal::unexpected(),
        }
    }
}

impl Fault {
    /// A fault for the next call of `method` on the path template `route`.
    pub fn next(method: &str, route: &str, effect: Effect) -> Self {
        Self {
            api: None,
            method: Some(method.to_owned()),
            route: Some(route.to_owned()),
            after: 0,
            times: 1,
            effect,
        }
    }

    /// The same fault for the next `times` calls.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    /// The same fault, after `calls` fitting calls have passed.
    #[must_use]
    pub fn after(mut self, calls: u32) -> Self {
        self.after = calls;
        self
    }

    fn fits(&self, api: Api, method: &str, route: &str) -> bool {
        self.api.is_none_or(|wanted| wanted == api)
            && self.method.as_deref().is_none_or(|wanted| wanted == method)
            && self.route.as_deref().is_none_or(|wanted| is_meant(wanted, route))
    }
}

fn is_meant(wanted: &str, route: &str) -> bool {
    wanted == route || (wanted == PARTS && route.strip_prefix(PARTS).is_some_and(|rest| rest.starts_with('/')))
}

/// The ordered faults, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn pending(&self) -> Vec<Fault> {
        self.0.clone()
    }

    /// What happens to this call; counts it.
    pub(crate) fn strike(&mut self, api: Api, method: &str, route: &str) -> Option<Effect> {
        let mut struck = None;
        for fault in &mut self.0 {
            if !fault.fits(api, method, route) {
                continue;
            }
            if fault.after > 0 {
                fault.after -= 1;
            } else if struck.is_none() && fault.times > 0 {
                fault.times -= 1;
                struck = Some(fault.effect.clone());
            }
        }
        self.0.retain(|fault| fault.times > 0);
        struck
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_hits_as_often_as_ordered_and_only_where_ordered() {
        let mut faults = Faults::default();
        faults.add(Fault::next("POST", "/v1/certificates", Effect::Reset).after(1).times(2));
        let mut strike = |method| faults.strike(Api::AppStore, method, "/v1/certificates");
        assert_eq!(strike("GET"), None);
        assert_eq!(strike("POST"), None);
        assert_eq!(strike("POST"), Some(Effect::Reset));
        assert_eq!(strike("POST"), Some(Effect::Reset));
        assert_eq!(strike("POST"), None);
    }

    #[test]
    fn faults_are_spelled_in_json_as_the_control_port_takes_them() {
        let text = r#"{"method":"POST","route":"/v1/certificates","effect":{"kind":"apple","error":"rate_limited"}}"#;
        let fault: Fault = serde_json::from_str(text).expect("a fault");
        assert_eq!(fault.times, 1);
        assert_eq!(
            fault.effect,
            Effect::Apple {
                error: AppleError::RateLimited
            }
        );
    }
}
