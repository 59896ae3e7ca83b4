//! Short-lived tokens for Apple, handed out (`russet apple-token create`).
//!
//! The only place where a token leaves. It cannot be called back: it ends by itself, or when the key is revoked at Apple.

use crate::{App, Caller, Problem, Shown, acting::in_time, key_use::apple_kind, keys::OwnersAct};
use apple::Credentials;
use domain::{Action, ApiKeyId, Event, IssuerId, LastUse, Need, OrgId, Shareable, share::own};
use jiff::Timestamp;

/// The longest life of a token that is handed out, in minutes (Apple's limit is 20, facts A2).
pub const TOKEN_MINUTES_MOST: u32 = 19;
/// How many entries a scope may have.
const SCOPE_ENTRIES: usize = 50;
/// Longest entry of a scope, in bytes.
const SCOPE_BYTES: usize = 1000;

impl App {
    /// Signs a fresh token; `minutes` at most 19; `scope` as Apple describes it, untested at Apple. Recorded before the
    /// token leaves.
    ///
    /// # Errors
    /// `minutes_unfit`, `scope_unfit`, `lent_key`; `not_found`, `not_allowed`.
    pub async fn mint_apple_token(
        &self,
        caller: &Caller,
        org: OrgId,
        key: ApiKeyId,
        minutes: u32,
        scope: &[String],
    ) -> Result<(Shown, Timestamp), Problem> {
        let permit = self
            .permit_over_key(caller, Action::MintAppleToken, org, key, OwnersAct::MintToken)
            .await?;
        if !(1..=TOKEN_MINUTES_MOST).contains(&minutes) {
            return Err(Problem::field(
                "minutes_unfit",
                "minutes",
                format!(
                    "A token for Apple lives 1 to {TOKEN_MINUTES_MOST} minutes, and {minutes} were asked for. Apple refuses longer ones."
                ),
            ));
        }
        let fits = |entry: &String| entry.starts_with("GET /") && entry.len() <= SCOPE_BYTES && !entry.chars().any(char::is_control);
        if scope.len() > SCOPE_ENTRIES || !scope.iter().all(fits) {
            return Err(Problem::field(
                "scope_unfit",
                "scope",
                format!("Each entry of a scope reads like “GET /v1/apps?limit=5”, and at most {SCOPE_ENTRIES} are taken."),
            ));
        }
        let key = self.own_key(caller, &permit, key, OwnersAct::MintToken).await?;
        let using = own(&permit, Shareable::ApiKey(key.id));
        let token = self
            .with_private_key(&using, &key, |pkcs8| {
                let credentials = Credentials {
                    kind: apple_kind(key.kind),
                    key_id: key.key_id.as_str(),
                    issuer_id: key.issuer_id.as_ref().map(IssuerId::as_str),
                    private_key_pkcs8: pkcs8,
                };
                self.inner.apple.mint_to_hand_out(&credentials, minutes, scope)
            })
            .await?
            .map_err(Problem::internal)?;
        let last_use = LastUse {
            by: caller.principal.actor(),
            need: Need::MintToken,
            at: self.now(),
        };
        let event = Event::AppleTokenMinted {
            key: key.id,
            name: key.name.to_string(),
            expires_at: token.expires_at(),
            scoped: !scope.is_empty(),
        };
        in_time(async {
            let mut tx = self.begin_for(caller, &permit).await?;
            tx.set_key_last_use(&using, &last_use).await?;
            self.record_done(&mut tx, caller, org, event).await?;
            Ok(tx.commit().await?)
        })
        .await?;
        Ok((Shown::new(token.expose().to_owned()), token.expires_at()))
    }
}
