//! Taking certificates away.

use crate::{
    certificates::{begin, state},
    code, log,
};
use app::certificates::P12Password;
use domain::{CertificateId, OperationState, activity::ExportForm};
use testkit::{Role, World};
use zeroize::Zeroizing;

async fn created(world: &World) -> CertificateId {
    let key = world.link(Role::Admin).await;
    let operation = begin(world, key, "DISTRIBUTION").await;
    world.app().run_due_jobs().await.unwrap();
    match state(world, operation.id).await {
        OperationState::Done {
            made: domain::Made::Certificate(certificate),
        } => certificate,
        other => panic!("{other:?}"),
    }
}

fn given(password: &str) -> P12Password {
    P12Password::Given(Zeroizing::new(password.to_owned()))
}

testkit::on_both_databases! {
    async fn a_certificate_is_exported_in_both_forms_with_its_chain(world: World) {
        let certificate = created(&world).await;
        for form in [ExportForm::P12Compatible, ExportForm::P12Modern] {
            let password = r##"all !"#$%&'()*+,-./:;<=>?@[\]^_`{|}~ of them"##;
            let export = world.app().export_certificate(&world.owner.caller, world.org, certificate, form, given(password)).await.unwrap();
            assert!(export.warnings.is_empty(), "{:?}", export.warnings);
            assert!(export.generated_password.is_none());
            assert!(export.download.file_name.ends_with(".p12"));
            let read = signing::p12::read(&export.download.bytes, password).unwrap();
            assert!(!read.others.is_empty(), "the intermediate comes with it");
        }
        assert!(log(&world).await[0].contains("downloaded the certificate"));
    }

    async fn a_generated_password_is_shown_once_and_opens_the_file(world: World) {
        let certificate = created(&world).await;
        let export = world.app().export_certificate(&world.owner.caller, world.org, certificate, ExportForm::P12Compatible, P12Password::Generated).await.unwrap();
        let password = export.generated_password.unwrap();
        assert!(password.expose().len() >= 16 && password.expose().bytes().all(|b| b.is_ascii_alphanumeric()));
        assert!(signing::p12::read(&export.download.bytes, password.expose()).is_ok());
    }

    async fn an_empty_password_is_warned_of_and_a_short_one_refused(world: World) {
        let certificate = created(&world).await;
        let app = world.app();
        let export = app.export_certificate(&world.owner.caller, world.org, certificate, ExportForm::P12Compatible, P12Password::Empty).await.unwrap();
        assert!(export.warnings[0].contains("empty"));
        let before = log(&world).await.len();
        assert_eq!(code(app.export_certificate(&world.owner.caller, world.org, certificate, ExportForm::P12Compatible, given("abc")).await), "password_unfit");
        assert_eq!(code(app.export_certificate(&world.owner.caller, world.org, certificate, ExportForm::P12Modern, given("with\nbreak")).await), "password_unfit");
        assert_eq!(log(&world).await.len(), before, "nothing left, nothing is recorded");
    }

    async fn pem_and_cer_are_offered_too(world: World) {
        let certificate = created(&world).await;
        let app = world.app();
        let pem = app.export_certificate(&world.owner.caller, world.org, certificate, ExportForm::Pem, P12Password::Empty).await.unwrap();
        let text = String::from_utf8(pem.download.bytes.to_vec()).unwrap();
        assert!(text.starts_with("-----BEGIN PRIVATE KEY-----"));
        assert!(text.matches("BEGIN CERTIFICATE").count() >= 2);
        assert!(pem.warnings[0].contains("not encrypted"));
        let cer = app.export_certificate(&world.owner.caller, world.org, certificate, ExportForm::Cer, P12Password::Empty).await.unwrap();
        let held = app.certificate(&world.owner.caller, world.org, certificate).await.unwrap();
        assert_eq!(*cer.download.bytes, held.der);
    }
}
