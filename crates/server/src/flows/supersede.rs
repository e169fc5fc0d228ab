//! Superseding: the consequences when a newer version replaces an older one in the wallet.

use uuid::Uuid;

use crate::app::App;
use crate::error::Error;
use crate::flows::share;
use ambient::Timestamp;
use store::{EventKind, Superseding, Tx};

/// Supersedes the older submissions of `pairs` within `tx`: their signed credentials are marked as
/// replaced, and links that keep current move to the newer versions. Returns the submissions that
/// were superseded.
///
/// The caller must hold the wallet's lock ([`Tx::lock_wallet`]) and call `Outbox::wake` after the
/// commit.
///
/// # Errors
/// The store or the key ring cannot be used.
pub async fn record(
    app: &App,
    tx: &mut Tx,
    holder: Uuid,
    pairs: &[Superseding],
    now: Timestamp,
) -> Result<Vec<Uuid>, Error> {
    let superseded = tx.supersede(holder, pairs, now).await?;
    tx.record_events(&superseded, EventKind::Superseded, now).await?;
    share::schedule_updates(app, tx, holder, &superseded).await?;
    Ok(superseded)
}
