//! Values into statements and out of rows, alike for both databases.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::str::FromStr;

use domain::{
    ActivityId, ApiKeyId, ApiTokenId, AppleWebhookId, BinaryId, BinaryUploadId, CertificateId, ChannelId, CsrId, DeliveryId,
    DeviceInvitationId, InvitationId, JobId, OperationId, OrgId, PendingDeviceId, ProfileId, SecretId, ServiceTokenId, SessionId,
    SigningSetId, Subject, UserId,
};
use jiff::Timestamp;
use serde::{Serialize, de::DeserializeOwned};
use sqlx::{Decode, Postgres, Row as _, Sqlite, Type, postgres::PgRow, sqlite::SqliteRow};

use crate::{Result, StoreError};

/// One bound value. Even an absent one has a type: PostgreSQL asks for it.
#[derive(Clone)]
pub(crate) enum Arg {
    Text(Option<String>),
    Int(Option<i64>),
    Bool(Option<bool>),
    Bytes(Option<Vec<u8>>),
}

/// The values of `$1`, `$2`, … in order.
macro_rules! args {
    ($($value:expr),* $(,)?) => { vec![$($crate::sql::Arg::from($value)),*] };
}
pub(crate) use args;

macro_rules! bind {
    ($query:expr, $args:expr) => {{
        let mut query = $query;
        for arg in $args {
            query = match arg {
                $crate::sql::Arg::Text(value) => query.bind(value),
                $crate::sql::Arg::Int(value) => query.bind(value),
                $crate::sql::Arg::Bool(value) => query.bind(value),
                $crate::sql::Arg::Bytes(value) => query.bind(value),
            };
        }
        query
    }};
}
pub(crate) use bind;

macro_rules! from {
    ($($type:ty => |$value:ident| $arg:expr;)*) => {$(
        impl From<$type> for Arg {
            fn from($value: $type) -> Self {
                $arg
            }
        }
    )*};
}

from! {
    &str => |value| Self::Text(Some(value.to_owned()));
    String => |value| Self::Text(Some(value));
    Option<String> => |value| Self::Text(value);
    Option<&str> => |value| Self::Text(value.map(str::to_owned));
    i64 => |value| Self::Int(Some(value));
    u32 => |value| Self::Int(Some(i64::from(value)));
    u16 => |value| Self::Int(Some(i64::from(value)));
    Option<i64> => |value| Self::Int(value);
    bool => |value| Self::Bool(Some(value));
    Option<bool> => |value| Self::Bool(value);
    &[u8] => |value| Self::Bytes(Some(value.to_vec()));
    Option<&[u8]> => |value| Self::Bytes(value.map(<[u8]>::to_vec));
    Timestamp => |value| Self::Int(Some(value.as_microsecond()));
    Option<Timestamp> => |value| Self::Int(value.map(Timestamp::as_microsecond));
}

macro_rules! ids {
    ($($id:ty),*) => {$(
        from! {
            $id => |id| Self::Text(Some(id.to_string()));
            Option<$id> => |id| Self::Text(id.map(|id| id.to_string()));
        }
    )*};
}

ids!(
    ActivityId,
    ApiKeyId,
    ApiTokenId,
    AppleWebhookId,
    BinaryId,
    BinaryUploadId,
    CertificateId,
    ChannelId,
    CsrId,
    DeliveryId,
    DeviceInvitationId,
    InvitationId,
    JobId,
    OperationId,
    OrgId,
    PendingDeviceId,
    ProfileId,
    SecretId,
    ServiceTokenId,
    SessionId,
    SigningSetId,
    Subject,
    UserId
);

/// A text in which nothing is a wildcard of `LIKE … ESCAPE '!'`.
pub(crate) fn literal(text: &str) -> String {
    text.replace('!', "!!").replace('%', "!%").replace('_', "!_")
}

/// The text of a value that is kept whole, such as an event or a set of roles.
pub(crate) fn json<T: Serialize + ?Sized>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| StoreError::Database(Box::new(error)))
}

/// A row of either database.
pub(crate) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl Row {
    /// The column as it is stored.
    pub(crate) fn get<T>(&self, column: &'static str) -> Result<T>
    where
        T: for<'r> Decode<'r, Sqlite> + Type<Sqlite> + for<'r> Decode<'r, Postgres> + Type<Postgres>,
    {
        let value = match self {
            Self::Sqlite(row) => row.try_get(column),
            Self::Postgres(row) => row.try_get(column),
        };
        value.map_err(|error| unreadable(column, error))
    }

    /// A text column as what it means.
    pub(crate) fn parse<T: FromStr<Err: Display>>(&self, column: &'static str) -> Result<T> {
        self.get::<String>(column)?.parse().map_err(|error| unreadable(column, error))
    }

    /// A text column that may be empty.
    pub(crate) fn parse_opt<T: FromStr<Err: Display>>(&self, column: &'static str) -> Result<Option<T>> {
        self.get::<Option<String>>(column)?
            .map(|text| text.parse().map_err(|error| unreadable(column, error)))
            .transpose()
    }

    /// What [`json`] wrote.
    pub(crate) fn json<T: DeserializeOwned>(&self, column: &'static str) -> Result<T> {
        serde_json::from_str(&self.get::<String>(column)?).map_err(|error| unreadable(column, error))
    }

    /// What [`json`] wrote, if it did.
    pub(crate) fn json_opt<T: DeserializeOwned>(&self, column: &'static str) -> Result<Option<T>> {
        self.get::<Option<String>>(column)?
            .map(|text| serde_json::from_str(&text).map_err(|error| unreadable(column, error)))
            .transpose()
    }

    /// A set that [`json`] wrote.
    pub(crate) fn set<T: DeserializeOwned + Ord>(&self, column: &'static str) -> Result<BTreeSet<T>> {
        self.json(column)
    }

    /// A moment.
    pub(crate) fn time(&self, column: &'static str) -> Result<Timestamp> {
        moment(column, self.get(column)?)
    }

    /// A moment that may be absent.
    pub(crate) fn time_opt(&self, column: &'static str) -> Result<Option<Timestamp>> {
        self.get::<Option<i64>>(column)?.map(|micros| moment(column, micros)).transpose()
    }

    /// A count or a number of a version.
    pub(crate) fn count(&self, column: &'static str) -> Result<u32> {
        u32::try_from(self.get::<i64>(column)?).map_err(|error| unreadable(column, error))
    }
}

fn moment(column: &'static str, micros: i64) -> Result<Timestamp> {
    Timestamp::from_microsecond(micros).map_err(|error| unreadable(column, error))
}

fn unreadable(column: &'static str, why: impl Display) -> StoreError {
    StoreError::Unreadable {
        column,
        why: why.to_string(),
    }
}
