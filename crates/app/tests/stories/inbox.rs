//! What a person should hear of stands in their inbox until it is over, and nobody's inbox has what they may not see.

use crate::{
    code, log,
    profiles::{certificate, registered, wanted},
};
use app::{
    accounts::SignedIn,
    expiries::ExpiryOf,
    inbox::{About, Inbox},
    service_tokens::NewServiceToken,
};
use domain::{
    OrgId,
    policy::{Grade, Module, Role as Held},
};
use jiff::{SignedDuration, Timestamp};
use testkit::{Role, World};

/// A sub-organization and its Owner.
async fn below(world: &World) -> (OrgId, SignedIn) {
    let org = world.organization("transit", Some(world.org)).await;
    (org, world.person("mara", &[(org, Held::Owner)]).await.signed_in)
}

fn bot(name: &str, ends: Timestamp) -> NewServiceToken {
    NewServiceToken {
        name: name.to_owned(),
        roles: vec!["signing-viewer".to_owned()],
        expires_at: Some(ends),
        ..NewServiceToken::default()
    }
}

async fn inbox(world: &World, who: &SignedIn) -> Inbox {
    let inbox = world.app().inbox(who).await.unwrap();
    let counted = world.app().unread_notices(who).await.unwrap();
    assert_eq!(counted, inbox.unread(), "the bell says what the inbox has");
    inbox
}

async fn heads(world: &World, who: &SignedIn) -> Vec<String> {
    inbox(world, who).await.notices.into_iter().map(|notice| notice.head).collect()
}

