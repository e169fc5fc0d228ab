//! The size of images, in their dictionaries and in their encoded bytes.
//!
//! Viewers allocate memory for every pixel before they decode any. So the declared size is checked,
//! not the amount of data.

use super::super::error::InspectError;
use super::file::File;
use super::filters::{Filter, too_much};
use super::rewrite::UNPACKED;
use super::syntax::{Dictionary, Object, beyond, damaged};

/// Maximum number of scans of a progressive JPEG. Encoders write about ten.
pub const SCANS: usize = 30;
/// Columns of a fax without the parameter `Columns`.
const FAX_COLUMNS: usize = 1728;
/// The first bytes of a JPEG 2000 codestream.
const CODESTREAM: [u8; 4] = [0xff, 0x4f, 0xff, 0x51];

/// The size of an image.
#[derive(Clone, Copy, Debug)]
struct Size {
    width: u64,
    height: u64,
    colours: u64,
    bits: u64,
}

impl Size {
    fn bilevel(width: u64, height: u64) -> Self {
        Self { width, height, colours: 1, bits: 1 }
    }

    fn check(self) -> Result<(), InspectError> {
        let factors = [self.width, self.height, self.colours, self.bits.div_ceil(8)];
        match factors.into_iter().fold(1, u64::saturating_mul) {
            0 => Err(damaged("an image has no size")),
            bytes if bytes > UNPACKED => Err(too_much()),
            _ => Ok(()),
        }
    }
}

fn unreadable() -> InspectError {
    damaged("an image in it cannot be read")
}

/// Checks the size in the dictionary of an image.
///
/// # Errors
/// The size is missing or too large.
pub fn check_declared(file: &mut File<'_>, dict: &Dictionary) -> Result<(), InspectError> {
    let width = number(file, dict, b"Width")?.unwrap_or(0);
    let height = number(file, dict, b"Height")?.unwrap_or(0);
    let mask = dict.get(b"ImageMask").cloned().unwrap_or(Object::Null);
    if file.resolve(&mask)? == Object::Boolean(true) {
        return Size::bilevel(width, height).check();
    }
    let bits = number(file, dict, b"BitsPerComponent")?.unwrap_or(8);
    Size { width, height, colours: colours(file, dict.get(b"ColorSpace"))?, bits }.check()
}

/// Checks the size in the encoded bytes of an image with the dictionary `dict`.
///
/// # Errors
/// The size cannot be read or is too large.
pub fn check_coded(
    file: &mut File<'_>,
    dict: &Dictionary,
    (filter, parameters): (Filter, &Dictionary),
    coded: &[u8],
) -> Result<(), InspectError> {
    match filter {
        Filter::Fax => {
            let columns = parameters.size(b"Columns").unwrap_or(FAX_COLUMNS) as u64;
            let rows = parameters.size(b"Rows").unwrap_or(0) as u64;
            let height = number(file, dict, b"Height")?.unwrap_or(0);
            Size::bilevel(columns, rows.max(height)).check()
        }
        Filter::Jpeg => jpeg(coded)?.check(),
        Filter::Jpeg2000 => jpeg_2000(coded).ok_or_else(unreadable)?.check(),
        Filter::Jbig2 => check_jbig2(coded),
        Filter::Flate | Filter::Lzw | Filter::RunLength | Filter::Hex | Filter::Ascii85 => Ok(()),
    }
}

fn number(file: &mut File<'_>, dict: &Dictionary, key: &[u8]) -> Result<Option<u64>, InspectError> {
    let Some(value) = dict.get(key) else { return Ok(None) };
    match file.resolve(value)? {
        Object::Integer(number) => u64::try_from(number).map(Some).map_err(|_| damaged("an image has no size")),
        _ => Err(damaged("an image has no size")),
    }
}

/// Returns the number of colour components per pixel; four if the colour space does not say.
fn colours(file: &mut File<'_>, space: Option<&Object>) -> Result<u64, InspectError> {
    let Some(space) = space else { return Ok(4) };
    let items = match file.resolve(space)? {
        Object::Array(items) => items,
        name => vec![name],
    };
    let Object::Name(kind) = file.resolve(items.first().unwrap_or(&Object::Null))? else { return Ok(4) };
    let second = items.get(1).unwrap_or(&Object::Null);
    Ok(match &*kind {
        b"DeviceGray" | b"CalGray" | b"Indexed" | b"Separation" => 1,
        b"DeviceRGB" | b"CalRGB" | b"Lab" => 3,
        b"DeviceN" => match file.resolve(second)? {
            Object::Array(names) => names.len() as u64,
            _ => 4,
        },
        b"ICCBased" => match file.resolve(second)? {
            Object::Dictionary(profile) => number(file, &profile, b"N")?.unwrap_or(4),
            _ => 4,
        },
        _ => 4,
    })
}

fn number_at<const N: usize>(bytes: &[u8], at: usize) -> Option<u64> {
    let bytes = bytes.get(at..)?.first_chunk::<N>()?;
    Some(bytes.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte)))
}

