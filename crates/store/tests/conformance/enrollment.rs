//! Device invitations, their challenges, and devices that are not yet registered.

use domain::{Action, CameBy, Delivery, DeviceInvitation, PendingDevice, Subject};
use store::{Paging, StoreError, TokenHash};

use crate::world::{World, at, id, of, on_both, permit, user};

on_both![
    a_device_invitation_comes_back_as_it_went_in,
    a_link_brings_as_many_as_it_may,
    a_challenge_is_answered_once_and_in_time,
    a_device_that_comes_twice_is_one_row,
    a_device_leaves_when_every_account_has_it,
    nothing_of_another_organization_is_touched,
];

fn invitation(organization: u32, number: u32) -> DeviceInvitation {
    DeviceInvitation {
        id: id("dinv", organization * 1000 + number),
        organization: id("org", organization),
        name: of(&format!("Guest {number}")),
        email: (number == 2).then(|| of("guest@example.com")),
        keys: vec![id("key", 1), id("key", 2)],
        automatic: number == 2,
        uses: 2,
        used: 0,
        invited_by: Subject::User(user(organization).id),
        created_at: at(0),
        sent_at: at(0),
        expires_at: at(100),
        delivery: Delivery::Shown,
    }
}

fn device(organization: u32, number: u32) -> PendingDevice {
    PendingDevice {
        id: id("dev", organization * 1000 + number),
        organization: id("org", organization),
        udid: format!("00008110-{number:016X}"),
        name: format!("Phone {number}"),
        product: Some("iPhone15,2".to_owned()),
        version: None,
        keys: vec![id("key", 1)],
        came: CameBy::Hand {
            by: Subject::User(user(organization).id),
        },
        trouble: None,
        arrived_at: at(0),
    }
}

fn token(number: u8) -> TokenHash {
    TokenHash([number; 32])
}

async fn a_device_invitation_comes_back_as_it_went_in(world: World) {
    let here = permit(Action::EditDevices, 1);
    let mut tx = world.store.begin_over_all().await.expect("begins");
    for number in 1..=3 {
        let new = invitation(1, number);
        tx.insert_device_invitation(&here, &new, &token(number as u8)).await.expect("put");
    }
    let one = invitation(1, 2);
    assert_eq!(tx.device_invitation(&here, one.id).await.expect("found"), one);
    assert_eq!(tx.device_invitation_by_token(&token(2)).await.expect("asked"), Some(one.clone()));
    assert_eq!(tx.device_invitation_by_token(&token(9)).await.expect("asked"), None);
    assert_eq!(tx.device_invitation_count(&here).await.expect("counted"), 3);
    let page = tx.device_invitations(&here, &Paging::first(2)).await.expect("listed");
    assert_eq!(page.items, [invitation(1, 3), invitation(1, 2)]);
    let renewed = DeviceInvitation {
        sent_at: at(60),
        expires_at: at(160),
        delivery: Delivery::Waiting,
        ..one
    };
    tx.put_device_challenge(&here, renewed.id, &token(50), at(0), at(90), 5)
        .await
        .expect("put");
    tx.renew_device_invitation(&here, &renewed, &token(4)).await.expect("renewed");
    let left = tx.device_challenges(&here, renewed.id, at(1)).await.expect("asked");
    assert!(left.is_empty(), "they end with their link");
    assert_eq!(tx.device_invitation_by_token(&token(2)).await.expect("asked"), None);
    let (read, link) = tx.device_invitation_with_link(&here, renewed.id).await.expect("found");
    assert_eq!((&read, link), (&renewed, token(4)));
    for (before, is_there) in [(2, false), (4, true)] {
        let replaced = tx.replace_device_link(&here, renewed.id, &token(before), &token(5)).await;
        assert_eq!(replaced.expect("asked"), is_there, "what was read before is not there any more");
    }
    let sent = Delivery::Sent { at: at(61) };
    tx.note_device_link(&here, renewed.id, &token(4), &sent).await.expect("asked");
    assert_eq!(tx.device_invitation(&here, renewed.id).await.expect("found"), renewed);
    tx.note_device_link(&here, renewed.id, &token(5), &sent).await.expect("noted");
    assert_eq!(tx.device_invitation(&here, renewed.id).await.expect("found").delivery, sent);
    tx.delete_device_invitation(&here, renewed.id).await.expect("deleted");
    let gone = tx.delete_device_invitation(&here, renewed.id).await;
    assert!(matches!(gone, Err(StoreError::NotFound)));
    tx.forget_device_invitations(&here, at(101)).await.expect("forgotten");
    assert_eq!(tx.device_invitation_count(&here).await.expect("counted"), 0);
}

async fn a_link_brings_as_many_as_it_may(world: World) {
    let here = permit(Action::EditDevices, 1);
    let one = invitation(1, 1);
    let mut tx = world.store.begin_over_all().await.expect("begins");
    tx.insert_device_invitation(&here, &one, &token(1)).await.expect("put");
    let over = tx.use_device_invitation(&here, one.id, at(100)).await;
    assert!(!over.expect("asked"), "its time is over");
    for more in [true, true, false] {
        let used = tx.use_device_invitation(&here, one.id, at(1)).await.expect("asked");
        assert_eq!(used, more);
    }
    assert_eq!(tx.device_invitation(&here, one.id).await.expect("found").used, 2);
}

