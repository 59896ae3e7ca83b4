//! Bringing certificates in: the four ways, a file, the account.

use super::super::{
    apple::told_in_place,
    filters,
    listing::{Asked, pick},
    parts::{Mark, Notice, Tone, Wrong},
    shell::{Place, Shell},
    visit::{Answer, Sent, SentFile, Visitor, belongs_in_form, done, form_again, id, page},
};
use crate::State;
use app::{
    Problem,
    apple_account::{AppleCertificate, ListQuery},
    certificates::{Imported, Taken, TakenIn},
    keys::KeyChoice,
};
use askama::Template;
use axum::extract::{Path, Query, State as Reach};
use domain::{Action, ApiKeyId, Feature, OrgId};
use zeroize::Zeroizing;

/// The ways.
#[derive(Template)]
#[template(path = "certificates/new.html")]
pub(crate) struct AddPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
}

/// A file.
#[derive(Template)]
#[template(path = "certificates/upload.html")]
pub(crate) struct UploadPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// Whether a certificate alone is meant.
    pub(crate) cer: bool,
    /// What is wrong with it.
    pub(crate) wrong: Wrong,
}

/// The account.
#[derive(Template)]
#[template(path = "certificates/fetch.html")]
pub(crate) struct FetchPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// Keys to read through.
    pub(crate) keys: Vec<KeyChoice>,
    /// The picked one.
    pub(crate) key: Option<ApiKeyId>,
    /// What the account has.
    pub(crate) items: Vec<AppleCertificate>,
    /// Why Apple's list is not here.
    pub(crate) trouble: Option<Notice>,
    /// What is wrong with the choice.
    pub(crate) wrong: Wrong,
}

impl FetchPage {
    fn type_of(&self, row: &AppleCertificate) -> String {
        super::list::title(&row.certificate_type)
    }
}

/// What came of it.
#[derive(Template)]
#[template(path = "certificates/imported.html")]
pub(crate) struct ImportedPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// What was taken, and what not.
    pub(crate) imported: Imported,
}

impl ImportedPage {
    fn title(&self) -> String {
        match self.imported.taken.iter().filter(|taken| taken.how != Taken::Held).count() {
            0 => "Nothing new".to_owned(),
            1 => "1 certificate taken in".to_owned(),
            many => format!("{many} certificates taken in"),
        }
    }

    fn how(&self, taken: &TakenIn) -> Mark {
        match taken.how {
            Taken::New if taken.certificate.private_key.is_some() => Mark::new(Tone::Ok, "ok", "New, with its key"),
            Taken::New => Mark::new(Tone::Warn, "warn", "New, no key here"),
            Taken::Joined => Mark::new(Tone::Ok, "ok", "Completed"),
            Taken::Held => Mark::new(Tone::Off, "ok", "Was here"),
        }
    }
}

/// Which of the two uploads.
#[derive(serde::Deserialize, Default)]
#[serde(default)]
pub(crate) struct Which {
    what: String,
}

/// `GET /o/{org}/certificates/new`
pub(crate) async fn choose(Reach(state): Reach<State>, Path(org): Path<String>, visitor: Visitor) -> Answer {
    let org = id(&org)?;
    let shell = visitor
        .shell_for(&state, org, Place::Certificates, Action::ImportCertificate)
        .await?;
    page(&AddPage { shell, org })
}

async fn upload_page(state: &State, visitor: &Visitor, org: OrgId, which: &Which, wrong: Wrong) -> Result<UploadPage, Problem> {
    Ok(UploadPage {
        shell: visitor
            .shell_for(state, org, Place::Certificates, Action::ImportCertificate)
            .await?,
        org,
        cer: which.what == "cer",
        wrong,
    })
}

/// `GET /o/{org}/certificates/upload?what=cer`
pub(crate) async fn upload_form(
    Reach(state): Reach<State>,
    Path(org): Path<String>,
    Query(which): Query<Which>,
    visitor: Visitor,
) -> Answer {
    page(&upload_page(&state, &visitor, id(&org)?, &which, Wrong::default()).await?)
}

