//! Who reads whose log: a root's owner everything below, everybody else their own, nobody upward or sideways.

use crate::code;
use app::activity::{ActivitySearch, Whose};
use domain::{
    ActivityId, OrgId, Outcome, Role as Held,
    policy::{Grade, Module},
};
use testkit::{Role, World};

struct Family {
    sub: OrgId,
    child: app::Caller,
    neighbor: OrgId,
    stranger: app::Caller,
    manager: app::Caller,
}

/// A sub-organization, a neighbor, and a record that each of the three has made.
async fn family(world: &World) -> Family {
    let sub = world.organization("Below", Some(world.org)).await;
    let neighbor = world.organization("Elsewhere", None).await;
    let child = world.person("child", &[(sub, Held::Owner)]).await.signed_in.caller;
    let stranger = world.person("stranger", &[(neighbor, Held::Owner)]).await.signed_in.caller;
    let manager = Held::In(Module::Organization, Grade::Manager);
    let manager = world.person("manager", &[(world.org, manager)]).await.signed_in.caller;
    for (caller, org) in [(&world.owner.caller, world.org), (&child, sub), (&stranger, neighbor)] {
        // Denied for want of a thing to verify is no record; to verify is one.
        world.app().verify_activity(caller, org).await.unwrap();
    }
    Family {
        sub,
        child,
        neighbor,
        stranger,
        manager,
    }
}

fn verified(whose: Whose) -> ActivitySearch {
    ActivitySearch {
        whose,
        action: Some("activity.verify".to_owned()),
        limit: 50,
        ..ActivitySearch::default()
    }
}

async fn seen(world: &World, caller: &app::Caller, org: OrgId, search: &ActivitySearch) -> Vec<String> {
    let page = world.app().search_activity(caller, org, search).await.unwrap();
    page.items
        .into_iter()
        .map(|one| format!("{} in {}", one.actor, one.organization.unwrap_or_default()))
        .collect()
}

async fn one_of(world: &World, caller: &app::Caller, org: OrgId) -> ActivityId {
    world.app().search_activity(caller, org, &verified(Whose::Own)).await.unwrap().items[0]
        .record
        .id
}

