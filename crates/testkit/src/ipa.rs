//! Apps as files: a real `.ipa` structure with binary property lists and Mach-O headers, of any size.
//!
//! Made with the zip crate and streamed, so that neither the product's own reader judges itself nor a large file has to fit
//! into memory. What Apple's tools would put in besides (assets, a code signature's content) is missing; what a reader looks
//! at is there. `tests/ipa/make.py` builds the same, and broken ones, without a line of this.
//!
//! The tests of `signing` include this file by its path: they must not need the whole system for it.

use std::io::{self, Write};

use plist::{Dictionary, Value};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// An `.ipa` to be written.
#[derive(Debug, Clone)]
pub struct Ipa {
    app: Bundle,
    nested: Vec<Bundle>,
    files: Vec<(String, Vec<u8>)>,
    size: u64,
}

/// The app, or what lies within it.
#[derive(Debug, Clone)]
pub struct Bundle {
    folder: String,
    name: String,
    info: Dictionary,
    profile: Option<Vec<u8>>,
    executable: Option<Vec<u8>>,
}

impl Ipa {
    /// One with this app in it.
    pub fn of(app: Bundle) -> Self {
        Self {
            app,
            nested: Vec::new(),
            files: Vec::new(),
            size: 0,
        }
    }

    /// Holds this bundle, too.
    #[must_use]
    pub fn holding(mut self, bundle: Bundle) -> Self {
        self.nested.push(bundle);
        self
    }

    /// Holds this file in the app's folder, too.
    #[must_use]
    pub fn file(mut self, name: &str, content: Vec<u8>) -> Self {
        self.files.push((name.to_owned(), content));
        self
    }

    /// Is filled up with what does not compress to exactly so many bytes, from 4 GB on to some hundred more. What is larger
    /// already stays as it is.
    #[must_use]
    pub fn filled_to(mut self, size: u64) -> Self {
        self.size = size;
        self
    }

    /// Writes the file.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(&self, out: impl Write) -> io::Result<()> {
        let padding = match self.size {
            0 => 0,
            size => {
                let mut count = Count(0);
                // Four gigabytes and more need longer numbers around them: measured as it will be.
                self.write_padded(&mut count, 0, size)?;
                size.saturating_sub(count.0)
            }
        };
        self.write_padded(out, padding, self.size)
    }

    /// The file in memory.
    ///
    /// # Panics
    /// Never: memory takes everything.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.write(&mut bytes).expect("memory takes everything");
        bytes
    }

    fn write_padded(&self, out: impl Write, padding: u64, size: u64) -> io::Result<()> {
        let mut zip = ZipWriter::new_stream(out);
        let root = format!("Payload/{}.app", self.app.name);
        let options = SimpleFileOptions::default().unix_permissions(0o644);
        zip.add_directory("Payload/", options)?;
        zip.add_directory(format!("{root}/"), options)?;
        for bundle in std::iter::once(&self.app).chain(&self.nested) {
            let folder = [root.as_str(), &bundle.folder].concat();
            let mut put = |name: &str, content: &[u8], method| {
                zip.start_file(format!("{folder}/{name}"), options.compression_method(method))?;
                zip.write_all(content)
            };
            let mut info = Vec::new();
            Value::Dictionary(bundle.info.clone())
                .to_writer_binary(&mut info)
                .map_err(io::Error::other)?;
            put("Info.plist", &info, CompressionMethod::Deflated)?;
            if let Some(profile) = &bundle.profile {
                put("embedded.mobileprovision", profile, CompressionMethod::Deflated)?;
            }
            if let Some(executable) = &bundle.executable {
                put(&bundle.name, executable, CompressionMethod::Deflated)?;
            }
        }
        for (name, content) in &self.files {
            zip.start_file(format!("{root}/{name}"), options)?;
            zip.write_all(content)?;
        }
        if size > 0 {
            let stored = options.compression_method(CompressionMethod::Stored).large_file(size > 0xf000_0000);
            zip.start_file(format!("{root}/Assets.car"), stored)?;
            fill(&mut zip, padding)?;
        }
        zip.finish()?;
        Ok(())
    }
}

impl Bundle {
    /// An app for phones, version 1.0 with build number 1, signed and without a profile, as `Payload/Demo.app`.
    pub fn app(bundle_id: &str) -> Self {
        let app = Self::new("", "Demo", bundle_id)
            .set("CFBundleDisplayName", "Demo")
            .set("CFBundlePackageType", "APPL")
            .set("ITSAppUsesNonExemptEncryption", false)
            .set("LSRequiresIPhoneOS", true);
        let icons = entry("CFBundlePrimaryIcon", entry("CFBundleIconFiles", vec![Value::from("AppIcon60x60")]));
        app.set("CFBundleIcons", icons)
    }

