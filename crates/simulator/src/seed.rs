//! A believable team: the history of an invented firm, played through the same rules as every request.
//!
//! Nothing is put into the state that a key could not have put there: what is expired was created long ago, what is
//! INVALID lost a certificate or gained a capability. A step that fails is a fault of the seed: it is logged and the
//! rest goes on, because a half-seeded simulator is more use than none; a test holds that none fails.

mod test_flight;

use crate::api::{Api, Kind};
use crate::clock::store_date;
use crate::entity::Entity;
use crate::refusal::Refusal;
use crate::resources::{self, Act};
use crate::team::{Object, Settling};
use crate::world::World;
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};

/// One app of the invented firm.
struct App {
    name: &'static str,
    identifier: &'static str,
    sku: &'static str,
    capabilities: &'static [&'static str],
}

const APPS: [App; 4] = [
    App {
        name: "Halden Ferry",
        identifier: "no.halden.ferry",
        sku: "FERRY-IOS",
        capabilities: &["PUSH_NOTIFICATIONS", "ASSOCIATED_DOMAINS", "APP_GROUPS", "WALLET"],
    },
    App {
        name: "Halden Parking",
        identifier: "no.halden.parking",
        sku: "PARKING-IOS",
        capabilities: &["PUSH_NOTIFICATIONS", "APPLE_ID_AUTH", "MAPS"],
    },
    App {
        name: "Fjord Radio",
        identifier: "no.halden.fjordradio",
        sku: "RADIO-IOS",
        capabilities: &["ICLOUD", "SIRIKIT"],
    },
    App {
        name: "Tide Table",
        identifier: "no.halden.tidetable",
        sku: "TIDE-UNI",
        capabilities: &["HEALTHKIT", "DATA_PROTECTION"],
    },
];

/// Bundle IDs without an app of their own.
const MORE_BUNDLE_IDS: [(&str, &str, &str); 4] = [
    ("Halden Ferry Widget", "no.halden.ferry.widget", "IOS"),
    ("Halden Ferry Watch", "no.halden.ferry.watchkitapp", "IOS"),
    ("Harbor Console", "no.halden.harborconsole", "MAC_OS"),
    ("Halden Wildcard", "no.halden.*", "UNIVERSAL"),
];

const DEVICES: [(&str, &str); 9] = [
    ("Ingrid iPhone 17", "IOS"),
    ("Test iPhone SE", "IOS"),
    ("Test iPhone 13 mini", "IOS"),
    ("Studio iPad Pro", "IOS"),
    ("Old iPad Air", "IOS"),
    ("Jonas Watch", "IOS"),
    ("Lobby Apple TV", "IOS"),
    ("Build Mac mini", "MAC_OS"),
    ("Ingrid MacBook Pro", "MAC_OS"),
];

/// Plays both teams' histories up to `now`.
pub(crate) fn play(world: &mut World, now: Timestamp) {
    let outcome = Story {
        world,
        now,
        api: Api::AppStore,
    }
    .store()
    .and_then(|()| {
        Story {
            world,
            now,
            api: Api::Enterprise,
        }
        .enterprise()
    })
    .and_then(|()| {
        Story {
            world,
            now,
            api: Api::AppStore,
        }
        .test_flight()
    });
    if let Err(refusal) = outcome {
        tracing::error!(?refusal, "the seed contradicts the rules");
    }
}

/// The team whose history is told.
struct Story<'w> {
    world: &'w mut World,
    now: Timestamp,
    api: Api,
}

