//! Daily counts of pushes by outcome.
//!
//! They are kept longer than the submissions, and contain only names of institutions.

use std::collections::BTreeMap;

use sqlx::QueryBuilder;
use uuid::Uuid;

use super::event::{EventKind, Subject};
use super::new_submission::OTHER_CHAINS;
use super::{StoreError, Tx, dispatch, from_row};
use ambient::Timestamp;

/// Number of a day's pushes that something happened to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DailyCount {
    /// Day of the push: days since 1970-01-01 UTC.
    pub day: i64,
    /// The push's partner chain, its names joined by ` > `; empty if it named none.
    pub chain: String,
    /// The event.
    pub kind: EventKind,
    /// Number of pushes.
    pub count: i64,
}

/// Returns the day of an instant: days since 1970-01-01 UTC.
pub fn day(at: Timestamp) -> i64 {
    at.seconds().div_euclid(86_400)
}

pub(super) const INSERT_COUNTS: &str = "INSERT INTO tally (partner_id, day, chain, kind, count) ";

/// Adds to the existing count instead of inserting a second row.
pub(super) const AND_COUNT_ON: &str =
    " ON CONFLICT (partner_id, day, chain, kind, slot) DO UPDATE SET count = tally.count + excluded.count";

/// Key of a count: partner, day of the push, and partner chain.
pub(super) type Counted<'a> = (Uuid, i64, &'a str);

/// Counts, sorted by key, so that two nodes that write them at the same time cannot deadlock.
pub(super) struct Counts<'a>(Vec<(Counted<'a>, i64)>);

impl<'a> Counts<'a> {
    /// Counts pushes, given the partner, time and chain of each.
    pub(super) fn of(pushes: impl Iterator<Item = (Uuid, Timestamp, Option<&'a str>)>) -> Self {
        let mut counts: BTreeMap<Counted<'_>, i64> = BTreeMap::new();
        for (partner, pushed_at, chain) in pushes {
            *counts.entry((partner, day(pushed_at), chain.unwrap_or_default())).or_default() += 1;
        }
        Self(counts.into_iter().collect())
    }

    /// Returns all counts, in order.
    pub(super) fn all(&self) -> &[(Counted<'a>, i64)] {
        &self.0
    }

    /// Returns one value per count, for a column of a bulk insert.
    pub(super) fn column<T>(&self, value: impl Fn(Counted<'a>, i64) -> T) -> Vec<T> {
        self.0.iter().map(|(counted, count)| value(*counted, *count)).collect()
    }
}

impl Tx {
    /// Counts that `kind` happened to `subjects`. On PostgreSQL each connection uses one of 16
    /// slots per count, which reduces lock contention.
    pub(super) async fn count_events(&mut self, subjects: &[Subject], kind: EventKind) -> Result<(), StoreError> {
        let counts = Counts::of(
            subjects.iter().map(|subject| (subject.partner_id, subject.created_at, subject.partner_chain.as_deref())),
        );
        for chunk in counts.0.chunks(256) {
            dispatch!(self, connection => {
                let mut query = QueryBuilder::new(INSERT_COUNTS);
                query.push_values(chunk, |mut row, ((partner, day, chain), count)| {
                    row.push_bind(*partner).push_bind(*day).push_bind(*chain).push_bind(kind.name()).push_bind(*count);
                });
                query.push(AND_COUNT_ON);
                query.build().execute(connection).await.map(drop)
            })?;
        }
        Ok(())
    }

    /// Returns the outcomes of `partner`'s pushes since `since_day`, by day, chain and kind. The
    /// `most` chains with the most pushes are listed by name, all others together as
    /// [`OTHER_CHAINS`].
    pub async fn tallies(&mut self, partner: Uuid, since_day: i64, most: i64) -> Result<Vec<DailyCount>, StoreError> {
        struct DailyCountRow {
            day: i64,
            chain: String,
            kind: String,
            count: i64,
        }
        from_row!(DailyCountRow { day, chain, kind, count });
        let rows: Vec<DailyCountRow> = dispatch!(self, connection => sqlx::query_as(
            "WITH named AS (
                SELECT chain FROM tally WHERE partner_id = $1 AND day >= $2 AND kind = $4 AND chain <> $5
                 GROUP BY chain ORDER BY sum(count) DESC, chain LIMIT $3)
             SELECT day, shown AS chain, kind, CAST(sum(count) AS BIGINT) AS count FROM (
                SELECT day, kind, count, CASE WHEN chain IN (SELECT chain FROM named) THEN chain ELSE $5 END AS shown
                  FROM tally WHERE partner_id = $1 AND day >= $2) AS tallied
              GROUP BY day, shown, kind ORDER BY day, shown, kind",
        ).bind(partner).bind(since_day).bind(most).bind(EventKind::Pushed.name()).bind(OTHER_CHAINS).fetch_all(connection).await)?;
        rows.into_iter()
            .map(|row| {
                let kind =
                    EventKind::from_name(&row.kind).ok_or_else(|| StoreError::corrupt_row("tally", &row.kind))?;
                Ok(DailyCount { day: row.day, chain: row.chain, kind, count: row.count })
            })
            .collect()
    }

    /// Deletes the counts of days before `day`.
    pub async fn forget_tallies(&mut self, day: i64) -> Result<u64, StoreError> {
        Ok(dispatch!(self, connection => sqlx::query("DELETE FROM tally WHERE day < $1")
            .bind(day).execute(connection).await.map(|done| done.rows_affected()))?)
    }
}
