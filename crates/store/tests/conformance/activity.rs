//! The activity log.

use domain::{Action, Activity, Actor, Event, KeyKind, Need, Organization, Origin, Outcome, Subject};
use store::{ActivityFilter, LogReach, Page, Paging, Recorded, Store, StoreError};
use vault::WrappedRing;

use crate::world::{World, at, id, key, of, on_both, permit};

on_both![
    a_record_comes_back_as_it_went_in,
    a_record_stands_if_its_transaction_does,
    records_are_found_by_who_what_and_when,
    the_log_is_read_newest_first_in_pages,
    what_cannot_be_recorded_is_given_up_in_time,
    a_root_reads_what_is_below_and_nobody_reads_upward_or_sideways,
    a_deleted_organization_is_known_where_its_deletion_is,
    no_text_has_a_nul_character,
];

fn told(page: Page<Recorded>) -> Vec<Activity> {
    page.items.into_iter().map(|one| one.activity).collect()
}

/// The `number`-th record of an organization: its first key was used by its owner.
pub(crate) fn record(organization: u32, number: u32) -> Activity {
    Activity {
        id: id("act", organization * 1000 + number),
        organization: Some(id("org", organization)),
        at: at(i64::from(number)),
        actor: Actor::Person {
            user: id("user", organization),
        },
        origin: Origin {
            address: Some("192.0.2.7".to_owned()),
            request_id: Some(format!("req-{number}")),
        },
        event: Event::KeyUsed {
            key: key(organization, 1).id,
            name: "Key 1".to_owned(),
            need: Need::Check,
        },
        outcome: Outcome::Done,
        follows: None,
    }
}

async fn a_record_comes_back_as_it_went_in(world: World) {
    let may = permit(Action::SeeActivity, 1);
    let intent = Activity {
        outcome: Outcome::Intent,
        ..record(1, 1)
    };
    let outcome = Activity {
        outcome: Outcome::Unknown,
        follows: Some(intent.id),
        actor: Actor::Job {
            job: id("job", 1),
            on_behalf_of: None,
        },
        origin: Origin::default(),
        ..record(1, 2)
    };
    let nowhere = Activity {
        organization: None,
        event: Event::SignInFailed { user: None },
        actor: Actor::Anonymous,
        ..record(1, 3)
    };
    let mut tx = world.store.begin_over_all().await.expect("begins");
    for one in [&intent, &outcome, &nowhere] {
        tx.record(one).await.expect("recorded");
    }
    assert_eq!(tx.activity(&may, LogReach::Own, intent.id).await.expect("found").activity, intent);
    assert_eq!(tx.activity(&may, LogReach::Own, outcome.id).await.expect("found").activity, outcome);
    assert!(matches!(
        tx.activity(&may, LogReach::Own, nowhere.id).await,
        Err(StoreError::NotFound)
    ));
}

async fn a_record_stands_if_its_transaction_does(world: World) {
    let may = permit(Action::SeeActivity, 1);
    let mut tx = world.store.begin_over_all().await.expect("begins");
    tx.insert_key(&may, &key(1, 1)).await.expect("inserted");
    tx.record(&record(1, 1)).await.expect("recorded");
    drop(tx);
    let mut tx = world.store.begin_over_all().await.expect("begins");
    assert!(tx.activity(&may, LogReach::Own, record(1, 1).id).await.is_err());
    tx.record(&record(1, 2)).await.expect("recorded");
    assert!(tx.record(&record(1, 2)).await.is_err(), "an id is used once");
}

