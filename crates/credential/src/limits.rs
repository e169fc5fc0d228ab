//! Limits of the Partner API that several bodies share.

/// Maximum number of characters in an id.
pub(crate) const ID: usize = 255;

/// Maximum number of items in a batch (docs/partner-api.md section 7).
pub(crate) const BATCH: usize = 100;

/// Maximum number of values in a body: objects, lists, texts, numbers, `true`, `false` and `null`.
/// A value of two bytes takes up to a hundred bytes of memory (D-420).
///
/// The largest valid body is a v1 batch of [`BATCH`] career histories with 500 jobs: a job is an
/// object with 6 fields, and each item may have about 50 values more, so it has 355,000. A v2 batch
/// has one career history, and [`BATCH`] transcripts with 300 subjects of 6 fields have 224,000.
pub const MAX_VALUES: usize = 400_000;
