//! The connection to a server: where it is, who we are there, and how its refusals come back.

use crate::{Exit, Failure, Global};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{fs, io::Write, path::PathBuf, time::Duration};

/// Longest wait for one answer; the server holds `wait` requests for 30 s at most.
const TIMEOUT: Duration = Duration::from_secs(100);

/// When a POST under an `Idempotency-Key` is sent again.
const REPETITIONS: [Duration; 4] = [
    Duration::from_millis(300),
    Duration::from_secs(1),
    Duration::from_secs(3),
    Duration::from_secs(6),
];

/// What `russet login` remembers, in a file that only its owner reads.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Remembered {
    pub(crate) url: String,
    pub(crate) token: String,
    #[serde(default)]
    pub(crate) org: Option<String>,
}

impl Remembered {
    /// `$XDG_CONFIG_HOME/russet/login.json`, or below `~/.config`.
    fn path() -> Result<PathBuf, Failure> {
        let base = std::env::var_os("XDG_CONFIG_HOME")
            .filter(|v| !v.is_empty())
            .map(PathBuf::from)
            .or_else(|| std::env::home_dir().map(|home| home.join(".config")))
            .ok_or_else(|| {
                Failure::new(
                    Exit::Usage,
                    "There is no home directory to remember the sign-in in. Set RUSSET_URL and RUSSET_TOKEN instead.",
                )
            })?;
        Ok(base.join("russet").join("login.json"))
    }

    pub(crate) fn load() -> Option<Self> {
        serde_json::from_slice(&fs::read(Self::path().ok()?).ok()?).ok()
    }

    /// Writes a new file beside the old one and swaps them, so that a kill leaves one of the two whole.
    pub(crate) fn save(&self) -> Result<(), Failure> {
        let path = Self::path()?;
        let cannot = |cause: std::io::Error| Failure::new(Exit::Fault, format!("Cannot write {}: {cause}.", path.display()));
        let folder = path.parent().map(PathBuf::from).unwrap_or_default();
        fs::create_dir_all(&folder).map_err(cannot)?;
        let fresh = path.with_extension("new");
        let _ = fs::remove_file(&fresh);
        let mut file = crate::output::private_file(&fresh).map_err(cannot)?;
        file.write_all(&serde_json::to_vec_pretty(self).unwrap_or_default())
            .and_then(|()| file.sync_all())
            .map_err(cannot)?;
        fs::rename(&fresh, &path).map_err(cannot)
    }

    pub(crate) fn forget() -> Result<(), Failure> {
        match fs::remove_file(Self::path()?) {
            Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => Err(cause.into()),
            _ => Ok(()),
        }
    }
}

/// Rows asked for at once; the server gives no more.
const PAGE: usize = 200;

/// A page of any list.
#[derive(Deserialize)]
struct Page<T> {
    items: Vec<T>,
    next_cursor: Option<String>,
}

/// A client of one server.
pub(crate) struct Client {
    http: reqwest::Client,
    url: String,
    token: Option<String>,
    /// Whether the token is the one in `RUSSET_TOKEN`.
    from_environment: bool,
    org: Option<String>,
}

impl Client {
    /// From flags, environment and what `russet login` remembered, in this order.
    pub(crate) fn from_environment(global: &Global) -> Result<Self, Failure> {
        let remembered = Remembered::load();
        let url = global.url().or_else(|| remembered.as_ref().map(|r| r.url.clone())).ok_or_else(|| {
            Failure::new(
                Exit::Usage,
                "No server is known. Run “russet login URL”, or set RUSSET_URL and RUSSET_TOKEN.",
            )
        })?;
        let url = server_url(&url)?;
        // A remembered token belongs to the server it was given by, and goes to no other.
        let kept = remembered.filter(|r| server_url(&r.url).ok().as_deref() == Some(url.as_str()));
        let given = std::env::var("RUSSET_TOKEN").ok().filter(|t| !t.is_empty());
        let from_environment = given.is_some();
        let token = given.or_else(|| kept.as_ref().map(|r| r.token.clone()));
        let org = global.org().or_else(|| kept.and_then(|r| r.org));
        Ok(Self {
            from_environment,
            ..Self::new(url, token, org)?
        })
    }

