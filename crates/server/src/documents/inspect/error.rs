//! Why a document is refused.

/// Why a document is refused, in a sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InspectError(pub String);

impl InspectError {
    pub(super) fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}
