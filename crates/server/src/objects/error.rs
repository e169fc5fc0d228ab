//! Errors of the object store, in words for the operator. They contain no name of an object.

use crate::keys::DecryptError;
use store::StoreError;

/// Converts an error of the object store into a [`StoreError`], so that callers handle both alike.
/// An error of a write is temporary: the object did not exist before, so that one which is missing
/// means a missing bucket or folder, or an endpoint of something else.
pub(super) fn unavailable(place: &str, error: &object_store::Error) -> StoreError {
    StoreError::Unavailable(match error {
        object_store::Error::NotFound { .. } => format!(
            "the object store does not have {place}, or it is not an object store. Create the bucket, or correct \
             object_storage.bucket and object_storage.endpoint; for a local folder, check that its disk is mounted"
        ),
        other => format!("the object store is unavailable ({place}): {other}"),
    })
}

/// Converts an error of reading an object that was stored.
pub(super) fn unreadable(place: &str, error: &object_store::Error) -> StoreError {
    match error {
        object_store::Error::NotFound { .. } => StoreError::Broken(format!(
            "a stored document is missing in {place}. If the setting names the right place, restore the documents \
             from a backup of the object store"
        )),
        other => unavailable(place, other),
    }
}

/// Converts an error of reading an object back that was just written.
pub(super) fn not_as_written(error: StoreError) -> StoreError {
    match error {
        StoreError::Broken(cause) => StoreError::Unavailable(format!(
            "a document that was just written cannot be read back as it was written, so it was not accepted; check \
             the object store and what is on the way to it: {cause}"
        )),
        other @ StoreError::Unavailable(_) => other,
    }
}

/// Converts an error of decrypting a piece of an object.
pub(super) fn broken(place: &str, error: &DecryptError) -> StoreError {
    StoreError::Broken(format!(
        "a document in {place} was changed or cut off ({error}); check the storage, and restore the documents from a \
         backup of the object store"
    ))
}
