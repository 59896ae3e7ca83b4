//! What a root organization lends to those below it, and what each side sees of it.

use std::collections::BTreeSet;

use domain::{
    Action, Activity, Actor, CheckMark, Event, Feature, KeyHealth, LastResult, LastUse, Need, OrgId, Permit, Probed, Share, ShareLimits,
    ShareTarget, Shareable, Subject, UsePermit, Verdict,
};
use store::{EndedShare, Reach, StoreError};
use vault::WrappedRing;

use crate::activity::record;
use crate::certificates::certificate;
use crate::operations::operation;
use crate::world::{World, at, id, key, on_both, permit, permit_below, place, sealed, sub, using};

on_both![
    what_is_shared_with_all_is_one_row_and_reaches_those_of_the_future,
    a_share_of_its_own_decides_and_stops_by_itself,
    the_end_of_a_share_is_found_and_told_once,
    nobody_outside_of_the_tree_is_lent_anything,
    a_share_is_put_changed_and_taken_away,
    each_sees_its_own_use_and_its_own_last_results,
    a_lent_key_opens_its_own_secret_and_no_other,
    what_depends_on_a_key_is_counted_below_as_well,
    whoever_unshares_and_whoever_uses_take_turns,
];

/// Two sub-organizations, 11 and 12, below organization 1; key 1 of organization 1.
async fn furnish(world: &World) -> Permit {
    let may = permit(Action::ShareKey, 1);
    let owner = may.organization().to_string();
    let mut tx = world.store.begin_over_all().await.expect("begins");
    for number in [11, 12] {
        tx.create_organization(&sub(1, number), &WrappedRing::from_bytes(vec![number as u8; 8]))
            .await
            .expect("made");
    }
    tx.insert_key(&may, &key(1, 1)).await.expect("inserted");
    tx.insert_key(&may, &key(1, 2)).await.expect("inserted");
    for number in [1, 2] {
        tx.put_secret(
            &may,
            &place(&owner, &key(1, number).id.to_string(), 1),
            &sealed(&format!("secret {number}")),
        )
        .await
        .expect("put");
    }
    tx.commit().await.expect("kept");
    may
}

fn item() -> Shareable {
    Shareable::ApiKey(key(1, 1).id)
}

fn share(target: ShareTarget, limits: ShareLimits) -> Share {
    Share {
        owner: id("org", 1),
        item: item(),
        target,
        limits,
        shared_by: Subject::User(id("user", 1)),
        shared_at: at(0),
    }
}

fn until(seconds: i64) -> ShareLimits {
    ShareLimits {
        stops_at: Some(at(seconds)),
        ..ShareLimits::default()
    }
}

async fn put(world: &World, permit: &Permit, target: ShareTarget, limits: ShareLimits) {
    let mut tx = world.store.begin_over_all().await.expect("begins");
    tx.put_share(permit, &share(target, limits)).await.expect("shared");
    tx.commit().await.expect("kept");
}

/// How an organization below may use key 1 at this second.
async fn lent(world: &World, number: u32, second: i64) -> Option<UsePermit> {
    let they = permit_below(Action::SeeSigning, 1, number);
    let mut tx = world.store.read_over_all().await.expect("begins");
    let listed = tx.keys_to_use(&they, None, at(second)).await.expect("listed");
    let one = tx.key_to_use(&they, key(1, 1).id, None, at(second)).await;
    match one {
        Ok(one) => {
            assert_eq!(listed, std::slice::from_ref(&one), "the list and the single key tell the same");
            assert_eq!(
                tx.limits_now(&one.permit, at(second)).await.expect("lent"),
                *one.permit.limits().expect("lent")
            );
            Some(one.permit)
        }
        Err(StoreError::NotFound) => {
            assert!(listed.is_empty());
            None
        }
        Err(error) => panic!("{error}"),
    }
}

async fn what_is_shared_with_all_is_one_row_and_reaches_those_of_the_future(world: World) {
    let may = furnish(&world).await;
    assert_eq!(lent(&world, 11, 1).await, None);
    put(&world, &may, ShareTarget::All, ShareLimits::default()).await;
    for number in [11, 12] {
        let permit = lent(&world, number, 1).await.expect("lent");
        assert_eq!((permit.owner(), permit.user()), (id("org", 1), id("org", number)));
    }
    let mut tx = world.store.begin_over_all().await.expect("begins");
    tx.create_organization(&sub(1, 13), &WrappedRing::from_bytes(vec![13; 8]))
        .await
        .expect("made");
    tx.commit().await.expect("kept");
    assert!(lent(&world, 13, 1).await.is_some());
    let mut tx = world.store.read_over_all().await.expect("begins");
    assert_eq!(tx.shares_of(&may, item()).await.expect("listed").len(), 1);
    let reach = tx.reach_of_keys(&may, at(1)).await.expect("counted");
    assert_eq!(reach.get(&key(1, 1).id), Some(&Reach { all: true, chosen: 0 }));
}

