//! The files of a set: what a build needs on its machine. Each certificate with its private key, the profiles by the names
//! that Xcode looks for, and what `xcodebuild` is told about them.
//!
//! All certificates are under one password. The use is recorded before a byte leaves, as one of the set and as a download of
//! each certificate and profile in it; it needs less: who may use a set takes what a manager has put into it, and nothing beside.
//!
//! The files of references are fetched from Apple before that, because nothing is asked of Apple inside of a transaction.
//!
//! The surprising thing: that holds for what the root organization lends, too. Builds sign where they run, so to use a lent
//! certificate in a set is to be given its private key. Its owner's log says so at the same moment.

use super::{SigningSetView, show::find};
use crate::{
    App, Caller, Problem, Shown,
    acting::in_time,
    apple_account::Download,
    certificates::{P12Password, SealedSigningKey, about_password, sealed_signing_key},
    problem::Kind,
    profiles::{Referenced, reference_changed},
};
use domain::{Action, CertificateId, Event, HeldCertificate, OrgId, Permit, ProfileId, ProfileState, SigningSetId, activity::ExportForm};
use signing::export_options::{self, ExportOptions};
use std::collections::{BTreeMap, BTreeSet};
use store::{CertificateToUse, ProfileToUse, StoreError, Tx};
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
    /// `signing_set_incomplete` with what is missing; `form_unfit` for a form without private key; `password_unfit`; of
    /// references what stands in the way of asking Apple; `not_found`, `not_allowed`.
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
        let (password, is_generated) = self.p12_password(password);
        let mut warnings = about_password(form, &password)?;
        let referenced = self.fetch_referenced(caller, &permit, set).await?;
        let mut taken = None;
        in_time(async {
            taken = Some(self.take(caller, &permit, set, form, &referenced).await?);
            Ok(())
        })
        .await?;
        let Some(Taken { view, keys, contents }) = taken else {
            return Err(Problem::internal("the files of a signing set were taken and not found"));
        };
        let mut files = Vec::new();
        for (held, sealed) in keys {
            let suffix = if form == ExportForm::Pem { "pem" } else { "p12" };
            // Two of one name are two files.
            let file_name = format!("{}.{suffix}", held.sha1);
            let export = self.signing_key_file(held, sealed, form, &password).await?;
            for warning in export.warnings {
                if !warnings.contains(&warning) {
                    warnings.push(warning);
                }
            }
            files.push(SetFile {
                kind: "certificate",
                identifier: None,
                download: Download {
                    file_name,
                    ..export.download
                },
            });
        }
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
        let is_p12 = form != ExportForm::Pem;
        Ok(SetFiles {
            view,
            files,
            generated_password: (is_generated && is_p12).then(|| Shown::new(password.to_string())),
            warnings,
        })
    }

    /// Asks Apple for the files of those profiles of a set of which only a reference is held. Of a set with which nothing can
    /// be signed, and of one without references, nothing is asked.
    async fn fetch_referenced(&self, caller: &Caller, permit: &Permit, set: &str) -> Result<BTreeMap<ProfileId, Referenced>, Problem> {
        let mut tx = self.inner.store.read_for(permit).await?;
        let set = find(&mut tx, permit, set).await?;
        let view = self.set_view(&mut tx, permit, set).await?;
        refuse_incomplete(&view)?;
        let mut wanted = BTreeMap::new();
        for of in view.items.iter().filter_map(|item| item.profile.as_ref()) {
            if of.profile.is_reference {
                wanted.insert(of.profile.id, tx.profile_to_use(permit, of.profile.id, self.now()).await?);
            }
        }
        drop(tx);
        let mut referenced = BTreeMap::new();
        for (id, wanted) in wanted {
            referenced.insert(id, self.referenced(caller, permit, &wanted).await?);
        }
        Ok(referenced)
    }

    /// Reads what the files are made of, and writes down that they leave, in one transaction: with the borrower, and of each
    /// lent certificate with its owner, too. What is lent is held until then, so that whoever ends a share comes before, and
    /// nothing leaves, or after, and finds it in the log.
    async fn take(
        &self,
        caller: &Caller,
        permit: &Permit,
        set: &str,
        form: ExportForm,
        referenced: &BTreeMap<ProfileId, Referenced>,
    ) -> Result<Taken, Problem> {
        let mut tx = self.begin_for(caller, permit).await?;
        let set = find(&mut tx, permit, set).await?;
        let (certificates, profiles) = self.hold_items(&mut tx, permit, set.id).await?;
        let view = self.set_view_with(&mut tx, permit, set, referenced).await?;
        refuse_incomplete(&view)?;
        let mut keys = Vec::with_capacity(certificates.len());
        for used in &certificates {
            let sealed = sealed_signing_key(&mut tx, &used.permit, &used.certificate).await?;
            keys.push((used.certificate.clone(), sealed));
        }
        let mut contents = Vec::with_capacity(view.items.len());
        for of in view.items.iter().filter_map(|item| item.profile.as_ref()) {
            let used = profiles.get(&of.profile.id).ok_or_else(Problem::not_found)?;
            contents.push(if used.profile.is_reference {
                let fetched = referenced.get(&of.profile.id);
                fetched.ok_or_else(|| reference_changed(&of.profile))?.content.clone()
            } else {
                tx.profile_content_to_use(&used.permit).await?
            });
        }
        let events = uses(&view, &certificates, form);
        self.record_all_done(&mut tx, caller, permit.organization(), events).await?;
        for used in certificates.iter().filter(|used| used.permit.is_lent()) {
            let event = Event::LentCertificateUsed {
                certificate: used.certificate.id,
                name: used.certificate.name.clone(),
                organization: permit.organization(),
                form,
            };
            self.record_done(&mut tx, caller, used.permit.owner(), event).await?;
        }
        tx.commit().await?;
        Ok(Taken { view, keys, contents })
    }

    /// Holds what the items of a set point at, each once, in the order that everybody locks them in. What cannot be used any
    /// more is left out; that it is missing, the set tells.
    async fn hold_items(
        &self,
        tx: &mut Tx,
        permit: &Permit,
        set: SigningSetId,
    ) -> Result<(Vec<CertificateToUse>, BTreeMap<ProfileId, ProfileToUse>), Problem> {
        let items = tx.set_items(permit, set).await?;
        let ids: BTreeSet<CertificateId> = items.iter().filter_map(|item| item.certificate).collect();
        let mut certificates = Vec::with_capacity(ids.len());
        for id in ids {
            match tx.lock_certificate_to_use(permit, id, self.now()).await {
                Ok(used) => certificates.push(used),
                Err(StoreError::NotFound) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let ids: BTreeSet<ProfileId> = items.iter().filter_map(|item| item.profile).collect();
        let mut profiles = BTreeMap::new();
        for id in ids {
            match tx.lock_profile_to_use(permit, id, self.now()).await {
                Ok(used) => drop(profiles.insert(id, used)),
                Err(StoreError::NotFound) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok((certificates, profiles))
    }
}

/// What the files of a set are made of, as it was when their use was written down.
struct Taken {
    view: SigningSetView,
    /// Each certificate once, with its sealed private key.
    keys: Vec<(HeldCertificate, SealedSigningKey)>,
    /// The files of the profiles, in the order of the items.
    contents: Vec<Vec<u8>>,
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

/// What a use is recorded as: each certificate and each profile that leaves, so that the log of each tells it, and then the
/// set itself.
fn uses(view: &SigningSetView, certificates: &[CertificateToUse], form: ExportForm) -> Vec<Event> {
    let set = &view.set;
    let certificates = certificates.iter().map(|used| &used.certificate);
    let of_certificates = certificates.clone().map(|held| Event::CertificateDownloaded {
        certificate: held.id,
        name: held.name.clone(),
        form,
        set: Some(set.name.clone()),
    });
    let profiles = view.items.iter().filter_map(|item| Some(&item.profile.as_ref()?.profile));
    let of_profiles = profiles.map(|profile| Event::HeldProfileDownloaded {
        profile: profile.id,
        name: profile.name.clone(),
        set: Some(set.name.clone()),
    });
    let used = Event::SigningSetUsed {
        set: set.id,
        name: set.name.clone(),
        identifiers: view.items.iter().map(|item| item.identifier.clone()).collect(),
        certificates: certificates.map(|held| held.id).collect(),
        form,
    };
    of_certificates.chain(of_profiles).chain([used]).collect()
}

fn export_options(view: &SigningSetView) -> SetFile {
    let first = view
        .items
        .iter()
        .find_map(|item| item.certificate.as_ref())
        .map(|of| &of.certificate);
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
