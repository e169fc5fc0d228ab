//! Notifications of wallets about credentials that they fetched (OpenID4VCI 1.0, section 11).

use uuid::Uuid;

use crate::app::App;
use crate::error::Error;
use store::domain::issuance::WalletAccess;

/// Records `event`. Returns false if this `notification_id` was not issued to the wallet.
///
/// # Errors
/// The store is unavailable.
pub async fn record(app: &App, access: &WalletAccess, notification: Uuid, event: &str) -> Result<bool, Error> {
    let mut tx = app.store().write().await?;
    let is_known = tx.notify_issued(access.issuance.id, notification, event).await?;
    tx.commit().await?;
    Ok(is_known)
}
