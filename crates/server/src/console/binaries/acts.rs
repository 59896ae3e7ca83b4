//! Uploading a binary, marking it, removing it.

use super::super::{
    filters,
    parts::{Tone, Wrong},
    shell::{Place, Shell},
    visit::{Answer, Sent, SentStream, Visitor, belongs_in_form, done, form_again, id, page},
};
use crate::State;
use app::{Problem, binaries::BinaryView};
use askama::Template;
use axum::extract::{Path, State as Reach};
use domain::{Action, BinaryId, OrgId, binary::MOST_BYTES};

/// Largest form: a file, and what stands around it.
pub(crate) const FORM_BYTES: usize = MOST_BYTES as usize + 1_000_000;

/// A new binary.
#[derive(Template)]
#[template(path = "binaries/upload.html")]
pub(crate) struct UploadPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// What is wrong with the file.
    pub(crate) wrong: Wrong,
}

/// Taking it away.
#[derive(Template)]
#[template(path = "binaries/remove.html")]
pub(crate) struct RemoveBinaryPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// The binary.
    pub(crate) view: BinaryView,
    /// What is in the way.
    pub(crate) wrong: Wrong,
}

type Ids = Path<(String, String)>;

/// `GET /o/{org}/binaries/upload`
pub(crate) async fn upload_form(Reach(state): Reach<State>, Path(org): Path<String>, visitor: Visitor) -> Answer {
    let org = id(&org)?;
    page(&UploadPage {
        shell: visitor.shell_for(&state, org, Place::Binaries, Action::UploadBinary).await?,
        org,
        wrong: Wrong::default(),
    })
}

/// `POST /o/{org}/binaries/upload`: the file is written down as it comes.
pub(crate) async fn upload(Reach(state): Reach<State>, Path(org): Path<String>, sent: SentStream) -> Answer {
    let org: OrgId = id(&org)?;
    // Whoever may not is told before anything of the form is read.
    let shell = sent.visitor.shell_for(&state, org, Place::Binaries, Action::UploadBinary).await?;
    let most = sent.length.unwrap_or(MOST_BYTES).clamp(1, MOST_BYTES);
    let (visitor, mut form) = sent.open().await?;
    let taken = match form.file().await {
        Some((name, bytes)) => state.app.take_binary(&visitor.who.caller, org, name, most, Box::pin(bytes)).await,
        None => Err(Problem::field(
            "file_missing",
            "file",
            "Choose the .ipa or .pkg that the build made.",
        )),
    };
    match taken {
        Ok(arrived) => {
            let toast = if arrived.was_here { "binary-held" } else { "binary-uploaded" };
            Ok(done(&state, &format!("/o/{org}/binaries/{}", arrived.binary.id), toast))
        }
        Err(problem) if belongs_in_form(&problem) => {
            let wrong = Wrong::from(&problem);
            form_again(&problem, &UploadPage { shell, org, wrong })
        }
        Err(problem) => Err(problem.into()),
    }
}

/// `POST /o/{org}/binaries/{binary}/mark`
pub(crate) async fn mark(Reach(state): Reach<State>, Path((org, binary)): Ids, sent: Sent) -> Answer {
    let (org, binary) = (id(&org)?, id(&binary)?);
    let caller = &sent.visitor.who.caller;
    let is_candidate = sent.fields.text("release_candidate") == "yes";
    state.app.mark_binary(caller, org, binary, is_candidate).await?;
    Ok(done(&state, &format!("/o/{org}/binaries/{binary}"), "binary-marked"))
}

async fn remove_page(state: &State, visitor: &Visitor, org: OrgId, binary: BinaryId, wrong: Wrong) -> Result<RemoveBinaryPage, Problem> {
    let shell = visitor.shell_for(state, org, Place::Binaries, Action::UploadBinary).await?;
    // Whoever may remove may see.
    let view = state.app.binary(&visitor.who.caller, org, binary).await?;
    Ok(RemoveBinaryPage { shell, org, view, wrong })
}

/// `GET /o/{org}/binaries/{binary}/remove`
pub(crate) async fn remove_form(Reach(state): Reach<State>, Path((org, binary)): Ids, visitor: Visitor) -> Answer {
    page(&remove_page(&state, &visitor, id(&org)?, id(&binary)?, Wrong::default()).await?)
}

/// `POST /o/{org}/binaries/{binary}/remove`
pub(crate) async fn remove(Reach(state): Reach<State>, Path((org, binary)): Ids, sent: Sent) -> Answer {
    let (org, binary) = (id(&org)?, id(&binary)?);
    match state.app.remove_binary(&sent.visitor.who.caller, org, binary).await {
        Ok(()) => Ok(done(&state, &format!("/o/{org}/binaries"), "binary-removed")),
        Err(problem) if belongs_in_form(&problem) => {
            let again = remove_page(&state, &sent.visitor, org, binary, Wrong::from(&problem)).await?;
            form_again(&problem, &again)
        }
        Err(problem) => Err(problem.into()),
    }
}
