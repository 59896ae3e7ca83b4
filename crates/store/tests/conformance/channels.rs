//! Notification channels, what they deliver, and the outbox that their notices come from.

use domain::{
    Action, Activity, Channel, ChannelTarget, DeliveryState, Event, NoticeContent, NoticeDelivery, Outcome, Subject, activity::NoticeKind,
};
use std::collections::BTreeSet;
use store::{Conflict, Paging, StoreError};

use crate::activity::record;
use crate::world::{World, at, id, of, on_both, permit};

on_both![
    a_channel_comes_back_as_it_went_in,
    a_notice_goes_to_a_recipient_once,
    mails_of_a_day_are_counted,
    an_attempt_is_counted_before_it_is_made,
    what_somebody_should_hear_of_waits_in_the_outbox,
];

fn channel(number: u32) -> Channel {
    Channel {
        id: id("chan", number),
        organization: id("org", 1),
        name: of(&format!("Channel {number}")),
        target: ChannelTarget::Mail {
            to: vec![of("ops@halden.example")],
        },
        kinds: Some(BTreeSet::from([NoticeKind::KeyChecked])),
        secret_version: 0,
        created_by: Subject::User(id("user", 1)),
        created_at: at(1),
        failing_since: None,
        failing_recipient: None,
        failure_told: false,
    }
}

fn delivery(number: u32, recipient: &str, event: Option<i64>) -> NoticeDelivery {
    NoticeDelivery {
        id: id("dlv", number),
        channel: id("chan", 1),
        recipient: recipient.to_owned(),
        kind: event.map(|_| NoticeKind::KeyChecked),
        event: event.map(|sequence| (id("act", 1), sequence)),
        content: NoticeContent {
            time: at(3),
            organization_name: "Halden".to_owned(),
            severity: "bad".to_owned(),
            title: "The key does not work".to_owned(),
            text: "Its page says more.".to_owned(),
            link: "https://russet.example/o".to_owned(),
        },
        created_at: at(i64::from(number)),
        attempts: 0,
        state: DeliveryState::Waiting,
        tried_at: None,
        answer: None,
        next_at: Some(at(i64::from(number))),
    }
}

async fn a_channel_comes_back_as_it_went_in(world: World) {
    let may = permit(Action::ManageChannels, 1);
    let mut tx = world.store.begin_for(&may).await.expect("begins");
    tx.insert_channel(&may, &channel(1)).await.expect("inserted");
    let twin = Channel {
        name: of("CHANNEL 1"),
        ..channel(2)
    };
    let refused = tx.insert_channel(&may, &twin).await;
    assert!(matches!(refused, Err(StoreError::Conflict(Conflict::ChannelName))), "{refused:?}");
    tx.insert_channel(&may, &channel(2)).await.expect("inserted");
    assert_eq!(tx.channel(&may, id("chan", 1)).await.expect("found"), channel(1));
    let refused = tx.change_channel(&may, &twin).await;
    assert!(matches!(refused, Err(StoreError::Conflict(Conflict::ChannelName))), "{refused:?}");
    let changed = Channel {
        target: ChannelTarget::Webhook {
            url: "https://hooks.example/x".to_owned(),
            host: "hooks.example".to_owned(),
        },
        kinds: None,
        secret_version: 2,
        failing_since: Some(at(8)),
        failing_recipient: Some("hooks.example".to_owned()),
        failure_told: true,
        ..channel(2)
    };
    tx.change_channel(&may, &changed).await.expect("changed");
    assert_eq!(tx.lock_channel(&may, changed.id).await.expect("held"), changed);
    assert_eq!(tx.channels(&may).await.expect("listed"), [channel(1), changed.clone()]);
    assert_eq!(tx.channels_of(id("org", 2)).await.expect("listed"), []);
    tx.delete_channel(&may, changed.id).await.expect("deleted");
    let gone = tx.channel(&may, changed.id).await;
    assert!(matches!(gone, Err(StoreError::NotFound)), "{gone:?}");
}

