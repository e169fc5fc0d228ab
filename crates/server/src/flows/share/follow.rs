//! Links that keep current: when a newer version supersedes a shown credential, the link shows the
//! newer one with the same choice of fields.
//!
//! The transaction that supersedes a credential adds a message to the outbox for each link. A hirer
//! who opens the link earlier performs the update, too. The update depends only on stored state, so
//! performing it twice, or on two nodes, changes nothing. Until then the old credentials are shown
//! as replaced, not as revoked. An older version that was withdrawn after it was superseded does
//! not stop the update, so the outcome does not depend on who opened the link when (D-214).

use credential::names::stand_together;
use uuid::Uuid;

use super::sealed::{Link, label, record, seal, title, unseal, write};
use crate::app::App;
use crate::error::{Error, Kind};
use crate::flows::credential_view::CredentialView;
use crate::flows::names::is_other_birth_date;
use crate::flows::own_presentation;
use crate::issuing::IssuableCredential;
use crate::outbox::{OutboxMessage, Routing};
use store::domain::carry_over::carry_over;
use store::domain::share::{Chosen, DisclosureRecord, Share, ShareState, says_something};
use store::{ShareEntry, ShareUpdate, ShownEntry, StoreError, Tx};

/// Number of immediate attempts of an update that loses a race with another change of the share or
/// its credentials. Each race is lost to a change that was made, such as a still newer version, so
/// many in a row only occur while a partner pushes updates back to back.
const ATTEMPTS: usize = 16;

/// A newer version of a credential that a share shows.
struct Newer {
    /// Its index among the share's presentations.
    at: usize,
    /// The entry of the older version.
    from: ShareEntry,
    /// The disclosed fields.
    chosen: Chosen,
}

/// Result of an attempt.
enum Attempt {
    /// The share shows newer versions.
    Updated,
    /// There is nothing to update.
    Current,
    /// Lost a race with another change.
    Raced,
}

/// Schedules updates of the shares of `holder` that keep current and show one of `superseded`.
///
/// # Errors
/// The store or the key ring cannot be used.
pub async fn schedule_updates(app: &App, tx: &mut Tx, holder: Uuid, superseded: &[Uuid]) -> Result<(), StoreError> {
    let mut showing = tx.shares_showing(holder, superseded, app.now()).await?;
    showing.retain(|showing| showing.keep_current);
    // Sorted by share, so all duplicates are adjacent.
    showing.dedup_by_key(|showing| showing.share);
    for showing in showing {
        schedule(app, tx, holder, showing.share).await?;
    }
    Ok(())
}

/// Updates links that show `submission` of `holder` immediately, because it is about to be deleted.
/// Otherwise they would show the deleted version, although the newer one is current.
///
/// # Errors
/// The store cannot be used.
pub async fn update_before_deletion(app: &App, holder: Uuid, submission: Uuid) -> Result<(), Error> {
    let showing = app.store().read().await?.shares_showing(holder, &[submission], app.now()).await?;
    for showing in showing.iter().filter(|showing| showing.keep_current) {
        if let Err(error) = follow(app, showing.share, holder).await {
            tracing::warn!(share = %showing.share, ?error, "updating a shared link before a deletion failed");
        }
    }
    Ok(())
}

pub(super) async fn schedule(app: &App, tx: &mut Tx, holder: Uuid, share: Uuid) -> Result<(), StoreError> {
    app.outbox().add(tx, &OutboxMessage::FollowShare { holder, share }, Routing::default()).await
}

/// Updates an active share of `holder`. A share that keeps current shows the newest versions; any
/// other share shows a version again whose credential was replaced when an earlier release
/// reinstated it. Returns whether anything changed.
///
/// # Errors
/// The store or the key ring cannot be used, or every attempt lost a race; retried later.
pub async fn follow(app: &App, id: Uuid, holder: Uuid) -> Result<bool, Error> {
    for _ in 0..ATTEMPTS {
        let Some(share) = app.store().read().await?.share(id, holder).await? else { return Ok(false) };
        match attempt(app, &share).await? {
            Attempt::Updated => {
                app.metrics().shares("updated");
                return Ok(true);
            }
            Attempt::Current => return Ok(false),
            Attempt::Raced => {}
        }
    }
    Err(Error::unavailable())
}

/// Performs an update of `share` that is still in the outbox. Logs a failure, because the outbox
/// retries it.
pub(super) async fn catch_up(app: &App, share: &Share) {
    if let Err(error) = follow(app, share.id, share.holder).await {
        tracing::warn!(share = %share.id, ?error, "updating a shared link failed; it will be retried");
    }
}

pub(super) fn is_behind(shown: &[ShownEntry]) -> bool {
    shown.iter().any(ShownEntry::is_behind)
}

