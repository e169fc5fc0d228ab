//! Shares: links that show something to a hirer, and the status entries that fall with them.
//!
//! A link that goes on to a newer version keeps its entry for the older one, so that revoking the link revokes whatever it has
//! shown. Row locks: submissions come before shares, and shares before status lists.

use std::collections::BTreeSet;

use sqlx::QueryBuilder;
use uuid::Uuid;

use super::{StatusPlace, StoreError, Tx, from_row, on, push_list};
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

impl ShareEntry {
    fn read((list, position, submission): (Uuid, i64, Uuid)) -> Result<Self, StoreError> {
        Ok(Self { place: StatusPlace::read((list, position))?, submission })
    }
}

/// A status entry of a credential that a share shows now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShownEntry {
    /// The entry.
    pub entry: ShareEntry,
    /// When a newer version took the credential's place, unless it was revoked.
    pub replaced_at: Option<Timestamp>,
}

/// Newer versions that a share goes on to.
#[derive(Clone, Debug)]
pub struct ShareUpdate {
    /// The entries of replaced credentials, each with that of its newer version.
    pub moved: Vec<(ShareEntry, ShareEntry)>,
    /// What is shown now, as in [`Share::sealed`].
    pub sealed: Vec<u8>,
    /// What the wallet says of it now.
    pub holder_sealed: Vec<u8>,
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
    keep_current: bool,
    updated_at: Option<Timestamp>,
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
    keep_current,
    updated_at,
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
            keep_current: row.keep_current,
            updated_at: row.updated_at,
            sealed: row.sealed,
            holder_sealed: row.holder_sealed,
        }
    }
}

impl Tx {
    /// Adds a share with its status entries. False if something that it shows does not stand any more; then no supersession
    /// has seen the share. One that comes later waits for this transaction.
    pub async fn add_share(&mut self, share: &Share, entries: &[ShareEntry]) -> Result<bool, StoreError> {
        let shown: BTreeSet<Uuid> = entries.iter().map(|entry| entry.submission).collect();
        let stands = self.hold_issuable(&shown).await?.len() == shown.len();
        on!(self, connection => sqlx::query(
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
        on!(self, connection => {
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

    /// Lets `share`, as it was read, go on to newer versions at `now`. False, and the caller drops the transaction, if it cannot
    /// be opened any more, was updated since it was read, or an older version is not replaced (any more) or a newer one does
    /// not stand: who revokes, withdraws or deletes has the last word.
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
        self.hold_submissions(update.moved.iter().flat_map(|(from, to)| [from.submission, to.submission])).await?;
        let holders = self.hold_issuable(&newer).await?;
        if !newer.iter().all(|id| holders.get(id) == Some(&share.holder)) {
            return Ok(false);
        }
        // A version that was reinstated is shown again by a link that does not follow, too.
        let is_same = update.moved.iter().all(|(from, to)| from.submission == to.submission);
        let seen = share.updated_at.map_or(0, Timestamp::micros);
        let updated_at = Timestamp::from_micros(now.micros().max(seen + 1));
        let changed = on!(self, connection => sqlx::query(
            "UPDATE share SET sealed = $3, holder_sealed = $4, updated_at = $5
              WHERE id = $1 AND (keep_current OR $7) AND revoked_at IS NULL AND sealed IS NOT NULL AND expires_at > $6
                AND COALESCE(updated_at, 0) = $2",
        ).bind(share.id).bind(seen).bind(&update.sealed).bind(&update.holder_sealed).bind(updated_at).bind(now).bind(is_same)
            .execute(connection).await.map(|done| done.rows_affected()))?;
        let shown = self.shown_entries(share.id).await?;
        let is_replaced =
            |from: &ShareEntry| shown.iter().any(|shown| shown.entry == *from && shown.replaced_at.is_some());
        if changed == 0 || !update.moved.iter().all(|(from, _)| is_replaced(from)) {
            return Ok(false);
        }
        for (from, _) in &update.moved {
            on!(self, connection => sqlx::query(
                "UPDATE share_entry SET left_at = $4 WHERE share_id = $1 AND list_id = $2 AND position = $3",
            ).bind(share.id).bind(from.place.list).bind(i64::from(from.place.position)).bind(updated_at)
                .execute(connection).await.map(drop))?;
        }
        self.add_share_entries(share.id, update.moved.iter().map(|(_, to)| *to)).await?;
        Ok(true)
    }

    /// Holds submissions in the order of their ids until the end of the transaction: nothing of them is revoked meanwhile.
    async fn hold_submissions(&mut self, ids: impl Iterator<Item = Uuid>) -> Result<(), StoreError> {
        let Self::Postgres(transaction) = self else { return Ok(()) };
        let mut query = QueryBuilder::new("SELECT id FROM submission WHERE id IN ");
        push_list(&mut query, ids.collect::<BTreeSet<_>>());
        query.push(" ORDER BY id FOR SHARE");
        query.build().execute(&mut **transaction).await?;
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

    /// The status entries of all that a share has shown, those of older lists first: the order in which lists are locked.
    pub async fn share_entries(&mut self, id: Uuid) -> Result<Vec<ShareEntry>, StoreError> {
        let rows: Vec<(Uuid, i64, Uuid)> = on!(self, connection => sqlx::query_as(
            "SELECT entry.list_id, entry.position, entry.submission_id FROM share_entry AS entry
               JOIN status_list ON status_list.id = entry.list_id
              WHERE entry.share_id = $1 ORDER BY status_list.opened_at, entry.list_id, entry.position",
        ).bind(id).fetch_all(connection).await)?;
        rows.into_iter().map(ShareEntry::read).collect()
    }

    /// The status entries of what a share shows now.
    pub async fn shown_entries(&mut self, id: Uuid) -> Result<Vec<ShownEntry>, StoreError> {
        let rows: Vec<(Uuid, i64, Uuid, Option<Timestamp>)> = on!(self, connection => sqlx::query_as(
            "SELECT entry.list_id, entry.position, entry.submission_id, CASE WHEN status.replaced THEN status.revoked_at END
               FROM share_entry AS entry
               JOIN status_entry AS status ON status.list_id = entry.list_id AND status.position = entry.position
              WHERE entry.share_id = $1 AND entry.left_at IS NULL ORDER BY entry.list_id, entry.position",
        ).bind(id).fetch_all(connection).await)?;
        let shown = |(list, position, submission, replaced_at)| {
            Ok(ShownEntry { entry: ShareEntry::read((list, position, submission))?, replaced_at })
        };
        rows.into_iter().map(shown).collect()
    }

    /// When a share went on to newer versions, newest first.
    pub async fn share_updates(&mut self, id: Uuid) -> Result<Vec<Timestamp>, StoreError> {
        Ok(on!(self, connection => sqlx::query_scalar(
            "SELECT DISTINCT left_at FROM share_entry WHERE share_id = $1 AND left_at IS NOT NULL ORDER BY left_at DESC",
        ).bind(id).fetch_all(connection).await)?)
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
