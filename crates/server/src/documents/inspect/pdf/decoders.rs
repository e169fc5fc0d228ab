//! Decodes streams piece by piece (ISO 32000-2, section 7.4), so that the whole output is never in
//! memory.

use std::io::{self, BufRead as _, BufReader, Read};

use flate2::{Decompress, FlushDecompress, Status};

use super::syntax::{damaged, hex_digit, is_space};

/// Approximate number of bytes to decode at a time.
const PIECE: usize = 16 * 1024;
/// First LZW code that is not a single byte.
const CLEAR: u16 = 256;
const END: u16 = 257;
const FIRST: u16 = 258;
/// Maximum number of LZW codes.
const CODES: u16 = 4096;

/// The input of a filter.
pub type Source<'a> = BufReader<Box<dyn Read + 'a>>;

/// The state of a filter within a stream.
pub trait Decode {
    /// Appends the next bytes to `out`, which is empty. Appends none at the end.
    ///
    /// # Errors
    /// The source fails, or its bytes are not valid input of the filter.
    fn decode(&mut self, source: &mut Source<'_>, out: &mut Vec<u8>) -> io::Result<()>;
}

/// Reads the output of a filter.
pub struct Decoded<'a, D> {
    source: Source<'a>,
    filter: D,
    piece: Vec<u8>,
    at: usize,
}

impl<'a, D> Decoded<'a, D> {
    pub fn new(source: Box<dyn Read + 'a>, filter: D) -> Self {
        Self { source: BufReader::new(source), filter, piece: Vec::new(), at: 0 }
    }
}

impl<D: Decode> Read for Decoded<'_, D> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at == self.piece.len() {
            self.piece.clear();
            self.at = 0;
            self.filter.decode(&mut self.source, &mut self.piece)?;
        }
        let read = (&self.piece[self.at..]).read(buffer)?;
        self.at += read;
        Ok(read)
    }
}

fn next(source: &mut Source<'_>) -> io::Result<Option<u8>> {
    let byte = source.fill_buf()?.first().copied();
    source.consume(usize::from(byte.is_some()));
    Ok(byte)
}

/// Viewers would interpret an invalid stream differently.
fn unreadable() -> io::Error {
    io::Error::other(damaged("compressed data in it cannot be decompressed"))
}

/// `FlateDecode`: zlib.
#[derive(Debug)]
pub struct Flate {
    inner: Decompress,
    ended: bool,
}

impl Default for Flate {
    fn default() -> Self {
        Self { inner: Decompress::new(true), ended: false }
    }
}

impl Decode for Flate {
    fn decode(&mut self, source: &mut Source<'_>, out: &mut Vec<u8>) -> io::Result<()> {
        while !self.ended && out.is_empty() {
            out.reserve(PIECE);
            let input = source.fill_buf()?;
            let before = self.inner.total_in();
            let status = self.inner.decompress_vec(input, out, FlushDecompress::None);
            let read = usize::try_from(self.inner.total_in() - before).unwrap_or(input.len());
            source.consume(read);
            self.ended = match status {
                Ok(Status::StreamEnd) => true,
                Ok(_) => read == 0 && out.is_empty(),
                // Viewers show the part of a damaged stream that can be decompressed.
                Err(_) if self.inner.total_out() > 0 => true,
                Err(_) => return Err(unreadable()),
            };
        }
        Ok(())
    }
}

/// `RunLengthDecode`.
#[derive(Debug, Default)]
pub struct RunLength {
    ended: bool,
}

impl Decode for RunLength {
    fn decode(&mut self, source: &mut Source<'_>, out: &mut Vec<u8>) -> io::Result<()> {
        while !self.ended && out.len() < PIECE {
            match next(source)? {
                None | Some(128) => self.ended = true,
                Some(length @ 0..=127) => {
                    source.by_ref().take(u64::from(length) + 1).read_to_end(out)?;
                }
                Some(length) => match next(source)? {
                    Some(byte) => out.resize(out.len() + 257 - usize::from(length), byte),
                    None => self.ended = true,
                },
            }
        }
        Ok(())
    }
}

/// `ASCIIHexDecode`.
#[derive(Debug, Default)]
pub struct Hex {
    high: Option<u8>,
    ended: bool,
}

impl Decode for Hex {
    fn decode(&mut self, source: &mut Source<'_>, out: &mut Vec<u8>) -> io::Result<()> {
        while !self.ended && out.len() < PIECE {
            match next(source)? {
                None | Some(b'>') => {
                    self.ended = true;
                    out.extend(self.high.take().map(|high| high << 4));
                }
                Some(byte) if is_space(byte) => {}
                Some(byte) => {
                    let digit = hex_digit(byte).ok_or_else(unreadable)?;
                    match self.high.take() {
                        Some(high) => out.push(high << 4 | digit),
                        None => self.high = Some(digit),
                    }
                }
            }
        }
        Ok(())
    }
}

#[derive(Debug, Default)]
pub struct Ascii85 {
    group: u32,
    digits: usize,
    ended: bool,
}

impl Ascii85 {
    fn digit(&mut self, digit: u8, out: &mut Vec<u8>) {
        self.group = self.group.wrapping_mul(85).wrapping_add(digit.into());
        self.digits += 1;
        if self.digits == 5 {
            out.extend(self.group.to_be_bytes());
            (self.group, self.digits) = (0, 0);
        }
    }
}