    pub(crate) fn new(url: String, token: Option<String>, org: Option<String>) -> Result<Self, Failure> {
        let http = reqwest::Client::builder()
            .user_agent(concat!("russet-cli/", env!("CARGO_PKG_VERSION")))
            .timeout(TIMEOUT)
            .connect_timeout(Duration::from_secs(10))
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|cause| Failure::new(Exit::Fault, format!("Cannot start an HTTP client: {cause}.")))?;
        Ok(Self {
            http,
            url,
            token,
            from_environment: false,
            org,
        })
    }

    /// What a refused sign-in means at a terminal, where the server cannot know which token was sent.
    fn not_signed_in(&self) -> String {
        let url = &self.url;
        match &self.token {
            Some(_) if self.from_environment => format!(
                "{url} does not accept the token in RUSSET_TOKEN: it is mistyped, has ended or was revoked. Put another there, or unset it and run “russet login {url}”."
            ),
            Some(_) => format!("Your sign-in at {url} has ended or was revoked. Run “russet login {url}”, or set RUSSET_TOKEN."),
            None => format!("Nobody is signed in at {url}. Run “russet login {url}”, or set RUSSET_TOKEN."),
        }
    }

    /// Whether the organization to work in was named, or chosen before.
    pub(crate) fn names_organization(&self) -> bool {
        self.org.is_some()
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Whether a token goes along.
    pub(crate) fn is_somebody(&self) -> bool {
        self.token.is_some()
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{}{path}", self.url, api::ROOT));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Sends it; once more when our rights moved under it, as they do when somebody ends another session or token of ours.
    /// Nothing was changed then, and the second is judged by the rights of now.
    async fn send(&self, request: RequestBuilder) -> Result<reqwest::Response, Failure> {
        let again = request.try_clone();
        match (self.send_once(request).await, again) {
            (Err(failure), Some(again)) if failure.code() == Some("rights_changed") => self.send_once(again).await,
            (answer, _) => answer,
        }
    }

    async fn send_once(&self, request: RequestBuilder) -> Result<reqwest::Response, Failure> {
        let response = request.send().await.map_err(|cause| {
            let why = if cause.is_timeout() {
                "it did not answer in time".to_owned()
            } else {
                innermost(&cause)
            };
            Failure::new(
                Exit::Unreachable,
                format!(
                    "The server at {} cannot be reached: {why}. Is it running, and is the address right?",
                    self.url
                ),
            )
        })?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let request_id = response
            .headers()
            .get("x-request-id")
            .and_then(|v| v.to_str().ok())
            .map(str::to_owned);
        let body = response.bytes().await.unwrap_or_default();
        match serde_json::from_slice::<api::Problem>(&body) {
            Ok(mut problem) => {
                problem.request_id = problem.request_id.or(request_id);
                if problem.code == "sign_in_needed" {
                    problem.detail = self.not_signed_in();
                }
                Err(Failure::of_server(problem))
            }
            Err(_) => Err(not_russet(&self.url, status)),
        }
    }

    async fn answer<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, Failure> {
        let response = self.send(request).await?;
        let status = response.status();
        response.json().await.map_err(|_| not_russet(&self.url, status))
    }

    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str, query: &[(&str, String)]) -> Result<T, Failure> {
        self.answer(self.request(Method::GET, path).query(query)).await
    }

    /// Everything of a list, page by page, or its first `most`.
    pub(crate) async fn list<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, String)],
        most: Option<usize>,
    ) -> Result<Vec<T>, Failure> {
        let most = most.unwrap_or(usize::MAX);
        let (mut items, mut cursor) = (Vec::new(), None);
        loop {
            let mut query = query.to_vec();
            query.push(("limit", (most - items.len()).min(PAGE).to_string()));
            query.extend(cursor.map(|cursor| ("cursor", cursor)));
            let page: Page<T> = self.get(path, &query).await?;
            items.extend(page.items);
            cursor = page.next_cursor;
            if cursor.is_none() || items.len() >= most {
                return Ok(items);
            }
        }
    }

    /// An answer that is not read yet.
    pub(crate) async fn response(&self, path: &str, query: &[(&str, String)]) -> Result<reqwest::Response, Failure> {
        // As long as a million records take on a slow line.
        let patience = Duration::from_secs(3600);
        self.send(self.request(Method::GET, path).query(query).timeout(patience)).await
    }

    /// A file and what its `Russet-Signature` header says.
    pub(crate) async fn file(&self, path: &str) -> Result<(Vec<u8>, Option<String>), Failure> {
        let response = self.send(self.request(Method::GET, path)).await?;
        let signature = response
            .headers()
            .get("russet-signature")
            .and_then(|v| v.to_str().ok())
            .map(str::to_owned);
        let bytes = response
            .bytes()
            .await
            .map_err(|cause| Failure::new(Exit::Unreachable, format!("The answer broke off: {}.", innermost(&cause))))?;
        Ok((bytes.to_vec(), signature))
    }

    pub(crate) async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, Failure> {
        self.answer(self.request(Method::POST, path).json(body)).await
    }

    /// A POST whose work takes as long as a large file takes to be read.
    pub(crate) async fn post_patiently<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, Failure> {
        let request = self.request(Method::POST, path).timeout(Duration::from_secs(1800));
        self.answer(request.json(body)).await
    }

    /// A POST whose work is done once, however often it has to be sent.
    pub(crate) async fn post_once<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, Failure> {
        let key = idempotency_key();
        for pause in REPETITIONS {
            match self.post_as(&key, path, body).await {
                // The connection broke: the server may have done it, and says so when asked again under the same key.
                Err(failure) if failure.exit == Exit::Unreachable && failure.problem.is_none() => {}
                // It is at it still.
                Err(failure) if failure.problem.as_ref().is_some_and(|p| p.code == "in_progress") => {}
                other => return other,
            }
            tokio::time::sleep(pause).await;
        }
        self.post_as(&key, path, body).await
    }

    async fn post_as<T: DeserializeOwned>(&self, key: &str, path: &str, body: &impl Serialize) -> Result<T, Failure> {
        self.answer(self.request(Method::POST, path).header("Idempotency-Key", key).json(body))
            .await
    }

    pub(crate) async fn post_nothing(&self, path: &str, body: &impl Serialize) -> Result<(), Failure> {
        self.send(self.request(Method::POST, path).json(body)).await.map(|_| ())
    }

    pub(crate) async fn patch<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, Failure> {
        self.answer(self.request(Method::PATCH, path).json(body)).await
    }

    pub(crate) async fn put<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, Failure> {
        self.answer(self.request(Method::PUT, path).json(body)).await
    }

    /// A piece of a file. It may take as long as a slow line needs for some megabytes.
    pub(crate) async fn put_bytes<T: DeserializeOwned>(&self, path: &str, bytes: Vec<u8>) -> Result<T, Failure> {
        let request = self.request(Method::PUT, path).timeout(Duration::from_secs(1800));
        self.answer(request.header("Content-Type", "application/octet-stream").body(bytes))
            .await
    }

    pub(crate) async fn put_nothing(&self, path: &str, body: &impl Serialize) -> Result<(), Failure> {
        self.send(self.request(Method::PUT, path).json(body)).await.map(|_| ())
    }

    pub(crate) async fn delete(&self, path: &str) -> Result<(), Failure> {
        self.send(self.request(Method::DELETE, path)).await.map(|_| ())
    }

    /// The same where what came of it is told.
    pub(crate) async fn delete_and_hear<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        self.answer(self.request(Method::DELETE, path)).await
    }

    pub(crate) async fn me(&self) -> Result<api::Me, Failure> {
        self.get("/me", &[]).await
    }

    /// The organization to work in: the named one, or the only one in which roles were given.
    pub(crate) async fn organization(&self) -> Result<api::OrganizationDetails, Failure> {
        if let Some(wanted) = &self.org {
            return self.organization_named(wanted).await;
        }
        match self.me().await?.organizations.as_slice() {
            [only] => self.organization_named(&only.id).await,
            [] => Err(Failure::new(
                Exit::NotAllowed,
                "You belong to no organization. Ask an Owner to invite you.",
            )),
            _ => Err(Failure::new(
                Exit::Usage,
                "You belong to several organizations. Name one with --org or RUSSET_ORG, or choose one with “russet orgs switch”.",
            )),
        }
    }

    /// The address of the organization to work in.
    pub(crate) async fn home(&self) -> Result<String, Failure> {
        Ok(format!("/orgs/{}", self.organization().await?.id))
    }

    /// A key by id or name.
    pub(crate) async fn key(&self, home: &str, key: &str) -> Result<api::KeyDetails, Failure> {
        self.get(&format!("{home}/keys/{}", segment(key)), &[]).await
    }
}

