//! The field `return_url` of a push: where the holder's browser goes after a decision.
//!
//! The URL must be on the partner's list both when it is pushed and when the holder is redirected.
//! This prevents open redirects.

use credential::ParseError;
use url::Url;
use uuid::Uuid;

use super::consent::Linked;
use crate::app::App;
use crate::error::Error;
use store::Tx;
use store::domain::batch::status_of_batch;
use store::domain::submission::{Status, Submission, SubmissionState};

/// Returns the partner's list of allowed URLs, if a body has a `return_url`. The caller then parses
/// the body again with the list, so that one response reports every error.
///
/// `first` is the result of parsing the body without the list; `names_one` returns whether the
/// parsed body has a `return_url`.
///
/// # Errors
/// 401 if the partner is not active; the store cannot be used.
pub(super) async fn list_for<T>(
    app: &App,
    partner: Uuid,
    body: &[u8],
    first: &Result<T, ParseError>,
    names_one: impl Fn(&T) -> bool,
) -> Result<Option<String>, Error> {
    let is_named = match first {
        Ok(parsed) => names_one(parsed),
        Err(ParseError::Invalid(_)) => String::from_utf8_lossy(body).contains("\"return_url\""),
        Err(ParseError::Malformed(_)) => false,
    };
    // Boxed because it is rare: otherwise its state would enlarge the future of every push.
    if is_named { Box::pin(list_of(app, partner)).await.map(Some) } else { Ok(None) }
}

async fn list_of(app: &App, partner: Uuid) -> Result<String, Error> {
    let stored = app.store().read().await?.partner(partner).await?.filter(|stored| stored.is_active());
    Ok(stored.ok_or_else(Error::disabled_client)?.callback_urls)
}

/// Returns the URL to redirect the holder to once everything behind the link of `item` is decided;
/// `None` if they stay.
///
/// # Errors
/// The store cannot be used.
pub async fn of(app: &App, item: &Submission) -> Result<Option<Url>, Error> {
    find(&mut app.store().read().await?, item).await
}

async fn find(tx: &mut Tx, item: &Submission) -> Result<Option<Url>, Error> {
    let Some(url) = tx.return_url(item.batch_id.unwrap_or(item.id)).await? else { return Ok(None) };
    let partner = tx.partner(item.partner_id).await?.filter(|partner| partner.is_active());
    let url = url.parse().ok();
    Ok(url.zip(partner).filter(|(url, partner)| partner.may_call_back(url)).map(|(url, _)| url))
}

/// Returns the URL to redirect the holder to after a decision about `linked`, with `credential_id`
/// and `status` added. `None` while a submission behind the link is pending, if the holder decided
/// none of them, or if they stay.
///
/// # Errors
/// The store cannot be used.
pub async fn after(app: &App, linked: &Linked) -> Result<Option<Url>, Error> {
    let Some(item) = linked.items().first() else { return Ok(None) };
    let mut tx = app.store().read().await?;
    let Some(mut url) = find(&mut tx, item).await? else { return Ok(None) };
    let (credential_id, items) = match item.batch_id {
        Some(batch) => match tx.linked_batch(batch, app.trusted_time().now()).await? {
            Some(batch) => (batch.credential_id, batch.items),
            None => return Ok(None),
        },
        None => (
            item.credential_id.clone(),
            tx.linked_submission(item.id, app.trusted_time().now()).await?.into_iter().collect(),
        ),
    };
    let status = status_of_batch(items.iter().map(Submission::status));
    let is_decided = |item: &Submission| {
        !matches!(item.state, SubmissionState::Expired { .. } | SubmissionState::WithdrawnPending { .. })
    };
    if status == Status::Incomplete || !items.iter().any(is_decided) {
        return Ok(None);
    }
    url.query_pairs_mut().append_pair("credential_id", &credential_id).append_pair("status", status.name());
    Ok(Some(url))
}
