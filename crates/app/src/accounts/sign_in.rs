//! Signing in, with its limits.
//!
//! An attempt counts against the account and against the address before its password is looked at, in one step that
//! attempts of the same account or address take in turn.

use super::{NewSession, SignedIn, Who, bearer, signed_in};
use crate::{App, Caller, Problem, acting::fresh, problem::Kind};
use domain::{
    Actor, Email, Event, Origin, Outcome, Principal, User, UserId,
    account::{SIGN_IN_FAILURES_ACCOUNT, SIGN_IN_FAILURES_ADDRESS, SIGN_IN_MINUTES},
};
use jiff::{SignedDuration, Timestamp};
use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv6Addr},
};
use store::Tx;

/// An attempt that was counted, to be taken back when the password was right.
pub(super) struct CountedAttempt {
    account: String,
    address: Option<String>,
    at: Timestamp,
}

impl CountedAttempt {
    /// The account starts anew. The address loses this one attempt only: whoever has an account could else wipe out
    /// what they did to others.
    pub(super) async fn forgive(&self, tx: &mut Tx) -> Result<(), Problem> {
        tx.clear_sign_in_failures(&self.account).await?;
        if let Some(address) = &self.address {
            tx.take_back_sign_in_failure(address, self.at).await?;
        }
        Ok(())
    }
}

pub(crate) fn window_begins(now: Timestamp) -> Timestamp {
    now.saturating_sub(SignedDuration::from_mins(SIGN_IN_MINUTES)).unwrap_or(now)
}

/// The client's network as a subject that attempts are counted under.
pub(crate) fn address_subject(origin: &Origin) -> Option<String> {
    let address = origin.address.as_ref()?;
    let who = match address.parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(IpAddr::V6(address)) => {
            // The last 64 bits are the client's to choose.
            let network = address.to_bits() >> 64 << 64;
            format!("{}/64", Ipv6Addr::from_bits(network))
        }
        Ok(IpAddr::V4(address)) => address.to_string(),
        Err(_) => address.clone(),
    };
    Some(format!("address:{who}"))
}

impl App {
    /// Signs in; one error, in one time, for every wrong pair; limited per account and per address.
    ///
    /// # Errors
    /// `sign_in_failed` for a wrong pair, `sign_in_limited` after too many of them.
    pub async fn sign_in(&self, email: &str, password: &str, origin: Origin, agent: Option<&str>) -> Result<NewSession, Problem> {
        let email = email.parse::<Email>().ok();
        // What is no address is counted too, under a hash: people type passwords into the wrong field.
        let counted = self
            .count_attempt(email.as_ref().map_or("", Email::as_str), address_subject(&origin))
            .await?;
        let known = match &email {
            Some(email) => self.inner.store.read().await?.user_by_email(email).await?,
            None => None,
        };
        let hash = known.as_ref().map(|(_, hash)| hash.as_str());
        let fits = self.inner.passwords.verify(password, hash).await?;
        match known {
            Some((user, _)) if fits => {
                let mut tx = self.inner.store.begin().await?;
                counted.forgive(&mut tx).await?;
                tx.delete_expired(self.now()).await?;
                let (session, cookie) = self.begin_session(&mut tx, user.id, &origin, agent).await?;
                let event = Event::SignedIn {
                    user: user.id,
                    session: session.id,
                };
                let signed_in = signed_in(&mut tx, Who::by_session(user, session), origin, self.now()).await?;
                self.record_of_person(&mut tx, &signed_in, event).await?;
                tx.commit().await?;
                Ok(NewSession { signed_in, cookie })
            }
            known => {
                self.note_failure(known.map(|(user, _)| user), origin).await?;
                Err(Problem::new(
                    Kind::SignInNeeded,
                    "sign_in_failed",
                    "E-mail address or password is wrong. Check both, then try again.",
                ))
            }
        }
    }

