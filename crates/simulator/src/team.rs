//! The state of one team: its objects, how they hang together, and its standing with Apple.
//!
//! Objects are JSON attributes plus links, so that listing, filtering, sorting and rendering are written once for all
//! types. What an attribute means is the business of [`crate::resources`]; nothing here refuses anything.

use crate::api::{Api, Kind};
use crate::deliveries::Deliveries;
use crate::post::Post;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// How a team stands with Apple (facts B5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Everything is in order.
    #[default]
    Active,
    /// The membership has lapsed: every request is refused.
    MembershipLapsed,
    /// An agreement is missing: every request is refused.
    AgreementMissing,
}

/// How long a new object stays unseen, as Apple's eventual consistency lets it be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Settling {
    /// Seconds on the simulator's clock.
    pub seconds: u32,
    /// Reads that do not see it yet.
    pub reads: u32,
}

/// What a resource answers that is listed, and is not what it seems.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Zombie {
    /// It is gone: every use of it is a 404.
    Gone,
    /// It can be read, and every change of it is a 409.
    Stuck,
}

/// One resource of a team.
#[derive(Debug, Clone)]
pub(crate) struct Object {
    pub(crate) kind: Kind,
    pub(crate) id: String,
    pub(crate) attributes: Map<String, Value>,
    pub(crate) links: BTreeMap<&'static str, Vec<String>>,
    /// When a certificate or profile ends.
    pub(crate) expires: Option<Timestamp>,
    pub(crate) zombie: Option<Zombie>,
    visible_from: Timestamp,
    unseen_reads: u32,
}

impl Object {
    pub(crate) fn new(kind: Kind, id: String, born: Timestamp, settling: Settling) -> Self {
        Self {
            kind,
            id,
            attributes: Map::new(),
            links: BTreeMap::new(),
            expires: None,
            zombie: None,
            visible_from: born.checked_add(i64::from(settling.seconds).seconds()).unwrap_or(born),
            unseen_reads: settling.reads,
        }
    }

    pub(crate) fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.attributes.insert(name.to_owned(), value.into());
    }

    pub(crate) fn text(&self, name: &str) -> &str {
        self.attributes.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    pub(crate) fn link(&mut self, name: &'static str, ids: Vec<String>) {
        self.links.insert(name, ids);
    }

    /// The id of a to-one link; empty where there is none.
    pub(crate) fn linked(&self, name: &str) -> &str {
        self.links.get(name).and_then(|ids| ids.first()).map_or("", String::as_str)
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        self.attributes.get(name).and_then(Value::as_bool).unwrap_or_default()
    }

    pub(crate) fn links_to(&self, name: &str, id: &str) -> bool {
        self.links.get(name).is_some_and(|ids| ids.iter().any(|linked| linked == id))
    }

    /// Adds an id to a to-many link, once.
    pub(crate) fn link_more(&mut self, name: &'static str, id: &str) {
        let ids = self.links.entry(name).or_default();
        if !ids.iter().any(|known| known == id) {
            ids.push(id.to_owned());
        }
    }

    /// Takes an id out of a link.
    pub(crate) fn unlink(&mut self, name: &str, id: &str) {
        if let Some(ids) = self.links.get_mut(name) {
            ids.retain(|known| known != id);
        }
    }

    pub(crate) fn has_expired(&self, now: Timestamp) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }

    /// The attributes as they read at `now`: a profile past its end reads EXPIRED (facts L, deviations), unless its team's
    /// states are stale.
    pub(crate) fn seen_at(&self, now: Timestamp, are_stale: bool) -> Map<String, Value> {
        let mut attributes = self.attributes.clone();
        if self.kind == Kind::Profiles && self.has_expired(now) && !are_stale {
            attributes.insert("profileState".into(), "EXPIRED".into());
        }
        attributes
    }
}

/// A named way from one type to another.
pub(crate) struct Relation {
    pub(crate) name: &'static str,
    pub(crate) target: Kind,
    pub(crate) many: bool,
    through: Through,
}

