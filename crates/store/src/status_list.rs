//! Status entries: which place in which list says whether a signed credential is revoked (draft-ietf-oauth-status-list-21,
//! section 4; W3C Bitstring Status List 1.0).
//!
//! Owns a promise: a place is given once, whatever crashes, and only for a submission that stands. The primary key holds it.
//! How entries end is in `status_end.rs`.
//!
//! On PostgreSQL, row locks are always taken in this order: submissions by id, lists by age, entries. Who changes what a
//! submission stands for changes the submission first and revokes afterwards; and an insert waits for an entry that is
//! being revoked, so both hold the list before they touch an entry.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::num::NonZeroU32;

use credential::format::Configuration;
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::{StoreError, Tx, from_row, on, push_list};
use ambient::Rng;
use ambient::Timestamp;

/// A status entry that is asked for: one for each signed credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WantedEntry {
    /// What is signed.
    pub submission: Uuid,
    /// Who must hold it.
    pub holder: Uuid,
    /// When the signed credential ends.
    pub expires_at: Timestamp,
    /// The issuance that a wallet gets it by, and how it is signed; `None` where no wallet does.
    pub issuance: Option<(Uuid, Configuration)>,
}

/// A place in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StatusPlace {
    /// The list.
    pub list: Uuid,
    /// The index in it, from 0.
    pub position: u32,
}

impl StatusPlace {
    /// From a row.
    pub(super) fn read((list, stored): (Uuid, i64)) -> Result<Self, StoreError> {
        Ok(Self { list, position: position(stored)? })
    }
}

/// A status entry as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatusEntry {
    /// Where it is.
    pub place: StatusPlace,
    /// When its credential was signed.
    pub issued_at: Timestamp,
    /// When its credential ends.
    pub expires_at: Timestamp,
    /// When it was revoked, if it was.
    pub revoked_at: Option<Timestamp>,
    /// When a newer version took its place, unless it was revoked.
    pub replaced_at: Option<Timestamp>,
}

/// What a list is, without its entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatusList {
    /// Its id.
    pub id: Uuid,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// How many positions it has.
    pub capacity: NonZeroU32,
    /// How many of them are given.
    pub given: u32,
    /// When it last changed for whoever reads it; it grows with every entry that ends.
    pub changed_at: Timestamp,
}

impl StatusList {
    /// How many positions it gives before it is closed: half of them, so that each draw finds a free one by the second
    /// try on average, and nobody can tell from a position how many credentials there are.
    fn room(&self) -> usize {
        self.capacity.get().div_ceil(2).saturating_sub(self.given) as usize
    }
}

struct ListRow {
    id: Uuid,
    opened_at: Timestamp,
    capacity: i64,
    given: i64,
    changed_at: Timestamp,
}
from_row!(ListRow { id, opened_at, capacity, given, changed_at });

impl TryFrom<ListRow> for StatusList {
    type Error = StoreError;

    fn try_from(row: ListRow) -> Result<Self, StoreError> {
        let capacity = u32::try_from(row.capacity).ok().and_then(NonZeroU32::new);
        Ok(Self {
            id: row.id,
            opened_at: row.opened_at,
            capacity: capacity.ok_or_else(|| StoreError::nonsense("status_list", "its capacity"))?,
            given: u32::try_from(row.given).map_err(|error| StoreError::nonsense("status_list", error))?,
            changed_at: row.changed_at,
        })
    }
}

struct EntryRow {
    list_id: Uuid,
    position: i64,
    issued_at: Timestamp,
    expires_at: Timestamp,
    revoked_at: Option<Timestamp>,
    replaced: bool,
}
from_row!(EntryRow { list_id, position, issued_at, expires_at, revoked_at, replaced });

pub(super) fn position(stored: i64) -> Result<u32, StoreError> {
    u32::try_from(stored).map_err(|error| StoreError::nonsense("status_entry", error))
}

/// Most ids in one statement.
pub(super) const CHUNK: usize = 256;

