//! The central directory of a zip archive, streamed: what lies where, without a look at what it is.
//!
//! The zip crate reads archives elsewhere in this project, but not these: it holds every entry with name, extra fields and
//! comment in memory (an archive of 100,000 entries may state 19 GB of them), looks for the end of the archive through the
//! whole file where it is not at the end, and of two entries with one name it keeps one without a word. Here an entry
//! costs about 50 bytes, and everything is known after one pass over the directory.
//!
//! Strict where readers differ from each other, since the file is looked at here and opened at Apple: the directory must
//! lie right before the end record, one name is one entry, entries share no bytes, names take no detours.

use std::collections::HashSet;
use std::io::{BufReader, Read, Seek, SeekFrom};

use aws_lc_rs::digest::{SHA256, digest};

use super::error::{Damage, IpaError, NameProblem};
use super::{MAX_DIRECTORY_BYTES, MAX_ENTRIES, MAX_NAME_BYTES};

/// The end record without its comment, and the longest one with it.
const END_BYTES: usize = 22;
const END_MOST: u64 = 22 + 65_535;
const LOCATOR_BYTES: u64 = 20;
const END_64_BYTES: u64 = 56;
/// The fixed parts of a directory entry, and of the header before an entry's content.
const ENTRY_BYTES: usize = 46;
pub(super) const HEADER_BYTES: usize = 30;

/// Where the directory lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Directory {
    /// Offset of its first byte: entries end before it.
    pub(super) start: u64,
    size: u64,
    entries: u64,
}

/// An entry as the directory states it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) method: u16,
    pub(super) crc: u32,
    pub(super) packed: u64,
    pub(super) size: u64,
    pub(super) offset: u64,
    pub(super) link: bool,
}

impl Directory {
    /// Finds it from the end of a file of this length.
    pub(super) fn find(source: &mut (impl Read + Seek), length: u64) -> Result<Self, IpaError> {
        let tail_start = length.saturating_sub(END_MOST + LOCATOR_BYTES);
        let tail = read_at(source, tail_start, usize::try_from(length - tail_start).unwrap_or(0))?;
        let at = end_record(&tail).ok_or(IpaError::Truncated)?;
        let end = &tail[at..];
        let (disk, directory_disk) = (u64::from(u16_at(end, 4)), u64::from(u16_at(end, 6)));
        let (entries_here, entries) = (u64::from(u16_at(end, 8)), u64::from(u16_at(end, 10)));
        let (size, start) = (u64::from(u32_at(end, 12)), u64::from(u32_at(end, 16)));
        let end_at = tail_start + at as u64;
        let needs_64 = [disk, directory_disk, entries_here, entries].contains(&0xffff) || [size, start].contains(&0xffff_ffff);
        let locator = at
            .checked_sub(20)
            .map(|at| &tail[at..])
            .filter(|record| record.starts_with(b"PK\x06\x07"));
        let old = Self { start, size, entries };
        let (disks, entries_here, directory, before) = match locator {
            None => ([disk, directory_disk], entries_here, old, end_at),
            Some(locator) => Self::find_64(source, locator, end_at)?,
        };
        // Some readers look at the larger record only where the smaller one is full.
        if !needs_64 && directory != old {
            return Err(IpaError::Damaged(Damage::DirectoryPlace));
        }
        if disks != [0, 0] || entries_here != directory.entries {
            return Err(IpaError::Split);
        }
        if directory.start.checked_add(directory.size) != Some(before) {
            return Err(IpaError::Damaged(Damage::DirectoryPlace));
        }
        if directory.entries > MAX_ENTRIES {
            return Err(IpaError::TooManyEntries {
                entries: directory.entries,
            });
        }
        if directory.size > MAX_DIRECTORY_BYTES {
            return Err(IpaError::DirectoryTooLarge { bytes: directory.size });
        }
        Ok(directory)
    }

