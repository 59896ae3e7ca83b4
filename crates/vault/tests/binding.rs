//! What is sealed for one place opens there, whole, and nowhere else.

use std::path::Path;

use vault::{KeyFile, OpenError, Place, RingKeyState, SealError, Sealed, Vault, WrappedRing};

/// Searched for in everything that may be printed.
const CANARY: &[u8] = b"-----BEGIN PRIVATE KEY----- canary 7f3a";

const PLACE: Place<'static> = Place {
    owner: "org_a",
    kind: "api_key",
    object: "key_1",
    field: "private_key",
    version: 1,
};

fn vault_in(directory: &Path) -> Vault {
    let source = KeyFile::new(directory.join("root.key"));
    Vault::initialize(&source, "ins_1").expect("a first start").0
}

/// A vault with a ring for `org_a` and the canary sealed in [`PLACE`].
fn sealed() -> (Vault, WrappedRing, Sealed) {
    let directory = tempfile::tempdir().expect("a directory");
    let vault = vault_in(directory.path());
    let ring = vault.new_ring(PLACE.owner).expect("a ring");
    let sealed = vault.seal(&ring, &PLACE, CANARY).expect("sealed");
    (vault, ring, sealed)
}

fn open(vault: &Vault, ring: &WrappedRing, place: &Place<'_>, sealed: &Sealed) -> Result<Vec<u8>, OpenError> {
    vault.open(ring, place, sealed, <[u8]>::to_vec)
}

fn flips(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> + '_ {
    (0..bytes.len() * 8).map(|bit| {
        let mut changed = bytes.to_vec();
        changed[bit / 8] ^= 1 << (bit % 8);
        changed
    })
}

#[test]
fn what_was_sealed_opens_in_its_place() {
    let (vault, ring, sealed) = sealed();
    assert_eq!(open(&vault, &ring, &PLACE, &sealed).expect("opens"), CANARY);
}

#[test]
fn an_empty_secret_is_a_secret_too() {
    let (vault, ring, _) = sealed();
    let empty = vault.seal(&ring, &PLACE, b"").expect("sealed");
    assert_eq!(open(&vault, &ring, &PLACE, &empty).expect("opens"), b"");
}

#[test]
fn every_flipped_bit_of_a_sealed_secret_is_refused() {
    let (vault, ring, sealed) = sealed();
    let mut tried = 0;
    for changed in flips(sealed.as_bytes()) {
        assert!(open(&vault, &ring, &PLACE, &Sealed::from_bytes(changed)).is_err(), "flip {tried}");
        tried += 1;
    }
    assert_eq!(tried, sealed.as_bytes().len() * 8);
}

#[test]
fn every_flipped_bit_of_a_ring_is_refused() {
    let (vault, ring, sealed) = sealed();
    for (bit, changed) in flips(ring.as_bytes()).enumerate() {
        let refused = open(&vault, &WrappedRing::from_bytes(changed), &PLACE, &sealed);
        assert!(refused.is_err(), "flip {bit}");
    }
}

#[test]
fn every_cut_and_every_addition_is_refused() {
    let (vault, ring, sealed) = sealed();
    for length in 0..sealed.as_bytes().len() {
        let cut = Sealed::from_bytes(sealed.as_bytes()[..length].to_vec());
        assert!(open(&vault, &ring, &PLACE, &cut).is_err(), "cut to {length}");
    }
    let mut longer = sealed.as_bytes().to_vec();
    longer.push(0);
    assert!(open(&vault, &ring, &PLACE, &Sealed::from_bytes(longer)).is_err());
}

#[test]
fn a_ciphertext_in_another_place_is_refused() {
    let (vault, ring, sealed) = sealed();
    let others = [
        Place {
            kind: "certificate",
            ..PLACE
        },
        Place { object: "key_2", ..PLACE },
        Place { field: "issuer", ..PLACE },
        Place { version: 2, ..PLACE },
        // The same letters, divided differently.
        Place {
            kind: "api_keyk",
            object: "ey_1",
            ..PLACE
        },
    ];
    for place in others {
        assert_eq!(open(&vault, &ring, &place, &sealed), Err(OpenError::Refused), "{place:?}");
    }
}