impl Story<'_> {
    fn store(&mut self) -> Result<(), Refusal> {
        let mut bundle_ids = Vec::new();
        for app in &APPS {
            let platform = if app.sku.ends_with("UNI") { "UNIVERSAL" } else { "IOS" };
            let id = self.bundle_id(420, app.name, app.identifier, platform)?;
            for capability in app.capabilities {
                self.capability(419, &id, capability)?;
            }
            bundle_ids.push(id);
            self.app(app);
        }
        let mut others = Vec::new();
        for (name, identifier, platform) in MORE_BUNDLE_IDS {
            others.push(self.bundle_id(410, name, identifier, platform)?);
        }
        let mut devices = Vec::new();
        for (days, (name, platform)) in (380..).zip(DEVICES) {
            devices.push(self.device(days, name, platform)?);
        }
        self.update(90, Kind::Devices, &devices[4], json!({ "status": "DISABLED" }))?;
        let phones = [&devices[0], &devices[1], &devices[3]];

        let expired = self.certificate("DISTRIBUTION", 378)?;
        let ending = self.certificate("DISTRIBUTION", 353)?;
        let current = self.certificate("DISTRIBUTION", 60)?;
        let revoked = self.certificate("DEVELOPMENT", 300)?;
        let development = self.certificate("DEVELOPMENT", 120)?;
        let installer = self.certificate("MAC_INSTALLER_DISTRIBUTION", 200)?;
        let developer_id = self.certificate("DEVELOPER_ID_APPLICATION", 150)?;
        tracing::debug!(installer, "seeded, held by no profile");

        let [ferry, parking, radio, tide] = &bundle_ids[..] else {
            return Ok(());
        };
        self.profile(377, "Ferry App Store 2025", "IOS_APP_STORE", ferry, &expired, &[])?;
        self.profile(352, "Parking Ad Hoc", "IOS_APP_ADHOC", parking, &ending, &phones)?;
        self.profile(300, "Radio Development", "IOS_APP_DEVELOPMENT", radio, &revoked, &phones)?;
        self.profile(60, "Ferry App Store", "IOS_APP_STORE", ferry, &current, &[])?;
        self.profile(59, "Parking App Store", "IOS_APP_STORE", parking, &current, &[])?;
        self.profile(58, "Tide Table App Store", "IOS_APP_STORE", tide, &current, &[])?;
        self.profile(
            57,
            "Radio tvOS Development",
            "TVOS_APP_DEVELOPMENT",
            radio,
            &development,
            &[&devices[6]],
        )?;
        self.profile(56, "Ferry Development", "IOS_APP_DEVELOPMENT", ferry, &development, &phones)?;
        self.profile(55, "Wildcard Development", "IOS_APP_DEVELOPMENT", &others[3], &development, &phones)?;
        self.profile(54, "Harbor Console Direct", "MAC_APP_DIRECT", &others[2], &developer_id, &[])?;

        self.delete(40, Kind::Certificates, &revoked)?; // "Radio Development" turns INVALID
        self.capability(30, tide, "NFC_TAG_READING")?; // so does "Tide Table App Store"
        Ok(())
    }

    fn enterprise(&mut self) -> Result<(), Refusal> {
        let crew = self.bundle_id(300, "Crew Roster", "no.halden.crewroster", "IOS")?;
        self.bundle_id(299, "Engine Log", "no.halden.enginelog", "IOS")?;
        self.capability(299, &crew, "PUSH_NOTIFICATIONS")?;
        let phone = self.device(200, "Bridge iPhone", "IOS")?;
        let distribution = self.certificate("DISTRIBUTION", 100)?;
        let development = self.certificate("DEVELOPMENT", 100)?;
        self.profile(99, "Crew Roster In House", "IOS_APP_INHOUSE", &crew, &distribution, &[])?;
        self.profile(98, "Crew Roster Development", "IOS_APP_DEVELOPMENT", &crew, &development, &[&phone])?;
        for (first, last, role) in [("Jonas", "Halden", "ACCOUNT_HOLDER"), ("Ingrid", "Solheim", "ADMIN")] {
            let mut user = self.plain(Kind::Users, None);
            user.set("firstName", first);
            user.set("lastName", last);
            user.set("username", format!("{}@halden.example", first.to_lowercase()));
            user.set("roles", json!([role]));
            self.world.team_mut(self.api).add(user);
        }
        Ok(())
    }

    /// An app record with its app info and an internal beta group, as the web makes them.
    fn app(&mut self, app: &App) {
        let id = self.world.entropy.app_id();
        let mut record = self.plain(Kind::Apps, Some(id.clone()));
        record.set("name", app.name);
        record.set("bundleId", app.identifier);
        record.set("sku", app.sku);
        record.set("primaryLocale", "en-US");
        record.set("isOrEverWasMadeForKids", false);
        record.set("contentRightsDeclaration", "DOES_NOT_USE_THIRD_PARTY_CONTENT");
        record.set("streamlinedPurchasingEnabled", true);
        let mut info = self.plain(Kind::AppInfos, None);
        info.set("state", "READY_FOR_DISTRIBUTION");
        info.set("appStoreState", "READY_FOR_SALE");
        info.link("app", vec![id.clone()]);
        let mut group = self.plain(Kind::BetaGroups, None);
        group.set("name", "Crew");
        group.set("createdDate", store_date(self.at(400)));
        group.set("isInternalGroup", true);
        group.set("hasAccessToAllBuilds", true);
        group.set("feedbackEnabled", true);
        group.link("app", vec![id]);
        for object in [record, info, group] {
            self.world.team_mut(self.api).add(object);
        }
    }

    fn bundle_id(&mut self, days: i64, name: &str, identifier: &str, platform: &str) -> Result<String, Refusal> {
        let attributes = json!({ "name": name, "identifier": identifier, "platform": platform });
        self.create(days, Kind::BundleIds, attributes, &[])
    }

    fn capability(&mut self, days: i64, bundle_id: &str, capability: &str) -> Result<String, Refusal> {
        let attributes = json!({ "capabilityType": capability });
        let links = [("bundleId", vec![bundle_id.to_owned()])];
        self.create(days, Kind::BundleIdCapabilities, attributes, &links)
    }

    fn device(&mut self, days: i64, name: &str, platform: &str) -> Result<String, Refusal> {
        let udid = self.world.entropy.udid();
        let attributes = json!({ "name": name, "udid": udid, "platform": platform });
        self.create(days, Kind::Devices, attributes, &[])
    }

    fn certificate(&mut self, certificate_type: &str, days: i64) -> Result<String, Refusal> {
        self.act(days, |act| {
            let now = act.now;
            resources::keep_own_certificate(act, certificate_type, now, None)
        })
    }

    fn profile(
        &mut self,
        days: i64,
        name: &str,
        profile_type: &str,
        bundle_id: &str,
        certificate: &str,
        devices: &[&String],
    ) -> Result<String, Refusal> {
        let attributes = json!({ "name": name, "profileType": profile_type });
        let links = [
            ("bundleId", vec![bundle_id.to_owned()]),
            ("certificates", vec![certificate.to_owned()]),
            ("devices", devices.iter().map(|id| (*id).clone()).collect()),
        ];
        self.create(days, Kind::Profiles, attributes, &links)
    }

    fn create(&mut self, days: i64, kind: Kind, attributes: Value, links: &[(&'static str, Vec<String>)]) -> Result<String, Refusal> {
        let entity = entity(attributes, links);
        self.act(days, |act| resources::create(act, kind, &entity))
    }

    fn update(&mut self, days: i64, kind: Kind, id: &str, attributes: Value) -> Result<(), Refusal> {
        let entity = entity(attributes, &[]);
        self.act(days, |act| resources::update(act, kind, id, &entity))
    }

    fn delete(&mut self, days: i64, kind: Kind, id: &str) -> Result<(), Refusal> {
        self.act(days, |act| resources::delete(act, kind, id))
    }

    fn act<T>(&mut self, days: i64, play: impl FnOnce(&mut Act<'_>) -> T) -> T {
        let at = self.at(days);
        self.world.act_as_house(self.api, at, play)
    }

    fn at(&self, days: i64) -> Timestamp {
        self.now.saturating_sub((days * 24).hours()).unwrap_or(self.now)
    }

    fn plain(&mut self, kind: Kind, id: Option<String>) -> Object {
        let id = id.unwrap_or_else(|| self.world.entropy.uuid());
        Object::new(kind, id, self.at(450), Settling::default())
    }
}

fn entity(attributes: Value, links: &[(&'static str, Vec<String>)]) -> Entity {
    Entity {
        attributes: attributes.as_object().cloned().unwrap_or_default(),
        links: links.iter().cloned().collect(),
    }
}
