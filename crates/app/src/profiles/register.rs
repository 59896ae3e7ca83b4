//! Registering a profile at Apple, and deleting one there.

use super::{Devices, account::Account, account::name_taken, rebuild::refuse_others};
use crate::{App, Caller, Problem, apple_account::is_lent_for, key_use::reading, operations::app_not_shared, problem::Kind};
use domain::{
    Action, ApiKeyId, Feature, Operation, OperationKind, OrgId, Permit, ProfileType,
    operation::{NewProfile, ProfileDeletion},
};

/// Longest name of a profile, in characters.
const NAME_CHARACTERS: usize = 255;

/// A profile that somebody wants.
#[derive(Debug, Clone, Default)]
pub struct ProfileToRegister {
    /// Its name; empty is made of the identifier and the type.
    pub name: String,
    /// Apple's type, in any spelling.
    pub profile_type: String,
    /// The identifier of a bundle ID of the account.
    pub bundle_identifier: String,
    /// Apple's ids of the certificates, or fingerprints of public keys; empty takes those that fit and whose key is held.
    pub certificates: Vec<String>,
    /// The devices; nothing to say for types that take none.
    pub devices: Option<Devices>,
}

impl App {
    /// Begins to create a profile at Apple and to keep its file.
    ///
    /// # Errors
    /// `profile_type_unknown`, `name_unfit`, `profile_name_taken`, `bundle_id_unknown`, `certificate_unfit`, `devices_unfit`;
    /// `app_not_shared`, `key_not_usable`, what Apple answers, `not_found`, `not_allowed`.
    pub async fn register_profile(
        &self,
        caller: &Caller,
        org: OrgId,
        key: ApiKeyId,
        wanted: ProfileToRegister,
    ) -> Result<Operation, Problem> {
        let permit = self.permit(caller, Action::EditProfiles, org).await?;
        let profile_type =
            ProfileType::creatable(&wanted.profile_type).map_err(|why| Problem::field("profile_type_unknown", "type", why))?;
        let identifier = wanted.bundle_identifier.trim().to_owned();
        let name = name(&wanted.name, &identifier, &profile_type)?;
        let (used, account) = self
            .use_key(caller, &permit, key, reading(Feature::Profiles), async |apple| {
                Account::read(apple).await
            })
            .await?;
        // Before anything is told of it: whether another team has such an app is not theirs to know.
        if !is_lent_for(&used, Some(&identifier)) {
            return Err(self.record_beyond_share(caller, &permit, app_not_shared(&used, &identifier)).await);
        }
        if account.named(&name).is_some() {
            return Err(name_taken(&name));
        }
        let bundle_id = account.bundle_id(&identifier)?;
        let now = self.now();
        let certificates = if wanted.certificates.is_empty() {
            let keys = self.keys_held(&permit, &account).await?;
            account.certificates_of_keys(&profile_type, &keys, now)
        } else {
            account.chosen_certificates(&profile_type, &wanted.certificates, now)?
        };
        if certificates.is_empty() {
            return Err(Problem::field(
                "certificate_unfit",
                "certificates",
                format!(
                    "No certificate whose private key is held here fits a profile of the type {}. Create one, or choose one of the account.",
                    profile_type.title()
                ),
            ));
        }
        let devices = wanted.devices.unwrap_or_default();
        let kind = OperationKind::CreateProfile(NewProfile {
            key,
            name,
            bundle_id,
            identifier,
            certificates,
            devices: account.devices(&profile_type, &devices)?,
            device_rule: devices.rule(),
            profile_type,
            before: Vec::new(),
            profile: None,
        });
        self.begin_operation(caller, org, kind).await
    }

    /// The public keys of the account's certificates whose private keys are held here.
    async fn keys_held(&self, permit: &Permit, account: &Account) -> Result<Vec<String>, Problem> {
        let mut keys: Vec<String> = account.public_keys().map(str::to_owned).collect();
        keys.sort_unstable();
        keys.dedup();
        let known = self
            .inner
            .store
            .read_for(permit)
            .await?
            .certificates_known_by(permit, &keys)
            .await?;
        let held = known.into_iter().filter(|known| known.key_held);
        Ok(held.map(|known| known.public_key_fingerprint).collect())
    }

    /// Begins to delete a profile at Apple, by Apple's id. `typed_name` must be its name. What is held of it here stays, and is
    /// called invalid.
    ///
    /// # Errors
    /// `name_differs`; `profile_of_others` for a profile that was not made here, through a key that is lent; `another_is_running`;
    /// `key_not_usable`, what Apple answers, `not_found`, `not_allowed`.
    pub async fn delete_profile_at_apple(
        &self,
        caller: &Caller,
        org: OrgId,
        key: ApiKeyId,
        profile: &str,
        typed_name: &str,
    ) -> Result<Operation, Problem> {
        let permit = self.permit(caller, Action::EditProfiles, org).await?;
        let (used, found) = self
            .use_key(caller, &permit, key, reading(Feature::Profiles), async |apple| {
                apple.profiles().get(profile).await
            })
            .await?;
        let identifier = found.bundle_id.and_then(|bundle_id| bundle_id.attributes.identifier);
        if !is_lent_for(&used, identifier.as_deref()) {
            return Err(Problem::new(
                Kind::NotFound,
                "not_found_at_apple",
                "Apple has no profile with this id that this key may read. List the profiles to see them.",
            ));
        }
        let held = self
            .inner
            .store
            .read_for(&permit)
            .await?
            .profile_by_apple_id(&permit, &found.profile.id)
            .await?;
        let attributes = found.profile.attributes;
        let called = attributes.name.as_deref().unwrap_or_default();
        if let Err(problem) = refuse_others(&used, held.as_ref(), &found.profile.id, called) {
            return Err(self.record_beyond_share(caller, &permit, problem).await);
        }
        let name = attributes.name.unwrap_or_default();
        if typed_name.trim() != name.trim() {
            let message = format!("To delete this profile at Apple, type its name exactly: {name}");
            return Err(Problem::field("name_differs", "name", message));
        }
        let kind = OperationKind::DeleteProfile(ProfileDeletion {
            key,
            apple_id: found.profile.id,
            name,
            profile_type: ProfileType::of_apple(attributes.profile_type.map(|t| t.to_string()).unwrap_or_default()),
            identifier,
            profile: held.map(|held| held.id),
            rebuilding: false,
        });
        self.begin_operation(caller, org, kind).await
    }
}

fn name(given: &str, identifier: &str, profile_type: &ProfileType) -> Result<String, Problem> {
    let name = match given.trim() {
        "" => format!("{identifier} {}", profile_type.title()),
        name => name.to_owned(),
    };
    if name.chars().count() > NAME_CHARACTERS || name.chars().any(char::is_control) {
        return Err(Problem::field(
            "name_unfit",
            "name",
            format!("A profile's name has at most {NAME_CHARACTERS} characters, none of them a control character."),
        ));
    }
    Ok(name)
}
