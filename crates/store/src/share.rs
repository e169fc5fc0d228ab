//! Shares: links that show something to a hirer, and the status entries that fall with them.

use sqlx::QueryBuilder;
use uuid::Uuid;

use super::{StatusPlace, StoreError, Tx, from_row, on};
use crate::domain::share::Share;
use ambient::Timestamp;

/// A status entry of a share's credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShareEntry {
    /// Where it is.
    pub place: StatusPlace,
    /// Of which submission.
    pub submission: Uuid,
}

struct Row {
    id: Uuid,
    holder_id: Uuid,
    token_hash: Vec<u8>,
    nonce: String,
    created_at: Timestamp,
    expires_at: Timestamp,
    revoked_at: Option<Timestamp>,
    passcode_fingerprint: Option<Vec<u8>>,
    passcode_tries: i64,
    views: i64,
    viewed_at: Option<Timestamp>,
    sealed: Option<Vec<u8>>,
    holder_sealed: Vec<u8>,
}
from_row!(Row {
    id,
    holder_id,
    token_hash,
    nonce,
    created_at,
    expires_at,
    revoked_at,
    passcode_fingerprint,
    passcode_tries,
    views,
    viewed_at,
    sealed,
    holder_sealed,
});

impl From<Row> for Share {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            holder: row.holder_id,
            token_hash: row.token_hash,
            nonce: row.nonce,
            created_at: row.created_at,
            expires_at: row.expires_at,
            revoked_at: row.revoked_at,
            passcode: row.passcode_fingerprint,
            passcode_tries: row.passcode_tries,
            views: row.views,
            viewed_at: row.viewed_at,
            sealed: row.sealed,
            holder_sealed: row.holder_sealed,
        }
    }
}

