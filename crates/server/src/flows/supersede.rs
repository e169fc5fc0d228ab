//! Superseding: what follows when a newer version takes an older one's place in the wallet.

use uuid::Uuid;

use crate::app::App;
use crate::error::Error;
use crate::flows::share;
use ambient::Timestamp;
use store::{EventKind, Superseding, Tx};

/// Supersedes the older submissions of `pairs` within `tx`: what was signed of them is replaced, and the links that keep current
/// go on to the newer versions. Returns what was superseded now. The caller holds the wallet ([`Tx::hold_wallet`]) and calls
/// `Outbox::wake` after the commit.
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
