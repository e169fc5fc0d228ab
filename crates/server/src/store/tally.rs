//! Tallies (stub until the webhooks branch brings them).

use uuid::Uuid;

use super::{EventKind, StoreError, Tx};

/// How many of a day's pushes went how far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    /// Days since 1970 (UTC) of the push.
    pub day: i64,
    /// The chain, or empty.
    pub chain: String,
    /// How far.
    pub kind: EventKind,
    /// How many.
    pub count: i64,
}

impl Tx {
    /// Stub.
    pub async fn tallies(&mut self, partner: Uuid, since_day: i64) -> Result<Vec<Tally>, StoreError> {
        let _ = (partner, since_day);
        Ok(Vec::new())
    }
}
