//! Superseding: what follows when a version takes the place of another one.

use uuid::Uuid;

use crate::app::App;
use crate::error::Error;
use ambient::Timestamp;
use store::{EventKind, Superseding, Tx};

/// Supersedes `pairs` of `holder` within `tx`; returns what was superseded now.
///
/// # Errors
/// The store cannot be used.
pub async fn record(
    _app: &App,
    tx: &mut Tx,
    holder: Uuid,
    pairs: &[Superseding],
    now: Timestamp,
) -> Result<Vec<Uuid>, Error> {
    let superseded = tx.supersede(holder, pairs, now).await?;
    tx.record_events(&superseded, EventKind::Superseded, now).await?;
    Ok(superseded)
}
