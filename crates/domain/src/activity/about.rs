//! What a record is about: the thing it names, and the API key that was used for it.

use super::Event;
use crate::id::ApiKeyId;

impl Event {
    /// The id of the object it is about, ours or Apple's.
    #[must_use]
    pub fn object(&self) -> Option<String> {
        Some(match self {
            Self::AccessDenied { .. } | Self::ActivityExported { .. } | Self::ActivityVerified { .. } | Self::BinaryRetentionSet { .. } => {
                return None;
            }
            Self::SetupCompleted { organization, .. } => organization.to_string(),
            Self::SignedIn { user, .. } | Self::SignedOut { user, .. } | Self::PasswordChanged { user, .. } => user.to_string(),
            Self::CalendarLinkMade { user } | Self::CalendarLinkEnded { user } => user.to_string(),
            Self::SignInFailed { user } => user.as_ref()?.to_string(),
            Self::TokenCreated { token, .. } | Self::TokenRevoked { token, .. } | Self::TokenWillExpire { token, .. } => token.to_string(),
            Self::OrganizationCreated { organization, .. }
            | Self::OrganizationRenamed { organization, .. }
            | Self::OrganizationDeleted { organization, .. } => organization.to_string(),
            Self::MemberInvited { invitation, .. }
            | Self::InvitationSentAgain { invitation, .. }
            | Self::InvitationRevoked { invitation, .. } => invitation.to_string(),
            Self::MemberJoined { user, .. }
            | Self::MemberRolesChanged { user, .. }
            | Self::MemberRemoved { user, .. }
            | Self::MemberLeft { user, .. } => user.to_string(),
            Self::ServiceTokenCreated { token, .. }
            | Self::ServiceTokenChanged { token, .. }
            | Self::ServiceTokenRotated { token, .. }
            | Self::ServiceTokenRevoked { token, .. }
            | Self::ServiceTokenWillExpire { token, .. } => token.to_string(),
            Self::KeyAdded { key, .. }
            | Self::KeyShared { key, .. }
            | Self::KeyUnshared { key, .. }
            | Self::KeyShareEnded { key, .. }
            | Self::KeyRenamed { key, .. }
            | Self::KeyRolesChanged { key, .. }
            | Self::KeyRotated { key, .. }
            | Self::KeyRemoved { key, .. }
            | Self::KeyChecked { key, .. }
            | Self::KeyUsed { key, .. }
            | Self::MembershipYearSet { key, .. }
            | Self::FeatureOverridden { key, .. }
            | Self::AppleTokenMinted { key, .. } => key.to_string(),
            Self::CertificateCreated { operation, .. }
            | Self::CertificateRevoked { operation, .. }
            | Self::BundleIdRegistered { operation, .. }
            | Self::CapabilitySet { operation, .. }
            | Self::CapabilityRemoved { operation, .. }
            | Self::DeviceRegistered { operation, .. }
            | Self::BundleIdEdited { operation, .. }
            | Self::DevicesRegistered { operation, .. }
            | Self::CertificateRenewed { operation, .. }
            | Self::ProfileCreated { operation, .. }
            | Self::ProfileDeleted { operation, .. }
            | Self::ProfileRebuilt { operation, .. }
            | Self::ProfilesRebuilt { operation, .. }
            | Self::SigningSetEnsured { operation, .. }
            | Self::SigningSetSurveyed { operation, .. }
            | Self::BuildSent { operation, .. }
            | Self::TestingChanged { operation, .. }
            | Self::BuildUploadReserved { operation, .. }
            | Self::BuildFileReserved { operation, .. }
            | Self::BuildPartsSent { operation, .. }
            | Self::BuildUploadCommitted { operation, .. }
            | Self::AppleWebhookRegistered { operation, .. }
            | Self::AppleWebhookRemoved { operation, .. }
            | Self::BuildComplianceAnswered { operation, .. }
            | Self::DeviceChanged { operation, .. } => operation.to_string(),
            Self::CertificateDownloaded { certificate, .. }
            | Self::CertificateTakenIn { certificate, .. }
            | Self::CertificateKeyJoined { certificate, .. }
            | Self::CertificateShared { certificate, .. }
            | Self::CertificateUnshared { certificate, .. }
            | Self::LentCertificateUsed { certificate, .. }
            | Self::CertificateRenamed { certificate, .. }
            | Self::CertificateRemoved { certificate, .. }
            | Self::CertificateRenewalSet { certificate, .. }
            | Self::CertificateRenewalNotBegun { certificate, .. }
            | Self::CertificateWillExpire { certificate, .. } => certificate.to_string(),
            Self::ChannelCreated { channel, .. }
            | Self::ChannelChanged { channel, .. }
            | Self::ChannelSecretRotated { channel, .. }
            | Self::ChannelTested { channel, .. }
            | Self::ChannelRemoved { channel, .. }
            | Self::ChannelFailing { channel, .. }
            | Self::ChannelRecovered { channel, .. } => channel.to_string(),
            Self::BinaryUploaded { binary, .. }
            | Self::BinaryDownloaded { binary, .. }
            | Self::BinaryMarked { binary, .. }
            | Self::BinaryRemoved { binary, .. } => binary.to_string(),
            Self::AppleWebhookForgotten { webhook, .. } => webhook.to_string(),
            Self::ExportComplianceSet { identifier, .. } | Self::BuildNumberReserved { identifier, .. } => identifier.clone(),
            Self::CsrCreated { csr, .. } | Self::CsrCompleted { csr, .. } | Self::CsrRemoved { csr, .. } => csr.to_string(),
            Self::DeviceInvited { invitation, .. }
            | Self::DeviceInvitationSentAgain { invitation, .. }
            | Self::DeviceInvitationRevoked { invitation, .. }
            | Self::DeviceAnswerRefused { invitation, .. } => invitation.to_string(),
            Self::DeviceArrived { device, .. } | Self::DeviceApproved { device, .. } | Self::DeviceRejected { device, .. } => {
                device.to_string()
            }
            Self::ProfileFetched { profile, .. }
            | Self::ProfileShared { profile, .. }
            | Self::ProfileUnshared { profile, .. }
            | Self::ProfileUuidChanged { profile, .. }
            | Self::ProfileLeftBehind { profile, .. }
            | Self::ProfileImported { profile, .. }
            | Self::ProfileRemoved { profile, .. }
            | Self::ProfileWillExpire { profile, .. }
            | Self::HeldProfileDownloaded { profile, .. } => profile.to_string(),
            Self::ProfileDownloaded { profile, .. } => profile.clone(),
            Self::BetaReviewDetailsWritten { identifier, .. } => identifier.clone(),
            Self::SigningSetCreated { set, .. } | Self::SigningSetUsed { set, .. } | Self::SigningSetRemoved { set, .. } => set.to_string(),
        })
    }

