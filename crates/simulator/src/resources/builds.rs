//! Builds: what became of a binary. They are made by processing only, expire after 90 days, and change in two things.

use super::{Act, build_uploads, overwrite};
use crate::api::Kind;
use crate::clock::store_date;
use crate::deliveries::Findings;
use crate::entity::Entity;
use crate::refusal::Refusal;
use crate::team::Object;
use jiff::{Timestamp, ToSpan};
use serde_json::Value;

/// How long a build can be tested, in hours: 90 days (facts F3).
const LIFE: i64 = 90 * 24;

/// The build of a processed upload, with its version and its beta details; its own processing ends in `outcome`.
pub(super) fn create(act: &mut Act<'_>, upload: &Object, findings: &Findings, at: Timestamp, outcome: &'static str) -> String {
    let app = upload.linked("app").to_owned();
    let version = pre_release_version(act, &app, upload.text("cfBundleShortVersionString"), upload.text("platform"));
    let id = act.entropy.uuid();
    let uploaded: Timestamp = upload.text("uploadedDate").parse().unwrap_or(at);
    let expires = uploaded.saturating_add(LIFE.hours()).unwrap_or(uploaded);
    let mut build = act.object(Kind::Builds, id.clone());
    build.set("version", upload.text("cfBundleVersion"));
    build.set("uploadedDate", store_date(uploaded));
    build.set("expirationDate", store_date(expires));
    build.set("expired", false);
    build.set("minOsVersion", findings.min_os.clone());
    build.set("processingState", "PROCESSING");
    build.set("buildAudienceType", "APP_STORE_ELIGIBLE");
    build.set("usesNonExemptEncryption", findings.uses_encryption);
    build.expires = Some(expires);
    build.link("app", vec![app]);
    build.link("preReleaseVersion", vec![version]);
    if act.team.get(Kind::BuildUploads, &upload.id).is_some() {
        build.link("buildUpload", vec![upload.id.clone()]);
    }
    act.team.add(build);

    let mut details = act.object(Kind::BuildBetaDetails, id.clone());
    details.set("autoNotifyEnabled", false);
    details.set("internalBuildState", "PROCESSING");
    details.set("externalBuildState", "PROCESSING");
    details.link("build", vec![id.clone()]);
    act.team.add(details);

    let app = act.team.get(Kind::Apps, upload.linked("app"));
    let locale = app.map_or("", |app| app.text("primaryLocale")).to_owned();
    let text_id = act.entropy.uuid();
    let mut text = act.object(Kind::BetaBuildLocalizations, text_id);
    text.set("locale", if locale.is_empty() { "en-US" } else { &locale });
    text.link("build", vec![id.clone()]);
    act.team.add(text);

    let done = build_uploads::due(at, act.team.deliveries.settings.build_processing_seconds);
    act.team.deliveries.building.push((id.clone(), done, outcome));
    id
}

fn pre_release_version(act: &mut Act<'_>, app: &str, version: &str, platform: &str) -> String {
    let known = act
        .team
        .all(Kind::PreReleaseVersions)
        .iter()
        .find(|known| known.linked("app") == app && known.text("version") == version && known.text("platform") == platform);
    if let Some(known) = known {
        return known.id.clone();
    }
    let id = act.entropy.uuid();
    let mut object = act.object(Kind::PreReleaseVersions, id.clone());
    object.set("version", version);
    object.set("platform", platform);
    object.link("app", vec![app.to_owned()]);
    act.team.add(object);
    id
}

/// Ends the processing of one build now.
pub(super) fn finish(act: &mut Act<'_>, id: &str) {
    for (waiting, due, _) in &mut act.team.deliveries.building {
        if waiting == id {
            *due = act.now;
        }
    }
    pass_time(act);
}

/// Ends the processing of builds and their lives, where it is time.
pub(super) fn pass_time(act: &mut Act<'_>) {
    let now = act.now;
    let due: Vec<_> = act.team.deliveries.building.extract_if(.., |(_, due, _)| *due <= now).collect();
    for (id, _, outcome) in due {
        if let Some(build) = act.team.get_mut(Kind::Builds, &id) {
            build.set("processingState", outcome);
        }
    }
    let ends = |build: &Object| build.has_expired(now) && !build.flag("expired");
    if act.team.all(Kind::Builds).iter().any(ends) {
        for build in act.team.all_mut(Kind::Builds).iter_mut().filter(|build| ends(build)) {
            build.set("expired", true);
        }
    }
}

pub(super) fn update(act: &mut Act<'_>, id: &str, entity: &Entity) -> Result<(), Refusal> {
    if !entity.ids("appEncryptionDeclaration").is_empty() {
        return Err(Refusal::not_simulated("PATCH builds with an appEncryptionDeclaration"));
    }
    let Some(build) = act.team.get(Kind::Builds, id) else {
        return Ok(());
    };
    let answers = entity.attributes.get("usesNonExemptEncryption").is_some_and(Value::is_boolean);
    if answers && build.attributes["usesNonExemptEncryption"].is_boolean() {
        return Err(Refusal::already_set("usesNonExemptEncryption"));
    }
    if build.flag("expired") && entity.attributes.get("expired") == Some(&Value::Bool(false)) {
        return Err(Refusal::already_set("expired"));
    }
    overwrite(act, Kind::Builds, id, entity);
    Ok(())
}
