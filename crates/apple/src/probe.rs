//! Harmless questions that show what a key may do: one GET each, nothing is ever created.
//!
//! The list is that of the product description. A GET never proves a right to write, so the best
//! outcome is called *readable*. Provisioning probes are never sent with individual keys, and no
//! probe is sent to a program that does not have its resource.

use crate::document::{Document, Resource, ResourceId};
use crate::error::{Error, ForbiddenReason};
use crate::session::{Query, Session};
use crate::token::KeyKind;
use crate::transport::{Call, decode};

/// A question to Apple.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Probe {
    /// Is the key of a team or a person accepted: `GET /v1/apps?limit=1`.
    Health,
    /// Is the enterprise key accepted: `GET /v1/bundleIds?limit=1`.
    HealthEnterprise,
    /// Are uploads readable: `GET /v1/apps/{app}/buildUploads?limit=1`.
    Upload {
        /// An app that the key sees.
        app: String,
    },
    /// Is TestFlight readable: `GET /v1/betaGroups?filter[app]={app}&limit=1`.
    TestFlight {
        /// An app that the key sees.
        app: String,
    },
    /// Is metadata readable: `GET /v1/apps/{app}/appInfos?limit=1`.
    Metadata {
        /// An app that the key sees.
        app: String,
    },
    /// Are submissions readable: `GET /v1/reviewSubmissions?filter[app]={app}`.
    Submit {
        /// An app that the key sees.
        app: String,
    },
    /// Are certificates readable: `GET /v1/certificates?limit=1`.
    Certificates,
    /// Are profiles readable: `GET /v1/profiles?limit=1`.
    Profiles,
    /// Are bundle IDs readable: `GET /v1/bundleIds?limit=1`.
    BundleIds,
}

/// What came of a probe.
#[derive(Debug, Clone)]
pub struct ProbeAnswer {
    /// The HTTP status, where an answer came.
    pub status: Option<u16>,
    /// What it means.
    pub outcome: ProbeOutcome,
    /// The first resource of the list, as the app that further probes ask about.
    pub first: Option<ResourceId>,
    /// What that resource says about itself, as it came: a certificate shows the team, so nobody has to ask twice.
    pub first_attributes: Option<serde_json::Value>,
    /// When the answer was read, by our clock.
    pub at: jiff::Timestamp,
    /// How many seconds our clock is ahead of Apple's; `None` when no answer with a date came.
    pub skew_seconds: Option<i64>,
}

/// What a probe's answer means.
#[derive(Debug, Clone)]
pub enum ProbeOutcome {
    /// 200. Reading is allowed; writing is unproven.
    Readable,
    /// 403.
    Refused {
        /// Role, agreement, membership, …
        reason: ForbiddenReason,
        /// Apple's code.
        code: String,
        /// Apple's words.
        detail: String,
    },
    /// 404, such as for an app that the key does not see.
    NotFound,
    /// Anything else, 401 included: it proves nothing about the feature.
    Failed {
        /// What happened.
        error: Error,
    },
}

impl Probe {
    /// The health probe of a kind of key.
    #[must_use]
    pub fn health(kind: KeyKind) -> Self {
        match kind {
            KeyKind::Team | KeyKind::Individual => Self::Health,
            KeyKind::Enterprise => Self::HealthEnterprise,
        }
    }

    /// Whether the probe may be sent with keys of this kind.
    #[must_use]
    pub fn fits(&self, kind: KeyKind) -> bool {
        match self {
            Self::Health | Self::Upload { .. } | Self::TestFlight { .. } | Self::Metadata { .. } | Self::Submit { .. } => {
                kind != KeyKind::Enterprise
            }
            Self::HealthEnterprise => kind == KeyKind::Enterprise,
            Self::Certificates | Self::Profiles | Self::BundleIds => kind != KeyKind::Individual,
        }
    }

    fn path(&self) -> (Vec<&str>, Query) {
        let one = || Query::default().with("limit", "1");
        match self {
            Self::Health => (vec!["apps"], one()),
            Self::HealthEnterprise | Self::BundleIds => (vec!["bundleIds"], one()),
            Self::Upload { app } => (vec!["apps", app, "buildUploads"], one()),
            Self::TestFlight { app } => (vec!["betaGroups"], Query::default().filter("app", &[app]).with("limit", "1")),
            Self::Metadata { app } => (vec!["apps", app, "appInfos"], one()),
            Self::Submit { app } => (vec!["reviewSubmissions"], Query::default().filter("app", &[app])),
            Self::Certificates => (vec!["certificates"], one()),
            Self::Profiles => (vec!["profiles"], one()),
        }
    }
}

impl Session {
    /// Asks Apple one harmless question. Never fails: a failure is an outcome. Repetitions follow
    /// the session's [`crate::RetryPolicy`]; by default a 401 is asked again twice.
    pub async fn probe(&self, probe: &Probe) -> ProbeAnswer {
        let result = self.ask(probe).await;
        let at = self.now();
        let (status, outcome, first) = match result {
            Ok(first) => (Some(200), ProbeOutcome::Readable, first),
            Err(error) => (error.status(), ProbeOutcome::of(error), None),
        };
        let (first, first_attributes) = match first {
            Some(Resource { kind, id, attributes, .. }) => (Some(ResourceId { kind, id }), Some(attributes)),
            None => (None, None),
        };
        ProbeAnswer {
            status,
            outcome,
            first,
            first_attributes,
            at,
            skew_seconds: status.and_then(|_| self.skew_seconds()),
        }
    }

    async fn ask(&self, probe: &Probe) -> Result<Option<Resource<serde_json::Value>>, Error> {
        if !probe.fits(self.kind()) {
            return Err(Error::NotSent {
                cause: format!("{probe:?} is not asked with a {:?} key", self.kind()),
            });
        }
        let (segments, query) = probe.path();
        let call = Call::get(self.url(&segments, &query)?);
        let answer = self.send(&call).await?;
        let page: Document<Vec<Resource<serde_json::Value>>> = decode(&call, &answer)?;
        Ok(page.data.into_iter().next())
    }
}

impl ProbeOutcome {
    fn of(error: Error) -> Self {
        match error {
            Error::Forbidden { reason, errors } => Self::Refused {
                reason,
                code: errors.first().map(|e| e.code.clone()).unwrap_or_default(),
                detail: errors.first().map(|e| e.words().to_owned()).unwrap_or_default(),
            },
            Error::NotFound { .. } => Self::NotFound,
            error => Self::Failed { error },
        }
    }
}
