//! Lists of devices, good rows and bad ones.

use signing::device_file::{DeviceFileError, DevicePlatform, MAX_BYTES, MAX_ROWS, RowError, RowFault, read};
use signing::property_list::PropertyListError;
use signing::udid::UdidError;

const HEADER: &str = "Device ID\tDevice Name\tDevice Platform\n";

fn udid(number: usize) -> String {
    format!("00008110-{:016X}", 0x000A_1B2C_0000_0000_usize + number)
}

#[test]
fn five_thousand_rows_with_three_bad_ones() {
    let mut text = HEADER.to_owned();
    for number in 0..5_000 {
        let row = match number {
            17 => "F2LX4R8ZJCLM\tA serial number\tios\n".to_owned(),
            1_234 => format!("{}\t\tios\n", udid(number)),
            4_999 => format!("{}\tThe first again\tios\n", udid(0).to_lowercase().replace('-', "")),
            _ => format!("{}\tDevice {number}\tios\n", udid(number)),
        };
        text.push_str(&row);
    }
    let file = read(text.as_bytes()).unwrap();
    assert_eq!(file.devices.len(), 4_997);
    let fault = |row, cause| RowFault { row, cause };
    assert_eq!(
        file.faults,
        [
            fault(19, RowError::Udid(UdidError::NotHex { position: 3 })),
            fault(1_236, RowError::NoName),
            fault(5_001, RowError::Duplicate { first: 2 }),
        ],
        "rows as an editor counts them, the header being the first"
    );
    assert_eq!(file.devices[4_996].row, 5_000);
    assert_eq!(file.devices[4_996].name, "Device 4998");
}

#[test]
fn the_text_is_read_however_a_spreadsheet_saved_it() {
    let rows = format!(
        "{}\tAnna's Phone\tios\n{}\tBüro 電話\tmac\n{}\tNo platform\n",
        udid(1),
        udid(2),
        udid(3)
    );
    let plain = read((HEADER.to_owned() + &rows).as_bytes()).unwrap();
    assert!(plain.faults.is_empty());
    let platforms: Vec<_> = plain.devices.iter().map(|device| device.platform).collect();
    assert_eq!(platforms, [Some(DevicePlatform::Ios), Some(DevicePlatform::Mac), None]);
    assert_eq!(plain.devices[1].name, "Büro 電話");
    let whole = HEADER.to_owned() + &rows;
    let utf16 =
        |mark: [u8; 2], bytes: fn(u16) -> [u8; 2]| -> Vec<u8> { mark.into_iter().chain(whole.encode_utf16().flat_map(bytes)).collect() };
    let quoted = whole
        .lines()
        .map(|line| line.split('\t').map(|cell| format!("\"{cell}\"")).collect::<Vec<_>>().join("\t") + "\r\n");
    for variant in [
        whole.replace('\n', "\r\n").into_bytes(),
        whole.replace('\n', "\r").into_bytes(),
        format!("\u{feff}{whole}").into_bytes(),
        utf16([0xff, 0xfe], u16::to_le_bytes),
        utf16([0xfe, 0xff], u16::to_be_bytes),
        quoted.collect::<String>().into_bytes(),
        whole.replace("ios\n", "iOS\t\t\n").into_bytes(),
    ] {
        assert_eq!(read(&variant).unwrap(), plain);
    }
    let bare = read(rows.as_bytes()).unwrap();
    assert_eq!(bare.devices[0].row, 1, "without a header");
    let spaced = read((HEADER.to_owned() + "\n" + &rows).as_bytes()).unwrap();
    assert_eq!(spaced.devices[0].row, 3, "empty lines are counted and passed over");
}

#[test]
fn every_bad_row_says_what_is_wrong() {
    let good = udid(1);
    for (row, cause) in [
        (format!("{good},Anna,ios"), RowError::Columns { found: 1 }),
        (format!("{good}\tAnna\tios\tmore"), RowError::Columns { found: 4 }),
        (format!("{good}\t{}", "x".repeat(51)), RowError::LongName { characters: 51 }),
        (format!("{good}\ta\u{7}b"), RowError::NameCharacters),
        (format!("{good}\tAnna\tandroid"), RowError::Platform),
        ("\tAnna\tios".to_owned(), RowError::Udid(UdidError::Empty)),
        (format!("{}\tAnna", "0".repeat(40)), RowError::Udid(UdidError::Placeholder)),
    ] {
        let file = read((HEADER.to_owned() + &row).as_bytes()).unwrap();
        assert_eq!(file.faults, [RowFault { row: 2, cause }], "{row}");
        assert!(!cause.to_string().contains(&good), "a UDID is never repeated");
    }
}

fn property_list(devices: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \
         \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\"><plist version=\"1.0\"><dict><key>Device UDIDs</key><array>{devices}</array></dict></plist>"
    )
}

#[test]
fn the_property_list_form_is_read_entry_by_entry() {
    let entry = |udid: &str, platform: &str| {
        format!(
            "<dict><key>deviceIdentifier</key><string>{udid}</string><key>deviceName</key><string>A &amp; B</string>\
             <key>devicePlatform</key><string>{platform}</string></dict>"
        )
    };
    let devices = [
        entry(&udid(1), "ios"),
        entry("none", "ios"),
        "<string>x</string>".to_owned(),
        entry(&udid(2), "mac"),
        entry(&udid(1), "ios"),
    ];
    let file = read(property_list(&devices.concat()).as_bytes()).unwrap();
    let found: Vec<_> = file.devices.iter().map(|device| (device.row, device.platform)).collect();
    assert_eq!(found, [(1, Some(DevicePlatform::Ios)), (4, Some(DevicePlatform::Mac))]);
    assert_eq!(file.devices[0].name, "A & B");
    let faults: Vec<_> = file.faults.iter().map(|fault| (fault.row, fault.cause)).collect();
    assert_eq!(
        faults,
        [
            (2, RowError::Udid(UdidError::NotHex { position: 1 })),
            (3, RowError::Udid(UdidError::Empty)),
            (5, RowError::Duplicate { first: 1 }),
        ]
    );
}

#[test]
fn files_that_are_no_list_are_refused_as_a_whole() {
    let of = |bytes: &[u8]| read(bytes).unwrap_err();
    assert_eq!(of(b""), DeviceFileError::Empty);
    assert_eq!(of(HEADER.as_bytes()), DeviceFileError::Empty);
    assert_eq!(of(property_list("").as_bytes()), DeviceFileError::Empty);
    assert_eq!(of(b"PK\x03\x04\xff\x00"), DeviceFileError::NotText);
    assert_eq!(of(&[0xff, 0xfe, 0]), DeviceFileError::NotText);
    assert_eq!(of(b"<plist><dict/></plist>"), DeviceFileError::NoDevices);
    assert_eq!(of(b"<html>"), DeviceFileError::PropertyList(PropertyListError::NotAPropertyList));
    let large = MAX_BYTES + 1;
    assert_eq!(of(&vec![b' '; large]), DeviceFileError::TooLarge { bytes: large });
    let rows: String = (0..=MAX_ROWS).map(|number| format!("{}\tx\n", udid(number))).collect();
    assert_eq!(of(rows.as_bytes()), DeviceFileError::TooManyRows);
}
