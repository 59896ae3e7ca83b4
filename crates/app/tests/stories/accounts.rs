//! The first person, signing in and out, tokens.

use crate::{code, log};
use app::{Kind, accounts::SetUp};
use domain::Origin;
use testkit::{PASSWORD, World};
use zeroize::Zeroizing;

const EMAIL: &str = "elin@halden.example";

fn from(address: &str) -> Origin {
    Origin {
        address: Some(address.to_owned()),
        request_id: None,
    }
}

testkit::on_both_databases! {
    async fn the_set_up_link_works_once(world: World) {
        let app = world.app();
        assert!(app.set_up_token().await.unwrap().is_none(), "somebody has an account");
        let again = SetUp {
            organization: "Other".to_owned(),
            name: "Eve".to_owned(),
            email: "eve@example.com".to_owned(),
            password: Zeroizing::new(PASSWORD.to_owned()),
        };
        assert_eq!(code(app.set_up("anything", again, Origin::default(), None).await), "set_up_closed");
        assert!(log(&world).await.contains(&"Elin set this server up".to_owned()));
    }

    async fn a_person_signs_in_and_out(world: World) {
        let app = world.app();
        let session = app.sign_in("  ELIN@halden.example", PASSWORD, from("192.0.2.1"), Some("Browser")).await.unwrap();
        assert!(!format!("{session:?}").contains(session.cookie.expose()));
        let who = app.by_session(session.cookie.expose(), from("192.0.2.1")).await.unwrap().unwrap();
        assert_eq!(who.person().unwrap().email.as_str(), EMAIL);
        assert_eq!(app.own_organizations(&who).await.unwrap()[0].name.as_str(), "Halden");
        app.sign_out(&who).await.unwrap();
        assert!(app.by_session(session.cookie.expose(), Origin::default()).await.unwrap().is_none());
    }

    async fn a_wrong_pair_says_nothing_about_the_account(world: World) {
        let app = world.app();
        let known = app.sign_in(EMAIL, "wrong password", from("192.0.2.1"), None).await.unwrap_err();
        let unknown = app.sign_in("nobody@halden.example", "wrong password", from("192.0.2.1"), None).await.unwrap_err();
        let no_address = app.sign_in("hunter2", "wrong password", from("192.0.2.1"), None).await.unwrap_err();
        for problem in [&known, &unknown, &no_address] {
            assert_eq!((problem.kind, problem.code), (Kind::SignInNeeded, "sign_in_failed"));
            assert_eq!(problem.message, known.message);
        }
    }

    async fn guessing_at_one_account_is_stopped_also_when_all_guesses_come_at_once(world: World) {
        let app = world.app();
        let guesses: Vec<_> = (0..14)
            .map(|n| {
                let app = app.clone();
                tokio::spawn(async move { code(app.sign_in(EMAIL, "wrong password", from(&format!("192.0.2.{n}")), None).await) })
            })
            .collect();
        let mut looked_at = 0;
        for guess in guesses {
            looked_at += usize::from(guess.await.unwrap() == "sign_in_failed");
        }
        assert_eq!(looked_at, 10);
        assert_eq!(code(app.sign_in(EMAIL, PASSWORD, from("192.0.2.99"), None).await), "sign_in_limited");
        world.advance(15 * 60 + 1);
        assert!(app.sign_in(EMAIL, PASSWORD, from("192.0.2.99"), None).await.is_ok());
    }

    async fn a_page_that_asks_by_itself_keeps_no_session_alive(world: World) {
        let app = world.app();
        let session = app.sign_in(EMAIL, PASSWORD, from("192.0.2.1"), None).await.unwrap();
        let cookie = session.cookie.expose();
        for hour in 1..=11 {
            world.advance(3600);
            assert!(app.by_session_unattended(cookie, from("192.0.2.1")).await.unwrap().is_some(), "{hour}");
        }
        world.advance(3600);
        assert!(app.by_session_unattended(cookie, from("192.0.2.1")).await.unwrap().is_none(), "nobody was there for twelve hours");
        let session = app.sign_in(EMAIL, PASSWORD, from("192.0.2.1"), None).await.unwrap();
        let cookie = session.cookie.expose();
        for _ in 0..13 {
            world.advance(3600);
            assert!(app.by_session(cookie, from("192.0.2.1")).await.unwrap().is_some());
        }
    }

    async fn guessing_from_one_address_is_stopped_whatever_the_account(world: World) {
        let app = world.app();
        for n in 0..30 {
            let email = format!("person{n}@example.com");
            assert_eq!(code(app.sign_in(&email, "wrong password", from("198.51.100.7"), None).await), "sign_in_failed");
        }
        assert_eq!(code(app.sign_in(EMAIL, PASSWORD, from("198.51.100.7"), None).await), "sign_in_limited");
        assert!(app.sign_in(EMAIL, PASSWORD, from("198.51.100.8"), None).await.is_ok());
    }

    async fn guesses_from_one_address_that_come_at_once_are_stopped_too(world: World) {
        let app = world.app();
        let guess = |n: u32| {
            let app = app.clone();
            // One client, whatever address of its network it takes.
            let address = from(&format!("2001:db8:0:7::{n}"));
            tokio::spawn(async move { code(app.sign_in(&format!("person{n}@example.com"), "wrong password", address, None).await) })
        };
        let mut looked_at = 0;
        for guess in (0..36).map(guess).collect::<Vec<_>>() {
            looked_at += usize::from(guess.await.unwrap() == "sign_in_failed");
        }
        assert_eq!(looked_at, 30);
    }

    async fn a_right_sign_in_does_not_wipe_out_the_wrong_ones_of_its_address(world: World) {
        let app = world.app();
        for n in 0..29 {
            let email = format!("person{n}@example.com");
            assert_eq!(code(app.sign_in(&email, "wrong password", from("198.51.100.7"), None).await), "sign_in_failed");
        }
        assert!(app.sign_in(EMAIL, PASSWORD, from("198.51.100.7"), None).await.is_ok());
        assert_eq!(code(app.sign_in("person99@example.com", "wrong password", from("198.51.100.7"), None).await), "sign_in_failed");
        assert_eq!(code(app.sign_in(EMAIL, PASSWORD, from("198.51.100.7"), None).await), "sign_in_limited");
    }

    async fn signing_in_right_is_never_limited(world: World) {
        for _ in 0..12 {
            assert!(world.app().sign_in(EMAIL, PASSWORD, from("192.0.2.1"), None).await.is_ok());
        }
    }

    async fn a_session_ends_when_idle_and_at_the_latest_after_fourteen_days(world: World) {
        let app = world.app();
        let idle = app.sign_in(EMAIL, PASSWORD, Origin::default(), None).await.unwrap().cookie;
        let used = app.sign_in(EMAIL, PASSWORD, Origin::default(), None).await.unwrap().cookie;
        for _ in 0..(14 * 24 / 11) {
            world.advance(11 * 3600);
            assert!(app.by_session(used.expose(), Origin::default()).await.unwrap().is_some());
        }
        assert!(app.by_session(idle.expose(), Origin::default()).await.unwrap().is_none());
        world.advance(11 * 3600);
        assert!(app.by_session(used.expose(), Origin::default()).await.unwrap().is_none());
    }

    async fn changing_the_password_ends_every_other_session(world: World) {
        let app = world.app();
        let other = app.sign_in(EMAIL, PASSWORD, Origin::default(), None).await.unwrap().cookie;
        let mine = app.sign_in(EMAIL, PASSWORD, Origin::default(), None).await.unwrap();
        let who = &mine.signed_in;
        assert_eq!(code(app.change_password(who, "wrong", "a new long password").await), "password_wrong");
        assert_eq!(code(app.change_password(who, PASSWORD, "short").await), "password_unfit");
        // Two: the other one here and the one of the set-up.
        assert_eq!(app.change_password(who, PASSWORD, "a new long password").await.unwrap(), 2);
        assert!(app.by_session(other.expose(), Origin::default()).await.unwrap().is_none());
        assert!(app.by_session(mine.cookie.expose(), Origin::default()).await.unwrap().is_some());
        assert_eq!(code(app.sign_in(EMAIL, PASSWORD, Origin::default(), None).await), "sign_in_failed");
        assert!(app.sign_in(EMAIL, "a new long password", Origin::default(), None).await.is_ok());
    }

    async fn a_token_acts_for_its_owner_until_it_is_revoked(world: World) {
        let app = world.app();
        let (token, shown) = app.create_token(&world.owner, "CI", None).await.unwrap();
        assert!(shown.expose().starts_with("russet_"));
        let who = app.by_token(shown.expose(), Origin::default()).await.unwrap().unwrap();
        assert_eq!(who.personal_token().unwrap().id, token.id);
        assert_eq!(app.keys(&who.caller, world.org).await.unwrap().len(), 0);
        assert_eq!(code(app.change_password(&who, PASSWORD, "a new long password").await), "session_needed");
        app.revoke_token(&world.owner, token.id).await.unwrap();
        assert!(app.by_token(shown.expose(), Origin::default()).await.unwrap().is_none());
        assert_eq!(code(app.revoke_token(&world.owner, token.id).await), "not_found");
    }

    async fn a_token_that_is_made_with_a_token_ends_with_it(world: World) {
        let app = world.app();
        let tomorrow = world.now() + jiff::SignedDuration::from_hours(24);
        let (_, shown) = app.create_token(&world.owner, "CI", Some(tomorrow)).await.unwrap();
        let found = app.by_token(shown.expose(), Origin::default()).await.unwrap().unwrap();
        assert_eq!(app.create_token(&found, "Mine now", None).await.unwrap().0.expires_at, tomorrow);
        let longer = tomorrow + jiff::SignedDuration::from_secs(1);
        assert_eq!(code(app.create_token(&found, "Mine now", Some(longer)).await), "expiry_unfit");
    }

    async fn a_token_ends_by_itself(world: World) {
        let app = world.app();
        let year = world.now() + jiff::SignedDuration::from_hours(24 * 400);
        assert_eq!(code(app.create_token(&world.owner, "CI", Some(year)).await), "expiry_unfit");
        assert_eq!(code(app.create_token(&world.owner, "CI", Some(world.now())).await), "expiry_unfit");
        let (_, shown) = app.create_token(&world.owner, "CI", None).await.unwrap();
        world.advance_days(182);
        assert!(app.by_token(shown.expose(), Origin::default()).await.unwrap().is_some());
        world.advance_days(2);
        assert!(app.by_token(shown.expose(), Origin::default()).await.unwrap().is_none());
    }
}
