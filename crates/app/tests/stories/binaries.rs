//! Binaries come in pieces, are looked into and kept.

use crate::{code, log};
use app::{
    Paging, Problem,
    binaries::{Arrived, Begun, BinaryFilter, NewBinary, Severity},
};
use domain::{BinaryUpload, BinaryUploadId, HeldBinary};
use futures::{StreamExt, TryStreamExt, stream};
use simulator::Api;
use std::io;
use testkit::{
    World,
    ipa::{Bundle, Ipa},
};

/// The App Store profile that Apple has for this bundle ID.
pub(crate) fn store_profile(world: &World, identifier: &str) -> Vec<u8> {
    use base64::Engine as _;
    let control = world.apple.control();
    let ids = control.objects(Api::AppStore, "bundleIds").expect("known");
    let bundle_id = ids
        .iter()
        .find(|id| id["attributes"]["identifier"] == identifier)
        .expect("registered");
    let profiles = control.objects(Api::AppStore, "profiles").expect("known");
    let fits = |profile: &&serde_json::Value| {
        profile["attributes"]["profileType"] == "IOS_APP_STORE"
            && profile["attributes"]["profileState"] == "ACTIVE"
            && profile["links"]["bundleId"][0] == bundle_id["id"]
    };
    let profile = profiles.iter().find(fits).expect("a profile for the store");
    let content = profile["attributes"]["profileContent"].as_str().expect("its file");
    base64::engine::general_purpose::STANDARD.decode(content).expect("base64")
}

/// The ferry app as a build made it.
pub(crate) fn ferry(world: &World, version: &str, number: &str) -> Ipa {
    let app = Bundle::app("no.halden.ferry")
        .version(version, number)
        .profile(store_profile(world, "no.halden.ferry"));
    Ipa::of(app)
}

async fn begun(world: &World, name: &str, size: usize) -> BinaryUpload {
    let id = world.upload(&world.owner, world.org, name, size).await;
    world.app().binary_upload(&world.owner.caller, world.org, id).await.expect("there")
}

async fn append(world: &World, upload: BinaryUploadId, at: u64, bytes: &[u8]) -> Result<BinaryUpload, Problem> {
    let pieces: Vec<_> = bytes
        .chunks(1000)
        .map(|piece| Ok::<_, io::Error>(bytes::Bytes::copy_from_slice(piece)))
        .collect();
    let (caller, org) = (&world.owner.caller, world.org);
    world.app().append_to_binary(caller, org, upload, at, stream::iter(pieces)).await
}

async fn complete(world: &World, upload: BinaryUploadId) -> Result<Arrived, Problem> {
    world.app().complete_binary_upload(&world.owner.caller, world.org, upload).await
}

/// Uploads a file whole.
pub(crate) async fn uploaded(world: &World, name: &str, bytes: &[u8]) -> HeldBinary {
    world.binary(&world.owner, world.org, name, bytes.to_vec()).await
}

