//! `russet demo`: simulator, server and a worked example in one process.
//!
//! The server is the same as in `serve` and knows nothing of a demo: it gets Apple's two addresses and a trust root like
//! any other. The example is made through the same use cases that a person's clicks reach.

use crate::serve::{self, Plan, Running, tell};
use anyhow::{Context, bail};
use app::{Shown, SystemEntropy, accounts::SetUp, accounts::SignedIn, keys::NewKey};
use clap::Args;
use domain::{Entropy, OrgId, Origin};
use server::{Bound, Settings, TrustedProxies};
use simulator::{Options, Simulator};
use std::{
    fs,
    io::Write,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};
use store::Location;
use vault::KeyFile;
use zeroize::Zeroizing;

/// The person who is signed up.
const EMAIL: &str = "elin@halden.example";

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
    };
    let running = Running::start(plan, bound).await?;
    let url = format!("http://localhost:{}", running.listening.address.port());
    let password = password();
    let (owner, token) = example(&running, &keys, &password).await?;
    let description = serde_json::json!({
        "url": url,
        "email": owner.person()?.email.as_str(),
        "password": password.as_str(),
        "token": token.expose(),
        "simulator_url": apple.url(),
        "simulator_enterprise_url": apple.enterprise_url(),
        "simulator_control_url": apple.control_url(),
        "keys": keys_with_paths(&keys)?,
    });
    write_private(&home.join(DESCRIPTION), &serde_json::to_vec_pretty(&description)?)?;
    tell(&format!(
        "Russet demo is ready: a server, and a simulated App Store Connect behind it.

  Open         {url}
  E-mail       {EMAIL}
  Password     {}

  Key files    {}
               The App Manager and the enterprise key are not linked yet: drop one into “Add key”.
               keys.json beside them has the Issuer IDs.
  For scripts  {}
  On the CLI   russet login {url} --email {EMAIL}

Stop with Ctrl-C.",
        password.as_str(),
        keys.display(),
        home.join(DESCRIPTION).display()
    ));
    running.until_stopped().await?;
    apple.stop();
    Ok(())
}

/// The sub-organizations.
const TEAMS: [&str; 3] = ["Halden Transit", "Halden Retail", "Field Labs"];

/// An owner, three linked keys, a development certificate, three teams.
async fn example(running: &Running, keys: &Path, password: &Zeroizing<String>) -> anyhow::Result<(SignedIn, Shown)> {
    let app = &running.app;
    let link = app.set_up_token().await?.context("the demo's database has an owner already")?;
    let owner = SetUp {
        organization: "Halden Mobile".to_owned(),
        name: "Elin Vestergaard".to_owned(),
        email: EMAIL.to_owned(),
        password: password.clone(),
    };
    let owner = app
        .set_up(link.expose(), owner, Origin::default(), Some("russet demo"))
        .await?
        .signed_in;
    let org = owner.home().context("the owner has no organization")?;
    for key in linked_keys(keys)? {
        app.add_key(&owner.caller, org, key).await?;
    }
    certificate(running, &owner, org).await?;
    for team in TEAMS {
        app.create_sub_organization(&owner.caller, org, team).await?;
    }
    let (_, token) = app.create_token(&owner, "Demo scripts", None).await?;
    app.sign_out(&owner).await?;
    Ok((owner, token))
}

/// One certificate, made as a person would make it.
async fn certificate(running: &Running, owner: &SignedIn, org: OrgId) -> anyhow::Result<()> {
    let app = &running.app;
    let admin = app.find_key(&owner.caller, domain::Action::SeeKeys, org, "Admin").await?;
    let operation = app.create_certificate(&owner.caller, org, admin.id, "DEVELOPMENT").await?;
    app.wait_for_operation(&owner.caller, org, operation.id, Duration::from_secs(10))
        .await?;
    Ok(())
}

/// All but the two that are left for the visitor.
fn linked_keys(keys: &Path) -> anyhow::Result<Vec<NewKey>> {
    let all = keys_json(keys)?;
    let text = |key: &serde_json::Value, field: &str| key[field].as_str().unwrap_or_default().to_owned();
    let mut linked = Vec::new();
    for key in all.as_array().into_iter().flatten() {
        let roles: Vec<String> = key["roles"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|r| r.as_str().map(str::to_owned))
            .collect();
        let name = match (text(key, "kind").as_str(), roles.first().map(String::as_str)) {
            ("team", Some("ADMIN")) => "Admin",
            ("team", Some("DEVELOPER")) => "CI uploads",
            ("individual", _) => "Elin's own key",
            _ => continue,
        };
        let path = keys.join(text(key, "file"));
        linked.push(NewKey {
            name: name.to_owned(),
            kind: text(key, "kind"),
            key_id: text(key, "key_id"),
            issuer_id: text(key, "issuer_id"),
            roles,
            file_name: path.file_name().map(|n| n.to_string_lossy().into_owned()),
            file: Zeroizing::new(fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?),
            save_unverified: false,
        });
    }
    Ok(linked)
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

/// Twenty letters and digits, without the ones that look alike.
fn password() -> Zeroizing<String> {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut random = Zeroizing::new([0; 20]);
    SystemEntropy.fill(random.as_mut_slice());
    Zeroizing::new(random.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect())
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
