//! Submissions: SQL of the aggregate, from the row to [`Submission`] and back.

use std::time::Duration;

use credential::Type;
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::event::EventKind;
use super::expiry::Work;
use super::new_submission::{NewBatch, NewSubmission};
use super::{StoreError, Tx, from_row, on, push_list};
use crate::domain::batch::Batch;
use crate::domain::submission::{Sealed, State, Submission};
use ambient::Timestamp;

struct Row {
    id: Uuid,
    partner_id: Uuid,
    credential_id: String,
    credential_type: String,
    document_type: Option<String>,
    batch_id: Option<Uuid>,
    state: String,
    created_at: Timestamp,
    expires_at: Timestamp,
    finalized_at: Option<Timestamp>,
    holder_id: Option<Uuid>,
    ring_period: Timestamp,
    sealed: Option<Vec<u8>>,
    withdrawn_at: Option<Timestamp>,
    reason_sealed: Option<Vec<u8>>,
    superseded_at: Option<Timestamp>,
}
from_row!(Row {
    id,
    partner_id,
    credential_id,
    credential_type,
    document_type,
    batch_id,
    state,
    created_at,
    expires_at,
    finalized_at,
    holder_id,
    ring_period,
    sealed,
    withdrawn_at,
    reason_sealed,
    superseded_at,
});

impl Row {
    /// The submission, with what was pushed if it waits. What waits and has no payload any more is over.
    fn read(self, payload: Option<Sealed>) -> Result<Submission, StoreError> {
        let row = self;
        let (holder, period) = (row.holder_id, row.ring_period);
        let by = |what: &str| holder.ok_or_else(|| StoreError::nonsense("submission", format!("{what} by nobody")));
        let state = match (row.state.as_str(), row.finalized_at, row.sealed, row.withdrawn_at, row.reason_sealed) {
            ("incomplete", None, _, None, None) => match payload {
                Some(sealed) => State::Incomplete { holder, sealed },
                None => State::Expired { holder, at: row.expires_at },
            },
            ("accepted", Some(at), Some(sealed), None, None) => State::Accepted { holder: by("accepted")?, at, sealed },
            ("declined", Some(at), None, None, None) => State::Declined { holder, at },
            ("expired", Some(at), None, None, None) => State::Expired { holder, at },
            ("removed", Some(at), None, withdrawn_at, None) => State::Removed { holder, at, withdrawn_at },
            ("withdrawn", Some(accepted_at), Some(sealed), Some(at), Some(reason)) => {
                State::Withdrawn { holder: by("held")?, accepted_at, at, sealed, reason }
            }
            ("taken_back", Some(_), None, Some(at), reason) => {
                State::TakenBack { holder, at, reason: reason.map(|bytes| Sealed { period, bytes }) }
            }
            (state, ..) => return Err(StoreError::nonsense("submission", format!("{} in state {state}", row.id))),
        };
        Ok(Submission {
            id: row.id,
            partner_id: row.partner_id,
            credential_id: row.credential_id,
            credential_type: row.credential_type.parse().map_err(|_| StoreError::nonsense("submission", "its type"))?,
            document_type: row.document_type,
            batch_id: row.batch_id,
            created_at: row.created_at,
            expires_at: row.expires_at,
            superseded_at: row.superseded_at,
            state,
        })
    }
}

/// Most ids in one list.
const LIST: usize = 256;

impl Tx {
    /// The submission that `partner`'s id stands for now, as it stands at `now`.
    pub async fn current_submission(
        &mut self,
        partner: Uuid,
        credential_id: &str,
        now: Timestamp,
    ) -> Result<Option<Submission>, StoreError> {
        let row: Option<Row> = on!(self, connection => sqlx::query_as(
            "SELECT * FROM submission WHERE partner_id = $1 AND credential_id = $2 AND replaced_at IS NULL AND state <> 'batch'",
        ).bind(partner).bind(credential_id).fetch_optional(connection).await)?;
        Ok(self.complete(row.into_iter().collect(), now).await?.pop())
    }

