//! Refuses options under their old names and names the new ones.

use clap::Error;
use clap::error::{ContextKind, ContextValue, ErrorKind};

/// The command, and the old and new names of its option.
const RENAMED: [(&str, &str, &str); 2] =
    [("push", "--changed", "--allow-changed-input"), ("push", "--patience", "--give-up-after")];

/// Returns the error to show for `error`: that of an old name contains the new one, because the
/// suggestions of the parser know nothing of it.
pub(super) fn explain(error: Error) -> Error {
    let name = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(name)) if error.kind() == ErrorKind::UnknownArgument => name.clone(),
        _ => return error,
    };
    match RENAMED.iter().find(|(_, old, _)| **old == *name) {
        Some((command, old, new)) => {
            Error::raw(ErrorKind::UnknownArgument, format!("the option {old} of tenure {command} is now {new}\n"))
        }
        None => error,
    }
}
