//! Two organizations on one demo, each with an Owner of its own and one of everything, as schemathesis is shown them.
//!
//! All of it is made through the REST API itself. The texts in it occur nowhere else, so that one of them in an answer to
//! the other tells where it is from.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;
use std::{fs, iter};

use anyhow::{Context, bail};
use serde_json::{Value, json};

use crate::http::Connection;
use crate::server;

/// An organization, and somebody who may do everything in it and nothing outside.
pub(crate) struct Tenant {
    /// What they send.
    pub(crate) token: String,
    /// What is in it, by the name that addresses have for it.
    ids: BTreeMap<&'static str, String>,
    /// What it is called.
    names: Vec<String>,
}

impl Tenant {
    /// Two of them: the demo's own, and a neighbor who is invited into an organization that is then left to them.
    pub(crate) fn two(url: &str, demo: &Value, data: &Path) -> anyhow::Result<[Self; 2]> {
        let token = demo["token"].as_str().context("demo.json without token")?;
        let mut elin = connect(url, Some(token))?;
        let me = elin.get("/api/v1/me")?.json()?;
        let home = text(&me["organizations"][0]["id"])?;

        let made = elin.post("/api/v1/orgs", &json!({ "name": "Canary-Neighbor" }))?;
        let next_door = text(&made["id"])?;
        let invitation = json!({ "email": "nora@neighbor.example", "roles": ["owner"], "show_link": true });
        let invited = elin.post(&format!("/api/v1/orgs/{next_door}/invitations"), &invitation)?;
        let link = text(&invited["link"])?;
        let secret = link.rsplit('/').next().unwrap_or_default();
        let password = "correct horse battery staple";
        let accepted = json!({ "token": secret, "name": "Canary-Nora", "password": password });
        connect(url, None)?.post("/api/v1/invitations/accept", &accepted)?;
        let sign_in = json!({ "email": "nora@neighbor.example", "password": password, "token_name": "Schemathesis" });
        let signed_in = connect(url, None)?.post("/api/v1/login", &sign_in)?;
        elin.post(&format!("/api/v1/orgs/{next_door}/leave"), &json!({}))?;

        let nora = text(&signed_in["value"])?;
        let neighbor = connect(url, Some(&nora))?;
        Ok([
            Self::furnished(elin, token, &home, "Canary-Home", "IOS_DEVELOPMENT", demo, data)?,
            Self::furnished(neighbor, &nora, &next_door, "Canary-Neighbor", "MAC_APP_DEVELOPMENT", demo, data)?,
        ])
    }

    /// Apple has few places for one type of certificate, and both are one team there.
    fn furnished(
        mut owner: Connection,
        token: &str,
        org: &str,
        name: &str,
        certificate_type: &str,
        demo: &Value,
        data: &Path,
    ) -> anyhow::Result<Self> {
        let below = |path: &str| format!("/api/v1/orgs/{org}/{path}");
        let mut names: Vec<String> = ["", "-Sub", "-Key"].iter().map(|what| format!("{name}{what}")).collect();
        owner.patch(&format!("/api/v1/orgs/{org}"), &json!({ "name": name }))?;
        let sub = owner.post(&below("sub-organizations"), &json!({ "name": names[1] }))?;
        // The demo has linked the Admin key already; its neighbor links it once more.
        let keys = owner.get(&below("keys"))?.json()?;
        let admin = match keys["items"].as_array().into_iter().flatten().find(|key| key["name"] == "Admin") {
            Some(key) => owner.patch(&below(&format!("keys/{}", text(&key["id"])?)), &json!({ "name": names[2] }))?,
            None => owner.post(&below("keys"), &admin_key(demo, data, &names[2])?)?,
        };
        let key = text(&admin["id"])?;
        let begun = owner.post(&below("certificates"), &json!({ "key": key, "certificate_type": certificate_type }))?;
        let operation = text(&begun["id"])?;
        let over = over(&mut owner, &below(&format!("operations/{operation}")))?;
        let invitation = json!({ "email": format!("guest@{}.example", name.to_lowercase()), "roles": ["signing-viewer"] });
        let invited = owner.post(&below("invitations"), &invitation)?;
        let activity = owner.get(&below("activity?limit=1"))?.json()?;
        let members = owner.get(&below("members"))?.json()?;
        let spare = owner.post("/api/v1/me/tokens", &json!({ "name": format!("{name}-Token") }))?;
        names.extend([format!("{name}-Token"), format!("guest@{}.example", name.to_lowercase())]);
        Ok(Self {
            token: token.to_owned(),
            names,
            ids: BTreeMap::from([
                ("org", org.to_owned()),
                ("sub", text(&sub["id"])?),
                ("key", key),
                ("certificate", text(&over["certificate"])?),
                ("operation", operation),
                ("invitation", text(&invited["invitation"]["id"])?),
                ("activity", text(&activity["items"][0]["id"])?),
                ("user", text(&members["items"][0]["id"])?),
                ("token", text(&spare["token"]["id"])?),
            ]),
        })
    }

    /// The id of what addresses call so; empty where there is none.
    pub(crate) fn id(&self, name: &str) -> &str {
        self.ids.get(name).map_or("", String::as_str)
    }

    /// What the hooks read when this tenant asks and the other must not be seen.
    pub(crate) fn asking_beside(&self, other: &Self) -> Value {
        // Elin has founded both, and stands in both logs.
        let ids = other.ids.iter().filter(|(name, _)| **name != "user").map(|(_, id)| id);
        let marks: Vec<&String> = ids.chain(&other.names).chain(iter::once(&other.token)).collect();
        json!({ "own": self.ids, "others": other.ids, "marks": marks })
    }
}

fn connect(url: &str, token: Option<&str>) -> anyhow::Result<Connection> {
    let mut connection = Connection::open(url)?;
    connection
        .headers
        .extend(token.map(|token| format!("authorization: Bearer {token}")));
    Ok(connection)
}

fn text(value: &Value) -> anyhow::Result<String> {
    Ok(value
        .as_str()
        .with_context(|| format!("a text was expected, not {value}"))?
        .to_owned())
}

/// The demo's Admin key, as `POST …/keys` takes it.
fn admin_key(demo: &Value, data: &Path, name: &str) -> anyhow::Result<Value> {
    let is_admin = |key: &&Value| key["kind"] == "team" && key["roles"][0] == "ADMIN";
    let key = demo["keys"]
        .as_array()
        .into_iter()
        .flatten()
        .find(is_admin)
        .context("no Admin key in demo.json")?;
    let file = data.join(text(&key["file"])?);
    let private_key = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    Ok(json!({ "name": name, "kind": "team", "key_id": key["key_id"], "issuer_id": key["issuer_id"], "private_key": private_key }))
}

/// An act, when it is over and went well.
fn over(owner: &mut Connection, path: &str) -> anyhow::Result<Value> {
    for _ in 0..100 {
        let now = owner.get(path)?.json()?;
        match now["state"].as_str() {
            Some("done") => return Ok(now),
            Some("refused" | "failed") => bail!("{now}"),
            _ => server::wait(Duration::from_millis(100)),
        }
    }
    bail!("{path} was not over after 10 s")
}
