//! Signing sets of an organization, and turns at a team.

use domain::{Action, ProfileType, SetItem, SigningSet};
use store::{Conflict, Paging, StoreError, Tx};

use crate::certificates::certificate;
use crate::profiles::profile;
use crate::world::{World, at, id, key, of, on_both, permit};

on_both![
    a_set_comes_back_as_it_went_in,
    a_name_is_there_once_in_any_spelling,
    sets_are_listed_by_name_in_pages,
    all_sets_are_read_with_what_they_point_at,
    an_item_outlives_what_it_points_at,
    an_item_is_taken_out_of_its_own_set,
    changes_at_a_team_are_told_for_a_day,
    a_turn_is_one_acts_until_it_leaves,
];

/// The `number`-th set of an organization, ensured with its first key.
pub(crate) fn set(organization: u32, number: u32) -> SigningSet {
    SigningSet {
        id: id("set", organization * 1000 + number),
        organization: id("org", organization),
        name: of(&format!("Ferry {number}")),
        profile_type: ProfileType::of_apple("IOS_APP_STORE"),
        api_key: Some(key(organization, 1).id),
        made_at: at(0),
        changed_at: at(1),
    }
}

pub(crate) fn item(number: u32) -> SetItem {
    SetItem {
        identifier: format!("com.example.app{number}"),
        certificate: Some(certificate(1, 1).id),
        profile: Some(profile(1, number).id),
        seen_at: Some(at(2)),
        below_seen_at: None,
    }
}

/// A world with two profiles, two certificates, and a first set of both profiles.
async fn with_a_set(world: &World) -> Tx {
    let may = permit(Action::EditProfiles, 1);
    let mut tx = world.store.begin_over_all().await.expect("begins");
    tx.insert_key(&may, &key(1, 1)).await.expect("inserted");
    for number in [1, 2] {
        tx.insert_certificate(&may, &certificate(1, number)).await.expect("inserted");
        tx.insert_profile(&may, &profile(1, number), b"file").await.expect("inserted");
    }
    tx.insert_signing_set(&may, &set(1, 1)).await.expect("inserted");
    for number in [2, 1] {
        tx.put_set_item(&may, set(1, 1).id, &item(number)).await.expect("put");
    }
    tx
}

async fn a_set_comes_back_as_it_went_in(world: World) {
    let may = permit(Action::SeeSigning, 1);
    let mut tx = with_a_set(&world).await;
    assert_eq!(tx.signing_set(&may, set(1, 1).id).await.expect("found"), set(1, 1));
    assert_eq!(tx.set_items(&may, set(1, 1).id).await.expect("listed"), [item(1), item(2)]);
    let mut profiles = tx.profiles_of_set(&may, set(1, 1).id).await.expect("listed");
    profiles.sort_by_key(|profile| profile.id);
    assert_eq!(profiles, [profile(1, 1), profile(1, 2)]);
    assert_eq!(
        tx.certificates_of_set(&may, set(1, 1).id).await.expect("listed"),
        [certificate(1, 1)]
    );
    let bare = SigningSet {
        api_key: None,
        ..set(1, 2)
    };
    tx.insert_signing_set(&may, &bare).await.expect("inserted");
    assert_eq!(tx.signing_set(&may, bare.id).await.expect("found"), bare);
    tx.change_signing_set(&may, bare.id, Some(key(1, 1).id), at(9))
        .await
        .expect("changed");
    let changed = tx.signing_set(&may, bare.id).await.expect("found");
    assert_eq!((changed.api_key, changed.changed_at), (Some(key(1, 1).id), at(9)));
    let again = SetItem {
        below_seen_at: Some(at(5)),
        seen_at: None,
        ..item(1)
    };
    tx.put_set_item(&may, set(1, 1).id, &again).await.expect("put");
    assert_eq!(tx.set_items(&may, set(1, 1).id).await.expect("listed"), [again, item(2)]);
    tx.delete_signing_set(&may, set(1, 1).id).await.expect("deleted");
    let gone = tx.signing_set(&may, set(1, 1).id).await;
    assert!(matches!(gone, Err(StoreError::NotFound)), "{gone:?}");
    assert!(tx.set_items(&may, set(1, 1).id).await.expect("listed").is_empty());
    assert_eq!(tx.profile(&may, profile(1, 1).id).await.expect("it stays"), profile(1, 1));
}

