//! People at the terminal: invited, given roles, taken them, removed; and each way in which that does not fit.

use crate::process::Person;
use crate::serving::PASSWORD;
use crate::stage::{NORA, Stage, text};
use serde_json::{Value, json};

/// The roles of somebody in a list, as words with where they are from.
fn roles_of(list: &Value, email: &str) -> Vec<(String, String)> {
    let items = list["items"].as_array().unwrap();
    let one = items.iter().find(|one| one["email"] == email);
    let one = one.unwrap_or_else(|| panic!("no {email} in {list}"));
    let roles = one["roles"].as_array().unwrap().iter();
    roles.map(|role| (text(&role["role"]), text(&role["held"]))).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected
        .iter()
        .map(|(role, held)| ((*role).to_owned(), (*held).to_owned()))
        .collect()
}

#[test]
fn an_invitation_is_looked_after_until_somebody_joins() {
    let stage = Stage::new();
    let nora = stage.nora();
    let first = stage.invited("Fjord", "guest@example.com", &["signing-viewer", "publish-viewer"]);
    let listed = nora.run(&["members", "invitations"]).expect(0);
    let pending = &listed.json()["items"][0];
    assert_eq!(
        (&pending["email"], &pending["roles"], &pending["invited_by"]),
        (
            &json!("guest@example.com"),
            &json!(["signing-viewer", "publish-viewer"]),
            &json!("Nora")
        )
    );
    let table = nora.run(&["members", "invitations", "--output", "table"]).expect(0).out;
    assert!(table.contains("DELIVERY") && table.contains("Link was shown"), "{table}");

    // Sent again, by its address as somebody else spells it.
    let again = nora.run(&["members", "resend", "GUEST@Example.com"]).expect(0).json();
    let second = text(&again["link"]);
    assert_ne!(first, second);
    let guest = Person::new();
    let password = guest.write("password", PASSWORD);
    let accept = |link: &str| {
        let words = ["members", "accept", "--link-stdin", "--name", "Guest", "--password-file", &password];
        guest.type_in(&words, link)
    };
    let dead = accept(&first).expect(4);
    assert!(dead.err.contains("This link does not work"), "{}", dead.err);
    let joined = accept(&second).expect(0);
    assert_eq!(joined.json()["name"], "Fjord");
    accept(&second).expect(4);
    let members = nora.run(&["members", "list"]).expect(0).json();
    assert_eq!(roles_of(&members, NORA), pairs(&[("owner", "member")]));
    let mut since = members["items"].as_array().unwrap().iter().map(|one| text(&one["joined_at"]));
    assert!(
        since.all(|at| !at.starts_with("1970")),
        "since the set-up, not since the beginning of time"
    );
    assert_eq!(
        roles_of(&members, "guest@example.com"),
        pairs(&[("signing-viewer", "member"), ("publish-viewer", "member")])
    );
    let found = nora.run(&["members", "list", "--search", "GUES"]).expect(0).json();
    assert_eq!(found["items"].as_array().unwrap().len(), 1);
    for twin in ["Guest@EXAMPLE.com", "\u{ff47}uest@example.com"] {
        let refused = nora.run(&["members", "invite", twin, "--role", "signing-viewer"]).expect(2);
        assert!(refused.err.contains("Guest is a member already"), "{}", refused.err);
    }

    let third = stage.invited("Fjord", "late@example.com", &["signing-viewer"]);
    nora.run(&["members", "revoke", "Late@example.com"]).expect(0);
    let gone = nora.run(&["members", "revoke", "late@example.com"]).expect(4);
    assert!(gone.err.contains("russet members invitations"), "{}", gone.err);
    nora.run(&["members", "resend", "late@example.com"]).expect(4);
    accept(&third).expect(4);

    // What was secret is nowhere but where it was asked for.
    let record = nora.run(&["activity", "list", "--limit", "50"]).expect(0).out;
    let pending = nora.run(&["members", "invitations"]).expect(0).out;
    assert!(record.contains("late@example.com"), "{record}");
    for link in [first, second, third] {
        let token = link.rsplit_once('/').unwrap().1;
        assert!(!record.contains(token) && !pending.contains(token) && !listed.out.contains(token));
    }
}

