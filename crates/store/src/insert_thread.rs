//! A thread that inserts pushes into SQLite on a connection of its own.
//!
//! sqlx sends each statement to a thread and waits for its result, and builds the text of a
//! multi-row insert for each group. Here a group is one message, and its rows go through prepared
//! statements (D-280). It takes turns with sqlx's writer: a job holds that connection, which is the
//! lock of all writes of this process.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::Path;
use std::sync::{Arc, OnceLock, mpsc};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior, params};
use sqlx::Sqlite;
use sqlx::pool::PoolConnection;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::daily_counts::{AND_COUNT_ON, Counts, INSERT_COUNTS};
use super::event::EventKind;
use super::insert_sql::{INSERT, UNLESS_THERE};
use super::partner::ACTIVE_PARTNERS;
use super::{AnnouncementKind, NewSubmission, StoreError};

/// How long a write waits for another process. sqlx's connections have the same timeout.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Whether each of a group's pushes was stored, in order.
type Stored = Vec<bool>;

enum Job {
    Insert {
        new: Vec<Arc<NewSubmission>>,
        turn: PoolConnection<Sqlite>,
        reply: oneshot::Sender<Result<Stored, StoreError>>,
    },
    Close(oneshot::Sender<()>),
}

/// Handle to the thread; cheap to clone. The first insert starts the thread, and it ends with the
/// last handle.
#[derive(Clone, Debug)]
pub struct InsertThread {
    path: Arc<Path>,
    jobs: Arc<OnceLock<mpsc::Sender<Job>>>,
}

impl InsertThread {
    /// Creates the handle of a thread that inserts into the database file at `path`.
    pub(crate) fn new(path: &Path) -> Self {
        Self { path: path.into(), jobs: Arc::default() }
    }

    /// Returns the queue of the thread, which is started unless it runs.
    fn jobs(&self) -> &mpsc::Sender<Job> {
        self.jobs.get_or_init(|| {
            let (jobs, queue) = mpsc::channel();
            let (path, runtime) = (self.path.clone(), Handle::current());
            let thread = std::thread::Builder::new().name("sqlite-inserts".to_owned());
            let started = thread.spawn(move || {
                // Dropping a connection of the pool returns it in a task.
                let _context = runtime.enter();
                run(&path, &queue);
            });
            if let Err(error) = started {
                tracing::error!(%error, "the thread that inserts pushes could not be started");
            }
            jobs
        })
    }

    /// Inserts those of `new` that need nothing but their row: the partner is active and no webhook
    /// waits for the push, and the credential id is not in use. Returns which were inserted, once
    /// they are durable.
    ///
    /// # Errors
    /// The database cannot write; nothing is stored.
    pub(crate) async fn insert(
        &self,
        new: Vec<Arc<NewSubmission>>,
        turn: PoolConnection<Sqlite>,
    ) -> Result<Stored, StoreError> {
        let (reply, answered) = oneshot::channel();
        self.jobs().send(Job::Insert { new, turn, reply }).map_err(|_| ended())?;
        answered.await.map_err(|_| ended())?
    }

    /// Closes the connection. The next insert opens another one.
    pub(crate) async fn close(&self) {
        let Some(jobs) = self.jobs.get() else { return };
        let (reply, closed) = oneshot::channel();
        if jobs.send(Job::Close(reply)).is_ok() {
            let _ = closed.await;
        }
    }
}

/// Runs jobs until the last handle is dropped.
fn run(path: &Path, queue: &mpsc::Receiver<Job>) {
    let mut connection = None;
    for job in queue {
        match job {
            Job::Insert { new, turn, reply } => {
                let stored = insert(&mut connection, path, &new);
                // Before the reply, so that the next group finds the connection free.
                drop(turn);
                let _ = reply.send(stored.map_err(StoreError::from));
            }
            Job::Close(closed) => {
                connection = None;
                let _ = closed.send(());
            }
        }
    }
}

fn ended() -> StoreError {
    StoreError::Unavailable("the thread that inserts pushes has ended".to_owned())
}

fn open(path: &Path) -> rusqlite::Result<Connection> {
    // The connection never leaves its thread, so SQLite needs no mutex.
    let connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    Ok(connection)
}

