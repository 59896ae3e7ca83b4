//! What a person sees first, and a request that comes twice.

use crate::{certificates::begin, code};
use app::{
    Caller,
    expiries::ExpiryOf,
    idempotency::{Kept, Replay},
};
use domain::{
    Actor, Origin, Principal,
    policy::{Grade, Module, Role as Held},
};
use std::collections::{BTreeMap, BTreeSet};
use testkit::{Role, World};

testkit::on_both_databases! {
    async fn the_overview_shows_what_needs_a_person(world: World) {
        let key = world.link(Role::Admin).await;
        begin(&world, key, "DISTRIBUTION").await;
        let app = world.app();
        let overview = app.overview(&world.owner.caller, world.org).await.unwrap();
        assert_eq!((overview.keys.len(), overview.waiting_operations.len(), overview.ending.items.len()), (1, 1, 0));
        app.run_due_jobs().await.unwrap();
        app.create_token(&world.owner, "CI", None).await.unwrap();
        let overview = app.overview(&world.owner.caller, world.org).await.unwrap();
        assert!(overview.waiting_operations.is_empty());
        // A token of half a year ends before a certificate of one.
        assert_eq!(overview.ending.items[0].of, ExpiryOf::Token);
        assert!(matches!(overview.ending.items[1].of, ExpiryOf::Certificate(_)));
        assert_eq!(overview.activity[0].sentence, "made the token “CI”");
    }

    async fn the_overview_of_a_member_has_the_parts_they_may_see(world: World) {
        world.link(Role::Admin).await;
        let roles = BTreeMap::from([(world.org, BTreeSet::from([Held::In(Module::Credentials, Grade::Viewer)]))]);
        let viewer = Caller {
            principal: Principal::new(Actor::Person { user: world.owner.person().unwrap().id }, roles),
            origin: Origin::default(),
        };
        let before = crate::log(&world).await.len();
        let overview = world.app().overview(&viewer, world.org).await.unwrap();
        assert_eq!((overview.keys.len(), overview.activity.len()), (1, 0));
        assert_eq!(crate::log(&world).await.len(), before, "looking is no denied attempt");
        let other = format!("org_{:032x}", 5).parse().unwrap();
        assert_eq!(code(world.app().overview(&viewer, other).await), "not_found");
    }

    async fn the_same_request_twice_is_answered_once(world: World) {
        let (app, caller, org) = (world.app(), &world.owner.caller, world.org);
        let replay = async |key: &str, request: u8| app.replay(caller, org, key, [request; 32]).await;
        assert!(matches!(replay("a", 1).await, Ok(Replay::Fresh)));
        assert_eq!(code(replay("a", 1).await), "in_progress");
        assert_eq!(code(replay("a", 2).await), "idempotency_mismatch");
        app.remember(caller, org, "a", Kept::of(201, None, b"{}", false)).await.unwrap();
        assert!(matches!(replay("a", 1).await, Ok(Replay::Answered { status: 201, body }) if body == b"{}"));
        assert!(matches!(replay("b", 1).await, Ok(Replay::Fresh)));
        app.remember(caller, org, "b", Kept::of(201, None, b"secret", true)).await.unwrap();
        assert_eq!(code(replay("b", 1).await), "already_done");
        for (status, refusal) in [(429, "tries_limited"), (503, "sealed"), (409, "rights_changed")] {
            assert!(matches!(replay("c", 1).await, Ok(Replay::Fresh)), "{refusal}");
            app.remember(caller, org, "c", Kept::of(status, Some(refusal), b"{}", false)).await.unwrap();
        }
        assert!(matches!(replay("c", 1).await, Ok(Replay::Fresh)), "what is to be tried again is not kept");
        app.remember(caller, org, "c", Kept::of(409, Some("key_id_taken"), b"{}", false)).await.unwrap();
        assert!(matches!(replay("c", 1).await, Ok(Replay::Answered { status: 409, .. })));
        assert_eq!(code(replay("with a blank", 1).await), "idempotency_key_unfit");
        world.advance(25 * 3600);
        assert!(matches!(replay("a", 1).await, Ok(Replay::Fresh)), "forgotten after a day");
    }
}
