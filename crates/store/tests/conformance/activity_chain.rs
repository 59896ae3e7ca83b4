//! The activity log as one chain: each record tied to all before it, checkpoints, the key that signs them.

use domain::{Action, Activity, Actor, ApiToken, Event};
use store::{Checkpoint, ExpiringItem, Head, LogReach, SigningKey, Store, TokenHash, Tx, Verdict};
use vault::{Sealed, WrappedRing};

use crate::activity::{below, record};
use crate::certificates::certificate;
use crate::world::{World, at, id, of, on_both, permit};

on_both![
    each_record_is_tied_to_all_before_it,
    records_written_at_once_are_tied_like_single_ones,
    every_column_is_part_of_the_hash,
    an_older_log_is_chained_as_it_is_found,
    checkpoints_and_their_key_are_kept_once,
    of_each_thing_the_last_notice_stands_until_it_is_settled,
    a_calendar_link_is_found_by_its_token_until_it_ends,
    the_end_of_a_membership_year_is_entered_for_a_key,
    what_is_about_to_expire_is_found_everywhere_and_noticed_once,
];

/// The numbers of the records whose hash does not fit them and the one before.
async fn broken(store: &Store) -> Vec<i64> {
    let mut tx = store.read_over_all().await.expect("begins");
    let mut before = Vec::new();
    let mut broken = Vec::new();
    for link in tx.activity_links(0, 1000).await.expect("read") {
        if !link.follows(&before) {
            broken.push(link.sequence.unwrap_or_default());
        }
        before = link.hash;
    }
    broken
}

async fn each_record_is_tied_to_all_before_it(world: World) {
    let empty = Head {
        sequence: 0,
        hash: Vec::new(),
    };
    assert_eq!(
        world
            .store
            .read_over_all()
            .await
            .expect("begins")
            .activity_head()
            .await
            .expect("read"),
        empty
    );
    for number in 1..=4 {
        let mut tx = world.store.begin_over_all().await.expect("begins");
        tx.record(&record(1, number)).await.expect("recorded");
        tx.commit().await.expect("kept");
    }
    let mut tx = world.store.read_over_all().await.expect("begins");
    let links = tx.activity_links(0, 9).await.expect("read");
    let head = tx.activity_head().await.expect("read");
    assert_eq!(tx.activity_count().await.expect("counted"), 4);
    drop(tx);
    assert_eq!((head.sequence, Some(&head.hash)), (4, links.last().map(|link| &link.hash)));
    assert!(links.windows(2).all(|two| two[1].follows(&two[0].hash)));
    assert!(!links[2].follows(&links[0].hash), "the one before it is part of the hash");
    assert_eq!(broken(&world.store).await, Vec::<i64>::new());
    assert_eq!(
        (links[0].organization.clone(), links[0].root.clone(), links[0].id.clone()),
        (
            Some(id::<domain::OrgId>("org", 1).to_string()),
            Some(id::<domain::OrgId>("org", 1).to_string()),
            Some(record(1, 1).id.to_string())
        )
    );
}

async fn every_column_is_part_of_the_hash(world: World) {
    let one = Activity {
        actor: Actor::Token {
            token: id("tok", 1),
            user: id("user", 1),
        },
        follows: Some(id("act", 9)),
        ..record(1, 1)
    };
    let mut tx = world.store.begin_over_all().await.expect("begins");
    tx.record(&one).await.expect("recorded");
    tx.commit().await.expect("kept");
    assert_eq!(broken(&world.store).await, Vec::<i64>::new());
    for (change, back) in [
        ("id = 'act_x'", "id = 'act_000000000000000000000000000003e9'"),
        ("organization_id = NULL", "organization_id = root_id"),
        ("root_id = 'org_x'", "root_id = organization_id"),
        ("at = at + 1", "at = at - 1"),
        ("actor = actor || ' '", "actor = trim(actor)"),
        ("subject_id = subject_id || ' '", "subject_id = trim(subject_id)"),
        ("token_id = token_id || ' '", "token_id = trim(token_id)"),
        ("action = action || ' '", "action = trim(action)"),
        ("object_id = object_id || ' '", "object_id = trim(object_id)"),
        ("api_key_id = api_key_id || ' '", "api_key_id = trim(api_key_id)"),
        ("event = event || ' '", "event = trim(event)"),
        ("outcome = 'denied'", "outcome = 'done'"),
        ("follows = follows || ' '", "follows = trim(follows)"),
        ("address = address || ' '", "address = trim(address)"),
        ("request_id = request_id || ' '", "request_id = trim(request_id)"),
    ] {
        edit(&world.store, change).await;
        assert_eq!(broken(&world.store).await, [1], "{change}");
        edit(&world.store, back).await;
        assert_eq!(broken(&world.store).await, Vec::<i64>::new(), "{back}");
    }
}

