//! A signing set of what is held here or lent: its type first, then the profiles of that type, and what they are signed with.

use super::super::{
    filters,
    listing::Asked,
    parts::{Mark, Tone, Wrong},
    profiles::{list::matched, register::types},
    shell::{Place, Shell},
    visit::{Answer, Sent, Visitor, belongs_in_form, done, form_again, id, page},
};
use crate::State;
use app::{
    Paging, Problem,
    apple_account::ListQuery,
    certificates::InheritedCertificate,
    profiles::{CertificateMatch, ProfileRow},
    signing_sets::PickedItem,
};
use askama::Template;
use axum::extract::{Path, Query, State as Reach};
use domain::{Action, CertificateId, CertificateType, ListedCertificate, OrgId, ProfileState, ProfileType, name::folded};
use jiff::Timestamp;

/// What was filled in before.
#[derive(Debug, Clone, Default)]
pub(crate) struct Entered {
    /// The name.
    pub(crate) name: String,
    /// The ids of the ticked profiles.
    pub(crate) profiles: Vec<String>,
    /// The id of the certificate; empty for the one that each profile has.
    pub(crate) certificate: String,
}

/// The page.
#[derive(Template)]
#[template(path = "signing_sets/pick.html")]
pub(crate) struct PickSetPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// Types: Apple's word and ours.
    pub(crate) types: Vec<(&'static str, String)>,
    /// The chosen type.
    pub(crate) profile_type: ProfileType,
    /// What the names of the profiles are searched for.
    pub(crate) search: String,
    /// The profiles of that type, those that are lent first, or as many as fit on a page.
    pub(crate) profiles: Vec<ProfileRow>,
    /// Whether there are more.
    pub(crate) has_more: bool,
    /// The certificates that can be in them and sign now.
    pub(crate) certificates: Vec<ListedCertificate>,
    /// The same of those that are lent.
    pub(crate) inherited: Vec<InheritedCertificate>,
    /// What was filled in before.
    pub(crate) entered: Entered,
    /// What is wrong.
    pub(crate) wrong: Wrong,
}

impl PickSetPage {
    fn is_chosen(&self, word: &str) -> bool {
        self.profile_type.as_str() == word
    }

    fn is_ticked(&self, row: &ProfileRow) -> bool {
        self.entered.profiles.contains(&row.profile.id.to_string())
    }

    fn is_wanted(&self, certificate: &CertificateId) -> bool {
        self.entered.certificate == certificate.to_string()
    }

    fn is_lent(&self, row: &ProfileRow) -> bool {
        row.profile.organization != self.org
    }

    fn matched(&self, row: &ProfileRow) -> Mark {
        matched(row.matched)
    }

    /// Why a profile cannot be picked.
    fn refused(&self, row: &ProfileRow) -> Option<&'static str> {
        match (row.state, row.matched) {
            (ProfileState::Expired, _) => Some("It has expired. Rebuild it first."),
            (ProfileState::Invalid, _) => Some("Apple does not take it any more. Rebuild it first."),
            (_, CertificateMatch::NoKeyHeld(_)) => {
                Some("The private key of its certificate is not here. Import it, or rebuild the profile.")
            }
            (_, CertificateMatch::NoCertificate) => Some("None of its certificates is here. Import one, or rebuild the profile."),
            (ProfileState::Ready | ProfileState::Rebuilding, CertificateMatch::KeyHeld(_)) => None,
        }
    }
}

async fn pick_page(
    state: &State,
    visitor: &Visitor,
    org: OrgId,
    asked: &Asked,
    entered: Entered,
    wrong: Wrong,
) -> Result<PickSetPage, Problem> {
    let shell = visitor.shell_for(state, org, Place::SigningSets, Action::EditSigningSets).await?;
    let caller = &visitor.who.caller;
    let profile_type = ProfileType::creatable(&asked.kind).unwrap_or_else(|_| ProfileType::of_apple("IOS_APP_STORE"));
    let query = ListQuery {
        search: asked.query().search,
        kind: Some(profile_type.as_str().to_owned()),
        ..ListQuery::default()
    };
    let most = Paging::first(Paging::MOST);
    let profiles = state.app.profiles(caller, org, &query, &most).await?;
    let mut rows: Vec<ProfileRow> = state
        .app
        .inherited_profiles(caller, org)
        .await?
        .into_iter()
        .map(|one| one.row)
        .collect();
    rows.retain(|row| row.profile.profile_type == profile_type && fits(row, &asked.q));
    rows.extend(profiles.items);
    let can_sign =
        |certificate_type: &CertificateType, ends: Timestamp| ends > shell.now && profile_type.takes_certificate(certificate_type);
    let mut certificates = state.app.certificates(caller, org, &ListQuery::default(), &most).await?.items;
    certificates.retain(|held| held.key_held && can_sign(&held.certificate_type, held.expires_at));
    let mut inherited = state.app.inherited_certificates(caller, org).await?;
    inherited
        .retain(|one| one.certificate.private_key.is_some() && can_sign(&one.certificate.certificate_type, one.certificate.expires_at));
    Ok(PickSetPage {
        shell,
        org,
        types: types(),
        profile_type,
        search: asked.q.trim().to_owned(),
        has_more: profiles.next.is_some(),
        profiles: rows,
        certificates,
        inherited,
        entered,
        wrong,
    })
}

/// Whether a lent profile is among those that are searched for; one's own are searched by the database.
fn fits(row: &ProfileRow, search: &str) -> bool {
    let search = folded(search.trim());
    let texts = [&row.profile.name, &row.profile.bundle_identifier, &row.profile.uuid];
    texts.into_iter().any(|text| folded(text).contains(&search))
}

/// `GET /o/{org}/signing-sets/new?kind=&q=`
pub(crate) async fn form(Reach(state): Reach<State>, Path(org): Path<String>, Query(asked): Query<Asked>, visitor: Visitor) -> Answer {
    page(&pick_page(&state, &visitor, id(&org)?, &asked, Entered::default(), Wrong::default()).await?)
}

/// `POST /o/{org}/signing-sets/new`: a name is there once, so a form that is sent twice makes one set.
pub(crate) async fn create(Reach(state): Reach<State>, Path(org): Path<String>, sent: Sent) -> Answer {
    let (org, fields): (OrgId, _) = (id(&org)?, &sent.fields);
    let caller = &sent.visitor.who.caller;
    state.app.may(caller, Action::EditSigningSets, org).await?;
    let entered = Entered {
        name: fields.text("name").to_owned(),
        profiles: fields.all("profile"),
        certificate: fields.text("certificate").to_owned(),
    };
    let certificate = match entered.certificate.as_str() {
        "" => None,
        chosen => Some(id(chosen)?),
    };
    let picked = entered.profiles.iter().map(|profile| {
        Ok(PickedItem {
            profile: id(profile)?,
            certificate,
        })
    });
    let picked = picked.collect::<Result<Vec<_>, Problem>>()?;
    match state.app.create_signing_set(caller, org, &entered.name, &picked).await {
        Ok(view) => Ok(done(&state, &format!("/o/{org}/signing-sets/{}", view.set.id), "set-made")),
        Err(problem) if belongs_in_form(&problem) => {
            let asked = Asked {
                kind: fields.text("type").to_owned(),
                q: fields.text("q").to_owned(),
                ..Asked::default()
            };
            let again = pick_page(&state, &sent.visitor, org, &asked, entered, Wrong::from(&problem)).await?;
            form_again(&problem, &again)
        }
        Err(problem) => Err(problem.into()),
    }
}
