//! The list of profiles held here: filtered, sorted and cut into pages by the database, and only read forward.

use domain::name::folded;
use domain::{HeldProfile, Permit, ProfileStanding, ProfileType};
use jiff::Timestamp;

use super::profile;
use crate::sql::{Arg, args};
use crate::{Page, Paging, Result, Tx};

/// Which profiles are wanted; what is `None` does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProfileFilter {
    /// With this text anywhere in the name or the bundle identifier, or a UUID that begins with it; in any case.
    pub search: Option<String>,
    /// Of this type.
    pub profile_type: Option<ProfileType>,
    /// With this standing.
    pub standing: Option<ProfileStanding>,
    /// Ending then or later.
    pub ends_from: Option<Timestamp>,
    /// Ending earlier.
    pub ends_before: Option<Timestamp>,
}

/// What a list of profiles is sorted by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ProfileOrder {
    /// Their folded name.
    #[default]
    Name,
    /// When they end, soonest first.
    Expiry,
}

/// How cursors of the two lists call them.
const BY_NAME: &str = "profiles by name";
const BY_EXPIRY: &str = "profiles by expiry";

impl ProfileFilter {
    /// `$1` to `$7` of every statement.
    fn args(&self, permit: &Permit) -> Vec<Arg> {
        let searched = self.search.as_deref().map(str::trim).filter(|text| !text.is_empty());
        // No text of ours holds a NUL, and PostgreSQL refuses one.
        let literal = searched.map(|text| literal(&folded(&text.replace('\0', ""))));
        let micros = |at: Option<Timestamp>| at.map(Timestamp::as_microsecond);
        args![
            permit.organization(),
            micros(self.ends_from).unwrap_or(i64::MIN),
            micros(self.ends_before).unwrap_or(i64::MAX),
            literal.as_ref().map(|text| format!("%{text}%")),
            literal.as_ref().map(|text| format!("{text}%")),
            self.profile_type.as_ref().map(ProfileType::as_str),
            self.standing.map(ProfileStanding::as_str),
        ]
    }
}

/// A text in which nothing is a wildcard of `LIKE … ESCAPE '!'`.
fn literal(text: &str) -> String {
    text.replace('!', "!!").replace('%', "!%").replace('_', "!_")
}

impl Tx {
    /// The profiles of an organization that fit a filter, in an order.
    ///
    /// # Errors
    /// [`crate::StoreError::Cursor`] for a cursor of another list or order.
    pub async fn profiles(
        &mut self,
        permit: &Permit,
        filter: &ProfileFilter,
        order: ProfileOrder,
        paging: &Paging,
    ) -> Result<Page<HeldProfile>> {
        let mut args = filter.args(permit);
        let rows = match order {
            ProfileOrder::Name => {
                let (name, id) = paging.behind::<(String, String)>(BY_NAME)?.unwrap_or_default();
                args.extend(args![name, id, paging.fetch()]);
                self.rows(
                    "SELECT * FROM profiles WHERE organization_id = $1 AND (folded, id) > ($8, $9)
                         AND expires_at >= $2 AND expires_at < $3
                         AND (CAST($4 AS TEXT) IS NULL OR folded LIKE $4 ESCAPE '!' OR lower(bundle_identifier) LIKE $4 ESCAPE '!'
                             OR lower(uuid) LIKE $5 ESCAPE '!')
                         AND (CAST($6 AS TEXT) IS NULL OR profile_type = $6) AND (CAST($7 AS TEXT) IS NULL OR standing = $7)
                     ORDER BY folded, id LIMIT $10",
                    args,
                )
                .await?
            }
            ProfileOrder::Expiry => {
                let (end, id) = paging
                    .behind::<(i64, String)>(BY_EXPIRY)?
                    .unwrap_or_else(|| (i64::MIN, String::new()));
                args.extend(args![end, id, paging.fetch()]);
                self.rows(
                    "SELECT * FROM profiles WHERE organization_id = $1 AND (expires_at, id) > ($8, $9)
                         AND expires_at >= $2 AND expires_at < $3
                         AND (CAST($4 AS TEXT) IS NULL OR folded LIKE $4 ESCAPE '!' OR lower(bundle_identifier) LIKE $4 ESCAPE '!'
                             OR lower(uuid) LIKE $5 ESCAPE '!')
                         AND (CAST($6 AS TEXT) IS NULL OR profile_type = $6) AND (CAST($7 AS TEXT) IS NULL OR standing = $7)
                     ORDER BY expires_at, id LIMIT $10",
                    args,
                )
                .await?
            }
        };
        let items: Vec<_> = rows.iter().map(profile).collect::<Result<_>>()?;
        Ok(match order {
            ProfileOrder::Name => Page::cut(items, paging, BY_NAME, |row| (folded(&row.name), row.id.to_string())),
            ProfileOrder::Expiry => Page::cut(items, paging, BY_EXPIRY, |row| {
                (row.expires_at.as_microsecond(), row.id.to_string())
            }),
        })
    }

    /// How many fit.
    ///
    /// # Errors
    /// What the database says.
    pub async fn count_profiles(&mut self, permit: &Permit, filter: &ProfileFilter) -> Result<u32> {
        self.row(
            "SELECT COUNT(*) AS number FROM profiles WHERE organization_id = $1 AND expires_at >= $2 AND expires_at < $3
                 AND (CAST($4 AS TEXT) IS NULL OR folded LIKE $4 ESCAPE '!' OR lower(bundle_identifier) LIKE $4 ESCAPE '!'
                     OR lower(uuid) LIKE $5 ESCAPE '!')
                 AND (CAST($6 AS TEXT) IS NULL OR profile_type = $6) AND (CAST($7 AS TEXT) IS NULL OR standing = $7)",
            filter.args(permit),
        )
        .await?
        .count("number")
    }
}
