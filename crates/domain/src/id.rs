//! Typed, prefixed ids, all from one list. An id is parsed at the edge and never checked again.
//!
//! The text form is `prefix_` and 32 hexadecimal digits of a time-ordered UUID (version 7), so that rows sort
//! by age and an id in a log says what it names.

use crate::clock::{Clock, Entropy};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

/// The text is not an id of the expected kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this is not an id of the form {prefix}_… (32 hexadecimal digits)")]
pub struct IdError {
    /// The prefix that was expected, without the underscore.
    pub prefix: &'static str,
}

fn parse(prefix: &'static str, text: &str) -> Result<Uuid, IdError> {
    let error = IdError { prefix };
    let digits = text
        .strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('_'))
        .ok_or(error.clone())?;
    // One id, one spelling: upper case and dashes would make two texts for the same row.
    if digits.len() != 32 || digits.bytes().any(|b| !matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        return Err(error);
    }
    Uuid::try_parse(digits).map_err(|_| error)
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Uuid);

        impl $name {
            /// What stands before the underscore.
            pub const PREFIX: &'static str = $prefix;

            /// A fresh id; ids made later sort later, to the millisecond.
            pub fn fresh(clock: &dyn Clock, entropy: &dyn Entropy) -> Self {
                let mut random = [0; 10];
                entropy.fill(&mut random);
                let millis = u64::try_from(clock.now().as_millisecond()).unwrap_or_default();
                Self(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}_{}", $prefix, self.0.simple())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                parse($prefix, text).map(Self)
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.to_string()
            }
        }
    )*};
}

ids! {
    /// An organization, the tenant.
    OrgId = "org";
    /// A person with an account on this server.
    UserId = "user";
    /// A signed-in browser.
    SessionId = "sess";
    /// A token for Russet's own API.
    ApiTokenId = "tok";
    /// A token of an organization, for machines.
    ServiceTokenId = "svc";
    /// An invitation to an organization.
    InvitationId = "inv";
    /// An App Store Connect API key held here (not Apple's Key ID).
    ApiKeyId = "key";
    /// A certificate held here (not Apple's resource id).
    CertificateId = "cert";
    /// A certificate signing request held here.
    CsrId = "csr";
    /// A provisioning profile held here (not Apple's resource id).
    ProfileId = "prof";
    /// An invitation of devices.
    DeviceInvitationId = "dinv";
    /// A device that is not yet registered (not Apple's resource id).
    PendingDeviceId = "dev";
    /// A signing set.
    SigningSetId = "set";
    /// A binary held here (not a build of Apple's).
    BinaryId = "bin";
    /// A binary on its way here.
    BinaryUploadId = "bup";
    /// A notification channel.
    ChannelId = "chan";
    /// A notice on its way to one recipient of a channel.
    DeliveryId = "dlv";
    /// A webhook at Apple that tells this server of an app (not Apple's resource id).
    AppleWebhookId = "hook";
    /// A sealed secret: a private key of one kind or another.
    SecretId = "sec";
    /// A long act that survives a restart.
    OperationId = "op";
    /// A unit of background work.
    JobId = "job";
    /// One record of the activity log.
    ActivityId = "act";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SteppedClock;

    struct Sevens;
    impl Entropy for Sevens {
        fn fill(&self, out: &mut [u8]) {
            out.fill(7);
        }
    }

    #[test]
    fn an_id_reads_back_what_it_writes_and_sorts_by_time() {
        let clock = SteppedClock::at("2026-11-23T10:00:00Z");
        let first = ApiKeyId::fresh(&clock, &Sevens);
        clock.advance_seconds(1);
        let second = ApiKeyId::fresh(&clock, &Sevens);
        assert!(first < second);
        assert_eq!(first.to_string().parse::<ApiKeyId>().unwrap(), first);
        assert!(first.to_string().starts_with("key_"));
    }

    #[test]
    fn an_id_of_another_kind_or_another_spelling_is_refused() {
        let id = OrgId::fresh(&SteppedClock::at("2026-11-23T10:00:00Z"), &Sevens).to_string();
        assert!(id.parse::<ApiKeyId>().is_err());
        assert!(id.to_uppercase().parse::<OrgId>().is_err());
        assert!("org_".parse::<OrgId>().is_err());
        assert!(format!("{id}0").parse::<OrgId>().is_err());
    }
}
