//! Creating a certificate: the type, and the key to ask Apple with.

use super::super::{
    filters,
    parts::{Tone, Wrong},
    shell::{Place, Shell},
    visit::{Answer, Fields, Sent, Visitor, corrects_choice, form_again, id, page},
};
use crate::State;
use app::{
    Caller, Paging, Problem,
    idempotency::{Kept, Replay},
    keys::KeyChoice,
};
use askama::Template;
use aws_lc_rs::digest;
use axum::{
    extract::{Path, Query, State as Reach},
    response::{IntoResponse, Redirect},
};
use domain::{Action, ApiKeyId, CertificateType, CsrId, HeldCsr, Need, OrgId};
use std::time::Duration;

/// How many signing requests can be picked from.
const REQUESTS: u32 = 100;

/// The page.
#[derive(Template)]
#[template(path = "certificates/create.html")]
pub(crate) struct CreatePage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// Makes a form that is sent twice act once.
    pub(crate) once: String,
    /// Types that can be created: Apple's word and ours.
    pub(crate) types: Vec<(&'static str, String)>,
    /// The chosen type.
    pub(crate) certificate_type: &'static str,
    /// The keys for it, usable ones first.
    pub(crate) keys: Vec<KeyChoice>,
    /// Signing requests made earlier of which it can be made, newest first.
    pub(crate) requests: Vec<HeldCsr>,
    /// The picked request; none where a key pair is to be made.
    pub(crate) request: Option<CsrId>,
    /// The picked key: the wanted one if it can be used, else the first that can.
    pub(crate) chosen: Option<ApiKeyId>,
    /// What is wrong.
    pub(crate) wrong: Wrong,
}

impl CreatePage {
    /// The page for a type and, perhaps, a key.
    #[must_use]
    pub(crate) fn new(
        shell: Shell,
        org: OrgId,
        once: String,
        certificate_type: &'static str,
        keys: Vec<KeyChoice>,
        wanted: Option<ApiKeyId>,
        wrong: Wrong,
    ) -> Self {
        let usable = |choice: &&KeyChoice| choice.usability.may_try();
        let chosen = keys
            .iter()
            .filter(usable)
            .find(|choice| Some(choice.key.id) == wanted)
            .or_else(|| keys.iter().find(usable));
        Self {
            shell,
            org,
            once,
            types: CertificateType::CREATABLE
                .into_iter()
                .map(|word| (word, CertificateType::of_apple(word).title()))
                .collect(),
            certificate_type,
            chosen: chosen.map(|choice| choice.key.id),
            keys,
            requests: Vec::new(),
            request: None,
            wrong,
        }
    }

    /// The same with signing requests to pick from, and the one that is picked.
    #[must_use]
    pub(crate) fn with_requests(self, requests: Vec<HeldCsr>, request: Option<CsrId>) -> Self {
        Self { requests, request, ..self }
    }

    fn title(&self) -> String {
        CertificateType::of_apple(self.certificate_type).title()
    }

    fn is_development(&self) -> bool {
        CertificateType::of_apple(self.certificate_type).is_development()
    }
}

/// What the address asks for.
#[derive(serde::Deserialize, Default)]
#[serde(default)]
pub(crate) struct Asked {
    #[serde(rename = "type")]
    certificate_type: String,
    key: String,
    csr: String,
}

/// The type as one of those that can be created; the first when it is none of them.
fn known(word: &str) -> &'static str {
    CertificateType::CREATABLE
        .into_iter()
        .find(|known| *known == word)
        .unwrap_or(CertificateType::CREATABLE[0])
}

