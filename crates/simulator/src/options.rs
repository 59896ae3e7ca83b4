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
    /// Where parts of binaries are sent; none: the same address, three ports on (or a free one).
    pub parts_listen: Option<SocketAddr>,
    /// How uploads are played.
    pub uploads: Uploads,
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
            parts_listen: None,
            uploads: Uploads::default(),
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

/// How uploads are played. None of these numbers is known of Apple.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Uploads {
    /// The largest part that is asked for, in bytes.
    pub part_size: u64,
    /// How long the address of a part is good, in seconds of the simulator's clock.
    pub part_url_seconds: u32,
    /// From the commit to COMPLETE or FAILED, in seconds of the simulator's clock.
    pub processing_seconds: u32,
    /// From COMPLETE until the build is VALID, in seconds of the simulator's clock.
    pub build_processing_seconds: u32,
    /// How many builds of an app Apple takes in 24 hours; none: any number.
    pub per_day: Option<u32>,
}

impl Default for Uploads {
    fn default() -> Self {
        Self {
            part_size: 8 * 1024 * 1024,
            part_url_seconds: 24 * 60 * 60,
            processing_seconds: 3,
            build_processing_seconds: 3,
            per_day: None,
        }
    }
}
