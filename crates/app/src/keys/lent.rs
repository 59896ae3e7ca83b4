//! What only the owner of a key can do, and how that is said to those who were lent it.
//!
//! That a borrower cannot is held by types: the store's functions for these acts take the owner's permit. Here it is put
//! into words, because "not found" for something that stands in one's own list would help nobody.

use crate::{App, Caller, Problem, problem::Kind};
use domain::{Action, ApiKey, ApiKeyId, Event, OrgId, Outcome, Permit};
use store::{KeyToUse, StoreError, Tx};

/// An act that a share does not include.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnersAct {
    /// Another name.
    Rename,
    /// The roles it was given at Apple.
    SetRoles,
    /// Another private key.
    Rotate,
    /// Passing it on.
    Share,
    /// Taking it away.
    Remove,
    /// A token for Apple.
    MintToken,
    /// Letting a declared "no" pass.
    Override,
}

impl OwnersAct {
    /// All, in the order in which a page tells them.
    pub const ALL: [Self; 7] = [
        Self::Rename,
        Self::SetRoles,
        Self::Override,
        Self::Rotate,
        Self::Share,
        Self::MintToken,
        Self::Remove,
    ];

    /// The button's words.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Rename => "Rename",
            Self::SetRoles => "Enter Apple roles",
            Self::Rotate => "Rotate",
            Self::Share => "Share",
            Self::Remove => "Remove",
            Self::MintToken => "Get a token for Apple",
            Self::Override => "Let it try what its role does not allow",
        }
    }

    /// What its owner must be allowed to.
    fn action(self) -> Action {
        match self {
            Self::Rename | Self::SetRoles => Action::EditKey,
            Self::Rotate => Action::RotateKey,
            Self::Share => Action::ShareKey,
            Self::Remove => Action::RemoveKey,
            Self::MintToken => Action::MintAppleToken,
            Self::Override => Action::OverrideFeature,
        }
    }

    /// As it is recorded when it was refused.
    fn words(self) -> &'static str {
        match self {
            Self::Rename => "rename a key that is lent to it",
            Self::SetRoles => "enter roles of a key that is lent to it",
            Self::Rotate => "rotate a key that is lent to it",
            Self::Share => "pass on a key that is lent to it",
            Self::Remove => "remove a key that is lent to it",
            Self::MintToken => "get a token for Apple from a key that is lent to it",
            Self::Override => "override the feature table of a key that is lent to it",
        }
    }

    /// Why not, in one sentence.
    #[must_use]
    pub fn why(self) -> &'static str {
        match self {
            Self::Rename => "The name is the same in every organization that uses the key.",
            Self::SetRoles => "Which roles Apple gave the key is entered once, for everyone.",
            Self::Rotate => "Replacing the key is done once, for everyone.",
            Self::Share => "A shared item cannot be passed on.",
            Self::Remove => "The key is not yours to remove; who owns it can stop sharing it with you.",
            Self::MintToken => "A token for Apple would reach beyond the share.",
            Self::Override => "What the key may try despite its role is decided once, for everyone.",
        }
    }
}

impl App {
    /// A key for the form of an act of its owner, which is not shown to those who were lent it.
    ///
    /// # Errors
    /// `lent_key`; `not_found`, `not_allowed`.
    pub async fn key_for(&self, caller: &Caller, org: OrgId, key: ApiKeyId, to: Action, act: OwnersAct) -> Result<ApiKey, Problem> {
        let permit = self.permit_over_key(caller, to, org, key, act).await?;
        self.own_key(caller, &permit, key, act).await
    }

