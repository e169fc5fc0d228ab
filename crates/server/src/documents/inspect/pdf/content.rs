//! Counts the operators of a content stream (ISO 32000-2, section 7.8.2), and the names in it.
//!
//! Viewers differ in where strings, comments and inline images end. So names and operators count
//! wherever they are, and nothing can be hidden from the count.

use std::collections::HashMap;
use std::io::{self, Write};

use super::syntax::{hex_digit, is_regular};

/// Maximum length of a word that is kept. Names of resources are shorter.
const WORD: usize = 2048;

/// Operators that paint with the current colour, or draw text or an external object.
const PAINTS: [&[u8]; 14] = [b"f", b"F", b"f*", b"B", b"B*", b"b", b"b*", b"S", b"s", b"Tj", b"TJ", b"'", b"\"", b"Do"];

/// The work of drawing a content stream.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cost {
    pub operators: u64,
    /// The operators among them that paint.
    pub paints: u64,
    /// Upper bound on the number of glyphs.
    pub glyphs: u64,
}

impl Cost {
    /// Adds a drawing that is drawn this many times.
    pub fn add(&mut self, other: Self, times: u64) {
        let sum = |one: u64, other: u64| one.saturating_add(other.saturating_mul(times));
        self.operators = sum(self.operators, other.operators);
        self.paints = sum(self.paints, other.paints);
        self.glyphs = sum(self.glyphs, other.glyphs);
    }
}

/// A content stream, which is written to it.
#[derive(Debug, Default)]
pub struct Content {
    /// Without the drawings that it names.
    pub cost: Cost,
    /// How often each name is in it.
    pub names: HashMap<Vec<u8>, u64>,
    word: Vec<u8>,
    /// Number of open parentheses.
    depth: usize,
    is_escaped: bool,
    is_hex: bool,
}

impl Content {
    /// Ends the last word.
    pub fn end(&mut self) {
        match self.word.split_first() {
            Some((b'/', name)) => {
                let name = unescaped(name);
                match self.names.get_mut(&name) {
                    Some(times) => *times += 1,
                    None => {
                        self.names.insert(name, 1);
                    }
                }
            }
            _ => {
                // Some viewers end a number at the first letter.
                let is_letter = |byte: &u8| !byte.is_ascii_digit() && !matches!(byte, b'+' | b'-' | b'.');
                if let Some(at) = self.word.iter().position(is_letter) {
                    self.cost.operators += 1;
                    self.cost.paints += u64::from(PAINTS.contains(&&self.word[at..]));
                }
            }
        }
        self.word.clear();
    }

    fn byte(&mut self, byte: u8) {
        self.count_glyphs(byte);
        if !is_regular(byte) {
            self.end();
        }
        if (byte == b'/' || is_regular(byte)) && self.word.len() < WORD {
            self.word.push(byte);
        }
    }

    /// Counts the bytes of strings. What a viewer takes for a string begins with an opening
    /// character here too, so the count is never too small.
    fn count_glyphs(&mut self, byte: u8) {
        self.cost.glyphs += u64::from(self.depth > 0 || self.is_hex);
        match byte {
            b'<' => self.is_hex = true,
            b'>' => self.is_hex = false,
            _ => {}
        }
        match byte {
            _ if self.is_escaped => self.is_escaped = false,
            b'\\' if self.depth > 0 => self.is_escaped = true,
            b'(' => self.depth += 1,
            b')' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
    }
}

impl Write for Content {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for byte in bytes {
            self.byte(*byte);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Replaces the escapes of a name.
fn unescaped(name: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(name.len());
    let mut rest = name;
    while let Some((first, after)) = rest.split_first() {
        let escaped = match after {
            [high, low, ..] if *first == b'#' => hex_digit(*high).zip(hex_digit(*low)),
            _ => None,
        };
        let (byte, length) = escaped.map_or((*first, 1), |(high, low)| (high << 4 | low, 3));
        out.push(byte);
        rest = &rest[length..];
    }
    out
}
