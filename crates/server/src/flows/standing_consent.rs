//! Standing consents: a holder lets a credential's partner update it without asking, and can undo
//! such updates.
//!
//! An update that a consent covers is accepted as soon as it is stored. If it is not covered, its
//! status is incomplete, whatever the reason, so the partner learns nothing else.

mod undo;

use std::time::Duration;

use credential::encoding::sha256;
use credential::{Code, FieldError, Payload, Relation, Submission};
use uuid::Uuid;

use super::{account, earlier_titles, supersede, versions};
use crate::app::App;
use crate::error::Error;
use crate::mail::{Mail, texts};
use crate::outbox::{OutboxMessage, Routing};
use ambient::Timestamp;
use store::domain::submission as stored;
use store::{Decision, EventKind, StandingConsent, Superseding, Tx, VersionDecision};

pub use undo::{UndoError, undo, undoable};

/// How long an update can be undone.
pub const UNDO_PERIOD: Duration = Duration::from_secs(30 * 86_400);

/// Maximum length of a chain of updates.
const MAX_UPDATES: usize = 1000;

/// Checks the field `replaces` of `submissions`: it must name a credential of the same type that
/// `partner` has pushed.
///
/// # Errors
/// 422 with every field error; or the store cannot be used.
pub async fn check_replaced(app: &App, partner: Uuid, submissions: &[Submission]) -> Result<(), Error> {
    // Boxed because it is rare: otherwise its state would enlarge the future of every push.
    let has_any = submissions.iter().any(|submission| submission.replaces.is_some());
    if has_any { Box::pin(check_all(app, partner, submissions)).await } else { Ok(()) }
}

async fn check_all(app: &App, partner: Uuid, submissions: &[Submission]) -> Result<(), Error> {
    let (mut tx, now) = (app.store().read().await?, app.trusted_time().now());
    let mut field_errors = Vec::new();
    for submission in submissions {
        let Some(replaces) = &submission.replaces else { continue };
        let named = tx.current_submission(partner, replaces, now).await?;
        let (code, message) = match named.map(|named| named.credential_type) {
            Some(known) if known == submission.credential_type => continue,
            Some(known) => (
                Code::ReplacesType,
                format!(
                    "This is the id of a {known}. A {} can only replace a credential of the same type.",
                    submission.credential_type
                ),
            ),
            None => (
                Code::ReplacesUnknown,
                "You have no credential with this id. Use the id of a credential that you have pushed, or remove \
                 replaces."
                    .to_owned(),
            ),
        };
        let received = Some(replaces.chars().take(64).collect());
        field_errors.push(FieldError {
            pointer: submission.replaces_pointer(),
            code,
            message,
            received,
            suggestion: None,
        });
    }
    if field_errors.is_empty() { Ok(()) } else { Err(Error::invalid(field_errors)) }
}

/// A credential that its partner may update without asking.
#[derive(Clone, Copy, Debug)]
pub struct Covered {
    pub(super) holder: Uuid,
    older: Uuid,
}

/// Returns the credential that `submission` updates, if its holder's standing consent covers the
/// update.
///
/// # Errors
/// The store or the key ring cannot be used.
pub async fn covered(app: &App, partner: Uuid, submission: &Submission) -> Result<Option<Covered>, Error> {
    match &submission.replaces {
        Some(replaces) => Box::pin(find_covered(app, partner, submission, replaces)).await,
        None => Ok(None),
    }
}

async fn find_covered(
    app: &App,
    partner: Uuid,
    submission: &Submission,
    replaces: &str,
) -> Result<Option<Covered>, Error> {
    let mut tx = app.store().read().await?;
    let Some(named) = tx.current_submission(partner, replaces, app.trusted_time().now()).await? else {
        return Ok(None);
    };
    let Some(older) = newest_version(&mut tx, named.id, app.trusted_time().now()).await? else { return Ok(None) };
    // Queried for a deleted credential, too: the response time must not distinguish a deletion from
    // an ended consent.
    let has_consent = consent_for(&mut tx, older.id).await?.is_some();
    drop(tx);
    if !has_consent || !older.stands() || older.credential_type != submission.credential_type {
        return Ok(None);
    }
    let Some(payload) = versions::open(app, &older).await? else { return Ok(None) };
    let is_covered = is_covered(submission, &payload);
    Ok(older.holder().filter(|_| is_covered).map(|holder| Covered { holder, older: older.id }))
}

