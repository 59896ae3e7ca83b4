//! The activity log: a closed set of events with typed fields. No free JSON, and no field that could hold a secret.
//!
//! A local change is one record, in the transaction of the change. An act at Apple is two: the intent before the call,
//! the outcome after it, tied by the operation or by the record's `follows`. No record, no act.

mod about;
mod notice;
mod notice_kind;
mod who;
mod words;

use crate::{
    app_settings::ExportCompliance,
    apple_key::KeyKind,
    certificate::{CertificateType, ItemOrigin},
    feature::{Feature, Need},
    id::{
        ActivityId, ApiKeyId, ApiTokenId, AppleWebhookId, BinaryId, CertificateId, ChannelId, CsrId, DeviceInvitationId, InvitationId,
        OperationId, OrgId, PendingDeviceId, ProfileId, ServiceTokenId, SessionId, SigningSetId, UserId,
    },
    name::{Email, ItemName},
    policy::Role,
    share::{ShareLimits, ShareTarget},
};
use ipnet::IpNet;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

pub use notice::{Audience, Notice};
pub use notice_kind::NoticeKind;
pub use who::{Actor, Origin};
pub use words::ACTIONS;

/// How it ended, or that it is about to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// About to be tried; another record follows.
    Intent,
    /// Done.
    Done,
    /// Not allowed here.
    Denied,
    /// Apple refused.
    Refused,
    /// It broke down, and nothing was changed.
    Failed,
    /// Nobody knows yet.
    Unknown,
}

impl Outcome {
    /// Every outcome, in the order of filters.
    pub const ALL: [Self; 6] = [Self::Done, Self::Intent, Self::Denied, Self::Refused, Self::Failed, Self::Unknown];

    /// Reads [`Outcome::as_str`] back.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == text)
    }

    /// The word in the database and the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Intent => "intent",
            Self::Done => "done",
            Self::Denied => "denied",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }
}

/// The forms a certificate can be downloaded in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExportForm {
    /// `.p12` that every reader opens (3DES, SHA-1 MAC).
    P12Compatible,
    /// `.p12` with AES-256 and an HMAC-SHA-256 MAC.
    P12Modern,
    /// PEM: private key, certificate, chain.
    Pem,
    /// The certificate alone, DER.
    Cer,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "event")]
