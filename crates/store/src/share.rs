//! Shares: links that show credentials to a hirer, and the status entries that are revoked with
//! them.
//!
//! A link that switches to a newer version keeps its entry for the older one, so that revoking the
//! link revokes everything it has shown. Lock order: submissions, then shares, then status lists.

use std::collections::BTreeSet;

use sqlx::QueryBuilder;
use uuid::Uuid;

use super::{StatusPlace, StoreError, Tx, dispatch, from_row, push_list};
use crate::domain::share::Share;
use ambient::Timestamp;

/// A status entry of a share's credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShareEntry {
    /// The list and index.
    pub place: StatusPlace,
    /// The submission whose credential it is.
    pub submission: Uuid,
}

impl ShareEntry {
    fn read((list, position, submission): (Uuid, i64, Uuid)) -> Result<Self, StoreError> {
        Ok(Self { place: StatusPlace::read((list, position))?, submission })
    }
}

/// A status entry of a credential that a share currently shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShownEntry {
    pub entry: ShareEntry,
    /// When a newer version replaced the credential, unless it was revoked.
    pub replaced_at: Option<Timestamp>,
    /// Whether a newer version took the place of its submission, even if the credential was revoked
    /// afterwards.
    pub is_superseded: bool,
}

impl ShownEntry {
    /// Returns whether there is, or was, a newer version to show instead.
    pub fn is_behind(&self) -> bool {
        self.replaced_at.is_some() || self.is_superseded
    }
}

/// Newer versions that a share switches to.
#[derive(Clone, Debug)]
pub struct ShareUpdate {
    /// The entries of replaced credentials, each with the entry of its newer version.
    pub moved: Vec<(ShareEntry, ShareEntry)>,
    /// The content to show from now on, as in [`Share::sealed`].
    pub sealed: Vec<u8>,
    /// The wallet's new description of the share, encrypted.
    pub holder_sealed: Vec<u8>,
}

struct StoredShareRow {
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
    keep_current: bool,
    updated_at: Option<Timestamp>,
    sealed: Option<Vec<u8>>,
    holder_sealed: Vec<u8>,
}
from_row!(StoredShareRow {
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
    keep_current,
    updated_at,
    sealed,
    holder_sealed,
});

impl From<StoredShareRow> for Share {
    fn from(row: StoredShareRow) -> Self {
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
            keep_current: row.keep_current,
            updated_at: row.updated_at,
            sealed: row.sealed,
            holder_sealed: row.holder_sealed,
        }
    }
}

