//! Signing sets of an organization.
//!
//! A set and its items are two tables; what the items point at are rows of others, and an item outlives them.

use domain::name::folded;
use domain::{ApiKeyId, CertificateId, HeldCertificate, HeldProfile, Permit, ProfileId, ProfileType, SetItem, SigningSet, SigningSetId};
use jiff::Timestamp;

use crate::sql::{Row, args};
use crate::{Conflict, Page, Paging, Result, Tx};

/// How cursors of the list call it.
const LIST: &str = "signing sets";

fn set(row: &Row) -> Result<SigningSet> {
    Ok(SigningSet {
        id: row.parse("id")?,
        organization: row.parse("organization_id")?,
        name: row.parse("name")?,
        profile_type: ProfileType::of_apple(row.get::<String>("profile_type")?),
        api_key: row.parse_opt("api_key_id")?,
        made_at: row.time("made_at")?,
        changed_at: row.time("changed_at")?,
    })
}

fn item(row: &Row) -> Result<SetItem> {
    Ok(SetItem {
        identifier: row.get("identifier")?,
        certificate: row.parse_opt("certificate_id")?,
        profile: row.parse_opt("profile_id")?,
        seen_at: row.time_opt("seen_at")?,
        below_seen_at: row.time_opt("below_seen_at")?,
    })
}

impl Tx {
    /// Keeps a set, without items. Its `organization` must be the permit's.
    ///
    /// # Errors
    /// [`Conflict::SetName`].
    pub async fn insert_signing_set(&mut self, permit: &Permit, new: &SigningSet) -> Result<()> {
        let inserted = self
            .execute(
                "INSERT INTO signing_sets (id, organization_id, name, folded, profile_type, api_key_id, made_at, changed_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
                args![
                    new.id,
                    permit.organization(),
                    new.name.as_str(),
                    new.name.folded(),
                    new.profile_type.as_str(),
                    new.api_key,
                    new.made_at,
                    new.changed_at,
                ],
            )
            .await?;
        if inserted == 0 { Err(Conflict::SetName.into()) } else { Ok(()) }
    }

    /// Notes that what a set points at changed, and the key that it is ensured with from now on.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`].
    pub async fn change_signing_set(&mut self, permit: &Permit, id: SigningSetId, key: Option<ApiKeyId>, at: Timestamp) -> Result<()> {
        self.change(
            "UPDATE signing_sets SET api_key_id = $3, changed_at = $4 WHERE organization_id = $1 AND id = $2",
            args![permit.organization(), id, key, at],
        )
        .await
    }

    /// Puts an item into a set, in the place of the one with the same identifier.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`] when set, certificate or profile are gone.
    pub async fn put_set_item(&mut self, permit: &Permit, set: SigningSetId, item: &SetItem) -> Result<()> {
        self.change(
            "INSERT INTO signing_set_items (organization_id, set_id, identifier, certificate_id, profile_id, seen_at, below_seen_at)
             SELECT organization_id, id, CAST($3 AS TEXT), CAST($4 AS TEXT), CAST($5 AS TEXT), CAST($6 AS BIGINT), CAST($7 AS BIGINT)
             FROM signing_sets WHERE organization_id = $1 AND id = $2
             ON CONFLICT (set_id, identifier) DO UPDATE SET certificate_id = excluded.certificate_id,
                 profile_id = excluded.profile_id, seen_at = excluded.seen_at, below_seen_at = excluded.below_seen_at",
            args![
                permit.organization(),
                set,
                item.identifier.as_str(),
                item.certificate,
                item.profile,
                item.seen_at,
                item.below_seen_at,
            ],
        )
        .await
    }

    /// A set.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`].
    pub async fn signing_set(&mut self, permit: &Permit, id: SigningSetId) -> Result<SigningSet> {
        let row = self
            .row(
                "SELECT * FROM signing_sets WHERE organization_id = $1 AND id = $2",
                args![permit.organization(), id],
            )
            .await?;
        set(&row)
    }

    /// The set of this name, in any spelling of it.
    ///
    /// # Errors
    /// What the database says.
    pub async fn signing_set_named(&mut self, permit: &Permit, name: &str) -> Result<Option<SigningSet>> {
        let row = self
            .row_opt(
                "SELECT * FROM signing_sets WHERE organization_id = $1 AND folded = $2",
                args![permit.organization(), folded(name.trim())],
            )
            .await?;
        row.as_ref().map(set).transpose()
    }

    /// The sets of an organization by name: all of them, or those with this text anywhere in their name.
    ///
    /// # Errors
    /// [`crate::StoreError::Cursor`] for a cursor of another list.
    pub async fn signing_sets(&mut self, permit: &Permit, search: Option<&str>, paging: &Paging) -> Result<Page<SigningSet>> {
        let literal = |text: &str| text.replace('\0', "").replace('!', "!!").replace('%', "!%").replace('_', "!_");
        let search = search.map(str::trim).filter(|text| !text.is_empty());
        let rows = self
            .rows(
                "SELECT * FROM signing_sets WHERE organization_id = $1 AND folded > $2
                     AND (CAST($3 AS TEXT) IS NULL OR folded LIKE $3 ESCAPE '!') ORDER BY folded LIMIT $4",
                args![
                    permit.organization(),
                    paging.behind::<String>(LIST)?.unwrap_or_default(),
                    search.map(|text| format!("%{}%", literal(&folded(text)))),
                    paging.fetch(),
                ],
            )
            .await?;
        let items: Vec<_> = rows.iter().map(set).collect::<Result<_>>()?;
        Ok(Page::cut(items, paging, LIST, |row| row.name.folded()))
    }

