//! Rights that are taken away while a request is on its way: what it had not begun to write is not written any more.
//!
//! A request is its caller: what was read of them when it came in is what it goes on with.

use crate::{certificates::begin, code, log};
use domain::{OperationState, policy::Role as Held, policy::Subject};
use store::Tx;
use testkit::{Role, World};

/// Does something to the memberships of the Owner of the world, as whoever takes rights away does it.
async fn meanwhile(world: &World, change: Option<&'static str>) {
    let mut tx: Tx = world.store().await.begin_over_all().await.unwrap();
    if let Some(change) = change {
        tx.run(change).await.unwrap();
    }
    tx.raise_standing(Subject::User(world.owner.person().unwrap().id)).await.unwrap();
    tx.commit().await.unwrap();
}

const REMOVED: &str = "DELETE FROM memberships";
const DEMOTED: &str = "UPDATE memberships SET role = 'credentials-viewer'";

testkit::on_both_databases! {
    async fn somebody_removed_in_the_middle_of_their_request_changes_nothing(world: World) {
        let key = world.link(Role::Admin).await;
        let (app, caller, org) = (world.app(), world.owner.caller.clone(), world.org);
        meanwhile(&world, Some(REMOVED)).await;
        for refused in [
            code(app.edit_key(&caller, org, key, Some("Another"), None).await),
            code(app.check_key(&caller, org, key).await),
            code(app.remove_key(&caller, org, key, "Admin").await),
            code(app.create_certificate(&caller, org, key, "DISTRIBUTION").await),
        ] {
            assert_eq!(refused, "not_found");
        }
        assert_eq!(world.count("POST /v1/certificates"), 0);
    }

    async fn somebody_with_fewer_rights_is_told_what_they_lack_now(world: World) {
        let key = world.link(Role::Admin).await;
        let (app, caller, org) = (world.app(), world.owner.caller.clone(), world.org);
        meanwhile(&world, Some(DEMOTED)).await;
        let problem = app.edit_key(&caller, org, key, Some("Another"), None).await.unwrap_err();
        assert_eq!(problem.code, "not_allowed");
        assert!(problem.message.contains("Credentials Manager"), "{problem}");
        meanwhile(&world, Some("UPDATE memberships SET role = 'owner'")).await;
        let log = log(&world).await;
        assert!(log.iter().any(|line| line.contains("edit an API key")), "the refusal is recorded: {log:?}");
        assert!(log.iter().all(|line| !line.contains("Another")), "{log:?}");
    }

    async fn somebody_who_still_may_asks_again(world: World) {
        let key = world.link(Role::Admin).await;
        let (app, caller, org) = (world.app(), world.owner.caller.clone(), world.org);
        meanwhile(&world, None).await;
        assert_eq!(code(app.edit_key(&caller, org, key, Some("Another"), None).await), "rights_changed");
        let again = app.sign_in("elin@halden.example", testkit::PASSWORD, Default::default(), None).await.unwrap();
        let caller = again.signed_in.caller;
        assert!(caller.principal.roles_in(domain::Tenant::root(org)).contains_key(&Held::Owner));
        app.edit_key(&caller, org, key, Some("Another"), None).await.unwrap();
    }

    async fn ending_a_session_or_a_token_ends_what_it_had_under_way(world: World) {
        let key = world.link(Role::Admin).await;
        let (app, org) = (world.app(), world.org);
        let sign_in = async || {
            let session = app.sign_in("elin@halden.example", testkit::PASSWORD, Default::default(), None).await;
            session.unwrap().signed_in
        };
        let (here, there) = (sign_in().await, sign_in().await);
        app.end_session(&here, there.session().unwrap().id).await.unwrap();
        assert_eq!(code(app.edit_key(&there.caller, org, key, Some("Another"), None).await), "rights_changed");

        let here = sign_in().await;
        let (token, bearer) = app.create_token(&here, "CI", None).await.unwrap();
        let by_token = app.by_token(bearer.expose(), Default::default()).await.unwrap().unwrap();
        app.edit_key(&by_token.caller, org, key, Some("By the token"), None).await.unwrap();
        app.revoke_token(&here, token.id).await.unwrap();
        assert_eq!(code(app.edit_key(&by_token.caller, org, key, Some("Another"), None).await), "rights_changed");

        // To sign out takes nothing away from what the same person does elsewhere.
        let (here, there) = (sign_in().await, sign_in().await);
        app.sign_out(&there).await.unwrap();
        app.edit_key(&here.caller, org, key, Some("Another"), None).await.unwrap();
    }

    async fn what_was_begun_with_rights_is_not_carried_out_without_them(world: World) {
        let key = world.link(Role::Admin).await;
        let operation = begin(&world, key, "DISTRIBUTION").await;
        meanwhile(&world, Some(REMOVED)).await;
        world.app().run_due_jobs().await.unwrap();
        meanwhile(&world, Some("INSERT INTO memberships SELECT organizations.id, users.id, 'owner', 0 FROM organizations, users")).await;
        let caller = world.app().sign_in("elin@halden.example", testkit::PASSWORD, Default::default(), None).await.unwrap();
        let caller = caller.signed_in.caller;
        let ended = world.app().operation(&caller, world.org, operation.id).await.unwrap();
        assert!(matches!(ended.operation.state, OperationState::Failed { .. }), "{:?}", ended.operation.state);
        assert_eq!(world.count("POST /v1/certificates"), 0);
    }
}
