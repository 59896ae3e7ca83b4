//! The binaries of an organization, and one of them with what is inside.

use super::super::{
    filters,
    shell::{Place, Shell},
    visit::{Answer, Visitor, id, page},
};
use crate::{State, attachment::disposition};
use app::{
    Paging,
    binaries::{BinaryFilter, BinaryView, Finding, Severity},
};
use askama::Template;
use axum::{
    body::Body,
    extract::{Path, Query, State as Reach},
    http::header,
    response::IntoResponse,
};
use domain::{Action, OrgId, binary::BundleInside};

/// Binaries on one page.
const PER_PAGE: u32 = 50;

/// The list.
#[derive(Template)]
#[template(path = "binaries/list.html")]
pub(crate) struct BinariesPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// What is searched for.
    pub(crate) search: String,
    /// Newest first.
    pub(crate) binaries: Vec<BinaryView>,
    /// Where the next page begins.
    pub(crate) next: Option<String>,
}

impl BinariesPage {
    fn size(&self, view: &BinaryView) -> String {
        super::size(view.binary.size)
    }
}

/// One binary.
#[derive(Template)]
#[template(path = "binaries/binary.html")]
pub(crate) struct BinaryPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// The binary.
    pub(crate) view: BinaryView,
    /// What should be known before it is sent, the worst first.
    pub(crate) findings: Vec<Finding>,
}

impl BinaryPage {
    fn address(&self) -> String {
        format!("/o/{}/binaries/{}", self.org, self.view.binary.id)
    }

    fn size(&self) -> String {
        super::size(self.view.binary.size)
    }

    fn bundles(&self) -> Vec<&BundleInside> {
        let contents = self.view.binary.contents.iter();
        contents.flat_map(domain::binary::Contents::bundles).collect()
    }

    fn is_refused(&self, finding: &Finding) -> bool {
        finding.severity == Severity::Refused
    }

    fn compliance(&self) -> &'static str {
        match self.view.binary.app().map(|app| app.uses_non_exempt_encryption) {
            Some(Some(true)) => "Uses encryption that counts",
            Some(Some(false)) => "Uses no encryption that counts",
            Some(None) => "Not answered in the app",
            None => "Not looked into",
        }
    }
}

/// Which part of the list.
#[derive(serde::Deserialize, Default)]
#[serde(default)]
pub(crate) struct Asked {
    search: Option<String>,
    cursor: Option<String>,
}

/// `GET /o/{org}/binaries`
pub(crate) async fn show(Reach(state): Reach<State>, Path(org): Path<String>, Query(asked): Query<Asked>, visitor: Visitor) -> Answer {
    let org = id(&org)?;
    let shell = visitor.shell_in(&state, org, Place::Binaries).await?;
    let paging = Paging {
        after: asked.cursor,
        limit: PER_PAGE,
    };
    let filter = BinaryFilter {
        search: asked.search.clone(),
        identifier: None,
    };
    let found = state.app.binaries(&visitor.who.caller, org, &filter, &paging).await?;
    page(&BinariesPage {
        shell,
        org,
        search: asked.search.unwrap_or_default(),
        binaries: found.items,
        next: found.next,
    })
}

/// `GET /o/{org}/binaries/{binary}`
pub(crate) async fn one(Reach(state): Reach<State>, Path((org, binary)): Path<(String, String)>, visitor: Visitor) -> Answer {
    let (org, binary) = (id(&org)?, id(&binary)?);
    let shell = visitor.shell_in(&state, org, Place::Binaries).await?;
    let caller = &visitor.who.caller;
    let view = state.app.binary(caller, org, binary).await?;
    let findings = state.app.findings_of_binary(caller, org, binary).await?;
    page(&BinaryPage {
        shell,
        org,
        view,
        findings,
    })
}

/// `GET /o/{org}/binaries/{binary}/icon`
pub(crate) async fn icon(Reach(state): Reach<State>, Path((org, binary)): Path<(String, String)>, visitor: Visitor) -> Answer {
    let png = state.app.icon_of_binary(&visitor.who.caller, id(&org)?, id(&binary)?).await?;
    Ok(([(header::CONTENT_TYPE, "image/png")], png).into_response())
}

/// `GET /o/{org}/binaries/{binary}/download`
pub(crate) async fn download(Reach(state): Reach<State>, Path((org, binary)): Path<(String, String)>, visitor: Visitor) -> Answer {
    let file = state.app.download_binary(&visitor.who.caller, id(&org)?, id(&binary)?).await?;
    let heads = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_DISPOSITION, disposition(&file.file_name)),
        (header::CONTENT_LENGTH, file.size.to_string()),
    ];
    Ok((heads, Body::from_stream(file.bytes)).into_response())
}