impl Tx {
    /// Adds a share with its status entries. Returns false if a submission that it shows is not
    /// current any more, in which case no supersession has seen the share. A later supersession
    /// waits for this transaction.
    pub async fn add_share(&mut self, share: &Share, entries: &[ShareEntry]) -> Result<bool, StoreError> {
        let shown: BTreeSet<Uuid> = entries.iter().map(|entry| entry.submission).collect();
        let stands = self.lock_issuable(&shown).await?.len() == shown.len();
        dispatch!(self, connection => sqlx::query(
            "INSERT INTO share (id, holder_id, token_hash, nonce, created_at, expires_at, passcode_fingerprint, keep_current, sealed, holder_sealed)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        ).bind(share.id).bind(share.holder).bind(&share.token_hash).bind(&share.nonce).bind(share.created_at)
            .bind(share.expires_at).bind(share.passcode.as_deref()).bind(share.keep_current).bind(share.sealed.as_deref())
            .bind(&share.holder_sealed).execute(connection).await.map(drop))?;
        self.add_share_entries(share.id, entries.iter().copied()).await?;
        Ok(stands)
    }

    async fn add_share_entries(
        &mut self,
        share: Uuid,
        entries: impl ExactSizeIterator<Item = ShareEntry>,
    ) -> Result<(), StoreError> {
        if entries.len() == 0 {
            return Ok(());
        }
        dispatch!(self, connection => {
            let mut query = QueryBuilder::new("INSERT INTO share_entry (share_id, list_id, position, submission_id) ");
            query.push_values(entries, |mut row, entry| {
                row.push_bind(share)
                    .push_bind(entry.place.list)
                    .push_bind(i64::from(entry.place.position))
                    .push_bind(entry.submission);
            });
            query.build().execute(connection).await.map(drop)
        })?;
        Ok(())
    }

    /// Switches `share`, as it was read, to newer versions at `now`. Returns false, and the caller
    /// rolls back, if the share cannot be opened any more, if it was updated since it was read, if
    /// no newer version took the place of an older one, or if a newer one is not current. So
    /// nothing is shown that was withdrawn or deleted. An older version that ended after it was
    /// superseded does not keep the share from the newer one (D-214).
    pub async fn update_share(
        &mut self,
        share: &Share,
        update: &ShareUpdate,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        if update.moved.is_empty() {
            return Ok(false);
        }
        let newer: BTreeSet<Uuid> = update.moved.iter().map(|(_, to)| to.submission).collect();
        self.lock_submissions(update.moved.iter().flat_map(|(from, to)| [from.submission, to.submission])).await?;
        let holders = self.lock_issuable(&newer).await?;
        if !newer.iter().all(|id| holders.get(id) == Some(&share.holder)) {
            return Ok(false);
        }
        // A reinstated version is also shown again by links that do not follow newer versions.
        let is_same = update.moved.iter().all(|(from, to)| from.submission == to.submission);
        let seen = share.updated_at.map_or(0, Timestamp::micros);
        let updated_at = Timestamp::from_micros(now.micros().max(seen + 1));
        let changed = dispatch!(self, connection => sqlx::query(
            "UPDATE share SET sealed = $3, holder_sealed = $4, updated_at = $5
              WHERE id = $1 AND (keep_current OR $7) AND revoked_at IS NULL AND sealed IS NOT NULL AND expires_at > $6
                AND COALESCE(updated_at, 0) = $2",
        ).bind(share.id).bind(seen).bind(&update.sealed).bind(&update.holder_sealed).bind(updated_at).bind(now).bind(is_same)
            .execute(connection).await.map(|done| done.rows_affected()))?;
        let shown = self.shown_entries(share.id).await?;
        let is_behind = |from: &ShareEntry| shown.iter().any(|shown| shown.entry == *from && shown.is_behind());
        if changed == 0 || !update.moved.iter().all(|(from, _)| is_behind(from)) {
            return Ok(false);
        }
        for (from, _) in &update.moved {
            dispatch!(self, connection => sqlx::query(
                "UPDATE share_entry SET left_at = $4 WHERE share_id = $1 AND list_id = $2 AND position = $3",
            ).bind(share.id).bind(from.place.list).bind(i64::from(from.place.position)).bind(updated_at)
                .execute(connection).await.map(drop))?;
        }
        self.add_share_entries(share.id, update.moved.iter().map(|(_, to)| *to)).await?;
        Ok(true)
    }

    /// Locks submissions in id order until the end of the transaction, so that none is revoked
    /// before that.
    async fn lock_submissions(&mut self, ids: impl Iterator<Item = Uuid>) -> Result<(), StoreError> {
        let Self::Postgres(transaction) = self else { return Ok(()) };
        let mut query = QueryBuilder::new("SELECT id FROM submission WHERE id IN ");
        push_list(&mut query, ids.collect::<BTreeSet<_>>());
        query.push(" ORDER BY id FOR SHARE");
        query.build().execute(&mut **transaction).await?;
        Ok(())
    }

    /// Returns the share behind a link. Possession of the link is the authorization.
    pub async fn linked_share(&mut self, token_hash: &[u8]) -> Result<Option<Share>, StoreError> {
        let row: Option<StoredShareRow> = dispatch!(self, connection => sqlx::query_as("SELECT * FROM share WHERE token_hash = $1")
            .bind(token_hash).fetch_optional(connection).await)?;
        Ok(row.map(Share::from))
    }

    /// Returns a share of `holder`.
    pub async fn share(&mut self, id: Uuid, holder: Uuid) -> Result<Option<Share>, StoreError> {
        let row: Option<StoredShareRow> = dispatch!(self, connection => sqlx::query_as("SELECT * FROM share WHERE id = $1 AND holder_id = $2")
            .bind(id).bind(holder).fetch_optional(connection).await)?;
        Ok(row.map(Share::from))
    }

    /// Returns the shares of `holder`, newest first.
    pub async fn shares(&mut self, holder: Uuid) -> Result<Vec<Share>, StoreError> {
        let rows: Vec<StoredShareRow> = dispatch!(self, connection => sqlx::query_as("SELECT * FROM share WHERE holder_id = $1 ORDER BY created_at DESC, id")
            .bind(holder).fetch_all(connection).await)?;
        Ok(rows.into_iter().map(Share::from).collect())
    }

    /// Returns each revoked credential that a share of `holder` still shows at `now`: the share and
    /// the credential's submission. A credential that a newer version replaced is not one of them.
    pub async fn revoked_in_shares(&mut self, holder: Uuid, now: Timestamp) -> Result<Vec<(Uuid, Uuid)>, StoreError> {
        Ok(dispatch!(self, connection => sqlx::query_as(
            "SELECT entry.share_id, entry.submission_id FROM share
               JOIN share_entry AS entry ON entry.share_id = share.id AND entry.left_at IS NULL
               JOIN status_entry AS status ON status.list_id = entry.list_id AND status.position = entry.position
              WHERE share.holder_id = $1 AND share.revoked_at IS NULL AND share.expires_at > $2
                AND status.revoked_at IS NOT NULL AND NOT status.replaced",
        ).bind(holder).bind(now).fetch_all(connection).await)?)
    }

    /// Returns the number of shares of `holder` that can be opened at `now`.
    pub async fn count_active_shares(&mut self, holder: Uuid, now: Timestamp) -> Result<i64, StoreError> {
        Ok(dispatch!(self, connection => sqlx::query_scalar(
            "SELECT count(*) FROM share WHERE holder_id = $1 AND revoked_at IS NULL AND expires_at > $2",
        ).bind(holder).bind(now).fetch_one(connection).await)?)
    }

    pub async fn count_share_view(&mut self, id: Uuid, now: Timestamp) -> Result<(), StoreError> {
        dispatch!(self, connection => sqlx::query("UPDATE share SET views = views + 1, viewed_at = $2 WHERE id = $1")
            .bind(id).bind(now).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Counts a passcode attempt. Returns false without counting if there were `limit` already.
    pub async fn take_passcode_try(&mut self, id: Uuid, limit: i64) -> Result<bool, StoreError> {
        let changed = dispatch!(self, connection => sqlx::query(
            "UPDATE share SET passcode_tries = passcode_tries + 1 WHERE id = $1 AND passcode_tries < $2",
        ).bind(id).bind(limit).execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }

    /// Resets the passcode attempts after a correct passcode.
    pub async fn forgive_passcode_tries(&mut self, id: Uuid) -> Result<(), StoreError> {
        dispatch!(self, connection => sqlx::query("UPDATE share SET passcode_tries = 0 WHERE id = $1")
            .bind(id).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Revokes a share of `holder` with its status entries, and deletes its content. Returns false
    /// if there is none, or it was already revoked.
    pub async fn revoke_share(&mut self, id: Uuid, holder: Uuid, now: Timestamp) -> Result<bool, StoreError> {
        let changed = dispatch!(self, connection => sqlx::query(
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

    /// Returns the status entries of everything that a share has shown, ordered by the age of the
    /// list, which is the lock order.
    pub async fn share_entries(&mut self, id: Uuid) -> Result<Vec<ShareEntry>, StoreError> {
        let rows: Vec<(Uuid, i64, Uuid)> = dispatch!(self, connection => sqlx::query_as(
            "SELECT entry.list_id, entry.position, entry.submission_id FROM share_entry AS entry
               JOIN status_list ON status_list.id = entry.list_id
              WHERE entry.share_id = $1 ORDER BY status_list.opened_at, entry.list_id, entry.position",
        ).bind(id).fetch_all(connection).await)?;
        rows.into_iter().map(ShareEntry::read).collect()
    }

    /// Returns the status entries of the credentials that a share currently shows.
    pub async fn shown_entries(&mut self, id: Uuid) -> Result<Vec<ShownEntry>, StoreError> {
        type ShownRow = (Uuid, i64, Uuid, Option<Timestamp>, Option<Uuid>);
        let rows: Vec<ShownRow> = dispatch!(self, connection => sqlx::query_as(
            "SELECT entry.list_id, entry.position, entry.submission_id, CASE WHEN status.replaced THEN status.revoked_at END,
                    submission.superseded_by
               FROM share_entry AS entry
               JOIN status_entry AS status ON status.list_id = entry.list_id AND status.position = entry.position
               LEFT JOIN submission ON submission.id = entry.submission_id
              WHERE entry.share_id = $1 AND entry.left_at IS NULL ORDER BY entry.list_id, entry.position",
        ).bind(id).fetch_all(connection).await)?;
        let shown = |(list, position, submission, replaced_at, newer): (_, _, _, _, Option<Uuid>)| {
            let entry = ShareEntry::read((list, position, submission))?;
            Ok(ShownEntry { entry, replaced_at, is_superseded: newer.is_some() })
        };
        rows.into_iter().map(shown).collect()
    }

    /// Returns when a share switched to newer versions, newest first.
    pub async fn share_updates(&mut self, id: Uuid) -> Result<Vec<Timestamp>, StoreError> {
        Ok(dispatch!(self, connection => sqlx::query_scalar(
            "SELECT DISTINCT left_at FROM share_entry WHERE share_id = $1 AND left_at IS NOT NULL ORDER BY left_at DESC",
        ).bind(id).fetch_all(connection).await)?)
    }

    /// Deletes the content of shares that have expired at `now`. Returns their number.
    pub async fn end_shares(&mut self, now: Timestamp) -> Result<u64, StoreError> {
        Ok(
            dispatch!(self, connection => sqlx::query("UPDATE share SET sealed = NULL WHERE expires_at <= $1 AND sealed IS NOT NULL")
            .bind(now).execute(connection).await.map(|done| done.rows_affected()))?,
        )
    }

    /// Deletes up to `limit` shares that expired before `before`.
    pub async fn forget_shares(&mut self, before: Timestamp, limit: i64) -> Result<u64, StoreError> {
        dispatch!(self, connection => {
            sqlx::query(
                "DELETE FROM share_entry WHERE share_id IN (SELECT id FROM share WHERE expires_at < $1 ORDER BY expires_at, id LIMIT $2)",
            ).bind(before).bind(limit).execute(&mut *connection).await?;
            let done = sqlx::query(
                "DELETE FROM share WHERE id IN (SELECT id FROM share WHERE expires_at < $1 ORDER BY expires_at, id LIMIT $2)",
            ).bind(before).bind(limit).execute(connection).await?;
            Ok(done.rows_affected())
        })
    }

    /// Deletes all shares of `holder`. Their status entries are revoked separately, with the
    /// submissions.
    pub async fn delete_shares(&mut self, holder: Uuid) -> Result<(), StoreError> {
        dispatch!(self, connection => {
            sqlx::query("DELETE FROM share_entry WHERE share_id IN (SELECT id FROM share WHERE holder_id = $1)")
                .bind(holder).execute(&mut *connection).await?;
            sqlx::query("DELETE FROM share WHERE holder_id = $1").bind(holder).execute(connection).await.map(drop)
        })?;
        Ok(())
    }
}
