//! API keys: add, see, check, rename, rotate, remove.
//!
//! The private key comes in with [`NewKey`], is proven and sealed, and never goes out again. What is shown of a key is
//! [`ApiKey`]. Linking and rotating are in `link`, what is shown in `show`, small changes here.

mod entered;
mod link;
mod remove;
mod show;

use crate::{App, Caller, Problem};
use domain::{Action, ApiKey, ApiKeyId, CheckMark, Event, Feature, FeatureRow, HeldCertificate, ItemName, OrgId, Usability};
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
    /// Gives it another name.
    ///
    /// # Errors
    /// As [`App::edit_key`].
    pub async fn rename_key(&self, caller: &Caller, org: OrgId, key: ApiKeyId, name: &str) -> Result<ApiKey, Problem> {
        self.edit_key(caller, org, key, Some(name), None).await
    }

    /// Enters the roles that it was given at Apple; none means that they are not known.
    ///
    /// # Errors
    /// As [`App::edit_key`].
    pub async fn set_key_roles(&self, caller: &Caller, org: OrgId, key: ApiKeyId, roles: &[String]) -> Result<ApiKey, Problem> {
        self.edit_key(caller, org, key, None, Some(roles)).await
    }

    /// Changes what is given, all of it or nothing.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`, `name_unfit`, `role_unknown`, `role_not_with_kind`.
    pub async fn edit_key(
        &self,
        caller: &Caller,
        org: OrgId,
        key: ApiKeyId,
        name: Option<&str>,
        roles: Option<&[String]>,
    ) -> Result<ApiKey, Problem> {
        let permit = self.permit(caller, Action::EditKey, org).await?;
        let name = name
            .map(str::parse::<ItemName>)
            .transpose()
            .map_err(|error| Problem::field("name_unfit", "name", error.to_string()))?;
        let mut tx = self.begin_for(caller, &permit).await?;
        let mut changed = tx.key(&permit, key).await?;
        let mut events = Vec::new();
        if let Some(roles) = roles {
            changed.roles = entered::roles(roles, changed.kind)?;
            tx.set_key_roles(&permit, key, &changed.roles).await?;
            let name = changed.name.to_string();
            events.push(Event::KeyRolesChanged { key, name });
        }
        if let Some(name) = name {
            tx.rename_key(&permit, key, &name).await?;
            let from = std::mem::replace(&mut changed.name, name).to_string();
            let to = changed.name.to_string();
            events.push(Event::KeyRenamed { key, from, to });
        }
        for event in events {
            self.record_done(&mut tx, caller, org, event).await?;
        }
        tx.commit().await?;
        Ok(changed)
    }

    /// Lets a declared "no" pass, or stops it again.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`.
    pub async fn override_feature(&self, caller: &Caller, org: OrgId, key: ApiKeyId, feature: Feature, on: bool) -> Result<(), Problem> {
        let permit = self.permit(caller, Action::OverrideFeature, org).await?;
        let mut tx = self.begin_for(caller, &permit).await?;
        let mut changed = tx.lock_key(&permit, key).await?;
        let differs = if on {
            changed.overrides.insert(feature)
        } else {
            changed.overrides.remove(&feature)
        };
        if !differs {
            return Ok(());
        }
        tx.set_key_overrides(&permit, key, &changed.overrides).await?;
        let event = Event::FeatureOverridden {
            key,
            name: changed.name.to_string(),
            feature,
            on,
        };
        self.record_done(&mut tx, caller, org, event).await?;
        tx.commit().await?;
        Ok(())
    }
}
