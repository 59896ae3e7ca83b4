//! The job table: leases, retries, one waiting job per object.

use domain::{Action, Job, JobPayload};
use jiff::SignedDuration;
use store::{Conflict, StoreError, Tx};

use crate::world::{World, at, id, key, on_both, permit};

on_both![
    jobs_come_when_they_are_due_the_oldest_first,
    one_waiting_job_per_object_is_enough,
    a_claim_ends_with_its_lease,
    a_lost_claim_can_do_nothing_more,
    a_postponed_job_gives_way_to_one_that_was_asked_for_anew,
    racing_workers_never_share_a_job,
    a_job_whose_transaction_fails_was_never_enqueued,
    a_job_that_cannot_be_read_holds_up_no_other,
];

const LEASE: SignedDuration = SignedDuration::from_secs(60);

fn check(number: u32) -> JobPayload {
    JobPayload::CheckKey { key: key(1, number).id }
}

async fn enqueue(tx: &mut Tx, number: u32, payload: &JobPayload, seconds: i64) {
    tx.enqueue(id("job", number), id("org", 1), payload, at(seconds))
        .await
        .expect("enqueued");
}

async fn claim(tx: &mut Tx, worker: &str, seconds: i64) -> Option<Job> {
    tx.claim_job(worker, at(seconds), LEASE, None).await.expect("asked")
}

fn is_stale<T>(result: &Result<T, StoreError>) -> bool {
    matches!(result, Err(StoreError::Conflict(Conflict::Stale)))
}

async fn jobs_come_when_they_are_due_the_oldest_first(world: World) {
    let mut tx = world.store.begin_over_all().await.expect("begins");
    assert_eq!(tx.next_job_at().await.expect("asked"), None);
    enqueue(&mut tx, 1, &check(1), 30).await;
    enqueue(&mut tx, 2, &check(2), 10).await;
    assert_eq!(tx.next_job_at().await.expect("asked"), Some(at(10)));
    assert_eq!(claim(&mut tx, "w", 9).await, None);
    let first = claim(&mut tx, "w", 40).await.expect("due");
    assert_eq!(
        (&first.payload, first.run_at, first.attempts, first.lease_until),
        (&check(2), at(10), 1, at(100))
    );
    assert_eq!(first.organization, id("org", 1));
    let second = claim(&mut tx, "w", 40).await.expect("due");
    assert_eq!(second.payload, check(1));
    assert_eq!(claim(&mut tx, "w", 40).await, None);
    for job in [first, second] {
        tx.finish_job(&job, "w").await.expect("finished");
    }
    assert_eq!(tx.job_count().await.expect("counted"), 0);
}

async fn one_waiting_job_per_object_is_enough(world: World) {
    let may = permit(Action::SeeKeys, 1);
    let mut tx = world.store.begin_over_all().await.expect("begins");
    enqueue(&mut tx, 1, &check(1), 50).await;
    enqueue(&mut tx, 2, &check(1), 90).await;
    assert_eq!(
        tx.waiting_job_at(&may, &check(1)).await.expect("asked"),
        Some(at(50)),
        "the earlier one stays"
    );
    enqueue(&mut tx, 3, &check(1), 20).await;
    assert_eq!(
        tx.waiting_job_at(&may, &check(1)).await.expect("asked"),
        Some(at(20)),
        "brought forward"
    );
    assert_eq!(tx.job_count().await.expect("counted"), 1);

    // While it runs, the next one may be enqueued beside it.
    let running = claim(&mut tx, "w", 20).await.expect("due");
    assert_eq!(tx.waiting_job_at(&may, &check(1)).await.expect("asked"), None);
    enqueue(&mut tx, 4, &check(1), 1000).await;
    assert_eq!(tx.job_count().await.expect("counted"), 2);
    tx.finish_job(&running, "w").await.expect("finished");
    assert_eq!(tx.waiting_job_at(&may, &check(1)).await.expect("asked"), Some(at(1000)));
    assert_eq!(
        tx.waiting_job_at(&permit(Action::SeeKeys, 2), &check(1)).await.expect("asked"),
        None
    );
}

