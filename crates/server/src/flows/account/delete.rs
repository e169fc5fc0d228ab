//! Deletion of accounts.

use uuid::Uuid;

use crate::app::App;
use crate::flows::verification_request;
use crate::outbox::{OutboxMessage, Routing};
use ambient::Moment;
use store::{StoreError, Tx};

/// Deletes an account and all its data permanently: the rows in one transaction, then the key. If
/// the server stops in between, the outbox destroys the key.
///
/// # Errors
/// The store or the key ring cannot be used.
pub async fn delete(app: &App, holder: Uuid) -> Result<(), StoreError> {
    let mut tx = app.store().write().await?;
    release(&mut tx, holder, app.trusted_time().moment()).await?;
    app.outbox().add(&mut tx, &OutboxMessage::DestroyHolderKey(holder), Routing::default()).await?;
    tx.commit().await?;
    app.outbox().wake();
    app.deliveries_due().notify_one();
    app.keyring().destroy_holder_key(holder).await?;
    // Retention retries this.
    if let Err(error) = app.keyring().erase_destroyed().await {
        tracing::warn!(%error, "a destroyed key could not be erased from the files of the key ring yet");
    }
    Ok(())
}

/// Deletes the rows of an account: everything except its key.
///
/// # Errors
/// The store cannot be used.
pub async fn release(tx: &mut Tx, holder: Uuid, moment: Moment) -> Result<(), StoreError> {
    tx.release_submissions(holder, moment).await?;
    tx.release_issuances(holder).await?;
    tx.delete_shares(holder).await?;
    tx.delete_updates(holder).await?;
    let canceled = tx.release_verifications(holder, moment).await?;
    verification_request::announce(tx, &canceled, moment.now).await?;
    tx.delete_holder(holder).await
}
