//! A world with the server in front of it: requests go straight into the router, and no answer passes that the OpenAPI
//! document does not declare.

use crate::conformance::Document;
use app::SystemEntropy;
use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request, StatusCode, header},
};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use server::{Settings, State, TrustedProxies};
use std::sync::{Arc, Mutex};
use testkit::{KeyKind, PASSWORD, Role, World};
use tower::ServiceExt;

/// The world, its server, and a token of its Owner.
pub(crate) struct Stage {
    pub(crate) world: World,
    pub(crate) router: Router,
    pub(crate) document: Document,
    pub(crate) token: String,
    /// Every answer so far: what was asked, and the bytes that left.
    pub(crate) answers: Mutex<Vec<(String, Vec<u8>)>>,
}

/// How the server is reached in tests that do not listen.
pub(crate) fn settings() -> Settings {
    Settings {
        listen: "127.0.0.1:0".parse().unwrap(),
        public_url: "http://localhost:7400".parse().unwrap(),
        tls: None,
        trusted_proxies: TrustedProxies::default(),
    }
}

/// What the handlers of a server over this world reach.
pub(crate) fn state(world: &World, settings: Settings) -> State {
    State {
        app: world.app(),
        settings: Arc::new(settings),
        entropy: Arc::new(SystemEntropy),
        clock: Arc::new(world.clock.clone()),
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap()
    }

    /// The stable word of a refusal.
    pub(crate) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    /// The document of a refusal without the request's id, which is never the same.
    pub(crate) fn refusal(&self) -> String {
        let mut document = self.json();
        let id = document.as_object_mut().unwrap().remove("request_id");
        let named = self.headers["x-request-id"].to_str().unwrap();
        assert_eq!(id.as_ref().and_then(Value::as_str), Some(named), "a refusal names its request");
        document.to_string()
    }

    pub(crate) fn media(&self) -> Option<&str> {
        let named = self.headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
        // Parameters, such as the character set, are no part of what the document declares.
        Some(named.split(';').next().unwrap_or(named).trim())
    }

    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", String::from_utf8_lossy(&self.bytes));
        self
    }
}

/// A request in the making.
pub(crate) struct Ask<'s> {
    stage: &'s Stage,
    method: String,
    path: String,
    token: Option<String>,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

impl Ask<'_> {
    pub(crate) fn token(mut self, token: &str) -> Self {
        self.token = Some(token.to_owned());
        self
    }

    pub(crate) fn anonymous(mut self) -> Self {
        self.token = None;
        self
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn body(mut self, body: &Value) -> Self {
        self.body = Some(body.to_string().into_bytes());
        self.header("content-type", "application/json")
    }

    pub(crate) fn raw(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// Sends it, and holds the answer against the document.
    pub(crate) async fn send(self) -> Answer {
        let mut request = Request::builder().method(self.method.as_str()).uri(&self.path);
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let request = request.body(self.body.map_or_else(Body::empty, Body::from)).unwrap();
        let response = self.stage.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let answer = Answer {
            status: parts.status,
            headers: parts.headers,
            bytes: body.collect().await.unwrap().to_bytes().to_vec(),
        };
        let path = self.path.split('?').next().unwrap();
        if let Some(operation) = self.stage.document.find(&self.method, path) {
            let wrong = self
                .stage
                .document
                .objection(&operation, answer.status.as_u16(), answer.media(), &answer.bytes);
            assert_eq!(wrong, None, "{}", String::from_utf8_lossy(&answer.bytes));
        }
        let asked = format!("{} {}", self.method, self.path);
        self.stage.answers.lock().unwrap().push((asked, answer.bytes.clone()));
        answer
    }
}

impl Stage {
    pub(crate) async fn new() -> Self {
        Self::with(settings()).await
    }

    pub(crate) async fn with(settings: Settings) -> Self {
        Self::over(World::on_sqlite().await, settings).await
    }

    /// The same over PostgreSQL, where there is one.
    pub(crate) async fn on_postgres() -> Option<Self> {
        Some(Self::over(World::on_postgres().await?, self::settings()).await)
    }

    pub(crate) async fn over(world: World, settings: Settings) -> Self {
        let (_, token) = world.app().create_token(&world.owner, "Tests", None).await.unwrap();
        Self {
            router: server::router(&state(&world, settings)),
            document: Document::served(),
            token: token.expose().to_owned(),
            answers: Mutex::default(),
            world,
        }
    }

    /// A request of the Owner's token.
    pub(crate) fn ask(&self, method: &str, path: &str) -> Ask<'_> {
        let path = if path.starts_with("/api") {
            path.to_owned()
        } else {
            format!("{}{path}", api::ROOT)
        };
        Ask {
            stage: self,
            method: method.to_owned(),
            path,
            token: Some(self.token.clone()),
            headers: vec![],
            body: None,
        }
    }

    pub(crate) fn get(&self, path: &str) -> Ask<'_> {
        self.ask("GET", path)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Ask<'_> {
        self.ask("POST", path).body(body)
    }

    /// The address of the Owner's organization.
    pub(crate) fn home(&self) -> String {
        format!("/orgs/{}", self.world.org)
    }

    /// What a person would send to link the team key of this role.
    pub(crate) fn new_key(&self, role: Role) -> Value {
        let file = self.world.key_file(KeyKind::Team, role);
        json!({
            "key_id": file.key_id,
            "issuer_id": file.issuer_id,
            "private_key": file.pem(),
            "file_name": file.file_name(),
            "roles": self.world.entered(file).roles,
        })
    }

    /// Creates a certificate through this key, and answers its id.
    pub(crate) async fn certificate(&self, key: &str) -> String {
        let wish = json!({ "key": key, "certificate_type": "DISTRIBUTION" });
        let begun = self
            .post(&format!("{}/certificates", self.home()), &wish)
            .send()
            .await
            .expect(202)
            .json();
        self.world.app().run_due_jobs().await.unwrap();
        let path = format!("{}/operations/{}", self.home(), begun["id"].as_str().unwrap());
        let over = self.get(&path).send().await.expect(200).json();
        over["certificate"].as_str().unwrap_or_else(|| panic!("{over}")).to_owned()
    }

    pub(crate) fn password(&self) -> &'static str {
        PASSWORD
    }
}
