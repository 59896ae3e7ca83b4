//! The health of a key and the strip of its daily checks.

use std::collections::BTreeMap;

use domain::{ApiKeyId, CheckMark, KeyHealth, Permit, UsePermit, Verdict};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _, tz::TimeZone};

use super::usable::key_of;
use crate::sql::{Row, args, json};
use crate::{Result, Tx};

/// How many days of the strip are kept.
const DAYS_KEPT: i32 = 90;
/// Longest reason that is kept, in characters.
const WHY_CHARACTERS: usize = 500;

/// One bar of the strip: how the last check of a day ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayCheck {
    /// The day, in UTC.
    pub day: Date,
    /// How it ended.
    pub mark: CheckMark,
    /// When it was.
    pub at: Timestamp,
    /// Why it came to no conclusion, if so.
    pub why: Option<String>,
}

/// States that Apple gives only to a key it accepts.
fn accepted(health: &KeyHealth) -> bool {
    matches!(
        health,
        KeyHealth::Working | KeyHealth::AgreementMissing | KeyHealth::MembershipLapsed
    )
}

impl Tx {
    /// Writes down what a check found out: the health, since when if it changed, when it was last
    /// good, and the day's bar. An inconclusive check changes no health.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`].
    pub async fn update_key_health(&mut self, permit: &UsePermit, verdict: &Verdict, at: Timestamp) -> Result<()> {
        let present = self.lock_key(permit).await?;
        let health = match verdict {
            Verdict::Conclusive(health) => health,
            Verdict::Inconclusive { .. } => &present.health,
        };
        let same = std::mem::discriminant(health) == std::mem::discriminant(&present.health);
        let last_good = match verdict {
            Verdict::Conclusive(health) if accepted(health) => Some(at),
            _ => present.last_good,
        };
        self.change(
            "UPDATE api_keys SET health = $3, health_since = $4, last_check = $5, last_good = $6
             WHERE organization_id = $1 AND id = $2",
            args![
                permit.owner(),
                key_of(permit)?,
                json(health)?,
                if same { present.health_since } else { at },
                at,
                last_good,
            ],
        )
        .await?;
        self.mark_day(permit, verdict, at).await
    }

    async fn mark_day(&mut self, permit: &UsePermit, verdict: &Verdict, at: Timestamp) -> Result<()> {
        let why = match verdict {
            Verdict::Conclusive(_) => None,
            Verdict::Inconclusive { why } => Some(why.chars().take(WHY_CHARACTERS).collect::<String>()),
        };
        let day = day_of(at);
        self.execute(
            "INSERT INTO key_checks (organization_id, api_key_id, day, mark, checked_at, why) VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (api_key_id, day)
             DO UPDATE SET mark = excluded.mark, checked_at = excluded.checked_at, why = excluded.why",
            args![permit.owner(), key_of(permit)?, day.to_string(), json(&verdict.mark())?, at, why],
        )
        .await?;
        let oldest = day.checked_sub(DAYS_KEPT.days()).unwrap_or(Date::MIN);
        self.execute(
            "DELETE FROM key_checks WHERE organization_id = $1 AND api_key_id = $2 AND day < $3",
            args![permit.owner(), key_of(permit)?, oldest.to_string()],
        )
        .await?;
        Ok(())
    }

    /// The checks of the last `days` days up to `now`, oldest first. Days without one are absent.
    ///
    /// # Errors
    /// What the database says; an unknown key has no checks.
    pub async fn key_checks(&mut self, permit: &UsePermit, now: Timestamp, days: u16) -> Result<Vec<DayCheck>> {
        let rows = self
            .rows(
                "SELECT day, mark, checked_at, why FROM key_checks
                 WHERE organization_id = $1 AND api_key_id = $2 AND day >= $3 ORDER BY day",
                args![permit.owner(), key_of(permit)?, first_of(now, days).to_string()],
            )
            .await?;
        rows.iter().map(check).collect()
    }

    /// The same for every key that the permit's organization has or is lent, in one go.
    ///
    /// # Errors
    /// What the database says.
    pub async fn checks_of_keys(&mut self, permit: &Permit, now: Timestamp, days: u16) -> Result<BTreeMap<ApiKeyId, Vec<DayCheck>>> {
        let first = first_of(now, days).to_string();
        let mut rows = self
            .rows(
                "SELECT api_key_id, day, mark, checked_at, why FROM key_checks WHERE organization_id = $1 AND day >= $2 ORDER BY day",
                args![permit.organization(), first.as_str()],
            )
            .await?;
        if let Some(parent) = permit.tenant().parent {
            let lent = self
                .rows(
                    "SELECT api_key_id, day, mark, checked_at, why FROM key_checks WHERE organization_id = $1 AND day >= $2
                         AND api_key_id IN (SELECT item_id FROM shares WHERE organization_id = $1 AND item_kind = 'api-key'
                                            AND target IN ('all', $3)) ORDER BY day",
                    args![parent, first, permit.organization()],
                )
                .await?;
            rows.extend(lent);
        }
        let mut checks: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for row in &rows {
            checks.entry(row.parse("api_key_id")?).or_default().push(check(row)?);
        }
        Ok(checks)
    }
}

fn check(row: &Row) -> Result<DayCheck> {
    Ok(DayCheck {
        day: row.parse("day")?,
        mark: row.json("mark")?,
        at: row.time("checked_at")?,
        why: row.get("why")?,
    })
}

fn first_of(now: Timestamp, days: u16) -> Date {
    day_of(now).checked_sub((i32::from(days) - 1).days()).unwrap_or(Date::MIN)
}

fn day_of(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}
