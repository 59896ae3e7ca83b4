//! What events are called in the database, the API and filters: noun, dot, verb. A word is kept for ever, because the log is.

use super::Event;

/// The words of all events, for filters; what stands behind each is [`Event::action`].
pub const ACTIONS: &[&str] = &[
    "access.deny",
    "activity.export",
    "activity.verify",
    "apple-token.create",
    "bundle-id.edit",
    "bundle-id.register",
    "bundle-id.remove-capability",
    "bundle-id.set-capability",
    "certificate.create",
    "certificate.download",
    "certificate.join-key",
    "certificate.remove",
    "certificate.rename",
    "certificate.renew",
    "certificate.revoke",
    "certificate.share",
    "certificate.take-in",
    "certificate.unshare",
    "certificate.will-expire",
    "csr.complete",
    "csr.create",
    "csr.remove",
    "device.change",
    "device.register",
    "device.register-several",
    "invitation.revoke",
    "invitation.send-again",
    "key.add",
    "key.check",
    "key.override",
    "key.remove",
    "key.rename",
    "key.rotate",
    "key.set-roles",
    "key.share",
    "key.share-ended",
    "key.unshare",
    "key.use",
    "member.invite",
    "member.join",
    "member.leave",
    "member.remove",
    "member.set-roles",
    "organization.create",
    "organization.delete",
    "organization.rename",
    "password.change",
    "profile.create",
    "profile.delete",
    "profile.download",
    "profile.download-held",
    "profile.fetch",
    "profile.import",
    "profile.rebuild",
    "profile.remove",
    "profile.will-expire",
    "service-token.change",
    "service-token.create",
    "service-token.revoke",
    "service-token.rotate",
    "service-token.will-expire",
    "session.sign-in",
    "session.sign-in-failed",
    "session.sign-out",
    "setup.complete",
    "token.create",
    "token.revoke",
    "token.will-expire",
];

impl Event {
    /// The word in the database, the API and filters: noun, dot, verb.
    #[must_use]
    pub fn action(&self) -> &'static str {
        match self {
            Self::AccessDenied { .. } => "access.deny",
            Self::SetupCompleted { .. } => "setup.complete",
            Self::SignedIn { .. } => "session.sign-in",
            Self::SignInFailed { .. } => "session.sign-in-failed",
            Self::SignedOut { .. } => "session.sign-out",
            Self::PasswordChanged { .. } => "password.change",
            Self::TokenCreated { .. } => "token.create",
            Self::TokenRevoked { .. } => "token.revoke",
            Self::OrganizationCreated { .. } => "organization.create",
            Self::OrganizationRenamed { .. } => "organization.rename",
            Self::OrganizationDeleted { .. } => "organization.delete",
            Self::MemberInvited { .. } => "member.invite",
            Self::InvitationSentAgain { .. } => "invitation.send-again",
            Self::InvitationRevoked { .. } => "invitation.revoke",
            Self::MemberJoined { .. } => "member.join",
            Self::MemberRolesChanged { .. } => "member.set-roles",
            Self::MemberRemoved { .. } => "member.remove",
            Self::MemberLeft { .. } => "member.leave",
            Self::ServiceTokenCreated { .. } => "service-token.create",
            Self::ServiceTokenChanged { .. } => "service-token.change",
            Self::ServiceTokenRotated { .. } => "service-token.rotate",
            Self::ServiceTokenRevoked { .. } => "service-token.revoke",
            Self::KeyShared { .. } => "key.share",
            Self::KeyUnshared { .. } => "key.unshare",
            Self::KeyShareEnded { .. } => "key.share-ended",
            Self::KeyAdded { .. } => "key.add",
            Self::KeyRenamed { .. } => "key.rename",
            Self::KeyRolesChanged { .. } => "key.set-roles",
            Self::KeyRotated { .. } => "key.rotate",
            Self::KeyRemoved { .. } => "key.remove",
            Self::KeyChecked { .. } => "key.check",
            Self::KeyUsed { .. } => "key.use",
            Self::FeatureOverridden { .. } => "key.override",
            Self::CertificateWillExpire { .. } => "certificate.will-expire",
            Self::ProfileWillExpire { .. } => "profile.will-expire",
            Self::TokenWillExpire { .. } => "token.will-expire",
            Self::ServiceTokenWillExpire { .. } => "service-token.will-expire",
            Self::ActivityExported { .. } => "activity.export",
            Self::ActivityVerified { .. } => "activity.verify",
            Self::CertificateCreated { .. } => "certificate.create",
            Self::CertificateDownloaded { .. } => "certificate.download",
            Self::CertificateRevoked { .. } => "certificate.revoke",
            Self::BundleIdRegistered { .. } => "bundle-id.register",
            Self::CapabilitySet { .. } => "bundle-id.set-capability",
            Self::CapabilityRemoved { .. } => "bundle-id.remove-capability",
            Self::DeviceRegistered { .. } => "device.register",
            Self::DeviceChanged { .. } => "device.change",
            Self::BundleIdEdited { .. } => "bundle-id.edit",
            Self::DevicesRegistered { .. } => "device.register-several",
            Self::CertificateTakenIn { .. } => "certificate.take-in",
            Self::CertificateKeyJoined { .. } => "certificate.join-key",
            Self::CertificateShared { .. } => "certificate.share",
            Self::CertificateUnshared { .. } => "certificate.unshare",
            Self::CertificateRenamed { .. } => "certificate.rename",
            Self::CertificateRemoved { .. } => "certificate.remove",
            Self::CsrCreated { .. } => "csr.create",
            Self::CsrCompleted { .. } => "csr.complete",
            Self::CsrRemoved { .. } => "csr.remove",
            Self::CertificateRenewed { .. } => "certificate.renew",
            Self::ProfileCreated { .. } => "profile.create",
            Self::ProfileDeleted { .. } => "profile.delete",
            Self::ProfileRebuilt { .. } => "profile.rebuild",
            Self::ProfileFetched { .. } => "profile.fetch",
            Self::ProfileImported { .. } => "profile.import",
            Self::ProfileRemoved { .. } => "profile.remove",
            Self::HeldProfileDownloaded { .. } => "profile.download-held",
            Self::ProfileDownloaded { .. } => "profile.download",
            Self::AppleTokenMinted { .. } => "apple-token.create",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_is_among_those_that_filters_offer() {
        let source = include_str!("words.rs").split("#[cfg(test)]").next().unwrap();
        let words = source
            .lines()
            .filter_map(|line| line.split_once("{ .. } => \"")?.1.split('"').next());
        let mut words: Vec<_> = words.filter(|word| word.contains('.')).collect();
        words.sort_unstable();
        assert_eq!(
            words, ACTIONS,
            "add the word of a new event to ACTIONS, in the order of the alphabet"
        );
    }
}
