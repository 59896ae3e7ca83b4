//! The list of certificates held here: filtered, sorted and cut into pages by the database.
//!
//! Each order has a statement and an index of its own, with a type and without, so that a page costs what the page holds,
//! the last one too.
//!
//! The ids are found first and the rows fetched afterwards: what is searched and filtered stands in the index, and rows that
//! do not fit are never visited, which carry a whole certificate each.
//!
//! The surprising thing: a database takes one bound of each side to its index, and may take the weaker one. So the cursor
//! is the only bound on its side: `+expires_at` is a value like any other and leads nowhere, and where the list begins is
//! worked out here, from the filter and the cursor.

use domain::name::folded;
use domain::{CertificateType, ListedCertificate, Permit};
use jiff::Timestamp;

use crate::sql::{Arg, Row, args, literal};
use crate::{Page, Paging, Result, Tx};

/// Which certificates are wanted; what is `None` does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CertificateFilter {
    /// With this text anywhere in the name, or a serial number that begins with it; in any case.
    pub search: Option<String>,
    /// Of this type.
    pub certificate_type: Option<CertificateType>,
    /// Ending then or later.
    pub ends_from: Option<Timestamp>,
    /// Ending earlier.
    pub ends_before: Option<Timestamp>,
}

/// What a list of certificates is sorted by. Equal ones stand in the order in which they were taken in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CertificateOrder {
    /// When they end.
    #[default]
    Expiry,
    /// Their folded name.
    Name,
    /// Apple's word for the type, then when they end.
    Type,
}

impl CertificateFilter {
    /// From when and before when, in microseconds.
    fn ends(&self) -> (i64, i64) {
        let micros = |at: Option<Timestamp>| at.map(Timestamp::as_microsecond);
        (
            micros(self.ends_from).unwrap_or(i64::MIN),
            micros(self.ends_before).unwrap_or(i64::MAX),
        )
    }

    /// `$1` to `$5` of every statement.
    fn args(&self, permit: &Permit) -> Vec<Arg> {
        let searched = self.search.as_deref().map(str::trim).filter(|text| !text.is_empty());
        // No text of ours holds a NUL, and PostgreSQL refuses one.
        let literal = searched.map(|text| literal(&folded(&text.replace('\0', ""))));
        let (from, before) = self.ends();
        args![
            permit.organization(),
            from,
            before,
            literal.as_ref().map(|text| format!("%{text}%")),
            literal
                .as_ref()
                .filter(|text| text.chars().all(|c| c.is_ascii_hexdigit()))
                .map(|text| format!("{}%", text.to_uppercase())),
        ]
    }
}

/// What a row is sorted by: a word or a moment or both, as the order asks, and its id.
type Place = (String, i64, String);

/// Where a list begins that no cursor leads into: before everything that fits, or behind it.
fn beginning(filter: &CertificateFilter, falling: bool) -> Place {
    // No text of ours begins with the last of all characters.
    const LAST: &str = "\u{10FFFF}";
    let (from, before) = filter.ends();
    match falling {
        false => (String::new(), from, String::new()),
        true => (LAST.to_owned(), before, String::new()),
    }
}

fn name_of(order: CertificateOrder, falling: bool) -> &'static str {
    match (order, falling) {
        (CertificateOrder::Expiry, false) => "certificates by expiry",
        (CertificateOrder::Expiry, true) => "certificates by expiry, falling",
        (CertificateOrder::Name, false) => "certificates by name",
        (CertificateOrder::Name, true) => "certificates by name, falling",
        (CertificateOrder::Type, false) => "certificates by type",
        (CertificateOrder::Type, true) => "certificates by type, falling",
    }
}

fn listed(row: &Row) -> Result<ListedCertificate> {
    Ok(ListedCertificate {
        id: row.parse("id")?,
        apple_id: super::apple_id(row)?,
        certificate_type: CertificateType::of_apple(row.get::<String>("certificate_type")?),
        name: row.get("name")?,
        serial: row.get("serial")?,
        sha1: row.get("sha1")?,
        team_id: row.parse_opt("team_id")?,
        expires_at: row.time("expires_at")?,
        origin: row.parse("origin")?,
        key_held: row.get::<Option<String>>("private_key_id")?.is_some(),
        added_at: row.time("added_at")?,
        revoked_at: row.time_opt("revoked_at")?,
    })
}