async fn records_are_found_by_who_what_and_when(world: World) {
    let may = permit(Action::SeeActivity, 1);
    let mut tx = world.store.begin_over_all().await.expect("begins");
    let added = Activity {
        event: Event::KeyAdded {
            key: key(1, 2).id,
            name: "Key 2".to_owned(),
            key_id: "KEYID00002".to_owned(),
            kind: KeyKind::Team,
        },
        actor: Actor::Token {
            token: id("tok", 1),
            user: id("user", 2),
        },
        ..record(1, 2)
    };
    let refused = Activity {
        outcome: Outcome::Refused,
        ..record(1, 3)
    };
    let downloaded = Activity {
        event: Event::HeldProfileDownloaded {
            profile: id("prof", 1),
            name: "Ferry".to_owned(),
            set: None,
        },
        ..record(1, 0)
    };
    let elsewhere = Activity {
        event: downloaded.event.clone(),
        ..record(2, 0)
    };
    for one in [&downloaded, &elsewhere, &record(1, 1), &added, &refused] {
        tx.record(one).await.expect("recorded");
    }
    let any = ActivityFilter::default;
    let cases = [
        (any(), vec![3, 2, 1, 0]),
        (
            ActivityFilter {
                signing_uses: true,
                ..any()
            },
            vec![0],
        ),
        (
            ActivityFilter {
                signing_uses: true,
                object: Some(key(1, 1).id.to_string()),
                ..any()
            },
            vec![],
        ),
        (
            ActivityFilter {
                subject: Some(Subject::User(id("user", 2))),
                ..any()
            },
            vec![2],
        ),
        (
            ActivityFilter {
                token: Some(id("tok", 1)),
                ..any()
            },
            vec![2],
        ),
        (
            ActivityFilter {
                token: Some(id("tok", 2)),
                ..any()
            },
            vec![],
        ),
        (
            ActivityFilter {
                action: Some("key.add".to_owned()),
                ..any()
            },
            vec![2],
        ),
        (
            ActivityFilter {
                action: Some("key.use".to_owned()),
                subject: Some(Subject::User(id("user", 1))),
                object: Some(key(1, 1).id.to_string()),
                key: Some(key(1, 1).id),
                until: Some(at(3)),
                ..any()
            },
            vec![1],
        ),
        (
            ActivityFilter {
                object: Some(key(1, 1).id.to_string()),
                ..any()
            },
            vec![3, 1],
        ),
        (
            ActivityFilter {
                key: Some(key(1, 2).id),
                ..any()
            },
            vec![2],
        ),
        (
            ActivityFilter {
                outcome: Some(Outcome::Refused),
                ..any()
            },
            vec![3],
        ),
        (
            ActivityFilter {
                outcome: Some(Outcome::Refused),
                key: Some(key(1, 2).id),
                ..any()
            },
            vec![],
        ),
        (
            ActivityFilter {
                action: Some("key.add".to_owned()),
                key: Some(key(1, 1).id),
                ..any()
            },
            vec![],
        ),
        (
            ActivityFilter {
                outcome: Some(Outcome::Intent),
                ..any()
            },
            vec![],
        ),
        (
            ActivityFilter {
                since: Some(at(2)),
                ..any()
            },
            vec![3, 2],
        ),
        (
            ActivityFilter {
                until: Some(at(2)),
                ..any()
            },
            vec![1, 0],
        ),
        (
            ActivityFilter {
                since: Some(at(2)),
                outcome: Some(Outcome::Done),
                ..any()
            },
            vec![2],
        ),
    ];
    for (filter, expected) in cases {
        let found = tx.activities(&may, &filter, &Paging::default()).await.expect("listed");
        let numbers: Vec<_> = found.items.iter().map(|one| one.at).collect();
        assert_eq!(numbers, expected.into_iter().map(at).collect::<Vec<_>>(), "{filter:?}");
    }
}