async fn create_page(state: &State, visitor: &Visitor, org: OrgId, asked: &Asked, wrong: Wrong) -> Result<CreatePage, Problem> {
    let shell = visitor
        .shell_for(state, org, Place::Certificates, Action::CreateCertificate)
        .await?;
    let word = known(&asked.certificate_type);
    let need = Need::CreateCertificate {
        certificate_type: CertificateType::of_apple(word),
    };
    let keys = state.app.key_choices(&visitor.who.caller, org, &need).await?;
    let page = state.app.csrs(&visitor.who.caller, org, &Paging::first(REQUESTS)).await?;
    let requests = page.items.into_iter().map(|view| view.csr).collect();
    let mut random = [0; 16];
    state.entropy.fill(&mut random);
    Ok(
        CreatePage::new(shell, org, hex::encode(random), word, keys, asked.key.parse().ok(), wrong)
            .with_requests(requests, asked.csr.parse().ok()),
    )
}

/// `GET /o/{org}/certificates/create?type=&key=`
pub(crate) async fn form(Reach(state): Reach<State>, Path(org): Path<String>, Query(asked): Query<Asked>, visitor: Visitor) -> Answer {
    page(&create_page(&state, &visitor, id(&org)?, &asked, Wrong::default()).await?)
}

/// `POST /o/{org}/certificates/create`: sent twice, it begins one act and leads to it both times.
pub(crate) async fn create(Reach(state): Reach<State>, Path(org): Path<String>, sent: Sent) -> Answer {
    let org = id(&org)?;
    let caller = &sent.visitor.who.caller;
    match begin_once(&state, &sent, org).await {
        Ok(place) => Ok(Redirect::to(&place).into_response()),
        Err(problem) if corrects_choice(&problem) => {
            let asked = Asked {
                certificate_type: sent.fields.text("type").to_owned(),
                key: sent.fields.text("key").to_owned(),
                csr: sent.fields.text("csr").to_owned(),
            };
            let wrong = Wrong::with_choice(&problem);
            let again = create_page(&state, &sent.visitor, org, &asked, wrong).await?;
            form_again(&problem, &again)
        }
        Err(problem) => {
            tracing::debug!(code = problem.code, actor = ?caller.principal.actor(), "no certificate was begun");
            Err(problem.into())
        }
    }
}

async fn begin_once(state: &State, sent: &Sent, org: OrgId) -> Result<String, Problem> {
    let caller = &sent.visitor.who.caller;
    let key = sent.fields.text("key");
    if key.is_empty() {
        return Err(Problem::field(
            "key_missing",
            "key",
            "No key is picked. Pick the one to ask Apple with.",
        ));
    }
    let key = id(key)?;
    let once = format!("console-{}", sent.fields.text("once"));
    if let Replay::Answered { body, .. } = replay_patiently(state, caller, org, &once, request_hash(&sent.fields)).await? {
        return String::from_utf8(body).map_err(Problem::internal);
    }
    let (certificate_type, request) = (sent.fields.text("type"), sent.fields.text("csr"));
    let begun = if request.is_empty() {
        state.app.create_certificate(caller, org, key, certificate_type).await
    } else {
        let request = id(request)?;
        Box::pin(state.app.create_certificate_of_request(caller, org, key, certificate_type, request)).await
    };
    match begun {
        Ok(operation) => {
            let place = format!("/o/{org}/operations/{}", operation.id);
            let kept = Kept::Answer {
                status: 303,
                body: place.as_bytes(),
            };
            state.app.remember(caller, org, &once, kept).await?;
            Ok(place)
        }
        Err(problem) => {
            // Let go of, so that the corrected form begins afresh.
            state.app.remember(caller, org, &once, Kept::Nothing).await?;
            Err(problem)
        }
    }
}

/// A second press while the first is still working waits for the first's answer.
async fn replay_patiently(state: &State, caller: &Caller, org: OrgId, once: &str, hash: [u8; 32]) -> Result<Replay, Problem> {
    for _ in 0..20 {
        match state.app.replay(caller, org, once, hash).await {
            Err(problem) if problem.code == "in_progress" => tokio::time::sleep(Duration::from_millis(250)).await,
            answer => return answer,
        }
    }
    state.app.replay(caller, org, once, hash).await
}

fn request_hash(fields: &Fields) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in ["certificates/create", fields.text("type"), fields.text("key"), fields.text("csr")] {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part.as_bytes());
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}
