//! Another name for a certificate, and removing it here.
//!
//! Removing is a matter of this server: at Apple the certificate stays valid and keeps its place. Its private key goes with
//! it unless a signing request or another certificate has the same one.

use super::SIGNING_KEY;
use crate::{
    App, Caller, Problem,
    lending::{OwnersAct, SigningItem},
    problem::Kind,
    sharing::Sharing,
    signing_sets::SetName,
};
use domain::{Action, CertificateId, Event, HeldCertificate, ItemName, Operation, OrgId, Permit, Shareable};
use store::Tx;

/// What depends on a certificate, and what is lost with it.
#[derive(Debug, Clone)]
pub struct CertificateDependents {
    /// The certificate.
    pub certificate: HeldCertificate,
    /// Whether its private key is destroyed with it.
    pub key_destroyed: bool,
    /// Whether it has not ended, so that Apple still counts it.
    pub valid_at_apple: bool,
    /// The signing sets that it is in: nothing can be signed with them without it.
    pub sets: Vec<SetName>,
    /// With whom it is shared, in a root organization.
    pub sharing: Option<Sharing>,
}

impl App {
    /// Gives it another name. Its subject stays: that is what the certificate itself says.
    ///
    /// # Errors
    /// `name_unfit`; `lent_certificate`; `not_found`, `not_allowed`.
    pub async fn rename_certificate(
        &self,
        caller: &Caller,
        org: OrgId,
        certificate: CertificateId,
        name: &str,
    ) -> Result<HeldCertificate, Problem> {
        let permit = self.permit(caller, Action::EditCertificate, org).await?;
        let name: ItemName = name
            .parse()
            .map_err(|error: domain::NameError| Problem::field("name_unfit", "name", error.to_string()))?;
        self.own_certificate(caller, &permit, certificate, OwnersAct::Rename).await?;
        let mut tx = self.begin_for(caller, &permit).await?;
        let mut held = tx.lock_certificate(&permit, certificate).await?;
        if held.name == name.as_str() {
            return Ok(held);
        }
        tx.rename_certificate(&permit, certificate, name.as_str()).await?;
        let event = Event::CertificateRenamed {
            certificate,
            from: std::mem::replace(&mut held.name, name.to_string()),
            to: name.to_string(),
        };
        self.record_done(&mut tx, caller, org, event).await?;
        tx.commit().await?;
        Ok(held)
    }

    /// What depends on it, which is to be known before it is removed.
    ///
    /// # Errors
    /// `lent_certificate`; `not_found`, `not_allowed`.
    pub async fn certificate_dependents(&self, caller: &Caller, org: OrgId, id: CertificateId) -> Result<CertificateDependents, Problem> {
        let permit = self.permit(caller, Action::RemoveCertificate, org).await?;
        let certificate = self.own_certificate(caller, &permit, id, OwnersAct::Remove).await?;
        let mut tx = self.inner.store.read_for(&permit).await?;
        let key_destroyed = match certificate.private_key {
            Some(key) => tx.holders_of_private_key(&permit, key).await? == 1,
            None => false,
        };
        let sets = tx.sets_of_certificate(&permit, id).await?;
        Ok(CertificateDependents {
            sets: sets.into_iter().map(SetName::from).collect(),
            key_destroyed,
            valid_at_apple: certificate.expires_at > self.now(),
            sharing: self.sharing_of_item(&mut tx, &permit, SigningItem::Certificate(id)).await?,
            certificate,
        })
    }

    /// Removes it here, its shares with it. `typed_name` must be its name.
    ///
    /// # Errors
    /// `name_differs`; `certificate_in_use` while a renewal needs it; `lent_certificate`; `not_found`, `not_allowed`.
    pub async fn remove_certificate(&self, caller: &Caller, org: OrgId, id: CertificateId, typed_name: &str) -> Result<(), Problem> {
        let permit = self.permit(caller, Action::RemoveCertificate, org).await?;
        self.own_certificate(caller, &permit, id, OwnersAct::Remove).await?;
        let mut tx = self.begin_for(caller, &permit).await?;
        let held = tx.lock_certificate(&permit, id).await?;
        if typed_name.trim() != held.name.trim() {
            return Err(Problem::field(
                "name_differs",
                "name",
                format!("To remove this certificate, type its name exactly: {}", held.name),
            ));
        }
        refuse_during_renewal(&mut tx, &permit, &held).await?;
        tx.take_all_shares(&permit, Shareable::Certificate(id)).await?;
        tx.delete_certificate(&permit, id).await?;
        let key_destroyed = match held.private_key {
            Some(key) => tx.delete_unneeded_private_key(&permit, SIGNING_KEY, key).await?,
            None => false,
        };
        let event = Event::CertificateRemoved {
            certificate: id,
            name: held.name,
            serial: held.serial,
            key_destroyed,
        };
        self.record_done(&mut tx, caller, org, event).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// Refuses to take away what a running renewal replaces, or what it puts into the profiles: the renewal could not go on.
/// The certificate is locked, and so it is while a renewal begins.
async fn refuse_during_renewal(tx: &mut Tx, permit: &Permit, held: &HeldCertificate) -> Result<(), Problem> {
    for act in tx.unfinished_operations(permit).await? {
        let Some(renewed) = act.kind.renews() else { continue };
        let needs = |step: &Operation| step.state.certificate() == Some(held.id);
        if renewed == held.id || tx.steps_of(permit, act.id).await?.iter().any(needs) {
            return Err(Problem::new(
                Kind::Conflict,
                "certificate_in_use",
                format!(
                    "“{}” is still running and needs “{}” ({}). Wait until it is over, then remove it. Nothing was removed.",
                    act.kind.title(),
                    held.name,
                    act.id
                ),
            ));
        }
    }
    Ok(())
}
