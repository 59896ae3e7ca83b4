//! When the membership year of an Apple account ends, as a person entered it for a key.

use domain::{ApiKeyId, Permit};
use jiff::civil::Date;

use crate::sql::args;
use crate::{Result, Tx};

impl Tx {
    /// The day that was entered for a key; none when none was.
    ///
    /// # Errors
    /// What the database says.
    pub async fn membership_year_end(&mut self, permit: &Permit, key: ApiKeyId) -> Result<Option<Date>> {
        let row = self
            .row_opt(
                "SELECT ends_on FROM membership_years WHERE organization_id = $1 AND api_key_id = $2",
                args![permit.organization(), key],
            )
            .await?;
        row.map(|row| row.parse("ends_on")).transpose()
    }

    /// Enters the day, in the place of the one before; none forgets it.
    ///
    /// # Errors
    /// What the database says.
    pub async fn set_membership_year_end(&mut self, permit: &Permit, key: ApiKeyId, day: Option<Date>) -> Result<()> {
        self.execute(
            "DELETE FROM membership_years WHERE organization_id = $1 AND api_key_id = $2",
            args![permit.organization(), key],
        )
        .await?;
        if let Some(day) = day {
            self.execute(
                "INSERT INTO membership_years (organization_id, api_key_id, ends_on) VALUES ($1, $2, $3)",
                args![permit.organization(), key, day.to_string()],
            )
            .await?;
        }
        Ok(())
    }
}
