//! Who may depend on whom. `ARCHITECTURE.md` says why; Cargo holds the direction, this table holds Cargo's files.

use std::collections::BTreeMap;

use anyhow::Context;
use serde_json::Value;

use super::verdict;
use crate::process;
use crate::report::Outcome;
use crate::workbench::Workbench;

/// Each room with the rooms that it may use in the product. Tests may also use `testkit`.
const ROOMS: [(&str, &[&str]); 13] = [
    ("domain", &[]),
    ("signing", &[]),
    ("vault", &[]),
    ("apple", &[]),
    ("simulator", &["signing"]),
    ("store", &["domain", "vault"]),
    ("api", &["domain"]),
    ("app", &["domain", "signing", "vault", "store", "apple"]),
    ("server", &["app", "api", "domain"]),
    ("cli", &["api", "signing"]),
    (
        "russet",
        &[
            "server",
            "cli",
            "simulator",
            "app",
            "api",
            "domain",
            "store",
            "vault",
            "apple",
            "signing",
        ],
    ),
    (
        "testkit",
        &[
            "server",
            "cli",
            "simulator",
            "app",
            "api",
            "domain",
            "store",
            "vault",
            "apple",
            "signing",
            "russet",
        ],
    ),
    ("xtask", &[]),
];

/// Libraries that shape a room, with the only rooms that may name them.
const LIBRARIES: [(&str, &[&str]); 9] = [
    ("sqlx", &["store"]),
    ("axum", &["server", "simulator", "testkit"]),
    ("askama", &["server"]),
    ("utoipa", &["api", "server"]),
    // `app` for one module, the guarded client for addresses that tenants chose; `simulator` for the notifications of webhooks.
    ("reqwest", &["apple", "app", "cli", "simulator", "testkit", "russet"]),
    ("jsonwebtoken", &["apple", "simulator", "testkit"]),
    ("p12-keystore", &["signing"]),
    ("cms", &["signing", "simulator"]),
    ("clap", &["cli", "russet"]),
];

/// What the pure rooms must never learn.
const PURE: [&str; 2] = ["domain", "signing"];
const IMPURE: [&str; 6] = ["tokio", "reqwest", "axum", "sqlx", "http", "tracing"];

/// Holds every `Cargo.toml` of the workspace against the tables.
pub(crate) fn check(bench: &Workbench) -> anyhow::Result<Outcome> {
    let metadata = process::capture(bench.cargo().args(["metadata", "--format-version=1", "--no-deps", "--offline"]))?;
    let metadata: Value = serde_json::from_str(&metadata)?;
    let packages = metadata["packages"].as_array().context("cargo metadata without packages")?;
    let rooms: BTreeMap<&str, &[&str]> = ROOMS.into_iter().collect();

    let mut complaints = Vec::new();
    for package in packages {
        let name = package["name"].as_str().unwrap_or_default();
        let Some(allowed) = rooms.get(name) else {
            complaints.push(format!("{name} is no room that ARCHITECTURE.md and this table know"));
            continue;
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let used = dependency["name"].as_str().unwrap_or_default();
            let in_product = dependency["kind"].is_null();
            if in_product && let Some(complaint) = objection(name, allowed, used, rooms.contains_key(used)) {
                complaints.push(complaint);
            }
        }
    }
    verdict(complaints)
}

fn objection(room: &str, allowed: &[&str], used: &str, used_is_a_room: bool) -> Option<String> {
    if used_is_a_room && !allowed.contains(&used) {
        return Some(format!("{room} must not depend on {used}"));
    }
    let reserved = LIBRARIES.iter().find(|(library, rooms)| *library == used && !rooms.contains(&room));
    if let Some((library, rooms)) = reserved {
        return Some(format!("{room} must not depend on {library}, which is for {}", rooms.join(", ")));
    }
    (PURE.contains(&room) && IMPURE.contains(&used)).then(|| format!("{room} is pure and must not depend on {used}"))
}
