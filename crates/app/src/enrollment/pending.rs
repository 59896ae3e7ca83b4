//! Devices that are not yet registered: listed, written down by hand, approved, rejected.
//!
//! To approve is to register in each account that the device is meant for, by the long act that registers devices
//! anyway. The device leaves the list in the transaction that keeps Apple's word of the last account, so a server that is
//! killed in between finds it there still, with the act that is under way.
//!
//! The surprising thing: what is registered by another way leaves the list, too.

use crate::{
    App, Caller, Problem,
    accounts::principal_of,
    acting::fresh,
    devices::{DevicesToRegister, EnteredDevice},
    invitations::{actor, sender},
    problem::Kind,
    worker::JobEnd,
};
use domain::{
    Action, ApiKeyId, CameBy, Event, Job, Operation, OperationId, OperationKind, OrgId, Origin, PendingDevice, PendingDeviceId, Permit,
    Principal, enrollment::PENDING_DEVICES_MOST,
};
use signing::udid::Udid;
use store::{Page, Paging, StoreError};

/// A device in the list.
#[derive(Debug, Clone)]
pub struct PendingDeviceView {
    /// What is known of it.
    pub device: PendingDevice,
    /// The accounts that are to have it and do not, by the names of their keys.
    pub accounts: Vec<String>,
    /// The act that registers it, while one does.
    pub registering: Option<OperationId>,
}

/// A device that somebody writes down for approval by somebody else.
#[derive(Debug, Clone, Default)]
pub struct DeviceByHand {
    /// What it is to be called.
    pub name: String,
    /// In any spelling.
    pub udid: String,
    /// The API keys of the accounts, by id or name.
    pub keys: Vec<String>,
}

/// How a device is approved.
#[derive(Debug, Clone, Default)]
pub struct Approval {
    /// Another name.
    pub name: Option<String>,
    /// Other accounts, by the ids or names of their keys; empty leaves those that it is meant for.
    pub keys: Vec<String>,
}

/// What came of an approval.
#[derive(Debug, Clone, Default)]
pub struct Approved {
    /// The acts that register it, one for each account.
    pub operations: Vec<Operation>,
    /// The keys of accounts that have it already.
    pub known: Vec<ApiKeyId>,
}

impl App {
    /// The devices that are not yet registered, newest first.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`.
    pub async fn pending_devices(&self, caller: &Caller, org: OrgId, paging: &Paging) -> Result<Page<PendingDeviceView>, Problem> {
        let permit = self.permit(caller, Action::SeeSigning, org).await?;
        let mut tx = self.inner.store.read_for(&permit).await?;
        let page = tx.pending_devices(&permit, paging).await?;
        let running = tx.unfinished_operations(&permit).await?;
        let mut items = Vec::with_capacity(page.items.len());
        for device in page.items {
            items.push(PendingDeviceView {
                accounts: self.key_names(&mut tx, &permit, &device.keys).await?,
                registering: registering(&running, &device.udid, None).map(|operation| operation.id),
                device,
            });
        }
        Ok(Page {
            items,
            next: page.next,
            previous: page.previous,
            skipped: page.skipped,
        })
    }

    /// How many there are.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`.
    pub async fn pending_device_count(&self, caller: &Caller, org: OrgId) -> Result<u32, Problem> {
        let permit = self.permit(caller, Action::SeeSigning, org).await?;
        Ok(self.inner.store.read_for(&permit).await?.pending_device_count(&permit).await?)
    }

    /// One of them.
    ///
    /// # Errors
    /// `not_found`, `not_allowed`.
    pub async fn pending_device(&self, caller: &Caller, org: OrgId, id: PendingDeviceId) -> Result<PendingDeviceView, Problem> {
        let permit = self.permit(caller, Action::SeeSigning, org).await?;
        let mut tx = self.inner.store.read_for(&permit).await?;
        let device = tx.pending_device(&permit, id).await?;
        let running = tx.unfinished_operations(&permit).await?;
        Ok(PendingDeviceView {
            accounts: self.key_names(&mut tx, &permit, &device.keys).await?,
            registering: registering(&running, &device.udid, None).map(|operation| operation.id),
            device,
        })
    }

