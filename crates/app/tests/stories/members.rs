//! The people of an organization: who gives which role to whom, and how somebody goes.

use crate::{code, log};
use app::{Paging, members::RoleChange};
use domain::{
    Origin, Role, UserId,
    policy::{Grade, HeldBy, Module},
};
use std::collections::BTreeSet;
use testkit::{PASSWORD, World};

const MANAGER: Role = Role::In(Module::Organization, Grade::Manager);
const KEYS: Role = Role::In(Module::Credentials, Grade::Manager);
const LOOKS: Role = Role::In(Module::Signing, Grade::Viewer);

fn to<const N: usize>(roles: [Role; N]) -> RoleChange {
    RoleChange::To(roles.into())
}

fn give(role: Role) -> RoleChange {
    RoleChange::By {
        give: [role].into(),
        take: BTreeSet::new(),
    }
}

fn take(role: Role) -> RoleChange {
    RoleChange::By {
        give: BTreeSet::new(),
        take: [role].into(),
    }
}

/// The roles of somebody in the root organization, by the Owner's eyes.
async fn roles(world: &World, user: UserId) -> BTreeSet<Role> {
    match world.app().member(&world.owner.caller, world.org, user).await {
        Ok(found) => found.member.roles.into_keys().collect(),
        Err(problem) => {
            assert_eq!(problem.code, "not_found");
            BTreeSet::new()
        }
    }
}

