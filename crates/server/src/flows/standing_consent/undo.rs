//! Undoing an update that was accepted under a standing consent.

use uuid::Uuid;

use super::{UNDO_PERIOD, updates_of};
use crate::app::App;
use crate::error::Error;
use crate::flows::supersede;
use ambient::Timestamp;
use store::domain::submission::SubmissionState;
use store::{Decision, Superseding, Tx, VersionDecision};

/// The reason why an update cannot be undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UndoError {
    /// Later updates must be undone first, beginning with this one, the newest.
    LaterFirst(Uuid),
    /// It was undone before.
    AlreadyUndone,
    /// The period for undoing it has ended.
    TooLate,
    /// The version before was deleted or withdrawn, or the holder decided otherwise since.
    Impossible,
}

/// Returns the update that made `newer` the current version, if it can be undone at `now`.
///
/// # Errors
/// The store cannot be used. The inner error is an [`UndoError`].
pub async fn undoable(
    tx: &mut Tx,
    holder: Uuid,
    newer: Uuid,
    now: Timestamp,
) -> Result<Result<VersionDecision, UndoError>, Error> {
    let is_held = tx.held_submission(newer, holder).await?.is_some();
    let decisions = tx.version_decisions(newer).await?;
    let update = decisions
        .into_iter()
        .find(|decided| is_held && decided.newer_id == newer && decided.decision == Decision::Standing);
    let Some(update) = update else { return Ok(Err(UndoError::Impossible)) };
    if update.undone_at.is_some() {
        return Ok(Err(UndoError::AlreadyUndone));
    }
    if update.decided_at + UNDO_PERIOD <= now {
        return Ok(Err(UndoError::TooLate));
    }
    // The versions from the one before to the newest, each of which can become current again.
    let mut version = update.older_id;
    for next in [newer].into_iter().chain(updates_of(tx, newer).await?) {
        let held = tx.held_submission(version, holder).await?;
        let can_stand = held.is_some_and(|held| {
            matches!(held.state, SubmissionState::Accepted { .. }) && held.superseded_by == Some(next)
        });
        if !can_stand {
            return Ok(Err(UndoError::Impossible));
        }
        version = next;
    }
    let newest = tx.held_submission(version, holder).await?;
    Ok(match newest.filter(|newest| newest.superseded_at.is_none()) {
        Some(newest) if newest.id == newer => Ok(update),
        Some(newest) => Err(UndoError::LaterFirst(newest.id)),
        None => Err(UndoError::Impossible),
    })
}

/// Undoes the update that made `newer` the current version. The version before becomes current
/// again, links follow it, and the standing consent ends. Credentials that were signed from it
/// before, and that the update marked as replaced, are valid again; revoked ones stay revoked
/// (D-213).
///
/// # Errors
/// The store cannot be used. The inner error is an [`UndoError`]: nothing has changed then.
pub async fn undo(app: &App, holder: Uuid, newer: Uuid) -> Result<Result<(), UndoError>, Error> {
    let now = app.now();
    let mut tx = app.store().write().await?;
    tx.lock_wallet(holder).await?;
    let update = match undoable(&mut tx, holder, newer, now).await? {
        Ok(update) => update,
        Err(error) => return Ok(Err(error)),
    };
    if !tx.reinstate_submission(update.older_id, holder, now).await? {
        return Ok(Err(UndoError::Impossible));
    }
    let pair = Superseding { old: newer, new: update.older_id };
    supersede::record(app, &mut tx, holder, &[pair], now).await?;
    tx.undo_update(holder, newer, now).await?;
    tx.end_standing_consent(holder, newer, now).await?;
    tx.commit().await?;
    app.outbox().wake();
    Ok(Ok(()))
}
