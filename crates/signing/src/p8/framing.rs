//! From what people paste to DER: byte order marks, quotes, blanks, literal `\n`, PEM, bare base64.
//!
//! Only the packing is treated tolerantly here. What is inside is judged by [`super::shape`], never by a PEM label:
//! labels are often wrong.

use base64::Engine;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

use super::P8Error;

type Secret<T> = Zeroizing<T>;

const FORGIVING: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const BASE64: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::STANDARD, FORGIVING);

/// Takes the packing off. The result is DER of whatever it is.
pub(super) fn unpack(bytes: &[u8]) -> Result<Secret<Vec<u8>>, P8Error> {
    let Some(text) = text_of(bytes) else {
        return Ok(Zeroizing::new(bytes.to_vec()));
    };
    let der = from_text(&text)?;
    // CI systems often keep base64 of the whole PEM file.
    match text_of(&der) {
        Some(inner) if inner.contains("-----BEGIN") => from_text(&inner),
        _ => Ok(der),
    }
}

/// The input as clean text, or `None` where it is binary.
fn text_of(bytes: &[u8]) -> Option<Secret<String>> {
    let text = match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes)?,
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes)?,
        _ => Zeroizing::new(std::str::from_utf8(bytes).ok()?.to_owned()),
    };
    let text = Zeroizing::new(text.replace("\\r", "\n"));
    let text = Zeroizing::new(text.replace("\\n", "\n"));
    let printable = text.chars().all(|c| !c.is_control() || c.is_whitespace());
    printable.then_some(text)
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<Secret<String>> {
    let (pairs, []) = bytes.as_chunks::<2>() else { return None };
    let units: Secret<Vec<u16>> = Zeroizing::new(pairs.iter().map(|pair| unit(*pair)).collect());
    String::from_utf16(&units).ok().map(Zeroizing::new)
}

fn from_text(text: &str) -> Result<Secret<Vec<u8>>, P8Error> {
    if text.chars().all(is_packing) {
        return Err(P8Error::Empty);
    }
    if !text.contains("-----BEGIN") {
        return decode(text);
    }
    let blocks = blocks(text)?;
    match blocks.as_slice() {
        [only] => decode_block(only),
        several => Err(P8Error::Several { blocks: several.len() }),
    }
}

struct Block<'a> {
    label: &'a str,
    body: &'a str,
}

fn blocks(text: &str) -> Result<Vec<Block<'_>>, P8Error> {
    let mut found = Vec::new();
    for piece in text.split("-----BEGIN").skip(1) {
        let (label, after) = piece.split_once("-----").ok_or(P8Error::Truncated)?;
        let (body, _) = after.split_once("-----END").ok_or(P8Error::Truncated)?;
        let label = label.trim();
        // openssl writes the curve in a block of its own before a SEC1 key.
        if label != "EC PARAMETERS" {
            found.push(Block { label, body });
        }
    }
    Ok(found)
}

fn decode_block(block: &Block<'_>) -> Result<Secret<Vec<u8>>, P8Error> {
    // "Proc-Type: 4,ENCRYPTED" stands above the base64 of the old encrypted form.
    if block.body.contains("ENCRYPTED") {
        return Err(P8Error::Encrypted);
    }
    if block.label == "OPENSSH PRIVATE KEY" {
        return Err(P8Error::OtherKey);
    }
    let without_headers: Secret<String> = Zeroizing::new(block.body.lines().filter(|line| !line.contains(':')).collect());
    match decode(&without_headers) {
        Err(P8Error::NotAKey) => Err(P8Error::Damaged),
        Err(P8Error::Empty) => Err(P8Error::Truncated),
        decoded => decoded,
    }
}

fn decode(text: &str) -> Result<Secret<Vec<u8>>, P8Error> {
    let mut digits: Secret<String> = Zeroizing::new(String::with_capacity(text.len()));
    for c in text.chars().filter(|c| !is_packing(*c)) {
        digits.push(match c {
            '-' => '+',
            '_' => '/',
            other => other,
        });
    }
    if digits.is_empty() {
        return Err(P8Error::Empty);
    }
    if !digits.is_ascii() {
        return Err(P8Error::NotAKey);
    }
    // A cut may leave one digit too many; its six bits are no byte.
    let unpadded = digits.trim_end_matches('=').len();
    let whole = match unpadded % 4 {
        1 => &digits[..unpadded - 1],
        _ => digits.as_str(),
    };
    BASE64.decode(whole).map(Zeroizing::new).map_err(|_| P8Error::NotAKey)
}

/// Blanks, quotes and invisible characters that copying leaves behind.
fn is_packing(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '"' | '\'' | '`' | '\\' | ',' | '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{2018}'..='\u{201f}' | '\u{ab}' | '\u{bb}'
        )
}
