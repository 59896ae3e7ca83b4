//! People, organizations and who belongs where. No permits here: these rows are what permits are
//! decided from.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use domain::policy::{Role, Standing, Subject, Tenant};
use domain::{Email, OrgId, Organization, Permit, User, UserId};
use vault::WrappedRing;

use crate::sql::{Row, args};
use crate::{Conflict, Result, StoreError, Tx};

/// A password hash in the PHC form, `$argon2id$…`. `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Takes a finished hash; making and checking it is the caller's.
    #[must_use]
    pub fn new(phc: String) -> Self {
        Self(phc)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

fn organization(row: &Row) -> Result<Organization> {
    Ok(Organization {
        id: row.parse("id")?,
        parent: row.parse_opt("parent_id")?,
        name: row.parse("name")?,
        created_at: row.time("created_at")?,
    })
}

fn user(row: &Row) -> Result<User> {
    Ok(User {
        id: row.parse("id")?,
        email: row.parse("email")?,
        name: row.parse("name")?,
        created_at: row.time("created_at")?,
    })
}

impl Tx {
    /// Makes an organization with its key ring.
    ///
    /// # Errors
    /// What the database says.
    pub async fn create_organization(&mut self, new: &Organization, ring: &WrappedRing) -> Result<()> {
        self.execute(
            "INSERT INTO organizations (id, parent_id, name, folded, created_at) VALUES ($1, $2, $3, $4, $5)",
            args![new.id, new.parent, new.name.as_str(), new.name.folded(), new.created_at],
        )
        .await?;
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

    /// The version of a person's rights, to be read before the rights themselves.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn standing_of(&mut self, user: UserId) -> Result<Standing> {
        let row = self.row("SELECT standing FROM users WHERE id = $1", args![user]).await?;
        Ok(Standing {
            subject: Subject::User(user),
            version: row.get("standing")?,
        })
    }

    /// The organization of the permit.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
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
    /// [`StoreError::NotFound`].
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

    /// Makes an account.
    ///
    /// # Errors
    /// [`Conflict::Email`] when the address is taken.
    pub async fn insert_user(&mut self, new: &User, password: &PasswordHash) -> Result<()> {
        let inserted = self
            .execute(
                "INSERT INTO users (id, email, name, password_hash, created_at) VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT DO NOTHING",
                args![new.id, new.email.as_str(), new.name.as_str(), password.as_str(), new.created_at],
            )
            .await?;
        if inserted == 0 { Err(Conflict::Email.into()) } else { Ok(()) }
    }

    /// The person with this id.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn user(&mut self, id: UserId) -> Result<User> {
        let row = self
            .row("SELECT id, email, name, created_at FROM users WHERE id = $1", args![id])
            .await?;
        user(&row)
    }

    /// The person who signs in with this address, and the hash to check the password against.
    ///
    /// # Errors
    /// What the database says; nobody is `None`.
    pub async fn user_by_email(&mut self, email: &Email) -> Result<Option<(User, PasswordHash)>> {
        let row = self
            .row_opt(
                "SELECT id, email, name, password_hash, created_at FROM users WHERE email = $1",
                args![email.as_str()],
            )
            .await?;
        row.map(|row| Ok((user(&row)?, PasswordHash(row.get("password_hash")?))))
            .transpose()
    }

    /// The hash of a signed-in person, to check the password once more before changing it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn password_hash(&mut self, id: UserId) -> Result<PasswordHash> {
        let row = self.row("SELECT password_hash FROM users WHERE id = $1", args![id]).await?;
        Ok(PasswordHash(row.get("password_hash")?))
    }

    /// Changes a password. End the other sessions in the same transaction.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn set_password(&mut self, id: UserId, password: &PasswordHash) -> Result<()> {
        self.change("UPDATE users SET password_hash = $2 WHERE id = $1", args![id, password.as_str()])
            .await
    }

    /// How many accounts there are; none means that the set-up is still to be done.
    ///
    /// # Errors
    /// What the database says.
    pub async fn user_count(&mut self) -> Result<u32> {
        self.row("SELECT COUNT(*) AS number FROM users", args![]).await?.count("number")
    }

    /// Gives somebody a role in an organization; giving it twice changes nothing.
    ///
    /// # Errors
    /// What the database says.
    pub async fn add_role(&mut self, organization: OrgId, user: UserId, role: Role) -> Result<()> {
        self.execute(
            "INSERT INTO memberships (organization_id, user_id, role) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            args![organization, user, role.as_str()],
        )
        .await?;
        Ok(())
    }

    /// The roles somebody holds, by organization: what a principal is made of.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`] for a role that this program does not know.
    pub async fn roles_of(&mut self, user: UserId) -> Result<BTreeMap<OrgId, BTreeSet<Role>>> {
        let mut roles: BTreeMap<OrgId, BTreeSet<Role>> = BTreeMap::new();
        let rows = self
            .rows("SELECT organization_id, role FROM memberships WHERE user_id = $1", args![user])
            .await?;
        for row in rows {
            let word: String = row.get("role")?;
            let role = Role::parse(&word).ok_or_else(|| StoreError::Unreadable {
                column: "role",
                why: format!("“{word}” is not a role"),
            })?;
            roles.entry(row.parse("organization_id")?).or_default().insert(role);
        }
        Ok(roles)
    }
}
