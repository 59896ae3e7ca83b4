//! API keys, their secrets, their checks and their feature table.

use std::collections::BTreeSet;

use domain::feature::AppleRefusal;
use domain::{
    Action, Actor, AppleRole, CheckMark, Declared, Feature, JobPayload, KeyHealth, KeyKind, LastResult, LastUse, Need, Probed, Verdict,
};
use jiff::{SignedDuration, Timestamp};
use store::{Conflict, Paging, StoreError};

use crate::world::{World, at, id, key, of, on_both, permit, place, sealed, using};

on_both![
    a_key_comes_back_as_it_went_in,
    a_key_id_is_taken_once_per_organization,
    a_secret_version_is_written_once_and_found_by_its_place,
    a_key_can_be_changed_field_by_field,
    two_keys_of_an_organization_have_two_names,
    rotating_puts_a_new_key_under_the_same_item,
    removing_a_key_takes_its_secrets_and_jobs_with_it,
    a_check_moves_health_only_when_it_is_conclusive,
    a_key_that_is_looked_at_for_a_change_is_not_rotated_meanwhile,
    the_strip_keeps_one_bar_per_day,
    the_table_shows_probes_and_last_results,
    lists_come_in_pages,
];

async fn a_key_comes_back_as_it_went_in(world: World) {
    let may = permit(Action::AddKey, 1);
    let mut full = key(1, 1);
    full.team_id = Some(of("TEAM123456"));
    full.health = KeyHealth::NoLongerAccepted { last_good: at(-5) };
    full.last_check = Some(at(1));
    full.last_good = Some(at(-5));
    full.overrides = BTreeSet::from([Feature::Certificates]);
    full.last_use = Some(LastUse {
        by: Actor::Person { user: id("user", 1) },
        need: Need::Read {
            feature: Feature::Profiles,
        },
        at: at(2),
    });
    let mut bare = key(1, 2);
    bare.kind = KeyKind::Individual;
    bare.issuer_id = None;
    bare.roles = BTreeSet::new();
    bare.name = of("<b>鍵 №7 \"quoted\"</b>");

    let mut tx = world.store.begin_over_all().await.expect("begins");
    tx.insert_key(&may, &full).await.expect("inserted");
    tx.insert_key(&may, &bare).await.expect("inserted");
    tx.commit().await.expect("kept");

    let mut tx = world.store.read_over_all().await.expect("begins");
    assert_eq!(tx.key(&may, full.id).await.expect("found"), full);
    assert_eq!(tx.key(&may, bare.id).await.expect("found"), bare);
    assert_eq!(tx.all_keys(&may).await.expect("listed"), [full.clone(), bare.clone()]);
    assert_eq!(tx.key_by_key_id(&may, &bare.key_id).await.expect("asked"), Some(bare));
    assert_eq!(tx.key_by_key_id(&may, &of("NOSUCHKEY1")).await.expect("asked"), None);
}

async fn a_key_id_is_taken_once_per_organization(world: World) {
    let mut tx = world.store.begin_over_all().await.expect("begins");
    tx.insert_key(&permit(Action::AddKey, 1), &key(1, 1)).await.expect("inserted");
    let mut twin = key(1, 2);
    twin.key_id = key(1, 1).key_id;
    let refused = tx.insert_key(&permit(Action::AddKey, 1), &twin).await;
    assert!(matches!(refused, Err(StoreError::Conflict(Conflict::KeyId))), "{refused:?}");
    // The refusal does not spoil the transaction, and another organization is another world.
    tx.insert_key(&permit(Action::AddKey, 2), &key(2, 1)).await.expect("inserted");
    tx.commit().await.expect("kept");
}

