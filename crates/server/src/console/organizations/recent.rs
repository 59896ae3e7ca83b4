//! The organizations that a browser saw last: a cookie with a few ids, and nothing that anybody could not type.

use axum::http::HeaderMap;
use domain::OrgId;

use crate::session;

/// The cookie.
pub(crate) const COOKIE: &str = "russet-orgs";
/// How many are remembered.
const MOST: usize = 5;

/// Those seen last, the last one first.
pub(crate) fn seen(headers: &HeaderMap) -> Vec<OrgId> {
    let text = session::cookie(headers, COOKIE).unwrap_or_default();
    text.split('.').filter_map(|id| id.parse().ok()).take(MOST).collect()
}

/// What to remember after a page of an organization; none when that is what is remembered.
pub(crate) fn after(path: &str, seen: &[OrgId]) -> Option<String> {
    let id: OrgId = path.strip_prefix("/o/")?.split('/').next()?.parse().ok()?;
    if seen.first() == Some(&id) {
        return None;
    }
    let rest = seen.iter().filter(|one| **one != id);
    let all: Vec<_> = std::iter::once(&id).chain(rest).take(MOST).map(ToString::to_string).collect();
    Some(all.join("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn org(number: u32) -> OrgId {
        format!("org_{number:032x}").parse().unwrap()
    }

    #[test]
    fn the_last_few_are_remembered_each_once() {
        let mut known = Vec::new();
        for number in [1, 2, 3, 2, 4, 5, 6] {
            let value = after(&format!("/o/{}/keys", org(number)), &known).unwrap();
            let mut headers = HeaderMap::new();
            headers.insert("cookie", format!("{COOKIE}={value}").parse().unwrap());
            known = seen(&headers);
        }
        assert_eq!(known, [6, 5, 4, 2, 3].map(org));
        assert_eq!(after(&format!("/o/{}", org(6)), &known), None);
        for other in ["/me", "/o/", "/o/nonsense", "/orgs"] {
            assert_eq!(after(other, &known), None, "{other}");
        }
    }
}
