//! Which key a page speaks for, and how far Apple lets it: all of TestFlight, internal testers only, or reading.

use super::{
    super::{
        parts::{Mark, Tone},
        visit::Visitor,
    },
    Tested,
};
use crate::State;
use app::Problem;
use domain::{Action, ApiKey, Need};

/// How far a key reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Everything.
    All,
    /// Groups and testers of the team.
    Internal,
    /// It may be read through it, if that.
    Reading,
}

/// A key and how far it reaches.
#[derive(Debug, Clone)]
pub(crate) struct Standing {
    /// The key.
    pub(crate) key: ApiKey,
    /// How far it reaches.
    pub(crate) extent: Extent,
    /// Why no further, or what speaks against it.
    pub(crate) why: Option<String>,
}

impl Standing {
    /// That in words.
    pub(crate) fn mark(&self) -> Mark {
        match self.extent {
            Extent::All if self.why.is_some() => Mark::new(Tone::Warn, "warn", "Perhaps all of TestFlight"),
            Extent::All => Mark::new(Tone::Ok, "ok", "All of TestFlight"),
            Extent::Internal => Mark::new(Tone::Warn, "warn", "Internal testers only"),
            Extent::Reading => Mark::new(Tone::Bad, "bad", "Changes nothing here"),
        }
    }

    /// Why there is a limit, or what there is none of.
    pub(crate) fn words(&self) -> String {
        let all = "Groups and testers of both sorts, texts, export compliance and beta review.";
        self.why.clone().unwrap_or_else(|| all.to_owned())
    }
}

/// How far the key of a page reaches.
///
/// # Errors
/// `not_found`, `not_allowed`.
pub(crate) async fn standing(state: &State, visitor: &Visitor, app: &Tested) -> Result<Standing, Problem> {
    let caller = &visitor.who.caller;
    let key = state
        .app
        .find_key(caller, Action::SeeBinaries, app.org, &app.key.to_string())
        .await?;
    let usability = async |internal_only| {
        let choices = state
            .app
            .key_choices(caller, app.org, &Need::ManageTesting { internal_only })
            .await?;
        let ours = choices.into_iter().find(|choice| choice.key.id == key.id);
        Ok::<_, Problem>(ours.ok_or_else(Problem::not_found)?.usability)
    };
    let all = usability(false).await?;
    let extent = if all.may_try() {
        Extent::All
    } else if usability(true).await?.may_try() {
        Extent::Internal
    } else {
        Extent::Reading
    };
    Ok(Standing {
        why: all.reason().map(str::to_owned),
        key,
        extent,
    })
}
