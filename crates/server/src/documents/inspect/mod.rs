//! Inspection of documents: they have the claimed format, are complete, and contain nothing active.
//!
//! Owns the resource limits: no image is decoded that is larger than a well-scanned page, and no
//! stream is decompressed without a limit. A refusal is a sentence for the partner, which names the
//! limit if one was exceeded. The server calls only [`starts_as`] in its own process.

mod error;
mod jpeg_image;
mod pdf;
mod pixels;
mod png_image;
mod verdict;

use credential::AssetKind;
use credential::opencerts::{self, OpenCert};

pub use error::InspectError;
pub use pdf::MAX_WRITTEN;
pub use verdict::{Accepted, Verdict};

/// Inspects a complete document.
///
/// # Errors
/// It does not have the format `kind`, is damaged, or contains something active.
pub fn inspect(kind: AssetKind, bytes: &[u8]) -> Result<Accepted, InspectError> {
    starts_as(kind, bytes)?;
    match kind {
        AssetKind::Pdf => pdf::inspect(bytes),
        AssetKind::Png => png_image::inspect(bytes),
        AssetKind::Jpg => jpeg_image::inspect(bytes),
        AssetKind::OpenCert => open_cert(bytes),
    }
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

#[cfg(test)]
mod tests;
