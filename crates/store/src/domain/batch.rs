//! A batch: several submissions behind one link.

use uuid::Uuid;

use super::submission::{Status, Submission};
use ambient::Timestamp;

/// Submissions that a partner pushed in one request.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// The server's request id: `content` in the link.
    pub id: Uuid,
    /// The partner that pushed it.
    pub partner_id: Uuid,
    /// The partner's own id for the batch.
    pub credential_id: String,
    /// When items that were not accepted expire.
    pub expires_at: Timestamp,
    pub items: Vec<Submission>,
}

impl Batch {
    /// Returns whether a push with the same id replaces this batch at `now`. It does if every item
    /// was withdrawn, or if the batch has expired and no item was accepted.
    pub fn may_be_replaced(&self, now: Timestamp) -> bool {
        let is_over = self.expires_at <= now && self.items.iter().all(|item| item.may_be_replaced(now));
        is_over || (!self.items.is_empty() && self.items.iter().all(Submission::is_withdrawn))
    }
}

/// Combines the statuses of a batch's items into the status that its partner sees.
///
/// The batch is incomplete while any item is, and verified once any item was accepted. It became
/// final when its last item did. A canceled batch has the reason of that item.
pub fn status_of_batch(items: impl IntoIterator<Item = Status>) -> Status {
    let mut whole: Option<Status> = None;
    for item in items {
        whole = Some(match (whole, item) {
            (_, Status::Incomplete) | (Some(Status::Incomplete), _) => Status::Incomplete,
            (None, first) => first,
            (Some(Status::Verified(one)), Status::Verified(other) | Status::Canceled(other, _))
            | (Some(Status::Canceled(one, _)), Status::Verified(other)) => Status::Verified(one.max(other)),
            (Some(Status::Canceled(one, reason)), Status::Canceled(other, other_reason)) => {
                let (at, reason) = (one, reason).max((other, other_reason));
                Status::Canceled(at, reason)
            }
        });
    }
    whole.unwrap_or(Status::Incomplete)
}

#[cfg(test)]
mod tests {
    use super::super::submission::CancelReason;
    use super::*;

    #[test]
    fn batches_are_final_once_every_item_is_final() {
        let at = Timestamp::from_micros;
        let (open, yes) = (Status::Incomplete, Status::Verified(at(1)));
        let no = Status::Canceled(at(2), CancelReason::Declined);
        let late = Status::Canceled(at(3), CancelReason::Expired);
        for (items, whole) in [
            (vec![open], open),
            (vec![yes, open], open),
            (vec![open, no], open),
            (vec![yes, no], Status::Verified(at(2))),
            (vec![no, yes], Status::Verified(at(2))),
            (vec![no, no], no),
            (vec![no, late], late),
            (vec![late, no], late),
            (vec![yes], yes),
        ] {
            assert_eq!(status_of_batch(items), whole);
        }
    }
}
