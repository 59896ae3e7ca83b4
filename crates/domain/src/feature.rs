//! The feature table of a key: what its Apple roles say it may do, what Apple answered to a harmless GET, and what
//! really happened last. Three columns that are never blended; Apple, not we, is the judge.
//!
//! A declared "no" stops an act before the call and names the keys that would work; an Owner may let it pass for one
//! key and feature. A probe never proves a right to write, so it never says "yes".

use crate::{
    apple_key::{ApiKey, AppleRole, KeyKind},
    certificate::CertificateType,
    health::KeyHealth,
    profile::ProfileType,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt, str::FromStr};

/// A row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Feature {
    /// Upload a binary to TestFlight
    UploadBinary,
    /// Manage TestFlight builds and testers
    ManageTestFlight,
    /// Update App Store metadata
    UpdateMetadata,
    /// Submit to App Store (Add for Review)
    SubmitToAppStore,
    /// Create / download certificates
    Certificates,
    /// Create / download provisioning profiles
    Profiles,
    /// Register / edit bundle IDs
    BundleIds,
}

impl Feature {
    /// All rows, in the order of the table.
    pub const ALL: [Self; 7] = [
        Self::UploadBinary,
        Self::ManageTestFlight,
        Self::UpdateMetadata,
        Self::SubmitToAppStore,
        Self::Certificates,
        Self::Profiles,
        Self::BundleIds,
    ];

    /// The row's words.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::UploadBinary => "Upload a binary to TestFlight",
            Self::ManageTestFlight => "Manage TestFlight builds and testers",
            Self::UpdateMetadata => "Update App Store metadata",
            Self::SubmitToAppStore => "Submit to App Store (Add for Review)",
            Self::Certificates => "Create / download certificates",
            Self::Profiles => "Create / download provisioning profiles",
            Self::BundleIds => "Register / edit bundle IDs",
        }
    }

    /// The word in the API, the database and addresses.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UploadBinary => "upload-binary",
            Self::ManageTestFlight => "manage-test-flight",
            Self::UpdateMetadata => "update-metadata",
            Self::SubmitToAppStore => "submit-to-app-store",
            Self::Certificates => "certificates",
            Self::Profiles => "profiles",
            Self::BundleIds => "bundle-ids",
        }
    }

    /// Whether it belongs to certificates, identifiers and profiles.
    #[must_use]
    pub fn is_signing(self) -> bool {
        matches!(self, Self::Certificates | Self::Profiles | Self::BundleIds)
    }
}

impl FromStr for Feature {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|f| f.as_str() == text)
            .ok_or_else(|| format!("“{text}” is not a feature of the table"))
    }
}

/// The note beside a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Limit {
    /// internal testers only
    InternalTestersOnly,
    /// development only
    DevelopmentOnly,
    /// no delete
    NoDelete,
}

impl Limit {
    /// The note's words.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::InternalTestersOnly => "internal testers only",
            Self::DevelopmentOnly => "development only",
            Self::NoDelete => "no delete",
        }
    }
}

/// What the kind and the roles of a key say about a feature. With a limit, only the noted part is let through,
/// whichever sign the cell carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "says", content = "limit")]
pub enum Declared {
    /// ✅, perhaps with a note.
    Yes(Option<Limit>),
    /// ⛔, perhaps with a note.
    No(Option<Limit>),
    /// No role was entered: nothing is stopped.
    Unknown,
    /// The kind of the key rules it out, whatever its role (facts A4, A5).
    NotWithThisKind,
}

fn cell(role: AppleRole, feature: Feature) -> Declared {
    use {AppleRole as R, Declared as D, Feature as F, Limit as L};
    match (role, feature) {
        (R::Admin, _) => D::Yes(None),
        (R::AppManager, f) if !f.is_signing() => D::Yes(None),
        (R::Developer, F::UploadBinary) => D::Yes(None),
        (R::Developer, F::ManageTestFlight) => D::Yes(Some(L::InternalTestersOnly)),
        (R::Developer, F::Certificates | F::Profiles) => D::No(Some(L::DevelopmentOnly)),
        (R::Developer, F::BundleIds) => D::No(Some(L::NoDelete)),
        _ => D::No(None),
    }
}

/// How much a cell grants, for the union of several roles.
fn weight(declared: Declared) -> u8 {
    match declared {
        Declared::Yes(None) => 4,
        Declared::Yes(Some(_)) => 3,
        Declared::No(Some(_)) => 2,
        _ => 1,
    }
}

/// The declared column for one feature: the union over the key's roles.
#[must_use]
pub fn declared(kind: KeyKind, roles: &BTreeSet<AppleRole>, feature: Feature) -> Declared {
    match kind {
        KeyKind::Individual if feature.is_signing() => return Declared::NotWithThisKind,
        KeyKind::Enterprise if !feature.is_signing() => return Declared::NotWithThisKind,
        _ => {}
    }
    roles
        .iter()
        .map(|role| cell(*role, feature))
        .max_by_key(|d| weight(*d))
        .unwrap_or(Declared::Unknown)
}

