//! Lists of devices over REST: as long as they come, with the rows named that do not fit.

use crate::stage::Stage;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;
use testkit::Role;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_bad_lines_of_five_thousand_are_named_and_the_good_ones_can_go_on() {
    let stage = Stage::new().await;
    let key = stage.world.link(Role::Admin).await;
    let devices = format!("{}/keys/{key}/apple/devices", stage.home());
    let mut rows: Vec<String> = (1..=5000).map(|n| format!("00008110-{n:016X}\tPhone {n}\tios")).collect();
    rows[6] = "F2LX4R8ZJCLM\tA serial number\tios".to_owned();
    rows[700] = "00008110-000A1B2C3D4E5F67".to_owned();
    rows[4999] = "00008110-0000000000001388\tPhone 5000\twindows".to_owned();
    let list = |rows: &[String]| STANDARD.encode(rows.join("\r\n"));

    let told = stage.post(&format!("{devices}/preview"), &json!({ "file": list(&rows) }));
    let told = told.send().await.expect(200).json();
    let bad: Vec<_> = told["faults"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| fault["row"].as_u64())
        .collect();
    assert_eq!(bad, [Some(7), Some(701), Some(5000)]);
    assert_eq!(told["new"].as_array().unwrap().len(), 4997);
    assert!(
        !told["faults"].to_string().contains("F2LX4R8ZJCLM"),
        "what is no UDID is not repeated"
    );

    let refused = stage.post(&devices, &json!({ "file": list(&rows) })).send().await.expect(422);
    assert_eq!(refused.code(), "device_rows_unfit");
    assert!(refused.json()["detail"].as_str().unwrap().contains("7, 701, 5000"));
    let too_many = json!({ "file": list(&rows), "leave_out_faulty": true });
    assert_eq!(stage.post(&devices, &too_many).send().await.expect(422).code(), "too_many_devices");
    let some = json!({ "file": list(&rows[..20]), "leave_out_faulty": true });
    let begun = stage.post(&devices, &some).send().await.expect(202).json();
    assert_eq!(begun["kind"], "register-devices");
}
