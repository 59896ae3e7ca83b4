//! Organizations are apart: with the permit of one, nothing of another can be seen, changed or
//! told from what does not exist.

use std::collections::BTreeSet;

use domain::{Action, Feature, JobPayload, KeyHealth, OperationState, Probed, ProfileStanding, Shareable, Verdict};
use store::{ActivityFilter, CertificateFilter, CertificateOrder, Paging, ProfileFilter, ProfileOrder, StoreError};

use crate::activity::record;
use crate::certificates::certificate;
use crate::operations::operation;
use crate::profiles::profile;
use crate::signing_sets::{item as set_item, set as signing_set};
use crate::world::{World, at, id, key, of, on_both, permit, place, sealed, using};

on_both![nothing_of_another_organization_is_seen, nothing_of_another_organization_is_changed];

/// Organization 1 with one of everything.
async fn furnish(world: &World) {
    let may = permit(Action::AddKey, 1);
    let owner = may.organization().to_string();
    let mut tx = world.store.begin_over_all().await.expect("begins");
    tx.insert_key(&may, &key(1, 1)).await.expect("inserted");
    tx.put_secret(&may, &place(&owner, &key(1, 1).id.to_string(), 1), &sealed("s"))
        .await
        .expect("put");
    tx.insert_certificate(&may, &certificate(1, 1)).await.expect("inserted");
    tx.insert_profile(&may, &profile(1, 1), b"file").await.expect("inserted");
    tx.insert_signing_set(&may, &signing_set(1, 1)).await.expect("inserted");
    tx.put_set_item(&may, signing_set(1, 1).id, &set_item(1)).await.expect("put");
    tx.start_operation(&may, &operation(1, 1)).await.expect("started");
    tx.set_probed(&using(&may, key(1, 1).id), Feature::Profiles, &Probed::Readable { at: at(0) })
        .await
        .expect("set");
    tx.update_key_health(&using(&may, key(1, 1).id), &Verdict::Conclusive(KeyHealth::Working), at(1))
        .await
        .expect("updated");
    tx.enqueue(id("job", 1), may.organization(), &JobPayload::CheckKey { key: key(1, 1).id }, at(0))
        .await
        .expect("enqueued");
    tx.record(&record(1, 1)).await.expect("recorded");
    tx.commit().await.expect("kept");
}

fn absent<T: std::fmt::Debug>(answer: Result<T, StoreError>) {
    assert!(matches!(answer, Err(StoreError::NotFound)), "{answer:?}");
}

