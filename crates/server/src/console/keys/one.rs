//! One key: its state and next step, the feature table, its facts, its danger zone.

use super::super::{
    filters,
    parts::{Mark, Notice, Tone},
    shell::{Place, Shell},
    visit::{Answer, Sent, Visitor, belongs_in_form, done, form_again, id, page},
    when,
};
use crate::State;
use app::keys::{Dependents, KeyDetails, Lent};
use askama::Template;
use axum::extract::{Path, State as Reach};
use domain::{
    ApiKey, CheckMark, KeyHealth, OrgId,
    feature::{Declared, FeatureRow, Probed},
};

/// The page.
#[derive(Template)]
#[template(path = "keys/key.html")]
pub(crate) struct KeyPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// The key.
    pub(crate) key: ApiKey,
    /// All about it.
    pub(crate) details: KeyDetails,
    /// What depends on it, in words.
    pub(crate) dependents_words: String,
    /// What an act on this page answered.
    pub(crate) notice: Option<Notice>,
}

impl KeyPage {
    /// From what `app` knows.
    #[must_use]
    pub(crate) fn new(shell: Shell, org: OrgId, details: KeyDetails, dependents: &Dependents, notice: Option<Notice>) -> Self {
        Self {
            shell,
            org,
            key: details.summary.key.clone(),
            details,
            dependents_words: dependents_words(dependents),
            notice,
        }
    }

    fn address(&self) -> String {
        format!("/o/{}/keys/{}", self.org, self.key.id)
    }

    fn proof(&self) -> String {
        match (&self.key.health, self.key.last_good) {
            (KeyHealth::Working, Some(at)) => format!("proved {}", when::Time::new(at, when::past(at, self.shell.now))),
            (_, Some(at)) => format!("last accepted {}", when::Time::new(at, when::past(at, self.shell.now))),
            (_, None) => "never accepted yet".to_owned(),
        }
    }

    /// What to do about a state that is not "working", and a check that came to no conclusion.
    fn next_step(&self) -> Option<Notice> {
        if let Some(trouble) = &self.details.summary.trouble {
            let (head, rest) = match self.key.health {
                KeyHealth::Unverified => ("It is not proved yet", "Russet asks again by itself."),
                _ => (
                    "The last check came to no conclusion",
                    "What is known of the key stays; Russet asks again by itself.",
                ),
            };
            return Some(Notice::new(Tone::Warn, head, format!("{trouble} {rest}")));
        }
        if self.key.health == KeyHealth::Working {
            return None;
        }
        let mark = Mark::health(&self.key.health);
        let tone = if mark.tone == Tone::Off { Tone::Info } else { mark.tone };
        let notice = Notice::new(tone, mark.word, self.key.health.next_step());
        Some(match self.key.health {
            KeyHealth::NoLongerAccepted { .. } | KeyHealth::Mismatch => notice.way("Rotate key", format!("{}/rotate", self.address())),
            KeyHealth::WrongKind { .. } => notice.way("Add it again", format!("/o/{}/keys/new", self.org)),
            _ => notice,
        })
    }

    /// An Owner may let a "no" pass that comes from a role; what the kind rules out, nobody can.
    fn may_override(&self, row: &FeatureRow) -> bool {
        row.overridden || matches!(row.declared, Declared::No(_))
    }

    /// Rows where the role says no and Apple let the key read.
    fn disagreement(&self) -> Option<Notice> {
        let rows: Vec<_> = self
            .details
            .features
            .iter()
            .filter(|row| match (&row.declared, &row.probed) {
                (Declared::No(None), Probed::Readable { .. }) => row.feature.is_signing(),
                (Declared::Yes(_), Probed::Refused { .. }) => true,
                _ => false,
            })
            .map(|row| row.feature.title())
            .collect();
        let head = match rows.len() {
            0 => return None,
            1 => "One row disagrees with the role".to_owned(),
            several => format!("{several} rows disagree with the role"),
        };
        Some(Notice::new(
            Tone::Info,
            head,
            format!(
                "{}. Apple is the judge, but a harmless call proves reading only. Russet stops what the role refuses; an Owner may let it pass.",
                rows.join("; ")
            ),
        ))
    }

    /// The fingerprint in lines of eight pairs.
    fn fingerprint_lines(&self) -> Vec<String> {
        let pairs: Vec<String> = self
            .key
            .fingerprint
            .as_bytes()
            .chunks(2)
            .map(|pair| String::from_utf8_lossy(pair).into_owned())
            .collect();
        pairs.chunks(8).map(|line| line.join(":")).collect()
    }

    fn checks_words(&self) -> String {
        let days = &self.details.summary.strip;
        let checked = days.iter().filter(|day| day.mark.is_some()).count();
        let good = days.iter().filter(|day| day.mark == Some(CheckMark::Good)).count();
        match checked {
            0 => "Not checked in the last 14 days.".to_owned(),
            1 => format!("{good} of 1 daily check good."),
            _ => format!("{good} of {checked} daily checks good."),
        }
    }
}

