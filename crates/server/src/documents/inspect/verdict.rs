//! The result of an inspection, and its encoding between processes.

use std::io::{self, Write};

use credential::opencerts::Summary;
use serde::{Deserialize, Serialize};

use super::error::InspectError;

/// An accepted document and the form in which it is delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accepted {
    Unchanged,
    /// Unchanged because it is digitally signed.
    Signed,
    /// Unchanged; an OpenCerts document with these values.
    OpenCert(Summary),
    /// Rewritten as these bytes.
    Rewritten(Vec<u8>),
}

/// The verdict on a document: one line of JSON, followed by the bytes of a rewritten document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// It is delivered unchanged.
    Unchanged,
    /// It is delivered unchanged because it is digitally signed.
    Signed,
    /// It is an OpenCerts document with these values, delivered unchanged.
    OpenCert {
        /// The values that pages show.
        summary: Summary,
    },
    /// It is delivered as the bytes that follow.
    Rewritten {
        /// Number of bytes that follow.
        size: u64,
    },
    Refused {
        /// The reason, in a sentence for the partner.
        reason: String,
    },
}

impl Verdict {
    /// Maximum length of the line, in bytes.
    pub const MAX: usize = 64 * 1024;

    /// Writes the verdict on a document, and the bytes of a rewritten one.
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