testkit::on_both_databases! {
    async fn an_owner_gives_and_takes_roles(world: World) {
        let (app, owner) = (world.app(), &world.owner.caller);
        let tomas = world.person("tomas", &[(world.org, LOOKS)]).await.signed_in.person().unwrap().id;
        let member = app.set_member_roles(owner, world.org, tomas, to([KEYS, MANAGER])).await.unwrap();
        assert_eq!(member.roles.into_keys().collect::<BTreeSet<_>>(), [KEYS, MANAGER].into());
        app.set_member_roles(owner, world.org, tomas, give(LOOKS)).await.unwrap();
        app.set_member_roles(owner, world.org, tomas, take(KEYS)).await.unwrap();
        assert_eq!(roles(&world, tomas).await, [LOOKS, MANAGER].into());
        assert_eq!(code(app.set_member_roles(owner, world.org, tomas, to([])).await), "roles_empty");
        // What changes nothing is not written down.
        let before = log(&world).await.len();
        app.set_member_roles(owner, world.org, tomas, to([LOOKS, MANAGER])).await.unwrap();
        assert_eq!(log(&world).await.len(), before);
        assert!(log(&world).await[0].starts_with("Elin changed the roles of tomas from"), "{:?}", log(&world).await[0]);
        app.remove_member(owner, world.org, tomas).await.unwrap();
        assert_eq!(log(&world).await[0], "Elin removed the member tomas@neighbor.example");
        assert_eq!(code(app.member(owner, world.org, tomas).await), "not_found");
        assert_eq!(code(app.remove_member(owner, world.org, tomas).await), "not_found");
    }

    async fn nobody_gives_or_takes_what_they_lack_by_any_way(world: World) {
        let app = world.app();
        let elin = world.owner.person().unwrap().id;
        let mara = world.person("mara", &[(world.org, MANAGER)]).await.signed_in;
        let tomas = world.person("tomas", &[(world.org, KEYS)]).await.signed_in.person().unwrap().id;
        let (me, her) = (mara.person().unwrap().id, &mara.caller);
        let refused = "role_out_of_reach";
        assert_eq!(code(app.set_member_roles(her, world.org, me, give(Role::Owner)).await), refused, "herself");
        assert_eq!(code(app.set_member_roles(her, world.org, me, give(KEYS)).await), refused);
        assert_eq!(code(app.set_member_roles(her, world.org, tomas, give(Role::Owner)).await), refused);
        assert_eq!(code(app.set_member_roles(her, world.org, tomas, to([MANAGER])).await), refused, "it would take KEYS");
        assert_eq!(code(app.set_member_roles(her, world.org, elin, to([MANAGER])).await), refused);
        assert_eq!(code(app.remove_member(her, world.org, elin).await), refused);
        assert_eq!(code(app.remove_member(her, world.org, tomas).await), refused);
        assert!(log(&world).await[0].contains("was not allowed to give or take Credentials Manager"));
        // By a token of hers it is the same.
        let (_, token) = app.create_token(&mara, "CI", None).await.unwrap();
        let machine = app.by_token(token.expose(), Origin::default()).await.unwrap().unwrap();
        let problem = app.set_member_roles(&machine.caller, world.org, me, give(Role::Owner)).await.unwrap_err();
        assert_eq!(problem.code, refused);
        assert_eq!(problem.message, "You may not give or take Owner: you do not hold it yourself. Elin can.");
        // What she holds she may give and take.
        app.set_member_roles(her, world.org, tomas, give(MANAGER)).await.unwrap();
        app.set_member_roles(her, world.org, tomas, take(MANAGER)).await.unwrap();
        assert_eq!(roles(&world, tomas).await, [KEYS].into());
        assert_eq!(roles(&world, me).await, [MANAGER].into());
    }

    async fn a_refusal_names_the_role_and_who_can_give_it_to_whom_may_know(world: World) {
        let app = world.app();
        let mara = world.person("mara", &[(world.org, MANAGER)]).await.signed_in;
        let tomas = world.person("tomas", &[(world.org, LOOKS)]).await.signed_in;
        let key = world.link(testkit::Role::Admin).await;
        let told = app.check_key(&mara.caller, world.org, key).await.unwrap_err().message;
        assert_eq!(told, "You may not check an API key: that needs Credentials Manager. Elin can give it to you.");
        let told = app.check_key(&tomas.caller, world.org, key).await.unwrap_err().message;
        assert_eq!(told, "You may not check an API key: that needs Credentials Manager. An Owner can give it to you.");
        assert_eq!(code(app.members(&tomas.caller, world.org, None, &Paging::default()).await), "not_allowed");
    }

    async fn roles_of_the_root_hold_below_and_can_only_be_taken_above(world: World) {
        let (app, owner) = (world.app(), &world.owner.caller);
        let sub = world.organization("Apps", Some(world.org)).await;
        let tomas = world.person("tomas", &[(world.org, LOOKS), (sub, KEYS)]).await.signed_in.person().unwrap().id;
        let found = app.member(owner, sub, tomas).await.unwrap().member;
        assert_eq!(found.roles.into_iter().collect::<Vec<_>>(), [(KEYS, HeldBy::Membership), (LOOKS, HeldBy::Inheritance)]);
        let problem = app.set_member_roles(owner, sub, tomas, take(LOOKS)).await.unwrap_err();
        assert_eq!(problem.code, "role_inherited");
        assert!(problem.message.starts_with("tomas has Signing Viewer from the root organization above"), "{}", problem.message);
        // Without roles of his own here he still reaches it; more cannot be taken.
        assert_eq!(app.member(owner, world.org, tomas).await.unwrap().below[0].as_str(), "Apps");
        app.remove_member(owner, sub, tomas).await.unwrap();
        let found = app.member(owner, sub, tomas).await.unwrap().member;
        assert_eq!((found.roles.len(), found.joined_at), (1, None));
        assert_eq!(code(app.remove_member(owner, sub, tomas).await), "role_inherited");
        app.set_member_roles(owner, sub, tomas, to([KEYS])).await.unwrap();
        app.set_member_roles(owner, sub, tomas, to([])).await.unwrap();
        app.remove_member(owner, world.org, tomas).await.unwrap();
        assert_eq!(code(app.member(owner, sub, tomas).await), "not_found", "at once below, too");
    }

    async fn the_last_owner_stays(world: World) {
        let (app, owner) = (world.app(), &world.owner.caller);
        let elin = world.owner.person().unwrap().id;
        assert_eq!(code(app.leave(owner, world.org).await), "last_owner");
        assert_eq!(code(app.remove_member(owner, world.org, elin).await), "last_owner");
        assert_eq!(code(app.set_member_roles(owner, world.org, elin, to([KEYS])).await), "last_owner");
        // A sub-organization can be left to the Owners above.
        let sub = world.organization("Apps", Some(world.org)).await;
        app.set_member_roles(owner, sub, elin, to([Role::Owner])).await.unwrap();
        app.leave(owner, sub).await.unwrap();
        // What she came with before is out of date; she comes anew.
        assert_eq!(code(app.leave(owner, sub).await), "rights_changed");
        let elin = app.sign_in("elin@halden.example", PASSWORD, Origin::default(), None).await.unwrap().signed_in;
        let owner = &elin.caller;
        assert_eq!(code(app.leave(owner, sub).await), "role_inherited");
        let tomas = world.person("tomas", &[(world.org, Role::Owner)]).await.signed_in;
        app.leave(owner, world.org).await.unwrap();
        assert_eq!(code(app.leave(&tomas.caller, world.org).await), "last_owner");
        assert_eq!(code(app.leave(owner, world.org).await), "not_found");
    }

    async fn two_owners_who_remove_each_other_at_once_leave_one(world: World) {
        let elin = world.owner.person().unwrap().id;
        let tomas = world.person("tomas", &[(world.org, Role::Owner)]).await.signed_in;
        let him = tomas.person().unwrap().id;
        let (first, second) = (world.app(), world.second_server().await);
        let (her, his, org) = (world.owner.caller.clone(), tomas.caller.clone(), world.org);
        let (one, other) = tokio::join!(
            tokio::spawn(async move { first.remove_member(&her, org, him).await }),
            tokio::spawn(async move { second.remove_member(&his, org, elin).await }),
        );
        let ended = [code(one.unwrap()), code(other.unwrap())];
        assert_eq!(ended.iter().filter(|code| **code == "no problem").count(), 1, "{ended:?}");
        let store = world.store().await;
        let mut tx = store.read().await.unwrap();
        let left: Vec<_> = [tx.roles_of(elin).await.unwrap(), tx.roles_of(him).await.unwrap()].into_iter().filter(|roles| !roles.is_empty()).collect();
        assert_eq!(left.len(), 1, "one Owner is left");
    }

    async fn two_owners_who_leave_at_once_leave_one(world: World) {
        let tomas = world.person("tomas", &[(world.org, Role::Owner)]).await.signed_in;
        let (first, second) = (world.app(), world.second_server().await);
        let (her, his, org) = (world.owner.caller.clone(), tomas.caller.clone(), world.org);
        let (one, other) = tokio::join!(
            tokio::spawn(async move { first.leave(&her, org).await }),
            tokio::spawn(async move { second.leave(&his, org).await }),
        );
        let mut ended = [code(one.unwrap()), code(other.unwrap())];
        ended.sort_unstable();
        assert_eq!(ended, ["last_owner", "no problem"]);
    }

    async fn a_removed_person_is_signed_in_and_sees_nothing_at_once(world: World) {
        let app = world.app();
        let tomas = world.person("tomas", &[(world.org, Role::Owner)]).await;
        let him = tomas.signed_in.person().unwrap().id;
        let (_, token) = app.create_token(&tomas.signed_in, "CI", None).await.unwrap();
        let key = world.link(testkit::Role::Admin).await;
        let begun = app.create_certificate(&tomas.signed_in.caller, world.org, key, "DISTRIBUTION").await.unwrap();
        app.remove_member(&world.owner.caller, world.org, him).await.unwrap();

        let session = app.by_session(&tomas.cookie, Origin::default()).await.unwrap().expect("still signed in");
        let machine = app.by_token(token.expose(), Origin::default()).await.unwrap().expect("still a token");
        for who in [&session, &machine] {
            assert!(app.own_organizations(who).await.unwrap().is_empty());
            assert_eq!(code(app.keys(&who.caller, world.org).await), "not_found");
        }
        // What a request under way still believes is not written.
        let other = world.owner.person().unwrap().id;
        assert_eq!(code(app.remove_member(&tomas.signed_in.caller, world.org, other).await), "not_found");
        // And what runs in the background for him does not ask Apple any more.
        let asked = world.count("POST /v1/certificates");
        app.run_due_jobs().await.unwrap();
        assert_eq!(world.count("POST /v1/certificates"), asked);
        let view = app.operation(&world.owner.caller, world.org, begun.id).await.unwrap();
        assert!(view.operation.state.is_over(), "{:?}", view.operation.state);
    }
}
