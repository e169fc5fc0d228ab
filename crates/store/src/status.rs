//! Credential statuses as partners see them, and their cache.
//!
//! Partners poll the same credentials, so statuses are cached until they are invalidated by
//! [`super::Changes`]. Requests that miss the cache and arrive together share one query. On SQLite
//! a query costs two thread switches, and returning a row costs ten times as much as finding it, so
//! a single statement reads all of them and aggregates the rows into one.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use credential::Type;
use quick_cache::Equivalent;
use quick_cache::sync::Cache;
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::group::{GroupCommit, GroupWriter};
use super::invalidation::Version;
use super::lasting_status::LastingStatus;
use super::{Store, StoreError, Tx, Undelivered, dispatch, from_row, push_list};
use crate::domain::asset::AssetStatus;
use crate::domain::batch::status_of_batch;
use crate::domain::submission::Status;
use ambient::{SteadyClock, Timestamp};

/// The status of one credential id, as its partner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialStatus {
    /// The partner's id for the credential.
    pub credential_id: String,
    pub status: Status,
    /// The items of a batch.
    pub items: Vec<CredentialStatus>,
    /// Its documents.
    pub assets: Vec<AssetStatus>,
    /// Why its link could not be emailed, if so.
    pub undelivered: Option<Undelivered>,
}

impl CredentialStatus {
    /// Creates the status of a single submission without documents.
    fn of_one(credential_id: String, status: Status) -> Self {
        Self { credential_id, status, items: Vec::new(), assets: Vec::new(), undelivered: None }
    }
}

/// Cache of statuses, and a handle to the task that reads the others; cheap to clone.
#[derive(Clone, Debug)]
pub struct StatusCache {
    questions: GroupCommit<StatusReader>,
    memory: Arc<CacheInner>,
}

impl StatusCache {
    /// Starts the reading task.
    pub fn start(store: Store, clock: impl Into<SteadyClock>) -> Self {
        let memory = Arc::new(CacheInner { store, clock: clock.into(), known: Cache::new(REMEMBERED) });
        Self { questions: GroupCommit::start(StatusReader(memory.clone())), memory }
    }

    /// Returns the current status of each of `ids` in their order; `None` for ids that `partner`
    /// does not have.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if too many requests are queued, or the database cannot be read.
    pub async fn of(&self, partner: Uuid, ids: &[String]) -> Result<Vec<Option<CredentialStatus>>, StoreError> {
        let mut told = self.memory.recall(partner, ids);
        let unknown: Vec<String> =
            ids.iter().zip(&told).filter(|(_, told)| told.is_none()).map(|(id, _)| id.clone()).collect();
        if !unknown.is_empty() {
            let asked = self.questions.commit((partner, unknown)).await?;
            for (told, asked) in told.iter_mut().filter(|told| told.is_none()).zip(asked) {
                *told = asked;
            }
        }
        Ok(told)
    }
}

/// Maximum number of cached statuses, about 20 MB.
const REMEMBERED: usize = 100_000;

/// Longest id in bytes that is cached; bounds memory.
const REMEMBERED_LENGTH: usize = 64;

/// Maximum age of a cached status. It bounds how long a missed invalidation can matter.
const REMEMBERED_FOR: Duration = Duration::from_secs(60);

#[derive(Debug)]
struct CacheInner {
    store: Store,
    clock: SteadyClock,
    known: Cache<Key, Known>,
}

/// A partner and its id for a credential.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key(Uuid, Box<str>);

/// Borrowed form of [`Key`] for look-ups.
#[derive(Hash)]
struct Sought<'a>(Uuid, &'a str);

impl Equivalent<Key> for Sought<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        self.0 == key.0 && *self.1 == *key.1
    }
}

/// A cached status.
#[derive(Clone, Copy, Debug)]
struct Known {
    submission: Uuid,
    standing: LastingStatus,
    version: Version,
    read_at: Timestamp,
}

impl CacheInner {
    /// Returns the valid cached status of each of `ids`.
    fn recall(&self, partner: Uuid, ids: &[String]) -> Vec<Option<CredentialStatus>> {
        let (now, changes) = (self.clock.trusted(), self.store.changes());
        let told = ids.iter().map(|id| {
            let known = self.known.get(&Sought(partner, id))?;
            let is_fresh = known.read_at <= now && now.since(known.read_at) < REMEMBERED_FOR;
            let holds = is_fresh && changes.holds(known.submission, known.version);
            holds.then(|| CredentialStatus::of_one(id.clone(), known.standing.at(now)))
        });
        told.collect()
    }
}

/// Maximum number of batches in one `IN` list.
const CHUNK: usize = 256;

#[derive(Debug)]
struct StatusReader(Arc<CacheInner>);

impl GroupWriter for StatusReader {
    type Request = (Uuid, Vec<String>);
    type Response = Vec<Option<CredentialStatus>>;

    /// Smaller than the default because a request has up to 30 ids.
    const MAX: usize = 64;

