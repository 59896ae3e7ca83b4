//! The content of one entry: the whole of a small file, or the beginning of a large one.
//!
//! Nothing is unpacked on what the directory claims: reading stops at the bound, and what was read is held against the claim.

use std::io::{BufReader, Read, Seek};

use flate2::Crc;
use flate2::bufread::DeflateDecoder;

use super::directory::{Directory, Entry, HEADER_BYTES, read_at, seek, u16_at, u32_at};
use super::error::{Damage, FileProblem, IpaError, KnownFile};
use super::{MAX_FILE_BYTES, MAX_RATIO, MAX_TOTAL_BYTES};

/// A file that may be smaller than this is no bomb at any ratio.
const HARMLESS_BYTES: u64 = 64 * 1024;

/// Opens entries of one archive, and counts what it gave.
pub(super) struct Contents<'a, S> {
    pub(super) source: &'a mut S,
    pub(super) directory: Directory,
    given: u64,
}

impl<'a, S: Read + Seek> Contents<'a, S> {
    pub(super) fn new(source: &'a mut S, directory: Directory) -> Self {
        Self {
            source,
            directory,
            given: 0,
        }
    }

    /// The whole content, checked against size and checksum of the directory.
    pub(super) fn whole(&mut self, name: &str, entry: Entry, file: KnownFile) -> Result<Vec<u8>, IpaError> {
        let refuse = |problem| Err(IpaError::File(file, problem));
        if entry.size > MAX_FILE_BYTES {
            return refuse(FileProblem::TooLarge { bytes: entry.size });
        }
        if entry.size > HARMLESS_BYTES && entry.size > entry.packed.saturating_mul(MAX_RATIO) {
            return refuse(FileProblem::Bomb);
        }
        // What is kept of these grows with them; icon and executables are one at a time.
        if matches!(file, KnownFile::InfoPlist | KnownFile::Profile) {
            self.given += entry.size;
            if self.given > MAX_TOTAL_BYTES {
                return Err(IpaError::TooMuch);
            }
        }
        // One byte more than it claims tells that it is longer.
        let content = self.start(name, entry, file, entry.size + 1)?;
        let mut crc = Crc::new();
        crc.update(&content);
        match content.len() as u64 == entry.size && crc.sum() == entry.crc {
            true => Ok(content),
            false => refuse(FileProblem::Content),
        }
    }

    /// The first `most` bytes of the content, or all where it has fewer.
    pub(super) fn start(&mut self, name: &str, entry: Entry, file: KnownFile, most: u64) -> Result<Vec<u8>, IpaError> {
        self.open(name, entry, file)?;
        let packed = self.source.by_ref().take(entry.packed);
        let buffered = BufReader::with_capacity(16 * 1024, packed);
        let mut content = Vec::new();
        let read = match entry.method {
            0 => buffered.take(most).read_to_end(&mut content),
            8 => DeflateDecoder::new(buffered).take(most).read_to_end(&mut content),
            method => return Err(IpaError::File(file, FileProblem::Compression { method })),
        };
        match read {
            Ok(_) => Ok(content),
            // What the decoder says of the bytes; anything else is the source's.
            Err(cause)
                if matches!(
                    cause.kind(),
                    std::io::ErrorKind::InvalidInput | std::io::ErrorKind::InvalidData | std::io::ErrorKind::UnexpectedEof
                ) =>
            {
                Err(IpaError::File(file, FileProblem::Content))
            }
            Err(cause) => Err(IpaError::Source(cause.kind())),
        }
    }

    /// Goes to the first byte of the content, after the header before it agreed with the directory.
    fn open(&mut self, name: &str, entry: Entry, file: KnownFile) -> Result<(), IpaError> {
        if entry.link {
            return Err(IpaError::File(file, FileProblem::Link));
        }
        let header = read_at(self.source, entry.offset, HEADER_BYTES + name.len())?;
        let (fixed, local_name) = header.split_at(HEADER_BYTES);
        let flags = u16_at(fixed, 6);
        // A program that streams writes checksum and sizes behind the content; large sizes stand in the extra field.
        let behind = flags & 8 != 0;
        let agrees = |at: usize, stated: u64| {
            let local = u32_at(fixed, at);
            u64::from(local) == stated || (behind && local == 0) || (at != 14 && local == u32::MAX)
        };
        let same = fixed.starts_with(b"PK\x03\x04")
            && flags & 0x2041 == 0
            && u16_at(fixed, 8) == entry.method
            && usize::from(u16_at(fixed, 26)) == name.len()
            && local_name == name.as_bytes()
            && agrees(14, u64::from(entry.crc))
            && agrees(18, entry.packed)
            && agrees(22, entry.size);
        if !same {
            return Err(IpaError::File(file, FileProblem::Header));
        }
        let content_at = entry.offset + header.len() as u64 + u64::from(u16_at(fixed, 28));
        if content_at.checked_add(entry.packed).is_none_or(|end| end > self.directory.start) {
            return Err(IpaError::Damaged(Damage::EntryPlace));
        }
        seek(self.source, content_at)
    }
}
