//! How a simulator is set up.

use crate::clock::Clock;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// The environment variable that names the journal directory of [`Options::default`]: a test run sets it once for all the
/// simulators that its tests start.
pub const JOURNAL_VARIABLE: &str = "RUSSET_SIMULATOR_JOURNAL_DIR";

/// How a simulator is set up. `Options::default()` listens on free ports of the loopback with a believable team.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where the App Store Connect API listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where the Enterprise Program API listens; none: the same address, the next port (or a free one).
    pub enterprise_listen: Option<SocketAddr>,
    /// Where the control port listens; none: the loopback, two ports on (or a free one). It has no password.
    pub control_listen: Option<SocketAddr>,
    /// Writes `AuthKey_<KEYID>.p8` files, `keys.json` and `apple-root.pem` there.
    pub keys_dir: Option<PathBuf>,
    /// What the team has at the start.
    pub seed: Seed,
    /// The simulator's time.
    pub clock: Clock,
    /// The seed of ids and serial numbers; none: different each time.
    pub entropy: Option<u64>,
    /// Apple's quotas.
    pub limits: Limits,
    /// Appends every exchange as a JSON line to a file of its own in this directory.
    pub journal: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            enterprise_listen: None,
            control_listen: None,
            keys_dir: None,
            seed: Seed::Believable,
            clock: Clock::real(),
            entropy: None,
            limits: Limits::default(),
            journal: std::env::var_os(JOURNAL_VARIABLE).map(PathBuf::from),
        }
    }
}

/// What the team has at the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Seed {
    /// Apps, bundle IDs, devices, certificates and profiles, some expired, some invalid.
    #[default]
    Believable,
    /// Keys only.
    Empty,
}

/// Apple's quotas. Which numbers Apple uses today is not known (facts E6, K), so they are settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// Certificates per type that are neither revoked nor expired; a type that is missing has no limit.
    pub certificates: BTreeMap<String, u32>,
    /// Devices per class.
    pub devices_per_class: u32,
    /// How many devices a list gives before its cursors are refused; none: all.
    pub devices_by_cursor: Option<u32>,
    /// Requests of one key in a rolling hour (facts C).
    pub requests_per_hour: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            certificates: BTreeMap::from([("DISTRIBUTION".to_owned(), 3), ("DEVELOPMENT".to_owned(), 2)]),
            devices_per_class: 100,
            devices_by_cursor: Some(400),
            requests_per_hour: 3600,
        }
    }
}
