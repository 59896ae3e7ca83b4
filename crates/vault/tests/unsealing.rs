//! Starting with the right key, with a wrong one, and with none.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use vault::{KeyFile, Passphrase, Place, UnsealError, UnsealRecord, Vault};

const PLACE: Place<'static> = Place {
    owner: "org_a",
    kind: "api_key",
    object: "key_1",
    field: "private_key",
    version: 1,
};

fn passphrase(text: &str) -> Passphrase {
    Passphrase::new(text.to_owned().into())
}

#[test]
fn the_first_start_makes_a_key_file_that_only_its_owner_reads_and_that_explains_itself() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("new").join("root.key");
    Vault::initialize(&KeyFile::new(&path), "ins_1").expect("a first start");
    let mode = fs::metadata(&path).expect("the file").permissions().mode();
    assert_eq!(mode & 0o7777, 0o600);
    let text = fs::read_to_string(&path).expect("text");
    assert!(text.starts_with("# Russet root key. KEEP A COPY"));
    assert!(text.contains("It does not protect against"));
    let left: Vec<_> = fs::read_dir(path.parent().expect("a parent")).expect("entries").collect();
    assert_eq!(left.len(), 1, "no draft is left behind");
}

#[test]
fn the_next_start_opens_what_the_first_one_sealed() {
    let directory = tempfile::tempdir().expect("a directory");
    let source = KeyFile::new(directory.path().join("root.key"));
    let (vault, record) = Vault::initialize(&source, "ins_1").expect("a first start");
    let ring = vault.new_ring("org_a").expect("a ring");
    let sealed = vault.seal(&ring, &PLACE, b"secret").expect("sealed");
    drop(vault);

    let record = UnsealRecord::from_text(record.as_str().to_owned());
    let vault = Vault::unseal(&source, "ins_1", &record).expect("unsealed");
    assert_eq!(vault.open(&ring, &PLACE, &sealed, <[u8]>::len), Ok(6));
}

#[test]
fn a_first_start_that_was_interrupted_goes_on_with_the_same_key_file() {
    let directory = tempfile::tempdir().expect("a directory");
    let source = KeyFile::new(directory.path().join("root.key"));
    Vault::initialize(&source, "ins_1").expect("interrupted before the record was stored");
    let before = fs::read(source.path()).expect("the file");
    let (_, record) = Vault::initialize(&source, "ins_1").expect("a second first start");
    assert_eq!(fs::read(source.path()).expect("the file"), before);
    Vault::unseal(&source, "ins_1", &record).expect("unsealed");
}

#[test]
fn a_missing_key_file_is_never_replaced() {
    let directory = tempfile::tempdir().expect("a directory");
    let source = KeyFile::new(directory.path().join("root.key"));
    let (_, record) = Vault::initialize(&source, "ins_1").expect("a first start");
    fs::remove_file(source.path()).expect("removed");
    let error = Vault::unseal(&source, "ins_1", &record).expect_err("no key file");
    assert!(matches!(error, UnsealError::KeyFileMissing { .. }));
    assert!(error.to_string().contains("Restore the file from your backup"));
    assert!(!source.path().exists());
}

#[test]
fn a_key_file_that_others_may_read_is_refused_with_the_command_to_run() {
    let directory = tempfile::tempdir().expect("a directory");
    let source = KeyFile::new(directory.path().join("root.key"));
    let (_, record) = Vault::initialize(&source, "ins_1").expect("a first start");
    fs::set_permissions(source.path(), Permissions::from_mode(0o640)).expect("chmod");
    let error = Vault::unseal(&source, "ins_1", &record).expect_err("too open");
    assert!(error.to_string().contains("mode 0640"), "{error}");
    assert!(error.to_string().contains("chmod 600"), "{error}");
}

