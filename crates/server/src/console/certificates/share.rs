//! The share panel of a certificate: a page of its own, and a panel beside the list.
//!
//! As with keys, the form carries what was shared when it was shown, so that saving changes what was changed on it and
//! nothing else.

use super::super::{
    filters,
    keys::share::end_of,
    parts::{Tone, Wrong},
    shell::{Place, Shell},
    visit::{Answer, Sent, Visitor, belongs_in_form, done, form_again, id, page},
};
use crate::State;
use app::{
    Problem,
    certificates::{CertificateShareChange, CertificateSharePanel},
    sharing::{Borrower, PanelQuery},
};
use askama::Template;
use axum::extract::{Path, Query, State as Reach};
use domain::{Action, OrgId, ShareTarget};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// Which page of the sub-organizations.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    cursor: Option<String>,
}

/// The page.
#[derive(Template)]
#[template(path = "certificates/share.html")]
pub(crate) struct ShareCertificatePage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// With whom it is shared.
    pub(crate) panel: CertificateSharePanel,
    /// What was ticked, `all` among it; none for what stands.
    pub(crate) ticked: Option<BTreeSet<String>>,
    /// The last day, as entered.
    pub(crate) stops_at: String,
    /// What is wrong.
    pub(crate) wrong: Wrong,
}

impl ShareCertificatePage {
    fn address(&self) -> String {
        format!("/o/{}/certificates/{}/share", self.org, self.panel.certificate.id)
    }

    fn is_with_all(&self) -> bool {
        match &self.ticked {
            Some(ticked) => ticked.contains("all"),
            None => self.panel.all.is_some(),
        }
    }

    fn is_with(&self, sub: &Borrower) -> bool {
        match &self.ticked {
            Some(ticked) => ticked.contains(&sub.organization.id.to_string()),
            None => sub.chosen.is_some(),
        }
    }

    fn all_ends(&self) -> Option<Timestamp> {
        self.panel.all.as_ref()?.stops_at
    }

    fn ends(&self, sub: &Borrower) -> Option<Timestamp> {
        sub.chosen.as_ref()?.stops_at
    }
}

type Ids = Path<(String, String)>;

async fn share_page(
    state: &State,
    visitor: &Visitor,
    (org, certificate): (&str, &str),
    cursor: Option<String>,
    (ticked, stops_at): (Option<BTreeSet<String>>, String),
    wrong: Wrong,
) -> Result<ShareCertificatePage, Problem> {
    let (org, certificate) = (id(org)?, id(certificate)?);
    let query = PanelQuery { search: None, cursor };
    let panel = state.app.certificate_shares(&visitor.who.caller, org, certificate, &query).await?;
    Ok(ShareCertificatePage {
        shell: visitor.shell_for(state, org, Place::Certificates, Action::ShareCertificate).await?,
        org,
        panel,
        ticked,
        stops_at,
        wrong,
    })
}

/// `GET /o/{org}/certificates/{certificate}/share`
pub(crate) async fn form(
    Reach(state): Reach<State>,
    Path((org, certificate)): Ids,
    Query(asked): Query<Asked>,
    visitor: Visitor,
) -> Answer {
    let standing = (None, String::new());
    page(&share_page(&state, &visitor, (&org, &certificate), asked.cursor, standing, Wrong::default()).await?)
}

/// What to change, given what was shared when the form was shown.
fn change(ticked: &BTreeSet<String>, was: &BTreeSet<String>, stops_at: &str) -> Result<CertificateShareChange, Problem> {
    let target = |word: &String| word.parse::<ShareTarget>().map_err(|_| Problem::not_found());
    let stops_at = Some(stops_at.trim()).filter(|day| !day.is_empty()).map(end_of).transpose()?;
    Ok(CertificateShareChange {
        share: ticked
            .difference(was)
            .map(|word| Ok((target(word)?, stops_at)))
            .collect::<Result<_, Problem>>()?,
        stop: was.difference(ticked).map(target).collect::<Result<_, _>>()?,
    })
}

/// `POST /o/{org}/certificates/{certificate}/share`
pub(crate) async fn share(Reach(state): Reach<State>, Path((org, certificate)): Ids, sent: Sent) -> Answer {
    let mut ticked: BTreeSet<String> = sent.fields.all("chosen").into_iter().collect();
    ticked.extend(sent.fields.is_on("all").then(|| "all".to_owned()));
    let (was, stops_at) = (sent.fields.all("was").into_iter().collect(), sent.fields.text("stops_at"));
    let caller = &sent.visitor.who.caller;
    let changed = match change(&ticked, &was, stops_at) {
        Ok(change) => state
            .app
            .share_certificate(caller, id(&org)?, id(&certificate)?, change)
            .await
            .map(drop),
        Err(problem) => Err(problem),
    };
    match changed {
        Ok(()) => Ok(done(&state, &format!("/o/{org}/certificates/{certificate}"), "certificate-shared")),
        Err(problem) if belongs_in_form(&problem) => {
            let entered = (Some(ticked), stops_at.to_owned());
            let again = share_page(&state, &sent.visitor, (&org, &certificate), None, entered, Wrong::from(&problem)).await?;
            form_again(&problem, &again)
        }
        Err(problem) => Err(problem.into()),
    }
}
