//! Events: what happened to a submission, written in the transaction that made it happen.
//!
//! The consent record is read from them; what partners are told of is sent from them.

use sqlx::{FromRow, QueryBuilder};
use uuid::Uuid;

use super::{StoreError, Tx, on};
use crate::time::Timestamp;

/// What can happen to a submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// The partner pushed it.
    Pushed,
    /// Somebody's browser handed the link over.
    LinkOpened,
    /// A person signed in and it was bound to their account.
    Opened,
    /// The person accepted it.
    Accepted,
    /// The person declined it.
    Declined,
    /// Its time was over.
    Expired,
    /// The person deleted it from the wallet.
    Removed,
    /// The partner withdrew it.
    Withdrawn,
    /// A later push took its place.
    Superseded,
}

impl EventKind {
    const ALL: [Self; 9] = [
        Self::Pushed,
        Self::LinkOpened,
        Self::Opened,
        Self::Accepted,
        Self::Declined,
        Self::Expired,
        Self::Removed,
        Self::Withdrawn,
        Self::Superseded,
    ];

    /// The stored name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pushed => "pushed",
            Self::LinkOpened => "link_opened",
            Self::Opened => "opened",
            Self::Accepted => "accepted",
            Self::Declined => "declined",
            Self::Expired => "expired",
            Self::Removed => "removed",
            Self::Withdrawn => "withdrawn",
            Self::Superseded => "superseded",
        }
    }
}

/// One event of a submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// What happened.
    pub kind: EventKind,
    /// When.
    pub at: Timestamp,
}

impl Tx {
    /// Records that `kind` happened to each of `submissions` at `at`.
    pub async fn record_events(
        &mut self,
        submissions: &[Uuid],
        kind: EventKind,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut rest = submissions;
        while !rest.is_empty() {
            let (chunk, after) = rest.split_at(1 << rest.len().ilog2());
            rest = after;
            on!(self, connection => {
                let mut query = QueryBuilder::new("INSERT INTO event (submission_id, kind, at) ");
                query.push_values(chunk, |mut row, id| {
                    row.push_bind(*id).push_bind(kind.name()).push_bind(at);
                });
                query.build().execute(connection).await.map(drop)
            })?;
        }
        Ok(())
    }

    /// The events of a submission, in the order they happened.
    pub async fn events(&mut self, submission: Uuid) -> Result<Vec<Event>, StoreError> {
        #[derive(FromRow)]
        struct Row {
            kind: String,
            at: Timestamp,
        }
        let rows: Vec<Row> = on!(self, connection => sqlx::query_as("SELECT kind, at FROM event WHERE submission_id = $1 ORDER BY sequence")
            .bind(submission).fetch_all(connection).await)?;
        rows.into_iter()
            .map(|row| {
                let kind = EventKind::ALL.into_iter().find(|kind| kind.name() == row.kind);
                Ok(Event { kind: kind.ok_or_else(|| StoreError::nonsense("event", row.kind))?, at: row.at })
            })
            .collect()
    }
}
