//! The signing report: each certificate and profile that left, and each use of a set, by whom and when.

use crate::{
    code, profiles,
    signing_sets::{PARTS, an_app_with_extensions, ensured, pairs, wish},
};
use app::{
    Caller,
    activity::{ActivitySearch, ActivityView},
    certificates::P12Password,
};
use domain::{
    Outcome, Role as Held,
    activity::ExportForm,
    policy::{Grade, Module},
};
use testkit::{Role, World};

fn uses() -> ActivitySearch {
    ActivitySearch {
        signing_uses: true,
        limit: 50,
        ..ActivitySearch::default()
    }
}

async fn report(world: &World, caller: &Caller, search: ActivitySearch) -> Vec<ActivityView> {
    world
        .app()
        .search_activity(caller, world.org, &search)
        .await
        .expect("a report")
        .items
}

fn told(report: &[ActivityView]) -> Vec<String> {
    report.iter().map(|view| format!("{} {}", view.actor, view.sentence)).collect()
}

testkit::on_both_databases! {
    async fn the_report_names_what_left_with_whom_when_and_how_it_ended(world: World) {
        let key = world.link(Role::Admin).await;
        an_app_with_extensions(&world);
        let view = ensured(&world, key, wish(&PARTS[..2])).await;
        let [(first, certificate), (second, _)] = pairs(&view)[..] else { panic!("{view:?}") };
        let (app, owner) = (world.app(), &world.owner.caller);
        let signing = Held::In(Module::Signing, Grade::Viewer);
        let builder = world.person("builder", &[(world.org, signing)]).await.signed_in.caller;
        assert!(report(&world, owner, uses()).await.is_empty(), "to link, create and ensure is not to take away");

        let of_set = world.now();
        let set = view.set.name.to_string();
        app.signing_set_files(&builder, world.org, &set, ExportForm::P12Modern, P12Password::Generated).await.unwrap();
        world.advance_days(1);
        let by_itself = world.now();
        app.export_certificate(owner, world.org, certificate, ExportForm::Pem, P12Password::Generated).await.unwrap();
        profiles::file(&world, second).await;
        app.rename_certificate(owner, world.org, certificate, "Renamed").await.unwrap();

        let all = report(&world, owner, uses()).await;
        let name = &view.items[0].certificate.as_ref().unwrap().certificate.name;
        assert_eq!(told(&all), [
            "Elin downloaded the profile “no.halden.tram.share iOS App Store”".to_owned(),
            format!("Elin downloaded the certificate “{name}” as PEM, with its private key"),
            format!("builder used the signing set “{set}”, with its private keys"),
            format!("builder downloaded the profile “no.halden.tram.share iOS App Store”, with the signing set “{set}”"),
            format!("builder downloaded the profile “no.halden.tram iOS App Store”, with the signing set “{set}”"),
            format!("builder downloaded the certificate “{name}” as .p12, modern, with its private key, with the signing set “{set}”"),
        ]);
        assert!(all.iter().all(|view| view.record.outcome == Outcome::Done));
        let times: Vec<_> = all.iter().map(|view| view.record.at).collect();
        assert_eq!(times, [by_itself, by_itself, of_set, of_set, of_set, of_set]);

        let of = |object: String| ActivitySearch { object: Some(object), ..uses() };
        assert_eq!(report(&world, owner, of(certificate.to_string())).await.len(), 2, "with the set and by itself; not its new name");
        assert_eq!(report(&world, owner, of(first.to_string())).await.len(), 1);
        assert_eq!(report(&world, owner, of(second.to_string())).await.len(), 2);
        assert_eq!(report(&world, owner, of(view.set.id.to_string())).await.len(), 1);
        assert!(report(&world, owner, of(key.to_string())).await.is_empty(), "a key does not sign");
        let by = |actor: &str| ActivitySearch { actor: Some(actor.to_owned()), ..uses() };
        assert_eq!(report(&world, owner, by("builder@neighbor.example")).await.len(), 4);
        let until = ActivitySearch { until: Some(by_itself), ..uses() };
        assert_eq!(report(&world, owner, until).await.len(), 4);
        let failed = ActivitySearch { outcome: Some(Outcome::Failed), ..uses() };
        assert!(report(&world, owner, failed).await.is_empty());
        let one = ActivitySearch { limit: 4, ..uses() };
        let page = app.search_activity(owner, world.org, &one).await.unwrap();
        let rest = ActivitySearch { cursor: page.next, ..uses() };
        assert_eq!(told(&report(&world, owner, rest).await), told(&all)[4..]);

        let mut file = app.export_activity(owner, world.org, &uses(), "CSV, its signing report").await.unwrap();
        assert_eq!(told(&file.next().await.unwrap().unwrap()), told(&all));
        let last = app.activity(owner, world.org, 1).await.unwrap().remove(0);
        assert_eq!(last.sentence, "exported the activity log as CSV, its signing report");
        assert_eq!(code(app.search_activity(&builder, world.org, &uses()).await), "not_allowed", "who builds does not read the log");
        assert_eq!(code(app.export_activity(&builder, world.org, &uses(), "CSV").await.map(drop)), "not_allowed");
    }

    async fn a_report_of_nothing_that_left_is_empty_and_one_of_a_refusal_too(world: World) {
        let key = world.link(Role::Admin).await;
        an_app_with_extensions(&world);
        let view = ensured(&world, key, wish(&PARTS[..1])).await;
        let set = view.set.name.to_string();
        let app = world.app();
        let nobody = world.person("nobody", &[(world.org, Held::In(Module::Credentials, Grade::Manager))]).await.signed_in.caller;
        let taken = app.signing_set_files(&nobody, world.org, &set, ExportForm::Pem, P12Password::Generated).await;
        assert_eq!(code(taken.map(drop)), "not_allowed");
        let short = P12Password::Given(zeroize::Zeroizing::new("abc".to_owned()));
        let taken = app.signing_set_files(&world.owner.caller, world.org, &set, ExportForm::P12Modern, short).await;
        assert_eq!(code(taken.map(drop)), "password_unfit");
        assert!(report(&world, &world.owner.caller, uses()).await.is_empty(), "nothing left");
    }
}
