//! One signing set: what each bundle ID is signed with, what is missing, who used it last, what a job types; and removing it.

use super::{
    super::{
        filters,
        parts::{Mark, Notice, Tone, Wrong},
        profiles,
        shell::{Place, Shell},
        visit::{Answer, Sent, Visitor, belongs_in_form, done, form_again, id, page},
    },
    list,
};
use crate::State;
use app::{
    Problem,
    activity::{ActivitySearch, ActivityView, Whose},
    signing_sets::{ItemView, SigningSetView},
};
use askama::Template;
use axum::extract::{Path, State as Reach};
use domain::{Action, ApiKey, OrgId};
use jiff::Timestamp;
use url::form_urlencoded::Serializer;

/// The page.
#[derive(Template)]
#[template(path = "signing_sets/signing_set.html")]
pub(crate) struct SigningSetPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// The set, and how each of its items stands.
    pub(crate) view: SigningSetView,
    /// The key that it is ensured with, while that is here.
    pub(crate) through: Option<ApiKey>,
    /// The last record of its use; also none for who may not see the activity log.
    pub(crate) last_use: Option<ActivityView>,
    /// What to know.
    pub(crate) notice: Option<Notice>,
}

impl SigningSetPage {
    /// One set.
    #[must_use]
    pub(crate) fn new(shell: Shell, org: OrgId, view: SigningSetView, through: Option<ApiKey>, last_use: Option<ActivityView>) -> Self {
        let mut page = Self {
            shell,
            org,
            view,
            through,
            last_use,
            notice: None,
        };
        page.notice = page.what_to_know();
        page
    }

    fn what_to_know(&self) -> Option<Notice> {
        let lacking = self.view.items.iter().filter(|item| item.missing.is_some()).count();
        let notice = match (self.view.state(), lacking) {
            ("complete", _) => return None,
            ("ending", _) => Notice::new(
                Tone::Warn,
                "Something in it ends within a day",
                "A build may take hours and be handed in again. Ensured now, it gets a certificate and profiles that last.",
            ),
            (_, 0) => Notice::new(Tone::Bad, "There is no bundle ID in it", "Nothing can be signed with it."),
            (_, lacking) => Notice::new(
                Tone::Bad,
                "No build can be signed with it now",
                format!("{lacking} of {} bundle IDs lack something; each says what.", self.view.items.len()),
            ),
        };
        Some(if self.shell.may(Action::EditSigningSets) && self.can_be_ensured() {
            notice.way("Ensure it", self.ensure())
        } else {
            notice
        })
    }

    /// Apple makes no profile for what the asterisk of an identifier stands for, so such a set is only picked.
    fn can_be_ensured(&self) -> bool {
        !self.view.items.is_empty() && !self.view.items.iter().any(|item| item.identifier.contains('*'))
    }

    fn address(&self) -> String {
        format!("/o/{}/signing-sets/{}", self.org, self.view.set.id)
    }

    /// The form that makes it complete, with what the set has filled in.
    fn ensure(&self) -> String {
        let mut query = Serializer::new(String::new());
        query.append_pair("set", &self.view.set.id.to_string());
        query.append_pair("kind", self.view.set.profile_type.as_str());
        if let Some(key) = &self.through {
            query.append_pair("key", &key.id.to_string());
        }
        format!("/o/{}/signing-sets/ensure?{}", self.org, query.finish())
    }

    fn state(&self) -> Mark {
        list::state(&self.view)
    }

    fn title(&self) -> String {
        profiles::list::title(&self.view.set.profile_type)
    }

    /// How certificate and profile of an item fit.
    fn matched(&self, item: &ItemView) -> Mark {
        match (&item.missing, item.ending) {
            (Some(_), _) => Mark::new(Tone::Bad, "bad", "Not usable"),
            (None, Some(_)) => Mark::new(Tone::Warn, "warn", "Ends within a day"),
            (None, None) => Mark::new(Tone::Ok, "key", "Match"),
        }
    }

    fn team(&self) -> Option<String> {
        let held = self.view.items.iter().filter_map(|item| item.certificate.as_ref());
        held.filter_map(|of| of.certificate.team_id.as_ref())
            .map(ToString::to_string)
            .next()
    }

