//! An Apple that is down, loses answers, or does not yet know what it has just made.

use apple::{CertificateFilter, CertificateType, Error, NewBundleId, Platform};
use simulator::{AppleError, Effect, Fault, Limits, Settling};

use super::{CSR, World};

#[tokio::test]
async fn a_lost_answer_ends_in_one_certificate_that_can_be_found() {
    let world = World::new().await;
    let (admin, control) = (world.admin(), world.apple.control());
    let certificates = admin.certificates();
    let before = certificates.list(&CertificateFilter::default()).await.expect("a list");
    control.add_fault(Fault::next("POST", "/v1/certificates", Effect::LoseAnswer));
    let result = certificates.create(CSR, &CertificateType::IosDistribution).await;
    let error = result.expect_err("a lost answer");
    assert!(error.outcome_is_unknown(), "{error:?}");
    assert_eq!(control.count("POST /v1/certificates"), 1);
    let after = certificates.list(&CertificateFilter::default()).await.expect("a list");
    let new: Vec<_> = after.iter().filter(|c| before.iter().all(|b| b.id != c.id)).collect();
    assert_eq!(new.len(), 1);
    assert_eq!(new[0].attributes.certificate_type, Some(CertificateType::IosDistribution));
}

#[tokio::test]
async fn a_write_meets_each_fault_at_most_once() {
    let world = World::new().await;
    let (admin, control) = (world.admin(), world.apple.control());
    for effect in [
        Effect::Reset,
        Effect::LoseAnswer,
        Effect::BadGateway,
        Effect::Html,
        Effect::Apple {
            error: AppleError::Unexpected,
        },
    ] {
        control.clear_journal();
        control.add_fault(Fault::next("POST", "/v1/certificates", effect.clone()));
        let result = admin.certificates().create(CSR, &CertificateType::IosDevelopment).await;
        let error = result.expect_err("a fault");
        assert!(error.outcome_is_unknown(), "{effect:?}: {error:?}");
        assert_eq!(control.count("POST /v1/certificates"), 1, "{effect:?}");
    }
}

#[tokio::test]
async fn a_write_that_apple_did_not_look_at_is_repeated() {
    let world = World::new().await;
    let (admin, control) = (world.admin(), world.apple.control());
    for error in [AppleError::NotAuthorized, AppleError::AgreementMissing, AppleError::RateLimited] {
        control.clear_journal();
        control.add_fault(Fault::next("POST", "/v1/bundleIds", Effect::Apple { error }));
        let new = NewBundleId {
            identifier: format!("com.example.{error:?}"),
            name: "Again".to_owned(),
            platform: Platform::Ios,
        };
        admin.bundle_ids().create(&new).await.expect("a bundle ID");
        assert_eq!(control.count("POST /v1/bundleIds"), 2, "{error:?}");
    }
}

#[tokio::test]
async fn a_read_gets_through_every_passing_fault() {
    let world = World::new().await;
    let (admin, control) = (world.admin(), world.apple.control());
    let wanted = admin.certificates().list(&CertificateFilter::default()).await.expect("a list");
    for effect in [
        Effect::Reset,
        Effect::LoseAnswer,
        Effect::BadGateway,
        Effect::Apple {
            error: AppleError::Unexpected,
        },
        Effect::Apple {
            error: AppleError::NotAuthorized,
        },
        Effect::Apple {
            error: AppleError::AgreementMissing,
        },
        Effect::Apple {
            error: AppleError::RateLimited,
        },
    ] {
        control.add_fault(Fault::next("GET", "/v1/certificates", effect.clone()));
        let list = admin.certificates().list(&CertificateFilter::default()).await;
        assert_eq!(list.expect("a list").len(), wanted.len(), "{effect:?}");
    }
    assert!(control.faults().is_empty());
}

#[tokio::test]
async fn a_portals_page_is_not_taken_for_apples_answer() {
    let world = World::new().await;
    let (admin, control) = (world.admin(), world.apple.control());
    control.add_fault(Fault::next("GET", "/v1/certificates", Effect::Html));
    let error = admin.certificates().list(&CertificateFilter::default()).await.expect_err("a page");
    assert!(matches!(error, Error::NotJson { status: 200, .. }), "{error:?}");
}

#[tokio::test]
async fn what_was_just_made_may_not_be_found_yet() {
    let world = World::new().await;
    let (admin, control) = (world.admin(), world.apple.control());
    control.set_settling(Settling { seconds: 0, reads: 1 });
    let made = admin
        .certificates()
        .create(CSR, &CertificateType::IosDevelopment)
        .await
        .expect("a certificate");
    let error = admin.certificates().get(&made.id).await.expect_err("not yet");
    assert!(matches!(error, Error::NotFound { .. }), "{error:?}");
    admin.certificates().get(&made.id).await.expect("now");
}

#[tokio::test]
async fn the_spent_budget_is_told() {
    let world = World::new().await;
    let (admin, control) = (world.admin(), world.apple.control());
    control.set_limits(Limits {
        requests_per_hour: 3,
        ..Limits::default()
    });
    for _ in 0..3 {
        admin.apps().list(&Default::default()).await.expect("within the budget");
    }
    let error = admin.apps().list(&Default::default()).await.expect_err("beyond it");
    let Error::RateLimited { budget, .. } = &error else {
        panic!("{error:?}")
    };
    assert_eq!((budget.hour.limit, budget.hour.remaining), (Some(3), Some(0)));
    assert!(error.human().contains("rate limit"));
}
