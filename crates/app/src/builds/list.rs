//! Apps and builds as Apple lists them.

use crate::{App, Caller, Problem, key_use::reading, problem::Kind};
use apple::{AppFilter, BuildDetail, BuildFilter, ExternalBetaState, InternalBetaState, ProcessingState, Session};
use domain::{Action, ApiKeyId, Feature, OrgId};
use jiff::Timestamp;

/// How many builds are shown, the newest.
const MOST: u8 = 200;

/// An app at Apple.
#[derive(Debug, Clone)]
pub struct AppleApp {
    /// Apple's id.
    pub id: String,
    /// Its name in the store.
    pub name: String,
    /// Bundle identifier.
    pub identifier: String,
    /// The SKU that the team chose.
    pub sku: Option<String>,
    /// Its first language.
    pub primary_locale: Option<String>,
}

/// A build at Apple.
#[derive(Debug, Clone)]
pub struct AppleBuild {
    /// Apple's id.
    pub id: String,
    /// Version.
    pub version: Option<String>,
    /// Build number.
    pub build_number: String,
    /// Apple's platform.
    pub platform: Option<String>,
    /// Apple's state of its processing.
    pub processing: String,
    /// Apple's state for testers of the team.
    pub internal: Option<String>,
    /// Apple's state for other testers.
    pub external: Option<String>,
    /// Where it stands, in words.
    pub state: &'static str,
    /// What was answered about export compliance.
    pub uses_non_exempt_encryption: Option<bool>,
    /// The oldest system that it runs on.
    pub minimum_os: Option<String>,
    /// When it was uploaded.
    pub uploaded_at: Option<Timestamp>,
    /// When it ends for testers.
    pub expires_at: Option<Timestamp>,
    /// Whether it has ended.
    pub expired: bool,
}

impl AppleApp {
    /// None for one without a bundle identifier.
    pub(crate) fn of(app: apple::App) -> Option<Self> {
        let identifier = app.attributes.bundle_id?;
        Some(Self {
            id: app.id,
            name: app.attributes.name.unwrap_or_else(|| identifier.clone()),
            identifier,
            sku: app.attributes.sku,
            primary_locale: app.attributes.primary_locale,
        })
    }
}

impl App {
    /// The apps that a key sees, by name. Of a key that is lent for some, those.
    ///
    /// # Errors
    /// `key_not_usable` before the call; what Apple answers; `not_found`, `not_allowed`.
    pub async fn apps(&self, caller: &Caller, org: OrgId, key: ApiKeyId) -> Result<Vec<AppleApp>, Problem> {
        let permit = self.permit(caller, Action::SeeBinaries, org).await?;
        let (used, listed) = self
            .use_key(caller, &permit, key, reading(Feature::UploadBinary), async |apple| {
                apple.apps().list(&AppFilter::default()).await
            })
            .await?;
        let limits = used.permit.limits();
        let mut apps: Vec<_> = listed
            .into_iter()
            .filter_map(AppleApp::of)
            .filter(|app| limits.is_none_or(|limits| limits.takes_in(&app.identifier)))
            .collect();
        apps.sort_by(|one, other| (one.name.to_lowercase(), &one.id).cmp(&(other.name.to_lowercase(), &other.id)));
        Ok(apps)
    }

    /// The builds of an app, newest first, at most 200.
    ///
    /// # Errors
    /// As [`App::apps`]; `app_unknown`, `app_not_shared`.
    pub async fn builds(&self, caller: &Caller, org: OrgId, key: ApiKeyId, identifier: &str) -> Result<Vec<AppleBuild>, Problem> {
        let permit = self.permit(caller, Action::SeeBinaries, org).await?;
        self.refuse_beyond_apps(caller, &permit, key, identifier).await?;
        let (_, found) = self
            .use_key(caller, &permit, key, reading(Feature::UploadBinary), async |apple| {
                let Some(app) = app_at_apple(apple, identifier).await? else {
                    return Ok(None);
                };
                let filter = BuildFilter {
                    apps: vec![app.id],
                    at_most: Some(MOST),
                    ..BuildFilter::default()
                };
                Ok(Some(apple.builds().list(&filter).await?))
            })
            .await?;
        let Some(builds) = found else {
            return Err(app_unknown(identifier));
        };
        Ok(builds.into_iter().map(AppleBuild::of).collect())
    }
}

