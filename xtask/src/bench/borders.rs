//! How long "not found" takes: whoever asks about others must not learn by the clock what the answer does not say.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::bail;

use super::{Figure, binary};
use crate::http::Connection;
use crate::rest::tenants::Tenant;
use crate::server::{self, Server};
use crate::workbench::Workbench;

/// Questions of each kind.
const QUESTIONS: usize = 500;

/// Foreign, unknown and invisible ids side by side.
pub(super) fn figures(bench: &Workbench, folder: &Path) -> anyhow::Result<Vec<Figure>> {
    let data = folder.join("borders");
    fs::create_dir_all(&data)?;
    let server = Server::start(bench, &binary(bench), "demo", &data, folder)?;
    let [home, neighbor] = Tenant::two(&server.url, &server::demo_json(&data)?, &data)?;
    let organization = |id: &str| format!("/api/v1/orgs/{id}/keys");
    let key = |id: &str| format!("/api/v1/orgs/{}/keys/{id}/dependents", neighbor.id("org"));
    let of_organizations = [home.id("org"), &twin(home.id("org")), home.id("sub")].map(organization);
    let of_keys = [home.id("key"), &twin(home.id("key"))].map(key);
    let mut connection = Connection::open(&server.url)?;
    connection.headers.push(format!("authorization: Bearer {}", neighbor.token));
    let beside = || format!("medians of {QUESTIONS} each, asked in turns");
    Ok(vec![
        Figure {
            what: "not found: an organization of others, an unknown one, a sub-organization of others",
            measured: medians(&mut connection, &of_organizations)?,
            beside: beside(),
            aim: "alike",
        },
        Figure {
            what: "not found: a key of others, an unknown one",
            measured: medians(&mut connection, &of_keys)?,
            beside: beside(),
            aim: "alike",
        },
    ])
}

/// An id that nothing has, as long and as well-formed as this one.
fn twin(id: &str) -> String {
    let (start, last) = id.split_at(id.len() - 1);
    format!("{start}{}", if last == "0" { "1" } else { "0" })
}

/// Asked in turns, so that whatever else the machine does falls on all of them.
fn medians(connection: &mut Connection, paths: &[String]) -> anyhow::Result<String> {
    let mut times = vec![Vec::new(); paths.len()];
    for _ in 0..QUESTIONS {
        for (path, times) in paths.iter().zip(&mut times) {
            let start = Instant::now();
            let status = connection.get(path)?.status;
            times.push(start.elapsed());
            if status != 404 {
                bail!("{path} answered {status}");
            }
        }
    }
    let median = |mut times: Vec<Duration>| -> String {
        times.sort_unstable();
        format!("{} µs", times[times.len() / 2].as_micros())
    };
    Ok(times.into_iter().map(median).collect::<Vec<_>>().join(", "))
}