/// Returns whether `submission` is an update that a standing consent for `older` permits. Updates
/// with documents and updates that change the partner chain are not covered: the holder must see
/// those before accepting them.
fn is_covered(submission: &Submission, older: &Payload) -> bool {
    submission.credential_type.relation(&submission.fields(), &older.fields) == Relation::Continues
        && submission.partner_chain == older.partner_chain
        && submission.assets.is_empty()
        && older.assets.is_empty()
}

/// Returns the newest version of the credential `id`, if it is current.
async fn current_version(tx: &mut Tx, id: Uuid, now: Timestamp) -> Result<Option<stored::Submission>, Error> {
    Ok(newest_version(tx, id, now).await?.filter(stored::Submission::stands))
}

/// Returns the newest version of the credential `id`, in any state.
async fn newest_version(tx: &mut Tx, id: Uuid, now: Timestamp) -> Result<Option<stored::Submission>, Error> {
    let Some(newest) = tx.newest_version(id).await? else { return Ok(None) };
    Ok(tx.linked_submission(newest, now).await?)
}

async fn consent_for(tx: &mut Tx, submission: Uuid) -> Result<Option<StandingConsent>, Error> {
    let consents = tx.standing_consents(submission).await?;
    Ok(consents.into_iter().find(|consent| consent.ended_at.is_none()))
}

/// A stored push that is pending.
#[derive(Clone, Copy, Debug)]
pub struct StoredUpdate<'a> {
    /// The submission.
    pub id: Uuid,
    /// The batch that contains it, if any.
    pub batch: Option<Uuid>,
    /// The pushed content.
    pub payload: &'a [u8],
}

/// Accepts `update` and supersedes the older version. Returns false and changes nothing if the
/// consent no longer covers it, or if the holder's limit of mails per hour is reached; then the
/// holder is asked.
///
/// # Errors
/// The store or the key ring cannot be used.
pub async fn accept(app: &App, covered: Covered, update: StoredUpdate<'_>) -> Result<bool, Error> {
    let Covered { holder, older } = covered;
    // Keys are read and used before the write transaction begins, so that others do not wait for
    // them.
    let Some((mail, routing)) = notice(app, covered, update.payload).await? else { return Ok(false) };
    let label: [&[u8]; 2] = [b"submission", update.id.as_bytes()];
    let sealed = app.keyring().seal_for_holder(holder, &label, update.payload).await?;
    let moment = app.trusted_time().moment();
    let now = moment.now;
    let mut tx = app.store().write().await?;
    tx.lock_wallet(holder).await?;
    if consent_for(&mut tx, older).await?.is_none() || current_version(&mut tx, older, moment.trusted).await?.is_none()
    {
        return Ok(false);
    }
    let is_bound = match update.batch {
        None => tx.bind_submission(update.id, holder, moment).await?,
        // The rest of the batch is about the same person, and stays pending in their wallet.
        Some(batch) => tx.bind_batch(batch, holder, moment).await?.contains(&update.id),
    };
    if !is_bound || !tx.accept_submission(update.id, holder, &sealed, moment).await? {
        return Ok(false);
    }
    tx.record_events(&[update.id], EventKind::Accepted, now).await?;
    let pair = Superseding { old: older, new: update.id };
    // The older version may have been deleted meanwhile.
    if supersede::record(app, &mut tx, holder, &[pair], now).await?.is_empty() {
        return Ok(false);
    }
    tx.move_standing_consent(holder, older, update.id).await?;
    let decision = VersionDecision {
        newer_id: update.id,
        older_id: older,
        decision: Decision::Standing,
        decided_at: now,
        undone_at: None,
    };
    tx.record_version_decision(holder, &decision).await?;
    app.outbox().add(&mut tx, &OutboxMessage::Mail(mail), routing).await?;
    tx.commit().await?;
    app.outbox().wake();
    app.deliveries_due().notify_one();
    app.metrics().submissions("updated", 1);
    Ok(true)
}

