//! Webhooks: where partners want to be told.

use uuid::Uuid;

use super::{StoreError, Tx, on};
use crate::domain::webhook::Webhook;
use ambient::Timestamp;

impl Tx {
    /// Adds a webhook. False if there is one with this id.
    pub async fn add_webhook(&mut self, webhook: &Webhook) -> Result<bool, StoreError> {
        let added = on!(self, connection => sqlx::query(
            "INSERT INTO webhook (id, partner_id, url, name, description, events, secret_sealed, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING",
        ).bind(webhook.id).bind(webhook.partner_id).bind(&webhook.url).bind(webhook.name.as_deref())
            .bind(webhook.description.as_deref()).bind(&webhook.events).bind(&webhook.secret_sealed)
            .bind(webhook.created_at).bind(webhook.updated_at).execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(added == 1)
    }

    /// A webhook of `partner`.
    pub async fn webhook(&mut self, id: Uuid, partner: Uuid) -> Result<Option<Webhook>, StoreError> {
        Ok(on!(self, connection => sqlx::query_as("SELECT * FROM webhook WHERE id = $1 AND partner_id = $2")
            .bind(id).bind(partner).fetch_optional(connection).await)?)
    }

    /// The webhooks of `partner`, oldest first.
    pub async fn webhooks(&mut self, partner: Uuid) -> Result<Vec<Webhook>, StoreError> {
        Ok(
            on!(self, connection => sqlx::query_as("SELECT * FROM webhook WHERE partner_id = $1 ORDER BY created_at, id")
            .bind(partner).fetch_all(connection).await)?,
        )
    }

    /// Writes what a partner may change of its webhook, forgives what failed before, and enables it. False if it is not there.
    pub async fn change_webhook(&mut self, webhook: &Webhook, now: Timestamp) -> Result<bool, StoreError> {
        let changed = on!(self, connection => sqlx::query(
            "UPDATE webhook SET url = $3, name = $4, description = $5, events = $6, updated_at = $7, failures = 0,
                    paused_until = NULL, disabled_at = NULL
              WHERE id = $1 AND partner_id = $2",
        ).bind(webhook.id).bind(webhook.partner_id).bind(&webhook.url).bind(webhook.name.as_deref())
            .bind(webhook.description.as_deref()).bind(&webhook.events).bind(now)
            .execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }

    /// Gives a webhook of `partner` another secret; the one before signs too until `previous_until`. False if it is not
    /// there.
    pub async fn rotate_webhook(
        &mut self,
        id: Uuid,
        partner: Uuid,
        sealed: &[u8],
        previous_until: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let changed = on!(self, connection => sqlx::query(
            "UPDATE webhook SET previous_secret_sealed = secret_sealed, secret_sealed = $3, previous_until = $4, updated_at = $5
              WHERE id = $1 AND partner_id = $2",
        ).bind(id).bind(partner).bind(sealed).bind(previous_until).bind(now)
            .execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }

    /// Deletes a webhook of `partner`; its deliveries are deleted apart, by [`Tx::delete_deliveries`]. False if it is not
    /// there.
    pub async fn delete_webhook(&mut self, id: Uuid, partner: Uuid) -> Result<bool, StoreError> {
        let changed = on!(self, connection => sqlx::query("DELETE FROM webhook WHERE id = $1 AND partner_id = $2")
            .bind(id).bind(partner).execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }

    /// The webhooks, of whatever active partner, that have something waiting at `now` and are not paused; also disabled ones,
    /// whose deliveries are to fail.
    pub async fn due_webhooks(&mut self, now: Timestamp) -> Result<Vec<Uuid>, StoreError> {
        Ok(on!(self, connection => sqlx::query_scalar(
            "SELECT id FROM webhook
              WHERE (paused_until IS NULL OR paused_until <= $1)
                AND EXISTS (SELECT 1 FROM delivery
                             WHERE delivery.webhook_id = webhook.id AND delivery.state = 'waiting' AND delivery.due_at <= $1)
                AND EXISTS (SELECT 1 FROM partner WHERE partner.id = webhook.partner_id AND partner.disabled_at IS NULL)
              ORDER BY id",
        ).bind(now).fetch_all(connection).await)?)
    }

    /// The webhook, whoever's, for the one who sends: nobody else takes of its deliveries until the end of the transaction.
    pub async fn hold_webhook(&mut self, id: Uuid) -> Result<Option<Webhook>, StoreError> {
        Ok(on!(self, connection => sqlx::query_as("UPDATE webhook SET failures = failures WHERE id = $1 RETURNING *")
            .bind(id).fetch_optional(connection).await)?)
    }

    /// Notes how many deliveries failed in a row, and until when nothing is sent.
    pub async fn note_webhook_health(
        &mut self,
        id: Uuid,
        failures: i64,
        paused_until: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        on!(self, connection => sqlx::query("UPDATE webhook SET failures = $2, paused_until = $3 WHERE id = $1")
            .bind(id).bind(failures).bind(paused_until).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Disables a webhook until its partner changes it; a pause ends. One that is disabled keeps its time.
    pub async fn disable_webhook(&mut self, id: Uuid, now: Timestamp) -> Result<(), StoreError> {
        on!(self, connection => sqlx::query(
            "UPDATE webhook SET disabled_at = COALESCE(disabled_at, $2), failures = 0, paused_until = NULL WHERE id = $1",
        ).bind(id).bind(now).execute(connection).await.map(drop))?;
        Ok(())
    }
}
