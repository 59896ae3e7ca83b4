//! Binaries as a client makes and sends them: what the tests of uploads, builds and webhooks share.

use crate::client::{Client, Reply};
use jiff::SignedDuration;
use reqwest::StatusCode;
use serde_json::{Value, json};
use simulator::{Api, Handle, Uploads};
use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;

pub(crate) const BUNDLE_ID: &str = "no.halden.ferry";

/// Small parts, so that a small file has several.
const PART: u64 = 1000;

/// An app at an empty team with small parts.
pub(crate) fn app(apple: &Handle) -> String {
    let control = apple.control();
    control.set_uploads(Uploads {
        part_size: PART,
        ..Uploads::default()
    });
    let attributes = json!({ "name": "Ferry", "bundleId": BUNDLE_ID, "sku": "FERRY", "primaryLocale": "en-US" });
    control.create(Api::AppStore, "apps", &attributes, &json!({})).unwrap()
}

/// An archive with property lists at these paths, and bytes that do not compress.
pub(crate) fn archive(lists: &[(&str, plist::Dictionary)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (path, list) in lists {
        zip.start_file(*path, SimpleFileOptions::default()).unwrap();
        plist::to_writer_binary(&mut zip, list).unwrap();
    }
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    zip.start_file("Payload/Ferry.app/Assets.car", stored).unwrap();
    zip.write_all(
        &(0..4000_u32)
            .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
            .collect::<Vec<_>>(),
    )
    .unwrap();
    zip.finish().unwrap().into_inner()
}

pub(crate) fn info(bundle_id: &str, version: &str, build: &str) -> plist::Dictionary {
    let mut list = plist::Dictionary::new();
    for (key, value) in [
        ("CFBundleIdentifier", bundle_id),
        ("CFBundleShortVersionString", version),
        ("CFBundleVersion", build),
        ("MinimumOSVersion", "17.0"),
    ] {
        list.insert(key.to_owned(), value.into());
    }
    list
}

pub(crate) fn ipa(version: &str, build: &str) -> Vec<u8> {
    archive(&[("Payload/Ferry.app/Info.plist", info(BUNDLE_ID, version, build))])
}

pub(crate) async fn reserve(client: &Client<'_>, app: &str, version: &str, build: &str) -> Reply {
    let body = json!({ "data": {
        "type": "buildUploads",
        "attributes": { "cfBundleShortVersionString": version, "cfBundleVersion": build, "platform": "IOS" },
        "relationships": { "app": { "data": { "type": "apps", "id": app } } },
    }});
    client.post("/v1/buildUploads", body).await
}

pub(crate) async fn reserve_file(client: &Client<'_>, upload: &str, size: usize) -> Reply {
    let body = json!({ "data": {
        "type": "buildUploadFiles",
        "attributes": { "assetType": "ASSET", "fileName": "Ferry.ipa", "fileSize": size, "uti": "com.apple.ipa" },
        "relationships": { "buildUpload": { "data": { "type": "buildUploads", "id": upload } } },
    }});
    client.post("/v1/buildUploadFiles", body).await
}

pub(crate) async fn commit(client: &Client<'_>, file: &str, checksums: Value) -> Reply {
    let mut attributes = json!({ "uploaded": true });
    if !checksums.is_null() {
        attributes["sourceFileChecksums"] = checksums;
    }
    let body = json!({ "data": { "type": "buildUploadFiles", "id": file, "attributes": attributes } });
    client.patch(&format!("/v1/buildUploadFiles/{file}"), body).await
}

/// Sends one part as its operation says.
pub(crate) async fn send(operation: &Value, binary: &[u8]) -> reqwest::Result<StatusCode> {
    let offset = usize::try_from(operation["offset"].as_u64().unwrap()).unwrap();
    let length = usize::try_from(operation["length"].as_u64().unwrap()).unwrap();
    let mut request = plain().put(operation["url"].as_str().unwrap());
    for header in operation["requestHeaders"].as_array().unwrap() {
        request = request.header(header["name"].as_str().unwrap(), header["value"].as_str().unwrap());
    }
    let answer = request.body(binary[offset..offset + length].to_vec()).send().await?;
    Ok(answer.status())
}

pub(crate) fn plain() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

/// Everything up to and with the commit; the upload.
pub(crate) async fn deliver(client: &Client<'_>, app: &str, version: &str, build: &str, binary: &[u8]) -> String {
    let reserved = reserve(client, app, version, build).await;
    assert_eq!(reserved.status.as_u16(), 201, "{}", reserved.text);
    let file = reserve_file(client, &reserved.id(), binary.len()).await;
    assert_eq!(file.status.as_u16(), 201, "{}", file.text);
    for operation in operations(&file) {
        assert_eq!(send(&operation, binary).await.unwrap(), 200);
    }
    let committed = commit(client, &file.id(), Value::Null).await;
    assert_eq!(committed.status.as_u16(), 200, "{}", committed.text);
    reserved.id()
}

pub(crate) fn operations(file: &Reply) -> Vec<Value> {
    file.json()["data"]["attributes"]["uploadOperations"].as_array().unwrap().clone()
}

pub(crate) fn wait(apple: &Handle, seconds: i64) {
    apple.control().clock().advance(SignedDuration::from_secs(seconds));
}

/// The state of an upload, with the codes of its errors and warnings.
pub(crate) async fn outcome(client: &Client<'_>, upload: &str) -> (String, Vec<String>, Vec<String>) {
    let reply = client.get(&format!("/v1/buildUploads/{upload}")).await;
    let state = reply.json()["data"]["attributes"]["state"].clone();
    let codes = |name: &str| {
        let list = state[name].as_array().unwrap().iter();
        list.map(|entry| entry["code"].as_str().unwrap().to_owned()).collect()
    };
    (state["state"].as_str().unwrap().to_owned(), codes("errors"), codes("warnings"))
}
