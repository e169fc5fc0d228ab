//! A partner's submissions, as its console and the Partner API list them.
//!
//! Contains only data that the partner gets anyway: nothing encrypted, and not the holder. What a
//! holder does with an accepted credential is not shown: one that was deleted later stays accepted.

use credential::Type;
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::lasting_status::LastingStatus;
use super::scan::{ListFilter, Page, Scan, StatusFilter, WINDOW};
use super::{StoreError, Tx, dispatch, from_row};
use crate::domain::submission::{CancelReason, Status};
use ambient::Timestamp;

/// A submission in its partner's list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedSubmission {
    /// Server-generated request id.
    pub id: Uuid,
    /// The partner's own id.
    pub credential_id: String,
    pub credential_type: Type,
    /// The link's `documentType`; `None` if there is no document.
    pub document_type: Option<String>,
    /// The batch, if it was pushed in one.
    pub batch_id: Option<Uuid>,
    /// State, as the partner sees it.
    pub state: ListedState,
    /// The same as its status, with the time when it became final.
    pub status: Status,
    /// When it was pushed.
    pub created_at: Timestamp,
    /// When it expires unless it was accepted.
    pub expires_at: Timestamp,
    /// When a later push with the same id replaced it, if one did.
    pub replaced_at: Option<Timestamp>,
    /// The institutions in the push's partner chain, joined by ` > `.
    pub partner_chain: Option<String>,
}

/// State of a submission, as its partner sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListedState {
    /// Waiting for the holder's decision.
    Waiting,
    /// Accepted. Whether it is still in the wallet is private to the holder.
    Accepted,
    /// Declined by the holder.
    Declined,
    /// Not accepted in time.
    Expired,
    /// Withdrawn by the partner, before or after it was accepted.
    Withdrawn,
}

impl ListedState {
    /// Every state.
    pub const ALL: [Self; 5] = [Self::Waiting, Self::Accepted, Self::Declined, Self::Expired, Self::Withdrawn];

    /// Returns the name used in URLs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Accepted => "accepted",
            Self::Declined => "declined",
            Self::Expired => "expired",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// Returns the SQL condition for rows in this state. It ends with a comparison whose right
    /// side, the current time, the caller binds.
    fn condition(self) -> &'static str {
        match self {
            Self::Waiting => "state = 'incomplete' AND expires_at > ",
            Self::Accepted => "state IN ('accepted', 'removed') AND withdrawn_at IS NULL AND created_at <= ",
            Self::Declined => "state = 'declined' AND created_at <= ",
            Self::Expired => "state IN ('expired', 'incomplete') AND expires_at <= ",
            Self::Withdrawn => "withdrawn_at IS NOT NULL AND created_at <= ",
        }
    }
}

/// One page of a partner's list.
pub type Listing = Page<ListedSubmission>;

impl From<Status> for ListedState {
    fn from(status: Status) -> Self {
        match status {
            Status::Incomplete => Self::Waiting,
            Status::Verified(_) => Self::Accepted,
            Status::Canceled(_, CancelReason::Declined) => Self::Declined,
            Status::Canceled(_, CancelReason::Expired) => Self::Expired,
            Status::Canceled(_, CancelReason::Withdrawn) => Self::Withdrawn,
        }
    }
}

impl StatusFilter {
    /// Returns the states of submissions that have this status.
    fn states(self) -> &'static [ListedState] {
        match self {
            Self::Incomplete => &[ListedState::Waiting],
            Self::Verified => &[ListedState::Accepted],
            Self::Canceled => &[ListedState::Declined, ListedState::Expired, ListedState::Withdrawn],
        }
    }
}

/// Result of a search by id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SearchResult {
    Submission(Uuid),
    Batch(Uuid),
}

