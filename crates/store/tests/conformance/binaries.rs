//! Binaries and those on their way.

use domain::binary::{BundleInside, Contents};
use domain::{Action, BinaryKind, BinaryUpload, HeldBinary, Subject};
use store::{BinaryFilter, Paging, StoreError};

use crate::world::{World, at, id, on_both, permit};

on_both![
    a_binary_comes_back_as_it_went_in,
    binaries_are_searched_and_listed_newest_first,
    a_mark_and_a_removal_are_ones_own,
    an_upload_grows_and_ends,
    uploads_that_nobody_goes_on_with_are_forgotten,
    parts_that_arrived_are_noted_once,
    old_binaries_are_those_that_nobody_sent_or_marked,
];

pub(crate) fn binary(organization: u32, number: u32) -> HeldBinary {
    HeldBinary {
        id: id("bin", organization * 1000 + number),
        organization: id("org", organization),
        file_name: format!("Tern-{number}.ipa"),
        kind: BinaryKind::Ipa,
        size: 7_000_000_000,
        sha256: format!("{number:064x}"),
        contents: Some(Contents {
            app: BundleInside {
                kind: "app".to_owned(),
                path: "Payload/Tern.app".to_owned(),
                bundle_id: format!("com.example.tern{}", number % 2),
                name: "Tern 100%".to_owned(),
                version: "2.1".to_owned(),
                build_number: number.to_string(),
                platform: Some("IOS".to_owned()),
                minimum_os: None,
                architectures: vec!["arm64".to_owned()],
                uses_non_exempt_encryption: Some(false),
                purposes: [("NSCameraUsageDescription".to_owned(), "To scan.".to_owned())].into(),
                profile: Some(Err("It is damaged.".to_owned())),
            },
            nested: vec![],
        }),
        has_icon: true,
        is_release_candidate: false,
        uploaded_by: Subject::User(id("user", organization)),
        uploaded_at: at(i64::from(number)),
    }
}

fn upload(organization: u32, number: u32) -> BinaryUpload {
    BinaryUpload {
        id: id("bup", organization * 1000 + number),
        organization: id("org", organization),
        file_name: "Tern.ipa".to_owned(),
        size: 5_000_000_000,
        received: 0,
        sha256: Some(format!("{number:064x}")),
        created_by: Subject::User(id("user", organization)),
        created_at: at(0),
        touched_at: at(i64::from(number)),
    }
}

async fn a_binary_comes_back_as_it_went_in(world: World) {
    let may = permit(Action::UploadBinary, 1);
    let they = permit(Action::UploadBinary, 2);
    let package = HeldBinary {
        kind: BinaryKind::Pkg,
        contents: None,
        has_icon: false,
        ..binary(1, 2)
    };
    let mut tx = world.store.begin_for(&may).await.expect("begins");
    tx.insert_binary(&may, &binary(1, 1), Some(b"png")).await.expect("inserted");
    tx.insert_binary(&may, &package, None).await.expect("inserted");
    for one in [binary(1, 1), package] {
        assert_eq!(tx.binary(&may, one.id).await.expect("found"), one);
        assert_eq!(tx.binary_with(&may, &one.sha256).await.expect("looked"), Some(one.clone()));
    }
    assert_eq!(
        tx.icon_of_binary(&may, binary(1, 1).id).await.expect("found").as_deref(),
        Some(&b"png"[..])
    );
    assert_eq!(tx.icon_of_binary(&may, binary(1, 2).id).await.expect("found"), None);
    tx.commit().await.expect("kept");
    let mut tx = world.store.read_for(&they).await.expect("begins");
    let foreign = tx.binary(&they, binary(1, 1).id).await;
    assert!(matches!(foreign, Err(StoreError::NotFound)), "{foreign:?}");
    assert_eq!(tx.binary_with(&they, &binary(1, 1).sha256).await.expect("looked"), None);
}

