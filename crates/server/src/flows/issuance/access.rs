//! The permission of a wallet that sends an access token.

use credential::encoding::sha256;

use crate::app::App;
use crate::error::Error;
use store::domain::issuance::WalletAccess;

/// Returns what `token` permits; `None` if it is unknown or has expired.
///
/// # Errors
/// The store cannot be used.
pub async fn of_token(app: &App, token: &str) -> Result<Option<WalletAccess>, Error> {
    Ok(app.store().acquire().await?.wallet_access(&sha256(token.as_bytes()), app.now()).await?)
}