    /// The same of an archive with large numbers, whose true end record is named by a locator before the old one.
    fn find_64(source: &mut (impl Read + Seek), locator: &[u8], end_at: u64) -> Result<([u64; 2], u64, Self, u64), IpaError> {
        if u32_at(locator, 4) != 0 || u32_at(locator, 16) > 1 {
            return Err(IpaError::Split);
        }
        let damaged = IpaError::Damaged(Damage::DirectoryPlace);
        let at = u64_at(locator, 8);
        if at.checked_add(END_64_BYTES + LOCATOR_BYTES).is_none_or(|after| after > end_at) {
            return Err(damaged);
        }
        let end = read_at(source, at, 56)?;
        if !end.starts_with(b"PK\x06\x06")
            || at.checked_add(12 + LOCATOR_BYTES).and_then(|sum| sum.checked_add(u64_at(&end, 4))) != Some(end_at)
        {
            return Err(damaged);
        }
        let directory = Self {
            start: u64_at(&end, 48),
            size: u64_at(&end, 40),
            entries: u64_at(&end, 32),
        };
        let disks = [u64::from(u32_at(&end, 16)), u64::from(u32_at(&end, 20))];
        Ok((disks, u64_at(&end, 24), directory, at))
    }

    pub(super) fn entries(self) -> u64 {
        self.entries
    }

    /// Gives every entry with its name, in the order of the directory, and checks the archive as a whole.
    pub(super) fn survey<S: Read + Seek>(
        self,
        source: &mut S,
        mut each: impl FnMut(&str, Entry) -> Result<(), IpaError>,
    ) -> Result<(), IpaError> {
        let room = usize::try_from(self.entries).unwrap_or(0);
        let mut names = HashSet::with_capacity(room);
        let mut ranges = Vec::with_capacity(room);
        self.walk(source, |name, entry| {
            check_name(name)?;
            if !names.insert(digest_of(name)) {
                return Err(IpaError::Duplicate);
            }
            // The header's extra field is known to the header alone; what is certain is enough to find bombs.
            let end = (HEADER_BYTES as u64 + name.len() as u64).checked_add(entry.packed);
            let end = end.and_then(|size| size.checked_add(entry.offset)).filter(|end| *end <= self.start);
            ranges.push((entry.offset, end.ok_or(IpaError::Damaged(Damage::EntryPlace))?));
            each(name, entry)
        })?;
        ranges.sort_unstable();
        match ranges.windows(2).any(|pair| pair[0].1 > pair[1].0) {
            true => Err(IpaError::Overlap),
            false => Ok(()),
        }
    }

    /// Gives every entry with its name, once [`Self::survey`] found nothing wrong.
    pub(super) fn walk<S: Read + Seek>(
        self,
        source: &mut S,
        mut each: impl FnMut(&str, Entry) -> Result<(), IpaError>,
    ) -> Result<(), IpaError> {
        const DAMAGED: IpaError = IpaError::Damaged(Damage::DirectoryContent);
        seek(source, self.start)?;
        let mut directory = BufReader::with_capacity(64 * 1024, source.take(self.size));
        let mut left = self.size;
        let mut variable = Vec::new();
        for _ in 0..self.entries {
            let mut fixed = [0; ENTRY_BYTES];
            left = left.checked_sub(ENTRY_BYTES as u64).ok_or(DAMAGED)?;
            fill(&mut directory, &mut fixed)?;
            if !fixed.starts_with(b"PK\x01\x02") {
                return Err(DAMAGED);
            }
            let [name, extra, comment] = [28, 30, 32].map(|at| usize::from(u16_at(&fixed, at)));
            left = left.checked_sub((name + extra + comment) as u64).ok_or(DAMAGED)?;
            variable.resize(name + extra + comment, 0);
            fill(&mut directory, &mut variable)?;
            if name > MAX_NAME_BYTES {
                return Err(IpaError::Name(NameProblem::TooLong));
            }
            let entry = Entry::read(&fixed, &variable[name..name + extra])?;
            let name = str::from_utf8(&variable[..name]).map_err(|_| IpaError::Name(NameProblem::NotUtf8))?;
            each(name, entry)?;
        }
        match left {
            0 => Ok(()),
            _ => Err(DAMAGED),
        }
    }
}

