//! Devices at the command line: from a file with bad lines to devices at Apple, renamed, disabled and enabled again.

use crate::process::{Ended, demo};
use serde_json::Value;

const PHONE: &str = "00008130-001A2B3C4D5E6F01";
const PAD: &str = "00008130-001A2B3C4D5E6F02";

fn named<'l>(list: &'l Value, name: &str) -> Option<&'l Value> {
    list["items"].as_array().unwrap().iter().find(|device| device["name"] == name)
}

#[test]
fn devices_are_registered_from_a_file_whose_bad_lines_are_named() {
    let person = demo().person();
    let devices = |words: &[&str]| -> Ended { person.run(&[&["devices"], words, &["--key", "Admin"]].concat()) };
    let before = devices(&["list"]).expect(0).json();
    assert_eq!(before["places"][0]["of"], 100);

    let serial = devices(&["register", "--name", "A phone", "--udid", "F2LX4R8ZJCLM"]).expect(2);
    assert!(
        serial.err.contains("Character 3 is neither a hex digit nor a dash"),
        "{}",
        serial.err
    );
    assert!(!serial.err.contains("F2LX4R8ZJCLM"), "a UDID is personal: {}", serial.err);
    devices(&["register"]).expect(2);
    devices(&["register", "--file", "nowhere.txt"]).expect(2);

    let list = format!(
        "Device ID\tDevice Name\tDevice Platform\r\n{}\tTest phone\tios\r\nF2LX4R8ZJCLM\tA serial number\tios\r\n{PAD}\tTest iPad\tios\r\n{PAD}\tAgain\tios\r\n",
        PHONE.to_lowercase().replace('-', "")
    );
    let file = person.write("devices.txt", list);
    let told = devices(&["register", "--file", &file, "--dry-run"]).expect(2).json();
    let rows: Vec<_> = told["faults"].as_array().unwrap().iter().map(|fault| &fault["row"]).collect();
    assert_eq!((rows, &told["new"][0]["udid"]), (vec![&3.into(), &5.into()], &PHONE.into()));
    let shown = devices(&["register", "--file", &file, "--dry-run", "--leave-out-faulty", "--output", "table"]).expect(0);
    assert!(
        shown.out.contains("  3: Character 3") && shown.out.contains("Nothing was done"),
        "{}",
        shown.out
    );
    let refused = devices(&["register", "--file", &file]).expect(2);
    assert!(refused.err.contains("2 row(s) of the file do not fit: 3, 5"), "{}", refused.err);
    assert_eq!(
        devices(&["list"]).expect(0).json()["total"],
        before["total"],
        "nothing was registered so far"
    );

    let done = devices(&["register", "--file", &file, "--leave-out-faulty", "--output", "table"]).expect(0);
    assert!(done.out.contains("2 devices are registered"), "{}", done.out);
    let after = devices(&["list"]).expect(0).json();
    assert_eq!(named(&after, "Test phone").unwrap()["udid"], PHONE);
    let again = devices(&["register", "--file", &file, "--leave-out-faulty"]).expect(5);
    assert!(again.err.contains("has all of these devices already"), "{}", again.err);

    devices(&["rename", "Test phone", "--to", "Lab phone"]).expect(0);
    let unasked = devices(&["disable", &PHONE.to_lowercase()]).expect(2);
    assert!(unasked.err.contains("--yes"), "{}", unasked.err);
    devices(&["disable", &PHONE.to_lowercase(), "--yes"]).expect(0);
    let after = devices(&["list", "--state", "disabled"]).expect(0).json();
    assert!(named(&after, "Lab phone").is_some(), "{after}");
    devices(&["disable", "Lab phone", "--yes"]).expect(5);
    devices(&["enable", "Lab phone"]).expect(0);
    let gone = devices(&["enable", "Test phone"]).expect(4);
    assert!(gone.err.contains("has no device “Test phone”"), "{}", gone.err);
}

#[test]
fn whoever_disables_a_device_is_told_which_profiles_list_it() {
    let person = demo().person();
    let profiles = person
        .run(&["profiles", "list", "--key", "Admin", "--state", "ACTIVE"])
        .expect(0)
        .json();
    let listed = profiles["items"].as_array().unwrap().iter();
    let profile = listed
        .clone()
        .find(|profile| !profile["devices"].as_array().unwrap().is_empty())
        .unwrap();
    let device = profile["devices"][0]["id"].as_str().unwrap();
    let asked = person.run(&["devices", "disable", device, "--key", "Admin"]).expect(2);
    assert!(asked.err.contains(profile["name"].as_str().unwrap()), "{}", asked.err);
}
