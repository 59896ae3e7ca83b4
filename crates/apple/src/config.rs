//! What the client is built from: two base URLs, limits, trust roots, a clock.
//!
//! A base URL may be written with or without `/v1` and may have a path prefix (a gateway or the
//! simulator can live under one). It must be https, except on a loopback host: everything that is
//! sent there carries a token.
//!
//! The surprising thing: loopback origins get a connection pool of their own that ignores the
//! system's proxy settings and loads no trust roots over plain http, so that a demo works on a
//! machine without CA certificates and behind a company proxy.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use url::{Host, Url};

use crate::retry::RetryPolicy;

/// Where App Store Connect answers (facts, OpenAPI `servers`).
pub const APP_STORE_URL: &str = "https://api.appstoreconnect.apple.com";
/// Where the Enterprise Program API answers (facts A5).
pub const ENTERPRISE_URL: &str = "https://api.enterprise.developer.apple.com";

/// Tells the present instant. A parameter, so that tests step it.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Everything that [`crate::Apple::new`] needs.
#[derive(Clone)]
pub struct Config {
    /// Base URL of App Store Connect, with or without `/v1`.
    pub app_store_url: Url,
    /// Base URL of the Enterprise Program API, with or without `/v1`.
    pub enterprise_url: Url,
    /// The `User-Agent` header.
    pub user_agent: String,
    /// How long a connection may take to be made, name resolution and TLS included.
    pub connect_timeout: Duration,
    /// How long one write may take from start to the last byte of its answer. Generous, because giving up on a write
    /// leaves its outcome unknown.
    pub timeout: Duration,
    /// The same for a read, which can be repeated.
    pub read_timeout: Duration,
    /// How long a part of an upload may stand still before it is given up. A whole part has no limit: it takes as long as
    /// the line is slow.
    pub part_idle_timeout: Duration,
    /// Further trust roots, PEM, beside those of the system.
    pub extra_ca: Option<Vec<u8>>,
    /// The longest answer that is read, in bytes (after decompression).
    pub max_body: usize,
    /// When and how often a request is sent again.
    pub retries: RetryPolicy,
    /// The clock.
    pub clock: Clock,
}

impl Config {
    /// A configuration with everyday limits: 10 s to connect, 20 s per read, 60 s per write, 60 s of standstill in a part
    /// of an upload, 16 MiB per answer.
    #[must_use]
    pub fn new(app_store_url: Url, enterprise_url: Url, clock: Clock) -> Self {
        Self {
            app_store_url,
            enterprise_url,
            user_agent: concat!("russet/", env!("CARGO_PKG_VERSION")).to_owned(),
            connect_timeout: Duration::from_secs(10),
            timeout: Duration::from_secs(60),
            read_timeout: Duration::from_secs(20),
            part_idle_timeout: Duration::from_secs(60),
            extra_ca: None,
            max_body: 16 << 20,
            retries: RetryPolicy::default(),
            clock,
        }
    }
}

/// Why a [`Config`] cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The base URL has a shape that cannot be a base.
    #[error("the Apple URL {url} cannot be used: {reason}")]
    BadUrl {
        /// The URL as given, without any credentials in it.
        url: String,
        /// What does not fit and what to do.
        reason: &'static str,
    },
    /// The further trust roots are not PEM certificates.
    #[error("the additional trust roots are not PEM certificates: {0}. Give a file of BEGIN CERTIFICATE blocks")]
    BadRoots(String),
    /// The HTTP client could not be built, mostly because the system has no trust roots.
    #[error("cannot prepare TLS: {0}. Install the system's CA certificates (package ca-certificates) or give a file of trust roots")]
    Tls(String),
}

/// One of the two places that are called Apple: base URL and connection pool.
pub(crate) struct Origin {
    base: Url,
    client: reqwest::Client,
}

impl Origin {
    pub(crate) fn new(url: &Url, config: &Config) -> Result<Self, ConfigError> {
        let base = normalize(url)?;
        let client = client_toward(&base, config)?.user_agent(&config.user_agent).timeout(config.timeout);
        Ok(Self {
            client: built(client)?,
            base,
        })
    }

    /// The base without `/v1` and without a trailing slash in its path, except for the root.
    pub(crate) fn base(&self) -> &Url {
        &self.base
    }

    pub(crate) fn client(&self) -> &reqwest::Client {
        &self.client
    }

    /// `base/v1/segment/segment`, each segment percent-encoded.
    pub(crate) fn url(&self, segments: &[&str]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push("v1").extend(segments);
        }
        url
    }

    /// Whether a request to `url` would stay where the token may go: same scheme, host and port,
    /// below `base/v1/`, no credentials in it.
    pub(crate) fn owns(&self, url: &Url) -> bool {
        let prefix = format!("{}/v1/", self.base.path().trim_end_matches('/'));
        url.origin() == self.base.origin() && url.path().starts_with(&prefix) && url.username().is_empty() && url.password().is_none()
    }
}