    /// Writes a device down that somebody else is to approve.
    ///
    /// # Errors
    /// Problems at `name`, `udid`, `keys`; `pending_devices_full`; `not_found`, `not_allowed`.
    pub async fn add_pending_device(&self, caller: &Caller, org: OrgId, new: DeviceByHand) -> Result<PendingDeviceView, Problem> {
        let permit = self.permit(caller, Action::EditDevices, org).await?;
        let udid = Udid::parse(&new.udid).map_err(|error| Problem::field("udid_unfit", "udid", error.to_string()))?;
        let device = PendingDevice {
            id: fresh!(self, PendingDeviceId),
            organization: org,
            udid: udid.to_string(),
            name: crate::devices::name(&new.name)?,
            product: None,
            version: None,
            keys: self.keys_named(caller, org, &new.keys).await?,
            came: CameBy::Hand { by: sender(caller)? },
            trouble: None,
            arrived_at: self.now(),
        };
        let mut tx = self.begin_for(caller, &permit).await?;
        let device = tx.put_pending_device(&permit, &device).await?;
        if tx.pending_device_count(&permit).await? > PENDING_DEVICES_MOST {
            let message = format!("{PENDING_DEVICES_MOST} devices wait already, which is the most. Approve or reject some.");
            return Err(Problem::new(Kind::Conflict, "pending_devices_full", message));
        }
        let view = PendingDeviceView {
            accounts: self.key_names(&mut tx, &permit, &device.keys).await?,
            registering: None,
            device,
        };
        let event = Event::DeviceArrived {
            device: view.device.id,
            name: view.device.name.clone(),
            udid: view.device.udid.clone(),
            invitation: None,
        };
        self.record_done(&mut tx, caller, org, event).await?;
        tx.commit().await?;
        Ok(view)
    }

    /// Begins to register a device in each account that it is meant for. One that is being registered is not begun twice;
    /// one that an account has already leaves the list.
    ///
    /// # Errors
    /// Problems at `name`, `keys`; where no account can be asked, what [`App::register_devices`] says of the first;
    /// `not_found`, `not_allowed`.
    pub async fn approve_device(&self, caller: &Caller, org: OrgId, id: PendingDeviceId, approval: Approval) -> Result<Approved, Problem> {
        self.approve_device_in(caller, org, id, approval, None).await
    }

    /// The same, in these accounts and no others that it waits for.
    async fn approve_device_in(
        &self,
        caller: &Caller,
        org: OrgId,
        id: PendingDeviceId,
        approval: Approval,
        only: Option<&[ApiKeyId]>,
    ) -> Result<Approved, Problem> {
        let permit = self.permit(caller, Action::EditDevices, org).await?;
        let mut device = self.inner.store.read_for(&permit).await?.pending_device(&permit, id).await?;
        if let Some(name) = &approval.name {
            device.name = crate::devices::name(name)?;
        }
        if !approval.keys.is_empty() {
            device.keys = self.keys_named(caller, org, &approval.keys).await?;
        }
        let is_meant = |key: &ApiKeyId| only.is_none_or(|only| only.contains(key));
        let keys: Vec<ApiKeyId> = device.keys.iter().copied().filter(is_meant).collect();
        if keys.is_empty() {
            return Err(Problem::field("key_missing", "keys", "No account is chosen. Choose at least one."));
        }
        device.trouble = None;
        let mut tx = self.begin_for(caller, &permit).await?;
        tx.change_pending_device(&permit, &device).await?;
        let running = tx.unfinished_operations(&permit).await?;
        let event = Event::DeviceApproved {
            device: id,
            name: device.name.clone(),
            udid: device.udid.clone(),
            keys: keys.clone(),
        };
        self.record_done(&mut tx, caller, org, event).await?;
        tx.commit().await?;
        let mut approved = Approved::default();
        let mut refused = None;
        for key in &keys {
            if let Some(running) = registering(&running, &device.udid, Some(*key)) {
                approved.operations.push(running.clone());
                continue;
            }
            match Box::pin(self.register_devices(caller, org, *key, wanted(&device))).await {
                Ok(operation) => approved.operations.push(operation),
                Err(problem) if problem.code == "nothing_to_change" => {
                    let mut tx = self.begin_for(caller, &permit).await?;
                    tx.pending_device_was_tried(&permit, &device.udid, *key, None).await?;
                    self.ask_for_device_rule(&mut tx, org, *key, sender(caller)?).await?;
                    tx.commit().await?;
                    approved.known.push(*key);
                }
                Err(problem) => {
                    self.note_trouble(&permit, &device.udid, *key, &problem.message).await?;
                    refused = refused.or(Some(problem));
                }
            }
        }
        match refused {
            Some(problem) if approved.operations.is_empty() && approved.known.is_empty() => Err(problem),
            _ => Ok(approved),
        }
    }

