//! Creating a certificate: the type, and the key to ask Apple with.

use super::super::{
    filters,
    parts::{Tone, Wrong},
    shell::Shell,
};
use app::keys::KeyChoice;
use askama::Template;
use domain::{ApiKeyId, CertificateType, OrgId};

/// The page.
#[derive(Template)]
#[template(path = "certificates/create.html")]
pub(crate) struct CreatePage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// Makes a form that is sent twice act once.
    pub(crate) once: String,
    /// Types that can be created: Apple's word and ours.
    pub(crate) types: Vec<(&'static str, String)>,
    /// The chosen type.
    pub(crate) certificate_type: &'static str,
    /// The keys for it, usable ones first.
    pub(crate) keys: Vec<KeyChoice>,
    /// The picked key: the wanted one if it can be used, else the first that can.
    pub(crate) chosen: Option<ApiKeyId>,
    /// What is wrong.
    pub(crate) wrong: Wrong,
}

impl CreatePage {
    /// The page for a type and, perhaps, a key.
    #[must_use]
    pub(crate) fn new(shell: Shell, org: OrgId, once: String, certificate_type: &'static str, keys: Vec<KeyChoice>, wanted: Option<ApiKeyId>, wrong: Wrong) -> Self {
        let usable = |choice: &&KeyChoice| choice.usability.may_try();
        let chosen = keys.iter().filter(usable).find(|choice| Some(choice.key.id) == wanted).or_else(|| keys.iter().find(usable));
        Self {
            shell,
            org,
            once,
            types: CertificateType::CREATABLE.into_iter().map(|word| (word, CertificateType::of_apple(word).title())).collect(),
            certificate_type,
            chosen: chosen.map(|choice| choice.key.id),
            keys,
            wrong,
        }
    }

    fn is_development(&self) -> bool {
        CertificateType::of_apple(self.certificate_type).is_development()
    }
}
