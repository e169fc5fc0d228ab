//! Status entries: the list and index that say whether a signed credential is revoked
//! (draft-ietf-oauth-status-list-21, section 4; W3C Bitstring Status List 1.0).
//!
//! Invariants: a status list index is never reused, even after a crash, and is allocated only for a
//! current submission. The primary key enforces the first. The end of entries is in
//! `status_end.rs`.
//!
//! Lock order on PostgreSQL: submissions by id, lists by age, entries. A transaction that ends a
//! submission changes the submission first and revokes its entries afterwards. An insert waits for
//! a concurrent revocation of the same entry, so both lock the list before they touch an entry.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::num::NonZeroU32;

use credential::format::Configuration;
use credential::status::Status;
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::{StoreError, Tx, dispatch, from_row, push_list};
use ambient::Rng;
use ambient::Timestamp;

/// A request for a status entry. Each signed credential has its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WantedEntry {
    /// The submission that is signed.
    pub submission: Uuid,
    /// The account that must hold the submission.
    pub holder: Uuid,
    /// When the signed credential expires.
    pub expires_at: Timestamp,
    /// The issuance to a wallet and the format; `None` if the credential is not issued to a wallet.
    pub issuance: Option<(Uuid, Configuration)>,
}

/// The list and index of a status entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StatusPlace {
    /// The id of the list.
    pub list: Uuid,
    /// The status list index, from 0.
    pub position: u32,
}

