//! Profiles that a root organization lends, with their files; and lent certificates in the moment in which their private key
//! leaves in a signing set's files.

use domain::{Action, Permit, ProfileId, SetItem, Share, ShareLimits, ShareTarget, Shareable, Subject};
use jiff::Timestamp;
use store::{Reach, StoreError};
use vault::{Place, WrappedRing};

use crate::certificates::certificate;
use crate::profiles::profile;
use crate::signing_sets::set;
use crate::world::{World, at, id, key, on_both, permit, permit_below, sealed, sub};

on_both![
    a_lent_profile_is_found_below_and_nowhere_else,
    a_share_of_a_profile_stops_by_itself_and_goes_with_it,
    what_is_lent_is_held_and_not_changed,
    the_private_key_of_a_lent_certificate_is_reached_by_its_permit_alone,
    a_set_below_points_at_what_its_root_lends,
];

fn item(number: u32) -> Shareable {
    Shareable::Profile(profile(1, number).id)
}

fn share(item: Shareable, target: ShareTarget, stops_at: Option<Timestamp>) -> Share {
    Share {
        owner: id("org", 1),
        item,
        target,
        limits: ShareLimits {
            stops_at,
            ..ShareLimits::default()
        },
        shared_by: Subject::User(id("user", 1)),
        shared_at: at(0),
    }
}

fn place<'a>(owner: &'a str, object: &'a str) -> Place<'a> {
    Place {
        owner,
        kind: "signing_key",
        object,
        field: "private_key",
        version: 1,
    }
}

/// Organization 1 with two certificates, their sealed keys and two profiles, and the sub-organizations 11 and 12;
/// organization 2 with a profile.
async fn furnish(world: &World) -> Permit {
    let may = permit(Action::ShareProfile, 1);
    let mut tx = world.store.begin_over_all().await.expect("begins");
    for number in [11, 12] {
        tx.create_organization(&sub(1, number), &WrappedRing::from_bytes(vec![number as u8; 8]))
            .await
            .expect("made");
    }
    tx.insert_key(&may, &key(1, 1)).await.expect("inserted");
    let owner = may.organization().to_string();
    for number in [1, 2] {
        let certificate = certificate(1, number);
        tx.insert_certificate(&may, &certificate).await.expect("inserted");
        let object = certificate.private_key.expect("it has one").to_string();
        let secret = sealed(&format!("secret {number}"));
        tx.put_secret(&may, &place(&owner, &object), &secret).await.expect("put");
        let file = format!("file {number}");
        tx.insert_profile(&may, &profile(1, number), file.as_bytes())
            .await
            .expect("inserted");
    }
    let theirs = permit(Action::EditProfiles, 2);
    tx.insert_key(&theirs, &key(2, 1)).await.expect("inserted");
    tx.insert_profile(&theirs, &profile(2, 1), b"theirs").await.expect("inserted");
    tx.commit().await.expect("kept");
    may
}

async fn put(world: &World, may: &Permit, new: &Share) {
    let mut tx = world.store.begin_for(may).await.expect("begins");
    tx.put_share(may, new).await.expect("shared");
    tx.commit().await.expect("kept");
}

/// What is lent to somebody at this second, in transactions of their own, each with its file.
async fn lent(world: &World, they: &Permit, second: i64) -> Vec<ProfileId> {
    let mut tx = world.store.read_for(they).await.expect("begins");
    let listed = tx.lent_profiles(they, at(second)).await.expect("listed");
    for one in &listed {
        let mut alone = world.store.read_for(they).await.expect("begins");
        let found = alone.profile_to_use(they, one.profile.id, at(second)).await.expect("found");
        assert_eq!(&found, one, "the list and the single profile tell the same");
        assert_eq!((found.permit.owner(), found.permit.user()), (id("org", 1), they.organization()));
        let file = alone.profile_content_to_use(&found.permit).await.expect("it has one");
        assert!(file.starts_with(b"file "));
    }
    listed.into_iter().map(|one| one.profile.id).collect()
}

