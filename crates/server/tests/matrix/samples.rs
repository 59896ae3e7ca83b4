//! A request for every door that gets past reading, and what it is answered when the door lets it in.
//!
//! A new door fails the matrix until it has an arm in [`samples`]. Write one that can be sent a thousand times and always
//! ends alike: a change to what is there already, or one that is refused *after* the permission (a file that is no key, a
//! name that differs) with a status and a text that nothing else answers. What an act uses up is made `fresh` for each. Ids stand in braces, `{key}`, and are filled in
//! from the place that is asked about (`town.rs` has their names); put one wherever the request can hold one, so that
//! `borders.rs` puts others there.

use crate::{
    sending::{Asked, Content},
    town::{Fresh, Things},
};
use domain::Action;
use server::doors::{Demand, Door};

/// A request, and its answer when it is let in.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    /// With its question mark, or nothing.
    query: &'static str,
    content: Content,
    /// The status.
    pub(crate) answers: u16,
    /// A text in the answer that nothing but this act has.
    pub(crate) says: &'static str,
    /// The thing that the address is about, where it is not the one that has the parameter's name.
    about: Option<&'static str>,
    /// Whether one at a time may do it.
    pub(crate) alone: bool,
    /// What is made anew for each answer that lets it in, because the act uses it up.
    pub(crate) fresh: Option<Fresh>,
    /// Whether the asker gives up what they were given there; whoever inherits is told that it cannot be given up.
    pub(crate) ends_membership: bool,
    /// At a door with several actions: the one that this request asks for.
    pub(crate) action: Option<Action>,
}

impl Sample {
    fn new(answers: u16, content: Content) -> Self {
        Self {
            query: "",
            content,
            answers,
            says: "",
            about: None,
            alone: false,
            fresh: None,
            ends_membership: false,
            action: None,
        }
    }

    fn says(self, says: &'static str) -> Self {
        Self { says, ..self }
    }

    fn query(self, query: &'static str) -> Self {
        Self { query, ..self }
    }

    fn about(self, thing: &'static str) -> Self {
        Self {
            about: Some(thing),
            ..self
        }
    }

    fn alone(self) -> Self {
        Self { alone: true, ..self }
    }

    fn fresh(self, fresh: Fresh) -> Self {
        Self {
            fresh: Some(fresh),
            ..self
        }
    }

    fn ends_membership(self) -> Self {
        Self {
            ends_membership: true,
            ..self
        }
    }

    fn of(self, action: Action) -> Self {
        Self {
            action: Some(action),
            ..self
        }
    }

    /// What is said to somebody who was given nothing there and inherits all they hold.
    pub(crate) fn refused_to_heirs(&self) -> Self {
        Self {
            answers: 409,
            ..self.clone()
        }
    }

    /// What is said to a token where only people can do it.
    pub(crate) fn refused_to_machines(&self) -> Self {
        Self {
            answers: 403,
            ..self.clone()
        }
    }

    /// The request with the ids of a place in it.
    pub(crate) fn filled(&self, door: &Door, things: &Things) -> Asked {
        let fill = |text: &str| {
            let mut text = text.to_owned();
            for (name, id) in things {
                text = text.replace(&format!("{{{name}}}"), id);
            }
            text
        };
        let pairs = |pairs: &[(String, String)]| pairs.iter().map(|(name, value)| (name.clone(), fill(value))).collect();
        let address = match self.about {
            Some(thing) => door.path.replace("{key}", &format!("{{{thing}}}")),
            None => door.path.clone(),
        };
        let path = fill(&format!("{address}{}", self.query));
        assert!(!path.contains('{'), "{path}: town.rs has no thing of that name");
        Asked {
            method: door.method.clone(),
            path,
            content: match &self.content {
                Content::None => Content::None,
                Content::Json(text) => Content::Json(fill(text)),
                Content::Form(fields) => Content::Form(pairs(fields)),
                Content::File(fields) => Content::File(pairs(fields)),
            },
            headers: Vec::new(),
        }
    }

    /// Whether it asks with the key that is lent here, whatever key the address names.
    pub(crate) fn is_about_lent_key(&self) -> bool {
        self.about == Some("lent-key")
    }

    /// The names of the ids in it, but for the organization's.
    pub(crate) fn named(&self, door: &Door, things: &Things) -> Vec<&'static str> {
        let text = format!(
            "{}{}{:?}{{{}}}",
            door.path,
            self.query,
            self.content,
            self.about.unwrap_or_default()
        );
        things
            .keys()
            .copied()
            .filter(|name| *name != "org" && text.contains(&format!("{{{name}}}")))
            .collect()
    }
}

fn get() -> Sample {
    Sample::new(200, Content::None)
}

fn bare(answers: u16) -> Sample {
    Sample::new(answers, Content::None)
}

fn json(answers: u16, text: &str) -> Sample {
    Sample::new(answers, Content::Json(text.to_owned()))
}

