//! `russet serve`: from arguments to a server that answers.

use crate::stop;
use anyhow::Context;
use app::{App, Parts, SystemEntropy, binaries::Storage, mail::Mailer, outgoing::Outgoing};
use clap::Args;
use cli::{Exit, Failure};
use domain::{Clock, Entropy, SystemClock};
use ipnet::IpNet;
use server::{Bound, Listening, Settings, State, Tls, TrustedProxies};
use signing::enrollment::ProfileSigner;
use std::{
    io::{IsTerminal, Write},
    net::SocketAddr,
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
};
use store::{Location, Store};
use tokio::sync::oneshot;
use url::Url;
use vault::{KeyFile, Passphrase, RootKeySource};
use zeroize::Zeroizing;

/// Apple's addresses, unless told otherwise (facts A1, A5).
const APP_STORE_URL: &str = "https://api.appstoreconnect.apple.com";
const ENTERPRISE_URL: &str = "https://api.enterprise.developer.apple.com";

/// The file that checkpoints of the activity log are copied to, beside the data.
pub(crate) const ACTIVITY_COPY: &str = "activity-checkpoints.jsonl";

/// How to serve.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Directory of the embedded database and, unless told otherwise, of the root key
    #[arg(long, value_name = "DIR", default_value = "data")]
    data: PathBuf,
    /// PostgreSQL instead of the embedded database: postgres://user@host/database
    #[arg(long, value_name = "URL", env = "RUSSET_DATABASE", hide_env_values = true)]
    database: Option<String>,
    /// Address to listen on
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7400")]
    listen: SocketAddr,
    /// What people type into their browser [default: http://localhost and the port]
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// PEM file with the server's certificate and its chain
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// PEM file with the certificate's private key
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// PEM file with the certificate, and its chain, that profiles for invited devices are signed with [default: that of --tls-cert]
    #[arg(long, value_name = "FILE", requires = "enrollment_key")]
    enrollment_cert: Option<PathBuf>,
    /// PEM file with that certificate's private key
    #[arg(long, value_name = "FILE", requires = "enrollment_cert")]
    enrollment_key: Option<PathBuf>,
    /// Networks of the proxies that do TLS and whose X-Forwarded-For is believed, comma-separated; nobody else is answered
    #[arg(long, value_name = "CIDR")]
    trusted_proxy: Option<TrustedProxies>,
    /// File of the root key, made at the first start [default: root.key in the data directory]
    #[arg(long, value_name = "FILE", group = "root_key")]
    key_file: Option<PathBuf>,
    /// Unseal with a passphrase, the first line of this file ("-": standard input), instead of a key file
    #[arg(long, value_name = "FILE", group = "root_key")]
    passphrase_file: Option<PathBuf>,
    /// File that signed checkpoints of the activity log are appended to, best on a disk that this machine cannot rewrite
    /// [default: activity-checkpoints.jsonl in the data directory]
    #[arg(long, value_name = "FILE", env = "RUSSET_ACTIVITY_COPY")]
    activity_copy: Option<PathBuf>,
    /// App Store Connect's address, with or without /v1
    #[arg(long, value_name = "URL", env = "ASC_BASE_URL", default_value = APP_STORE_URL)]
    apple_url: String,
    /// The Enterprise Program API's address, with or without /v1
    #[arg(long, value_name = "URL", default_value = ENTERPRISE_URL)]
    apple_enterprise_url: String,
    /// Mail server for invitations: smtps://user:password@host, or smtp://host with STARTTLS. With a password, give it in
    /// the variable or with --smtp-url-file
    #[arg(
        long,
        value_name = "URL",
        env = "RUSSET_SMTP_URL",
        hide_env_values = true,
        requires = "mail_from",
        group = "smtp"
    )]
    smtp_url: Option<String>,
    /// File whose first line is the mail server's address
    #[arg(long, value_name = "FILE", requires = "mail_from", group = "smtp")]
    smtp_url_file: Option<PathBuf>,
    /// Who mails are from, such as "Russet <russet@example.com>"
    #[arg(long, value_name = "ADDRESS", env = "RUSSET_MAIL_FROM")]
    mail_from: Option<String>,
    /// Where uploaded binaries are kept: a directory, or s3://bucket/prefix with credentials, region and endpoint from the usual
    /// AWS_… variables [default: binaries in the data directory]
    #[arg(long, value_name = "PLACE")]
    binaries: Option<String>,
    /// Network that webhooks may reach though it is not public, also in plain http; may be repeated. Whoever manages an
    /// organization's notifications can then have documents posted there
    #[arg(long, value_name = "CIDR")]
    allow_webhook_network: Vec<IpNet>,
    /// PEM file with the certificate authorities that Apple's certificates and profiles are held against
    #[arg(long, value_name = "FILE")]
    apple_root: Option<PathBuf>,
}

