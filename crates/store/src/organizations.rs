//! Organizations: roots and, one level below them, sub-organizations.
//!
//! Names are unique among siblings, twice over: by what they read ([`domain::ItemName::folded`]) and by what they look like
//! ([`domain::ItemName::likeness`]). Roots have no siblings: that would tell one owner what another one has.

mod removal;

use domain::policy::{Principal, Tenant};
use domain::{ItemName, OrgId, Organization, Permit, UserId};
use vault::WrappedRing;

use crate::sql::{Row, args};
use crate::{Conflict, Page, Paging, Result, Tx};

pub use removal::Losses;

/// Which organizations of a list are wanted; what is `None` does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrganizationFilter {
    /// Below this root organization.
    pub parent: Option<OrgId>,
    /// With this text somewhere in the name, in any case.
    pub search: Option<String>,
    /// With this name, in any case.
    pub name: Option<ItemName>,
}

impl OrganizationFilter {
    /// The search as a pattern in which nothing of the text is a wildcard.
    fn pattern(&self) -> Option<String> {
        let text = self.search.as_deref().map(str::trim).filter(|text| !text.is_empty())?;
        // What is no name is looked for as it is, and not found.
        let text = text
            .parse::<ItemName>()
            .map_or_else(|_| text.replace('\0', "\u{1}"), |name| name.folded());
        let mut pattern = String::from("%");
        for c in text.chars() {
            if matches!(c, '%' | '_' | '!') {
                pattern.push('!');
            }
            pattern.push(c);
        }
        pattern.push('%');
        Some(pattern)
    }
}

/// An organization as somebody sees it who belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenOrganization {
    /// The organization.
    pub organization: Organization,
    /// What the root organization above it is called.
    pub parent_name: Option<ItemName>,
}

/// A sub-organization as its root organization sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubOrganization {
    /// The organization.
    pub organization: Organization,
    /// How many people were given roles in it itself.
    pub members: u32,
}

pub(crate) fn organization(row: &Row) -> Result<Organization> {
    Ok(Organization {
        id: row.parse("id")?,
        parent: row.parse_opt("parent_id")?,
        name: row.parse("name")?,
        created_at: row.time("created_at")?,
    })
}

/// How cursors call the list of those that somebody belongs to.
const VISIBLE: &str = "organizations";
/// How cursors call the list of those below a root.
const BELOW: &str = "sub-organizations";

/// What lists are sorted by.
fn place(organization: &Organization) -> (String, String) {
    (organization.name.folded(), organization.id.to_string())
}

fn seen(row: &Row) -> Result<SeenOrganization> {
    Ok(SeenOrganization {
        organization: organization(row)?,
        parent_name: row.parse_opt("parent_name")?,
    })
}

impl Tx {
    /// Makes an organization with its key ring.
    ///
    /// # Errors
    /// [`Conflict::Name`] when one beside it is called so or looks so.
    pub async fn create_organization(&mut self, new: &Organization, ring: &WrappedRing) -> Result<()> {
        let inserted = self
            .execute(
                "INSERT INTO organizations (id, parent_id, name, folded, likeness, created_at) VALUES ($1, $2, $3, $4, $5, $6)
                 ON CONFLICT DO NOTHING",
                args![
                    new.id,
                    new.parent,
                    new.name.as_str(),
                    new.name.folded(),
                    new.name.likeness(),
                    new.created_at
                ],
            )
            .await?;
        if inserted == 0 {
            return Err(Conflict::Name.into());
        }
        self.execute(
            "INSERT INTO rings (organization_id, wrapped) VALUES ($1, $2)",
            args![new.id, ring.as_bytes()],
        )
        .await?;
        Ok(())
    }

    /// Where an organization stands in the tree; none for an id that names nothing. Whoever asks must still be asked whether
    /// it exists for them.
    ///
    /// # Errors
    /// What the database says.
    pub async fn tenant(&mut self, id: OrgId) -> Result<Option<Tenant>> {
        let row = self.row_opt("SELECT parent_id FROM organizations WHERE id = $1", args![id]).await?;
        row.map(|row| {
            Ok(Tenant {
                id,
                parent: row.parse_opt("parent_id")?,
            })
        })
        .transpose()
    }

    /// The organization of the permit.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`].
    pub async fn organization(&mut self, permit: &Permit) -> Result<Organization> {
        let row = self
            .row(
                "SELECT id, parent_id, name, created_at FROM organizations WHERE id = $1",
                args![permit.organization()],
            )
            .await?;
        organization(&row)
    }

