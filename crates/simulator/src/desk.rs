//! The hand on what happens to binaries and builds at Apple, beside what time does by itself.

use crate::api::{Api, Kind};
use crate::control::{Control, ControlError};
use crate::deliveries::{PartCount, ProcessingIssue};
use crate::options::Uploads;
use crate::post::DeliveryTrouble;
use crate::resources::{self, Decision};
use crate::team::{Object, Settling};

impl Control {
    /// How uploads are played.
    pub fn uploads(&self) -> Uploads {
        self.0.world().store.deliveries.settings.clone()
    }

    /// Changes how uploads are played, for what is reserved or committed from now on.
    pub fn set_uploads(&self, uploads: Uploads) {
        self.0.world().store.deliveries.settings = uploads;
    }

    /// Orders what Apple's processing says of the next binary that is committed. Several orders go to the same binary up to
    /// and with the first error.
    pub fn order_processing(&self, issue: ProcessingIssue) {
        self.0.world().store.deliveries.ordered.push_back(issue);
    }

    /// The parts of all binaries that are reserved and not yet processed.
    pub fn parts(&self) -> Vec<PartCount> {
        self.0.world().store.deliveries.parts()
    }

    /// Apple has approved a version of an app for sale: no build of it or of an older one is taken any more.
    pub fn approve_version(&self, app: &str, version: &str) {
        let approved = &mut self.0.world().store.deliveries.approved;
        approved.insert(app.to_owned(), version.to_owned());
    }

    /// Makes a VALID iOS build as if its binary had been uploaded now; its question of export compliance is open.
    ///
    /// # Errors
    /// When there is no such app.
    pub fn create_build(&self, app: &str, version: &str, number: &str) -> Result<String, ControlError> {
        let mut world = self.0.world();
        let now = world.clock.now();
        if world.store.get(Kind::Apps, app).is_none() {
            return Err(ControlError::UnknownObject {
                kind: Kind::Apps.as_str().to_owned(),
                id: app.to_owned(),
            });
        }
        let made = world.act_as_house(Api::AppStore, now, |act| resources::keep_build(act, app, version, number));
        world.pass_time(now);
        Ok(made)
    }

    /// Lets Beta App Review act on a build; false where no submission of it is open.
    pub fn review(&self, build: &str, decision: Decision) -> bool {
        let mut world = self.0.world();
        let now = world.clock.now();
        let found = world.act_as_house(Api::AppStore, now, |act| resources::decide(act, build, decision));
        world.pass_time(now);
        found
    }

    /// A tester does something with the invitation: `ACCEPTED`, `INSTALLED` or `REVOKED`.
    ///
    /// # Errors
    /// When there is no such tester.
    pub fn set_tester_state(&self, tester: &str, state: &str) -> Result<(), ControlError> {
        self.set(Api::AppStore, Kind::BetaTesters.as_str(), tester, "state", &state.into())
    }

    /// Makes a user of the team, who can test internally.
    pub fn add_user(&self, first_name: &str, last_name: &str, email: &str) -> String {
        let mut world = self.0.world();
        let (id, now) = (world.entropy.uuid(), world.clock.now());
        let mut user = Object::new(Kind::Users, id.clone(), now, Settling::default());
        user.set("firstName", first_name);
        user.set("lastName", last_name);
        user.set("username", email);
        world.store.add(user);
        id
    }

    /// Has all notifications brought to this origin, whatever host the address of their webhook names: as a proxy that does TLS
    /// for it. What is no origin changes nothing.
    pub fn deliver_to(&self, origin: &str) {
        self.0.world().store.post.brought_to = url::Url::parse(origin).ok();
    }

    /// Orders what becomes of the next notification of a webhook.
    pub fn order_delivery(&self, trouble: DeliveryTrouble) {
        self.0.world().store.post.ordered.push_back(trouble);
    }
}
