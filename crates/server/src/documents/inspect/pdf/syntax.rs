//! The syntax of PDF (ISO 32000-2, sections 7.2 and 7.3), parsed strictly: invalid syntax is an
//! error.

use super::super::error::InspectError;

/// Maximum number of direct objects of a file. Each takes about 50 bytes of memory.
pub const OBJECTS: usize = 3_000_000;
/// Maximum nesting of arrays and dictionaries within one object.
const DEPTH: usize = 60;
/// Maximum length of a name. Viewers differ in their support beyond 127 bytes.
const NAME_LENGTH: usize = 512;
/// Maximum length of a number.
const NUMBER_LENGTH: usize = 40;

/// The number and generation of an indirect object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id {
    pub number: u32,
    pub generation: u16,
}

/// A direct object.
#[derive(Clone, Debug, PartialEq)]
pub enum Object {
    Null,
    Boolean(bool),
    Integer(i64),
    /// A number with a decimal point, as written.
    Real(Box<[u8]>),
    Name(Box<[u8]>),
    String(Box<[u8]>),
    Array(Vec<Object>),
    Dictionary(Dictionary),
    Reference(Id),
}

/// A dictionary in file order. Keys are unique.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dictionary(pub Vec<(Box<[u8]>, Object)>);

impl Dictionary {
    /// Returns the value of `key`. A missing value and null are equivalent: both are `None`.
    pub fn get(&self, key: &[u8]) -> Option<&Object> {
        let value = self.0.iter().find(|(name, _)| **name == *key).map(|(_, value)| value);
        value.filter(|value| **value != Object::Null)
    }

    /// Returns the value of `key` if it is a name.
    pub fn name(&self, key: &[u8]) -> Option<&[u8]> {
        match self.get(key) {
            Some(Object::Name(name)) => Some(name),
            _ => None,
        }
    }

    /// Returns the value of `key` if it is a direct non-negative integer.
    pub fn size(&self, key: &[u8]) -> Option<usize> {
        match self.get(key) {
            Some(Object::Integer(number)) => usize::try_from(*number).ok(),
            _ => None,
        }
    }
}

pub fn is_space(byte: u8) -> bool {
    matches!(byte, 0 | b'\t' | b'\n' | 0x0c | b'\r' | b' ')
}

fn is_delimiter(byte: u8) -> bool {
    matches!(byte, b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%')
}

pub fn is_regular(byte: u8) -> bool {
    !is_space(byte) && !is_delimiter(byte)
}

/// Creates the error for a file that cannot be read.
pub fn damaged(what: &str) -> InspectError {
    InspectError(format!("The PDF file is damaged ({what}). Save it again with another program."))
}

/// Creates the error for a file that exceeds a limit, which `what` names.
pub fn beyond(what: &str) -> InspectError {
    InspectError(format!("The PDF file {what}. Save it again with another program."))
}

/// Parses tokens and objects.
#[derive(Debug)]
pub struct Parser<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Number of objects that may still be parsed in the whole file, which bounds memory.
    room: &'a mut usize,
}

impl<'a> Parser<'a> {
    pub fn new(bytes: &'a [u8], at: usize, room: &'a mut usize) -> Self {
        Self { bytes, at, room }
    }

    pub fn position(&self) -> usize {
        self.at
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Skips white space and comments.
    pub fn skip_space(&mut self) {
        while let Some(byte) = self.peek() {
            if byte == b'%' {
                while self.peek().is_some_and(|byte| byte != b'\n' && byte != b'\r') {
                    self.at += 1;
                }
            } else if is_space(byte) {
                self.at += 1;
            } else {
                return;
            }
        }
    }

    /// Returns the regular characters that follow, without advancing.
    fn word(&self) -> &'a [u8] {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let length = rest.iter().position(|byte| !is_regular(*byte)).unwrap_or(rest.len());
        &rest[..length]
    }

    /// Consumes the keyword `word` if it follows, and returns whether it did.
    pub fn keyword(&mut self, word: &[u8]) -> bool {
        self.skip_space();
        let found = self.word() == word;
        if found {
            self.at += word.len();
        }
        found
    }

