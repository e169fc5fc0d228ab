//! A wallet as its pages show it: what it holds, what may be shared, and what became of replaced
//! credentials.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use credential::Type;
use uuid::Uuid;

use super::credential_view::CredentialView;
use crate::app::App;
use crate::error::Error;
use ambient::Timestamp;
use store::domain::submission::Submission;
use store::{Decision, VersionDecision};

/// The contents of a wallet.
#[derive(Debug)]
pub struct Wallet {
    /// Its credentials, also withdrawn and superseded ones, in the order of acceptance.
    pub held: Vec<CredentialView>,
    /// Pending submissions, oldest first.
    pub waiting: Vec<Submission>,
    /// The names of their partners, by id.
    pub partners: BTreeMap<Uuid, String>,
    /// Updates that partners made without asking.
    pub updates: Vec<VersionDecision>,
    /// Whether the holder has a passkey.
    pub has_passkey: bool,
}

/// A credential that was current when a form was shown, and no longer is.
#[derive(Debug)]
pub struct Replaced {
    /// The credential.
    pub older: Uuid,
    /// Its newest version, if that is current.
    pub newest: Option<Uuid>,
    /// Both versions, if both are still in the wallet.
    pub versions: Option<(CredentialView, CredentialView)>,
}

/// Returns the contents of `holder`'s wallet.
///
/// # Errors
/// If the database or the keys are not available.
pub async fn contents(app: &App, holder: Uuid) -> Result<Wallet, Error> {
    let mut tx = app.store().read().await?;
    let (held, waiting) =
        (tx.held_submissions(holder).await?, tx.waiting_submissions(holder, app.trusted_time().now()).await?);
    let mut partners = BTreeMap::new();
    for id in waiting.iter().map(|submission| submission.partner_id).collect::<BTreeSet<Uuid>>() {
        partners.extend(tx.partner(id).await?.map(|partner| (id, partner.name)));
    }
    let has_passkey = !tx.passkeys(holder).await?.is_empty();
    let mut updates = tx.version_decisions_of(holder).await?;
    drop(tx);
    updates.retain(|decided| decided.decision == Decision::Standing);
    let held = CredentialView::open_all(app, &held).await?;
    Ok(Wallet { held, waiting, partners, updates, has_passkey })
}

/// Returns a credential of `holder`'s wallet.
///
/// # Errors
/// `NotFound` if it is not in the wallet; if the database or the keys are not available.
pub async fn record(app: &App, holder: Uuid, id: Uuid) -> Result<CredentialView, Error> {
    let found = app.store().read().await?.held_submission(id, holder).await?.ok_or_else(Error::not_found)?;
    CredentialView::open(app, &found).await?.ok_or_else(Error::not_found)
}

/// Returns whether a credential is in `holder`'s wallet.
///
/// # Errors
/// If the database is not available.
pub async fn holds(app: &App, holder: Uuid, id: Uuid) -> Result<bool, Error> {
    Ok(app.store().read().await?.held_submission(id, holder).await?.is_some())
}

/// Returns the number of credentials in `holder`'s wallet, also withdrawn and superseded ones.
///
/// # Errors
/// If the database is not available.
pub async fn count(app: &App, holder: Uuid) -> Result<i64, Error> {
    let held = app.store().read().await?.held_submissions(holder).await?;
    Ok(i64::try_from(held.len()).unwrap_or(i64::MAX))
}

/// Returns the credentials that `holder` can share: all current ones, or the given one. Withdrawn
/// and superseded credentials are not signed.
///
/// # Errors
/// If the database or the keys are not available.
pub async fn shareable(app: &App, holder: Uuid, only: Option<Uuid>) -> Result<Vec<CredentialView>, Error> {
    let mut held = app.store().read().await?.held_submissions(holder).await?;
    held.retain(|held| held.stands() && only.is_none_or(|only| held.id == only));
    CredentialView::open_all(app, &held).await
}

/// Returns whether `holder` has anything to share.
///
/// # Errors
/// If the database is not available.
pub async fn may_share(app: &App, holder: Uuid) -> Result<bool, Error> {
    Ok(app.store().read().await?.held_submissions(holder).await?.iter().any(Submission::stands))
}

/// Returns the credentials with which `holder` can respond to a request for `known`.
///
/// # Errors
/// If the database or the keys are not available.
pub async fn candidates(app: &App, holder: Uuid, known: Type) -> Result<Vec<CredentialView>, Error> {
    let mut held = app.store().read().await?.held_submissions(holder).await?;
    held.retain(|held| held.stands() && held.credential_type == known);
    CredentialView::open_all(app, &held).await
}

/// Returns when the documents of each credential are deleted unless `holder` signs in again; empty
/// if the wallet is kept.
///
/// # Errors
/// If the database is not available.
pub async fn ends_of_documents(app: &App, holder: Uuid) -> Result<HashMap<Uuid, Timestamp>, Error> {
    let end = Timestamp::from_micros(i64::MAX);
    let ending = app.store().read().await?.ending_documents(holder, app.now(), end, false).await?;
    Ok(ending.into_iter().map(|ending| (ending.submission, ending.ends_at)).collect())
}

/// Returns those of `named` that are no longer current. Ids that never belonged to `holder` are
/// left out.
///
/// # Errors
/// If the database or the keys are not available.
pub async fn replaced(app: &App, holder: Uuid, named: &BTreeSet<Uuid>) -> Result<Vec<Replaced>, Error> {
    let mut tx = app.store().read().await?;
    let held = tx.held_submissions(holder).await?;
    let find = |id: Uuid| held.iter().find(|held| held.id == id);
    let stands = |id: Uuid| find(id).is_some_and(Submission::stands);
    let mut found = Vec::new();
    for id in named.iter().copied().filter(|id| !stands(*id)) {
        // A deleted credential is no longer held, but its holder is still known.
        let known = tx.linked_submission(id, app.trusted_time().now()).await?;
        if known.is_some_and(|known| known.holder() == Some(holder)) {
            found.push((id, tx.newest_version(id).await?.filter(|newest| stands(*newest))));
        }
    }
    drop(tx);
    let mut replaced = Vec::with_capacity(found.len());
    for (older, newest) in found {
        let versions = match (find(older), newest.and_then(find)) {
            (Some(from), Some(to)) => open_both(app, from, to).await?,
            _ => None,
        };
        replaced.push(Replaced { older, newest, versions });
    }
    Ok(replaced)
}

async fn open_both(
    app: &App,
    older: &Submission,
    newer: &Submission,
) -> Result<Option<(CredentialView, CredentialView)>, Error> {
    let mut opened = CredentialView::open_all(app, &[older.clone(), newer.clone()]).await?.into_iter();
    Ok(opened.next().zip(opened.next()))
}

/// Returns whether a submission behind a link waits for a decision.
///
/// # Errors
/// If the database is not available.
pub async fn is_waiting(app: &App, link: Uuid) -> Result<bool, Error> {
    Ok(app.store().read().await?.is_waiting(link, app.trusted_time().now()).await?)
}
