//! The string formats that Apple's documents name, as far as a difference in them would hurt a client.

/// Whether the text is of the format; `None` for a format that is not known here.
pub(super) fn fits(format: &str, text: &str) -> Option<bool> {
    Some(match format {
        "date-time" => date_time(text),
        "date" => date(text),
        "uri" => {
            text.split_once(':')
                .is_some_and(|(scheme, rest)| is_scheme(scheme) && !rest.is_empty())
                && is_uri_text(text)
        }
        "uri-reference" => is_uri_text(text),
        "email" => text
            .split_once('@')
            .is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty()),
        "number" => text.parse::<f64>().is_ok_and(f64::is_finite),
        "duration" => text.starts_with('P') && text.len() > 1,
        "binary" => true,
        _ => return None,
    })
}

/// RFC 3339: `2026-03-01T12:00:00.250+00:00`. Apple's provisioning resources leave out the last colon, which is a listed
/// deviation and not a second truth here.
fn date_time(text: &str) -> bool {
    let Some((day, rest)) = text.split_once('T') else { return false };
    let Some(offset_at) = rest.find(['Z', '+', '-']) else {
        return false;
    };
    let (clock, offset) = rest.split_at(offset_at);
    let (whole, fraction) = clock
        .split_once('.')
        .map_or((clock, None), |(whole, fraction)| (whole, Some(fraction)));
    let offset_fits = match offset.split_at(1) {
        ("Z", "") => true,
        ("+" | "-", hours_and_minutes) => numbers(hours_and_minutes, ':', &[(2, 23), (2, 59)]),
        _ => false,
    };
    date(day)
        && numbers(whole, ':', &[(2, 23), (2, 59), (2, 60)])
        && fraction.is_none_or(|fraction| !fraction.is_empty() && is_digits(fraction))
        && offset_fits
}

fn date(text: &str) -> bool {
    numbers(text, '-', &[(4, 9999), (2, 12), (2, 31)])
}

/// Numbers with as many digits and at most as large as given, between separators.
fn numbers(text: &str, separator: char, wanted: &[(usize, u32)]) -> bool {
    let parts: Vec<&str> = text.split(separator).collect();
    parts.len() == wanted.len()
        && parts.iter().zip(wanted).all(|(part, (digits, most))| {
            part.len() == *digits && is_digits(part) && part.parse::<u32>().is_ok_and(|number| number <= *most)
        })
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

fn is_uri_text(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>\"\\^`{|}".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn dates_are_those_of_rfc_3339() {
        for good in ["2026-03-01T12:00:00Z", "2021-02-02T04:00:19-08:00", "2019-11-29T13:56:50.220+00:00"] {
            assert_eq!(fits("date-time", good), Some(true), "{good}");
        }
        for bad in [
            "2019-11-29T13:56:50.220+0000",
            "2026-03-01",
            "2026-13-01T12:00:00Z",
            "2026-03-01T12:00:00",
            "2026-03-01T12:00Z",
            "",
        ] {
            assert_eq!(fits("date-time", bad), Some(false), "{bad}");
        }
        assert_eq!(fits("date", "2026-03-01"), Some(true));
        assert_eq!(fits("date", "01.03.2026"), Some(false));
    }

    #[test]
    fn links_hold_no_space_and_no_raw_brace() {
        assert_eq!(fits("uri-reference", "http://127.0.0.1:7/v1/apps?cursor=a%3D&limit=2"), Some(true));
        assert_eq!(fits("uri-reference", "/v1/apps/{id}"), Some(false));
        assert_eq!(fits("uri", "/v1/apps"), Some(false));
        assert_eq!(fits("no-such-format", ""), None);
    }
}
