//! Input that does not fit: each refusal is a problem that says what was found, and nothing is saved.

use crate::stage::{Stage, settings};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use testkit::{Effect, Fault, KeyKind, Role};

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_does_not_fit_is_told_by_what_is_wrong_with_it() {
    let stage = Stage::new().await;
    let path = format!("{}/keys", stage.home());
    let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
    let cases: [(&[u8], &str, &str); 7] = [
        (b"{", "json_malformed", "not JSON"),
        (b"", "json_malformed", "not JSON"),
        (b"{}", "json_unexpected", "\u{201c}private_key\u{201d}"),
        (b"{\"private_key\":\"x\",\"colour\":1}", "json_unexpected", "\u{201c}colour\u{201d}"),
        (b"{\"private_key\":{\"hunter\":22}}", "json_unexpected", "another type"),
        (b"{\"private_key\":\"\xff\"}", "json_malformed", "not JSON"),
        (deep.as_bytes(), "json_unexpected", "another type"),
    ];
    for (body, code, told) in cases {
        let refused = stage
            .ask("POST", &path)
            .header("content-type", "application/json")
            .raw(body)
            .send()
            .await
            .expect(422);
        assert_eq!(refused.code(), code, "{}", String::from_utf8_lossy(body));
        let detail = refused.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(told), "{detail}");
        assert!(!detail.contains("hunter"));
    }
    let form = stage
        .ask("POST", &path)
        .header("content-type", "application/x-www-form-urlencoded")
        .raw("a=b")
        .send()
        .await;
    assert_eq!(form.expect(422).code(), "json_expected");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_megabytes_are_refused_with_the_limit() {
    let stage = Stage::new().await;
    let path = format!("{}/keys", stage.home());
    let large = json!({ "private_key": "A".repeat(2_000_000) });
    for request in [
        stage.post(&path, &large),
        stage.post(&path, &large).header("idempotency-key", "large"),
    ] {
        let refused = request.send().await.expect(413);
        assert_eq!(refused.code(), "body_too_large");
        assert!(refused.json()["detail"].as_str().unwrap().contains("1 MB"));
    }
    let keys = stage.get(&path).send().await.expect(200).json();
    assert_eq!(keys["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn files_have_room_where_files_are_sent_and_nowhere_else() {
    let stage = Stage::new().await;
    let of = |path: &str| format!("{}{path}", stage.home());
    let profile = |bytes: usize| json!({ "files": [{ "name": "large.mobileprovision", "content": STANDARD.encode(vec![b'x'; bytes]) }] });
    // A profile may have 5 MB; that these bytes are none is told of the file, not of the request.
    let (import, large) = (of("/profiles/import"), profile(5_000_000));
    for request in [
        stage.post(&import, &large),
        stage.post(&import, &large).header("idempotency-key", "large"),
    ] {
        let answer = request.send().await.expect(200).json();
        assert_eq!(answer["left_out"][0]["name"], "large.mobileprovision", "{answer}");
    }
    let too_large = profile(13_000_000);
    for request in [
        stage.post(&import, &too_large),
        stage.post(&import, &too_large).header("idempotency-key", "too large"),
    ] {
        let refused = request.send().await.expect(413);
        assert!(refused.json()["detail"].as_str().unwrap().contains("16 MB"));
    }
    let bundle = json!({ "content": STANDARD.encode(vec![b'x'; 1_000_000]) });
    assert_eq!(stage.post(&of("/certificates/import"), &bundle).send().await.status.as_u16(), 422);
    let elsewhere = json!({ "profiles": ["x".repeat(2_000_000)] });
    let refused = stage.post(&of("/profiles/remove"), &elsewhere).send().await.expect(413);
    assert!(refused.json()["detail"].as_str().unwrap().contains("1 MB"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nul_character_is_refused_wherever_a_text_is_asked_for() {
    let (stage, postgres) = (Stage::new().await, Stage::on_postgres().await);
    for stage in [Some(stage), postgres].into_iter().flatten() {
        let key = stage.world.link(Role::Admin).await;
        let addresses = [
            "/certificates",
            "/profiles",
            "/csrs",
            "/members",
            "/invitations",
            "/service-tokens",
            "/sub-organizations",
            "/activity",
            "/keys",
            "/inherited-certificates",
        ];
        let mut paths: Vec<String> = addresses.iter().map(|below| format!("{}{below}", stage.home())).collect();
        paths.push("/orgs".to_owned());
        for list in ["certificates", "profiles", "bundle-ids", "devices"] {
            paths.push(format!("{}/keys/{key}/apple/{list}", stage.home()));
        }
        let parameters = [
            "search",
            "kind",
            "type",
            "state",
            "sort",
            "cursor",
            "role",
            "actor",
            "action",
            "object",
            "key",
            "outcome",
            "organization",
            "since",
            "q",
            "limit",
        ];
        for path in &paths {
            for parameter in parameters {
                let answer = stage.get(&format!("{path}?{parameter}=a%00b")).send().await;
                assert!(
                    answer.status.as_u16() < 500,
                    "{path}?{parameter}: {}",
                    String::from_utf8_lossy(&answer.bytes)
                );
            }
        }
        let certificates = stage
            .get(&format!("{}/certificates?kind=%00", stage.home()))
            .send()
            .await
            .expect(422);
        assert_eq!(certificates.code(), "text_unfit");
        for (path, body) in [
            ("/keys/a%00b/apple/profiles/fetch", json!({})),
            ("/csrs", json!({ "name": "a\u{0}b" })),
            ("/invitations", json!({ "email": "a\u{0}@b.example", "roles": ["owner"] })),
            ("/profiles/remove", json!({ "profiles": ["a\u{0}b"] })),
        ] {
            let answer = stage.post(&format!("{}{path}", stage.home()), &body).send().await;
            assert!((400..500).contains(&answer.status.as_u16()), "{path}: {}", answer.status);
        }
        let login = json!({ "email": "a\u{0}b@c.example", "password": "x" });
        assert!(stage.ask("POST", "/login").anonymous().body(&login).send().await.status.as_u16() < 500);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_does_not_fit_is_refused_and_not_saved() {
    let stage = Stage::new().await;
    let path = format!("{}/keys", stage.home());
    let good = stage.new_key(Role::Admin);
    let with = |field: &str, value: Value| {
        let mut changed = good.clone();
        changed[field] = value;
        changed
    };
    let certificate = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
    let cut = good["private_key"].as_str().unwrap()[..100].to_owned();
    for (input, field) in [
        (with("private_key", json!("nothing")), "private_key"),
        (with("private_key", json!(certificate)), "private_key"),
        (with("private_key", json!(cut)), "private_key"),
        (with("private_key", json!("B".repeat(200_000))), "private_key"),
        (with("key_id", json!("short")), "key_id"),
        (with("key_id", json!("ABCDE12345")), "key_id"),
        (with("issuer_id", json!("")), "issuer_id"),
        (with("kind", json!("household")), "kind"),
        (with("roles", json!(["king"])), "roles"),
        (with("name", json!("a\u{0}b")), "name"),
        (with("name", json!("x".repeat(5000))), "name"),
    ] {
        let refused = stage.post(&path, &input).send().await;
        assert!([422, 413].contains(&refused.status.as_u16()), "{input}: {}", refused.json());
        let fields: Vec<_> = refused.json()["fields"]
            .as_array()
            .unwrap()
            .iter()
            .map(|f| f["field"].clone())
            .collect();
        assert!(fields.contains(&json!(field)), "{field}: {fields:?}");
    }
    assert_eq!(stage.world.requests(), 0, "what cannot be right needs no question to Apple");

    let wrong_issuer = with("issuer_id", json!("57246542-96fe-1a63-e053-0824d011072a"));
    let refused = stage.post(&path, &wrong_issuer).send().await.expect(502);
    assert_eq!(refused.code(), "key_mismatch");
    assert_eq!(refused.json()["apple"]["status"], 401);

    let enterprise = stage.world.entered(stage.world.key_file(KeyKind::Enterprise, Role::Admin));
    let as_team = json!({ "kind": "team", "key_id": enterprise.key_id, "issuer_id": enterprise.issuer_id, "private_key": String::from_utf8_lossy(&enterprise.file) });
    assert_eq!(stage.post(&path, &as_team).send().await.expect(502).code(), "wrong_kind");

    let keys = stage.get(&path).send().await.expect(200).json();
    assert_eq!(keys["items"], json!([]));
    stage.post(&path, &good).send().await.expect(201);
    assert_eq!(stage.post(&path, &good).send().await.expect(409).code(), "duplicate_key");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_is_done_whole_or_not_at_all() {
    let stage = Stage::new().await;
    let key = stage.world.link(Role::Admin).await;
    let path = format!("{}/keys/{key}", stage.home());
    let before = stage.get(&path).send().await.expect(200).json();
    let half = json!({ "name": "New name", "roles": ["king"] });
    stage.ask("PATCH", &path).body(&half).send().await.expect(422);
    let other_half = json!({ "name": "", "roles": ["developer"] });
    stage.ask("PATCH", &path).body(&other_half).send().await.expect(422);
    assert_eq!(stage.get(&path).send().await.expect(200).json(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn apple_down_or_talking_nonsense_is_told_as_such() {
    let stage = Stage::new().await;
    let key = stage.world.link(Role::Admin).await;
    let path = format!("{}/keys/{key}/apple/certificates", stage.home());
    for effect in [Effect::Reset, Effect::Html, Effect::BadGateway] {
        stage
            .world
            .apple
            .control()
            .add_fault(Fault::next("GET", "/v1/certificates", effect.clone()).times(20));
        let refused = stage.get(&path).send().await.expect(503);
        assert_eq!(refused.code(), "apple_unreachable", "{effect:?}");
        stage.world.apple.control().clear_faults();
    }
    stage.get(&path).send().await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn queries_are_read_strictly() {
    let stage = Stage::new().await;
    let key = stage.world.link(Role::Admin).await;
    let home = stage.home();
    for query in [
        format!("{home}/activity?limit=0"),
        format!("{home}/activity?limit=201"),
        format!("{home}/activity?limit=x"),
        format!("{home}/activity?cursor=x"),
        format!("{home}/activity?colour=red"),
        format!("{home}/certificates?limit=0"),
        format!("{home}/certificates?limit=201"),
        format!("{home}/certificates?cursor=x"),
        format!("{home}/certificates?sort=colour"),
        format!("{home}/certificates?state=lost"),
        format!("{home}/key-choices"),
        format!("{home}/key-choices?need=everything"),
        format!("{home}/key-choices?need=create-certificate&certificate_type=BIRTH"),
        format!("{home}/keys/{key}/apple/devices?sort=colour"),
        format!("{home}/keys/{key}/apple/devices?sort=name&sort=udid"),
        format!("{home}/operations/op_{:032x}?wait=31", 1),
    ] {
        stage.get(&query).send().await.expect(422);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_counted_and_tells_nothing() {
    let stage = Stage::new().await;
    let login = |email: &str, password: &str| json!({ "email": email, "password": password, "token_name": "laptop" });
    let known = stage
        .post("/login", &login("elin@halden.example", "wrong"))
        .anonymous()
        .send()
        .await
        .expect(401);
    let unknown = stage
        .post("/login", &login("nobody@halden.example", "wrong"))
        .anonymous()
        .send()
        .await
        .expect(401);
    assert_eq!(known.refusal(), unknown.refusal());
    let right = login("elin@halden.example", stage.password());
    let created = stage.post("/login", &right).anonymous().send().await.expect(201).json();
    let token = created["value"].as_str().unwrap();
    assert_eq!(
        stage.get("/me").token(token).send().await.expect(200).json()["email"],
        "elin@halden.example"
    );
    for _ in 0..40 {
        stage
            .post("/login", &login("elin@halden.example", "wrong"))
            .anonymous()
            .send()
            .await;
    }
    let refused = stage.post("/login", &right).anonymous().send().await.expect(429);
    assert_eq!(refused.code(), "sign_in_limited");
}

#[tokio::test(flavor = "multi_thread")]
async fn other_sites_change_nothing_and_every_answer_is_guarded() {
    let stage = Stage::new().await;
    let token = json!({ "name": "CI" });
    for (header, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
    ] {
        let refused = stage.post("/me/tokens", &token).header(header, value).send().await.expect(403);
        assert_eq!(refused.code(), "cross_site");
    }
    stage
        .post("/me/tokens", &token)
        .header("sec-fetch-site", "same-origin")
        .send()
        .await
        .expect(201);
    for path in ["/me", "/nothing", "/api/openapi.json"] {
        let headers = stage.get(path).send().await.headers;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("cache-control", "no-store"),
            ("cross-origin-resource-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
        ] {
            assert_eq!(headers[name], value, "{path}");
        }
        assert!(
            headers["content-security-policy"]
                .to_str()
                .unwrap()
                .starts_with("default-src 'none'")
        );
        assert!(!headers.contains_key("access-control-allow-origin"));
        assert!(!headers.contains_key("strict-transport-security"));
    }
    let mut https = settings();
    https.public_url = "https://russet.example.com".parse().unwrap();
    let secure = Stage::with(https).await;
    assert!(secure.get("/me").send().await.headers.contains_key("strict-transport-security"));
}
