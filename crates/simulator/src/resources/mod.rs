//! What Apple's business rules make of a well-formed request: one module per resource that can be written.
//!
//! A rule may refuse with Apple's words, change the team, and nothing else. Who may ask was decided before, except where
//! it depends on the object (development or distribution), which the rule asks the caller for.

mod apps;
mod assignments;
mod beta_groups;
mod beta_review;
mod beta_testers;
mod beta_texts;
mod build_upload_files;
mod build_uploads;
mod builds;
mod bundle_ids;
mod capabilities;
mod certificates;
mod devices;
mod pass_type_ids;
mod profiles;
mod testing;
mod users;
mod webhooks;

pub(crate) use assignments::{can_relate, owner, relate};
pub use beta_review::Decision;
pub(crate) use beta_review::decide;
pub(crate) use build_uploads::keep_build;
pub(crate) use certificates::keep_own as keep_own_certificate;

use crate::api::{Api, Kind};
use crate::artefacts::{ArtefactError, Authority};
use crate::entity::Entity;
use crate::entropy::Entropy;
use crate::options::Limits;
use crate::refusal::Refusal;
use crate::roles::Caller;
use crate::team::{Object, Relation, Settling, Team, relations};
use jiff::Timestamp;

/// What a rule works with: the team, the caller, the time.
pub(crate) struct Act<'a> {
    pub(crate) api: Api,
    pub(crate) now: Timestamp,
    pub(crate) caller: &'a Caller,
    pub(crate) team: &'a mut Team,
    /// The team at the other API: identifiers are taken across all teams (facts E6).
    pub(crate) other: &'a Team,
    pub(crate) entropy: &'a mut Entropy,
    pub(crate) authority: &'a Authority,
    pub(crate) limits: &'a Limits,
    pub(crate) settling: Settling,
    /// How long what is deleted stays listed.
    pub(crate) lingering: Settling,
}

impl Act<'_> {
    fn object(&self, kind: Kind, id: String) -> Object {
        Object::new(kind, id, self.now, self.settling)
    }

    /// The object that a required to-one relationship points to.
    fn related(&mut self, entity: &Entity, name: &'static str, kind: Kind) -> Result<String, Refusal> {
        let id = entity.ids(name).first().cloned().unwrap_or_default();
        if !self.team.knows(kind, &id, self.now) {
            let detail = format!("There is no resource of type '{}' with id '{id}'", kind.as_str());
            return Err(Refusal::relationship_invalid(name, detail));
        }
        Ok(id)
    }

    /// A relation of a type by its name.
    fn relation(&self, kind: Kind, name: &str) -> Option<&'static Relation> {
        relations(kind, self.api).iter().find(|relation| relation.name == name)
    }

    fn remove(&mut self, kind: Kind, id: &str) {
        self.team.remove_slowly(kind, id, self.now, self.lingering);
    }
}

/// Makes an object; its id.
pub(crate) fn create(act: &mut Act<'_>, kind: Kind, entity: &Entity) -> Result<String, Refusal> {
    match kind {
        Kind::BetaAppLocalizations => beta_texts::create_for_app(act, entity),
        Kind::BetaAppReviewSubmissions => beta_review::submit(act, entity),
        Kind::BetaBuildLocalizations => beta_texts::create_for_build(act, entity),
        Kind::BetaGroups => beta_groups::create(act, entity),
        Kind::BetaTesterInvitations => beta_testers::invite(act, entity),
        Kind::BetaTesters => beta_testers::create(act, entity),
        Kind::BuildBetaNotifications => beta_review::notify(act, entity),
        Kind::BuildUploadFiles => build_upload_files::create(act, entity),
        Kind::BuildUploads => build_uploads::create(act, entity),
        Kind::BundleIds => bundle_ids::create(act, entity),
        Kind::BundleIdCapabilities => capabilities::create(act, entity),
        Kind::Certificates => certificates::create(act, entity),
        Kind::Devices => devices::create(act, entity),
        Kind::PassTypeIds => pass_type_ids::create(act, entity),
        Kind::Profiles => profiles::create(act, entity),
        Kind::UserInvitations => users::invite(act, entity),
        Kind::WebhookDeliveries => webhooks::redeliver(act, entity),
        Kind::WebhookPings => webhooks::ping(act, entity),
        Kind::Webhooks => webhooks::create(act, entity),
        _ => Err(Refusal::not_simulated(&format!("POST {}", kind.as_str()))),
    }
}

/// Changes an object that exists.
pub(crate) fn update(act: &mut Act<'_>, kind: Kind, id: &str, entity: &Entity) -> Result<(), Refusal> {
    match kind {
        Kind::Apps => apps::update(act, id, entity),
        Kind::BetaAppLocalizations | Kind::BetaBuildLocalizations => beta_texts::update(act, kind, id, entity),
        Kind::BetaGroups => beta_groups::update(act, id, entity),
        Kind::BuildUploadFiles => build_upload_files::update(act, id, entity),
        Kind::Builds => builds::update(act, id, entity),
        Kind::BundleIds => bundle_ids::update(act, id, entity),
        Kind::BundleIdCapabilities => capabilities::update(act, id, entity),
        Kind::Devices => devices::update(act, id, entity),
        Kind::Webhooks => webhooks::update(act, id, entity),
        Kind::BetaAppReviewDetails
        | Kind::BetaLicenseAgreements
        | Kind::BuildBetaDetails
        | Kind::Certificates
        | Kind::PassTypeIds
        | Kind::Users => {
            overwrite(act, kind, id, entity);
            Ok(())
        }
        _ => Err(Refusal::not_simulated(&format!("PATCH {}", kind.as_str()))),
    }
}

/// Removes an object that exists, with what hangs on it.
pub(crate) fn delete(act: &mut Act<'_>, kind: Kind, id: &str) -> Result<(), Refusal> {
    match kind {
        Kind::BetaAppLocalizations | Kind::BetaBuildLocalizations => beta_texts::delete(act, kind, id),
        Kind::BetaGroups => beta_groups::delete(act, id),
        Kind::BetaTesters => beta_testers::delete(act, id),
        Kind::BuildUploads => build_uploads::delete(act, id),
        Kind::BundleIds => bundle_ids::delete(act, id),
        Kind::BundleIdCapabilities => capabilities::delete(act, id),
        Kind::Certificates => certificates::revoke(act, id),
        Kind::Profiles => profiles::delete(act, id),
        Kind::Webhooks => webhooks::delete(act, id),
        Kind::PassTypeIds | Kind::UserInvitations | Kind::Users => {
            act.remove(kind, id);
            Ok(())
        }
        _ => Err(Refusal::not_simulated(&format!("DELETE {}", kind.as_str()))),
    }
}

/// What happens at Apple without anybody asking, up to now.
pub(crate) fn pass_time(act: &mut Act<'_>) {
    build_uploads::finish_due(act);
    builds::pass_time(act);
    if act.team.is_stirred {
        testing::refresh(act);
        act.team.is_stirred = false;
    }
}

/// Writes the given attributes over the old ones; `null` leaves the old one.
fn overwrite(act: &mut Act<'_>, kind: Kind, id: &str, entity: &Entity) {
    if let Some(object) = act.team.get_mut(kind, id) {
        for (name, value) in entity.attributes.iter().filter(|(_, value)| !value.is_null()) {
            object.set(name, value.clone());
        }
    }
}

/// An artefact that could not be made is the simulator's own fault: Apple's 500, and the reason in the log.
fn unmade(error: &ArtefactError) -> Refusal {
    tracing::error!(%error, "the simulated authority failed");
    Refusal::unexpected()
}
