//! Which keys Apple accepts, and what the probes say of each.

use std::sync::Arc;

use apple::{CertificateFilter, Error, ForbiddenReason, KeyKind, Probe, ProbeOutcome, RetryPolicy, Session};
use jiff::SignedDuration;
use simulator::{Api, Role, Standing};

use super::{World, client, session, session_as};

async fn health(session: &Session) -> ProbeOutcome {
    session.probe(&Probe::health(session.kind())).await.outcome
}

#[tokio::test]
async fn every_kind_of_key_is_healthy() {
    let world = World::new().await;
    for key in world.apple.keys() {
        let session = session(&world.client, key);
        let outcome = health(&session).await;
        assert!(matches!(outcome, ProbeOutcome::Readable), "{key:?}: {outcome:?}");
        assert_eq!(session.requests_sent(), 1);
        let skew = session.skew_seconds().expect("a date");
        assert!(skew.abs() <= 2, "{skew}");
    }
}

#[tokio::test]
async fn the_budget_is_counted_down() {
    let world = World::new().await;
    let admin = world.admin();
    for _ in 0..2 {
        health(&admin).await;
    }
    let budget = admin.budget();
    assert_eq!(budget.hour.limit, Some(3600));
    assert_eq!(budget.hour.remaining, Some(3598));
}

#[tokio::test]
async fn a_key_that_is_not_what_it_is_said_to_be_gets_a_401() {
    let world = World::new().await;
    let key = world.apple.key(simulator::KeyKind::Team, Role::Admin).expect("a key");
    let issuer = key.issuer_id.as_deref();
    for (kind, issuer) in [
        (KeyKind::Team, Some("00000000-0000-0000-0000-000000000000")),
        (KeyKind::Individual, None),
        (KeyKind::Enterprise, issuer),
    ] {
        let session = session_as(&world.client, key, kind, issuer);
        let outcome = health(&session).await;
        let ProbeOutcome::Failed { error } = outcome else {
            panic!("{outcome:?}")
        };
        assert!(matches!(error, Error::Unauthorized { .. }), "{error:?}");
        assert!(error.human().contains("does not say why"));
        assert_eq!(session.requests_sent(), 3, "asked twice more with fresh tokens");
    }
}

#[tokio::test]
async fn a_revoked_key_gets_a_401() {
    let world = World::new().await;
    let key = world.apple.key(simulator::KeyKind::Team, Role::Admin).expect("a key");
    let admin = session(&world.client, key).with_retries(RetryPolicy::never());
    world.apple.control().set_revoked(&key.key_id, true).expect("revoked");
    let error = admin.certificates().list(&CertificateFilter::default()).await.expect_err("revoked");
    assert!(matches!(error, Error::Unauthorized { .. }), "{error:?}");
    assert_eq!(admin.requests_sent(), 1);
}

#[tokio::test]
async fn a_clock_that_is_off_is_measured() {
    let world = World::new().await;
    let apple_clock = world.apple.control().clock();
    for off in [SignedDuration::from_mins(30), SignedDuration::from_mins(-30)] {
        let clock = apple_clock.clone();
        let client = client(&world.apple, Arc::new(move || clock.now() + off));
        let key = world.apple.key(simulator::KeyKind::Team, Role::Admin).expect("a key");
        let session = session(&client, key);
        let answer = session.probe(&Probe::Health).await;
        assert_eq!(answer.status, Some(401));
        let skew = answer.skew_seconds.expect("a date");
        assert!((skew - off.as_secs()).abs() <= 2, "{skew} for {off}");
        let ProbeOutcome::Failed { error } = answer.outcome else {
            panic!("refused")
        };
        assert!(error.human().contains("clock"), "{}", error.human());
    }
}

#[tokio::test]
async fn a_clock_that_is_a_little_off_does_no_harm() {
    let world = World::new().await;
    let apple_clock = world.apple.control().clock();
    for seconds in [50, -600] {
        let (clock, off) = (apple_clock.clone(), SignedDuration::from_secs(seconds));
        let client = client(&world.apple, Arc::new(move || clock.now() + off));
        let key = world.apple.key(simulator::KeyKind::Team, Role::Admin).expect("a key");
        let outcome = health(&session(&client, key)).await;
        assert!(matches!(outcome, ProbeOutcome::Readable), "{seconds}: {outcome:?}");
    }
}

#[tokio::test]
async fn one_token_lasts_and_the_next_comes_in_time() {
    let world = World::new().await;
    let admin = world.admin().with_retries(RetryPolicy::never());
    for _ in 0..12 {
        let outcome = health(&admin).await;
        assert!(matches!(outcome, ProbeOutcome::Readable), "{outcome:?}");
        world.apple.control().clock().advance(SignedDuration::from_mins(5));
    }
}

#[tokio::test]
async fn roles_show_in_the_probes() {
    let world = World::new().await;
    let admin = world.admin();
    let app = admin.probe(&Probe::Health).await.first.expect("an app").id;
    let all = [
        Probe::Upload { app: app.clone() },
        Probe::TestFlight { app: app.clone() },
        Probe::Metadata { app: app.clone() },
        Probe::Submit { app },
        Probe::Certificates,
        Probe::Profiles,
        Probe::BundleIds,
    ];
    for probe in &all {
        let answer = admin.probe(probe).await;
        assert!(matches!(answer.outcome, ProbeOutcome::Readable), "{probe:?}: {answer:?}");
    }
    let manager = world.session(simulator::KeyKind::Team, Role::AppManager);
    for probe in &all {
        let answer = manager.probe(probe).await;
        let provisioning = matches!(probe, Probe::Certificates | Probe::Profiles | Probe::BundleIds);
        match answer.outcome {
            ProbeOutcome::Refused { reason, .. } if provisioning => assert_eq!(reason, ForbiddenReason::RoleTooLow),
            ProbeOutcome::Readable if !provisioning => {}
            outcome => panic!("{probe:?}: {outcome:?}"),
        }
    }
    let nowhere = admin.probe(&Probe::Metadata { app: "1".to_owned() }).await;
    assert!(matches!(nowhere.outcome, ProbeOutcome::NotFound), "{nowhere:?}");
}

#[tokio::test]
async fn the_teams_troubles_are_told_from_the_keys() {
    let world = World::new().await;
    let admin = world.admin();
    let control = world.apple.control();
    control.set_standing(Api::AppStore, Standing::MembershipLapsed);
    let outcome = health(&admin).await;
    assert!(
        matches!(
            outcome,
            ProbeOutcome::Refused {
                reason: ForbiddenReason::MembershipLapsed,
                ..
            }
        ),
        "{outcome:?}"
    );
    control.set_standing(Api::AppStore, Standing::AgreementMissing);
    let outcome = health(&admin).await;
    assert!(
        matches!(
            &outcome,
            ProbeOutcome::Refused {
                reason: ForbiddenReason::AgreementMissing { see: Some(_) },
                ..
            }
        ),
        "{outcome:?}"
    );
    control.set_standing(Api::AppStore, Standing::Active);
    assert!(matches!(health(&admin).await, ProbeOutcome::Readable));
}

#[tokio::test]
async fn enterprise_keys_reach_their_program() {
    let world = World::new().await;
    let enterprise = world.session(simulator::KeyKind::Enterprise, Role::Admin);
    for probe in [Probe::Certificates, Probe::Profiles, Probe::BundleIds] {
        let answer = enterprise.probe(&probe).await;
        assert!(matches!(answer.outcome, ProbeOutcome::Readable), "{probe:?}: {answer:?}");
    }
}