async fn a_lent_profile_is_found_below_and_nowhere_else(world: World) {
    let may = furnish(&world).await;
    let (eleven, twelve) = (permit_below(Action::SeeSigning, 1, 11), permit_below(Action::SeeSigning, 1, 12));
    assert!(lent(&world, &eleven, 1).await.is_empty());
    put(&world, &may, &share(item(1), ShareTarget::Chosen(id("org", 11)), None)).await;
    put(&world, &may, &share(item(2), ShareTarget::All, None)).await;
    assert_eq!(lent(&world, &eleven, 1).await, [profile(1, 1).id, profile(1, 2).id]);
    assert_eq!(lent(&world, &twelve, 1).await, [profile(1, 2).id]);
    for stranger in [permit(Action::SeeSigning, 1), permit(Action::SeeSigning, 2)] {
        assert!(lent(&world, &stranger, 1).await.is_empty());
    }
    let mut tx = world.store.read_for(&twelve).await.expect("begins");
    let not_theirs = tx.profile_to_use(&twelve, profile(1, 1).id, at(1)).await;
    assert!(matches!(not_theirs, Err(StoreError::NotFound)), "{not_theirs:?}");
    // Its owner has it as its own.
    let mut tx = world.store.read_for(&may).await.expect("begins");
    let own = tx.profile_to_use(&may, profile(1, 1).id, at(1)).await.expect("found");
    assert!(!own.permit.is_lent() && own.profile == profile(1, 1));
    assert_eq!(tx.profile_content_to_use(&own.permit).await.expect("found"), b"file 1");
    let foreign = tx.profile_to_use(&may, profile(2, 1).id, at(1)).await;
    assert!(matches!(foreign, Err(StoreError::NotFound)), "{foreign:?}");
    let reach = tx.reach_of_profiles(&may, at(1)).await.expect("counted");
    let (chosen, all) = (Reach { all: false, chosen: 1 }, Reach { all: true, chosen: 0 });
    assert_eq!(
        reach.into_iter().collect::<Vec<_>>(),
        [(profile(1, 1).id, chosen), (profile(1, 2).id, all)]
    );
    assert!(tx.reach_of_certificates(&may, at(1)).await.expect("counted").is_empty());
}

async fn a_share_of_a_profile_stops_by_itself_and_goes_with_it(world: World) {
    let may = furnish(&world).await;
    let they = permit_below(Action::SeeSigning, 1, 11);
    put(&world, &may, &share(item(1), ShareTarget::All, None)).await;
    put(&world, &may, &share(item(1), ShareTarget::Chosen(id("org", 11)), Some(at(10)))).await;
    assert_eq!(lent(&world, &they, 9).await, [profile(1, 1).id]);
    assert!(
        lent(&world, &they, 10).await.is_empty(),
        "its own share decides, also when it has stopped"
    );
    let mut tx = world.store.begin_for(&may).await.expect("begins");
    tx.remove_profile(&may, profile(1, 1).id).await.expect("removed");
    assert!(tx.shares_of(&may, item(1)).await.expect("asked").is_empty());
    assert!(tx.reach_of_profiles(&may, at(1)).await.expect("counted").is_empty());
}

async fn what_is_lent_is_held_and_not_changed(world: World) {
    let may = furnish(&world).await;
    let they = permit_below(Action::EditProfiles, 1, 11);
    let of_certificate = Shareable::Certificate(certificate(1, 1).id);
    for item in [item(1), of_certificate] {
        put(&world, &may, &share(item, ShareTarget::All, None)).await;
    }
    let mut tx = world.store.begin_for(&they).await.expect("begins");
    let used = tx.lock_profile_to_use(&they, profile(1, 1).id, at(1)).await.expect("held");
    assert_eq!(used.profile, profile(1, 1));
    let held = tx.lock_certificate_to_use(&they, certificate(1, 1).id, at(1)).await.expect("held");
    assert_eq!(held.certificate, certificate(1, 1));
    let not_lent = tx.lock_profile_to_use(&they, profile(1, 2).id, at(1)).await;
    assert!(matches!(not_lent, Err(StoreError::NotFound)), "{not_lent:?}");
    let removed = tx.remove_profile(&they, used.profile.id).await;
    let locked = tx.lock_profile(&they, used.profile.id).await;
    let replaced = tx.replace_profile(&they, &used.profile, b"ours").await;
    assert!(matches!(removed, Err(StoreError::NotFound)), "{removed:?}");
    assert!(matches!(locked, Err(StoreError::NotFound)), "{locked:?}");
    assert!(matches!(replaced, Err(StoreError::NotFound)), "{replaced:?}");
    // Nor does a permit for one kind open another.
    let as_profile = tx.profile_content_to_use(&held.permit).await;
    assert!(matches!(as_profile, Err(StoreError::NotFound)), "{as_profile:?}");
    drop(tx);
    assert_eq!(lent(&world, &they, 1).await, [profile(1, 1).id], "its share is still there");
}

