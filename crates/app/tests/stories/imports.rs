//! Certificates that come from outside: as files, and out of the Apple account. Then: another name, and removed here.

use crate::{
    certificates::{begin, held, seen_in, state},
    code,
    csrs::{at_the_portal, made},
    log,
};
use app::{
    Caller, Problem,
    certificates::{Imported, P12Password, Taken},
};
use domain::{ApiKeyId, CertificateId, HeldCertificate, ItemOrigin, Made, OperationState, OrgId, activity::ExportForm};
use signing::{
    certificate::Certificate,
    p12::{self, Form, Identity},
    rsa_key::RsaKeyPair,
};
use simulator::Api;
use testkit::{Effect, Fault, Role, World};
use zeroize::Zeroizing;

const PASSWORD: &str = r##"$#"'\ p"##;

/// A certificate that Russet made, as it is held.
async fn created(world: &World, key: ApiKeyId) -> HeldCertificate {
    let operation = begin(world, key, "DISTRIBUTION").await;
    world.app().run_due_jobs().await.unwrap();
    let OperationState::Done {
        made: Made::Certificate(certificate),
    } = state(world, operation.id).await
    else {
        panic!("not done")
    };
    world.app().certificate(&world.owner.caller, world.org, certificate).await.unwrap()
}

async fn exported(world: &World, certificate: CertificateId, form: ExportForm) -> Zeroizing<Vec<u8>> {
    let password = P12Password::Given(Zeroizing::new(PASSWORD.to_owned()));
    let export = world
        .app()
        .export_certificate(&world.owner.caller, world.org, certificate, form, password)
        .await;
    export.unwrap().download.bytes
}

async fn import(world: &World, caller: &Caller, org: OrgId, file: &[u8], password: &str) -> Result<Imported, Problem> {
    let (file, password) = (Zeroizing::new(file.to_vec()), Zeroizing::new(password.to_owned()));
    world.app().import_certificates(caller, org, file, password).await
}

fn how(imported: &Imported) -> Vec<Taken> {
    imported.taken.iter().map(|taken| taken.how).collect()
}