impl Tx {
    /// The certificates of an organization that fit a filter, in an order or the other way round.
    ///
    /// # Errors
    /// [`crate::StoreError::Cursor`] for a cursor of another list or order.
    pub async fn certificates(
        &mut self,
        permit: &Permit,
        filter: &CertificateFilter,
        (order, falling): (CertificateOrder, bool),
        paging: &Paging,
    ) -> Result<Page<ListedCertificate>> {
        let list = name_of(order, falling);
        let from = paging.place::<Place>(list)?;
        // The page before is the next one of the opposite order.
        let falling = falling != from.as_ref().is_some_and(|from| from.backward);
        let (word, moment, id) = from.as_ref().map_or_else(|| beginning(filter, falling), |from| from.place.clone());
        let one_type = filter.certificate_type.as_ref().map(CertificateType::as_str);
        // Among certificates of one type, the type is no order.
        let order_within = match (order, one_type) {
            (CertificateOrder::Type, Some(_)) => CertificateOrder::Expiry,
            _ => order,
        };
        let mut args = filter.args(permit);
        args.extend(match order_within {
            CertificateOrder::Expiry => args![moment, id],
            CertificateOrder::Name => args![word, id],
            CertificateOrder::Type => args![word, moment, id],
        });
        args.extend(args![paging.fetch()]);
        if one_type.is_some() {
            args.extend(args![one_type]);
        }
        let rows = self.rows(statement(order_within, one_type.is_some(), falling), args).await?;
        let items = rows
            .iter()
            .map(|row| {
                let certificate = listed(row)?;
                let word = match order {
                    CertificateOrder::Expiry => String::new(),
                    CertificateOrder::Name => row.get("folded")?,
                    CertificateOrder::Type => certificate.certificate_type.to_string(),
                };
                Ok((
                    (word, certificate.expires_at.as_microsecond(), certificate.id.to_string()),
                    certificate,
                ))
            })
            .collect::<Result<Vec<_>>>()?;
        let page = Page::around(items, paging, list, from.as_ref(), |(place, _)| place.clone());
        Ok(page.map(|(_, certificate)| certificate))
    }

    /// How many certificates of an organization fit a filter.
    ///
    /// # Errors
    /// What the database says.
    pub async fn count_certificates(&mut self, permit: &Permit, filter: &CertificateFilter) -> Result<u32> {
        let mut args = filter.args(permit);
        let row = match &filter.certificate_type {
            Some(one_type) => {
                args.extend(args![one_type.as_str()]);
                self.row(
                    "SELECT COUNT(*) AS number FROM certificates WHERE organization_id = $1 AND certificate_type = $6
                         AND expires_at >= $2 AND expires_at < $3
                         AND (CAST($4 AS TEXT) IS NULL OR folded LIKE $4 ESCAPE '!' OR serial LIKE $5 ESCAPE '!')",
                    args,
                )
                .await?
            }
            None if filter.search.is_some() => {
                self.row(
                    "SELECT COUNT(*) AS number FROM certificates WHERE organization_id = $1
                         AND +expires_at >= $2 AND +expires_at < $3
                         AND (folded LIKE $4 ESCAPE '!' OR serial LIKE $5 ESCAPE '!')",
                    args,
                )
                .await?
            }
            None => {
                args.truncate(3);
                self.row(
                    "SELECT COUNT(*) AS number FROM certificates
                     WHERE organization_id = $1 AND expires_at >= $2 AND expires_at < $3",
                    args,
                )
                .await?
            }
        };
        row.count("number")
    }
}