    /// The submissions of rows, with what was pushed with those that wait at `now`: it is in the row, or kept apart.
    async fn complete(&mut self, rows: Vec<Row>, now: Timestamp) -> Result<Vec<Submission>, StoreError> {
        let waits = |row: &Row| row.state == "incomplete" && row.expires_at > now;
        let apart = rows.iter().filter(|row| waits(row) && row.sealed.is_none());
        let apart: Vec<(Timestamp, Uuid)> = apart.map(|row| (row.ring_period, row.id)).collect();
        let mut payloads = self.payloads(&apart).await?;
        let mut rows = rows;
        for row in rows.iter_mut().filter(|row| waits(row) && row.sealed.is_none() && !payloads.contains_key(&row.id)) {
            // It was answered between the two looks; or what was pushed is gone, and then it is over.
            let again: Option<Row> = on!(self, connection => sqlx::query_as("SELECT * FROM submission WHERE id = $1")
                .bind(row.id).fetch_optional(connection).await)?;
            if let Some(again) = again {
                *row = again;
            }
        }
        rows.into_iter()
            .map(|mut row| {
                let in_row = if waits(&row) { row.sealed.take() } else { None };
                let in_row = in_row.map(|bytes| Sealed { period: row.ring_period, bytes });
                let payload = in_row.or_else(|| payloads.remove(&row.id));
                row.read(payload)
            })
            .collect()
    }

    /// Takes `partner`'s submission out of the way of a new one with the same id. One that is over is told as such in its
    /// turn; one that was withdrawn stays with whoever holds it. False if it was accepted meanwhile.
    pub async fn replace_submission(&mut self, id: Uuid, partner: Uuid, now: Timestamp) -> Result<bool, StoreError> {
        self.hold_expiry(now).await?;
        let lost: Option<String> = on!(self, connection => sqlx::query_scalar(
            "UPDATE submission SET replaced_at = $3, sealed = CASE state WHEN 'withdrawn' THEN sealed END
              WHERE id = $1 AND partner_id = $2 AND replaced_at IS NULL
                AND state <> 'accepted' AND (state <> 'removed' OR withdrawn_at IS NOT NULL) RETURNING state",
        ).bind(id).bind(partner).bind(now).fetch_optional(connection).await)?;
        let Some(lost) = lost else { return Ok(false) };
        self.note_changed(&[id]);
        if lost != "withdrawn" {
            self.drop_assets(&[id]).await?;
        }
        Ok(true)
    }

