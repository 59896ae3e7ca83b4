//! What a form gives once: a fresh secret, in the answer to the form and in no other.
//!
//! Such a form carries a random text. Sent twice, or loaded again, it does its work once, and the second answer says that
//! the secret was shown before.

use crate::State;
use app::{
    Caller, Problem,
    idempotency::{Kept, Replay},
};
use domain::{Operation, OrgId};

/// The code of the refusal of a form that was sent before.
pub(crate) const DONE_BEFORE: &str = "already_done";

/// A text for a form's hidden field.
pub(crate) fn fresh(state: &State) -> String {
    let mut random = [0; 16];
    state.entropy.fill(&mut random);
    hex::encode(random)
}

/// Does it, unless the form of this text was sent before.
pub(crate) async fn once<T>(
    state: &State,
    caller: &Caller,
    org: OrgId,
    text: &str,
    act: impl Future<Output = Result<T, Problem>>,
) -> Result<T, Problem> {
    let key = format!("console-{text}");
    if let Replay::Answered { .. } = state.app.replay(caller, org, &key, [0; 32]).await? {
        return Err(Problem::not_found());
    }
    let done = act.await;
    // A failure is let go of, so that the corrected form begins afresh.
    let kept = if done.is_ok() { Kept::Done } else { Kept::Nothing };
    let kept = state.app.remember(caller, org, &key, kept).await;
    let done = done?;
    kept?;
    Ok(done)
}

/// Begins a long act, once, and answers the address of its page: sent again, the form leads to the act that it began.
pub(crate) async fn begin(
    state: &State,
    caller: &Caller,
    org: OrgId,
    text: &str,
    act: impl Future<Output = Result<Operation, Problem>>,
) -> Result<String, Problem> {
    let key = format!("console-{text}");
    if let Replay::Answered { body, .. } = state.app.replay(caller, org, &key, [0; 32]).await? {
        return String::from_utf8(body).map_err(Problem::internal);
    }
    match act.await {
        Ok(operation) => {
            let place = format!("/o/{org}/operations/{}", operation.id);
            let kept = Kept::Answer {
                status: 303,
                body: place.as_bytes(),
            };
            state.app.remember(caller, org, &key, kept).await?;
            Ok(place)
        }
        Err(problem) => {
            // Let go of, so that the corrected form begins afresh.
            state.app.remember(caller, org, &key, Kept::Nothing).await?;
            Err(problem)
        }
    }
}
