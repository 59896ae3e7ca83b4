//! Devices that are not yet registered.

use domain::{ApiKeyId, PendingDevice, PendingDeviceId, Permit};

use crate::sql::{Row, args, json};
use crate::{Page, Paging, Result, Tx};

/// How cursors of the list call it.
const LIST: &str = "pending-devices";

fn device(row: &Row) -> Result<PendingDevice> {
    Ok(PendingDevice {
        id: row.parse("id")?,
        organization: row.parse("organization_id")?,
        udid: row.get("udid")?,
        name: row.get("name")?,
        product: row.get("product")?,
        version: row.get("version")?,
        keys: row.json("keys")?,
        came: row.json("came")?,
        trouble: row.get("trouble")?,
        arrived_at: row.time("arrived_at")?,
    })
}

impl Tx {
    /// Writes a device down that came. One that is here already keeps its id and its name, is meant for the accounts of
    /// both times, and is as it was now. Answers the row as it stands then.
    ///
    /// # Errors
    /// What the database says.
    pub async fn put_pending_device(&mut self, permit: &Permit, new: &PendingDevice) -> Result<PendingDevice> {
        let inserted = self
            .execute(
                "INSERT INTO pending_devices (id, organization_id, udid, name, product, version, keys, came, trouble, arrived_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
                 ON CONFLICT (organization_id, udid) DO NOTHING",
                args![
                    new.id,
                    permit.organization(),
                    new.udid.as_str(),
                    new.name.as_str(),
                    new.product.as_deref(),
                    new.version.as_deref(),
                    json(&new.keys)?,
                    json(&new.came)?,
                    new.trouble.as_deref(),
                    new.arrived_at,
                ],
            )
            .await?;
        if inserted > 0 {
            return Ok(new.clone());
        }
        // A write, because both databases let one wait for it.
        self.execute(
            "UPDATE pending_devices SET arrived_at = $3 WHERE organization_id = $1 AND udid = $2",
            args![permit.organization(), new.udid.as_str(), new.arrived_at],
        )
        .await?;
        let row = self
            .row(
                "SELECT * FROM pending_devices WHERE organization_id = $1 AND udid = $2",
                args![permit.organization(), new.udid.as_str()],
            )
            .await?;
        let mut merged = device(&row)?;
        merged.keys.extend(&new.keys);
        merged.keys.sort_unstable();
        merged.keys.dedup();
        merged.product = new.product.clone().or(merged.product);
        merged.version = new.version.clone().or(merged.version);
        merged.came = new.came.clone();
        self.change_pending_device(permit, &merged).await?;
        Ok(merged)
    }

    /// A device that is not yet registered.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`].
    pub async fn pending_device(&mut self, permit: &Permit, id: PendingDeviceId) -> Result<PendingDevice> {
        let row = self
            .row(
                "SELECT * FROM pending_devices WHERE organization_id = $1 AND id = $2",
                args![permit.organization(), id],
            )
            .await?;
        device(&row)
    }

    /// Those of an organization, newest first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn pending_devices(&mut self, permit: &Permit, paging: &Paging) -> Result<Page<PendingDevice>> {
        let rows = self
            .rows(
                "SELECT * FROM pending_devices WHERE organization_id = $1 AND (CAST($2 AS TEXT) IS NULL OR id < $2)
                 ORDER BY id DESC LIMIT $3",
                args![permit.organization(), paging.behind::<String>(LIST)?, paging.fetch()],
            )
            .await?;
        let items = rows.iter().map(device).collect::<Result<Vec<_>>>()?;
        Ok(Page::cut(items, paging, LIST, |one| one.id.to_string()))
    }

    /// How many there are.
    ///
    /// # Errors
    /// What the database says.
    pub async fn pending_device_count(&mut self, permit: &Permit) -> Result<u32> {
        self.row(
            "SELECT COUNT(*) AS number FROM pending_devices WHERE organization_id = $1",
            args![permit.organization()],
        )
        .await?
        .count("number")
    }

    /// Changes what is known of one.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`].
    pub async fn change_pending_device(&mut self, permit: &Permit, changed: &PendingDevice) -> Result<()> {
        self.change(
            "UPDATE pending_devices SET name = $3, product = $4, version = $5, keys = $6, came = $7, trouble = $8
             WHERE organization_id = $1 AND id = $2",
            args![
                permit.organization(),
                changed.id,
                changed.name.as_str(),
                changed.product.as_deref(),
                changed.version.as_deref(),
                json(&changed.keys)?,
                json(&changed.came)?,
                changed.trouble.as_deref(),
            ],
        )
        .await
    }

    /// Notes that an account has the device, or why it could not be registered there. Of a device that is here and meant
    /// for that account; once all have it, it leaves the list.
    ///
    /// # Errors
    /// What the database says.
    pub async fn pending_device_was_tried(&mut self, permit: &Permit, udid: &str, key: ApiKeyId, trouble: Option<&str>) -> Result<()> {
        let row = self
            .row_opt(
                "SELECT * FROM pending_devices WHERE organization_id = $1 AND udid = $2",
                args![permit.organization(), udid],
            )
            .await?;
        let Some(mut found) = row.as_ref().map(device).transpose()? else {
            return Ok(());
        };
        if !found.keys.contains(&key) {
            return Ok(());
        }
        match trouble {
            Some(why) => found.trouble = Some(why.to_owned()),
            None => {
                found.keys.retain(|wanted| *wanted != key);
                if found.keys.is_empty() {
                    return self.remove_pending_device(permit, found.id).await;
                }
            }
        }
        self.change_pending_device(permit, &found).await
    }

    /// Takes one off the list.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`].
    pub async fn remove_pending_device(&mut self, permit: &Permit, id: PendingDeviceId) -> Result<()> {
        self.change(
            "DELETE FROM pending_devices WHERE organization_id = $1 AND id = $2",
            args![permit.organization(), id],
        )
        .await
    }
}
