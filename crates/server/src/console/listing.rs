//! Lists of the Apple account read through a picked key: what they share. Search, filters, order, the page and the
//! key are all in the address, so that a list can be sent to a colleague.

use super::{apple::told_in_place, filters::digits_grouped as grouped, parts::Notice, when};
use crate::State;
use app::{
    Caller, Page, Paging, Problem,
    apple_account::{ListQuery, Listing},
    keys::KeyChoice,
};
use domain::{ApiKeyId, Feature, Need, OrgId};
use jiff::Timestamp;
use url::form_urlencoded::Serializer;

/// Rows on one page.
pub(crate) const ROWS: usize = 100;

/// What the address of a list asks for.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    /// Search.
    pub(crate) q: String,
    /// Apple's type.
    pub(crate) kind: String,
    /// State.
    pub(crate) state: String,
    /// Field to sort by; a leading `-` turns it around.
    pub(crate) sort: String,
    /// The key to read through.
    pub(crate) key: String,
    /// Rows to skip.
    pub(crate) from: usize,
    /// Which page, where the list stands in our database.
    pub(crate) cursor: String,
    /// Certificates, profiles: `only` those held here.
    pub(crate) held: String,
}

impl Asked {
    /// For `app`.
    #[must_use]
    pub(crate) fn query(&self) -> ListQuery {
        let some = |text: &str| (!text.trim().is_empty()).then(|| text.trim().to_owned());
        ListQuery {
            search: some(&self.q),
            kind: some(&self.kind),
            state: some(&self.state),
            sort: some(&self.sort),
        }
    }
}

/// Rows on one page of a list in our database.
pub(crate) const PAGE_ROWS: u32 = 50;

impl Asked {
    /// The page of a list in our database.
    #[must_use]
    pub(crate) fn paging(&self) -> Paging {
        Paging {
            after: (!self.cursor.is_empty()).then(|| self.cursor.clone()),
            limit: PAGE_ROWS,
        }
    }
}

/// Where a page of a list in our database stands between others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Cursors {
    /// This page.
    pub(crate) here: String,
    /// The page before.
    pub(crate) previous: Option<String>,
    /// The page after.
    pub(crate) next: Option<String>,
}

/// Which page an address leads to.
#[derive(Clone, Copy)]
enum To<'a> {
    First,
    From(usize),
    Cursor(&'a str),
}

/// A filter above a list.
#[derive(Debug, Clone)]
pub(crate) struct Filter {
    /// The field's name.
    pub(crate) name: &'static str,
    /// Its label.
    pub(crate) label: &'static str,
    /// The words of "no filter".
    pub(crate) every: &'static str,
    /// Values and words.
    pub(crate) options: Vec<(String, String)>,
    /// The chosen value; empty for none.
    pub(crate) chosen: String,
}

/// The bar above a list and the foot under it.
#[derive(Debug, Clone)]
pub(crate) struct Bar {
    /// The list's path.
    pub(crate) path: String,
    /// "profile".
    pub(crate) noun: &'static str,
    /// In the empty search field.
    pub(crate) placeholder: &'static str,
    /// What is searched for.
    pub(crate) search: String,
    /// Filters.
    pub(crate) filters: Vec<Filter>,
    /// Keys to read through, usable ones first; empty when the list is not read through a key.
    pub(crate) keys: Vec<KeyChoice>,
    /// The picked one.
    pub(crate) key: Option<ApiKeyId>,
    /// The order.
    pub(crate) sort: String,
    /// The order when none is asked for.
    pub(crate) usual_sort: &'static str,
    /// Rows skipped.
    pub(crate) from: usize,
    /// The pages beside this one, where the list stands in our database.
    pub(crate) cursors: Option<Cursors>,
    /// Rows that fit the query.
    pub(crate) fitting: usize,
    /// Rows without the query.
    pub(crate) total: usize,
    /// When Apple gave the list.
    pub(crate) at: Option<Timestamp>,
    /// Further fixed parts of the query.
    pub(crate) fixed: Vec<(&'static str, String)>,
    /// The time.
    pub(crate) now: Timestamp,
}

impl Bar {
    fn address(&self, search: bool, sort: &str, to: To<'_>) -> String {
        let mut query = Serializer::new(String::new());
        let mut add = |name: &str, value: &str| {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        };
        if search {
            add("q", &self.search);
            for filter in &self.filters {
                add(filter.name, &filter.chosen);
            }
        }
        for (name, value) in &self.fixed {
            add(name, value);
        }
        add("key", &self.key.map(|key| key.to_string()).unwrap_or_default());
        add("sort", sort);
        match to {
            To::First | To::From(0) => {}
            To::From(row) => add("from", &row.to_string()),
            To::Cursor(cursor) => add("cursor", cursor),
        }
        let query = query.finish();
        if query.is_empty() {
            self.path.clone()
        } else {
            format!("{}?{query}", self.path)
        }
    }

    /// This very page.
    #[must_use]
    pub(crate) fn here(&self) -> String {
        let to = match &self.cursors {
            Some(cursors) => To::Cursor(&cursors.here),
            None => To::From(self.from),
        };
        self.address(true, &self.sort, to)
    }

