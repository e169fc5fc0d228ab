//! Listeners: webhooks of a few minutes, whose events their partner fetches.

use uuid::Uuid;

use super::{StoreError, Tx, dispatch};
use crate::domain::webhook::Webhook;
use ambient::Timestamp;

impl Tx {
    /// Adds a listener. Its `paused_until` must be later than it can end, because nodes of the
    /// previous release send to every webhook that is not paused.
    pub async fn add_listener(&mut self, listener: &Webhook) -> Result<(), StoreError> {
        dispatch!(self, connection => sqlx::query(
            "INSERT INTO webhook (id, partner_id, url, name, events, secret_sealed, created_at, updated_at, paused_until, listens_until)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        ).bind(listener.id).bind(listener.partner_id).bind(&listener.url).bind(listener.name.as_deref())
            .bind(&listener.events).bind(&listener.secret_sealed).bind(listener.created_at).bind(listener.updated_at)
            .bind(listener.paused_until).bind(listener.listens_until).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Returns the number of listeners of `partner` that have not ended at `now`.
    pub async fn count_listeners(&mut self, partner: Uuid, now: Timestamp) -> Result<i64, StoreError> {
        Ok(dispatch!(self, connection => sqlx::query_scalar(
            "SELECT count(*) FROM webhook WHERE partner_id = $1 AND listens_until > $2",
        ).bind(partner).bind(now).fetch_one(connection).await)?)
    }

    /// Sets when a listener ends.
    pub async fn extend_listener(&mut self, id: Uuid, until: Timestamp) -> Result<(), StoreError> {
        dispatch!(self, connection => sqlx::query(
            "UPDATE webhook SET listens_until = $2 WHERE id = $1 AND listens_until IS NOT NULL",
        ).bind(id).bind(until).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Returns when a listener of `partner` ends, and whether a delivery is due at `now`. `None` if
    /// it has ended, or its partner is disabled.
    pub async fn listener_state(
        &mut self,
        id: Uuid,
        partner: Uuid,
        now: Timestamp,
    ) -> Result<Option<(Timestamp, bool)>, StoreError> {
        Ok(dispatch!(self, connection => sqlx::query_as(
            "SELECT listens_until,
                    EXISTS (SELECT 1 FROM delivery
                             WHERE delivery.webhook_id = webhook.id AND delivery.state = 'waiting' AND delivery.due_at <= $3)
               FROM webhook
              WHERE id = $1 AND partner_id = $2 AND listens_until > $3
                AND EXISTS (SELECT 1 FROM partner WHERE partner.id = webhook.partner_id AND partner.disabled_at IS NULL)",
        ).bind(id).bind(partner).bind(now).fetch_optional(connection).await)?)
    }

    /// Returns the listeners of all partners that have ended at `now`.
    pub async fn ended_listeners(&mut self, now: Timestamp) -> Result<Vec<Uuid>, StoreError> {
        Ok(
            dispatch!(self, connection => sqlx::query_scalar("SELECT id FROM webhook WHERE listens_until <= $1 ORDER BY id")
            .bind(now).fetch_all(connection).await)?,
        )
    }
}
