//! Devices that somebody wants registered, judged before Apple is asked to take one: names, UDIDs in one spelling, platforms,
//! and the rows of a file.
//!
//! What a person typed is refused at its field. A file is judged row by row, so that three bad lines of five thousand are
//! named and the good ones can go on: [`JudgedDevices`] has both, and who asks decides.
//!
//! The surprising thing: a UDID that does not fit is never repeated. It is personal data, and what is wrong with it says enough.

use super::AT_ONCE;
use crate::{FieldProblem, Problem, apple_account::AppleDevice};
use domain::{ApiKeyId, operation::NewDevice};
use signing::{
    device_file::{self, DevicePlatform, MAX_NAME_CHARACTERS},
    udid::{Udid, UdidForm},
};
use std::collections::HashMap;

/// How many bad rows a refusal names.
const NAMED_ROWS: usize = 20;

/// A device as somebody wrote it down.
#[derive(Debug, Clone, Default)]
pub struct EnteredDevice {
    /// What it is to be called at Apple.
    pub name: String,
    /// In any spelling.
    pub udid: String,
    /// `ios` or `mac`, or Apple's IOS, `MAC_OS`, UNIVERSAL; empty goes by the UDID, and is IOS where that does not tell.
    pub platform: String,
}

/// Devices that somebody wants registered: written one by one, in a file, or both.
#[derive(Debug, Clone, Default)]
pub struct DevicesToRegister {
    /// One by one.
    pub devices: Vec<EnteredDevice>,
    /// A list as Apple's developer site takes it: text with tabs, or a property list.
    pub file: Option<Vec<u8>>,
    /// Whether rows of the file that do not fit are left out. Otherwise one of them stops all.
    pub leave_out_faulty: bool,
}

/// What became clear about them without changing anything.
#[derive(Debug, Clone)]
pub struct JudgedDevices {
    /// What would be registered, each once.
    pub new: Vec<NewDevice>,
    /// What the account has already, as it has it: Apple takes a UDID once.
    pub known: Vec<AppleDevice>,
    /// What cannot go on.
    pub faults: Vec<FaultyRow>,
}

/// A row of a file that cannot go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultyRow {
    /// The line of a text, the entry of a property list; counted from 1.
    pub row: usize,
    /// What was found, why it does not fit, what to do.
    pub why: String,
}

impl DevicesToRegister {
    /// Holds them against what the account has.
    ///
    /// # Errors
    /// At `name`, `udid`, `platform` for what was written one by one; at `file` for a file that is no list; `no_devices`.
    pub(super) fn judged(self, key: ApiKeyId, listed: Vec<AppleDevice>) -> Result<JudgedDevices, Problem> {
        if self.devices.is_empty() && self.file.is_none() {
            return Err(no_devices());
        }
        let several = self.devices.len() > 1;
        let mut wanted = Vec::with_capacity(self.devices.len());
        for (index, device) in self.devices.into_iter().enumerate() {
            wanted.push(entered(device, key).map_err(|problem| if several { at_number(problem, index + 1) } else { problem })?);
        }
        let mut faults = Vec::new();
        if let Some(file) = self.file {
            let read = device_file::read(&file).map_err(|error| Problem::field("device_file_unfit", "file", error.to_string()))?;
            faults = read
                .faults
                .into_iter()
                .map(|fault| FaultyRow {
                    row: fault.row,
                    why: fault.cause.to_string(),
                })
                .collect();
            wanted.extend(read.devices.into_iter().map(|row| NewDevice {
                key,
                name: row.name,
                platform: platform_of(row.platform, &row.udid).to_owned(),
                udid: row.udid.to_string(),
            }));
        }
        let mut there: HashMap<String, Option<AppleDevice>> =
            listed.into_iter().map(|device| (spelled(&device.udid), Some(device))).collect();
        let (mut new, mut known) = (Vec::new(), Vec::new());
        for device in wanted {
            match there.get_mut(&device.udid) {
                // One that comes a second time was taken before.
                Some(found) => known.extend(found.take()),
                None => {
                    there.insert(device.udid.clone(), None);
                    new.push(device);
                }
            }
        }
        Ok(JudgedDevices { new, known, faults })
    }
}

impl JudgedDevices {
    /// What goes on.
    ///
    /// # Errors
    /// `device_rows_unfit` with the rows, unless they may be left out; `no_devices`, `nothing_to_change`, `too_many_devices`.
    pub(super) fn going_on(self, leave_out_faulty: bool) -> Result<Vec<NewDevice>, Problem> {
        if !self.faults.is_empty() && !leave_out_faulty {
            return Err(rows_unfit(&self.faults));
        }
        if self.new.is_empty() {
            return Err(if self.known.is_empty() {
                no_devices()
            } else {
                super::nothing_going_on()
            });
        }
        if self.new.len() > AT_ONCE {
            return Err(Problem::field(
                "too_many_devices",
                "devices",
                format!(
                    "{} new devices are more than Apple has places for in a class. Register at most {AT_ONCE} at once.",
                    self.new.len()
                ),
            ));
        }
        Ok(self.new)
    }
}

