//! PNG images: their chunks and their decoding.
//!
//! Owns the guarantee that a delivered image has only chunks that decide how it is drawn, and ends
//! with the image. Texts, animation, unknown chunks and what follows the end are left out.

use std::io::{self, Cursor, Read as _};

use flate2::bufread::ZlibDecoder;
use flate2::{Crc, Decompress, FlushDecompress, Status};
use png::{Decoder, Limits};

use super::error::InspectError;
use super::pixels;
use super::verdict::Accepted;

/// Maximum memory of the decoder for chunks that it keeps, in bytes.
const MEMORY: usize = 64 * 1024 * 1024;
/// Maximum decompressed size of a colour profile, in bytes. Known ones have up to 2 MiB.
const PROFILE: u64 = 4 * 1024 * 1024;
/// Length of the signature before the first chunk.
const SIGNATURE: usize = 8;
/// Length of a chunk without its data: length, type and checksum.
const FRAME: usize = 12;
/// The last chunk, which has no data.
const END: [u8; FRAME] = *b"\0\0\0\0IEND\xae\x42\x60\x82";

/// The optional chunks that are delivered, with the maximum length of their data (PNG, section
/// 11.3).
const OPTIONAL: [(&[u8; 4], usize); 13] = [
    (b"tRNS", 256),
    (b"cHRM", 32),
    (b"gAMA", 4),
    (b"iCCP", usize::MAX),
    (b"sBIT", 4),
    (b"sRGB", 1),
    (b"cICP", 4),
    (b"mDCV", 24),
    (b"cLLI", 8),
    (b"bKGD", 6),
    (b"hIST", 512),
    (b"pHYs", 9),
    // The orientation.
    (b"eXIf", usize::MAX),
];

fn damaged() -> InspectError {
    InspectError::new("The PNG image is damaged and cannot be decoded.")
}

fn too_much_data() -> InspectError {
    InspectError::new("The PNG image contains more data than its pixels.")
}

/// Inspects a PNG image.
///
/// # Errors
/// It cannot be decoded, or exceeds a limit.
pub fn inspect(bytes: &[u8]) -> Result<Accepted, InspectError> {
    let mut decoder = decoder(bytes);
    let header = decoder.read_header_info().map_err(|_| damaged())?;
    pixels::check(u64::from(header.width), u64::from(header.height))?;
    // Interlaced rows are shorter than those of the image, and each begins with a byte of its own.
    let most = (header.raw_bytes() as u64).saturating_mul(4).saturating_add(65_536);
    let mut image = Kept::new(most);
    image.read(bytes)?;
    decode(&image.bytes, image.packed)?;
    Ok(if image.bytes == bytes { Accepted::Unchanged } else { Accepted::Rewritten(image.bytes) })
}

fn decoder(bytes: &[u8]) -> Decoder<Cursor<&[u8]>> {
    Decoder::new_with_limits(Cursor::new(bytes), Limits { bytes: MEMORY })
}

/// Decodes the image that is delivered. `packed` is the size of the image data that arrived.
fn decode(bytes: &[u8], packed: usize) -> Result<(), InspectError> {
    let mut reader = decoder(bytes).read_info().map_err(|_| damaged())?;
    let rows = reader.output_buffer_size().unwrap_or(usize::MAX);
    if packed > rows.saturating_add(rows / 64).saturating_add(65_536) {
        return Err(too_much_data());
    }
    // Row by row, so that the whole image is never in memory.
    while reader.next_row().map_err(|_| damaged())?.is_some() {}
    reader.finish().map_err(|_| damaged())
}

/// The parts of an image that are delivered.
#[derive(Debug)]
struct Kept {
    bytes: Vec<u8>,
    optional: Vec<[u8; 4]>,
    data: Decompress,
    /// Maximum decompressed size of the image data.
    most: u64,
    has_all_data: bool,
    /// Total size of the chunks with image data.
    packed: usize,
}

impl Kept {
    fn new(most: u64) -> Self {
        let data = Decompress::new(true);
        Self { bytes: Vec::new(), optional: Vec::new(), data, most, has_all_data: false, packed: 0 }
    }

