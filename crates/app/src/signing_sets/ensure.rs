//! "Give me what these apps need": answered at once where it is here and was seen at Apple lately, else begun.
//!
//! Who wants what somebody else already waits for is told of that act: there is one, however many ask at the same moment.
//! That holds within an organization; between those that share a key, [`super::plan`] lets one go after the other.

use super::{SetWish, SigningSetView, pick::name_taken};
use crate::{App, Caller, Problem, apple_account::is_lent_for, crash_point, operations::app_not_shared, problem::Kind};
use domain::{Action, ApiKeyId, Operation, OperationKind, OrgId, Permit, operation::SetToEnsure};
use jiff::Timestamp;
use store::{CHANGES_KEPT, KeyToUse, Tx};

/// What became of a wish.
#[derive(Debug, Clone)]
pub enum Ensured {
    /// The set is complete, and Apple was not asked.
    Ready(Box<SigningSetView>),
    /// It is being made complete. Others may wait for the same act.
    Begun(Box<Operation>),
}

impl App {
    /// Has a set made complete: what is held here is used first, then what Apple has, and only what is missing is created.
    /// Bundle identifiers that the set had before stay in it.
    ///
    /// Where everything is here, does not end within a day and was seen at Apple lately, it is answered at once and Apple is
    /// not asked. That needs no more than the right to use a set.
    ///
    /// # Errors
    /// `profile_type_unknown`, `identifiers_unfit`, `name_unfit`; `set_name_taken` for a set of that name with another type;
    /// `certificate_unfit` for a chosen one that does not fit; `app_not_shared`; `key_not_usable`; `not_found`, `not_allowed`.
    pub async fn ensure_signing_set(&self, caller: &Caller, org: OrgId, key: ApiKeyId, wish: SetWish) -> Result<Ensured, Problem> {
        let permit = self.permit(caller, Action::UseSigningSets, org).await?;
        let mut wanted = wish.read(key)?;
        // What was changed longer ago than that is not remembered.
        let fresh_for = wish.fresh_for.unwrap_or(super::FRESH_FOR).min(CHANGES_KEPT);
        let since = self.now().saturating_sub(fresh_for).unwrap_or(Timestamp::MIN);
        let mut tx = self.inner.store.read_for(&permit).await?;
        if let Some(ready) = self.warm(&mut tx, &permit, &wanted, since).await? {
            return Ok(Ensured::Ready(Box::new(ready)));
        }
        drop(tx);
        let permit = self.permit(caller, Action::EditSigningSets, org).await?;
        let mut tx = self.inner.store.read_for(&permit).await?;
        self.also_what_is_missing(&mut tx, &permit, &mut wanted).await?;
        drop(tx);
        // Each step demands its own right when it comes to it; who lacks one hears of it before anything is begun.
        self.permit(caller, Action::CreateCertificate, org).await?;
        self.permit(caller, Action::EditProfiles, org).await?;
        if wanted.register {
            self.permit(caller, Action::EditBundleIds, org).await?;
        }
        let mut tx = self.inner.store.read_for(&permit).await?;
        if let Some(same) = running(&mut tx, &permit, &wanted).await? {
            return Ok(Ensured::Begun(Box::new(same)));
        }
        self.refuse_wish(&mut tx, &permit, &wanted).await?;
        drop(tx);
        Box::pin(self.begin_or_join(caller, &permit, wanted)).await
    }

    /// The set, if it can be handed out as it is.
    async fn warm(&self, tx: &mut Tx, permit: &Permit, wanted: &SetToEnsure, since: Timestamp) -> Result<Option<SigningSetView>, Problem> {
        let Some(set) = tx.signing_set_named(permit, wanted.name.as_str()).await? else {
            return Ok(None);
        };
        if set.api_key != Some(wanted.key) || set.profile_type != wanted.profile_type {
            return Ok(None);
        }
        // Whoever is lent a key no longer has what was made with it looked at; the refusal is that of asking Apple.
        let used = tx.key_to_use(permit, wanted.key, None, self.now()).await?;
        // Also what another organization changed that uses the key.
        let since = match tx.team_changed_at(&used.team(), None).await? {
            Some(changed_at) => since.max(changed_at),
            None => since,
        };
        let view = self.set_view(tx, permit, set).await?;
        if !view.is_complete() {
            return Ok(None);
        }
        let is_warm = |identifier: &String| {
            view.items.iter().any(|item| {
                let certificate = item.certificate.as_ref().map(|of| of.certificate.id);
                item.identifier == *identifier
                    && item.is_warm(since)
                    && (wanted.certificate.is_none() || wanted.certificate == certificate)
                    && (!wanted.with_extensions || item.below_seen_at.is_some_and(|seen| seen > since))
            })
        };
        // With its extensions an app is as warm as they are.
        let all_are = wanted
            .identifiers
            .iter()
            .all(|identifier| is_warm(identifier) && is_lent_for(&used, Some(identifier)));
        let all_below_are = view
            .items
            .iter()
            .filter(|item| wanted.is_below(&item.identifier))
            .all(|item| item.is_warm(since));
        Ok((all_are && all_below_are).then_some(view))
    }

