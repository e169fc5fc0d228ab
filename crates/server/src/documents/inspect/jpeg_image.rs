//! JPEG images (ITU-T T.81): their segments and their decoding.
//!
//! Owns the guarantee that a delivered image has only segments that decide how it is drawn, and
//! ends with the image. Comments, previews, further images and what follows the end are left out.

use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::error::InspectError;
use super::pdf::SCANS;
use super::pixels::{self, SIDE};
use super::verdict::Accepted;

const START: u8 = 0xd8;
const END: u8 = 0xd9;
/// Start of a scan; its coded data follows.
const SCAN: u8 = 0xda;
/// Maximum number of stray bytes before a marker.
const STRAY: usize = 3;

/// The application segments that are delivered: their marker, their identifier, and whether there
/// may be more than one.
const APPLICATION: [(u8, &[u8], bool); 4] = [
    (0xe0, b"JFIF\0", false),
    // The orientation.
    (0xe1, b"Exif\0\0", false),
    // A colour profile has at most 64 KiB in one segment.
    (0xe2, b"ICC_PROFILE\0", true),
    // The colour transform.
    (0xee, b"Adobe", false),
];

fn damaged() -> InspectError {
    InspectError::new("The JPEG image is damaged and cannot be decoded.")
}

fn unusual() -> InspectError {
    InspectError::new(
        "The JPEG image is compressed in an unusual way (such as lossless or arithmetic coding). Save it as a \
         baseline or progressive JPEG.",
    )
}

/// Inspects a JPEG image.
///
/// # Errors
/// It cannot be decoded, or exceeds a limit.
pub fn inspect(bytes: &[u8]) -> Result<Accepted, InspectError> {
    let mut image = Kept::default();
    image.read(bytes)?;
    // Decoding what is delivered finds whatever the two readers would read differently.
    decode(&image.bytes)?;
    Ok(if image.bytes.len() == bytes.len() { Accepted::Unchanged } else { Accepted::Rewritten(image.bytes) })
}

/// The parts of an image that are delivered.
#[derive(Debug, Default)]
struct Kept {
    bytes: Vec<u8>,
    application: Vec<u8>,
    has_frame: bool,
    scans: usize,
}

impl Kept {
    /// Copies the segments to deliver from `bytes`, which start with the marker of an image.
    fn read(&mut self, bytes: &[u8]) -> Result<(), InspectError> {
        self.bytes = Vec::with_capacity(bytes.len());
        self.bytes.extend_from_slice(&[0xff, START]);
        let mut rest = bytes.get(2..).unwrap_or_default();
        while !rest.is_empty() {
            let (marker, after) = next_marker(rest).ok_or_else(damaged)?;
            if marker == END {
                self.bytes.extend_from_slice(&[0xff, END]);
                return Ok(());
            }
            let length = after.first_chunk::<2>().map(|length| usize::from(u16::from_be_bytes(*length)));
            let length = length.filter(|length| *length >= 2).ok_or_else(damaged)?;
            let (segment, following) = after.split_at_checked(length).ok_or_else(damaged)?;
            rest = following;
            if !self.is_kept(marker, &segment[2..])? {
                continue;
            }
            self.bytes.extend_from_slice(&[0xff, marker]);
            self.bytes.extend_from_slice(segment);
            if marker == SCAN {
                let (coded, following) = following.split_at(coded_length(following));
                self.bytes.extend_from_slice(coded);
                rest = following;
            }
        }
        // The end is missing: the decoder decides whether the image is complete.
        Ok(())
    }

    /// Returns whether a segment is delivered, and checks the size and the number of scans.
    fn is_kept(&mut self, marker: u8, data: &[u8]) -> Result<bool, InspectError> {
        match marker {
            // Tables of Huffman codes, quantization and restarts.
            0xc4 | 0xdb | 0xdd => Ok(true),
            0xc0..=0xc2 => {
                let [_, high, height, wide, width, ..] = *data else { return Err(damaged()) };
                let (width, height) = (u16::from_be_bytes([wide, width]), u16::from_be_bytes([high, height]));
                pixels::check_sides(width, height)?;
                pixels::check(width.into(), height.into())?;
                if std::mem::replace(&mut self.has_frame, true) { Err(damaged()) } else { Ok(true) }
            }
            SCAN => {
                self.scans += 1;
                if self.scans > SCANS {
                    let why =
                        format!("The JPEG image has more than {SCANS} scans, the maximum. Save it as a baseline JPEG.");
                    return Err(InspectError(why));
                }
                Ok(true)
            }
            0xe0..=0xef => Ok(self.is_kept_application(marker, data)),
            // Comments and extensions.
            0xf0..=0xfe => Ok(false),
            0xc3..=0xcf | 0xdc | 0xde | 0xdf => Err(unusual()),
            _ => Err(damaged()),
        }
    }

    fn is_kept_application(&mut self, marker: u8, data: &[u8]) -> bool {
        let known = APPLICATION.iter().find(|(known, start, _)| *known == marker && data.starts_with(start));
        let Some((_, _, may_repeat)) = known else { return false };
        let is_first = !self.application.contains(&marker);
        if is_first {
            self.application.push(marker);
        }
        is_first || *may_repeat
    }
}

/// Returns the marker at the start of `bytes` and what follows it. Its first byte may be repeated.
fn next_marker(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let start = bytes.iter().take(STRAY + 1).position(|byte| *byte == 0xff)?;
    let at = start + bytes[start..].iter().position(|byte| *byte != 0xff)?;
    Some((bytes[at], &bytes[at + 1..]))
}

/// Returns the length of the coded data up to the next marker. Zero after `0xff` makes it data, and
/// restarts are a part of the data.
fn coded_length(bytes: &[u8]) -> usize {
    let is_marker = |pair: &[u8]| pair[0] == 0xff && !matches!(pair[1], 0x00 | 0xd0..=0xd7 | 0xff);
    bytes.windows(2).position(is_marker).unwrap_or(bytes.len())
}

fn decode(bytes: &[u8]) -> Result<(), InspectError> {
    let refused = |error: DecodeErrors| match error {
        DecodeErrors::Unsupported(_) => unusual(),
        _ => damaged(),
    };
    let options = DecoderOptions::new_safe()
        .set_strict_mode(true)
        .set_max_width(SIDE.into())
        .set_max_height(SIDE.into())
        .jpeg_set_max_scans(SCANS);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(refused)?;
    let info = decoder.info().ok_or_else(|| InspectError::new("The JPEG image has no size."))?;
    pixels::check(u64::from(info.width), u64::from(info.height))?;
    // Decoding to grey takes a third of the memory and detects damage as well. CMYK cannot be
    // decoded to grey.
    let colours = match info.components {
        4 => ColorSpace::CMYK,
        _ => ColorSpace::Luma,
    };
    decoder.set_options(options.jpeg_set_out_colorspace(colours));
    decoder.decode().map(drop).map_err(refused)
}
