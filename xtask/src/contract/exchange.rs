//! Reading the journals: JSON lines as simulators write them, one exchange each.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::Context;
use serde::Deserialize;

use super::finding::Side;

/// What our client calls itself.
const OUR_CLIENT: &str = "russet/";

/// Which of Apple's APIs was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Api {
    AppStore,
    Enterprise,
}

/// One request and its answer; what the journal tells beyond this is not needed here.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Exchange {
    pub(super) api: Api,
    pub(super) method: String,
    pub(super) path: String,
    /// Without the question mark.
    #[serde(default)]
    pub(super) query: String,
    #[serde(default)]
    pub(super) user_agent: Option<String>,
    /// Lower-case names.
    #[serde(default)]
    pub(super) request_headers: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) request_body: String,
    /// None where the connection was cut instead of answering.
    #[serde(default)]
    pub(super) status: Option<u16>,
    /// Lower-case names.
    #[serde(default)]
    pub(super) response_headers: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) response_body: String,
    /// A test ordered this answer.
    #[serde(default)]
    pub(super) injected: bool,
    /// File and line, for messages.
    #[serde(skip)]
    pub(super) origin: String,
}

impl Exchange {
    pub(super) fn is_from_our_client(&self) -> bool {
        self.user_agent.as_deref().is_some_and(|agent| agent.starts_with(OUR_CLIENT))
    }

    /// The status, if the simulator answered by itself.
    pub(super) fn own_answer(&self) -> Option<u16> {
        self.status.filter(|_| !self.injected)
    }

    /// The operation as messages and `deviations.toml` name it, ids left out.
    pub(super) fn operation(&self, side: Side) -> String {
        let path = self
            .path
            .split('/')
            .enumerate()
            // The empty one, the version, the resource: then an id.
            .map(|(position, segment)| if position == 3 { "{id}" } else { segment })
            .collect::<Vec<_>>()
            .join("/");
        match (side, self.status) {
            (Side::Response, Some(status)) => format!("{} {path} -> {status}", self.method),
            _ => format!("{} {path}", self.method),
        }
    }
}

/// Every exchange of every `*.jsonl` file in the folder.
pub(super) fn read_all(folder: &Path) -> anyhow::Result<Vec<Exchange>> {
    let entries = fs::read_dir(folder).with_context(|| format!("the journals in {} cannot be listed", folder.display()))?;
    let mut files = entries.map(|entry| Ok(entry?.path())).collect::<anyhow::Result<Vec<_>>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "jsonl"));
    files.sort();
    let mut exchanges = Vec::new();
    for file in files {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let text = fs::read_to_string(&file).with_context(|| format!("{} cannot be read", file.display()))?;
        for (number, line) in text.split_inclusive('\n').enumerate() {
            // A simulator that was killed while writing leaves half a line, and only as the last one.
            let Some(line) = line.strip_suffix('\n') else { continue };
            let origin = format!("{name}:{}", number + 1);
            let mut exchange: Exchange = serde_json::from_str(line).with_context(|| format!("{origin} is no exchange"))?;
            exchange.origin = origin;
            exchanges.push(exchange);
        }
    }
    Ok(exchanges)
}
