//! PostgreSQL as one finds it: its own durability, our patience.

use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};

use crate::{Result, StoreError};

/// For the first connection; later ones have the patience of [`crate::tx`].
const PATIENCE: Duration = Duration::from_secs(5);
const CONNECTIONS: u32 = 10;

/// Connects to the database of this address. It must exist.
pub(crate) async fn open(url: &str) -> Result<PgPool> {
    let options = PgConnectOptions::from_str(url)
        .map_err(|error| StoreError::Address { why: format!("{error}.") })?
        .application_name("russet")
        .options([("lock_timeout", "5s"), ("timezone", "UTC")]);
    let pool = PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(PATIENCE)
        .connect_with(options)
        .await
        .map_err(|error| match &error {
            sqlx::Error::Database(refusal) if refusal.code().as_deref() == Some("3D000") => StoreError::Address {
                why: "the database does not exist on that server; create it with createdb.".to_owned(),
            },
            sqlx::Error::PoolTimedOut | sqlx::Error::Io(_) => StoreError::Address {
                why: "no PostgreSQL answers there. Is the server running, and the port right?".to_owned(),
            },
            _ => error.into(),
        })?;
    warn_when_not_durable(&pool).await?;
    warn_when_past_the_wall(&pool).await?;
    Ok(pool)
}

/// Row-level security binds neither a superuser nor a role with BYPASSRLS.
async fn warn_when_past_the_wall(pool: &PgPool) -> Result<()> {
    let role: Option<String> =
        sqlx::query_scalar("SELECT CAST(rolname AS TEXT) FROM pg_roles WHERE rolname = current_user AND (rolsuper OR rolbypassrls)")
            .fetch_optional(pool)
            .await?;
    if let Some(role) = role {
        tracing::warn!(
            role,
            "PostgreSQL's row-level security does not bind this role, so the second wall between organizations is not there: connect as a role that is no superuser, has no BYPASSRLS, and owns the database"
        );
    }
    Ok(())
}

/// A server set up to forget is the operator's right (tests use one), but not without a word.
async fn warn_when_not_durable(pool: &PgPool) -> Result<()> {
    for (setting, question) in [("fsync", "SHOW fsync"), ("synchronous_commit", "SHOW synchronous_commit")] {
        let value: String = sqlx::query_scalar(question).fetch_one(pool).await?;
        if value == "off" {
            tracing::warn!(
                setting,
                "PostgreSQL has this setting off: acknowledged writes may be lost when its host fails"
            );
        }
    }
    Ok(())
}