/// `POST /o/{org}/certificates/upload`: sent twice, everything is here already, which is as good.
pub(crate) async fn upload(Reach(state): Reach<State>, Path(org): Path<String>, Query(which): Query<Which>, sent: SentFile) -> Answer {
    let org = id(&org)?;
    let password = Zeroizing::new(sent.fields.text("password").to_owned());
    let caller = &sent.visitor.who.caller;
    match state.app.import_certificates(caller, org, sent.file.clone(), password).await {
        Ok(imported) => told(&state, &sent.visitor, org, imported).await,
        Err(problem) if belongs_in_form(&problem) => {
            // A file that turns out to be under a password wants the form that has one.
            let which = match problem.code {
                "password_wrong" => Which::default(),
                _ => which,
            };
            let again = upload_page(&state, &sent.visitor, org, &which, Wrong::from(&problem)).await?;
            form_again(&problem, &again)
        }
        Err(problem) => Err(problem.into()),
    }
}

/// One certificate without more to say is shown itself; everything else is told in a list.
async fn told(state: &State, visitor: &Visitor, org: OrgId, imported: Imported) -> Answer {
    if let ([taken], true, true) = (
        imported.taken.as_slice(),
        imported.left_out.is_empty(),
        imported.warnings.is_empty() && imported.taken.iter().all(|taken| taken.warnings.is_empty()),
    ) {
        let word = match taken.how {
            Taken::New => "certificate-taken-in",
            Taken::Joined => "certificate-joined",
            Taken::Held => "certificate-held",
        };
        return Ok(done(state, &format!("/o/{org}/certificates/{}", taken.certificate.id), word));
    }
    let shell = visitor.shell_in(state, org, Place::Certificates).await?;
    page(&ImportedPage { shell, org, imported })
}

async fn fetch_page(state: &State, visitor: &Visitor, org: OrgId, asked: &Asked, wrong: Wrong) -> Result<FetchPage, Problem> {
    let shell = visitor
        .shell_for(state, org, Place::Certificates, Action::ImportCertificate)
        .await?;
    let caller = &visitor.who.caller;
    let (keys, key) = pick(state, caller, org, Feature::Certificates, asked).await?;
    let (mut items, mut trouble) = (Vec::new(), None);
    if let Some(key) = key {
        match told_in_place(state.app.apple_certificates(caller, org, key, &ListQuery::default()).await)? {
            Ok(listing) => items = listing.items,
            Err(notice) => trouble = Some(notice),
        }
    }
    Ok(FetchPage {
        shell,
        org,
        keys,
        key,
        items,
        trouble,
        wrong,
    })
}

/// `GET /o/{org}/certificates/fetch?key=`
pub(crate) async fn fetch_form(
    Reach(state): Reach<State>,
    Path(org): Path<String>,
    Query(asked): Query<Asked>,
    visitor: Visitor,
) -> Answer {
    page(&fetch_page(&state, &visitor, id(&org)?, &asked, Wrong::default()).await?)
}

/// `POST /o/{org}/certificates/fetch`
pub(crate) async fn fetch(Reach(state): Reach<State>, Path(org): Path<String>, sent: Sent) -> Answer {
    let org = id(&org)?;
    let (caller, key) = (&sent.visitor.who.caller, id(sent.fields.text("key"))?);
    let chosen = sent.fields.all("certificate");
    let fetched = match sent.fields.text("which") {
        "all" => state.app.fetch_certificates(caller, org, key, None).await,
        _ if chosen.is_empty() => Err(Problem::field(
            "certificates_missing",
            "certificates",
            "No certificate is ticked. Tick those to fetch, or fetch all.",
        )),
        _ => {
            let chosen = chosen.into_iter().collect();
            state.app.fetch_certificates(caller, org, key, Some(&chosen)).await
        }
    };
    match fetched {
        Ok(imported) => {
            let shell = sent.visitor.shell_in(&state, org, Place::Certificates).await?;
            page(&ImportedPage { shell, org, imported })
        }
        Err(problem) if belongs_in_form(&problem) => {
            let asked = Asked {
                key: key.to_string(),
                ..Asked::default()
            };
            let again = fetch_page(&state, &sent.visitor, org, &asked, Wrong::from(&problem)).await?;
            form_again(&problem, &again)
        }
        Err(problem) => Err(problem.into()),
    }
}