async fn the_log_is_read_newest_first_in_pages(world: World) {
    let may = permit(Action::SeeActivity, 1);
    let mut tx = world.store.begin_over_all().await.expect("begins");
    for number in 1..=3 {
        tx.record(&record(1, number)).await.expect("recorded");
        tx.record(&record(2, number)).await.expect("recorded");
    }
    let any = ActivityFilter::default();
    let first = tx.activities(&may, &any, &Paging::first(2)).await.expect("listed");
    let cursor = first.next.clone().expect("there is more");
    assert_eq!(told(first), [record(1, 3), record(1, 2)]);
    let second = tx.activities(&may, &any, &Paging::after(cursor, 2)).await.expect("listed");
    assert_eq!(second.next, None);
    assert_eq!(told(second), [record(1, 1)]);
    let theirs = permit(Action::SeeActivity, 2);
    let foreign = tx.activities(&theirs, &any, &Paging::first(1)).await.expect("listed").next;
    let own = tx
        .activities(&may, &any, &Paging::after(foreign.expect("more"), 9))
        .await
        .expect("listed");
    assert_eq!(told(own), [record(1, 3), record(1, 2), record(1, 1)], "a place in one's own log");
    let id = Paging::after(record(1, 3).id.to_string(), 2);
    assert!(matches!(tx.activities(&may, &any, &id).await, Err(StoreError::Cursor)));
}

async fn what_cannot_be_recorded_is_given_up_in_time(world: World) {
    let mut holding = world.store.begin_over_all().await.expect("begins");
    holding.record(&record(1, 1)).await.expect("recorded");
    let asked = std::time::Instant::now();
    let other = async {
        let mut tx = world.store.begin_over_all().await?;
        tx.record(&record(1, 2)).await?;
        tx.commit().await
    };
    let given_up = other.await;
    assert!(matches!(given_up, Err(StoreError::Busy)), "{given_up:?}");
    // Five seconds, and some for a machine that is busy.
    assert!(asked.elapsed() < std::time::Duration::from_secs(8), "{:?}", asked.elapsed());
    holding.commit().await.expect("kept");
    let mut tx = world.store.begin_over_all().await.expect("begins");
    tx.record(&record(1, 3)).await.expect("recorded");
    tx.commit().await.expect("kept");
}

/// Organization 3 below organization 1, and a record in each of the three.
pub(crate) async fn below(store: &Store) {
    let mut tx = store.begin_over_all().await.expect("begins");
    let below = Organization {
        parent: Some(id("org", 1)),
        id: id("org", 3),
        name: of("Below"),
        created_at: at(0),
    };
    let ring = WrappedRing::from_bytes(vec![3; 8]);
    tx.create_organization(&below, &ring).await.expect("made");
    for organization in 1..=3 {
        let one = Activity {
            event: Event::KeyUsed {
                key: key(1, 1).id,
                name: "Key 1".to_owned(),
                need: Need::Check,
            },
            ..record(organization, organization)
        };
        tx.record(&one).await.expect("recorded");
    }
    tx.commit().await.expect("kept");
}