    /// Without search and filters.
    #[must_use]
    pub(crate) fn cleared(&self) -> String {
        self.address(false, &self.sort, To::First)
    }

    fn present_sort(&self) -> &str {
        if self.sort.is_empty() { self.usual_sort } else { &self.sort }
    }

    /// `ascending` or `descending` for the column the list is sorted by.
    #[must_use]
    pub(crate) fn order(&self, field: &str) -> Option<&'static str> {
        let present = self.present_sort();
        if present == field {
            Some("ascending")
        } else {
            present.strip_prefix('-').filter(|rest| *rest == field).map(|_| "descending")
        }
    }

    /// Whether the list is sorted by this column, upward.
    #[must_use]
    pub(crate) fn is_ascending(&self, field: &str) -> bool {
        self.order(field) == Some("ascending")
    }

    /// Sorted by this column; pressed again, the other way round.
    #[must_use]
    pub(crate) fn sorted_by(&self, field: &str) -> String {
        let next = if self.is_ascending(field) {
            format!("-{field}")
        } else {
            field.to_owned()
        };
        self.address(true, &next, To::First)
    }

    /// Whether something is hidden by search or filters.
    #[must_use]
    pub(crate) fn is_filtered(&self) -> bool {
        !self.search.is_empty() || self.filters.iter().any(|filter| !filter.chosen.is_empty())
    }

    /// Whether it has more than one page.
    #[must_use]
    pub(crate) fn is_paged(&self) -> bool {
        match &self.cursors {
            Some(cursors) => cursors.previous.is_some() || cursors.next.is_some(),
            None => self.from > 0 || self.fitting > ROWS,
        }
    }

    /// The page before.
    #[must_use]
    pub(crate) fn before(&self) -> Option<String> {
        let to = match &self.cursors {
            Some(cursors) => To::Cursor(cursors.previous.as_deref()?),
            None if self.from == 0 => return None,
            None => To::From(self.from.saturating_sub(ROWS)),
        };
        Some(self.address(true, &self.sort, to))
    }

    /// The page after.
    #[must_use]
    pub(crate) fn after(&self, shown: &usize) -> Option<String> {
        let to = match &self.cursors {
            Some(cursors) => To::Cursor(cursors.next.as_deref()?),
            None if self.from + shown >= self.fitting => return None,
            None => To::From(self.from + shown),
        };
        Some(self.address(true, &self.sort, to))
    }

    /// "1 to 50 of 2,904".
    #[must_use]
    pub(crate) fn range(&self, shown: &usize) -> String {
        let many = |number: usize| {
            if number == 1 {
                self.noun.to_owned()
            } else {
                format!("{}s", self.noun)
            }
        };
        let hidden = if self.fitting < self.total {
            format!(", {} hidden by the filters", grouped(self.total - self.fitting))
        } else {
            String::new()
        };
        if self.is_paged() {
            format!(
                "{} to {} of {} {}{hidden}",
                grouped(self.from + 1),
                grouped(self.from + shown),
                grouped(self.fitting),
                many(self.fitting)
            )
        } else {
            format!("{} {}{hidden}", grouped(self.fitting), many(self.fitting))
        }
    }

    /// The line under the title.
    #[must_use]
    pub(crate) fn summary(&self, what: &str) -> String {
        let key = self.keys.iter().find(|choice| Some(choice.key.id) == self.key);
        let through = key.map(|choice| {
            let team = choice.key.team_id.as_ref().map(|team| format!(" {team}")).unwrap_or_default();
            format!("{team}, read through {}", choice.key.name)
        });
        let at = self.at.map(|at| match when::past(at, self.now).as_str() {
            "now" => " just now".to_owned(),
            words => format!(" {words}"),
        });
        format!("{what}{}{}.", through.unwrap_or_default(), at.unwrap_or_default())
    }
}

/// The page of rows that was asked for.
#[must_use]
pub(crate) fn page<T>(items: Vec<T>, from: usize) -> Vec<T> {
    items.into_iter().skip(from).take(ROWS).collect()
}

/// The keys that a list can be read through, and the picked one: the one asked for if it may be tried, else the first
/// that may.
pub(crate) async fn pick(
    state: &State,
    caller: &Caller,
    org: OrgId,
    feature: Feature,
    asked: &Asked,
) -> Result<(Vec<KeyChoice>, Option<ApiKeyId>), Problem> {
    let keys = state.app.key_choices(caller, org, &Need::Read { feature }).await?;
    let wanted = asked.key.parse::<ApiKeyId>().ok();
    let may = |choice: &&KeyChoice| choice.usability.may_try();
    let key = keys
        .iter()
        .filter(may)
        .find(|choice| Some(choice.key.id) == wanted)
        .or_else(|| keys.iter().find(may))
        .map(|choice| choice.key.id);
    Ok((keys, key))
}

