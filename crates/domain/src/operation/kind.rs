//! What a long act is: everything that it needs to go on after a restart. Nothing in it is secret.

use super::{
    AppTestingChange, AppTestingChanges, BuildAnswer, BuildToSend, CertificateRenewal, FileReservation, FileUpload, Made, NewProfile,
    ProfileDeletion, ProfileRebuild, ProfilesRebuild, SetSurvey, SetToEnsure, TestingChange, UploadReservation, WebhookChange,
};
use crate::{
    activity::Event,
    app_settings::ExportCompliance,
    certificate::CertificateType,
    feature::{Feature, Need},
    id::{ApiKeyId, CertificateId, CsrId, OperationId, ProfileId, SecretId},
    policy::Action,
};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// What the act is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "operation")]
pub enum OperationKind {
    /// Create a certificate at Apple and keep it with its private key.
    CreateCertificate {
        /// Through which key.
        key: ApiKeyId,
        /// Apple's type.
        certificate_type: CertificateType,
        /// The sealed private key behind the CSR.
        private_key: SecretId,
        /// The CSR that Apple gets, PEM. Public.
        csr: String,
        /// SHA-256 of its public key: by this a certificate is recognized as ours.
        public_key_fingerprint: String,
        /// The signing request made earlier that it is made of; none where the key pair was made for it. Others may be made of
        /// the same, so then it is recognized by its type, too.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request: Option<CsrId>,
    },
    /// Revoke a certificate at Apple.
    RevokeCertificate(Revocation),
    /// Register a bundle ID.
    RegisterBundleId(NewBundleId),
    /// Give a bundle ID a capability, or change the settings of one that it has.
    SetCapability(CapabilityChange),
    /// Take a capability from a bundle ID.
    RemoveCapability(CapabilityRemoval),
    /// Register a device.
    RegisterDevice(NewDevice),
    /// Rename, enable or disable a device.
    ChangeDevice(DeviceChange),
    /// Register a bundle ID with its capabilities, or change several of one: a plan.
    EditBundleId(BundleIdEdit),
    /// Register several devices: a plan.
    RegisterDevices(NewDevices),
    /// Create a profile and keep its file.
    CreateProfile(NewProfile),
    /// Delete a profile at Apple.
    DeleteProfile(ProfileDeletion),
    /// Build a held profile anew: a plan.
    RebuildProfile(ProfileRebuild),
    /// Build several held profiles anew, because devices have come: a plan.
    RebuildProfiles(ProfilesRebuild),
    /// Replace a certificate in everything that has it: a plan.
    RenewCertificate(CertificateRenewal),
    /// Send a binary to Apple, and watch until it is a build: a plan.
    SendBuild(BuildToSend),
    /// Take the place for a build.
    ReserveUpload(UploadReservation),
    /// Take the place for its file.
    ReserveFile(FileReservation),
    /// Send the parts of its file.
    SendParts(FileUpload),
    /// Say that all parts are there.
    CommitUpload(FileUpload),
    /// Register a webhook of an app at Apple, so that this server is told.
    RegisterWebhook(WebhookChange),
    /// Remove it there.
    RemoveWebhook(WebhookChange),
    /// Change something in TestFlight.
    ChangeTesting(AppTestingChange),
    /// Change several things in TestFlight: a plan.
    ChangeTestings(AppTestingChanges),
    /// Answer the question of export compliance.
    AnswerCompliance(BuildAnswer),
    /// Make a signing set complete, with whatever it needs at Apple: a plan.
    EnsureSigningSet(SetToEnsure),
    /// Read at Apple what a signing set needs.
    SurveyForSet(SetSurvey),
}

/// A certificate that is to be revoked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    /// Through which key.
    pub key: ApiKeyId,
    /// Apple's id.
    pub apple_id: String,
    /// Apple's type.
    pub certificate_type: CertificateType,
    /// What it is called.
    pub name: String,
    /// Here, if it is held here.
    pub certificate: Option<CertificateId>,
}

