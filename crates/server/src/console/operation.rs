//! A long act: its steps, where it stands, and what became of it.

use super::{
    filters,
    parts::{Mark, Notice, Tone},
    shell::{self, Shell},
    visit::{Answer, OpenPage, Refusal, Visitor, id, page},
};
use crate::State;
use app::{
    certificates::Place,
    operations::{OperationView, UNREADABLE},
};
use askama::Template;
use axum::{
    extract::{Path, State as Reach},
    response::sse::{Event, KeepAlive, Sse},
};
use domain::{CertificateId, Operation, OperationKind, OperationState, OrgId, SigningSetId};
use futures::{Stream, stream};
use jiff::Timestamp;
use std::{convert::Infallible, time::Duration};

/// How far one step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Over.
    Done,
    /// Going on.
    Now,
    /// Did not work.
    Failed,
    /// To come.
    Waiting,
}

/// A step.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    /// What it does.
    pub(crate) title: String,
    /// What to know.
    pub(crate) note: String,
    /// How far it is.
    pub(crate) progress: Progress,
    /// When it ended.
    pub(crate) at: Option<Timestamp>,
}

impl Step {
    pub(crate) fn class(&self) -> &'static str {
        match self.progress {
            Progress::Done => "is-done",
            Progress::Now => "is-now",
            Progress::Failed => "is-failed",
            Progress::Waiting => "is-waiting",
        }
    }
    pub(crate) fn is_done(&self) -> bool {
        self.progress == Progress::Done
    }
    pub(crate) fn is_now(&self) -> bool {
        self.progress == Progress::Now
    }
    pub(crate) fn is_failed(&self) -> bool {
        self.progress == Progress::Failed
    }
}

/// The steps alone: the fragment of the page that is sent while it changes.
#[derive(Template)]
#[template(path = "operations/steps.html")]
pub(crate) struct Steps {
    /// In order.
    pub(crate) steps: Vec<Step>,
}

/// The page.
#[derive(Template)]
#[template(path = "operations/operation.html")]
pub(crate) struct OperationPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// The operation's id.
    pub(crate) id: String,
    /// "Create Apple Distribution".
    pub(crate) title: String,
    /// The list that it belongs to: its name, and its address below the organization's.
    pub(crate) list: (&'static str, &'static str),
    /// The key's name.
    pub(crate) key_name: String,
    /// When it began.
    pub(crate) started_at: Timestamp,
    /// When it last changed.
    pub(crate) updated_at: Timestamp,
    /// Where it stands.
    pub(crate) state: Mark,
    /// Whether nothing more will happen.
    pub(crate) is_over: bool,
    /// The steps.
    pub(crate) steps: Vec<Step>,
    /// What came of it.
    pub(crate) certificate: Option<CertificateId>,
    /// The signing set that is complete because of it.
    pub(crate) signing_set: Option<SigningSetId>,
    /// What to know.
    pub(crate) notice: Option<Notice>,
    /// Who holds the places.
    pub(crate) places: Vec<Place>,
    /// That in words.
    pub(crate) places_words: String,
    /// Whether another try makes sense.
    pub(crate) retry: bool,
}

impl OperationPage {
    /// From what `app` knows; `key_name` is the key's present name, or that it is gone.
    #[must_use]
    pub(crate) fn new(shell: Shell, org: OrgId, mut view: OperationView, key_name: String) -> Self {
        // What has ended holds no place any more.
        view.places.retain(|place| place.expires_at.is_none_or(|at| at > shell.now));
        let steps = steps(&view);
        let kind = &view.operation.kind;
        let state = &view.operation.state;
        Self {
            shell,
            org,
            id: view.operation.id.to_string(),
            title: kind.title(),
            list: list(kind),
            key_name,
            started_at: view.operation.started_at,
            updated_at: view.operation.updated_at,
            state: mark(state),
            is_over: state.is_over(),
            steps,
            certificate: state.certificate(),
            signing_set: state.signing_set(),
            notice: notice(kind, state),
            places_words: places_words(&view.places),
            places: view.places,
            retry: matches!(kind, OperationKind::CreateCertificate { .. })
                && matches!(state, OperationState::Refused { .. } | OperationState::Failed { .. }),
        }
    }
}

