//! `russet simulator`: Apple's two APIs for any client, until it is interrupted.

use crate::{serve::tell, stop};
use clap::Args;
use simulator::{Options, Seed, Simulator};
use std::net::SocketAddr;
use std::path::PathBuf;

/// How the simulator is to be set up.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Where the App Store Connect API listens; port 0 takes a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7410")]
    listen: SocketAddr,
    /// Where the Enterprise Program API listens [default: the next port].
    #[arg(long, value_name = "ADDR")]
    enterprise_listen: Option<SocketAddr>,
    /// Where the control port listens, which has no password [default: two ports on, loopback only].
    #[arg(long, value_name = "ADDR")]
    control_listen: Option<SocketAddr>,
    /// Where to write the key files, keys.json and apple-root.pem.
    #[arg(long, value_name = "DIR")]
    keys_dir: PathBuf,
    /// Start with keys only, instead of a team with apps, devices, certificates and profiles.
    #[arg(long)]
    empty: bool,
    /// Append every exchange as a JSON line to a file in this folder.
    #[arg(long, value_name = "DIR", env = simulator::JOURNAL_VARIABLE)]
    journal: Option<PathBuf>,
}

/// Runs until interrupted.
pub(crate) fn run(arguments: Arguments) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let options = Options {
            listen: arguments.listen,
            enterprise_listen: arguments.enterprise_listen,
            control_listen: arguments.control_listen,
            keys_dir: Some(arguments.keys_dir.clone()),
            seed: if arguments.empty { Seed::Empty } else { Seed::Believable },
            journal: arguments.journal,
            ..Options::default()
        };
        let apple = Simulator::start(options).await?;
        say(&apple, &arguments.keys_dir);
        stop::asked().await;
        Ok(())
    })
}

/// Scripts read the first address as App Store Connect's, once it answers.
fn say(apple: &simulator::Handle, keys: &std::path::Path) {
    tell(&format!(
        "App Store Connect API   {}
Enterprise Program API  {}
control                 {}
keys                    {}
trust root              {}
stop with Ctrl-C",
        apple.url(),
        apple.enterprise_url(),
        apple.control_url(),
        keys.join("keys.json").display(),
        keys.join("apple-root.pem").display()
    ));
}