    /// An app extension, as `PlugIns/NAME.appex`.
    pub fn extension(name: &str, bundle_id: &str) -> Self {
        Self::new(&format!("/PlugIns/{name}.appex"), name, bundle_id)
            .set("CFBundlePackageType", "XPC!")
            .set("NSExtension", entry("NSExtensionPointIdentifier", "com.apple.share-services"))
    }

    /// A watch app, as `Watch/NAME.app`.
    pub fn watch_app(name: &str, bundle_id: &str) -> Self {
        Self::new(&format!("/Watch/{name}.app"), name, bundle_id)
            .set("CFBundleSupportedPlatforms", vec![Value::from("WatchOS")])
            .set("DTPlatformName", "watchos")
            .executable(executable(ARM64_32, 4))
    }

    /// An App Clip, as `AppClips/NAME.app`.
    pub fn app_clip(name: &str, bundle_id: &str) -> Self {
        Self::new(&format!("/AppClips/{name}.app"), name, bundle_id)
    }

    fn new(folder: &str, name: &str, bundle_id: &str) -> Self {
        let bundle = Self {
            folder: folder.to_owned(),
            name: name.to_owned(),
            info: Dictionary::new(),
            profile: None,
            executable: Some(executable(ARM64, 2)),
        };
        bundle
            .set("CFBundleIdentifier", bundle_id)
            .set("CFBundleExecutable", name)
            .set("CFBundleName", name)
            .set("CFBundleShortVersionString", "1.0")
            .set("CFBundleVersion", "1")
            .set("CFBundleSupportedPlatforms", vec![Value::from("iPhoneOS")])
            .set("DTPlatformName", "iphoneos")
            .set("MinimumOSVersion", "16.0")
    }

    /// With this version and build number.
    #[must_use]
    pub fn version(self, version: &str, build_number: &str) -> Self {
        self.set("CFBundleShortVersionString", version).set("CFBundleVersion", build_number)
    }

    /// With this entry in its `Info.plist`.
    #[must_use]
    pub fn set(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.info.insert(key.to_owned(), value.into());
        self
    }

    /// Without this entry in its `Info.plist`.
    #[must_use]
    pub fn without(mut self, key: &str) -> Self {
        self.info.remove(key);
        self
    }

    /// With this `embedded.mobileprovision`.
    #[must_use]
    pub fn profile(mut self, profile: Vec<u8>) -> Self {
        self.profile = Some(profile);
        self
    }

    /// With this executable.
    #[must_use]
    pub fn executable(mut self, executable: Vec<u8>) -> Self {
        self.executable = Some(executable);
        self
    }

    /// With an `Info.plist` that names an executable, and none.
    #[must_use]
    pub fn without_executable(mut self) -> Self {
        self.executable = None;
        self
    }
}

/// A dictionary with one entry.
fn entry(key: &str, value: impl Into<Value>) -> Dictionary {
    let mut entries = Dictionary::new();
    entries.insert(key.to_owned(), value.into());
    entries
}

/// The processor of phones, as Mach-O numbers them.
pub const ARM64: u32 = 0x0100_000c;
/// That of watches.
pub const ARM64_32: u32 = 0x0200_000c;

/// A Mach-O file for one processor and platform (2 iOS, 4 watchOS, 7 the simulator of iOS): header, build version, encryption
/// info and code signature, then some content.
pub fn executable(cpu: u32, platform: u32) -> Vec<u8> {
    const VERSION_16: u32 = 16 << 16;
    let commands: [&[u32]; 3] = [
        &[0x32, 24, platform, VERSION_16, VERSION_16, 0],
        &[0x2c, 24, 0x4000, 0x4000, 0, 0],
        &[0x1d, 16, 0x2_0000, 0x200],
    ];
    let size = commands.iter().map(|command| u32::try_from(command.len() * 4).unwrap_or(0)).sum();
    let header = [0xfeed_facf, cpu, 0, 2, 3, size, 0x20_0085, 0];
    let words = header.iter().chain(commands.into_iter().flatten());
    let mut bytes: Vec<u8> = words.flat_map(|word| word.to_le_bytes()).collect();
    bytes.resize(0x2_0200, 0);
    bytes
}

/// The same bytes each time, from a small generator: padding must not compress, and needs no secrets.
fn fill(out: &mut impl Write, mut left: u64) -> io::Result<()> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut block = vec![0; 64 * 1024];
    while left > 0 {
        for word in block.chunks_exact_mut(8) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            word.copy_from_slice(&state.to_le_bytes());
        }
        let most = usize::try_from(left).map_or(block.len(), |left| left.min(block.len()));
        out.write_all(&block[..most])?;
        left -= most as u64;
    }
    Ok(())
}

struct Count(u64);

impl Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