#[test]
fn an_invitation_that_does_not_fit_says_so() {
    let stage = Stage::new();
    let nora = stage.nora();
    let invite = |more: &[&str]| nora.run(&[&["members", "invite"], more].concat());
    invite(&["guest@example.com"]).expect(2);
    let unknown = invite(&["guest@example.com", "--role", "emperor"]).expect(2);
    assert!(
        unknown.err.contains("“emperor” is not a role. There are: owner,"),
        "{}",
        unknown.err
    );
    let address = invite(&["guest", "--role", "signing-viewer"]).expect(2);
    assert!(address.err.contains("e-mail"), "{}", address.err);
    let json = invite(&["guest", "--role", "emperor", "--output", "json"]).expect(2).err;
    let fields = serde_json::from_str::<Value>(&json).unwrap()["fields"].clone();
    assert_eq!((&fields[0]["field"], &fields[1]["field"]), (&json!("email"), &json!("roles")));
    invite(&["guest@example.com", "--role", "signing-viewer", "--org", "Nowhere"]).expect(4);
    assert_eq!(nora.run(&["members", "invitations"]).expect(0).json()["items"], json!([]));

    let guest = Person::new();
    let accept = |more: &[&str], input: &str| guest.type_in(&[&["members", "accept"], more].concat(), input);
    let nothing = accept(&[], "").expect(2);
    assert!(nothing.err.contains("--link-file"), "{}", nothing.err);
    let part = accept(&["--link-stdin"], "https://russet.example.com/invite").expect(2);
    assert!(part.err.contains("copy it whole"), "{}", part.err);
    accept(&["--link-file", "no-such-file"], "").expect(2);
    accept(&["--link-stdin", "--password-stdin", "--name", "Guest"], "").expect(2);
    let link = stage.invited("Fjord", "guest@example.com", &["signing-viewer"]);
    let nobody = accept(&["--link-stdin"], &link).expect(3);
    assert!(
        nobody.err.contains("russet login") && nobody.err.contains("--name"),
        "{}",
        nobody.err
    );
    let unnamed = accept(&["--link-stdin", "--password", PASSWORD], &link).expect(2);
    assert!(unnamed.err.contains("--name"), "{}", unnamed.err);
    let short = guest.write("short", "short");
    let weak = accept(&["--link-stdin", "--name", "Guest", "--password-file", &short], &link).expect(2);
    assert!(weak.err.to_lowercase().contains("password"), "{}", weak.err);
    let token = link.rsplit_once('/').unwrap().1;
    for refused in [nobody, unnamed, weak] {
        assert!(!refused.err.contains(token) && !refused.out.contains(token));
    }
}

#[test]
fn somebody_with_an_account_accepts_as_themselves_and_leaves() {
    let stage = Stage::new();
    let nora = stage.nora();
    let transit = text(&nora.run(&["orgs", "create", "Transit", "--below", "Fjord"]).expect(0).json()["id"]);
    nora.run(&["orgs", "create", "Sound", "--root"]).expect(0);
    let jonas = stage.joined("Sound", "Jonas", "jonas@example.com", &["publish-viewer"]);
    let eve = stage.joined("Sound", "Eve", "eve@example.com", &["publish-viewer"]);
    let link = stage.invited(&transit, "Jonas@Example.com", &["signing-manager", "organization-viewer"]);
    // The link is of “localhost”, which is another server for all that the command line knows.
    let elsewhere = jonas.type_in(&["members", "accept", "--link-stdin"], &link).expect(3);
    assert!(elsewhere.err.contains("behind the link's last slash"), "{}", elsewhere.err);
    let token = link.rsplit_once('/').unwrap().1;
    let accept = |who: &Person| who.type_in(&["members", "accept", "--link-stdin"], token);
    let another = accept(&eve).expect(3);
    assert!(another.err.contains("This invitation is for jonas@example.com"), "{}", another.err);
    let password = eve.write("password", PASSWORD);
    let twice = ["members", "accept", "--link-stdin", "--name", "Jonas", "--password-file", &password];
    let exists = eve.type_in(&twice, &link).expect(5);
    assert!(exists.err.contains("has an account already"), "{}", exists.err);
    let joined = accept(&jonas).expect(0);
    assert!(joined.err.contains(&format!("russet orgs switch {transit}")), "{}", joined.err);

    let here = jonas.run(&["members", "list", "--org", &transit]).expect(0).json();
    assert_eq!(roles_of(&here, NORA), pairs(&[("owner", "inherited")]));
    assert_eq!(
        roles_of(&here, "jonas@example.com"),
        pairs(&[("organization-viewer", "member"), ("signing-manager", "member")])
    );
    let table = jonas
        .run(&["members", "list", "--org", &transit, "--output", "table"])
        .expect(0)
        .out;
    assert!(table.contains("Owner (inherited)") && table.contains("Inherited"), "{table}");
    let invited = nora
        .run(&["members", "invite", NORA, "--role", "signing-viewer", "--org", &transit])
        .expect(2);
    assert!(invited.err.contains("Nora is a member already"), "{}", invited.err);
    for inherited in [&["remove", "Nora"][..], &["leave"]] {
        let above = nora
            .run(&[&["members", "--org", &transit], inherited, &["--yes"]].concat())
            .expect(5);
        assert!(above.err.contains("from the root organization above"), "{}", above.err);
    }
    let no_manager = jonas.run(&["members", "remove", "Nora", "--yes", "--org", &transit]).expect(3);
    assert!(no_manager.err.contains("that needs Organization Manager"), "{}", no_manager.err);

    let unasked = jonas.run(&["members", "leave", "--org", &transit]).expect(2);
    assert!(unasked.err.contains("--yes"), "{}", unasked.err);
    jonas.run(&["members", "leave", "--yes", "--org", &transit]).expect(0);
    jonas.run(&["members", "list", "--org", &transit]).expect(4);
    assert_eq!(jonas.run(&["whoami"]).expect(0).json()["works_in"]["name"], "Sound");
}