/// The probed column: Apple's answer to a harmless GET. There is no "yes": reading proves nothing about writing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "probe")]
pub enum Probed {
    /// Never asked.
    Never,
    /// 200: the list is readable.
    Readable {
        /// When.
        at: Timestamp,
    },
    /// 403: refused.
    Refused {
        /// When.
        at: Timestamp,
        /// Apple's code.
        code: String,
    },
    /// Nothing to ask about: the key sees no app, or the kind rules the question out.
    NotProbeable {
        /// When this was seen.
        at: Timestamp,
        /// In words.
        why: String,
    },
    /// No usable answer.
    Failed {
        /// When.
        at: Timestamp,
        /// In words.
        why: String,
    },
}

/// The last-result column: what really happened the last time the feature was used through this key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastResult {
    /// What was tried.
    pub need: Need,
    /// When it ended.
    pub at: Timestamp,
    /// How: nothing for success, Apple's code and words for a refusal.
    pub refusal: Option<AppleRefusal>,
}

impl LastResult {
    /// Whether it takes the place of what happened before. A success in reading does not hide a real act: the table shall
    /// say that Apple refused to create a certificate yesterday, also after somebody listed certificates today.
    #[must_use]
    pub fn replaces(&self, before: &Self) -> bool {
        let only_read = self.refusal.is_none() && matches!(self.need, Need::Read { .. });
        !only_read || matches!(before.need, Need::Read { .. })
    }
}

/// What Apple said when it refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppleRefusal {
    /// HTTP status.
    pub status: u16,
    /// Apple's code, such as `FORBIDDEN_ERROR`.
    pub code: String,
    /// Apple's sentence, as it came, shortened.
    pub detail: String,
}

/// One row of the table for one key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeatureRow {
    /// Which feature.
    pub feature: Feature,
    /// From kind and roles.
    pub declared: Declared,
    /// An Owner lets a declared "no" pass.
    pub overridden: bool,
    /// From Apple, by a GET.
    pub probed: Probed,
    /// From Apple, by the real act.
    pub last: Option<LastResult>,
}

/// What a key is wanted for, as exactly as the table distinguishes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "need")]
pub enum Need {
    /// Read a list or an item of the account.
    Read {
        /// Of which feature.
        feature: Feature,
    },
    /// Create a certificate of this type.
    CreateCertificate {
        /// Apple's type.
        certificate_type: CertificateType,
    },
    /// Revoke a certificate of this type.
    RevokeCertificate {
        /// Apple's type.
        certificate_type: CertificateType,
    },
    /// Register a bundle ID.
    RegisterBundleId,
    /// Change the capabilities of a bundle ID.
    EditBundleId,
    /// Register a device.
    RegisterDevice,
    /// Rename, enable or disable a device.
    EditDevice,
    /// Create a profile of this type.
    CreateProfile {
        /// Apple's type.
        profile_type: ProfileType,
    },
    /// Delete a profile of this type.
    DeleteProfile {
        /// Apple's type.
        profile_type: ProfileType,
    },
    /// Send a build to TestFlight.
    UploadBuild,
    /// Register and remove webhooks of an app.
    EditWebhooks,
    /// Change something in TestFlight.
    ManageTesting {
        /// Whether it is about internal groups and their testers only.
        internal_only: bool,
    },
    /// Answer the question of export compliance for a build.
    AnswerExportCompliance,
    /// Look whether the key works and what it may read.
    Check,
    /// Hand out a short-lived token made with it.
    MintToken,
}

impl Need {
    /// To create a profile of this type.
    #[must_use]
    pub fn create_profile(profile_type: &ProfileType) -> Self {
        Self::CreateProfile {
            profile_type: profile_type.clone(),
        }
    }

    /// The feature it counts for; a check and a token count for none.
    #[must_use]
    pub fn feature(&self) -> Option<Feature> {
        match self {
            Self::Read { feature } => Some(*feature),
            Self::CreateCertificate { .. } | Self::RevokeCertificate { .. } => Some(Feature::Certificates),
            Self::CreateProfile { .. } | Self::DeleteProfile { .. } => Some(Feature::Profiles),
            // Devices stand with bundle IDs in Apple's identifiers; the table has no row of their own.
            Self::RegisterBundleId | Self::EditBundleId | Self::RegisterDevice | Self::EditDevice => Some(Feature::BundleIds),
            Self::UploadBuild => Some(Feature::UploadBinary),
            // They tell of builds; the table has no row of their own.
            Self::EditWebhooks => Some(Feature::ManageTestFlight),
            Self::ManageTesting { .. } => Some(Feature::ManageTestFlight),
            Self::AnswerExportCompliance => Some(Feature::ManageTestFlight),
            Self::Check | Self::MintToken => None,
        }
    }
}

