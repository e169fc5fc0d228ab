//! The status of a submission, as its row determines it until the row changes.

use super::StoreError;
use crate::domain::submission::{CancelReason, Status};
use ambient::Timestamp;

/// The status of a submission at any time until it changes.
#[derive(Clone, Copy, Debug)]
pub(super) enum LastingStatus {
    /// Incomplete until this time, expired afterwards.
    Waits(Timestamp),
    Final(Status),
}

impl LastingStatus {
    /// Reads it from the columns of a row.
    pub(super) fn of_row(
        state: &str,
        expires_at: Timestamp,
        finalized_at: Option<Timestamp>,
        withdrawn_at: Option<Timestamp>,
    ) -> Result<Self, StoreError> {
        let status = match (state, finalized_at, withdrawn_at) {
            ("incomplete", None, None) => return Ok(Self::Waits(expires_at)),
            ("accepted" | "removed", Some(at), None) => Status::Verified(at),
            ("declined", Some(at), None) => Status::Canceled(at, CancelReason::Declined),
            ("expired", Some(at), None) => Status::Canceled(at, CancelReason::Expired),
            ("withdrawn" | "taken_back" | "removed", Some(_), Some(at)) => {
                Status::Canceled(at, CancelReason::Withdrawn)
            }
            (state, ..) => return Err(StoreError::corrupt_row("submission", format!("state {state}"))),
        };
        Ok(Self::Final(status))
    }

    /// Returns the status at `now`.
    pub(super) fn at(self, now: Timestamp) -> Status {
        match self {
            Self::Waits(until) if until > now => Status::Incomplete,
            Self::Waits(until) => Status::Canceled(until, CancelReason::Expired),
            Self::Final(status) => status,
        }
    }
}