fn normalize(given: &Url) -> Result<Url, ConfigError> {
    let refuse = |reason| {
        let mut shown = given.clone();
        let _ = shown.set_username("");
        let _ = shown.set_password(None);
        Err(ConfigError::BadUrl { url: shown.into(), reason })
    };
    if given.cannot_be_a_base() || given.host().is_none() {
        return refuse("it has no host. Write it like https://host or https://host/prefix");
    }
    match given.scheme() {
        "https" => {}
        "http" if is_loopback(given) => {}
        "http" => {
            return refuse("tokens are sent there, so it must be https. Plain http is for loopback only");
        }
        _ => return refuse("its scheme is neither https nor http"),
    }
    if !given.username().is_empty() || given.password().is_some() {
        return refuse("it carries a user name or password. Apple's API takes tokens only");
    }
    if given.query().is_some() || given.fragment().is_some() {
        return refuse("it has a query or fragment. Leave out everything from ? or # on");
    }
    let path = given.path().trim_end_matches('/');
    let path = path.strip_suffix("/v1").unwrap_or(path).to_owned();
    let mut base = given.clone();
    base.set_path(path.trim_end_matches('/'));
    Ok(base)
}

pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// What every connection pool of this crate has in common: trust, proxies, no redirects.
pub(crate) fn client_toward(base: &Url, config: &Config) -> Result<reqwest::ClientBuilder, ConfigError> {
    let mut builder = reqwest::Client::builder()
        .connect_timeout(config.connect_timeout)
        // An idle connection that the other side closes at the moment of a POST costs an unknown
        // outcome: rather open a new one.
        .pool_idle_timeout(Duration::from_secs(20))
        .redirect(reqwest::redirect::Policy::none())
        .referer(false);
    let roots = match &config.extra_ca {
        Some(pem) => reqwest::Certificate::from_pem_bundle(pem).map_err(|e| ConfigError::BadRoots(e.to_string()))?,
        None => Vec::new(),
    };
    if config.extra_ca.is_some() && roots.is_empty() {
        return Err(ConfigError::BadRoots("no certificate in it".to_owned()));
    }
    builder = if base.scheme() == "http" {
        builder.tls_certs_only(roots)
    } else {
        builder.tls_certs_merge(roots)
    };
    if is_loopback(base) {
        builder = builder.no_proxy();
    }
    Ok(builder)
}

pub(crate) fn built(builder: reqwest::ClientBuilder) -> Result<reqwest::Client, ConfigError> {
    builder.build().map_err(|e| ConfigError::Tls(crate::transport::causes(&e)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(url: &str) -> Result<Origin, ConfigError> {
        let clock: Clock = Arc::new(|| Timestamp::UNIX_EPOCH);
        let url = Url::parse(url).expect("a URL");
        Origin::new(&url, &Config::new(url.clone(), url.clone(), clock))
    }

    fn joined(url: &str) -> String {
        let origin = origin(url).expect("accepted");
        origin.url(&["apps", "1"]).into()
    }

    #[test]
    fn a_base_reads_the_same_with_and_without_v1() {
        for url in [
            "http://127.0.0.1:9",
            "http://127.0.0.1:9/",
            "http://127.0.0.1:9/v1",
            "http://127.0.0.1:9/v1/",
        ] {
            assert_eq!(joined(url), "http://127.0.0.1:9/v1/apps/1");
        }
        assert_eq!(
            joined("http://localhost:9/enterprise/v1/"),
            "http://localhost:9/enterprise/v1/apps/1"
        );
    }

    #[test]
    fn plain_http_is_for_loopback_only() {
        assert!(origin("http://[::1]:9").is_ok());
        for url in [
            "http://apple.example",
            "http://127.0.0.1.example",
            "ftp://127.0.0.1",
            "http://u:secret@127.0.0.1",
            "http://127.0.0.1/?a=b",
            "data:text/plain,x",
        ] {
            let error = origin(url).err().expect(url).to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn only_the_own_origin_below_v1_is_owned() {
        let origin = origin("http://127.0.0.1:9/p").expect("accepted");
        let owns = |url: &str| origin.owns(&Url::parse(url).expect("a URL"));
        assert!(owns("http://127.0.0.1:9/p/v1/apps?cursor=x"));
        assert!(!owns("http://127.0.0.1:9/v1/apps"));
        assert!(!owns("http://127.0.0.1:9/p/v10/apps"));
        assert!(!owns("http://127.0.0.1:10/p/v1/apps"));
        assert!(!owns("https://127.0.0.1:9/p/v1/apps"));
        assert!(!owns("http://127.0.0.1.example:9/p/v1/apps"));
        assert!(!owns("http://u@127.0.0.1:9/p/v1/apps"));
        assert!(!owns("http://127.0.0.1:9/p/v1/../../apps"));
    }

    #[test]
    fn trust_roots_that_are_none_are_refused() {
        let url = Url::parse("http://127.0.0.1:9").expect("a URL");
        let clock: Clock = Arc::new(|| Timestamp::UNIX_EPOCH);
        let mut config = Config::new(url.clone(), url.clone(), clock);
        config.extra_ca = Some(b"nothing".to_vec());
        assert!(matches!(Origin::new(&url, &config), Err(ConfigError::BadRoots(_))));
    }
}
