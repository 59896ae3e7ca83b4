//! API keys: add, see, check, rename, rotate, remove.
//!
//! The private key comes in with [`NewKey`], is proven and sealed, and never goes out again. What is shown of a key is
//! [`ApiKey`]. Linking and rotating are in `link`, what is shown in `show`, small changes here.

mod entered;
mod lent;
mod link;
mod remove;
mod show;

pub(crate) use lent::with_article;

pub use lent::OwnersAct;

use crate::{App, Caller, FieldProblem, Kind, Problem, sharing::Sharing};
use domain::Permit;
use domain::{
    Action, ApiKey, ApiKeyId, CheckMark, Event, Feature, FeatureRow, ItemName, Need, OrgId, ShareLimits, Shareable, Usability, share::own,
};
use jiff::{Timestamp, civil::Date};
use store::{Conflict, StoreError, Tx};
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
    /// Who added it, by name. Of a lent key that is not told.
    pub added_by: Option<String>,
    /// Who used it last, by name; of a lent key, who in this organization.
    pub last_used_by: Option<String>,
    /// For a key that belongs to the root organization above: whose it is, and how much of it is lent.
    pub lent: Option<Lent>,
    /// For a key of a root organization: with whom it is shared.
    pub sharing: Option<Sharing>,
    /// The last 14 days, oldest first; none where nothing was checked.
    pub strip: Vec<DayMark>,
    /// Why the last check came to no conclusion, if so.
    pub trouble: Option<String>,
}

impl KeySummary {
    /// Whether the feature may be used here as far as sharing goes; always for one's own key.
    #[must_use]
    pub fn includes(&self, feature: Feature) -> bool {
        self.lent
            .as_ref()
            .is_none_or(|lent| lent.limits.refuses(&Need::Read { feature }).is_none())
    }
}

/// What somebody is told about a key that was lent to them. Never with whom else it is shared, nor who added it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lent {
    /// The name of the organization whose key it is.
    pub owner: String,
    /// What the share leaves out.
    pub limits: ShareLimits,
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
    /// When the next check is due; of a lent key that is its owner's matter.
    pub next_check: Option<Timestamp>,
    /// Requests left of Apple's hourly budget, as last told: (left, of).
    pub budget: Option<(u32, u32)>,
}

/// A key as a choice for a need: usable ones first.
#[derive(Debug, Clone)]
pub struct KeyChoice {
    /// The key.
    pub key: ApiKey,
    /// Whether it belongs to the root organization above.
    pub is_lent: bool,
    /// Usable, doubtful or refused, with the reason.
    pub usability: Usability,
}

/// What hangs on a key.
#[derive(Debug, Clone, Default)]
pub struct Dependents {
    /// Names of the certificates here that were made or fetched through it; they stay, and cannot be renewed or revoked any
    /// more.
    pub certificates: Vec<String>,
    /// Operations here that are not over.
    pub running_operations: u32,
    /// Certificates in sub-organizations that were made through it.
    pub certificates_below: u32,
    /// Operations in sub-organizations that are not over.
    pub running_operations_below: u32,
    /// In how many sub-organizations something depends on it.
    pub organizations_below: u32,
    /// With whom it is shared, in a root organization.
    pub sharing: Option<Sharing>,
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
    /// `not_found`, `not_allowed`, `lent_key`, `name_unfit`, `name_taken`, `role_unknown`, `role_not_with_kind`.
    pub async fn edit_key(
        &self,
        caller: &Caller,
        org: OrgId,
        key: ApiKeyId,
        name: Option<&str>,
        roles: Option<&[String]>,
    ) -> Result<ApiKey, Problem> {
        let act = if name.is_some() { OwnersAct::Rename } else { OwnersAct::SetRoles };
        let permit = self.permit_over_key(caller, Action::EditKey, org, key, act).await?;
        let name = name
            .map(str::parse::<ItemName>)
            .transpose()
            .map_err(|error| Problem::field("name_unfit", "name", error.to_string()))?;
        self.own_key(caller, &permit, key, act).await?;
        let mut tx = self.begin_for(caller, &permit).await?;
        let mut changed = tx.lock_key(&own(&permit, Shareable::ApiKey(key))).await?;
        let mut events = Vec::new();
        if let Some(roles) = roles {
            changed.roles = entered::roles(roles, changed.kind)?;
            tx.set_key_roles(&permit, key, &changed.roles).await?;
            let name = changed.name.to_string();
            events.push(Event::KeyRolesChanged { key, name });
        }
        if let Some(name) = name {
            events.push(self.rename(&mut tx, &permit, &mut changed, name).await?);
        }
        for event in events {
            self.record_done(&mut tx, caller, org, event).await?;
        }
        tx.commit().await?;
        Ok(changed)
    }

    /// Gives a key another name, in the transaction of whoever asks; the event is to be recorded with it.
    pub(crate) async fn rename(&self, tx: &mut Tx, permit: &Permit, key: &mut ApiKey, name: ItemName) -> Result<Event, Problem> {
        match tx.rename_key(permit, key.id, &name).await {
            Err(StoreError::Conflict(Conflict::KeyName)) => return Err(name_taken(&name)),
            renamed => renamed?,
        }
        let from = std::mem::replace(&mut key.name, name).to_string();
        Ok(Event::KeyRenamed {
            key: key.id,
            from,
            to: key.name.to_string(),
        })
    }

    /// Lets a declared "no" pass, or stops it again.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`, `lent_key`.
    pub async fn override_feature(&self, caller: &Caller, org: OrgId, key: ApiKeyId, feature: Feature, on: bool) -> Result<(), Problem> {
        let permit = self
            .permit_over_key(caller, Action::OverrideFeature, org, key, OwnersAct::Override)
            .await?;
        self.own_key(caller, &permit, key, OwnersAct::Override).await?;
        let mut tx = self.begin_for(caller, &permit).await?;
        let mut changed = tx.lock_key(&own(&permit, Shareable::ApiKey(key))).await?;
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

/// The refusal of a name that another key has.
fn name_taken(name: &ItemName) -> Problem {
    let message = format!("Another key here is called “{name}”. Choose a name that tells the two apart.");
    let mut problem = Problem::new(Kind::Conflict, "name_taken", message.clone());
    problem.fields.push(FieldProblem { field: "name", message });
    problem
}