async fn the_end_of_a_share_is_found_and_told_once(world: World) {
    let may = furnish(&world).await;
    put(&world, &may, ShareTarget::All, until(10)).await;
    put(&world, &may, ShareTarget::Chosen(id("org", 11)), until(20)).await;
    put(&world, &may, ShareTarget::Chosen(id("org", 12)), ShareLimits::default()).await;
    let mut tx = world.store.begin_over_all().await.expect("begins");
    let first = EndedShare {
        organization: id("org", 1),
        key: key(1, 1).id,
        name: key(1, 1).name.to_string(),
        target: ShareTarget::All,
        ended_at: at(10),
    };
    assert_eq!(tx.ended_shares(at(0), at(9)).await.expect("asked"), []);
    assert_eq!(tx.ended_shares(at(0), at(19)).await.expect("asked"), std::slice::from_ref(&first));
    let second = EndedShare {
        target: ShareTarget::Chosen(id("org", 11)),
        ended_at: at(20),
        ..first.clone()
    };
    assert_eq!(tx.ended_shares(at(10), at(20)).await.expect("asked"), [second]);
    let event = Event::KeyShareEnded {
        key: first.key,
        name: first.name,
        target: first.target,
        ended_at: first.ended_at,
    };
    let told = Activity {
        event: event.clone(),
        ..record(1, 30)
    };
    tx.record(&told).await.expect("recorded");
    let asked = tx.ends_of_shares(id("org", 1), first.key, at(30)).await;
    assert_eq!(asked.expect("asked"), [event]);
    for (organization, since) in [(1, 31), (2, 0)] {
        let asked = tx.ends_of_shares(id("org", organization), first.key, at(since)).await;
        assert_eq!(asked.expect("asked"), []);
    }
}

async fn a_share_of_its_own_decides_and_stops_by_itself(world: World) {
    let may = furnish(&world).await;
    put(&world, &may, ShareTarget::All, ShareLimits::default()).await;
    put(&world, &may, ShareTarget::Chosen(id("org", 11)), until(10)).await;
    assert!(lent(&world, 11, 9).await.is_some());
    assert_eq!(lent(&world, 11, 10).await, None, "its own share decides, also when it has stopped");
    assert!(lent(&world, 12, 10).await.is_some());
    let mut tx = world.store.read_over_all().await.expect("begins");
    let reach = tx.reach_of_keys(&may, at(10)).await.expect("counted");
    assert_eq!(reach.get(&key(1, 1).id), Some(&Reach { all: true, chosen: 0 }));
    let ending = tx.shares_by_end(&may, at(9), at(10), 5).await.expect("listed");
    let [one] = ending.as_slice() else {
        panic!("the one that stops: {ending:?}")
    };
    assert_eq!((one.key, one.stops_at), (key(1, 1).id, at(10)));
    assert_eq!(one.name, key(1, 1).name.as_str());
    assert!(one.with.is_some(), "with one of them, by its name");
    assert!(tx.shares_by_end(&may, at(10), at(99), 5).await.expect("listed").is_empty());
    let they = permit_below(Action::SeeSigning, 1, 11);
    let before = lent(&world, 11, 9).await.expect("lent");
    assert!(matches!(tx.limits_now(&before, at(10)).await, Err(StoreError::NotFound)));
    assert!(tx.key_to_use(&they, key(1, 1).id, None, at(10)).await.is_err());
}

async fn nobody_outside_of_the_tree_is_lent_anything(world: World) {
    let may = furnish(&world).await;
    put(&world, &may, ShareTarget::All, ShareLimits::default()).await;
    put(&world, &may, ShareTarget::Chosen(id("org", 11)), ShareLimits::default()).await;
    let mut tx = world.store.read_over_all().await.expect("begins");
    // Another root, a sub-organization of another root, and one that says it were a root.
    for they in [
        permit(Action::SeeSigning, 2),
        permit_below(Action::SeeSigning, 2, 12),
        permit(Action::SeeSigning, 11),
    ] {
        assert!(tx.keys_to_use(&they, None, at(1)).await.expect("listed").is_empty());
        assert!(tx.key_to_use(&they, key(1, 1).id, None, at(1)).await.is_err());
    }
    // What is not shared does not come along with what is.
    let they = permit_below(Action::SeeSigning, 1, 11);
    assert!(matches!(
        tx.key_to_use(&they, key(1, 2).id, None, at(1)).await,
        Err(StoreError::NotFound)
    ));
}

