//! Who belongs to an organization, with which roles.
//!
//! A row of `memberships` is a role given in one organization. What is inherited from the root organization above is
//! never written down again below: it is read from there, so that taking it above takes it everywhere at once.
//!
//! Whoever changes memberships takes the turn of the whole tree first ([`Store::begin_at_members`]), and what they may is
//! looked at after that, in the same transaction; so two Owners who remove each other leave one.

use std::collections::{BTreeMap, BTreeSet};

use domain::policy::{HeldBy, Role};
use domain::{Email, ItemName, Member, Permit, Subject, User, UserId};
use jiff::Timestamp;

use crate::accounts::user;
use crate::sql::{Row, args};
use crate::tx::in_time;
use crate::{Page, Paging, Result, Store, StoreError, Tx};

/// Reads a role that was written down; one that this program does not know is told, not left out.
pub(crate) fn role(row: &Row) -> Result<Role> {
    let word: String = row.get("role")?;
    Role::parse(&word).ok_or_else(|| StoreError::Unreadable {
        column: "role",
        why: format!("“{word}” is not a role"),
    })
}

/// Gathers members from rows of one role each; the rows of a person stand together.
fn gathered(permit: &Permit, rows: &[Row]) -> Result<Vec<Member>> {
    let here = permit.organization().to_string();
    let mut members: Vec<Member> = Vec::new();
    for row in rows {
        let who = user(row)?;
        if members.last().is_none_or(|member| member.user.id != who.id) {
            members.push(Member {
                user: who,
                roles: BTreeMap::new(),
                joined_at: None,
            });
        }
        let Some(member) = members.last_mut() else { continue };
        let role = role(row)?;
        if row.get::<String>("organization_id")? == here {
            let given_at = row.time("given_at")?;
            member.joined_at = Some(member.joined_at.map_or(given_at, |joined| joined.min(given_at)));
            member.roles.insert(role, HeldBy::Membership);
        } else {
            member.roles.entry(role).or_insert(HeldBy::Inheritance);
        }
    }
    Ok(members)
}

/// How cursors of the list call it.
const LIST: &str = "members";

/// A text as a pattern that finds it anywhere.
fn anywhere(text: &str) -> String {
    let escaped = text.replace('!', "!!").replace('%', "!%").replace('_', "!_");
    format!("%{escaped}%")
}

impl Store {
    /// Begins a transaction that changes who belongs to the tree of the permit's organization, when it is its turn. The
    /// rights that it rests on are looked at and held only then: two Owners who remove each other take turns, instead of
    /// each holding what the other wants to take.
    ///
    /// # Errors
    /// [`StoreError::RightsChanged`] when rights of the actor were taken away since the permit was given, or the actor is
    /// gone; [`StoreError::Busy`] when it takes too long.
    pub async fn begin_at_members(&self, permit: &Permit) -> Result<Tx> {
        in_time(async {
            let mut tx = self.begin_at_last().await?;
            tx.lock_subject(&format!("members:{}", permit.tenant().top())).await?;
            tx.enter_with_rights(&permit.into()).await?;
            Ok(tx)
        })
        .await
    }
}

impl Tx {
    /// The people with a role in the permit's organization, inherited roles included, by name. `search` is a folded text
    /// that the name or the address holds.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`] for a role that this program does not know.
    pub async fn members(&mut self, permit: &Permit, search: Option<&str>, paging: &Paging) -> Result<Page<Member>> {
        let (after, after_id): (Option<String>, Option<String>) = paging.behind(LIST)?.unzip();
        let rows = self
            .rows(
                "SELECT u.id, u.email, u.name, u.created_at, m.organization_id, m.role, m.given_at
                 FROM memberships AS m JOIN (
                     SELECT id, email, name, created_at, folded FROM users
                     WHERE id IN (SELECT user_id FROM memberships WHERE organization_id = $1 OR organization_id = $2)
                         AND (CAST($3 AS TEXT) IS NULL OR folded LIKE $3 ESCAPE '!' OR email LIKE $3 ESCAPE '!')
                         AND (CAST($4 AS TEXT) IS NULL OR folded > $4 OR (folded = $4 AND id > $5))
                     ORDER BY folded, id LIMIT $6) AS u ON u.id = m.user_id
                 WHERE m.organization_id = $1 OR m.organization_id = $2 ORDER BY u.folded, u.id",
                args![
                    permit.organization(),
                    permit.tenant().parent,
                    search.map(anywhere),
                    after,
                    after_id,
                    paging.fetch(),
                ],
            )
            .await?;
        let members = gathered(permit, &rows)?;
        Ok(Page::cut(members, paging, LIST, |member| {
            (member.user.name.folded(), member.user.id.to_string())
        }))
    }

