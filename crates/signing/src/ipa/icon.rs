//! Icons as Xcode leaves them in apps, made into pictures that a browser shows.
//!
//! Xcode rewrites PNG files for the phone's graphics chip: a chunk `CgBI` at the front, the image data without the envelope
//! of zlib, channels in the order blue, green, red, and colors multiplied by their transparency. Browsers refuse that. Here the
//! rows are unpacked, turned back and packed again, without a filter: an icon is small. Any other PNG goes through as it is.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::bufread::DeflateDecoder;
use flate2::write::ZlibEncoder;

use crate::Explanation;

/// The longest side, in pixels: Apple's largest icon.
const MAX_SIDE: usize = 1_024;

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Why a file is not shown as an icon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IconError {
    /// No PNG, or a broken one.
    NotAPng,
    /// More than 1,024 pixels wide or high.
    TooLarge,
    /// Rewritten by Xcode from another form than eight bits per channel in plain rows.
    Form,
}

impl IconError {
    /// What was found, why it does not fit, what to do.
    pub(super) fn explain(self) -> Explanation {
        let why = match self {
            Self::NotAPng => "It is no PNG picture, or a damaged one.".to_owned(),
            Self::TooLarge => format!("It has more than {MAX_SIDE} pixels in a row or column."),
            Self::Form => "It is a PNG picture of a form that is not converted here.".to_owned(),
        };
        Explanation::new(
            "The app's icon cannot be shown.",
            why,
            "Nothing needs to be done: Apple reads the icon by itself.",
        )
    }
}

/// The picture as an ordinary PNG file.
pub(super) fn for_browsers(png: Vec<u8>) -> Result<Vec<u8>, IconError> {
    let chunks = Chunks::read(&png).ok_or(IconError::NotAPng)?;
    let (width, height) = (chunks.side(0).ok_or(IconError::NotAPng)?, chunks.side(4).ok_or(IconError::NotAPng)?);
    if width > MAX_SIDE || height > MAX_SIDE {
        return Err(IconError::TooLarge);
    }
    if !chunks.rewritten {
        return Ok(png);
    }
    // Depth, color type, and then compression, filter and interlace, of which there is one plain value each.
    let channels = match chunks.header.get(8..13) {
        Some([8, 2, 0, 0, 0]) => 3,
        Some([8, 6, 0, 0, 0]) => 4,
        _ => return Err(IconError::Form),
    };
    let mut rows = unpack(&chunks.data, (width * channels + 1) * height).ok_or(IconError::NotAPng)?;
    let mut above = vec![0; width * channels];
    for row in rows.chunks_exact_mut(width * channels + 1) {
        let (filter, pixels) = row.split_first_mut().ok_or(IconError::NotAPng)?;
        unfilter(*filter, pixels, &above, channels).ok_or(IconError::NotAPng)?;
        *filter = 0;
        above.copy_from_slice(pixels);
        pixels.chunks_exact_mut(channels).for_each(restore);
    }
    write(chunks.header, &rows).ok_or(IconError::NotAPng)
}

/// The chunks of a PNG file that say something here.
struct Chunks<'a> {
    header: &'a [u8],
    data: Vec<u8>,
    rewritten: bool,
}

impl<'a> Chunks<'a> {
    fn read(png: &'a [u8]) -> Option<Self> {
        let mut rest = png.strip_prefix(SIGNATURE)?;
        let mut chunks = Self {
            header: &[],
            data: Vec::new(),
            rewritten: false,
        };
        loop {
            let (head, after) = rest.split_at_checked(8)?;
            let length = u32::from_be_bytes(head[..4].try_into().ok()?);
            let (content, after) = after.split_at_checked(usize::try_from(length).ok()?)?;
            rest = after.get(4..)?;
            match &head[4..] {
                b"CgBI" => chunks.rewritten = true,
                b"IHDR" if content.len() == 13 => chunks.header = content,
                b"IDAT" => chunks.data.extend(content),
                b"IEND" => return (!chunks.header.is_empty()).then_some(chunks),
                _ => {}
            }
        }
    }

    /// Width (at 0) or height (at 4).
    fn side(&self, at: usize) -> Option<usize> {
        let side = u32::from_be_bytes(self.header.get(at..at + 4)?.try_into().ok()?);
        usize::try_from(side).ok().filter(|side| *side > 0)
    }
}

fn unpack(data: &[u8], size: usize) -> Option<Vec<u8>> {
    let mut rows = Vec::with_capacity(size);
    DeflateDecoder::new(data).take(size as u64).read_to_end(&mut rows).ok()?;
    (rows.len() == size).then_some(rows)
}

/// Undoes the filter of one row, as the PNG specification has it.
fn unfilter(filter: u8, row: &mut [u8], above: &[u8], channels: usize) -> Option<()> {
    for at in 0..row.len() {
        let left = at.checked_sub(channels).map_or(0, |at| row[at]);
        let corner = at.checked_sub(channels).map_or(0, |at| above[at]);
        let predicted = match filter {
            0 => 0,
            1 => left,
            2 => above[at],
            3 => left.midpoint(above[at]),
            4 => paeth(left, above[at], corner),
            _ => return None,
        };
        row[at] = row[at].wrapping_add(predicted);
    }
    Some(())
}

fn paeth(left: u8, above: u8, corner: u8) -> u8 {
    let estimate = i16::from(left) + i16::from(above) - i16::from(corner);
    let distance = |value: u8| (estimate - i16::from(value)).abs();
    // The first of the closest: the order is part of the format.
    [left, above, corner]
        .into_iter()
        .min_by_key(|value| distance(*value))
        .unwrap_or(corner)
}

