//! Starting and stopping a simulator inside a process.

use crate::api::Api;
use crate::artefacts::{ArtefactError, Authority};
use crate::control::Control;
use crate::control_port::Addresses;
use crate::entropy::Entropy;
use crate::faults::Faults;
use crate::http::{Door, Shared, serve};
use crate::journal::Journal;
use crate::keys::{self, KeyError, KeyFile, KeyKind, RegisteredKey, Role};
use crate::options::{Options, Seed};
use crate::post;
use crate::seed;
use crate::team::{Settling, Team};
use crate::world::World;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// Apple's two APIs, simulated.
#[derive(Debug, Clone, Copy)]
pub struct Simulator;

/// Why a simulator did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A port is taken or an address is not this machine's.
    #[error("cannot listen on {address}: {source}; choose another address, or port 0 for a free port")]
    Listen {
        /// The address that was asked for.
        address: SocketAddr,
        /// What the system says.
        source: std::io::Error,
    },
    /// The keys directory cannot be written.
    #[error("cannot write the key files to {directory}: {source}; choose a directory that can be written")]
    KeysDirectory {
        /// The directory that was asked for.
        directory: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The journal directory cannot be written.
    #[error("cannot write the journal to {directory}: {source}; choose a directory that can be written")]
    Journal {
        /// The directory that was asked for.
        directory: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// No key pair could be made.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The simulated certificate authority could not be made.
    #[error("the simulated certificate authority could not be made: {0}")]
    Authority(String),
}

impl From<ArtefactError> for StartError {
    fn from(error: ArtefactError) -> Self {
        StartError::Authority(error.to_string())
    }
}

/// A running simulator. Dropping it closes its ports and connections.
pub struct Handle {
    app_store: SocketAddr,
    enterprise: SocketAddr,
    control_address: SocketAddr,
    parts: SocketAddr,
    keys: Vec<KeyFile>,
    authority_pem: String,
    shared: Shared,
    stop: watch::Sender<bool>,
}

impl Simulator {
    /// Binds the four ports, plays the seed and writes the keys directory.
    ///
    /// # Errors
    /// When a port cannot be bound, a directory cannot be written or a key cannot be made.
    pub async fn start(options: Options) -> Result<Handle, StartError> {
        let app_store = listen(options.listen).await?;
        let bound = address_of(&app_store, options.listen)?;
        let beside = |step: u16, ip| match options.listen.port() {
            0 => SocketAddr::new(ip, 0),
            port => SocketAddr::new(ip, port.saturating_add(step)),
        };
        let wanted = options.enterprise_listen.unwrap_or_else(|| beside(1, options.listen.ip()));
        let enterprise = listen(wanted).await?;
        let enterprise_bound = address_of(&enterprise, wanted)?;
        let wanted = options.control_listen.unwrap_or_else(|| beside(2, Ipv4Addr::LOCALHOST.into()));
        let control = listen(wanted).await?;
        let control_bound = address_of(&control, wanted)?;
        let wanted = options.parts_listen.unwrap_or_else(|| beside(3, options.listen.ip()));
        let parts = listen(wanted).await?;
        let parts_bound = address_of(&parts, wanted)?;

        let (mut world, keys) = world(&options)?;
        world.store.deliveries.origin = base_url(parts_bound);
        let authority_pem = world.authority.bundle_pem();
        if let Some(directory) = &options.keys_dir {
            keys::write_directory(directory, &keys, &authority_pem).map_err(|source| StartError::KeysDirectory {
                directory: directory.clone(),
                source,
            })?;
        }

        let shared = Shared::new(world);
        let (stop, stopped) = watch::channel(false);
        let addresses = Addresses {
            app_store: base_url(bound),
            enterprise: base_url(enterprise_bound),
            control: base_url(control_bound),
            parts: base_url(parts_bound),
        };
        for (listener, door) in [
            (app_store, Door::Apple(Api::AppStore)),
            (enterprise, Door::Apple(Api::Enterprise)),
            (control, Door::Control(addresses.into())),
            (parts, Door::Parts),
        ] {
            drop(tokio::spawn(serve(listener, shared.clone(), door, stopped.clone())));
        }
        drop(tokio::spawn(post::carry(shared.clone(), stopped.clone())));
        Ok(Handle {
            app_store: bound,
            enterprise: enterprise_bound,
            control_address: control_bound,
            parts: parts_bound,
            keys,
            authority_pem,
            shared,
            stop,
        })
    }
}

impl Handle {
    /// What a client uses as the origin of the App Store Connect API, without `/v1`.
    pub fn url(&self) -> String {
        base_url(self.app_store)
    }

    /// What a client uses as the origin of the Enterprise Program API, without `/v1`.
    pub fn enterprise_url(&self) -> String {
        base_url(self.enterprise)
    }

    /// The base URL of the control port.
    pub fn control_url(&self) -> String {
        base_url(self.control_address)
    }

    /// The base URL of the port where parts of binaries are sent.
    pub fn parts_url(&self) -> String {
        base_url(self.parts)
    }

    /// The keys made at the start: one Admin, App Manager, Developer, individual and enterprise key.
    pub fn keys(&self) -> &[KeyFile] {
        &self.keys
    }

    /// The first key of a kind that has the role.
    pub fn key(&self, kind: KeyKind, role: Role) -> Option<&KeyFile> {
        self.keys.iter().find(|key| key.kind == kind && key.roles.contains(&role))
    }

    /// Root and intermediates of the simulated authority in PEM: the trust root of whoever believes this simulator.
    pub fn authority_pem(&self) -> &str {
        &self.authority_pem
    }

    /// The hand on the simulator.
    pub fn control(&self) -> Control {
        Control(self.shared.clone())
    }

    /// Closes ports and connections.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

fn world(options: &Options) -> Result<(World, Vec<KeyFile>), StartError> {
    let now = options.clock.now();
    let mut entropy = Entropy::new(options.entropy);
    // The file name must differ between simulators even where their seeds are the same.
    let instance = Entropy::new(None).uuid();
    let journal = Journal::open(options.journal.as_deref(), &instance).map_err(|source| StartError::Journal {
        directory: options.journal.clone().unwrap_or_default(),
        source,
    })?;
    let mut store = Team::new(entropy.provisioning_id(), "Halden Mobile AS", "Ingrid Solheim");
    let enterprise = Team::new(entropy.provisioning_id(), "Halden Group AS", "Jonas Halden");
    store.deliveries.settings = options.uploads.clone();
    let keys = make_keys(&mut entropy)?;
    let registered: Result<Vec<_>, _> = keys.iter().map(RegisteredKey::of).collect();
    let mut world = World {
        clock: options.clock.clone(),
        entropy,
        authority: Authority::new(now)?,
        limits: options.limits.clone(),
        settling: Settling::default(),
        lingering: Settling::default(),
        app_manager_cip: false,
        keys: registered?,
        store,
        enterprise,
        faults: Faults::default(),
        journal,
        calls: BTreeMap::new(),
    };
    match options.seed {
        Seed::Empty => {}
        Seed::Believable => seed::play(&mut world, now),
    }
    Ok((world, keys))
}

fn make_keys(entropy: &mut Entropy) -> Result<Vec<KeyFile>, KeyError> {
    let team = entropy.uuid();
    let enterprise = entropy.uuid();
    [
        (KeyKind::Team, Role::Admin),
        (KeyKind::Team, Role::AppManager),
        (KeyKind::Team, Role::Developer),
        (KeyKind::Individual, Role::AppManager),
        (KeyKind::Enterprise, Role::Admin),
    ]
    .into_iter()
    .map(|(kind, role)| {
        let issuer_id = match kind {
            KeyKind::Team => Some(team.clone()),
            KeyKind::Individual => None,
            KeyKind::Enterprise => Some(enterprise.clone()),
        };
        KeyFile::generate(entropy.provisioning_id(), issuer_id, kind, vec![role])
    })
    .collect()
}

async fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address)
        .await
        .map_err(|source| StartError::Listen { address, source })
}

fn address_of(listener: &TcpListener, address: SocketAddr) -> Result<SocketAddr, StartError> {
    listener.local_addr().map_err(|source| StartError::Listen { address, source })
}

fn base_url(address: SocketAddr) -> String {
    format!("http://{address}")
}
