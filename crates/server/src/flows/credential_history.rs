//! The history of a credential in a wallet: its events, the decisions about its versions, and what
//! its partner may update without asking.

use credential::Payload;
use uuid::Uuid;

use crate::app::App;
use crate::error::Error;
use crate::flows::standing_consent::{self, UNDO_PERIOD, UndoError};
use crate::flows::versions;
use ambient::Timestamp;
use store::domain::submission::Submission;
use store::{Decision, Event, StandingConsent, VersionDecision};

#[derive(Debug)]
pub struct CredentialHistory {
    /// Its events, oldest first.
    pub events: Vec<Event>,
    /// The decisions about it and another version, oldest first, each with the time when the other
    /// version was pushed.
    pub decisions: Vec<(VersionDecision, Option<Timestamp>)>,
    /// The standing consents for it, oldest first.
    pub consents: Vec<StandingConsent>,
    /// How it was accepted under a standing consent, if it was.
    pub update: Option<StandingUpdate>,
}

/// The acceptance of an update under a standing consent.
#[derive(Debug)]
pub struct StandingUpdate {
    /// When it was accepted.
    pub at: Timestamp,
    /// When its holder undid it, if they did.
    pub undone_at: Option<Timestamp>,
    /// The end of the period for undoing it, if it can be undone, alone or after later updates.
    pub undo_until: Option<Timestamp>,
    /// The newest of the later updates, which must be undone before it.
    pub undo_first: Option<Uuid>,
    /// The content of the older version, unless the update was undone or that version is deleted.
    pub older: Option<Payload>,
}

/// Returns the history of a credential of `holder`.
///
/// # Errors
/// 404 if it is not in the wallet; the store or the key ring cannot be used.
pub async fn of(app: &App, holder: Uuid, id: Uuid) -> Result<CredentialHistory, Error> {
    let (mut tx, now) = (app.store().read().await?, app.now());
    if tx.held_submission(id, holder).await?.is_none() {
        return Err(Error::not_found());
    }
    let (events, decided) = (tx.events(id, app.trusted_time().now()).await?, tx.version_decisions(id).await?);
    let consents = tx.standing_consents(id).await?;
    let undoable = standing_consent::undoable(&mut tx, holder, id, now).await?;
    let mut others = Vec::with_capacity(decided.len());
    for decision in &decided {
        let other = if decision.newer_id == id { decision.older_id } else { decision.newer_id };
        others.push(tx.linked_submission(other, app.trusted_time().now()).await?);
    }
    drop(tx);
    let undo_first = match undoable {
        Err(UndoError::LaterFirst(newest)) => Some(newest),
        _ => None,
    };
    let may_undo = undoable.is_ok() || undo_first.is_some();
    let is_update = |decision: &VersionDecision| decision.newer_id == id && decision.decision == Decision::Standing;
    let update = match decided.iter().zip(&others).find(|(decision, _)| is_update(decision)) {
        Some((decision, older)) => Some(StandingUpdate {
            at: decision.decided_at,
            undone_at: decision.undone_at,
            undo_until: may_undo.then(|| decision.decided_at + UNDO_PERIOD),
            undo_first,
            older: content(app, older.as_ref().filter(|_| decision.undone_at.is_none())).await?,
        }),
        None => None,
    };
    let pushed_at = others.into_iter().map(|other| other.map(|other| other.created_at));
    Ok(CredentialHistory { events, decisions: decided.into_iter().zip(pushed_at).collect(), consents, update })
}

async fn content(app: &App, version: Option<&Submission>) -> Result<Option<Payload>, Error> {
    match version {
        Some(version) => versions::open(app, version).await,
        None => Ok(None),
    }
}
