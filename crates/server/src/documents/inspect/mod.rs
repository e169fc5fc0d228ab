//! Inspection of documents: they have the claimed format, are complete, and contain nothing active.
//!
//! Owns the resource limits: no image is decoded that is larger than a well-scanned page, and no
//! stream is decompressed without a limit. A refusal is a sentence for the partner. The server
//! calls only [`starts_as`] in its own process.

mod error;
mod pdf;
mod verdict;

use std::io::Cursor;

use credential::AssetKind;
use credential::opencerts::{self, OpenCert};
use pdf::SCANS;
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

pub use error::InspectError;
pub use pdf::MAX_WRITTEN;
pub use verdict::{Accepted, Verdict};

/// Maximum number of pixels of an image. An A3 page at 400 dpi has 31 million.
const PIXELS: u64 = 32_000_000;

/// Inspects a complete document.
///
/// # Errors
/// It does not have the format `kind`, is damaged, or contains something active.
pub fn inspect(kind: AssetKind, bytes: &[u8]) -> Result<Accepted, InspectError> {
    starts_as(kind, bytes)?;
    match kind {
        AssetKind::Pdf => return pdf::inspect(bytes),
        AssetKind::Png => png(bytes)?,
        AssetKind::Jpg => jpeg(bytes)?,
        AssetKind::OpenCert => return open_cert(bytes),
    }
    Ok(Accepted::Unchanged)
}

/// Number of bytes at the start of a document that [`starts_as`] needs.
pub const START: usize = pdf::HEADER_WITHIN + 5;

/// Checks the signature in a document's first bytes, of which [`START`] are enough.
///
/// # Errors
/// The bytes are those of another format.
pub fn starts_as(kind: AssetKind, bytes: &[u8]) -> Result<(), InspectError> {
    let found = found(bytes);
    let json_space = || bytes.iter().find(|byte| !byte.is_ascii_whitespace()).is_none_or(|byte| *byte == b'{');
    let is_right = match kind {
        AssetKind::OpenCert => found.is_none() && json_space() && !bytes.is_empty(),
        kind => found == Some(kind),
    };
    if is_right {
        return Ok(());
    }
    let wanted = described(kind);
    Err(InspectError(match found {
        _ if bytes.is_empty() => format!("The document is empty. It must be {wanted}."),
        Some(other) => format!("Must be {wanted}, but its first bytes are those of {}.", described(other)),
        None => format!("Must be {wanted}, but its first bytes are not those of one."),
    }))
}

fn found(bytes: &[u8]) -> Option<AssetKind> {
    match bytes {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(AssetKind::Png),
        [0xff, 0xd8, 0xff, ..] => Some(AssetKind::Jpg),
        _ => pdf::header(bytes).map(|_| AssetKind::Pdf),
    }
}

fn described(kind: AssetKind) -> &'static str {
    match kind {
        AssetKind::Pdf => "a PDF file",
        AssetKind::Png => "a PNG image",
        AssetKind::Jpg => "a JPEG image",
        AssetKind::OpenCert => "an OpenCerts document",
    }
}

fn open_cert(bytes: &[u8]) -> Result<Accepted, InspectError> {
    if bytes.len() > opencerts::MAX_BYTES {
        return Err(InspectError(format!("An OpenCerts document must have at most {} bytes.", opencerts::MAX_BYTES)));
    }
    let document = OpenCert::verify(bytes).map_err(|refusal| InspectError(refusal.to_string()))?;
    Ok(Accepted::OpenCert(document.summary()))
}

fn png(bytes: &[u8]) -> Result<(), InspectError> {
    let damaged = |_| InspectError::new("The PNG image is damaged and cannot be decoded.");
    let limits = png::Limits { bytes: 64 * 1024 * 1024 };
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(bytes), limits);
    let header = decoder.read_header_info().map_err(damaged)?;
    pixels(u64::from(header.width), u64::from(header.height))?;
    let mut reader = decoder.read_info().map_err(damaged)?;
    let rows = reader.output_buffer_size().unwrap_or(usize::MAX);
    if packed_image_data(bytes) > rows.saturating_add(rows / 64).saturating_add(65_536) {
        return Err(InspectError::new("The PNG image contains more data than its pixels."));
    }
    // Row by row, so that the whole image is never in memory.
    while reader.next_row().map_err(damaged)?.is_some() {}
    reader.finish().map_err(damaged)
}

/// Returns the total size of the chunks with image data (PNG, section 5.3).
fn packed_image_data(bytes: &[u8]) -> usize {
    let (mut rest, mut sum) = (bytes.get(8..).unwrap_or_default(), 0_usize);
    while let Some((head, after)) = rest.split_first_chunk::<8>() {
        let [a, b, c, d, kind @ ..] = *head;
        let length = usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap_or(usize::MAX);
        if kind == *b"IDAT" {
            sum = sum.saturating_add(length);
        }
        rest = after.get(length.saturating_add(4)..).unwrap_or_default();
    }
    sum
}

fn jpeg(bytes: &[u8]) -> Result<(), InspectError> {
    let damaged = |_| InspectError::new("The JPEG image is damaged and cannot be decoded.");
    let options = DecoderOptions::new_safe()
        .set_strict_mode(true)
        .set_max_width(16_384)
        .set_max_height(16_384)
        .jpeg_set_max_scans(SCANS);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(damaged)?;
    let info = decoder.info().ok_or_else(|| InspectError::new("The JPEG image has no size."))?;
    pixels(u64::from(info.width), u64::from(info.height))?;
    // Decoding to grey takes a third of the memory and detects damage as well. CMYK cannot be
    // decoded to grey.
    let colours = match info.components {
        4 => ColorSpace::CMYK,
        _ => ColorSpace::Luma,
    };
    decoder.set_options(options.jpeg_set_out_colorspace(colours));
    decoder.decode().map(drop).map_err(damaged)
}

fn pixels(width: u64, height: u64) -> Result<(), InspectError> {
    if width.saturating_mul(height) > PIXELS {
        return Err(InspectError(format!(
            "The image has {width} by {height} pixels; the maximum is {PIXELS} in total."
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