struct ListedSubmissionRow {
    id: Uuid,
    credential_id: String,
    credential_type: String,
    document_type: Option<String>,
    batch_id: Option<Uuid>,
    state: String,
    created_at: Timestamp,
    expires_at: Timestamp,
    finalized_at: Option<Timestamp>,
    replaced_at: Option<Timestamp>,
    withdrawn_at: Option<Timestamp>,
    partner_chain: Option<String>,
}
from_row!(ListedSubmissionRow {
    id,
    credential_id,
    credential_type,
    document_type,
    batch_id,
    state,
    created_at,
    expires_at,
    finalized_at,
    replaced_at,
    withdrawn_at,
    partner_chain,
});

const COLUMNS: &str = "id, credential_id, credential_type, document_type, batch_id, state, created_at, expires_at, finalized_at, replaced_at, withdrawn_at, partner_chain";

/// A batch is a row of its own, which is not listed.
const SUBMISSIONS: &str = " AND state <> 'batch'";

/// Each credential id once, with its latest push, as its status is reported.
const CURRENT_SUBMISSIONS: &str = " AND state <> 'batch' AND replaced_at IS NULL";

impl ListedSubmissionRow {
    fn read(self, now: Timestamp) -> Result<ListedSubmission, StoreError> {
        let status = LastingStatus::of_row(&self.state, self.expires_at, self.finalized_at, self.withdrawn_at)?.at(now);
        Ok(ListedSubmission {
            id: self.id,
            credential_id: self.credential_id,
            credential_type: self
                .credential_type
                .parse()
                .map_err(|_| StoreError::corrupt_row("submission", "its type"))?,
            document_type: self.document_type,
            batch_id: self.batch_id,
            state: status.into(),
            status,
            created_at: self.created_at,
            expires_at: self.expires_at,
            replaced_at: self.replaced_at,
            partner_chain: self.partner_chain.filter(|chain| !chain.is_empty()),
        })
    }
}

impl Tx {
    /// Returns up to `limit` of `partner`'s submissions as of `now`, newest first, below the id
    /// `before`. With a `state`, returns only those among the newest 5,000 that are in it.
    pub async fn list_submissions(
        &mut self,
        partner: Uuid,
        state: Option<ListedState>,
        before: Option<Uuid>,
        now: Timestamp,
        limit: usize,
    ) -> Result<Listing, StoreError> {
        let scan = Scan::new("submission", SUBMISSIONS, partner, before);
        self.scan_submissions(&scan, state.as_slice(), &ListFilter::default(), now, limit).await
    }

    /// Returns up to `limit` of `partner`'s submissions that match `filter` as of `now`, newest
    /// first, below the id `before`: for each credential id its latest push. With a filter, returns
    /// only those among the newest 5,000 that match it.
    pub async fn filtered_submissions(
        &mut self,
        partner: Uuid,
        filter: &ListFilter,
        before: Option<Uuid>,
        now: Timestamp,
        limit: usize,
    ) -> Result<Listing, StoreError> {
        if filter.has_no_type() {
            return Ok(Page::default());
        }
        let scan = Scan::new("submission", CURRENT_SUBMISSIONS, partner, before);
        let scan = scan.within(filter).only("credential_id", filter);
        let states = filter.status.map(StatusFilter::states).unwrap_or_default();
        self.scan_submissions(&scan, states, filter, now, limit).await
    }

    /// Reads a page of `scan`. Without `states` it contains all of them.
    async fn scan_submissions(
        &mut self,
        scan: &Scan,
        states: &[ListedState],
        filter: &ListFilter,
        now: Timestamp,
        limit: usize,
    ) -> Result<Listing, StoreError> {
        let is_filtered = !states.is_empty() || filter.is_narrow();
        let most = i64::try_from(limit).unwrap_or(WINDOW).saturating_add(1);
        let rows: Vec<ListedSubmissionRow> = dispatch!(self, connection => {
            let mut query = QueryBuilder::new("SELECT * FROM (");
            scan.push(&mut query, COLUMNS);
            query.push_bind(if is_filtered { WINDOW } else { most }).push(") AS recent WHERE ");
            filter.push(&mut query);
            for (number, state) in states.iter().enumerate() {
                query.push(if number == 0 { " AND (" } else { " OR " });
                query.push("(").push(state.condition()).push_bind(now).push(")");
            }
            if !states.is_empty() {
                query.push(")");
            }
            query.push(" ORDER BY id DESC LIMIT ").push_bind(most);
            query.build_query_as().fetch_all(connection).await
        })?;
        let rows = rows.into_iter().map(|row| row.read(now)).collect::<Result<Vec<_>, _>>()?;
        self.page_of(scan, rows, |row| row.id, limit, is_filtered).await
    }

