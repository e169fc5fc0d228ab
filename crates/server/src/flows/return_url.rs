//! The member `return_url` of a push: where the person goes on after deciding.
//!
//! The address must be on the partner's list when it is pushed, and still when the person is sent there: our name does not
//! vouch for any other.

use credential::Rejection;
use url::Url;
use uuid::Uuid;

use super::consent::Linked;
use crate::app::App;
use crate::error::Error;
use store::Tx;
use store::domain::batch::status_of_batch;
use store::domain::submission::{State, Status, Submission};

/// The addresses to which the partner may have people sent, if a body names one: it is parsed once more with them, so that
/// every fault is told in one answer.
///
/// `first` is what came of parsing the body without them, and `names_one` whether it names an address.
///
/// # Errors
/// 401 if the partner is not active; the store cannot be used.
pub(super) async fn list_for<T>(
    app: &App,
    partner: Uuid,
    body: &[u8],
    first: &Result<T, Rejection>,
    names_one: impl Fn(&T) -> bool,
) -> Result<Option<String>, Error> {
    let is_named = match first {
        Ok(parsed) => names_one(parsed),
        Err(Rejection::Invalid(_)) => String::from_utf8_lossy(body).contains("\"return_url\""),
        Err(Rejection::Malformed(_)) => false,
    };
    // Boxed, like everything that few pushes do: its state would add to the size of every push's future.
    if is_named { Box::pin(list_of(app, partner)).await.map(Some) } else { Ok(None) }
}

async fn list_of(app: &App, partner: Uuid) -> Result<String, Error> {
    let stored = app.store().read().await?.partner(partner).await?.filter(|stored| stored.is_active());
    Ok(stored.ok_or_else(Error::unauthorized)?.callback_urls)
}

/// The address to which the person goes on once everything behind the link of `item` is decided; `None` if they stay.
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

/// Where the person goes on after a decision about what `linked` is, with `credential_id` and `status` added. `None` while
/// something behind the link waits, if nothing of it was decided by the person, or if they stay.
///
/// # Errors
/// The store cannot be used.
pub async fn after(app: &App, linked: &Linked) -> Result<Option<Url>, Error> {
    let Some(item) = linked.items().first() else { return Ok(None) };
    let mut tx = app.store().read().await?;
    let Some(mut url) = find(&mut tx, item).await? else { return Ok(None) };
    let (credential_id, items) = match item.batch_id {
        Some(batch) => match tx.linked_batch(batch, app.now()).await? {
            Some(batch) => (batch.credential_id, batch.items),
            None => return Ok(None),
        },
        None => (item.credential_id.clone(), tx.linked_submission(item.id, app.now()).await?.into_iter().collect()),
    };
    let status = status_of_batch(items.iter().map(Submission::status));
    let is_decided = |item: &Submission| !matches!(item.state, State::Expired { .. } | State::TakenBack { .. });
    if status == Status::Incomplete || !items.iter().any(is_decided) {
        return Ok(None);
    }
    url.query_pairs_mut().append_pair("credential_id", &credential_id).append_pair("status", status.name());
    Ok(Some(url))
}
