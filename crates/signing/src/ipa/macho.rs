//! The first bytes of an executable: which processors it is for, and what its load commands say.
//!
//! A universal ("fat") file begins with a table of slices, each a whole Mach-O file further on. Only the first 64 KiB are
//! at hand, so of later slices the table alone is known, and what their load commands would say is `None`: unknown, not "no".
//!
//! Which certificate signed it stands at the very end of the executable and is not read; the profile says which ones may.

use serde::{Deserialize, Serialize};
use std::fmt;

/// How much of an executable is read.
pub(super) const START_BYTES: usize = 64 * 1024;

const MAX_SLICES: usize = 16;

const CODE_SIGNATURE: u32 = 0x1d;
const ENCRYPTION_INFO: u32 = 0x21;
const ENCRYPTION_INFO_64: u32 = 0x2c;
const BUILD_VERSION: u32 = 0x32;

/// An executable for one processor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slice {
    /// The processor.
    pub architecture: Architecture,
    /// Whether the App Store has encrypted it: such a file was taken from a device.
    pub encrypted: Option<bool>,
    /// Whether a code signature is in it.
    pub signed: Option<bool>,
    /// Whether it was built for Apple's simulators.
    pub for_simulator: Option<bool>,
}

/// A processor, as `lipo` names it when it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Architecture {
    /// Every iPhone, iPad and Apple TV of today; also simulators on Apple's own processors.
    Arm64,
    /// The same with pointer authentication.
    Arm64e,
    /// Apple Watch from Series 4.
    Arm64_32,
    /// 32-bit phones.
    Armv7,
    /// 32-bit phones, iPhone 5.
    Armv7s,
    /// Apple Watch up to Series 3.
    Armv7k,
    /// Intel: simulators and Macs.
    X86_64,
    /// 32-bit Intel: old simulators.
    I386,
    /// Any other.
    Other {
        /// `cputype`.
        cpu: u32,
        /// `cpusubtype` without its flags.
        subtype: u32,
    },
}

impl Architecture {
    fn of(cpu: u32, subtype: u32) -> Self {
        match (cpu, subtype & 0x00ff_ffff) {
            (0x0100_000c, 2) => Self::Arm64e,
            (0x0100_000c, _) => Self::Arm64,
            (0x0200_000c, _) => Self::Arm64_32,
            (12, 9) => Self::Armv7,
            (12, 11) => Self::Armv7s,
            (12, 12) => Self::Armv7k,
            (0x0100_0007, _) => Self::X86_64,
            (7, _) => Self::I386,
            (cpu, subtype) => Self::Other { cpu, subtype },
        }
    }

    /// Whether only Macs and the simulators on them have it.
    pub fn is_intel(self) -> bool {
        matches!(self, Self::X86_64 | Self::I386)
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Arm64 => "arm64",
            Self::Arm64e => "arm64e",
            Self::Arm64_32 => "arm64_32",
            Self::Armv7 => "armv7",
            Self::Armv7s => "armv7s",
            Self::Armv7k => "armv7k",
            Self::X86_64 => "x86_64",
            Self::I386 => "i386",
            Self::Other { cpu, subtype } => return write!(f, "cpu {cpu}/{subtype}"),
        })
    }
}

/// The slices of an executable, from its first bytes; `None` where it is no Mach-O file.
pub(super) fn read(start: &[u8]) -> Option<Vec<Slice>> {
    match start.get(..4)? {
        b"\xca\xfe\xba\xbe" => universal(start, 20),
        b"\xca\xfe\xba\xbf" => universal(start, 32),
        _ => thin(start).map(|slice| vec![slice]),
    }
}

/// The table of a universal file: `cputype`, `cpusubtype`, then the offset in 4 or (in entries of 32 bytes) 8 bytes, all
/// big-endian.
fn universal(start: &[u8], entry_size: usize) -> Option<Vec<Slice>> {
    let big = |at: usize| Some(u32::from_be_bytes(start.get(at..at + 4)?.try_into().ok()?));
    let count = usize::try_from(big(4)?).ok().filter(|count| (1..=MAX_SLICES).contains(count))?;
    (0..count)
        .map(|index| {
            let at = 8 + index * entry_size;
            let architecture = Architecture::of(big(at)?, big(at + 4)?);
            let offset = match entry_size {
                32 => (u64::from(big(at + 8)?) << 32) | u64::from(big(at + 12)?),
                _ => u64::from(big(at + 8)?),
            };
            let content = usize::try_from(offset).ok().and_then(|offset| start.get(offset..));
            match content.filter(|content| content.len() >= 32) {
                Some(content) => thin(content).filter(|slice| slice.architecture == architecture),
                None => Some(Slice {
                    architecture,
                    encrypted: None,
                    signed: None,
                    for_simulator: None,
                }),
            }
        })
        .collect()
}

