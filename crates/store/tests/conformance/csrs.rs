//! Certificate signing requests, and private keys that several things have.

use domain::{Action, HeldCsr, Subject};
use store::{Paging, StoreError};
use vault::Place;

use crate::certificates::certificate;
use crate::world::{World, at, id, key, of, on_both, permit, sealed};

on_both![
    a_request_comes_back_as_it_went_in,
    requests_are_listed_newest_first_in_pages,
    a_private_key_is_found_by_its_public_key_wherever_it_is,
    a_private_key_goes_only_when_nothing_needs_it,
];

/// The `number`-th request of an organization. Its private key is that of the certificate of the same number.
pub(crate) fn csr(organization: u32, number: u32) -> HeldCsr {
    let certificate = certificate(organization, number);
    HeldCsr {
        id: id("csr", organization * 1000 + number),
        organization: id("org", organization),
        name: of(&format!("Request {number}")),
        email: Some(of("elin@halden.example")),
        country: Some("NO".to_owned()),
        pem: format!("-----BEGIN CERTIFICATE REQUEST-----\n{number}\n"),
        public_key_fingerprint: certificate.public_key_fingerprint,
        private_key: certificate.private_key.expect("it has one"),
        created_by: Subject::User(id("user", organization)),
        created_at: at(i64::from(number)),
        certificates: 0,
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

async fn a_request_comes_back_as_it_went_in(world: World) {
    let may = permit(Action::ManageCsrs, 1);
    let bare = HeldCsr {
        email: None,
        country: None,
        ..csr(1, 2)
    };
    let mut tx = world.store.begin_for(&may).await.expect("begins");
    for one in [csr(1, 1), bare] {
        tx.insert_csr(&may, &one).await.expect("inserted");
        assert_eq!(tx.csr(&may, one.id).await.expect("found"), one);
        assert_eq!(tx.lock_csr(&may, one.id).await.expect("held"), one);
    }
    tx.delete_csr(&may, csr(1, 2).id).await.expect("deleted");
    let gone = tx.csr(&may, csr(1, 2).id).await;
    assert!(matches!(gone, Err(StoreError::NotFound)), "{gone:?}");
    tx.commit().await.expect("kept");

    let they = permit(Action::ManageCsrs, 2);
    let mut tx = world.store.begin_over_all().await.expect("begins");
    let (read, held) = (tx.csr(&they, csr(1, 1).id).await, tx.lock_csr(&they, csr(1, 1).id).await);
    assert!(
        matches!((&read, &held), (Err(StoreError::NotFound), Err(StoreError::NotFound))),
        "{read:?} {held:?}"
    );
    let deleted = tx.delete_csr(&they, csr(1, 1).id).await;
    assert!(matches!(deleted, Err(StoreError::NotFound)), "{deleted:?}");
}

async fn requests_are_listed_newest_first_in_pages(world: World) {
    let may = permit(Action::ManageCsrs, 1);
    let mut tx = world.store.begin_for(&may).await.expect("begins");
    for number in 1..=3 {
        tx.insert_csr(&may, &csr(1, number)).await.expect("inserted");
    }
    tx.insert_key(&may, &key(1, 1)).await.expect("inserted");
    tx.insert_certificate(&may, &certificate(1, 2)).await.expect("inserted");
    let first = tx.csrs(&may, &Paging::first(2)).await.expect("listed");
    let told: Vec<_> = first.items.iter().map(|one| (one.id, one.certificates)).collect();
    assert_eq!(told, [(csr(1, 3).id, 0), (csr(1, 2).id, 1)], "one has its certificate");
    let next = first.next.expect("there is more");
    let second = tx.csrs(&may, &Paging::after(next, 2)).await.expect("listed");
    assert_eq!(second.items, [csr(1, 1)]);
    assert_eq!(second.next, None);
    let they = permit(Action::ManageCsrs, 2);
    assert!(tx.csrs(&they, &Paging::default()).await.expect("listed").items.is_empty());
}

async fn a_private_key_is_found_by_its_public_key_wherever_it_is(world: World) {
    let may = permit(Action::ManageCsrs, 1);
    let mut tx = world.store.begin_over_all().await.expect("begins");
    tx.insert_key(&may, &key(1, 1)).await.expect("inserted");
    tx.insert_csr(&may, &csr(1, 1)).await.expect("inserted");
    tx.insert_certificate(&may, &certificate(1, 2)).await.expect("inserted");
    let mut bare = certificate(1, 3);
    bare.private_key = None;
    tx.insert_certificate(&may, &bare).await.expect("inserted");
    for (number, found) in [
        (1, csr(1, 1).private_key.into()),
        (2, certificate(1, 2).private_key),
        (3, None),
        (4, None),
    ] {
        let fingerprint = certificate(1, number).public_key_fingerprint;
        assert_eq!(tx.lock_private_key(&may, &fingerprint).await.expect("asked"), found, "{number}");
        let they = permit(Action::ManageCsrs, 2);
        assert_eq!(tx.lock_private_key(&they, &fingerprint).await.expect("asked"), None, "{number}");
    }
    tx.join_private_key(&may, bare.id, csr(1, 1).private_key).await.expect("joined");
    assert_eq!(
        tx.certificate(&may, bare.id).await.expect("found").private_key,
        Some(csr(1, 1).private_key)
    );
    let again = tx.join_private_key(&may, bare.id, csr(1, 2).private_key).await;
    assert!(matches!(again, Err(StoreError::NotFound)), "a key is never replaced: {again:?}");
    let (mut nameless, seen_through) = (certificate(1, 5), key(1, 1).id);
    nameless.apple_id = None;
    tx.insert_certificate(&may, &nameless).await.expect("inserted");
    tx.set_apple_id(&may, nameless.id, "A1B2C3D4E5", seen_through).await.expect("set");
    let named = tx.certificate(&may, nameless.id).await.expect("found");
    assert_eq!((named.apple_id.as_deref(), named.api_key), (Some("A1B2C3D4E5"), Some(seen_through)));
    let again = tx.set_apple_id(&may, nameless.id, "Z9Z9Z9Z9Z9", seen_through).await;
    assert!(matches!(again, Err(StoreError::NotFound)), "Apple's id is for ever: {again:?}");
    let made_of_it = tx.certificates_of_private_key(&may, csr(1, 1).private_key).await.expect("listed");
    assert_eq!(made_of_it.iter().map(|one| one.id).collect::<Vec<_>>(), [bare.id]);
}

async fn a_private_key_goes_only_when_nothing_needs_it(world: World) {
    let may = permit(Action::ManageCsrs, 1);
    let (owner, secret) = (may.organization().to_string(), csr(1, 1).private_key);
    let object = secret.to_string();
    let mut tx = world.store.begin_for(&may).await.expect("begins");
    tx.insert_key(&may, &key(1, 1)).await.expect("inserted");
    tx.put_secret(&may, &place(&owner, &object), &sealed("s")).await.expect("put");
    tx.insert_csr(&may, &csr(1, 1)).await.expect("inserted");
    tx.insert_certificate(&may, &certificate(1, 1)).await.expect("inserted");
    assert_eq!(tx.holders_of_private_key(&may, secret).await.expect("counted"), 2);
    let elsewhere = permit(Action::ManageCsrs, 2);
    assert_eq!(tx.holders_of_private_key(&elsewhere, secret).await.expect("counted"), 0);
    assert!(
        !tx.delete_unneeded_private_key(&may, "signing_key", secret).await.expect("asked"),
        "both have it"
    );
    tx.delete_csr(&may, csr(1, 1).id).await.expect("deleted");
    assert!(
        !tx.delete_unneeded_private_key(&may, "signing_key", secret).await.expect("asked"),
        "the certificate has it"
    );
    tx.delete_certificate(&may, certificate(1, 1).id).await.expect("deleted");
    let they = permit(Action::ManageCsrs, 2);
    assert!(
        !tx.delete_unneeded_private_key(&they, "signing_key", secret).await.expect("asked"),
        "it is not theirs"
    );
    assert!(tx.delete_unneeded_private_key(&may, "signing_key", secret).await.expect("asked"));
    let gone = tx.secret(&may, &place(&owner, &object)).await;
    assert!(matches!(gone, Err(StoreError::NotFound)), "{gone:?}");
}
