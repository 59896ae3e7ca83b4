//! Build numbers (`CFBundleVersion`): numbers between periods, such as `47` or `2026.11.23`.

use std::cmp::Ordering;

/// They are compared period by period, as numbers; a missing one is zero, and so is what does not begin with a digit.
pub(crate) fn by_number(one: &str, other: &str) -> Ordering {
    let parts = |text: &str| text.split('.').map(leading).collect::<Vec<_>>();
    let (mut one, mut other) = (parts(one), parts(other));
    let length = one.len().max(other.len());
    one.resize(length, 0);
    other.resize(length, 0);
    one.cmp(&other)
}

/// The next one above: its last number is one more. Above none it is 1.
pub(crate) fn above(highest: Option<&str>) -> String {
    let Some(highest) = highest else {
        return "1".to_owned();
    };
    let (before, last) = match highest.rsplit_once('.') {
        Some((before, last)) => (Some(before), last),
        None => (None, highest),
    };
    let last = leading(last).saturating_add(1);
    before.map_or_else(|| last.to_string(), |before| format!("{before}.{last}"))
}

/// What the digits at its beginning say.
fn leading(part: &str) -> u64 {
    let part = part.trim();
    let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
    match part.get(..end) {
        None | Some("") => 0,
        // Apple takes 18 characters.
        Some(digits) => digits.parse().unwrap_or(u64::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn build_numbers_are_compared_as_numbers() {
        assert_eq!(by_number("9", "10"), Ordering::Less);
        assert_eq!(by_number("1.2", "1.2.0"), Ordering::Equal);
        assert_eq!(by_number("2026.11.23", "2026.9.30"), Ordering::Greater);
        assert_eq!(by_number("42b1", "41"), Ordering::Greater);
    }

    #[test]
    fn the_next_one_is_above() {
        for (highest, next) in [
            ("41", "42"),
            ("2026.11.9", "2026.11.10"),
            ("1.0", "1.1"),
            ("42b1", "43"),
            ("", "1"),
            ("1.", "1.1"),
        ] {
            assert_eq!(above(Some(highest)), next);
            assert_eq!(by_number(&above(Some(highest)), highest), Ordering::Greater);
        }
        assert_eq!(above(None), "1");
    }
}