/// A Mach-O header and its load commands, as far as they are at hand.
fn thin(start: &[u8]) -> Option<Slice> {
    let header_size = match start.get(..4)? {
        b"\xcf\xfa\xed\xfe" => 32,
        b"\xce\xfa\xed\xfe" => 28,
        _ => return None,
    };
    let little = |at: usize| Some(u32::from_le_bytes(start.get(at..at.checked_add(4)?)?.try_into().ok()?));
    let architecture = Architecture::of(little(4)?, little(8)?);
    let commands = little(16)?;
    let end = header_size + usize::try_from(little(20)?).ok()?;
    let (mut encrypted, mut signed, mut for_simulator) = (false, false, None);
    let mut at = header_size;
    for _ in 0..commands {
        let (Some(command), Some(size)) = (little(at), little(at + 4)) else {
            break;
        };
        match command {
            CODE_SIGNATURE => signed = true,
            ENCRYPTION_INFO | ENCRYPTION_INFO_64 => encrypted = little(at + 16).is_some_and(|id| id != 0),
            // The simulators of iOS, tvOS, watchOS and visionOS.
            BUILD_VERSION => for_simulator = little(at + 8).map(|platform| matches!(platform, 7 | 8 | 9 | 12)),
            _ => {}
        }
        // Commands have at least their own eight bytes; a smaller one would be read for ever.
        at = usize::try_from(size).ok().filter(|size| *size >= 8)?.checked_add(at)?;
        if at > end {
            return None;
        }
    }
    let all_seen = end <= start.len();
    Some(Slice {
        architecture,
        encrypted: (encrypted || all_seen).then_some(encrypted),
        signed: (signed || all_seen).then_some(signed),
        for_simulator: for_simulator.or_else(|| architecture.is_intel().then_some(true)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn little(words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    /// A 64-bit header with these load commands.
    fn header(cpu: u32, subtype: u32, commands: &[&[u32]]) -> Vec<u8> {
        let body: Vec<u8> = commands.iter().flat_map(|command| little(command)).collect();
        let size = u32::try_from(body.len()).unwrap();
        let count = u32::try_from(commands.len()).unwrap();
        [little(&[0xfeed_facf, cpu, subtype, 2, count, size, 0, 0]), body].concat()
    }

    const ARM64: u32 = 0x0100_000c;
    const SIGNATURE: &[u32] = &[0x1d, 16, 4096, 100];
    const ON_PHONES: &[u32] = &[0x32, 24, 2, 0, 0, 0];
    const IN_SIMULATORS: &[u32] = &[0x32, 24, 7, 0, 0, 0];

    #[test]
    fn load_commands_say_whether_it_is_signed_encrypted_and_for_whom() {
        let slice = read(&header(ARM64, 0, &[ON_PHONES, &[0x2c, 24, 0, 0, 0, 0], SIGNATURE])).unwrap()[0];
        let expected = Slice {
            architecture: Architecture::Arm64,
            encrypted: Some(false),
            signed: Some(true),
            for_simulator: Some(false),
        };
        assert_eq!(slice, expected);
        let slice = read(&header(ARM64, 0x8000_0002, &[IN_SIMULATORS, &[0x2c, 24, 0, 0, 1, 0]])).unwrap()[0];
        assert_eq!(slice.architecture, Architecture::Arm64e);
        assert_eq!(
            (slice.encrypted, slice.signed, slice.for_simulator),
            (Some(true), Some(false), Some(true))
        );
    }

    #[test]
    fn what_lies_beyond_the_first_bytes_is_unknown() {
        let mut long = header(ARM64, 0, &[ON_PHONES, &[0x19, 16, 0, 0], SIGNATURE]);
        long.truncate(32 + 24 + 16);
        let slice = read(&long).unwrap()[0];
        assert_eq!((slice.signed, slice.encrypted, slice.for_simulator), (None, None, Some(false)));
    }

    #[test]
    fn a_universal_file_is_all_its_slices() {
        let big = |words: &[u32]| words.iter().flat_map(|word| word.to_be_bytes()).collect::<Vec<u8>>();
        let near = header(12, 9, &[SIGNATURE]);
        let mut file = big(&[0xcafe_babe, 2, 12, 9, 64, 100, 14, ARM64, 0, 1 << 20, 100, 14]);
        file.resize(64, 0);
        file.extend(&near);
        let slices = read(&file).unwrap();
        assert_eq!(
            slices.iter().map(|slice| slice.architecture).collect::<Vec<_>>(),
            [Architecture::Armv7, Architecture::Arm64]
        );
        assert_eq!((slices[0].signed, slices[1].signed), (Some(true), None));
        let wide = big(&[0xcafe_babf, 1, ARM64, 0, 1, 0, 0, 0, 0, 0]);
        assert_eq!(read(&wide).unwrap()[0].architecture, Architecture::Arm64);
    }

    #[test]
    fn other_files_are_no_executables() {
        for bytes in [
            b"".as_slice(),
            b"#!/bin/sh\n",
            b"\xca\xfe\xba\xbe\0\0\0\x34",
            b"\xca\xfe\xba\xbe\0\0\0\0",
            b"\xcf\xfa\xed\xfe",
        ] {
            assert_eq!(read(bytes), None, "{bytes:?}");
        }
        assert_eq!(read(&header(ARM64, 0, &[&[0x19, 0, 0, 0]])), None, "a command without a size");
    }

    #[test]
    fn processors_are_shown_as_lipo_names_them() {
        let names: Vec<String> = [(ARM64, 0), (0x0200_000c, 1), (12, 12), (0x0100_0007, 3), (7, 3), (18, 0)]
            .map(|(cpu, subtype)| Architecture::of(cpu, subtype).to_string())
            .to_vec();
        assert_eq!(names, ["arm64", "arm64_32", "armv7k", "x86_64", "i386", "cpu 18/0"]);
    }
}
