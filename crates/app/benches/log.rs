//! What a benchmark needs from inside: a long log with a true chain, and how long a permission check takes.
//!
//! `cargo xtask bench scale` runs it over the worlds that it made, and asks everything else over HTTP, as a stranger would.
//!
//! - `fill LOCATION COUNT SUBS`: records up to number COUNT, spread over the past year, the organizations of the world
//!   (`xtask/src/bench/scale/world.sql`), their people, tokens and keys. They are written as the product writes them, only
//!   many in one transaction.
//! - `permit LOCATION KEY_FILE TOKEN ORGANIZATION`: prints nanoseconds, one figure on a line.
#![expect(clippy::print_stdout, reason = "a program whose product is what it prints")]

use std::{
    collections::{BTreeMap, BTreeSet},
    error::Error,
    hint::black_box,
    sync::Arc,
    time::Instant,
};

use app::{App, Parts, SystemEntropy};
use domain::{
    Action, Activity, Actor, CertificateId, Clock as _, Denied, Event, Feature, Need, OrgId, Origin, Outcome, Permit, Principal, Role,
    SystemClock, Tenant, UserId, activity::ExportForm, decide,
};
use jiff::{SignedDuration, Timestamp};
use store::{Location, Store};
use vault::KeyFile;

/// What all ids of the world begin with, behind their prefix.
const IDS: &str = "01930000000070008000";
/// Records in one transaction.
const BATCH: i64 = 5_000;
/// Keys of the root, all shared with all.
const KEYS: u64 = 50;
/// How often a check with the database is measured; the median counts.
const ROUNDS: usize = 1_001;
/// How often one without is made in a row.
const IN_A_ROW: u32 = 100_000;

type Fallible<T> = Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> Fallible<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).filter(|word| *word != "--bench").collect();
    match words.as_slice() {
        ["fill", location, count, subs] => fill(location, count.parse()?, subs.parse()?).await,
        ["permit", location, key_file, token, organization] => permit(location, key_file, token, organization.parse()?).await,
        // `cargo test` and `cargo bench` run it without a world.
        _ => Ok(()),
    }
}

async fn fill(location: &str, count: i64, subs: u64) -> Fallible<()> {
    let store = Store::open(&Location::parse(location)).await?;
    let mut last = store.read_over_all().await?.activity_head().await?.sequence;
    let year = SignedDuration::from_hours(24 * 365);
    let (now, step) = (SystemClock.now(), year / i32::try_from(count)?);
    while last < count {
        let upto = count.min(last + BATCH);
        let records = (last + 1..=upto)
            .map(|number| record(number.unsigned_abs(), now - step * i32::try_from(count - number)?, subs))
            .collect::<Fallible<Vec<_>>>()?;
        let mut tx = store.begin_over_all().await?;
        tx.record_all(&records).await?;
        tx.commit().await?;
        last = upto;
    }
    store.close().await;
    Ok(())
}

