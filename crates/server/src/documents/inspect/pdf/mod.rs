//! Sanitizes PDF files: reads them strictly, and writes new files from the result.
//!
//! Owns the guarantee that the delivered file is what was inspected: pages, fonts, images and links
//! within the document, from objects that have only one interpretation. Scripts, embedded files,
//! media, forms and actions that run without a click are refused. Links that lead out of the
//! document are removed.

mod actions;
mod content;
mod decoders;
mod drawing;
mod file;
mod filters;
mod framing;
mod images;
mod output;
mod pages;
mod rewrite;
mod roles;
mod signed;
mod streams;
mod syntax;
mod table;

use super::error::InspectError;
use super::verdict::Accepted;
use file::File;
pub use images::SCANS;
pub use output::MAX_WRITTEN;
use rewrite::Rewriter;
use syntax::damaged;

/// Maximum offset of a file's header; viewers search as far.
pub const HEADER_WITHIN: usize = 1024;

/// Returns the offset of the header of a PDF file.
pub fn header(bytes: &[u8]) -> Option<usize> {
    let start = &bytes[..bytes.len().min(HEADER_WITHIN + 5)];
    start.windows(5).position(|window| window == b"%PDF-")
}

/// Inspects a PDF file and rewrites it. A signed one is delivered unchanged.
///
/// # Errors
/// It cannot be read or contains something active.
pub fn inspect(bytes: &[u8]) -> Result<Accepted, InspectError> {
    let start = header(bytes).ok_or_else(|| damaged("it has no header"))?;
    // Offsets count from the header, or from the start of the file if other bytes precede the
    // header.
    let (bytes, mut file) = match File::open(&bytes[start..]) {
        Ok(file) => (&bytes[start..], file),
        Err(error) if start == 0 => return Err(error),
        Err(error) => (bytes, File::open(bytes).map_err(|_| error)?),
    };
    if file.is_encrypted {
        return Err(InspectError::new(
            "The PDF file is encrypted (with a password, or against printing or copying), which is not allowed. Save \
             it without protection.",
        ));
    }
    let ranges = signed::ranges(&mut file)?;
    if !ranges.is_empty() {
        signed::inspect(bytes, start == 0, &ranges)?;
        return Ok(Accepted::Signed);
    }
    Rewriter::new(&mut file, version(bytes), false).run().map(Accepted::Rewritten)
}

/// Returns the version in the header, or 1.7 for an unknown one.
fn version(bytes: &[u8]) -> &'static [u8] {
    match header(bytes).and_then(|at| bytes.get(at + 5..at + 8)) {
        Some(b"1.0" | b"1.1" | b"1.2" | b"1.3" | b"1.4") => b"1.4",
        Some(b"1.5") => b"1.5",
        Some(b"1.6") => b"1.6",
        Some(b"2.0") => b"2.0",
        _ => b"1.7",
    }
}
