//! Members, their roles, and invitations.
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A person of an organization.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Member {
    /// The person's id.
    pub id: String,
    /// E-mail.
    pub email: String,
    /// Name.
    pub name: String,
    /// What they may, each with where it was given.
    pub roles: Vec<MemberRole>,
    /// When they were given their first role here; none where everything is inherited.
    pub joined_at: Option<Timestamp>,
}

/// A role that somebody holds in an organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MemberRole {
    /// Such as `owner` or `credentials-manager`.
    pub role: String,
    /// In words.
    pub title: String,
    /// `member` when it was given here, `inherited` when it comes from the root organization.
    pub held: String,
}

/// People of an organization.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Members {
    /// By name.
    pub items: Vec<Member>,
    /// Give this as `cursor` for the next page; none at the end.
    pub next_cursor: Option<String>,
}

/// Changes the roles that somebody was given in an organization: either all of them, or some more and some less.
/// Inherited roles are not among them.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditMember {
    /// All of them from now on. Not together with `give` and `take`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<String>>,
    /// Roles to give besides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub give: Vec<String>,
    /// Roles to take.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub take: Vec<String>,
}

/// Invites somebody, or sends an invitation again.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewInvitation {
    /// The address that will be able to accept.
    pub email: String,
    /// At least one.
    pub roles: Vec<String>,
    /// Answer the link instead of mailing it, where the server can send mail.
    #[serde(default)]
    pub show_link: bool,
}

/// How an invitation is sent again.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SendAgain {
    /// Answer the link instead of mailing it, where the server can send mail.
    #[serde(default)]
    pub show_link: bool,
}

/// An invitation that nobody has accepted yet.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Invitation {
    /// Id.
    pub id: String,
    /// For whom.
    pub email: String,
    /// With which roles.
    pub roles: Vec<String>,
    /// Who invited, by name.
    pub invited_by: String,
    /// When the address was first invited.
    pub created_at: Timestamp,
    /// When the present link was asked for.
    pub sent_at: Timestamp,
    /// Until when it works.
    pub expires_at: Timestamp,
    /// Whether it has ended.
    pub over: bool,
    /// `shown` to whoever invited, or by mail: `waiting`, `sent`, `failed`.
    pub delivery: String,
    /// Why the mail could not be delivered.
    pub trouble: Option<String>,
}

/// Invitations of an organization.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Invitations {
    /// Newest first.
    pub items: Vec<Invitation>,
    /// Give this as `cursor` for the next page; none at the end.
    pub next_cursor: Option<String>,
}

/// An invitation that was sent, with its link where that is not mailed.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct SentInvitation {
    /// The invitation.
    pub invitation: Invitation,
    /// The link to hand on; shown once, here. None when it travels by mail.
    pub link: Option<String>,
}

/// The token at the end of an invitation's link.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InvitationToken {
    /// The token.
    pub token: String,
}

/// What a link that works says.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct OpenInvitation {
    /// To which organization, by name.
    pub organization: String,
    /// Who invites, by name.
    pub invited_by: String,
    /// For whom.
    pub email: String,
    /// With which roles, as far as whoever invited could still give them.
    pub roles: Vec<String>,
    /// Until when.
    pub expires_at: Timestamp,
    /// Whether the address has an account, which then accepts with its own token.
    pub has_account: bool,
}

/// Accepts an invitation: with a bearer token as oneself, without one by making an account.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptInvitation {
    /// The token at the end of the link.
    pub token: String,
    /// For a new account: what one is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// For a new account: its password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
}

/// Where one belongs now.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AcceptedInvitation {
    /// The organization's id.
    pub organization: String,
    /// Its name.
    pub name: String,
}
