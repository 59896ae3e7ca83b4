//! Users and invitations of the Enterprise API.

use super::Act;
use crate::api::Kind;
use crate::clock::store_date;
use crate::entity::Entity;
use crate::refusal::Refusal;
use jiff::ToSpan;

/// How long an invitation lasts, in hours: three days (facts G2).
const INVITATION: i64 = 72;

pub(super) fn invite(act: &mut Act<'_>, entity: &Entity) -> Result<String, Refusal> {
    let email = entity.text("email");
    let known = act
        .team
        .all(Kind::UserInvitations)
        .iter()
        .map(|invitation| invitation.text("email"))
        .chain(act.team.all(Kind::Users).iter().map(|user| user.text("username")))
        .any(|address| address.eq_ignore_ascii_case(email));
    if known {
        return Err(Refusal::new(
            409,
            "ENTITY_ERROR.ATTRIBUTE.INVALID.DUPLICATE",
            "The provided entity includes an attribute with a value that has already been used",
            format!("'{email}' is already a user or invited."),
        ));
    }
    let id = act.entropy.uuid();
    let mut invitation = act.object(Kind::UserInvitations, id.clone());
    for (name, value) in &entity.attributes {
        invitation.set(name, value.clone());
    }
    let expires = act.now.saturating_add(INVITATION.hours()).unwrap_or(act.now);
    invitation.set("expirationDate", store_date(expires));
    act.team.add(invitation);
    Ok(id)
}
