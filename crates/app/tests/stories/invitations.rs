//! From an invitation to a member: links, mails, and everything that must not work.

use crate::{code, log};
use app::{
    Kind, Paging, Problem,
    accounts::SignedIn,
    crash_point::{BEFORE_LINK, CrashPoints},
    invitations::{Accepted, Accepting, Invited, NewAccount, NewInvitation},
    members::RoleChange,
};
use domain::{
    Action, Delivery, Invitation, Origin, Role, Tenant, decide,
    membership::INVITATIONS_PENDING_MOST,
    policy::{Grade, Module},
};
use std::sync::{Arc, OnceLock};
use testkit::{Mailbox, PASSWORD, World};
use zeroize::Zeroizing;

const MANAGER: Role = Role::In(Module::Organization, Grade::Manager);
const GUEST: &str = "guest@example.com";

fn new(email: &str, roles: &[&str]) -> NewInvitation {
    NewInvitation {
        email: email.to_owned(),
        roles: roles.iter().map(|&role| role.to_owned()).collect(),
        show_link: false,
    }
}

async fn invite(world: &World, by: &SignedIn, email: &str, roles: &[&str]) -> Result<Invited, Problem> {
    world.app().invite(&by.caller, world.org, new(email, roles)).await
}

fn token(invited: &Invited) -> String {
    invited.token.as_ref().expect("shown").expose().to_owned()
}

fn newcomer(name: &str) -> Accepting<'_> {
    Accepting::NewAccount(NewAccount {
        name,
        password: Zeroizing::new(PASSWORD.to_owned()),
        browser: Some("Browser".to_owned()),
    })
}

async fn join(world: &World, token: &str) -> Result<Accepted, Problem> {
    world.app().accept_invitation(token, newcomer("Guest"), Origin::default()).await
}

async fn roles_of(world: &World, email: &str) -> Vec<String> {
    let found = world
        .app()
        .members(&world.owner.caller, world.org, Some(email), &Paging::default())
        .await
        .unwrap();
    found
        .items
        .iter()
        .flat_map(|member| member.roles.keys())
        .map(ToString::to_string)
        .collect()
}

