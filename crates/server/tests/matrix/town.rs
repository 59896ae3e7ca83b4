//! The world of the matrix: two root organizations with sub-organizations, and in each of them one of everything.
//!
//! ```text
//!   Alder             Fir
//!   ├── Birch         └── Gorse
//!   └── Cedar
//! ```
//!
//! Whatever is made in a place has ids and names that occur nowhere else, so that one of them in an answer tells where it
//! is from.

use app::{
    SystemEntropy,
    accounts::SignedIn,
    apple_account::ListQuery,
    csrs::NewCsr,
    enrollment::{DeviceByHand, NewDeviceInvitation},
    invitations::NewInvitation,
    service_tokens::NewServiceToken,
};
use axum::Router;
use domain::{ApiKeyId, OrgId, Role};
use jiff::Timestamp;
use server::{Settings, State, TrustedProxies};
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};
use testkit::{KeyKind, World};
use tokio::sync::Mutex;

/// An organization, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    Alder,
    Birch,
    Cedar,
    Fir,
    Gorse,
    /// Ids of the right shape that nothing has.
    Nowhere,
}

impl Place {
    pub(crate) const REAL: [Self; 5] = [Self::Alder, Self::Birch, Self::Cedar, Self::Fir, Self::Gorse];

    pub(crate) fn parent(self) -> Option<Self> {
        match self {
            Self::Birch | Self::Cedar => Some(Self::Alder),
            Self::Gorse => Some(Self::Fir),
            Self::Alder | Self::Fir | Self::Nowhere => None,
        }
    }

    /// What this place is to somebody who belongs to another.
    pub(crate) fn seen_from(self, home: Self) -> &'static str {
        match self {
            Self::Nowhere => "unknown",
            own if own == home => "own",
            child if child.parent() == Some(home) => "child",
            parent if home.parent() == Some(parent) => "parent",
            sibling if sibling.parent().is_some() && sibling.parent() == home.parent() => "sibling",
            _ => "foreign",
        }
    }
}

/// What is in a place, by the name that addresses and samples have for it.
pub(crate) type Things = BTreeMap<&'static str, String>;

/// The world, built.
pub(crate) struct Town {
    pub(crate) world: World,
    pub(crate) router: Router,
    /// Whose hand made everything.
    hand: SignedIn,
    made: AtomicU32,
    /// Held by whoever does what one at a time may do.
    pub(crate) turn: Mutex<()>,
    things: BTreeMap<Place, Things>,
}

/// What the samples may name.
const IDS: &[(&str, &str)] = &[
    ("org", "org"),
    ("key", "key"),
    ("weak-key", "key"),
    ("lent-key", "key"),
    ("certificate", "cert"),
    ("csr", "csr"),
    ("held_profile", "prof"),
    ("signing_set", "set"),
    ("operation", "op"),
    ("binary", "bin"),
    ("other", "bin"),
    ("upload", "bup"),
    ("sending", "op"),
    ("change", "op"),
    ("activity", "act"),
    ("token", "tok"),
    ("service_token", "svc"),
    ("channel", "chan"),
    ("delivery", "dlv"),
    ("session", "sess"),
    ("user", "user"),
    ("invitation", "inv"),
    ("device_invitation", "dinv"),
    ("pending_device", "dev"),
    ("sub", "org"),
    ("apple_webhook", "hook"),
];

/// What an act uses up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fresh {
    Member,
    Invitation,
    ServiceToken,
    DeviceInvitation,
    PendingDevice,
    SigningSet,
    Binary,
    BinaryUpload,
}

