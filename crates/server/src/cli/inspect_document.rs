//! `tenure inspect-document KIND`: inspects the document on standard input, for a server that does not read untrusted
//! bytes itself.
//!
//! Writes the verdict as one line of JSON to standard output, and after a rewritten document's verdict its bytes. Before
//! it reads anything it gives up what it does not need: see `documents::confine`.

use std::io::{Read as _, Write as _};
use std::process::ExitCode;

use clap::Args;
use credential::{AssetKind, MOST_BYTES};

use super::command::Outcome;
use crate::documents::confine::{confine, is_unlimited, restart_limited};
use crate::documents::inspect::{InspectError, Verdict, inspect};

/// Inspect the document on standard input, without rights and within limits.
#[derive(Debug, Args)]
pub struct InspectDocument {
    /// What the document is: pdf, png, jpg or open_cert.
    kind: String,
}

impl InspectDocument {
    /// Runs the sub-command.
    pub fn run(&self) -> Outcome {
        let kind = AssetKind::from_name(&self.kind).ok_or("the kinds are pdf, png, jpg and open_cert")?;
        if is_unlimited() {
            let program = crate::documents::own_program().map_err(|error| error.to_string())?;
            let error = restart_limited(&program, &["inspect-document", kind.name()]);
            return Err(format!("this program cannot be started anew: {error}"));
        }
        confine()?;
        let mut bytes = Vec::new();
        // One byte more than is taken, by which a longer document is known.
        let read = std::io::stdin().lock().take(MOST_BYTES as u64 + 1).read_to_end(&mut bytes);
        read.map_err(|error| format!("the document cannot be read: {error}"))?;
        let inspected = match bytes.len() > MOST_BYTES {
            true => Err(InspectError(format!("The document is longer than {MOST_BYTES} bytes."))),
            false => inspect(kind, &bytes),
        };
        let mut out = std::io::stdout().lock();
        Verdict::write(inspected, &mut out).and_then(|()| out.flush()).map_err(|error| error.to_string())?;
        Ok(ExitCode::SUCCESS)
    }
}
