//! The request log of partners: failed requests singly, and counts of all requests by minute.

use sqlx::QueryBuilder;
use uuid::Uuid;

use super::scan::{ListFilter, Page, Scan, WINDOW};
use super::{StoreError, Tx, chunk_size, dispatch, from_row};
use ambient::Timestamp;

/// A failed request of a partner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedRequest {
    /// Sorts by time.
    pub id: Uuid,
    pub partner_id: Uuid,
    /// When its response was sent.
    pub at: Timestamp,
    /// HTTP method.
    pub method: String,
    /// The route's template, without values of its parameters.
    pub route: String,
    /// HTTP status of the response.
    pub status: i64,
    /// The kind of the error and the codes of its field errors, separated by spaces.
    pub codes: String,
    /// The id of the request, as the response had it.
    pub request_id: String,
    /// Duration in microseconds.
    pub duration_us: i64,
}
from_row!(LoggedRequest { id, partner_id, at, method, route, status, codes, request_id, duration_us });

/// Number of requests of a partner with the same response in one minute.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CountedRequests {
    pub partner_id: Uuid,
    /// Start of the minute.
    pub minute: Timestamp,
    /// HTTP method.
    pub method: String,
    /// The route's template.
    pub route: String,
    /// HTTP status of the responses.
    pub status: i64,
    /// Number of requests.
    pub count: i64,
    /// Total duration in microseconds.
    pub duration_us: i64,
}

/// Number of a partner's requests with the same response in a period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestTotal {
    /// HTTP method.
    pub method: String,
    /// The route's template.
    pub route: String,
    /// HTTP status of the responses.
    pub status: i64,
    /// Number of requests.
    pub count: i64,
    /// Total duration in microseconds.
    pub duration_us: i64,
}
from_row!(RequestTotal { method, route, status, count, duration_us });

/// Selects failed requests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestFilter {
    /// Only those with a status of this class: 4 or 5.
    pub class: Option<i64>,
    /// Only those of this route's template.
    pub route: Option<String>,
    /// Only those at this time or later.
    pub from: Option<Timestamp>,
    /// Only those before this time.
    pub to: Option<Timestamp>,
    /// Only that with this id of a request.
    pub request_id: Option<String>,
    /// Only those with this code.
    pub code: Option<String>,
}

impl RequestFilter {
    fn is_narrow(&self) -> bool {
        *self != Self::default()
    }
}

impl Tx {
    /// Stores failed requests. One that is stored already is left as it is.
    pub async fn log_requests(&mut self, requests: &[LoggedRequest]) -> Result<(), StoreError> {
        let mut rest = requests;
        while !rest.is_empty() {
            let (chunk, after) = rest.split_at(chunk_size(rest.len()));
            rest = after;
            dispatch!(self, connection => {
                let mut query = QueryBuilder::new(
                    "INSERT INTO request_log (id, partner_id, at, method, route, status, codes, request_id, duration_us) ",
                );
                query.push_values(chunk, |mut row, request| {
                    row.push_bind(request.id)
                        .push_bind(request.partner_id)
                        .push_bind(request.at)
                        .push_bind(request.method.as_str())
                        .push_bind(request.route.as_str())
                        .push_bind(request.status)
                        .push_bind(request.codes.as_str())
                        .push_bind(request.request_id.as_str())
                        .push_bind(request.duration_us);
                });
                query.push(" ON CONFLICT (id) DO NOTHING");
                query.build().execute(connection).await.map(drop)
            })?;
        }
        Ok(())
    }

    /// Adds to the counts of requests. Each partner, minute, method, route and status may occur
    /// once. All callers must pass them in the same order, so that two nodes cannot deadlock.
    pub async fn count_requests(&mut self, counts: &[CountedRequests]) -> Result<(), StoreError> {
        let mut rest = counts;
        while !rest.is_empty() {
            let (chunk, after) = rest.split_at(chunk_size(rest.len()));
            rest = after;
            dispatch!(self, connection => {
                let mut query = QueryBuilder::new(
                    "INSERT INTO request_count (partner_id, minute, method, route, status, count, duration_us) ",
                );
                query.push_values(chunk, |mut row, counted| {
                    row.push_bind(counted.partner_id)
                        .push_bind(counted.minute)
                        .push_bind(counted.method.as_str())
                        .push_bind(counted.route.as_str())
                        .push_bind(counted.status)
                        .push_bind(counted.count)
                        .push_bind(counted.duration_us);
                });
                query.push(
                    " ON CONFLICT (partner_id, minute, method, route, status) DO UPDATE
                      SET count = request_count.count + excluded.count,
                          duration_us = request_count.duration_us + excluded.duration_us",
                );
                query.build().execute(connection).await.map(drop)
            })?;
        }
        Ok(())
    }