async fn a_notice_goes_to_a_recipient_once(world: World) {
    let may = permit(Action::ManageChannels, 1);
    let org = may.organization();
    let mut tx = world.store.begin_for(&may).await.expect("begins");
    tx.insert_channel(&may, &channel(1)).await.expect("inserted");
    assert!(tx.insert_delivery(org, &delivery(1, "a@x.example", Some(7))).await.expect("asked"));
    assert!(!tx.insert_delivery(org, &delivery(2, "a@x.example", Some(7))).await.expect("asked"));
    assert!(tx.insert_delivery(org, &delivery(3, "b@x.example", Some(7))).await.expect("asked"));
    // Tests are as many as people ask for.
    for number in [4, 5] {
        assert!(
            tx.insert_delivery(org, &delivery(number, "a@x.example", None))
                .await
                .expect("asked")
        );
    }
    let page = tx.deliveries(&may, id("chan", 1), &Paging::first(3)).await.expect("listed");
    let ids: Vec<_> = page.items.iter().map(|one| one.id).collect();
    assert_eq!(ids, [id("dlv", 5), id("dlv", 4), id("dlv", 3)]);
    assert_eq!(page.items[2], delivery(3, "b@x.example", Some(7)));
    let next = Paging::after(page.next.expect("more"), 3);
    assert_eq!(tx.deliveries(&may, id("chan", 1), &next).await.expect("listed").items.len(), 1);
    tx.commit().await.expect("kept");
    let mut tx = world.store.begin_over_all().await.expect("begins");
    assert_eq!(tx.forget_deliveries(at(4)).await.expect("forgotten"), 2);
    tx.delete_channel(&may, id("chan", 1)).await.expect("deleted");
    let gone = tx.delivery(&may, id("dlv", 5)).await;
    assert!(matches!(gone, Err(StoreError::NotFound)), "{gone:?}");
}

async fn mails_of_a_day_are_counted(world: World) {
    let (may, other) = (permit(Action::ManageChannels, 1), permit(Action::ManageChannels, 2));
    let mut tx = world.store.begin_over_all().await.expect("begins");
    for wanted in [true, true, false, false] {
        assert_eq!(tx.count_mail(&may, 20_000, 2).await.expect("counted"), wanted);
    }
    assert!(
        tx.count_mail(&other, 20_000, 2).await.expect("counted"),
        "each organization for itself"
    );
    assert!(tx.count_mail(&may, 20_001, 2).await.expect("counted"), "a new day");
}

async fn an_attempt_is_counted_before_it_is_made(world: World) {
    let may = permit(Action::ManageChannels, 1);
    let mut tx = world.store.begin_for(&may).await.expect("begins");
    tx.insert_channel(&may, &channel(1)).await.expect("inserted");
    let one = delivery(1, "a@x.example", None);
    tx.insert_delivery(may.organization(), &one).await.expect("inserted");
    assert_eq!(tx.begin_delivery(&may, one.id, at(10)).await.expect("begun"), Some(1));
    let again = (DeliveryState::Waiting, Some(at(20)));
    tx.note_attempt(&may, one.id, again.0, "answered 503\r\n", again.1)
        .await
        .expect("noted");
    let found = tx.delivery(&may, one.id).await.expect("found");
    assert_eq!((found.attempts, found.tried_at, found.next_at), (1, Some(at(10)), Some(at(20))));
    assert_eq!(found.answer.as_deref(), Some("answered 503"));
    assert_eq!(tx.begin_delivery(&may, one.id, at(20)).await.expect("begun"), Some(2));
    tx.note_attempt(&may, one.id, DeliveryState::Delivered, "answered 200", None)
        .await
        .expect("noted");
    assert_eq!(tx.begin_delivery(&may, one.id, at(30)).await.expect("asked"), None);
    assert_eq!(tx.begin_delivery(&may, id("dlv", 9), at(30)).await.expect("asked"), None);
}

async fn what_somebody_should_hear_of_waits_in_the_outbox(world: World) {
    let heard = Activity {
        event: Event::KeyChecked {
            key: id("key", 1),
            name: "CI".to_owned(),
            health: "Revoked".to_owned(),
            was: Some("Working".to_owned()),
        },
        outcome: Outcome::Done,
        ..record(1, 2)
    };
    let own = Activity {
        event: Event::TokenWillExpire {
            token: id("tok", 1),
            name: "laptop".to_owned(),
            expires_at: at(9),
            days: 3,
            user: Some(id("user", 1)),
        },
        outcome: Outcome::Done,
        ..record(1, 3)
    };
    // Somebody of another organization writes it down.
    let mut tx = world.store.begin_for(&permit(Action::CheckKey, 2)).await.expect("begins");
    tx.record_all(&[record(1, 1), heard.clone(), own]).await.expect("recorded");
    tx.commit().await.expect("kept");
    let mut tx = world.store.begin_over_all().await.expect("begins");
    assert!(tx.has_notices_out().await.expect("asked"));
    let out = tx.notice_outbox(9).await.expect("read");
    assert_eq!(out.iter().map(|one| one.id).collect::<Vec<_>>(), [heard.id]);
    tx.take_out(id("org", 1), out[0].sequence).await.expect("taken");
    assert!(!tx.has_notices_out().await.expect("asked"));
}
