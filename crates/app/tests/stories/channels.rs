//! Notices leave by the channels of an organization: signed, told once, tried again, and nowhere that they must not go.

use crate::{code, log};
use app::{
    Paging,
    channels::{ChannelChange, ChannelView, EnteredTarget, NewChannel},
    service_tokens::NewServiceToken,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use domain::{
    ChannelId, DeliveryState, NoticeDelivery,
    policy::{Grade, Module, Role as Held},
};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use testkit::{Mailbox, Posted, Receiver, World};

fn webhook(name: &str, url: &str) -> NewChannel {
    NewChannel {
        name: name.to_owned(),
        target: EnteredTarget::Webhook { url: url.to_owned() },
        kinds: None,
    }
}

fn mail(name: &str, to: &[&str]) -> NewChannel {
    NewChannel {
        name: name.to_owned(),
        target: EnteredTarget::Mail {
            to: to.iter().map(|&to| to.to_owned()).collect(),
        },
        kinds: None,
    }
}

async fn made(world: &World, new: NewChannel) -> (ChannelId, Option<String>) {
    let made = world.app().create_channel(&world.owner.caller, world.org, new).await;
    let (view, secret) = made.unwrap();
    (view.channel.id, secret.map(|secret| secret.expose().to_owned()))
}

/// A token that is about to expire: a notice.
async fn something_to_tell(world: &World, name: &str) {
    let ends = world.now() + jiff::SignedDuration::from_hours(24 * 20);
    let token = NewServiceToken {
        name: name.to_owned(),
        roles: vec!["signing-viewer".to_owned()],
        expires_at: Some(ends),
        ..NewServiceToken::default()
    };
    world.app().create_service_token(&world.owner, world.org, token).await.unwrap();
    world.advance_days(6);
    world.app().tell_expiries().await.unwrap();
    world.app().run_due_jobs().await.unwrap();
}

/// Whether this is signed with the secret, as the Standard Webhooks specification has it; by another library than Russet's.
fn is_signed(posted: &Posted, secret: &str) -> bool {
    let key = BASE64_STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    mac.update(posted.header("webhook-id").as_bytes());
    mac.update(b".");
    mac.update(posted.header("webhook-timestamp").as_bytes());
    mac.update(b".");
    mac.update(&posted.body);
    let signature = posted.header("webhook-signature").strip_prefix("v1,").unwrap();
    mac.verify_slice(&BASE64_STANDARD.decode(signature).unwrap()).is_ok()
}

async fn history(world: &World, channel: ChannelId) -> Vec<NoticeDelivery> {
    let page = world
        .app()
        .deliveries(&world.owner.caller, world.org, channel, &Paging::first(50))
        .await;
    page.unwrap().items.into_iter().map(|view| view.delivery).collect()
}

async fn shown(world: &World, channel: ChannelId) -> ChannelView {
    world.app().channel(&world.owner.caller, world.org, channel).await.unwrap()
}

async fn heads(world: &World) -> Vec<String> {
    let inbox = world.app().inbox(&world.owner).await.unwrap();
    inbox.notices.into_iter().map(|notice| notice.head).collect()
}

testkit::on_both_databases! {
    async fn a_webhook_gets_a_signed_document_once(world: World) {
        let receiver = Receiver::open().await;
        world.restart_with_local_webhooks().await;
        let (channel, secret) = made(&world, webhook("Ops", &receiver.url())).await;
        let secret = secret.unwrap();
        something_to_tell(&world, "Bot").await;
        world.app().run_due_jobs().await.unwrap();
        let posted = receiver.posted();
        let [one] = posted.as_slice() else { panic!("{posted:?}") };
        assert_eq!(one.line, "POST /hook?of=russet HTTP/1.1");
        assert_eq!(one.header("content-type"), "application/json");
        assert_eq!(one.header("webhook-timestamp"), world.now().as_second().to_string());
        assert!(is_signed(one, &secret));
        assert!(!is_signed(&Posted { body: b"{}".to_vec(), ..one.clone() }, &secret), "the body is signed");
        let document: serde_json::Value = serde_json::from_slice(&one.body).unwrap();
        let [delivery] = history(&world, channel).await.try_into().unwrap();
        let expected = serde_json::json!({
            "version": 1,
            "id": one.header("webhook-id"),
            "event": delivery.event.unwrap().0.to_string(),
            "time": world.now().to_string(),
            "organization": {"id": world.org.to_string(), "name": "Halden"},
            "kind": "service-token.will-expire",
            "severity": "warning",
            "title": "The API token “Bot” expires on 13 Dec 2026",
            "text": "Rotate it, and put the new value where the old one is used.",
            "link": document["link"],
        });
        assert_eq!(document, expected);
        let link = document["link"].as_str().unwrap();
        assert!(link.starts_with(&format!("http://localhost:7400/o/{}/tokens/svc_", world.org)), "{link}");
        assert_eq!((delivery.state, delivery.id.to_string().as_str()), (DeliveryState::Delivered, one.header("webhook-id")));
        assert_eq!(delivery.answer.as_deref(), Some("The receiver answered 200."));
        // The secret is nowhere any more; another takes its place at once.
        assert!(!format!("{:?}", shown(&world, channel).await).contains(&secret[6..]));
        let rotated = world.app().rotate_channel_secret(&world.owner.caller, world.org, channel).await.unwrap().1;
        something_to_tell(&world, "Another").await;
        let last = receiver.posted().pop().unwrap();
        assert!(is_signed(&last, rotated.expose()) && !is_signed(&last, &secret));
    }

    async fn what_is_not_taken_is_tried_again_and_whoever_should_know_is_told(world: World) {
        let (receiver, mailbox) = (Receiver::open().await, Mailbox::open().await);
        world.restart_with_mail(&mailbox).await;
        world.restart_with_local_webhooks().await;
        let (failing, _) = made(&world, webhook("Ops", &receiver.url())).await;
        let (other, _) = made(&world, NewChannel {
            kinds: Some(vec!["notification-channel.fail".to_owned()]),
            ..mail("People", &["ops@halden.example"])
        }).await;
        receiver.answer([503, 302, 500, 500, 404, 429, 503]);
        something_to_tell(&world, "Bot").await;
        for (number, wait) in [30, 120, 600, 3600, 3 * 3600, 8 * 3600].into_iter().enumerate() {
            let tried = number + 1;
            assert_eq!(receiver.posted().len(), tried);
            let [waiting] = history(&world, failing).await.try_into().unwrap();
            assert_eq!((waiting.state, waiting.attempts as usize), (DeliveryState::Waiting, tried));
            world.advance(wait - 1);
            world.app().run_due_jobs().await.unwrap();
            assert_eq!(receiver.posted().len(), tried, "not before its time");
            world.advance(1);
            world.app().run_due_jobs().await.unwrap();
        }
        let ids: std::collections::BTreeSet<_> = receiver.posted().iter().map(|one| one.header("webhook-id").to_owned()).collect();
        assert_eq!(ids.len(), 1, "every attempt has the same id");
        let [given_up] = history(&world, failing).await.try_into().unwrap();
        assert_eq!((given_up.state, given_up.next_at), (DeliveryState::Failed, None));
        assert_eq!(given_up.answer.as_deref(), Some("The receiver answered 503."));
        // Told once: in the inbox and by the other channel, never by itself.
        assert_eq!(heads(&world).await, ["The notification channel “Ops” fails", "The API token “Bot” expires on 13 Dec 2026"]);
        assert!(shown(&world, failing).await.channel.failing_since.is_some());
        assert_eq!(receiver.posted().len(), 7);
        let subjects: Vec<_> = mailbox.mails().into_iter().map(|mail| mail.text).collect();
        assert_eq!(subjects.len(), 1, "{subjects:?}");
        assert!(subjects[0].contains(&history(&world, other).await[0].id.to_string()), "the Message-ID is the delivery's");
        // The next one arrives, and that is the end of it.
        something_to_tell(&world, "Another").await;
        assert_eq!(shown(&world, failing).await.channel.failing_since, None);
        assert!(!heads(&world).await.contains(&"The notification channel “Ops” fails".to_owned()));
        let recorded = log(&world).await;
        for sentence in [
            "Russet noticed that the notification channel “Ops” fails: 127.0.0.1: The receiver answered 404.",
            "Russet noticed that the notification channel “Ops” works again",
        ] {
            let times = recorded.iter().filter(|one| *one == sentence).count();
            assert_eq!(times, 1, "{sentence}: {recorded:#?}");
        }
    }

    async fn mail_goes_to_each_address_by_itself(world: World) {
        let mailbox = Mailbox::open().await;
        assert_eq!(code(world.app().create_channel(&world.owner.caller, world.org, mail("People", &["ops@halden.example"])).await), "no_mail_server");
        world.restart_with_mail(&mailbox).await;
        let (channel, secret) = made(&world, mail("People", &["ops@halden.example", " Lead@halden.example ", "ops@halden.example"])).await;
        assert_eq!(secret, None);
        something_to_tell(&world, "Bot").await;
        let to: Vec<_> = mailbox.mails().into_iter().map(|mail| mail.to).collect();
        assert_eq!(to.len(), 2, "{to:?}");
        assert!(to.iter().all(|to| to.len() == 1), "nobody sees who else gets it: {to:?}");
        // An address that is refused for ever is not tried again, and the other one has its mail.
        mailbox.refuse(Some("550 no such mailbox"));
        something_to_tell(&world, "Another").await;
        let states: Vec<_> = history(&world, channel).await.into_iter().map(|one| one.state).collect();
        assert_eq!(states, [DeliveryState::Failed, DeliveryState::Failed, DeliveryState::Delivered, DeliveryState::Delivered]);
        assert!(heads(&world).await.contains(&"The notification channel “People” fails".to_owned()));
    }

    async fn no_channel_leads_into_the_servers_network(world: World) {
        let receiver = Receiver::open().await;
        let port = receiver.url().rsplit_once(':').unwrap().1.split('/').next().unwrap().to_owned();
        let app = world.app();
        for url in [
            receiver.url(),
            format!("https://127.0.0.1:{port}/"),
            format!("https://[::1]:{port}/"),
            format!("https://[::ffff:127.0.0.1]:{port}/"),
            "https://169.254.169.254/latest/meta-data".to_owned(),
            format!("https://2130706433:{port}/"),
            "https://10.0.0.1/".to_owned(),
            "http://hooks.example.com/".to_owned(),
            "ftp://hooks.example.com/".to_owned(),
        ] {
            let refused = app.create_channel(&world.owner.caller, world.org, webhook("Inside", &url)).await;
            assert_eq!(code(refused), "url_unfit", "{url}");
        }
        // A name says only when it is looked up where it leads.
        let (channel, _) = made(&world, webhook("Inside", &format!("https://localhost:{port}/"))).await;
        something_to_tell(&world, "Bot").await;
        let [delivery] = history(&world, channel).await.try_into().unwrap();
        // As a name that has no address: whether it has one inside is nobody's to learn.
        assert_eq!((delivery.state, delivery.attempts), (DeliveryState::Waiting, 1));
        let answer = delivery.answer.unwrap();
        assert!(answer.contains("could not be looked up, or it leads to a network that is not public") && !answer.contains("127.0.0.1") && !answer.contains("::1"), "{answer}");
        assert_eq!(receiver.posted().len(), 0);
    }

    async fn an_organization_mails_so_much_a_day_and_no_more(world: World) {
        let mailbox = Mailbox::open().await;
        world.restart_with_mail(&mailbox).await;
        let (channel, _) = made(&world, mail("List", &["list@example.com"])).await;
        let permit = domain::decide(&world.owner.caller.principal, domain::Action::ManageChannels, domain::Tenant::root(world.org)).unwrap();
        let today = world.now().as_second() / 86_400;
        let store = world.store().await;
        let mut tx = store.begin_for(&permit).await.unwrap();
        for _ in 1..app::channels::MAILS_A_DAY {
            assert!(tx.count_mail(&permit, today, app::channels::MAILS_A_DAY).await.unwrap());
        }
        tx.commit().await.unwrap();
        let test = async || {
            let sent = world.app().test_channel(&world.owner.caller, world.org, channel).await.unwrap();
            world.app().run_due_jobs().await.unwrap();
            world.advance(20);
            sent[0].delivery.id
        };
        for (wanted, mails) in [(DeliveryState::Delivered, 1), (DeliveryState::Failed, 1)] {
            let id = test().await;
            let delivery = history(&world, channel).await.into_iter().find(|one| one.id == id).unwrap();
            assert_eq!((delivery.state, mailbox.mails().len()), (wanted, mails), "{:?}", delivery.answer);
        }
        world.advance_days(1);
        let id = test().await;
        let tomorrow = history(&world, channel).await.into_iter().find(|one| one.id == id).unwrap();
        assert_eq!(tomorrow.state, DeliveryState::Delivered);
    }

    async fn many_notices_are_handed_out_a_few_at_a_time(world: World) {
        let mailbox = Mailbox::open().await;
        world.restart_with_mail(&mailbox).await;
        let addresses: Vec<String> = (0..20).map(|number| format!("person{number}@example.com")).collect();
        let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
        let (channel, _) = made(&world, mail("Everybody", &addresses)).await;
        for number in 0..12 {
            let token = NewServiceToken {
                name: format!("Bot {number}"),
                roles: vec!["signing-viewer".to_owned()],
                expires_at: Some(world.now() + jiff::SignedDuration::from_hours(24 * 20)),
                ..NewServiceToken::default()
            };
            world.app().create_service_token(&world.owner, world.org, token).await.unwrap();
        }
        world.advance_days(6);
        world.app().tell_expiries().await.unwrap();
        let page = async || {
            let paging = Paging::first(200);
            world.app().deliveries(&world.owner.caller, world.org, channel, &paging).await.unwrap()
        };
        // Killed after the first transaction: it was full, and the rest is still to come.
        let hand_out = |app: app::App| async move { app.run_due_jobs().await.map(drop) };
        assert!(world.crash_at(app::crash_point::NOTICES_HANDED_OUT, hand_out).await);
        let first = page().await;
        assert_eq!((first.items.len(), first.next), (200, None));
        world.restart_with_mail(&mailbox).await;
        world.app().run_due_jobs().await.unwrap();
        assert!(page().await.next.is_some());
        assert_eq!(mailbox.mails().len(), 240, "each once");
    }

    async fn a_channel_gets_the_kinds_that_its_maker_chose_and_may_see(world: World) {
        let receiver = Receiver::open().await;
        world.restart_with_local_webhooks().await;
        let app = world.app();
        let chosen = |kinds: &[&str]| NewChannel {
            kinds: Some(kinds.iter().map(|&kind| kind.to_owned()).collect()),
            ..webhook("Chosen", &receiver.url())
        };
        let owner = &world.owner.caller;
        assert_eq!(code(app.create_channel(owner, world.org, chosen(&[])).await), "kinds_missing");
        assert_eq!(code(app.create_channel(owner, world.org, chosen(&["token.will-expire"])).await), "kind_unknown");
        // Who manages notifications and nothing else hears of tokens, and not of certificates.
        let sina = world.person("sina", &[(world.org, Held::In(Module::Organization, Grade::Manager))]).await.signed_in;
        let beyond = app.create_channel(&sina.caller, world.org, webhook("All", &receiver.url())).await;
        assert_eq!(code(beyond), "kind_beyond_rights");
        assert!(log(&world).await[0].contains("sina was not allowed to have notices sent that they may not see"));
        let (view, _) = app.create_channel(&sina.caller, world.org, chosen(&["service-token.will-expire"])).await.unwrap();
        let hers = view.channel.id;
        // Nor does she turn what others chose toward herself.
        let (of_owner, _) = made(&world, webhook("All", &receiver.url())).await;
        let change = ChannelChange {
            target: Some(EnteredTarget::Webhook { url: "https://hooks.example.com/hers".to_owned() }),
            ..ChannelChange::default()
        };
        assert_eq!(code(app.change_channel(&sina.caller, world.org, of_owner, change).await), "kind_beyond_rights");
        assert_eq!(code(app.create_channel(owner, world.org, webhook("ALL", &receiver.url())).await), "name_taken");
        something_to_tell(&world, "Bot").await;
        assert_eq!(receiver.posted().len(), 2);
        let narrowed = ChannelChange { kinds: Some(Some(vec!["key.check".to_owned()])), ..ChannelChange::default() };
        app.change_channel(owner, world.org, of_owner, narrowed).await.unwrap();
        something_to_tell(&world, "Another").await;
        assert_eq!(receiver.posted().len(), 3);
        // A viewer sees that there are channels, and not where exactly they lead.
        let vera = world.person("vera", &[(world.org, Held::In(Module::Organization, Grade::Viewer))]).await.signed_in;
        let seen = format!("{:?}", app.channel(&vera.caller, world.org, hers).await.unwrap().channel.target);
        assert!(seen.contains("127.0.0.1") && !seen.contains("/hook"), "{seen}");
        assert_eq!(code(app.test_channel(&vera.caller, world.org, hers).await), "not_allowed");
        // Removed with what was on its way.
        receiver.answer([503]);
        something_to_tell(&world, "Third").await;
        let before = receiver.posted().len();
        assert_eq!(code(app.remove_channel(owner, world.org, hers, "another").await), "name_differs");
        app.remove_channel(owner, world.org, hers, "Chosen").await.unwrap();
        world.advance_days(1);
        app.run_due_jobs().await.unwrap();
        assert_eq!(receiver.posted().len(), before);
        assert_eq!(code(app.channel(owner, world.org, hers).await), "not_found");
    }

    async fn a_test_is_one_attempt_and_says_what_came_of_it(world: World) {
        let receiver = Receiver::open().await;
        world.restart_with_local_webhooks().await;
        let (channel, secret) = made(&world, webhook("Ops", &receiver.url())).await;
        receiver.answer([500]);
        let app = world.app();
        let [sent] = app.test_channel(&world.owner.caller, world.org, channel).await.unwrap().try_into().unwrap();
        assert_eq!(sent.delivery.state, DeliveryState::Waiting);
        let again = app.test_channel(&world.owner.caller, world.org, channel).await.unwrap();
        assert_eq!(again.iter().map(|view| view.delivery.id).collect::<Vec<_>>(), [sent.delivery.id], "asked twice, sent once");
        app.run_due_jobs().await.unwrap();
        let found = app.delivery(&world.owner.caller, world.org, channel, sent.delivery.id).await.unwrap().delivery;
        assert_eq!((found.state, found.answer.as_deref()), (DeliveryState::Failed, Some("The receiver answered 500.")));
        assert_eq!(shown(&world, channel).await.channel.failing_since, None, "whoever tests sees it fail");
        world.advance(60);
        app.test_channel(&world.owner.caller, world.org, channel).await.unwrap();
        app.run_due_jobs().await.unwrap();
        let posted = receiver.posted();
        assert!(posted.len() == 2 && is_signed(&posted[1], &secret.unwrap()));
        let document: serde_json::Value = serde_json::from_slice(&posted[1].body).unwrap();
        assert_eq!((&document["kind"], &document["event"]), (&"test".into(), &serde_json::Value::Null));
        // History is kept for a month.
        world.advance_days(31);
        app.forget_old_deliveries().await.unwrap();
        assert_eq!(history(&world, channel).await, []);
    }

    async fn what_concerns_one_person_is_no_channels_matter(world: World) {
        let receiver = Receiver::open().await;
        world.restart_with_local_webhooks().await;
        made(&world, webhook("Ops", &receiver.url())).await;
        world.app().create_token(&world.owner, "laptop", Some(world.now() + jiff::SignedDuration::from_hours(24 * 20))).await.unwrap();
        world.advance_days(6);
        world.app().tell_expiries().await.unwrap();
        world.app().run_due_jobs().await.unwrap();
        assert_eq!(heads(&world).await.len(), 1);
        assert_eq!(receiver.posted().len(), 0);
    }
}
