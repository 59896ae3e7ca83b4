//! `DER-Encoded-Profile`: the same profile once more, in the encoding that Apple's systems read without an XML parser.
//!
//! **Invented**, because Apple publishes no specification of it: the dictionary in the published shape of DER-encoded
//! entitlements (an application tag 16 around a version and a context tag 16 of key-value sequences), inside a CMS
//! envelope of its own. Readers seen so far take the key as opaque data.

use der::asn1::{Any, GeneralizedTime};
use der::{Encode as _, Tag, TagNumber};
use jiff::Timestamp;
use plist::{Dictionary, Value};

use super::ArtefactError;
use super::authority::ProfileSigner;

const DICTIONARY: Tag = Tag::ContextSpecific {
    constructed: true,
    number: TagNumber(16),
};
const PROFILE: Tag = Tag::Application {
    constructed: true,
    number: TagNumber(16),
};
const VERSION: i64 = 1;

/// Encodes the profile and signs it.
pub(super) fn sign(profile: &Dictionary, signer: &ProfileSigner, at: Timestamp) -> Result<Vec<u8>, ArtefactError> {
    let mut content = VERSION.to_der()?;
    content.extend(dictionary(profile)?);
    signer.sign(&tagged(PROFILE, content)?, at)
}

fn dictionary(entries: &Dictionary) -> Result<Vec<u8>, ArtefactError> {
    let mut sorted = entries.iter().collect::<Vec<_>>();
    sorted.sort_by_key(|(key, _)| *key);
    let mut content = Vec::new();
    for (key, entry) in sorted {
        let mut pair = tagged(Tag::Utf8String, key.as_bytes())?;
        pair.extend(value(entry)?);
        content.extend(tagged(Tag::Sequence, pair)?);
    }
    tagged(DICTIONARY, content)
}

fn value(value: &Value) -> Result<Vec<u8>, ArtefactError> {
    match value {
        Value::Dictionary(entries) => dictionary(entries),
        Value::Array(items) => {
            let items = items.iter().map(self::value).collect::<Result<Vec<_>, _>>()?;
            tagged(Tag::Sequence, items.concat())
        }
        Value::Boolean(boolean) => Ok(boolean.to_der()?),
        Value::Integer(integer) => Ok(integer.as_signed().unwrap_or_default().to_der()?),
        Value::Data(data) => tagged(Tag::OctetString, data.as_slice()),
        Value::Date(date) => Ok(GeneralizedTime::from_system_time((*date).into())?.to_der()?),
        Value::String(text) => tagged(Tag::Utf8String, text.as_bytes()),
        // A profile holds neither real numbers nor archiver references.
        _ => Ok(Vec::new()),
    }
}

fn tagged(tag: Tag, content: impl Into<Box<[u8]>>) -> Result<Vec<u8>, ArtefactError> {
    Ok(Any::new(tag, content)?.to_der()?)
}
