//! The worked example of the demo: a root organization and three teams, so that a newcomer sees at once who belongs where,
//! which key is lent to whom, and what is inherited.
//!
//! It is made through the same use cases that a person's clicks reach, and takes as little time as it can: the demo's start
//! waits for it, and most of that time is the hashing of two passwords.

use super::keys_json;
use crate::serve::Running;
use anyhow::Context;
use app::{
    Shown, SystemEntropy,
    accounts::{SetUp, SignedIn},
    invitations::{Accepting, NewAccount, NewInvitation},
    keys::NewKey,
    service_tokens::NewServiceToken,
    sharing::{NewLimits, ShareChange},
};
use domain::{ApiKeyId, Clock, Entropy, OrgId, Origin, ShareTarget, SystemClock};
use jiff::SignedDuration;
use std::{fs, path::Path, time::Duration};
use zeroize::Zeroizing;

const ROOT: &str = "Halden Mobile";

/// The team of the second person.
const TEAM: &str = "Halden Transit";

/// The other sub-organizations.
const OTHER_TEAMS: [&str; 2] = ["Halden Retail", "Field Labs"];

/// How long the key with limits is lent.
const LENT_FOR: SignedDuration = SignedDuration::from_hours(90 * 24);

/// What the visitor is told of the example.
pub(super) struct Example {
    /// Who may do everything.
    pub(super) owner: SignIn,
    /// Who belongs to one team.
    pub(super) member: SignIn,
    /// For scripts, within the Owner's rights.
    pub(super) token: Shown,
}

/// How to come in as somebody.
pub(super) struct SignIn {
    pub(super) email: &'static str,
    pub(super) password: Zeroizing<String>,
    pub(super) organization: &'static str,
    /// What they are there, in a few words.
    pub(super) what: &'static str,
}

/// An Owner with three linked keys and a certificate, three teams, somebody in one of them, two keys lent, a token and an
/// invitation of the organization.
pub(super) async fn make(running: &Running, keys: &Path) -> anyhow::Result<Example> {
    let app = &running.app;
    let elin = SignIn {
        email: "elin@halden.example",
        password: password(),
        organization: ROOT,
        what: "Owner",
    };
    let jonas = SignIn {
        email: "jonas@halden.example",
        password: password(),
        organization: TEAM,
        what: "a member",
    };
    let owner = owner(running, &elin).await?;
    let (caller, org) = (&owner.caller, owner.home().context("the owner has no organization")?);
    for key in linked_keys(keys)? {
        app.add_key(caller, org, key).await?;
    }
    let key = async |name| app.find_key(caller, domain::Action::SeeKeys, org, name).await.map(|key| key.id);
    let (admin, uploads) = (key("Admin").await?, key("CI uploads").await?);
    certificate(running, &owner, org, admin).await?;
    let team = app.create_sub_organization(caller, org, TEAM).await?.organization.id;
    for name in OTHER_TEAMS {
        app.create_sub_organization(caller, org, name).await?;
    }
    lend(running, &owner, uploads, ShareTarget::All, NewLimits::default()).await?;
    let signing_only = NewLimits {
        features: Some(vec!["certificates".to_owned(), "profiles".to_owned()]),
        stops_at: Some(SystemClock.now().checked_add(LENT_FOR)?),
        ..NewLimits::default()
    };
    lend(running, &owner, admin, ShareTarget::Chosen(team), signing_only).await?;
    joined(running, &owner, team, &jonas).await?;
    let invitation = invitation("ingrid@halden.example", &["publish-manager", "signing-viewer"]);
    app.invite(caller, org, invitation).await?;
    let nightly = NewServiceToken {
        name: "Nightly builds".to_owned(),
        roles: vec!["signing-manager".to_owned()],
        ..NewServiceToken::default()
    };
    // Its value is nobody's: whoever wants to use it rotates it.
    app.create_service_token(&owner, org, nightly).await?;
    let (_, token) = app.create_token(&owner, "Demo scripts", None).await?;
    app.sign_out(&owner).await?;
    Ok(Example {
        owner: elin,
        member: jonas,
        token,
    })
}

