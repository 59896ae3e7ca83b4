//! The words that templates are written with: `{{ "key"|icon }}`, `{{ at|past(now) }}`, `{{ key.health|health }}`.
//!
//! Each answers markup whose own parts are escaped here, so that a template never has to say that something is
//! safe. Nothing else in the console may write markup from Rust, but the two pictures in [`super::pictures`].

#![expect(unreachable_pub, reason = "the attribute of filters writes a public method for each")]

use super::{
    assets::asset_url,
    parts::{Mark, Tone},
    pictures, when,
};
use app::keys::DayMark;
use askama::{Values, filters::Safe};
use domain::{
    KeyHealth,
    feature::{Declared, LastResult, Probed},
};
use jiff::Timestamp;
use std::{fmt::Display, sync::LazyLock};

static SPRITE: LazyLock<String> = LazyLock::new(|| asset_url("sprite.svg"));

fn symbol(name: &str) -> String {
    format!(r##"<svg class="i" aria-hidden="true"><use href="{}#{name}"/></svg>"##, *SPRITE)
}

fn escaped(text: &str) -> String {
    askama::filters::escape(text, askama::filters::Html)
        .map(|safe| safe.to_string())
        .unwrap_or_default()
}

fn state(tone: Tone, icon: &str, word: &str) -> Safe<String> {
    Safe(format!(
        r#"<span class="state {}">{}{}</span>"#,
        tone.class(),
        symbol(icon),
        escaped(word)
    ))
}

/// A symbol of the sprite. The names are those of `assets/sprite.svg`.
#[askama::filter_fn]
pub(crate) fn icon(name: impl Display, _: &dyn Values) -> askama::Result<Safe<String>> {
    Ok(Safe(symbol(&name.to_string())))
}

/// The address of an asset.
#[askama::filter_fn]
pub(crate) fn asset(name: impl Display, _: &dyn Values) -> askama::Result<String> {
    Ok(asset_url(&name.to_string()))
}

/// "4 min ago", for what happened.
#[askama::filter_fn]
pub(crate) fn past(at: &Timestamp, _: &dyn Values, now: &Timestamp) -> askama::Result<Safe<String>> {
    Ok(Safe(when::Time::new(*at, when::past(*at, *now)).to_string()))
}

/// "6 Dec 2026".
#[askama::filter_fn]
pub(crate) fn date(at: &Timestamp, _: &dyn Values) -> askama::Result<Safe<String>> {
    Ok(Safe(when::Time::new(*at, when::date(*at)).to_string()))
}

/// "6 Dec 2026, 14:08 UTC".
#[askama::filter_fn]
pub(crate) fn moment(at: &Timestamp, _: &dyn Values) -> askama::Result<Safe<String>> {
    Ok(Safe(when::Time::new(*at, when::moment(*at)).to_string()))
}

/// "14:32", where the day is told beside it.
#[askama::filter_fn]
pub(crate) fn clock(at: &Timestamp, _: &dyn Values) -> askama::Result<Safe<String>> {
    Ok(Safe(when::Time::new(*at, at.strftime("%H:%M").to_string()).to_string()))
}

/// Date first, the distance under it, amber or crimson when it is time.
#[askama::filter_fn]
pub(crate) fn expiry(at: &Timestamp, _: &dyn Values, now: &Timestamp) -> askama::Result<Safe<String>> {
    let time = when::Time::new(*at, when::date(*at));
    let class = when::urgency(*at, *now).class();
    Ok(Safe(format!(
        r#"{time} <span class="sub {class}">{}</span>"#,
        when::distance(*at, *now)
    )))
}

/// The distance to an end alone, colored.
#[askama::filter_fn]
pub(crate) fn distance(at: &Timestamp, _: &dyn Values, now: &Timestamp) -> askama::Result<Safe<String>> {
    let class = when::urgency(*at, *now).class();
    Ok(Safe(format!(r#"<span class="{class}">{}</span>"#, when::distance(*at, *now))))
}

/// Shape and word of any state.
#[askama::filter_fn]
pub(crate) fn mark(of: impl std::borrow::Borrow<Mark>, _: &dyn Values) -> askama::Result<Safe<String>> {
    let of = of.borrow();
    Ok(state(of.tone, of.icon, &of.word))
}

/// Shape and word of a key's health.
#[askama::filter_fn]
pub(crate) fn health(of: &KeyHealth, _: &dyn Values) -> askama::Result<Safe<String>> {
    let mark = Mark::health(of);
    Ok(state(mark.tone, mark.icon, &mark.word))
}

/// The declared column.
#[askama::filter_fn]
pub(crate) fn declared(of: &Declared, _: &dyn Values) -> askama::Result<Safe<String>> {
    let (tone, icon, word, note) = match of {
        Declared::Yes(note) => (Tone::Ok, "check", "Yes", *note),
        // With a note, the noted part is let through.
        Declared::No(Some(note)) => (Tone::Off, "half", "Partly", Some(*note)),
        Declared::No(None) => (Tone::Off, "no", "No", None),
        Declared::Unknown => (Tone::Off, "never", "Unknown", None),
        Declared::NotWithThisKind => (Tone::Off, "no", "Not with this kind", None),
    };
    let note = note
        .map(|limit| format!(r#"<span class="sub">{}</span>"#, limit.title()))
        .unwrap_or_default();
    Ok(Safe(format!("{}{note}", state(tone, icon, word).0)))
}

/// The probed column: state, then when, Apple's code in the state.
#[askama::filter_fn]
pub(crate) fn probed(of: &Probed, _: &dyn Values, now: &Timestamp) -> askama::Result<Safe<String>> {
    let sub = |at: &Timestamp, why: &str| {
        let time = when::Time::new(*at, when::past(*at, *now));
        let why = if why.is_empty() {
            String::new()
        } else {
            format!("{}, ", escaped(why))
        };
        format!(r#"<span class="sub">{why}{time}</span>"#)
    };
    Ok(Safe(match of {
        Probed::Never => state(Tone::Off, "never", "Never asked").0,
        Probed::Readable { at } => state(Tone::Ok, "ok", "Readable").0 + &sub(at, ""),
        Probed::Refused { at, code } => state(Tone::Bad, "bad", "Refused 403").0 + &sub(at, code),
        Probed::NotProbeable { at, why } => state(Tone::Off, "never", "Nothing to ask").0 + &sub(at, why),
        Probed::Failed { at, why } => state(Tone::Warn, "warn", "No answer").0 + &sub(at, why),
    }))
}

/// The last-result column.
#[askama::filter_fn]
pub(crate) fn last_result(of: &Option<LastResult>, _: &dyn Values, now: &Timestamp) -> askama::Result<Safe<String>> {
    let Some(last) = of else {
        return Ok(state(Tone::Off, "never", "Never tried"));
    };
    let head = match &last.refusal {
        None => state(Tone::Ok, "ok", "Done").0,
        Some(refusal) => state(Tone::Bad, "bad", &format!("Refused {}", refusal.status)).0,
    };
    let time = when::Time::new(last.at, when::past(last.at, *now));
    Ok(Safe(format!(
        r#"{head}<span class="sub">{}, {time}</span>"#,
        escaped(&last.need.to_string())
    )))
}

/// The strip of the last 14 daily checks.
#[askama::filter_fn]
pub(crate) fn strip(days: &[DayMark], _: &dyn Values) -> askama::Result<Safe<String>> {
    Ok(Safe(pictures::strip(days)))
}

/// "7A1F…C09E": an id shortened in the middle; short ones stay whole.
#[askama::filter_fn]
pub(crate) fn middle(text: impl Display, _: &dyn Values) -> askama::Result<String> {
    let text = text.to_string();
    let count = text.chars().count();
    if count <= 12 {
        return Ok(text);
    }
    let head: String = text.chars().take(4).collect();
    let tail: String = text.chars().skip(count - 4).collect();
    Ok(format!("{head}…{tail}"))
}

/// "18,204".
#[askama::filter_fn]
pub(crate) fn grouped(number: impl Display, _: &dyn Values) -> askama::Result<String> {
    Ok(digits_grouped(number))
}

/// See [`grouped`].
#[must_use]
pub(crate) fn digits_grouped(number: impl Display) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// "1 key", "6 keys": the number with its noun, the plural by an s.
#[askama::filter_fn]
pub(crate) fn of_these(number: impl std::borrow::Borrow<usize>, _: &dyn Values, noun: &str) -> askama::Result<String> {
    let number = *number.borrow();
    Ok(if number == 1 {
        format!("1 {noun}")
    } else {
        format!("{} {noun}s", digits_grouped(number))
    })
}

/// Up to two letters for an avatar.
#[askama::filter_fn]
pub(crate) fn initials(name: impl Display, _: &dyn Values) -> askama::Result<String> {
    let name = name.to_string();
    Ok(name
        .split_whitespace()
        .filter_map(|word| word.chars().next())
        .take(2)
        .collect::<String>()
        .to_uppercase())
}

/// "Team", "Individual", "Enterprise".
#[askama::filter_fn]
pub(crate) fn kind_word(kind: &domain::KeyKind, _: &dyn Values) -> askama::Result<&'static str> {
    Ok(match kind {
        domain::KeyKind::Team => "Team",
        domain::KeyKind::Individual => "Individual",
        domain::KeyKind::Enterprise => "Enterprise",
    })
}

/// "Admin, Developer".
#[askama::filter_fn]
pub(crate) fn roles(roles: &std::collections::BTreeSet<domain::AppleRole>, _: &dyn Values) -> askama::Result<String> {
    Ok(roles.iter().map(|role| role.title()).collect::<Vec<_>>().join(", "))
}

/// A symbol in the color of a tone.
#[askama::filter_fn]
pub(crate) fn icon_toned(name: impl Display, _: &dyn Values, tone: &str) -> askama::Result<Safe<String>> {
    Ok(Safe(symbol(&name.to_string()).replacen(
        r#"class="i""#,
        &format!(r#"class="i {tone}""#),
        1,
    )))
}

/// Whether a private key is here.
#[askama::filter_fn]
pub(crate) fn key_held(held: &bool, _: &dyn Values) -> askama::Result<Safe<String>> {
    Ok(if *held {
        state(Tone::Ok, "key", "Held")
    } else {
        state(Tone::Warn, "warn", "No key here")
    })
}

/// "Created", "Fetched", "Uploaded".
#[askama::filter_fn]
pub(crate) fn origin_word(origin: &domain::ItemOrigin, _: &dyn Values) -> askama::Result<&'static str> {
    Ok(match origin {
        domain::ItemOrigin::Created => "Created",
        domain::ItemOrigin::Fetched => "Fetched",
        domain::ItemOrigin::Uploaded => "Uploaded",
    })
}

/// Apple's constants as people read them: `IOS_APP_STORE` becomes "iOS App Store".
#[must_use]
pub(crate) fn apples_word(constant: &str) -> String {
    let word = |part: &str| match part {
        "IOS" => "iOS".to_owned(),
        "IPHONE" => "iPhone".to_owned(),
        "IPAD" => "iPad".to_owned(),
        "IPOD" => "iPod".to_owned(),
        "MAC" => "Mac".to_owned(),
        "TVOS" => "tvOS".to_owned(),
        "INHOUSE" => "In-house".to_owned(),
        "ADHOC" => "Ad Hoc".to_owned(),
        "NFC" | "HLS" | "ID" | "VPN" | "API" | "TV" => part.to_owned(),
        "ICLOUD" => "iCloud".to_owned(),
        _ => {
            let mut letters = part.chars();
            letters
                .next()
                .map(|first| first.to_string() + &letters.as_str().to_lowercase())
                .unwrap_or_default()
        }
    };
    if constant == "MAC_OS" {
        return "macOS".to_owned();
    }
    constant.split('_').map(word).collect::<Vec<_>>().join(" ")
}

/// See [`apples_word`].
#[askama::filter_fn]
pub(crate) fn apple_word(constant: impl Display, _: &dyn Values) -> askama::Result<String> {
    Ok(apples_word(&constant.to_string()))
}

/// The state of a device.
#[askama::filter_fn]
pub(crate) fn device_state(status: impl Display, _: &dyn Values) -> askama::Result<Safe<String>> {
    let status = status.to_string();
    Ok(match status.as_str() {
        "ENABLED" => state(Tone::Ok, "ok", "Enabled"),
        "DISABLED" => state(Tone::Off, "no", "Disabled"),
        other => state(Tone::Off, "never", &apples_word(other)),
    })
}

/// The outcome of a record.
#[askama::filter_fn]
pub(crate) fn outcome_mark(outcome: &domain::Outcome, _: &dyn Values) -> askama::Result<Safe<String>> {
    let mark = Mark::outcome(*outcome);
    Ok(state(mark.tone, mark.icon, &mark.word))
}

/// With a capital first letter.
#[askama::filter_fn]
pub(crate) fn capital(text: impl Display, _: &dyn Values) -> askama::Result<String> {
    let text = text.to_string();
    let mut letters = text.chars();
    Ok(letters
        .next()
        .map(|first| first.to_uppercase().collect::<String>() + letters.as_str())
        .unwrap_or_default())
}

/// The first sentence, where there is room for one line only; the whole stands on the item's page.
#[askama::filter_fn]
pub fn first_sentence(text: impl Display, _: &dyn Values) -> askama::Result<String> {
    let text = text.to_string();
    Ok(text.split_once(". ").map_or(text.clone(), |(first, _)| format!("{first}.")))
}

/// "AB:CD:EF" of "ABCDEF".
#[askama::filter_fn]
pub(crate) fn hex_pairs(text: impl Display, _: &dyn Values) -> askama::Result<String> {
    let text = text.to_string();
    Ok(text
        .as_bytes()
        .chunks(2)
        .map(|pair| String::from_utf8_lossy(pair).into_owned())
        .collect::<Vec<_>>()
        .join(":"))
}

/// "Firefox on macOS" out of a browser's own description; what is not known stays as it is, shortened.
#[askama::filter_fn]
pub(crate) fn browser(agent: impl Display, _: &dyn Values) -> askama::Result<String> {
    let agent = agent.to_string();
    let named = |list: &[(&str, &'static str)]| list.iter().find(|(sign, _)| agent.contains(sign)).map(|(_, name)| *name);
    let browser = named(&[
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ]);
    let system = named(&[
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Mac OS X", "macOS"),
        ("Windows", "Windows"),
        ("Linux", "Linux"),
    ]);
    Ok(match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(browser), None) => browser.to_owned(),
        _ => agent.chars().take(60).collect(),
    })
}
