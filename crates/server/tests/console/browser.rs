//! A browser without a script: it keeps cookies, follows redirects by itself only when told, and sends forms with the
//! token that their page carries.

use axum::{
    Router,
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use domain::OrgId;
use http_body_util::BodyExt;
use server::{Settings, State};
use std::{collections::BTreeMap, sync::Arc};
use testkit::{PASSWORD, World};
use tower::ServiceExt;
use url::form_urlencoded;

/// A browser, and the server it looks at.
pub(crate) struct Browser {
    router: Router,
    cookies: BTreeMap<String, String>,
    pub(crate) org: OrgId,
}

/// An answer, read to its end.
pub(crate) struct Seen {
    pub(crate) status: StatusCode,
    pub(crate) text: String,
    pub(crate) location: Option<String>,
    pub(crate) set_cookies: Vec<String>,
    pub(crate) headers: axum::http::HeaderMap,
}

impl Browser {
    /// Somebody who is not signed in.
    pub(crate) fn of(world: &World) -> Self {
        let state = State {
            app: world.app(),
            settings: Arc::new(Settings {
                listen: "127.0.0.1:7400".parse().expect("an address"),
                public_url: "http://localhost:7400".parse().expect("an origin"),
                tls: None,
                trusted_proxies: "".parse().expect("no proxies"),
            }),
            entropy: Arc::new(app::SystemEntropy),
            clock: Arc::new(world.clock.clone()),
        };
        Self {
            router: server::router(&state),
            cookies: BTreeMap::new(),
            org: world.org,
        }
    }

    /// The Owner, signed in.
    pub(crate) async fn signed_in(world: &World) -> Self {
        let mut browser = Self::of(world);
        let answer = browser
            .send("/sign-in", &[("email", "elin@halden.example"), ("password", PASSWORD)])
            .await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
        browser
    }

    /// Somebody with this session.
    pub(crate) fn with_cookie(world: &World, cookie: &str) -> Self {
        let mut browser = Self::of(world);
        browser.cookies.insert("russet".to_owned(), cookie.to_owned());
        browser
    }

    /// An address below the organization's.
    pub(crate) fn below(&self, path: &str) -> String {
        format!("/o/{}{path}", self.org)
    }

    async fn ask(&mut self, request: axum::http::request::Builder, body: Body) -> Seen {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = request
            .header(header::COOKIE, cookies.join("; "))
            .header(header::HOST, "localhost:7400");
        let answer = self
            .router
            .clone()
            .oneshot(request.body(body).expect("a request"))
            .await
            .expect("an answer");
        let (parts, body) = answer.into_parts();
        let bytes = body.collect().await.expect("a body").to_bytes();
        let set_cookies: Vec<String> = parts
            .headers
            .get_all(header::SET_COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok().map(str::to_owned))
            .collect();
        for cookie in &set_cookies {
            let (name, value) = cookie.split(';').next().and_then(|pair| pair.split_once('=')).expect("a cookie");
            if cookie.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        Seen {
            status: parts.status,
            text: String::from_utf8_lossy(&bytes).into_owned(),
            location: parts.headers.get(header::LOCATION).and_then(|v| v.to_str().ok()).map(str::to_owned),
            set_cookies,
            headers: parts.headers,
        }
    }

    /// Opens an address.
    pub(crate) async fn open(&mut self, path: &str) -> Seen {
        self.ask(Request::builder().method(Method::GET).uri(path), Body::empty()).await
    }

    /// Sends a form as it is, without looking at its page.
    pub(crate) async fn send(&mut self, path: &str, fields: &[(&str, &str)]) -> Seen {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.ask(request, Body::from(body)).await
    }

    /// The token that forms of this session carry, read from a page.
    pub(crate) async fn token(&mut self) -> String {
        let page = self.open("/me").await.text;
        hidden(&page, "csrf")
    }

    /// Sends a form with its token.
    pub(crate) async fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> Seen {
        let token = self.token().await;
        let mut all = vec![("csrf", token.as_str())];
        all.extend_from_slice(fields);
        self.send(path, &all).await
    }

    /// Sends a form with a file and its token.
    pub(crate) async fn submit_file(&mut self, path: &str, fields: &[(&str, &str)], file_name: &str, file: &[u8]) -> Seen {
        let token = self.token().await;
        self.send_file(path, &token, fields, file_name, file).await
    }

    /// Sends a form with files and its token.
    pub(crate) async fn submit_files(&mut self, path: &str, fields: &[(&str, &str)], files: &[(&str, &[u8])]) -> Seen {
        let token = self.token().await;
        self.send_files(path, &token, fields, files).await
    }

    /// Sends a form with a file and some token.
    pub(crate) async fn send_file(&mut self, path: &str, token: &str, fields: &[(&str, &str)], file_name: &str, file: &[u8]) -> Seen {
        self.send_files(path, token, fields, &[(file_name, file)]).await
    }

    async fn send_files(&mut self, path: &str, token: &str, fields: &[(&str, &str)], files: &[(&str, &[u8])]) -> Seen {
        const EDGE: &str = "edge-of-the-form";
        let mut body = Vec::new();
        for (name, value) in [("csrf", token)].iter().chain(fields) {
            body.extend_from_slice(format!("--{EDGE}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").as_bytes());
        }
        for (file_name, file) in files {
            body.extend_from_slice(
                format!("--{EDGE}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{file_name}\"\r\nContent-Type: application/octet-stream\r\n\r\n")
                    .as_bytes(),
            );
            body.extend_from_slice(file);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(format!("--{EDGE}--\r\n").as_bytes());
        let request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header(header::CONTENT_TYPE, format!("multipart/form-data; boundary={EDGE}"));
        self.ask(request, Body::from(body)).await
    }
}

/// The value of a hidden field.
pub(crate) fn hidden(page: &str, name: &str) -> String {
    let start = format!("name=\"{name}\" value=\"");
    let rest = page
        .split(&start)
        .nth(1)
        .unwrap_or_else(|| panic!("no hidden field {name} in {page}"));
    rest.split('"').next().unwrap_or_default().to_owned()
}