    /// Parses an unsigned integer.
    pub fn unsigned<T: std::str::FromStr>(&mut self) -> Option<T> {
        self.skip_space();
        let word = self.word();
        let digits = word.iter().all(u8::is_ascii_digit);
        let number = std::str::from_utf8(word).ok().filter(|_| digits)?.parse().ok()?;
        self.at += word.len();
        Some(number)
    }

    /// Parses the start of an indirect object: `12 0 obj`.
    pub fn header(&mut self) -> Option<Id> {
        let id = Id { number: self.unsigned()?, generation: self.unsigned()? };
        self.keyword(b"obj").then_some(id)
    }

    /// Returns the offset of a stream's bytes, if `stream` and an end of line follow.
    pub fn stream_start(&mut self) -> Result<Option<usize>, InspectError> {
        if !self.keyword(b"stream") {
            return Ok(None);
        }
        let skipped = match self.bytes.get(self.at..) {
            Some([b'\r', b'\n', ..]) => 2,
            Some([b'\n', ..]) => 1,
            _ => return Err(damaged("a stream does not start on its own line")),
        };
        self.at += skipped;
        Ok(Some(self.at))
    }

    /// Parses one direct object.
    pub fn object(&mut self) -> Result<Object, InspectError> {
        self.value(0)
    }

    fn value(&mut self, depth: usize) -> Result<Object, InspectError> {
        if depth > DEPTH {
            return Err(beyond(&format!("contains objects that are nested too deeply: more than {DEPTH} levels")));
        }
        let too_many = || beyond(&format!("contains too many objects: more than {OBJECTS} values"));
        *self.room = self.room.checked_sub(1).ok_or_else(too_many)?;
        self.skip_space();
        match self.bytes.get(self.at..).unwrap_or_default() {
            [b'/', ..] => self.name().map(Object::Name),
            [b'(', ..] => self.literal_string(),
            [b'<', b'<', ..] => self.dictionary(depth),
            [b'<', ..] => self.hex_string(),
            [b'[', ..] => self.array(depth),
            [b'0'..=b'9' | b'+' | b'-' | b'.', ..] => self.number(),
            _ => match self.word() {
                b"true" => self.take(4, Object::Boolean(true)),
                b"false" => self.take(5, Object::Boolean(false)),
                b"null" => self.take(4, Object::Null),
                _ => Err(damaged("something in it is not an object")),
            },
        }
    }

    fn take(&mut self, length: usize, object: Object) -> Result<Object, InspectError> {
        self.at += length;
        Ok(object)
    }

    fn array(&mut self, depth: usize) -> Result<Object, InspectError> {
        self.at += 1;
        let mut items = Vec::new();
        loop {
            self.skip_space();
            if self.peek() == Some(b']') {
                return self.take(1, Object::Array(items));
            }
            items.push(self.value(depth + 1)?);
        }
    }