impl Need {
    /// What it changes at Apple, in words, and whether Apple tells development from distribution there; none for what only
    /// reads.
    fn changes(&self) -> Option<(&'static str, bool)> {
        match self {
            Self::CreateCertificate { .. } => Some(("create certificates", true)),
            Self::RevokeCertificate { .. } => Some(("revoke certificates", true)),
            Self::RegisterBundleId => Some(("register bundle IDs", false)),
            Self::EditBundleId => Some(("change bundle IDs", false)),
            Self::RegisterDevice => Some(("register devices", false)),
            Self::EditDevice => Some(("change devices", false)),
            Self::CreateProfile { .. } => Some(("create profiles", true)),
            Self::DeleteProfile { .. } => Some(("delete profiles", true)),
            Self::UploadBuild => Some(("send builds", false)),
            Self::EditWebhooks => Some(("register webhooks", false)),
            Self::ManageTesting { .. } => Some(("manage TestFlight", false)),
            Self::AnswerExportCompliance => Some(("answer export compliance", false)),
            Self::Read { .. } | Self::Check | Self::MintToken => None,
        }
    }

    fn is_for_development(&self) -> bool {
        match self {
            Self::CreateCertificate { certificate_type } | Self::RevokeCertificate { certificate_type } => {
                certificate_type.is_development()
            }
            Self::CreateProfile { profile_type } | Self::DeleteProfile { profile_type } => profile_type.is_development(),
            _ => false,
        }
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read {
                feature: Feature::Certificates,
            } => f.write_str("List certificates"),
            Self::Read {
                feature: Feature::Profiles,
            } => f.write_str("List profiles"),
            Self::Read {
                feature: Feature::BundleIds,
            } => f.write_str("List bundle IDs and devices"),
            Self::Read { feature } => write!(f, "Read: {}", feature.title()),
            Self::CreateCertificate { certificate_type } => write!(f, "Create {}", certificate_type.title()),
            Self::RevokeCertificate { certificate_type } => write!(f, "Revoke {}", certificate_type.title()),
            Self::RegisterBundleId => f.write_str("Register a bundle ID"),
            Self::EditBundleId => f.write_str("Change capabilities"),
            Self::RegisterDevice => f.write_str("Register a device"),
            Self::EditDevice => f.write_str("Change a device"),
            Self::CreateProfile { profile_type } => write!(f, "Create {}", profile_type.title()),
            Self::DeleteProfile { profile_type } => write!(f, "Delete {}", profile_type.title()),
            Self::Check => f.write_str("Check the key"),
            Self::UploadBuild => f.write_str("Send a build"),
            Self::EditWebhooks => f.write_str("Change webhooks"),
            Self::ManageTesting { internal_only: true } => f.write_str("Manage internal testers"),
            Self::ManageTesting { internal_only: false } => f.write_str("Manage TestFlight"),
            Self::AnswerExportCompliance => f.write_str("Answer export compliance"),
            Self::MintToken => f.write_str("Make a token for Apple"),
        }
    }
}

/// Whether a key can be picked for a need, and why not. Sorts usable keys first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "usability", content = "why")]
pub enum Usability {
    /// Nothing speaks against it.
    Usable,
    /// It may be tried; the reason says what speaks against it.
    Doubtful(String),
    /// It is stopped before the call, with this reason.
    Refused(String),
}

impl Usability {
    /// Whether the act may go on to Apple.
    #[must_use]
    pub fn may_try(&self) -> bool {
        !matches!(self, Self::Refused(_))
    }

    /// The reason, when there is one.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Usable => None,
            Self::Doubtful(why) | Self::Refused(why) => Some(why),
        }
    }
}