async fn a_challenge_is_answered_once_and_in_time(world: World) {
    let here = permit(Action::EditDevices, 1);
    let one = invitation(1, 1);
    let mut tx = world.store.begin_over_all().await.expect("begins");
    tx.insert_device_invitation(&here, &one, &token(1)).await.expect("put");
    for number in 10..14 {
        let end = at(i64::from(number));
        tx.put_device_challenge(&here, one.id, &token(number), at(0), end, 3)
            .await
            .expect("put");
    }
    let mut left = tx.device_challenges(&here, one.id, at(11)).await.expect("asked");
    left.sort_by_key(|hash| hash.0);
    assert_eq!(left, [token(12), token(13)], "the oldest of too many has gone, another has ended");
    for there in [true, false] {
        let taken = tx.take_device_challenge(&here, one.id, &token(13)).await;
        assert_eq!(taken.expect("asked"), there);
    }
}

async fn a_device_that_comes_twice_is_one_row(world: World) {
    let here = permit(Action::EditDevices, 1);
    let mut tx = world.store.begin_over_all().await.expect("begins");
    for number in 1..=3 {
        let put = tx.put_pending_device(&here, &device(1, number)).await;
        assert_eq!(put.expect("put"), device(1, number));
    }
    let again = PendingDevice {
        id: id("dev", 9),
        name: "Another name".to_owned(),
        product: None,
        version: Some("22A1".to_owned()),
        keys: vec![id("key", 2)],
        came: CameBy::Invitation {
            invitation: id("dinv", 1),
            name: "Guest".to_owned(),
            by_apple_device: true,
        },
        arrived_at: at(50),
        ..device(1, 2)
    };
    let merged = PendingDevice {
        id: device(1, 2).id,
        name: "Phone 2".to_owned(),
        product: Some("iPhone15,2".to_owned()),
        keys: vec![id("key", 1), id("key", 2)],
        ..again.clone()
    };
    assert_eq!(tx.put_pending_device(&here, &again).await.expect("put"), merged);
    assert_eq!(tx.pending_device(&here, merged.id).await.expect("found"), merged);
    assert_eq!(tx.pending_device_count(&here).await.expect("counted"), 3);
    let page = tx.pending_devices(&here, &Paging::first(2)).await.expect("listed");
    assert_eq!(page.items, [device(1, 3), merged]);
    let paging = Paging::after(page.next.expect("more"), 2);
    let rest = tx.pending_devices(&here, &paging).await.expect("listed");
    assert_eq!((rest.items, rest.next), (vec![device(1, 1)], None));
}

async fn a_device_leaves_when_every_account_has_it(world: World) {
    let here = permit(Action::EditDevices, 1);
    let one = PendingDevice {
        keys: vec![id("key", 1), id("key", 2)],
        ..device(1, 1)
    };
    let mut tx = world.store.begin_over_all().await.expect("begins");
    tx.put_pending_device(&here, &one).await.expect("put");
    let mut tried = async |key: u32, trouble: Option<&str>| {
        let noted = tx.pending_device_was_tried(&here, &one.udid, id("key", key), trouble);
        noted.await.expect("noted");
        tx.pending_device(&here, one.id).await.ok()
    };
    assert_eq!(tried(3, None).await, Some(one.clone()), "of an account that it is not meant for");
    let refused = tried(1, Some("Apple refused")).await.expect("there");
    assert_eq!((refused.trouble.as_deref(), refused.keys.len()), (Some("Apple refused"), 2));
    assert_eq!(tried(1, None).await.expect("there").keys, [id("key", 2)]);
    assert_eq!(tried(2, None).await, None);
    assert_eq!(tried(2, None).await, None, "nothing to note");
}

async fn nothing_of_another_organization_is_touched(world: World) {
    let (mine, they) = (permit(Action::EditDevices, 1), permit(Action::EditDevices, 2));
    let (one, phone) = (invitation(1, 1), device(1, 1));
    let mut tx = world.store.begin_over_all().await.expect("begins");
    tx.insert_device_invitation(&mine, &one, &token(1)).await.expect("put");
    tx.put_device_challenge(&mine, one.id, &token(2), at(0), at(50), 5)
        .await
        .expect("put");
    tx.put_pending_device(&mine, &phone).await.expect("put");
    let absent = [
        tx.device_invitation(&they, one.id).await.map(drop),
        tx.delete_device_invitation(&they, one.id).await,
        tx.renew_device_invitation(&they, &one, &token(3)).await,
        tx.pending_device(&they, phone.id).await.map(drop),
        tx.change_pending_device(&they, &phone).await,
        tx.remove_pending_device(&they, phone.id).await,
    ];
    assert!(
        absent.iter().all(|answer| matches!(answer, Err(StoreError::NotFound))),
        "{absent:?}"
    );
    assert!(!tx.use_device_invitation(&they, one.id, at(0)).await.expect("asked"));
    assert!(!tx.take_device_challenge(&they, one.id, &token(2)).await.expect("asked"));
    assert!(tx.device_challenges(&they, one.id, at(0)).await.expect("asked").is_empty());
    tx.forget_device_invitations(&they, at(1000)).await.expect("asked");
    tx.pending_device_was_tried(&they, &phone.udid, id("key", 1), None)
        .await
        .expect("asked");
    assert_eq!(tx.device_invitation_count(&they).await.expect("counted"), 0);
    assert_eq!(tx.pending_device_count(&they).await.expect("counted"), 0);
    let paging = Paging::default();
    assert!(tx.device_invitations(&they, &paging).await.expect("listed").items.is_empty());
    assert!(tx.pending_devices(&they, &paging).await.expect("listed").items.is_empty());
    assert_eq!(tx.device_invitation(&mine, one.id).await.expect("found"), one);
    assert_eq!(tx.pending_device(&mine, phone.id).await.expect("found"), phone);
    assert_eq!(tx.device_challenges(&mine, one.id, at(0)).await.expect("asked"), [token(2)]);
}