testkit::on_both_databases! {
    async fn of_each_thing_the_last_notice_stands_until_it_is_over(world: World) {
        let key = world.link(Role::Admin).await;
        let certificate = certificate(&world, key, "DISTRIBUTION").await;
        let profile = registered(&world, key, wanted("Tram", "IOS_APP_STORE", "no.halden.ferry", None)).await;
        assert_eq!(heads(&world, &world.owner).await, Vec::<String>::new());
        let held = world.app().certificate(&world.owner.caller, world.org, certificate).await.unwrap();
        let days = held.expires_at.duration_since(world.now()).as_hours() / 24;
        world.advance_days(days - 20);
        // A clock that jumped ends sessions, not what is told to people.
        world.app().tell_expiries().await.unwrap();
        let first = inbox(&world, &world.owner).await;
        let mut told: Vec<_> = first.notices.iter().map(|notice| (notice.about, notice.is_unread)).collect();
        told.sort_by_key(|(about, _)| matches!(about, About::Profile(_)));
        assert_eq!(told, [(About::Certificate(certificate), true), (About::Profile(profile), true)]);
        assert!(first.notices.iter().all(|notice| notice.head.contains(" expires on ") && notice.organization == world.org));

        world.app().read_inbox(&world.owner, first.newest).await.unwrap();
        assert_eq!(inbox(&world, &world.owner).await.unread(), 0);
        // The next step takes the place of the one before and is news again.
        world.advance_days(10);
        world.app().tell_expiries().await.unwrap();
        let second = inbox(&world, &world.owner).await;
        assert_eq!((second.notices.len(), second.unread()), (2, 2));
        // To go back is not to have read less, and nobody reads what is not there yet.
        world.app().read_inbox(&world.owner, i64::MAX).await.unwrap();
        world.app().read_inbox(&world.owner, 0).await.unwrap();
        assert_eq!(inbox(&world, &world.owner).await.unread(), 0);

        world.app().remove_profiles(&world.owner.caller, world.org, &[profile]).await.unwrap();
        let left = inbox(&world, &world.owner).await;
        assert_eq!(left.notices.iter().map(|notice| notice.about).collect::<Vec<_>>(), [About::Certificate(certificate)]);
        world.advance_days(11);
        world.app().tell_expiries().await.unwrap();
        assert!(heads(&world, &world.owner).await[0].contains(" has expired on "));
    }

    async fn an_inbox_has_what_its_owner_may_see_and_nothing_of_others(world: World) {
        let ends = world.now() + SignedDuration::from_hours(24 * 20);
        world.app().create_token(&world.owner, "laptop", Some(ends)).await.unwrap();
        let (_, they) = below(&world).await;
        world.app().create_token(&they, "theirs", Some(ends)).await.unwrap();
        world.advance_days(6);
        assert_eq!(world.app().tell_expiries().await.unwrap(), 2);
        let told = |name: &str| format!("Your API token “{name}” expires on 13 Dec 2026");
        assert_eq!(heads(&world, &world.owner).await, [told("laptop")], "a personal token is its owner's matter");
        assert_eq!(heads(&world, &they).await, [told("theirs")]);
    }

    async fn a_key_that_stops_working_is_told_once_and_no_more_when_it_works_again(world: World) {
        let key = world.link(Role::Admin).await;
        let (_, they) = below(&world).await;
        let key_id = world.app().key(&world.owner.caller, world.org, key).await.unwrap().summary.key.key_id.to_string();
        let check = async || world.app().check_key(&world.owner.caller, world.org, key).await.unwrap();
        world.apple.control().set_revoked(&key_id, true).unwrap();
        check().await;
        let told = inbox(&world, &world.owner).await;
        assert_eq!((told.notices.len(), told.notices[0].about), (1, About::Key(key)));
        assert!(told.notices[0].body.contains("it was: Working"), "{}", told.notices[0].body);
        world.app().read_inbox(&world.owner, told.newest).await.unwrap();
        check().await;
        assert_eq!(inbox(&world, &world.owner).await.unread(), 0, "the daily check says nothing new");
        assert_eq!(heads(&world, &they).await, Vec::<String>::new(), "it is not shared with them");
        world.apple.control().set_revoked(&key_id, false).unwrap();
        check().await;
        assert_eq!(heads(&world, &world.owner).await, Vec::<String>::new());
    }

    async fn a_roots_member_hears_of_what_is_below_and_not_the_other_way(world: World) {
        let (org, they) = below(&world).await;
        let ends = world.now() + SignedDuration::from_hours(24 * 20);
        world.app().create_service_token(&they, org, bot("Bot", ends)).await.unwrap();
        world.app().create_service_token(&world.owner, world.org, bot("Above", ends)).await.unwrap();
        world.advance_days(6);
        world.app().tell_expiries().await.unwrap();
        assert_eq!(inbox(&world, &world.owner).await.notices.len(), 2);
        assert_eq!(heads(&world, &they).await, ["The API token “Bot” expires on 13 Dec 2026"]);
    }

    async fn a_calendar_link_shows_what_its_maker_may_see_until_they_leave(world: World) {
        let key = world.link(Role::Admin).await;
        let certificate = certificate(&world, key, "DISTRIBUTION").await;
        let sina = world.person("sina", &[(world.org, Held::In(Module::Credentials, Grade::Viewer))]).await.signed_in;
        let app = world.app();
        let mine = app.make_calendar_link(&world.owner, world.org).await.unwrap();
        let hers = app.make_calendar_link(&sina, world.org).await.unwrap();
        let seen = async |link: &str| app.calendar(link).await.map(|calendar| calendar.expiries.items);
        let of_owner = seen(mine.expose()).await.unwrap();
        assert!(of_owner.iter().any(|expiry| expiry.of == ExpiryOf::Certificate(certificate)));
        assert_eq!(seen(hers.expose()).await.unwrap().len(), 0, "certificates are not hers to see");
        assert_eq!(code(seen("0000").await), "not_found");
        // Another ends the one before, and leaving ends hers.
        let another = app.make_calendar_link(&world.owner, world.org).await.unwrap();
        assert_eq!(code(seen(mine.expose()).await), "not_found");
        assert!(seen(another.expose()).await.is_ok() && app.calendar_link(&world.owner, world.org).await.unwrap().is_some());
        app.remove_member(&world.owner.caller, world.org, sina.person().unwrap().id).await.unwrap();
        let recorded = log(&world).await.len();
        assert_eq!(code(seen(hers.expose()).await), "not_found");
        assert_eq!(log(&world).await.len(), recorded, "a program that goes on asking fills no log");
        app.end_calendar_link(&world.owner, world.org).await.unwrap();
        assert_eq!(code(seen(another.expose()).await), "not_found");
    }
}
