//! The filters of a stream (ISO 32000-2, section 7.4) and its decompressed size.
//!
//! The output of every filter of a chain counts. The output of image filters cannot be counted, so
//! they must be last, and the size of their images is checked (`images.rs`).

use std::cell::Cell;
use std::io::{self, Read, Write};

use super::super::error::InspectError;
use super::decoders::{Ascii85, Decoded, Flate, Hex, Lzw, RunLength};
use super::file::File;
use super::output::MAX_WRITTEN;
use super::rewrite::UNPACKED;
use super::syntax::{Dictionary, Object, beyond, damaged};

/// Maximum number of filters of a stream.
const MAX: usize = 5;
/// Maximum number in the parameters of a filter, such as columns and rows.
const LARGEST_PARAMETER: i64 = 1_000_000;
/// Maximum length of a predictor's row, in bits.
const LONGEST_ROW: usize = 64 * 1024 * 1024;

/// A filter that viewers support. `Crypt` is not allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    Flate,
    Lzw,
    RunLength,
    Hex,
    Ascii85,
    Fax,
    Jpeg,
    Jpeg2000,
    Jbig2,
}

/// The names of filters, and the abbreviations that some viewers accept.
const NAMES: [(Filter, &[u8], &[u8]); 9] = [
    (Filter::Flate, b"FlateDecode", b"Fl"),
    (Filter::Lzw, b"LZWDecode", b"LZW"),
    (Filter::RunLength, b"RunLengthDecode", b"RL"),
    (Filter::Hex, b"ASCIIHexDecode", b"AHx"),
    (Filter::Ascii85, b"ASCII85Decode", b"A85"),
    (Filter::Fax, b"CCITTFaxDecode", b"CCF"),
    (Filter::Jpeg, b"DCTDecode", b"DCT"),
    (Filter::Jpeg2000, b"JPXDecode", b"JPXDecode"),
    (Filter::Jbig2, b"JBIG2Decode", b"JBIG2Decode"),
];

impl Filter {
    fn from_name(name: &[u8]) -> Option<Self> {
        NAMES.iter().find(|(_, long, short)| *long == name || *short == name).map(|(filter, ..)| *filter)
    }

    fn name(self) -> &'static [u8] {
        NAMES.iter().find(|(filter, ..)| *filter == self).map_or(&b""[..], |(_, name, _)| *name)
    }

    fn is_for_images(self) -> bool {
        matches!(self, Self::Fax | Self::Jpeg | Self::Jpeg2000 | Self::Jbig2)
    }
}

/// Returns the error for a file whose decompressed size is too large.
pub fn too_much() -> InspectError {
    beyond(&format!("decompresses to more than viewers can hold ({} MiB)", UNPACKED >> 20))
}

/// Returns the reason why a stream cannot be decompressed.
fn unreadable(error: io::Error) -> InspectError {
    let damaged = |_| damaged("compressed data in it cannot be decompressed");
    error.downcast::<InspectError>().unwrap_or_else(damaged)
}

/// The filters of a stream in order, with their parameters.
#[derive(Debug)]
pub struct Filters(Vec<(Filter, Dictionary)>);

impl Filters {
    /// Reads the filters from the dictionary of a stream.
    ///
    /// # Errors
    /// A filter is unknown or has invalid parameters.
    pub fn read(file: &mut File<'_>, dict: &Dictionary) -> Result<Self, InspectError> {
        let unknown = || damaged("a stream is compressed with an unknown method");
        let mut parameters = list(file, dict.get(b"DecodeParms"))?.into_iter();
        let mut filters = Vec::new();
        for name in list(file, dict.get(b"Filter"))? {
            let Object::Name(name) = name else { return Err(unknown()) };
            let filter = Filter::from_name(&name).ok_or_else(unknown)?;
            filters.push((filter, read_parameters(file, parameters.next())?));
        }
        if filters.len() > MAX {
            return Err(beyond(&format!("contains a stream that is compressed more than {MAX} times")));
        }
        let before_last = filters.len().saturating_sub(1);
        if filters[..before_last].iter().any(|(filter, _)| filter.is_for_images()) {
            return Err(unknown());
        }
        Ok(Self(filters))
    }

    /// Returns the last filter and its parameters, if it is an image filter.
    pub fn image(&self) -> Option<(Filter, &Dictionary)> {
        self.0.last().filter(|(filter, _)| filter.is_for_images()).map(|(filter, parameters)| (*filter, parameters))
    }

    /// Returns the values to write as `Filter` and `DecodeParms`; null if there are none.
    pub fn written(&self) -> [Object; 2] {
        let names = self.0.iter().map(|(filter, _)| Object::Name(filter.name().into()));
        let parameters = self.0.iter().map(|(_, parameters)| match parameters.0.is_empty() {
            true => Object::Null,
            false => Object::Dictionary(parameters.clone()),
        });
        let parameters: Vec<Object> = parameters.collect();
        let has_none = parameters.iter().all(|parameters| *parameters == Object::Null);
        [one_or_all(names.collect()), if has_none { Object::Null } else { one_or_all(parameters) }]
    }

