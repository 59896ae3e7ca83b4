//! The files of a set: what a build needs on its machine. Each certificate with its private key, the profiles by the names
//! that Xcode looks for, and what `xcodebuild` is told about them.
//!
//! All certificates are under one password. The use is recorded before a byte leaves, like a download of a certificate; it
//! needs less: who may use a set takes what a manager has put into it, and nothing beside.

use super::{SigningSetView, show::find};
use crate::{App, Caller, Problem, Shown, acting::in_time, apple_account::Download, certificates::P12Password, problem::Kind};
use domain::{Action, Event, HeldCertificate, OrgId, Permit, ProfileState, activity::ExportForm};
use signing::export_options::{self, ExportOptions};
use zeroize::Zeroizing;

/// A file of a set.
pub struct SetFile {
    /// `certificate`, `profile` or `export-options`.
    pub kind: &'static str,
    /// The bundle identifier, of a profile.
    pub identifier: Option<String>,
    /// The file. Of a profile it is named by its UUID, as Xcode looks for it.
    pub download: Download,
}

/// The files of a set.
pub struct SetFiles {
    /// The set.
    pub view: SigningSetView,
    /// The files.
    pub files: Vec<SetFile>,
    /// The password of the certificates, if it was made here.
    pub generated_password: Option<Shown>,
    /// What to know.
    pub warnings: Vec<String>,
}

impl App {
    /// Takes the files of a set, by its id or its name. Recorded and committed before a byte leaves.
    ///
    /// # Errors
    /// `signing_set_incomplete` with what is missing; `form_unfit` for a form without private key; `password_unfit`;
    /// `not_found`, `not_allowed`.
    pub async fn signing_set_files(
        &self,
        caller: &Caller,
        org: OrgId,
        set: &str,
        form: ExportForm,
        password: P12Password,
    ) -> Result<SetFiles, Problem> {
        let permit = self.permit(caller, Action::UseSigningSets, org).await?;
        if form == ExportForm::Cer {
            return Err(Problem::field(
                "form_unfit",
                "form",
                "Nothing can be signed with a certificate alone. Use p12-compatible, p12-modern or pem.",
            ));
        }
        let mut tx = self.inner.store.read_for(&permit).await?;
        let set = find(&mut tx, &permit, set).await?;
        let view = self.set_view(&mut tx, &permit, set).await?;
        refuse_incomplete(&view)?;
        let mut contents = Vec::with_capacity(view.items.len());
        for profile in view.items.iter().filter_map(|item| item.profile.as_ref()) {
            contents.push(tx.profile_content(&permit, profile.profile.id).await?);
        }
        drop(tx);
        let (password, is_generated) = self.p12_password(password);
        let (mut files, mut warnings) = self.certificate_files(&permit, &view, form, &password).await?;
        let profiles = view.items.iter().filter_map(|item| Some((item, item.profile.as_ref()?)));
        for ((item, of), bytes) in profiles.zip(contents) {
            if of.state == ProfileState::Rebuilding {
                warnings.push(format!(
                    "The profile “{}” is being built anew at Apple; this is its old file. Ensure the set again.",
                    of.profile.name
                ));
            }
            files.push(SetFile {
                kind: "profile",
                identifier: Some(item.identifier.clone()),
                download: Download {
                    file_name: format!("{}.{}", of.profile.uuid, of.profile.profile_type.file_suffix()),
                    media_type: "application/x-apple-aspen-mobileprovision",
                    bytes: Zeroizing::new(bytes),
                },
            });
        }
        files.push(export_options(&view));
        let event = Event::SigningSetUsed {
            set: view.set.id,
            name: view.set.name.clone(),
            identifiers: view.items.iter().map(|item| item.identifier.clone()).collect(),
            certificates: certificates(&view).iter().map(|held| held.id).collect(),
            form,
        };
        in_time(async {
            let mut tx = self.begin_for(caller, &permit).await?;
            self.record_done(&mut tx, caller, org, event).await?;
            Ok(tx.commit().await?)
        })
        .await?;
        let is_p12 = form != ExportForm::Pem;
        Ok(SetFiles {
            view,
            files,
            generated_password: (is_generated && is_p12).then(|| Shown::new(password.to_string())),
            warnings,
        })
    }

    /// Each certificate with its private key, and what to know about it.
    async fn certificate_files(
        &self,
        permit: &Permit,
        view: &SigningSetView,
        form: ExportForm,
        password: &Zeroizing<String>,
    ) -> Result<(Vec<SetFile>, Vec<String>), Problem> {
        let (mut files, mut warnings) = (Vec::new(), Vec::new());
        for held in certificates(view) {
            let given = if password.is_empty() {
                P12Password::Empty
            } else {
                P12Password::Given(password.clone())
            };
            let export = self.with_signing_key(permit, held, form, given).await?;
            for warning in export.warnings {
                if !warnings.contains(&warning) {
                    warnings.push(warning);
                }
            }
            let suffix = if form == ExportForm::Pem { "pem" } else { "p12" };
            files.push(SetFile {
                kind: "certificate",
                identifier: None,
                download: Download {
                    // Two of one name are two files.
                    file_name: format!("{}.{suffix}", held.sha1),
                    ..export.download
                },
            });
        }
        Ok((files, warnings))
    }
}

fn refuse_incomplete(view: &SigningSetView) -> Result<(), Problem> {
    if view.is_complete() {
        return Ok(());
    }
    let missing: Vec<String> = view
        .items
        .iter()
        .filter_map(|item| Some(format!("{}: {}", item.identifier, item.missing.as_deref()?)))
        .collect();
    Err(Problem::new(
        Kind::Conflict,
        "signing_set_incomplete",
        format!(
            "Nothing can be signed with the signing set “{}” now. {} Ensure it again.",
            view.set.name,
            missing.join(" ")
        ),
    ))
}

/// The certificates of a set, each once.
fn certificates(view: &SigningSetView) -> Vec<&HeldCertificate> {
    let mut each: Vec<&HeldCertificate> = Vec::new();
    for of in view.items.iter().filter_map(|item| item.certificate.as_ref()) {
        if each.iter().all(|one| one.id != of.certificate.id) {
            each.push(&of.certificate);
        }
    }
    each
}

fn export_options(view: &SigningSetView) -> SetFile {
    let first = certificates(view).into_iter().next();
    let profiles: Vec<(&str, &str)> = view
        .items
        .iter()
        .filter_map(|item| Some((item.identifier.as_str(), item.profile.as_ref()?.profile.uuid.as_str())))
        .collect();
    let written = export_options::write(&ExportOptions {
        method: view.set.profile_type.method(),
        team_id: first.and_then(|held| held.team_id.as_ref()).map(|team| team.as_str()),
        certificate_sha1: first.map(|held| held.sha1.as_str()).unwrap_or_default(),
        profiles: &profiles,
    });
    SetFile {
        kind: "export-options",
        identifier: None,
        download: Download {
            file_name: "ExportOptions.plist".to_owned(),
            media_type: "application/x-plist",
            bytes: Zeroizing::new(written),
        },
    }
}
