//! The plan of sending a binary: its steps, and then the watch over what Apple makes of it.
//!
//! ```text
//! 1 reserve ── 2 reserve the file ── 3 parts ── 4 commit ── upload PROCESSING ── COMPLETE, build PROCESSING ── VALID: done
//!                                                              └─ FAILED, with Apple's reasons: refused ───────┘ INVALID
//! ```
//!
//! A build that waits for an answer about export compliance gets a fifth step where the app's settings have one
//! (builds/compliance.rs).
//!
//! The upload is watched by its own id, which is sure from the first step on. Whoever waits asks the plan, never Apple, so it
//! costs the same however many wait. Where Apple's webhooks tell of the app ([`crate::apple_webhooks`]), a delivery brings the
//! next look forward, and there are fewer others.
//!
//! The surprising thing: what Apple refuses after the commit comes with status 200, as the content of an answer.

use super::{calls::SENT_AT_ONCE, compliance, words};
use crate::{
    App, Caller, Problem,
    operations::{Next, Plan, at_apple, stopped_by, why_unusable},
    problem::Kind,
};
use apple::{BuildUploadState, Error, ProcessingState};
use async_trait::async_trait;
use domain::{
    Made, Operation, OperationKind, OperationState, Origin, Permit, Principal,
    operation::{BuildToSend, FileReservation, FileUpload, UploadReservation},
};
use jiff::SignedDuration;
use store::{StoreError, Tx};

/// How long Apple may take from the commit to the build. Most are done within the hour.
const DEADLINE: SignedDuration = SignedDuration::from_hours(24);
/// The shortest wait between two looks.
const SHORTEST_WAIT: SignedDuration = SignedDuration::from_secs(5);
/// The longest.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_mins(2);
/// The shortest wait where Apple tells by itself: then a look is only for what was not delivered.
const SHORTEST_WAIT_IF_TOLD: SignedDuration = SignedDuration::from_mins(1);
/// The longest then.
const LONGEST_WAIT_IF_TOLD: SignedDuration = SignedDuration::from_mins(10);
/// The status of an answer that says that an upload or a build was refused.
const TOLD_IN_AN_ANSWER: u16 = 200;

#[async_trait]
impl Plan for BuildToSend {
    async fn next(&self, app: &App, permit: &Permit, plan: &Operation, steps: &[Operation]) -> Result<Next, Problem> {
        // What comes after the four ends nothing: the file is at Apple.
        if let Some(end) = stopped_by(steps.get(..4).unwrap_or(steps)) {
            return Ok(Next::End(end));
        }
        let id_of = |step: &Operation| {
            at_apple(step)
                .map(str::to_owned)
                .ok_or_else(|| Problem::internal("a step of sending a build made nothing"))
        };
        let of = Box::new(self.clone());
        let step = match steps {
            [] => OperationKind::ReserveUpload(UploadReservation { of }),
            [upload] => OperationKind::ReserveFile(FileReservation {
                of,
                upload: id_of(upload)?,
            }),
            [upload, file, rest @ ..] => {
                let (upload, file) = (id_of(upload)?, id_of(file)?);
                let sent = FileUpload { of, upload, file };
                match rest {
                    // Whoever waits for a turn holds up nobody meanwhile.
                    [] if SENT_AT_ONCE.available_permits() == 0 => {
                        return Ok(Next::Wait {
                            until: app.now().saturating_add(SHORTEST_WAIT).unwrap_or(app.now()),
                            why: "other files are being sent".to_owned(),
                        });
                    }
                    [] => OperationKind::SendParts(sent),
                    [_] => OperationKind::CommitUpload(sent),
                    [_, committed, answered @ ..] => {
                        return match watch(app, permit, plan, &sent.upload, committed).await? {
                            Seen::Built(built) => compliance::after(app, permit, self, built, answered.first()).await,
                            Seen::Else(next) => Ok(next),
                        };
                    }
                }
            }
        };
        Ok(Next::Begin(Box::new(step)))
    }

    /// Without an answer about export compliance a build is a build.
    fn goes_on_without(&self, step: &OperationKind) -> bool {
        matches!(step, OperationKind::AnswerCompliance(_))
    }

    /// What is known of the parts is of no use any more, also where the sending was given up.
    async fn at_end(&self, _app: &App, tx: &mut Tx, permit: &Permit, plan: &Operation, _end: &OperationState) -> Result<(), Problem> {
        let steps = tx.steps_of(permit, plan.id).await?;
        if let Some(file) = steps.get(1).and_then(at_apple) {
            tx.forget_parts(permit, file).await?;
        }
        Ok(())
    }
}

