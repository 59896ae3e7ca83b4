//! What is set for apps at Apple, by bundle identifier. A row is there once something was set or reserved.

use domain::{AppSettings, ExportCompliance, Permit};
use jiff::Timestamp;

use crate::sql::{Row, args};
use crate::{Result, Tx};

fn settings(row: &Row) -> Result<AppSettings> {
    Ok(AppSettings {
        identifier: row.get("identifier")?,
        export_compliance: ExportCompliance::of(row.get("uses_encryption")?),
        last_build_number: row.get("last_build_number")?,
        changed_at: row.time_opt("changed_at")?,
    })
}

impl Tx {
    /// What is set for an app; where nothing is, what holds for any.
    ///
    /// # Errors
    /// What the database says.
    pub async fn app_settings(&mut self, permit: &Permit, identifier: &str) -> Result<AppSettings> {
        let row = self
            .row_opt(
                "SELECT * FROM app_settings WHERE organization_id = $1 AND identifier = $2",
                args![permit.organization(), identifier],
            )
            .await?;
        match row {
            Some(row) => settings(&row),
            None => Ok(AppSettings {
                identifier: identifier.to_owned(),
                ..AppSettings::default()
            }),
        }
    }

    /// The same, kept as it is until the transaction ends: of two that come at once the second sees what the first wrote.
    ///
    /// # Errors
    /// What the database says.
    pub async fn lock_app_settings(&mut self, permit: &Permit, identifier: &str, now: Timestamp) -> Result<AppSettings> {
        // A row that is not there cannot be held.
        self.execute(
            "INSERT INTO app_settings (organization_id, identifier, changed_at) VALUES ($1, $2, $3)
             ON CONFLICT (organization_id, identifier) DO NOTHING",
            args![permit.organization(), identifier, now],
        )
        .await?;
        let statement = self.dialect(
            "SELECT * FROM app_settings WHERE organization_id = $1 AND identifier = $2",
            "SELECT * FROM app_settings WHERE organization_id = $1 AND identifier = $2 FOR UPDATE",
        );
        let row = self.row(statement, args![permit.organization(), identifier]).await?;
        settings(&row)
    }

    /// Sets how builds without an answer about export compliance are answered. Hold the settings before.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`].
    pub async fn set_export_compliance(
        &mut self,
        permit: &Permit,
        identifier: &str,
        answer: ExportCompliance,
        now: Timestamp,
    ) -> Result<()> {
        self.change(
            "UPDATE app_settings SET uses_encryption = $3, changed_at = $4 WHERE organization_id = $1 AND identifier = $2",
            args![permit.organization(), identifier, answer.uses_encryption(), now],
        )
        .await
    }

    /// Notes the build number that is reserved now. Hold the settings before.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`].
    pub async fn note_build_number(&mut self, permit: &Permit, identifier: &str, number: &str, now: Timestamp) -> Result<()> {
        self.change(
            "UPDATE app_settings SET last_build_number = $3, changed_at = $4 WHERE organization_id = $1 AND identifier = $2",
            args![permit.organization(), identifier, number, now],
        )
        .await
    }
}
