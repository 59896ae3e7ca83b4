//! Contrast, computed from the stylesheet itself (WCAG 2.2): text at least 4.5, edges and marks that mean something
//! at least 3, in light and in dark.

use super::super::assets::stylesheet;
use std::collections::BTreeMap;

type Rgb = [f64; 3];

fn hex(text: &str) -> Option<Rgb> {
    let digits = text.trim().strip_prefix('#')?;
    let channel = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok().map(f64::from);
    Some([channel(0)?, channel(2)?, channel(4)?])
}

/// Tokens that are a pair of plain colors: name to (light, dark).
fn tokens() -> BTreeMap<&'static str, (Rgb, Rgb)> {
    stylesheet()
        .lines()
        .filter_map(|line| {
            let (name, value) = line.trim().strip_prefix("--")?.split_once(':')?;
            let (light, dark) = value.trim().strip_prefix("light-dark(")?.strip_suffix(");")?.split_once(", ")?;
            Some((name, (hex(light)?, hex(dark)?)))
        })
        .collect()
}

fn luminance(color: Rgb) -> f64 {
    let linear = |channel: f64| {
        let value = channel / 255.0;
        if value <= 0.04045 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    };
    0.2126 * linear(color[0]) + 0.7152 * linear(color[1]) + 0.0722 * linear(color[2])
}

fn contrast(one: Rgb, other: Rgb) -> f64 {
    let (a, b) = (luminance(one), luminance(other));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// Text on its grounds.
const TEXT: &[(&str, &[&str])] = &[
    (
        "text",
        &[
            "canvas",
            "surface",
            "raised",
            "surface-2",
            "surface-3",
            "sidebar",
            "accent-soft",
            "ok-soft",
            "warn-soft",
            "bad-soft",
            "info-soft",
        ],
    ),
    (
        "text-2",
        &[
            "canvas",
            "surface",
            "raised",
            "surface-2",
            "surface-3",
            "sidebar",
            "accent-soft",
            "ok-soft",
            "warn-soft",
            "bad-soft",
            "info-soft",
        ],
    ),
    ("text-3", &["canvas", "surface", "raised", "surface-2", "sidebar"]),
    (
        "accent",
        &["canvas", "surface", "raised", "surface-2", "accent-soft", "info-soft", "warn-soft"],
    ),
    ("ok", &["surface", "ok-soft"]),
    ("warn", &["surface", "raised", "warn-soft", "accent-soft"]),
    ("bad", &["canvas", "surface", "raised", "sidebar", "bad-soft"]),
    ("info", &["surface", "info-soft"]),
    ("on-fill", &["accent-fill", "accent-fill-2", "bad-fill", "bad-fill-2"]),
    ("on-toast", &["toast"]),
];

/// Edges, meters and rings on their grounds.
const MARKS: &[(&str, &[&str])] = &[
    ("control", &["canvas", "surface", "raised", "surface-2"]),
    ("meter", &["surface", "surface-3"]),
    ("focus", &["canvas", "surface", "raised", "surface-2", "surface-3", "sidebar"]),
    ("ok", &["surface", "canvas"]),
    ("warn", &["surface", "warn-soft"]),
    ("bad", &["surface", "bad-soft"]),
    ("accent-fill", &["surface", "canvas"]),
];

fn too_faint(pairs: &[(&str, &[&str])], least: f64) -> Vec<String> {
    let tokens = tokens();
    let color = |name: &str| *tokens.get(name).unwrap_or_else(|| panic!("the stylesheet has no token --{name}"));
    let mut faint = Vec::new();
    for (front, grounds) in pairs {
        for ground in *grounds {
            let (front_pair, ground_pair) = (color(front), color(ground));
            for (theme, ratio) in [
                ("light", contrast(front_pair.0, ground_pair.0)),
                ("dark", contrast(front_pair.1, ground_pair.1)),
            ] {
                if ratio < least {
                    faint.push(format!("--{front} on --{ground}, {theme}: {ratio:.2}"));
                }
            }
        }
    }
    faint
}

#[test]
fn text_has_enough_contrast_in_both_themes() {
    assert_eq!(too_faint(TEXT, 4.5), Vec::<String>::new());
}

#[test]
fn edges_that_mean_something_have_enough_contrast_in_both_themes() {
    assert_eq!(too_faint(MARKS, 3.0), Vec::<String>::new());
}

#[test]
fn the_measure_is_the_one_of_the_guideline() {
    assert!((contrast([0.0; 3], [255.0; 3]) - 21.0).abs() < 1e-9);
    assert!((contrast([118.0, 118.0, 118.0], [255.0; 3]) - 4.54).abs() < 0.01);
    assert!(tokens().len() > 35, "the tokens were not read");
}
