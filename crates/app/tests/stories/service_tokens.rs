//! API tokens of an organization: what they may, from where, for how long, and who makes them.

use crate::{certificates::seen_by, code, log};
use app::{
    Problem,
    accounts::SignedIn,
    expiries::ExpiryOf,
    invitations::NewInvitation,
    members::RoleChange,
    service_tokens::{NewServiceToken, ServiceTokenChange},
};
use domain::{Actor, OperationState, OrgId, Origin, Role, ServiceTokenId};
use jiff::SignedDuration;
use store::Paging;
use testkit::{PASSWORD, World};

fn new(name: &str, roles: &[&str]) -> NewServiceToken {
    NewServiceToken {
        name: name.to_owned(),
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        ..NewServiceToken::default()
    }
}

fn role(word: &str) -> Role {
    Role::parse(word).unwrap()
}

fn from(address: &str) -> Origin {
    Origin {
        address: Some(address.to_owned()),
        request_id: None,
    }
}

/// Makes a token and signs in with it.
async fn made(world: &World, by: &SignedIn, org: OrgId, new: NewServiceToken) -> Result<(ServiceTokenId, SignedIn), Problem> {
    let (view, shown) = world.app().create_service_token(by, org, new).await?;
    Ok((view.token.id, signed_in(world, shown.expose()).await.unwrap()))
}

async fn signed_in(world: &World, value: &str) -> Option<SignedIn> {
    world.app().by_token(value, Origin::default()).await.unwrap()
}

