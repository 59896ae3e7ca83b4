//! What the ferry app has in TestFlight: builds, a group of the crew and one of passengers, and a review that was passed.
//!
//! Told last, so that the ids of all that came before stay what they were.

use super::{APPS, Story};
use crate::api::Kind;
use crate::refusal::Refusal;
use crate::resources::{self, Decision};
use serde_json::{Value, json};

/// The team, who test internally.
const PEOPLE: [(&str, &str); 3] = [("Ingrid", "Solheim"), ("Jonas", "Halden"), ("Kari", "Nordli")];

/// Testers from outside.
const PASSENGERS: [(&str, &str); 2] = [("Aud", "Moen"), ("Nils", "Berg")];

impl Story<'_> {
    pub(super) fn test_flight(&mut self) -> Result<(), Refusal> {
        self.act(400, resources::pass_time); // each app gets what every app has
        let find = |kind: Kind, wanted: &dyn Fn(&crate::team::Object) -> bool| {
            let mut objects = self.world.store.all(kind).iter();
            objects
                .find(|object| wanted(object))
                .map(|object| object.id.clone())
                .unwrap_or_default()
        };
        let ferry = find(Kind::Apps, &|app| app.text("bundleId") == APPS[0].identifier);
        let crew = find(Kind::BetaGroups, &|group| group.linked("app") == ferry);
        let text = find(Kind::BetaAppLocalizations, &|text| text.linked("app") == ferry);
        let description = "Timetables and tickets of the Halden ferry.";
        let text_attributes = json!({ "description": description, "feedbackEmail": "beta@halden.example" });
        self.update(130, Kind::BetaAppLocalizations, &text, text_attributes)?;
        let contact = json!({
            "contactFirstName": "Ingrid", "contactLastName": "Solheim",
            "contactPhone": "+47 69 00 00 00", "contactEmail": "ingrid@halden.example",
        });
        self.update(130, Kind::BetaAppReviewDetails, &ferry, contact)?;

        for (first, last) in PEOPLE {
            let mut user = self.plain(Kind::Users, None);
            user.set("firstName", first);
            user.set("lastName", last);
            user.set("username", address(first));
            self.world.store.add(user);
        }
        self.tester(PEOPLE[0], &crew)?;
        self.tester(PEOPLE[2], &crew)?;
        let links = [("app", vec![ferry.clone()])];
        let attributes = json!({ "name": "Passengers", "publicLinkEnabled": true, "publicLinkLimitEnabled": true, "publicLinkLimit": 200 });
        let passengers = self.create(120, Kind::BetaGroups, attributes, &links)?;
        for person in PASSENGERS {
            self.tester(person, &passengers)?;
        }

        self.build(&ferry, 120, "2.3.0", "41", true)?;
        let tested = self.build(&ferry, 20, "2.4.0", "43", true)?;
        self.build(&ferry, 1, "2.4.0", "44", false)?;
        self.create(20, Kind::BetaAppReviewSubmissions, Value::Null, &[("build", vec![tested.clone()])])?;
        self.act(19, |act| {
            resources::decide(act, &tested, Decision::Approve);
            if let Some(group) = act.team.get_mut(Kind::BetaGroups, &passengers) {
                group.link_more("builds", &tested);
            }
            resources::pass_time(act);
        });
        Ok(())
    }

    fn build(&mut self, app: &str, days: i64, version: &str, number: &str, is_answered: bool) -> Result<String, Refusal> {
        let build = self.act(days, |act| resources::keep_build(act, app, version, number));
        if is_answered {
            self.update(days, Kind::Builds, &build, json!({ "usesNonExemptEncryption": false }))?;
        }
        Ok(build)
    }

    fn tester(&mut self, (first, last): (&str, &str), group: &str) -> Result<String, Refusal> {
        let attributes = json!({ "firstName": first, "lastName": last, "email": address(first) });
        self.create(115, Kind::BetaTesters, attributes, &[("betaGroups", vec![group.to_owned()])])
    }
}

fn address(first_name: &str) -> String {
    format!("{}@halden.example", first_name.to_lowercase())
}