/// A bundle ID that is to be registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewBundleId {
    /// Through which key.
    pub key: ApiKeyId,
    /// Such as `com.example.app` or `com.example.*`.
    pub identifier: String,
    /// Apple's description.
    pub name: String,
    /// Apple's `BundleIdPlatform`: IOS, `MAC_OS` or UNIVERSAL.
    pub platform: String,
}

/// A setting of a capability, as Apple takes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CapabilitySetting {
    /// Apple's key, such as `ICLOUD_VERSION`.
    pub key: String,
    /// What is chosen.
    pub options: Vec<CapabilityOption>,
}

/// An option of a setting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CapabilityOption {
    /// Apple's key, such as `XCODE_6`.
    pub key: String,
    /// Whether it is on.
    pub enabled: bool,
}

/// A capability that a bundle ID is to have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CapabilityChange {
    /// Through which key.
    pub key: ApiKeyId,
    /// Apple's id of the bundle ID.
    pub bundle_id: String,
    /// Its identifier.
    pub identifier: String,
    /// Apple's `CapabilityType`.
    pub capability: String,
    /// Its settings; none leaves Apple's own.
    pub settings: Vec<CapabilitySetting>,
    /// Apple's id of the capability, where it is there already and its settings change.
    pub present: Option<String>,
}

/// A capability that a bundle ID is to lose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CapabilityRemoval {
    /// Through which key.
    pub key: ApiKeyId,
    /// Apple's id of the bundle ID.
    pub bundle_id: String,
    /// Its identifier.
    pub identifier: String,
    /// Apple's `CapabilityType`.
    pub capability: String,
    /// Apple's id of the capability.
    pub present: String,
}

/// A device that is to be registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewDevice {
    /// Through which key.
    pub key: ApiKeyId,
    /// Its name at Apple.
    pub name: String,
    /// Normalized.
    pub udid: String,
    /// Apple's `BundleIdPlatform`: IOS, `MAC_OS` or UNIVERSAL.
    pub platform: String,
}

/// What is to change about a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceChange {
    /// Through which key.
    pub key: ApiKeyId,
    /// Apple's id.
    pub apple_id: String,
    /// Its UDID.
    pub udid: String,
    /// What it is called now.
    pub name: String,
    /// A new name.
    pub rename_to: Option<String>,
    /// Enabled or disabled; none leaves it as it is.
    pub enabled: Option<bool>,
}

/// A capability that is wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CapabilityWish {
    /// Apple's `CapabilityType`.
    pub capability: String,
    /// Its settings; none leaves Apple's own.
    pub settings: Vec<CapabilitySetting>,
    /// Apple's id of the capability, where it is there already.
    pub present: Option<String>,
}

impl CapabilityWish {
    /// A capability as Apple sets it up.
    #[must_use]
    pub fn of(capability: String) -> Self {
        Self {
            capability,
            ..Self::default()
        }
    }
}

/// What is to become of a bundle ID.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BundleIdEdit {
    /// Through which key.
    pub key: ApiKeyId,
    /// Apple's id; none for one that is to be registered first.
    pub bundle_id: Option<String>,
    /// Its identifier.
    pub identifier: String,
    /// Apple's description.
    pub name: String,
    /// Apple's `BundleIdPlatform`.
    pub platform: String,
    /// What it gains, and whose settings change.
    pub set: Vec<CapabilityWish>,
    /// What it loses: Apple's word and Apple's id.
    pub remove: Vec<(String, String)>,
}

/// Devices that are to be registered, one after the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewDevices {
    /// Through which key.
    pub key: ApiKeyId,
    /// Which.
    pub devices: Vec<NewDevice>,
}