/// What lies where binaries are.
fn files(world: &World) -> Vec<String> {
    fn below(folder: &std::path::Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let entry = entry.expect("an entry");
            if entry.file_type().expect("a type").is_dir() {
                below(&entry.path(), found);
            } else {
                found.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
    }
    let mut found = Vec::new();
    below(&world.directory().join("binaries"), &mut found);
    found.sort();
    found
}

testkit::on_both_databases! {
    async fn a_file_comes_in_pieces_and_is_looked_into(world: World) {
        let bytes = ferry(&world, "2.5.0", "50").bytes();
        let upload = begun(&world, "builds/Ferry.ipa", bytes.len()).await;
        assert_eq!(upload.file_name, "Ferry.ipa", "folders are left out");
        let (first, rest) = bytes.split_at(3_000);
        assert_eq!(append(&world, upload.id, 0, first).await.unwrap().received, 3_000);
        assert_eq!(code(complete(&world, upload.id).await), "upload_incomplete");

        // Whoever does not know how far it came is told, and nothing is changed.
        let told = append(&world, upload.id, 0, first).await.unwrap_err();
        assert_eq!(told.code, "offset_unexpected");
        assert!(told.message.ends_with("Go on at 3000."), "{}", told.message);
        let known = world.app().binary_upload(&world.owner.caller, world.org, upload.id).await.unwrap();
        assert_eq!(known.received, 3_000);

        // A connection that breaks leaves what came.
        let pieces = vec![Ok(bytes::Bytes::copy_from_slice(&rest[..500])), Err(io::Error::other("gone"))];
        let broken = world.app().append_to_binary(&world.owner.caller, world.org, upload.id, 3_000, stream::iter(pieces)).await;
        assert_eq!(code(broken), "upload_interrupted");
        append(&world, upload.id, 3_500, &rest[500..]).await.unwrap();
        let arrived = complete(&world, upload.id).await.unwrap();
        assert!(!arrived.was_here);
        let binary = arrived.binary;
        assert_eq!(binary.title(), "Demo 2.5.0 (50)");
        let app = binary.app().unwrap();
        assert_eq!((app.bundle_id.as_str(), app.platform.as_deref()), ("no.halden.ferry", Some("IOS")));
        let profile = app.profile.as_ref().unwrap().as_ref().unwrap();
        assert_eq!((profile.method.as_str(), profile.certificates.len()), ("App Store", 1));
        assert_eq!(files(&world), [binary.id.to_string()], "nothing is left of the upload");

        // It leaves as it came, and that is written down.
        let file = world.app().download_binary(&world.owner.caller, world.org, binary.id).await.unwrap();
        let back: Vec<_> = file.bytes.try_collect().await.unwrap();
        assert_eq!(back.concat(), bytes);
        let records = log(&world).await;
        for sentence in ["uploaded the binary “Demo 2.5.0 (50)”", "downloaded the binary “Demo 2.5.0 (50)”"] {
            assert!(records.iter().any(|record| record.contains(sentence)), "{sentence}: {records:?}");
        }
    }

    async fn the_same_bytes_are_held_once_and_gone_on_with(world: World) {
        let bytes = ferry(&world, "2.5.0", "50").bytes();
        let sha256 = hex::encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &bytes));
        let (app, caller, org) = (world.app(), &world.owner.caller, world.org);
        let announced = || NewBinary { file_name: "Ferry.ipa".to_owned(), size: bytes.len() as u64, sha256: Some(sha256.to_uppercase()) };
        let Begun::Upload(first) = app.begin_binary_upload(caller, org, announced()).await.unwrap() else { panic!() };
        append(&world, first.id, 0, &bytes[..2_000]).await.unwrap();
        let Begun::Upload(again) = app.begin_binary_upload(caller, org, announced()).await.unwrap() else { panic!() };
        assert_eq!((again.id, again.received), (first.id, 2_000), "it is the same upload");
        append(&world, again.id, 2_000, &bytes[2_000..]).await.unwrap();
        let held = complete(&world, again.id).await.unwrap().binary;
        let Begun::Held(view) = app.begin_binary_upload(caller, org, announced()).await.unwrap() else { panic!() };
        assert_eq!(view.binary.id, held.id);
        // Without a checksum it has to come, and then it is seen that it was here.
        let upload = begun(&world, "Another.ipa", bytes.len()).await;
        append(&world, upload.id, 0, &bytes).await.unwrap();
        let arrived = complete(&world, upload.id).await.unwrap();
        assert!(arrived.was_here);
        assert_eq!(arrived.binary.id, held.id);
        assert_eq!(files(&world), [held.id.to_string()]);
    }

    async fn what_is_no_app_is_not_kept(world: World) {
        for (name, bytes) in [("Page.ipa", b"<!doctype html><p>Sign in</p>".to_vec()), ("Cut.ipa", ferry(&world, "1.0", "1").bytes()[..2_000].to_vec())] {
            let upload = begun(&world, name, bytes.len()).await;
            append(&world, upload.id, 0, &bytes).await.unwrap();
            let refused = complete(&world, upload.id).await.unwrap_err();
            assert_eq!(refused.code, "not_an_app", "{name}");
            assert!(refused.message.ends_with("Nothing of it is kept."), "{}", refused.message);
            assert_eq!(code(complete(&world, upload.id).await), "not_found");
        }
        assert!(files(&world).is_empty());
        // What was changed on the way is not what was announced.
        let (app, caller, org) = (world.app(), &world.owner.caller, world.org);
        let bytes = ferry(&world, "2.5.0", "50").bytes();
        let new = NewBinary { file_name: "Ferry.ipa".to_owned(), size: bytes.len() as u64, sha256: Some("0".repeat(64)) };
        let Begun::Upload(upload) = app.begin_binary_upload(caller, org, new).await.unwrap() else { panic!() };
        append(&world, upload.id, 0, &bytes).await.unwrap();
        assert_eq!(code(complete(&world, upload.id).await), "checksum_wrong");
        // More than was announced is refused, and what was there stays.
        let upload = begun(&world, "Short.ipa", 1_000).await;
        append(&world, upload.id, 0, &bytes[..600]).await.unwrap();
        assert_eq!(code(append(&world, upload.id, 600, &bytes[600..]).await), "upload_too_long");
        assert_eq!(app.binary_upload(caller, org, upload.id).await.unwrap().received, 600);
        app.give_up_binary_upload(caller, org, upload.id).await.unwrap();
        assert!(files(&world).is_empty());
    }

    async fn wrong_announcements_are_refused(world: World) {
        let (app, caller, org) = (world.app(), &world.owner.caller, world.org);
        let new = |file_name: &str, size: u64, sha256: Option<&str>| NewBinary {
            file_name: file_name.to_owned(),
            size,
            sha256: sha256.map(str::to_owned),
        };
        for (wanted, fits) in [
            (new("Ferry.ipa", 0, None), "file_empty"),
            (new("Ferry.ipa", 10_000_000_000, None), "file_too_large"),
            (new("builds/", 5, None), "file_name_missing"),
            (new("a\nb.ipa", 5, None), "file_name_missing"),
            (new(&"a".repeat(201), 5, None), "file_name_too_long"),
            (new("Ferry.ipa", 5, Some("abc")), "sha256_malformed"),
        ] {
            assert_eq!(code(app.begin_binary_upload(caller, org, wanted).await), fits);
        }
        for _ in 0..10 {
            app.begin_binary_upload(caller, org, new("Ferry.ipa", 8_000_000_000, None)).await.unwrap();
        }
        assert_eq!(code(app.begin_binary_upload(caller, org, new("Ferry.ipa", 1, None)).await), "too_many_uploads");
    }

    async fn binaries_are_compared_marked_and_removed(world: World) {
        let (app, caller, org) = (world.app(), &world.owner.caller, world.org);
        let one = uploaded(&world, "Ferry.ipa", &ferry(&world, "2.5.0", "50").bytes()).await;
        world.advance(1);
        let widget = Bundle::extension("Widget", "no.halden.ferry.widget").version("2.5.1", "51");
        let two = uploaded(&world, "Ferry.ipa", &ferry(&world, "2.5.1", "51").holding(widget).bytes()).await;
        world.advance(1);
        let package = uploaded(&world, "Ferry.pkg", b"xar!\0\x1c\0\x01 not looked into").await;
        let differences = app.compare_binaries(caller, org, one.id, two.id).await.unwrap();
        let told = |what: &str| differences.iter().find(|one| one.what == what).cloned().unwrap();
        assert_eq!(told("build number").before.as_deref(), Some("50"));
        assert!(differences.iter().any(|one| one.bundle.as_deref() == Some("no.halden.ferry.widget") && one.before.is_none()));
        assert_eq!(code(app.compare_binaries(caller, org, one.id, package.id).await), "not_inspected");

        assert!(app.mark_binary(caller, org, one.id, true).await.unwrap().is_release_candidate);
        app.mark_binary(caller, org, one.id, true).await.unwrap();
        let marks = log(&world).await.iter().filter(|record| record.contains("as a release candidate")).count();
        assert_eq!(marks, 1, "what is so already is no news");

        let filter = BinaryFilter { search: Some("ferry".to_owned()), identifier: None };
        let listed = app.binaries(caller, org, &filter, &Paging::first(2)).await.unwrap();
        assert_eq!(listed.items.iter().map(|view| view.binary.id).collect::<Vec<_>>(), [package.id, two.id]);
        assert_eq!(listed.items[0].uploaded_by, "Elin");
        app.remove_binary(caller, org, two.id).await.unwrap();
        assert_eq!(code(app.binary(caller, org, two.id).await), "not_found");
        assert_eq!(files(&world).len(), 2);
    }

    async fn findings_are_looked_up_anew(world: World) {
        let (app, caller, org) = (world.app(), &world.owner.caller, world.org);
        let binary = uploaded(&world, "Ferry.ipa", &ferry(&world, "2.5.0", "50").bytes()).await;
        let refused = async || {
            let found = app.findings_of_binary(caller, org, binary.id).await.unwrap();
            found.into_iter().filter(|finding| finding.severity == Severity::Refused).map(|finding| finding.code).collect::<Vec<_>>()
        };
        assert!(refused().await.is_empty(), "{:?}", refused().await);
        world.advance_days(800);
        assert!(refused().await.contains(&"profile_expired"), "{:?}", refused().await);
    }

    async fn what_nobody_goes_on_with_is_cleared_up(world: World) {
        let (app, caller, org) = (world.app(), &world.owner.caller, world.org);
        let held = uploaded(&world, "Ferry.ipa", &ferry(&world, "2.5.0", "50").bytes()).await;
        let old = begun(&world, "Old.ipa", 1_000).await;
        append(&world, old.id, 0, b"some").await.unwrap();
        world.advance_days(3);
        let young = begun(&world, "Young.ipa", 1_000).await;
        append(&world, young.id, 0, b"some").await.unwrap();
        app.sweep_binaries().await.unwrap();
        assert_eq!(code(app.binary_upload(caller, org, old.id).await), "not_found");
        assert_eq!(files(&world), [held.id.to_string(), young.id.to_string()]);
        let own = std::fs::read_dir(world.directory().join("binaries/kept")).unwrap().next().unwrap().unwrap().path();
        let left = own.join(format!("{org}/bin_00000000000070008000000000000009"));
        // What is in the database is never cleared up, and what a crash left behind is.
        std::fs::write(&left, b"left").unwrap();
        world.advance_days(1);
        app.sweep_binaries().await.unwrap();
        assert!(files(&world).contains(&held.id.to_string()));
    }

    async fn binaries_go_when_their_time_is_over(world: World) {
        let (app, caller, org) = (world.app(), &world.owner.caller, world.org);
        let key = world.link(testkit::Role::AppManager).await;
        let add = async |number: &str| uploaded(&world, "Ferry.ipa", &ferry(&world, "2.5.0", number).bytes()).await.id;
        let (old, candidate, sent) = (add("50").await, add("51").await, add("52").await);
        app.mark_binary(caller, org, candidate, true).await.unwrap();
        world.advance_days(40);
        app.clear_old_binaries().await.unwrap();
        assert_eq!((files(&world).len(), app.binary_retention(caller, org).await.unwrap()), (3, 0), "for ever, unless it is set");

        assert_eq!(code(app.set_binary_retention(caller, org, 3651).await.map(drop)), "days_unfit");
        assert_eq!(app.set_binary_retention(caller, org, 30).await.unwrap(), 30);
        app.set_binary_retention(caller, org, 30).await.unwrap();
        app.send_build(caller, org, key, sent, &app::builds::NewBuild { anyway: true, ..Default::default() }).await.unwrap();
        let young = add("53").await;
        app.clear_old_binaries().await.unwrap();
        let mut left = [candidate, sent, young].map(|id| id.to_string());
        left.sort();
        assert_eq!(files(&world), left);
        assert_eq!(code(app.binary(caller, org, old).await), "not_found");
        // What is being sent stays, however long it takes.
        world.advance_days(31);
        app.clear_old_binaries().await.unwrap();
        assert_eq!(code(app.binary(caller, org, young).await), "not_found");
        assert!(app.binary(caller, org, sent).await.is_ok() && app.binary(caller, org, candidate).await.is_ok());
        let records = log(&world).await;
        let told = |words: &str| records.iter().filter(|record| record.contains(words)).count();
        assert_eq!(told("that binaries are kept for 30 days after they were last sent or added"), 1);
        assert_eq!(told("removed the binary “Demo 2.5.0 (50)”, which was kept for 30 days"), 1, "{records:?}");

        let operator = world.person("Op", &[(org, domain::Role::parse("publish-operator").unwrap())]).await.signed_in;
        assert_eq!(code(app.set_binary_retention(&operator.caller, org, 1).await.map(drop)), "not_allowed");
        assert_eq!(app.binary_retention(&operator.caller, org).await.unwrap(), 30);
    }

    async fn a_release_candidate_goes_only_with_those_who_mark_them(world: World) {
        let (app, org) = (world.app(), world.org);
        let role = |word: &str| domain::Role::parse(word).unwrap();
        let external = world.person("Ext", &[(org, role("publish-ext-operator"))]).await.signed_in;
        let operator = world.person("Op", &[(org, role("publish-operator"))]).await.signed_in;
        let one = uploaded(&world, "Ferry.ipa", &ferry(&world, "2.5.0", "50").bytes()).await;
        let two = uploaded(&world, "Ferry.ipa", &ferry(&world, "2.5.0", "51").bytes()).await;
        app.mark_binary(&operator.caller, org, one.id, true).await.unwrap();
        assert_eq!(code(app.remove_binary(&external.caller, org, one.id).await), "not_allowed");
        app.remove_binary(&external.caller, org, two.id).await.unwrap();
        app.remove_binary(&operator.caller, org, one.id).await.unwrap();
        assert!(files(&world).is_empty());
    }

    async fn another_organization_has_nothing_to_do_with_it(world: World) {
        let binary = uploaded(&world, "Ferry.ipa", &ferry(&world, "2.5.0", "50").bytes()).await;
        let upload = begun(&world, "Next.ipa", 100).await;
        let neighbor = world.neighbor().await;
        let (app, theirs) = (world.app(), neighbor.home().unwrap());
        for org in [theirs, world.org] {
            assert_eq!(code(app.binary(&neighbor.caller, org, binary.id).await), "not_found");
            assert_eq!(code(app.download_binary(&neighbor.caller, org, binary.id).await.map(|_| ())), "not_found");
            assert_eq!(code(app.remove_binary(&neighbor.caller, org, binary.id).await), "not_found");
            assert_eq!(code(app.complete_binary_upload(&neighbor.caller, org, upload.id).await), "not_found");
            let pieces = stream::iter(vec![Ok::<_, io::Error>(bytes::Bytes::from_static(b"x"))]).boxed();
            assert_eq!(code(app.append_to_binary(&neighbor.caller, org, upload.id, 0, pieces).await), "not_found");
        }
    }
}
