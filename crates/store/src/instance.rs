//! The instance itself: one row, written at the first start.

use jiff::Timestamp;
use vault::UnsealRecord;

use crate::sql::args;
use crate::{Conflict, Result, Tx};

/// What is known before anything is unsealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// Bound into every ciphertext.
    pub id: String,
    /// When it first started.
    pub created_at: Timestamp,
    /// The sealed root key, by which a wrong key is told.
    pub unseal: UnsealRecord,
}

impl Tx {
    /// The instance; none before the first start.
    ///
    /// # Errors
    /// What the database says.
    pub async fn instance(&mut self) -> Result<Option<Instance>> {
        let row = self
            .row_opt("SELECT id, created_at, unseal_record FROM instance WHERE singleton = 1", args![])
            .await?;
        row.map(|row| {
            Ok(Instance {
                id: row.get("id")?,
                created_at: row.time("created_at")?,
                unseal: UnsealRecord::from_text(row.get("unseal_record")?),
            })
        })
        .transpose()
    }

    /// Writes the instance down, once.
    ///
    /// # Errors
    /// [`Conflict::Initialized`] when another first start was faster.
    pub async fn create_instance(&mut self, instance: &Instance) -> Result<()> {
        let created = self
            .execute(
                "INSERT INTO instance (singleton, id, created_at, unseal_record) VALUES (1, $1, $2, $3)
                 ON CONFLICT DO NOTHING",
                args![instance.id.as_str(), instance.created_at, instance.unseal.as_str()],
            )
            .await?;
        if created == 0 { Err(Conflict::Initialized.into()) } else { Ok(()) }
    }

    /// Keeps a changed unseal record, such as one with another source.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`] before the first start.
    pub async fn set_unseal_record(&mut self, record: &UnsealRecord) -> Result<()> {
        self.change("UPDATE instance SET unseal_record = $1 WHERE singleton = 1", args![record.as_str()])
            .await
    }
}
