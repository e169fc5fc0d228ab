//! Batches: each is a submission row in state `batch`, and its items refer to that row.

use ambient::{Moment, Timestamp};
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::new_submission::{NewBatch, NewSubmission};
use super::submission::SubmissionRow;
use super::{StoreError, Tx, dispatch, from_row, push_list};
use crate::domain::batch::Batch;

impl Tx {
    /// Inserts a batch with its items, but without their documents. Returns false, and inserts
    /// nothing, if one of the ids is in use.
    pub async fn insert_batch(&mut self, new: &NewBatch) -> Result<bool, StoreError> {
        let Some(first) = new.items.first() else {
            return Err(StoreError::corrupt_row("submission", "an empty batch"));
        };
        let inserted = dispatch!(self, connection => sqlx::query(
            "INSERT INTO submission (id, partner_id, credential_id, credential_type, state, created_at, expires_at, ring_period)
             VALUES ($1, $2, $3, 'batch', 'batch', $4, $5, $6)
             ON CONFLICT (partner_id, credential_id) WHERE replaced_at IS NULL DO NOTHING",
        ).bind(new.id).bind(first.partner_id).bind(&new.credential_id).bind(first.created_at).bind(first.expires_at)
            .bind(first.sealed.period).execute(connection).await.map(|done| done.rows_affected()))?;
        if inserted == 0 {
            return Ok(false);
        }
        let items: Vec<&NewSubmission> = new.items.iter().collect();
        if self.insert_submissions(&items).await?.len() == items.len() {
            return Ok(true);
        }
        for id in [new.id].into_iter().chain(new.items.iter().map(|item| item.id)) {
            dispatch!(self, connection => sqlx::query("DELETE FROM submission WHERE id = $1").bind(id).execute(connection).await.map(drop))?;
        }
        Ok(false)
    }

    /// Returns the batch that currently has this id of `partner`, as of `now`.
    pub async fn current_batch(
        &mut self,
        partner: Uuid,
        credential_id: &str,
        now: Timestamp,
    ) -> Result<Option<Batch>, StoreError> {
        let id: Option<Uuid> = dispatch!(self, connection => sqlx::query_scalar(
            "SELECT id FROM submission WHERE partner_id = $1 AND credential_id = $2 AND replaced_at IS NULL AND state = 'batch'",
        ).bind(partner).bind(credential_id).fetch_optional(connection).await)?;
        match id {
            Some(id) => self.linked_batch(id, now).await,
            None => Ok(None),
        }
    }

    /// Returns the batch behind a link, as of `now`. The caller checks the holder of the items.
    pub async fn linked_batch(&mut self, id: Uuid, now: Timestamp) -> Result<Option<Batch>, StoreError> {
        struct BatchRow {
            id: Uuid,
            partner_id: Uuid,
            credential_id: String,
            expires_at: Timestamp,
        }
        from_row!(BatchRow { id, partner_id, credential_id, expires_at });
        let row: Option<BatchRow> = dispatch!(self, connection => sqlx::query_as(
            "SELECT id, partner_id, credential_id, expires_at FROM submission WHERE id = $1 AND state = 'batch'",
        ).bind(id).fetch_optional(connection).await)?;
        let Some(BatchRow { id, partner_id, credential_id, expires_at }) = row else { return Ok(None) };
        let rows: Vec<SubmissionRow> = dispatch!(self, connection => sqlx::query_as("SELECT * FROM submission WHERE batch_id = $1 ORDER BY id")
            .bind(id).fetch_all(connection).await)?;
        Ok(Some(Batch { id, partner_id, credential_id, expires_at, items: self.complete(rows, now).await? }))
    }

    /// Marks `partner`'s batch as replaced, so that a new request can use its id. Its items keep
    /// their ids and statuses until another push uses those ids.
    pub async fn replace_batch(&mut self, id: Uuid, partner: Uuid, now: Timestamp) -> Result<(), StoreError> {
        dispatch!(self, connection => sqlx::query("UPDATE submission SET replaced_at = $3 WHERE id = $1 AND partner_id = $2 AND state = 'batch'")
            .bind(id).bind(partner).bind(now).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Returns those of `partner`'s ids that are currently in use.
    pub async fn taken_ids(&mut self, partner: Uuid, ids: &[&str]) -> Result<Vec<String>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        Ok(dispatch!(self, connection => {
            let mut query =
                QueryBuilder::new("SELECT credential_id FROM submission WHERE replaced_at IS NULL AND partner_id = ");
            query.push_bind(partner).push(" AND credential_id IN ");
            push_list(&mut query, ids.iter().copied());
            query.build_query_scalar().fetch_all(connection).await
        })?)
    }

    /// Binds all pending items of a batch to the first account that opens it. Returns the items
    /// that are now bound to `holder`.
    pub async fn bind_batch(
        &mut self,
        id: Uuid,
        holder: Uuid,
        now: impl Into<Moment>,
    ) -> Result<Vec<Uuid>, StoreError> {
        let Moment { now, trusted } = now.into();
        let over = self.lock_expiry(trusted).await?;
        let bound: Vec<Uuid> = dispatch!(self, connection => sqlx::query_scalar(
            "UPDATE submission SET holder_id = $2
              WHERE batch_id = $1 AND state = 'incomplete' AND expires_at > $3 AND (holder_id IS NULL OR holder_id = $2)
             RETURNING id",
        ).bind(id).bind(holder).bind(over).fetch_all(connection).await)?;
        if !bound.is_empty() {
            self.note_link_holder(id, holder, now).await?;
        }
        Ok(bound)
    }
}
