//! The SQL of submissions, and the conversion of their rows to [`Submission`].

use credential::Type;
use uuid::Uuid;

use super::{StoreError, Tx, dispatch, from_row};
use crate::domain::submission::{Sealed, Submission, SubmissionState};
use ambient::{Moment, Timestamp};

pub(super) struct SubmissionRow {
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
    superseded_by: Option<Uuid>,
}
from_row!(SubmissionRow {
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
    superseded_by,
});

impl SubmissionRow {
    /// Converts the row, with its payload if it is pending. A pending row without a payload has
    /// expired.
    fn read(self, payload: Option<Sealed>) -> Result<Submission, StoreError> {
        let row = self;
        let (holder, period) = (row.holder_id, row.ring_period);
        let by = |what: &str| {
            holder.ok_or_else(|| StoreError::corrupt_row("submission", format!("{what} without a holder")))
        };
        let state = match (row.state.as_str(), row.finalized_at, row.sealed, row.withdrawn_at, row.reason_sealed) {
            ("incomplete", None, _, None, None) => match payload {
                Some(sealed) => SubmissionState::Incomplete { holder, sealed },
                None => SubmissionState::Expired { holder, at: row.expires_at },
            },
            ("accepted", Some(at), Some(sealed), None, None) => {
                SubmissionState::Accepted { holder: by("accepted")?, at, sealed }
            }
            ("declined", Some(at), None, None, None) => SubmissionState::Declined { holder, at },
            ("expired", Some(at), None, None, None) => SubmissionState::Expired { holder, at },
            ("removed", Some(at), None, withdrawn_at, None) => SubmissionState::Removed { holder, at, withdrawn_at },
            ("withdrawn", Some(accepted_at), Some(sealed), Some(at), Some(reason)) => {
                SubmissionState::Withdrawn { holder: by("held")?, accepted_at, at, sealed, reason }
            }
            ("taken_back", Some(_), None, Some(at), reason) => {
                SubmissionState::WithdrawnPending { holder, at, reason: reason.map(|bytes| Sealed { period, bytes }) }
            }
            (state, ..) => return Err(StoreError::corrupt_row("submission", format!("{} in state {state}", row.id))),
        };
        Ok(Submission {
            id: row.id,
            partner_id: row.partner_id,
            credential_id: row.credential_id,
            credential_type: row
                .credential_type
                .parse()
                .map_err(|_| StoreError::corrupt_row("submission", "its type"))?,
            document_type: row.document_type,
            batch_id: row.batch_id,
            created_at: row.created_at,
            expires_at: row.expires_at,
            superseded_at: row.superseded_at,
            superseded_by: row.superseded_by,
            state,
        })
    }
}

impl Tx {
    /// Returns the current submission under `partner`'s credential id, with its state at `now`.
    pub async fn current_submission(
        &mut self,
        partner: Uuid,
        credential_id: &str,
        now: Timestamp,
    ) -> Result<Option<Submission>, StoreError> {
        let row: Option<SubmissionRow> = dispatch!(self, connection => sqlx::query_as(
            "SELECT * FROM submission WHERE partner_id = $1 AND credential_id = $2 AND replaced_at IS NULL AND state <> 'batch'",
        ).bind(partner).bind(credential_id).fetch_optional(connection).await)?;
        Ok(self.complete(row.into_iter().collect(), now).await?.pop())
    }