    fn dictionary(&mut self, depth: usize) -> Result<Object, InspectError> {
        self.at += 2;
        let mut members: Vec<(Box<[u8]>, Object)> = Vec::new();
        loop {
            self.skip_space();
            match self.bytes.get(self.at..).unwrap_or_default() {
                [b'>', b'>', ..] => break,
                [b'/', ..] => {
                    let key = self.name()?;
                    members.push((key, self.value(depth + 1)?));
                }
                _ => return Err(damaged("the end of a dictionary is missing")),
            }
        }
        let mut keys: Vec<&[u8]> = members.iter().map(|(key, _)| &**key).collect();
        keys.sort_unstable();
        if keys.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(damaged("a dictionary has a duplicate key"));
        }
        self.take(2, Object::Dictionary(Dictionary(members)))
    }

    fn name(&mut self) -> Result<Box<[u8]>, InspectError> {
        self.at += 1;
        let spelled = self.word();
        self.at += spelled.len();
        let mut name = Vec::with_capacity(spelled.len());
        let mut rest = spelled;
        while let Some((first, after)) = rest.split_first() {
            let (byte, after) = match (first, after) {
                (b'#', [high, low, after @ ..]) => (hex_digit(*high).zip(hex_digit(*low)), after),
                (b'#', _) => (None, after),
                (byte, after) => (Some((byte >> 4, byte & 0xf)), after),
            };
            let (high, low) = byte.ok_or_else(|| damaged("a name has an invalid escape"))?;
            name.push(high << 4 | low);
            rest = after;
        }
        if name.len() > NAME_LENGTH {
            return Err(beyond(&format!("contains a name of more than {NAME_LENGTH} bytes")));
        }
        if name.contains(&0) {
            return Err(damaged("a name contains a zero byte"));
        }
        Ok(name.into())
    }

    fn number(&mut self) -> Result<Object, InspectError> {
        let word = self.word();
        let unsigned = word.strip_prefix(b"-").or_else(|| word.strip_prefix(b"+")).unwrap_or(word);
        let (digits, points) = unsigned.iter().fold((0, 0), |(digits, points), byte| match byte {
            b'0'..=b'9' => (digits + 1, points),
            b'.' => (digits, points + 1),
            _ => (digits, 2),
        });
        let wrong = || damaged("a number cannot be parsed");
        if digits == 0 || points > 1 {
            return Err(wrong());
        }
        if word.len() > NUMBER_LENGTH {
            return Err(beyond(&format!("contains a number of more than {NUMBER_LENGTH} characters")));
        }
        self.at += word.len();
        if points == 1 {
            return Ok(Object::Real(word.into()));
        }
        let number = std::str::from_utf8(word).ok().and_then(|word| word.parse::<i64>().ok()).ok_or_else(wrong)?;
        Ok(self.reference(word, number).unwrap_or(Object::Integer(number)))
    }

    /// Parses the reference `12 0 R` after its first number. Does not advance if there is none.
    fn reference(&mut self, word: &[u8], number: i64) -> Option<Object> {
        if !word.first()?.is_ascii_digit() {
            return None;
        }
        let number = u32::try_from(number).ok()?;
        let before = self.at;
        let generation = self.unsigned::<u16>();
        if let Some(generation) = generation
            && self.keyword(b"R")
        {
            return Some(Object::Reference(Id { number, generation }));
        }
        self.at = before;
        None
    }

    fn literal_string(&mut self) -> Result<Object, InspectError> {
        let mut string = Vec::new();
        let mut open = 1;
        self.at += 1;
        while let Some(byte) = self.peek() {
            self.at += 1;
            match byte {
                b'\\' => self.escape(&mut string),
                b'(' => {
                    open += 1;
                    string.push(byte);
                }
                b')' => {
                    open -= 1;
                    if open == 0 {
                        return Ok(Object::String(string.into()));
                    }
                    string.push(byte);
                }
                // Every end of line is read as a line feed.
                b'\r' => {
                    self.at += usize::from(self.peek() == Some(b'\n'));
                    string.push(b'\n');
                }
                byte => string.push(byte),
            }
        }
        Err(damaged("the end of a string is missing"))
    }

    fn escape(&mut self, string: &mut Vec<u8>) {
        let Some(byte) = self.peek() else { return };
        self.at += 1;
        match byte {
            b'n' => string.push(b'\n'),
            b'r' => string.push(b'\r'),
            b't' => string.push(b'\t'),
            b'b' => string.push(8),
            b'f' => string.push(12),
            b'\r' => self.at += usize::from(self.peek() == Some(b'\n')),
            b'\n' => {}
            b'0'..=b'7' => {
                let mut code = u32::from(byte - b'0');
                for _ in 0..2 {
                    let Some(digit @ b'0'..=b'7') = self.peek() else { break };
                    code = code * 8 + u32::from(digit - b'0');
                    self.at += 1;
                }
                // High-order overflow is ignored (section 7.3.4.2).
                string.push(code.to_le_bytes()[0]);
            }
            byte => string.push(byte),
        }
    }

    fn hex_string(&mut self) -> Result<Object, InspectError> {
        self.at += 1;
        let mut digits = Vec::new();
        while let Some(byte) = self.peek() {
            self.at += 1;
            match hex_digit(byte) {
                Some(digit) => digits.push(digit),
                None if is_space(byte) => {}
                None if byte == b'>' => {
                    let bytes = digits.chunks(2).map(|pair| pair[0] << 4 | pair.get(1).copied().unwrap_or(0));
                    return Ok(Object::String(bytes.collect()));
                }
                None => break,
            }
        }
        Err(damaged("a string has invalid digits"))
    }
}

pub fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}
