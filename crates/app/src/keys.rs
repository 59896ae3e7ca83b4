//! API keys: add, see, check, rename, rotate, remove.
use crate::{App, Caller, Problem};
use domain::{ApiKey, ApiKeyId, CheckMark, Feature, FeatureRow, HeldCertificate, Need, OrgId, Usability};
use jiff::{Timestamp, civil::Date};
use zeroize::Zeroizing;

/// What a person enters to link a key.
pub struct NewKey {
    /// The name; when empty, made from the Key ID.
    pub name: String,
    /// `team`, `individual` or `enterprise`.
    pub kind: String,
    /// Apple's Key ID; when empty, read from the file name.
    pub key_id: String,
    /// Apple's Issuer ID; empty for individual keys.
    pub issuer_id: String,
    /// Roles, as words; may be empty.
    pub roles: Vec<String>,
    /// The dropped file's name, if any.
    pub file_name: Option<String>,
    /// The dropped file's bytes, or the pasted text.
    pub file: Zeroizing<Vec<u8>>,
    /// Save it without the proof when Apple does not accept it or does not answer.
    pub save_unverified: bool,
}

/// A key in a list.
#[derive(Debug, Clone)]
pub struct KeySummary {
    /// The key.
    pub key: ApiKey,
    /// Who added it, by name.
    pub added_by: String,
    /// Who used it last, by name.
    pub last_used_by: Option<String>,
    /// The last 14 days, oldest first; none where nothing was checked.
    pub strip: Vec<DayMark>,
    /// Why the last check came to no conclusion, if so.
    pub trouble: Option<String>,
}

/// One day's check.
#[derive(Debug, Clone, Copy)]
pub struct DayMark {
    /// Which day, UTC.
    pub day: Date,
    /// How it ended; none when none was made.
    pub mark: Option<CheckMark>,
}

/// A key's page.
#[derive(Debug, Clone)]
pub struct KeyDetails {
    /// As in the list.
    pub summary: KeySummary,
    /// The feature table, seven rows.
    pub features: Vec<FeatureRow>,
    /// When the next check is due.
    pub next_check: Option<Timestamp>,
    /// Requests left of Apple's hourly budget, as last told: (left, of).
    pub budget: Option<(u32, u32)>,
}

/// A key as a choice for a need: usable ones first.
#[derive(Debug, Clone)]
pub struct KeyChoice {
    /// The key.
    pub key: ApiKey,
    /// Usable, doubtful or refused, with the reason.
    pub usability: Usability,
}

/// What hangs on a key.
#[derive(Debug, Clone, Default)]
pub struct Dependents {
    /// Certificates here that were made or fetched through it; they stay, and cannot be renewed or revoked any more.
    pub certificates: Vec<HeldCertificate>,
    /// Operations that are not over.
    pub running_operations: u32,
}

impl App {
    /// Reads, proves by the health probe, seals and saves a key; asks the feature probes; plans the daily check.
    pub async fn add_key(&self, caller: &Caller, org: OrgId, input: NewKey) -> Result<KeyDetails, Problem> {
        todo!()
    }
    /// The organization's keys by name.
    pub async fn keys(&self, caller: &Caller, org: OrgId) -> Result<Vec<KeySummary>, Problem> {
        todo!()
    }
    /// One key.
    pub async fn key(&self, caller: &Caller, org: OrgId, key: ApiKeyId) -> Result<KeyDetails, Problem> {
        todo!()
    }
    /// A key by its id or its name (exactly, then without regard to case), for the command line.
    pub async fn find_key(&self, caller: &Caller, org: OrgId, name_or_id: &str) -> Result<ApiKey, Problem> {
        todo!()
    }
    /// Gives it another name.
    pub async fn rename_key(&self, caller: &Caller, org: OrgId, key: ApiKeyId, name: &str) -> Result<ApiKey, Problem> {
        todo!()
    }
    /// Enters the roles that it was given at Apple.
    pub async fn set_key_roles(&self, caller: &Caller, org: OrgId, key: ApiKeyId, roles: &[String]) -> Result<ApiKey, Problem> {
        todo!()
    }
    /// Lets a declared "no" pass, or stops it again.
    pub async fn override_feature(&self, caller: &Caller, org: OrgId, key: ApiKeyId, feature: Feature, on: bool) -> Result<(), Problem> {
        todo!()
    }
    /// Asks Apple now: health, feature probes, team ID.
    pub async fn check_key(&self, caller: &Caller, org: OrgId, key: ApiKeyId) -> Result<KeyDetails, Problem> {
        todo!()
    }
    /// Replaces the private key under the same item; proven first.
    pub async fn rotate_key(&self, caller: &Caller, org: OrgId, key: ApiKeyId, input: NewKey) -> Result<KeyDetails, Problem> {
        todo!()
    }
    /// What depends on it.
    pub async fn key_dependents(&self, caller: &Caller, org: OrgId, key: ApiKeyId) -> Result<Dependents, Problem> {
        todo!()
    }
    /// Removes it with its sealed private key. `typed_name` must be its name.
    pub async fn remove_key(&self, caller: &Caller, org: OrgId, key: ApiKeyId, typed_name: &str) -> Result<(), Problem> {
        todo!()
    }
    /// The keys for a need, usable ones first.
    pub async fn key_choices(&self, caller: &Caller, org: OrgId, need: &Need) -> Result<Vec<KeyChoice>, Problem> {
        todo!()
    }
}