/// One look at what Apple makes of it.
async fn watch(app: &App, permit: &Permit, plan: &Operation, upload: &str, committed: &Operation) -> Result<Seen, Problem> {
    let need = plan.kind.need();
    let caller = Caller {
        principal: Principal::new(permit.actor(), Default::default()),
        origin: Origin::default(),
    };
    let mut tx = match app.inner.store.begin_for(permit).await {
        // The job begins anew, with the rights of today.
        Err(error @ StoreError::RightsChanged) => return Err(error.into()),
        begun => begun?,
    };
    let used = match app.hold_key(&mut tx, permit, plan.kind.key(), &need).await {
        Ok(used) => used,
        Err(problem) if matches!(problem.kind, Kind::NotAllowed | Kind::NotFound) => {
            let why = why_unusable(problem, permit.tenant())?;
            return Ok(Seen::Else(Next::End(OperationState::Failed {
                why: format!("{why} The file is at Apple; whether it became a build, App Store Connect shows."),
            })));
        }
        Err(problem) => return Err(problem),
    };
    let identifier = plan.kind.identifier().unwrap_or_default();
    let webhook = tx.apple_webhook_of(permit, identifier).await?;
    // Each look is a use of the key, by whoever sent the build.
    app.record_use(&mut tx, &caller, &used, &need).await?;
    tx.commit().await?;
    let session = app.session_as(&used, used.key.kind, &need);
    let seen = session.build_uploads().get(upload).await;
    app.learn(plan.kind.key(), &crate::key_use::Learnt::of(&session));
    let end = match seen {
        Ok(detail) => judged(&detail),
        // What Apple does not show now it may show later; the deadline ends it.
        Err(error) => {
            tracing::debug!(%error, upload, "what became of an upload could not be read");
            match error {
                Error::NotFound { .. } | Error::Unauthorized { .. } | Error::Forbidden { .. } => Watched::Unreadable(error.human()),
                _ => Watched::Waits("Apple gave no answer"),
            }
        }
    };
    let now = app.now();
    let passed = now.duration_since(committed.updated_at);
    // Apple's webhook has delivered since the file was whole, so it will again; each delivery brings the next look forward.
    let is_told = webhook.is_some_and(|webhook| webhook.last_delivery_at.is_some_and(|at| at >= committed.updated_at));
    let wait = if is_told {
        (passed / 2).clamp(SHORTEST_WAIT_IF_TOLD, LONGEST_WAIT_IF_TOLD)
    } else {
        (passed / 6).clamp(SHORTEST_WAIT, LONGEST_WAIT)
    };
    let until = now.saturating_add(wait).unwrap_or(now);
    Ok(Seen::Else(match end {
        Watched::Built(built) => return Ok(Seen::Built(built)),
        Watched::Over(end) => Next::End(end),
        Watched::Waits(why) if passed < DEADLINE => Next::Wait {
            until,
            why: why.to_owned(),
        },
        Watched::Unreadable(why) if passed < DEADLINE => Next::Wait { until, why },
        Watched::Waits(_) => Next::End(OperationState::Failed {
            why: "Apple had the whole file for 24 hours and did not say what became of it. Look at the build in App Store Connect, and at developer.apple.com/system-status; send it again under a higher build number if it is not there.".to_owned(),
        }),
        Watched::Unreadable(why) => Next::End(OperationState::Failed {
            why: format!("Apple has the file, and what became of it could not be read for 24 hours: {why}"),
        }),
    }))
}

fn judged(detail: &apple::BuildUploadDetail) -> Watched {
    let progress = &detail.upload.attributes.state;
    let warnings = || progress.warnings.iter().map(words::detail).collect::<Vec<_>>();
    match &progress.state {
        Some(BuildUploadState::Failed) => Watched::Over(words::refused(TOLD_IN_AN_ANSWER, &progress.errors)),
        Some(BuildUploadState::Complete) => match &detail.build {
            None => Watched::Waits("Apple has taken the file in and makes a build of it"),
            Some(build) => match &build.attributes.processing_state {
                Some(ProcessingState::Valid) => Watched::Built(Built {
                    apple_id: build.id.clone(),
                    warnings: warnings(),
                    is_answered: build.attributes.uses_non_exempt_encryption.is_some(),
                }),
                Some(state @ (ProcessingState::Invalid | ProcessingState::Failed)) => Watched::Over(OperationState::Refused {
                    status: TOLD_IN_AN_ANSWER,
                    code: state.as_str().to_owned(),
                    why: format!(
                        "Apple took the file in, and then found that it is no build to test ({}). Apple mails the reasons to the account's people; App Store Connect shows them with the build.",
                        state.as_str()
                    ),
                    places: Vec::new(),
                }),
                _ => Watched::Waits("Apple is processing the build"),
            },
        },
        _ => Watched::Waits("Apple is looking at the file"),
    }
}

/// What a look means for the plan.
enum Seen {
    Built(Built),
    Else(Next),
}

/// A build that is there.
pub(super) struct Built {
    /// Apple's id.
    pub(super) apple_id: String,
    /// What Apple warned of, and what else should be known of it.
    pub(super) warnings: Vec<String>,
    /// Whether the question of export compliance is answered.
    pub(super) is_answered: bool,
}

impl Built {
    /// The end of its sending.
    pub(super) fn done(self) -> OperationState {
        OperationState::Done {
            made: Made::Build {
                apple_id: self.apple_id,
                warnings: self.warnings,
            },
        }
    }
}

/// What a look showed.
enum Watched {
    Built(Built),
    Over(OperationState),
    Waits(&'static str),
    Unreadable(String),
}