async fn attempt(app: &App, share: &Share) -> Result<Attempt, Error> {
    let now = app.now();
    if share.standing(now) != ShareState::Active {
        return Ok(Attempt::Current);
    }
    let shown = app.store().read().await?.shown_entries(share.id).await?;
    if !is_behind(&shown) {
        return Ok(Attempt::Current);
    }
    let mut memory = record(app, share).await?;
    let Some(mut contents) = unseal(share, &memory.secret)? else { return Ok(Attempt::Current) };
    let (newer, credentials) = newer_versions(app, share, &memory, &shown).await?;
    if newer.is_empty() {
        return Ok(Attempt::Current);
    }
    let indices = match own_presentation::allocate_status_indices(app, &credentials, share.expires_at).await {
        // A newer version was superseded, withdrawn or deleted since it was opened.
        Err(error) if error.kind == Kind::NotFound => return Ok(Attempt::Raced),
        indices => indices?,
    };
    let link = Link { id: share.id, nonce: &share.nonce, expires_at: share.expires_at };
    let mut moved = Vec::with_capacity(newer.len());
    for ((newer, credential), place) in newer.into_iter().zip(&credentials).zip(indices) {
        let Newer { at, from, chosen } = newer;
        let presentation = contents.presentations.get_mut(at).ok_or_else(|| inconsistent(share))?;
        *presentation = link.present(app, credential, place, &chosen)?;
        if let Some(known) = memory.titles.get_mut(at) {
            *known = title(credential, &chosen);
        }
        memory.chosen[at] = chosen;
        moved.push((from, ShareEntry { place, submission: credential.submission }));
    }
    let sealed = seal(app, share.id, &memory.secret, &contents)?;
    let holder_sealed = app.keyring().seal_for_holder(share.holder, &label(&share.id), &write(&memory)?).await?;
    let mut tx = app.store().write().await?;
    if !tx.update_share(share, &ShareUpdate { moved, sealed, holder_sealed }, now).await? {
        return Ok(Attempt::Raced);
    }
    tx.commit().await?;
    Ok(Attempt::Updated)
}

fn inconsistent(share: &Share) -> Error {
    StoreError::corrupt_row("share", format!("{} has fewer presentations than choices", share.id)).into()
}

/// Returns the newest versions of the credentials in `share` that are current and of which the
/// choice still shows more than the name.
async fn newer_versions(
    app: &App,
    share: &Share,
    memory: &DisclosureRecord,
    shown: &[ShownEntry],
) -> Result<(Vec<Newer>, Vec<IssuableCredential>), Error> {
    let (mut newer, mut credentials) = (Vec::new(), Vec::new());
    for (at, chosen) in memory.chosen.iter().enumerate() {
        let behind = shown.iter().find(|shown| shown.entry.submission == chosen.submission);
        let Some(shown) = behind.filter(|shown| shown.is_behind()) else { continue };
        let Some((credential, chosen)) = newest_version(app, share, chosen).await? else { continue };
        // A link that does not keep current only returns to its own version, after an earlier
        // release undid an update of that and left its credential replaced.
        if !share.keep_current && credential.submission != shown.entry.submission {
            continue;
        }
        newer.push(Newer { at, from: shown.entry, chosen });
        credentials.push(credential);
    }
    Ok((newer, credentials))
}

async fn newest_version(
    app: &App,
    share: &Share,
    chosen: &Chosen,
) -> Result<Option<(IssuableCredential, Chosen)>, Error> {
    let older = app.store().read().await?.linked_submission(chosen.submission, app.trusted_time().now()).await?;
    let Some(older) = older.filter(|older| older.is_held_by(share.holder)) else { return Ok(None) };
    let credential = open_newest(app, share.holder, chosen.submission).await?;
    let is_alike = |credential: &IssuableCredential| credential.credential_type == older.credential_type;
    let Some(credential) = credential.filter(is_alike) else { return Ok(None) };
    let older = CredentialView::open_all(app, std::slice::from_ref(&older)).await?;
    let Some(older) = older.first() else { return Ok(None) };
    // Readers have seen another name or date of birth, or an identity that had one. They are shown
    // that a newer version exists, and can request a new link.
    let is_one_name = stand_together(older.payload.full_name(), credential.payload.full_name());
    if !is_one_name || is_other_birth_date(older.known, &older.payload, &credential.payload) {
        return Ok(None);
    }
    let places = carry_over(&older.payload, &credential.payload, &chosen.places);
    let chosen = Chosen { submission: credential.submission, places };
    // A link may show nothing but fields that are always shown.
    let is_shown = says_something(credential.credential_type, &credential.payload, &chosen);
    Ok(is_shown.then_some((credential, chosen)))
}

/// Opens the newest version of a submission of `holder`. Returns `None` if it is not current, or
/// not in their wallet.
async fn open_newest(app: &App, holder: Uuid, submission: Uuid) -> Result<Option<IssuableCredential>, Error> {
    let mut ended = None;
    loop {
        let newest = app.store().read().await?.newest_version(submission).await?;
        let Some(id) = newest.filter(|id| ended != Some(*id)) else { return Ok(None) };
        let opened = IssuableCredential::open(app.store(), app.keyring(), (id, holder), app.now()).await?;
        if opened.is_some() {
            return Ok(opened);
        }
        // It was withdrawn or deleted, or a still newer version has superseded it meanwhile.
        ended = Some(id);
    }
}