enum Through {
    /// The object holds the ids.
    Held,
    /// The target holds this object's id under that name.
    Inverse(&'static str),
    /// The app whose `bundleId` is this object's `identifier`.
    Identifier,
}

const fn relation(name: &'static str, target: Kind, many: bool, through: Through) -> Relation {
    Relation {
        name,
        target,
        many,
        through,
    }
}

static APPS: [Relation; 11] = [
    relation("appInfos", Kind::AppInfos, true, Through::Inverse("app")),
    relation("betaAppLocalizations", Kind::BetaAppLocalizations, true, Through::Inverse("app")),
    relation("betaAppReviewDetail", Kind::BetaAppReviewDetails, false, Through::Inverse("app")),
    relation("betaGroups", Kind::BetaGroups, true, Through::Inverse("app")),
    relation("betaLicenseAgreement", Kind::BetaLicenseAgreements, false, Through::Inverse("app")),
    relation("betaTesters", Kind::BetaTesters, true, Through::Inverse("apps")),
    relation("buildUploads", Kind::BuildUploads, true, Through::Inverse("app")),
    relation("builds", Kind::Builds, true, Through::Inverse("app")),
    relation("preReleaseVersions", Kind::PreReleaseVersions, true, Through::Inverse("app")),
    relation("reviewSubmissions", Kind::ReviewSubmissions, true, Through::Inverse("app")),
    relation("webhooks", Kind::Webhooks, true, Through::Inverse("app")),
];
static BUILD_UPLOADS: [Relation; 5] = [
    relation("build", Kind::Builds, false, Through::Inverse("buildUpload")),
    relation("assetFile", Kind::BuildUploadFiles, false, Through::Held),
    relation("assetDescriptionFile", Kind::BuildUploadFiles, false, Through::Held),
    relation("assetSpiFile", Kind::BuildUploadFiles, false, Through::Held),
    relation("buildUploadFiles", Kind::BuildUploadFiles, true, Through::Inverse("buildUpload")),
];
static BUILDS: [Relation; 8] = [
    relation("app", Kind::Apps, false, Through::Held),
    relation(
        "betaAppReviewSubmission",
        Kind::BetaAppReviewSubmissions,
        false,
        Through::Inverse("build"),
    ),
    relation(
        "betaBuildLocalizations",
        Kind::BetaBuildLocalizations,
        true,
        Through::Inverse("build"),
    ),
    relation("individualTesters", Kind::BetaTesters, true, Through::Inverse("builds")),
    relation("betaGroups", Kind::BetaGroups, true, Through::Inverse("builds")),
    relation("buildBetaDetail", Kind::BuildBetaDetails, false, Through::Inverse("build")),
    relation("buildUpload", Kind::BuildUploads, false, Through::Held),
    relation("preReleaseVersion", Kind::PreReleaseVersions, false, Through::Held),
];
static OF_BUILD: [Relation; 1] = [relation("build", Kind::Builds, false, Through::Held)];
static BETA_GROUPS: [Relation; 3] = [
    relation("app", Kind::Apps, false, Through::Held),
    relation("betaTesters", Kind::BetaTesters, true, Through::Held),
    relation("builds", Kind::Builds, true, Through::Held),
];
static BETA_TESTERS: [Relation; 3] = [
    relation("apps", Kind::Apps, true, Through::Held),
    relation("betaGroups", Kind::BetaGroups, true, Through::Inverse("betaTesters")),
    relation("builds", Kind::Builds, true, Through::Held),
];
static PRE_RELEASE_VERSIONS: [Relation; 2] = [
    relation("app", Kind::Apps, false, Through::Held),
    relation("builds", Kind::Builds, true, Through::Inverse("preReleaseVersion")),
];
static WEBHOOKS: [Relation; 2] = [
    relation("app", Kind::Apps, false, Through::Held),
    relation("deliveries", Kind::WebhookDeliveries, true, Through::Inverse("webhook")),
];
static WEBHOOK_DELIVERIES: [Relation; 1] = [relation("event", Kind::WebhookEvents, false, Through::Held)];
static OF_APP: [Relation; 1] = [relation("app", Kind::Apps, false, Through::Held)];
static BUNDLE_IDS: [Relation; 3] = [
    relation("profiles", Kind::Profiles, true, Through::Inverse("bundleId")),
    relation(
        "bundleIdCapabilities",
        Kind::BundleIdCapabilities,
        true,
        Through::Inverse("bundleId"),
    ),
    relation("app", Kind::Apps, false, Through::Identifier),
];
static CERTIFICATES: [Relation; 1] = [relation("passTypeId", Kind::PassTypeIds, false, Through::Held)];
static PASS_TYPE_IDS: [Relation; 1] = [relation("certificates", Kind::Certificates, true, Through::Inverse("passTypeId"))];
static PROFILES: [Relation; 3] = [
    relation("bundleId", Kind::BundleIds, false, Through::Held),
    relation("devices", Kind::Devices, true, Through::Held),
    relation("certificates", Kind::Certificates, true, Through::Held),
];

/// The relations of a type that the simulator plays.
pub(crate) fn relations(kind: Kind, api: Api) -> &'static [Relation] {
    match kind {
        Kind::Apps => &APPS,
        Kind::AppInfos
        | Kind::BetaAppLocalizations
        | Kind::BetaAppReviewDetails
        | Kind::BetaLicenseAgreements
        | Kind::ReviewSubmissions => &OF_APP,
        Kind::BetaGroups => &BETA_GROUPS,
        Kind::BetaTesters => &BETA_TESTERS,
        Kind::BetaAppReviewSubmissions | Kind::BetaBuildLocalizations | Kind::BuildBetaDetails => &OF_BUILD,
        Kind::BuildUploads => &BUILD_UPLOADS,
        Kind::Builds => &BUILDS,
        Kind::BundleIds if api == Api::Enterprise => &BUNDLE_IDS[..2], // no apps there
        Kind::BundleIds => &BUNDLE_IDS,
        Kind::Certificates => &CERTIFICATES,
        Kind::PassTypeIds => &PASS_TYPE_IDS,
        Kind::PreReleaseVersions => &PRE_RELEASE_VERSIONS,
        Kind::Profiles => &PROFILES,
        Kind::Webhooks => &WEBHOOKS,
        Kind::WebhookDeliveries => &WEBHOOK_DELIVERIES,
        Kind::BetaTesterInvitations
        | Kind::BuildBetaNotifications
        | Kind::BuildUploadFiles
        | Kind::BundleIdCapabilities
        | Kind::Devices
        | Kind::UserInvitations
        | Kind::Users
        | Kind::WebhookEvents
        | Kind::WebhookPings => &[],
    }
}

