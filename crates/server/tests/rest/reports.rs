//! The signing report over REST: pages and files.

use crate::{access::picked, stage::Stage};
use serde_json::{Value, json};
use testkit::Role;

#[tokio::test(flavor = "multi_thread")]
async fn what_was_taken_away_to_sign_with_is_reported_in_pages_and_as_a_file() {
    let stage = Stage::new().await;
    let home = stage.home();
    let key = stage.world.link(Role::Admin).await;
    let certificate = stage.certificate(&key.to_string()).await;
    // In a table that is separated by semicolons, a formula.
    let set = picked(&stage.world, key, "Ferry;=1+1").await;
    let files = format!("{home}/signing-sets/{set}/files");
    stage.post(&files, &json!({ "form": "p12-modern" })).send().await.expect(200);
    let export = format!("{home}/certificates/{certificate}/export");
    stage.post(&export, &json!({ "form": "pem" })).send().await.expect(200);

    let report = |query: &str| stage.get(&format!("{home}/reports/signing{query}"));
    let page = report("?limit=3").send().await.expect(200).json();
    let words = |page: &Value| -> Vec<String> {
        let records = page["items"].as_array().unwrap().iter();
        records.map(|record| record["action"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(words(&page), ["certificate.download", "signing-set.use", "profile.download-held"]);
    let next = page["next_cursor"].as_str().unwrap();
    let rest = report(&format!("?limit=3&cursor={next}")).send().await.expect(200).json();
    assert_eq!(words(&rest), ["certificate.download"]);
    assert_eq!(rest["next_cursor"], json!(null));
    for record in page["items"].as_array().unwrap() {
        assert_eq!(record["outcome"], json!("done"));
        assert!(record["actor"].as_str().unwrap().starts_with("Elin"), "{record}");
    }
    let of_certificate = report(&format!("?object={certificate}")).send().await.expect(200).json();
    assert_eq!(words(&of_certificate).len(), 2, "with the set and by itself");
    let refused = report("?outcome=denied").send().await.expect(200).json();
    assert!(words(&refused).is_empty());
    assert_eq!(report("?since=soon").send().await.expect(422).code(), "time_unfit");

    let file = report("/export").send().await.expect(200);
    let disposition = file.headers["content-disposition"].to_str().unwrap();
    assert_eq!(disposition, "attachment; filename=\"signing-report.csv\"");
    let csv = String::from_utf8(file.bytes.to_vec()).unwrap();
    let lines: Vec<_> = csv.lines().collect();
    assert_eq!(lines.len(), 5, "a head and four records: {csv}");
    assert!(lines[0].starts_with("number,time,actor,"), "{csv}");
    assert!(csv.contains("Ferry;'=1+1") && !csv.contains(";=1"), "no cell is a formula: {csv}");
    let jsonl = report("/export?format=jsonl").send().await.expect(200);
    let first: Value = serde_json::from_slice(jsonl.bytes.split(|byte| *byte == b'\n').next().unwrap()).unwrap();
    assert_eq!(first["object"], json!(certificate));
    assert_eq!(report("/export?format=xml").send().await.expect(422).code(), "format_unknown");
    let log = stage
        .get(&format!("{home}/activity?action=activity.export"))
        .send()
        .await
        .expect(200)
        .json();
    let taken: Vec<_> = log["items"].as_array().unwrap().iter().map(|record| &record["sentence"]).collect();
    assert_eq!(
        taken,
        [
            "exported the activity log as JSON lines, its signing report",
            "exported the activity log as CSV, its signing report"
        ]
    );
}
