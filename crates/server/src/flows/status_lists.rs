//! The public status lists of this server.

use uuid::Uuid;

use crate::app::App;
use crate::error::Error;

/// Returns the ids of all status lists, oldest first. Lists are public and have no owner.
///
/// # Errors
/// The store cannot be used.
pub async fn ids(app: &App) -> Result<Vec<Uuid>, Error> {
    let lists = app.store().read().await?.status_lists().await?;
    Ok(lists.into_iter().map(|list| list.id).collect())
}
