//! Due times of background work that were written while a clock was ahead.
//!
//! Leases and backoffs are short. One that ends much later was written by a clock that has been
//! corrected since, and the work would wait until that time.

use std::time::Duration;

use super::{StoreError, Tx, dispatch};
use ambient::{HOUR, Timestamp};

/// Statements that make work due again, each with the longest time that it can have to wait: the
/// longest lease or backoff, and some more. Sandbox actions are left out, since their users choose
/// the delay.
const RECALLS: [(&str, Duration); 4] = [
    (
        "UPDATE outbox_message SET due_at = $1
          WHERE due_at > $2 AND lane IN ('code', 'mail', 'destroy_holder_key', 'share')",
        HOUR,
    ),
    ("UPDATE asset SET due_at = $1 WHERE state = 'fetching' AND due_at > $2", HOUR),
    ("UPDATE webhook SET paused_until = $1 WHERE paused_until > $2", HOUR),
    (
        "UPDATE delivery SET due_at = $1
          WHERE state = 'waiting' AND sequence IN
                (SELECT delivery.sequence FROM webhook JOIN delivery ON delivery.webhook_id = webhook.id
                  WHERE delivery.state = 'waiting' AND delivery.due_at > $2)",
        Duration::from_secs(5 * 3600),
    ),
];

impl Tx {
    /// Returns whether work has a due time so far after `now` that a clock was wrong when it was
    /// written.
    pub async fn has_distant_due_times(&mut self, now: Timestamp) -> Result<bool, StoreError> {
        let [(_, mails), (_, documents), (_, pauses), (_, deliveries)] = RECALLS;
        Ok(dispatch!(self, connection => sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM outbox_message
                             WHERE due_at > $1 AND lane IN ('code', 'mail', 'destroy_holder_key', 'share'))
                 OR EXISTS (SELECT 1 FROM asset WHERE state = 'fetching' AND due_at > $2)
                 OR EXISTS (SELECT 1 FROM webhook WHERE paused_until > $3)
                 OR EXISTS (SELECT 1 FROM webhook JOIN delivery ON delivery.webhook_id = webhook.id
                             WHERE delivery.state = 'waiting' AND delivery.due_at > $4)",
        ).bind(now + mails).bind(now + documents).bind(now + pauses).bind(now + deliveries)
            .fetch_one(connection).await)?)
    }

    /// Makes work with such a due time due at `now`, and ends such pauses of webhooks. Returns how
    /// many rows were changed.
    pub async fn recall_due_times(&mut self, now: Timestamp) -> Result<u64, StoreError> {
        let mut recalled = 0;
        for (statement, longest) in RECALLS {
            recalled += dispatch!(self, connection => sqlx::query(statement).bind(now).bind(now + longest)
                .execute(connection).await.map(|done| done.rows_affected()))?;
        }
        Ok(recalled)
    }
}
