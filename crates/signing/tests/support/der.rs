//! Bundles in shapes that no program writes, put together byte by byte.

/// One element around `parts`.
pub(crate) fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = content.len();
    let mut out = match length {
        0..=0x7f => vec![tag, length as u8],
        0x80..=0xff => vec![tag, 0x81, length as u8],
        0x100..=0xffff => vec![tag, 0x82, (length >> 8) as u8, length as u8],
        _ => vec![tag, 0x83, (length >> 16) as u8, (length >> 8) as u8, length as u8],
    };
    out.extend(content);
    out
}

/// The first element of `bytes` (in definite lengths), and what follows.
pub(crate) fn take(bytes: &[u8]) -> (&[u8], &[u8]) {
    let (header, length) = sizes(bytes);
    bytes.split_at(header + length)
}

/// What stands inside of the first element.
pub(crate) fn inside(bytes: &[u8]) -> &[u8] {
    let (header, length) = sizes(bytes);
    &bytes[header..header + length]
}

fn sizes(bytes: &[u8]) -> (usize, usize) {
    match bytes[1] {
        short @ 0..=0x7f => (2, usize::from(short)),
        long => {
            let digits = &bytes[2..2 + usize::from(long & 0x7f)];
            (
                2 + digits.len(),
                digits.iter().fold(0, |sum, digit| (sum << 8) | usize::from(*digit)),
            )
        }
    }
}

/// The same bundle without its MAC.
pub(crate) fn without_mac(bundle: &[u8]) -> Vec<u8> {
    let (version, rest) = take(inside(bundle));
    let (safe, _) = take(rest);
    element(0x30, &[version, safe])
}

const DATA: &[u8] = &[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1];
const BAG: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 10, 1];
const X509: &[u8] = &[6, 10, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 22, 1];

fn data(content: &[u8]) -> Vec<u8> {
    element(0x30, &[DATA, &element(0xa0, &[&element(0x04, &[content])])])
}

/// A bag of type `kind` (the last arc), as `SafeBag`.
pub(crate) fn bag(kind: u8, value: &[u8]) -> Vec<u8> {
    element(0x30, &[&element(0x06, &[BAG, &[kind]]), &element(0xa0, &[value])])
}

/// An unencrypted key in its bag.
pub(crate) fn key_bag(pkcs8: &[u8]) -> Vec<u8> {
    bag(1, pkcs8)
}

/// A certificate in its bag.
pub(crate) fn certificate_bag(certificate: &[u8]) -> Vec<u8> {
    let octets = element(0xa0, &[&element(0x04, &[certificate])]);
    bag(3, &element(0x30, &[X509, &octets]))
}

/// A bundle of these bags with neither encryption nor MAC.
pub(crate) fn bare_bundle(bags: &[Vec<u8>]) -> Vec<u8> {
    let bags: Vec<&[u8]> = bags.iter().map(Vec::as_slice).collect();
    let safe = element(0x30, &[&data(&element(0x30, &bags))]);
    element(0x30, &[&[2, 1, 3], &data(&safe)])
}

/// An element of indefinite length, as BER allows.
pub(crate) fn indefinite(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    [&[tag, 0x80], parts.concat().as_slice(), &[0, 0]].concat()
}

/// Octets in segments of 100 under a constructed tag (0x24, or an implicit one).
fn segmented(tag: u8, octets: &[u8]) -> Vec<u8> {
    let segments: Vec<Vec<u8>> = octets.chunks(100).map(|chunk| element(0x04, &[chunk])).collect();
    let segments: Vec<&[u8]> = segments.iter().map(Vec::as_slice).collect();
    indefinite(tag, &segments)
}

/// The same bundle as Firefox and old Keychains write it: indefinite lengths and segments, outside and in its parts. Without
/// MAC, which spans the parts as they stand.
pub(crate) fn as_ber(bundle: &[u8]) -> Vec<u8> {
    let (version, rest) = take(inside(bundle));
    let content = content_of(take(rest).0);
    let mut parts = inside(content);
    let mut rewritten = Vec::new();
    while !parts.is_empty() {
        let (part, after) = take(parts);
        parts = after;
        rewritten.push(part_as_ber(part));
    }
    let rewritten: Vec<&[u8]> = rewritten.iter().map(Vec::as_slice).collect();
    let safe = indefinite(0x30, &rewritten);
    indefinite(0x30, &[version, &data_as_ber(&safe)])
}

/// The octets in `ContentInfo` of plain data.
fn content_of(info: &[u8]) -> &[u8] {
    let (_, explicit) = take(inside(info));
    inside(inside(explicit))
}

fn data_as_ber(content: &[u8]) -> Vec<u8> {
    indefinite(0x30, &[DATA, &indefinite(0xa0, &[&segmented(0x24, content)])])
}

fn part_as_ber(part: &[u8]) -> Vec<u8> {
    let (kind, explicit) = take(inside(part));
    if kind == DATA {
        return data_as_ber(content_of(part));
    }
    let (version, info) = take(inside(inside(explicit)));
    let (inner_kind, rest) = take(inside(info));
    let (algorithm, encrypted) = take(rest);
    let info = indefinite(0x30, &[inner_kind, algorithm, &segmented(0xa0, inside(encrypted))]);
    indefinite(0x30, &[kind, &indefinite(0xa0, &[&indefinite(0x30, &[version, &info])])])
}
