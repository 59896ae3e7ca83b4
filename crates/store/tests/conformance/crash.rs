//! Killed at a hundred random moments while it writes, the store has lost nothing that it
//! acknowledged, and kept nothing by half.
//!
//! The writer is this test program once more, in a process of its own. It says a number on its
//! output after each commit; the test counts, waits a random moment longer, and kills it.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use domain::{Action, JobPayload, Operation};
use store::{Location, LogReach, Store, StoreError};

use crate::activity::record;
use crate::operations::operation;
use crate::world::{World, at, id, key, on_both, permit, place, sealed};

on_both![nothing_acknowledged_is_lost_and_nothing_is_kept_by_half];

const KILLS: u32 = 100;
/// Set for the writing process only.
const LOCATION: &str = "RUSSET_CRASH_TEST_LOCATION";
const FIRST: &str = "RUSSET_CRASH_TEST_FIRST";
const ACKNOWLEDGED: &str = "acknowledged ";

#[expect(clippy::print_stdout, reason = "the counts belong to the report of a test run")]
async fn nothing_acknowledged_is_lost_and_nothing_is_kept_by_half(world: World) {
    let seed = RandomState::new().build_hasher().finish();
    let mut random = Random(seed | 1);
    let mut first = 1;
    let mut acknowledged = 0;
    let mut between = 0;
    for _ in 0..KILLS {
        let last = kill_at_random(&world.location, first, &mut random);
        // Opened anew, as the next server would.
        let store = Store::open(&world.location).await.expect("opens after the kill");
        for number in first..=last {
            assert!(
                is_whole(&store, number).await,
                "write {number} was acknowledged and is lost (seed {seed})"
            );
            acknowledged += 1;
        }
        // The one that was under way: there or not, but not by half. PostgreSQL may still be
        // committing it while we look, so it is looked at again in the end.
        between += u32::from(is_whole(&store, last + 1).await);
        store.close().await;
        first = last + 2;
    }
    for number in 1..first {
        is_whole(&world.store, number).await;
    }
    assert!(
        acknowledged >= KILLS,
        "only {acknowledged} writes were acknowledged in {KILLS} rounds (seed {seed})"
    );
    println!("{KILLS} kills, {acknowledged} acknowledged writes kept, {between} more were just done when killed");
}

/// Lets the writer write from this number on, and kills it. Gives the last number it acknowledged.
fn kill_at_random(location: &Location, first: u32, random: &mut Random) -> u32 {
    let mut writer = Command::new(std::env::current_exe().expect("this program"));
    writer
        .args(["crash::writes_until_it_is_killed", "--exact", "--nocapture"])
        .env(LOCATION, text(location))
        .env(FIRST, first.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    let mut writer = writer.spawn().expect("the writer starts");
    let mut lines = BufReader::new(writer.stdout.take().expect("its output")).lines();
    let mut next = || -> Option<u32> {
        loop {
            // libtest prints lines of its own, and none of them ends before our first.
            let line = lines.next()?.expect("text");
            if let Some((_, number)) = line.split_once(ACKNOWLEDGED) {
                return Some(number.parse().expect("a number"));
            }
        }
    };
    let mut last = first - 1;
    for _ in 0..=random.below(4) {
        last = next().expect("it writes until it is killed");
    }
    let patience = Duration::from_micros(random.below(6000));
    let began = Instant::now();
    while began.elapsed() < patience {
        std::hint::spin_loop();
    }
    writer.kill().expect("SIGKILL");
    // What it said before it died counts as acknowledged.
    while let Some(number) = next() {
        last = number;
    }
    writer.wait().expect("it is gone");
    last
}

/// The writer. Does nothing unless it was started by the test above.
#[test]
fn writes_until_it_is_killed() {
    let Ok(location) = std::env::var(LOCATION) else { return };
    let first: u32 = std::env::var(FIRST).expect("where to begin").parse().expect("a number");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let store = Store::open(&Location::parse(&location)).await.expect("opens");
        for number in first.. {
            write(&store, number).await.expect("written");
            let mut output = std::io::stdout().lock();
            writeln!(output, "{ACKNOWLEDGED}{number}").expect("said");
            output.flush().expect("said");
        }
    });
}

/// One change as the product makes them: rows in five tables, in one transaction.
async fn write(store: &Store, number: u32) -> Result<(), StoreError> {
    let may = permit(Action::AddKey, 1);
    let (owner, object) = (may.organization().to_string(), key(1, number).id.to_string());
    let mut tx = store.begin_over_all().await?;
    tx.insert_key(&may, &key(1, number)).await?;
    tx.put_secret(&may, &place(&owner, &object, 1), &sealed(&"s".repeat(3000))).await?;
    tx.start_operation(&may, &operation(1, number)).await?;
    tx.enqueue(id("job", number), may.organization(), &job(number), at(0)).await?;
    tx.record(&record(1, number)).await?;
    tx.commit().await
}

/// Whether this change is there. Half of it is a failure.
async fn is_whole(store: &Store, number: u32) -> bool {
    let may = permit(Action::AddKey, 1);
    let (owner, object) = (may.organization().to_string(), key(1, number).id.to_string());
    let mut tx = store.read_over_all().await.expect("begins");
    let parts = [
        found(tx.key(&may, key(1, number).id).await).is_some_and(|k| k == key(1, number)),
        found(tx.secret(&may, &place(&owner, &object, 1)).await).is_some_and(|s| s == sealed(&"s".repeat(3000))),
        found::<Operation>(tx.operation(&may, operation(1, number).id).await).is_some(),
        tx.waiting_job_at(&may, &job(number)).await.expect("asked").is_some(),
        found(tx.activity(&may, LogReach::Own, record(1, number).id).await).is_some(),
    ];
    assert!(
        parts.iter().all(|there| *there == parts[0]),
        "write {number} is there by half: {parts:?}"
    );
    parts[0]
}

fn found<T>(answer: Result<T, StoreError>) -> Option<T> {
    match answer {
        Ok(value) => Some(value),
        Err(StoreError::NotFound) => None,
        Err(error) => panic!("{error}"),
    }
}

fn job(number: u32) -> JobPayload {
    JobPayload::CheckKey { key: key(1, number).id }
}

fn text(location: &Location) -> String {
    match location {
        Location::Directory(directory) => directory.display().to_string(),
        Location::Postgres(url) => url.clone(),
    }
}

/// xorshift64: enough to choose moments.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}
