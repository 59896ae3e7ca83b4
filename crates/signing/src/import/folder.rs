//! What a file of a folder is, by its name. What it really is, its reader tells.

/// What a file's ending promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileKind {
    /// `.p12` or `.pfx`.
    P12,
    /// `.cer`, `.crt` or `.der`.
    Certificate,
    /// `.mobileprovision` or `.provisionprofile`.
    Profile,
    /// `.p8`, an App Store Connect key.
    ApiKey,
    /// `.pem` or `.key`: a private key, perhaps with certificates.
    PrivateKey,
}

const ENDINGS: [(&str, FileKind); 10] = [
    ("p12", FileKind::P12),
    ("pfx", FileKind::P12),
    ("cer", FileKind::Certificate),
    ("crt", FileKind::Certificate),
    ("der", FileKind::Certificate),
    ("mobileprovision", FileKind::Profile),
    ("provisionprofile", FileKind::Profile),
    ("p8", FileKind::ApiKey),
    ("pem", FileKind::PrivateKey),
    ("key", FileKind::PrivateKey),
];

/// What the file at `path` promises to be; `None` for files that nothing is imported from, hidden ones among them.
pub fn kind_of(path: &str) -> Option<FileKind> {
    let name = path.rsplit(['/', '\\']).next()?;
    let (stem, ending) = name.rsplit_once('.')?;
    // macOS leaves `._name` files beside the real ones on foreign disks.
    if stem.is_empty() || stem.starts_with('.') {
        return None;
    }
    ENDINGS
        .iter()
        .find(|(known, _)| ending.eq_ignore_ascii_case(known))
        .map(|(_, kind)| *kind)
}
