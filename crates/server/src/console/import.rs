//! Moving in with what another tool keeps: a match store, EAS's `credentials.json`, a folder. Looked at first, then taken in.
//!
//! Nothing of the files is kept between the two, so they are sent twice. A script keeps them chosen and sends the same form
//! again; without it people choose them again.

use super::{
    filters,
    parts::{Mark, Tone, Wrong},
    shell::{Place, Shell},
    visit::{Answer, SentFile, Visitor, belongs_in_form, form_again, id, page},
};
use crate::State;
use app::{
    Problem,
    imports::{FILES_MOST, Files, ImportReport, Outcome, Source, WHOLE_BYTES},
};
use askama::Template;
use axum::extract::{Path, State as Reach};
use domain::{Action, OrgId};
use zeroize::Zeroizing;

/// The page.
#[derive(Template)]
#[template(path = "import.html")]
pub(crate) struct ImportPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// What was found, and what became of it, or would.
    pub(crate) report: Option<ImportReport>,
    /// Whether it was only looked at.
    pub(crate) only_looked: bool,
    /// What is wrong.
    pub(crate) wrong: Wrong,
}

impl ImportPage {
    fn files_most(&self) -> usize {
        FILES_MOST
    }

    fn megabytes(&self) -> usize {
        WHOLE_BYTES / 1_000_000
    }

    /// The head of what was found.
    fn title(&self, report: &ImportReport) -> String {
        let certificates = report.certificates.iter().map(|one| &one.outcome);
        let profiles = report.profiles.iter().map(|one| &one.outcome);
        let many = certificates.chain(profiles).filter(|outcome| is_taken(outcome)).count();
        let things = if many == 1 { "thing" } else { "things" };
        match (many, self.only_looked) {
            (0, true) => "Nothing new among these".to_owned(),
            (0, false) => "Nothing new was taken in".to_owned(),
            (_, true) => format!("{many} {things} would be taken in"),
            (_, false) => format!("{many} {things} taken in"),
        }
    }

    fn source(&self, report: &ImportReport) -> &'static str {
        match report.source {
            Source::Match => "Read as a fastlane match store.",
            Source::Eas => "Read as what credentials.json of EAS Build names.",
            Source::Folder => "Read as files.",
        }
    }

    fn mark(&self, outcome: &Outcome) -> Mark {
        match (outcome, self.only_looked) {
            (Outcome::New, true) => Mark::new(Tone::Info, "plus", "Would be taken in"),
            (Outcome::Joined, true) => Mark::new(Tone::Info, "key", "Would get its key"),
            (Outcome::New, false) => Mark::new(Tone::Ok, "ok", "Taken in"),
            (Outcome::Joined, false) => Mark::new(Tone::Ok, "key", "Got its key"),
            (Outcome::Held, _) => Mark::new(Tone::Off, "ok", "Here already"),
            (Outcome::LeftOut(_), _) => Mark::new(Tone::Warn, "warn", "Left out"),
        }
    }

    fn why<'o>(&self, outcome: &'o Outcome) -> &'o str {
        match outcome {
            Outcome::LeftOut(why) => why,
            _ => "",
        }
    }
}

fn is_taken(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::New | Outcome::Joined)
}

async fn import_page(
    state: &State,
    visitor: &Visitor,
    org: OrgId,
    report: Option<ImportReport>,
    only_looked: bool,
    wrong: Wrong,
) -> Result<ImportPage, Problem> {
    Ok(ImportPage {
        shell: visitor
            .shell_for(state, org, Place::Certificates, Action::ImportCertificate)
            .await?,
        org,
        report,
        only_looked,
        wrong,
    })
}

/// `GET /o/{org}/import`
pub(crate) async fn form(Reach(state): Reach<State>, Path(org): Path<String>, visitor: Visitor) -> Answer {
    page(&import_page(&state, &visitor, id(&org)?, None, true, Wrong::default()).await?)
}

/// `POST /o/{org}/import`: a look, or the taking in. Sent twice, everything is here already, and says so.
pub(crate) async fn import(Reach(state): Reach<State>, Path(org): Path<String>, sent: SentFile) -> Answer {
    let org = id(&org)?;
    let SentFile {
        visitor,
        fields,
        file_name,
        file,
        further,
    } = sent;
    let caller = &visitor.who.caller;
    let files: Files = file_name.map(|name| (name, file)).into_iter().chain(further).collect();
    let password = Zeroizing::new(fields.text("password").to_owned());
    let only_looked = fields.is_on("look");
    let outcome = if only_looked {
        state.app.preview_import(caller, org, files, password).await
    } else {
        state.app.import_files(caller, org, files, password).await
    };
    match outcome {
        Ok(report) => page(&import_page(&state, &visitor, org, Some(report), only_looked, Wrong::default()).await?),
        Err(problem) if belongs_in_form(&problem) => {
            let again = import_page(&state, &visitor, org, None, only_looked, Wrong::from(&problem)).await?;
            form_again(&problem, &again)
        }
        Err(problem) => Err(problem.into()),
    }
}