/// Whether this key can be used for this need. `probed` is the probed column of the need's feature.
///
/// A kind that rules the need out and a declared "no" stop the act. A key that does not work now, an act that Apple's
/// role table leaves open and a refused probe only cast doubt: Apple is the judge.
#[must_use]
pub fn usability(key: &ApiKey, need: &Need, probed: &Probed) -> Usability {
    let Some(feature) = need.feature() else { return Usability::Usable };
    let declared = declared(key.kind, &key.roles, feature);
    if declared == Declared::NotWithThisKind {
        return Usability::Refused(match key.kind {
            KeyKind::Individual => "Individual keys have no access to certificates, identifiers and profiles. Use a team key.".to_owned(),
            _ => "The Apple Developer Enterprise Program has neither TestFlight nor App Store Connect.".to_owned(),
        });
    }
    let overridden = key.overrides.contains(&feature);
    let roles = || key.roles.iter().map(|r| r.title()).collect::<Vec<_>>().join(" and ");
    let stopped = match (need.changes(), declared) {
        (Some((acts, true)), Declared::No(Some(Limit::DevelopmentOnly))) => {
            (!need.is_for_development()).then(|| format!("A key with the role {} may {acts} for development only.", roles()))
        }
        (Some(_), Declared::No(Some(Limit::NoDelete))) => None,
        (Some(_), Declared::Yes(Some(Limit::InternalTestersOnly))) if *need == (Need::ManageTesting { internal_only: false }) => {
            Some(format!(
                "A key with the role {} may manage internal testers only. For external groups, texts, export compliance and beta review Apple asks for the role Admin or App Manager.",
                roles()
            ))
        }
        (Some((acts, _)), Declared::No(_)) => Some(format!(
            "A key with the role {} may not {acts}; Apple asks for the role {}.",
            roles(),
            if feature.is_signing() {
                "Admin"
            } else {
                "Admin, App Manager or Developer"
            }
        )),
        _ => None,
    };
    if let Some(why) = stopped
        && !overridden
    {
        return Usability::Refused(why);
    }
    if let Some(why) = doubt_about_health(&key.health) {
        return Usability::Doubtful(why.to_owned());
    }
    if let Probed::Refused { code, .. } = probed {
        return Usability::Doubtful(format!(
            "Apple refused to list this through the key when it was last asked ({code})."
        ));
    }
    if matches!(need, Need::Read { .. }) && declared == Declared::No(None) && !matches!(probed, Probed::Readable { .. }) {
        return Usability::Doubtful(format!("Apple usually refuses this to a key with the role {}.", roles()));
    }
    Usability::Usable
}

fn doubt_about_health(health: &KeyHealth) -> Option<&'static str> {
    match health {
        KeyHealth::Working | KeyHealth::Unverified => None,
        KeyHealth::ClockOff { .. } => Some("This server's clock is off, Apple refuses its tokens."),
        KeyHealth::AgreementMissing => Some("An agreement waits to be signed in App Store Connect."),
        KeyHealth::MembershipLapsed => Some("The team's membership has lapsed."),
        KeyHealth::WrongKind { .. } | KeyHealth::Mismatch | KeyHealth::NoLongerAccepted { .. } => Some("Apple does not accept this key."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_twenty_one_cells_stand_as_in_the_table() {
        let sign = |d: Declared| match d {
            Declared::Yes(None) => "✅".to_owned(),
            Declared::Yes(Some(l)) => format!("✅ ({})", l.title()),
            Declared::No(None) => "⛔".to_owned(),
            Declared::No(Some(l)) => format!("⛔ ({})", l.title()),
            Declared::Unknown => "?".to_owned(),
            Declared::NotWithThisKind => "–".to_owned(),
        };
        let table: Vec<String> = Feature::ALL
            .into_iter()
            .map(|f| {
                let cells = [AppleRole::Admin, AppleRole::AppManager, AppleRole::Developer]
                    .map(|r| sign(declared(KeyKind::Team, &BTreeSet::from([r]), f)));
                format!("{} | {}", f.title(), cells.join(" | "))
            })
            .collect();
        assert_eq!(
            table,
            [
                "Upload a binary to TestFlight | ✅ | ✅ | ✅",
                "Manage TestFlight builds and testers | ✅ | ✅ | ✅ (internal testers only)",
                "Update App Store metadata | ✅ | ✅ | ⛔",
                "Submit to App Store (Add for Review) | ✅ | ✅ | ⛔",
                "Create / download certificates | ✅ | ⛔ | ⛔ (development only)",
                "Create / download provisioning profiles | ✅ | ⛔ | ⛔ (development only)",
                "Register / edit bundle IDs | ✅ | ⛔ | ⛔ (no delete)",
            ]
        );
    }

    #[test]
    fn several_roles_add_up_and_no_role_is_unknown() {
        let both = BTreeSet::from([AppleRole::AppManager, AppleRole::Developer]);
        assert_eq!(
            declared(KeyKind::Team, &both, Feature::Certificates),
            Declared::No(Some(Limit::DevelopmentOnly))
        );
        assert_eq!(declared(KeyKind::Team, &both, Feature::ManageTestFlight), Declared::Yes(None));
        assert_eq!(declared(KeyKind::Team, &BTreeSet::new(), Feature::Certificates), Declared::Unknown);
        let admin = BTreeSet::from([AppleRole::Admin]);
        assert_eq!(declared(KeyKind::Individual, &admin, Feature::Profiles), Declared::NotWithThisKind);
        assert_eq!(
            declared(KeyKind::Enterprise, &admin, Feature::UploadBinary),
            Declared::NotWithThisKind
        );
    }
}
