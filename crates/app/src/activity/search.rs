//! Lists of the log by filter, one record of it, and the log as a file.

use super::{ActivityView, Names};
use crate::{App, Caller, FieldProblem, Problem, problem::Kind};
use domain::{Action, ActivityId, ApiKeyId, Email, Event, OrgId, Outcome, Permit, Subject, decide};
use jiff::{SignedDuration, Timestamp};
use store::{ActivityFilter, LogReach, Paging};

/// How far back a list goes unless told otherwise, in days.
const DAYS: i64 = 30;

/// Whose records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Whose {
    /// Those of a root organization with all below it, for its owners; for everybody else the organization's own.
    #[default]
    Widest,
    /// The organization's own.
    Own,
    /// Those of a root organization with all below it. For its owners.
    Below,
    /// Those of one organization below. For the owners of the root.
    Only(OrgId),
}

/// What is looked for; what is `None` does not matter.
#[derive(Debug, Clone, Default)]
pub struct ActivitySearch {
    /// Whose records.
    pub whose: Whose,
    /// Who did it: the id of a person, a personal token or a service token, or an e-mail address.
    pub actor: Option<String>,
    /// The word of the event.
    pub action: Option<String>,
    /// The id of what it is about, here or at Apple.
    pub object: Option<String>,
    /// The API key it was done with or to.
    pub key: Option<ApiKeyId>,
    /// Only what was taken away to sign with: certificates, profiles and signing sets.
    pub signing_uses: bool,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// Not before; 30 days ago unless given.
    pub since: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
    /// The `next` of the page before.
    pub cursor: Option<String>,
    /// How many, 200 at most.
    pub limit: u32,
}

/// A part of the log.
#[derive(Debug, Clone)]
pub struct ActivityPage {
    /// Newest first.
    pub items: Vec<ActivityView>,
    /// The cursor of the next page; none at the end.
    pub next: Option<String>,
    /// From when on.
    pub since: Timestamp,
    /// Whose they are in fact.
    pub whose: Whose,
}

/// A search that is allowed.
struct Allowed {
    permit: Permit,
    /// None when nobody or nothing can be meant, so that nothing is found.
    filter: Option<ActivityFilter>,
    since: Timestamp,
    whose: Whose,
}

impl App {
    /// The newest records of the organization itself, newest first, `limit` at most.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`.
    pub async fn activity(&self, caller: &Caller, org: OrgId, limit: u32) -> Result<Vec<ActivityView>, Problem> {
        let search = ActivitySearch {
            whose: Whose::Own,
            since: Some(Timestamp::UNIX_EPOCH),
            limit,
            ..ActivitySearch::default()
        };
        Ok(self.search_activity(caller, org, &search).await?.items)
    }

    /// The records that a search finds, newest first.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`; `actor_unfit`, `cursor_unknown`. A record, key or organization of somebody else's finds nothing, as an
    /// unknown one does.
    pub async fn search_activity(&self, caller: &Caller, org: OrgId, search: &ActivitySearch) -> Result<ActivityPage, Problem> {
        let allowed = self.allow_search(caller, org, search).await?;
        let mut page = ActivityPage {
            items: Vec::new(),
            next: None,
            since: allowed.since,
            whose: allowed.whose,
        };
        let Some(filter) = &allowed.filter else { return Ok(page) };
        let paging = Paging {
            after: search.cursor.clone(),
            limit: search.limit,
        };
        let mut tx = self.inner.store.read_for(&allowed.permit).await?;
        let found = tx.activities(&allowed.permit, filter, &paging).await?;
        let mut names = Names::default();
        for record in found.items {
            page.items.push(names.view(&mut tx, &allowed.permit, record).await?);
        }
        page.next = found.next;
        Ok(page)
    }

    /// One record within the caller's reach.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`.
    pub async fn activity_record_of(&self, caller: &Caller, org: OrgId, id: ActivityId) -> Result<ActivityView, Problem> {
        let (permit, reach, _) = self.reach(caller, org, Whose::Widest, Action::SeeActivity).await?;
        let mut tx = self.inner.store.read_for(&permit).await?;
        let record = tx.activity(&permit, reach, id).await?;
        Names::default().view(&mut tx, &permit, record).await
    }

    /// All records that a search finds, whatever its page, as a file to be read piece by piece. That it was taken is recorded first.
    ///
    /// # Errors
    /// As [`App::search_activity`], and `activity_blocked`.
    pub async fn export_activity(&self, caller: &Caller, org: OrgId, search: &ActivitySearch, form: &str) -> Result<ActivityFile, Problem> {
        let taken_by = self.permit(caller, Action::ExportActivity, org).await?;
        let allowed = self.allow_search(caller, org, search).await?;
        let event = Event::ActivityExported {
            form: form.to_owned(),
            since: allowed.since,
        };
        crate::acting::in_time(async {
            let mut tx = self.inner.store.begin().await?;
            self.record_done(&mut tx, caller, org, event).await?;
            Ok(tx.commit().await?)
        })
        .await?;
        Ok(ActivityFile {
            app: self.clone(),
            taken: taken_by,
            permit: allowed.permit,
            filter: allowed.filter,
            after: None,
            names: Names::default(),
        })
    }

