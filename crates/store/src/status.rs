//! Statuses: what partners are told of what they pushed.
//!
//! Partners ask often, and again and again of the same, so what was read is remembered while it holds
//! ([`super::Changes`]). What is not remembered is asked in groups: questions that arrive together are put to the database
//! together, since on SQLite a question costs two changes of thread, and a row ten times as much to hand over as to find.
//! One statement answers all, and its rows are folded into one.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use credential::Type;
use quick_cache::Equivalent;
use quick_cache::sync::Cache;
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::changes::Moment;
use super::group::{GroupCommit, GroupWriter};
use super::{Store, StoreError, Tx, Undelivered, from_row, on, push_list};
use crate::domain::asset::AssetStatus;
use crate::domain::batch::status_of_batch;
use crate::domain::submission::{CancelReason, Status};
use ambient::{Clock, Timestamp};

/// What a partner is told of one credential id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialStatus {
    /// The partner's id.
    pub credential_id: String,
    /// Where it stands.
    pub status: Status,
    /// The items, if it is a batch.
    pub items: Vec<CredentialStatus>,
    /// Its documents.
    pub assets: Vec<AssetStatus>,
    /// Why its link could not be mailed, if that is so.
    pub undelivered: Option<Undelivered>,
}

impl CredentialStatus {
    /// Of what is no batch and has no documents.
    fn of_one(credential_id: String, status: Status) -> Self {
        Self { credential_id, status, items: Vec::new(), assets: Vec::new(), undelivered: None }
    }
}

/// The way to what is remembered of statuses, and to the task that asks for the others; cheap to clone.
#[derive(Clone, Debug)]
pub struct Statuses {
    questions: GroupCommit<Questions>,
    memory: Arc<Memory>,
}

impl Statuses {
    /// Starts the task.
    pub fn start(store: Store, clock: Clock) -> Self {
        let memory = Arc::new(Memory { store, clock, known: Cache::new(REMEMBERED) });
        Self { questions: GroupCommit::start(Questions(memory.clone())), memory }
    }

    /// What `partner` is told of each of `ids` now, in their order; `None` for one that it does not have.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if too many wait, or the database cannot be read.
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

/// So many statuses are remembered: some 20 MB.
const REMEMBERED: usize = 100_000;

/// Of ids with so many bytes at most, so that nobody fills the memory with longer ones.
const REMEMBERED_LENGTH: usize = 64;

/// For so long at most: whatever may go wrong with being told of changes, it is mended then.
const REMEMBERED_FOR: Duration = Duration::from_secs(60);

#[derive(Debug)]
struct Memory {
    store: Store,
    clock: Clock,
    known: Cache<Key, Known>,
}

/// A partner and its id.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key(Uuid, Box<str>);

/// The same, looked for.
#[derive(Hash)]
struct Sought<'a>(Uuid, &'a str);

impl Equivalent<Key> for Sought<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        self.0 == key.0 && *self.1 == *key.1
    }
}

/// What was read of a submission.
#[derive(Clone, Copy, Debug)]
struct Known {
    submission: Uuid,
    standing: Standing,
    moment: Moment,
    read_at: Timestamp,
}

/// Where a submission stands, at any time until it changes.
#[derive(Clone, Copy, Debug)]
enum Standing {
    /// Nothing final, until its time is over.
    Waits(Timestamp),
    Final(Status),
}

impl Standing {
    fn at(self, now: Timestamp) -> Status {
        match self {
            Self::Waits(until) if until > now => Status::Incomplete,
            Self::Waits(until) => Status::Canceled(until, CancelReason::Expired),
            Self::Final(status) => status,
        }
    }
}

impl Memory {
    /// What is remembered of each of `ids`, and holds.
    fn recall(&self, partner: Uuid, ids: &[String]) -> Vec<Option<CredentialStatus>> {
        let (now, changes) = (self.clock.now(), self.store.changes());
        let told = ids.iter().map(|id| {
            let known = self.known.get(&Sought(partner, id))?;
            let is_fresh = known.read_at <= now && now.since(known.read_at) < REMEMBERED_FOR;
            let holds = is_fresh && changes.holds(known.submission, known.moment);
            holds.then(|| CredentialStatus::of_one(id.clone(), known.standing.at(now)))
        });
        told.collect()
    }
}

/// Most batches in one list.
const CHUNK: usize = 256;

#[derive(Debug)]
struct Questions(Arc<Memory>);

impl GroupWriter for Questions {
    type Request = (Uuid, Vec<String>);
    type Answer = Vec<Option<CredentialStatus>>;

