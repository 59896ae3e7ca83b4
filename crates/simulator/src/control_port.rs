//! The control port: [`Control`](crate::Control) as JSON over HTTP, for programs outside of the process.
//!
//! It has no password, so it listens on the loopback unless it is told otherwise.
//!
//! | call | body | answer |
//! |---|---|---|
//! | `GET /` | | the base URLs of the four ports and the time |
//! | `POST /clock` | `{"advance_seconds"}`, `{"set"}` or `{"frozen"}` | the time |
//! | `GET`, `POST`, `DELETE /faults` | a [`Fault`] | the pending faults |
//! | `GET`, `DELETE /journal` | | the exchanges |
//! | `GET /counters` | | calls per route |
//! | `POST /app-manager-cip` | `{"access"}` | |
//! | `POST /standing` | `{"api", "standing"}` | |
//! | `POST /settling` | a [`Settling`] | |
//! | `POST /lingering` | a [`Settling`] | |
//! | `POST /stale-states` | `{"api", "stale"}` | |
//! | `POST /zombies` | `{"api", "type", "id", "zombie"}`: `gone`, `stuck`, or none | |
//! | `GET`, `PUT /limits` | [`Limits`] | the limits |
//! | `GET /keys` | | the keys, without private keys |
//! | `POST /keys` | `{"kind", "roles"}` | the new key with its private key |
//! | `POST /revocations` | `{"key_id", "revoked"}` | |
//! | `GET /objects/{api}/{type}` | | everything of that type |
//! | `POST /objects/{api}/{type}` | `{"attributes", "relationships"}`; certificates: `{"certificate_type", "not_before", "not_after"}` | `{"id"}` |
//! | `GET`, `PUT /uploads` | [`Uploads`] | how uploads are played |
//! | `POST /processing` | a [`ProcessingIssue`] for the next binary | |
//! | `GET /parts` | | the parts of binaries that are coming in |
//! | `POST /approvals` | `{"app", "version"}`: Apple has approved it, its train is closed | |
//! | `POST /builds` | `{"app", "version", "number"}` | `{"id"}` of a VALID build |
//! | `POST /reviews` | `{"build", "decision"}`: `begin`, `approve`, `reject` | `{"found"}` |
//! | `POST /testers` | `{"tester", "state"}`: `ACCEPTED`, `INSTALLED`, `REVOKED` | |
//! | `POST /users` | `{"first_name", "last_name", "email"}`: somebody who can test internally | `{"id"}` |
//! | `POST /deliveries` | `{"trouble"}` for the next notification: `lose`, `repeat`, `forge` | |
//! | `POST /expire` | `{"api", "type", "id"}` | |

use crate::api::Api;
use crate::control::{Control, ControlError};
use crate::deliveries::ProcessingIssue;
use crate::faults::Fault;
use crate::http::Shared;
use crate::keys::{KeyKind, Role};
use crate::options::{Limits, Uploads};
use crate::post::DeliveryTrouble;
use crate::resources::Decision;
use crate::team::{Settling, Standing, Zombie};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// The base URLs of the four ports.
pub(crate) struct Addresses {
    pub(crate) app_store: String,
    pub(crate) enterprise: String,
    pub(crate) control: String,
    pub(crate) parts: String,
}

enum Failure {
    NoSuchCall,
    BadBody(String),
    Refused(ControlError),
}

impl From<ControlError> for Failure {
    fn from(error: ControlError) -> Self {
        Failure::Refused(error)
    }
}

/// Answers one call.
pub(crate) fn answer(shared: &Shared, addresses: &Addresses, method: &str, path: &str, body: &[u8]) -> (u16, Value) {
    let control = Control(shared.clone());
    let done = match path.trim_matches('/').split('/').collect::<Vec<_>>().as_slice() {
        ["objects", api, kind] => objects(&control, method, api, kind, body),
        [place] => command(&control, addresses, method, place, body),
        _ => Err(Failure::NoSuchCall),
    };
    match done {
        Ok(value) => (200, value),
        Err(Failure::NoSuchCall) => (
            404,
            json!({ "error": format!("the control port has no {method} {path}; see its table in the documentation") }),
        ),
        Err(Failure::BadBody(reason)) => (400, json!({ "error": reason })),
        Err(Failure::Refused(error)) => (409, json!({ "error": error.to_string() })),
    }
}

