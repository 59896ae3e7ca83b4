//! The four lists.

use super::{AppleBundleId, AppleCertificate, AppleDevice, AppleProfile, ListQuery, Listing, narrow::narrow};
use crate::{
    App, Caller, Problem,
    certificates::{Held, parsed},
    key_use::reading,
};
use apple::{BundleIdFilter, Certificate, CertificateFilter, Device, DeviceFilter, ProfileDetail, ProfileFilter};
use domain::{Action, ApiKeyId, Feature, OrgId};
use jiff::Timestamp;
use store::KeyToUse;

impl App {
    /// Certificates at Apple.
    ///
    /// # Errors
    /// `key_not_usable` before the call; what Apple answers; `not_found`, `not_allowed`, `sort_unknown`.
    pub async fn apple_certificates(
        &self,
        caller: &Caller,
        org: OrgId,
        key: ApiKeyId,
        query: &ListQuery,
    ) -> Result<Listing<AppleCertificate>, Problem> {
        let permit = self.permit(caller, Action::SeeSigning, org).await?;
        let (used, listed) = self
            .use_key(caller, &permit, key, reading(Feature::Certificates), async |apple| {
                apple.certificates().list(&CertificateFilter::default()).await
            })
            .await?;
        let held = Held::among_listed(&mut self.inner.store.read_for(&permit).await?, &permit, listed.iter()).await?;
        let items: Vec<_> = listed.iter().map(|certificate| shown(certificate, &held)).collect();
        let team = items.iter().find_map(|item| item.team_id.as_ref()?.parse().ok());
        self.learn_team(&used, team).await?;
        narrow(items, query, self.now())
    }

    /// Profiles at Apple, with their certificates and devices.
    ///
    /// # Errors
    /// As [`App::apple_certificates`].
    pub async fn apple_profiles(
        &self,
        caller: &Caller,
        org: OrgId,
        key: ApiKeyId,
        query: &ListQuery,
    ) -> Result<Listing<AppleProfile>, Problem> {
        let permit = self.permit(caller, Action::SeeSigning, org).await?;
        let (used, listed) = self
            .use_key(caller, &permit, key, reading(Feature::Profiles), async |apple| {
                let mut profiles = apple.profiles().list(&ProfileFilter::default()).await?;
                // A list shows at most 50 devices of each; the rest is asked for where there is more. One that is listed and
                // gone is shown as it was listed.
                for detail in profiles.iter_mut().filter(|detail| !detail.is_complete) {
                    match apple.profiles().devices(&detail.profile.id).await {
                        Ok(all) => detail.devices = all,
                        Err(apple::Error::NotFound { .. }) => {}
                        Err(error) => return Err(error),
                    }
                }
                Ok(profiles)
            })
            .await?;
        let certificates = listed.iter().flat_map(|detail| &detail.certificates);
        let held = Held::among_listed(&mut self.inner.store.read_for(&permit).await?, &permit, certificates).await?;
        let now = self.now();
        let mut items: Vec<_> = listed.into_iter().map(|detail| profile(detail, &held, now)).collect();
        items.retain(|profile| is_lent_for(&used, profile.bundle_identifier.as_deref()));
        narrow(items, query, now)
    }

    /// Bundle IDs at Apple.
    ///
    /// # Errors
    /// As [`App::apple_certificates`].
    pub async fn apple_bundle_ids(
        &self,
        caller: &Caller,
        org: OrgId,
        key: ApiKeyId,
        query: &ListQuery,
    ) -> Result<Listing<AppleBundleId>, Problem> {
        let permit = self.permit(caller, Action::SeeSigning, org).await?;
        let (used, listed) = self
            .use_key(caller, &permit, key, reading(Feature::BundleIds), async |apple| {
                apple.bundle_ids().list_with_capabilities(&BundleIdFilter::default()).await
            })
            .await?;
        let mut items: Vec<_> = listed
            .into_iter()
            .map(|detail| {
                let attributes = detail.bundle_id.attributes;
                AppleBundleId {
                    id: detail.bundle_id.id,
                    name: attributes.name.unwrap_or_default(),
                    identifier: attributes.identifier.unwrap_or_default(),
                    platform: attributes.platform.map(|p| p.to_string()).unwrap_or_default(),
                    capabilities: detail
                        .capabilities
                        .into_iter()
                        .filter_map(|capability| capability.attributes.capability_type.map(|t| t.to_string()))
                        .collect(),
                }
            })
            .collect();
        items.retain(|bundle_id| is_lent_for(&used, Some(&bundle_id.identifier)));
        narrow(items, query, self.now())
    }