    /// Somebody with a role in the permit's organization.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for somebody without one, also where they have an account.
    pub async fn member(&mut self, permit: &Permit, user: UserId) -> Result<Member> {
        let rows = self
            .rows(
                "SELECT u.id, u.email, u.name, u.created_at, m.organization_id, m.role, m.given_at
                 FROM memberships AS m JOIN users AS u ON u.id = m.user_id
                 WHERE (m.organization_id = $1 OR m.organization_id = $2) AND m.user_id = $3",
                args![permit.organization(), permit.tenant().parent, user],
            )
            .await?;
        gathered(permit, &rows)?.pop().ok_or(StoreError::NotFound)
    }

    /// The member with this address, if there is one.
    ///
    /// # Errors
    /// What the database says.
    pub async fn member_by_email(&mut self, permit: &Permit, email: &Email) -> Result<Option<Member>> {
        let rows = self
            .rows(
                "SELECT u.id, u.email, u.name, u.created_at, m.organization_id, m.role, m.given_at
                 FROM memberships AS m JOIN users AS u ON u.id = m.user_id
                 WHERE (m.organization_id = $1 OR m.organization_id = $2) AND u.email = $3",
                args![permit.organization(), permit.tenant().parent, email.as_str()],
            )
            .await?;
        Ok(gathered(permit, &rows)?.pop())
    }

    /// The people who own the permit's organization or the root organization above it, by name.
    ///
    /// # Errors
    /// What the database says.
    pub async fn owners(&mut self, permit: &Permit, most: u32) -> Result<Vec<User>> {
        let rows = self
            .rows(
                "SELECT id, email, name, created_at FROM users
                 WHERE id IN (SELECT user_id FROM memberships WHERE (organization_id = $1 OR organization_id = $2) AND role = $3)
                 ORDER BY folded, id LIMIT $4",
                args![permit.organization(), permit.tenant().parent, Role::Owner.as_str(), most],
            )
            .await?;
        rows.iter().map(user).collect()
    }

    /// How many people were made Owner in the permit's organization itself.
    ///
    /// # Errors
    /// What the database says.
    pub async fn owner_count(&mut self, permit: &Permit) -> Result<u32> {
        self.row(
            "SELECT COUNT(*) AS number FROM memberships WHERE organization_id = $1 AND role = $2",
            args![permit.organization(), Role::Owner.as_str()],
        )
        .await?
        .count("number")
    }

    /// The sub-organizations of the permit's organization in which somebody was given roles, by name: what a removal from
    /// the root leaves them.
    ///
    /// # Errors
    /// What the database says.
    pub async fn memberships_below(&mut self, permit: &Permit, user: UserId) -> Result<Vec<ItemName>> {
        let rows = self
            .rows(
                "SELECT name FROM organizations WHERE parent_id = $1
                     AND id IN (SELECT organization_id FROM memberships WHERE user_id = $2) ORDER BY folded",
                args![permit.organization(), user],
            )
            .await?;
        rows.iter().map(|row| row.parse("name")).collect()
    }

    /// Gives somebody roles in the permit's organization; one that they were given before stays as it is.
    ///
    /// # Errors
    /// What the database says.
    pub async fn give_roles(&mut self, permit: &Permit, user: UserId, roles: &BTreeSet<Role>, now: Timestamp) -> Result<()> {
        for role in roles {
            self.execute(
                "INSERT INTO memberships (organization_id, user_id, role, given_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
                args![permit.organization(), user, role.as_str(), now],
            )
            .await?;
        }
        Ok(())
    }

    /// Takes roles that somebody was given in the permit's organization, and raises their standing: what they have begun
    /// and not yet written ends here.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for a role that they were not given here.
    pub async fn take_roles(&mut self, permit: &Permit, user: UserId, roles: &BTreeSet<Role>) -> Result<()> {
        for role in roles {
            self.change(
                "DELETE FROM memberships WHERE organization_id = $1 AND user_id = $2 AND role = $3",
                args![permit.organization(), user, role.as_str()],
            )
            .await?;
        }
        if roles.is_empty() {
            Ok(())
        } else {
            self.raise_standing(Subject::User(user)).await
        }
    }
}