#[test]
fn two_rows_swapped_are_refused_also_by_halves() {
    let (vault, ring, first) = sealed();
    let there = Place { object: "key_2", ..PLACE };
    let second = vault.seal(&ring, &there, b"another").expect("sealed");
    assert!(open(&vault, &ring, &there, &first).is_err());
    assert!(open(&vault, &ring, &PLACE, &second).is_err());

    // A wrapped data key has 82 bytes; join one row's with the other's ciphertext.
    let again = vault.seal(&ring, &PLACE, b"newer").expect("sealed");
    let mut mixed = first.as_bytes()[..82].to_vec();
    mixed.extend_from_slice(&again.as_bytes()[82..]);
    assert_eq!(open(&vault, &ring, &PLACE, &Sealed::from_bytes(mixed)), Err(OpenError::Refused));
}

#[test]
fn another_owner_opens_nothing_even_with_the_ring_copied_over() {
    let (vault, ring, sealed) = sealed();
    let theirs = Place { owner: "org_b", ..PLACE };
    assert_eq!(open(&vault, &ring, &theirs, &sealed), Err(OpenError::Refused));

    let their_ring = vault.new_ring("org_b").expect("a ring");
    let id = sealed.key_id().expect("an id");
    assert_eq!(open(&vault, &their_ring, &theirs, &sealed), Err(OpenError::UnknownKey(id)));
    assert_eq!(open(&vault, &their_ring, &PLACE, &sealed), Err(OpenError::Refused));
}

#[test]
fn another_instance_with_the_same_key_file_opens_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let vault = vault_in(directory.path());
    let ring = vault.new_ring(PLACE.owner).expect("a ring");
    let sealed = vault.seal(&ring, &PLACE, CANARY).expect("sealed");
    let source = KeyFile::new(directory.path().join("root.key"));
    let (other, _) = Vault::initialize(&source, "ins_2").expect("a second instance");
    assert!(open(&other, &ring, &PLACE, &sealed).is_err());
}

#[test]
fn the_same_secret_never_gives_the_same_bytes() {
    let (vault, ring, first) = sealed();
    let second = vault.seal(&ring, &PLACE, CANARY).expect("sealed");
    assert_ne!(first, second);
}

#[test]
fn a_new_version_keeps_the_old_readable_and_rewrapping_frees_it() {
    let (vault, ring, sealed) = sealed();
    let rotated = vault.add_version(PLACE.owner, &ring).expect("rotated");
    let states: Vec<_> = vault
        .versions(PLACE.owner, &rotated)
        .expect("versions")
        .into_iter()
        .map(|v| (v.version, v.state))
        .collect();
    assert_eq!(states, [(1, RingKeyState::DecryptOnly), (2, RingKeyState::Primary)]);
    assert_eq!(open(&vault, &rotated, &PLACE, &sealed).expect("the old one opens"), CANARY);

    let moved = vault.rewrap(&rotated, &PLACE, &sealed).expect("rewrapped");
    assert_ne!(moved.key_id(), sealed.key_id());
    let reduced = vault.destroy_version(PLACE.owner, &rotated, 1).expect("destroyed");
    assert_eq!(open(&vault, &reduced, &PLACE, &moved).expect("the moved one opens"), CANARY);
    let id = sealed.key_id().expect("an id");
    assert_eq!(open(&vault, &reduced, &PLACE, &sealed), Err(OpenError::KeyDestroyed(id)));
}

#[test]
fn a_primary_version_is_never_destroyed() {
    let (vault, ring, _) = sealed();
    for version in [0, 1, 2] {
        let refused = vault.destroy_version(PLACE.owner, &ring, version);
        assert!(matches!(refused, Err(SealError::NotRetired { .. })), "{version}");
    }
}

#[test]
fn rewrapping_in_another_place_is_refused() {
    let (vault, ring, sealed) = sealed();
    let there = Place { object: "key_2", ..PLACE };
    assert!(vault.rewrap(&ring, &there, &sealed).is_err());
}

#[test]
fn nothing_printable_holds_a_secret() {
    let (vault, ring, sealed) = sealed();
    let text = format!("{vault:?} {ring:?} {sealed:?}");
    assert_eq!(
        text.split_once("root_key").map(|(head, _)| head),
        Some("Vault { instance: \"ins_1\", "),
    );
    assert!(text.ends_with(&format!(
        ", .. }} WrappedRing({} bytes) Sealed({} bytes)",
        ring.as_bytes().len(),
        sealed.as_bytes().len()
    )));
    for bytes in [sealed.as_bytes(), ring.as_bytes()] {
        assert!(!bytes.windows(8).any(|w| CANARY.windows(8).any(|c| c == w)));
    }
}