async fn the_private_key_of_a_lent_certificate_is_reached_by_its_permit_alone(world: World) {
    let may = furnish(&world).await;
    let they = permit_below(Action::UseSigningSets, 1, 11);
    let lent = Shareable::Certificate(certificate(1, 1).id);
    put(&world, &may, &share(lent, ShareTarget::Chosen(id("org", 11)), None)).await;
    let owner = may.organization().to_string();
    let secret = |number| certificate(1, number).private_key.expect("it has one").to_string();
    let mut tx = world.store.begin_for(&they).await.expect("begins");
    let used = tx.lock_certificate_to_use(&they, certificate(1, 1).id, at(1)).await.expect("lent");
    let found = tx
        .secret_of_certificate(&used.permit, &place(&owner, &secret(1)))
        .await
        .expect("found");
    assert_eq!(found, sealed("secret 1"));
    tx.ring_of_item(&used.permit).await.expect("found");
    let their_own = they.organization().to_string();
    for wrong in [place(&owner, &secret(2)), place(&their_own, &secret(1))] {
        let refused = tx.secret_of_certificate(&used.permit, &wrong).await;
        assert!(matches!(refused, Err(StoreError::NotFound)), "{refused:?}");
    }
    // The permit for a profile opens no certificate.
    drop(tx);
    put(&world, &may, &share(item(1), ShareTarget::All, None)).await;
    let mut tx = world.store.begin_for(&they).await.expect("begins");
    let used = tx.profile_to_use(&they, profile(1, 1).id, at(1)).await.expect("lent");
    let refused = tx.secret_of_certificate(&used.permit, &place(&owner, &secret(1))).await;
    assert!(matches!(refused, Err(StoreError::NotFound)), "{refused:?}");
    drop(tx);
    // Neither is found by the others below, nor by this one once the share is gone.
    let twelve = permit_below(Action::UseSigningSets, 1, 12);
    let mut tx = world.store.begin_for(&twelve).await.expect("begins");
    let refused = tx.lock_certificate_to_use(&twelve, certificate(1, 1).id, at(1)).await;
    assert!(matches!(refused, Err(StoreError::NotFound)), "{refused:?}");
    drop(tx);
    let mut tx = world.store.begin_for(&may).await.expect("begins");
    assert!(tx.take_share(&may, lent, ShareTarget::Chosen(id("org", 11))).await.expect("taken"));
    tx.commit().await.expect("kept");
    let mut tx = world.store.begin_for(&they).await.expect("begins");
    let refused = tx.lock_certificate_to_use(&they, certificate(1, 1).id, at(1)).await;
    assert!(matches!(refused, Err(StoreError::NotFound)), "{refused:?}");
}

async fn a_set_below_points_at_what_its_root_lends(world: World) {
    let may = furnish(&world).await;
    let they = permit_below(Action::EditSigningSets, 1, 11);
    let of_certificate = Shareable::Certificate(certificate(1, 1).id);
    for item in [item(1), of_certificate] {
        put(&world, &may, &share(item, ShareTarget::All, None)).await;
    }
    let mut theirs = set(1, 1);
    (theirs.organization, theirs.api_key) = (they.organization(), None);
    let picked = SetItem {
        identifier: profile(1, 1).bundle_identifier,
        certificate: Some(certificate(1, 1).id),
        profile: Some(profile(1, 1).id),
        seen_at: None,
        below_seen_at: None,
    };
    let mut tx = world.store.begin_for(&they).await.expect("begins");
    tx.insert_signing_set(&they, &theirs).await.expect("inserted");
    tx.put_set_item(&they, theirs.id, &picked).await.expect("put");
    tx.commit().await.expect("kept");
    let mut tx = world.store.read_for(&they).await.expect("begins");
    assert_eq!(tx.set_items(&they, theirs.id).await.expect("listed"), std::slice::from_ref(&picked));
    // What a set of theirs points at is no reason to find it.
    assert!(tx.certificates_of_set(&they, theirs.id).await.expect("asked").is_empty());
    assert!(tx.profiles_of_set(&they, theirs.id).await.expect("asked").is_empty());
    let named = tx.sets_of_certificate(&they, certificate(1, 1).id).await.expect("asked");
    assert_eq!(named, [theirs.clone()]);
    drop(tx);
    // The owner removes both, and knows nothing of the set; it forgets them.
    let mut tx = world.store.begin_for(&may).await.expect("begins");
    assert!(tx.sets_of_profile(&may, profile(1, 1).id).await.expect("asked").is_empty());
    tx.remove_profile(&may, profile(1, 1).id).await.expect("removed");
    tx.delete_certificate(&may, certificate(1, 1).id).await.expect("removed");
    tx.commit().await.expect("kept");
    let mut tx = world.store.read_for(&they).await.expect("begins");
    let left = SetItem {
        certificate: None,
        profile: None,
        ..picked
    };
    assert_eq!(tx.set_items(&they, theirs.id).await.expect("listed"), [left]);
}
