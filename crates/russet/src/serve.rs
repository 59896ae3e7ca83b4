//! `russet serve`: from arguments to a server that answers.

use crate::stop;
use anyhow::{Context, bail};
use app::{App, Parts, SystemEntropy};
use clap::Args;
use domain::{Clock, Entropy, SystemClock};
use server::{Listening, Settings, State, Tls, TrustedProxies};
use std::{net::SocketAddr, path::PathBuf, sync::Arc};
use store::{Location, Store};
use tokio::sync::oneshot;
use vault::{KeyFile, Passphrase, RootKeySource};
use zeroize::Zeroizing;

/// Apple's addresses, unless told otherwise (facts A1, A5).
const APP_STORE_URL: &str = "https://api.appstoreconnect.apple.com";
const ENTERPRISE_URL: &str = "https://api.enterprise.developer.apple.com";

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
    /// Networks of the proxies that do TLS and whose X-Forwarded-For is believed, comma-separated
    #[arg(long, value_name = "CIDR", default_value = "")]
    trusted_proxy: TrustedProxies,
    /// File of the root key, made at the first start [default: root.key in the data directory]
    #[arg(long, value_name = "FILE", group = "root_key")]
    key_file: Option<PathBuf>,
    /// Unseal with a passphrase, the first line of this file ("-": standard input), instead of a key file
    #[arg(long, value_name = "FILE", group = "root_key")]
    passphrase_file: Option<PathBuf>,
    /// App Store Connect's address, with or without /v1
    #[arg(long, value_name = "URL", env = "ASC_BASE_URL", default_value = APP_STORE_URL)]
    apple_url: String,
    /// The Enterprise Program API's address, with or without /v1
    #[arg(long, value_name = "URL", default_value = ENTERPRISE_URL)]
    apple_enterprise_url: String,
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
}

/// A running server with its worker.
pub(crate) struct Running {
    pub(crate) app: App,
    pub(crate) listening: Listening,
    stop_worker: oneshot::Sender<()>,
    worker: tokio::task::JoinHandle<()>,
}

impl Running {
    /// Opens everything, in the order in which it can fail, and listens.
    pub(crate) async fn start(plan: Plan) -> anyhow::Result<Self> {
        // Before anything is opened: a setting that cannot work should not leave a database behind.
        plan.settings.check()?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
        let store = Store::open(&plan.location).await?;
        let vault = app::unseal(&store, &*plan.source, &*clock, &*entropy).await?;
        let time = Arc::clone(&clock);
        let address = |text: &str, flag: &str| {
            text.parse()
                .with_context(|| format!("{flag} is “{text}”, which is not an address like {APP_STORE_URL}"))
        };
        let apple = apple::Apple::new(apple::Config::new(
            address(&plan.apple_url, "--apple-url")?,
            address(&plan.apple_enterprise_url, "--apple-enterprise-url")?,
            Arc::new(move || time.now()),
        ))?;
        let app = App::start(Parts {
            store,
            vault,
            apple,
            apple_roots_pem: plan.apple_roots_pem,
            clock: Arc::clone(&clock),
            entropy: Arc::clone(&entropy),
        })
        .await?;
        let state = State {
            app: app.clone(),
            settings: Arc::new(plan.settings),
            entropy,
            clock,
        };
        let listening = server::serve(&state).await?;
        let (stop_worker, stopped) = oneshot::channel();
        let working = app.clone();
        let worker = tokio::spawn(async move {
            working.work(async { drop(stopped.await) }).await;
        });
        Ok(Self {
            app,
            listening,
            stop_worker,
            worker,
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
        drop(self.stop_worker);
        let _ = self.worker.await;
        Ok(())
    }
}

/// Runs until it is asked to stop.
pub(crate) fn run(arguments: Arguments) -> anyhow::Result<()> {
    prepare("info");
    let plan = plan(arguments)?;
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let public_url = plan.settings.public_url.clone();
        let location = plan.location.to_string();
        let running = Running::start(plan).await?;
        tell(&format!(
            "Russet listens on {} with {location}; people reach it at {public_url}",
            running.listening.address
        ));
        if let Some(token) = running.app.set_up_token().await? {
            tell(&format!(
                "Nobody has an account yet. Open this link once to become the first Owner:\n  {public_url}setup?token={}",
                token.expose()
            ));
        }
        running.until_stopped().await
    })
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
        .try_init();
}

fn plan(arguments: Arguments) -> anyhow::Result<Plan> {
    let location = arguments
        .database
        .as_deref()
        .map_or_else(|| Location::Directory(arguments.data.clone()), Location::parse);
    if arguments.database.is_some() && matches!(location, Location::Directory(_)) {
        bail!("--database takes an address that begins with postgres://; for the embedded database give its directory with --data");
    }
    let source: Box<dyn RootKeySource> = match arguments.passphrase_file {
        Some(path) => Box::new(Passphrase::new(passphrase(&path)?)),
        None => Box::new(KeyFile::new(arguments.key_file.unwrap_or_else(|| arguments.data.join("root.key")))),
    };
    let public_url = arguments.public_url.unwrap_or_else(|| {
        let scheme = if arguments.tls_cert.is_some() { "https" } else { "http" };
        format!("{scheme}://localhost:{}", arguments.listen.port())
    });
    let public_url = public_url
        .parse()
        .with_context(|| format!("--public-url is “{public_url}”, which is not an address like https://russet.example.com"))?;
    let tls = arguments
        .tls_cert
        .zip(arguments.tls_key)
        .map(|(certificate, key)| Tls { certificate, key });
    let apple_roots_pem = arguments
        .apple_root
        .map(|path| std::fs::read_to_string(&path).with_context(|| format!("cannot read the file of --apple-root, {}", path.display())))
        .transpose()?;
    Ok(Plan {
        location,
        source,
        settings: Settings {
            listen: arguments.listen,
            public_url,
            tls,
            trusted_proxies: arguments.trusted_proxy,
        },
        apple_url: arguments.apple_url,
        apple_enterprise_url: arguments.apple_enterprise_url,
        apple_roots_pem,
    })
}

/// The first line of a file, or of standard input for `-`.
fn passphrase(path: &std::path::Path) -> anyhow::Result<Zeroizing<String>> {
    let text = if path == std::path::Path::new("-") {
        let mut line = Zeroizing::new(String::new());
        std::io::stdin().read_line(&mut line)?;
        line
    } else {
        Zeroizing::new(std::fs::read_to_string(path).with_context(|| format!("cannot read the passphrase from {}", path.display()))?)
    };
    let line = text.lines().next().unwrap_or_default();
    if line.is_empty() {
        bail!("the passphrase is empty; put it into the first line of {}", path.display());
    }
    Ok(Zeroizing::new(line.to_owned()))
}

/// A line for the person who started it, on standard output.
#[expect(clippy::print_stdout, reason = "what a person and a script wait for")]
pub(crate) fn tell(text: &str) {
    println!("{text}");
}
