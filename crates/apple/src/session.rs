//! A conversation with Apple as one API key: sends, repeats where it is safe, and learns.
//!
//! Cheap to clone; clones share what was learnt (rate limits, clock skew, number of requests). The
//! resources hang on it as `session.certificates()` and so on. A session knows the kind of its key,
//! and thereby the origin, but neither the key nor its name.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use http::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::time::Instant;
use url::Url;

use crate::Apple;
use crate::budget::Budget;
use crate::config::Origin;
use crate::document::{Document, Resource};
use crate::error::Error;
use crate::paging::{self, Listing};
use crate::resources::{
    Apps, BetaAppLocalizations, BetaAppReviewDetails, BetaAppReviewSubmissions, BetaBuildLocalizations, BetaGroups, BetaLicenseAgreements,
    BetaTesters, BuildBetaDetails, BuildBetaNotifications, BuildUploadFiles, BuildUploads, Builds, BundleIds, Certificates, Devices,
    PreReleaseVersions, Profiles, Webhooks,
};
use crate::retry::{RetryPolicy, Tries};
use crate::sources::TokenSource;
use crate::token::KeyKind;
use crate::transport::{self, Answer, Call, Exchange, Observer};

/// One API key's conversation with Apple.
#[derive(Clone)]
pub struct Session {
    apple: Apple,
    kind: KeyKind,
    tokens: Arc<dyn TokenSource>,
    retries: RetryPolicy,
    observer: Option<Arc<dyn Observer>>,
    learnt: Arc<Learnt>,
}

#[derive(Default)]
struct Learnt {
    budget: Mutex<Budget>,
    skew: Mutex<Option<i64>>,
    requests: AtomicU64,
}

impl Session {
    pub(crate) fn new(apple: Apple, kind: KeyKind, tokens: Arc<dyn TokenSource>) -> Self {
        Self {
            retries: apple.inner.retries.clone(),
            apple,
            kind,
            tokens,
            observer: None,
            learnt: Arc::default(),
        }
    }

    /// The same session with another patience; [`RetryPolicy::never`] for exactly one request per
    /// call.
    #[must_use]
    pub fn with_retries(mut self, retries: RetryPolicy) -> Self {
        self.retries = retries;
        self
    }

    /// The same session with somebody who is told of every request.
    #[must_use]
    pub fn with_observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// The kind of the key.
    #[must_use]
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The rate limits of the key as Apple last told them (facts C).
    #[must_use]
    pub fn budget(&self) -> Budget {
        lock(&self.learnt.budget).clone()
    }

    /// How many seconds our clock was ahead of Apple's at the last answer, by its `Date` header;
    /// negative when behind, `None` before the first answer. Exact to about a second.
    #[must_use]
    pub fn skew_seconds(&self) -> Option<i64> {
        *lock(&self.learnt.skew)
    }

    /// Requests sent so far, repetitions included.
    #[must_use]
    pub fn requests_sent(&self) -> u64 {
        self.learnt.requests.load(Ordering::Relaxed)
    }

