//! Registering devices: by hand or from a file, in one account or several, in two steps.
//!
//! The first step changes nothing: it tells what is new in each account, what is there already, and which lines of the file
//! do not fit. What is good travels in the second form, one field for each device; the file is not sent twice, and the
//! second step judges everything again.

use super::super::{
    filters,
    listing::Asked,
    once,
    parts::{Notice, Tone, Wrong},
    shell::{Place, Shell},
    visit::{Answer, Fields, Sent, SentFile, Visitor, corrects_choice, form_again, id, page},
};
use crate::State;
use app::{
    Caller, Problem,
    devices::{DevicesToRegister, EnteredDevice, FaultyRow, JudgedDevices, PLACES},
    keys::KeyChoice,
};
use askama::Template;
use axum::{
    extract::{Path, Query, State as Reach},
    response::{IntoResponse, Redirect},
};
use domain::{Action, ApiKey, ApiKeyId, Need, OrgId, operation::NewDevice};
use std::collections::BTreeMap;

/// What was entered.
#[derive(Debug, Clone, Default)]
pub(crate) struct AddForm {
    /// The keys of the accounts, by id.
    pub(crate) keys: Vec<String>,
    /// Its name.
    pub(crate) name: String,
    /// Its UDID.
    pub(crate) udid: String,
    /// Its platform.
    pub(crate) platform: String,
}

/// The first step.
#[derive(Template)]
#[template(path = "devices/add.html")]
pub(crate) struct AddDevicesPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// The keys of the accounts.
    pub(crate) keys: Vec<KeyChoice>,
    /// What was entered.
    pub(crate) form: AddForm,
    /// What is wrong with it.
    pub(crate) wrong: Wrong,
}

impl AddDevicesPage {
    fn has_chosen(&self, key: &ApiKeyId) -> bool {
        self.form.keys.contains(&key.to_string())
    }
}

/// One account in the second step.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    /// Its key.
    pub(crate) key: ApiKey,
    /// How many would be registered there.
    pub(crate) new: usize,
    /// How many are there already.
    pub(crate) known: usize,
    /// Why nothing can be said of it.
    pub(crate) trouble: Option<Notice>,
}

/// The second step: what would be done.
#[derive(Template)]
#[template(path = "devices/preview.html")]
pub(crate) struct DevicesPreviewPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// Makes a form that is sent twice act once.
    pub(crate) once: String,
    /// The accounts.
    pub(crate) accounts: Vec<Account>,
    /// What is new in at least one of them.
    pub(crate) devices: Vec<NewDevice>,
    /// What cannot go on.
    pub(crate) faults: Vec<FaultyRow>,
}

impl DevicesPreviewPage {
    fn is_too_many(&self) -> bool {
        self.devices.len() > PLACES
    }

    fn most(&self) -> usize {
        PLACES
    }

    fn goes_on(&self) -> bool {
        !self.devices.is_empty() && !self.is_too_many()
    }
}

/// What was begun, account by account.
#[derive(Template)]
#[template(path = "devices/begun.html")]
pub(crate) struct DevicesBegunPage {
    /// Around it.
    pub(crate) shell: Shell,
    /// The organization.
    pub(crate) org: OrgId,
    /// The key's name, and the address of the act or why there is none.
    pub(crate) accounts: Vec<(String, Result<String, Notice>)>,
}

async fn add_page(state: &State, visitor: &Visitor, org: OrgId, form: AddForm, wrong: Wrong) -> Result<AddDevicesPage, Problem> {
    let shell = visitor.shell_for(state, org, Place::Devices, Action::EditDevices).await?;
    let keys = state.app.key_choices(&visitor.who.caller, org, &Need::RegisterDevice).await?;
    Ok(AddDevicesPage {
        shell,
        org,
        keys,
        form,
        wrong,
    })
}

/// `GET /o/{org}/devices/add?key=`
pub(crate) async fn form(Reach(state): Reach<State>, Path(org): Path<String>, Query(asked): Query<Asked>, visitor: Visitor) -> Answer {
    let mut form = AddForm::default();
    form.keys.push(asked.key);
    let mut add = add_page(&state, &visitor, id(&org)?, form, Wrong::default()).await?;
    // Who comes from nowhere starts with the first account that can do it.
    let may = |choice: &&KeyChoice| choice.usability.may_try();
    if !add.keys.iter().filter(may).any(|choice| add.has_chosen(&choice.key.id)) {
        add.form.keys = add
            .keys
            .iter()
            .find(may)
            .map(|choice| choice.key.id.to_string())
            .into_iter()
            .collect();
    }
    page(&add)
}

/// Whether two keys are known to be of one account: a team has one Issuer ID.
fn is_one_account(one: &ApiKey, other: &ApiKey) -> bool {
    let same_team = one.team_id.is_some() && one.team_id == other.team_id;
    let same_issuer = one.issuer_id.is_some() && one.issuer_id == other.issuer_id;
    one.id == other.id || same_team || same_issuer
}

