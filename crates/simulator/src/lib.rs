//! simulator
#[expect(dead_code, unused_imports, reason = "used by the resources that come next")]
mod artefacts;