async fn a_secret_version_is_written_once_and_found_by_its_place(world: World) {
    let may = permit(Action::AddKey, 1);
    let owner = may.organization().to_string();
    let mut tx = world.store.begin_over_all().await.expect("begins");
    tx.put_secret(&may, &place(&owner, "key_x", 1), &sealed("first"))
        .await
        .expect("put");
    tx.put_secret(&may, &place(&owner, "key_x", 2), &sealed("second"))
        .await
        .expect("put");
    let again = tx.put_secret(&may, &place(&owner, "key_x", 2), &sealed("third")).await;
    assert!(matches!(again, Err(StoreError::Conflict(Conflict::Secret))), "{again:?}");
    assert_eq!(tx.secret(&may, &place(&owner, "key_x", 1)).await.expect("found"), sealed("first"));
    assert_eq!(tx.secret(&may, &place(&owner, "key_x", 2)).await.expect("found"), sealed("second"));
    tx.delete_secret(&may, &place(&owner, "key_x", 1)).await.expect("deleted");
    for missing in [place(&owner, "key_x", 1), place(&owner, "key_y", 2), place("org_other", "key_x", 2)] {
        let answer = tx.secret(&may, &missing).await;
        assert!(matches!(answer, Err(StoreError::NotFound)), "{missing:?}: {answer:?}");
    }
    assert_eq!(tx.delete_secrets(&may, "api_key", "key_x").await.expect("deleted"), 1);
}

async fn a_key_can_be_changed_field_by_field(world: World) {
    let may = permit(Action::EditKey, 1);
    let mut expected = key(1, 1);
    let mut tx = world.store.begin_over_all().await.expect("begins");
    tx.insert_key(&may, &expected).await.expect("inserted");
    expected.name = of("Renamed");
    expected.roles = BTreeSet::from([AppleRole::AppManager]);
    expected.overrides = BTreeSet::from([Feature::Certificates, Feature::Profiles]);
    expected.team_id = Some(of("TEAM123456"));
    let last = LastUse {
        by: Actor::Server,
        need: Need::Check,
        at: at(9),
    };
    tx.rename_key(&may, expected.id, &expected.name).await.expect("renamed");
    tx.set_key_roles(&may, expected.id, &expected.roles).await.expect("set");
    tx.set_key_overrides(&may, expected.id, &expected.overrides).await.expect("set");
    tx.set_key_team(&using(&may, expected.id), &of("TEAM123456")).await.expect("set");
    tx.set_key_last_use(&using(&may, expected.id), &last).await.expect("set");
    assert_eq!(tx.key(&may, expected.id).await.expect("found"), expected);
    let to_use = tx.key_to_use(&may, expected.id, None, at(10)).await.expect("found");
    assert_eq!(to_use.key.last_use, Some(last));
}

async fn two_keys_of_an_organization_have_two_names(world: World) {
    let may = permit(Action::AddKey, 1);
    let mut tx = world.store.begin_over_all().await.expect("begins");
    tx.insert_key(&may, &key(1, 1)).await.expect("inserted");
    let mut twin = key(1, 2);
    twin.name = of(&key(1, 1).name.as_str().to_uppercase());
    let refused = tx.insert_key(&may, &twin).await;
    assert!(matches!(refused, Err(StoreError::Conflict(Conflict::KeyName))), "{refused:?}");
    tx.insert_key(&may, &key(1, 2)).await.expect("inserted");
    let refused = tx.rename_key(&may, key(1, 2).id, &twin.name).await;
    assert!(matches!(refused, Err(StoreError::Conflict(Conflict::KeyName))), "{refused:?}");
    // Its own name in another case is no twin, and another organization is another world.
    tx.rename_key(&may, key(1, 1).id, &twin.name).await.expect("renamed");
    tx.insert_key(&permit(Action::AddKey, 2), &key(2, 1)).await.expect("inserted");
    tx.commit().await.expect("kept");

    // Two at once take turns, and the second sees the first.
    let mut first = world.store.begin_over_all().await.expect("begins");
    let mut new = key(1, 3);
    new.name = of("New");
    first.insert_key(&may, &new).await.expect("inserted");
    let second = async {
        let mut tx = world.store.begin_over_all().await?;
        let mut new = key(1, 4);
        new.name = of("NEW");
        tx.insert_key(&may, &new).await
    };
    let (second, ()) = tokio::join!(second, async {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        first.commit().await.expect("kept");
    });
    assert!(matches!(second, Err(StoreError::Conflict(Conflict::KeyName))), "{second:?}");
}

