//! Superseding: a newer version takes the place of an older one in the wallet.
//!
//! Status entries of the older version become replaced, not revoked, so verifiers learn that a
//! newer version exists. The caller decides which versions supersede which.

use std::collections::BTreeMap;

use sqlx::QueryBuilder;
use uuid::Uuid;

use super::{StoreError, Tx, dispatch, push_list};
use ambient::Timestamp;

/// A submission that supersedes an older one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Superseding {
    /// The older submission.
    pub old: Uuid,
    /// The newer submission. It need not be current itself.
    pub new: Uuid,
}

/// An active share that shows a submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShowingShare {
    pub share: Uuid,
    pub submission: Uuid,
    /// Whether the link switches to newer versions.
    pub keep_current: bool,
}

impl Tx {
    /// Supersedes the older submission of each pair and marks its status entries as replaced. Skips
    /// a pair unless both are `holder`'s and the older one is held and not superseded yet. If two
    /// pairs share an older submission, the last pair wins. Returns the superseded ids in order.
    /// The caller holds the wallet lock.
    pub async fn supersede(
        &mut self,
        holder: Uuid,
        pairs: &[Superseding],
        now: Timestamp,
    ) -> Result<Vec<Uuid>, StoreError> {
        // In id order, the lock order of issuance.
        let pairs: BTreeMap<Uuid, Uuid> = pairs.iter().map(|pair| (pair.old, pair.new)).collect();
        let mut superseded = Vec::with_capacity(pairs.len());
        for (old, new) in pairs {
            let changed = dispatch!(self, connection => sqlx::query(
                "UPDATE submission SET superseded_at = $4, superseded_by = $3
                  WHERE id = $2 AND id <> $3 AND holder_id = $1 AND superseded_at IS NULL AND state IN ('accepted', 'withdrawn')
                    AND EXISTS (SELECT 1 FROM submission AS newer WHERE newer.id = $3 AND newer.holder_id = $1)",
            ).bind(holder).bind(old).bind(new).bind(now).execute(connection).await.map(|done| done.rows_affected()))?;
            if changed == 1 {
                superseded.push(old);
            }
        }
        self.replace_status_entries(&superseded, now).await?;
        Ok(superseded)
    }

    /// Makes a superseded submission in `holder`'s wallet current again, and its status entries
    /// valid that are still replaced. Returns false if it is not superseded or not in state
    /// `accepted`. The caller holds the wallet lock, and supersedes the newer version next.
    pub async fn reinstate_submission(&mut self, id: Uuid, holder: Uuid, now: Timestamp) -> Result<bool, StoreError> {
        let newer: Option<Option<Uuid>> = dispatch!(self, connection => sqlx::query_scalar("SELECT superseded_by FROM submission WHERE id = $1")
            .bind(id).fetch_optional(connection).await)?;
        let newer = newer.flatten();
        if let Self::Postgres(transaction) = self {
            // Submissions are locked by id, before status lists.
            sqlx::query("SELECT id FROM submission WHERE id IN ($1, $2) ORDER BY id FOR UPDATE")
                .bind(id)
                .bind(newer.unwrap_or(id))
                .execute(&mut **transaction)
                .await?;
        }
        let changed = dispatch!(self, connection => sqlx::query(
            "UPDATE submission SET superseded_at = NULL, superseded_by = NULL
              WHERE id = $1 AND holder_id = $2 AND state = 'accepted' AND superseded_at IS NOT NULL",
        ).bind(id).bind(holder).execute(connection).await.map(|done| done.rows_affected()))?;
        if changed == 1 {
            self.restore_status_entries(id, newer, now).await?;
        }
        Ok(changed == 1)
    }

    /// Returns the last submission of the chain of versions that starts at `id`, which is `id`
    /// itself if nothing superseded it. `None` if the chain leads to a deleted submission.
    pub async fn newest_version(&mut self, id: Uuid) -> Result<Option<Uuid>, StoreError> {
        // `UNION` drops rows that were found before, so a cycle terminates.
        Ok(dispatch!(self, connection => sqlx::query_scalar(
            "WITH RECURSIVE version (id, superseded_by) AS (
                 SELECT id, superseded_by FROM submission WHERE id = $1
                  UNION
                 SELECT newer.id, newer.superseded_by FROM submission AS newer JOIN version ON newer.id = version.superseded_by)
             SELECT id FROM version WHERE superseded_by IS NULL LIMIT 1",
        ).bind(id).fetch_optional(connection).await)?)
    }

    /// Returns the shares of `holder` that can be opened at `now` and show one of `submissions`,
    /// oldest first.
    pub async fn shares_showing(
        &mut self,
        holder: Uuid,
        submissions: &[Uuid],
        now: Timestamp,
    ) -> Result<Vec<ShowingShare>, StoreError> {
        if submissions.is_empty() {
            return Ok(Vec::new());
        }
        let rows: Vec<(Uuid, Uuid, bool)> = dispatch!(self, connection => {
            let mut query = QueryBuilder::new(
                "SELECT share.id, entry.submission_id, share.keep_current FROM share
                   JOIN share_entry AS entry ON entry.share_id = share.id AND entry.left_at IS NULL
                  WHERE share.revoked_at IS NULL AND share.holder_id = ",
            );
            query.push_bind(holder).push(" AND share.expires_at > ").push_bind(now).push(" AND entry.submission_id IN ");
            push_list(&mut query, submissions.iter().copied());
            query.push(" ORDER BY share.created_at, share.id, entry.submission_id");
            query.build_query_as().fetch_all(connection).await
        })?;
        let showing = |(share, submission, keep_current)| ShowingShare { share, submission, keep_current };
        Ok(rows.into_iter().map(showing).collect())
    }
}
