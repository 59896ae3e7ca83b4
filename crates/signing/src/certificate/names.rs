//! Text out of X.500 names, whatever string type a foreign tool chose.

use x509_parser::x509::AttributeTypeAndValue;

const T61_STRING: u32 = 20;
const BMP_STRING: u32 = 30;

/// The first attribute as text. Odd string types are decoded, undecodable ones are absent.
pub(crate) fn first<'a>(mut attributes: impl Iterator<Item = &'a AttributeTypeAndValue<'a>>) -> Option<String> {
    attributes.next().and_then(text)
}

fn text(attribute: &AttributeTypeAndValue<'_>) -> Option<String> {
    if let Ok(plain) = attribute.as_str() {
        return Some(plain.to_owned());
    }
    let value = attribute.attr_value();
    match value.tag().0 {
        T61_STRING => Some(value.data.iter().map(|byte| char::from(*byte)).collect()),
        BMP_STRING => {
            let (pairs, []) = value.data.as_chunks::<2>() else { return None };
            let units: Vec<u16> = pairs.iter().map(|pair| u16::from_be_bytes(*pair)).collect();
            String::from_utf16(&units).ok()
        }
        _ => None,
    }
}
