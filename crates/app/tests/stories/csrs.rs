//! Signing requests: made here, taken to Apple's website, completed with what comes back.

use crate::{certificates::held, code, log, operations::let_time_pass};
use app::{
    Paging,
    certificates::{P12Password, Taken},
    csrs::NewCsr,
};
use domain::{CsrId, HeldCsr, ItemOrigin, activity::ExportForm};
use signing::{certificate::Certificate, csr::CsrInfo};
use simulator::Api;
use testkit::{Effect, Fault, Role, World};

pub(crate) fn new(name: &str) -> NewCsr {
    NewCsr {
        name: name.to_owned(),
        email: "Elin@Halden.example".to_owned(),
        country: "no".to_owned(),
    }
}

pub(crate) async fn made(world: &World, name: &str) -> HeldCsr {
    world
        .app()
        .create_csr(&world.owner.caller, world.org, new(name))
        .await
        .expect("made")
}

/// What Apple's website makes of a request, as the file that a person downloads there.
pub(crate) fn at_the_portal(world: &World, csr_pem: &str, certificate_type: &str) -> Vec<u8> {
    let attributes = serde_json::json!({ "certificateType": certificate_type, "csrContent": csr_pem });
    let control = world.apple.control();
    let id = control
        .create(Api::AppStore, "certificates", &attributes, &serde_json::json!({}))
        .expect("Apple makes it");
    let all = control.objects(Api::AppStore, "certificates").expect("known");
    let made = all.iter().find(|one| one["id"] == id.as_str()).expect("it is there");
    let content = made["attributes"]["certificateContent"].as_str().expect("its bytes");
    Certificate::read(content.as_bytes()).expect("a certificate").der().to_vec()
}

async fn complete(world: &World, csr: CsrId, file: &[u8]) -> Result<app::certificates::TakenIn, app::Problem> {
    world.app().complete_csr(&world.owner.caller, world.org, csr, file).await
}

