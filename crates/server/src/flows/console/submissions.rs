//! A partner's submissions as its console shows them. No personal data is decrypted.

use uuid::Uuid;

use crate::app::App;
use crate::error::Error;
use store::domain::asset::AssetStatus;
use store::{Event, ListedState, ListedSubmission, Listing, SearchResult, Undelivered};

/// A submission with its events and documents.
#[derive(Clone, Debug)]
pub struct SubmissionDetails {
    pub submission: ListedSubmission,
    /// Its events, oldest first.
    pub events: Vec<Event>,
    /// The states of its documents.
    pub documents: Vec<AssetStatus>,
    /// Why its link could not be mailed, if that failed.
    pub undelivered: Option<Undelivered>,
}

/// Returns a page of `partner`'s submissions, newest first: at most `limit` that were stored before
/// the submission `before`.
///
/// # Errors
/// The store cannot be used.
pub async fn list(
    app: &App,
    partner: Uuid,
    state: Option<ListedState>,
    before: Option<Uuid>,
    limit: usize,
) -> Result<Listing, Error> {
    Ok(app.store().read().await?.list_submissions(partner, state, before, app.now(), limit).await?)
}

/// Returns `partner`'s newest submission.
///
/// # Errors
/// The store cannot be used.
pub async fn newest(app: &App, partner: Uuid) -> Result<Option<ListedSubmission>, Error> {
    Ok(list(app, partner, None, None, 1).await?.rows.pop())
}

/// Returns the items of a batch of `partner`; empty if they have none with this id.
///
/// # Errors
/// The store cannot be used.
pub async fn batch(app: &App, partner: Uuid, batch: Uuid) -> Result<Vec<ListedSubmission>, Error> {
    Ok(app.store().read().await?.listed_batch(partner, batch, app.now()).await?)
}

/// Returns the submission or batch of `partner` with this id, which is theirs or the server's.
///
/// # Errors
/// The store cannot be used.
pub async fn search(app: &App, partner: Uuid, id: &str) -> Result<Option<SearchResult>, Error> {
    Ok(app.store().read().await?.find_submission(partner, id).await?)
}

/// Returns a submission of `partner` with its events and documents.
///
/// # Errors
/// 404 if they have none with this id; the store cannot be used.
pub async fn find(app: &App, partner: Uuid, id: Uuid) -> Result<SubmissionDetails, Error> {
    let (mut tx, now) = (app.store().read().await?, app.now());
    let submission = tx.listed_submission(partner, id, now).await?.ok_or_else(Error::not_found)?;
    let (events, documents) = (tx.events(id, now).await?, tx.asset_statuses(&[id]).await?);
    let undelivered = tx.undelivered(submission.batch_id.unwrap_or(id)).await?;
    Ok(SubmissionDetails { submission, events, documents, undelivered })
}