/// Composes the mail to the holder about the update with the content `newer`. Returns `None` if the
/// account was deleted meanwhile, or this partner's mail limit is reached.
async fn notice(app: &App, covered: Covered, newer: &[u8]) -> Result<Option<(Mail, Routing)>, Error> {
    let mut tx = app.store().read().await?;
    let older = tx.linked_submission(covered.older, app.trusted_time().now()).await?;
    let (Some(older), Some(holder)) = (older, tx.holder(covered.holder).await?) else { return Ok(None) };
    let partner = tx.partner(older.partner_id).await?.map(|partner| partner.name).unwrap_or_default();
    drop(tx);
    let to = account::email(app, &holder).await?;
    // Shares its limit with the links that the partner mails to this address.
    let recipient = sha256(&[&older.partner_id.as_bytes()[..], &holder.email_fingerprint].concat());
    if app.limits().links_per_recipient.check_global(&recipient).await.is_err() {
        return Ok(None);
    }
    let now = app.now();
    let known = older.credential_type;
    let newer = Payload::from_bytes(newer).map_err(Error::internal)?;
    let changed = versions::open(app, &older).await?.map(|older| earlier_titles::between(known, &newer, &older));
    let (base, changed) = (app.config().base(), changed.unwrap_or_default());
    let mail = texts::updated(base, to, (&partner, known.title), &changed, now + UNDO_PERIOD);
    let expires_at = Some(now + app.config().retention.epoch_key_lifetime());
    Ok(Some((mail, Routing { partner: Some(older.partner_id), request: None, expires_at })))
}

/// Gives the partner of a credential of `holder` the consent to keep it up to date. Does nothing if
/// the credential is not current or the consent is already given.
///
/// # Errors
/// 404 if there is no such credential that can be kept up to date; the store cannot be used.
pub async fn give(app: &App, holder: Uuid, submission: Uuid) -> Result<(), Error> {
    let found = app.store().read().await?.linked_submission(submission, app.trusted_time().now()).await?;
    let found = found.filter(|found| found.is_held_by(holder)).ok_or_else(Error::not_found)?;
    let payload = versions::open(app, &found).await?.ok_or_else(Error::not_found)?;
    if !found.credential_type.may_continue(&payload.fields) {
        return Err(Error::not_found());
    }
    let mut tx = app.store().write().await?;
    tx.lock_wallet(holder).await?;
    tx.give_standing_consent(app.id(), holder, submission, app.now()).await?;
    Ok(tx.commit().await?)
}

/// Ends the standing consent for a credential of `holder`: its partner must ask from now on. Does
/// nothing if there is none. If an update has moved the consent to a newer version since the page
/// was shown, it ends for that version.
///
/// # Errors
/// The store cannot be used.
pub async fn end(app: &App, holder: Uuid, submission: Uuid) -> Result<(), Error> {
    let mut tx = app.store().write().await?;
    tx.lock_wallet(holder).await?;
    let newest = updates_of(&mut tx, submission).await?.last().copied().unwrap_or(submission);
    tx.end_standing_consent(holder, newest, app.now()).await?;
    Ok(tx.commit().await?)
}

/// Returns since when the partner of a credential may update it without asking, if it may.
///
/// # Errors
/// The store cannot be used.
pub async fn given_at(app: &App, submission: Uuid) -> Result<Option<Timestamp>, Error> {
    let mut tx = app.store().read().await?;
    Ok(consent_for(&mut tx, submission).await?.map(|consent| consent.given_at))
}

/// Moves the consent for `old` to the version `new`, by which the holder replaced it, and ends it
/// there unless they kept it (`is_kept`). The history of the newer version then says either. It
/// ends for `old` if the newer version has a consent already.
///
/// # Errors
/// The store cannot be used.
pub(super) async fn settle(
    tx: &mut Tx,
    holder: Uuid,
    (old, new): (Uuid, Uuid),
    is_kept: bool,
    now: Timestamp,
) -> Result<(), Error> {
    if consent_for(tx, new).await?.is_some() {
        tx.end_standing_consent(holder, old, now).await?;
    } else if tx.move_standing_consent(holder, old, new).await? && !is_kept {
        tx.end_standing_consent(holder, new, now).await?;
    }
    Ok(())
}

/// Returns the updates of a credential that were accepted under a standing consent, in order of
/// version.
///
/// # Errors
/// The store cannot be used.
pub async fn updates_of(tx: &mut Tx, submission: Uuid) -> Result<Vec<Uuid>, Error> {
    let (mut updates, mut version) = (Vec::new(), submission);
    for _ in 0..MAX_UPDATES {
        let decisions = tx.version_decisions(version).await?;
        let next = decisions.iter().find(|decided| decided.older_id == version && is_update(decided));
        let Some(next) = next else { break };
        version = next.newer_id;
        updates.push(version);
    }
    Ok(updates)
}

fn is_update(decided: &VersionDecision) -> bool {
    decided.decision == Decision::Standing && decided.undone_at.is_none()
}