/// The accounts that were ticked, each once: through a second key of one nothing is left to be registered.
async fn chosen(state: &State, caller: &Caller, org: OrgId, keys: &[String]) -> Result<Vec<ApiKey>, Problem> {
    let mut found: Vec<ApiKey> = Vec::new();
    for key in keys {
        let key = state.app.find_key(caller, Action::EditDevices, org, key).await?;
        if !found.iter().any(|known| is_one_account(known, &key)) {
            found.push(key);
        }
    }
    if found.is_empty() {
        return Err(Problem::field(
            "key_missing",
            "key",
            "No account is ticked. Tick those to register in.",
        ));
    }
    Ok(found)
}

fn entered(sent: &SentFile) -> AddForm {
    let text = |name| sent.fields.text(name).to_owned();
    AddForm {
        keys: sent.fields.all("key"),
        name: text("name"),
        udid: text("udid"),
        platform: text("platform"),
    }
}

/// `POST /o/{org}/devices/add`: tells what would be done.
pub(crate) async fn preview(Reach(state): Reach<State>, Path(org): Path<String>, sent: SentFile) -> Answer {
    let org = id(&org)?;
    let form = entered(&sent);
    let by_hand = EnteredDevice {
        name: form.name.clone(),
        udid: form.udid.clone(),
        platform: form.platform.clone(),
    };
    let wanted = DevicesToRegister {
        devices: if form.name.trim().is_empty() && form.udid.trim().is_empty() {
            Vec::new()
        } else {
            vec![by_hand]
        },
        file: (!sent.file.is_empty()).then(|| sent.file.to_vec()),
        leave_out_faulty: true,
    };
    match told(&state, &sent.visitor, org, &form.keys, wanted).await {
        Ok(preview) => page(&preview),
        Err(problem) if corrects_choice(&problem) => {
            let again = add_page(&state, &sent.visitor, org, form, Wrong::with_choice(&problem)).await?;
            form_again(&problem, &again)
        }
        Err(problem) => Err(problem.into()),
    }
}

async fn told(
    state: &State,
    visitor: &Visitor,
    org: OrgId,
    keys: &[String],
    wanted: DevicesToRegister,
) -> Result<DevicesPreviewPage, Problem> {
    let shell = visitor.shell_for(state, org, Place::Devices, Action::EditDevices).await?;
    let caller = &visitor.who.caller;
    let mut accounts = Vec::new();
    let mut devices = BTreeMap::new();
    let mut faults = Vec::new();
    for key in chosen(state, caller, org, keys).await? {
        let judged = match state.app.preview_devices(caller, org, key.id, wanted.clone()).await {
            // What is wrong with the devices themselves is wrong in every account.
            Err(problem) if !problem.fields.is_empty() => return Err(problem),
            Err(problem) if corrects_choice(&problem) => Err(Notice::problem(&problem)),
            judged => Ok(judged?),
        };
        let (new, known, trouble) = match judged {
            Ok(JudgedDevices { new, known, faults: rows }) => {
                faults = rows;
                let counts = (new.len(), known.len());
                devices.extend(new.into_iter().map(|device| (device.udid.clone(), device)));
                (counts.0, counts.1, None)
            }
            Err(notice) => (0, 0, Some(notice)),
        };
        accounts.push(Account { key, new, known, trouble });
    }
    Ok(DevicesPreviewPage {
        shell,
        org,
        once: once::fresh(state),
        accounts,
        devices: devices.into_values().collect(),
        faults,
    })
}

/// The devices of the second form: UDID, platform and name, apart by tabs, which no name has.
fn carried(fields: &Fields) -> Vec<EnteredDevice> {
    let device = |text: String| {
        let mut parts = text.splitn(3, '\t').map(str::to_owned);
        EnteredDevice {
            udid: parts.next().unwrap_or_default(),
            platform: parts.next().unwrap_or_default(),
            name: parts.next().unwrap_or_default(),
        }
    };
    fields.all("device").into_iter().map(device).collect()
}

/// `POST /o/{org}/devices/register`: sent twice, it begins one act in each account.
pub(crate) async fn register(Reach(state): Reach<State>, Path(org): Path<String>, sent: Sent) -> Answer {
    let org = id(&org)?;
    let caller = &sent.visitor.who.caller;
    let wanted = DevicesToRegister {
        devices: carried(&sent.fields),
        file: None,
        leave_out_faulty: false,
    };
    let keys = chosen(&state, caller, org, &sent.fields.all("key")).await?;
    let mut accounts = Vec::new();
    for key in keys {
        let text = format!("{}-{}", sent.fields.text("once"), key.id);
        let act = state.app.register_devices(caller, org, key.id, wanted.clone());
        let begun = match once::begin(&state, caller, org, &text, act).await {
            Err(problem) if corrects_choice(&problem) => {
                crate::reply::log(&problem);
                Err(Notice::problem(&problem))
            }
            begun => Ok(begun?),
        };
        accounts.push((key.name.to_string(), begun));
    }
    if let [(_, Ok(place))] = accounts.as_slice() {
        return Ok(Redirect::to(place).into_response());
    }
    let shell = sent.visitor.shell_in(&state, org, Place::Devices).await?;
    page(&DevicesBegunPage { shell, org, accounts })
}
