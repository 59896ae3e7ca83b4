//! Provisioning profiles held by an organization.

use domain::{Action, DeviceRule, HeldProfile, ItemOrigin, ProfileStanding, ProfileType};
use store::{Conflict, Page, Paging, ProfileFilter, ProfileOrder, StoreError};

use crate::world::{World, at, id, key, of, on_both, permit};

on_both![
    a_profile_comes_back_as_it_went_in,
    the_same_profile_is_held_once,
    a_rebuilt_profile_takes_the_place_of_the_old_one,
    a_profile_that_left_apple_keeps_its_file,
    a_reference_has_everything_but_its_file,
    a_changed_capability_makes_the_profiles_of_its_bundle_id_invalid,
    profiles_are_found_by_their_certificates,
    profiles_are_listed_in_pages,
    a_profile_outlives_its_key_and_goes_with_its_parts,
];

/// The `number`-th profile, made through the organization's first key.
pub(crate) fn profile(organization: u32, number: u32) -> HeldProfile {
    HeldProfile {
        id: id("prof", organization * 1000 + number),
        organization: id("org", organization),
        api_key: Some(key(organization, 1).id),
        apple_id: Some(format!("PROFILE{number:03}")),
        name: format!("Profile {number:03}"),
        profile_type: ProfileType::of_apple("IOS_APP_ADHOC"),
        uuid: format!("6F7A0B1C-0000-4000-8000-{number:012}"),
        bundle_identifier: format!("com.example.app{number}"),
        team_id: Some(of("TEAM123456")),
        certificates: vec![format!("{number:064x}"), "ab".repeat(32)],
        serials: vec![format!("{number:X}"), "0ABC".to_owned()],
        devices: vec!["00008110-000A1B2C3D4E5F01".to_owned()],
        device_rule: DeviceRule::AllEnabled,
        is_reference: false,
        standing: ProfileStanding::Ready,
        created_at: at(-5),
        expires_at: at(i64::from(1000 - number)),
        origin: ItemOrigin::Created,
        added_at: at(0),
    }
}

/// A world with the first key and these profiles of organization 1.
async fn with(world: &World, numbers: std::ops::RangeInclusive<u32>) -> store::Tx {
    let may = permit(Action::EditProfiles, 1);
    let mut tx = world.store.begin_over_all().await.expect("begins");
    tx.insert_key(&may, &key(1, 1)).await.expect("inserted");
    for number in numbers {
        let file = format!("file {number}");
        tx.insert_profile(&may, &profile(1, number), file.as_bytes())
            .await
            .expect("inserted");
    }
    tx
}

async fn a_reference_has_everything_but_its_file(world: World) {
    let may = permit(Action::EditProfiles, 1);
    let mut tx = with(&world, 1..=1).await;
    let reference = HeldProfile {
        is_reference: true,
        ..profile(1, 2)
    };
    tx.insert_profile(&may, &reference, b"at Apple").await.expect("inserted");
    assert_eq!(tx.profile(&may, reference.id).await.expect("found"), reference);
    let file = tx.profile_content(&may, reference.id).await;
    assert!(matches!(file, Err(StoreError::NotFound)), "{file:?}");
    let of_certificate = tx.profiles_of_certificate(&may, &reference.certificates[0]).await.expect("asked");
    assert_eq!(of_certificate, std::slice::from_ref(&reference), "it is matched like any other");
    // From a reference to a kept one, and back.
    let kept = HeldProfile {
        is_reference: false,
        ..reference.clone()
    };
    tx.replace_profile(&may, &kept, b"kept").await.expect("replaced");
    assert_eq!(tx.profile_content(&may, kept.id).await.expect("found"), b"kept");
    tx.replace_profile(&may, &reference, b"at Apple").await.expect("replaced");
    assert!(matches!(tx.profile_content(&may, kept.id).await, Err(StoreError::NotFound)));
    assert_eq!(tx.profile(&may, reference.id).await.expect("found"), reference);
}

async fn a_changed_capability_makes_the_profiles_of_its_bundle_id_invalid(world: World) {
    let may = permit(Action::EditProfiles, 1);
    let mut tx = with(&world, 1..=1).await;
    let alike = |number, change: fn(HeldProfile) -> HeldProfile| HeldProfile {
        bundle_identifier: profile(1, 1).bundle_identifier,
        ..change(profile(1, number))
    };
    let of_another_team = |held| HeldProfile {
        team_id: Some(of("TEAM999999")),
        ..held
    };
    let only_here = |held| HeldProfile { apple_id: None, ..held };
    for new in [alike(2, of_another_team), alike(3, only_here), profile(1, 4)] {
        tx.insert_profile(&may, &new, b"file").await.expect("inserted");
    }
    let team = of("TEAM123456");
    let changed = tx.profiles_became_invalid(&may, "com.example.app1", Some(&team)).await;
    assert_eq!(changed.expect("noted"), 1);
    let standing = tx.profile(&may, profile(1, 1).id).await.expect("found").standing;
    assert_eq!(standing, ProfileStanding::Invalid);
    for number in 2..=4 {
        let held = tx.profile(&may, profile(1, number).id).await.expect("found");
        assert_eq!(held.standing, ProfileStanding::Ready, "{number}");
    }
    let of_nobody_known = tx.profiles_became_invalid(&may, "com.example.app1", None).await;
    assert_eq!(of_nobody_known.expect("noted"), 1, "the other team's, as far as anybody knows");
}