impl Town {
    pub(crate) async fn built(world: World) -> Self {
        // Everybody asks Apple at every door, which is more than it takes of one key in an hour.
        let control = world.apple.control();
        let mut limits = control.limits();
        limits.requests_per_hour = u32::MAX;
        control.set_limits(limits);
        let mut organizations = BTreeMap::from([(Place::Alder, world.org)]);
        for place in Place::REAL {
            if place != Place::Alder {
                let parent = place.parent().map(|parent| organizations[&parent]);
                organizations.insert(place, world.organization(&named("Org", place), parent).await);
            }
        }
        // One hand makes everything and asks nothing afterwards; its own session and token stand in every place.
        let everywhere: Vec<_> = organizations.values().map(|org| (*org, Role::Owner)).collect();
        let hand = world.person("hand", &everywhere).await.signed_in;
        world.app().create_token(&hand, "Of the hand", None).await.expect("made");
        let mut things = BTreeMap::new();
        for (place, org) in &organizations {
            let mut those = Box::pin(furnished(&world, &hand, *place, *org)).await;
            if let Some(sub) = Place::REAL.into_iter().find(|sub| sub.parent() == Some(*place)) {
                those.extend([("sub", organizations[&sub].to_string()), ("sub-name", named("Org", sub))]);
            }
            things.insert(*place, those);
        }
        things.insert(Place::Nowhere, nothing());
        let state = State {
            app: world.app(),
            settings: Arc::new(Settings {
                listen: "127.0.0.1:0".parse().expect("it reads"),
                public_url: "http://localhost:7400".parse().expect("it reads"),
                tls: None,
                trusted_proxies: TrustedProxies::default(),
            }),
            entropy: Arc::new(SystemEntropy),
            clock: Arc::new(world.clock.clone()),
        };
        Self {
            router: server::router(&state),
            world,
            hand,
            made: AtomicU32::new(0),
            turn: Mutex::new(()),
            things,
        }
    }

    /// A token of a place with one role: its id, and what its holder sends.
    pub(crate) async fn token(
        &self,
        place: Place,
        name: &str,
        role: &str,
        confined_to: Option<Place>,
        expires_at: Option<Timestamp>,
    ) -> (String, String) {
        let new = NewServiceToken {
            name: name.to_owned(),
            roles: vec![role.to_owned()],
            organizations: confined_to.map(|only| vec![self.things[&only]["org"].clone()]),
            expires_at,
            ..NewServiceToken::default()
        };
        let made = self.world.app().create_service_token(&self.hand, self.org(place), new).await;
        let (view, token) = made.expect("made");
        (view.token.id.to_string(), token.expose().to_owned())
    }

    pub(crate) async fn revoke(&self, place: Place, token: &str) {
        let id = token.parse().expect("it reads");
        let revoked = self.world.app().revoke_service_token(&self.hand.caller, self.org(place), id).await;
        revoked.expect("revoked");
    }

    /// Something to be used up in a place.
    pub(crate) async fn fresh(&self, place: Place, what: Fresh) -> Things {
        let name = format!("used-up-{}", self.made.fetch_add(1, Ordering::Relaxed));
        let org = self.org(place);
        match what {
            Fresh::Member => {
                let member = self.world.person(&name, &[(org, guest())]).await;
                Things::from([("user", member.signed_in.person().expect("a person").id.to_string())])
            }
            Fresh::ServiceToken => {
                let (id, _) = self.token(place, &name, "organization-viewer", None, None).await;
                Things::from([("service_token", id)])
            }
            Fresh::DeviceInvitation => {
                let key = self.things[&place]["key"].clone();
                Things::from([(
                    "device_invitation",
                    Box::pin(device_invited(&self.world, &self.hand, org, &key)).await,
                )])
            }
            Fresh::PendingDevice => {
                let key = self.things[&place]["key"].clone();
                let number = 1000 + self.made.fetch_add(1, Ordering::Relaxed);
                Things::from([(
                    "pending_device",
                    Box::pin(waiting(&self.world, &self.hand, org, &key, number)).await,
                )])
            }
            Fresh::SigningSet => Things::from([("signing_set", signing_set(&self.world, &self.hand, org, &name).await)]),
            Fresh::Binary => {
                let number = 1000 + self.made.fetch_add(1, Ordering::Relaxed);
                Things::from([("binary", binary(&self.world, &self.hand, org, &name, number).await)])
            }
            Fresh::BinaryUpload => Things::from([("upload", self.world.upload(&self.hand, org, &name, 100).await.to_string())]),
            Fresh::Invitation => Things::from([("invitation", invited(&self.world, &self.hand, org, &name).await)]),
        }
    }

