//! The share panel of a certificate or a profile: a page of its own, and a panel beside its list.
//!
//! As with keys, the form carries what was shared when it was shown, so that saving changes what was changed on it and
//! nothing else.

use super::{
    filters,
    keys::share::end_of,
    parts::{Tone, Wrong},
    shell::{Place, Shell},
    visit::{Answer, Sent, Visitor, belongs_in_form, done, form_again, id, page},
};
use crate::State;
use app::{
    Problem,
    lending::{ItemShareChange, ItemSharePanel, SigningItem},
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
#[template(path = "share_item.html")]
pub(crate) struct ShareItemPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// With whom it is shared.
    pub(crate) panel: ItemSharePanel,
    /// What was ticked, `all` among it; none for what stands.
    pub(crate) ticked: Option<BTreeSet<String>>,
    /// The last day, as entered.
    pub(crate) stops_at: String,
    /// What is wrong.
    pub(crate) wrong: Wrong,
}

/// The page of an item.
fn address(org: OrgId, item: SigningItem) -> String {
    match item {
        SigningItem::Certificate(id) => format!("/o/{org}/certificates/{id}"),
        SigningItem::Profile(id) => format!("/o/{org}/profiles/held/{id}"),
    }
}

impl ShareItemPage {
    fn address(&self) -> String {
        address(self.org, self.panel.item)
    }

    /// The address and the title of the list that it is in.
    fn list(&self) -> (String, &'static str) {
        match self.panel.item {
            SigningItem::Certificate(_) => (format!("/o/{}/certificates", self.org), "Certificates"),
            SigningItem::Profile(_) => (format!("/o/{}/profiles?held=only", self.org), "Profiles"),
        }
    }

    fn is_certificate(&self) -> bool {
        matches!(self.panel.item, SigningItem::Certificate(_))
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

async fn share_page(
    state: &State,
    visitor: &Visitor,
    (org, item): (OrgId, SigningItem),
    cursor: Option<String>,
    (ticked, stops_at): (Option<BTreeSet<String>>, String),
    wrong: Wrong,
) -> Result<ShareItemPage, Problem> {
    let query = PanelQuery { search: None, cursor };
    let panel = state.app.item_shares(&visitor.who.caller, org, item, &query).await?;
    let (place, action) = match item {
        SigningItem::Certificate(_) => (Place::Certificates, Action::ShareCertificate),
        SigningItem::Profile(_) => (Place::Profiles, Action::ShareProfile),
    };
    Ok(ShareItemPage {
        shell: visitor.shell_for(state, org, place, action).await?,
        org,
        panel,
        ticked,
        stops_at,
        wrong,
    })
}

/// What to change, given what was shared when the form was shown.
fn change(ticked: &BTreeSet<String>, was: &BTreeSet<String>, stops_at: &str) -> Result<ItemShareChange, Problem> {
    let target = |word: &String| word.parse::<ShareTarget>().map_err(|_| Problem::not_found());
    let stops_at = Some(stops_at.trim()).filter(|day| !day.is_empty()).map(end_of).transpose()?;
    Ok(ItemShareChange {
        share: ticked
            .difference(was)
            .map(|word| Ok((target(word)?, stops_at)))
            .collect::<Result<_, Problem>>()?,
        stop: was.difference(ticked).map(target).collect::<Result<_, _>>()?,
    })
}

async fn form(state: &State, visitor: &Visitor, of: (OrgId, SigningItem), asked: Asked) -> Answer {
    let standing = (None, String::new());
    page(&share_page(state, visitor, of, asked.cursor, standing, Wrong::default()).await?)
}

async fn share(state: &State, sent: &Sent, (org, item): (OrgId, SigningItem)) -> Answer {
    let mut ticked: BTreeSet<String> = sent.fields.all("chosen").into_iter().collect();
    ticked.extend(sent.fields.is_on("all").then(|| "all".to_owned()));
    let (was, stops_at) = (sent.fields.all("was").into_iter().collect(), sent.fields.text("stops_at"));
    let caller = &sent.visitor.who.caller;
    let changed = match change(&ticked, &was, stops_at) {
        Ok(change) => state.app.share_item(caller, org, item, change).await.map(drop),
        Err(problem) => Err(problem),
    };
    let told = match item {
        SigningItem::Certificate(_) => "certificate-shared",
        SigningItem::Profile(_) => "profile-shared",
    };
    match changed {
        Ok(()) => Ok(done(state, &address(org, item), told)),
        Err(problem) if belongs_in_form(&problem) => {
            let entered = (Some(ticked), stops_at.to_owned());
            let again = share_page(state, &sent.visitor, (org, item), None, entered, Wrong::from(&problem)).await?;
            form_again(&problem, &again)
        }
        Err(problem) => Err(problem.into()),
    }
}

type Ids = Path<(String, String)>;

/// `GET /o/{org}/certificates/{certificate}/share`
pub(crate) async fn certificate_form(
    Reach(state): Reach<State>,
    Path((org, certificate)): Ids,
    Query(asked): Query<Asked>,
    visitor: Visitor,
) -> Answer {
    form(&state, &visitor, (id(&org)?, SigningItem::Certificate(id(&certificate)?)), asked).await
}

/// `POST /o/{org}/certificates/{certificate}/share`
pub(crate) async fn share_certificate(Reach(state): Reach<State>, Path((org, certificate)): Ids, sent: Sent) -> Answer {
    share(&state, &sent, (id(&org)?, SigningItem::Certificate(id(&certificate)?))).await
}

/// `GET /o/{org}/profiles/held/{held_profile}/share`
pub(crate) async fn profile_form(
    Reach(state): Reach<State>,
    Path((org, profile)): Ids,
    Query(asked): Query<Asked>,
    visitor: Visitor,
) -> Answer {
    form(&state, &visitor, (id(&org)?, SigningItem::Profile(id(&profile)?)), asked).await
}

/// `POST /o/{org}/profiles/held/{held_profile}/share`
pub(crate) async fn share_profile(Reach(state): Reach<State>, Path((org, profile)): Ids, sent: Sent) -> Answer {
    share(&state, &sent, (id(&org)?, SigningItem::Profile(id(&profile)?))).await
}