fn command(control: &Control, addresses: &Addresses, method: &str, place: &str, body: &[u8]) -> Result<Value, Failure> {
    match (method, place) {
        ("GET", "") => {
            return Ok(json!({
                "app_store_url": addresses.app_store,
                "enterprise_url": addresses.enterprise,
                "control_url": addresses.control,
                "parts_url": addresses.parts,
                "now": control.clock().now(),
            }));
        }
        ("POST", "clock") => return move_clock(control, body),
        ("GET", "faults") => return Ok(json!(control.faults())),
        ("POST", "faults") => control.add_fault(read::<Fault>(body)?),
        ("DELETE", "faults") => control.clear_faults(),
        ("GET", "journal") => return Ok(json!(control.journal())),
        ("DELETE", "journal") => control.clear_journal(),
        ("GET", "counters") => return Ok(json!(control.counters())),
        ("POST", "app-manager-cip") => {
            control.set_app_manager_cip(read::<Access>(body)?.access);
        }
        ("POST", "standing") => {
            let order: StandingOrder = read(body)?;
            control.set_standing(order.api, order.standing);
        }
        ("POST", "settling") => control.set_settling(read::<Settling>(body)?),
        ("POST", "lingering") => control.set_lingering(read::<Settling>(body)?),
        ("POST", "stale-states") => {
            let order: StaleStates = read(body)?;
            control.set_stale_states(order.api, order.stale);
        }
        ("POST", "zombies") => {
            let order: ZombieOrder = read(body)?;
            control.set_zombie(order.api, &order.kind, &order.id, order.zombie)?;
        }
        ("GET", "limits") => return Ok(json!(control.limits())),
        ("PUT", "limits") => control.set_limits(read::<Limits>(body)?),
        ("GET", "uploads") => return Ok(json!(control.uploads())),
        ("PUT", "uploads") => control.set_uploads(read::<Uploads>(body)?),
        ("POST", "processing") => control.order_processing(read::<ProcessingIssue>(body)?),
        ("GET", "parts") => return Ok(json!(control.parts())),
        ("POST", "approvals") => {
            let order: Approval = read(body)?;
            control.approve_version(&order.app, &order.version);
        }
        ("POST", "builds") => {
            let order: BuildOrder = read(body)?;
            let id = control.create_build(&order.app, &order.version, &order.number)?;
            return Ok(json!({ "id": id }));
        }
        ("POST", "reviews") => {
            let order: Review = read(body)?;
            return Ok(json!({ "found": control.review(&order.build, order.decision) }));
        }
        ("POST", "testers") => {
            let order: TesterOrder = read(body)?;
            control.set_tester_state(&order.tester, &order.state)?;
        }
        ("POST", "users") => {
            let order: UserOrder = read(body)?;
            let id = control.add_user(&order.first_name, &order.last_name, &order.email);
            return Ok(json!({ "id": id }));
        }
        ("POST", "deliveries") => control.order_delivery(read::<DeliveryOrder>(body)?.trouble),
        ("GET", "keys") => return Ok(control.keys()),
        ("POST", "keys") => {
            let order: KeyOrder = read(body)?;
            let key = control.add_key(order.kind, order.roles)?;
            let mut listing = json!(key.listing());
            listing["private_key"] = key.pem().into();
            return Ok(listing);
        }
        ("POST", "revocations") => {
            let order: Revocation = read(body)?;
            control.set_revoked(&order.key_id, order.revoked)?;
        }
        ("POST", "expire") => {
            let order: Expiry = read(body)?;
            control.expire(order.api, &order.kind, &order.id)?;
        }
        _ => return Err(Failure::NoSuchCall),
    }
    Ok(json!({}))
}

fn objects(control: &Control, method: &str, api: &str, kind: &str, body: &[u8]) -> Result<Value, Failure> {
    let api: Api = serde_json::from_value(json!(api)).map_err(|_| Failure::NoSuchCall)?;
    match (method, kind) {
        ("GET", _) => Ok(json!(control.objects(api, kind)?)),
        ("POST", "certificates") => {
            let order: CertificateOrder = read(body)?;
            let not_before = order.not_before.unwrap_or_else(|| control.clock().now());
            let id = control.create_certificate(api, &order.certificate_type, not_before, order.not_after)?;
            Ok(json!({ "id": id }))
        }
        ("POST", _) => {
            let order: ObjectOrder = read(body)?;
            let id = control.create(api, kind, &order.attributes, &order.relationships)?;
            Ok(json!({ "id": id }))
        }
        _ => Err(Failure::NoSuchCall),
    }
}

fn move_clock(control: &Control, body: &[u8]) -> Result<Value, Failure> {
    let order: ClockOrder = read(body)?;
    let clock = control.clock();
    match order.frozen {
        Some(true) => clock.freeze(),
        Some(false) => clock.thaw(),
        None => {}
    }
    if let Some(at) = order.set {
        clock.set(at);
    }
    if let Some(seconds) = order.advance_seconds {
        clock.advance(SignedDuration::from_secs(seconds));
    }
    Ok(json!({ "now": clock.now() }))
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(body).map_err(|error| Failure::BadBody(error.to_string()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockOrder {
    advance_seconds: Option<i64>,
    set: Option<Timestamp>,
    frozen: Option<bool>,
}

#[derive(Deserialize)]
struct Access {
    access: bool,
}

#[derive(Deserialize)]
struct StandingOrder {
    api: Api,
    standing: Standing,
}

#[derive(Deserialize)]
struct StaleStates {
    api: Api,
    stale: bool,
}

#[derive(Deserialize)]
struct ZombieOrder {
    api: Api,
    #[serde(rename = "type")]
    kind: String,
    id: String,
    zombie: Option<Zombie>,
}

#[derive(Deserialize)]
struct KeyOrder {
    kind: KeyKind,
    roles: Vec<Role>,
}

#[derive(Deserialize)]
struct Revocation {
    key_id: String,
    revoked: bool,
}

#[derive(Deserialize)]
struct Expiry {
    api: Api,
    #[serde(rename = "type")]
    kind: String,
    id: String,
}

#[derive(Deserialize)]
struct Approval {
    app: String,
    version: String,
}

#[derive(Deserialize)]
struct BuildOrder {
    app: String,
    version: String,
    number: String,
}

#[derive(Deserialize)]
struct Review {
    build: String,
    decision: Decision,
}

#[derive(Deserialize)]
struct TesterOrder {
    tester: String,
    state: String,
}

#[derive(Deserialize)]
struct UserOrder {
    first_name: String,
    last_name: String,
    email: String,
}

#[derive(Deserialize)]
struct DeliveryOrder {
    trouble: DeliveryTrouble,
}

#[derive(Deserialize)]
struct ObjectOrder {
    #[serde(default)]
    attributes: Value,
    #[serde(default)]
    relationships: Value,
}

#[derive(Deserialize)]
struct CertificateOrder {
    certificate_type: String,
    not_before: Option<Timestamp>,
    not_after: Option<Timestamp>,
}
