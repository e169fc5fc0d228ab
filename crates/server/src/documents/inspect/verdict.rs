//! What an inspection found, and how a process that inspects says it.

use std::io::{self, Write};

use credential::opencerts::Summary;
use serde::{Deserialize, Serialize};

use super::error::InspectError;

/// A document that is taken, and how it is delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// As it came.
    Unchanged,
    /// As it came, since it is digitally signed.
    Signed,
    /// As it came; an OpenCerts document with these values.
    OpenCert(Summary),
    /// As these bytes.
    Rewritten(Vec<u8>),
}

/// The verdict on a document: one line of JSON, and after a rewritten one its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// It is delivered as it came.
    Unchanged,
    /// It is delivered as it came, since it is digitally signed.
    Signed,
    /// It is delivered as it came; an OpenCerts document with these values.
    OpenCert {
        /// What pages show of it.
        summary: Summary,
    },
    /// It is delivered as the bytes that follow.
    Rewritten {
        /// How many bytes follow.
        size: u64,
    },
    /// It is refused.
    Refused {
        /// Why, in a sentence for the partner.
        reason: String,
    },
}

impl Verdict {
    /// Longest line, bytes.
    pub const MOST: usize = 64 * 1024;

    /// Writes the verdict on a document, and its bytes if they are others.
    ///
    /// # Errors
    /// `out` cannot be written to.
    pub fn write(inspected: Result<Accepted, InspectError>, out: &mut impl Write) -> io::Result<()> {
        let (verdict, bytes) = match inspected {
            Ok(Accepted::Unchanged) => (Self::Unchanged, Vec::new()),
            Ok(Accepted::Signed) => (Self::Signed, Vec::new()),
            Ok(Accepted::OpenCert(summary)) => (Self::OpenCert { summary }, Vec::new()),
            Ok(Accepted::Rewritten(bytes)) => (Self::Rewritten { size: bytes.len() as u64 }, bytes),
            Err(InspectError(reason)) => (Self::Refused { reason }, Vec::new()),
        };
        serde_json::to_writer(&mut *out, &verdict)?;
        out.write_all(b"\n")?;
        out.write_all(&bytes)?;
        out.flush()
    }
}
