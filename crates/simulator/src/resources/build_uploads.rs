//! Build uploads: a number is reserved, a binary comes in, Apple looks at it, and a build is there or a list of errors.
//!
//! A reservation is no build: it takes no number away, and nobody cleans it up. What became of a binary is decided when
//! its processing is due, so two reservations of one number are both taken, and the second binary fails.

use super::{Act, builds, webhooks};
use crate::api::Kind;
use crate::clock::store_date;
use crate::deliveries::{Finding, Findings, Processing, ProcessingIssue, Severity, Stage};
use crate::document::numbers;
use crate::entity::Entity;
use crate::refusal::Refusal;
use crate::team::{Object, Team};
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};

pub(super) fn create(act: &mut Act<'_>, entity: &Entity) -> Result<String, Refusal> {
    let app = act.related(entity, "app", Kind::Apps)?;
    for name in ["cfBundleShortVersionString", "cfBundleVersion"] {
        if !is_version(entity.text(name)) {
            let detail = format!("The attribute '{name}' is invalid: '{}'", entity.text(name));
            return Err(Refusal::attribute_invalid(name, detail));
        }
    }
    let train = Train {
        app: &app,
        platform: entity.text("platform"),
        version: entity.text("cfBundleShortVersionString"),
    };
    if let Some(previous) = train.last_number(act.team)
        && numbers(entity.text("cfBundleVersion")) <= numbers(&previous)
    {
        return Err(Refusal::build_number(&previous));
    }
    let id = act.entropy.uuid();
    let mut upload = act.object(Kind::BuildUploads, id.clone());
    for name in ["cfBundleShortVersionString", "cfBundleVersion", "platform"] {
        upload.set(name, entity.text(name));
    }
    upload.set("createdDate", store_date(act.now));
    upload.set("uploadedDate", Value::Null);
    upload.set("state", state("AWAITING_UPLOAD", &Findings::default()));
    upload.link("app", vec![app]);
    act.team.add(upload);
    Ok(id)
}

pub(super) fn delete(act: &mut Act<'_>, id: &str) -> Result<(), Refusal> {
    if is_in(act.team.get(Kind::BuildUploads, id), "PROCESSING") {
        return Err(Refusal::state("A build upload that is being processed can not be deleted."));
    }
    let files = act.team.all(Kind::BuildUploadFiles).iter();
    let files: Vec<_> = files
        .filter(|file| file.linked("buildUpload") == id)
        .map(|file| file.id.clone())
        .collect();
    for file in files {
        act.team.deliveries.binaries.remove(&file);
        act.team.remove(Kind::BuildUploadFiles, &file);
    }
    act.remove(Kind::BuildUploads, id);
    Ok(())
}

/// Whether an upload (or file) is in a state.
pub(super) fn is_in(upload: Option<&Object>, wanted: &str) -> bool {
    upload.is_some_and(|upload| upload.attributes["state"]["state"] == wanted)
}

/// Makes a build, VALID at once, as if Xcode had sent it: without a build upload. For the seed and for tests.
pub(crate) fn keep_build(act: &mut Act<'_>, app: &str, version: &str, number: &str) -> String {
    let id = act.entropy.uuid();
    let mut upload = act.object(Kind::BuildUploads, id);
    upload.set("cfBundleShortVersionString", version);
    upload.set("cfBundleVersion", number);
    upload.set("platform", "IOS");
    upload.set("uploadedDate", store_date(act.now));
    upload.link("app", vec![app.to_owned()]);
    let build = builds::create(act, &upload, &Findings::default(), act.now, "VALID");
    builds::finish(act, &build);
    build
}

/// The binary has been committed: Apple takes it and looks at it.
pub(super) fn take(act: &mut Act<'_>, upload: &str, processing: Processing) {
    if let Some(upload) = act.team.get_mut(Kind::BuildUploads, upload) {
        upload.set("uploadedDate", store_date(act.now));
        upload.set("state", state("PROCESSING", &Findings::default()));
    }
    act.team.deliveries.processing.push(processing);
    webhooks::tell_upload(act, upload, "AWAITING_UPLOAD", "PROCESSING", act.now);
}

/// Ends the processing of what is due.
pub(super) fn finish_due(act: &mut Act<'_>) {
    let due = |processing: &mut Processing| processing.due <= act.now;
    let mut due: Vec<_> = act.team.deliveries.processing.extract_if(.., due).collect();
    due.sort_by_key(|processing| processing.due);
    for processing in due {
        finish(act, processing);
    }
}

