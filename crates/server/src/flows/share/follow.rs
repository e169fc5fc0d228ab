//! Links that keep current: once a newer version takes the place of what a link shows, the link shows that, with the same
//! choice of fields.
//!
//! The transaction that supersedes records a message in the outbox for each link; a hirer who comes first makes the update
//! too. Both do the same from what is stored then, so doing it twice, or on two nodes, changes nothing. Until it is done the
//! old credentials read as replaced, which is no alarm.

use credential::names::stand_together;
use uuid::Uuid;

use super::sealed::{Link, label, record, seal, title, unseal, write};
use crate::app::App;
use crate::error::Error;
use crate::flows::credential_view::CredentialView;
use crate::flows::own_presentation;
use crate::issuing::IssuableCredential;
use crate::outbox::{OutboxMessage, Routing};
use store::domain::carry_over::carry_over;
use store::domain::share::{Chosen, Memory, Share, Standing};
use store::{ShareEntry, ShareUpdate, ShownEntry, StoreError, Tx};

/// How often an update is tried again at once when something else changed the share or its credentials meanwhile.
const ATTEMPTS: usize = 3;

/// A newer version of something that a share shows.
struct Newer {
    /// Its place among the share's presentations.
    at: usize,
    /// The entry of the older one.
    from: ShareEntry,
    /// What is disclosed.
    chosen: Chosen,
}

/// What an attempt came to.
enum Attempt {
    /// The share shows newer versions.
    Updated,
    /// There is nothing to do.
    Current,
    /// Something was changed meanwhile.
    Raced,
}

/// Records that the shares of `holder` which keep current and show one of `superseded` are to be updated.
///
/// # Errors
/// The store or the key ring cannot be used.
pub async fn schedule_updates(app: &App, tx: &mut Tx, holder: Uuid, superseded: &[Uuid]) -> Result<(), StoreError> {
    let mut showing = tx.shares_showing(holder, superseded, app.now()).await?;
    showing.retain(|showing| showing.keep_current);
    // They are in the order of the shares.
    showing.dedup_by_key(|showing| showing.share);
    for showing in showing {
        schedule(app, tx, holder, showing.share).await?;
    }
    Ok(())
}

/// Makes at once the updates of links that show `submission` of `holder`, which is about to be deleted: else they would show what
/// was deleted, although the newer version stands.
///
/// # Errors
/// The store cannot be used.
pub async fn update_before_deletion(app: &App, holder: Uuid, submission: Uuid) -> Result<(), Error> {
    let showing = app.store().read().await?.shares_showing(holder, &[submission], app.now()).await?;
    for showing in showing.iter().filter(|showing| showing.keep_current) {
        if let Err(error) = follow(app, showing.share, holder).await {
            tracing::warn!(share = %showing.share, ?error, "a shared link could not be updated before a deletion");
        }
    }
    Ok(())
}

pub(super) async fn schedule(app: &App, tx: &mut Tx, holder: Uuid, share: Uuid) -> Result<(), StoreError> {
    app.outbox().add(tx, &OutboxMessage::FollowShare { holder, share }, Routing::default()).await
}

/// Lets a share of `holder` that can be opened show the newest versions of what it shows, if it keeps current, and again what was
/// reinstated, if it does not. Returns whether that changed anything.
///
/// # Errors
/// The store or the key ring cannot be used, or something was changed meanwhile: it is tried again later.
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

/// The share as a hirer sees it now: an update that the outbox has not made yet is made first. If that fails, the page says that
/// a newer version exists.
pub(super) async fn current(app: &App, share: Share) -> Result<Share, Error> {
    if !is_behind(&app.store().read().await?.shown_entries(share.id).await?) {
        return Ok(share);
    }
    if let Err(error) = follow(app, share.id, share.holder).await {
        tracing::warn!(share = %share.id, ?error, "a shared link could not be updated yet");
    }
    let updated = app.store().read().await?.share(share.id, share.holder).await?;
    Ok(updated.filter(|updated| updated.standing(app.now()) == Standing::Active).unwrap_or(share))
}

fn is_behind(shown: &[ShownEntry]) -> bool {
    shown.iter().any(|shown| shown.replaced_at.is_some())
}

async fn attempt(app: &App, share: &Share) -> Result<Attempt, Error> {
    let now = app.now();
    if share.standing(now) != Standing::Active {
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
    let indices = own_presentation::allocate_status_indices(app, &credentials, share.expires_at).await?;
    let link = Link { id: share.id, nonce: &share.nonce, expires_at: share.expires_at };
    let mut moved = Vec::with_capacity(newer.len());
    for ((newer, credential), place) in newer.into_iter().zip(&credentials).zip(indices) {
        let Newer { at, from, chosen } = newer;
        let presentation = contents.presentations.get_mut(at).ok_or_else(|| inconsistent(share))?;
        *presentation = link.present(app, credential, place, &chosen)?;
        if let Some(known) = memory.titles.get_mut(at) {
            *known = title(credential);
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
    StoreError::nonsense("share", format!("{} has fewer presentations than choices", share.id)).into()
}

/// The newest versions of what `share` shows, as far as they stand and have something of what was chosen.
async fn newer_versions(
    app: &App,
    share: &Share,
    memory: &Memory,
    shown: &[ShownEntry],
) -> Result<(Vec<Newer>, Vec<IssuableCredential>), Error> {
    let (mut newer, mut credentials) = (Vec::new(), Vec::new());
    for (at, chosen) in memory.chosen.iter().enumerate() {
        let replaced = shown.iter().find(|shown| shown.entry.submission == chosen.submission);
        let Some(shown) = replaced.filter(|shown| shown.replaced_at.is_some()) else { continue };
        let Some((credential, chosen)) = newest_version(app, share, chosen).await? else { continue };
        // A link that does not follow shows what it did, once an update of that was undone.
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
    let mut tx = app.store().read().await?;
    let newest = tx.newest_version(chosen.submission).await?;
    let older = tx.linked_submission(chosen.submission, app.now()).await?;
    drop(tx);
    let (Some(newest), Some(older)) = (newest, older.filter(|older| older.is_held_by(share.holder))) else {
        return Ok(None);
    };
    let key = (newest, share.holder);
    let credential = IssuableCredential::open(app.store(), app.keyring(), key, app.now()).await?;
    let is_alike = |credential: &IssuableCredential| credential.credential_type == older.credential_type;
    let Some(credential) = credential.filter(is_alike) else { return Ok(None) };
    let older = CredentialView::open_all(app, std::slice::from_ref(&older)).await?;
    let Some(older) = older.first() else { return Ok(None) };
    // Readers were shown one name. Under another one they are told that a newer version exists, and ask for a new link.
    if !stand_together(older.payload.full_name(), credential.payload.full_name()) {
        return Ok(None);
    }
    let places = carry_over(&older.payload, &credential.payload, &chosen.places);
    let chosen = Chosen { submission: newest, places };
    Ok(Some((credential, chosen)).filter(|(_, chosen)| !chosen.places.is_empty()))
}
