//! Deliveries: taken, settled, listed, replayed and deleted.

use sqlx::QueryBuilder;
use uuid::Uuid;

use super::announcement::{ROWS, TRIED_FOR};
use super::{StoreError, Tx, from_row, on, push_list};
use crate::domain::webhook::{Delivery, DeliveryState};
use ambient::Timestamp;

/// One attempt of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Of which event.
    pub event_id: Uuid,
    /// Its number, from 1.
    pub number: i64,
    /// When it was made.
    pub at: Timestamp,
    /// What the receiver answered.
    pub status: Option<i64>,
    /// Why there was no answer.
    pub error: Option<String>,
    /// How long it took, in milliseconds.
    pub duration_ms: i64,
}
from_row!(Attempt { event_id, number, at, status, error, duration_ms });

/// What became of a delivery that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// The receiver has it.
    Delivered(Attempt),
    /// It failed, and is tried again then.
    Retried(Attempt, Timestamp),
    /// It failed, and is given up.
    GivenUp(Attempt),
    /// It was not tried after all, and is due again at once.
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

struct Row {
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
from_row!(Row {
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

impl TryFrom<Row> for Delivery {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
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
            state: state.ok_or_else(|| StoreError::nonsense("delivery", row.state))?,
            tries: row.tries,
            attempts: row.attempts,
            due_at: row.due_at,
            give_up_at: row.give_up_at,
            delivered_at: row.delivered_at,
        })
    }
}