fn list(kind: &OperationKind) -> (&'static str, &'static str) {
    match kind {
        OperationKind::CreateCertificate { .. } | OperationKind::RevokeCertificate(_) | OperationKind::RenewCertificate(_) => {
            ("Certificates", "certificates")
        }
        OperationKind::CreateProfile(_)
        | OperationKind::DeleteProfile(_)
        | OperationKind::RebuildProfile(_)
        | OperationKind::RebuildProfiles(_) => ("Profiles", "profiles"),
        OperationKind::RegisterBundleId(_)
        | OperationKind::EditBundleId(_)
        | OperationKind::SetCapability(_)
        | OperationKind::RemoveCapability(_) => ("Bundle IDs", "bundle-ids"),
        OperationKind::EnsureSigningSet(_) | OperationKind::SurveyForSet(_) => ("Signing sets", "signing-sets"),
        OperationKind::SendBuild(_)
        | OperationKind::ReserveUpload(_)
        | OperationKind::ReserveFile(_)
        | OperationKind::SendParts(_)
        | OperationKind::CommitUpload(_)
        | OperationKind::RegisterWebhook(_)
        | OperationKind::RemoveWebhook(_)
        | OperationKind::AnswerCompliance(_) => ("Binaries", "binaries"),
        OperationKind::RegisterDevice(_) | OperationKind::RegisterDevices(_) | OperationKind::ChangeDevice(_) => ("Devices", "devices"),
        OperationKind::ChangeTesting(_) | OperationKind::ChangeTestings(_) => ("TestFlight", "test-flight"),
    }
}

/// The place of the sidebar that the list is at.
fn place(kind: &OperationKind) -> shell::Place {
    match list(kind).1 {
        "profiles" => shell::Place::Profiles,
        "bundle-ids" => shell::Place::BundleIds,
        "signing-sets" => shell::Place::SigningSets,
        "devices" => shell::Place::Devices,
        "binaries" => shell::Place::Binaries,
        "test-flight" => shell::Place::TestFlight,
        _ => shell::Place::Certificates,
    }
}

fn mark(state: &OperationState) -> Mark {
    match state {
        OperationState::Working { .. } => Mark::new(Tone::Info, "half", "Under way"),
        OperationState::Started => Mark::new(Tone::Info, "half", "Starting"),
        OperationState::Calling { .. } => Mark::new(Tone::Info, "half", "Waiting for Apple"),
        OperationState::Unknown { .. } => Mark::new(Tone::Warn, "warn", "Answer lost"),
        OperationState::Done { .. } => Mark::new(Tone::Ok, "ok", "Done"),
        OperationState::Refused { .. } => Mark::new(Tone::Bad, "bad", "Refused"),
        OperationState::Failed { .. } => Mark::new(Tone::Bad, "bad", "Failed"),
    }
}

fn notice(kind: &OperationKind, state: &OperationState) -> Option<Notice> {
    let makes_certificate = matches!(kind, OperationKind::CreateCertificate { .. });
    match state {
        OperationState::Done { .. } if state.signing_set().is_some() => Some(Notice::new(
            Tone::Ok,
            "The signing set is complete",
            "A build finds its certificate and its profiles here.",
        )),
        OperationState::Done { .. } if !makes_certificate => Some(Notice::new(Tone::Ok, "Done at Apple", "The list shows it.")),
        OperationState::Unknown { why, shut_out: true, .. } => Some(Notice::new(
            Tone::Bad,
            "Apple refuses the key that this is looked up with",
            why.clone(),
        )),
        OperationState::Unknown { why, .. } if !makes_certificate => Some(Notice::new(
            Tone::Warn,
            "Apple’s answer was lost",
            format!("{why} Russet looks at what Apple lists, and asks again only where that does no harm."),
        )),
        OperationState::Done { .. } => Some(Notice::new(
            Tone::Ok,
            "The certificate is here with its private key",
            "It is sealed, and ready to download.",
        )),
        OperationState::Unknown { why, .. } => Some(Notice::new(
            Tone::Warn,
            "Apple’s answer was lost",
            format!("{why} Russet does not ask a second time: it looks at what Apple lists and finds the certificate by its public key."),
        )),
        OperationState::Refused { code, why, .. } if code == UNREADABLE => {
            Some(Notice::new(Tone::Bad, "What Apple lists cannot be read", why.clone()))
        }
        OperationState::Refused { status, code, why, .. } => {
            Some(Notice::new(Tone::Bad, format!("Apple refused ({status} {code})"), why.clone()))
        }
        OperationState::Failed { why } if makes_certificate => {
            Some(Notice::new(Tone::Bad, "It could not be done, and nothing was made", why.clone()))
        }
        OperationState::Failed { why } => Some(Notice::new(Tone::Bad, "It could not be done", why.clone())),
        OperationState::Started | OperationState::Working { .. } | OperationState::Calling { .. } => None,
    }
}

fn places_words(places: &[Place]) -> String {
    let foreign = places.iter().filter(|place| !place.key_held).count();
    match foreign {
        0 => format!("{} places are taken, Russet holds the key of each.", places.len()),
        1 => format!("{} places are taken, one without a key we hold.", places.len()),
        many => format!("{} places are taken, {many} without a key we hold.", places.len()),
    }
}