    pub(crate) fn things(&self, place: Place) -> &Things {
        &self.things[&place]
    }

    pub(crate) fn org(&self, place: Place) -> OrgId {
        self.things[&place]["org"].parse().expect("it reads")
    }

    /// Texts that are in this place and in no other.
    pub(crate) fn marks(&self, place: Place) -> impl Iterator<Item = &str> {
        let common = self.things(Place::Nowhere);
        self.things(place)
            .iter()
            .filter(|(name, id)| {
                ![
                    "profile",
                    "device",
                    "bundle_id",
                    "apple_certificate",
                    "session",
                    "token",
                    "sub",
                    "sub-name",
                    "lent-key",
                ]
                .contains(*name)
                    && common[*name] != **id
            })
            .map(|(_, mark)| mark.as_str())
    }
}

fn named(what: &str, place: Place) -> String {
    format!("{what}-of-{place:?}")
}

/// The role of those who are only there to be looked at, changed and removed.
fn guest() -> Role {
    Role::parse("organization-viewer").expect("the product has this role")
}

async fn furnished(world: &World, hand: &SignedIn, place: Place, org: OrgId) -> Things {
    let app = world.app();
    let caller = &hand.caller;
    let link = async |role, name: String| -> ApiKeyId {
        let mut input = world.entered(world.key_file(KeyKind::Team, role));
        input.name = name;
        app.add_key(caller, org, input).await.expect("linked").summary.key.id
    };
    let key = link(testkit::Role::Admin, named("Key", place)).await;
    let weak_key = link(testkit::Role::AppManager, named("Weak-Key", place)).await;
    let lent_key = link(testkit::Role::Developer, named("Lent", place)).await;
    // Apple has few places for one type of certificate, and all of this is one team there.
    let types = [
        "DISTRIBUTION",
        "DEVELOPMENT",
        "IOS_DISTRIBUTION",
        "IOS_DEVELOPMENT",
        "MAC_APP_DEVELOPMENT",
    ];
    let wanted = types[Place::REAL.iter().position(|one| *one == place).unwrap_or_default()];
    let operation = app.create_certificate(caller, org, key, wanted).await.expect("begun").id;
    while app.run_due_jobs().await.expect("jobs") > 0 {}
    let certificates = app
        .certificates(caller, org, &ListQuery::default(), &app::Paging::default())
        .await
        .expect("listed");
    let profiles = app.apple_profiles(caller, org, key, &ListQuery::default()).await.expect("listed");
    let first = [profiles.items[0].id.clone()];
    let fetched = app.fetch_profiles(caller, org, key, Some(&first)).await.expect("fetched");
    let request = NewCsr {
        name: named("Csr", place),
        ..NewCsr::default()
    };
    let csr = app.create_csr(caller, org, request).await.expect("made");
    let devices = app.apple_devices(caller, org, key, &ListQuery::default()).await.expect("listed");
    let bundle_ids = app.apple_bundle_ids(caller, org, key, &ListQuery::default()).await.expect("listed");
    let at_apple = app
        .apple_certificates(caller, org, key, &ListQuery::default())
        .await
        .expect("listed");
    let session = app.sessions(hand).await.expect("listed")[0].id;
    let token = app.tokens(hand).await.expect("listed")[0].id;
    let activity = app.activity(caller, org, 1).await.expect("listed");
    let guest = world
        .person(&named("guest", place).to_lowercase(), &[(org, guest())])
        .await
        .signed_in;
    let for_machines = NewServiceToken {
        name: named("Token", place),
        roles: vec!["organization-viewer".to_owned()],
        ..NewServiceToken::default()
    };
    let (service_token, _) = app.create_service_token(hand, org, for_machines).await.expect("made");
    let webhook = app::channels::NewChannel {
        name: named("Channel", place),
        target: app::channels::EnteredTarget::Webhook {
            url: "https://hooks.matrix.example/russet".to_owned(),
        },
        kinds: None,
    };
    let channel = app.create_channel(caller, org, webhook).await.expect("made").0.channel.id;
    let delivery = app.test_channel(caller, org, channel).await.expect("tested")[0].delivery.id;
    let mut things = nothing();
    things.extend([
        ("channel", channel.to_string()),
        ("delivery", delivery.to_string()),
        ("user", guest.person().expect("a person").id.to_string()),
        ("org-name", named("Org", place)),
        ("org", org.to_string()),
        ("key", key.to_string()),
        ("key-name", named("Key", place)),
        ("weak-key", weak_key.to_string()),
        ("lent-key", lent_key.to_string()),
        ("certificate", certificates.items[0].id.to_string()),
        ("csr", csr.id.to_string()),
        ("certificate-name", named("Certificate", place)),
        ("operation", operation.to_string()),
        ("session", session.to_string()),
        ("token", token.to_string()),
        ("service_token", service_token.token.id.to_string()),
        (
            "invitation",
            invited(world, hand, org, &format!("invited@{}", named("org", place).to_lowercase())).await,
        ),
        ("activity", activity[0].record.id.to_string()),
        (
            "device_invitation",
            Box::pin(device_invited(world, hand, org, &key.to_string())).await,
        ),
        (
            "pending_device",
            Box::pin(waiting(world, hand, org, &key.to_string(), place as u32)).await,
        ),
        ("profile", profiles.items[0].id.clone()),
        ("device", devices.items[0].id.clone()),
        ("apple_certificate", at_apple.items[0].id.clone()),
        ("bundle_id", bundle_ids.items[0].id.clone()),
        ("held_profile", fetched.new[0].profile.id.to_string()),
        ("signing_set", signing_set(world, hand, org, &named("Set", place)).await),
    ]);
    let number = 1 + place as u32;
    let held = binary(world, hand, org, &named("Binary", place), number).await;
    let new = app::builds::NewBuild {
        anyway: true,
        ..Default::default()
    };
    let group = app::testing::Wish::CreateGroup {
        name: named("Deck", place),
        internal: true,
        all_builds: false,
    };
    let changed = app.change_testing(caller, org, key, "no.halden.ferry", &[group]).await;
    let begun = app.send_build(caller, org, key, held.parse().expect("it reads"), &new).await;
    things.extend([
        ("binary", held),
        ("other", binary(world, hand, org, &named("Other-Binary", place), 100 + number).await),
        ("upload", world.upload(hand, org, &named("Upload", place), 100).await.to_string()),
        ("sending", begun.expect("begun").id.to_string()),
        ("change", changed.expect("begun").id.to_string()),
        ("group", "Passengers".to_owned()),
        ("build", "43".to_owned()),
    ]);
    things
}

