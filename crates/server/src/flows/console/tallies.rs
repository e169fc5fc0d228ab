//! The counts of a partner's submissions: by day and partner chain, and those that are pending.

use uuid::Uuid;

use crate::app::App;
use crate::error::Error;
use store::DailyCount;

/// Maximum number of chains read by name. Larger than the number that the console lists, because
/// the top chains of a shorter period may rank lower in the longest one.
const READ_CHAINS: i64 = 60;

/// Pending submissions are counted up to this number.
pub const MAX_WAITING: i64 = 10_000;

/// The counts of a partner's submissions.
#[derive(Clone, Debug)]
pub struct Tallies {
    /// Counts by day, chain and event.
    pub daily: Vec<DailyCount>,
    /// Number of pending submissions, at most [`MAX_WAITING`].
    pub waiting: i64,
}

/// Returns the counts of `partner`'s submissions from the day `since` on.
///
/// # Errors
/// The store cannot be used.
pub async fn of(app: &App, partner: Uuid, since: i64) -> Result<Tallies, Error> {
    let now = app.now();
    let mut tx = app.store().read().await?;
    let daily = tx.tallies(partner, since, READ_CHAINS).await?;
    let oldest = app.rng().id(now - app.config().retention.incomplete);
    let waiting = tx.count_waiting(partner, oldest, now, MAX_WAITING).await?;
    Ok(Tallies { daily, waiting })
}
