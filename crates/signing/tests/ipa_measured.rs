//! How long the look into an `.ipa` takes and how much it holds, of those that cost most. Prints; the verdicts are for a person.
//!
//! `cargo test --release -p signing --test ipa_measured -- --ignored --nocapture how_long`
#![expect(clippy::unwrap_used, reason = "these functions run in tests only, where a panic is the verdict")]
#![expect(clippy::print_stdout, reason = "what is measured is printed")]

mod support;

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use signing::chain::TrustRoot;
use signing::{cms_signed, ipa};
use support::ipa::{Bundle, Ipa};
use support::{house, now};

/// The file that the second process looks into.
const FILE: &str = "RUSSET_MEASURED_IPA";

/// What the process has held at most so far, in KiB.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
#[ignore = "the process in which the other one measures"]
fn one_look() {
    let Ok(path) = std::env::var(FILE) else {
        return;
    };
    let file = File::open(path).unwrap();
    let before = peak();
    let begun = Instant::now();
    let verdict = ipa::inspect(file, &TrustRoot::none());
    let (took, held) = (begun.elapsed(), peak() - before);
    println!("    {:?}: {took:?}, {held} KiB", verdict.map(|ipa| ipa.entries));
}

fn look(what: &str, path: &Path) {
    let mut look = Command::new(std::env::current_exe().unwrap());
    look.args(["--ignored", "--exact", "one_look", "--nocapture"]).env(FILE, path);
    let words = look.output().unwrap().stdout;
    let words = String::from_utf8(words).unwrap();
    println!(
        "{what}\n{}",
        words.lines().find(|line| line.starts_with("    ")).unwrap_or("    nothing")
    );
}

/// A profile with so many entitlements of the shortest form.
fn profile(entitlements: usize) -> Vec<u8> {
    let entitlements: String = (0..entitlements).map(|number| format!("<key>{number:x}</key><true/>")).collect();
    let plist = format!(
        "<plist><dict><key>Name</key><string>x</string><key>UUID</key><string>y</string><key>Entitlements</key><dict>{entitlements}</dict></dict></plist>"
    );
    let house = house();
    cms_signed::sign(plist.as_bytes(), &house.signer_key, &house.signer, &[], now()).unwrap()
}

#[test]
#[ignore = "measures"]
fn how_long_and_how_much() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.ipa");
    let write = |ipa: Ipa| ipa.write(BufWriter::new(File::create(&path).unwrap())).unwrap();
    write(Ipa::of(Bundle::app("com.example.app")).filled_to(2_000_000_000));
    look("2 GB", &path);
    let mut many = Ipa::of(Bundle::app("com.example.app"));
    for number in 0..99_995 {
        many = many.file(&format!("{number}/{}", "x".repeat(500)), Vec::new());
    }
    write(many);
    look("100,000 entries with long names", &path);
    for (entitlements, bundles) in [(30_000, 12), (49_000, 7)] {
        let profile = profile(entitlements);
        let mut hostile = Ipa::of(Bundle::app("com.example.app").profile(profile.clone()));
        for number in 1..bundles {
            hostile = hostile.holding(Bundle::extension(&number.to_string(), "com.example.app.x").profile(profile.clone()));
        }
        write(hostile);
        look(
            &format!("{bundles} profiles of {entitlements} entitlements, {} bytes each", profile.len()),
            &path,
        );
    }
}
