//! What Apple says about its rate limits.
//!
//! Facts C: `X-Rate-Limit: user-hour-lim:3600;user-hour-rem:3599;`, sometimes with a second header
//! line or an appended pair for the minute, sometimes missing. Read as `;`-separated `name:value`;
//! what is not known is kept under its name. The hour is a rolling one and counted per API key.

use std::collections::BTreeMap;

use http::HeaderMap;
use jiff::Timestamp;

/// One of Apple's counting windows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Window {
    /// Requests that Apple grants per window.
    pub limit: Option<u64>,
    /// Requests that are left of them.
    pub remaining: Option<u64>,
}

/// The last thing that Apple said about the rate limits of a key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Budget {
    /// The rolling hour.
    pub hour: Window,
    /// The minute; Apple sends it on some writes only.
    pub minute: Window,
    /// Pairs of other names, as sent.
    pub other: BTreeMap<String, String>,
    /// When an answer last carried the header; `None` before the first.
    pub seen_at: Option<Timestamp>,
}

impl Budget {
    /// Takes over what the headers of an answer say. What they do not mention stays as it was.
    pub(crate) fn learn(&mut self, headers: &HeaderMap, now: Timestamp) {
        for line in headers.get_all("x-rate-limit") {
            let Ok(line) = line.to_str() else { continue };
            // Repeated header lines may arrive joined by commas.
            for pair in line.split([';', ',']) {
                let Some((name, value)) = pair.split_once(':') else {
                    continue;
                };
                self.learn_pair(name.trim(), value.trim());
                self.seen_at = Some(now);
            }
        }
    }

    fn learn_pair(&mut self, name: &str, value: &str) {
        let number = value.parse::<u64>().ok();
        match (name, number) {
            ("user-hour-lim", Some(_)) => self.hour.limit = number,
            ("user-hour-rem", Some(_)) => self.hour.remaining = number,
            ("user-minute-lim", Some(_)) => self.minute.limit = number,
            ("user-minute-rem", Some(_)) => self.minute.remaining = number,
            // The names come from outside: a few are kept, not any number of them.
            _ if self.other.len() < 16 || self.other.contains_key(name) => {
                self.other.insert(clip(name), clip(value));
            }
            _ => {}
        }
    }
}

fn clip(text: &str) -> String {
    text.chars().take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learnt(lines: &[&str]) -> Budget {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("X-Rate-Limit", line.parse().expect("a header value"));
        }
        let mut budget = Budget::default();
        budget.learn(&headers, Timestamp::UNIX_EPOCH);
        budget
    }

    #[test]
    fn reads_the_hour() {
        let budget = learnt(&["user-hour-lim:3600;user-hour-rem:3599;"]);
        assert_eq!(budget.hour.limit, Some(3600));
        assert_eq!(budget.hour.remaining, Some(3599));
        assert_eq!(budget.minute, Window::default());
        assert_eq!(budget.seen_at, Some(Timestamp::UNIX_EPOCH));
    }

    #[test]
    fn reads_the_minute_from_a_second_line_or_appended() {
        let expected = Window {
            limit: Some(150),
            remaining: Some(149),
        };
        for lines in [
            &["user-hour-lim:3600;user-hour-rem:1;", "user-minute-lim:150;user-minute-rem:149;"][..],
            &["user-hour-lim:3600;user-hour-rem:1; user-minute-lim:150;user-minute-rem:149"][..],
            &["user-hour-lim:3600;user-hour-rem:1;, user-minute-lim:150;user-minute-rem:149;"][..],
        ] {
            let budget = learnt(lines);
            assert_eq!(budget.minute, expected);
            assert_eq!(budget.hour.remaining, Some(1));
        }
    }

    #[test]
    fn keeps_unknown_names_and_survives_nonsense() {
        let budget = learnt(&["team-day-rem:7;;:;x;user-hour-rem:many;user-hour-lim:-1"]);
        assert_eq!(budget.other["team-day-rem"], "7");
        assert_eq!(budget.other["user-hour-rem"], "many");
        assert_eq!(budget.hour, Window::default());
        assert_eq!(learnt(&[]), Budget::default());
    }

    #[test]
    fn what_is_not_mentioned_stays() {
        let mut budget = learnt(&["user-hour-lim:3600;user-hour-rem:10;"]);
        let mut headers = HeaderMap::new();
        headers.append("x-rate-limit", "user-hour-rem:9".parse().expect("a value"));
        budget.learn(&headers, Timestamp::MAX);
        assert_eq!(budget.hour.limit, Some(3600));
        assert_eq!(budget.hour.remaining, Some(9));
    }
}
