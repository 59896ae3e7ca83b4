//! Checks by hand and by themselves.

use crate::log;
use domain::{CheckMark, KeyHealth, Need, Usability};
use simulator::{Api, Standing};
use testkit::{Effect, Fault, KeyKind, Role, World};

testkit::on_both_databases! {
    async fn a_key_is_checked_every_day_by_itself(world: World) {
        let key = world.link(Role::Admin).await;
        let app = world.app();
        assert_eq!(app.run_due_jobs().await.unwrap(), 0);
        for day in 1..=3 {
            world.advance(25 * 3600);
            assert_eq!(app.run_due_jobs().await.unwrap(), 1, "day {day}");
        }
        let details = app.key(&world.owner.caller, world.org, key).await.unwrap();
        assert_eq!(details.summary.strip.iter().filter(|day| day.mark == Some(CheckMark::Good)).count(), 4);
        assert!(details.next_check.unwrap() > world.now());
        assert!(log(&world).await[0].starts_with("Russet checked the key"));
    }

    async fn a_revoked_key_says_since_when_it_works_no_more(world: World) {
        let key = world.link(Role::Admin).await;
        let worked = world.now();
        let file = world.key_file(KeyKind::Team, Role::Admin);
        world.apple.control().set_revoked(&file.key_id, true).unwrap();
        world.advance(25 * 3600);
        world.app().run_due_jobs().await.unwrap();
        let list = world.app().keys(&world.owner.caller, world.org).await.unwrap();
        assert_eq!(list[0].key.health, KeyHealth::NoLongerAccepted { last_good: worked });
        assert_eq!(list[0].key.health_since, world.now());
        assert_eq!(list[0].strip[13].mark, Some(CheckMark::Refused));
        let need = Need::Read { feature: domain::Feature::Certificates };
        let choice = &world.app().key_choices(&world.owner.caller, world.org, &need).await.unwrap()[0];
        assert_eq!((choice.key.id, matches!(choice.usability, Usability::Doubtful(_))), (key, true));
    }

    async fn an_outage_changes_nothing_that_is_known_and_is_asked_about_again_soon(world: World) {
        let key = world.link(Role::Admin).await;
        world.apple.control().add_fault(Fault::next("GET", "/v1/apps", Effect::BadGateway).times(4));
        world.advance(25 * 3600);
        world.app().run_due_jobs().await.unwrap();
        let details = world.app().key(&world.owner.caller, world.org, key).await.unwrap();
        assert_eq!(details.summary.key.health, KeyHealth::Working);
        assert_eq!(details.summary.strip[13].mark, Some(CheckMark::Trouble));
        assert!(details.summary.trouble.is_some());
        assert_eq!(details.next_check.unwrap().duration_since(world.now()).as_secs(), 1800);
        world.advance(1800);
        assert_eq!(world.app().run_due_jobs().await.unwrap(), 1);
        assert_eq!(world.app().key(&world.owner.caller, world.org, key).await.unwrap().summary.trouble, None);
    }

    async fn an_agreement_and_a_membership_get_states_of_their_own_and_are_left_again(world: World) {
        let key = world.link(Role::Admin).await;
        let control = world.apple.control();
        for (standing, health) in [
            (Standing::AgreementMissing, KeyHealth::AgreementMissing),
            (Standing::MembershipLapsed, KeyHealth::MembershipLapsed),
            (Standing::Active, KeyHealth::Working),
        ] {
            control.set_standing(Api::AppStore, standing);
            let details = world.app().check_key(&world.owner.caller, world.org, key).await.unwrap();
            assert_eq!(details.summary.key.health, health);
        }
    }

    async fn a_key_that_is_refused_while_it_is_used_is_checked_at_once(world: World) {
        let key = world.link(Role::Admin).await;
        let file = world.key_file(KeyKind::Team, Role::Admin);
        world.apple.control().set_revoked(&file.key_id, true).unwrap();
        let listed = world.app().apple_certificates(&world.owner.caller, world.org, key, &Default::default()).await;
        assert_eq!(listed.unwrap_err().code, "apple_refused_key");
        assert_eq!(world.app().run_due_jobs().await.unwrap(), 1);
        let health = world.app().key(&world.owner.caller, world.org, key).await.unwrap().summary.key.health;
        assert!(matches!(health, KeyHealth::NoLongerAccepted { .. }));
    }

    async fn a_job_of_a_worker_that_died_is_taken_over_when_its_lease_ends(world: World) {
        world.link(Role::Admin).await;
        world.advance(25 * 3600);
        let store = world.store().await;
        let mut tx = store.begin_over_all().await.unwrap();
        let lease = jiff::SignedDuration::from_mins(2);
        assert!(tx.claim_job("a worker that dies", world.now(), lease, None).await.unwrap().is_some());
        tx.commit().await.unwrap();
        assert_eq!(world.app().run_due_jobs().await.unwrap(), 0);
        world.advance(121);
        assert_eq!(world.app().run_due_jobs().await.unwrap(), 1);
    }
}
