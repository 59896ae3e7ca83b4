//! What a file is, by its first bytes: enough to say so, never enough to trust it. Disk images (`.dmg`) show at their end only.

use serde::{Deserialize, Serialize};

/// What a file looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    /// A zip archive, as every `.ipa` is.
    Zip,
    /// One part of a split zip archive.
    SplitZip,
    /// An installer package (`.pkg`), a xar archive inside.
    Package,
    /// Nothing at all.
    Empty,
    /// A gzip file, mostly a `.tar.gz`.
    Gzip,
    /// bzip2, xz, 7z, RAR or tar.
    OtherArchive,
    /// A web page, as a download that needed signing in leaves behind.
    WebPage,
    /// JSON or XML: often an error message that was saved as the file.
    Text,
    /// A bare Mach-O executable.
    Executable,
    /// None of these.
    Other,
}

impl FileKind {
    /// What it is, for the sentence "This is …".
    pub fn label(self) -> &'static str {
        match self {
            Self::Zip => "a zip archive",
            Self::SplitZip => "one part of a split zip archive",
            Self::Package => "an installer package (.pkg)",
            Self::Empty => "an empty file",
            Self::Gzip => "a gzip file",
            Self::OtherArchive => "an archive of another kind",
            Self::WebPage => "a web page",
            Self::Text => "a text",
            Self::Executable => "a bare executable",
            Self::Other => "a file of an unknown kind",
        }
    }
}

/// What a file looks like, told by its first bytes; 512 of them are plenty.
pub fn sniff(start: &[u8]) -> FileKind {
    const ARCHIVES: [&[u8]; 4] = [b"BZh", b"\xfd7zXZ\0", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07"];
    const MACH_O: [&[u8]; 4] = [b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"\xca\xfe\xba\xbf"];
    let begins_with_one_of = |starts: &[&[u8]]| starts.iter().any(|wanted| start.starts_with(wanted));
    match start {
        [] => FileKind::Empty,
        _ if begins_with_one_of(&[b"PK\x03\x04", b"PK\x05\x06"]) => FileKind::Zip,
        _ if begins_with_one_of(&[b"PK\x07\x08", b"PK00PK"]) => FileKind::SplitZip,
        _ if start.starts_with(b"xar!") => FileKind::Package,
        _ if start.starts_with(b"\x1f\x8b") => FileKind::Gzip,
        _ if begins_with_one_of(&ARCHIVES) || start.get(257..262) == Some(b"ustar") => FileKind::OtherArchive,
        _ if begins_with_one_of(&MACH_O) => FileKind::Executable,
        _ => sniff_text(start),
    }
}

fn sniff_text(start: &[u8]) -> FileKind {
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    let begins_with = |wanted: &[u8]| start.get(..wanted.len()).is_some_and(|bytes| bytes.eq_ignore_ascii_case(wanted));
    match start.first() {
        _ if begins_with(b"<!doctype html") || begins_with(b"<html") => FileKind::WebPage,
        Some(b'<' | b'{' | b'[') => FileKind::Text,
        _ => FileKind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_by_how_they_begin() {
        for (start, kind) in [
            (b"".as_slice(), FileKind::Empty),
            (b"PK\x03\x04\x14", FileKind::Zip),
            (b"PK\x05\x06", FileKind::Zip),
            (b"PK\x07\x08PK\x03\x04", FileKind::SplitZip),
            (b"xar!\0\x1c", FileKind::Package),
            (b"\x1f\x8b\x08", FileKind::Gzip),
            (b"BZh9", FileKind::OtherArchive),
            (b"\xcf\xfa\xed\xfe\x0c", FileKind::Executable),
            (b"\n <!DOCTYPE HTML>", FileKind::WebPage),
            (b"\xef\xbb\xbf<html>", FileKind::WebPage),
            (b"<?xml version=\"1.0\"?><Error/>", FileKind::Text),
            (b"{\"error\":1}", FileKind::Text),
            (b"PK", FileKind::Other),
            (b"\0\0", FileKind::Other),
        ] {
            assert_eq!(sniff(start), kind, "{start:?}");
        }
        assert_eq!(sniff(&[&[b'a'; 257][..], b"ustar\0"].concat()), FileKind::OtherArchive);
    }
}