    /// The items of a set, by identifier.
    ///
    /// # Errors
    /// What the database says.
    pub async fn set_items(&mut self, permit: &Permit, set: SigningSetId) -> Result<Vec<SetItem>> {
        let rows = self
            .rows(
                "SELECT * FROM signing_set_items WHERE organization_id = $1 AND set_id = $2 ORDER BY identifier",
                args![permit.organization(), set],
            )
            .await?;
        rows.iter().map(item).collect()
    }

    /// The profiles that a set points at.
    ///
    /// # Errors
    /// What the database says.
    pub async fn profiles_of_set(&mut self, permit: &Permit, set: SigningSetId) -> Result<Vec<HeldProfile>> {
        let rows = self
            .rows(
                "SELECT * FROM profiles WHERE organization_id = $1 AND id IN
                     (SELECT profile_id FROM signing_set_items WHERE organization_id = $1 AND set_id = $2)",
                args![permit.organization(), set],
            )
            .await?;
        rows.iter().map(crate::profiles::profile).collect()
    }

    /// The certificates that a set points at.
    ///
    /// # Errors
    /// What the database says.
    pub async fn certificates_of_set(&mut self, permit: &Permit, set: SigningSetId) -> Result<Vec<HeldCertificate>> {
        let rows = self
            .rows(
                "SELECT * FROM certificates WHERE organization_id = $1 AND id IN
                     (SELECT certificate_id FROM signing_set_items WHERE organization_id = $1 AND set_id = $2)",
                args![permit.organization(), set],
            )
            .await?;
        rows.iter().map(crate::certificates::certificate).collect()
    }

    /// Every set of an organization, by name.
    ///
    /// # Errors
    /// What the database says.
    pub async fn every_signing_set(&mut self, permit: &Permit) -> Result<Vec<SigningSet>> {
        let rows = self
            .rows(
                "SELECT * FROM signing_sets WHERE organization_id = $1 ORDER BY folded",
                args![permit.organization()],
            )
            .await?;
        rows.iter().map(set).collect()
    }

    /// The items of every set of an organization, each with its set, by identifier.
    ///
    /// # Errors
    /// What the database says.
    pub async fn items_of_every_set(&mut self, permit: &Permit) -> Result<Vec<(SigningSetId, SetItem)>> {
        let rows = self
            .rows(
                "SELECT * FROM signing_set_items WHERE organization_id = $1 ORDER BY identifier",
                args![permit.organization()],
            )
            .await?;
        rows.iter().map(|row| Ok((row.parse("set_id")?, item(row)?))).collect()
    }

    /// The profiles that are in any set.
    ///
    /// # Errors
    /// What the database says.
    pub async fn profiles_in_sets(&mut self, permit: &Permit) -> Result<Vec<HeldProfile>> {
        let rows = self
            .rows(
                "SELECT * FROM profiles WHERE organization_id = $1 AND id IN
                     (SELECT profile_id FROM signing_set_items WHERE organization_id = $1)",
                args![permit.organization()],
            )
            .await?;
        rows.iter().map(crate::profiles::profile).collect()
    }

    /// The certificates that are in any set.
    ///
    /// # Errors
    /// What the database says.
    pub async fn certificates_in_sets(&mut self, permit: &Permit) -> Result<Vec<HeldCertificate>> {
        let rows = self
            .rows(
                "SELECT * FROM certificates WHERE organization_id = $1 AND id IN
                     (SELECT certificate_id FROM signing_set_items WHERE organization_id = $1)",
                args![permit.organization()],
            )
            .await?;
        rows.iter().map(crate::certificates::certificate).collect()
    }

    /// The sets that a certificate is in, by name.
    ///
    /// # Errors
    /// What the database says.
    pub async fn sets_of_certificate(&mut self, permit: &Permit, certificate: CertificateId) -> Result<Vec<SigningSet>> {
        let rows = self
            .rows(
                "SELECT * FROM signing_sets WHERE organization_id = $1 AND id IN
                     (SELECT set_id FROM signing_set_items WHERE organization_id = $1 AND certificate_id = $2) ORDER BY folded",
                args![permit.organization(), certificate],
            )
            .await?;
        rows.iter().map(set).collect()
    }

    /// The sets that a profile is in, by name.
    ///
    /// # Errors
    /// What the database says.
    pub async fn sets_of_profile(&mut self, permit: &Permit, profile: ProfileId) -> Result<Vec<SigningSet>> {
        let rows = self
            .rows(
                "SELECT * FROM signing_sets WHERE organization_id = $1 AND id IN
                     (SELECT set_id FROM signing_set_items WHERE organization_id = $1 AND profile_id = $2) ORDER BY folded",
                args![permit.organization(), profile],
            )
            .await?;
        rows.iter().map(set).collect()
    }

    /// Takes an item out of a set.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`].
    pub async fn delete_set_item(&mut self, permit: &Permit, set: SigningSetId, identifier: &str) -> Result<()> {
        self.change(
            "DELETE FROM signing_set_items WHERE organization_id = $1 AND set_id = $2 AND identifier = $3",
            args![permit.organization(), set, identifier],
        )
        .await
    }

    /// Takes a set away. What it points at stays.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`].
    pub async fn delete_signing_set(&mut self, permit: &Permit, id: SigningSetId) -> Result<()> {
        self.change(
            "DELETE FROM signing_sets WHERE organization_id = $1 AND id = $2",
            args![permit.organization(), id],
        )
        .await
    }
}