    /// Returns one of `partner`'s submissions by its request id, as of `now`.
    pub async fn listed_submission(
        &mut self,
        partner: Uuid,
        id: Uuid,
        now: Timestamp,
    ) -> Result<Option<ListedSubmission>, StoreError> {
        let row: Option<ListedSubmissionRow> = dispatch!(self, connection => sqlx::query_as(
            "SELECT id, credential_id, credential_type, document_type, batch_id, state, created_at, expires_at,
                    finalized_at, replaced_at, withdrawn_at, partner_chain
               FROM submission WHERE id = $1 AND partner_id = $2 AND state <> 'batch'",
        ).bind(id).bind(partner).fetch_optional(connection).await)?;
        row.map(|row| row.read(now)).transpose()
    }

    /// Returns the items of one of `partner`'s batches, as of `now`.
    pub async fn listed_batch(
        &mut self,
        partner: Uuid,
        batch: Uuid,
        now: Timestamp,
    ) -> Result<Vec<ListedSubmission>, StoreError> {
        let rows: Vec<ListedSubmissionRow> = dispatch!(self, connection => sqlx::query_as(
            "SELECT id, credential_id, credential_type, document_type, batch_id, state, created_at, expires_at,
                    finalized_at, replaced_at, withdrawn_at, partner_chain
               FROM submission WHERE batch_id = $1 AND partner_id = $2 ORDER BY id",
        ).bind(batch).bind(partner).fetch_all(connection).await)?;
        rows.into_iter().map(|row| row.read(now)).collect()
    }

    /// Finds a submission or batch of `partner` by the partner's own id, or by the request id.
    pub async fn find_submission(&mut self, partner: Uuid, words: &str) -> Result<Option<SearchResult>, StoreError> {
        let by_credential_id: Option<(Uuid, String)> = dispatch!(self, connection => sqlx::query_as(
            "SELECT id, state FROM submission WHERE partner_id = $1 AND credential_id = $2 AND replaced_at IS NULL",
        ).bind(partner).bind(words).fetch_optional(connection).await)?;
        let found = match (by_credential_id, words.parse::<Uuid>()) {
            (Some(found), _) => Some(found),
            (None, Ok(id)) => {
                dispatch!(self, connection => sqlx::query_as("SELECT id, state FROM submission WHERE id = $1 AND partner_id = $2")
                .bind(id).bind(partner).fetch_optional(connection).await)?
            }
            (None, Err(_)) => None,
        };
        Ok(found
            .map(|(id, state)| if state == "batch" { SearchResult::Batch(id) } else { SearchResult::Submission(id) }))
    }

    /// Counts `partner`'s submissions with ids from `since` on that are pending at `now`, up to
    /// `most`.
    pub async fn count_waiting(
        &mut self,
        partner: Uuid,
        since: Uuid,
        now: Timestamp,
        most: i64,
    ) -> Result<i64, StoreError> {
        Ok(dispatch!(self, connection => sqlx::query_scalar(
            "SELECT count(*) FROM (SELECT 1 FROM submission
              WHERE partner_id = $1 AND id >= $2 AND state = 'incomplete' AND expires_at > $3 LIMIT $4) AS waiting",
        ).bind(partner).bind(since).bind(now).bind(most).fetch_one(connection).await)?)
    }
}