impl Tx {
    /// Takes up to `limit` deliveries of a webhook that are due at `now`, and puts each off until `again`: a node that dies
    /// while sending leaves them to be sent by the next. In the order they happened; one whose request has an earlier
    /// event that was never tried, and is not taken along, is left. The caller holds the webhook.
    pub async fn take_deliveries(
        &mut self,
        webhook: Uuid,
        now: Timestamp,
        again: Timestamp,
        limit: i64,
    ) -> Result<Vec<Delivery>, StoreError> {
        let rows: Vec<Row> = on!(self, connection => sqlx::query_as(
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

    /// Writes what became of deliveries of one webhook that were taken.
    pub async fn settle_deliveries(
        &mut self,
        webhook: Uuid,
        settled: &[Settled],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let attempts: Vec<&Attempt> = settled.iter().filter_map(Settled::attempt).collect();
        for chunk in attempts.chunks(ROWS) {
            on!(self, connection => {
                let mut query = QueryBuilder::new(
                    "INSERT INTO delivery_attempt (webhook_id, event_id, number, at, status, error, duration_ms) ",
                );
                query.push_values(chunk, |mut row, attempt| {
                    row.push_bind(webhook)
                        .push_bind(attempt.event_id)
                        .push_bind(attempt.number)
                        .push_bind(attempt.at)
                        .push_bind(attempt.status)
                        .push_bind(attempt.error.as_deref())
                        .push_bind(attempt.duration_ms);
                });
                // Two nodes that both tried, since the first took too long: one line of the two is enough.
                query.push(" ON CONFLICT (webhook_id, event_id, number) DO NOTHING");
                query.build().execute(connection).await.map(drop)
            })?;
        }
        let delivered: Vec<&Attempt> = settled
            .iter()
            .filter_map(|settled| if let Settled::Delivered(attempt) = settled { Some(attempt) } else { None })
            .collect();
        for chunk in delivered.chunks(ROWS) {
            on!(self, connection => {
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
            on!(self, connection => sqlx::query(
                "UPDATE delivery SET state = $3, due_at = $4, tries = tries + $5, attempts = attempts + $5
                  WHERE webhook_id = $1 AND event_id = $2 AND state = 'waiting'",
            ).bind(webhook).bind(event).bind(state).bind(due_at).bind(tried).execute(connection).await.map(drop))?;
        }
        Ok(())
    }

    /// Up to `limit` deliveries of a webhook of `partner`, newest first: those before `before`, and in `state` if one is given.
    pub async fn deliveries(
        &mut self,
        webhook: Uuid,
        partner: Uuid,
        state: Option<DeliveryState>,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<Delivery>, StoreError> {
        let rows: Vec<Row> = on!(self, connection => sqlx::query_as(
            "SELECT * FROM delivery
              WHERE webhook_id = (SELECT id FROM webhook WHERE id = $1 AND partner_id = $2)
                AND sequence < $3 AND ($4 = '' OR state = $4)
              ORDER BY sequence DESC LIMIT $5",
        ).bind(webhook).bind(partner).bind(before.unwrap_or(i64::MAX)).bind(state.map_or("", DeliveryState::name)).bind(limit)
            .fetch_all(connection).await)?;
        rows.into_iter().map(Delivery::try_from).collect()
    }

    /// The attempts of deliveries of a webhook of `partner`, in their order.
    pub async fn delivery_attempts(
        &mut self,
        webhook: Uuid,
        partner: Uuid,
        events: &[Uuid],
    ) -> Result<Vec<Attempt>, StoreError> {
        if events.is_empty() {
            return Ok(Vec::new());
        }
        Ok(on!(self, connection => {
            let mut query = QueryBuilder::new(
                "SELECT event_id, number, at, status, error, duration_ms FROM delivery_attempt WHERE webhook_id = (SELECT id FROM webhook WHERE id = ",
            );
            query.push_bind(webhook).push(" AND partner_id = ").push_bind(partner).push(") AND event_id IN ");
            push_list(&mut query, events.iter().copied());
            query.push(" ORDER BY event_id, number");
            query.build_query_as().fetch_all(connection).await
        })?)
    }

    /// Queues a delivery of a webhook of `partner` again, whatever became of it. False if it is not there.
    pub async fn replay_delivery(
        &mut self,
        webhook: Uuid,
        partner: Uuid,
        event: Uuid,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let changed = on!(self, connection => sqlx::query(
            "UPDATE delivery SET state = 'waiting', tries = 0, due_at = $4, give_up_at = $5, delivered_at = NULL
              WHERE webhook_id = (SELECT id FROM webhook WHERE id = $1 AND partner_id = $2) AND event_id = $3",
        ).bind(webhook).bind(partner).bind(event).bind(now).bind(now + TRIED_FOR)
            .execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }

    /// Queues up to `limit` deliveries again of a webhook of `partner` that do not wait: of the events from `from` up to `to`,
    /// in `state` if one is given, after the place `after`. Returns their places, in order.
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
        let mut replayed: Vec<i64> = on!(self, connection => sqlx::query_scalar(
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

    /// Gives up up to `limit` deliveries that were not delivered in time. Returns how many.
    pub async fn give_up_deliveries(&mut self, now: Timestamp, limit: i64) -> Result<u64, StoreError> {
        Ok(on!(self, connection => sqlx::query(
            "UPDATE delivery SET state = 'failed'
              WHERE state = 'waiting' AND sequence IN (SELECT sequence FROM delivery
                                  WHERE state = 'waiting' AND give_up_at <= $1 AND due_at <= $1 ORDER BY give_up_at LIMIT $2)",
        ).bind(now).bind(limit).execute(connection).await.map(|done| done.rows_affected()))?)
    }

    /// Fails up to `limit` waiting deliveries of a webhook, whenever they are due. Returns how many. The caller holds the webhook.
    pub async fn fail_deliveries(&mut self, webhook: Uuid, limit: i64) -> Result<u64, StoreError> {
        Ok(on!(self, connection => sqlx::query(
            "UPDATE delivery SET state = 'failed'
              WHERE state = 'waiting' AND sequence IN (SELECT sequence FROM delivery
                                  WHERE webhook_id = $1 AND state = 'waiting' ORDER BY due_at, sequence LIMIT $2)",
        ).bind(webhook).bind(limit).execute(connection).await.map(|done| done.rows_affected()))?)
    }

    /// Forgets up to `limit` deliveries that happened before `before` and do not wait (or should have stopped to by then).
    /// Returns how many.
    pub async fn forget_deliveries(&mut self, before: Timestamp, limit: i64) -> Result<u64, StoreError> {
        let gone: Vec<(Uuid, Uuid)> = on!(self, connection => sqlx::query_as(
            "DELETE FROM delivery WHERE sequence IN
                    (SELECT sequence FROM delivery
                      WHERE created_at < $1 AND (state <> 'waiting' OR give_up_at < $1) ORDER BY created_at LIMIT $2)
             RETURNING webhook_id, event_id",
        ).bind(before).bind(limit).fetch_all(connection).await)?;
        self.delete_attempts(&gone).await?;
        Ok(gone.len() as u64)
    }

    /// Deletes up to `limit` deliveries of a webhook, with their attempts. Returns how many.
    pub async fn delete_deliveries(&mut self, webhook: Uuid, limit: i64) -> Result<u64, StoreError> {
        let gone: Vec<(Uuid, Uuid)> = on!(self, connection => sqlx::query_as(
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
            on!(self, connection => {
                let mut query = QueryBuilder::new("DELETE FROM delivery_attempt WHERE webhook_id = ");
                query.push_bind(chunk.first().map(|(webhook, _)| *webhook)).push(" AND event_id IN ");
                push_list(&mut query, chunk.iter().map(|(_, event)| *event));
                query.build().execute(connection).await.map(drop)
            })?;
        }
        Ok(())
    }
}
