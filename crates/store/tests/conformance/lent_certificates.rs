//! Certificates that a root organization lends: who finds them, and what stays out of reach.

use domain::{Action, CertificateId, Permit, Share, ShareLimits, ShareTarget, Shareable, Subject};
use jiff::Timestamp;
use store::{Reach, StoreError};
use vault::{Place, WrappedRing};

use crate::certificates::certificate;
use crate::world::{World, at, id, key, on_both, permit, permit_below, sealed, sub};

on_both![
    a_lent_certificate_is_found_below_and_nowhere_else,
    a_share_of_a_certificate_stops_by_itself,
    what_is_lent_is_not_changed_and_its_private_key_not_reached,
    how_far_certificates_are_shared_is_told_apart_from_keys,
];

fn item(number: u32) -> Shareable {
    Shareable::Certificate(certificate(1, number).id)
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

/// Organization 1 with certificates 1 and 2, and with the sub-organizations 11 and 12; organization 2 with certificate 1.
async fn furnish(world: &World) -> Permit {
    let may = permit(Action::ShareCertificate, 1);
    let mut tx = world.store.begin_over_all().await.expect("begins");
    for number in [11, 12] {
        tx.create_organization(&sub(1, number), &WrappedRing::from_bytes(vec![number as u8; 8]))
            .await
            .expect("made");
    }
    tx.insert_key(&may, &key(1, 1)).await.expect("inserted");
    for number in [1, 2] {
        tx.insert_certificate(&may, &certificate(1, number)).await.expect("inserted");
    }
    let (owner, object) = (
        may.organization().to_string(),
        certificate(1, 1).private_key.expect("it has one").to_string(),
    );
    tx.put_secret(&may, &place(&owner, &object), &sealed("s")).await.expect("put");
    let theirs = permit(Action::ImportCertificate, 2);
    tx.insert_key(&theirs, &key(2, 1)).await.expect("inserted");
    tx.insert_certificate(&theirs, &certificate(2, 1)).await.expect("inserted");
    tx.commit().await.expect("kept");
    may
}

async fn put(world: &World, may: &Permit, new: &Share) {
    let mut tx = world.store.begin_for(may).await.expect("begins");
    tx.put_share(may, new).await.expect("shared");
    tx.commit().await.expect("kept");
}

/// What is lent to somebody at this second, in transactions of their own.
async fn lent(world: &World, they: &Permit, second: i64) -> Vec<CertificateId> {
    let mut tx = world.store.read_for(they).await.expect("begins");
    let listed = tx.lent_certificates(they, at(second)).await.expect("listed");
    for one in &listed {
        let mut alone = world.store.read_for(they).await.expect("begins");
        let found = alone.certificate_to_use(they, one.certificate.id, at(second)).await.expect("found");
        assert_eq!(&found, one, "the list and the single certificate tell the same");
        assert_eq!((found.permit.owner(), found.permit.user()), (id("org", 1), they.organization()));
        assert!(found.permit.is_lent());
    }
    listed.into_iter().map(|one| one.certificate.id).collect()
}

async fn a_lent_certificate_is_found_below_and_nowhere_else(world: World) {
    let may = furnish(&world).await;
    let (eleven, twelve) = (permit_below(Action::SeeSigning, 1, 11), permit_below(Action::SeeSigning, 1, 12));
    assert!(lent(&world, &eleven, 1).await.is_empty());
    put(&world, &may, &share(item(1), ShareTarget::Chosen(id("org", 11)), None)).await;
    put(&world, &may, &share(item(2), ShareTarget::All, None)).await;
    // Soonest expiry first: the second ends earlier.
    assert_eq!(lent(&world, &eleven, 1).await, [certificate(1, 2).id, certificate(1, 1).id]);
    assert_eq!(lent(&world, &twelve, 1).await, [certificate(1, 2).id]);
    for stranger in [permit(Action::SeeSigning, 1), permit(Action::SeeSigning, 2)] {
        assert!(lent(&world, &stranger, 1).await.is_empty());
    }
    let mut tx = world.store.read_for(&twelve).await.expect("begins");
    let not_theirs = tx.certificate_to_use(&twelve, certificate(1, 1).id, at(1)).await;
    assert!(matches!(not_theirs, Err(StoreError::NotFound)), "{not_theirs:?}");
    // Its owner has it as its own.
    let mut tx = world.store.read_for(&may).await.expect("begins");
    let own = tx.certificate_to_use(&may, certificate(1, 1).id, at(1)).await.expect("found");
    assert!(!own.permit.is_lent() && own.certificate == certificate(1, 1));
    let foreign = tx.certificate_to_use(&may, certificate(2, 1).id, at(1)).await;
    assert!(matches!(foreign, Err(StoreError::NotFound)), "{foreign:?}");
}

async fn a_share_of_a_certificate_stops_by_itself(world: World) {
    let may = furnish(&world).await;
    let they = permit_below(Action::SeeSigning, 1, 11);
    put(&world, &may, &share(item(1), ShareTarget::All, None)).await;
    put(&world, &may, &share(item(1), ShareTarget::Chosen(id("org", 11)), Some(at(10)))).await;
    assert_eq!(lent(&world, &they, 9).await, [certificate(1, 1).id]);
    assert!(
        lent(&world, &they, 10).await.is_empty(),
        "its own share decides, also when it has stopped"
    );
}

async fn what_is_lent_is_not_changed_and_its_private_key_not_reached(world: World) {
    let may = furnish(&world).await;
    let they = permit_below(Action::EditCertificate, 1, 11);
    put(&world, &may, &share(item(1), ShareTarget::All, None)).await;
    let mut tx = world.store.begin_for(&they).await.expect("begins");
    let used = tx.certificate_to_use(&they, certificate(1, 1).id, at(1)).await.expect("lent");
    let renamed = tx.rename_certificate(&they, used.certificate.id, "Theirs").await;
    let deleted = tx.delete_certificate(&they, used.certificate.id).await;
    let locked = tx.lock_certificate(&they, used.certificate.id).await;
    assert!(
        matches!((&renamed, &deleted), (Err(StoreError::NotFound), Err(StoreError::NotFound))),
        "{renamed:?} {deleted:?}"
    );
    assert!(matches!(locked, Err(StoreError::NotFound)), "{locked:?}");
    let (owner, object) = (
        used.permit.owner().to_string(),
        used.certificate.private_key.expect("it has one").to_string(),
    );
    let secret = tx.secret(&they, &place(&owner, &object)).await;
    assert!(matches!(secret, Err(StoreError::NotFound)), "the place of another organization");
    // A permit for a certificate opens no key.
    let as_key = tx.lock_key(&used.permit).await;
    assert!(matches!(as_key, Err(StoreError::NotFound)), "{as_key:?}");
}

async fn how_far_certificates_are_shared_is_told_apart_from_keys(world: World) {
    let may = furnish(&world).await;
    put(&world, &may, &share(item(1), ShareTarget::Chosen(id("org", 11)), None)).await;
    put(&world, &may, &share(item(1), ShareTarget::Chosen(id("org", 12)), Some(at(5)))).await;
    put(&world, &may, &share(Shareable::ApiKey(key(1, 1).id), ShareTarget::All, None)).await;
    let mut tx = world.store.read_for(&may).await.expect("begins");
    let certificates = tx.reach_of_certificates(&may, at(1)).await.expect("counted");
    assert_eq!(
        certificates.into_iter().collect::<Vec<_>>(),
        [(certificate(1, 1).id, Reach { all: false, chosen: 2 })]
    );
    let later = tx.reach_of_certificates(&may, at(5)).await.expect("counted");
    assert_eq!(later[&certificate(1, 1).id].chosen, 1);
    let keys = tx.reach_of_keys(&may, at(1)).await.expect("counted");
    assert_eq!(
        keys.into_iter().collect::<Vec<_>>(),
        [(key(1, 1).id, Reach { all: true, chosen: 0 })]
    );
    let they = permit(Action::ShareCertificate, 2);
    assert!(tx.reach_of_certificates(&they, at(1)).await.expect("counted").is_empty());
}
