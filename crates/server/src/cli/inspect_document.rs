//! `tenure inspect-document KIND`: inspects the document on standard input for a server, which
//! never parses untrusted documents in its own process.
//!
//! Writes the verdict to standard output as one line of JSON, followed by the bytes of a rewritten
//! document. Drops its privileges before it reads anything: see `documents::confine`.

use std::io::{Read as _, Write as _};
use std::process::ExitCode;

use clap::Args;
use credential::{AssetKind, MAX_BYTES};

use super::command::CommandResult;
use crate::documents::confine::{confine, is_unlimited, restart_limited};
use crate::documents::inspect::{InspectError, Verdict, inspect};

/// Inspect the document on standard input, without privileges and within limits.
#[derive(Debug, Args)]
pub struct InspectDocument {
    /// Kind of document: pdf, png, jpg or open_cert.
    kind: String,
}

impl InspectDocument {
    /// Runs the sub-command.
    pub fn run(&self) -> CommandResult {
        let kind = AssetKind::from_name(&self.kind).ok_or("the document kind must be pdf, png, jpg or open_cert")?;
        if is_unlimited() {
            let program = crate::documents::own_program().map_err(|error| error.to_string())?;
            let error = restart_limited(&program, &["inspect-document", kind.name()]);
            return Err(format!("this program cannot be executed again: {error}"));
        }
        confine()?;
        let mut bytes = Vec::new();
        // One byte over the limit reveals a document that is too long.
        let read = std::io::stdin().lock().take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes);
        read.map_err(|error| format!("the document cannot be read: {error}"))?;
        let inspected = match bytes.len() > MAX_BYTES {
            true => Err(InspectError(format!("The document is larger than {MAX_BYTES} bytes, the maximum."))),
            false => inspect(kind, &bytes),
        };
        let mut out = std::io::stdout().lock();
        Verdict::write(inspected, &mut out).and_then(|()| out.flush()).map_err(|error| error.to_string())?;
        Ok(ExitCode::SUCCESS)
    }
}