async fn rotating_puts_a_new_key_under_the_same_item(world: World) {
    let may = permit(Action::RotateKey, 1);
    let mut tx = world.store.begin_over_all().await.expect("begins");
    tx.insert_key(&may, &key(1, 1)).await.expect("inserted");
    tx.insert_key(&may, &key(1, 2)).await.expect("inserted");
    let readable = Probed::Readable { at: at(0) };
    tx.set_probed(&using(&may, key(1, 1).id), Feature::Profiles, &readable)
        .await
        .expect("set");

    let mut rotated = key(1, 1);
    rotated.key_id = of("NEWKEYID01");
    rotated.fingerprint = "cd".repeat(32);
    rotated.health = KeyHealth::Working;
    rotated.health_since = at(5);
    rotated.last_check = Some(at(5));
    rotated.last_good = Some(at(5));
    rotated.generation = 2;
    tx.rotate_key(&may, &rotated).await.expect("rotated");
    assert_eq!(tx.key(&may, rotated.id).await.expect("found"), rotated);
    let to_use = tx.keys_to_use(&may, Some(Feature::Profiles), at(6)).await.expect("asked");
    assert!(
        to_use.iter().all(|used| used.probed == Probed::Never),
        "the new key was never probed"
    );

    // A second rotation from the same beginning comes too late.
    let late = tx.rotate_key(&may, &rotated).await;
    assert!(matches!(late, Err(StoreError::Conflict(Conflict::Stale))), "{late:?}");
    rotated.generation = 3;
    rotated.key_id = key(1, 2).key_id;
    let taken = tx.rotate_key(&may, &rotated).await;
    assert!(matches!(taken, Err(StoreError::Conflict(Conflict::KeyId))), "{taken:?}");
}

async fn removing_a_key_takes_its_secrets_and_jobs_with_it(world: World) {
    let may = permit(Action::RemoveKey, 1);
    let owner = may.organization().to_string();
    let (gone, stays) = (key(1, 1), key(1, 2));
    let mut tx = world.store.begin_over_all().await.expect("begins");
    for (number, key) in [(1, &gone), (2, &stays)] {
        tx.insert_key(&may, key).await.expect("inserted");
        tx.put_secret(&may, &place(&owner, &key.id.to_string(), 1), &sealed("s"))
            .await
            .expect("put");
        let check = JobPayload::CheckKey { key: key.id };
        tx.enqueue(id("job", number), may.organization(), &check, at(0))
            .await
            .expect("enqueued");
    }
    let readable = Probed::Readable { at: at(0) };
    tx.set_probed(&using(&may, gone.id), Feature::Profiles, &readable)
        .await
        .expect("set");
    tx.update_key_health(&using(&may, gone.id), &Verdict::Conclusive(KeyHealth::Working), at(1))
        .await
        .expect("updated");
    assert!(tx.key_dependents(&may, gone.id).await.expect("asked").is_empty());

    let removed = tx.remove_key(&may, gone.id, "api_key").await.expect("removed");
    assert_eq!(removed.key_id, gone.key_id);
    assert!(matches!(tx.key(&may, gone.id).await, Err(StoreError::NotFound)));
    assert!(tx.secret(&may, &place(&owner, &gone.id.to_string(), 1)).await.is_err());
    assert!(tx.secret(&may, &place(&owner, &stays.id.to_string(), 1)).await.is_ok());
    assert_eq!(tx.job_count().await.expect("counted"), 1);
    assert!(matches!(tx.remove_key(&may, gone.id, "api_key").await, Err(StoreError::NotFound)));
    tx.insert_key(&may, &gone).await.expect("the Key ID is free again");
}