/// The statement of an order. `$6` and on are the place, how many, and the type.
fn statement(order: CertificateOrder, one_type: bool, falling: bool) -> &'static str {
    match (order, one_type, falling) {
        (CertificateOrder::Expiry, false, false) => {
            "SELECT id, apple_id, certificate_type, name, folded, serial, sha1, team_id, expires_at, origin, private_key_id, added_at, revoked_at
             FROM certificates WHERE organization_id = $1 AND id IN (
                 SELECT id FROM certificates WHERE organization_id = $1 AND (expires_at, id) > ($6, $7) AND +expires_at >= $2 AND expires_at < $3 AND (CAST($4 AS TEXT) IS NULL OR folded LIKE $4 ESCAPE '!' OR serial LIKE $5 ESCAPE '!')
                 ORDER BY expires_at, id LIMIT $8)
             ORDER BY expires_at, id"
        }
        (CertificateOrder::Expiry, false, true) => {
            "SELECT id, apple_id, certificate_type, name, folded, serial, sha1, team_id, expires_at, origin, private_key_id, added_at, revoked_at
             FROM certificates WHERE organization_id = $1 AND id IN (
                 SELECT id FROM certificates WHERE organization_id = $1 AND (expires_at, id) < ($6, $7) AND expires_at >= $2 AND +expires_at < $3 AND (CAST($4 AS TEXT) IS NULL OR folded LIKE $4 ESCAPE '!' OR serial LIKE $5 ESCAPE '!')
                 ORDER BY expires_at DESC, id DESC LIMIT $8)
             ORDER BY expires_at DESC, id DESC"
        }
        (CertificateOrder::Expiry, true, false) => {
            "SELECT id, apple_id, certificate_type, name, folded, serial, sha1, team_id, expires_at, origin, private_key_id, added_at, revoked_at
             FROM certificates WHERE organization_id = $1 AND id IN (
                 SELECT id FROM certificates WHERE organization_id = $1 AND certificate_type = $9 AND (expires_at, id) > ($6, $7) AND +expires_at >= $2 AND expires_at < $3 AND (CAST($4 AS TEXT) IS NULL OR folded LIKE $4 ESCAPE '!' OR serial LIKE $5 ESCAPE '!')
                 ORDER BY expires_at, id LIMIT $8)
             ORDER BY expires_at, id"
        }
        (CertificateOrder::Expiry, true, true) => {
            "SELECT id, apple_id, certificate_type, name, folded, serial, sha1, team_id, expires_at, origin, private_key_id, added_at, revoked_at
             FROM certificates WHERE organization_id = $1 AND id IN (
                 SELECT id FROM certificates WHERE organization_id = $1 AND certificate_type = $9 AND (expires_at, id) < ($6, $7) AND expires_at >= $2 AND +expires_at < $3 AND (CAST($4 AS TEXT) IS NULL OR folded LIKE $4 ESCAPE '!' OR serial LIKE $5 ESCAPE '!')
                 ORDER BY expires_at DESC, id DESC LIMIT $8)
             ORDER BY expires_at DESC, id DESC"
        }
        (CertificateOrder::Name, false, false) => {
            "SELECT id, apple_id, certificate_type, name, folded, serial, sha1, team_id, expires_at, origin, private_key_id, added_at, revoked_at
             FROM certificates WHERE organization_id = $1 AND id IN (
                 SELECT id FROM certificates WHERE organization_id = $1 AND (folded, id) > ($6, $7) AND +expires_at >= $2 AND +expires_at < $3 AND (CAST($4 AS TEXT) IS NULL OR folded LIKE $4 ESCAPE '!' OR serial LIKE $5 ESCAPE '!')
                 ORDER BY folded, id LIMIT $8)
             ORDER BY folded, id"
        }
        (CertificateOrder::Name, false, true) => {
            "SELECT id, apple_id, certificate_type, name, folded, serial, sha1, team_id, expires_at, origin, private_key_id, added_at, revoked_at
             FROM certificates WHERE organization_id = $1 AND id IN (
                 SELECT id FROM certificates WHERE organization_id = $1 AND (folded, id) < ($6, $7) AND +expires_at >= $2 AND +expires_at < $3 AND (CAST($4 AS TEXT) IS NULL OR folded LIKE $4 ESCAPE '!' OR serial LIKE $5 ESCAPE '!')
                 ORDER BY folded DESC, id DESC LIMIT $8)
             ORDER BY folded DESC, id DESC"
        }
        (CertificateOrder::Name, true, false) => {
            "SELECT id, apple_id, certificate_type, name, folded, serial, sha1, team_id, expires_at, origin, private_key_id, added_at, revoked_at
             FROM certificates WHERE organization_id = $1 AND id IN (
                 SELECT id FROM certificates WHERE organization_id = $1 AND certificate_type = $9 AND (folded, id) > ($6, $7) AND +expires_at >= $2 AND +expires_at < $3 AND (CAST($4 AS TEXT) IS NULL OR folded LIKE $4 ESCAPE '!' OR serial LIKE $5 ESCAPE '!')
                 ORDER BY folded, id LIMIT $8)
             ORDER BY folded, id"
        }
        (CertificateOrder::Name, true, true) => {
            "SELECT id, apple_id, certificate_type, name, folded, serial, sha1, team_id, expires_at, origin, private_key_id, added_at, revoked_at
             FROM certificates WHERE organization_id = $1 AND id IN (
                 SELECT id FROM certificates WHERE organization_id = $1 AND certificate_type = $9 AND (folded, id) < ($6, $7) AND +expires_at >= $2 AND +expires_at < $3 AND (CAST($4 AS TEXT) IS NULL OR folded LIKE $4 ESCAPE '!' OR serial LIKE $5 ESCAPE '!')
                 ORDER BY folded DESC, id DESC LIMIT $8)
             ORDER BY folded DESC, id DESC"
        }
        (CertificateOrder::Type, _, false) => {
            "SELECT id, apple_id, certificate_type, name, folded, serial, sha1, team_id, expires_at, origin, private_key_id, added_at, revoked_at
             FROM certificates WHERE organization_id = $1 AND id IN (
                 SELECT id FROM certificates WHERE organization_id = $1 AND (certificate_type, expires_at, id) > ($6, $7, $8) AND +expires_at >= $2 AND +expires_at < $3 AND (CAST($4 AS TEXT) IS NULL OR folded LIKE $4 ESCAPE '!' OR serial LIKE $5 ESCAPE '!')
                 ORDER BY certificate_type, expires_at, id LIMIT $9)
             ORDER BY certificate_type, expires_at, id"
        }
        (CertificateOrder::Type, _, true) => {
            "SELECT id, apple_id, certificate_type, name, folded, serial, sha1, team_id, expires_at, origin, private_key_id, added_at, revoked_at
             FROM certificates WHERE organization_id = $1 AND id IN (
                 SELECT id FROM certificates WHERE organization_id = $1 AND (certificate_type, expires_at, id) < ($6, $7, $8) AND +expires_at >= $2 AND +expires_at < $3 AND (CAST($4 AS TEXT) IS NULL OR folded LIKE $4 ESCAPE '!' OR serial LIKE $5 ESCAPE '!')
                 ORDER BY certificate_type DESC, expires_at DESC, id DESC LIMIT $9)
             ORDER BY certificate_type DESC, expires_at DESC, id DESC"
        }
    }
}