/// What a server is made of, for `serve` and for the demo.
pub(crate) struct Plan {
    pub(crate) location: Location,
    pub(crate) source: Box<dyn RootKeySource>,
    pub(crate) settings: Settings,
    pub(crate) apple_url: String,
    pub(crate) apple_enterprise_url: String,
    pub(crate) apple_roots_pem: Option<String>,
    pub(crate) activity_copy: PathBuf,
    pub(crate) mailer: Option<Mailer>,
    pub(crate) webhook_networks: Vec<IpNet>,
    /// A directory, or s3://bucket/prefix.
    pub(crate) binaries: String,
    /// Where binaries arrive, when they are kept elsewhere.
    pub(crate) arriving: PathBuf,
    pub(crate) profile_signer: Option<ProfileSigner>,
}

/// A running server with its worker.
pub(crate) struct Running {
    pub(crate) app: App,
    pub(crate) listening: Listening,
    stop: [oneshot::Sender<()>; 2],
    worker: tokio::task::JoinHandle<()>,
    log: tokio::task::JoinHandle<()>,
}

impl Running {
    /// Opens everything, in the order in which it can fail, and answers on the port that was taken before.
    pub(crate) async fn start(plan: Plan, bound: Bound) -> anyhow::Result<Self> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
        let store = Store::open(&plan.location).await?;
        let vault = app::unseal(&store, &*plan.source, &*clock, &*entropy)
            .await
            .map_err(|error| Failure::new(Exit::Unreachable, error.message))?;
        let time = Arc::clone(&clock);
        let apple = apple::Apple::new(apple::Config::new(
            address(&plan.apple_url, "--apple-url")?,
            address(&plan.apple_enterprise_url, "--apple-enterprise-url")?,
            Arc::new(move || time.now()),
        ))
        .map_err(usage)?;
        let app = App::start(Parts {
            store,
            vault,
            apple,
            apple_roots_pem: plan.apple_roots_pem,
            activity_copy: Some(plan.activity_copy),
            clock: Arc::clone(&clock),
            entropy: Arc::clone(&entropy),
            mailer: plan.mailer,
            public_url: plan.settings.public_url.clone(),
            outgoing: Outgoing::new(plan.webhook_networks),
            binaries: storage(&plan.binaries, &plan.arriving)?,
            profile_signer: plan.profile_signer,
        })
        .await?;
        let state = State {
            app: app.clone(),
            settings: Arc::new(plan.settings),
            entropy,
            clock,
        };
        let listening = bound.serve(&state).await?;
        let (stop_worker, stopped) = oneshot::channel();
        let working = app.clone();
        let worker = tokio::spawn(async move {
            working.work(async { drop(stopped.await) }).await;
        });
        let (stop_log, stopped) = oneshot::channel();
        let keeping = app.clone();
        let log = tokio::spawn(async move {
            keeping.keep_log(async { drop(stopped.await) }).await;
        });
        Ok(Self {
            app,
            listening,
            stop: [stop_worker, stop_log],
            worker,
            log,
        })
    }

    /// Serves until asked to stop, then lets what runs come to an end.
    pub(crate) async fn until_stopped(mut self) -> anyhow::Result<()> {
        tokio::select! {
            () = stop::asked() => {}
            ended = self.listening.wait() => return ended.context("the listener stopped"),
        }
        tracing::info!("stopping: no new requests, running ones may end");
        self.listening.stop().await;
        let [stop_worker, stop_log] = self.stop;
        drop(stop_worker);
        let _ = self.worker.await;
        // Last, so that what the others recorded is signed, too.
        drop(stop_log);
        let _ = self.log.await;
        Ok(())
    }
}