async fn owner(running: &Running, who: &SignIn) -> anyhow::Result<SignedIn> {
    let link = running
        .app
        .set_up_token()
        .await?
        .context("the demo's database has an owner already")?;
    let owner = SetUp {
        organization: who.organization.to_owned(),
        name: "Elin Vestergaard".to_owned(),
        email: who.email.to_owned(),
        password: who.password.clone(),
    };
    let session = running.app.set_up(link.expose(), owner, Origin::default(), Some("russet demo"));
    Ok(session.await?.signed_in)
}

/// One certificate, made as a person would make it.
async fn certificate(running: &Running, owner: &SignedIn, org: OrgId, key: ApiKeyId) -> anyhow::Result<()> {
    let app = &running.app;
    let operation = app.create_certificate(&owner.caller, org, key, "DEVELOPMENT").await?;
    app.wait_for_operation(&owner.caller, org, operation.id, Duration::from_secs(10))
        .await?;
    Ok(())
}

async fn lend(running: &Running, owner: &SignedIn, key: ApiKeyId, to: ShareTarget, limits: NewLimits) -> anyhow::Result<()> {
    let org = owner.home().context("the owner has no organization")?;
    let change = ShareChange {
        share: vec![(to, limits)],
        ..ShareChange::default()
    };
    running.app.share_key(&owner.caller, org, key, change).await?;
    Ok(())
}

fn invitation(email: &str, roles: &[&str]) -> NewInvitation {
    NewInvitation {
        email: email.to_owned(),
        roles: roles.iter().map(|&role| role.to_owned()).collect(),
        show_link: true,
    }
}

/// Somebody who was invited to the team and made an account with the link.
async fn joined(running: &Running, owner: &SignedIn, team: OrgId, who: &SignIn) -> anyhow::Result<()> {
    let invitation = invitation(who.email, &["organization-viewer", "credentials-viewer", "signing-manager"]);
    let invited = running.app.invite(&owner.caller, team, invitation).await?;
    let link = invited.token.context("the invitation was mailed")?;
    let account = NewAccount {
        name: "Jonas Lindqvist",
        password: who.password.clone(),
        browser: None,
    };
    let accepting = Accepting::NewAccount(account);
    running.app.accept_invitation(link.expose(), accepting, Origin::default()).await?;
    Ok(())
}

/// All but the two that are left for the visitor.
fn linked_keys(keys: &Path) -> anyhow::Result<Vec<NewKey>> {
    let all = keys_json(keys)?;
    let text = |key: &serde_json::Value, field: &str| key[field].as_str().unwrap_or_default().to_owned();
    let mut linked = Vec::new();
    for key in all.as_array().into_iter().flatten() {
        let roles: Vec<String> = key["roles"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|r| r.as_str().map(str::to_owned))
            .collect();
        let name = match (text(key, "kind").as_str(), roles.first().map(String::as_str)) {
            ("team", Some("ADMIN")) => "Admin",
            ("team", Some("DEVELOPER")) => "CI uploads",
            ("individual", _) => "Elin's own key",
            _ => continue,
        };
        let path = keys.join(text(key, "file"));
        linked.push(NewKey {
            name: name.to_owned(),
            kind: text(key, "kind"),
            key_id: text(key, "key_id"),
            issuer_id: text(key, "issuer_id"),
            roles,
            file_name: path.file_name().map(|n| n.to_string_lossy().into_owned()),
            file: Zeroizing::new(fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?),
            save_unverified: false,
        });
    }
    Ok(linked)
}

/// Twenty letters and digits, without the ones that look alike.
fn password() -> Zeroizing<String> {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut random = Zeroizing::new([0; 20]);
    SystemEntropy.fill(random.as_mut_slice());
    Zeroizing::new(random.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect())
}