async fn a_share_is_put_changed_and_taken_away(world: World) {
    let may = furnish(&world).await;
    let chosen = ShareTarget::Chosen(id("org", 11));
    let limited = ShareLimits {
        features: Some(BTreeSet::from([Feature::Profiles])),
        apps: Some(BTreeSet::from(["com.example.*".parse().expect("a family")])),
        stops_at: Some(at(100)),
    };
    put(&world, &may, chosen, ShareLimits::default()).await;
    put(&world, &may, chosen, limited.clone()).await;
    assert_eq!(lent(&world, 11, 1).await.expect("lent").limits(), Some(&limited));
    assert_eq!(lent(&world, 12, 1).await, None);

    let mut tx = world.store.begin_over_all().await.expect("begins");
    assert_eq!(tx.shares_of(&may, item()).await.expect("listed"), [share(chosen, limited)]);
    // One of another root, one that does not exist, and the root itself: all alike.
    for other in [2, 99, 1] {
        let refused = tx
            .put_share(&may, &share(ShareTarget::Chosen(id("org", other)), ShareLimits::default()))
            .await;
        assert!(matches!(refused, Err(StoreError::NotFound)), "{refused:?}");
    }
    assert!(tx.take_share(&may, item(), chosen).await.expect("asked"));
    assert!(!tx.take_share(&may, item(), chosen).await.expect("asked"));
    tx.commit().await.expect("kept");
    assert_eq!(lent(&world, 11, 1).await, None);

    // With the key its shares go.
    put(&world, &may, ShareTarget::All, ShareLimits::default()).await;
    put(&world, &may, chosen, ShareLimits::default()).await;
    let mut tx = world.store.begin_over_all().await.expect("begins");
    tx.remove_key(&may, key(1, 1).id, "api_key").await.expect("removed");
    assert!(tx.shares_of(&may, item()).await.expect("listed").is_empty());
    assert_eq!(tx.take_all_shares(&may, item()).await.expect("asked"), 0);
    tx.commit().await.expect("kept");
    assert_eq!(lent(&world, 11, 1).await, None);
}

async fn each_sees_its_own_use_and_its_own_last_results(world: World) {
    let may = furnish(&world).await;
    put(&world, &may, ShareTarget::All, ShareLimits::default()).await;
    let (one, other) = (lent(&world, 11, 1).await.expect("lent"), lent(&world, 12, 1).await.expect("lent"));
    let use_at = |second| LastUse {
        by: Actor::Server,
        need: Need::Check,
        at: at(second),
    };
    let read_at = |second| LastResult {
        need: Need::Read {
            feature: Feature::Profiles,
        },
        at: at(second),
        refusal: None,
    };
    let mut tx = world.store.begin_over_all().await.expect("begins");
    tx.set_key_last_use(&one, &use_at(1)).await.expect("set");
    tx.set_key_last_use(&using(&may, key(1, 1).id), &use_at(2)).await.expect("set");
    tx.set_key_last_use(&other, &use_at(3)).await.expect("set");
    tx.set_last_result(&one, &read_at(1)).await.expect("set");
    tx.set_probed(&one, Feature::Profiles, &Probed::Readable { at: at(1) })
        .await
        .expect("set");
    tx.update_key_health(&one, &Verdict::Conclusive(KeyHealth::Working), at(1))
        .await
        .expect("updated");
    tx.set_key_team(&one, &"TEAM123456".parse().expect("a team")).await.expect("set");
    tx.commit().await.expect("kept");

    let mut tx = world.store.read_over_all().await.expect("begins");
    for (number, second) in [(11, 1), (12, 3)] {
        let they = permit_below(Action::SeeKeys, 1, number);
        let seen = tx
            .key_to_use(&they, key(1, 1).id, Some(Feature::Profiles), at(5))
            .await
            .expect("lent");
        assert_eq!(seen.key.last_use, Some(use_at(second)));
        // Facts about the key itself are the same for all.
        assert_eq!((seen.key.health, seen.probed), (KeyHealth::Working, Probed::Readable { at: at(1) }));
        assert_eq!(seen.key.team_id.expect("learnt").as_str(), "TEAM123456");
        let checks = tx.checks_of_keys(&they, at(5), 14).await.expect("listed");
        assert_eq!(checks[&key(1, 1).id][0].mark, CheckMark::Good);
        assert_eq!(tx.key_checks(&seen.permit, at(5), 14).await.expect("listed").len(), 1);
        assert_eq!(tx.owner_of(&seen.permit).await.expect("found").id, id::<OrgId>("org", 1));
    }
    let seen = tx.key_to_use(&may, key(1, 1).id, None, at(5)).await.expect("own");
    assert_eq!(seen.key.last_use, Some(use_at(3)), "the owner sees the newest of all");
    let uses = tx.last_uses(&may, key(1, 1).id).await.expect("listed");
    assert_eq!(
        uses.keys().copied().collect::<Vec<_>>(),
        [id("org", 1), id("org", 11), id("org", 12)]
    );

    let profiles = |table: Vec<domain::FeatureRow>| table[5].last.clone();
    assert_eq!(profiles(tx.feature_table(&one, &key(1, 1)).await.expect("read")), Some(read_at(1)));
    assert_eq!(profiles(tx.feature_table(&other, &key(1, 1)).await.expect("read")), None);
    assert_eq!(
        profiles(tx.feature_table(&using(&may, key(1, 1).id), &key(1, 1)).await.expect("read")),
        Some(read_at(1))
    );
}

