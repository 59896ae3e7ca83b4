//! Certificates that are renewed without anybody asking.

use domain::{CertificateId, OrgId, Permit, certificate::AutomaticRenewal};

use crate::sql::{Row, args};
use crate::{Result, Tx};

fn renewal(row: &Row) -> Result<AutomaticRenewal> {
    Ok(AutomaticRenewal {
        certificate: row.parse("certificate_id")?,
        key: row.parse_opt("api_key_id")?,
        days_before: u16::try_from(row.get::<i64>("days_before")?).unwrap_or(u16::MAX),
        set_by: row.parse("set_by")?,
        set_at: row.time("set_at")?,
    })
}

impl Tx {
    /// How a certificate of the organization is renewed by itself; none when it is not.
    ///
    /// # Errors
    /// What the database says.
    pub async fn automatic_renewal(&mut self, organization: OrgId, certificate: CertificateId) -> Result<Option<AutomaticRenewal>> {
        let row = self
            .row_opt(
                "SELECT * FROM automatic_renewals WHERE organization_id = $1 AND certificate_id = $2",
                args![organization, certificate],
            )
            .await?;
        row.as_ref().map(renewal).transpose()
    }

    /// Has a certificate renewed by itself from now on, in the place of what was wished before.
    ///
    /// # Errors
    /// What the database says.
    pub async fn set_automatic_renewal(&mut self, permit: &Permit, new: &AutomaticRenewal) -> Result<()> {
        self.end_automatic_renewal(permit, new.certificate).await?;
        self.execute(
            "INSERT INTO automatic_renewals (certificate_id, organization_id, api_key_id, days_before, set_by, set_at)
             VALUES ($1, $2, $3, $4, $5, $6)",
            args![
                new.certificate,
                permit.organization(),
                new.key,
                i64::from(new.days_before),
                new.set_by.to_string(),
                new.set_at,
            ],
        )
        .await?;
        Ok(())
    }

    /// Lets a certificate end. Answers whether it was to be renewed.
    ///
    /// # Errors
    /// What the database says.
    pub async fn end_automatic_renewal(&mut self, permit: &Permit, certificate: CertificateId) -> Result<bool> {
        let ended = self
            .execute(
                "DELETE FROM automatic_renewals WHERE organization_id = $1 AND certificate_id = $2",
                args![permit.organization(), certificate],
            )
            .await?;
        Ok(ended > 0)
    }
}