    /// The apps of the account.
    #[must_use]
    pub fn apps(&self) -> Apps<'_> {
        Apps::new(self)
    }

    /// The signing certificates of the account.
    #[must_use]
    pub fn certificates(&self) -> Certificates<'_> {
        Certificates::new(self)
    }

    /// The provisioning profiles of the account.
    #[must_use]
    pub fn profiles(&self) -> Profiles<'_> {
        Profiles::new(self)
    }

    /// The bundle IDs of the account, and their capabilities.
    #[must_use]
    pub fn bundle_ids(&self) -> BundleIds<'_> {
        BundleIds::new(self)
    }

    /// The devices of the account.
    #[must_use]
    pub fn devices(&self) -> Devices<'_> {
        Devices::new(self)
    }

    /// The uploads of binaries to TestFlight and the App Store.
    #[must_use]
    pub fn build_uploads(&self) -> BuildUploads<'_> {
        BuildUploads::new(self)
    }

    /// The files of such uploads.
    #[must_use]
    pub fn build_upload_files(&self) -> BuildUploadFiles<'_> {
        BuildUploadFiles::new(self)
    }

    /// The builds that Apple has.
    #[must_use]
    pub fn builds(&self) -> Builds<'_> {
        Builds::new(self)
    }

    /// The versions to which builds belong.
    #[must_use]
    pub fn pre_release_versions(&self) -> PreReleaseVersions<'_> {
        PreReleaseVersions::new(self)
    }

    /// What TestFlight makes of builds.
    #[must_use]
    pub fn build_beta_details(&self) -> BuildBetaDetails<'_> {
        BuildBetaDetails::new(self)
    }

    /// The groups of testers.
    #[must_use]
    pub fn beta_groups(&self) -> BetaGroups<'_> {
        BetaGroups::new(self)
    }

    /// The testers.
    #[must_use]
    pub fn beta_testers(&self) -> BetaTesters<'_> {
        BetaTesters::new(self)
    }

    /// "What to Test" of builds.
    #[must_use]
    pub fn beta_build_localizations(&self) -> BetaBuildLocalizations<'_> {
        BetaBuildLocalizations::new(self)
    }

    /// What testers read of apps.
    #[must_use]
    pub fn beta_app_localizations(&self) -> BetaAppLocalizations<'_> {
        BetaAppLocalizations::new(self)
    }

    /// What beta review needs to know of apps.
    #[must_use]
    pub fn beta_app_review_details(&self) -> BetaAppReviewDetails<'_> {
        BetaAppReviewDetails::new(self)
    }

    /// The license agreements that testers accept.
    #[must_use]
    pub fn beta_license_agreements(&self) -> BetaLicenseAgreements<'_> {
        BetaLicenseAgreements::new(self)
    }

    /// Builds in beta review.
    #[must_use]
    pub fn beta_app_review_submissions(&self) -> BetaAppReviewSubmissions<'_> {
        BetaAppReviewSubmissions::new(self)
    }

    /// Notices to the testers of builds.
    #[must_use]
    pub fn build_beta_notifications(&self) -> BuildBetaNotifications<'_> {
        BuildBetaNotifications::new(self)
    }

    /// The webhooks of apps.
    #[must_use]
    pub fn webhooks(&self) -> Webhooks<'_> {
        Webhooks::new(self)
    }

    pub(crate) fn origin(&self) -> &Origin {
        self.apple.origin(self.kind)
    }

    pub(crate) fn now(&self) -> jiff::Timestamp {
        self.apple.now()
    }

    /// `origin/v1/segments?query`. Refuses ids that would change the path.
    pub(crate) fn url(&self, segments: &[&str], query: &Query) -> Result<Url, Error> {
        if let Some(bad) = segments.iter().find(|segment| !is_segment(segment)) {
            let shown: String = bad.chars().take(40).collect();
            return Err(Error::ImpossibleId { id: shown });
        }
        let mut url = self.origin().url(segments);
        if !query.0.is_empty() {
            url.query_pairs_mut().extend_pairs(&query.0);
        }
        Ok(url)
    }

    pub(crate) async fn get_one<A>(&self, segments: &[&str], query: Query) -> Result<Document<Resource<A>>, Error>
    where
        A: DeserializeOwned + Default,
    {
        let call = Call::get(self.url(segments, &query)?);
        let answer = self.send(&call).await?;
        transport::decode(&call, &answer)
    }

    pub(crate) async fn get_all<A>(&self, segments: &[&str], query: Query) -> Result<Listing<A>, Error>
    where
        A: DeserializeOwned + Default,
    {
        paging::walk(self, self.url(segments, &query)?).await
    }

    /// The first `at_most` resources of a list (one page, so at most 200), or all of them when that is `None`. The query
    /// is one without `limit`.
    pub(crate) async fn get_first<A>(&self, segments: &[&str], query: Query, at_most: Option<u8>) -> Result<Listing<A>, Error>
    where
        A: DeserializeOwned + Default,
    {
        match at_most {
            None => self.get_all(segments, query.with("limit", paging::PAGE)).await,
            Some(number) => {
                let limit = number.clamp(1, paging::MOST_PER_PAGE).to_string();
                paging::first_page(self, self.url(segments, &query.with("limit", &limit))?).await
            }
        }
    }

    /// POST or PATCH of a document, which answers with a resource.
    pub(crate) async fn write<A>(&self, method: Method, segments: &[&str], document: &impl Serialize) -> Result<Resource<A>, Error>
    where
        A: DeserializeOwned + Default,
    {
        let call = self.call_with(method, segments, document)?;
        let answer = self.send(&call).await?;
        let document: Document<Resource<A>> = transport::decode(&call, &answer)?;
        Ok(document.data)
    }

    /// POST or DELETE at a `relationships/…` of these resources, which answers with nothing. Without resources nothing is
    /// sent.
    pub(crate) async fn relate(&self, method: Method, segments: &[&str], kind: &str, ids: &[String]) -> Result<(), Error> {
        let call = self.call_with(method, segments, &linkages(kind, ids))?;
        if ids.is_empty() {
            return Ok(());
        }
        let answer = self.send(&call).await?;
        transport::expect_nothing(&call, &answer)
    }

    fn call_with(&self, method: Method, segments: &[&str], document: &impl Serialize) -> Result<Call, Error> {
        let body = serde_json::to_vec(document).map_err(|error| Error::NotSent {
            cause: format!("the request cannot be written as JSON: {error}"),
        })?;
        Ok(Call {
            method,
            url: self.url(segments, &Query::default())?,
            body: Some(body),
        })
    }

    pub(crate) async fn delete(&self, segments: &[&str]) -> Result<(), Error> {
        let call = Call {
            method: Method::DELETE,
            url: self.url(segments, &Query::default())?,
            body: None,
        };
        let answer = self.send(&call).await?;
        transport::expect_nothing(&call, &answer)
    }

    /// Sends the call, repeats it where [`crate::retry`] allows, and returns a 2xx answer.
    pub(crate) async fn send(&self, call: &Call) -> Result<Answer, Error> {
        let mut tries = Tries::new(&self.retries, call.is_read());
        let started = Instant::now();
        let mut renew = false;
        loop {
            let error = match self.attempt(call, renew).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let Some(again) = tries.after(&error, started.elapsed()) else {
                return Err(error);
            };
            tokio::time::sleep(again.wait).await;
            renew = again.renew;
        }
    }

    async fn attempt(&self, call: &Call, renew: bool) -> Result<Answer, Error> {
        let token = self.tokens.token(renew).await.map_err(|error| Error::NoToken(error.into()))?;
        let origin = self.origin();
        let inner = &self.apple.inner;
        self.learnt.requests.fetch_add(1, Ordering::Relaxed);
        let exchanged = transport::exchange(origin.client(), call, &token, &inner.bounds, &*inner.clock).await;
        let status = exchanged.as_ref().ok().map(|lesson| lesson.status.as_u16());
        self.tell(call, status);
        let lesson = exchanged?;
        if lesson.skew.is_some() {
            *lock(&self.learnt.skew) = lesson.skew;
        }
        let budget = {
            let mut budget = lock(&self.learnt.budget);
            budget.learn(&lesson.headers, self.now());
            budget.clone()
        };
        transport::judge(call, lesson, &token, &budget)
    }

    fn tell(&self, call: &Call, status: Option<u16>) {
        let path = call.url.path();
        tracing::debug!(target: "apple", method = %call.method, path, status, "exchange");
        if let Some(observer) = &self.observer {
            observer.exchanged(&Exchange {
                method: call.method.clone(),
                path: path.to_owned(),
                status,
            });
        }
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// `{"data": [{"type", "id"}, …]}`: several resources, as relationships name them.
pub(crate) fn linkages(kind: &str, ids: &[String]) -> Value {
    let data: Vec<Value> = ids.iter().map(|id| json!({"type": kind, "id": id})).collect();
    json!({ "data": data })
}

/// Query parameters in the order in which they were added.
#[derive(Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// The parameters of a whole list: the largest pages.
    pub(crate) fn list() -> Self {
        Self::default().with("limit", paging::PAGE)
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.0.push((name.to_owned(), value.to_owned()));
        self
    }

    /// `filter[name]=a,b`; nothing when there are no values. Apple takes the values as
    /// alternatives and matches by substring (facts E5), so a comma inside a value only widens it.
    pub(crate) fn filter<V: AsRef<str>>(self, name: &str, values: &[V]) -> Self {
        if values.is_empty() {
            return self;
        }
        let values: Vec<&str> = values.iter().map(AsRef::as_ref).collect();
        self.with(&format!("filter[{name}]"), &values.join(","))
    }
}

fn is_segment(segment: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    !segment.is_empty() && segment.len() <= 200 && segment.bytes().all(allowed) && segment.bytes().any(|b| b != b'.')
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
