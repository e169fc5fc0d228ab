//! One credential that is ready to be sent, and the digests that identify it.

use bytes::Bytes;
use credential::Type;
use credential::encoding::sha256;

use crate::rejected_row::RejectedRow;

/// One credential, ready to be sent.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The line that it begins on.
    pub line: u32,
    /// The person, as named in the file.
    pub person: String,
    /// The credential's id.
    pub credential_id: String,
    pub credential_type: Type,
    /// Whether it updates an earlier credential.
    pub is_update: bool,
    /// The v2 body.
    pub body: Bytes,
    /// What was changed on the way from the rows.
    pub notes: Notes,
}

/// What was changed on the way from the rows of a table to a credential.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Notes {
    /// Dates too far ahead to be an end, which were left out.
    pub far_ends: usize,
    /// Rows that repeated another job.
    pub merged: usize,
}

/// A truncated SHA-256. 128 bits distinguish all credentials of a country.
pub type Digest = [u8; 16];

/// Returns the truncated SHA-256 of `parts`, each preceded by its length.
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
    /// Returns the digest of the credential's id and content.
    pub fn digest(&self) -> Digest {
        digest(&[self.credential_type.name().as_bytes(), self.credential_id.as_bytes(), &self.body])
    }

    /// Returns the same content under a derived id: its repetition number `number`, after another
    /// credential replaced it.
    pub fn again(&self, number: u32) -> Self {
        let bytes = digest(&[b"tenure push, again", self.credential_id.as_bytes(), &number.to_be_bytes()]);
        let credential_id = uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string();
        // A derived id occurs once in its body.
        let body = String::from_utf8_lossy(&self.body).replace(&self.credential_id, &credential_id);
        Self { credential_id, body: Bytes::from(body), ..self.clone() }
    }

    /// Creates a report row for this credential, to be completed.
    pub fn rejected_row(&self) -> RejectedRow {
        RejectedRow {
            line: self.line,
            person: self.person.clone(),
            credential_id: self.credential_id.clone(),
            ..RejectedRow::default()
        }
    }
}

/// A credential, or the problems that were found.
pub type Read = Result<Entry, Vec<RejectedRow>>;