async fn a_profile_comes_back_as_it_went_in(world: World) {
    let may = permit(Action::EditProfiles, 1);
    let mut tx = with(&world, 1..=1).await;
    let bare = HeldProfile {
        api_key: None,
        apple_id: None,
        team_id: None,
        certificates: vec![],
        devices: vec![],
        device_rule: DeviceRule::Chosen,
        standing: ProfileStanding::Invalid,
        origin: ItemOrigin::Uploaded,
        profile_type: ProfileType::of_apple("A_TYPE_OF_NEXT_YEAR"),
        ..profile(1, 2)
    };
    tx.insert_profile(&may, &bare, &[0x30, 0, 0xff]).await.expect("inserted");
    assert_eq!(tx.profile(&may, profile(1, 1).id).await.expect("found"), profile(1, 1));
    assert_eq!(tx.lock_profile(&may, bare.id).await.expect("found"), bare);
    assert_eq!(tx.profile_content(&may, bare.id).await.expect("found"), [0x30, 0, 0xff]);
    let by_uuid = tx.profile_by_uuid(&may, &bare.uuid).await.expect("asked");
    assert_eq!(by_uuid, Some(bare));
    let by_apple_id = tx.profile_by_apple_id(&may, "PROFILE001").await.expect("asked");
    assert_eq!(by_apple_id, Some(profile(1, 1)));
    assert_eq!(tx.profile_by_apple_id(&may, "PROFILE002").await.expect("asked"), None);
}

async fn the_same_profile_is_held_once(world: World) {
    let may = permit(Action::EditProfiles, 1);
    let mut tx = with(&world, 1..=1).await;
    let twin = HeldProfile {
        uuid: profile(1, 1).uuid,
        ..profile(1, 2)
    };
    let refused = tx.insert_profile(&may, &twin, b"twin").await;
    assert!(matches!(refused, Err(StoreError::Conflict(Conflict::Profile))), "{refused:?}");
    let other = permit(Action::EditProfiles, 2);
    tx.insert_key(&other, &key(2, 1)).await.expect("inserted");
    tx.insert_profile(&other, &profile(2, 1), b"file")
        .await
        .expect("another organization may hold it too");
}

async fn a_rebuilt_profile_takes_the_place_of_the_old_one(world: World) {
    let may = permit(Action::EditProfiles, 1);
    let mut tx = with(&world, 1..=1).await;
    let new = HeldProfile {
        apple_id: Some("PROFILENEW".to_owned()),
        uuid: "another".to_owned(),
        certificates: vec!["cd".repeat(32)],
        devices: vec![],
        ..profile(1, 1)
    };
    tx.replace_profile(&may, &new, b"new").await.expect("replaced");
    assert_eq!(tx.profile(&may, new.id).await.expect("found"), new);
    assert_eq!(tx.profile_content(&may, new.id).await.expect("found"), b"new");
    assert!(tx.profiles_of_certificate(&may, &"ab".repeat(32)).await.expect("asked").is_empty());
    let of_new = tx.profiles_of_certificate(&may, &"cd".repeat(32)).await.expect("asked");
    assert_eq!(of_new, [new]);
}

async fn a_profile_that_left_apple_keeps_its_file(world: World) {
    let may = permit(Action::EditProfiles, 1);
    let mut tx = with(&world, 1..=1).await;
    let held = profile(1, 1);
    let rebuilding = ProfileStanding::Rebuilding;
    let other = tx.profile_left_apple(&may, held.id, "PROFILE002", rebuilding).await;
    assert!(!other.expect("asked"), "that was another one");
    assert!(tx.profile_left_apple(&may, held.id, "PROFILE001", rebuilding).await.expect("asked"));
    let now = tx.profile(&may, held.id).await.expect("found");
    assert_eq!((now.apple_id, now.standing), (None, rebuilding));
    assert_eq!(tx.profile_content(&may, held.id).await.expect("found"), b"file 1");
    tx.set_profile_standing(&may, held.id, ProfileStanding::Invalid).await.expect("set");
    assert_eq!(tx.profile(&may, held.id).await.expect("found").standing, ProfileStanding::Invalid);
}

