//! The command line: noun, then verb, as a client of the REST API and nothing more.
//!
//! Tables on a terminal, JSON when piped. Data goes to standard output; progress, hints and warnings go to standard
//! error. Every refusal says what was found and what to do, and ends with a documented exit code ([`Exit`]).
//!
//! The one surprising thing: secrets never come from the command's words. A `--password` flag exists for scripts, and
//! warns; files and standard input are the way.

mod account;
pub mod activity;
mod apps;
mod apps_webhooks;
mod binaries;
mod builds;
mod bundle_ids;
mod certificates;
mod client;
mod csrs;
mod devices;
mod doctor;
mod exit;
mod import;
mod keys;
mod lists;
mod members;
mod notifications;
mod operation;
mod orgs;
mod output;
mod profile;
mod secret;
mod shares;
mod signing_sets;
mod testing;
mod tokens;

pub use exit::{Exit, Failure};

use clap::{Args, CommandFactory, Subcommand, ValueEnum};
use client::Client;
use output::{Output, Printer};

/// Options of every client command.
#[derive(Debug, Clone, Args)]
pub struct Global {
    /// Address of the server; remembered by `russet login`
    #[arg(long, global = true, env = "RUSSET_URL", value_name = "URL")]
    url: Option<String>,
    /// Organization: its id, its name, or Root/Sub; needed only with several
    #[arg(long, global = true, env = "RUSSET_ORG", value_name = "ORG")]
    org: Option<String>,
    /// How to print: a table on a terminal, JSON when piped
    #[arg(long, global = true, value_enum, value_name = "FORM")]
    output: Option<Output>,
}

impl Global {
    /// Whether programs read the output.
    #[must_use]
    pub fn is_json(&self) -> bool {
        Printer::new(self.output).is_json()
    }

    /// A variable that is set to nothing is not set.
    fn url(&self) -> Option<String> {
        self.url.clone().filter(|url| !url.is_empty())
    }

    fn org(&self) -> Option<String> {
        self.org.clone().filter(|org| !org.is_empty())
    }
}

/// Nouns of the client.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Sign in and remember the server
    Login(account::Login),
    /// Forget the server and end its token
    Logout,
    /// Say who is signed in, and in which organization with which roles
    Whoami,
    /// Organizations
    #[command(subcommand)]
    Orgs(orgs::Orgs),
    /// People of an organization, their roles, and invitations
    #[command(subcommand)]
    Members(members::Members),
    /// Tokens for Russet itself, yours and the organization's
    #[command(subcommand)]
    Tokens(tokens::Tokens),
    /// App Store Connect API keys
    #[command(subcommand)]
    Keys(keys::Keys),
    /// Short-lived tokens for Apple
    #[command(subcommand)]
    AppleToken(keys::AppleToken),
    /// Signing certificates
    #[command(subcommand)]
    Certificates(certificates::Certificates),
    /// Certificate signing requests
    #[command(subcommand)]
    Csrs(csrs::Csrs),
    /// App files, to be sent to Apple
    #[command(subcommand)]
    Binaries(binaries::Binaries),
    /// Apps in App Store Connect
    #[command(subcommand)]
    Apps(apps::Apps),
    /// Builds at Apple
    #[command(subcommand)]
    Builds(builds::Builds),
    /// TestFlight: groups, testers, what they read, and builds on their way to them
    #[command(subcommand, name = "testflight")]
    TestFlight(testing::TestFlight),
    /// Provisioning profiles
    #[command(subcommand)]
    Profiles(profile::Profiles),
    /// Bundle IDs
    #[command(subcommand)]
    BundleIds(bundle_ids::BundleIds),
    /// Devices
    #[command(subcommand)]
    Devices(devices::Devices),
    /// Signing sets: what a build needs, by name
    #[command(subcommand)]
    SigningSets(signing_sets::SigningSets),
    /// Signing files out of where another tool keeps them: fastlane match, EAS, folders
    #[command(subcommand)]
    Import(import::Import),
    /// What you should hear of
    #[command(subcommand)]
    Notifications(notifications::Notifications),
    /// Who did what
    #[command(subcommand)]
    Activity(activity::Activity),
    /// Look whether everything works: server, clock, keys, expiries; the exit code tells
    Doctor,
}

/// Runs a client command and answers with its exit code.
pub async fn run(global: Global, command: Command) -> Exit {
    let printer = Printer::new(global.output);
    match dispatch(&global, &printer, command).await {
        Ok(exit) => exit,
        Err(failure) => {
            printer.failure(&failure);
            failure.exit
        }
    }
}

async fn dispatch(global: &Global, printer: &Printer, command: Command) -> Result<Exit, Failure> {
    let client = || Client::from_environment(global);
    match command {
        Command::Login(login) => login.run(global, printer).await,
        Command::Logout => account::logout(printer).await,
        Command::Whoami => account::whoami(&client()?, printer).await,
        Command::Orgs(orgs) => orgs.run(&client()?, printer).await,
        Command::Members(members) => members.run(global, printer).await,
        Command::Tokens(tokens) => tokens.run(&client()?, printer).await,
        Command::Keys(keys) => keys.run(&client()?, printer).await,
        Command::AppleToken(token) => token.run(&client()?, printer).await,
        Command::Certificates(certificates) => certificates.run(&client()?, printer).await,
        Command::Apps(apps) => apps.run(&client()?, printer).await,
        Command::Builds(builds) => Box::pin(builds.run(&client()?, printer)).await,
        Command::Binaries(binaries) => Box::pin(binaries.run(&client()?, printer)).await,
        Command::Csrs(csrs) => csrs.run(&client()?, printer).await,
        Command::TestFlight(testing) => Box::pin(testing.run(&client()?, printer)).await,
        Command::Profiles(profiles) => profiles.run(&client()?, printer).await,
        Command::BundleIds(bundle_ids) => bundle_ids.run(&client()?, printer).await,
        Command::Devices(devices) => devices.run(&client()?, printer).await,
        Command::SigningSets(sets) => sets.run(&client()?, printer).await,
        Command::Import(import) => import.run(&client()?, printer).await,
        Command::Notifications(notifications) => notifications.run(&client()?, printer).await,
        Command::Activity(activity) => activity.run(&client()?, printer).await,
        Command::Doctor => doctor::run(&client()?, printer).await,
    }
}

/// Shells that completions can be made for.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Shell {
    /// bash
    Bash,
    /// zsh
    Zsh,
    /// fish
    Fish,
    /// PowerShell
    Powershell,
    /// elvish
    Elvish,
}

/// Writes completions of the whole program to standard output.
///
/// # Errors
/// When standard output is closed.
pub fn completions<C: CommandFactory>(shell: Shell) -> std::io::Result<()> {
    use clap_complete::Shell as S;
    let shell = match shell {
        Shell::Bash => S::Bash,
        Shell::Zsh => S::Zsh,
        Shell::Fish => S::Fish,
        Shell::Powershell => S::PowerShell,
        Shell::Elvish => S::Elvish,
    };
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut C::command(), "russet", &mut text);
    std::io::Write::write_all(&mut std::io::stdout(), &text)
}

/// Writes a man page for the program and each of its commands into a directory.
///
/// # Errors
/// When the directory cannot be written.
pub fn man_pages<C: CommandFactory>(directory: &std::path::Path) -> std::io::Result<()> {
    std::fs::create_dir_all(directory)?;
    clap_mangen::generate_to(C::command(), directory)
}