impl Bar {
    /// What was asked for; the numbers come with [`Bar::fill`].
    pub(crate) fn new(
        path: String,
        noun: &'static str,
        placeholder: &'static str,
        usual_sort: &'static str,
        asked: &Asked,
        now: Timestamp,
    ) -> Self {
        Self {
            path,
            noun,
            placeholder,
            search: asked.q.trim().to_owned(),
            filters: Vec::new(),
            keys: Vec::new(),
            key: None,
            sort: asked.sort.clone(),
            usual_sort,
            from: asked.from,
            cursors: None,
            fitting: 0,
            total: 0,
            at: None,
            fixed: Vec::new(),
            now,
        }
    }

    /// With a filter over constants of Apple's, or over words of ours.
    pub(crate) fn filter(
        mut self,
        name: &'static str,
        label: &'static str,
        every: &'static str,
        options: &[(&str, &str)],
        chosen: &str,
    ) -> Self {
        let options = options
            .iter()
            .map(|(value, word)| ((*value).to_owned(), (*word).to_owned()))
            .collect();
        self.filters.push(Filter {
            name,
            label,
            every,
            options,
            chosen: chosen.to_owned(),
        });
        self
    }

    /// Takes the numbers of a page in our database and answers its rows.
    pub(crate) fn fill_page<T>(&mut self, page: Page<T>, asked: &Asked, fitting: usize, total: usize) -> Vec<T> {
        self.from = page.skipped as usize;
        // Rows may have come since the page was reached; it never tells of fewer than it shows.
        self.fitting = fitting.max(self.from + page.items.len());
        self.total = total.max(self.fitting);
        self.cursors = Some(Cursors {
            here: asked.cursor.clone(),
            previous: page.previous,
            next: page.next,
        });
        page.items
    }

    /// Takes a listing's numbers and answers the rows of the page that was asked for.
    pub(crate) fn fill<T>(&mut self, listing: Listing<T>) -> Vec<T> {
        self.at = Some(listing.at);
        self.fill_rows(listing.items, listing.total)
    }

    /// The same of rows that all are here: those that fit, of so many.
    pub(crate) fn fill_rows<T>(&mut self, fitting: Vec<T>, total: usize) -> Vec<T> {
        self.fitting = fitting.len();
        self.total = total;
        if self.from >= self.fitting {
            self.from = 0;
        }
        page(fitting, self.from)
    }

    /// Reads the list through the picked key: its rows, or in their place why Apple did not give them.
    pub(crate) async fn read<T>(
        &mut self,
        ask: impl AsyncFnOnce(ApiKeyId) -> Result<Listing<T>, Problem>,
    ) -> Result<(Vec<T>, Option<Notice>), Problem> {
        let Some(key) = self.key else { return Ok((Vec::new(), None)) };
        Ok(match told_in_place(ask(key).await)? {
            Ok(listing) => (self.fill(listing), None),
            Err(notice) => (Vec::new(), Some(notice)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar() -> Bar {
        Bar {
            path: "/o/x/devices".into(),
            noun: "device",
            placeholder: "",
            search: "a&b".into(),
            filters: vec![Filter {
                name: "kind",
                label: "",
                every: "",
                options: vec![],
                chosen: "IPAD".into(),
            }],
            keys: vec![],
            key: None,
            sort: String::new(),
            usual_sort: "name",
            from: 0,
            cursors: None,
            fitting: 250,
            total: 300,
            at: None,
            fixed: vec![],
            now: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn everything_about_a_list_is_in_its_address() {
        let bar = bar();
        assert_eq!(bar.here(), "/o/x/devices?q=a%26b&kind=IPAD");
        assert_eq!(bar.sorted_by("name"), "/o/x/devices?q=a%26b&kind=IPAD&sort=-name");
        assert_eq!(bar.sorted_by("added"), "/o/x/devices?q=a%26b&kind=IPAD&sort=added");
        assert_eq!(bar.cleared(), "/o/x/devices");
        assert_eq!(bar.after(&ROWS), Some("/o/x/devices?q=a%26b&kind=IPAD&from=100".into()));
        assert_eq!(bar.before(), None);
        assert_eq!(bar.range(&ROWS), "1 to 100 of 250 devices, 50 hidden by the filters");
    }

    #[test]
    fn a_page_between_others_leads_to_both_by_their_cursors() {
        let mut bar = bar();
        let asked = Asked {
            cursor: "h".into(),
            ..Asked::default()
        };
        let page = Page {
            items: vec![(); 50],
            next: Some("n".into()),
            previous: Some("p".into()),
            skipped: 1250,
        };
        assert_eq!(bar.fill_page(page, &asked, 2904, 3000).len(), 50);
        assert_eq!(bar.range(&50), "1,251 to 1,300 of 2,904 devices, 96 hidden by the filters");
        assert_eq!(bar.here(), "/o/x/devices?q=a%26b&kind=IPAD&cursor=h");
        assert_eq!(bar.before(), Some("/o/x/devices?q=a%26b&kind=IPAD&cursor=p".into()));
        assert_eq!(bar.after(&50), Some("/o/x/devices?q=a%26b&kind=IPAD&cursor=n".into()));
        assert_eq!(
            bar.sorted_by("name"),
            "/o/x/devices?q=a%26b&kind=IPAD&sort=-name",
            "another order begins anew"
        );
        assert_eq!(bar.cleared(), "/o/x/devices");
    }
}
