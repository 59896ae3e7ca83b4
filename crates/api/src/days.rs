//! How days to an end are counted, for everybody who tells them: pages, REST and the command line.

use jiff::{Timestamp, tz::TimeZone};

/// Days of the calendar (UTC) until a moment, 0 on the day itself. Past moments are told apart from it: what ended today is
/// -1 off, what ended yesterday -2.
#[must_use]
pub fn days_left(at: Timestamp, now: Timestamp) -> i64 {
    let day = |moment: Timestamp| moment.to_zoned(TimeZone::UTC).date();
    let days = i64::from((day(at) - day(now)).get_days());
    if at < now { days - 1 } else { days }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        let now = "2026-11-24T14:32:00Z".parse().unwrap();
        let left = |at: &str| days_left(at.parse().unwrap(), now);
        assert_eq!(left("2026-12-06T14:08:00Z"), 12, "although it is some minutes less");
        assert_eq!(left("2026-11-25T00:00:00Z"), 1);
        assert_eq!(left("2026-11-24T23:59:00Z"), 0);
        assert_eq!(left("2026-11-24T14:31:00Z"), -1);
        assert_eq!(left("2026-11-23T23:59:00Z"), -2);
    }
}
