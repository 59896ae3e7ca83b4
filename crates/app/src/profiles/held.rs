//! Profiles held here: listed and shown with what matches them, downloaded, removed.

use super::{file, inside::Inside};
use crate::{
    App, Caller, Problem,
    acting::in_time,
    apple_account::{Download, ListQuery, file_name},
    certificates::past,
    lending::{Lender, OwnersAct, SigningItem, lender},
    problem::Kind,
    sharing::Sharing,
    signing_sets::SetName,
};
use domain::{
    Action, CertificateId, Event, HeldProfile, OperationId, OrgId, Permit, ProfileId, ProfileStanding, ProfileState, ProfileType, Shareable,
};
use jiff::Timestamp;
use store::{KnownCertificate, Page, Paging, ProfileFilter, ProfileOrder, ProfileToUse, StoreError, Tx};
use zeroize::Zeroizing;

/// The most profiles that one step removes.
const AT_ONCE_MOST: usize = 500;

/// Whether what is signed with a profile can be signed here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateMatch {
    /// One of its certificates is held with its private key.
    KeyHeld(CertificateId),
    /// One of its certificates is held, without its private key.
    NoKeyHeld(CertificateId),
    /// None of its certificates is held.
    NoCertificate,
}

impl CertificateMatch {
    /// The word in the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::KeyHeld(_) => "key-held",
            Self::NoKeyHeld(_) => "no-key-held",
            Self::NoCertificate => "no-certificate",
        }
    }

    /// The held certificate, if there is one.
    #[must_use]
    pub fn certificate(self) -> Option<CertificateId> {
        match self {
            Self::KeyHeld(certificate) | Self::NoKeyHeld(certificate) => Some(certificate),
            Self::NoCertificate => None,
        }
    }

    fn of(profile: &HeldProfile, known: &Known) -> Self {
        match (known.of(profile).find(|known| known.key_held), known.of(profile).next()) {
            (Some(held), _) => Self::KeyHeld(held.id),
            (None, Some(held)) => Self::NoKeyHeld(held.id),
            (None, None) => Self::NoCertificate,
        }
    }
}

/// The certificates of some profiles that are held here or lent now.
pub(super) struct Known(Vec<KnownCertificate>);

impl Known {
    /// Those in a profile.
    pub(super) fn of<'k>(&'k self, profile: &HeldProfile) -> impl Iterator<Item = &'k KnownCertificate> {
        self.0
            .iter()
            .filter(|known| profile.has(&known.public_key_fingerprint, &known.serial))
    }

    /// The one with this public key and serial number.
    pub(super) fn find(&self, public_key_fingerprint: &str, serial: &str) -> Option<&KnownCertificate> {
        self.0
            .iter()
            .find(|known| known.public_key_fingerprint == public_key_fingerprint && known.serial.eq_ignore_ascii_case(serial))
    }
}

/// A profile in a list.
#[derive(Debug, Clone)]
pub struct ProfileRow {
    /// The profile.
    pub profile: HeldProfile,
    /// Whether it can be used now.
    pub state: ProfileState,
    /// Whether its certificate is held here.
    pub matched: CertificateMatch,
}

/// A certificate in a profile.
#[derive(Debug, Clone)]
pub struct InProfile {
    /// Its subject's common name.
    pub name: String,
    /// Upper-case hex.
    pub serial: String,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Here, if held here.
    pub held: Option<CertificateId>,
    /// Whether Russet has its private key.
    pub key_held: bool,
}

/// A profile with what its file says; of a reference, what was last seen.
#[derive(Debug, Clone)]
pub struct ProfileView {
    /// As in a list.
    pub row: ProfileRow,
    /// The certificates in it.
    pub certificates: Vec<InProfile>,
    /// Its entitlements, as JSON.
    pub entitlements: serde_json::Map<String, serde_json::Value>,
    /// Its platforms, as the file says them.
    pub platforms: Vec<String>,
    /// Who vouches for the file, in words.
    pub signed_by: &'static str,
    /// Whose it is, where it is lent.
    pub lent: Option<Lender>,
    /// How far it is shared, in a root organization.
    pub sharing: Option<Sharing>,
    /// The signing sets that it is in.
    pub sets: Vec<SetName>,
    /// The act that changes it at this moment.
    pub running: Option<OperationId>,
}

