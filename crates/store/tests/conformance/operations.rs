//! Long acts and their steps.

use domain::{Action, Actor, CertificateType, JobPayload, Made, Operation, OperationKind, OperationState, Permit, StepOf};
use jiff::SignedDuration;
use store::{Conflict, Paging, StoreError, Tx};

use crate::world::{World, at, id, key, on_both, permit};

on_both![
    an_act_goes_its_steps_and_no_others,
    a_step_that_came_too_late_is_refused,
    a_job_finds_its_act,
    a_plan_has_each_step_once,
    unfinished_acts_are_listed_and_hold_their_key,
    a_renewal_that_failed_is_found_by_its_certificate,
];

/// The `number`-th act of an organization: creating a certificate through its first key.
pub(crate) fn operation(organization: u32, number: u32) -> Operation {
    Operation {
        id: id("op", organization * 1000 + number),
        organization: id("org", organization),
        started_by: Actor::Person {
            user: id("user", organization),
        },
        kind: OperationKind::CreateCertificate {
            key: key(organization, 1).id,
            certificate_type: CertificateType::of_apple("DISTRIBUTION"),
            private_key: id("sec", number),
            csr: "-----BEGIN CERTIFICATE REQUEST-----".to_owned(),
            public_key_fingerprint: "ef".repeat(32),
            request: None,
        },
        step_of: None,
        state: OperationState::Started,
        started_at: at(0),
        updated_at: at(0),
    }
}

fn calling() -> OperationState {
    OperationState::Calling { since: at(1) }
}

async fn an_act_goes_its_steps_and_no_others(world: World) {
    let may = permit(Action::CreateCertificate, 1);
    let act = operation(1, 1);
    let mut tx = world.store.begin_over_all().await.expect("begins");
    tx.start_operation(&may, &act).await.expect("started");
    assert_eq!(tx.operation(&may, act.id).await.expect("found"), act);
    let unknown = OperationState::Unknown {
        since: at(2),
        why: "connection reset".to_owned(),
        shut_out: false,
    };
    let done = OperationState::Done {
        made: Made::Certificate(id("cert", 1)),
    };
    for (state, seconds) in [(calling(), 1), (unknown, 2), (done.clone(), 3)] {
        let now = tx.advance_operation(&may, act.id, &state, at(seconds)).await.expect("a step");
        assert_eq!((&now.state, now.updated_at), (&state, at(seconds)));
        assert_eq!(tx.operation(&may, act.id).await.expect("found"), now);
    }
    for next in [OperationState::Started, calling(), done] {
        let refused = tx.advance_operation(&may, act.id, &next, at(4)).await;
        assert!(matches!(refused, Err(StoreError::Conflict(Conflict::Step))), "{refused:?}");
    }
    let stranger = tx.advance_operation(&may, id("op", 9), &calling(), at(4)).await;
    assert!(matches!(stranger, Err(StoreError::NotFound)), "{stranger:?}");
}

async fn a_plan_has_each_step_once(world: World) {
    let may = permit(Action::CreateCertificate, 1);
    let plan = operation(1, 1);
    let step = |number: u32, step: u32| Operation {
        step_of: Some(StepOf { plan: plan.id, step }),
        ..operation(1, number)
    };
    let mut tx = world.store.begin_over_all().await.expect("begins");
    tx.start_operation(&may, &plan).await.expect("started");
    tx.start_operation(&may, &step(3, 2)).await.expect("started");
    tx.start_operation(&may, &step(2, 1)).await.expect("started");
    let steps = tx.steps_of(&may, plan.id).await.expect("read");
    assert_eq!(steps, [step(2, 1), step(3, 2)]);
    assert!(
        tx.steps_of(&permit(Action::CreateCertificate, 2), plan.id)
            .await
            .expect("read")
            .is_empty()
    );
    tx.commit().await.expect("kept");
    let mut tx = world.store.begin_over_all().await.expect("begins");
    assert!(tx.start_operation(&may, &step(4, 2)).await.is_err(), "the second time");
}

async fn a_step_that_came_too_late_is_refused(world: World) {
    let may = permit(Action::CreateCertificate, 1);
    let mut tx = world.store.begin_over_all().await.expect("begins");
    tx.start_operation(&may, &operation(1, 1)).await.expect("started");
    tx.commit().await.expect("kept");
    let step = async || {
        let mut tx = world.store.begin_over_all().await?;
        tx.advance_operation(&may, operation(1, 1).id, &calling(), at(1)).await?;
        tx.commit().await
    };
    // Two at once, on two connections where the database has them: Apple is called by one.
    let (first, second) = tokio::join!(step(), step());
    assert_eq!(
        [&first, &second].into_iter().filter(|r| r.is_ok()).count(),
        1,
        "{first:?} {second:?}"
    );
}