/// Runs until it is asked to stop.
pub(crate) fn run(arguments: Arguments) -> anyhow::Result<()> {
    prepare("info");
    let key_file = arguments.new_key_file();
    let (plan, bound) = plan(arguments)?;
    let unknown_proxy = plan.settings.is_https() && plan.settings.tls.is_none() && plan.settings.trusted_proxies.is_empty();
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let public_url = plan.settings.public_url.clone();
        let location = plan.location.to_string();
        let running = Running::start(plan, bound).await?;
        tell(&format!(
            "Russet listens on {} with {location}; people reach it at {public_url}",
            running.listening.address
        ));
        if unknown_proxy {
            tell("People reach it by https, and neither --tls-cert nor --trusted-proxy says who does it: for the server, everybody comes from the proxy's address.");
        }
        if let Some(path) = key_file {
            tell(&format!(
                "The root key was made: {}. Keep a copy of it apart from the backups of the database: without it nobody can open the stored secrets, with both anybody can.",
                path.display()
            ));
        }
        if let Some(token) = running.app.set_up_token().await? {
            tell(&format!(
                "Nobody has an account yet. Open this link once to become the first Owner:\n  {public_url}setup?token={}",
                token.expose()
            ));
        }
        running.until_stopped().await
    })
}

impl Arguments {
    /// Where the root key will be made, when it is not there yet.
    fn new_key_file(&self) -> Option<PathBuf> {
        let path = self.key_file.clone().unwrap_or_else(|| self.data.join("root.key"));
        (self.passphrase_file.is_none() && !path.exists()).then_some(path)
    }
}

/// Words of the command that do not fit.
fn usage(problem: impl std::fmt::Display) -> Failure {
    Failure::new(Exit::Usage, problem.to_string())
}

fn address<T: FromStr>(text: &str, flag: &str) -> Result<T, Failure> {
    text.parse()
        .map_err(|_| usage(format!("{flag} is “{text}”, which is not an address like {APP_STORE_URL}")))
}

/// What a process that opens secrets does first.
pub(crate) fn prepare(level: &str) {
    if let Err(cause) = vault::forbid_core_dumps() {
        tell(&format!(
            "Core dumps could not be turned off ({cause}); memory may end in a file if the process crashes."
        ));
    }
    // The TLS library wants its crypto named once, before the first connection.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let filter = tracing_subscriber::EnvFilter::try_from_env("RUSSET_LOG").unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(level));
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .try_init();
}

/// What the arguments ask for, and the port: a setting that cannot work must not leave a database behind.
fn plan(arguments: Arguments) -> anyhow::Result<(Plan, Bound)> {
    let location = arguments
        .database
        .as_deref()
        .map_or_else(|| Location::Directory(arguments.data.clone()), Location::parse);
    if arguments.database.is_some() && matches!(location, Location::Directory(_)) {
        return Err(usage(
            "--database takes an address that begins with postgres://; for the embedded database give its directory with --data",
        )
        .into());
    }
    let source: Box<dyn RootKeySource> = match arguments.passphrase_file {
        Some(path) => Box::new(Passphrase::new(first_line(&path, "the passphrase")?)),
        None => Box::new(KeyFile::new(arguments.key_file.unwrap_or_else(|| arguments.data.join("root.key")))),
    };
    let scheme = if arguments.tls_cert.is_some() { "https" } else { "http" };
    let public_url: Url = match &arguments.public_url {
        Some(text) => text.parse().map_err(|_| {
            usage(format!(
                "--public-url is “{text}”, which is not an address like https://russet.example.com"
            ))
        })?,
        None => format!("{scheme}://localhost:{}", arguments.listen.port()).parse()?,
    };
    let tls = arguments
        .tls_cert
        .zip(arguments.tls_key)
        .map(|(certificate, key)| Tls { certificate, key });
    let apple_roots_pem = match arguments.apple_root {
        Some(path) => Some(
            std::fs::read_to_string(&path)
                .map_err(|cause| usage(format!("cannot read the file of --apple-root, {}: {cause}", path.display())))?,
        ),
        None => None,
    };
    let mail_from = arguments.mail_from.as_deref().unwrap_or_default();
    let mailer = mail_server(arguments.smtp_url, arguments.smtp_url_file.as_deref())?
        .map(|smtp| Mailer::new(&smtp, mail_from, public_url.clone()).map_err(usage))
        .transpose()?;
    let profile_signer = match arguments.enrollment_cert.zip(arguments.enrollment_key) {
        Some((certificate, key)) => Some(profile_signer(&certificate, &key).map_err(usage)?),
        // A web server's key may be of a kind that signs no profiles; then they are not signed, and the page says so.
        None => tls.as_ref().and_then(|tls| profile_signer(&tls.certificate, &tls.key).ok()),
    };
    let mut plan = Plan {
        mailer,
        webhook_networks: arguments.allow_webhook_network,
        arriving: arguments.data.join("arriving"),
        binaries: arguments
            .binaries
            .unwrap_or_else(|| arguments.data.join("binaries").to_string_lossy().into_owned()),
        profile_signer,
        location,
        source,
        settings: Settings {
            listen: arguments.listen,
            public_url,
            tls,
            trusted_proxies: arguments.trusted_proxy.unwrap_or_default(),
        },
        apple_url: arguments.apple_url,
        apple_enterprise_url: arguments.apple_enterprise_url,
        apple_roots_pem,
        activity_copy: arguments.activity_copy.unwrap_or_else(|| arguments.data.join(ACTIVITY_COPY)),
    };
    let bound = bind(&mut plan.settings)?;
    Ok((plan, bound))
}