testkit::on_both_databases! {
    async fn a_root_owner_reads_all_below_and_nobody_else_does(world: World) {
        let of = family(&world).await;
        let owner = &world.owner.caller;
        let (mine, theirs) = ("Elin in Halden", "child in Below");
        assert_eq!(seen(&world, owner, world.org, &verified(Whose::Widest)).await, [theirs, mine]);
        assert_eq!(seen(&world, owner, world.org, &verified(Whose::Below)).await, [theirs, mine]);
        assert_eq!(seen(&world, owner, world.org, &verified(Whose::Own)).await, [mine]);
        assert_eq!(seen(&world, owner, world.org, &verified(Whose::Only(of.sub))).await, [theirs]);
        assert_eq!(seen(&world, owner, world.org, &verified(Whose::Only(of.neighbor))).await, [""; 0], "sideways");
        assert_eq!(seen(&world, &of.child, of.sub, &verified(Whose::Widest)).await, [theirs]);
        assert_eq!(seen(&world, &of.manager, world.org, &verified(Whose::Widest)).await, [mine], "a manager, not an owner");
        assert_eq!(seen(&world, owner, of.sub, &verified(Whose::Widest)).await, [theirs], "by the inherited role");

        let search = |caller, org, whose| {
            let app = world.app();
            async move { code(app.search_activity(caller, org, &verified(whose)).await) }
        };
        assert_eq!(search(&of.manager, world.org, Whose::Below).await, "not_allowed");
        assert_eq!(search(&of.manager, world.org, Whose::Only(of.sub)).await, "not_allowed");
        assert_eq!(search(&of.child, of.sub, Whose::Below).await, "not_allowed");
        assert_eq!(search(&of.child, of.sub, Whose::Only(world.org)).await, "not_allowed");
        assert_eq!(search(&of.child, world.org, Whose::Own).await, "not_found");
        assert_eq!(search(&of.stranger, world.org, Whose::Own).await, "not_found");
        assert_eq!(code(world.app().verify_activity(&of.stranger, world.org).await), "not_found");
        assert_eq!(code(world.app().export_activity(&of.stranger, world.org, &verified(Whose::Own), "csv").await), "not_found");
    }

    async fn ids_of_others_in_filters_and_cursors_find_nothing(world: World) {
        let of = family(&world).await;
        let app = world.app();
        let (upward, sideways) = (one_of(&world, &world.owner.caller, world.org).await, one_of(&world, &of.stranger, of.neighbor).await);
        let unknown: ActivityId = format!("act_{:032x}", 1).parse().unwrap();
        for foreign in [upward, sideways, unknown] {
            assert_eq!(code(app.activity_record_of(&of.child, of.sub, foreign).await), "not_found");
            let behind = ActivitySearch { cursor: Some(foreign.to_string()), ..verified(Whose::Own) };
            assert_eq!(code(app.search_activity(&of.child, of.sub, &behind).await), "cursor_unknown");
        }
        let below = one_of(&world, &of.child, of.sub).await;
        assert!(app.activity_record_of(&world.owner.caller, world.org, below).await.is_ok(), "the root's owner reads it");
        assert_eq!(code(app.activity_record_of(&of.manager, world.org, below).await), "not_found");
        let key = world.link(Role::Admin).await;
        let of_key = ActivitySearch { key: Some(key), action: None, ..verified(Whose::Own) };
        assert_eq!(seen(&world, &of.child, of.sub, &of_key).await, [""; 0]);
        let by_owner = |actor: &str| ActivitySearch { actor: Some(actor.to_owned()), ..verified(Whose::Own) };
        for actor in ["elin@halden.example", "nobody@halden.example", &format!("user_{:032x}", 1), &format!("tok_{:032x}", 1), &format!("svc_{:032x}", 1)] {
            assert_eq!(seen(&world, &of.child, of.sub, &by_owner(actor)).await, [""; 0], "{actor}");
        }
        assert_eq!(code(app.search_activity(&of.child, of.sub, &by_owner("a name")).await), "actor_unfit");
    }

    async fn a_search_goes_back_thirty_days_unless_told_otherwise(world: World) {
        let app = world.app();
        let owner = &world.owner.caller;
        app.verify_activity(owner, world.org).await.unwrap();
        world.advance_days(31);
        assert_eq!(seen(&world, owner, world.org, &verified(Whose::Widest)).await, [""; 0]);
        let since = Some(world.now() - jiff::SignedDuration::from_hours(24 * 90));
        let wider = ActivitySearch { since, ..verified(Whose::Widest) };
        assert_eq!(seen(&world, owner, world.org, &wider).await.len(), 1);
        let by = |actor: &str| ActivitySearch { actor: Some(actor.to_owned()), ..wider.clone() };
        assert_eq!(seen(&world, owner, world.org, &by("ELIN@halden.example")).await.len(), 1);
        assert_eq!(seen(&world, owner, world.org, &ActivitySearch { outcome: Some(Outcome::Denied), ..wider.clone() }).await.len(), 0);
        assert_eq!(seen(&world, owner, world.org, &ActivitySearch { until: since, ..wider.clone() }).await.len(), 0);
    }

    async fn a_file_of_the_log_is_recorded_and_read_piece_by_piece(world: World) {
        let (app, owner) = (world.app(), &world.owner.caller);
        let store = world.store().await;
        let pattern = app.activity(owner, world.org, 1).await.unwrap().remove(0).record;
        let mut tx = store.begin().await.unwrap();
        for number in 1..=450 {
            let id = format!("act_{number:032x}").parse().unwrap();
            tx.record(&domain::Activity { id, ..pattern.clone() }).await.unwrap();
        }
        tx.commit().await.unwrap();
        let search = ActivitySearch { limit: 1, ..ActivitySearch::default() };
        let mut file = app.export_activity(owner, world.org, &search, "csv").await.unwrap();
        let mut numbers = Vec::new();
        while let Some(piece) = file.next().await.unwrap() {
            assert!(piece.len() <= 200, "never all of it in memory");
            numbers.extend(piece.into_iter().map(|one| one.sequence));
        }
        assert_eq!(numbers.len(), 452, "with the export itself and the first start");
        assert!(numbers.windows(2).all(|two| two[0] > two[1]), "each once, newest first");
        assert_eq!(app.activity(owner, world.org, 1).await.unwrap()[0].sentence, "exported the activity log as csv");
    }

    async fn a_file_of_the_log_breaks_off_for_whoever_is_removed(world: World) {
        let app = world.app();
        let viewer = Held::In(Module::Organization, Grade::Viewer);
        let kim = world.person("kim", &[(world.org, viewer)]).await.signed_in;
        let all = ActivitySearch { limit: 50, ..ActivitySearch::default() };
        let mut file = app.export_activity(&kim.caller, world.org, &all, "CSV").await.unwrap();
        assert!(file.next().await.unwrap().is_some());
        let mut file = app.export_activity(&kim.caller, world.org, &all, "CSV").await.unwrap();
        app.remove_member(&world.owner.caller, world.org, kim.person().unwrap().id).await.unwrap();
        assert_eq!(code(file.next().await), "not_found");
    }

    async fn a_text_that_no_record_can_hold_finds_nothing(world: World) {
        let odd = ActivitySearch { object: Some("key\0_1".to_owned()), limit: 50, ..ActivitySearch::default() };
        assert!(seen(&world, &world.owner.caller, world.org, &odd).await.is_empty());
    }
}