    /// Converts rows, with the payloads of those that are pending at `now`. A payload is in the row
    /// on SQLite and in a table of its own on PostgreSQL.
    pub(super) async fn complete(
        &mut self,
        rows: Vec<SubmissionRow>,
        now: Timestamp,
    ) -> Result<Vec<Submission>, StoreError> {
        let waits = |row: &SubmissionRow| row.state == "incomplete" && row.expires_at > now;
        let apart = rows.iter().filter(|row| waits(row) && row.sealed.is_none());
        let apart: Vec<(Timestamp, Uuid)> = apart.map(|row| (row.ring_period, row.id)).collect();
        let mut payloads = self.payloads(&apart).await?;
        let mut rows = rows;
        for row in rows.iter_mut().filter(|row| waits(row) && row.sealed.is_none() && !payloads.contains_key(&row.id)) {
            // The submission was decided between the two queries, or its payload was dropped and it
            // has expired.
            let again: Option<SubmissionRow> = dispatch!(self, connection => sqlx::query_as("SELECT * FROM submission WHERE id = $1")
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

    /// Marks `partner`'s submission as replaced, so that a new one can use its credential id. An
    /// expired one is still announced by the expiry job. A withdrawn one stays in the holder's
    /// wallet. Returns false if it was accepted in the meantime.
    pub async fn replace_submission(&mut self, id: Uuid, partner: Uuid, now: Timestamp) -> Result<bool, StoreError> {
        self.lock_expiry(now).await?;
        let lost: Option<String> = dispatch!(self, connection => sqlx::query_scalar(
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

    /// Returns the submission behind a link, with its state at `now`. Possession of the link is the
    /// authorization until an account is bound. From then on the caller compares
    /// [`Submission::holder`].
    pub async fn linked_submission(&mut self, id: Uuid, now: Timestamp) -> Result<Option<Submission>, StoreError> {
        let row: Option<SubmissionRow> = dispatch!(self, connection => sqlx::query_as("SELECT * FROM submission WHERE id = $1 AND state <> 'batch'").bind(id).fetch_optional(connection).await)?;
        Ok(self.complete(row.into_iter().collect(), now).await?.pop())
    }

    /// Returns the number of pending submissions behind a link that are bound to no account and
    /// whose link was not opened yet.
    pub async fn count_unopened(&mut self, link: Uuid, now: Timestamp) -> Result<i64, StoreError> {
        Ok(dispatch!(self, connection => sqlx::query_scalar(
            "SELECT count(*) FROM submission
              WHERE (id = $1 OR batch_id = $1) AND state = 'incomplete' AND expires_at > $2 AND holder_id IS NULL AND link_opened_at IS NULL",
        ).bind(link).bind(now).fetch_one(connection).await)?)
    }

    /// Returns whether a submission behind a link is pending: not decided, withdrawn or expired.
    pub async fn is_waiting(&mut self, link: Uuid, now: Timestamp) -> Result<bool, StoreError> {
        Ok(dispatch!(self, connection => sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM submission WHERE (id = $1 OR batch_id = $1) AND state = 'incomplete' AND expires_at > $2)",
        ).bind(link).bind(now).fetch_one(connection).await)?)
    }

    /// Records that a browser opened a link. Returns the submissions for which it was the first
    /// time.
    pub async fn note_link_opened(&mut self, link: Uuid, now: impl Into<Moment>) -> Result<Vec<Uuid>, StoreError> {
        let Moment { now, trusted } = now.into();
        let over = self.lock_expiry(trusted).await?;
        let mut opened: Vec<Uuid> = dispatch!(self, connection => sqlx::query_scalar(
            "UPDATE submission SET link_opened_at = $2
              WHERE (id = $1 OR batch_id = $1) AND state = 'incomplete' AND expires_at > $3 AND holder_id IS NULL AND link_opened_at IS NULL
             RETURNING id",
        ).bind(link).bind(now).bind(over).fetch_all(connection).await)?;
        opened.sort_unstable();
        Ok(opened)
    }

    /// Binds an incomplete submission to the first account that opens it. Returns whether it is
    /// `holder`'s now.
    pub async fn bind_submission(
        &mut self,
        id: Uuid,
        holder: Uuid,
        now: impl Into<Moment>,
    ) -> Result<bool, StoreError> {
        let Moment { now, trusted } = now.into();
        let over = self.lock_expiry(trusted).await?;
        let changed = dispatch!(self, connection => sqlx::query(
            "UPDATE submission SET holder_id = $2
              WHERE id = $1 AND state = 'incomplete' AND expires_at > $3 AND (holder_id IS NULL OR holder_id = $2)",
        ).bind(id).bind(holder).bind(over).execute(connection).await.map(|done| done.rows_affected()))?;
        if changed == 1 {
            self.note_link_holder(id, holder, now).await?;
        }
        Ok(changed == 1)
    }

    /// Accepts `holder`'s incomplete submission and stores its re-encrypted data. Returns false if
    /// it is no longer incomplete.
    pub async fn accept_submission(
        &mut self,
        id: Uuid,
        holder: Uuid,
        sealed: &[u8],
        now: impl Into<Moment>,
    ) -> Result<bool, StoreError> {
        let Moment { now, trusted } = now.into();
        let over = self.lock_expiry(trusted).await?;
        let changed = dispatch!(self, connection => sqlx::query(
            "UPDATE submission SET state = 'accepted', finalized_at = $3, sealed = $4
              WHERE id = $1 AND holder_id = $2 AND state = 'incomplete' AND expires_at > $5 AND replaced_at IS NULL",
        ).bind(id).bind(holder).bind(now).bind(sealed).bind(over).execute(connection).await.map(|done| done.rows_affected()))?;
        if changed == 1 {
            self.note_changed(&[id]);
            self.delete_payload(id).await?;
        }
        Ok(changed == 1)
    }

    /// Serializes changes of `holder`'s wallet until the end of the transaction, because two
    /// concurrent acceptances would not see each other. On SQLite writers are serialized anyway.
    /// The expiry cursor is locked first, as everywhere.
    pub async fn lock_wallet(&mut self, holder: Uuid) -> Result<(), StoreError> {
        self.lock_cursor().await?;
        dispatch!(self, connection => sqlx::query("UPDATE holder SET sign_ins = sign_ins WHERE id = $1").bind(holder).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Returns the versions of `partner`'s credentials that are current in `holder`'s wallet,
    /// including withdrawn ones, in id order.
    pub async fn current_versions(&mut self, holder: Uuid, partner: Uuid) -> Result<Vec<Uuid>, StoreError> {
        Ok(dispatch!(self, connection => sqlx::query_scalar(
            "SELECT id FROM submission
              WHERE holder_id = $1 AND partner_id = $2 AND superseded_at IS NULL AND state IN ('accepted', 'withdrawn') ORDER BY id",
        ).bind(holder).bind(partner).fetch_all(connection).await)?)
    }

    /// Returns the submissions in `holder`'s wallet, in the order of acceptance.
    pub async fn held_submissions(&mut self, holder: Uuid) -> Result<Vec<Submission>, StoreError> {
        let rows: Vec<SubmissionRow> = dispatch!(self, connection => sqlx::query_as(
            "SELECT * FROM submission WHERE holder_id = $1 AND state IN ('accepted', 'withdrawn') ORDER BY finalized_at, id",
        ).bind(holder).fetch_all(connection).await)?;
        rows.into_iter().map(|row| row.read(None)).collect()
    }

    /// Returns a submission, if it is in `holder`'s wallet.
    pub async fn held_submission(&mut self, id: Uuid, holder: Uuid) -> Result<Option<Submission>, StoreError> {
        let row: Option<SubmissionRow> = dispatch!(self, connection => sqlx::query_as(
            "SELECT * FROM submission WHERE id = $1 AND holder_id = $2 AND state IN ('accepted', 'withdrawn')",
        ).bind(id).bind(holder).fetch_optional(connection).await)?;
        row.map(|row| row.read(None)).transpose()
    }

    /// Returns whether `holder` has deleted a credential of this type from their wallet, as far as
    /// its status is still kept.
    pub async fn has_removed(&mut self, holder: Uuid, known: Type) -> Result<bool, StoreError> {
        Ok(dispatch!(self, connection => sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM submission WHERE holder_id = $1 AND credential_type = $2 AND state = 'removed')",
        ).bind(holder).bind(known.name).fetch_one(connection).await)?)
    }

    /// Returns the submissions that wait for `holder`'s decision at `now`, oldest first.
    pub async fn waiting_submissions(&mut self, holder: Uuid, now: Timestamp) -> Result<Vec<Submission>, StoreError> {
        let rows: Vec<SubmissionRow> = dispatch!(self, connection => sqlx::query_as(
            "SELECT * FROM submission WHERE holder_id = $1 AND state = 'incomplete' AND expires_at > $2 ORDER BY id",
        ).bind(holder).bind(now).fetch_all(connection).await)?;
        self.complete(rows, now).await
    }
}