impl App {
    /// The profiles held here that fit.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`; `profile_type_unknown`, `sort_unknown`, `state_unknown`, `cursor_unknown`.
    pub async fn profiles(&self, caller: &Caller, org: OrgId, query: &ListQuery, paging: &Paging) -> Result<Page<ProfileRow>, Problem> {
        let permit = self.permit(caller, Action::SeeSigning, org).await?;
        let (filter, order) = (filter(query, self.now())?, order(query)?);
        let mut tx = self.inner.store.read_for(&permit).await?;
        let page = tx.profiles(&permit, &filter, order, paging).await?;
        let now = self.now();
        let known = known_in(&mut tx, &permit, &page.items, now).await?;
        Ok(page.map(|profile| row(profile, &known, now)))
    }

    /// How many fit.
    ///
    /// # Errors
    /// As [`App::profiles`].
    pub async fn count_profiles(&self, caller: &Caller, org: OrgId, query: &ListQuery) -> Result<u32, Problem> {
        let permit = self.permit(caller, Action::SeeSigning, org).await?;
        let filter = filter(query, self.now())?;
        Ok(self.inner.store.read_for(&permit).await?.count_profiles(&permit, &filter).await?)
    }

    /// A profile held here, or lent to it, with what its file says.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`.
    pub async fn profile(&self, caller: &Caller, org: OrgId, profile: ProfileId) -> Result<ProfileView, Problem> {
        let permit = self.permit(caller, Action::SeeSigning, org).await?;
        let mut tx = self.inner.store.read_for(&permit).await?;
        let found = tx.profile_to_use(&permit, profile, self.now()).await?;
        let content = match found.profile.is_reference {
            true => None,
            false => Some(tx.profile_content_to_use(&found.permit).await?),
        };
        let lent = lender(&mut tx, &found.permit).await?;
        let sharing = match &lent {
            Some(_) => None,
            None => self.sharing_of_item(&mut tx, &permit, SigningItem::Profile(profile)).await?,
        };
        let held = found.profile;
        let known = known_in(&mut tx, &permit, std::slice::from_ref(&held), self.now()).await?;
        let unfinished = tx.unfinished_operations(&permit).await?;
        let sets = tx.sets_of_profile(&permit, profile).await?;
        let inside = match content {
            Some(content) => {
                drop(tx);
                Inside::of_file(&file::read(&content, &self.inner.roots).map_err(Problem::internal)?, &known)
            }
            None => Inside::of_reference(&mut tx, &permit, &held, &known, self.now()).await?,
        };
        Ok(ProfileView {
            lent,
            sharing,
            sets: sets.into_iter().map(SetName::from).collect(),
            signed_by: inside.signed_by,
            certificates: inside.certificates,
            entitlements: inside.entitlements,
            platforms: inside.platforms,
            running: unfinished
                .iter()
                .find(|act| act.kind.profiles().contains(&profile))
                .map(|act| act.id),
            row: row(held, &known, self.now()),
        })
    }

    /// A profile for the form of an act of its owner, which is not shown to those who were lent it.
    ///
    /// # Errors
    /// `lent_profile`; `not_found`, `not_allowed`.
    pub async fn profile_for(&self, caller: &Caller, org: OrgId, profile: ProfileId, act: OwnersAct) -> Result<ProfileView, Problem> {
        let permit = self.permit(caller, Action::EditProfiles, org).await?;
        self.own_profile(caller, &permit, profile, act).await?;
        self.profile(caller, org, profile).await
    }

