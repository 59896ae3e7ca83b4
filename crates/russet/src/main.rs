//! `russet`: the one binary. It picks what to be from its first word and hands over.
//!
//! Nothing is decided here: arguments become the options of a room, an error becomes text on standard error and an exit
//! code. `--version` must stay cheap, so nothing is started before the command is known.

mod demo;
mod log;
mod reference;
mod serve;
mod simulate;
mod stop;

use clap::{CommandFactory, Parser, Subcommand};
use std::{io::Write, path::PathBuf, process::ExitCode};

/// Use your organization's App Store Connect API keys without anyone holding one
#[derive(Debug, Parser)]
#[command(name = "russet", version, arg_required_else_help = true)]
struct Arguments {
    #[command(flatten)]
    global: cli::Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Simulator, server and example data in one process; prints the address and the sign-in
    Demo(demo::Arguments),
    /// The server
    Serve(Box<serve::Arguments>),
    /// Apple's App Store Connect and Enterprise Program APIs, simulated, with key files to sign in
    Simulator(simulate::Arguments),
    #[command(flatten)]
    Client(cli::Command),
    /// Print completions for a shell
    Completions {
        /// Which shell
        shell: cli::Shell,
    },
    /// Write man pages into a directory
    Man {
        /// Where to
        directory: PathBuf,
    },
    /// Print a generated document: the OpenAPI document, the policy, the command line
    #[command(hide = true)]
    Reference {
        /// Which one
        document: reference::Document,
    },
}

fn main() -> ExitCode {
    let Arguments { global, command } = Arguments::parse();
    let ended = match command {
        Command::Client(cli::Command::Activity(cli::activity::Activity::Verify(verify))) if verify.is_on_host() => {
            return match log::run(verify, global.is_json()) {
                Ok(exit) => exit.into(),
                Err(error) => failed(&error),
            };
        }
        Command::Client(command) => return client(global, command),
        Command::Demo(arguments) => demo::run(arguments),
        Command::Serve(arguments) => serve::run(*arguments),
        Command::Simulator(arguments) => simulate::run(arguments),
        Command::Completions { shell } => cli::completions::<Arguments>(shell).map_err(Into::into),
        Command::Man { directory } => cli::man_pages::<Arguments>(&directory).map_err(Into::into),
        Command::Reference { document } => reference::print(document, Arguments::command()),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

/// Says why, and ends with the code that fits.
fn failed(error: &anyhow::Error) -> ExitCode {
    report(error);
    error
        .downcast_ref::<cli::Failure>()
        .map_or(cli::Exit::Fault, |failure| failure.exit)
        .into()
}

/// A client command needs one thread and no logs.
fn client(global: cli::Global, command: cli::Command) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    match runtime {
        Ok(runtime) => runtime.block_on(cli::run(global, command)).into(),
        Err(cause) => {
            report(&cause.into());
            ExitCode::FAILURE
        }
    }
}

/// The last word of a program that failed.
fn report(error: &anyhow::Error) {
    let _ = writeln!(std::io::stderr(), "russet: {error:#}");
}
