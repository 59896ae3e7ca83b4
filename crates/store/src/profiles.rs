//! Provisioning profiles that an organization holds here.
//!
//! A profile is in three tables: what is known of it, its file, and which certificates it has. The functions here keep the
//! three together; a file is read only by [`Tx::profile_content`] and, where it may be a lent one, by
//! [`Tx::profile_content_to_use`]. A reference has none: the bytes that come with it are not written.

mod list;
mod usable;

use domain::name::folded;
use domain::{DeviceRule, HeldProfile, Permit, ProfileId, ProfileStanding, ProfileType, Shareable, TeamId};

use crate::sql::{Row, args, json};
use crate::{Conflict, Result, Tx};

pub use list::{ProfileFilter, ProfileOrder};
pub use usable::ProfileToUse;

pub(crate) fn profile(row: &Row) -> Result<HeldProfile> {
    Ok(HeldProfile {
        id: row.parse("id")?,
        organization: row.parse("organization_id")?,
        api_key: row.parse_opt("api_key_id")?,
        apple_id: row.get("apple_id")?,
        name: row.get("name")?,
        profile_type: ProfileType::of_apple(row.get::<String>("profile_type")?),
        uuid: row.get("uuid")?,
        bundle_identifier: row.get("bundle_identifier")?,
        team_id: row.parse_opt("team_id")?,
        certificates: row.json("certificates")?,
        serials: row.json_opt("serials")?.unwrap_or_default(),
        devices: row.json("devices")?,
        device_rule: row.parse("device_rule")?,
        is_reference: row.get("is_reference")?,
        standing: row.parse("standing")?,
        created_at: row.time("created_at")?,
        expires_at: row.time("expires_at")?,
        origin: row.parse("origin")?,
        added_at: row.time("added_at")?,
    })
}

