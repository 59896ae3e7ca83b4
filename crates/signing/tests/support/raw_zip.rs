//! Zip archives field by field, so that a test can lie in any of them.

/// An entry, stored.
#[derive(Debug, Clone)]
pub(crate) struct RawEntry {
    pub(crate) name: Vec<u8>,
    pub(crate) content: Vec<u8>,
    /// The name in the header before the content, where it differs.
    pub(crate) local_name: Option<Vec<u8>>,
    /// What the directory states, where it is not the truth.
    pub(crate) offset: Option<u32>,
    pub(crate) size: Option<u32>,
    pub(crate) packed: Option<u32>,
    pub(crate) flags: u16,
    pub(crate) method: u16,
    pub(crate) mode: u32,
    pub(crate) extra: Vec<u8>,
}

pub(crate) fn entry(name: &str, content: &[u8]) -> RawEntry {
    RawEntry {
        name: name.into(),
        content: content.to_vec(),
        local_name: None,
        offset: None,
        size: None,
        packed: None,
        flags: 0,
        method: 0,
        mode: 0o100_644,
        extra: Vec::new(),
    }
}

/// What stands at the end of an archive.
#[derive(Debug, Clone, Default)]
pub(crate) struct End {
    pub(crate) entries: Option<u16>,
    pub(crate) disk: u16,
    pub(crate) comment: Vec<u8>,
    /// With the records for large numbers, whatever the numbers are.
    pub(crate) large: bool,
    /// With the true numbers in the old record, too.
    pub(crate) both: bool,
}

pub(crate) fn archive(entries: &[RawEntry], end: &End) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut directory = Vec::new();
    for entry in entries {
        let offset = u32::try_from(bytes.len()).unwrap();
        let size = u32::try_from(entry.content.len()).unwrap();
        let mut crc = flate2::Crc::new();
        crc.update(&entry.content);
        let common = |size: u32, packed: u32| {
            let mut common = Vec::new();
            common.extend(entry.flags.to_le_bytes());
            common.extend(entry.method.to_le_bytes());
            common.extend([0; 4]);
            common.extend([crc.sum(), packed, size].map(u32::to_le_bytes).concat());
            common
        };
        let length = |bytes: &[u8]| u16::try_from(bytes.len()).unwrap().to_le_bytes();
        let local_name = entry.local_name.as_ref().unwrap_or(&entry.name);
        bytes.extend(b"PK\x03\x04\x14\0");
        bytes.extend(common(size, size));
        bytes.extend([length(local_name), [0; 2]].concat());
        bytes.extend(local_name);
        bytes.extend(&entry.content);
        directory.extend(b"PK\x01\x02\x14\x03\x14\0");
        directory.extend(common(entry.size.unwrap_or(size), entry.packed.unwrap_or(size)));
        directory.extend([length(&entry.name), length(&entry.extra)].concat());
        directory.extend([0; 6]);
        directory.extend((entry.mode << 16).to_le_bytes());
        directory.extend(entry.offset.unwrap_or(offset).to_le_bytes());
        directory.extend(&entry.name);
        directory.extend(&entry.extra);
    }
    let start = bytes.len() as u64;
    let size = directory.len() as u64;
    bytes.extend(directory);
    let count = entries.len() as u64;
    if end.large {
        let at = bytes.len() as u64;
        bytes.extend(b"PK\x06\x06");
        bytes.extend(44_u64.to_le_bytes());
        bytes.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        bytes.extend([count, count, size, start].map(u64::to_le_bytes).concat());
        bytes.extend(b"PK\x06\x07\0\0\0\0");
        bytes.extend(at.to_le_bytes());
        bytes.extend(1_u32.to_le_bytes());
    }
    let small = |value: u64| {
        if end.large && !end.both {
            u32::MAX
        } else {
            u32::try_from(value).unwrap()
        }
    };
    let count = end.entries.unwrap_or(if end.large && !end.both {
        u16::MAX
    } else {
        u16::try_from(count).unwrap()
    });
    bytes.extend(b"PK\x05\x06");
    bytes.extend([end.disk, 0, count, count].map(u16::to_le_bytes).concat());
    bytes.extend([small(size), small(start)].map(u32::to_le_bytes).concat());
    bytes.extend(u16::try_from(end.comment.len()).unwrap().to_le_bytes());
    bytes.extend(&end.comment);
    bytes
}