    /// Inserts a batch with its items; their documents are inserted apart. False, and nothing is inserted, if its id or
    /// one of theirs is there.
    pub async fn insert_batch(&mut self, new: &NewBatch) -> Result<bool, StoreError> {
        let Some(first) = new.items.first() else { return Err(StoreError::nonsense("submission", "an empty batch")) };
        let inserted = on!(self, connection => sqlx::query(
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
            on!(self, connection => sqlx::query("DELETE FROM submission WHERE id = $1").bind(id).execute(connection).await.map(drop))?;
        }
        Ok(false)
    }

    /// The batch that `partner`'s id stands for now, as it stands at `now`.
    pub async fn current_batch(
        &mut self,
        partner: Uuid,
        credential_id: &str,
        now: Timestamp,
    ) -> Result<Option<Batch>, StoreError> {
        let id: Option<Uuid> = on!(self, connection => sqlx::query_scalar(
            "SELECT id FROM submission WHERE partner_id = $1 AND credential_id = $2 AND replaced_at IS NULL AND state = 'batch'",
        ).bind(partner).bind(credential_id).fetch_optional(connection).await)?;
        match id {
            Some(id) => self.linked_batch(id, now).await,
            None => Ok(None),
        }
    }

    /// The batch behind a link, as it stands at `now`. As with a submission, the caller compares the items' holder.
    pub async fn linked_batch(&mut self, id: Uuid, now: Timestamp) -> Result<Option<Batch>, StoreError> {
        struct BatchRow {
            id: Uuid,
            partner_id: Uuid,
            expires_at: Timestamp,
        }
        from_row!(BatchRow { id, partner_id, expires_at });
        let row: Option<BatchRow> = on!(self, connection => sqlx::query_as(
            "SELECT id, partner_id, expires_at FROM submission WHERE id = $1 AND state = 'batch'",
        ).bind(id).fetch_optional(connection).await)?;
        let Some(BatchRow { id, partner_id, expires_at }) = row else { return Ok(None) };
        let rows: Vec<Row> = on!(self, connection => sqlx::query_as("SELECT * FROM submission WHERE batch_id = $1 ORDER BY id")
            .bind(id).fetch_all(connection).await)?;
        Ok(Some(Batch { id, partner_id, expires_at, items: self.complete(rows, now).await? }))
    }

    /// Takes `partner`'s batch out of the way of a new request with the same id. Its items keep their own ids and statuses,
    /// until one of those ids is used again.
    pub async fn replace_batch(&mut self, id: Uuid, partner: Uuid, now: Timestamp) -> Result<(), StoreError> {
        on!(self, connection => sqlx::query("UPDATE submission SET replaced_at = $3 WHERE id = $1 AND partner_id = $2 AND state = 'batch'")
            .bind(id).bind(partner).bind(now).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Those of `partner`'s ids that stand for something now.
    pub async fn taken_ids(&mut self, partner: Uuid, ids: &[&str]) -> Result<Vec<String>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        Ok(on!(self, connection => {
            let mut query =
                QueryBuilder::new("SELECT credential_id FROM submission WHERE replaced_at IS NULL AND partner_id = ");
            query.push_bind(partner).push(" AND credential_id IN ");
            push_list(&mut query, ids.iter().copied());
            query.build_query_scalar().fetch_all(connection).await
        })?)
    }

    /// The submission behind a link, as it stands at `now`. The link is the right to open it until an account is
    /// bound; the caller compares [`Submission::holder`] then.
    pub async fn linked_submission(&mut self, id: Uuid, now: Timestamp) -> Result<Option<Submission>, StoreError> {
        let row: Option<Row> = on!(self, connection => sqlx::query_as("SELECT * FROM submission WHERE id = $1 AND state <> 'batch'").bind(id).fetch_optional(connection).await)?;
        Ok(self.complete(row.into_iter().collect(), now).await?.pop())
    }

    /// How many submissions behind a link wait for somebody, and had no link handed over yet.
    pub async fn count_unopened(&mut self, link: Uuid, now: Timestamp) -> Result<i64, StoreError> {
        Ok(on!(self, connection => sqlx::query_scalar(
            "SELECT count(*) FROM submission
              WHERE (id = $1 OR batch_id = $1) AND state = 'incomplete' AND expires_at > $2 AND holder_id IS NULL AND link_opened_at IS NULL",
        ).bind(link).bind(now).fetch_one(connection).await)?)
    }

    /// Notes that somebody's browser handed a link over. Returns the submissions of which it was the first time.
    pub async fn note_link_opened(&mut self, link: Uuid, now: Timestamp) -> Result<Vec<Uuid>, StoreError> {
        let over = self.hold_expiry(now).await?;
        let mut opened: Vec<Uuid> = on!(self, connection => sqlx::query_scalar(
            "UPDATE submission SET link_opened_at = $2
              WHERE (id = $1 OR batch_id = $1) AND state = 'incomplete' AND expires_at > $3 AND holder_id IS NULL AND link_opened_at IS NULL
             RETURNING id",
        ).bind(link).bind(now).bind(over).fetch_all(connection).await)?;
        opened.sort_unstable();
        Ok(opened)
    }

    /// Binds an incomplete submission to the first account that opens it. True if it is `holder`'s now.
    pub async fn bind_submission(&mut self, id: Uuid, holder: Uuid, now: Timestamp) -> Result<bool, StoreError> {
        let over = self.hold_expiry(now).await?;
        let changed = on!(self, connection => sqlx::query(
            "UPDATE submission SET holder_id = $2
              WHERE id = $1 AND state = 'incomplete' AND expires_at > $3 AND (holder_id IS NULL OR holder_id = $2)",
        ).bind(id).bind(holder).bind(over).execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }

    /// Binds all items of a batch to the first account that opens it. Returns the items that are `holder`'s now.
    pub async fn bind_batch(&mut self, id: Uuid, holder: Uuid, now: Timestamp) -> Result<Vec<Uuid>, StoreError> {
        let over = self.hold_expiry(now).await?;
        Ok(on!(self, connection => sqlx::query_scalar(
            "UPDATE submission SET holder_id = $2
              WHERE batch_id = $1 AND state = 'incomplete' AND expires_at > $3 AND (holder_id IS NULL OR holder_id = $2)
             RETURNING id",
        ).bind(id).bind(holder).bind(over).fetch_all(connection).await)?)
    }

    /// Accepts `holder`'s incomplete submission, with its data re-sealed. False if it is not incomplete any more.
    pub async fn accept_submission(
        &mut self,
        id: Uuid,
        holder: Uuid,
        sealed: &[u8],
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let over = self.hold_expiry(now).await?;
        let changed = on!(self, connection => sqlx::query(
            "UPDATE submission SET state = 'accepted', finalized_at = $3, sealed = $4
              WHERE id = $1 AND holder_id = $2 AND state = 'incomplete' AND expires_at > $5 AND replaced_at IS NULL",
        ).bind(id).bind(holder).bind(now).bind(sealed).bind(over).execute(connection).await.map(|done| done.rows_affected()))?;
        if changed == 1 {
            self.note_changed(&[id]);
            self.delete_payload(id).await?;
        }
        Ok(changed == 1)
    }

    /// Lets what `holder` accepts change one after the other until the end of the transaction: two acceptances at once
    /// would not see each other. On SQLite that is so anyway. The cursor of what is over is held first, as everywhere.
    pub async fn hold_wallet(&mut self, holder: Uuid) -> Result<(), StoreError> {
        self.hold_cursor().await?;
        on!(self, connection => sqlx::query("UPDATE holder SET sign_ins = sign_ins WHERE id = $1").bind(holder).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Of each of `types`, lets the newest push of `partner` that `holder` has ever accepted stand, whatever became of it: what
    /// is older and in the wallet is superseded, and what was signed of it is revoked. Returns what was superseded now.
    /// The caller holds the wallet.
    pub async fn supersede_submissions(
        &mut self,
        holder: Uuid,
        partner: Uuid,
        types: &[Type],
        now: Timestamp,
    ) -> Result<Vec<Uuid>, StoreError> {
        let mut older: Vec<Uuid> = Vec::new();
        for known in types {
            let found: Vec<Uuid> = on!(self, connection => sqlx::query_scalar(
                "SELECT id FROM submission
                  WHERE holder_id = $1 AND partner_id = $2 AND credential_type = $3 AND superseded_at IS NULL
                    AND state IN ('accepted', 'withdrawn')
                    AND EXISTS (SELECT 1 FROM submission AS newer
                                 WHERE newer.holder_id = $1 AND newer.partner_id = $2 AND newer.credential_type = $3
                                   AND newer.state IN ('accepted', 'withdrawn', 'removed')
                                   AND (newer.created_at, newer.id) > (submission.created_at, submission.id))",
            ).bind(holder).bind(partner).bind(known.name()).fetch_all(connection).await)?;
            older.extend(found);
        }
        // One by one in the order of ids, as issuing takes their locks.
        older.sort_unstable();
        for id in &older {
            on!(self, connection => sqlx::query("UPDATE submission SET superseded_at = $2 WHERE id = $1").bind(id).bind(now).execute(connection).await.map(drop))?;
        }
        self.revoke_status_entries(&older, now).await?;
        Ok(older)
    }

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
            self.drop_assets(&[id]).await?;
            self.revoke_status_entries(&[id], now).await?;
        }
        Ok(changed == 1)
    }

    /// What is in `holder`'s wallet, in the order it was accepted.
    pub async fn held_submissions(&mut self, holder: Uuid) -> Result<Vec<Submission>, StoreError> {
        let rows: Vec<Row> = on!(self, connection => sqlx::query_as(
            "SELECT * FROM submission WHERE holder_id = $1 AND state IN ('accepted', 'withdrawn') ORDER BY finalized_at, id",
        ).bind(holder).fetch_all(connection).await)?;
        rows.into_iter().map(|row| row.read(None)).collect()
    }

    /// What waits for `holder`'s answer at `now`, oldest first.
    pub async fn waiting_submissions(&mut self, holder: Uuid, now: Timestamp) -> Result<Vec<Submission>, StoreError> {
        let rows: Vec<Row> = on!(self, connection => sqlx::query_as(
            "SELECT * FROM submission WHERE holder_id = $1 AND state = 'incomplete' AND expires_at > $2 ORDER BY id",
        ).bind(holder).bind(now).fetch_all(connection).await)?;
        self.complete(rows, now).await
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

    /// Forgets up to `limit` submissions that became final before `before` and hold no data any more, with their events, and
    /// as many that were over before `before` unanswered. Returns how many; none where another node is at it.
    pub async fn forget_submissions(&mut self, before: Timestamp, limit: i64) -> Result<u64, StoreError> {
        const FINAL: &str =
            "SELECT id FROM submission WHERE finalized_at < $1 AND sealed IS NULL ORDER BY finalized_at LIMIT $2";
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
                for start in ["DELETE FROM event WHERE submission_id IN ", "DELETE FROM submission WHERE id IN "] {
                    on!(self, connection => {
                        let mut query = QueryBuilder::new(start);
                        push_list(&mut query, chunk.iter().copied());
                        query.build().execute(connection).await.map(drop)
                    })?;
                }
            }
            forgotten += ids.len() as u64;
        }
        on!(self, connection => sqlx::query(
            "DELETE FROM submission WHERE state = 'batch' AND created_at < $1
                AND NOT EXISTS (SELECT 1 FROM submission AS item WHERE item.batch_id = submission.id)",
        ).bind(before).execute(connection).await.map(drop))?;
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
