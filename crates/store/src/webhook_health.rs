//! Health of webhooks: when each last worked, and how many attempts failed lately.

use uuid::Uuid;

use super::{StoreError, Tx, dispatch, from_row};
use ambient::Timestamp;

/// Most events of a webhook whose attempts are counted, and most waiting ones. They bound the work
/// for a webhook with many events.
const COUNTED: i64 = 1000;

/// How well the deliveries of a webhook work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WebhookHealth {
    /// When an attempt last succeeded, if one did.
    pub last_success_at: Option<Timestamp>,
    /// When an attempt last failed, if one did.
    pub last_failure_at: Option<Timestamp>,
    /// Number of recent attempts.
    pub attempts: i64,
    /// How many of them failed.
    pub failed: i64,
    /// Number of waiting deliveries, at most 1,000.
    pub waiting: i64,
}
from_row!(WebhookHealth { last_success_at, last_failure_at, attempts, failed, waiting });

impl Tx {
    /// Stores when attempts of a webhook last succeeded and failed; `None` leaves a time as it is.
    pub async fn note_webhook_attempts(
        &mut self,
        id: Uuid,
        succeeded_at: Option<Timestamp>,
        failed_at: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        dispatch!(self, connection => sqlx::query(
            "UPDATE webhook SET last_success_at = COALESCE($2, last_success_at), last_failure_at = COALESCE($3, last_failure_at)
              WHERE id = $1",
        ).bind(id).bind(succeeded_at).bind(failed_at).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Returns the health of a webhook of `partner`: of the attempts for its newest 1,000 events,
    /// those since `since`.
    pub async fn webhook_health(
        &mut self,
        id: Uuid,
        partner: Uuid,
        since: Timestamp,
    ) -> Result<Option<WebhookHealth>, StoreError> {
        Ok(dispatch!(self, connection => sqlx::query_as(
            "SELECT last_success_at, last_failure_at, recent.attempts AS attempts, recent.failed AS failed,
                    (SELECT count(*) FROM (SELECT 1 FROM delivery WHERE webhook_id = $1 AND state = 'waiting' LIMIT $4) AS pending)
                        AS waiting
               FROM webhook CROSS JOIN
                    (SELECT count(*) AS attempts, count(CASE WHEN status BETWEEN 200 AND 299 THEN NULL ELSE 1 END) AS failed
                       FROM delivery_attempt
                      WHERE webhook_id = $1 AND at >= $3 AND event_id IN
                            (SELECT event_id FROM delivery WHERE webhook_id = $1 ORDER BY sequence DESC LIMIT $4)) AS recent
              WHERE id = $1 AND partner_id = $2",
        ).bind(id).bind(partner).bind(since).bind(COUNTED).fetch_optional(connection).await)?)
    }
}
