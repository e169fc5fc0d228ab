//! Limits of the Partner API that several kinds of bodies share.

/// Most characters of an id.
pub(crate) const ID: usize = 255;

/// Most items of a batch (partner-api, section 7).
pub(crate) const BATCH: usize = 100;