#[test]
fn the_key_file_of_another_instance_is_told_apart_from_a_damaged_one() {
    let directory = tempfile::tempdir().expect("a directory");
    let source = KeyFile::new(directory.path().join("root.key"));
    let (_, record) = Vault::initialize(&source, "ins_1").expect("a first start");
    let text = fs::read_to_string(source.path()).expect("text");

    let foreign = KeyFile::new(directory.path().join("foreign.key"));
    Vault::initialize(&foreign, "ins_1").expect("another first start");
    let error = Vault::unseal(&foreign, "ins_1", &record).expect_err("another key");
    assert!(matches!(error, UnsealError::WrongKey { .. }), "{error}");

    for damaged in [&text[..text.len() - 9], "", "# only a note\n", &format!("{text}{text}")] {
        fs::write(source.path(), damaged).expect("written");
        let error = Vault::unseal(&source, "ins_1", &record).expect_err("damaged");
        assert!(matches!(error, UnsealError::KeyFileMalformed { .. }), "{error}");
    }
    fs::write(source.path(), vec![b'#'; 100_000]).expect("written");
    let error = Vault::unseal(&source, "ins_1", &record).expect_err("too large");
    assert!(error.to_string().contains("too large"), "{error}");
}

#[test]
fn every_flipped_bit_of_the_record_is_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    let source = KeyFile::new(directory.path().join("root.key"));
    let (_, record) = Vault::initialize(&source, "ins_1").expect("a first start");
    let bytes = record.as_str().as_bytes();
    for bit in 0..bytes.len() * 8 {
        let mut changed = bytes.to_vec();
        changed[bit / 8] ^= 1 << (bit % 8);
        if let Ok(text) = String::from_utf8(changed) {
            let refused = Vault::unseal(&source, "ins_1", &UnsealRecord::from_text(text));
            assert!(refused.is_err(), "flip {bit}");
        }
    }
}

#[test]
fn the_record_of_another_instance_is_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    let source = KeyFile::new(directory.path().join("root.key"));
    let (_, record) = Vault::initialize(&source, "ins_1").expect("a first start");
    assert!(Vault::unseal(&source, "ins_2", &record).is_err());
}

#[test]
fn a_passphrase_opens_and_a_wrong_one_says_so() {
    let right = passphrase("correct horse battery staple");
    let (vault, record) = Vault::initialize(&right, "ins_1").expect("a first start");
    let ring = vault.new_ring("org_a").expect("a ring");
    let sealed = vault.seal(&ring, &PLACE, b"secret").expect("sealed");

    let vault = Vault::unseal(&right, "ins_1", &record).expect("unsealed");
    assert_eq!(vault.open(&ring, &PLACE, &sealed, <[u8]>::to_vec).as_deref(), Ok(&b"secret"[..]));

    let error = Vault::unseal(&passphrase("correct horse battery stapler"), "ins_1", &record).expect_err("wrong");
    assert!(matches!(error, UnsealError::WrongPassphrase));
    assert!(!format!("{error:?} {right:?}").contains("horse"));
}

#[test]
fn a_short_passphrase_is_refused_when_it_is_set() {
    let error = Vault::initialize(&passphrase("short"), "ins_1").expect_err("too short");
    assert!(matches!(error, UnsealError::PassphraseTooShort { found: 5, least: 12 }));
}

#[test]
fn several_sources_may_open_one_instance_and_a_passphrase_may_be_changed() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = KeyFile::new(directory.path().join("root.key"));
    let (vault, record) = Vault::initialize(&file, "ins_1").expect("a first start");
    let first = passphrase("the first passphrase");
    let error = Vault::unseal(&first, "ins_1", &record).expect_err("not yet");
    assert_eq!(
        error.to_string(),
        "This instance cannot be unsealed with a passphrase: it was sealed with a key file. Start it with that."
    );

    let both = vault.add_source(&first, &record).expect("added");
    Vault::unseal(&file, "ins_1", &both).expect("by key file");
    Vault::unseal(&first, "ins_1", &both).expect("by passphrase");

    let changed = vault.add_source(&passphrase("the second passphrase"), &both).expect("changed");
    let error = Vault::unseal(&first, "ins_1", &changed).expect_err("the old one");
    assert!(matches!(error, UnsealError::WrongPassphrase));
    Vault::unseal(&file, "ins_1", &changed).expect("by key file still");
}

#[test]
fn absurd_costs_in_the_record_are_refused_instead_of_tried() {
    let right = passphrase("correct horse battery staple");
    let (_, record) = Vault::initialize(&right, "ins_1").expect("a first start");
    let absurd = record.as_str().replace("65536", "4294967295");
    assert_ne!(absurd, record.as_str());
    let error = Vault::unseal(&right, "ins_1", &UnsealRecord::from_text(absurd)).expect_err("absurd");
    assert!(error.to_string().contains("out of range"), "{error}");
}
