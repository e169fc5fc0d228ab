//! Digitally signed documents. They are delivered unchanged, because rewriting invalidates the
//! signature.
//!
//! Signing adds a revision. Every object of every revision is inspected, and nothing else may be
//! between them.

use std::collections::{HashMap, HashSet};

use super::super::error::InspectError;
use super::file::{File, Loaded};
use super::framing;
use super::rewrite::{Rewriter, UNPACKED, refused};
use super::roles::FORM;
use super::streams;
use super::syntax::{Object, Parser, damaged, is_space};
use super::table::integers;

/// Maximum number of fields and of revisions of a signed document.
const MAX: usize = 50;

/// Values of `S`, `Subtype` and `Type` that mark active dictionaries.
const ACTIVE: [&[u8]; 22] = [
    b"JavaScript",
    b"Launch",
    b"SubmitForm",
    b"ResetForm",
    b"ImportData",
    b"GoToR",
    b"GoToE",
    b"GoTo3DView",
    b"Thread",
    b"Sound",
    b"Movie",
    b"Rendition",
    b"RichMedia",
    b"RichMediaExecute",
    b"Screen",
    b"3D",
    b"Hide",
    b"SetOCGState",
    b"FileAttachment",
    b"EmbeddedFile",
    b"Projection",
    b"MR",
];
/// Keys that make a document active unless their value is empty.
const ACTIVE_MEMBERS: [&[u8]; 9] =
    [b"AA", b"EF", b"JavaScript", b"EmbeddedFiles", b"XFA", b"RichMediaContent", b"RichMediaSettings", b"3DD", b"JS"];

/// Returns the byte ranges of the document's signatures; none if it is not signed.
///
/// # Errors
/// A signed document has other form fields as well, or the document cannot be read.
pub fn ranges(file: &mut File<'_>) -> Result<Vec<Vec<usize>>, InspectError> {
    let mut ranges = Vec::new();
    let Some(root) = file.trailer.get(b"Root").cloned() else { return Ok(ranges) };
    let Object::Dictionary(catalog) = file.resolve(&root)? else { return Ok(ranges) };
    let Some(form) = catalog.get(b"AcroForm") else { return Ok(ranges) };
    let Object::Dictionary(form) = file.resolve(form)? else { return Ok(ranges) };
    let Some(fields) = form.get(b"Fields") else { return Ok(ranges) };
    let Object::Array(fields) = file.resolve(fields)? else { return Ok(ranges) };
    for (at, field) in fields.into_iter().enumerate() {
        let Object::Dictionary(field) = file.resolve(&field)? else { return Ok(Vec::new()) };
        if field.name(b"FT") != Some(b"Sig") {
            return Err(refused(FORM));
        }
        if at == MAX {
            return Err(too_many("signature fields"));
        }
        if let Some(value) = field.get(b"V") {
            let Object::Dictionary(value) = file.resolve(value)? else { return Ok(Vec::new()) };
            ranges.extend(value.get(b"ByteRange").map(integers));
        }
    }
    Ok(ranges)
}

/// Inspects every revision of a signed document.
///
/// # Errors
/// A revision cannot be read or contains something active, or there are bytes between the objects.
pub fn inspect(bytes: &[u8], starts_with_header: bool, ranges: &[Vec<usize>]) -> Result<(), InspectError> {
    if !starts_with_header {
        return Err(InspectError::new(
            "The PDF file is digitally signed and has other bytes before its header. Send it without them.",
        ));
    }
    let newest = File::open(bytes)?;
    if newest.sections.len() > MAX {
        return Err(too_many("revisions"));
    }
    let (mut spans, mut listed) = (Vec::new(), HashMap::new());
    let (mut counted, mut left) = (HashSet::new(), UNPACKED);
    for start in &newest.sections {
        let mut file = File::open_at(bytes, *start)?;
        for id in file.in_use() {
            let Loaded { object, stream } = file.load(id)?;
            refuse_active(&mut file, &object)?;
            if let (Object::Dictionary(dict), Some(bytes)) = (&object, stream)
                && counted.insert(file.place(id.number))
            {
                // Page thumbnails may omit the subtype `Image`.
                let is_image = streams::is_image(dict) || dict.get(b"Width").is_some();
                streams::check(&mut file, dict, bytes, is_image, &mut left)?;
            }
            if let Some(is_listed) = file.lists_its_objects(id.number, &object)? {
                *listed.entry(file.place(id.number)).or_insert(false) |= is_listed;
            }
        }
        // The second table of a linearized file has no catalog and is not a revision.
        if file.trailer.get(b"Root").is_some() {
            Rewriter::new(&mut file, b"1.7", true).run()?;
        }
        spans.append(&mut file.spans);
    }
    if listed.values().any(|is_listed| !is_listed) {
        return Err(damaged("an object stream contains an object that no table lists"));
    }
    spans.sort_unstable();
    spans.dedup();
    framing::check(bytes, &newest.sections, &spans)?;
    check_gaps(bytes, spans)?;
    framing::check_ranges(bytes, ranges)
}

fn too_many(what: &str) -> InspectError {
    InspectError(format!(
        "The PDF file is digitally signed and has more than {MAX} {what}, the maximum. Send it without the signature."
    ))
}

/// Refuses an object with active content in any role: nothing can be removed from a signed
/// document, and a viewer may combine its revisions differently.
fn refuse_active(file: &mut File<'_>, object: &Object) -> Result<(), InspectError> {
    let dictionary = match object {
        Object::Array(items) => return items.iter().try_for_each(|item| refuse_active(file, item)),
        Object::Dictionary(dictionary) => dictionary,
        _ => return Ok(()),
    };
    for (key, value) in &dictionary.0 {
        let names_kind = matches!(&**key, b"S" | b"Subtype" | b"Type");
        let kind = if names_kind { file.resolve(value)? } else { Object::Null };
        let active = match (&kind, value) {
            (Object::Name(name), _) if ACTIVE.contains(&&**name) => Some(name),
            (_, Object::Name(_)) => None,
            (_, value) => Some(key).filter(|key| ACTIVE_MEMBERS.contains(&&***key) && !is_empty(value)),
        };
        if let Some(active) = active {
            return Err(InspectError(format!(
                "The PDF file is digitally signed and contains active content ({}), which is not allowed. Send it \
                 without that.",
                String::from_utf8_lossy(active)
            )));
        }
        refuse_active(file, value)?;
    }
    Ok(())
}

/// Returns whether a direct value contains only empty arrays and dictionaries.
fn is_empty(value: &Object) -> bool {
    match value {
        Object::Null => true,
        Object::Array(items) => items.iter().all(is_empty),
        Object::Dictionary(dictionary) => dictionary.0.iter().all(|(_, value)| is_empty(value)),
        _ => false,
    }
}

/// Checks that only white space, comments and table offsets are between objects and tables. `spans`
/// is sorted.
fn check_gaps(bytes: &[u8], mut spans: Vec<(usize, usize)>) -> Result<(), InspectError> {
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
            return Err(damaged("there is data between its objects"));
        }
        at = end;
    }
    Ok(())
}