/// A record that depends on nothing but its number. The first key of the root has every tenth record to itself; one in ten thousand
/// failed, and one key was rotated twice.
fn record(number: u64, at: Timestamp, subs: u64) -> Fallible<Activity> {
    let chance = scattered(number);
    let organization = if chance.is_multiple_of(3) { 0 } else { 1 + chance / 3 % subs };
    let (owner, key) = (
        id::<UserId>("user", 0)?,
        id("key", if number.is_multiple_of(10) { 0 } else { chance / 7 % KEYS })?,
    );
    let actor = match chance / 11 % 5 {
        0 => Actor::Person { user: owner },
        1 => Actor::Person {
            user: id("user", 1 + chance / 13 % (2 * subs))?,
        },
        2 => Actor::Token {
            token: id("tok", 0)?,
            user: owner,
        },
        _ => Actor::Service {
            token: id("svc", 1 + chance / 13 % subs)?,
        },
    };
    let name = "CI uploads".to_owned();
    let event = match chance / 17 % 100 {
        0..80 => Event::KeyUsed {
            key,
            name,
            need: Need::Read {
                feature: Feature::Profiles,
            },
        },
        80..88 => Event::CertificateDownloaded {
            certificate: id::<CertificateId>("cert", 1 + chance / 19 % 1_000)?,
            name,
            form: ExportForm::P12Modern,
            set: None,
        },
        88..93 => Event::AppleTokenMinted {
            key,
            name,
            expires_at: at,
            scoped: false,
        },
        93..98 => Event::KeyChecked {
            key,
            name,
            health: "working".to_owned(),
            was: None,
        },
        _ if number % 400_000 == 77 => Event::KeyRotated {
            key,
            name,
            from_key_id: "A".to_owned(),
            to_key_id: "B".to_owned(),
        },
        _ => Event::AccessDenied {
            what: "rotate keys".to_owned(),
        },
    };
    let outcome = match event {
        Event::AccessDenied { .. } => Outcome::Denied,
        _ if number % 10_000 == 3 => Outcome::Failed,
        _ => Outcome::Done,
    };
    Ok(Activity {
        id: id("act", number)?,
        organization: Some(id("org", organization)?),
        at,
        actor,
        origin: Origin {
            address: Some("203.0.113.7".to_owned()),
            request_id: Some(format!("req_{number:024x}")),
        },
        event,
        outcome,
        follows: None,
    })
}

fn id<T: std::str::FromStr<Err: std::fmt::Display>>(prefix: &str, number: u64) -> Fallible<T> {
    let text = format!("{prefix}_{IDS}{number:012}");
    text.parse().map_err(|error| format!("{text}: {error}").into())
}

/// SplitMix64: every bit of the number on every bit of the answer.
fn scattered(number: u64) -> u64 {
    let mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

async fn permit(location: &str, key_file: &str, token: &str, organization: OrgId) -> Fallible<()> {
    let (clock, entropy) = (Arc::new(SystemClock), Arc::new(SystemEntropy));
    let store = Store::open(&Location::parse(location)).await?;
    let vault = app::unseal(&store, &KeyFile::new(key_file), &*clock, &*entropy).await?;
    let nowhere: url::Url = "http://localhost:9".parse()?;
    let apple = apple::Apple::new(apple::Config::new(nowhere.clone(), nowhere, Arc::new(|| SystemClock.now())))?;
    let app = App::start(Parts {
        store,
        vault,
        apple,
        apple_roots_pem: None,
        activity_copy: None,
        clock,
        entropy,
        mailer: None,
        public_url: "http://localhost:9".parse()?,
        outgoing: app::outgoing::Outgoing::new(Vec::new()),
        binaries: app::binaries::Storage::in_directory(&std::env::temp_dir().join("russet-bench-binaries"))?,
        profile_signer: None,
    })
    .await?;
    let who = app.by_token(token, Origin::default()).await?.ok_or("the token opens nothing")?;
    let tenant = Tenant::below(id("org", 0)?, organization);
    let everywhere = (1..=1_000).map(|number| Ok((id("org", number)?, BTreeSet::from([Role::Owner]))));
    let busy = Principal::new(who.caller.principal.actor(), everywhere.collect::<Fallible<BTreeMap<_, _>>>()?);
    println!("{}", pure(|| decide(&who.caller.principal, Action::MintAppleToken, tenant)));
    println!("{}", pure(|| decide(&busy, Action::MintAppleToken, tenant)));
    let mut times = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let start = Instant::now();
        app.may(&who.caller, Action::MintAppleToken, organization).await?;
        times.push(start.elapsed().as_nanos());
    }
    times.sort_unstable();
    println!("{}", times[ROUNDS / 2]);
    Ok(())
}

/// One call of many in a row: the clock takes longer than the call.
fn pure(call: impl Fn() -> Result<Permit, Denied>) -> u128 {
    let start = Instant::now();
    for _ in 0..IN_A_ROW {
        drop(black_box(call()));
    }
    start.elapsed().as_nanos() / u128::from(IN_A_ROW)
}
