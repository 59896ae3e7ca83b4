//! Devices on their way.

use app::enrollment::{DeviceInvitationView, PendingDeviceView};
use domain::CameBy;

pub(crate) fn device_invitation(view: &DeviceInvitationView) -> api::DeviceInvitation {
    let invitation = &view.invitation;
    let (delivery, trouble) = super::delivery(&invitation.delivery);
    api::DeviceInvitation {
        id: invitation.id.to_string(),
        name: invitation.name.to_string(),
        email: invitation.email.as_ref().map(ToString::to_string),
        accounts: view.accounts.clone(),
        automatic: invitation.automatic,
        uses: invitation.uses,
        used: invitation.used,
        invited_by: view.invited_by.clone(),
        created_at: invitation.created_at,
        sent_at: invitation.sent_at,
        expires_at: invitation.expires_at,
        state: view.state.as_str().to_owned(),
        delivery: delivery.to_owned(),
        trouble,
    }
}

pub(crate) fn pending_device(view: &PendingDeviceView) -> api::PendingDevice {
    let device = &view.device;
    let (invitation, by_apple_device) = match &device.came {
        CameBy::Invitation { name, by_apple_device, .. } => (Some(name.clone()), *by_apple_device),
        CameBy::Hand { .. } => (None, false),
    };
    api::PendingDevice {
        id: device.id.to_string(),
        name: device.name.clone(),
        udid: device.udid.clone(),
        product: device.product.clone(),
        version: device.version.clone(),
        accounts: view.accounts.clone(),
        came_by: device.came.as_str().to_owned(),
        invitation,
        by_apple_device,
        registering: view.registering.map(|operation| operation.to_string()),
        trouble: device.trouble.clone(),
        arrived_at: device.arrived_at,
    }
}