async fn binaries_are_searched_and_listed_newest_first(world: World) {
    let may = permit(Action::SeeBinaries, 1);
    let mut tx = world.store.begin_for(&may).await.expect("begins");
    for number in 1..=5 {
        tx.insert_binary(&may, &binary(1, number), None).await.expect("inserted");
    }
    let bare = |number| HeldBinary {
        has_icon: false,
        ..binary(1, number)
    };
    let all = BinaryFilter::default();
    let first = tx.binaries(&may, &all, &Paging::first(2)).await.expect("listed");
    assert_eq!(first.items, [bare(5), bare(4)]);
    let next = Paging::after(first.next.expect("more"), 2);
    assert_eq!(tx.binaries(&may, &all, &next).await.expect("listed").items, [bare(3), bare(2)]);
    let found = async |tx: &mut store::Tx, search: Option<&str>, identifier: Option<&str>| -> Vec<String> {
        let filter = BinaryFilter {
            search: search.map(str::to_owned),
            identifier: identifier.map(str::to_owned),
        };
        let page = tx.binaries(&may, &filter, &Paging::first(10)).await.expect("listed");
        page.items.into_iter().map(|one| one.file_name).collect()
    };
    assert_eq!(found(&mut tx, Some("tern-3"), None).await, ["Tern-3.ipa"]);
    assert_eq!(
        found(&mut tx, Some("100%"), Some("com.example.tern0")).await,
        ["Tern-4.ipa", "Tern-2.ipa"]
    );
    assert!(found(&mut tx, Some("1_0"), None).await.is_empty(), "nothing is a wildcard");
    assert!(found(&mut tx, None, Some("com.example")).await.is_empty(), "an identifier is whole");
}

async fn a_mark_and_a_removal_are_ones_own(world: World) {
    let may = permit(Action::MarkReleaseCandidate, 1);
    let they = permit(Action::MarkReleaseCandidate, 2);
    let one = binary(1, 1);
    let mut tx = world.store.begin_for(&may).await.expect("begins");
    tx.insert_binary(&may, &one, None).await.expect("inserted");
    tx.mark_binary(&may, one.id, true).await.expect("marked");
    assert!(tx.binary(&may, one.id).await.expect("found").is_release_candidate);
    tx.commit().await.expect("kept");
    let mut tx = world.store.begin_for(&they).await.expect("begins");
    for foreign in [tx.mark_binary(&they, one.id, false).await, tx.delete_binary(&they, one.id).await] {
        assert!(matches!(foreign, Err(StoreError::NotFound)), "{foreign:?}");
    }
    drop(tx);
    let mut everything = world.store.begin_over_all().await.expect("begins");
    assert!(everything.is_held_binary(one.organization, one.id).await.expect("looked"));
    assert!(
        !everything.is_held_binary(id("org", 2), one.id).await.expect("looked"),
        "not of another"
    );
    drop(everything);
    let mut tx = world.store.begin_for(&may).await.expect("begins");
    tx.delete_binary(&may, one.id).await.expect("deleted");
    let gone = tx.binary(&may, one.id).await;
    assert!(matches!(gone, Err(StoreError::NotFound)), "{gone:?}");
}

async fn an_upload_grows_and_ends(world: World) {
    let may = permit(Action::UploadBinary, 1);
    let they = permit(Action::UploadBinary, 2);
    let new = upload(1, 1);
    let sha256 = new.sha256.clone().expect("announced");
    let mut tx = world.store.begin_for(&may).await.expect("begins");
    assert_eq!(tx.uploads_on_their_way(&may).await.expect("summed"), (0, 0));
    tx.begin_binary_upload(&may, &new).await.expect("begun");
    tx.begin_binary_upload(&may, &upload(1, 2)).await.expect("begun");
    assert_eq!(tx.uploads_on_their_way(&may).await.expect("summed"), (2, 10_000_000_000));
    tx.note_received(&may, new.id, 4_500_000_000, at(50)).await.expect("noted");
    let grown = BinaryUpload {
        received: 4_500_000_000,
        touched_at: at(50),
        ..new.clone()
    };
    assert_eq!(tx.binary_upload(&may, new.id).await.expect("found"), grown);
    let same = tx.binary_upload_with(&may, &sha256, new.size, new.created_by).await;
    assert_eq!(same.expect("looked"), Some(grown));
    for (size, by) in [(new.size - 1, new.created_by), (new.size, Subject::User(id("user", 2)))] {
        let other = tx.binary_upload_with(&may, &sha256, size, by).await;
        assert_eq!(other.expect("looked"), None, "of another size, or of somebody else");
    }
    tx.commit().await.expect("kept");
    let mut tx = world.store.begin_for(&they).await.expect("begins");
    assert_eq!(tx.uploads_on_their_way(&they).await.expect("summed"), (0, 0));
    let foreign = tx.note_received(&they, new.id, 1, at(0)).await;
    assert!(matches!(foreign, Err(StoreError::NotFound)), "{foreign:?}");
    drop(tx);
    let mut tx = world.store.begin_for(&may).await.expect("begins");
    tx.cut_binary_upload(&may, new.id).await.expect("cut");
    assert_eq!(tx.binary_upload(&may, new.id).await.expect("found").size, 4_500_000_000);
    tx.end_binary_upload(&may, new.id).await.expect("ended");
    let gone = tx.binary_upload(&may, new.id).await;
    assert!(matches!(gone, Err(StoreError::NotFound)), "{gone:?}");
}

