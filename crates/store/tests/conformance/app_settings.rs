//! What is set for apps.

use domain::{Action, AppSettings, ExportCompliance};

use crate::world::{World, at, on_both, permit};

const APP: &str = "com.example.tern";

on_both![settings_are_ones_own_and_begin_with_nothing, a_held_row_is_waited_for];

async fn settings_are_ones_own_and_begin_with_nothing(world: World) {
    let may = permit(Action::SendBuild, 1);
    let they = permit(Action::SendBuild, 2);
    let nothing = AppSettings {
        identifier: APP.to_owned(),
        ..AppSettings::default()
    };
    let mut tx = world.store.begin_for(&may).await.expect("begins");
    assert_eq!(tx.app_settings(&may, APP).await.expect("looked"), nothing);
    for answer in ExportCompliance::ALL {
        tx.lock_app_settings(&may, APP, at(1)).await.expect("held");
        tx.set_export_compliance(&may, APP, answer, at(2)).await.expect("set");
        assert_eq!(tx.app_settings(&may, APP).await.expect("looked").export_compliance, answer);
    }
    tx.set_export_compliance(&may, APP, ExportCompliance::Exempt, at(3))
        .await
        .expect("set");
    tx.note_build_number(&may, APP, "2026.11.24", at(4)).await.expect("noted");
    let set = AppSettings {
        identifier: APP.to_owned(),
        export_compliance: ExportCompliance::Exempt,
        last_build_number: Some("2026.11.24".to_owned()),
        changed_at: Some(at(4)),
    };
    assert_eq!(tx.app_settings(&may, APP).await.expect("looked"), set);
    tx.commit().await.expect("kept");
    let mut tx = world.store.begin_for(&they).await.expect("begins");
    assert_eq!(tx.app_settings(&they, APP).await.expect("looked"), nothing);
    tx.lock_app_settings(&they, APP, at(5)).await.expect("held");
    tx.note_build_number(&they, APP, "1", at(5)).await.expect("noted");
    tx.commit().await.expect("kept");
    let mut tx = world.store.read_for(&may).await.expect("begins");
    assert_eq!(tx.app_settings(&may, APP).await.expect("looked"), set);
}

async fn a_held_row_is_waited_for(world: World) {
    let may = permit(Action::SendBuild, 1);
    let count = async || {
        let mut tx = world.store.begin_for(&may).await.expect("begins");
        let held = tx.lock_app_settings(&may, APP, at(1)).await.expect("held");
        let next = held.last_build_number.map_or(0, |number| number.parse::<u32>().expect("a number")) + 1;
        tx.note_build_number(&may, APP, &next.to_string(), at(1)).await.expect("noted");
        tx.commit().await.expect("kept");
    };
    tokio::join!(count(), count(), count(), count(), count(), count());
    let mut tx = world.store.read_for(&may).await.expect("begins");
    let counted = tx.app_settings(&may, APP).await.expect("looked").last_build_number;
    assert_eq!(counted.as_deref(), Some("6"));
}