impl OperationKind {
    /// The API key that Apple is asked with.
    #[must_use]
    pub fn key(&self) -> ApiKeyId {
        match self {
            Self::CreateCertificate { key, .. } => *key,
            Self::RevokeCertificate(of) => of.key,
            Self::RegisterBundleId(of) => of.key,
            Self::SetCapability(of) => of.key,
            Self::RemoveCapability(of) => of.key,
            Self::RegisterDevice(of) => of.key,
            Self::ChangeDevice(of) => of.key,
            Self::EditBundleId(of) => of.key,
            Self::RegisterDevices(of) => of.key,
            Self::CreateProfile(of) => of.key,
            Self::DeleteProfile(of) => of.key,
            Self::RebuildProfile(of) => of.new.key,
            Self::RebuildProfiles(of) => of.key,
            Self::RenewCertificate(of) => of.key,
            Self::EnsureSigningSet(of) => of.key,
            Self::SurveyForSet(of) => of.wanted.key,
            Self::SendBuild(of) => of.key,
            Self::RegisterWebhook(of) | Self::RemoveWebhook(of) => of.key,
            Self::ChangeTesting(of) => of.key,
            Self::ChangeTestings(of) => of.key,
            Self::ReserveUpload(UploadReservation { of })
            | Self::ReserveFile(FileReservation { of, .. })
            | Self::SendParts(FileUpload { of, .. })
            | Self::CommitUpload(FileUpload { of, .. })
            | Self::AnswerCompliance(BuildAnswer { of, .. }) => of.key,
        }
    }

    /// What the key is wanted for.
    #[must_use]
    pub fn need(&self) -> Need {
        match self {
            Self::CreateCertificate { certificate_type, .. } => Need::CreateCertificate {
                certificate_type: certificate_type.clone(),
            },
            Self::RevokeCertificate(of) => Need::RevokeCertificate {
                certificate_type: of.certificate_type.clone(),
            },
            Self::RegisterBundleId(_) | Self::EditBundleId(BundleIdEdit { bundle_id: None, .. }) => Need::RegisterBundleId,
            Self::SetCapability(_) | Self::RemoveCapability(_) | Self::EditBundleId(_) => Need::EditBundleId,
            Self::RegisterDevice(_) | Self::RegisterDevices(_) => Need::RegisterDevice,
            Self::ChangeDevice(_) => Need::EditDevice,
            Self::CreateProfile(of) => Need::create_profile(&of.profile_type),
            Self::RebuildProfile(of) => Need::create_profile(&of.new.profile_type),
            // Each step asks for what it needs; the whole, for what a development key may, too.
            Self::RebuildProfiles(of) => Need::create_profile(of.least()),
            Self::DeleteProfile(of) => Need::DeleteProfile {
                profile_type: of.profile_type.clone(),
            },
            Self::RenewCertificate(of) => Need::CreateCertificate {
                certificate_type: of.certificate_type.clone(),
            },
            Self::SendBuild(_) | Self::ReserveUpload(_) | Self::ReserveFile(_) | Self::SendParts(_) | Self::CommitUpload(_) => {
                Need::UploadBuild
            }
            Self::RegisterWebhook(_) | Self::RemoveWebhook(_) => Need::EditWebhooks,
            Self::ChangeTesting(of) => Need::ManageTesting {
                internal_only: of.change.is_internal(),
            },
            Self::ChangeTestings(of) => Need::ManageTesting {
                internal_only: of.changes.iter().all(TestingChange::is_internal),
            },
            Self::AnswerCompliance(_) => Need::AnswerExportCompliance,
            // What it creates, it asks for when it comes to that.
            Self::EnsureSigningSet(_) | Self::SurveyForSet(_) => Need::Read {
                feature: Feature::Profiles,
            },
        }
    }