testkit::on_both_databases! {
    async fn what_one_server_exports_another_takes_in_and_exports_again(world: World) {
        let key = world.link(Role::Admin).await;
        let made_here = created(&world, key).await;
        let there = world.neighbor().await;
        let home = there.home().unwrap();
        for form in [ExportForm::P12Compatible, ExportForm::P12Modern, ExportForm::Pem] {
            let file = exported(&world, made_here.id, form).await;
            let imported = import(&world, &there.caller, home, &file, PASSWORD).await.unwrap();
            let [taken] = imported.taken.as_slice() else { panic!("{imported:?}") };
            assert_eq!(taken.how, if form == ExportForm::P12Compatible { Taken::New } else { Taken::Held });
            assert_eq!((taken.certificate.der.clone(), taken.certificate.origin), (made_here.der.clone(), ItemOrigin::Uploaded));
            assert!(taken.warnings.is_empty(), "{:?}", taken.warnings);
            // The chain in the file is not taken, and said so.
            assert!(imported.left_out.iter().all(|one| one.why.contains("authority")), "{:?}", imported.left_out);
            assert!(!imported.left_out.is_empty());
        }
        let theirs = &seen_in(&world, &there.caller, home).await.unwrap()[0];
        assert!(theirs.key_held);
        let given = P12Password::Given(Zeroizing::new("again".to_owned()));
        let again = world.app().export_certificate(&there.caller, home, theirs.id, ExportForm::P12Modern, given).await.unwrap();
        let read = p12::read(&again.download.bytes, "again").unwrap();
        assert_eq!(read.certificate.der(), made_here.der);
        assert_eq!(read.key.public_key_fingerprint(), made_here.public_key_fingerprint);
    }

    async fn a_certificate_and_its_key_find_each_other_in_any_order(world: World) {
        let key = world.link(Role::Admin).await;
        let made_here = created(&world, key).await;
        let bundle = exported(&world, made_here.id, ExportForm::P12Modern).await;
        let pem = exported(&world, made_here.id, ExportForm::Pem).await;
        let there = world.neighbor().await;
        let home = there.home().unwrap();
        let bare = import(&world, &there.caller, home, &made_here.der, "").await.unwrap();
        assert_eq!(how(&bare), [Taken::New]);
        assert!(bare.taken[0].warnings[0].contains("private key is not here"), "{:?}", bare.taken[0].warnings);
        // The key alone, as PEM.
        let key_pem = String::from_utf8(pem.to_vec()).unwrap();
        let key_pem = &key_pem[..key_pem.find("-----BEGIN CERTIFICATE-----").unwrap()];
        let joined = import(&world, &there.caller, home, key_pem.as_bytes(), "").await.unwrap();
        assert_eq!(how(&joined), [Taken::Joined]);
        assert!(seen_in(&world, &there.caller, home).await.unwrap()[0].key_held);
        assert_eq!(how(&import(&world, &there.caller, home, &bundle, PASSWORD).await.unwrap()), [Taken::Held]);
        let records = world.app().activity(&there.caller, home, 10).await.unwrap();
        let told: Vec<_> = records.iter().map(|record| record.sentence.as_str()).collect();
        assert!(told[0].starts_with("added the private key of the certificate “Apple Distribution"), "{told:#?}");
        assert!(told[1].starts_with("uploaded the certificate “Apple Distribution") && told[1].ends_with("without its private key"), "{told:#?}");
        // A key that nothing here was made for is not kept.
        let stranger = RsaKeyPair::generate().unwrap();
        let refused = import(&world, &there.caller, home, stranger.pkcs8_pem().as_bytes(), "").await.unwrap_err();
        assert_eq!(refused.code, "nothing_to_take");
        assert!(refused.message.contains("no certificate here was made for it"), "{}", refused.message);
    }

    async fn a_cer_finds_the_key_of_a_request_without_being_told(world: World) {
        let csr = made(&world, "From the portal").await;
        let cer = at_the_portal(&world, &csr.pem, "DEVELOPMENT");
        let taken = import(&world, &world.owner.caller, world.org, &cer, "").await.unwrap();
        assert_eq!(how(&taken), [Taken::New]);
        assert_eq!(taken.taken[0].certificate.private_key, Some(csr.private_key));
        assert!(taken.taken[0].warnings.is_empty());
        assert!(!world.app().csr(&world.owner.caller, world.org, csr.id).await.unwrap().view.csr.is_open());
    }

    async fn what_cannot_be_taken_is_refused_with_what_it_is(world: World) {
        let key = world.link(Role::Admin).await;
        let made_here = created(&world, key).await;
        let bundle = exported(&world, made_here.id, ExportForm::P12Modern).await;
        let (caller, org) = (&world.owner.caller, world.org);
        let before = log(&world).await.len();
        for (password, says) in [("", "under a password"), ("not it", "does not open")] {
            let refused = import(&world, caller, org, &bundle, password).await.unwrap_err();
            assert_eq!((refused.code, refused.fields[0].field), ("password_wrong", "password"));
            assert!(refused.message.contains(says), "{}", refused.message);
        }
        for junk in [&b""[..], b"hello", &bundle[..200], &[0x30; 64], world.key_file(testkit::KeyKind::Team, Role::Admin).pem().as_bytes()] {
            assert_eq!(code(import(&world, caller, org, junk, PASSWORD).await), "file_unfit", "{} bytes", junk.len());
        }
        let authority = world.apple.authority_pem().to_owned();
        let refused = import(&world, caller, org, authority.as_bytes(), "").await.unwrap_err();
        assert_eq!(refused.code, "nothing_to_take");
        assert!(refused.message.contains("authority"), "{}", refused.message);
        let too_large = vec![b'A'; 2 * 1024 * 1024];
        assert_eq!(code(import(&world, caller, org, &too_large, "").await), "file_unfit");
        assert_eq!(log(&world).await.len(), before, "nothing was taken, nothing is recorded");
    }

    async fn an_expired_certificate_is_taken_with_a_warning(world: World) {
        let key = world.link(Role::Admin).await;
        let made_here = created(&world, key).await;
        let bundle = exported(&world, made_here.id, ExportForm::P12Compatible).await;
        world.advance_days(400);
        let there = world.neighbor().await;
        let imported = import(&world, &there.caller, there.home().unwrap(), &bundle, PASSWORD).await.unwrap();
        assert_eq!(how(&imported), [Taken::New]);
        assert!(imported.taken[0].warnings[0].starts_with("It expired on "), "{:?}", imported.taken[0].warnings);
    }

    async fn a_certificate_that_is_not_apples_is_taken_for_what_it_is(world: World) {
        let pair = RsaKeyPair::generate().unwrap();
        // Any certificate will do that carries none of Apple's marks: the simulated root, whose key nobody here has.
        let root = Certificate::read(world.apple.authority_pem().as_bytes()).unwrap();
        let identity = Identity { key: &pair, certificate: &root, chain: &[], friendly_name: "x" };
        assert!(p12::write(&identity, PASSWORD, Form::Modern).is_err(), "a bundle of two that do not belong together is not even written");
        let refused = import(&world, &world.owner.caller, world.org, root.der(), "").await.unwrap_err();
        assert_eq!(refused.code, "nothing_to_take");
    }

    async fn the_account_is_fetched_whole_or_in_part_and_changes_nothing_at_apple(world: World) {
        let key = world.link(Role::Admin).await;
        let made_here = created(&world, key).await;
        let csr = made(&world, "Portal").await;
        at_the_portal(&world, &csr.pem, "DEVELOPMENT");
        let control = world.apple.control();
        let foreign = control.create_certificate(Api::AppStore, "DISTRIBUTION", world.now(), None).unwrap();
        let app = world.app();
        let (caller, org) = (&world.owner.caller, world.org);
        let chosen = [foreign.clone(), "NOSUCHCERT".to_owned()].into();
        let one = app.fetch_certificates(caller, org, key, Some(&chosen)).await.unwrap();
        assert_eq!(how(&one), [Taken::New]);
        assert_eq!(one.left_out.iter().map(|left| left.name.as_str()).collect::<Vec<_>>(), ["NOSUCHCERT"]);
        let fetched = &one.taken[0].certificate;
        assert_eq!((fetched.apple_id.as_deref(), fetched.origin, fetched.api_key), (Some(foreign.as_str()), ItemOrigin::Fetched, Some(key)));
        assert!(fetched.private_key.is_none() && !one.taken[0].warnings.is_empty());

        let all = app.fetch_certificates(caller, org, key, None).await.unwrap();
        let at_apple = control.objects(Api::AppStore, "certificates").unwrap().len();
        assert_eq!(all.taken.len(), at_apple);
        let of = |id: &str| all.taken.iter().find(|taken| taken.certificate.apple_id.as_deref() == Some(id)).unwrap();
        assert_eq!(of(&foreign).how, Taken::Held);
        assert_eq!(of(made_here.apple_id.as_deref().unwrap()).how, Taken::Held);
        let of_request = all.taken.iter().find(|taken| taken.certificate.private_key == Some(csr.private_key)).unwrap();
        assert_eq!((of_request.how, of_request.certificate.certificate_type.as_str()), (Taken::New, "DEVELOPMENT"));
        assert_eq!(held(&world).await.len(), at_apple);
        let again = app.fetch_certificates(caller, org, key, None).await.unwrap();
        assert!(again.taken.iter().all(|taken| taken.how == Taken::Held));
        let none = ["NOSUCHCERT".to_owned()].into();
        assert_eq!(code(app.fetch_certificates(caller, org, key, Some(&none)).await), "certificates_unknown");
        assert_eq!(world.count("POST /v1/certificates"), 1, "only what was created here was ever asked for");
    }

    async fn a_certificate_that_is_fetched_while_it_is_being_created_gets_its_key(world: World) {
        let key = world.link(Role::Admin).await;
        world.apple.control().add_fault(Fault::next("POST", "/v1/certificates", Effect::LoseAnswer));
        let operation = begin(&world, key, "DISTRIBUTION").await;
        world.app().run_due_jobs().await.unwrap();
        let fetched = world.app().fetch_certificates(&world.owner.caller, world.org, key, None).await.unwrap();
        assert!(fetched.taken.iter().all(|taken| taken.certificate.private_key.is_none()), "nobody knows yet whose it is");
        for _ in 0..10 {
            world.advance(130);
            world.app().run_due_jobs().await.unwrap();
        }
        let OperationState::Done { made: Made::Certificate(certificate) } = state(&world, operation.id).await else { panic!("not done") };
        let held = world.app().certificate(&world.owner.caller, world.org, certificate).await.unwrap();
        assert!(held.private_key.is_some() && fetched.taken.iter().any(|taken| taken.certificate.id == certificate));
        assert!(world.app().export_certificate(&world.owner.caller, world.org, certificate, ExportForm::Pem, P12Password::Empty).await.is_ok());
        assert_eq!(world.count("POST /v1/certificates"), 1);
    }

    async fn what_came_as_a_file_is_found_again_in_the_account(world: World) {
        let key = world.link(Role::Admin).await;
        let csr = made(&world, "Portal").await;
        let cer = at_the_portal(&world, &csr.pem, "DISTRIBUTION");
        let app = world.app();
        let taken = app.complete_csr(&world.owner.caller, world.org, csr.id, &cer).await.unwrap();
        assert_eq!(taken.certificate.apple_id, None);
        let all = app.fetch_certificates(&world.owner.caller, world.org, key, None).await.unwrap();
        let same = all.taken.iter().find(|one| one.certificate.id == taken.certificate.id).unwrap();
        assert_eq!(same.how, Taken::Joined);
        assert!(same.certificate.apple_id.is_some() && same.certificate.api_key == Some(key));
        assert_eq!(same.certificate.origin, ItemOrigin::Uploaded, "where it came from stays as it was");
    }

    async fn a_certificate_gets_another_name_here(world: World) {
        let key = world.link(Role::Admin).await;
        let certificate = created(&world, key).await;
        let app = world.app();
        let (caller, org) = (&world.owner.caller, world.org);
        for wrong in ["", "a\nb", &"x".repeat(101)] {
            assert_eq!(code(app.rename_certificate(caller, org, certificate.id, wrong).await), "name_unfit");
        }
        let renamed = app.rename_certificate(caller, org, certificate.id, " Release ").await.unwrap();
        assert_eq!(renamed.name, "Release");
        assert_eq!(held(&world).await[0].name, "Release");
        let details = app.certificate_details(caller, org, certificate.id).await.unwrap();
        assert_eq!(details.common_name.as_deref(), Some(certificate.name.as_str()), "what it says itself stays");
        assert!(details.is_verified);
        assert!(log(&world).await[0].ends_with("to “Release”"));
        let records = log(&world).await.len();
        app.rename_certificate(caller, org, certificate.id, "Release").await.unwrap();
        assert_eq!(log(&world).await.len(), records, "no change, no record");
    }

    async fn a_certificate_is_removed_here_with_its_key_unless_something_else_has_it(world: World) {
        let key = world.link(Role::Admin).await;
        let alone = created(&world, key).await;
        let csr = made(&world, "Portal").await;
        let cer = at_the_portal(&world, &csr.pem, "DEVELOPMENT");
        let app = world.app();
        let (caller, org) = (&world.owner.caller, world.org);
        let of_request = app.complete_csr(caller, org, csr.id, &cer).await.unwrap().certificate;
        let at_apple = world.apple.control().objects(Api::AppStore, "certificates").unwrap().len();
        for (certificate, key_destroyed) in [(&alone, true), (&of_request, false)] {
            let told = app.certificate_dependents(caller, org, certificate.id).await.unwrap();
            assert_eq!((told.key_destroyed, told.valid_at_apple), (key_destroyed, true));
            assert_eq!(code(app.remove_certificate(caller, org, certificate.id, "another").await), "name_differs");
            app.remove_certificate(caller, org, certificate.id, &certificate.name).await.unwrap();
            assert_eq!(code(app.certificate(caller, org, certificate.id).await), "not_found");
            let with = if key_destroyed { "here, with its private key" } else { "here, without its private key" };
            assert!(log(&world).await[0].ends_with(with), "{:?}", log(&world).await[0]);
        }
        assert_eq!(world.apple.control().objects(Api::AppStore, "certificates").unwrap().len(), at_apple, "at Apple both stay");
        // The request still has its key: its certificate can come back.
        let back = app.complete_csr(caller, org, csr.id, &cer).await.unwrap();
        assert_eq!((back.how, back.certificate.private_key), (Taken::New, Some(csr.private_key)));
        // The other one comes back without.
        let fetched = app.fetch_certificates(caller, org, key, None).await.unwrap();
        let back = fetched.taken.iter().find(|taken| taken.certificate.sha1 == alone.sha1).unwrap();
        assert_eq!((back.how, back.certificate.private_key), (Taken::New, None));
    }

    async fn only_those_who_manage_signing_bring_in_and_take_away(world: World) {
        let key = world.link(Role::Admin).await;
        let certificate = created(&world, key).await;
        let viewer = world.person("viewer", &[(world.org, domain::Role::parse("signing-viewer").unwrap())]).await.signed_in;
        let neighbor = world.neighbor().await;
        let app = world.app();
        for (caller, refusal) in [(&viewer.caller, "not_allowed"), (&neighbor.caller, "not_found")] {
            assert_eq!(code(import(&world, caller, world.org, &certificate.der, "").await), refusal);
            assert_eq!(code(app.fetch_certificates(caller, world.org, key, None).await), refusal);
            assert_eq!(code(app.rename_certificate(caller, world.org, certificate.id, "x").await), refusal);
            assert_eq!(code(app.certificate_dependents(caller, world.org, certificate.id).await), refusal);
            assert_eq!(code(app.remove_certificate(caller, world.org, certificate.id, &certificate.name).await), refusal);
        }
        let home = neighbor.home().unwrap();
        assert_eq!(code(app.rename_certificate(&neighbor.caller, home, certificate.id, "x").await), "not_found");
        assert_eq!(code(app.remove_certificate(&neighbor.caller, home, certificate.id, &certificate.name).await), "not_found");
        assert_eq!(code(app.fetch_certificates(&neighbor.caller, home, key, None).await), "not_found");
    }
}
