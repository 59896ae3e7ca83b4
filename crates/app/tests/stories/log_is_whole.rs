//! Whether the log is whole: every way to touch it is found, nothing is done while it cannot be copied outside, and what
//! a crash tore is mended.

use crate::{code, log};
use app::activity::verify::{Evidence, Verification, verify};
use domain::Activity;
use std::{collections::BTreeSet, fs, process::Command};
use store::Store;
use testkit::{KeyKind, Role, World};

/// A log of this many records more, signed and copied after each third.
const RECORDS: u32 = 12;

async fn written(world: &World, store: &Store) {
    let (app, owner) = (world.app(), &world.owner.caller);
    let pattern = app.activity(owner, world.org, 1).await.unwrap().remove(0).record;
    for number in 1..=RECORDS {
        let id = format!("act_{number:032x}").parse().unwrap();
        let mut tx = store.begin().await.unwrap();
        tx.record(&Activity { id, ..pattern.clone() }).await.unwrap();
        tx.commit().await.unwrap();
        if number % 3 == 0 {
            assert!(app.checkpoint().await.unwrap());
            assert!(!app.checkpoint().await.unwrap(), "only when something is new");
        }
    }
    run(store, "CREATE TABLE kept_activity AS SELECT * FROM activity").await;
    run(store, "CREATE TABLE kept_sequence AS SELECT * FROM activity_sequence").await;
    run(store, "CREATE TABLE kept_checkpoints AS SELECT * FROM activity_checkpoints").await;
}

async fn run(store: &Store, statements: &str) {
    let mut tx = store.begin_over_all().await.unwrap();
    // On PostgreSQL nobody changes a record; whoever owns the table can take that away.
    if format!("{tx:?}").contains("PostgreSQL") {
        tx.run("ALTER TABLE activity DISABLE ROW LEVEL SECURITY").await.unwrap();
    }
    tx.run(String::leak(statements.to_owned())).await.unwrap();
    tx.commit().await.unwrap();
}

async fn restore(store: &Store) {
    for table in ["activity", "sequence", "checkpoints"] {
        let whole = if table == "activity" {
            table.to_owned()
        } else {
            format!("activity_{table}")
        };
        run(
            store,
            &format!("DELETE FROM {whole}; INSERT INTO {whole} SELECT * FROM kept_{table}"),
        )
        .await;
    }
}

fn evidence(world: &World) -> Evidence {
    Evidence {
        outside: Some(world.activity_copy()),
        public_key: None,
    }
}

fn kinds(found: &Verification) -> Vec<&'static str> {
    let kinds: BTreeSet<_> = found.findings.iter().map(|finding| finding.kind()).collect();
    kinds.into_iter().collect()
}