    /// Returns up to `limit` of `partner`'s failed requests that match `filter`, newest first,
    /// below the id `before`. With a filter, returns only those among the newest 5,000 that match
    /// it.
    pub async fn failed_requests(
        &mut self,
        partner: Uuid,
        filter: &RequestFilter,
        before: Option<Uuid>,
        limit: usize,
    ) -> Result<Page<LoggedRequest>, StoreError> {
        let times = ListFilter { created_after: filter.from, created_before: filter.to, ..ListFilter::default() };
        let scan = Scan::new("request_log", "", partner, before).within(&times);
        let most = i64::try_from(limit).unwrap_or(WINDOW).saturating_add(1);
        let is_narrow = filter.is_narrow();
        let rows: Vec<LoggedRequest> = dispatch!(self, connection => {
            let mut query = QueryBuilder::new("SELECT * FROM (");
            scan.push(&mut query, "id, partner_id, at, method, route, status, codes, request_id, duration_us");
            query.push_bind(if is_narrow { WINDOW } else { most }).push(") AS recent WHERE at >= ");
            query.push_bind(filter.from.unwrap_or(Timestamp::from_micros(i64::MIN)));
            query.push(" AND at < ").push_bind(filter.to.unwrap_or(Timestamp::from_micros(i64::MAX)));
            if let Some(class) = filter.class {
                query.push(" AND status >= ").push_bind(class * 100);
                query.push(" AND status < ").push_bind(class * 100 + 100);
            }
            if let Some(route) = &filter.route {
                query.push(" AND route = ").push_bind(route.as_str());
            }
            if let Some(request_id) = &filter.request_id {
                query.push(" AND request_id = ").push_bind(request_id.as_str());
            }
            if let Some(code) = &filter.code {
                // Both databases have this function, and codes have the wildcards of LIKE.
                query.push(" AND replace(' ' || codes || ' ', ").push_bind(format!(" {code} "));
                query.push(", '') <> ' ' || codes || ' '");
            }
            query.push(" ORDER BY id DESC LIMIT ").push_bind(most);
            query.build_query_as().fetch_all(connection).await
        })?;
        self.page_of(&scan, rows, |row| row.id, limit, is_narrow).await
    }

    /// Returns how many requests of `partner` got which response, in the minutes that begin from
    /// `from` up to, but not including, `to`. Ordered by route, method and status.
    pub async fn request_totals(
        &mut self,
        partner: Uuid,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<RequestTotal>, StoreError> {
        Ok(dispatch!(self, connection => sqlx::query_as(
            "SELECT method, route, status, CAST(sum(count) AS BIGINT) AS count, CAST(sum(duration_us) AS BIGINT) AS duration_us
               FROM request_count WHERE partner_id = $1 AND minute >= $2 AND minute < $3
              GROUP BY method, route, status ORDER BY route, method, status",
        ).bind(partner).bind(from).bind(to).fetch_all(connection).await)?)
    }

    /// Deletes about `limit` failed requests and about `limit` counts from before `before`. Returns
    /// the larger of the two numbers.
    pub async fn forget_requests(&mut self, before: Timestamp, limit: i64) -> Result<u64, StoreError> {
        let logged = dispatch!(self, connection => sqlx::query(
            "DELETE FROM request_log WHERE id IN (SELECT id FROM request_log WHERE id < $1 ORDER BY id LIMIT $2)",
        ).bind(before.lowest_id()).bind(limit).execute(connection).await.map(|done| done.rows_affected()))?;
        // Whole minutes are deleted.
        let counted = dispatch!(self, connection => sqlx::query(
            "DELETE FROM request_count
              WHERE minute < $1
                AND minute <= COALESCE((SELECT minute FROM request_count WHERE minute < $1 ORDER BY minute LIMIT 1 OFFSET $2), $1)",
        ).bind(before).bind((limit - 1).max(0)).execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(logged.max(counted))
    }
}
