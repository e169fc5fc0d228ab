//! Decisions about versions: whether a newer version replaced an older one, and who decided.

use sqlx::QueryBuilder;
use uuid::Uuid;

use super::{StoreError, Tx, dispatch, from_row, push_list};
use ambient::Timestamp;

/// The outcome for an older version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The holder chose to replace it.
    Replaced,
    /// The holder chose to keep both.
    Kept,
    /// It was replaced under a standing consent.
    Standing,
}

impl Decision {
    const ALL: [Self; 3] = [Self::Replaced, Self::Kept, Self::Standing];

    /// Returns the stored name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Replaced => "replaced",
            Self::Kept => "kept",
            Self::Standing => "standing",
        }
    }
}

/// A decision about two versions of a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VersionDecision {
    pub newer_id: Uuid,
    pub older_id: Uuid,
    /// What was decided.
    pub decision: Decision,
    /// When it was decided.
    pub decided_at: Timestamp,
    /// When the holder undid it.
    pub undone_at: Option<Timestamp>,
}

struct VersionDecisionRow {
    newer_id: Uuid,
    older_id: Uuid,
    decision: String,
    decided_at: Timestamp,
    undone_at: Option<Timestamp>,
}
from_row!(VersionDecisionRow { newer_id, older_id, decision, decided_at, undone_at });

impl TryFrom<VersionDecisionRow> for VersionDecision {
    type Error = StoreError;

    fn try_from(row: VersionDecisionRow) -> Result<Self, StoreError> {
        let decision = Decision::ALL.into_iter().find(|known| known.name() == row.decision);
        Ok(Self {
            newer_id: row.newer_id,
            older_id: row.older_id,
            decision: decision.ok_or_else(|| StoreError::corrupt_row("version_decision", row.decision))?,
            decided_at: row.decided_at,
            undone_at: row.undone_at,
        })
    }
}

/// Maximum number of ids in one `IN` list.
const LIST: usize = 256;

impl Tx {
    /// Records a decision of `holder`. The first one about two versions wins.
    pub async fn record_version_decision(&mut self, holder: Uuid, decided: &VersionDecision) -> Result<(), StoreError> {
        dispatch!(self, connection => sqlx::query(
            "INSERT INTO version_decision (newer_id, older_id, holder_id, decision, decided_at) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (newer_id, older_id) DO NOTHING",
        ).bind(decided.newer_id).bind(decided.older_id).bind(holder).bind(decided.decision.name()).bind(decided.decided_at)
            .execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Records that `holder` undid an update under a standing consent. Returns false if there is
    /// none, or it was already undone.
    pub async fn undo_update(&mut self, holder: Uuid, newer: Uuid, now: Timestamp) -> Result<bool, StoreError> {
        let changed = dispatch!(self, connection => sqlx::query(
            "UPDATE version_decision SET undone_at = $3
              WHERE newer_id = $2 AND holder_id = $1 AND decision = 'standing' AND undone_at IS NULL",
        ).bind(holder).bind(newer).bind(now).execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }

    /// Returns the decisions about a submission, as the newer or the older version, oldest first.
    pub async fn version_decisions(&mut self, submission: Uuid) -> Result<Vec<VersionDecision>, StoreError> {
        let rows: Vec<VersionDecisionRow> = dispatch!(self, connection => sqlx::query_as(
            "SELECT newer_id, older_id, decision, decided_at, undone_at FROM version_decision
              WHERE newer_id = $1 OR older_id = $1 ORDER BY decided_at, newer_id, older_id",
        ).bind(submission).fetch_all(connection).await)?;
        rows.into_iter().map(VersionDecision::try_from).collect()
    }

    /// Returns all decisions of `holder`, oldest first.
    pub async fn version_decisions_of(&mut self, holder: Uuid) -> Result<Vec<VersionDecision>, StoreError> {
        let rows: Vec<VersionDecisionRow> = dispatch!(self, connection => sqlx::query_as(
            "SELECT newer_id, older_id, decision, decided_at, undone_at FROM version_decision
              WHERE holder_id = $1 ORDER BY decided_at, newer_id, older_id",
        ).bind(holder).fetch_all(connection).await)?;
        rows.into_iter().map(VersionDecision::try_from).collect()
    }

    /// Deletes the standing consents and the decisions of `holder`.
    pub async fn delete_updates(&mut self, holder: Uuid) -> Result<(), StoreError> {
        dispatch!(self, connection => {
            sqlx::query("DELETE FROM standing_consent WHERE holder_id = $1").bind(holder).execute(&mut *connection).await?;
            sqlx::query("DELETE FROM version_decision WHERE holder_id = $1").bind(holder).execute(connection).await.map(drop)
        })?;
        Ok(())
    }

    /// Deletes the standing consents and decisions of `submissions`, which are being deleted.
    pub(super) async fn forget_updates(&mut self, submissions: &[Uuid]) -> Result<(), StoreError> {
        const STARTS: [&str; 3] = [
            "DELETE FROM standing_consent WHERE submission_id IN ",
            "DELETE FROM version_decision WHERE newer_id IN ",
            "DELETE FROM version_decision WHERE older_id IN ",
        ];
        for (chunk, start) in submissions.chunks(LIST).flat_map(|chunk| STARTS.map(|start| (chunk, start))) {
            dispatch!(self, connection => {
                let mut query = QueryBuilder::new(start);
                push_list(&mut query, chunk.iter().copied());
                query.build().execute(connection).await.map(drop)
            })?;
        }
        Ok(())
    }
}
