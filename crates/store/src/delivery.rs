//! Webhook deliveries: leasing, settling, listing, replaying and deleting them.
//!
//! There is no dead-letter queue: partners list the failed deliveries and replay them.

use sqlx::QueryBuilder;
use uuid::Uuid;

use super::announcement::{ROWS, TRIED_FOR};
use super::{StoreError, Tx, dispatch, from_row, push_list};
use crate::domain::webhook::{Delivery, DeliveryState};
use ambient::Timestamp;

/// One attempt to deliver an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    pub event_id: Uuid,
    /// Number of the attempt, from 1.
    pub number: i64,
    /// When it was sent.
    pub at: Timestamp,
    /// HTTP status of the response.
    pub status: Option<i64>,
    /// Why there was no response.
    pub error: Option<String>,
    /// Duration in milliseconds.
    pub duration_ms: i64,
    /// The start of the response's body as text; `None` if it was empty, or there was no response.
    pub response: Option<String>,
}
from_row!(Attempt { event_id, number, at, status, error, duration_ms, response });

/// Result of a leased delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// The receiver accepted it.
    Delivered(Attempt),
    /// It failed and is retried at this time.
    Retried(Attempt, Timestamp),
    /// It failed and is given up.
    GivenUp(Attempt),
    /// It was not attempted, and is due again at this time.
    Released(Uuid, Timestamp),
}

impl Settled {
    fn attempt(&self) -> Option<&Attempt> {
        match self {
            Self::Delivered(attempt) | Self::Retried(attempt, _) | Self::GivenUp(attempt) => Some(attempt),
            Self::Released(..) => None,
        }
    }
}

struct DeliveryRow {
    sequence: i64,
    webhook_id: Uuid,
    event_id: Uuid,
    kind: String,
    request_id: String,
    credential_id: Option<String>,
    reason: Option<String>,
    created_at: Timestamp,
    state: String,
    tries: i64,
    attempts: i64,
    due_at: Timestamp,
    give_up_at: Timestamp,
    delivered_at: Option<Timestamp>,
}
from_row!(DeliveryRow {
    sequence,
    webhook_id,
    event_id,
    kind: "type",
    request_id,
    credential_id,
    reason,
    created_at,
    state,
    tries,
    attempts,
    due_at,
    give_up_at,
    delivered_at,
});

impl TryFrom<DeliveryRow> for Delivery {
    type Error = StoreError;

    fn try_from(row: DeliveryRow) -> Result<Self, StoreError> {
        let state = DeliveryState::from_name(&row.state);
        Ok(Self {
            sequence: row.sequence,
            webhook_id: row.webhook_id,
            event_id: row.event_id,
            kind: row.kind,
            request_id: row.request_id,
            credential_id: row.credential_id,
            reason: row.reason,
            created_at: row.created_at,
            state: state.ok_or_else(|| StoreError::corrupt_row("delivery", row.state))?,
            tries: row.tries,
            attempts: row.attempts,
            due_at: row.due_at,
            give_up_at: row.give_up_at,
            delivered_at: row.delivered_at,
        })
    }
}

impl Tx {
    /// Leases up to `limit` deliveries of a webhook that are due at `now`, in the order of their
    /// events.
    ///
    /// They are due again at `again`, so that another node sends them if this one crashes. A
    /// delivery is left if an earlier event of the same request was never attempted and is not
    /// leased too. The caller must have locked the webhook's row.
    pub async fn take_deliveries(
        &mut self,
        webhook: Uuid,
        now: Timestamp,
        again: Timestamp,
        limit: i64,
    ) -> Result<Vec<Delivery>, StoreError> {
        let rows: Vec<DeliveryRow> = dispatch!(self, connection => sqlx::query_as(
            "UPDATE delivery SET due_at = $3
              WHERE state = 'waiting' AND sequence IN
                    (SELECT sequence FROM delivery AS due
                      WHERE webhook_id = $1 AND state = 'waiting' AND due_at <= $2
                        AND NOT EXISTS (SELECT 1 FROM delivery AS earlier
                                         WHERE earlier.webhook_id = due.webhook_id AND earlier.request_id = due.request_id
                                           AND earlier.state = 'waiting' AND earlier.tries = 0
                                           AND earlier.sequence < due.sequence AND earlier.due_at > due.due_at)
                      ORDER BY due_at, sequence LIMIT $4)
             RETURNING *",
        ).bind(webhook).bind(now).bind(again).bind(limit).fetch_all(connection).await)?;
        let mut taken = rows.into_iter().map(Delivery::try_from).collect::<Result<Vec<_>, _>>()?;
        taken.sort_by_key(|delivery| delivery.sequence);
        Ok(taken)
    }

