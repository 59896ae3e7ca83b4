//! The share panel of a key: a page of its own, and a panel beside the list.
//!
//! The form carries what was shared when it was shown, so that saving changes what was changed on it and nothing else:
//! what somebody else shared meanwhile stays.
//!
//! Of a thousand sub-organizations it shows a page. Looking for others sends the form, too, and saves nothing: what was
//! ticked is carried along until it is shared.

use super::super::{
    filters,
    parts::{Tone, Wrong},
    shell::{Place, Shell},
    visit::{Answer, Fields, Sent, Visitor, belongs_in_form, done, form_again, id, page},
};
use crate::State;
use app::{
    Problem,
    sharing::{Borrower, NewLimits, PanelQuery, ShareChange, SharePanel},
};
use askama::Template;
use axum::extract::{Path, Query, State as Reach};
use domain::{Action, ApiKeyId, Feature, OrgId, ShareLimits, ShareTarget};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use std::collections::BTreeSet;

/// What the address asks for.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub(crate) struct ShareQuery {
    /// Part of a sub-organization's name.
    pub(crate) q: String,
    /// Where a page begins.
    pub(crate) cursor: Option<String>,
    /// Whose limits are to be edited: `all`, or a sub-organization; empty for what is shared now.
    #[serde(rename = "for")]
    pub(crate) target: String,
}

/// What was entered, or what stands.
#[derive(Debug, Clone, Default)]
pub(crate) struct ShareForm {
    /// The name.
    pub(crate) name: String,
    /// The switch.
    pub(crate) all: bool,
    /// The ticked ones.
    pub(crate) chosen: BTreeSet<String>,
    /// Whose limits the rest is.
    pub(crate) target: String,
    /// The ticked features.
    pub(crate) features: BTreeSet<String>,
    /// Apps, with commas between them.
    pub(crate) apps: String,
    /// The last day.
    pub(crate) stops_at: String,
    /// With whom it was shared when the form was shown.
    pub(crate) was: BTreeSet<String>,
}

impl ShareForm {
    /// What stands, with the limits of a target.
    #[must_use]
    pub(crate) fn standing(panel: &SharePanel, target: &str) -> Self {
        let everything = ShareLimits::default();
        let limits = limits_of(panel, target).unwrap_or(&everything);
        Self {
            name: panel.key.name.to_string(),
            all: panel.all.is_some(),
            chosen: panel
                .sub_organizations
                .iter()
                .filter(|sub| sub.chosen.is_some())
                .map(|sub| sub.organization.id.to_string())
                .collect(),
            target: target.to_owned(),
            features: Feature::ALL
                .into_iter()
                .filter(|feature| limits.features.as_ref().is_none_or(|these| these.contains(feature)))
                .map(|feature| feature.as_str().to_owned())
                .collect(),
            apps: limits.apps.iter().flatten().map(|app| app.as_str()).collect::<Vec<_>>().join(", "),
            stops_at: limits
                .stops_at
                .map(|end| end.to_zoned(TimeZone::UTC).date().to_string())
                .unwrap_or_default(),
            was: BTreeSet::new(),
        }
    }

    /// What was entered, with what stands of those that were not shown before.
    fn going_on(mut self, panel: &SharePanel) -> Self {
        let standing = panel.sub_organizations.iter().filter(|sub| sub.chosen.is_some());
        let standing = standing.map(|sub| sub.organization.id.to_string());
        let fresh: Vec<_> = standing.filter(|id| !self.was.contains(id)).collect();
        self.chosen.extend(fresh);
        self.all |= panel.all.is_some() && !self.was.contains("all");
        self
    }

    fn read(fields: &Fields) -> Self {
        Self {
            name: fields.text("name").to_owned(),
            all: fields.is_on("all"),
            chosen: fields.all("chosen").into_iter().collect(),
            target: fields.text("for").to_owned(),
            features: fields.all("feature").into_iter().collect(),
            apps: fields.text("apps").to_owned(),
            stops_at: fields.text("stops_at").to_owned(),
            was: fields.all("was").into_iter().collect(),
        }
    }