async fn a_claim_ends_with_its_lease(world: World) {
    let mut tx = world.store.begin_over_all().await.expect("begins");
    enqueue(&mut tx, 1, &check(1), 0).await;
    let claimed = claim(&mut tx, "dead", 0).await.expect("due");
    assert_eq!(tx.next_job_at().await.expect("asked"), Some(at(60)));
    assert_eq!(claim(&mut tx, "other", 59).await, None);
    let extended = tx.extend_job(&claimed, "dead", at(50), LEASE).await.expect("extended");
    assert_eq!(extended.lease_until, at(110));
    assert_eq!(claim(&mut tx, "other", 109).await, None);
    let taken = claim(&mut tx, "other", 110).await.expect("the lease has ended");
    assert_eq!((taken.id, taken.attempts), (claimed.id, 2));
}

async fn a_lost_claim_can_do_nothing_more(world: World) {
    let mut tx = world.store.begin_over_all().await.expect("begins");
    enqueue(&mut tx, 1, &check(1), 0).await;
    let lost = claim(&mut tx, "w", 0).await.expect("due");
    // Even the same worker: another attempt is another claim.
    let held = claim(&mut tx, "w", 60).await.expect("the lease has ended");
    assert!(is_stale(&tx.finish_job(&lost, "w").await));
    assert!(is_stale(&tx.extend_job(&lost, "w", at(61), LEASE).await));
    assert!(is_stale(&tx.postpone_job(&lost, "w", at(99), "late").await));
    assert!(is_stale(&tx.finish_job(&held, "somebody else").await));
    tx.finish_job(&held, "w").await.expect("finished");
}

async fn a_postponed_job_gives_way_to_one_that_was_asked_for_anew(world: World) {
    let mut tx = world.store.begin_over_all().await.expect("begins");
    enqueue(&mut tx, 1, &check(1), 0).await;
    let failed = claim(&mut tx, "w", 0).await.expect("due");
    tx.postpone_job(&failed, "w", at(30), &"x".repeat(10_000)).await.expect("postponed");
    assert_eq!(claim(&mut tx, "w", 29).await, None);
    let again = claim(&mut tx, "w", 30).await.expect("due again");
    assert_eq!((again.id, again.attempts), (failed.id, 2));

    enqueue(&mut tx, 2, &check(1), 31).await;
    tx.postpone_job(&again, "w", at(500), "still no").await.expect("given way");
    let anew = claim(&mut tx, "w", 31).await.expect("due");
    assert_eq!((anew.id, anew.attempts), (id("job", 2), 1));
    assert_eq!(tx.job_count().await.expect("counted"), 1);
}

async fn racing_workers_never_share_a_job(world: World) {
    let mut tx = world.store.begin_over_all().await.expect("begins");
    for number in 1..=20 {
        enqueue(&mut tx, number, &check(number), 0).await;
    }
    tx.commit().await.expect("kept");
    let work = async |worker: &str| {
        let mut done = Vec::new();
        loop {
            let mut tx = world.store.begin_over_all().await.expect("begins");
            let Some(job) = claim(&mut tx, worker, 0).await else { break };
            tokio::task::yield_now().await;
            tx.commit().await.expect("kept");
            done.push(job.id);
        }
        done
    };
    let (a, b, c) = tokio::join!(work("a"), work("b"), work("c"));
    let mut all = [a, b, c].concat();
    assert_eq!(all.len(), 20);
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 20, "each was claimed once");
}

async fn a_job_whose_transaction_fails_was_never_enqueued(world: World) {
    let mut tx = world.store.begin_over_all().await.expect("begins");
    enqueue(&mut tx, 1, &check(1), 0).await;
    drop(tx);
    let mut tx = world.store.begin_over_all().await.expect("begins");
    assert_eq!(tx.job_count().await.expect("counted"), 0);
}

async fn a_job_that_cannot_be_read_holds_up_no_other(world: World) {
    let mut tx = world.store.begin_over_all().await.expect("begins");
    enqueue(&mut tx, 1, &check(1), 0).await;
    enqueue(&mut tx, 2, &check(2), 1).await;
    tx.run("UPDATE jobs SET payload = '{\"job\":\"of-next-year\"}' WHERE run_at = (SELECT MIN(run_at) FROM jobs)")
        .await
        .expect("updated");
    assert_eq!(claim(&mut tx, "w", 5).await.expect("the readable one").payload, check(2));
    assert_eq!(claim(&mut tx, "w", 5).await, None);
}