testkit::on_both_databases! {
    async fn somebody_without_an_account_joins_by_the_link(world: World) {
        let app = world.app();
        let invited = invite(&world, &world.owner, "Guest@Example.COM", &["credentials-viewer", "signing-manager"]).await.unwrap();
        assert_eq!(invited.invitation.email.as_str(), GUEST);
        assert!(!format!("{invited:?}").contains(&token(&invited)));
        let seen = app.look_at_invitation(&token(&invited), &Origin::default()).await.unwrap();
        assert_eq!((seen.organization.as_str(), seen.invited_by.as_str(), seen.has_account), ("Halden", "Elin", false));
        assert_eq!(seen.roles.len(), 2);

        let wrong = Accepting::NewAccount(NewAccount { name: " ", password: Zeroizing::new("short".to_owned()), browser: None });
        let problem = app.accept_invitation(&token(&invited), wrong, Origin::default()).await.unwrap_err();
        assert_eq!(problem.fields.iter().map(|f| f.field).collect::<Vec<_>>(), ["name", "password"]);
        let accepted = join(&world, &token(&invited)).await.unwrap();
        let session = accepted.session.expect("signed in");
        assert_eq!(app.keys(&session.signed_in.caller, world.org).await.unwrap().len(), 0);
        assert_eq!(roles_of(&world, GUEST).await, ["credentials-viewer", "signing-manager"]);
        assert!(log(&world).await[0].starts_with("Guest joined as Credentials Viewer"), "{:?}", log(&world).await);
        app.sign_in(GUEST, PASSWORD, Origin::default(), None).await.unwrap();

        // Used up.
        assert_eq!(code(join(&world, &token(&invited)).await), "invitation_unknown");
        assert!(app.invitations(&world.owner.caller, world.org, &Paging::default()).await.unwrap().items.is_empty());
    }

    async fn an_account_accepts_by_its_own_address_only(world: World) {
        let app = world.app();
        let nora = world.neighbor().await;
        let tomas = world.person("tomas", &[]).await.signed_in;
        let invited = invite(&world, &world.owner, "nora@neighbor.example", &["publish-viewer"]).await.unwrap();
        let link = token(&invited);
        assert!(app.look_at_invitation(&link, &Origin::default()).await.unwrap().has_account);
        assert_eq!(code(app.accept_invitation(&link, newcomer("Eve"), Origin::default()).await), "account_exists");
        let other = app.accept_invitation(&link, Accepting::SignedIn(&tomas), Origin::default()).await.unwrap_err();
        assert_eq!((other.kind, other.code), (Kind::NotAllowed, "invitation_for_another"));
        assert!(other.message.contains("you are signed in as tomas@neighbor.example"));
        app.accept_invitation(&link, Accepting::SignedIn(&nora), Origin::default()).await.unwrap();
        assert_eq!(roles_of(&world, "nora").await, ["publish-viewer"]);
        assert_eq!(code(invite(&world, &world.owner, "NORA@neighbor.example", &["owner"]).await), "already_member");
    }

    async fn an_address_is_invited_once_and_the_link_before_dies(world: World) {
        let app = world.app();
        let first = invite(&world, &world.owner, GUEST, &["owner"]).await.unwrap();
        let second = invite(&world, &world.owner, "GUEST@example.com", &["signing-viewer"]).await.unwrap();
        assert_eq!(first.invitation.id, second.invitation.id);
        // A dot makes another mailbox; capitals and wide letters do not.
        let other = invite(&world, &world.owner, "g.uest@example.com", &["signing-viewer"]).await.unwrap();
        assert_ne!(other.invitation.id, second.invitation.id);
        assert_eq!(code(join(&world, &token(&first)).await), "invitation_unknown");
        let third = app.send_invitation_again(&world.owner.caller, world.org, second.invitation.id, false).await.unwrap();
        assert_eq!(code(join(&world, &token(&second)).await), "invitation_unknown");
        app.revoke_invitation(&world.owner.caller, world.org, other.invitation.id).await.unwrap();
        assert_eq!(code(join(&world, &token(&other)).await), "invitation_unknown");
        assert_eq!(code(app.revoke_invitation(&world.owner.caller, world.org, other.invitation.id).await), "not_found");
        join(&world, &token(&third)).await.unwrap();
        assert_eq!(roles_of(&world, GUEST).await, ["signing-viewer"]);
    }

    async fn a_link_ends_after_seven_days(world: World) {
        let invited = invite(&world, &world.owner, GUEST, &["signing-viewer"]).await.unwrap();
        world.advance(7 * 24 * 3600 - 1);
        world.app().look_at_invitation(&token(&invited), &Origin::default()).await.unwrap();
        world.advance(1);
        assert_eq!(code(join(&world, &token(&invited)).await), "invitation_over");
        let page = world.app().invitations(&world.owner.caller, world.org, &Paging::default()).await.unwrap();
        assert!(page.items[0].over);
        let again = world.app().send_invitation_again(&world.owner.caller, world.org, invited.invitation.id, false).await.unwrap();
        join(&world, &token(&again)).await.unwrap();
    }

    async fn a_link_gives_what_whoever_invited_could_still_give(world: World) {
        let app = world.app();
        let mara = world.person("mara", &[(world.org, Role::Owner)]).await.signed_in;
        let her = mara.person().unwrap().id;
        let both = invite(&world, &mara, GUEST, &["owner", "organization-viewer"]).await.unwrap();
        let owner = invite(&world, &mara, "boss@example.com", &["owner"]).await.unwrap();
        let late = invite(&world, &mara, "late@example.com", &["organization-viewer"]).await.unwrap();
        app.set_member_roles(&world.owner.caller, world.org, her, RoleChange::To([MANAGER].into())).await.unwrap();
        let seen = app.look_at_invitation(&token(&both), &Origin::default()).await.unwrap();
        assert_eq!(seen.roles.iter().map(ToString::to_string).collect::<Vec<_>>(), ["organization-viewer"]);
        join(&world, &token(&both)).await.unwrap();
        assert_eq!(roles_of(&world, GUEST).await, ["organization-viewer"]);
        assert_eq!(code(join(&world, &token(&owner)).await), "invitation_void");
        // Removed: nothing that she sent gives anything.
        app.remove_member(&world.owner.caller, world.org, her).await.unwrap();
        assert_eq!(code(join(&world, &token(&late)).await), "invitation_void");
        assert_eq!(code(app.look_at_invitation(&token(&late), &Origin::default()).await), "invitation_void");
        // Sent again by the Owner, it stands on the Owner's rights.
        let again = app.send_invitation_again(&world.owner.caller, world.org, late.invitation.id, false).await.unwrap();
        join_as(&world, &token(&again), "Late").await.unwrap();
    }

    async fn a_manager_invites_no_owner_and_takes_no_owners_invitation_back(world: World) {
        let app = world.app();
        let mara = world.person("mara", &[(world.org, MANAGER)]).await.signed_in;
        assert_eq!(code(invite(&world, &mara, GUEST, &["owner"]).await), "role_out_of_reach");
        assert_eq!(code(invite(&world, &mara, "mara@neighbor.example", &["owner"]).await), "role_out_of_reach", "herself");
        let boss = invite(&world, &world.owner, "boss@example.com", &["owner"]).await.unwrap();
        assert_eq!(code(invite(&world, &mara, "boss@example.com", &["organization-viewer"]).await), "role_out_of_reach");
        let id = boss.invitation.id;
        assert_eq!(code(app.send_invitation_again(&mara.caller, world.org, id, false).await), "role_out_of_reach");
        assert_eq!(code(app.revoke_invitation(&mara.caller, world.org, id).await), "role_out_of_reach");
        for (email, roles, field) in [("nobody", ["owner"], "email"), (GUEST, ["emperor"], "roles")] {
            let problem = invite(&world, &world.owner, email, &roles).await.unwrap_err();
            assert_eq!(problem.fields[0].field, field);
        }
        assert_eq!(code(invite(&world, &world.owner, GUEST, &[]).await), "invalid");
        let nora = world.neighbor().await;
        assert_eq!(code(app.revoke_invitation(&nora.caller, world.org, id).await), "not_found");
    }

    async fn a_link_that_two_use_at_once_lets_one_in(world: World) {
        let invited = invite(&world, &world.owner, GUEST, &["signing-viewer"]).await.unwrap();
        let mut tries = Vec::new();
        for server in [world.app(), world.second_server().await] {
            let token = token(&invited);
            tries.push(tokio::spawn(async move { server.accept_invitation(&token, newcomer("Guest"), Origin::default()).await }));
        }
        let mut ended = Vec::new();
        for one in tries {
            ended.push(code(one.await.unwrap()));
        }
        assert_eq!(ended.iter().filter(|code| **code == "no problem").count(), 1, "{ended:?}");
    }

    async fn links_that_do_not_work_are_counted_against_the_network(world: World) {
        let origin = || Origin { address: Some("192.0.2.7".to_owned()), request_id: None };
        for _ in 0..30 {
            assert_eq!(code(world.app().look_at_invitation("x", &origin()).await), "invitation_unknown");
        }
        assert_eq!(code(world.app().look_at_invitation("x", &origin()).await), "tries_limited");
        // Signing in from there is another matter.
        world.app().sign_in("elin@halden.example", PASSWORD, origin(), None).await.unwrap();
        world.advance(16 * 60);
        assert_eq!(code(world.app().look_at_invitation("x", &origin()).await), "invitation_unknown");
    }

    async fn with_a_mail_server_the_link_travels_by_mail(world: World) {
        let mailbox = Mailbox::open().await;
        world.restart_with_mail(&mailbox).await;
        let app = world.app();
        let invited = invite(&world, &world.owner, GUEST, &["signing-viewer"]).await.unwrap();
        assert!(invited.token.is_none());
        assert_eq!(invited.invitation.delivery, Delivery::Waiting);
        // It survives a restart before it is sent.
        world.restart().await;
        world.app().run_due_jobs().await.unwrap();
        let mails = mailbox.mails();
        assert_eq!((mails.len(), mails[0].to.as_slice()), (1, [GUEST.to_owned()].as_slice()));
        assert!(mails[0].text.contains("Subject: Elin invites you to Halden"), "{}", mails[0].text);
        let page = app.invitations(&world.owner.caller, world.org, &Paging::default()).await.unwrap();
        assert!(matches!(page.items[0].invitation.delivery, Delivery::Sent { .. }));
        let link = mails[0].link();
        let (before, token) = link.rsplit_once('/').unwrap();
        assert_eq!(before, "http://localhost:7400/invitations");

        assert_eq!(code(world.app().send_invitation_again(&world.owner.caller, world.org, invited.invitation.id, false).await), "sent_just_now");
        world.advance(61);
        world.app().send_invitation_again(&world.owner.caller, world.org, invited.invitation.id, false).await.unwrap();
        world.app().run_due_jobs().await.unwrap();
        assert_eq!(code(join(&world, token).await), "invitation_unknown", "the mail before is dead");
        let link = mailbox.mails()[1].link();
        join(&world, link.rsplit_once('/').unwrap().1).await.unwrap();
    }

    async fn a_link_that_was_shown_while_a_mail_was_about_to_leave_stays(world: World) {
        let mailbox = Mailbox::open().await;
        world.restart_with_mail(&mailbox).await;
        let invited = invite(&world, &world.owner, GUEST, &["signing-viewer"]).await.unwrap();
        let (other, owner, org, id) = (world.second_server().await, world.owner.caller.clone(), world.org, invited.invitation.id);
        let shown = Arc::new(OnceLock::new());
        let told = shown.clone();
        let meanwhile = move |point| {
            if point == BEFORE_LINK {
                let sent = other.send_invitation_again(&owner, org, id, true);
                let sent = tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(sent));
                told.get_or_init(|| token(&sent.unwrap()));
            }
        };
        world.restart_with(CrashPoints::hook(meanwhile)).await;
        world.app().run_due_jobs().await.unwrap();
        assert!(mailbox.mails().is_empty(), "the mail would hold a dead link");
        join(&world, shown.get().expect("sent again")).await.unwrap();
    }

    async fn no_more_than_five_hundred_are_pending(world: World) {
        let (caller, org) = (&world.owner.caller, world.org);
        let first = invite(&world, &world.owner, GUEST, &["signing-viewer"]).await.unwrap().invitation;
        let permit = decide(&caller.principal, Action::ManageMembers, Tenant::root(org)).unwrap();
        let store = world.store().await;
        let mut tx = store.begin_for(&permit).await.unwrap();
        for number in 1..INVITATIONS_PENDING_MOST {
            let another = Invitation {
                id: format!("inv_{number:032x}").parse().unwrap(),
                email: format!("guest{number}@example.com").parse().unwrap(),
                ..first.clone()
            };
            let mut hash = [0; 32];
            hash[..4].copy_from_slice(&number.to_be_bytes());
            tx.put_invitation(&permit, &another, &store::TokenHash(hash)).await.unwrap();
        }
        tx.commit().await.unwrap();
        store.close().await;
        let one_more = async || invite(&world, &world.owner, "more@example.com", &["signing-viewer"]).await;
        assert_eq!(code(one_more().await), "invitations_full");
        invite(&world, &world.owner, GUEST, &["signing-manager"]).await.expect("in the place of one that is there");
        world.app().revoke_invitation(caller, org, first.id).await.unwrap();
        one_more().await.unwrap();
        assert_eq!(code(invite(&world, &world.owner, "most@example.com", &["signing-viewer"]).await), "invitations_full");
    }

    async fn a_mail_that_nobody_takes_is_told_and_tried_again_or_not(world: World) {
        let mailbox = Mailbox::open().await;
        world.restart_with_mail(&mailbox).await;
        mailbox.refuse(Some("451 come back later"));
        let invited = invite(&world, &world.owner, GUEST, &["signing-viewer"]).await.unwrap();
        let why = || async {
            let page = world.app().invitations(&world.owner.caller, world.org, &Paging::default()).await.unwrap();
            match &page.items[0].invitation.delivery {
                Delivery::Failed { why, .. } => why.clone(),
                other => format!("{other:?}"),
            }
        };
        world.app().run_due_jobs().await.unwrap();
        assert!(why().await.contains("come back later"), "{}", why().await);
        mailbox.refuse(None);
        world.advance(3600);
        world.app().run_due_jobs().await.unwrap();
        assert_eq!(mailbox.mails().len(), 1);
        mailbox.refuse(Some("550 no such mailbox"));
        world.app().send_invitation_again(&world.owner.caller, world.org, invited.invitation.id, false).await.unwrap();
        world.app().run_due_jobs().await.unwrap();
        assert!(why().await.contains("no such mailbox"), "{}", why().await);
        world.advance(24 * 3600);
        mailbox.refuse(None);
        world.app().run_due_jobs().await.unwrap();
        assert_eq!(mailbox.mails().len(), 1, "what will never be taken is not tried for ever");
        // Asked for the link instead, one gets it.
        let shown = world.app().send_invitation_again(&world.owner.caller, world.org, invited.invitation.id, true).await.unwrap();
        join(&world, &token(&shown)).await.unwrap();
    }

    async fn a_mail_of_somebody_who_was_removed_is_not_sent_and_a_name_makes_no_header(world: World) {
        let mailbox = Mailbox::open().await;
        world.restart_with_mail(&mailbox).await;
        let mara = world.person("mara", &[(world.org, MANAGER)]).await.signed_in;
        invite(&world, &mara, GUEST, &["organization-viewer"]).await.unwrap();
        world.app().remove_member(&world.owner.caller, world.org, mara.person().unwrap().id).await.unwrap();
        world.app().run_due_jobs().await.unwrap();
        assert!(mailbox.mails().is_empty());
        let odd = world.organization("Zoë, Bcc: eve@example.com", Some(world.org)).await;
        let guest = new("other@example.com", &["organization-viewer"]);
        world.app().invite(&world.owner.caller, odd, guest).await.unwrap();
        world.app().run_due_jobs().await.unwrap();
        let mails = mailbox.mails();
        assert_eq!(mails[0].to, ["other@example.com"]);
        let head = mails[0].text.split("\n\n").next().unwrap();
        assert!(!head.lines().any(|line| line.starts_with("Bcc")), "{head}");
    }

    async fn no_token_waits_in_the_database_or_is_recorded(world: World) {
        let mailbox = Mailbox::open().await;
        world.restart_with_mail(&mailbox).await;
        invite(&world, &world.owner, GUEST, &["signing-viewer"]).await.unwrap();
        let store = world.store().await;
        let mut tx = store.begin_over_all().await.unwrap();
        let job = tx.claim_job("look", world.now(), jiff::SignedDuration::from_secs(1), None).await.unwrap().unwrap();
        let said = format!("{job:?}");
        // Kept for that second: a claim that is dropped is undone some time later, and meanwhile nobody else is given the job.
        tx.commit().await.unwrap();
        store.close().await;
        world.advance(2);
        world.app().run_due_jobs().await.unwrap();
        let link = mailbox.mails()[0].link();
        let token = link.rsplit_once('/').unwrap().1;
        assert!(!said.contains(token) && token.len() == 64);
        for sentence in log(&world).await {
            assert!(!sentence.contains(token));
        }
    }
}

async fn join_as(world: &World, token: &str, name: &str) -> Result<Accepted, Problem> {
    world.app().accept_invitation(token, newcomer(name), Origin::default()).await
}