fn owned(fields: &[(&str, &str)]) -> Vec<(String, String)> {
    fields
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn form(answers: u16, fields: &[(&str, &str)]) -> Sample {
    Sample::new(answers, Content::Form(owned(fields)))
}

fn file(answers: u16, fields: &[(&str, &str)]) -> Sample {
    Sample::new(answers, Content::File(owned(fields)))
}

/// What no key is made of.
const NO_KEY: &str = r#"{"private_key": "none", "key_id": "ABCDEFGHIJ", "issuer_id": "57246542-96fe-1a63-e053-0824d011072a"}"#;

/// The samples of a door: one, or one for each of its actions.
pub(crate) fn samples(door: &Door) -> Vec<Sample> {
    let address = format!("{} {}", door.method, door.path);
    let one = if door.path.starts_with(api::ROOT) {
        rest(&address)
    } else {
        console(&address)
    };
    if let Demand::InOneOf(actions) = door.demand {
        let sampled: Vec<_> = one.iter().filter_map(|sample| sample.action).collect();
        assert!(
            actions.iter().all(|action| sampled.contains(action)),
            "{address} wants a sample for each of {actions:?}"
        );
    }
    one
}

fn missing(address: &str) -> ! {
    panic!("no sample for {address}: add an arm to tests/matrix/samples.rs, whose first lines say how")
}

fn rest(address: &str) -> Vec<Sample> {
    let (method, path) = address.split_once(' ').expect("a method");
    vec![match (method, path.strip_prefix(api::ROOT).expect("below the root")) {
        ("GET", "/status") => get().says("apple_clock_skew"),
        ("POST", "/login") => json(
            401,
            r#"{"email": "nobody@neighbor.example", "password": "not this one", "token_name": "x"}"#,
        ),
        ("GET", "/me") => get().says("organizations"),
        ("GET", "/me/tokens") => get().says("Matrix"),
        ("POST", "/me/tokens") => json(201, r#"{"name": "Matrix"}"#).says("russet_"),
        ("DELETE", "/me/tokens/{token}") => bare(404).says("not_found"),
        ("GET", "/me/notices") => get().says("unread"),
        ("POST", "/me/notices/read") => json(204, r#"{"up_to": 0}"#),
        ("GET", "/orgs/{org}/keys") => get().says("Key-of-"),
        ("POST", "/orgs/{org}/keys") => json(422, NO_KEY).says("private_key"),
        ("GET", "/orgs/{org}/keys/{key}") => get().says("Key-of-"),
        ("PATCH", "/orgs/{org}/keys/{key}") => json(200, r#"{"name": "{key-name}"}"#).says("Key-of-"),
        ("POST", "/orgs/{org}/keys/{key}/remove") => json(422, r#"{"name": "another"}"#).says("name_differs"),
        ("POST", "/orgs/{org}/keys/{key}/check") => bare(200).says("features"),
        ("POST", "/orgs/{org}/keys/{key}/rotate") => json(422, NO_KEY).says("private_key"),
        ("GET", "/orgs/{org}/keys/{key}/dependents") => get().says("running_operations"),
        ("GET", "/orgs/{org}/keys/{key}/shares") => get().says("-of-").about("lent-key"),
        ("PATCH", "/orgs/{org}/keys/{key}/shares") => json(200, r#"{"share": [{"with": "all"}, {"with": "{sub}"}]}"#)
            .says("All sub-organizations")
            .about("lent-key"),
        ("PUT", "/orgs/{org}/keys/{key}/features/{feature}") => json(204, r#"{"overridden": true}"#),
        ("POST", "/orgs/{org}/keys/{key}/apple-token") => json(201, r#"{"minutes": 5}"#).says("expires_at"),
        ("GET", "/orgs/{org}/key-choices") => {
            return vec![
                get().query("?need=certificates").says("Key-of-").of(Action::SeeSigning),
                get().query("?need=upload-build").says("Key-of-").of(Action::SeeBinaries),
            ];
        }
        ("GET", "/orgs/{org}/keys/{key}/apple/certificates") => get().says("certificate_type"),
        ("GET", "/orgs/{org}/keys/{key}/apple/certificates/{apple_certificate}") => get().says("profiles"),
        ("POST", "/orgs/{org}/keys/{key}/apple/certificates/{apple_certificate}/revoke") => {
            json(422, r#"{"name": "another"}"#).says("name_differs")
        }
        ("GET", "/orgs/{org}/keys/{key}/apple/profiles") => get().says("profile_type"),
        ("GET", "/orgs/{org}/keys/{key}/apple/profiles/{profile}/content") => get(),
        ("GET", "/orgs/{org}/keys/{key}/apple/bundle-ids") => get().says("identifier"),
        ("POST", "/orgs/{org}/keys/{key}/apple/bundle-ids") => json(422, r#"{"identifier": "none"}"#).says("identifier_unfit"),
        ("GET", "/orgs/{org}/keys/{key}/apple/bundle-ids/{bundle_id}") => get().says("profiles"),
        ("PATCH", "/orgs/{org}/keys/{key}/apple/bundle-ids/{bundle_id}") => json(409, "{}").says("nothing_to_change"),
        ("POST", "/orgs/{org}/keys/{key}/apple/bundle-ids/{bundle_id}/preview") => json(200, "{}").says("invalid_profiles"),
        ("GET", "/orgs/{org}/keys/{key}/apple/devices") => get().says("udid"),
        ("POST", "/orgs/{org}/keys/{key}/apple/devices") => json(422, r#"{"devices": []}"#).says("no_devices"),
        ("POST", "/orgs/{org}/keys/{key}/apple/devices/preview") => json(422, r#"{"devices": []}"#).says("no_devices"),
        ("GET", "/orgs/{org}/keys/{key}/apple/devices/{device}") => get().says("profiles"),
        ("PATCH", "/orgs/{org}/keys/{key}/apple/devices/{device}") => json(409, "{}").says("nothing_to_change"),
        ("GET", "/orgs/{org}/device-invitations") => get().says("dinv_"),
        ("POST", "/orgs/{org}/device-invitations") => {
            json(422, r#"{"name": "Guest", "keys": ["{key}"], "days": 0}"#).says("A link works for 1 to")
        }
        ("POST", "/orgs/{org}/device-invitations/{device_invitation}/send-again") => json(200, "{}").says("/device/"),
        ("DELETE", "/orgs/{org}/device-invitations/{device_invitation}") => bare(204).fresh(Fresh::DeviceInvitation),
        ("PUT", "/orgs/{org}/keys/{key}/membership-year") => json(200, r#"{"ends_on": null}"#).says("ends_on"),
        ("GET", "/orgs/{org}/pending-devices") => get().says("dev_"),
        ("POST", "/orgs/{org}/pending-devices") => json(422, r#"{"name": "x", "udid": "none", "keys": ["{key}"]}"#).says("udid_unfit"),
        ("POST", "/orgs/{org}/pending-devices/{pending_device}/approve") => json(422, r#"{"name": ""}"#).says("name_unfit"),
        ("DELETE", "/orgs/{org}/pending-devices/{pending_device}") => bare(204).fresh(Fresh::PendingDevice),
        ("GET", "/orgs/{org}/certificates") => get().says("cert_"),
        ("POST", "/orgs/{org}/certificates") => {
            json(403, r#"{"key": "{weak-key}", "certificate_type": "DISTRIBUTION"}"#).says("key_not_usable")
        }
        ("GET", "/orgs/{org}/certificates/{certificate}") => get().says("cert_"),
        ("POST", "/orgs/{org}/certificates/{certificate}/export") => {
            return vec![
                json(200, r#"{"form": "pem"}"#).says("file_name").of(Action::DownloadCertificate),
                json(200, r#"{"form": "cer"}"#).says("file_name").of(Action::SeeSigning),
            ];
        }
        ("GET", "/orgs/{org}/certificates/inherited") => get().says("items"),
        ("GET", "/orgs/{org}/certificates/{certificate}/shares") => get().says("-of-"),
        ("PATCH", "/orgs/{org}/certificates/{certificate}/shares") => json(200, r#"{"stop": ["all", "{sub}"]}"#).says("Not shared"),
        ("POST", "/orgs/{org}/certificates/import") => json(422, r#"{"content": "bm9uZQ=="}"#).says("file_unfit"),
        ("POST", "/orgs/{org}/keys/{key}/apple/certificates/fetch") => {
            json(422, r#"{"certificates": ["NOSUCHCERT"]}"#).says("certificates_unknown")
        }
        ("PATCH", "/orgs/{org}/certificates/{certificate}") => json(200, r#"{"name": "{certificate-name}"}"#).says("Certificate-of-"),
        ("GET", "/orgs/{org}/certificates/{certificate}/dependents") => get().says("key_destroyed"),
        ("POST", "/orgs/{org}/certificates/{certificate}/remove") => json(422, r#"{"name": "another"}"#).says("name_differs"),
        ("GET", "/orgs/{org}/certificates/{certificate}/renewal") => get().query("?key={key}").says("at_apple"),
        ("GET", "/orgs/{org}/certificates/{certificate}/automatic-renewal") => get().says("days_before"),
        ("PUT", "/orgs/{org}/certificates/{certificate}/automatic-renewal") => {
            json(422, r#"{"days_before": 91, "key": "{key}"}"#).says("days_unfit")
        }
        ("POST", "/orgs/{org}/certificates/{certificate}/renew") => {
            json(422, r#"{"key": "{key}", "revoke": "another"}"#).says("name_differs")
        }
        ("GET", "/orgs/{org}/profiles") => get().says("prof_"),
        ("POST", "/orgs/{org}/profiles") => {
            let body = r#"{"key": "{key}", "profile_type": "NONE", "bundle_identifier": "no.halden.ferry"}"#;
            json(422, body).says("profile_type_unknown")
        }
        ("GET", "/orgs/{org}/profiles/{held_profile}") => get().says("entitlements"),
        ("GET", "/orgs/{org}/profiles/inherited") => get().says("items"),
        ("GET", "/orgs/{org}/profiles/{held_profile}/shares") => get().says("sharing"),
        ("PATCH", "/orgs/{org}/profiles/{held_profile}/shares") => json(200, r#"{"stop": ["all", "{sub}"]}"#).says("Not shared"),
        ("GET", "/orgs/{org}/profiles/{held_profile}/content") => get(),
        ("POST", "/orgs/{org}/profiles/{held_profile}/rebuild") => {
            json(422, r#"{"key": "{key}", "certificates": ["NOSUCHCERT"]}"#).says("certificate_unfit")
        }
        ("POST", "/orgs/{org}/profiles/import") => json(422, r#"{"files": []}"#).says("no_files"),
        ("POST", "/orgs/{org}/keys/{key}/apple/profiles/fetch") => json(422, r#"{"profiles": ["NOSUCHPROF"]}"#).says("profiles_unknown"),
        ("POST", "/orgs/{org}/keys/{key}/apple/profiles/{profile}/delete") => json(422, r#"{"name": "another"}"#).says("name_differs"),
        ("POST", "/orgs/{org}/profiles/remove") => {
            json(422, r#"{"profiles": ["{held_profile}", "{held_profile}"]}"#).says("profiles_unfit")
        }
        ("GET", "/orgs/{org}/signing-sets") => get().says("Set-of-"),
        ("POST", "/orgs/{org}/signing-sets") => {
            let body =
                r#"{"name": "x", "items": [{"profile": "{held_profile}"}, {"profile": "{held_profile}", "certificate": "{certificate}"}]}"#;
            json(422, body).says("items_unfit")
        }
        ("POST", "/orgs/{org}/signing-sets/ensure") => {
            let body = r#"{"key": "{key}", "profile_type": "app-store", "bundle_identifiers": ["*"], "certificate": "{certificate}"}"#;
            json(422, body).says("identifiers_unfit")
        }
        ("GET", "/orgs/{org}/signing-sets/{signing_set}") => get().says("Set-of-"),
        ("DELETE", "/orgs/{org}/signing-sets/{signing_set}") => bare(204).fresh(Fresh::SigningSet),
        ("POST", "/orgs/{org}/signing-sets/{signing_set}/files") => json(409, "{}").says("signing_set_incomplete"),
        ("GET", "/orgs/{org}/binaries") => get().says("Binary-of-"),
        ("POST", "/orgs/{org}/binaries") => json(422, r#"{"file_name": "x.ipa", "size": 0}"#).says("file_empty"),
        ("GET", "/orgs/{org}/binaries/{binary}") => get().says("Binary-of-"),
        ("PATCH", "/orgs/{org}/binaries/{binary}") => json(200, r#"{"release_candidate": false}"#).says("Binary-of-"),
        ("DELETE", "/orgs/{org}/binaries/{binary}") => bare(204).fresh(Fresh::Binary),
        ("GET", "/orgs/{org}/binaries/{binary}/findings") => get().says("profile_missing"),
        ("GET", "/orgs/{org}/binaries/{binary}/icon") => get().says("PNG"),
        ("GET", "/orgs/{org}/binaries/{binary}/compare/{other}") => get().says("build number"),
        ("GET", "/orgs/{org}/binaries/{binary}/file") => get().says("Payload/"),
        ("POST", "/orgs/{org}/binaries/{binary}/check") => json(200, r#"{"key": "{key}"}"#).says("can_be_sent"),
        ("POST", "/orgs/{org}/binaries/{binary}/send") => json(409, r#"{"key": "{weak-key}"}"#).says("apple_would_refuse"),
        ("GET", "/orgs/{org}/binary-retention") => get().says("days"),
        ("PUT", "/orgs/{org}/binary-retention") => json(200, r#"{"days": 30}"#).says("30"),
        ("GET", "/orgs/{org}/binary-uploads/{upload}") => get().says("Upload-of-"),
        ("DELETE", "/orgs/{org}/binary-uploads/{upload}") => bare(204).fresh(Fresh::BinaryUpload),
        ("PUT", "/orgs/{org}/binary-uploads/{upload}/bytes") => bare(409).query("?offset=5").says("offset_unexpected"),
        ("POST", "/orgs/{org}/binary-uploads/{upload}/complete") => bare(409).says("upload_incomplete"),
        ("GET", "/orgs/{org}/build-sendings/{sending}") => get().says("send-build"),
        ("GET", "/orgs/{org}/keys/{key}/apps") => get().says("no.halden.ferry"),
        ("GET", "/orgs/{org}/keys/{key}/builds") => get().query("?identifier=no.halden.ferry").says("items"),
        ("GET", "/orgs/{org}/keys/{key}/apps/{identifier}/webhook") => get().says("ours"),
        ("POST", "/orgs/{org}/keys/{key}/apps/{identifier}/webhook") => bare(409).says("public_address_needed"),
        ("DELETE", "/orgs/{org}/keys/{key}/apps/{identifier}/webhook") => bare(409).says("webhook_unknown"),
        ("GET", "/orgs/{org}/keys/{key}/apps/{identifier}/test-flight/groups") => get().says("Passengers"),
        ("GET", "/orgs/{org}/keys/{key}/apps/{identifier}/test-flight/groups/{group}") => get().says("aud@halden.example"),
        ("GET", "/orgs/{org}/keys/{key}/apps/{identifier}/test-flight/testers") => get().says("aud@halden.example"),
        ("GET", "/orgs/{org}/keys/{key}/apps/{identifier}/test-flight/builds/{build}") => get().says("2.4.0"),
        ("GET", "/orgs/{org}/keys/{key}/apps/{identifier}/test-flight/info") => get().says("Timetables"),
        ("PUT", "/orgs/{org}/keys/{key}/apps/{identifier}/test-flight/review-details") => {
            json(422, r#"{"phone": "none"}"#).says("phone_unfit")
        }
        ("POST", "/orgs/{org}/keys/{key}/apps/{identifier}/test-flight/changes") => {
            return vec![
                json(
                    422,
                    r#"{"changes": [{"change": "describe", "build": "43", "locale": "en-US", "text": ""}]}"#,
                )
                .says("text_unfit")
                .of(Action::EditTestingTexts),
                json(422, r#"{"changes": [{"change": "give-build", "group": "nobody", "build": "43"}]}"#)
                    .says("group_unknown")
                    .of(Action::EditTesting),
                json(422, r#"{"changes": [{"change": "submit-for-review", "build": "4711"}]}"#)
                    .says("build_unknown")
                    .of(Action::SubmitForBetaReview),
            ];
        }
        ("GET", "/orgs/{org}/test-flight-changes/{change}") => get().says("change-testing"),
        ("GET", "/orgs/{org}/apps/{identifier}") => get().says("export_compliance"),
        ("PUT", "/orgs/{org}/apps/{identifier}") => json(200, r#"{"export_compliance": "exempt"}"#).says("no.halden.ferry"),
        ("POST", "/orgs/{org}/keys/{key}/apps/{identifier}/build-numbers") => json(200, "{}").says("highest_at_apple"),
        ("GET", "/orgs/{org}/csrs") => get().says("Csr-of-"),
        ("POST", "/orgs/{org}/csrs") => json(422, r#"{"name": "x", "country": "Norway"}"#).says("country_unfit"),
        ("GET", "/orgs/{org}/csrs/{csr}") => get().says("Csr-of-"),
        ("POST", "/orgs/{org}/csrs/{csr}/complete") => json(422, r#"{"certificate": "none"}"#).says("certificate_unfit"),
        ("POST", "/orgs/{org}/csrs/{csr}/remove") => json(422, r#"{"name": "another"}"#).says("name_differs"),
        ("GET", "/orgs/{org}/operations/{operation}") => get().says("op_"),
        ("GET", "/orgs") => get().says("items"),
        ("POST", "/orgs") => json(422, r#"{"name": ""}"#).says("name"),
        ("GET", "/orgs/{org}") => get().says("created_at"),
        ("PATCH", "/orgs/{org}") => json(200, r#"{"name": "{org-name}"}"#).says("Org-of-"),
        ("GET", "/orgs/{org}/losses") => get(),
        ("POST", "/orgs/{org}/remove") => json(422, r#"{"name": "another"}"#).says("name_differs"),
        ("GET", "/orgs/{org}/sub-organizations") => get().says("Org-of-"),
        ("POST", "/orgs/{org}/sub-organizations") => json(409, r#"{"name": "{sub-name}"}"#).says("name_taken"),
        ("GET", "/orgs/{org}/sub-organizations/{sub}/losses") => get(),
        ("POST", "/orgs/{org}/sub-organizations/{sub}/remove") => json(422, r#"{"name": "another"}"#).says("name_differs"),
        ("GET", "/orgs/{org}/members") => get().says("hand@"),
        ("GET", "/orgs/{org}/members/{user}") => get().says("guest"),
        ("PATCH", "/orgs/{org}/members/{user}") => json(200, r#"{"roles": ["organization-viewer"]}"#).says("guest"),
        ("POST", "/orgs/{org}/members/{user}/remove") => bare(204).fresh(Fresh::Member),
        ("POST", "/orgs/{org}/leave") => bare(204).ends_membership(),
        ("GET", "/orgs/{org}/invitations") => get().says("invited@"),
        ("POST", "/orgs/{org}/invitations") => json(
            201,
            r#"{"email": "more@matrix.example", "roles": ["organization-viewer"], "show_link": true}"#,
        )
        .says("link"),
        ("POST", "/orgs/{org}/invitations/{invitation}/send-again") => json(200, r#"{"show_link": true}"#).says("link"),
        ("DELETE", "/orgs/{org}/invitations/{invitation}") => bare(204).fresh(Fresh::Invitation),
        ("POST", "/invitations/look") => json(404, r#"{"token": "none"}"#).says("invitation_"),
        ("POST", "/invitations/accept") => json(404, r#"{"token": "none", "name": "X", "password": "correct horse"}"#),
        ("GET", "/orgs/{org}/reports/signing") => get().query("?key={key}").says("items"),
        ("GET", "/orgs/{org}/reports/signing/export") => get().query("?key={key}").says("actor_kind"),
        ("GET", "/orgs/{org}/notification-channels") => get().says("chan_"),
        ("POST", "/orgs/{org}/notification-channels") => json(422, r#"{"name": "x", "url": "https://127.0.0.1/"}"#).says("url_unfit"),
        ("GET", "/orgs/{org}/notification-channels/{channel}") => get().says("chan_"),
        ("PATCH", "/orgs/{org}/notification-channels/{channel}") => json(422, r#"{"kinds": []}"#).says("kinds_missing"),
        ("POST", "/orgs/{org}/notification-channels/{channel}/remove") => json(422, r#"{"name": "another"}"#).says("name_differs"),
        ("POST", "/orgs/{org}/notification-channels/{channel}/rotate-secret") => bare(200).says("whsec_"),
        ("POST", "/orgs/{org}/notification-channels/{channel}/test") => bare(202).says("dlv_"),
        ("GET", "/orgs/{org}/notification-channels/{channel}/deliveries") => get().says("dlv_"),
        ("GET", "/orgs/{org}/notification-channels/{channel}/deliveries/{delivery}") => get().says("dlv_"),
        ("GET", "/orgs/{org}/tokens") => get().says("items"),
        ("POST", "/orgs/{org}/tokens") => {
            let body = r#"{"name": "x", "roles": ["organization-viewer"], "organizations": ["{service_token}"]}"#;
            json(422, body).says("organization_unknown")
        }
        ("GET", "/orgs/{org}/tokens/{service_token}") => get().says("svc_"),
        ("PATCH", "/orgs/{org}/tokens/{service_token}") => json(200, r#"{"address_ranges": []}"#).says("svc_"),
        ("POST", "/orgs/{org}/tokens/{service_token}/rotate") => {
            json(422, r#"{"expires_at": "2020-01-01T00:00:00Z"}"#).says("expiry_unfit")
        }
        ("DELETE", "/orgs/{org}/tokens/{service_token}") => bare(204).fresh(Fresh::ServiceToken),
        ("GET", "/orgs/{org}/activity") => get().query("?key={key}").says("items"),
        ("GET", "/orgs/{org}/activity/{activity}") => get().says("sequence"),
        ("GET", "/orgs/{org}/activity/export") => get().query("?key={key}").says("actor_kind"),
        ("POST", "/orgs/{org}/activity/verify") => bare(200).says("public_key").alone(),
        _ => missing(address),
    }]
}

fn console(address: &str) -> Vec<Sample> {
    let (method, path) = address.split_once(' ').expect("a method");
    vec![match (method, path) {
        ("GET", "/api/openapi.json") => get().says("openapi"),
        ("GET", "/assets/{folder}/{name}") => bare(404),
        ("GET", "/") => bare(303),
        ("GET", "/setup") => bare(404).says("not valid"),
        ("POST", "/setup") => form(403, &[("token", "none"), ("name", "x")]).says("set-up link"),
        ("GET", "/sign-in") => get().says("password"),
        ("GET", "/confirm") => get().says("current-password"),
        ("POST", "/confirm") => form(422, &[("password", "not this one")]).says("The password is wrong"),
        ("POST", "/sign-in") => form(401, &[("email", "no-one@neighbor.example"), ("password", "not this one")]),
        ("POST", "/sign-out") => form(303, &[]),
        ("GET", "/o/{org}") => get().says("Overview"),
        ("GET", "/o/{org}/keys") => get().says("Key-of-"),
        ("GET", "/o/{org}/keys/new") => get().says("name=\"issuer_id\""),
        ("POST", "/o/{org}/keys/new") => file(422, &[("kind", "team"), ("key_id", "ABCDEFGHIJ")]).says("name=\"issuer_id\""),
        ("GET", "/o/{org}/keys/{key}") => get().says("Key-of-"),
        ("POST", "/o/{org}/keys/{key}/check") => form(303, &[]),
        ("POST", "/o/{org}/keys/{key}/override") => form(303, &[("feature", "certificates"), ("on", "true")]),
        ("GET", "/o/{org}/keys/{key}/rename") => get().says("Key-of-"),
        ("POST", "/o/{org}/keys/{key}/rename") => form(303, &[("name", "{key-name}")]),
        ("GET", "/o/{org}/keys/{key}/roles") => get().says("Key-of-"),
        ("POST", "/o/{org}/keys/{key}/roles") => form(303, &[("role", "admin")]),
        ("GET", "/o/{org}/keys/{key}/share") => get().says("-of-").about("lent-key"),
        ("POST", "/o/{org}/keys/{key}/share") => {
            form(303, &[("name", "Lent-of-"), ("all", "on"), ("feature", "profiles")]).about("lent-key")
        }
        ("GET", "/o/{org}/keys/{key}/rotate") => get().says("Key-of-"),
        ("POST", "/o/{org}/keys/{key}/rotate") => file(422, &[("kind", "team"), ("key_id", "ABCDEFGHIJ")]).says("Key-of-"),
        ("GET", "/o/{org}/keys/{key}/remove") => get().says("Key-of-"),
        ("POST", "/o/{org}/keys/{key}/remove") => form(422, &[("name", "another")]).says("Key-of-"),
        ("GET", "/o/{org}/certificates") => get().says("/certificates/cert_"),
        ("GET", "/o/{org}/certificates/new") => get().says("/certificates/upload"),
        ("GET", "/o/{org}/certificates/upload") => get().says("name=\"password\""),
        ("POST", "/o/{org}/certificates/upload") => file(422, &[]).says("name=\"password\""),
        ("GET", "/o/{org}/certificates/fetch") => get().query("?key={key}").says("Fetch chosen"),
        ("POST", "/o/{org}/certificates/fetch") => form(422, &[("key", "{key}"), ("which", "chosen")]).says("No certificate is ticked"),
        ("GET", "/o/{org}/certificates/{certificate}/share") => get().says("-of-"),
        ("POST", "/o/{org}/certificates/{certificate}/share") => form(303, &[]),
        ("GET", "/o/{org}/certificates/{certificate}/rename") => get().says("name=\"name\""),
        ("POST", "/o/{org}/certificates/{certificate}/rename") => form(303, &[("name", "{certificate-name}")]),
        ("GET", "/o/{org}/certificates/{certificate}/renew") => get().query("?key={key}").says("Affected profiles"),
        ("POST", "/o/{org}/certificates/{certificate}/renew") => {
            form(422, &[("key", "{key}"), ("revoke", "on"), ("name", "another")]).says("type its name exactly")
        }
        ("POST", "/o/{org}/certificates/{certificate}/automatic-renewal") => form(422, &[("key", "{key}"), ("days", "91")]),
        ("GET", "/o/{org}/certificates/{certificate}/remove") => get().says("to confirm"),
        ("POST", "/o/{org}/certificates/{certificate}/remove") => form(422, &[("name", "another")]).says("to confirm"),
        ("GET", "/o/{org}/certificates/{certificate}/revoke") => get().says("to confirm"),
        ("POST", "/o/{org}/certificates/{certificate}/revoke") => form(422, &[("name", "another")]).says("to confirm"),
        ("GET", "/o/{org}/certificates/create") => get().query("?type=DISTRIBUTION&key={key}").says("name=\"once\""),
        ("POST", "/o/{org}/certificates/create") => {
            form(403, &[("type", "DISTRIBUTION"), ("key", "{weak-key}"), ("once", "matrix")]).says("Keys that can do it")
        }
        ("GET", "/o/{org}/certificates/{certificate}") => get().says("Serial"),
        ("GET", "/o/{org}/certificates/{certificate}/download") => get().says("name=\"password_kind\""),
        ("POST", "/o/{org}/certificates/{certificate}/download") => form(200, &[("form", "pem"), ("password_kind", "empty")]),
        ("GET", "/o/{org}/binaries") => get().query("?search=Binary-of-").says("Binary-of-"),
        ("GET", "/o/{org}/binaries/upload") => get().says("name=\"file\""),
        ("POST", "/o/{org}/binaries/upload") => file(422, &[]).says("Nothing of it is kept"),
        ("GET", "/o/{org}/binaries/{binary}") => get().says("Binary-of-"),
        ("GET", "/o/{org}/binaries/{binary}/icon") => get().says("PNG"),
        ("GET", "/o/{org}/binaries/{binary}/download") => get().says("Payload/"),
        ("POST", "/o/{org}/binaries/{binary}/mark") => form(303, &[("release_candidate", "no")]),
        ("GET", "/o/{org}/binaries/{binary}/remove") => get().says("Remove binary"),
        ("POST", "/o/{org}/binaries/{binary}/remove") => form(303, &[]).fresh(Fresh::Binary),
        ("GET", "/o/{org}/binaries/{binary}/send") => get().says("Key-of-"),
        ("POST", "/o/{org}/binaries/{binary}/send") => form(409, &[("key", "{weak-key}")]).says("would refuse"),
        ("GET", "/o/{org}/sendings/{sending}") => get().says("op_"),
        ("GET", "/o/{org}/test-flight") => get().query("?key={key}").says("no.halden.ferry"),
        ("GET", "/o/{org}/test-flight-changes/{change}") => get().says("Deck-of-"),
        (method, path) if path.starts_with(TEST_FLIGHT) => return test_flight(method, path.trim_start_matches(TEST_FLIGHT)),
        ("GET", "/o/{org}/csrs") => get().says("Csr-of-"),
        ("GET", "/o/{org}/csrs/new") => get().says("name=\"country\""),
        ("POST", "/o/{org}/csrs/new") => form(422, &[("name", "x"), ("country", "Norway"), ("once", "csr")]).says("name=\"country\""),
        ("GET", "/o/{org}/csrs/{csr}") => get().says("Csr-of-"),
        ("GET", "/o/{org}/csrs/{csr}/download") => get().says("BEGIN CERTIFICATE REQUEST"),
        ("GET", "/o/{org}/csrs/{csr}/complete") => get().says("Csr-of-"),
        ("POST", "/o/{org}/csrs/{csr}/complete") => file(422, &[]).says("Csr-of-"),
        ("GET", "/o/{org}/csrs/{csr}/remove") => get().says("Csr-of-"),
        ("POST", "/o/{org}/csrs/{csr}/remove") => form(422, &[("name", "another")]).says("Csr-of-"),
        ("GET", "/o/{org}/operations/{operation}") => get().says("Ask Apple for one certificate"),
        ("GET", "/o/{org}/operations/{operation}/events") => get().says("event: end"),
        ("GET", "/o/{org}/profiles") => get().query("?key={key}").says("/profiles/"),
        ("GET", "/o/{org}/profiles/new") => get().says("/profiles/upload"),
        ("GET", "/o/{org}/profiles/register") => get().query("?key={key}").says("name=\"bundle_id\""),
        ("POST", "/o/{org}/profiles/register") => {
            form(422, &[("key", "{key}"), ("type", "NONE"), ("bundle_id", "no.halden.ferry")]).says("is not a type of profile")
        }
        ("GET", "/o/{org}/profiles/fetch") => get().query("?key={key}").says("Fetch chosen"),
        ("POST", "/o/{org}/profiles/fetch") => form(422, &[("key", "{key}"), ("which", "chosen")]).says("No profile is ticked"),
        ("GET", "/o/{org}/profiles/upload") => get().says("name=\"file\""),
        ("POST", "/o/{org}/profiles/upload") => file(200, &[]).says("left out; each says why"),
        ("GET", "/o/{org}/profiles/held/{held_profile}") => get().says("Entitlements"),
        ("GET", "/o/{org}/profiles/held/{held_profile}/download") => get(),
        ("GET", "/o/{org}/profiles/held/{held_profile}/share") => get().says("Share with all sub-organizations"),
        ("POST", "/o/{org}/profiles/held/{held_profile}/share") => form(303, &[]),
        ("GET", "/o/{org}/profiles/held/{held_profile}/rebuild") => get().says("Ask Apple with the key"),
        ("POST", "/o/{org}/profiles/held/{held_profile}/rebuild") => form(422, &[("key", "none")]).says("No key is picked"),
        ("GET", "/o/{org}/profiles/held/{held_profile}/remove") => get().says("to confirm"),
        ("POST", "/o/{org}/profiles/held/{held_profile}/remove") => form(422, &[("name", "another")]).says("type its name exactly"),
        ("GET", "/o/{org}/profiles/{profile}") => get().query("?key={key}").says("/download"),
        ("GET", "/o/{org}/profiles/{profile}/download") => get().query("?key={key}"),
        ("GET", "/o/{org}/bundle-ids") => get().query("?key={key}").says("Bundle IDs"),
        ("GET", "/o/{org}/bundle-ids/new") => get().query("?key={key}").says("name=\"identifier\""),
        ("POST", "/o/{org}/bundle-ids/new") => form(422, &[("key", "{key}"), ("identifier", "none")]).says("is not a bundle identifier"),
        ("GET", "/o/{org}/bundle-ids/{bundle_id}") => get().query("?key={key}").says("Its profiles"),
        ("GET", "/o/{org}/bundle-ids/{bundle_id}/capabilities") => get().query("?key={key}").says("Show the difference"),
        ("POST", "/o/{org}/bundle-ids/{bundle_id}/capabilities") => form(409, &[]).query("?key={key}").says("Nothing is different"),
        ("GET", "/o/{org}/devices") => get().query("?key={key}").says("UDID"),
        ("GET", "/o/{org}/devices/add") => get().query("?key={key}").says("Show what would be done"),
        ("POST", "/o/{org}/devices/add") => file(200, &[("key", "{key}")]).says("Lines that do not fit"),
        ("GET", "/o/{org}/devices/membership-year") => get().query("?key={key}").says("Save day"),
        ("POST", "/o/{org}/devices/membership-year") => form(422, &[("ends_on", "soon")]).query("?key={key}").says("is no day"),
        ("POST", "/o/{org}/devices/register") => form(200, &[("key", "{key}")]).says("There is no device to register"),
        ("GET", "/o/{org}/devices/invited") => get().says("Device invitations, newest first"),
        ("GET", "/o/{org}/devices/invite") => get().says("Make link"),
        ("POST", "/o/{org}/devices/invite") => {
            let fields = [
                ("name", "Guest"),
                ("key", "{key}"),
                ("uses", "1"),
                ("days", "0"),
                ("once", "matrix"),
            ];
            form(422, &fields).says("A link works for 1 to")
        }
        ("POST", "/o/{org}/devices/invited/{device_invitation}/send-again") => {
            form(200, &[("show_link", "on"), ("once", "device-again")]).says("/device/")
        }
        ("POST", "/o/{org}/devices/invited/{device_invitation}/revoke") => form(303, &[]).fresh(Fresh::DeviceInvitation),
        ("GET", "/o/{org}/devices/pending") => get().says("Devices not yet registered, newest first"),
        ("GET", "/o/{org}/devices/pending/{pending_device}/approve") => get().says("Register device"),
        ("POST", "/o/{org}/devices/pending/{pending_device}/approve") => form(422, &[("name", "")]).says("The device has no name"),
        ("POST", "/o/{org}/devices/pending/{pending_device}/reject") => form(303, &[]).fresh(Fresh::PendingDevice),
        ("GET", "/device/{token}" | "/device/{token}/profile") => bare(404).says("This link does not work"),
        ("POST", "/device/{token}") => form(404, &[]).says("This link does not work"),
        ("POST", "/apple/webhooks/{apple_webhook}") => form(404, &[]),
        ("GET", "/device/arrived") => get().says("Your device has arrived"),
        ("GET", "/o/{org}/devices/{device}") => get().query("?key={key}").says("Profiles that list it"),
        ("GET", "/o/{org}/devices/{device}/rename") => get().query("?key={key}").says("Save name"),
        ("POST", "/o/{org}/devices/{device}/rename") => form(422, &[("name", "")]).query("?key={key}").says("The device has no name"),
        ("GET", "/o/{org}/devices/{device}/status") => get().query("?key={key}").says("name=\"enabled\""),
        ("POST", "/o/{org}/devices/{device}/status") => form(409, &[("enabled", "yes")]).query("?key={key}").says("name=\"enabled\""),
        ("GET", "/o/{org}/members") => get().says("hand@"),
        ("GET", "/o/{org}/members/invite") => get().says("name=\"email\""),
        ("POST", "/o/{org}/members/invite") => form(
            200,
            &[
                ("email", "form@matrix.example"),
                ("role", "organization-viewer"),
                ("show_link", "on"),
                ("once", "invite"),
            ],
        )
        .says("/invitations/"),
        ("GET", "/o/{org}/members/{user}") => get().says("guest"),
        ("POST", "/o/{org}/members/{user}") => form(303, &[("role", "organization-viewer")]),
        ("GET", "/o/{org}/members/{user}/remove") => get().says("Remove guest"),
        ("POST", "/o/{org}/members/{user}/remove") => form(422, &[("name", "another")]).says("type the name exactly"),
        ("GET", "/o/{org}/leave") => get().says("Leave Org-of-"),
        ("POST", "/o/{org}/leave") => form(303, &[]).ends_membership(),
        ("POST", "/o/{org}/invitations/{invitation}/send-again") => {
            form(200, &[("show_link", "on"), ("once", "again")]).says("/invitations/")
        }
        ("POST", "/o/{org}/invitations/{invitation}/revoke") => form(303, &[]).fresh(Fresh::Invitation),
        ("GET", "/invitations/{token}") => bare(404),
        ("POST", "/invitations/{token}") => form(404, &[("name", "X"), ("password", "correct horse")]),
        ("GET", "/o/{org}/import") => get().says("Only look, change nothing"),
        ("POST", "/o/{org}/import") => file(200, &[("look", "on")]).says("This is an App Store Connect API key"),
        ("GET", "/o/{org}/signing-sets") => get().says("Set-of-"),
        ("GET", "/o/{org}/signing-sets/new") => get().says("Make signing set"),
        ("POST", "/o/{org}/signing-sets/new") => form(
            422,
            &[("name", "x"), ("profile", "{held_profile}"), ("certificate", "{certificate}")],
        )
        .says("was picked, which"),
        ("GET", "/o/{org}/signing-sets/ensure") => get().query("?key={key}&set={signing_set}").says("no.halden.ferry"),
        ("POST", "/o/{org}/signing-sets/ensure") => {
            form(422, &[("key", "{key}"), ("identifiers", "*"), ("certificate", "{certificate}")]).says("is not a bundle identifier")
        }
        ("GET", "/o/{org}/signing-sets/{signing_set}") => get().says("Set-of-"),
        ("GET", "/o/{org}/signing-sets/{signing_set}/download") => get().says("Set-of-"),
        ("POST", "/o/{org}/signing-sets/{signing_set}/download") => form(409, &[("password_kind", "empty")]).says("Nothing can be signed"),
        ("GET", "/o/{org}/signing-sets/{signing_set}/remove") => get().says("to confirm"),
        ("POST", "/o/{org}/signing-sets/{signing_set}/remove") => form(422, &[("name", "another")]).says("type the name exactly"),
        ("GET", "/o/{org}/tokens") => get().says("Token-of-"),
        ("GET", "/o/{org}/tokens/new") => get().says("name=\"address_ranges\""),
        ("POST", "/o/{org}/tokens/new") => {
            form(422, &[("name", "x"), ("role", "owner"), ("once", "matrix")]).says("name=\"address_ranges\"")
        }
        ("GET", "/o/{org}/reports/signing") => get().query("?key={key}").says("Signing report"),
        ("GET", "/o/{org}/reports/signing/export") => get().query("?key={key}").says("actor_kind"),
        ("GET", "/o/{org}/notifications") => get().says("Channel-of-"),
        ("GET", "/o/{org}/notifications/new") => get().says("New notification channel"),
        ("POST", "/o/{org}/notifications/new") => form(422, &[("kind", "webhook"), ("url", "https://127.0.0.1/")]).says("name=\"url\""),
        ("GET", "/o/{org}/notifications/{channel}") => get().says("Channel-of-"),
        ("GET", "/o/{org}/notifications/{channel}/edit") => get().says("Channel-of-"),
        ("POST", "/o/{org}/notifications/{channel}/edit") => form(422, &[("url", "ftp://x")]).says("name=\"url\""),
        ("POST", "/o/{org}/notifications/{channel}/test") => form(303, &[]),
        ("GET", "/o/{org}/notifications/{channel}/rotate") => get().says("Channel-of-"),
        ("POST", "/o/{org}/notifications/{channel}/rotate") => form(200, &[("once", "rotate-channel")]).says("Channel-of-"),
        ("GET", "/o/{org}/notifications/{channel}/remove") => get().says("Channel-of-"),
        ("POST", "/o/{org}/notifications/{channel}/remove") => form(422, &[("name", "another")]).says("type the name exactly"),
        ("GET", "/o/{org}/tokens/{service_token}") => get().says("Token-of-"),
        ("GET", "/o/{org}/tokens/{service_token}/edit") => get().says("Token-of-"),
        ("POST", "/o/{org}/tokens/{service_token}/edit") => form(422, &[("name", "x"), ("role", "owner")]).says("name=\"address_ranges\""),
        ("GET", "/o/{org}/tokens/{service_token}/rotate") => get().says("Token-of-"),
        ("POST", "/o/{org}/tokens/{service_token}/rotate") => form(200, &[("once", "rotate"), ("days", "30")])
            .says("API tokens")
            .fresh(Fresh::ServiceToken),
        ("GET", "/o/{org}/tokens/{service_token}/revoke") => get().says("Token-of-"),
        ("POST", "/o/{org}/tokens/{service_token}/revoke") => form(422, &[("name", "another")]).says("type the name exactly"),
        ("GET", "/orgs") => get().says("Organizations"),
        ("GET", "/orgs/new") => get().says("root organization"),
        ("POST", "/orgs/new") => form(422, &[("name", "")]).says("New root organization"),
        ("GET", "/o/{org}/sub-organizations") => get().says("Sub-organizations"),
        ("GET", "/o/{org}/sub-organizations/new") => get().says("Create sub-organization"),
        ("POST", "/o/{org}/sub-organizations/new") => form(422, &[("name", "")]).says("name is empty"),
        ("GET", "/o/{org}/sub-organizations/{sub}/rename") => get().says("name=\"name\""),
        ("POST", "/o/{org}/sub-organizations/{sub}/rename") => form(422, &[("name", "")]).says("name is empty"),
        ("GET", "/o/{org}/sub-organizations/{sub}/remove") => get().says("Delete organization"),
        // A build of it is being sent, so the page says what has to go first.
        ("POST", "/o/{org}/sub-organizations/{sub}/remove") => form(422, &[("name", "another")]).says("something has to go first"),
        ("GET", "/o/{org}/settings") => get().says("Danger zone"),
        ("POST", "/o/{org}/settings") => form(422, &[("name", "")]).says("name is empty"),
        ("GET", "/o/{org}/settings/remove") => get().says("Delete organization"),
        // A root organization with sub-organizations: they have to go first.
        ("POST", "/o/{org}/settings/remove") => form(422, &[("name", "another")]).says("something has to go first"),
        ("GET", "/o/{org}/activity") => get().query("?key={key}").says("Activity"),
        ("GET", "/o/{org}/activity/{activity}") => get().says("Record"),
        ("GET", "/o/{org}/activity/export") => get().query("?key={key}").says("actor_kind"),
        ("POST", "/o/{org}/activity/verify") => form(303, &[]).alone(),
        ("GET", "/o/{org}/keys/{key}/usage") => get().says("on whose behalf"),
        ("GET", "/me") => get().says("@neighbor.example"),
        ("POST", "/me/theme") => form(303, &[("theme", "dark"), ("back", "/me")]),
        ("POST", "/me/shortcuts") => form(303, &[("shortcuts", "off")]),
        ("GET", "/me/security") => get().says("old_password"),
        ("POST", "/me/security") => form(422, &[("old_password", "not this one"), ("password", "x")]).says("old_password"),
        ("GET", "/me/sessions") => get().says("session"),
        ("POST", "/me/sessions/{session}/end") => form(404, &[]),
        ("GET", "/me/tokens") => get().says("Matrix"),
        ("POST", "/me/tokens") => form(422, &[("name", ""), ("days", "30"), ("once", "matrix")]),
        ("POST", "/me/tokens/{token}/revoke") => form(404, &[]),
        ("GET", "/o/{org}/expiries") => get().says("What expires when"),
        ("POST", "/o/{org}/expiries/calendar") => form(200, &[]).says("/calendar/"),
        ("POST", "/o/{org}/expiries/calendar/end") => form(303, &[]),
        ("GET", "/calendar/{token}") => bare(404),
        ("GET", "/inbox") => get().says("Inbox"),
        ("POST", "/inbox/read") => form(303, &[("up_to", "0")]),
        _ => missing(address),
    }]
}

/// Where the pages of an app in TestFlight stand.
const TEST_FLIGHT: &str = "/o/{org}/keys/{key}/apps/{identifier}/test-flight";

/// The pages of an app in TestFlight. What would take something away is asked through a key of a Developer, who may not.
fn test_flight(method: &str, below: &str) -> Vec<Sample> {
    let refused_key = |fields: &[(&str, &str)]| form(403, fields).about("lent-key").says("Keys that can do it");
    vec![match (method, below) {
        ("GET", "") => get().says("Passengers"),
        ("GET", "/builds/{build}") => get().says("Groups that have it"),
        ("GET", "/builds/{build}/bring") => get().says("name=\"locale\""),
        ("POST", "/builds/{build}/bring") => {
            return vec![
                form(422, &[("text", "x"), ("locale", "none_")])
                    .says("is no language")
                    .of(Action::EditTestingTexts),
                form(422, &[("group", "nobody")]).says("There is no group").of(Action::EditTesting),
                form(422, &[("group", "nobody"), ("review", "on")])
                    .says("There is no group")
                    .of(Action::SubmitForBetaReview),
            ];
        }
        ("GET", "/builds/{build}/expire") => get().says("to confirm"),
        ("POST", "/builds/{build}/expire") => form(422, &[("name", "another")]).says("Type 43 exactly"),
        ("GET", "/groups/new") => get().says("Make group"),
        ("POST", "/groups/new") => form(422, &[("name", "")]).says("A group needs a name"),
        ("GET", "/groups/{group}") => get().says("aud@halden.example"),
        ("GET", "/groups/{group}/edit") => get().says("name=\"public_link_limit\""),
        ("POST", "/groups/{group}/edit") => form(422, &[("name", "")]).says("A group needs a name"),
        ("GET", "/groups/{group}/delete") => get().says("to confirm"),
        ("POST", "/groups/{group}/delete") => form(422, &[("name", "another")]).says("Type Passengers exactly"),
        ("GET", "/groups/{group}/builds/{build}/take") => get().says("get it no more"),
        ("POST", "/groups/{group}/builds/{build}/take") => refused_key(&[]),
        ("GET", "/groups/{group}/testers/new") => get().says("name=\"first_name\""),
        ("POST", "/groups/{group}/testers/new") => form(422, &[("email", "none")]).says("it has no @"),
        ("GET", "/groups/{group}/testers/list") => get().says("Leave out lines"),
        ("POST", "/groups/{group}/testers/list") => file(422, &[]).says("Leave out lines"),
        ("GET", "/groups/{group}/testers/{tester}/invite") => get().says("Invite again"),
        ("POST", "/groups/{group}/testers/{tester}/invite") => refused_key(&[]),
        ("GET", "/groups/{group}/testers/{tester}/remove") => get().says("Take out of the group"),
        ("POST", "/groups/{group}/testers/{tester}/remove") => refused_key(&[]),
        ("GET", "/info") => get().says("ingrid@halden.example"),
        ("GET", "/info/texts") => get().says("name=\"feedback_email\""),
        ("POST", "/info/texts") => form(422, &[("locale", "none_"), ("description", "x")]).says("is no language"),
        ("GET", "/info/review") => get().says("name=\"demo_password\""),
        ("POST", "/info/review") => form(422, &[("phone", "none")]).says("is no telephone number"),
        ("GET", "/info/license") => get().says("name=\"license\""),
        ("POST", "/info/license") => refused_key(&[("license", "x")]),
        _ => missing(below),
    }]
}
