//! `cargo xtask`: the chores around the rooms, in Rust, so that they run wherever the project builds.
//!
//! - `cargo xtask test [--quick]` runs everything that can tell whether the project is sound;
//! - `cargo xtask check` runs the checks that need no build: dependencies, licenses, directions, files;
//! - `cargo xtask browser` and `cargo xtask screenshots FOLDER` look at the console as a person does.
//! - `cargo xtask prove` breaks the code on purpose and expects the tests to notice;
//! - `cargo xtask rest` puts the REST API before schemathesis;
//! - `cargo xtask judges` puts the simulator before strangers' clients;
//! - `cargo xtask contract` holds the tests' traffic against Apple's documents;
//! - `cargo xtask bench` measures speed and memory beside their raw limits;
//! - `cargo xtask generate` writes the documents that the code prints.
//!
//! It must not know how the product works: it builds, starts and asks it as a stranger would. The one surprising thing:
//! it depends on no crate of the workspace, so that it is compiled in seconds and can report that they do not compile.
#![expect(clippy::print_stdout, reason = "a command whose product is what it prints")]

mod bench;
mod browser;
mod checks;
mod contract;
mod generate;
mod http;
mod judges;
mod libtest;
mod offered;
mod postgres;
mod process;
mod prove;
mod report;
mod rest;
mod server;
mod test;
mod toolbox;
mod tools;
mod workbench;

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask COMMAND

  test [--quick]   everything: format, clippy, tests on both databases, browser, judges, checks
                   --quick leaves out browser and judges
  check            dependencies, licenses, directions between crates, rules for files
  generate         the documents that the code prints, into docs/
  prove [NAME]     each fault of xtask/faults.toml, put into a copy, must turn the tests red
  bench [scale | ensure]
                   speed and memory beside their raw limits, or how lists grow or what signing sets cost alone, into
                   docs/benchmarks.md
  browser          the stories of tests/browser in a real Chromium
  screenshots DIR  pictures of the console's pages
  rest             the REST API against its own OpenAPI document, by schemathesis
  judges           third-party clients against the simulator
  contract [--journal DIR]
                   what tests sent and simulators answered, against Apple's OpenAPI documents
  offered          the simulator's tables of what Apple's OpenAPI documents offer";

fn main() -> ExitCode {
    run().unwrap_or_else(|error| {
        println!("error: {error:#}");
        ExitCode::FAILURE
    })
}

fn run() -> anyhow::Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["test"] => test::run(test::Extent::Full),
        ["test", "--quick"] => test::run(test::Extent::Quick),
        ["check"] => checks::run(),
        ["generate"] => generate::run(),
        ["prove"] => prove::run(None),
        ["prove", name] => prove::run(Some(name)),
        ["bench"] => bench::run(),
        ["bench", "ensure"] => bench::run_ensure(),
        ["bench", "scale"] => bench::run_scale(),
        ["browser"] => browser::run(),
        ["screenshots", folder] => browser::screenshots(folder.as_ref()),
        ["rest"] => rest::run(),
        ["judges"] => judges::run(),
        ["offered"] => offered::run(),
        ["contract"] => contract::run(None),
        ["contract", "--journal", folder] => contract::run(Some(folder)),
        ["help" | "--help" | "-h"] => {
            println!("{USAGE}");
            Ok(ExitCode::SUCCESS)
        }
        _ => anyhow::bail!("not a command: `cargo xtask {}`\n\n{USAGE}", words.join(" ")),
    }
}