    /// What the set had before and lacks now is wanted as well: a build is given all of a set or nothing.
    pub(super) async fn also_what_is_missing(&self, tx: &mut Tx, permit: &Permit, wanted: &mut SetToEnsure) -> Result<(), Problem> {
        let Some(set) = tx.signing_set_named(permit, wanted.name.as_str()).await? else {
            return Ok(());
        };
        let view = self.set_view(tx, permit, set).await?;
        for item in view.items.into_iter().filter(|item| item.missing.is_some()) {
            // Those below an app that is wanted with them are looked for, and left out where there is none.
            if !wanted.identifiers.contains(&item.identifier) && !wanted.is_below(&item.identifier) {
                wanted.identifiers.push(item.identifier);
            }
        }
        wanted.identifiers.sort_unstable();
        Ok(())
    }

    /// What can be refused without Apple.
    pub(super) async fn refuse_wish(&self, tx: &mut Tx, permit: &Permit, wanted: &SetToEnsure) -> Result<(), Problem> {
        let used = tx.key_to_use(permit, wanted.key, None, self.now()).await?;
        if let Some(outside) = wanted.identifiers.iter().find(|one| !is_lent_for(&used, Some(one))) {
            return Err(app_not_shared(&used, outside));
        }
        if let Some(set) = tx.signing_set_named(permit, wanted.name.as_str()).await?
            && set.profile_type != wanted.profile_type
        {
            return Err(name_taken(wanted.name.as_str()));
        }
        if let Some(id) = wanted.certificate {
            let held = tx.certificate(permit, id).await?;
            let why = if held.private_key.is_none() {
                "has no private key here"
            } else if held.revoked_at.is_some() {
                "was revoked"
            } else if held.expires_at <= self.now() {
                "has expired"
            } else if !wanted.profile_type.takes_certificate(&held.certificate_type) {
                "cannot be in a profile of this type"
            } else {
                return Ok(());
            };
            let message = format!(
                "The certificate “{}” {why}. Choose another, or leave the choice to the server.",
                held.name
            );
            return Err(Problem::field("certificate_unfit", "certificate", message));
        }
        Ok(())
    }

    /// Begins the act, unless somebody was faster. Holding the key's row, those who come at once see each other.
    async fn begin_or_join(&self, caller: &Caller, permit: &Permit, wanted: SetToEnsure) -> Result<Ensured, Problem> {
        let mut tx = self.begin_for(caller, permit).await?;
        tx.lock_key_to_use(permit, wanted.key, None, self.now()).await?;
        if let Some(same) = running(&mut tx, permit, &wanted).await? {
            return Ok(Ensured::Begun(Box::new(same)));
        }
        let kind = OperationKind::EnsureSigningSet(wanted);
        let operation = self
            .write_act(&mut tx, caller, permit, caller.principal.actor(), kind, None)
            .await?;
        self.inner.crash_points.pass(crash_point::BEFORE_STARTED);
        tx.commit().await?;
        self.inner.crash_points.pass(crash_point::AFTER_STARTED);
        self.inner.job_waits.notify_one();
        Ok(Ensured::Begun(Box::new(operation)))
    }
}

/// The act that carries out the same wish, if there is one that is not over.
async fn running(tx: &mut Tx, permit: &Permit, wanted: &SetToEnsure) -> Result<Option<Operation>, Problem> {
    let unfinished = tx.unfinished_operations(permit).await?;
    Ok(unfinished
        .into_iter()
        .find(|act| matches!(&act.kind, OperationKind::EnsureSigningSet(other) if other == wanted)))
}

/// The refusal of an act on profiles while a set of the same account is made complete: what it was going to use would be
/// another.
pub(crate) async fn refuse_beside_ensuring(
    app: &App,
    tx: &mut Tx,
    permit: &Permit,
    used: &KeyToUse,
    kind: &OperationKind,
    others: &[Operation],
) -> Result<(), Problem> {
    if kind.profiles().is_empty() && kind.renews().is_none() {
        return Ok(());
    }
    for other in others {
        if !matches!(other.kind, OperationKind::EnsureSigningSet(_)) || !app.is_of_team(tx, permit, used, &other.kind).await? {
            continue;
        }
        let message = format!(
            "“{}” is still running and may use the same profiles ({}). Wait until it is over, then look again.",
            other.kind.title(),
            other.id
        );
        return Err(Problem::new(Kind::Conflict, "another_is_running", message));
    }
    Ok(())
}