impl Tx {
    /// Gives each of `wanted` a place of its own, drawn at random; `None` where the submission is not accepted, not held
    /// by that holder, withdrawn or superseded. A list that is half full is closed; the next one then has `capacity`.
    pub async fn give_status_entries(
        &mut self,
        wanted: &[WantedEntry],
        capacity: NonZeroU32,
        rng: &Rng,
        now: Timestamp,
    ) -> Result<Vec<Option<StatusPlace>>, StoreError> {
        let holders = self.hold_issuable(&wanted.iter().map(|wanted| wanted.submission).collect()).await?;
        let is_issuable = |wanted: &WantedEntry| holders.get(&wanted.submission) == Some(&wanted.holder);
        let mut places = vec![None; wanted.len()];
        let mut open: Vec<usize> = (0..wanted.len()).filter(|at| is_issuable(&wanted[*at])).collect();
        while !open.is_empty() {
            let list = self.open_status_list(capacity, rng, now).await?;
            let after = open.split_off(open.len().min(list.room()));
            self.count_given(&list, wanted, &open).await?;
            let mut left = std::mem::replace(&mut open, after);
            while !left.is_empty() {
                // Rows go in powers of two, so that a handful of prepared statements serves every number.
                let chunk = left.split_off(left.len() - (1 << left.len().ilog2().min(CHUNK.ilog2())));
                let drawn = draw(&list, &chunk, rng);
                let taken = self.insert_status_entries(&list, wanted, &drawn, now).await?;
                for (position, at) in drawn {
                    if taken.contains(&position) {
                        places[at] = Some(StatusPlace { list: list.id, position });
                    } else {
                        left.push(at);
                    }
                }
            }
        }
        Ok(places)
    }

    /// The holders of those submissions for which something may be signed. On PostgreSQL their rows are held until the
    /// end of the transaction: a revocation waits and then sees the new entries, or was first and there are none.
    pub(super) async fn hold_issuable(
        &mut self,
        submissions: &BTreeSet<Uuid>,
    ) -> Result<HashMap<Uuid, Uuid>, StoreError> {
        let mut holders = HashMap::with_capacity(submissions.len());
        let ids: Vec<Uuid> = submissions.iter().copied().collect();
        let held_fast = if matches!(self, Self::Postgres(_)) { " FOR SHARE" } else { "" };
        for chunk in ids.chunks(CHUNK) {
            // The last one fills up to a power of two: again for the sake of prepared statements.
            let last = chunk.last().copied().unwrap_or_default();
            let mut filled = chunk.to_vec();
            filled.resize(chunk.len().next_power_of_two(), last);
            let found: Vec<(Uuid, Uuid)> = on!(self, connection => {
                let mut query = QueryBuilder::new(
                    "SELECT id, holder_id FROM submission
                      WHERE state = 'accepted' AND superseded_at IS NULL AND holder_id IS NOT NULL AND id IN ",
                );
                push_list(&mut query, filled);
                query.push(" ORDER BY id").push(held_fast);
                query.build_query_as().fetch_all(connection).await
            })?;
            holders.extend(found);
        }
        Ok(holders)
    }

    /// The list that gives positions now, held fast on PostgreSQL; a new one if there is none.
    async fn open_status_list(
        &mut self,
        capacity: NonZeroU32,
        rng: &Rng,
        now: Timestamp,
    ) -> Result<StatusList, StoreError> {
        // The one that was waited for may have been closed meanwhile; the second look then finds its successor.
        for _ in 0..2 {
            let row: Option<ListRow> = match self {
                Self::Sqlite(transaction) => {
                    sqlx::query_as(
                        "SELECT id, opened_at, capacity, given, changed_at FROM status_list
                      WHERE given * 2 < capacity ORDER BY opened_at, id LIMIT 1",
                    )
                    .fetch_optional(&mut **transaction)
                    .await?
                }
                Self::Postgres(transaction) => {
                    sqlx::query_as(
                        "SELECT id, opened_at, capacity, given, changed_at FROM status_list
                      WHERE given * 2 < capacity ORDER BY opened_at, id LIMIT 1 FOR UPDATE",
                    )
                    .fetch_optional(&mut **transaction)
                    .await?
                }
            };
            if let Some(row) = row {
                return row.try_into();
            }
        }
        // Its id is in every credential of the list, and says nothing of when it was opened.
        let list = StatusList { id: rng.anonymous_id(), opened_at: now, capacity, given: 0, changed_at: now };
        on!(self, connection => sqlx::query("INSERT INTO status_list (id, opened_at, capacity, changed_at) VALUES ($1, $2, $3, $4)")
            .bind(list.id).bind(now).bind(i64::from(capacity.get())).bind(now).execute(connection).await.map(drop))?;
        Ok(list)
    }

