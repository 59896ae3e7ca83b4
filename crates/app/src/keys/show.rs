//! What is shown of keys: the list, a key's page, the picker.

use super::{DayMark, KeyChoice, KeyDetails, KeySummary};
use crate::{App, Caller, Problem, activity::Names, key_use::key_usabilities, problem::Kind};
use domain::{Action, ApiKey, ApiKeyId, CheckMark, JobPayload, Need, OrgId, Permit};
use jiff::{Timestamp, ToSpan as _, tz::TimeZone};
use store::{DayCheck, Tx};

/// Days in the strip.
const STRIP_DAYS: u16 = 14;

impl App {
    /// The organization's keys by name.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`.
    pub async fn keys(&self, caller: &Caller, org: OrgId) -> Result<Vec<KeySummary>, Problem> {
        let permit = self.permit(caller, Action::SeeKeys, org).await?;
        let mut tx = self.inner.store.read_for(&permit).await?;
        let mut names = Names::default();
        let mut keys = tx.all_keys(&permit).await?;
        keys.sort_by_cached_key(|key| key.name.folded());
        let mut summaries = Vec::with_capacity(keys.len());
        for key in keys {
            summaries.push(self.summary(&mut tx, &permit, &mut names, key).await?);
        }
        Ok(summaries)
    }

    /// One key.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`.
    pub async fn key(&self, caller: &Caller, org: OrgId, key: ApiKeyId) -> Result<KeyDetails, Problem> {
        let permit = self.permit(caller, Action::SeeKeys, org).await?;
        let mut tx = self.inner.store.read_for(&permit).await?;
        let key = tx.key(&permit, key).await?;
        let budget = self.inner.budgets().get(&key.id).copied();
        Ok(KeyDetails {
            features: tx.feature_table(&permit, &key).await?,
            next_check: tx.waiting_job_at(&permit, &JobPayload::CheckKey { key: key.id }).await?,
            budget,
            summary: self.summary(&mut tx, &permit, &mut Names::default(), key).await?,
        })
    }

    /// A key by its id or its name (exactly, then without regard to case), for the command line. `to` is what is about to
    /// be done with it: to use one, nobody needs to be allowed to look at keys.
    ///
    /// # Errors
    /// `key_not_found`, `key_name_ambiguous`; `not_found`, `not_allowed`.
    pub async fn find_key(&self, caller: &Caller, to: Action, org: OrgId, name_or_id: &str) -> Result<ApiKey, Problem> {
        let permit = self.permit(caller, to, org).await?;
        let keys = self.inner.store.read_for(&permit).await?.all_keys(&permit).await?;
        let wanted = name_or_id.trim();
        let folded = wanted.parse::<domain::ItemName>().map(|name| name.folded()).unwrap_or_default();
        let ways: [&dyn Fn(&ApiKey) -> bool; 3] = [
            &|key| key.id.to_string() == wanted || key.key_id.as_str() == wanted,
            &|key| key.name.as_str() == wanted,
            &|key| key.name.folded() == folded,
        ];
        for way in ways {
            match keys.iter().filter(|key| way(key)).collect::<Vec<_>>().as_slice() {
                [] => {}
                [one] => return Ok((*one).clone()),
                several => {
                    let ids: Vec<_> = several.iter().map(|key| key.id.to_string()).collect();
                    return Err(Problem::new(
                        Kind::Conflict,
                        "key_name_ambiguous",
                        format!("{} keys have this name. Use one of their ids: {}.", ids.len(), ids.join(", ")),
                    ));
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
        let permit = self.permit(caller, Action::SeeSigning, org).await?;
        let mut tx = self.inner.store.read_for(&permit).await?;
        let judged = key_usabilities(&mut tx, &permit, need).await?;
        Ok(judged.into_iter().map(|(key, usability)| KeyChoice { key, usability }).collect())
    }

    async fn summary(&self, tx: &mut Tx, permit: &Permit, names: &mut Names, key: ApiKey) -> Result<KeySummary, Problem> {
        let now = self.now();
        let checks = tx.key_checks(permit, key.id, now, STRIP_DAYS).await?;
        let last_used_by = match &key.last_use {
            Some(last) => Some(names.of_actor(tx, last.by).await?),
            None => None,
        };
        Ok(KeySummary {
            added_by: names.of_subject(tx, key.added_by).await?,
            last_used_by,
            trouble: trouble(&key, &checks),
            strip: strip(&checks, now),
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
