//! Lists: walks Apple's pages to the end.
//!
//! Facts E5: pages hold up to 200, the way on is `links.next`, and a cursor can be refused in the
//! middle of the walk; then the walk starts again. Where Apple refuses it each time, as it does for
//! long lists of devices, [`walk_as_far`] gives what comes before. A resource that moves from one
//! page to the next while we read shows up twice and is kept once.
//!
//! Of long lists that are in order, as builds are, somebody wants the newest few only: [`first_page`].
//!
//! What must not happen: that the token follows a link to somewhere else. A `next` that leaves the
//! configured origin ends the walk with [`Error::ForeignLink`].

use std::collections::HashSet;

use serde::de::DeserializeOwned;
use url::Url;

use crate::document::{Document, Included, Resource};
use crate::error::Error;
use crate::session::Session;
use crate::transport::{Call, decode};

/// The page size that is asked for; Apple's maximum (facts E5).
pub(crate) const PAGE: &str = "200";
/// The same as a number.
pub(crate) const MOST_PER_PAGE: u8 = 200;
const MOST_PAGES: usize = 500;
const RESTARTS: usize = 2;

/// A whole list with everything that was included on its pages.
pub(crate) struct Listing<A> {
    pub(crate) data: Vec<Resource<A>>,
    pub(crate) included: Included,
}

impl<A> Listing<A> {
    fn empty() -> Self {
        Self {
            data: Vec::new(),
            included: Included::default(),
        }
    }
}

/// Reads the list at `first` to its end.
pub(crate) async fn walk<A>(session: &Session, first: Url) -> Result<Listing<A>, Error>
where
    A: DeserializeOwned + Default,
{
    let mut restarts = 0;
    loop {
        let mut listing = Listing::empty();
        match walk_into(session, first.clone(), &mut listing).await {
            Ok(()) => return Ok(listing),
            Err(error) if is_refused_cursor(&error) && restarts < RESTARTS => restarts += 1,
            Err(error) => return Err(error),
        }
    }
}

/// Reads the first page of the list at `first`, however much follows.
pub(crate) async fn first_page<A>(session: &Session, first: Url) -> Result<Listing<A>, Error>
where
    A: DeserializeOwned + Default,
{
    let call = Call::get(first);
    let answer = session.send(&call).await?;
    let page: Document<Vec<Resource<A>>> = decode(&call, &answer)?;
    Ok(Listing {
        data: page.data,
        included: page.included,
    })
}

/// Reads the list at `first` to its end or until Apple refuses a cursor. Answers whether that is its end.
pub(crate) async fn walk_as_far<A>(session: &Session, first: Url) -> Result<(Listing<A>, bool), Error>
where
    A: DeserializeOwned + Default,
{
    let mut listing = Listing::empty();
    match walk_into(session, first, &mut listing).await {
        Ok(()) => Ok((listing, true)),
        Err(error) if is_refused_cursor(&error) => Ok((listing, false)),
        Err(error) => Err(error),
    }
}

async fn walk_into<A>(session: &Session, first: Url, listing: &mut Listing<A>) -> Result<(), Error>
where
    A: DeserializeOwned + Default,
{
    let mut ids = HashSet::new();
    let mut call = Call::get(first);
    for _ in 0..MOST_PAGES {
        let answer = session.send(&call).await?;
        let page: Document<Vec<Resource<A>>> = decode(&call, &answer)?;
        let new = page.data.into_iter().filter(|r| ids.insert(r.id.clone()));
        listing.data.extend(new);
        listing.included.absorb(page.included);
        match page.links.next.filter(|next| !next.is_empty()) {
            None => return Ok(()),
            Some(next) => call = Call::get(follow(session, &call.url, &next)?),
        }
    }
    Err(Error::EndlessListing { pages: MOST_PAGES })
}

fn follow(session: &Session, current: &Url, next: &str) -> Result<Url, Error> {
    let elsewhere = |host| Err(Error::ForeignLink { host });
    let Ok(url) = current.join(next) else {
        return elsewhere("not a URL".to_owned());
    };
    if !session.origin().owns(&url) {
        return elsewhere(url.origin().ascii_serialization());
    }
    Ok(url)
}

/// Whether it says that a page cannot be reached by its cursor.
pub(crate) fn is_refused_cursor(error: &Error) -> bool {
    let refused = |e: &crate::ErrorObject| e.code.starts_with("PARAMETER_ERROR") && e.parameter.as_deref() == Some("cursor");
    matches!(error, Error::Refused { status: 400, errors } if errors.iter().any(refused))
}
