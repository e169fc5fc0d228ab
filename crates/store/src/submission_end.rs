//! The ends of submissions: declined, withdrawn, removed, expired, and deleted with their holder.

use std::time::Duration;

use ambient::{Moment, Timestamp};
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::event::EventKind;
use super::expiry_cursor::Work;
use super::{StoreError, Tx, dispatch, push_list};

/// Maximum number of ids in one `IN` list.
const LIST: usize = 256;

impl Tx {
    /// Declines `holder`'s incomplete submission and deletes its data. Returns false if it is not
    /// incomplete any more.
    pub async fn decline_submission(
        &mut self,
        id: Uuid,
        holder: Uuid,
        now: impl Into<Moment>,
    ) -> Result<bool, StoreError> {
        let Moment { now, trusted } = now.into();
        let over = self.lock_expiry(trusted).await?;
        let changed = dispatch!(self, connection => sqlx::query(
            "UPDATE submission SET state = 'declined', finalized_at = $3, sealed = NULL
              WHERE id = $1 AND holder_id = $2 AND state = 'incomplete' AND expires_at > $4 AND replaced_at IS NULL",
        ).bind(id).bind(holder).bind(now).bind(over).execute(connection).await.map(|done| done.rows_affected()))?;
        if changed == 1 {
            self.note_changed(&[id]);
            self.delete_payload(id).await?;
            self.drop_assets(&[id]).await?;
        }
        Ok(changed == 1)
    }

    /// Withdraws `partner`'s incomplete submission and deletes its data. Returns false if it is not
    /// incomplete any more.
    pub async fn withdraw_pending_submission(
        &mut self,
        id: Uuid,
        partner: Uuid,
        reason: Option<&[u8]>,
        now: impl Into<Moment>,
    ) -> Result<bool, StoreError> {
        let Moment { now, trusted } = now.into();
        let over = self.lock_expiry(trusted).await?;
        let changed = dispatch!(self, connection => sqlx::query(
            "UPDATE submission SET state = 'taken_back', finalized_at = $4, withdrawn_at = $4, reason_sealed = $3, sealed = NULL
              WHERE id = $1 AND partner_id = $2 AND state = 'incomplete' AND expires_at > $5 AND replaced_at IS NULL",
        ).bind(id).bind(partner).bind(reason).bind(now).bind(over).execute(connection).await.map(|done| done.rows_affected()))?;
        if changed == 1 {
            self.note_changed(&[id]);
            self.delete_payload(id).await?;
            self.drop_assets(&[id]).await?;
        }
        Ok(changed == 1)
    }

    /// Withdraws `partner`'s accepted submission and revokes its status entries. It stays in the
    /// wallet, with the reason encrypted under the holder's key. Returns false if it is not
    /// accepted.
    pub async fn withdraw_submission(
        &mut self,
        id: Uuid,
        partner: Uuid,
        reason: &[u8],
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let changed = dispatch!(self, connection => sqlx::query(
            "UPDATE submission SET state = 'withdrawn', withdrawn_at = $4, reason_sealed = $3
              WHERE id = $1 AND partner_id = $2 AND state = 'accepted'",
        ).bind(id).bind(partner).bind(reason).bind(now).execute(connection).await.map(|done| done.rows_affected()))?;
        if changed == 1 {
            self.note_changed(&[id]);
            self.revoke_status_entries(&[id], now).await?;
        }
        Ok(changed == 1)
    }

    /// Records that `partner` withdrew a submission that its holder had already removed. Returns
    /// false if it is not removed, or this was already recorded.
    pub async fn note_withdrawal(&mut self, id: Uuid, partner: Uuid, now: Timestamp) -> Result<bool, StoreError> {
        let changed = dispatch!(self, connection => sqlx::query(
            "UPDATE submission SET withdrawn_at = $3
              WHERE id = $1 AND partner_id = $2 AND state = 'removed' AND withdrawn_at IS NULL",
        ).bind(id).bind(partner).bind(now).execute(connection).await.map(|done| done.rows_affected()))?;
        if changed == 1 {
            self.note_changed(&[id]);
        }
        Ok(changed == 1)
    }

    /// Removes an accepted credential from `holder`'s wallet, deletes its data and revokes its
    /// status entries. The status that the partner sees stays. Returns false if it is not in the
    /// wallet.
    pub async fn remove_submission(&mut self, id: Uuid, holder: Uuid, now: Timestamp) -> Result<bool, StoreError> {
        let changed = dispatch!(self, connection => sqlx::query(
            "UPDATE submission SET state = 'removed', sealed = NULL, reason_sealed = NULL
              WHERE id = $1 AND holder_id = $2 AND state IN ('accepted', 'withdrawn')",
        ).bind(id).bind(holder).execute(connection).await.map(|done| done.rows_affected()))?;
        if changed == 1 {
            self.keep_asset_statuses(&[id]).await?;
            self.drop_assets(&[id]).await?;
            self.revoke_status_entries(&[id], now).await?;
        }
        Ok(changed == 1)
    }

    /// Sets the expiry of `partner`'s pending submission, or of a batch and its pending items, to
    /// `now`. If the expiry cursor is already past `now`, they expire just after the cursor, so
    /// that the expiry job still announces them. Returns whether anything was pending.
    pub async fn expire_now(&mut self, id: Uuid, partner: Uuid, now: Timestamp) -> Result<bool, StoreError> {
        let told = self.lock_cursor().await?;
        let end = if told >= now { told + Duration::from_micros(1) } else { now };
        let ended: Vec<Uuid> = dispatch!(self, connection => sqlx::query_scalar(
            "UPDATE submission SET expires_at = $3
              WHERE partner_id = $2 AND (id = $1 OR batch_id = $1) AND state IN ('incomplete', 'batch') AND expires_at > $3
             RETURNING id",
        ).bind(id).bind(partner).bind(end).fetch_all(connection).await)?;
        self.note_changed(&ended);
        Ok(!ended.is_empty())
    }

