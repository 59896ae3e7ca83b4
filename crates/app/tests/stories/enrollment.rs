//! From a link to a registered device: what arrives, what is refused, and who decides.

use crate::{code, log, operations::let_time_pass};
use app::{
    Paging, Problem,
    devices::{DevicesToRegister, EnteredDevice},
    enrollment::{Approval, DeviceByHand, DeviceInvited, NewDeviceInvitation, PendingDeviceView},
};
use domain::{ApiKeyId, CameBy, LinkState, OperationState, Origin, account::SIGN_IN_FAILURES_ADDRESS, enrollment::CHALLENGE_MINUTES};
use signing::{
    certificate::Certificate,
    cms_signed::{SigningKey, sign_with},
    p8::EcPrivateKey,
};
use simulator::Api;
use std::sync::OnceLock;
use testkit::{Mailbox, Role, World};

pub(crate) const PHONE: &str = "00008110-000a1b2c3d4e5f67";
/// As it is kept.
const SPELLED: &str = "00008110-000A1B2C3D4E5F67";
const POST: &str = "POST /v1/devices";

/// A key and a certificate that nobody issued: what any sender of an answer can make.
fn anybody() -> &'static (EcPrivateKey, Certificate) {
    static ANYBODY: OnceLock<(EcPrivateKey, Certificate)> = OnceLock::new();
    ANYBODY.get_or_init(|| {
        let key = EcPrivateKey::generate().unwrap();
        let pair = rcgen::KeyPair::try_from(key.pkcs8_der()).unwrap();
        let certificate = rcgen::CertificateParams::default().self_signed(&pair).unwrap();
        (key, Certificate::from_der(certificate.der()).unwrap())
    })
}

/// What a device posts, signed.
fn signed(world: &World, entries: &[(&str, &str)]) -> Vec<u8> {
    let entries: String = entries
        .iter()
        .map(|(key, value)| format!("<key>{key}</key><string>{value}</string>"))
        .collect();
    let content = format!("<?xml version=\"1.0\"?><plist version=\"1.0\"><dict>{entries}</dict></plist>");
    let (key, certificate) = anybody();
    sign_with(content.as_bytes(), SigningKey::P256(key), certificate, &[], world.now()).unwrap()
}

fn answer(world: &World, udid: &str, challenge: &str) -> Vec<u8> {
    let entries = [
        ("UDID", udid),
        ("PRODUCT", "iPhone15,2"),
        ("VERSION", "22A3354"),
        ("CHALLENGE", challenge),
    ];
    signed(world, &entries)
}

pub(crate) fn invitation(key: ApiKeyId, automatic: bool, uses: u32) -> NewDeviceInvitation {
    NewDeviceInvitation {
        name: "Mia’s iPhone".to_owned(),
        keys: vec![key.to_string()],
        automatic,
        uses: Some(uses),
        ..NewDeviceInvitation::default()
    }
}

async fn invited(world: &World, new: NewDeviceInvitation) -> DeviceInvited {
    world.app().invite_devices(&world.owner.caller, world.org, new).await.unwrap()
}

/// The token of a link.
pub(crate) async fn link(world: &World, new: NewDeviceInvitation) -> String {
    invited(world, new).await.token.expect("shown").expose().to_owned()
}

/// Takes the profile of a link, as a device does, and answers its challenge.
async fn challenge(world: &World, token: &str) -> Result<String, Problem> {
    let url = format!("https://russet.example.com/device/{token}");
    let profile = world.app().device_profile(token, &Origin::default(), &url).await?;
    let text = String::from_utf8(profile.bytes).unwrap();
    assert!(text.contains(&url), "{text}");
    let (_, rest) = text.split_once("<key>Challenge</key>").expect("a challenge");
    let (_, rest) = rest.split_once("<string>").expect("a text");
    Ok(rest.split_once("</string>").expect("its end").0.to_owned())
}

