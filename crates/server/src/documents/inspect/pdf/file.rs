//! The structure of a PDF file (ISO 32000-2, section 7.5): the offsets of objects in the newest
//! revision.
//!
//! Nothing is searched or repaired. An object must be at the offset and have the number that the
//! cross-reference table says; otherwise the file is refused.

use std::collections::{HashMap, HashSet};
use std::io::Read as _;
use std::rc::Rc;

use super::super::error::InspectError;
use super::syntax::{Dictionary, Id, OBJECTS, Object, Parser, beyond, damaged};
use super::table::{
    ENTRIES, Entry, NESTED_LOADS, check_unique, integers, predicted, table_entry, too_many, too_nested,
};

/// Maximum decompressed size of all object streams and cross-reference streams of a file together.
pub const UNPACKED: usize = 32 * 1024 * 1024;
/// Maximum number of revisions.
const REVISIONS: usize = 200;

/// An indirect object, with the bytes of its stream if it has one.
#[derive(Debug)]
pub struct Loaded<'a> {
    pub object: Object,
    pub stream: Option<&'a [u8]>,
}

/// An object stream: its decompressed bytes, and the number and offset of each object.
#[derive(Debug)]
struct ObjectStream {
    bytes: Vec<u8>,
    index: Vec<(u32, usize)>,
}

/// A file whose tables have been read.
#[derive(Debug)]
pub struct File<'a> {
    bytes: &'a [u8],
    entries: HashMap<u32, Entry>,
    /// The newest trailer.
    pub trailer: Dictionary,
    /// Whether any revision is encrypted: viewers may differ in what they decrypt.
    pub is_encrypted: bool,
    /// Offsets of the tables, the newest first.
    pub sections: Vec<usize>,
    /// Start and end of the tables and of loaded objects.
    pub spans: Vec<(usize, usize)>,
    streams: HashMap<u32, Rc<ObjectStream>>,
    seen: HashSet<u32>,
    /// Number of bytes that further objects may have before some must overlap.
    uncovered: usize,
    unpacked: usize,
    room: usize,
    loads: usize,
}

impl<'a> File<'a> {
    /// Reads the tables of the newest revision.
    pub fn open(bytes: &'a [u8]) -> Result<Self, InspectError> {
        let missing = || damaged("the offset of its cross-reference table is missing at the end");
        let tail = bytes.len().saturating_sub(2048);
        let found = bytes[tail..].windows(9).rposition(|window| window == b"startxref").ok_or_else(missing)?;
        let mut room = 1;
        let start = Parser::new(bytes, tail + found + 9, &mut room).unsigned().ok_or_else(missing)?;
        Self::open_at(bytes, start)
    }

    /// Reads the tables from the one at `start` back to the oldest.
    pub fn open_at(bytes: &'a [u8], start: usize) -> Result<Self, InspectError> {
        let mut file = Self {
            bytes,
            entries: HashMap::new(),
            trailer: Dictionary::default(),
            is_encrypted: false,
            sections: Vec::new(),
            spans: Vec::new(),
            streams: HashMap::new(),
            seen: HashSet::new(),
            uncovered: bytes.len(),
            unpacked: UNPACKED,
            room: OBJECTS,
            loads: 0,
        };
        let mut next = Some(start);
        while let Some(at) = next {
            if file.sections.contains(&at) {
                return Err(damaged("its chain of cross-reference tables is endless"));
            }
            if file.sections.len() == REVISIONS {
                return Err(beyond(&format!("was changed too often: it has more than {REVISIONS} revisions")));
            }
            file.sections.push(at);
            let trailer = file.section(at)?;
            file.is_encrypted |= trailer.get(b"Encrypt").is_some();
            next = match trailer.get(b"Prev") {
                None => None,
                Some(Object::Integer(offset)) => {
                    usize::try_from(*offset).ok().map(Some).ok_or_else(|| damaged("a table"))?
                }
                Some(_) => return Err(damaged("the offset of an earlier cross-reference table is not a number")),
            };
            if file.sections.len() == 1 {
                file.trailer = trailer;
            }
        }
        Ok(file)
    }

    /// Returns the ids of all objects in use.
    pub fn in_use(&self) -> Vec<Id> {
        let used = self.entries.iter().filter_map(|(number, entry)| match entry {
            Entry::Free => None,
            Entry::At { generation, .. } => Some(Id { number: *number, generation: *generation }),
            Entry::Within { .. } => Some(Id { number: *number, generation: 0 }),
        });
        let mut used: Vec<Id> = used.collect();
        used.sort_unstable();
        used
    }