testkit::on_both_databases! {
    async fn every_way_to_touch_the_log_is_found(world: World) {
        let store = world.store().await;
        written(&world, &store).await;
        let whole = verify(&store, &evidence(&world)).await.unwrap();
        assert!(whole.is_whole(), "{whole:?}");
        assert_eq!((whole.checkpoints, whole.outside), (4, Some(4)));
        assert_eq!(whole.public_key, world.app().activity_public_key());

        let cut = "DELETE FROM activity WHERE sequence > 9;
             UPDATE activity_sequence SET last = 9, head = (SELECT hash FROM activity WHERE sequence = 9);
             DELETE FROM activity_checkpoints WHERE sequence > 9";
        for (tampering, expected) in [
            ("UPDATE activity SET outcome = 'denied' WHERE sequence = 5", vec!["changed"]),
            ("UPDATE activity SET at = at - 1 WHERE sequence = 13", vec!["changed"]),
            ("UPDATE activity SET organization_id = NULL WHERE sequence = 5", vec!["changed"]),
            ("UPDATE activity SET event = '{\"event\":' WHERE sequence = 13", vec!["changed"]),
            ("DELETE FROM activity WHERE sequence = 5", vec!["missing"]),
            ("DELETE FROM activity WHERE sequence <= 5", vec!["missing"]),
            ("DELETE FROM activity", vec!["cut", "missing"]),
            ("UPDATE activity SET sequence = -5 WHERE sequence = 5;
              UPDATE activity SET sequence = 5 WHERE sequence = 6;
              UPDATE activity SET sequence = 6 WHERE sequence = -5", vec!["changed"]),
            ("DELETE FROM activity WHERE sequence = 5;
              UPDATE activity SET sequence = 5 WHERE sequence = 13;
              UPDATE activity_sequence SET last = 12", vec!["changed", "cut", "end-differs"]),
            ("UPDATE activity SET sequence = 0 WHERE sequence = 13; UPDATE activity_sequence SET last = 12", vec!["cut", "end-differs", "unnumbered"]),
            ("UPDATE activity SET sequence = 14 WHERE sequence = 13; UPDATE activity_sequence SET last = 12", vec!["behind-the-end", "missing"]),
            ("DELETE FROM activity WHERE sequence > 9", vec!["cut", "missing"]),
            ("UPDATE activity_sequence SET last = 20", vec!["missing"]),
            ("UPDATE activity_sequence SET head = ''", vec!["end-differs"]),
            (cut, vec!["cut"]),
            ("UPDATE activity_checkpoints SET sequence = 5 WHERE sequence = 4", vec!["checkpoint-signature"]),
            ("UPDATE activity_checkpoints SET at = at + 1 WHERE sequence = 4", vec!["checkpoint-signature"]),
            ("UPDATE activity_checkpoints SET head = signature WHERE sequence = 4", vec!["checkpoint-signature"]),
            ("UPDATE activity_checkpoints SET signature = head WHERE sequence = 4", vec!["checkpoint-signature"]),
        ] {
            run(&store, tampering).await;
            let found = verify(&store, &evidence(&world)).await.unwrap();
            let kinds = kinds(&found);
            assert!(!found.is_whole() && expected.iter().all(|kind| kinds.contains(kind)), "{tampering}: {expected:?}, {kinds:?}");
            restore(&store).await;
        }
        assert!(verify(&store, &evidence(&world)).await.unwrap().is_whole());

        run(&store, cut).await;
        assert!(verify(&store, &Evidence::default()).await.unwrap().is_whole(), "only the file outside knows that there was more");
    }

    async fn a_chain_that_was_made_anew_is_not_the_one_that_was_signed(world: World) {
        let store = world.store().await;
        written(&world, &store).await;
        let pattern = world.app().activity(&world.owner.caller, world.org, 1).await.unwrap().remove(0).record;
        run(&store, "DELETE FROM activity WHERE sequence > 6;
             DELETE FROM activity_checkpoints WHERE sequence > 6;
             UPDATE activity_sequence SET last = 6, head = (SELECT hash FROM activity WHERE sequence = 6)").await;
        for number in 7..=14 {
            let id = format!("act_{:032x}", 1000 + number).parse().unwrap();
            let mut tx = store.begin().await.unwrap();
            tx.record(&Activity { id, ..pattern.clone() }).await.unwrap();
            tx.commit().await.unwrap();
        }
        assert!(verify(&store, &Evidence::default()).await.unwrap().is_whole(), "in itself it is sound");
        let found = verify(&store, &evidence(&world)).await.unwrap();
        assert_eq!(kinds(&found), ["rewritten"]);
        assert!(found.findings[0].words().starts_with("Up to record 7,"), "{}", found.findings[0].words());
    }

    async fn the_file_outside_is_read_with_suspicion(world: World) {
        let store = world.store().await;
        written(&world, &store).await;
        let path = world.activity_copy();
        let whole = fs::read_to_string(&path).unwrap();
        for (text, expected) in [
            (whole.replacen("\"sequence\":4", "\"sequence\":5", 1), "checkpoint-signature"),
            (whole.replacen("\"instance\":\"ins_", "\"instance\":\"ins_0", 1), "checkpoint-foreign"),
            (whole[..whole.len() - 20].to_owned(), "checkpoint-torn"),
            (whole.clone() + "{\"instance\":", "checkpoint-torn"),
        ] {
            fs::write(&path, &text).unwrap();
            assert_eq!(kinds(&verify(&store, &evidence(&world)).await.unwrap()), [expected], "{text}");
        }
        // The next start mends what a crash tore.
        world.restart().await;
        world.app().checkpoint().await.unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), whole);
        fs::remove_file(&path).unwrap();
        assert_eq!(kinds(&verify(&store, &evidence(&world)).await.unwrap()), ["no-file"]);

        fs::write(&path, &whole).unwrap();
        let named = Evidence { public_key: Some(vec![7; 32]), ..evidence(&world) };
        assert!(kinds(&verify(&store, &named).await.unwrap()).contains(&"key"));
        run(&store, "UPDATE activity_signing_key SET public_key = (SELECT head FROM activity_sequence)").await;
        let found = verify(&store, &evidence(&world)).await.unwrap();
        assert_eq!((kinds(&found), found.count), (vec!["checkpoint-signature"], 8), "signed by another key, as it seems");
    }

    async fn random_edits_are_all_found(world: World) {
        let store = world.store().await;
        written(&world, &store).await;
        let mut random = 0x9E37_79B9_7F4A_7C15_u64;
        let mut below = |bound: u64| {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            random % bound
        };
        let columns = ["id", "organization_id", "root_id", "actor", "subject_id", "action", "object_id", "event", "outcome", "token_id", "api_key_id", "follows", "address", "request_id"];
        for round in 0..40 {
            let (one, other) = (below(13) + 1, below(13) + 1);
            let edit = match below(5) {
                0 => format!("DELETE FROM activity WHERE sequence = {one}"),
                1 => format!("UPDATE activity SET at = at + {} WHERE sequence = {one}", below(1000) + 1),
                2 => format!("UPDATE activity SET sequence = {} WHERE sequence = {one}", 100 + other),
                3 => format!("UPDATE activity SET hash = (SELECT a.hash FROM activity a WHERE a.sequence = {}) WHERE sequence = {one}", one % 13 + 1),
                _ => {
                    let column = columns[below(columns.len() as u64) as usize];
                    format!("UPDATE activity SET {column} = COALESCE({column}, '') || 'x' WHERE sequence = {one}")
                }
            };
            run(&store, &edit).await;
            assert!(!verify(&store, &evidence(&world)).await.unwrap().is_whole(), "{round}: {edit}");
            restore(&store).await;
        }
    }

    async fn while_the_log_cannot_be_copied_nothing_is_done_and_then_it_goes_on(world: World) {
        let key = world.link(Role::Admin).await;
        let (app, caller, org) = (world.app(), &world.owner.caller, world.org);
        app.checkpoint().await.unwrap();
        let path = world.activity_copy();
        let kept = path.with_extension("kept");
        fs::rename(&path, &kept).unwrap();
        fs::create_dir(&path).unwrap();

        app.rename_key(caller, org, key, "Within the first seconds").await.unwrap();
        assert!(app.checkpoint().await.is_err());
        world.advance(3);
        let asked = std::time::Instant::now();
        let requests = world.requests();
        assert_eq!(code(app.rename_key(caller, org, key, "Unseen").await), "activity_blocked");
        assert_eq!(code(app.apple_devices(caller, org, key, &Default::default()).await), "activity_blocked");
        assert_eq!(code(app.mint_apple_token(caller, org, key, 5, &[]).await), "activity_blocked");
        assert_eq!(code(app.create_certificate(caller, org, key, "DEVELOPMENT").await), "activity_blocked");
        assert_eq!(code(app.create_token(&world.owner, "CI", None).await), "activity_blocked");
        assert!(asked.elapsed() < std::time::Duration::from_secs(2), "{:?}", asked.elapsed());
        assert_eq!(world.requests(), requests, "Apple was not asked");
        assert_eq!(app.key(caller, org, key).await.unwrap().summary.key.name.as_str(), "Within the first seconds");

        let somebody = app.sign_in("elin@halden.example", testkit::PASSWORD, Default::default(), None).await.unwrap();
        app.sign_out(&somebody.signed_in).await.unwrap();
        let again = app.sign_in("elin@halden.example", testkit::PASSWORD, Default::default(), None).await.unwrap();
        let caller = &again.signed_in.caller;
        assert!(app.log_state(caller, org).await.unwrap().blocked_since.is_some(), "and they see why");

        fs::remove_dir(&path).unwrap();
        fs::rename(&kept, &path).unwrap();
        app.checkpoint().await.unwrap();
        app.rename_key(caller, org, key, "Seen").await.unwrap();
        app.checkpoint().await.unwrap();
        assert_eq!(app.verify_activity(caller, org).await.unwrap().findings, []);
    }

    async fn a_copy_that_hangs_blocks_acts_and_not_the_answers(world: World) {
        let key = world.link(Role::Admin).await;
        let (app, caller, org) = (world.app(), &world.owner.caller, world.org);
        let path = world.activity_copy();
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        let hanging = tokio::spawn({
            let app = app.clone();
            async move { app.checkpoint().await }
        });
        while app.log_state(caller, org).await.unwrap().blocked_since.is_none() {
            world.advance(1);
            tokio::task::yield_now().await;
        }
        assert_eq!(code(app.rename_key(caller, org, key, "Unseen").await), "activity_blocked");
        // Somebody listens at the other end.
        let listening = fs::OpenOptions::new().read(true).write(true).open(path).unwrap();
        // The first time only mends what a crash may have torn.
        while !hanging.is_finished() {
            tokio::task::yield_now().await;
        }
        drop(hanging);
        app.rename_key(caller, org, key, "Seen").await.unwrap();
        drop(listening);
    }

    async fn an_attempt_to_add_a_key_is_recorded_whatever_comes_of_it(world: World) {
        let app = world.app();
        let mut input = world.entered(world.key_file(KeyKind::Team, Role::Admin));
        input.issuer_id = "57246542-96fe-1a63-e053-0824d011072a".to_owned();
        input.name = "Mistaken".to_owned();
        let key_id = input.key_id.clone();
        assert_eq!(code(app.add_key(&world.owner.caller, world.org, input).await), "key_mismatch");
        let records = log(&world).await;
        assert_eq!(records[0], format!("Elin tried to add the team key “Mistaken” ({key_id}); Apple refused"));
        assert_eq!(records[1], format!("Elin began to add the team key “Mistaken” ({key_id})"));
        world.link(Role::Admin).await;
        let records = log(&world).await;
        assert!(records[0].starts_with("Elin added the team key"), "{records:?}");
        assert!(records[1].starts_with("Elin began to add the team key"), "{records:?}");
    }

    async fn what_is_found_elsewhere_is_told_without_ids(world: World) {
        world.link(Role::Admin).await;
        let store = world.store().await;
        let elsewhere = world.organization("Elsewhere", None).await;
        let stranger = world.person("stranger", &[(elsewhere, domain::Role::Owner)]).await.signed_in.caller;
        let first = world.app().verify_activity(&stranger, elsewhere).await.unwrap();
        assert_eq!(first.findings, [], "{first:?}");
        assert_eq!(first.records, 0, "how much others do is not theirs to know");
        run(&store, "UPDATE activity SET outcome = 'denied' WHERE sequence = 1").await;
        run(&store, "UPDATE activity SET outcome = 'refused' WHERE sequence = 2").await;
        let theirs = world.app().verify_activity(&stranger, elsewhere).await.unwrap();
        assert_eq!((theirs.findings.len(), theirs.records), (1, 1), "theirs is that they verified: {theirs:?}");
        assert_eq!((theirs.findings[0].sequence, theirs.findings[0].record), (None, None));
        assert!(theirs.findings[0].message.starts_with("Elsewhere in the log"), "{theirs:?}");
        let ours = world.app().verify_activity(&world.owner.caller, world.org).await.unwrap();
        assert_eq!((ours.findings.len(), ours.findings[0].sequence), (2, Some(1)));
        assert!(ours.records > 2, "{ours:?}");
        assert!(ours.findings[0].record.is_some());
        let state = world.app().log_state(&world.owner.caller, world.org).await.unwrap();
        assert_eq!(state.verdict.unwrap().findings, 2);
    }
}
