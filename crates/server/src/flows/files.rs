//! Files of the settings that are read again while the server runs: keys, certificates and trusted
//! issuers.

use tokio::task::spawn_blocking;

use crate::app::App;
use store::StoreError;

/// Reads the files again and uses changed ones. Invalid files do not replace the content in use;
/// they are logged and counted in a metric.
///
/// # Errors
/// The key ring cannot be used.
pub async fn reload(app: &App) -> Result<(), StoreError> {
    let reading = app.clone();
    let read = spawn_blocking(move || {
        let now = reading.now();
        reading.trusted_issuers().reload(now);
        reading.proofs().providers().reload(now);
        reading.issuer_keys().reload(now)
    });
    let is_new_signer = read.await.map_err(|error| StoreError::Unavailable(error.to_string()))?;
    let stale = [app.trusted_issuers().is_stale(), app.proofs().providers().is_stale(), app.issuer_keys().is_stale()];
    app.metrics().stale_files.set(stale.map(i64::from).iter().sum());
    let until = app.issuer_keys().chain_valid_until();
    app.metrics().certificate_remaining(until.map(|until| until.seconds() - app.now().seconds()));
    if is_new_signer {
        app.issuer_keys().refresh(app.trusted_time().now()).await?;
    }
    Ok(())
}