    /// The permit for an act of a key's owner. Whoever lacks the role for it is told whose role would help: where the key is
    /// only lent, none that they could be given here.
    pub(crate) async fn permit_over_key(
        &self,
        caller: &Caller,
        to: Action,
        org: OrgId,
        key: ApiKeyId,
        act: OwnersAct,
    ) -> Result<Permit, Problem> {
        let refused = match self.permit(caller, to, org).await {
            Err(problem) if problem.kind == Kind::NotAllowed => problem,
            permit => return permit,
        };
        let tenant = self.inner.store.read().await?.tenant(org).await?;
        let sees = tenant.and_then(|tenant| domain::decide(&caller.principal, Action::SeeKeys, tenant).ok());
        let Some(sees) = sees.filter(|permit| permit.tenant().parent.is_some()) else {
            return Err(refused);
        };
        let mut tx = self.inner.store.read_for(&sees).await?;
        match tx.key(&sees, key).await {
            Err(StoreError::NotFound) => {}
            found => return found.map_err(Problem::from).and(Err(refused)),
        }
        match tx.key_to_use(&sees, key, None, self.now()).await {
            Ok(lent) => Err(belongs_to(&mut tx, &lent, act).await?),
            Err(StoreError::NotFound) => Err(refused),
            Err(error) => Err(error.into()),
        }
    }

    /// A key of the permit's own organization, for an act of its owner. That it is only lent is told and recorded.
    pub(crate) async fn own_key(&self, caller: &Caller, permit: &Permit, key: ApiKeyId, act: OwnersAct) -> Result<ApiKey, Problem> {
        let mut tx = self.inner.store.read_for(permit).await?;
        match tx.key(permit, key).await {
            Err(StoreError::NotFound) => {}
            key => return Ok(key?),
        }
        let lent = tx.key_to_use(permit, key, None, self.now()).await?;
        let problem = belongs_to(&mut tx, &lent, act).await?;
        drop(tx);
        let event = Event::AccessDenied {
            what: act.words().to_owned(),
        };
        let mut tx = self.inner.store.begin().await?;
        let record = self.activity_record(caller, Some(permit.organization()), event, Outcome::Denied);
        tx.record(&record).await?;
        tx.commit().await?;
        Err(problem)
    }

    /// The permit to share, which does not exist below a root organization: there the better answer for a lent key is that
    /// it is lent, not that a role is missing.
    pub(crate) async fn permit_to_share(&self, caller: &Caller, org: OrgId, key: ApiKeyId) -> Result<Permit, Problem> {
        let refused = match self.permit(caller, Action::ShareKey, org).await {
            Err(problem) if problem.kind == Kind::NotAllowed => problem,
            permit => return permit,
        };
        let tenant = self.inner.store.read().await?.tenant(org).await?;
        let may_edit = tenant.and_then(|tenant| domain::decide(&caller.principal, Action::EditKey, tenant).ok());
        let Some(permit) = may_edit.filter(|permit| permit.tenant().parent.is_some()) else {
            return Err(refused);
        };
        match self.own_key(caller, &permit, key, OwnersAct::Share).await {
            Ok(_) => Err(Problem::new(
                Kind::NotAllowed,
                "not_allowed",
                "This is a sub-organization, and there is none below it to share a key with. Keys of the root organization can be shared.",
            )),
            Err(problem) if problem.kind == Kind::NotFound => Err(refused),
            Err(problem) => Err(problem),
        }
    }
}

/// That a key is lent, whose it is, and which role it takes there.
async fn belongs_to(tx: &mut Tx, lent: &KeyToUse, act: OwnersAct) -> Result<Problem, Problem> {
    let owner = tx.owner_of(&lent.permit).await?.name;
    Ok(Problem::new(
        Kind::NotAllowed,
        "lent_key",
        format!(
            "“{}” belongs to {owner}, and only there this can be done, by {}. {}",
            lent.key.name,
            with_article(&act.action().needed_role().title()),
            act.why()
        ),
    ))
}

/// "an Owner", "a Credentials Manager".
pub(crate) fn with_article(role: &str) -> String {
    let article = if role.starts_with(['A', 'E', 'I', 'O']) { "an" } else { "a" };
    format!("{article} {role}")
}
