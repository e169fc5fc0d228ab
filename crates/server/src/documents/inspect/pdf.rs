//! Inspects PDF files for active content, in every object that a file holds.

use std::cell::RefCell;
use std::collections::HashSet;

use lopdf::{Dictionary, Document, LoadOptions, Object, Stream};

use super::error::InspectError;

/// Most bytes that all streams of objects of a PDF may unpack to together.
pub(super) const UNPACKED: usize = 16 * 1024 * 1024;

/// Deepest nesting of a PDF's objects that is looked into.
const DEPTH: usize = 60;

/// Names that make a PDF do something, or carry something that is not shown, and what each is.
const ACTIVE: [(&[u8], &str); 14] = [
    (b"JavaScript", "JavaScript"),
    (b"JS", "JavaScript"),
    (b"Launch", "an action that starts a program"),
    (b"EmbeddedFile", "an embedded file"),
    (b"EmbeddedFiles", "an embedded file"),
    (b"EF", "an embedded file"),
    (b"FileAttachment", "an embedded file"),
    (b"RichMedia", "embedded media"),
    (b"XFA", "an active form"),
    (b"ImportData", "an action that imports data"),
    (b"SubmitForm", "an action that sends data"),
    (b"GoToR", "an action that opens another file"),
    (b"GoToE", "an action that opens an embedded file"),
    (b"Rendition", "embedded media"),
];

thread_local! {
    /// What reading a file has found out about its streams of objects; the library's hook takes no state.
    static STREAMS: RefCell<Streams> = const { RefCell::new(Streams { room: UNPACKED, refused: None }) };
}

/// The streams of objects of the file that is being read.
struct Streams {
    /// How many bytes they may still unpack to.
    room: usize,
    /// Why the file is refused.
    refused: Option<&'static str>,
}

/// The file is read twice: as a viewer reads it, and by a search for every object that it has ever held, so that
/// nothing hides behind a table that leaves it out.
pub fn inspect(bytes: &[u8]) -> Result<(), InspectError> {
    let mut pages = 0;
    for force_reconstruct in [false, true] {
        STREAMS.set(Streams { room: UNPACKED, refused: None });
        let options = LoadOptions {
            max_decompressed_size: Some(UNPACKED),
            force_reconstruct,
            filter: Some(look_at_stream),
            ..LoadOptions::default()
        };
        let document = Document::load_mem_with_options(bytes, options)
            .map_err(|_| InspectError::new("The PDF file is damaged and cannot be read."))?;
        if document.trailer.has(b"Encrypt") || document.was_encrypted() {
            return Err(InspectError::new(
                "The PDF file is encrypted, so nobody could look into it; save it without a password.",
            ));
        }
        if let Some(reason) = STREAMS.with_borrow(|streams| streams.refused) {
            return Err(InspectError(format!("The PDF file {reason}; save it again with another program.")));
        }
        let trailer = dictionary(&document.trailer, 0);
        let found = trailer.or_else(|| document.objects.values().find_map(|object| active(object, 0)));
        if let Some(what) = found {
            return Err(InspectError(format!("The PDF file holds {what}, which is not taken; save it again without.")));
        }
        pages += document.get_pages().len();
    }
    if pages == 0 { Err(InspectError::new("The PDF file has no page.")) } else { Ok(()) }
}

/// Sees every stream as it is read. What is drawn on a page can do nothing, and is most of a file: it is not kept in
/// memory. A stream of objects must be one that the library reads as every viewer does: it passes over those that it
/// cannot read, and a viewer might not.
fn look_at_stream(id: (u32, u16), object: &mut Object) -> Option<((u32, u16), Object)> {
    if let Object::Stream(stream) = object {
        if stream.dict.has_type(b"ObjStm") || stream.dict.has(b"First") {
            STREAMS.with_borrow_mut(|streams| {
                let found = check_objects(stream, &mut streams.room).err();
                streams.refused = streams.refused.or(found);
            });
        } else {
            stream.content = Vec::new();
        }
    }
    Some((id, object.clone()))
}

/// A stream of objects (ISO 32000-1, 7.5.7) that nobody can read in two ways.
fn check_objects(stream: &Stream, room: &mut usize) -> Result<(), &'static str> {
    const ODD: &str = "holds a stream of objects in an unusual form";
    let dict = &stream.dict;
    let plain = match dict.get(b"Filter") {
        Err(_) => true,
        Ok(Object::Name(name)) => name == b"FlateDecode",
        Ok(Object::Array(filters)) => matches!(filters.as_slice(), [Object::Name(name)] if name == b"FlateDecode"),
        Ok(_) => false,
    };
    let number = |name: &[u8]| match dict.get(name) {
        Ok(Object::Integer(number)) => usize::try_from(*number).map_err(|_| ODD),
        _ => Err(ODD),
    };
    if !plain || !dict.has_type(b"ObjStm") || dict.has(b"Crypt") {
        return Err(ODD);
    }
    let (count, first) = (number(b"N")?, number(b"First")?);
    let content = match dict.has(b"Filter") {
        true => stream.decompressed_content_with_limit(*room).map_err(|_| "unpacks to more than is looked at")?,
        false => stream.content.clone(),
    };
    *room = room.checked_sub(content.len()).ok_or("unpacks to more than is looked at")?;
    let index = content.get(..first).and_then(|index| std::str::from_utf8(index).ok()).ok_or(ODD)?;
    let numbers = index.split_ascii_whitespace().map(|number| number.parse::<u32>().map_err(|_| ODD));
    let numbers = numbers.collect::<Result<Vec<_>, _>>()?;
    let ids: HashSet<u32> = numbers.iter().copied().step_by(2).collect();
    if numbers.len() == 2 * count && ids.len() == count { Ok(()) } else { Err(ODD) }
}

fn active(object: &Object, depth: usize) -> Option<&'static str> {
    match object {
        Object::Dictionary(members) => dictionary(members, depth),
        Object::Stream(stream) => dictionary(&stream.dict, depth),
        Object::Array(items) if depth > DEPTH && !items.is_empty() => Some("objects nested too deeply"),
        Object::Array(items) => items.iter().find_map(|item| active(item, depth + 1)),
        Object::Name(name) => named(name),
        _ => None,
    }
}

fn dictionary(members: &Dictionary, depth: usize) -> Option<&'static str> {
    if depth > DEPTH {
        return Some("objects nested too deeply");
    }
    members.iter().find_map(|(name, value)| named(name).or_else(|| active(value, depth + 1)))
}

fn named(name: &[u8]) -> Option<&'static str> {
    ACTIVE.iter().find(|(known, _)| *known == name).map(|(_, what)| *what)
}