testkit::on_both_databases! {
    async fn a_token_of_an_organization_acts_by_its_roles_and_under_its_name(world: World) {
        let app = world.app();
        let (view, shown) = app.create_service_token(&world.owner, world.org, new("CI", &["credentials-manager"])).await.unwrap();
        assert!(shown.expose().starts_with("russet_"));
        assert_eq!(view.made_by, "Elin");
        let half_a_year = world.now() + SignedDuration::from_hours(24 * 183);
        assert_eq!(view.token.expires_at, half_a_year);
        let ci = signed_in(&world, shown.expose()).await.unwrap();
        assert_eq!(ci.caller.principal.actor(), Actor::Service { token: view.token.id });
        let key = world.entered(world.key_file(testkit::KeyKind::Team, testkit::Role::Admin));
        app.add_key(&ci.caller, world.org, key).await.unwrap();
        assert_eq!(app.keys(&ci.caller, world.org).await.unwrap().len(), 1);
        assert_eq!(code(seen_by(&world, &ci.caller).await), "not_allowed");
        let log = log(&world).await;
        assert!(log.iter().any(|line| line.starts_with("CI (API token) added the team key")), "{log:?}");
        assert!(log.contains(&"Elin made the API token “CI” as Credentials Manager".to_owned()), "{log:?}");
    }

    async fn a_token_of_an_organization_is_no_person(world: World) {
        let app = world.app();
        let (_, ci) = made(&world, &world.owner, world.org, new("CI", &["organization-manager"])).await.unwrap();
        assert_eq!(code(app.change_password(&ci, PASSWORD, "a new long password").await), "person_needed");
        assert_eq!(code(app.sessions(&ci).await), "person_needed");
        assert_eq!(code(app.tokens(&ci).await), "person_needed");
        assert_eq!(code(app.create_token(&ci, "Mine", None).await), "person_needed");
        assert_eq!(ci.home(), Some(world.org));
        assert_eq!(app.own_organizations(&ci).await.unwrap()[0].name.as_str(), "Halden");
    }

    async fn a_revoked_a_rotated_and_an_expired_token_open_nothing(world: World) {
        let app = world.app();
        let (view, first) = app.create_service_token(&world.owner, world.org, new("CI", &["signing-viewer"])).await.unwrap();
        let id = view.token.id;
        let (_, second) = app.rotate_service_token(&world.owner, world.org, id, None).await.unwrap();
        assert!(signed_in(&world, first.expose()).await.is_none(), "the value before is dead at once");
        let ci = signed_in(&world, second.expose()).await.unwrap();
        world.advance_days(184);
        assert!(signed_in(&world, second.expose()).await.is_none());
        let (rotated, third) = app.rotate_service_token(&world.owner, world.org, id, None).await.unwrap();
        assert_eq!(rotated.token.id, id);
        app.revoke_service_token(&world.owner.caller, world.org, id).await.unwrap();
        assert!(signed_in(&world, third.expose()).await.is_none());
        assert_eq!(code(app.revoke_service_token(&world.owner.caller, world.org, id).await), "not_found");
        assert_eq!(code(app.service_token(&world.owner.caller, world.org, id).await), "not_found");
        assert!(app.service_tokens(&world.owner.caller, world.org, &Paging::default()).await.unwrap().items.is_empty());
        assert!(app.create_service_token(&world.owner, world.org, new("CI", &["signing-viewer"])).await.is_ok(), "its name is free");
        assert_eq!(ci.name().as_str(), "CI");
        assert!(log(&world).await.contains(&"Elin revoked the API token “CI”".to_owned()));
    }

    async fn what_a_token_began_ends_with_it(world: World) {
        let key = world.link(testkit::Role::Admin).await;
        let app = world.app();
        let ends = world.now() + SignedDuration::from_hours(1);
        let short = NewServiceToken {
            expires_at: Some(ends),
            ..new("Short", &["signing-manager", "organization-manager"])
        };
        let (_, short) = made(&world, &world.owner, world.org, short).await.unwrap();
        let operation = app.create_certificate(&short.caller, world.org, key, "DISTRIBUTION").await.unwrap();
        let guest = NewInvitation {
            email: "guest@example.com".to_owned(),
            roles: vec!["organization-viewer".to_owned()],
            show_link: true,
        };
        let link = app.invite(&short.caller, world.org, guest).await.unwrap().token.unwrap();
        app.look_at_invitation(link.expose(), &Origin::default()).await.unwrap();
        world.advance(3601);
        assert_eq!(code(app.look_at_invitation(link.expose(), &Origin::default()).await), "invitation_void");
        app.run_due_jobs().await.unwrap();
        let ended = app.operation(&world.owner.caller, world.org, operation.id).await.unwrap();
        assert!(matches!(ended.operation.state, OperationState::Failed { .. }), "{:?}", ended.operation.state);
        assert_eq!(world.count("POST /v1/certificates"), 0);
    }

    async fn a_use_is_noted_once_a_minute_at_most(world: World) {
        let app = world.app();
        let (view, shown) = app.create_service_token(&world.owner, world.org, new("CI", &["signing-viewer"])).await.unwrap();
        let used = async || app.service_token(&world.owner.caller, world.org, view.token.id).await.unwrap().token.used_at;
        assert_eq!(used().await, None);
        signed_in(&world, shown.expose()).await.unwrap();
        let first = used().await;
        assert_eq!(first, Some(world.now()));
        world.advance(59);
        signed_in(&world, shown.expose()).await.unwrap();
        assert_eq!(used().await, first);
        world.advance(1);
        signed_in(&world, shown.expose()).await.unwrap();
        assert_eq!(used().await, Some(world.now()));
    }

    async fn a_token_works_from_its_networks_alone(world: World) {
        let app = world.app();
        let mut office = new("Office", &["signing-viewer"]);
        office.address_ranges = vec!["203.0.113.7/24".to_owned(), "2001:db8::/32".to_owned()];
        let (view, shown) = app.create_service_token(&world.owner, world.org, office).await.unwrap();
        let ranges: Vec<_> = view.token.address_ranges.iter().map(ToString::to_string).collect();
        assert_eq!(ranges, ["203.0.113.0/24", "2001:db8::/32"]);
        for inside in ["203.0.113.200", "::ffff:203.0.113.9", "2001:db8:1::9"] {
            assert!(app.by_token(shown.expose(), from(inside)).await.unwrap().is_some(), "{inside}");
        }
        for outside in [from("203.0.114.1"), from("2001:db9::1"), from("unix socket"), Origin::default()] {
            let refused = app.by_token(shown.expose(), outside.clone()).await.unwrap_err();
            assert_eq!(refused.code, "address_not_allowed", "{outside:?}");
            assert!(!refused.message.contains("203.0.113"), "its ranges are not told: {}", refused.message);
        }
        let mistaken = shown.expose().replace("russet_", "russet_0");
        assert!(app.by_token(&mistaken, from("203.0.114.1")).await.unwrap().is_none(), "a wrong token hears nothing of it");
        let denied = "Office (API token) was not allowed to use an API token from an address outside of its ranges";
        assert!(log(&world).await.contains(&denied.to_owned()), "{:?}", log(&world).await);
    }

    async fn nobody_makes_a_token_of_more_than_they_hold(world: World) {
        let app = world.app();
        let roles = [(world.org, role("organization-manager")), (world.org, role("signing-viewer"))];
        let manager = world.person("mona", &roles).await.signed_in;
        let attempt = async |words: &[&str]| code(app.create_service_token(&manager, world.org, new("CI", words)).await);
        assert_eq!(attempt(&["owner"]).await, "roles_unfit");
        assert_eq!(attempt(&[]).await, "roles_unfit");
        assert_eq!(attempt(&["emperor"]).await, "roles_unfit");
        assert_eq!(attempt(&["signing-manager"]).await, "role_lacking");
        assert_eq!(attempt(&["signing-viewer", "credentials-viewer"]).await, "role_lacking");
        assert_eq!(code(app.create_service_token(&world.owner, world.org, new("CI", &["owner"])).await), "roles_unfit");
        let denied = "mona was not allowed to give an API token what one does not hold";
        assert!(log(&world).await.contains(&denied.to_owned()));
        let viewer = world.person("vera", &[(world.org, role("organization-viewer"))]).await.signed_in;
        assert_eq!(code(app.create_service_token(&viewer, world.org, new("CI", &["organization-viewer"])).await), "not_allowed");
        assert!(app.service_tokens(&viewer.caller, world.org, &Paging::default()).await.is_ok());

        // Nor takes one into their hands that holds more.
        let (strong, _) = made(&world, &world.owner, world.org, new("Strong", &["credentials-manager"])).await.unwrap();
        assert_eq!(code(app.rotate_service_token(&manager, world.org, strong, None).await), "role_lacking");
        let renamed = ServiceTokenChange { name: Some("Weak".to_owned()), ..ServiceTokenChange::default() };
        assert_eq!(code(app.change_service_token(&manager, world.org, strong, renamed).await), "role_lacking");
        let (weak, _) = made(&world, &manager, world.org, new("Weak", &["signing-viewer"])).await.unwrap();
        let stronger = ServiceTokenChange { roles: Some(vec!["publish-viewer".to_owned()]), ..ServiceTokenChange::default() };
        assert_eq!(code(app.change_service_token(&manager, world.org, weak, stronger).await), "role_lacking");
        // A leaked token is ended by whoever may manage tokens.
        assert!(app.revoke_service_token(&manager.caller, world.org, strong).await.is_ok());
    }

    async fn a_token_makes_tokens_within_its_own_rights_networks_and_life(world: World) {
        let app = world.app();
        let mut maker = new("Maker", &["organization-manager"]);
        maker.address_ranges = vec!["10.0.0.0/8".to_owned()];
        maker.expires_at = Some(world.now() + SignedDuration::from_hours(24));
        let (view, shown) = app.create_service_token(&world.owner, world.org, maker).await.unwrap();
        let maker = app.by_token(shown.expose(), from("10.1.2.3")).await.unwrap().unwrap();
        let inside = |name| NewServiceToken { address_ranges: vec!["10.7.0.0/16".to_owned()], ..new(name, &["organization-viewer"]) };
        let (child, _) = app.create_service_token(&maker, world.org, inside("Child")).await.unwrap();
        assert_eq!((child.token.expires_at, child.made_by.as_str()), (view.token.expires_at, "Maker (API token)"));
        let attempt = async |new| code(app.create_service_token(&maker, world.org, new).await);
        assert_eq!(attempt(NewServiceToken { roles: vec!["signing-viewer".to_owned()], ..inside("More") }).await, "role_lacking");
        assert_eq!(attempt(NewServiceToken { address_ranges: vec![], ..inside("Free") }).await, "address_range_unfit");
        assert_eq!(attempt(NewServiceToken { address_ranges: vec!["0.0.0.0/0".to_owned()], ..inside("Wide") }).await, "address_range_unfit");
        let later = Some(view.token.expires_at + SignedDuration::from_secs(1));
        assert_eq!(attempt(NewServiceToken { expires_at: later, ..inside("Longer") }).await, "expiry_unfit");
        // It cannot widen itself, nor outlive itself by rotating itself, nor take over one that is freer.
        let wider = ServiceTokenChange { address_ranges: Some(vec![]), ..ServiceTokenChange::default() };
        assert_eq!(code(app.change_service_token(&maker, world.org, view.token.id, wider).await), "address_range_unfit");
        assert_eq!(code(app.rotate_service_token(&maker, world.org, view.token.id, later).await), "expiry_unfit");
        let (free, _) = made(&world, &world.owner, world.org, new("Free", &["organization-viewer"])).await.unwrap();
        assert_eq!(code(app.rotate_service_token(&maker, world.org, free, None).await), "address_range_unfit");
        let (again, _) = app.rotate_service_token(&maker, world.org, view.token.id, None).await.unwrap();
        assert_eq!(again.token.expires_at, view.token.expires_at);
    }

    async fn a_token_works_in_its_organizations_and_nowhere_else(world: World) {
        let app = world.app();
        let north = world.organization("North", Some(world.org)).await;
        let south = world.organization("South", Some(world.org)).await;
        let foreign = world.neighbor().await.home().unwrap();
        let everywhere = made(&world, &world.owner, world.org, new("Everywhere", &["credentials-viewer"])).await.unwrap().1;
        let mut chosen = new("North only", &["credentials-viewer"]);
        chosen.organizations = Some(vec![north.to_string()]);
        let (id, confined) = made(&world, &world.owner, world.org, chosen).await.unwrap();
        for (who, org, expected) in [
            (&everywhere, world.org, "no problem"),
            (&everywhere, north, "no problem"),
            (&everywhere, south, "no problem"),
            (&everywhere, foreign, "not_found"),
            (&confined, world.org, "not_found"),
            (&confined, north, "no problem"),
            (&confined, south, "not_found"),
            (&confined, foreign, "not_found"),
        ] {
            assert_eq!(code(app.keys(&who.caller, org).await), expected, "{} in {org}", who.name());
        }
        assert_eq!(app.own_organizations(&confined).await.unwrap()[0].name.as_str(), "North");
        let both = ServiceTokenChange { organizations: Some(Some(vec![north.to_string(), south.to_string()])), ..ServiceTokenChange::default() };
        let changed = app.change_service_token(&world.owner, world.org, id, both).await.unwrap();
        assert_eq!(changed.token.confined_to.map(|these| these.len()), Some(2));
        let all = ServiceTokenChange { organizations: Some(None), ..ServiceTokenChange::default() };
        assert_eq!(app.change_service_token(&world.owner, world.org, id, all).await.unwrap().token.confined_to, None);
    }

    async fn organizations_of_others_in_the_body_are_as_unknown_as_any(world: World) {
        let app = world.app();
        let north = world.organization("North", Some(world.org)).await;
        let foreign = world.neighbor().await.home().unwrap();
        let below_foreign = world.organization("Their north", Some(foreign)).await;
        let unknown = format!("org_{:032x}", 12345);
        let mut told = Vec::new();
        for id in [foreign.to_string(), below_foreign.to_string(), unknown, "org_1".to_owned(), "North".to_owned()] {
            let new = NewServiceToken { organizations: Some(vec![north.to_string(), id.clone()]), ..new("CI", &["signing-viewer"]) };
            let problem = app.create_service_token(&world.owner, world.org, new).await.unwrap_err();
            assert_eq!(problem.code, "organization_unknown");
            told.push(problem.message.replace(&id, "…"));
        }
        told.dedup();
        assert_eq!(told.len(), 1, "{told:?}");
        let none = NewServiceToken { organizations: Some(vec![]), ..new("CI", &["signing-viewer"]) };
        assert_eq!(code(app.create_service_token(&world.owner, world.org, none).await), "organizations_unfit");
        // From below, the root is an organization of others; and a token of the root is none of the sub-organization's.
        let up = NewServiceToken { organizations: Some(vec![world.org.to_string()]), ..new("CI", &["signing-viewer"]) };
        assert_eq!(code(app.create_service_token(&world.owner, north, up).await), "organization_unknown");
        let (id, _) = made(&world, &world.owner, world.org, new("CI", &["signing-viewer"])).await.unwrap();
        assert_eq!(code(app.service_token(&world.owner.caller, north, id).await), "not_found");
        assert_eq!(code(app.revoke_service_token(&world.owner.caller, north, id).await), "not_found");
    }

    async fn rights_are_held_against_the_maker_in_each_organization_that_a_token_reaches(world: World) {
        let app = world.app();
        let north = world.organization("North", Some(world.org)).await;
        let south = world.organization("South", Some(world.org)).await;
        let roles = [(world.org, role("organization-manager")), (north, role("signing-manager"))];
        let mona = world.person("mona", &roles).await.signed_in;
        let signing = |organizations: Option<&[OrgId]>| NewServiceToken {
            organizations: organizations.map(|these| these.iter().map(ToString::to_string).collect()),
            ..new("Signing", &["signing-manager"])
        };
        let attempt = async |new| app.create_service_token(&mona, world.org, new).await;
        assert_eq!(code(attempt(signing(None)).await), "role_lacking");
        let refused = attempt(signing(Some(&[north, south]))).await.unwrap_err();
        assert!(refused.message.contains("you lack Signing Manager in South"), "{}", refused.message);
        let (view, _) = attempt(signing(Some(&[north]))).await.unwrap();
        let widened = ServiceTokenChange { organizations: Some(None), ..ServiceTokenChange::default() };
        assert_eq!(code(app.change_service_token(&mona, world.org, view.token.id, widened).await), "role_lacking");
        // A token that works in chosen organizations makes none that works in all.
        let chosen = NewServiceToken {
            organizations: Some(vec![world.org.to_string(), north.to_string()]),
            ..new("Confined", &["organization-manager"])
        };
        let (_, confined) = made(&world, &world.owner, world.org, chosen).await.unwrap();
        let child = |organizations| NewServiceToken { organizations, ..new("Child", &["organization-viewer"]) };
        assert_eq!(code(app.create_service_token(&confined, world.org, child(None)).await), "organizations_lacking");
        let sideways = Some(vec![south.to_string()]);
        assert_eq!(code(app.create_service_token(&confined, world.org, child(sideways)).await), "organization_unknown");
        assert!(app.create_service_token(&confined, world.org, child(Some(vec![north.to_string()]))).await.is_ok());
    }

    async fn what_does_not_fit_is_told_at_its_field(world: World) {
        let app = world.app();
        let attempt = async |new| code(app.create_service_token(&world.owner, world.org, new).await);
        let ci = || new("CI", &["signing-viewer"]);
        assert_eq!(attempt(NewServiceToken { name: "x".repeat(101), ..ci() }).await, "name_unfit");
        assert_eq!(attempt(NewServiceToken { name: "a\u{202E}b".to_owned(), ..ci() }).await, "name_unfit");
        assert_eq!(attempt(NewServiceToken { address_ranges: vec!["the office".to_owned()], ..ci() }).await, "address_range_unfit");
        let many = (0..21).map(|n| format!("10.{n}.0.0/16")).collect();
        assert_eq!(attempt(NewServiceToken { address_ranges: many, ..ci() }).await, "address_range_unfit");
        let days = |days: i64| Some(world.now() + SignedDuration::from_hours(24 * days));
        assert_eq!(attempt(NewServiceToken { expires_at: days(-1), ..ci() }).await, "expiry_unfit");
        assert_eq!(attempt(NewServiceToken { expires_at: days(367), ..ci() }).await, "expiry_unfit");
        assert_eq!(attempt(NewServiceToken { expires_at: days(366), ..ci() }).await, "no problem");
        for twin in ["CI", "ci", "ＣＩ"] {
            assert_eq!(attempt(NewServiceToken { name: twin.to_owned(), ..ci() }).await, "name_taken", "{twin}");
        }
        let (other, _) = made(&world, &world.owner, world.org, new("Other", &["signing-viewer"])).await.unwrap();
        let twin = ServiceTokenChange { name: Some("cI".to_owned()), ..ServiceTokenChange::default() };
        assert_eq!(code(app.change_service_token(&world.owner, world.org, other, twin).await), "name_taken");
    }

    async fn a_token_stays_when_its_maker_loses_their_rights(world: World) {
        let app = world.app();
        let roles = [(world.org, role("organization-manager")), (world.org, role("signing-viewer"))];
        let mona = world.person("mona", &roles).await.signed_in;
        let (view, shown) = app.create_service_token(&mona, world.org, new("CI", &["signing-viewer"])).await.unwrap();
        let store = world.store().await;
        let mut tx = store.begin_over_all().await.unwrap();
        let taken = format!("DELETE FROM memberships WHERE user_id = '{}'", mona.person().unwrap().id);
        tx.run(String::leak(taken)).await.unwrap();
        tx.commit().await.unwrap();
        let ci = signed_in(&world, shown.expose()).await.unwrap();
        assert!(seen_by(&world, &ci.caller).await.is_ok());
        let seen = app.service_token(&world.owner.caller, world.org, view.token.id).await.unwrap();
        assert_eq!(seen.made_by, "mona");
    }

    async fn a_changed_token_has_its_new_rights_at_the_next_request(world: World) {
        let app = world.app();
        let (view, shown) = app.create_service_token(&world.owner, world.org, new("CI", &["signing-viewer"])).await.unwrap();
        let before = signed_in(&world, shown.expose()).await.unwrap();
        let change = ServiceTokenChange {
            name: Some("Uploads".to_owned()),
            roles: Some(vec!["publish-operator".to_owned()]),
            address_ranges: Some(vec!["192.0.2.1".to_owned()]),
            organizations: None,
        };
        app.change_service_token(&world.owner, world.org, view.token.id, change).await.unwrap();
        assert!(app.by_token(shown.expose(), Origin::default()).await.is_err());
        let after = app.by_token(shown.expose(), from("192.0.2.1")).await.unwrap().unwrap();
        assert!(seen_by(&world, &before.caller).await.is_ok());
        assert_eq!(code(seen_by(&world, &after.caller).await), "not_allowed");
        assert_ne!(before.caller.principal.standing(), after.caller.principal.standing());
        let log = log(&world).await;
        assert!(log.contains(&"Elin changed the API token “Uploads”".to_owned()), "{log:?}");
        let recorded = log.len();
        app.change_service_token(&world.owner, world.org, view.token.id, ServiceTokenChange::default()).await.unwrap();
        assert_eq!(crate::log(&world).await.len(), recorded, "what changes nothing is no act");
    }

    async fn the_overview_shows_tokens_that_end_to_whoever_may_see_them(world: World) {
        let app = world.app();
        made(&world, &world.owner, world.org, new("CI", &["signing-viewer"])).await.unwrap();
        let tokens = async |who: &SignedIn| {
            let overview = app.overview(&who.caller, world.org).await.unwrap();
            overview.ending.items.into_iter().filter(|one| matches!(one.of, ExpiryOf::ServiceToken(_))).count()
        };
        let signer = world.person("sina", &[(world.org, role("signing-manager"))]).await.signed_in;
        assert_eq!((tokens(&world.owner).await, tokens(&signer).await), (1, 0));
    }

    async fn a_token_kept_to_its_root_gives_no_roles_there_because_they_reach_below(world: World) {
        let app = world.app();
        let sub = world.organization("transit", Some(world.org)).await;
        let kept_to = |name: &str, org: OrgId| NewServiceToken {
            organizations: Some(vec![org.to_string()]),
            ..new(name, &["organization-manager", "credentials-manager"])
        };
        let guest = NewInvitation {
            email: "guest@example.com".to_owned(),
            roles: vec!["credentials-viewer".to_owned()],
            show_link: true,
        };
        let (_, desk) = made(&world, &world.owner, world.org, kept_to("Desk", world.org)).await.unwrap();
        assert_eq!(code(app.invite(&desk.caller, world.org, guest.clone()).await), "role_out_of_reach");
        let kim = world.person("kim", &[(world.org, role("organization-viewer"))]).await.signed_in;
        let user = kim.person().unwrap().id;
        let more = RoleChange::By { give: [role("credentials-viewer")].into(), take: [].into() };
        assert_eq!(code(app.set_member_roles(&desk.caller, world.org, user, more).await), "role_out_of_reach");
        assert_eq!(code(app.remove_member(&desk.caller, world.org, user).await), "role_out_of_reach");
        assert!(app.grantable_roles(&desk.caller, world.org).await.unwrap().0.is_empty());
        let (_, desk) = made(&world, &world.owner, world.org, kept_to("Desk below", sub)).await.unwrap();
        assert_eq!(code(app.invite(&desk.caller, sub, guest).await), "no problem");
    }
}
