//! Asking Apple about a key, stored or about to be: one health probe, then, when it is accepted, the feature probes.

use crate::key_use::Learnt;
use apple::{Error, ForbiddenReason, Probe, ProbeAnswer, ProbeOutcome, RetryPolicy, Session};
use domain::{
    Feature, KeyHealth, KeyKind, Probed, TeamId, Verdict,
    health::{ProbeEvidence, diagnose},
};
use futures::future::join_all;
use jiff::Timestamp;

/// What is known about the key before it is asked about.
pub(crate) struct Examination {
    pub(crate) kind: KeyKind,
    /// Whether it has an issuer, without which it cannot be tried as another kind.
    pub(crate) may_be_other_kind: bool,
    pub(crate) last_good: Option<Timestamp>,
    pub(crate) team_is_known: bool,
    pub(crate) now: Timestamp,
}

/// What was found out.
pub(crate) struct Examined {
    pub(crate) verdict: Verdict,
    /// Apple's answer to the health probe, for the fold "What Apple answered".
    pub(crate) error: Option<Error>,
    pub(crate) probed: Vec<(Feature, Probed)>,
    pub(crate) team: Option<TeamId>,
    pub(crate) learnt: Learnt,
}

/// Asks. `session` gives a conversation with Apple as a kind of key.
pub(crate) async fn examine(about: &Examination, session: impl Fn(KeyKind) -> Session) -> Examined {
    let own = session(about.kind);
    let health = own.probe(&Probe::health(own.kind())).await;
    let evidence = evidence(&health);
    let mut others = Vec::new();
    if matches!(evidence, ProbeEvidence::Unauthorized { .. }) && about.may_be_other_kind {
        // At most two more requests: one for each other kind, never repeated.
        for kind in KeyKind::ALL.into_iter().filter(|kind| *kind != about.kind) {
            let other = session(kind).with_retries(RetryPolicy::never());
            let answer = other.probe(&Probe::health(other.kind())).await;
            others.push((kind, self::evidence(&answer)));
        }
    }
    let verdict = diagnose(&evidence, &others, about.last_good);
    let (probed, team) = if verdict == Verdict::Conclusive(KeyHealth::Working) {
        ask_about_features(about, &own, &health).await
    } else {
        (Vec::new(), None)
    };
    Examined {
        verdict,
        error: match health.outcome {
            ProbeOutcome::Failed { error } => Some(error),
            _ => None,
        },
        probed,
        team,
        learnt: Learnt::of(&own),
    }
}

/// What an answer to the health probe says about the pair of key and issuer.
fn evidence(answer: &ProbeAnswer) -> ProbeEvidence {
    match &answer.outcome {
        ProbeOutcome::Refused {
            reason: ForbiddenReason::AgreementMissing { .. },
            ..
        } => ProbeEvidence::AgreementMissing,
        ProbeOutcome::Refused {
            reason: ForbiddenReason::MembershipLapsed,
            ..
        } => ProbeEvidence::MembershipLapsed,
        // Any other 403 is about the right, and comes only after the token was accepted.
        ProbeOutcome::Readable | ProbeOutcome::Refused { .. } => ProbeEvidence::Accepted,
        ProbeOutcome::Failed {
            error: Error::Unauthorized { skew, .. },
        } => ProbeEvidence::Unauthorized { skew_seconds: *skew },
        ProbeOutcome::Failed { error } => ProbeEvidence::NoAnswer { why: error.human() },
        ProbeOutcome::NotFound => ProbeEvidence::NoAnswer {
            why: "The address of Apple's API answers as if it had no apps and no bundle IDs. Check the Apple URL.".to_owned(),
        },
    }
}

/// Every feature's probe, together; those that cannot be asked are answered here.
async fn ask_about_features(about: &Examination, session: &Session, health: &ProbeAnswer) -> (Vec<(Feature, Probed)>, Option<TeamId>) {
    let app = health
        .first
        .as_ref()
        .filter(|_| about.kind != KeyKind::Enterprise)
        .map(|first| first.id.clone());
    let questions = Feature::ALL.into_iter().map(|feature| {
        let question = question(about.kind, feature, app.as_deref());
        async move {
            let answer = match &question {
                Ok(Probe::HealthEnterprise) => Ok(health.clone()),
                Ok(probe) => Ok(session.probe(probe).await),
                Err(why) => Err(*why),
            };
            (feature, answer)
        }
    });
    let answers = join_all(questions).await;
    let team = answers
        .iter()
        .filter(|(feature, _)| !about.team_is_known && *feature == Feature::Certificates)
        .find_map(|(_, answer)| team_of(answer.as_ref().ok()?));
    let probed = answers
        .into_iter()
        .map(|(feature, answer)| (feature, probed(answer, about.now)))
        .collect();
    (probed, team)
}

/// The question for a feature, or why there is none.
fn question(kind: KeyKind, feature: Feature, app: Option<&str>) -> Result<Probe, &'static str> {
    match kind {
        KeyKind::Individual if feature.is_signing() => {
            return Err("Individual keys have no access to provisioning, so Apple is not asked");
        }
        KeyKind::Enterprise if !feature.is_signing() => {
            return Err("The Apple Developer Enterprise Program has neither TestFlight nor App Store Connect");
        }
        _ => {}
    }
    let of_app = || app.map(str::to_owned).ok_or("Nothing to probe: this key sees no app");
    Ok(match feature {
        Feature::UploadBinary => Probe::Upload { app: of_app()? },
        Feature::ManageTestFlight => Probe::TestFlight { app: of_app()? },
        Feature::UpdateMetadata => Probe::Metadata { app: of_app()? },
        Feature::SubmitToAppStore => Probe::Submit { app: of_app()? },
        Feature::Certificates => Probe::Certificates,
        Feature::Profiles => Probe::Profiles,
        // The health probe of an enterprise key is this very question; it is not asked twice.
        Feature::BundleIds if kind == KeyKind::Enterprise => Probe::HealthEnterprise,
        Feature::BundleIds => Probe::BundleIds,
    })
}

fn probed(answer: Result<ProbeAnswer, &'static str>, now: Timestamp) -> Probed {
    let answer = match answer {
        Ok(answer) => answer,
        Err(why) => {
            return Probed::NotProbeable {
                at: now,
                why: why.to_owned(),
            };
        }
    };
    let at = answer.at;
    match answer.outcome {
        ProbeOutcome::Readable => Probed::Readable { at },
        ProbeOutcome::Refused { code, .. } => Probed::Refused { at, code },
        ProbeOutcome::NotFound => Probed::Failed {
            at,
            why: "Apple does not know the app that the key saw a moment ago.".to_owned(),
        },
        ProbeOutcome::Failed { error } => Probed::Failed { at, why: error.human() },
    }
}

/// The team, from the OU of the first certificate that the probe showed (never from its CN, facts L).
fn team_of(answer: &ProbeAnswer) -> Option<TeamId> {
    let content = answer.first_attributes.as_ref()?.get("certificateContent")?.as_str()?;
    let certificate = signing::certificate::Certificate::read(content.as_bytes()).ok()?;
    certificate.info().team_id.as_ref()?.parse().ok()
}
