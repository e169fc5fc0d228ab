//! A partner's verification requests, as the Partner API lists them.

use credential::Type;
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::scan::{ListFilter, Page, Scan, StatusFilter, WINDOW};
use super::{StoreError, Tx, dispatch, from_row};
use crate::domain::submission::{CancelReason, Status};
use ambient::Timestamp;

/// A verification request in its partner's list. It has no row id, because that opens the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedVerification {
    /// The partner's own id for the request, or one that the server generated.
    pub request_id: String,
    /// Requested credential type.
    pub credential_type: Type,
    pub status: Status,
    /// When it was created.
    pub created_at: Timestamp,
}

struct ListedVerificationRow {
    id: Uuid,
    request_id: String,
    credential_type: String,
    state: String,
    created_at: Timestamp,
    expires_at: Timestamp,
    finalized_at: Option<Timestamp>,
}
from_row!(ListedVerificationRow { id, request_id, credential_type, state, created_at, expires_at, finalized_at });

const COLUMNS: &str = "id, request_id, credential_type, state, created_at, expires_at, finalized_at";

impl ListedVerificationRow {
    fn read(self, now: Timestamp) -> Result<ListedVerification, StoreError> {
        let corrupt_row = |what: &str| StoreError::corrupt_row("verification", what);
        let status = match (self.state.as_str(), self.finalized_at) {
            ("open", None) if self.expires_at > now => Status::Incomplete,
            ("open", None) => Status::Canceled(self.expires_at, CancelReason::Expired),
            ("verified", Some(at)) => Status::Verified(at),
            ("canceled", Some(at)) => Status::Canceled(at, CancelReason::Declined),
            ("expired", Some(at)) => Status::Canceled(at, CancelReason::Expired),
            (state, _) => return Err(corrupt_row(&format!("state {state}"))),
        };
        Ok(ListedVerification {
            credential_type: self.credential_type.parse().map_err(|_| corrupt_row("its type"))?,
            request_id: self.request_id,
            status,
            created_at: self.created_at,
        })
    }
}

impl StatusFilter {
    /// Returns the SQL condition for verification requests with this status. It ends with a
    /// comparison whose right side, the current time, the caller binds.
    fn condition(self) -> &'static str {
        match self {
            Self::Incomplete => "state = 'open' AND expires_at > ",
            Self::Verified => "state = 'verified' AND created_at <= ",
            Self::Canceled => "state IN ('canceled', 'expired') OR state = 'open' AND expires_at <= ",
        }
    }
}

impl Tx {
    /// Returns up to `limit` of `partner`'s verification requests that match `filter` as of `now`,
    /// newest first, below the row id `before`. With a filter, returns only those among the newest
    /// 5,000 that match it.
    pub async fn list_verifications(
        &mut self,
        partner: Uuid,
        filter: &ListFilter,
        before: Option<Uuid>,
        now: Timestamp,
        limit: usize,
    ) -> Result<Page<ListedVerification>, StoreError> {
        if filter.has_no_type() {
            return Ok(Page::default());
        }
        let scan = Scan::new("verification", "", partner, before).within(filter).only("request_id", filter);
        let most = i64::try_from(limit).unwrap_or(WINDOW).saturating_add(1);
        let rows: Vec<ListedVerificationRow> = dispatch!(self, connection => {
            let mut query = QueryBuilder::new("SELECT * FROM (");
            scan.push(&mut query, COLUMNS);
            query.push_bind(if filter.is_narrow() { WINDOW } else { most }).push(") AS recent WHERE ");
            filter.push(&mut query);
            if let Some(status) = filter.status {
                query.push(" AND (").push(status.condition()).push_bind(now).push(")");
            }
            query.push(" ORDER BY id DESC LIMIT ").push_bind(most);
            query.build_query_as().fetch_all(connection).await
        })?;
        let page = self.page_of(&scan, rows, |row| row.id, limit, filter.is_narrow()).await?;
        let rows = page.rows.into_iter().map(|row| row.read(now)).collect::<Result<Vec<_>, _>>()?;
        Ok(Page { rows, next: page.next })
    }
}