    /// Whether a sub-organization is ticked.
    #[must_use]
    pub(crate) fn has_chosen(&self, id: &OrgId) -> bool {
        self.chosen.contains(&id.to_string())
    }

    /// Whether a feature is ticked.
    #[must_use]
    pub(crate) fn has_feature(&self, feature: &Feature) -> bool {
        self.features.contains(feature.as_str())
    }

    fn limits(&self) -> Result<NewLimits, Problem> {
        let apps: Vec<_> = self
            .apps
            .split([',', ' ', '\n', '\r', '\t'])
            .filter(|app| !app.is_empty())
            .map(str::to_owned)
            .collect();
        let last_day = Some(self.stops_at.trim()).filter(|day| !day.is_empty());
        Ok(NewLimits {
            features: (self.features.len() < Feature::ALL.len()).then(|| self.features.iter().cloned().collect()),
            apps: (!apps.is_empty()).then_some(apps),
            stops_at: last_day.map(end_of).transpose()?,
        })
    }

    /// What to change.
    fn change(&self) -> Result<ShareChange, Problem> {
        let was = &self.was;
        let mut wanted = self.chosen.clone();
        wanted.extend(self.all.then(|| "all".to_owned()));
        let limits = self.limits()?;
        let target = |word: &String| word.parse::<ShareTarget>().map_err(|_| Problem::not_found());
        let fresh_or_edited = wanted.iter().filter(|word| !was.contains(*word) || **word == self.target);
        Ok(ShareChange {
            name: Some(self.name.clone()),
            share: fresh_or_edited
                .map(|word| Ok((target(word)?, limits.clone())))
                .collect::<Result<_, Problem>>()?,
            stop: was.difference(&wanted).map(target).collect::<Result<_, _>>()?,
        })
    }
}

/// The end of a day that was entered.
pub(in super::super) fn end_of(day: &str) -> Result<Timestamp, Problem> {
    let wrong = || {
        Problem::field(
            "stops_at_unfit",
            "stops_at",
            format!("“{day}” is not a day. Write it as 2027-01-31."),
        )
    };
    let day: Date = day.parse().map_err(|_| wrong())?;
    let end = day.at(23, 59, 59, 0).to_zoned(TimeZone::UTC).map_err(|_| wrong())?;
    Ok(end.timestamp())
}

fn limits_of<'a>(panel: &'a SharePanel, target: &str) -> Option<&'a ShareLimits> {
    match target {
        "all" => panel.all.as_ref(),
        id => {
            let of = panel.sub_organizations.iter().find(|sub| sub.organization.id.to_string() == id);
            of.and_then(|sub| sub.chosen.as_ref())
        }
    }
}

/// The page.
#[derive(Template)]
#[template(path = "keys/share.html")]
pub(crate) struct SharePage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// With whom it is shared.
    pub(crate) panel: SharePanel,
    /// What was entered.
    pub(crate) form: ShareForm,
    /// Whose limits are edited, by name.
    pub(crate) about: Option<String>,
    /// What is searched for.
    pub(crate) search: String,
    /// What is wrong.
    pub(crate) wrong: Wrong,
}

impl SharePage {
    /// From the panel and what was entered.
    #[must_use]
    pub(crate) fn new(shell: Shell, org: OrgId, panel: SharePanel, form: ShareForm, search: String, wrong: Wrong) -> Self {
        let about = limits_of(&panel, &form.target).map(|_| match form.target.as_str() {
            "all" => "all sub-organizations".to_owned(),
            id => {
                let of = panel.sub_organizations.iter().find(|sub| sub.organization.id.to_string() == id);
                of.map(|sub| sub.organization.name.to_string()).unwrap_or_default()
            }
        });
        Self {
            shell,
            org,
            panel,
            form,
            about,
            search,
            wrong,
        }
    }

