//! Lists are read in pages, by a cursor that stays right while rows come and go.
//!
//! A cursor says where a page ended by what that row is sorted by, and by its id. Nothing is looked up by it, so it stays
//! right when the row goes away, and one that was meant for another organization says nothing about that one: it is a
//! place in one's own list. It names its list and order, and is refused in another.
//!
//! The surprising thing: a page before is read by the statement of the opposite order, and turned around.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{Result, StoreError};

/// Which part of a list is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paging {
    /// The `next` or `previous` of another page of the same list; none for the first page. Any other text is refused.
    pub after: Option<String>,
    /// How many rows at most; held between 1 and [`Paging::MOST`].
    pub limit: u32,
}

impl Paging {
    /// The largest page.
    pub const MOST: u32 = 200;

    /// The first page of this size.
    #[must_use]
    pub fn first(limit: u32) -> Self {
        Self { after: None, limit }
    }

    /// The page that this cursor leads to.
    #[must_use]
    pub fn after(cursor: impl Into<String>, limit: u32) -> Self {
        Self {
            after: Some(cursor.into()),
            limit,
        }
    }

    fn size(&self) -> usize {
        self.limit.clamp(1, Self::MOST) as usize
    }

    /// One row more than wanted, to know whether there is a next page.
    pub(crate) fn fetch(&self) -> i64 {
        self.size() as i64 + 1
    }

    /// The place that the cursor names in this list.
    pub(crate) fn place<P: DeserializeOwned>(&self, list: &str) -> Result<Option<Cursor<P>>> {
        self.after.as_deref().map(|text| Cursor::read(text, list)).transpose()
    }

    /// The same, of a list that is only read forward.
    pub(crate) fn behind<P: DeserializeOwned>(&self, list: &str) -> Result<Option<P>> {
        Ok(self.place(list)?.map(|cursor| cursor.place))
    }
}

impl Default for Paging {
    fn default() -> Self {
        Self::first(50)
    }
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// The cursor of the next page; none at the end.
    pub next: Option<String>,
    /// The cursor of the page before; none at the beginning, and where a list is only read forward.
    pub previous: Option<String>,
    /// How many rows came before, as far as the pages that led here can tell.
    pub skipped: u32,
}

impl<T> Page<T> {
    /// A page of a list that is only read forward.
    pub(crate) fn cut<P: Serialize>(mut items: Vec<T>, paging: &Paging, list: &str, place: impl Fn(&T) -> P) -> Self {
        let more = items.len() > paging.size();
        items.truncate(paging.size());
        let last = items.last().filter(|_| more);
        let next = last.map(|row| Cursor::write(list, false, 0, &place(row)));
        Self {
            items,
            next,
            previous: None,
            skipped: 0,
        }
    }

    /// A page of a list that is read both ways. `items` are in the order of reading, backward for a page before.
    pub(crate) fn around<P: Serialize>(
        mut items: Vec<T>,
        paging: &Paging,
        list: &str,
        from: Option<&Cursor<P>>,
        place: impl Fn(&T) -> P,
    ) -> Self {
        let more = items.len() > paging.size();
        items.truncate(paging.size());
        let length = u32::try_from(items.len()).unwrap_or(u32::MAX);
        let backward = from.is_some_and(|from| from.backward);
        let (mut skipped, mut end) = (from.map_or(0, |from| from.skipped), 0);
        if backward {
            items.reverse();
            end = skipped;
            skipped = if more { skipped.saturating_sub(length) } else { 0 };
        }
        if !backward {
            end = skipped.saturating_add(length);
        }
        let cursor = |row: Option<&T>, backward, skipped| {
            let place = place(row?);
            Some(Cursor::write(list, backward, skipped, &place))
        };
        let next = if backward || more { cursor(items.last(), false, end) } else { None };
        let has_previous = if backward { more } else { from.is_some() };
        let previous = if has_previous { cursor(items.first(), true, skipped) } else { None };
        Self {
            items,
            next,
            previous,
            skipped,
        }
    }

