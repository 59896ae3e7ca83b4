//! A profile's file, read and checked: what is known of a held profile comes from it, not from what Apple's list says of it.

use domain::{DeviceRule, HeldProfile, ItemOrigin, OrgId, ProfileId, ProfileStanding, ProfileType};
use jiff::Timestamp;
use signing::{
    chain::TrustRoot,
    profile::{Profile, ProfileInfo, SignedBy},
};

/// What vouches for a file that was let in.
pub(super) const TRUSTED: &str = "The profile is signed by Apple: its signature leads to the trusted root.";
/// The same, where the root is not known.
pub(super) const UNVERIFIED: &str = "Unverified: the signature is right, but its signer does not lead to a root that this server trusts.";

/// The same, where the file is not here.
pub(super) const REFERENCE: &str = "A reference: its file stays at Apple and is fetched at each use. Shown is what was last seen of it.";

/// Reads a file. One whose signature does not fit is none.
///
/// # Errors
/// What was found, why it does not fit, what to do.
pub(super) fn read(bytes: &[u8], roots: &TrustRoot) -> Result<Profile, String> {
    let profile = Profile::read(bytes, roots).map_err(|error| error.to_string())?;
    if profile.signed_by == SignedBy::BadSignature {
        return Err("The profile's signature does not fit its content: it was changed. Download it anew from Apple.".to_owned());
    }
    Ok(profile)
}

/// Who vouches for it, in words.
pub(super) fn signed_by(profile: &Profile) -> &'static str {
    match profile.signed_by {
        SignedBy::Trusted => TRUSTED,
        _ => UNVERIFIED,
    }
}

/// Which of Apple's types a file is of, and for which bundle identifier.
///
/// # Errors
/// When it does not say so.
pub(super) fn purpose(info: &ProfileInfo) -> Result<(ProfileType, String), String> {
    let unfit = |why: &str| format!("The profile “{}” {why}, so no app can be signed with it.", info.name);
    let identifier = info.bundle_identifier.clone().ok_or_else(|| unfit("names no bundle identifier"))?;
    let profile_type = info
        .method()
        .profile_type(&info.platforms)
        .ok_or_else(|| unfit("is for no platform that is known"))?;
    Ok((ProfileType::of_apple(profile_type), identifier))
}

/// A held profile of this file, which no key brought and Apple has not been asked about.
pub(super) fn held(
    id: ProfileId,
    organization: OrgId,
    info: &ProfileInfo,
    (profile_type, identifier): (ProfileType, String),
    now: Timestamp,
) -> HeldProfile {
    HeldProfile {
        id,
        organization,
        api_key: None,
        apple_id: None,
        name: info.name.clone(),
        profile_type,
        uuid: info.uuid.clone(),
        bundle_identifier: info.bundle_identifier.clone().unwrap_or(identifier),
        team_id: info.team_ids.first().and_then(|team| team.parse().ok()),
        certificates: info
            .certificates
            .iter()
            .map(|certificate| certificate.public_key_fingerprint.clone())
            .collect(),
        serials: info.certificates.iter().map(|certificate| certificate.serial_hex.clone()).collect(),
        devices: info.devices.clone(),
        device_rule: DeviceRule::Chosen,
        is_reference: false,
        standing: ProfileStanding::Ready,
        created_at: info.created.unwrap_or(now),
        // A profile that names no end has none.
        expires_at: info.expires.unwrap_or(Timestamp::MAX),
        origin: ItemOrigin::Uploaded,
        added_at: now,
    }
}

/// The same with what Apple says of it.
pub(super) fn seen_at_apple(mut held: HeldProfile, at_apple: &apple::Profile) -> HeldProfile {
    let attributes = &at_apple.attributes;
    held.apple_id = Some(at_apple.id.clone());
    // A Mac Catalyst profile calls itself a Mac's; Apple knows better.
    if let Some(profile_type) = &attributes.profile_type {
        held.profile_type = ProfileType::of_apple(profile_type.as_str());
    }
    held.standing = standing(at_apple);
    held
}

/// What Apple's state means for a held profile. EXPIRED is told by the date.
pub(super) fn standing(at_apple: &apple::Profile) -> ProfileStanding {
    match &at_apple.attributes.profile_state {
        Some(apple::ProfileState::Invalid) => ProfileStanding::Invalid,
        _ => ProfileStanding::Ready,
    }
}