    async fn count_given(
        &mut self,
        list: &StatusList,
        wanted: &[WantedEntry],
        given: &[usize],
    ) -> Result<(), StoreError> {
        let count = i64::try_from(given.len()).unwrap_or(i64::MAX);
        let last = given.iter().map(|at| wanted[*at].expires_at).max().unwrap_or(list.opened_at);
        on!(self, connection => sqlx::query(
            "UPDATE status_list SET given = given + $2,
                    last_expires_at = CASE WHEN last_expires_at < $3 THEN $3 ELSE last_expires_at END WHERE id = $1",
        ).bind(list.id).bind(count).bind(last).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Inserts what was drawn, unless it was given before; returns the positions that went in.
    async fn insert_status_entries(
        &mut self,
        list: &StatusList,
        wanted: &[WantedEntry],
        drawn: &BTreeMap<u32, usize>,
        now: Timestamp,
    ) -> Result<HashSet<u32>, StoreError> {
        let taken: Vec<i64> = on!(self, connection => {
            let mut query = QueryBuilder::new(
                "INSERT INTO status_entry (list_id, position, submission_id, issued_at, expires_at, issuance_id, configuration) ",
            );
            query.push_values(drawn, |mut row, (position, at)| {
                row.push_bind(list.id)
                    .push_bind(i64::from(*position))
                    .push_bind(wanted[*at].submission)
                    .push_bind(now)
                    .push_bind(wanted[*at].expires_at)
                    .push_bind(wanted[*at].issuance.map(|(issuance, _)| issuance))
                    .push_bind(wanted[*at].issuance.map(|(_, configuration)| configuration.id()));
            });
            query.push(" ON CONFLICT (list_id, position) DO NOTHING RETURNING position");
            query.build_query_scalar().fetch_all(connection).await
        })?;
        taken.into_iter().map(position).collect()
    }

    /// All lists, oldest first, without those that are being deleted.
    pub async fn status_lists(&mut self) -> Result<Vec<StatusList>, StoreError> {
        let rows: Vec<ListRow> = on!(self, connection => sqlx::query_as(
            "SELECT id, opened_at, capacity, given, changed_at FROM status_list WHERE dropped_at IS NULL ORDER BY opened_at, id",
        ).fetch_all(connection).await)?;
        rows.into_iter().map(StatusList::try_from).collect()
    }

    /// One list, unless it is being deleted. Lists are public: they have no owner.
    pub async fn status_list(&mut self, id: Uuid) -> Result<Option<StatusList>, StoreError> {
        let row: Option<ListRow> = on!(self, connection => sqlx::query_as(
            "SELECT id, opened_at, capacity, given, changed_at FROM status_list WHERE id = $1 AND dropped_at IS NULL",
        ).bind(id).fetch_optional(connection).await)?;
        row.map(StatusList::try_from).transpose()
    }

    /// The entries of a submission, in the order they were given.
    pub async fn status_entries(&mut self, submission: Uuid) -> Result<Vec<StatusEntry>, StoreError> {
        let rows: Vec<EntryRow> = on!(self, connection => sqlx::query_as(
            "SELECT list_id, position, issued_at, expires_at, revoked_at, replaced FROM status_entry
              WHERE submission_id = $1 ORDER BY issued_at, list_id, position",
        ).bind(submission).fetch_all(connection).await)?;
        let entry = |row: EntryRow| {
            let EntryRow { list_id, issued_at, expires_at, revoked_at, replaced, .. } = row;
            let place = StatusPlace { list: list_id, position: position(row.position)? };
            let (revoked_at, replaced_at) = if replaced { (None, revoked_at) } else { (revoked_at, None) };
            Ok(StatusEntry { place, issued_at, expires_at, revoked_at, replaced_at })
        };
        rows.into_iter().map(entry).collect()
    }

    /// Deletes up to `limit` rows of lists that are closed and whose every entry ended before `before`: first such a list
    /// is not shown any more, then its entries go, then itself. Returns how many rows went; 0 when nothing is left to do.
    pub async fn drop_status_lists(
        &mut self,
        before: Timestamp,
        now: Timestamp,
        limit: i64,
    ) -> Result<u64, StoreError> {
        on!(self, connection => {
            sqlx::query(
                "UPDATE status_list SET dropped_at = $2
                  WHERE dropped_at IS NULL AND given * 2 >= capacity AND last_expires_at < $1",
            ).bind(before).bind(now).execute(&mut *connection).await?;
            let entries = sqlx::query(
                "DELETE FROM status_entry WHERE (list_id, position) IN
                    (SELECT entry.list_id, entry.position FROM status_entry AS entry
                       JOIN status_list ON status_list.id = entry.list_id WHERE status_list.dropped_at IS NOT NULL LIMIT $1)",
            ).bind(limit).execute(&mut *connection).await?.rows_affected();
            let lists = sqlx::query(
                "DELETE FROM status_list WHERE dropped_at IS NOT NULL
                    AND NOT EXISTS (SELECT 1 FROM status_entry WHERE status_entry.list_id = status_list.id)",
            ).execute(connection).await?.rows_affected();
            Ok(entries + lists)
        })
    }
}

/// A position for each of `wanted`, all different; which of them are free is seen when they are inserted. There are
/// enough, since no more are wanted than half of the list.
fn draw(list: &StatusList, wanted: &[usize], rng: &Rng) -> BTreeMap<u32, usize> {
    let mut drawn = BTreeMap::new();
    for at in wanted {
        loop {
            if let std::collections::btree_map::Entry::Vacant(free) = drawn.entry(rng.below(list.capacity)) {
                free.insert(*at);
                break;
            }
        }
    }
    drawn
}