/// Inserts a group on the open connection, or on one that is opened now.
fn insert(connection: &mut Option<Connection>, path: &Path, new: &[Arc<NewSubmission>]) -> rusqlite::Result<Stored> {
    let mut used = match connection.take() {
        Some(open) => open,
        None => open(path)?,
    };
    let stored = insert_group(&mut used, new);
    // Closed if the rollback failed too, because no further transaction could begin on it.
    *connection = Some(used).filter(Connection::is_autocommit);
    stored
}

fn insert_group(connection: &mut Connection, new: &[Arc<NewSubmission>]) -> rusqlite::Result<Stored> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let stored = insert_rows(&transaction, new)?;
    if stored.contains(&true) {
        count(&transaction, new, &stored)?;
        transaction.commit()?;
    }
    Ok(stored)
}

fn insert_rows(transaction: &Transaction<'_>, new: &[Arc<NewSubmission>]) -> rusqlite::Result<Stored> {
    let mut quiet: HashMap<Uuid, bool> = HashMap::new();
    let mut insert = transaction.prepare_cached(&[INSERT, ROW, UNLESS_THERE].concat())?;
    let mut stored = Vec::with_capacity(new.len());
    for new in new {
        let is_quiet = match quiet.entry(new.partner_id) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(unknown) => *unknown.insert(is_quiet(transaction, new.partner_id)?),
        };
        stored.push(
            is_quiet
                && insert.execute(params![
                    new.id.as_bytes(),
                    new.partner_id.as_bytes(),
                    new.credential_id,
                    new.credential_type.name(),
                    new.document_type,
                    new.batch_id.as_ref().map(Uuid::as_bytes),
                    new.partner_chain,
                    new.created_at.micros(),
                    new.expires_at.micros(),
                    new.sealed.period.micros(),
                    new.sealed.bytes,
                ])? == 1,
        );
    }
    Ok(stored)
}

/// The values of one row. Follows [`INSERT`].
const ROW: &str = "VALUES ($1, $2, $3, $4, $5, $6, $7, 'incomplete', $8, $9, $10, $11)";

/// Returns whether `partner` is active and none of its webhooks waits for pushes.
fn is_quiet(transaction: &Transaction<'_>, partner: Uuid) -> rusqlite::Result<bool> {
    let mut query = transaction.prepare_cached(&[ACTIVE_PARTNERS, "($1)"].concat())?;
    let mut rows = query.query([partner.as_bytes()])?;
    let (mut is_active, mut is_heard) = (false, false);
    while let Some(row) = rows.next()? {
        is_active = true;
        let events: Option<String> = row.get("events")?;
        is_heard |=
            events.is_some_and(|events| events.split(' ').any(|event| event == AnnouncementKind::AddPushed.name()));
    }
    Ok(is_active && !is_heard)
}

/// Counts the pushes that were stored.
fn count(transaction: &Transaction<'_>, new: &[Arc<NewSubmission>], stored: &[bool]) -> rusqlite::Result<()> {
    let created = new.iter().zip(stored).filter(|(_, stored)| **stored);
    let counts = Counts::of(created.map(|(new, _)| (new.partner_id, new.created_at, new.partner_chain.as_deref())));
    let mut insert =
        transaction.prepare_cached(&[INSERT_COUNTS, "VALUES ($1, $2, $3, $4, $5)", AND_COUNT_ON].concat())?;
    for ((partner, day, chain), count) in counts.all() {
        insert.execute(params![partner.as_bytes(), day, chain, EventKind::Pushed.name(), count])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connection_left_in_a_transaction_is_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("data");
        let schema = "CREATE TABLE submission (id, partner_id, credential_id, credential_type, document_type, batch_id,
                          partner_chain, state, created_at, expires_at, ring_period, sealed, replaced_at);
                      CREATE UNIQUE INDEX current ON submission (partner_id, credential_id) WHERE replaced_at IS NULL;";
        Connection::open(&path).and_then(|made| made.execute_batch(schema)).expect("a database");
        let mut connection = None;
        assert_eq!(insert(&mut connection, &path, &[]).expect("opened"), Vec::<bool>::new());
        connection.as_ref().expect("it stays open").execute_batch("BEGIN").expect("begun");
        insert(&mut connection, &path, &[]).expect_err("a transaction is open");
        insert(&mut connection, &path, &[]).expect("another connection is opened");
    }
}
