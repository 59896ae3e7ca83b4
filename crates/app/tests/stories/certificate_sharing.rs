//! A root organization shares a certificate; those below use it, and can do nothing else with it.

use crate::{
    certificates::{begin, state},
    code, log,
    sharing::below,
};
use app::{
    certificates::P12Password,
    lending::{ItemShareChange, SigningItem},
    sharing::PanelQuery,
};
use domain::{CertificateId, Made, OperationState, Outcome, ShareTarget, activity::ExportForm};
use jiff::SignedDuration;
use testkit::{Role, World};

async fn created(world: &World) -> CertificateId {
    let key = world.link(Role::Admin).await;
    let operation = begin(world, key, "DISTRIBUTION").await;
    world.app().run_due_jobs().await.unwrap();
    match state(world, operation.id).await {
        OperationState::Done {
            made: Made::Certificate(certificate),
        } => certificate,
        other => panic!("{other:?}"),
    }
}

async fn change(world: &World, certificate: CertificateId, change: ItemShareChange) -> String {
    let sharing = world
        .app()
        .share_item(&world.owner.caller, world.org, SigningItem::Certificate(certificate), change)
        .await;
    sharing.expect("changed").words()
}

fn with(target: ShareTarget) -> ItemShareChange {
    ItemShareChange {
        share: vec![(target, None)],
        ..ItemShareChange::default()
    }
}

testkit::on_both_databases! {
    async fn a_shared_certificate_is_seen_below_and_used_and_nothing_else(world: World) {
        let certificate = created(&world).await;
        let (team, other) = (below(&world, "Transit").await, below(&world, "Metro").await);
        let app = world.app();
        assert!(app.inherited_certificates(&team.caller, team.org).await.unwrap().is_empty());
        assert_eq!(code(app.certificate_details(&team.caller, team.org, certificate).await), "not_found");
        assert_eq!(change(&world, certificate, with(ShareTarget::Chosen(team.org))).await, "1 of 2");

        let lent = app.inherited_certificates(&team.caller, team.org).await.unwrap();
        assert_eq!(lent.len(), 1);
        assert_eq!((lent[0].certificate.id, lent[0].owner.as_str(), lent[0].stops_at), (certificate, "Halden", None));
        let details = app.certificate_details(&team.caller, team.org, certificate).await.unwrap();
        assert_eq!((details.lent_by.as_deref(), details.sharing), (Some("Halden"), None));
        assert!(app.inherited_certificates(&other.caller, other.org).await.unwrap().is_empty());
        assert_eq!(code(app.certificate_details(&other.caller, other.org, certificate).await), "not_found");

        // Its own list counts what is its own.
        let own = crate::certificates::seen_in(&world, &team.caller, team.org).await.unwrap();
        assert!(own.is_empty());
        for form in [ExportForm::P12Modern, ExportForm::Pem, ExportForm::Cer] {
            assert_eq!(code(app.export_certificate(&team.caller, team.org, certificate, form, P12Password::Generated).await), "lent_certificate");
        }
        assert_eq!(code(app.rename_certificate(&team.caller, team.org, certificate, "Ours").await), "lent_certificate");
        assert_eq!(code(app.certificate_dependents(&team.caller, team.org, certificate).await), "lent_certificate");
        assert_eq!(code(app.remove_certificate(&team.caller, team.org, certificate, &details.held.name).await), "lent_certificate");
        let passed_on = app.share_item(&team.caller, team.org, SigningItem::Certificate(certificate), with(ShareTarget::All)).await.unwrap_err();
        assert_eq!(passed_on.code, "lent_certificate");
        assert!(passed_on.message.contains("belongs to Halden"), "{}", passed_on.message);
        let records = app.activity(&team.caller, team.org, 20).await.unwrap();
        let denied = records.iter().filter(|view| view.record.outcome == Outcome::Denied).count();
        assert!(denied >= 7, "each refusal is in their log: {denied}");

        // Taken back, it is gone at once.
        let stop = ItemShareChange { stop: vec![ShareTarget::Chosen(team.org)], ..ItemShareChange::default() };
        assert_eq!(change(&world, certificate, stop).await, "Not shared");
        assert_eq!(code(app.certificate_details(&team.caller, team.org, certificate).await), "not_found");
        let told = log(&world).await;
        assert!(told[0].contains("stopped sharing the certificate “Apple Distribution"), "{told:#?}");
        assert!(told[1].contains("shared the certificate “Apple Distribution"), "{told:#?}");
    }

    async fn a_share_of_a_certificate_can_have_an_end_and_goes_with_the_certificate(world: World) {
        let certificate = created(&world).await;
        let team = below(&world, "Transit").await;
        let app = world.app();
        let (caller, org) = (&world.owner.caller, world.org);
        let ends = |at| ItemShareChange { share: vec![(ShareTarget::All, Some(at))], ..ItemShareChange::default() };
        assert_eq!(code(app.share_item(caller, org, SigningItem::Certificate(certificate), ends(world.now())).await), "stops_at_past");
        let end = world.now() + SignedDuration::from_hours(24);
        change(&world, certificate, ends(end)).await;
        let panel = app.item_shares(caller, org, SigningItem::Certificate(certificate), &PanelQuery::default()).await.unwrap();
        assert_eq!(panel.all.unwrap().stops_at, Some(end));
        assert_eq!(panel.sub_organizations.len(), 1);
        assert_eq!(app.inherited_certificates(&team.caller, team.org).await.unwrap()[0].stops_at, Some(end));
        world.advance_days(1);
        assert!(app.inherited_certificates(&team.caller, team.org).await.unwrap().is_empty());
        change(&world, certificate, with(ShareTarget::All)).await;
        assert_eq!(app.shared_certificates(caller, org).await.unwrap()[&certificate].words(), "All sub-organizations");
        let dependents = app.certificate_dependents(caller, org, certificate).await.unwrap();
        assert!(dependents.sharing.unwrap().is_shared());
        app.remove_certificate(caller, org, certificate, &dependents.certificate.name).await.unwrap();
        assert!(app.inherited_certificates(&team.caller, team.org).await.unwrap().is_empty());
        assert!(app.shared_certificates(caller, org).await.unwrap().is_empty());
    }

    async fn only_a_root_shares_and_only_with_those_below_it(world: World) {
        let certificate = created(&world).await;
        let team = below(&world, "Transit").await;
        let neighbor = world.neighbor().await;
        let app = world.app();
        let strange = ShareTarget::Chosen(neighbor.home().unwrap());
        assert_eq!(code(app.share_item(&world.owner.caller, world.org, SigningItem::Certificate(certificate), with(strange)).await), "not_found");
        let both = ItemShareChange { stop: vec![ShareTarget::All], ..with(ShareTarget::All) };
        assert_eq!(code(app.share_item(&world.owner.caller, world.org, SigningItem::Certificate(certificate), both).await), "share_contradicts");
        assert_eq!(code(app.share_item(&neighbor.caller, world.org, SigningItem::Certificate(certificate), with(ShareTarget::All)).await), "not_found");
        assert_eq!(code(app.share_item(&team.caller, team.org, SigningItem::Certificate(certificate), with(ShareTarget::All)).await), "not_allowed");
        let viewer = world.person("viewer", &[(world.org, domain::Role::parse("signing-viewer").unwrap())]).await.signed_in;
        assert_eq!(code(app.share_item(&viewer.caller, world.org, SigningItem::Certificate(certificate), with(ShareTarget::All)).await), "not_allowed");
    }
}
