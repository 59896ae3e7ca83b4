//! Registering a profile at Apple: its type and the key first, then what the account has for that.

use super::super::{
    apple::told_in_place,
    filters,
    listing::{Asked, pick},
    parts::{Notice, Tone, Wrong},
    shell::{Place, Shell},
    visit::{Answer, Sent, Visitor, belongs_in_form, form_again, id, page},
};
use crate::State;
use app::{
    Problem,
    apple_account::{AppleBundleId, AppleCertificate, AppleDevice, ListQuery},
    keys::KeyChoice,
    profiles::{Devices, ProfileToRegister},
};
use askama::Template;
use axum::{
    extract::{Path, Query, State as Reach},
    response::{IntoResponse, Redirect},
};
use domain::{Action, ApiKeyId, CertificateType, Feature, OrgId, ProfileType};

/// What the account has for a profile of a type.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    /// Its bundle IDs.
    pub(crate) bundle_ids: Vec<AppleBundleId>,
    /// The certificates that can be in it.
    pub(crate) certificates: Vec<AppleCertificate>,
    /// The devices that can be in it.
    pub(crate) devices: Vec<AppleDevice>,
}

/// The page.
#[derive(Template)]
#[template(path = "profiles/register.html")]
pub(crate) struct RegisterProfilePage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// Types that can be created: Apple's word and ours.
    pub(crate) types: Vec<(&'static str, String)>,
    /// The chosen type.
    pub(crate) profile_type: ProfileType,
    /// Keys to ask Apple with.
    pub(crate) keys: Vec<KeyChoice>,
    /// The picked one.
    pub(crate) key: Option<ApiKeyId>,
    /// What there is to choose from.
    pub(crate) parts: Parts,
    /// Why that is not here.
    pub(crate) trouble: Option<Notice>,
    /// The name entered.
    pub(crate) name: String,
    /// The bundle identifier entered.
    pub(crate) identifier: String,
    /// What is wrong.
    pub(crate) wrong: Wrong,
}

impl RegisterProfilePage {
    fn is_chosen(&self, word: &str) -> bool {
        self.profile_type.as_str() == word
    }

    fn type_of(&self, certificate: &AppleCertificate) -> String {
        CertificateType::of_apple(&certificate.certificate_type).title()
    }
}

/// The types that can be created: Apple's word and ours.
pub(crate) fn types() -> Vec<(&'static str, String)> {
    let title = |word| ProfileType::of_apple(word).title();
    ProfileType::KNOWN.into_iter().map(|word| (word, title(word))).collect()
}

async fn parts(state: &State, visitor: &Visitor, org: OrgId, key: ApiKeyId, profile_type: &ProfileType) -> Result<Parts, Problem> {
    let (caller, all) = (&visitor.who.caller, ListQuery::default());
    let now = state.clock.now();
    let mut certificates = state.app.apple_certificates(caller, org, key, &all).await?.items;
    certificates.retain(|certificate| {
        profile_type.takes_certificate(&CertificateType::of_apple(&certificate.certificate_type))
            && certificate.expires_at.is_none_or(|end| end > now)
    });
    let mut devices = Vec::new();
    if profile_type.wants_devices() {
        devices = state.app.apple_devices(caller, org, key, &all).await?.items;
        devices.retain(|device| device.status == "ENABLED" && profile_type.takes_device(&device.device_class));
    }
    Ok(Parts {
        bundle_ids: state.app.apple_bundle_ids(caller, org, key, &all).await?.items,
        certificates,
        devices,
    })
}

async fn register_page(
    state: &State,
    visitor: &Visitor,
    org: OrgId,
    asked: &Asked,
    entered: (&str, &str),
    wrong: Wrong,
) -> Result<RegisterProfilePage, Problem> {
    let shell = visitor.shell_for(state, org, Place::Profiles, Action::EditProfiles).await?;
    let profile_type = ProfileType::creatable(&asked.kind).unwrap_or_else(|_| ProfileType::of_apple("IOS_APP_STORE"));
    let (keys, key) = pick(state, &visitor.who.caller, org, Feature::Profiles, asked).await?;
    let (mut found, mut trouble) = (Parts::default(), None);
    if let Some(key) = key {
        match told_in_place(Box::pin(parts(state, visitor, org, key, &profile_type)).await)? {
            Ok(parts) => found = parts,
            Err(notice) => trouble = Some(notice),
        }
    }
    Ok(RegisterProfilePage {
        shell,
        org,
        types: types(),
        profile_type,
        keys,
        key,
        parts: found,
        trouble,
        name: entered.0.to_owned(),
        identifier: entered.1.to_owned(),
        wrong,
    })
}

/// `GET /o/{org}/profiles/register?kind=&key=`
pub(crate) async fn form(Reach(state): Reach<State>, Path(org): Path<String>, Query(asked): Query<Asked>, visitor: Visitor) -> Answer {
    page(&register_page(&state, &visitor, id(&org)?, &asked, ("", ""), Wrong::default()).await?)
}

/// `POST /o/{org}/profiles/register`: a name is there once in a team, so a form that is sent twice makes one profile.
pub(crate) async fn register(Reach(state): Reach<State>, Path(org): Path<String>, sent: Sent) -> Answer {
    let org = id(&org)?;
    let (caller, fields) = (&sent.visitor.who.caller, &sent.fields);
    let key: ApiKeyId = id(fields.text("key"))?;
    let wanted = ProfileToRegister {
        name: fields.text("name").to_owned(),
        profile_type: fields.text("type").to_owned(),
        bundle_identifier: fields.text("bundle_id").to_owned(),
        certificates: fields.all("certificate").into_iter().collect(),
        devices: match fields.text("devices") {
            "all" => Some(Devices::AllEnabled),
            "chosen" => Some(Devices::Chosen(fields.all("device").into_iter().collect())),
            _ => None,
        },
    };
    match state.app.register_profile(caller, org, key, wanted).await {
        Ok(operation) => Ok(Redirect::to(&format!("/o/{org}/operations/{}", operation.id)).into_response()),
        // A key that may not is a choice to correct, also where the class says "not allowed".
        Err(problem) if belongs_in_form(&problem) || !problem.usable_keys.is_empty() => {
            let asked = Asked {
                key: key.to_string(),
                kind: fields.text("type").to_owned(),
                ..Asked::default()
            };
            let entered = (fields.text("name"), fields.text("bundle_id"));
            let again = register_page(&state, &sent.visitor, org, &asked, entered, Wrong::from(&problem)).await?;
            form_again(&problem, &again)
        }
        Err(problem) => Err(problem.into()),
    }
}
