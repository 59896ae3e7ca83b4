//! Lists: filters, sorting, fields, inclusion, pages, and what is refused of them (facts B5, E5).

use crate::client::{Client, empty, seeded};
use serde_json::{Value, json};
use simulator::{Api, Handle};

fn register(apple: &Handle, devices: usize) {
    for i in 0..devices {
        let attributes = json!({ "name": format!("Phone {i:02}"), "udid": format!("00008110-{i:016X}"), "platform": "IOS" });
        apple.control().create(Api::AppStore, "devices", &attributes, &Value::Null).unwrap();
    }
}

#[tokio::test]
async fn a_walk_over_the_pages_sees_everything_once() {
    let apple = empty().await;
    register(&apple, 45);
    let client = Client::admin(&apple);
    let mut seen = Vec::new();
    let mut sizes = Vec::new();
    let mut path = Some("/v1/devices?sort=name".to_owned());
    while let Some(next) = path {
        let reply = client.get(&next).await;
        let document = reply.json();
        assert_eq!(document["meta"]["paging"]["total"], 45);
        assert_eq!(document["meta"]["paging"]["limit"], 20);
        assert!(
            document["links"]["self"]
                .as_str()
                .unwrap()
                .ends_with(next.split("/v1").nth(1).unwrap())
        );
        sizes.push(reply.all("name").len());
        seen.extend(reply.all("name"));
        path = document["links"]["next"].as_str().map(str::to_owned);
        let cursor = document["meta"]["paging"]["nextCursor"].as_str();
        assert_eq!(path.is_some(), cursor.is_some());
    }
    assert_eq!(sizes, [20, 20, 5]);
    seen.dedup();
    assert_eq!(seen.len(), 45);
    assert_eq!(seen[44], "Phone 44");
}

#[tokio::test]
async fn a_cursor_is_an_offset_in_base64_and_a_bad_one_is_refused() {
    let apple = empty().await;
    register(&apple, 25);
    let client = Client::admin(&apple);
    let first = client.get("/v1/devices").await.json();
    assert_eq!(first["meta"]["paging"]["nextCursor"], "eyJvZmZzZXQiOiIyMCJ9");
    let second = client.get("/v1/devices?cursor=eyJvZmZzZXQiOiIyMCJ9").await;
    assert_eq!(second.all("name").len(), 5);
    assert_eq!(second.json()["links"]["first"], format!("{}/v1/devices", apple.url()));
    let bad = client.get("/v1/devices?cursor=abc").await;
    assert_eq!(
        bad.error(),
        "400 PARAMETER_ERROR.INVALID: 'abc' is not a valid cursor for this request"
    );
    assert_eq!(bad.json()["errors"][0]["source"], json!({ "parameter": "cursor" }));
}

#[tokio::test]
async fn provisioning_filters_match_by_substring_and_words_as_a_whole() {
    let apple = seeded().await;
    let client = Client::admin(&apple);
    for (query, expected) in [
        (
            "filter[identifier]=no.halden.ferry",
            vec!["no.halden.ferry", "no.halden.ferry.watchkitapp", "no.halden.ferry.widget"],
        ),
        ("filter[identifier]=fjord,tide", vec!["no.halden.fjordradio", "no.halden.tidetable"]),
        ("filter[platform]=MAC_OS", vec!["no.halden.harborconsole"]),
        ("filter[name]=Wild&filter[platform]=IOS", vec![]),
    ] {
        let reply = client.get(&format!("/v1/bundleIds?sort=identifier&{query}")).await;
        assert_eq!(reply.all("identifier"), expected, "{query}");
    }
    let udid = client.get("/v1/devices?limit=1").await.all("udid").remove(0);
    let reply = client.get(&format!("/v1/devices?filter[udid]={}", udid.to_lowercase())).await;
    assert_eq!(reply.all("udid"), [udid], "in whatever case");
    let serial = client.get("/v1/certificates?limit=1").await.all("serialNumber").remove(0);
    let reply = client
        .get(&format!("/v1/certificates?filter[serialNumber]={}", &serial[4..20]))
        .await;
    assert_eq!(reply.all("serialNumber"), [serial]);
    let id = client.get("/v1/profiles?limit=1").await.json()["data"][0]["id"].clone();
    let reply = client.get(&format!("/v1/profiles?filter[id]={}", id.as_str().unwrap())).await;
    assert_eq!(reply.json()["data"][0]["id"], id);
}

#[tokio::test]
async fn lists_are_sorted_by_several_keys_in_both_directions() {
    let apple = seeded().await;
    let client = Client::admin(&apple);
    let reply = client
        .get("/v1/devices?sort=-platform,name&limit=3&fields[devices]=name,platform")
        .await;
    assert_eq!(reply.all("name"), ["Build Mac mini", "Ingrid MacBook Pro", "Ingrid iPhone 17"]);
    let reply = client.get("/v1/apps?sort=-bundleId").await;
    assert_eq!(reply.all("name"), ["Tide Table", "Halden Parking", "Fjord Radio", "Halden Ferry"]);
}

#[tokio::test]
async fn fields_leave_out_the_rest_also_of_relationships() {
    let apple = seeded().await;
    let client = Client::admin(&apple);
    let document = client.get("/v1/profiles?limit=1&fields[profiles]=name,devices").await.json();
    let profile = &document["data"][0];
    assert_eq!(profile["attributes"].as_object().unwrap().keys().collect::<Vec<_>>(), ["name"]);
    assert_eq!(
        profile["relationships"].as_object().unwrap().keys().collect::<Vec<_>>(),
        ["devices"]
    );
}

