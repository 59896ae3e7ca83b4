//! Distils Apple's OpenAPI documents into the tables that the simulator answers by.
//!
//! Only facts go into the tables: methods, path templates, and for the resources that the simulator plays also the
//! names and enum values of parameters, attributes and relationships. No description and no schema text. Each line
//! of a table is one fact, so that a new document of Apple's shows as a readable difference.
//!
//! ```text
//! GET /v1/devices                    an operation
//! ? filter[platform] IOS MAC_OS      a query parameter and what it may be; `!` behind the name: required
//! ? limit 1..200                     a number with its bound
//! @ platform! IOS MAC_OS             an attribute of the request body: `!` required, `?` may be null
//! > devices* devices                 a relationship of the request body: `*` to-many, and the type it points to
//! ```

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::workbench::Workbench;

/// Resource types whose operations are written with their details: those the simulator plays.
const PLAYED: [&str; 28] = [
    "apps",
    "appInfos",
    "betaAppLocalizations",
    "betaAppReviewDetails",
    "betaAppReviewSubmissions",
    "betaBuildLocalizations",
    "betaGroups",
    "betaLicenseAgreements",
    "betaTesterInvitations",
    "betaTesters",
    "buildBetaDetails",
    "buildBetaNotifications",
    "buildUploadFiles",
    "buildUploads",
    "builds",
    "bundleIdCapabilities",
    "bundleIds",
    "certificates",
    "devices",
    "passTypeIds",
    "preReleaseVersions",
    "profiles",
    "reviewSubmissions",
    "userInvitations",
    "users",
    "webhookDeliveries",
    "webhookPings",
    "webhooks",
];

/// Relationships that are played under a name other than their type's.
const RENAMED: [&str; 3] = ["app", "deliveries", "individualTesters"];

/// The tables: the document beside the checkout, and the file made from it.
const TABLES: [(&str, &str); 2] = [
    ("app_store_connect_api_4.4.1.json", "crates/simulator/src/offered/app_store.txt"),
    ("enterprise_program_api_1.0.json", "crates/simulator/src/offered/enterprise.txt"),
];