fn no_devices() -> Problem {
    Problem::field("no_devices", "devices", "There is no device to register. Name at least one.")
}

fn rows_unfit(faults: &[FaultyRow]) -> Problem {
    let rows: Vec<_> = faults.iter().take(NAMED_ROWS).map(|fault| fault.row.to_string()).collect();
    let more = match faults.len().saturating_sub(NAMED_ROWS) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let mut problem = Problem::field(
        "device_rows_unfit",
        "file",
        format!(
            "{} row(s) of the file do not fit: {}{more}. Correct them, or have them left out (on the command line with --leave-out-faulty). Nothing was registered.",
            faults.len(),
            rows.join(", ")
        ),
    );
    problem.fields.extend(faults.iter().take(NAMED_ROWS).map(|fault| FieldProblem {
        field: "file",
        message: format!("Row {}: {}", fault.row, fault.why),
    }));
    problem
}

/// The same problem, with the number of the device that has it.
fn at_number(mut problem: Problem, number: usize) -> Problem {
    problem.message = format!("Device {number}: {}", problem.message);
    for field in &mut problem.fields {
        field.message = format!("Device {number}: {}", field.message);
    }
    problem
}

fn entered(device: EnteredDevice, key: ApiKeyId) -> Result<NewDevice, Problem> {
    let udid = Udid::parse(&device.udid).map_err(|error| Problem::field("udid_unfit", "udid", error.to_string()))?;
    Ok(NewDevice {
        key,
        name: name(&device.name)?,
        platform: platform(&device.platform, &udid)?,
        udid: udid.to_string(),
    })
}

/// A name as Apple takes it.
pub(crate) fn name(text: &str) -> Result<String, Problem> {
    let text = text.trim();
    let unfit = |why: String| Err(Problem::field("name_unfit", "name", why));
    match text.chars().count() {
        0 => unfit("The device has no name. Apple wants one for each.".to_owned()),
        more if more > MAX_NAME_CHARACTERS => unfit(format!(
            "The name has {more} characters; Apple takes at most {MAX_NAME_CHARACTERS}. Shorten it."
        )),
        _ if text.chars().any(char::is_control) => unfit("The name holds a control character. Type it again.".to_owned()),
        _ => Ok(text.to_owned()),
    }
}

/// Apple's `BundleIdPlatform` (facts E4), as people write it, too.
fn platform(text: &str, udid: &Udid) -> Result<String, Problem> {
    let word = text.trim().to_lowercase().replace(['-', ' '], "_");
    match word.as_str() {
        "" => Ok(platform_of(None, udid).to_owned()),
        "ios" => Ok("IOS".to_owned()),
        "mac" | "macos" | "mac_os" => Ok("MAC_OS".to_owned()),
        "universal" => Ok("UNIVERSAL".to_owned()),
        _ => Err(Problem::field(
            "platform_unknown",
            "platform",
            format!(
                "“{}” is not a platform. Write ios (watches, TVs and headsets too) or mac, or leave it out.",
                text.trim().chars().take(40).collect::<String>()
            ),
        )),
    }
}

/// Where nobody says, a hardware UUID is a Mac's; all others look alike.
fn platform_of(said: Option<DevicePlatform>, udid: &Udid) -> &'static str {
    match (said, udid.form()) {
        (Some(DevicePlatform::Mac), _) | (None, UdidForm::MacUuid) => "MAC_OS",
        _ => "IOS",
    }
}

