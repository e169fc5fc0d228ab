//! Statuses of a partner's own submissions, which it polls.

use uuid::Uuid;

use crate::app::App;
use crate::error::Error;
use store::CredentialStatus;

/// Returns the status of `partner`'s submission or batch with the partner's id.
///
/// # Errors
/// 404 if there is none; the store cannot be used.
pub async fn one(app: &App, partner: Uuid, id: String) -> Result<CredentialStatus, Error> {
    if !credential::is_identifier(&id) {
        return Err(Error::missing("submission"));
    }
    let found = several(app, partner, &[id]).await?;
    found.into_iter().flatten().next().ok_or_else(|| Error::missing("submission"))
}

/// Returns the status of each of `ids` in their order; `None` for ids that `partner` does not have.
///
/// # Errors
/// The store cannot be used.
pub async fn several(app: &App, partner: Uuid, ids: &[String]) -> Result<Vec<Option<CredentialStatus>>, Error> {
    Ok(app.statuses().of(partner, ids).await?)
}