testkit::on_both_databases! {
    async fn a_request_is_made_taken_to_the_portal_and_completed(world: World) {
        let csr = made(&world, "Release machine").await;
        let download = world.app().download_csr(&world.owner.caller, world.org, csr.id).await.unwrap();
        assert_eq!(download.file_name, "Release machine.certSigningRequest");
        let read = CsrInfo::read(&download.bytes).unwrap();
        assert!(read.signature_valid);
        assert_eq!(read.common_name.as_deref(), Some("Release machine"));
        assert_eq!((read.email.as_deref(), read.country.as_deref()), (Some("elin@halden.example"), Some("NO")));
        assert_eq!(read.public_key_fingerprint, csr.public_key_fingerprint);
        assert_eq!(read.key, signing::csr::KeyAlgorithm::Rsa { bits: 2048 });

        let cer = at_the_portal(&world, &csr.pem, "DISTRIBUTION");
        let taken = complete(&world, csr.id, &cer).await.unwrap();
        assert_eq!(taken.how, Taken::New);
        assert!(taken.warnings.is_empty(), "{:?}", taken.warnings);
        let here = &held(&world).await[0];
        assert_eq!((here.id, here.origin, here.key_held), (taken.certificate.id, ItemOrigin::Uploaded, true));
        assert_eq!(here.certificate_type.as_str(), "DISTRIBUTION");
        assert_eq!(here.apple_id, None, "a file does not say what Apple calls it");
        assert!(here.team_id.is_some());

        // It leaves as any other does, with the key that was never anywhere else.
        let export = world.app().export_certificate(&world.owner.caller, world.org, here.id, ExportForm::P12Modern, P12Password::Generated).await.unwrap();
        let password = export.generated_password.unwrap();
        let bundle = signing::p12::read(&export.download.bytes, password.expose()).unwrap();
        assert_eq!(bundle.certificate.der(), cer.as_slice());

        let page = world.app().csr(&world.owner.caller, world.org, csr.id).await.unwrap();
        assert!(!page.view.csr.is_open());
        assert_eq!(page.certificates.len(), 1);
        assert_eq!(page.view.made_by, "Elin");
        let records = log(&world).await;
        for sentence in ["made the signing request “Release machine”", "completed the signing request “Release machine” with its certificate"] {
            assert!(records.iter().any(|record| record.ends_with(sentence)), "{sentence}: {records:#?}");
        }
        assert!(records.iter().any(|record| record.contains("uploaded the certificate “Apple Distribution") && record.ends_with("with its private key")));
    }

    async fn a_request_makes_several_certificates_and_the_same_one_once(world: World) {
        let csr = made(&world, "Both").await;
        let (distribution, development) = (at_the_portal(&world, &csr.pem, "DISTRIBUTION"), at_the_portal(&world, &csr.pem, "DEVELOPMENT"));
        let first = complete(&world, csr.id, &distribution).await.unwrap();
        // As PEM, with what tools write above it.
        let parsed = Certificate::from_der(&distribution).unwrap();
        let again = complete(&world, csr.id, format!("subject=Apple\n{}", parsed.pem()).as_bytes()).await.unwrap();
        assert_eq!((again.how, again.certificate.id), (Taken::Held, first.certificate.id));
        complete(&world, csr.id, &development).await.unwrap();
        assert_eq!(held(&world).await.len(), 2);
        let page = world.app().csr(&world.owner.caller, world.org, csr.id).await.unwrap();
        assert_eq!((page.certificates.len(), page.view.csr.certificates), (2, 2));
    }

    async fn a_certificate_is_created_of_a_request_that_was_made_earlier(world: World) {
        let key = world.link(Role::Admin).await;
        let csr = made(&world, "Release machine").await;
        let (app, caller, org) = (world.app(), &world.owner.caller, world.org);
        let create = async |kind: &str| app.create_certificate_of_request(caller, org, key, kind, csr.id).await;
        // Whatever becomes of the answer, Apple is asked once.
        world.apple.control().add_fault(Fault::next("POST", "/v1/certificates", Effect::LoseAnswer));
        let begun = create("DISTRIBUTION").await.unwrap();
        assert_eq!(code(app.remove_csr(caller, org, csr.id, "Release machine").await), "another_is_running");
        assert_eq!(code(create("DISTRIBUTION").await), "csr_used", "one at a time");
        let made_id = let_time_pass(&world, &begun).await.certificate().unwrap();
        let here = &held(&world).await[0];
        assert_eq!((here.id, here.key_held), (made_id, true));
        assert_eq!(app.csr(caller, org, csr.id).await.unwrap().certificates.len(), 1, "it has the key of the request");
        assert_eq!(world.count("POST /v1/certificates"), 1);
        assert_eq!(code(create("DISTRIBUTION").await), "csr_used");
        // Of another type there may be one, which is not taken for the first.
        let development = let_time_pass(&world, &create("DEVELOPMENT").await.unwrap()).await.certificate().unwrap();
        assert_ne!(development, made_id);
        let page = app.csr(caller, org, csr.id).await.unwrap();
        assert_eq!(page.certificates.len(), 2);
        // Also one that was made on the website and is not here.
        let mut limits = world.apple.control().limits();
        limits.certificates.clear();
        world.apple.control().set_limits(limits);
        let other = made(&world, "Elsewhere").await;
        at_the_portal(&world, &other.pem, "DEVELOPMENT");
        assert_eq!(code(app.create_certificate_of_request(caller, org, key, "DEVELOPMENT", other.id).await), "csr_used");
        assert_eq!(world.count("POST /v1/certificates"), 2);
    }

    async fn what_somebody_fetched_meanwhile_is_what_was_made_of_the_request(world: World) {
        let key = world.link(Role::Admin).await;
        let csr = made(&world, "Release machine").await;
        let (app, caller, org) = (world.app(), &world.owner.caller, world.org);
        let begun = app.create_certificate_of_request(caller, org, key, "DISTRIBUTION", csr.id).await.unwrap();
        world.apple.control().add_fault(Fault::next("POST", "/v1/certificates", Effect::LoseAnswer));
        app.run_due_jobs().await.unwrap();
        app.fetch_certificates(caller, org, key, None).await.unwrap();
        let ended = let_time_pass(&world, &begun).await;
        let made = app.csr(caller, org, csr.id).await.unwrap().certificates.remove(0);
        assert_eq!(ended.certificate(), Some(made.id));
        assert!(made.private_key.is_some());
    }

    async fn what_does_not_belong_to_a_request_is_refused_with_the_reason(world: World) {
        let (ours, other) = (made(&world, "Ours").await, made(&world, "Another").await);
        let cer = at_the_portal(&world, &other.pem, "DISTRIBUTION");
        let refused = complete(&world, ours.id, &cer).await.unwrap_err();
        assert_eq!(refused.code, "certificate_of_another_key");
        assert!(refused.message.contains("“Ours”") && refused.message.contains("another public key"), "{}", refused.message);
        for junk in [&b""[..], b"hello", ours.pem.as_bytes(), &[0x30, 0x82, 0xff, 0xff, 0x00]] {
            assert_eq!(code(complete(&world, ours.id, junk).await), "certificate_unfit", "{junk:?}");
        }
        assert_eq!(code(complete(&world, ours.id, &vec![b'A'; 200_000]).await), "certificate_unfit");
        assert!(held(&world).await.is_empty());
    }

    async fn what_cannot_stand_in_a_request_is_told_at_its_field(world: World) {
        let app = world.app();
        let with = |change: fn(&mut NewCsr)| {
            let mut entered = new("A name");
            change(&mut entered);
            entered
        };
        let cases = [
            (with(|new| new.name = "  ".to_owned()), "name"),
            (with(|new| new.name = "x".repeat(65)), "name"),
            (with(|new| new.name = "a\u{202E}b".to_owned()), "name"),
            (with(|new| new.email = "nobody".to_owned()), "email"),
            (with(|new| new.email = "zoë@halden.example".to_owned()), "email"),
            (with(|new| new.country = "Norway".to_owned()), "country"),
            (with(|new| new.country = "N1".to_owned()), "country"),
        ];
        for (entered, field) in cases {
            let refused = app.create_csr(&world.owner.caller, world.org, entered.clone()).await.unwrap_err();
            assert_eq!(refused.fields.iter().map(|at| at.field).collect::<Vec<_>>(), [field], "{entered:?}");
        }
        assert!(app.csrs(&world.owner.caller, world.org, &Paging::default()).await.unwrap().items.is_empty());
        let plain = NewCsr { name: "Zoë’s Mac".to_owned(), ..NewCsr::default() };
        let csr = app.create_csr(&world.owner.caller, world.org, plain).await.unwrap();
        let read = CsrInfo::read(csr.pem.as_bytes()).unwrap();
        assert_eq!((read.common_name.as_deref(), read.email, read.country), (Some("Zoë’s Mac"), None, None));
    }

    async fn a_removed_request_takes_its_key_along_unless_a_certificate_has_it(world: World) {
        let app = world.app();
        let (used, open) = (made(&world, "Used").await, made(&world, "Open").await);
        let cer = at_the_portal(&world, &used.pem, "DISTRIBUTION");
        let late = at_the_portal(&world, &open.pem, "DEVELOPMENT");
        let certificate = complete(&world, used.id, &cer).await.unwrap().certificate.id;
        assert_eq!(code(app.remove_csr(&world.owner.caller, world.org, used.id, "Open").await), "name_differs");
        app.remove_csr(&world.owner.caller, world.org, used.id, "Used").await.unwrap();
        app.remove_csr(&world.owner.caller, world.org, open.id, " Open ").await.unwrap();
        assert!(app.csrs(&world.owner.caller, world.org, &Paging::default()).await.unwrap().items.is_empty());
        // The certificate still has its key; the other key is gone for good.
        let export = app.export_certificate(&world.owner.caller, world.org, certificate, ExportForm::Pem, P12Password::Empty).await;
        assert!(export.is_ok());
        assert_eq!(code(complete(&world, open.id, &late).await), "not_found");
        let records = log(&world).await;
        assert!(records[1].ends_with("removed the signing request “Open”, with its private key"), "{records:#?}");
        assert!(records[2].ends_with("removed the signing request “Used”, without its private key"), "{records:#?}");
    }

    async fn requests_of_others_do_not_exist(world: World) {
        let csr = made(&world, "Ours").await;
        let (app, neighbor) = (world.app(), world.neighbor().await);
        let home = neighbor.home().unwrap();
        let cer = at_the_portal(&world, &csr.pem, "DISTRIBUTION");
        for org in [world.org, home] {
            assert_eq!(code(app.csr(&neighbor.caller, org, csr.id).await), "not_found");
            assert_eq!(code(app.download_csr(&neighbor.caller, org, csr.id).await), "not_found");
            assert_eq!(code(app.complete_csr(&neighbor.caller, org, csr.id, &cer).await), "not_found");
            assert_eq!(code(app.remove_csr(&neighbor.caller, org, csr.id, "Ours").await), "not_found");
        }
        let viewer = world.person("viewer", &[(world.org, domain::Role::parse("signing-viewer").unwrap())]).await.signed_in;
        assert!(app.csr(&viewer.caller, world.org, csr.id).await.is_ok());
        assert_eq!(code(app.create_csr(&viewer.caller, world.org, new("No")).await), "not_allowed");
        assert_eq!(code(app.remove_csr(&viewer.caller, world.org, csr.id, "Ours").await), "not_allowed");
    }
}
