//! Superseding: a newer version takes an older one's place in the wallet.
//!
//! What was signed of the older one is replaced, which is not revoked: verifiers learn that a newer version exists. Which
//! versions supersede which is for the caller.

use std::collections::BTreeMap;

use sqlx::QueryBuilder;
use uuid::Uuid;

use super::{StoreError, Tx, on, push_list};
use ambient::Timestamp;

/// A submission that takes the place of an older one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Superseding {
    /// The older one.
    pub old: Uuid,
    /// What takes its place. It need not stand itself.
    pub new: Uuid,
}

/// An active share that shows a submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShowingShare {
    /// The share.
    pub share: Uuid,
    /// The submission.
    pub submission: Uuid,
    /// Whether the link goes on to newer versions.
    pub keep_current: bool,
}

impl Tx {
    /// Supersedes the older submission of each pair, and replaces what was signed of it; a pair whose submissions are not both
    /// `holder`'s, or whose older one is not held or superseded already, is passed over. Of two pairs with one older submission
    /// the last one counts. Returns what was superseded now, in the order of ids. The caller holds the wallet.
    pub async fn supersede(
        &mut self,
        holder: Uuid,
        pairs: &[Superseding],
        now: Timestamp,
    ) -> Result<Vec<Uuid>, StoreError> {
        // One by one in the order of ids, as issuing takes their locks.
        let pairs: BTreeMap<Uuid, Uuid> = pairs.iter().map(|pair| (pair.old, pair.new)).collect();
        let mut superseded = Vec::with_capacity(pairs.len());
        for (old, new) in pairs {
            let changed = on!(self, connection => sqlx::query(
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

    /// Undoes that a submission in `holder`'s wallet was superseded. What was signed of it stays replaced. False if it is not
    /// superseded, or cannot stand.
    pub async fn reinstate_submission(&mut self, id: Uuid, holder: Uuid) -> Result<bool, StoreError> {
        let changed = on!(self, connection => sqlx::query(
            "UPDATE submission SET superseded_at = NULL, superseded_by = NULL
              WHERE id = $1 AND holder_id = $2 AND state = 'accepted' AND superseded_at IS NOT NULL",
        ).bind(id).bind(holder).execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }

    /// The end of the chain of versions that begins with a submission: itself, if nothing superseded it. `None` if the chain
    /// leads to a submission that is forgotten.
    pub async fn newest_version(&mut self, id: Uuid) -> Result<Option<Uuid>, StoreError> {
        // UNION leaves out what was found before, so that a circle ends.
        Ok(on!(self, connection => sqlx::query_scalar(
            "WITH RECURSIVE version (id, superseded_by) AS (
                 SELECT id, superseded_by FROM submission WHERE id = $1
                  UNION
                 SELECT newer.id, newer.superseded_by FROM submission AS newer JOIN version ON newer.id = version.superseded_by)
             SELECT id FROM version WHERE superseded_by IS NULL LIMIT 1",
        ).bind(id).fetch_optional(connection).await)?)
    }

    /// The shares of `holder` that can be opened at `now` and show one of `submissions`, in the order they were made.
    pub async fn shares_showing(
        &mut self,
        holder: Uuid,
        submissions: &[Uuid],
        now: Timestamp,
    ) -> Result<Vec<ShowingShare>, StoreError> {
        if submissions.is_empty() {
            return Ok(Vec::new());
        }
        let rows: Vec<(Uuid, Uuid, bool)> = on!(self, connection => {
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
