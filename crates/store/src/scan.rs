//! Pagination of a partner's lists by cursor, newest first: a page continues below the last id of
//! the one before, so rows that are added meanwhile neither repeat nor hide any.

use std::time::Duration;

use credential::Type;
use sqlx::{Database, Encode, QueryBuilder};
use uuid::Uuid;

use super::{StoreError, Tx, dispatch, push_list};
use ambient::Timestamp;

/// Most rows that one page scans. It bounds the work of a page when few rows match a filter. The
/// next page continues after them.
pub(super) const WINDOW: i64 = 5000;

/// How far the time in a row's id may differ from the time in its columns: they are read one after
/// the other, while the clock runs or is set.
const SLACK: Duration = Duration::from_secs(60);

/// One page of a partner's list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// Rows, newest first.
    pub rows: Vec<T>,
    /// Pass this as `before` to get the next page; `None` at the end.
    pub next: Option<Uuid>,
}

impl<T> Default for Page<T> {
    fn default() -> Self {
        Self { rows: Vec::new(), next: None }
    }
}

/// Selects rows of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListFilter {
    /// Only those with this status.
    pub status: Option<StatusFilter>,
    /// Only those of these types; `None` for all types.
    pub types: Option<Vec<Type>>,
    /// Only those created at this time or later.
    pub created_after: Option<Timestamp>,
    /// Only those created before this time.
    pub created_before: Option<Timestamp>,
    /// Only the one with this id of the partner: a `credential_id` or `request_id`.
    pub own_id: Option<String>,
}

impl ListFilter {
    /// Returns whether it excludes any row that a scan finds.
    pub(super) fn is_narrow(&self) -> bool {
        *self != Self::default()
    }

    /// Returns whether it excludes every row. SQL has no empty list of values.
    pub(super) fn has_no_type(&self) -> bool {
        self.types.as_ref().is_some_and(Vec::is_empty)
    }

    /// Writes the conditions on types and times. The ids of a scan are only near them.
    pub(super) fn push<DB>(&self, query: &mut QueryBuilder<DB>)
    where
        DB: Database,
        Timestamp: for<'t> Encode<'t, DB> + sqlx::Type<DB>,
        String: for<'t> Encode<'t, DB> + sqlx::Type<DB>,
    {
        let (after, before) = (self.created_after, self.created_before);
        query.push("created_at >= ").push_bind(after.unwrap_or(Timestamp::from_micros(i64::MIN)));
        query.push(" AND created_at < ").push_bind(before.unwrap_or(Timestamp::from_micros(i64::MAX)));
        if let Some(types) = &self.types {
            query.push(" AND credential_type IN ");
            push_list(query, types.iter().map(|known| known.name().to_owned()));
        }
    }
}

/// A status without its details, as lists are filtered by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusFilter {
    /// Not final yet.
    Incomplete,
    /// Accepted or presented.
    Verified,
    /// Declined, expired or withdrawn.
    Canceled,
}

impl StatusFilter {
    /// Parses the name used on the wire.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "incomplete" => Some(Self::Incomplete),
            "verified" => Some(Self::Verified),
            "canceled" => Some(Self::Canceled),
            _ => None,
        }
    }
}

/// The rows that pages are read from: those of one partner in a range of ids.
#[derive(Debug)]
pub(super) struct Scan {
    table: &'static str,
    /// Begins with ` AND `, or is empty.
    condition: &'static str,
    partner: Uuid,
    from: Uuid,
    before: Uuid,
    /// A column and its only value.
    only: Option<(&'static str, String)>,
}

impl Scan {
    pub(super) fn new(table: &'static str, condition: &'static str, partner: Uuid, before: Option<Uuid>) -> Self {
        let before = before.unwrap_or(Uuid::max());
        Self { table, condition, partner, from: Uuid::nil(), before, only: None }
    }

    /// Narrows the range of ids to the times of `filter`. The rows at its ends still have to be
    /// compared.
    pub(super) fn within(self, filter: &ListFilter) -> Self {
        let from = filter.created_after.map(|time| (time - SLACK).lowest_id());
        let before = filter.created_before.map(|time| (time + SLACK).lowest_id());
        Self {
            from: from.unwrap_or(self.from),
            before: before.map_or(self.before, |before| before.min(self.before)),
            ..self
        }
    }

    /// Narrows the scan to the row with the id of `filter`, which is in the column `own_id`.
    /// Without this, an old row would not be among those of the first pages.
    pub(super) fn only(self, own_id: &'static str, filter: &ListFilter) -> Self {
        Self { only: filter.own_id.clone().map(|id| (own_id, id)), ..self }
    }

    /// Writes the query up to the number of rows, which the caller binds.
    pub(super) fn push<DB>(&self, query: &mut QueryBuilder<DB>, columns: &str)
    where
        DB: Database,
        String: for<'t> Encode<'t, DB> + sqlx::Type<DB>,
        Uuid: for<'t> Encode<'t, DB> + sqlx::Type<DB>,
    {
        query.push("SELECT ").push(columns).push(" FROM ").push(self.table);
        query.push(" WHERE partner_id = ").push_bind(self.partner);
        query.push(" AND id >= ").push_bind(self.from).push(" AND id < ").push_bind(self.before);
        if let Some((column, value)) = &self.only {
            query.push(" AND ").push(column).push(" = ").push_bind(value.clone());
        }
        query.push(self.condition).push(" ORDER BY id DESC LIMIT ");
    }
}

impl Tx {
    /// Returns the page of `rows`, of which one more than `limit` was requested. If a filter
    /// excluded rows of `scan`, the next page continues after the scanned ones.
    pub(super) async fn page_of<T>(
        &mut self,
        scan: &Scan,
        mut rows: Vec<T>,
        id: impl Fn(&T) -> Uuid,
        limit: usize,
        is_filtered: bool,
    ) -> Result<Page<T>, StoreError> {
        let next = if rows.len() > limit {
            rows.truncate(limit);
            rows.last().map(id)
        } else if is_filtered {
            self.window_end(scan).await?
        } else {
            None
        };
        Ok(Page { rows, next })
    }

    /// Returns the last id of a full window of `scan`; `None` if there are fewer rows.
    async fn window_end(&mut self, scan: &Scan) -> Result<Option<Uuid>, StoreError> {
        Ok(dispatch!(self, connection => {
            let mut query = QueryBuilder::new("");
            scan.push(&mut query, "id");
            query.push("1 OFFSET ").push_bind(WINDOW - 1);
            query.build_query_scalar().fetch_optional(connection).await
        })?)
    }
}