async fn a_root_reads_what_is_below_and_nobody_reads_upward_or_sideways(world: World) {
    below(&world.store).await;
    let (own, root, neighbor, sub) = (
        permit(Action::SeeActivity, 1),
        permit(Action::SeeActivityBelow, 1),
        permit(Action::SeeActivityBelow, 2),
        permit(Action::SeeActivity, 3),
    );
    let mut tx = world.store.read_over_all().await.expect("begins");
    let filters = |reach| {
        let any = ActivityFilter {
            reach,
            ..ActivityFilter::default()
        };
        [
            any.clone(),
            ActivityFilter {
                key: Some(key(1, 1).id),
                ..any.clone()
            },
            ActivityFilter {
                object: Some(key(1, 1).id.to_string()),
                ..any.clone()
            },
            ActivityFilter {
                action: Some("key.use".to_owned()),
                ..any
            },
        ]
    };
    let cases = [
        (&root, LogReach::Own, vec![1]),
        (&root, LogReach::Below, vec![3, 1]),
        (&root, LogReach::Only(id("org", 3)), vec![3]),
        (&root, LogReach::Only(id("org", 1)), vec![1]),
        (&root, LogReach::Only(id("org", 2)), vec![]),
        (&neighbor, LogReach::Below, vec![2]),
        (&neighbor, LogReach::Only(id("org", 3)), vec![]),
        (&sub, LogReach::Own, vec![3]),
    ];
    for (may, reach, expected) in cases {
        for filter in filters(reach) {
            let found = tx.activities(may, &filter, &Paging::default()).await.expect("listed");
            let numbers: Vec<_> = found.items.iter().map(|one| one.at).collect();
            let expected: Vec<_> = expected.iter().map(|number| at(*number)).collect();
            assert_eq!(numbers, expected, "{:?} {filter:?}", may.organization());
        }
        for number in 1..=3_u32 {
            let found = tx.activity(may, reach, record(number, number).id).await;
            assert_eq!(
                found.is_ok(),
                expected.contains(&i64::from(number)),
                "{:?} {reach:?} {number}",
                may.organization()
            );
        }
    }
    for (may, reach) in [
        (&own, LogReach::Below),
        (&sub, LogReach::Below),
        (&sub, LogReach::Only(id("org", 1))),
    ] {
        let filter = ActivityFilter {
            reach,
            ..ActivityFilter::default()
        };
        let found = tx.activities(may, &filter, &Paging::default()).await;
        assert!(
            matches!(found, Err(StoreError::NotFound)),
            "without the right to look below: {found:?}"
        );
        assert!(tx.activity(may, reach, record(1, 1).id).await.is_err());
    }
    for filter in [
        ActivityFilter {
            reach: LogReach::Below,
            subject: Some(Subject::User(id("user", 3))),
            ..ActivityFilter::default()
        },
        ActivityFilter {
            reach: LogReach::Below,
            token: Some(id("tok", 3)),
            ..ActivityFilter::default()
        },
        ActivityFilter {
            reach: LogReach::Below,
            signing_uses: true,
            ..ActivityFilter::default()
        },
    ] {
        let found = tx.activities(&root, &filter, &Paging::default()).await.expect("listed").items.len();
        assert_eq!(found, usize::from(filter.subject.is_some()), "{filter:?}");
    }
    let below = tx.organizations_below(&root).await.expect("listed");
    assert_eq!(below, [(id("org", 3), "Below".to_owned())]);
    let whole = ActivityFilter {
        reach: LogReach::Below,
        ..ActivityFilter::default()
    };
    let first = tx.activities(&root, &whole, &Paging::first(1)).await.expect("listed");
    let second = Paging::after(first.next.expect("there is more"), 1);
    assert_eq!(told(tx.activities(&root, &whole, &second).await.expect("listed")).len(), 1);
}

async fn a_deleted_organization_is_known_where_its_deletion_is(world: World) {
    let mut tx = world.store.begin_over_all().await.expect("begins");
    let gone = id("org", 77);
    let deleted = |outcome| Activity {
        event: Event::OrganizationDeleted {
            organization: gone,
            name: "Berlin".parse().expect("a name"),
        },
        outcome,
        ..record(1, if outcome == Outcome::Done { 2 } else { 1 })
    };
    let log = permit(Action::SeeActivity, 1);
    tx.record(&deleted(Outcome::Intent)).await.expect("recorded");
    assert_eq!(tx.deleted_organization_name(&log, gone).await.expect("asked"), None);
    tx.record(&deleted(Outcome::Done)).await.expect("recorded");
    assert_eq!(
        tx.deleted_organization_name(&log, gone).await.expect("asked").as_deref(),
        Some("Berlin")
    );
    let elsewhere = permit(Action::SeeActivity, 2);
    assert_eq!(tx.deleted_organization_name(&elsewhere, gone).await.expect("asked"), None);
    assert_eq!(tx.deleted_organization_name(&log, id("org", 78)).await.expect("asked"), None);
}

async fn no_text_has_a_nul_character(world: World) {
    let may = permit(Action::SeeActivity, 1);
    let mut tx = world.store.begin_over_all().await.expect("begins");
    let filter = ActivityFilter {
        object: Some("a\0b".to_owned()),
        ..ActivityFilter::default()
    };
    let found = tx.activities(&may, &filter, &Paging::default()).await;
    assert!(matches!(found, Err(StoreError::NulCharacter)), "{found:?}");
    // PostgreSQL is not even asked, so the transaction goes on.
    assert!(tx.activities(&may, &ActivityFilter::default(), &Paging::default()).await.is_ok());
}