    /// Confirms who is at a browser by the password once more; limited like a sign-in, and a wrong one is recorded like one.
    ///
    /// # Errors
    /// `password_wrong`, `sign_in_limited`; `session_needed` for a token.
    pub async fn confirm_session(&self, who: &SignedIn, password: &str) -> Result<(), Problem> {
        let user = who.person()?;
        let Some(session) = who.session() else {
            return Err(Problem::new(
                Kind::NotAllowed,
                "session_needed",
                "A token has no session to confirm. Sign in on the console.",
            ));
        };
        let counted = self.count_attempt(user.email.as_str(), address_subject(&who.caller.origin)).await?;
        let hash = self.inner.store.read().await?.password_hash(user.id).await?;
        if !self.inner.passwords.verify(password, Some(hash.as_str())).await? {
            self.note_failure(Some(user.clone()), who.caller.origin.clone()).await?;
            return Err(Problem::field(
                "password_wrong",
                "password",
                "The password is wrong. Nothing was done.",
            ));
        }
        let mut tx = self.inner.store.begin().await?;
        counted.forgive(&mut tx).await?;
        tx.confirm_session(user.id, session.id, self.now()).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Counts an attempt before it is looked at, or refuses it when there were too many.
    pub(super) async fn count_attempt(&self, email: &str, address: Option<String>) -> Result<CountedAttempt, Problem> {
        let account = format!("account:{}", hex::encode(bearer::sha256(email)));
        let now = self.now();
        let since = window_begins(now);
        let mut tx = self.inner.store.begin().await?;
        tx.take_turn_to_sign_in(&account).await?;
        let by_account = tx.sign_in_failures(&account, since).await?;
        let by_address = match &address {
            Some(address) => {
                tx.take_turn_to_sign_in(address).await?;
                tx.sign_in_failures(address, since).await?
            }
            None => 0,
        };
        if by_account >= SIGN_IN_FAILURES_ACCOUNT || by_address >= SIGN_IN_FAILURES_ADDRESS {
            return Err(Problem::new(
                Kind::RateLimited,
                "sign_in_limited",
                format!("Too many sign-ins failed. Wait {SIGN_IN_MINUTES} minutes, then try again."),
            ));
        }
        tx.add_sign_in_failure(&account, now, since).await?;
        if let Some(address) = &address {
            tx.add_sign_in_failure(address, now, since).await?;
        }
        tx.commit().await?;
        Ok(CountedAttempt { account, address, at: now })
    }

    async fn note_failure(&self, user: Option<User>, origin: Origin) -> Result<(), Problem> {
        let mut tx = self.inner.store.begin().await?;
        // Somebody unknown is looked up as well, under an id that nobody has, so that the time is the same.
        let whoever = user.as_ref().map_or_else(|| fresh!(self, UserId), |user| user.id);
        let home = tx.organizations_of(whoever).await?.first().map(|organization| organization.id);
        let caller = Caller {
            principal: Principal::new(Actor::Anonymous, BTreeMap::new()),
            origin,
        };
        let event = Event::SignInFailed {
            user: user.map(|user| user.id),
        };
        self.record(&mut tx, &self.activity_record(&caller, home, event, Outcome::Denied))
            .await?;
        tx.commit().await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_cannot_leave_its_count_by_choosing_another_address_of_its_network() {
        let subject = |address: &str| {
            address_subject(&Origin {
                address: Some(address.to_owned()),
                request_id: None,
            })
            .unwrap()
        };
        assert_eq!(subject("2001:db8:1:2::1"), "address:2001:db8:1:2::/64");
        assert_eq!(subject("2001:db8:1:2:ffff:ffff:ffff:ffff"), subject("2001:db8:1:2::1"));
        assert_ne!(subject("2001:db8:1:3::1"), subject("2001:db8:1:2::1"));
        assert_eq!(subject("::ffff:192.0.2.7"), "address:192.0.2.7");
        assert_ne!(subject("192.0.2.8"), subject("192.0.2.7"));
    }
}
