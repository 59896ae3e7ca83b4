//! Apple's dates: `2019-11-29T13:56:50.220+0000` from provisioning, `2021-02-02T04:00:19-08:00` or
//! `…Z` from the rest (facts E5). A date that is none of these is read as absent, never as an error.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};

pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    text.parse().ok().or_else(|| parse_compact_offset(text))
}

/// For a parser that insists on a colon in the offset.
fn parse_compact_offset(text: &str) -> Option<Timestamp> {
    let split = text.len().checked_sub(4)?;
    let (head, minutes) = (text.get(..split + 2)?, text.get(split + 2..)?);
    format!("{head}:{minutes}").parse().ok()
}

/// For `#[serde(deserialize_with)]` on `Option<Timestamp>`.
pub(crate) fn lenient<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Timestamp>, D::Error> {
    let value = serde_json::Value::deserialize(d)?;
    Ok(value.as_str().and_then(parse))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_all_forms_that_apple_writes() {
        for (text, seconds) in [
            ("2019-11-29T13:56:50.220+0000", 1_575_035_810),
            ("2019-11-29T13:56:50.220+00:00", 1_575_035_810),
            ("2019-11-29T13:56:50Z", 1_575_035_810),
            ("2021-02-02T04:00:19-08:00", 1_612_267_219),
            ("2021-02-02T04:00:19-0800", 1_612_267_219),
            (" 2021-02-02T12:00:19.5Z ", 1_612_267_219),
        ] {
            assert_eq!(parse(text).map(Timestamp::as_second), Some(seconds), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_absent() {
        for text in ["", "soon", "2021-02-02", "2021-02-30T04:00:19Z", "é+00", "20é0"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
