//! The generated documents under `docs/`, printed by the program that they describe.

use clap::ValueEnum;
use std::{fmt::Write as _, io::Write as _};

/// A generated document.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Document {
    /// OpenAPI 3.1, JSON
    Openapi,
    /// Who may do what, Markdown
    Policy,
    /// The command line, Markdown
    Cli,
    /// What the simulator answers although nobody has seen Apple answer it, Markdown
    SimulatorInvented,
}

const PREFACE: &str = "# The command line

Generated from the program by `cargo xtask generate`.

Tables on a terminal, JSON when piped; `--output` says which. Data goes to standard output, everything else to standard
error. A refusal is a sentence there, or with `--output json` the server's problem document with the exit code beside it.

| code | meaning |
|---|---|
| 0 | done |
| 1 | our fault |
| 2 | the command's words or the input do not fit |
| 3 | not allowed, or not signed in |
| 4 | not found |
| 5 | conflict |
| 6 | rate-limited |
| 7 | Apple refused |
| 8 | waiting on Apple took too long |
| 9 | the server is unreachable, or sealed |

For scripts: `RUSSET_URL`, `RUSSET_TOKEN` and `RUSSET_ORG` instead of `russet login`.
";

/// Prints it.
pub(crate) fn print(document: Document, command: clap::Command) -> anyhow::Result<()> {
    let text = match document {
        Document::Openapi => format!("{}\n", server::rest::openapi().to_pretty_json()?),
        Document::Policy => {
            format!(
                "# Who may do what\n\nGenerated from `crates/domain/src/policy.rs` by `cargo xtask generate`.\n\n{}\n## What each address demands\n\nGenerated from the tables that serve them, `crates/server/src/doors.rs`.\n\n{}",
                domain::policy::as_markdown(),
                server::doors::as_markdown()
            )
        }
        Document::SimulatorInvented => simulator::inventions_as_markdown(),
        Document::Cli => {
            let mut text = PREFACE.to_owned();
            let mut command = command;
            command.build();
            describe(&command, "", &mut text)?;
            text
        }
    };
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(())
}

/// A command, then those below it.
fn describe(command: &clap::Command, above: &str, text: &mut String) -> std::fmt::Result {
    let path = format!("{above} {}", command.get_name()).trim().to_owned();
    write!(text, "\n## `{path}`\n")?;
    if let Some(about) = command.get_about() {
        write!(text, "\n{about}\n")?;
    }
    let arguments: Vec<_> = command
        .get_arguments()
        .filter(|a| !a.is_hide_set() && a.get_id() != "help" && a.get_id() != "version")
        .collect();
    // The options that every command has are described once, at the top.
    let own = arguments.iter().filter(|a| above.is_empty() || !a.is_global_set());
    let mut first = true;
    for argument in own {
        if first {
            text.push('\n');
            first = false;
        }
        writeln!(text, "- {}", described(argument))?;
    }
    for below in command.get_subcommands().filter(|c| !c.is_hide_set() && c.get_name() != "help") {
        describe(below, &path, text)?;
    }
    Ok(())
}

/// An option in a line: name, value, meaning, choices, default, variable.
fn described(argument: &clap::Arg) -> String {
    let value = argument
        .get_value_names()
        .and_then(|names| names.first())
        .map_or_else(|| argument.get_id().as_str().to_uppercase(), ToString::to_string);
    let takes_value = argument.get_action().takes_values();
    let name = match argument.get_long() {
        Some(long) if takes_value => format!("--{long} {value}"),
        Some(long) => format!("--{long}"),
        None => format!("<{value}>"),
    };
    let mut line = format!("`{name}` {}", argument.get_help().map(ToString::to_string).unwrap_or_default());
    let choices: Vec<_> = argument
        .get_possible_values()
        .iter()
        .map(|v| format!("`{}`", v.get_name()))
        .collect();
    if takes_value && !choices.is_empty() {
        line.push_str(&format!("; one of {}", choices.join(", ")));
    }
    let default = argument
        .get_default_values()
        .first()
        .map(|v| v.to_string_lossy())
        .filter(|v| !v.is_empty());
    if let Some(default) = default.filter(|_| takes_value) {
        line.push_str(&format!(" (default: `{default}`)"));
    }
    if let Some(variable) = argument.get_env() {
        line.push_str(&format!(" (variable: `{}`)", variable.to_string_lossy()));
    }
    line
}
