//! The schema and its history. All migrations of a start run in one transaction under a lock, so
//! a crash leaves the old schema or the new one, and two servers that start at once take turns.

use crate::sql::args;
use crate::{Result, StoreError, Tx};

struct Migration {
    version: i64,
    name: &'static str,
    sql: &'static str,
    /// What only PostgreSQL is told, after that.
    postgres: &'static str,
}

/// Append only: what was released once is never edited.
const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        name: "accounts",
        sql: include_str!("../migrations/0001_accounts.sql"),
        postgres: "",
    },
    Migration {
        version: 2,
        name: "keys",
        sql: include_str!("../migrations/0002_keys.sql"),
        postgres: "",
    },
    Migration {
        version: 3,
        name: "work",
        sql: include_str!("../migrations/0003_work.sql"),
        postgres: "",
    },
    Migration {
        version: ACTIVITY_CHAIN,
        name: "activity_chain",
        sql: include_str!("../migrations/0004_activity_chain.sql"),
        postgres: "",
    },
    Migration {
        version: 5,
        name: "organizations",
        sql: include_str!("../migrations/0005_organizations.sql"),
        postgres: "",
    },
    Migration {
        version: 6,
        name: "walls",
        // SQLite has no row-level security; there the number alone is written down.
        sql: "",
        postgres: include_str!("../migrations/0006_walls.postgres.sql"),
    },
    Migration {
        version: 7,
        name: "lists",
        sql: include_str!("../migrations/0007_lists.sql"),
        postgres: include_str!("../migrations/0007_lists.postgres.sql"),
    },
    Migration {
        version: 8,
        name: "certificates",
        sql: include_str!("../migrations/0008_certificates.sql"),
        postgres: include_str!("../migrations/0008_certificates.postgres.sql"),
    },
    Migration {
        version: 9,
        name: "plans",
        sql: include_str!("../migrations/0009_plans.sql"),
        postgres: "",
    },
    Migration {
        version: 10,
        name: "profiles",
        sql: include_str!("../migrations/0010_profiles.sql"),
        postgres: include_str!("../migrations/0010_profiles.postgres.sql"),
    },
    Migration {
        version: 11,
        name: "signing_sets",
        sql: include_str!("../migrations/0011_signing_sets.sql"),
        postgres: include_str!("../migrations/0011_signing_sets.postgres.sql"),
    },
    Migration {
        version: 12,
        name: "devices",
        sql: include_str!("../migrations/0012_devices.sql"),
        postgres: include_str!("../migrations/0012_devices.postgres.sql"),
    },
    Migration {
        version: 13,
        name: "notices",
        sql: include_str!("../migrations/0013_notices.sql"),
        postgres: include_str!("../migrations/0013_notices.postgres.sql"),
    },
    Migration {
        version: 15,
        name: "automatic_renewals",
        sql: include_str!("../migrations/0015_automatic_renewals.sql"),
        postgres: include_str!("../migrations/0015_automatic_renewals.postgres.sql"),
    },
    Migration {
        version: 16,
        name: "calendars",
        sql: include_str!("../migrations/0016_calendars.sql"),
        postgres: include_str!("../migrations/0016_calendars.postgres.sql"),
    },
    Migration {
        version: 17,
        name: "channels",
        sql: include_str!("../migrations/0017_channels.sql"),
        postgres: include_str!("../migrations/0017_channels.postgres.sql"),
    },
    Migration {
        version: 18,
        name: "team_changes",
        sql: include_str!("../migrations/0018_team_changes.sql"),
        postgres: "",
    },
    Migration {
        version: 19,
        name: "lent_profiles",
        // As with the walls: SQLite has no row-level security.
        sql: "",
        postgres: include_str!("../migrations/0019_lent_profiles.postgres.sql"),
    },
    Migration {
        version: 20,
        name: "membership_years",
        sql: include_str!("../migrations/0020_membership_years.sql"),
        postgres: include_str!("../migrations/0020_membership_years.postgres.sql"),
    },
    Migration {
        version: 21,
        name: "confirmed_sessions",
        sql: include_str!("../migrations/0021_confirmed_sessions.sql"),
        postgres: "",
    },
    Migration {
        version: 22,
        name: "revoked_certificates",
        sql: include_str!("../migrations/0022_revoked_certificates.sql"),
        postgres: "",
    },
    Migration {
        version: 23,
        name: "signing_report",
        sql: include_str!("../migrations/0023_signing_report.sql"),
        postgres: "",
    },
    Migration {
        version: 24,
        name: "profile_references",
        sql: include_str!("../migrations/0024_profile_references.sql"),
        postgres: "",
    },
    Migration {
        version: 25,
        name: "binaries",
        sql: include_str!("../migrations/0025_binaries.sql"),
        postgres: include_str!("../migrations/0025_binaries.postgres.sql"),
    },
    Migration {
        version: 26,
        name: "mail_days",
        sql: include_str!("../migrations/0026_mail_days.sql"),
        postgres: include_str!("../migrations/0026_mail_days.postgres.sql"),
    },
    Migration {
        version: 27,
        name: "serials_in_profiles",
        sql: include_str!("../migrations/0027_serials_in_profiles.sql"),
        postgres: "",
    },
    Migration {
        version: 28,
        name: "app_settings",
        sql: include_str!("../migrations/0028_app_settings.sql"),
        postgres: include_str!("../migrations/0028_app_settings.postgres.sql"),
    },
    Migration {
        version: 29,
        name: "apple_webhooks",
        sql: include_str!("../migrations/0029_apple_webhooks.sql"),
        postgres: include_str!("../migrations/0029_apple_webhooks.postgres.sql"),
    },
];

/// Its hashes are no work for SQL.
const ACTIVITY_CHAIN: i64 = 4;

/// Brings the schema up to what this program knows, or refuses a newer one.
pub(crate) async fn run(tx: &mut Tx) -> Result<()> {
    tx.lock_schema().await?;
    tx.script("CREATE TABLE IF NOT EXISTS schema_migrations (version BIGINT PRIMARY KEY, name TEXT NOT NULL)")
        .await?;
    let mut done = Vec::new();
    for row in tx
        .rows("SELECT version, name FROM schema_migrations ORDER BY version", args![])
        .await?
    {
        let version: i64 = row.get("version")?;
        let found: String = row.get("name")?;
        match MIGRATIONS.iter().find(|known| known.version == version) {
            Some(known) if known.name == found => done.push(version),
            Some(known) => {
                return Err(StoreError::ForeignSchema {
                    version,
                    found,
                    known: known.name,
                });
            }
            None => {
                let known = MIGRATIONS[MIGRATIONS.len() - 1].version;
                return Err(StoreError::NewerSchema { found: version, known });
            }
        }
    }
    for migration in MIGRATIONS.iter().filter(|m| !done.contains(&m.version)) {
        tracing::info!(version = migration.version, name = migration.name, "migrating the database");
        tx.script(migration.sql).await?;
        tx.script(tx.dialect("", migration.postgres)).await?;
        if migration.version == ACTIVITY_CHAIN {
            tx.chain_what_is_there().await?;
        }
        tx.execute(
            "INSERT INTO schema_migrations (version, name) VALUES ($1, $2)",
            args![migration.version, migration.name],
        )
        .await?;
    }
    Ok(())
}