async fn a_name_is_there_once_in_any_spelling(world: World) {
    let may = permit(Action::EditProfiles, 1);
    let mut tx = with_a_set(&world).await;
    let twin = SigningSet {
        name: of("FERRY 1"),
        ..set(1, 2)
    };
    let refused = tx.insert_signing_set(&may, &twin).await;
    assert!(matches!(refused, Err(StoreError::Conflict(Conflict::SetName))), "{refused:?}");
    let found = tx.signing_set_named(&may, " ferry 1 ").await.expect("asked");
    assert_eq!(found, Some(set(1, 1)));
    assert_eq!(tx.signing_set_named(&may, "ferry").await.expect("asked"), None);
    let other = permit(Action::EditProfiles, 2);
    assert_eq!(tx.signing_set_named(&other, "ferry 1").await.expect("asked"), None);
    tx.insert_key(&other, &key(2, 1)).await.expect("inserted");
    tx.insert_signing_set(&other, &set(2, 1))
        .await
        .expect("another organization may call its own so");
}

async fn sets_are_listed_by_name_in_pages(world: World) {
    let may = permit(Action::SeeSigning, 1);
    let mut tx = with_a_set(&world).await;
    for number in 2..=5 {
        tx.insert_signing_set(&may, &set(1, number)).await.expect("inserted");
    }
    let mut found = Vec::new();
    let mut paging = Paging::first(2);
    loop {
        let page = tx.signing_sets(&may, None, &paging).await.expect("listed");
        found.extend(page.items.into_iter().map(|set| set.id));
        let Some(next) = page.next else { break };
        paging = Paging::after(next, 2);
    }
    assert_eq!(found, [1, 2, 3, 4, 5].map(|number| set(1, number).id));
    for (search, number) in [("RRY 3", 1), ("Ferry", 5), ("%", 0), ("  ", 5)] {
        let page = tx.signing_sets(&may, Some(search), &Paging::default()).await.expect("listed");
        assert_eq!(page.items.len(), number, "{search}");
    }
}

async fn all_sets_are_read_with_what_they_point_at(world: World) {
    let may = permit(Action::SeeSigning, 1);
    let mut tx = with_a_set(&world).await;
    tx.insert_signing_set(&may, &set(1, 2)).await.expect("inserted");
    tx.put_set_item(&may, set(1, 2).id, &item(1)).await.expect("put");
    let sets = tx.every_signing_set(&may).await.expect("listed");
    assert_eq!(sets, [set(1, 1), set(1, 2)]);
    let mut items = tx.items_of_every_set(&may).await.expect("listed");
    items.sort_by_key(|(set, _)| set.to_string());
    assert_eq!(items, [(set(1, 1).id, item(1)), (set(1, 1).id, item(2)), (set(1, 2).id, item(1))]);
    let profiles = tx.profiles_in_sets(&may).await.expect("listed");
    assert_eq!(profiles.len(), 2);
    let certificates = tx.certificates_in_sets(&may).await.expect("listed");
    assert_eq!(
        certificates.into_iter().map(|held| held.id).collect::<Vec<_>>(),
        [certificate(1, 1).id]
    );
}