impl Tx {
    /// Keeps a profile with its file, or as a reference without it. Its `organization` must be the permit's.
    ///
    /// # Errors
    /// [`Conflict::Profile`] when the organization holds this very profile.
    pub async fn insert_profile(&mut self, permit: &Permit, new: &HeldProfile, content: &[u8]) -> Result<()> {
        let inserted = self
            .execute(
                "INSERT INTO profiles (id, organization_id, api_key_id, apple_id, name, folded, profile_type, uuid, bundle_identifier,
                     team_id, certificates, devices, device_rule, standing, created_at, expires_at, origin, added_at, is_reference,
                     serials)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20) ON CONFLICT DO NOTHING",
                args![
                    new.id,
                    permit.organization(),
                    new.api_key,
                    new.apple_id.as_deref(),
                    new.name.as_str(),
                    folded(&new.name),
                    new.profile_type.as_str(),
                    new.uuid.as_str(),
                    new.bundle_identifier.as_str(),
                    new.team_id.as_ref().map(|team| team.as_str()),
                    json(&new.certificates)?,
                    json(&new.devices)?,
                    new.device_rule.as_str(),
                    new.standing.as_str(),
                    new.created_at,
                    new.expires_at,
                    new.origin.as_str(),
                    new.added_at,
                    new.is_reference,
                    json(&new.serials)?,
                ],
            )
            .await?;
        if inserted == 0 {
            return Err(Conflict::Profile.into());
        }
        self.put_profile_parts(permit, new, content).await
    }

    /// Puts a profile in the place of what it was before: another file, with all that is known of it. Where it came from,
    /// and when, stays.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`].
    pub async fn replace_profile(&mut self, permit: &Permit, new: &HeldProfile, content: &[u8]) -> Result<()> {
        self.change(
            "UPDATE profiles SET api_key_id = $3, apple_id = $4, name = $5, folded = $6, profile_type = $7, uuid = $8,
                 bundle_identifier = $9, team_id = $10, certificates = $11, devices = $12, device_rule = $13, standing = $14,
                 created_at = $15, expires_at = $16, is_reference = $17, serials = $18
             WHERE organization_id = $1 AND id = $2",
            args![
                permit.organization(),
                new.id,
                new.api_key,
                new.apple_id.as_deref(),
                new.name.as_str(),
                folded(&new.name),
                new.profile_type.as_str(),
                new.uuid.as_str(),
                new.bundle_identifier.as_str(),
                new.team_id.as_ref().map(|team| team.as_str()),
                json(&new.certificates)?,
                json(&new.devices)?,
                new.device_rule.as_str(),
                new.standing.as_str(),
                new.created_at,
                new.expires_at,
                new.is_reference,
                json(&new.serials)?,
            ],
        )
        .await?;
        self.execute(
            "DELETE FROM profile_files WHERE organization_id = $1 AND profile_id = $2",
            args![permit.organization(), new.id],
        )
        .await?;
        self.execute(
            "DELETE FROM profile_certificates WHERE organization_id = $1 AND profile_id = $2",
            args![permit.organization(), new.id],
        )
        .await?;
        self.put_profile_parts(permit, new, content).await
    }

    async fn put_profile_parts(&mut self, permit: &Permit, new: &HeldProfile, content: &[u8]) -> Result<()> {
        if !new.is_reference {
            self.execute(
                "INSERT INTO profile_files (organization_id, profile_id, content) VALUES ($1, $2, $3)",
                args![permit.organization(), new.id, content],
            )
            .await?;
        }
        for fingerprint in &new.certificates {
            // Two certificates of one key are one row.
            self.execute(
                "INSERT INTO profile_certificates (organization_id, profile_id, public_key_fingerprint) VALUES ($1, $2, $3)
                 ON CONFLICT DO NOTHING",
                args![permit.organization(), new.id, fingerprint.as_str()],
            )
            .await?;
        }
        Ok(())
    }

    /// A profile.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`].
    pub async fn profile(&mut self, permit: &Permit, id: ProfileId) -> Result<HeldProfile> {
        let row = self
            .row(
                "SELECT * FROM profiles WHERE organization_id = $1 AND id = $2",
                args![permit.organization(), id],
            )
            .await?;
        profile(&row)
    }

    /// A profile, kept as it is until this transaction ends.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`].
    pub async fn lock_profile(&mut self, permit: &Permit, id: ProfileId) -> Result<HeldProfile> {
        // A write, because both databases let one wait for it.
        self.change(
            "UPDATE profiles SET standing = standing WHERE organization_id = $1 AND id = $2",
            args![permit.organization(), id],
        )
        .await?;
        self.profile(permit, id).await
    }

    /// The file of a profile.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`], also for a reference.
    pub async fn profile_content(&mut self, permit: &Permit, id: ProfileId) -> Result<Vec<u8>> {
        let row = self
            .row(
                "SELECT content FROM profile_files WHERE organization_id = $1 AND profile_id = $2",
                args![permit.organization(), id],
            )
            .await?;
        row.get("content")
    }

    /// The profile with this UUID in its file, if it is held here.
    ///
    /// # Errors
    /// What the database says.
    pub async fn profile_by_uuid(&mut self, permit: &Permit, uuid: &str) -> Result<Option<HeldProfile>> {
        let row = self
            .row_opt(
                "SELECT * FROM profiles WHERE organization_id = $1 AND uuid = $2",
                args![permit.organization(), uuid],
            )
            .await?;
        row.as_ref().map(profile).transpose()
    }

    /// The profile that Apple calls so, if it is held here.
    ///
    /// # Errors
    /// What the database says.
    pub async fn profile_by_apple_id(&mut self, permit: &Permit, apple_id: &str) -> Result<Option<HeldProfile>> {
        let row = self
            .row_opt(
                "SELECT * FROM profiles WHERE organization_id = $1 AND apple_id = $2",
                args![permit.organization(), apple_id],
            )
            .await?;
        row.as_ref().map(profile).transpose()
    }

    /// The profiles that have the certificate with this public key, by name.
    ///
    /// # Errors
    /// What the database says.
    pub async fn profiles_of_certificate(&mut self, permit: &Permit, public_key_fingerprint: &str) -> Result<Vec<HeldProfile>> {
        let rows = self
            .rows(
                "SELECT * FROM profiles WHERE organization_id = $1 AND id IN
                     (SELECT profile_id FROM profile_certificates WHERE organization_id = $1 AND public_key_fingerprint = $2)
                 ORDER BY folded, id",
                args![permit.organization(), public_key_fingerprint],
            )
            .await?;
        rows.iter().map(profile).collect()
    }

    /// The profiles that are to have all enabled devices of their class, by name.
    ///
    /// # Errors
    /// What the database says.
    pub async fn profiles_with_all_devices(&mut self, permit: &Permit) -> Result<Vec<HeldProfile>> {
        let rows = self
            .rows(
                "SELECT * FROM profiles WHERE organization_id = $1 AND device_rule = $2 ORDER BY folded, id",
                args![permit.organization(), DeviceRule::AllEnabled.as_str()],
            )
            .await?;
        rows.iter().map(profile).collect()
    }

    /// The profiles of this type that are for this very bundle identifier, by name.
    ///
    /// # Errors
    /// What the database says.
    pub async fn profiles_for(&mut self, permit: &Permit, profile_type: &ProfileType, identifier: &str) -> Result<Vec<HeldProfile>> {
        let rows = self
            .rows(
                "SELECT * FROM profiles WHERE organization_id = $1 AND bundle_identifier = $2 AND profile_type = $3 ORDER BY folded, id",
                args![permit.organization(), identifier, profile_type.as_str()],
            )
            .await?;
        rows.iter().map(profile).collect()
    }

    /// The UUIDs of all profiles of this type.
    ///
    /// # Errors
    /// What the database says.
    pub async fn profile_uuids(&mut self, permit: &Permit, profile_type: &ProfileType) -> Result<Vec<String>> {
        let rows = self
            .rows(
                "SELECT uuid FROM profiles WHERE organization_id = $1 AND profile_type = $2 ORDER BY uuid",
                args![permit.organization(), profile_type.as_str()],
            )
            .await?;
        rows.iter().map(|row| row.get("uuid")).collect()
    }

    /// Notes what is known of a profile at Apple.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`].
    pub async fn set_profile_standing(&mut self, permit: &Permit, id: ProfileId, standing: ProfileStanding) -> Result<()> {
        self.change(
            "UPDATE profiles SET standing = $3 WHERE organization_id = $1 AND id = $2",
            args![permit.organization(), id, standing.as_str()],
        )
        .await
    }

    /// Notes that Apple does not take the profiles of a bundle ID any more: one of its capabilities was changed. What is not at
    /// Apple, or is known to be of another team, is left alone. Answers how many were ready until then.
    ///
    /// # Errors
    /// What the database says.
    pub async fn profiles_became_invalid(&mut self, permit: &Permit, identifier: &str, team: Option<&TeamId>) -> Result<u64> {
        self.execute(
            "UPDATE profiles SET standing = 'invalid' WHERE organization_id = $1 AND bundle_identifier = $2 AND standing = 'ready'
                 AND apple_id IS NOT NULL AND (team_id IS NULL OR CAST($3 AS TEXT) IS NULL OR team_id = $3)",
            args![permit.organization(), identifier, team.map(TeamId::as_str)],
        )
        .await
    }

    /// Notes that the profile that Apple called so is not there any more. Answers whether it was held as that one.
    ///
    /// # Errors
    /// What the database says.
    pub async fn profile_left_apple(&mut self, permit: &Permit, id: ProfileId, apple_id: &str, standing: ProfileStanding) -> Result<bool> {
        let changed = self
            .execute(
                "UPDATE profiles SET apple_id = NULL, standing = $4 WHERE organization_id = $1 AND id = $2 AND apple_id = $3",
                args![permit.organization(), id, apple_id, standing.as_str()],
            )
            .await?;
        Ok(changed > 0)
    }

    /// Takes a profile away here, with its file and its shares.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`].
    pub async fn remove_profile(&mut self, permit: &Permit, id: ProfileId) -> Result<()> {
        self.take_all_shares(permit, Shareable::Profile(id)).await?;
        self.change(
            "DELETE FROM profiles WHERE organization_id = $1 AND id = $2",
            args![permit.organization(), id],
        )
        .await
    }
}
