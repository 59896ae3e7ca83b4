//! Signing sets when many ask at once, when answers are lost, and when the server dies: one certificate and one profile for
//! each need, whatever happens.

use crate::{
    certificates::{self, all_at_apple},
    operations::{at_apple, let_time_pass},
    profiles,
    sharing::{Below, below, share_with_all},
    signing_sets::{CERTIFICATES, PARTS, an_app_with_extensions, ask, begun, pairs, ready, show, wish},
};
use app::{
    App, crash_point,
    signing_sets::{Ensured, SetWish},
};
use domain::{ApiKeyId, Operation, OperationId, OperationState};
use simulator::Settling;
use std::collections::BTreeSet;
use testkit::{AppleError, Effect, Fault, Role, World};

const JOBS: usize = 50;

/// What Apple and Russet have of it: certificates, profiles, and what was asked for.
struct Before {
    certificates: usize,
    profiles: usize,
}

impl Before {
    async fn of(world: &World) -> Self {
        Self {
            certificates: all_at_apple(world).await,
            profiles: at_apple(world, "profiles"),
        }
    }

    /// That since then so many of each were made, and asked for once each.
    async fn exactly(&self, world: &World, certificates: usize, profiles: usize) {
        assert_eq!(all_at_apple(world).await - self.certificates, certificates, "certificates at Apple");
        assert_eq!(at_apple(world, "profiles") - self.profiles, profiles, "profiles at Apple");
        assert_eq!(certificates::held(world).await.len(), certificates, "certificates here");
        assert_eq!(profiles::held(world).await.len(), profiles, "profiles here");
        assert_eq!(crate::sealed::signing_keys(world).await, certificates, "private keys here");
    }
}

/// Fifty jobs that ask at the same moment, on two servers; which acts they are told to wait for.
async fn fifty(world: &World, key: ApiKeyId, wish_of: impl Fn(usize) -> SetWish) -> BTreeSet<OperationId> {
    let servers: [App; 2] = [world.app(), world.second_server().await];
    let mut jobs = tokio::task::JoinSet::new();
    for job in 0..JOBS {
        let (app, caller, org) = (servers[job % 2].clone(), world.owner.caller.clone(), world.org);
        let wish = wish_of(job);
        jobs.spawn(async move { app.ensure_signing_set(&caller, org, key, wish).await });
    }
    let mut acts = BTreeSet::new();
    while let Some(answered) = jobs.join_next().await {
        match answered.expect("it ran").expect("it was answered") {
            Ensured::Begun(operation) => drop(acts.insert(operation.id)),
            Ensured::Ready(_) => panic!("nothing was there"),
        }
    }
    acts
}

async fn operation(world: &World, id: OperationId) -> Operation {
    world.app().operation(&world.owner.caller, world.org, id).await.unwrap().operation
}

/// What can go wrong with an answer of Apple's.
#[derive(Debug, Clone, Copy)]
enum Trouble {
    Nothing,
    CertificateLost,
    ProfilesLost,
    /// Apple does what it is asked for and answers 500.
    DoneThenErrors,
    /// Apple lists what it made ten minutes late, and all answers are lost.
    ListedLate,
    /// Errors of which nobody knows whether something was made; nothing was.
    Errors,
}

impl Trouble {
    fn make(self, world: &World) {
        let control = world.apple.control();
        let fails =
            |method: &str, route: &str, effect: Effect, times: u32| control.add_fault(Fault::next(method, route, effect).times(times));
        if matches!(self, Self::CertificateLost | Self::ListedLate) {
            fails("POST", "/v1/certificates", Effect::LoseAnswer, 1);
        }
        if matches!(self, Self::ProfilesLost | Self::ListedLate) {
            fails("POST", "/v1/profiles", Effect::LoseAnswer, 4);
        }
        match self {
            Self::ListedLate => control.set_settling(Settling {
                seconds: 10 * 60,
                reads: 0,
            }),
            Self::Errors => {
                let error = AppleError::Unexpected;
                fails("GET", "/v1/profiles", Effect::BadGateway, 5);
                fails("POST", "/v1/certificates", Effect::Apple { error }, 1);
                fails("POST", "/v1/profiles", Effect::Reset, 1);
            }
            Self::DoneThenErrors => {
                fails("POST", "/v1/certificates", Effect::DoneThenError, 1);
                fails("POST", "/v1/profiles", Effect::DoneThenError, 4);
            }
            Self::Nothing | Self::CertificateLost | Self::ProfilesLost => {}
        }
    }
}

