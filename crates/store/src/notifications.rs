//! Notifications: how a node learns at once what another node or a command has changed.
//!
//! Triggers send them when the transaction commits, so no writer can forget one and a rollback
//! sends none. They are only for rare changes and for decisions that people make one by one:
//! committing a transaction that notifies takes a lock on the whole server until the commit is
//! durable, which would serialize pushes. A notification can be lost with its connection; the node
//! then reloads everything.

use std::time::Duration;

use sqlx::pool::PoolOptions;
use sqlx::postgres::{PgConnectOptions, PgListener};
use sqlx::{Postgres, query_scalar};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use super::{Store, StoreError};

/// Channel names, which migrations repeat. Submissions have a channel of their own because of their
/// number.
const CHANNEL: &str = "tenure";
const SUBMISSION: &str = "tenure_submission";

/// How long the connection may be silent before it is probed, and the delay before each reconnect.
const BEAT: Duration = Duration::from_secs(1);

/// Timeout of the probe. It is longer than a response of a server under load takes, because a
/// timeout cancels all work in progress.
const TIMEOUT: Duration = Duration::from_secs(4);

/// A change, or a change of the connection's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// Partners were added, changed or disabled.
    Partners,
    /// Signing keys were added or removed.
    Keys,
    /// The status that the partner sees for this submission changed.
    Submission(Uuid),
    /// The schema changed. Connections with statements prepared for the old schema fail.
    Schema,
    /// The server is unreachable or read-only; the pooled connections are unusable.
    Lost,
    /// Connected. Earlier notifications may have been missed.
    Connected,
}

impl Notice {
    /// Reads an unknown notification, which a newer release may send, as [`Notice::Connected`]:
    /// reloading too much is safe.
    fn of(channel: &str, payload: &str) -> Self {
        if channel == SUBMISSION {
            return payload.parse().map_or(Self::Connected, Self::Submission);
        }
        match payload {
            "partners" => Self::Partners,
            "keys" => Self::Keys,
            "schema" => Self::Schema,
            _ => Self::Connected,
        }
    }
}

/// Receives notifications on a dedicated connection.
#[derive(Debug)]
pub struct Notices {
    options: PgConnectOptions,
    listener: Option<PgListener>,
}

impl Store {
    /// Returns the notifications of this database. `None` on SQLite, where every process reads the
    /// file.
    pub fn notices(&self) -> Option<Notices> {
        match self {
            Self::Sqlite { .. } => None,
            Self::Postgres { pools, .. } => {
                let options = (*pools.current().connect_options()).clone();
                Some(Notices { options, listener: None })
            }
        }
    }
}

impl Notices {
    /// Waits for the next notification. The first one is [`Notice::Connected`].
    pub async fn next(&mut self) -> Notice {
        loop {
            let Some(listener) = &mut self.listener else {
                match timeout(TIMEOUT, listen(&self.options)).await {
                    Ok(Ok(listener)) => {
                        self.listener = Some(listener);
                        return Notice::Connected;
                    }
                    _ => sleep(BEAT).await,
                }
                continue;
            };
            match heard(listener).await {
                Ok(Some(notice)) => return notice,
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(%error, "the connection for database notifications was lost");
                    self.listener = None;
                    return Notice::Lost;
                }
            }
        }
    }
}

async fn listen(options: &PgConnectOptions) -> Result<PgListener, StoreError> {
    let one = PoolOptions::<Postgres>::new().max_connections(1).acquire_timeout(TIMEOUT);
    let pool = one.idle_timeout(None).max_lifetime(None).connect_with(options.clone()).await?;
    let mut listener = PgListener::connect_with(&pool).await?;
    listener.eager_reconnect(false);
    listener.listen_all([CHANNEL, SUBMISSION]).await?;
    takes_writes(&mut listener).await?;
    Ok(listener)
}

/// Returns a notification if one arrives within [`BEAT`], and otherwise probes the connection.
async fn heard(listener: &mut PgListener) -> Result<Option<Notice>, StoreError> {
    match timeout(BEAT, listener.try_recv()).await {
        Ok(Ok(Some(notification))) => Ok(Some(Notice::of(notification.channel(), notification.payload()))),
        Ok(Ok(None)) => Err(StoreError::Unavailable("it was closed".to_owned())),
        Ok(Err(error)) => Err(error.into()),
        Err(_) => {
            let asked = timeout(TIMEOUT, takes_writes(listener)).await;
            asked.map_err(|_| StoreError::Unavailable("it does not respond".to_owned()))?.map(|()| None)
        }
    }
}

async fn takes_writes(listener: &mut PgListener) -> Result<(), StoreError> {
    let is_standby: bool = query_scalar("SELECT pg_is_in_recovery()").fetch_one(listener).await?;
    if is_standby { Err(StoreError::Unavailable("it leads to a standby".to_owned())) } else { Ok(()) }
}
