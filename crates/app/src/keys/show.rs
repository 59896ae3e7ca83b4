//! What is shown of keys: the list, a key's page, the picker.

use super::{DayMark, KeyChoice, KeyDetails, KeySummary, Lent};
use crate::{App, Caller, Problem, activity::Names, problem::Kind, sharing::Sharing};
use domain::{Action, ApiKey, ApiKeyId, CheckMark, JobPayload, Need, OrgId, Permit};
use jiff::{Timestamp, ToSpan as _, tz::TimeZone};
use store::{DayCheck, KeyToUse, Reach, Tx};

/// Days in the strip.
const STRIP_DAYS: u16 = 14;

/// What the summaries of a list have in common, asked for once.
#[derive(Default)]
struct Around {
    names: Names,
    owner: Option<String>,
    sub_organizations: u32,
}

impl App {
    /// The keys that the organization may use, its own and lent ones, by name.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`.
    pub async fn keys(&self, caller: &Caller, org: OrgId) -> Result<Vec<KeySummary>, Problem> {
        let permit = self.permit(caller, Action::SeeKeys, org).await?;
        let now = self.now();
        let mut tx = self.inner.store.read_for(&permit).await?;
        let mut keys = tx.keys_to_use(&permit, None, now).await?;
        keys.sort_by_cached_key(|used| (used.key.name.folded(), used.permit.is_lent(), used.key.id));
        let mut checks = tx.checks_of_keys(&permit, now, STRIP_DAYS).await?;
        let mut reach = tx.reach_of_keys(&permit, now).await?;
        let mut around = self.around(&mut tx, &permit).await?;
        let mut summaries = Vec::with_capacity(keys.len());
        for used in keys {
            let checks = checks.remove(&used.key.id).unwrap_or_default();
            let reach = reach.remove(&used.key.id).unwrap_or_default();
            summaries.push(self.summary(&mut tx, &permit, &mut around, used, &checks, reach).await?);
        }
        Ok(summaries)
    }

    /// One key, own or lent.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`.
    pub async fn key(&self, caller: &Caller, org: OrgId, key: ApiKeyId) -> Result<KeyDetails, Problem> {
        let permit = self.permit(caller, Action::SeeKeys, org).await?;
        let now = self.now();
        let mut tx = self.inner.store.read_for(&permit).await?;
        let used = tx.key_to_use(&permit, key, None, now).await?;
        let checks = tx.key_checks(&used.permit, now, STRIP_DAYS).await?;
        let reach = tx.reach_of_keys(&permit, now).await?.remove(&key).unwrap_or_default();
        let mut around = self.around(&mut tx, &permit).await?;
        let budget = self.inner.budgets().get(&key).copied();
        Ok(KeyDetails {
            features: tx.feature_table(&used.permit, &used.key).await?,
            next_check: tx.waiting_job_at(&permit, &JobPayload::CheckKey { key }).await?,
            budget,
            summary: self.summary(&mut tx, &permit, &mut around, used, &checks, reach).await?,
        })
    }

    /// A key by its id or its name (exactly, then without regard to case), for the command line. `to` is what is about to
    /// be done with it: to use one, nobody needs to be allowed to look at keys.
    ///
    /// # Errors
    /// `key_not_found`, `key_name_ambiguous`; `not_found`, `not_allowed`.
    pub async fn find_key(&self, caller: &Caller, to: Action, org: OrgId, name_or_id: &str) -> Result<ApiKey, Problem> {
        let permit = self.permit(caller, to, org).await?;
        let keys = self
            .inner
            .store
            .read_for(&permit)
            .await?
            .keys_to_use(&permit, None, self.now())
            .await?;
        let wanted = name_or_id.trim();
        let folded = wanted.parse::<domain::ItemName>().map(|name| name.folded()).unwrap_or_default();
        let ways: [&dyn Fn(&ApiKey) -> bool; 3] = [
            &|key| key.id.to_string() == wanted || key.key_id.as_str() == wanted,
            &|key| key.name.as_str() == wanted,
            &|key| key.name.folded() == folded,
        ];
        // One's own first: a lent key of the same name is reached by its id.
        for way in ways {
            for is_lent in [false, true] {
                let fit = keys.iter().filter(|used| used.permit.is_lent() == is_lent && way(&used.key));
                match fit.collect::<Vec<_>>().as_slice() {
                    [] => {}
                    [one] => return Ok(one.key.clone()),
                    several => {
                        let ids: Vec<_> = several.iter().map(|used| used.key.id.to_string()).collect();
                        return Err(Problem::new(
                            Kind::Conflict,
                            "key_name_ambiguous",
                            format!("{} keys have this name. Use one of their ids: {}.", ids.len(), ids.join(", ")),
                        ));
                    }
                }
            }
        }
        Err(Problem::new(
            Kind::NotFound,
            "key_not_found",
            "No key here has this name, Key ID or id. List the keys to see what there is.",
        ))
    }

