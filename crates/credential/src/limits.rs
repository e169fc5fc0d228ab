//! Limits of the Partner API that several bodies share.

/// Maximum number of characters in an id.
pub(crate) const ID: usize = 255;

/// Maximum number of items in a batch (docs/partner-api.md section 7).
pub(crate) const BATCH: usize = 100;