async fn whatever_goes_wrong(world: World, trouble: Trouble) {
    let key = world.link(Role::Admin).await;
    an_app_with_extensions(&world);
    let before = Before::of(&world).await;
    trouble.make(&world);
    let acts = fifty(&world, key, |_| wish(&PARTS)).await;
    assert_eq!(acts.len(), 1, "{trouble:?}: fifty that want the same wait for one act");
    for id in acts {
        let ended = let_time_pass(&world, &operation(&world, id).await).await;
        assert!(matches!(ended, OperationState::Done { .. }), "{trouble:?}: {ended:?}");
    }
    before.exactly(&world, 1, 4).await;
    assert_eq!(pairs(&show(&world, "no.halden.tram iOS App Store").await).len(), 4, "{trouble:?}");
}

testkit::on_both_databases! {
    async fn fifty_that_want_the_same_get_one(world: World) {
        whatever_goes_wrong(world, Trouble::Nothing).await;
    }

    async fn fifty_get_one_certificate_whose_answer_is_lost(world: World) {
        whatever_goes_wrong(world, Trouble::CertificateLost).await;
    }

    async fn fifty_get_profiles_whose_answers_are_lost(world: World) {
        whatever_goes_wrong(world, Trouble::ProfilesLost).await;
    }

    async fn fifty_get_one_of_each_though_apple_answers_500_after_doing_it(world: World) {
        whatever_goes_wrong(world, Trouble::DoneThenErrors).await;
    }

    async fn fifty_get_what_apple_lists_late(world: World) {
        whatever_goes_wrong(world, Trouble::ListedLate).await;
    }

    async fn fifty_get_what_apple_makes_at_last(world: World) {
        whatever_goes_wrong(world, Trouble::Errors).await;
    }

    async fn those_that_want_something_else_of_the_team_take_turns_and_share_the_certificate(world: World) {
        let key = world.link(Role::Admin).await;
        an_app_with_extensions(&world);
        let before = Before::of(&world).await;
        world.apple.control().set_settling(Settling { seconds: 10 * 60, reads: 0 });
        let acts = fifty(&world, key, |job| wish(&PARTS[job % 4..=job % 4])).await;
        assert_eq!(acts.len(), 4);
        // Two servers work at once.
        let (one, other) = (world.app(), world.second_server().await);
        for _ in 0..40 {
            let (did, too) = tokio::join!(one.run_due_jobs(), other.run_due_jobs());
            did.unwrap();
            too.unwrap();
            world.advance(3);
        }
        for id in acts {
            let ended = let_time_pass(&world, &operation(&world, id).await).await;
            assert!(matches!(ended, OperationState::Done { .. }), "{ended:?}");
        }
        before.exactly(&world, 1, 4).await;
        assert_eq!(world.count(CERTIFICATES), 1);
        for part in PARTS {
            ready(ask(&world, key, wish(&[part])).await);
        }
    }

    async fn who_shares_a_key_waits_and_learns_nothing_of_the_others(world: World) {
        let key = world.link(Role::Admin).await;
        an_app_with_extensions(&world);
        let Below { org: sub, caller: they } = below(&world, "Narvik").await;
        share_with_all(&world, key).await;
        let mut limits = world.apple.control().limits();
        limits.certificates.clear();
        world.apple.control().set_limits(limits);
        // Theirs begins to be made, and stops in the middle: nobody knows what became of the certificate.
        world.apple.control().add_fault(Fault::next("POST", "/v1/certificates", Effect::LoseAnswer));
        world.apple.control().set_settling(Settling { seconds: 10 * 60, reads: 0 });
        let theirs = begun(world.app().ensure_signing_set(&they, sub, key, wish(&PARTS[..2])).await);
        world.app().run_due_jobs().await.unwrap();
        let ours = begun(ask(&world, key, wish(&PARTS[..2])).await);
        for _ in 0..3 {
            world.app().run_due_jobs().await.unwrap();
            world.advance(5);
        }
        let waits = operation(&world, ours.id).await;
        assert_eq!(waits.state, OperationState::Started, "it is not its turn");
        let seen = world.app().operation(&world.owner.caller, world.org, ours.id).await.unwrap();
        assert!(seen.steps.is_empty());
        for _ in 0..20 {
            world.app().run_due_jobs().await.unwrap();
            world.advance(130);
        }
        let theirs = world.app().operation(&they, sub, theirs.id).await.unwrap().operation;
        assert!(theirs.state.signing_set().is_some(), "{:?}", theirs.state);
        let ours = operation(&world, ours.id).await;
        assert!(ours.state.signing_set().is_some(), "{:?}", ours.state);
        // A private key does not leave its organization, so each has a certificate, and profiles beside those of the other;
        // whose names Apple did not list yet, so that it refused them once.
        assert_eq!(profiles::held(&world).await.len(), 2);
        assert_eq!((world.count(CERTIFICATES), world.count("DELETE /v1/profiles/{id}")), (2, 0));
        let names = |view: app::signing_sets::SigningSetView| view.items.into_iter().map(|item| item.profile.unwrap().profile.name).collect::<Vec<_>>();
        let of_theirs = names(world.app().signing_set(&they, sub, "no.halden.tram iOS App Store").await.unwrap());
        let of_ours = names(show(&world, "no.halden.tram iOS App Store").await);
        assert_eq!((of_theirs[0].as_str(), of_ours[0].as_str()), ("no.halden.tram iOS App Store", "no.halden.tram iOS App Store 2"));
    }

    async fn killed_at_each_point_of_each_step_there_is_one_of_each(world: World) {
        let key = world.link(Role::Admin).await;
        an_app_with_extensions(&world);
        let mut limits = world.apple.control().limits();
        limits.certificates.clear();
        world.apple.control().set_limits(limits);
        // A look, a certificate and two profiles, and the plan that begins and ends.
        for (point, passes) in [
            (crash_point::BEFORE_STARTED, 4),
            (crash_point::AFTER_STARTED, 4),
            (crash_point::BEFORE_CALL, 4),
            (crash_point::AFTER_CALL, 4),
            (crash_point::BEFORE_OUTCOME, 5),
            (crash_point::AFTER_OUTCOME, 5),
        ] {
            for pass in 1..=passes {
                let here = format!("{point}, pass {pass}");
                // As if nothing were here: what is at Apple has private keys that nobody has any more.
                forget_everything(&world).await;
                let (certificates, profiles) = (all_at_apple(&world).await, at_apple(&world, "profiles"));
                let operation = begun(ask(&world, key, wish(&PARTS[..2])).await);
                assert!(world.crash_at_pass(point, pass, |app| async move { app.run_due_jobs().await }).await, "{here}");
                let ended = let_time_pass(&world, &operation).await;
                assert!(ended.signing_set().is_some(), "{here}: {ended:?}");
                assert_eq!(all_at_apple(&world).await - certificates, 1, "{here}");
                assert_eq!(at_apple(&world, "profiles") - profiles, 2, "{here}");
                let held = (certificates::held(&world).await.len(), profiles::held(&world).await.len(), crate::sealed::signing_keys(&world).await);
                assert_eq!(held, (1, 2, 1), "{here}");
                let requests = world.requests();
                assert_eq!(pairs(&ready(ask(&world, key, wish(&PARTS[..2])).await)).len(), 2, "{here}");
                assert_eq!(world.requests(), requests, "{here}");
            }
        }
    }
}

async fn forget_everything(world: &World) {
    let (app, caller) = (world.app(), &world.owner.caller);
    let sets = app.signing_sets(caller, world.org, None, &Default::default()).await.unwrap().items;
    for view in sets {
        app.remove_signing_set(caller, world.org, &view.set.id.to_string()).await.unwrap();
    }
    for row in profiles::held(world).await {
        app.remove_profiles(caller, world.org, &[row.profile.id]).await.unwrap();
    }
    for held in certificates::held(world).await {
        app.remove_certificate(caller, world.org, held.id, &held.name).await.unwrap();
    }
}