async fn nothing_of_another_organization_is_seen(world: World) {
    furnish(&world).await;
    let they = permit(Action::SeeKeys, 2);
    let mine = key(1, 1);
    let owner = mine.organization.to_string();
    let mut tx = world.store.read_over_all().await.expect("begins");

    absent(tx.key(&they, mine.id).await);
    absent(tx.key_dependents(&they, mine.id).await);
    absent(tx.secret(&they, &place(&owner, &mine.id.to_string(), 1)).await);
    absent(
        tx.secret(&they, &place(&they.organization().to_string(), &mine.id.to_string(), 1))
            .await,
    );
    absent(tx.certificate(&they, certificate(1, 1).id).await);
    absent(tx.operation(&they, operation(1, 1).id).await);
    let theirs = profile(1, 1);
    absent(tx.profile(&they, theirs.id).await);
    absent(tx.profile_content(&they, theirs.id).await);
    assert_eq!(tx.profile_by_uuid(&they, &theirs.uuid).await.expect("asked"), None);
    assert_eq!(tx.profile_by_apple_id(&they, "PROFILE001").await.expect("asked"), None);
    let of_certificate = tx.profiles_of_certificate(&they, &theirs.certificates[0]).await;
    assert!(of_certificate.expect("asked").is_empty());
    for order in [ProfileOrder::Name, ProfileOrder::Expiry] {
        let page = tx.profiles(&they, &ProfileFilter::default(), order, &Paging::default()).await;
        assert!(page.expect("listed").items.is_empty());
    }
    assert_eq!(tx.count_profiles(&they, &ProfileFilter::default()).await.expect("counted"), 0);
    let their_set = signing_set(1, 1).id;
    absent(tx.signing_set(&they, their_set).await);
    assert_eq!(
        tx.signing_set_named(&they, signing_set(1, 1).name.as_str()).await.expect("asked"),
        None
    );
    assert!(
        tx.signing_sets(&they, None, &Paging::default())
            .await
            .expect("listed")
            .items
            .is_empty()
    );
    assert!(tx.set_items(&they, their_set).await.expect("listed").is_empty());
    assert!(tx.profiles_of_set(&they, their_set).await.expect("listed").is_empty());
    assert!(tx.certificates_of_set(&they, their_set).await.expect("listed").is_empty());
    assert!(tx.every_signing_set(&they).await.expect("listed").is_empty());
    assert!(tx.items_of_every_set(&they).await.expect("listed").is_empty());
    assert!(tx.profiles_in_sets(&they).await.expect("listed").is_empty());
    assert!(tx.certificates_in_sets(&they).await.expect("listed").is_empty());
    assert!(
        tx.sets_of_certificate(&they, certificate(1, 1).id)
            .await
            .expect("listed")
            .is_empty()
    );
    assert!(tx.sets_of_profile(&they, theirs.id).await.expect("listed").is_empty());
    absent(tx.activity(&they, store::LogReach::Own, record(1, 1).id).await);

    let all = Paging::default();
    assert!(tx.all_keys(&they).await.expect("listed").is_empty());
    assert!(tx.keys(&they, &all).await.expect("listed").items.is_empty());
    assert_eq!(tx.key_by_key_id(&they, &mine.key_id).await.expect("asked"), None);
    assert!(tx.key_checks(&using(&they, mine.id), at(2), 14).await.expect("listed").is_empty());
    assert!(
        tx.keys_to_use(&they, Some(Feature::Profiles), at(2))
            .await
            .expect("listed")
            .is_empty()
    );
    absent(tx.key_to_use(&they, mine.id, None, at(2)).await);
    assert!(tx.checks_of_keys(&they, at(2), 14).await.expect("listed").is_empty());
    assert!(tx.shares_of(&they, Shareable::ApiKey(mine.id)).await.expect("listed").is_empty());
    assert!(tx.reach_of_keys(&they, at(2)).await.expect("listed").is_empty());
    assert!(tx.shares_by_end(&they, at(0), at(9), 9).await.expect("listed").is_empty());
    assert!(tx.last_uses(&they, mine.id).await.expect("listed").is_empty());
    assert!(tx.unfinished_through_key(&they, mine.id).await.expect("asked").is_empty());
    let not_theirs = using(&they, mine.id);
    absent(
        tx.secret_of_key(&not_theirs, &place(&owner, &mine.id.to_string(), 1))
            .await
            .map(drop),
    );
    let table = tx.feature_table(&using(&they, mine.id), &mine).await.expect("read");
    assert!(table.iter().all(|row| row.probed == Probed::Never));
    let any = CertificateFilter::default();
    for order in [CertificateOrder::Expiry, CertificateOrder::Name, CertificateOrder::Type] {
        let page = tx.certificates(&they, &any, (order, false), &all).await.expect("listed");
        assert!(page.items.is_empty());
    }
    assert_eq!(tx.count_certificates(&they, &any).await.expect("counted"), 0);
    assert!(tx.certificate_names_of_key(&they, mine.id).await.expect("listed").is_empty());
    assert_eq!(tx.certificate_by_sha1(&they, &certificate(1, 1).sha1).await.expect("asked"), None);
    let known = [certificate(1, 1).serial];
    assert!(tx.certificates_known_by(&they, &known).await.expect("asked").is_empty());
    assert!(tx.operations(&they, &all).await.expect("listed").items.is_empty());
    assert!(tx.unfinished_operations(&they).await.expect("listed").is_empty());
    let check = JobPayload::CheckKey { key: mine.id };
    assert_eq!(tx.waiting_job_at(&they, &check).await.expect("asked"), None);
    let filter = ActivityFilter {
        key: Some(mine.id),
        ..ActivityFilter::default()
    };
    assert!(tx.activities(&they, &filter, &all).await.expect("listed").items.is_empty());
}

