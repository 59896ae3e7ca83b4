//! A client of few words: a key, a base URL, a frozen clock.

use reqwest::{Method, StatusCode};
use serde_json::Value;
use simulator::{Api, Clock, Handle, KeyFile, KeyKind, Options, Role, Seed, Simulator};

/// When the tests happen.
pub(crate) const NOON: &str = "2026-11-20T12:00:00Z";

/// A simulator with an empty team, a fixed seed and a clock that stands at noon.
pub(crate) async fn empty() -> Handle {
    start(Seed::Empty).await
}

/// A simulator with the believable team, a fixed seed and a clock that stands at noon.
pub(crate) async fn seeded() -> Handle {
    start(Seed::Believable).await
}

async fn start(seed: Seed) -> Handle {
    let options = Options {
        seed,
        clock: Clock::frozen(NOON.parse().unwrap()),
        entropy: Some(1),
        ..Options::default()
    };
    Simulator::start(options).await.unwrap()
}

/// One key at one simulator.
pub(crate) struct Client<'a> {
    apple: &'a Handle,
    key: KeyFile,
    http: reqwest::Client,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }

    /// The id of the resource in the answer.
    pub(crate) fn id(&self) -> String {
        self.json()["data"]["id"]
            .as_str()
            .unwrap_or_else(|| panic!("no resource: {}", self.text))
            .to_owned()
    }

    /// `status code: detail` of the first error.
    pub(crate) fn error(&self) -> String {
        let error = &self.json()["errors"][0];
        assert_eq!(error["status"], self.status.as_str(), "the body repeats the status");
        format!(
            "{} {}: {}",
            self.status.as_u16(),
            error["code"].as_str().unwrap(),
            error["detail"].as_str().unwrap_or("(no detail)")
        )
    }

    /// The named attribute of every resource in the answer.
    pub(crate) fn all(&self, attribute: &str) -> Vec<String> {
        let document = self.json();
        let data = document["data"].as_array().unwrap_or_else(|| panic!("no list: {}", self.text));
        data.iter()
            .map(|object| object["attributes"][attribute].as_str().unwrap_or("(none)").to_owned())
            .collect()
    }
}

impl<'a> Client<'a> {
    pub(crate) fn new(apple: &'a Handle, kind: KeyKind, role: Role) -> Self {
        let key = match apple.key(kind, role) {
            Some(key) => key.clone(),
            None => apple.control().add_key(kind, vec![role]).unwrap(),
        };
        Self::with_key(apple, key)
    }

    pub(crate) fn admin(apple: &'a Handle) -> Self {
        Self::new(apple, KeyKind::Team, Role::Admin)
    }

    pub(crate) fn with_key(apple: &'a Handle, key: KeyFile) -> Self {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { apple, key, http }
    }

    pub(crate) fn key(&self) -> &KeyFile {
        &self.key
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        self.send(Method::POST, path, Some(body.to_string())).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Reply {
        self.send(Method::PATCH, path, Some(body.to_string())).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        self.send(Method::DELETE, path, None).await
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: Option<String>) -> Reply {
        let token = self.key.token(self.apple.control().clock().now()).unwrap();
        self.try_send(method, path, body, Some(&token)).await.unwrap()
    }

    /// A request that may fail on the way, with any token.
    pub(crate) async fn try_send(&self, method: Method, path: &str, body: Option<String>, token: Option<&str>) -> reqwest::Result<Reply> {
        let base = match self.key.kind.api() {
            Api::AppStore => self.apple.url(),
            Api::Enterprise => self.apple.enterprise_url(),
        };
        let url = if path.starts_with("http") {
            path.to_owned()
        } else {
            format!("{base}{path}")
        };
        let mut request = self.http.request(method, url);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body);
        }
        let response = request.send().await?;
        Ok(Reply {
            status: response.status(),
            headers: response.headers().clone(),
            text: response.text().await?,
        })
    }
}
