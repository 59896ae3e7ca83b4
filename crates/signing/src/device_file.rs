//! Lists of devices as Apple's developer site takes them: text with tabs, or a property list.
//!
//! The text has the columns `Device ID`, `Device Name` and `Device Platform` (`ios` or `mac`), the last one optional, with or
//! without that header. The property list has an array `Device UDIDs` of dictionaries with `deviceIdentifier`, `deviceName`
//! and `devicePlatform`. Spreadsheets save UTF-16, byte order marks and any line ending; all of it is read.
//!
//! A bad row does not spoil the good ones: both lists come back, and a person decides. Only a file that is none of the two, too
//! large or empty is refused as a whole. The bounds: 2 MB, 10,000 rows.
//!
//! The surprising thing: two spellings of one UDID are a duplicate, and the first row wins.

use std::borrow::Cow;
use std::collections::HashMap;

use plist::{Dictionary, Value};

use crate::Explanation;
use crate::explanation::explained;
use crate::property_list::{self, PropertyListError};
use crate::udid::{Udid, UdidError};

/// The most that is read as a list of devices.
pub const MAX_BYTES: usize = 2 * 1024 * 1024;
/// The most rows of one list. Apple takes 100 devices of a class a year.
pub const MAX_ROWS: usize = 10_000;
/// The longest name that Apple's developer site takes for a device, in characters.
pub const MAX_NAME_CHARACTERS: usize = 50;

/// A list of devices, row by row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeviceFile {
    /// The rows that can go on, in order.
    pub devices: Vec<ListedDevice>,
    /// The rows that cannot, in order.
    pub faults: Vec<RowFault>,
}

/// One device of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedDevice {
    /// The line of the text, or the entry of the property list, counted from 1.
    pub row: usize,
    /// The device.
    pub udid: Udid,
    /// What it is called.
    pub name: String,
    /// For what it is registered, where the list says.
    pub platform: Option<DevicePlatform>,
}

/// For what a device is registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DevicePlatform {
    /// `ios`: phones, tablets, watches, TVs, headsets.
    Ios,
    /// `mac`.
    Mac,
}

/// A row that cannot go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowFault {
    /// The line of the text, or the entry of the property list, counted from 1.
    pub row: usize,
    /// Why.
    pub cause: RowError,
}

/// Why a row cannot go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowError {
    /// The first column is no UDID.
    Udid(UdidError),
    /// Other than two or three columns.
    Columns {
        /// How many there are.
        found: usize,
    },
    /// No name.
    NoName,
    /// A name that Apple's developer site does not take.
    LongName {
        /// Its length in characters.
        characters: usize,
    },
    /// A control character in the name.
    NameCharacters,
    /// The platform is neither `ios` nor `mac`.
    Platform,
    /// The same device stands in an earlier row.
    Duplicate {
        /// In which.
        first: usize,
    },
}

impl RowError {
    /// What was found, why it does not fit, what to do.
    pub fn explain(&self) -> Explanation {
        match self {
            Self::Udid(cause) => cause.explain(),
            Self::Columns { found } => Explanation::new(
                format!("The row has {found} columns."),
                "Expected are Device ID, Device Name and, if wanted, Device Platform, with a tab between.",
                "Separate the columns by tabs; commas and blanks do not separate.",
            ),
            Self::NoName => Explanation::new("The device has no name.", "Apple wants one for each device.", "Give it a name."),
            Self::LongName { characters } => Explanation::new(
                format!("The device's name has {characters} characters."),
                format!("Apple takes at most {MAX_NAME_CHARACTERS}."),
                "Shorten it.",
            ),
            Self::NameCharacters => Explanation::new(
                "The device's name holds a control character.",
                "It could not be shown.",
                "Type the name again.",
            ),
            Self::Platform => Explanation::new(
                "The platform is neither ios nor mac.",
                "The format knows these two; watches, TVs and headsets are ios.",
                "Write ios or mac, or leave the column out.",
            ),
            Self::Duplicate { first } => Explanation::new(
                format!("The same device stands in row {first} already."),
                "A device is registered once; case and dashes make no difference.",
                "Take one of the two rows out.",
            ),
        }
    }
}

explained!(RowError);

/// Why a file is refused as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceFileError {
    /// Above 2 MB.
    TooLarge {
        /// Size of what was given, in bytes.
        bytes: usize,
    },
    /// More than 10,000 rows.
    TooManyRows,
    /// Not text.
    NotText,
    /// No row in it.
    Empty,
    /// XML, but not a property list that is read.
    PropertyList(PropertyListError),
    /// A property list without `Device UDIDs`.
    NoDevices,
}

impl DeviceFileError {
    /// What was found, why it does not fit, what to do.
    pub fn explain(&self) -> Explanation {
        const NEXT: &str = "Save the list as text with tabs: Device ID, Device Name, Device Platform.";
        match self {
            Self::TooLarge { bytes } => Explanation::new(
                format!("The file has {bytes} bytes."),
                format!("The limit for lists of devices is {MAX_BYTES} bytes."),
                "Split the list.",
            ),
            Self::TooManyRows => Explanation::new(
                "The list has too many rows.",
                format!("The limit is {MAX_ROWS}."),
                "Split the list.",
            ),
            Self::NotText => Explanation::new("The file is not text.", "A spreadsheet's own format is not read.", NEXT),
            Self::Empty => Explanation::new("The list holds no device.", "There is no row beside the header.", NEXT),
            Self::PropertyList(cause) => cause.explain(NEXT),
            Self::NoDevices => Explanation::new(
                "The property list is not a list of devices.",
                "Expected is an array `Device UDIDs`.",
                NEXT,
            ),
        }
    }
}

