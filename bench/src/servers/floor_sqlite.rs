//! The floor's database on SQLite: one thread with prepared statements.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior, params};
use tokio::sync::mpsc;

use super::{BATCH, QUEUE, QueuedPush, finish};
use crate::prefill::now;

const SCHEMA: &str = "
CREATE TABLE submission (
    id INTEGER PRIMARY KEY,
    partner INTEGER NOT NULL,
    credential_id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    body BLOB NOT NULL
);
CREATE UNIQUE INDEX submission_id ON submission (partner, credential_id);
CREATE INDEX submission_time ON submission (created_at);
CREATE TABLE outbox (sequence INTEGER PRIMARY KEY, submission INTEGER NOT NULL);
";

/// Inserts a row. All pushes are of partner 1.
const INSERT: &str = "INSERT INTO submission (id, partner, credential_id, created_at, body) VALUES (?1, 1, ?2, ?3, ?4)";
const INSERT_OUTBOX: &str = "INSERT INTO outbox (submission) VALUES (?1)";

/// Creates the database in the folder `data`, and starts the thread that commits the rows sent to
/// the returned queue.
pub(super) fn start(data: &Path) -> Result<mpsc::Sender<QueuedPush>, String> {
    let connection = open(&data.join("floor.sqlite")).map_err(|error| error.to_string())?;
    let (queue, rows) = mpsc::channel(QUEUE);
    std::thread::spawn(move || commit_all(connection, rows));
    Ok(queue)
}

fn open(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.execute_batch(SCHEMA)?;
    Ok(connection)
}

/// Commits all pushes that arrived together in one transaction, until the queue is closed.
fn commit_all(mut connection: Connection, mut queue: mpsc::Receiver<QueuedPush>) {
    let mut rows = Vec::with_capacity(BATCH);
    while queue.blocking_recv_many(&mut rows, BATCH) > 0 {
        let written = write(&mut connection, &rows);
        finish(&mut rows, &written);
    }
}

fn write(connection: &mut Connection, rows: &[QueuedPush]) -> rusqlite::Result<()> {
    let created_at = now().unwrap_or_default().cast_signed();
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    {
        let mut insert = transaction.prepare_cached(INSERT)?;
        let mut insert_outbox = transaction.prepare_cached(INSERT_OUTBOX)?;
        for row in rows {
            let id = row.id.cast_signed();
            insert.execute(params![id, row.credential_id, created_at, row.body])?;
            insert_outbox.execute(params![id])?;
        }
    }
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    fn row(id: u64, credential_id: &str) -> (QueuedPush, oneshot::Receiver<bool>) {
        let (done, committed) = oneshot::channel();
        (QueuedPush { id, credential_id: credential_id.to_owned(), body: b"{}".to_vec(), done }, committed)
    }

    #[test]
    fn each_push_is_one_row_and_one_outbox_row() {
        let mut connection = Connection::open_in_memory().expect("SQLite");
        connection.execute_batch(SCHEMA).expect("the schema");
        let (first, second, again) = (row(1, "a").0, row(2, "b").0, row(3, "a").0);
        write(&mut connection, &[first, second]).expect("a commit");
        write(&mut connection, &[again]).expect_err("the id is in use");
        let count = |table: &str| -> i64 {
            let query = format!("SELECT count(*) FROM {table}");
            connection.query_row(&query, [], |row| row.get(0)).expect("a count")
        };
        assert_eq!((count("submission"), count("outbox")), (2, 2));
    }
}
