//! Apps: can be read and changed. Making one is a human step on the web (facts A4, J8).

use super::{Act, overwrite};
use crate::api::Kind;
use crate::entity::Entity;
use crate::refusal::Refusal;

pub(super) fn update(act: &mut Act<'_>, id: &str, entity: &Entity) -> Result<(), Refusal> {
    let wanted = entity.text("bundleId");
    let is_registered = act
        .team
        .all(Kind::BundleIds)
        .iter()
        .any(|bundle_id| bundle_id.text("identifier") == wanted);
    if !wanted.is_empty() && !is_registered {
        return Err(Refusal::attribute_invalid(
            "bundleId",
            format!("The attribute 'bundleId' is invalid: '{wanted}'"),
        ));
    }
    overwrite(act, Kind::Apps, id, entity);
    Ok(())
}