    /// Returns the offset of an object, unless it is in an object stream.
    pub fn place(&self, number: u32) -> Option<usize> {
        match self.entries.get(&number) {
            Some(Entry::At { offset, .. }) => Some(*offset),
            _ => None,
        }
    }

    /// Returns whether the tables list every object of the object stream `object`, or `None` if it
    /// is not an object stream.
    pub fn lists_its_objects(&mut self, number: u32, object: &Object) -> Result<Option<bool>, InspectError> {
        match object {
            Object::Dictionary(dictionary) if dictionary.name(b"Type") == Some(b"ObjStm") => {}
            _ => return Ok(None),
        }
        let objects = self.object_stream(number)?;
        let is_listed = |(index, (inner, _)): (usize, &(u32, usize))| {
            self.entries.get(inner) == Some(&Entry::Within { stream: number, index })
        };
        Ok(Some(objects.index.iter().enumerate().all(is_listed)))
    }

    fn parser(&mut self, at: usize) -> Parser<'_> {
        Parser::new(self.bytes, at, &mut self.room)
    }

    /// Reads one table and returns its trailer.
    fn section(&mut self, at: usize) -> Result<Dictionary, InspectError> {
        if at >= self.bytes.len() {
            return Err(damaged("the offset of its cross-reference table is wrong"));
        }
        if !self.parser(at).keyword(b"xref") {
            return self.stream_section(at);
        }
        let (mut used, mut free) = (Vec::new(), Vec::new());
        let wrong = || damaged("its cross-reference table cannot be parsed");
        let mut parser = Parser::new(self.bytes, at, &mut self.room);
        parser.keyword(b"xref");
        while !parser.keyword(b"trailer") {
            let (first, count): (u32, u32) = parser.unsigned().zip(parser.unsigned()).ok_or_else(wrong)?;
            for number in first..first.checked_add(count).ok_or_else(wrong)? {
                let (offset, generation): (usize, u32) = parser.unsigned().zip(parser.unsigned()).ok_or_else(wrong)?;
                if parser.keyword(b"f") {
                    free.push((number, Entry::Free));
                } else if parser.keyword(b"n") {
                    let generation = u16::try_from(generation).map_err(|_| wrong())?;
                    used.push((number, Entry::At { offset, generation }));
                } else {
                    return Err(wrong());
                }
            }
        }
        let Object::Dictionary(trailer) = parser.object()? else { return Err(wrong()) };
        let end = parser.position();
        self.spans.push((at, end));
        check_unique(used.iter().chain(&free))?;
        self.add(used)?;
        // A hybrid file (section 7.5.8.4): objects that older readers consider free are in a
        // stream.
        if trailer.get(b"XRefStm").is_some() {
            let hidden = self.stream_section(trailer.size(b"XRefStm").ok_or_else(wrong)?)?;
            self.is_encrypted |= hidden.get(b"Encrypt").is_some();
        }
        self.add(free)?;
        Ok(trailer)
    }

    /// Adds entries of an older table. Newer ones have been added before and take precedence.
    fn add(&mut self, entries: Vec<(u32, Entry)>) -> Result<(), InspectError> {
        for (number, entry) in entries {
            self.entries.entry(number).or_insert(entry);
        }
        if self.entries.len() > ENTRIES {
            return Err(too_many());
        }
        Ok(())
    }

    /// Reads a cross-reference stream (section 7.5.8).
    fn stream_section(&mut self, at: usize) -> Result<Dictionary, InspectError> {
        let wrong = || damaged("its cross-reference table cannot be parsed");
        let header = self.parser(at).header();
        let loaded = self.load_at(at, header.ok_or_else(wrong)?)?;
        let (Object::Dictionary(dict), Some(raw)) = (loaded.object, loaded.stream) else { return Err(wrong()) };
        if dict.name(b"Type") != Some(b"XRef") {
            return Err(wrong());
        }
        let widths = dict.get(b"W").map(integers).filter(|widths| widths.len() == 3).ok_or_else(wrong)?;
        let row: usize = widths.iter().sum();
        if row == 0 || widths.iter().any(|width| *width > 8) {
            return Err(wrong());
        }
        let ranges = match dict.get(b"Index") {
            None => vec![0, dict.size(b"Size").ok_or_else(wrong)?],
            Some(index) => integers(index),
        };
        let bytes = self.unpack(&dict, raw)?;
        let mut rows = bytes.chunks_exact(row);
        let mut entries = Vec::new();
        for range in ranges.chunks(2) {
            let [first, count] = range else { return Err(wrong()) };
            for offset in 0..*count {
                let number = u32::try_from(first.saturating_add(offset)).map_err(|_| wrong())?;
                entries.push((number, table_entry(rows.next().ok_or_else(wrong)?, &widths)?));
                if entries.len() > ENTRIES {
                    return Err(too_many());
                }
            }
        }
        check_unique(entries.iter())?;
        self.add(entries)?;
        Ok(dict)
    }

    /// Loads the object `id`; null if there is none.
    pub fn load(&mut self, id: Id) -> Result<Loaded<'a>, InspectError> {
        let null = Loaded { object: Object::Null, stream: None };
        match self.entries.get(&id.number).copied() {
            None | Some(Entry::Free) => Ok(null),
            Some(Entry::At { offset, generation }) if generation == id.generation => self.load_at(offset, id),
            Some(Entry::Within { stream, index }) if id.generation == 0 => self.load_within(id, stream, index),
            Some(_) => Err(damaged("an object has another generation than its cross-reference table says")),
        }
    }

    /// Loads the object that `object` refers to, if it is a reference.
    pub fn resolve(&mut self, object: &Object) -> Result<Object, InspectError> {
        match object {
            Object::Reference(id) => Ok(self.load(*id)?.object),
            direct => Ok(direct.clone()),
        }
    }

    /// Refuses overlapping objects, so that reading each once reads no byte twice.
    fn cover(&mut self, number: u32, length: usize) -> Result<(), InspectError> {
        if self.seen.insert(number) {
            self.uncovered = self.uncovered.checked_sub(length).ok_or_else(|| damaged("its objects overlap"))?;
        }
        Ok(())
    }

    fn load_at(&mut self, offset: usize, id: Id) -> Result<Loaded<'a>, InspectError> {
        let bytes = self.bytes;
        let mut parser = Parser::new(bytes, offset, &mut self.room);
        if offset >= bytes.len() || parser.header() != Some(id) {
            return Err(damaged("an object is not where its cross-reference table says"));
        }
        let object = parser.object()?;
        let dictionary = match &object {
            Object::Dictionary(dictionary) => parser.stream_start()?.map(|start| (start, dictionary)),
            _ => None,
        };
        let Some((start, dictionary)) = dictionary else {
            let ends = parser.keyword(b"endobj");
            let end = parser.position();
            self.cover(id.number, end - offset)?;
            self.spans.push((offset, end));
            // An indirect object cannot be a reference (section 7.3.10), which could form a cycle.
            if matches!(object, Object::Reference(_)) {
                return Err(damaged("an object is a reference"));
            }
            return if ends { Ok(Loaded { object, stream: None }) } else { Err(damaged("an object has no end")) };
        };
        let end = self.length(id, dictionary)?.and_then(|length| start.checked_add(length));
        let stream = end.and_then(|end| bytes.get(start..end)).ok_or_else(|| damaged("a stream has no length"))?;
        let mut parser = Parser::new(bytes, start + stream.len(), &mut self.room);
        let ends = parser.keyword(b"endstream") && parser.keyword(b"endobj");
        let end = parser.position();
        self.cover(id.number, end - offset)?;
        self.spans.push((offset, end));
        if ends { Ok(Loaded { object, stream: Some(stream) }) } else { Err(damaged("a stream has a wrong length")) }
    }

    /// Returns the length of the stream of object `id`; `None` if it has none, or refers to itself.
    fn length(&mut self, id: Id, dictionary: &Dictionary) -> Result<Option<usize>, InspectError> {
        let length = match dictionary.get(b"Length") {
            Some(Object::Reference(of)) if *of == id => Object::Null,
            Some(Object::Reference(of)) => {
                self.loads += 1;
                if self.loads > NESTED_LOADS {
                    return Err(too_nested());
                }
                let length = self.load(*of)?.object;
                self.loads -= 1;
                length
            }
            Some(direct) => direct.clone(),
            None => Object::Null,
        };
        Ok(if let Object::Integer(length) = length { usize::try_from(length).ok() } else { None })
    }

    fn load_within(&mut self, id: Id, stream: u32, index: usize) -> Result<Loaded<'a>, InspectError> {
        let objects = self.object_stream(stream)?;
        let wrong = || damaged("an object is not where its cross-reference table says");
        let (number, start) = objects.index.get(index).copied().ok_or_else(wrong)?;
        if number != id.number {
            return Err(wrong());
        }
        let mut parser = Parser::new(&objects.bytes, start, &mut self.room);
        let object = parser.object()?;
        let length = parser.position() - start;
        self.cover(number, length)?;
        Ok(Loaded { object, stream: None })
    }

    /// Returns an object stream (section 7.5.7), decompressed once.
    fn object_stream(&mut self, number: u32) -> Result<Rc<ObjectStream>, InspectError> {
        if let Some(known) = self.streams.get(&number) {
            return Ok(Rc::clone(known));
        }
        let wrong = || damaged("an object stream cannot be parsed");
        let Some(Entry::At { offset, generation }) = self.entries.get(&number).copied() else { return Err(wrong()) };
        self.loads += 1;
        if self.loads > NESTED_LOADS {
            return Err(too_nested());
        }
        let loaded = self.load_at(offset, Id { number, generation })?;
        self.loads -= 1;
        let (Object::Dictionary(dict), Some(raw)) = (loaded.object, loaded.stream) else { return Err(wrong()) };
        if dict.name(b"Type") != Some(b"ObjStm") {
            return Err(wrong());
        }
        let (count, first) = dict.size(b"N").zip(dict.size(b"First")).ok_or_else(wrong)?;
        let bytes = self.unpack(&dict, raw)?;
        let mut index = Vec::new();
        let mut parser = Parser::new(bytes.get(..first).ok_or_else(wrong)?, 0, &mut self.room);
        for _ in 0..count {
            let (number, offset): (u32, usize) = parser.unsigned().zip(parser.unsigned()).ok_or_else(wrong)?;
            let start = first.checked_add(offset).filter(|start| *start < bytes.len()).ok_or_else(wrong)?;
            index.push((number, start));
        }
        let numbers: HashSet<u32> = index.iter().map(|(number, _)| *number).collect();
        if numbers.len() != count {
            return Err(damaged("an object stream contains an object twice"));
        }
        self.uncovered += bytes.len();
        let objects = Rc::new(ObjectStream { bytes, index });
        self.streams.insert(number, Rc::clone(&objects));
        Ok(objects)
    }

    /// Decompresses an object stream or a cross-reference stream.
    fn unpack(&mut self, dict: &Dictionary, raw: &[u8]) -> Result<Vec<u8>, InspectError> {
        let unusual =
            || InspectError::new("The PDF file is compressed in an unusual way. Save it again with another program.");
        let filter = match dict.get(b"Filter") {
            Some(Object::Array(filters)) if filters.len() <= 1 => filters.first(),
            other => other,
        };
        let parameters = match dict.get(b"DecodeParms") {
            Some(Object::Array(parameters)) if parameters.len() <= 1 => parameters.first(),
            other => other,
        };
        let bytes = match filter {
            None => raw.to_vec(),
            Some(Object::Name(name)) if **name == *b"FlateDecode" => self.inflate(raw)?,
            Some(_) => return Err(unusual()),
        };
        self.unpacked = self.unpacked.checked_sub(bytes.len()).ok_or_else(too_much)?;
        match parameters {
            None | Some(Object::Null) => Ok(bytes),
            Some(Object::Dictionary(parameters)) => predicted(bytes, parameters).ok_or_else(unusual),
            Some(_) => Err(unusual()),
        }
    }

    fn inflate(&self, raw: &[u8]) -> Result<Vec<u8>, InspectError> {
        let mut bytes = Vec::new();
        let limit = self.unpacked as u64 + 1;
        let read = flate2::read::ZlibDecoder::new(raw).take(limit).read_to_end(&mut bytes);
        read.map_err(|_| damaged("compressed data in it cannot be decompressed"))?;
        if bytes.len() > self.unpacked { Err(too_much()) } else { Ok(bytes) }
    }
}

fn too_much() -> InspectError {
    beyond(&format!("is too large when decompressed: its lists of objects have more than {} MiB", UNPACKED >> 20))
}
