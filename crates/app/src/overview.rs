//! What a person sees first: what needs them, what expires, what happened.

use crate::{App, Caller, Problem, activity::ActivityView, certificates::CertificateCounts, expiries::Expiries, keys::KeySummary};
use domain::{Action, KeyHealth, OrgId, decide};

/// The overview.
#[derive(Debug, Clone)]
pub struct Overview {
    /// Keys and their health.
    pub keys: Vec<KeySummary>,
    /// What ends.
    pub ending: Expiries,
    /// Operations that wait for Apple.
    pub waiting_operations: Vec<domain::Operation>,
    /// The last few records.
    pub activity: Vec<ActivityView>,
}

/// How many records are shown.
const RECORDS: u32 = 8;

/// What stands beside the names of the lists. What somebody may not see is not counted.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    /// Keys, own and lent: how each stands with Apple.
    pub keys: Vec<KeyHealth>,
    /// Certificates held here.
    pub certificates: CertificateCounts,
}

impl App {
    /// Gathers what the caller may see; a part that they may not see is empty.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn overview(&self, caller: &Caller, org: OrgId) -> Result<Overview, Problem> {
        let permit = self.permit(caller, Action::SeeOrganization, org).await?;
        let tenant = permit.tenant();
        // Asked of the policy alone: to look at the overview is no attempt to see what is not on it.
        let may = |action| decide(&caller.principal, action, tenant).ok();
        let keys = match may(Action::SeeKeys) {
            Some(_) => self.keys(caller, org).await?,
            None => Vec::new(),
        };
        let activity = match may(Action::SeeActivity) {
            Some(_) => self.activity(caller, org, RECORDS).await?,
            None => Vec::new(),
        };
        let ending = self.ending(caller, &permit, &keys).await?;
        let waiting_operations = match may(Action::SeeSigning) {
            Some(permit) => self.inner.store.read_for(&permit).await?.unfinished_operations(&permit).await?,
            None => Vec::new(),
        };
        Ok(Overview {
            keys,
            ending,
            waiting_operations,
            activity,
        })
    }

    /// Counts what the caller may see.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn counts(&self, caller: &Caller, org: OrgId) -> Result<Counts, Problem> {
        let tenant = self.permit(caller, Action::SeeOrganization, org).await?.tenant();
        let mut counts = Counts::default();
        // Two scopes, for the wall around each is drawn by its permit.
        if let Ok(permit) = decide(&caller.principal, Action::SeeKeys, tenant) {
            let mut tx = self.inner.store.read_for(&permit).await?;
            let keys = tx.keys_to_use(&permit, None, self.now()).await?;
            counts.keys = keys.into_iter().map(|used| used.key.health).collect();
        }
        if let Ok(permit) = decide(&caller.principal, Action::SeeSigning, tenant) {
            let mut tx = self.inner.store.read_for(&permit).await?;
            counts.certificates = self.certificate_counts(&mut tx, &permit).await?;
        }
        Ok(counts)
    }
}
