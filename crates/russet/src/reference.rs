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

/// Prints it.
pub(crate) fn print(document: Document, command: clap::Command) -> anyhow::Result<()> {
    let text = match document {
        Document::Openapi => format!("{}\n", server::rest::openapi().to_pretty_json()?),
        Document::Policy => {
            format!(
                "# Who may do what\n\nGenerated from `crates/domain/src/policy.rs` by `cargo xtask generate`.\n\n{}",
                domain::policy::as_markdown()
            )
        }
        Document::SimulatorInvented => simulator::inventions_as_markdown(),
        Document::Cli => {
            let mut text = "# The command line\n\nGenerated from the program by `cargo xtask generate`.\n".to_owned();
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
        let name = match (argument.get_long(), argument.is_positional()) {
            (Some(long), false) => format!("--{long}"),
            _ => format!("<{}>", argument.get_id().as_str().to_uppercase()),
        };
        let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
        writeln!(text, "- `{name}` {help}")?;
    }
    for below in command.get_subcommands().filter(|c| !c.is_hide_set() && c.get_name() != "help") {
        describe(below, &path, text)?;
    }
    Ok(())
}
