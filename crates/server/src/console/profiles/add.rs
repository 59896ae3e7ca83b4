//! Bringing profiles in: the ways, files, the account.

use super::super::{
    apple::told_in_place,
    filters,
    listing::{Asked, pick},
    parts::{Mark, Notice, Tone, Wrong},
    shell::{Place, Shell},
    visit::{Answer, Sent, SentFile, Visitor, belongs_in_form, form_again, id, page},
};
use crate::State;
use app::{
    Problem,
    apple_account::{AppleProfile, ListQuery},
    keys::KeyChoice,
    profiles::ProfileRow,
};
use askama::Template;
use axum::extract::{Path, Query, State as Reach};
use domain::{Action, ApiKeyId, Feature, OrgId};

/// The ways.
#[derive(Template)]
#[template(path = "profiles/new.html")]
pub(crate) struct AddProfilePage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
}

/// Files.
#[derive(Template)]
#[template(path = "profiles/upload.html")]
pub(crate) struct UploadProfilesPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// What is wrong with them.
    pub(crate) wrong: Wrong,
}

/// The account.
#[derive(Template)]
#[template(path = "profiles/fetch.html")]
pub(crate) struct FetchProfilesPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// Keys to read through.
    pub(crate) keys: Vec<KeyChoice>,
    /// The picked one.
    pub(crate) key: Option<ApiKeyId>,
    /// What the account has.
    pub(crate) items: Vec<AppleProfile>,
    /// Why Apple's list is not here.
    pub(crate) trouble: Option<Notice>,
    /// What is wrong with the choice.
    pub(crate) wrong: Wrong,
}

/// What came of it.
#[derive(Template)]
#[template(path = "profiles/imported.html")]
pub(crate) struct ImportedProfilesPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// What is held because of it, with what to know.
    pub(crate) taken: Vec<(ProfileRow, &'static str)>,
    /// How many were here before, as they are.
    pub(crate) unchanged: u32,
    /// What was not taken, and why.
    pub(crate) left_out: Vec<(String, String)>,
}

impl ImportedProfilesPage {
    fn matched(&self, row: &ProfileRow) -> Mark {
        super::list::matched(row.matched)
    }

    fn title(&self) -> String {
        match self.taken.len() {
            0 => "Nothing new".to_owned(),
            1 => "1 profile taken in".to_owned(),
            many => format!("{many} profiles taken in"),
        }
    }
}

/// `GET /o/{org}/profiles/new`
pub(crate) async fn choose(Reach(state): Reach<State>, Path(org): Path<String>, visitor: Visitor) -> Answer {
    let org = id(&org)?;
    let shell = visitor.shell_for(&state, org, Place::Profiles, Action::EditProfiles).await?;
    page(&AddProfilePage { shell, org })
}

async fn upload_page(state: &State, visitor: &Visitor, org: OrgId, wrong: Wrong) -> Result<UploadProfilesPage, Problem> {
    Ok(UploadProfilesPage {
        shell: visitor.shell_for(state, org, Place::Profiles, Action::EditProfiles).await?,
        org,
        wrong,
    })
}

/// `GET /o/{org}/profiles/upload`
pub(crate) async fn upload_form(Reach(state): Reach<State>, Path(org): Path<String>, visitor: Visitor) -> Answer {
    page(&upload_page(&state, &visitor, id(&org)?, Wrong::default()).await?)
}

/// `POST /o/{org}/profiles/upload`: sent twice, everything is here already, and says so.
pub(crate) async fn upload(Reach(state): Reach<State>, Path(org): Path<String>, sent: SentFile) -> Answer {
    let org = id(&org)?;
    let caller = &sent.visitor.who.caller;
    let first = sent.file_name.clone().map(|name| (name, sent.file.to_vec()));
    let others = sent.further.iter().map(|(name, bytes)| (name.clone(), bytes.to_vec()));
    let files = first.into_iter().chain(others).collect();
    match state.app.import_profiles(caller, org, files).await {
        Ok(imported) => {
            let (mut taken, mut left_out) = (Vec::new(), Vec::new());
            for one in imported {
                match one.profile {
                    Ok(row) => taken.push((row, one.warning.unwrap_or_default())),
                    Err(why) => left_out.push((one.file_name, why)),
                }
            }
            page(&ImportedProfilesPage {
                shell: sent.visitor.shell_in(&state, org, Place::Profiles).await?,
                org,
                taken,
                unchanged: 0,
                left_out,
            })
        }
        Err(problem) if belongs_in_form(&problem) => {
            let again = upload_page(&state, &sent.visitor, org, Wrong::from(&problem)).await?;
            form_again(&problem, &again)
        }
        Err(problem) => Err(problem.into()),
    }
}

async fn fetch_page(state: &State, visitor: &Visitor, org: OrgId, asked: &Asked, wrong: Wrong) -> Result<FetchProfilesPage, Problem> {
    let shell = visitor.shell_for(state, org, Place::Profiles, Action::EditProfiles).await?;
    let caller = &visitor.who.caller;
    let (keys, key) = pick(state, caller, org, Feature::Profiles, asked).await?;
    let (mut items, mut trouble) = (Vec::new(), None);
    if let Some(key) = key {
        match told_in_place(state.app.apple_profiles(caller, org, key, &ListQuery::default()).await)? {
            Ok(listing) => items = listing.items,
            Err(notice) => trouble = Some(notice),
        }
    }
    Ok(FetchProfilesPage {
        shell,
        org,
        keys,
        key,
        items,
        trouble,
        wrong,
    })
}

/// `GET /o/{org}/profiles/fetch?key=`
pub(crate) async fn fetch_form(
    Reach(state): Reach<State>,
    Path(org): Path<String>,
    Query(asked): Query<Asked>,
    visitor: Visitor,
) -> Answer {
    page(&fetch_page(&state, &visitor, id(&org)?, &asked, Wrong::default()).await?)
}

/// `POST /o/{org}/profiles/fetch`
pub(crate) async fn fetch(Reach(state): Reach<State>, Path(org): Path<String>, sent: Sent) -> Answer {
    let org = id(&org)?;
    let (caller, key) = (&sent.visitor.who.caller, id(sent.fields.text("key"))?);
    let chosen = sent.fields.all("profile");
    let fetch = async |chosen: Option<&[String]>| {
        if sent.fields.text("keep") == "reference" {
            state.app.fetch_profile_references(caller, org, key, chosen).await
        } else {
            state.app.fetch_profiles(caller, org, key, chosen).await
        }
    };
    let fetched = match sent.fields.text("which") {
        "all" => fetch(None).await,
        _ if chosen.is_empty() => Err(Problem::field(
            "profiles_missing",
            "profiles",
            "No profile is ticked. Tick those to fetch, or fetch all.",
        )),
        _ => {
            let chosen: Vec<String> = chosen.into_iter().collect();
            fetch(Some(&chosen)).await
        }
    };
    match fetched {
        Ok(fetched) => {
            let new = fetched.new.into_iter().map(|row| (row, ""));
            let changed = fetched
                .changed
                .into_iter()
                .map(|row| (row, "Another file or another state since now."));
            page(&ImportedProfilesPage {
                shell: sent.visitor.shell_in(&state, org, Place::Profiles).await?,
                org,
                taken: new.chain(changed).collect(),
                unchanged: fetched.unchanged,
                left_out: fetched.left_out,
            })
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
