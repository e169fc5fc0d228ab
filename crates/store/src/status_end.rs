//! The end of status entries: revoked or, if a newer version took the credential's place, replaced.
//!
//! Invariant: a revoked entry stays revoked. A replaced entry has both `replaced` and `revoked_at`,
//! so that the previous release, which does not know `replaced`, publishes it as revoked. A
//! revocation clears `replaced`, and nothing sets it on a revoked entry, so a revocation wins in
//! either order. Only an entry that is still replaced becomes valid again, when its holder undoes
//! the update (D-213).

use std::collections::BTreeSet;

use sqlx::QueryBuilder;
use uuid::Uuid;

use super::status_list::{CHUNK, position};
use super::{StatusPlace, StoreError, Tx, dispatch, push_list};
use ambient::Timestamp;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Revoked,
    Replaced,
}

impl End {
    /// Returns the SQL condition on entries that can end this way. A revocation overrides a
    /// replacement.
    fn of(self) -> &'static str {
        match self {
            Self::Revoked => "(revoked_at IS NULL OR replaced)",
            Self::Replaced => "revoked_at IS NULL",
        }
    }
}

impl Tx {
    /// Revokes every entry of `submissions` that is not revoked yet, including replaced ones, and
    /// returns their number. The caller has changed the submissions in this transaction, so that no
    /// new entry is allocated for them.
    pub async fn revoke_status_entries(&mut self, submissions: &[Uuid], now: Timestamp) -> Result<u64, StoreError> {
        self.end_status_entries(submissions, End::Revoked, now).await
    }

    /// Marks every valid entry of `submissions` as replaced, and returns their number. The caller
    /// has changed the submissions in this transaction, so that no new entry is allocated for them.
    pub(super) async fn replace_status_entries(
        &mut self,
        submissions: &[Uuid],
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        self.end_status_entries(submissions, End::Replaced, now).await
    }

    /// Makes the replaced entries of `submission` valid again. Revoked ones stay revoked. Also
    /// locks the lists with valid entries of `newer`, which the caller supersedes next: lists are
    /// locked by age, so those of both must be locked at once. The caller has locked both
    /// submissions.
    pub(super) async fn restore_status_entries(
        &mut self,
        submission: Uuid,
        newer: Option<Uuid>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let lists: Vec<Uuid> = dispatch!(self, connection => sqlx::query_scalar(
            "SELECT DISTINCT list_id FROM status_entry
              WHERE submission_id = $1 AND replaced OR submission_id = $2 AND revoked_at IS NULL",
        ).bind(submission).bind(newer.unwrap_or(submission)).fetch_all(connection).await)?;
        if lists.is_empty() {
            return Ok(());
        }
        self.touch_status_lists(&lists, now).await?;
        dispatch!(self, connection => sqlx::query(
            "UPDATE status_entry SET revoked_at = NULL, replaced = FALSE WHERE submission_id = $1 AND replaced",
        ).bind(submission).execute(connection).await.map(drop))?;
        Ok(())
    }

    async fn end_status_entries(&mut self, submissions: &[Uuid], end: End, now: Timestamp) -> Result<u64, StoreError> {
        let mut count = 0;
        for chunk in submissions.chunks(CHUNK) {
            let lists: Vec<Uuid> = dispatch!(self, connection => {
                let mut query = QueryBuilder::new("SELECT DISTINCT list_id FROM status_entry WHERE ");
                query.push(end.of()).push(" AND submission_id IN ");
                push_list(&mut query, chunk.iter().copied());
                query.build_query_scalar().fetch_all(connection).await
            })?;
            if lists.is_empty() {
                continue;
            }
            self.touch_status_lists(&lists, now).await?;
            count += dispatch!(self, connection => {
                let mut query = QueryBuilder::new("UPDATE status_entry SET revoked_at = ");
                query.push_bind(now).push(", replaced = ").push_bind(end == End::Replaced);
                query.push(" WHERE ").push(end.of()).push(" AND submission_id IN ");
                push_list(&mut query, chunk.iter().copied());
                query.build().execute(connection).await.map(|done| done.rows_affected())
            })?;
        }
        Ok(count)
    }

    /// Revokes the entry at `place` if it belongs to `submission`. Returns false if it does not, or
    /// was already revoked.
    pub async fn revoke_status_entry(
        &mut self,
        place: StatusPlace,
        submission: Uuid,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let entries = self.status_entries(submission).await?;
        if !entries.iter().any(|entry| entry.place == place && entry.revoked_at.is_none()) {
            return Ok(false);
        }
        self.touch_status_lists(&[place.list], now).await?;
        self.revoke_place(place, now).await
    }

    /// Revokes the entries at `places` without checking their owner: the caller has read them as
    /// its own. Locks the lists in their order before changing any entry.
    pub(super) async fn revoke_places(&mut self, places: &[StatusPlace], now: Timestamp) -> Result<(), StoreError> {
        if places.is_empty() {
            return Ok(());
        }
        let lists: BTreeSet<Uuid> = places.iter().map(|place| place.list).collect();
        self.touch_status_lists(&lists.into_iter().collect::<Vec<_>>(), now).await?;
        for place in places {
            self.revoke_place(*place, now).await?;
        }
        Ok(())
    }

    /// The caller holds the lock on the list. Returns false if the entry was already revoked.
    async fn revoke_place(&mut self, place: StatusPlace, now: Timestamp) -> Result<bool, StoreError> {
        let changed = dispatch!(self, connection => sqlx::query(
            "UPDATE status_entry SET revoked_at = $3, replaced = FALSE
              WHERE list_id = $1 AND position = $2 AND (revoked_at IS NULL OR replaced)",
        ).bind(place.list).bind(i64::from(place.position)).bind(now)
            .execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }

    /// Advances `changed_at` strictly, even if the clocks of nodes differ, so that a list cached by
    /// it is invalidated by every revocation.
    async fn touch_status_lists(&mut self, lists: &[Uuid], now: Timestamp) -> Result<(), StoreError> {
        let oldest_first: Vec<Uuid> = dispatch!(self, connection => {
            let mut query = QueryBuilder::new("SELECT id FROM status_list WHERE id IN ");
            push_list(&mut query, lists.iter().copied());
            query.push(" ORDER BY opened_at, id");
            query.build_query_scalar().fetch_all(connection).await
        })?;
        for list in oldest_first {
            dispatch!(self, connection => sqlx::query(
                "UPDATE status_list SET changed_at = CASE WHEN changed_at < $2 THEN $2 ELSE changed_at + 1 END WHERE id = $1",
            ).bind(list).bind(now).execute(connection).await.map(drop))?;
        }
        Ok(())
    }

    /// Returns the indices of a list that have ended, in order, each with whether it was replaced.
    /// It is one statement, so an entry that is revoked concurrently appears either way.
    pub async fn ended_positions(&mut self, list: Uuid) -> Result<Vec<(u32, bool)>, StoreError> {
        let stored: Vec<(i64, bool)> = dispatch!(self, connection => sqlx::query_as(
            "SELECT position, replaced FROM status_entry WHERE list_id = $1 AND revoked_at IS NOT NULL ORDER BY position",
        ).bind(list).fetch_all(connection).await)?;
        stored.into_iter().map(|(stored, replaced)| Ok((position(stored)?, replaced))).collect()
    }
}