/// Apple writes UDIDs in its own case; what is no UDID is compared as it is.
fn spelled(udid: &str) -> String {
    Udid::parse(udid).map_or_else(|_| udid.to_owned(), |udid| udid.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "2b6f0cc904d137be2e1730235f5664094b831186";
    const NEW: &str = "00008110-000A1B2C3D4E5F67";
    const MAC: &str = "564D2B9C-1111-2222-3333-0123456789AB";

    fn key() -> ApiKeyId {
        "key_01900000000070008000000000000001".parse().unwrap()
    }

    fn one(name: &str, udid: &str, platform: &str) -> EnteredDevice {
        EnteredDevice {
            name: name.to_owned(),
            udid: udid.to_owned(),
            platform: platform.to_owned(),
        }
    }

    fn at_apple(udid: &str) -> AppleDevice {
        AppleDevice {
            id: "D1".to_owned(),
            name: "There".to_owned(),
            udid: udid.to_owned(),
            device_class: "IPHONE".to_owned(),
            model: None,
            platform: "IOS".to_owned(),
            status: "ENABLED".to_owned(),
            added_at: None,
        }
    }

    fn judged(devices: Vec<EnteredDevice>, file: Option<&str>, listed: Vec<AppleDevice>) -> Result<JudgedDevices, Problem> {
        let wanted = DevicesToRegister {
            devices,
            file: file.map(|text| text.as_bytes().to_vec()),
            leave_out_faulty: false,
        };
        wanted.judged(key(), listed)
    }

    #[test]
    fn udids_and_platforms_get_one_spelling() {
        let all = vec![
            one(" Elin’s iPhone ", &NEW.to_lowercase().replace('-', ""), ""),
            one("Mac", &MAC.to_lowercase(), ""),
            one("Studio", "00008112-000A1B2C3D4E5F67", "macOS"),
        ];
        let new = judged(all, None, vec![]).unwrap().new;
        let told: Vec<_> = new
            .iter()
            .map(|d| (d.name.as_str(), d.udid.as_str(), d.platform.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                ("Elin’s iPhone", NEW, "IOS"),
                ("Mac", MAC, "MAC_OS"),
                ("Studio", "00008112-000A1B2C3D4E5F67", "MAC_OS")
            ]
        );
    }

    #[test]
    fn what_does_not_fit_is_told_at_its_field_and_no_udid_is_repeated() {
        let refused = |device| judged(vec![device], None, vec![]).unwrap_err();
        let serial = refused(one("Phone", "F2LX4R8ZJCLM", ""));
        assert_eq!((serial.code, serial.fields[0].field), ("udid_unfit", "udid"));
        assert!(
            serial.message.contains("Character 3") && !serial.message.contains("F2LX"),
            "{serial}"
        );
        assert_eq!(refused(one("", NEW, "")).code, "name_unfit");
        assert_eq!(refused(one(&"x".repeat(51), NEW, "")).code, "name_unfit");
        assert_eq!(refused(one("a\nb", NEW, "")).code, "name_unfit");
        assert_eq!(refused(one("Phone", NEW, "android")).code, "platform_unknown");
        let second = judged(vec![one("Phone", NEW, ""), one("Pad", "12", "")], None, vec![]).unwrap_err();
        assert!(second.message.starts_with("Device 2: "), "{second}");
        assert_eq!(judged(vec![], None, vec![]).unwrap_err().code, "no_devices");
        assert_eq!(judged(vec![], Some(""), vec![]).unwrap_err().code, "device_file_unfit");
    }

    #[test]
    fn what_is_there_already_and_what_comes_twice_is_left_out() {
        let file = format!("Device ID\tDevice Name\n{OLD}\tOld one\n{}\tAgain\n", NEW.to_lowercase());
        let all = judged(vec![one("Phone", NEW, "")], Some(&file), vec![at_apple(&OLD.to_uppercase())]).unwrap();
        assert_eq!((all.new.len(), all.known.len(), all.known[0].name.as_str()), (1, 1, "There"));
        let none = judged(vec![], Some(&file), vec![at_apple(OLD), at_apple(NEW)]).unwrap();
        assert_eq!(none.going_on(false).unwrap_err().code, "nothing_to_change");
    }

    #[test]
    fn three_bad_rows_of_five_thousand_are_named_and_the_others_can_go_on() {
        let mut rows: Vec<String> = (1..=5000).map(|n| format!("00008110-{n:016X}\tPhone {n}\tios")).collect();
        rows[6] = "serial\tA phone".to_owned();
        rows[700] = "00008110-000A1B2C3D4E5F67".to_owned();
        rows[4999] = format!("{OLD}\tPhone\twindows");
        let file = rows.join("\r\n");
        let listed = (1..=4950).map(|n| at_apple(&format!("00008110-{n:016x}"))).collect();
        let all = judged(vec![], Some(&file), listed).unwrap();
        let bad: Vec<_> = all.faults.iter().map(|fault| fault.row).collect();
        assert_eq!((bad, all.new.len(), all.known.len()), (vec![7, 701, 5000], 49, 4948));
        let refused = all.clone().going_on(false).unwrap_err();
        assert_eq!(refused.code, "device_rows_unfit");
        assert!(
            refused.message.contains("3 row(s)") && refused.message.contains("7, 701, 5000"),
            "{refused}"
        );
        assert!(
            refused.fields.iter().any(|f| f.message.starts_with("Row 5000: The platform")),
            "{:?}",
            refused.fields
        );
        assert_eq!(all.going_on(true).unwrap().len(), 49);
        let too_many = judged(vec![], Some(&file), vec![]).unwrap();
        assert_eq!(too_many.going_on(true).unwrap_err().code, "too_many_devices");
    }
}