async fn nothing_of_another_organization_is_changed(world: World) {
    furnish(&world).await;
    let they = permit(Action::EditKey, 2);
    let mine = permit(Action::SeeKeys, 1);
    let it = key(1, 1).id;
    let owner = mine.organization().to_string();
    let mut tx = world.store.begin_over_all().await.expect("begins");
    let before = tx.key(&mine, it).await.expect("found");
    let table = tx.feature_table(&using(&mine, before.id), &before).await.expect("read");

    absent(tx.lock_key_to_use(&they, it, None, at(2)).await);
    absent(tx.lock_key(&using(&they, it)).await);
    absent(tx.rename_key(&they, it, &of("Theirs")).await);
    absent(tx.set_key_roles(&they, it, &BTreeSet::new()).await);
    absent(tx.set_key_overrides(&they, it, &BTreeSet::from([Feature::Profiles])).await);
    absent(tx.set_key_team(&using(&they, it), &of("TEAM999999")).await);
    let used = domain::LastUse {
        by: domain::Actor::Server,
        need: domain::Need::Check,
        at: at(5),
    };
    absent(tx.set_key_last_use(&using(&they, it), &used).await);
    absent(
        tx.update_key_health(&using(&they, it), &Verdict::Conclusive(KeyHealth::Mismatch), at(5))
            .await,
    );
    absent(tx.set_probed(&using(&they, it), Feature::Profiles, &Probed::Never).await);
    let last = domain::LastResult {
        need: domain::Need::Read {
            feature: Feature::Profiles,
        },
        at: at(5),
        refusal: None,
    };
    absent(tx.set_last_result(&using(&they, it), &last).await);
    absent(tx.remove_key(&they, it, "api_key").await);
    let mut rotated = before.clone();
    rotated.generation = 2;
    assert!(tx.rotate_key(&they, &rotated).await.is_err());
    assert_eq!(tx.delete_secrets(&they, "api_key", &it.to_string()).await.expect("asked"), 0);
    absent(tx.delete_secret(&they, &place(&owner, &it.to_string(), 1)).await);
    absent(tx.put_secret(&they, &place(&owner, &it.to_string(), 2), &sealed("theirs")).await);
    let failed = OperationState::Failed { why: "theirs".to_owned() };
    absent(tx.advance_operation(&they, operation(1, 1).id, &failed, at(5)).await);

    let held = profile(1, 1);
    absent(tx.lock_profile(&they, held.id).await);
    absent(tx.replace_profile(&they, &held, b"theirs").await);
    absent(tx.set_profile_standing(&they, held.id, ProfileStanding::Invalid).await);
    let left = tx.profile_left_apple(&they, held.id, "PROFILE001", ProfileStanding::Invalid).await;
    assert!(!left.expect("asked"));
    absent(tx.remove_profile(&they, held.id).await);
    assert_eq!(tx.profile(&mine, held.id).await.expect("found"), held);
    assert_eq!(tx.profile_content(&mine, held.id).await.expect("found"), b"file");

    let set = signing_set(1, 1);
    absent(tx.change_signing_set(&they, set.id, None, at(5)).await);
    let bare = domain::SetItem {
        profile: None,
        ..set_item(1)
    };
    absent(tx.put_set_item(&they, set.id, &bare).await);
    absent(tx.delete_signing_set(&they, set.id).await);
    assert_eq!(tx.signing_set(&mine, set.id).await.expect("found"), set);
    assert_eq!(tx.set_items(&mine, set.id).await.expect("listed"), [set_item(1)]);

    assert_eq!(tx.key(&mine, it).await.expect("found"), before);
    assert_eq!(tx.feature_table(&using(&mine, before.id), &before).await.expect("read"), table);
    assert_eq!(tx.key_checks(&using(&mine, it), at(5), 14).await.expect("listed").len(), 1);
    assert!(tx.secret(&mine, &place(&owner, &it.to_string(), 1)).await.is_ok());
    assert_eq!(tx.operation(&mine, operation(1, 1).id).await.expect("found"), operation(1, 1));
}
