//! Tokens of organizations.
//!
//! A revoked token is gone, and only its name is kept aside, because the activity log goes on telling of it. Whatever
//! changes what a token may or what opens it raises its standing in the same statement.

use domain::policy::Standing;
use domain::{ItemName, Permit, ServiceToken, ServiceTokenId, Subject};
use jiff::Timestamp;

use crate::sql::{Row, args, json};
use crate::{Conflict, Page, Paging, Result, TokenHash, Tx};

/// How cursors of the list call it.
const LIST: &str = "service tokens";

fn service_token(row: &Row) -> Result<ServiceToken> {
    Ok(ServiceToken {
        id: row.parse("id")?,
        organization: row.parse("organization_id")?,
        name: row.parse("name")?,
        roles: row.set("roles")?,
        confined_to: row.json_opt("confined_to")?,
        address_ranges: row.json("address_ranges")?,
        created_by: row.parse("created_by")?,
        created_at: row.time("created_at")?,
        expires_at: row.time("expires_at")?,
        used_at: row.time_opt("used_at")?,
    })
}

fn with_standing(row: &Row) -> Result<(ServiceToken, Standing)> {
    let token = service_token(row)?;
    let standing = Standing {
        subject: Subject::Service(token.id),
        version: row.get("standing")?,
    };
    Ok((token, standing))
}

