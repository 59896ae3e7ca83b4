//! Sending a binary to Apple, and how far that came.

use super::super::{
    filters,
    operation::{Step, steps},
    parts::{Mark, Notice, Tone, Wrong},
    shell::{Place, Shell},
    visit::{Answer, Sent, Visitor, belongs_in_form, form_again, id, page},
};
use crate::State;
use app::{
    Problem,
    binaries::BinaryView,
    builds::{NewBuild, Sending},
    keys::KeyChoice,
};
use askama::Template;
use axum::{
    extract::{Path, State as Reach},
    response::{IntoResponse, Redirect},
};
use domain::{Action, ApiKeyId, BinaryKind, Made, Need, OperationState, OrgId};
use std::time::Duration;

/// Picking the key.
#[derive(Template)]
#[template(path = "binaries/send.html")]
pub(crate) struct SendPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// The binary.
    pub(crate) view: BinaryView,
    /// The keys for it, usable ones first.
    pub(crate) keys: Vec<KeyChoice>,
    /// The picked one.
    pub(crate) chosen: Option<ApiKeyId>,
    /// What was entered for a file that is not looked into.
    pub(crate) entered: NewBuild,
    /// What is wrong, or what Apple would refuse.
    pub(crate) wrong: Wrong,
    /// Whether something was found that Apple refuses, and it can be sent all the same.
    pub(crate) is_refused: bool,
}

impl SendPage {
    fn is_package(&self) -> bool {
        self.view.binary.kind == BinaryKind::Pkg
    }

    fn entered(&self, what: &Option<String>) -> String {
        what.clone().unwrap_or_default()
    }
}

/// How far it came.
#[derive(Template)]
#[template(path = "binaries/sending.html")]
pub(crate) struct SendingPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// What is known.
    pub(crate) sending: Sending,
    /// The steps.
    pub(crate) steps: Vec<Step>,
}

impl SendingPage {
    fn title(&self) -> String {
        self.sending.view.operation.kind.title()
    }

    fn binary(&self) -> String {
        let build = self.sending.view.operation.kind.build();
        build.map(|of| of.binary.to_string()).unwrap_or_default()
    }

    fn is_over(&self) -> bool {
        self.sending.view.operation.state.is_over()
    }

    fn state(&self) -> Mark {
        match &self.sending.view.operation.state {
            OperationState::Done { .. } => Mark::new(Tone::Ok, "ok", "A build at Apple"),
            OperationState::Refused { .. } => Mark::new(Tone::Bad, "bad", "Refused by Apple"),
            OperationState::Failed { .. } => Mark::new(Tone::Bad, "bad", "Failed"),
            _ => Mark::new(Tone::Info, "half", "Under way"),
        }
    }

    fn notice(&self) -> Option<Notice> {
        match &self.sending.view.operation.state {
            OperationState::Done { .. } => Some(Notice::new(
                Tone::Ok,
                "It is a build at Apple",
                "Internal testers of a group with automatic distribution have it now.",
            )),
            OperationState::Refused { code, why, .. } => Some(Notice::new(Tone::Bad, format!("Apple refused it ({code})"), why.clone())),
            OperationState::Failed { why } => Some(Notice::new(Tone::Bad, "It could not be sent", why.clone())),
            _ => None,
        }
    }

    fn warnings(&self) -> &[String] {
        match &self.sending.view.operation.state {
            OperationState::Done {
                made: Made::Build { warnings, .. },
            } => warnings,
            _ => &[],
        }
    }

    fn arrived(&self) -> String {
        let size = self.sending.view.operation.kind.build().map_or(0, |of| of.size);
        format!("{} of {}", super::size(self.sending.arrived), super::size(size))
    }

    fn size(&self) -> u64 {
        self.sending.view.operation.kind.build().map_or(1, |of| of.size)
    }
}

type Ids = Path<(String, String)>;

async fn send_page(
    state: &State,
    visitor: &Visitor,
    ids: (&str, &str),
    wanted: &str,
    entered: NewBuild,
    refused: Option<&Problem>,
) -> Result<SendPage, Problem> {
    let (org, binary) = (id(ids.0)?, id(ids.1)?);
    let shell = visitor.shell_for(state, org, Place::Binaries, Action::SendBuild).await?;
    let caller = &visitor.who.caller;
    let view = state.app.binary(caller, org, binary).await?;
    let keys = state.app.key_choices(caller, org, &Need::UploadBuild).await?;
    let wanted = wanted.parse().ok();
    let usable = |choice: &&KeyChoice| choice.usability.may_try();
    let chosen = keys
        .iter()
        .filter(usable)
        .find(|choice| Some(choice.key.id) == wanted)
        .or_else(|| keys.iter().find(usable))
        .map(|choice| choice.key.id);
    Ok(SendPage {
        shell,
        org,
        view,
        keys,
        chosen,
        entered,
        wrong: refused.map(Wrong::from).unwrap_or_default(),
        is_refused: refused.is_some_and(|problem| problem.code == "apple_would_refuse"),
    })
}

/// `GET /o/{org}/binaries/{binary}/send`
pub(crate) async fn form(Reach(state): Reach<State>, Path((org, binary)): Ids, visitor: Visitor) -> Answer {
    page(&send_page(&state, &visitor, (&org, &binary), "", NewBuild::default(), None).await?)
}

/// `POST /o/{org}/binaries/{binary}/send`: sent twice, the second finds the first running.
pub(crate) async fn send(Reach(state): Reach<State>, Path((org, binary)): Ids, sent: Sent) -> Answer {
    let caller = &sent.visitor.who.caller;
    let given = |name: &str| Some(sent.fields.text(name).to_owned()).filter(|text| !text.is_empty());
    let new = NewBuild {
        identifier: given("identifier"),
        version: given("version"),
        build_number: given("build_number"),
        anyway: sent.fields.text("anyway") == "yes",
    };
    let key = sent.fields.text("key");
    let begun = match key.parse() {
        Ok(key) => state.app.send_build(caller, id(&org)?, key, id(&binary)?, &new).await,
        Err(_) => Err(Problem::field("key_missing", "key", "Choose the key that Apple is asked with.")),
    };
    match begun {
        Ok(begun) => Ok(Redirect::to(&format!("/o/{org}/sendings/{}", begun.id)).into_response()),
        Err(problem) if belongs_in_form(&problem) => {
            let again = send_page(&state, &sent.visitor, (&org, &binary), key, new, Some(&problem)).await?;
            form_again(&problem, &again)
        }
        Err(problem) => Err(problem.into()),
    }
}

/// `GET /o/{org}/sendings/{sending}`
pub(crate) async fn sending(Reach(state): Reach<State>, Path((org, sending)): Ids, visitor: Visitor) -> Answer {
    let (org, sending) = (id(&org)?, id(&sending)?);
    let shell = visitor.shell_in(&state, org, Place::Binaries).await?;
    let caller = &visitor.who.caller;
    let sending = state.app.wait_for_sending(caller, org, sending, Duration::from_secs(1)).await?;
    let steps = steps(&sending.view);
    page(&SendingPage {
        shell,
        org,
        sending,
        steps,
    })
}