/// Reads the headers of a JPEG up to its first scan (ITU-T T.81, section B.2), and counts its
/// scans.
fn jpeg(coded: &[u8]) -> Result<Size, InspectError> {
    let start = coded.windows(3).position(|window| window == [0xff, 0xd8, 0xff]).ok_or_else(unreadable)?;
    let mut rest = &coded[start + 2..];
    let mut size = None;
    loop {
        // The first byte of a marker may be repeated before its second byte.
        let at = rest.iter().position(|byte| *byte != 0xff).filter(|at| *at > 0).ok_or_else(unreadable)?;
        let marker = rest[at];
        rest = &rest[at + 1..];
        match marker {
            0x01 | 0xd0..=0xd7 => continue,
            0xda => break,
            0x00 | 0x02..=0xbf | 0xd8 | 0xd9 => return Err(unreadable()),
            0xc4 | 0xc8 | 0xcc | 0xdb..=0xff => {}
            0xc0..=0xcf => {
                let frame = frame(rest).ok_or_else(unreadable)?;
                if size.replace(frame).is_some() {
                    return Err(unreadable());
                }
            }
        }
        let length = number_at::<2>(rest, 0).and_then(|length| usize::try_from(length).ok()).ok_or_else(unreadable)?;
        rest = rest.get(length.max(2)..).ok_or_else(unreadable)?;
    }
    // Encoded data escapes the first byte of markers, so every match is a scan.
    if 1 + rest.windows(2).filter(|window| *window == [0xff, 0xda]).count() > SCANS {
        return Err(beyond(&format!("contains an image with too many scans: more than {SCANS}")));
    }
    size.ok_or_else(unreadable)
}

/// Parses the size in a frame header, which starts with its length.
fn frame(header: &[u8]) -> Option<Size> {
    Some(Size {
        bits: number_at::<1>(header, 2)?,
        height: number_at::<2>(header, 3)?,
        width: number_at::<2>(header, 5)?,
        colours: number_at::<1>(header, 7)?,
    })
}

/// Reads the boxes of a JPEG 2000 file up to its codestream, and the size in that (ITU-T T.800,
/// sections A.5.1 and I.4).
fn jpeg_2000(coded: &[u8]) -> Option<Size> {
    let mut rest = coded;
    while !rest.starts_with(&CODESTREAM) {
        let (header, length) = match number_at::<4>(rest, 0)? {
            0 => (8, rest.len()),
            1 => (16, usize::try_from(number_at::<8>(rest, 8)?).ok()?),
            length => (8, usize::try_from(length).ok()?),
        };
        let skipped = if rest.get(4..8)? == b"jp2c" { header } else { length.max(header) };
        rest = rest.get(skipped..)?;
    }
    let colours = number_at::<2>(rest, 40)?;
    let depths = rest.get(42..)?.chunks(3).take(usize::try_from(colours).ok()?);
    let bits = depths.map(|component| u64::from(component[0] & 0x7f) + 1).max()?;
    Some(Size { width: number_at::<4>(rest, 8)?, height: number_at::<4>(rest, 12)?, colours, bits })
}

/// Checks the pages and regions of a JBIG2 image, or of shared JBIG2 data (ITU-T T.88, section
/// 7.2).
///
/// # Errors
/// The data cannot be read, or a page or region is too large.
pub fn check_jbig2(coded: &[u8]) -> Result<(), InspectError> {
    let mut rest = coded;
    let mut page = 1;
    // The rest is shorter than a segment without data, for example the end of a line.
    while rest.len() >= 11 {
        let (kind, data, length) = segment(rest).ok_or_else(unreadable)?;
        let known = &data[..length.min(data.len())];
        let number = |at| number_at::<4>(known, at).ok_or_else(unreadable);
        match kind {
            48 => {
                page = number(0)?;
                // The height of the page is unknown; it grows with its regions.
                let height = Some(number(4)?).filter(|height| *height != u64::from(u32::MAX)).unwrap_or(1);
                Size::bilevel(page, height).check()?;
            }
            16 => {
                let side = |at| number_at::<1>(known, at).ok_or_else(unreadable);
                let shades = number_at::<4>(known, 3).ok_or_else(unreadable)? + 1;
                Size::bilevel(shades.saturating_mul(side(1)?), side(2)?).check()?;
            }
            4 | 6 | 7 | 20 | 22 | 23 | 36 | 38 | 39 | 40 | 42 | 43 => {
                Size::bilevel(number(0)?, number(4)?).check()?;
                Size::bilevel(page, number(4)?.saturating_add(number(12)?)).check()?;
            }
            _ => {}
        }
        rest = &data[known.len()..];
    }
    Ok(())
}

/// Returns the type of the first segment in `bytes`, the bytes after its header, and the length of
/// its data.
fn segment(bytes: &[u8]) -> Option<(u8, &[u8], usize)> {
    let number = number_at::<4>(bytes, 0)?;
    let flags = *bytes.get(4)?;
    let (references, counted) = match bytes.get(5)? >> 5 {
        7 => {
            let count = usize::try_from(number_at::<4>(bytes, 5)? & 0x1fff_ffff).ok()?;
            (count, 4 + (count + 1).div_ceil(8))
        }
        few => (usize::from(few), 1),
    };
    let each = match number {
        ..=256 => 1,
        257..=65_536 => 2,
        _ => 4,
    };
    let page = if flags & 0x40 == 0 { 1 } else { 4 };
    let at = 5 + counted + references.checked_mul(each)? + page;
    // Data of unknown length would hide the segments that follow.
    let length = number_at::<4>(bytes, at).filter(|length| *length != u64::from(u32::MAX))?;
    Some((flags & 0x3f, bytes.get(at + 4..)?, usize::try_from(length).ok()?))
}