    /// The file of a held profile, also while it is rebuilt; of a reference the one that Apple has. Recorded and committed
    /// before a byte leaves.
    ///
    /// # Errors
    /// `lent_profile`; `not_found`, `not_allowed`; of a reference `profile_gone`, `profile_invalid` and what else stands in the
    /// way of asking Apple.
    pub async fn download_held_profile(&self, caller: &Caller, org: OrgId, profile: ProfileId) -> Result<Download, Problem> {
        let permit = self.permit(caller, Action::DownloadProfile, org).await?;
        let held = self.own_profile(caller, &permit, profile, OwnersAct::Download).await?;
        let (held, content) = if held.is_reference {
            let own = domain::share::own(&permit, Shareable::Profile(profile));
            let wanted = ProfileToUse {
                profile: held,
                permit: own,
            };
            let fetched = self.referenced(caller, &permit, &wanted).await?;
            (fetched.profile, fetched.content)
        } else {
            let content = self.inner.store.read_for(&permit).await?.profile_content(&permit, profile).await?;
            (held, content)
        };
        let event = Event::HeldProfileDownloaded {
            profile,
            name: held.name.clone(),
            set: None,
        };
        in_time(async {
            let mut tx = self.begin_for(caller, &permit).await?;
            self.record_done(&mut tx, caller, org, event).await?;
            Ok(tx.commit().await?)
        })
        .await?;
        Ok(Download {
            file_name: file_name(&held.name, held.profile_type.file_suffix()),
            media_type: "application/x-apple-aspen-mobileprovision",
            bytes: Zeroizing::new(content),
        })
    }

    /// Removes profiles here, their shares with them, all or none. At Apple they stay.
    ///
    /// # Errors
    /// `profiles_unfit` for none, or one that is named twice; `profile_in_use` while an act changes one of them;
    /// `lent_profile`; `not_found`, `not_allowed`.
    pub async fn remove_profiles(&self, caller: &Caller, org: OrgId, profiles: &[ProfileId]) -> Result<(), Problem> {
        let permit = self.permit(caller, Action::EditProfiles, org).await?;
        if profiles.len() > AT_ONCE_MOST {
            let message = format!(
                "{} profiles are named, and one step removes at most {AT_ONCE_MOST}. Nothing was removed.",
                profiles.len()
            );
            return Err(Problem::field("profiles_unfit", "profiles", message));
        }
        let mut tx = self.begin_for(caller, &permit).await?;
        // In the order that everybody locks them in; else two who name the same ones would wait for each other.
        let mut in_order = profiles.to_vec();
        in_order.sort_unstable();
        let mut gone: Vec<HeldProfile> = Vec::with_capacity(profiles.len());
        let unfit = |why: &str| Problem::field("profiles_unfit", "profiles", format!("{why} Nothing was removed."));
        for profile in in_order {
            let held = match tx.lock_profile(&permit, profile).await {
                Err(StoreError::NotFound) => {
                    drop(tx);
                    let refused = self.own_profile(caller, &permit, profile, OwnersAct::Remove).await;
                    return Err(refused.err().unwrap_or_else(Problem::not_found));
                }
                found => found?,
            };
            if gone.last().is_some_and(|before| before.id == held.id) {
                return Err(unfit(&format!("“{}” is named twice.", held.name)));
            }
            gone.push(held);
        }
        for held in &gone {
            let sets = tx.sets_of_profile(&permit, held.id).await?;
            if !sets.is_empty() {
                return Err(Problem::new(
                    Kind::Conflict,
                    "profile_in_signing_set",
                    format!(
                        "Builds get “{}” from the signing set {}. Remove the set first, or ensure it with another profile. Nothing was removed.",
                        held.name,
                        crate::signing_sets::named(&sets)
                    ),
                ));
            }
            tx.remove_profile(&permit, held.id).await?;
        }
        if gone.is_empty() {
            return Err(unfit("No profile is named."));
        }
        // The rows are held: whoever begins an act on one of them now waits, then finds it gone.
        let unfinished = tx.unfinished_operations(&permit).await?;
        if let Some(act) = unfinished
            .iter()
            .find(|act| act.kind.profiles().iter().any(|profile| profiles.contains(profile)))
        {
            return Err(Problem::new(
                Kind::Conflict,
                "profile_in_use",
                format!(
                    "“{}” is still running and needs it ({}). Nothing was removed.",
                    act.kind.title(),
                    act.id
                ),
            ));
        }
        for held in gone {
            let event = Event::ProfileRemoved {
                profile: held.id,
                name: held.name,
            };
            self.record_done(&mut tx, caller, org, event).await?;
        }
        Ok(tx.commit().await?)
    }
}

