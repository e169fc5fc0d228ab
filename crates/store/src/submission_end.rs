//! The ends of submissions: declined, taken back, withdrawn, removed, expired, and deleted with their holder.

use std::time::Duration;

use ambient::Timestamp;
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::event::EventKind;
use super::expiry::Work;
use super::{StoreError, Tx, on, push_list};

/// Most ids in one list.
const LIST: usize = 256;

impl Tx {
    /// Declines `holder`'s incomplete submission and deletes its data. False if it is not incomplete any more.
    pub async fn decline_submission(&mut self, id: Uuid, holder: Uuid, now: Timestamp) -> Result<bool, StoreError> {
        let over = self.hold_expiry(now).await?;
        let changed = on!(self, connection => sqlx::query(
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

    /// Takes `partner`'s incomplete submission back: its data is deleted. False if it is not incomplete any more.
    pub async fn take_back_submission(
        &mut self,
        id: Uuid,
        partner: Uuid,
        reason: Option<&[u8]>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let over = self.hold_expiry(now).await?;
        let changed = on!(self, connection => sqlx::query(
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

    /// Withdraws what `partner` sent and is in a wallet: it stays there, and what was signed of it is revoked. The reason
    /// is sealed under the holder's key. False if it is not there (any more), or was withdrawn before.
    pub async fn withdraw_submission(
        &mut self,
        id: Uuid,
        partner: Uuid,
        reason: &[u8],
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let changed = on!(self, connection => sqlx::query(
            "UPDATE submission SET state = 'withdrawn', withdrawn_at = $4, reason_sealed = $3
              WHERE id = $1 AND partner_id = $2 AND state = 'accepted'",
        ).bind(id).bind(partner).bind(reason).bind(now).execute(connection).await.map(|done| done.rows_affected()))?;
        if changed == 1 {
            self.note_changed(&[id]);
            self.revoke_status_entries(&[id], now).await?;
        }
        Ok(changed == 1)
    }

    /// Notes that `partner` withdrew what its holder had deleted already. False if it is not so, or was noted before.
    pub async fn note_withdrawal(&mut self, id: Uuid, partner: Uuid, now: Timestamp) -> Result<bool, StoreError> {
        let changed = on!(self, connection => sqlx::query(
            "UPDATE submission SET withdrawn_at = $3
              WHERE id = $1 AND partner_id = $2 AND state = 'removed' AND withdrawn_at IS NULL",
        ).bind(id).bind(partner).bind(now).execute(connection).await.map(|done| done.rows_affected()))?;
        if changed == 1 {
            self.note_changed(&[id]);
        }
        Ok(changed == 1)
    }

    /// Deletes an accepted credential's data from `holder`'s wallet, and revokes what was signed of it; its status stays.
    /// False if it is not there.
    pub async fn remove_submission(&mut self, id: Uuid, holder: Uuid, now: Timestamp) -> Result<bool, StoreError> {
        let changed = on!(self, connection => sqlx::query(
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

    /// Ends the time of what `partner` sent at `now`: a submission that waits, or a batch with all of its items that wait.
    /// Returns whether there was anything to end. If partners have been told of what ended later already, it ends just
    /// after that, so that its turn still comes.
    pub async fn cut_short(&mut self, id: Uuid, partner: Uuid, now: Timestamp) -> Result<bool, StoreError> {
        let told = self.hold_cursor().await?;
        let end = if told >= now { told + Duration::from_micros(1) } else { now };
        let ended: Vec<Uuid> = on!(self, connection => sqlx::query_scalar(
            "UPDATE submission SET expires_at = $3
              WHERE partner_id = $2 AND (id = $1 OR batch_id = $1) AND state IN ('incomplete', 'batch') AND expires_at > $3
             RETURNING id",
        ).bind(id).bind(partner).bind(end).fetch_all(connection).await)?;
        self.note_changed(&ended);
        Ok(!ended.is_empty())
    }

    /// Forgets up to `limit` submissions that last changed before `before` and hold no data any more, with their events, and
    /// as many that expired before `before` unanswered. That the person deleted one is a change too, so that the status
    /// does not end with it. Returns how many; none where another node is at it.
    pub async fn forget_submissions(&mut self, before: Timestamp, limit: i64) -> Result<u64, StoreError> {
        const FINAL: &str = "SELECT id FROM submission
              WHERE finalized_at < $1 AND sealed IS NULL
                AND COALESCE((SELECT max(at) FROM event WHERE event.submission_id = submission.id), finalized_at) < $1
              ORDER BY finalized_at LIMIT $2";
        const OVER: &str =
            "SELECT id FROM submission WHERE state = 'incomplete' AND expires_at < $1 ORDER BY expires_at LIMIT $2";
        if !self.is_alone_at(Work::Forgetting).await? {
            return Ok(0);
        }
        let mut forgotten = 0;
        for ended in [FINAL, OVER] {
            let ids: Vec<Uuid> = on!(self, connection => sqlx::query_scalar(ended).bind(before).bind(limit).fetch_all(connection).await)?;
            self.note_changed(&ids);
            for chunk in ids.chunks(LIST) {
                for start in [
                    "DELETE FROM event WHERE submission_id IN ",
                    "DELETE FROM removed_asset WHERE submission_id IN ",
                    "DELETE FROM return_url WHERE request_id IN ",
                    "DELETE FROM submission WHERE id IN ",
                ] {
                    on!(self, connection => {
                        let mut query = QueryBuilder::new(start);
                        push_list(&mut query, chunk.iter().copied());
                        query.build().execute(connection).await.map(drop)
                    })?;
                }
            }
            self.forget_updates(&ids).await?;
            forgotten += ids.len() as u64;
        }
        let batches: Vec<Uuid> = on!(self, connection => sqlx::query_scalar(
            "DELETE FROM submission WHERE state = 'batch' AND created_at < $1
                AND NOT EXISTS (SELECT 1 FROM submission AS item WHERE item.batch_id = submission.id) RETURNING id",
        ).bind(before).fetch_all(connection).await)?;
        for batch in batches {
            on!(self, connection => sqlx::query("DELETE FROM return_url WHERE request_id = $1").bind(batch).execute(connection).await.map(drop))?;
        }
        on!(self, connection => sqlx::query("DELETE FROM undelivered_link WHERE at < $1").bind(before).execute(connection).await.map(drop))?;
        Ok(forgotten)
    }

    /// Lets go of everything of `holder`: what waits is declined, what is held is removed, what was signed is revoked, and
    /// nothing names the account any more.
    pub async fn release_submissions(&mut self, holder: Uuid, now: Timestamp) -> Result<(), StoreError> {
        let over = self.hold_expiry(now).await?;
        self.hold_wallet(holder).await?;
        if let Self::Postgres(transaction) = self {
            // In the order in which issuing takes them, so that neither waits for the other in a circle.
            sqlx::query("SELECT id FROM submission WHERE holder_id = $1 ORDER BY id FOR UPDATE")
                .bind(holder)
                .execute(&mut **transaction)
                .await?;
        }
        let ending: Vec<(Uuid, String)> = on!(self, connection => sqlx::query_as(
            "SELECT id, state FROM submission
              WHERE holder_id = $1 AND (state IN ('accepted', 'withdrawn') OR state = 'incomplete' AND expires_at > $2) ORDER BY id",
        ).bind(holder).bind(over).fetch_all(connection).await)?;
        // What is over and was not told stays as it is, so that its turn still comes.
        let ids: Vec<Uuid> = on!(self, connection => sqlx::query_scalar(
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
        // In one order of kinds, as whoever else records several.
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