    /// Returns those deliveries of `events` that a webhook still waits to deliver.
    pub async fn undelivered_events(&mut self, webhook: Uuid, events: &[Uuid]) -> Result<Vec<Delivery>, StoreError> {
        if events.is_empty() {
            return Ok(Vec::new());
        }
        let rows: Vec<DeliveryRow> = dispatch!(self, connection => {
            let mut query = QueryBuilder::new("SELECT * FROM delivery WHERE state = 'waiting' AND webhook_id = ");
            query.push_bind(webhook).push(" AND event_id IN ");
            push_list(&mut query, events.iter().copied());
            query.push(" ORDER BY sequence");
            query.build_query_as().fetch_all(connection).await
        })?;
        rows.into_iter().map(Delivery::try_from).collect()
    }

    /// Stores the results of leased deliveries of one webhook.
    pub async fn settle_deliveries(
        &mut self,
        webhook: Uuid,
        settled: &[Settled],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let attempts: Vec<&Attempt> = settled.iter().filter_map(Settled::attempt).collect();
        for chunk in attempts.chunks(ROWS) {
            dispatch!(self, connection => {
                let mut query = QueryBuilder::new(
                    "INSERT INTO delivery_attempt (webhook_id, event_id, number, at, status, error, duration_ms, response) ",
                );
                query.push_values(chunk, |mut row, attempt| {
                    row.push_bind(webhook)
                        .push_bind(attempt.event_id)
                        .push_bind(attempt.number)
                        .push_bind(attempt.at)
                        .push_bind(attempt.status)
                        .push_bind(attempt.error.as_deref())
                        .push_bind(attempt.duration_ms)
                        .push_bind(attempt.response.as_deref());
                });
                // If an attempt outlives its lease, a second node tries too. One row is enough.
                query.push(" ON CONFLICT (webhook_id, event_id, number) DO NOTHING");
                query.build().execute(connection).await.map(drop)
            })?;
        }
        let delivered: Vec<&Attempt> = settled
            .iter()
            .filter_map(|settled| if let Settled::Delivered(attempt) = settled { Some(attempt) } else { None })
            .collect();
        for chunk in delivered.chunks(ROWS) {
            dispatch!(self, connection => {
                let mut query = QueryBuilder::new(
                    "UPDATE delivery SET state = 'delivered', tries = tries + 1, attempts = attempts + 1, delivered_at = ",
                );
                query.push_bind(now).push(" WHERE webhook_id = ").push_bind(webhook).push(" AND event_id IN ");
                push_list(&mut query, chunk.iter().map(|attempt| attempt.event_id));
                query.build().execute(connection).await.map(drop)
            })?;
        }
        for settled in settled {
            let (event, state, due_at, tried) = match settled {
                Settled::Delivered(_) => continue,
                Settled::Retried(attempt, due_at) => (attempt.event_id, "waiting", *due_at, 1),
                Settled::GivenUp(attempt) => (attempt.event_id, "failed", now, 1),
                Settled::Released(event, due_at) => (*event, "waiting", *due_at, 0),
            };
            dispatch!(self, connection => sqlx::query(
                "UPDATE delivery SET state = $3, due_at = $4, tries = tries + $5, attempts = attempts + $5
                  WHERE webhook_id = $1 AND event_id = $2 AND state = 'waiting'",
            ).bind(webhook).bind(event).bind(state).bind(due_at).bind(tried).execute(connection).await.map(drop))?;
        }
        Ok(())
    }

