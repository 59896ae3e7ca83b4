//! Certificates held by an organization.

use domain::{Action, CertificateType, HeldCertificate, ItemOrigin, certificate::AutomaticRenewal};
use store::{CertificateFilter, CertificateOrder, Conflict, Paging, StoreError};

use crate::world::{World, at, id, key, of, on_both, permit};

on_both![
    a_certificate_comes_back_as_it_went_in,
    the_same_certificate_is_held_once,
    certificates_are_found_by_what_apple_shows,
    certificates_that_came_lately_are_found,
    a_certificate_outlives_its_key,
    a_certificate_gets_another_name_and_is_found_by_it,
    a_wish_for_automatic_renewal_is_kept_until_it_is_taken_back,
];

/// The `number`-th certificate, made through the organization's first key.
pub(crate) fn certificate(organization: u32, number: u32) -> HeldCertificate {
    HeldCertificate {
        id: id("cert", organization * 1000 + number),
        organization: id("org", organization),
        api_key: Some(key(organization, 1).id),
        apple_id: Some(format!("APPLE{number:05}")),
        certificate_type: CertificateType::of_apple("DISTRIBUTION"),
        name: "Apple Distribution: Example Oy (TEAM123456)".to_owned(),
        serial: format!("{number:032X}"),
        public_key_fingerprint: format!("{number:064x}"),
        sha1: format!("{number:040X}"),
        team_id: Some(of("TEAM123456")),
        der: vec![0x30, 0x00, 0xff, number as u8],
        expires_at: at(i64::from(1000 - number)),
        origin: ItemOrigin::Created,
        private_key: Some(id("sec", number)),
        added_at: at(0),
        revoked_at: None,
    }
}

async fn a_certificate_comes_back_as_it_went_in(world: World) {
    let may = permit(Action::CreateCertificate, 1);
    let mut bare = certificate(1, 2);
    bare.api_key = None;
    bare.apple_id = None;
    bare.team_id = None;
    bare.private_key = None;
    bare.origin = ItemOrigin::Uploaded;
    bare.certificate_type = CertificateType::of_apple("A_TYPE_OF_NEXT_YEAR");
    let mut tx = world.store.begin_over_all().await.expect("begins");
    tx.insert_key(&may, &key(1, 1)).await.expect("inserted");
    for one in [certificate(1, 1), bare] {
        tx.insert_certificate(&may, &one).await.expect("inserted");
        assert_eq!(tx.certificate(&may, one.id).await.expect("found"), one);
    }
}

async fn the_same_certificate_is_held_once(world: World) {
    let may = permit(Action::CreateCertificate, 1);
    let mut tx = world.store.begin_over_all().await.expect("begins");
    tx.insert_key(&may, &key(1, 1)).await.expect("inserted");
    tx.insert_certificate(&may, &certificate(1, 1)).await.expect("inserted");
    let mut twin = certificate(1, 2);
    twin.sha1 = certificate(1, 1).sha1;
    let refused = tx.insert_certificate(&may, &twin).await;
    assert!(matches!(refused, Err(StoreError::Conflict(Conflict::Certificate))), "{refused:?}");
    let other = permit(Action::CreateCertificate, 2);
    tx.insert_key(&other, &key(2, 1)).await.expect("inserted");
    tx.insert_certificate(&other, &certificate(2, 1))
        .await
        .expect("another organization may hold it too");
}

async fn certificates_are_found_by_what_apple_shows(world: World) {
    let may = permit(Action::SeeSigning, 1);
    let mut tx = world.store.begin_over_all().await.expect("begins");
    tx.insert_key(&may, &key(1, 1)).await.expect("inserted");
    let mut without_key = certificate(1, 2);
    without_key.private_key = None;
    tx.insert_certificate(&may, &certificate(1, 1)).await.expect("inserted");
    tx.insert_certificate(&may, &without_key).await.expect("inserted");
    for number in 3..50 {
        tx.insert_certificate(&may, &certificate(1, number)).await.expect("inserted");
    }
    let found = tx.certificate_by_sha1(&may, &without_key.sha1).await.expect("asked");
    assert_eq!(found, Some(without_key.clone()));
    assert_eq!(tx.certificate_by_sha1(&may, "no such").await.expect("asked"), None);

    let known = [
        without_key.serial.clone(),
        certificate(1, 1).public_key_fingerprint,
        "no such".to_owned(),
    ];
    let mut found = tx.certificates_known_by(&may, &known).await.expect("asked");
    found.sort_by_key(|here| here.id);
    let told: Vec<_> = found.iter().map(|here| (here.id, here.key_held)).collect();
    assert_eq!(told, [(certificate(1, 1).id, true), (without_key.id, false)]);
    let all: Vec<String> = (1..50).map(|number| certificate(1, number).serial).collect();
    assert_eq!(
        tx.certificates_known_by(&may, &all).await.expect("asked").len(),
        49,
        "more than one statement asks for"
    );
    assert!(tx.certificates_known_by(&may, &[]).await.expect("asked").is_empty());
    let they = permit(Action::SeeSigning, 2);
    assert!(tx.certificates_known_by(&they, &all).await.expect("asked").is_empty());
}