async fn edit(store: &Store, change: &str) {
    let mut tx = store.begin_over_all().await.expect("begins");
    open_the_wall(&mut tx).await;
    tx.run(String::leak(format!("UPDATE activity SET {change}")))
        .await
        .expect("changed");
    tx.commit().await.expect("kept");
}

/// On PostgreSQL nobody changes a record; whoever owns the table can take that away.
async fn open_the_wall(tx: &mut Tx) {
    if format!("{tx:?}").contains("PostgreSQL") {
        tx.run("ALTER TABLE activity DISABLE ROW LEVEL SECURITY").await.expect("opened");
    }
}

async fn records_written_at_once_are_tied_like_single_ones(world: World) {
    below(&world.store).await;
    let mut tx = world.store.begin_over_all().await.expect("begins");
    let before = tx.activity_head().await.expect("read").sequence;
    let several = [record(1, 11), record(3, 12), record(2, 13), record(3, 14)];
    tx.record_all(&several).await.expect("recorded");
    tx.record_all(&[]).await.expect("nothing to record");
    tx.record(&record(1, 15)).await.expect("recorded");
    tx.commit().await.expect("kept");
    assert_eq!(broken(&world.store).await, Vec::<i64>::new());
    let mut tx = world.store.read_over_all().await.expect("begins");
    assert_eq!(tx.activity_head().await.expect("read").sequence, before + 5);
    let root = permit(Action::SeeActivityBelow, 1);
    for (number, one) in several.iter().enumerate() {
        let found = tx.activity(&root, LogReach::Below, one.id).await;
        assert_eq!(found.is_ok(), number != 2, "each has the root above its own organization");
    }
}

async fn an_older_log_is_chained_as_it_is_found(world: World) {
    below(&world.store).await;
    let mut tx = world.store.begin_over_all().await.expect("begins");
    open_the_wall(&mut tx).await;
    if format!("{tx:?}").contains("PostgreSQL") {
        tx.run("DROP POLICY own ON activity").await.expect("dropped");
    }
    for statement in [
        "DROP TABLE activity_checkpoints",
        "DROP TABLE activity_signing_key",
        "DROP TABLE activity_verdict",
        "DROP INDEX activity_subject",
        "DROP INDEX activity_token",
        "DROP INDEX activity_object",
        "DROP INDEX activity_action",
        "DROP INDEX activity_outcome",
        "DROP INDEX activity_root",
        "DROP INDEX activity_root_key",
        "DROP INDEX activity_root_subject",
        "DROP INDEX activity_root_token",
        "DROP INDEX activity_root_object",
        "DROP INDEX activity_root_action",
        "DROP INDEX activity_root_outcome",
        "DROP INDEX activity_signing",
        "DROP INDEX activity_root_signing",
        "ALTER TABLE activity DROP COLUMN root_id",
        "ALTER TABLE activity DROP COLUMN token_id",
        "ALTER TABLE activity DROP COLUMN hash",
        "ALTER TABLE activity RENAME COLUMN subject_id TO user_id",
        "ALTER TABLE activity_sequence DROP COLUMN head",
        "DELETE FROM schema_migrations WHERE version = 4",
    ] {
        tx.run(statement).await.expect(statement);
    }
    tx.commit().await.expect("kept");
    world.store.close().await;

    let store = Store::open(&world.location).await.expect("opens");
    assert_eq!(broken(&store).await, Vec::<i64>::new());
    let mut tx = store.begin_over_all().await.expect("begins");
    tx.record(&record(1, 9)).await.expect("recorded");
    tx.commit().await.expect("kept");
    assert_eq!(broken(&store).await, Vec::<i64>::new());
    let mut tx = store.read_over_all().await.expect("begins");
    assert_eq!(tx.activity_head().await.expect("read").sequence, 4);
    let reach = LogReach::Only(id("org", 3));
    assert!(
        tx.activity(&permit(Action::SeeActivityBelow, 1), reach, record(3, 3).id)
            .await
            .is_ok(),
        "its root is known now"
    );
}

