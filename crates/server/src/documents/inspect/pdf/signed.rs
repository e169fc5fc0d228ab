//! Digitally signed documents, which are delivered as they came, since a new file would have no valid signature.
//!
//! Signing adds a revision. Every revision is inspected, every object of each, and nothing may stand between them.

use super::super::error::InspectError;
use super::file::File;
use super::rewrite::{Rewriter, refused};
use super::roles::FORM;
use super::syntax::{Dictionary, Object, Parser, damaged, is_space};

/// Most fields and revisions of a signed document.
const MOST: usize = 50;

/// Whether the document has a signature. Its form then has no other fields.
///
/// # Errors
/// It has other fields as well, or cannot be read.
pub fn is_signed(file: &mut File<'_>) -> Result<bool, InspectError> {
    let Some(root) = file.trailer.get(b"Root").cloned() else { return Ok(false) };
    let Object::Dictionary(catalog) = file.resolve(&root)? else { return Ok(false) };
    let Some(form) = catalog.get(b"AcroForm") else { return Ok(false) };
    let Object::Dictionary(form) = file.resolve(form)? else { return Ok(false) };
    let Some(fields) = form.get(b"Fields") else { return Ok(false) };
    let Object::Array(fields) = file.resolve(fields)? else { return Ok(false) };
    if fields.len() > MOST {
        return Err(refused(FORM));
    }
    let mut signed = false;
    for field in fields {
        let Object::Dictionary(field) = file.resolve(&field)? else { return Ok(false) };
        if field.name(b"FT") != Some(b"Sig") {
            return Err(refused(FORM));
        }
        if let Some(value) = field.get(b"V") {
            let Object::Dictionary(value) = file.resolve(value)? else { return Ok(false) };
            signed |= has_range(&value);
        }
    }
    Ok(signed)
}

fn has_range(signature: &Dictionary) -> bool {
    matches!(signature.get(b"ByteRange"), Some(Object::Array(range)) if range.len() >= 4)
}

/// Inspects every revision of a signed document.
///
/// # Errors
/// One of them cannot be read, holds something active, or something stands between their objects.
pub fn inspect(bytes: &[u8], starts_with_header: bool) -> Result<(), InspectError> {
    if !starts_with_header {
        return Err(InspectError::new(
            "The PDF file is digitally signed and has other bytes before its header; send it without them.",
        ));
    }
    let newest = File::open(bytes)?;
    if newest.sections.len() > MOST {
        return Err(damaged("it has too many revisions"));
    }
    let mut spans = Vec::new();
    for start in newest.sections {
        let mut file = File::open_at(bytes, start)?;
        for id in file.in_use() {
            file.load(id)?;
        }
        // The second table of a file that is optimised for the web is no revision: it has no catalog.
        if file.trailer.get(b"Root").is_some() {
            Rewriter::new(&mut file, b"1.7", true).run()?;
        }
        spans.append(&mut file.spans);
    }
    check_gaps(bytes, spans)
}

/// Between objects and tables, only white space, comments and the places of tables may stand.
fn check_gaps(bytes: &[u8], mut spans: Vec<(usize, usize)>) -> Result<(), InspectError> {
    spans.sort_unstable();
    spans.dedup();
    spans.push((bytes.len(), bytes.len()));
    let mut at = 0;
    for (start, end) in spans {
        if start < at {
            return Err(damaged("its objects overlap"));
        }
        let mut room = 0;
        let mut parser = Parser::new(&bytes[..start], at, &mut room);
        while parser.keyword(b"startxref") {
            parser.unsigned::<usize>();
        }
        parser.skip_space();
        if bytes[parser.position().min(start)..start].iter().any(|byte| !is_space(*byte)) {
            return Err(damaged("something stands between its objects"));
        }
        at = end;
    }
    Ok(())
}
