//! Whose rows a transaction reaches: the second wall behind the organization in every statement, and the last look at the
//! rights that a change rests on.
//!
//! ```text
//! store.begin_for(&permit)      writes for an organization; refused when the actor's rights were taken away meanwhile
//! store.begin_at_members(&permit)   the same when it is the permit's turn at who belongs to the tree (members.rs)
//! store.begin_outcome(&permit)  writes down what came of an act that was begun: that must not be lost with the rights
//! store.read_for(&permit)       reads for an organization
//! tx.also_for(&use_permit)      …and one item that another organization lends
//! store.begin_over_all()        the worker's claims, the look-up of bearers, the signing of the log
//! store.begin(), store.read()   people and the instance: no row of any organization
//! ```
//!
//! On PostgreSQL the wall is row-level security: each of these tells the database in one round trip, for the length of the
//! transaction, what it may reach, and the policies of migration 0006 keep all else out of sight. A statement that
//! forgets its organization then finds its own rows and no others. SQLite has no such thing; there the first wall stands
//! alone, and the statements are the same.
//!
//! The surprising thing: the version of the actor's rights is not only read but held, so that a removal waits for this
//! transaction or this transaction sees the removal. Without that, both could be right about a moment that never was.

use domain::{Action, OrgId, Permit, Standing, Subject, UsePermit};

use crate::sql::{Arg, args};
use crate::tx::in_time;
use crate::{Result, Store, StoreError, Tx};

/// What a transaction may reach, and on whose rights it rests. Made of a permit.
#[derive(Debug, Clone)]
pub struct Scope {
    organization: OrgId,
    parent: Option<OrgId>,
    below: bool,
    lent: Option<String>,
    standing: Option<Standing>,
}

impl Scope {
    /// Organization, parent, below, lent, actor.
    fn settings(&self) -> Vec<Arg> {
        let text = |id: Option<OrgId>| id.map(|id| id.to_string()).unwrap_or_default();
        args![
            self.organization,
            text(self.parent),
            text(self.below.then_some(self.organization)),
            self.lent.as_ref().map(|lent| array(std::slice::from_ref(lent))).unwrap_or_default(),
            self.standing.map(|standing| standing.subject.to_string()).unwrap_or_default(),
        ]
    }
}

impl From<&Permit> for Scope {
    fn from(permit: &Permit) -> Self {
        Self {
            organization: permit.organization(),
            parent: permit.tenant().parent,
            below: permit.tenant().parent.is_none() && reaches_below(permit.action()),
            lent: None,
            standing: permit.standing(),
        }
    }
}

impl From<&UsePermit> for Scope {
    fn from(permit: &UsePermit) -> Self {
        Self {
            organization: permit.user(),
            parent: permit.is_lent().then(|| permit.owner()),
            below: false,
            lent: permit.is_lent().then(|| permit.item().id()),
            standing: permit.standing(),
        }
    }
}

/// What is done in a root organization about rows of its sub-organizations: to make and to delete them, and to see what
/// they do through a key of the root. The log needs no mention: each record names its root.
fn reaches_below(action: Action) -> bool {
    matches!(
        action,
        Action::SeeSubOrganizations
            | Action::ManageSubOrganizations
            | Action::DeleteOrganization
            | Action::SeeKeys
            | Action::ShareKey
            | Action::RotateKey
            | Action::RemoveKey
    )
}

impl Store {
    /// Begins a transaction that writes for an organization. The actor's rights stay as they are until it ends.
    ///
    /// # Errors
    /// [`StoreError::RightsChanged`] when rights of the actor were taken away since the permit was given, or the actor is
    /// gone; [`StoreError::Busy`] when the database stays busy for five seconds.
    pub async fn begin_for(&self, scope: impl Into<Scope>) -> Result<Tx> {
        let scope = scope.into();
        in_time(async {
            let mut tx = self.begin_at_last().await?;
            tx.enter_with_rights(&scope).await?;
            Ok(tx)
        })
        .await
    }

    /// Begins a transaction that writes down how an act ended that was begun and recorded, whatever became of the actor's
    /// rights since: what Apple did is done, and a lost outcome would leave it without a record.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when the database stays busy for five seconds.
    pub async fn begin_outcome(&self, scope: impl Into<Scope>) -> Result<Tx> {
        let scope = scope.into();
        in_time(async {
            let mut tx = self.begin_at_last().await?;
            tx.enter(&scope).await?;
            Ok(tx)
        })
        .await
    }

    /// Begins a transaction that sees one moment of an organization and cannot write.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when the database stays busy for five seconds.
    pub async fn read_for(&self, scope: impl Into<Scope>) -> Result<Tx> {
        let scope = scope.into();
        in_time(async {
            let mut tx = self.read_at_last().await?;
            tx.enter(&scope).await?;
            Ok(tx)
        })
        .await
    }

