//! The tokens of an organization, and one of them.

use super::super::{
    filters,
    parts::Mark,
    shell::{Place, Shell},
    visit::{Answer, Visitor, id, page},
};
use crate::State;
use app::{Paging, service_tokens::ServiceTokenView};
use askama::Template;
use axum::extract::{Path, Query, State as Reach};
use domain::{OrgId, Organization, ServiceToken, ServiceTokenId};

/// Tokens on one page.
const PER_PAGE: u32 = 50;

/// The list.
#[derive(Template)]
#[template(path = "tokens/list.html")]
pub(crate) struct TokensPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// Newest first.
    pub(crate) tokens: Vec<ServiceTokenView>,
    /// Where the next page begins.
    pub(crate) next: Option<String>,
    /// Whether this is not the first page.
    pub(crate) further: bool,
}

impl TokensPage {
    fn is_root(&self) -> bool {
        self.shell.org.as_ref().is_some_and(|org| org.parent.is_none())
    }

    fn reach(&self, token: &ServiceToken) -> String {
        super::reach(token, self.is_root())
    }

    fn titles(&self, token: &ServiceToken) -> String {
        super::titles(&token.roles)
    }

    fn state(&self, token: &ServiceToken) -> Mark {
        super::state(token, self.shell.now)
    }
}

/// One token.
#[derive(Template)]
#[template(path = "tokens/token.html")]
pub(crate) struct TokenPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// The token.
    pub(crate) view: ServiceTokenView,
    /// What it is confined to, as far as that exists; none for its own organization and every one below.
    pub(crate) organizations: Option<Vec<Organization>>,
}

impl TokenPage {
    fn address(&self) -> String {
        format!("/o/{}/tokens/{}", self.org, self.view.token.id)
    }

    fn state(&self) -> Mark {
        super::state(&self.view.token, self.shell.now)
    }

    fn is_root(&self) -> bool {
        self.shell.org.as_ref().is_some_and(|org| org.parent.is_none())
    }
}

/// Which page of the list.
#[derive(serde::Deserialize, Default)]
#[serde(default)]
pub(crate) struct Asked {
    cursor: Option<String>,
}

/// `GET /o/{org}/tokens`
pub(crate) async fn show(Reach(state): Reach<State>, Path(org): Path<String>, Query(asked): Query<Asked>, visitor: Visitor) -> Answer {
    let org = id(&org)?;
    let shell = visitor.shell_in(&state, org, Place::Tokens).await?;
    let further = asked.cursor.is_some();
    let paging = Paging {
        after: asked.cursor,
        limit: PER_PAGE,
    };
    let found = state.app.service_tokens(&visitor.who.caller, org, &paging).await?;
    page(&TokensPage {
        shell,
        org,
        tokens: found.items,
        next: found.next,
        further,
    })
}

/// `GET /o/{org}/tokens/{service_token}`
pub(crate) async fn one(Reach(state): Reach<State>, Path((org, token)): Path<(String, String)>, visitor: Visitor) -> Answer {
    let (org, token) = (id(&org)?, id::<ServiceTokenId>(&token)?);
    let shell = visitor.shell_in(&state, org, Place::Tokens).await?;
    let caller = &visitor.who.caller;
    let view = state.app.service_token(caller, org, token).await?;
    let organizations = state.app.service_token_organizations(caller, org, token).await?;
    page(&TokenPage {
        shell,
        org,
        view,
        organizations,
    })
}
