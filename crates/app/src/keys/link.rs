//! Linking a key and rotating one: prove first, then everything in one transaction.
//!
//! An attempt is written down before the new key is used to ask Apple, and how it ended afterwards.
//!
//! Nothing is half-saved: until Apple has accepted the new pair there is only memory, which is wiped; then the sealed
//! private key, the row, the feature table, the record and the daily check are one commit.

use super::{
    KeyDetails, NewKey, OwnersAct,
    entered::{self, EnteredKey},
    name_taken,
    remove::refuse_in_use,
};
use crate::{
    App, Caller, Problem,
    acting::fresh,
    checks::{Examination, Examined, examine},
    key_use::{KeyPlace, apple_kind, token_slot},
    problem::Kind,
};
use apple::{Credentials, HeldKey};
use domain::{
    Action, Activity, ApiKey, ApiKeyId, Event, IssuerId, KeyHealth, OrgId, Outcome, Permit, Shareable, Subject, Verdict, share::own,
};
use std::sync::Arc;
use store::{Conflict, StoreError, Tx};

impl App {
    /// Reads, proves by the health probe, seals and saves a key; asks the feature probes; plans the daily check.
    ///
    /// # Errors
    /// A problem per field for what does not fit; `duplicate_key`, `name_taken`; for what Apple does not accept, one code per diagnosis:
    /// `key_mismatch`, `wrong_kind`, `clock_off`; `apple_unreachable` when it did not answer.
    pub async fn add_key(&self, caller: &Caller, org: OrgId, input: NewKey) -> Result<KeyDetails, Problem> {
        let permit = self.permit(caller, Action::AddKey, org).await?;
        let Some(added_by) = caller.principal.actor().subject() else {
            return Err(Problem::internal("a key was added by nobody"));
        };
        let entered = entered::read(&input, None)?;
        self.refuse_duplicate(&permit, &entered, None).await?;
        let id = fresh!(self, ApiKeyId);
        let event = Event::KeyAdded {
            key: id,
            name: entered.name.to_string(),
            key_id: entered.key_id.to_string(),
            kind: entered.kind,
        };
        let attempt = self.begin_attempt(caller, org, event).await?;
        let added = self
            .prove_and_add(caller, &permit, &attempt, id, added_by, entered, input.save_unverified)
            .await;
        self.note_failure_of(&attempt, &added).await;
        added?;
        self.key(caller, org, id).await
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one attempt")]
    async fn prove_and_add(
        &self,
        caller: &Caller,
        permit: &Permit,
        attempt: &Activity,
        id: ApiKeyId,
        added_by: Subject,
        entered: EnteredKey,
        save_unverified: bool,
    ) -> Result<(), Problem> {
        let org = permit.organization();
        let (examined, health) = self.prove(&entered, save_unverified).await?;
        let now = self.now();
        let key = ApiKey {
            id,
            organization: org,
            fingerprint: entered.private_key.public_key_sha256_fingerprint(),
            name: entered.name,
            kind: entered.kind,
            key_id: entered.key_id,
            issuer_id: entered.issuer_id,
            roles: entered.roles,
            team_id: None,
            health,
            health_since: now,
            last_check: None,
            last_good: None,
            overrides: Default::default(),
            generation: 1,
            added_by,
            added_at: now,
            last_use: None,
        };
        let mut tx = self.begin_for(caller, permit).await?;
        let inserted = tx.insert_key(permit, &key).await;
        match inserted {
            Err(StoreError::Conflict(Conflict::KeyId)) => return Err(duplicate(key.key_id.as_str(), "another key here")),
            Err(StoreError::Conflict(Conflict::KeyName)) => return Err(name_taken(&key.name)),
            inserted => inserted?,
        }
        self.seal_private_key(&mut tx, permit, &key, entered.private_key.pkcs8_der())
            .await?;
        self.write_down(&mut tx, &own(permit, Shareable::ApiKey(key.id)), &examined).await?;
        self.plan_check(&mut tx, org, key.id).await?;
        self.record(&mut tx, &self.outcome_of(attempt, Outcome::Done)).await?;
        tx.commit().await?;
        self.learn(key.id, &examined.learnt);
        Ok(())
    }

    /// Replaces the private key under the same item; proven first. Name and kind stay; roles stay unless new ones are given.
    ///
    /// # Errors
    /// As [`App::add_key`]; `kind_differs`; `changed_meanwhile` when somebody else rotated it; `key_in_use` for a key of
    /// another team while an act is not over.
    pub async fn rotate_key(&self, caller: &Caller, org: OrgId, key: ApiKeyId, mut input: NewKey) -> Result<KeyDetails, Problem> {
        let permit = self.permit_over_key(caller, Action::RotateKey, org, key, OwnersAct::Rotate).await?;
        let old = self.own_key(caller, &permit, key, OwnersAct::Rotate).await?;
        if input.kind.trim().is_empty() {
            input.kind = old.kind.to_string();
        }
        let entered = entered::read(&input, Some(&old.name))?;
        if entered.kind != old.kind {
            return Err(Problem::field(
                "kind_differs",
                "kind",
                format!(
                    "“{}” is {} key and stays one. Add a key of another kind as a new one.",
                    old.name,
                    with_article(old.kind)
                ),
            ));
        }
        self.refuse_duplicate(&permit, &entered, Some(old.id)).await?;
        let event = Event::KeyRotated {
            key,
            name: old.name.to_string(),
            from_key_id: old.key_id.to_string(),
            to_key_id: entered.key_id.to_string(),
        };
        let attempt = self.begin_attempt(caller, org, event).await?;
        let rotated = self
            .prove_and_rotate(caller, &permit, &attempt, &old, entered, input.save_unverified)
            .await;
        self.note_failure_of(&attempt, &rotated).await;
        rotated?;
        self.inner.tokens.invalidate(&token_slot(&old));
        self.inner.budgets().remove(&key);
        self.key(caller, org, key).await
    }

    async fn prove_and_rotate(
        &self,
        caller: &Caller,
        permit: &Permit,
        attempt: &Activity,
        old: &ApiKey,
        entered: EnteredKey,
        save_unverified: bool,
    ) -> Result<(), Problem> {
        let (org, key) = (permit.organization(), old.id);
        let (examined, health) = self.prove(&entered, save_unverified).await?;
        let now = self.now();
        let rotated = ApiKey {
            fingerprint: entered.private_key.public_key_sha256_fingerprint(),
            key_id: entered.key_id,
            // The same issuer is the same team; of another one the team is not known yet.
            team_id: old.team_id.clone().filter(|_| entered.issuer_id == old.issuer_id),
            issuer_id: entered.issuer_id,
            health,
            health_since: now,
            last_check: None,
            last_good: None,
            generation: old.generation + 1,
            ..old.clone()
        };
        let mut tx = self.begin_for(caller, permit).await?;
        tx.rotate_key(permit, &rotated).await?;
        // Counted after the row is locked, as in removing. What Apple made is looked for with the new key: in another
        // team's list it would be missing, and its private key would be destroyed for that.
        if rotated.issuer_id != old.issuer_id {
            refuse_in_use(&mut tx, permit, key, "then rotate it to a key of another team").await?;
        }
        if !entered.roles.is_empty() {
            tx.set_key_roles(permit, key, &entered.roles).await?;
        }
        self.seal_private_key(&mut tx, permit, &rotated, entered.private_key.pkcs8_der())
            .await?;
        tx.delete_secret(permit, &KeyPlace::of(old).place()).await?;
        self.write_down(&mut tx, &own(permit, Shareable::ApiKey(key)), &examined).await?;
        self.plan_check(&mut tx, org, key).await?;
        self.record(&mut tx, &self.outcome_of(attempt, Outcome::Done)).await?;
        Ok(tx.commit().await?)
    }

    /// The same Key ID twice among an organization's own keys is refused. Keys of others are never looked at.
    async fn refuse_duplicate(&self, permit: &Permit, entered: &EnteredKey, but: Option<ApiKeyId>) -> Result<(), Problem> {
        let other = self
            .inner
            .store
            .read_for(permit)
            .await?
            .key_by_key_id(permit, &entered.key_id)
            .await?;
        match other.filter(|other| Some(other.id) != but) {
            Some(other) => Err(duplicate(entered.key_id.as_str(), &format!("“{}”", other.name))),
            None => Ok(()),
        }
    }

    /// Asks Apple about a key that is only in memory. What Apple does not accept passes only when that was asked for.
    async fn prove(&self, entered: &EnteredKey, save_unverified: bool) -> Result<(Examined, KeyHealth), Problem> {
        let about = Examination {
            kind: entered.kind,
            may_be_other_kind: entered.issuer_id.is_some(),
            last_good: None,
            team_is_known: false,
            now: self.now(),
        };
        let mut examined = examine(&about, |kind| {
            let credentials = Credentials {
                kind: apple_kind(kind),
                key_id: entered.key_id.as_str(),
                issuer_id: entered.issuer_id.as_ref().filter(|_| kind.needs_issuer()).map(IssuerId::as_str),
                private_key_pkcs8: entered.private_key.pkcs8_der(),
            };
            let held = HeldKey::new(&self.inner.apple, &credentials);
            self.inner.apple.session(apple_kind(kind), Arc::new(held))
        })
        .await;
        self.learn_skew(&examined.learnt);
        // With a missing agreement or a lapsed membership Apple has accepted the pair: that is the proof.
        if let Verdict::Conclusive(health @ (KeyHealth::Working | KeyHealth::AgreementMissing | KeyHealth::MembershipLapsed)) =
            &examined.verdict
        {
            let health = health.clone();
            return Ok((examined, health));
        }
        if !save_unverified {
            return Err(not_proven(&examined));
        }
        let why = match &examined.verdict {
            Verdict::Conclusive(health) => health.next_step(),
            Verdict::Inconclusive { why } => why.clone(),
        };
        examined.verdict = Verdict::Inconclusive { why };
        Ok((examined, KeyHealth::Unverified))
    }

    async fn seal_private_key(&self, tx: &mut Tx, permit: &Permit, key: &ApiKey, pkcs8: &[u8]) -> Result<(), Problem> {
        let place = KeyPlace::of(key);
        let ring = tx.ring(permit).await?;
        let sealed = self.inner.vault.seal(&ring, &place.place(), pkcs8)?;
        Ok(tx.put_secret(permit, &place.place(), &sealed).await?)
    }
}

fn with_article(kind: domain::KeyKind) -> String {
    format!("{} {kind}", if kind == domain::KeyKind::Team { "a" } else { "an" })
}

fn duplicate(key_id: &str, name: &str) -> Problem {
    let mut problem = Problem::field(
        "duplicate_key",
        "key_id",
        format!("The key {key_id} is here already, as {name}. Use that one, or rotate it if its file was replaced."),
    );
    problem.kind = Kind::Conflict;
    problem
}

/// Why nothing was saved, at the field that has to do with it.
fn not_proven(examined: &Examined) -> Problem {
    let apple = examined.error.as_ref().map(Problem::from_apple);
    let health = match &examined.verdict {
        Verdict::Inconclusive { why } => {
            let message = format!("{why} The key was not saved.");
            return match apple {
                Some(problem) => Problem { message, ..problem },
                None => Problem::new(Kind::AppleUnreachable, "apple_unreachable", message),
            };
        }
        Verdict::Conclusive(health) => health,
    };
    let (code, fields): (_, &[&'static str]) = match health {
        KeyHealth::WrongKind { .. } => ("wrong_kind", &["kind"]),
        KeyHealth::ClockOff { .. } => ("clock_off", &[]),
        _ => ("key_mismatch", &["key_id", "issuer_id", "file"]),
    };
    let message = format!("{} The key was not saved.", health.next_step());
    let mut problem = Problem::new(Kind::AppleRefused, code, message);
    problem.apple = apple.and_then(|problem| problem.apple);
    problem.fields = fields
        .iter()
        .map(|field| crate::FieldProblem {
            field,
            message: health.next_step(),
        })
        .collect();
    problem
}