    /// Begins a transaction that writes and reaches every organization: for what serves all of them before it is known
    /// which one, or makes one. Never for what somebody asks about one organization.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when the database stays busy for five seconds.
    pub async fn begin_over_all(&self) -> Result<Tx> {
        in_time(async {
            let mut tx = self.begin_at_last().await?;
            tx.enter_all().await?;
            Ok(tx)
        })
        .await
    }

    /// Begins a transaction that sees one moment of every organization and cannot write.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when the database stays busy for five seconds.
    pub async fn read_over_all(&self) -> Result<Tx> {
        in_time(async {
            let mut tx = self.read_at_last().await?;
            tx.enter_all().await?;
            Ok(tx)
        })
        .await
    }
}

impl Tx {
    /// Reaches, from here on, an item that another organization lends: to use it, never to change it. One's own is
    /// reached anyway.
    ///
    /// # Errors
    /// What the database says.
    pub async fn also_for(&mut self, item: &UsePermit) -> Result<()> {
        self.also_for_all(std::slice::from_ref(item)).await
    }

    /// Reaches several lent items, in one round trip.
    ///
    /// # Errors
    /// What the database says.
    pub async fn also_for_all(&mut self, items: &[UsePermit]) -> Result<()> {
        let lent: Vec<_> = items.iter().filter(|item| item.is_lent()).map(|item| item.item().id()).collect();
        self.also_for_ids(&lent).await
    }

    /// Reaches what has these ids among what is lent.
    pub(crate) async fn also_for_ids(&mut self, lent: &[String]) -> Result<()> {
        if lent.is_empty() || self.is_sqlite() {
            return Ok(());
        }
        self.rows(
            "SELECT set_config('russet.lent', CAST(array_cat(
                 CAST(NULLIF(current_setting('russet.lent', true), '') AS TEXT[]), CAST($1 AS TEXT[])) AS TEXT), true)",
            args![array(lent)],
        )
        .await?;
        Ok(())
    }

    /// Raises the version of somebody's rights, so that whatever rests on the one before is refused. Call it in the
    /// transaction that takes a right away.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn raise_standing(&mut self, subject: Subject) -> Result<()> {
        let statement = match subject {
            Subject::User(_) => "UPDATE users SET standing = standing + 1 WHERE id = $1",
            Subject::Service(_) => "UPDATE service_tokens SET standing = standing + 1 WHERE id = $1",
        };
        self.change(statement, args![subject]).await
    }

    /// Tells PostgreSQL what this transaction may reach.
    async fn enter(&mut self, scope: &Scope) -> Result<()> {
        if !self.is_sqlite() {
            self.rows(
                "SELECT set_config('russet.organization', $1, true), set_config('russet.parent', $2, true),
                     set_config('russet.below', $3, true), set_config('russet.lent', $4, true),
                     set_config('russet.actor', $5, true)",
                scope.settings(),
            )
            .await?;
        }
        Ok(())
    }

    /// Does the same, and refuses to go on when the rights that the scope rests on were taken away; else keeps them as they
    /// are until the end. SQLite's writer has the whole database already.
    pub(crate) async fn enter_with_rights(&mut self, scope: &Scope) -> Result<()> {
        let found = match scope.standing.map(|standing| standing.subject) {
            None => return self.enter(scope).await,
            Some(Subject::User(user)) if self.is_sqlite() => self.row_opt("SELECT standing FROM users WHERE id = $1", args![user]).await?,
            // One round trip: this is asked for before every change that a person makes.
            Some(Subject::User(_)) => {
                self.row_opt(
                    "SELECT set_config('russet.organization', $1, true), set_config('russet.parent', $2, true),
                         set_config('russet.below', $3, true), set_config('russet.lent', $4, true),
                         set_config('russet.actor', $5, true), (SELECT standing FROM users WHERE id = $5 FOR SHARE) AS standing",
                    scope.settings(),
                )
                .await?
            }
            // The token's row is seen only by whom the transaction is for.
            Some(Subject::Service(token)) => {
                self.enter(scope).await?;
                let statement = self.dialect(
                    "SELECT standing FROM service_tokens WHERE id = $1",
                    "SELECT standing FROM service_tokens WHERE id = $1 FOR SHARE",
                );
                self.row_opt(statement, args![token]).await?
            }
        };
        let version = found.map(|row| row.get::<Option<i64>>("standing")).transpose()?.flatten();
        match version {
            Some(version) if scope.standing.is_some_and(|standing| standing.version == version) => Ok(()),
            _ => Err(StoreError::RightsChanged),
        }
    }

    /// Tells PostgreSQL that this transaction reaches everything.
    pub(crate) async fn enter_all(&mut self) -> Result<()> {
        if !self.is_sqlite() {
            self.rows("SELECT set_config('russet.all', 'on', true)", args![]).await?;
        }
        Ok(())
    }
}

/// Ids as PostgreSQL writes an array of text. Ids have no character that would need quoting.
fn array(ids: &[String]) -> String {
    format!("{{{}}}", ids.join(","))
}
