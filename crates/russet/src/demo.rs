//! `russet demo`: simulator, server and a worked example in one process.
//!
//! The server is the same as in `serve` and knows nothing of a demo: it gets Apple's two addresses and a trust root like
//! any other.

mod example;

use crate::serve::{self, Plan, Running, tell};
use anyhow::{Context, bail};
use app::SystemEntropy;
use clap::Args;
use domain::Entropy;
use example::{Example, SignIn};
use server::{Bound, Settings, TrustedProxies};
use simulator::{Options, Simulator};
use std::{
    fs,
    io::Write,
    net::SocketAddr,
    path::{Path, PathBuf},
};
use store::Location;
use vault::KeyFile;

/// What scripts read.
const DESCRIPTION: &str = "demo.json";

/// How to run the demo.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Directory for the demo's data; what an earlier demo left there is replaced [default: a temporary one, removed at the end]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Address to listen on
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7400")]
    listen: SocketAddr,
}

/// Runs until it is asked to stop.
pub(crate) fn run(arguments: Arguments) -> anyhow::Result<()> {
    serve::prepare("warn");
    let mut settings = Settings {
        listen: arguments.listen,
        public_url: format!("http://localhost:{}", arguments.listen.port()).parse()?,
        tls: None,
        trusted_proxies: TrustedProxies::default(),
    };
    // Before the earlier demo is replaced: it may be running.
    let bound = serve::bind(&mut settings)?;
    let home = Home::prepare(arguments.data)?;
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(demo(&home.path, settings, bound))
}

async fn demo(home: &Path, settings: Settings, bound: Bound) -> anyhow::Result<()> {
    let keys = home.join("keys");
    let apple = Simulator::start(Options {
        keys_dir: Some(keys.clone()),
        ..Options::default()
    })
    .await?;
    let plan = Plan {
        location: Location::Directory(home.join("data")),
        source: Box::new(KeyFile::new(home.join("data").join("root.key"))),
        settings,
        apple_url: apple.url(),
        apple_enterprise_url: apple.enterprise_url(),
        apple_roots_pem: Some(apple.authority_pem().to_owned()),
        activity_copy: home.join("data").join(serve::ACTIVITY_COPY),
        mailer: None,
        webhook_networks: Vec::new(),
        binaries: home.join("data").join("binaries").to_string_lossy().into_owned(),
        arriving: home.join("data").join("arriving"),
        profile_signer: None,
    };
    let running = Running::start(plan, bound).await?;
    let url = format!("http://localhost:{}", running.listening.address.port());
    let Example { owner, member, token } = example::make(&running, &keys).await?;
    let description = serde_json::json!({
        "url": url,
        "email": owner.email,
        "password": owner.password.as_str(),
        "token": token.expose(),
        "member": { "email": member.email, "password": member.password.as_str(), "organization": member.organization },
        "simulator_url": apple.url(),
        "simulator_enterprise_url": apple.enterprise_url(),
        "simulator_control_url": apple.control_url(),
        "keys": keys_with_paths(&keys)?,
    });
    write_private(&home.join(DESCRIPTION), &serde_json::to_vec_pretty(&description)?)?;
    tell(&format!(
        "Russet demo is ready: a server, and a simulated App Store Connect behind it.

  Open         {url}
{}
{}

  Key files    {}
               The App Manager and the enterprise key are not linked yet: drop one into “Add key”.
               keys.json beside them has the Issuer IDs.
  For scripts  {}
  On the CLI   russet login {url} --email {}

Stop with Ctrl-C.",
        told("E-mail", &owner),
        told("Or as", &member),
        keys.display(),
        home.join(DESCRIPTION).display(),
        owner.email
    ));
    running.until_stopped().await?;
    apple.stop();
    Ok(())
}

/// A sign-in as it is printed.
fn told(beginning: &str, who: &SignIn) -> String {
    format!(
        "  {beginning:<12} {}   ({} of {})\n  Password     {}",
        who.email,
        who.what,
        who.organization,
        who.password.as_str()
    )
}

fn keys_json(keys: &Path) -> anyhow::Result<serde_json::Value> {
    Ok(serde_json::from_slice(&fs::read(keys.join("keys.json"))?)?)
}

/// As keys.json, with whole paths: a script that reads the description need not know where the files lie.
fn keys_with_paths(folder: &Path) -> anyhow::Result<serde_json::Value> {
    let folder = std::path::absolute(folder)?;
    let mut keys = keys_json(&folder)?;
    for key in keys.as_array_mut().into_iter().flatten() {
        let file = folder.join(key["file"].as_str().unwrap_or_default());
        key["file"] = file.to_string_lossy().into();
    }
    Ok(keys)
}

/// For its owner only, and there at once: a script waits for it.
fn write_private(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let part = path.with_extension("part");
    let _ = fs::remove_file(&part);
    options
        .open(&part)
        .and_then(|mut file| file.write_all(bytes))
        .and_then(|()| fs::rename(&part, path))
        .with_context(|| format!("cannot write {}", path.display()))
}

/// The demo's directory.
struct Home {
    path: PathBuf,
    temporary: bool,
}

impl Home {
    /// A fresh temporary directory, or the given one, emptied of what an earlier demo left: the simulator forgets its keys
    /// when it stops, so old data would fit nothing.
    fn prepare(given: Option<PathBuf>) -> anyhow::Result<Self> {
        let Some(path) = given else {
            let mut random = [0; 6];
            SystemEntropy.fill(&mut random);
            let name: String = random.iter().map(|b| format!("{b:02x}")).collect();
            let path = std::env::temp_dir().join(format!("russet-demo-{name}"));
            private_directory(&path)?;
            return Ok(Self { path, temporary: true });
        };
        if path.join(DESCRIPTION).exists() {
            for left in ["data", "keys"] {
                match fs::remove_dir_all(path.join(left)) {
                    Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => {
                        return Err(cause).with_context(|| format!("cannot replace the earlier demo in {}", path.display()));
                    }
                    _ => {}
                }
            }
            fs::remove_file(path.join(DESCRIPTION))?;
        } else if path.read_dir().is_ok_and(|mut entries| entries.next().is_some()) {
            bail!(
                "{} holds files that no demo left there. Name an empty or a new directory with --data.",
                path.display()
            );
        }
        private_directory(&path)?;
        Ok(Self { path, temporary: false })
    }
}

fn private_directory(path: &Path) -> anyhow::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(path)
        .with_context(|| format!("cannot make the directory {}", path.display()))
}

impl Drop for Home {
    fn drop(&mut self) {
        if self.temporary {
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}