async fn a_key_that_is_looked_at_for_a_change_is_not_rotated_meanwhile(world: World) {
    let may = permit(Action::RotateKey, 1);
    let it = key(1, 1);
    let mut tx = world.store.begin_over_all().await.expect("begins");
    tx.insert_key(&may, &it).await.expect("inserted");
    tx.commit().await.expect("kept");
    let mut rotated = it.clone();
    rotated.key_id = of("NEWKEYID01");
    rotated.health = KeyHealth::Working;
    rotated.generation = 2;

    let mut checking = world.store.begin_over_all().await.expect("begins");
    assert_eq!(checking.lock_key(&using(&may, it.id)).await.expect("found").generation, 1);
    let rotating = async {
        let mut tx = world.store.begin_over_all().await?;
        tx.rotate_key(&may, &rotated).await?;
        tx.commit().await
    };
    tokio::pin!(rotating);
    let early = tokio::time::timeout(std::time::Duration::from_millis(200), &mut rotating).await;
    assert!(early.is_err(), "rotated under the eyes of a check: {early:?}");
    let finding = Verdict::Conclusive(KeyHealth::Mismatch);
    checking
        .update_key_health(&using(&may, it.id), &finding, at(9))
        .await
        .expect("updated");
    checking.commit().await.expect("kept");
    rotating.await.expect("rotated");

    let mut tx = world.store.read_over_all().await.expect("begins");
    let now = tx.key(&may, it.id).await.expect("found");
    assert_eq!((now.generation, now.health), (2, KeyHealth::Working));
    drop(tx);
    let mut tx = world.store.begin_over_all().await.expect("begins");
    let foreign = permit(Action::RotateKey, 2);
    assert!(matches!(tx.lock_key(&using(&foreign, it.id)).await, Err(StoreError::NotFound)));
}

async fn a_check_moves_health_only_when_it_is_conclusive(world: World) {
    let may = permit(Action::CheckKey, 1);
    let it = key(1, 1).id;
    let mut tx = world.store.begin_over_all().await.expect("begins");
    tx.insert_key(&may, &key(1, 1)).await.expect("inserted");

    let good = Verdict::Conclusive(KeyHealth::Working);
    tx.update_key_health(&using(&may, it), &good, at(10)).await.expect("updated");
    tx.update_key_health(&using(&may, it), &good, at(20)).await.expect("updated");
    let now = tx.key(&may, it).await.expect("found");
    assert_eq!(
        (now.health, now.health_since),
        (KeyHealth::Working, at(10)),
        "since it changed, not since it was asked"
    );
    assert_eq!((now.last_check, now.last_good), (Some(at(20)), Some(at(20))));

    let down = Verdict::Inconclusive {
        why: "no answer".to_owned(),
    };
    tx.update_key_health(&using(&may, it), &down, at(30)).await.expect("updated");
    let now = tx.key(&may, it).await.expect("found");
    assert_eq!((now.health, now.health_since), (KeyHealth::Working, at(10)));
    assert_eq!((now.last_check, now.last_good), (Some(at(30)), Some(at(20))));

    let revoked = KeyHealth::NoLongerAccepted { last_good: at(20) };
    tx.update_key_health(&using(&may, it), &Verdict::Conclusive(revoked.clone()), at(40))
        .await
        .expect("updated");
    let now = tx.key(&may, it).await.expect("found");
    assert_eq!((now.health, now.health_since, now.last_good), (revoked, at(40), Some(at(20))));
}

async fn the_strip_keeps_one_bar_per_day(world: World) {
    let may = permit(Action::CheckKey, 1);
    let it = key(1, 1).id;
    let day = |days: i64| at(0) + SignedDuration::from_hours(24 * days);
    let mut tx = world.store.begin_over_all().await.expect("begins");
    tx.insert_key(&may, &key(1, 1)).await.expect("inserted");
    let good = Verdict::Conclusive(KeyHealth::Working);
    let bad = Verdict::Conclusive(KeyHealth::Mismatch);
    for days in 0..100 {
        tx.update_key_health(&using(&may, it), &good, day(days)).await.expect("updated");
    }
    let later: Timestamp = day(99) + SignedDuration::from_secs(60);
    tx.update_key_health(&using(&may, it), &bad, later).await.expect("updated");

    let strip = tx.key_checks(&using(&may, it), later, 14).await.expect("listed");
    assert_eq!(strip.len(), 14);
    assert!(strip.iter().rev().skip(1).all(|bar| bar.mark == CheckMark::Good));
    assert_eq!(strip[13].mark, CheckMark::Refused, "the last check of the day counts");
    assert_eq!(strip[13].why, None);
    assert_eq!((strip[13].day.to_string(), strip[13].at), ("2027-03-02".to_owned(), later));
    assert_eq!(
        tx.key_checks(&using(&may, it), later, 1000).await.expect("listed").len(),
        91,
        "old days are let go"
    );
    let down = Verdict::Inconclusive {
        why: "no connection".to_owned(),
    };
    tx.update_key_health(&using(&may, it), &down, later).await.expect("updated");
    let strip = tx.key_checks(&using(&may, it), later, 1).await.expect("listed");
    assert_eq!(strip[0].why.as_deref(), Some("no connection"));
}

