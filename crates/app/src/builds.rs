//! Builds: a binary is sent to Apple and becomes one.
//!
//! ```text
//! look: the file, the app at Apple, its builds ── what would be refused is said ── plan (builds/plan.rs), steps (builds/calls.rs)
//! ```
//!
//! Whatever can be known to be refused is refused here, before anything leaves: Apple tells it an hour later.

mod calls;
mod compliance;
mod list;
pub(crate) mod number;
mod plan;
mod words;

pub use list::{AppleApp, AppleBuild};

pub(crate) use list::{app_at_apple, app_unknown};

pub(crate) use calls::{Committing, ReservingFile, ReservingUpload, SendingParts};
pub(crate) use compliance::Answering;

use crate::{
    App, Caller, Problem,
    binaries::{Finding, Severity},
    operations::{OperationView, app_not_shared},
    problem::Kind,
};
use apple::{AppPlatform, BuildFilter, Session};
use domain::{Action, ApiKeyId, BinaryId, BinaryKind, HeldBinary, Need, Operation, OperationId, OrgId, Permit, operation::BuildToSend};
use number::by_number;
use std::{cmp::Ordering, time::Duration};

/// How many of an app's latest builds are looked at for a number that was used.
const BUILDS_LOOKED_AT: u8 = 200;

/// A binary that somebody wants to send.
#[derive(Debug, Clone, Default)]
pub struct NewBuild {
    /// Of which app, for a file that is not looked into.
    pub identifier: Option<String>,
    /// Its version, likewise.
    pub version: Option<String>,
    /// Its build number, likewise.
    pub build_number: Option<String>,
    /// Whether it is sent although something was found that Apple refuses.
    pub anyway: bool,
}

/// What is known before a binary is sent.
#[derive(Debug, Clone)]
pub struct Checked {
    /// The app at Apple: its id and its name; none where Apple has no such app.
    pub app: Option<(String, String)>,
    /// What was found, the worst first.
    pub findings: Vec<Finding>,
    what: What,
    binary: HeldBinary,
}

/// How far the sending of a build came.
#[derive(Debug, Clone)]
pub struct Sending {
    /// The act.
    pub view: OperationView,
    /// How many bytes of the file have arrived at Apple.
    pub arrived: u64,
    /// What it waits for, in words; none when it is over.
    pub waits_for: Option<&'static str>,
}

/// What a build is, as Apple names it.
#[derive(Debug, Clone)]
struct What {
    identifier: String,
    version: String,
    build_number: String,
    platform: String,
}

impl App {
    /// Looks whether a binary can be sent with a key: at the file, at the app and at its builds at Apple.
    ///
    /// # Errors
    /// Problems at `identifier`, `version` and `build_number` for a file that is not looked into; `key_not_usable`;
    /// `app_not_shared`; Apple's; `not_found`, `not_allowed`.
    pub async fn check_build(
        &self,
        caller: &Caller,
        org: OrgId,
        key: ApiKeyId,
        binary: BinaryId,
        new: &NewBuild,
    ) -> Result<Checked, Problem> {
        let permit = self.permit(caller, Action::SendBuild, org).await?;
        let binary = self.inner.store.read_for(&permit).await?.binary(&permit, binary).await?;
        let what = What::of(&binary, new)?;
        let mut findings = self.findings(&binary).await?;
        let looked = what.clone();
        self.refuse_beyond_apps(caller, &permit, key, &what.identifier).await?;
        let (_, (app, found)) = self
            .use_key(caller, &permit, key, Need::UploadBuild, async |session: &Session| {
                looked.at_apple(session).await
            })
            .await?;
        findings.extend(found);
        findings.sort_by_key(|finding| finding.severity);
        Ok(Checked {
            app,
            findings,
            what,
            binary,
        })
    }

    /// Refuses an app that a lent key is not shared for, before Apple is asked about it.
    pub(crate) async fn refuse_beyond_apps(
        &self,
        caller: &Caller,
        permit: &Permit,
        key: ApiKeyId,
        identifier: &str,
    ) -> Result<(), Problem> {
        let need = Need::UploadBuild;
        let keys = self
            .inner
            .store
            .read_for(permit)
            .await?
            .keys_to_use(permit, need.feature(), self.now())
            .await?;
        let Some(used) = keys.iter().find(|used| used.key.id == key) else {
            return Ok(());
        };
        match used.permit.limits() {
            Some(limits) if !limits.takes_in(identifier) => {
                let problem = app_not_shared(used, identifier);
                Err(self.record_beyond_share(caller, permit, problem).await)
            }
            _ => Ok(()),
        }
    }

