//! Profiles and renewals at the command line.

use crate::process::Ended;
use crate::site::Site;

#[test]
fn profiles_are_registered_fetched_taken_in_and_rebuilt_and_a_certificate_is_renewed() {
    let site = Site::new(None);
    let (_server, _) = site.open();
    let run = |words: &str| -> Ended { site.person.run(&words.split_whitespace().collect::<Vec<_>>()) };
    let ids = |ended: &Ended, list: &str| -> Vec<String> {
        let items = ended.json()[list].as_array().unwrap().clone();
        items.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
    };
    let fetched = run("profiles fetch --key Admin").expect(0);
    let all = ids(&fetched, "new");
    assert_eq!(all.len(), site.at_apple("profiles"));
    assert_eq!(run("profiles fetch --key Admin").expect(0).json()["unchanged"], all.len());
    let unknown = run("profiles fetch --key Admin NOSUCHPROF").expect(2);
    assert!(unknown.err.contains("NOSUCHPROF"), "{}", unknown.err);

    // Taken away and given back: the same file, read and verified.
    let ready = ids(&run("profiles list --state ready --sort expires").expect(0), "items");
    let file = site.person.path("one.mobileprovision");
    let path = file.to_str().unwrap();
    run(&format!("profiles download {} --out {path}", ready[0])).expect(0);
    // As a reference it has its file at Apple, and gives the same one.
    let at_apple = run(&format!("profiles show {}", ready[0])).expect(0).json()["apple_id"].clone();
    let at_apple = at_apple.as_str().unwrap();
    let referred = run(&format!("profiles fetch --key Admin --reference {at_apple}")).expect(0);
    assert_eq!(referred.json()["changed"][0]["is_reference"], true);
    let again = site.person.path("again.mobileprovision");
    run(&format!("profiles download {} --out {}", ready[0], again.display())).expect(0);
    assert_eq!(std::fs::read(&file).unwrap(), std::fs::read(&again).unwrap());
    let list = run("profiles list --output table").expect(0);
    assert!(list.out.contains("fetched, reference"), "{}", list.out);
    run(&format!("profiles fetch --key Admin {at_apple}")).expect(0);
    let unasked = run(&format!("profiles remove {}", ready[0])).expect(2);
    assert!(unasked.err.contains("--yes"), "{}", unasked.err);
    run(&format!("profiles remove {} {} --yes", ready[0], ready[1])).expect(0);
    run(&format!("profiles show {}", ready[0])).expect(4);
    std::fs::write(site.person.path("none.mobileprovision"), b"none").unwrap();
    let none = site.person.path("none.mobileprovision");
    let uploaded = run(&format!("profiles upload {path} {}", none.display())).expect(0);
    assert!(uploaded.err.contains("not taken"), "{}", uploaded.err);
    assert_eq!(uploaded.json()["taken"][0]["profile"]["origin"], "uploaded");
    run(&format!("profiles upload {}", none.display())).expect(2);

    let old = run("certificates create --key Admin --type DISTRIBUTION").expect(0).json();
    let old = old["id"].as_str().unwrap();
    let register = "profiles register --key Admin --bundle-id no.halden.ferry --type";
    let unfit = run(&format!("{register} IOS_APP_ADHOC --name Tram")).expect(2);
    assert!(unfit.err.contains("device"), "{}", unfit.err);
    let made = run(&format!("{register} ios-app-adhoc --name Tram --all-devices")).expect(0).json();
    let tram = made["profile"].as_str().unwrap();
    let shown = run("profiles show Tram").expect(0).json();
    assert_eq!(
        (&shown["id"], &shown["matched"], &shown["certificate"]),
        (&tram.into(), &"key-held".into(), &old.into())
    );
    assert!(shown["entitlements"]["application-identifier"].is_string(), "{shown}");
    let people = run("profiles show Tram --output table").expect(0);
    assert!(
        people.out.contains("private key held here") && people.out.contains("trusted root"),
        "{}",
        people.out
    );
    let udid = shown["udids"][0].as_str().unwrap();
    run(&format!("profiles rebuild Tram --key Admin --device {udid}")).expect(2);
    run(&format!("profiles rebuild Tram --key Admin --device {udid} --yes")).expect(0);
    let rebuilt = run("profiles show Tram").expect(0).json();
    assert_eq!((&rebuilt["id"], rebuilt["devices"].as_u64()), (&shown["id"], Some(1)));
    assert_ne!(rebuilt["uuid"], shown["uuid"]);

    let dry = run(&format!("certificates renew {old} --key Admin --dry-run")).expect(0).json();
    assert_eq!((&dry["existing"]["id"], &dry["profiles"][0]["name"]), (&old.into(), &"Tram".into()));
    let full = run(&format!("certificates renew {old} --key Admin --yes")).expect(7);
    assert!(full.err.contains("hold the places at Apple"), "{}", full.err);
    let unasked = run(&format!("certificates renew {old} --key Admin --revoke")).expect(2);
    assert!(
        unasked.err.contains("Tram") && unasked.err.contains("cannot be undone"),
        "{}",
        unasked.err
    );
    let renewed = run(&format!("certificates renew {old} --key Admin --revoke --yes"))
        .expect(0)
        .json();
    let now = run("profiles show Tram").expect(0).json();
    assert_eq!((&now["id"], &now["certificate"]), (&shown["id"], &renewed["certificate"]));
    assert_ne!(renewed["certificate"], old);

    let apple_id = now["apple_id"].as_str().unwrap();
    run(&format!("profiles delete {apple_id} --key Admin")).expect(2);
    run(&format!("profiles delete {apple_id} --key Admin --yes")).expect(0);
    assert_eq!(run("profiles show Tram").expect(0).json()["state"], "invalid");
}
