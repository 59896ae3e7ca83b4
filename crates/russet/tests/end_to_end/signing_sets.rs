//! Signing sets at the command line: what a job asks for, and the files it gets.

use crate::process::Ended;
use crate::site::Site;

#[test]
fn a_job_gets_what_its_app_needs_and_the_next_one_gets_it_without_apple() {
    let site = Site::new(None);
    let (_server, _) = site.open();
    let run = |words: &str| -> Ended { site.person.run(&words.split_whitespace().collect::<Vec<_>>()) };
    let folder = site.person.path("signing");
    let out = folder.to_str().unwrap();
    for wrong in [
        "ensure no.halden.ferry --key Admin --type windows",
        "ensure * --key Admin --type app-store",
    ] {
        run(&format!("signing-sets {wrong}")).expect(2);
    }
    let nowhere = run("signing-sets ensure no.halden.nowhere --key Admin --type app-store").expect(5);
    assert!(
        nowhere.err.contains("no bundle ID no.halden.nowhere") && nowhere.err.contains("--register"),
        "{}",
        nowhere.err
    );
    let unknown = run("signing-sets show nowhere").expect(4);
    assert!(unknown.err.contains("no signing set “nowhere”"), "{}", unknown.err);

    let before = site.at_apple("profiles");
    let ensure = "signing-sets ensure no.halden.ferry --key Admin --type app-store";
    let dry = run(&format!("{ensure} --dry-run")).expect(0).json();
    assert_eq!((dry["steps"].as_array().unwrap().len(), site.at_apple("profiles")), (2, before));
    let made = run(&format!("{ensure} --out {out} --form p12-modern")).expect(0).json();
    assert_eq!(site.at_apple("profiles") - before, 1);
    assert_eq!(
        (&made["state"], &made["name"]),
        (&"complete".into(), &"no.halden.ferry iOS App Store".into())
    );
    let password = made["generated_password"].as_str().unwrap();
    let kinds: Vec<_> = made["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["certificate", "profile", "export-options"]);
    let read = |n: usize| std::fs::read(made["files"][n]["file"].as_str().unwrap()).unwrap();
    signing::p12::read(&read(0), password).expect("the password opens it");
    let profile = signing::profile::Profile::read(&read(1), &signing::chain::TrustRoot::none()).unwrap();
    let uuid = made["items"][0]["profile"]["uuid"].as_str().unwrap();
    assert_eq!(profile.info.uuid, uuid);
    assert!(
        made["files"][1]["file"]
            .as_str()
            .unwrap()
            .ends_with(&format!("{uuid}.mobileprovision"))
    );
    assert!(String::from_utf8(read(2)).unwrap().contains(uuid));
    let there = run(&format!("{ensure} --out {out}")).expect(2);
    assert!(there.err.contains("--force"), "{}", there.err);
    run(&format!("{ensure} --out {out} --form pem --force")).expect(0);
    assert_eq!(site.at_apple("profiles") - before, 1);

    let listed = run("signing-sets list --search FERRY").expect(0).json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    let id = listed["items"][0]["id"].as_str().unwrap();
    assert_eq!(run(&format!("signing-sets show {id}")).expect(0).json()["items"], made["items"]);
    let people = run(&format!("signing-sets show {id} --output table")).expect(0);
    assert!(people.out.contains("no.halden.ferry: profile"), "{}", people.out);
    let used = run("activity list --action signing-set.use").expect(0).json();
    assert_eq!(used["items"].as_array().unwrap().len(), 2);

    let held = made["items"][0]["profile"]["id"].as_str().unwrap();
    let picked = run(&format!("signing-sets create Picked --profile {held}")).expect(0).json();
    assert_eq!(picked["items"][0]["certificate"]["id"], made["items"][0]["certificate"]["id"]);
    run(&format!("signing-sets create picked --profile {held}")).expect(5);
    run("signing-sets create Other --profile nothing").expect(4);
    let needed = run(&format!("profiles remove {held} --yes")).expect(5);
    assert!(needed.err.contains("“Picked”"), "{}", needed.err);
    run("signing-sets remove Picked").expect(2);
    run("signing-sets remove Picked --yes").expect(0);
    run("signing-sets show Picked").expect(4);
}