    /// What the API key was called that was used.
    #[must_use]
    pub fn key_name(&self) -> Option<&str> {
        match self {
            Self::KeyAdded { name, .. }
            | Self::KeyRolesChanged { name, .. }
            | Self::KeyRotated { name, .. }
            | Self::KeyRemoved { name, .. }
            | Self::KeyChecked { name, .. }
            | Self::KeyUsed { name, .. }
            | Self::AppleTokenMinted { name, .. } => Some(name),
            Self::KeyRenamed { to, .. } => Some(to),
            _ => None,
        }
    }

    /// The API key that was used for it, for "what did this key do".
    #[must_use]
    pub fn key(&self) -> Option<ApiKeyId> {
        match self {
            Self::KeyAdded { key, .. }
            | Self::KeyShared { key, .. }
            | Self::KeyUnshared { key, .. }
            | Self::KeyShareEnded { key, .. }
            | Self::KeyRenamed { key, .. }
            | Self::KeyRolesChanged { key, .. }
            | Self::KeyRotated { key, .. }
            | Self::KeyRemoved { key, .. }
            | Self::KeyChecked { key, .. }
            | Self::KeyUsed { key, .. }
            | Self::FeatureOverridden { key, .. }
            | Self::CertificateCreated { key, .. }
            | Self::CertificateRevoked { key, .. }
            | Self::BundleIdRegistered { key, .. }
            | Self::CapabilitySet { key, .. }
            | Self::CapabilityRemoved { key, .. }
            | Self::DeviceRegistered { key, .. }
            | Self::DeviceChanged { key, .. }
            | Self::BundleIdEdited { key, .. }
            | Self::DevicesRegistered { key, .. }
            | Self::CertificateRenewed { key, .. }
            | Self::MembershipYearSet { key, .. }
            | Self::ProfileCreated { key, .. }
            | Self::ProfileDeleted { key, .. }
            | Self::ProfileRebuilt { key, .. }
            | Self::ProfilesRebuilt { key, .. }
            | Self::ProfileFetched { key, .. }
            | Self::ProfileDownloaded { key, .. }
            | Self::SigningSetEnsured { key, .. }
            | Self::SigningSetSurveyed { key, .. }
            | Self::BuildNumberReserved { key, .. }
            | Self::BuildSent { key, .. }
            | Self::BetaReviewDetailsWritten { key, .. }
            | Self::TestingChanged { key, .. }
            | Self::BuildUploadReserved { key, .. }
            | Self::BuildFileReserved { key, .. }
            | Self::BuildPartsSent { key, .. }
            | Self::BuildUploadCommitted { key, .. }
            | Self::AppleWebhookRegistered { key, .. }
            | Self::AppleWebhookRemoved { key, .. }
            | Self::BuildComplianceAnswered { key, .. }
            | Self::AppleTokenMinted { key, .. } => Some(*key),
            _ => None,
        }
    }
}
