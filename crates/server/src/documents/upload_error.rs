//! Why bytes did not become a document.

use credential::MOST_BYTES;

use super::inspect::InspectError;
use crate::error::{Error, Kind};
use store::StoreError;
use store::domain::asset::Failure;

/// Why bytes did not become a document.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// The inspection refused them.
    #[error(transparent)]
    Refused(#[from] InspectError),
    /// There are more of them than allowed.
    #[error("the document is longer than {MOST_BYTES} bytes")]
    TooLarge,
    /// They did not arrive whole.
    #[error("the document did not arrive whole")]
    Interrupted(Failure),
    /// They cannot be stored now.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<UploadError> for Error {
    fn from(error: UploadError) -> Self {
        match error {
            UploadError::Refused(refused) => Self::new(Kind::Invalid, refused.0),
            UploadError::TooLarge => Self::new(
                Kind::TooLarge,
                format!("The document is longer than {MOST_BYTES} bytes, the most that is taken."),
            ),
            UploadError::Interrupted(_) => {
                Self::new(Kind::Malformed, "The document did not arrive whole; send it again.")
            }
            UploadError::Store(error) => error.into(),
        }
    }
}