impl Tx {
    /// Makes a token in the permit's organization.
    ///
    /// # Errors
    /// [`Conflict::TokenName`].
    pub async fn insert_service_token(&mut self, permit: &Permit, new: &ServiceToken, hash: &TokenHash) -> Result<()> {
        let inserted = self
            .execute(
                "INSERT INTO service_tokens
                   (organization_id, id, token_hash, name, folded, roles, confined_to, address_ranges, created_by, created_at, expires_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING",
                args![
                    permit.organization(),
                    new.id,
                    hash.0.as_slice(),
                    new.name.as_str(),
                    new.name.folded(),
                    json(&new.roles)?,
                    new.confined_to.as_ref().map(json).transpose()?,
                    json(&new.address_ranges)?,
                    new.created_by,
                    new.created_at,
                    new.expires_at,
                ],
            )
            .await?;
        if inserted == 0 {
            return Err(Conflict::TokenName.into());
        }
        self.name_service_token(new).await
    }

    async fn name_service_token(&mut self, token: &ServiceToken) -> Result<()> {
        self.execute(
            "INSERT INTO service_token_names (id, name) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET name = excluded.name",
            args![token.id, token.name.as_str()],
        )
        .await?;
        Ok(())
    }

    /// A token of the organization, also one that has ended.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`].
    pub async fn service_token(&mut self, permit: &Permit, id: ServiceTokenId) -> Result<ServiceToken> {
        let row = self
            .row(
                "SELECT * FROM service_tokens WHERE organization_id = $1 AND id = $2",
                args![permit.organization(), id],
            )
            .await?;
        service_token(&row)
    }

    /// The tokens of the organization, newest first, ended ones included.
    ///
    /// # Errors
    /// What the database says.
    pub async fn service_tokens(&mut self, permit: &Permit, paging: &Paging) -> Result<Page<ServiceToken>> {
        let rows = self
            .rows(
                "SELECT * FROM service_tokens
                 WHERE organization_id = $1 AND (CAST($2 AS TEXT) IS NULL OR id < $2)
                 ORDER BY id DESC LIMIT $3",
                args![permit.organization(), paging.behind::<String>(LIST)?, paging.fetch()],
            )
            .await?;
        let tokens = rows.iter().map(service_token).collect::<Result<Vec<_>>>()?;
        Ok(Page::cut(tokens, paging, LIST, |token| token.id.to_string()))
    }

    /// Those that end between two moments, soonest first, for the overview.
    ///
    /// # Errors
    /// What the database says.
    pub async fn service_tokens_by_expiry(
        &mut self,
        permit: &Permit,
        from: Timestamp,
        until: Timestamp,
        most: u32,
    ) -> Result<Vec<ServiceToken>> {
        let rows = self
            .rows(
                "SELECT * FROM service_tokens
                 WHERE organization_id = $1 AND expires_at >= $2 AND expires_at <= $3
                 ORDER BY expires_at, id LIMIT $4",
                args![permit.organization(), from, until, most],
            )
            .await?;
        rows.iter().map(service_token).collect()
    }

    /// Changes a token's name, roles, confinement and address ranges.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`]; [`Conflict::TokenName`].
    pub async fn change_service_token(&mut self, permit: &Permit, token: &ServiceToken) -> Result<()> {
        // Two that are renamed at once take turns, so that the second sees the first.
        self.lock_subject(&format!("service-token-names:{}", permit.organization())).await?;
        let taken = self
            .row_opt(
                "SELECT id FROM service_tokens WHERE organization_id = $1 AND folded = $2 AND id <> $3",
                args![permit.organization(), token.name.folded(), token.id],
            )
            .await?;
        if taken.is_some() {
            return Err(Conflict::TokenName.into());
        }
        self.change(
            "UPDATE service_tokens SET name = $3, folded = $4, roles = $5, confined_to = $6, address_ranges = $7, standing = standing + 1
             WHERE organization_id = $1 AND id = $2",
            args![
                permit.organization(),
                token.id,
                token.name.as_str(),
                token.name.folded(),
                json(&token.roles)?,
                token.confined_to.as_ref().map(json).transpose()?,
                json(&token.address_ranges)?,
            ],
        )
        .await?;
        self.name_service_token(token).await
    }

    /// Gives a token another value and another end. The value before opens nothing from here on.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`].
    pub async fn rotate_service_token(
        &mut self,
        permit: &Permit,
        id: ServiceTokenId,
        hash: &TokenHash,
        expires_at: Timestamp,
    ) -> Result<()> {
        self.change(
            "UPDATE service_tokens SET token_hash = $3, expires_at = $4, standing = standing + 1
             WHERE organization_id = $1 AND id = $2",
            args![permit.organization(), id, hash.0.as_slice(), expires_at],
        )
        .await
    }

    /// Revokes a token, and gives what it was, for the activity record.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`], also when it was revoked before.
    pub async fn revoke_service_token(&mut self, permit: &Permit, id: ServiceTokenId) -> Result<ServiceToken> {
        let row = self
            .row(
                "DELETE FROM service_tokens WHERE organization_id = $1 AND id = $2 RETURNING *",
                args![permit.organization(), id],
            )
            .await?;
        service_token(&row)
    }

    /// The token of this hash with the version of its rights, unless it has ended.
    ///
    /// # Errors
    /// What the database says.
    pub async fn service_token_by_hash(&mut self, hash: &TokenHash, now: Timestamp) -> Result<Option<(ServiceToken, Standing)>> {
        let row = self
            .row_opt(
                "SELECT * FROM service_tokens WHERE token_hash = $1 AND expires_at > $2",
                args![hash.0.as_slice(), now],
            )
            .await?;
        row.as_ref().map(with_standing).transpose()
    }

    /// A token with the version of its rights, also one that has ended; none when it was revoked or never was.
    ///
    /// # Errors
    /// What the database says.
    pub async fn service_token_standing(&mut self, id: ServiceTokenId) -> Result<Option<(ServiceToken, Standing)>> {
        let row = self.row_opt("SELECT * FROM service_tokens WHERE id = $1", args![id]).await?;
        row.as_ref().map(with_standing).transpose()
    }

    /// What a token is called or was called before it was revoked.
    ///
    /// # Errors
    /// What the database says.
    pub async fn service_token_name(&mut self, id: ServiceTokenId) -> Result<Option<ItemName>> {
        let row = self
            .row_opt("SELECT name FROM service_token_names WHERE id = $1", args![id])
            .await?;
        row.map(|row| row.parse("name")).transpose()
    }

    /// Notes that a token was used.
    ///
    /// # Errors
    /// What the database says.
    pub async fn touch_service_token(&mut self, id: ServiceTokenId, now: Timestamp) -> Result<()> {
        self.execute(
            "UPDATE service_tokens SET used_at = $2 WHERE id = $1 AND (used_at IS NULL OR used_at < $2)",
            args![id, now],
        )
        .await?;
        Ok(())
    }

    /// The tokens of all organizations that end after one moment and not after another, soonest first: for giving notice.
    ///
    /// # Errors
    /// What the database says.
    pub async fn service_tokens_ending(&mut self, after: Timestamp, until: Timestamp) -> Result<Vec<ServiceToken>> {
        let rows = self
            .rows(
                "SELECT * FROM service_tokens WHERE expires_at > $1 AND expires_at <= $2 ORDER BY expires_at, id",
                args![after, until],
            )
            .await?;
        rows.iter().map(service_token).collect()
    }
}
