//! What the program says of itself: help, completions, man pages, and the documents under `docs/`.

use crate::process::Person;

#[test]
fn the_committed_reference_is_what_the_program_prints() {
    let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs");
    for (document, file) in [("openapi", "openapi.json"), ("policy", "policy.md"), ("cli", "cli.md")] {
        let printed = Person::new().run(&["reference", document]).expect(0).out;
        let committed = std::fs::read_to_string(format!("{docs}/{file}")).unwrap();
        assert!(printed == committed, "docs/{file} is another; run `cargo xtask generate`");
    }
}

#[test]
fn every_command_explains_itself() {
    let person = Person::new();
    assert!(person.run(&["--version"]).expect(0).out.starts_with("russet "));
    let reference = person.run(&["reference", "cli"]).expect(0).out;
    let commands: Vec<Vec<&str>> = reference
        .lines()
        .filter_map(|line| Some(line.strip_prefix("## `russet")?.strip_suffix('`')?.split_whitespace().collect()))
        .collect();
    assert!(commands.len() > 30, "{}", commands.len());
    for command in commands {
        let help = person.run(&[&command[..], &["--help"]].concat()).expect(0).out;
        assert!(help.contains("Usage: russet"), "{command:?}: {help}");
    }
}

#[test]
fn shells_and_man_get_their_pages() {
    let person = Person::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let text = person.run(&["completions", shell]).expect(0).out;
        assert!(text.contains("russet") && text.contains("certificates"), "{shell}");
    }
    person.run(&["man", "pages"]).expect(0);
    let page = std::fs::read_to_string(person.path("pages/russet-keys-add.1")).unwrap();
    assert!(page.contains(".TH") && page.contains("issuer"), "{page}");
}