impl StatusPlace {
    pub(super) fn read((list, stored): (Uuid, i64)) -> Result<Self, StoreError> {
        Ok(Self { list, position: position(stored)? })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatusEntry {
    /// The list and index.
    pub place: StatusPlace,
    /// When its credential was signed.
    pub issued_at: Timestamp,
    /// When its credential expires.
    pub expires_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// When a newer version replaced it, unless it was revoked.
    pub replaced_at: Option<Timestamp>,
}

/// A status list without its entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatusList {
    pub id: Uuid,
    /// When it was created.
    pub opened_at: Timestamp,
    /// Number of indices.
    pub capacity: NonZeroU32,
    /// Number of allocated indices.
    pub given: u32,
    /// When its published content last changed. It grows with every entry that ends.
    pub changed_at: Timestamp,
}

impl StatusList {
    /// Returns how many more indices may be allocated. A list closes when half of its indices are
    /// used: until then, two random draws find a free index on average, and an index does not
    /// reveal the number of credentials.
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
            capacity: capacity.ok_or_else(|| StoreError::corrupt_row("status_list", "its capacity"))?,
            given: u32::try_from(row.given).map_err(|error| StoreError::corrupt_row("status_list", error))?,
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
    u32::try_from(stored).map_err(|error| StoreError::corrupt_row("status_entry", error))
}

/// Maximum number of ids in one statement.
pub(super) const CHUNK: usize = 256;

impl Tx {
    /// Allocates a random index for each of `wanted`; `None` if the submission is not accepted, not
    /// held by that holder, withdrawn or superseded. A list that is half full is closed, and the
    /// next one has `capacity` indices.
    pub async fn give_status_entries(
        &mut self,
        wanted: &[WantedEntry],
        capacity: NonZeroU32,
        rng: &Rng,
        now: Timestamp,
    ) -> Result<Vec<Option<StatusPlace>>, StoreError> {
        let holders = self.lock_issuable(&wanted.iter().map(|wanted| wanted.submission).collect()).await?;
        let is_issuable = |wanted: &WantedEntry| holders.get(&wanted.submission) == Some(&wanted.holder);
        let mut places = vec![None; wanted.len()];
        let mut open: Vec<usize> = (0..wanted.len()).filter(|at| is_issuable(&wanted[*at])).collect();
        while !open.is_empty() {
            let list = self.open_status_list(capacity, rng, now).await?;
            let after = open.split_off(open.len().min(list.room()));
            self.count_given(&list, wanted, &open).await?;
            let mut left = std::mem::replace(&mut open, after);
            while !left.is_empty() {
                // Chunk sizes are powers of two, so that a few prepared statements cover every
                // length.
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

    /// Returns the holders of those submissions that may be signed. On PostgreSQL their rows stay
    /// locked until the end of the transaction: a concurrent revocation waits and then sees the new
    /// entries, or came first and there are none.
    pub(super) async fn lock_issuable(
        &mut self,
        submissions: &BTreeSet<Uuid>,
    ) -> Result<HashMap<Uuid, Uuid>, StoreError> {
        let mut holders = HashMap::with_capacity(submissions.len());
        let ids: Vec<Uuid> = submissions.iter().copied().collect();
        let held_fast = if matches!(self, Self::Postgres(_)) { " FOR SHARE" } else { "" };
        for chunk in ids.chunks(CHUNK) {
            // Padded to a power of two with the last id, again for the prepared statements.
            let last = chunk.last().copied().unwrap_or_default();
            let mut filled = chunk.to_vec();
            filled.resize(chunk.len().next_power_of_two(), last);
            let found: Vec<(Uuid, Uuid)> = dispatch!(self, connection => {
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

    /// Returns the list that allocates indices, locked on PostgreSQL. Creates one if there is none.
    async fn open_status_list(
        &mut self,
        capacity: NonZeroU32,
        rng: &Rng,
        now: Timestamp,
    ) -> Result<StatusList, StoreError> {
        // The list may have been closed while this waited for its lock. The second look finds its
        // successor.
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
        // The id is in every credential of the list, so it must not reveal when the list was
        // created.
        let list = StatusList { id: rng.anonymous_id(), opened_at: now, capacity, given: 0, changed_at: now };
        dispatch!(self, connection => sqlx::query("INSERT INTO status_list (id, opened_at, capacity, changed_at) VALUES ($1, $2, $3, $4)")
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
        dispatch!(self, connection => sqlx::query(
            "UPDATE status_list SET given = given + $2,
                    last_expires_at = CASE WHEN last_expires_at < $3 THEN $3 ELSE last_expires_at END WHERE id = $1",
        ).bind(list.id).bind(count).bind(last).execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Inserts the drawn indices that are free, and returns them.
    async fn insert_status_entries(
        &mut self,
        list: &StatusList,
        wanted: &[WantedEntry],
        drawn: &BTreeMap<u32, usize>,
        now: Timestamp,
    ) -> Result<HashSet<u32>, StoreError> {
        let taken: Vec<i64> = dispatch!(self, connection => {
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

    /// Returns all lists, oldest first, except those that are being deleted.
    pub async fn status_lists(&mut self) -> Result<Vec<StatusList>, StoreError> {
        let rows: Vec<ListRow> = dispatch!(self, connection => sqlx::query_as(
            "SELECT id, opened_at, capacity, given, changed_at FROM status_list WHERE dropped_at IS NULL ORDER BY opened_at, id",
        ).fetch_all(connection).await)?;
        rows.into_iter().map(StatusList::try_from).collect()
    }

    /// Returns a list, unless it is being deleted. Lists are public and have no owner.
    pub async fn status_list(&mut self, id: Uuid) -> Result<Option<StatusList>, StoreError> {
        let row: Option<ListRow> = dispatch!(self, connection => sqlx::query_as(
            "SELECT id, opened_at, capacity, given, changed_at FROM status_list WHERE id = $1 AND dropped_at IS NULL",
        ).bind(id).fetch_optional(connection).await)?;
        row.map(StatusList::try_from).transpose()
    }

    /// Returns the status of an index. It reads one row of each table, so it needs no cache. `None`
    /// if there is no such index, or its list is being deleted.
    pub async fn status_at(&mut self, place: StatusPlace) -> Result<Option<Status>, StoreError> {
        let row: Option<(i64, Option<Timestamp>, Option<bool>)> = dispatch!(self, connection => sqlx::query_as(
            "SELECT list.capacity, entry.revoked_at, entry.replaced FROM status_list AS list
               LEFT JOIN status_entry AS entry ON entry.list_id = list.id AND entry.position = $2
              WHERE list.id = $1 AND list.dropped_at IS NULL",
        ).bind(place.list).bind(i64::from(place.position)).fetch_optional(connection).await)?;
        let row = row.filter(|(capacity, ..)| i64::from(place.position) < *capacity);
        Ok(row.map(|(_, revoked_at, replaced)| match (revoked_at, replaced) {
            (None, _) => Status::Valid,
            (Some(_), Some(true)) => Status::Replaced,
            (Some(_), _) => Status::Invalid,
        }))
    }

    /// Returns the entries of a submission, oldest first.
    pub async fn status_entries(&mut self, submission: Uuid) -> Result<Vec<StatusEntry>, StoreError> {
        let rows: Vec<EntryRow> = dispatch!(self, connection => sqlx::query_as(
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

    /// Deletes closed lists whose entries all expired before `before`, at most `limit` entries a
    /// call. A list is hidden first, then its entries are deleted, then its row. Returns the number
    /// of deleted rows, 0 when none are left.
    pub async fn drop_status_lists(
        &mut self,
        before: Timestamp,
        now: Timestamp,
        limit: i64,
    ) -> Result<u64, StoreError> {
        dispatch!(self, connection => {
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

/// Draws a distinct index for each of `wanted`; the insert finds out which of them are free. At
/// most half of the list is wanted, so there are enough.
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
