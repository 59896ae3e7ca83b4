//! What testers read: "What to Test" of a build, the description of an app, one text per language.

use super::{Act, overwrite};
use crate::api::Kind;
use crate::entity::Entity;
use crate::refusal::Refusal;
use serde_json::{Map, Value};

/// The longest text, in characters.
const LONGEST: usize = 4000;

pub(super) fn create_for_app(act: &mut Act<'_>, entity: &Entity) -> Result<String, Refusal> {
    create(act, entity, Kind::BetaAppLocalizations, "app", Kind::Apps)
}

pub(super) fn create_for_build(act: &mut Act<'_>, entity: &Entity) -> Result<String, Refusal> {
    create(act, entity, Kind::BetaBuildLocalizations, "build", Kind::Builds)
}

fn create(act: &mut Act<'_>, entity: &Entity, kind: Kind, owner: &'static str, owner_kind: Kind) -> Result<String, Refusal> {
    let owned_by = act.related(entity, owner, owner_kind)?;
    let locale = entity.text("locale");
    if !is_locale(locale) {
        let detail = format!("The attribute 'locale' is invalid: '{locale}'");
        return Err(Refusal::attribute_invalid("locale", detail));
    }
    check_texts(&entity.attributes)?;
    let mut known = act.team.all(kind).iter();
    if known.any(|known| known.linked(owner) == owned_by && known.text("locale") == locale) {
        let detail = format!("There is a localization for '{locale}' already.");
        return Err(Refusal::duplicate("locale", detail));
    }
    let id = act.entropy.uuid();
    let mut text = act.object(kind, id.clone());
    for (name, value) in entity.attributes.iter().filter(|(_, value)| !value.is_null()) {
        text.set(name, value.clone());
    }
    text.link(owner, vec![owned_by]);
    act.team.add(text);
    Ok(id)
}

pub(super) fn update(act: &mut Act<'_>, kind: Kind, id: &str, entity: &Entity) -> Result<(), Refusal> {
    check_texts(&entity.attributes)?;
    overwrite(act, kind, id, entity);
    Ok(())
}

/// The primary language stays.
pub(super) fn delete(act: &mut Act<'_>, kind: Kind, id: &str) -> Result<(), Refusal> {
    let is_primary = act.team.get(kind, id).is_some_and(|text| {
        let app = match kind {
            Kind::BetaAppLocalizations => text.linked("app"),
            _ => act
                .team
                .get(Kind::Builds, text.linked("build"))
                .map_or("", |build| build.linked("app")),
        };
        let app = act.team.get(Kind::Apps, app);
        app.is_some_and(|app| app.text("primaryLocale") == text.text("locale"))
    });
    if is_primary {
        return Err(Refusal::state("The localization of the primary language can not be deleted."));
    }
    act.remove(kind, id);
    Ok(())
}

fn check_texts(given: &Map<String, Value>) -> Result<(), Refusal> {
    for name in ["whatsNew", "description"] {
        let Some(text) = given.get(name).and_then(Value::as_str) else {
            continue;
        };
        if text.chars().any(is_emoji) {
            let detail = format!("Text for {name} contains invalid characters");
            return Err(Refusal::attribute_invalid(name, detail));
        }
        if text.chars().count() > LONGEST {
            let detail = format!("The attribute '{name}' is longer than {LONGEST} characters.");
            return Err(Refusal::attribute_invalid(name, detail));
        }
    }
    Ok(())
}

/// The planes and blocks that emoji live in; Apple's own list is not known.
fn is_emoji(letter: char) -> bool {
    matches!(u32::from(letter), 0x1F000..=0x1FAFF | 0x2600..=0x27BF | 0xFE0F)
}

/// A language with at most a script and a region: `de`, `en-US`, `zh-Hans`.
fn is_locale(text: &str) -> bool {
    let parts: Vec<_> = text.split('-').collect();
    let is_word = |part: &&str| (2..=4).contains(&part.len()) && part.chars().all(|letter| letter.is_ascii_alphabetic());
    parts.len() <= 3 && parts.iter().all(is_word)
}