    /// Copies the chunks to deliver from `bytes`, which start with a signature (PNG, section 5.3).
    fn read(&mut self, bytes: &[u8]) -> Result<(), InspectError> {
        self.bytes = Vec::with_capacity(bytes.len());
        let (signature, mut rest) = bytes.split_at_checked(SIGNATURE).ok_or_else(damaged)?;
        self.bytes.extend_from_slice(signature);
        loop {
            let [a, b, c, d, kind @ ..] = *rest.first_chunk::<8>().ok_or_else(damaged)?;
            if kind == *b"IEND" {
                self.bytes.extend_from_slice(&END);
                return Ok(());
            }
            let length = usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap_or(usize::MAX);
            let (chunk, following) = rest.split_at_checked(length.saturating_add(FRAME)).ok_or_else(damaged)?;
            rest = following;
            match &kind {
                b"IHDR" | b"PLTE" => self.bytes.extend_from_slice(chunk),
                b"IDAT" => self.image_data(chunk)?,
                optional if self.is_kept(optional, chunk) => self.bytes.extend_from_slice(chunk),
                // A capital letter: the image cannot be drawn without it.
                [b'A'..=b'Z', ..] => return Err(damaged()),
                _ => {}
            }
        }
    }

    /// Returns whether an optional chunk is delivered: the first one of its type, if it is valid
    /// and at a position where decoders read it.
    fn is_kept(&mut self, kind: &[u8; 4], chunk: &[u8]) -> bool {
        let is_early = self.packed == 0 || kind == b"eXIf";
        let most = OPTIONAL.iter().find(|(known, _)| *known == kind).map(|(_, most)| *most);
        let (body, checksum) = chunk[4..].split_at(chunk.len() - 8);
        let is_valid = most.is_some_and(|most| body.len() - 4 <= most) && crc(body) == *checksum;
        let fits = || kind != b"iCCP" || is_profile(&body[4..]);
        if !is_valid || !is_early || self.optional.contains(kind) || !fits() {
            return false;
        }
        self.optional.push(*kind);
        true
    }

    /// Copies image data up to the end of its compressed stream.
    fn image_data(&mut self, chunk: &[u8]) -> Result<(), InspectError> {
        let data = &chunk[8..chunk.len() - 4];
        self.packed = self.packed.saturating_add(data.len());
        if self.has_all_data {
            return Ok(());
        }
        let used = self.decompress(data)?;
        if used == data.len() {
            self.bytes.extend_from_slice(chunk);
            return Ok(());
        }
        let length = u32::try_from(used).map_err(|_| damaged())?;
        self.bytes.extend_from_slice(&length.to_be_bytes());
        let body = &chunk[4..8 + used];
        self.bytes.extend_from_slice(body);
        self.bytes.extend_from_slice(&crc(body));
        Ok(())
    }

    /// Decompresses image data, and returns how many bytes of it belong to the stream.
    fn decompress(&mut self, data: &[u8]) -> Result<usize, InspectError> {
        let mut scratch = vec![0; 64 * 1024];
        let before = self.data.total_in();
        loop {
            let used = usize::try_from(self.data.total_in() - before).map_err(|_| damaged())?;
            let counts = (self.data.total_in(), self.data.total_out());
            let status = self.data.decompress(&data[used..], &mut scratch, FlushDecompress::None);
            let status = status.map_err(|_| damaged())?;
            if self.data.total_out() > self.most {
                return Err(too_much_data());
            }
            if status == Status::StreamEnd {
                self.has_all_data = true;
                return usize::try_from(self.data.total_in() - before).map_err(|_| damaged());
            }
            if counts == (self.data.total_in(), self.data.total_out()) {
                return Ok(data.len());
            }
        }
    }
}

/// Returns whether the data of a chunk is the name of a colour profile and its compressed bytes,
/// without others after them (PNG, section 11.3.2.3).
fn is_profile(data: &[u8]) -> bool {
    let name = data.iter().take(80).position(|byte| *byte == 0);
    let Some([0, compressed @ ..]) = name.and_then(|end| data.get(end + 1..)) else { return false };
    let mut decoder = ZlibDecoder::new(compressed);
    let size = io::copy(&mut decoder.by_ref().take(PROFILE + 1), &mut io::sink());
    size.is_ok_and(|size| size <= PROFILE) && decoder.total_in() == compressed.len() as u64
}

fn crc(bytes: &[u8]) -> [u8; 4] {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum().to_be_bytes()
}