async fn checkpoints_and_their_key_are_kept_once(world: World) {
    let mut tx = world.store.begin_over_all().await.expect("begins");
    assert_eq!(tx.last_checkpoint().await.expect("asked"), None);
    let checkpoint = |sequence, seconds| Checkpoint {
        sequence,
        head: [sequence as u8; 32],
        at: at(seconds),
        signature: vec![7; 64],
    };
    for (sequence, seconds) in [(3, 1), (11, 2), (11, 3)] {
        tx.keep_checkpoint(&checkpoint(sequence, seconds)).await.expect("kept");
    }
    assert_eq!(tx.last_checkpoint().await.expect("asked"), Some(checkpoint(11, 2)));
    assert_eq!(tx.checkpoints(3, 9).await.expect("asked"), [checkpoint(11, 2)]);

    assert_eq!(tx.activity_signing_key().await.expect("asked"), None);
    let of_byte = |byte: u8| SigningKey {
        public_key: vec![byte; 32],
        ring: WrappedRing::from_bytes(vec![byte; 8]),
        sealed: Sealed::from_bytes(vec![byte; 9]),
    };
    for byte in [1, 2] {
        tx.keep_activity_signing_key(&of_byte(byte)).await.expect("kept");
    }
    assert_eq!(tx.activity_signing_key().await.expect("asked"), Some(of_byte(1)));

    assert_eq!(tx.activity_verdict().await.expect("asked"), None);
    let verdict = |findings| Verdict {
        at: at(1),
        records: 12,
        findings,
    };
    for findings in [0, 2] {
        tx.keep_activity_verdict(&verdict(findings)).await.expect("kept");
    }
    assert_eq!(tx.activity_verdict().await.expect("asked"), Some(verdict(2)));
}

async fn of_each_thing_the_last_notice_stands_until_it_is_settled(world: World) {
    let not_begun = |number: u32| Activity {
        event: Event::CertificateRenewalNotBegun {
            certificate: id("cert", 1),
            name: "Distribution".to_owned(),
            why: "The key was removed.".to_owned(),
        },
        ..record(1, number)
    };
    let removed = Activity {
        event: Event::CertificateRemoved {
            certificate: id("cert", 1),
            name: "Distribution".to_owned(),
            serial: "01".to_owned(),
            key_destroyed: true,
        },
        ..record(1, 4)
    };
    // A key that is not here any more is nobody's news.
    let checked = Activity {
        event: Event::KeyChecked {
            key: id("key", 1),
            name: "CI".to_owned(),
            health: "Revoked".to_owned(),
            was: Some("Working".to_owned()),
        },
        ..record(1, 3)
    };
    let mut tx = world.store.begin_over_all().await.expect("begins");
    let found = async |tx: &mut Tx, who: u32, after: i64| {
        let all = tx.notices(id("user", who), after, 10).await.expect("asked");
        all.into_iter().map(|(record, root)| (record.sequence, root)).collect::<Vec<_>>()
    };
    for record in [not_begun(1), not_begun(2), checked] {
        tx.record(&record).await.expect("recorded");
    }
    let told = found(&mut tx, 1, 0).await;
    assert_eq!(told.len(), 1, "the second took the place of the first");
    let (newest, root) = told[0];
    assert_eq!(root, id("org", 1));
    assert_eq!(found(&mut tx, 1, newest).await, []);
    assert_eq!(found(&mut tx, 2, 0).await, [], "who belongs elsewhere hears of nothing");
    assert_eq!(tx.inbox_read_to(id("user", 2)).await.expect("asked"), 0);
    for to in [newest, 1] {
        tx.set_inbox_read_to(id("user", 2), to).await.expect("kept");
    }
    assert_eq!(tx.inbox_read_to(id("user", 2)).await.expect("asked"), newest, "it never goes back");
    tx.record(&removed).await.expect("recorded");
    assert_eq!(found(&mut tx, 1, 0).await, []);
}

async fn the_end_of_a_membership_year_is_entered_for_a_key(world: World) {
    let may = permit(Action::EditDevices, 1);
    let mut tx = world.store.begin_over_all().await.expect("begins");
    let key = crate::world::key(1, 1);
    tx.insert_key(&may, &key).await.expect("inserted");
    for day in [jiff::civil::date(2027, 3, 1), jiff::civil::date(2027, 4, 1)] {
        tx.set_membership_year_end(&may, key.id, Some(day)).await.expect("entered");
        assert_eq!(tx.membership_year_end(&may, key.id).await.expect("asked"), Some(day));
    }
    let other = permit(Action::EditDevices, 2);
    assert_eq!(tx.membership_year_end(&other, key.id).await.expect("asked"), None);
    tx.set_membership_year_end(&other, key.id, None).await.expect("forgotten");
    assert!(tx.membership_year_end(&may, key.id).await.expect("asked").is_some());
    tx.set_membership_year_end(&may, key.id, None).await.expect("forgotten");
    assert_eq!(tx.membership_year_end(&may, key.id).await.expect("asked"), None);
}