    /// Deletes up to `limit` final submissions without data that last changed before `before`, with
    /// their events, and up to `limit` that expired undecided before `before`. Removal by the
    /// holder counts as a change, so that the status outlives it. Returns their number, or 0 while
    /// another node runs this job.
    pub async fn forget_submissions(&mut self, before: Timestamp, limit: i64) -> Result<u64, StoreError> {
        const FINAL: &str = "SELECT id FROM submission
              WHERE finalized_at < $1 AND sealed IS NULL
                AND COALESCE((SELECT max(at) FROM event WHERE event.submission_id = submission.id), finalized_at) < $1
              ORDER BY finalized_at LIMIT $2";
        const OVER: &str =
            "SELECT id FROM submission WHERE state = 'incomplete' AND expires_at < $1 ORDER BY expires_at LIMIT $2";
        if !self.try_lock_job(Work::Forgetting).await? {
            return Ok(0);
        }
        let mut forgotten = 0;
        for ended in [FINAL, OVER] {
            let ids: Vec<Uuid> = dispatch!(self, connection => sqlx::query_scalar(ended).bind(before).bind(limit).fetch_all(connection).await)?;
            self.note_changed(&ids);
            for chunk in ids.chunks(LIST) {
                for start in [
                    "DELETE FROM event WHERE submission_id IN ",
                    "DELETE FROM removed_asset WHERE submission_id IN ",
                    "DELETE FROM return_url WHERE request_id IN ",
                    "DELETE FROM submission WHERE id IN ",
                ] {
                    dispatch!(self, connection => {
                        let mut query = QueryBuilder::new(start);
                        push_list(&mut query, chunk.iter().copied());
                        query.build().execute(connection).await.map(drop)
                    })?;
                }
            }
            self.forget_updates(&ids).await?;
            forgotten += ids.len() as u64;
        }
        let batches: Vec<Uuid> = dispatch!(self, connection => sqlx::query_scalar(
            "DELETE FROM submission WHERE state = 'batch' AND created_at < $1
                AND NOT EXISTS (SELECT 1 FROM submission AS item WHERE item.batch_id = submission.id) RETURNING id",
        ).bind(before).fetch_all(connection).await)?;
        for batch in batches {
            dispatch!(self, connection => sqlx::query("DELETE FROM return_url WHERE request_id = $1").bind(batch).execute(connection).await.map(drop))?;
        }
        dispatch!(self, connection => sqlx::query("DELETE FROM undelivered_link WHERE at < $1").bind(before).execute(connection).await.map(drop))?;
        Ok(forgotten)
    }

    /// Ends every submission of `holder` and unbinds it from the account. Pending ones are
    /// declined, held ones are removed, and status entries are revoked.
    pub async fn release_submissions(&mut self, holder: Uuid, now: impl Into<Moment>) -> Result<(), StoreError> {
        let Moment { now, trusted } = now.into();
        let over = self.lock_expiry(trusted).await?;
        self.lock_wallet(holder).await?;
        if let Self::Postgres(transaction) = self {
            // Same lock order as issuance, to avoid deadlocks.
            sqlx::query("SELECT id FROM submission WHERE holder_id = $1 ORDER BY id FOR UPDATE")
                .bind(holder)
                .execute(&mut **transaction)
                .await?;
        }
        let ending: Vec<(Uuid, String)> = dispatch!(self, connection => sqlx::query_as(
            "SELECT id, state FROM submission
              WHERE holder_id = $1 AND (state IN ('accepted', 'withdrawn') OR state = 'incomplete' AND expires_at > $2) ORDER BY id",
        ).bind(holder).bind(over).fetch_all(connection).await)?;
        // Expired submissions that were not announced yet keep their state, so that the expiry job
        // still announces them.
        let ids: Vec<Uuid> = dispatch!(self, connection => sqlx::query_scalar(
            "UPDATE submission SET sealed = NULL, reason_sealed = NULL, holder_id = NULL,
                    finalized_at = CASE WHEN state = 'incomplete' AND expires_at > $3 THEN $2 ELSE finalized_at END,
                    state = CASE WHEN state IN ('accepted', 'withdrawn') THEN 'removed'
                                 WHEN state = 'incomplete' AND expires_at > $3 THEN 'declined' ELSE state END
              WHERE holder_id = $1 RETURNING id",
        ).bind(holder).bind(now).bind(over).fetch_all(connection).await)?;
        self.note_changed(&ids);
        for (id, _) in ending.iter().filter(|(_, state)| state == "incomplete") {
            self.delete_payload(*id).await?;
        }
        let removed: Vec<Uuid> = ending.iter().filter(|(_, state)| state != "incomplete").map(|(id, _)| *id).collect();
        self.keep_asset_statuses(&removed).await?;
        self.drop_assets(&ids).await?;
        self.revoke_status_entries(&ids, now).await?;
        // Kinds are recorded in a fixed order, as everywhere, to avoid deadlocks on the daily
        // counts.
        for (kind, were) in
            [(EventKind::Declined, &["incomplete"][..]), (EventKind::Removed, &["accepted", "withdrawn"])]
        {
            let became = ending.iter().filter(|(_, state)| were.contains(&state.as_str()));
            let ids: Vec<Uuid> = became.map(|(id, _)| *id).collect();
            self.record_events(&ids, kind, now).await?;
        }
        Ok(())
    }
}