/// The page of a key that the root organization lends.
#[derive(Template)]
#[template(path = "keys/inherited.html")]
pub(crate) struct InheritedPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// The key.
    pub(crate) key: ApiKey,
    /// Whose it is, and how much of it is lent.
    pub(crate) lent: Lent,
    /// All that may be known about it here.
    pub(crate) details: KeyDetails,
    /// What an act on this page answered.
    pub(crate) notice: Option<Notice>,
}

impl InheritedPage {
    /// From what `app` knows of a lent key.
    #[must_use]
    pub(crate) fn new(shell: Shell, org: OrgId, details: KeyDetails, notice: Option<Notice>) -> Self {
        Self {
            shell,
            org,
            key: details.summary.key.clone(),
            lent: details.summary.lent.clone().unwrap_or_default(),
            details,
            notice,
        }
    }

    fn address(&self) -> String {
        format!("/o/{}/keys/{}", self.org, self.key.id)
    }

    fn is_here(&self, row: &FeatureRow) -> bool {
        self.details.summary.includes(row.feature)
    }

    fn whose(&self) -> Notice {
        Notice::new(
            Tone::Info,
            format!("This key belongs to {}", self.lent.owner),
            "You use it as your own. Its owner can change or stop that at any time.",
        )
    }

    fn limits(&self) -> String {
        let features = self.lent.limits.features.iter().flatten().map(|feature| feature.title().to_owned());
        let apps = self.lent.limits.apps.iter().flatten().map(|app| app.as_str().to_owned());
        let words: Vec<_> = features.chain(apps).collect();
        if words.is_empty() {
            "Not limited".to_owned()
        } else {
            words.join("; ")
        }
    }
}

/// Either page of a key.
enum OnePage {
    Own(Box<KeyPage>),
    Inherited(Box<InheritedPage>),
}

/// "2 certificates were made through it.": the line of the danger zone.
fn dependents_words(dependents: &Dependents) -> String {
    let certificates = match dependents.certificates.len() {
        0 => None,
        1 => Some("1 certificate was made through it.".to_owned()),
        many => Some(format!("{many} certificates were made through it.")),
    };
    let below = (dependents.certificates_below > 0).then(|| format!("{} in sub-organizations.", dependents.certificates_below));
    let certificates = match (certificates, below) {
        (None, None) => None,
        (here, below) => Some([here, below].into_iter().flatten().collect::<Vec<_>>().join(" ")),
    };
    let running = (dependents.running_operations > 0).then(|| format!("{} running now.", dependents.running_operations));
    match (certificates, running) {
        (None, None) => "Nothing here depends on it.".to_owned(),
        (certificates, running) => [certificates, running].into_iter().flatten().collect::<Vec<_>>().join(" "),
    }
}

/// `GET /o/{org}/keys/{key}`
pub(crate) async fn show(Reach(state): Reach<State>, Path((org, key)): Path<(String, String)>, visitor: Visitor) -> Answer {
    match key_page(&state, &visitor, &org, &key, None).await? {
        OnePage::Own(own) => page(&*own),
        OnePage::Inherited(inherited) => page(&*inherited),
    }
}

async fn key_page(state: &State, visitor: &Visitor, org: &str, key: &str, notice: Option<Notice>) -> Result<OnePage, app::Problem> {
    let (org, key) = (id(org)?, id(key)?);
    let shell = visitor.shell_in(state, org, Place::Keys).await?;
    let details = state.app.key(&visitor.who.caller, org, key).await?;
    if details.summary.lent.is_some() {
        return Ok(OnePage::Inherited(Box::new(InheritedPage::new(shell, org, details, notice))));
    }
    let dependents = state.app.key_dependents(&visitor.who.caller, org, key).await.unwrap_or_default();
    Ok(OnePage::Own(Box::new(KeyPage::new(shell, org, details, &dependents, notice))))
}

/// `POST /o/{org}/keys/{key}/check`
pub(crate) async fn check(Reach(state): Reach<State>, Path((org, key)): Path<(String, String)>, sent: Sent) -> Answer {
    match state.app.check_key(&sent.visitor.who.caller, id(&org)?, id(&key)?).await {
        Ok(_) => Ok(done(&state, &format!("/o/{org}/keys/{key}"), "key-checked")),
        Err(problem) if belongs_in_form(&problem) => {
            match key_page(&state, &sent.visitor, &org, &key, Some(Notice::problem(&problem))).await? {
                OnePage::Own(own) => form_again(&problem, &*own),
                OnePage::Inherited(inherited) => form_again(&problem, &*inherited),
            }
        }
        Err(problem) => Err(problem.into()),
    }
}

/// `POST /o/{org}/keys/{key}/override`
pub(crate) async fn override_feature(Reach(state): Reach<State>, Path((org, key)): Path<(String, String)>, sent: Sent) -> Answer {
    let feature = id(sent.fields.text("feature"))?;
    let on = sent.fields.text("on") == "true";
    state
        .app
        .override_feature(&sent.visitor.who.caller, id(&org)?, id(&key)?, feature, on)
        .await?;
    Ok(done(&state, &format!("/o/{org}/keys/{key}"), "override"))
}