    /// Decompresses a stream up to an image filter, and subtracts the output of each filter from
    /// `left`. Returns the encoded image, or the whole output if `keep`; otherwise nothing.
    ///
    /// # Errors
    /// The output is larger than `left`, or the stream cannot be decompressed.
    pub fn unpack(&self, bytes: &[u8], left: &mut u64, keep: bool) -> Result<Vec<u8>, InspectError> {
        let mut unpacked = Vec::new();
        if !keep && self.image().is_none() {
            self.copy(bytes, left, &mut io::sink())?;
            return Ok(unpacked);
        }
        let cell = Cell::new(*left);
        let outcome = self.reader(bytes, &cell).take(MAX_WRITTEN as u64 + 1).read_to_end(&mut unpacked);
        *left = cell.get();
        outcome.map_err(unreadable)?;
        match unpacked.len() > MAX_WRITTEN {
            true => Err(beyond(&format!("contains an image of more than {} MiB", MAX_WRITTEN >> 20))),
            false => Ok(unpacked),
        }
    }

    /// Decompresses a stream into `to`, and subtracts the output of each filter from `left`.
    ///
    /// # Errors
    /// The output is larger than `left`, or the stream cannot be decompressed.
    pub fn copy(&self, bytes: &[u8], left: &mut u64, to: &mut dyn Write) -> Result<(), InspectError> {
        let cell = Cell::new(*left);
        let outcome = io::copy(&mut self.reader(bytes, &cell), to);
        *left = cell.get();
        outcome.map(|_| ()).map_err(unreadable)
    }

    fn reader<'b>(&self, bytes: &'b [u8], left: &'b Cell<u64>) -> Box<dyn Read + 'b> {
        let mut reader: Box<dyn Read + 'b> = Box::new(bytes);
        for (filter, parameters) in &self.0 {
            let unpacked: Box<dyn Read + 'b> = match filter {
                Filter::Flate => Box::new(Decoded::new(reader, Flate::default())),
                Filter::Lzw => {
                    let early = parameters.size(b"EarlyChange") != Some(0);
                    Box::new(Decoded::new(reader, Lzw::new(early)))
                }
                Filter::RunLength => Box::new(Decoded::new(reader, RunLength::default())),
                Filter::Hex => Box::new(Decoded::new(reader, Hex::default())),
                Filter::Ascii85 => Box::new(Decoded::new(reader, Ascii85::default())),
                Filter::Fax | Filter::Jpeg | Filter::Jpeg2000 | Filter::Jbig2 => return reader,
            };
            reader = Box::new(Counted { inner: unpacked, left });
        }
        reader
    }
}

/// Counts the bytes that are read.
struct Counted<'b> {
    inner: Box<dyn Read + 'b>,
    left: &'b Cell<u64>,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        let left = self.left.get().checked_sub(read as u64).ok_or_else(|| io::Error::other(too_much()))?;
        self.left.set(left);
        Ok(read)
    }
}

/// Returns a single value or the items of an array, with references resolved.
fn list(file: &mut File<'_>, value: Option<&Object>) -> Result<Vec<Object>, InspectError> {
    let Some(value) = value else { return Ok(Vec::new()) };
    match file.resolve(value)? {
        Object::Null => Ok(Vec::new()),
        Object::Array(items) => items.iter().map(|item| file.resolve(item)).collect(),
        one => Ok(vec![one]),
    }
}

fn one_or_all(mut objects: Vec<Object>) -> Object {
    match objects.len() {
        0 => Object::Null,
        1 => objects.swap_remove(0),
        _ => Object::Array(objects),
    }
}

/// Reads the parameters of one filter. References are replaced by their values, so that the checked
/// values are also the written ones.
fn read_parameters(file: &mut File<'_>, parameters: Option<Object>) -> Result<Dictionary, InspectError> {
    let wrong = || damaged("a stream is compressed with impossible parameters");
    let mut parameters = match parameters {
        None | Some(Object::Null) => Dictionary::default(),
        Some(Object::Dictionary(parameters)) => parameters,
        Some(_) => return Err(wrong()),
    };
    for (key, value) in &mut parameters.0 {
        if **key == *b"JBIG2Globals" {
            continue;
        }
        *value = file.resolve(value)?;
        match value {
            // Only K, the kind of a fax, may be negative.
            Object::Integer(number) if *number > LARGEST_PARAMETER => {
                let what = format!("a stream is compressed with impossible parameters above {LARGEST_PARAMETER}");
                return Err(damaged(&what));
            }
            Object::Integer(number) if *number < 0 && **key != *b"K" => return Err(wrong()),
            Object::Real(_) => return Err(wrong()),
            _ => {}
        }
    }
    let factors = [(&b"Columns"[..], 1), (b"Colors", 1), (b"BitsPerComponent", 8)];
    let factor = |(key, usual): (&[u8], usize)| parameters.size(key).unwrap_or(usual);
    let row = factors.into_iter().map(factor).fold(1, usize::saturating_mul);
    if row > LONGEST_ROW {
        let row = format!("rows of more than {} MiB", LONGEST_ROW / 8 / 1024 / 1024);
        return Err(damaged(&format!("a stream is compressed with impossible parameters: {row}")));
    }
    Ok(parameters)
}