    /// Takes a device off the list without registering it. It may come again by another link.
    ///
    /// # Errors
    /// `registering_already`; `not_found`, `not_allowed`.
    pub async fn reject_device(&self, caller: &Caller, org: OrgId, id: PendingDeviceId) -> Result<(), Problem> {
        let permit = self.permit(caller, Action::EditDevices, org).await?;
        let mut tx = self.begin_for(caller, &permit).await?;
        let device = tx.pending_device(&permit, id).await?;
        let running = tx.unfinished_operations(&permit).await?;
        if registering(&running, &device.udid, None).is_some() {
            let message = "The device is being registered. It leaves the list by itself; disable it afterwards.";
            return Err(Problem::new(Kind::Conflict, "registering_already", message));
        }
        tx.remove_pending_device(&permit, id).await?;
        let event = Event::DeviceRejected {
            device: id,
            name: device.name,
            udid: device.udid,
        };
        self.record_done(&mut tx, caller, org, event).await?;
        Ok(tx.commit().await?)
    }

    /// Registers a device that came by an invitation which says that nobody need be asked, on the rights of whoever
    /// invited. Where that is not possible the device waits for somebody, and says why.
    pub(crate) async fn register_arrived(&self, job: &Job, id: PendingDeviceId) -> Result<JobEnd, Problem> {
        let org = job.organization;
        let server = Caller {
            principal: Principal::job(job.id, None, Default::default()),
            origin: Origin::default(),
        };
        let permit = self.permit(&server, Action::SettleOperation, org).await?;
        let mut tx = self.inner.store.read_for(&permit).await?;
        let device = match tx.pending_device(&permit, id).await {
            Ok(device) => device,
            // Registered or rejected meanwhile.
            Err(StoreError::NotFound) => return Ok(JobEnd::Done),
            Err(error) => return Err(error.into()),
        };
        let CameBy::Invitation { invitation, .. } = &device.came else {
            return Ok(JobEnd::Done);
        };
        let invitation = match tx.device_invitation(&permit, *invitation).await {
            Ok(invitation) if invitation.automatic => invitation,
            // Its word went with it.
            Ok(_) | Err(StoreError::NotFound) => return Ok(JobEnd::Done),
            Err(error) => return Err(error.into()),
        };
        drop(tx);
        let mut tx = self.inner.store.read_over_all().await?;
        let principal = principal_of(&mut tx, actor(invitation.invited_by), self.now()).await?;
        drop(tx);
        let caller = Caller {
            principal: principal.acting_as_job(job.id),
            origin: Origin::default(),
        };
        // Of the accounts that it waits for, those that the link was for: for the others somebody is to be asked.
        let meant = Some(invitation.keys.as_slice());
        match Box::pin(self.approve_device_in(&caller, org, id, Approval::default(), meant)).await {
            Ok(_) => Ok(JobEnd::Done),
            Err(problem) => match problem.kind {
                Kind::Internal | Kind::Unavailable | Kind::AppleUnreachable | Kind::RateLimited => {
                    Ok(self.again(job, problem.inside.unwrap_or(problem.message)))
                }
                _ => {
                    let why = format!("It was not registered by itself: {}", problem.message);
                    for key in device.keys.iter().filter(|key| invitation.keys.contains(key)) {
                        self.note_trouble(&permit, &device.udid, *key, &why).await?;
                    }
                    Ok(JobEnd::Done)
                }
            },
        }
    }

    async fn note_trouble(&self, permit: &Permit, udid: &str, key: ApiKeyId, why: &str) -> Result<(), Problem> {
        let mut tx = self.inner.store.begin_outcome(permit).await?;
        tx.pending_device_was_tried(permit, udid, key, Some(why)).await?;
        Ok(tx.commit().await?)
    }
}

/// The act among these that registers this device, in this account or in any.
fn registering<'o>(running: &'o [Operation], udid: &str, key: Option<ApiKeyId>) -> Option<&'o Operation> {
    running.iter().find(|operation| match &operation.kind {
        OperationKind::RegisterDevices(of) => {
            key.is_none_or(|key| key == of.key) && of.devices.iter().any(|device| device.udid.eq_ignore_ascii_case(udid))
        }
        _ => false,
    })
}

/// The device as registering takes it. A Mac tells by its model; its UDID may look like a phone's.
fn wanted(device: &PendingDevice) -> DevicesToRegister {
    let is_mac = device.product.as_ref().is_some_and(|product| product.contains("Mac"));
    DevicesToRegister {
        devices: vec![EnteredDevice {
            name: device.name.clone(),
            udid: device.udid.clone(),
            platform: if is_mac { "mac".to_owned() } else { String::new() },
        }],
        file: None,
        leave_out_faulty: false,
    }
}
