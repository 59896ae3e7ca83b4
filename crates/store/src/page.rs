//! Lists are read in pages, by a cursor that stays right while rows come and go.

/// Which part of a list is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paging {
    /// The `next` of the page before; none for the first page. A cursor that is not one of ours
    /// gives an empty or a first page, never an error of the database.
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

    /// The page after this cursor.
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
}

impl<T> Page<T> {
    pub(crate) fn cut(mut items: Vec<T>, paging: &Paging, cursor: impl Fn(&T) -> String) -> Self {
        let more = items.len() > paging.size();
        items.truncate(paging.size());
        let next = if more { items.last().map(cursor) } else { None };
        Self { items, next }
    }
}
