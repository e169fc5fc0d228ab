//! Webhooks: the URLs that partners receive events at.

use uuid::Uuid;

use super::{StoreError, Tx, dispatch};
use crate::domain::webhook::Webhook;
use ambient::Timestamp;

impl Tx {
    /// Adds a webhook. Returns false if the id is taken.
    pub async fn add_webhook(&mut self, webhook: &Webhook) -> Result<bool, StoreError> {
        let added = dispatch!(self, connection => sqlx::query(
            "INSERT INTO webhook (id, partner_id, url, name, description, events, secret_sealed, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING",
        ).bind(webhook.id).bind(webhook.partner_id).bind(&webhook.url).bind(webhook.name.as_deref())
            .bind(webhook.description.as_deref()).bind(&webhook.events).bind(&webhook.secret_sealed)
            .bind(webhook.created_at).bind(webhook.updated_at).execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(added == 1)
    }

    /// Returns a webhook of `partner`.
    pub async fn webhook(&mut self, id: Uuid, partner: Uuid) -> Result<Option<Webhook>, StoreError> {
        Ok(dispatch!(self, connection => sqlx::query_as("SELECT * FROM webhook WHERE id = $1 AND partner_id = $2")
            .bind(id).bind(partner).fetch_optional(connection).await)?)
    }

    /// Returns the webhooks of `partner` without its listeners, oldest first.
    pub async fn webhooks(&mut self, partner: Uuid) -> Result<Vec<Webhook>, StoreError> {
        Ok(dispatch!(self, connection => sqlx::query_as(
            "SELECT * FROM webhook WHERE partner_id = $1 AND listens_until IS NULL ORDER BY created_at, id",
        ).bind(partner).fetch_all(connection).await)?)
    }

    /// Updates the settings of a webhook that is no listener, resets its failures, and enables it.
    /// Returns false if there is none.
    pub async fn change_webhook(&mut self, webhook: &Webhook, now: Timestamp) -> Result<bool, StoreError> {
        let changed = dispatch!(self, connection => sqlx::query(
            "UPDATE webhook SET url = $3, name = $4, description = $5, events = $6, updated_at = $7, failures = 0,
                    paused_until = NULL, disabled_at = NULL
              WHERE id = $1 AND partner_id = $2 AND listens_until IS NULL",
        ).bind(webhook.id).bind(webhook.partner_id).bind(&webhook.url).bind(webhook.name.as_deref())
            .bind(webhook.description.as_deref()).bind(&webhook.events).bind(now)
            .execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }

    /// Replaces the secret of a webhook of `partner` that is no listener. The previous secret also
    /// signs until `previous_until`. Returns false if there is none.
    pub async fn rotate_webhook(
        &mut self,
        id: Uuid,
        partner: Uuid,
        sealed: &[u8],
        previous_until: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let changed = dispatch!(self, connection => sqlx::query(
            "UPDATE webhook SET previous_secret_sealed = secret_sealed, secret_sealed = $3, previous_until = $4, updated_at = $5
              WHERE id = $1 AND partner_id = $2 AND listens_until IS NULL",
        ).bind(id).bind(partner).bind(sealed).bind(previous_until).bind(now)
            .execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }

    /// Deletes a webhook of `partner`, but not its deliveries ([`Tx::delete_deliveries`]). Returns
    /// false if there is none.
    pub async fn delete_webhook(&mut self, id: Uuid, partner: Uuid) -> Result<bool, StoreError> {
        let changed = dispatch!(self, connection => sqlx::query("DELETE FROM webhook WHERE id = $1 AND partner_id = $2")
            .bind(id).bind(partner).execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }

    /// Returns the webhooks of enabled partners that have deliveries due at `now`, are not paused,
    /// and are no listeners. Includes disabled webhooks, whose deliveries must be marked as failed.
    pub async fn due_webhooks(&mut self, now: Timestamp) -> Result<Vec<Uuid>, StoreError> {
        Ok(dispatch!(self, connection => sqlx::query_scalar(
            "SELECT id FROM webhook
              WHERE (paused_until IS NULL OR paused_until <= $1) AND listens_until IS NULL
                AND EXISTS (SELECT 1 FROM delivery
                             WHERE delivery.webhook_id = webhook.id AND delivery.state = 'waiting' AND delivery.due_at <= $1)
                AND EXISTS (SELECT 1 FROM partner WHERE partner.id = webhook.partner_id AND partner.disabled_at IS NULL)
              ORDER BY id",
        ).bind(now).fetch_all(connection).await)?)
    }

    /// Returns a webhook and locks it until the end of the transaction, so that one sender at a
    /// time takes its deliveries. Does not check the owner.
    pub async fn lock_webhook(&mut self, id: Uuid) -> Result<Option<Webhook>, StoreError> {
        Ok(
            dispatch!(self, connection => sqlx::query_as("UPDATE webhook SET failures = failures WHERE id = $1 RETURNING *")
            .bind(id).fetch_optional(connection).await)?,
        )
    }

    /// Stores the number of consecutive failed deliveries, and until when sending is paused.
    pub async fn note_webhook_health(
        &mut self,
        id: Uuid,
        failures: i64,
        paused_until: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        dispatch!(self, connection => sqlx::query("UPDATE webhook SET failures = $2, paused_until = $3 WHERE id = $1")
            .bind(id).bind(failures).bind(paused_until).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Disables a webhook until its partner changes it, and ends a pause. Keeps the timestamp of
    /// one that is already disabled.
    pub async fn disable_webhook(&mut self, id: Uuid, now: Timestamp) -> Result<(), StoreError> {
        dispatch!(self, connection => sqlx::query(
            "UPDATE webhook SET disabled_at = COALESCE(disabled_at, $2), failures = 0, paused_until = NULL WHERE id = $1",
        ).bind(id).bind(now).execute(connection).await.map(drop))?;
        Ok(())
    }
}
