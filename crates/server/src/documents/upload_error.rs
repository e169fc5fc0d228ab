//! Errors of uploads and fetches.

use credential::MAX_BYTES;

use super::inspect::InspectError;
use crate::error::{Error, Kind};
use store::StoreError;
use store::domain::asset::Failure;

/// A document could not be stored.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// The inspection refused it.
    #[error(transparent)]
    Refused(#[from] InspectError),
    /// It is longer than allowed.
    #[error("the document is larger than {MAX_BYTES} bytes")]
    TooLarge,
    /// It did not arrive completely.
    #[error("the document is incomplete")]
    Interrupted(Failure),
    /// The store is unavailable.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<UploadError> for Error {
    fn from(error: UploadError) -> Self {
        match error {
            UploadError::Refused(refused) => Self::new(Kind::Invalid, refused.0),
            UploadError::TooLarge => {
                Self::new(Kind::TooLarge, format!("The document is larger than {MAX_BYTES} bytes, the maximum."))
            }
            UploadError::Interrupted(_) => Self::new(Kind::Malformed, "The document is incomplete. Send it again."),
            UploadError::Store(error) => error.into(),
        }
    }
}