impl Entry {
    fn read(fixed: &[u8], extra: &[u8]) -> Result<Self, IpaError> {
        // Encrypted content, strong encryption, a masked directory.
        if u16_at(fixed, 8) & 0x2041 != 0 {
            return Err(IpaError::Encrypted);
        }
        let mut large = large_numbers(extra);
        let mut number = |small: u32| match small {
            u32::MAX => large.next().ok_or(IpaError::Damaged(Damage::DirectoryContent)),
            small => Ok(u64::from(small)),
        };
        // In this order the large ones follow each other.
        let (size, packed, offset) = (number(u32_at(fixed, 24))?, number(u32_at(fixed, 20))?, number(u32_at(fixed, 42))?);
        if !matches!(u16_at(fixed, 34), 0 | u16::MAX) {
            return Err(IpaError::Split);
        }
        // Unix and macOS keep the file's mode in the upper half.
        let mode = u32_at(fixed, 38) >> 16;
        Ok(Self {
            method: u16_at(fixed, 10),
            crc: u32_at(fixed, 16),
            packed,
            size,
            offset,
            link: matches!(fixed[5], 3 | 19) && mode & 0o170_000 == 0o120_000,
        })
    }
}

/// The numbers of the extra field for archives with large numbers.
fn large_numbers(mut extra: &[u8]) -> impl Iterator<Item = u64> {
    let mut field: &[u8] = &[];
    while let Some((head, rest)) = extra.split_at_checked(4) {
        let Some((content, after)) = rest.split_at_checked(usize::from(u16_at(head, 2))) else {
            break;
        };
        if u16_at(head, 0) == 1 {
            field = content;
            break;
        }
        extra = after;
    }
    field.chunks_exact(8).map(|number| u64_at(number, 0))
}

/// Where the end record begins: the last place that looks like one and whose comment ends with the file.
fn end_record(tail: &[u8]) -> Option<usize> {
    let last = tail.len().checked_sub(END_BYTES)?;
    (0..=last)
        .rev()
        .find(|at| tail[*at..].starts_with(b"PK\x05\x06") && at + END_BYTES + usize::from(u16_at(tail, at + 20)) == tail.len())
}

fn check_name(name: &str) -> Result<(), IpaError> {
    let problem = match name {
        "" => NameProblem::Empty,
        _ if name.contains('\0') => NameProblem::ZeroByte,
        _ if name.contains('\\') => NameProblem::Backslash,
        _ if name.starts_with('/') || name.as_bytes().get(1) == Some(&b':') => NameProblem::Absolute,
        _ if name
            .strip_suffix('/')
            .unwrap_or(name)
            .split('/')
            .any(|part| matches!(part, "" | "." | "..")) =>
        {
            NameProblem::Detour
        }
        _ => return Ok(()),
    };
    Err(IpaError::Name(problem))
}

/// Names are compared by digests, half the size of the shortest ones in an app.
fn digest_of(name: &str) -> [u8; 16] {
    let mut short = [0; 16];
    let whole = digest(&SHA256, name.as_bytes());
    short.copy_from_slice(&whole.as_ref()[..16]);
    short
}

pub(super) fn read_at(source: &mut (impl Read + Seek), at: u64, count: usize) -> Result<Vec<u8>, IpaError> {
    seek(source, at)?;
    let mut bytes = vec![0; count];
    fill(source, &mut bytes)?;
    Ok(bytes)
}

pub(super) fn seek(source: &mut impl Seek, at: u64) -> Result<(), IpaError> {
    source
        .seek(SeekFrom::Start(at))
        .map(|_| ())
        .map_err(|cause| IpaError::Source(cause.kind()))
}

fn fill(source: &mut impl Read, bytes: &mut [u8]) -> Result<(), IpaError> {
    source.read_exact(bytes).map_err(|cause| IpaError::Source(cause.kind()))
}

/// Little-endian numbers, at places that the caller knows to exist.
pub(super) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from(u16_at(bytes, at)) | (u32::from(u16_at(bytes, at + 2)) << 16)
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | (u64::from(u32_at(bytes, at + 4)) << 32)
}