async fn uploads_that_nobody_goes_on_with_are_forgotten(world: World) {
    let may = permit(Action::UploadBinary, 1);
    let mut tx = world.store.begin_over_all().await.expect("begins");
    for number in [10, 20] {
        tx.begin_binary_upload(&may, &upload(1, number)).await.expect("begun");
    }
    tx.forget_binary_uploads(at(20)).await.expect("forgotten");
    assert!(!tx.is_binary_upload(upload(1, 10).id).await.expect("looked"));
    assert!(tx.is_binary_upload(upload(1, 20).id).await.expect("looked"));
}

async fn parts_that_arrived_are_noted_once(world: World) {
    let may = permit(Action::SendBuild, 1);
    let they = permit(Action::SendBuild, 2);
    let mut tx = world.store.begin_for(&may).await.expect("begins");
    for (offset, length) in [(5_000_000_000, 7), (0, 5_000_000_000), (0, 5_000_000_000)] {
        tx.note_part(&may, "file", offset, length).await.expect("noted");
    }
    tx.note_part(&may, "another", 0, 1).await.expect("noted");
    let parts = tx.parts_of(&may, "file").await.expect("read");
    assert_eq!(parts, [(0, 5_000_000_000), (5_000_000_000, 7)]);
    tx.commit().await.expect("kept");
    let mut tx = world.store.begin_for(&they).await.expect("begins");
    assert!(tx.parts_of(&they, "file").await.expect("read").is_empty());
    tx.forget_parts(&they, "file").await.expect("forgotten");
    tx.commit().await.expect("kept");
    let mut tx = world.store.begin_for(&may).await.expect("begins");
    assert_eq!(tx.parts_of(&may, "file").await.expect("read").len(), 2, "of others");
    tx.forget_parts(&may, "file").await.expect("forgotten");
    assert!(tx.parts_of(&may, "file").await.expect("read").is_empty());
    assert_eq!(tx.parts_of(&may, "another").await.expect("read").len(), 1);
}

async fn old_binaries_are_those_that_nobody_sent_or_marked(world: World) {
    let may = permit(Action::SetBinaryRetention, 1);
    let they = permit(Action::SetBinaryRetention, 2);
    let mut tx = world.store.begin_for(&may).await.expect("begins");
    assert_eq!(tx.binary_days(&may).await.expect("looked"), 0);
    for number in 1..=5 {
        tx.insert_binary(&may, &binary(1, number), None).await.expect("inserted");
    }
    tx.note_binary_sent(&may, binary(1, 1).id, at(100)).await.expect("noted");
    tx.mark_binary(&may, binary(1, 2).id, true).await.expect("marked");
    tx.set_binary_days(&may, 30).await.expect("set");
    assert_eq!(tx.binary_days(&may).await.expect("looked"), 30);
    let old = |before: i64, most: u32| (at(before), most);
    for ((before, most), expected) in [(old(5, 9), vec![3, 4]), (old(5, 1), vec![3]), (old(101, 9), vec![1, 3, 4, 5])] {
        let found = tx.lock_old_binaries(&may, before, most).await.expect("looked");
        let expected: Vec<_> = expected.into_iter().map(|number| binary(1, number).id).collect();
        assert_eq!(found.iter().map(|one| one.id).collect::<Vec<_>>(), expected);
    }
    tx.commit().await.expect("kept");
    let mut tx = world.store.begin_for(&they).await.expect("begins");
    assert!(tx.lock_old_binaries(&they, at(1_000), 9).await.expect("looked").is_empty());
    let foreign = tx.note_binary_sent(&they, binary(1, 3).id, at(1)).await;
    assert!(matches!(foreign, Err(StoreError::NotFound)), "{foreign:?}");
    drop(tx);
    let mut everything = world.store.read_over_all().await.expect("begins");
    assert_eq!(
        everything.organizations_that_clear_binaries().await.expect("looked"),
        [id("org", 1)]
    );
}
