//! The feature table of a key: what Apple answered to a probe, and what really happened last.
//!
//! A probe is a fact about the key, the same for everybody. A last result is somebody's act: who was lent the key sees the
//! last of their own organization, its owner the last of all.

use std::collections::BTreeMap;

use domain::feature::declared;
use domain::{ApiKey, Feature, FeatureRow, LastResult, Probed, UsePermit};

use super::usable::key_of;
use crate::sql::{args, json};
use crate::{Result, Tx};

impl Tx {
    /// The seven rows of a key's table, in their order.
    ///
    /// # Errors
    /// What the database says.
    pub async fn feature_table(&mut self, permit: &UsePermit, key: &ApiKey) -> Result<Vec<FeatureRow>> {
        let (mut probed, mut last) = self.known(permit).await?;
        if permit.is_lent() {
            last = self.last_results_here(permit).await?;
        }
        let table = Feature::ALL.into_iter().map(|feature| FeatureRow {
            feature,
            declared: declared(key.kind, &key.roles, feature),
            overridden: key.overrides.contains(&feature),
            probed: probed.remove(&feature).unwrap_or(Probed::Never),
            last: last.remove(&feature),
        });
        Ok(table.collect())
    }

    /// What is known about the features of the key itself: the probes, and the last result of all its users.
    async fn known(&mut self, permit: &UsePermit) -> Result<(BTreeMap<Feature, Probed>, BTreeMap<Feature, LastResult>)> {
        let rows = self
            .rows(
                "SELECT feature, probed, last_result FROM key_features WHERE organization_id = $1 AND api_key_id = $2",
                args![permit.owner(), key_of(permit)?],
            )
            .await?;
        let (mut probed, mut last) = (BTreeMap::new(), BTreeMap::new());
        for row in rows {
            let feature: Feature = row.parse("feature")?;
            probed.extend(row.json_opt("probed")?.map(|answer| (feature, answer)));
            last.extend(row.json_opt("last_result")?.map(|result| (feature, result)));
        }
        Ok((probed, last))
    }

    async fn last_results_here(&mut self, permit: &UsePermit) -> Result<BTreeMap<Feature, LastResult>> {
        let rows = self
            .rows(
                "SELECT feature, last_result FROM key_last_results
                 WHERE organization_id = $1 AND api_key_id = $2 AND user_organization_id = $3",
                args![permit.owner(), key_of(permit)?, permit.user()],
            )
            .await?;
        rows.iter()
            .map(|row| Ok((row.parse("feature")?, row.json("last_result")?)))
            .collect()
    }

    /// Notes Apple's answer to a probe.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`] for an unknown key.
    pub async fn set_probed(&mut self, permit: &UsePermit, feature: Feature, probed: &Probed) -> Result<()> {
        self.lock_key(permit).await?;
        self.execute(
            "INSERT INTO key_features (organization_id, api_key_id, feature, probed) VALUES ($1, $2, $3, $4)
             ON CONFLICT (api_key_id, feature) DO UPDATE SET probed = excluded.probed",
            args![permit.owner(), key_of(permit)?, feature.as_str(), json(probed)?],
        )
        .await?;
        Ok(())
    }

    /// Notes what really happened when a feature was used, unless what is noted says more ([`LastResult::replaces`]). What
    /// counts for no feature is let go.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`] for an unknown key.
    pub async fn set_last_result(&mut self, permit: &UsePermit, last: &LastResult) -> Result<()> {
        self.lock_key(permit).await?;
        let Some(feature) = last.need.feature() else { return Ok(()) };
        if says_more(last, self.known(permit).await?.1.get(&feature)) {
            self.execute(
                "INSERT INTO key_features (organization_id, api_key_id, feature, last_result) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (api_key_id, feature) DO UPDATE SET last_result = excluded.last_result",
                args![permit.owner(), key_of(permit)?, feature.as_str(), json(last)?],
            )
            .await?;
        }
        if permit.is_lent() && says_more(last, self.last_results_here(permit).await?.get(&feature)) {
            self.execute(
                "INSERT INTO key_last_results (organization_id, api_key_id, user_organization_id, feature, last_result)
                 VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT (api_key_id, user_organization_id, feature) DO UPDATE SET last_result = excluded.last_result",
                args![permit.owner(), key_of(permit)?, permit.user(), feature.as_str(), json(last)?],
            )
            .await?;
        }
        Ok(())
    }
}

fn says_more(last: &LastResult, known: Option<&LastResult>) -> bool {
    known.is_none_or(|known| last.replaces(known))
}