    /// What whoever begins it must be allowed to do, then and at each step.
    #[must_use]
    pub fn action(&self) -> Action {
        match self {
            Self::CreateCertificate { .. } | Self::RenewCertificate(_) => Action::CreateCertificate,
            Self::RevokeCertificate(_) => Action::RevokeCertificate,
            Self::RegisterBundleId(_) | Self::SetCapability(_) | Self::RemoveCapability(_) | Self::EditBundleId(_) => Action::EditBundleIds,
            Self::RegisterDevice(_) | Self::ChangeDevice(_) | Self::RegisterDevices(_) => Action::EditDevices,
            Self::CreateProfile(_) | Self::DeleteProfile(_) | Self::RebuildProfile(_) | Self::RebuildProfiles(_) => Action::EditProfiles,
            Self::EnsureSigningSet(_) | Self::SurveyForSet(_) => Action::EditSigningSets,
            Self::ChangeTesting(of) => of.change.action(),
            Self::ChangeTestings(of) => of.action(),
            Self::SendBuild(_)
            | Self::ReserveUpload(_)
            | Self::ReserveFile(_)
            | Self::SendParts(_)
            | Self::CommitUpload(_)
            | Self::AnswerCompliance(_) => Action::SendBuild,
            // Who sends builds is who waits for them.
            Self::RegisterWebhook(_) | Self::RemoveWebhook(_) => Action::SendBuild,
        }
    }

    /// The bundle identifier that it is about: a share may be limited to apps.
    #[must_use]
    pub fn identifier(&self) -> Option<&str> {
        match self {
            Self::RegisterBundleId(of) => Some(&of.identifier),
            Self::SetCapability(of) => Some(&of.identifier),
            Self::RemoveCapability(of) => Some(&of.identifier),
            Self::EditBundleId(of) => Some(&of.identifier),
            Self::CreateProfile(of) => Some(&of.identifier),
            Self::DeleteProfile(of) => of.identifier.as_deref(),
            Self::RebuildProfile(of) => Some(&of.new.identifier),
            Self::ChangeTesting(of) => Some(&of.identifier),
            Self::ChangeTestings(of) => Some(&of.identifier),
            Self::SendBuild(_)
            | Self::ReserveUpload(_)
            | Self::ReserveFile(_)
            | Self::SendParts(_)
            | Self::CommitUpload(_)
            | Self::AnswerCompliance(_) => self.build().map(|build| build.identifier.as_str()),
            Self::RegisterWebhook(of) | Self::RemoveWebhook(of) => Some(&of.identifier),
            Self::CreateCertificate { .. }
            | Self::RenewCertificate(_)
            | Self::RevokeCertificate(_)
            | Self::RegisterDevice(_)
            | Self::ChangeDevice(_)
            | Self::RegisterDevices(_)
            | Self::RebuildProfiles(_)
            | Self::EnsureSigningSet(_)
            | Self::SurveyForSet(_) => None,
        }
    }

    /// The held profiles that it changes: none of them is changed by two acts at a time.
    #[must_use]
    pub fn profiles(&self) -> Vec<ProfileId> {
        match self {
            Self::CreateProfile(of) => of.profile.into_iter().collect(),
            Self::DeleteProfile(of) => of.profile.into_iter().collect(),
            Self::RebuildProfile(of) => vec![of.profile],
            Self::RebuildProfiles(of) => of.profiles.iter().map(|rebuild| rebuild.profile).collect(),
            Self::RenewCertificate(of) => of.profiles.iter().map(|rebuild| rebuild.profile).collect(),
            _ => Vec::new(),
        }
    }