    /// The keys for a need, usable ones first.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`.
    pub async fn key_choices(&self, caller: &Caller, org: OrgId, need: &Need) -> Result<Vec<KeyChoice>, Problem> {
        // Using a key needs the right to the module, and no right to credentials.
        let module = match need.feature() {
            Some(feature) if !feature.is_signing() => Action::SeeBinaries,
            _ => Action::SeeSigning,
        };
        let permit = self.permit(caller, module, org).await?;
        let mut tx = self.inner.store.read_for(&permit).await?;
        let all = self.key_usabilities(&mut tx, &permit, need).await?;
        Ok(all
            .into_iter()
            .map(|(used, usability)| KeyChoice {
                is_lent: used.permit.is_lent(),
                key: used.key,
                usability,
            })
            .collect())
    }

    async fn around(&self, tx: &mut Tx, permit: &Permit) -> Result<Around, Problem> {
        let sub_organizations = match permit.tenant().parent {
            None => tx.sub_organization_count(permit).await?,
            Some(_) => 0,
        };
        Ok(Around {
            sub_organizations,
            ..Around::default()
        })
    }

    async fn summary(
        &self,
        tx: &mut Tx,
        permit: &Permit,
        around: &mut Around,
        used: KeyToUse,
        checks: &[DayCheck],
        reach: Reach,
    ) -> Result<KeySummary, Problem> {
        let KeyToUse { key, permit: lent, .. } = used;
        let last_used_by = match &key.last_use {
            Some(last) => Some(around.names.of_actor(tx, last.by).await?),
            None => None,
        };
        if lent.is_lent() && around.owner.is_none() {
            around.owner = Some(tx.owner_of(&lent).await?.name.to_string());
        }
        let added_by = match lent.is_lent() {
            true => None,
            false => Some(around.names.of_subject(tx, key.added_by).await?),
        };
        Ok(KeySummary {
            added_by,
            last_used_by,
            lent: lent.limits().map(|limits| Lent {
                owner: around.owner.clone().unwrap_or_default(),
                limits: limits.clone(),
            }),
            sharing: permit.tenant().parent.is_none().then_some(Sharing {
                all: reach.all,
                chosen: reach.chosen,
                of: around.sub_organizations,
            }),
            trouble: trouble(&key, checks),
            strip: strip(checks, self.now()),
            key,
        })
    }
}

/// Every one of the last days, whether it was checked or not.
fn strip(checks: &[DayCheck], now: Timestamp) -> Vec<DayMark> {
    let today = now.to_zoned(TimeZone::UTC).date();
    (0..i32::from(STRIP_DAYS))
        .rev()
        .filter_map(|back| today.checked_sub(back.days()).ok())
        .map(|day| DayMark {
            day,
            mark: checks.iter().find(|check| check.day == day).map(|check| check.mark),
        })
        .collect()
}

/// Why the last check came to no conclusion, when it was the last thing that happened.
fn trouble(key: &ApiKey, checks: &[DayCheck]) -> Option<String> {
    let last = checks.last().filter(|check| Some(check.at) == key.last_check)?;
    last.why.clone().filter(|_| last.mark == CheckMark::Trouble)
}