async fn the_table_shows_probes_and_last_results(world: World) {
    let may = permit(Action::CheckKey, 1);
    let it = key(1, 1);
    let mut tx = world.store.begin_over_all().await.expect("begins");
    tx.insert_key(&may, &it).await.expect("inserted");
    let probed = Probed::Refused {
        at: at(1),
        code: "FORBIDDEN_ERROR".to_owned(),
    };
    let last = LastResult {
        need: Need::CreateCertificate {
            certificate_type: domain::CertificateType::of_apple("DISTRIBUTION"),
        },
        at: at(2),
        refusal: Some(AppleRefusal {
            status: 403,
            code: "FORBIDDEN_ERROR".to_owned(),
            detail: "no".to_owned(),
        }),
    };
    tx.set_probed(&using(&may, it.id), Feature::Certificates, &Probed::Readable { at: at(0) })
        .await
        .expect("set");
    tx.set_last_result(&using(&may, it.id), &last).await.expect("set");
    tx.set_probed(&using(&may, it.id), Feature::Certificates, &probed)
        .await
        .expect("set again");
    let check = LastResult {
        need: Need::Check,
        at: at(3),
        refusal: None,
    };
    tx.set_last_result(&using(&may, it.id), &check)
        .await
        .expect("a check counts for no feature");

    let table = tx.feature_table(&using(&may, it.id), &it).await.expect("read");
    assert_eq!(table.iter().map(|row| row.feature).collect::<Vec<_>>(), Feature::ALL);
    let row = &table[4];
    assert_eq!((&row.probed, &row.last), (&probed, &Some(last)));
    assert_eq!((row.declared, row.overridden), (Declared::Yes(None), false));
    assert_eq!((&table[0].probed, &table[0].last), (&Probed::Never, &None));
    let to_use = tx.key_to_use(&may, it.id, Some(Feature::Certificates), at(4)).await.expect("asked");
    assert_eq!((to_use.probed, to_use.permit.is_lent()), (probed, false));
    let read = LastResult {
        need: Need::Read {
            feature: Feature::Certificates,
        },
        at: at(5),
        refusal: None,
    };
    tx.set_last_result(&using(&may, it.id), &read).await.expect("asked");
    let table = tx.feature_table(&using(&may, it.id), &it).await.expect("read");
    assert!(
        table[4].last.as_ref().is_some_and(|last| last.refusal.is_some()),
        "a look hides no act"
    );
    let stranger = tx.set_probed(&using(&may, id("key", 77)), Feature::Profiles, &Probed::Never).await;
    assert!(matches!(stranger, Err(StoreError::NotFound)), "{stranger:?}");
}

async fn lists_come_in_pages(world: World) {
    let may = permit(Action::SeeKeys, 1);
    let mut tx = world.store.begin_over_all().await.expect("begins");
    for number in 1..=5 {
        tx.insert_key(&may, &key(1, number)).await.expect("inserted");
    }
    let mut seen = Vec::new();
    let mut paging = Paging::first(2);
    loop {
        let page = tx.keys(&may, &paging).await.expect("listed");
        seen.extend(page.items.into_iter().map(|k| k.id));
        match page.next {
            Some(cursor) => paging = Paging::after(cursor, 2),
            None => break,
        }
    }
    assert_eq!(seen, (1..=5).map(|n| key(1, n).id).collect::<Vec<_>>());
    let page = tx.keys(&may, &Paging::first(0)).await.expect("listed");
    assert_eq!(page.items.len(), 1, "a page has at least one row");
    let strange = tx.keys(&may, &Paging::after("'; DROP TABLE api_keys; --", 2)).await;
    assert!(matches!(strange, Err(StoreError::Cursor)), "{strange:?}");
}