    /// The bundle ID or device of Apple's that it changes: one act at a time does that.
    #[must_use]
    pub fn changes_at_apple(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::ChangeDevice(of) => Some(Cow::Borrowed(&of.apple_id)),
            Self::RegisterBundleId(of) => Some(Cow::Borrowed(&of.identifier)),
            Self::EditBundleId(of) => Some(Cow::Borrowed(&of.identifier)),
            Self::SetCapability(of) => Some(Cow::Borrowed(&of.identifier)),
            Self::RemoveCapability(of) => Some(Cow::Borrowed(&of.identifier)),
            Self::SendBuild(of) => Some(Cow::Borrowed(&of.subject)),
            Self::ChangeTesting(of) => Some(Cow::Owned(of.subject())),
            Self::ChangeTestings(of) => of.subject().map(Cow::Owned),
            Self::RegisterWebhook(of) | Self::RemoveWebhook(of) => Some(Cow::Borrowed(&of.subject)),
            _ => None,
        }
    }

    /// Whether nothing but looking is left to a plan after so many steps: when the last of them is over, or on its way. What
    /// it begins after that asks for its rights by itself.
    #[must_use]
    pub fn only_watches_after(&self, steps: u32) -> bool {
        matches!(self, Self::SendBuild(_)) && steps >= 4
    }

    /// Apple's id of the app that it does nothing but watch after so many steps: news of the app are a reason to look now.
    #[must_use]
    pub fn watches(&self, steps: u32) -> Option<&str> {
        match self {
            Self::SendBuild(of) if self.only_watches_after(steps) => Some(&of.app),
            _ => None,
        }
    }

    /// The build that it is about sending.
    #[must_use]
    pub fn build(&self) -> Option<&BuildToSend> {
        match self {
            Self::SendBuild(of) => Some(of),
            Self::ReserveUpload(UploadReservation { of })
            | Self::ReserveFile(FileReservation { of, .. })
            | Self::SendParts(FileUpload { of, .. })
            | Self::CommitUpload(FileUpload { of, .. })
            | Self::AnswerCompliance(BuildAnswer { of, .. }) => Some(of),
            _ => None,
        }
    }

    /// Whether it changes something at Apple that profiles rest on, so that what signing sets were seen to have there has to
    /// be looked at anew.
    #[must_use]
    pub fn unsettles_profiles(&self) -> bool {
        match self {
            Self::RevokeCertificate(_)
            | Self::SetCapability(_)
            | Self::RemoveCapability(_)
            | Self::RegisterDevice(_)
            | Self::ChangeDevice(_)
            | Self::RegisterBundleId(_) => true,
            Self::DeleteProfile(of) => !of.rebuilding,
            _ => false,
        }
    }

    /// The signing request that a certificate is being made of.
    #[must_use]
    pub fn request(&self) -> Option<CsrId> {
        match self {
            Self::CreateCertificate { request, .. } => *request,
            _ => None,
        }
    }

    /// The held certificate that it replaces: one act at a time does that.
    #[must_use]
    pub fn renews(&self) -> Option<CertificateId> {
        match self {
            Self::RenewCertificate(of) => Some(of.certificate),
            _ => None,
        }
    }

    /// The record of this act, with what came of it once that is known.
    #[must_use]
    pub fn event(&self, operation: OperationId, made: Option<&Made>) -> Event {
        let key = self.key();
        match self.clone() {
            Self::CreateCertificate { certificate_type, .. } => Event::CertificateCreated {
                operation,
                key,
                certificate_type,
                certificate: match made {
                    Some(Made::Certificate(certificate)) => Some(*certificate),
                    _ => None,
                },
            },
            Self::RevokeCertificate(of) => Event::CertificateRevoked {
                operation,
                key,
                certificate_type: of.certificate_type,
                name: of.name,
                certificate: of.certificate,
            },
            Self::RegisterBundleId(of) => Event::BundleIdRegistered {
                operation,
                key,
                identifier: of.identifier,
            },
            Self::SetCapability(of) => Event::CapabilitySet {
                operation,
                key,
                identifier: of.identifier,
                capability: of.capability,
            },
            Self::RemoveCapability(of) => Event::CapabilityRemoved {
                operation,
                key,
                identifier: of.identifier,
                capability: of.capability,
            },
            Self::RegisterDevice(of) => Event::DeviceRegistered {
                operation,
                key,
                name: of.name,
                udid: of.udid,
            },
            Self::ChangeDevice(of) => Event::DeviceChanged {
                operation,
                key,
                name: of.name,
                udid: of.udid,
                renamed_to: of.rename_to,
                enabled: of.enabled,
            },
            Self::EditBundleId(of) => Event::BundleIdEdited {
                operation,
                key,
                identifier: of.identifier,
                set: of.set.into_iter().map(|wish| wish.capability).collect(),
                removed: of.remove.into_iter().map(|(capability, _)| capability).collect(),
            },
            Self::RegisterDevices(of) => Event::DevicesRegistered {
                operation,
                key,
                number: u32::try_from(of.devices.len()).unwrap_or(u32::MAX),
            },
            Self::CreateProfile(of) => Event::ProfileCreated {
                operation,
                key,
                name: of.name,
                identifier: of.identifier,
                profile: match made {
                    Some(Made::Profile(profile)) => Some(*profile),
                    _ => of.profile,
                },
            },
            Self::DeleteProfile(of) => Event::ProfileDeleted {
                operation,
                key,
                name: of.name,
                profile: of.profile,
            },
            Self::RebuildProfile(of) => Event::ProfileRebuilt {
                operation,
                key,
                name: of.new.name,
                profile: of.profile,
            },
            Self::RebuildProfiles(of) => Event::ProfilesRebuilt {
                operation,
                key,
                number: u32::try_from(of.profiles.len()).unwrap_or(u32::MAX),
                devices: of.devices,
            },
            Self::RenewCertificate(of) => Event::CertificateRenewed {
                operation,
                key,
                certificate: of.certificate,
                name: of.name,
                replacement: match made {
                    Some(Made::Certificate(certificate)) => Some(*certificate),
                    _ => None,
                },
            },
            Self::EnsureSigningSet(of) => Event::SigningSetEnsured {
                operation,
                key,
                name: of.name.to_string(),
                identifiers: of.identifiers,
                set: match made {
                    Some(Made::SigningSet(set)) => Some(*set),
                    _ => None,
                },
            },
            Self::SurveyForSet(of) => Event::SigningSetSurveyed {
                operation,
                key,
                name: of.wanted.name.to_string(),
            },
            Self::ChangeTesting(of) => Event::TestingChanged {
                operation,
                key,
                identifier: of.identifier,
                what: of.change.impersonal_title(),
            },
            Self::ChangeTestings(of) => Event::TestingChanged {
                operation,
                key,
                identifier: of.identifier,
                what: match of.changes.as_slice() {
                    [one] => one.impersonal_title(),
                    several => TestingChange::title_of(several),
                },
            },
            Self::SendBuild(of) => Event::BuildSent {
                operation,
                key,
                binary: of.binary,
                title: of.title,
                identifier: of.identifier,
                build: match made {
                    Some(Made::Build { apple_id, .. }) => Some(apple_id.clone()),
                    _ => None,
                },
            },
            Self::ReserveUpload(UploadReservation { of }) => Event::BuildUploadReserved {
                operation,
                key,
                title: of.title,
            },
            Self::ReserveFile(FileReservation { of, .. }) => Event::BuildFileReserved {
                operation,
                key,
                title: of.title,
            },
            Self::SendParts(FileUpload { of, .. }) => Event::BuildPartsSent {
                operation,
                key,
                title: of.title,
                sha256: of.sha256,
            },
            Self::CommitUpload(FileUpload { of, .. }) => Event::BuildUploadCommitted {
                operation,
                key,
                title: of.title,
            },
            Self::RegisterWebhook(of) => Event::AppleWebhookRegistered {
                operation,
                key,
                webhook: of.webhook,
                identifier: of.identifier,
            },
            Self::RemoveWebhook(of) => Event::AppleWebhookRemoved {
                operation,
                key,
                webhook: of.webhook,
                identifier: of.identifier,
            },
            Self::AnswerCompliance(answer) => Event::BuildComplianceAnswered {
                operation,
                key,
                title: answer.of.title,
                answer: ExportCompliance::of(Some(answer.uses_encryption)),
            },
        }
    }

    /// The word in the API.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::CreateCertificate { .. } => "create-certificate",
            Self::RevokeCertificate(_) => "revoke-certificate",
            Self::RegisterBundleId(_) => "register-bundle-id",
            Self::SetCapability(_) => "set-capability",
            Self::RemoveCapability(_) => "remove-capability",
            Self::RegisterDevice(_) => "register-device",
            Self::ChangeDevice(_) => "change-device",
            Self::EditBundleId(_) => "edit-bundle-id",
            Self::RegisterDevices(_) => "register-devices",
            Self::CreateProfile(_) => "create-profile",
            Self::DeleteProfile(_) => "delete-profile",
            Self::RebuildProfile(_) => "rebuild-profile",
            Self::RebuildProfiles(_) => "rebuild-profiles",
            Self::RenewCertificate(_) => "renew-certificate",
            Self::EnsureSigningSet(_) => "ensure-signing-set",
            Self::SurveyForSet(_) => "survey-for-signing-set",
            Self::ChangeTesting(_) => "change-testing",
            Self::ChangeTestings(_) => "change-testings",
            Self::SendBuild(_) => "send-build",
            Self::ReserveUpload(_) => "reserve-build-upload",
            Self::ReserveFile(_) => "reserve-build-file",
            Self::SendParts(_) => "send-build-parts",
            Self::CommitUpload(_) => "commit-build-upload",
            Self::RegisterWebhook(_) => "register-webhook",
            Self::RemoveWebhook(_) => "remove-webhook",
            Self::AnswerCompliance(_) => "answer-export-compliance",
        }
    }

    /// What people call it: "Create Apple Distribution".
    #[must_use]
    pub fn title(&self) -> String {
        match self {
            Self::CreateCertificate { certificate_type, .. } => format!("Create {}", certificate_type.title()),
            Self::RevokeCertificate(of) => format!("Revoke {}", of.name),
            Self::RegisterBundleId(of) => format!("Register {}", of.identifier),
            Self::SetCapability(of) if of.present.is_some() => format!("Change {} of {}", of.capability, of.identifier),
            Self::SetCapability(of) => format!("Add {} to {}", of.capability, of.identifier),
            Self::RemoveCapability(of) => format!("Take {} from {}", of.capability, of.identifier),
            Self::RegisterDevice(of) => format!("Register {}", of.name),
            Self::ChangeDevice(of) => match (&of.rename_to, of.enabled) {
                (None, Some(true)) => format!("Enable {}", of.name),
                (None, Some(false)) => format!("Disable {}", of.name),
                _ => format!("Change {}", of.name),
            },
            Self::EditBundleId(of) if of.bundle_id.is_none() => format!("Register {}", of.identifier),
            Self::EditBundleId(of) => format!("Change {}", of.identifier),
            Self::RegisterDevices(of) => match of.devices.as_slice() {
                [one] => format!("Register {}", one.name),
                devices => format!("Register {} devices", devices.len()),
            },
            Self::CreateProfile(of) => format!("Create {}", of.name),
            Self::DeleteProfile(of) => format!("Delete {} at Apple", of.name),
            Self::RebuildProfile(of) => format!("Rebuild {}", of.new.name),
            Self::RebuildProfiles(of) => match of.profiles.as_slice() {
                [one] => format!("Put new devices into {}", one.new.name),
                profiles => format!("Put new devices into {} profiles", profiles.len()),
            },
            Self::RenewCertificate(of) => format!("Renew {}", of.name),
            Self::EnsureSigningSet(of) => format!("Ensure {}", of.name),
            Self::SurveyForSet(of) => format!("Look what {} needs", of.wanted.name),
            Self::ChangeTesting(of) => of.change.title(),
            Self::ChangeTestings(of) => TestingChange::title_of(&of.changes),
            Self::SendBuild(of) => format!("Send {}", of.title),
            Self::ReserveUpload(UploadReservation { of }) => format!("Announce {}", of.title),
            Self::ReserveFile(_) => "Announce its file".to_owned(),
            Self::SendParts(_) => "Send the file".to_owned(),
            Self::CommitUpload(_) => "Say that it is whole".to_owned(),
            Self::RegisterWebhook(of) => format!("Have Apple tell of {}", of.identifier),
            Self::RemoveWebhook(of) => format!("Have Apple tell no more of {}", of.identifier),
            Self::AnswerCompliance(of) => {
                format!("Answer export compliance: {}", ExportCompliance::of(Some(of.uses_encryption)))
            }
        }
    }
}