    /// When Apple was last seen to have all of it.
    fn seen_at(&self) -> Option<Timestamp> {
        let seen: Option<Vec<Timestamp>> = self.view.items.iter().map(|item| item.seen_at).collect();
        seen?.into_iter().min()
    }

    /// What a job types to have the set complete and its files in a folder.
    fn command(&self) -> String {
        let set = &self.view.set;
        match &self.through {
            Some(key) if self.can_be_ensured() => {
                let identifiers: Vec<&str> = self.view.items.iter().map(|item| item.identifier.as_str()).collect();
                format!(
                    "russet signing-sets ensure {} --type {} --key {} --name {} --out signing",
                    identifiers.join(" "),
                    set.profile_type,
                    key.id,
                    quoted(set.name.as_str())
                )
            }
            _ => format!("russet signing-sets show {} --out signing", set.id),
        }
    }
}

/// A text as one word of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Taking it away.
#[derive(Template)]
#[template(path = "signing_sets/remove.html")]
pub(crate) struct RemoveSetPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// The set.
    pub(crate) view: SigningSetView,
    /// What is wrong.
    pub(crate) wrong: Wrong,
}

type Ids = Path<(String, String)>;

/// `GET /o/{org}/signing-sets/{signing_set}`, by id or by name.
pub(crate) async fn show(Reach(state): Reach<State>, Path((org, set)): Ids, visitor: Visitor) -> Answer {
    let org = id(&org)?;
    let shell = visitor.shell_in(&state, org, Place::SigningSets).await?;
    let caller = &visitor.who.caller;
    let view = state.app.signing_set(caller, org, &set).await?;
    let through = match view.set.api_key {
        Some(key) => state.app.key(caller, org, key).await.ok().map(|details| details.summary.key),
        None => None,
    };
    let mut last_use = None;
    if shell.may(Action::SeeActivity) {
        let used = ActivitySearch {
            whose: Whose::Own,
            action: Some("signing-set.use".to_owned()),
            object: Some(view.set.id.to_string()),
            since: Some(Timestamp::UNIX_EPOCH),
            limit: 1,
            ..ActivitySearch::default()
        };
        last_use = state.app.search_activity(caller, org, &used).await?.items.into_iter().next();
    }
    page(&SigningSetPage::new(shell, org, view, through, last_use))
}

async fn remove_page(state: &State, visitor: &Visitor, ids: (&str, &str), wrong: Wrong) -> Result<RemoveSetPage, Problem> {
    let org = id(ids.0)?;
    Ok(RemoveSetPage {
        shell: visitor.shell_for(state, org, Place::SigningSets, Action::EditSigningSets).await?,
        org,
        view: state.app.signing_set(&visitor.who.caller, org, ids.1).await?,
        wrong,
    })
}

/// `GET /o/{org}/signing-sets/{signing_set}/remove`
pub(crate) async fn remove_form(Reach(state): Reach<State>, Path((org, set)): Ids, visitor: Visitor) -> Answer {
    page(&remove_page(&state, &visitor, (&org, &set), Wrong::default()).await?)
}

/// `POST /o/{org}/signing-sets/{signing_set}/remove`
pub(crate) async fn remove(Reach(state): Reach<State>, Path((org, set)): Ids, sent: Sent) -> Answer {
    let (caller, organization) = (&sent.visitor.who.caller, id(&org)?);
    state.app.may(caller, Action::EditSigningSets, organization).await?;
    let held = state.app.signing_set(caller, organization, &set).await?.set;
    let removed = match sent.fields.confirms("remove this signing set", &held.name) {
        Ok(()) => state.app.remove_signing_set(caller, organization, &held.id.to_string()).await,
        Err(problem) => Err(problem),
    };
    match removed {
        Ok(()) => Ok(done(&state, &format!("/o/{org}/signing-sets"), "set-removed")),
        Err(problem) if belongs_in_form(&problem) => {
            let again = remove_page(&state, &sent.visitor, (&org, &set), Wrong::from(&problem)).await?;
            form_again(&problem, &again)
        }
        Err(problem) => Err(problem.into()),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_name_is_one_word_of_a_shell_whatever_is_in_it() {
        assert_eq!(super::quoted("Ferry’s $(rm) \"x\""), "'Ferry’s $(rm) \"x\"'");
        assert_eq!(super::quoted("Kari's"), r"'Kari'\''s'");
    }
}