    /// Sends a binary to Apple: begins the act, which goes on by itself. Where the same goes on already, that is answered.
    ///
    /// # Errors
    /// As [`App::check_build`]; `apple_would_refuse` with what was found; `another_is_running` for the same build.
    pub async fn send_build(
        &self,
        caller: &Caller,
        org: OrgId,
        key: ApiKeyId,
        binary: BinaryId,
        new: &NewBuild,
    ) -> Result<Operation, Problem> {
        if let Some(running) = self.same_sending(caller, org, key, binary).await? {
            return Ok(running);
        }
        let checked = self.check_build(caller, org, key, binary, new).await?;
        let (what, binary) = (checked.what, checked.binary);
        let refused: Vec<_> = checked
            .findings
            .iter()
            .filter(|found| found.severity == Severity::Refused)
            .collect();
        // Without an app there is nothing to send it to, whatever anybody wishes.
        let Some((app, _)) = checked.app.filter(|_| refused.is_empty() || new.anyway) else {
            let told: Vec<_> = refused.iter().map(|found| found.message.as_str()).collect();
            let problem = Problem::new(
                Kind::Conflict,
                "apple_would_refuse",
                format!("Nothing was sent: Apple would refuse it. {}", told.join(" ")),
            );
            return Err(problem);
        };
        self.note_sent(caller, org, binary.id).await?;
        let file_type = match binary.kind {
            BinaryKind::Ipa => "com.apple.ipa",
            BinaryKind::Pkg => "com.apple.pkg",
        };
        let of = BuildToSend {
            key,
            binary: binary.id,
            title: binary.title(),
            subject: format!("{app} {} {} ({})", what.platform, what.version, what.build_number),
            app,
            identifier: what.identifier,
            version: what.version,
            build_number: what.build_number,
            platform: what.platform,
            file_type: file_type.to_owned(),
            file_name: binary.file_name.clone(),
            size: binary.size,
            sha256: binary.sha256,
        };
        self.begin_operation(caller, org, domain::OperationKind::SendBuild(of)).await
    }

    /// The sending of this binary with this key that goes on already: whoever asks again, as a job that was tried again, joins it.
    async fn same_sending(&self, caller: &Caller, org: OrgId, key: ApiKeyId, binary: BinaryId) -> Result<Option<Operation>, Problem> {
        let permit = self.permit(caller, Action::SendBuild, org).await?;
        let acts = self.inner.store.read_for(&permit).await?.unfinished_operations(&permit).await?;
        let is_same = |act: &Operation| match &act.kind {
            domain::OperationKind::SendBuild(of) => of.binary == binary && of.key == key,
            _ => false,
        };
        Ok(acts.into_iter().find(is_same))
    }

    /// How far the sending of a build came.
    ///
    /// # Errors
    /// `not_found`, also for an act of another sort; `not_allowed`.
    pub async fn sending(&self, caller: &Caller, org: OrgId, id: OperationId) -> Result<Sending, Problem> {
        let permit = self.permit(caller, Action::SeeBinaries, org).await?;
        let view = self.view(&permit, id).await?;
        self.sending_of(&permit, view).await
    }

    /// The same once it is over, or when so much time has passed.
    ///
    /// # Errors
    /// As [`App::sending`].
    pub async fn wait_for_sending(&self, caller: &Caller, org: OrgId, id: OperationId, at_most: Duration) -> Result<Sending, Problem> {
        let permit = self.permit(caller, Action::SeeBinaries, org).await?;
        let view = self.view(&permit, id).await?;
        self.sending_of(&permit, view).await?;
        let view = self.wait_for(&permit, id, at_most).await?;
        self.sending_of(&permit, view).await
    }