explained!(DeviceFileError);

/// Reads a list of devices in either form.
///
/// # Errors
/// [`DeviceFileError`], for the file as a whole. Bad rows are no error, see [`DeviceFile::faults`].
pub fn read(bytes: &[u8]) -> Result<DeviceFile, DeviceFileError> {
    if bytes.len() > MAX_BYTES {
        return Err(DeviceFileError::TooLarge { bytes: bytes.len() });
    }
    let text = text_of(bytes).ok_or(DeviceFileError::NotText)?;
    let text = text.trim_start_matches('\u{feff}');
    let mut list = List::default();
    if text.trim_start().starts_with('<') {
        of_property_list(text.trim_start(), &mut list)?;
    } else {
        of_text(text, &mut list)?;
    }
    if list.file.devices.is_empty() && list.file.faults.is_empty() {
        return Err(DeviceFileError::Empty);
    }
    Ok(list.file)
}

fn text_of(bytes: &[u8]) -> Option<Cow<'_, str>> {
    let utf16 = |rest: &[u8], unit: fn([u8; 2]) -> u16| {
        let (pairs, []) = rest.as_chunks::<2>() else { return None };
        let units: Vec<u16> = pairs.iter().map(|pair| unit(*pair)).collect();
        String::from_utf16(&units).ok().map(Cow::Owned)
    };
    let text = match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        _ => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
    };
    text.filter(|text| !text.contains('\0'))
}

fn of_text(text: &str, list: &mut List) -> Result<(), DeviceFileError> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    for (position, (index, line)) in lines.enumerate() {
        let columns: Vec<&str> = line.trim_end_matches('\t').split('\t').map(cell).collect();
        if position == 0 && columns[0].eq_ignore_ascii_case("device id") {
            continue;
        }
        let row = match columns.as_slice() {
            [udid, name] => Ok((*udid, *name, "")),
            [udid, name, platform] => Ok((*udid, *name, *platform)),
            other => Err(RowError::Columns { found: other.len() }),
        };
        list.add(index + 1, row)?;
    }
    Ok(())
}

/// A cell without the quotes and blanks that spreadsheets put around.
fn cell(cell: &str) -> &str {
    let cell = cell.trim();
    cell.strip_prefix('"')
        .and_then(|cell| cell.strip_suffix('"'))
        .unwrap_or(cell)
        .trim()
}

fn of_property_list(xml: &str, list: &mut List) -> Result<(), DeviceFileError> {
    let entries = property_list::read(xml.as_bytes()).map_err(DeviceFileError::PropertyList)?;
    let devices = entries
        .get("Device UDIDs")
        .and_then(Value::as_array)
        .ok_or(DeviceFileError::NoDevices)?;
    let nothing = Dictionary::new();
    for (index, device) in devices.iter().enumerate() {
        let device = device.as_dictionary().unwrap_or(&nothing);
        let text = |key: &str| device.get(key).and_then(Value::as_string).unwrap_or_default().trim();
        list.add(
            index + 1,
            Ok((text("deviceIdentifier"), text("deviceName"), text("devicePlatform"))),
        )?;
    }
    Ok(())
}

#[derive(Default)]
struct List {
    file: DeviceFile,
    seen: HashMap<Udid, usize>,
}

impl List {
    fn add(&mut self, row: usize, columns: Result<(&str, &str, &str), RowError>) -> Result<(), DeviceFileError> {
        if self.file.devices.len() + self.file.faults.len() == MAX_ROWS {
            return Err(DeviceFileError::TooManyRows);
        }
        match columns.and_then(|columns| device(row, columns)) {
            Err(cause) => self.file.faults.push(RowFault { row, cause }),
            Ok(device) => match self.seen.get(&device.udid) {
                Some(first) => {
                    let cause = RowError::Duplicate { first: *first };
                    self.file.faults.push(RowFault { row, cause });
                }
                None => {
                    self.seen.insert(device.udid.clone(), row);
                    self.file.devices.push(device);
                }
            },
        }
        Ok(())
    }
}

fn device(row: usize, (udid, name, platform): (&str, &str, &str)) -> Result<ListedDevice, RowError> {
    let udid = Udid::parse(udid).map_err(RowError::Udid)?;
    let characters = name.chars().count();
    if characters == 0 {
        return Err(RowError::NoName);
    }
    if characters > MAX_NAME_CHARACTERS {
        return Err(RowError::LongName { characters });
    }
    if name.chars().any(char::is_control) {
        return Err(RowError::NameCharacters);
    }
    let platform = match platform.to_ascii_lowercase().as_str() {
        "" => None,
        "ios" => Some(DevicePlatform::Ios),
        "mac" | "macos" | "mac_os" => Some(DevicePlatform::Mac),
        _ => return Err(RowError::Platform),
    };
    Ok(ListedDevice {
        row,
        udid,
        name: name.to_owned(),
        platform,
    })
}