#[test]
fn roles_are_given_and_taken_and_the_last_owner_stays() {
    let stage = Stage::new();
    let nora = stage.nora();
    let guest = stage.joined("Fjord", "Guest", "guest@example.com", &["signing-viewer"]);
    let set = |who: &str, more: &[&str]| nora.run(&[&["members", "set-role", who], more].concat());
    let roles = |ended: crate::process::Ended| {
        let member = ended.expect(0).json();
        let roles: Vec<_> = member["roles"].as_array().unwrap().iter().map(|role| text(&role["role"])).collect();
        roles
    };
    assert_eq!(
        roles(set("Guest", &["--give", "credentials-viewer", "--take", "signing-viewer"])),
        ["credentials-viewer"]
    );
    assert_eq!(
        roles(set(
            "GUEST@example.com",
            &["--role", "signing-manager", "--role", "credentials-viewer"]
        )),
        ["credentials-viewer", "signing-manager"]
    );
    let told = nora
        .run(&["members", "set-roles", "guest", "--role", "signing-manager", "--output", "table"])
        .expect(0);
    assert!(
        told.out.contains("Guest <guest@example.com> is Signing Manager in “Fjord” now."),
        "{}",
        told.out
    );

    set("Guest", &[]).expect(2);
    set("Guest", &["--role", "owner", "--give", "owner"]).expect(2);
    let unknown = set("Guest", &["--give", "Signing Manager"]).expect(2);
    assert!(unknown.err.contains("“Signing Manager” is not a role"), "{}", unknown.err);
    let none = set("Guest", &["--take", "signing-manager"]).expect(2);
    assert!(none.err.contains("would be left without any role"), "{}", none.err);
    for nobody in ["Gues", "", "user_00000000000000000000000000000007", "late@example.com"] {
        let refused = set(nobody, &["--role", "owner"]).expect(4);
        assert!(refused.err.contains("russet members list"), "{nobody}: {}", refused.err);
    }

    let last = "This is the last Owner";
    assert!(set("Nora", &["--role", "organization-manager"]).expect(5).err.contains(last));
    assert!(nora.run(&["members", "leave", "--yes"]).expect(5).err.contains(last));
    assert!(nora.run(&["members", "remove", NORA, "--yes"]).expect(5).err.contains(last));

    let unasked = nora.run(&["members", "remove", "Guest"]).expect(2);
    assert!(unasked.err.contains("Nobody was removed"), "{}", unasked.err);
    guest.run(&["certificates", "list"]).expect(0);
    nora.run(&["members", "remove", "Guest", "--yes"]).expect(0);
    nora.run(&["members", "remove", "Guest", "--yes"]).expect(4);
    // The account is still somebody, who belongs nowhere.
    assert_eq!(guest.run(&["whoami"]).expect(0).json()["organizations"], json!([]));
    guest.run(&["certificates", "list", "--org", "Fjord"]).expect(4);
}

#[test]
fn a_manager_gives_no_more_than_they_hold() {
    let stage = Stage::new();
    let mira = stage.joined("Fjord", "Mira", "mira@example.com", &["organization-manager", "signing-viewer"]);
    stage.joined("Fjord", "Guest", "guest@example.com", &["signing-viewer"]);
    let refused = |words: &[&str], role: &str| {
        let ended = mira.run(words).expect(3);
        let told = format!("You may not give or take {role}: you do not hold it yourself. Nora can.");
        assert!(ended.err.contains(&told), "{words:?}: {}", ended.err);
        assert!(ended.out.is_empty());
    };
    refused(&["members", "invite", "late@example.com", "--role", "owner"], "Owner");
    refused(&["members", "set-role", "Mira", "--give", "owner"], "Owner");
    refused(&["members", "set-role", "Guest", "--give", "signing-manager"], "Signing Manager");
    refused(&["members", "remove", NORA, "--yes"], "Owner");
    refused(&["members", "set-role", NORA, "--role", "signing-viewer"], "Owner");
    mira.run(&["members", "invite", "late@example.com", "--role", "signing-viewer"])
        .expect(0);
    mira.run(&["members", "set-role", "Guest", "--give", "organization-viewer"])
        .expect(0);
    let guests = mira.run(&["members", "list", "--search", "guest@"]).expect(0).json();
    assert_eq!(roles_of(&guests, "guest@example.com").len(), 2);
    let denied = stage.nora().run(&["activity", "list", "--limit", "50"]).expect(0).out;
    assert!(denied.contains("give or take Signing Manager"), "{denied}");
}