/// The command: writes both tables anew.
pub(crate) fn run() -> Result<ExitCode> {
    let bench = Workbench::open()?;
    for (path, table) in tables(&bench.apple_documents(), &bench.root)? {
        fs::write(&path, table).with_context(|| format!("writing {}", path.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Fails where a committed table is not what the documents say.
pub(crate) fn ensure_current(documents: &Path, root: &Path) -> Result<()> {
    for (path, table) in tables(documents, root)? {
        let committed = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        ensure!(
            committed == table,
            "{} is not what Apple's document says; `cargo xtask offered` writes it anew",
            path.display()
        );
    }
    Ok(())
}

fn tables(documents: &Path, root: &Path) -> Result<Vec<(PathBuf, String)>> {
    TABLES
        .iter()
        .map(|(document, table)| {
            let path = documents.join(document);
            let text = fs::read_to_string(&path).with_context(|| format!("reading Apple's document {}", path.display()))?;
            let document: Value = serde_json::from_str(&text).context("parsing Apple's document")?;
            Ok((root.join(table), distil(&document)?))
        })
        .collect()
}

fn distil(document: &Value) -> Result<String> {
    let version = document["info"]["version"].as_str().unwrap_or("unknown");
    let mut out = format!("# Made by `cargo xtask offered` from Apple's OpenAPI document {version}: facts only. Do not edit by hand.\n");
    let paths = document["paths"].as_object().context("no paths")?;
    let mut paths: Vec<_> = paths.iter().collect();
    paths.sort_by_key(|(path, _)| path.as_str());
    for (path, item) in paths {
        for method in ["get", "post", "patch", "delete"] {
            let Some(operation) = item.get(method) else {
                continue;
            };
            writeln!(out, "{} {path}", method.to_uppercase())?;
            if is_played(path) {
                parameters(document, operation, &mut out)?;
                body(document, operation, &mut out)?;
            }
        }
    }
    Ok(out)
}

/// A path is played when it is a collection or an instance of a played type, or leads from one to another.
fn is_played(path: &str) -> bool {
    let mut segments = path.trim_start_matches('/').split('/');
    let (Some("v1"), Some(kind)) = (segments.next(), segments.next()) else {
        return false;
    };
    if !PLAYED.contains(&kind) {
        return false;
    }
    let related = segments.nth(1);
    let related = if related == Some("relationships") {
        segments.next()
    } else {
        related
    };
    related.is_none_or(|name| {
        RENAMED.contains(&name) || PLAYED.contains(&name) || PLAYED.iter().any(|kind| kind.trim_end_matches('s') == name)
    })
}

fn parameters(document: &Value, operation: &Value, out: &mut String) -> Result<()> {
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        if parameter["in"] != "query" {
            continue;
        }
        let name = parameter["name"].as_str().context("nameless parameter")?;
        let required = if parameter["required"] == true { "!" } else { "" };
        let schema = resolve(document, &parameter["schema"])?;
        let values = if schema["items"].is_object() {
            resolve(document, &schema["items"])?
        } else {
            schema
        };
        write!(out, "? {name}{required}")?;
        if let Some(maximum) = schema["maximum"].as_u64() {
            write!(out, " 1..{maximum}")?;
        }
        words(values, out)?;
        out.push('\n');
    }
    Ok(())
}

fn body(document: &Value, operation: &Value, out: &mut String) -> Result<()> {
    let content = &operation["requestBody"]["content"];
    let Some(schema) = content
        .as_object()
        .and_then(|types| types.values().next())
        .map(|media| &media["schema"])
    else {
        return Ok(());
    };
    let data = resolve(document, &resolve(document, schema)?["properties"]["data"])?;
    if data["type"] == "array" || data["items"].is_object() {
        return Ok(()); // a linkage request: a list of identifiers, nothing to tabulate
    }
    let required_in = |holder: &Value, name: &str| holder["required"].as_array().is_some_and(|names| names.iter().any(|n| n == name));
    let attributes = &data["properties"]["attributes"];
    for (name, schema) in attributes["properties"].as_object().into_iter().flatten() {
        let required = if required_in(attributes, name) { "!" } else { "" };
        let nullable = if schema["nullable"] == true { "?" } else { "" };
        let schema = resolve(document, schema)?;
        write!(out, "@ {name}{required}{nullable}")?;
        if schema["enum"].is_array() {
            words(schema, out)?;
        } else {
            let kind = schema["type"].as_str().unwrap_or("object");
            write!(out, " ({kind})")?;
            if kind == "array" {
                words(resolve(document, &schema["items"])?, out)?;
            }
        }
        out.push('\n');
    }
    let relationships = &data["properties"]["relationships"];
    for (name, schema) in relationships["properties"].as_object().into_iter().flatten() {
        let required = if required_in(relationships, name) { "!" } else { "" };
        let link = &schema["properties"]["data"];
        let (many, link) = if link["type"] == "array" {
            ("*", &link["items"])
        } else {
            ("", link)
        };
        let target = link["properties"]["type"]["enum"][0]
            .as_str()
            .with_context(|| format!("relationship {name} points nowhere"))?;
        writeln!(out, "> {name}{required}{many} {target}")?;
    }
    Ok(())
}

fn words(schema: &Value, out: &mut String) -> Result<()> {
    for word in schema["enum"].as_array().into_iter().flatten() {
        match word {
            Value::String(word) => write!(out, " {word}")?,
            other => write!(out, " {other}")?,
        }
    }
    Ok(())
}

fn resolve<'a>(document: &'a Value, schema: &'a Value) -> Result<&'a Value> {
    let Some(reference) = schema["$ref"].as_str() else {
        return Ok(schema);
    };
    let Some(pointer) = reference.strip_prefix('#') else {
        bail!("the document points outside itself: {reference}");
    };
    document.pointer(pointer).with_context(|| format!("{reference} leads nowhere"))
}
