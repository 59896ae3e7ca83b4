//! The hand on the simulator: what a test moves, breaks and reads without speaking HTTP.
//!
//! The control port offers the same acts to programs outside of the process ([`crate::control_port`]).

use crate::api::{Api, Kind};
use crate::clock::{Clock, provisioning_date};
use crate::entity::Entity;
use crate::faults::Fault;
use crate::http::Shared;
use crate::journal::Exchange;
use crate::keys::{KeyError, KeyFile, KeyKind, RegisteredKey, Role};
use crate::offered::{Found, Offered};
use crate::options::Limits;
use crate::resources;
use crate::team::{Object, Settling, Standing, Zombie};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The hand on a running simulator. Clones move the same one.
#[derive(Clone)]
pub struct Control(pub(crate) Shared);

/// Why an ordered object was not made or changed.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// The simulator does not play this resource type.
    #[error("the simulator plays no resource type '{0}'; take one of Apple's type names, such as 'devices'")]
    UnknownType(String),
    /// No such object.
    #[error("there is no {kind} with id '{id}' at this API")]
    UnknownObject {
        /// The resource type.
        kind: String,
        /// The id that was given.
        id: String,
    },
    /// Apple's rules refuse the object; the error document says why.
    #[error("Apple's rules refuse the object: {0}")]
    Refused(Value),
    /// No such key.
    #[error("there is no key with the Key ID '{0}'")]
    UnknownKey(String),
    /// A key pair could not be made.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl Control {
    /// The simulator's clock; moving it moves the simulator.
    pub fn clock(&self) -> Clock {
        self.0.world().clock.clone()
    }

    /// Orders a fault.
    pub fn add_fault(&self, fault: Fault) {
        self.0.world().faults.add(fault);
    }

    /// The faults that are not used up.
    pub fn faults(&self) -> Vec<Fault> {
        self.0.world().faults.pending()
    }

    /// Takes all ordered faults back.
    pub fn clear_faults(&self) {
        self.0.world().faults.clear();
    }

    /// Everything that went over the wire, oldest first.
    pub fn journal(&self) -> Vec<Exchange> {
        self.0.world().journal.exchanges()
    }

    /// Calls per `METHOD /path/{template}`.
    pub fn counters(&self) -> BTreeMap<String, u64> {
        self.0.world().journal.counters()
    }

    /// How often one `METHOD /path/{template}` was called.
    pub fn count(&self, call: &str) -> u64 {
        self.counters().get(call).copied().unwrap_or_default()
    }

    /// Forgets the journal and the counters.
    pub fn clear_journal(&self) {
        self.0.world().journal.clear();
    }

    /// Whether App Manager keys have access to certificates, identifiers & profiles.
    pub fn set_app_manager_cip(&self, access: bool) {
        self.0.world().app_manager_cip = access;
    }

    /// Puts a team into or out of trouble with Apple.
    pub fn set_standing(&self, api: Api, standing: Standing) {
        self.0.world().team_mut(api).standing = standing;
    }

    /// Objects made from now on stay unseen for a while.
    pub fn set_settling(&self, settling: Settling) {
        self.0.world().settling = settling;
    }

    /// Objects deleted from now on stay listed for a while, and are found nowhere else.
    pub fn set_lingering(&self, lingering: Settling) {
        self.0.world().lingering = lingering;
    }

    /// Whether what has ended still reads as it did before: a profile as ACTIVE.
    pub fn set_stale_states(&self, api: Api, stale: bool) {
        self.0.world().team_mut(api).has_stale_states = stale;
    }

    /// Makes an object one that is listed and cannot be used; none makes it whole again.
    ///
    /// # Errors
    /// When the object does not exist.
    pub fn set_zombie(&self, api: Api, kind: &str, id: &str, zombie: Option<Zombie>) -> Result<(), ControlError> {
        let known = kind_named(kind)?;
        let mut world = self.0.world();
        let object = world.team_mut(api).get_mut(known, id).ok_or_else(|| ControlError::UnknownObject {
            kind: kind.to_owned(),
            id: id.to_owned(),
        })?;
        object.zombie = zombie;
        Ok(())
    }

    /// Apple's quotas.
    pub fn limits(&self) -> Limits {
        self.0.world().limits.clone()
    }

    /// Changes Apple's quotas.
    pub fn set_limits(&self, limits: Limits) {
        self.0.world().limits = limits;
    }

    /// The ID of the team behind an API, as it stands in certificates.
    pub fn team_id(&self, api: Api) -> String {
        self.0.world().team(api).id.clone()
    }

    /// The Key IDs that the simulator knows, with kind, roles and whether they are revoked.
    pub fn keys(&self) -> Value {
        let world = self.0.world();
        let keys = world.keys.iter().map(|key| {
            json!({
                "key_id": key.key_id,
                "issuer_id": key.issuer_id,
                "kind": key.kind,
                "roles": key.roles,
                "revoked": key.revoked,
            })
        });
        Value::Array(keys.collect())
    }

    /// Makes another key of the team.
    ///
    /// # Errors
    /// When no key pair could be made.
    pub fn add_key(&self, kind: KeyKind, roles: Vec<Role>) -> Result<KeyFile, ControlError> {
        let mut world = self.0.world();
        let issuer_id = world.keys.iter().find(|key| key.kind == kind).and_then(|key| key.issuer_id.clone());
        let key = KeyFile::generate(world.entropy.provisioning_id(), issuer_id, kind, roles)?;
        world.keys.push(RegisteredKey::of(&key)?);
        Ok(key)
    }

    /// Revokes a key, or takes that back.
    ///
    /// # Errors
    /// When there is no such key.
    pub fn set_revoked(&self, key_id: &str, revoked: bool) -> Result<(), ControlError> {
        let mut world = self.0.world();
        let key = world
            .keys
            .iter_mut()
            .find(|key| key.key_id == key_id)
            .ok_or_else(|| ControlError::UnknownKey(key_id.to_owned()))?;
        key.revoked = revoked;
        Ok(())
    }

    /// Makes an object past all roles, by Apple's rules where the API could make it, plainly where only the web can
    /// (apps, for instance). `relationships` maps a name to an id or a list of ids. For certificates, see
    /// [`Control::create_certificate`].
    ///
    /// # Errors
    /// When the type is unknown or Apple's rules refuse the object.
    pub fn create(&self, api: Api, kind: &str, attributes: &Value, relationships: &Value) -> Result<String, ControlError> {
        let kind = kind_named(kind)?;
        let mut world = self.0.world();
        let now = world.clock.now();
        let links = linked(relationships);
        if let Found::Operation(operation) = Offered::by(api).find("POST", &["v1", kind.as_str()]) {
            let links = operation
                .relationships
                .iter()
                .filter_map(|linkage| Some((linkage.name, links.get(linkage.name)?.clone())))
                .collect();
            let entity = Entity {
                attributes: attributes.as_object().cloned().unwrap_or_default(),
                links,
            };
            if kind != Kind::ReviewSubmissions {
                let made = world.act_as_house(api, now, |act| resources::create(act, kind, &entity));
                return made.map_err(|refusal| ControlError::Refused(refusal.document(&mut world.entropy)));
            }
        }
        let id = match kind {
            Kind::Apps => world.entropy.app_id(),
            _ => world.entropy.uuid(),
        };
        let mut object = Object::new(kind, id.clone(), now, Settling::default());
        object.attributes = attributes.as_object().cloned().unwrap_or_default();
        if let Some(app) = links.get("app") {
            object.link("app", app.clone());
        }
        world.team_mut(api).add(object);
        Ok(id)
    }

    /// Makes a certificate whose private key nobody holds, good from `not_before` for a year or until `not_after`.
    ///
    /// # Errors
    /// When the simulated authority issues no certificate of this type.
    pub fn create_certificate(
        &self,
        api: Api,
        certificate_type: &str,
        not_before: Timestamp,
        not_after: Option<Timestamp>,
    ) -> Result<String, ControlError> {
        let mut world = self.0.world();
        let made = world.act_as_house(api, not_before, |act| {
            resources::keep_own_certificate(act, certificate_type, not_before, not_after)
        });
        made.map_err(|refusal| ControlError::Refused(refusal.document(&mut world.entropy)))
    }

    /// Ends a certificate or a profile now. Only the listing says so: the signed bytes keep their date, so move the
    /// clock where a client reads those.
    ///
    /// # Errors
    /// When the object does not exist.
    pub fn expire(&self, api: Api, kind: &str, id: &str) -> Result<(), ControlError> {
        let known = kind_named(kind)?;
        let mut world = self.0.world();
        let now = world.clock.now();
        let object = world.team_mut(api).get_mut(known, id).ok_or_else(|| ControlError::UnknownObject {
            kind: kind.to_owned(),
            id: id.to_owned(),
        })?;
        object.expires = Some(now);
        object.set("expirationDate", provisioning_date(now));
        Ok(())
    }

    /// Changes one attribute past all rules, as Apple or somebody on the website does.
    ///
    /// # Errors
    /// When the object does not exist.
    pub fn set(&self, api: Api, kind: &str, id: &str, name: &str, value: &Value) -> Result<(), ControlError> {
        let known = kind_named(kind)?;
        let mut world = self.0.world();
        let object = world.team_mut(api).get_mut(known, id).ok_or_else(|| ControlError::UnknownObject {
            kind: kind.to_owned(),
            id: id.to_owned(),
        })?;
        object.set(name, value.clone());
        Ok(())
    }

    /// All objects of a type at Apple, whatever a client may see: `{"id", "attributes", "links"}`.
    ///
    /// # Errors
    /// When the type is unknown.
    pub fn objects(&self, api: Api, kind: &str) -> Result<Vec<Value>, ControlError> {
        let kind = kind_named(kind)?;
        let mut world = self.0.world();
        let now = world.clock.now();
        world.pass_time(now);
        let team = world.team(api);
        let objects = team.all(kind).iter();
        Ok(objects
            .map(|object| {
                json!({
                    "id": object.id,
                    "attributes": object.seen_at(now, team.has_stale_states),
                    "links": object.links,
                })
            })
            .collect())
    }
}

fn kind_named(name: &str) -> Result<Kind, ControlError> {
    Kind::named(name).ok_or_else(|| ControlError::UnknownType(name.to_owned()))
}

fn linked(relationships: &Value) -> BTreeMap<String, Vec<String>> {
    let ids = |value: &Value| match value {
        Value::String(id) => vec![id.clone()],
        Value::Array(ids) => ids.iter().filter_map(|id| id.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    };
    relationships
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.clone(), ids(value)))
        .collect()
}
