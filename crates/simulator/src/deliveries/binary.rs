//! One binary in parts: a nameless temporary file, and who may write where into it.

use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;

/// A header that each part must carry exactly so.
const MEDIA_TYPE: &str = "application/octet-stream";

/// A binary whose parts are coming.
#[derive(Debug)]
pub(crate) struct Binary {
    file: Arc<File>,
    pub(crate) size: u64,
    /// Names the binary in the addresses of its parts.
    token: String,
    expires: Timestamp,
    pub(crate) parts: Vec<Part>,
}

/// A part of it.
#[derive(Debug)]
pub(crate) struct Part {
    offset: u64,
    pub(crate) length: u64,
    signature: String,
    /// How often somebody began to send it.
    pub(crate) puts: u32,
    pub(crate) stored: bool,
}

/// A request at the part port.
pub(crate) struct Presented<'a> {
    pub(crate) method: &'a str,
    /// With its query.
    pub(crate) address: &'a str,
    /// In lower case.
    pub(crate) headers: &'a BTreeMap<String, String>,
}

/// Leave to write one part.
pub(crate) struct Ticket {
    pub(crate) file_id: String,
    pub(crate) index: usize,
    pub(crate) file: Arc<File>,
    pub(crate) offset: u64,
    pub(crate) length: u64,
}

/// Why a part is not taken, in the words of object storage (invented: nobody has shown Apple's).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PartRefusal {
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    pub(crate) message: &'static str,
}

const fn refusal(status: u16, code: &'static str, message: &'static str) -> PartRefusal {
    PartRefusal { status, code, message }
}

impl PartRefusal {
    pub(crate) const UNKNOWN: Self = refusal(404, "NoSuchUpload", "There is no part to be sent to this address.");
    pub(crate) const SHORT: Self = refusal(400, "IncompleteBody", "The part ended before its length.");
    const METHOD: Self = refusal(405, "MethodNotAllowed", "A part is sent with PUT.");
    const TWO_WAYS: Self = refusal(
        400,
        "InvalidArgument",
        "Only one auth mechanism allowed: the address is signed, no Authorization header may be sent.",
    );
    const SIGNATURE: Self = refusal(
        403,
        "SignatureDoesNotMatch",
        "The address or a header is not the one that was given.",
    );
    const EXPIRED: Self = refusal(403, "AccessDenied", "Request has expired.");
    const NO_LENGTH: Self = refusal(411, "MissingContentLength", "A part is sent with Content-Length.");
    const LENGTH: Self = refusal(400, "InvalidRequest", "The Content-Length is not the length of the part.");
}

impl Binary {
    /// A place for `size` bytes in parts of at most `part_size`; `sign` gives a fresh secret at each call.
    pub(crate) fn reserve(size: u64, part_size: u64, expires: Timestamp, mut sign: impl FnMut() -> String) -> io::Result<Self> {
        let part_size = part_size.max(1);
        let parts = (0..size.div_ceil(part_size)).map(|index| Part {
            offset: index * part_size,
            length: part_size.min(size - index * part_size),
            signature: sign(),
            puts: 0,
            stored: false,
        });
        let parts = parts.collect();
        Ok(Self {
            file: Arc::new(tempfile::tempfile()?),
            size,
            token: sign(),
            expires,
            parts,
        })
    }

    /// What Apple's `uploadOperations` say.
    pub(crate) fn operations(&self, origin: &str) -> Value {
        let expiration = crate::clock::store_date(self.expires);
        let parts = self.parts.iter().enumerate();
        let operation = |(index, part): (usize, &Part)| {
            json!({
                "method": "PUT",
                "url": format!("{origin}{}", self.address(index, part)),
                "length": part.length,
                "offset": part.offset,
                "requestHeaders": [{ "name": "Content-Type", "value": MEDIA_TYPE }],
                "expiration": expiration,
                "partNumber": index + 1,
            })
        };
        Value::Array(parts.map(operation).collect())
    }

    fn address(&self, index: usize, part: &Part) -> String {
        let (token, expires) = (&self.token, self.expires.as_second());
        format!("/{token}/{}?expires={expires}&signature={}", index + 1, part.signature)
    }

    /// The index of the part that is meant by an address, signed rightly or not.
    pub(crate) fn part_at(&self, address: &str) -> Option<usize> {
        let path = address.split('?').next().unwrap_or_default();
        let (token, number) = path.strip_prefix('/')?.split_once('/')?;
        let index = number.parse::<usize>().ok()?.checked_sub(1)?;
        (token == self.token && index < self.parts.len()).then_some(index)
    }

    /// Checks a request for a part and counts it. The part is not there again until all of it has come.
    pub(crate) fn admit(&mut self, file_id: &str, index: usize, request: &Presented<'_>, now: Timestamp) -> Result<Ticket, PartRefusal> {
        let address = self.address(index, &self.parts[index]);
        let part = &mut self.parts[index];
        part.puts += 1;
        if request.method != "PUT" {
            return Err(PartRefusal::METHOD);
        }
        if request.headers.contains_key("authorization") {
            return Err(PartRefusal::TWO_WAYS);
        }
        if request.address != address || request.headers.get("content-type").map(String::as_str) != Some(MEDIA_TYPE) {
            return Err(PartRefusal::SIGNATURE);
        }
        if self.expires <= now {
            return Err(PartRefusal::EXPIRED);
        }
        let length = request.headers.get("content-length").ok_or(PartRefusal::NO_LENGTH)?;
        if length.parse() != Ok(part.length) {
            return Err(PartRefusal::LENGTH);
        }
        part.stored = false;
        Ok(Ticket {
            file_id: file_id.to_owned(),
            index,
            file: self.file.clone(),
            offset: part.offset,
            length: part.length,
        })
    }

    /// The numbers of the parts that have not come, from 1.
    pub(crate) fn missing(&self) -> Vec<usize> {
        let parts = self.parts.iter().zip(1..);
        parts.filter(|(part, _)| !part.stored).map(|(_, number)| number).collect()
    }

    /// The bytes from the beginning.
    pub(crate) fn reader(&self) -> Reader {
        Reader {
            file: self.file.clone(),
            size: self.size,
            at: 0,
        }
    }
}

/// Reads a binary from a place of its own, whoever else reads or writes it.
#[derive(Debug)]
pub(crate) struct Reader {
    file: Arc<File>,
    size: u64,
    at: u64,
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.size.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let wanted = buffer.len().min(left);
        let read = read_at(&self.file, &mut buffer[..wanted], self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

impl Seek for Reader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.size.checked_add_signed(by),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, at)
}

#[cfg(windows)]
fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, at)
}

/// Writes all of `bytes` at a place; others may write elsewhere at the same time.
#[cfg(unix)]
pub(super) fn write_at(file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, at)
}

/// Writes all of `bytes` at a place; others may write elsewhere at the same time.
#[cfg(windows)]
pub(super) fn write_at(file: &File, mut bytes: &[u8], mut at: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let written = std::os::windows::fs::FileExt::seek_write(file, bytes, at)?;
        bytes = &bytes[written..];
        at += written as u64;
    }
    Ok(())
}