async fn post(world: &World, token: &str, bytes: &[u8]) -> Result<bool, Problem> {
    world.app().take_device_answer(token, Origin::default(), Some(bytes)).await
}

/// The whole way of a device.
pub(crate) async fn answers(world: &World, token: &str, udid: &str) -> Result<bool, Problem> {
    let challenge = challenge(world, token).await?;
    post(world, token, &answer(world, udid, &challenge)).await
}

pub(crate) async fn pending(world: &World) -> Vec<PendingDeviceView> {
    let paging = Paging::default();
    let listed = world.app().pending_devices(&world.owner.caller, world.org, &paging).await;
    listed.unwrap().items
}

/// Whether Apple has a device of this UDID.
pub(crate) fn is_registered(world: &World, udid: &str) -> bool {
    let devices = world.apple.control().objects(Api::AppStore, "devices").expect("known");
    devices
        .iter()
        .any(|device| device.to_string().to_lowercase().contains(&udid.to_lowercase()))
}

testkit::on_both_databases! {
    async fn a_device_arrives_by_its_link_and_is_registered_when_somebody_approves(world: World) {
        let key = world.link(Role::Admin).await;
        let invited = invited(&world, invitation(key, false, 1)).await;
        let token = invited.token.as_ref().unwrap().expose().to_owned();
        assert!(!format!("{invited:?}").contains(&token));
        let opened = world.app().open_device_link(&token, &Origin::default()).await.unwrap();
        assert_eq!((opened.organization.as_str(), opened.invited_by.as_str(), opened.automatic), ("Halden", "Elin", false));
        assert_eq!(opened.signed_by, None);
        assert!(!answers(&world, &token, PHONE).await.unwrap());
        assert_eq!(code(world.app().open_device_link(&token, &Origin::default()).await), "device_link_unknown", "used up");
        let listed = world.app().device_invitations(&world.owner.caller, world.org, &Paging::default()).await.unwrap();
        assert_eq!((listed.items[0].state, listed.items[0].invitation.used), (LinkState::Used, 1));
        world.app().run_due_jobs().await.unwrap();
        assert!(!is_registered(&world, PHONE), "nobody approved it");
        let waiting = pending(&world).await;
        let device = &waiting[0].device;
        assert_eq!((device.udid.as_str(), device.name.as_str(), device.product.as_deref()), (SPELLED, "Mia’s iPhone", Some("iPhone15,2")));
        assert!(matches!(&device.came, CameBy::Invitation { by_apple_device: false, .. }), "nobody vouches for a key of anybody's");
        let approval = Approval { name: Some("Mia".to_owned()), keys: vec![] };
        let approve = async || world.app().approve_device(&world.owner.caller, world.org, device.id, approval.clone()).await.unwrap();
        let approved = approve().await;
        assert_eq!(approve().await.operations[0].id, approved.operations[0].id, "begun once");
        let rejected = world.app().reject_device(&world.owner.caller, world.org, device.id).await;
        assert_eq!(code(rejected), "registering_already");
        assert_eq!(pending(&world).await[0].registering, Some(approved.operations[0].id));
        assert!(matches!(let_time_pass(&world, &approved.operations[0]).await, OperationState::Done { .. }));
        assert!(is_registered(&world, PHONE) && pending(&world).await.is_empty());
        assert_eq!(world.count(POST), 1);
        let records = log(&world).await;
        for sentence in [
            "Elin invited the device of “Mia’s iPhone”".to_owned(),
            format!("Somebody not signed in answered an invitation with the device “Mia’s iPhone” ({SPELLED})"),
            "Elin approved the device “Mia”".to_owned(),
        ] {
            assert!(records.contains(&sentence), "{sentence}: {records:#?}");
        }
    }

    async fn a_link_that_registers_by_itself_does_so_on_the_rights_of_its_sender(world: World) {
        let key = world.link(Role::Admin).await;
        let token = link(&world, invitation(key, true, 2)).await;
        assert!(answers(&world, &token, PHONE).await.unwrap());
        for _ in 0..5 {
            world.app().run_due_jobs().await.unwrap();
        }
        assert!(is_registered(&world, PHONE) && pending(&world).await.is_empty());
        assert!(log(&world).await.iter().any(|record| record == "Elin (in the background) approved the device “Mia’s iPhone 1”"));
        // Somebody whose right is taken away before the device answers has a dead link.
        let signer = domain::Role::In(domain::policy::Module::Signing, domain::policy::Grade::Manager);
        let kim = world.person("kim", &[(world.org, signer)]).await.signed_in;
        let theirs = world.app().invite_devices(&kim.caller, world.org, invitation(key, true, 2)).await.unwrap();
        let theirs = theirs.token.unwrap().expose().to_owned();
        let second = "00008110-000A1B2C3D4E5F68";
        let proof = challenge(&world, &theirs).await.unwrap();
        world.app().remove_member(&world.owner.caller, world.org, kim.person().unwrap().id).await.unwrap();
        assert_eq!(code(post(&world, &theirs, &answer(&world, second, &proof)).await), "device_link_unknown");
        // Taken back before the job comes to it, an invitation registers nothing any more.
        let invited = invited(&world, invitation(key, true, 1)).await;
        answers(&world, invited.token.as_ref().unwrap().expose(), second).await.unwrap();
        let id = invited.view.invitation.id;
        world.app().revoke_device_invitation(&world.owner.caller, world.org, id).await.unwrap();
        world.app().run_due_jobs().await.unwrap();
        assert!(!is_registered(&world, second));
        assert_eq!(pending(&world).await.len(), 1);
    }

    async fn what_is_no_answer_is_refused_by_name_and_leaves_nothing(world: World) {
        let key = world.link(Role::Admin).await;
        let token = link(&world, invitation(key, true, 5)).await;
        let other = link(&world, invitation(key, true, 1)).await;
        let proof = challenge(&world, &token).await.unwrap();
        let of_other = challenge(&world, &other).await.unwrap();
        let good = answer(&world, PHONE, &proof);
        let mut changed = good.clone();
        let place = changed.windows(8).position(|some| some == b"00008110").unwrap();
        changed[place + 7] = b'1';
        let bomb = "<?xml version=\"1.0\"?><!DOCTYPE plist [<!ENTITY a \"aaaa\">]><plist version=\"1.0\"><dict/></plist>";
        let (private, certificate) = anybody();
        let bomb = sign_with(bomb.as_bytes(), SigningKey::P256(private), certificate, &[], world.now()).unwrap();
        for (what, bytes, refusal) in [
            ("garbage", b"no answer".to_vec(), "answer_unfit"),
            ("the signature of something else", changed, "answer_unfit"),
            ("a bomb", bomb, "answer_unfit"),
            ("a serial number", answer(&world, "F2LX4R8ZJCLM", &proof), "answer_unfit"),
            ("no challenge", signed(&world, &[("UDID", PHONE)]), "answer_unfit"),
            ("too large", vec![0x30; 70_000], "answer_too_large"),
            ("a made-up challenge", answer(&world, PHONE, "made up"), "challenge_wrong"),
            ("the challenge of another link", answer(&world, PHONE, &of_other), "challenge_wrong"),
        ] {
            assert_eq!(code(post(&world, &token, &bytes).await), refusal, "{what}");
        }
        let larger = world.app().take_device_answer(&token, Origin::default(), None).await;
        assert_eq!(code(larger), "answer_too_large");
        assert_eq!(code(post(&world, "no such link", &good).await), "device_link_unknown");
        assert!(pending(&world).await.is_empty());
        post(&world, &token, &good).await.unwrap();
        assert_eq!(code(post(&world, &token, &good).await), "challenge_wrong", "the same answer again");
        let late = challenge(&world, &token).await.unwrap();
        world.advance(CHALLENGE_MINUTES * 60);
        assert_eq!(code(post(&world, &token, &answer(&world, PHONE, &late)).await), "challenge_wrong", "too late");
        assert_eq!(pending(&world).await.len(), 1);
        let records = log(&world).await;
        let refused = "Somebody not signed in was not allowed to answer the device invitation of “Mia’s iPhone”: challenge_wrong";
        assert_eq!(records.iter().filter(|record| *record == refused).count(), 4, "{records:#?}");
    }

    async fn refusals_are_counted_and_a_network_is_told_to_wait(world: World) {
        let key = world.link(Role::Admin).await;
        let token = link(&world, invitation(key, true, 5)).await;
        let from = || Origin { address: Some("203.0.113.9".to_owned()), request_id: None };
        for _ in 0..SIGN_IN_FAILURES_ADDRESS {
            let refused = world.app().take_device_answer(&token, from(), Some(b"no answer")).await;
            assert_eq!(code(refused), "answer_unfit");
        }
        let proof = challenge(&world, &token).await.unwrap();
        let good = answer(&world, PHONE, &proof);
        let limited = world.app().take_device_answer(&token, from(), Some(&good)).await;
        assert_eq!(code(limited), "tries_limited");
        let guessed = world.app().open_device_link("guessed", &from()).await;
        assert_eq!(code(guessed), "tries_limited");
        assert!(world.app().take_device_answer(&token, Origin::default(), Some(&good)).await.is_ok(), "others are not");
    }

    async fn nobody_hears_whether_a_link_was_ever_there(world: World) {
        let key = world.link(Role::Admin).await;
        let told = async |token: &str| {
            let problem = world.app().open_device_link(token, &Origin::default()).await.unwrap_err();
            let profile = world.app().device_profile(token, &Origin::default(), "https://x").await.err().unwrap();
            assert_eq!(problem.code, profile.code);
            (problem.kind, problem.code, problem.message)
        };
        let unknown = told("nothing").await;
        let revoked = invited(&world, invitation(key, false, 1)).await;
        let id = revoked.view.invitation.id;
        world.app().revoke_device_invitation(&world.owner.caller, world.org, id).await.unwrap();
        assert_eq!(told(revoked.token.unwrap().expose()).await, unknown);
        let replaced = invited(&world, invitation(key, false, 1)).await;
        let id = replaced.view.invitation.id;
        let again = world.app().send_device_invitation_again(&world.owner.caller, world.org, id, true).await.unwrap();
        assert_eq!(told(replaced.token.unwrap().expose()).await, unknown);
        let again = again.token.unwrap();
        assert!(world.app().open_device_link(again.expose(), &Origin::default()).await.is_ok());
        let plain = world.app().device_profile(again.expose(), &Origin::default(), "http://russet.example.com/device/x").await;
        assert_eq!(plain.err().map(|problem| problem.code), Some("https_needed"));
        world.advance_days(8);
        assert_eq!(told(again.expose()).await, unknown);
    }

    async fn a_device_has_one_row_and_leaves_it_whichever_way_it_was_registered(world: World) {
        let key = world.link(Role::Admin).await;
        let second = world.link(Role::Developer).await;
        let add = async |udid: &str, key: ApiKeyId| {
            let new = DeviceByHand { name: "Tablet".to_owned(), udid: udid.to_owned(), keys: vec![key.to_string()] };
            world.app().add_pending_device(&world.owner.caller, world.org, new).await
        };
        assert_eq!(code(add("F2LX4R8ZJCLM", key).await), "udid_unfit");
        let first = add(PHONE, key).await.unwrap();
        let again = add(SPELLED, second).await.unwrap();
        assert_eq!((first.device.id, again.device.keys.len()), (again.device.id, 2));
        let token = link(&world, invitation(key, false, 1)).await;
        answers(&world, &token, &PHONE.replace('-', "")).await.unwrap();
        assert_eq!(pending(&world).await.len(), 1);
        // Registered past the list: in the first account through its key, and the second is the same account.
        let device = EnteredDevice { name: "Tablet".to_owned(), udid: PHONE.to_owned(), platform: String::new() };
        let by_hand = DevicesToRegister { devices: vec![device], ..DevicesToRegister::default() };
        let operation = world.app().register_devices(&world.owner.caller, world.org, key, by_hand).await.unwrap();
        let_time_pass(&world, &operation).await;
        assert_eq!(pending(&world).await[0].device.keys, [second]);
        let approved = world.app().approve_device(&world.owner.caller, world.org, first.device.id, Approval::default()).await.unwrap();
        assert_eq!((approved.operations.len(), approved.known), (0, vec![second]));
        assert!(pending(&world).await.is_empty());
        let other = add("00008110-000A1B2C3D4E5F69", key).await.unwrap();
        world.app().reject_device(&world.owner.caller, world.org, other.device.id).await.unwrap();
        assert!(pending(&world).await.is_empty());
    }

    async fn what_apple_refuses_is_said_beside_the_device(world: World) {
        let key = world.link(Role::Admin).await;
        let token = link(&world, invitation(key, true, 1)).await;
        let forbidden = testkit::Effect::Apple { error: testkit::AppleError::Forbidden };
        world.apple.control().add_fault(testkit::Fault::next("POST", "/v1/devices", forbidden));
        answers(&world, &token, PHONE).await.unwrap();
        for _ in 0..5 {
            world.app().run_due_jobs().await.unwrap();
        }
        let waiting = pending(&world).await;
        assert!(waiting[0].device.trouble.is_some() && waiting[0].registering.is_none(), "{waiting:?}");
        let id = waiting[0].device.id;
        let approved = world.app().approve_device(&world.owner.caller, world.org, id, Approval::default()).await.unwrap();
        let_time_pass(&world, &approved.operations[0]).await;
        assert!(pending(&world).await.is_empty());
    }

    async fn a_link_is_mailed_and_the_database_does_not_have_it(world: World) {
        let mailbox = Mailbox::open().await;
        world.restart_with_mail(&mailbox).await;
        let key = world.link(Role::Admin).await;
        let new = NewDeviceInvitation { email: "mia@example.com".to_owned(), ..invitation(key, false, 1) };
        let sent = invited(&world, new.clone()).await;
        assert!(sent.token.is_none());
        world.app().run_due_jobs().await.unwrap();
        let mail = mailbox.mails().pop().expect("sent");
        assert_eq!(mail.to, ["mia@example.com"]);
        let token = mail.link().rsplit('/').next().unwrap().to_owned();
        assert!(mail.link().contains("/device/"), "{}", mail.text);
        answers(&world, &token, PHONE).await.unwrap();
        let id = sent.view.invitation.id;
        let again = world.app().send_device_invitation_again(&world.owner.caller, world.org, id, false).await;
        assert_eq!(code(again), "sent_just_now");
        let shown = invited(&world, NewDeviceInvitation { show_link: true, ..new }).await;
        assert!(shown.token.is_some());
    }

    async fn what_does_not_fit_is_told_at_its_field(world: World) {
        let key = world.link(Role::Admin).await;
        let refused = async |new: NewDeviceInvitation| {
            let problem = world.app().invite_devices(&world.owner.caller, world.org, new).await.unwrap_err();
            problem.fields.iter().map(|field| field.field).collect::<Vec<_>>()
        };
        let good = || invitation(key, false, 1);
        let all_wrong = NewDeviceInvitation { name: " ".to_owned(), email: "mia".to_owned(), uses: Some(101), days: Some(0), ..good() };
        assert_eq!(refused(all_wrong).await, ["name", "email", "uses", "days"]);
        assert_eq!(refused(NewDeviceInvitation { keys: vec![], ..good() }).await, ["keys"]);
        let stranger = world.neighbor().await;
        let foreign = world.app().invite_devices(&stranger.caller, world.org, good()).await;
        assert_eq!(code(foreign), "not_found");
    }
}
