//! Revoking a certificate at Apple, for good: its page tells first which profiles become INVALID, and asks for the name.
//!
//! It is about certificates that are held here and stand in an account. One that only stands there is fetched first, or
//! revoked over REST or at the command line.

use super::super::{
    apple::told_in_place,
    filters,
    listing::Asked,
    once,
    parts::{Notice, Tone, Wrong},
    shell::{Place, Shell},
    visit::{Answer, Sent, Visitor, corrects_choice, form_again, id, page},
};
use crate::State;
use app::{Kind, Problem, certificates::CertificateWithProfiles, keys::KeyChoice};
use askama::Template;
use axum::{
    extract::{Path, Query, State as Reach},
    response::{IntoResponse, Redirect},
};
use domain::{Action, ApiKeyId, HeldCertificate, Need, OrgId};

/// The page.
#[derive(Template)]
#[template(path = "certificates/revoke.html")]
pub(crate) struct RevokePage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// Makes a form that is sent twice act once.
    pub(crate) once: String,
    /// The certificate.
    pub(crate) of: HeldCertificate,
    /// Keys to ask Apple with.
    pub(crate) keys: Vec<KeyChoice>,
    /// The picked one.
    pub(crate) key: Option<ApiKeyId>,
    /// As Apple has it, with the profiles that hold it.
    pub(crate) at_apple: Option<CertificateWithProfiles>,
    /// Why that is not known.
    pub(crate) trouble: Option<Notice>,
    /// What is wrong.
    pub(crate) wrong: Wrong,
}

impl RevokePage {
    /// The profiles that builds are signed with today; none where they are not known.
    fn invalid(&self) -> Option<Vec<&str>> {
        let profiles = self.at_apple.as_ref()?.profiles.as_ref()?;
        let active = profiles.iter().filter(|profile| profile.state == "ACTIVE");
        Some(active.map(|profile| profile.name.as_str()).collect())
    }
}

type Ids = Path<(String, String)>;

/// The certificate, and its id at Apple. What is lent is its owner's to revoke.
async fn held(state: &State, visitor: &Visitor, ids: (&str, &str)) -> Result<(OrgId, HeldCertificate, String), Problem> {
    let (org, certificate) = (id(ids.0)?, id(ids.1)?);
    let details = state.app.certificate_details(&visitor.who.caller, org, certificate).await?;
    let apple_id = details.held.apple_id.clone().filter(|_| details.lent_by.is_none());
    Ok((org, details.held, apple_id.ok_or_else(Problem::not_found)?))
}

async fn revoke_page(state: &State, visitor: &Visitor, ids: (&str, &str), asked: &str, wrong: Wrong) -> Result<RevokePage, Problem> {
    let shell = visitor
        .shell_for(state, id(ids.0)?, Place::Certificates, Action::RevokeCertificate)
        .await?;
    let (org, of, apple_id) = held(state, visitor, ids).await?;
    let caller = &visitor.who.caller;
    let need = Need::RevokeCertificate {
        certificate_type: of.certificate_type.clone(),
    };
    let keys = state.app.key_choices(caller, org, &need).await?;
    let may = |choice: &&KeyChoice| choice.usability.may_try();
    let named = |key: Option<ApiKeyId>| keys.iter().filter(may).find(move |choice| Some(choice.key.id) == key);
    // The key that it was seen through last is one of its account.
    let chosen = named(asked.parse().ok())
        .or_else(|| named(of.api_key))
        .or_else(|| keys.iter().find(may));
    let key = chosen.map(|choice| choice.key.id);
    let (mut at_apple, mut trouble) = (None, None);
    if let Some(key) = key {
        match state.app.apple_certificate(caller, org, key, &apple_id).await {
            Err(problem) if problem.kind == Kind::NotFound => {
                trouble = Some(Notice::new(
                    Tone::Warn,
                    "This key’s account does not have it",
                    "It was revoked already, or belongs to another account: pick a key of that one.",
                ));
            }
            answer => match told_in_place(answer)? {
                Ok(found) => at_apple = Some(found),
                Err(notice) => trouble = Some(notice),
            },
        }
    }
    Ok(RevokePage {
        shell,
        org,
        once: once::fresh(state),
        of,
        keys,
        key,
        at_apple,
        trouble,
        wrong,
    })
}

/// `GET /o/{org}/certificates/{certificate}/revoke?key=`
pub(crate) async fn form(
    Reach(state): Reach<State>,
    Path((org, certificate)): Ids,
    Query(asked): Query<Asked>,
    visitor: Visitor,
) -> Answer {
    page(&revoke_page(&state, &visitor, (&org, &certificate), &asked.key, Wrong::default()).await?)
}

/// `POST /o/{org}/certificates/{certificate}/revoke`
pub(crate) async fn revoke(Reach(state): Reach<State>, Path((org, certificate)): Ids, sent: Sent) -> Answer {
    let ids = (org.as_str(), certificate.as_str());
    match begin(&state, &sent, ids).await {
        Ok(place) => Ok(Redirect::to(&place).into_response()),
        Err(problem) if corrects_choice(&problem) => {
            let wrong = Wrong::with_choice(&problem);
            let again = revoke_page(&state, &sent.visitor, ids, sent.fields.text("key"), wrong).await?;
            form_again(&problem, &again)
        }
        Err(problem) => Err(problem.into()),
    }
}

async fn begin(state: &State, sent: &Sent, ids: (&str, &str)) -> Result<String, Problem> {
    let caller = &sent.visitor.who.caller;
    let org = id(ids.0)?;
    state.app.may(caller, Action::RevokeCertificate, org).await?;
    let (_, of, apple_id) = held(state, &sent.visitor, ids).await?;
    let typed = sent.fields.text("name");
    // The name that the page asks for; the one at Apple may be that of several.
    if typed.trim() != of.name.trim() {
        let why = format!("To revoke this certificate, type its name exactly: {}", of.name);
        return Err(Problem::field("name_differs", "name", why));
    }
    let act = state
        .app
        .revoke_certificate(caller, org, id(sent.fields.text("key"))?, &apple_id, typed);
    once::begin(state, caller, org, sent.fields.text("once"), act).await
}