    async fn sending_of(&self, permit: &Permit, view: OperationView) -> Result<Sending, Problem> {
        let domain::OperationKind::SendBuild(of) = &view.operation.kind else {
            return Err(Problem::not_found());
        };
        let over = |place: usize| view.steps.get(place).is_some_and(|step| step.state.is_over());
        let arrived = match view.steps.get(1).and_then(crate::operations::at_apple) {
            Some(_) if over(2) => of.size,
            Some(file) => {
                let parts = self.inner.store.read_for(permit).await?.parts_of(permit, file).await?;
                parts.iter().map(|(_, length)| length).sum()
            }
            None => 0,
        };
        let waits_for = if view.operation.state.is_over() {
            None
        } else if view.steps.get(4).is_some() && !over(4) {
            Some("The build is there, and Apple is told the answer about export compliance.")
        } else if over(3) {
            Some("Apple looks at the file and makes a build of it. That takes minutes, at times an hour.")
        } else if over(1) {
            Some("The file is on its way to Apple.")
        } else {
            Some("The build is announced to Apple.")
        };
        Ok(Sending { view, arrived, waits_for })
    }
}

impl What {
    fn of(binary: &HeldBinary, new: &NewBuild) -> Result<Self, Problem> {
        if let Some(app) = binary.app() {
            return Ok(Self {
                identifier: app.bundle_id.clone(),
                version: app.version.clone(),
                build_number: app.build_number.clone(),
                platform: app.platform.clone().unwrap_or_else(|| "IOS".to_owned()),
            });
        }
        let given = |field: &'static str, value: &Option<String>| {
            let value = value.as_deref().map(str::trim).filter(|text| !text.is_empty());
            value.map(str::to_owned).ok_or_else(|| {
                Problem::field(
                    "build_unknown",
                    field,
                    "Nobody looks into a .pkg, so say which app it is: identifier, version and build number.",
                )
            })
        };
        Ok(Self {
            identifier: given("identifier", &new.identifier)?,
            version: given("version", &new.version)?,
            build_number: given("build_number", &new.build_number)?,
            platform: "MAC_OS".to_owned(),
        })
    }

    /// The app at Apple, and what its builds say against this one. Two reads.
    async fn at_apple(&self, session: &Session) -> Result<(Option<(String, String)>, Vec<Finding>), apple::Error> {
        let Some(app) = app_at_apple(session, &self.identifier).await? else {
            let message = format!(
                "This key sees no app with the bundle ID {} in App Store Connect. Choose a key of the right team that may see the app; if there is no app yet, somebody makes it on the website (Apps, +), because Apple lets no key do that.",
                self.identifier
            );
            return Ok((None, vec![self.finding("app_unknown", Severity::Refused, message)]));
        };
        let filter = BuildFilter {
            apps: vec![app.id.clone()],
            versions: vec![self.version.clone()],
            platforms: vec![AppPlatform::from(self.platform.as_str())],
            at_most: Some(BUILDS_LOOKED_AT),
            ..BuildFilter::default()
        };
        let builds = session.builds().list(&filter).await?;
        let highest = builds
            .iter()
            .filter(|detail| {
                let version = detail.version.as_ref().and_then(|version| version.attributes.version.as_deref());
                version.is_none_or(|version| version == self.version)
            })
            .filter_map(|detail| detail.build.attributes.version.as_deref())
            .max_by(|one, other| by_number(one, other));
        let mut findings = Vec::new();
        if let Some(highest) = highest {
            let message = match by_number(&self.build_number, highest) {
                Ordering::Equal => Some(format!(
                    "Apple has a build {} of version {} already. Raise the build number (CFBundleVersion), and build anew.",
                    self.build_number, self.version
                )),
                Ordering::Less => Some(format!(
                    "The build number {} is lower than {highest}, which Apple has of version {}. Raise the build number (CFBundleVersion) above it, and build anew.",
                    self.build_number, self.version
                )),
                Ordering::Greater => None,
            };
            findings.extend(message.map(|message| self.finding("build_number_used", Severity::Refused, message)));
        }
        let name = app.attributes.name.clone().unwrap_or_else(|| self.identifier.clone());
        Ok((Some((app.id, name)), findings))
    }

    fn finding(&self, code: &'static str, severity: Severity, message: String) -> Finding {
        Finding {
            code,
            severity,
            bundle: self.identifier.clone(),
            message,
        }
    }
}
