//! What a form gives once: a fresh secret, in the answer to the form and in no other.
//!
//! Such a form carries a random text. Sent twice, or loaded again, it does its work once, and the second answer says that
//! the secret was shown before.

use crate::State;
use app::{
    Caller, Problem,
    idempotency::{Kept, Replay},
};
use domain::OrgId;

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
