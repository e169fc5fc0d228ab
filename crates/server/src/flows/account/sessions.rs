//! Sessions of holders. A browser keeps a session's secret; the store keeps its hash.

use std::time::Duration;

use uuid::Uuid;

use crate::app::App;
use ambient::Timestamp;
use credential::encoding::sha256;
use store::{Holder, Session, StoreError, day};

const HALF_A_DAY: Duration = Duration::from_secs(43_200);

/// Minimum time between two extensions of a session. Saves a write on every page.
const EXTEND_EVERY: Duration = Duration::from_secs(86_400);

/// Begins a session for `holder` and returns its secret. Ends the session with the secret `old`,
/// which this browser had.
///
/// # Errors
/// The store cannot be used.
pub async fn begin(app: &App, holder: Uuid, old: Option<&str>) -> Result<String, StoreError> {
    let (now, secret) = (app.now(), app.rng().secret());
    let mut tx = app.store().write().await?;
    if let Some(old) = old {
        tx.end_session(&sha256(old.as_bytes())).await?;
    }
    tx.add_session(&Session {
        token_hash: sha256(secret.as_bytes()).to_vec(),
        holder_id: holder,
        created_at: now,
        expires_at: now + app.config().sign_in.session_lifetime,
    })
    .await?;
    tx.count_sign_in(holder).await?;
    tx.commit().await?;
    Ok(secret)
}

/// Extends a session that is in use, unless it was extended recently.
///
/// # Errors
/// The store cannot be used.
pub async fn extend(app: &App, session: &Session) -> Result<(), StoreError> {
    let expires_at = app.now() + app.config().sign_in.session_lifetime;
    if expires_at.since(session.expires_at) <= EXTEND_EVERY {
        return Ok(());
    }
    let mut tx = app.store().write().await?;
    tx.extend_session(&session.token_hash, expires_at).await?;
    tx.commit().await
}

/// Records the first visit of `holder` on a later day than the account's creation. From then on the
/// wallet is considered claimed.
///
/// # Errors
/// The store cannot be used.
pub async fn note_visit(app: &App, holder: &Holder) -> Result<(), StoreError> {
    let now = app.now();
    if holder.returned_at.is_some() || !is_later_day(holder.created_at, now) {
        return Ok(());
    }
    let mut tx = app.store().write().await?;
    tx.note_return(holder.id, now).await?;
    tx.commit().await
}

/// Returns whether `now` is on a later day than `first`: on a later date in UTC, or half a day
/// later.
///
/// The holder's time zone is unknown. In East Asia and Australia, two local days may fall on one
/// date in UTC.
fn is_later_day(first: Timestamp, now: Timestamp) -> bool {
    day(now) > day(first) || now.since(first) >= HALF_A_DAY
}

/// Ends the session with this secret.
///
/// # Errors
/// The store cannot be used.
pub async fn end(app: &App, secret: &str) -> Result<(), StoreError> {
    let mut tx = app.store().write().await?;
    tx.end_session(&sha256(secret.as_bytes())).await?;
    tx.commit().await
}

/// Ends every session of `holder`.
///
/// # Errors
/// The store cannot be used.
pub async fn end_all(app: &App, holder: Uuid) -> Result<(), StoreError> {
    let mut tx = app.store().write().await?;
    tx.end_sessions(holder).await?;
    tx.commit().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_days_begin_at_midnight_utc_or_after_half_a_day() {
        let at = |time: &str| Timestamp::from_micros(time.parse::<jiff::Timestamp>().expect("a time").as_microsecond());
        for (first, now, is_later) in [
            ("2026-11-23T09:00:00Z", "2026-11-23T09:00:00Z", false),
            ("2026-11-23T09:00:00Z", "2026-11-23T20:59:59Z", false),
            ("2026-11-23T09:00:00Z", "2026-11-23T21:00:00Z", true),
            ("2026-11-23T23:00:00Z", "2026-11-24T00:00:00Z", true),
            // The clock was set back.
            ("2026-11-23T09:00:00Z", "2026-11-22T09:00:00Z", false),
        ] {
            assert_eq!(is_later_day(at(first), at(now)), is_later, "{first} {now}");
        }
    }
}