async fn certificates_that_came_lately_are_found(world: World) {
    let may = permit(Action::CreateCertificate, 1);
    let mut tx = world.store.begin_over_all().await.expect("begins");
    tx.insert_key(&may, &key(1, 1)).await.expect("inserted");
    let lately = HeldCertificate {
        added_at: at(5),
        ..certificate(1, 2)
    };
    let without_key = HeldCertificate {
        added_at: at(5),
        private_key: None,
        ..certificate(1, 3)
    };
    for one in [&certificate(1, 1), &lately, &without_key] {
        tx.insert_certificate(&may, one).await.expect("inserted");
    }
    assert_eq!(tx.certificates_since(&may, at(5)).await.expect("listed"), [lately]);
    assert!(tx.certificates_since(&may, at(6)).await.expect("listed").is_empty());
    let end = certificate(1, 1).expires_at;
    let types = tx.types_to_sign_with(&may, at(0)).await.expect("listed");
    assert_eq!(types, [certificate(1, 1).certificate_type]);
    assert!(
        tx.types_to_sign_with(&may, end).await.expect("listed").is_empty(),
        "they have ended"
    );
    let stranger = tx
        .note_revoked(&permit(Action::RevokeCertificate, 2), certificate(1, 1).id, at(6))
        .await;
    assert!(matches!(stranger, Err(StoreError::NotFound)), "{stranger:?}");
    for number in [1, 2] {
        tx.note_revoked(&may, certificate(1, number).id, at(6)).await.expect("noted");
    }
    assert_eq!(
        tx.certificate(&may, certificate(1, 1).id).await.expect("found").revoked_at,
        Some(at(6))
    );
    assert!(
        tx.types_to_sign_with(&may, at(0)).await.expect("listed").is_empty(),
        "they are revoked"
    );
    let they = permit(Action::CreateCertificate, 2);
    assert!(tx.certificates_since(&they, at(0)).await.expect("listed").is_empty());
    assert!(tx.types_to_sign_with(&they, at(0)).await.expect("listed").is_empty());
}

async fn a_certificate_outlives_its_key(world: World) {
    let may = permit(Action::RemoveKey, 1);
    let mut tx = world.store.begin_over_all().await.expect("begins");
    tx.insert_key(&may, &key(1, 1)).await.expect("inserted");
    tx.insert_certificate(&may, &certificate(1, 1)).await.expect("inserted");
    assert_eq!(
        tx.certificate_names_of_key(&may, key(1, 1).id).await.expect("listed"),
        [certificate(1, 1).name]
    );
    assert_eq!(
        tx.key_dependents(&may, key(1, 1).id).await.expect("asked")[&may.organization()].certificates,
        1
    );
    tx.remove_key(&may, key(1, 1).id, "api_key").await.expect("removed");
    assert_eq!(tx.certificate(&may, certificate(1, 1).id).await.expect("found").api_key, None);
}

async fn a_certificate_gets_another_name_and_is_found_by_it(world: World) {
    let may = permit(Action::EditCertificate, 1);
    let mut tx = world.store.begin_for(&may).await.expect("begins");
    tx.insert_key(&may, &key(1, 1)).await.expect("inserted");
    for number in [1, 2] {
        tx.insert_certificate(&may, &certificate(1, number)).await.expect("inserted");
    }
    let held = tx.lock_certificate(&may, certificate(1, 1).id).await.expect("held");
    assert_eq!(held, certificate(1, 1));
    tx.rename_certificate(&may, held.id, "Übergabe").await.expect("renamed");
    let found = CertificateFilter {
        search: Some("ÜBERGABE".to_owned()),
        ..CertificateFilter::default()
    };
    let page = tx
        .certificates(&may, &found, (CertificateOrder::Name, false), &Paging::default())
        .await
        .expect("listed");
    assert_eq!(
        page.items.iter().map(|one| (one.id, one.name.as_str())).collect::<Vec<_>>(),
        [(held.id, "Übergabe")]
    );
    let they = permit(Action::EditCertificate, 2);
    let locked = tx.lock_certificate(&they, held.id).await;
    let renamed = tx.rename_certificate(&they, held.id, "Theirs").await;
    let deleted = tx.delete_certificate(&they, held.id).await;
    assert!(matches!(locked, Err(StoreError::NotFound)), "{locked:?}");
    assert!(
        matches!((&renamed, &deleted), (Err(StoreError::NotFound), Err(StoreError::NotFound))),
        "{renamed:?} {deleted:?}"
    );
}

async fn a_wish_for_automatic_renewal_is_kept_until_it_is_taken_back(world: World) {
    let may = permit(Action::CreateCertificate, 1);
    let held = HeldCertificate {
        api_key: None,
        ..certificate(1, 1)
    };
    let wish = AutomaticRenewal {
        certificate: held.id,
        key: None,
        days_before: 30,
        set_by: domain::Subject::User(id("user", 1)),
        set_at: at(5),
    };
    let mut tx = world.store.begin_for(&may).await.expect("begins");
    tx.insert_certificate(&may, &held).await.expect("inserted");
    assert_eq!(tx.automatic_renewal(id("org", 1), held.id).await.expect("asked"), None);
    for days_before in [14, 30] {
        let wish = AutomaticRenewal {
            days_before,
            ..wish.clone()
        };
        tx.set_automatic_renewal(&may, &wish).await.expect("kept");
    }
    assert_eq!(
        tx.automatic_renewal(id("org", 1), held.id).await.expect("asked"),
        Some(wish.clone())
    );
    assert_eq!(tx.automatic_renewal(id("org", 2), held.id).await.expect("asked"), None);
    let end = tx.certificate_end(id("org", 1), held.id).await.expect("asked");
    assert_eq!(end, (held.name.clone(), held.expires_at));
    assert!(matches!(tx.certificate_end(id("org", 2), held.id).await, Err(StoreError::NotFound)));
    assert!(tx.end_automatic_renewal(&may, held.id).await.expect("ended"));
    assert!(!tx.end_automatic_renewal(&may, held.id).await.expect("asked"));
    // It goes with its certificate.
    tx.set_automatic_renewal(&may, &wish).await.expect("kept");
    tx.delete_certificate(&may, held.id).await.expect("removed");
    assert_eq!(tx.automatic_renewal(id("org", 1), held.id).await.expect("asked"), None);
}
