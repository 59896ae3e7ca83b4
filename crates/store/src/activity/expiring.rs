//! What is about to expire, over all organizations: for the server's daily look.

use domain::{ApiKeyId, ApiTokenId, CertificateId, Event, OrgId, ProfileId, ServiceTokenId, ShareTarget, UserId};
use jiff::Timestamp;

use crate::sql::{Row, args};
use crate::{Result, Tx};

/// What it is, and where that is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpiringItem {
    /// A certificate, in the organization that holds it.
    Certificate(OrgId, CertificateId),
    /// A profile, in the organization that holds it.
    Profile(OrgId, ProfileId),
    /// A personal token, where its owner belongs.
    Token(UserId, ApiTokenId),
    /// A service token, in its organization.
    ServiceToken(OrgId, ServiceTokenId),
}

/// Something that ends soon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expiring {
    /// What.
    pub item: ExpiringItem,
    /// What it is called.
    pub name: String,
    /// Since when it is here.
    pub since: Timestamp,
    /// When it ends.
    pub ends: Timestamp,
}

/// A share that is over by its date; its row stays, for whoever wants to go on with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedShare {
    /// The root organization that shared.
    pub organization: OrgId,
    /// The key.
    pub key: ApiKeyId,
    /// What it is called.
    pub name: String,
    /// With whom it was shared.
    pub target: ShareTarget,
    /// Until when.
    pub ended_at: Timestamp,
}

fn expiring(row: &Row, item: ExpiringItem) -> Result<Expiring> {
    Ok(Expiring {
        item,
        name: row.get("name")?,
        since: row.time("since")?,
        ends: row.time("expires_at")?,
    })
}

impl Tx {
    /// What ends in this span of time, in all organizations.
    ///
    /// # Errors
    /// What the database says.
    pub async fn expiring(&mut self, from: Timestamp, until: Timestamp) -> Result<Vec<Expiring>> {
        let mut all = Vec::new();
        let certificates = self
            .rows(
                "SELECT id, organization_id, name, added_at AS since, expires_at FROM certificates
                 WHERE expires_at >= $1 AND expires_at <= $2 AND revoked_at IS NULL",
                args![from, until],
            )
            .await?;
        for row in &certificates {
            let item = ExpiringItem::Certificate(row.parse("organization_id")?, row.parse("id")?);
            all.push(expiring(row, item)?);
        }
        let profiles = self
            .rows(
                "SELECT id, organization_id, name, added_at AS since, expires_at FROM profiles WHERE expires_at >= $1 AND expires_at <= $2",
                args![from, until],
            )
            .await?;
        for row in &profiles {
            let item = ExpiringItem::Profile(row.parse("organization_id")?, row.parse("id")?);
            all.push(expiring(row, item)?);
        }
        let tokens = self
            .rows(
                "SELECT id, user_id, name, created_at AS since, expires_at FROM api_tokens WHERE expires_at >= $1 AND expires_at <= $2",
                args![from, until],
            )
            .await?;
        for row in &tokens {
            let item = ExpiringItem::Token(row.parse("user_id")?, row.parse("id")?);
            all.push(expiring(row, item)?);
        }
        let service_tokens = self
            .rows(
                "SELECT id, organization_id, name, created_at AS since, expires_at FROM service_tokens WHERE expires_at >= $1 AND expires_at <= $2",
                args![from, until],
            )
            .await?;
        for row in &service_tokens {
            let item = ExpiringItem::ServiceToken(row.parse("organization_id")?, row.parse("id")?);
            all.push(expiring(row, item)?);
        }
        Ok(all)
    }

    /// The shares of keys that ended by their dates after one moment and not after another, in all organizations.
    ///
    /// # Errors
    /// What the database says.
    pub async fn ended_shares(&mut self, after: Timestamp, until: Timestamp) -> Result<Vec<EndedShare>> {
        let rows = self
            .rows(
                "SELECT shares.organization_id, shares.item_id, shares.target, shares.stops_at, api_keys.name
                 FROM shares JOIN api_keys ON api_keys.organization_id = shares.organization_id AND api_keys.id = shares.item_id
                 WHERE shares.item_kind = 'api-key' AND shares.stops_at > $1 AND shares.stops_at <= $2
                 ORDER BY shares.stops_at, shares.item_id, shares.target",
                args![after, until],
            )
            .await?;
        let ended = rows.iter().map(|row| {
            Ok(EndedShare {
                organization: row.parse("organization_id")?,
                key: row.parse("item_id")?,
                name: row.get("name")?,
                target: row.parse("target")?,
                ended_at: row.time("stops_at")?,
            })
        });
        ended.collect()
    }

    /// What was written down about ends of shares of this key since a moment. Waits for others who are about to write one,
    /// so that each is written once.
    ///
    /// # Errors
    /// What the database says.
    pub async fn ends_of_shares(&mut self, organization: OrgId, key: ApiKeyId, since: Timestamp) -> Result<Vec<Event>> {
        self.lock_subject(&format!("expiry:{key}")).await?;
        let rows = self
            .rows(
                "SELECT event FROM activity
                 WHERE organization_id = $1 AND object_id = $2 AND at >= $3 AND action = 'key.share-ended' ORDER BY at, sequence",
                args![organization, key, since],
            )
            .await?;
        rows.iter().map(|row| row.json("event")).collect()
    }

    /// The last notice in this organization that this object is about to expire. Waits for others who are about to write
    /// one, so that each is written once.
    ///
    /// # Errors
    /// What the database says.
    pub async fn last_expiry_notice(&mut self, organization: OrgId, object: &str, action: &str) -> Result<Option<Event>> {
        self.lock_subject(&format!("expiry:{object}")).await?;
        let row = self
            .row_opt(
                "SELECT event FROM activity WHERE organization_id = $1 AND object_id = $2 AND action = $3
                 ORDER BY at DESC, sequence DESC LIMIT 1",
                args![organization, object, action],
            )
            .await?;
        row.map(|row| row.json("event")).transpose()
    }
}