async fn a_calendar_link_is_found_by_its_token_until_it_ends(world: World) {
    let may = permit(Action::SeeOrganization, 1);
    let mut tx = world.store.begin_over_all().await.expect("begins");
    for token in [[1; 32], [2; 32]] {
        tx.set_calendar_link(&may, id("user", 1), &TokenHash(token), at(7))
            .await
            .expect("made");
    }
    assert_eq!(tx.calendar_by_token(&TokenHash([1; 32])).await.expect("asked"), None);
    let found = tx.calendar_by_token(&TokenHash([2; 32])).await.expect("asked");
    assert_eq!(found, Some((id("user", 1), id("org", 1))));
    assert_eq!(tx.calendar_link(&may, id("user", 1)).await.expect("asked"), Some(at(7)));
    assert_eq!(tx.calendar_link(&may, id("user", 2)).await.expect("asked"), None);
    assert!(tx.end_calendar_link(&may, id("user", 1)).await.expect("ended"));
    assert!(!tx.end_calendar_link(&may, id("user", 1)).await.expect("asked"));
    assert_eq!(tx.calendar_by_token(&TokenHash([2; 32])).await.expect("asked"), None);
}

async fn what_is_about_to_expire_is_found_everywhere_and_noticed_once(world: World) {
    let held = domain::HeldCertificate {
        api_key: None,
        ..certificate(2, 1)
    };
    let token = ApiToken {
        id: id("tok", 1),
        user: id("user", 1),
        name: of("CI"),
        created_at: at(0),
        expires_at: held.expires_at,
        used_at: None,
    };
    let mut tx = world.store.begin_over_all().await.expect("begins");
    tx.insert_certificate(&permit(Action::CreateCertificate, 2), &held)
        .await
        .expect("held");
    tx.insert_token(&token, &TokenHash([1; 32])).await.expect("made");
    tx.run(
        "INSERT INTO service_tokens (id, organization_id, token_hash, name, folded, roles, address_ranges, created_by, created_at, expires_at)
         SELECT 'svc_00000000000000000000000000000001', 'org_00000000000000000000000000000001', token_hash, 'Bot', 'bot', '[]', '[]', 'x', 0, expires_at
         FROM api_tokens",
    )
    .await
    .expect("made");
    let all = tx.expiring(held.expires_at, held.expires_at).await.expect("asked");
    let items: Vec<_> = all.iter().map(|one| (one.item, one.name.as_str(), one.ends)).collect();
    assert_eq!(
        items,
        [
            (
                ExpiringItem::Certificate(id("org", 2), held.id),
                held.name.as_str(),
                held.expires_at
            ),
            (ExpiringItem::Token(id("user", 1), token.id), "CI", held.expires_at),
            (ExpiringItem::ServiceToken(id("org", 1), id("svc", 1)), "Bot", held.expires_at),
        ]
    );
    let later = held.expires_at + jiff::SignedDuration::from_secs(1);
    assert_eq!(tx.expiring(later, later).await.expect("asked"), []);

    let notice = Event::CertificateWillExpire {
        certificate: held.id,
        name: held.name.clone(),
        expires_at: held.expires_at,
        days: 30,
    };
    let (object, action) = (held.id.to_string(), notice.action());
    assert_eq!(tx.last_expiry_notice(id("org", 2), &object, action).await.expect("asked"), None);
    let record = Activity {
        event: notice.clone(),
        ..record(2, 1)
    };
    tx.record(&record).await.expect("recorded");
    assert_eq!(
        tx.last_expiry_notice(id("org", 2), &object, action).await.expect("asked"),
        Some(notice)
    );
    assert_eq!(tx.last_expiry_notice(id("org", 1), &object, action).await.expect("asked"), None);
    let name = tx.organization_name(id("org", 2)).await.expect("asked");
    assert_eq!(name.as_deref(), Some("Organization 2"));
    assert_eq!(tx.organization_name(id("org", 9)).await.expect("asked"), None);
}