async fn an_item_outlives_what_it_points_at(world: World) {
    let may = permit(Action::EditProfiles, 1);
    let mut tx = with_a_set(&world).await;
    let ids = |sets: Vec<SigningSet>| sets.into_iter().map(|set| set.id).collect::<Vec<_>>();
    let (cert, prof) = (certificate(1, 1).id, profile(1, 1).id);
    assert_eq!(ids(tx.sets_of_certificate(&may, cert).await.expect("listed")), [set(1, 1).id]);
    assert_eq!(ids(tx.sets_of_profile(&may, prof).await.expect("listed")), [set(1, 1).id]);
    assert!(tx.sets_of_certificate(&may, certificate(1, 2).id).await.expect("listed").is_empty());
    tx.remove_profile(&may, prof).await.expect("removed");
    tx.delete_certificate(&may, cert).await.expect("deleted");
    tx.remove_key(&may, key(1, 1).id, "api_key").await.expect("removed");
    let items = tx.set_items(&may, set(1, 1).id).await.expect("listed");
    let left: Vec<_> = items.iter().map(|item| (item.certificate, item.profile)).collect();
    assert_eq!(left, [(None, None), (None, Some(profile(1, 2).id))]);
    assert_eq!(tx.signing_set(&may, set(1, 1).id).await.expect("found").api_key, None);
    let stranger = tx.put_set_item(&may, set(1, 1).id, &item(1)).await;
    assert!(matches!(stranger, Err(StoreError::NotFound)), "{stranger:?}");
}

async fn an_item_is_taken_out_of_its_own_set(world: World) {
    let may = permit(Action::EditProfiles, 1);
    let mut tx = with_a_set(&world).await;
    let other = permit(Action::EditProfiles, 2);
    let identifier = item(1).identifier;
    let stranger = tx.delete_set_item(&other, set(1, 1).id, &identifier).await;
    assert!(matches!(stranger, Err(StoreError::NotFound)), "{stranger:?}");
    tx.delete_set_item(&may, set(1, 1).id, &identifier).await.expect("deleted");
    assert_eq!(tx.set_items(&may, set(1, 1).id).await.expect("listed"), [item(2)]);
}

async fn changes_at_a_team_are_told_for_a_day(world: World) {
    let mut tx = world.store.begin_over_all().await.expect("begins");
    let (one, other) = (id("op", 1), id("op", 2));
    assert_eq!(tx.team_changed_at("a team", None).await.expect("asked"), None);
    tx.note_team_change("a team", one, at(5)).await.expect("noted");
    tx.note_team_change("a team", other, at(3)).await.expect("noted");
    assert_eq!(tx.team_changed_at("a team", None).await.expect("asked"), Some(at(5)));
    assert_eq!(tx.team_changed_at("a team", Some(one)).await.expect("asked"), Some(at(3)));
    assert_eq!(tx.team_changed_at("another team", None).await.expect("asked"), None);
    let next_day = at(5) + store::CHANGES_KEPT;
    tx.note_team_change("a team", other, next_day).await.expect("noted");
    assert_eq!(
        tx.team_changed_at("a team", Some(other)).await.expect("asked"),
        Some(at(5)),
        "just as long"
    );
    tx.note_team_change("a team", other, next_day + jiff::SignedDuration::from_secs(1))
        .await
        .expect("noted");
    assert_eq!(tx.team_changed_at("a team", Some(other)).await.expect("asked"), None);
}

async fn a_turn_is_one_acts_until_it_leaves(world: World) {
    let mut tx = world.store.begin_over_all().await.expect("begins");
    let (one, other) = (id("op", 1), id("op", 2));
    assert!(tx.take_turn("a team", one).await.expect("asked"));
    assert!(tx.take_turn("a team", one).await.expect("asked"), "it has it already");
    assert!(!tx.take_turn("a team", other).await.expect("asked"));
    assert!(tx.take_turn("another team", other).await.expect("asked"));
    tx.leave_turn(one).await.expect("left");
    assert!(tx.take_turn("a team", other).await.expect("asked"));
    tx.leave_turn(other).await.expect("left");
    assert!(tx.take_turn("another team", one).await.expect("asked"));
}