    /// The organizations that somebody belongs to, oldest first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn organizations_of(&mut self, user: UserId) -> Result<Vec<Organization>> {
        let rows = self
            .rows(
                "SELECT id, parent_id, name, created_at FROM organizations
                 WHERE id IN (SELECT organization_id FROM memberships WHERE user_id = $1) ORDER BY id",
                args![user],
            )
            .await?;
        rows.iter().map(organization).collect()
    }

    /// The key ring of the permit's organization.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`].
    pub async fn ring(&mut self, permit: &Permit) -> Result<WrappedRing> {
        let row = self
            .row("SELECT wrapped FROM rings WHERE organization_id = $1", args![permit.organization()])
            .await?;
        Ok(WrappedRing::from_bytes(row.get("wrapped")?))
    }

    /// Keeps a changed ring, if it is still the one that was changed.
    ///
    /// # Errors
    /// [`Conflict::Stale`] when another rotation was faster.
    pub async fn replace_ring(&mut self, permit: &Permit, old: &WrappedRing, new: &WrappedRing) -> Result<()> {
        let changed = self
            .execute(
                "UPDATE rings SET wrapped = $3 WHERE organization_id = $1 AND wrapped = $2",
                args![permit.organization(), old.as_bytes(), new.as_bytes()],
            )
            .await?;
        if changed == 0 { Err(Conflict::Stale.into()) } else { Ok(()) }
    }

    /// The organization of the permit, kept as it is until this transaction ends: for what rests on its being there.
    /// Whoever adds something to it meanwhile waits.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`].
    pub async fn lock_organization(&mut self, permit: &Permit) -> Result<Organization> {
        self.lock_organization_row(permit.organization()).await
    }

    pub(super) async fn lock_organization_row(&mut self, id: OrgId) -> Result<Organization> {
        let statement = self.dialect(
            "SELECT id, parent_id, name, created_at FROM organizations WHERE $1 = id",
            "SELECT id, parent_id, name, created_at FROM organizations WHERE id = $1 FOR UPDATE",
        );
        organization(&self.row(statement, args![id]).await?)
    }

    /// The organization of the permit, with the name of the one above it.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`].
    pub async fn seen_organization(&mut self, permit: &Permit) -> Result<SeenOrganization> {
        let row = self
            .row(
                "SELECT o.id, o.parent_id, o.name, o.created_at, above.name AS parent_name
                 FROM organizations AS o LEFT JOIN organizations AS above ON above.id = o.parent_id WHERE o.id = $1",
                args![permit.organization()],
            )
            .await?;
        seen(&row)
    }

    /// The organizations that exist for somebody, by name: where they were given roles, and what is below those. No permit:
    /// what a principal is made of decides.
    ///
    /// # Errors
    /// What the database says.
    pub async fn visible_organizations(
        &mut self,
        principal: &Principal,
        filter: &OrganizationFilter,
        paging: &Paging,
    ) -> Result<Page<SeenOrganization>> {
        let user = principal.actor().user();
        let home = principal.homes().next().filter(|_| user.is_none());
        let confines = principal.confines().map(|these| {
            let these: Vec<_> = these.iter().map(ToString::to_string).collect();
            these.join(" ")
        });
        let (after, after_id): (Option<String>, Option<String>) = paging.behind(VISIBLE)?.unzip();
        let rows = self
            .rows(
                "SELECT o.id, o.parent_id, o.name, o.created_at, above.name AS parent_name
                 FROM organizations AS o LEFT JOIN organizations AS above ON above.id = o.parent_id
                 WHERE o.id IN (
                         SELECT organization_id FROM memberships WHERE user_id = $1
                         UNION SELECT below.id FROM organizations AS below
                             JOIN memberships AS given ON below.parent_id = given.organization_id WHERE given.user_id = $1
                         UNION SELECT own.id FROM organizations AS own WHERE own.id = $2
                         UNION SELECT below.id FROM organizations AS below WHERE below.parent_id = $2)
                     AND (CAST($3 AS TEXT) IS NULL OR $3 LIKE '%' || o.id || '%')
                     AND (CAST($4 AS TEXT) IS NULL OR o.parent_id = $4)
                     AND (CAST($5 AS TEXT) IS NULL OR o.folded LIKE $5 ESCAPE '!')
                     AND (CAST($6 AS TEXT) IS NULL OR o.folded = $6)
                     AND (CAST($7 AS TEXT) IS NULL OR o.folded > $7 OR (o.folded = $7 AND o.id > $8))
                 ORDER BY o.folded, o.id LIMIT $9",
                args![
                    user,
                    home,
                    confines,
                    filter.parent,
                    filter.pattern(),
                    filter.name.as_ref().map(ItemName::folded),
                    after,
                    after_id,
                    paging.fetch(),
                ],
            )
            .await?;
        let items: Vec<_> = rows.iter().map(seen).collect::<Result<_>>()?;
        Ok(Page::cut(items, paging, VISIBLE, |s| place(&s.organization)))
    }

    /// The sub-organizations of the permit's organization, by name.
    ///
    /// # Errors
    /// What the database says.
    pub async fn sub_organizations(
        &mut self,
        permit: &Permit,
        filter: &OrganizationFilter,
        paging: &Paging,
    ) -> Result<Page<SubOrganization>> {
        let (after, after_id): (Option<String>, Option<String>) = paging.behind(BELOW)?.unzip();
        let rows = self
            .rows(
                "SELECT o.id, o.parent_id, o.name, o.created_at,
                     (SELECT COUNT(DISTINCT user_id) FROM memberships WHERE organization_id = o.id) AS members
                 FROM organizations AS o WHERE o.parent_id = $1
                     AND (CAST($2 AS TEXT) IS NULL OR o.folded LIKE $2 ESCAPE '!')
                     AND (CAST($3 AS TEXT) IS NULL OR o.folded = $3)
                     AND (CAST($4 AS TEXT) IS NULL OR o.folded > $4 OR (o.folded = $4 AND o.id > $5))
                 ORDER BY o.folded, o.id LIMIT $6",
                args![
                    permit.organization(),
                    filter.pattern(),
                    filter.name.as_ref().map(ItemName::folded),
                    after,
                    after_id,
                    paging.fetch(),
                ],
            )
            .await?;
        let items: Vec<_> = rows
            .iter()
            .map(|row| {
                Ok(SubOrganization {
                    organization: organization(row)?,
                    members: row.count("members")?,
                })
            })
            .collect::<Result<_>>()?;
        Ok(Page::cut(items, paging, BELOW, |s| place(&s.organization)))
    }

    /// One sub-organization of the permit's organization.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`], also for one of another root organization.
    pub async fn sub_organization(&mut self, permit: &Permit, id: OrgId) -> Result<Organization> {
        let row = self
            .row(
                "SELECT id, parent_id, name, created_at FROM organizations WHERE parent_id = $1 AND id = $2",
                args![permit.organization(), id],
            )
            .await?;
        organization(&row)
    }

    /// How many sub-organizations the permit's organization has.
    ///
    /// # Errors
    /// What the database says.
    pub async fn sub_organization_count(&mut self, permit: &Permit) -> Result<u32> {
        self.row(
            "SELECT COUNT(*) AS number FROM organizations WHERE parent_id = $1",
            args![permit.organization()],
        )
        .await?
        .count("number")
    }

    /// Waits until nobody else names a root organization of this person: two of one name would not see each other.
    ///
    /// # Errors
    /// [`crate::StoreError::Busy`] when that takes too long.
    pub async fn take_turn_at_roots(&mut self, user: UserId) -> Result<()> {
        self.lock_subject(&format!("roots:{user}")).await
    }

    /// The root organizations that somebody owns, oldest first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn roots_owned_by(&mut self, user: UserId) -> Result<Vec<Organization>> {
        let rows = self
            .rows(
                "SELECT id, parent_id, name, created_at FROM organizations WHERE parent_id IS NULL
                     AND id IN (SELECT organization_id FROM memberships WHERE user_id = $1 AND role = 'owner') ORDER BY id",
                args![user],
            )
            .await?;
        rows.iter().map(organization).collect()
    }

    /// Gives the permit's organization another name.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`], [`Conflict::Name`] when one beside it is called so or looks so.
    pub async fn rename_organization(&mut self, permit: &Permit, name: &ItemName) -> Result<()> {
        if let Some(parent) = permit.tenant().parent {
            // Those beside it keep their names, and none is added, until this one has its own.
            self.lock_organization_row(parent).await?;
            let twins = self
                .rows(
                    "SELECT id FROM organizations WHERE parent_id = $1 AND id <> $2 AND (folded = $3 OR likeness = $4)",
                    args![parent, permit.organization(), name.folded(), name.likeness()],
                )
                .await?;
            if !twins.is_empty() {
                return Err(Conflict::Name.into());
            }
        }
        self.change(
            "UPDATE organizations SET name = $2, folded = $3, likeness = $4 WHERE id = $1",
            args![permit.organization(), name.as_str(), name.folded(), name.likeness()],
        )
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_search_is_a_wildcard() {
        let pattern = |text: &str| {
            OrganizationFilter {
                search: Some(text.to_owned()),
                ..OrganizationFilter::default()
            }
            .pattern()
        };
        assert_eq!(pattern(" 100%_! "), Some("%100!%!_!!%".to_owned()));
        assert_eq!(pattern("ＢERLIN"), Some("%berlin%".to_owned()));
        assert_eq!(pattern("  "), None);
        assert_eq!(pattern("a\0b"), Some("%a\u{1}b%".to_owned()));
    }
}
