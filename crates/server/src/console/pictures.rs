//! Pictures drawn from data as inline SVG: the strip of daily checks and the timeline of what expires.
//!
//! Attributes only, for the content security policy forbids inline styles; horizontal places are percentages, so
//! that a picture takes any width and its text never scales. Every picture has a sentence as its name.

use super::when::SOON_DAYS;
use app::keys::DayMark;
use askama::filters::{Html, escape};
use domain::CheckMark;
use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};
use std::fmt::Write as _;

/// Daily checks, oldest first: full bar good, half bar trouble, low bar refused, a line for none.
#[must_use]
pub(crate) fn strip(days: &[DayMark]) -> String {
    let checked = days.iter().filter(|day| day.mark.is_some()).count();
    let good = days.iter().filter(|day| day.mark == Some(CheckMark::Good)).count();
    let name = match checked {
        0 => format!("Daily checks, last {} days: none yet", days.len()),
        _ => format!("Daily checks, last {} days: {good} of {checked} good", days.len()),
    };
    let mut svg = format!(r#"<svg class="strip" role="img" aria-label="{name}" viewBox="0 0 82 18">"#);
    for (at, day) in days.iter().enumerate() {
        let (class, y, height) = match day.mark {
            Some(CheckMark::Good) => ("", 2, 14),
            Some(CheckMark::Trouble) => (r#" class="half""#, 7, 9),
            Some(CheckMark::Refused) => (r#" class="low""#, 10, 6),
            None => (r#" class="none""#, 14, 2),
        };
        let _ = write!(svg, r#"<rect{class} x="{}" y="{y}" width="4" height="{height}" rx="1"/>"#, at * 6);
    }
    svg + "</svg>"
}

/// Something on the timeline.
#[derive(Debug, Clone)]
pub(crate) struct Dot {
    /// Its name, shown when it falls into the next 30 days.
    pub(crate) name: String,
    /// When it ends.
    pub(crate) at: Timestamp,
}

/// One row of the timeline.
#[derive(Debug, Clone)]
pub(crate) struct Lane {
    /// "Certificates".
    pub(crate) name: &'static str,
    /// What ends, in any order.
    pub(crate) dots: Vec<Dot>,
}

const LEFT: f64 = 2.5;
const WIDTH: f64 = 95.5;
const TOP: u32 = 22;
const LANE: u32 = 32;

fn place(days: f64) -> f64 {
    LEFT + days / 365.0 * WIDTH
}

fn days_until(at: Timestamp, now: Timestamp) -> f64 {
    f64::from(i32::try_from(at.as_second() - now.as_second()).unwrap_or(i32::MAX)) / 86_400.0
}

/// Twelve months to the right of today. The next 30 days are tinted and what falls there is a filled square with
/// its name; the rest are rings; several on one spot carry their number. What has ended stands at today.
#[must_use]
pub(crate) fn timeline(lanes: &[Lane], now: Timestamp, name: &str) -> String {
    let rows = u32::try_from(lanes.len()).unwrap_or(0);
    let bottom = TOP + rows * LANE - 2;
    let mut svg = format!(
        r#"<svg class="timeline" role="img" aria-label="{}" width="100%" height="{}">"#,
        escape(name, Html).map(|safe| safe.to_string()).unwrap_or_default(),
        bottom + 26
    );
    let near = place(30.0);
    let _ = write!(
        svg,
        r#"<rect class="near" x="{LEFT:.2}%" y="{TOP}" width="{:.2}%" height="{}" rx="3"/>"#,
        near - LEFT,
        bottom - TOP
    );
    months(&mut svg, now, bottom);
    for (row, lane) in (0u32..).zip(lanes) {
        lane_of(&mut svg, lane, f64::from(TOP + 16 + row * LANE), now);
    }
    let _ = write!(
        svg,
        r#"<line class="today" x1="{LEFT}%" x2="{LEFT}%" y1="{TOP}" y2="{bottom}"/><text class="today-word" x="{LEFT}%" y="14" text-anchor="middle">Today</text><text class="roomy" x="{near:.2}%" y="14" text-anchor="middle">30 days</text></svg>"#
    );
    svg
}

fn months(svg: &mut String, now: Timestamp, bottom: u32) {
    let today = now.to_zoned(TimeZone::UTC).date();
    let mut first = today.first_of_month();
    for count in 0..12 {
        first = first.saturating_add(1.month());
        let x = place(f64::from((first - today).get_days()));
        if x > LEFT + WIDTH {
            break;
        }
        // Every third month keeps its word on a narrow card; January says its year.
        let class = if count % 3 == 0 { "" } else { r#" class="roomy""# };
        let _ = write!(
            svg,
            r#"<line class="month" x1="{x:.2}%" x2="{x:.2}%" y1="{TOP}" y2="{bottom}"/><text{class} x="{x:.2}%" y="{}" text-anchor="middle">{}</text>"#,
            bottom + 16,
            month_word(first)
        );
    }
}

fn month_word(first: Date) -> String {
    first.strftime(if first.month() == 1 { "%b %Y" } else { "%b" }).to_string()
}

fn lane_of(svg: &mut String, lane: &Lane, y: f64, now: Timestamp) {
    let _ = write!(
        svg,
        r#"<line class="lane" x1="{LEFT}%" x2="{:.1}%" y1="{y}" y2="{y}"/>"#,
        LEFT + WIDTH
    );
    let mut dots: Vec<(f64, &Dot)> = lane
        .dots
        .iter()
        .map(|dot| (days_until(dot.at, now).clamp(0.0, 365.0), dot))
        .collect();
    dots.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut spots: Vec<(f64, Vec<&Dot>)> = Vec::new();
    for (days, dot) in dots {
        match spots.last_mut() {
            // Closer than six days would overlap: one spot with a number.
            Some((spot, together)) if days - *spot < 6.0 && (*spot <= 30.0) == (days <= 30.0) => together.push(dot),
            _ => spots.push((days, vec![dot])),
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "SOON_DAYS is 30")]
    let soon = SOON_DAYS as f64;
    for (index, (days, together)) in spots.iter().enumerate() {
        let x = place(*days);
        if *days <= soon {
            let _ = write!(
                svg,
                r#"<rect class="is-due" x="{x:.2}%" y="{}" width="11" height="11" rx="1.5" transform="translate(-5.5 0)"/>"#,
                y - 5.5
            );
            // A name needs room to its right; the nearest ones stand below as text in any case.
            let room = spots.get(index + 1).is_none_or(|(next, _)| next - days > 75.0);
            if room || together.len() > 1 {
                let words = match together.as_slice() {
                    [one] => shortened(&one.name),
                    several => format!("{} {}", several.len(), lane.name.to_lowercase()),
                };
                let _ = write!(
                    svg,
                    r#"<text class="named roomy" x="{x:.2}%" dx="12" y="{}">{}</text>"#,
                    y + 4.0,
                    escape(&words, Html).map(|safe| safe.to_string()).unwrap_or_default()
                );
            }
        } else if let [_] = together.as_slice() {
            let _ = write!(svg, r#"<circle class="is-later" cx="{x:.2}%" cy="{y}" r="4.5"/>"#);
        } else {
            let _ = write!(
                svg,
                r#"<circle class="is-later" cx="{x:.2}%" cy="{y}" r="7"/><text class="several" x="{x:.2}%" y="{}" text-anchor="middle">{}</text>"#,
                y + 3.5,
                together.len()
            );
        }
    }
}

fn shortened(name: &str) -> String {
    if name.chars().count() <= 28 {
        name.to_owned()
    } else {
        name.chars().take(27).collect::<String>().trim_end().to_owned() + "…"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-24T12:00:00Z".parse().unwrap()
    }

    fn dot(name: &str, at: &str) -> Dot {
        Dot {
            name: name.to_owned(),
            at: at.parse().unwrap(),
        }
    }

    #[test]
    fn a_strip_says_in_words_and_in_height_how_the_days_went() {
        let day = |mark| DayMark {
            day: jiff::civil::date(2026, 11, 1),
            mark,
        };
        let svg = strip(&[day(None), day(Some(CheckMark::Good)), day(Some(CheckMark::Refused))]);
        assert!(svg.contains("Daily checks, last 3 days: 1 of 2 good"), "{svg}");
        assert!(svg.contains(r#"class="low" x="12" y="10" width="4" height="6""#), "{svg}");
    }

    #[test]
    fn what_ends_soon_is_a_named_square_and_the_rest_are_rings() {
        let lane = Lane {
            name: "Certificates",
            dots: vec![
                dot("A <b>", "2026-12-06T12:00:00Z"),
                dot("Later", "2027-06-18T12:00:00Z"),
                dot("Later too", "2027-06-20T12:00:00Z"),
            ],
        };
        let svg = timeline(&[lane], now(), "What expires");
        assert_eq!(svg.matches("is-due").count(), 1);
        assert!(svg.contains("A &#60;b&#62;"), "{svg}");
        assert!(
            svg.contains(r#"text-anchor="middle">2</text>"#),
            "two on one spot carry their number: {svg}"
        );
        assert!(!svg.contains("style="), "{svg}");
    }
}