    /// Devices at Apple.
    ///
    /// # Errors
    /// As [`App::apple_certificates`].
    pub async fn apple_devices(
        &self,
        caller: &Caller,
        org: OrgId,
        key: ApiKeyId,
        query: &ListQuery,
    ) -> Result<Listing<AppleDevice>, Problem> {
        let permit = self.permit(caller, Action::SeeSigning, org).await?;
        let (_, listed) = self
            .use_key(caller, &permit, key, reading(Feature::BundleIds), async |apple| {
                apple.devices().list(&DeviceFilter::default()).await
            })
            .await?;
        let items = listed.into_iter().map(AppleDevice::from).collect();
        narrow(items, query, self.now())
    }
}

impl From<Device> for AppleDevice {
    fn from(device: Device) -> Self {
        let attributes = device.attributes;
        Self {
            id: device.id,
            name: attributes.name.unwrap_or_default(),
            udid: attributes.udid.unwrap_or_default(),
            device_class: attributes.device_class.map(|c| c.to_string()).unwrap_or_default(),
            model: attributes.model,
            platform: attributes.platform.map(|p| p.to_string()).unwrap_or_default(),
            status: attributes.status.map(|s| s.to_string()).unwrap_or_default(),
            added_at: attributes.added_date,
        }
    }
}

/// Whether a share that is limited to certain apps takes this one in. Certificates and devices belong to no app.
pub(crate) fn is_lent_for(used: &KeyToUse, identifier: Option<&str>) -> bool {
    match used.permit.limits() {
        None => true,
        Some(limits) => limits.takes_in(identifier.unwrap_or_default()),
    }
}

fn shown(certificate: &Certificate, held: &Held) -> AppleCertificate {
    let attributes = &certificate.attributes;
    let parsed = parsed(certificate);
    let info = parsed.as_ref().map(|parsed| parsed.info());
    let serial = attributes
        .serial_number
        .clone()
        .or_else(|| info.map(|info| info.serial_hex.clone()))
        .unwrap_or_default();
    let public_key = info.map(|info| info.public_key_fingerprint.as_str());
    let here = held.find(public_key, &serial);
    AppleCertificate {
        id: certificate.id.clone(),
        name: name_of(certificate),
        certificate_type: attributes.certificate_type.as_ref().map(|t| t.to_string()).unwrap_or_default(),
        team_id: info.and_then(|info| info.team_id.clone()),
        expires_at: attributes.expiration_date.or_else(|| info.map(|info| info.not_after)),
        held: here.map(|here| here.id),
        origin: here.map(|here| here.origin),
        key_held: held.key_held(public_key, &serial),
        serial,
    }
}

fn name_of(certificate: &Certificate) -> String {
    let attributes = &certificate.attributes;
    attributes
        .name
        .clone()
        .or_else(|| attributes.display_name.clone())
        .unwrap_or_else(|| certificate.id.clone())
}

fn profile(detail: ProfileDetail, held: &Held, now: Timestamp) -> AppleProfile {
    let attributes = detail.profile.attributes;
    let said = attributes.profile_state.map(|state| state.to_string()).unwrap_or_default();
    let is_over = attributes.expiration_date.is_some_and(|end| end <= now);
    AppleProfile {
        id: detail.profile.id,
        name: attributes.name.unwrap_or_default(),
        profile_type: attributes.profile_type.map(|t| t.to_string()).unwrap_or_default(),
        // Apple says EXPIRED only at times (facts, known deviations); the date says it always.
        state: if is_over && said == "ACTIVE" { "EXPIRED".to_owned() } else { said },
        uuid: attributes.uuid.unwrap_or_default(),
        bundle_identifier: detail.bundle_id.and_then(|bundle_id| bundle_id.attributes.identifier),
        created_at: attributes.created_date,
        expires_at: attributes.expiration_date,
        certificates: detail
            .certificates
            .iter()
            .map(|certificate| (certificate.id.clone(), name_of(certificate), shown(certificate, held).key_held))
            .collect(),
        devices: detail
            .devices
            .into_iter()
            .map(|device| (device.id, device.attributes.name.unwrap_or_default()))
            .collect(),
    }
}