fn finish(act: &mut Act<'_>, processing: Processing) {
    let Processing {
        upload,
        file,
        due,
        issues,
        inspection,
    } = processing;
    let mut findings = inspection.join().unwrap_or_default();
    act.team.deliveries.binaries.remove(&file);
    let Some(object) = act.team.get(Kind::BuildUploads, &upload).cloned() else {
        return;
    };
    findings.errors.extend(broken_rules(act, &object));
    for issue in issues.iter().filter(|issue| issue.stage == Stage::Upload) {
        let finding = Finding {
            code: issue.code.clone(),
            description: issue.description.clone(),
        };
        match issue.severity {
            Severity::Error => findings.errors.push(finding),
            Severity::Warning => findings.warnings.push(finding),
        }
    }
    let word = if findings.errors.is_empty() { "COMPLETE" } else { "FAILED" };
    if let Some(file) = act.team.get_mut(Kind::BuildUploadFiles, &file) {
        let mut delivered = state(word, &findings);
        delivered.as_object_mut().map(|state| state.remove("infos"));
        file.set("assetDeliveryState", delivered);
    }
    if let Some(object) = act.team.get_mut(Kind::BuildUploads, &upload) {
        object.set("state", state(word, &findings));
    }
    if findings.errors.is_empty() {
        let is_invalid = |issue: &ProcessingIssue| issue.stage == Stage::Build && issue.severity == Severity::Error;
        let outcome = if issues.iter().any(is_invalid) { "INVALID" } else { "VALID" };
        builds::create(act, &object, &findings, due, outcome);
    }
    webhooks::tell_upload(act, &upload, "PROCESSING", word, due);
}

/// What the history of the app has against the binary (facts D1).
fn broken_rules(act: &Act<'_>, upload: &Object) -> Vec<Finding> {
    let mut errors = Vec::new();
    let mut refuse = |code: &str, description: String| {
        errors.push(Finding {
            code: code.to_owned(),
            description: format!("{description} ({code})"),
        });
    };
    let (app, version, number) = (
        upload.linked("app"),
        upload.text("cfBundleShortVersionString"),
        upload.text("cfBundleVersion"),
    );
    if let Some(approved) = act.team.deliveries.approved.get(app)
        && numbers(version) <= numbers(approved)
    {
        refuse(
            "90186",
            format!("Invalid pre-release train. The train version '{version}' is closed for new build submissions."),
        );
        refuse(
            "90062",
            format!(
                "The value [{version}] of the key CFBundleShortVersionString must be higher than that of the previously approved version [{approved}]."
            ),
        );
    }
    let train = Train {
        app,
        platform: upload.text("platform"),
        version,
    };
    let taken = train
        .builds(act.team)
        .any(|build| numbers(build.text("version")) == numbers(number));
    if taken {
        refuse(
            "90189",
            format!("Redundant binary upload. There is a build '{number}' of version '{version}' already."),
        );
    }
    if let Some(per_day) = act.team.deliveries.settings.per_day {
        let day_ago = store_date(act.now.saturating_sub(24.hours()).unwrap_or(act.now));
        let builds = act.team.all(Kind::Builds).iter();
        let today = builds.filter(|build| build.linked("app") == app && build.text("uploadedDate") > day_ago.as_str());
        if today.count() >= per_day as usize {
            refuse("90382", "Upload limit reached. Please wait 1 day and try again.".to_owned());
        }
    }
    errors
}

/// The builds of one version of an app on one platform.
struct Train<'a> {
    app: &'a str,
    platform: &'a str,
    version: &'a str,
}

impl Train<'_> {
    fn builds<'t>(&'t self, team: &'t Team) -> impl Iterator<Item = &'t Object> {
        team.all(Kind::Builds).iter().filter(|build| {
            let version = team.get(Kind::PreReleaseVersions, build.linked("preReleaseVersion"));
            build.linked("app") == self.app
                && version.is_some_and(|version| version.text("version") == self.version && version.text("platform") == self.platform)
        })
    }

    /// The highest number that is a build or is becoming one.
    fn last_number(&self, team: &Team) -> Option<String> {
        let coming = team.all(Kind::BuildUploads).iter().filter(|upload| {
            upload.linked("app") == self.app
                && upload.text("platform") == self.platform
                && upload.text("cfBundleShortVersionString") == self.version
                && is_in(Some(upload), "PROCESSING")
        });
        let there = self.builds(team).map(|build| build.text("version"));
        there
            .chain(coming.map(|upload| upload.text("cfBundleVersion")))
            .max_by_key(|number| numbers(number))
            .map(str::to_owned)
    }
}

fn state(word: &str, findings: &Findings) -> Value {
    let list = |findings: &[Finding]| -> Vec<Value> {
        let told = findings.iter();
        told.map(|finding| json!({ "code": finding.code, "description": finding.description }))
            .collect()
    };
    json!({ "errors": list(&findings.errors), "warnings": list(&findings.warnings), "infos": [], "state": word })
}

/// Up to four whole numbers with points between.
fn is_version(text: &str) -> bool {
    let parts: Vec<_> = text.split('.').collect();
    let is_number = |part: &&str| !part.is_empty() && part.len() < 19 && part.bytes().all(|byte| byte.is_ascii_digit());
    parts.len() <= 4 && parts.iter().all(is_number)
}

/// When something that takes `seconds` and begins at `now` is done.
pub(super) fn due(now: Timestamp, seconds: u32) -> Timestamp {
    now.saturating_add(i64::from(seconds).seconds()).unwrap_or(now)
}
