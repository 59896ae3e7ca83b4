//! What is about to expire is written down in time, and once.

use crate::{
    log,
    sharing::{below, change, with},
};
use app::{
    activity::ActivitySearch,
    sharing::{NewLimits, ShareChange},
};
use domain::ShareTarget;
use jiff::SignedDuration;
use testkit::{Role, World};

async fn notices(world: &World) -> Vec<String> {
    let mut all = log(world).await;
    all.retain(|record| record.contains("noticed that"));
    all
}

testkit::on_both_databases! {
    async fn a_token_is_noticed_at_each_step_once_whoever_asks(world: World) {
        let app = world.app();
        let ends = world.now() + jiff::SignedDuration::from_hours(24 * 40);
        app.create_token(&world.owner, "CI", Some(ends)).await.unwrap();
        assert_eq!(app.tell_expiries().await.unwrap(), 0);
        world.advance_days(10);
        assert_eq!(app.tell_expiries().await.unwrap(), 1);
        assert_eq!(app.tell_expiries().await.unwrap(), 0);
        let second = world.second_server().await;
        assert_eq!(second.tell_expiries().await.unwrap(), 0, "another server does not write it again");
        // Four days before, the step of seven days holds, and that of fifteen is passed over.
        world.advance_days(26);
        assert_eq!(app.tell_expiries().await.unwrap(), 1);
        world.advance_days(4);
        assert_eq!(app.tell_expiries().await.unwrap(), 1);
        world.advance_days(2);
        assert_eq!(app.tell_expiries().await.unwrap(), 0, "it is over");
        assert_eq!(notices(&world).await, [
            "Russet noticed that the token “CI” expires today",
            "Russet noticed that the token “CI” expires within 7 days",
            "Russet noticed that the token “CI” expires within 30 days",
        ]);
    }

    async fn a_share_that_ended_by_its_date_is_written_down_once(world: World) {
        let key = world.link(Role::Admin).await;
        world.app().rename_key(&world.owner.caller, world.org, key, "Release").await.unwrap();
        let they = below(&world, "transit").await;
        let until = |hours| NewLimits {
            stops_at: Some(world.now() + SignedDuration::from_hours(hours)),
            ..NewLimits::default()
        };
        let both = ShareChange {
            share: vec![(ShareTarget::All, until(2)), (ShareTarget::Chosen(they.org), until(3))],
            ..ShareChange::default()
        };
        change(&world, key, both).await;
        let app = world.app();
        assert_eq!(app.tell_expiries().await.unwrap(), 0);
        world.advance(2 * 3600);
        assert_eq!(app.tell_expiries().await.unwrap(), 1);
        world.advance_days(2);
        assert_eq!(app.tell_expiries().await.unwrap(), 1, "the other one, late");
        let second = world.second_server().await;
        assert_eq!(second.tell_expiries().await.unwrap(), 0, "another server does not write it again");
        // Shared anew, it ends anew.
        change(&world, key, with(ShareTarget::All, until(1))).await;
        world.advance(3600);
        assert_eq!(app.tell_expiries().await.unwrap(), 1);
        let notice = |with: &str, at: &str| {
            format!("Russet noticed that the key “Release” is not shared with {with} any more: that was until {at} UTC")
        };
        assert_eq!(notices(&world).await, [
            notice("all sub-organizations", "25 Nov 2026, 13:00"),
            notice("“transit”", "23 Nov 2026, 13:00"),
            notice("all sub-organizations", "23 Nov 2026, 12:00"),
        ]);
        let search = ActivitySearch {
            key: Some(key),
            action: Some("key.share-ended".to_owned()),
            limit: 10,
            ..ActivitySearch::default()
        };
        let found = app.search_activity(&world.owner.caller, world.org, &search).await.unwrap();
        assert_eq!(found.items.len(), 3, "it is part of what happened to the key");
    }

    async fn what_comes_late_joins_at_the_next_step(world: World) {
        let app = world.app();
        let ends = world.now() + jiff::SignedDuration::from_hours(24 * 10);
        app.create_token(&world.owner, "Short", Some(ends)).await.unwrap();
        assert_eq!(app.tell_expiries().await.unwrap(), 0);
        world.advance_days(3);
        assert_eq!(app.tell_expiries().await.unwrap(), 1);
        assert_eq!(notices(&world).await, ["Russet noticed that the token “Short” expires within 7 days"]);
    }
}