/// The app with this bundle identifier that a key sees; none where it sees none.
pub(crate) async fn app_at_apple(session: &Session, identifier: &str) -> Result<Option<apple::App>, apple::Error> {
    let filter = AppFilter {
        bundle_ids: vec![identifier.to_owned()],
        ..AppFilter::default()
    };
    let apps = session.apps().list(&filter).await?;
    // Filters are hints.
    Ok(apps.into_iter().find(|app| app.attributes.bundle_id.as_deref() == Some(identifier)))
}

/// The refusal where it sees none.
pub(crate) fn app_unknown(identifier: &str) -> Problem {
    Problem::new(
        Kind::NotFound,
        "app_unknown",
        format!("This key sees no app with the bundle ID {identifier} in App Store Connect. The list of apps shows those that it sees."),
    )
}

impl AppleBuild {
    pub(crate) fn of(detail: BuildDetail) -> Self {
        let state = words(&detail);
        let build = detail.build.attributes;
        let beta = detail.beta.map(|beta| beta.attributes);
        let version = detail.version.map(|version| version.attributes);
        AppleBuild {
            id: detail.build.id,
            version: version.as_ref().and_then(|version| version.version.clone()),
            build_number: build.version.unwrap_or_default(),
            platform: version
                .and_then(|version| version.platform)
                .map(|platform| platform.as_str().to_owned()),
            processing: build.processing_state.map(|state| state.as_str().to_owned()).unwrap_or_default(),
            internal: beta
                .as_ref()
                .and_then(|beta| Some(beta.internal_build_state.as_ref()?.as_str().to_owned())),
            external: beta
                .as_ref()
                .and_then(|beta| Some(beta.external_build_state.as_ref()?.as_str().to_owned())),
            state,
            uses_non_exempt_encryption: build.uses_non_exempt_encryption,
            minimum_os: build.min_os_version,
            uploaded_at: build.uploaded_date,
            expires_at: build.expiration_date,
            expired: build.expired.unwrap_or_default(),
        }
    }
}

/// Where a build stands. What keeps it from all testers comes first, then what keeps it from external ones.
fn words(detail: &BuildDetail) -> &'static str {
    let build = &detail.build.attributes;
    let beta = detail.beta.as_ref().map(|beta| &beta.attributes);
    let internal = beta.and_then(|beta| beta.internal_build_state.as_ref());
    let external = beta.and_then(|beta| beta.external_build_state.as_ref());
    match (&build.processing_state, internal, external) {
        _ if build.expired == Some(true) => "Expired",
        (Some(ProcessingState::Processing), _, _) => "Processing at Apple",
        (Some(ProcessingState::Invalid | ProcessingState::Failed), _, _) => "Refused by Apple",
        (_, Some(InternalBetaState::Expired), _) => "Expired",
        (_, Some(InternalBetaState::Processing), _) => "Processing at Apple",
        (_, Some(InternalBetaState::ProcessingException), _) => "Processing broke down at Apple",
        (_, Some(InternalBetaState::MissingExportCompliance), _) => "Waits for the answer about export compliance",
        (_, Some(InternalBetaState::InExportComplianceReview), _) => "In export compliance review",
        (_, _, Some(ExternalBetaState::InBetaTesting)) => "In beta testing",
        (_, _, Some(ExternalBetaState::WaitingForBetaReview)) => "Waits for beta review",
        (_, _, Some(ExternalBetaState::InBetaReview)) => "In beta review",
        (_, _, Some(ExternalBetaState::BetaRejected)) => "Refused in beta review",
        (_, _, Some(ExternalBetaState::BetaApproved)) => "Approved in beta review",
        (_, Some(InternalBetaState::InBetaTesting), _) => "In beta testing, internal testers",
        (_, Some(InternalBetaState::ReadyForBetaTesting), _) => "Ready for testers",
        _ => "Taken in by Apple",
    }
}
