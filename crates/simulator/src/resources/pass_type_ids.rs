//! Pass type IDs: identifiers of wallet passes. Only the Enterprise API's are played.

use super::Act;
use crate::api::Kind;
use crate::entity::Entity;
use crate::refusal::Refusal;

pub(super) fn create(act: &mut Act<'_>, entity: &Entity) -> Result<String, Refusal> {
    let identifier = entity.text("identifier");
    let is_pass = identifier.strip_prefix("pass.").is_some_and(|rest| !rest.is_empty());
    if !is_pass {
        return Err(Refusal::attribute_invalid(
            "identifier",
            format!("The attribute 'identifier' is invalid: '{identifier}'"),
        ));
    }
    let taken = act
        .team
        .all(Kind::PassTypeIds)
        .iter()
        .any(|known| known.text("identifier") == identifier);
    if taken {
        return Err(Refusal::attribute_invalid(
            "identifier",
            format!("A Pass Type ID with Identifier '{identifier}' is not available. Please enter a different string."),
        ));
    }
    let id = act.entropy.provisioning_id();
    let mut pass_type = act.object(Kind::PassTypeIds, id.clone());
    pass_type.set("name", entity.text("name"));
    pass_type.set("identifier", identifier);
    act.team.add(pass_type);
    Ok(id)
}
