//! `russet tokens`: tokens for Russet itself, a person's own and those of an organization.
//!
//! With a role a token is the organization's, without one it is yours: it then acts within your rights, whatever they are.
//! The value goes to standard output once and alone, so that it can be piped to where it is kept.

use crate::{
    Exit, Failure,
    client::Client,
    output::{Printer, date, table},
};
use clap::{Args, Subcommand};
use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use serde_json::{Value, json};

/// `russet tokens`
#[derive(Debug, Subcommand)]
pub enum Tokens {
    /// List your tokens, and the organization's if you may see them
    List,
    /// Make a token; its value is shown once
    Create(Create),
    /// Give a token of the organization a fresh value; the one before is dead at once
    Rotate {
        /// Id or name
        token: String,
        #[command(flatten)]
        end: End,
    },
    /// End a token at once, yours or the organization's
    Revoke {
        /// Id or name
        token: String,
    },
}

/// `russet tokens create`
#[derive(Debug, Args)]
pub struct Create {
    /// What to call it
    name: String,
    /// Make it the organization's, with this role, such as signing-manager; may be repeated
    #[arg(long = "role", value_name = "ROLE")]
    roles: Vec<String>,
    /// Confine it to this organization, by id or name; may be repeated
    #[arg(long = "organization", value_name = "ORGANIZATION", requires = "roles")]
    organizations: Vec<String>,
    /// Let it be used from this network only, such as 203.0.113.0/24; may be repeated
    #[arg(long = "address-range", value_name = "CIDR", requires = "roles")]
    address_ranges: Vec<String>,
    #[command(flatten)]
    end: End,
}

/// When a token ends.
#[derive(Debug, Args)]
pub struct End {
    /// When it ends: 90d, 12w or a day like 2027-01-31; six months when left out, one year at most
    #[arg(long, value_name = "DURATION|DATE", value_parser = read_end)]
    expires_in: Option<Ends>,
    /// Days until it ends
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(i64).range(1..=366), conflicts_with = "expires_in", hide = true)]
    days: Option<i64>,
}

/// An end as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ends {
    /// So many days from the server's now.
    InDays(i64),
    /// On this day, as it begins in UTC.
    On(Timestamp),
}

/// The longest life of a token: a year.
const DAYS_MOST: i64 = 366;

fn read_end(text: &str) -> Result<Ends, String> {
    let counted = |unit: char, days: i64| {
        let number: i64 = text.strip_suffix(unit)?.parse().ok()?;
        Some(Ends::InDays(number.checked_mul(days).filter(|days| *days > 0)?))
    };
    if let Some(ends) = counted('d', 1).or_else(|| counted('w', 7)) {
        return Ok(ends);
    }
    let moment = text.parse::<Timestamp>().ok();
    let day = || text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok();
    moment
        .or_else(|| day().map(|day| day.timestamp()))
        .map(Ends::On)
        .ok_or_else(|| "write a number of days like 90d, of weeks like 12w, or a day like 2027-01-31".to_owned())
        .and_then(|ends| match ends {
            Ends::InDays(days) if days > DAYS_MOST => Err(format!("a token ends after {DAYS_MOST} days at most, and this would be {days}")),
            ends => Ok(ends),
        })
}

impl End {
    async fn at(&self, client: &Client) -> Result<Option<Timestamp>, Failure> {
        let days = match (self.expires_in, self.days) {
            (Some(Ends::On(at)), _) => return Ok(Some(at)),
            (Some(Ends::InDays(days)), _) | (None, Some(days)) => days,
            (None, None) => return Ok(None),
        };
        // The server's clock decides, so it is the one that is asked.
        let now = client.get::<api::Status>("/status", &[]).await?.time;
        let too_many = |_| Failure::new(Exit::Usage, "That many days do not fit the calendar.");
        let whole = SignedDuration::try_from_hours(days.saturating_mul(24));
        let whole = whole.ok_or_else(|| Failure::new(Exit::Usage, "That many days do not fit the calendar."))?;
        now.checked_add(whole).map(Some).map_err(too_many)
    }
}

/// A token of either kind, as a list shows it.
struct Listed {
    id: String,
    name: String,
    /// Where it is asked for.
    place: String,
    row: Vec<String>,
    json: Value,
}

impl Listed {
    fn personal(token: api::Token) -> Self {
        Self {
            row: row(&token.name, "yours", "your rights", token.expires_at, token.used_at, &token.id),
            json: kind("personal", json!(token)),
            place: format!("/me/tokens/{}", token.id),
            id: token.id,
            name: token.name,
        }
    }

    fn of_organization(home: &str, token: api::ServiceToken) -> Self {
        let roles = token.roles.join(", ");
        Self {
            row: row(&token.name, "organization's", &roles, token.expires_at, token.used_at, &token.id),
            json: kind("organization", json!(token)),
            place: format!("{home}/tokens/{}", token.id),
            id: token.id,
            name: token.name,
        }
    }
}

fn row(name: &str, whose: &str, may: &str, expires_at: Timestamp, used_at: Option<Timestamp>, id: &str) -> Vec<String> {
    let used = used_at.map_or_else(|| "Never".to_owned(), |at| date(Some(at)));
    [name, whose, may, &date(Some(expires_at)), &used, id].map(str::to_owned).to_vec()
}

fn kind(word: &str, mut token: Value) -> Value {
    token["kind"] = json!(word);
    token
}

