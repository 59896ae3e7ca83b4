//! The signing requests of an organization, and one of them.

use super::super::{
    filters,
    parts::Mark,
    shell::{Place, Shell},
    visit::{Answer, Visitor, id, page},
};
use crate::{State, attachment::attachment};
use app::{
    Paging,
    csrs::{CsrDetails, CsrView},
};
use askama::Template;
use axum::extract::{Path, Query, State as Reach};
use domain::{HeldCertificate, HeldCsr, OrgId};

/// Requests on one page.
const PER_PAGE: u32 = 50;

/// The list.
#[derive(Template)]
#[template(path = "csrs/list.html")]
pub(crate) struct CsrsPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// Newest first.
    pub(crate) csrs: Vec<CsrView>,
    /// Where the next page begins.
    pub(crate) next: Option<String>,
}

impl CsrsPage {
    fn state(&self, csr: &HeldCsr) -> Mark {
        super::state(csr)
    }
}

/// One request.
#[derive(Template)]
#[template(path = "csrs/csr.html")]
pub(crate) struct CsrPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// The request.
    pub(crate) view: CsrView,
    /// The certificates that have its key.
    pub(crate) certificates: Vec<HeldCertificate>,
}

impl CsrPage {
    fn address(&self) -> String {
        format!("/o/{}/csrs/{}", self.org, self.view.csr.id)
    }

    fn state(&self) -> Mark {
        super::state(&self.view.csr)
    }
}

/// Which page of the list.
#[derive(serde::Deserialize, Default)]
#[serde(default)]
pub(crate) struct Asked {
    cursor: Option<String>,
}

/// `GET /o/{org}/csrs`
pub(crate) async fn show(Reach(state): Reach<State>, Path(org): Path<String>, Query(asked): Query<Asked>, visitor: Visitor) -> Answer {
    let org = id(&org)?;
    let shell = visitor.shell_in(&state, org, Place::Certificates).await?;
    let paging = Paging {
        after: asked.cursor,
        limit: PER_PAGE,
    };
    let found = state.app.csrs(&visitor.who.caller, org, &paging).await?;
    page(&CsrsPage {
        shell,
        org,
        csrs: found.items,
        next: found.next,
    })
}

/// `GET /o/{org}/csrs/{csr}`
pub(crate) async fn one(Reach(state): Reach<State>, Path((org, csr)): Path<(String, String)>, visitor: Visitor) -> Answer {
    let (org, csr) = (id(&org)?, id(&csr)?);
    let shell = visitor.shell_in(&state, org, Place::Certificates).await?;
    let CsrDetails { view, certificates } = state.app.csr(&visitor.who.caller, org, csr).await?;
    page(&CsrPage {
        shell,
        org,
        view,
        certificates,
    })
}

/// `GET /o/{org}/csrs/{csr}/download`
pub(crate) async fn download(Reach(state): Reach<State>, Path((org, csr)): Path<(String, String)>, visitor: Visitor) -> Answer {
    let download = state.app.download_csr(&visitor.who.caller, id(&org)?, id(&csr)?).await?;
    Ok(attachment(&download))
}