/// A team and all it owns.
#[derive(Debug)]
pub(crate) struct Team {
    pub(crate) id: String,
    pub(crate) name: String,
    /// Whose name development certificates bear.
    pub(crate) person: String,
    pub(crate) standing: Standing,
    /// Whether what has ended still reads as it did before.
    pub(crate) has_stale_states: bool,
    /// Binaries on their way in, and what is known of them.
    pub(crate) deliveries: Deliveries,
    /// Notifications on their way out.
    pub(crate) post: Post,
    /// Something may have changed since TestFlight's states were worked out.
    pub(crate) is_stirred: bool,
    objects: BTreeMap<Kind, Vec<Object>>,
    /// Deleted, and listed still.
    lingering: Vec<Lingering>,
}

#[derive(Debug)]
struct Lingering {
    object: Object,
    until: Timestamp,
    reads: u32,
}

impl Team {
    pub(crate) fn new(id: String, name: &str, person: &str) -> Self {
        Self {
            id,
            name: name.to_owned(),
            person: person.to_owned(),
            standing: Standing::Active,
            has_stale_states: false,
            deliveries: Deliveries::default(),
            post: Post::default(),
            is_stirred: true,
            lingering: Vec::new(),
            objects: BTreeMap::new(),
        }
    }

    /// All objects of a type in the order in which they were made, also those not visible yet.
    pub(crate) fn all(&self, kind: Kind) -> &[Object] {
        self.objects.get(&kind).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn all_mut(&mut self, kind: Kind) -> &mut Vec<Object> {
        self.is_stirred = true;
        self.objects.entry(kind).or_default()
    }

    pub(crate) fn get(&self, kind: Kind, id: &str) -> Option<&Object> {
        self.all(kind).iter().find(|object| object.id == id)
    }

    pub(crate) fn get_mut(&mut self, kind: Kind, id: &str) -> Option<&mut Object> {
        self.all_mut(kind).iter_mut().find(|object| object.id == id)
    }

    pub(crate) fn add(&mut self, object: Object) {
        self.all_mut(object.kind).push(object);
    }

    pub(crate) fn remove(&mut self, kind: Kind, id: &str) {
        self.all_mut(kind).retain(|object| object.id != id);
    }

    /// Removes an object that is listed for a while yet; nothing else finds it.
    pub(crate) fn remove_slowly(&mut self, kind: Kind, id: &str, now: Timestamp, lingering: Settling) {
        if let Some(object) = self.get(kind, id).cloned() {
            self.remove(kind, id);
            self.lingering.push(Lingering {
                object,
                until: now.checked_add(i64::from(lingering.seconds).seconds()).unwrap_or(now),
                reads: lingering.reads,
            });
        }
    }

    /// What is deleted and still listed at `now`.
    pub(crate) fn lingering(&self, kind: Kind, now: Timestamp) -> impl Iterator<Item = &Object> {
        let is_listed = move |gone: &&Lingering| gone.object.kind == kind && (gone.until > now || gone.reads > 0);
        self.lingering.iter().filter(is_listed).map(|gone| &gone.object)
    }

    /// Counts one read of a list, after it.
    pub(crate) fn forget_lingering(&mut self, kind: Kind, now: Timestamp) {
        for gone in self.lingering.iter_mut().filter(|gone| gone.object.kind == kind) {
            gone.reads = gone.reads.saturating_sub(1);
        }
        self.lingering.retain(|gone| gone.until > now || gone.reads > 0);
    }

    /// Whether a new object may be referred to: Apple does not know at once what it has just made.
    pub(crate) fn knows(&mut self, kind: Kind, id: &str, now: Timestamp) -> bool {
        self.get(kind, id).is_some() && self.unseen(kind, Some(id), now).is_empty()
    }

    /// The objects that `relation` leads to from `object`.
    pub(crate) fn related<'t>(&'t self, object: &Object, relation: &Relation) -> Vec<&'t Object> {
        let targets = self.all(relation.target).iter();
        match relation.through {
            Through::Held => object
                .links
                .get(relation.name)
                .into_iter()
                .flatten()
                .filter_map(|id| self.get(relation.target, id))
                .collect(),
            Through::Inverse(name) => targets.filter(|target| target.links_to(name, &object.id)).collect(),
            Through::Identifier => targets.filter(|app| app.text("bundleId") == object.text("identifier")).collect(),
        }
    }

    /// The ids that one read at `now` does not see yet; the read counts.
    pub(crate) fn unseen(&mut self, kind: Kind, only: Option<&str>, now: Timestamp) -> BTreeSet<String> {
        let mut unseen = BTreeSet::new();
        for object in self.objects.entry(kind).or_default() {
            if only.is_some_and(|id| id != object.id) {
                continue;
            }
            if object.unseen_reads > 0 {
                object.unseen_reads -= 1;
                unseen.insert(object.id.clone());
            } else if object.visible_from > now {
                unseen.insert(object.id.clone());
            }
        }
        unseen
    }
}