async fn a_job_finds_its_act(world: World) {
    let may = permit(Action::CreateCertificate, 1);
    let act = operation(1, 1);
    let mut tx = world.store.begin_over_all().await.expect("begins");
    tx.start_operation(&may, &act).await.expect("started");
    tx.enqueue(id("job", 1), act.organization, &JobPayload::Continue { operation: act.id }, at(0))
        .await
        .expect("enqueued");
    let mut job = tx
        .claim_job("w", at(0), SignedDuration::from_secs(60), None)
        .await
        .expect("asked")
        .expect("claimed");
    assert_eq!(tx.operation_of_job(&job).await.expect("found"), act);
    job.organization = id("org", 2);
    assert!(
        matches!(tx.operation_of_job(&job).await, Err(StoreError::NotFound)),
        "another organization's"
    );
    job.organization = id("org", 1);
    job.payload = JobPayload::CheckKey { key: key(1, 1).id };
    assert!(
        matches!(tx.operation_of_job(&job).await, Err(StoreError::NotFound)),
        "another kind of job"
    );
}

async fn unfinished_acts_are_listed_and_hold_their_key(world: World) {
    let may = permit(Action::CreateCertificate, 1);
    let mut tx = world.store.begin_over_all().await.expect("begins");
    tx.insert_key(&may, &key(1, 1)).await.expect("inserted");
    for number in 1..=3 {
        tx.start_operation(&may, &operation(1, number)).await.expect("started");
    }
    let failed = OperationState::Failed { why: "no key".to_owned() };
    tx.advance_operation(&may, operation(1, 2).id, &failed, at(1))
        .await
        .expect("a step");
    let ids = |acts: Vec<Operation>| acts.into_iter().map(|act| act.id).collect::<Vec<_>>();
    assert_eq!(
        ids(tx.unfinished_operations(&may).await.expect("listed")),
        [operation(1, 1).id, operation(1, 3).id]
    );
    assert_eq!(
        tx.key_dependents(&may, key(1, 1).id).await.expect("asked")[&may.organization()].unfinished_operations,
        2
    );
    let newest = tx.operations(&may, &Paging::first(2)).await.expect("listed");
    assert_eq!(ids(newest.items), [operation(1, 3).id, operation(1, 2).id]);
    let older = tx
        .operations(&may, &Paging::after(newest.next.expect("more"), 2))
        .await
        .expect("listed");
    assert_eq!(ids(older.items), [operation(1, 1).id]);
}

async fn a_renewal_that_failed_is_found_by_its_certificate(world: World) {
    let may = permit(Action::CreateCertificate, 1);
    let mut tx = world.store.begin_over_all().await.expect("begins");
    let renewal = |number: u32, of: u32| Operation {
        kind: OperationKind::RenewCertificate(domain::operation::CertificateRenewal {
            key: key(1, 1).id,
            certificate: id("cert", of),
            name: "Old".to_owned(),
            certificate_type: CertificateType::of_apple("DISTRIBUTION"),
            apple_id: None,
            revocation: None,
            created: Some(id("cert", 9)),
            looked_at: None,
            profiles: vec![],
        }),
        ..operation(1, number)
    };
    let failed = OperationState::Failed {
        why: "no place".to_owned(),
    };
    for (number, of, ends) in [(1, 7, true), (2, 8, true), (3, 7, true), (4, 7, false)] {
        let act = renewal(number, of);
        tx.start_operation(&may, &act).await.expect("started");
        if ends {
            tx.advance_operation(&may, act.id, &failed, at(1)).await.expect("a step");
        }
    }
    let found = async |tx: &mut Tx, may: &Permit, of| {
        let acts = tx.failed_renewals_of(may, id("cert", of)).await.expect("listed");
        acts.into_iter().map(|act| act.id).collect::<Vec<_>>()
    };
    assert_eq!(found(&mut tx, &may, 7).await, [operation(1, 3).id, operation(1, 1).id]);
    assert!(found(&mut tx, &may, 9).await.is_empty(), "it is named there, and not renewed");
    let done = OperationState::Done {
        made: Made::Certificate(id("cert", 10)),
    };
    let newest = renewal(5, 7);
    tx.start_operation(&may, &newest).await.expect("started");
    assert_eq!(tx.last_end_of_renewal(&may, id("cert", 7)).await.expect("found"), Some(at(1)));
    tx.advance_operation(&may, newest.id, &done, at(3)).await.expect("a step");
    assert_eq!(tx.last_end_of_renewal(&may, id("cert", 7)).await.expect("found"), Some(at(3)));
    assert_eq!(tx.last_end_of_renewal(&may, id("cert", 9)).await.expect("found"), None);
    let other = permit(Action::CreateCertificate, 2);
    assert_eq!(tx.last_end_of_renewal(&other, id("cert", 7)).await.expect("found"), None);
    assert!(found(&mut tx, &other, 7).await.is_empty());
}