/// Whether this is an id of the kind that begins so, rather than a name.
pub(crate) fn is_id(text: &str, kind: &str) -> bool {
    text.strip_prefix(kind)
        .is_some_and(|digits| digits.len() == 32 && digits.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// One segment of a path, whatever a name holds.
pub(crate) fn segment(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes())
        .collect::<String>()
        .replace('+', "%20")
}

/// An origin without a slash at its end.
pub(crate) fn server_url(text: &str) -> Result<String, Failure> {
    let full = if text.contains("://") {
        text.to_owned()
    } else {
        format!("https://{text}")
    };
    let wrong = |why: &str| {
        Failure::new(
            Exit::Usage,
            format!("“{text}” is not a server's address: {why}. Give one like https://russet.example.com."),
        )
    };
    let url = url::Url::parse(&full).map_err(|cause| wrong(&cause.to_string()))?;
    let loopback = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => return Err(wrong("it has no host")),
    };
    match url.scheme() {
        "https" => {}
        "http" if loopback => {}
        "http" => {
            return Err(wrong(
                "a token would travel in the clear over http, which only an address of this machine (http://localhost:…) is spoken to by",
            ));
        }
        _ => return Err(wrong("it is neither http nor https")),
    }
    Ok(url.as_str().trim_end_matches('/').trim_end_matches(api::ROOT).to_owned())
}

fn not_russet(url: &str, status: StatusCode) -> Failure {
    Failure::new(
        Exit::Unreachable,
        format!(
            "What answers at {url} does not speak Russet's API (status {}). Is the address right? A proxy in between may answer instead.",
            status.as_u16()
        ),
    )
}

/// The innermost cause; the outer ones repeat the address.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the command line has no injected randomness; a key needs only to be unlike others"
)]
fn idempotency_key() -> String {
    uuid::Uuid::new_v4().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_travels_encrypted_or_not_at_all() {
        assert_eq!(server_url("russet.example.com").unwrap(), "https://russet.example.com");
        assert_eq!(server_url("http://localhost:7400/").unwrap(), "http://localhost:7400");
        assert_eq!(server_url("http://127.0.0.1:7400/api/v1").unwrap(), "http://127.0.0.1:7400");
        assert!(
            server_url("http://russet.example.com")
                .unwrap_err()
                .message
                .contains("in the clear")
        );
        assert!(server_url("ftp://localhost").is_err());
        assert!(server_url("").is_err());
    }

    #[test]
    fn any_name_fits_into_an_address() {
        assert_eq!(segment("CI uploads/№ 7?"), "CI%20uploads%2F%E2%84%96%207%3F");
    }
}
