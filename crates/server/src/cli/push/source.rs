//! What is pushed, one credential after the other, whatever the file looks like.

use bytes::Bytes;
use credential::{Context, Type};

use super::Stop;
use super::input::Input;
use super::journal::Past;
use super::lines::Lines;
use super::refusal::Refusal;
use super::table::Table;
use crate::seal::sha256;

/// One credential, ready to be sent.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The line that it begins on.
    pub line: u32,
    /// The person, as the file names them.
    pub person: String,
    /// The credential's id.
    pub credential_id: String,
    /// Its type.
    pub credential_type: Type,
    /// The v2 body.
    pub body: Bytes,
}

/// The start of a hash: enough to tell a nation's credentials apart.
pub type Digest = [u8; 16];

/// The start of the SHA-256 of `parts`, each with its length before it.
pub fn digest(parts: &[&[u8]]) -> Digest {
    let mut whole = Vec::with_capacity(parts.iter().map(|part| part.len() + 8).sum());
    for part in parts {
        whole.extend_from_slice(&u64::try_from(part.len()).unwrap_or_default().to_be_bytes());
        whole.extend_from_slice(part);
    }
    let mut start = Digest::default();
    start.copy_from_slice(&sha256(&whole)[..16]);
    start
}

impl Entry {
    /// What tells it apart from any other, and from itself with other content.
    pub fn digest(&self) -> Digest {
        digest(&[self.credential_type.name().as_bytes(), self.credential_id.as_bytes(), &self.body])
    }

    /// The same under another id: what is said for the `number`th time again, after something else had taken its place.
    pub fn again(&self, number: u32) -> Self {
        let bytes = digest(&[b"tenure push, again", self.credential_id.as_bytes(), &number.to_be_bytes()]);
        let credential_id = uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string();
        // A derived id stands in its body once.
        let body = String::from_utf8_lossy(&self.body).replace(&self.credential_id, &credential_id);
        Self { credential_id, body: Bytes::from(body), ..self.clone() }
    }

    /// A refusal of it, of which more is to be said.
    pub fn refusal(&self) -> Refusal {
        Refusal {
            line: self.line,
            person: self.person.clone(),
            credential_id: self.credential_id.clone(),
            ..Refusal::default()
        }
    }
}

/// A credential, or what is wrong with it.
pub type Read = Result<Entry, Vec<Refusal>>;

/// A file of credentials.
#[derive(Debug)]
pub enum Source {
    /// A table.
    Table(Box<Table>),
    /// Bodies, one a line.
    Lines(Lines),
}

impl Source {
    /// How many credentials there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Table(table) => table.len(),
            Self::Lines(lines) => lines.len(),
        }
    }

    /// The credential number `index`, after what earlier runs have pushed.
    pub fn read(&mut self, index: usize, context: &Context<'_>, past: &Past) -> Result<Read, Stop> {
        let derives_ids = self.is_by_person() && self.derives_ids();
        let read = match self {
            Self::Table(table) => table.read(index, context)?,
            Self::Lines(lines) => lines.read(index, context)?,
        };
        Ok(if derives_ids { read.map(|entry| past.renewed(entry)) } else { read })
    }

    fn derives_ids(&self) -> bool {
        matches!(self, Self::Table(table) if table.plan.credential_id.is_none())
    }

    /// The refusal `refusal` of `entry`, found by the server, with the place in the file.
    pub fn located(&mut self, index: usize, refusal: Refusal) -> Result<Refusal, Stop> {
        match self {
            Self::Table(table) => table.located(index, refusal),
            Self::Lines(lines) => lines.located(index, refusal),
        }
    }

    /// The file.
    pub fn input(&self) -> &Input {
        match self {
            Self::Table(table) => &table.input,
            Self::Lines(lines) => &lines.input,
        }
    }

    /// Whether each person has one credential in it, so that another one of theirs takes its place.
    pub fn is_by_person(&self) -> bool {
        matches!(self, Self::Table(table) if table.plan.form.list.is_some())
    }

    /// What one and several of what is counted are called.
    pub fn nouns(&self) -> (&'static str, &'static str) {
        if self.is_by_person() { ("person", "people") } else { ("credential", "credentials") }
    }
}
