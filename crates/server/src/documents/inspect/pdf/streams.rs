//! Streams: their decompressed size, and writing them.

use super::super::error::InspectError;
use super::file::File;
use super::filters::Filters;
use super::images;
use super::rewrite::{Rewriter, refused};
use super::roles::Role;
use super::syntax::{Dictionary, Object, damaged};

/// Checks the decompressed size of a stream and subtracts it from `left`. Returns its filters.
///
/// # Errors
/// The stream is in another file, has an unknown filter, or is too large when decompressed.
pub fn check(
    file: &mut File<'_>,
    dict: &Dictionary,
    bytes: &[u8],
    is_image: bool,
    left: &mut u64,
) -> Result<Filters, InspectError> {
    if [&b"F"[..], b"FFilter", b"FDecodeParms"].iter().any(|key| dict.get(key).is_some()) {
        return Err(refused("content that is in another file"));
    }
    let filters = Filters::read(file, dict)?;
    if is_image {
        images::check_declared(file, dict)?;
    }
    let coded = filters.unpack(bytes, left, false)?;
    if let Some(image) = filters.image() {
        if !is_image {
            return Err(damaged("a stream that is not an image is compressed like one"));
        }
        images::check_coded(file, dict, image, &coded)?;
        if let Some(Object::Reference(shared)) = image.1.get(b"JBIG2Globals") {
            let shared = file.load(*shared)?;
            let (Object::Dictionary(dict), Some(bytes)) = (shared.object, shared.stream) else {
                return Err(damaged("an image in it cannot be read"));
            };
            images::check_jbig2(&Filters::read(file, &dict)?.unpack(bytes, left, true)?)?;
        }
    }
    Ok(filters)
}

/// Returns whether the dictionary of a stream is that of an image.
pub fn is_image(dict: &Dictionary) -> bool {
    dict.name(b"Subtype") == Some(b"Image")
}

impl Rewriter<'_, '_> {
    /// Writes the dictionary of a stream.
    pub(super) fn stream(
        &mut self,
        role: Role,
        dict: &Dictionary,
        bytes: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), InspectError> {
        // Appearances that are streams are drawn like any other XObject.
        let role = if role == Role::Appearance { Role::XObject } else { role };
        let is_image = role == Role::XObject && is_image(dict);
        let filters = check(self.file, dict, bytes, is_image, &mut self.unpacked)?;
        let mut rest = dict.clone();
        rest.0.retain(|(key, _)| !matches!(&**key, b"Length" | b"Filter" | b"DecodeParms" | b"F" | b"DL"));
        self.dictionary(role, &rest, out)?;
        out.truncate(out.len() - 2);
        let [names, parameters] = filters.written();
        for (key, role, value) in
            [(&b"/Filter "[..], Role::Flat, names), (b"/DecodeParms ", Role::DecodeParameters, parameters)]
        {
            if value != Object::Null {
                out.extend_from_slice(key);
                self.value(role, &value, out)?;
                out.push(b' ');
            }
        }
        out.extend_from_slice(format!("/Length {} >>", bytes.len()).as_bytes());
        Ok(())
    }
}