async fn profiles_are_found_by_their_certificates(world: World) {
    let may = permit(Action::SeeSigning, 1);
    let mut tx = with(&world, 1..=3).await;
    let ids = |found: Vec<HeldProfile>| found.into_iter().map(|profile| profile.id).collect::<Vec<_>>();
    let ruled = tx.profiles_with_all_devices(&may).await.expect("asked");
    assert!(!ruled.is_empty() && ruled.iter().all(|one| one.device_rule == DeviceRule::AllEnabled));
    let all = tx.profiles_of_certificate(&may, &"ab".repeat(32)).await.expect("asked");
    assert_eq!(ids(all), [1, 2, 3].map(|number| profile(1, number).id));
    let one = tx.profiles_of_certificate(&may, &format!("{:064x}", 2)).await.expect("asked");
    assert_eq!(ids(one), [profile(1, 2).id]);
    let (ad_hoc, store) = (ProfileType::of_apple("IOS_APP_ADHOC"), ProfileType::of_apple("IOS_APP_STORE"));
    let of_app = tx.profiles_for(&may, &ad_hoc, "com.example.app3").await.expect("asked");
    assert_eq!(ids(of_app), [profile(1, 3).id]);
    assert!(tx.profiles_for(&may, &store, "com.example.app3").await.expect("asked").is_empty());
    let uuids = tx.profile_uuids(&may, &ad_hoc).await.expect("asked");
    assert_eq!(uuids, [1, 2, 3].map(|number| profile(1, number).uuid));
    assert!(tx.profile_uuids(&may, &store).await.expect("asked").is_empty());
}

async fn profiles_are_listed_in_pages(world: World) {
    let may = permit(Action::SeeSigning, 1);
    let mut tx = with(&world, 1..=5).await;
    let any = ProfileFilter::default();
    let names = |page: &Page<HeldProfile>| page.items.iter().map(|profile| profile.name.clone()).collect::<Vec<_>>();
    for (order, wanted) in [(ProfileOrder::Name, [1, 2, 3, 4, 5]), (ProfileOrder::Expiry, [5, 4, 3, 2, 1])] {
        let mut found = Vec::new();
        let mut paging = Paging::first(2);
        loop {
            let page = tx.profiles(&may, &any, order, &paging).await.expect("listed");
            found.extend(names(&page));
            let Some(next) = page.next else { break };
            paging = Paging::after(next, 2);
        }
        assert_eq!(found, wanted.map(|number| format!("Profile {number:03}")));
    }
    let first = tx
        .profiles(&may, &any, ProfileOrder::Name, &Paging::first(2))
        .await
        .expect("listed");
    let foreign = Paging::after(first.next.expect("more"), 2);
    let refused = tx.profiles(&may, &any, ProfileOrder::Expiry, &foreign).await;
    assert!(matches!(refused, Err(StoreError::Cursor)), "{refused:?}");
    let wanted = |change: fn(&mut ProfileFilter)| {
        let mut filter = ProfileFilter::default();
        change(&mut filter);
        filter
    };
    for (filter, number) in [
        (wanted(|f| f.search = Some("PROFILE 002".to_owned())), 1),
        (wanted(|f| f.search = Some("com.example.APP3".to_owned())), 1),
        (wanted(|f| f.search = Some("6f7a0b1c".to_owned())), 5),
        (wanted(|f| f.search = Some("%".to_owned())), 0),
        (wanted(|f| f.profile_type = Some(ProfileType::of_apple("IOS_APP_STORE"))), 0),
        (wanted(|f| f.standing = Some(ProfileStanding::Ready)), 5),
        (wanted(|f| f.ends_before = Some(at(997))), 2),
        (wanted(|f| f.ends_from = Some(at(997))), 3),
    ] {
        let listed = tx
            .profiles(&may, &filter, ProfileOrder::Name, &Paging::default())
            .await
            .expect("listed");
        let counted = tx.count_profiles(&may, &filter).await.expect("counted");
        assert_eq!((listed.items.len(), counted), (number, number as u32), "{filter:?}");
    }
}

async fn a_profile_outlives_its_key_and_goes_with_its_parts(world: World) {
    let may = permit(Action::RemoveKey, 1);
    let mut tx = with(&world, 1..=1).await;
    let held = profile(1, 1);
    tx.remove_key(&may, key(1, 1).id, "api_key").await.expect("removed");
    assert_eq!(tx.profile(&may, held.id).await.expect("found").api_key, None);
    tx.remove_profile(&may, held.id).await.expect("removed");
    let gone = tx.profile(&may, held.id).await;
    assert!(matches!(gone, Err(StoreError::NotFound)), "{gone:?}");
    let file = tx.profile_content(&may, held.id).await;
    assert!(matches!(file, Err(StoreError::NotFound)), "{file:?}");
    assert!(
        tx.profiles_of_certificate(&may, &held.certificates[0])
            .await
            .expect("asked")
            .is_empty()
    );
}