/// Where binaries are kept.
fn storage(place: &str, arriving: &Path) -> anyhow::Result<Storage> {
    let made = if place.starts_with("s3://") {
        let url: Url = place
            .parse()
            .map_err(|_| usage(format!("--binaries is “{place}”, which is not an address like s3://bucket/prefix")))?;
        let variables: Vec<_> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(name, _)| name.starts_with("AWS_"))
            .collect();
        Storage::in_bucket(&url, &variables, arriving)
    } else if place.contains("://") {
        return Err(usage(format!(
            "--binaries is “{place}”; give a directory, or a bucket as s3://bucket/prefix"
        ))
        .into());
    } else {
        Storage::in_directory(Path::new(place))
    };
    Ok(made.map_err(|cause| usage(format!("binaries cannot be kept at {place}, as --binaries asks: {cause}")))?)
}

/// What profiles for invited devices are signed with.
fn profile_signer(certificate: &Path, key: &Path) -> Result<ProfileSigner, String> {
    let read = |path: &Path| {
        std::fs::read(path)
            .map(Zeroizing::new)
            .map_err(|cause| format!("cannot read {}: {cause}", path.display()))
    };
    let signer = ProfileSigner::read(&read(certificate)?, &read(key)?, None);
    signer.map_err(|error| format!("--enrollment-cert {} cannot be used: {error}", certificate.display()))
}

/// Takes the port, and puts it into the public address where that asked for any.
pub(crate) fn bind(settings: &mut Settings) -> anyhow::Result<Bound> {
    let bound = Bound::bind(settings).map_err(|error| match error {
        server::ServeError::Settings(error) => usage(error).into(),
        other => anyhow::Error::from(other),
    })?;
    if settings.public_url.port() == Some(0) {
        let _ = settings.public_url.set_port(Some(bound.address.port()));
    }
    Ok(bound)
}

/// The mail server's address. What stands among the words of a command can be read by everybody on the host, so a
/// password is not taken from there.
fn mail_server(url: Option<String>, file: Option<&Path>) -> anyhow::Result<Option<Zeroizing<String>>> {
    if let Some(path) = file {
        return first_line(path, "the mail server's address").map(Some);
    }
    let Some(url) = url.map(Zeroizing::new) else { return Ok(None) };
    let from_environment = std::env::var("RUSSET_SMTP_URL").is_ok_and(|value| value == *url);
    let has_password = Url::parse(&url).is_ok_and(|url| url.password().is_some());
    if has_password && !from_environment {
        return Err(usage(
            "--smtp-url holds a password, which everybody on this host can read. Give it in RUSSET_SMTP_URL, or in a file with --smtp-url-file",
        )
        .into());
    }
    Ok(Some(url))
}

/// The first line of a file, or of standard input for `-`.
fn first_line(path: &Path, what: &str) -> anyhow::Result<Zeroizing<String>> {
    let text = if path == Path::new("-") {
        let mut line = Zeroizing::new(String::new());
        std::io::stdin().read_line(&mut line)?;
        line
    } else {
        let read = std::fs::read_to_string(path);
        Zeroizing::new(read.map_err(|cause| usage(format!("cannot read {what} from {}: {cause}", path.display())))?)
    };
    let line = text.lines().next().unwrap_or_default();
    if line.is_empty() {
        return Err(usage(format!("{what} is empty; put it into the first line of {}", path.display())).into());
    }
    Ok(Zeroizing::new(line.to_owned()))
}

/// A line for the person who started it, on standard output. That nobody reads it is no reason to stop.
pub(crate) fn tell(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}
