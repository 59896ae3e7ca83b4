//! The feature table of a key: what Apple answered to a probe, and what really happened last.

use std::collections::BTreeMap;

use domain::feature::declared;
use domain::{ApiKey, ApiKeyId, Feature, FeatureRow, LastResult, Permit, Probed};

use crate::sql::{args, json};
use crate::{Result, Tx};

impl Tx {
    /// The seven rows of a key's table, in their order.
    ///
    /// # Errors
    /// What the database says.
    pub async fn feature_table(&mut self, permit: &Permit, key: &ApiKey) -> Result<Vec<FeatureRow>> {
        let rows = self
            .rows(
                "SELECT feature, probed, last_result FROM key_features WHERE organization_id = $1 AND api_key_id = $2",
                args![permit.organization(), key.id],
            )
            .await?;
        let mut known: BTreeMap<Feature, (Option<Probed>, Option<LastResult>)> = BTreeMap::new();
        for row in rows {
            known.insert(row.parse("feature")?, (row.json_opt("probed")?, row.json_opt("last_result")?));
        }
        let table = Feature::ALL.into_iter().map(|feature| {
            let (probed, last) = known.remove(&feature).unwrap_or_default();
            FeatureRow {
                feature,
                declared: declared(key.kind, &key.roles, feature),
                overridden: key.overrides.contains(&feature),
                probed: probed.unwrap_or(Probed::Never),
                last,
            }
        });
        Ok(table.collect())
    }

    /// What each key of the organization was probed for, for one feature: what a picker judges by.
    /// Keys that were never asked are absent.
    ///
    /// # Errors
    /// What the database says.
    pub async fn probed(&mut self, permit: &Permit, feature: Feature) -> Result<BTreeMap<ApiKeyId, Probed>> {
        let rows = self
            .rows(
                "SELECT api_key_id, probed FROM key_features
                 WHERE organization_id = $1 AND feature = $2 AND probed IS NOT NULL",
                args![permit.organization(), feature.as_str()],
            )
            .await?;
        rows.iter().map(|row| Ok((row.parse("api_key_id")?, row.json("probed")?))).collect()
    }

    /// Notes Apple's answer to a probe.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`] for an unknown key.
    pub async fn set_probed(&mut self, permit: &Permit, id: ApiKeyId, feature: Feature, probed: &Probed) -> Result<()> {
        self.key(permit, id).await?;
        self.execute(
            "INSERT INTO key_features (organization_id, api_key_id, feature, probed) VALUES ($1, $2, $3, $4)
             ON CONFLICT (api_key_id, feature) DO UPDATE SET probed = excluded.probed",
            args![permit.organization(), id, feature.as_str(), json(probed)?],
        )
        .await?;
        Ok(())
    }

    /// Notes what really happened when a feature was used. What counts for no feature is let go.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`] for an unknown key.
    pub async fn set_last_result(&mut self, permit: &Permit, id: ApiKeyId, last: &LastResult) -> Result<()> {
        self.key(permit, id).await?;
        let Some(feature) = last.need.feature() else { return Ok(()) };
        self.execute(
            "INSERT INTO key_features (organization_id, api_key_id, feature, last_result) VALUES ($1, $2, $3, $4)
             ON CONFLICT (api_key_id, feature) DO UPDATE SET last_result = excluded.last_result",
            args![permit.organization(), id, feature.as_str(), json(last)?],
        )
        .await?;
        Ok(())
    }
}