/// Blue, green, red (and transparency) to red, green, blue with full colors.
fn restore(pixel: &mut [u8]) {
    pixel.swap(0, 2);
    if let [red, green, blue, alpha @ 1..=254] = pixel {
        let alpha = u16::from(*alpha);
        for color in [red, green, blue] {
            let full = (u16::from(*color) * 255 + alpha / 2) / alpha;
            *color = u8::try_from(full).unwrap_or(u8::MAX);
        }
    }
}

fn write(header: &[u8], rows: &[u8]) -> Option<Vec<u8>> {
    let mut packer = ZlibEncoder::new(Vec::new(), Compression::default());
    packer.write_all(rows).ok()?;
    let data = packer.finish().ok()?;
    let mut png = SIGNATURE.to_vec();
    for (kind, content) in [(b"IHDR", header), (b"IDAT", &data), (b"IEND", &[])] {
        png.extend(u32::try_from(content.len()).ok()?.to_be_bytes());
        let mut crc = flate2::Crc::new();
        crc.update(kind);
        crc.update(content);
        png.extend(kind);
        png.extend(content);
        png.extend(crc.sum().to_be_bytes());
    }
    Some(png)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::write::DeflateEncoder;

    fn chunk(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
        let length = u32::try_from(content.len()).unwrap().to_be_bytes();
        // Nobody looks at checksums of what is unpacked anyway.
        [&length[..], kind, content, &[0; 4]].concat()
    }

    fn rewritten(width: u8, height: u8, color_type: u8, rows: &[u8]) -> Vec<u8> {
        let mut packer = DeflateEncoder::new(Vec::new(), Compression::default());
        packer.write_all(rows).unwrap();
        let header = [0, 0, 0, width, 0, 0, 0, height, 8, color_type, 0, 0, 0];
        let data = packer.finish().unwrap();
        let (front, back) = data.split_at(data.len() / 2);
        [
            SIGNATURE,
            &chunk(b"CgBI", &[0x50, 0, 0x20, 2]),
            &chunk(b"IHDR", &header),
            &chunk(b"IDAT", front),
            &chunk(b"IDAT", back),
            &chunk(b"IEND", &[]),
        ]
        .concat()
    }

    /// The rows of an ordinary PNG file, each with its filter.
    fn rows_of(png: &[u8]) -> Vec<u8> {
        let chunks = Chunks::read(png).unwrap();
        assert!(!chunks.rewritten);
        let mut rows = Vec::new();
        flate2::read::ZlibDecoder::new(chunks.data.as_slice())
            .read_to_end(&mut rows)
            .unwrap();
        rows
    }

    #[test]
    fn colors_come_back_in_order_and_in_full() {
        // Opaque orange, half-transparent red, nothing; then the same as differences to the row above.
        let first = [0, 0, 128, 255, 255, 0, 0, 128, 128, 0, 0, 0, 0];
        let second = [2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let png = for_browsers(rewritten(3, 2, 6, &[first, second].concat())).unwrap();
        let expected = [0, 255, 128, 0, 255, 255, 0, 0, 128, 0, 0, 0, 0];
        assert_eq!(rows_of(&png), [expected, expected].concat());
    }

    #[test]
    fn every_filter_is_undone() {
        let row = |filter: u8, bytes: [u8; 6]| [&[filter][..], &bytes].concat();
        let rows = [
            row(0, [10, 20, 30, 40, 50, 60]),
            row(1, [1, 1, 1, 2, 2, 2]),
            row(2, [1, 1, 1, 1, 1, 1]),
            row(3, [1, 1, 1, 1, 1, 1]),
            row(4, [1, 1, 1, 1, 1, 1]),
        ]
        .concat();
        let png = for_browsers(rewritten(2, 5, 2, &rows)).unwrap();
        let expected = [
            row(0, [30, 20, 10, 60, 50, 40]),
            row(0, [1, 1, 1, 3, 3, 3]),
            row(0, [2, 2, 2, 4, 4, 4]),
            row(0, [2, 2, 2, 4, 4, 4]),
            row(0, [3, 3, 3, 5, 5, 5]),
        ]
        .concat();
        assert_eq!(rows_of(&png), expected);
    }

    #[test]
    fn ordinary_pictures_go_through_and_broken_ones_do_not() {
        let plain = write(&[0, 0, 0, 1, 0, 0, 0, 1, 8, 2, 0, 0, 0], &[0, 1, 2, 3]).unwrap();
        assert_eq!(for_browsers(plain.clone()), Ok(plain));
        assert_eq!(for_browsers(b"GIF89a".to_vec()), Err(IconError::NotAPng));
        assert_eq!(for_browsers(rewritten(0, 1, 6, &[0])), Err(IconError::NotAPng));
        assert_eq!(for_browsers(rewritten(2, 2, 6, &[0; 17])), Err(IconError::NotAPng), "too few rows");
        assert_eq!(
            for_browsers(rewritten(1, 1, 6, &[9, 0, 0, 0, 0])),
            Err(IconError::NotAPng),
            "no such filter"
        );
        assert_eq!(for_browsers(rewritten(1, 1, 3, &[0, 0])), Err(IconError::Form));
        let mut wide = rewritten(1, 1, 6, &[0; 5]);
        let at = wide.windows(4).position(|window| window == b"IHDR").unwrap() + 4;
        wide[at] = 1;
        assert_eq!(for_browsers(wide), Err(IconError::TooLarge));
    }
}
