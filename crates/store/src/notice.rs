//! Notices: how a node hears at once what another node, or a command, has changed.
//!
//! Triggers send them with the transaction that makes the change, so that nobody who changes something can forget it, and
//! nothing is told that did not happen. They are for what changes seldom, or what people decide one by one: a transaction that notifies holds a lock of the
//! whole server until it is durable, and pushes would commit one after the other. A notice can be lost with its connection;
//! then everything is read anew.

use std::time::Duration;

use sqlx::pool::PoolOptions;
use sqlx::postgres::{PgConnectOptions, PgListener};
use sqlx::{Postgres, query_scalar};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use super::{Store, StoreError};

/// The channels; migrations name them too. Submissions have one of their own, since there are many.
const CHANNEL: &str = "tenure";
const SUBMISSION: &str = "tenure_submission";

/// How long nothing may be heard before the server is asked whether it is there; and how long is waited before it is looked
/// for again.
const BEAT: Duration = Duration::from_secs(1);

/// How long it may take to say so: longer than a server under load does, since everything under way is given up then.
const PATIENCE: Duration = Duration::from_secs(4);

/// What has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// Partners were added, changed or disabled.
    Partners,
    /// Signing keys were added or removed.
    Keys,
    /// What the partner is told of this submission has changed.
    Submission(Uuid),
    /// Tables have another form: connections that know the old one fail.
    Schema,
    /// The server is not there, or takes no writes: connections to it are of no use.
    Lost,
    /// The server is there. Whatever happened before was not heard.
    Connected,
}

impl Notice {
    /// A newer node may tell of what is not known here: better to read too much.
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

/// Where notices come from: a connection of its own.
#[derive(Debug)]
pub struct Notices {
    options: PgConnectOptions,
    listener: Option<PgListener>,
}

impl Store {
    /// Notices of what changes in this database. `None` on SQLite, which has none: there, everybody asks the file.
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
    /// The next notice. The first one is that the server is there.
    pub async fn next(&mut self) -> Notice {
        loop {
            let Some(listener) = &mut self.listener else {
                match timeout(PATIENCE, listen(&self.options)).await {
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
                    tracing::warn!(%error, "the connection that listens to the database is lost");
                    self.listener = None;
                    return Notice::Lost;
                }
            }
        }
    }
}

async fn listen(options: &PgConnectOptions) -> Result<PgListener, StoreError> {
    let one = PoolOptions::<Postgres>::new().max_connections(1).acquire_timeout(PATIENCE);
    let pool = one.idle_timeout(None).max_lifetime(None).connect_with(options.clone()).await?;
    let mut listener = PgListener::connect_with(&pool).await?;
    listener.eager_reconnect(false);
    listener.listen_all([CHANNEL, SUBMISSION]).await?;
    takes_writes(&mut listener).await?;
    Ok(listener)
}

/// What was heard within a beat, if anything was.
async fn heard(listener: &mut PgListener) -> Result<Option<Notice>, StoreError> {
    match timeout(BEAT, listener.try_recv()).await {
        Ok(Ok(Some(notification))) => Ok(Some(Notice::of(notification.channel(), notification.payload()))),
        Ok(Ok(None)) => Err(StoreError::Unavailable("it was closed".to_owned())),
        Ok(Err(error)) => Err(error.into()),
        Err(_) => {
            let asked = timeout(PATIENCE, takes_writes(listener)).await;
            asked.map_err(|_| StoreError::Unavailable("it does not answer".to_owned()))?.map(|()| None)
        }
    }
}

async fn takes_writes(listener: &mut PgListener) -> Result<(), StoreError> {
    let is_standby: bool = query_scalar("SELECT pg_is_in_recovery()").fetch_one(listener).await?;
    if is_standby { Err(StoreError::Unavailable("it leads to a standby".to_owned())) } else { Ok(()) }
}
