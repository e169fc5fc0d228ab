//! The floor's database on PostgreSQL: one connection, and one statement for each group.

use tokio::sync::mpsc;
use tokio_postgres::{Client, Error, NoTls, Statement};

use super::{BATCH, QUEUE, QueuedPush, finish};

const SCHEMA: &str = "
CREATE TABLE submission (
    id BIGINT PRIMARY KEY,
    partner BIGINT NOT NULL,
    credential_id TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    body BYTEA NOT NULL
);
CREATE UNIQUE INDEX submission_id ON submission (partner, credential_id);
CREATE INDEX submission_time ON submission (created_at);
CREATE TABLE outbox (
    sequence BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    submission BIGINT NOT NULL
);
";

/// Inserts a group into both tables. Both in one statement, so that a group is one round trip and a
/// transaction of its own. All pushes are of partner 1.
const INSERT: &str = "
WITH stored AS (
    INSERT INTO submission (id, partner, credential_id, body)
    SELECT id, 1, credential_id, body
      FROM unnest($1::bigint[], $2::text[], $3::bytea[]) AS pushed (id, credential_id, body)
)
INSERT INTO outbox (submission) SELECT unnest($1::bigint[])
";

/// Creates the tables in the database at `url`, and starts the task that commits the rows sent to
/// the returned queue.
pub(super) async fn start(url: &str) -> Result<mpsc::Sender<QueuedPush>, String> {
    let (client, insert) = open(url).await.map_err(|error| error.to_string())?;
    let (queue, rows) = mpsc::channel(QUEUE);
    tokio::spawn(commit_all(client, insert, rows));
    Ok(queue)
}

async fn open(url: &str) -> Result<(Client, Statement), Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    // A broken connection is reported by the statement that waits for it.
    tokio::spawn(connection);
    client.batch_execute(SCHEMA).await?;
    let insert = client.prepare(INSERT).await?;
    Ok((client, insert))
}

/// Commits all pushes that arrived together in one transaction, until the queue is closed.
///
/// One group at a time: while it is committed the next one grows. Two at once were half as large
/// and cost the database more (`docs/operate/performance.md`).
async fn commit_all(client: Client, insert: Statement, mut queue: mpsc::Receiver<QueuedPush>) {
    let mut rows = Vec::with_capacity(BATCH);
    while queue.recv_many(&mut rows, BATCH).await > 0 {
        let written = write(&client, &insert, &rows).await;
        finish(&mut rows, &written);
    }
}

async fn write(client: &Client, insert: &Statement, rows: &[QueuedPush]) -> Result<(), Error> {
    let ids: Vec<i64> = rows.iter().map(|row| row.id.cast_signed()).collect();
    let credential_ids: Vec<&str> = rows.iter().map(|row| row.credential_id.as_str()).collect();
    let bodies: Vec<&[u8]> = rows.iter().map(|row| row.body.as_slice()).collect();
    client.execute(insert, &[&ids, &credential_ids, &bodies]).await.map(drop)
}
