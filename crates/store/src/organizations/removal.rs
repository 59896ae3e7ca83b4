//! Removing an organization with all that it holds.
//!
//! Everything goes in one transaction, the sealed secrets together with the key ring that opens them. People stay, and so
//! does the activity log.

use domain::{Organization, Permit};

use crate::sql::args;
use crate::{Result, Tx};

/// What is gone with an organization.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Losses {
    /// API keys with their sealed private keys.
    pub keys: u32,
    /// Certificates whose private key is held here.
    pub certificates: u32,
    /// Provisioning profiles with their files.
    pub profiles: u32,
    /// Signing requests with their private keys.
    pub csrs: u32,
    /// People who were given roles in it.
    pub members: u32,
    /// Its API tokens, but for revoked ones.
    pub tokens: u32,
    /// Invitations that nobody has accepted yet.
    pub invitations: u32,
    /// Items of the root organization that are shared with it by name.
    pub shares: u32,
    /// Acts at Apple that are not over.
    pub unfinished_operations: u32,
}

impl Tx {
    /// What would be gone with the permit's organization.
    ///
    /// # Errors
    /// What the database says.
    pub async fn losses(&mut self, permit: &Permit) -> Result<Losses> {
        let id = permit.organization();
        Ok(Losses {
            keys: self
                .row("SELECT COUNT(*) AS number FROM api_keys WHERE organization_id = $1", args![id])
                .await?
                .count("number")?,
            certificates: self
                .row(
                    "SELECT COUNT(*) AS number FROM certificates WHERE organization_id = $1 AND private_key_id IS NOT NULL",
                    args![id],
                )
                .await?
                .count("number")?,
            profiles: self
                .row("SELECT COUNT(*) AS number FROM profiles WHERE organization_id = $1", args![id])
                .await?
                .count("number")?,
            csrs: self
                .row("SELECT COUNT(*) AS number FROM csrs WHERE organization_id = $1", args![id])
                .await?
                .count("number")?,
            members: self
                .row(
                    "SELECT COUNT(DISTINCT user_id) AS number FROM memberships WHERE organization_id = $1",
                    args![id],
                )
                .await?
                .count("number")?,
            tokens: self
                .row(
                    "SELECT COUNT(*) AS number FROM service_tokens WHERE organization_id = $1",
                    args![id],
                )
                .await?
                .count("number")?,
            invitations: self
                .row("SELECT COUNT(*) AS number FROM invitations WHERE organization_id = $1", args![id])
                .await?
                .count("number")?,
            // The rows are the root organization's.
            shares: self
                .row(
                    "SELECT COUNT(*) AS number FROM shares WHERE organization_id = $1 AND target = $2",
                    args![permit.tenant().top(), id],
                )
                .await?
                .count("number")?,
            unfinished_operations: self.unfinished_operations(permit).await?.len() as u32,
        })
    }

    /// The organization of the permit, to be removed in this transaction: nobody adds anything to it any more. People
    /// and keys are locked before it, in the order that every other act locks them in; else two would wait for each other.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`].
    pub async fn lock_organization_for_removal(&mut self, permit: &Permit) -> Result<Organization> {
        let id = permit.organization();
        let statements = [
            self.dialect(
                "SELECT id FROM users WHERE id IN (SELECT user_id FROM memberships WHERE organization_id = $1)",
                "SELECT id FROM users WHERE id IN (SELECT user_id FROM memberships WHERE organization_id = $1) ORDER BY id FOR UPDATE",
            ),
            self.dialect(
                "SELECT id FROM api_keys WHERE organization_id = $1",
                "SELECT id FROM api_keys WHERE organization_id = $1 ORDER BY id FOR UPDATE",
            ),
        ];
        for statement in statements {
            self.rows(statement, args![id]).await?;
        }
        self.lock_organization(permit).await
    }

    /// Takes the permit's organization away with everything in it, and raises the standing of whoever had rights there.
    /// Lock it before, and see that nothing is left that must not be: no sub-organization, no act that is not over.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`].
    pub async fn delete_organization(&mut self, permit: &Permit) -> Result<()> {
        let id = permit.organization();
        self.execute(
            "UPDATE users SET standing = standing + 1 WHERE id IN (SELECT user_id FROM memberships WHERE organization_id = $1)",
            args![id],
        )
        .await?;
        // What the root organization has about it: what is shared with it, and its last uses of that.
        self.execute(
            "DELETE FROM shares WHERE organization_id = $1 AND target = $2",
            args![permit.tenant().top(), id],
        )
        .await?;
        self.execute(
            "DELETE FROM key_last_uses WHERE organization_id = $1 AND user_organization_id = $2",
            args![permit.tenant().top(), id],
        )
        .await?;
        self.execute(
            "DELETE FROM key_last_results WHERE organization_id = $1 AND user_organization_id = $2",
            args![permit.tenant().top(), id],
        )
        .await?;
        // Checks, features and last uses of a key go with it.
        for statement in [
            "DELETE FROM shares WHERE organization_id = $1",
            "DELETE FROM jobs WHERE organization_id = $1",
            "DELETE FROM notice_outbox WHERE organization_id = $1",
            // With their deliveries.
            "DELETE FROM notification_channels WHERE organization_id = $1",
            "DELETE FROM notices WHERE organization_id = $1",
            "DELETE FROM operations WHERE organization_id = $1",
            // Their subjects begin with the owner of the keys.
            "DELETE FROM team_changes WHERE subject LIKE $1 || '/%'",
            // With their items, which point at profiles and certificates.
            "DELETE FROM signing_sets WHERE organization_id = $1",
            // With their files.
            "DELETE FROM profiles WHERE organization_id = $1",
            "DELETE FROM calendar_links WHERE organization_id = $1",
            "DELETE FROM membership_years WHERE organization_id = $1",
            "DELETE FROM mail_days WHERE organization_id = $1",
            "DELETE FROM automatic_renewals WHERE organization_id = $1",
            // With the challenges of its links.
            "DELETE FROM device_invitations WHERE organization_id = $1",
            "DELETE FROM pending_devices WHERE organization_id = $1",
            // Their bytes are cleared up where nothing names them any more.
            "DELETE FROM binaries WHERE organization_id = $1",
            "DELETE FROM binary_uploads WHERE organization_id = $1",
            "DELETE FROM build_parts WHERE organization_id = $1",
            "DELETE FROM apple_webhooks WHERE organization_id = $1",
            "DELETE FROM app_settings WHERE organization_id = $1",
            "DELETE FROM certificates WHERE organization_id = $1",
            "DELETE FROM csrs WHERE organization_id = $1",
            "DELETE FROM api_keys WHERE organization_id = $1",
            "DELETE FROM secrets WHERE organization_id = $1",
            "DELETE FROM invitations WHERE organization_id = $1",
            "DELETE FROM service_tokens WHERE organization_id = $1",
            "DELETE FROM idempotency_keys WHERE organization_id = $1",
            "DELETE FROM memberships WHERE organization_id = $1",
            "DELETE FROM rings WHERE organization_id = $1",
        ] {
            self.execute(statement, args![id]).await?;
        }
        self.change("DELETE FROM organizations WHERE id = $1", args![id]).await
    }

    /// How many root organizations there are. Until this transaction ends nobody else gets this answer: of two that go at
    /// once, one is the last.
    ///
    /// # Errors
    /// What the database says.
    pub async fn root_count(&mut self) -> Result<u32> {
        self.lock_subject("roots").await?;
        self.row("SELECT COUNT(*) AS number FROM organizations WHERE parent_id IS NULL", args![])
            .await?
            .count("number")
    }
}