#[expect(missing_docs, reason = "the names of the events and their fields are the documentation")]
pub enum Event {
    AccessDenied {
        what: String,
    },
    SetupCompleted {
        user: UserId,
        organization: OrgId,
    },
    SignedIn {
        user: UserId,
        session: SessionId,
    },
    SignInFailed {
        user: Option<UserId>,
    },
    SignedOut {
        user: UserId,
        session: SessionId,
    },
    PasswordChanged {
        user: UserId,
        sessions_ended: u32,
    },
    CalendarLinkMade {
        user: UserId,
    },
    CalendarLinkEnded {
        user: UserId,
    },
    TokenCreated {
        token: ApiTokenId,
        name: String,
        expires_at: Timestamp,
    },
    TokenRevoked {
        token: ApiTokenId,
        name: String,
    },
    OrganizationCreated {
        organization: OrgId,
        name: ItemName,
        parent: Option<OrgId>,
    },
    OrganizationRenamed {
        organization: OrgId,
        from: ItemName,
        to: ItemName,
    },
    OrganizationDeleted {
        organization: OrgId,
        name: ItemName,
    },
    MemberInvited {
        invitation: InvitationId,
        email: Email,
        roles: BTreeSet<Role>,
    },
    InvitationSentAgain {
        invitation: InvitationId,
        email: Email,
    },
    InvitationRevoked {
        invitation: InvitationId,
        email: Email,
    },
    MemberJoined {
        user: UserId,
        invitation: InvitationId,
        roles: BTreeSet<Role>,
    },
    MemberRolesChanged {
        user: UserId,
        from: BTreeSet<Role>,
        to: BTreeSet<Role>,
    },
    MemberRemoved {
        user: UserId,
        email: Email,
    },
    MemberLeft {
        user: UserId,
        email: Email,
    },
    ServiceTokenCreated {
        token: ServiceTokenId,
        name: ItemName,
        roles: BTreeSet<Role>,
        organizations: Option<BTreeSet<OrgId>>,
        address_ranges: Vec<IpNet>,
        expires_at: Timestamp,
    },
    ServiceTokenChanged {
        token: ServiceTokenId,
        name: ItemName,
        roles: BTreeSet<Role>,
        organizations: Option<BTreeSet<OrgId>>,
        address_ranges: Vec<IpNet>,
    },
    ServiceTokenRotated {
        token: ServiceTokenId,
        name: ItemName,
        expires_at: Timestamp,
    },
    ServiceTokenRevoked {
        token: ServiceTokenId,
        name: ItemName,
    },
    KeyShared {
        key: ApiKeyId,
        name: String,
        target: ShareTarget,
        limits: ShareLimits,
    },
    KeyUnshared {
        key: ApiKeyId,
        name: String,
        target: ShareTarget,
    },
    KeyShareEnded {
        key: ApiKeyId,
        name: String,
        target: ShareTarget,
        ended_at: Timestamp,
    },
    KeyAdded {
        key: ApiKeyId,
        name: String,
        key_id: String,
        kind: KeyKind,
    },
    KeyRenamed {
        key: ApiKeyId,
        from: String,
        to: String,
    },
    KeyRolesChanged {
        key: ApiKeyId,
        name: String,
    },
    KeyRotated {
        key: ApiKeyId,
        name: String,
        from_key_id: String,
        to_key_id: String,
    },
    KeyRemoved {
        key: ApiKeyId,
        name: String,
        key_id: String,
    },
    KeyChecked {
        key: ApiKeyId,
        name: String,
        health: String,
        /// What it was before, where this check found another.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        was: Option<String>,
    },
    KeyUsed {
        key: ApiKeyId,
        name: String,
        need: Need,
    },
    FeatureOverridden {
        key: ApiKeyId,
        name: String,
        feature: Feature,
        on: bool,
    },
    ChannelCreated {
        channel: ChannelId,
        name: ItemName,
        /// Where it leads, in short.
        target: String,
    },
    ChannelChanged {
        channel: ChannelId,
        name: ItemName,
        target: String,
    },
    ChannelSecretRotated {
        channel: ChannelId,
        name: ItemName,
    },
    ChannelTested {
        channel: ChannelId,
        name: ItemName,
    },
    ChannelRemoved {
        channel: ChannelId,
        name: ItemName,
    },
    ChannelFailing {
        channel: ChannelId,
        name: ItemName,
        why: String,
    },
    ChannelRecovered {
        channel: ChannelId,
        name: ItemName,
    },
    CertificateWillExpire {
        certificate: CertificateId,
        name: String,
        expires_at: Timestamp,
        days: u16,
    },
    ProfileWillExpire {
        profile: ProfileId,
        name: String,
        expires_at: Timestamp,
        days: u16,
    },
    TokenWillExpire {
        token: ApiTokenId,
        name: String,
        expires_at: Timestamp,
        days: u16,
        /// Whose token it is; unknown in old records.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user: Option<UserId>,
    },
    ServiceTokenWillExpire {
        token: ServiceTokenId,
        name: String,
        expires_at: Timestamp,
        days: u16,
    },
    ActivityExported {
        form: String,
        since: Timestamp,
    },
    ActivityVerified {
        records: i64,
        findings: i64,
    },
    CertificateCreated {
        operation: OperationId,
        key: ApiKeyId,
        certificate_type: CertificateType,
        certificate: Option<CertificateId>,
    },
    CertificateRevoked {
        operation: OperationId,
        key: ApiKeyId,
        certificate_type: CertificateType,
        name: String,
        certificate: Option<CertificateId>,
    },
    BundleIdRegistered {
        operation: OperationId,
        key: ApiKeyId,
        identifier: String,
    },
    CapabilitySet {
        operation: OperationId,
        key: ApiKeyId,
        identifier: String,
        capability: String,
    },
    CapabilityRemoved {
        operation: OperationId,
        key: ApiKeyId,
        identifier: String,
        capability: String,
    },
    BundleIdEdited {
        operation: OperationId,
        key: ApiKeyId,
        identifier: String,
        set: Vec<String>,
        removed: Vec<String>,
    },
    DevicesRegistered {
        operation: OperationId,
        key: ApiKeyId,
        number: u32,
    },
    DeviceRegistered {
        operation: OperationId,
        key: ApiKeyId,
        name: String,
        udid: String,
    },
    DeviceChanged {
        operation: OperationId,
        key: ApiKeyId,
        name: String,
        udid: String,
        renamed_to: Option<String>,
        enabled: Option<bool>,
    },
    MembershipYearSet {
        key: ApiKeyId,
        name: String,
        ends_on: Option<jiff::civil::Date>,
    },
    DeviceInvited {
        invitation: DeviceInvitationId,
        name: ItemName,
        email: Option<Email>,
        automatic: bool,
        uses: u32,
    },
    DeviceInvitationSentAgain {
        invitation: DeviceInvitationId,
        name: ItemName,
    },
    DeviceInvitationRevoked {
        invitation: DeviceInvitationId,
        name: ItemName,
    },
    DeviceArrived {
        device: PendingDeviceId,
        name: String,
        udid: String,
        invitation: Option<DeviceInvitationId>,
    },
    DeviceAnswerRefused {
        invitation: DeviceInvitationId,
        name: ItemName,
        why: String,
    },
    DeviceApproved {
        device: PendingDeviceId,
        name: String,
        udid: String,
        keys: Vec<ApiKeyId>,
    },
    DeviceRejected {
        device: PendingDeviceId,
        name: String,
        udid: String,
    },
    CertificateDownloaded {
        certificate: CertificateId,
        name: String,
        form: ExportForm,
        /// The signing set that it left with; none for itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        set: Option<ItemName>,
    },
    CertificateTakenIn {
        certificate: CertificateId,
        name: String,
        serial: String,
        origin: ItemOrigin,
        key_held: bool,
    },
    CertificateShared {
        certificate: CertificateId,
        name: String,
        target: ShareTarget,
        limits: ShareLimits,
    },
    CertificateUnshared {
        certificate: CertificateId,
        name: String,
        target: ShareTarget,
    },
    /// In the log of who owns it: it left, with its private key, in a signing set's files of an organization below.
    LentCertificateUsed {
        certificate: CertificateId,
        name: String,
        /// Where.
        organization: OrgId,
        form: ExportForm,
    },
    ProfileShared {
        profile: ProfileId,
        name: String,
        target: ShareTarget,
        limits: ShareLimits,
    },
    ProfileUnshared {
        profile: ProfileId,
        name: String,
        target: ShareTarget,
    },
    CertificateRenamed {
        certificate: CertificateId,
        from: String,
        to: String,
    },
    CertificateRemoved {
        certificate: CertificateId,
        name: String,
        serial: String,
        key_destroyed: bool,
    },
    CertificateRenewalSet {
        certificate: CertificateId,
        name: String,
        /// How many days before its end; none when it is no longer renewed by itself.
        days_before: Option<u16>,
    },
    CertificateRenewalNotBegun {
        certificate: CertificateId,
        name: String,
        why: String,
    },
    CertificateKeyJoined {
        certificate: CertificateId,
        name: String,
    },
    BinaryUploaded {
        binary: BinaryId,
        name: String,
        sha256: String,
    },
    BinaryDownloaded {
        binary: BinaryId,
        name: String,
    },
    BinaryMarked {
        binary: BinaryId,
        name: String,
        release_candidate: bool,
    },
    BinaryRemoved {
        binary: BinaryId,
        name: String,
        /// How many days it was kept, where its time was over; none where somebody removed it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kept_days: Option<u16>,
    },
    BinaryRetentionSet {
        /// 0 for ever.
        days: u16,
    },
    ExportComplianceSet {
        identifier: String,
        answer: ExportCompliance,
    },
    BuildNumberReserved {
        key: ApiKeyId,
        identifier: String,
        number: String,
    },
    TestingChanged {
        operation: OperationId,
        key: ApiKeyId,
        identifier: String,
        what: String,
    },
    BetaReviewDetailsWritten {
        key: ApiKeyId,
        identifier: String,
    },
    BuildSent {
        operation: OperationId,
        key: ApiKeyId,
        binary: BinaryId,
        title: String,
        identifier: String,
        build: Option<String>,
    },
    BuildUploadReserved {
        operation: OperationId,
        key: ApiKeyId,
        title: String,
    },
    BuildFileReserved {
        operation: OperationId,
        key: ApiKeyId,
        title: String,
    },
    BuildPartsSent {
        operation: OperationId,
        key: ApiKeyId,
        title: String,
        sha256: String,
    },
    BuildUploadCommitted {
        operation: OperationId,
        key: ApiKeyId,
        title: String,
    },
    AppleWebhookRegistered {
        operation: OperationId,
        key: ApiKeyId,
        webhook: AppleWebhookId,
        identifier: String,
    },
    AppleWebhookRemoved {
        operation: OperationId,
        key: ApiKeyId,
        webhook: AppleWebhookId,
        identifier: String,
    },
    /// Here alone: Apple was not asked.
    AppleWebhookForgotten {
        webhook: AppleWebhookId,
        identifier: String,
    },
    BuildComplianceAnswered {
        operation: OperationId,
        key: ApiKeyId,
        title: String,
        answer: ExportCompliance,
    },
    CsrCreated {
        csr: CsrId,
        name: ItemName,
    },
    CsrCompleted {
        csr: CsrId,
        name: ItemName,
        certificate: CertificateId,
    },
    CsrRemoved {
        csr: CsrId,
        name: ItemName,
        key_destroyed: bool,
    },
    CertificateRenewed {
        operation: OperationId,
        key: ApiKeyId,
        certificate: CertificateId,
        name: String,
        replacement: Option<CertificateId>,
    },
    ProfileCreated {
        operation: OperationId,
        key: ApiKeyId,
        name: String,
        identifier: String,
        profile: Option<ProfileId>,
    },
    ProfileDeleted {
        operation: OperationId,
        key: ApiKeyId,
        name: String,
        profile: Option<ProfileId>,
    },
    ProfileRebuilt {
        operation: OperationId,
        key: ApiKeyId,
        name: String,
        profile: ProfileId,
    },
    ProfilesRebuilt {
        operation: OperationId,
        key: ApiKeyId,
        number: u32,
        devices: Vec<String>,
    },
    ProfileUuidChanged {
        profile: ProfileId,
        name: String,
        from: String,
        to: String,
    },
    ProfileLeftBehind {
        profile: ProfileId,
        name: String,
        why: String,
    },
    ProfileFetched {
        key: ApiKeyId,
        profile: ProfileId,
        name: String,
        /// Whether its file stays at Apple.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        reference: bool,
    },
    ProfileImported {
        profile: ProfileId,
        name: String,
    },
    ProfileRemoved {
        profile: ProfileId,
        name: String,
    },
    HeldProfileDownloaded {
        profile: ProfileId,
        name: String,
        /// The signing set that it left with; none for itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        set: Option<ItemName>,
    },
    ProfileDownloaded {
        key: ApiKeyId,
        profile: String,
        name: String,
    },
    SigningSetCreated {
        set: SigningSetId,
        name: ItemName,
        identifiers: Vec<String>,
    },
    SigningSetEnsured {
        operation: OperationId,
        key: ApiKeyId,
        name: String,
        identifiers: Vec<String>,
        set: Option<SigningSetId>,
    },
    SigningSetSurveyed {
        operation: OperationId,
        key: ApiKeyId,
        name: String,
    },
    SigningSetUsed {
        set: SigningSetId,
        name: ItemName,
        identifiers: Vec<String>,
        certificates: Vec<CertificateId>,
        form: ExportForm,
    },
    SigningSetRemoved {
        set: SigningSetId,
        name: ItemName,
    },
    AppleTokenMinted {
        key: ApiKeyId,
        name: String,
        expires_at: Timestamp,
        scoped: bool,
    },
}

/// One record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// Its id.
    pub id: ActivityId,
    /// In which organization; none for what belongs to no organization, such as a failed sign-in.
    pub organization: Option<OrgId>,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// From where.
    pub origin: Origin,
    /// What.
    pub event: Event,
    /// How it ended.
    pub outcome: Outcome,
    /// The intent that this record is the outcome of.
    pub follows: Option<ActivityId>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_reads_back() {
        for outcome in Outcome::ALL {
            assert_eq!(Outcome::parse(outcome.as_str()), Some(outcome));
        }
    }
}
