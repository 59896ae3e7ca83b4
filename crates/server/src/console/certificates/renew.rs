//! Renewing a certificate: what it would do is shown before anything is done.

use super::super::{
    apple::told_in_place,
    filters,
    listing::Asked,
    parts::{Notice, Tone, Wrong},
    shell::{Place, Shell},
    visit::{Answer, Sent, Visitor, belongs_in_form, done, form_again, id, page},
};
use crate::State;
use app::{Problem, keys::KeyChoice, profiles::RenewalPreview};
use askama::Template;
use axum::{
    extract::{Path, Query, State as Reach},
    response::{IntoResponse, Redirect},
};
use domain::{Action, ApiKeyId, HeldCertificate, Need, OrgId, ProfileType, certificate::AutomaticRenewal};

/// The page.
#[derive(Template)]
#[template(path = "certificates/renew.html")]
pub(crate) struct RenewPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// The certificate that is replaced.
    pub(crate) of: HeldCertificate,
    /// Keys to ask Apple with.
    pub(crate) keys: Vec<KeyChoice>,
    /// The picked one.
    pub(crate) key: Option<ApiKeyId>,
    /// What it would do.
    pub(crate) preview: Option<RenewalPreview>,
    /// Why that is not known.
    pub(crate) trouble: Option<Notice>,
    /// How it is renewed by itself.
    pub(crate) automatic: Option<AutomaticRenewal>,
    /// What is wrong.
    pub(crate) wrong: Wrong,
}

/// How many days before its end the form offers.
const OFFERED_DAYS: [u16; 4] = [7, 14, 30, 60];

impl RenewPage {
    /// The days that the form offers, with the present ones among them.
    fn days(&self) -> Vec<u16> {
        let mut days = OFFERED_DAYS.to_vec();
        days.extend(self.automatic.as_ref().map(|wish| wish.days_before));
        days.sort_unstable();
        days.dedup();
        days
    }

    fn is_chosen(&self, days: &u16) -> bool {
        self.automatic.as_ref().is_some_and(|wish| wish.days_before == *days)
    }

    fn kind_of(&self, word: &str) -> String {
        ProfileType::of_apple(word).title()
    }
}

type Ids = Path<(String, String)>;

async fn renew_page(state: &State, visitor: &Visitor, ids: (&str, &str), asked: &Asked, wrong: Wrong) -> Result<RenewPage, Problem> {
    let (org, certificate) = (id(ids.0)?, id(ids.1)?);
    let shell = visitor
        .shell_for(state, org, Place::Certificates, Action::CreateCertificate)
        .await?;
    let caller = &visitor.who.caller;
    let of = state.app.certificate(caller, org, certificate).await?;
    let need = Need::CreateCertificate {
        certificate_type: of.certificate_type.clone(),
    };
    let keys = state.app.key_choices(caller, org, &need).await?;
    let wanted = asked.key.parse().ok().or(of.api_key);
    let usable = |choice: &&KeyChoice| choice.usability.may_try();
    let key = keys
        .iter()
        .filter(usable)
        .find(|choice| Some(choice.key.id) == wanted)
        .or_else(|| keys.iter().find(usable))
        .map(|choice| choice.key.id);
    let (mut preview, mut trouble) = (None, None);
    if let Some(key) = key {
        match told_in_place(state.app.preview_renewal(caller, org, key, certificate).await)? {
            Ok(found) => preview = Some(found),
            Err(notice) => trouble = Some(notice),
        }
    }
    let automatic = state.app.automatic_renewal(caller, org, certificate).await?;
    Ok(RenewPage {
        automatic,
        shell,
        org,
        of,
        keys,
        key,
        preview,
        trouble,
        wrong,
    })
}

/// `GET /o/{org}/certificates/{certificate}/renew?key=`
pub(crate) async fn form(
    Reach(state): Reach<State>,
    Path((org, certificate)): Ids,
    Query(asked): Query<Asked>,
    visitor: Visitor,
) -> Answer {
    page(&renew_page(&state, &visitor, (&org, &certificate), &asked, Wrong::default()).await?)
}

/// `POST /o/{org}/certificates/{certificate}/renew`: sent twice, the second is told that the first is running.
pub(crate) async fn renew(Reach(state): Reach<State>, Path((org, certificate)): Ids, sent: Sent) -> Answer {
    let (caller, fields) = (&sent.visitor.who.caller, &sent.fields);
    let key: ApiKeyId = id(fields.text("key"))?;
    let revoke = (fields.text("revoke") == "on").then(|| fields.text("name"));
    match state.app.renew_certificate(caller, id(&org)?, key, id(&certificate)?, revoke).await {
        Ok(operation) => Ok(Redirect::to(&format!("/o/{org}/operations/{}", operation.id)).into_response()),
        // A key that may not is a choice to correct, also where the class says "not allowed".
        Err(problem) if belongs_in_form(&problem) || !problem.usable_keys.is_empty() => {
            let asked = Asked {
                key: key.to_string(),
                ..Asked::default()
            };
            let again = renew_page(&state, &sent.visitor, (&org, &certificate), &asked, Wrong::from(&problem)).await?;
            form_again(&problem, &again)
        }
        Err(problem) => Err(problem.into()),
    }
}

/// `POST /o/{org}/certificates/{certificate}/automatic-renewal`: so many days before its end, or not at all.
pub(crate) async fn set_automatic(Reach(state): Reach<State>, Path((org, certificate)): Ids, sent: Sent) -> Answer {
    let (caller, fields) = (&sent.visitor.who.caller, &sent.fields);
    let key: Option<ApiKeyId> = fields.text("key").parse().ok();
    let wanted = match fields.text("days") {
        "off" => None,
        days => Some((days.parse().unwrap_or_default(), id(fields.text("key"))?)),
    };
    match state.app.set_automatic_renewal(caller, id(&org)?, id(&certificate)?, wanted).await {
        Ok(wish) => {
            let word = if wish.is_some() { "renewal-set" } else { "renewal-off" };
            Ok(done(&state, &format!("/o/{org}/certificates/{certificate}"), word))
        }
        Err(problem) if belongs_in_form(&problem) || !problem.usable_keys.is_empty() => {
            let asked = Asked {
                key: key.map(|key| key.to_string()).unwrap_or_default(),
                ..Asked::default()
            };
            let again = renew_page(&state, &sent.visitor, (&org, &certificate), &asked, Wrong::from(&problem)).await?;
            form_again(&problem, &again)
        }
        Err(problem) => Err(problem.into()),
    }
}