impl Tokens {
    pub(crate) async fn run(self, client: &Client, printer: &Printer) -> Result<Exit, Failure> {
        match self {
            Self::List => {
                let tokens = all(client, printer).await?;
                let items: Vec<_> = tokens.iter().map(|token| &token.json).collect();
                printer.show(&json!({ "items": items }), |_| {
                    let head = ["name", "whose", "may", "expires", "last used", "id"];
                    table(&head, tokens.iter().map(|token| token.row.clone()))
                });
            }
            Self::Create(create) => create.run(client, printer).await?,
            Self::Rotate { token, end } => {
                let token = found(client, printer, &token).await?;
                if token.place.starts_with("/me/") {
                    return Err(Failure::new(
                        Exit::Usage,
                        format!(
                            "“{}” is yours, and personal tokens are not rotated: make another with “russet tokens create”, then revoke this one.",
                            token.name
                        ),
                    ));
                }
                let expires_at = end.at(client).await?;
                let rotated: api::CreatedServiceToken = client
                    .post_once(&format!("{}/rotate", token.place), &api::RotateServiceToken { expires_at })
                    .await?;
                printer.show(&rotated, |rotated| rotated.value.clone());
                told_once(printer, &rotated.token.name, rotated.token.expires_at);
                printer.hint("The value before opens nothing any more.");
            }
            Self::Revoke { token } => {
                let token = found(client, printer, &token).await?;
                client.delete(&token.place).await?;
                printer.done(&format!("“{}” is revoked.", token.name));
            }
        }
        Ok(Exit::Ok)
    }
}

impl Create {
    async fn run(self, client: &Client, printer: &Printer) -> Result<(), Failure> {
        let expires_at = self.end.at(client).await?;
        if self.roles.is_empty() {
            let new = api::NewToken {
                name: self.name,
                expires_at,
            };
            let created: api::CreatedToken = client.post_once("/me/tokens", &new).await?;
            printer.show(&created, |created| created.value.clone());
            told_once(printer, &created.token.name, created.token.expires_at);
            return Ok(());
        }
        let home = client.home().await?;
        let organizations = match self.organizations.as_slice() {
            [] => None,
            named => {
                let mut ids = Vec::with_capacity(named.len());
                for name in named {
                    ids.push(client.organization_named(name).await?.id);
                }
                Some(ids)
            }
        };
        let new = api::NewServiceToken {
            name: self.name,
            roles: self.roles,
            organizations,
            address_ranges: self.address_ranges,
            expires_at,
        };
        let created: api::CreatedServiceToken = client.post_once(&format!("{home}/tokens"), &new).await?;
        printer.show(&created, |created| created.value.clone());
        told_once(printer, &created.token.name, created.token.expires_at);
        Ok(())
    }
}

fn told_once(printer: &Printer, name: &str, expires_at: Timestamp) {
    let ends = date(Some(expires_at));
    printer.hint(&format!("“{name}” ends on {ends}. This is the only time its value is shown."));
}

/// Both kinds. Whoever has no personal ones, being a token, and whoever may not see the organization's, gets the others.
async fn all(client: &Client, printer: &Printer) -> Result<Vec<Listed>, Failure> {
    let mut tokens = match client.get::<api::Tokens>("/me/tokens", &[]).await {
        Ok(personal) => personal.items.into_iter().map(Listed::personal).collect(),
        Err(failure) if failure.code() == Some("person_needed") => Vec::new(),
        Err(failure) => return Err(failure),
    };
    let home = match client.home().await {
        Ok(home) => home,
        Err(failure) if failure.problem.is_none() && !client.names_organization() => {
            printer.hint(&format!("Only your own tokens: {failure}"));
            return Ok(tokens);
        }
        Err(failure) => return Err(failure),
    };
    match client.list::<api::ServiceToken>(&format!("{home}/tokens"), &[], None).await {
        Err(failure) if failure.code() == Some("not_allowed") => {}
        theirs => tokens.extend(theirs?.into_iter().map(|token| Listed::of_organization(&home, token))),
    }
    Ok(tokens)
}

/// The one token of this id or name.
async fn found(client: &Client, printer: &Printer, wanted: &str) -> Result<Listed, Failure> {
    let mut fitting: Vec<_> = all(client, printer).await?;
    fitting.retain(|token| token.id == wanted || token.name == wanted);
    match fitting.pop() {
        Some(one) if fitting.is_empty() => Ok(one),
        found => {
            let found = if found.is_some() {
                "There are several tokens"
            } else {
                "There is no token"
            };
            Err(Failure::new(
                Exit::NotFound,
                format!("{found} “{wanted}”. “russet tokens list” shows their ids."),
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_a_number_of_days_or_a_day() {
        assert_eq!(read_end("90d"), Ok(Ends::InDays(90)));
        assert_eq!(read_end("12w"), Ok(Ends::InDays(84)));
        assert_eq!(read_end("2027-01-31"), Ok(Ends::On("2027-01-31T00:00:00Z".parse().unwrap())));
        assert_eq!(
            read_end("2027-01-31T12:00:00Z"),
            Ok(Ends::On("2027-01-31T12:00:00Z".parse().unwrap()))
        );
        for wrong in ["", "90", "-1d", "0d", "d", "soon", "2027-02-30", "99999999999999999999d"] {
            assert!(read_end(wrong).is_err(), "{wrong}");
        }
    }
}