/// A binary that is kept in a place; answers its id.
async fn binary(world: &World, hand: &SignedIn, org: OrgId, name: &str, number: u32) -> String {
    let app = testkit::ipa::Bundle::app("no.halden.ferry")
        .version("9.0", &number.to_string())
        .set("CFBundleDisplayName", name);
    let bytes = testkit::ipa::Ipa::of(app).file("AppIcon60x60@2x.png", pixel()).bytes();
    world.binary(hand, org, &format!("{name}.ipa"), bytes).await.id.to_string()
}

/// A picture of one pixel, PNG.
fn pixel() -> Vec<u8> {
    use base64::Engine as _;
    let text = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
    base64::engine::general_purpose::STANDARD.decode(text).expect("base64")
}

/// Invites a device to a place; answers the invitation's id.
async fn device_invited(world: &World, hand: &SignedIn, org: OrgId, key: &str) -> String {
    let new = NewDeviceInvitation {
        name: "Guest".to_owned(),
        keys: vec![key.to_owned()],
        show_link: true,
        ..NewDeviceInvitation::default()
    };
    let invited = world.app().invite_devices(&hand.caller, org, new).await.expect("invited");
    invited.view.invitation.id.to_string()
}

/// A device that waits for approval in a place; answers its id.
async fn waiting(world: &World, hand: &SignedIn, org: OrgId, key: &str, number: u32) -> String {
    let new = DeviceByHand {
        name: "Guest".to_owned(),
        udid: format!("00008110-{number:016X}"),
        keys: vec![key.to_owned()],
    };
    let added = world.app().add_pending_device(&hand.caller, org, new).await.expect("added");
    added.device.id.to_string()
}