impl Tx {
    /// Adds a share with its status entries.
    pub async fn add_share(&mut self, share: &Share, entries: &[ShareEntry]) -> Result<(), StoreError> {
        on!(self, connection => sqlx::query(
            "INSERT INTO share (id, holder_id, token_hash, nonce, created_at, expires_at, passcode_fingerprint, sealed, holder_sealed)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        ).bind(share.id).bind(share.holder).bind(&share.token_hash).bind(&share.nonce).bind(share.created_at)
            .bind(share.expires_at).bind(share.passcode.as_deref()).bind(share.sealed.as_deref()).bind(&share.holder_sealed)
            .execute(connection).await.map(drop))?;
        if entries.is_empty() {
            return Ok(());
        }
        on!(self, connection => {
            let mut query = QueryBuilder::new("INSERT INTO share_entry (share_id, list_id, position, submission_id) ");
            query.push_values(entries, |mut row, entry| {
                row.push_bind(share.id)
                    .push_bind(entry.place.list)
                    .push_bind(i64::from(entry.place.position))
                    .push_bind(entry.submission);
            });
            query.build().execute(connection).await.map(drop)
        })?;
        Ok(())
    }

    /// The share behind a link. Who has the link has the right.
    pub async fn linked_share(&mut self, token_hash: &[u8]) -> Result<Option<Share>, StoreError> {
        let row: Option<Row> = on!(self, connection => sqlx::query_as("SELECT * FROM share WHERE token_hash = $1")
            .bind(token_hash).fetch_optional(connection).await)?;
        Ok(row.map(Share::from))
    }

    /// A share of `holder`.
    pub async fn share(&mut self, id: Uuid, holder: Uuid) -> Result<Option<Share>, StoreError> {
        let row: Option<Row> = on!(self, connection => sqlx::query_as("SELECT * FROM share WHERE id = $1 AND holder_id = $2")
            .bind(id).bind(holder).fetch_optional(connection).await)?;
        Ok(row.map(Share::from))
    }

    /// The shares of `holder`, newest first.
    pub async fn shares(&mut self, holder: Uuid) -> Result<Vec<Share>, StoreError> {
        let rows: Vec<Row> = on!(self, connection => sqlx::query_as("SELECT * FROM share WHERE holder_id = $1 ORDER BY created_at DESC, id")
            .bind(holder).fetch_all(connection).await)?;
        Ok(rows.into_iter().map(Share::from).collect())
    }

    /// How many shares of `holder` can be opened at `now`.
    pub async fn count_active_shares(&mut self, holder: Uuid, now: Timestamp) -> Result<i64, StoreError> {
        Ok(on!(self, connection => sqlx::query_scalar(
            "SELECT count(*) FROM share WHERE holder_id = $1 AND revoked_at IS NULL AND expires_at > $2",
        ).bind(holder).bind(now).fetch_one(connection).await)?)
    }

    /// Counts that a share was looked at.
    pub async fn count_share_view(&mut self, id: Uuid, now: Timestamp) -> Result<(), StoreError> {
        on!(self, connection => sqlx::query("UPDATE share SET views = views + 1, viewed_at = $2 WHERE id = $1")
            .bind(id).bind(now).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Counts a try of the passcode, unless there were `limit` already; false if there were.
    pub async fn take_passcode_try(&mut self, id: Uuid, limit: i64) -> Result<bool, StoreError> {
        let changed = on!(self, connection => sqlx::query(
            "UPDATE share SET passcode_tries = passcode_tries + 1 WHERE id = $1 AND passcode_tries < $2",
        ).bind(id).bind(limit).execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }

    /// Begins to count anew, since the passcode was right.
    pub async fn forgive_passcode_tries(&mut self, id: Uuid) -> Result<(), StoreError> {
        on!(self, connection => sqlx::query("UPDATE share SET passcode_tries = 0 WHERE id = $1")
            .bind(id).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Takes back a share of `holder`, deletes what it shows and revokes its status entries. False if there is no such
    /// share, or it was taken back before.
    pub async fn revoke_share(&mut self, id: Uuid, holder: Uuid, now: Timestamp) -> Result<bool, StoreError> {
        let changed = on!(self, connection => sqlx::query(
            "UPDATE share SET revoked_at = $3, sealed = NULL WHERE id = $1 AND holder_id = $2 AND revoked_at IS NULL",
        ).bind(id).bind(holder).bind(now).execute(connection).await.map(|done| done.rows_affected()))?;
        if changed == 0 {
            return Ok(false);
        }
        for entry in self.share_entries(id).await? {
            self.revoke_status_entry(entry.place, entry.submission, now).await?;
        }
        Ok(true)
    }

    /// The status entries of a share, those of older lists first: the order in which lists are locked.
    pub async fn share_entries(&mut self, id: Uuid) -> Result<Vec<ShareEntry>, StoreError> {
        let rows: Vec<(Uuid, i64, Uuid)> = on!(self, connection => sqlx::query_as(
            "SELECT entry.list_id, entry.position, entry.submission_id FROM share_entry AS entry
               JOIN status_list ON status_list.id = entry.list_id
              WHERE entry.share_id = $1 ORDER BY status_list.opened_at, entry.list_id, entry.position",
        ).bind(id).fetch_all(connection).await)?;
        let entry = |(list, position, submission)| {
            let position = u32::try_from(position).map_err(|error| StoreError::nonsense("share_entry", error))?;
            Ok(ShareEntry { place: StatusPlace { list, position }, submission })
        };
        rows.into_iter().map(entry).collect()
    }

    /// Deletes what shares show whose time is over at `now`. Returns how many.
    pub async fn end_shares(&mut self, now: Timestamp) -> Result<u64, StoreError> {
        Ok(
            on!(self, connection => sqlx::query("UPDATE share SET sealed = NULL WHERE expires_at <= $1 AND sealed IS NOT NULL")
            .bind(now).execute(connection).await.map(|done| done.rows_affected()))?,
        )
    }

    /// Forgets up to `limit` shares that ended before `before`.
    pub async fn forget_shares(&mut self, before: Timestamp, limit: i64) -> Result<u64, StoreError> {
        on!(self, connection => {
            sqlx::query(
                "DELETE FROM share_entry WHERE share_id IN (SELECT id FROM share WHERE expires_at < $1 ORDER BY expires_at, id LIMIT $2)",
            ).bind(before).bind(limit).execute(&mut *connection).await?;
            let done = sqlx::query(
                "DELETE FROM share WHERE id IN (SELECT id FROM share WHERE expires_at < $1 ORDER BY expires_at, id LIMIT $2)",
            ).bind(before).bind(limit).execute(connection).await?;
            Ok(done.rows_affected())
        })
    }

    /// Deletes all shares of `holder`; their submissions, and with them their status entries, end apart.
    pub async fn delete_shares(&mut self, holder: Uuid) -> Result<(), StoreError> {
        on!(self, connection => {
            sqlx::query("DELETE FROM share_entry WHERE share_id IN (SELECT id FROM share WHERE holder_id = $1)")
                .bind(holder).execute(&mut *connection).await?;
            sqlx::query("DELETE FROM share WHERE holder_id = $1").bind(holder).execute(connection).await.map(drop)
        })?;
        Ok(())
    }
}
