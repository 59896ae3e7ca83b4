//! Who may what, a second time: from the words of the product, module by module. It must not ask the policy that it is
//! held against.
//!
//! A new action does not compile here until somebody has written down who may do it.

use domain::Action;

/// The roles, by their words.
pub(crate) const ROLES: [&str; 11] = [
    "owner",
    "organization-manager",
    "organization-viewer",
    "credentials-manager",
    "credentials-viewer",
    "signing-manager",
    "signing-viewer",
    "publish-manager",
    "publish-operator",
    "publish-ext-operator",
    "publish-viewer",
];

/// Where an action makes sense.
#[derive(PartialEq, Eq)]
enum Only {
    Anywhere,
    /// What is done about sub-organizations is done in the root organization above them.
    InRoots,
}

const OWNER: &[&str] = &["owner"];
const ANYBODY_IN_IT: &[&str] = &ROLES;
const MANAGES_ORGANIZATION: &[&str] = &["owner", "organization-manager"];
const SEES_ORGANIZATION: &[&str] = &["owner", "organization-manager", "organization-viewer"];
const MANAGES_CREDENTIALS: &[&str] = &["owner", "credentials-manager"];
const SEES_CREDENTIALS: &[&str] = &["owner", "credentials-manager", "credentials-viewer"];
const MANAGES_SIGNING: &[&str] = &["owner", "signing-manager"];
const SEES_SIGNING: &[&str] = &["owner", "signing-manager", "signing-viewer"];

const PUBLISHES: &[&str] = &["owner", "publish-manager", "publish-operator"];
const UPLOADS: &[&str] = &["owner", "publish-manager", "publish-operator", "publish-ext-operator"];
const MANAGES_PUBLISHING: &[&str] = &["owner", "publish-manager"];
const TAKES_BINARIES: &[&str] = &["owner", "publish-manager", "publish-operator", "publish-viewer"];
const SEES_BINARIES: &[&str] = &[
    "owner",
    "publish-manager",
    "publish-operator",
    "publish-ext-operator",
    "publish-viewer",
];

/// Who may, by role.
fn said(action: Action) -> (&'static [&'static str], Only) {
    use {Action as A, Only::*};
    match action {
        A::SeeOrganization => (ANYBODY_IN_IT, Anywhere),
        // Organization: sub-organizations, members, roles, API tokens; a Viewer sees.
        A::RenameOrganization | A::ManageMembers | A::ManageTokens | A::ManageChannels => (MANAGES_ORGANIZATION, Anywhere),
        A::SeeMembers | A::SeeTokens | A::SeeChannels | A::SeeActivity | A::ExportActivity | A::VerifyActivity => {
            (SEES_ORGANIZATION, Anywhere)
        }
        A::ManageSubOrganizations => (MANAGES_ORGANIZATION, InRoots),
        A::SeeSubOrganizations => (SEES_ORGANIZATION, InRoots),
        A::SeeActivityBelow | A::DeleteOrganization => (OWNER, InRoots),
        // Credentials: add, edit, rotate, delete, share, check keys; a Viewer sees.
        A::SeeKeys => (SEES_CREDENTIALS, Anywhere),
        A::AddKey | A::EditKey | A::CheckKey | A::RotateKey | A::RemoveKey | A::MintAppleToken => (MANAGES_CREDENTIALS, Anywhere),
        A::ShareKey => (MANAGES_CREDENTIALS, InRoots),
        A::OverrideFeature => (OWNER, Anywhere),
        // Signing: everything; a Viewer sees, and uses in a signing set.
        A::CreateCertificate | A::SettleOperation | A::DownloadCertificate | A::DownloadProfile => (MANAGES_SIGNING, Anywhere),
        A::RevokeCertificate | A::EditBundleIds | A::EditDevices | A::EditProfiles => (MANAGES_SIGNING, Anywhere),
        A::ManageCsrs | A::ImportCertificate | A::EditCertificate | A::RemoveCertificate => (MANAGES_SIGNING, Anywhere),
        A::ShareCertificate | A::ShareProfile => (MANAGES_SIGNING, InRoots),
        A::EditSigningSets => (MANAGES_SIGNING, Anywhere),
        // A Viewer uses in a set what a Manager has put into it.
        A::SeeSigning | A::UseSigningSets => (SEES_SIGNING, Anywhere),
        // Publish: an Ext. Operator uploads and deletes and downloads nothing, a Viewer downloads.
        A::SeeBinaries => (SEES_BINARIES, Anywhere),
        A::UploadBinary => (UPLOADS, Anywhere),
        A::DownloadBinary => (TAKES_BINARIES, Anywhere),
        A::SendBuild | A::MarkReleaseCandidate => (PUBLISHES, Anywhere),
        // TestFlight: an Operator does all but hand in for beta review, an Ext. Operator writes texts and sees no testers.
        A::SeeTesters => (TAKES_BINARIES, Anywhere),
        A::EditTesting => (PUBLISHES, Anywhere),
        A::EditTestingTexts => (UPLOADS, Anywhere),
        A::SubmitForBetaReview => (MANAGES_PUBLISHING, Anywhere),
        A::SetBinaryRetention | A::SetAppDefaults => (MANAGES_PUBLISHING, Anywhere),
    }
}

/// Whether somebody with these roles may do this in an organization that is, or is not, a root.
pub(crate) fn may(roles: &[&str], action: Action, in_root: bool) -> bool {
    let (by, only) = said(action);
    roles.iter().any(|role| by.contains(role)) && (in_root || only == Only::Anywhere)
}
