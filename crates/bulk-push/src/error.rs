//! Why a push ended before its summary.

/// Why a push ended before its summary. The message is for the person at the terminal.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The arguments, a file that they name, or a setting must change: exit code 2.
    #[error("{0}")]
    Usage(String),
    /// It was tried, and failed: exit code 1.
    #[error("{0}")]
    Failed(String),
}