/// Invites somebody to a place; answers the invitation's id.
async fn invited(world: &World, hand: &SignedIn, org: OrgId, who: &str) -> String {
    let email = if who.contains('@') {
        format!("{who}.example")
    } else {
        format!("{who}@matrix.example")
    };
    let new = NewInvitation {
        email,
        roles: vec!["organization-viewer".to_owned()],
        show_link: true,
    };
    let invited = world.app().invite(&hand.caller, org, new).await.expect("invited");
    invited.invitation.id.to_string()
}

/// A signing set that points at nothing any more; answers its id.
async fn signing_set(world: &World, hand: &SignedIn, org: OrgId, name: &str) -> String {
    let mut tx = world.store().await.begin_over_all().await.expect("begins");
    let tenant = tx.tenant(org).await.expect("asked").expect("there");
    let permit = domain::decide(&hand.caller.principal, domain::Action::EditSigningSets, tenant).expect("it may");
    let set = domain::SigningSet {
        id: domain::SigningSetId::fresh(&world.clock, &SystemEntropy),
        organization: org,
        name: name.parse().expect("a name"),
        profile_type: domain::ProfileType::of_apple("IOS_APP_STORE"),
        api_key: None,
        made_at: world.now(),
        changed_at: world.now(),
    };
    let item = domain::SetItem {
        identifier: "no.halden.ferry".to_owned(),
        certificate: None,
        profile: None,
        seen_at: None,
        below_seen_at: None,
    };
    tx.insert_signing_set(&permit, &set).await.expect("inserted");
    tx.put_set_item(&permit, set.id, &item).await.expect("put");
    tx.commit().await.expect("kept");
    set.id.to_string()
}

/// Ids of the right shape that nothing has, and words that are the same everywhere.
fn nothing() -> Things {
    let mut things: Things = IDS
        .iter()
        .enumerate()
        .map(|(n, (name, prefix))| (*name, format!("{prefix}_0190000000007000800000000000{n:04x}")))
        .collect();
    things.extend([
        ("key-name", "Key-of-Nobody".to_owned()),
        ("certificate-name", "Certificate-of-Nobody".to_owned()),
        ("org-name", "Org-of-Nobody".to_owned()),
        ("sub-name", "Org-of-Nobody".to_owned()),
        ("profile", "NOTTHERE00".to_owned()),
        ("device", "NOTTHERE01".to_owned()),
        ("apple_certificate", "NOTTHERE03".to_owned()),
        ("bundle_id", "NOTTHERE02".to_owned()),
        ("group", "Passengers".to_owned()),
        ("build", "43".to_owned()),
        ("feature", "certificates".to_owned()),
        ("identifier", "no.halden.ferry".to_owned()),
        ("tester", "aud@halden.example".to_owned()),
        ("folder", "000000000000".to_owned()),
        ("name", "console.css".to_owned()),
    ]);
    things
}