    /// Returns up to `limit` deliveries of a webhook of `partner`, newest first: those below the
    /// sequence number `before`, and only those in `state` if one is given.
    pub async fn deliveries(
        &mut self,
        webhook: Uuid,
        partner: Uuid,
        state: Option<DeliveryState>,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<Delivery>, StoreError> {
        let rows: Vec<DeliveryRow> = dispatch!(self, connection => sqlx::query_as(
            "SELECT * FROM delivery
              WHERE webhook_id = (SELECT id FROM webhook WHERE id = $1 AND partner_id = $2)
                AND sequence < $3 AND ($4 = '' OR state = $4)
              ORDER BY sequence DESC LIMIT $5",
        ).bind(webhook).bind(partner).bind(before.unwrap_or(i64::MAX)).bind(state.map_or("", DeliveryState::name)).bind(limit)
            .fetch_all(connection).await)?;
        rows.into_iter().map(Delivery::try_from).collect()
    }

    /// Returns the attempts of deliveries of a webhook of `partner`, in order.
    pub async fn delivery_attempts(
        &mut self,
        webhook: Uuid,
        partner: Uuid,
        events: &[Uuid],
    ) -> Result<Vec<Attempt>, StoreError> {
        if events.is_empty() {
            return Ok(Vec::new());
        }
        Ok(dispatch!(self, connection => {
            let mut query = QueryBuilder::new(
                "SELECT event_id, number, at, status, error, duration_ms, response FROM delivery_attempt WHERE webhook_id = (SELECT id FROM webhook WHERE id = ",
            );
            query.push_bind(webhook).push(" AND partner_id = ").push_bind(partner).push(") AND event_id IN ");
            push_list(&mut query, events.iter().copied());
            query.push(" ORDER BY event_id, number");
            query.build_query_as().fetch_all(connection).await
        })?)
    }

    /// Queues a delivery of a webhook of `partner` again, whatever its state. Returns false if it
    /// does not exist.
    pub async fn replay_delivery(
        &mut self,
        webhook: Uuid,
        partner: Uuid,
        event: Uuid,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let changed = dispatch!(self, connection => sqlx::query(
            "UPDATE delivery SET state = 'waiting', tries = 0, due_at = $4, give_up_at = $5, delivered_at = NULL
              WHERE webhook_id = (SELECT id FROM webhook WHERE id = $1 AND partner_id = $2) AND event_id = $3",
        ).bind(webhook).bind(partner).bind(event).bind(now).bind(now + TRIED_FOR)
            .execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }

    /// Queues up to `limit` deliveries of a webhook of `partner` again that are not waiting: those
    /// of events from `from` up to, but not including, `to`, after the sequence number `after`, and
    /// only those in `state` if one is given. Returns their sequence numbers in order.
    #[expect(clippy::too_many_arguments, reason = "whose, which, when, how many: each is one of them")]
    pub async fn replay_deliveries(
        &mut self,
        webhook: Uuid,
        partner: Uuid,
        (from, to): (Timestamp, Timestamp),
        state: Option<DeliveryState>,
        after: i64,
        now: Timestamp,
        limit: i64,
    ) -> Result<Vec<i64>, StoreError> {
        let mut replayed: Vec<i64> = dispatch!(self, connection => sqlx::query_scalar(
            "UPDATE delivery SET state = 'waiting', tries = 0, due_at = $7, give_up_at = $8, delivered_at = NULL
              WHERE sequence IN
                    (SELECT sequence FROM delivery
                      WHERE webhook_id = (SELECT id FROM webhook WHERE id = $1 AND partner_id = $2)
                        AND created_at >= $3 AND created_at < $4 AND state <> 'waiting' AND ($5 = '' OR state = $5)
                        AND sequence > $6
                      ORDER BY sequence LIMIT $9)
             RETURNING sequence",
        ).bind(webhook).bind(partner).bind(from).bind(to).bind(state.map_or("", DeliveryState::name)).bind(after).bind(now)
            .bind(now + TRIED_FOR).bind(limit).fetch_all(connection).await)?;
        replayed.sort_unstable();
        Ok(replayed)
    }

    /// Gives up up to `limit` deliveries that were not accepted in time. Returns the number.
    pub async fn give_up_deliveries(&mut self, now: Timestamp, limit: i64) -> Result<u64, StoreError> {
        Ok(dispatch!(self, connection => sqlx::query(
            "UPDATE delivery SET state = 'failed'
              WHERE state = 'waiting' AND sequence IN (SELECT sequence FROM delivery
                                  WHERE state = 'waiting' AND give_up_at <= $1 AND due_at <= $1 ORDER BY give_up_at LIMIT $2)",
        ).bind(now).bind(limit).execute(connection).await.map(|done| done.rows_affected()))?)
    }

    /// Fails up to `limit` waiting deliveries of a webhook, whenever they are due. Returns the
    /// number. The caller must have locked the webhook's row.
    pub async fn fail_deliveries(&mut self, webhook: Uuid, limit: i64) -> Result<u64, StoreError> {
        Ok(dispatch!(self, connection => sqlx::query(
            "UPDATE delivery SET state = 'failed'
              WHERE state = 'waiting' AND sequence IN (SELECT sequence FROM delivery
                                  WHERE webhook_id = $1 AND state = 'waiting' ORDER BY due_at, sequence LIMIT $2)",
        ).bind(webhook).bind(limit).execute(connection).await.map(|done| done.rows_affected()))?)
    }

    /// Deletes up to `limit` deliveries of events before `before`, with their attempts. Waiting
    /// deliveries are deleted only if they should have been given up before `before`. Returns the
    /// number.
    pub async fn forget_deliveries(&mut self, before: Timestamp, limit: i64) -> Result<u64, StoreError> {
        let gone: Vec<(Uuid, Uuid)> = dispatch!(self, connection => sqlx::query_as(
            "DELETE FROM delivery WHERE sequence IN
                    (SELECT sequence FROM delivery
                      WHERE created_at < $1 AND (state <> 'waiting' OR give_up_at < $1) ORDER BY created_at LIMIT $2)
             RETURNING webhook_id, event_id",
        ).bind(before).bind(limit).fetch_all(connection).await)?;
        self.delete_attempts(&gone).await?;
        Ok(gone.len() as u64)
    }

    /// Deletes up to `limit` deliveries of a webhook with their attempts. Returns the number.
    pub async fn delete_deliveries(&mut self, webhook: Uuid, limit: i64) -> Result<u64, StoreError> {
        let gone: Vec<(Uuid, Uuid)> = dispatch!(self, connection => sqlx::query_as(
            "DELETE FROM delivery WHERE sequence IN
                    (SELECT sequence FROM delivery WHERE webhook_id = $1 ORDER BY sequence LIMIT $2)
             RETURNING webhook_id, event_id",
        ).bind(webhook).bind(limit).fetch_all(connection).await)?;
        self.delete_attempts(&gone).await?;
        Ok(gone.len() as u64)
    }

    async fn delete_attempts(&mut self, deliveries: &[(Uuid, Uuid)]) -> Result<(), StoreError> {
        let mut deliveries = deliveries.to_vec();
        deliveries.sort_unstable();
        for chunk in deliveries.chunk_by(|(one, _), (other, _)| one == other) {
            dispatch!(self, connection => {
                let mut query = QueryBuilder::new("DELETE FROM delivery_attempt WHERE webhook_id = ");
                query.push_bind(chunk.first().map(|(webhook, _)| *webhook)).push(" AND event_id IN ");
                push_list(&mut query, chunk.iter().map(|(_, event)| *event));
                query.build().execute(connection).await.map(drop)
            })?;
        }
        Ok(())
    }
}