impl Decode for Ascii85 {
    fn decode(&mut self, source: &mut Source<'_>, out: &mut Vec<u8>) -> io::Result<()> {
        while !self.ended && out.len() < PIECE {
            match next(source)? {
                None | Some(b'~') => {
                    self.ended = true;
                    // A last group of n digits encodes n - 1 bytes.
                    let missing = (5 - self.digits) % 5;
                    for _ in 0..missing {
                        self.digit(84, out);
                    }
                    out.truncate(out.len().saturating_sub(missing));
                }
                Some(byte) if is_space(byte) => {}
                Some(b'z') if self.digits == 0 => out.extend([0; 4]),
                Some(byte @ b'!'..=b'u') => self.digit(byte - b'!', out),
                Some(_) => return Err(unreadable()),
            }
        }
        Ok(())
    }
}

/// `LZWDecode`: codes of 9 to 12 bits, the highest bit first.
#[derive(Debug)]
pub struct Lzw {
    /// 1 if the code width changes one code early (`EarlyChange`), otherwise 0.
    early: usize,
    width: u32,
    held: u32,
    bits: u32,
    /// The codes from [`FIRST`] on: the output of an earlier code, and a byte.
    table: Vec<(u16, u8)>,
    previous: Option<u16>,
    ended: bool,
}

impl Lzw {
    pub fn new(early: bool) -> Self {
        Self { early: early.into(), width: 9, held: 0, bits: 0, table: Vec::new(), previous: None, ended: false }
    }

    fn code(&mut self, source: &mut Source<'_>) -> io::Result<Option<u16>> {
        while self.bits < self.width {
            let Some(byte) = next(source)? else { return Ok(None) };
            self.held = (self.held << 8) | u32::from(byte);
            self.bits += 8;
        }
        self.bits -= self.width;
        let code = self.held >> self.bits;
        self.held -= code << self.bits;
        Ok(u16::try_from(code).ok())
    }

    /// Appends the output of `code`, which is in the table.
    fn write(&self, mut code: u16, out: &mut Vec<u8>) {
        let start = out.len();
        while let Some((prefix, last)) = code.checked_sub(FIRST).and_then(|at| self.table.get(usize::from(at))) {
            out.push(*last);
            code = *prefix;
        }
        out.push(code.to_le_bytes()[0]);
        out[start..].reverse();
    }

    fn append(&mut self, code: u16, out: &mut Vec<u8>) -> io::Result<()> {
        let start = out.len();
        let known = usize::from(FIRST) + self.table.len();
        match self.previous {
            _ if code < CLEAR || usize::from(code) < known => self.write(code, out),
            Some(previous) if usize::from(code) == known && code < CODES => {
                self.write(previous, out);
                out.push(out[start]);
            }
            _ => return Err(unreadable()),
        }
        if let Some(previous) = self.previous.replace(code)
            && known < usize::from(CODES)
        {
            self.table.push((previous, out[start]));
        }
        self.width = match usize::from(FIRST) + self.table.len() + self.early {
            ..512 => 9,
            512..1024 => 10,
            1024..2048 => 11,
            _ => 12,
        };
        Ok(())
    }
}

impl Decode for Lzw {
    fn decode(&mut self, source: &mut Source<'_>, out: &mut Vec<u8>) -> io::Result<()> {
        while !self.ended && out.len() < PIECE {
            match self.code(source)? {
                None | Some(END) => self.ended = true,
                Some(CLEAR) => {
                    self.table.clear();
                    self.width = 9;
                    self.previous = None;
                }
                Some(code) => self.append(code, out)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(filter: impl Decode, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        Decoded::new(Box::new(bytes), filter).read_to_end(&mut out).expect("decoded");
        out
    }

    #[test]
    fn streams_decode_as_the_standard_says() {
        // The example of section 7.4.4.2.
        let lzw = [0x80, 0x0b, 0x60, 0x50, 0x22, 0x0c, 0x0c, 0x85, 0x01];
        assert_eq!(decoded(Lzw::new(true), &lzw), b"-----A---B");
        assert_eq!(decoded(RunLength::default(), &[2, 1, 2, 3, 254, 7, 128, 9]), [1, 2, 3, 7, 7, 7]);
        assert_eq!(decoded(Hex::default(), b"4 1\n427>00"), b"ABp");
        assert_eq!(decoded(Ascii85::default(), b"87cUR\nD]i,\"Ebo80z~>"), b"Hello World!\0\0\0\0");
        assert_eq!(decoded(Ascii85::default(), b"87cURDZ~>"), b"Hello");
    }

    #[test]
    fn streams_with_wrong_codes_are_not_decoded() {
        let fails = |mut reader: Box<dyn Read>| reader.read_to_end(&mut Vec::new()).is_err();
        assert!(fails(Box::new(Decoded::new(Box::new(&b"4x"[..]), Hex::default()))));
        assert!(fails(Box::new(Decoded::new(Box::new(&b"87{"[..]), Ascii85::default()))));
        assert!(fails(Box::new(Decoded::new(Box::new(&[0xff_u8, 0xff][..]), Lzw::new(true)))));
        assert!(fails(Box::new(Decoded::new(Box::new(&b"no zlib"[..]), Flate::default()))));
    }
}
