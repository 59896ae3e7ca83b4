//! What only the owner of a certificate or a profile can do, and how that is said to those who were lent it.
//!
//! That a borrower cannot is held by the store, which looks in the permit's own organization; here it is put into words,
//! because "not found" for what stands in one's own list would help nobody.

use super::SigningItem;
use crate::{App, Caller, Problem, keys::with_article, problem::Kind};
use domain::{Action, CertificateId, Event, HeldCertificate, HeldProfile, Outcome, Permit, ProfileId, UsePermit};
use store::{StoreError, Tx};

/// An act that a share does not include.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnersAct {
    /// Another name.
    Rename,
    /// Taking it away as a file.
    Download,
    /// Passing it on.
    Share,
    /// Taking it away.
    Remove,
    /// Replacing it by a new one; of a profile, building it anew.
    Renew,
}

impl OwnersAct {
    /// What its owner must be allowed to.
    fn action(self, item: SigningItem) -> Action {
        match (item, self) {
            (_, Self::Share) => item.sharing(),
            (SigningItem::Certificate(_), Self::Rename) => Action::EditCertificate,
            (SigningItem::Certificate(_), Self::Download) => Action::DownloadCertificate,
            (SigningItem::Certificate(_), Self::Remove) => Action::RemoveCertificate,
            (SigningItem::Certificate(_), Self::Renew) => Action::CreateCertificate,
            (SigningItem::Profile(_), Self::Download) => Action::DownloadProfile,
            (SigningItem::Profile(_), Self::Rename | Self::Remove | Self::Renew) => Action::EditProfiles,
        }
    }

    /// As it is recorded when it was refused.
    fn words(self, item: SigningItem) -> String {
        let act = match (self, item) {
            (Self::Rename, _) => "rename",
            (Self::Download, _) => "download",
            (Self::Share, _) => "pass on",
            (Self::Remove, _) => "remove",
            (Self::Renew, SigningItem::Certificate(_)) => "renew",
            (Self::Renew, SigningItem::Profile(_)) => "rebuild",
        };
        format!("{act} a {} that is lent to it", item.noun())
    }

    /// Why not, in one sentence.
    fn why(self, item: SigningItem) -> &'static str {
        match (self, item) {
            (Self::Rename, _) => "The name is the same in every organization that uses it.",
            (Self::Download, _) => "A shared item is used in signing sets, and leaves only in their files.",
            (Self::Share, _) => "A shared item cannot be passed on.",
            (Self::Remove, _) => "It is not yours to remove; who owns it can stop sharing it with you.",
            (Self::Renew, SigningItem::Certificate(_)) => "Its owner renews it for everybody who uses it.",
            (Self::Renew, SigningItem::Profile(_)) => "Its owner rebuilds it for everybody who uses it.",
        }
    }
}

impl App {
    /// A certificate of the permit's own organization, for an act of its owner. That it is only lent is told and recorded.
    pub(crate) async fn own_certificate(
        &self,
        caller: &Caller,
        permit: &Permit,
        id: CertificateId,
        act: OwnersAct,
    ) -> Result<HeldCertificate, Problem> {
        let mut tx = self.inner.store.read_for(permit).await?;
        match tx.certificate(permit, id).await {
            Err(StoreError::NotFound) => {}
            found => return Ok(found?),
        }
        let lent = tx.certificate_to_use(permit, id, self.now()).await?;
        let item = SigningItem::Certificate(id);
        Err(self
            .refuse_lent(tx, (caller, permit), (item, &lent.certificate.name, &lent.permit), act)
            .await?)
    }

    /// The same for a profile.
    pub(crate) async fn own_profile(
        &self,
        caller: &Caller,
        permit: &Permit,
        id: ProfileId,
        act: OwnersAct,
    ) -> Result<HeldProfile, Problem> {
        let mut tx = self.inner.store.read_for(permit).await?;
        match tx.profile(permit, id).await {
            Err(StoreError::NotFound) => {}
            found => return Ok(found?),
        }
        let lent = tx.profile_to_use(permit, id, self.now()).await?;
        let item = SigningItem::Profile(id);
        Err(self
            .refuse_lent(tx, (caller, permit), (item, &lent.profile.name, &lent.permit), act)
            .await?)
    }

    /// The same for either, where its kind does not matter.
    pub(super) async fn own_item(&self, caller: &Caller, permit: &Permit, item: SigningItem, act: OwnersAct) -> Result<(), Problem> {
        match item {
            SigningItem::Certificate(id) => self.own_certificate(caller, permit, id, act).await.map(drop),
            SigningItem::Profile(id) => self.own_profile(caller, permit, id, act).await.map(drop),
        }
    }

    /// Records that somebody wanted more of a lent item than its use, and tells whose it is.
    async fn refuse_lent(
        &self,
        mut tx: Tx,
        (caller, permit): (&Caller, &Permit),
        (item, name, lent): (SigningItem, &str, &UsePermit),
        act: OwnersAct,
    ) -> Result<Problem, Problem> {
        let owner = tx.owner_of(lent).await?.name;
        drop(tx);
        let event = Event::AccessDenied { what: act.words(item) };
        let mut tx = self.inner.store.begin().await?;
        let record = self.activity_record(caller, Some(permit.organization()), event, Outcome::Denied);
        tx.record(&record).await?;
        tx.commit().await?;
        let code = match item {
            SigningItem::Certificate(_) => "lent_certificate",
            SigningItem::Profile(_) => "lent_profile",
        };
        Ok(Problem::new(
            Kind::NotAllowed,
            code,
            format!(
                "“{name}” belongs to {owner}, and only there this can be done, by {}. {}",
                with_article(&act.action(item).needed_role().title()),
                act.why(item)
            ),
        ))
    }
}
