//! What an organization has set for an app at Apple, and the build numbers that it hands out for it.
//!
//! ```text
//! reserve:  app, builds, uploads at Apple ── their highest ─┐
//!                        the number reserved last, held ────┴─ the higher + 1, written down, answered
//! ```
//!
//! Apple is asked before the row is held, so jobs do not wait for each other's questions; each number is given once all the
//! same, because what was given before is read under the lock.
//!
//! The surprising thing: numbers that nobody used are not given again. A gap costs nothing, and Apple takes any number that
//! is higher than the last.

use crate::{
    App, Caller, Problem,
    builds::{app_at_apple, app_unknown, number},
    key_use::reading,
};
use apple::{BuildFilter, BuildUploadFilter, Error, Session};
use domain::{Action, ApiKeyId, AppSettings, Event, ExportCompliance, Feature, OrgId};

/// How many of an app's latest builds, and of its latest uploads, are looked at.
const LOOKED_AT: u8 = 200;
/// Longest bundle identifier that Apple takes, in characters.
const IDENTIFIER_CHARACTERS: usize = 155;

/// A build number for one build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReservedNumber {
    /// The number.
    pub build_number: String,
    /// The highest that Apple has; none where it has none.
    pub highest_at_apple: Option<String>,
}

impl App {
    /// What is set for an app.
    ///
    /// # Errors
    /// `not_found`, also for what no app can be called; `not_allowed`.
    pub async fn app_settings(&self, caller: &Caller, org: OrgId, identifier: &str) -> Result<AppSettings, Problem> {
        let permit = self.permit(caller, Action::SeeBinaries, org).await?;
        let identifier = bundle_identifier(identifier).map_err(|_| Problem::not_found())?;
        Ok(self.inner.store.read_for(&permit).await?.app_settings(&permit, identifier).await?)
    }

    /// Sets how builds of an app that do not answer the question of export compliance are answered, from the next build on.
    /// What is so already stays so, without a record.
    ///
    /// # Errors
    /// A problem at `identifier`; `not_found`, `not_allowed`.
    pub async fn set_export_compliance(
        &self,
        caller: &Caller,
        org: OrgId,
        identifier: &str,
        answer: ExportCompliance,
    ) -> Result<AppSettings, Problem> {
        let permit = self.permit(caller, Action::SetAppDefaults, org).await?;
        let identifier = bundle_identifier(identifier)?;
        let mut tx = self.begin_for(caller, &permit).await?;
        let present = tx.app_settings(&permit, identifier).await?;
        if present.export_compliance == answer {
            return Ok(present);
        }
        let now = self.now();
        let held = tx.lock_app_settings(&permit, identifier, now).await?;
        tx.set_export_compliance(&permit, identifier, answer, now).await?;
        let event = Event::ExportComplianceSet {
            identifier: identifier.to_owned(),
            answer,
        };
        self.record_done(&mut tx, caller, org, event).await?;
        tx.commit().await?;
        Ok(AppSettings {
            export_compliance: answer,
            changed_at: Some(now),
            ..held
        })
    }

    /// Gives a build number that nobody else in the organization is given: above those that Apple has of the app, and above
    /// those that were given before. With a version, of Apple's only those of this version count.
    ///
    /// # Errors
    /// A problem at `identifier`; `key_not_usable` before the call, `app_not_shared`, `app_unknown`; Apple's; `not_found`,
    /// `not_allowed`.
    pub async fn reserve_build_number(
        &self,
        caller: &Caller,
        org: OrgId,
        key: ApiKeyId,
        identifier: &str,
        version: Option<&str>,
    ) -> Result<ReservedNumber, Problem> {
        let permit = self.permit(caller, Action::SendBuild, org).await?;
        let identifier = bundle_identifier(identifier)?;
        let version = version.map(str::trim).filter(|text| !text.is_empty());
        self.refuse_beyond_apps(caller, &permit, key, identifier).await?;
        let (_, found) = self
            .use_key(caller, &permit, key, reading(Feature::UploadBinary), async |apple| {
                numbers_at_apple(apple, identifier, version).await
            })
            .await?;
        let Some(numbers) = found else {
            return Err(app_unknown(identifier));
        };
        let highest_at_apple = numbers.into_iter().max_by(|one, other| number::by_number(one, other));
        let now = self.now();
        let mut tx = self.begin_for(caller, &permit).await?;
        let held = tx.lock_app_settings(&permit, identifier, now).await?;
        let taken = [&highest_at_apple, &held.last_build_number].into_iter().flatten();
        let highest = taken.max_by(|one, other| number::by_number(one, other));
        let build_number = number::above(highest.map(String::as_str));
        tx.note_build_number(&permit, identifier, &build_number, now).await?;
        let event = Event::BuildNumberReserved {
            key,
            identifier: identifier.to_owned(),
            number: build_number.clone(),
        };
        self.record_done(&mut tx, caller, org, event).await?;
        tx.commit().await?;
        Ok(ReservedNumber {
            build_number,
            highest_at_apple,
        })
    }
}

/// The build numbers of the latest builds of an app, and of its latest uploads, from which no build came yet; none where the
/// key sees no such app. Three reads.
async fn numbers_at_apple(apple: &Session, identifier: &str, version: Option<&str>) -> Result<Option<Vec<String>>, Error> {
    let Some(app) = app_at_apple(apple, identifier).await? else {
        return Ok(None);
    };
    let versions: Vec<_> = version.into_iter().map(str::to_owned).collect();
    // Filters are hints.
    let is_wanted = |of: Option<&str>| version.is_none() || of.is_none() || of == version;
    let uploads = BuildUploadFilter {
        versions: versions.clone(),
        at_most: Some(LOOKED_AT),
        ..BuildUploadFilter::default()
    };
    let builds = BuildFilter {
        apps: vec![app.id.clone()],
        versions,
        at_most: Some(LOOKED_AT),
        ..BuildFilter::default()
    };
    let mut numbers = Vec::new();
    for build in apple.builds().list(&builds).await? {
        let of = build.version.as_ref().and_then(|version| version.attributes.version.as_deref());
        if is_wanted(of) {
            numbers.extend(build.build.attributes.version);
        }
    }
    for upload in apple.build_uploads().list(&app.id, &uploads).await? {
        let of = upload.upload.attributes;
        if is_wanted(of.version.as_deref()) {
            numbers.extend(of.build_number);
        }
    }
    Ok(Some(numbers))
}

/// A bundle identifier of one app, as Apple takes it: letters, digits, hyphens and periods.
fn bundle_identifier(text: &str) -> Result<&str, Problem> {
    let text = text.trim();
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    if text.is_empty() || text.len() > IDENTIFIER_CHARACTERS || !text.chars().all(fits) {
        return Err(Problem::field(
            "identifier_malformed",
            "identifier",
            "A bundle identifier has letters, digits, hyphens and periods, as com.example.app. Take it from Xcode or from the list of apps.",
        ));
    }
    Ok(text)
}
