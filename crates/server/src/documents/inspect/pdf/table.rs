//! The rows of cross-reference tables (ISO 32000-2, sections 7.5.4 and 7.5.8).

use super::super::error::InspectError;
use super::syntax::{Dictionary, Object, beyond, damaged};

/// Maximum number of entries of all cross-reference tables.
pub const ENTRIES: usize = 1_000_000;
/// Maximum depth of loads: the length of a stream may be an object in an object stream.
pub const NESTED_LOADS: usize = 4;

/// Returns the error for a file with more than [`ENTRIES`].
pub fn too_many() -> InspectError {
    beyond(&format!("contains too many objects: more than {ENTRIES}"))
}

/// Returns the error for a file that needs more than [`NESTED_LOADS`].
pub fn too_nested() -> InspectError {
    beyond(&format!("has streams whose lengths or objects are in other streams, more than {NESTED_LOADS} deep"))
}

/// The location of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    Free,
    At { offset: usize, generation: u16 },
    Within { stream: u32, index: usize },
}

/// Returns the sizes in an array, or an empty list if an item is not a size.
pub fn integers(object: &Object) -> Vec<usize> {
    let Object::Array(items) = object else { return Vec::new() };
    let numbers = items.iter().map(|item| match item {
        Object::Integer(number) => usize::try_from(*number).ok(),
        _ => None,
    });
    numbers.collect::<Option<_>>().unwrap_or_default()
}

/// Refuses a table that lists an object twice.
pub fn check_unique<'e>(entries: impl Iterator<Item = &'e (u32, Entry)>) -> Result<(), InspectError> {
    let mut numbers: Vec<u32> = entries.map(|(number, _)| *number).collect();
    numbers.sort_unstable();
    match numbers.windows(2).any(|pair| pair[0] == pair[1]) {
        true => Err(damaged("its cross-reference table lists an object twice")),
        false => Ok(()),
    }
}

/// Parses one row of a cross-reference stream with these column widths.
pub fn table_entry(row: &[u8], widths: &[usize]) -> Result<Entry, InspectError> {
    let wrong = || damaged("its cross-reference table cannot be parsed");
    let (kind, rest) = row.split_at(widths[0]);
    let (second, third) = rest.split_at(widths[1]);
    let number = |bytes: &[u8]| bytes.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    let kind = if kind.is_empty() { 1 } else { number(kind) };
    let (second, third) = (number(second), number(third));
    match kind {
        0 => Ok(Entry::Free),
        1 => Ok(Entry::At {
            offset: usize::try_from(second).map_err(|_| wrong())?,
            generation: u16::try_from(third).map_err(|_| wrong())?,
        }),
        2 => Ok(Entry::Within {
            stream: u32::try_from(second).map_err(|_| wrong())?,
            index: usize::try_from(third).map_err(|_| wrong())?,
        }),
        _ => Err(wrong()),
    }
}

/// Reverses a PNG predictor (section 7.4.4.4) on rows of single bytes.
pub fn predicted(bytes: Vec<u8>, parameters: &Dictionary) -> Option<Vec<u8>> {
    let predictor = if parameters.get(b"Predictor").is_some() { parameters.size(b"Predictor")? } else { 1 };
    if predictor == 1 {
        return Some(bytes);
    }
    let is_plain = |key: &[u8], usual| parameters.get(key).is_none() || parameters.size(key) == Some(usual);
    if !(10..=15).contains(&predictor) || !is_plain(b"Colors", 1) || !is_plain(b"BitsPerComponent", 8) {
        return None;
    }
    let columns = if parameters.get(b"Columns").is_some() { parameters.size(b"Columns")? } else { 1 };
    let row = columns.checked_add(1).filter(|row| *row > 1 && *row <= bytes.len().max(2))?;
    let mut out = Vec::with_capacity(bytes.len());
    let mut above = vec![0; columns];
    for line in bytes.chunks(row) {
        let (kind, line) = line.split_first()?;
        let mut current = vec![0; columns];
        for (at, byte) in line.iter().enumerate() {
            let (left, corner) = if at == 0 { (0, 0) } else { (current[at - 1], above[at - 1]) };
            let guess = match kind {
                0 => 0,
                1 => left,
                2 => above[at],
                3 => u16::midpoint(left.into(), above[at].into()).to_le_bytes()[0],
                4 => paeth(left, above[at], corner),
                _ => return None,
            };
            current[at] = byte.wrapping_add(guess);
        }
        out.extend_from_slice(&current[..line.len()]);
        above = current;
    }
    Some(out)
}

fn paeth(left: u8, above: u8, corner: u8) -> u8 {
    let estimate = i16::from(left) + i16::from(above) - i16::from(corner);
    let distance = |byte: u8| (estimate - i16::from(byte)).abs();
    if distance(left) <= distance(above) && distance(left) <= distance(corner) {
        left
    } else if distance(above) <= distance(corner) {
        above
    } else {
        corner
    }
}