    /// A question has up to 30 ids.
    const MOST: usize = 64;

    fn store(&self) -> &Store {
        &self.0.store
    }

    fn lanes(&self) -> usize {
        2
    }

    async fn write(&self, questions: &[Self::Request]) -> Result<Vec<Self::Answer>, StoreError> {
        let Memory { store, clock, known } = &*self.0;
        let asked = questions.iter().flat_map(|(partner, ids)| ids.iter().map(|id| (*partner, id.as_str())));
        let asked: Vec<(Uuid, &str)> = asked.collect();
        let (moment, now) = (store.changes().now(), clock.now());
        let found = store.glance().await?.standings(&asked, now).await?;
        for ((partner, id), found) in asked.iter().zip(&found) {
            if let Some(Answer { lasting: Some((submission, standing)), .. }) = found
                && id.len() <= REMEMBERED_LENGTH
            {
                let read = Known { submission: *submission, standing: *standing, moment, read_at: now };
                known.insert(Key(*partner, (*id).into()), read);
            }
        }
        let mut told = found.into_iter().map(|found| found.map(|found| found.status));
        Ok(questions.iter().map(|(_, ids)| told.by_ref().take(ids.len()).collect()).collect())
    }
}

/// What was found under an id.
struct Answer {
    status: CredentialStatus,
    /// Of which submission, and where it stands, if that is all that can be told of it: it is no batch, its type has no
    /// documents, and its link did not fail to be mailed.
    lasting: Option<(Uuid, Standing)>,
}

/// What a status needs of a submission.
struct Row {
    /// Which of the ids that were looked for, from 0; for a batch's item it says nothing.
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
from_row!(Row {
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

/// A row as SQLite folds it; without a batch, its name is empty.
type Folded = (i64, Uuid, String, String, String, String, i64, Option<i64>, Option<i64>, Option<String>);

impl From<Folded> for Row {
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

impl Row {
    fn takes_assets(&self) -> bool {
        self.credential_type.parse().is_ok_and(|known: Type| known.assets.most > 0)
    }

    fn standing(&self) -> Result<Standing, StoreError> {
        let status = match (self.state.as_str(), self.finalized_at, self.withdrawn_at) {
            ("incomplete", None, None) => return Ok(Standing::Waits(self.expires_at)),
            ("accepted" | "removed", Some(at), None) => Status::Verified(at),
            ("declined", Some(at), None) => Status::Canceled(at, CancelReason::Declined),
            ("expired", Some(at), None) => Status::Canceled(at, CancelReason::Expired),
            ("withdrawn" | "taken_back" | "removed", Some(_), Some(at)) => {
                Status::Canceled(at, CancelReason::Withdrawn)
            }
            (state, ..) => return Err(StoreError::nonsense("submission", format!("state {state}"))),
        };
        Ok(Standing::Final(status))
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
    /// What each partner is told at `now` of its id beside it, in the order of the question; `None` for one that it does not
    /// have.
    pub async fn credential_statuses(
        &mut self,
        asked: &[(Uuid, &str)],
        now: Timestamp,
    ) -> Result<Vec<Option<CredentialStatus>>, StoreError> {
        let found = self.standings(asked, now).await?;
        Ok(found.into_iter().map(|found| found.map(|found| found.status)).collect())
    }

    async fn standings(&mut self, asked: &[(Uuid, &str)], now: Timestamp) -> Result<Vec<Option<Answer>>, StoreError> {
        // In the order of the index, so that ids near each other are found on one page.
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
        let mut found: Vec<Option<Answer>> = asked.iter().map(|_| None).collect();
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
                found[*place] = Some(Answer { status, lasting });
            }
        }
        Ok(found)
    }

    async fn asked_rows(&mut self, asked: &[(Uuid, &str)]) -> Result<Vec<Row>, StoreError> {
        if asked.is_empty() {
            return Ok(Vec::new());
        }
        match self {
            Self::Sqlite(transaction) => {
                // Each id after its partner's 32 hexadecimal digits.
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
                    serde_json::from_str(&folded).map_err(|error| StoreError::nonsense("submission", error))?;
                Ok(rows.into_iter().map(Row::from).collect())
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

    /// The items of each of `batches`.
    async fn items_of_batches(&mut self, batches: &[Uuid]) -> Result<HashMap<Uuid, Vec<Row>>, StoreError> {
        let mut items: HashMap<Uuid, Vec<Row>> = HashMap::new();
        for chunk in batches.chunks(CHUNK) {
            let found: Vec<Row> = on!(self, connection => {
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