    fn store(&self) -> &Store {
        &self.0.store
    }

    fn lanes(&self) -> usize {
        2
    }

    async fn write(&self, questions: &[Self::Request]) -> Result<Vec<Self::Response>, StoreError> {
        let CacheInner { store, clock, known } = &*self.0;
        let asked = questions.iter().flat_map(|(partner, ids)| ids.iter().map(|id| (*partner, id.as_str())));
        let asked: Vec<(Uuid, &str)> = asked.collect();
        let (version, now) = (store.changes().now(), clock.trusted());
        let found = store.acquire().await?.cached_statuses(&asked, now).await?;
        for ((partner, id), found) in asked.iter().zip(&found) {
            if let Some(FoundStatus { lasting: Some((submission, standing)), .. }) = found
                && id.len() <= REMEMBERED_LENGTH
            {
                let read = Known { submission: *submission, standing: *standing, version, read_at: now };
                known.insert(Key(*partner, (*id).into()), read);
            }
        }
        let mut told = found.into_iter().map(|found| found.map(|found| found.status));
        Ok(questions.iter().map(|(_, ids)| told.by_ref().take(ids.len()).collect()).collect())
    }
}

/// A status that was read.
struct FoundStatus {
    status: CredentialStatus,
    /// The submission and its cacheable status. `None` if the status depends on more than the
    /// submission's row: for a batch, a type with documents, or a link that could not be emailed.
    lasting: Option<(Uuid, LastingStatus)>,
}

/// The columns that a status needs.
struct StatusRow {
    /// Index of the requested id, from 0. Meaningless for items of a batch.
    number: i64,
    id: Uuid,
    credential_id: String,
    credential_type: String,
    batch_id: Option<Uuid>,
    state: String,
    expires_at: Timestamp,
    finalized_at: Option<Timestamp>,
    withdrawn_at: Option<Timestamp>,
    undelivered: Option<String>,
}
from_row!(StatusRow {
    number,
    id,
    credential_id,
    credential_type,
    batch_id,
    state,
    expires_at,
    finalized_at,
    withdrawn_at,
    undelivered,
});

/// A row of SQLite's aggregated result. `batch_id` is empty without a batch.
type Folded = (i64, Uuid, String, String, String, String, i64, Option<i64>, Option<i64>, Option<String>);

impl From<Folded> for StatusRow {
    fn from(row: Folded) -> Self {
        let (
            number,
            id,
            credential_id,
            credential_type,
            batch_id,
            state,
            expires_at,
            finalized_at,
            withdrawn_at,
            undelivered,
        ) = row;
        Self {
            number,
            id,
            credential_id,
            credential_type,
            batch_id: batch_id.parse().ok(),
            state,
            expires_at: Timestamp::from_micros(expires_at),
            finalized_at: finalized_at.map(Timestamp::from_micros),
            withdrawn_at: withdrawn_at.map(Timestamp::from_micros),
            undelivered,
        }
    }
}

impl StatusRow {
    fn takes_assets(&self) -> bool {
        self.credential_type.parse().is_ok_and(|known: Type| known.assets.most > 0)
    }

    fn standing(&self) -> Result<LastingStatus, StoreError> {
        LastingStatus::of_row(&self.state, self.expires_at, self.finalized_at, self.withdrawn_at)
    }

    fn read(&self, assets: &HashMap<Uuid, Vec<AssetStatus>>, now: Timestamp) -> Result<CredentialStatus, StoreError> {
        let assets = assets.get(&self.id).cloned().unwrap_or_default();
        let of_one = CredentialStatus::of_one(self.credential_id.clone(), self.standing()?.at(now));
        Ok(CredentialStatus { assets, undelivered: self.undelivered()?, ..of_one })
    }

    fn undelivered(&self) -> Result<Option<Undelivered>, StoreError> {
        self.undelivered.as_deref().map(Undelivered::from_name).transpose()
    }
}

impl Tx {
    /// Returns the status at `now` of each partner's id in order; `None` for ids that the partner
    /// does not have.
    pub async fn credential_statuses(
        &mut self,
        asked: &[(Uuid, &str)],
        now: Timestamp,
    ) -> Result<Vec<Option<CredentialStatus>>, StoreError> {
        let found = self.cached_statuses(asked, now).await?;
        Ok(found.into_iter().map(|found| found.map(|found| found.status)).collect())
    }