    /// Of these, those that have no line on this page.
    fn unseen<'f>(&self, ids: &'f BTreeSet<String>) -> Vec<&'f String> {
        let seen: BTreeSet<_> = self
            .panel
            .sub_organizations
            .iter()
            .map(|sub| sub.organization.id.to_string())
            .collect();
        ids.iter().filter(|id| *id != "all" && !seen.contains(*id)).collect()
    }

    fn address(&self) -> String {
        format!("/o/{}/keys/{}/share", self.org, self.panel.key.id)
    }

    fn all_ends(&self) -> Option<Timestamp> {
        self.panel.all.as_ref()?.stops_at
    }

    fn ends(&self, sub: &Borrower) -> Option<Timestamp> {
        sub.chosen.as_ref()?.stops_at
    }

    /// What a share that stands is limited to; none where it is not.
    fn limited(&self, limits: Option<&ShareLimits>) -> Option<String> {
        limit_words(limits?)
    }
}

/// What a share is limited to, in a few words; none where it is not. When it stops is told beside it.
fn limit_words(limits: &ShareLimits) -> Option<String> {
    let count = |number: usize, what: &str| format!("{number} {what}{}", if number == 1 { "" } else { "s" });
    let words: Vec<_> = [
        limits.features.as_ref().map(|these| count(these.len(), "feature")),
        limits.apps.as_ref().map(|these| count(these.len(), "app")),
    ]
    .into_iter()
    .flatten()
    .collect();
    (!words.is_empty()).then(|| format!("Limited to {}", words.join(", ")))
}

type Ids = Path<(String, String)>;

async fn shown(
    state: &State,
    visitor: &Visitor,
    (org, key): (OrgId, ApiKeyId),
    query: ShareQuery,
    entered: Option<ShareForm>,
    wrong: Wrong,
) -> Result<SharePage, Problem> {
    let asked = PanelQuery {
        search: Some(query.q.clone()).filter(|text| !text.is_empty()),
        cursor: query.cursor,
    };
    let panel = state.app.key_shares(&visitor.who.caller, org, key, &asked).await?;
    let shell = visitor.shell_for(state, org, Place::Keys, Action::ShareKey).await?;
    let form = match entered {
        Some(entered) => entered.going_on(&panel),
        None => ShareForm::standing(&panel, &query.target),
    };
    Ok(SharePage::new(shell, org, panel, form, query.q, wrong))
}

/// `GET /o/{org}/keys/{key}/share`
pub(crate) async fn form(Reach(state): Reach<State>, Path((org, key)): Ids, Query(query): Query<ShareQuery>, visitor: Visitor) -> Answer {
    let ids = (id(&org)?, id(&key)?);
    page(&shown(&state, &visitor, ids, query, None, Wrong::default()).await?)
}

/// `POST /o/{org}/keys/{key}/share`: with `find`, only looks for others to share with.
pub(crate) async fn share(Reach(state): Reach<State>, Path((org, key)): Ids, sent: Sent) -> Answer {
    let ids = (id(&org)?, id(&key)?);
    let form = ShareForm::read(&sent.fields);
    let query = ShareQuery {
        q: sent.fields.text("q").trim().to_owned(),
        ..ShareQuery::default()
    };
    if let Some(place) = sent.fields.all("find").into_iter().next() {
        let after = Some(place).filter(|cursor| !cursor.is_empty());
        let query = ShareQuery { cursor: after, ..query };
        return page(&shown(&state, &sent.visitor, ids, query, Some(form), Wrong::default()).await?);
    }
    let changed = match form.change() {
        Ok(change) => state.app.share_key(&sent.visitor.who.caller, ids.0, ids.1, change).await.map(drop),
        Err(problem) => Err(problem),
    };
    match changed {
        Ok(()) => Ok(done(&state, &format!("/o/{org}/keys/{key}"), "key-shared")),
        Err(problem) if belongs_in_form(&problem) => {
            let wrong = Wrong::from(&problem);
            let again = shown(&state, &sent.visitor, ids, query, Some(form), wrong).await?;
            form_again(&problem, &again)
        }
        Err(problem) => Err(problem.into()),
    }
}
