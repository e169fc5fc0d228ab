//! The error that ends a run before its summary.

/// The error that ends a run before its summary. The message is for the person at the terminal.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The arguments, a file or a setting must change: exit code 2.
    #[error("{0}")]
    Usage(String),
    /// The run failed: exit code 1.
    #[error("{0}")]
    Failed(String),
}