#[tokio::test]
async fn inclusion_is_bounded_and_names_each_object_once() {
    let apple = seeded().await;
    let client = Client::admin(&apple);
    let query = "filter[name]=Ferry Development,Wildcard Development&include=devices&limit[devices]=2";
    let document = client.get(&format!("/v1/profiles?{query}")).await.json();
    assert_eq!(document["data"].as_array().unwrap().len(), 2);
    assert_eq!(
        document["included"].as_array().unwrap().len(),
        2,
        "both profiles hold the same phones"
    );
    let devices = &document["data"][0]["relationships"]["devices"];
    assert_eq!(devices["data"].as_array().unwrap().len(), 2);
    assert_eq!(devices["meta"]["paging"], json!({ "total": 3, "limit": 2 }));
    assert!(
        document["data"][0]["relationships"]["bundleId"].get("data").is_none(),
        "not asked for"
    );
}

#[tokio::test]
async fn relationships_that_are_not_included_say_what_the_live_api_says() {
    let apple = seeded().await;
    let client = Client::admin(&apple);
    let document = client.get("/v1/profiles?limit=1").await.json();
    let profile = &document["data"][0];
    let id = profile["id"].as_str().unwrap();
    assert_eq!(
        profile["relationships"]["devices"],
        json!({
            "meta": { "paging": { "total": 0, "limit": 2_147_483_647 } },
            "links": {
                "self": format!("{}/v1/profiles/{id}/relationships/devices", apple.url()),
                "related": format!("{}/v1/profiles/{id}/devices", apple.url()),
            },
        })
    );
    assert_eq!(profile["links"]["self"], format!("{}/v1/profiles/{id}", apple.url()));
}

#[tokio::test]
async fn what_apples_document_does_not_offer_is_refused() {
    let apple = seeded().await;
    let client = Client::admin(&apple);
    let bundle_id = client.get("/v1/bundleIds?limit=1").await.json()["data"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let capabilities = format!("/v1/bundleIds/{bundle_id}/bundleIdCapabilities?limit=10");
    for (path, expected) in [
        (
            "/v1/devices?color=red",
            "400 PARAMETER_ERROR.ILLEGAL: The parameter 'color' can not be used with this request",
        ),
        (
            "/v1/reviewSubmissions?filter[app]=1&sort=state",
            "400 PARAMETER_ERROR.ILLEGAL: The parameter 'sort' can not be used with this request",
        ),
        (
            &capabilities,
            "400 PARAMETER_ERROR.ILLEGAL: The parameter 'limit' can not be used with this request",
        ),
        (
            "/v1/devices?limit=201",
            "400 PARAMETER_ERROR.INVALID: '201' is not a valid value for this parameter. Expected a number from 1 to 200",
        ),
        (
            "/v1/devices?filter[platform]=WATCH_OS",
            "400 PARAMETER_ERROR.INVALID: 'WATCH_OS' is not a valid value for this parameter",
        ),
        (
            "/v1/reviewSubmissions",
            "400 PARAMETER_ERROR.REQUIRED: The parameter 'filter[app]' is required but was not provided",
        ),
        (
            "/v1/bundleIdCapabilities",
            "403 FORBIDDEN_ERROR: The resource 'bundleIdCapabilities' does not allow 'GET_COLLECTION'. Allowed operations are: CREATE, DELETE, UPDATE",
        ),
        (
            "/v1/apps/999999999999",
            "404 NOT_FOUND: There is no resource of type 'apps' with id '999999999999'",
        ),
        (
            "/v1/apiKeys",
            "404 NOT_FOUND: The path provided does not match a defined resource type.",
        ),
        (
            "/v1/apps/1/secrets",
            "404 PATH_ERROR: The relationship or resource at '/v1/apps/1/secrets' is not available.",
        ),
    ] {
        assert_eq!(client.get(path).await.error(), expected, "{path}");
    }
    assert_eq!(
        client.post("/v1/apps", json!({})).await.error(),
        "403 FORBIDDEN_ERROR: The resource 'apps' does not allow 'CREATE'. Allowed operations are: GET_COLLECTION, GET_INSTANCE, UPDATE"
    );
    let put = client.send(reqwest::Method::PUT, "/v1/apps", None).await;
    assert_eq!(
        put.error(),
        "405 METHOD_NOT_ALLOWED: The request method 'PUT' is not valid for this resource path."
    );
}

#[tokio::test]
async fn apps_are_read_and_changed() {
    let apple = seeded().await;
    let client = Client::admin(&apple);
    let reply = client.get("/v1/apps?filter[bundleId]=no.halden.ferry").await;
    assert_eq!(reply.all("name"), ["Halden Ferry"], "bundle IDs of apps are compared as a whole");
    let id = reply.json()["data"][0]["id"].as_str().unwrap().to_owned();
    assert!(id.bytes().all(|byte| byte.is_ascii_digit()));
    let change = |attributes: Value| json!({ "data": { "type": "apps", "id": id, "attributes": attributes } });
    let path = format!("/v1/apps/{id}");
    let changed = client.patch(&path, change(json!({ "primaryLocale": "nb-NO" }))).await;
    assert_eq!(changed.json()["data"]["attributes"]["primaryLocale"], "nb-NO");
    assert_eq!(
        client
            .patch(&path, change(json!({ "bundleId": "no.halden.nowhere" })))
            .await
            .status
            .as_u16(),
        409
    );
    let infos = client.get(&format!("{path}/appInfos?include=app")).await.json();
    assert_eq!(infos["data"][0]["relationships"]["app"]["data"]["id"], id.as_str());
    assert_eq!(infos["included"][0]["attributes"]["primaryLocale"], "nb-NO");
    let groups = client.get(&format!("/v1/betaGroups?filter[app]={id}")).await;
    assert_eq!(groups.all("name"), ["Crew", "Passengers"]);
    assert!(client.get(&format!("{path}/buildUploads")).await.all("state").is_empty());
}