    /// The organizations below whose log the caller may choose from, by name; none for who sees only their own.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn organizations_with_activity(&self, caller: &Caller, org: OrgId) -> Result<Vec<(OrgId, String)>, Problem> {
        if !self.looks_below(caller, org).await? {
            return Ok(Vec::new());
        }
        let permit = self.permit(caller, Action::SeeActivityBelow, org).await?;
        Ok(self.inner.store.read().await?.organizations_below(&permit).await?)
    }

    async fn allow_search(&self, caller: &Caller, org: OrgId, search: &ActivitySearch) -> Result<Allowed, Problem> {
        let (permit, reach, whose) = self.reach(caller, org, search.whose, Action::SeeActivity).await?;
        let now = self.now();
        let since = search
            .since
            .unwrap_or_else(|| now.saturating_sub(SignedDuration::from_hours(24 * DAYS)).unwrap_or(now));
        let mut filter = Some(ActivityFilter {
            reach,
            subject: None,
            token: None,
            action: search.action.clone(),
            object: search.object.clone(),
            key: search.key,
            signing_uses: search.signing_uses,
            outcome: search.outcome,
            since: Some(since),
            until: search.until,
        });
        // No record holds such a text, and PostgreSQL takes none.
        if search.object.as_ref().is_some_and(|object| object.contains('\0')) {
            filter = None;
        }
        if let (Some(actor), Some(_)) = (&search.actor, &filter) {
            filter = self.acted_by(actor, filter.take().unwrap_or_default()).await?;
        }
        Ok(Allowed {
            permit,
            filter,
            since,
            whose,
        })
    }

    /// Whether somebody reads the log of the organizations below. Not to do so is no denial.
    pub(super) async fn looks_below(&self, caller: &Caller, org: OrgId) -> Result<bool, Problem> {
        let tenant = self.inner.store.read().await?.tenant(org).await?;
        Ok(tenant.is_some_and(|tenant| decide(&caller.principal, Action::SeeActivityBelow, tenant).is_ok()))
    }

    /// The permit for as far as somebody asks to look, or may look.
    async fn reach(&self, caller: &Caller, org: OrgId, whose: Whose, action: Action) -> Result<(Permit, LogReach, Whose), Problem> {
        let whose = match whose {
            Whose::Widest if self.looks_below(caller, org).await? => Whose::Below,
            Whose::Widest => Whose::Own,
            named => named,
        };
        let (action, reach) = match whose {
            Whose::Own | Whose::Widest => (action, LogReach::Own),
            Whose::Below => (Action::SeeActivityBelow, LogReach::Below),
            Whose::Only(below) => (Action::SeeActivityBelow, LogReach::Only(below)),
        };
        Ok((self.permit(caller, action, org).await?, reach, whose))
    }

    /// The filter narrowed to one actor. An address that nobody has is no error: it did nothing here.
    async fn acted_by(&self, actor: &str, mut filter: ActivityFilter) -> Result<Option<ActivityFilter>, Problem> {
        let actor = actor.trim();
        if let Ok(token) = actor.parse() {
            filter.token = Some(token);
        } else if let Ok(subject) = actor.parse() {
            filter.subject = Some(subject);
        } else if let Ok(email) = actor.parse::<Email>() {
            match self.inner.store.read().await?.user_by_email(&email).await? {
                Some((user, _)) => filter.subject = Some(Subject::User(user.id)),
                None => return Ok(None),
            }
        } else {
            let message = format!(
                "“{}” is neither an e-mail address nor the id of a person or token. Take it from a record or from the list of members.",
                actor.chars().take(60).collect::<String>()
            );
            let mut problem = Problem::new(Kind::Invalid, "actor_unfit", message.clone());
            problem.fields.push(FieldProblem { field: "actor", message });
            return Err(problem);
        }
        Ok(Some(filter))
    }
}

/// The log as a file, read piece by piece: never all of it in memory, and in no transaction that lasts. As slowly as it
/// may be read, it breaks off for whoever loses rights meanwhile.
pub struct ActivityFile {
    app: App,
    /// The right to take the log away.
    taken: Permit,
    permit: Permit,
    filter: Option<ActivityFilter>,
    after: Option<String>,
    names: Names,
}

impl ActivityFile {
    /// The next records, newest first; none at the end.
    ///
    /// # Errors
    /// `not_found`, `not_allowed` and `rights_changed` for whoever may not any more; when the database does not answer. The
    /// file must then not look whole.
    pub async fn next(&mut self) -> Result<Option<Vec<ActivityView>>, Problem> {
        let Some(filter) = &self.filter else { return Ok(None) };
        for permit in [&self.taken, &self.permit] {
            self.app.still_may(permit).await?;
        }
        let paging = Paging {
            after: self.after.take(),
            limit: Paging::MOST,
        };
        let mut tx = self.app.inner.store.read_for(&self.permit).await?;
        let found = tx.activities(&self.permit, filter, &paging).await?;
        let mut views = Vec::with_capacity(found.items.len());
        for record in found.items {
            views.push(self.names.view(&mut tx, &self.permit, record).await?);
        }
        self.after = found.next;
        if self.after.is_none() {
            self.filter = None;
        }
        Ok(Some(views))
    }
}
