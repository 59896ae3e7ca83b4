//! Sealed secrets, under the very place they were sealed for: the row's key and the associated
//! data are one value, so they cannot drift apart.

use domain::{OrgId, Permit};
use vault::{Place, Sealed};

use crate::sql::{Arg, args};
use crate::{Conflict, Result, StoreError, Tx};

/// A place belongs to the permit's organization or does not exist.
fn address(permit: &Permit, place: &Place<'_>) -> Result<Vec<Arg>> {
    let organization: OrgId = permit.organization();
    let version = i64::try_from(place.version).map_err(|_| StoreError::NotFound)?;
    if place.owner == organization.to_string() {
        Ok(args![organization, place.kind, place.object, place.field, version])
    } else {
        Err(StoreError::NotFound)
    }
}

impl Tx {
    /// Keeps a sealed secret. A version is written once; a change is a new version.
    ///
    /// # Errors
    /// [`Conflict::Secret`] when the version exists, [`StoreError::NotFound`] for the place of
    /// another organization.
    pub async fn put_secret(&mut self, permit: &Permit, place: &Place<'_>, sealed: &Sealed) -> Result<()> {
        let mut values = address(permit, place)?;
        values.push(sealed.as_bytes().into());
        let inserted = self
            .execute(
                "INSERT INTO secrets (organization_id, kind, object_id, field, version, sealed)
                 VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
                values,
            )
            .await?;
        if inserted == 0 { Err(Conflict::Secret.into()) } else { Ok(()) }
    }

    /// The sealed secret of a place.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn secret(&mut self, permit: &Permit, place: &Place<'_>) -> Result<Sealed> {
        let row = self
            .row(
                "SELECT sealed FROM secrets
                 WHERE organization_id = $1 AND kind = $2 AND object_id = $3 AND field = $4 AND version = $5",
                address(permit, place)?,
            )
            .await?;
        Ok(Sealed::from_bytes(row.get("sealed")?))
    }

    /// Deletes all versions of all fields of an object; gives how many there were.
    ///
    /// # Errors
    /// What the database says.
    pub async fn delete_secrets(&mut self, permit: &Permit, kind: &str, object: &str) -> Result<u64> {
        self.execute(
            "DELETE FROM secrets WHERE organization_id = $1 AND kind = $2 AND object_id = $3",
            args![permit.organization(), kind, object],
        )
        .await
    }

    /// Deletes one version of a secret, such as the one that a rotation replaced.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn delete_secret(&mut self, permit: &Permit, place: &Place<'_>) -> Result<()> {
        self.change(
            "DELETE FROM secrets
             WHERE organization_id = $1 AND kind = $2 AND object_id = $3 AND field = $4 AND version = $5",
            address(permit, place)?,
        )
        .await
    }
}