impl App {
    /// Profiles that came in just now, with what matches them.
    pub(super) async fn rows_of(&self, permit: &Permit, profiles: Vec<HeldProfile>) -> Result<Vec<ProfileRow>, Problem> {
        let mut tx = self.inner.store.read_for(permit).await?;
        let now = self.now();
        let known = known_in(&mut tx, permit, &profiles, now).await?;
        Ok(profiles.into_iter().map(|profile| row(profile, &known, now)).collect())
    }
}

pub(super) fn row(profile: HeldProfile, known: &Known, now: Timestamp) -> ProfileRow {
    ProfileRow {
        state: profile.state(now),
        matched: CertificateMatch::of(&profile, known),
        profile,
    }
}

/// The certificates of some profiles that are held here or lent now; one's own come first.
pub(super) async fn known_in(tx: &mut Tx, permit: &Permit, profiles: &[HeldProfile], now: Timestamp) -> Result<Known, Problem> {
    let mut keys: Vec<String> = profiles.iter().flat_map(|profile| profile.certificates.iter().cloned()).collect();
    keys.sort_unstable();
    keys.dedup();
    let lent = tx.lent_certificates(permit, now).await?;
    let lent = lent.into_iter().map(|lent| KnownCertificate::from(lent.certificate));
    let lent = lent.filter(|lent| keys.contains(&lent.public_key_fingerprint));
    let own = tx.certificates_known_by(permit, &keys).await?.into_iter();
    Ok(Known(own.chain(lent).collect()))
}

fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref().map(str::trim).filter(|text| !text.is_empty())
}

fn filter(query: &ListQuery, now: Timestamp) -> Result<ProfileFilter, Problem> {
    let ended = Some(past(now));
    let (standing, ends_from, ends_before) = match given(&query.state).map(str::to_lowercase).as_deref() {
        None => (None, None, None),
        Some("ready") => (Some(ProfileStanding::Ready), ended, None),
        Some("rebuilding") => (Some(ProfileStanding::Rebuilding), None, None),
        Some("invalid") => (Some(ProfileStanding::Invalid), ended, None),
        Some("expired") => (None, None, ended),
        Some(other) => {
            return Err(Problem::field(
                "state_unknown",
                "state",
                format!("“{other}” is not a state of a profile. Use ready, rebuilding, invalid or expired."),
            ));
        }
    };
    Ok(ProfileFilter {
        search: given(&query.search).map(str::to_owned),
        profile_type: given(&query.kind).map(profile_type).transpose()?,
        standing,
        ends_from,
        ends_before,
    })
}

/// A type to look for. One that Apple added since is not known, and nothing is said to be of it by a slip of the pen.
fn profile_type(word: &str) -> Result<ProfileType, Problem> {
    ProfileType::creatable(word).map_err(|why| Problem::field("profile_type_unknown", "kind", why))
}

fn order(query: &ListQuery) -> Result<ProfileOrder, Problem> {
    match given(&query.sort).unwrap_or("name").to_lowercase().as_str() {
        "name" => Ok(ProfileOrder::Name),
        "expires" => Ok(ProfileOrder::Expiry),
        other => Err(Problem::field(
            "sort_unknown",
            "sort",
            format!("This list cannot be sorted by “{other}”. Sort it by: name, expires."),
        )),
    }
}