    async fn cached_statuses(
        &mut self,
        asked: &[(Uuid, &str)],
        now: Timestamp,
    ) -> Result<Vec<Option<FoundStatus>>, StoreError> {
        // Sorted in index order, so that neighbouring ids are read from one page.
        let mut order: Vec<usize> = (0..asked.len()).collect();
        order.sort_unstable_by_key(|place| asked[*place]);
        let sorted: Vec<(Uuid, &str)> = order.iter().map(|place| asked[*place]).collect();
        let rows = self.asked_rows(&sorted).await?;
        let batches: Vec<Uuid> = rows.iter().filter(|row| row.state == "batch").map(|row| row.id).collect();
        let items = self.items_of_batches(&batches).await?;
        let with_assets =
            rows.iter().chain(items.values().flatten()).filter(|row| row.takes_assets()).map(|row| row.id);
        let mut assets: HashMap<Uuid, Vec<AssetStatus>> = HashMap::new();
        for asset in self.asset_statuses(&with_assets.collect::<Vec<_>>()).await? {
            assets.entry(asset.submission_id).or_default().push(asset);
        }
        let mut found: Vec<Option<FoundStatus>> = asked.iter().map(|_| None).collect();
        for row in &rows {
            let (status, lasting) = if row.state == "batch" {
                let items = items.get(&row.id).into_iter().flatten();
                let items = items.map(|item| item.read(&assets, now)).collect::<Result<Vec<_>, _>>()?;
                let status = status_of_batch(items.iter().map(|item| item.status));
                let of_one = CredentialStatus::of_one(row.credential_id.clone(), status);
                (CredentialStatus { items, undelivered: row.undelivered()?, ..of_one }, None)
            } else {
                let is_plain = !row.takes_assets() && row.undelivered.is_none();
                let plain = is_plain.then(|| Ok::<_, StoreError>((row.id, row.standing()?))).transpose()?;
                (row.read(&assets, now)?, plain)
            };
            if let Some(place) = usize::try_from(row.number).ok().and_then(|number| order.get(number)) {
                found[*place] = Some(FoundStatus { status, lasting });
            }
        }
        Ok(found)
    }

    async fn asked_rows(&mut self, asked: &[(Uuid, &str)]) -> Result<Vec<StatusRow>, StoreError> {
        if asked.is_empty() {
            return Ok(Vec::new());
        }
        match self {
            Self::Sqlite(transaction) => {
                // Each id is prefixed with its partner's 32 hexadecimal digits.
                let asked: Vec<String> =
                    asked.iter().map(|(partner, id)| format!("{}{id}", partner.simple())).collect();
                let asked = serde_json::to_string(&asked).map_err(|error| StoreError::Broken(error.to_string()))?;
                let folded: String = sqlx::query_scalar(
                    "SELECT json_group_array(json_array(asked.key, hex(submission.id), credential_id, credential_type, hex(batch_id), state,
                                                        expires_at, finalized_at, withdrawn_at,
                                                        (SELECT reason FROM undelivered_link WHERE request_id = submission.id)))
                       FROM json_each($1) AS asked CROSS JOIN submission
                      WHERE partner_id = unhex(substr(asked.value, 1, 32)) AND credential_id = substr(asked.value, 33)
                        AND replaced_at IS NULL",
                )
                .bind(asked)
                .fetch_one(&mut **transaction)
                .await?;
                let rows: Vec<Folded> =
                    serde_json::from_str(&folded).map_err(|error| StoreError::corrupt_row("submission", error))?;
                Ok(rows.into_iter().map(StatusRow::from).collect())
            }
            Self::Postgres(transaction) => {
                let partners: Vec<Uuid> = asked.iter().map(|(partner, _)| *partner).collect();
                let ids: Vec<&str> = asked.iter().map(|(_, id)| *id).collect();
                let rows = sqlx::query_as(
                    "SELECT asked.number - 1 AS number, id, submission.credential_id, credential_type, batch_id, state, expires_at,
                            finalized_at, withdrawn_at,
                            (SELECT reason FROM undelivered_link WHERE request_id = submission.id) AS undelivered
                       FROM unnest($1::uuid[], $2::text[]) WITH ORDINALITY AS asked (partner_id, credential_id, number)
                       JOIN submission ON submission.partner_id = asked.partner_id
                        AND submission.credential_id = asked.credential_id AND replaced_at IS NULL",
                );
                Ok(rows.bind(partners).bind(ids).fetch_all(&mut **transaction).await?)
            }
        }
    }

    /// Returns the items of each of `batches`.
    async fn items_of_batches(&mut self, batches: &[Uuid]) -> Result<HashMap<Uuid, Vec<StatusRow>>, StoreError> {
        let mut items: HashMap<Uuid, Vec<StatusRow>> = HashMap::new();
        for chunk in batches.chunks(CHUNK) {
            let found: Vec<StatusRow> = dispatch!(self, connection => {
                let mut query = QueryBuilder::new(
                    "SELECT CAST(0 AS BIGINT) AS number, id, credential_id, credential_type, batch_id, state, expires_at,
                            finalized_at, withdrawn_at, CAST(NULL AS TEXT) AS undelivered
                       FROM submission WHERE batch_id IN ",
                );
                push_list(&mut query, chunk.iter().copied());
                query.push(" ORDER BY id");
                query.build_query_as().fetch_all(connection).await
            })?;
            for row in found {
                items.entry(row.batch_id.unwrap_or_default()).or_default().push(row);
            }
        }
        Ok(items)
    }
}
