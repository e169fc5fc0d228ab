//! Writes a PDF file: the objects in sequence, and their table.

use super::super::error::InspectError;
use super::syntax::{Object, beyond};

/// Maximum size of a rewritten file. Objects that were compressed take more space than before.
pub const MAX_WRITTEN: usize = 2 * credential::MAX_BYTES;

/// A file that is being written.
#[derive(Debug, Default)]
pub struct Output {
    pub bytes: Vec<u8>,
    /// The offset of each object, by its number. Number 0 is not an object.
    offsets: Vec<usize>,
}

impl Output {
    pub fn new(version: &[u8]) -> Self {
        let bytes = [b"%PDF-", version, b"\n%\xe2\xe3\xcf\xd3\n"].concat();
        Self { bytes, offsets: vec![0] }
    }

    /// Reserves a number for an object that is written later.
    pub fn reserve(&mut self) -> u32 {
        self.offsets.push(0);
        u32::try_from(self.offsets.len() - 1).unwrap_or(u32::MAX)
    }

    /// Writes the object `number` with this body.
    ///
    /// # Errors
    /// The file is too long.
    pub fn object(&mut self, number: u32, parts: &[&[u8]]) -> Result<(), InspectError> {
        if let Some(offset) = usize::try_from(number).ok().and_then(|number| self.offsets.get_mut(number)) {
            *offset = self.bytes.len();
        }
        self.bytes.extend_from_slice(format!("{number} 0 obj\n").as_bytes());
        for part in parts {
            self.bytes.extend_from_slice(part);
        }
        self.bytes.extend_from_slice(b"\nendobj\n");
        match self.bytes.len() > MAX_WRITTEN {
            true => Err(beyond(&format!(
                "is too large when decompressed: rewritten, it has more than {} MiB",
                MAX_WRITTEN >> 20
            ))),
            false => Ok(()),
        }
    }

    /// Writes the table and the trailer, which contains these entries and its size.
    pub fn finish(mut self, trailer: &[u8]) -> Vec<u8> {
        let start = self.bytes.len();
        let size = self.offsets.len();
        let mut end = format!("xref\n0 {size}\n0000000000 65535 f \n");
        for offset in &self.offsets[1..] {
            end.push_str(&format!("{offset:010} 00000 n \n"));
        }
        self.bytes.extend_from_slice(end.as_bytes());
        self.bytes.extend_from_slice(format!("trailer\n<< /Size {size}").as_bytes());
        self.bytes.extend_from_slice(trailer);
        self.bytes.extend_from_slice(format!(" >>\nstartxref\n{start}\n%%EOF\n").as_bytes());
        self.bytes
    }
}

/// Writes a name.
pub fn name(name: &[u8], out: &mut Vec<u8>) {
    out.push(b'/');
    for byte in name {
        match byte {
            b'#' | b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%' => {
                out.extend_from_slice(format!("#{byte:02x}").as_bytes());
            }
            0x21..=0x7e => out.push(*byte),
            _ => out.extend_from_slice(format!("#{byte:02x}").as_bytes()),
        }
    }
}

fn string(string: &[u8], out: &mut Vec<u8>) {
    out.push(b'(');
    for byte in string {
        match byte {
            b'(' | b')' | b'\\' => out.extend_from_slice(&[b'\\', *byte]),
            b'\r' => out.extend_from_slice(b"\\r"),
            byte => out.push(*byte),
        }
    }
    out.push(b')');
}

/// Writes an object that contains no others; null for those that do.
pub fn scalar(object: &Object, out: &mut Vec<u8>) {
    match object {
        Object::Boolean(true) => out.extend_from_slice(b"true"),
        Object::Boolean(false) => out.extend_from_slice(b"false"),
        Object::Integer(number) => out.extend_from_slice(number.to_string().as_bytes()),
        Object::Real(spelled) => out.extend_from_slice(spelled),
        Object::Name(spelled) => name(spelled, out),
        Object::String(bytes) => string(bytes, out),
        Object::Null | Object::Array(_) | Object::Dictionary(_) | Object::Reference(_) => {
            out.extend_from_slice(b"null");
        }
    }
}

/// Writes a reference to the object `number`.
pub fn reference(number: u32, out: &mut Vec<u8>) {
    out.extend_from_slice(format!("{number} 0 R").as_bytes());
}
