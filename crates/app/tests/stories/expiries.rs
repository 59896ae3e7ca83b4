//! What is about to expire is written down in time, and once.

use crate::log;
use testkit::World;

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
