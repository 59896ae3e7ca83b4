//! People and who belongs where. No permits here: these rows are what permits are decided from.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use domain::policy::{Role, Standing, Subject};
use domain::{Email, OrgId, User, UserId};
use jiff::Timestamp;

use crate::members::role;
use crate::sql::{Row, args};
use crate::{Conflict, Result, Tx};

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

pub(crate) fn user(row: &Row) -> Result<User> {
    Ok(User {
        id: row.parse("id")?,
        email: row.parse("email")?,
        name: row.parse("name")?,
        created_at: row.time("created_at")?,
    })
}

impl Tx {
    /// The version of a person's rights, to be read before the rights themselves.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`].
    pub async fn standing_of(&mut self, user: UserId) -> Result<Standing> {
        let row = self.row("SELECT standing FROM users WHERE id = $1", args![user]).await?;
        Ok(Standing {
            subject: Subject::User(user),
            version: row.get("standing")?,
        })
    }

    /// Makes an account.
    ///
    /// # Errors
    /// [`Conflict::Email`] when the address is taken.
    pub async fn insert_user(&mut self, new: &User, password: &PasswordHash) -> Result<()> {
        let inserted = self
            .execute(
                "INSERT INTO users (id, email, name, folded, password_hash, created_at) VALUES ($1, $2, $3, $4, $5, $6)
                 ON CONFLICT DO NOTHING",
                args![
                    new.id,
                    new.email.as_str(),
                    new.name.as_str(),
                    new.name.folded(),
                    password.as_str(),
                    new.created_at,
                ],
            )
            .await?;
        if inserted == 0 { Err(Conflict::Email.into()) } else { Ok(()) }
    }

    /// The person with this id.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`].
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
    /// [`crate::StoreError::NotFound`].
    pub async fn password_hash(&mut self, id: UserId) -> Result<PasswordHash> {
        let row = self.row("SELECT password_hash FROM users WHERE id = $1", args![id]).await?;
        Ok(PasswordHash(row.get("password_hash")?))
    }

    /// Changes a password. End the other sessions in the same transaction.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`].
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

    /// Gives somebody a role in an organization, where nobody can have given them a permit yet; giving it twice changes
    /// nothing.
    ///
    /// # Errors
    /// What the database says.
    pub async fn add_role(&mut self, organization: OrgId, user: UserId, role: Role, now: Timestamp) -> Result<()> {
        self.execute(
            "INSERT INTO memberships (organization_id, user_id, role, given_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
            args![organization, user, role.as_str(), now],
        )
        .await?;
        Ok(())
    }

    /// The roles somebody holds, by organization: what a principal is made of.
    ///
    /// # Errors
    /// [`crate::StoreError::Unreadable`] for a role that this program does not know.
    pub async fn roles_of(&mut self, user: UserId) -> Result<BTreeMap<OrgId, BTreeSet<Role>>> {
        let mut roles: BTreeMap<OrgId, BTreeSet<Role>> = BTreeMap::new();
        let rows = self
            .rows("SELECT organization_id, role FROM memberships WHERE user_id = $1", args![user])
            .await?;
        for row in rows {
            roles.entry(row.parse("organization_id")?).or_default().insert(role(&row)?);
        }
        Ok(roles)
    }
}
