//! The client against the simulator, which knows Apple's behavior and nothing of this crate.

mod keys;
mod lists;
mod provisioning;
mod testflight;
mod trouble;

use std::sync::Arc;

use apple::{Apple, Clock, Config, Credentials, HeldKey, KeyKind, RetryPolicy, Session};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use simulator::{Handle, KeyFile, Options, Role, Simulator};

/// A request whose private key nobody has kept.
pub(crate) const CSR: &str = include_str!("request.csr");

/// A simulator and a client that points at it. Both read the same clock, until a test moves one.
pub(crate) struct World {
    pub(crate) apple: Handle,
    pub(crate) client: Apple,
}

impl World {
    pub(crate) async fn new() -> Self {
        let apple = Simulator::start(Options::default()).await.expect("a simulator");
        let clock = apple.control().clock();
        let client = client(&apple, Arc::new(move || clock.now()));
        Self { apple, client }
    }

    /// A session with the first key of this kind and role.
    pub(crate) fn session(&self, kind: simulator::KeyKind, role: Role) -> Session {
        let key = self.apple.key(kind, role).expect("a key of this kind and role");
        session(&self.client, key)
    }

    pub(crate) fn admin(&self) -> Session {
        self.session(simulator::KeyKind::Team, Role::Admin)
    }
}

pub(crate) fn client(apple: &Handle, clock: Clock) -> Apple {
    let url = apple.url().parse().expect("a URL");
    let enterprise = apple.enterprise_url().parse().expect("a URL");
    let mut config = Config::new(url, enterprise, clock);
    config.retries = RetryPolicy {
        base: std::time::Duration::ZERO,
        ..RetryPolicy::default()
    };
    Apple::new(config).expect("a client")
}

pub(crate) fn session(client: &Apple, key: &KeyFile) -> Session {
    let kind = match key.kind {
        simulator::KeyKind::Team => KeyKind::Team,
        simulator::KeyKind::Individual => KeyKind::Individual,
        simulator::KeyKind::Enterprise => KeyKind::Enterprise,
    };
    session_as(client, key, kind, key.issuer_id.as_deref())
}

/// A session that takes the key for another kind or another issuer's.
pub(crate) fn session_as(client: &Apple, key: &KeyFile, kind: KeyKind, issuer_id: Option<&str>) -> Session {
    let pem = key.pem();
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let pkcs8 = STANDARD.decode(body).expect("base64");
    let credentials = Credentials {
        kind,
        key_id: &key.key_id,
        issuer_id,
        private_key_pkcs8: &pkcs8,
    };
    client.session(kind, Arc::new(HeldKey::new(client, &credentials)))
}