    /// The same page of something else.
    #[must_use]
    pub fn map<U>(self, make: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(make).collect(),
            next: self.next,
            previous: self.previous,
            skipped: self.skipped,
        }
    }
}

/// Where a page begins, as its link says it.
#[derive(Deserialize)]
pub(crate) struct Cursor<P> {
    list: String,
    /// Whether the page lies before the place.
    pub(crate) backward: bool,
    skipped: u32,
    /// What the row at the end of the other page is sorted by, its id last.
    pub(crate) place: P,
}

impl<P: DeserializeOwned> Cursor<P> {
    /// Longest cursor, in characters: a name may be long, and one that is longer is not ours.
    const LONGEST: usize = 4096;

    fn read(text: &str, list: &str) -> Result<Self> {
        let decoded = URL_SAFE_NO_PAD.decode(text).ok().filter(|_| text.len() <= Self::LONGEST);
        // PostgreSQL has no NUL in texts; no row of ours holds one.
        let json = decoded.filter(|json| !json.windows(6).any(|six| six == b"\\u0000"));
        json.and_then(|json| serde_json::from_slice::<Self>(&json).ok())
            .filter(|cursor| cursor.list == list)
            .ok_or(StoreError::Cursor)
    }
}

impl<P: Serialize> Cursor<P> {
    fn write(list: &str, backward: bool, skipped: u32, place: &P) -> String {
        // A tuple of texts and numbers is always written.
        let json = serde_json::to_vec(&(list, backward, skipped, place)).unwrap_or_default();
        URL_SAFE_NO_PAD.encode(json)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(paging: &Paging, all: &[u32]) -> Result<Page<u32>> {
        let from = paging.place::<u32>("numbers")?;
        let mut items: Vec<u32> = all.to_vec();
        match &from {
            Some(from) if from.backward => {
                items.retain(|n| *n < from.place);
                items.reverse();
            }
            Some(from) => items.retain(|n| *n > from.place),
            None => {}
        }
        items.truncate(paging.fetch() as usize);
        Ok(Page::around(items, paging, "numbers", from.as_ref(), |n| *n))
    }

    #[test]
    fn pages_lead_to_the_end_and_back_and_know_where_they_are() {
        let all: Vec<u32> = (1..=5).collect();
        let first = page(&Paging::first(2), &all).unwrap();
        assert_eq!(
            (first.items.as_slice(), first.skipped, &first.previous),
            ([1, 2].as_slice(), 0, &None)
        );
        let second = page(&Paging::after(first.next.unwrap(), 2), &all).unwrap();
        assert_eq!((second.items.as_slice(), second.skipped), ([3, 4].as_slice(), 2));
        let last = page(&Paging::after(second.next.unwrap(), 2), &all).unwrap();
        assert_eq!((last.items.as_slice(), last.skipped, &last.next), ([5].as_slice(), 4, &None));
        let back = page(&Paging::after(last.previous.unwrap(), 2), &all).unwrap();
        assert_eq!((back.items.as_slice(), back.skipped), ([3, 4].as_slice(), 2));
        assert!(back.next.is_some());
        let start = page(&Paging::after(back.previous.unwrap(), 2), &all).unwrap();
        assert_eq!(
            (start.items.as_slice(), start.skipped, start.previous),
            ([1, 2].as_slice(), 0, None)
        );
    }

    #[test]
    fn a_cursor_of_another_list_or_of_nobody_is_refused() {
        let foreign = Cursor::write("others", false, 2, &2u32);
        let nul = Cursor::write("numbers", false, 2, &"\0");
        for cursor in [foreign.as_str(), nul.as_str(), "", "x", "key_0000", &"A".repeat(5000)] {
            let refused = Paging::after(cursor, 2).place::<u32>("numbers").err();
            assert!(matches!(refused, Some(StoreError::Cursor)), "{cursor}");
        }
    }
}