async fn a_lent_key_opens_its_own_secret_and_no_other(world: World) {
    let may = furnish(&world).await;
    put(&world, &may, ShareTarget::All, ShareLimits::default()).await;
    let permit = lent(&world, 11, 1).await.expect("lent");
    let owner = may.organization().to_string();
    let mut tx = world.store.read_over_all().await.expect("begins");
    let (lent, other) = (key(1, 1).id.to_string(), key(1, 2).id.to_string());
    assert_eq!(
        tx.secret_of_key(&permit, &place(&owner, &lent, 1)).await.expect("found"),
        sealed("secret 1")
    );
    for wrong in [
        place(&owner, &other, 1),
        place(&owner, &lent, 2),
        place(&id::<OrgId>("org", 11).to_string(), &lent, 1),
    ] {
        let refused = tx.secret_of_key(&permit, &wrong).await;
        assert!(matches!(refused, Err(StoreError::NotFound)), "{wrong:?}");
    }
    let ring = tx.ring_of_item(&permit).await.expect("found");
    assert_eq!(ring, WrappedRing::from_bytes(vec![1; 8]), "the owner's ring");
    // The owner's permits are the only way to all else; what a borrower has opens its own organization.
    let they = permit_below(Action::SeeKeys, 1, 11);
    assert!(tx.secret(&they, &place(&owner, &lent, 1)).await.is_err());
    assert!(tx.key(&they, key(1, 1).id).await.is_err());
}

async fn what_depends_on_a_key_is_counted_below_as_well(world: World) {
    let may = furnish(&world).await;
    let they = permit_below(Action::CreateCertificate, 1, 11);
    let mut made = certificate(1, 5);
    made.organization = id("org", 11);
    made.api_key = Some(key(1, 1).id);
    let mut act = operation(1, 5);
    act.organization = id("org", 11);
    let domain::OperationKind::CreateCertificate { key: through, .. } = &mut act.kind else {
        panic!("an act of creating")
    };
    *through = key(1, 1).id;
    let mut tx = world.store.begin_over_all().await.expect("begins");
    tx.insert_certificate(&they, &made).await.expect("inserted");
    tx.start_operation(&they, &act).await.expect("started");
    let found = tx.key_dependents(&may, key(1, 1).id).await.expect("asked");
    assert_eq!(found.len(), 1);
    let below = found[&id("org", 11)];
    assert_eq!((below.certificates, below.unfinished_operations), (1, 1));
    assert_eq!(
        tx.unfinished_through_key(&may, key(1, 1).id).await.expect("asked"),
        [(id("org", 11), 1)].into()
    );
    assert!(tx.key_dependents(&may, key(1, 2).id).await.expect("asked").is_empty());
    // The certificate stays where it is, without the key.
    tx.remove_key(&may, key(1, 1).id, "api_key").await.expect("removed");
    assert_eq!(tx.certificate(&they, made.id).await.expect("found").api_key, None);
}

async fn whoever_unshares_and_whoever_uses_take_turns(world: World) {
    let may = furnish(&world).await;
    put(&world, &may, ShareTarget::All, ShareLimits::default()).await;
    let they = permit_below(Action::SeeSigning, 1, 11);
    // The owner holds the key and takes the share away; the use that comes meanwhile waits, and finds no share.
    let mut unsharing = world.store.begin_over_all().await.expect("begins");
    unsharing.lock_key(&using(&may, key(1, 1).id)).await.expect("held");
    let using_it = async {
        let mut tx = world.store.begin_over_all().await?;
        tx.lock_key_to_use(&they, key(1, 1).id, None, at(1)).await
    };
    let (used, ()) = tokio::join!(using_it, async {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        assert!(unsharing.take_share(&may, item(), ShareTarget::All).await.expect("taken"));
        unsharing.commit().await.expect("kept");
    });
    assert!(matches!(used, Err(StoreError::NotFound)), "{used:?}");
}