/// The steps: of a plan those that were begun, of creating a certificate what happens here and at Apple, else the one.
#[must_use]
pub(crate) fn steps(view: &OperationView) -> Vec<Step> {
    if !view.steps.is_empty() {
        return view.steps.iter().map(step_of).collect();
    }
    match &view.operation.kind {
        OperationKind::CreateCertificate { .. } => steps_of_creation(&view.operation),
        _ => vec![step_of(&view.operation)],
    }
}

/// An act as one step.
fn step_of(operation: &Operation) -> Step {
    let (progress, note) = match &operation.state {
        OperationState::Done { .. } => (Progress::Done, String::new()),
        OperationState::Refused { why, .. } | OperationState::Failed { why } => (Progress::Failed, why.clone()),
        OperationState::Unknown { .. } => (Progress::Now, "The answer was lost; Russet looks at what Apple lists".to_owned()),
        _ => (Progress::Now, String::new()),
    };
    Step {
        title: operation.kind.title(),
        note,
        progress,
        at: operation.state.is_over().then_some(operation.updated_at),
    }
}

fn steps_of_creation(operation: &Operation) -> Vec<Step> {
    use Progress as P;
    let step = |title: &str, note: &str, progress, at| Step {
        title: title.to_owned(),
        note: note.to_owned(),
        progress,
        at,
    };
    let made = step(
        "Make key pair and request",
        "RSA 2048, made and sealed here",
        P::Done,
        Some(operation.started_at),
    );
    let ask = "Ask Apple for one certificate";
    let keep = "Keep it with its private key";
    let to_come = step(keep, "", P::Waiting, None);
    let ended = Some(operation.updated_at);
    match &operation.state {
        OperationState::Started | OperationState::Working { .. } | OperationState::Calling { .. } => {
            vec![made, step(ask, "A lost answer never makes a second one", P::Now, None), to_come]
        }
        OperationState::Unknown { .. } => vec![
            made,
            step(ask, "The answer was lost; Russet looks at what Apple lists", P::Now, None),
            to_come,
        ],
        OperationState::Refused { .. } => vec![made, step(ask, "Apple refused, nothing was made there", P::Failed, ended), to_come],
        OperationState::Failed { .. } => vec![made, step(ask, "Nothing was made there", P::Failed, ended), to_come],
        OperationState::Done { .. } => vec![
            made,
            step(ask, "", P::Done, ended),
            step(keep, "Sealed, ready to download", P::Done, ended),
        ],
    }
}

/// `GET /o/{org}/operations/{operation}`
pub(crate) async fn show(Reach(state): Reach<State>, Path((org, operation)): Path<(String, String)>, visitor: Visitor) -> Answer {
    let (org, operation) = (id(&org)?, id(&operation)?);
    let shell = visitor.shell_in(&state, org, shell::Place::Certificates).await?;
    let caller = &visitor.who.caller;
    // Most acts at Apple take a second: a short wait spares most visitors the page in between.
    let view = state.app.wait_for_operation(caller, org, operation, Duration::from_secs(1)).await?;
    let key_name = match state.app.key(caller, org, view.operation.kind.key()).await {
        Ok(details) => details.summary.key.name.to_string(),
        Err(_) => "that was removed since".to_owned(),
    };
    let shell = Shell {
        here: place(&view.operation.kind),
        ..shell
    };
    page(&OperationPage::new(shell, org, view, key_name))
}

/// How often a change is looked for; an unchanged page is sent nothing.
const LOOK: Duration = Duration::from_secs(5);

/// `GET /o/{org}/operations/{operation}/events`: the steps again whenever they change, then the end.
pub(crate) async fn events(
    Reach(state): Reach<State>,
    Path((org, operation)): Path<(String, String)>,
    OpenPage(visitor): OpenPage,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Refusal> {
    let (org, operation) = (id(&org)?, id(&operation)?);
    // Asked once here, so that what does not exist is an error and not an empty stream.
    state.app.operation(&visitor.who.caller, org, operation).await?;
    let events = stream::unfold(Some(None), move |last: Option<Option<Timestamp>>| {
        let (state, cookie, origin) = (state.clone(), visitor.cookie.clone(), visitor.who.caller.origin.clone());
        async move {
            let last = last?;
            // Whoever is signed out or removed meanwhile is shown no more: each look rests on the rights of its moment.
            let who = state.app.by_session_unattended(&cookie, origin).await.ok()??;
            let view = state.app.wait_for_operation(&who.caller, org, operation, LOOK).await.ok()?;
            if view.operation.state.is_over() {
                return Some((Ok(Event::default().event("end").data("over")), None));
            }
            let changed = Some(view.operation.updated_at);
            if changed == last {
                return Some((Ok(Event::default().comment("unchanged")), Some(changed)));
            }
            let fragment = Steps { steps: steps(&view) }.render().ok()?;
            Some((Ok(Event::default().event("progress").data(fragment)), Some(changed)))
        }
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}
